"""Metrics that are a ratio of two sums: win rate, margin share, average deal."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from incentive_lab.errors import InputError, Problem
from incentive_lab.panel import Floats
from incentive_lab.pilot.estimate import Interval, Sample


@dataclass(frozen=True)
class RatioDifference:
    """Difference of the treated arm's ratio from the control arm's.

    Attributes:
        effect: Treated less control.
        error: Standard error by the delta method.
        df: Welch's degrees of freedom of the linearised values.
        control: Ratio of the control arm.
        treated: Ratio of the treated arm.
        groups: Independent groups.
        spread: Variances of the control arm's ratio and of the treated arm's.
    """

    effect: float
    error: float
    df: float
    control: float
    treated: float
    groups: int
    spread: tuple[float, float]

    def shares(self, reach: float) -> Interval:
        """The relative changes that a t test with so many standard errors does not reject, by Fieller's theorem.

        Both ratios are uncertain: one that stands in the denominator is not taken as known. No end where the control's ratio
        cannot be told from zero.

        Source: Fieller, Some problems in interval estimation, Journal of the Royal Statistical Society B 16 (1954).

        Example:
            >>> found = RatioDifference(0.1, 0.05, 30.0, 0.2, 0.3, 40, (0.0009, 0.0009)).shares(2.0)
            >>> round(found.low, 3), round(found.high, 3)
            (0.062, 1.234)
        """
        square = self.control**2 - reach**2 * self.spread[0]
        constant = self.treated**2 - reach**2 * self.spread[1]
        middle = self.control * self.treated
        if square <= 0:
            return Interval(-1.0, float("inf"))
        root = float(np.sqrt(max(middle**2 - square * constant, 0.0)))
        return Interval((middle - root) / square - 1, (middle + root) / square - 1)


def ratio_difference(sample: Sample, errors: str = "hc2") -> RatioDifference:
    """The difference of two ratios of sums; clusters are summed first.

    Raises:
        InputError: A denominator is zero in an arm.

    Source: Deng, Knoblich and Lu, Applying the delta method in metric analytics (2018).
    """
    assert sample.over is not None
    top, bottom, arm = sample.post, sample.over, sample.treated
    if sample.clusters is not None:
        codes = np.unique(sample.clusters, return_inverse=True)[1]
        top, bottom = (np.asarray(np.bincount(codes, one), dtype=np.float64) for one in (top, bottom))
        arm = np.asarray(np.bincount(codes, arm) / np.bincount(codes))
    values, spread, sizes = [], [], []
    for side in (0, 1):
        here = arm == side
        if bottom[here].sum() == 0:
            raise InputError([Problem("metrics", "the denominator of this ratio is zero in an arm.",
                                      "Choose another metric or more months.")])  # fmt: skip
        ratio = top[here].sum() / bottom[here].sum()
        centred = (top[here] - ratio * bottom[here]) / bottom[here].mean()
        values.append(float(ratio))
        sizes.append(int(here.sum()))
        spread.append(float((centred @ centred) / (sizes[-1] - 1) / sizes[-1]))
    below = sum(one**2 / (size - 1) for one, size in zip(spread, sizes, strict=True))
    df = sum(spread) ** 2 / below if below > 0 else float(sum(sizes) - 2)
    return RatioDifference(values[1] - values[0], float(np.sqrt(sum(spread))), df, values[0], values[1], sum(sizes),
                           (spread[0], spread[1]))  # fmt: skip


def counted(sample: Sample) -> Sample:
    """The sample without weights whose sums are the weighted ones."""
    weights = sample.weights
    if weights is None:
        return sample

    def times(values: Floats | None) -> Floats | None:
        return None if values is None else np.asarray(values * weights)

    return replace(sample, post=sample.post * weights, over=times(sample.over), pre=times(sample.pre),
                   over_pre=times(sample.over_pre), weights=None)  # fmt: skip


def linearised(sample: Sample) -> tuple[Floats, Floats]:
    """Each partner's part in the ratio, and the same before the pilot as a covariate: float64 [n] and [n, 0 or 1]."""
    assert sample.over is not None
    pooled = sample.post.sum() / sample.over.sum()
    part = (sample.post - pooled * sample.over) / sample.over.mean()
    if sample.pre is None or sample.over_pre is None or sample.over_pre.sum() == 0:
        return part, np.zeros((sample.size, 0))
    before = sample.pre.sum() / sample.over_pre.sum()
    return part, ((sample.pre - before * sample.over_pre) / sample.over_pre.mean())[:, None]


def share_direction(sample: Sample) -> Floats:
    """What one unit of a constant share, taken off the treated's numerators, takes off each part in the ratio: float64 [n].

    The pooled ratio that parts are measured from moves with it.
    """
    assert sample.over is not None
    own = sample.treated * sample.post
    return np.asarray((own - own.sum() / sample.over.sum() * sample.over) / sample.over.mean())
