"""Rows as arrays: ordered and added up as plain Python does it."""

from __future__ import annotations

import datetime
from itertools import groupby

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from incentive_lab.history.arrays import days, numbers, ordered, plain, stacked, summed, there

ROWS = st.lists(
    st.tuples(st.integers(0, 2), st.integers(0, 2), st.sampled_from(["", "a", "B", "ä"]), st.sampled_from(["1", "10", "2"]),
              st.integers(-5, 5)),
    max_size=25,
)  # fmt: skip


def columns(rows: list[tuple[int, int, str, str, int]]) -> dict[str, np.ndarray]:  # type: ignore[type-arg]
    kinds = {"p": np.int64, "d": np.int64, "i": object, "l": object, "n": np.float64}
    return {name: np.array([row[at] for row in rows], dtype=kind) for at, (name, kind) in enumerate(kinds.items())}


@given(ROWS)
def test_rows_are_ordered_and_added_up_as_python_does_it(rows: list[tuple[int, int, str, str, int]]) -> None:
    order = ordered(columns(rows), ["p", "d"], ["i", "l"])
    # Rows that are the same in all columns of the order stay in theirs.
    assert [rows[at] for at in order] == sorted(rows, key=lambda row: row[:4])
    whole = summed(columns([rows[at] for at in order]), ["p", "d", "i", "l"], ["n"])
    expected = [(key, sum(row[4] for row in same)) for key, same in groupby(sorted(rows), key=lambda row: row[:4])]
    assert list(zip(*(whole[name].tolist() for name in "pdil"), strict=True)) == [key for key, _ in expected]
    assert whole["n"].tolist() == [amount for _, amount in expected]


def test_what_is_not_there_is_told_by_kind() -> None:
    masked = {
        "number": np.ma.array([1, 2], mask=[True, False]),
        "date": np.ma.array(np.array(["2024-01-02", "2024-01-03"], dtype="datetime64[us]"), mask=[False, True]),
        "text": np.ma.array(np.array(["a", "b"], dtype=object), mask=[True, False]),
        "flag": np.ma.array([True, False], mask=[False, True]),
    }
    found = plain(masked)
    assert [there(found[name]).tolist() for name in found] == [
        [False, True],
        [True, False],
        [False, True],
        [True, False],
    ]
    assert found["text"][0] is None
    assert found["flag"].tolist() == [True, None]
    assert numbers(found["number"]).tolist() == [0.0, 2.0]
    of_days = days(np.array([datetime.date(2024, 1, 2), None], dtype=object))
    assert of_days.tolist() == [datetime.date(2024, 1, 2), None]
    assert days(found["date"])[0] == of_days[0]


def test_nothing_under_nothing_is_nothing() -> None:
    empty = stacked([], ["k"], ["a"])
    assert {name: len(values) for name, values in empty.items()} == {"k": 0, "a": 0}
    assert len(ordered(empty, ["k"], [])) == 0
    assert len(summed(empty, ["k"], ["a"])["a"]) == 0
