"""What a table pays at a driver, for one value and for a block of lanes (source: docs/payouts.md, step 5)."""

from __future__ import annotations

import math

import numpy as np

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
def curve(P, form, x, target):  # type: ignore[no-untyped-def]
    """Amount, rate reached and lumps of a stepped table at driver x.

    Returns:
        (amount in units of driver x millionths, rate in millionths, lumps in cents).
    """
    amount, rate, lumps = 0.0, 0.0, 0.0
    if not x == x:
        return amount, rate, lumps
    mode = P.forms[form, F_MODE]
    above = P.forms[form, F_ABOVE] == 1
    each = P.forms[form, F_EACH_LUMP] == 1
    by_target = P.forms[form, F_TARGET] >= 0
    if by_target and not target > 0:
        return amount, rate, lumps
    if P.forms[form, F_NOTHING] == 1:
        last = scaled(P.forms_f[form], target) if by_target else P.forms_f[form]
        if x > last:
            return amount, rate, lumps
    first = P.forms[form, F_FIRST]
    for i in range(first, first + P.forms[form, F_COUNT]):
        start, lower, upper = P.steps[i, S_FROM], P.steps[i, S_LOWER], P.steps[i, S_UPPER]
        if by_target:
            start, lower, upper = scaled(start, target), scaled(lower, target), scaled(upper, target)
        if not (x > start if above else x >= start):
            break
        step_rate = P.steps[i, S_RATE]
        amount = step_amount(mode, above, x, start, lower, upper, step_rate, P.steps[i, S_RETRO] == 1.0, amount)
        rate = rate + step_rate if mode in (TO_END, IN_FULL) else step_rate
        lumps = lumps + P.steps[i, S_LUMP] if each else P.steps[i, S_LUMP]
    return amount, rate, lumps


@jit
def line_value(P, form, x, column, target):  # type: ignore[no-untyped-def]
    """The point at x on the straight lines through a table's steps: of rates (S_RATE) or of lumps (S_LUMP)."""
    if not x == x:
        return 0.0
    first, count = P.forms[form, F_FIRST], P.forms[form, F_COUNT]
    last = first + count - 1
    by_target = P.forms[form, F_TARGET] >= 0
    if by_target and not target > 0:
        return 0.0
    extrapolate = P.forms[form, F_EXTRAPOLATE] == 1
    above = P.forms[form, F_ABOVE] == 1
    at = first
    reached = False
    for i in range(first, last + 1):
        start = scaled(P.steps[i, S_FROM], target) if by_target else P.steps[i, S_FROM]
        if x > start if above else x >= start:
            at = i
            reached = True
    if not reached and not extrapolate:
        return 0.0
    if P.forms[form, F_NOTHING] == 1:
        end = scaled(P.forms_f[form], target) if by_target else P.forms_f[form]
        if x > end:
            return 0.0
    banded = column == S_RATE and P.steps[at, S_RATE_TO] == P.steps[at, S_RATE_TO]
    if banded:
        x0, y0, x1, y1 = P.steps[at, S_FROM], P.steps[at, S_RATE], P.steps[at, S_END], P.steps[at, S_RATE_TO]
    elif at < last:
        x0, y0, x1, y1 = P.steps[at, S_FROM], P.steps[at, column], P.steps[at + 1, S_FROM], P.steps[at + 1, column]
    elif extrapolate and count > 1:
        x0, y0, x1, y1 = P.steps[at - 1, S_FROM], P.steps[at - 1, column], P.steps[at, S_FROM], P.steps[at, column]
    else:
        return P.steps[at, column]
    if by_target:
        x0, x1 = scaled(x0, target), scaled(x1, target)
    if banded and x > x1 and not (extrapolate and at == last):
        x = x1
    if math.isinf(x) or x1 == x0 or math.isinf(x1):
        return y1 if x >= x1 else y0
    return half_away(y0 + (y1 - y0) * (x - x0) / (x1 - x0))


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
    mode = P.forms[form, F_MODE]
    if mode == PLAIN:
        return half_away(base * P.steps[P.forms[form, F_FIRST], S_RATE]), 0.0
    if mode == INTERPOLATED_RATE:
        return half_away(base * line_value(P, form, x, S_RATE, target)), 0.0
    if mode == INTERPOLATED_AMOUNT:
        return 0.0, line_value(P, form, x, S_LUMP, target) * MILLION
    amount, rate, lumps = curve(P, form, x, target)
    if has_before:
        amount_before, _, lumps_before = curve(P, form, before, target)
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
    elif mode in (WHOLE, IN_FULL) and P.forms[form, F_CAPPED] == 0:
        paid = half_away(base * rate)
    elif x > 0 and not math.isinf(x):
        paid = half_away(base * half_away(amount / x))
    else:
        paid = 0.0
    return paid, lumps * MILLION


