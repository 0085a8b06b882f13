"""The numbers that tables, gates and tiers look at, for a block of lanes at one month."""

from __future__ import annotations

import math

import numpy as np

from incentive_lab.engine.numeric import MILLION, cell, half_away, jit, number, period_start, window
from incentive_lab.engine.program import (
    ATTAINMENT,
    EXCESS,
    GATES,
    GATES_F,
    H_JOINED,
    LEVEL,
    NEW_SKIP,
    NEW_ZERO,
    O_KIND,
    O_REF,
    O_SLOT,
    O_SLOT2,
    O_WINDOW,
    OPERANDS,
    POINT_SLOTS,
    POINTS,
    POINTS_F,
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
    REFERENCES,
    REFERENCES_F,
    SUM,
    T_ACTS_MISSING,
    T_ANY,
    T_COUNT,
    T_FIRST,
    TESTS,
    TESTS_F,
    Z_SHIFT,
)

TARGET_MARGIN = 12
"""Months of targets before the first and after the last month of the panel."""


@jit
def reference_lanes(P, H, ref, m, start, end, code, slot, out, lanes):  # type: ignore[no-untyped-def]
    """Fill `out` with what a measure is compared with over [start, end); NaN where it cannot be assessed."""
    kind = cell(P, REFERENCES, ref, Q_KIND)
    times = number(P, REFERENCES_F, ref, QF_TIMES)
    if kind == REF_AMOUNT:
        amount = half_away(number(P, REFERENCES_F, ref, QF_AMOUNT) * times / MILLION)
        for lane in range(lanes):
            out[lane] = amount
        return
    if kind == REF_TARGET:
        first, last = start, end
        if cell(P, REFERENCES, ref, Q_WHOLE) == 1 and code > 0 and code <= 12:
            first = period_start(m, code, P.ints[Z_SHIFT])
            last = first + code
        upto = H.targets[last + TARGET_MARGIN, cell(P, REFERENCES, ref, Q_SLOT)]
        since = H.targets[first + TARGET_MARGIN, cell(P, REFERENCES, ref, Q_SLOT)]
        for lane in range(lanes):
            total = upto[lane] - since[lane]
            out[lane] = half_away(total * times / MILLION) if total > 0 else math.nan
        return
    last_year_lanes(P, H, ref, start, end, slot, out, lanes)


@jit
def last_year_lanes(P, H, ref, start, end, slot, out, lanes):  # type: ignore[no-untyped-def]
    """Fill `out` with last year's window, moved at the group's pace if asked, times the reference's factor."""
    early, new = start - 12, cell(P, REFERENCES, ref, Q_NEW)
    times, pace = number(P, REFERENCES_F, ref, QF_TIMES), cell(P, REFERENCES, ref, Q_PACE)
    sums, joined = H.sums, H.whole[H_JOINED]
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
            now = sums[min(end, len(sums) - 1), pace, lane] - sums[start, pace, lane]
            past = past * now / then if then > 0 else math.nan
        out[lane] = half_away(past * times / MILLION) if past == past else math.nan


@jit
def compared(kind, now, against, endless):  # type: ignore[no-untyped-def]
    """Attainment, excess or growth of a value against its reference; NaN where there is nothing to compare with."""
    if kind == ATTAINMENT:
        return now / against if against > 0 else math.nan
    if kind == EXCESS:
        return max(0.0, now - against) if against == against else math.nan
    if against > 0:
        return (now - against) / against
    return math.inf if against == against and endless and now > 0 else math.nan


@jit
def operand(P, H, o, m, clip, out, lanes, until):  # type: ignore[no-untyped-def]
    """Fill `out` with operand `o` at month m; its window begins at the earliest at `clip`; NaN is undefined.

    With `until` its window ends before that month: what it was before the period that begins there.
    """
    kind = cell(P, OPERANDS, o, O_KIND)
    slot = cell(P, OPERANDS, o, O_SLOT)
    code = cell(P, OPERANDS, o, O_WINDOW)
    start, end = window(code, m, P.ints[Z_SHIFT])
    start = max(start, clip)
    if until >= 0:
        end = max(start, until)
    if kind == SUM:
        upto, since = H.sums[end, slot], H.sums[start, slot]
        for lane in range(lanes):
            out[lane] = upto[lane] - since[lane]
    elif kind == RATIO:
        below = cell(P, OPERANDS, o, O_SLOT2)
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
        for point in range(slot, slot + cell(P, OPERANDS, o, O_SLOT2)):
            column = cell(P, POINT_SLOTS, point, 0)
            weight, unit = number(P, POINTS_F, point, 0), number(P, POINTS_F, point, 1)
            upto, since = H.sums[end, column], H.sums[start, column]
            for lane in range(lanes):
                out[lane] += half_away((upto[lane] - since[lane]) * weight / unit)
    else:
        ref = cell(P, OPERANDS, o, O_REF)
        reference_lanes(P, H, ref, m, start, end, code, slot, out, lanes)
        endless = cell(P, REFERENCES, ref, Q_NEW) == NEW_ZERO
        upto, since = H.sums[end, slot], H.sums[start, slot]
        for lane in range(lanes):
            out[lane] = compared(kind, upto[lane] - since[lane], out[lane], endless)


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
def gate_factors(P, H, g, m, clip, value, out, lanes):  # type: ignore[no-untyped-def]
    """Multiply `out` (millionths) by gate g's factor in the lanes where it acts."""
    first, count = cell(P, GATES, g, T_FIRST), cell(P, GATES, g, T_COUNT)
    any_of = cell(P, GATES, g, T_ANY) == 1
    acts = np.empty(lanes, dtype=np.uint8)
    for lane in range(lanes):
        acts[lane] = 0 if any_of else 1
    for t in range(first, first + count):
        operand(P, H, cell(P, TESTS, t, 0), m, clip, value, lanes, -1)
        below, above, least, most = (
            number(P, TESTS_F, t, 0),
            number(P, TESTS_F, t, 1),
            number(P, TESTS_F, t, 2),
            number(P, TESTS_F, t, 3),
        )
        acts_missing = cell(P, GATES, g, T_ACTS_MISSING) == 1
        for lane in range(lanes):
            known = value[lane] == value[lane]
            hit = holds(below, above, least, most, value[lane]) if known else acts_missing
            if any_of:
                if hit:
                    acts[lane] = 1
            elif not hit:
                acts[lane] = 0
    factor = number(P, GATES_F, g, 0)
    for lane in range(lanes):
        if acts[lane] == 1:
            out[lane] = half_away(out[lane] * factor / MILLION)


@jit
def unmet(P, H, first, count, m, clip, value, out, lanes):  # type: ignore[no-untyped-def]
    """Set `out` to 0 in the lanes where one of a rule's requirements does not hold."""
    for t in range(first, first + count):
        operand(P, H, cell(P, TESTS, t, 0), m, clip, value, lanes, -1)
        below, above, least, most = (
            number(P, TESTS_F, t, 0),
            number(P, TESTS_F, t, 1),
            number(P, TESTS_F, t, 2),
            number(P, TESTS_F, t, 3),
        )
        for lane in range(lanes):
            if not (value[lane] == value[lane] and holds(below, above, least, most, value[lane])):
                out[lane] = 0.0
