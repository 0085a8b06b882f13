"""Sobol points (Bratley and Fox 1988, direction numbers of Joe and Kuo 2008), scrambled by random matrices and a shift
(Matousek 1998). Any point is reached at once.

The points are those of scipy.stats.qmc.Sobol, which the tests hold them against; importing that takes a second and 40 MB.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from incentive_lab.panel import Floats

Words = NDArray[np.uint64]
BITS = 30
"""Binary digits of a coordinate: there are 2^BITS points."""
POLYNOMIALS = (
    1, 3, 7, 11, 13, 19, 25, 37, 41, 47, 55, 59, 61, 67, 91, 97, 103, 109, 115, 131, 137, 143, 145, 157, 167, 171, 185, 191, 193,
    203, 211, 213,
)  # fmt: skip
"""Primitive polynomials modulo 2, one a coordinate, the highest power in the highest bit."""
STARTS = (
    (), (1,), (1, 3), (1, 3, 1), (1, 1, 1), (1, 1, 3, 3), (1, 3, 5, 13), (1, 1, 5, 5, 17), (1, 1, 5, 5, 5), (1, 1, 7, 11, 19),
    (1, 1, 5, 1, 1), (1, 1, 1, 3, 11), (1, 3, 5, 5, 31), (1, 3, 3, 9, 7, 49), (1, 1, 1, 15, 21, 21), (1, 3, 1, 13, 27, 49),
    (1, 1, 1, 15, 7, 5), (1, 3, 1, 15, 13, 25), (1, 1, 5, 5, 19, 61), (1, 3, 7, 11, 23, 15, 103), (1, 3, 7, 13, 13, 15, 69),
    (1, 1, 3, 13, 7, 35, 63), (1, 3, 5, 9, 1, 25, 53), (1, 3, 1, 13, 9, 35, 107), (1, 3, 1, 5, 27, 61, 31),
    (1, 1, 5, 11, 19, 41, 61), (1, 3, 5, 3, 3, 13, 69), (1, 1, 7, 13, 1, 19, 1), (1, 3, 7, 5, 13, 19, 59), (1, 1, 3, 9, 25, 29, 41),
    (1, 3, 5, 13, 23, 1, 55), (1, 3, 7, 3, 13, 59, 17),
)  # fmt: skip
"""The first direction numbers of each coordinate."""


def directions(dimensions: int) -> Words:
    """[dimensions, BITS] what each binary digit of a point's number turns over in its coordinates."""
    found = np.ones((dimensions, BITS), dtype=np.uint64)
    for place in range(1, dimensions):
        polynomial, numbers = POLYNOMIALS[place], list(STARTS[place])
        degree = len(numbers)
        for at in range(degree, BITS):
            number = numbers[at - degree]
            for back in range(1, degree + 1):
                if polynomial >> (degree - back) & 1:
                    number ^= numbers[at - back] << back
            numbers.append(number)
        found[place] = numbers
    return found << np.arange(BITS - 1, -1, -1, dtype=np.uint64)


class Scrambled:
    """One scrambled set of points."""

    def __init__(self, dimensions: int, rng: np.random.Generator) -> None:
        """Draw the shift and the matrices."""
        powers = np.uint64(1) << np.arange(BITS, dtype=np.uint64)
        flips = rng.integers(0, 2, size=(dimensions, BITS), dtype=np.uint32)
        matrices = np.tril(rng.integers(0, 2, size=(dimensions, BITS, BITS), dtype=np.uint32))
        matrices[:, range(BITS), range(BITS)] = 1
        self.shift = flips @ powers
        rows = matrices @ powers[::-1]
        kept = directions(dimensions)
        odd = np.bitwise_count(rows[:, :, None] & kept[:, None, :]) & 1
        self.turns = np.einsum("dpj,p->dj", odd.astype(np.uint64), powers[::-1])

    def points(self, first: int, count: int) -> Floats:
        """[count, dimensions] coordinates in [0, 1), multiples of 2^-BITS, of points from number `first` on.

        Example:
            >>> one = Scrambled(2, np.random.default_rng(1))
            >>> bool((one.points(5, 3) == one.points(0, 8)[5:]).all())
            True
        """
        number = np.arange(first, first + count, dtype=np.uint64)
        gray = number ^ number >> np.uint64(1)
        whole = np.broadcast_to(self.shift, (count, len(self.shift))).copy()
        for digit in range(int(first + count).bit_length()):
            turned = (gray >> np.uint64(digit) & np.uint64(1)).astype(bool)
            whole[turned] ^= self.turns[:, digit]
        return np.asarray(whole * 2.0**-BITS)
