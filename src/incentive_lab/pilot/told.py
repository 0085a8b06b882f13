"""A pilot's results as plain JSON objects: what the command prints and the page exports."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.special import ndtri

from incentive_lab.pilot.analysis import Analysis
from incentive_lab.pilot.answering import Answer
from incentive_lab.pilot.decision import NetValue
from incentive_lab.pilot.estimate import Estimate, Interval
from incentive_lab.pilot.multiple import Heterogeneity
from incentive_lab.pilot.reading import fingerprint
from incentive_lab.pilot.sequential import Look
from incentive_lab.pilot.watching import Check
from incentive_lab.pilot.whales import Whales
from incentive_lab.pilot.words import reconciled


def number(value: float) -> float | None:
    """A finite number, else None: JSON has no infinity."""
    return float(value) if np.isfinite(value) else None


def pair(interval: Interval) -> list[float | None]:
    """An interval; None stands for an end without limit, or unknown."""
    return [number(interval.low), number(interval.high)]


def analysis_told(read: Analysis) -> dict[str, Any]:
    """What `pilot analyse --json` prints."""
    pilot, trial = read.pilot, read.trial
    answer: dict[str, Any] = {
        "ok": True, "pilot": pilot.id, "fingerprint": fingerprint(pilot), "source": trial.source,
        "currency": trial.currency or None, "label": list(read.label), "why": list(read.why), "alpha": float(pilot.alpha),
        "arms": trial.sizes(), "periods": {"first": trial.periods[trial.first_post], "last": trial.periods[-1]}
        if trial.periods and trial.first_post < len(trial.periods) else None,
        "metrics": [metric_told(read, one) for one in read.answers],
        "checks": [check_told(one) for one in read.checks],
        "whales": {name: whales_told(one, trial.partners) for name, one in read.whales.items()},
        "segments": {name: segments_told(one) for name, one in read.segments.items()},
        "belief": None, "looks": [look_told(one) for one in read.looks],
        "placebos": [{"months_before": one.months_before, "effect": one.effect, "interval": pair(one.interval),
                      "p_value": one.p_value} for one in read.placebos],
        "sensitivity": None, "response": response_told(read), "decision": decision_told(read),
        "flags": list(trial.flags), "notes": list(trial.notes),
    }  # fmt: skip
    if read.belief is not None:
        answer["belief"] = {
            "prior_sd": read.belief.prior, "relative": float(np.expm1(read.belief.mean)),
            "interval": [float(np.expm1(read.belief.interval.low)), float(np.expm1(read.belief.interval.high))],
            "chance_positive": read.belief.chance_positive, "chance_of_expected": number(read.belief.chance_worth),
        }  # fmt: skip
    else:
        answer["belief_reason"] = "the primary effect has no relative size with an interval"
    if read.sensitivity is not None:
        own = read.sensitivity
        answer["sensitivity"] = {"robustness": own.robustness, "robustness_significance": own.robustness_significance,
                                 "partial_r2": own.partial_r2}  # fmt: skip
    if answer["response"] is None:
        answer["response_reason"] = "the primary effect has no relative size with an interval"
    if not read.looks:
        answer["looks_reason"] = read.no_looks or "no looks were planned"
    return answer


def response_told(read: Analysis) -> dict[str, Any] | None:
    """The primary effect as a projection takes it: logarithm of one plus the relative change, with its standard error."""
    found = read.primary.found
    if found is None:
        return None
    ends = found.relative_interval
    if not np.isfinite([found.relative, ends.low, ends.high]).all() or ends.low <= -1:
        return None
    reach = 2 * float(ndtri(1 - float(read.pilot.alpha) / 2))
    return {
        "measure": read.primary.metric.of, "arm": read.primary.arm, "log_effect": float(np.log1p(found.relative)),
        "log_error": float((np.log1p(ends.high) - np.log1p(ends.low)) / reach), "pilot": read.pilot.id,
        "fingerprint": fingerprint(read.pilot), "label": list(read.label),
    }  # fmt: skip


def metric_told(read: Analysis, answer: Answer) -> dict[str, Any]:
    """One metric of one arm."""
    base = {"name": answer.metric.name, "role": answer.metric.role, "arm": answer.arm, "unit": answer.unit,
            "better": answer.metric.better}  # fmt: skip
    found = answer.found
    if found is None:
        empty = dict.fromkeys(("effect", "relative", "interval", "p_value", "method", "n"))
        return {**base, **empty, "effect_reason": answer.reason, "verdict": answer.verdict, "words": [answer.words]}
    hanging = read.whales.get(answer.arm) if answer.metric.role == "primary" else None
    return {**base, **estimate_told(found), "q_value": number(answer.q_value), "verdict": answer.verdict,
            "guardrail": None if answer.guardrail is None else {
                "margin": answer.guardrail.margin, "worst": number(answer.guardrail.worst),
                "share": answer.guardrail.share, "verdict": answer.guardrail.verdict},
            "words": [answer.words, *reconciled(answer, read.trial.currency, hanging, read.trial.each)]}  # fmt: skip


def estimate_told(found: Estimate) -> dict[str, Any]:
    """An estimate; `relative_reason` says why a relative effect is missing."""
    told: dict[str, Any] = {
        "effect": found.effect, "relative": number(found.relative), "interval": pair(found.interval),
        "relative_interval": pair(found.relative_interval), "p_value": number(found.p_value), "method": found.sentence,
        "estimator": found.estimator, "inference": found.inference, "error": found.error, "df": found.df, "n": found.units,
        "groups": found.groups, "control": found.control, "treated": found.treated, "typical": number(found.typical),
        "smallest_p": found.smallest_p, "variance_gained": number(found.gained), "assumes": list(found.assumes),
    }  # fmt: skip
    if found.by_distance:
        told["by_distance"] = [
            {"since_start": gap, "effect": effect, "error": error} for gap, effect, error in found.by_distance
        ]
        told["groups_by_month"] = [
            {"start": start, "month": month, "effect": effect, "error": error, "n": n}
            for start, month, effect, error, n in found.cells
        ]
    if told["relative"] is None:
        told["relative_reason"] = "a share needs outcomes that are not negative and positive sums in both arms"
    if told["interval"] == [None, None]:
        told["interval_reason"] = "no size can be excluded, or the drawing cannot reach the level"
    return told


def check_told(one: Check) -> dict[str, Any]:
    """One check."""
    return {"name": one.name, "state": one.state, "words": one.words, "p_value": number(one.p_value)}


def whales_told(one: Whales, partners: tuple[str, ...]) -> dict[str, Any]:
    """A whale report; effects are relative for logarithms, else in the metric's unit."""
    return {
        "relative": one.logs, "effect": one.effect, "largest_share": number(one.largest_share),
        "sign_changes": one.sign_changes,
        "tops": [{"partners": count, "share": number(share), "effect_without": without} for count, share, without in one.tops],
        "leave_one_out": [{"row": list(single.rows), "effect": single.effect} for single in one.leave_one_out],
    }  # fmt: skip


