"""A compiled scheme's tables become instructions: tiers, deals, then the months with what surrounds the rules."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from incentive_lab.engine import ops as o
from incentive_lab.engine import program as p
from incentive_lab.engine.assembler import Row
from incentive_lab.engine.borders import held_between
from incentive_lab.engine.lower_deals import lower_deals
from incentive_lab.engine.lower_floors import draw, guarantee
from incentive_lab.engine.lower_funds import lapse, open_lots
from incentive_lab.engine.lower_limits import ceiling, is_lost, most_by_month, restart
from incentive_lab.engine.lower_rules import lower_rule
from incentive_lab.engine.lower_values import Values

LEVEL_TESTS = 4
"""Needs of a tier that one instruction looks at."""
Tables = Mapping[int, NDArray[Any]]


def lower(
    tables: Tables, settings: p.I64, numbers: p.F64, slots: tuple[int, int, int, int], awards: int, trace: bool,
    starts: int | None = None,
) -> p.Program:  # fmt: skip
    """Write the program of a compiled scheme.

    Args:
        tables: The tables of `compile`, by their number.
        settings: The Z_ and H_ settings.
        numbers: The ZF_ settings.
        slots: Month columns, levels, targets and deal columns that a block holds.
        awards: Rules that award prizes.
        trace: Also write what a statement tells of each rule.
        starts: Guarantees and draws begin in this month and count from it; None: by programme year.
    """
    values = Values(tables, settings, numbers, slots, awards, trace)
    code = values.code
    _tiers(values)
    rules = range(len(values.rules))
    for r in rules:
        if values.rules[r][p.R_PER] == 0:
            lower_deals(values, r)
    with code.part():
        _restart(values)
        open_lots(values)
        values.gate_rows()
        code.emit(o.FILL, o.TOTAL, f=0)
        for r in rules:
            lower_rule(values, r)
        _around(values, starts)
    return code.program(values.forms, values.steps, values.ends, values.tier_rows)


def _tiers(v: Values) -> None:
    """Which tier is in force, month by month."""
    code, months = v.code, v.months
    if not v.tiers:
        return
    review, same = v.settings[p.Z_REVIEW], bool(v.settings[p.Z_SAME_PERIOD])
    last = [v.place(m) % review == review - 1 for m in range(months)]
    due = [
        (last[m] or (same and m == months - 1)) and _full_window(v, m) for m in range(months)
    ]  # fmt: skip
    with code.part():
        with code.when([m == 0 for m in range(months)]):
            code.emit(o.COPY, o.CURRENT, (o.FIXED, p.H_START_TIER, 0))
            v.fill(o.MISSED, 0.0)
        code.emit(o.COPY, v.tier_at(range(months)), o.CURRENT)
        with code.when(due):
            code.emit(o.FILL, o.BEST, f=0)
            seen: dict[object, Row] = {}
            for level, (first, count, alternatives) in enumerate(v.table(p.TIER_TESTS)):
                if not alternatives and count <= LEVEL_TESTS:
                    if level:
                        _level(v, level, first, count, seen)
                    continue
                v.fill(o.LEVEL_OK, 1.0)
                _needs(v, first, count, o.LEVEL_OK, seen)
                if alternatives:
                    v.fill(o.ANY_OK, 0.0)
                    base = v.table(p.TIER_FIRST)[level]
                    for start, many in v.table(p.TIER_ALTERNATIVES)[base : base + alternatives]:
                        v.fill(o.ONE_OK, 1.0)
                        _needs(v, start, many, o.ONE_OK, seen)
                        code.emit(o.HIGHEST, o.ANY_OK, o.ONE_OK, f=code.numbers(1.0))
                    code.emit(o.MULTIPLY, o.LEVEL_OK, o.ANY_OK)
                code.emit(o.HIGHEST, o.BEST, o.LEVEL_OK, f=code.numbers(float(level)))
            code.emit(o.REVIEW, 0, o.BEST, o.CURRENT, o.MISSED,
                      ints=(v.settings[p.Z_GRACE], v.settings[p.Z_ONE_LEVEL]))  # fmt: skip
        for back in range(review if same else 0):
            month = [v.start(m, review) + back for m in range(months)]
            with code.when([due[m] and 0 <= month[m] <= m for m in range(months)]):
                code.emit(o.COPY, v.tier_at([max(0, month[m]) for m in range(months)]), o.CURRENT)


def _level(v: Values, level: int, first: int, count: int, seen: dict[object, Row]) -> None:
    """Set the best level where all of its few needs hold, in one pass; free operands repeat the first need."""
    if not count:
        v.fill(o.BEST, float(level))
        return
    tests = [*range(first, first + count), *[first] * (LEVEL_TESTS - count)]
    one, two, three, four = (_needed(v, test, seen) for test in tests)
    bounds = [end for test in tests for end in held_between(*v.table(p.TESTS_F)[test])]
    v.code.emit(o.LEVEL, o.BEST, one, two, three, four, f=v.code.numbers(float(level), *bounds))


def _needed(v: Values, test: int, seen: dict[object, Row]) -> Row:
    """The row of what a test looks at, worked out once for all levels."""
    row = v.table(p.TESTS)[test]
    key = tuple(v.table(p.OPERANDS)[row])
    if key not in seen:
        seen[key] = v.operand(row, [0] * v.months, v.code.work(1))
    return seen[key]


def _needs(v: Values, first: int, count: int, out: int, seen: dict[object, Row]) -> None:
    """Set `out` to 0 where one of a level's needs does not hold."""
    for test in range(first, first + count):
        v.test(test, _needed(v, test, seen), out, False, False)


