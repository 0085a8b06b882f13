"""Gamma and count laws drawn for a row of scenarios at once; a number does not depend on which others are in its row."""

from __future__ import annotations

import math

import numpy as np

from incentive_lab.projection.variates import (
    exp32,
    f32,
    fused,
    gamma,
    jit,
    log32,
    normal32,
    uniform_rows,
)

MOST_BY_STEPS = f32(30.0)
"""Mean counts up to this are drawn by walking up the law, larger ones one at a time."""
FEW, MOST_STEPS = 4, 400
"""Scenarios still walking up that are settled one by one, and the highest count reached so."""


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
def first_step(held, factor, begin, end, month, r, u, mean, count, chance):  # type: ignore[no-untyped-def]
    """Whether there is one at all: `count` 0 or 1, and what the next step needs in `u`, `mean` and `chance`.

    Returns:
        (how many counts are not 0, how many means lie above MOST_BY_STEPS; those counts are drawn otherwise).
    """
    moved, large = 0, 0
    if r > 0:
        inverse = f32(1.0) / r
        for s in range(len(mean)):
            mu = held[s] * factor[s] if (month >= begin[s]) & (month < end[s]) else f32(0.0)
            large += 1 if mu > MOST_BY_STEPS else 0
            mu = mu if mu < MOST_BY_STEPS else MOST_BY_STEPS
            none = exp32(-r * log32(fused(mu, inverse, f32(1.0))))
            ratio = mu / (r + mu)
            hit = u[s] > none
            count[s], mean[s] = np.int32(hit), ratio
            u[s] -= none
            chance[s] = none * ratio * r
            moved += hit
    else:
        for s in range(len(mean)):
            mu = held[s] * factor[s] if (month >= begin[s]) & (month < end[s]) else f32(0.0)
            large += 1 if mu > MOST_BY_STEPS else 0
            mu = mu if mu < MOST_BY_STEPS else MOST_BY_STEPS
            none = exp32(-mu)
            hit = u[s] > none
            count[s], mean[s] = np.int32(hit), mu
            u[s] -= none
            chance[s] = none * mu
            moved += hit
    return moved, large


@jit
def next_step(u, mean, count, chance, ahead):  # type: ignore[no-untyped-def]
    """One more of each count whose uniform number lies above what has been passed; how many those are."""
    moved = 0
    for s in range(len(u)):
        hit = u[s] > chance[s]
        count[s] += np.int32(hit)
        u[s] -= chance[s]
        chance[s] *= mean[s] * ahead
        moved += hit
    return moved


@jit
def count_rows(held, factor, begin, end, month, dispersion, u, count, scratch):  # type: ignore[no-untyped-def]
    """Fill `count` by inversion of `u`: Poisson, or with a gamma factor of shape `dispersion` negative binomial.

    Args:
        held, factor: The mean of each scenario is their product from month `begin` to before `end`, else 0.
        month: The month.
        dispersion: Shape of the factor; 0 for none.
        u: Uniform numbers; they are used up.
        count: Output, whole numbers. Means above MOST_BY_STEPS give any number.
        scratch: [2, scenarios].

    Returns:
        (whether any count is not 0, whether any mean is above MOST_BY_STEPS).
    """
    r, mean, chance = f32(dispersion), scratch[0], scratch[1]
    moved, large = first_step(held, factor, begin, end, np.int32(month), r, u, mean, count, chance)
    some, turn = moved > 0, 1
    while moved > FEW and turn < MOST_STEPS:
        turn += 1
        ahead = (r + f32(turn - 1)) / f32(turn) if r > 0 else f32(1.0) / f32(turn)
        moved = next_step(u, mean, count, chance, ahead)
    if moved > 0:
        for s in range(len(count)):
            further = turn
            while count[s] == further and u[s] > chance[s] and further < MOST_STEPS:
                further += 1
                count[s] += np.int32(1)
                u[s] -= chance[s]
                ahead = (r + f32(further - 1)) / f32(further) if r > 0 else f32(1.0) / f32(further)
                chance[s] *= mean[s] * ahead
    return some, large > 0
