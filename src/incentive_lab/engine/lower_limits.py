"""Limits and caps as instructions: what they allow month by month, and an amount passed through one."""

from __future__ import annotations

import math
from collections.abc import Sequence

from incentive_lab.engine import ops as o
from incentive_lab.engine import program as p
from incentive_lab.engine.assembler import Row
from incentive_lab.engine.lower_values import Values


def is_lost(limit: Sequence[int]) -> bool:
    """Whether a limit is one number, and what exceeds it is neither kept nor spilled."""
    return limit[p.L_KIND] != p.LIMIT_SHARE and not limit[p.L_CARRY] and limit[p.L_FUND] < 0


def pass_limit(v: Values, r: int, row: int, amount: int, ok: Row, fund: int) -> None:
    """Pass an amount or a quantity of rule r through one of its limits."""
    limit, most, rule = v.limits[row], v.table(p.LIMITS_F)[row], v.rules[r]
    if limit[p.L_CARRY] == p.TRUED_UP:
        _true_up(v, r, row, amount, ok)
        return
    if is_lost(limit):
        whole = 0 < limit[p.L_WINDOW] <= rule[p.R_PER] and limit[p.L_SINCE] < 0
        once = whole and rule[p.R_PROVISION] == p.PROVISION_NONE
        cut = o.CUT_AT if once else o.CUT_USED
        v.code.emit(cut, amount, ok, c=v.limit_used + row, n=most_by_month(v, limit, most))
        return
    ceiling(v, limit, most)
    v.code.emit(o.LIMIT, amount, ok, o.MOST, v.limit_used + row, v.limit_carry + row,
                ints=(limit[p.L_CARRY], fund))  # fmt: skip


def _true_up(v: Values, r: int, row: int, amount: int, ok: Row) -> None:
    """What a limit cuts waits; in the last month of a programme year in which the rule pays all of it goes on."""
    limit, most, waits, code = v.limits[row], v.table(p.LIMITS_F)[row], v.limit_carry + row, v.code
    ends = year_ends(v, r)
    with code.when([not end for end in ends]):
        code.emit(o.COPY, o.OTHER, amount)
        if limit[p.L_KIND] == p.LIMIT_SHARE:
            ceiling(v, limit, most)
            v.fill(o.PART, 0.0)
            code.emit(o.LIMIT, amount, ok, o.MOST, v.limit_used + row, o.PART, ints=(0, -1))
        else:
            code.emit(o.CUT_USED, amount, ok, c=v.limit_used + row, n=most_by_month(v, limit, most))
        code.emit(o.ADD_DIFFERENCE, waits, o.OTHER, amount)
    with code.when(ends):
        code.emit(o.COPY, o.OTHER, waits)
        code.emit(o.MULTIPLY, o.OTHER, ok)
        code.emit(o.ADD, amount, o.OTHER)
        if v.trace:  # what lapses, since the rule is closed, is told before it is gone
            code.emit(o.DIFFERENCE, waits, waits, o.OTHER)
        else:
            v.fill(waits, 0.0)


def since_joining(v: Values, limit: Sequence[int], out: int) -> None:
    """Fill `out` with the months since joining at which the limit's period began; undefined without any."""
    months = (o.LEVELS, limit[p.L_SINCE], v.code.at([m * v.level_slots for m in range(v.months)]))
    v.code.emit(o.COPY, out, months)
    v.code.emit(o.PACKAGES, out, f=v.code.numbers(float(limit[p.L_WINDOW])))


def restart(v: Values, limit: Sequence[int], used: int) -> None:
    """At the start of a limit's period nothing is used: in a month of the programme year, or so many after joining."""
    code, window = v.code, limit[p.L_WINDOW]
    begins = [window > 0 and v.place(m) % window == 0 for m in range(v.months)]
    if limit[p.L_SINCE] < 0:
        if window > 0:
            with code.when(begins):
                v.fill(used, 0.0)
        return
    since_joining(v, limit, o.OTHER)
    months = (o.LEVELS, limit[p.L_SINCE], code.at([m * v.level_slots for m in range(v.months)]))
    code.emit(o.DIFFERENCE, o.OTHER, months, o.OTHER)
    v.fill(o.PART, 0.0)
    with code.when(begins):
        code.emit(o.HOLD, o.OTHER, o.PART)
    code.emit(o.CHOOSE, used, o.OTHER, o.PART, f=code.numbers(0.0))


def year_ends(v: Values, r: int) -> list[bool]:
    """Which months are the last of a programme year in which rule r may pay."""
    begins, runs = v.rules[r][p.R_FROM], v.rules[r][p.R_TO]
    last = max(place for place in range(12) if begins < 0 or (place - begins) % 12 <= runs)
    return [v.place(m) == last for m in range(v.months)]


def allowed(v: Values, limit: Sequence[int], most: float) -> list[float]:
    """What a limit on an amount or quantity allows in its period, month by month."""
    return [most if part == 1.0 else float(math.floor(most * part + 1e-9)) for part in _share(v, limit)]


def most_by_month(v: Values, limit: Sequence[int], most: float) -> int:
    """The column of monthly numbers of what a limit on an amount or quantity allows in its period."""
    return v.code.number(allowed(v, limit, most))


def ceiling(v: Values, limit: Sequence[int], most: float, out: int = o.MOST) -> None:
    """Fill `out` with what a limit or cap allows in its period."""
    if limit[p.L_KIND] != p.LIMIT_SHARE:
        v.code.emit(o.FILL_MONTH, out, n=most_by_month(v, limit, most))
        return
    start, end = v.window(limit[p.L_WINDOW], [0] * v.months)
    slot = limit[p.L_SLOT]
    v.code.emit(o.SHARE_CEILING, out, v.sums(slot, end), v.sums(slot, start),
                f=v.code.numbers(most, v.unit), n=v.code.number(_share(v, limit)))  # fmt: skip


def _share(v: Values, limit: Sequence[int]) -> list[float]:
    """The part of a prorated limit's period that the history has, 1 unless it ends inside."""
    code = limit[p.L_WINDOW] if limit[p.L_PRORATE] else 0
    beyond = [v.start(m, code) + code - v.months if code > 0 else 0 for m in range(v.months)]
    return [1.0 - months / code if months > 0 else 1.0 for months in beyond]
