"""What may be said before the end: the primary verdict follows the planned looks, never a p-value that was peeked at."""

from __future__ import annotations

from dataclasses import replace

from incentive_lab.pilot.analysis import Analysis
from incentive_lab.pilot.answering import Answer
from incentive_lab.pilot.estimate import Interval
from incentive_lab.pilot.looking import looks
from incentive_lab.pilot.sequential import Look
from incentive_lab.pilot.words import between, shares_between


def with_looks(read: Analysis, complete: bool) -> Analysis:
    """The analysis with its planned looks, and with the primary verdicts that they allow.

    Without planned looks there is no verdict before the end. With them a verdict needs a look above its boundary, at the end
    too, since looking has spent a part of alpha.
    """
    if read.pilot.looks.kind == "none":
        why = "the plan has one look, at the end."
        if complete:
            return replace(read, no_looks=why)
        told = "The pilot is not over, and the plan has no look before its end: what is shown is no verdict."
        silent = [_silent(one, told) if one.metric.role != "guardrail" else one for one in read.answers]
        return replace(read, no_looks=why, answers=tuple(silent))
    found: list[Look] = []
    why = ""
    for arm in range(1, len(read.trial.arms)):
        own, why = looks(read.pilot, read.trial, arm)
        found += own
    if not found and complete:
        return replace(read, no_looks=why, why=(*read.why, f"Looks were planned and there are none: {why}"))
    answers = []
    for one in read.answers:
        if one.metric.role == "primary":
            own = [look for look in found if look.arm == one.arm]
            answers.append(_judged(one, own, why, None if complete else read.trial.currency))
        elif one.metric.role == "secondary" and not complete:
            answers.append(
                _silent(one, "The pilot is not over; only the primary metric and the guardrails may be looked at.")
            )
        else:
            answers.append(one)
    return replace(read, looks=tuple(found), no_looks=why, answers=tuple(answers))


def _silent(one: Answer, words: str) -> Answer:
    return one if one.found is None else replace(one, verdict="cannot tell", words=words)


def _judged(one: Answer, own: list[Look], why: str, early: str | None) -> Answer:
    """The primary answer as far as its looks allow one; `early` is the currency of a pilot that is not over, else None."""
    if one.found is None or one.verdict == "cannot tell":
        return one
    if not own:
        return _silent(one, f"No look has been reached, so there is no verdict: {why}")
    crossed = next((look for look in own if look.crossed), None)
    last = crossed or own[-1]
    edge = f"{last.boundary:.2f}" if last.boundary < float("inf") else "what any result could reach"
    seen = f"after {last.months} months the statistic is {abs(last.statistic):.2f} and the boundary {edge}"
    if crossed is None:
        return replace(one, verdict="no clear effect", words=f"An effect is neither shown nor excluded: {seen}.")
    welcome = (crossed.statistic > 0) == (one.metric.better == "higher")
    words = f"The arm does {'better' if welcome else 'worse'}: {seen}."
    if early is not None:
        ends = Interval(crossed.low, crossed.high)
        span = shares_between(ends) if crossed.relative else between(ends, one.unit, early)
        words += (" That it does is shown, how much is not: an effect that is read where it first crosses is too large on "
                  f"average, by a third or more. The interval that allows for looking is {span}.")  # fmt: skip
    return replace(one, verdict="better" if welcome else "worse", words=words)
