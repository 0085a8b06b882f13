"""Values and templates of a mapping as SQL."""

from __future__ import annotations

import re
from decimal import Decimal

from incentive_lab.history.store import literal

DECIMALS = 9
"""Decimals that are kept of a number in a mapping."""


def parts(text: str) -> list[tuple[str, str]]:
    """A template as (plain text, column after it).

    Example:
        >>> parts("{order}-{line}")
        [('', 'order'), ('-', 'line'), ('', '')]
    """
    return re.findall(r"([^{}]*)(?:\{([^{}]+)\})?", text)


def is_number(operand: str) -> bool:
    """Whether an operand is a number and not the name of a column.

    Example:
        >>> is_number("1e3"), is_number("gross")
        (True, False)
    """
    try:
        Decimal(operand)
    except ArithmeticError:
        return False
    return True


def constant(value: object) -> str:
    """SQL for the text of a value.

    Example:
        >>> constant(True), constant(Decimal("1E+3"))
        ("'true'", "'1000'")
    """
    if isinstance(value, bool):
        return literal(str(value).lower())
    return literal(f"{value:f}" if isinstance(value, Decimal) else value)


def decimal(value: Decimal) -> str:
    """SQL for a number with at most `DECIMALS` decimals.

    Example:
        >>> decimal(Decimal("0.72"))
        "CAST('0.72' AS DECIMAL(18,2))"
    """
    places = min(DECIMALS, max(0, -int(value.as_tuple().exponent)))
    width = 18 if abs(value) < 10 ** (18 - places) else 38
    return f"CAST('{value:f}' AS DECIMAL({width},{places}))"