def _full_window(v: Values, m: int) -> bool:
    """Whether the review at month m sees a whole window."""
    look = v.settings[p.Z_LOOK]
    if look == 0:
        return True
    if look == p.PREVIOUS_YEAR:
        return v.start(m, 12) - 12 >= 0
    return (m + look + 1 if look < 0 else v.start(m, look)) >= 0


def _restart(v: Values) -> None:
    """At the start of a limit's period nothing is used; carried excess lapses with the programme year."""
    for limits, used, carry in ((v.limits, v.limit_used, v.limit_carry), (v.caps, v.cap_used, v.cap_carry)):
        for row, limit in enumerate(limits):
            restart(v, limit, used + row)
            if limit[p.L_WINDOW] != p.LIFE and not limit[p.L_OVER_YEAR] and not is_lost(limit):
                with v.code.when([v.place(m) == 0 for m in range(v.months)]):
                    v.fill(carry + row, 0.0)


def _around(v: Values, starts: int | None) -> None:
    """What is taken back, caps, floors and the settlement, in the order of docs/payouts.md, steps 12 to 17."""
    code, months = v.code, range(v.months)
    extras = []
    if v.takes_back:
        _take_back(v)
        extras.append((p.CLAWBACK, o.BACK))
    if v.caps:
        _caps(v)
        extras.append((p.CAP, o.CUT))
    if v.floors:
        with_back = [row for row, there in ((o.BACK, v.takes_back), (o.CUT, bool(v.caps))) if there]
        earned = (o.WORK, v.earned, code.at([m + 1 for m in months]))
        code.emit(o.COPY, earned, (o.WORK, v.earned, code.at(list(months))))
        for row in (o.TOTAL, *with_back):
            code.emit(o.ADD, earned, row)
        v.fill(o.TOP, 0.0)
        v.fill(o.ADVANCE, 0.0)
        for g in range(len(v.guarantees)):
            guarantee(v, g, starts)
        for d in range(len(v.draws)):
            draw(v, d, starts)
        extras += [(p.GUARANTEE, o.TOP), (p.DRAW, o.ADVANCE)]
    for row in (o.TOTAL, *(row for _, row in extras)):
        code.emit(o.ADD, v.settlement, row)
    count = len(v.rules)
    per = v.settings[p.Z_SETTLE]
    with code.when([v.place(m) % per == per - 1 or m == v.months - 1 for m in months]):
        code.emit(o.SETTLE, 0, v.due, v.settlement,
                  ints=(v.settings[p.Z_MINIMUM], int(not v.at_line), v.mode, 3), f=code.numbers(v.minimum, v.unit))  # fmt: skip
        for kind, row in ((p.CARRIED, o.BROUGHT), (p.MINIMUM, o.LEAST), (p.ROUNDING, o.ROUNDED)):
            code.emit(o.EXTRA_LINE, o.TOTAL, row, ints=(count + kind,))
    for kind, row in extras:
        code.emit(o.EXTRA_LINE, o.TOTAL, row, ints=(count + kind,))
    if v.trace:
        _balances(v)
    lapse(v)


def _take_back(v: Values) -> None:
    """What returns and missed milestones take back."""
    code, months = v.code, range(v.months)
    v.fill(o.BACK, 0.0)
    for r, rule in enumerate(v.rules):
        if rule[p.R_NON_CASH]:
            continue
        numbers = v.rules_f[r]
        slot = v.table(p.RETURN_SLOTS)[r]
        if rule[p.R_RETURNS] > 0 and slot >= 0:
            per_deal = rule[p.R_PER] == 0
            span = v.span(r)
            post = [m if per_deal else span.last[m] if span.active[m] else -1 for m in months]
            begin = [span.first[m] if not per_deal and span.active[m] and m == span.last[m] else m for m in months]
            schedule = v.table(p.SCHEDULES)[rule[p.R_SCHEDULE] : rule[p.R_SCHEDULE] + rule[p.R_SCHEDULES]]
            pool = code.numbers(
                numbers[p.RF_RETURN_SHARE], numbers[p.RF_RETURN_KEEP], v.unit, float(v.mode), float(per_deal),
                float(rule[p.R_GRAIN]), float(r), float(len(schedule)), *(part for step in schedule for part in step),
            )  # fmt: skip
            code.emit(o.RETURNS, o.BACK, f=pool,
                      ints=(slot, rule[p.R_RETURNS], v.effective + 2 * r * v.months, code.at(post), code.at(begin)))  # fmt: skip
        if rule[p.R_REPAY_MONTHS] > 0:
            paid = [m - rule[p.R_REPAY_MONTHS] for m in months]
            with code.when([month >= 0 for month in paid]):
                v.fill(o.ACTS, 1.0)
                for k in range(rule[p.R_REPAY], rule[p.R_REPAY] + rule[p.R_REPAYS]):
                    column = v.table(p.REPAYS)[k]
                    code.emit(o.DIFFERENCE, o.VALUE, v.sums(column, months), v.sums(column, [max(0, m) for m in paid]))
                    least = code.numbers(v.table(p.REPAYS_F)[k], np.inf)
                    code.emit(o.TEST, o.ACTS, o.VALUE, f=least)
                code.emit(o.REPAY, o.BACK, v.posted(r, [max(0, m) + 1 for m in paid]),
                          v.posted(r, [max(0, m) for m in paid]), o.ACTS, ints=(v.mode,),
                          f=code.numbers(numbers[p.RF_REPAY_SHARE], v.unit))  # fmt: skip


