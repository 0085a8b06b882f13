"""Estimators that use months one by one: difference in differences, staggered starts, switchbacks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incentive_lab.errors import InputError, Problem
from incentive_lab.panel import Floats
from incentive_lab.pilot.drawing import Codes
from incentive_lab.pilot.linear import Coefficient, basis, coefficient, summed

NEVER = -1
_ROUNDS = 10_000


@dataclass(frozen=True, eq=False)
class Monthly:
    """One outcome by partner and month.

    Attributes:
        values: float64 [n, months]; nan where nothing is known.
        starts: First treated month of each partner, -1 for never, int64 [n].
        clusters: Independent groups of partners, or None.
        strata: Strata as drawn, or None.
    """

    values: Floats
    starts: Codes
    clusters: Codes | None = None
    strata: Codes | None = None

    @property
    def treated(self) -> Floats:
        """1 in treated months, float64 [n, months]."""
        months = np.arange(self.values.shape[1])
        return ((self.starts[:, None] >= 0) & (months[None, :] >= self.starts[:, None])).astype(np.float64)


def two_way(values: Floats, treated: Floats, clusters: Codes | None = None, errors: str = "cr2") -> Coefficient:
    """The coefficient of `treated` with partner and month effects, errors clustered by partner or group.

    Args:
        values: float64 [n, months]; nan where nothing is known.
        treated: float64 [n, months].
        clusters: Groups of partners; by default each partner.
        errors: cr0, cr1 or cr2 (on the model after partner and month effects are taken out).

    Raises:
        InputError: The treatment does not vary within partners and months.
    """
    known = np.isfinite(values)
    y, d = within(values, known), within(treated, known)
    rows, _ = np.nonzero(known)
    size = float((d[known] ** 2).sum())
    if size < 1e-9:
        raise InputError([Problem("dates", "no partner is seen both in and out of the arm beside others.",
                                  "Months before the start, and partners that have not started, are needed.")])  # fmt: skip
    codes = rows if clusters is None else clusters[rows]
    return coefficient_within(y[known], d[known], codes, errors, lost=known.any(1).sum() + known.any(0).sum() - 1)


def coefficient_within(y: Floats, d: Floats, codes: Codes, errors: str, lost: int) -> Coefficient:
    """The one coefficient of a model whose fixed effects were taken out of both sides."""
    found = coefficient_without_intercept(y, d, codes, errors)
    if errors == "cr1":
        n, groups = len(y), found.clusters
        factor = np.sqrt(groups / (groups - 1) * (n - 1) / (n - lost - 1))
        return Coefficient(found.effect, found.error * float(factor), found.df, n, groups, int(lost) + 1)
    return found


def coefficient_without_intercept(y: Floats, d: Floats, codes: Codes, errors: str) -> Coefficient:
    """One regressor, no intercept, clustered errors."""
    from incentive_lab.pilot.linear import of_basis

    kind = "cr0" if errors == "cr1" else errors
    return of_basis(y, d, np.zeros((len(y), 0)), clusters=codes, errors=kind)


def within(values: Floats, known: NDArray[np.bool_]) -> Floats:
    """Values less partner and month means, by alternating until nothing moves; 0 where unknown."""
    out = np.where(known, values, 0.0)
    rows, columns = np.maximum(known.sum(axis=1), 1), np.maximum(known.sum(axis=0), 1)
    scale = max(float(np.abs(out).max()), 1e-300)
    for _ in range(_ROUNDS):
        by_row = out.sum(axis=1) / rows
        out = np.where(known, out - by_row[:, None], 0.0)
        by_column = out.sum(axis=0) / columns
        out = np.where(known, out - by_column[None, :], 0.0)
        if np.abs(by_row).max() < 1e-13 * scale and np.abs(by_column).max() < 1e-13 * scale:
            break
        if known.all():
            break
    return out


def changes(monthly: Monthly, start: int) -> Floats:
    """Mean after less mean before the start, of each partner, float64 [n]; nan without months on both sides."""
    with np.errstate(invalid="ignore"):
        known = np.isfinite(monthly.values)
        values = np.where(known, monthly.values, 0.0)
        after = values[:, start:].sum(axis=1) / known[:, start:].sum(axis=1)
        before = values[:, :start].sum(axis=1) / known[:, :start].sum(axis=1)
        return np.asarray(after - before)


def did(monthly: Monthly, errors: str = "auto") -> Coefficient:
    """Difference in differences with partner and month effects.

    With one common start and no gaps this is the difference of the partners' changes, whose CR2 errors hold for few
    partners; else the two-way model.
    """
    starts = np.unique(monthly.starts[monthly.starts >= 0])
    errors = "cr2" if errors == "auto" else errors.replace("hc3", "cr2").replace("hc", "cr").replace("classical", "cr1")
    whole = bool(np.isfinite(monthly.values).all())
    if len(starts) == 1 and whole and (monthly.starts < 0).any() and 0 < starts[0] < monthly.values.shape[1]:
        change = changes(monthly, int(starts[0]))
        treated = (monthly.starts >= 0).astype(np.float64)
        kind = errors if monthly.clusters is not None else errors.replace("cr", "hc")
        return coefficient(change, treated, np.zeros((len(change), 0)), strata=monthly.strata,
                           clusters=monthly.clusters, errors=kind)  # fmt: skip
    return two_way(monthly.values, monthly.treated, monthly.clusters, errors)


@dataclass(frozen=True, eq=False)
class Staggered:
    """Effects of a staggered start.

    Attributes:
        effect: Average effect over all started groups and months, weighted by the groups' sizes.
        error: Standard error from the influence of each partner (or cluster).
        cells: (start, month, effect, error, partners) of each group and month.
        by_distance: (months since the start, effect, error), an event study; negative ones are placebo tests.
        groups: Independent groups.
        influence: Of each partner on the average effect, float64 [n].
    """

    effect: float
    error: float
    cells: tuple[tuple[int, int, float, float, int], ...]
    by_distance: tuple[tuple[int, float, float], ...]
    groups: int
    influence: Floats


def staggered(monthly: Monthly, controls: str = "not_yet", aggregate: str = "simple") -> Staggered:
    """Group-time average effects without covariates, the month before each start as base.

    Args:
        monthly: A panel without gaps.
        controls: not_yet (those that start later, and those that never do) or never.
        aggregate: simple (weighted by the groups' sizes), group, dynamic or calendar (within groups, months since the start
            or months first; these are then averaged).

    Raises:
        InputError: There are gaps, or nobody to compare with.

    Source: Callaway and Sant'Anna, Difference-in-differences with multiple time periods, Journal of Econometrics 225
        (2021). Before the start, effects are against the month before (varying base).
    """
    values, starts = monthly.values, monthly.starts
    n, months = values.shape
    if not np.isfinite(values).all():
        raise InputError([Problem("data", "a staggered start needs a value for every partner and month.",
                                  "Leave the partners with gaps out, or use did.")])  # fmt: skip
    found = []
    for start in np.unique(starts[starts >= 1]):
        for month in range(1, months):
            cell = _cell(values, starts, int(start), month, controls)
            if cell is not None:
                found.append((int(start), month, *cell))
    after = [one for one in found if one[1] >= one[0]]
    if not after:
        raise InputError([Problem("analysis.controls", "there is nobody to compare the started partners with.",
                                  "Use not_yet, or keep some partners out of the roll-out.")])  # fmt: skip
    effect, influence = _aggregated(after, starts, n, aggregate)
    distance = []
    for gap in sorted({month - start for start, month, *_ in found}):
        value, own = _averaged([one for one in found if one[1] - one[0] == gap], starts, n)
        distance.append((int(gap), value, _error(own, monthly.clusters)[0]))
    error, groups = _error(influence, monthly.clusters)
    cells = tuple(
        (start, month, value, _error(own, monthly.clusters)[0], int((starts == start).sum()))
        for start, month, value, own in found
    )
    return Staggered(effect, error, cells, tuple(distance), groups, influence)


def _cell(values: Floats, starts: Codes, start: int, month: int, controls: str) -> tuple[float, Floats] | None:
    """Effect on the group that starts at `start`, in one month, with each partner's influence; None without controls."""
    base = start - 1 if month >= start else month - 1
    others = starts < 0
    if controls == "not_yet":
        others = others | (starts > max(month, base))
    others &= starts != start
    here = starts == start
    if not others.any():
        return None
    change = values[:, month] - values[:, base]
    effect = change[here].mean() - change[others].mean()
    influence = np.zeros(len(change))
    n = len(change)
    influence[here] = n / here.sum() * (change[here] - change[here].mean())
    influence[others] = -n / others.sum() * (change[others] - change[others].mean())
    return float(effect), influence


