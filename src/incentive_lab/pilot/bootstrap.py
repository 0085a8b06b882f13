"""The wild (cluster) bootstrap with the null imposed, studentised by CR1; few clusters are enumerated."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.pilot.drawing import Codes
from incentive_lab.pilot.randomisation import interval_end, share_as_extreme, smallest_p

_ENUMERATE = 12
_WEBB = np.array([-np.sqrt(1.5), -1.0, -np.sqrt(0.5), np.sqrt(0.5), 1.0, np.sqrt(1.5)])


@dataclass(frozen=True)
class Wild:
    """What the bootstrap says.

    Attributes:
        p_value: Two-sided, of no effect.
        low: Lower end of the interval by inversion.
        high: Upper end.
        statistic: The observed t statistic.
        smallest: The smallest p-value these weights can give.
    """

    p_value: float
    low: float
    high: float
    statistic: float
    smallest: float


def weights_for(groups: int, draws: int, seed: int) -> tuple[Floats, bool]:
    """Bootstrap weights [draws, groups], and whether they are all there are.

    Every sign for up to 12 groups; Webb's six points up to 20; else random signs.
    """
    if groups <= _ENUMERATE:
        places = np.arange(2**groups)[:, None] >> np.arange(groups)[None, :]
        return np.where(places & 1, 1.0, -1.0), True
    rng = np.random.default_rng(seed)
    if groups <= 20:
        return rng.choice(_WEBB, (draws, groups)), False
    return rng.choice([-1.0, 1.0], (draws, groups)), False


def wild_bootstrap(
    outcome: Floats, treated: Floats, columns: Floats, clusters: Codes | None, draws: int, seed: int, alpha: float,
    weights: Floats | None = None,
) -> Wild:  # fmt: skip
    """p-value and interval of the coefficient of `treated`.

    Args:
        outcome: float64 [n].
        treated: float64 [n].
        columns: Orthonormal basis of everything else, float64 [n, p].
        clusters: Groups that share a weight; each row by itself without them.
        draws: Number of draws, unless all signs are used.
        seed: Of the draws.
        alpha: One less the confidence.
        weights: Weights to use instead, float64 [draws, groups].

    Source: Cameron, Gelbach and Miller (2008); Webb (2023) for six-point weights.
    """
    codes = np.arange(len(outcome)) if clusters is None else np.unique(clusters, return_inverse=True)[1]
    groups = int(codes.max()) + 1
    every = False
    if weights is None:
        weights, every = weights_for(groups, draws, seed)
    rest = treated - columns @ (columns.T @ treated)
    size = float(rest @ rest)
    y = outcome - columns @ (columns.T @ outcome)
    load = rest / size
    # Under the null `effect`, restricted residuals are y - effect * rest; a draw turns them by group.
    sums = _Scores(load, rest, columns, codes, groups)
    observed_y, observed_z = sums.of(y), sums.of(rest)
    drawn_y, drawn_z = sums.turned(y, weights), sums.turned(rest, weights)

    def p_at(effect: float) -> float:
        own = _statistic(observed_y, observed_z, effect)
        return share_as_extreme(_statistic(drawn_y, drawn_z, effect), float(own[0]), every)

    beta = float(load @ y)
    scale = abs(beta / _statistic(observed_y, observed_z, 0.0)[0]) if beta else float(np.sqrt(y @ y / len(y) / size))
    low, high = (interval_end(p_at, beta, sign * scale, alpha) for sign in (-1.0, 1.0))
    reference = _statistic(drawn_y, drawn_z, 0.0)
    # With every sign, the drawn data are among them and so is their mirror image.
    return Wild(p_at(0.0), low, high, float(_statistic(observed_y, observed_z, 0.0)[0]), smallest_p(reference, every))


class _Scores:
    """Coefficient and group scores of residual vectors, linear in them."""

    def __init__(self, load: Floats, rest: Floats, columns: Floats, codes: Codes, groups: int) -> None:
        self.load, self.rest, self.columns, self.codes, self.groups = load, rest, columns, codes, groups
        order = np.argsort(codes, kind="stable")
        self.order, self.starts = order, np.searchsorted(codes[order], np.arange(groups))

    def of(self, values: Floats) -> tuple[Floats, Floats]:
        """For one vector: coefficient [1] and scores [1, groups]."""
        return self._scores(values[None, :])

    def turned(self, values: Floats, weights: Floats) -> tuple[Floats, Floats]:
        """For each draw: coefficient [draws] and scores [draws, groups]."""
        step = max(1, 4_000_000 // len(values))
        parts = [
            self._scores(values[None, :] * weights[at : at + step][:, self.codes])
            for at in range(0, len(weights), step)
        ]
        return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])

    def _scores(self, values: Floats) -> tuple[Floats, Floats]:
        beta = values @ self.load
        residual = values - (values @ self.columns) @ self.columns.T - beta[:, None] * self.rest[None, :]
        return beta, np.add.reduceat((residual * self.load)[:, self.order], self.starts, axis=1)


def _statistic(y: tuple[Floats, Floats], z: tuple[Floats, Floats], effect: float) -> Floats:
    """t statistics if the effect were `effect`, up to CR1's constant factor."""
    beta = y[0] - effect * z[0]
    scores = y[1] - effect * z[1]
    error = np.sqrt((scores**2).sum(axis=1))
    fine = error > 1e-12 * np.maximum(np.abs(beta), 1e-300)
    return np.where(fine, beta / np.where(fine, error, 1.0), np.sign(beta) * 1e12 * (beta != 0))
