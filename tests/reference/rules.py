"""Steps 1 to 8 of a rule that is worked out by month, quarter, half-year or year."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction

from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.rates import Driver, Grid, Multiplier, Rate, Table, Trailing
from incentive_lab.scheme.rules import Multiples, Provision, Rule, Test
from tests.reference.calendar import LENGTH, TO_DATE, Window, is_accumulated
from tests.reference.limits import counted, gated_and_limited
from tests.reference.numbers import ZERO, millionth, rounded, whole
from tests.reference.references import (
    LAST_YEAR,
    TARGET,
    Read,
    attainment,
    driver_border,
    driver_value,
    excess,
    growth,
    reference,
    score,
)
from tests.reference.state import Book, RuleState
from tests.reference.tables import Band, Bands, Earned, Keep, accumulated, at_once, no_grid, of_movement, rate_reached
from tests.reference.world import Undefined, World, mix_factor, scaled_lump, scaled_rate


@dataclass(frozen=True)
class Place:
    """One rule for one partner in one month."""

    book: Book
    scheme: Scheme
    rule: Rule
    state: RuleState
    row: int
    month: int

    @property
    def world(self) -> World:
        """The world of the book."""
        return self.book.world

    def window(self, over: object, month: int | None = None) -> Window:
        """A window of this rule."""
        at = self.month if month is None else month
        return self.world.calendar.window(over, at, self.rule.per, self.rule.during)  # type: ignore[arg-type]

    def read(self, name: str, window: Window) -> Fraction | None:
        """A measure as drivers and gates see it: of the whole group where there is one."""
        return self.world.value(name, self.world.together(self.row), window.first, window.last)


def run_month_rule(place: Place) -> None:
    """Post what the rule pays in this month: on account before the posting month, the rest in it.

    What is on account counts before gates and limits (chosen here), so what they took does not come back by itself.
    """
    first, last = place.world.calendar.period(place.month, place.rule.per, place.rule.during)
    posts = place.month == min(last, place.world.panel.months - 1)
    if place.state.on_account is None or place.state.on_account[0] != first:
        place.state.on_account = (first, ZERO)
    on_account = place.state.on_account[1]
    if not posts:
        rate = provision_rate(place) if place.rule.provision is not None else None
        if rate is not None:
            to_date = place.world.posted(place.world.currency.kept(rate * (period_base(place) or ZERO)))
            place.state.on_account = (first, to_date)
            posted = gated_and_limited(place, to_date - on_account, place.read)
            place.book.post(place.month, place.row, place.rule.id, posted)
        return
    amount, effective_of = period_amount(place)
    if place.rule.provision is not None:
        amount = place.world.posted(amount) - on_account
    posted = gated_and_limited(place, amount, place.read)
    place.book.post(place.month, place.row, place.rule.id, posted)
    place.state.effective[place.month] = effective_of(posted)


def period_base(place: Place) -> Fraction | None:
    """The measure to date, for a provision."""
    if place.rule.on.measure is None or place.rule.multiples or place.rule.net_of:
        raise Undefined("a provision on a base that is not plain")
    return place.world.over(place.rule.on.measure, place.row, place.window("period"))


Effective = Callable[[Fraction], tuple[Fraction, Fraction]]


def period_amount(place: Place) -> tuple[Fraction, Effective]:
    """The period's amount before gates, and how the posted amount becomes the effective rate of its deals."""
    leaf = chosen_rate(place)
    table = leaf.table if leaf else None
    is_true_up = table is not None and is_accumulated(table.over, place.rule.per) and table.pays == "true_up"
    window = place.window(table.over if is_true_up and table else "period")
    if is_true_up and any(limit.quantity is not None for limit in place.rule.limit):
        raise Undefined("a limit on quantity under an accumulated true-up")
    base = net_base(place, window)
    earned = multiplied(place, rate_amount(place, leaf, base, window) if base is not None else ZERO, place.read)
    entitlement = place.world.posted(earned)
    sold = sold_measure(place, window)
    if place.rule.instalments is not None:
        amount = instalment(place, earned)
        so_far = place.state.instalments
        return amount, lambda _: (so_far[1] if so_far else ZERO, sold)
    if not is_true_up:
        return earned, lambda posted: (posted, sold)
    before = place.state.entitled
    paid = before[1] if before is not None and before[0] == window.first else ZERO
    place.state.entitled = (window.first, entitlement)
    return entitlement - paid, lambda posted: (entitlement, sold)


