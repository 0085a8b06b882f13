"""Arrays as Arrow columns: ids, dates, money and labels, without a loop over rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from incentive_lab.history.demo.plan import Bools, Floats, Ints

_ID_DIGITS = 6


def _padded(numbers: Ints, digits: int) -> pa.Array:
    return pc.utf8_lpad(pc.cast(pa.array(numbers), pa.string()), digits, "0")


def _masked(values: pa.Array, missing: Bools | None) -> pa.Array:
    if missing is None:
        return values
    return pc.if_else(pa.array(missing), pa.scalar(None, values.type), values)


def numbered(prefix: str, numbers: Ints, missing: Bools | None = None) -> pa.Array:
    """Ids such as P000001 from numbers counted from 0."""
    return _masked(pc.binary_join_element_wise(prefix, _padded(numbers + 1, _ID_DIGITS), ""), missing)


def numbered_within(
    prefix: str, numbers: Ints, places: Ints, digits: int = 4, missing: Bools | None = None
) -> pa.Array:
    """Ids such as D000001-0001 from a partner's number and a place within the partner, both counted from 0."""
    owner, place = _padded(numbers + 1, _ID_DIGITS), _padded(places + 1, digits)
    return _masked(pc.binary_join_element_wise(pc.binary_join_element_wise(prefix, owner, ""), place, "-"), missing)


def dates(days: Ints, missing: Bools | None = None) -> pa.Array:
    """Dates from days since 1970-01-01."""
    return pa.array(days.astype(np.int32), mask=missing).cast(pa.date32())


def money(cents: Ints, missing: Bools | None = None) -> pa.Array:
    """Amounts with two decimals from whole cents."""
    return pa.array(cents / 100.0, mask=missing)


def numbers(values: Floats | Ints, missing: Bools | None = None) -> pa.Array:
    """Plain numbers."""
    return pa.array(values, mask=missing)


def labels(values: Sequence[str | None]) -> pa.Array:
    """Text."""
    return pa.array(values, pa.string())


def pick(names: Sequence[str], places: Ints, missing: Bools | None = None) -> pa.Array:
    """Text chosen from a short list by place."""
    return pc.take(pa.array(names, pa.string()), pa.array(places, mask=missing))


def places_within(owner: Ints) -> Ints:
    """Place of each row within its owner, from 0; rows are sorted by owner."""
    if not len(owner):
        return np.zeros(0, np.int64)
    opening = np.flatnonzero(np.r_[True, owner[1:] != owner[:-1]])
    return np.arange(len(owner)) - np.repeat(opening, np.diff(np.r_[opening, len(owner)]))
