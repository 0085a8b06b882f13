"""What the reference knows: the scheme (and each partner's variant of it), the panel, units and measured values."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from functools import cache, cached_property

import numpy as np

from incentive_lab.money import decimals
from incentive_lab.panel import DealTable, Panel, month_index
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.measures import CATALOGUE, COLUMNS, Expression, Measure
from incentive_lab.scheme.rules import Rule, Who
from tests.reference.calendar import Calendar, Window
from tests.reference.numbers import ZERO, Currency, half_away, millionth

UNKNOWN = -100_000
"""The panel's joining month of a partner whose joining date nobody wrote down."""


class Undefined(Exception):
    """docs/payouts.md does not say what this would pay, and guessing would prove nothing."""


class World:
    """One scheme over one panel. Rows are partners in the order of `panel.partner_ids`; months count from 0."""

    def __init__(self, scheme: Scheme, panel: Panel) -> None:
        if scheme.group and scheme.group.pays == "parent":
            panel = rolled_up(panel, scheme.group.by)
        self.scheme, self.panel = scheme, panel
        self.rows = range(panel.partners)
        self.currency = Currency(decimals(panel.currency))
        self.calendar = Calendar(panel.first_month, panel.months, scheme.year_starts)
        self.tier_names: list[list[str]] = []  # [row][month], filled by tiers.py
        self.tier_indices: list[list[int]] = []
        self.warnings: list[str] = []

    # --- which document holds for whom

    @cached_property
    def schemes(self) -> list[Scheme]:
        """Each partner's scheme: the first variant whose `who` fits, else the scheme itself."""
        changed = {name: with_changes(self.scheme, variant.change) for name, variant in self.scheme.variants.items()}
        return [
            next(
                (changed[name] for name, v in self.scheme.variants.items() if self.is_who(v.who, row, None)),
                self.scheme,
            )
            for row in self.rows
        ]

    def attribute(self, name: str, row: int) -> str:
        """A text attribute of a partner, '' where unknown."""
        values = self.panel.attributes.get(name)
        return str(values[row]) if values is not None else ""

    def is_who(self, who: Who, row: int, month: int | None) -> bool:
        """Whether a partner is named; `tiers` looks at the tier in force in `month` (without month: that it starts with).

        A partner whose joining date is unknown counts as having joined before everything.
        """
        tier = self.first_tier(row) if month is None else self.tier_names[row][month]
        tests = [
            who.types == "all" or self.attribute("type", row) in who.types,
            who.regions == "all" or self.attribute("region", row) in who.regions,
            who.segments == "all" or self.attribute("segment", row) in who.segments,
            who.tiers == "all" or tier in who.tiers,
            who.partners == "all" or self.panel.partner_ids[row] in who.partners,
            self.panel.partner_ids[row] not in who.except_partners,
        ]
        for name, wanted in who.where.items():
            tests.append(self.attribute(name, row) in ((wanted,) if isinstance(wanted, str) else wanted))
        if who.months_since_joining is not None:
            since = None if month is None else self.months_since_joining(row, month)
            least, below = who.months_since_joining.at_least, who.months_since_joining.below
            tests.append(since is not None and (least is None or since >= least) and (below is None or since < below))
        joined = self.panel.first_month + int(self.panel.joined[row])
        if who.joined_before is not None:
            tests.append(joined < whole_month(who.joined_before))
        if who.joined_from is not None:
            tests.append(joined >= whole_month(who.joined_from))
        return all(tests)

    def first_tier(self, row: int) -> str:
        """The tier before any review: the recorded one if it is a level, else the lowest."""
        recorded, tiers = self.attribute("tier", row), self.scheme.tiers
        if tiers is None:
            return recorded
        names = [level.name for level in tiers.levels]
        return recorded if tiers.start == "recorded" and recorded in names else names[0]

    def months_since_joining(self, row: int, month: int) -> int | None:
        """Whole months since the joining month, 0 in it; None before it and where the date is not known."""
        joined = int(self.panel.joined[row])
        return month - joined if UNKNOWN < joined <= month else None

    def is_active(self, rule: Rule, row: int, month: int) -> bool:
        """Whether a rule pays this partner in this month at all."""
        return (
            self.is_paid(row)
            and self.is_who(self.schemes[row].eligible, row, month)
            and self.is_who(rule.who, row, month)
            and self.calendar.during(rule.during, month) is not None
        )

    def is_paid(self, row: int) -> bool:
        """Whether money may go to this partner: with `group: parent` only to the group's payee."""
        group = self.scheme.group
        return not (group and group.pays == "parent") or row in payees(self.panel, group.by)

    def together(self, row: int) -> tuple[int, ...]:
        """The partners whose totals drivers, tiers and gates look at: the group's members, or the partner alone."""
        group = self.scheme.group
        if group is None or group.pays == "parent":
            return (row,)
        return tuple(
            other
            for other in self.rows
            if group_key(self.panel, group.by, other) == group_key(self.panel, group.by, row)
        )

    # --- units

    def measure(self, name: str) -> Measure:
        """A measure of the scheme or of the catalogue."""
        return self.scheme.measures.get(name) or CATALOGUE[name]

    def unit(self, name: str) -> str:
        """money, count, share or number."""
        measure = self.measure(name)
        if measure.unit:
            return measure.unit
        if measure.of is not None:
            return unit_of(measure.of)
        if measure.count or measure.distinct:
            return "count"
        return self.unit(measure.plus[0]) if measure.plus else "number"

    def grain(self, name: str) -> Fraction:
        """The whole unit of a measure: a minor unit of money, or a millionth."""
        return self.currency.cent if self.unit(name) == "money" else Fraction(1, 1_000_000)

    def border(self, value: Decimal, unit: str) -> Fraction:
        """A number of the document that a value of this unit is compared with."""
        return self.currency.cents(value) if unit == "money" else millionth(value)

    # --- values

    @cache  # noqa: B019  a World lives as long as one example
    def column(self, name: str, row: int) -> list[Fraction | None]:
        """A leaf measure month by month."""
        if self.measure(name).event == "months_since_joining":
            known = [self.months_since_joining(row, month) for month in range(self.panel.months)]
            return [None if since is None else Fraction(since) for since in known]
        values = self.panel.columns[name][row]
        if self.measure(name).is_level:
            return [None if math.isnan(value) else Fraction(Decimal(repr(float(value)))) for value in values]
        return [int(value) * self.grain(name) for value in values]

    @cache  # noqa: B019
    def value(self, name: str, rows: tuple[int, ...], first: int, last: int) -> Fraction | None:
        """A measure over months first..last of some partners taken together; None where it is undefined."""
        measure = self.measure(name)
        if measure.ratio:
            above, below = (self.value(part, rows, first, last) for part in measure.ratio)
            return None if above is None or not below else above / below
        if measure.plus:
            return combined(measure, lambda part: self.value(part, rows, first, last))
        if measure.is_level:
            if len(rows) > 1:
                raise Undefined("the level of a group")
            return self.column(name, rows[0])[last] if 0 <= last < self.panel.months else None
        total = ZERO
        for row in rows:
            column = self.column(name, row)
            for month in range(max(first, 0), min(last, self.panel.months - 1) + 1):
                total += column[month] or ZERO
        return total

    def over(self, name: str, row: int, window: Window) -> Fraction | None:
        """A partner's own measure over a window."""
        return self.value(name, (row,), window.first, window.last)

    def row_value(self, name: str, values: Mapping[str, np.ndarray], place: int) -> Fraction | None:
        """A measure of one row of a deal or returns table."""
        measure = self.measure(name)
        if measure.ratio:
            above, below = (self.row_value(part, values, place) for part in measure.ratio)
            return None if above is None or not below else above / below
        if measure.plus:
            return combined(measure, lambda part: self.row_value(part, values, place))
        return int(values[name][place]) * self.grain(name)

    def leaves(self, name: str) -> tuple[str, ...]:
        """The leaf measures that a measure is made of."""
        measure = self.measure(name)
        parts = [*(measure.ratio or ()), *measure.plus, *measure.minus]
        return tuple(leaf for part in parts for leaf in self.leaves(part)) if parts else (name,)

    # --- money

    def posted(self, amount: Fraction) -> Fraction:
        """An amount as a line shows it: rounded, or exact where the scheme rounds only totals."""
        return self.round(amount) if self.scheme.rounding.at == "line" else self.currency.kept(amount)

    def round(self, amount: Fraction) -> Fraction:
        """An amount as money."""
        from tests.reference.numbers import rounded

        return rounded(amount, self.step, self.scheme.rounding.mode)

    @property
    def step(self) -> Fraction:
        """The smallest amount that is paid."""
        asked = self.scheme.rounding.to
        return self.currency.cent if asked is None else Fraction(asked)


