"""What an estimator is given and what it gives back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import stdtr, stdtrit

from incentive_lab.panel import Floats
from incentive_lab.pilot.drawing import Codes, Drawing


@dataclass(frozen=True, eq=False)
class Sample:
    """Two arms of a pilot and one outcome, one row per partner.

    Attributes:
        post: Outcome in the pilot's months, per month, float64 [n].
        treated: 1 for the arm, 0 for the control, float64 [n].
        pre: The outcome before the pilot, per month, or None.
        over: Denominator of a ratio metric, or None.
        over_pre: The denominator before the pilot, or None.
        others: Further covariates, float64 [n, k].
        strata: Strata or pairs as drawn, or None.
        clusters: Drawn groups, or None when each partner was drawn by itself.
        drawing: How it was drawn; None when nobody was.
        draws: Re-drawn arms of these rows, int8 [draws, n]; None where inference is not by randomisation.
        exact: Whether `draws` is every assignment.
        weights: How much each partner counts, or None when all count the same.
    """

    post: Floats
    treated: Floats
    pre: Floats | None = None
    over: Floats | None = None
    over_pre: Floats | None = None
    others: Floats | None = None
    strata: Codes | None = None
    clusters: Codes | None = None
    drawing: Drawing | None = None
    draws: Floats | None = None
    exact: bool = False
    weights: Floats | None = None

    @property
    def size(self) -> int:
        """Number of partners."""
        return len(self.post)

    @property
    def control_mean(self) -> float:
        """Mean outcome of the control arm."""
        return self._mean(0)

    @property
    def treated_mean(self) -> float:
        """Mean outcome of the treated arm."""
        return self._mean(1)

    def _mean(self, arm: int) -> float:
        here = self.treated == arm
        return float(np.average(self.post[here], weights=None if self.weights is None else self.weights[here]))

    @property
    def root(self) -> Floats:
        """Square roots of the weights, float64 [n]: rows times it turn weighted least squares into plain ones."""
        return np.ones(self.size) if self.weights is None else np.sqrt(self.weights)


@dataclass(frozen=True)
class Interval:
    """Two ends; infinite where the data sets no limit, nan where none could be worked out."""

    low: float
    high: float

    def holds(self, value: float) -> bool:
        """Whether a value lies inside."""
        return self.low <= value <= self.high


NOWHERE = Interval(float("nan"), float("nan"))


@dataclass(frozen=True)
class Estimate:
    """The effect of an arm on an outcome.

    Attributes:
        estimator: Which one.
        inference: What p-value and interval stand on.
        effect: Average change per partner and month, in the outcome's unit.
        interval: Of the effect.
        relative: The change as a share of what the treated would have had; nan where it has no meaning.
        relative_interval: Of the share.
        error: Standard error of the coefficient (of the logarithm for log_ancova and ppml).
        df: Degrees of freedom behind it.
        p_value: Two-sided, of no effect.
        control: Mean of the control arm.
        treated: Mean of the treated arm.
        units: Partners used.
        groups: Independent groups.
        typical: Change of the typical partner (geometric mean), as a share; nan where outcomes are not all positive.
        smallest_p: Smallest p-value that the drawing can give; 0 without randomisation inference.
        gained: Variance taken away by the outcome before the pilot, as a share; nan where it is not used.
        sentence: The method in words.
        assumes: What must hold for it.
        by_distance: For a staggered start (months since it, effect, error); negative ones are placebo tests.
        cells: For a staggered start (start, month, effect, error, partners), columns of the panel.
        lost: Which outcomes the arms lost unevenly, as a sentence; '' where they did not.
    """

    estimator: str
    inference: str
    effect: float
    interval: Interval
    relative: float
    relative_interval: Interval
    error: float
    df: float
    p_value: float
    control: float
    treated: float
    units: int
    groups: int
    typical: float = float("nan")
    smallest_p: float = 0.0
    gained: float = float("nan")
    sentence: str = ""
    assumes: tuple[str, ...] = ()
    by_distance: tuple[tuple[int, float, float], ...] = ()
    cells: tuple[tuple[int, int, float, float, int], ...] = ()
    lost: str = ""


def t_interval(effect: float, error: float, df: float, alpha: float) -> Interval:
    """A two-sided interval of a t distribution.

    Example:
        >>> found = t_interval(1.0, 0.5, 10.0, 0.05)
        >>> round(found.low, 4), round(found.high, 4)
        (-0.1141, 2.1141)
    """
    reach = float(stdtrit(df, 1 - alpha / 2)) * error
    return Interval(effect - reach, effect + reach)


def t_p_value(effect: float, error: float, df: float) -> float:
    """Two-sided p-value of a t statistic; 1 when nothing varies and nothing is found."""
    if error == 0:
        return 0.0 if effect else 1.0
    return float(2 * stdtr(df, -abs(effect / error)))


def share_interval(ratio: Floats) -> Interval:
    """Shares of what the treated have, as shares of what they would have had: k / (1 - k) of each end.

    An end without limit is a loss of all, or no limit.

    Example:
        >>> share_interval(np.array([-np.inf, 0.5])), share_interval(np.array([-1.0, 1.0]))
        (Interval(low=-1.0, high=1.0), Interval(low=-0.5, high=inf))
    """
    low, high = (_of_share(float(one)) for one in ratio)
    return Interval(low, high)


def _of_share(ratio: float) -> float:
    if ratio == -np.inf:
        return -1.0
    return ratio / (1 - ratio) if ratio < 1 else float(np.where(np.isnan(ratio), np.nan, np.inf))


def geometric_change(post: Floats, treated: Floats) -> float:
    """How much the typical (geometric mean) treated partner lies above the typical control partner, as a share."""
    if (post <= 0).any():
        return float("nan")
    logs = np.log(post)
    return float(np.expm1(logs[treated == 1].mean() - logs[treated == 0].mean()))
