"""The kinds of number a scheme holds, each declared once with its limits; exact decimals, never floats."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation
from typing import Annotated

from pydantic import BeforeValidator, Field, PlainSerializer

from incentive_lab.scheme.base import Tunable


def exact(value: object) -> object:
    """A YAML or JSON scalar as an exact Decimal; '2%' is 0.02, '1_000' is 1000.

    Example:
        >>> exact("2.5%"), exact(0.1)
        (Decimal('0.025'), Decimal('0.1'))
    """
    if isinstance(value, bool):
        raise ValueError(f"found {value}, expected a number")
    if isinstance(value, float):
        value = repr(value)
    if isinstance(value, str):
        text = value.strip().replace("_", "")
        percent = text.endswith("%")
        try:
            number = Decimal(text.rstrip("%").strip())
        except InvalidOperation:
            raise ValueError(f"found '{value[:40]}', expected a number such as 1500 or 2.5%") from None
        value = number / 100 if percent else number
    if isinstance(value, int):
        value = Decimal(value)
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError(f"found {value}, expected a finite number")
    return value


def plain(value: Decimal) -> int | float:
    """A Decimal as the shortest JSON number that reads back to it."""
    return int(value) if value == value.to_integral_value() else float(value)


def number(tunable: Tunable) -> object:
    """An Annotated Decimal type that carries its declaration and enforces its hard bounds."""
    low, high = (Decimal(repr(bound)) for bound in tunable.bounds)
    return Annotated[
        Decimal,
        BeforeValidator(exact),
        Field(ge=low, le=high),
        PlainSerializer(plain, return_type=float | int, when_used="json"),
        tunable,
    ]
