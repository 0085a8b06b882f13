"""Exact small arithmetic of the kernel: rounding, windows of months, one step of a table."""

from __future__ import annotations

import math

import numba
import numpy as np

from incentive_lab.engine.program import (
    DIRECTORY,
    HALF_EVEN,
    HALF_UP,
    MARGINAL,
    PREVIOUS_YEAR,
    UP,
    WHOLE,
)

OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": False}
entry = numba.njit(**OPTIONS)
"""How the one function that Python calls is compiled."""
jit = numba.njit(**OPTIONS, no_cpython_wrapper=True, no_cfunc_wrapper=True)
"""How every kernel function is compiled: no fast maths (it breaks NaN), no threads of numba's own."""

MILLION = 1e6


@jit
def cell(P, table, row, column):  # type: ignore[no-untyped-def]
    """One integer of a table of the program."""
    at = DIRECTORY + 3 * table
    return P.ints[P.ints[at] + row * P.ints[at + 1] + column]


@jit
def number(P, table, row, column):  # type: ignore[no-untyped-def]
    """One number of a table of the program."""
    at = DIRECTORY + 3 * table
    return P.floats[P.ints[at] + row * P.ints[at + 1] + column]


@jit
def rows(P, table):  # type: ignore[no-untyped-def]
    """How many rows a table of the program has."""
    return P.ints[DIRECTORY + 3 * table + 2]


@jit
def half_away(x):  # type: ignore[no-untyped-def]
    """The nearest whole number, halves away from zero."""
    return math.copysign(np.floor(abs(x) + 0.5), x)


@jit
def round_money(x, unit, mode):  # type: ignore[no-untyped-def]
    """`x` (a whole number in float64) to a multiple of `unit`, ties by `mode`, decided on whole numbers."""
    size = abs(x)
    count = np.floor(size / unit)
    rest = size - count * unit
    if rest < 0:
        count -= 1
        rest += unit
    elif rest >= unit:
        count += 1
        rest -= unit
    if mode == HALF_UP:
        if 2 * rest >= unit:
            count += 1
    elif mode == HALF_EVEN:
        if 2 * rest > unit or (2 * rest == unit and count % 2 == 1):
            count += 1
    elif mode == UP and rest > 0:
        count += 1
    return math.copysign(count * unit, x)


@jit
def to_cents(x, unit, mode, at_line):  # type: ignore[no-untyped-def]
    """Millionths of a cent as cents: rounded to the scheme's unit if rounding is at line, else exact."""
    if at_line:
        return round_money(x, unit, mode) / MILLION
    return x / MILLION


@jit
def money_lanes(x, ok, unit, mode, at_line, lanes):  # type: ignore[no-untyped-def]
    """`to_cents` in place over lanes; 0 where `ok` is 0. Half-up, the usual mode, is written to be vectorised.

    floor((x + unit / 2) / unit) is exact while x / unit stays under 9e9: 90 million dollars in cents.
    """
    if at_line and mode == HALF_UP:
        half, cents = unit / 2, unit / MILLION
        for lane in range(lanes):
            size = abs(x[lane])
            count = np.floor((size + half) / unit)
            value = math.copysign(count * cents, x[lane])
            x[lane] = value if ok[lane] == 1 else 0.0
        return
    for lane in range(lanes):
        x[lane] = to_cents(x[lane], unit, mode, at_line) if ok[lane] == 1 else 0.0


@jit
def year_month(m, shift):  # type: ignore[no-untyped-def]
    """Month m's place (0 to 11) in the programme year."""
    return (m + shift) % 12


@jit
def period_start(m, per, shift):  # type: ignore[no-untyped-def]
    """First month of m's period of `per` months; may be negative."""
    return m - year_month(m, shift) % per


@jit
def window(code, m, shift):  # type: ignore[no-untyped-def]
    """First month and end (exclusive) of a window at month m, cut at month 0."""
    if code == PREVIOUS_YEAR:
        start = period_start(m, 12, shift)
        return max(0, start - 12), max(0, start)
    if code > 0:
        return max(0, period_start(m, code, shift)), m + 1
    if code == 0:
        return 0, m + 1
    return max(0, m + code + 1), m + 1


@jit
def step_amount(mode, above, x, start, lower, upper, rate, retroactive, amount):  # type: ignore[no-untyped-def]
    """The amount of a table after one more step, at driver x (source: docs/payouts.md, step 5)."""
    reached = x > start if above else x >= start
    if not reached:
        return amount
    if mode == MARGINAL:
        if retroactive:
            return rate * min(x, upper)
        return amount + rate * max(0.0, min(x, upper) - lower)
    if mode == WHOLE:
        return rate * min(x, upper)
    return amount + rate * min(x, upper)
