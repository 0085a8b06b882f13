"""What a projection's random numbers and exponentials cost alone: the floor under any way to draw this model."""

from __future__ import annotations

from collections.abc import Callable

import numba
import numpy as np
from numpy.typing import NDArray

from incentive_lab.projection.plan import UNIT
from incentive_lab.projection.variates import RATE, exp32, f32, normal32, share_of, uniform_rows, words
from incentive_lab.projection.world import World

Wholes = NDArray[np.int64]


def items_drawn(world: World, count: int) -> Wholes:
    """How many whole items each partner is expected to have over the horizon in `count` scenarios, [streams, partners].

    Newcomers stay half of it; rows that none of them takes in these scenarios are left out.
    """
    plan, chunk = world.plan, world.chunk(0, count)
    ahead = chunk.scale[:, plan.segment].sum(axis=(2, 3), dtype=np.float64)
    there = plan.alive * np.where(np.arange(len(plan.alive)) < world.model.known, 1.0, 0.5)
    mean = np.where(plan.shape > 0, plan.shape / np.where(plan.shape > 0, plan.rate, 1.0), 0.0)
    whole = plan.numbers[:, UNIT] == 0.0
    items = np.asarray(np.rint(mean * ahead * there * whole[:, None]), dtype=np.int64)
    return items[:, : world.model.known + int(chunk.joiners.max())]


@numba.njit(nogil=True, error_model="numpy", fastmath=False)
def random_numbers(items, scores, months, count, uniform, out):  # type: ignore[no-untyped-def]
    """Draw them and use none: uniform numbers of every stream, month and score, normals of rates, items and their sizes.

    Args:
        items: [streams, partners] whole items of each partner over all scenarios.
        scores: How many scores change from month to month.
        months, count: Of the horizon, and scenarios.
        uniform: Scratch [4, count] float32.
        out: Scratch [count] float32; what is drawn lands here, so that the compiler cannot leave it out.
    """
    for partner in range(items.shape[1]):
        for stream in range(items.shape[0]):
            uniform_rows(7, 0, partner, RATE, 8192 * stream, uniform)
            for s in range(count):
                out[s] += normal32(uniform[0, s]) + exp32(f32(0.3) * normal32(uniform[3, s]))
            for begun in range(0, months, 4):
                uniform_rows(7, 0, partner, begun // 4, 8192 * stream, uniform)
                for s in range(count):
                    out[s] += exp32(-uniform[0, s])
            left, place = items[stream, partner], 0
            while left > 0:
                many = min(left, count)
                for s in range(many):
                    w0, w1, w2, _ = words(7, s, partner, place, 8192 * stream + 2)
                    uniform[0, s], uniform[1, s], uniform[2, s] = share_of(w0), share_of(w1), share_of(w2)
                for s in range(many):
                    out[s] += uniform[0, s] + uniform[1, s] + exp32(f32(0.3) * normal32(uniform[2, s]))
                left -= many
                place += 1
        for score in range(scores):
            for begun in range(0, months, 2):
                uniform_rows(7, 0, partner, begun // 2, 8192 * (90 + score), uniform)
                for s in range(count):
                    out[s] += uniform[0, s] + uniform[2, s]


def alone_of(world: World, scenarios: int, size: int) -> Callable[[], object]:
    """A way to draw the random numbers of so many scenarios, in chunks of a size, and use none."""
    items, scores, months = items_drawn(world, size), len(world.model.levels), world.horizon
    uniform, out = np.zeros((4, size), dtype=np.float32), np.zeros(size, dtype=np.float32)

    def run() -> None:
        for _ in range(0, scenarios, size):
            random_numbers(items, scores, months, size, uniform, out)

    return run
