"""Random numbers by counter, and the fused drawing of counts and whole deals for lanes of (scenario, partner).

A draw depends on the seed, the scenario, the partner, the month and the stream only (Philox 4x32-10), so threads,
chunks and the order of work change nothing, and two schemes meet the same world.
"""

from __future__ import annotations

import math

import numba
import numpy as np

OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": False}
jit = numba.njit(**OPTIONS)
"""How every function here is compiled: no fast maths, no threads of numba's own."""

RATE, LEFT, FACTOR = 4001, 4002, 4003
"""Places in the month's counter for what is drawn once a scenario: a partner's rate, its leaving, a common factor."""
EVERYBODY = 0xFFFFFFFF
"""The partner's counter of what all partners share."""


@jit
def uniforms(seed, scenario, partner, month, index):  # type: ignore[no-untyped-def]
    """Two uniform numbers in (0, 1) of this counter."""
    low = np.uint64(0xFFFFFFFF)
    shift = np.uint64(32)
    c0, c1 = np.uint64(scenario) & low, np.uint64(partner) & low
    c2, c3 = np.uint64(month) & low, np.uint64(index) & low
    k0, k1 = np.uint64(seed) & low, (np.uint64(seed) >> shift) & low
    for _ in range(10):
        p0, p1 = np.uint64(0xD2511F53) * c0, np.uint64(0xCD9E8D57) * c2
        c0, c1, c2, c3 = (p1 >> shift) ^ c1 ^ k0, p1 & low, (p0 >> shift) ^ c3 ^ k1, p0 & low
        k0 = (k0 + np.uint64(0x9E3779B9)) & low
        k1 = (k1 + np.uint64(0xBB67AE85)) & low
    one = (np.float64(c0 >> np.uint64(5)) * 67108864.0 + np.float64(c1 >> np.uint64(6)) + 0.5) / 9007199254740992.0
    two = (np.float64(c2 >> np.uint64(5)) * 67108864.0 + np.float64(c3 >> np.uint64(6)) + 0.5) / 9007199254740992.0
    return one, two


@jit
def normal(seed, scenario, partner, month, index):  # type: ignore[no-untyped-def]
    """A standard normal number (Box and Muller)."""
    one, two = uniforms(seed, scenario, partner, month, index)
    return math.sqrt(-2.0 * math.log(one)) * math.cos(2.0 * math.pi * two)


@jit
def gamma(shape, seed, scenario, partner, month, index):  # type: ignore[no-untyped-def]
    """A gamma number of scale 1 (Marsaglia and Tsang); uses up to 64 counters from `index` on."""
    boost = 1.0
    if shape < 1.0:
        boost = uniforms(seed, scenario, partner, month, index)[0] ** (1.0 / shape)
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    for turn in range(31):
        x = normal(seed, scenario, partner, month, index + 1 + 2 * turn)
        v = (1.0 + c * x) ** 3
        u = uniforms(seed, scenario, partner, month, index + 2 + 2 * turn)[0]
        if v > 0 and math.log(u) < 0.5 * x * x + d - d * v + d * math.log(v):
            return boost * d * v
    return boost * d


@jit
def poisson(mean, u, seed, scenario, partner, month, index):  # type: ignore[no-untyped-def]
    """A Poisson number by inversion of `u`; above 400 by the normal with its own counter."""
    if mean <= 0.0:
        return 0
    if mean > 400.0:
        return max(0, int(math.floor(mean + math.sqrt(mean) * normal(seed, scenario, partner, month, index) + 0.5)))
    p = math.exp(-mean)
    total, k = p, 0
    while u > total and k < 1000:
        k += 1
        p *= mean / k
        total += p
    return k


@jit
def common_factors(seed, first, count, months, phi, sigma, freedom, rho, state, index, out):  # type: ignore[no-untyped-def]
    """Market paths of one stream: out [count, months] logs, correlated with the market's own innovations by rho.

    The spread of the innovations is itself drawn (inverse chi square of `freedom`).
    """
    for s in range(count):
        scenario = first + s
        wide = sigma * math.sqrt(
            freedom / (2.0 * gamma(0.5 * freedom, seed, scenario, EVERYBODY, FACTOR, 8192 * index))
        )
        level = state
        for m in range(months):
            shared = normal(seed, scenario, EVERYBODY, m, 1)
            own = normal(seed, scenario, EVERYBODY, m, 8192 * index + 2)
            level = phi * level + wide * (rho * shared + math.sqrt(max(0.0, 1.0 - rho * rho)) * own)
            out[s, m] = level


@jit
def common_normal(seed, first, count, index, out):  # type: ignore[no-untyped-def]
    """One standard normal a scenario."""
    for s in range(count):
        out[s] = normal(seed, first + s, EVERYBODY, FACTOR, 8192 * index + 100)


@jit
def lifetimes(seed, first, count, alive, churn, starts, months, begin, end):  # type: ignore[no-untyped-def]
    """When each lane is active: begin and end [count * partners] months of the horizon."""
    partners = len(alive)
    for s in range(count):
        for i in range(partners):
            one, two = uniforms(seed, first + s, i, LEFT, 0)
            lane = s * partners + i
            begin[lane] = starts[i]
            stays = months
            if churn > 0.0:
                stays = starts[i] + int(min(1e6, math.floor(math.log(two) / math.log(1.0 - churn))))
            end[lane] = stays if one < alive[i] else 0
            if starts[i] > 0 and one >= alive[i]:
                begin[lane] = months


