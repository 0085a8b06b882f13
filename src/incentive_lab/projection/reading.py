"""Which rows of a block a program reads from a month on, so that no others are laid out for a scenario."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from incentive_lab.engine import ops as o
from incentive_lab.engine.periods import PERIOD_MONTHS, period_start
from incentive_lab.engine.program import H_JOINED, H_START_TIER, NEW_PRORATE, Program
from incentive_lab.scheme.document import Scheme

_FILLS = (o.FILL, o.FILL_MONTH, o.COPY, o.DIFFERENCE)
"""Instructions that write a row without reading it."""


@dataclass(frozen=True)
class Reads:
    """Rows by space, ascending."""

    sums: tuple[int, ...]
    levels: tuple[int, ...]
    fixed: tuple[int, ...]


def reads_of(program: Program, begin: int, end: int) -> Reads:
    """What the instructions of months `begin` up to `end` read.

    Earlier windows are read past the operands, by `EARLIER` only; its rows are worked out from its numbers.
    """
    code, rows = program.code, {o.SUMS: set[int](), o.LEVELS: set[int](), o.FIXED: {H_JOINED, H_START_TIER}}
    for m in range(begin, end):
        active = code[program.act[m, code[:, o.C_ACT]] == 1]
        for column in (o.C_A, o.C_B, o.C_C, o.C_D):
            found = active[:, column + 1] + program.at[m, active[:, column + 2]]
            for space, kept in rows.items():
                kept.update(found[active[:, column] == space].tolist())
        for line in active[active[:, o.C_OP] == o.EARLIER]:
            rows[o.SUMS].update(_earlier(program, line, m))
    return Reads(*(tuple(sorted(rows[space])) for space in (o.SUMS, o.LEVELS, o.FIXED)))


def _earlier(program: Program, line: np.ndarray[tuple[int], np.dtype[np.int64]], m: int) -> set[int]:
    """Rows of the totals that earlier windows and their pace look at."""
    slot, new, pace, end, start = (int(number) for number in line[o.C_I : o.C_I + 5])
    place = int(line[o.C_F])
    slots, months, count, apart = (int(number) for number in program.pool[place + 1 : place + 5])
    end, start = int(program.at[m, end]), int(program.at[m, start])
    looked = {max(0, month - k * apart) for month in (start, end) for k in range(1, count + 1)}
    found = {month * slots + slot for month in looked}
    if new == NEW_PRORATE:
        found |= {month * slots + slot for month in range(max(looked) + 1)}
    if pace >= 0:
        found |= {month * slots + pace for month in (*looked, min(end, months), start)}
    return found


def state_of(program: Program, begin: int, end: int) -> list[int]:
    """Rows of work that the instructions of months `begin` up to `end` read before they write them.

    Rows that an instruction names by a number alone are among them; `Laid` checks on its first block that none is missing.
    """
    code = program.code
    skipped = np.zeros(len(code), dtype=np.bool_)
    for k in np.flatnonzero((code[:, o.C_OP] == o.SKIP) | (code[:, o.C_OP] == o.SETTLE)):
        skipped[k + 1 : k + 1 + code[k, o.C_I if code[k, o.C_OP] == o.SKIP else o.C_I + 3]] = True
    known = dict[int, bool]()  # row -> whether it is read before it is written
    for first, last, grain in program.parts.tolist():
        for m in range(begin, end) if grain < 0 else ():
            for k in (first + np.flatnonzero(program.act[m, code[first:last, o.C_ACT]])).tolist():
                line = code[k].tolist()
                for column in (o.C_A, o.C_B, o.C_C, o.C_D):
                    if line[column] == o.WORK:
                        known.setdefault(line[column + 1] + int(program.at[m, line[column + 2]]), True)
                out = line[o.C_OUT] + int(program.at[m, line[o.C_OUT_AT]])
                known.setdefault(out, line[o.C_OP] not in _FILLS or bool(skipped[k]))
    months = program.act.shape[0]
    for line in code.tolist():
        first = line[o.C_I : o.C_I + 6]
        if line[o.C_OP] == o.RETURNS:
            # What each month's posting paid, then what it paid on.
            known |= dict.fromkeys(range(first[2], first[2] + 2 * months), True)
        elif line[o.C_OP] in (o.CAP_TAKE, o.LIMIT) and first[1] >= 0:
            known[first[1]] = True
        elif line[o.C_OP] == o.GUARANTEE_TOP and program.pool[line[o.C_F] + 3] > 0:
            # What was earned before each month in which a partner may have joined.
            earned = int(program.pool[line[o.C_F] + 4])
            known |= dict.fromkeys(range(earned, earned + begin + 1), True)
    return sorted(row for row, read in known.items() if read and (row >= o.FIXED_ROWS or row in (o.CURRENT, o.MISSED)))


def first_open(scheme: Scheme, past: int, shift: int) -> int:
    """The last month before which no scenario changes anything.

    A review that takes effect in its own period sets the tier of months before it.
    """
    if past and scheme.tiers is not None and scheme.tiers.takes_effect == "same_period":
        return max(0, period_start(past, PERIOD_MONTHS[scheme.tiers.review], shift))
    return past
