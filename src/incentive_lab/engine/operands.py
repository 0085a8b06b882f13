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
    GROWTH,
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
def reference_one(P, H, ref, m, start, end, code, slot, lane):  # type: ignore[no-untyped-def]
    """What a measure is compared with over [start, end); NaN when it cannot be assessed."""
    kind = P.references[ref, Q_KIND]
    times = P.references_f[ref, QF_TIMES]
    if kind == REF_AMOUNT:
        return half_away(P.references_f[ref, QF_AMOUNT] * times / MILLION)
    if kind == REF_TARGET:
        first, last = start, end
        if P.references[ref, Q_WHOLE] == 1 and code > 0 and code <= 12:
            first = period_start(m, code, P.settings[Z_SHIFT])
            last = first + code
        column = P.references[ref, Q_SLOT]
        total = H.targets[last + TARGET_MARGIN, column, lane] - H.targets[first + TARGET_MARGIN, column, lane]
        return half_away(total * times / MILLION) if total > 0 else math.nan
    early = start - 12
    joined = H.joined[lane]
    complete = early >= 0 and joined <= early
    rule = P.references[ref, Q_NEW]
    if complete:
        past = H.sums[end - 12, slot, lane] - H.sums[early, slot, lane]
    elif rule == NEW_SKIP:
        return math.nan
    elif rule == NEW_ZERO:
        return 0.0
    else:
        exists = max(0, early, joined)
        if exists >= end - 12:
            return math.nan
        past = H.sums[end - 12, slot, lane] - H.sums[exists, slot, lane]
        past = half_away(past * (end - start) / (end - 12 - exists))
    pace = P.references[ref, Q_PACE]
    if pace >= 0:
        if early < 0:
            return math.nan
        now = H.sums[end, pace, lane] - H.sums[start, pace, lane]
        then = H.sums[end - 12, pace, lane] - H.sums[early, pace, lane]
        if not then > 0:
            return math.nan
        past = past * now / then
    return half_away(past * times / MILLION)


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
        for lane in range(lanes):
            out[lane] = H.sums[end, slot, lane] - H.sums[start, slot, lane]
    elif kind == RATIO:
        below = P.operands[o, O_SLOT2]
        for lane in range(lanes):
            part = H.sums[end, slot, lane] - H.sums[start, slot, lane]
            whole = H.sums[end, below, lane] - H.sums[start, below, lane]
            out[lane] = part / whole if whole != 0 else math.nan
    elif kind == LEVEL:
        for lane in range(lanes):
            out[lane] = H.levels[m, slot, lane]
    elif kind == POINTS:
        for lane in range(lanes):
            out[lane] = 0.0
        for point in range(slot, slot + P.operands[o, O_SLOT2]):
            column = P.points[point]
            weight, unit = P.points_f[point, 0], P.points_f[point, 1]
            for lane in range(lanes):
                out[lane] += half_away((H.sums[end, column, lane] - H.sums[start, column, lane]) * weight / unit)
    else:
        ref = P.operands[o, O_REF]
        for lane in range(lanes):
            now = H.sums[end, slot, lane] - H.sums[start, slot, lane]
            against = reference_one(P, H, ref, m, start, end, code, slot, lane)
            if kind == ATTAINMENT:
                out[lane] = now / against if against > 0 else math.nan
            elif kind == EXCESS:
                out[lane] = max(0.0, now - against) if against == against else math.nan
            elif against > 0:
                out[lane] = (now - against) / against
            elif against == against and P.references[ref, Q_NEW] == NEW_ZERO and now > 0:
                out[lane] = math.inf
            else:
                out[lane] = math.nan


@jit
def holds(P, t, value):  # type: ignore[no-untyped-def]
    """Whether test t holds for a defined value."""
    below, above, least, most = P.tests_f[t, 0], P.tests_f[t, 1], P.tests_f[t, 2], P.tests_f[t, 3]
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
        for lane in range(lanes):
            known = value[lane] == value[lane]
            hit = holds(P, t, value[lane]) if known else P.gates[g, T_ACTS_MISSING] == 1
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
        for lane in range(lanes):
            if not (value[lane] == value[lane] and holds(P, t, value[lane])):
                out[lane] = 0.0


