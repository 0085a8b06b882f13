"""Reads a pilot: every metric of every arm, what was checked, what it hangs on, and what to decide."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from incentive_lab.errors import InputError, Problem
from incentive_lab.format import p_value_text, percent
from incentive_lab.pilot.answering import Answer, answered
from incentive_lab.pilot.decision import NetValue
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.estimate import Estimate
from incentive_lab.pilot.multiple import (
    Belief,
    Heterogeneity,
    belief,
)
from incentive_lab.pilot.observational import Placebo, Sensitivity, placebos, sensitivity
from incentive_lab.pilot.recorded import Registered
from incentive_lab.pilot.segments import by_segment
from incentive_lab.pilot.sequential import Look
from incentive_lab.pilot.timing import at_period_ends, held_back
from incentive_lab.pilot.trial import Trial
from incentive_lab.pilot.watching import Check, absent_rows, balance, missing, proportions, shares_of
from incentive_lab.pilot.whales import Whales, whales


@dataclass(frozen=True)
class ArmAdvice:
    """What is advised about one arm.

    Attributes:
        arm: Its name.
        value: Its net value, with an interval that allows for all arms, or None.
        no_value: Why there is none.
        advice: scale, amend, extend or stop, or '' where the data cannot say.
        reasons: As sentences.
    """

    arm: str
    value: NetValue | None
    no_value: str
    advice: str
    reasons: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class Analysis:
    """A pilot that was read.

    Attributes:
        pilot: The plan.
        trial: Its data.
        label: confirmatory, exploratory, observational, and rehearsal, as far as they apply.
        why: Why it is not confirmatory, as sentences.
        answers: Primary first.
        checks: What was looked at.
        whales: For the primary metric of each arm.
        segments: Attribute -> effects, for the primary metric of the leading arm.
        belief: Bayesian reading of the primary metric of the leading arm; None where it has no relative effect.
        looks: Planned looks so far, of every arm.
        no_looks: Why there are none.
        lead: The arm that the advice is about; '' for the first.
        by_arm: What is advised about each arm.
        value: The net value of the leading arm, or None.
        no_value: Why there is none.
        placebos: For an observational reading.
        sensitivity: For an observational reading.
        advice: scale, amend, extend or stop, or '' where the data cannot say.
        reasons: For the advice, as sentences.
    """

    pilot: Pilot
    trial: Trial
    label: tuple[str, ...]
    why: tuple[str, ...]
    answers: tuple[Answer, ...]
    checks: tuple[Check, ...]
    whales: dict[str, Whales]
    segments: dict[str, Heterogeneity]
    belief: Belief | None
    looks: tuple[Look, ...] = ()
    no_looks: str = ""
    lead: str = ""
    by_arm: tuple[ArmAdvice, ...] = ()
    value: NetValue | None = None
    no_value: str = ""
    placebos: tuple[Placebo, ...] = ()
    sensitivity: Sensitivity | None = None
    advice: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def primary(self) -> Answer:
        """The primary metric of the leading arm (the first one that could be read, before there is advice)."""
        return self.primary_of(self.lead) or next(
            (one for one in self.answers if one.metric.role == "primary" and one.found is not None), self.answers[0]
        )

    def primary_of(self, arm: str) -> Answer | None:
        """The primary metric of an arm; None for an unknown one."""
        return next((one for one in self.answers if one.metric.role == "primary" and one.arm == arm), None)


def analyse(pilot: Pilot, trial: Trial, registered: Registered, extra: tuple[Check, ...] = ()) -> Analysis:
    """Read a pilot.

    Args:
        pilot: A checked plan.
        trial: Its data.
        registered: Whether the plan is as it was registered.
        extra: Checks that need more than the trial.

    Raises:
        InputError: The primary metric cannot be read.
    """
    answers = answered(pilot, trial)
    read = [one for one in answers if one.metric.role == "primary" and one.found is not None]
    if not read:
        raise InputError([Problem(f"metrics.{answers[0].metric.name}", answers[0].reason)])
    first = read[0]
    assert first.found is not None
    label, why = labels(pilot, registered)
    outcome = trial.outcomes[first.metric.name]
    hanging = {}
    for arm in range(1, len(trial.arms)):
        if (
            trial.weights is None
            and outcome.over is None
            and trial.varying is None
            and first.found.estimator not in ("staggered", "switchback", "matched")
        ):
            sample, rows = trial.sample(outcome, arm, use_pre=not pilot.analysis.without_pre)
            found = whales(sample, first.found.estimator, float(pilot.analysis.winsorise))
            hanging[trial.arms[arm]] = found.placed(rows)
    tests, strength = _observational(pilot, trial, first)
    return Analysis(
        pilot=pilot, trial=trial, label=label, why=why, answers=answers,
        checks=(*_checks(pilot, trial, first.found), *extra), whales=hanging,
        segments=by_segment(pilot, trial, first.found.estimator, trial.arms.index(first.arm)),
        belief=believed(pilot, first.found),
        placebos=tests, sensitivity=strength,
    )  # fmt: skip


def labels(pilot: Pilot, registered: Registered) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """What a reading may call itself, and why not confirmatory."""
    label, why = [], list(registered.departures)
    if pilot.assignment.mechanism == "observed":
        label.append("observational")
        why.append(
            "Nobody was drawn: partners that chose, or were chosen, may differ from the others in what is not seen."
        )
    if not registered.known:
        why.append("The plan was not registered before the start.")
    label.append(
        "confirmatory" if registered.confirmatory and pilot.assignment.mechanism != "observed" else "exploratory"
    )
    if pilot.planted is not None:
        label.append("rehearsal")
        why.append(
            f"A lift of {percent(float(pilot.planted.lift))} was added to the treated: this is a rehearsal, not a result."
        )
    return tuple(label), tuple(why)


def _checks(pilot: Pilot, trial: Trial, found: Estimate) -> list[Check]:
    checks = []
    if trial.drawing is not None and pilot.assignment.mechanism not in ("rollout", "switchback"):
        checks.append(proportions(trial, shares_of(pilot)))
    checks += [missing(trial), *filter(None, [absent_rows(trial)])]
    rows = balance(trial)
    worst = max(rows, key=lambda one: abs(one.difference), default=None)
    if worst is not None:
        loose = (
            found.estimator == "difference"
            or pilot.analysis.without_pre
            or trial.outcomes[pilot.primary.name].pre is None
        )
        words = (
            f"The largest difference before the pilot is {abs(worst.difference):.2f} standard deviations ({worst.name}); the "
            f"analysis {'does not hold' if loose else 'holds'} the outcome before the pilot fixed."
        )
        checks.append(Check("Balance before", "look" if abs(worst.difference) > 0.5 else "fine", words))
    outcome = trial.outcomes[pilot.primary.name]
    plain = pilot.assignment.mechanism not in ("rollout", "switchback")
    if outcome.monthly is not None and trial.starts is not None and trial.first_post and plain and outcome.over is None:
        rows_in = np.flatnonzero(np.isfinite(outcome.monthly).all(axis=1))
        treated = (trial.arm[rows_in] > 0).astype(np.float64)
        if 2 <= treated.sum() <= len(treated) - 2:
            clusters = None if trial.clusters is None else trial.clusters[rows_in]
            checks.append(held_back(outcome.monthly[rows_in], treated, trial.first_post, clusters))
            if trial.currency:
                year, month = (int(part) for part in trial.periods[0].split("-"))
                since = year * 12 + month - trial.year_starts
                checks.append(at_period_ends(outcome.monthly[rows_in], treated, trial.first_post, since, clusters))
    if found.inference == "randomisation":
        enough = found.smallest_p <= float(pilot.alpha)
        checks.append(Check("Can this drawing answer", "fine" if enough else "stop", f"Its smallest p-value is "
                            f"{p_value_text(found.smallest_p, 4)}, the level {float(pilot.alpha):.3g}."))  # fmt: skip
    elif found.df < 5:
        checks.append(Check("Degrees of freedom", "look", f"Only {found.df:.1f}: a few groups decide; trust randomisation "
                            "inference more."))  # fmt: skip
    return checks


def believed(pilot: Pilot, found: Estimate) -> Belief | None:
    """The Bayesian reading of an effect; None where it has no relative size with an interval."""
    ends = found.relative_interval
    if not np.isfinite([found.relative, ends.low, ends.high]).all() or ends.low <= -1:
        return None
    from scipy.special import ndtri

    spread = (np.log1p(ends.high) - np.log1p(ends.low)) / (2 * ndtri(1 - float(pilot.alpha) / 2))
    worth = float("nan") if pilot.expected is None else float(np.log1p(float(pilot.expected)))
    return belief(
        float(np.log1p(found.relative)), float(spread), 1e9, float(pilot.analysis.prior), float(pilot.alpha), worth
    )


def _observational(pilot: Pilot, trial: Trial, first: Answer) -> tuple[tuple[Placebo, ...], Sensitivity | None]:
    if pilot.assignment.mechanism != "observed" or first.found is None:
        return (), None
    outcome, found = trial.outcomes[first.metric.name], first.found
    tests: list[Placebo] = []
    if outcome.monthly is not None and trial.first_post > 3:
        rows = trial.arm <= 1
        tests = placebos(outcome.monthly[rows], (trial.arm[rows] == 1).astype(np.float64), trial.first_post,
                         outcome.monthly.shape[1] - trial.first_post, float(pilot.alpha))  # fmt: skip
    strength = sensitivity(found.effect / found.error, max(found.df, 2.0), float(pilot.alpha)) if found.error else None
    return tuple(tests), strength
