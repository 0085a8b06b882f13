"""What a pilot found, as the assumptions of a projection."""

from __future__ import annotations

import math
from typing import Any

from incentive_lab.errors import InputError, Problem
from incentive_lab.pilot.analysis import Analysis
from incentive_lab.pilot.told import response_told
from incentive_lab.scheme.lookup import leaves_of, measure_named


def handed_over(read: Analysis) -> dict[str, Any]:
    """The primary effect as a document of assumptions: a lift with its standard error, and what it may call itself.

    The error is that of the relative change, by the delta method from its logarithm.

    Raises:
        InputError: The effect has no relative size with an interval, or is on something that no projection simulates.
    """
    told = response_told(read)
    if told is None:
        raise InputError([Problem(f"metrics.{read.primary.metric.name}", "the effect has no relative size with an interval.",
                                  "A projection takes relative changes; choose a metric of amounts or counts.")])  # fmt: skip
    change = math.expm1(told["log_effect"])
    label = " and ".join(read.label)
    return {
        "assumptions": f"{read.pilot.id}-found",
        "title": f"What the pilot {read.pilot.id} found for {told['arm']}",
        "reason": f"{label}; advice: {read.advice or 'none'}",
        "lifts": [{
            "of": _stream(read), "change": round(change, 6), "error": round((1 + change) * told["log_error"], 6),
            "because": f"pilot {read.pilot.id}, {told['fingerprint']}, {label}",
        }],
    }  # fmt: skip


def _stream(read: Analysis) -> str:
    """What a projection lifts when this metric rises: all deals, or the activity that is counted."""
    pilot, metric = read.pilot, read.primary.metric
    if pilot.data is None and not metric.over and measure_named(metric.of, pilot.measures).ratio is None:
        tables = {measure_named(leaf, pilot.measures).table for leaf in leaves_of(metric.of, pilot.measures)}
        if tables == {"deals"}:
            return "deals"
        if tables == {"activities"}:
            return metric.of
    if pilot.data is not None:
        if metric.lifts and metric.transform == "none" and not metric.over:
            return metric.lifts
        raise InputError([Problem(f"metrics.{metric.name}.lifts", f"the plan does not say what '{metric.of}' is to a projection.",
                                  "Write lifts: deals if it counts or adds up sales, else the activity's name.")])  # fmt: skip
    raise InputError([Problem(f"metrics.{metric.name}.of", f"a projection does not simulate '{metric.of}'.",
                              "Hand over a metric of deals or activities of a history.")])  # fmt: skip
