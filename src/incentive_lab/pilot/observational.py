"""Where nobody was drawn: matched comparison, placebo tests, and how strong a hidden cause would have to be."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from incentive_lab.errors import InputError, Problem
from incentive_lab.panel import Floats
from incentive_lab.pilot.drawing import Codes
from incentive_lab.pilot.estimate import Interval, t_interval, t_p_value
from incentive_lab.pilot.linear import coefficient


@dataclass(frozen=True)
class Placebo:
    """The same comparison where no effect can be.

    Attributes:
        months_before: Months before the real start at which it pretends to start.
        effect: Found there.
        interval: Of it.
        p_value: Of no effect.
    """

    months_before: int
    effect: float
    interval: Interval
    p_value: float


@dataclass(frozen=True)
class Sensitivity:
    """How strong a hidden cause would have to be.

    Attributes:
        robustness: Share of the leftover variance of both arm and outcome that it would have to explain to bring the
            effect to zero.
        robustness_significance: The same to make it no longer significant.
        partial_r2: Share of the outcome's leftover variance that the arm explains.
    """

    robustness: float
    robustness_significance: float
    partial_r2: float


def sensitivity(statistic: float, df: float, alpha: float) -> Sensitivity:
    """Robustness values of a regression coefficient.

    Source: Cinelli and Hazlett, Making sense of sensitivity, JRSS B 82 (2020); their Darfur example has t = 4.18 with
        783 degrees of freedom, a partial R2 of 2.2 % and a robustness value of 13.9 %.

    Example:
        >>> found = sensitivity(4.18, 783, 0.05)
        >>> round(found.robustness, 3), round(found.partial_r2, 3), round(found.robustness_significance, 3)
        (0.139, 0.022, 0.076)
    """
    from scipy.special import stdtrit

    f = abs(statistic) / np.sqrt(df)
    critical = float(stdtrit(df - 1, 1 - alpha / 2)) / np.sqrt(df - 1)
    left = f - critical
    reduced = 0.0 if left <= 0 else (np.sqrt(left**4 + 4 * left**2) - left**2) / 2
    if left > 0 and f > 1 / critical:
        reduced = (f**2 - critical**2) / (1 + f**2)
    return Sensitivity(float((np.sqrt(f**4 + 4 * f**2) - f**2) / 2), float(reduced), float(f**2 / (1 + f**2)))


def matched_pairs(treated: Floats, likeness: Floats) -> tuple[Codes, Codes]:
    """Each treated partner with its own most similar untreated one (closest pairs first), rows [pairs] each.

    Args:
        treated: float64 [n].
        likeness: What must be alike, float64 [n, k]; compared in standard deviations.

    Raises:
        InputError: There are fewer untreated than treated partners.

    Example:
        >>> matched_pairs(np.array([1.0, 0, 0, 1]), np.array([[1.0], [5.0], [1.1], [4.0]]))[1].tolist()
        [2, 1]
    """
    ours, theirs = np.flatnonzero(treated == 1), np.flatnonzero(treated == 0)
    if len(theirs) < len(ours):
        raise InputError([Problem("analysis.estimator", f"{len(ours)} treated partners find only {len(theirs)} others to be "
                                  "matched with.", "Use did instead."), ])  # fmt: skip
    spread = likeness.std(axis=0)
    values = likeness / np.where(spread > 0, spread, 1.0)
    far = ((values[ours][:, None, :] - values[theirs][None, :, :]) ** 2).sum(axis=2)
    partner = np.full(len(ours), -1, dtype=np.int64)
    for _ in range(len(ours)):
        one, other = np.unravel_index(np.argmin(far), far.shape)
        partner[one] = theirs[other]
        far[one, :] = np.inf
        far[:, other] = np.inf
    return ours, partner


def placebos(values: Floats, treated: Floats, start: int, months: int, alpha: float, most: int = 6) -> list[Placebo]:
    """The difference in differences at starts before the real one, on months before it only.

    Args:
        values: Outcome by month, float64 [n, months].
        treated: float64 [n].
        start: Column of the real start.
        months: Length of the pilot.
        alpha: One less the confidence.
        most: At most so many.
    """
    found: list[Placebo] = []
    length = max(1, min(months, start // 2))
    for back in range(length, start, max(1, length // 2)):
        begin = start - back
        if begin < 2 or len(found) == most:
            break
        after, before = values[:, begin : begin + length], values[:, :begin]
        change = np.nanmean(after, axis=1) - np.nanmean(before, axis=1)
        known = np.isfinite(change)
        if np.ptp(change[known]) == 0:
            continue
        one = coefficient(change[known], treated[known], np.zeros((int(known.sum()), 0)))
        found.append(Placebo(back, one.effect, t_interval(one.effect, one.error, one.df, alpha),
                             t_p_value(one.effect, one.error, one.df)))  # fmt: skip
    return found
