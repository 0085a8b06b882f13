"""Quantiles of a total with what each partner does averaged out: conditional Monte Carlo over what all partners share.

Given what partners share, a total is a sum over many partners. Where that sum is close to a normal law, each scenario gives a
whole law of totals instead of one, and the quantile is that of their mixture (L'Ecuyer, Puchhammer and Ben Abdellah 2022). The
law's middle is fitted to what is shared; how revenue differs from what that leads to expect, whose mean is known to be none,
takes chance off the fit (a control variate). What is shared is cheap to draw, so the mixture runs over many more scenarios than
those whose partners are drawn; and the variance of that difference is known exactly too, so only what revenue does not tell has
its variance taken from the totals. Where totals are not close to such laws, they count as they are.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
from scipy.special import ndtr, ndtri

from incentive_lab.panel import Floats
from incentive_lab.projection.factors import REPLICATES
from incentive_lab.projection.standard_errors import Figure, quantile

if TYPE_CHECKING:
    from incentive_lab.projection.running import Projection

EACH = 20
"""Scenarios for each number that is fitted, at least."""
SPREAD_BY_LEVEL, WEIGHT = 1.5, 4.0
"""Power by which the variance of what partners do grows with the level: 1 for counts, 2 for rates; and how sure that is."""
SKEWED, PEAKED = 0.7, 1.0
"""Skewness and excess kurtosis of what partners do up to which its law is close enough to a normal one."""
FAR = 3.0
"""Standard errors of a plain quantile by which the mixture's may differ from it."""
OFF = 1.0
"""How far off a mixture's figure was seen to lie, in standard errors of its own: both together are the error that is told."""
_KEPT: WeakKeyDictionary[Projection, dict[bytes, Smooth | None]] = WeakKeyDictionary()


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
        """A quantile: Newton's steps from a normal law's, inside a bracket that is halved where they leave it."""
        reach = 9 * float(self.spread.max())
        low, high = float(self.middle.min()) - reach, float(self.middle.max()) + reach
        near = 1e-9 * (high - low)
        found = float(self.middle.mean() + ndtri(at) * np.sqrt(self.middle.var() + (self.spread**2).mean()))
        while high - low > near:
            over = self.below(found) - at
            low, high = (low, found) if over > 0 else (found, high)
            steep = self.density(found)
            step = over / steep if steep > 0 else np.inf
            if abs(step) < near:
                break
            found = found - step if low < found - step < high else (low + high) / 2
        return found


@dataclass(frozen=True, eq=False)
class Smooth:
    """A total's mixture, and those without one replicate each, which tell its Monte Carlo error."""

    whole: Mixture
    without: tuple[Mixture, ...]

    def quantile(self, at: float) -> Figure:
        """A quantile with its error: the standard error of the share below it, over the density there, and `OFF`."""
        found = self.whole.quantile(at)
        return Figure(found, _told([one.below(found) for one in self.without]) / self.whole.density(found))

    def tail_mean(self, at: float = 0.95) -> Figure:
        """The mean of what lies at or beyond a quantile (CVaR)."""
        border = self.whole.quantile(at)
        parts = [border + one.beyond(border) / (1 - at) for one in self.without]
        return Figure(border + self.whole.beyond(border) / (1 - at), _told(parts))


def smooth(told: Projection, total: Floats) -> Smooth | None:
    """The mixture behind a total of a projection; None where the total has to count as it is. It is worked out once.

    Args:
        told: The projection, whose first scheme's world the total was drawn in.
        total: [scenarios].
    """
    kept, key = _KEPT.setdefault(told, {}), sha256(total.tobytes()).digest()
    if key not in kept:
        kept[key] = _smooth(told, total)
    return kept[key]


def told_quantile(told: Projection, total: Floats, at: float) -> Figure:
    """A quantile of a total as it is told: of the mixture where there is one, else the order statistic."""
    even = smooth(told, total)
    return quantile(total, at) if even is None else even.quantile(at)


