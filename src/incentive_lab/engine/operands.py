"""The numbers that tables, gates and tiers look at, for a block of lanes at one month."""

from __future__ import annotations

import math
from typing import NamedTuple

import numpy as np

from incentive_lab.engine.numeric import MILLION, half_away, jit, period_start, window
from incentive_lab.engine.program import (
    ATTAINMENT,
    EXCESS,
    F64,
    I64,
    LEVEL,
    NEW_SKIP,
    NEW_ZERO,
    O_KIND,
    O_REF,
    O_SLOT,
    O_SLOT2,
    O_WINDOW,
    POINTS,
    Q_KIND,
    Q_NEW,
    Q_PACE,
    Q_SLOT,
    Q_WHOLE,
    QF_AMOUNT,
    QF_TIMES,
    RATIO,
    REF_AMOUNT,
    REF_TARGET,
    SUM,
    T_ACTS_MISSING,
    T_ANY,
    T_COUNT,
    T_FIRST,
    U8,
    Z_SHIFT,
)

TARGET_MARGIN = 12
"""Months of targets before the first and after the last month of the panel."""


class Block(NamedTuple):
    """One block of partners (lanes): the history that the kernel walks.

    `sums[m, slot, lane]` is the total of months 0..m-1; `targets` likewise with `TARGET_MARGIN` months more at each end.
    """

    sums: F64  # [months + 1, slots, lanes]
    levels: F64  # [months, level slots, lanes]
    targets: F64  # [months + 2 * TARGET_MARGIN + 1, target slots, lanes]
    joined: I64  # [lanes]
    eligible: U8  # [rules, lanes]
    forms: I64  # [rules, lanes] form chosen by type, region or segment; -1 none
    fund_forms: I64  # [funds, lanes]
    guarantee_who: U8  # [guarantees, lanes]
    draw_who: U8  # [draws, lanes]
    start_tier: I64  # [lanes]
    awards: F64  # [awards, months, lanes] cents
    baseline: F64  # [months, lanes] cents paid by the baseline
    deal_first: I64  # [grains, lanes * (months + 1)] first deal row of (lane, month); a lane ends with its end
    deal_values: F64  # [deal slots, deals]
    return_first: I64  # [lanes * (months + 1)]
    return_sold: I64  # [returns] month sold
    return_term: I64  # [returns]
    return_deal: I64  # [grains, returns] deal row, -1 unknown
    return_values: F64  # [return slots, returns]


@jit
def reference_lanes(P, H, ref, m, start, end, code, slot, out, lanes):  # type: ignore[no-untyped-def]
    """Fill `out` with what a measure is compared with over [start, end); NaN where it cannot be assessed."""
    kind = P.references[ref, Q_KIND]
    times = P.references_f[ref, QF_TIMES]
    if kind == REF_AMOUNT:
        amount = half_away(P.references_f[ref, QF_AMOUNT] * times / MILLION)
        for lane in range(lanes):
            out[lane] = amount
        return
    if kind == REF_TARGET:
        first, last = start, end
        if P.references[ref, Q_WHOLE] == 1 and code > 0 and code <= 12:
            first = period_start(m, code, P.settings[Z_SHIFT])
            last = first + code
        upto = H.targets[last + TARGET_MARGIN, P.references[ref, Q_SLOT]]
        since = H.targets[first + TARGET_MARGIN, P.references[ref, Q_SLOT]]
        for lane in range(lanes):
            total = upto[lane] - since[lane]
            out[lane] = half_away(total * times / MILLION) if total > 0 else math.nan
        return
    last_year_lanes(P, H, ref, start, end, slot, out, lanes)


@jit
def last_year_lanes(P, H, ref, start, end, slot, out, lanes):  # type: ignore[no-untyped-def]
    """Fill `out` with last year's window, moved at the group's pace if asked, times the reference's factor."""
    early, new = start - 12, P.references[ref, Q_NEW]
    times, pace = P.references_f[ref, QF_TIMES], P.references[ref, Q_PACE]
    sums, joined = H.sums, H.joined
    for lane in range(lanes):
        past = math.nan
        if early >= 0 and joined[lane] <= early:
            past = sums[end - 12, slot, lane] - sums[early, slot, lane]
        elif new == NEW_ZERO:
            out[lane] = 0.0
            continue
        elif new != NEW_SKIP:
            exists = max(0, early, joined[lane])
            if exists < end - 12:
                past = sums[end - 12, slot, lane] - sums[exists, slot, lane]
                past = half_away(past * (end - start) / (end - 12 - exists))
        if pace >= 0 and past == past:
            then = sums[end - 12, pace, lane] - sums[early, pace, lane] if early >= 0 else 0.0
            now = sums[end, pace, lane] - sums[start, pace, lane]
            past = past * now / then if then > 0 else math.nan
        out[lane] = half_away(past * times / MILLION) if past == past else math.nan


