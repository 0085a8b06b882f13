"""Estimators that use months one by one: difference in differences, staggered starts, switchbacks."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incentive_lab.errors import InputError, Problem
from incentive_lab.panel import Floats
from incentive_lab.pilot.adjusted import adjusted_change
from incentive_lab.pilot.drawing import Codes
from incentive_lab.pilot.linear import Coefficient, basis, of_basis, summed

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
        weights: How much each partner counts, float64 [n], or None when all count the same.
        others: Covariates of partners, float64 [n, k], or None.
        varying: Covariates by month, float64 [k, n, months], or None.
    """

    values: Floats
    starts: Codes
    clusters: Codes | None = None
    strata: Codes | None = None
    weights: Floats | None = None
    others: Floats | None = None
    varying: Floats | None = None

    @property
    def counts(self) -> Floats:
        """The weights, or ones, float64 [n]."""
        return np.ones(len(self.values)) if self.weights is None else self.weights

    @property
    def treated(self) -> Floats:
        """1 in treated months, float64 [n, months]."""
        months = np.arange(self.values.shape[1])
        return ((self.starts[:, None] >= 0) & (months[None, :] >= self.starts[:, None])).astype(np.float64)


def two_way(
    values: Floats, treated: Floats, clusters: Codes | None = None, errors: str = "cr2", *,
    weights: Floats | None = None, varying: Floats | None = None,
) -> Coefficient:  # fmt: skip
    """The coefficient of `treated` with partner and month effects, errors clustered by partner or group.

    Args:
        values: float64 [n, months]; nan where nothing is known.
        treated: float64 [n, months].
        clusters: Groups of partners; by default each partner.
        errors: cr0, cr1 or cr2 (on the model after partner and month effects are taken out).
        weights: How much each partner counts, float64 [n].
        varying: Covariates by month, float64 [k, n, months]; months without one of them are left out.

    Raises:
        InputError: The treatment does not vary within partners and months.
    """
    known = np.isfinite(values)
    more = np.zeros((0, *values.shape)) if varying is None else varying
    known &= np.isfinite(more).all(axis=0)
    rows, _ = np.nonzero(known)
    root = np.ones(len(rows)) if weights is None else np.sqrt(weights)[rows]
    y, d, *others = (within(one, known, weights)[known] * root for one in (values, treated, *more))
    columns = np.zeros((len(rows), 0))
    if others:
        spread = np.array([max(float(np.sqrt(one @ one)), 1e-300) for one in others])
        left, length, _ = np.linalg.svd(np.column_stack(others) / spread, full_matrices=False)
        columns = left[:, length > 1e-9]
    size = float(d @ d)
    if size < 1e-9:
        raise InputError([Problem("dates", "no partner is seen both in and out of the arm beside others.",
                                  "Months before the start, and partners that have not started, are needed.")])  # fmt: skip
    codes = rows if clusters is None else clusters[rows]
    lost = known.any(1).sum() + known.any(0).sum() - 1 + columns.shape[1]
    found = of_basis(y, d, columns, clusters=codes, errors="cr0" if errors == "cr1" else errors)
    if errors == "cr1":
        n, groups = len(y), found.clusters
        factor = np.sqrt(groups / (groups - 1) * (n - 1) / (n - lost - 1))
        return Coefficient(found.effect, found.error * float(factor), found.df, n, groups, int(lost) + 1)
    return found


