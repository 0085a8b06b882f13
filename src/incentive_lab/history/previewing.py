"""A first look at files that somebody wants to use as a history: their tables, columns and first rows."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from incentive_lab.errors import InputError, Problem
from incentive_lab.history.csvfiles import DELIMITED, delimiter_of
from incentive_lab.history.encodings import Said, codec_of, encoding_of, refused, undecodable
from incentive_lab.history.sources import Limits

SAMPLE = 200
"""Rows that are looked at."""
LONGEST_CELL = 120
"""Letters of a cell that are kept."""


@dataclass(frozen=True)
class Preview:
    """One table of a file.

    Attributes:
        table: Its name as a mapping says it: the file's stem, or the sheet.
        label: What a person calls it.
        columns: Its header; a column without a name is passed over.
        rows: First rows as text, at most `SAMPLE`; an empty cell is ''.
        shown: Column -> the currencies that the formats of its cells show.
    """

    table: str
    label: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    shown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)

    def values(self, column: str) -> list[str]:
        """The different values of a column in the first rows, in the order they appear."""
        place = self.columns.index(column)
        return list(dict.fromkeys(row[place] for row in self.rows if row[place]))


def previews(path: Path, limits: Limits | None = None, said: Said = None) -> tuple[list[Preview], list[Problem]]:
    """The tables of a folder or workbook, and what cannot be looked at.

    Args:
        path: Of the folder or workbook.
        limits: How much is looked at.
        said: The encoding of CSV files that are not UTF-8.

    Example:
        >>> previews(Path("nowhere"))
        ([], [])
    """
    limits = limits or Limits()
    found: list[Preview] = []
    problems: list[Problem] = []
    files = [path] if path.is_file() else sorted(path.iterdir()) if path.is_dir() else []
    for file in files:
        read = {**dict.fromkeys(DELIMITED, _lines), ".parquet": _parquet, ".xlsx": _workbook}.get(file.suffix.lower())
        if read is None:
            continue
        try:
            found += read(file, limits, said)
        except InputError as error:
            problems += error.problems
        except Exception:  # each library has its own exceptions for files that are not what their name says
            problems.append(Problem(file.name, f"this is not a readable {file.suffix.lower()[1:]} file."))
    return found, problems


def _lines(file: Path, limits: Limits, said: Said) -> list[Preview]:
    own = encoding_of(said, file.stem)
    codec = codec_of(file, own)
    try:
        with file.open(encoding=codec, newline="") as stream:
            if not (first := stream.readline()).strip():
                return []
            lines = itertools.chain([first], stream)
            if file.suffix.lower() != ".csv" and delimiter_of(first) not in first:
                return []  # a text that somebody wrote, such as a note beside the tables
            rows = list(itertools.islice(csv.reader(lines, delimiter=delimiter_of(first)), SAMPLE + 1))
    except UnicodeDecodeError:
        raise InputError([refused(file) or undecodable(file, own or "utf-16", 1)]) from None
    return _made(file.stem, file.name, rows)


def _parquet(file: Path, limits: Limits, said: Said) -> list[Preview]:
    import pyarrow.parquet as parquet

    source = parquet.ParquetFile(file)
    if source.metadata.num_rows > limits.rows:
        message = f"it has {source.metadata.num_rows:,} rows; at most {limits.rows:,} are read."
        raise InputError([Problem(file.name, message)])
    names = list(source.schema_arrow.names)
    batch = next(source.iter_batches(batch_size=SAMPLE), None)
    rows = [[row[name] for name in names] for row in batch.to_pylist()] if batch is not None else []
    return _made(file.stem, file.name, [names, *rows])


def _workbook(file: Path, limits: Limits, said: Said) -> list[Preview]:
    import openpyxl

    from incentive_lab.history.cell_formats import shown_currencies
    from incentive_lab.history.workbook import cells_of, check_size

    check_size(file, limits)
    book = openpyxl.load_workbook(file, read_only=True, data_only=True)
    try:
        formats, found = shown_currencies(file, book), []
        for sheet in book.worksheets:
            cells = list(cells_of(sheet, formats, SAMPLE + 1))
            made = _made(sheet.title, f"{file.name} sheet {sheet.title}", [list(row) for row, _ in cells])
            found += [replace(one, shown=_shown(cells)) for one in made]
        return found
    finally:
        book.close()


def _shown(cells: Sequence[tuple[Sequence[Any], Sequence[str]]]) -> dict[str, tuple[str, ...]]:
    """Column -> the currencies that its cells are shown in, in the order they appear."""
    found: dict[str, dict[str, None]] = {}
    header = [_text(cell) for cell in cells[0][0]] if cells else []
    for _, currencies in cells[1:]:
        for name, currency in zip(header, currencies, strict=False):
            if name and currency:
                found.setdefault(name, {})[currency] = None
    return {name: tuple(marks) for name, marks in found.items()}


def _made(table: str, label: str, rows: Sequence[Sequence[Any]]) -> list[Preview]:
    if not rows:
        return []
    header = [_text(cell) for cell in rows[0]]
    named = [place for place, name in enumerate(header) if name]
    told = tuple(_row(row, named) for row in rows[1:] if any(_text(cell) for cell in row))
    return [Preview(table, label, tuple(header[place] for place in named), told)]


def _row(cells: Sequence[Any], named: Sequence[int]) -> tuple[str, ...]:
    return tuple(_text(cells[place]) if place < len(cells) else "" for place in named)


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell)[:LONGEST_CELL].strip()
