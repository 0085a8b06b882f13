"""What a table pays at a driver, for one value and for a block of lanes (source: docs/payouts.md, step 5)."""

from __future__ import annotations

import math

from incentive_lab.engine.numeric import MILLION, cell, half_away, jit, number, step_amount
from incentive_lab.engine.program import (
    E_END,
    E_PARTS,
    F_ABOVE,
    F_CAPPED,
    F_COUNT,
    F_EACH_LUMP,
    F_EXTRAPOLATE,
    F_FIRST,
    F_LUMPS,
    F_MODE,
    F_NOTHING,
    F_TARGET,
    FORM_ENDS,
    FORMS,
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
    STEPS,
    WHOLE,
)


@jit
def scaled(border, target):  # type: ignore[no-untyped-def]
    """A border in millionths of a target, in the target's units."""
    return border if math.isinf(border) else half_away(border * target / MILLION)


@jit
def curve(P, form, x, target):  # type: ignore[no-untyped-def]
    """Amount, rate reached and lumps of a stepped table at driver x.

    Returns:
        (amount in units of driver x millionths, rate in millionths, lumps in cents).
    """
    amount, rate, lumps = 0.0, 0.0, 0.0
    if not x == x:
        return amount, rate, lumps
    mode = cell(P, FORMS, form, F_MODE)
    above = cell(P, FORMS, form, F_ABOVE) == 1
    each = cell(P, FORMS, form, F_EACH_LUMP) == 1
    by_target = cell(P, FORMS, form, F_TARGET) >= 0
    if by_target and not target > 0:
        return amount, rate, lumps
    if cell(P, FORMS, form, F_NOTHING) == 1:
        last = scaled(number(P, FORM_ENDS, form, E_END), target) if by_target else number(P, FORM_ENDS, form, E_END)
        if x > last:
            return amount, rate, lumps
    first = cell(P, FORMS, form, F_FIRST)
    for i in range(first, first + cell(P, FORMS, form, F_COUNT)):
        start, lower, upper = number(P, STEPS, i, S_FROM), number(P, STEPS, i, S_LOWER), number(P, STEPS, i, S_UPPER)
        if by_target:
            start, lower, upper = scaled(start, target), scaled(lower, target), scaled(upper, target)
        if not (x > start if above else x >= start):
            break
        step_rate = number(P, STEPS, i, S_RATE)
        amount = step_amount(
            mode, above, x, start, lower, upper, step_rate, number(P, STEPS, i, S_RETRO) == 1.0, amount
        )
        rate = rate + step_rate if mode == IN_FULL else step_rate
        lumps = lumps + number(P, STEPS, i, S_LUMP) if each else number(P, STEPS, i, S_LUMP)
    return amount, rate, lumps


@jit
def line_value(P, form, x, column, target, finer):  # type: ignore[no-untyped-def]
    """The point at x on the straight lines through a table's steps: of rates (S_RATE) or of lumps (S_LUMP).

    It is a whole number of `finer` parts of the table's unit: 1 for rates, a million for lumps in cents.
    """
    if not x == x:
        return 0.0
    first, count = cell(P, FORMS, form, F_FIRST), cell(P, FORMS, form, F_COUNT)
    last = first + count - 1
    by_target = cell(P, FORMS, form, F_TARGET) >= 0
    if by_target and not target > 0:
        return 0.0
    extrapolate = cell(P, FORMS, form, F_EXTRAPOLATE) == 1
    above = cell(P, FORMS, form, F_ABOVE) == 1
    at = first
    reached = False
    for i in range(first, last + 1):
        start = scaled(number(P, STEPS, i, S_FROM), target) if by_target else number(P, STEPS, i, S_FROM)
        if x > start if above else x >= start:
            at = i
            reached = True
    if not reached and not extrapolate:
        return 0.0
    if cell(P, FORMS, form, F_NOTHING) == 1:
        end = scaled(number(P, FORM_ENDS, form, E_END), target) if by_target else number(P, FORM_ENDS, form, E_END)
        if x > end:
            return 0.0
    banded = column == S_RATE and number(P, STEPS, at, S_RATE_TO) == number(P, STEPS, at, S_RATE_TO)
    if banded:
        x0, y0, x1, y1 = (
            number(P, STEPS, at, S_FROM),
            number(P, STEPS, at, S_RATE),
            number(P, STEPS, at, S_END),
            number(P, STEPS, at, S_RATE_TO),
        )
    elif at < last:
        x0, y0, x1, y1 = (
            number(P, STEPS, at, S_FROM),
            number(P, STEPS, at, column),
            number(P, STEPS, at + 1, S_FROM),
            number(P, STEPS, at + 1, column),
        )
    elif extrapolate and count > 1:
        end_rate = number(P, STEPS, at - 1, S_RATE_TO)
        own_end = column == S_RATE and end_rate == end_rate
        x0, y0, x1, y1 = (
            number(P, STEPS, at - 1, S_FROM),
            number(P, STEPS, at - 1, column),
            number(P, STEPS, at, S_FROM),
            end_rate if own_end else number(P, STEPS, at, column),
        )
    else:
        return number(P, STEPS, at, column) * finer
    if by_target:
        x0, x1 = scaled(x0, target), scaled(x1, target)
    if banded and x > x1 and not (extrapolate and at == last):
        x = x1
    if math.isinf(x) or x1 == x0 or math.isinf(x1):
        return (y1 if x >= x1 else y0) * finer
    return half_away(y0 * finer + (y1 - y0) * finer * (x - x0) / (x1 - x0))