def _averaged(cells: list[tuple[int, int, float, Floats]], starts: Codes, n: int) -> tuple[float, Floats]:
    """Average of cells weighted by the sizes of their groups, with the influence of the weights themselves."""
    share = {start: float((starts == start).mean()) for start, *_ in cells}
    total = sum(share[start] for start, *_ in cells)
    effect = sum(share[start] * value for start, _, value, _ in cells) / total
    influence = np.zeros(n)
    for start, _, value, own in cells:
        member = (starts == start).astype(np.float64)
        influence += share[start] / total * own
        influence += (member - share[start]) * (value - effect) / total
    return float(effect), influence


def _aggregated(
    cells: list[tuple[int, int, float, Floats]], starts: Codes, n: int, aggregate: str
) -> tuple[float, Floats]:
    """One effect of all started cells, with the influence of each partner."""
    if aggregate == "simple":
        return _averaged(cells, starts, n)
    keys = [{"group": start, "dynamic": month - start, "calendar": month}[aggregate] for start, month, *_ in cells]
    groups = sorted(set(keys))
    parts = [
        _averaged([one for one, key in zip(cells, keys, strict=True) if key == group], starts, n) for group in groups
    ]  # fmt: skip
    if aggregate == "group":
        return _averaged([(group, group, *part) for group, part in zip(groups, parts, strict=True)], starts, n)
    return float(np.mean([value for value, _ in parts])), np.asarray(np.mean([own for _, own in parts], axis=0))


def _error(influence: Floats, clusters: Codes | None) -> tuple[float, int]:
    n = len(influence)
    if clusters is None:
        return float(np.sqrt((influence**2).sum()) / n), n
    codes = np.unique(clusters, return_inverse=True)[1]
    groups = int(codes.max()) + 1
    sums = summed(influence[:, None], codes, groups)[:, 0]
    return float(np.sqrt((sums**2).sum()) / n), groups


def columns_for(strata: Codes | None, n: int) -> Floats:
    """The basis of an intercept, or of strata, for n partners."""
    return basis(np.zeros((n, 0)), strata)