def sold_measure(place: Place, window: Window) -> Fraction:
    """The measure itself over the months of the base, which returns are compared with.

    Multiples, quantities, `net_of` and an excess do not change it (chosen here): else a return of everything could
    take back more than was paid.
    """
    name = base_name(place.rule)
    return (place.world.over(name, place.row, window) if name else None) or ZERO


def instalment(place: Place, earned: Fraction) -> Fraction:
    """The part of a yearly amount that falls due now; `paid so far` is counted before gates and limits (chosen)."""
    asked = place.rule.instalments
    assert asked is not None
    kept, calendar = place.world.currency.kept, place.world.calendar
    year = calendar.first(place.month, "year")
    number = (calendar.place_in_year(place.month) - 1) // LENGTH[place.rule.per] + 1
    before = place.state.instalments
    paid = before[1] if before is not None and before[0] == year else ZERO
    if asked.catch_up:
        amount = max(ZERO, place.world.posted(kept(earned * number / asked.count)) - paid)
    else:
        amount = kept(earned / asked.count)
    place.state.instalments = (year, paid + amount)
    return amount


# --- step 1 and 2: the base


def net_base(place: Place, window: Window) -> Fraction | None:
    """What is paid on: the measure (or excess, or earlier payouts), in multiples, up to a quantity, net of payouts."""
    on, world = place.rule.on, place.world
    if on.measure is not None:
        base = world.over(on.measure, place.row, window)
    elif on.excess_of is not None:
        assert on.above is not None
        base = excess(world, on.excess_of, on.above, place.row, window, lambda name, w: world.over(name, place.row, w))
    else:
        base = place.book.posted(on.payout_of, place.row, window.first - on.months_ago, window.last - on.months_ago)
    if base is None:
        return None
    base = counted(place, in_multiples(place, place.rule.multiples, base))
    if place.rule.net_of:
        base = net(base, place.book.posted(place.rule.net_of, place.row, window.first, window.last))
    return base


def net(base: Fraction, paid: Fraction) -> Fraction:
    """The base less what was paid on it, not below nothing; a base of nothing or less is left alone (chosen here)."""
    return max(base - paid, ZERO) if base > 0 else base


def base_name(rule: Rule) -> str | None:
    """The measure that a rule pays on; None for payouts."""
    return rule.on.measure or rule.on.excess_of


def base_unit(place: Place) -> str:
    """The unit of what is paid on."""
    name = base_name(place.rule)
    return place.world.unit(name) if name else "money"


def in_multiples(place: Place, multiples: Multiples | None, base: Fraction) -> Fraction:
    """The base down to complete packages or up to started ones; below zero down is further from zero."""
    if multiples is None:
        return base
    size = place.world.border(multiples.of, base_unit(place))
    packages = base / size
    return (math.floor(packages) if multiples.counts == "complete" else math.ceil(packages)) * size


def is_plain_base(rule: Rule) -> bool:
    """Whether the base is the measure itself, untouched by multiples, quantities or earlier payouts."""
    return not (rule.multiples or rule.net_of or any(limit.quantity is not None for limit in rule.limit))


def is_base_the_driver(place: Place, driver: Driver | None) -> bool:
    """Whether the base is the driver (given the same window).

    The driver is then the base as multiples, quantities and `net_of` left it. The total of a group is another driver,
    also for a partner that is alone in it (chosen here).
    """
    names_it = driver is None or (place.rule.on.measure is not None and driver.measure == place.rule.on.measure)
    group = place.scheme.group
    return names_it and (group is None or group.pays == "parent")


# --- step 5 and 6: the rate


