"""Steps 9 to 11, and the limits on quantity of step 1: what gates, limits and funds leave of an amount."""

from __future__ import annotations

import math
from fractions import Fraction
from typing import TYPE_CHECKING

from incentive_lab.scheme.document import Cap
from incentive_lab.scheme.rules import Expiry, Fund, Gate, Limit
from tests.reference.calendar import LENGTH
from tests.reference.numbers import ZERO, millionth
from tests.reference.state import Book, LimitState

if TYPE_CHECKING:
    from tests.reference.references import Read
    from tests.reference.rules import Place
    from tests.reference.world import World


def gated_and_limited(place: Place, amount: Fraction, read: Read, deal: str | None = None) -> Fraction:
    """What is posted of an amount: gates, rounding, limits, fund."""
    amount = place.world.currency.kept(amount * gate_factor(place, read))
    return limited(place, place.world.posted(amount), deal)


# --- step 9


def gate_factor(place: Place, read: Read) -> Fraction:
    """The product of the factors of all gates that act, to a millionth."""
    factor = Fraction(1)
    for gate in place.scheme.gates:
        if (not gate.rules or place.rule.id in gate.rules) and acts(place, gate, read):
            factor *= millionth(gate.multiply)
    return millionth(factor)


def acts(place: Place, gate: Gate, read: Read) -> bool:
    """Whether a gate's tests hold; a test without a value holds when `missing` is `fails`, else not (chosen here)."""
    from tests.reference.rules import test_holds

    held = []
    for name, test in gate.when.items():
        outcome = test_holds(place, name, test, read)
        held.append(gate.missing == "fails" if outcome is None else outcome)
    return all(held) if gate.match == "all" else any(held)


# --- limits


def limit_period(world: World, limit: Limit | Cap, row: int, month: int, deal: str | None) -> object:
    """What names the period of a limit: a deal, the period's first month, or how many came before it since joining."""
    since = world.months_since_joining(row, month) if limit.since == "joined" else None
    if since is not None:
        return "since joining", since // LENGTH[limit.per]
    return deal if limit.per == "deal" else world.calendar.first(month, limit.per)


def enter(place: Place, limit: Limit, state: LimitState, deal: str | None) -> None:
    """Bring a limit to the present."""
    year = place.world.calendar.first(place.month, "year")
    state.enter(limit_period(place.world, limit, place.row, place.month, deal), year, lapses=limit.per != "life")


def existing_share(place: Place, per: str) -> Fraction:
    """The share of a period's months up to the end of the history, where that lies inside it; else 1."""
    calendar = place.world.calendar
    if per in ("deal", "life"):
        return Fraction(1)
    first, last = calendar.first(place.month, per), calendar.last(place.month, per)
    if last <= place.world.panel.months - 1:
        return Fraction(1)
    return Fraction(place.world.panel.months - first, last - first + 1)


def counted(place: Place, base: Fraction, deal: str | None = None) -> Fraction:
    """The base up to the limits on quantity; what is over waits where it is carried.

    A limit that shrinks with the months that exist is brought down to whole units (chosen here).
    """
    from tests.reference.rules import base_unit

    for limit, state in zip(place.rule.limit, place.state.limits, strict=True):
        if limit.quantity is None:
            continue
        enter(place, limit, state, deal)
        most = place.world.border(limit.quantity, base_unit(place))
        if limit.prorate:
            grain = place.world.currency.cent if base_unit(place) == "money" else Fraction(1, 1_000_000)
            most = math.floor(most * existing_share(place, limit.per) / grain) * grain
        wanted = base + state.carried
        base = min(wanted, max(most - state.paid, ZERO))
        state.paid += base
        state.carried = wanted - base if limit.excess == "carried" else ZERO
    return base


def limited(place: Place, amount: Fraction, deal: str | None) -> Fraction:
    """The amount through the limits in order (in a rule per deal those per deal first), then through the fund.

    A limit never takes back: room is not below nothing, and negative amounts pass.
    """
    pairs = [pair for pair in zip(place.rule.limit, place.state.limits, strict=True) if pair[0].quantity is None]
    if deal is not None:
        pairs.sort(key=lambda pair: pair[0].per != "deal")
    for limit, state in pairs:
        enter(place, limit, state, deal)
        if limit.excess == "trued_up" and is_last_of_year(place):
            amount, state.carried = amount + state.carried, ZERO
            continue
        waits = state.carried if limit.excess == "trued_up" else ZERO  # for the end of the year, not for this month
        wanted = amount + state.carried - waits
        amount = min(wanted, max(most_of(place, limit) - state.paid, ZERO))
        state.paid += amount
        state.carried = waits + wanted - amount if limit.excess in ("carried", "trued_up") else ZERO
        if limit.excess == "spilled" and limit.to is not None:
            spill(place, limit.to, wanted - amount)
    if place.rule.fund is not None:
        amount = min(amount, max(place.state.fund, ZERO))
        place.state.fund -= amount
    return amount


