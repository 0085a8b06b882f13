"""Quantiles of a total with what each partner does averaged out: conditional Monte Carlo over what all partners share.

Given what partners share, a total is a sum over many partners. Where that sum is close to a normal law, each scenario gives a
whole law of totals instead of one, and the quantile is that of their mixture (L'Ecuyer, Puchhammer and Ben Abdellah 2022). The
law's middle is fitted to what is shared; how revenue differs from what that leads to expect, whose mean is known to be none,
takes chance off the fit (a control variate). Where totals are not close to such laws, they count as they are.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import brentq
from scipy.special import ndtr

from incentive_lab.panel import Floats
from incentive_lab.projection.factors import REPLICATES
from incentive_lab.projection.running import Projection
from incentive_lab.projection.standard_errors import Figure

EACH = 20
"""Scenarios for each number that is fitted, at least."""
SPREAD_BY_LEVEL, WEIGHT = 1.5, 4.0
"""Power by which the variance of what partners do grows with the level: 1 for counts, 2 for rates; and how sure that is."""
SKEWED, PEAKED = 0.7, 1.0
"""Skewness and excess kurtosis of what partners do up to which its law is close enough to a normal one."""
FAR = 3.0
"""Standard errors of a plain quantile by which the mixture's may differ from it."""


@dataclass(frozen=True, eq=False)
class Mixture:
    """Laws of a total, one for each scenario: normal ones with Edgeworth's first term for their skewness.

    Attributes:
        middle, spread: [scenarios].
        skew: Of each law.
        peak: Excess kurtosis that was seen.
    """

    middle: Floats
    spread: Floats
    skew: float
    peak: float

    def below(self, amount: float) -> float:
        """The share of totals below an amount."""
        z = (amount - self.middle) / self.spread
        return float((ndtr(z) - self.skew / 6 * (z * z - 1) * _density(z)).mean())

    def density(self, amount: float) -> float:
        """The density of totals there."""
        z = (amount - self.middle) / self.spread
        return float((_density(z) / self.spread * (1 + self.skew / 6 * (z**3 - 3 * z))).mean())

    def beyond(self, amount: float) -> float:
        """The mean of how far totals lie above an amount, 0 for those that do not."""
        z = (amount - self.middle) / self.spread
        tail = 1 - ndtr(z) + self.skew / 6 * (z * z - 1) * _density(z)
        sums = self.middle * tail + self.spread * _density(z) * (1 + self.skew / 6 * z**3)
        return float((sums - amount * tail).mean())

    def quantile(self, at: float) -> float:
        """A quantile."""
        reach = 9 * float(self.spread.max())
        low, high = float(self.middle.min()) - reach, float(self.middle.max()) + reach
        return float(brentq(lambda amount: self.below(amount) - at, low, high, xtol=1e-9 * (high - low)))


@dataclass(frozen=True, eq=False)
class Smooth:
    """A total's mixture, and those without one replicate each, which tell its Monte Carlo error."""

    whole: Mixture
    without: tuple[Mixture, ...]

    def quantile(self, at: float) -> Figure:
        """A quantile with its standard error: that of the share below it, over the density there."""
        found = self.whole.quantile(at)
        return Figure(found, _jack([one.below(found) for one in self.without]) / self.whole.density(found))

    def tail_mean(self, at: float = 0.95) -> Figure:
        """The mean of what lies at or beyond a quantile (CVaR)."""
        border = self.whole.quantile(at)
        parts = [border + one.beyond(border) / (1 - at) for one in self.without]
        return Figure(border + self.whole.beyond(border) / (1 - at), _jack(parts))


