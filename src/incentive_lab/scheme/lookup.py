"""Measures by name: a scheme's own first, then the catalogue; and the unit a measure is in."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Literal

from incentive_lab.scheme.measures import CATALOGUE, COLUMNS, Expression, Measure

Unit = Literal["money", "count", "share", "number"]


def measure_named(name: str, own: Mapping[str, Measure]) -> Measure:
    """The measure of that name.

    Raises:
        KeyError: No measure has that name.

    Example:
        >>> measure_named("revenue", {}).date
        'closed_on'
    """
    return own[name] if name in own else CATALOGUE[name]


def _expression_unit(expression: Expression) -> Unit:
    units = {COLUMNS.get(c.split(".")[0], {}).get(c.split(".")[1], "number") for c in expression.columns()}
    for unit in ("money", "count", "share"):
        if unit in units:
            return unit
    return "number"


def unit_of(name: str, own: Mapping[str, Measure]) -> Unit:
    """The unit of a measure: money, count, share or number.

    Example:
        >>> unit_of("revenue", {}), unit_of("certification", {}), unit_of("win_rate", {})
        ('money', 'count', 'share')
    """
    measure = measure_named(name, own)
    if measure.unit is not None:
        return measure.unit
    if measure.of is not None:
        return _expression_unit(measure.of)
    if measure.plus:
        return unit_of(measure.plus[0], own)
    if measure.ratio is not None:
        return "number"
    return "number" if measure.is_level or measure.level is not None else "count"


def leaves_of(name: str, own: Mapping[str, Measure]) -> tuple[str, ...]:
    """The leaf measures that a measure is worked out from, itself if it is one.

    Example:
        >>> leaves_of("net_revenue", {})
        ('revenue', 'returns')
    """
    measure = measure_named(name, own)
    if measure.leaf:
        return (name,)
    parts = measure.ratio or (*measure.plus, *measure.minus)
    return tuple(dict.fromkeys(leaf for part in parts for leaf in leaves_of(part, own)))
