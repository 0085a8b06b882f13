"""Several answers at once: false discoveries, non-inferiority, segments shrunk to the common effect, a Bayesian reading."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import chdtrc, fdtrc, ndtr, stdtr, stdtrit

from incentive_lab.panel import Floats
from incentive_lab.pilot.estimate import Estimate, Interval


def false_discovery(p_values: Floats) -> Floats:
    """Benjamini and Hochberg's adjusted p-values, float64 [k]; nan stays nan.

    Source: Benjamini and Hochberg, Controlling the false discovery rate (1995).

    Example:
        >>> false_discovery(np.array([0.01, 0.04, 0.03, 0.5])).round(4).tolist()
        [0.04, 0.0533, 0.0533, 0.5]
    """
    adjusted = np.full(len(p_values), np.nan)
    known = np.flatnonzero(np.isfinite(p_values))
    order = known[np.argsort(-p_values[known], kind="stable")]
    ranks = np.arange(len(order), 0, -1)
    adjusted[order] = np.minimum.accumulate(np.minimum(1.0, p_values[order] * len(order) / ranks))
    return adjusted


def family_wise(p_values: Floats) -> Floats:
    """Holm's adjusted p-values, float64 [k]: the chance of any false one stays at the level.

    Source: Holm, A simple sequentially rejective multiple test procedure (1979).

    Example:
        >>> family_wise(np.array([0.01, 0.04, 0.03])).round(4).tolist()
        [0.03, 0.06, 0.06]
    """
    order = np.argsort(p_values, kind="stable")
    steps = np.maximum.accumulate(np.minimum(1.0, p_values[order] * np.arange(len(order), 0, -1)))
    adjusted = np.empty(len(p_values))
    adjusted[order] = steps
    return adjusted


@dataclass(frozen=True)
class NonInferiority:
    """Whether a guardrail held.

    Attributes:
        margin: Worst acceptable change as a positive number, in the metric's unit or as a share.
        worst: The end of the one-sided interval on the unwelcome side, counted so that a loss is negative; as the margin.
        verdict: held, broken (worse than the margin beyond doubt) or open.
        share: Whether margin and worst are shares of what there would have been.
    """

    margin: float
    worst: float
    verdict: str
    share: bool = False


def non_inferiority(found: Estimate, margin: float, better: str, share: bool = False) -> NonInferiority:
    """Whether the metric is at worst `margin` below the control (above, if lower is better).

    The interval's unwelcome end is compared with the margin, so the test has half of alpha on its side. A margin that is a
    share is held against the interval of the share: as an amount it would hang on the control's mean, which is as
    uncertain as the effect, and many times too large where the largest partner is in the control.

    Source: Piaggio et al., Reporting of noninferiority trials, JAMA 308 (2012).

    Example:
        >>> from incentive_lab.pilot.estimate import Estimate, Interval
        >>> told = Estimate("difference", "analytic", -1.0, Interval(-3.0, 1.0), 0, Interval(0, 0), 1, 9, .3, 50, 49, 20, 20)
        >>> non_inferiority(told, 5.0, "higher").verdict, non_inferiority(told, 2.0, "higher").verdict
        ('held', 'open')
    """
    sign = 1.0 if better == "higher" else -1.0
    ends = found.relative_interval if share else found.interval
    low, high = sorted((sign * ends.low, sign * ends.high))
    if not np.isfinite(low):
        return NonInferiority(margin, low, "open", share)
    verdict = "held" if low > -margin else "broken" if high < -margin else "open"
    return NonInferiority(margin, low, verdict, share)


@dataclass(frozen=True)
class Segment:
    """The effect in one segment.

    Attributes:
        name: Of the segment.
        units: Partners in it.
        effect: As estimated there alone, on the scale of the analysis.
        error: Its standard error.
        shrunk: Drawn towards the common effect, as far as its own evidence is weak.
        interval: Of the shrunk effect.
        reason: Why there is none; empty when there is.
    """

    name: str
    units: int
    effect: float
    error: float
    shrunk: float
    interval: Interval
    reason: str = ""


@dataclass(frozen=True)
class Heterogeneity:
    """Effects over segments.

    Attributes:
        common: Mean effect, weighted by evidence.
        between: Standard deviation of the segments' true effects.
        p_value: Of the hypothesis that all segments have one effect; among several attributes adjusted (Holm).
        verdict: differs, or cannot tell: that segments have one effect is never shown, as no equivalence is tested.
    """

    segments: tuple[Segment, ...]
    common: float
    between: float
    p_value: float
    verdict: str


def one_effect(effects: Floats, errors: Floats, freedom: Floats | None = None) -> float:
    """p-value of the hypothesis that all segments have one effect: Welch's test, Cochran's where errors are known.

    Errors of a dozen partners are themselves uncertain: taken as known they find differences in one of ten pilots without any.

    Args:
        effects: float64 [k].
        errors: Their standard errors.
        freedom: Degrees of freedom of those; without it they are known.

    Source: Welch, On the comparison of several mean values, Biometrika 38 (1951); Cochran, Biometrics 10 (1954).

    Example:
        >>> effects, errors = np.array([0.0, 1.0, 2.0]), np.array([0.5, 0.5, 0.5])
        >>> round(one_effect(effects, errors), 3), round(one_effect(effects, errors, np.array([6.0, 6.0, 6.0])), 3)
        (0.018, 0.053)
    """
    k = len(effects)
    if k < 2:
        return float("nan")
    weights = 1 / errors**2
    q = float((weights * (effects - weights @ effects / weights.sum()) ** 2).sum())
    if freedom is None:
        return float(chdtrc(k - 1, q))
    spread = float(((1 - weights / weights.sum()) ** 2 / freedom).sum())
    ratio = q / (k - 1) / (1 + 2 * (k - 2) / (k**2 - 1) * spread)
    return float(fdtrc(k - 1, (k**2 - 1) / (3 * spread), ratio))


def shrink(
    names: list[str], units: list[int], effects: Floats, errors: Floats, alpha: float, freedom: Floats | None = None
) -> Heterogeneity:
    """Segment effects shrunk by empirical Bayes, with the spread between segments by Paule and Mandel.

    Args:
        names: Of the segments.
        units: Partners in each.
        effects: float64 [k].
        errors: Their standard errors.
        alpha: Of the verdict, and one less the intervals' confidence.
        freedom: Degrees of freedom of the errors; see `one_effect`.

    Source: Paule and Mandel (1982); Morris, Parametric empirical Bayes inference (1983), whose factor (k - 3) / (k - 1)
        keeps some of each segment's own effect.

    Example:
        >>> found = shrink(["a", "b", "c"], [9, 9, 9], np.array([1.0, 1.0, 1.0]), np.array([0.5, 0.5, 0.5]), 0.05)
        >>> found.between, found.verdict
        (0.0, 'cannot tell')
    """
    k = len(effects)
    between = paule_mandel(effects, errors)
    weights = 1 / (errors**2 + between)
    common = float((weights * effects).sum() / weights.sum())
    p_value = one_effect(effects, errors, freedom)
    keep = between / (between + errors**2) if between > 0 else np.zeros(k)
    shrunk = common + keep * (effects - common)
    of_common = 1 / weights.sum()
    spread = np.sqrt(keep * errors**2 + (1 - keep) ** 2 * of_common)
    reach = float(stdtrit(max(k - 1, 1), 1 - alpha / 2)) if k < 30 else 1.96
    reach = min(reach, 4.0)
    segments = tuple(
        Segment(names[i], units[i], float(effects[i]), float(errors[i]), float(shrunk[i]),
                Interval(float(shrunk[i] - reach * spread[i]), float(shrunk[i] + reach * spread[i])))
        for i in range(k)
    )  # fmt: skip
    return Heterogeneity(segments, common, float(np.sqrt(between)), p_value, differing(p_value, alpha))


def differing(p_value: float, alpha: float) -> str:
    """The verdict on segments: that they have one effect is never shown.

    Example:
        >>> differing(0.01, 0.05), differing(float("nan"), 0.05)
        ('differs', 'cannot tell')
    """
    return "differs" if p_value < alpha else "cannot tell"


def paule_mandel(effects: Floats, errors: Floats) -> float:
    """Variance of the true effects at which the weighted squares equal their expectation; 0 when it would be negative.

    Example:
        >>> round(paule_mandel(np.array([0.0, 2.0, 4.0]), np.array([1.0, 1.0, 1.0])), 6)
        3.0
    """
    k = len(effects)

    def excess(variance: float) -> float:
        weights = 1 / (errors**2 + variance)
        centre = (weights * effects).sum() / weights.sum()
        return float((weights * (effects - centre) ** 2).sum() - (k - 1))

    if k < 2 or excess(0.0) <= 0:
        return 0.0
    low, high = 0.0, max(1e-12, float(np.var(effects)) * k)
    while excess(high) > 0:
        high *= 2
    for _ in range(200):
        middle = (low + high) / 2
        low, high = (middle, high) if excess(middle) > 0 else (low, middle)
    return (low + high) / 2


@dataclass(frozen=True)
class Belief:
    """A Bayesian reading under a sceptical prior.

    Attributes:
        prior: Standard deviation of the prior around no effect.
        mean: Of the posterior, as a relative change.
        interval: Central, at the analysis' confidence.
        chance_positive: That the effect is above zero.
        chance_worth: That it is above the smallest effect worth having; nan when none is named.
    """

    prior: float
    mean: float
    interval: Interval
    chance_positive: float
    chance_worth: float


def belief(effect: float, error: float, df: float, prior: float, alpha: float, worth: float = float("nan")) -> Belief:
    """Normal prior around zero and a normal likelihood whose error is widened for its few degrees of freedom.

    Args:
        effect: Estimated relative change (a logarithm or a share).
        error: Its standard error.
        df: Degrees of freedom of the error.
        prior: Standard deviation of the prior.
        alpha: One less the confidence.
        worth: An effect whose chance is wanted.

    Example:
        >>> found = belief(0.2, 0.1, 1e9, 0.1, 0.05)
        >>> round(found.mean, 4), round(found.chance_positive, 3)
        (0.1, 0.921)
    """
    wide = error * float(stdtrit(max(df, 1.0), 0.975)) / 1.959963984540054
    precision = 1 / prior**2 + 1 / wide**2
    mean = effect / wide**2 / precision
    spread = precision**-0.5
    from scipy.special import ndtri

    reach = float(ndtri(1 - alpha / 2)) * spread
    worthy = float(ndtr((mean - worth) / spread)) if np.isfinite(worth) else float("nan")
    return Belief(prior, float(mean), Interval(mean - reach, mean + reach), float(ndtr(mean / spread)), worthy)


def chance_above(effect: float, error: float, df: float, value: float = 0.0) -> float:
    """Chance that an effect with a t distribution around its estimate lies above a value (no prior).

    Example:
        >>> round(chance_above(1.0, 1.0, 1e9), 4)
        0.8413
    """
    if error == 0:
        return float(effect > value)
    return float(stdtr(df, (effect - value) / error))