@jit
def operand(P, H, o, m, clip, out, lanes, until=-1):  # type: ignore[no-untyped-def]
    """Fill `out` with operand `o` at month m; its window begins at the earliest at `clip`; NaN is undefined.

    With `until` its window ends before that month: what it was before the period that begins there.
    """
    kind = P.operands[o, O_KIND]
    slot = P.operands[o, O_SLOT]
    code = P.operands[o, O_WINDOW]
    start, end = window(code, m, P.settings[Z_SHIFT])
    start = max(start, clip)
    if until >= 0:
        end = max(start, until)
    if kind == SUM:
        upto, since = H.sums[end, slot], H.sums[start, slot]
        for lane in range(lanes):
            out[lane] = upto[lane] - since[lane]
    elif kind == RATIO:
        below = P.operands[o, O_SLOT2]
        upto, since = H.sums[end, slot], H.sums[start, slot]
        upto_below, since_below = H.sums[end, below], H.sums[start, below]
        for lane in range(lanes):
            part = upto[lane] - since[lane]
            whole = upto_below[lane] - since_below[lane]
            out[lane] = part / whole if whole != 0 else math.nan
    elif kind == LEVEL:
        level = H.levels[m, slot]
        for lane in range(lanes):
            out[lane] = level[lane]
    elif kind == POINTS:
        for lane in range(lanes):
            out[lane] = 0.0
        for point in range(slot, slot + P.operands[o, O_SLOT2]):
            column = P.points[point]
            weight, unit = P.points_f[point, 0], P.points_f[point, 1]
            upto, since = H.sums[end, column], H.sums[start, column]
            for lane in range(lanes):
                out[lane] += half_away((upto[lane] - since[lane]) * weight / unit)
    else:
        ref = P.operands[o, O_REF]
        reference_lanes(P, H, ref, m, start, end, code, slot, out, lanes)
        endless = P.references[ref, Q_NEW] == NEW_ZERO
        upto, since = H.sums[end, slot], H.sums[start, slot]
        for lane in range(lanes):
            now, against = upto[lane] - since[lane], out[lane]
            if kind == ATTAINMENT:
                out[lane] = now / against if against > 0 else math.nan
            elif kind == EXCESS:
                out[lane] = max(0.0, now - against) if against == against else math.nan
            elif against > 0:
                out[lane] = (now - against) / against
            elif against == against and endless and now > 0:
                out[lane] = math.inf
            else:
                out[lane] = math.nan


@jit
def holds(below, above, least, most, value):  # type: ignore[no-untyped-def]
    """Whether a defined value is below, above, at least and at most what is asked (NaN: not asked)."""
    if below == below and not value < below:
        return False
    if above == above and not value > above:
        return False
    if least == least and not value >= least:
        return False
    return not (most == most and not value <= most)


@jit
def gate_factors(P, H, g, m, value, out, lanes):  # type: ignore[no-untyped-def]
    """Multiply `out` (millionths) by gate g's factor in the lanes where it acts."""
    first, count = P.gates[g, T_FIRST], P.gates[g, T_COUNT]
    any_of = P.gates[g, T_ANY] == 1
    acts = np.empty(lanes, dtype=np.uint8)
    for lane in range(lanes):
        acts[lane] = 0 if any_of else 1
    for t in range(first, first + count):
        operand(P, H, P.tests[t], m, 0, value, lanes)
        below, above, least, most = P.tests_f[t, 0], P.tests_f[t, 1], P.tests_f[t, 2], P.tests_f[t, 3]
        acts_missing = P.gates[g, T_ACTS_MISSING] == 1
        for lane in range(lanes):
            known = value[lane] == value[lane]
            hit = holds(below, above, least, most, value[lane]) if known else acts_missing
            if any_of:
                if hit:
                    acts[lane] = 1
            elif not hit:
                acts[lane] = 0
    factor = P.gates_f[g]
    for lane in range(lanes):
        if acts[lane] == 1:
            out[lane] = half_away(out[lane] * factor / MILLION)


@jit
def unmet(P, H, first, count, m, clip, value, out, lanes):  # type: ignore[no-untyped-def]
    """Set `out` to 0 in the lanes where one of a rule's requirements does not hold."""
    for t in range(first, first + count):
        operand(P, H, P.tests[t], m, clip, value, lanes)
        below, above, least, most = P.tests_f[t, 0], P.tests_f[t, 1], P.tests_f[t, 2], P.tests_f[t, 3]
        for lane in range(lanes):
            if not (value[lane] == value[lane] and holds(below, above, least, most, value[lane])):
                out[lane] = 0.0