def combined(measure: Measure, read: object) -> Fraction | None:
    """The sum of a measure's `plus` less its `minus`; undefined when a part is."""
    total = ZERO
    for sign, parts in ((1, measure.plus), (-1, measure.minus)):
        for part in parts:
            value = read(part)  # type: ignore[operator]
            if value is None:
                return None
            total += sign * value
    return total


def unit_of(expression: Expression) -> str:
    """The unit of row arithmetic: that of its first column."""
    table, column = expression.columns()[0].split(".")
    return COLUMNS[table].get(column, "number")


def whole_month(date: str) -> int:
    """A date as a running month; the panel knows joining months only, so other days have no meaning here."""
    year, month, day = map(int, date.split("-"))
    if day != 1:
        raise Undefined("a joining date inside a month")
    return month_index(year, month)


def with_changes(scheme: Scheme, changes: Mapping[str, object]) -> Scheme:
    """The scheme with some numbers replaced; a path names dictionary keys, or the id or name of a list's item."""
    document = scheme.model_dump(by_alias=True, exclude_unset=True)
    document.pop("variants", None)
    for path, value in changes.items():
        *keys, last = path.split(".")
        place = document
        for key in keys:
            place = item(place, key)
        place[last] = value
    return Scheme.model_validate(document)


def item(place: object, key: str) -> object:
    """The part of a document that one word of a path names."""
    if isinstance(place, dict):
        return place[key]
    assert isinstance(place, (list, tuple))
    return next(part for part in place if key in (part.get("id"), part.get("name"), part.get("scheme")))


