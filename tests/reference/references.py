"""Step 3 and 4: what a measure is compared with, and the number a table, gate or multiplier looks at."""

from __future__ import annotations

from collections.abc import Callable
from decimal import Decimal
from fractions import Fraction

from incentive_lab.scheme.document import Target
from incentive_lab.scheme.rates import Driver, Reference
from tests.reference.calendar import LENGTH, Window
from tests.reference.numbers import ENDLESS, ZERO, half_away, millionth, whole
from tests.reference.world import World

TARGET = Reference(target=True)
LAST_YEAR = Reference(last_year=True)
Read = Callable[[str, Window], "Fraction | None"]
"""Reads a measure over a window: a partner's months, or the deals up to one deal."""


def target_of(world: World, measure: str, row: int) -> Target | None:
    """The scheme's target for a partner; the last that names it (chosen here) where several do."""
    named = [
        target
        for target in world.schemes[row].targets
        if target.measure == measure and world.is_who(target.who, row, None)
    ]
    return named[-1] if named else None


def monthly_target(world: World, target: Target, row: int, month: int) -> Fraction:
    """One month's part of a target, in whole units of the measure; the month may lie outside the history."""
    if target.prorate and month < int(world.panel.joined[row]):
        return ZERO
    grain = world.grain(target.measure)
    amount = whole(Fraction(target.amount), grain) * Fraction(target.index)
    units = half_away(amount / grain)
    length = LENGTH[target.per]
    place = month - world.calendar.first(month, target.per)
    part = spread(units, [Fraction(w) for w in target.weights] or [Fraction(1)] * length)[place]
    since = month - int(world.panel.joined[row])
    if 0 <= since < len(target.ramp):
        part = half_away(part * millionth(target.ramp[since]))
    return part * grain


def spread(units: int, weights: list[Fraction]) -> list[int]:
    """Whole units over months by weight: the target to the end of a month is rounded, half-up, less the months before."""
    total = sum(weights, ZERO)
    ends = [half_away(units * sum(weights[: place + 1], ZERO) / total) for place in range(len(weights))]
    return [end - (ends[place - 1] if place else 0) for place, end in enumerate(ends)]


def reference(world: World, asked: Reference, measure: str, row: int, window: Window) -> Fraction | None:
    """What a measure is compared with, in the measure's units; None when there is nothing to compare with."""
    if asked.amount is not None:
        base: Fraction | None = world.border(asked.amount, world.unit(measure))
    elif asked.target:
        base = target_over(world, measure, row, window, asked.whole)
    else:
        base = last_year(world, asked, measure, row, window)
    return None if base is None else whole(base * millionth(asked.times), world.grain(measure))


def target_over(world: World, measure: str, row: int, window: Window, is_whole: bool) -> Fraction | None:
    """The months' targets of the window, or of the whole period it belongs to; a sum of 0 is no target (chosen)."""
    target = target_of(world, measure, row)
    if target is None:
        return None
    first, last = (window.whole_first, window.whole_last) if is_whole else (window.first, window.last)
    total = sum((monthly_target(world, target, row, month) for month in range(first, last + 1)), ZERO)
    return total if total > 0 else None


def last_year(world: World, asked: Reference, measure: str, row: int, window: Window) -> Fraction | None:
    """The same window one year earlier; what holds without a complete one is the new-partner rule.

    A prorated value is brought to a whole unit before it is moved by `pace_of` (chosen here).
    """
    first, last = window.first - 12, window.last - 12
    exists_from = max(0, int(world.panel.joined[row]))
    if first < exists_from:
        if asked.new_partner == "skip":
            return None
        if asked.new_partner == "zero":
            return ZERO
        months = last - exists_from + 1
        if months <= 0:
            return None
        value = world.value(measure, (row,), exists_from, last)
        value = None if value is None else whole(value * window.months / months, world.grain(measure))
    else:
        value = world.value(measure, (row,), first, last)
    return value if value is None or asked.pace_of is None else paced(world, asked.pace_of, measure, row, window, value)


def paced(world: World, by: str, measure: str, row: int, window: Window, value: Fraction) -> Fraction | None:
    """Last year's value moved at the pace of everybody of the partner's type, segment or region.

    None where last year's window begins before the history, or they had nothing then (chosen here).
    """
    if window.first - 12 < 0:
        return None
    alike = tuple(other for other in world.rows if world.attribute(by, other) == world.attribute(by, row))
    now = world.value(measure, alike, window.first, window.last)
    then = world.value(measure, alike, window.first - 12, window.last - 12)
    return None if now is None or then is None or then <= 0 else value * now / then


def attainment(world: World, measure: str, asked: Reference, row: int, window: Window, read: Read) -> Fraction | None:
    """The measure divided by its reference, which must be above zero."""
    value, compared = read(measure, window), reference(world, asked, measure, row, window)
    return None if value is None or compared is None or compared <= 0 else value / compared


def growth(world: World, measure: str, asked: Reference, row: int, window: Window, read: Read) -> Fraction | None:
    """The measure divided by its reference, less one; with `new_partner: zero` growth from nothing has no end."""
    value, compared = read(measure, window), reference(world, asked, measure, row, window)
    if value is None or compared is None:
        return None
    if compared > 0:
        return value / compared - 1
    return ENDLESS if asked.new_partner == "zero" and value > 0 else None


def driver_value(world: World, driver: Driver, row: int, window: Window, read: Read) -> Fraction | None:
    """The number a table or grid looks at; None when it is undefined. It is not rounded (chosen here)."""
    if driver.measure is not None:
        return read(driver.measure, window)
    if driver.attainment_of is not None:
        return attainment(world, driver.attainment_of, driver.against or TARGET, row, window, read)
    if driver.growth_of is not None:
        return growth(world, driver.growth_of, driver.against or LAST_YEAR, row, window, read)
    assert driver.excess_of is not None
    return excess(world, driver.excess_of, driver.against or TARGET, row, window, read)


def excess(world: World, measure: str, asked: Reference, row: int, window: Window, read: Read) -> Fraction | None:
    """The measure less its reference, never below zero."""
    value, compared = read(measure, window), reference(world, asked, measure, row, window)
    return None if value is None or compared is None else max(value - compared, ZERO)


def driver_border(world: World, driver: Driver | None, default_unit: str, number: Decimal) -> Fraction:
    """A step's border in the units of its driver: shares for attainment and growth."""
    if driver is None:
        return world.border(number, default_unit)
    if driver.attainment_of or driver.growth_of:
        return world.border(number, "share")
    return world.border(number, world.unit(driver.name))
