"""The kinds of number a scheme holds, each declared once with its limits; exact decimals, never floats."""

from __future__ import annotations

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Annotated, Any

from pydantic import BeforeValidator, GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic_core import CoreSchema, core_schema

from incentive_lab.scheme.base import Tunable

_NUMBER = re.compile(r"[-+]?([0-9][0-9_]*\.?[0-9_]*|\.[0-9][0-9_]*)([eE][-+]?[0-9]{1,3})?( ?%)?")
_PATTERN = f"^({_NUMBER.pattern})$"


def exact(value: object) -> object:
    """A YAML or JSON scalar as an exact Decimal; '2%' is 0.02, '1_000' is 1000.

    Example:
        >>> exact("2.5%"), exact(0.1)
        (Decimal('0.025'), Decimal('0.1'))
    """
    if isinstance(value, bool):
        raise ValueError(f"found {str(value).lower()}, expected a number")
    if isinstance(value, float):
        value = Decimal(repr(value))
    if isinstance(value, str):
        text = value.strip()
        if not _NUMBER.fullmatch(text):
            grouped = "; write it without grouping commas" if re.fullmatch(r"[-+]?\d[\d,.]*,[\d,.]*%?", text) else ""
            raise ValueError(f"found '{text[:40]}', expected a number such as 1500 or 2.5%{grouped}")
        number = Decimal(text.rstrip(" %").replace("_", ""))
        value = number.scaleb(-2) if text.endswith("%") else number
    if isinstance(value, int):
        value = Decimal(value)
    if isinstance(value, Decimal) and not value.is_finite():
        raise ValueError(f"found {value}, expected a finite number")
    return value


Exact = Annotated[Decimal, BeforeValidator(exact)]
"""A number that is read exactly but that no designer moves."""


def shortest(value: Decimal) -> Decimal:
    """The same number without zeros behind it and without an exponent; what is not finite stays as it is.

    Example:
        >>> str(shortest(Decimal("2.50"))), str(shortest(Decimal("1E+3"))), shortest(Decimal("inf"))
        ('2.5', '1000', Decimal('Infinity'))
    """
    if not value.is_finite():
        return value
    whole = value.to_integral_value()  # unlike a quantized number, one of any size
    return Decimal(int(whole)) if value == whole else value.normalize()


def plain(value: Decimal) -> int | float:
    """A Decimal as the shortest JSON number that reads back to it."""
    return int(value) if value == value.to_integral_value() else float(value)


@dataclass(frozen=True)
class Number:
    """Annotates a Decimal with its declaration: read exactly, held inside its hard bounds."""

    tunable: Tunable

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """Exact text to Decimal, then the bounds."""
        low, high = (Decimal(repr(bound)) for bound in self.tunable.bounds)
        bounded = core_schema.decimal_schema(ge=low, le=high)
        written = core_schema.plain_serializer_function_ser_schema(plain, when_used="json")
        return core_schema.no_info_before_validator_function(exact, bounded, serialization=written)

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """A number, or a percentage as text, with the declaration."""
        low, high = self.tunable.bounds
        number = {"type": "number", "minimum": low, "maximum": high}
        return self.tunable.described({"anyOf": [number, {"type": "string", "pattern": _PATTERN}]})


def number(tunable: Tunable) -> Number:
    """What to annotate a Decimal with, so that it carries its declaration and enforces its hard bounds.

    Example:
        >>> from typing import Annotated
        >>> from pydantic import TypeAdapter
        >>> share = Tunable("Share", "share", (0, 1), (0, 1), 0.05, "A share.", "docs/scheme.md")
        >>> TypeAdapter(Annotated[Decimal, number(share)]).validate_python("5%")
        Decimal('0.05')
    """
    return Number(tunable)


def _whole(value: object) -> object:
    """A scalar as an int where it is a whole number; anything else is left for the model to refuse."""
    if isinstance(value, bool) or not isinstance(value, (str, float, Decimal)):
        return value
    try:
        number = exact(value)
    except ValueError:
        return value
    return int(number) if isinstance(number, Decimal) and number == number.to_integral_value() else value


@dataclass(frozen=True)
class Whole:
    """Annotates an int with its declaration: a whole number inside its hard bounds."""

    tunable: Tunable

    def __get_pydantic_core_schema__(self, source: Any, handler: GetCoreSchemaHandler) -> CoreSchema:
        """A whole number, then the bounds."""
        low, high = (int(bound) for bound in self.tunable.bounds)
        return core_schema.no_info_before_validator_function(_whole, core_schema.int_schema(ge=low, le=high))

    def __get_pydantic_json_schema__(self, core: CoreSchema, handler: GetJsonSchemaHandler) -> dict[str, Any]:
        """An integer with the declaration."""
        low, high = (int(bound) for bound in self.tunable.bounds)
        return self.tunable.described({"type": "integer", "minimum": low, "maximum": high})


def month_count(label: str, most: int, typical: tuple[int, int], help: str, source: str) -> Whole:
    """What to annotate an int with that counts months.

    Example:
        >>> from pydantic import TypeAdapter
        >>> window = month_count("Window", 1200, (1, 24), "How far it looks back.", "docs/scheme.md#tables")
        >>> TypeAdapter(Annotated[int, window]).validate_python("1_2")
        12
    """
    return Whole(Tunable(label, "months", (1, most), typical, 1, help, source))
