"""What a forecast supposes, measured: a gauge is a rule that pays one unit for each unit of what it counts.

The payout kernel is the instrument, so a gauge means the same in every future of a forecast and in what came.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from incentive_lab.panel import Panel
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.measures import CATALOGUE

MOST = 6
"""Kinds of partner, and of activity, that are gauged each; the ones paid on first."""
REVENUE, DEALS = "gauge-revenue", "gauge-deals"


@dataclass(frozen=True)
class Gauge:
    """Something a forecast supposes.

    Attributes:
        name: What it is, in words.
        about: volume, size, mix, tier or activity.
        rule: The rule that counts it.
        by: The rule it is a ratio to: deal size is revenue by deals, a share is a part of revenue. None: as counted.
    """

    name: str
    about: str
    rule: str
    by: str | None = None


def gauges(scheme: Scheme, panel: Panel) -> tuple[list[Gauge], Scheme]:
    """The gauges of a scheme on a panel, and the one scheme that counts them all.

    They are deals, their size, the mix of partners, tiers, and each activity that is paid for.
    """
    rules: list[dict[str, Any]] = [_rule(REVENUE, "revenue", "100%"), _rule(DEALS, "won_deals", "1")]
    found = [Gauge("Deals won", "volume", DEALS), Gauge("Amount of a deal", "size", REVENUE, DEALS)]
    kinds = sorted({str(one) for one in panel.attributes.get("type", ()) if one})
    for place, kind in enumerate(kinds[:MOST] if len(kinds) > 1 else ()):
        rules.append(_rule(f"gauge-kind-{place}", "revenue", "100%", {"types": [kind]}))
        found.append(Gauge(f"Share of revenue from {kind.replace('_', ' ')}", "mix", f"gauge-kind-{place}", REVENUE))
    if scheme.tiers is not None and len(scheme.tiers.levels) > 1:
        lowest, *higher = (level.name for level in scheme.tiers.levels)
        rate = {"by_tier": {lowest: "0%", **dict.fromkeys(higher, "100%")}}
        rules.append(_rule("gauge-tier", "revenue", rate))
        found.append(Gauge(f"Share of revenue above tier {lowest}", "tier", "gauge-tier", REVENUE))
    paid = dict.fromkeys(rule.on.measure for rule in scheme.rules if rule.on.measure)
    for place, name in enumerate([one for one in paid if _is_activity(scheme, one)][:MOST]):
        rules.append(_rule(f"gauge-activity-{place}", name, "1"))
        found.append(Gauge(name.replace("_", " ").capitalize(), "activity", f"gauge-activity-{place}"))
    return found, Scheme.model_validate({
        "scheme": "gauges", "currency": scheme.currency, "effective": scheme.effective, "calendar": scheme.calendar,
        "settle": scheme.settle, "splits": scheme.splits, "late_data": scheme.late_data, "measures": scheme.measures,
        "tiers": scheme.tiers, "targets": scheme.targets, "rules": rules,
    })  # fmt: skip


def _is_activity(scheme: Scheme, name: str) -> bool:
    measure = scheme.measures.get(name) or CATALOGUE.get(name)
    return measure is not None and measure.table == "activities"


def _rule(
    name: str, measure: str, rate: str | Mapping[str, object], who: Mapping[str, object] | None = None
) -> dict[str, Any]:
    """A rule that pays one unit for each unit of a measure."""
    return {"id": name, "on": measure, "rate": rate, **({"who": who} if who else {})}