@jit
def pay_lanes(P, form, base, x, before, has_before, same, target, paid, lumps, lanes):  # type: ignore[no-untyped-def]
    """`pay_one` over lanes; the forms that programmes use most have loops the compiler can vectorise."""
    mode = P.forms[form, F_MODE]
    first, count = P.forms[form, F_FIRST], P.forms[form, F_COUNT]
    if mode == PLAIN:
        rate = P.steps[first, S_RATE]
        for lane in range(lanes):
            paid[lane] = half_away(base[lane] * rate)
            lumps[lane] = 0.0
        return
    simple = same and not has_before and P.forms[form, F_TARGET] < 0 and P.forms[form, F_NOTHING] == 0
    above = P.forms[form, F_ABOVE] == 1
    if simple and P.forms[form, F_LUMPS] == 0 and mode in (MARGINAL, WHOLE):
        for lane in range(lanes):
            paid[lane] = 0.0
            lumps[lane] = 0.0
        for i in range(first, first + count):
            start, lower, upper = P.steps[i, S_FROM], P.steps[i, S_LOWER], P.steps[i, S_UPPER]
            rate, retroactive = P.steps[i, S_RATE], P.steps[i, S_RETRO] == 1.0
            if mode == MARGINAL and not retroactive and lower >= start:
                for lane in range(lanes):
                    paid[lane] += rate * max(0.0, min(x[lane], upper) - lower)
            elif mode == WHOLE and not above:
                for lane in range(lanes):
                    paid[lane] = rate * min(x[lane], upper) if x[lane] >= start else paid[lane]
            else:
                for lane in range(lanes):
                    paid[lane] = step_amount(mode, above, x[lane], start, lower, upper, rate, retroactive, paid[lane])
        for lane in range(lanes):
            paid[lane] = half_away(paid[lane])
        return
    for lane in range(lanes):
        paid[lane], lumps[lane] = pay_one(
            P, form, base[lane], x[lane], before[lane], has_before, same, target[lane]
        )


@jit
def factor_at(P, form, x, target):  # type: ignore[no-untyped-def]
    """A table of factors read at x, in millionths: the step reached, or the line between steps."""
    if P.forms[form, F_MODE] == INTERPOLATED_RATE:
        return line_value(P, form, x, S_RATE, target)
    if P.forms[form, F_MODE] == PLAIN:
        return P.steps[P.forms[form, F_FIRST], S_RATE]
    return curve(P, form, x, target)[1]


@jit
def step_reached(P, form, x):  # type: ignore[no-untyped-def]
    """Place (0-based) of the highest step reached, -1 for none."""
    first, count = P.forms[form, F_FIRST], P.forms[form, F_COUNT]
    above = P.forms[form, F_ABOVE] == 1
    if P.forms[form, F_NOTHING] == 1 and x > P.forms_f[form]:
        return -1
    place = -1
    for i in range(count):
        start = P.steps[first + i, S_FROM]
        if x > start if above else x >= start:
            place = i
    return place


NO_LANES = np.zeros(0)
