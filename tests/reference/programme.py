"""What partners share: awards, pools and the budget."""

from __future__ import annotations

import calendar as gregorian
import datetime
import math
from collections.abc import Iterable
from fractions import Fraction

from incentive_lab.scheme.document import Pool
from incentive_lab.scheme.rules import Award, Rule
from tests.reference.limits import gated_and_limited
from tests.reference.numbers import ZERO, share_out
from tests.reference.rules import Place
from tests.reference.state import Book
from tests.reference.world import Undefined, World, group_key, scaled_lump

SPECIAL_LINES = (
    "clawback", "cap", "guarantee", "draw", "carried_balance", "minimum_payout", "rounding", "pool", "budget",
)  # fmt: skip


def run_award(book: Book, rule: Rule, places: Iterable[Place], month: int) -> None:
    """Rank the partners of each category and post their prizes."""
    award, world = rule.award, book.world
    assert award is not None
    if rule.on.measure is None:
        raise Undefined("a contest over anything but a measure")
    ranked: dict[str, list[tuple[Fraction, Place]]] = {}
    for place in places:
        _, last = world.calendar.period(month, rule.per, rule.during)
        if month != min(last, world.panel.months - 1):
            continue
        value = world.over(rule.on.measure, place.row, place.window("period"))
        border = world.border(award.at_least, world.unit(rule.on.measure))
        if value is not None and value > 0 and value >= border:
            category = "" if award.within == "all" else world.attribute(award.within, place.row)
            ranked.setdefault(category, []).append((value, place))
    for entries in ranked.values():
        for place, prize in prizes(book, award, entries):
            book.post(month, place.row, rule.id, gated_and_limited(place, prize, place.read))


def prizes(book: Book, award: Award, entries: list[tuple[Fraction, Place]]) -> list[tuple[Place, Fraction]]:
    """Each entry's prize: the tied share the prizes of the places they span, cents left over to the lowest ids."""
    cent = book.world.currency.cent
    amounts = [scaled_lump(book.world, prize, Fraction(1)) for prize in award.prizes]
    result = []
    ahead = 0
    for value in sorted({value for value, _ in entries}, reverse=True):
        tied = sorted((place for other, place in entries if other == value), key=lambda place: place.row)
        cents = sum(amounts[ahead : ahead + len(tied)], ZERO) / cent
        each, left = divmod(int(cents), len(tied))
        result += [(place, (each + (number < left)) * cent) for number, place in enumerate(tied)]
        ahead += len(tied)
    return result


def run_pools(book: Book, month: int) -> None:
    """Scale the claims of each pool whose period ends to what the pool holds; negative ones stay (chosen here).

    A pool that is paid out whole scales them up, too; a share is brought down to the minor unit.
    """
    world = book.world
    for pool in world.scheme.pools:
        if month != world.calendar.posting(month, pool.per):
            continue
        first = world.calendar.first(month, pool.per)
        for rows in sharers(world, pool):
            claims = {row: max(book.posted(pool.rules, row, first, month), ZERO) for row in rows}
            if pool.of is None:
                holds = world.currency.cents(pool.amount or 0)
            else:
                total = world.value(pool.of, tuple(rows), max(first, 0), month) or ZERO
                cent = world.currency.cent
                holds = max(ZERO, math.floor(Fraction(pool.share or 0) * total / cent) * cent)
            sizes = {row: Fraction(int(claims[row] > 0)) for row in rows} if pool.divides == "equally" else claims
            paid = share_out(sizes, holds, world.step, whole=pool.pays == "whole")
            for row in rows:
                book.post(month, row, "pool", paid[row] - claims[row])


def sharers(world: World, pool: Pool) -> list[list[int]]:
    """The partners that share a pool; with `within` those of each category share one of their own."""
    by: dict[str, list[int]] = {}
    for row in world.rows:
        if pool.within == "group":
            assert world.scheme.group is not None
            category = group_key(world.panel, world.scheme.group.by, row)
        else:
            category = "" if pool.within == "all" else world.attribute(pool.within, row)
        by.setdefault(category, []).append(row)
    return list(by.values())