def _caps(v: Values) -> None:
    """What partner caps take off (or pay later), each seeing what earlier caps over all its rules left."""
    code = v.code
    one = len(v.caps) == 1
    cuts = o.CUT if one else code.work(len(v.caps))
    if not one:
        v.fill(o.CUT, 0.0)
    covers = v.table(p.CAP_RULE)
    for c, cap in enumerate(v.caps):
        posted = o.PART
        everything = all(covered or rule[p.R_NON_CASH] for covered, rule in zip(covers[c], v.rules, strict=True))
        if one and everything:
            posted = o.TOTAL
        else:
            v.fill(o.PART, 0.0)
        for earlier in range(c):
            if all(mine or not other for mine, other in zip(covers[c], covers[earlier], strict=True)):
                code.emit(o.ADD, o.PART, cuts + earlier)
        if everything and posted == o.PART:
            code.emit(o.ADD, o.PART, o.TOTAL)
        elif not everything:
            for r in range(len(v.rules)):
                if covers[c][r]:
                    with code.when(v.posts[r]):
                        code.emit(o.ADD, o.PART, v.now + r)
        most = v.table(p.CAPS_F)[c]
        if cap[p.L_CARRY] == p.TRUED_UP:
            _true_up(v, c, cuts + c, posted)
            if not one:
                code.emit(o.ADD, o.CUT, cuts + c)
            continue
        lost = is_lost(cap)
        if not lost:
            ceiling(v, cap, most)
        code.emit(o.CAP_TAKE, cuts + c, posted, o.MOST, v.cap_used + c, v.cap_carry + c,
                  n=most_by_month(v, cap, most) if lost else 0,
                  ints=(cap[p.L_CARRY], v.fund + cap[p.L_FUND] if cap[p.L_FUND] >= 0 else -1, int(lost)))  # fmt: skip
        if not one:
            code.emit(o.ADD, o.CUT, cuts + c)


def _true_up(v: Values, c: int, cut: int, posted: int) -> None:
    """What cap c takes off waits; the last month of the programme year pays all of it."""
    cap, most, waits, code = v.caps[c], v.table(p.CAPS_F)[c], v.cap_carry + c, v.code
    share = cap[p.L_KIND] == p.LIMIT_SHARE
    ends = [v.place(m) == 11 for m in range(v.months)]
    with code.when([not end for end in ends]):
        if share:
            ceiling(v, cap, most)
        v.fill(o.OTHER, 0.0)
        code.emit(o.CAP_TAKE, cut, posted, o.MOST, v.cap_used + c, o.OTHER,
                  n=0 if share else most_by_month(v, cap, most), ints=(0, -1, int(not share)))  # fmt: skip
        v.fill(o.OTHER, 0.0)
        code.emit(o.ADD_DIFFERENCE, waits, o.OTHER, cut)
    with code.when(ends):
        code.emit(o.COPY, cut, waits)
        v.fill(waits, 0.0)


def _balances(v: Values) -> None:
    """Write funds, draws owed, amounts brought forward and excess amounts that are carried."""
    amounts = [row for row, limit in enumerate(v.limits) if limit[p.L_KIND] != p.LIMIT_QUANTITY]
    kinds = (
        range(v.fund, v.fund + len(v.funds)), range(v.draw, v.draw + len(v.draws)), (v.due,),
        (*range(v.cap_carry, v.cap_carry + len(v.caps)), *(v.limit_carry + row for row in amounts)),
    )  # fmt: skip
    for kind, rows in enumerate(kinds):
        for row in rows:
            v.code.emit(o.BALANCE, 0, row, ints=(kind,))
    for first, lapses in v.deal_carry:
        row = (o.WORK, first, v.code.at(list(range(v.months))))
        with v.code.when([m > 0 and not lapses[m] for m in range(v.months)]):
            v.code.emit(o.HOLD, row, (o.WORK, first, v.code.at([max(0, m - 1) for m in range(v.months)])))
        v.code.emit(o.ZERO_UNDEFINED, row, row)
        v.code.emit(o.BALANCE, 0, row, ints=(3,))
