"""What one metric says of one arm: the effect, and a verdict that allows for the other answers given with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np

from incentive_lab.errors import InputError
from incentive_lab.panel import Floats
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.estimate import Estimate
from incentive_lab.pilot.multiple import NonInferiority, false_discovery, family_wise, non_inferiority
from incentive_lab.pilot.outcomes import Metric
from incentive_lab.pilot.reading_metric import measured
from incentive_lab.pilot.trial import Trial


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


def answered(pilot: Pilot, trial: Trial) -> tuple[Answer, ...]:
    """Every metric of every arm, the primary one first, judged together where several answers are given."""
    least = least_p(pilot, trial)
    order = sorted(pilot.metrics, key=lambda one: ("primary", "secondary", "guardrail").index(one.role))
    found = [_answer(pilot, trial, metric, arm, least) for metric in order for arm in range(1, len(trial.arms))]
    _adjust(found, "secondary", false_discovery, float(pilot.analysis.false_discovery))
    if len(trial.arms) > 2:
        _adjust(found, "primary", family_wise, float(pilot.alpha))
    return tuple(found)


def least_p(pilot: Pilot, trial: Trial) -> float:
    """The smallest p-value that the drawing allows however it is read: its mirror images over its assignments; 0 for many.

    A t test may give a smaller one with three of six clusters; it is not what the drawing supports.
    """
    drawn = trial.drawing
    if (
        drawn is None
        or len(trial.arms) > 2
        or pilot.assignment.mechanism == "switchback"
        or (
            trial.wave_starts is None
            and trial.starts is not None
            and len(np.unique(trial.starts[trial.starts >= 0])) > 1
        )
        or drawn.accept < 1
    ):
        return 0.0
    if trial.wave_starts is not None:
        return min(1.0, 1.0 / drawn.assignments)
    even = (
        drawn.shares[0] == drawn.shares[1]
        if drawn.counts is None
        else bool((drawn.counts[:, 0] == drawn.counts[:, 1]).all())
    )
    return min(1.0, (2.0 if even else 1.0) / drawn.assignments)


def _adjust(found: list[Answer], role: str, adjusted: Callable[[Floats], Floats], level: float) -> None:
    """Judge all answers of a role together, by their adjusted p-values."""
    family = [place for place, one in enumerate(found) if one.found is not None and one.metric.role == role]
    for place, q_value in zip(family, adjusted(np.array([_p_value(found[place]) for place in family])), strict=True):
        one = found[place]
        verdict, words = _verdict(one.metric, one.found, float(q_value), level, "adjusted p")
        found[place] = replace(one, q_value=float(q_value), verdict=verdict, words=words)


def _p_value(answer: Answer) -> float:
    return answer.found.p_value if answer.found is not None else float("nan")


def _answer(pilot: Pilot, trial: Trial, metric: Metric, arm: int, least: float) -> Answer:
    outcome, name = trial.outcomes[metric.name], trial.arms[arm]
    try:
        found = measured(pilot, trial, outcome, arm)
        found = replace(found, smallest_p=max(found.smallest_p, least))
    except InputError as error:
        reason = " ".join(str(one.message) + (f" {one.fix}" if one.fix else "") for one in error.problems)
        return Answer(metric, name, None, reason, "cannot tell", reason, float("nan"), None, outcome.unit)
    if metric.role == "guardrail" and (metric.margin is not None or metric.margin_amount is not None):
        held = _guarded(metric, found)
        return Answer(metric, name, found, "", held.verdict, _guarded_words(held), float("nan"), held, outcome.unit)
    verdict, words = _verdict(metric, found, found.p_value, float(pilot.alpha))
    return Answer(metric, name, found, "", verdict, words, float("nan"), None, outcome.unit)


def _guarded(metric: Metric, found: Estimate) -> NonInferiority:
    share = metric.margin_amount is None
    margin = metric.margin if share else metric.margin_amount
    assert margin is not None
    return non_inferiority(found, float(margin), metric.better, share)


def _guarded_words(held: NonInferiority) -> str:
    if held.share and np.isnan(held.worst):
        return ("The guardrail is open: its margin is a share, and the change has no share with an interval here. Give the margin "
                "as an amount (margin_amount).")  # fmt: skip
    return {
        "held": "The guardrail held: a loss beyond the margin is excluded.",
        "broken": "The guardrail is broken: the loss is beyond the margin.",
        "open": "The guardrail is open: a loss beyond the margin can neither be shown nor excluded.",
    }[held.verdict]


def _verdict(metric: Metric, found: Estimate | None, p_value: float, level: float, name: str = "p") -> tuple[str, str]:
    assert found is not None
    if found.smallest_p > level:
        return "cannot tell", (f"This drawing can never give a p-value below {found.smallest_p:.3g}, so at a level of "
                               f"{level:.3g} no verdict is possible; more units must be drawn.")  # fmt: skip
    if found.lost and p_value > level:
        return (
            "cannot tell",
            f"{found.lost} An effect is neither shown nor excluded ({name} {p_value:.3g} against {level:.3g}).",
        )
    if p_value > level:
        return "no clear effect", f"An effect is neither shown nor excluded ({name} {p_value:.3g} against {level:.3g})."
    welcome = (found.effect > 0) == (metric.better == "higher")
    more = f" {found.lost}" if found.lost else ""
    return ("better", f"The arm does better.{more}") if welcome else ("worse", f"The arm does worse.{more}")
