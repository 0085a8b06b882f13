"""What a place of a scheme is called in words, and how its values are written there."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from incentive_lab.scheme.base import Tunable
from incentive_lab.scheme.tree import decimal_text

_STRUCTURE = frozenset(
    {
        "rules",
        "levels",
        "tiers",
        "gates",
        "caps",
        "guarantees",
        "draws",
        "pools",
        "alternatives",
        "variants",
        "measures",
        "targets",
        "scorecards",
    }
    | {"table", "steps", "plain", "when", "requires", "who", "grid", "rates", "limit", "change", "parts"}
)
_READS = {
    "from": "starts at",
    "by_tier": "for",
    "by_type": "for",
    "by_region": "for",
    "by_segment": "for",
    "rate_to": "rate at its end",
    "from_": "starts at",
    "otherwise": "for all others",
}


def label_of(segments: Sequence[str], declaration: Tunable | None = None) -> str:
    """What stands at an address, in words.

    Example:
        >>> label_of(["tiers", "levels", "silver", "needs", "protected_revenue"])
        'Silver needs protected_revenue'
        >>> label_of(["rules", "rebate", "rate", "table", "steps", "plus", "rate"])
        'rebate: plus rate'
    """
    if len(segments) > 3 and segments[1] == "levels":
        return " ".join([segments[2].capitalize(), *segments[3:]])
    inner = list(segments)
    if "table" in inner and inner[-1] in ("rate", "from", "to", "lump", "rate_to"):
        inner = [one for place, one in enumerate(inner) if one != "rate" or place == len(inner) - 1]
    words = [
        _READS.get(one, one) for place, one in enumerate(inner) if one not in _STRUCTURE or place == len(inner) - 1
    ]
    if len(segments) < 3 or segments[0] not in _STRUCTURE:
        return declaration.label if declaration is not None else " ".join(words).replace("_", " ").capitalize()
    return f"{words[0]}: {' '.join(words[1:])}" if len(words) > 1 else words[0]


def written(value: Any, unit: str = "number") -> str:
    """A value in words and digits.

    Example:
        >>> written(Decimal("200000")), written(Decimal("0.035"), "share"), written(None), written(["a", "b"])
        ('200,000', '3.5%', 'nothing', 'a, b')
    """
    if value is None or value == [] or value == {}:
        return "nothing"
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (Decimal, int)):
        text = decimal_text(Decimal(value).scaleb(2) if unit == "share" else value)
        return f"{Decimal(text):,f}" + "%" * (unit == "share")
    if isinstance(value, (list, tuple)):
        return ", ".join(written(item) for item in value)
    if isinstance(value, dict):
        return ", ".join(f"{key} {written(item)}" for key, item in value.items())
    return str(value)
