"""What a table pays at a driver, for one value and for a block of lanes (source: docs/payouts.md, step 5)."""

from __future__ import annotations

import math

from incentive_lab.engine.numeric import MILLION, half_away, jit, step_amount
from incentive_lab.engine.program import (
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
    TO_END,
    WHOLE,
)


@jit
def scaled(border, target):  # type: ignore[no-untyped-def]
    """A border in millionths of a target, in the target's units."""
    return border if math.isinf(border) else half_away(border * target / MILLION)


@jit
def curve(forms, forms_f, steps, form, x, target):  # type: ignore[no-untyped-def]
    """Amount, rate reached and lumps of a stepped table at driver x.

    Returns:
        (amount in units of driver x millionths, rate in millionths, lumps in cents).
    """
    amount, rate, lumps = 0.0, 0.0, 0.0
    if not x == x:
        return amount, rate, lumps
    mode = forms[form, F_MODE]
    above = forms[form, F_ABOVE] == 1
    each = forms[form, F_EACH_LUMP] == 1
    by_target = forms[form, F_TARGET] >= 0
    if by_target and not target > 0:
        return amount, rate, lumps
    if forms[form, F_NOTHING] == 1:
        last = scaled(forms_f[form], target) if by_target else forms_f[form]
        if x > last:
            return amount, rate, lumps
    first = forms[form, F_FIRST]
    for i in range(first, first + forms[form, F_COUNT]):
        start, lower, upper = steps[i, S_FROM], steps[i, S_LOWER], steps[i, S_UPPER]
        if by_target:
            start, lower, upper = scaled(start, target), scaled(lower, target), scaled(upper, target)
        if not (x > start if above else x >= start):
            break
        step_rate = steps[i, S_RATE]
        amount = step_amount(mode, above, x, start, lower, upper, step_rate, steps[i, S_RETRO] == 1.0, amount)
        rate = rate + step_rate if mode in (TO_END, IN_FULL) else step_rate
        lumps = lumps + steps[i, S_LUMP] if each else steps[i, S_LUMP]
    return amount, rate, lumps


@jit
def line_value(forms, forms_f, steps, form, x, column, target):  # type: ignore[no-untyped-def]
    """The point at x on the straight lines through a table's steps: of rates (S_RATE) or of lumps (S_LUMP)."""
    if not x == x:
        return 0.0
    first, count = forms[form, F_FIRST], forms[form, F_COUNT]
    last = first + count - 1
    by_target = forms[form, F_TARGET] >= 0
    if by_target and not target > 0:
        return 0.0
    extrapolate = forms[form, F_EXTRAPOLATE] == 1
    above = forms[form, F_ABOVE] == 1
    at = first
    reached = False
    for i in range(first, last + 1):
        start = scaled(steps[i, S_FROM], target) if by_target else steps[i, S_FROM]
        if x > start if above else x >= start:
            at = i
            reached = True
    if not reached and not extrapolate:
        return 0.0
    if forms[form, F_NOTHING] == 1:
        end = scaled(forms_f[form], target) if by_target else forms_f[form]
        if x > end:
            return 0.0
    banded = column == S_RATE and steps[at, S_RATE_TO] == steps[at, S_RATE_TO]
    if banded:
        x0, y0, x1, y1 = steps[at, S_FROM], steps[at, S_RATE], steps[at, S_END], steps[at, S_RATE_TO]
    elif at < last:
        x0, y0, x1, y1 = steps[at, S_FROM], steps[at, column], steps[at + 1, S_FROM], steps[at + 1, column]
    elif extrapolate and count > 1:
        x0, y0, x1, y1 = steps[at - 1, S_FROM], steps[at - 1, column], steps[at, S_FROM], steps[at, column]
    else:
        return steps[at, column]
    if by_target:
        x0, x1 = scaled(x0, target), scaled(x1, target)
    if banded and x > x1 and not (extrapolate and at == last):
        x = x1
    if math.isinf(x) or x1 == x0 or math.isinf(x1):
        return y1 if x >= x1 else y0
    return half_away(y0 + (y1 - y0) * (x - x0) / (x1 - x0))


@jit
def pay_one(forms, forms_f, steps, form, base, x, before, has_before, same, target):  # type: ignore[no-untyped-def]
    """What one form pays: (amount without lumps, lumps), both in millionths of a cent.

    Args:
        forms: The program's forms.
        forms_f: Ends of their last steps.
        steps: Their steps.
        form: Row of the form.
        base: What it pays on.
        x: The driver.
        before: The driver before this period (or deal), used if `has_before`.
        has_before: The driver accumulates and only this period is paid.
        same: The driver is the base.
        target: The target that borders are shares of.
    """
    mode = forms[form, F_MODE]
    if mode == PLAIN:
        return half_away(base * steps[forms[form, F_FIRST], S_RATE]), 0.0
    if mode == INTERPOLATED_RATE:
        return half_away(base * line_value(forms, forms_f, steps, form, x, S_RATE, target)), 0.0
    if mode == INTERPOLATED_AMOUNT:
        return 0.0, line_value(forms, forms_f, steps, form, x, S_LUMP, target) * MILLION
    amount, rate, lumps = curve(forms, forms_f, steps, form, x, target)
    if has_before:
        amount_before, _, lumps_before = curve(forms, forms_f, steps, form, before, target)
        lumps -= lumps_before
        if mode in (WHOLE, IN_FULL):
            paid = half_away(base * rate)
        elif same:
            paid = half_away(amount - amount_before)
        elif x != before:
            paid = half_away(base * half_away((amount - amount_before) / (x - before)))
        else:
            paid = half_away(base * rate)
    elif same:
        paid = half_away(amount)
    elif mode in (WHOLE, IN_FULL) and forms[form, F_CAPPED] == 0:
        paid = half_away(base * rate)
    elif x > 0 and not math.isinf(x):
        paid = half_away(base * half_away(amount / x))
    else:
        paid = 0.0
    return paid, lumps * MILLION


