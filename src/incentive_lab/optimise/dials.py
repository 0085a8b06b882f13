"""A number that may move: the values that are tried of it, which are ones that can be published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal

from incentive_lab.errors import InputError, Problem
from incentive_lab.format import quantity
from incentive_lab.scheme.numbers import shortest
from incentive_lab.scheme.paths import Address

FINE = 20
"""A step is at most this part of the number as it stands, so that the search can find something near it."""
NEAR = 4
"""Without bounds of its own a number is searched between this part of it and so many times it."""
FINEST = Decimal("0.000001")
"""No step is smaller: rates, factors, shares and counts are kept to a millionth."""
COIN = Decimal("0.01")
"""The finest that money is parted to."""


@dataclass(frozen=True)
class Dial:
    """A number that may move over multiples of a step, and over what it is where that lies between two of them.

    Attributes:
        address: Which.
        low, high: The ends, multiples of `step`.
        step: Between two values that are tried.
    """

    address: Address
    low: Decimal
    high: Decimal
    step: Decimal

    @property
    def whole(self) -> bool:
        """Whether it stands for whole things, such as months, and is a whole number."""
        return _is_whole(self.address)

    @property
    def _multiples(self) -> int:
        return int((self.high - self.low) / self.step) + 1

    @property
    def _between(self) -> int | None:
        """The place of the number as it stands, where it lies inside the range and is no multiple."""
        value = self.address.value
        if not self.low < value < self.high or not (value - self.low) % self.step:
            return None
        return int((value - self.low) / self.step) + 1

    @property
    def places(self) -> int:
        """How many values it may take."""
        return self._multiples + (self._between is not None)

    def at(self, place: int) -> Decimal:
        """The value at a place, 0 to `places` - 1."""
        between = self._between
        if place == between:
            return self.address.value
        return shortest(self.low + self.step * (place - (between is not None and place > between)))

    def nearest(self, value: Decimal) -> int:
        """The place nearest a value; that of the number as it stands exactly, where it lies in the range."""
        between = self._between
        if between is not None and value == self.address.value:
            return between
        place = min(self._multiples - 1, max(0, round((value - self.low) / self.step)))
        return place + (between is not None and place >= between)


def dial(
    address: Address, low: Decimal | None = None, high: Decimal | None = None, step: Decimal | None = None
) -> Dial:
    """A number with the values that are tried of it.

    Without a range it goes from a quarter of what it is to four times that, inside its typical range; one that is zero or
    negative, from the lower of it and that range's lower end to its upper end. Unless it is given, the step is the declared
    one, or for a small number the largest of 1, 2 or 5 times a power of ten that is a twentieth of it at most.

    Raises:
        InputError: The range leaves the declared limits, or holds fewer than two values, or the step is none.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> from incentive_lab.scheme.paths import tunables
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 0.4%}]}"
        >>> made = dial(tunables(loads(text))[0])
        >>> str(made.low), str(made.high), str(made.step)
        ('0.001', '0.016', '0.0002')
    """
    told, value = address.declaration, address.value
    hard = [Decimal(str(end)) for end in told.bounds]

    def said(one: Decimal) -> str:
        return quantity(one, told.unit)

    if low is None or high is None:
        typical = [Decimal(str(end)) for end in told.typical]
        low = min(value, max(typical[0], value / NEAR)) if value > 0 else min(value, typical[0])
        high = max(value, min(typical[1], value * NEAR)) if value > 0 else max(value, typical[1])
    if not hard[0] <= low < high <= hard[1]:
        raise InputError([Problem(address.path, f"found the range {said(low)} to {said(high)}.",
                                  f"It lies within {said(hard[0])} and {said(hard[1])}, "
                                  "the lower end first.")])  # fmt: skip
    whole = _is_whole(address)
    step = _usual_step(address, low, high, whole) if step is None else step
    if step < FINEST or (whole and step != step.to_integral_value()):
        least = "1, and a whole number" if whole else f"{FINEST}"
        raise InputError([Problem(address.path, f"found the step {shortest(step):f}.", f"It is at least {least}.")])
    first, last = (low / step).to_integral_value(ROUND_CEILING), (high / step).to_integral_value(ROUND_FLOOR)
    if last <= first:
        raise InputError([Problem(address.path, f"between {said(low)} and {said(high)} there is one value "
                                  "at most.", f"Give it more room: its step is {said(step)}.")])  # fmt: skip
    return Dial(address, shortest(first * step), shortest(last * step), shortest(step))


def finer(dials: Sequence[Dial], values: Mapping[str, Decimal]) -> tuple[Dial, ...]:
    """The numbers a step either way around values, in tenths of a step; empty where none can be parted further.

    Whole numbers keep their step, and money is parted to hundredths at most.
    """
    found = []
    for one in dials:
        value, told = values[one.address.path], one.address.declaration
        least = COIN if told.unit == "currency" else FINEST
        step = one.step if one.whole else max(least, one.step / 10)
        ends = max(one.low, value - one.step), min(one.high, value + one.step)
        try:
            found.append(dial(one.address, *ends, min(step, one.step)))
        except InputError:  # it lies outside its range, or no two multiples of the step lie around it
            found.append(one)
    return tuple(found) if any(new.step < old.step for new, old in zip(found, dials, strict=True)) else ()


def _usual_step(address: Address, low: Decimal, high: Decimal, whole: bool) -> Decimal:
    size = abs(address.value) or high - low
    step = max(FINEST, min(Decimal(str(address.declaration.step)), _one_two_five(size / FINE)))
    return max(Decimal(1), step.to_integral_value()) if whole else step


def _is_whole(address: Address) -> bool:
    return address.declaration.unit in ("count", "months") and address.value == address.value.to_integral_value()


def _one_two_five(size: Decimal) -> Decimal:
    """The largest of 1, 2 or 5 times a power of ten that a size holds."""
    power = Decimal(10) ** (size.adjusted())
    return next(power * times for times in (5, 2, 1) if power * times <= size)
