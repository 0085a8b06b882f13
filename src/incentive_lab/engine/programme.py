"""What needs all partners at once: awards before the kernel, pools and the budget after it (docs/payouts.md)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incentive_lab.engine.blocks import group_keys, month_column
from incentive_lab.engine.columns import Column, restates
from incentive_lab.engine.periods import PERIOD_MONTHS, active_months, year_shift
from incentive_lab.engine.who import tenure_mask, who_mask
from incentive_lab.money import decimals, to_minor
from incentive_lab.panel import Floats, Panel
from incentive_lab.scheme.document import Pool, Scheme
from incentive_lab.scheme.lookup import unit_of
from incentive_lab.scheme.rules import Rule

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


def ranks_by_tier(scheme: Scheme) -> bool:
    """Whether a contest is open to some tiers only, so that prizes need the tiers in force."""
    return any(
        rule.award is not None and (rule.who.tiers != "all" or scheme.eligible.tiers != "all") for rule in scheme.rules
    )


def award_amounts(scheme: Scheme, panel: Panel, tiers: Tiers | None = None) -> Floats:
    """Prizes of every award rule; `tiers` [months, partners] are asked for where `ranks_by_tier` says so.

    Returns:
        float64 [awards, months, partners], cents in the posting months.
    """
    rules = [rule for rule in scheme.rules if rule.award]
    amounts = np.zeros((len(rules), panel.months, panel.partners))
    for row, rule in enumerate(rules):
        _award(scheme, rule, panel, amounts[row], tiers)
    return amounts


@dataclass(frozen=True, eq=False)
class Contest:
    """What an award rule asks, apart from how much each partner reached.

    Attributes:
        column: What is counted, by month.
        who: [partners] whom the rule pays, months since joining and tiers apart.
        groups: [partners] within which places are counted.
        least: What must be reached, in the kernel's units.
        prizes: Cents by place.
        periods: First month and posting month of each.
    """

    column: Column
    who: NDArray[np.bool_]
    groups: Rows
    least: float
    prizes: list[int]
    periods: list[tuple[int, int]]


def contest_of(scheme: Scheme, rule: Rule, panel: Panel) -> Contest:
    """The contest of an award rule among the partners of a panel."""
    award = rule.award
    assert award is not None
    money = unit_of(rule.on.measure or "", scheme.measures) == "money"
    scale = 10 ** decimals(scheme.currency) if money else 1_000_000
    groups = np.zeros(panel.partners, dtype=np.int64)
    if award.within != "all":
        groups = np.unique(panel.attributes[award.within].astype(str), return_inverse=True)[1]
    return Contest(
        Column(rule.on.measure or "", restated=restates(scheme, rule)),
        who_mask(scheme.eligible, panel) & who_mask(rule.who, panel), groups, float(award.at_least * scale),
        [to_minor(prize, scheme.currency) for prize in award.prizes],
        _active_periods(scheme, rule, year_shift(scheme, panel.first_month), panel.months),
    )  # fmt: skip


def prizes_won(contest: Contest, reached: Floats, able: NDArray[np.bool_]) -> dict[int, int]:
    """Cents by partner row of one period of a contest.

    Args:
        contest: Which.
        reached: [partners] what each has in the period.
        able: [partners] who may win: those of the contest with the months since joining and the tier that are asked for.
    """
    entrants = np.flatnonzero(able & (reached >= contest.least) & (reached > 0))
    won: dict[int, int] = {}
    for group in np.unique(contest.groups[entrants]).tolist():
        won |= share_prizes(reached, entrants[contest.groups[entrants] == group], contest.prizes)
    return won


def _award(scheme: Scheme, rule: Rule, panel: Panel, amounts: Floats, tiers: Tiers | None) -> None:
    contest = contest_of(scheme, rule, panel)
    values = month_column(panel, contest.column, scheme)
    for first, last in contest.periods:
        able = contest.who & tenure_mask(scheme.eligible, panel, last) & tenure_mask(rule.who, panel, last)
        able = able if tiers is None else able & _tier_named(scheme, rule, tiers[last])
        for partner, prize in prizes_won(contest, values[:, first : last + 1].sum(axis=1), able).items():
            amounts[last, partner] += prize


def _tier_named(scheme: Scheme, rule: Rule, held: Tiers) -> NDArray[np.bool_]:
    """Whether each partner's tier is one that the scheme and the rule name, bool [partners]."""
    names = [level.name for level in scheme.tiers.levels] if scheme.tiers else []
    named = [
        all(who.tiers == "all" or name in who.tiers for who in (scheme.eligible, rule.who)) for name in names or [""]
    ]
    return np.array(named, dtype=bool)[held]


def _active_periods(scheme: Scheme, rule: Rule, shift: int, months: int) -> list[tuple[int, int]]:
    """The periods of an award rule, cut at the ends of its `during`."""
    per = PERIOD_MONTHS[rule.per]
    if rule.during is None:
        return posting_months(per, shift, months)
    begin, length = active_months(scheme, rule.during)
    periods: list[tuple[int, int]] = []
    first = -1
    for month in range(months):
        place, since = (month + shift) % 12, (month + shift - begin) % 12
        if since > length:
            continue
        first = month if first < 0 or since == 0 or place % per == 0 else first
        if place % per == per - 1 or since == length or month == months - 1:
            periods.append((first, month))
            first = -1
    return periods


def share_prizes(reached: Floats, entrants: Rows, prizes: list[int]) -> dict[int, int]:
    """Cents won by partner row: ties share the prizes of the places they span, left-over cents by lowest row.

    Example:
        >>> share_prizes(np.array([5.0, 9.0, 5.0]), np.array([0, 1, 2]), [100, 51])
        {1: 100, 0: 26, 2: 25}
    """
    if len(entrants) > len(prizes) > 0:
        last = np.partition(reached[entrants], len(entrants) - len(prizes))[len(entrants) - len(prizes)]
        entrants = entrants[reached[entrants] >= last]
    order = sorted(entrants.tolist(), key=lambda row: (-reached[row], row))
    won: dict[int, int] = {}
    place = 0
    while place < len(order) and place < len(prizes):
        tied = [row for row in order[place:] if reached[row] == reached[order[place]]]
        pot = sum(prizes[place : place + len(tied)])
        for number, row in enumerate(tied):
            won[row] = pot // len(tied) + (1 if number < pot % len(tied) else 0)
        place += len(tied)
    return won


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