def chosen_rate(place: Place) -> Rate | None:
    """The rate of the partner's tier, type, region or segment; None where nothing is declared for it."""
    choice = place.rule.rate.choice()
    if choice is None:
        return place.rule.rate
    attribute, rates = choice
    leaves = [*rates.values(), *([place.rule.rate.otherwise] if place.rule.rate.otherwise else [])]
    windows = {
        (str(leaf.table.over), leaf.table.pays)
        if leaf.table is not None and is_accumulated(leaf.table.over, place.rule.per)
        else None
        for leaf in leaves
    }
    if len(windows) > 1:
        raise Undefined("a choice between tables over different windows")
    if attribute == "tier":
        value = place.world.tier_names[place.row][place.month]
    else:
        value = place.world.attribute(attribute, place.row)
    return rates.get(value, place.rule.rate.otherwise)


def rate_amount(place: Place, leaf: Rate | None, base: Fraction, window: Window) -> Fraction:
    """What the rate gives on the base; nothing without a rate, or with a driver that is undefined."""
    if leaf is None:
        return ZERO
    if leaf.plain is not None:
        rate = scaled_rate(leaf.plain, mix_factor(place.scheme, place.rule.group))
        return on_rate_grid(place, base, lambda keep: Earned(keep(rate * base)))
    if leaf.grid is not None:
        rate = grid_rate(place, leaf.grid, place.read, lambda axis: place.window(axis.over))
        return on_rate_grid(place, base, lambda keep: Earned(keep(rate * base)))
    assert leaf.table is not None
    return table_amount(place, leaf.table, base, window)


def on_rate_grid(place: Place, base: Fraction, earn: Callable[[Keep], Earned]) -> Fraction:
    """The amount with its effective rate rounded first where the scheme says so.

    The effective rate is worked out from the exact amount, so that a rate that is already on its grid stays.
    """
    kept, rounding = place.world.currency.kept, place.scheme.rounding
    if rounding.rate_to is None:
        earned = earn(kept)
        return earned.by_rate + kept(earned.lumps)
    earned = earn(no_grid)
    by_rate = ZERO
    if base:
        by_rate = rounded(earned.by_rate / base, Fraction(rounding.rate_to), rounding.mode) * base
    return kept(by_rate) + kept(earned.lumps)


def grid_rate(place: Place, grid: Grid, read: Read, window: Callable[[object], Window]) -> Fraction:
    """The rate of the highest reached row and column; 0 where one is not reached or not given."""
    names = []
    for axis in (grid.rows, grid.columns):
        at = window(axis)
        driver = driver_value(place.world, axis.by, place.row, at, read)
        reached = [
            step.name
            for number, step in enumerate(axis.steps, 1)
            if driver is not None and is_reached(place, axis, step.from_, driver)
        ]
        if not reached:
            return ZERO
        names.append(reached[-1])
    rate = grid.rates.get(names[0], {}).get(names[1], Decimal(0))
    return scaled_rate(rate, mix_factor(place.scheme, place.rule.group))


def is_reached(place: Place, axis: object, start: Decimal, driver: Fraction) -> bool:
    """Whether a grid's step is reached."""
    border = driver_border(place.world, axis.by, "number", start)  # type: ignore[attr-defined]
    return driver > border if axis.border == "above" else driver >= border  # type: ignore[attr-defined]


def bands_of(place: Place, table: Table, window: Window, factor: Fraction) -> Bands | None:
    """The table's numbers in the units of its driver; None where its steps are shares of a target that is missing."""
    world = place.world
    name = table.by.name if table.by else base_name(place.rule)
    target = None
    if table.of_target:
        if name is None or (table.by and not table.by.measure):
            raise Undefined("steps as shares of the target of something that has none")
        target = reference(world, TARGET, name, place.row, window)
        if target is None:
            return None

    def border(number: Decimal) -> Fraction:
        if target is None:
            return driver_border(world, table.by, base_unit(place), number)
        assert name is not None
        return whole(millionth(number) * target, world.grain(name))

    return Bands(
        table,
        tuple(
            Band(
                start=border(step.from_),
                end=None if step.to is None else border(step.to),
                rate=scaled_rate(step.rate, factor),
                rate_to=None if step.rate_to is None else scaled_rate(step.rate_to, factor),
                lump=scaled_lump(world, step.lump, factor),
                retroactive=step.retroactive,
            )
            for step in table.steps
        ),
    )


