"""The rows of a compiled scheme: references, operands, tests, forms, limits, in the kernel's units."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal

from incentive_lab.engine import program as p
from incentive_lab.engine.borders import border_kind, fine, looked_at, whole, window_code_of_look
from incentive_lab.engine.columns import Column, ColumnBook, DealColumn
from incentive_lab.engine.periods import PERIOD_MONTHS, window_code
from incentive_lab.engine.scores import score_operand
from incentive_lab.money import decimals
from incentive_lab.scheme.document import Cap, Scheme
from incentive_lab.scheme.lookup import leaves_of, measure_named, unit_of
from incentive_lab.scheme.measures import TENURE
from incentive_lab.scheme.mixed import paid_millionths
from incentive_lab.scheme.rates import Driver, Multiplier, Over, Table
from incentive_lab.scheme.reference import Reference
from incentive_lab.scheme.rules import Limit, Test, Who
from incentive_lab.scheme.tiers import Look

_MODES = {
    "marginal": p.MARGINAL,
    "whole": p.WHOLE,
    "each_to_its_end": p.TO_END,
    "each_in_full": p.IN_FULL,
    "interpolated_rate": p.INTERPOLATED_RATE,
    "interpolated_amount": p.INTERPOLATED_AMOUNT,
}
_KEPT = {"carried": p.CARRIED_ON, "trued_up": p.TRUED_UP}
_NEW = {"skip": p.NEW_SKIP, "zero": p.NEW_ZERO, "prorate": p.NEW_PRORATE}


def _look_code(look: Look, per: int) -> int:
    return -look.months if look.months else window_code_of_look(look.window or "period", per)


@dataclass
class Builder:
    """Collects rows while a document is walked."""

    scheme: Scheme
    first_month: int
    columns: ColumnBook
    forms: list[list[int]] = field(default_factory=list)
    forms_f: list[tuple[float]] = field(default_factory=list)
    steps: list[list[float]] = field(default_factory=list)
    operands: list[tuple[int, ...]] = field(default_factory=list)
    references: list[tuple[int, ...]] = field(default_factory=list)
    references_f: list[tuple[float, float]] = field(default_factory=list)
    tests: list[int] = field(default_factory=list)
    tests_f: list[tuple[float, ...]] = field(default_factory=list)
    limits: list[list[int]] = field(default_factory=list)
    limits_f: list[float] = field(default_factory=list)
    multipliers: list[tuple[int, ...]] = field(default_factory=list)
    multipliers_f: list[tuple[float, float]] = field(default_factory=list)
    grids: list[tuple[int, ...]] = field(default_factory=list)
    grid_rates: list[float] = field(default_factory=list)
    schedules: list[tuple[float, float]] = field(default_factory=list)
    repays: list[int] = field(default_factory=list)
    repays_f: list[float] = field(default_factory=list)
    score_parts: list[tuple[int, ...]] = field(default_factory=list)
    score_parts_f: list[tuple[float, ...]] = field(default_factory=list)
    cards: dict[tuple[str, int, bool], int] = field(default_factory=dict)
    points: list[int] = field(default_factory=list)
    points_f: list[tuple[float, float]] = field(default_factory=list)
    static_forms: dict[int, tuple[str, dict[str, int], int]] = field(default_factory=dict)
    fund_forms: dict[int, tuple[str, dict[str, int], int]] = field(default_factory=dict)
    funds: dict[str, int] = field(default_factory=dict)

    # numbers -------------------------------------------------------------------------------------------------
    @property
    def minor(self) -> int:
        """Minor units in one unit of the scheme's currency."""
        return int(10 ** decimals(self.scheme.currency))

    def cents(self, amount: Decimal) -> float:
        """An amount in whole minor units, half-up."""
        return whole(amount * self.minor)

    def parts(self, money: bool) -> float:
        """Into how many parts a unit of a coefficient is divided so that rates are millionths."""
        return 1.0 if money else 1_000_000 / self.minor

    def border(self, name: str, kind: str, value: Decimal) -> float:
        """A border in the units that the kernel compares a driver in."""
        if kind != "value" or measure_named(name, self.scheme.measures).is_level:
            return float(fine(value))
        measure = measure_named(name, self.scheme.measures)
        if measure.ratio is not None:
            top, bottom = measure.ratio
            if unit_of(name, self.scheme.measures) == "money":
                value = Decimal(whole(value * self.minor)) / self.minor
            return float(fine(value) * self.scale(top) / self.scale(bottom))
        return whole(value * self.scale(name))

    def scale(self, name: str) -> int:
        """Kernel units in one unit of an additive measure: minor units of money, millionths of all else."""
        return self.minor if unit_of(name, self.scheme.measures) == "money" else 1_000_000

    # references, operands, tests -----------------------------------------------------------------------------
    def reference(self, name: str, reference: Reference, group: bool) -> int:
        """Row of a reference for measure `name`."""
        kind, slot, amount = p.REF_EARLIER, -1, 0.0
        if reference.amount is not None:
            kind, amount = p.REF_AMOUNT, whole(reference.amount * self.scale(name))
        elif reference.target:
            kind, slot = p.REF_TARGET, self.columns.target(name)
        pace = -1
        if reference.pace_of:
            pace = self.columns.month(Column(name, total_of=reference.pace_of))
        apart = 12 if reference.last_year else 0
        row = (kind, slot, pace, _NEW[reference.new_partner], int(reference.whole), reference.windows, apart)
        self.references.append(row)
        self.references_f.append((amount, whole(reference.times * 1_000_000)))
        return len(self.references) - 1

    def driver_column(self, name: str) -> Column:
        """The column that tables, tiers and gates read: the group's or whole deals' where the scheme says so."""
        member = self.scheme.group is not None and self.scheme.group.pays == "member"
        full = self.scheme.splits.tiering == "after"
        return Column(name, credit="full" if full else "share", total_of="group" if member else "")

    def deal_slots(self, names: tuple[str, ...], grain: str, like: str) -> tuple[int, int]:
        """Slots of measures deal by deal, where deals carry them as they carry measure `like`; else -1."""
        leaves = [
            measure_named(leaf, self.scheme.measures)
            for name in names
            for leaf in leaves_of(name, self.scheme.measures)
        ]
        dates = {measure_named(leaf, self.scheme.measures).date for leaf in leaves_of(like, self.scheme.measures)}
        if any(leaf.table != "deals" or leaf.spread or leaf.distinct or leaf.date not in dates for leaf in leaves):
            return -1, -1
        credit = self.driver_column(names[0]).credit
        first, *second = (self.columns.deal(DealColumn(name, credit, grain)) for name in names)
        return first, second[0] if second else -1

    def operand(self, driver: Driver, over: Over, per: int, grain: str = "", like: str = "") -> int:
        """Row of an operand: a driver over a window.

        In a rule per deal (`grain`, paying on measure `like`) the rule's own period is the deal by itself.
        """
        name = driver.name
        code = window_code(over, per)
        if driver.scorecard is not None:
            key = (name, code, self.columns.restate)
            if key not in self.cards:
                self.operands.append(score_operand(self, name, code))
                self.cards[key] = len(self.operands) - 1
            return self.cards[key]
        measure = measure_named(name, self.scheme.measures)
        if driver.measure is not None:
            if measure.is_level:
                row = (p.LEVEL, self.columns.level(name), -1, code, -1)
            elif measure.ratio is not None:
                top, bottom = (self.columns.month(self.driver_column(part)) for part in measure.ratio)
                row = (p.RATIO, top, bottom, code, -1)
            else:
                row = (p.SUM, self.columns.month(self.driver_column(name)), -1, code, -1)
        else:
            kind, default = {
                driver.attainment_of: (p.ATTAINMENT, Reference(target=True)),
                driver.growth_of: (p.GROWTH, Reference(last_year=True)),
                driver.excess_of: (p.EXCESS, Reference(target=True)),
            }[name]
            reference = self.reference(name, driver.against or default, True)
            row = (kind, self.columns.month(self.driver_column(name)), -1, code, reference)
        alone = over == "period" and grain and not measure.is_level
        slots = self.deal_slots(measure.ratio or (name,), grain, like) if alone else (-1, -1)
        if (*row, *slots) in self.operands:
            return self.operands.index((*row, *slots))
        self.operands.append((*row, *slots))
        return len(self.operands) - 1

    def test(self, name: str, test: Test, per: int, grain: str, like: str) -> None:
        """Append one test."""
        driver = looked_at(name, test)
        self.tests.append(self.operand(driver, test.over, per, grain, like))
        bounds = (test.below, test.above, test.at_least, test.at_most)
        self.tests_f.append(
            tuple(math.nan if bound is None else self.border(name, test.kind, bound) for bound in bounds)
        )

    def tenure(self, who: Who) -> None:
        """Append the test of months since joining that `who` asks for, if it does."""
        if who.months_since_joining is not None:
            bounds = who.months_since_joining
            least = None if bounds.at_least is None else Decimal(bounds.at_least)
            below = None if bounds.below is None else Decimal(bounds.below)
            self.test(TENURE, Test(at_least=least, below=below), 1, "", "")

    def test_range(self, tests: Mapping[str, Test], per: int, grain: str = "", like: str = "") -> tuple[int, int]:
        """Append tests; their first row and count."""
        first = len(self.tests)
        for name, test in tests.items():
            self.test(name, test, per, grain, like)
        return first, len(self.tests) - first

    def needs(self, needs: Mapping[str, Decimal], points: Decimal | None, per: int) -> tuple[int, int]:
        """Append what a tier level needs as tests over the review's window."""
        tiers = self.scheme.tiers
        assert tiers is not None
        first = len(self.tests)
        code = _look_code(tiers.looks_at, per)
        for name, value in needs.items():
            own = _look_code(tiers.window_of(name), per)
            row = self.operands[self.operand(Driver(measure=name), "period", 1)]
            row = (*row[:3], own if row[0] != p.LEVEL else row[3], *row[4:])
            self._tier_test(row, self.border(name, "value", value), tiers.border)
        if points is not None:
            begin = len(self.points)
            for name, weight in tiers.points.items():
                self.points.append(self.columns.month(self.driver_column(name)))
                self.points_f.append((whole(weight * 1_000_000), float(self.scale(name))))
            row = (p.POINTS, begin, len(self.points) - begin, code, -1, -1, -1)
            self._tier_test(row, whole(points * 1_000_000), tiers.border)
        return first, len(self.tests) - first

    def _tier_test(self, row: tuple[int, ...], value: float, border: str) -> None:
        self.operands.append(row)
        self.tests.append(len(self.operands) - 1)
        nan = math.nan
        self.tests_f.append((nan, value, nan, nan) if border == "above" else (nan, nan, value, nan))

    # rates ---------------------------------------------------------------------------------------------------
    def coefficient(self, rate: Decimal, money: bool, factor: Decimal) -> float:
        """A rate as the kernel multiplies it: millionths for money, minor units a unit for counts."""
        millionths = float(paid_millionths(rate, factor))
        return millionths if money else millionths * self.minor / 1_000_000

    def plain_form(self, rate: Decimal, money: bool, factor: Decimal) -> int:
        """A form that is one rate."""
        self.steps.append([0, 0, math.inf, self.coefficient(rate, money, factor), math.nan, math.inf, 0, 0])
        self.forms.append([p.PLAIN, 0, len(self.steps) - 1, 1, 0, 0, 0, 0, -1, 0])
        self.forms_f.append((math.inf,))
        return len(self.forms) - 1

    def table_form(self, table: Table, driver: tuple[str, str], money: bool, factor: Decimal, lumps: Decimal) -> int:
        """A form that is a table. `driver` is the measure and kind (value, attainment ...) of its borders."""
        mode = _MODES[table.applies]
        name, kind = driver
        target = -1
        if table.of_target:
            target = self.reference(name, Reference(target=True), False)

        def place(value: Decimal) -> float:
            return float(value * 1_000_000) if table.of_target else self.border(name, kind, value)

        first = len(self.steps)
        starts = [place(step.from_) for step in table.steps]
        ends = [None if step.to is None else place(step.to) for step in table.steps]
        previous_end = table.slices == "from_previous_end"
        lowers = [
            (0.0 if i == 0 else (ends[i - 1] if ends[i - 1] is not None else starts[i])) if previous_end else starts[i]
            for i in range(len(starts))
        ]
        last = len(starts) - 1
        closed = table.beyond == "capped"
        upper: float | None
        for i, step in enumerate(table.steps):
            own_end = ends[i]
            following = lowers[i + 1] if i < last else math.inf
            end = own_end if own_end is not None else (starts[i + 1] if i < last else math.inf)
            if i == last:
                upper = own_end if own_end is not None and closed else math.inf
            else:
                upper = own_end if own_end is not None else following
            if mode in (p.WHOLE, p.IN_FULL):
                upper = ends[last] if closed and ends[last] is not None else math.inf
            rate = self.coefficient(step.rate or Decimal(0), money, factor)
            rate_to = math.nan if step.rate_to is None else self.coefficient(step.rate_to, money, factor)
            lump = whole((step.lump or Decimal(0)) * lumps * self.minor)
            self.steps.append([starts[i], lowers[i], upper, rate, rate_to, end, lump, float(step.retroactive)])  # type: ignore[list-item]
        end_of_all = ends[last] if ends[last] is not None else math.inf
        has_lumps = any(step.lump for step in table.steps)
        capped = closed and ends[last] is not None
        nothing = table.beyond == "nothing" and ends[last] is not None
        self.forms.append([
            mode, int(table.border == "above"), first, len(starts), int(nothing), int(capped),
            int(table.lumps == "each"), int(has_lumps), target, int(table.extrapolate),
        ])  # fmt: skip
        self.forms_f.append((end_of_all,))  # type: ignore[arg-type]
        return len(self.forms) - 1

    def multiplier(self, multiplier: Multiplier, per: int, grain: str, like: str) -> None:
        """Append one multiplier."""
        if multiplier.table is None:
            driver = Driver(
                attainment_of=multiplier.attainment_of, scorecard=multiplier.scorecard, against=multiplier.against
            )
            self.multipliers.append((0, self.operand(driver, multiplier.over, per, grain, like), -1))
        else:
            table = multiplier.table
            assert table.by is not None
            form = self.table_form(table, border_kind(table.by), True, Decimal(1), Decimal(1))
            self.multipliers.append((1, self.operand(table.by, table.over, per, grain, like), form))
        self.multipliers_f.append((whole(multiplier.at_least * 1_000_000), whole(multiplier.at_most * 1_000_000)))

    def limit(self, limit: Limit | Cap, scale: float) -> list[int]:
        """The integer columns of a limit or cap; its number is `scale` times the declared one."""
        over_year = int(getattr(limit, "carry_over_year", False))
        kind, slot = p.LIMIT_AMOUNT, -1
        if getattr(limit, "quantity", None) is not None:
            kind = p.LIMIT_QUANTITY
        elif limit.share is not None:
            kind, slot = p.LIMIT_SHARE, self.columns.month(Column(limit.of or ""))
        fund = self.funds[limit.to] if limit.to is not None else -1
        window = (
            {"deal": 1, "life": p.LIFE}.get(limit.per) if limit.per in ("deal", "life") else PERIOD_MONTHS[limit.per]
        )
        assert window is not None
        return [
            kind, window, _KEPT.get(limit.excess, 0), fund, slot, int(limit.prorate), int(limit.per == "deal"),
            over_year, self.columns.level(TENURE) if limit.since == "joined" else -1,
        ]  # fmt: skip

    def limit_number(self, limit: Limit | Cap, base_scale: int) -> float:
        """The kernel's number for a limit: minor units, millionths of a share, or units of the base."""
        quantity = getattr(limit, "quantity", None)
        if quantity is not None:
            return whole(quantity * base_scale)
        if limit.share is not None:
            return whole(limit.share * 1_000_000)
        assert limit.amount is not None
        return self.cents(limit.amount)
