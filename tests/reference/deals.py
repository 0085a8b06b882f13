"""Rules that are worked out deal by deal or line by line, in order of date, deal and line."""

from __future__ import annotations

from fractions import Fraction

from incentive_lab.panel import DealTable
from incentive_lab.scheme.rates import Driver, Rate, Table
from tests.reference.calendar import Window, is_accumulated
from tests.reference.limits import counted, gated_and_limited
from tests.reference.numbers import ZERO
from tests.reference.references import Read, driver_value, excess
from tests.reference.rules import (
    Place,
    bands_of,
    base_name,
    chosen_rate,
    grid_rate,
    in_multiples,
    is_base_the_driver,
    is_plain_base,
    multiplied,
    net,
    on_rate_grid,
    refuse_group_reference,
)
from tests.reference.tables import Earned, at_once, of_movement
from tests.reference.world import Undefined, World, mix_factor, scaled_rate


def run_deal_rule(place: Place) -> None:
    """Post what the rule pays on each of the month's deals."""
    table = place.world.panel.deals[place.rule.per]
    places = [at for at in range(len(table.partner)) if int(table.partner[at]) == place.row]
    for at in sorted(places, key=lambda at: order(table, at)):
        if int(table.month[at]) == place.month:
            run_deal(place, Deal(place.world, table, places, at))


def order(table: DealTable, at: int) -> tuple[int, str, str]:
    """Deals run by date, id and line."""
    return int(table.day[at]), str(table.deal_id[at]), str(table.line[at])


class Deal:
    """One row of the deals and the partner's rows before it."""

    def __init__(self, world: World, table: DealTable, places: list[int], at: int) -> None:
        self.world, self.table, self.at = world, table, at
        self.month = int(table.month[at])
        self.row = int(table.partner[at])
        self.key = (str(table.deal_id[at]), str(table.line[at]))
        self.before = [other for other in places if order(table, other) < order(table, at)]

    def knows(self, name: str) -> bool:
        """Whether a measure is worked out deal by deal."""
        return all(leaf in self.table.values for leaf in self.world.leaves(name))

    def own(self, name: str, window: Window) -> Fraction | None:
        """The deal's own value; a measure that deals do not have is the month's."""
        if self.knows(name):
            return self.world.row_value(name, self.table.values, self.at)
        return self.world.over(name, self.row, window)

    def up_to(self, name: str, window: Window, is_included: bool) -> Fraction | None:
        """The measure over the window's deals up to this one."""
        if not self.knows(name):
            return self.world.over(name, self.row, window)
        measure = self.world.measure(name)
        if measure.ratio:
            above, below = (self.up_to(part, window, is_included) for part in measure.ratio)
            return None if above is None or not below else above / below
        places = [at for at in self.before if window.first <= int(self.table.month[at]) <= self.month]
        if is_included:
            places.append(self.at)
        values = [self.world.row_value(name, self.table.values, at) for at in places]
        return sum((value for value in values if value is not None), ZERO)


def run_deal(place: Place, deal: Deal) -> None:
    """One deal through all steps of the rule.

    Tests and multipliers over the rule's period look at the deal, over other windows at whole months (chosen here).
    """
    name = base_name(place.rule)
    if name is None:
        raise Undefined("payout_of in a rule per deal")
    if not deal.own(name, place.window("month")):
        return

    def read(measure: str, window: Window) -> Fraction | None:
        return deal.own(measure, window) if window.is_deal else place.read(measure, window)

    base = deal_base(place, deal, name)
    earned = multiplied(place, deal_amount(place, deal, base, read) if base is not None else ZERO, read)
    posted = gated_and_limited(place, earned, read, deal.key[0])
    place.book.post(place.month, place.row, place.rule.id, posted)
    place.state.deals[deal.key] = (posted, deal.own(name, place.window("month")) or ZERO)
    place.state.dated.append((int(deal.table.day[deal.at]), deal.key[0], posted))


def deal_base(place: Place, deal: Deal, name: str) -> Fraction | None:
    """The deal's value, or its excess, in multiples, up to a quantity, net of what was paid on the same deal."""
    if place.rule.on.measure is not None:
        base = deal.own(name, place.window("month"))
    else:
        asked = place.rule.on.above
        if asked is None or asked.amount is None:
            raise Undefined("the excess of one deal over a target or last year")
        base = excess(place.world, name, asked, place.row, place.window("period"), deal.own)
    if base is None:
        return None
    base = counted(place, in_multiples(place, place.rule.multiples, base), deal.key[0])
    if place.rule.net_of:
        states = [place.book.rules[place.book.place(rule), place.row] for rule in place.rule.net_of]
        base = net(base, sum((state.deals.get(deal.key, (ZERO, ZERO))[0] for state in states), ZERO))
    return base


def deal_amount(place: Place, deal: Deal, base: Fraction, read: Read) -> Fraction:
    """What the rate gives on one deal."""
    leaf: Rate | None = chosen_rate(place)
    if leaf is None:
        return ZERO
    if leaf.table is not None:
        return deal_table_amount(place, deal, leaf.table, base)
    if leaf.plain is not None:
        rate = scaled_rate(leaf.plain, mix_factor(place.scheme, place.rule.group))
    else:
        assert leaf.grid is not None
        rate = grid_rate(place, leaf.grid, read, lambda axis: place.window(axis.over))
    return on_rate_grid(place, base, lambda keep: Earned(keep(rate * base)))


def deal_table_amount(place: Place, deal: Deal, table: Table, base: Fraction) -> Fraction:
    """What a table gives on one deal: by the deal alone, or by the window's deals with and without it."""
    over = place.window(table.over)
    bands = bands_of(place, table, over, mix_factor(place.scheme, place.rule.group))
    if bands is None:
        return ZERO
    is_same = is_base_the_driver(place, table.by)
    if table.by is not None and table.by.scorecard is not None:  # of whole months: it does not move deal by deal
        score = driver_value(place.world, table.by, place.row, over, place.read)
        if score is None:
            return ZERO
        return on_rate_grid(place, base, lambda keep: at_once(bands, score, base, False, keep))
    if not is_accumulated(table.over, place.rule.per):
        driver = base if is_same else looked_at(place, table, over, deal.own)
        if driver is None:
            return ZERO
        return on_rate_grid(place, base, lambda keep: at_once(bands, driver, base, is_same, keep))
    refuse_group_reference(place, len(place.world.together(place.row)) > 1)
    if place.rule.on.measure is None and table.by is None:
        raise Undefined("an accumulated excess per deal")
    after = looked_at(place, table, over, lambda name, window: deal.up_to(name, window, True))
    before = looked_at(place, table, over, lambda name, window: deal.up_to(name, window, False)) or ZERO
    if after is None:
        return ZERO
    rate_at = after if table.counts == "after" else before
    is_same = is_same and is_plain_base(place.rule)
    return on_rate_grid(
        place, base, lambda keep: of_movement(bands, before, after, rate_at, base, is_same, keep)
    )  # fmt: skip


def looked_at(place: Place, table: Table, over: Window, read: Read) -> Fraction | None:
    """The number that the table looks at."""
    driver = table.by or Driver(measure=base_name(place.rule))
    return driver_value(place.world, driver, place.row, over, read)