def is_last_of_year(place: Place) -> bool:
    """Whether the rule runs in no later month of the programme year, whether or not the history goes on."""
    calendar = place.world.calendar
    later = range(place.month + 1, calendar.last(place.month, "year") + 1)
    return all(calendar.during(place.rule.during, month) is None for month in later)


def spill(place: Place, rule_id: str, excess: Fraction) -> None:
    """Money that one limit refuses joins another rule's fund."""
    gain(place.book, place.book.place(rule_id), place.row, place.month, excess)


def gain(book: Book, index: int, row: int, month: int, amount: Fraction) -> None:
    """Money joins a fund; where the fund lapses by lots it belongs to the lot of the month."""
    state, rule = book.rules[index, row], book.world.schemes[row].rules[index]
    state.fund += amount
    if rule.fund is not None and isinstance(rule.fund.expires, Expiry):
        lot = book.world.calendar.first(month, rule.fund.expires.per)
        state.came_in[lot] = state.came_in.get(lot, ZERO) + amount


def most_of(place: Place, limit: Limit) -> Fraction:
    """The most a limit lets through in its period."""
    world = place.world
    if limit.amount is not None:
        most = world.currency.cents(limit.amount)
        return existing_part(place, most, limit.per) if limit.prorate else most
    assert limit.share is not None
    assert limit.of is not None
    return share_of_measure(place, limit.share, limit.of, limit.per)


def existing_part(place: Place, most: Fraction, per: str) -> Fraction:
    """A limit in proportion to the months that exist, brought down to the minor unit (chosen here)."""
    cent = place.world.currency.cent
    return math.floor(most * existing_share(place, per) / cent) * cent


def share_of_measure(place: Place, share: object, of: str, per: str) -> Fraction:
    """A share of a measure over the limit's period to date, rounded down to what can be paid."""
    world = place.world
    first = world.calendar.first(place.month, per) if per != "deal" else place.month
    total = world.value(of, (place.row,), max(first, 0), place.month) or ZERO
    return math.floor(millionth(share) * total / world.step) * world.step  # type: ignore[arg-type]


# --- funds


def accrue(place: Place) -> None:
    """Add to a fund what falls due in this month; only for an active rule (chosen here).

    An amount for a period that began before the history is there from the first month (chosen here).
    """
    fund = place.rule.fund
    assert fund is not None
    calendar, world = place.world.calendar, place.world
    first, last = calendar.first(place.month, fund.per), calendar.last(place.month, fund.per)
    if fund.every is not None and place.month == max(first, 0):
        gain(place.book, place.book.place(place.rule.id), place.row, place.month, world.round(fund_rate(place, fund)))
    if fund.rate is not None and place.month == last:
        assert fund.accrues_on is not None
        total = world.value(fund.accrues_on, (place.row,), max(first, 0), last) or ZERO
        amount = world.round(world.currency.kept(fund_rate(place, fund) * total))
        gain(place.book, place.book.place(place.rule.id), place.row, place.month, amount)


def fund_rate(place: Place, fund: Fund) -> Fraction:
    """The fund's rate or amount for this partner."""
    from tests.reference.rules import chosen_rate
    from tests.reference.world import Undefined

    rate = fund.rate or fund.every
    assert rate is not None
    import dataclasses

    leaf = chosen_rate(dataclasses.replace(place, rule=place.rule.model_copy(update={"rate": rate})))
    if leaf is None:
        return ZERO
    if leaf.plain is None:
        raise Undefined("a fund that accrues by a table")
    return millionth(leaf.plain)


def expire(place: Place) -> None:
    """Empty a fund after the last month of the programme year."""
    fund = place.rule.fund
    assert fund is not None
    if isinstance(fund.expires, Expiry):
        lapse(place, fund.expires)
    if fund.expires == "year_end" and place.world.calendar.last(place.month, "year") == place.month:
        place.state.fund = ZERO


def lapse(place: Place, expiry: Expiry) -> None:
    """End the oldest lot: claims use the oldest first, so at most what came in since can be left.

    A claim below nothing gives back to the fund and to no lot (chosen here).
    """
    calendar = place.world.calendar
    if place.month != calendar.last(place.month, expiry.per):
        return
    begins = calendar.first(place.month, expiry.per) - (expiry.after - 2) * LENGTH[expiry.per]
    younger = sum((amount for lot, amount in place.state.came_in.items() if lot >= begins), ZERO)
    place.state.fund = min(place.state.fund, max(younger, ZERO))
