"""What a rule posts in the posting month of its period, as instructions (source: docs/payouts.md, steps 1 to 11)."""

from __future__ import annotations

from incentive_lab.engine import ops as o
from incentive_lab.engine import program as p
from incentive_lab.engine.assembler import Row
from incentive_lab.engine.lower_limits import pass_limit
from incentive_lab.engine.lower_parts import (
    attained,
    chosen_form,
    earlier_payouts,
    fill_base,
    finish,
    grid_rates,
    has_lumps,
    is_plain,
    open_to,
    pay_form,
    plain_rate,
    rate_of,
    remember,
    trace_months,
    trace_value,
    windows_of,
)
from incentive_lab.engine.lower_values import Span, Values
from incentive_lab.engine.scores import score_value

_ACCUMULATE = (p.SUM, p.ATTAINMENT, p.GROWTH, p.EXCESS)


class Posting:
    """What a rule posts in the posting month of its period."""

    def __init__(self, v: Values, r: int, span: Span) -> None:
        self.v, self.r, self.span, self.rule = v, r, span, v.rules[r]
        self.windows = windows_of(v, r, span)
        self.paid = v.now + r
        self.forms = range(self.rule[p.R_FORM], self.rule[p.R_FORM] + max(1, self.rule[p.R_FORMS]))

    def write(self) -> None:
        """The whole of it."""
        v, r, rule, code = self.v, self.r, self.rule, self.v.code
        windows = self.windows
        ok = open_to(v, r)
        fill_base(v, r, windows.start, windows.code if windows.true_up else rule[p.R_PER])
        self._count(ok)
        undefined = rule[p.R_BASE] == p.BASE_EXCESS
        lumpy = False
        if rule[p.R_BASE] == p.BASE_AWARD:
            code.emit(o.PLAIN_RATE, self.paid, o.BASE, f=code.numbers(1e6))
        elif rule[p.R_GRID] >= 0:
            self._grid()
        else:
            lumpy = has_lumps(v, self.forms)
            self._pay(lumpy)
        if v.rate_unit > 0:
            code.emit(o.ROUND_RATE, self.paid, o.BASE, ints=(v.mode,),
                      f=code.numbers(v.rate_unit, v.rules_f[r][p.RF_RATE_PARTS]))  # fmt: skip
        if lumpy:
            code.emit(o.JOIN_LUMPS, self.paid, o.BASE, o.LUMPS)
        elif undefined:
            code.emit(o.ZERO_UNDEFINED, self.paid, o.BASE)
        self._multiply()
        if v.trace:
            self._trace()
        self._entitle(ok)
        if rule[p.R_PROVISION] != p.PROVISION_NONE:
            code.emit(o.OFF_ACCOUNT, self.paid, ok, d=v.account + r, ints=(v.mode, int(v.at_line)),
                      f=code.numbers(v.unit))  # fmt: skip
        if v.trace:
            code.emit(o.TRACE, 0, v.entitled + r, ints=(r, p.X_TO_DATE))
        finish(v, r, self.paid, ok)
        remember(v, r, windows.so_far if windows.true_up else self.span.first, windows.true_up, ok, self.span.first)

    def _count(self, ok: Row) -> None:
        """Packages, limits on quantity and earlier payouts, applied to the base."""
        v, rule, code = self.v, self.rule, self.v.code
        of = v.rules_f[self.r][p.RF_MULTIPLE]
        if of > 0:
            code.emit(o.PACKAGES, o.BASE, ints=(rule[p.R_STARTED],), f=code.numbers(of))
        for row in range(rule[p.R_LIMIT], rule[p.R_LIMIT] + rule[p.R_LIMITS]):
            limit = v.limits[row]
            if limit[p.L_KIND] == p.LIMIT_QUANTITY:
                mask = ok
                if rule[p.R_BASE] == p.BASE_EXCESS:
                    code.emit(o.DEFINED, o.ACTS, ok, o.BASE)
                    mask = (o.WORK, o.ACTS, 0)
                pass_limit(v, self.r, row, o.BASE, mask, -1)
        if rule[p.R_NET]:
            earlier_payouts(v, self.r, p.NET_OF, self.windows.start, o.PART)
            code.emit(o.NET, o.BASE, o.PART)

    def _grid(self) -> None:
        v = self.v
        row_operand, column_operand, row_form, column_form, first, width = v.table(p.GRIDS)[self.rule[p.R_GRID]]
        row = v.operand(row_operand, self.span.clip, o.ROW_VALUE)
        column = v.operand(column_operand, self.span.clip, o.COLUMN_VALUE)
        v.code.emit(o.GRID, self.paid, row, column, o.BASE, ints=(row_form, column_form, width),
                    f=grid_rates(v, first, row_form, width))  # fmt: skip

    def _driver(self) -> tuple[Row, bool]:
        """The row of the driver, and whether BEFORE holds what it was before this period."""
        v, rule, span = self.v, self.rule, self.span
        number = rule[p.R_DRIVER]
        if number < 0:
            return (o.WORK, o.BASE, 0), False
        driver = v.operand(number, span.clip, o.DRIVER)
        kind, code = v.table(p.OPERANDS)[number][p.O_KIND], v.table(p.OPERANDS)[number][p.O_WINDOW]
        running = self.windows.accumulates and rule[p.R_TRUE_UP] == 0
        if not (running and code >= 0 and kind in _ACCUMULATE):
            return driver, False
        v.operand(number, span.clip, o.BEFORE, until=span.first)
        if kind != p.SUM:
            v.code.emit(o.ZERO_UNDEFINED, o.BEFORE, o.BEFORE)
        return driver, True

    def _pay(self, lumpy: bool) -> None:
        """What the rule's rate pays, whichever form each partner has."""
        v, r, rule, code = self.v, self.r, self.rule, self.v.code
        if rule[p.R_CHOICE] == p.CHOICE_NONE and is_plain(v, self.forms[0]):
            plain_rate(v, r, self.forms[0], self.paid)
            return
        if all(is_plain(v, form) for form in self.forms):
            rates = {form: rate_of(v, form) for form in self.forms}
            if rule[p.R_CHOICE] == p.CHOICE_TIER:
                choices = [rates.get(form, 0.0) for form in v.table(p.CHOICE)[r]]
                v.look_up(o.PART, v.tier_at(range(v.months)), [0.0, *choices])
            else:
                places = range(self.forms[-1] + 1)
                v.look_up(o.PART, (o.FIXED, v.settings[p.H_FORMS] + r, 0), [0.0, *(rates.get(f, 0.0) for f in places)])
            code.emit(o.RATE_BY_LANE, self.paid, o.BASE, o.PART)
            return
        driver, has_before = self._driver()
        window_first = v.window(self.windows.code, self.span.clip)[0]
        one = rule[p.R_CHOICE] == p.CHOICE_NONE
        mine = None
        if not one:
            mine = chosen_form(v, r, v.table(p.CHOICE)[r], v.settings[p.H_FORMS], o.MINE)
            v.fill(self.paid, 0.0)
            v.fill(o.LUMPS, 0.0)
        for form in self.forms:
            out, lumps = (self.paid, o.LUMPS) if one else (o.PART, o.VALUE)
            start = len(code.code)
            if mine is not None:
                code.emit(o.SKIP, 0, mine, f=code.numbers(float(form)))
            target = v.form[form][p.F_TARGET]
            if target >= 0:
                v.reference(target, window_first, [m + 1 for m in range(v.months)], self.windows.code, 0, o.TARGET)
            pay_form(v, form, out, lumps, driver, has_before, rule[p.R_SAME], lumpy)
            if mine is not None:
                number = code.numbers(float(form))
                code.emit(o.CHOOSE, self.paid, mine, out, f=number)
                if lumpy:
                    code.emit(o.CHOOSE, o.LUMPS, mine, lumps, f=number)
                code.code[start][o.C_I] = len(code.code) - start - 1

    def _multiply(self) -> None:
        """Multipliers, then requirements."""
        v, rule, code, clip = self.v, self.rule, self.v.code, self.span.clip
        for row in range(rule[p.R_MULT], rule[p.R_MULT] + rule[p.R_MULTS]):
            _, number, form = v.table(p.MULTIPLIERS)[row]
            if form < 0:
                upto, since = attained(v, number, clip, o.VALUE)
                bounds = code.numbers(*v.table(p.MULTIPLIERS_F)[row])
                code.emit(o.ATTAINED, self.paid, upto, since, o.VALUE, f=bounds)
                continue
            value = v.operand(number, clip, o.VALUE)
            target = v.form[form][p.F_TARGET]
            if target >= 0:
                window = v.table(p.OPERANDS)[number][p.O_WINDOW]
                v.reference(target, self.windows.start, [m + 1 for m in range(v.months)], window, 0, o.TARGET)
            code.emit(o.MULTIPLIER, self.paid, value, o.TARGET, ints=(form,))
        if rule[p.R_REQUIRES]:
            v.fill(o.ACTS, 1.0)
            for test in range(rule[p.R_REQUIRE], rule[p.R_REQUIRE] + rule[p.R_REQUIRES]):
                v.test(test, v.operand(v.table(p.TESTS)[test], clip, o.VALUE), o.ACTS, False, False)
            code.emit(o.ZERO_UNLESS, self.paid, o.ACTS)

    def _entitle(self, ok: Row) -> None:
        """An entitlement becomes this posting's amount: instalments, or to date less posted before."""
        v, r, rule, code = self.v, self.r, self.rule, self.v.code
        count = rule[p.R_INSTALMENTS]
        if not count and not self.windows.true_up:
            return
        with code.when(self.windows.begins):
            v.fill(v.entitled + r, 0.0)
        if count:
            number = [v.place(m) // (12 // count) + 1 for m in range(v.months)]
            code.emit(o.INSTALMENT, self.paid, ok, v.entitled + r, f=code.numbers(v.unit),
                      ints=(code.at(number), rule[p.R_CATCH_UP], count, v.mode, int(v.at_line)))  # fmt: skip
            return
        if v.at_line:
            code.emit(o.LINE, self.paid, ok, ints=(v.mode, 1), f=code.numbers(v.unit))
        code.emit(o.TRUE_UP, self.paid, ok, v.entitled + r)

    def _trace(self) -> None:
        v, r, rule, code = self.v, self.r, self.rule, self.v.code
        grid = rule[p.R_GRID] >= 0
        trace_value(v, r, p.X_HERE, 1.0)
        code.emit(o.TRACE, 0, o.BASE, ints=(r, p.X_BASE))
        driver: Row = (o.WORK, o.BASE, 0)
        if rule[p.R_DRIVER] >= 0 and not grid:
            driver = v.operand(rule[p.R_DRIVER], self.span.clip, o.DRIVER)
        if grid:
            trace_value(v, r, p.X_DRIVER, float("nan"))
        else:
            code.emit(o.TRACE, 0, driver, ints=(r, p.X_DRIVER))
        self._trace_reference()
        self._trace_target()
        self._trace_scores()
        code.emit(o.TRACE, 0, self.paid, ints=(r, p.X_EARNED))
        form, fixed = (o.WORK, o.MINE, 0), -1
        if rule[p.R_CHOICE] == p.CHOICE_NONE:
            fixed = rule[p.R_FORM]
            trace_value(v, r, p.X_FORM, float(fixed))
        else:
            form = chosen_form(v, r, v.table(p.CHOICE)[r], v.settings[p.H_FORMS], o.MINE)
            code.emit(o.TRACE, 0, form, ints=(r, p.X_FORM))
        trace_months(v, r, p.X_START, self.windows.start)
        if not grid and (fixed < 0 or rule[p.R_FORMS] > 0):
            code.emit(o.TRACE_STEP, 0, driver, form, ints=(r, p.X_STEP, fixed))
        per = max(1, rule[p.R_PER])
        last = v.months - 1
        trace_months(v, r, p.X_PROVISIONAL,
                      [float(self.span.last[m] == last and v.start(m, per) + per - 1 > m) for m in range(v.months)])  # fmt: skip

    def _trace_reference(self) -> None:
        """What the base, else the driver, is compared with."""
        v, rule, end = self.v, self.rule, [m + 1 for m in range(self.v.months)]
        number = rule[p.R_DRIVER] if rule[p.R_GRID] < 0 else -1
        if rule[p.R_BASE] == p.BASE_EXCESS:
            code = self.windows.code if self.windows.true_up else rule[p.R_PER]
            v.reference(rule[p.R_REF], self.windows.start, end, code, rule[p.R_SLOT], o.OTHER)
        elif number >= 0 and v.table(p.OPERANDS)[number][p.O_REF] >= 0:
            attained(v, number, self.span.clip, o.OTHER)
        else:
            v.fill(o.OTHER, float("nan"))
        v.code.emit(o.TRACE, 0, o.OTHER, ints=(self.r, p.X_AGAINST))

    def _trace_target(self) -> None:
        """The target that the steps of the rule's tables are shares of; all of them look at one driver."""
        v = self.v
        targets = [] if self.rule[p.R_GRID] >= 0 else [v.form[form][p.F_TARGET] for form in self.forms]
        target = max(targets, default=-1)
        if target < 0:
            trace_value(v, self.r, p.X_TARGET, float("nan"))
            return
        first = v.window(self.windows.code, self.span.clip)[0]
        v.reference(target, first, [m + 1 for m in range(v.months)], self.windows.code, 0, o.OTHER)
        v.code.emit(o.TRACE, 0, o.OTHER, ints=(self.r, p.X_TARGET))

    def _trace_scores(self) -> None:
        """What the rate and the multipliers look at besides the driver: scores with the attainment of their parts, other values."""
        v, r, rule, code = self.v, self.r, self.rule, self.v.code
        multipliers = range(rule[p.R_MULT], rule[p.R_MULT] + rule[p.R_MULTS])
        looked = {v.table(p.MULTIPLIERS)[row][p.M_OPERAND] for row in multipliers}
        if rule[p.R_GRID] >= 0:
            looked.update(v.table(p.GRIDS)[rule[p.R_GRID]][column] for column in (p.G_ROW_OPERAND, p.G_COLUMN_OPERAND))
        elif rule[p.R_DRIVER] >= 0 and self._scored(rule[p.R_DRIVER]):
            looked.add(rule[p.R_DRIVER])
        for number in sorted(looked):
            value: Row = (o.WORK, o.OTHER, 0)
            if self._scored(number):
                score_value(v, number, self.span.clip, o.OTHER,
                            lambda part, row: code.emit(o.TRACE, 0, row, ints=(r, len(p.TRACE_FIELDS) + part)))  # fmt: skip
            else:
                value = v.operand(number, self.span.clip, o.OTHER)
            code.emit(o.TRACE, 0, value, ints=(r, len(p.TRACE_FIELDS) + len(v.table(p.SCORE_PARTS)) + number))

    def _scored(self, number: int) -> bool:
        return bool(self.v.table(p.OPERANDS)[number][p.O_KIND] == p.SCORE)
