"""Randomisation inference: the p-value and interval that the drawing itself gives, whatever the outcomes look like.

A sharp null hypothesis says what each treated unit would have had without treatment: `outcome - size * direction`. With
direction 1 for the treated it is a constant amount (on logs, a constant percentage); with direction `outcome` for the
treated it is a constant share of what they have. Under it every outcome is known, so the drawing can be repeated and the
studentised statistic computed anew. Both the coefficient and its variance are polynomials in `size`, so all sizes of an
interval's inversion cost one pass over the draws.

The statistic is the coefficient over its robust error (HC2, or by cluster), unless an arm has fewer than five drawn
units (`scarce`): then over the pooled error of least squares. A robust error of two clusters is mostly noise, which costs
power and leaves gaps in the set of sizes that are not rejected. With the pooled error that set is an interval: as the
size moves away from the estimate, no assignment's statistic grows faster than the drawn one's (Cauchy and Schwarz).

Source: Rosenbaum, Observational Studies (2002), chapter 2; Wu and Ding, Randomization tests for weak null hypotheses,
    JASA 116 (2021), for the studentised statistic.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.pilot.drawing import Arms, Codes

_CELLS = 4_000_000
_TINY = 1e-10
_FAR = 400
_SCARCE = 5
"""Drawn units in an arm below which a robust error says too little."""


@dataclass(frozen=True)
class Pieces:
    """Coefficient and variance under every sharp null, for each draw: all float64 [draws].

    Attributes:
        outcome: Coefficient of the outcome.
        direction: Coefficient of the direction.
        constant: Variance of the outcome's coefficient.
        cross: Covariance with the direction's.
        square: Variance of the direction's.
    """

    outcome: Floats
    direction: Floats
    constant: Floats
    cross: Floats
    square: Floats

    def at(self, size: float) -> Floats:
        """Studentised statistics if the effect were `size` times the direction, [draws]; 0 where nothing varies."""
        variance = self.constant - 2 * size * self.cross + size * size * self.square
        effect = self.outcome - size * self.direction
        scale = np.maximum(np.abs(self.constant), size * size * np.abs(self.square))
        fine = variance > _TINY * np.maximum(scale, 1e-300)
        return np.where(fine, effect / np.sqrt(np.where(fine, variance, 1.0)), np.sign(effect) * 1e12 * (effect != 0))


@dataclass(frozen=True)
class Randomised:
    """What the drawing says.

    Attributes:
        p_value: Share of draws at least as extreme, the drawn one among them.
        low: Lower end of the interval of sizes that are not rejected; nan if it has none.
        high: Upper end.
        point: The size at which the coefficient is zero.
        draws: Draws used.
        exact: Whether every assignment was used.
        smallest: The smallest p-value this drawing can give.
    """

    p_value: float
    low: float
    high: float
    point: float
    draws: int
    exact: bool
    smallest: float


def scarce(draws: Arms | Floats, clusters: Codes | None = None) -> bool:
    """Whether an arm has fewer than five drawn units, in the mean over draws [draws, n] of 1 for treated.

    Example:
        >>> twelve = np.repeat([[0, 1]], 6, axis=1)
        >>> scarce(twelve), scarce(twelve, np.array([0, 1, 0, 1, 2, 3, 2, 3, 4, 5, 4, 5]))
        (False, True)
    """
    first = np.arange(draws.shape[1]) if clusters is None else np.unique(clusters, return_index=True)[1]
    treated = float((draws[:, first] > 0).sum(axis=1).mean())
    return min(treated, len(first) - treated) < _SCARCE


def pieces(
    treated: Floats, outcome: Floats, direction: Floats, columns: Floats, clusters: Codes | None = None,
    pooled: bool = False,
) -> Pieces:  # fmt: skip
    """Coefficient and variance of each draw.

    Args:
        treated: Draws, float64 [draws, n].
        outcome: float64 [n].
        direction: float64 [n].
        columns: Orthonormal basis of everything else in the model, float64 [n, p].
        clusters: Groups over which scores are summed; without them HC2.
        pooled: The variance of least squares instead.
    """
    y = outcome - columns @ (columns.T @ outcome)
    v = direction - columns @ (columns.T @ direction)
    fixed = (columns**2).sum(axis=1)
    order, starts = None, None
    if clusters is not None and not pooled:
        codes = np.unique(clusters, return_inverse=True)[1]
        order = np.argsort(codes, kind="stable")
        starts = np.searchsorted(codes[order], np.arange(codes.max() + 1))
    step = max(1, _CELLS // max(1, len(y)))
    parts = [
        _pieces(treated[at : at + step].astype(np.float64), y, v, columns, None if pooled else fixed, order, starts)
        for at in range(0, len(treated), step)
    ]
    return Pieces(*(np.concatenate([getattr(part, name) for part in parts]) for name in Pieces.__annotations__))


def _pieces(
    drawn: Floats,
    y: Floats,
    v: Floats,
    columns: Floats,
    fixed: Floats | None,
    order: Codes | None,
    starts: Codes | None,
) -> Pieces:
    """Pieces of some draws; without the leverages `fixed` with the pooled variance."""
    rest = drawn - (drawn @ columns) @ columns.T
    size = np.einsum("bi,bi->b", rest, rest)
    fine = size > 1e-9
    size = np.where(fine, size, 1.0)
    beta, gamma = rest @ y / size, rest @ v / size
    if fixed is None:
        left = (y @ y / size - beta**2, y @ v / size - beta * gamma, v @ v / size - gamma**2)
        return Pieces(*(np.where(fine, part, 0.0) for part in (beta, gamma, *left)))
    ey, ev = y - beta[:, None] * rest, v - gamma[:, None] * rest
    weights = rest / size[:, None]
    if order is None or starts is None:
        free = 1 - fixed[None, :] - rest**2 / size[:, None]
        scores = np.where(free > 1e-9, weights**2 / np.where(free > 1e-9, free, 1.0), 0.0)
        sums = [np.einsum("bi,bi,bi->b", scores, one, other) for one, other in ((ey, ey), (ey, ev), (ev, ev))]
    else:
        ay = np.add.reduceat((weights * ey)[:, order], starts, axis=1)
        av = np.add.reduceat((weights * ev)[:, order], starts, axis=1)
        sums = [(one * other).sum(axis=1) for one, other in ((ay, ay), (ay, av), (av, av))]
    return Pieces(*(np.where(fine, part, 0.0) for part in (beta, gamma, *sums)))


def smallest_p(statistics: Floats, exact: bool) -> float:
    """The smallest p-value that a reference of these statistics can give."""
    most = np.abs(statistics).max()
    ties = int((np.abs(statistics) >= most * (1 - 1e-9)).sum())
    return ties / len(statistics) if exact else (ties + 1) / (len(statistics) + 1)


def share_as_extreme(reference: Floats, observed: float, exact: bool) -> float:
    """Two-sided p-value of an observed statistic.

    Example:
        >>> share_as_extreme(np.array([0.1, -2.5, 1.0]), 2.0, exact=False)
        0.5
    """
    count = int((np.abs(reference) >= abs(observed) * (1 - 1e-9)).sum())
    return count / len(reference) if exact else (count + 1) / (len(reference) + 1)


def randomisation(
    observed: Floats, draws: Arms | Floats, outcome: Floats, direction: Floats, columns: Floats, *,
    clusters: Codes | None = None, alpha: float = 0.05, exact: bool = False, pooled: bool = False,
) -> Randomised:  # fmt: skip
    """The p-value of no effect and the interval of sizes that the drawing does not reject.

    Args:
        observed: The drawn arm, 1 for treated, float64 [n].
        draws: Re-drawn arms, [draws, n]; with `exact` every possible one.
        outcome: float64 [n].
        direction: What one unit of `size` adds to each unit as observed, float64 [n].
        columns: Orthonormal basis of intercept, strata and covariates, float64 [n, p].
        clusters: Drawn groups.
        alpha: One less the interval's confidence.
        exact: Whether `draws` is every assignment, each once.
        pooled: Whether the statistic has the pooled error of least squares (see `scarce`).

    Example:
        >>> from incentive_lab.pilot.linear import basis
        >>> z = np.array([0.0, 0, 0, 1, 1, 1]); y = np.array([1.0, 2, 3, 11, 12, 13])
        >>> plan = np.array([[(k >> i) & 1 for i in range(6)] for k in range(64) if bin(k).count("1") == 3])
        >>> found = randomisation(z, plan, y, z, basis(np.zeros((6, 0))), exact=True)
        >>> found.p_value, round(found.point, 6), found.smallest
        (0.1, 10.0, 0.1)
    """
    real = pieces(observed[None, :], outcome, direction, columns, clusters, pooled)
    return inverted(real, pieces(np.asarray(draws), outcome, direction, columns, clusters, pooled), alpha, exact)


def inverted(real: Pieces, reference: Pieces, alpha: float, exact: bool = False) -> Randomised:
    """The p-value of no effect and the interval of sizes that are not rejected, from one draw's pieces and the redraws'.

    Args:
        real: Of the drawn arm, float64 [1] each.
        reference: Of the redraws, float64 [draws] each.
        alpha: One less the interval's confidence.
        exact: Whether the redraws are every assignment, each once.
    """

    one = Inversion(real, reference, exact)
    smallest = smallest_p(reference.at(0.0), exact)
    low = high = float("nan")
    if one.possible and smallest <= alpha:
        low, high = (one.end(sign, alpha) for sign in (-1.0, 1.0))
    return Randomised(one.p_at(0.0), low, high, one.point, len(reference.outcome), exact, smallest)


class Inversion:
    """One drawn arm against its redraws, asked about any size of the effect.

    Args:
        real: Of the drawn arm, float64 [1] each.
        reference: Of the redraws, float64 [draws] each.
        exact: Whether the redraws are every assignment, each once.
    """

    def __init__(self, real: Pieces, reference: Pieces, exact: bool) -> None:
        self.real, self.reference, self.exact = real, reference, exact
        slope, point = float(real.direction[0]), float("nan")
        if abs(slope) > 1e-300:
            point = float(real.outcome[0]) / slope
        variance = float(real.constant[0] - 2 * point * real.cross[0] + point**2 * real.square[0])
        self.point, self.scale = point, float(np.sqrt(max(variance, 0.0))) / abs(slope) if slope else 0.0

    @property
    def possible(self) -> bool:
        """Whether there is a size at which the coefficient is zero, and it is uncertain."""
        return bool(np.isfinite(self.point)) and self.scale > 0

    def p_at(self, size: float) -> float:
        """The p-value of an effect of `size`: `share_as_extreme` of `Pieces.at`, without a square root for each draw."""
        told = self.reference
        effect = told.outcome - size * told.direction
        variance = told.constant - 2 * size * told.cross + size * size * told.square
        limit = _TINY * max(float(np.abs(told.constant).max()), size * size * float(np.abs(told.square).max()), 1e-300)
        if float(variance.min()) <= limit:
            return share_as_extreme(told.at(size), float(self.real.at(size)[0]), self.exact)
        observed = float(self.real.at(size)[0]) * (1 - 1e-9)
        count = int(np.count_nonzero(effect * effect >= observed * observed * variance))
        return count / len(effect) if self.exact else (count + 1) / (len(effect) + 1)

    def end(self, sign: float, alpha: float, enough: float = float("inf")) -> float:
        """The lower (sign -1) or upper end of the sizes that are not rejected; see `interval_end` for `enough`."""
        return interval_end(self.p_at, self.point, sign * self.scale, alpha, enough)


def interval_end(
    p_at: Callable[[float], float], point: float, step: float, alpha: float, enough: float = float("inf")
) -> float:
    """The size furthest from the point, in one direction, that is not rejected; infinite if all are kept.

    The search stops once it knows whether the end is at least `enough` away from the point.
    """
    inside, reach = point, 0.5
    for _ in range(_FAR):
        size = point + reach * step
        if p_at(size) <= alpha and p_at(point + 1.15 * reach * step) <= alpha:
            break
        inside = size
        if abs(inside - point) >= enough:
            return inside
        reach *= 1.25
        if reach > 1e4:
            return float(np.sign(step) * np.inf)
    outside = point + reach * step
    for _ in range(60):
        if np.isfinite(enough) and not abs(inside - point) < enough <= abs(outside - point):
            break
        middle = (inside + outside) / 2
        if p_at(middle) > alpha:
            inside = middle
        else:
            outside = middle
        if abs(outside - inside) <= 1e-7 * max(abs(step), 1e-300):
            break
    return (inside + outside) / 2