def group_key(panel: Panel, by: str, row: int) -> str:
    """The group of a partner: its attribute, or itself where that is empty."""
    values = panel.attributes.get(by)
    return (str(values[row]) if values is not None else "") or panel.partner_ids[row]


def payees(panel: Panel, by: str) -> dict[int, str]:
    """Who is paid for which group: the partner that it is named after.

    A parent that has a parent itself is paid for its own children; what it earned goes to its parent.
    """
    found: dict[int, str] = {}
    for row in range(panel.partners):
        key = group_key(panel, by, row)
        if key not in panel.partner_ids:
            raise Undefined("a group without a parent to pay")
        found[panel.partner_ids.index(key)] = key
    return found


def payee(panel: Panel, by: str, row: int) -> int:
    """Who is paid for this partner's group."""
    key = group_key(panel, by, row)
    return next(head for head, name in payees(panel, by).items() if name == key)


def rolled_up(panel: Panel, by: str) -> Panel:
    """The panel with everything of a group moved to its payee; a deal of several members becomes one row.

    The group joined when the first of its members did (chosen here).
    """
    to = [payee(panel, by, row) for row in range(panel.partners)]
    columns = {name: np.zeros_like(values) for name, values in panel.columns.items()}
    for name, values in panel.columns.items():
        if name == "months_since_joining":
            continue
        if np.isnan(values).any():
            raise Undefined("the level of a group")
        for row in range(panel.partners):
            columns[name][to[row]] += values[row]
    deals = {grain: rolled_up_deals(table, to) for grain, table in panel.deals.items()}
    if panel.returns is not None:
        raise Undefined("returns of a group that is paid as one")
    joined = panel.joined.copy()
    for head in set(to):
        joined[head] = min(panel.joined[row] for row in range(panel.partners) if to[row] == head)
    return dataclasses.replace(panel, columns=columns, deals=deals, joined=joined)


def rolled_up_deals(table: DealTable, to: list[int]) -> DealTable:
    """One row per payee and deal line, values added."""
    merged: dict[tuple[int, int, int, str, str], dict[str, float]] = {}
    for place in range(len(table.partner)):
        key = (
            to[int(table.partner[place])], int(table.month[place]), int(table.day[place]),
            str(table.deal_id[place]), str(table.line[place]),
        )  # fmt: skip
        row = merged.setdefault(key, dict.fromkeys(table.values, 0.0))
        for name, values in table.values.items():
            row[name] += float(values[place])
    keys = sorted(merged)
    columns = list(zip(*keys, strict=True)) or [()] * 5
    return DealTable(
        partner=np.array(columns[0], dtype=np.int32),
        month=np.array(columns[1], dtype=np.int32),
        day=np.array(columns[2], dtype=np.int32),
        deal_id=np.array(columns[3], dtype=object),
        line=np.array(columns[4], dtype=object),
        values={name: np.array([merged[key][name] for key in keys]) for name in table.values},
    )


def mix_factor(scheme: Scheme, group: str) -> Fraction:
    """The stored factor of a group of rules."""
    factors = scheme.mix.factors if scheme.mix else None
    return millionth(getattr(factors, group)) if factors else Fraction(1)


def scaled_rate(rate: Decimal | None, factor: Fraction) -> Fraction:
    """A rate times its group's factor, to a millionth."""
    return millionth(millionth(rate or Decimal(0)) * factor)


def scaled_lump(world: World, lump: Decimal | None, factor: Fraction) -> Fraction:
    """A lump times its group's factor, to the minor unit."""
    return half_away(world.currency.cents(lump or Decimal(0)) * factor / world.currency.cent) * world.currency.cent