@jit
def curve_lanes(forms, steps, form, x, amount, rate, lumps, lanes):  # type: ignore[no-untyped-def]
    """`curve` over lanes, step by step so that the compiler can vectorise; for tables without targets and ends."""
    mode = forms[form, F_MODE]
    above = forms[form, F_ABOVE] == 1
    first, count = forms[form, F_FIRST], forms[form, F_COUNT]
    each, has_lumps = forms[form, F_EACH_LUMP] == 1, forms[form, F_LUMPS] == 1
    adds = mode in (TO_END, IN_FULL)
    for lane in range(lanes):
        amount[lane] = 0.0
        rate[lane] = 0.0
        lumps[lane] = 0.0
    for i in range(first, first + count):
        start, lower, upper, step_rate = steps[i, S_FROM], steps[i, S_LOWER], steps[i, S_UPPER], steps[i, S_RATE]
        lump, retroactive = steps[i, S_LUMP], steps[i, S_RETRO] == 1.0
        if mode == MARGINAL and not retroactive and not above:
            for lane in range(lanes):
                slice_ = step_rate * max(0.0, min(x[lane], upper) - lower)
                amount[lane] += slice_ if x[lane] >= start else 0.0
        elif mode == WHOLE and not above:
            for lane in range(lanes):
                amount[lane] = step_rate * min(x[lane], upper) if x[lane] >= start else amount[lane]
        else:
            for lane in range(lanes):
                amount[lane] = step_amount(mode, above, x[lane], start, lower, upper, step_rate, retroactive, amount[lane])
        for lane in range(lanes):
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
def pay_lanes(
    forms, forms_f, steps, form, base, x, before, has_before, same, target, paid, lumps, scratch, lanes
):  # type: ignore[no-untyped-def]
    """`pay_one` over lanes; plain rates and stepped tables take a path that the compiler can vectorise."""
    mode = forms[form, F_MODE]
    if mode == PLAIN:
        plain = steps[forms[form, F_FIRST], S_RATE]
        for lane in range(lanes):
            paid[lane] = half_away(base[lane] * plain)
            lumps[lane] = 0.0
        return
    by_target = forms[form, F_TARGET] >= 0
    if by_target or forms[form, F_NOTHING] == 1 or mode in (INTERPOLATED_RATE, INTERPOLATED_AMOUNT):
        for lane in range(lanes):
            aim = target[lane] if by_target else math.nan
            paid[lane], lumps[lane] = pay_one(
                forms, forms_f, steps, form, base[lane], x[lane], before[lane], has_before, same, aim
            )
        return
    rate = scratch[0]
    curve_lanes(forms, steps, form, x, paid, rate, lumps, lanes)
    whole = mode in (WHOLE, IN_FULL)
    if has_before:
        amount_before, rate_before, lumps_before = scratch[1], scratch[2], scratch[3]
        curve_lanes(forms, steps, form, before, amount_before, rate_before, lumps_before, lanes)
        for lane in range(lanes):
            lumps[lane] = (lumps[lane] - lumps_before[lane]) * MILLION
            moved = x[lane] - before[lane]
            if same and not whole:
                paid[lane] = half_away(paid[lane] - amount_before[lane])
            elif whole or not moved != 0:
                paid[lane] = half_away(base[lane] * rate[lane])
            else:
                paid[lane] = half_away(base[lane] * half_away((paid[lane] - amount_before[lane]) / moved))
        return
    capped = forms[form, F_CAPPED] == 1
    if same:
        for lane in range(lanes):
            paid[lane] = half_away(paid[lane])
    elif whole and not capped:
        for lane in range(lanes):
            paid[lane] = half_away(base[lane] * rate[lane])
    else:
        for lane in range(lanes):
            blended = half_away(paid[lane] / x[lane]) if x[lane] > 0 and not math.isinf(x[lane]) else 0.0
            paid[lane] = half_away(base[lane] * blended)
    if forms[form, F_LUMPS] == 1:
        for lane in range(lanes):
            lumps[lane] *= MILLION


@jit
def factor_at(forms, forms_f, steps, form, x, target):  # type: ignore[no-untyped-def]
    """A table of factors read at x, in millionths: the step reached, or the line between steps."""
    if forms[form, F_MODE] == INTERPOLATED_RATE:
        return line_value(forms, forms_f, steps, form, x, S_RATE, target)
    if forms[form, F_MODE] == PLAIN:
        return steps[forms[form, F_FIRST], S_RATE]
    return curve(forms, forms_f, steps, form, x, target)[1]


@jit
def step_reached(forms, forms_f, steps, form, x):  # type: ignore[no-untyped-def]
    """Place (0-based) of the highest step reached, -1 for none."""
    first, count = forms[form, F_FIRST], forms[form, F_COUNT]
    above = forms[form, F_ABOVE] == 1
    if forms[form, F_NOTHING] == 1 and x > forms_f[form]:
        return -1
    place = -1
    for i in range(count):
        start = steps[first + i, S_FROM]
        if x > start if above else x >= start:
            place = i
    return place

