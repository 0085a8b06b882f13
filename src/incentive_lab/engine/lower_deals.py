"""A rule that pays deal by deal, as instructions over deals (source: docs/payouts.md, rules per deal or line)."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import accumulate

from incentive_lab.engine import ops as o
from incentive_lab.engine import program as p
from incentive_lab.engine.assembler import Row
from incentive_lab.engine.lower_limits import allowed, ceiling, is_lost, most_by_month, since_joining
from incentive_lab.engine.lower_parts import (
    BASE,
    attained,
    chosen_form,
    grid_rates,
    has_lumps,
    is_plain,
    open_to,
    pay_form,
)
from incentive_lab.engine.lower_values import COMPARED, Values

BEYOND_CALENDAR = 4096.0
"""More periods than a history has: what is added to those counted from joining, so that they differ from the others."""


def lower_deals(v: Values, r: int) -> None:
    """Write what rule r's deals pay: first what they look at month by month, then deal by deal."""
    _Deals(v, r).write()


class _Deals:
    """One rule per deal or line."""

    def __init__(self, v: Values, r: int) -> None:
        self.v, self.r, self.rule, self.code = v, r, v.rules[r], v.code
        self.span = v.span(r)
        self.grain = self.rule[p.R_GRAIN]
        self.forms = range(self.rule[p.R_FORM], self.rule[p.R_FORM] + max(1, self.rule[p.R_FORMS]))
        self.running = self.rule[p.R_RUN_SLOT] >= 0
        code = self.rule[p.R_WINDOW]
        months = range(v.months)
        self.start = v.window(code, self.span.clip)[0] if self.running else list(months)
        self.base: Row = BASE
        """The row that deals pay on: their own number, unless something is to be taken off it first."""
        self.carried: dict[int, int] = {}
        self.gathered: dict[object, int] = {}
        """What is looked at month by month -> the first of its rows of work."""

    def write(self) -> None:
        """Both passes."""
        v = self.v
        v.deal_posts[self.r] = self.code.work(v.months)
        if v.trace:
            self._carry_rows()
        with self.code.part():
            self._epochs()
            with self.code.when(self.span.active):
                self._by_month()
        with self.code.part(self.grain):
            self._by_deal()

    def _carry_rows(self) -> None:
        """Rows for the amounts that limits carry after each month's deals, undefined where there are none."""
        v, code = self.v, self.code
        for row in self._limits():
            if v.limits[row][p.L_CARRY] and v.limits[row][p.L_KIND] != p.LIMIT_QUANTITY:
                first = self.carried[row] = code.work(v.months)
                v.deal_carry.append((first, self._lapses(row)))
                with code.part():
                    code.emit(o.FILL, (o.WORK, first, code.at(list(range(v.months)))), f=code.numbers(float("nan")))

    def _lapses(self, row: int) -> list[bool]:
        """The months at whose start what a limit carries lapses."""
        v, limit = self.v, self.v.limits[row]
        return [limit[p.L_WINDOW] != p.LIFE and not limit[p.L_OVER_YEAR] and v.place(m) == 0 for m in range(v.months)]

    def _epochs(self) -> None:
        """For each limit of one number over several deals: rows that tell its periods, and partners, apart."""
        v = self.v
        for row in self._limits():
            limit, most = v.limits[row], v.table(p.LIMITS_F)[row]
            if is_lost(limit) and not limit[p.L_DEAL] and len(set(allowed(v, limit, most))) == 1:
                self.gathered["epoch", row] = self.code.work(v.months)
                begins = accumulate(int(opens) for opens in self._opens(limit))
                number = self.code.number([*map(float, begins)])
                self.code.emit(o.EPOCH, self._month_row(("epoch", row)), n=number)
                if limit[p.L_SINCE] >= 0:
                    self._epoch_since_joining(limit, row, number)

    def _epoch_since_joining(self, limit: Sequence[int], row: int, number: int) -> None:
        """Where there are months since joining, the periods counted from there instead of those of the programme year."""
        v, code, epoch = self.v, self.code, self._month_row(("epoch", row))
        code.emit(o.FILL_MONTH, o.PART, n=number)
        since_joining(v, limit, o.OTHER)
        v.fill(o.VALUE, BEYOND_CALENDAR)
        code.emit(o.ADD, o.OTHER, o.VALUE)
        code.emit(o.HOLD, o.OTHER, o.PART)
        code.emit(o.ADD_DIFFERENCE, epoch, o.OTHER, o.PART)

    def _opens(self, limit: Sequence[int]) -> list[bool]:
        """The months in which a limit's period begins."""
        window = limit[p.L_WINDOW]
        return [window > 0 and self.v.place(m) % window == 0 for m in range(self.v.months)]

    # month by month ------------------------------------------------------------------------------------------
    def _keep(self, key: object, row: Row) -> None:
        """Keep a row of this month for the deals of the month."""
        self.gathered[key] = self.code.work(self.v.months)
        self.code.emit(o.COPY, self._month_row(key), row)

    def _month_row(self, key: object) -> Row:
        return o.WORK, self.gathered[key], self.code.at(list(range(self.v.months)))

    def _by_month(self) -> None:
        v, rule, months = self.v, self.rule, range(self.v.months)
        end = [m + 1 for m in months]
        self._keep("open", open_to(v, self.r))
        number = rule[p.R_DRIVER]
        if self.running:
            slot = rule[p.R_RUN_SLOT]
            self.code.emit(o.DIFFERENCE, o.VALUE, v.sums(slot, months), v.sums(slot, self.start))
            self._keep("count", (o.WORK, o.VALUE, 0))
            if number >= 0:
                ref, slot = v.table(p.OPERANDS)[number][p.O_REF], v.table(p.OPERANDS)[number][p.O_SLOT]
                v.reference(ref, self.start, end, rule[p.R_WINDOW], slot, o.VALUE)
                self._keep("driver", (o.WORK, o.VALUE, 0))
        elif number >= 0:
            self._look(number)
        if rule[p.R_BASE] == p.BASE_EXCESS:
            v.reference(rule[p.R_REF], list(months), end, 1, rule[p.R_SLOT], o.VALUE)
            self._keep("above", (o.WORK, o.VALUE, 0))
        for operand in self._looked():
            self._look(operand)
        for row in self._multipliers():
            _, operand, form = v.table(p.MULTIPLIERS)[row]
            if form < 0 and v.table(p.OPERANDS)[operand][p.O_DEAL] < 0:
                upto, since = attained(v, operand, self.span.clip, o.VALUE)
                self._keep(("against", operand), (o.WORK, o.VALUE, 0))
                self.code.emit(o.DIFFERENCE, o.VALUE, upto, since)
                self._keep(("now", operand), (o.WORK, o.VALUE, 0))
        for row in self._limits():
            if v.limits[row][p.L_KIND] == p.LIMIT_SHARE:
                ceiling(v, v.limits[row], v.table(p.LIMITS_F)[row], o.VALUE)
                self._keep(("limit", row), (o.WORK, o.VALUE, 0))
        if rule[p.R_CHOICE] != p.CHOICE_NONE:
            self._keep("form", chosen_form(v, self.r, v.table(p.CHOICE)[self.r], v.settings[p.H_FORMS], o.MINE))
        if rule[p.R_GRID] >= 0:
            return
        for form in self.forms:
            target = v.form[form][p.F_TARGET]
            if target >= 0:
                v.reference(target, self.start, end, rule[p.R_WINDOW], 0, o.VALUE)
                self._keep(("target", form), (o.WORK, o.VALUE, 0))

    def _looked(self) -> list[int]:
        """Operands that the grid, the requirements, multipliers and gates look at."""
        v, rule = self.v, self.rule
        found = list(v.table(p.GRIDS)[rule[p.R_GRID]][:2]) if rule[p.R_GRID] >= 0 else []
        found += [v.table(p.TESTS)[test] for test in self._tests()]
        for row in self._multipliers():
            _, operand, form = v.table(p.MULTIPLIERS)[row]
            if form >= 0 or v.table(p.OPERANDS)[operand][p.O_DEAL] >= 0:
                found.append(operand)
        for g in v.gates(self.r):
            first, count, _, _ = v.table(p.GATES)[g]
            found += v.table(p.TESTS)[first : first + count]
        return found

    def _tests(self) -> range:
        return range(self.rule[p.R_REQUIRE], self.rule[p.R_REQUIRE] + self.rule[p.R_REQUIRES])

    def _multipliers(self) -> range:
        return range(self.rule[p.R_MULT], self.rule[p.R_MULT] + self.rule[p.R_MULTS])

    def _limits(self) -> range:
        return range(self.rule[p.R_LIMIT], self.rule[p.R_LIMIT] + self.rule[p.R_LIMITS])

    def _look(self, operand: int) -> None:
        """Keep what deals need of an operand: its value, or what a deal's own value is compared with."""
        v, months = self.v, range(self.v.months)
        if ("operand", operand) in self.gathered:
            return
        _, slot, _, _, ref, own, _ = v.table(p.OPERANDS)[operand]
        if own < 0:
            self._keep(("operand", operand), v.operand(operand, self.span.clip, o.VALUE))
        elif ref >= 0:
            v.reference(ref, list(months), [m + 1 for m in months], 1, slot, o.VALUE)
            self._keep(("operand", operand), (o.WORK, o.VALUE, 0))

    # deal by deal --------------------------------------------------------------------------------------------
    def _gather(self, key: object, out: int) -> Row:
        """A row kept month by month, for each deal that of its partner and month."""
        self.code.emit(o.GATHER, out, ints=(self.gathered[key],))
        return o.WORK, out, 0

    def _own(self, slot: int) -> Row:
        """A measure of the deals."""
        return o.DEALS, slot, 0

    def _seen(self, operand: int, out: int) -> Row:
        """An operand as a deal sees it: its own number, or the month's."""
        v = self.v
        kind, _, _, _, ref, own, second = v.table(p.OPERANDS)[operand]
        if own < 0:
            return self._gather(("operand", operand), out)
        if kind == p.SUM:
            return self._own(own)
        v.fill(o.STEP, 0.0)
        if kind == p.RATIO:
            self.code.emit(o.RATIO_OF, out, self._own(own), o.STEP, self._own(second), o.STEP)
        else:
            self._gather(("operand", operand), out)
            self.code.emit(o.COMPARE, out, self._own(own), o.STEP, ints=(COMPARED[kind], v.endless(ref)))
        return o.WORK, out, 0

    def _by_deal(self) -> None:
        v, r, rule, code = self.v, self.r, self.rule, self.code
        raw = self._own(rule[p.R_DEAL])
        self._gather("open", o.OK)
        code.emit(o.LIVE_ROW, o.LIVE, raw, o.OK)
        if self.running:
            self._gather("count", o.VALUE)
            place, code.memory = code.memory, code.memory + 2
            code.emit(o.RUNNING, o.DRIVER, self._own(rule[p.R_DEAL_DRIVER]), o.VALUE, o.BEFORE, ints=(place,))
        self._base(raw)
        if rule[p.R_GRID] >= 0:
            self._grid()
            lumpy = False
        else:
            lumpy = has_lumps(v, self.forms)
            self._pay(lumpy)
        if v.rate_unit > 0:
            code.emit(o.ROUND_RATE, o.PAID, self.base, ints=(v.mode,),
                      f=code.numbers(v.rate_unit, v.rules_f[r][p.RF_RATE_PARTS]))  # fmt: skip
        if lumpy:
            code.emit(o.ADD, o.PAID, o.LUMPS)
        if rule[p.R_BASE] == p.BASE_EXCESS:
            code.emit(o.ZERO_UNDEFINED, o.PAID, o.BASE)
        self._factors()
        code.emit(o.MONEY, o.PAID, o.LIVE, ints=(v.mode, int(v.at_line)), f=code.numbers(v.unit))
        self._limit(False)
        code.emit(o.POST_DEALS, 0, o.LIVE, o.PAID, raw, ints=(r, v.deal_posts[r], int(rule[p.R_RETURNS] > 0)))

    def _base(self, raw: Row) -> None:
        """What a deal pays on: its own number, above a reference, in packages, within quantities, less what it paid."""
        v, rule, code = self.v, self.rule, self.code
        of = v.rules_f[self.r][p.RF_MULTIPLE]
        earlier = [other for other, counts in enumerate(v.table(p.NET_OF)[self.r]) if counts and other < self.r]
        quantities = any(v.limits[row][p.L_KIND] == p.LIMIT_QUANTITY for row in self._limits())
        if rule[p.R_BASE] != p.BASE_EXCESS and of <= 0 and not earlier and not quantities:
            self.base = raw
        if rule[p.R_BASE] == p.BASE_EXCESS:
            self._gather("above", o.BASE)
            v.fill(o.STEP, 0.0)
            code.emit(o.EXCESS_OF, o.BASE, raw, o.STEP)
            code.emit(o.DEFINED, o.LIVE, o.LIVE, o.BASE)
        elif self.base != raw:
            code.emit(o.COPY, o.BASE, raw)
        if of > 0:
            code.emit(o.PACKAGES, o.BASE, ints=(rule[p.R_STARTED],), f=code.numbers(of))
        if any(not self._at_once(row) and ("epoch", row) not in self.gathered for row in self._limits()):
            place, code.memory = code.memory, code.memory + 2
            if self.grain == 1:
                code.emit(o.NEW_DEAL, o.STEP, (o.DEALS, v.deal_slots, 0), ints=(place,))
                code.emit(o.COPY, o.COUNTED, o.STEP)
            else:
                v.fill(o.COUNTED, 1.0)
        self._limit(True)
        if earlier:
            v.fill(o.PART, 0.0)
            for other in earlier:
                code.emit(o.ADD, o.PART, (o.PAID_DEALS, other, 0))
            code.emit(o.NET, o.BASE, o.PART)

    def _at_once(self, row: int) -> bool:
        """Whether a limit looks at one deal alone, so that its excess is cut without looking at those before."""
        limit = self.v.limits[row]
        return self.grain == 0 and bool(limit[p.L_DEAL]) and not limit[p.L_PRORATE] and is_lost(limit)

    def _limit(self, quantity: bool) -> None:
        """Pass deals through the limits on quantity, or through those on amount: the limits per deal first."""
        v, code = self.v, self.code
        rows = [row for row in self._limits() if (v.limits[row][p.L_KIND] == p.LIMIT_QUANTITY) == quantity]
        if not quantity:
            rows.sort(key=lambda row: -v.limits[row][p.L_DEAL])
        for row in rows:
            limit, most = v.limits[row], v.table(p.LIMITS_F)[row]
            if self._at_once(row):
                code.emit(o.CUT_AT, o.BASE if quantity else o.PAID, ints=(1,), f=code.numbers(most))
                continue
            if ("epoch", row) in self.gathered:
                self._gather(("epoch", row), o.MOST)
                place, code.memory = code.memory, code.memory + 2
                whole = not quantity and v.at_line and v.unit % 1e6 == 0 and most >= 0
                code.emit(o.DEAL_CUT, o.BASE if quantity else o.PAID, o.LIVE, o.MOST, ints=(place, int(whole)),
                          f=code.numbers(most))  # fmt: skip
                continue
            number, by_row = 0, limit[p.L_KIND] == p.LIMIT_SHARE
            if by_row:
                self._gather(("limit", row), o.MOST)
            else:
                number = most_by_month(v, limit, most)
            place, code.memory = code.memory, code.memory + 5
            spill, carried = -1, self.carried.get(row, -1)
            if limit[p.L_FUND] >= 0 and not quantity:
                spill = code.work(v.months)
                v.spills.setdefault(self.r, []).append((limit[p.L_FUND], spill))
            periods, years = (
                code.at(list(accumulate(map(int, starts)))) for starts in (self._opens(limit), self._lapses(row))
            )
            code.emit(
                o.DEAL_LIMIT, o.BASE if quantity else o.PAID, o.LIVE, o.MOST, o.COUNTED,
                ints=(place, periods, years,
                      limit[p.L_DEAL] + 2 * limit[p.L_CARRY] + 4 * by_row, spill, carried), n=number,
            )  # fmt: skip

    def _grid(self) -> None:
        v = self.v
        row_operand, column_operand, row_form, column_form, first, width = v.table(p.GRIDS)[self.rule[p.R_GRID]]
        row, column = self._seen(row_operand, o.ROW_VALUE), self._seen(column_operand, o.COLUMN_VALUE)
        self.code.emit(o.GRID, o.PAID, row, column, self.base, ints=(row_form, column_form, width),
                       f=grid_rates(v, first, row_form, width))  # fmt: skip

    def _driver(self) -> Row:
        """The row of each deal's driver; a running one also fills BEFORE."""
        v, rule, code = self.v, self.rule, self.code
        number = rule[p.R_DRIVER]
        if self.running:
            if number >= 0:
                kind, ref = v.table(p.OPERANDS)[number][p.O_KIND], v.table(p.OPERANDS)[number][p.O_REF]
                v.fill(o.STEP, 0.0)
                compared = (COMPARED[kind], v.endless(ref))
                self._gather("driver", o.ROW_VALUE)
                code.emit(o.COMPARE, o.ROW_VALUE, o.DRIVER, o.STEP, ints=compared)
                self._gather("driver", o.COLUMN_VALUE)
                code.emit(o.COMPARE, o.COLUMN_VALUE, o.BEFORE, o.STEP, ints=compared)
                code.emit(o.ZERO_UNDEFINED, o.COLUMN_VALUE, o.COLUMN_VALUE)
                code.emit(o.COPY, o.DRIVER, o.ROW_VALUE)
                code.emit(o.COPY, o.BEFORE, o.COLUMN_VALUE)
            return o.WORK, o.DRIVER, 0
        if number >= 0:
            return self._seen(number, o.DRIVER)
        if rule[p.R_DEAL_DRIVER] >= 0:
            return self._own(rule[p.R_DEAL_DRIVER])
        return self.base

    def _pay(self, lumpy: bool) -> None:
        """What the rate pays on each deal, whichever form its partner has."""
        v, rule, code = self.v, self.rule, self.code
        one = rule[p.R_CHOICE] == p.CHOICE_NONE
        if one and is_plain(v, self.forms[0]):
            pay_form(v, self.forms[0], o.PAID, o.LUMPS, self.base, False, 0, False, self.base)
            return
        driver = self._driver()
        if not one:
            self._gather("form", o.MINE)
            v.fill(o.PAID, 0.0)
            v.fill(o.LUMPS, 0.0)
        for form in self.forms:
            out, lumps = (o.PAID, o.LUMPS) if one else (o.PART, o.VALUE)
            start = len(code.code)
            if not one:
                code.emit(o.SKIP, 0, o.MINE, f=code.numbers(float(form)))
            if ("target", form) in self.gathered:
                self._gather(("target", form), o.TARGET)
            pay_form(v, form, out, lumps, driver, self.running, rule[p.R_SAME], lumpy, self.base)
            if self.running and rule[p.R_BEFORE]:
                code.emit(o.ONE_RATE, out, self.base, driver, o.BEFORE, o.TARGET, ints=(form,))
            if not one:
                number = code.numbers(float(form))
                code.emit(o.CHOOSE, o.PAID, o.MINE, out, f=number)
                if lumpy:
                    code.emit(o.CHOOSE, o.LUMPS, o.MINE, lumps, f=number)
                code.code[start][o.C_I] = len(code.code) - start - 1

    def _factors(self) -> None:
        """Multipliers, gates and requirements, by the deal's own numbers or the month's."""
        v, code = self.v, self.code
        for row in self._multipliers():
            _, operand, form = v.table(p.MULTIPLIERS)[row]
            if form >= 0:
                v.fill(o.TARGET, float("nan"))
                code.emit(o.MULTIPLIER, o.PAID, self._seen(operand, o.VALUE), o.TARGET, ints=(form,))
                continue
            own = v.table(p.OPERANDS)[operand][p.O_DEAL]
            now = self._own(own) if own >= 0 else self._gather(("now", operand), o.VALUE)
            against = self._gather(("operand" if own >= 0 else "against", operand), o.PART)
            v.fill(o.STEP, 0.0)
            code.emit(o.ATTAINED, o.PAID, now, o.STEP, against, f=code.numbers(*v.table(p.MULTIPLIERS_F)[row]))
        gates = v.gates(self.r)
        if gates:
            v.fill(o.FACTOR, 1e6)
            for g in gates:
                first, count, any_of, missing = v.table(p.GATES)[g]
                v.fill(o.ACTS, 0.0 if any_of else 1.0)
                for test in range(first, first + count):
                    value = self._seen(v.table(p.TESTS)[test], o.VALUE)
                    v.test(test, value, o.ACTS, bool(any_of), bool(missing))
                code.emit(o.GATE, o.FACTOR, o.ACTS, f=code.numbers(v.table(p.GATES_F)[g]))
            code.emit(o.SCALE, o.PAID, o.FACTOR)
        if self.rule[p.R_REQUIRES]:
            v.fill(o.ACTS, 1.0)
            for test in self._tests():
                v.test(test, self._seen(v.table(p.TESTS)[test], o.VALUE), o.ACTS, False, False)
            code.emit(o.ZERO_UNLESS, o.PAID, o.ACTS)
