"""What a table pays at a driver, for one value and for lanes (source: docs/payouts.md, step 5).

`forms`, `steps` and `ends` are the tables of that name of the program: a form is a rate, or a table of steps.
"""

from __future__ import annotations

import math

from incentive_lab.engine.numeric import MILLION, half_away, jit, times_over
from incentive_lab.engine.program import (
    E_END,
    F_ABOVE,
    F_CAPPED,
    F_COUNT,
    F_EACH_LUMP,
    F_EXTRAPOLATE,
    F_FIRST,
    F_MODE,
    F_NOTHING,
    F_TARGET,
    IN_FULL,
    INTERPOLATED_AMOUNT,
    INTERPOLATED_RATE,
    MARGINAL,
    PLAIN,
    S_END,
    S_FROM,
    S_LOWER,
    S_LUMP,
    S_RATE,
    S_RATE_TO,
    S_RETRO,
    S_UPPER,
    WHOLE,
)


@jit
def scaled(border, target):  # type: ignore[no-untyped-def]
    """A border in millionths of a target, in the target's units."""
    return border if math.isinf(border) else half_away(border * target / MILLION)


@jit
def curve(forms, steps, ends, form, x, target):  # type: ignore[no-untyped-def]
    """Amount, rate reached and lumps of a stepped table at driver x.

    Returns:
        (amount in units of driver x millionths, rate in millionths, lumps in cents).
    """
    amount, rate, lumps = 0.0, 0.0, 0.0
    by_target = forms[form, F_TARGET] >= 0
    if not x == x or (by_target and not target > 0):
        return amount, rate, lumps
    mode, above, each = forms[form, F_MODE], forms[form, F_ABOVE] == 1, forms[form, F_EACH_LUMP] == 1
    first = forms[form, F_FIRST]
    if is_beyond(forms, ends, form, x, target):
        return amount, rate, lumps
    for i in range(first, first + forms[form, F_COUNT]):
        start, lower, upper = steps[i, S_FROM], steps[i, S_LOWER], steps[i, S_UPPER]
        if by_target:
            start, lower, upper = scaled(start, target), scaled(lower, target), scaled(upper, target)
        if not (x > start if above else x >= start):
            break
        step_rate = steps[i, S_RATE]
        if mode == MARGINAL:
            if steps[i, S_RETRO] == 1.0:
                amount = step_rate * min(x, upper)
            else:
                amount += step_rate * max(0.0, min(x, upper) - lower)
        elif mode == WHOLE:
            amount = step_rate * min(x, upper)
        else:
            amount += step_rate * min(x, upper)
        rate = rate + step_rate if mode == IN_FULL else step_rate
        lumps = lumps + steps[i, S_LUMP] if each else steps[i, S_LUMP]
    return amount, rate, lumps


@jit
def line_value(forms, steps, ends, form, x, column, target):  # type: ignore[no-untyped-def]
    """The point at x on the straight lines through a table's steps: of rates (S_RATE) or of lumps (S_LUMP).

    Returns:
        (numerator, denominator) of it in the table's unit.
    """
    if not x == x:
        return 0.0, 1.0
    first, count = forms[form, F_FIRST], forms[form, F_COUNT]
    last = first + count - 1
    by_target = forms[form, F_TARGET] >= 0
    if by_target and not target > 0:
        return 0.0, 1.0
    extrapolate, above = forms[form, F_EXTRAPOLATE] == 1, forms[form, F_ABOVE] == 1
    at = first
    reached = False
    for i in range(first, last + 1):
        start = scaled(steps[i, S_FROM], target) if by_target else steps[i, S_FROM]
        if x > start if above else x >= start:
            at = i
            reached = True
    if (not reached and not extrapolate) or is_beyond(forms, ends, form, x, target):
        return 0.0, 1.0
    banded = column == S_RATE and steps[at, S_RATE_TO] == steps[at, S_RATE_TO]
    x0, y0 = steps[at, S_FROM], steps[at, column]
    if banded:
        x1, y1 = steps[at, S_END], steps[at, S_RATE_TO]
    elif at < last:
        x1, y1 = steps[at + 1, S_FROM], steps[at + 1, column]
    elif extrapolate and count > 1:
        end_rate = steps[at - 1, S_RATE_TO]
        x1, y1 = x0, end_rate if column == S_RATE and end_rate == end_rate else y0
        x0, y0 = steps[at - 1, S_FROM], steps[at - 1, column]
    else:
        return y0, 1.0
    if by_target:
        x0, x1 = scaled(x0, target), scaled(x1, target)
    if banded and x > x1 and not (extrapolate and at == last):
        x = x1
    if math.isinf(x) or x1 == x0 or math.isinf(x1):
        return (y1 if x >= x1 else y0), 1.0
    return y0 * (x1 - x0) + (y1 - y0) * (x - x0), x1 - x0


@jit
def is_beyond(forms, ends, form, x, target):  # type: ignore[no-untyped-def]
    """Whether x lies above the end of a table that pays nothing there."""
    if forms[form, F_NOTHING] == 0:
        return False
    end = ends[form, E_END]
    return x > (scaled(end, target) if forms[form, F_TARGET] >= 0 else end)


