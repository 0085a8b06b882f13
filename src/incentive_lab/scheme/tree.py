"""A scheme as plain data: keys as they are written, what equals its default left out."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from functools import cache
from typing import Any

from pydantic.fields import FieldInfo

from incentive_lab.scheme.base import Part
from incentive_lab.scheme.measures import Condition, Expression
from incentive_lab.scheme.rates import Driver, Rate
from incentive_lab.scheme.reference import Reference
from incentive_lab.scheme.rules import Base, ReturnPolicy
from incentive_lab.scheme.tiers import Look

# Parts that may be written as the bare value of one key, when they say nothing else.
BARE: Mapping[type[Part], tuple[str, ...]] = {
    Base: ("measure",),
    Condition: ("is", "in"),
    Driver: ("measure",),
    Expression: ("column", "number"),
    Look: ("window",),
    Rate: ("plain",),
    Reference: ("amount", "target", "last_year", "last_period"),
    ReturnPolicy: ("method",),
}


_REQUIRED = object()


def bare_key(part: object) -> str | None:
    """The one key whose bare value says all that a part says, or None.

    Example:
        >>> bare_key(Rate.model_validate("3%")), bare_key(Reference.model_validate({"target": True, "times": 2}))
        ('plain', None)
    """
    if not isinstance(part, Part) or type(part) not in BARE:
        return None
    keys = [key for key, _, _ in written_fields(part)]
    return keys[0] if len(keys) == 1 and keys[0] in BARE[type(part)] else None


def is_default(info: FieldInfo, value: Any) -> bool:
    """Whether a value says no more than leaving its key out."""
    return not info.is_required() and bool(value == info.get_default(call_default_factory=True))


@cache
def _declared(kind: type[Part]) -> tuple[tuple[str, str, FieldInfo, Any], ...]:
    """(name, key as written, declaration, default) of every field of a model; `_REQUIRED` where there is no default."""
    return tuple(
        (
            name,
            info.alias or name,
            info,
            _REQUIRED if info.is_required() else info.get_default(call_default_factory=True),
        )
        for name, info in kind.model_fields.items()
    )


def fields_of(part: Part) -> list[tuple[str, FieldInfo, Any]]:
    """Every field of a part: (key as written, declaration, value), in the model's order."""
    return [(info.alias or name, info, getattr(part, name)) for name, info in type(part).model_fields.items()]


def written_fields(part: Part) -> list[tuple[str, FieldInfo, Any]]:
    """The fields of a part that say something: (key as written, declaration, value), in the model's order.

    Example:
        >>> from incentive_lab.scheme.document import Rounding
        >>> [(key, value) for key, _, value in written_fields(Rounding(mode="down", at="line"))]
        [('mode', 'down')]
    """
    said = []
    for name, key, info, default in _declared(type(part)):
        value = getattr(part, name)
        if value is not default and value != default:
            said.append((key, info, value))
    return said


def tree(value: Any, leave_out: Mapping[type[Part], frozenset[str]] | None = None) -> Any:
    """A part, or anything inside one, as mappings, lists and scalars; numbers stay exact Decimals.

    Args:
        value: A part, a mapping, a tuple or a scalar.
        leave_out: Model -> keys that are not wanted.

    Example:
        >>> from incentive_lab.scheme.document import Budget
        >>> tree(Budget(amount="1_000"))
        {'amount': Decimal('1000')}
    """
    if isinstance(value, Part):
        unwanted = (leave_out or {}).get(type(value), frozenset())
        return {key: tree(item, leave_out) for key, _, item in written_fields(value) if key not in unwanted}
    if isinstance(value, Mapping):
        return {key: tree(item, leave_out) for key, item in value.items()}
    if isinstance(value, (tuple, list)):
        return [tree(item, leave_out) for item in value]
    if isinstance(value, datetime.date):
        return value.isoformat()
    return value


def decimal_text(value: Decimal | int) -> str:
    """A number in plain digits without needless zeros.

    Example:
        >>> decimal_text(Decimal("0.020")), decimal_text(Decimal("1E+3")), decimal_text(Decimal("-0"))
        ('0.02', '1000', '0')
    """
    text = format(Decimal(value), "f")
    if "." in text:
        text = text.rstrip("0").rstrip(".")
    return "0" if text in ("-0", "") else text
