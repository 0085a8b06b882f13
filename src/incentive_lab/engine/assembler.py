"""Writes instructions for the kernel's machine, and the tables by month that they read."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import numpy as np

from incentive_lab.engine import ops as o
from incentive_lab.engine.program import F64, I64, Program

Row = tuple[int, int, int]
"""An operand: space, row, and the column of the table by month that is added to the row."""
Months = Sequence[int]


class Assembler:
    """Collects instructions. `when` decides in which months those written inside it run."""

    def __init__(self, months: int) -> None:
        self.months = months
        self.code: list[list[int]] = []
        self.parts: list[tuple[int, int, int]] = []
        self.pool: list[float] = [0.0]
        self.rows = o.FIXED_ROWS
        self.registers = o.FIXED_ROWS
        self.memory = 1
        self._act: dict[tuple[bool, ...], int] = {(True,) * months: 0}
        self._at: dict[tuple[int, ...], int] = {(0,) * months: 0}
        self._monthly: dict[tuple[float, ...], int] = {(0.0,) * months: 0}
        self._now = 0

    def work(self, rows: int) -> int:
        """Reserve rows of work, zero at the start; the first of them."""
        self.rows += rows
        return self.rows - rows

    def at(self, offsets: Months) -> int:
        """The column of the table by month that holds these numbers."""
        return self._at.setdefault(tuple(offsets), len(self._at))

    def number(self, values: Sequence[float]) -> int:
        """The column of monthly numbers that holds these."""
        return self._monthly.setdefault(tuple(values), len(self._monthly))

    def numbers(self, *values: float) -> int:
        """Put numbers into the pool; the place of the first."""
        self.pool.extend(values)
        return len(self.pool) - len(values)

    @contextmanager
    def when(self, acts: Sequence[bool]) -> Iterator[None]:
        """Instructions that run in these months only; the others skip all of them at once."""
        outer, self._now = self._now, self._act.setdefault(tuple(acts), len(self._act))
        start = len(self.code)
        self.emit(o.GROUP)
        yield
        self.code[start][o.C_I] = len(self.code) - start - 1
        self._now = outer

    @contextmanager
    def part(self, grain: int = -1) -> Iterator[None]:
        """Instructions that run month by month, or over the deals (0) or lines (1) of the block."""
        start = len(self.code)
        yield
        self.parts.append((start, len(self.code), grain))

    def emit(
        self, operation: int, out: int | Row = 0, a: int | Row = 0, b: int | Row = 0, c: int | Row = 0,
        d: int | Row = 0, ints: Sequence[int] = (), f: int = 0, n: int = 0,
    ) -> None:  # fmt: skip
        """Write one instruction; a whole number as an operand is a row of work."""
        row, at = (out, 0) if isinstance(out, int) else out[1:]
        line = [operation, self._now, row, at]
        for each in (a, b, c, d):
            line += (o.WORK, each, 0) if isinstance(each, int) else each
        self.code.append([*line, *ints, *[0] * (6 - len(ints)), f, n])

    def program(self, forms: I64, steps: F64, ends: F64, tiers: int) -> Program:
        """Everything written so far."""
        posts = [line for line in self.code if line[o.C_OP] == o.POST_DEALS]
        rates = 2 * max([line[o.C_I] + 1 for line in posts if line[o.C_I + 2]], default=0)
        read = {line[each + 1] for line in self.code for each in (o.C_A, o.C_B, o.C_C, o.C_D) if line[each] == o.WORK}
        for line in self.code:
            if line[o.C_OP] == o.EARN:
                line[o.C_I + 2] = int(line[o.C_OUT] in read)
        looks = any(o.PAID_DEALS in (line[o.C_A], line[o.C_B]) for line in self.code)
        paid = max([line[o.C_I] + 1 for line in posts], default=0) if looks else 0
        return Program(
            code=np.array(self.code, dtype=np.int64).reshape(len(self.code), o.C_WIDTH),
            parts=np.array(self.parts, dtype=np.int64).reshape(len(self.parts), o.PART_COLUMNS),
            act=np.array(list(self._act), dtype=np.uint8).T.copy(), at=np.array(list(self._at), dtype=np.int64).T.copy(),
            monthly=np.array(list(self._monthly)).T.copy(), pool=np.array(self.pool),
            forms=forms, steps=steps, ends=ends,
            setup=np.array([self.rows, tiers, self.memory, rates, paid, self.registers], dtype=np.int64),
        )  # fmt: skip
