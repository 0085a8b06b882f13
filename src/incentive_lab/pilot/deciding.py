"""From an analysis to a decision: what scaling the arm would bring, and what to do."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np

from incentive_lab.errors import InputError
from incentive_lab.format import chance, in_words, p_value_text, percent, small
from incentive_lab.panel import Floats
from incentive_lab.pilot.analysis import Analysis, ArmAdvice, believed
from incentive_lab.pilot.decision import NetValue, net_value
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.estimate import Estimate, Sample
from incentive_lab.pilot.estimators import estimate
from incentive_lab.pilot.fromhistory import Prepared
from incentive_lab.pilot.outcomes import Metric
from incentive_lab.pilot.paying import Costs, Payer
from incentive_lab.pilot.reading_metric import measured
from incentive_lab.pilot.segments import by_segment
from incentive_lab.pilot.trial import Outcome

WORDS = {"scale": "scale it", "amend": "amend it first", "extend": "go on, it is not settled", "stop": "stop it",
         "": "nothing can be said"}  # fmt: skip
SURE, LOST = 0.9, 0.2
"""Chance of paying above which scaling, and below which stopping, is advised."""


_ALONE = frozenset(("difference", "ancova", "cuped", "lin", "log_ancova", "ppml", "winsorised"))
"""Estimators that need two arms and nothing else."""
_ORDER = ("scale", "amend", "extend", "", "stop")


def decided(read: Analysis, prepared: Prepared | None, payer: Payer | None) -> Analysis:
    """The analysis with its value in money, as far as it can be worked out, and the advice over all arms.

    Each arm is judged at its part of alpha. The one that leads has the best advice, and among equals the largest net value (or
    effect); it is the one that the advice, the value and the segments are about.
    """
    pilot, names = read.pilot, read.trial.arms[1:]
    each = []
    for arm in names:
        value, why = None, "it needs a history and the scheme of each arm."
        if prepared is not None:
            value, why = _value(read, prepared, payer, arm)
        advice, reasons = _advice(read, arm, value)
        if value is not None and why:
            reasons = (*reasons, why)
        each.append(ArmAdvice(arm, value, "" if value is not None else why, advice, reasons))
    lead = min(each, key=lambda one: (_ORDER.index(one.advice), *_less(read, one)))
    answer = read.primary_of(lead.arm)
    assert answer is not None
    reasons = lead.reasons
    if len(names) > 1:
        reasons = (*_over_all(read, lead, each), *reasons)
    read = replace(read, lead=lead.arm, by_arm=tuple(each), value=lead.value, no_value=lead.no_value, advice=lead.advice,
                   reasons=reasons)  # fmt: skip
    if answer.found is None or len(names) == 1:
        return read
    return replace(
        read, belief=believed(pilot, answer.found),
        segments=by_segment(pilot, read.trial, answer.found.estimator, read.trial.arms.index(lead.arm)),
    )  # fmt: skip


def _less(read: Analysis, one: ArmAdvice) -> tuple[float, float]:
    """Sorts arms with the same advice: larger net value first, then the more welcome effect."""
    answer = read.primary_of(one.arm)
    found = None if answer is None else answer.found
    effect = 0.0 if found is None or answer is None else found.effect * (1 if answer.metric.better == "higher" else -1)
    return (-one.value.point if one.value is not None else 0.0, -effect)


def _over_all(read: Analysis, lead: ArmAdvice, each: list[ArmAdvice]) -> tuple[str, ...]:
    """What is advised about the other arms, and whether the leading one is told apart from them."""
    told = [
        f"Of {len(each)} arms {lead.arm} leads; each was judged with {percent(float(read.pilot.alpha) / len(each), 2)}."
    ]
    told += [
        f"{one.arm}: {WORDS[one.advice]}. {_apart(read, lead.arm, one.arm)}" for one in each if one is not lead
    ]  # fmt: skip
    return tuple(told)


def _apart(read: Analysis, lead: str, other: str) -> str:
    """The direct comparison of two arms on the primary metric, on the scale on which it was read.

    The leading arm was chosen by its result, so any two arms might have been compared: p-values allow for all pairs (Bonferroni).
    """
    outcome = read.trial.outcomes[read.pilot.primary.name]
    arms = [read.trial.arms.index(name) for name in (other, lead)]
    rows = np.flatnonzero(np.isfinite(outcome.post) & np.isin(read.trial.arm, arms))
    if outcome.over is not None or len(rows) < 4:
        return "The two arms were not compared with each other."
    pre = None if outcome.pre is None or read.pilot.analysis.without_pre else np.nan_to_num(outcome.pre[rows])
    clusters, strata = (None if own is None else own[rows] for own in (read.trial.clusters, read.trial.strata))
    sample = Sample(outcome.post[rows], (read.trial.arm[rows] == arms[1]).astype(np.float64), pre=pre, strata=strata,
                    clusters=clusters)  # fmt: skip
    answer = read.primary_of(lead)
    name = answer.found.estimator if answer is not None and answer.found is not None else ""
    usual = "difference" if pre is None else "ancova"
    try:
        found = estimate(sample, name if name in _ALONE else usual, inference="analytic")
    except InputError:
        return "The two arms cannot be compared with each other."
    tested = len(read.trial.arms) - 1
    p_value = min(1.0, found.p_value * tested * (tested - 1) / 2)
    if p_value > float(read.pilot.alpha):
        return f"{lead} and {other} cannot be told apart (p {p_value_text(p_value, 2)})."
    better = lead if (found.effect > 0) == (read.pilot.primary.better == "higher") else other
    return f"Compared with each other, {better} does better (p {p_value_text(p_value, 2)})."


def _value(read: Analysis, prepared: Prepared, payer: Payer | None, arm: str) -> tuple[NetValue | None, str]:
    pilot, trial = read.pilot, prepared.trial
    if pilot.value is None:
        return None, "the plan does not say how outcomes become money (`value`)."
    if payer is None or set(payer.schemes) != set(trial.arms):
        return None, "the plan does not name the scheme of every arm, so incentive cost is unknown."
    if pilot.assignment.mechanism in ("switchback",):
        return None, "months in and out of the arm are mixed for each partner, so payouts cannot be kept apart."
    place = trial.arms.index(arm)
    alpha = float(pilot.alpha) / (len(trial.arms) - 1)
    outcome, share = _margin(pilot, prepared)
    found, note = _relative(read, pilot.model_copy(update={"alpha": Decimal(str(alpha))}), prepared, outcome, place)
    if found is None:
        return None, "the effect has no relative size with an interval, so its worth has no interval either."
    costs = Costs(payer, arm, trial.arms[0], prepared, _of_others(read, arm),
                  float(pilot.protect.keep) if pilot.protect else 0.0,
                  float(pilot.planted.lift) if pilot.planted else 0.0)  # fmt: skip
    assert outcome.monthly is not None
    earned = outcome.monthly[:, trial.first_post :] * share
    value = net_value(
        found, lambda relative: float((earned / costs.had(relative)).mean()) * relative, costs.incremental, alpha=alpha,
        prior=float(pilot.analysis.prior), partners=pilot.value.partners or trial.size, months=int(pilot.value.months),
    )  # fmt: skip
    return value, note if value else "the effect's interval has no end, so its worth cannot be told."


def _of_others(read: Analysis, arm: str) -> Floats:
    """The relative effect that other arms had on their partners, float64 [n]; 0 in the control, or where it is not known."""
    own = np.zeros(read.trial.size)
    for place, name in enumerate(read.trial.arms[1:], 1):
        answer = read.primary_of(name) if name != arm else None
        if answer is not None and answer.found is not None and _usable(answer.found):
            own[read.trial.arm == place] = answer.found.relative
    return own


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


def _relative(
    read: Analysis, pilot: Pilot, prepared: Prepared, outcome: Outcome, arm: int
) -> tuple[Estimate | None, str]:
    """The relative effect on margin; where it has none with an interval, that on the primary metric in money, with a note."""
    trial = prepared.trial
    try:
        found = measured(pilot, trial, outcome, arm)
    except InputError:
        found = None
    if found is not None and _usable(found):
        return found, ""
    first = read.primary_of(trial.arms[arm])
    if first is None or first.unit != "money":
        return None, ""
    own = first.found
    if own is not None and len(trial.arms) > 2:
        own = measured(pilot, trial, trial.outcomes[pilot.primary.name], arm)
    if own is None or not _usable(own):
        return None, ""
    return own, (f"Margin has no relative effect with an interval of its own (some is not above zero), so it is taken to change as "
                 f"{pilot.primary.name} does: worth less if the arm sells at smaller margins.")  # fmt: skip


def _usable(found: Estimate) -> bool:
    ends = found.relative_interval
    return bool(np.isfinite([found.relative, ends.low, ends.high]).all() and ends.low > -1)


def _advice(read: Analysis, arm: str, value: NetValue | None) -> tuple[str, tuple[str, ...]]:
    first = read.primary_of(arm)
    assert first is not None
    reasons = [first.words]
    rails = [one for one in read.answers if one.arm == arm]
    broken = [small(in_words(one.metric.name)) for one in rails if one.verdict == "broken"]
    still = [small(in_words(one.metric.name)) for one in rails if one.verdict == "open"]
    if any(one.state == "stop" for one in read.checks):
        named = ", ".join(one.name.lower() for one in read.checks if one.state == "stop")
        return "", (f"Nothing can be advised before this is settled: {named}.",)
    if broken:
        return "stop", (*reasons, f"A guardrail is broken: {', '.join(broken)}.")
    if first.verdict == "cannot tell":
        return "", tuple(reasons)
    if still:
        reasons.append(f"Not excluded yet: a loss beyond the margin in {', '.join(still)}.")
    if read.pilot.assignment.mechanism == "observed":
        reasons.append("Nobody was drawn, so this holds only as far as both groups would have changed alike.")
        found = [one for one in read.placebos if one.p_value <= float(read.pilot.alpha) / len(read.placebos)]
        if found:
            said = (
                f"At {len(found)} of {len(read.placebos)} placebo starts, where nothing can be, an effect is found too."
            )
            return "extend", (*reasons, said)
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
