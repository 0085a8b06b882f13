"""Flaws planted in the first block, so that a data quality report has something to find."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from incentive_lab.history.demo.makeup import STATUS_WON
from incentive_lab.history.demo.plan import Plan, month_start, quarter_of

if TYPE_CHECKING:
    from incentive_lab.history.demo.deals import Deals
    from incentive_lab.history.demo.partners import Traits

OLD, NEW = 11, 17  # places in the first block of the partner that changes its id
_NAME_ENDING = " Ltd"
_AMONG = 60  # planted flaws lie in the first sixty partners
_WON_ENOUGH = 10
_SPIKES = 2  # planted with the partners whose deals differ least in size
_SPIKE_FACTOR = 30.0
_SPIKE_DEVIATIONS = 5.5
_COST_FACTORS = (108, 115, 125)  # per cent of the amount
_FEWEST_MONTHS = 12


def _renames(plan: Plan) -> bool:
    return plan.kept(0) > NEW and plan.months >= _FEWEST_MONTHS


def rename(plan: Plan, block: int, traits: Traits) -> Traits:
    """The traits with one partner that goes on under another id half-way through the window."""
    if block or not _renames(plan):
        return traits
    changed = replace(traits, **{name: np.copy(value) for name, value in vars(traits).items()})
    for name in ("type", "region", "segment", "tier", "engagement", "amount", "service"):
        getattr(changed, name)[NEW] = getattr(changed, name)[OLD]
    changed.rate[[OLD, NEW]] = max(float(traits.rate[OLD]), 3 * plan.deals_per_partner_month)
    changed.active[[OLD, NEW]] = True
    changed.bunches[[OLD, NEW]] = False
    month = plan.months // 2
    changed.left[[OLD, NEW]] = month, plan.months
    changed.joined[[OLD, NEW]] = min(int(traits.joined[OLD]), -30), month - 1
    changed.joined_on[[OLD, NEW]] = month_start(plan.first + changed.joined[[OLD, NEW]]) + np.array([9, 27])
    changed.parent[[OLD, NEW]] = -1
    changed.renamed[NEW] = OLD
    return changed


def rename_names(traits: Traits, names: list[str]) -> list[str]:
    """The names, where one that continues another bears the other's with a new ending."""
    return [
        name if before < 0 else names[before] + _NAME_ENDING
        for name, before in zip(names, traits.renamed[: len(names)], strict=True)
    ]


def silent_after_rename(plan: Plan, traits: Traits, deals: Deals) -> Deals:
    """The deals without those that a renamed partner's old id would close after the change."""
    old = traits.renamed[traits.renamed >= 0]
    if not len(old):
        return deals
    end = np.where(deals.closed < 0, plan.last_day, deals.closed)
    change = plan.starts[np.searchsorted(plan.starts, traits.joined_on[NEW])]
    kept = deals.kept(~(np.isin(deals.owner, old) & (end >= change)))
    return kept.renumbered()


def flaw(plan: Plan, block: int, deals: Deals) -> dict[str, list[dict[str, object]]]:
    """Plants spikes and sales below cost in place; returns where, for the record of the truth."""
    found: dict[str, list[dict[str, object]]] = {"spikes": [], "below_cost": []}
    if block:
        return found
    won = np.bincount(deals.owner[deals.status == STATUS_WON], minlength=_AMONG)[:_AMONG]
    fit = [int(place) for place in np.flatnonzero(won >= _WON_ENOUGH) if place not in (OLD, NEW)]
    steady = sorted(fit, key=lambda place: _spread(deals, place))[:_SPIKES]
    found["spikes"] = [_spike(deals, place) for place in sorted(steady) if place < plan.kept(0)]
    others = [place for place in fit if place not in steady]
    for place, factor in zip(others, _COST_FACTORS, strict=False):
        if place < plan.kept(0):
            found["below_cost"].append(_below_cost(plan, deals, place, factor))
    return found


def _won_rows(deals: Deals, owner: int) -> np.ndarray[tuple[int, ...], np.dtype[np.int64]]:
    return np.flatnonzero((deals.owner == owner) & (deals.status == STATUS_WON))


def _spread(deals: Deals, owner: int) -> float:
    """Robust deviation of the log amounts that a partner won."""
    logs = np.log(deals.amount[_won_rows(deals, owner)])
    return 1.4826 * float(np.median(np.abs(logs - np.median(logs))))


def _spike(deals: Deals, owner: int) -> dict[str, object]:
    rows = _won_rows(deals, owner)
    row = rows[len(rows) // 2]
    times = max(_SPIKE_FACTOR, float(np.exp(_SPIKE_DEVIATIONS * _spread(deals, owner))))
    factor = times * float(np.median(deals.amount[rows])) / float(deals.amount[row])
    for name in ("amount", "list_amount", "cost", "quantity"):
        values = getattr(deals, name)
        values[row] = max(1, round(int(values[row]) * factor))
    deals.recurring[row] = deals.amount[row] // deals.term[row] if deals.term[row] > 0 else deals.recurring[row]
    deals.returned[row], deals.returned_amount[row] = -1, -1
    return {"partner_id": f"P{owner + 1:06d}", "deal_id": f"D{owner + 1:06d}-{int(deals.place[row]) + 1:04d}"}


def _below_cost(plan: Plan, deals: Deals, owner: int, factor: int) -> dict[str, object]:
    rows = _won_rows(deals, owner)
    quarters = quarter_of(deals.closed[rows]) - plan.first_quarter
    quarter = int(np.bincount(quarters).argmax())
    hit = rows[quarters == quarter]
    deals.cost[hit] = deals.amount[hit] * factor // 100
    return {"partner_id": f"P{owner + 1:06d}", "period": plan.quarter_label(quarter), "deals": len(hit)}
