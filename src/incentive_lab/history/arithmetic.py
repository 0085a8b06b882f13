"""Row arithmetic of measures as Ibis expressions in whole units, rounded half-up once at the end."""

from __future__ import annotations

from decimal import Decimal
from fractions import Fraction
from functools import reduce
from operator import mul
from typing import Any

from incentive_lab.errors import InputError, Problem
from incentive_lab.history.quantities import Quantities
from incentive_lab.scheme.measures import Expression, Measure

_WIDE = "decimal(38,0)"


def unit_of(measure: Measure, quantities: Quantities) -> str:
    """The unit of an additive measure: the declared one, else money if any of its columns is money, else count."""
    if measure.unit:
        return measure.unit
    if measure.of is None:
        return "count"
    kinds = [quantities.kind(name.split(".", 1)[1]) for name in measure.of.columns()]
    return (
        "money" if "money" in kinds or any(name.endswith(".unit_price") for name in measure.of.columns()) else "number"
    )


def row_value(rows: Any, measure: Measure, quantities: Quantities) -> Any:
    """What one row adds to a measure: whole minor units of money, or whole millionths of anything else.

    Args:
        rows: Ibis table of canonical rows.
        measure: A leaf with `of`.
        quantities: What each column is.
    """
    assert measure.of is not None
    target = quantities.places if unit_of(measure, quantities) == "money" else 6
    value, places = _evaluate(rows, measure.of, quantities)
    return _rescaled(value, places, target)


def _evaluate(rows: Any, expression: Expression, quantities: Quantities) -> tuple[Any, int]:
    """An expression as (whole number, decimal places it carries)."""
    import ibis

    if expression.column is not None:
        column = expression.column.split(".", 1)[1]
        if quantities.is_ratio(column):
            ratio = quantities.ratio(rows, column)
            return _quotient(ratio.top, ratio.bottom, ratio.unit), 6
        places = quantities.places_of(column)
        return quantities.value(rows, column), places
    if expression.number is not None:
        places = max(0, -int(expression.number.as_tuple().exponent))
        return ibis.literal(int(expression.number.scaleb(places)), type="int64"), places
    parts = [_evaluate(rows, part, quantities) for part in expression.parts()]
    if expression.product is not None:
        return reduce(mul, (value.cast(_WIDE) for value, _ in parts)), sum(part_places for _, part_places in parts)
    places = max(part_places for _, part_places in parts)
    values = [_rescaled(value, part_places, places) for value, part_places in parts]
    if expression.difference is not None:
        return values[0] - values[1], places
    if expression.sum is not None:
        total = values[0]
        for value in values[1:]:
            total = total + value
        return total, places
    known = values[0].notnull()
    for value in values[1:]:
        known = known & value.notnull()
    pick = ibis.greatest(*values) if expression.largest is not None else ibis.least(*values)
    return ibis.ifelse(known, pick, ibis.null()), places


def _rescaled(value: Any, places: int, target: int) -> Any:
    if places == target:
        return value
    if places < target:
        return value.cast(_WIDE) * _number(Decimal(10) ** (target - places))
    return half_up(value.cast(_WIDE) * _number(Decimal(1).scaleb(target - places)))


def _number(value: Decimal) -> Any:
    import ibis

    places = max(0, -int(value.as_tuple().exponent))
    return ibis.literal(value, type=f"decimal(38,{places})")


def half_up(value: Any) -> Any:
    """A decimal expression as a whole number, half-way cases away from zero."""
    import ibis

    size = (value.abs() + _number(Decimal("0.5"))).floor().cast("int64")
    return ibis.ifelse(value < 0, -size, size)


def less_part(value: Any, part: Any, whole: Any) -> Any:
    """`value` less `value * part / whole`, that share rounded half-up.

    A float gives the share within one unit (values stay below 2**50), exact products bring it to the right one.
    """
    import ibis

    top = value.abs().cast(_WIDE) * part.abs().cast(_WIDE) * _number(Decimal(2)) + whole.abs().cast(_WIDE)
    bottom = whole.abs().nullif(0).cast(_WIDE) * _number(Decimal(2))
    near = value.abs().cast("float64") * part.abs().cast("float64") / whole.abs().nullif(0).cast("float64")
    size = near.round().cast("int64")
    over, under = top < bottom * size.cast(_WIDE), top >= bottom * (size + 1).cast(_WIDE)
    size = size - ibis.ifelse(over, 1, 0) + ibis.ifelse(under, 1, 0)  # PostgreSQL makes no bigint of a boolean
    sign = ibis.ifelse(((value < 0) == (part < 0)) == (whole < 0), -1, 1)
    return value - (size * sign).fill_null(0)


def _quotient(top: Any, bottom: Any, unit: Fraction) -> Any:
    """A ratio of two columns in whole millionths; the one place that divides, so it is a float rounded once."""
    if unit.denominator == 0:
        raise InputError([Problem("measure", "this ratio has no unit.")])
    scale = float(unit * 1_000_000)
    return (top.cast("float64") / bottom.nullif(0).cast("float64") * scale).round().cast("int64")
