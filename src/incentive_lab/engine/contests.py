"""Awards: who wins what prize, worked out before the kernel (docs/payouts.md)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incentive_lab.engine.blocks import month_column
from incentive_lab.engine.columns import Column, restates
from incentive_lab.engine.periods import PERIOD_MONTHS, active_months, year_shift
from incentive_lab.engine.programme import posting_months
from incentive_lab.engine.who import tenure_mask, who_mask
from incentive_lab.money import decimals, to_minor
from incentive_lab.panel import Floats, Panel
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.lookup import unit_of
from incentive_lab.scheme.rules import Rule

Rows = NDArray[np.int64]
Tiers = NDArray[np.uint8]


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