def segments_told(one: Heterogeneity) -> dict[str, Any]:
    """Segment effects with their verdict."""
    return {
        "common": one.common, "between": one.between, "p_value": number(one.p_value), "verdict": one.verdict,
        "segments": [
            {"name": own.name, "n": own.units, "effect": own.effect, "error": own.error, "shrunk": own.shrunk,
             "interval": pair(own.interval)} for own in one.segments
        ],
    }  # fmt: skip


def look_told(one: Look) -> dict[str, Any]:
    """One look."""
    return {
        "arm": one.arm, "months": one.months, "fraction": one.fraction,
        "statistic": number(one.statistic), "boundary": number(one.boundary),
        "crossed": one.crossed, "effect": number(one.effect), "interval": [number(one.low), number(one.high)],
        "alpha_spent": one.spent,
    }  # fmt: skip


def decision_told(read: Analysis) -> dict[str, Any]:
    """The decision; what cannot be said is null beside its reason."""
    told: dict[str, Any] = {
        "arm": read.primary.arm, "advice": read.advice or None, "reasons": list(read.reasons), "net_value": None,
        "by_arm": [
            {"arm": one.arm, "advice": one.advice or None, "reasons": list(one.reasons),
             "net_value": None if one.value is None else value_told(one.value), "net_value_reason": one.no_value or None}
            for one in read.by_arm
        ],
    }  # fmt: skip
    if not read.advice:
        told["advice_reason"] = " ".join(read.reasons)
    if read.value is None:
        told["net_value_reason"] = read.no_value
        return told
    return {**told, "net_value": value_told(read.value)}


def value_told(value: NetValue) -> dict[str, Any]:
    """A net value in currency units, for all partners and months it is scaled to."""
    return {
        "expected": value.point, "interval": pair(value.interval), "margin": value.margin, "cost": value.cost,
        "chance_it_pays": value.chance, "chance_sceptical": value.chance_sceptical,
        "expected_sceptical": value.expected_sceptical, "break_even_effect": number(value.break_even),
        "value_of_perfect_information": value.information,
        "longer_pilot": [{"data": factor, "worth": worth} for factor, worth in value.longer],
        "partners": value.partners, "months": value.months,
    }  # fmt: skip
