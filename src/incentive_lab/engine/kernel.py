"""The payout kernel: one call pays a block of partners under a compiled scheme.

Source: docs/payouts.md. The tiers come first, month by month; then the deals of rules that pay deal by deal, which only
look at tiers and history; then the months.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numba import types
from numpy.typing import NDArray

from incentive_lab.engine import ops as o
from incentive_lab.engine.calling import address_of, by_address
from incentive_lab.engine.machine import EXECUTE, SELDOM, execute, execute_at
from incentive_lab.engine.machine_seldom import execute_seldom
from incentive_lab.engine.numeric import entry, jit
from incentive_lab.engine.program import Block, Program

CHUNK = 1024
"""Deals at a time: rows of so many numbers stay in cache."""
_WHOLE, _REAL = types.int64, types.float64
_PROGRAM = types.NamedTuple(
    (_WHOLE[:, ::1], _WHOLE[:, ::1], types.uint8[:, ::1], _WHOLE[:, ::1], _REAL[:, ::1], _REAL[::1], _WHOLE[:, ::1],
     _REAL[:, ::1], _REAL[:, ::1], _WHOLE[::1]),
    Program,
)  # fmt: skip
_BLOCK = types.NamedTuple(
    (_REAL[:, ::1], _REAL[:, ::1], _REAL[:, ::1], _WHOLE[:, ::1], _WHOLE[:, ::1], _REAL[:, ::1], _REAL[:, ::1],
     types.int32[::1], types.int32[::1]),
    Block,
)  # fmt: skip
WALK = (
    _WHOLE[::1], _PROGRAM, _BLOCK, types.uint8[:, ::1], _REAL[:, ::1], _REAL[:, ::1], _REAL[:, ::1], _REAL[:, :, ::1],
    _REAL[:, :, :, ::1], _REAL[:, :, ::1], _REAL[:, ::1], _REAL[:, ::1], _WHOLE, _WHOLE, _REAL[:, ::1], _REAL[:, ::1],
    _REAL[::1], _WHOLE[::1], _WHOLE[::1],
)  # fmt: skip
"""The types of what `walk` is called with."""
walk_at = by_address(WALK)
"""`walk` by its address."""
(AT_WALK, AT_EXECUTE, AT_SELDOM) = range(3)


def addresses(program: Program) -> NDArray[np.int64]:
    """Where the functions that pay a program begin in this process: what `run_block` and whoever else walks is called with."""
    return _addresses(bool((program.code[:, o.C_OP] >= o.SELDOM).any()))


@cache
def _addresses(seldom: bool) -> NDArray[np.int64]:
    begins = [
        address_of(walk, WALK),
        address_of(execute, EXECUTE),
        address_of(execute_seldom, SELDOM) if seldom else 0,
    ]
    return np.array(begins, dtype=np.int64)


@entry
def run_block(  # type: ignore[no-untyped-def]
    calls, P, H, tiers, total, by_rule, by_month, detail, trace, balances, paid, work, begin, end
):
    """Pay one block of partners from month `begin` up to, not including, `end`.

    Args:
        calls: `addresses(P)`.
        P: Program.
        H: Block.
        tiers: Output [months, lanes] tier in force.
        total: Output [months, lanes] cents paid.
        by_rule: Output [rules + specials, lanes] cents over all months.
        by_month: Output [rules + specials, months] cents over the block.
        detail: Output [rules + specials, months, lanes] cents, or empty.
        trace: Output [months, rules, fields, lanes], or empty.
        balances: Output [5, months, lanes] (fund, draw owed, brought forward, cap carried, fund that lapses), or empty.
        paid: Output [rules, deals] cents paid on each deal by rules that pay deal by deal; zero before. It has no rows
            if nobody asks for it: Y_PAID tells whether the program does.
        work: [rows of the program, lanes] the state after the months before `begin`: zeros where that is 0. From
            row FIXED_ROWS on it is the state after the months before `end`; the rows before are scratch. It begins
            where a line of the cache does, which loads of 512 bits need to be fast.
        begin, end: Months. Deals are paid in one go, so a program that pays deal by deal begins at 0.
    """
    deals = H.deal_values.shape[1]
    rates = np.zeros((P.setup[o.Y_RATES], deals))
    registers = np.zeros((P.setup[o.Y_COLUMNS], CHUNK if deals > 0 else 0))
    memory = np.empty(P.setup[o.Y_MEMORY])
    spaces, widths = np.empty(o.SPACES, dtype=np.int64), np.empty(o.SPACES, dtype=np.int64)
    walk_at(calls[AT_WALK], calls, P, H, tiers, total, by_rule, by_month, detail, trace, balances, paid, work, begin, end,
            rates, registers, memory, spaces, widths)  # fmt: skip


@jit
def walk(  # type: ignore[no-untyped-def]
    calls, P, H, tiers, total, by_rule, by_month, detail, trace, balances, paid, work, begin, end, rates, registers, memory,
    spaces, widths,
):  # fmt: skip
    """Walk the parts of a program, in arrays that are there: see `run_block`, and `execute` for the last five."""
    lanes, deals = total.shape[1], H.deal_values.shape[1]
    spaces[o.WORK], spaces[o.SUMS], spaces[o.LEVELS] = work.ctypes.data, H.sums.ctypes.data, H.levels.ctypes.data
    spaces[o.FIXED], spaces[o.DEALS], spaces[o.PAID_DEALS] = (
        H.fixed.ctypes.data,
        H.deal_values.ctypes.data,
        paid.ctypes.data,
    )
    widths[:] = 8 * lanes
    widths[o.DEALS] = widths[o.PAID_DEALS] = 8 * deals
    for part in range(P.parts.shape[0]):
        first, last, grain = P.parts[part, o.PART_FIRST], P.parts[part, o.PART_LAST], P.parts[part, o.PART_GRAIN]
        cells = H.cell_of_deal if grain == 0 else H.cell_of_line
        by_deal = grain >= 0
        rounds = -(-len(cells) // CHUNK) if by_deal else end - begin
        if by_deal:
            memory[:] = -1.0
            spaces[o.WORK], widths[o.WORK] = registers.ctypes.data, 8 * CHUNK
        for turn in range(rounds):
            place = turn * CHUNK if by_deal else 0
            month = 0 if by_deal else begin + turn
            if by_deal:
                spaces[o.DEALS] = H.deal_values.ctypes.data + 8 * place
                spaces[o.PAID_DEALS] = paid.ctypes.data + 8 * place
            execute_at(
                calls[AT_EXECUTE], P.code, first, last, month, P.act, P.at, P.monthly, P.pool, P.forms, P.steps, P.ends,
                spaces, widths, min(CHUNK, len(cells) - place) if by_deal else lanes, place, work, rates, paid,
                cells[place:], memory, H.first, H.returned, H.return_values, by_rule, by_month, detail, trace,
                balances, calls[AT_SELDOM],
            )  # fmt: skip
            if part == P.parts.shape[0] - 1:
                for i in range(lanes):
                    total[month, i] = work[o.TOTAL, i]
        if by_deal:
            spaces[o.WORK], widths[o.WORK] = work.ctypes.data, 8 * lanes
    first = P.setup[o.Y_TIERS]
    for m in range(begin, end):
        for i in range(lanes):
            tiers[m, i] = np.uint8(work[first + m, i])