def table_amount(place: Place, table: Table, base: Fraction, window: Window) -> Fraction:
    """What a table gives: complete in itself, to date, or for this period's movement."""
    over = place.window(table.over)
    bands = bands_of(place, table, over, mix_factor(place.scheme, place.rule.group))
    is_same = is_base_the_driver(place, table.by)
    is_moving = is_accumulated(table.over, place.rule.per) and table.pays == "period_only"
    driver = base if is_same and not is_moving else table_driver(place, table, base, over)
    if bands is None or driver is None:
        return ZERO
    if not is_accumulated(table.over, place.rule.per):
        return on_rate_grid(place, base, lambda keep: at_once(bands, driver, base, is_same, keep))
    if shorter_than_period(table, place.rule.per):
        raise Undefined("a driver over less than the rule's period")
    if table.pays == "true_up":
        if isinstance(table.over, Trailing):
            raise Undefined("true-up over a trailing window")
        return on_rate_grid(place, base, lambda keep: at_once(bands, driver, base, is_same, keep))
    if place.rule.on.measure is None and table.by is None:
        raise Undefined("period_only on a base that is its own driver")
    if isinstance(table.over, Trailing):
        return on_rate_grid(place, base, lambda keep: in_trailing_window(bands, driver, base, keep))
    if has_no_before(place, table):
        return on_rate_grid(place, base, lambda keep: in_trailing_window(bands, driver, base, keep))
    before = driver_before(place, table, over)
    is_same = is_same and is_plain_base(place.rule)
    return on_rate_grid(
        place, base, lambda keep: of_movement(bands, before, driver, driver, base, is_same, keep)
    )  # fmt: skip


def table_driver(place: Place, table: Table, base: Fraction, over: Window) -> Fraction | None:
    """The number that a table looks at."""
    if table.by is None and place.rule.on.measure is None:
        return base
    driver = table.by or Driver(measure=place.rule.on.measure)
    refuse_group_reference(place, driver.measure is None)
    return driver_value(place.world, driver, place.row, over, place.read)


def refuse_group_reference(place: Place, has_reference: bool) -> None:
    """A group's total against whose reference? The text does not say."""
    if has_reference and len(place.world.together(place.row)) > 1:
        raise Undefined("the reference of a group")


def shorter_than_period(table: Table, per: str) -> bool:
    """Whether the driver's window is shorter than the rule's period."""
    if isinstance(table.over, Trailing) or table.over == "life":
        return False
    return LENGTH[TO_DATE.get(table.over, table.over)] < LENGTH[per]


def has_no_before(place: Place, table: Table) -> bool:
    """Whether the driver is a ratio or a level: it does not move by adding up (chosen here)."""
    if table.by is not None and table.by.scorecard is not None:
        return True
    if table.by is None or table.by.measure is None:
        return False
    measure = place.world.measure(table.by.measure)
    return bool(measure.ratio) or measure.is_level


def in_trailing_window(bands: Bands, driver: Fraction, base: Fraction, keep: Keep) -> Earned:
    """The period's base at the rate of the trailing window; there is no movement to speak of."""
    if bands.table.applies == "interpolated_amount" or any(band.lump for band in bands.bands):
        raise Undefined("lumps over a trailing window")
    return at_once(bands, driver, base, False, keep)


def driver_before(place: Place, table: Table, over: Window) -> Fraction:
    """The driver in the same window as it was before this period: nothing where the window starts with it.

    A driver that was undefined then counts as nothing (chosen here).
    """
    first, _ = place.world.calendar.period(place.month, place.rule.per, place.rule.during)
    last = max(first, 0) - 1
    if over.first > last:
        return ZERO
    earlier = replace(over, last=last)
    return table_driver(place, table, ZERO, earlier) or ZERO


# --- step 7: multipliers and requirements


def multiplied(place: Place, earned: Fraction, read: Read) -> Fraction:
    """The amount times its multipliers; nothing unless every requirement holds."""
    for multiplier in place.rule.multiply:
        earned = place.world.currency.kept(earned * factor_of(place, multiplier, read))
    for name, test in place.rule.requires.items():
        if test_holds(place, name, test, read) is not True:
            return ZERO
    return earned


