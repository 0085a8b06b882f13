"""Step 3 and 4: what a measure is compared with, and the number a table, gate or multiplier looks at."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from fractions import Fraction

from incentive_lab.scheme.document import Target
from incentive_lab.scheme.rates import Driver
from incentive_lab.scheme.reference import Reference
from tests.reference.calendar import LENGTH, Window
from tests.reference.numbers import ENDLESS, ZERO, half_away, millionth, whole
from tests.reference.world import Undefined, World

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
        base = earlier(world, asked, measure, row, window)
    return None if base is None else whole(base * millionth(asked.times), world.grain(measure))


def target_over(world: World, measure: str, row: int, window: Window, is_whole: bool) -> Fraction | None:
    """The months' targets of the window, or of the whole period it belongs to; a sum of 0 is no target (chosen)."""
    target = target_of(world, measure, row)
    if target is None:
        return None
    first, last = (window.whole_first, window.whole_last) if is_whole else (window.first, window.last)
    total = sum((monthly_target(world, target, row, month) for month in range(first, last + 1)), ZERO)
    return total if total > 0 else None


def windows_before(asked: Reference, window: Window) -> list[Window]:
    """The windows that are compared with, the latest first: a year back, or each moved back by its own length."""
    back = 12 if asked.last_year else window.back
    if not back:
        raise Undefined("what lies before a deal, or before all months so far")
    return [
        replace(window, first=window.first - back * times, last=window.last - back * times)
        for times in range(1, (asked.average_of_last or 1) + 1)
    ]


def earlier(world: World, asked: Reference, measure: str, row: int, window: Window) -> Fraction | None:
    """The average of the earlier windows; what holds unless all are complete is the new-partner rule.

    A prorated value is brought to a whole unit before it is moved by `pace_of` (chosen here).
    """
    windows = windows_before(asked, window)
    exists_from = max(0, int(world.panel.joined[row]))
    if windows[-1].first < exists_from:
        if asked.new_partner == "skip":
            return None
        if asked.new_partner == "zero":
            return ZERO
        there = [month for one in windows for month in range(max(one.first, exists_from), one.last + 1)]
        if not there:
            return None
        values = [world.value(measure, (row,), month, month) for month in there]
        if any(value is None for value in values):
            return None
        total = sum((value for value in values if value is not None), ZERO)
        value: Fraction | None = whole(total * window.months / len(there), world.grain(measure))
    else:
        value = average(world, measure, (row,), windows)
    return value if value is None or asked.pace_of is None else paced(world, asked, measure, row, window, value)


def average(world: World, measure: str, rows: tuple[int, ...], windows: list[Window]) -> Fraction | None:
    """The average of a measure of some partners over windows."""
    values = [world.value(measure, rows, one.first, one.last) for one in windows]
    return None if None in values else sum((value for value in values if value is not None), ZERO) / len(values)


def paced(world: World, asked: Reference, measure: str, row: int, window: Window, value: Fraction) -> Fraction | None:
    """An earlier value moved at the pace of everybody of the partner's type, segment or region.

    None where an earlier window begins before the history, or they had nothing then (chosen here).
    """
    windows, by = windows_before(asked, window), asked.pace_of
    if windows[-1].first < 0 or by is None:
        return None
    alike = tuple(other for other in world.rows if world.attribute(by, other) == world.attribute(by, row))
    now, then = world.value(measure, alike, window.first, window.last), average(world, measure, alike, windows)
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
    if driver.scorecard is not None:
        return score(world, driver.scorecard, row, window, read)
    assert driver.excess_of is not None
    return excess(world, driver.excess_of, driver.against or TARGET, row, window, read)


def score(world: World, name: str, row: int, window: Window, read: Read) -> Fraction | None:
    """The weighted sum of a scorecard's attainments; each part is brought to a millionth of a millionth."""
    card = world.schemes[row].scorecards[name]
    got = whole_of = ZERO
    for measure, part in card.parts.items():
        share = attainment(world, measure, part.against or TARGET, row, window, read)
        if share is None and card.missing == "fails":
            return None
        if share is None and card.missing == "left_out":
            continue
        counted = ZERO
        begins = millionth(part.counts_from)
        if share is not None and (share >= begins or begins == 0):
            counted = min(max(share, millionth(part.at_least)), millionth(part.at_most))
        got += whole(millionth(part.weight) * counted, Fraction(1, 10**12))
        whole_of += millionth(part.weight)
    return got / whole_of if whole_of else None


def excess(world: World, measure: str, asked: Reference, row: int, window: Window, read: Read) -> Fraction | None:
    """The measure less its reference, never below zero."""
    value, compared = read(measure, window), reference(world, asked, measure, row, window)
    return None if value is None or compared is None else max(value - compared, ZERO)


def driver_border(world: World, driver: Driver | None, default_unit: str, number: Decimal) -> Fraction:
    """A step's border in the units of its driver: shares for attainment and growth."""
    if driver is None:
        return world.border(number, default_unit)
    if driver.attainment_of or driver.growth_of or driver.scorecard:
        return world.border(number, "share")
    return world.border(number, world.unit(driver.name))
