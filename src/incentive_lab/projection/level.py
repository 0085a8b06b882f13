"""The level that all partners share: a line and an AR(1) around it, whose constants are averaged over, not taken as known.

Two years tell little of how far a level swings and how long a swing lasts, and nothing tells a swing that lasts from a trend. So
persistence and innovation are laid out on a grid, each point weighed by how likely it makes what was seen, and at each point the
line and the state at the end have their exact normal law. What is left open widens the band.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import digamma

from incentive_lab.panel import Floats

SWING_PRIOR, SWING_MONTHS = 0.08, 12.0
"""Innovation of the common level, in logs a month, that is thought likely before history is looked at, and the months of
history that it weighs as much as: a level that did not move for two years may still move in the third."""
GROWTH_PRIOR = 0.02
"""How far, in logs a month, a trend is thought to lie from none before history is looked at (one standard deviation)."""
ANY_LEVEL = 4.0
"""Variance, in logs, of the level before history is looked at: any level is as likely as another."""
YEAR = 12
LEAST_MONTHS, LEAST_ITEMS = 6, 10
LEAST_SEASON = 0.01
"""Factor of a month that is empty every year, below which its logs would tell of nothing else."""
PHIS = np.arange(0.05, 1.0, 0.1)
SIGMAS = np.geomspace(0.01, 0.8, 18)


@dataclass(frozen=True, eq=False)
class Level:
    """What was learned of a common level, in logs; the line is a level today and a growth a month.

    Attributes:
        now: Where the line stands in the last month, over the level that partners' rates are measured at.
        growth, growth_error: A month, drawn to none by its prior, with its standard error.
        phi, sigma, freedom: Persistence, innovation, and the degrees of freedom behind the innovation.
        state: How far the level lies off the line in the last month.
        error: [3, 3] covariance of `now`, `growth` and `state`.
        innovations: [months - 1]; NaN beside months that were not seen.
    """

    now: float
    growth: float
    growth_error: float
    phi: float
    sigma: float
    freedom: float
    state: float
    error: Floats
    innovations: Floats


def level_of(totals: Floats, season: Floats, weight: Floats, seen: NDArray[np.bool_]) -> Level:
    """Fit the level of a stream.

    Args:
        totals: [months] counts a head.
        season: [months] factor of each.
        weight: [months] how much each counts for partners' rates.
        seen: [months] which of them history tells of.

    Example:
        >>> flat = level_of(np.full(24, 400.0), np.ones(24), np.ones(24), np.ones(24, dtype=bool))
        >>> abs(round(flat.growth, 6)), round(flat.now + flat.state, 2), flat.sigma < 0.08
        (0.0, 0.0, True)
    """
    months = len(totals)
    if seen.sum() < LEAST_MONTHS or totals[seen].sum() < LEAST_ITEMS:
        return _unknown(months)
    time: Floats = np.arange(1.0 - months, 1.0)[seen]
    season = np.maximum(season, LEAST_SEASON)
    # Chance is that of the usual month: by what each had, those that had least would weigh least, and the level lie too high.
    due = season[seen] * float(totals[seen].sum() / season[seen].sum())
    noise = 1.0 / (due + 0.5)
    y = _drawn_in(np.log((totals[seen] + 0.5) / season[seen]), time, noise)
    usual = float(y.mean())
    phi, sigma = (axis.ravel() for axis in np.meshgrid(PHIS, SIGMAS, indexing="ij"))
    swing = sigma**2 / (1 - phi**2)
    gap = np.abs(np.subtract.outer(time, time))
    whole = swing[:, None, None] * phi[:, None, None] ** gap + np.diag(noise)
    whole += ANY_LEVEL + GROWTH_PRIOR**2 * np.multiply.outer(time, time)
    ones = np.ones((len(phi), 1))
    with_y = np.stack([ANY_LEVEL * ones * np.ones(len(y)), GROWTH_PRIOR**2 * ones * time,
                       swing[:, None] * phi[:, None] ** -time], axis=2)  # fmt: skip
    solved = np.linalg.solve(
        whole, np.concatenate([with_y, np.broadcast_to((y - usual)[:, None], (len(phi), len(y), 1))], axis=2)
    )
    mean = np.einsum("gnk,gn->gk", with_y, solved[:, :, 3])
    before = np.zeros((len(phi), 3, 3))
    before[:, 0, 0], before[:, 1, 1], before[:, 2, 2] = ANY_LEVEL, GROWTH_PRIOR**2, swing
    error = before - np.einsum("gnk,gnl->gkl", with_y, solved[:, :, :3])
    likely = -0.5 * (np.linalg.slogdet(whole)[1] + solved[:, :, 3] @ (y - usual))
    # The prior of the innovation: a scaled inverse chi-square law, on the logs along which the grid is even.
    # Any persistence is as likely as another below 1: a swing that lasts as long as history is a trend, which has its own prior.
    likely += -SWING_MONTHS * np.log(sigma) - 0.5 * SWING_MONTHS * SWING_PRIOR**2 / sigma**2
    share = np.exp(likely - likely.max())
    share /= share.sum()
    middle = share @ mean
    apart = mean - middle
    error = np.einsum("g,gkl->kl", share, error) + np.einsum("g,gk,gl->kl", share, apart, apart)
    lasting = float(share @ phi)
    # The law of how wide a year swings, as a scaled inverse chi-square law: by the moments of its logs, which no tail rules.
    width = np.log(_over_a_year(phi, sigma))
    expected = float(share @ width)
    freedom = 2 * _half_freedom(float(share @ (width - expected) ** 2))
    scale = np.exp(expected - np.log(freedom / 2) + digamma(freedom / 2))
    once = float(_over_a_year(np.array([lasting]), np.ones(1))[0])
    rest = np.full(months, np.nan)
    rest[seen] = y - usual - middle[0] - middle[1] * time
    # Rates are what was had over season and trend: the line stands beside the level that they are measured at.
    grown = season[seen] * np.exp(middle[1] * time)
    level = np.log((weight * totals)[seen].sum() / (weight[seen] * grown).sum())
    return Level(float(usual + middle[0] - level), float(middle[1]), float(np.sqrt(error[1, 1])), lasting,
                 float(np.sqrt(scale / once)), freedom, float(middle[2]), error,
                 rest[1:] - lasting * rest[:-1])  # fmt: skip


def error_of(error: Floats, phi: float, months: int) -> Floats:
    """[months] error of the level ahead, beyond what it moves by in them, as one number moves it: that of their mean is exact.

    Example:
        >>> error_of(np.diag([0.01, 0.0004, 0.0]), 0.5, 3).round(3).tolist()
        [0.1, 0.108, 0.115]
    """
    ahead = np.arange(1, months + 1)
    basis = np.stack([np.ones(months), ahead, phi**ahead])
    whole = basis.sum(axis=1)
    spread = float(np.sqrt(max(0.0, whole @ error @ whole)))
    return np.asarray(basis.T @ error @ whole / spread) if spread > 0 else np.zeros(months)


def _unknown(months: int) -> Level:
    """What is thought of a level before anything is seen of it."""
    error, age = np.zeros((3, 3)), (months - 1) / 2
    error[:2, :2] = GROWTH_PRIOR**2 * np.array([[age**2, age], [age, 1.0]])
    return Level(0.0, 0.0, GROWTH_PRIOR, 0.5, 0.15, 5.0, 0.0, error, np.zeros(max(0, months - 1)))


def _half_freedom(variance: float) -> float:
    """Half the degrees of freedom of an inverse chi-square law whose log has this variance: trigamma is about 1/x + 1/2x^2."""
    variance = float(np.clip(variance, 0.01, 0.64))
    return float((1 + np.sqrt(1 + 2 * variance)) / (2 * variance))


def _drawn_in(y: Floats, time: Floats, noise: Floats) -> Floats:
    """Logs of months, where a freak one is drawn in to the others, lest it set the swing."""
    away = time - time.mean()
    chance = float(np.sqrt(noise.mean()))
    for _ in range(5):
        slope = float((away * y).sum() / (away**2).sum())
        rest = y - y.mean() - slope * away
        usual = max(1.4826 * float(np.median(np.abs(rest - np.median(rest)))), chance)
        y = y - rest + np.clip(rest, -2.5 * usual, 2.5 * usual)
    return y


def _over_a_year(phi: Floats, sigma: Floats) -> Floats:
    """Variance of the mean of a year's months around where the level stands before them, for each pair."""
    left = np.arange(YEAR, 0, -1)
    sums = np.stack([phi**place for place in range(YEAR)]).cumsum(axis=0)
    return np.asarray(sigma**2 * (sums[left - 1] ** 2).sum(axis=0) / YEAR**2)
