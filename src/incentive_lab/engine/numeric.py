"""Exact small arithmetic of the kernel: rounding, and rows of lanes by their address."""

from __future__ import annotations

import math

import numba
import numpy as np
from numba import types
from numba.extending import intrinsic

from incentive_lab.engine.program import HALF_EVEN, HALF_UP, UP

OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": False}
entry = numba.njit(**OPTIONS)
"""How the one function that Python calls is compiled."""
BARE = {"_nrt": False, "no_cpython_wrapper": True, "no_cfunc_wrapper": True}
"""What makes no array: whose they are is then not counted, which each use of a row paid for."""
jit = numba.njit(**OPTIONS, **BARE)
"""How every kernel function is compiled: no fast maths (it breaks NaN), no threads of numba's own."""

MILLION = 1e6


@intrinsic
def lanes_at(typingctx, address, count):  # type: ignore[no-untyped-def]
    """The `count` numbers that begin at an address, as an array that owns nothing."""
    row = types.Array(types.float64, 1, "C")

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        from numba.np.arrayobj import make_array, populate_array

        begin, length = arguments
        array = make_array(row)(context, builder)
        size = begin.type(8)
        data = builder.inttoptr(begin, array.data.type)
        populate_array(array, data=data, shape=[length], strides=[size], itemsize=size, meminfo=None)
        return array._getvalue()

    return row(types.int64, types.int64), codegen


@intrinsic
def fused(typingctx, a, b, c):  # type: ignore[no-untyped-def]
    """a x b + c, rounded once."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.fma(*arguments)

    return types.float64(types.float64, types.float64, types.float64), codegen


@jit
def operand(code, k, column, at, m, spaces, widths):  # type: ignore[no-untyped-def]
    """Address of the row of lanes that instruction k names from a column on, in month m."""
    space = code[k, column]
    return spaces[space] + widths[space] * (code[k, column + 1] + at[m, code[k, column + 2]])


@jit
def half_away(x):  # type: ignore[no-untyped-def]
    """The nearest whole number, halves away from zero."""
    return math.copysign(np.floor(abs(x) + 0.5), x)


@jit
def times_over(a, b, c):  # type: ignore[no-untyped-def]
    """a x b / c to the nearest whole number, halves away from zero; exact for whole numbers below 2^53.

    The product is held in two numbers, so that what it is divided by decides the last unit, not what was rounded off it.
    """
    product = abs(a) * abs(b)
    low, by = fused(abs(a), abs(b), -product), abs(c)
    count = np.floor(product / by)
    taken = count * by
    rest = (product - taken) + (low - fused(count, by, -taken))
    more = np.floor(rest / by)
    count += more + (1.0 if 2 * (rest - more * by) >= by else 0.0)
    return count if (a < 0) == ((b < 0) != (c < 0)) else -count


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
def to_line(x, unit, mode, at_line):  # type: ignore[no-untyped-def]
    """Millionths of a cent brought to the rounding unit if rounding is at line."""
    if at_line:
        return round_money(x, unit, mode)
    return x


@jit
def compared(kind, now, against, endless):  # type: ignore[no-untyped-def]
    """Attainment (0), growth (1) or excess (2) of a value against its reference; NaN: nothing to compare with."""
    if kind == 0:
        return now / against if against > 0 else math.nan
    if kind == 2:
        return max(0.0, now - against) if against == against else math.nan
    if against > 0:
        return (now - against) / against
    return math.inf if against == against and endless and now > 0 else math.nan


@jit
def rounded_rate(amount, base, parts, unit, mode):  # type: ignore[no-untyped-def]
    """amount / base to a multiple of `unit` millionths; what the grid of amounts took from a rate decides no tie."""
    millionths = amount / base * parts
    tie = half_away(2 * millionths / unit) * unit / 2
    near = abs(tie / parts * base - amount) <= 0.5
    return round_money(tie if near else millionths, unit, mode) / parts


@jit
def whole_units(size, unit, inverse):  # type: ignore[no-untyped-def]
    """floor(size / unit) of whole numbers below 2^53, without a division; `inverse` is `inverse_of(unit)`."""
    count = np.floor(size * inverse)
    return count + 1.0 if size - count * unit >= unit else count


@jit
def inverse_of(unit):  # type: ignore[no-untyped-def]
    """A little less than 1 / unit, for a unit of 16 or more: a quotient by it is never too high, and at most 1 too low."""
    return (1.0 - 2.0**-51) / unit


_sums = numba.njit(**{**OPTIONS, "fastmath": {"reassoc", "nsz"}}, **BARE)
"""For sums of whole numbers, which are the same in any order."""


@_sums
def plus(a, b):  # type: ignore[no-untyped-def]
    """a + b of whole numbers: a loop that adds them up may do so in the order that is fastest."""
    return a + b


@_sums
def lane_sum(x, lanes):  # type: ignore[no-untyped-def]
    """The sum of lanes that hold whole numbers."""
    total = 0.0
    for i in range(lanes):
        total += x[i]
    return total