def run_budget(book: Book, month: int) -> None:
    """Scale a settlement to what is left of the programme year's budget, guarantees first.

    A settlement below nothing (a pool may leave one) neither draws on the budget nor fills it (chosen here).
    """
    world, budget = book.world, book.world.scheme.budget
    if (
        budget is None
        or budget.when_exceeded == "report"
        or month != world.calendar.posting(month, world.scheme.settle)
    ):
        return
    year, first = world.calendar.first(month, "year"), world.calendar.first(month, world.scheme.settle)
    left = world.currency.cents(budget.amount)
    for at in range(max(year, 0), first):
        if at == world.calendar.posting(at, world.scheme.settle):
            begins = world.calendar.first(at, world.scheme.settle)
            left -= sum((max(paid(book, row, begins, at), ZERO) for row in world.rows), ZERO)
    left = max(left, ZERO)
    due = {row: max(paid(book, row, first, month), ZERO) for row in world.rows}
    floors = {row: min(max(book.posted(("guarantee",), row, first, month), ZERO), due[row]) for row in world.rows}
    rest = {row: due[row] - floors[row] for row in world.rows}
    floors_paid = share_out(floors, left, world.step)
    left -= sum(floors_paid.values(), ZERO)
    if budget.when_exceeded == "prorate":
        rest_paid = share_out(rest, left, world.step)
    else:
        rest_paid = first_come(book, rest, left, first, month)
    for row in world.rows:
        book.post(month, row, "budget", floors_paid[row] + rest_paid[row] - due[row])


def paid(book: Book, row: int, first: int, last: int) -> Fraction:
    """Everything that is paid to a partner in months first..last."""
    cash = [rule.id for rule in book.world.scheme.rules if not rule.non_cash]
    return book.posted((*cash, *SPECIAL_LINES), row, first, last)


def first_come(book: Book, rest: dict[int, Fraction], left: Fraction, first: int, last: int) -> dict[int, Fraction]:
    """Claims in order of date, then deal id, then (chosen here) partner and rule, while money is left.

    Defined only where a partner's claims add up to what it is due, so without lines that belong to no claim.
    """
    world = book.world
    claims: list[tuple[int, str, int, int, Fraction]] = []
    for row in world.rows:
        for index, rule in enumerate(world.schemes[row].rules):
            if not rule.non_cash:
                claims += [
                    (day, deal, row, index, amount) for day, deal, amount in dated(book, index, rule, row, first, last)
                ]
        if sum((claim[4] for claim in claims if claim[2] == row), ZERO) != rest[row]:
            raise Undefined("first come with lines that belong to no claim")
    if any(claim[4] < 0 for claim in claims):
        raise Undefined("first come with claims below nothing")
    result = dict.fromkeys(world.rows, ZERO)
    for _, _, row, _, amount in sorted(claims):
        part = min(amount, left)
        result[row] += part
        left -= part
    return result


def dated(book: Book, index: int, rule: Rule, row: int, first: int, last: int) -> list[tuple[int, str, Fraction]]:
    """The claims of one rule and partner in months first..last, with their days since 1970."""
    days = [last_day(book.world.panel.first_month + month) for month in range(first, last + 1)]
    if rule.per in ("deal", "line"):
        begins = last_day(book.world.panel.first_month + first - 1)
        return [claim for claim in book.rules[index, row].dated if begins < claim[0] <= days[-1]]
    return [
        (day, "", book.lines[month, row, rule.id])
        for month, day in zip(range(first, last + 1), days, strict=True)
        if month >= 0
    ]


def last_day(running: int) -> int:
    """A running month's last day, as days since 1970."""
    year, month = divmod(running, 12)
    day = gregorian.monthrange(year, month + 1)[1]
    return (datetime.date(year, month + 1, day) - datetime.date(1970, 1, 1)).days