def _smooth(told: Projection, total: Floats) -> Smooth | None:
    n = len(total)
    if n != len(told.revenue) or n < EACH * (len(told.factors) + 4):
        return None
    if not total.std() > 1e-9 * max(1.0, abs(float(total.mean()))):
        return None
    if (ordered := np.sort(total))[n // 20] <= 0 or (
        np.diff(ordered) <= 0
    ).mean() > 0.02:  # nothing, a limit, or a step
        return None
    described = described_by(told)
    if described is None:
        return None
    x, surprise, chance = described
    whole = fitted(x, surprise, total, chance)
    if abs(whole.skew) > SKEWED or abs(whole.peak) > PEAKED:
        return None
    for at in (0.05, 0.5, 0.95):
        plain = float(np.sqrt(at * (1 - at) / n))
        found = whole.quantile(at)
        if abs(float((total <= found).mean()) - at) > FAR * plain or whole.density(found) <= 0:
            return None
    replicate = np.arange(len(x)) % REPLICATES
    kept = [(replicate != one, replicate[:n] != one) for one in range(REPLICATES)]
    return Smooth(whole, tuple(fitted(x[every], surprise[mine], total[mine], chance[every]) for every, mine in kept))


def described_by(told: Projection) -> tuple[Floats, Floats, Floats] | None:
    """What is shared, what revenue adds to its expectation, and the variance of that.

    Returns:
        ([scenarios with a shared part, p] numbers that describe it, the second of which is how much revenue is expected;
        [scenarios] what revenue adds, whose mean is none whatever is shared; [scenarios with a shared part] its variance).
        None where nothing is expected.
    """
    shared, n = told.shared, len(told.revenue)
    if not (shared.expected > 0).all():
        return None
    logs = np.log(np.column_stack([shared.expected, *(np.maximum(one, 1e-9) for one in shared.factors.values())]))
    spread = logs.std(axis=0)
    logs = (logs[:, spread > 1e-9] - logs[:, spread > 1e-9].mean(axis=0)) / spread[spread > 1e-9]
    if not logs.shape[1] or spread[0] <= 1e-9:
        return None
    triangle = np.abs(np.diag(np.linalg.qr(logs, mode="r")))
    logs = logs[:, triangle > 1e-6 * triangle.max()]
    first = logs[:, 0]
    surprise = told.revenue.sum(axis=1) - shared.expected[:n]
    unit = max(float(surprise.std()), 1e-300)
    x = np.column_stack([np.ones(len(logs)), logs, first**2 - 1, first**3 - 3 * first])
    return x, surprise / unit, shared.variance / unit**2


def fitted(x: Floats, surprise: Floats, total: Floats, chance: Floats) -> Mixture:
    """The mixture of a total: least squares for the middles; the spread is what revenue tells of it and what is left.

    Args:
        x, surprise, chance: See `described_by`; the first rows of x are those of the total, and the mixture has a law for each.
        total: [scenarios].

    Example:
        >>> x, none = np.ones((6, 2)), np.zeros(6)
        >>> fitted(x, none[:4], np.array([1.0, 3.0, 1.0, 3.0]), none).middle.round(9).tolist()
        [2.0, 2.0, 2.0, 2.0, 2.0, 2.0]
    """
    n, p = len(total), x.shape[1]
    both = np.column_stack([x[:n], surprise, surprise * x[:n, 1]])
    found = np.linalg.lstsq(both, total, rcond=None)[0]
    middle, left = x @ found[:p], total - both @ found
    own, tells = total - middle[:n], found[p] + found[p + 1] * x[:, 1]
    # Middles differ by more than they should, by what chance adds to a fit; what is left varies by less.
    variance = float((left**2).sum()) / max(1, n - p - 2)
    true = max(0.0, 1 - (p - 1) * variance / n / max(float(middle.var()), 1e-300))
    away = middle / max(float(middle.mean()), 1e-300) - 1
    middle = middle.mean() + np.sqrt(true) * (middle - middle.mean())
    square, power = float((away[:n] ** 2).mean()), SPREAD_BY_LEVEL
    if square > 0 and variance > 0:
        seen, sure = float((away[:n] * (left**2 / variance - 1)).mean()) / square, n * square / 2
        power = (seen * sure + SPREAD_BY_LEVEL * WEIGHT) / (sure + WEIGHT)
    weight = np.maximum(1 + away, 0.05) ** power
    spread = np.sqrt(tells**2 * chance + variance * weight / weight[:n].mean())
    z = own / np.maximum(spread[:n], 1e-300)
    return Mixture(middle, np.maximum(spread, 1e-9), float((z**3).mean()), float((z**4).mean()) - 3)


def _density(z: Floats) -> Floats:
    return np.asarray(np.exp(-0.5 * z * z) / np.sqrt(2 * np.pi))


def _told(parts: list[float]) -> float:
    """Standard error by leaving out one replicate each, and what the mixture itself may be off by."""
    values = np.array(parts)
    return float(np.sqrt((1 + OFF**2) * (len(values) - 1) / len(values) * ((values - values.mean()) ** 2).sum()))
