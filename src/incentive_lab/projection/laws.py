"""Gamma and count laws drawn for a row of scenarios at once; a number does not depend on which others are in its row."""

from __future__ import annotations

import math

from incentive_lab.projection.variates import (
    exp32,
    f32,
    gamma,
    jit,
    log32,
    normal32,
    summed,
    uniform_rows,
)

MOST_BY_STEPS = f32(30.0)
"""Mean counts up to this are drawn by walking up the law, larger ones one at a time."""


@jit
def gamma_rows(shape, seed, first, partner, month, purpose, out, scratch):  # type: ignore[no-untyped-def]
    """Fill `out` with gamma numbers of scale 1, and scratch[3] with uniform numbers that are still unused.

    Marsaglia and Tsang over rows; the few that their squeeze does not accept are settled one by one.
    """
    uniform_rows(seed, first, partner, month, purpose, scratch)
    more = f32(1.0) if shape < 1.0 else f32(0.0)
    d = f32(shape) + more - f32(1.0 / 3.0)
    c = f32(1.0 / math.sqrt(9.0 * d))
    one, two, boost = scratch[0], scratch[1], scratch[2]
    for s in range(len(out)):
        x = normal32(one[s])
        v = f32(1.0) + c * x
        v = v * v * v
        y = x * x
        out[s] = d * v if (v > f32(0.0)) & (two[s] < f32(1.0) - f32(0.0331) * y * y) else f32(-1.0)
    for s in range(len(out)):
        if out[s] < 0:
            x = float(normal32(one[s]))
            v = (1.0 + c * x) ** 3
            if v > 0 and math.log(two[s]) < 0.5 * x * x + d - d * v + d * math.log(v):
                out[s] = d * v
            else:
                out[s] = gamma(float(d) + 1.0 / 3.0, seed, first + s, partner, month, purpose + 1)
    if shape < 1.0:
        power = f32(1.0 / shape)
        for s in range(len(out)):
            out[s] *= exp32(log32(boost[s]) * power)


@jit
def step_up(left, count, chance, factor, ahead):  # type: ignore[no-untyped-def]
    """One more of each count whose uniform number lies above what has been passed."""
    for s in range(len(left)):
        count[s] += f32(1.0) if left[s] > chance[s] else f32(0.0)
        left[s] -= chance[s]
        chance[s] *= factor[s] * ahead


@summed
def total_of(values):  # type: ignore[no-untyped-def]
    """The sum of small whole numbers."""
    total = f32(0.0)
    for s in range(len(values)):
        total += values[s]
    return total


@jit
def count_rows(mean, dispersion, u, count, chance):  # type: ignore[no-untyped-def]
    """Fill `count` by inversion of `u`: Poisson, or with a gamma factor of shape `dispersion` negative binomial.

    Args:
        mean: Of each scenario; becomes the factor of the law's next term. Those above MOST_BY_STEPS give 0.
        dispersion: Shape of the factor; 0 for none.
        u: Uniform numbers; they are used up.
        count: Output.
        chance: Scratch.
    """
    r = f32(dispersion)
    if r > 0:
        for s in range(len(mean)):
            mu = mean[s] if mean[s] < MOST_BY_STEPS else MOST_BY_STEPS
            chance[s] = exp32(-r * log32(f32(1.0) + mu / r))
            mean[s] = mu / (r + mu)
    else:
        for s in range(len(mean)):
            mu = mean[s] if mean[s] < MOST_BY_STEPS else MOST_BY_STEPS
            chance[s] = exp32(-mu)
            mean[s] = mu
    for s in range(len(mean)):
        count[s] = f32(0.0)
    few, before = f32(len(mean) // 16), f32(0.0)
    for turn in range(1, 400):
        ahead = (r + f32(turn - 1)) / f32(turn) if r > 0 else f32(1.0) / f32(turn)
        step_up(u, count, chance, mean, ahead)
        after = total_of(count)
        moved, before = after - before, after
        if moved == 0:
            return
        if moved <= few:
            for s in range(len(mean)):
                further = turn
                while u[s] > chance[s] and further < 400:
                    further += 1
                    count[s] += f32(1.0)
                    u[s] -= chance[s]
                    ahead = (r + f32(further - 1)) / f32(further) if r > 0 else f32(1.0) / f32(further)
                    chance[s] *= mean[s] * ahead
            return
