"""A first look at files that somebody wants to use as a history: their tables, columns and first rows."""

from __future__ import annotations

import csv
import itertools
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from incentive_lab.errors import InputError, Problem
from incentive_lab.history.csvfiles import DELIMITED
from incentive_lab.history.encodings import Said, codec_of, encoding_of, refused, undecodable
from incentive_lab.history.ends import LEAST_COLUMNS, LOOKED_AT, beginning, delimiter_of, header_place
from incentive_lab.history.sources import Limits

SAMPLE = 200
"""First rows that are looked at, and rows from elsewhere in a file of lines."""
WHOLE_BYTES = 4_000_000
"""Files of lines up to this size are looked through; of larger ones parts are."""
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
        further: Rows from elsewhere in the file, its last ones too, where it has more.
    """

    table: str
    label: str
    columns: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]
    shown: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    further: tuple[tuple[str, ...], ...] = ()

    @property
    def looked_at(self) -> tuple[tuple[str, ...], ...]:
        """All rows that were looked at."""
        return (*self.rows, *self.further)

    def values(self, column: str) -> list[str]:
        """The different values of a column in the rows that were looked at, in the order they appear."""
        return self._values[column]

    @cached_property
    def _values(self) -> dict[str, list[str]]:
        rows = self.looked_at
        return {
            name: list(dict.fromkeys(row[place] for row in rows if row[place]))
            for place, name in reversed(list(enumerate(self.columns)))  # of columns of one name the first
        }


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
            lines = list(itertools.islice(stream, LOOKED_AT))
            found = beginning([first, *lines], delimiter_of(first))
            if file.suffix.lower() != ".csv" and len(found.names) < 2:
                return []  # a text that somebody wrote, such as a note beside the tables
            rest = itertools.islice(itertools.chain([first], lines, stream), found.lines, None)
            reader = csv.reader(rest, delimiter=found.delimiter)
            rows = list(itertools.islice(reader, SAMPLE + 1))
            more: list[list[str]] = []
            if file.stat().st_size <= WHOLE_BYTES:
                whole = list(reader)
                more = [*whole[: -SAMPLE : 1 + len(whole) // SAMPLE], *whole[-SAMPLE:]]
    except UnicodeDecodeError:
        raise InputError([refused(file) or undecodable(file, own or "utf-16", 1)]) from None
    if file.stat().st_size > WHOLE_BYTES and not codec.startswith("utf-16"):
        more = list(_elsewhere(file, codec, found.delimiter, len(found.names)))
    return _made(file.stem, file.name, rows, more)


def _elsewhere(file: Path, codec: str, delimiter: str, columns: int) -> Iterator[list[str]]:
    """Whole rows from parts of a large file of lines, its last ones too."""
    size, parts, part = file.stat().st_size, 10, 1 << 14
    with file.open("rb") as stream:
        for number in range(1, parts + 1):
            stream.seek(max(0, size * number // parts - part))
            lines = stream.read(part).decode(codec, errors="replace").splitlines()
            try:  # the first line begins in its middle, and the last of all but the last part ends there
                whole = lines[1 : None if number == parts else -1][-SAMPLE // 5 :]
                yield from (row for row in csv.reader(whole, delimiter=delimiter) if len(row) == columns)
            except csv.Error:
                continue


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
            if sheet.sheet_state == "veryHidden":  # written by a program for itself
                continue
            cells = list(cells_of(sheet, formats, SAMPLE + LOOKED_AT))
            cells = cells[header_place([row for row, _ in cells]) :]
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


def _made(table: str, label: str, rows: Sequence[Sequence[Any]], more: Sequence[Sequence[Any]] = ()) -> list[Preview]:
    if not rows:
        return []
    header = [_text(cell) for cell in rows[0]]
    named = [place for place, name in enumerate(header) if name]
    first, further = (
        tuple(_row(row, named) for row in part if any(_text(cell) for cell in row)) for part in (rows[1:], more)
    )
    if len(named) >= LEAST_COLUMNS:  # what stands below the rows is none of them
        first, further = (first, _whole(further)) if further else (_whole(first), further)
    return [Preview(table, label, tuple(header[place] for place in named), first, further=further)]


def _whole(rows: tuple[tuple[str, ...], ...]) -> tuple[tuple[str, ...], ...]:
    """Rows without those at the end that have one cell, unless all have."""
    last = next((place for place in range(len(rows), 0, -1) if sum(map(bool, rows[place - 1])) > 1), 0)
    return rows[:last] if last else rows


def _row(cells: Sequence[Any], named: Sequence[int]) -> tuple[str, ...]:
    return tuple(_text(cells[place]) if place < len(cells) else "" for place in named)


def _text(cell: Any) -> str:
    return "" if cell is None else str(cell)[:LONGEST_CELL].strip()
