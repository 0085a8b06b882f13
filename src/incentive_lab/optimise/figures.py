"""The figures that goals and limits speak of: numbers of a scheme against its baseline on one history, or of the next year."""

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
from incentive_lab.projection.answers import over_budget
from incentive_lab.projection.running import Outcome, Projection
from incentive_lab.projection.smoothing import smooth
from incentive_lab.projection.standard_errors import Figure as Reading
from incentive_lab.projection.standard_errors import mean, quantile, tail_mean


@dataclass(frozen=True)
class Figure:
    """One figure.

    Attributes:
        name: What a goal or limit calls it.
        label: What people call it.
        kind: `money` (whole currency units), `share` (0 to 1), or `number`.
    """

    name: str
    label: str
    kind: Literal["money", "share", "number"]

    def said(self, value: float | None) -> str:
        """A value as people read it.

        Example:
            >>> FIGURES["cost"].said(1_234_567), FIGURES["losers"].said(0.125), FIGURES["gini"].said(None)
            ('1.23 m', '12.5 %', '-')
        """
        if value is None:
            return "-"
        return compact(value) if self.kind == "money" else percent(value) if self.kind == "share" else f"{value:.3f}"

    def asked(self, value: float) -> str:
        """A value that somebody asked for: written out where three digits would say another one.

        Example:
            >>> FIGURES["cost"].asked(1_155_000), FIGURES["cost"].asked(445_000), FIGURES["losers"].asked(0.1)
            ('1,155,000', '445 k', '10 %')
        """
        return (
            f"{value:,.0f}" if self.kind == "money" and abs(value - float(f"{value:.3g}")) >= 0.5 else self.said(value)
        )

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

    def sure(self, reading: Reading | None) -> str:
        """A value with its Monte Carlo standard error.

        Example:
            >>> FIGURES["p95_next_year"].sure(Reading(1_957_000, 9_800.0)), FIGURES["over_budget"].sure(Reading(0.1, 0.0028))
            ('1.96 m ± 9,800', '10 % ± 0.28 %')
        """
        if reading is None or reading.error is None:
            return self.said(None if reading is None else reading.value)
        return f"{self.said(reading.value)} ± {self.said(reading.error)}"


@dataclass(frozen=True)
class HistoryFigure(Figure):
    """A figure of what was paid on the history.

    Attributes:
        of: The figure of a replay against its baseline; None where there is nothing to tell, as without any payout.
    """

    of: Callable[[Replay, Replay], float | None]


@dataclass(frozen=True, eq=False)
class NextYear:
    """What a scheme costs in futures of 12 months.

    Attributes:
        outcome: By future, minor units.
        minor: Minor units in one unit of currency.
        budget: Takes the place of the scheme's own, whole units; None for its own.
        told: The projection of the outcome, where what each partner does is to be averaged out of quantiles; they are order
            statistics without it.
    """

    outcome: Outcome
    minor: int
    budget: float | None = None
    told: Projection | None = None


@dataclass(frozen=True)
class NextYearFigure(Figure):
    """A figure of the next 12 months in drawn futures. Costs are what partners are owed before the scheme's own budget cuts.

    Attributes:
        of: The figure with its Monte Carlo standard error, in minor units where it is money; None without a budget to break.
    """

    of: Callable[[NextYear], Reading | None]


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


HISTORY_FIGURES = {
    one.name: one
    for one in (
        HistoryFigure("cost", "Cost of all months", "money", lambda after, before: after.cost / after.minor),
        HistoryFigure("dearest_year", "Cost of the dearest programme year", "money", _dearest),
        HistoryFigure("losers", "Partners worse off", "share",
                      lambda after, before: _share(_change(after, before) <= -HALF_A_CENT, after)),
        HistoryFigure("heavy_losers", f"Partners that lose more than {percent(HEAVY_LOSS)}", "share", _heavy),
        HistoryFigure("lost", "What losers lose together", "money", _lost),
        HistoryFigure("behavioural", "Share that behaviour earns", "share", lambda after, before: mix(after).paid),
        HistoryFigure("paid", "Partners paid anything", "share", lambda after, before: _share(after.by_partner > 0, after)),
        HistoryFigure("middle", "Share paid to the middle 60 %", "share",
                      lambda after, before: concentration(after.by_partner).middle),
        HistoryFigure("top_tenth", "Share paid to the top tenth", "share",
                      lambda after, before: concentration(after.by_partner).top_tenth),
        HistoryFigure("gini", "Gini coefficient", "number", lambda after, before: concentration(after.by_partner).gini),
    )
}  # fmt: skip
"""What goals and limits ask of the history, by name."""


def _quantile(at: float) -> Callable[[NextYear], Reading | None]:
    def of(year: NextYear) -> Reading | None:
        even = None if year.told is None else smooth(year.told, year.outcome.asked)
        return quantile(year.outcome.asked, at) if even is None else even.quantile(at)

    return of


def _tail(year: NextYear) -> Reading | None:
    even = None if year.told is None else smooth(year.told, year.outcome.asked)
    return tail_mean(year.outcome.asked) if even is None else even.tail_mean()


NEXT_YEAR_FIGURES = {
    one.name: one
    for one in (
        NextYearFigure("next_year", "Expected cost of the next 12 months", "money", lambda year: mean(year.outcome.asked)),
        NextYearFigure("p50_next_year", "P50 of the cost of the next 12 months", "money", _quantile(0.5)),
        NextYearFigure("p90_next_year", "P90 of the cost of the next 12 months", "money", _quantile(0.9)),
        NextYearFigure("p95_next_year", "P95 of the cost of the next 12 months", "money", _quantile(0.95)),
        NextYearFigure("cvar95_next_year", "CVaR95 of the cost of the next 12 months", "money", _tail),
        NextYearFigure("over_budget", "Chance of breaking the budget", "share",
                       lambda year: over_budget(year.outcome, year.minor, year.budget)),
    )
}  # fmt: skip
"""What goals and limits ask of the next 12 months, by name."""
FIGURES: dict[str, Figure] = {**HISTORY_FIGURES, **NEXT_YEAR_FIGURES}
"""Figure by name."""


def figures_of(after: Replay, before: Replay) -> dict[str, float | None]:
    """Every figure of a replay against its baseline."""
    return {name: one.of(after, before) for name, one in HISTORY_FIGURES.items()}


def readings_of(year: NextYear) -> dict[str, Reading | None]:
    """Every figure of the next 12 months, money in whole currency units, each with its Monte Carlo standard error."""
    found: dict[str, Reading | None] = {}
    for name, one in NEXT_YEAR_FIGURES.items():
        reading, unit = one.of(year), year.minor if one.kind == "money" else 1
        found[name] = reading and Reading(reading.value / unit, None if reading.error is None else reading.error / unit)
    return found
