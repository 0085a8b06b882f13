"""What rates, tables, references and tests give over lanes (source: docs/payouts.md, steps 3 to 10)."""

from __future__ import annotations

import math

import numpy as np

from incentive_lab.engine.numeric import (
    MILLION,
    half_away,
    inverse_of,
    jit,
    lanes_at,
    plus,
    times_over,
    to_cents,
    whole_units,
)
from incentive_lab.engine.ops import AMOUNT_AT, AMOUNT_USED, QUANTITY_AT, QUANTITY_USED
from incentive_lab.engine.program import (
    F_CAPPED,
    F_EACH_LUMP,
    F_MODE,
    F_NOTHING,
    F_TARGET,
    HALF_UP,
    IN_FULL,
    INTERPOLATED_AMOUNT,
    INTERPOLATED_RATE,
    NEW_PRORATE,
    NEW_ZERO,
    S_LUMP,
    S_RATE,
    WHOLE,
)
from incentive_lab.engine.tables import curve_lanes, pay_one, step_lanes


@jit
def table_lanes(forms, steps, ends, form, has_before, same, base, x, before, target, out, lumps, lumpy, spare, lanes):  # type: ignore[no-untyped-def]
    """What a table pays over lanes: amounts without lumps in `out`, lumps in `lumps`, in millionths of a cent."""
    mode = forms[form, F_MODE]
    if mode in (INTERPOLATED_RATE, INTERPOLATED_AMOUNT) or forms[form, F_TARGET] >= 0 or forms[form, F_NOTHING]:
        for i in range(lanes):
            out[i], lumps[i] = pay_one(forms, steps, ends, form, base[i], x[i], before[i], has_before, same, target[i])
        return
    if lumpy:
        each = forms[form, F_EACH_LUMP] == 1
        step_lanes(forms, steps, form, x, lumps, S_LUMP, each, lanes)
        if has_before:
            step_lanes(forms, steps, form, before, spare, S_LUMP, each, lanes)
            for i in range(lanes):
                lumps[i] = lumps[i] - spare[i] if x[i] == x[i] else 0.0
        for i in range(lanes):
            lumps[i] *= MILLION
    whole = mode in (WHOLE, IN_FULL)
    if whole and (has_before or (not same and forms[form, F_CAPPED] == 0)):
        step_lanes(forms, steps, form, x, spare, S_RATE, mode == IN_FULL, lanes)
        for i in range(lanes):
            out[i] = half_away(base[i] * spare[i])
        return
    curve_lanes(forms, steps, form, x, out, lanes)
    if has_before:
        curve_lanes(forms, steps, form, before, spare, lanes)
        for i in range(lanes):
            out[i] = out[i] - spare[i] if x[i] == x[i] else 0.0
    if same:
        for i in range(lanes):
            out[i] = half_away(out[i])
        return
    if not has_before:
        for i in range(lanes):
            out[i] = times_over(base[i], out[i], x[i]) if x[i] > 0 and not math.isinf(x[i]) else 0.0
        return
    step_lanes(forms, steps, form, x, spare, S_RATE, False, lanes)
    for i in range(lanes):
        moved = x[i] - before[i]
        if moved == 0:
            out[i] = half_away(base[i] * spare[i])
        elif math.isinf(moved) or math.isnan(moved):
            out[i] = 0.0
        else:
            out[i] = times_over(base[i], out[i], moved)


@jit
def attained_lanes(out, upto, since, against, least, most, lanes):  # type: ignore[no-untyped-def]
    """`out` times measure / reference, kept within `least` and `most` millionths; nothing without a reference."""
    for i in range(lanes):
        now = upto[i] - since[i]
        if not (against[i] > 0 and now == now):
            out[i] = 0.0
        elif now * MILLION <= least * against[i]:
            out[i] = times_over(out[i], least, MILLION)
        elif now * MILLION >= most * against[i]:
            out[i] = times_over(out[i], most, MILLION)
        else:
            out[i] = times_over(out[i], now, against[i])


@jit
def money_lanes(x, ok, unit, mode, at_line, lanes):  # type: ignore[no-untyped-def]
    """`to_cents` in place over lanes; 0 where `ok` is 0. Half-up, the usual mode, is written to be vectorised."""
    if at_line and mode == HALF_UP:
        half, cents, inverse = unit / 2, unit / MILLION, inverse_of(unit)
        for i in range(lanes):
            count = math.copysign(whole_units(abs(x[i]) + half, unit, inverse) * cents, x[i])
            x[i] = count if ok[i] == 1.0 else 0.0
        return
    for i in range(lanes):
        x[i] = to_cents(x[i], unit, mode, at_line) if ok[i] == 1.0 else 0.0


@jit
def rate_money_lanes(out, base, rate, ok, unit, lanes):  # type: ignore[no-untyped-def]
    """A plain rate and half-up money in one pass."""
    half, cents, inverse = unit / 2, unit / MILLION, inverse_of(unit)
    if rate == np.floor(rate):
        for i in range(lanes):
            amount = base[i] * rate
            count = math.copysign(whole_units(abs(amount) + half, unit, inverse) * cents, amount)
            out[i] = count if ok[i] == 1.0 else 0.0
        return
    for i in range(lanes):
        amount = half_away(base[i] * rate)
        count = math.copysign(whole_units(abs(amount) + half, unit, inverse) * cents, amount)
        out[i] = count if ok[i] == 1.0 else 0.0


