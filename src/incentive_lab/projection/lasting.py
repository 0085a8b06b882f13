"""What of a partner goes on by itself: how long it is there, contracts in force, joining and its anniversaries."""

from __future__ import annotations

import math

import numpy as np

from incentive_lab.projection.plan import ONE
from incentive_lab.projection.variates import LEFT, bare, pair


@bare
def lifetimes(seed, first, partner, plan, joiners, churn, months, begin, end, room):  # type: ignore[no-untyped-def]
    """When a partner is active: begin and end [scenarios] months of the horizon; who does not come never begins.

    A newcomer is there where more join (`joiners` [n]) than have rows before it, from any month of the horizon on. Who stays
    beyond the horizon, as most do, ends with it: that is seen without a logarithm. `room` is [2 n] to work in.
    """
    n, alive, known, place = len(begin), plan.alive[partner], partner < plan.known[0], partner - plan.known[0]
    there, left = room[:n], room[n : 2 * n]
    for s in range(n):
        there[s], left[s] = pair(seed, first + s, partner, LEFT, 0)
    staying = math.log(1.0 - churn) if churn > 0.0 else 0.0
    beyond = math.exp(staying * months) * (1.0 - 1e-9) if churn > 0.0 else 1.0
    leave = 0
    for s in range(n):
        here = there[s] < alive if known else place < joiners[s]
        leave += here & (left[s] >= beyond)
        begin[s] = 0 if known else (min(months - 1, np.int64(there[s] * months)) if here else 1_000_000)
        end[s] = months if here else 0
    for s in range(n if leave > 0 else 0):
        if (end[s] > 0) & (left[s] >= beyond):
            end[s] = min(months, begin[s] + int(math.log(left[s]) / staying))


@bare
def carry(partner, place, plan, scale, begin, end, base, values):  # type: ignore[no-untyped-def]
    """What goes on at its last level, with the market."""
    level, leaf, group = plan.carried_level[place, partner], plan.carried[place], plan.segment[partner]
    for m in range(values.shape[1]):
        out = values[leaf, m, base : base + len(begin)]
        for s in range(len(begin)):
            moved = level * scale[0, group, m, s] if scale.shape[0] > 0 else level
            out[s] = np.floor(moved + 0.5) if (m >= begin[s]) & (m < end[s]) else 0.0


@bare
def mark_event(partner, place, plan, begin, end, base, values):  # type: ignore[no-untyped-def]
    """Joining and its anniversaries."""
    leaf, yearly, new = plan.events[place, 0], plan.events[place, 1] == 1, partner >= plan.known[0]
    for m in range(values.shape[1]):
        out = values[leaf, m, base : base + len(begin)]
        for s in range(len(begin)):
            since = m - begin[s] if new else plan.age[partner] + m
            there = (m >= begin[s]) and (m < end[s]) and (new or plan.age[partner] >= 0)
            hit = (since > 0 and since % 12 == 0) if yearly else since == 0
            out[s] = ONE if there and hit else 0.0
