"""Outcomes that are missing in one arm more than in the other: the effect then lies between two bounds.

Nobody knows what the lost partners would have had. If the arm makes losing an outcome only likelier, or only rarer, the arm that
kept more holds some whom the other arm lost: as many as their shares differ by, but not which. Taken to be its best, or its
worst, they give the two ends between which the effect lies on those who are kept in either arm.

Source: Lee, Training, wages, and sample selection: estimating sharp bounds on treatment effects, Review of Economic Studies 76
    (2009); Imbens and Manski, Confidence intervals for partially identified parameters, Econometrica 72 (2004).
"""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray
from scipy.optimize import brentq
from scipy.special import ndtr

from incentive_lab.format import percent
from incentive_lab.panel import Floats
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.drawing import Codes
from incentive_lab.pilot.estimate import NOWHERE, Estimate, Interval, share_interval
from incentive_lab.pilot.estimators import in_amounts
from incentive_lab.pilot.linear import basis
from incentive_lab.pilot.scales import prepared
from incentive_lab.pilot.trial import Outcome, Trial
from incentive_lab.pilot.watching import compared

UNEVEN = 0.1
"""Level at which arms are taken to lose outcomes unevenly. Above that of other checks: a loss that is not seen costs more than a
wide interval."""
LEAST = 3
"""Partners of an arm that must be left once bounds are drawn."""
SAMPLES = 400
_LINEAR = frozenset(("difference", "ancova", "cuped", "lin", "log_ancova", "winsorised"))


@dataclass(frozen=True)
class Bounds:
    """Between which the effect lies on those whose outcome is known in either arm.

    Attributes:
        low, high: If the surplus of the arm that kept more were its best, or its worst.
        low_error, high_error: Their standard errors.
    """

    low: float
    high: float
    low_error: float
    high_error: float

    def interval(self, alpha: float) -> Interval:
        """Holds the effect with confidence one less `alpha`, wherever between the bounds it lies.

        Example:
            >>> one = Bounds(0.0, 1.0, 0.1, 0.1).interval(0.05)
            >>> round(one.low, 3), round(one.high, 3)
            (-0.164, 1.164)
        """
        reach = float(brentq(lambda size: self._share(size) - (1 - alpha), 0.0, 40.0))
        return Interval(self.low - reach * self.low_error, self.high + reach * self.high_error)

    @property
    def p_value(self) -> float:
        """Of no effect: one less the confidence at which the interval reaches zero; 1 where the bounds hold it."""
        if self.low <= 0 <= self.high:
            return 1.0
        near, error = (self.low, self.low_error) if self.low > 0 else (-self.high, self.high_error)
        return 1.0 - self._share(near / error) if error > 0 else 0.0

    def _share(self, reach: float) -> float:
        error = max(self.low_error, self.high_error)
        return float(ndtr(reach + (self.high - self.low) / error if error > 0 else np.inf) - ndtr(-reach))


def bounds_of(values: Floats, treated: Floats, kept: NDArray[np.bool_]) -> tuple[float, float]:
    """Lee's bounds of the difference in means.

    Args:
        values: float64 [n]; those of rows that are not kept are not looked at.
        treated: 1 for the arm, 0 for the control, float64 [n].
        kept: [n] whose outcome is known.

    Example:
        >>> values, treated = np.array([1.0, 2, 3, 4, 1, 2, 3, 4]), np.repeat([0.0, 1.0], 4)
        >>> bounds_of(values, treated, np.array([True, True, True, True, False, True, True, True]))
        (0.0, 1.0)
    """
    sides = [(treated == arm) for arm in (0, 1)]
    rates = [float(kept[side].mean()) for side in sides]
    more = int(rates[1] > rates[0])
    surplus = 1 - min(rates) / max(rates)
    worst, best = _trimmed(np.sort(values[sides[more] & kept]), surplus)
    other = float(values[sides[1 - more] & kept].mean())
    return (worst - other, best - other) if more else (other - best, other - worst)


def _trimmed(ordered: Floats, share: float) -> tuple[float, float]:
    """Mean without the largest, and without the smallest share of values; the one on the border counts in part."""
    counted = np.clip(len(ordered) * (1 - share) - np.arange(len(ordered)), 0.0, 1.0)
    return float(counted @ ordered / counted.sum()), float(counted @ ordered[::-1] / counted.sum())


