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
def pack_wide(typingctx, source, target, kept):  # type: ignore[no-untyped-def]
    """Copy those of WIDE 32-bit numbers at an address whose bits are set in `kept`, without gaps, to another address."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        _pack(builder, _load(builder, arguments[0], ir.IntType(32)), arguments[1], arguments[2])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), codegen


@intrinsic
def pack_counted(typingctx, first, target, kept):  # type: ignore[no-untyped-def]
    """As `pack_wide`, of the numbers from `first` on."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        every = _every(builder, builder.trunc(arguments[0], ir.IntType(32)))
        _pack(builder, builder.add(every, ir.Constant(every.type, list(range(WIDE)))), arguments[1], arguments[2])
        return context.get_dummy_value()

    return types.void(types.int64, types.int64, types.int64), codegen


@intrinsic
def above_of_wide(typingctx, numbers, least):  # type: ignore[no-untyped-def]
    """Which of WIDE single-precision numbers at an address are above `least`, a bit each."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        held = _load(builder, arguments[0], ir.FloatType())
        mask = builder.fcmp_ordered(">", held, _every(builder, arguments[1]))
        return builder.zext(builder.bitcast(mask, ir.IntType(WIDE)), ir.IntType(64))

    return types.int64(types.int64, types.float32), codegen


@intrinsic
def bits_in(typingctx, bits):  # type: ignore[no-untyped-def]
    """How many bits are set."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.ctpop(arguments[0])

    return types.int64(types.int64), codegen


def _load(builder: Any, address: Any, kind: Any) -> Any:
    return builder.load(builder.inttoptr(address, ir.PointerType(ir.VectorType(kind, WIDE))), align=1)


def _every(builder: Any, number: Any) -> Any:
    kind, places = ir.VectorType(number.type, WIDE), ir.VectorType(ir.IntType(32), WIDE)
    one = builder.insert_element(ir.Constant(kind, ir.Undefined), number, ir.Constant(ir.IntType(32), 0))
    return builder.shuffle_vector(one, one, ir.Constant(places, [0] * WIDE))


def _pack(builder: Any, numbers: Any, target: Any, kept: Any) -> None:
    mask = builder.bitcast(builder.trunc(kept, ir.IntType(WIDE)), ir.VectorType(ir.IntType(1), WIDE))
    name, module = f"llvm.experimental.vector.compress.v{WIDE}i32", builder.module
    kind = ir.FunctionType(numbers.type, [numbers.type, mask.type, numbers.type])
    compress = module.globals.get(name) or ir.Function(module, kind, name)
    packed = builder.call(compress, [numbers, mask, ir.Constant(numbers.type, None)])
    builder.store(packed, builder.inttoptr(target, ir.PointerType(numbers.type)), align=1)


@inside
def first_of(left):  # type: ignore[no-untyped-def]
    """The bits of those among the next WIDE numbers that are there, where `left` are left."""
    return (1 << min(WIDE, left)) - 1


@inside
def candidates(held, factor, begin, end, month, u, many, waiting, codes, hopes, means):  # type: ignore[no-untyped-def]
    """Append the scenarios of a month that may count anything.

    Args:
        held, factor: The mean of each scenario is their product from month `begin` to before `end`, else 0.
        month: The month.
        u: Uniform numbers.
        many: How many wait already.
        waiting, codes: Output [3, n] float32, whose first rows hold uniform numbers and means, and [n] int32.
        hopes: [n] float32, room to work in; `means`: Output [n] float32. They and `u` are as long as whole times WIDE.

    Returns:
        (how many wait now, whether any mean is above MOST_BY_STEPS; those do not wait).
    """
    n, large, m = len(factor), 0, np.int32(month)
    for s in range(n):
        level = held[s] * factor[s]
        mu = level if (m >= begin[s]) & (m < end[s]) else f32(0.0)
        hope = mu + NEAR - (f32(1.0) - u[s])
        means[s], hopes[s] = mu, hope if mu <= MOST_BY_STEPS else f32(0.0)
    from_u, from_mean, hoping = u.ctypes.data, means.ctypes.data, hopes.ctypes.data
    to_u, to_mean, to_codes, at = waiting[0].ctypes.data, waiting[1].ctypes.data, codes.ctypes.data, 4 * many
    for s in range(0, n, WIDE):
        there = first_of(n - s)
        large |= above_of_wide(from_mean + 4 * s, MOST_BY_STEPS) & there
        kept = above_of_wide(hoping + 4 * s, f32(0.0)) & there
        pack_wide(from_u + 4 * s, to_u + at, kept)
        pack_wide(from_mean + 4 * s, to_mean + at, kept)
        pack_counted((month << MONTH) + s, to_codes + at, kept)
        at += 4 * bits_in(kept)
    return at // 4, large > 0


@inside
def first_step(r, many, waiting, codes):  # type: ignore[no-untyped-def]
    """Keep those that count at least one, by a Poisson law, or with r > 0 a negative binomial; how many those are."""
    whole = (many + WIDE - 1) // WIDE * WIDE
    u, mean, chance = waiting[0, :whole], waiting[1, :whole], waiting[2, :whole]
    if r > 0:
        inverse = f32(1.0) / r
        for i in range(whole):
            mu = mean[i]
            none = exp32(-r * log32(fused(mu, inverse, f32(1.0))))
            ratio = mu / (r + mu)
            mean[i], chance[i] = ratio, none * ratio * r
            u[i] -= none
    else:
        for i in range(whole):
            none = exp32(-mean[i])
            chance[i] = none * mean[i]
            u[i] -= none
    return _kept(many, waiting, codes)


@inside
def next_step(r, turn, many, waiting, codes):  # type: ignore[no-untyped-def]
    """Of those that count at least `turn`, keep those that count one more; how many those are."""
    whole = (many + WIDE - 1) // WIDE * WIDE
    u, mean, chance = waiting[0, :whole], waiting[1, :whole], waiting[2, :whole]
    ahead = (r + f32(turn)) / f32(turn + 1) if r > 0 else f32(1.0) / f32(turn + 1)
    if turn >= MOST_STEPS:
        return 0
    for i in range(whole):
        u[i] -= chance[i]
        chance[i] *= mean[i] * ahead
    return _kept(many, waiting, codes)


@inside
def _kept(many, waiting, codes):  # type: ignore[no-untyped-def]
    """Pack those whose uniform number lies above what was passed."""
    one, two, three, four = waiting[0].ctypes.data, waiting[1].ctypes.data, waiting[2].ctypes.data, codes.ctypes.data
    at = 0
    for i in range(0, many, WIDE):
        kept = above_of_wide(one + 4 * i, f32(0.0)) & first_of(many - i)
        pack_wide(one + 4 * i, one + at, kept)
        pack_wide(two + 4 * i, two + at, kept)
        pack_wide(three + 4 * i, three + at, kept)
        pack_wide(four + 4 * i, four + at, kept)
        at += 4 * bits_in(kept)
    return at // 4
