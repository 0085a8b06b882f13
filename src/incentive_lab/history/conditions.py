"""Filters on rows as Ibis expressions, exact in integers; no value fails all but `known: false` and `not`."""

from __future__ import annotations

import datetime
import math
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.history.quantities import Quantities, Ratio
from incentive_lab.scheme.measures import Condition

_SAFE = 2**8
"""Factors up to this keep a product of two money columns inside 64 bits (amounts stay below 2**53)."""


YES, NO = ("true", "yes", "y", "t", "1", "1.0"), ("false", "no", "n", "f", "0", "0.0")
"""How a further column may write what a condition asks for as true or false."""


def row_test(rows: Any, where: Mapping[str, Condition], quantities: Quantities) -> Any | None:
    """All conditions of a measure on one row, or None when there are none.

    Args:
        rows: Ibis table of canonical rows.
        where: Column -> condition.
        quantities: What each column of the table is.

    Raises:
        InputError: A column is unknown or a condition does not fit its column.
    """
    test = None
    for column, condition in where.items():
        for part in _tests(rows, column, condition, quantities):
            test = part if test is None else test & part
    return test


def _tests(rows: Any, column: str, condition: Condition, quantities: Quantities) -> list[Any]:
    if quantities.is_ratio(column):
        return _ratio_tests(quantities.ratio(rows, column), condition, column, quantities)
    kind = quantities.kind(column)
    if kind is None:
        message = f"there is no column {column} in {quantities.table}."
        raise InputError([Problem(f"where.{column}", message, did_you_mean(column, quantities.known()))])
    value = quantities.value(rows, column)
    if kind in ("money", "number", "whole"):
        return _number_tests(value, condition, column, quantities)
    return _plain_tests(value, kind, condition, column)


def _plain_tests(value: Any, kind: str, condition: Condition, column: str) -> list[Any]:
    def fit(given: object) -> Any:
        return _constant(given, kind, column)

    tests = _known(value, condition)
    if kind == "text" and isinstance(condition.is_, bool):
        tests.append(value.lower().isin(YES if condition.is_ else NO))
    elif condition.is_ is not None:
        tests.append(value == fit(condition.is_))
    if condition.in_ is not None:
        tests.append(value.isin([fit(given) for given in condition.in_]))
    if condition.not_ is not None:
        tests.append(value.isnull() | value.notin([fit(given) for given in condition.not_]))
    bounds = (condition.min, condition.max, condition.above, condition.below)
    if any(bound is not None for bound in bounds) and kind != "date":
        raise InputError(
            [Problem(f"where.{column}", f"{column} holds {kind}; min, max, above and below need a number or a date.")]
        )
    for bound, compare in zip(bounds, ("__ge__", "__le__", "__gt__", "__lt__"), strict=True):
        if bound is not None:
            tests.append(getattr(value, compare)(fit(bound)))
    return tests


def _constant(given: object, kind: str, column: str) -> Any:
    if kind == "boolean":
        answer = given if isinstance(given, bool) else {"true": True, "false": False}.get(str(given).lower())
        if answer is None:
            raise InputError([Problem(f"where.{column}", f"found {given!r}; allowed: true or false.")])
        return answer
    if kind == "date":
        try:
            return given if isinstance(given, datetime.date) else datetime.date.fromisoformat(str(given))
        except ValueError:
            raise InputError(
                [Problem(f"where.{column}", f"found {given!r}; allowed: a date such as 2013-05-31.")]
            ) from None
    return str(given)


def _known(value: Any, condition: Condition) -> list[Any]:
    if condition.known is None:
        return []
    return [value.notnull() if condition.known else value.isnull()]


def _number_tests(value: Any, condition: Condition, column: str, quantities: Quantities) -> list[Any]:
    def whole(given: object) -> Fraction:
        return quantities.constant(given, column)

    import ibis

    tests = _known(value, condition)
    never = ibis.literal(False)
    if condition.is_ is not None:
        exact = whole(int(condition.is_) if isinstance(condition.is_, bool) else condition.is_)
        tests.append(value == exact.numerator if exact.denominator == 1 else never)
    if condition.in_ is not None:
        tests.append(value.isin([int(whole(given)) for given in condition.in_ if whole(given).denominator == 1]))
    if condition.not_ is not None:
        listed = [int(whole(given)) for given in condition.not_ if whole(given).denominator == 1]
        tests.append(value.isnull() | value.notin(listed))
    if condition.min is not None:
        tests.append(value >= math.ceil(whole(condition.min)))
    if condition.max is not None:
        tests.append(value <= math.floor(whole(condition.max)))
    if condition.above is not None:
        tests.append(value > math.floor(whole(condition.above)))
    if condition.below is not None:
        tests.append(value < math.ceil(whole(condition.below)))
    return tests


def _ratio_tests(ratio: Ratio, condition: Condition, column: str, quantities: Quantities) -> list[Any]:
    usable = ratio.top.notnull() & ratio.bottom.notnull() & (ratio.bottom != 0)
    tests = [] if condition.known is None else [usable if condition.known else ~usable.fill_null(False)]
    bounds = {">=": condition.min, "<=": condition.max, ">": condition.above, "<": condition.below, "==": condition.is_}
    for sign, bound in bounds.items():
        if bound is not None:
            tests.append(usable & _compare(ratio, sign, quantities.constant(bound, column) / ratio.unit))
    for given, wanted in ((condition.in_, True), (condition.not_, False)):
        if given is not None:
            any_of = [_compare(ratio, "==", quantities.constant(item, column) / ratio.unit) for item in given]
            found = any_of[0]
            for other in any_of[1:]:
                found = found | other
            tests.append(usable & found if wanted else ~(usable & found).fill_null(False))
    return tests


def _compare(ratio: Ratio, sign: str, bound: Fraction) -> Any:
    """`top / bottom <sign> bound` by cross-multiplication; below zero the sign of the bottom turns the test round."""
    left, right = _times(ratio.top, bound.denominator), _times(ratio.bottom, bound.numerator)
    if sign == "==":
        return left == right
    normal, turned = {
        ">=": ("__ge__", "__le__"),
        "<=": ("__le__", "__ge__"),
        ">": ("__gt__", "__lt__"),
        "<": ("__lt__", "__gt__"),
    }[sign]
    up, down = getattr(left, normal)(right), getattr(left, turned)(right)
    return ((ratio.bottom > 0) & up) | ((ratio.bottom < 0) & down)


def _times(value: Any, factor: int) -> Any:
    import ibis

    if abs(factor) <= _SAFE:
        return value * factor
    return value.cast("decimal(38,0)") * ibis.literal(Decimal(factor), type="decimal(38,0)")