def smooth(told: Projection, total: Floats) -> Smooth | None:
    """The mixture behind a total of a projection; None where the total has to count as it is.

    Args:
        told: The projection, whose first scheme's world the total was drawn in.
        total: [scenarios].
    """
    n = len(total)
    names = [values for values in told.factors.values() if len(values) == n]
    if n < EACH * (len(names) + 4) or not total.std() > 1e-9 * max(1.0, abs(float(total.mean()))):
        return None
    if (ordered := np.sort(total))[n // 20] <= 0 or (
        np.diff(ordered) <= 0
    ).mean() > 0.02:  # nothing, a limit, or a step
        return None
    shared = shared_of(told)
    if shared is None:
        return None
    x, surprise = shared
    replicate = np.arange(n) % REPLICATES
    whole = fitted(x, surprise, total)
    if abs(whole.skew) > SKEWED or abs(whole.peak) > PEAKED:
        return None
    for at in (0.05, 0.5, 0.95):
        plain = float(np.sqrt(at * (1 - at) / n))
        found = whole.quantile(at)
        if abs(float((total <= found).mean()) - at) > FAR * plain or whole.density(found) <= 0:
            return None
    kept = [replicate != one for one in range(REPLICATES)]
    return Smooth(whole, tuple(fitted(x[one], surprise[one], total[one]) for one in kept))


def shared_of(told: Projection) -> tuple[Floats, Floats] | None:
    """[scenarios, p] numbers that describe what partners share, and [scenarios, 2] what revenue adds to its expectation.

    The mean of the second ones is none whatever is shared. None where nothing is expected.
    """
    expected = told.expected
    if not (expected > 0).all():
        return None
    logs = np.log(np.column_stack([expected, *(np.maximum(one, 1e-9) for one in told.factors.values())]))
    spread = logs.std(axis=0)
    logs = (logs[:, spread > 1e-9] - logs[:, spread > 1e-9].mean(axis=0)) / spread[spread > 1e-9]
    if not logs.shape[1] or spread[0] <= 1e-9:
        return None
    triangle = np.abs(np.diag(np.linalg.qr(logs, mode="r")))
    logs = logs[:, triangle > 1e-6 * triangle.max()]
    first = logs[:, 0]
    surprise = told.revenue.sum(axis=1) - expected
    surprise = surprise / max(float(surprise.std()), 1e-300)
    x = np.column_stack([np.ones(len(logs)), logs, first**2 - 1, first**3 - 3 * first])
    return x, np.column_stack([surprise, surprise * first])


def fitted(x: Floats, surprise: Floats, total: Floats) -> Mixture:
    """The mixture of a total: least squares for the middles, what is left for the spread and its shape.

    Example:
        >>> x, noise = np.ones((4, 1)), np.zeros((4, 2))
        >>> fitted(x, noise, np.array([1.0, 3.0, 1.0, 3.0])).middle.tolist()
        [2.0, 2.0, 2.0, 2.0]
    """
    n, p = x.shape
    both = np.hstack([x, surprise])
    found = np.linalg.lstsq(both, total, rcond=None)[0]
    middle, left = x @ found[:p], total - both @ found
    own = total - middle
    # Middles differ by more than they should, by what chance adds to a fit.
    true = max(0.0, 1 - (p - 1) * float((left**2).sum()) / max(1, n - p - 2) / n / max(float(middle.var()), 1e-300))
    middle = middle.mean() + np.sqrt(true) * (middle - middle.mean())
    away = (x @ found[:p]) / max(float(middle.mean()), 1e-300) - 1
    variance, square = float((own**2).mean()), float((away**2).mean())
    power = SPREAD_BY_LEVEL
    if square > 0 and variance > 0:
        seen, sure = float((away * (own**2 / variance - 1)).mean()) / square, n * square / 2
        power = (seen * sure + SPREAD_BY_LEVEL * WEIGHT) / (sure + WEIGHT)
    weight = np.maximum(1 + away, 0.05) ** power
    spread = np.sqrt(variance * weight / weight.mean())
    z = own / np.maximum(spread, 1e-300)
    return Mixture(middle, np.maximum(spread, 1e-9), float((z**3).mean()), float((z**4).mean()) - 3)


def _density(z: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi))


def _jack(parts: list[float]) -> float:
    """Standard error by leaving out one replicate each."""
    values = np.array(parts)
    return float(np.sqrt((len(values) - 1) / len(values) * ((values - values.mean()) ** 2).sum()))
