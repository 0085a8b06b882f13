"""The drawing of a block: what its partners do in each month of some scenarios, in one pass.

Lanes are (partner, scenario), scenarios fastest: whatever is known of a partner is one number for a row of scenarios.
"""

from __future__ import annotations

import math

import numpy as np

from incentive_lab.projection.counts import (
    MONTH,
    MOST_BY_STEPS,
    SCENARIO,
    WIDE,
    above_of_wide,
    bits_in,
    candidates,
    first_of,
    first_step,
    next_step,
    pack_counted,
)
from incentive_lab.projection.items import add_items, place_in
from incentive_lab.projection.lasting import carry, lifetimes, mark_event
from incentive_lab.projection.laws import gamma_rows
from incentive_lab.projection.plan import (
    DISPERSION,
    DRIFT,
    FIRST_SLOT,
    L_NUMBER,
    L_OWN,
    L_SEGMENT,
    NUMBER,
    ONE,
    UNIT,
)
from incentive_lab.projection.variates import (
    EVERYBODY,
    FACTOR,
    RATE,
    bare,
    exp32,
    f32,
    gamma,
    jit,
    normal32,
    poisson,
    uniform_rows,
    uniforms,
)

PENDING = 1024
"""Items that are drawn in one go: few partners have that many, and rows of them stay in cache."""


@jit
def common_normals(seed, first, count, index, places, out):  # type: ignore[no-untyped-def]
    """Standard normals that all partners share: out [count, places]."""
    for s in range(count):
        for place in range(places):
            one, two = uniforms(seed, first + s, EVERYBODY, FACTOR, 8192 * index + 100 + place)
            out[s, place] = math.sqrt(-2.0 * math.log(one)) * math.cos(2.0 * math.pi * two)


@jit
def chi_squares(seed, first, count, index, freedom, out):  # type: ignore[no-untyped-def]
    """Chi-square numbers that all partners share, over their degrees of freedom: out [count]."""
    for s in range(count):
        out[s] = 2.0 * gamma(0.5 * freedom, seed, first + s, EVERYBODY, FACTOR, 8192 * index) / freedom


@bare
def one_count(mean, dispersion, seed, scenario, partner, month, purpose):  # type: ignore[no-untyped-def]
    """A count of a large mean, drawn by itself; uses purposes from `purpose` on."""
    mu = float(mean)
    if dispersion > 0.0:
        mu *= gamma(dispersion, seed, scenario, partner, month, purpose) / dispersion
    u, _ = uniforms(seed, scenario, partner, month, purpose + 70)
    return poisson(mu, u, seed, scenario, partner, month, purpose + 71)


