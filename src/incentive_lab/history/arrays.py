"""Rows of a query as arrays, a column each: what a store gives to those who lay them out."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from typing import Any

import numpy as np

from incentive_lab.panel import Floats

Columns = dict[str, Any]
"""Name -> array. A value that is not there is NaN among numbers, NaT among dates and None among the rest."""


def plain(found: Mapping[str, Any]) -> Columns:
    """Arrays of which some are masked, as DuckDB gives them, without their masks.

    Example:
        >>> plain({"a": np.ma.array([1, 2], mask=[False, True]), "b": np.array([3])})
        {'a': array([ 1., nan]), 'b': array([3])}
    """
    return {
        name: _unmasked(values) if isinstance(values, np.ma.MaskedArray) else values for name, values in found.items()
    }


def _unmasked(values: Any) -> Any:
    if values.dtype.kind == "M":
        return values.filled(np.datetime64("NaT"))
    if values.dtype.kind in "iuf":
        return values.astype(np.float64).filled(np.nan)
    found = values.data.astype(object)  # `filled` takes None for its own word
    found[np.ma.getmaskarray(values)] = None
    return found


def numbers(values: Any) -> Floats:
    """Numbers of any kind, what is not there as 0.

    Example:
        >>> numbers(np.array([1, None, 2], dtype=object))
        array([1., 0., 2.])
    """
    found = np.asarray(values)
    if found.dtype == object:
        found = np.array([np.nan if value is None else float(value) for value in found], dtype=np.float64)
    return np.nan_to_num(found.astype(np.float64))


def days(values: Any) -> np.ndarray[tuple[int, ...], np.dtype[np.datetime64]]:
    """Dates of any kind as days."""
    return np.asarray(values, dtype="datetime64[D]")


def there(values: Any) -> np.ndarray[tuple[int, ...], np.dtype[np.bool_]]:
    """Which values are there.

    Example:
        >>> there(np.array([1.0, np.nan])), there(np.array(["a", None]))
        (array([ True, False]), array([ True, False]))
    """
    found = np.asarray(values)
    same = found == found  # neither NaN nor NaT is
    return np.asarray(same & (found != np.array(None)) if found.dtype == object else same, dtype=np.bool_)


def cut(columns: Mapping[str, Any], keep: Any) -> Columns:
    """The rows that `keep` chooses, in its order."""
    return {name: values[keep] for name, values in columns.items()}


def stacked(parts: Sequence[Mapping[str, Any]], keys: Collection[str], amounts: Collection[str]) -> Columns:
    """Rows under each other; an amount that a part does not have is 0 in its rows.

    Example:
        >>> stacked([{"k": np.array([1]), "a": np.array([2.0])}, {"k": np.array([3])}], ["k"], ["a"])
        {'k': array([1, 3]), 'a': array([2., 0.])}
    """
    if not parts:
        return {name: np.zeros(0) for name in (*keys, *amounts)}
    whole = {name: np.concatenate([part[name] for part in parts]) for name in keys}
    first = next(iter(keys))
    return whole | {
        name: np.concatenate([part.get(name, np.zeros(len(part[first]))) for part in parts]) for name in amounts
    }


def ordered(columns: Mapping[str, Any], wholes: Sequence[str], texts: Sequence[str]) -> Any:
    """The order of rows by columns of whole numbers, then by columns of text.

    A store that gave the rows by their texts has done most of it; only rows with the same numbers are compared by text.

    Example:
        >>> rows = {"n": np.array([1, 1, 0]), "t": np.array(["b", "a", "c"], dtype=object)}
        >>> ordered(rows, ["n"], ["t"]).tolist()
        [2, 1, 0]
    """
    order = np.lexsort([columns[name] for name in reversed(wholes)])
    tied = np.ones(max(0, len(order) - 1), dtype=np.bool_)
    for name in wholes:
        tied &= columns[name][order[1:]] == columns[name][order[:-1]]
    pairs = np.flatnonzero(tied)
    if not len(pairs) or not _against(columns, texts, order[pairs], order[pairs + 1]).any():
        return order
    rows = np.union1d(pairs, pairs + 1)
    run = np.cumsum(~np.concatenate([[False], tied]))[rows]
    keys = list(
        zip(run.tolist(), *(columns[name][order[rows]].tolist() for name in texts), order[rows].tolist(), strict=True)
    )
    order[rows] = [key[-1] for key in sorted(keys)]
    return order


def _against(columns: Mapping[str, Any], texts: Sequence[str], one: Any, other: Any) -> Any:
    """Whether a row comes after the one that follows it."""
    after, same = np.zeros(len(one), dtype=np.bool_), np.ones(len(one), dtype=np.bool_)
    for name in texts:
        a, b = columns[name][one], columns[name][other]
        after |= same & (a > b).astype(np.bool_)
        same &= (a == b).astype(np.bool_)
    return after


def summed(columns: Mapping[str, Any], keys: Collection[str], amounts: Collection[str]) -> Columns:
    """Rows that follow each other with the same keys as one, amounts added up; other columns are those of the first.

    Example:
        >>> summed({"k": np.array([1, 1, 2]), "a": np.array([2.0, 3.0, 4.0])}, ["k"], ["a"])
        {'k': array([1, 2]), 'a': array([5., 4.])}
    """
    many = len(columns[next(iter(keys))])
    new = np.zeros(many, dtype=np.bool_)
    new[:1] = True
    for name in keys:
        new[1:] |= (columns[name][1:] != columns[name][:-1]).astype(np.bool_)
    if new.all():
        return dict(columns)
    first = np.flatnonzero(new)
    return {
        name: np.add.reduceat(values, first) if name in amounts else values[first] for name, values in columns.items()
    }
