"""The figures that goals and limits speak of: each is one number of a scheme against its baseline on one history."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np

from incentive_lab.engine.impact import (
    HALF_A_CENT,
    HEAVY_LOSS,
    concentration,
    hit_hard,
    mix,
    programme_years,
    settlements,
)
from incentive_lab.engine.replay import Replay
from incentive_lab.format import compact, percent


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        name: What a goal or limit calls it.
        label: What people call it.
        kind: `money` (whole currency units), `share` (0 to 1), or `number`.
        of: The figure of a replay against its baseline; None where there is nothing to tell, as without any payout.
    """

    name: str
    label: str
    kind: Literal["money", "share", "number"]
    of: Callable[[Replay, Replay], float | None]

    def said(self, value: float | None) -> str:
        """A value as people read it.

        Example:
            >>> FIGURES["cost"].said(1_234_567), FIGURES["losers"].said(0.125), FIGURES["gini"].said(None)
            ('1.23 m', '12.5 %', '-')
        """
        if value is None:
            return "-"
        return compact(value) if self.kind == "money" else percent(value) if self.kind == "share" else f"{value:.3f}"

    def apart(self, *values: float | None) -> list[str]:
        """Values as people read them, finer where two that differ would read the same.

        Example:
            >>> FIGURES["cost"].apart(2_414_000, 2_411_000), FIGURES["losers"].apart(0.1, 0.2)
            (['2,414,000', '2,411,000'], ['10 %', '20 %'])
        """
        said = [self.said(one) for one in values]
        if len(set(said)) == len(set(values)):
            return said
        finer = {
            "money": lambda one: f"{one:,.0f}",
            "share": lambda one: percent(one, 4),
            "number": lambda one: f"{one:.6f}",
        }
        return ["-" if one is None else finer[self.kind](one) for one in values]


def _change(after: Replay, before: Replay) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    return np.asarray(after.by_partner - before.by_partner)


def _share(those: object, after: Replay) -> float | None:
    return float(np.mean(np.asarray(those))) if after.panel.partners else None


def _heavy(after: Replay, before: Replay) -> float | None:
    hit = hit_hard(before.by_partner, after.by_partner, settlements(before.total, after.total))
    return _share(hit, after)


def _lost(after: Replay, before: Replay) -> float:
    return float(np.maximum(-_change(after, before), 0.0).sum()) / after.minor


def _dearest(after: Replay, before: Replay) -> float | None:
    return max((year.cost / after.minor for year in programme_years(after)), default=None)


FIGURES = {
    one.name: one
    for one in (
        Figure("cost", "Cost of all months", "money", lambda after, before: after.cost / after.minor),
        Figure("dearest_year", "Cost of the dearest programme year", "money", _dearest),
        Figure("losers", "Partners worse off", "share",
               lambda after, before: _share(_change(after, before) <= -HALF_A_CENT, after)),
        Figure("heavy_losers", f"Partners that lose more than {percent(HEAVY_LOSS)}", "share", _heavy),
        Figure("lost", "What losers lose together", "money", _lost),
        Figure("behavioural", "Share that behaviour earns", "share", lambda after, before: mix(after).paid),
        Figure("paid", "Partners paid anything", "share", lambda after, before: _share(after.by_partner > 0, after)),
        Figure("middle", "Share paid to the middle 60 %", "share",
               lambda after, before: concentration(after.by_partner).middle),
        Figure("top_tenth", "Share paid to the top tenth", "share",
               lambda after, before: concentration(after.by_partner).top_tenth),
        Figure("gini", "Gini coefficient", "number", lambda after, before: concentration(after.by_partner).gini),
    )
}  # fmt: skip
"""Figure by name."""


def figures_of(after: Replay, before: Replay) -> dict[str, float | None]:
    """Every figure of a replay against its baseline."""
    return {name: one.of(after, before) for name, one in FIGURES.items()}
