"""What instructions look at: windows of the history, references, operands, tests, gates and ceilings, month by month."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from numpy.typing import NDArray

from incentive_lab.engine import ops as o
from incentive_lab.engine import program as p
from incentive_lab.engine.assembler import Assembler, Months, Row
from incentive_lab.engine.borders import held_between
from incentive_lab.engine.periods import period_start, window, year_month
from incentive_lab.engine.scores import SCORE_ROWS, score_value

TARGET_MARGIN = 12
"""Months of targets before the first and after the last month of the panel."""
COMPARED = {p.ATTAINMENT: 0, p.GROWTH: 1, p.EXCESS: 2}


@dataclass(frozen=True)
class Span:
    """A rule's period at each month: whether it is active, where windows begin, its first and its posting month."""

    active: tuple[bool, ...]
    clip: tuple[int, ...]
    first: tuple[int, ...]
    last: tuple[int, ...]


class Values:
    """The tables of one scheme, where its rows are, and how to write what they say."""

    def __init__(
        self, tables: Mapping[int, NDArray[Any]], settings: p.I64, numbers: p.F64, slots: tuple[int, int, int, int],
        awards: int, trace: bool,
    ) -> None:  # fmt: skip
        self.tables = tables
        self._lists: dict[int, Any] = {}
        self.settings: list[int] = settings.tolist()
        self.unit, self.minimum, self.rate_unit = numbers.tolist()
        self.months, self.shift = self.settings[p.Z_MONTHS], self.settings[p.Z_SHIFT]
        self.mode, self.at_line = self.settings[p.Z_MODE], self.settings[p.Z_AT_LINE] == 1
        self.tiers = self.settings[p.Z_TIERS]
        self.slots, self.level_slots, self.target_slots, self.deal_slots = slots
        self.trace = trace
        self.alternatives = [
            (per, bool(lesser), [r for r, compared in enumerate(row) if compared])
            for (per, lesser), row in zip(self.table(p.ALTERNATIVES), self.table(p.ALTERNATIVE_RULE), strict=True)
        ]
        self.rules, self.rules_f = self.table(p.RULES), self.table(p.RULES_F)
        self.limits, self.caps, self.funds = self.table(p.LIMITS), self.table(p.CAPS), self.table(p.FUNDS)
        self.guarantees, self.draws = self.table(p.GUARANTEES), self.table(p.DRAWS)
        self.floors = bool(self.guarantees or self.draws)
        self.forms, self.steps, self.ends = tables[p.FORMS], tables[p.STEPS], tables[p.FORM_ENDS]
        self.form = self.table(p.FORMS)
        self.target_row = self.settings[p.H_ROWS]
        self.award_row = self.target_row + (self.months + 2 * TARGET_MARGIN + 1) * self.target_slots
        self.baseline_row = self.award_row + awards * self.months
        self.code = Assembler(self.months)
        self._places = [year_month(m, self.shift) for m in range(self.months)]
        self._spans: dict[tuple[int, ...], Span] = {}
        self._gates: dict[object, int] = {}
        self.deal_carry: list[tuple[int, list[bool]]] = []
        self.deal_posts: dict[int, int] = {}
        self.spills: dict[int, list[tuple[int, int]]] = {}
        self._rows()

    def _rows(self) -> None:
        """Reserve the balances."""
        rules, months, work = len(self.rules), self.months, self.code.work
        self.tier_rows, self.score_row = work(months), work(SCORE_ROWS if len(self.tables[p.SCORE_PARTS]) else 0)
        self.now = work(rules)
        self.entitled, self.account = work(rules), work(rules)
        self.limit_used, self.limit_carry = work(len(self.limits)), work(len(self.limits))
        self.cap_used, self.cap_carry = work(len(self.caps)), work(len(self.caps))
        self.fund, self.draw = work(len(self.funds)), work(len(self.draws))
        self.top_up, self.due, self.settlement = work(len(self.guarantees)), work(1), work(1)
        self.earned = work(months + 1) if self.floors else -1
        cash = [rule for rule in self.rules if not rule[p.R_NON_CASH]]
        self.lots = [work(fund[p.U_AFTER] - 1) if fund[p.U_AFTER] > 1 else -1 for fund in self.funds]
        self.claimed = [work(len(compared) + 1) for _, _, compared in self.alternatives]
        self.takes_back = any(rule[p.R_RETURNS] > 0 or rule[p.R_REPAY_MONTHS] > 0 for rule in cash)
        self.keep_posted = self.settings[p.Z_KEEP_POSTED] == 1
        self.posted_row = work(rules * (months + 1)) if self.keep_posted else -1
        self.effective = work(2 * rules * months) if self.settings[p.Z_KEEP_RATES] else -1

    def table(self, number: int) -> Any:
        """A table of the scheme as lists."""
        if number not in self._lists:
            self._lists[number] = self.tables[number].tolist()
        return self._lists[number]

    def place(self, m: int) -> int:
        """Month m's place (0 to 11) in the programme year."""
        return self._places[m]

    def start(self, m: int, per: int) -> int:
        """First month of m's period of `per` months; may be negative."""
        return period_start(m, per, self.shift)

    def span(self, r: int) -> Span:
        """Rule r's periods."""
        rule = self.rules[r]
        key = (max(1, rule[p.R_PER]), rule[p.R_FROM], rule[p.R_TO])
        if key not in self._spans:
            self._spans[key] = self._span(*key)
        return self._spans[key]

    def _span(self, per: int, begins: int, runs: int) -> Span:
        active, clips, firsts, lasts = [], [], [], []
        for m in range(self.months):
            start = self.start(m, per)
            last, clip, open_ = start + per - 1, 0, True
            if begins >= 0:
                since = (self.place(m) - begins) % 12
                open_ = since <= runs
                clip = max(0, m - since)
                start, last = max(start, clip), min(last, m - since + runs)
            active.append(open_)
            clips.append(clip if open_ else 0)
            firsts.append(max(0, start) if open_ else 0)
            lasts.append(min(last, self.months - 1) if open_ else 0)
        return Span(tuple(active), tuple(clips), tuple(firsts), tuple(lasts))

    @cached_property
    def posts(self) -> list[list[bool]]:
        """Rule by rule, the months in which it posts something; one of several alternatives where any of them does."""
        result = list(self.earns)
        for per, lesser, compared in self.alternatives:
            ends = [self.place(m) % per == per - 1 or m == self.months - 1 for m in range(self.months)]
            any_of = ends if lesser else [any(self.earns[r][m] for r in compared) for m in range(self.months)]
            for r in compared:
                result[r] = any_of
        return result

    @cached_property
    def earns(self) -> list[list[bool]]:
        """Rule by rule, the months in which it is worked out, on account or for good."""
        result = []
        for r, rule in enumerate(self.rules):
            span = self.span(r)
            always = rule[p.R_PER] == 0 or rule[p.R_PROVISION] != p.PROVISION_NONE
            result.append([span.active[m] and (always or m == span.last[m]) for m in range(self.months)])
        return result

    def sums(self, slot: int, months: Months) -> Row:
        """Running totals of a column before each of these months."""
        return o.SUMS, slot, self.code.at([m * self.slots for m in months])

    def tier_at(self, months: Months) -> Row:
        """The tier in force in each of these months."""
        return o.WORK, self.tier_rows, self.code.at(list(months))

    def posted(self, r: int, months: Months) -> Row:
        """What rule r posted before each of these months."""
        return o.WORK, self.posted_row + r * (self.months + 1), self.code.at(list(months))

    def eligible(self, r: int) -> Row:
        """Who rule r is open to, before tiers are asked."""
        return o.FIXED, self.settings[p.H_ELIGIBLE] + self.rules[r][p.R_WHO], 0

    def fill(self, row: int, value: float) -> None:
        """Set every lane of a row of work."""
        self.code.emit(o.FILL, row, f=self.code.numbers(value) if value else 0)

    def look_up(self, out: int | Row, row: Row, values: Sequence[float]) -> None:
        """Fill `out` with the value at the place that a row names; the first value stands for -1."""
        self.code.emit(o.LOOK_UP, out, row, f=self.code.numbers(*map(float, values)))

    def window(self, code: int, clip: Months) -> tuple[list[int], list[int]]:
        """First month and end (exclusive) of a window at each month, not before `clip`."""
        spans = [window(code, m, self.shift) for m in range(self.months)]
        return [max(begin, clip[m]) for m, (begin, _) in enumerate(spans)], [end for _, end in spans]

    def reference(self, ref: int, start: Months, end: Months, code: int, slot: int, out: int) -> None:
        """Fill `out` with what a measure is compared with over [start, end); undefined where it cannot be assessed."""
        kind, target, pace, new, whole, windows, apart = self.table(p.REFERENCES)[ref]
        amount, times = self.table(p.REFERENCES_F)[ref]
        if kind == p.REF_AMOUNT:
            exact = amount * times / 1e6
            self.fill(out, math.copysign(math.floor(abs(exact) + 0.5), exact))
            return
        if kind == p.REF_TARGET:
            first, last = list(start), list(end)
            if whole and 0 < code <= 12:
                first = [self.start(m, code) for m in range(self.months)]
                last = [month + code for month in first]
            upto, since = (
                (o.FIXED, self.target_row + target,
                 self.code.at([(m + TARGET_MARGIN) * self.target_slots for m in months]))
                for months in (last, first)
            )  # fmt: skip
            self.code.emit(o.TARGET_OF, out, upto, since, f=self.code.numbers(times))
            return
        numbers = self.code.numbers(times, *map(float, (self.slots, self.months, windows, apart or abs(code))))
        self.code.emit(o.EARLIER, out, (o.FIXED, p.H_JOINED, 0), f=numbers,
                       ints=(slot, new, pace, self.code.at(list(end)), self.code.at(list(start))))  # fmt: skip

    def operand(self, number: int, clip: Months, out: int, until: Months | None = None) -> Row:
        """The row that holds an operand month by month: `out`, or where the history has it already.

        With `until` its window ends before that month: what it was before the period that begins there.
        """
        kind, slot, second, code, ref, _, _ = self.table(p.OPERANDS)[number]
        emit = self.code.emit
        if kind == p.LEVEL:
            return o.LEVELS, slot, self.code.at([m * self.level_slots for m in range(self.months)])
        start, end = self.window(code, clip)
        if until is not None:
            end = [max(begin, until[m]) for m, begin in enumerate(start)]
        start = [min(begin, end[m]) for m, begin in enumerate(start)]
        if kind == p.SUM:
            emit(o.DIFFERENCE, out, self.sums(slot, end), self.sums(slot, start))
        elif kind == p.RATIO:
            emit(o.RATIO_OF, out, self.sums(slot, end), self.sums(slot, start), self.sums(second, end),
                 self.sums(second, start))  # fmt: skip
        elif kind == p.SCORE:
            score_value(self, number, clip, out)
        elif kind == p.POINTS:
            self.fill(out, 0.0)
            for point in range(slot, slot + second):
                column = self.table(p.POINT_SLOTS)[point]
                emit(o.ADD_POINTS, out, self.sums(column, end), self.sums(column, start),
                     f=self.code.numbers(*self.table(p.POINTS_F)[point]))  # fmt: skip
        else:
            self.reference(ref, start, end, code, slot, out)
            emit(o.COMPARE, out, self.sums(slot, end), self.sums(slot, start),
                 ints=(COMPARED[kind], self.endless(ref)))  # fmt: skip
        return o.WORK, out, 0

    def endless(self, ref: int) -> int:
        """Whether growth from nothing is without end."""
        return int(self.table(p.REFERENCES)[ref][3] == p.NEW_ZERO)

    def test(self, test: int, value: Row, out: int, any_of: bool, missing: bool) -> None:
        """Bring one more test into `out`."""
        bounds = self.code.numbers(*held_between(*self.table(p.TESTS_F)[test]))
        self.code.emit(o.TEST, out, value, ints=(int(any_of), int(missing)), f=bounds)

    def gates(self, r: int) -> list[int]:
        """Rows of the gates that act on rule r."""
        return [g for g, acts in enumerate(self.table(p.GATE_RULE)) if acts[r]]

    def gate_rows(self) -> None:
        """Work out the factors of gates, once for all rules that the same gates act on."""
        users: dict[object, list[int]] = {}
        for r, rule in enumerate(self.rules):
            if rule[p.R_PER] > 0 and self.gates(r):
                users.setdefault(self._gate_key(r), []).append(r)
        for key, mine in users.items():
            row = self._gates[key] = self.code.work(1)
            with self.code.when([any(self.earns[r][m] for r in mine) for m in range(self.months)]):
                self.fill(row, 1e6)
                for g in self.gates(mine[0]):
                    self._gate(g, self.span(mine[0]).clip, row)

    def _gate_key(self, r: int) -> object:
        return tuple(self.gates(r)), self.span(r).clip

    def gate_row(self, r: int) -> int:
        """The row of the factor that gates leave of rule r's amounts."""
        return self._gates[self._gate_key(r)]

    def _gate(self, g: int, clip: Months, out: int) -> None:
        first, count, any_of, missing = self.table(p.GATES)[g]
        self.fill(o.ACTS, 0.0 if any_of else 1.0)
        for test in range(first, first + count):
            value = self.operand(self.table(p.TESTS)[test], clip, o.VALUE)
            self.test(test, value, o.ACTS, bool(any_of), bool(missing))
        self.code.emit(o.GATE, out, o.ACTS, f=self.code.numbers(self.table(p.GATES_F)[g]))
