"""Random numbers by counter, for rows of scenarios: Philox 4x32-10, and the laws that are drawn from it.

A number depends on the seed, the scenario, the partner, the month and the purpose only, so threads, chunks and the order of
work change nothing, and two schemes meet the same world. Variates are single precision; money never is.
"""

from __future__ import annotations

import math

import numba
import numpy as np
from llvmlite import ir
from numba import types
from numba.extending import intrinsic

OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy", "fastmath": False}
jit = numba.njit(**OPTIONS)
"""How functions here are compiled: no fast maths, no threads of numba's own."""
inside = numba.njit(**OPTIONS, forceinline=True)
"""For what is called from inside a loop over scenarios, which is only then worked out many at a time."""
bare = numba.njit(**OPTIONS, _nrt=False)
"""For what makes no array: whose they are is then not counted, which for rows as short as these took a tenth of the time."""

f32 = np.float32
LOW, HALF = np.uint64(0xFFFFFFFF), np.uint64(32)
MULTIPLIER_0, MULTIPLIER_1 = np.uint64(0xD2511F53), np.uint64(0xCD9E8D57)
WEYL_0, WEYL_1 = np.uint64(0x9E3779B9), np.uint64(0xBB67AE85)
RATE, LEFT, FACTOR = 4001, 4002, 4003
"""Places in the month's counter for what is drawn once a scenario: a partner's rate, its leaving, a common factor."""
EVERYBODY = 0xFFFFFFFF
"""The partner's counter of what all partners share."""


@intrinsic
def share_of(typingctx, word):  # type: ignore[no-untyped-def]
    """The highest 23 bits of a 32-bit word as a single-precision number inside (0, 1)."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        bits, single = ir.IntType(32), ir.FloatType()
        kept = builder.lshr(builder.trunc(arguments[0], bits), ir.Constant(bits, 9))
        number = builder.bitcast(builder.or_(kept, ir.Constant(bits, 0x3F800000)), single)
        return builder.fsub(number, ir.Constant(single, 1.0 - 2.0**-24))

    return types.float32(types.uint64), codegen


@intrinsic
def times_power(typingctx, number, power):  # type: ignore[no-untyped-def]
    """`number` times two to a whole power between -126 and 127."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        bits, single = ir.IntType(32), ir.FloatType()
        whole = builder.add(builder.fptosi(arguments[1], bits), ir.Constant(bits, 127))
        return builder.fmul(arguments[0], builder.bitcast(builder.shl(whole, ir.Constant(bits, 23)), single))

    return types.float32(types.float32, types.float32), codegen


@intrinsic
def mantissa_of(typingctx, number):  # type: ignore[no-untyped-def]
    """The mantissa of a positive number, in [1, 2)."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        bits, single = ir.IntType(32), ir.FloatType()
        kept = builder.and_(builder.bitcast(arguments[0], bits), ir.Constant(bits, 0x7FFFFF))
        return builder.bitcast(builder.or_(kept, ir.Constant(bits, 0x3F800000)), single)

    return types.float32(types.float32), codegen


@intrinsic
def exponent_of(typingctx, number):  # type: ignore[no-untyped-def]
    """The power of two of a positive number."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        bits, single = ir.IntType(32), ir.FloatType()
        kept = builder.lshr(builder.bitcast(arguments[0], bits), ir.Constant(bits, 23))
        return builder.sitofp(builder.sub(kept, ir.Constant(bits, 127)), single)

    return types.float32(types.float32), codegen


@intrinsic
def fused(typingctx, a, b, c):  # type: ignore[no-untyped-def]
    """a x b + c with one rounding, on every machine."""

    def codegen(context, builder, signature, arguments):  # type: ignore[no-untyped-def]
        return builder.fma(*arguments)

    return types.float32(types.float32, types.float32, types.float32), codegen


@inside
def exp32(x):  # type: ignore[no-untyped-def]
    """The exponential of a number between -87 and 88, to single precision (Cephes' polynomial)."""
    x = x if x > f32(-87.0) else f32(-87.0)
    x = x if x < f32(88.0) else f32(88.0)
    n = np.floor(fused(x, f32(1.4426950408889634), f32(0.5)))
    r = fused(n, f32(2.12194440e-4), fused(n, f32(-0.693359375), x))
    p = f32(1.9875691500e-4)
    p = fused(p, r, f32(1.3981999507e-3))
    p = fused(p, r, f32(8.3334519073e-3))
    p = fused(p, r, f32(4.1665795894e-2))
    p = fused(p, r, f32(1.6666665459e-1))
    p = fused(p, r, f32(5.0000001201e-1))
    return times_power(fused(p, r * r, r) + f32(1.0), n)


@inside
def log32(x):  # type: ignore[no-untyped-def]
    """The natural logarithm of a positive normal number, to single precision (Cephes' polynomial)."""
    m, e = mantissa_of(x), exponent_of(x)
    high = m > f32(1.41421356)
    m = m * f32(0.5) if high else m
    e = e + f32(1.0) if high else e
    r = m - f32(1.0)
    p = f32(7.0376836292e-2)
    p = fused(p, r, f32(-1.1514610310e-1))
    p = fused(p, r, f32(1.1676998740e-1))
    p = fused(p, r, f32(-1.2420140846e-1))
    p = fused(p, r, f32(1.4249322787e-1))
    p = fused(p, r, f32(-1.6668057665e-1))
    p = fused(p, r, f32(2.0000714765e-1))
    p = fused(p, r, f32(-2.4999993993e-1))
    p = fused(p, r, f32(3.3333331174e-1))
    z = r * r
    p = fused(p, r * z, fused(f32(-0.5), z, e * f32(-2.12194440e-4)))
    return fused(e, f32(0.693359375), r + p)


