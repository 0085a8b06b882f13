"""From an analysis to a decision: what scaling the arm would bring, and what to do."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from incentive_lab.errors import InputError
from incentive_lab.format import chance
from incentive_lab.pilot.analysis import Analysis
from incentive_lab.pilot.decision import NetValue, net_value
from incentive_lab.pilot.document import Metric, Pilot
from incentive_lab.pilot.estimate import Estimate
from incentive_lab.pilot.fromhistory import Prepared
from incentive_lab.pilot.paying import Costs, Payer
from incentive_lab.pilot.reading_metric import measured
from incentive_lab.pilot.trial import Outcome

SURE, LOST = 0.9, 0.2
"""Chance of paying above which scaling, and below which stopping, is advised."""


def decided(read: Analysis, prepared: Prepared | None, payer: Payer | None) -> Analysis:
    """The analysis with its value in money, as far as it can be worked out, and the advice."""
    value, why = (None, "it needs a history and the scheme of each arm") if prepared is None else _value(
        read, prepared, payer)  # fmt: skip
    advice, reasons = _advice(read, value)
    return replace(read, value=value, no_value=why if value is None else "", advice=advice, reasons=reasons)


def _value(read: Analysis, prepared: Prepared, payer: Payer | None) -> tuple[NetValue | None, str]:
    pilot, trial = read.pilot, prepared.trial
    if pilot.value is None:
        return None, "the plan does not say how outcomes become money (`value`)."
    if payer is None or set(payer.schemes) != set(trial.arms):
        return None, "the plan does not name the scheme of every arm, so incentive cost is unknown."
    if pilot.assignment.mechanism in ("switchback",):
        return None, "months in and out of the arm are mixed for each partner, so payouts cannot be kept apart."
    outcome, share = _margin(pilot, prepared)
    found = _relative(read, pilot, prepared, outcome)
    if found is None:
        return None, "the effect has no relative size with an interval, so its worth has no interval either."
    rows = trial.arm == 1
    mean = float(outcome.post[rows].mean()) * share
    assert trial.keys is not None
    costs = Costs(payer, trial.arms[1], trial.arms[0], prepared, trial.keys[rows],
                  float(pilot.protect.keep) if pilot.protect else 0.0,
                  float(pilot.planted.lift) if pilot.planted else 0.0)  # fmt: skip
    value = net_value(
        found, lambda relative: mean * relative / (1 + relative), costs.incremental, alpha=float(pilot.alpha),
        prior=float(pilot.analysis.prior), partners=pilot.value.partners or trial.size, months=int(pilot.value.months),
    )  # fmt: skip
    return value, "" if value else "the effect's interval has no end, so its worth cannot be told."


def _margin(pilot: Pilot, prepared: Prepared) -> tuple[Outcome, float]:
    """The margin of the drawn partners as an outcome, and what share of it counts."""
    assert pilot.value is not None
    name = pilot.value.revenue or pilot.value.margin
    share = float(pilot.value.margin_share) if pilot.value.revenue and pilot.value.margin_share is not None else 1.0
    here, rows = prepared.world, prepared.trial.keys
    assert rows is not None
    metric = Metric(name="margin", of=name, role="secondary")
    post, pre = (here.mean(name, months)[rows] for months in (slice(here.start, here.stop), here.before))
    return Outcome(
        metric, "money", post, pre, None, None, here.values(name)[rows, here.before.start : here.stop]
    ), share


def _relative(read: Analysis, pilot: Pilot, prepared: Prepared, outcome: Outcome) -> Estimate | None:
    """The relative effect on margin; where margins are not all positive, that on the primary metric in money."""
    try:
        found = measured(pilot, prepared.trial, outcome, 1)
    except InputError:
        found = None
    first = read.primary.found
    if found is not None and _usable(found) and (outcome.post > 0).all():
        return found
    if first is not None and read.primary.unit == "money" and _usable(first):
        return first
    return found if found is not None and _usable(found) else None


def _usable(found: Estimate) -> bool:
    ends = found.relative_interval
    return bool(np.isfinite([found.relative, ends.low, ends.high]).all() and ends.low > -1)


def _advice(read: Analysis, value: NetValue | None) -> tuple[str, tuple[str, ...]]:
    first = read.primary
    several = len(read.trial.arms) > 2
    reasons = [
        *([f"This is about the arm {first.arm}; every arm has its own effects."] if several else []),
        first.words,
    ]
    broken = [one.metric.name for one in read.answers if one.verdict == "broken"]
    still = [one.metric.name for one in read.answers if one.verdict == "open"]
    if any(one.state == "stop" for one in read.checks):
        named = ", ".join(one.name.lower() for one in read.checks if one.state == "stop")
        return "", (f"Nothing can be advised before this is settled: {named}.",)
    if broken:
        return "stop", (*reasons, f"A guardrail is broken: {', '.join(broken)}.")
    if first.verdict == "cannot tell":
        return "", tuple(reasons)
    if still:
        reasons.append(f"Not excluded yet: a loss beyond the margin in {', '.join(still)}.")
    if value is None:
        return {"better": "amend" if still else "scale", "worse": "stop"}.get(first.verdict, "extend"), tuple(reasons)
    reasons.append(
        f"By the data, the chance that it pays is {chance(value.chance)}; with a sceptical prior {chance(value.chance_sceptical)}."
    )
    if value.chance >= SURE and first.verdict == "better":
        return ("amend" if still else "scale"), tuple(reasons)
    if value.chance <= LOST or first.verdict == "worse":
        return "stop", tuple(reasons)
    if first.verdict == "better":
        return "amend", (*reasons, "It works, but what it costs eats what it brings: change the rates before scaling.")
    return "extend", (*reasons, "The data cannot settle it; the value of a longer pilot is given beside.")
