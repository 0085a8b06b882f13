"""Which tier each partner is in, month by month."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

from incentive_lab.scheme.tiers import Level, Look, Tiers
from tests.reference.numbers import ZERO, millionth
from tests.reference.world import Undefined, World


def set_tiers(world: World) -> None:
    """Work out the tier in force for every partner and month; without `tiers` the recorded one holds throughout."""
    for row in world.rows:
        tiers = world.schemes[row].tiers
        if tiers is None:
            world.tier_indices.append([0] * world.panel.months)
            world.tier_names.append([world.attribute("tier", row)] * world.panel.months)
            continue
        indices = in_force(world, tiers, row)
        world.tier_indices.append(indices)
        world.tier_names.append([tiers.levels[index].name for index in indices])


def first_tier(world: World, tiers: Tiers, row: int) -> int:
    """The tier before the first review that counts."""
    names = [level.name for level in tiers.levels]
    recorded = world.attribute("tier", row)
    return names.index(recorded) if tiers.start == "recorded" and recorded in names else 0


def in_force(world: World, tiers: Tiers, row: int) -> list[int]:
    """The level in force in each month."""
    months = world.panel.months
    current, misses = first_tier(world, tiers, row), 0
    result = [current] * months
    for month in range(months):
        is_last = world.calendar.last(month, tiers.review) == month
        is_unfinished_end = tiers.takes_effect == "same_period" and month == months - 1
        if not (is_last or is_unfinished_end):
            continue
        window = looked_at(world, tiers, month)
        if window is not None:
            current, misses = moved(tiers, current, misses, earned(world, tiers, row, window, month))
        begins = max(world.calendar.first(month, tiers.review), 0) if tiers.takes_effect == "same_period" else month + 1
        for later in range(begins, months):
            result[later] = current
    return result


def looked_at(world: World, tiers: Tiers, month: int) -> tuple[int, int] | None:
    """The months a review sums over; None before the first full window."""
    first, last = months_of(world, tiers, tiers.looks_at, month)
    return (first, last) if first >= 0 else None


def months_of(world: World, tiers: Tiers, look: Look, month: int) -> tuple[int, int]:
    """The months of a window at a review; they may begin before the history."""
    if look.months is not None:
        return month - look.months + 1, month
    if look.window == "life":
        return 0, month
    if look.window == "previous_year":
        last = world.calendar.first(month, "year") - 1
        return last - 11, last
    named = {"quarter_to_date": "quarter", "half_year_to_date": "half_year", "year_to_date": "year"}
    return world.calendar.first(month, named.get(look.window or "", tiers.review)), month


def earned(world: World, tiers: Tiers, row: int, window: tuple[int, int], month: int) -> int:
    """The highest level whose own conditions hold, else the lowest."""
    highest = 0
    for index, level in enumerate(tiers.levels):
        if holds(world, tiers, level, row, window, month):
            highest = index
    return highest


def holds(world: World, tiers: Tiers, level: Level, row: int, window: tuple[int, int], month: int) -> bool:
    """All needs, at least one of the alternatives where there are any, and the points where they are asked."""
    if not meets(world, tiers, level.needs, row, window, month):
        return False
    if level.any_of and not any(meets(world, tiers, needs, row, window, month) for needs in level.any_of):
        return False
    if level.points is None:
        return True
    points = ZERO
    for name, weight in tiers.points.items():
        value = world.value(name, world.together(row), *window)
        if value is None:
            raise Undefined("points for a measure without a value")
        points += millionth(value * millionth(weight))
    return reaches(tiers, points, millionth(level.points))


def meets(
    world: World, tiers: Tiers, needs: Mapping[str, Decimal], row: int, window: tuple[int, int], month: int
) -> bool:
    """Whether every measure reaches its number, over its own window where it has one; one without a value does not."""
    for name, number in needs.items():
        own = months_of(world, tiers, tiers.windows[name], month) if name in tiers.windows else window
        if world.measure(name).is_level:  # what it is at the review, whatever the window
            own = (month, month)
        value = world.value(name, world.together(row), *own)
        if value is None or not reaches(tiers, value, world.border(number, world.unit(name))):
            return False
    return True


def reaches(tiers: Tiers, value: Fraction, number: Fraction) -> bool:
    """At or above, or strictly above."""
    return value > number if tiers.border == "above" else value >= number


def moved(tiers: Tiers, current: int, misses: int, earned_level: int) -> tuple[int, int]:
    """The tier and the count of misses after a review."""
    if earned_level >= current:
        return earned_level, 0
    misses += 1
    if misses <= tiers.grace:
        return current, misses
    return (earned_level if tiers.falls == "to_earned" else current - 1), 0
