"""One metric of one arm: the sample, its redraws, and the estimate."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from incentive_lab.errors import InputError, Problem
from incentive_lab.panel import Floats
from incentive_lab.pilot.assigning import redraw, sequences
from incentive_lab.pilot.choosing import chosen_estimator, chosen_inference
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.drawing import Codes
from incentive_lab.pilot.estimate import NOWHERE, Estimate, Interval, Sample, t_interval, t_p_value
from incentive_lab.pilot.estimators import WORDS, estimate
from incentive_lab.pilot.linear import Coefficient, basis, of_basis
from incentive_lab.pilot.losing import bounded
from incentive_lab.pilot.observational import matched_pairs
from incentive_lab.pilot.panels import Monthly, did, staggered, two_way, within
from incentive_lab.pilot.randomisation import interval_end, randomisation, share_as_extreme, smallest_p
from incentive_lab.pilot.trial import Outcome, Trial

_STAGGERED_DRAWS = 500
_PARALLEL = "Without the arm, both groups would have changed alike (parallel trends)."


def measured(pilot: Pilot, trial: Trial, outcome: Outcome, arm: int) -> Estimate:
    """The effect of an arm on a metric, by the plan's estimator and inference.

    Raises:
        InputError: The metric cannot be read this way; with the reason.
    """
    estimator = chosen_estimator(pilot, trial, outcome)
    inference = chosen_inference(pilot, trial, estimator)
    found = _measured(pilot, trial, outcome, arm, estimator, inference)
    return rescaled(bounded(pilot, trial, outcome, arm, found), outcome)


def rescaled(found: Estimate, outcome: Outcome) -> Estimate:
    """An effect on a transformed outcome: a percentage for a logarithm, no relative size for others."""
    if outcome.metric.transform == "none":
        return found
    if outcome.metric.transform != "log":
        return replace(found, relative=float("nan"), relative_interval=NOWHERE, typical=float("nan"))
    ends = Interval(float(np.expm1(found.interval.low)), float(np.expm1(found.interval.high)))
    return replace(found, relative=float(np.expm1(found.effect)), relative_interval=ends, typical=float("nan"))


def _measured(
    pilot: Pilot, trial: Trial, outcome: Outcome, arm: int, estimator: str, inference: str
) -> Estimate:  # fmt: skip
    if estimator in ("switchback", "matched") and trial.weights is not None:
        raise InputError([Problem("data.columns.weight", f"{estimator} does not take weights.",
                                  "Use did, or leave the weights out.")])  # fmt: skip
    if estimator == "switchback" and trial.others.shape[1]:
        raise InputError([Problem("analysis.covariates", "a switchback takes no covariates: partner and month effects hold what "
                                  "does not change fixed.", "Leave them out, or use did.")])  # fmt: skip
    if estimator == "staggered":
        return _staggered(pilot, trial, outcome, inference)
    if estimator == "switchback":
        return _switchback(pilot, trial, outcome, inference)
    changes = estimator in ("did", "matched")
    sample, rows = trial.sample(outcome, arm, use_pre=changes or not pilot.analysis.without_pre, whole=changes)
    alpha, errors = float(pilot.alpha), pilot.analysis.errors
    if estimator in ("did", "matched"):
        return _changes(pilot, trial, outcome, sample, rows, estimator)
    if inference == "randomisation":
        sample = with_draws(pilot, trial, sample, rows, arm)
    return estimate(
        sample, estimator, errors=errors, inference=inference, alpha=alpha, winsorise=float(pilot.analysis.winsorise),
        draws=int(pilot.analysis.draws), seed=pilot.analysis.seed,
    )  # fmt: skip


def with_draws(pilot: Pilot, trial: Trial, sample: Sample, rows: Codes, arm: int) -> Sample:
    """The sample with its arms drawn anew by the mechanism that was used."""
    assert trial.drawing is not None
    rng = np.random.default_rng(pilot.analysis.seed)
    drawn, every = redraw(trial.drawing, trial.arm, arm, rng, int(pilot.analysis.draws))
    return replace(sample, draws=(drawn[:, rows] == arm).astype(np.float64), exact=every)


def _changes(pilot: Pilot, trial: Trial, outcome: Outcome, sample: Sample, rows: Codes, estimator: str) -> Estimate:
    """Difference in differences, or the matched comparison."""
    alpha = float(pilot.alpha)
    monthly = (
        trial.monthly(outcome, rows, by_month=estimator == "did")
        if outcome.monthly is not None and trial.starts is not None
        else None
    )
    if monthly is None and sample.pre is None:
        raise InputError([Problem("analysis.estimator", f"{estimator} needs the outcome before the pilot.",
                                  "Name its column with `pre`, or the column of the period.")])  # fmt: skip
    if estimator == "did" and monthly is not None:
        # The control keeps its months, whatever other arms did.
        starts = np.where(sample.treated == 1, monthly.starts, -1)
        found = did(replace(monthly, starts=starts), pilot.analysis.errors)
    else:
        assert sample.pre is not None
        change = sample.post - sample.pre
        if estimator == "matched":
            found = _matched(sample, change, monthly, trial.first_post)
        else:
            kind = pilot.analysis.errors if pilot.analysis.errors != "auto" else (
                "cr2" if sample.clusters is not None else "hc2")  # fmt: skip
            others = sample.others if sample.others is not None else np.zeros((sample.size, 0))
            found = of_basis(change * sample.root, sample.treated * sample.root, basis(others, sample.strata, sample.root),
                             clusters=sample.clusters, errors=kind)  # fmt: skip
    return told(found, sample, estimator, alpha, _PARALLEL)


def _matched(sample: Sample, change: Floats, monthly: Monthly | None, start: int) -> Coefficient:
    assert sample.pre is not None
    likeness = [sample.pre]
    if monthly is not None and start >= 4:
        half = start // 2
        likeness.append(
            np.nanmean(monthly.values[:, half:start], axis=1) - np.nanmean(monthly.values[:, :half], axis=1)
        )
    if sample.others is not None and sample.others.shape[1]:
        likeness += list(sample.others.T)
    ours, theirs = matched_pairs(sample.treated, np.column_stack(likeness))
    gap = change[ours] - change[theirs]
    return Coefficient(float(gap.mean()), float(gap.std(ddof=1) / np.sqrt(len(gap))), len(gap) - 1.0, 2 * len(gap),
                       len(gap), 1)  # fmt: skip


def told(found: Coefficient, sample: Sample, estimator: str, alpha: float, assumes: str) -> Estimate:
    """A coefficient in amounts as an estimate; the relative change is against what the treated would have had."""
    interval = t_interval(found.effect, found.error, found.df, alpha)
    return _estimate(found, interval, t_p_value(found.effect, found.error, found.df), estimator, "analytic",
                     sample.treated_mean, sample.control_mean, assumes)  # fmt: skip


def _estimate(
    found: Coefficient, interval: Interval, p_value: float, estimator: str, inference: str, treated: float,
    control: float, assumes: str, smallest: float = 0.0,
) -> Estimate:  # fmt: skip
    def relative(amount: float) -> float:
        return amount / (treated - amount) if treated > 0 and amount < treated else float("nan")

    def end(amount: float) -> float:
        if np.isnan(amount):
            return amount
        return -1.0 if amount == -np.inf else float("inf") if amount >= treated else relative(amount)

    ends = Interval(end(interval.low), end(interval.high)) if treated > 0 else NOWHERE
    how = "randomisation inference" if inference == "randomisation" else f"{found.df:.1f} degrees of freedom"
    return Estimate(
        estimator=estimator, inference=inference, effect=found.effect, interval=interval, relative=relative(found.effect),
        relative_interval=ends, error=found.error, df=found.df, p_value=p_value, control=control, treated=treated,
        units=found.units, groups=found.clusters, smallest_p=smallest,
        sentence=f"{WORDS[estimator][:1].upper()}{WORDS[estimator][1:]}; {how}, {found.clusters} independent groups.",
        assumes=(assumes,),
    )  # fmt: skip


def _staggered(pilot: Pilot, trial: Trial, outcome: Outcome, inference: str) -> Estimate:
    monthly = trial.monthly(outcome, np.arange(trial.size))
    found = staggered(monthly, pilot.analysis.controls, pilot.analysis.aggregate, pilot.analysis.adjust)
    counts = monthly.treated * monthly.counts[:, None], (1 - monthly.treated) * monthly.counts[:, None]
    treated, control = (float(np.average(monthly.values, weights=one)) for one in counts)
    adjusted = trial.others.shape[1] > 0  # hundreds of logits for each redraw would rarely all have a maximum
    own = Coefficient(found.effect, found.error, found.groups - 1.0, monthly.values.size, found.groups, 1)
    interval = t_interval(own.effect, own.error, own.df, float(pilot.alpha))
    p_value, smallest = t_p_value(own.effect, own.error, own.df), 0.0
    rolls = trial.wave_starts is not None and trial.drawing is not None and not adjusted
    if inference == "randomisation" and rolls:
        drawn = min(_STAGGERED_DRAWS, int(pilot.analysis.draws))
        p_value, interval, smallest = _waves(pilot, trial, monthly, drawn)
    else:
        inference = "analytic"
    assumes = "Waves were drawn, and nobody changed before its start." if inference == "randomisation" else _PARALLEL
    told_ = _estimate(own, interval, p_value, "staggered", inference, treated, control, assumes, smallest)
    return replace(told_, by_distance=found.by_distance, cells=found.cells)


def _waves(pilot: Pilot, trial: Trial, monthly: Monthly, count: int) -> tuple[float, Interval, float]:
    """p-value and interval from waves drawn anew; the statistic is the effect itself."""
    assert trial.drawing is not None
    assert trial.wave_starts is not None
    rng = np.random.default_rng(pilot.analysis.seed)
    drawn = trial.drawing.draw(rng, count)
    values = monthly.values
    how = pilot.analysis.controls, pilot.analysis.aggregate
    real = staggered(monthly, *how).effect
    of_y, of_d = np.empty(count), np.empty(count)
    for place in range(count):
        again = Monthly(values, trial.wave_starts[drawn[place]], weights=monthly.weights)
        of_y[place] = staggered(again, *how).effect
        of_d[place] = staggered(replace(again, values=monthly.treated), *how).effect

    def p_at(size: float) -> float:
        return share_as_extreme(of_y - size * of_d, real - size, False)

    scale = float(np.std(of_y)) or 1.0
    low, high = (interval_end(p_at, real, sign * scale, float(pilot.alpha)) for sign in (-1.0, 1.0))
    return p_at(0.0), Interval(low, high), smallest_p(of_y, False)


def _switchback(pilot: Pilot, trial: Trial, outcome: Outcome, inference: str) -> Estimate:
    if outcome.monthly is None or trial.in_arm is None:
        raise InputError([Problem("analysis.estimator", "a switchback needs outcomes by month and the arm of each month.",
                                  "Use a history, or name the column of the period.")])  # fmt: skip
    inside = trial.in_arm[:, trial.first_post :]
    values = np.where(np.isfinite(inside), outcome.monthly[:, trial.first_post :], np.nan)
    found = two_way(values, np.nan_to_num(inside), trial.clusters, "cr2")
    alpha = float(pilot.alpha)
    interval, p_value, smallest = t_interval(found.effect, found.error, found.df, alpha), t_p_value(
        found.effect, found.error, found.df), 0.0  # fmt: skip
    known = np.isfinite(values)
    if inference == "randomisation" and trial.drawing is not None and pilot.dates is not None and known.any(1).all():
        rng = np.random.default_rng(pilot.analysis.seed)
        length = int(pilot.assignment.period_months)
        periods = -(-int(pilot.dates.months) // length)
        place = np.arange(values.shape[1]) // length
        count = min(int(pilot.analysis.draws), 1000)
        drawn = sequences(trial.drawing, rng, count, periods)[:, :, place].astype(np.float64)
        rows, _ = np.nonzero(known)
        flat = np.stack([within(one, known)[known] for one in drawn])
        real, y = within(np.nan_to_num(inside), known)[known], within(values, known)[known]
        codes = rows if trial.clusters is None else trial.clusters[rows]
        one = randomisation(real, flat, y, real, np.zeros((len(y), 0)), clusters=codes, alpha=alpha)
        interval, p_value, smallest = Interval(one.low, one.high), one.p_value, one.smallest
    else:
        inference = "analytic"
    in_months = np.nan_to_num(inside) == 1
    return _estimate(found, interval, p_value, "switchback", inference, float(values[in_months & known].mean()),
                     float(values[~in_months & known].mean()),
                     "The arm of one month does not carry over into the next (beyond the washout).", smallest)  # fmt: skip
