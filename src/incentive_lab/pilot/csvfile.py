"""A CSV file as columns of text and numbers, every wrong value named by its line."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.panel import Floats
from incentive_lab.pilot.drawing import Codes

Text = NDArray[np.object_]
LARGEST = 500_000_000
"""Bytes of a file."""
FAST = 2_000_000
"""Bytes above which a file is read by columns."""
LARGEST_NUMBER = 1e100
"""Beyond it squares overflow."""


@dataclass(frozen=True, eq=False)
class Table:
    """A CSV file as columns of text.

    Attributes:
        name: Of the file.
        columns: Column -> text, object [rows].
        missing: Texts that stand for no value.
    """

    name: str
    columns: Mapping[str, Text]
    missing: tuple[str, ...]

    def text(self, column: str, where: str) -> Text:
        """A column as text.

        Raises:
            InputError: It is not there.
        """
        if column not in self.columns:
            raise InputError([Problem(where, f"{self.name} has no column '{column}'.",
                                      did_you_mean(column, self.columns))])  # fmt: skip
        return self.columns[column]

    def numbers(self, column: str, where: str) -> Floats:
        """A column as numbers, nan where missing.

        Raises:
            InputError: It is not there, or holds text; with the first rows that do.
        """
        if isinstance(self.columns, _Columns) and column in self.columns:
            read = self.columns.numbers(column, self.missing)
            if read is not None:
                return read
        found = self.text(column, where)
        import pandas as pd

        series = pd.Series(found, dtype=object)
        left = ~series.isin(self.missing)
        values = np.full(len(found), np.nan)
        values[left] = pd.to_numeric(series[left], errors="coerce").to_numpy(dtype=np.float64)
        open_ones = np.flatnonzero(left.to_numpy() & ~(np.abs(values) <= LARGEST_NUMBER))
        bad = []
        for row in open_ones.tolist():
            try:
                values[row] = float(found[row])  # what only Python reads, such as 1_000
            except ValueError:
                bad.append((row + 2, found[row]))
            if not abs(values[row]) <= LARGEST_NUMBER and (row + 2, found[row]) not in bad[-1:]:
                bad.append((row + 2, found[row]))
        if bad:
            shown = ", ".join(f"'{text[:20]}' in line {line}" for line, text in bad[:3])
            more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
            said = f"found {shown}{more}; allowed are numbers up to {LARGEST_NUMBER:g}."
            raise InputError([Problem(f"{self.name}, column {column}", said, _how_to_write(bad[0][1]))])
        return values

    def is_number(self, column: str) -> bool:
        """Whether every value that is there reads as a number."""
        try:
            self.numbers(column, column)
        except InputError:
            return False
        return True


def _how_to_write(text: str) -> str:
    """What to do about a value that is no number: how it is written if it is an amount, else how to call it missing."""
    bare = text.strip().strip("$\u20ac\u00a3\u00a5%").strip()
    for thousands, point in ((",", "."), (".", ","), ("'", "."), (" ", ","), ("\u00a0", ",")):
        plain = bare.replace(thousands, "").replace(point, ".")
        if plain.replace(".", "", 1).removeprefix("-").isdigit():
            return "Numbers have a point and neither grouping, currency nor percent sign, such as 27401.25."
    return "Correct them, or name them under data.missing."


def read_table(path: Path, missing: tuple[str, ...]) -> Table:
    """Read a CSV file.

    Raises:
        InputError: It is missing, is not UTF-8, has no rows, or rows of another length than its header.
    """
    if not path.is_file():
        raise InputError([Problem(str(path), "There is no such file.", "The path is relative to the pilot document.")])
    if path.stat().st_size > LARGEST:
        raise InputError([Problem(str(path), "the file is larger than 500 MB.", "Leave out columns and rows.")])
    if path.stat().st_size > FAST:
        fast = _read_fast(path, missing)
        if fast is not None:
            return fast
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream))
    except UnicodeDecodeError:
        raise InputError([_not_text(path)]) from None
    except csv.Error as error:
        raise InputError([Problem(str(path), f"the file cannot be read as CSV: {error}.")]) from None
    rows = [row for row in rows if row]
    if len(rows) < 2:
        raise InputError([Problem(str(path), "the file has a header at most.", "At least one row is needed.")])
    head = [name.strip() for name in rows[0]]
    other = _separator(head)
    if other:
        raise InputError([Problem(f"{path.name}, line 1", f"its columns are separated by {other}.",
                                  "Save it with commas between columns, and a point in numbers.")])  # fmt: skip
    twice = sorted({name for name in head if head.count(name) > 1})
    short = [line for line, row in enumerate(rows[1:], 2) if len(row) != len(head)]
    problems = []
    if twice:
        problems.append(Problem(f"{path.name}, line 1", f"the column {', '.join(twice)} is there twice."))
    if short:
        problems.append(Problem(f"{path.name}, line {short[0]}", f"found {len(rows[short[0] - 1])} values, the header has "
                                f"{len(head)}."))  # fmt: skip
    if problems:
        raise InputError(problems)
    body = np.array(rows[1:], dtype=object)
    return Table(path.name, {name: np.array([text.strip() for text in body[:, place]], dtype=object)
                             for place, name in enumerate(head)}, missing)  # fmt: skip


def _separator(head: list[str]) -> str:
    """What separates the columns of a header instead of commas; empty when they do."""
    signs = {";": "semicolons", "\t": "tabs"}
    return next((name for sign, name in signs.items() if len(head) == 1 and sign in head[0]), "")


def _not_text(path: Path) -> Problem:
    """Why a file is no UTF-8 text, and what to save it as."""
    with path.open("rb") as stream:
        begin = stream.read(4)
    if begin in (b"PK\x03\x04", b"\xd0\xcf\x11\xe0"):
        return Problem(str(path), "this is a workbook, not a CSV file.", "Save its sheet as CSV UTF-8.")
    return Problem(str(path), "the file is not UTF-8.", "Save it as UTF-8 (Excel calls it CSV UTF-8).")


def _read_fast(path: Path, missing: tuple[str, ...]) -> Table | None:
    """A large file by the column reader of Arrow; None where it stumbles, so that the slow reader can say over what."""
    import pyarrow as pa
    from pyarrow import compute
    from pyarrow import csv as columns

    with path.open(encoding="utf-8-sig", errors="replace", newline="") as stream:
        head = [name.strip() for name in next(csv.reader([stream.readline()]))]
    if len(set(head)) < len(head) or _separator(head):
        return None
    try:
        read = columns.read_csv(
            path, read_options=columns.ReadOptions(column_names=head, skip_rows=1),
            convert_options=columns.ConvertOptions(column_types=dict.fromkeys(head, pa.string()), strings_can_be_null=False),
        )  # fmt: skip
    except pa.ArrowInvalid:
        return None
    if not read.num_rows:
        return None
    return Table(path.name, _Columns({name: compute.utf8_trim_whitespace(read.column(name)) for name in head}), missing)


class _Columns(Mapping[str, Text]):
    """Columns of Arrow, each turned into text when it is asked for."""

    def __init__(self, arrow: Mapping[str, Any]) -> None:
        self.arrow, self._known = arrow, dict[str, Text]()

    def __getitem__(self, name: str) -> Text:
        if name not in self._known:
            told = self.arrow[name].combine_chunks().dictionary_encode()
            self._known[name] = np.array(told.dictionary.to_pylist(), dtype=object)[told.indices.to_numpy()]
        return self._known[name]

    def __contains__(self, name: object) -> bool:
        return name in self.arrow  # To ask whether it is there makes no text of it.

    def __iter__(self) -> Iterator[str]:
        return iter(self.arrow)

    def __len__(self) -> int:
        return len(self.arrow)

    def numbers(self, name: str, missing: tuple[str, ...]) -> Floats | None:
        """A column as numbers; None where a value is none."""
        import pyarrow as pa
        from pyarrow import compute

        column = self.arrow[name]
        given = compute.if_else(compute.is_in(column, pa.array(missing)), None, column)
        try:
            values = compute.cast(given, pa.float64()).to_numpy()
        except pa.ArrowInvalid:
            return None
        fine = (np.abs(values) <= LARGEST_NUMBER) | np.asarray(compute.is_null(given))
        return np.asarray(values, dtype=np.float64) if fine.all() else None


def distinct(text: Text) -> tuple[list[str], Codes]:
    """The different values of a column in the order of their first row, and the place of each row's: int64 [rows].

    Example:
        >>> distinct(np.array(["b", "a", "b"], dtype=object))[1].tolist()
        [0, 1, 0]
    """
    import pandas as pd

    codes, values = pd.factorize(np.asarray(text, dtype=object))
    return [str(one) for one in values], np.asarray(codes, dtype=np.int64)


def covariates(
    table: Table, names: Iterable[str], kept: Codes, instead: Mapping[str, Floats] | None = None
) -> tuple[Floats, tuple[str, ...]]:
    """Covariates as columns: numbers as they are (missing: the mean, and a mark), text as one column for each value.

    Args:
        table: The file.
        names: Of its columns.
        kept: Rows, int64 [n].
        instead: Values to take for some of them, float64 [n] each.
    """
    columns, labels, other = [], [], instead or {}
    for name in names:
        text = table.text(name, "analysis.covariates")[kept]
        if table.is_number(name):
            values = other[name] if name in other else table.numbers(name, "analysis.covariates")[kept]
            none = ~np.isfinite(values)
            columns.append(np.where(none, values[~none].mean() if (~none).any() else 0.0, values))
            labels.append(name)
            if none.any():
                columns.append(none.astype(np.float64))
                labels.append(f"{name} missing")
        else:
            for value in sorted(set(text))[1:]:
                columns.append((text == value).astype(np.float64))
                labels.append(f"{name} {value}")
    return (np.column_stack(columns) if columns else np.zeros((len(kept), 0))), tuple(labels)
