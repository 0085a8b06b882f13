"""Counts drawn for a partner's scenarios and months together: by inversion, one more at a time for those that have more.

Most scenarios of a month have nothing, which is seen from the mean alone, without an exponential: 1 - exp(-mean) is at most
the mean, and a gamma factor only makes nothing likelier. The few that are left are packed together, and those that have
another one are packed again, so that work is done for what happens and not for every month.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

from incentive_lab.projection.variates import exp32, f32, fused, inside, log32

MOST_BY_STEPS = f32(30.0)
"""Mean counts up to this are drawn by walking up the law, larger ones one at a time."""
MOST_STEPS = 400
"""The highest count reached by walking."""
NEAR = f32(1e-6)
"""More than single precision loses in the probability of nothing."""
MONTH, SCENARIO = 16, 0xFFFF
"""Where the month stands in a code, and which bits are the scenario's."""
WIDE = 16
"""Numbers that are packed at once; rows that are packed have room for so many beyond their end."""


@intrinsic
def pack_wide(typingctx, source, target, keep):  # type: ignore[no-untyped-def]
    """Copy those of WIDE 32-bit numbers at an address that WIDE bytes at `keep` say, without gaps, to another address."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        numbers, mask = ir.VectorType(ir.IntType(32), WIDE), _mask(builder, arguments[2])
        name, module = f"llvm.experimental.vector.compress.v{WIDE}i32", builder.module
        kind = ir.FunctionType(numbers, [numbers, mask.type, numbers])
        packed = module.globals.get(name) or ir.Function(module, kind, name)
        whole = builder.load(builder.inttoptr(arguments[0], ir.PointerType(numbers)), align=1)
        kept = builder.call(packed, [whole, mask, ir.Constant(numbers, ir.Undefined)])
        builder.store(kept, builder.inttoptr(arguments[1], ir.PointerType(numbers)), align=1)
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), codegen


@intrinsic
def kept_of_wide(typingctx, keep):  # type: ignore[no-untyped-def]
    """How many of WIDE bytes at an address are not 0."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        mask = _mask(builder, arguments[0])
        return builder.zext(builder.ctpop(builder.bitcast(mask, ir.IntType(WIDE))), ir.IntType(64))

    return types.int64(types.int64), codegen


def _mask(builder: Any, address: Any) -> Any:
    flags = ir.VectorType(ir.IntType(8), WIDE)
    held = builder.load(builder.inttoptr(address, ir.PointerType(flags)), align=1)
    return builder.icmp_unsigned("!=", held, ir.Constant(flags, [0] * WIDE))


@inside
def candidates(held, factor, begin, end, month, u, many, waiting, codes, keep, scratch, places):  # type: ignore[no-untyped-def]
    """Append the scenarios of a month that may count anything.

    Args:
        held, factor: The mean of each scenario is their product from month `begin` to before `end`, else 0.
        month: The month.
        u: Uniform numbers.
        many: How many wait already.
        waiting, codes: Output [3, n] float32, whose first rows hold uniform numbers and means, and [n] int32.
        keep: [n] uint8, scratch: [n] float32, places: [n] int32 are room to work in. They and `u` are as long as whole times WIDE.

    Returns:
        (how many wait now, whether any mean is above MOST_BY_STEPS; those do not wait).
    """
    n, large, code, m = len(factor), np.int32(0), np.int32(month << MONTH), np.int32(month)
    for s in range(n):
        mu = held[s] * factor[s] if (m >= begin[s]) & (m < end[s]) else f32(0.0)
        beyond = mu > MOST_BY_STEPS
        scratch[s] = mu
        large |= np.int32(beyond)
        keep[s] = np.uint8((f32(1.0) - u[s] < mu + NEAR) & (not beyond))
    for s in range(n):
        places[s] = code + np.int32(s)
    for s in range(n, (n + WIDE - 1) // WIDE * WIDE):
        keep[s] = 0
    from_u, from_mean, from_places, flags = u.ctypes.data, scratch.ctypes.data, places.ctypes.data, keep.ctypes.data
    to_u, to_mean, to_codes, at = waiting[0].ctypes.data, waiting[1].ctypes.data, codes.ctypes.data, 4 * many
    for s in range(0, n, WIDE):
        pack_wide(from_u + 4 * s, to_u + at, flags + s)
        pack_wide(from_mean + 4 * s, to_mean + at, flags + s)
        pack_wide(from_places + 4 * s, to_codes + at, flags + s)
        at += 4 * kept_of_wide(flags + s)
    return at // 4, large > 0


@inside
def first_step(r, many, waiting, codes, keep):  # type: ignore[no-untyped-def]
    """Keep those that count at least one, by a Poisson law, or with r > 0 a negative binomial; how many those are."""
    u, mean, chance = waiting[0], waiting[1], waiting[2]
    if r > 0:
        inverse = f32(1.0) / r
        for i in range(many):
            mu = mean[i]
            none = exp32(-r * log32(fused(mu, inverse, f32(1.0))))
            ratio = mu / (r + mu)
            mean[i], chance[i] = ratio, none * ratio * r
            u[i] -= none
    else:
        for i in range(many):
            none = exp32(-mean[i])
            chance[i] = none * mean[i]
            u[i] -= none
    return _kept(many, waiting, codes, keep)


@inside
def next_step(r, turn, many, waiting, codes, keep):  # type: ignore[no-untyped-def]
    """Of those that count at least `turn`, keep those that count one more; how many those are."""
    u, mean, chance = waiting[0], waiting[1], waiting[2]
    ahead = (r + f32(turn)) / f32(turn + 1) if r > 0 else f32(1.0) / f32(turn + 1)
    if turn >= MOST_STEPS:
        return 0
    for i in range(many):
        u[i] -= chance[i]
        chance[i] *= mean[i] * ahead
    return _kept(many, waiting, codes, keep)


@inside
def _kept(many, waiting, codes, keep):  # type: ignore[no-untyped-def]
    """Pack those whose uniform number lies above what was passed."""
    u = waiting[0]
    for i in range(many):
        keep[i] = np.uint8(u[i] > f32(0.0))
    for i in range(many, (many + WIDE - 1) // WIDE * WIDE):
        keep[i] = 0
    one, two, three, four = waiting[0].ctypes.data, waiting[1].ctypes.data, waiting[2].ctypes.data, codes.ctypes.data
    at, flags = 0, keep.ctypes.data
    for i in range(0, many, WIDE):
        pack_wide(one + 4 * i, one + at, flags + i)
        pack_wide(two + 4 * i, two + at, flags + i)
        pack_wide(three + 4 * i, three + at, flags + i)
        pack_wide(four + 4 * i, four + at, flags + i)
        at += 4 * kept_of_wide(flags + i)
    return at // 4
