"""A scheme document becomes the kernel's flat arrays, and the list of columns it needs from the history."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from incentive_lab.engine import program as p
from incentive_lab.engine.borders import border_kind, whole
from incentive_lab.engine.columns import Column, ColumnBook, DealColumn
from incentive_lab.engine.compile_around import (
    Around,
    floats,
    grain_of,
    ints,
    numbers,
    numbers_of,
    settings_of,
)
from incentive_lab.engine.lowering import lower
from incentive_lab.engine.periods import PERIOD_MONTHS, active_months, window_code, year_shift
from incentive_lab.engine.rows import Builder
from incentive_lab.errors import InputError, Problem
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.lookup import measure_named, unit_of
from incentive_lab.scheme.rates import Driver, Rate, Table
from incentive_lab.scheme.rules import Expiry, ReturnPolicy, Rule

_RETURNS = {
    "original_rate": p.RETURN_ORIGINAL,
    "share_of_paid": p.RETURN_SHARE,
    "unserved_time": p.RETURN_UNSERVED,
    "schedule": p.RETURN_SCHEDULE,
}


@dataclass(frozen=True)
class Compiled:
    """A scheme (or one variant of it) ready for the kernel.

    Attributes:
        scheme: The document.
        tables: Its rules, tables, limits and so on as rows of numbers; see `program`.
        settings: Whole numbers of the scheme.
        numbers: Other numbers of the scheme.
        columns: The month columns, level columns, target columns and deal columns that its slots mean, in order.
        rule_ids: Line ids of the rules; the special lines follow.
        static_forms: Rule row -> (attribute, value -> form, otherwise).
        fund_forms: Fund row -> the same.
        funds: Number of funds.
        starts: The month in which the scheme comes into force; None: it is all along.
    """

    scheme: Scheme
    tables: Mapping[int, NDArray[Any]]
    settings: p.I64
    numbers: p.F64
    columns: ColumnBook
    rule_ids: tuple[str, ...]
    static_forms: Mapping[int, tuple[str, Mapping[str, int], int]]
    fund_forms: Mapping[int, tuple[str, Mapping[str, int], int]]
    funds: int
    starts: int | None = None

    @cached_property
    def program(self) -> p.Program:
        """The instructions of the kernel."""
        return self._lowered(False)

    @cached_property
    def traced(self) -> p.Program:
        """The same, telling of each rule what a statement says."""
        return self._lowered(True)

    def _lowered(self, trace: bool) -> p.Program:
        columns = self.columns
        slots = len(columns.months), len(columns.levels), len(columns.targets), len(columns.deals)
        awards = sum(1 for rule in self.scheme.rules if rule.award)
        return lower(self.tables, self.settings, self.numbers, slots, awards, trace, self.starts)

    @property
    def line_ids(self) -> tuple[str, ...]:
        """Ids of every line: the rules', then the special ones."""
        return self.rule_ids + p.SPECIAL_LINES


def compile_scheme(scheme: Scheme, first_month: int, months: int, starts: int | None = None) -> Compiled:
    """Compile a checked scheme for a history that begins with running month `first_month`.

    Args:
        scheme: A scheme that `check` finds no problem in; its variants are compiled apart.
        first_month: `panel.month_index` of the history's first month.
        months: Number of months.
        starts: The month in which the scheme comes into force: guarantees and draws begin then, and count from then on
            instead of by programme year. By default it is in force all along.

    Returns:
        The arrays and the columns they mean.
    """
    return replace(_Compiler(scheme, first_month, months).compile(), starts=starts)