@jit
def is_beyond(P, form, x, target):  # type: ignore[no-untyped-def]
    """Whether x lies above the end of a table that pays nothing there."""
    end = number(P, FORM_ENDS, form, E_END)
    return x > (scaled(end, target) if cell(P, FORMS, form, F_TARGET) >= 0 else end)


@jit
def pay_one(P, form, base, x, before, has_before, same, target):  # type: ignore[no-untyped-def]
    """What one form pays: (amount without lumps, lumps), both in millionths of a cent.

    Args:
        P: The program.
        form: Row of the form.
        base: What it pays on.
        x: The driver.
        before: The driver before this period (or deal), used if `has_before`.
        has_before: The driver accumulates and only this period is paid.
        same: The driver is the base.
        target: The target that borders are shares of.
    """
    mode, parts = cell(P, FORMS, form, F_MODE), number(P, FORM_ENDS, form, E_PARTS)
    if mode == PLAIN:
        return half_away(base * number(P, STEPS, cell(P, FORMS, form, F_FIRST), S_RATE)), 0.0
    if math.isnan(x):
        return 0.0, 0.0
    if mode == INTERPOLATED_AMOUNT:
        return 0.0, line_value(P, form, x, S_LUMP, target, MILLION)
    if cell(P, FORMS, form, F_NOTHING) == 1 and is_beyond(P, form, x, target):
        return 0.0, 0.0
    amount, rate, lumps = curve(P, form, x, target)
    if mode == INTERPOLATED_RATE:
        rate = line_value(P, form, x, S_RATE, target, parts) / parts
    if has_before:
        amount_before, _, lumps_before = curve(P, form, before, target)
        lumps -= lumps_before
        if mode in (WHOLE, IN_FULL, INTERPOLATED_RATE):
            paid = half_away(base * rate)
        elif same:
            paid = half_away(amount - amount_before)
        elif x == before:
            paid = half_away(base * rate)
        elif math.isinf(x - before):
            paid = 0.0
        else:
            paid = half_away(base * half_away((amount - amount_before) / (x - before) * parts) / parts)
    elif mode == INTERPOLATED_RATE:
        paid = half_away(base * rate)
    elif same:
        paid = half_away(amount)
    elif mode in (WHOLE, IN_FULL) and cell(P, FORMS, form, F_CAPPED) == 0:
        paid = half_away(base * rate)
    elif x > 0 and not math.isinf(x):
        paid = half_away(base * half_away(amount / x * parts) / parts)
    else:
        paid = 0.0
    return paid, lumps * MILLION


@jit
def curve_lanes(P, form, x, amount, rate, lumps, wants_rate, lanes):  # type: ignore[no-untyped-def]
    """`curve` over lanes, step by step so that the compiler can vectorise; for tables without targets and ends."""
    mode = cell(P, FORMS, form, F_MODE)
    above = cell(P, FORMS, form, F_ABOVE) == 1
    first, count = cell(P, FORMS, form, F_FIRST), cell(P, FORMS, form, F_COUNT)
    each, has_lumps = cell(P, FORMS, form, F_EACH_LUMP) == 1, cell(P, FORMS, form, F_LUMPS) == 1
    adds = mode == IN_FULL
    for lane in range(lanes):
        amount[lane] = 0.0
        rate[lane] = 0.0
        lumps[lane] = 0.0
    for i in range(first, first + count):
        start, lower, upper, step_rate = (
            number(P, STEPS, i, S_FROM),
            number(P, STEPS, i, S_LOWER),
            number(P, STEPS, i, S_UPPER),
            number(P, STEPS, i, S_RATE),
        )
        lump, retroactive = number(P, STEPS, i, S_LUMP), number(P, STEPS, i, S_RETRO) == 1.0
        if mode == MARGINAL and not retroactive and not above:
            for lane in range(lanes):
                slice_ = step_rate * max(0.0, min(x[lane], upper) - lower)
                amount[lane] += slice_ if x[lane] >= start else 0.0
        elif mode == WHOLE and not above:
            for lane in range(lanes):
                amount[lane] = step_rate * min(x[lane], upper) if x[lane] >= start else amount[lane]
        else:
            for lane in range(lanes):
                amount[lane] = step_amount(
                    mode, above, x[lane], start, lower, upper, step_rate, retroactive, amount[lane]
                )
        for lane in range(lanes if wants_rate else 0):
            reached = x[lane] > start if above else x[lane] >= start
            if adds:
                rate[lane] += step_rate if reached else 0.0
            else:
                rate[lane] = step_rate if reached else rate[lane]
        if has_lumps:
            for lane in range(lanes):
                reached = x[lane] > start if above else x[lane] >= start
                if each:
                    lumps[lane] += lump if reached else 0.0
                else:
                    lumps[lane] = lump if reached else lumps[lane]