@jit
def draw_stream(  # type: ignore[no-untyped-def]
    seed, first, count, months, stream, shape, rate, drift, dispersion, scale, begin, end, segment, own_first,
    own_items, segment_first, segment_items, own_weight, pool, unit, slots, out, seen_first, first_slot, emit, emitted,
):  # fmt: skip
    """Draw a stream's counts and add whole resampled items to `out` [leaves, months, lanes].

    Args:
        shape, rate: [partners] of the gamma posterior of a partner's monthly rate.
        drift: Log standard deviation of a partner's rate around its past, per partner.
        dispersion: Shape of the month's own gamma factor; 0 for none.
        scale: [count, segments, months] expected count over the partner's rate.
        pool: [items, leaves] values of whole items; empty where each count adds `unit`.
        seen_first: [partners] whether the partner had an item before; first_slot: leaf that marks the first, or -1.
        emit: [n, 3] lane, month, item, as far as it reaches; empty to keep none.
        emitted: [1] rows that were asked of `emit`.
    """
    partners = len(shape)
    base = 8192 * (stream + 1)
    for s in range(count):
        scenario = first + s
        for i in range(partners):
            lane = s * partners + i
            if end[lane] <= begin[lane] or shape[i] <= 0.0:
                continue
            held = gamma(shape[i], seed, scenario, i, RATE, base) / rate[i]
            if drift[i] > 0.0:
                held *= math.exp(drift[i] * normal(seed, scenario, i, RATE, base + 70) - 0.5 * drift[i] * drift[i])
            had = seen_first[i]
            for m in range(max(0, begin[lane]), min(months, end[lane])):
                mean = held * scale[s, segment[i], m]
                if dispersion > 0.0:
                    mean *= gamma(dispersion, seed, scenario, i, m, base + 100) / dispersion
                u, _ = uniforms(seed, scenario, i, m, base)
                items = poisson(mean, u, seed, scenario, i, m, base + 1)
                if items == 0:
                    continue
                if not had:
                    had = True
                    if first_slot >= 0:
                        out[first_slot, m, lane] = 1e6
                if pool.shape[0] == 0:
                    for slot in slots:
                        out[slot, m, lane] += unit * items
                    continue
                for n in range(items):
                    which, place = uniforms(seed, scenario, i, m, base + 200 + n)
                    own = own_first[i + 1] - own_first[i]
                    if own > 0 and which < own_weight[i]:
                        item = own_items[own_first[i] + int(place * own)]
                    else:
                        group = segment[i]
                        size = segment_first[group + 1] - segment_first[group]
                        # Which deals a segment makes is itself uncertain: each scenario has its own resampled pool.
                        again, _ = uniforms(seed, scenario, EVERYBODY - 1 - group, 5000 + int(place * size), base)
                        item = segment_items[segment_first[group] + int(again * size)]
                    for column in range(len(slots)):
                        out[slots[column], m, lane] += pool[item, column]
                    if emit.shape[0] > 0:
                        if emitted[0] < emit.shape[0]:
                            emit[emitted[0], 0], emit[emitted[0], 1], emit[emitted[0], 2] = lane, m, item
                        emitted[0] += 1


@jit
def draw_levels(  # type: ignore[no-untyped-def]
    seed, first, count, months, stream, last, change, own_first, own_values, segment, segment_first, segment_values, begin,
    out,
):  # fmt: skip
    """A score that holds until it changes; a change takes a past value of the partner's own, else of its segment."""
    partners = len(last)
    base = 8192 * (stream + 1)
    for s in range(count):
        for i in range(partners):
            value = last[i]
            lane = s * partners + i
            for m in range(months):
                one, two = uniforms(seed, first + s, i, m, base)
                own = own_first[i + 1] - own_first[i]
                group = segment[i]
                size = segment_first[group + 1] - segment_first[group]
                if one < change and m >= begin[lane]:
                    if own > 0:
                        value = own_values[own_first[i] + int(two * own)]
                    elif size > 0:
                        value = segment_values[segment_first[group] + int(two * size)]
                out[m, lane] = value


@jit
def running_sums(history, simulated, coefficients, sums):  # type: ignore[no-untyped-def]
    """Totals of the months before, for each slot: sums [(months + 1) x slots, lanes].

    Args:
        history: [leaves, past, partners] what happened.
        simulated: [leaves, horizon, lanes].
        coefficients: [slots, leaves].
        sums: Output; its first month is zero.
    """
    past, partners = history.shape[1], history.shape[2]
    slots, leaves = coefficients.shape
    lanes = sums.shape[1]
    for slot in range(slots):
        for i in range(lanes):
            sums[slot, i] = 0.0
    for m in range(past + simulated.shape[1]):
        for slot in range(slots):
            before, after = m * slots + slot, (m + 1) * slots + slot
            for i in range(lanes):
                sums[after, i] = sums[before, i]
            for leaf in range(leaves):
                times = coefficients[slot, leaf]
                if times == 0.0:
                    continue
                if m < past:
                    for i in range(lanes):
                        sums[after, i] += times * history[leaf, m, i % partners]
                else:
                    for i in range(lanes):
                        sums[after, i] += times * simulated[leaf, m - past, i]
