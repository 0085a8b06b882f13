"""Exact numbers: fractions in whole currency units, units, or shares, and the grids they are brought to."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

ZERO = Fraction(0)
MILLION = 1_000_000
ENDLESS = Fraction(10**30)
"""Growth from nothing: above every border; it reaches the last step and no line or blended rate can use it."""


def half_away(value: Fraction) -> int:
    """The nearest whole number, ties away from zero."""
    magnitude = math.floor(abs(value) + Fraction(1, 2))
    return magnitude if value >= 0 else -magnitude


def whole(value: Fraction, unit: Fraction) -> Fraction:
    """The nearest multiple of `unit`, ties away from zero."""
    return half_away(value / unit) * unit


def millionth(value: Fraction | Decimal) -> Fraction:
    """A rate or factor on its grid."""
    return Fraction(half_away(Fraction(value) * MILLION), MILLION)


def rounded(value: Fraction, step: Fraction, mode: str) -> Fraction:
    """`value` as a multiple of `step` by one of the four modes of a scheme."""
    count = abs(value) / step
    below = math.floor(count)
    rest = count - below
    half = Fraction(1, 2)
    if mode == "up":
        more = rest > 0
    elif mode == "down":
        more = False
    elif mode == "half_even":
        more = rest > half or (rest == half and below % 2 == 1)
    else:
        more = rest >= half
    magnitude = (below + more) * step
    return magnitude if value >= 0 else -magnitude


@dataclass(frozen=True)
class Currency:
    """How fine money is: the minor unit, and the millionth of it that amounts inside a rule are kept to."""

    places: int

    @property
    def cent(self) -> Fraction:
        """The minor unit in whole currency units."""
        return Fraction(1, 10**self.places)

    def cents(self, value: Decimal | Fraction) -> Fraction:
        """An amount of the document in whole minor units, half-up."""
        return whole(Fraction(value), self.cent)

    def kept(self, value: Fraction) -> Fraction:
        """An amount inside a rule: to a millionth of a minor unit."""
        return whole(value, self.cent / MILLION)


def share_out(
    claims: Mapping[int, Fraction], available: Fraction, step: Fraction, *, whole: bool = False
) -> dict[int, Fraction]:
    """What each claim gets of too small an amount: pro rata, down to whole steps, leftovers to the largest.

    The amount itself is brought down to whole steps first (chosen here). Leftover steps go one each to the largest
    claims, then to the lowest row. Claims that fit are paid in full, and with `whole` as much more as there is.
    """
    total = sum(claims.values(), ZERO)
    if total <= 0 or (total <= available and not whole):
        return dict(claims)
    available = math.floor(available / step) * step
    paid = {row: math.floor(claim * available / total / step) * step for row, claim in claims.items()}
    left = math.floor((available - sum(paid.values(), ZERO)) / step)
    for row in sorted((row for row in claims if claims[row] > 0), key=lambda row: (-claims[row], row))[:left]:
        paid[row] += step
    return paid
