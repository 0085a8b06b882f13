"""Backtest: fit on the first part of history, project the rest, and see how often the band held."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from incentive_lab.engine.replay import replay
from incentive_lab.errors import InputError, Problem
from incentive_lab.format import counted
from incentive_lab.panel import Floats, month_label
from incentive_lab.projection.answers import crps
from incentive_lab.projection.chunks import Workers
from incentive_lab.projection.leaving import counts_of, gaps_of
from incentive_lab.projection.model import fit
from incentive_lab.projection.past import Past, until
from incentive_lab.projection.running import checked, project
from incentive_lab.scheme.document import Scheme

BANDS = (50, 80, 95)
LEAST = 12
"""Months of history that a fit of the backtest is given at least."""


@dataclass(frozen=True, eq=False)
class Cut:
    """One cut of history. Minor units.

    Attributes:
        month: ISO name of the first month that was projected.
        actual: What the scheme would really have paid over the months after the cut.
        scenarios: [n] projected.
        naive: [m] the benchmark's scenarios: last year's same months, each moved by a past change from year to year.
    """

    month: str
    actual: float
    scenarios: Floats
    naive: Floats

    def inside(self, band: int) -> bool:
        """Whether the middle band of so many per cent holds what came."""
        low, high = np.quantile(self.scenarios, [0.5 - band / 200, 0.5 + band / 200])
        return bool(low <= self.actual <= high)


@dataclass(frozen=True, eq=False)
class Backtest:
    """All cuts of a history.

    Attributes:
        cuts: In order.
        horizon: Months projected after each.
        left_out: First months of cuts that are not judged, because rows are missing in the months after them.
    """

    cuts: tuple[Cut, ...]
    horizon: int
    left_out: tuple[str, ...] = ()

    def coverage(self, band: int) -> float:
        """Share of cuts in which a band held."""
        return float(np.mean([cut.inside(band) for cut in self.cuts]))

    @property
    def left_out_words(self) -> str | None:
        """Which months are not judged and why, as a sentence; None where all are.

        Example:
            >>> Backtest((), 3, ("2024-07",)).left_out_words
            'Not held against a projection, since rows seem to be missing there: the 3 months from 2024-07.'
        """
        if not self.left_out:
            return None
        spans = ", ".join(f"the {counted(self.horizon, 'month')} from {month}" for month in self.left_out)
        return f"Not held against a projection, since rows seem to be missing there: {spans}."

    @property
    def bias(self) -> float | None:
        """Mean projected cost over actual cost, less one, over all cuts; None where nothing came."""
        came = sum(cut.actual for cut in self.cuts)
        return float(sum(cut.scenarios.mean() for cut in self.cuts) / came - 1) if came > 0 else None

    @property
    def crps(self) -> float:
        """Mean continuous ranked probability score, minor units."""
        return float(np.mean([crps(cut.scenarios, cut.actual) for cut in self.cuts]))

    @property
    def crps_naive(self) -> float:
        """The same for the naive seasonal benchmark."""
        return float(np.mean([crps(cut.naive, cut.actual) for cut in self.cuts]))


def backtest(
    past: Past, scheme: Scheme, *, floor: Scheme | None = None, horizon: int = 3, scenarios: int = 300, seed: int = 7,
    cuts: int = 8, progress: Callable[[int, int], None] | None = None, workers: Workers | None = None,
) -> Backtest:  # fmt: skip
    """Fit and project at several cuts under the same scheme.

    Args:
        past: See `past_of`.
        scheme: Under which history is paid before and after each cut.
        floor: What a guarantee compares with.
        horizon: Months projected after each cut; each cut moves by as many.
        scenarios: Of each cut.
        seed: Of the draws.
        cuts: At most so many, the latest ones.
        progress: Called with cuts done and wanted.
        workers: Who draws and pays, such as a `Cluster`; threads of this machine without it. Changes no result.

    Raises:
        InputError: History is too short for a single cut, or a number is out of range.
    """
    checked(scenarios, horizon)
    months = past.panel.months
    places = list(range(months - horizon, LEAST - 1, -horizon))
    lacking = np.zeros(months, dtype=np.bool_)
    for gap in (gap for found in gaps_of(past, counts_of(past)).values() for gap in found):
        lacking[list(gap.months)] = True
    left_out = [place for place in places if lacking[place : place + horizon].any()]
    if places and len(left_out) == len(places):
        named = ", ".join(month_label(past.panel.first_month + month) for month in np.flatnonzero(lacking)[:6])
        raise InputError([Problem("history", f"rows seem to be missing ({named}) wherever a projection could be held against it.",
                                  "Bring these rows, or project fewer months.")])  # fmt: skip
    places = [place for place in places if place not in left_out][:cuts][::-1]
    left_out = [place for place in left_out if place > places[0]] if places else []
    if not places:
        raise InputError([Problem("history", f"it has {months} months; a backtest needs {LEAST + horizon}: {LEAST} to "
                                  f"fit and {horizon} to see.", "Project fewer months, or bring a longer history.")])  # fmt: skip
    done = []
    for number, place in enumerate(places):
        # Both sides end with the same month: what an unfinished settlement period owes to date is in both.
        real = replay(scheme, until(past, place + horizon).panel, baseline=floor, detail=False).total.sum(axis=1)
        told = project(fit(until(past, place), horizon=horizon), scheme, floor=floor, horizon=horizon,
                       scenarios=scenarios, seed=seed + number, past=place, in_force=True, workers=workers)  # fmt: skip
        done.append(Cut(
            month_label(past.panel.first_month + place), float(real[place : place + horizon].sum()), told.outcome.total,
            naive_scenarios(real[:place], horizon),
        ))  # fmt: skip
        if progress is not None:
            progress(number + 1, len(places))
    return Backtest(
        tuple(done), horizon, tuple(month_label(past.panel.first_month + place) for place in left_out[::-1])
    )


def naive_scenarios(paid: Floats, horizon: int) -> Floats:
    """Last year's same months times every ratio of so many months to the same months a year before.

    Without two years of history: the last months again, moved by past ratios of neighbouring spans.

    Example:
        >>> naive_scenarios(np.full(36, 10.0), 3).tolist()[:2]
        [30.0, 30.0]
    """
    months = len(paid)
    lag = 12 if months >= 12 + 2 * horizon and horizon <= 12 else horizon
    base = float(paid[months - lag : months - lag + horizon].sum())
    ends = range(lag + horizon, months + 1)
    ratios = [
        float(paid[end - horizon : end].sum()) / float(paid[end - horizon - lag : end - lag].sum())
        for end in ends if paid[end - horizon - lag : end - lag].sum() > 0
    ]  # fmt: skip
    return base * np.array(ratios or [1.0])