@bare
def draw_stream(  # type: ignore[no-untyped-def]
    seed, first, partner, j, plan, scale, begin, end, base_lane, values, emit, emitted, room, size, held,
):  # fmt: skip
    """Draw a partner's counts of one stream over all months and add what its items hold.

    `begin` and `end` are [scenarios] int32; `room` is as in `working`; `size` [2, n] and `held` [n] are for its items.
    """
    row, n = plan.stream[j], scale.shape[3]
    months, base = scale.shape[2], 8192 * (row[NUMBER] + 1)
    shape = plan.shape[j, partner]
    if shape <= 0.0:
        return
    scratch, waiting, codes, item_codes, numbers, chosen, earliest = room
    rate, uniform, means, hopes = scratch[0], scratch[1:5], scratch[5], scratch[6]
    gamma_rows(shape, seed, first, partner, RATE, base + 4000, rate, uniform)
    drift = f32(plan.numbers[j, DRIFT])
    over = f32(1.0 / plan.rate[j, partner])
    drifted, mean = uniform[0], f32(0.5) * drift * drift
    for s in range(n):
        drifted[s] = drift * normal32(uniform[3, s]) - mean
    for s in range(n):
        rate[s] *= over * exp32(drifted[s])
    dispersion, unit = plan.numbers[j, DISPERSION], plan.numbers[j, UNIT]
    r, whole, marks = f32(dispersion), unit == 0.0, row[FIRST_SLOT] >= 0 and not plan.had[j, partner]
    out, group, many, most = values[plan.slots[j, 0]].reshape(-1), plan.segment[partner], 0, len(numbers)
    lanes = values.shape[2]
    for s in range(n if marks else 0):
        earliest[s] = months
    for begun in range(0, months, 4):
        uniform_rows(seed, first, partner, begun // 4, base, uniform)
        left, turn = 0, 0
        for m in range(begun, min(begun + 4, months)):
            factor = scale[j, group, m]
            left, large = candidates(
                rate, factor, begin, end, m, uniform[m - begun], left, waiting, codes, hopes, means
            )
            for s in range(n if large else 0):
                if means[s] <= MOST_BY_STEPS:
                    continue
                count = one_count(means[s], dispersion, seed, first + s, partner, m, base + 200)
                if marks and count > 0:
                    earliest[s] = min(earliest[s], m)
                if not whole:
                    out[m * lanes + base_lane + s] += unit * count
                for number in range(count if whole else 0):
                    if many == most:
                        add_items(seed, first, partner, j, plan, many, item_codes, numbers, chosen, size, held, base_lane,
                                  values, emit, emitted)  # fmt: skip
                        many = 0
                    item_codes[many], numbers[many] = (m << MONTH) + s, number
                    many += 1
        left = first_step(r, left, waiting, codes)
        for i in range(left if marks else 0):
            s = codes[i] & SCENARIO
            earliest[s] = min(earliest[s], codes[i] >> MONTH)
        while left > 0:
            if not whole:
                for i in range(left):
                    out[place_in(codes[i], lanes, base_lane)] += unit
            else:
                if many + left > most:
                    add_items(seed, first, partner, j, plan, many, item_codes, numbers, chosen, size, held, base_lane, values,
                              emit, emitted)  # fmt: skip
                    many = 0
                more, turns = item_codes[many : many + left], numbers[many : many + left]
                for i in range(left):
                    more[i], turns[i] = codes[i], turn
                many += left
            turn += 1
            left = next_step(r, turn, left, waiting, codes)
    if many > 0:
        add_items(
            seed,
            first,
            partner,
            j,
            plan,
            many,
            item_codes,
            numbers,
            chosen,
            size,
            held,
            base_lane,
            values,
            emit,
            emitted,
        )
    for s in range(n if marks else 0):
        if earliest[s] < months:
            values[row[FIRST_SLOT], earliest[s], base_lane + s] = ONE


@jit
def working(count):  # type: ignore[no-untyped-def]
    """Room to draw `count` scenarios in: rows that are packed reach beyond their end.

    Returns:
        (rows [7, n]; those that wait [3, m] and their codes [m]; codes and numbers of items, which items, [k] each; the first
        month of each scenario that has any [n]).
    """
    n = (count + WIDE - 1) // WIDE * WIDE
    wait, items = 4 * n + WIDE, PENDING + 4 * n
    return (
        np.empty((7, n), dtype=np.float32), np.zeros((3, wait), dtype=np.float32), np.empty(wait, dtype=np.int32),
        np.empty(items, dtype=np.int32), np.empty(items, dtype=np.uint32), np.empty(items, dtype=np.int64),
        np.empty(n, dtype=np.int64),
    )  # fmt: skip


@bare
def draw_scores(seed, first, partner, j, plan, begin, base_lane, levels, room):  # type: ignore[no-untyped-def]
    """A score that holds until it changes; a change takes a past value of the partner's own, else of its segment."""
    row, n, months = plan.level[j], len(begin), levels.shape[1]
    base = 8192 * (row[L_NUMBER] + 1)
    own_at, own = (
        plan.level_own_first[j, partner],
        plan.level_own_first[j, partner + 1] - plan.level_own_first[j, partner],
    )
    group = plan.segment[partner]
    segment_at = plan.level_segment_first[j, group]
    size = plan.level_segment_first[j, group + 1] - segment_at
    change, scratch, changing = f32(plan.change[j]), room[0], room[2]
    uniform, hopes = scratch[1:5], scratch[6]
    begun = row[L_OWN] + own_at if own > 0 else row[L_SEGMENT] + segment_at
    size = own if own > 0 else size
    last, past, places = plan.last[j, partner], plan.level_values[begun:], np.float64(size)
    for m in range(months):
        if m % 2 == 0:
            uniform_rows(seed, first, partner, m // 2, base, uniform)
        one, two = uniform[2 * (m % 2)], uniform[2 * (m % 2) + 1]
        held, before = levels[j, m, base_lane : base_lane + n], levels[j, max(0, m - 1), base_lane : base_lane + n]
        for s in range(n):
            held[s] = before[s] if m > 0 else last
        if size > 0:
            for s in range(n):
                hopes[s] = change - one[s] if m >= begin[s] else f32(0.0)
            many, hoping, to_codes = 0, hopes.ctypes.data, changing.ctypes.data
            for s in range(0, n, WIDE):
                kept = above_of_wide(hoping + 4 * s, f32(0.0)) & first_of(n - s)
                pack_counted(s, to_codes + 4 * many, kept)
                many += bits_in(kept)
            for i in range(many):
                at = np.uint32(changing[i])
                held[at] = past[np.uint64(min(size - 1, np.int64(two[at] * places)))]


@jit
def draw_block(seed, first, count, low, high, plan, scale, joiners, churn, values, levels, begin, end, emit, emitted):  # type: ignore[no-untyped-def]
    """Draw partners `low` up to `high` in `count` scenarios from `first` on.

    Args:
        scale: [J, G, months, count] float32, expected counts over partners' rates.
        joiners: [count] how many partners join.
        churn: Probability of leaving in a month.
        values: Output [leaves, months, lanes].
        levels: Output [L, months, lanes].
        begin, end: Output [lanes] months of the horizon in which the partner is there.
        emit: Output [n, E_COLUMNS] single items that were asked for, as far as it reaches; emitted: [1] how many.
    """
    room, there = working(count), np.empty((2, count), dtype=np.int32)
    size, held = np.empty((2, len(room[5])), dtype=np.float32), np.empty(len(room[5]))
    months = values.shape[1]
    emitted[0] = 0
    for partner in range(low, high):
        base = (partner - low) * count
        for leaf in range(values.shape[0]):
            for m in range(months):
                for i in range(base, base + count):
                    values[leaf, m, i] = 0.0
        b, e = begin[base : base + count], end[base : base + count]
        lifetimes(seed, first, partner, plan, joiners, churn, months, b, e, held)
        for s in range(count):
            there[0, s], there[1, s] = b[s], e[s]
        for j in range(plan.stream.shape[0]):
            draw_stream(seed, first, partner, j, plan, scale, there[0], there[1], base, values, emit, emitted, room,
                        size, held)  # fmt: skip
        for place in range(len(plan.carried)):
            carry(partner, place, plan, scale, b, e, base, values)
        for place in range(plan.events.shape[0]):
            mark_event(partner, place, plan, b, e, base, values)
        for j in range(plan.level.shape[0]):
            draw_scores(seed, first, partner, j, plan, b, base, levels, room)
