"""Which tier each partner is in, month by month (source: docs/payouts.md, Tiers)."""

from __future__ import annotations

import numpy as np

from incentive_lab.engine.numeric import cell, jit, number, period_start, year_month
from incentive_lab.engine.operands import holds, operand
from incentive_lab.engine.program import (
    H_START_TIER,
    PREVIOUS_YEAR,
    TESTS,
    TESTS_F,
    TIER_ALTERNATIVES,
    TIER_FIRST,
    TIER_TESTS,
    Z_GRACE,
    Z_LOOK,
    Z_MONTHS,
    Z_ONE_LEVEL,
    Z_REVIEW,
    Z_SAME_PERIOD,
    Z_SHIFT,
    Z_TIERS,
)


@jit
def conditions(P, H, first, count, m, value, ok, lanes):  # type: ignore[no-untyped-def]
    """Set `ok` to 0 in the lanes where one of the tests does not hold (undefined never holds)."""
    for t in range(first, first + count):
        operand(P, H, cell(P, TESTS, t, 0), m, 0, value, lanes, -1)
        if number(P, TESTS_F, t, 2) == number(P, TESTS_F, t, 2):
            needed = number(P, TESTS_F, t, 2)
            for lane in range(lanes):
                ok[lane] = ok[lane] if value[lane] >= needed else 0
            continue
        below, above, least, most = (
            number(P, TESTS_F, t, 0),
            number(P, TESTS_F, t, 1),
            number(P, TESTS_F, t, 2),
            number(P, TESTS_F, t, 3),
        )
        for lane in range(lanes):
            if not (value[lane] == value[lane] and holds(below, above, least, most, value[lane])):
                ok[lane] = 0


@jit
def earned(P, H, m, value, best, lanes):  # type: ignore[no-untyped-def]
    """Fill `best` with the highest level whose own conditions hold at month m."""
    ok = np.empty(lanes, dtype=np.uint8)
    some = np.empty(lanes, dtype=np.uint8)
    one = np.empty(lanes, dtype=np.uint8)
    best[:lanes] = 0
    for level in range(P.ints[Z_TIERS]):
        ok[:] = 1
        conditions(P, H, cell(P, TIER_TESTS, level, 0), cell(P, TIER_TESTS, level, 1), m, value, ok, lanes)
        alternatives = cell(P, TIER_TESTS, level, 2)
        if alternatives > 0:
            some[:] = 0
            base = cell(P, TIER_FIRST, level, 0)
            for alternative in range(base, base + alternatives):
                one[:] = 1
                conditions(
                    P,
                    H,
                    cell(P, TIER_ALTERNATIVES, alternative, 0),
                    cell(P, TIER_ALTERNATIVES, alternative, 1),
                    m,
                    value,
                    one,
                    lanes,
                )
                for lane in range(lanes):
                    if one[lane] == 1:
                        some[lane] = 1
            for lane in range(lanes):
                if some[lane] == 0:
                    ok[lane] = 0
        for lane in range(lanes):
            if ok[lane] == 1:
                best[lane] = level


@jit
def first_full_window(P, m, review):  # type: ignore[no-untyped-def]
    """Whether the review at month m sees a whole window."""
    look, shift = P.ints[Z_LOOK], P.ints[Z_SHIFT]
    if look == 0:
        return True
    if look == PREVIOUS_YEAR:
        return period_start(m, 12, shift) - 12 >= 0
    if look < 0:
        return m + look + 1 >= 0
    return period_start(m, look, shift) >= 0


@jit
def tier_path(P, H, tiers, value, lanes):  # type: ignore[no-untyped-def]
    """Fill `tiers[month, lane]` with the tier in force."""
    months, shift, review = P.ints[Z_MONTHS], P.ints[Z_SHIFT], P.ints[Z_REVIEW]
    same_period = P.ints[Z_SAME_PERIOD] == 1
    best = np.zeros(lanes, dtype=np.int64)
    current = np.empty(lanes, dtype=np.int64)
    missed = np.zeros(lanes, dtype=np.int64)
    for lane in range(lanes):
        current[lane] = H.whole[H_START_TIER, lane]
    for m in range(months):
        for lane in range(lanes):
            tiers[m, lane] = current[lane]
        last = year_month(m, shift) % review == review - 1
        start = period_start(m, review, shift)
        provisional = m == months - 1 and not last and same_period
        if not (last or provisional) or not first_full_window(P, m, review):
            continue
        earned(P, H, m, value, best, lanes)
        for lane in range(lanes):
            if best[lane] >= current[lane]:
                current[lane] = best[lane]
                missed[lane] = 0
            else:
                missed[lane] += 1
                if missed[lane] > P.ints[Z_GRACE]:
                    current[lane] = current[lane] - 1 if P.ints[Z_ONE_LEVEL] == 1 else best[lane]
                    missed[lane] = 0
        if same_period:
            for month in range(max(0, start), m + 1):
                for lane in range(lanes):
                    tiers[month, lane] = current[lane]