@inside
def normal32(u):  # type: ignore[no-untyped-def]
    """The standard normal quantile of a number inside (0, 1), to single precision (Giles 2010)."""
    x = f32(2.0) * u - f32(1.0)
    w = -log32((f32(1.0) - x) * (f32(1.0) + x))
    a = w - f32(2.5)
    p = f32(2.81022636e-08)
    p = fused(p, a, f32(3.43273939e-07))
    p = fused(p, a, f32(-3.5233877e-06))
    p = fused(p, a, f32(-4.39150654e-06))
    p = fused(p, a, f32(0.00021858087))
    p = fused(p, a, f32(-0.00125372503))
    p = fused(p, a, f32(-0.00417768164))
    p = fused(p, a, f32(0.246640727))
    p = fused(p, a, f32(1.50140941))
    b = np.sqrt(w) - f32(3.0)
    q = f32(-0.000200214257)
    q = fused(q, b, f32(0.000100950558))
    q = fused(q, b, f32(0.00134934322))
    q = fused(q, b, f32(-0.00367342844))
    q = fused(q, b, f32(0.00573950773))
    q = fused(q, b, f32(-0.0076224613))
    q = fused(q, b, f32(0.00943887047))
    q = fused(q, b, f32(1.00167406))
    q = fused(q, b, f32(2.83297682))
    return f32(1.41421356) * x * (p if w < f32(5.0) else q)


@inside
def words(seed, c0, c1, c2, c3):  # type: ignore[no-untyped-def]
    """Four words of 32 bits of a counter."""
    c0, c1, c2, c3 = np.uint64(c0) & LOW, np.uint64(c1) & LOW, np.uint64(c2) & LOW, np.uint64(c3) & LOW
    k0, k1 = np.uint64(seed) & LOW, (np.uint64(seed) >> HALF) & LOW
    for _ in range(10):
        p0, p1 = MULTIPLIER_0 * c0, MULTIPLIER_1 * c2
        c0, c1, c2, c3 = (p1 >> HALF) ^ c1 ^ k0, p1 & LOW, (p0 >> HALF) ^ c3 ^ k1, p0 & LOW
        k0, k1 = (k0 + WEYL_0) & LOW, (k1 + WEYL_1) & LOW
    return c0, c1, c2, c3


@bare
def uniform_rows(seed, first, partner, month, purpose, out):  # type: ignore[no-untyped-def]
    """Fill out [4, n] with single-precision uniform numbers of n scenarios from `first` on."""
    a, b, c, d = out[0], out[1], out[2], out[3]
    for s in range(out.shape[1]):
        w0, w1, w2, w3 = words(seed, first + s, partner, month, purpose)
        a[s], b[s], c[s], d[s] = share_of(w0), share_of(w1), share_of(w2), share_of(w3)


@inside
def pair(seed, scenario, partner, month, purpose):  # type: ignore[no-untyped-def]
    """Two uniform numbers in (0, 1) of this counter, in double precision, for a row of scenarios."""
    c0, c1, c2, c3 = words(seed, scenario, partner, month, purpose)
    one = (np.float64(c0 >> np.uint64(5)) * 67108864.0 + np.float64(c1 >> np.uint64(6)) + 0.5) / 9007199254740992.0
    two = (np.float64(c2 >> np.uint64(5)) * 67108864.0 + np.float64(c3 >> np.uint64(6)) + 0.5) / 9007199254740992.0
    return one, two


@jit
def uniforms(seed, scenario, partner, month, purpose):  # type: ignore[no-untyped-def]
    """Two uniform numbers in (0, 1) of this counter, in double precision."""
    return pair(seed, scenario, partner, month, purpose)


@jit
def normal(seed, scenario, partner, month, purpose):  # type: ignore[no-untyped-def]
    """A standard normal number (Box and Muller)."""
    one, two = uniforms(seed, scenario, partner, month, purpose)
    return math.sqrt(-2.0 * math.log(one)) * math.cos(2.0 * math.pi * two)


@jit
def gamma(shape, seed, scenario, partner, month, purpose):  # type: ignore[no-untyped-def]
    """A gamma number of scale 1 (Marsaglia and Tsang); uses up to 64 purposes from `purpose` on."""
    boost = 1.0
    if shape < 1.0:
        boost = uniforms(seed, scenario, partner, month, purpose)[0] ** (1.0 / shape)
        shape += 1.0
    d = shape - 1.0 / 3.0
    c = 1.0 / math.sqrt(9.0 * d)
    for turn in range(31):
        x = normal(seed, scenario, partner, month, purpose + 1 + 2 * turn)
        v = (1.0 + c * x) ** 3
        u = uniforms(seed, scenario, partner, month, purpose + 2 + 2 * turn)[0]
        if v > 0 and math.log(u) < 0.5 * x * x + d - d * v + d * math.log(v):
            return boost * d * v
    return boost * d


@jit
def poisson(mean, u, seed, scenario, partner, month, purpose):  # type: ignore[no-untyped-def]
    """A Poisson number by inversion of `u`; above 400 by the normal with its own counter."""
    if mean <= 0.0:
        return 0
    if mean > 400.0:
        x = normal(seed, scenario, partner, month, purpose)
        return max(0, int(math.floor(mean + math.sqrt(mean) * x + (x * x - 1.0) / 6.0 + 0.5)))
    p = math.exp(-mean)
    total, k = p, 0
    while u > total and k < 1000:
        k += 1
        p *= mean / k
        total += p
    return k
