"""What needs all partners at once after the kernel: pools and the budget (docs/payouts.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
from numpy.typing import NDArray

from incentive_lab.engine.blocks import group_keys, month_column
from incentive_lab.engine.columns import Column, restates
from incentive_lab.engine.periods import PERIOD_MONTHS, year_shift
from incentive_lab.money import decimals
from incentive_lab.panel import Floats, Panel
from incentive_lab.scheme.document import Pool, Scheme

Rows = NDArray[np.int64]
Tiers = NDArray[np.uint8]


def rounding_unit(scheme: Scheme) -> float:
    """The smallest amount that is paid, in minor units."""
    return float(scheme.smallest * 10 ** decimals(scheme.currency))


def posting_months(per: int, shift: int, months: int) -> list[tuple[int, int]]:
    """(first month, posting month) of each period of `per` months that the history touches.

    Example:
        >>> posting_months(3, 0, 7)
        [(0, 2), (3, 5), (6, 6)]
    """
    if per == 0:
        return [(0, months - 1)] if months else []
    result, first = [], 0
    for month in range(months):
        if (month + shift) % per == per - 1 or month == months - 1:
            result.append((first, month))
            first = month + 1
    return result


def shared_cut(amounts: Floats, total: float, unit: float) -> Floats:
    """Amounts scaled so that they add up to `total`, in whole units; units left over go to the largest, then lowest rows.

    Example:
        >>> shared_cut(np.array([100.0, 100.0, 50.0]), 101.0, 1.0)
        array([41., 40., 20.])
    """
    units = [int(round(float(amount) / unit * 1_000_000)) for amount in amounts]
    target, everything = int(total / unit + 1e-9), sum(units)
    if everything <= 0:
        return np.zeros_like(amounts)
    scaled = [size * target // everything for size in units]
    order = sorted((row for row in range(len(units)) if units[row] > 0), key=lambda row: (-units[row], row))
    for row in order[: target - sum(scaled)]:
        scaled[row] += 1
    return np.array(scaled, dtype=np.float64) * unit


def pool_lines(scheme: Scheme, panel: Panel, detail: Floats, rule_ids: Mapping[str, int]) -> Floats:
    """What pools change, float64 [months, partners] cents, at the end of each pool's period.

    Claims are scaled down to a pool that they exceed, and up to one that is paid out whole, or are all brought to the same.
    """
    lines = np.zeros((panel.months, panel.partners))
    shift = year_shift(scheme, panel.first_month)
    for pool in scheme.pools:
        rows = [rule_ids[name] for name in pool.rules]
        per = {"life": 0}.get(pool.per) if pool.per == "life" else PERIOD_MONTHS[pool.per]
        for first, last in posting_months(per or 0, shift, panel.months):
            claims = np.maximum(detail[rows, first : last + 1].sum(axis=(0, 1)), 0.0)
            for mine in _sharers(scheme, pool, panel):
                amount = _pool_amount(scheme, pool, panel, mine, first, last)
                if pool.pays == "whole" or claims[mine].sum() > amount:
                    by = (claims[mine] > 0).astype(np.float64) if pool.divides == "equally" else claims[mine]
                    lines[last, mine] += shared_cut(by, amount, rounding_unit(scheme)) - claims[mine]
    return lines


def _sharers(scheme: Scheme, pool: Pool, panel: Panel) -> list[Rows]:
    """Rows of the partners that share a pool, or each category's own."""
    if pool.within == "all":
        return [np.arange(panel.partners)]
    _, place = np.unique(group_keys(panel, scheme, pool.within).astype(str), return_inverse=True)
    return [np.flatnonzero(place == each) for each in range(place.max(initial=-1) + 1)]


def pool_column(scheme: Scheme, pool: Pool) -> Column | None:
    """The measure that a pool is a share of, in the form in which the panel has it; None for a pool of an amount."""
    return Column(pool.of, restated=restates(scheme)) if pool.of else None


def _pool_amount(scheme: Scheme, pool: Pool, panel: Panel, mine: Rows, first: int, last: int) -> float:
    """Cents that a pool of some partners holds for the months first..last."""
    column = pool_column(scheme, pool)
    if column is None:
        return float((pool.amount or 0) * 10 ** decimals(scheme.currency))
    total = int(month_column(panel, column, scheme)[mine, first : last + 1].sum())
    return float(max(0, int((pool.share or 0) * total)))


def budget_lines(
    scheme: Scheme, panel: Panel, paid: Floats, guaranteed: Floats, claims: Callable[[int, int], list[Claim]] | None
) -> Floats:
    """What the budget takes off, float64 [months, partners] cents, at each settlement.

    Args:
        scheme: With a budget.
        panel: The history.
        paid: float64 [months, partners] cents before the budget.
        guaranteed: float64 [months, partners] cents of guarantees, which are paid first.
        claims: The dated amounts of months first..last for first_come, in order; they are asked for where not all fit.
    """
    lines = np.zeros_like(paid)
    budget = scheme.budget
    if budget is None or budget.when_exceeded == "report":
        return lines
    shift = year_shift(scheme, panel.first_month)
    unit, at_total = rounding_unit(scheme), scheme.rounding.at == "total"
    amount = float(budget.amount * 10 ** decimals(scheme.currency))
    left = amount
    for first, last in posting_months(PERIOD_MONTHS[scheme.settle], shift, panel.months):
        if (first + shift) % 12 == 0:
            left = amount
        due = np.maximum(paid[first : last + 1].sum(axis=0), 0.0)
        if due.sum() > left:
            floor = np.minimum(np.maximum(guaranteed[first : last + 1].sum(axis=0), 0.0), due)
            kept = floor if floor.sum() <= left else shared_cut(floor, left, unit)
            rest = due - floor
            room = left - kept.sum()
            if claims is None:
                kept = kept + (shared_cut(rest, room, unit) if rest.sum() > room else rest)
            elif room > 0:
                kept = kept + _first_come(claims(first, last), rest, room, unit if at_total else 1.0)
            lines[last] = kept - due
            due = kept
        left -= due.sum()
    return lines


Claim = tuple[int, int, str, int, float]
"""(month, day, deal id, partner row, cents): one dated claim on a first-come budget."""


def _first_come(claims: list[Claim], rest: Floats, room: float, unit: float) -> Floats:
    """Pay claims in order until the room is used, never more to a partner than is due.

    Claims with parts of a unit, which rounding at the total leaves as they are, are paid in whole units as they add up; a
    partner's last one is paid with what rounding added.

    Example:
        >>> claims = [(0, 1, "a", 0, 10.4), (0, 2, "b", 0, 10.4), (0, 3, "c", 1, 9.0)]
        >>> _first_come(claims, np.array([21.0, 9.0]), 25.0, 1.0)
        array([21.,  4.])
    """
    kept, claimed = np.zeros_like(rest), np.zeros_like(rest)
    ends = {claim[3]: place for place, claim in enumerate(claims)}
    for place, (_, _, _, partner, cents) in enumerate(claims):
        if room <= 0:
            break
        claimed[partner] += cents
        due = unit * np.floor(claimed[partner] / unit + 1e-6)
        if ends[partner] == place and abs(rest[partner] - claimed[partner]) < unit:
            due = rest[partner]
        pays = max(0.0, min(due, rest[partner]) - kept[partner])
        pays = min(pays, room)
        kept[partner] += pays
        room -= pays
    return kept
