"""Whole items drawn for a row of scenarios: which ones, at what size, and what they add."""

from __future__ import annotations

import numpy as np

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
    exp32,
    f32,
    inside,
    jit,
    normal32,
    share_of,
    words,
)


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
    return np.int64((np.uint64(word) * np.uint64(size)) >> HALF)


@jit
def choose_items(seed, first, month, base, weight, blur, own, whole, lanes, numbers, chosen, size):  # type: ignore[no-untyped-def]
    """Fill `chosen` with items for lanes and their running numbers, and `size` with how much larger they are.

    They are of `own` by the 32-bit `weight`, else of `whole`; the mean of `size` is 1, its logs spread by `blur`.

    Which items a pool holds is itself uncertain: each scenario has its own resampled pool. `own` and `whole` are
    (counter, first item, items).
    """
    partner, own_first, own_count = own
    group, whole_first, whole_count = whole
    for n in range(len(chosen)):
        scenario = first + lanes[n]
        w0, w1, w2, _ = words(seed, scenario, partner, month + (numbers[n] << 8), base + 2)
        size[n] = exp32(blur * normal32(share_of(w2)) - f32(0.5) * blur * blur)
        mine = w0 < weight
        begin, count = own_first if mine else whole_first, own_count if mine else whole_count
        again = mixed(seed, scenario, partner if mine else group, base + (place_of(w1, count) << 32))
        chosen[n] = begin + place_of(again, count)


@jit
def add_items(  # type: ignore[no-untyped-def]
    seed, first, partner, month, j, plan, lanes, numbers, chosen, size, base_lane, values, emit, emitted
):
    """Choose whole items and add what they hold to `values`."""
    row = plan.stream[j]
    group, own = plan.segment[partner], plan.own_count[j, partner]
    weight = np.uint64(plan.own_weight[j, partner] * 4294967295.0) if own > 0 else np.uint64(0)
    mine = partner, plan.own_first[j, partner], own
    choose_items(
        seed, first, month, 8192 * (row[NUMBER] + 1), weight, f32(plan.numbers[j, BLUR]), mine,
        (EVERYBODY - 1 - group, plan.segment_first[j, group], plan.segment_count[j, group]), lanes, numbers, chosen,
        size,
    )  # fmt: skip
    columns, emits, at = row[COLUMNS], row[EMITS], row[POOL]
    for column in range(columns):
        out = values[plan.slots[j, column], month]
        if plan.money[j, column]:
            for n in range(len(chosen)):
                held = plan.pool[at + chosen[n] * (columns + 1) + column] * size[n]
                out[base_lane + lanes[n]] += np.floor(held + 0.5)
        else:
            for n in range(len(chosen)):
                out[base_lane + lanes[n]] += plan.pool[at + chosen[n] * (columns + 1) + column]
    if emits != EMIT_NOTHING:
        for n in range(len(chosen)):
            if emits == EMIT_ALL or plan.pool[at + chosen[n] * (columns + 1) + columns] >= 0:
                if emitted[0] < emit.shape[0]:
                    emit[emitted[0], E_LANE], emit[emitted[0], E_MONTH] = base_lane + lanes[n], month
                    emit[emitted[0], E_ITEM], emit[emitted[0], E_STREAM] = chosen[n], j
                    emit[emitted[0], E_SIZE] = np.int64(size[n] * SIZE)
                emitted[0] += 1