def within(values: Floats, known: NDArray[np.bool_], weights: Floats | None = None) -> Floats:
    """Values less partner and month means, by alternating until nothing moves; 0 where unknown."""
    out = np.where(known, values, 0.0)
    counts = np.ones(len(values)) if weights is None else weights
    rows, columns = np.maximum(known.sum(axis=1), 1), np.maximum(counts @ known, 1e-300)
    scale = max(float(np.abs(out).max()), 1e-300)
    for _ in range(_ROUNDS):
        by_row = out.sum(axis=1) / rows
        out = np.where(known, out - by_row[:, None], 0.0)
        by_column = counts @ out / columns
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
    partners; else the two-way model. Covariates of partners are held fixed in their changes.

    Raises:
        InputError: Partners start at several times, and their covariates do not change over months.
    """
    starts = np.unique(monthly.starts[monthly.starts >= 0])
    errors = "cr2" if errors == "auto" else errors.replace("hc3", "cr2").replace("hc", "cr").replace("classical", "cr1")
    whole = bool(np.isfinite(monthly.values).all())
    one_start = len(starts) == 1 and (monthly.starts < 0).any() and 0 < starts[0] < monthly.values.shape[1]
    others = np.zeros((len(monthly.values), 0)) if monthly.others is None else monthly.others
    if one_start and whole and monthly.varying is None:
        root = np.sqrt(monthly.counts)
        change, treated = (one * root for one in (changes(monthly, int(starts[0])), monthly.treated[:, -1]))
        kind = errors if monthly.clusters is not None else errors.replace("cr", "hc")
        return of_basis(change, treated, basis(others, monthly.strata, root), clusters=monthly.clusters, errors=kind)
    varying = monthly.varying
    if others.shape[1]:
        if not one_start:
            raise InputError([Problem("analysis.covariates", "did with several starts takes only covariates that change over "
                                      "periods; partner effects hold the others fixed.", "Use staggered.")])  # fmt: skip
        after = (np.arange(monthly.values.shape[1]) >= starts[0]).astype(np.float64)
        own = others.T[:, :, None] * after[None, None, :]
        varying = own if varying is None else np.concatenate([varying, own])
    return two_way(monthly.values, monthly.treated, monthly.clusters, errors, weights=monthly.weights, varying=varying)


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


def staggered(
    monthly: Monthly, controls: str = "not_yet", aggregate: str = "simple", adjust: str = "doubly_robust"
) -> Staggered:
    """Group-time average effects, the month before each start as base; each cell with its covariates held fixed.

    Args:
        monthly: A panel without gaps.
        controls: not_yet (those that start later, and those that never do) or never.
        aggregate: simple (weighted by the groups' sizes), group, dynamic or calendar (within groups, months since the start
            or months first; these are then averaged).
        adjust: doubly_robust or regression: how covariates are held fixed (`adjusted.adjusted_change`).

    Raises:
        InputError: There are gaps, or nobody to compare with.

    Source: Callaway and Sant'Anna, Difference-in-differences with multiple time periods, Journal of Econometrics 225
        (2021). Before the start, effects are against the month before (varying base).
    """
    values, starts = monthly.values, monthly.starts
    months = values.shape[1]
    if not np.isfinite(values).all():
        raise InputError([Problem("data", "a staggered start needs a value for every partner and month.",
                                  "Leave the partners with gaps out, or use did.")])  # fmt: skip
    found = []
    for start in np.unique(starts[starts >= 1]):
        for month in range(1, months):
            cell = _cell(monthly, int(start), month, controls, adjust)
            if cell is not None:
                found.append((int(start), month, *cell))
    after = [one for one in found if one[1] >= one[0]]
    if not after:
        raise InputError([Problem("analysis.controls", "there is nobody to compare the started partners with.",
                                  "Use not_yet, or keep some partners out of the roll-out.")])  # fmt: skip
    counts = monthly.counts / monthly.counts.mean()
    effect, influence = _aggregated(after, starts, counts, aggregate)
    distance = []
    for gap in sorted({month - start for start, month, *_ in found}):
        value, own = _averaged([one for one in found if one[1] - one[0] == gap], starts, counts)
        distance.append((int(gap), value, _error(own, monthly.clusters)[0]))
    error, groups = _error(influence, monthly.clusters)
    cells = tuple(
        (start, month, value, _error(own, monthly.clusters)[0], int((starts == start).sum()))
        for start, month, value, own in found
    )
    return Staggered(effect, error, cells, tuple(distance), groups, influence)


def _cell(monthly: Monthly, start: int, month: int, controls: str, adjust: str) -> tuple[float, Floats] | None:
    """Effect on the group that starts at `start`, in one month, with each partner's influence; None without controls."""
    values, starts, counts = monthly.values, monthly.starts, monthly.counts
    base = start - 1 if month >= start else month - 1
    others = starts < 0
    if controls == "not_yet":
        others = others | (starts > max(month, base))
    others &= starts != start
    here = starts == start
    if not others.any():
        return None
    change = values[:, month] - values[:, base]
    influence = np.zeros(len(change))
    n = len(change)
    if monthly.others is not None and monthly.others.shape[1]:
        rows = np.flatnonzero(here | others)
        group = here[rows].astype(np.float64)
        effect, own = adjusted_change(change[rows], group, monthly.others[rows], counts[rows], adjust)
        influence[rows] = n / len(rows) * own
        return effect, influence
    effect = 0.0
    for side, sign in ((here, 1.0), (others, -1.0)):
        mean = float(np.average(change[side], weights=counts[side]))
        influence[side] = sign * n * counts[side] / counts[side].sum() * (change[side] - mean)
        effect += sign * mean
    return effect, influence


def _averaged(cells: list[tuple[int, int, float, Floats]], starts: Codes, counts: Floats) -> tuple[float, Floats]:
    """Average of cells weighted by the sizes of their groups, with the influence of the weights themselves."""
    share = {start: float(((starts == start) * counts).mean()) for start, *_ in cells}
    total = sum(share[start] for start, *_ in cells)
    effect = sum(share[start] * value for start, _, value, _ in cells) / total
    influence = np.zeros(len(counts))
    for start, _, value, own in cells:
        member = (starts == start) * counts
        influence += share[start] / total * own
        influence += (member - share[start]) * (value - effect) / total
    return float(effect), influence


def _aggregated(
    cells: list[tuple[int, int, float, Floats]], starts: Codes, counts: Floats, aggregate: str
) -> tuple[float, Floats]:
    """One effect of all started cells, with the influence of each partner."""
    if aggregate == "simple":
        return _averaged(cells, starts, counts)
    keys = [{"group": start, "dynamic": month - start, "calendar": month}[aggregate] for start, month, *_ in cells]
    groups = sorted(set(keys))
    parts = [
        _averaged([one for one, key in zip(cells, keys, strict=True) if key == group], starts, counts) for group in groups
    ]  # fmt: skip
    if aggregate == "group":
        return _averaged([(group, group, *part) for group, part in zip(groups, parts, strict=True)], starts, counts)
    return float(np.mean([value for value, _ in parts])), np.asarray(np.mean([own for _, own in parts], axis=0))


def _error(influence: Floats, clusters: Codes | None) -> tuple[float, int]:
    n = len(influence)
    if clusters is None:
        return float(np.sqrt((influence**2).sum()) / n), n
    codes = np.unique(clusters, return_inverse=True)[1]
    groups = int(codes.max()) + 1
    sums = summed(influence[:, None], codes, groups)[:, 0]
    return float(np.sqrt((sums**2).sum()) / n), groups