@jit
def earn_lanes(out, upto, since, ok, used, mine, total, most, rate, unit, kind, keeps, lanes):  # type: ignore[no-untyped-def]
    """A whole rate on a window, half-up money, a limit that loses the excess, and the posting, in one pass.

    `out` is written if it `keeps` what was paid.

    Returns:
        What was paid to all lanes.
    """
    half, cents, inverse, everybody = unit / 2, unit / MILLION, inverse_of(unit), 0.0
    by_quantity, by_amount = kind == QUANTITY_AT, kind == AMOUNT_AT
    if kind in (QUANTITY_USED, AMOUNT_USED):
        counts = kind == QUANTITY_USED
        for i in range(lanes):
            base = upto[i] - since[i]
            room = max(0.0, most - used[i])
            base = min(base, room) if counts else base
            exact = base * rate
            paid = math.copysign(whole_units(abs(exact) + half, unit, inverse) * cents, exact)
            paid = paid if counts else min(paid, room)
            paid = paid if ok[i] == 1.0 else 0.0
            used[i] += (base if ok[i] == 1.0 else 0.0) if counts else paid
            mine[i] += paid
            total[i] += paid
            everybody = plus(everybody, paid)
            if keeps:
                out[i] = paid
        return everybody
    for i in range(lanes):
        base = upto[i] - since[i]
        base = min(base, most) if by_quantity else base
        exact = base * rate
        paid = math.copysign(whole_units(abs(exact) + half, unit, inverse) * cents, exact)
        paid = min(paid, most) if by_amount else paid
        paid = paid if ok[i] == 1.0 else 0.0
        mine[i] += paid
        total[i] += paid
        everybody = plus(everybody, paid)
        if keeps:
            out[i] = paid
    return everybody


@jit
def earlier_lanes(out, joined, sums, width, slots, months, slot, new, pace, end, start, count, apart, times, lanes):  # type: ignore[no-untyped-def]
    """The average of `count` earlier windows in `out`, moved at the group's pace if asked, times the factor (step 3).

    The windows are [start, end) moved back by `apart` months, by twice as many, and so on; one of them is its own average.
    `sums` is the address of the running totals, `width` the bytes of one of their rows, `slots` the rows of a month.
    """
    early = start - count * apart
    if early >= 0 and new != NEW_PRORATE and pace < 0:
        missing = 0.0 if new == NEW_ZERO else math.nan
        for k in range(1, count + 1):
            upto = lanes_at(sums + width * ((end - k * apart) * slots + slot), lanes)
            since = lanes_at(sums + width * ((start - k * apart) * slots + slot), lanes)
            for i in range(lanes):
                out[i] = upto[i] - since[i] if k == 1 else out[i] + (upto[i] - since[i])
        for i in range(lanes):
            past = half_away(out[i] * times / MILLION) if count == 1 else times_over(out[i], times, MILLION * count)
            out[i] = past if joined[i] <= early else missing
        return
    for i in range(lanes):
        complete = early >= 0 and joined[i] <= early
        if not complete and new != NEW_PRORATE:
            out[i] = 0.0 if new == NEW_ZERO else math.nan
            continue
        exists = 0 if complete else max(0, int(max(joined[i], -1.0)))
        past, then, there = 0.0, 0.0, 0
        for k in range(1, count + 1):
            upto, since = end - k * apart, max(exists, start - k * apart)
            if since < upto:
                past += lane_between(sums, width, slots, slot, since, upto, i)
                there += upto - since
            if pace >= 0 and early >= 0:
                then += lane_between(sums, width, slots, pace, start - k * apart, upto, i)
        among = float(count)
        if not complete:
            past = half_away(past * (end - start) / there) if there > 0 else math.nan
            among = 1.0
        if pace >= 0:
            now = lane_between(sums, width, slots, pace, start, min(end, months), i)
            past = past * now * (count / among) / then if then > 0 else math.nan
            among = 1.0
        if past != past:
            out[i] = math.nan
        else:
            out[i] = half_away(past * times / MILLION) if among == 1.0 else times_over(past, times, MILLION * among)


@jit
def lane_between(sums, width, slots, slot, since, upto, lane):  # type: ignore[no-untyped-def]
    """One lane's total of a column from one month up to another."""
    return (
        lanes_at(sums + width * (upto * slots + slot), lane + 1)[lane]
        - lanes_at(sums + width * (since * slots + slot), lane + 1)[lane]
    )


@jit
def level_lanes(out, a, b, c, d, level, bounds, at, lanes):  # type: ignore[no-untyped-def]
    """`level` where four numbers lie within their bounds, least and most of each from place `at` on."""
    least_a, most_a, least_b, most_b = bounds[at], bounds[at + 1], bounds[at + 2], bounds[at + 3]
    least_c, most_c, least_d, most_d = bounds[at + 4], bounds[at + 5], bounds[at + 6], bounds[at + 7]
    for i in range(lanes):
        first = (a[i] >= least_a) & (a[i] <= most_a) & (b[i] >= least_b) & (b[i] <= most_b)
        out[i] = (
            level if first & (c[i] >= least_c) & (c[i] <= most_c) & (d[i] >= least_d) & (d[i] <= most_d) else out[i]
        )


@jit
def test_lanes(out, value, least, most, any_of, missing, lanes):  # type: ignore[no-untyped-def]
    """`out` after one more test, from `least` to `most`: all tests have to hold, or any."""
    if any_of:
        for i in range(lanes):
            hit = ((value[i] >= least) & (value[i] <= most)) | (missing & (value[i] != value[i]))
            out[i] = 1.0 if hit else out[i]
        return
    if missing:
        for i in range(lanes):
            out[i] = 0.0 if (value[i] < least) | (value[i] > most) else out[i]
        return
    for i in range(lanes):
        out[i] = out[i] if (value[i] >= least) & (value[i] <= most) else 0.0