def bounded(pilot: Pilot, trial: Trial, outcome: Outcome, arm: int, found: Estimate) -> Estimate:
    """The estimate itself, or with interval and p-value by Lee's bounds where arms lost outcomes unevenly.

    Args:
        pilot: The plan.
        trial: Its data.
        outcome: The metric; of a file's panel, who lacks a row of the pilot counts as lost.
        arm: Compared with the control.
        found: As if nobody were lost.
    """
    if pilot.assignment.mechanism in ("rollout", "switchback"):
        return found
    rows = np.flatnonzero((trial.arm == 0) | (trial.arm == arm))
    known = np.isfinite(outcome.post) & (True if outcome.over is None else np.isfinite(outcome.over))
    kept = np.asarray(known & (True if trial.absent is None else trial.absent == 0))[rows]
    treated = (trial.arm[rows] == arm).astype(np.float64)
    clusters = None if trial.clusters is None else trial.clusters[rows]
    if kept.all() or compared((~kept).astype(np.float64), treated, clusters=clusters)[1] >= UNEVEN:
        return found
    shares = [percent(float((~kept[treated == side]).mean()), 0) for side in (1, 0)]
    said = f"{trial.arms[arm]} lacks this outcome for {shares[0]} of its partners, {trial.arms[0]} for {shares[1]}"
    drawn = _bounds(pilot, trial, outcome, arm, found, kept, treated, clusters)
    if drawn is None:
        unknown = Interval(-np.inf, np.inf)
        return replace(found, interval=unknown, relative_interval=Interval(-1.0, np.inf), p_value=1.0,
                       lost=f"{said}, and nothing says what they would have had.",
                       sentence=f"{found.sentence} No interval: the arms lost outcomes unevenly.")  # fmt: skip
    interval, logs = drawn.interval(float(pilot.alpha)), found.estimator == "log_ancova"
    amounts, relative = (ends_in_amounts if logs else relative_ends)(interval, found.treated)
    return replace(
        found, interval=amounts, relative_interval=relative, p_value=drawn.p_value,
        lost=f"{said}; the effect lies between the bounds, whatever those who are lost would have had.",
        sentence=f"{found.sentence} Interval and p-value by Lee's bounds, since the arms lost outcomes unevenly.",
        assumes=(*found.assumes, "The arm makes losing an outcome only likelier, or only rarer."),
    )  # fmt: skip


def _bounds(
    pilot: Pilot, trial: Trial, outcome: Outcome, arm: int, found: Estimate, kept: NDArray[np.bool_], treated: Floats,
    clusters: Codes | None,
) -> Bounds | None:  # fmt: skip
    """The bounds on the estimator's scale, with errors from partners or clusters resampled by arm; None where none can be."""
    left = min(int(kept[treated == side].sum()) for side in (0, 1))
    if found.estimator not in _LINEAR or trial.weights is not None or left < LEAST:
        return None
    sample, rows = trial.sample(outcome, arm, use_pre=not pilot.analysis.without_pre)
    y, others = prepared(sample, found.estimator, float(pilot.analysis.winsorise))
    columns = basis(others, sample.strata)
    rest = sample.treated - columns @ (columns.T @ sample.treated)
    if not rest @ rest > 0:
        return None
    # What the time before predicts is taken off everybody by the same slopes: that leaves the effect, and narrows the bounds.
    slope = float(rest @ y / (rest @ rest))
    values = np.zeros(trial.size)
    values[rows] = y - columns @ (columns.T @ (y - slope * sample.treated))
    values = values[np.flatnonzero((trial.arm == 0) | (trial.arm == arm))]
    rng, units = np.random.default_rng(pilot.analysis.seed), np.arange(len(kept)) if clusters is None else clusters
    groups = [[np.flatnonzero(units == one) for one in np.unique(units[treated == side])] for side in (0, 1)]
    told = []
    for _ in range(SAMPLES):
        again = np.concatenate([side[one] for side in groups for one in rng.integers(len(side), size=len(side))])
        if min(kept[again][treated[again] == side].sum() for side in (0, 1)) >= LEAST:
            told.append(bounds_of(values[again], treated[again], kept[again]))
    if len(told) < SAMPLES // 2:
        return None
    errors = np.array(told).std(axis=0, ddof=1)
    return Bounds(*bounds_of(values, treated, kept), float(errors[0]), float(errors[1]))


def ends_in_amounts(logs: Interval, treated_mean: float) -> tuple[Interval, Interval]:
    """An interval of a change of the logarithm, in amounts per treated partner and as shares."""
    return Interval(in_amounts(logs.low, treated_mean), in_amounts(logs.high, treated_mean)), Interval(
        float(np.expm1(logs.low)), float(np.expm1(logs.high))
    )


def relative_ends(amounts: Interval, treated_mean: float) -> tuple[Interval, Interval]:
    """An interval of amounts, and as shares of what the treated would have had without them; nowhere if they have nothing.

    Example:
        >>> relative_ends(Interval(-5.0, 5.0), 10.0)[1]
        Interval(low=-0.3333333333333333, high=1.0)
    """
    if not treated_mean > 0:
        return amounts, NOWHERE
    return amounts, share_interval(np.array([amounts.low, amounts.high]) / treated_mean)
