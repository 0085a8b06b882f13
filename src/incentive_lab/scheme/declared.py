"""Numbers that stand at one place of a document each, every one declared with its label, limits and help."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from incentive_lab.scheme.base import Tunable
from incentive_lab.scheme.numbers import Whole, number

PoolAmount = Annotated[
    Decimal,
    number(
        Tunable("Pool", "currency", (0, 1e12), (0, 100_000), 500,
                "What its rules share in a period.",
                "docs/scheme.md#caps-and-floors")
    ),
]  # fmt: skip
BehaviouralFactor = Annotated[
    Decimal,
    number(
        Tunable("Behavioural factor", "factor", (0, 100), (0, 2), 0.05,
                "Multiplies the rates of behavioural rules.",
                "docs/scheme.md#mix")
    ),
]  # fmt: skip
TransactionalFactor = Annotated[
    Decimal,
    number(
        Tunable("Transactional factor", "factor", (0, 100), (0, 2), 0.05,
                "Multiplies the rates of transactional rules.",
                "docs/scheme.md#mix")
    ),
]  # fmt: skip
KeptOfTheBaseline = Annotated[
    Decimal,
    number(
        Tunable("Kept of the baseline", "share", (0, 10), (0, 1), 0.05,
                "The share of the baseline's payout below which nobody falls.",
                "docs/scheme.md#caps-and-floors")
    ),
]  # fmt: skip
GuaranteedAmount = Annotated[
    Decimal,
    number(
        Tunable("Guaranteed amount", "currency", (-1e9, 1e12), (0, 20_000), 250,
                "What a period pays at least.",
                "docs/scheme.md#caps-and-floors")
    ),
]  # fmt: skip
DrawAmount = Annotated[
    Decimal,
    number(
        Tunable("Draw", "currency", (0, 1e12), (0, 20_000), 250,
                "Earnings of a period are advanced up to this amount.",
                "docs/scheme.md#caps-and-floors")
    ),
]  # fmt: skip
RecoveredAtMost = Annotated[
    Decimal,
    number(
        Tunable("Recovered at most", "currency", (0, 1e12), (0, 20_000), 250,
                "The most that is recovered in a period.",
                "docs/scheme.md#caps-and-floors")
    ),
]  # fmt: skip
RecoveredShare = Annotated[
    Decimal,
    number(
        Tunable("Recovered share", "share", (0, 10), (0, 1), 0.05,
                "The share of earnings above the draw that goes into recovery.",
                "docs/scheme.md#caps-and-floors")
    ),
]  # fmt: skip
DrawBalanceAtMost = Annotated[
    Decimal,
    number(
        Tunable("Draw balance at most", "currency", (0, 1e12), (0, 100_000), 500,
                "What may be advanced and not yet recovered.",
                "docs/scheme.md#caps-and-floors")
    ),
]  # fmt: skip
MinimumAmount = Annotated[
    Decimal,
    number(
        Tunable("Minimum payout", "currency", (0, 1e12), (0, 1_000), 5,
                "A settlement below it is forfeited or waits.",
                "docs/scheme.md#caps-and-floors")
    ),
]  # fmt: skip
SharesOfADealAtMost = Annotated[
    Decimal,
    number(
        Tunable("Shares of a deal at most", "share", (0, 10), (1, 2), 0.05,
                "What the shares of one deal may add up to.",
                "docs/scheme.md#splits")
    ),
]  # fmt: skip
ShareOfARole = Annotated[
    Decimal,
    number(
        Tunable("Share of a role", "share", (0, 10), (0, 1), 0.05,
                "What a role is credited with where the history gives no share.",
                "docs/scheme.md#splits")
    ),
]  # fmt: skip
TargetAmount = Annotated[
    Decimal,
    number(
        Tunable("Target", "currency", (-1e9, 1e12), (0, 500_000), 5_000,
                "What is to be reached in a period, in the unit of its measure.",
                "docs/scheme.md#targets")
    ),
]  # fmt: skip
TargetIndex = Annotated[
    Decimal,
    number(
        Tunable("Target index", "factor", (0, 100), (0.8, 1.3), 0.05,
                "Multiplies the amount, as a price index does.",
                "docs/scheme.md#targets")
    ),
]  # fmt: skip
TargetInARamp = Annotated[
    Decimal,
    number(
        Tunable("Share of the target in a month of the ramp", "share", (0, 10), (0, 1), 0.05,
                "What a newcomer owes of the target in that month since joining.",
                "docs/scheme.md#tenure")
    ),
]  # fmt: skip
GateFactor = Annotated[
    Decimal,
    number(
        Tunable("Gate factor", "factor", (0, 100), (0, 1), 0.05,
                "What is left of a payout while the gate acts.",
                "docs/scheme.md#gates")
    ),
]  # fmt: skip
PackageSize = Annotated[
    Decimal,
    number(
        Tunable("Package size", "count", (0, 1e12), (0, 100), 1,
                "The base is counted in packages of so many.",
                "docs/scheme.md#rounding")
    ),
]  # fmt: skip
ShareTakenBack = Annotated[
    Decimal,
    number(
        Tunable("Share taken back", "share", (0, 10), (0, 1), 0.05,
                "The share of what was paid that a return takes back.",
                "docs/scheme.md#clawback")
    ),
]  # fmt: skip
KeptForEachReturn = Annotated[
    Decimal,
    number(
        Tunable("Kept for each return", "currency", (0, 1e12), (0, 1_000), 5,
                "What is never taken back for a returned deal.",
                "docs/scheme.md#clawback")
    ),
]  # fmt: skip
ShareRepaid = Annotated[
    Decimal,
    number(
        Tunable("Share repaid", "share", (0, 10), (0, 1), 0.05,
                "The share of a bonus that is taken back when its milestone is missed.",
                "docs/scheme.md#rules")
    ),
]  # fmt: skip
FixedReference = Annotated[
    Decimal,
    number(
        Tunable("Fixed reference", "currency", (-1e9, 1e12), (0, 500_000), 5_000,
                "What a measure is compared with, in its unit.",
                "docs/scheme.md#growth")
    ),
]  # fmt: skip
TimesTheReference = Annotated[
    Decimal,
    number(
        Tunable("Times the reference", "factor", (0, 100), (0.8, 1.5), 0.05,
                "Multiplies the target, last year or the periods before.",
                "docs/scheme.md#growth")
    ),
]  # fmt: skip
PeriodsAveraged = Annotated[
    int,
    Whole(
        Tunable("Periods averaged", "count", (2, 120), (2, 12), 1,
                "Of how many periods before this one the average is taken.",
                "docs/scheme.md#growth")
    ),
]  # fmt: skip
AttainmentAtLeast = Annotated[
    Decimal,
    number(
        Tunable("Attainment at least", "factor", (0, 100), (0, 2), 0.05,
                "Attainment counts as no less.",
                "docs/scheme.md#accelerator")
    ),
]  # fmt: skip
AttainmentAtMost = Annotated[
    Decimal,
    number(
        Tunable("Attainment at most", "factor", (0, 100), (0, 2), 0.05,
                "Attainment counts as no more.",
                "docs/scheme.md#accelerator")
    ),
]  # fmt: skip
WeightOfAPart = Annotated[
    Decimal,
    number(
        Tunable("Weight", "share", (0, 1), (0, 1), 0.05,
                "The share of a score that its part makes; the parts of a scorecard make 100 % together.",
                "docs/scheme.md#scorecards")
    ),
]  # fmt: skip
CountsFrom = Annotated[
    Decimal,
    number(
        Tunable("Counts from", "factor", (0, 100), (0, 1), 0.05,
                "An attainment below it counts as nothing.",
                "docs/scheme.md#scorecards")
    ),
]  # fmt: skip
Points = Annotated[
    Decimal,
    number(
        Tunable("Points", "number", (-1e12, 1e12), (0, 100), 1,
                "Points that the level needs.",
                "docs/scheme.md#tiers")
    ),
]  # fmt: skip
PointsAUnit = Annotated[
    Decimal,
    number(
        Tunable("Points a unit", "number", (-1e12, 1e12), (0, 100), 1,
                "Points for each unit of a measure.",
                "docs/scheme.md#tiers")
    ),
]  # fmt: skip
