"""Whole items drawn for a row of scenarios: which ones, at what size, and what they add."""

from __future__ import annotations

import numpy as np

from incentive_lab.projection.counts import MONTH, SCENARIO
from incentive_lab.projection.plan import (
    BLUR,
    COLUMNS,
    E_ITEM,
    E_LANE,
    E_MONTH,
    E_SIZE,
    E_STREAM,
    EMIT_ALL,
    EMIT_NOTHING,
    EMITS,
    NUMBER,
    POOL,
    SIZE,
)
from incentive_lab.projection.variates import (
    EVERYBODY,
    HALF,
    LOW,
    bare,
    exp32,
    f32,
    inside,
    normal32,
    share_of,
    words,
)


@inside
def place_in(code, lanes, base_lane):  # type: ignore[no-untyped-def]
    """Where the month and scenario of a code stand in a leaf [months, lanes] taken as one row."""
    return np.uint32((code >> MONTH) * np.int32(lanes) + np.int32(base_lane) + (code & np.int32(SCENARIO)))


@inside
def mixed(seed, scenario, group, place):  # type: ignore[no-untyped-def]
    """A 32-bit word of a counter, cheaper than Philox and good enough to resample a pool with."""
    z = np.uint64(seed) + np.uint64(scenario) * np.uint64(0x9E3779B97F4A7C15)
    z ^= np.uint64(group) * np.uint64(0xC2B2AE3D27D4EB4F) + np.uint64(place) * np.uint64(0x165667B19E3779F9)
    z = (z ^ (z >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    z = (z ^ (z >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return (z ^ (z >> np.uint64(31))) >> np.uint64(32)


@inside
def place_of(word, size):  # type: ignore[no-untyped-def]
    """A 32-bit word as a place among `size`."""
    return np.int64(((np.uint64(word) & LOW) * (np.uint64(size) & LOW)) >> HALF)


@bare
def choose_items(seed, first, base, weight, blur, own, whole, many, codes, numbers, chosen, size):  # type: ignore[no-untyped-def]
    """Choose items for the scenarios and months in `codes`, each of which may stand there several times.

    They are of `own` by the 32-bit `weight`, else of `whole`. Which items a pool holds is itself uncertain: each scenario
    has its own resampled pool. `own` and `whole` are (counter, first item, items).

    Args:
        many: How many.
        codes, numbers: [n] month and scenario, and how many the partner has before it in that month, which is forgotten.
        chosen: Output [n], which items.
        size: [2, n]; its first row becomes how much larger they are: their mean is 1, their logs are spread by `blur`.
    """
    partner, own_first, own_count = own
    group, whole_first, whole_count = whole
    times, uniform = size[0], size[1]
    # One loop for each step: a long chain of sums for one item is then worked beside the chains of others.
    for n in range(many):
        code = np.int64(codes[n])
        scenario = first + (code & SCENARIO)
        w0, w1, w2, _ = words(seed, scenario, partner, (code >> MONTH) + (np.int64(numbers[n]) << 8), base + 2)
        uniform[n], numbers[n] = share_of(w2), w1
        times[n] = f32(1.0) if w0 < weight else f32(0.0)
    for n in range(many):
        scenario, mine = first + (np.int64(codes[n]) & SCENARIO), times[n] > f32(0.0)
        begin, count = own_first if mine else whole_first, own_count if mine else whole_count
        again = mixed(seed, scenario, partner if mine else group, base + (place_of(numbers[n], count) << 32))
        chosen[n] = begin + place_of(again, count)
    for n in range(many):
        times[n] = blur * normal32(uniform[n]) - f32(0.5) * blur * blur
    for n in range(many):
        times[n] = exp32(times[n])


@bare
def add_items(  # type: ignore[no-untyped-def]
    seed, first, partner, j, plan, many, codes, numbers, chosen, size, held, base_lane, values, emit, emitted
):  # fmt: skip
    """Choose the first `many` items that are waiting and add what they hold to `values`."""
    row, lanes = plan.stream[j], values.shape[2]
    group, own = plan.segment[partner], plan.own_count[j, partner]
    weight = np.uint64(plan.own_weight[j, partner] * 4294967295.0) if own > 0 else np.uint64(0)
    mine = partner, plan.own_first[j, partner], own
    choose_items(
        seed, first, 8192 * (row[NUMBER] + 1), weight, f32(plan.numbers[j, BLUR]), mine,
        (EVERYBODY - 1 - group, plan.segment_first[j, group], plan.segment_count[j, group]), many, codes, numbers, chosen,
        size,
    )  # fmt: skip
    columns, emits, at, times = row[COLUMNS], row[EMITS], row[POOL], size[0]
    for n in range(many):
        numbers[n] = place_in(codes[n], lanes, base_lane)
    for column in range(columns):
        out, first_value = values[plan.slots[j, column]].reshape(-1), np.uint64(at + column)
        for n in range(many):
            held[n] = plan.pool[first_value + np.uint64(chosen[n]) * np.uint64(columns + 1)]
        if plan.money[j, column]:
            for n in range(many):
                held[n] = np.floor(held[n] * times[n] + 0.5)
        for n in range(many):
            out[np.uint32(numbers[n])] += held[n]
    if emits != EMIT_NOTHING:
        for n in range(many):
            if emits == EMIT_ALL or plan.pool[at + chosen[n] * (columns + 1) + columns] >= 0:
                if emitted[0] < emit.shape[0]:
                    emit[emitted[0], E_LANE] = base_lane + (codes[n] & SCENARIO)
                    emit[emitted[0], E_MONTH] = codes[n] >> MONTH
                    emit[emitted[0], E_ITEM], emit[emitted[0], E_STREAM] = chosen[n], j
                    emit[emitted[0], E_SIZE] = np.int64(times[n] * SIZE)
                emitted[0] += 1