def factor_of(place: Place, multiplier: Multiplier, read: Read) -> Fraction:
    """Attainment between its bounds, or a table's rate at its driver; an undefined one pays nothing."""
    world = place.world
    if multiplier.table is None:
        refuse_group_reference(place, True)
        window = place.window(multiplier.over)
        if multiplier.scorecard is not None:
            share = score(world, multiplier.scorecard, place.row, window, read)
        else:
            assert multiplier.attainment_of is not None
            share = attainment(world, multiplier.attainment_of, multiplier.against or TARGET, place.row, window, read)
        if share is None:
            return ZERO
        return min(max(share, millionth(multiplier.at_least)), millionth(multiplier.at_most))
    table = multiplier.table
    if table.applies not in ("whole", "interpolated_rate"):
        raise Undefined("a multiplier's table that is neither whole nor interpolated_rate")
    if table.by is None:
        raise Undefined("a multiplier's table without a driver")
    refuse_group_reference(place, table.by.measure is None)
    window = place.window(table.over)
    bands = bands_of(place, table, window, Fraction(1))
    driver = driver_value(world, table.by, place.row, window, read)
    return ZERO if bands is None or driver is None else rate_reached(bands, driver)


def test_holds(place: Place, name: str, test: Test, read: Read) -> bool | None:
    """Whether a comparison holds; None without a value."""
    window = place.window(test.over)
    refuse_group_reference(place, test.kind != "value")
    if test.kind == "value":
        value, unit = read(name, window), place.world.unit(name)
    elif test.kind == "attainment":
        value, unit = attainment(place.world, name, test.against or TARGET, place.row, window, read), "share"
    elif test.kind == "scorecard":
        value, unit = score(place.world, name, place.row, window, read), "share"
    else:
        value, unit = growth(place.world, name, test.against or LAST_YEAR, place.row, window, read), "share"
    if value is None:
        return None
    border = place.world.border
    return (
        (test.below is None or value < border(test.below, unit))
        and (test.above is None or value > border(test.above, unit))
        and (test.at_least is None or value >= border(test.at_least, unit))
        and (test.at_most is None or value <= border(test.at_most, unit))
    )


test_holds.__test__ = False  # type: ignore[attr-defined]


# --- step 8: on account


def provision_rate(place: Place) -> Fraction | None:
    """The rate that is paid on account; None where it cannot be told, and nothing is posted."""
    asked: Provision | None = place.rule.provision
    assert asked is not None
    if asked.rate is not None:
        return millionth(Decimal(asked.rate))
    leaf = chosen_rate(place)
    if leaf is None or leaf.table is None:
        raise Undefined("a provision at a step of a rate without steps")
    table, over = leaf.table, place.window("period")
    bands = bands_of(place, table, over, mix_factor(place.scheme, place.rule.group))
    if bands is None:
        return ZERO
    if asked.step is not None:
        return next(
            (band.rate for step, band in zip(table.steps, bands.bands, strict=True) if step.name == asked.step), ZERO
        )
    driver = expected_driver(place, table)
    if driver is None:
        return None
    if table.applies in ("whole", "interpolated_rate"):
        return rate_reached(bands, driver)
    if driver <= 0:
        return ZERO
    return accumulated(bands, driver) / driver


def expected_driver(place: Place, table: Table) -> Fraction | None:
    """What the driver is expected to be over the whole period."""
    asked = place.rule.provision
    assert asked is not None
    if table.by is not None and table.by.measure is None:
        raise Undefined("an expected attainment or growth")
    name = table.by.name if table.by else base_name(place.rule)
    assert name is not None
    first, last = place.world.calendar.period(place.month, place.rule.per, place.rule.during)
    if asked.run_rate:
        begins = max(first, 0)
        so_far = place.world.value(name, (place.row,), begins, place.month)
        if so_far is None:
            raise Undefined("the run rate of a measure without a value")
        return whole(so_far * (last - first + 1) / (place.month - begins + 1), place.world.grain(name))
    assert asked.expected is not None
    return reference(
        place.world, asked.expected, name, place.row, Window(first, last, first, last, back=LENGTH[place.rule.per])
    )
