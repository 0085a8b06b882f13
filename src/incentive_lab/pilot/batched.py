"""Many simulated pilots at once: studentised statistics of thousands of draws by matrix products."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.pilot.drawing import Codes


@dataclass(frozen=True, eq=False)
class Reference:
    """Re-drawn arms of one group of partners, ready to be asked about many outcomes.

    Attributes:
        columns: Orthonormal basis of everything but the arm, float64 [n, p].
        rest: Arms after the columns are taken out, float64 [draws, n].
        size: Their squared lengths, float64 [draws].
        weights: HC2 weights of squared residuals, float64 [draws, n].
        groups: Rows of each cluster, or None.
    """

    columns: Floats
    rest: Floats
    size: Floats
    weights: Floats
    groups: tuple[Codes, ...] | None

    @classmethod
    def of(cls, draws: Floats, columns: Floats, clusters: Codes | None = None) -> Reference:
        """A reference of drawn arms [draws, n]."""
        drawn = draws.astype(np.float64)
        rest = drawn - (drawn @ columns) @ columns.T
        size = np.maximum(np.einsum("bi,bi->b", rest, rest), 1e-12)
        free = 1 - (columns**2).sum(axis=1)[None, :] - rest**2 / size[:, None]
        weights = np.where(free > 1e-9, (rest / size[:, None]) ** 2 / np.where(free > 1e-9, free, 1.0), 0.0)
        groups = None if clusters is None else tuple(np.flatnonzero(clusters == one) for one in np.unique(clusters))
        return cls(columns, rest, size, weights, groups)

    def statistics(self, outcomes: Floats) -> Floats:
        """Studentised statistics of every draw on every outcome, float64 [draws, outcomes].

        Args:
            outcomes: float64 [outcomes, n].
        """
        y = outcomes - (outcomes @ self.columns) @ self.columns.T
        beta = self.rest @ y.T / self.size[:, None]
        if self.groups is None:
            variance = self.weights @ (y**2).T - 2 * beta * ((self.weights * self.rest) @ y.T)
            variance += beta**2 * (self.weights * self.rest**2).sum(axis=1)[:, None]
        else:
            load = self.rest / self.size[:, None]
            variance = np.zeros_like(beta)
            for rows in self.groups:
                own = (load[:, rows] * self.rest[:, rows]).sum(axis=1)
                variance += (load[:, rows] @ y[:, rows].T - beta * own[:, None]) ** 2
        fine = variance > 1e-12 * np.maximum(beta**2, 1e-300)
        return np.asarray(np.where(fine, beta / np.sqrt(np.where(fine, variance, 1.0)), 1e12 * np.sign(beta)))

    def own(self, outcomes: Floats) -> Floats:
        """Studentised statistic of draw r on outcome r, float64 [draws]; as many outcomes as draws."""
        y = outcomes - (outcomes @ self.columns) @ self.columns.T
        beta = np.einsum("bi,bi->b", self.rest, y) / self.size
        residual = y - beta[:, None] * self.rest
        if self.groups is None:
            variance = np.einsum("bi,bi,bi->b", self.weights, residual, residual)
        else:
            load = self.rest / self.size[:, None] * residual
            variance = sum((load[:, rows].sum(axis=1) ** 2 for rows in self.groups), np.zeros(len(beta)))
        fine = variance > 1e-12 * np.maximum(beta**2, 1e-300)
        return np.asarray(np.where(fine, beta / np.sqrt(np.where(fine, variance, 1.0)), 1e12 * np.sign(beta)))


def drawn_p_values(reference: Floats, observed: Floats) -> Floats:
    """p-values of observed statistics, each against its own column of the reference, float64 [outcomes].

    Args:
        reference: float64 [draws, outcomes], or [draws, 1] for all.
        observed: float64 [outcomes].
    """
    size = np.abs(observed) * (1 - 1e-9)
    if reference.shape[1] == 1:
        order = np.sort(np.abs(reference[:, 0]))
        count = len(order) - np.searchsorted(order, size, side="left")
    else:
        count = (np.abs(reference) >= size[None, :]).sum(axis=0)
    return np.asarray((count + 1) / (len(reference) + 1))


@dataclass(frozen=True, eq=False)
class Fits:
    """One regression for each simulated pilot, as polynomials in the planted effect.

    Attributes:
        beta: Coefficient without and with one unit of the planted direction, float64 [draws] each.
        variance: Constant, cross and square, float64 [draws] each.
        df: Satterthwaite's degrees of freedom, float64 [draws].
    """

    beta: tuple[Floats, Floats]
    variance: tuple[Floats, Floats, Floats]
    df: Floats

    def at(self, size: float) -> Floats:
        """t statistics with `size` planted, float64 [draws]."""
        constant, cross, square = self.variance
        variance = constant + 2 * size * cross + size * size * square
        return np.asarray((self.beta[0] + size * self.beta[1]) / np.sqrt(np.maximum(variance, 1e-300)))


def fit_many(outcome: Floats, direction: Floats, treated: Floats, before: Floats | None, strata: Codes) -> Fits:
    """HC2 regressions of many simulated pilots at once.

    Args:
        outcome: float64 [draws, n].
        direction: What one unit of effect adds, float64 [draws, n].
        treated: 0 or 1, float64 [draws, n].
        before: One covariate, float64 [draws, n], or None.
        strata: Stratum of each, int64 [draws, n], numbered from 0 within each draw.
    """
    draws = len(outcome)
    count = int(strata.max()) + 1
    flat = (strata + np.arange(draws)[:, None] * count).ravel()
    sizes = np.bincount(flat, minlength=draws * count)
    per = np.maximum(sizes, 1)

    def sums(values: Floats) -> Floats:
        return np.asarray(np.bincount(flat, values.ravel(), draws * count), dtype=np.float64)

    def demeaned(values: Floats) -> Floats:
        return np.asarray(values - (sums(values) / per)[flat].reshape(values.shape))

    y, v, z = demeaned(outcome), demeaned(direction), demeaned(treated)
    leverage = (1 / per)[flat].reshape(y.shape)
    vectors = []
    if before is not None:
        x = demeaned(before)
        length = np.sqrt(np.maximum(np.einsum("bi,bi->b", x, x), 1e-300))
        x = x / length[:, None]
        y, v, z = (one - np.einsum("bi,bi->b", one, x)[:, None] * x for one in (y, v, z))
        leverage = leverage + x**2
        vectors.append(x)
    size = np.maximum(np.einsum("bi,bi->b", z, z), 1e-300)
    unit = z / np.sqrt(size)[:, None]
    vectors.append(unit)
    free = 1 - leverage - unit**2
    ok = free > 1e-9
    weights = np.where(ok, (z / size[:, None]) ** 2 / np.where(ok, free, 1.0), 0.0)
    b0, b1 = (np.einsum("bi,bi->b", one, z) / size for one in (y, v))
    e0, e1 = y - b0[:, None] * z, v - b1[:, None] * z

    def spread(one: Floats, other: Floats) -> Floats:
        return np.asarray(np.einsum("bi,bi,bi->b", weights, one, other))

    parts = (spread(e0, e0), spread(e0, e1), spread(e1, e1))
    return Fits((b0, b1), parts, _df(weights, free, vectors, sums, per, draws, count))


def _df(
    weights: Floats,
    free: Floats,
    vectors: list[Floats],
    sums: Callable[[Floats], Floats],
    per: Codes,
    draws: int,
    count: int,
) -> Floats:
    """Satterthwaite's degrees of freedom of each HC2 variance (the algebra of `linear.satterthwaite`, by stratum)."""
    by_stratum = (sums(weights) / per).reshape(draws, count)
    squares = (weights**2 * (2 * free - 1)).sum(axis=1) + (by_stratum**2).sum(axis=1)
    root = np.sqrt(per).reshape(draws, count)
    for one in vectors:
        squares += 2 * ((sums(weights * one).reshape(draws, count) / root) ** 2).sum(axis=1)
    for place, one in enumerate(vectors):
        for other_place, other in enumerate(vectors[: place + 1]):
            own = np.einsum("bi,bi,bi->b", weights, one, other) ** 2
            squares += own if place == other_place else 2 * own
    return np.asarray((weights * free).sum(axis=1) ** 2 / np.maximum(squares, 1e-300))
