"""Reads a pilot: every metric of every arm, what was checked, what it hangs on, and what to decide."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from incentive_lab.errors import InputError
from incentive_lab.format import percent
from incentive_lab.panel import Floats
from incentive_lab.pilot.decision import NetValue
from incentive_lab.pilot.document import Metric, Pilot
from incentive_lab.pilot.estimate import Estimate
from incentive_lab.pilot.multiple import (
    Belief,
    Heterogeneity,
    NonInferiority,
    belief,
    false_discovery,
    family_wise,
    non_inferiority,
)
from incentive_lab.pilot.observational import Placebo, Sensitivity, placebos, sensitivity
from incentive_lab.pilot.reading_metric import measured
from incentive_lab.pilot.recorded import Registered
from incentive_lab.pilot.segments import by_segment
from incentive_lab.pilot.sequential import Look
from incentive_lab.pilot.timing import at_period_ends, held_back
from incentive_lab.pilot.trial import Trial
from incentive_lab.pilot.watching import Check, balance, missing, proportions, shares_of
from incentive_lab.pilot.whales import Whales, whales


@dataclass(frozen=True)
class Answer:
    """What one metric says of one arm.

    Attributes:
        metric: As planned.
        arm: Compared with the control.
        found: The effect, or None.
        reason: Why there is none.
        verdict: better, worse, no clear effect, cannot tell, held, broken or open.
        words: The verdict as a sentence.
        q_value: p-value adjusted among secondary metrics and arms (false discoveries), or among the arms of the primary one
            (Holm); nan for others.
        guardrail: For a guardrail with a margin.
        unit: Of the effect.
    """

    metric: Metric
    arm: str
    found: Estimate | None
    reason: str
    verdict: str
    words: str
    q_value: float
    guardrail: NonInferiority | None
    unit: str


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
        segments: Attribute -> effects, for the primary metric of the first arm.
        belief: Bayesian reading of the primary metric; None where it has no relative effect.
        looks: Planned looks so far.
        no_looks: Why there are none.
        value: The net value of the first arm, or None.
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
    value: NetValue | None = None
    no_value: str = ""
    placebos: tuple[Placebo, ...] = ()
    sensitivity: Sensitivity | None = None
    advice: str = ""
    reasons: tuple[str, ...] = ()

    @property
    def primary(self) -> Answer:
        """The primary metric of the first arm."""
        return self.answers[0]


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
    answers = _answers(pilot, trial)
    first = answers[0]
    if first.found is None:
        from incentive_lab.errors import Problem

        raise InputError([Problem(f"metrics.{first.metric.name}", first.reason)])
    label, why = labels(pilot, registered)
    outcome = trial.outcomes[first.metric.name]
    hanging = {}
    for arm in range(1, len(trial.arms)):
        if outcome.over is None and first.found.estimator not in ("staggered", "switchback", "matched"):
            sample, _ = trial.sample(outcome, arm, use_pre=not pilot.analysis.without_pre)
            hanging[trial.arms[arm]] = whales(sample, first.found.estimator, float(pilot.analysis.winsorise))
    tests, strength = _observational(pilot, trial, first)
    return Analysis(
        pilot=pilot, trial=trial, label=label, why=why, answers=answers,
        checks=(*_checks(pilot, trial, first.found), *extra), whales=hanging,
        segments=by_segment(pilot, trial, first.found.estimator), belief=_belief(pilot, first.found),
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


def _answers(pilot: Pilot, trial: Trial) -> tuple[Answer, ...]:
    order = sorted(pilot.metrics, key=lambda one: ("primary", "secondary", "guardrail").index(one.role))
    found = [_answer(pilot, trial, metric, arm) for metric in order for arm in range(1, len(trial.arms))]
    _adjust(found, "secondary", false_discovery, float(pilot.analysis.false_discovery))
    if len(trial.arms) > 2:
        _adjust(found, "primary", family_wise, float(pilot.alpha))
    return tuple(found)


def _adjust(found: list[Answer], role: str, adjusted: Callable[[Floats], Floats], level: float) -> None:
    """Judge all answers of a role together, by their adjusted p-values."""
    family = [place for place, one in enumerate(found) if one.found is not None and one.metric.role == role]
    for place, q_value in zip(family, adjusted(np.array([_p_value(found[place]) for place in family])), strict=True):
        one = found[place]
        verdict, words = _verdict(one.metric, one.found, float(q_value), level, "adjusted p")
        found[place] = replace(one, q_value=float(q_value), verdict=verdict, words=words)


def _p_value(answer: Answer) -> float:
    return answer.found.p_value if answer.found is not None else float("nan")


def _answer(pilot: Pilot, trial: Trial, metric: Metric, arm: int) -> Answer:
    outcome, name = trial.outcomes[metric.name], trial.arms[arm]
    try:
        found = measured(pilot, trial, outcome, arm)
    except InputError as error:
        reason = " ".join(str(one.message) + (f" {one.fix}" if one.fix else "") for one in error.problems)
        return Answer(metric, name, None, reason, "cannot tell", reason, float("nan"), None, outcome.unit)
    margin = _margin(metric, found)
    if metric.role == "guardrail" and margin is not None:
        held = non_inferiority(found, margin, metric.better, float(pilot.alpha))
        words = {
            "held": "The guardrail held: a loss beyond the margin is excluded.",
            "broken": "The guardrail is broken: the loss is beyond the margin.",
            "open": "The guardrail is open: a loss beyond the margin can neither be shown nor excluded.",
        }[held.verdict]
        return Answer(metric, name, found, "", held.verdict, words, float("nan"), held, outcome.unit)
    verdict, words = _verdict(metric, found, found.p_value, float(pilot.alpha))
    return Answer(metric, name, found, "", verdict, words, float("nan"), None, outcome.unit)


def _margin(metric: Metric, found: Estimate) -> float | None:
    if metric.margin_amount is not None:
        return float(metric.margin_amount)
    return None if metric.margin is None else float(metric.margin) * abs(found.control)


def _verdict(metric: Metric, found: Estimate | None, p_value: float, level: float, name: str = "p") -> tuple[str, str]:
    assert found is not None
    if found.smallest_p > level:
        return "cannot tell", (f"This drawing can never give a p-value below {found.smallest_p:.3f}, so at a level of "
                               f"{level:.3g} no verdict is possible; more units must be drawn.")  # fmt: skip
    if p_value > level:
        return "no clear effect", f"An effect is neither shown nor excluded ({name} {p_value:.3g} against {level:.3g})."
    welcome = (found.effect > 0) == (metric.better == "higher")
    return ("better", "The arm does better.") if welcome else ("worse", "The arm does worse.")


def _checks(pilot: Pilot, trial: Trial, found: Estimate) -> list[Check]:
    checks = []
    if trial.drawing is not None and pilot.assignment.mechanism not in ("rollout", "switchback"):
        checks.append(proportions(trial, shares_of(pilot)))
    checks.append(missing(trial))
    rows = balance(trial)
    worst = max(rows, key=lambda one: abs(one.difference), default=None)
    if worst is not None:
        words = (
            f"The largest difference before the pilot is {abs(worst.difference):.2f} standard deviations ({worst.name}); the "
            "analysis holds the outcome before the pilot fixed."
        )
        checks.append(Check("Balance before", "look" if abs(worst.difference) > 0.5 else "fine", words))
    outcome = trial.outcomes[pilot.primary.name]
    plain = pilot.assignment.mechanism not in ("rollout", "switchback")
    if outcome.monthly is not None and trial.starts is not None and trial.first_post and plain and outcome.over is None:
        rows_in = np.flatnonzero(np.isfinite(outcome.monthly).all(axis=1) & (trial.arm <= 1))
        treated = (trial.arm[rows_in] == 1).astype(np.float64)
        if 2 <= treated.sum() <= len(treated) - 2:
            checks.append(held_back(outcome.monthly[rows_in], treated, trial.first_post))
            if trial.currency:
                year, month = (int(part) for part in trial.periods[0].split("-"))
                checks.append(
                    at_period_ends(outcome.monthly[rows_in], treated, trial.first_post, year * 12 + month - 1)
                )
    if found.inference == "randomisation":
        enough = found.smallest_p <= float(pilot.alpha)
        checks.append(Check("Can this drawing answer", "fine" if enough else "stop", f"Its smallest p-value is "
                            f"{found.smallest_p:.4f}, the level {float(pilot.alpha):.3g}."))  # fmt: skip
    elif found.df < 5:
        checks.append(Check("Degrees of freedom", "look", f"Only {found.df:.1f}: a few groups decide; trust randomisation "
                            "inference more."))  # fmt: skip
    return checks


def _belief(pilot: Pilot, found: Estimate) -> Belief | None:
    ends = found.relative_interval
    if not np.isfinite([found.relative, ends.low, ends.high]).all() or ends.low <= -1:
        return None
    from scipy.special import ndtri

    spread = (np.log1p(ends.high) - np.log1p(ends.low)) / (2 * ndtri(1 - float(pilot.alpha) / 2))
    return belief(float(np.log1p(found.relative)), float(spread), 1e9, float(pilot.analysis.prior), float(pilot.alpha))


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
