"""Gamma and count laws drawn for a row of scenarios at once; a number does not depend on which others are in its row."""

from __future__ import annotations

import math

from incentive_lab.projection.variates import (
    bare,
    exp32,
    f32,
    gamma,
    log32,
    normal32,
    uniform_rows,
)

UNSURE = f32(1e-5)
"""More than single precision loses in the test of a gamma number, as a share of its terms."""


@bare
def gamma_rows(shape, seed, first, partner, month, purpose, out, scratch):  # type: ignore[no-untyped-def]
    """Fill `out` with gamma numbers of scale 1, and scratch[3] with uniform numbers that are still unused.

    Marsaglia and Tsang over rows: their squeeze, then their test in single precision where that settles it; the few that are
    left are settled one by one.
    """
    uniform_rows(seed, first, partner, month, purpose, scratch)
    more = f32(1.0) if shape < 1.0 else f32(0.0)
    d = f32(shape) + more - f32(1.0 / 3.0)
    c = f32(1.0 / math.sqrt(9.0 * d))
    one, two, boost = scratch[0], scratch[1], scratch[2]
    for s in range(len(out)):
        one[s] = normal32(one[s])
    for s in range(len(out)):
        x = one[s]
        v = f32(1.0) + c * x
        v = v * v * v
        y = x * x
        out[s] = d * v if (v > f32(0.0)) & (two[s] < f32(1.0) - f32(0.0331) * y * y) else f32(-1.0)
    for s in range(len(out)):
        x = one[s]
        v = f32(1.0) + c * x
        v = v * v * v
        some = v if v > f32(1e-6) else f32(1e-6)
        beyond = f32(0.5) * x * x + d - d * v + d * log32(some) - log32(two[s])
        sure = (v > f32(1e-6)) & (beyond > UNSURE * (d + d * v + f32(1.0)))
        larger = 1.0 + c * float(x)
        out[s] = d * (larger * larger * larger) if (out[s] < f32(0.0)) & sure else out[s]
    for s in range(len(out)):
        if out[s] < 0:
            x = float(one[s])
            v = (1.0 + c * x) ** 3
            if v > 0 and math.log(two[s]) < 0.5 * x * x + d - d * v + d * math.log(v):
                out[s] = d * v
            else:
                out[s] = gamma(float(d) + 1.0 / 3.0, seed, first + s, partner, month, purpose + 1)
    if shape < 1.0:
        power = f32(1.0 / shape)
        for s in range(len(out)):
            out[s] *= exp32(log32(boost[s]) * power)