@jit
def pay_lanes(P, form, base, x, before, has_before, same, target, paid, lumps, scratch, lanes):  # type: ignore[no-untyped-def]
    """`pay_one` over lanes; plain rates and stepped tables take a path that the compiler can vectorise."""
    mode, parts = cell(P, FORMS, form, F_MODE), number(P, FORM_ENDS, form, E_PARTS)
    if mode == PLAIN:
        plain = number(P, STEPS, cell(P, FORMS, form, F_FIRST), S_RATE)
        for lane in range(lanes):
            paid[lane] = half_away(base[lane] * plain)
            lumps[lane] = 0.0
        return
    by_target = cell(P, FORMS, form, F_TARGET) >= 0
    if by_target or cell(P, FORMS, form, F_NOTHING) == 1 or mode in (INTERPOLATED_RATE, INTERPOLATED_AMOUNT):
        for lane in range(lanes):
            aim = target[lane] if by_target else math.nan
            paid[lane], lumps[lane] = pay_one(P, form, base[lane], x[lane], before[lane], has_before, same, aim)
        return
    rate = scratch[0]
    curve_lanes(P, form, x, paid, rate, lumps, has_before or not same, lanes)
    whole = mode in (WHOLE, IN_FULL)
    if has_before:
        amount_before, rate_before, lumps_before = scratch[1], scratch[2], scratch[3]
        curve_lanes(P, form, before, amount_before, rate_before, lumps_before, False, lanes)
        for lane in range(lanes):
            lumps[lane] = 0.0 if math.isnan(x[lane]) else (lumps[lane] - lumps_before[lane]) * MILLION
            moved = x[lane] - before[lane]
            if same and not whole:
                paid[lane] = half_away(paid[lane] - amount_before[lane])
            elif whole or moved == 0 or math.isnan(moved):
                paid[lane] = half_away(base[lane] * rate[lane])
            elif math.isinf(moved):
                paid[lane] = 0.0
            else:
                blended = half_away((paid[lane] - amount_before[lane]) / moved * parts) / parts
                paid[lane] = half_away(base[lane] * blended)
        return
    capped = cell(P, FORMS, form, F_CAPPED) == 1
    if same:
        for lane in range(lanes):
            paid[lane] = half_away(paid[lane])
    elif whole and not capped:
        for lane in range(lanes):
            paid[lane] = half_away(base[lane] * rate[lane])
    else:
        for lane in range(lanes):
            blended = half_away(paid[lane] / x[lane] * parts) if x[lane] > 0 and not math.isinf(x[lane]) else 0.0
            paid[lane] = half_away(base[lane] * blended / parts)
    if cell(P, FORMS, form, F_LUMPS) == 1:
        for lane in range(lanes):
            lumps[lane] *= MILLION


@jit
def factor_at(P, form, x, target):  # type: ignore[no-untyped-def]
    """A table of factors read at x, in millionths: the step reached, or the line between steps."""
    if cell(P, FORMS, form, F_MODE) == INTERPOLATED_RATE:
        return line_value(P, form, x, S_RATE, target, 1.0)
    if cell(P, FORMS, form, F_MODE) == PLAIN:
        return number(P, STEPS, cell(P, FORMS, form, F_FIRST), S_RATE)
    return curve(P, form, x, target)[1]


@jit
def step_reached(P, form, x):  # type: ignore[no-untyped-def]
    """Place (0-based) of the highest step reached, -1 for none."""
    first, count = cell(P, FORMS, form, F_FIRST), cell(P, FORMS, form, F_COUNT)
    above = cell(P, FORMS, form, F_ABOVE) == 1
    if cell(P, FORMS, form, F_NOTHING) == 1 and x > number(P, FORM_ENDS, form, E_END):
        return -1
    place = -1
    for i in range(count):
        start = number(P, STEPS, first + i, S_FROM)
        if x > start if above else x >= start:
            place = i
    return place
