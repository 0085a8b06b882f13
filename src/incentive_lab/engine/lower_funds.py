"""Funds that lapse, as instructions (source: docs/payouts.md, step 11)."""

from __future__ import annotations

from incentive_lab.engine import ops as o
from incentive_lab.engine import program as p
from incentive_lab.engine.assembler import Row
from incentive_lab.engine.lower_values import Values
from incentive_lab.engine.owed import LAPSES


def open_lots(v: Values) -> None:
    """Where a lot begins, remember what the fund holds without it."""
    for u, fund in enumerate(v.funds):
        if fund[p.U_AFTER] > 1:
            with v.code.when([v.place(m) % fund[p.U_LOT] == 0 for m in range(v.months)]):
                v.code.emit(o.FILL, _lot(v, u))
                v.fill(o.OTHER, 0.0)
                v.code.emit(o.ADD_DIFFERENCE, _lot(v, u), o.OTHER, v.fund + u)


def lapse(v: Values) -> None:
    """At the end of a month: funds of a programme year end with it, and of a fund by lots the oldest lot does."""
    for u, fund in enumerate(v.funds):
        if fund[p.U_EXPIRES]:
            with v.code.when([v.place(m) == 11 for m in range(v.months)]):
                v.fill(v.fund + u, 0.0)
        if fund[p.U_AFTER]:
            _lapse(v, u)


def _lapse(v: Values, u: int) -> None:
    """What came in is what the fund holds more than at the beginning, and what was claimed of it."""
    code, (after, length) = v.code, (v.funds[u][p.U_AFTER], v.funds[u][p.U_LOT])
    balance, left = v.fund + u, o.VALUE
    (rule,) = (r for r, row in enumerate(v.rules) if row[p.R_FUND] == u)
    if after > 1:
        with code.when(v.posts[rule]):
            code.emit(o.ADD, _lot(v, u), v.now + rule)
    with code.when([v.place(m) % length == length - 1 for m in range(v.months)]):
        v.fill(o.PART, 0.0)
        if after > 1:
            code.emit(o.ADD, _lot(v, u), balance)
            for k in range(after - 1):
                code.emit(o.ADD, o.PART, v.lots[u] + k)
            if not v.at_line:
                code.emit(o.SIX_PLACES, o.PART)
        code.emit(o.COPY, left, balance)
        code.emit(o.CLAIM, left, c=o.PART)
        if v.trace:
            code.emit(o.DIFFERENCE, o.OTHER, balance, left)
            code.emit(o.BALANCE, 0, o.OTHER, ints=(LAPSES,))
        code.emit(o.COPY, balance, left)


def _lot(v: Values, u: int) -> Row:
    """The row of the lot of each month; as many are kept as outlive the end of a period."""
    kept, length = v.funds[u][p.U_AFTER] - 1, v.funds[u][p.U_LOT]
    return o.WORK, v.lots[u], v.code.at([(m + v.shift) // length % kept for m in range(v.months)])
