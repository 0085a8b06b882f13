"""Many simulated pilots at once: studentised statistics of thousands of draws by matrix products."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.pilot.drawing import Codes
from incentive_lab.pilot.randomisation import Pieces


@dataclass(frozen=True, eq=False)
class Reference:
    """Re-drawn arms of one group of partners, ready to be asked about many outcomes.

    Attributes:
        columns: Orthonormal basis of everything but the arm, float64 [n, p].
        rest: Arms after the columns are taken out, float64 [draws, n].
        size: Their squared lengths, float64 [draws].
        weights: HC2 weights of squared residuals, float64 [draws, n]; empty with clusters.
        groups: For each cluster its rows, the arms' loads on them, float64 [draws, rows], and the loads' product with the arms,
            float64 [draws]; or None.
        pooled: Whether variances are those of least squares (`randomisation.scarce`).
    """

    columns: Floats
    rest: Floats
    size: Floats
    weights: Floats
    groups: tuple[tuple[Codes, Floats, Floats], ...] | None
    pooled: bool = False

    @classmethod
    def of(cls, draws: Floats, columns: Floats, clusters: Codes | None = None, pooled: bool = False) -> Reference:
        """A reference of drawn arms [draws, n]."""
        drawn = draws.astype(np.float64)
        rest = drawn - (drawn @ columns) @ columns.T
        size = np.maximum(np.einsum("bi,bi->b", rest, rest), 1e-12)
        if pooled:
            return cls(columns, rest, size, np.zeros((0, 0)), None, True)
        if clusters is not None:
            groups = []
            for one in np.unique(clusters):
                rows = np.flatnonzero(clusters == one)
                load = rest[:, rows] / size[:, None]
                groups.append((rows, load, (load * rest[:, rows]).sum(axis=1)))
            return cls(columns, rest, size, np.zeros((0, 0)), tuple(groups))
        free = 1 - (columns**2).sum(axis=1)[None, :] - rest**2 / size[:, None]
        weights = np.where(free > 1e-9, (rest / size[:, None]) ** 2 / np.where(free > 1e-9, free, 1.0), 0.0)
        return cls(columns, rest, size, weights, None)

    def statistics(self, outcomes: Floats) -> Floats:
        """Studentised statistics of every draw on every outcome, float64 [draws, outcomes].

        Args:
            outcomes: float64 [outcomes, n].
        """
        y = outcomes - (outcomes @ self.columns) @ self.columns.T
        beta = self.rest @ y.T / self.size[:, None]
        if self.pooled:
            variance = (y**2).sum(axis=1)[None, :] / self.size[:, None] - beta**2
        elif self.groups is None:
            variance = self.weights @ (y**2).T - 2 * beta * ((self.weights * self.rest) @ y.T)
            variance += beta**2 * (self.weights * self.rest**2).sum(axis=1)[:, None]
        else:
            variance = np.zeros_like(beta)
            for rows, load, own in self.groups:
                variance += (load @ y[:, rows].T - beta * own[:, None]) ** 2
        fine = variance > 1e-12 * np.maximum(beta**2, 1e-300)
        return np.asarray(np.where(fine, beta / np.sqrt(np.where(fine, variance, 1.0)), 1e12 * np.sign(beta)))

    def pieces(self, outcomes: Floats, directions: Floats) -> Pieces:
        """`randomisation.pieces` of every draw on every outcome, float64 [draws, outcomes] each.

        Args:
            outcomes: float64 [outcomes, n].
            directions: What one unit of effect adds to each, float64 [outcomes, n].
        """
        y, v = (one - (one @ self.columns) @ self.columns.T for one in (outcomes, directions))
        beta, gamma = (self.rest @ one.T / self.size[:, None] for one in (y, v))
        if self.pooled:
            of_yy, of_yv, of_vv = (
                (one * other).sum(axis=1)[None, :] / self.size[:, None] for one, other in ((y, y), (y, v), (v, v))
            )
            return Pieces(beta, gamma, of_yy - beta**2, of_yv - beta * gamma, of_vv - gamma**2)
        if self.groups is not None:
            sums = [np.zeros_like(beta) for _ in range(3)]
            for rows, load, own in self.groups:
                ey, ev = (load @ one[:, rows].T - fit * own[:, None] for one, fit in ((y, beta), (v, gamma)))
                for place, part in enumerate((ey * ey, ey * ev, ev * ev)):
                    sums[place] += part
            return Pieces(beta, gamma, *sums)
        turned, square = self.weights * self.rest, (self.weights * self.rest**2).sum(axis=1)[:, None]
        of_y, of_v = turned @ y.T, turned @ v.T
        constant = self.weights @ (y * y).T - 2 * beta * of_y + beta**2 * square
        cross = self.weights @ (y * v).T - beta * of_v - gamma * of_y + beta * gamma * square
        return Pieces(beta, gamma, constant, cross, self.weights @ (v * v).T - 2 * gamma * of_v + gamma**2 * square)

    def own(self, outcomes: Floats) -> Floats:
        """Studentised statistic of draw r on outcome r, float64 [draws]; as many outcomes as draws."""
        y = outcomes - (outcomes @ self.columns) @ self.columns.T
        beta = np.einsum("bi,bi->b", self.rest, y) / self.size
        residual = y - beta[:, None] * self.rest
        if self.pooled:
            variance = np.einsum("bi,bi->b", residual, residual) / self.size
        elif self.groups is None:
            variance = np.einsum("bi,bi,bi->b", self.weights, residual, residual)
        else:
            variance = np.zeros(len(beta))
            for rows, load, _ in self.groups:
                variance += np.einsum("bi,bi->b", load, residual[:, rows]) ** 2
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


class Design:
    """Arms, strata and one covariate of many simulated pilots, ready to be fitted to outcomes.

    Args:
        treated: 0 or 1, float64 [draws, n].
        before: One covariate, float64 [draws, n], or None.
        strata: Stratum of each, int64 [draws, n], numbered from 0 within each draw.
    """

    def __init__(self, treated: Floats, before: Floats | None, strata: Codes) -> None:
        self.draws, self.count = len(treated), int(strata.max()) + 1
        self.flat = (strata + np.arange(self.draws)[:, None] * self.count).ravel()
        self.per = np.maximum(np.bincount(self.flat, minlength=self.draws * self.count), 1)
        z, vectors = self.demeaned(treated), []
        leverage = (1 / self.per)[self.flat].reshape(z.shape)
        self.before: Floats | None = None
        if before is not None:
            x = self.demeaned(before)
            self.before = x / np.sqrt(np.maximum(np.einsum("bi,bi->b", x, x), 1e-300))[:, None]
            z = z - np.einsum("bi,bi->b", z, self.before)[:, None] * self.before
            leverage = leverage + self.before**2
            vectors.append(self.before)
        self.size = np.maximum(np.einsum("bi,bi->b", z, z), 1e-300)
        unit = z / np.sqrt(self.size)[:, None]
        vectors.append(unit)
        free = 1 - leverage - unit**2
        ok = free > 1e-9
        self.treated = z
        self.weights = np.where(ok, (z / self.size[:, None]) ** 2 / np.where(ok, free, 1.0), 0.0)
        self.df = _df(self.weights, free, vectors, self.sums, self.per, self.draws, self.count)

    def sums(self, values: Floats) -> Floats:
        """Sums by draw and stratum, float64 [draws * strata]."""
        return np.asarray(np.bincount(self.flat, values.ravel(), self.draws * self.count), dtype=np.float64)

    def demeaned(self, values: Floats) -> Floats:
        """Values less the mean of their stratum."""
        return np.asarray(values - (self.sums(values) / self.per)[self.flat].reshape(values.shape))

    def _residual(self, values: Floats) -> tuple[Floats, Floats]:
        y = self.demeaned(values)
        if self.before is not None:
            y = y - np.einsum("bi,bi->b", y, self.before)[:, None] * self.before
        beta = np.einsum("bi,bi->b", y, self.treated) / self.size
        return beta, y - beta[:, None] * self.treated

    def fit(self, outcome: Floats, direction: Floats) -> Fits:
        """HC2 regressions of each pilot.

        Args:
            outcome: float64 [draws, n].
            direction: What one unit of effect adds, float64 [draws, n].
        """
        b0, e0 = self._residual(outcome)
        b1, e1 = self._residual(direction)

        def spread(one: Floats, other: Floats) -> Floats:
            return np.asarray(np.einsum("bi,bi,bi->b", self.weights, one, other))

        return Fits((b0, b1), (spread(e0, e0), spread(e0, e1), spread(e1, e1)), self.df)

    def statistics(self, outcome: Floats) -> Floats:
        """t statistics of outcomes as they are, float64 [draws]."""
        beta, residual = self._residual(outcome)
        variance = np.einsum("bi,bi,bi->b", self.weights, residual, residual)
        return np.asarray(beta / np.sqrt(np.maximum(variance, 1e-300)))


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