class _Compiler:
    """Walks one document, rule by rule."""

    def __init__(self, scheme: Scheme, first_month: int, months: int) -> None:
        self.scheme = scheme
        self.months = months
        self.shift = year_shift(scheme, first_month)
        self.columns = ColumnBook(scheme.measures, scheme.returns.method == "recalculate", scheme.group)
        self.rows = Builder(scheme, first_month, self.columns)
        self.tiers = [level.name for level in scheme.tiers.levels] if scheme.tiers else ["all"]
        self.places = {rule.id: row for row, rule in enumerate(scheme.rules)}
        funded = [rule.id for rule in scheme.rules if rule.fund]
        self.rows.funds.update({name: row for row, name in enumerate(funded)})
        self.rules = np.full((len(scheme.rules), p.R_COLUMNS), -1, dtype=np.int64)
        self.rules_f = np.zeros((len(scheme.rules), p.RF_COLUMNS))
        self.choice = np.full((len(scheme.rules), len(self.tiers)), -1, dtype=np.int64)
        self.earlier = np.zeros((len(scheme.rules), len(scheme.rules), 2), dtype=np.int64)
        self.return_slot = np.full(len(scheme.rules), -1, dtype=np.int64)
        self.funds: list[list[int]] = []
        self.fund_choice: list[list[int]] = []

    def compile(self) -> Compiled:
        """The whole document."""
        for row, rule in enumerate(self.scheme.rules):
            self._rule(row, rule)
        for pool in self.scheme.pools:
            if pool.of:
                self.columns.month(Column(pool.of))
        around = Around(self.scheme, self.rows, self.rules, self.tiers).tables()
        rows = self.rows
        flags = self.rules
        returns = bool((flags[:, p.R_RETURNS] > 0).any())
        repays = (flags[:, p.R_REPAY_MONTHS] > 0).any()
        posted = bool(self.earlier.any() or repays or returns)
        settings = settings_of(self.scheme, self.months, self.shift, len(self.funds), posted, returns)
        tables = {
            p.RULES: flags, p.RULES_F: self.rules_f, p.CHOICE: self.choice, p.FORMS: ints(rows.forms, 10),
            p.FORM_ENDS: floats(rows.forms_f, 1), p.STEPS: floats(rows.steps, 8), p.OPERANDS: ints(rows.operands, 7),
            p.REFERENCES: ints(rows.references, 7), p.REFERENCES_F: floats(rows.references_f, 2),
            p.TESTS: np.array(rows.tests, dtype=np.int64), p.TESTS_F: floats(rows.tests_f, 4),
            p.LIMITS: ints(rows.limits, p.L_COLUMNS), p.LIMITS_F: numbers(rows.limits_f), p.NET_OF: self.earlier[:, :, 0],
            p.PAYOUT_OF: self.earlier[:, :, 1], p.MULTIPLIERS: ints(rows.multipliers, 3),
            p.MULTIPLIERS_F: floats(rows.multipliers_f, 2), p.GRIDS: ints(rows.grids, 6),
            p.GRID_RATES: numbers(rows.grid_rates), p.FUNDS: ints(self.funds, 8),
            p.FUND_CHOICE: ints(self.fund_choice, len(self.tiers)), p.SCHEDULES: floats(rows.schedules, 2),
            p.REPAYS: np.array(rows.repays, dtype=np.int64), p.REPAYS_F: numbers(rows.repays_f),
            p.POINT_SLOTS: np.array(rows.points, dtype=np.int64), p.POINTS_F: floats(rows.points_f, 2),
            p.RETURN_SLOTS: self.return_slot, p.SCORE_PARTS: ints(rows.score_parts, 3),
            p.SCORE_PARTS_F: floats(rows.score_parts_f, 4), **around,
        }  # fmt: skip
        return Compiled(
            self.scheme, tables, settings, numbers_of(self.scheme, self.rows), self.columns, tuple(self.places),
            rows.static_forms, rows.fund_forms, len(self.funds),
        )  # fmt: skip

    # rules ---------------------------------------------------------------------------------------------------
    def _factor(self, rule: Rule) -> Decimal:
        mix = self.scheme.mix
        if mix is None or mix.factors is None:
            return Decimal(1)
        return mix.factors.behavioural if rule.group == "behavioural" else mix.factors.transactional

    def _rule(self, row: int, rule: Rule) -> None:
        cells, rows = self.rules[row], self.rows
        policy = rule.returns or self.scheme.returns
        was = self.columns.restate
        self.columns.restate = was or policy.method == "recalculate"
        cells[[p.R_MULTS, p.R_REQUIRES, p.R_LIMITS, p.R_SCHEDULES, p.R_REPAYS, p.R_FORMS]] = 0
        cells[[p.R_TRUE_UP, p.R_SAME, p.R_ACCUMULATES, p.R_CATCH_UP, p.R_INSTALMENTS, p.R_PROVISION]] = 0
        cells[[p.R_RETURNS, p.R_STARTED, p.R_BEFORE, p.R_REPAY_MONTHS, p.R_NET, p.R_QUANTITY, p.R_PROVISION_FORM]] = 0
        cells[p.R_NON_CASH] = int(rule.non_cash)
        cells[p.R_LIMITED] = int(any(who.by_month for who in (rule.who, self.scheme.eligible)))
        cells[p.R_WHO] = next(place for place, one in enumerate(self.scheme.rules) if one.who == rule.who)
        cells[p.R_GRAIN] = -1
        cells[p.R_MONTHS_AGO] = rule.on.months_ago
        per = cells[p.R_PER] = PERIOD_MONTHS[rule.per]
        money, scale = self._base(row, rule)
        self.rules_f[row, p.RF_RATE_PARTS] = rows.parts(money)
        self._rate(row, rule, money)
        grain, like = grain_of(rule)
        cells[p.R_MULT], cells[p.R_MULTS] = len(rows.multipliers), len(rule.multiply)
        for multiplier in rule.multiply:
            rows.multiplier(multiplier, per, grain, like)
        cells[p.R_REQUIRE], cells[p.R_REQUIRES] = rows.test_range(rule.requires, per, grain, like)
        cells[p.R_LIMIT], cells[p.R_LIMITS] = len(rows.limits), len(rule.limit)
        for limit in rule.limit:
            rows.limits.append(rows.limit(limit, scale))
            rows.limits_f.append(rows.limit_number(limit, scale))
            cells[p.R_QUANTITY] = max(cells[p.R_QUANTITY], int(limit.quantity is not None))
        for kind, names in enumerate((rule.net_of, rule.on.payout_of)):
            for name in names:
                self.earlier[row, self.places[name], kind] = 1
        cells[p.R_NET] = int(bool(rule.net_of))
        if rule.multiples:
            self.rules_f[row, p.RF_MULTIPLE] = whole(rule.multiples.of * scale)
            cells[p.R_STARTED] = int(rule.multiples.counts == "started")
        if rule.during:
            cells[p.R_FROM], cells[p.R_TO] = active_months(self.scheme, rule.during)
        self._life(row, rule, policy, money)
        self.columns.restate = was

    def _base(self, row: int, rule: Rule) -> tuple[bool, int]:
        """Fill the base of a rule; whether it is money, and its scale."""
        cells, rows = self.rules[row], self.rows
        if rule.on.payout_of:
            cells[p.R_BASE] = p.BASE_PAYOUT
            return True, rows.minor
        name = rule.on.measure or rule.on.excess_of or ""
        cells[p.R_SLOT] = self.columns.month(Column(name))
        cells[p.R_BASE] = p.BASE_MEASURE
        if rule.on.above is not None:
            cells[p.R_BASE] = p.BASE_EXCESS
            cells[p.R_REF] = rows.reference(name, rule.on.above, False)
        if rule.award:
            cells[p.R_BASE] = p.BASE_AWARD
            cells[p.R_AWARD] = sum(1 for other in self.scheme.rules[:row] if other.award)
        if cells[p.R_PER] == 0:
            cells[p.R_GRAIN] = self._grain(rule)
            cells[p.R_DEAL] = self.columns.deal(DealColumn(name, "share", rule.per))
        return unit_of(name, self.scheme.measures) == "money", rows.scale(name)

    def _grain(self, rule: Rule) -> int:
        return ("deal", "line").index(rule.per)

    def _rate(self, row: int, rule: Rule, money: bool) -> None:
        cells, rows, rate = self.rules[row], self.rows, rule.rate
        factor = self._factor(rule)
        cells[p.R_CHOICE] = p.CHOICE_NONE
        cells[p.R_FORM] = len(rows.forms)
        tables = [leaf.table for leaf in _leaves(rate) if leaf.table is not None]
        table = tables[0] if tables else None
        self._one_driver(rule, tables)
        driver = table.by if table and table.by else None
        name = rule.on.measure or rule.on.excess_of or ""
        border = border_kind(driver) if driver else (name, "value")
        self._window(row, rule, table, driver, name)
        if rate.grid is not None:
            self._grid(row, rule, money, factor)
        choice = rate.choice()
        if choice is None:
            self._form(rate, border, money, factor, rule)
        else:
            attribute, values = choice
            forms = {value: self._form(leaf, border, money, factor, rule) for value, leaf in values.items()}
            otherwise = self._form(rate.otherwise, border, money, factor, rule) if rate.otherwise else -1
            if attribute == "tier":
                cells[p.R_CHOICE] = p.CHOICE_TIER
                self.choice[row] = [forms.get(tier, otherwise) for tier in self.tiers]
            else:
                cells[p.R_CHOICE] = p.CHOICE_STATIC
                rows.static_forms[row] = (attribute, forms, otherwise)
        cells[p.R_FORMS] = len(rows.forms) - cells[p.R_FORM]

    def _one_driver(self, rule: Rule, tables: Sequence[Table]) -> None:
        """Refuse a choice between rates that look at different things: the kernel follows one driver for each rule."""
        looks = {(table.by, str(table.over), table.pays, table.counts) for table in tables}
        windows = {window_code(table.over, PERIOD_MONTHS[rule.per]) for table in tables} - {PERIOD_MONTHS[rule.per]}
        if len(looks) > 1 or (windows and rule.per not in ("deal", "line") and len(tables) < len(_leaves(rule.rate))):
            raise InputError([Problem(
                f"rules.{rule.id}.rate", "its rates look at different drivers or windows.",
                "Give them the same by, over, pays and counts, or write one rule for each.",
            )])  # fmt: skip

    def _form(self, rate: Rate, border: tuple[str, str], money: bool, factor: Decimal, rule: Rule) -> int:
        if rate.table is not None:
            if rule.on.payout_of and rate.table.by is None:
                return self._payout_table(rate.table, factor)
            return self.rows.table_form(rate.table, border, money, factor, factor)
        return self.rows.plain_form(rate.plain or Decimal(0), money, factor)

    def _payout_table(self, table: Table, factor: Decimal) -> int:
        """A table whose driver is a payout: its borders are money."""
        return self.rows.table_form(table, ("revenue", "value"), True, factor, factor)

    def _window(self, row: int, rule: Rule, table: Table | None, driver: Driver | None, name: str) -> None:
        """How the driver accumulates, and whether it is the base itself."""
        cells, rows = self.rules[row], self.rows
        per = int(cells[p.R_PER])
        cells[p.R_WINDOW] = max(1, per)
        if table is None:
            return
        code = window_code(table.over, per)
        cells[p.R_WINDOW] = code
        accumulates = table.over != "period" and (per == 0 or code != per)
        cells[p.R_ACCUMULATES] = int(accumulates)
        true_up = accumulates and table.pays == "true_up" and per > 0 and code >= 0
        cells[p.R_TRUE_UP] = int(true_up)
        cells[p.R_BEFORE] = int(table.counts == "before")
        own_value = driver is None or (rule.on.measure is not None and driver.measure == name)
        own_column = rows.driver_column(name) == Column(name) if name else True
        altered = rule.multiples is not None or bool(rule.net_of) or any(x.quantity is not None for x in rule.limit)
        if per == 0:
            self._deal_driver(row, rule, driver, name, accumulates, own_value and own_column, altered)
            return
        if own_value and (rule.on.measure is None or (own_column and (not accumulates or true_up))):
            cells[p.R_SAME] = 1
            return
        cells[p.R_DRIVER] = rows.operand(driver or Driver(measure=name), table.over, per)
        cells[p.R_SAME] = int(own_value and own_column and accumulates and not altered and code >= 0)

    def _deal_driver(
        self, row: int, rule: Rule, driver: Driver | None, name: str, accumulates: bool, own: bool, altered: bool
    ) -> None:
        """The driver of a rule per deal: the deal's own number, a running count, or a number of the month."""
        cells = self.rules[row]
        rows = self.rows
        table = next(leaf.table for leaf in _leaves(rule.rate) if leaf.table)
        if rule.on.excess_of is not None and driver is None:
            cells[p.R_SAME] = 1
            return
        looked = driver or Driver(measure=name)
        if looked.scorecard is not None:
            cells[p.R_DRIVER] = rows.operand(looked, table.over, 0)
            return
        measure = measure_named(looked.name, self.scheme.measures)
        alone = measure.ratio is None and not measure.is_level
        slot = rows.deal_slots((looked.name,), rule.per, name)[0] if alone else -1
        if slot < 0 or (looked.measure is None and not accumulates):
            cells[p.R_DRIVER] = rows.operand(looked, table.over, 0, *grain_of(rule))
            return
        if accumulates:
            cells[p.R_RUN_SLOT] = self.columns.month(rows.driver_column(looked.name))
            if looked.measure is None:
                cells[p.R_DRIVER] = rows.operand(looked, table.over, 0)
        if accumulates or not own:
            cells[p.R_DEAL_DRIVER] = slot
        cells[p.R_SAME] = int(own and not (accumulates and altered))

    def _grid(self, row: int, rule: Rule, money: bool, factor: Decimal) -> None:
        rows, grid = self.rows, rule.rate.grid
        assert grid is not None
        per = int(self.rules[row, p.R_PER])
        grain, like = grain_of(rule)
        axes = []
        for axis in (grid.rows, grid.columns):
            steps = Table(by=axis.by, over=axis.over, border=axis.border, steps=axis.steps)
            axes.append(
                (
                    rows.operand(axis.by, axis.over, per, grain, like),
                    rows.table_form(steps, border_kind(axis.by), True, Decimal(1), Decimal(1)),
                )
            )
        self.rules[row, p.R_GRID] = len(rows.grids)
        (row_operand, row_form), (column_operand, column_form) = axes
        width = len(grid.columns.steps)
        rows.grids.append((row_operand, column_operand, row_form, column_form, len(rows.grid_rates), width))
        for first in grid.rows.steps:
            for second in grid.columns.steps:
                rate = grid.rates.get(first.name, {}).get(second.name, Decimal(0))
                rows.grid_rates.append(rows.coefficient(rate, money, factor))

    def _life(self, row: int, rule: Rule, policy: ReturnPolicy, money: bool) -> None:
        """Provision, instalments, fund, returns and repayment of a rule."""
        cells, rows = self.rules[row], self.rows
        name = rule.on.measure or rule.on.excess_of or ""
        if rule.instalments:
            cells[p.R_INSTALMENTS] = rule.instalments.count
            cells[p.R_CATCH_UP] = int(rule.instalments.catch_up)
        if rule.provision:
            self._provision(row, rule, name, money)
        if rule.fund:
            cells[p.R_FUND] = rows.funds[rule.id]
            self._fund(rule)
        measure = measure_named(name, self.scheme.measures) if name else None
        if policy.method in _RETURNS and measure is not None and measure.follows_returns:
            cells[p.R_RETURNS] = _RETURNS[policy.method]
            self.return_slot[row] = self.columns.returned(name)
            self.rules_f[row, p.RF_RETURN_SHARE] = whole(policy.share * 1_000_000)
            self.rules_f[row, p.RF_RETURN_KEEP] = rows.cents(policy.keep)
            cells[p.R_SCHEDULE], cells[p.R_SCHEDULES] = len(rows.schedules), len(policy.schedule)
            rows.schedules += [(step.within_months, whole(step.share * 1_000_000)) for step in policy.schedule]
        if rule.repay:
            cells[p.R_REPAY_MONTHS] = rule.repay.months
            cells[p.R_REPAY], cells[p.R_REPAYS] = len(rows.repays), len(rule.repay.unless)
            self.rules_f[row, p.RF_REPAY_SHARE] = whole(rule.repay.share * 1_000_000)
            for measured, least in rule.repay.unless.items():
                rows.repays.append(self.columns.month(Column(measured)))
                rows.repays_f.append(whole(least * rows.scale(measured)))

    def _provision(self, row: int, rule: Rule, name: str, money: bool) -> None:
        cells, rows, provision = self.rules[row], self.rows, rule.provision
        assert provision is not None
        factor = self._factor(rule)
        cells[p.R_PROVISION] = p.PROVISION_RATE
        if provision.expected is not None or provision.run_rate:
            cells[p.R_PROVISION] = p.PROVISION_EXPECTED
            cells[p.R_PROVISION_FORM] = cells[p.R_FORM]
            cells[p.R_PROVISION_REF] = (
                -1 if provision.expected is None else rows.reference(name, provision.expected, False)
            )
            return
        rate = provision.rate
        if rate is None:
            table = rule.rate.table
            assert table is not None
            rate = next(step.rate or Decimal(0) for step in table.steps if step.name == provision.step)
        cells[p.R_PROVISION_FORM] = len(rows.steps)
        rows.steps.append([0, 0, math.inf, rows.coefficient(rate, money, factor), math.nan, math.inf, 0, 0])

    def _fund(self, rule: Rule) -> None:
        rows, fund = self.rows, rule.fund
        assert fund is not None
        by_measure = fund.rate is not None
        rate = fund.rate or fund.every
        assert rate is not None
        slot = self.columns.month(Column(fund.accrues_on)) if fund.accrues_on else -1
        by_money = by_measure and unit_of(fund.accrues_on or "", self.scheme.measures) == "money"
        forms: dict[str, int] = {}
        choice, otherwise = rate.choice(), -1
        form = rows.plain_form(rate.plain or Decimal(0), by_money, Decimal(1)) if choice is None else -1
        kind = p.CHOICE_NONE
        by_tier = [-1] * len(self.tiers)
        if choice is not None:
            attribute, values = choice
            forms = {
                value: rows.plain_form(leaf.plain or Decimal(0), by_money, Decimal(1)) for value, leaf in values.items()
            }
            if rate.otherwise:
                otherwise = rows.plain_form(rate.otherwise.plain or Decimal(0), by_money, Decimal(1))
            if attribute == "tier":
                kind, by_tier = p.CHOICE_TIER, [forms.get(tier, otherwise) for tier in self.tiers]
            else:
                kind = p.CHOICE_STATIC
                rows.fund_forms[len(self.funds)] = (attribute, forms, otherwise)
        self.funds.append([
            0 if by_measure else 1, slot, PERIOD_MONTHS[fund.per], int(fund.expires == "year_end"), kind, form,
            *((PERIOD_MONTHS[fund.expires.per], fund.expires.after) if isinstance(fund.expires, Expiry) else (0, 0)),
        ])  # fmt: skip
        self.fund_choice.append(by_tier)


def _leaves(rate: Rate) -> list[Rate]:
    """The single rates of a rate: itself, or those it chooses from."""
    choice = rate.choice()
    if choice is None:
        return [rate]
    return [*choice[1].values(), *([rate.otherwise] if rate.otherwise else [])]