@jit
def pay_one(forms, steps, ends, form, base, x, before, has_before, same, target):  # type: ignore[no-untyped-def]
    """What one table pays: (amount without lumps, lumps), both in millionths of a cent.

    Args:
        forms, steps, ends: The tables of the program.
        form: Row of the form.
        base: What it pays on.
        x: The driver.
        before: The driver before this period (or deal), used if `has_before`.
        has_before: The driver accumulates and only this period is paid.
        same: The driver is the base.
        target: The target that borders are shares of.
    """
    mode = forms[form, F_MODE]
    if math.isnan(x) or is_beyond(forms, ends, form, x, target):
        return 0.0, 0.0
    if mode == INTERPOLATED_AMOUNT:
        value, of = line_value(forms, steps, ends, form, x, S_LUMP, target)
        amount = times_over(value, MILLION, of)
        if has_before:
            value, of = line_value(forms, steps, ends, form, before, S_LUMP, target)
            amount -= times_over(value, MILLION, of)
        return 0.0, amount
    amount, rate, lumps = curve(forms, steps, ends, form, x, target)
    of = 1.0
    if mode == INTERPOLATED_RATE:
        rate, of = line_value(forms, steps, ends, form, x, S_RATE, target)
    amount_before = 0.0
    if has_before:
        amount_before, _, lumps_before = curve(forms, steps, ends, form, before, target)
        lumps -= lumps_before
    whole = mode in (WHOLE, IN_FULL)
    if mode == INTERPOLATED_RATE or (whole and (has_before or (not same and forms[form, F_CAPPED] == 0))):
        paid = half_away(base * rate) if of == 1.0 else times_over(base, rate, of)
    elif same:
        paid = half_away(amount - amount_before)
    elif has_before and x == before:
        paid = half_away(base * rate)
    else:
        moved = x - before if has_before else x
        paid = 0.0
        if not math.isinf(moved) and (has_before or moved > 0):
            paid = times_over(base, amount - amount_before, moved)
    return paid, lumps * MILLION


@jit
def curve_lanes(forms, steps, form, x, amount, lanes):  # type: ignore[no-untyped-def]
    """The amounts of `curve` over lanes, step by step so that the compiler can vectorise; no targets, no ends."""
    mode, above = forms[form, F_MODE], forms[form, F_ABOVE] == 1
    first = forms[form, F_FIRST]
    for i in range(lanes):
        amount[i] = 0.0
    for step in range(first, first + forms[form, F_COUNT]):
        start, lower, upper, rate = steps[step, S_FROM], steps[step, S_LOWER], steps[step, S_UPPER], steps[step, S_RATE]
        start = math.nextafter(start, math.inf) if above else start
        if mode == MARGINAL and steps[step, S_RETRO] == 0.0:
            for i in range(lanes):
                slice_ = rate * max(0.0, min(x[i], upper) - lower)
                amount[i] += slice_ if x[i] >= start else 0.0
        elif mode in (MARGINAL, WHOLE):
            for i in range(lanes):
                amount[i] = rate * min(x[i], upper) if x[i] >= start else amount[i]
        else:
            for i in range(lanes):
                amount[i] += rate * min(x[i], upper) if x[i] >= start else 0.0


@jit
def step_lanes(forms, steps, form, x, out, column, adds, lanes):  # type: ignore[no-untyped-def]
    """A column of the highest step reached over lanes, or the sum of those of all reached steps."""
    above, first = forms[form, F_ABOVE] == 1, forms[form, F_FIRST]
    for i in range(lanes):
        out[i] = 0.0
    for step in range(first, first + forms[form, F_COUNT]):
        start, value = steps[step, S_FROM], steps[step, column]
        start = math.nextafter(start, math.inf) if above else start
        if adds:
            for i in range(lanes):
                out[i] += value if x[i] >= start else 0.0
        else:
            for i in range(lanes):
                out[i] = value if x[i] >= start else out[i]


@jit
def factor_at(forms, steps, ends, form, x, target):  # type: ignore[no-untyped-def]
    """A table's coefficient read at x, as numerator and denominator: the step reached, or the line between steps."""
    if forms[form, F_MODE] == INTERPOLATED_RATE:
        return line_value(forms, steps, ends, form, x, S_RATE, target)
    if forms[form, F_MODE] == PLAIN:
        return steps[forms[form, F_FIRST], S_RATE], 1.0
    return curve(forms, steps, ends, form, x, target)[1], 1.0


@jit
def step_reached(forms, steps, ends, form, x):  # type: ignore[no-untyped-def]
    """Place (0-based) of the highest step reached, -1 for none."""
    first, above = forms[form, F_FIRST], forms[form, F_ABOVE] == 1
    if forms[form, F_NOTHING] == 1 and x > ends[form, E_END]:
        return -1
    place = -1
    for i in range(forms[form, F_COUNT]):
        start = steps[first + i, S_FROM]
        if x > start if above else x >= start:
            place = i
    return place
