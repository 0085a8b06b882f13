"""A CSV file as columns of text and numbers, every wrong value named by its line."""

from __future__ import annotations

import csv
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.panel import Floats
from incentive_lab.pilot.drawing import Codes

Text = NDArray[np.object_]
LARGEST = 500_000_000
"""Bytes of a file."""


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
        found = self.text(column, where)
        values = np.full(len(found), np.nan)
        bad = []
        for row, text in enumerate(found):
            if text in self.missing:
                continue
            try:
                values[row] = float(text)
            except ValueError:
                bad.append((row + 2, text))
        if bad:
            shown = ", ".join(f"'{text[:20]}' in line {line}" for line, text in bad[:3])
            more = f" and {len(bad) - 3} more" if len(bad) > 3 else ""
            raise InputError([Problem(f"{self.name}, column {column}", f"found {shown}{more}; allowed are numbers.",
                                      "Correct them, or name them under data.missing.")])  # fmt: skip
        return values

    def is_number(self, column: str) -> bool:
        """Whether every value that is there reads as a number."""
        try:
            self.numbers(column, column)
        except InputError:
            return False
        return True


def read_table(path: Path, missing: tuple[str, ...]) -> Table:
    """Read a CSV file.

    Raises:
        InputError: It is missing, is not UTF-8, has no rows, or rows of another length than its header.
    """
    if not path.is_file():
        raise InputError([Problem(str(path), "There is no such file.", "The path is relative to the pilot document.")])
    if path.stat().st_size > LARGEST:
        raise InputError([Problem(str(path), "the file is larger than 500 MB.", "Leave out columns and rows.")])
    try:
        with path.open(encoding="utf-8-sig", newline="") as stream:
            rows = list(csv.reader(stream))
    except UnicodeDecodeError:
        raise InputError([Problem(str(path), "the file is not UTF-8.", "Save it as UTF-8.")]) from None
    except csv.Error as error:
        raise InputError([Problem(str(path), f"the file cannot be read as CSV: {error}.")]) from None
    rows = [row for row in rows if row]
    if len(rows) < 2:
        raise InputError([Problem(str(path), "the file has a header at most.", "At least one row is needed.")])
    head = [name.strip() for name in rows[0]]
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


def covariates(table: Table, names: Iterable[str], kept: Codes) -> tuple[Floats, tuple[str, ...]]:
    """Covariates as columns: numbers as they are (missing: the mean, and a mark), text as one column for each value."""
    columns, labels = [], []
    for name in names:
        text = table.text(name, "analysis.covariates")[kept]
        if table.is_number(name):
            values = table.numbers(name, "analysis.covariates")[kept]
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
