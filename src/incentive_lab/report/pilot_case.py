"""What a submitted pilot shows, in sentences: what limits it as evidence, the decision, each metric."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from incentive_lab.format import count, money, signed

REHEARSED = "The pilot is a rehearsal: its lift was planted, so it does not show that partners change what they do."


def is_rehearsal(pilot: Mapping[str, Any] | None) -> bool:
    """Whether the effect was planted."""
    return "rehearsal" in (pilot or {}).get("label", ())


def pilot_told(pilot: Mapping[str, Any] | None, currency: str) -> tuple[str, ...]:
    """What the pilot is and found, a sentence for each metric, or that there is none.

    Args:
        pilot: pilot.json, if there is one.
        currency: Of its amounts.

    Example:
        >>> pilot_told({"label": ["rehearsal"], "why": ["A lift was added: this is a rehearsal, not a result."],
        ...             "metrics": [{"name": "won-deals", "effect": 2.5, "interval": [1.0, 4.0], "p_value": 0.012}]}, "USD")
        ('A lift was added: this is a rehearsal, not a result.', 'Pilot, won deals: +2.5, from 1 to 4, p = 0.012.')
    """
    if pilot is None:
        return ("No pilot was submitted: that partners change what they do is not shown by an experiment.",)
    metrics = pilot.get("metrics", ())
    if not metrics:
        return ("The pilot has no metric that was read.",)
    methods = dict.fromkeys(str(one["method"]).rstrip(".") for one in metrics if one.get("method"))
    read = (f"Read by: {'; '.join(methods)}.",) if methods else ()
    why = sorted(map(str, pilot.get("why", ())), key=lambda one: "rehearsal" not in one)
    return (*why, *_decision(pilot, currency), *map(_metric, metrics), *read)


def _metric(one: Mapping[str, Any]) -> str:
    interval, p, effect = one.get("interval"), one.get("p_value"), one.get("effect")
    between = f", from {figure(interval[0])} to {figure(interval[1])}" if interval and None not in interval else ""
    chance = f", p = {p:.2g}" if isinstance(p, (int, float)) else ""
    told = signed(figure(effect)) if isinstance(effect, (int, float)) else "cannot tell"
    return f"Pilot, {str(one.get('name', 'metric')).replace('-', ' ')}: {told}{between}{chance}."


def _decision(pilot: Mapping[str, Any], currency: str) -> tuple[str, ...]:
    """What the pilot advises, and its net value, where it says them."""
    decision = pilot.get("decision")
    if not isinstance(decision, dict):
        return (str(decision),) if decision else ()
    value, said = decision.get("net_value"), []
    first, *others = [*map(str, decision.get("reasons", ())), ""]
    if decision.get("advice"):
        said.append(f"The pilot's decision: {decision['advice']}. {first}".strip())
    if isinstance(value, dict) and None not in value["interval"]:
        low, high = (money(end, currency) for end in value["interval"])
        said.append(f"Net value {money(value['expected'], currency)} over {count(value['months'])} months, from "
                    f"{low} to {high}.")  # fmt: skip
    return (*said, *filter(None, others))


def figure(value: float) -> str:
    """A figure of a pilot, with as many digits as can be read.

    Example:
        >>> figure(10_620.4), figure(0.0352)
        ('10,620', '0.035')
    """
    return count(round(value)) if abs(value) >= 100 else f"{value:,.2g}"
