"""The numbers of a pilot document, each declared once."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from incentive_lab.scheme.base import Tunable
from incentive_lab.scheme.numbers import number

_DOCS = "docs/pilots.md"

Alpha = Annotated[
    Decimal,
    number(Tunable("Significance level", "share", (0.001, 0.5), (0.01, 0.1), 0.01,
                   "How often a pilot without any effect may be read as a success or a failure.", f"{_DOCS}#alpha")),
]  # fmt: skip
PowerShare = Annotated[
    Decimal,
    number(Tunable("Power", "share", (0.05, 0.999), (0.7, 0.95), 0.05,
                   "How often the smallest effect worth finding must be found.", f"{_DOCS}#power")),
]  # fmt: skip
Months = Annotated[
    Decimal,
    number(Tunable("Months", "months", (1, 120), (3, 24), 1, "A number of whole months.", f"{_DOCS}#dates")),
]
ArmShare = Annotated[
    Decimal,
    number(Tunable("Share of the arm", "share", (0, 1), (0.1, 0.9), 0.05,
                   "Which part of the units this arm gets; empty means an equal part.", f"{_DOCS}#arms")),
]  # fmt: skip
BlockSize = Annotated[
    Decimal,
    number(Tunable("Size of a block", "count", (2, 1000), (2, 12), 1,
                   "Units that are alike before the pilot and are drawn together.", f"{_DOCS}#assignment")),
]  # fmt: skip
Accept = Annotated[
    Decimal,
    number(Tunable("Accepted share of draws", "share", (0.001, 1), (0.01, 0.5), 0.01,
                   "Only this best balanced part of all draws may be used.", f"{_DOCS}#rerandomise")),
]  # fmt: skip
Waves = Annotated[
    Decimal,
    number(Tunable("Waves", "count", (2, 60), (2, 8), 1, "How many groups start one after the other.",
                   f"{_DOCS}#assignment")),
]  # fmt: skip
Margin = Annotated[
    Decimal,
    number(Tunable("Non-inferiority margin", "share", (0, 1), (0.01, 0.2), 0.01,
                   "The worst change, as a share of the control arm, that is still acceptable.", f"{_DOCS}#metrics")),
]  # fmt: skip
MarginAmount = Annotated[
    Decimal,
    number(Tunable("Non-inferiority margin, absolute", "number", (0, 1e12), (0, 1), 0.05,
                   "The worst change, in the metric's own unit, that is still acceptable.", f"{_DOCS}#metrics")),
]  # fmt: skip
Winsorise = Annotated[
    Decimal,
    number(Tunable("Winsorise above", "share", (0.5, 1), (0.9, 1), 0.005,
                   "Values above this share of all units, both arms together, are set to that value.",
                   f"{_DOCS}#estimators")),
]  # fmt: skip
Draws = Annotated[
    Decimal,
    number(Tunable("Draws", "count", (99, 100_000), (500, 10_000), 500,
                   "Re-randomisations, or bootstrap samples, behind a p-value.", f"{_DOCS}#inference")),
]  # fmt: skip
PriorSd = Annotated[
    Decimal,
    number(Tunable("Spread of the prior", "share", (0.001, 10), (0.05, 0.5), 0.05,
                   "Standard deviation of the relative effects of comparable programmes, around none.",
                   f"{_DOCS}#bayes")),
]  # fmt: skip
Lift = Annotated[
    Decimal,
    number(Tunable("Lift", "share", (-1, 10), (-0.5, 1), 0.05, "A relative change of the outcome.",
                   f"{_DOCS}#rehearsal")),
]  # fmt: skip
Ceiling = Annotated[
    Decimal,
    number(Tunable("Cost ceiling", "currency", (0, 1e12), (0, 1_000_000), 10_000,
                   "What the pilot may pay above today's scheme, by replay on the months before it.",
                   f"{_DOCS}#cost")),
]  # fmt: skip
Keep = Annotated[
    Decimal,
    number(Tunable("Floor kept", "share", (0, 1), (0.8, 1), 0.05,
                   "Which part of the control arm's payout every partner of the pilot keeps at least.",
                   f"{_DOCS}#protection")),
]  # fmt: skip
MarginShare = Annotated[
    Decimal,
    number(Tunable("Margin on revenue", "share", (0, 1), (0.05, 0.8), 0.05,
                   "Margin as a share of revenue, where the history has no cost.", f"{_DOCS}#value")),
]  # fmt: skip
Looks_ = Annotated[
    Decimal,
    number(Tunable("Looks", "count", (1, 60), (1, 12), 1, "How often the result is looked at, evenly spaced.",
                   f"{_DOCS}#looks")),
]  # fmt: skip
