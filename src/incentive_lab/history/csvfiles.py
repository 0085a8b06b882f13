"""CSV files: encoding, delimiter and shape are checked before a value is read; every cell is read as text."""

from __future__ import annotations

import csv
import io
import shutil
import tempfile
from collections.abc import Iterable
from pathlib import Path

from incentive_lab.errors import InputError, Problem
from incentive_lab.history.encodings import SAVE, Encoding, as_utf8, refused
from incentive_lab.history.ends import (
    LEAST_COLUMNS,
    Beginning,
    beginning,
    delimiter_of,
    ending,
    footer,
    not_read,
    words_of,
)
from incentive_lab.history.store import BESIDE, DuckStore, Raw, listed, literal, quoted

DELIMITED = (".csv", ".tsv", ".txt")
"""How files of lines end: Excel's Unicode text is .txt, with tabs and in UTF-16."""
MOST_COLUMNS = 2_000
"""Each column takes the engine memory of its own, however few rows there are."""
SHOWN = 20
"""Rows of one kind of problem that are named one by one."""

RESERVED = {**dict.fromkeys(("rowid", "file_row_number", "_row"), "Rows are numbered"), BESIDE: "Currencies are kept"}
"""Name of a column that the engine and the tables need themselves -> what for."""

_SAVE = f"{SAVE}."


def read_csv(
    store: DuckStore, name: str, file: Path, cell_bytes: int, most_rows: int, problems: list[Problem],
    said: Encoding | None = None,
) -> Raw | None:  # fmt: skip
    """One CSV file as a raw table of text, or None with its problems noted.

    Args:
        store: Receives the table.
        name: It is read as.
        file: In UTF-8, or in UTF-16 with its mark, or in the encoding that is said.
        cell_bytes, most_rows: How long a line is, and how many are read.
        problems: Receives what is wrong.
        said: The encoding of a file that is not UTF-8.
    """
    try:
        with as_utf8(file, said) as plain:
            return _read(store, name, plain, cell_bytes, most_rows, problems)
    except InputError as error:
        problems.extend(error.problems)
        return None


def _read(
    store: DuckStore, name: str, file: Path, cell_bytes: int, most_rows: int, problems: list[Problem],
    below: tuple[str, ...] = (),
) -> Raw | None:  # fmt: skip
    """A file in UTF-8; `below` is what stood at its end and was left out."""
    header = _header(file, cell_bytes, problems)
    if header is None:
        return None
    names = list(header.names)
    row = _row_with_nul(file)
    if row is not None:
        problems.append(
            Problem(f"{file.name} row {row}", "it holds the character U+0000, so this is not plain text.", _SAVE)
        )
        return None
    relation = f"raw.{quoted(name)}"
    scan = _scan(file, header, cell_bytes, rejects=False)
    try:
        store.execute(f"CREATE TABLE {relation} AS SELECT * FROM {scan} LIMIT {most_rows + 1}")
    except Exception as error:  # DuckDB has one exception type per stage
        if "invalid state" in str(error) and _mixed_ends(file):
            with tempfile.TemporaryDirectory() as folder:
                return _read(store, name, _with_one_end(file, Path(folder)), cell_bytes, most_rows, problems)
        ends = footer(file, len(names), header.delimiter)
        if ends is not None:
            with tempfile.TemporaryDirectory() as folder:
                copy = _up_to(file, ends[0], Path(folder))
                return _read(store, name, copy, cell_bytes, most_rows, problems, ends[1])
        problems.extend(_explain(store, file, header, cell_bytes, error))
        return None
    below = below or _without_ends(store, relation, names)
    if not _without_nameless(store, file.name, relation, names, header.lines, problems):
        return None
    rows = int(store.rows(f"SELECT count(*) FROM {relation}")[0][0])
    if rows > most_rows:
        problems.append(
            Problem(file.name, f"it has more than {most_rows:,} rows.", "Raise the limit if this is right.")
        )
        return None
    columns = dict.fromkeys(filter(None, names), "VARCHAR")
    notes = not_read(file.name, header.above, below)
    return Raw(name, file.name, relation, columns, f"rowid + {2 + header.lines}", rows, notes=notes)


def _up_to(file: Path, size: int, folder: Path) -> Path:
    """A copy of the same name of the first bytes of a file."""
    copy = folder / file.name
    with file.open("rb") as source, copy.open("wb") as target:
        while size > 0 and (chunk := source.read(min(size, 1 << 24))):
            target.write(chunk)
            size -= len(chunk)
    return copy


def _without_ends(store: DuckStore, relation: str, names: list[str]) -> tuple[str, ...]:
    """Leave out the rows at the end of a table that have one cell or none; the words of those that have one."""
    if len(names) < LEAST_COLUMNS:
        return ()
    columns = [quoted(column) for column in _in_engine(names)]
    held = " + ".join(f"(coalesce(trim({column}), '') <> '')::INT" for column in columns)
    end = f"SELECT {held} FROM {relation} ORDER BY rowid DESC LIMIT 1"
    if all(int(count) > 1 for (count,) in store.rows(end)):
        return ()
    last = store.rows(f"SELECT max(rowid) FROM {relation} WHERE {held} > 1")[0][0]
    if last is None:
        return ()
    found = store.rows(f"SELECT {listed(columns)}, rowid FROM {relation} WHERE rowid > {last} ORDER BY rowid")
    none = found[len(found) - ending([row[:-1] for row in found]) :]
    if none:
        store.execute(f"DELETE FROM {relation} WHERE rowid >= {none[0][-1]}")
    return words_of(row[:-1] for row in none)


def _mixed_ends(file: Path) -> bool:
    """Whether carriage returns stand in a file; the engine stops where its lines do not all end the same way."""
    with file.open("rb") as stream:
        return any(b"\r" in chunk for chunk in iter(lambda: stream.read(1 << 24), b""))


def _with_one_end(file: Path, folder: Path) -> Path:
    """A copy of the same name in which every line ends with a line feed."""
    copy = folder / file.name
    with (
        file.open(encoding="utf-8", errors="surrogateescape", newline=None) as source,
        copy.open("w", encoding="utf-8", errors="surrogateescape", newline="\n") as target,
    ):
        shutil.copyfileobj(source, target, 1 << 24)
    return copy


def _in_engine(names: list[str]) -> list[str]:
    """The names columns have in the engine: those without one are called by their place."""
    return [name or f"nameless column {place}" for place, name in enumerate(names, 1)]


def _without_nameless(
    store: DuckStore, label: str, relation: str, names: list[str], above: int, problems: list[Problem]
) -> bool:
    """Leave out the columns with neither a name nor a value; False with those that hold values noted."""
    before = len(problems)
    for place, (name, column) in enumerate(zip(names, map(quoted, _in_engine(names)), strict=True), 1):
        if name:
            continue
        full = (
            f"SELECT rowid + {2 + above}, trim({column}) FROM {relation} WHERE trim({column}) <> '' ORDER BY 1 LIMIT 1"
        )
        for row, value in store.rows(full):
            problems.append(nameless(label, place, row, value, 1 + above))
        store.execute(f"ALTER TABLE {relation} DROP COLUMN {column}")
    return len(problems) == before


def nameless(label: str, place: int, row: int, value: str, header: int = 1) -> Problem:
    """The problem of a column that holds values and has no name.

    Example:
        >>> print(nameless("deals.csv", 9, 12, "yes"))
        deals.csv row 1: column 9 has no name, and row 12 holds 'yes' there. Name it in row 1, or delete the column.
    """
    message = f"column {place} has no name, and row {row:,} holds {value[:60]!r} there."
    return Problem(f"{label} row {header}", message, f"Name it in row {header}, or delete the column.")


def _header(file: Path, cell_bytes: int, problems: list[Problem]) -> Beginning | None:
    with file.open("rb") as stream:
        start = stream.read(cell_bytes + 1)
    if not start.strip():
        problems.append(Problem(file.name, "the file is empty.", "Its first row must name the columns."))
        return None
    problem = refused(file)
    if problem is not None:
        problems.append(problem)
        return None
    text = start.decode("utf-8-sig", errors="replace")
    if "\n" not in text and "\r" in text:
        message = "its lines end with a carriage return alone, as on old Macintosh computers."
        problems.append(Problem(file.name, message, _SAVE))
        return None
    lines = io.StringIO(text, newline=None)
    try:
        found = beginning(lines, delimiter_of(text.splitlines()[0]))
    except csv.Error as error:
        problems.append(Problem(f"{file.name} row 1", f"it cannot be read as CSV: {error}."))
        return None
    unusable = header_problems(f"{file.name} row {1 + found.lines}", found.names)
    problems.extend(unusable)
    return None if unusable else found


def _row_with_nul(file: Path) -> int | None:
    """The first line with a zero byte, which no text has; None where there is none."""
    before = 0
    with file.open("rb") as stream:
        while chunk := stream.read(1 << 24):
            place = chunk.find(b"\x00")
            if place >= 0:
                return before + chunk.count(b"\n", 0, place) + 1
            before += chunk.count(b"\n")
    return None


def header_problems(label: str, names: Iterable[str]) -> list[Problem]:
    """What is wrong with column names: one that is there twice, whatever its capitals, or one kept for row numbers.

    Example:
        >>> [problem.message for problem in header_problems("deals.csv", ["amount", "Amount", "rowid"])]
        ['the column amount is there twice.', 'a column cannot be called rowid.']
    """
    lowered = [name.lower() for name in names]
    if len(lowered) > MOST_COLUMNS:
        return [Problem(label, f"it has {len(lowered):,} columns; at most {MOST_COLUMNS:,} are read.")]
    twice = sorted({name for name in lowered if name and lowered.count(name) > 1})
    kept = [name for name in lowered if name in RESERVED]
    unnamed = not any(lowered)
    return [
        *([Problem(label, "no column has a name.", "The first row must name the columns.")] if unnamed else ()),
        *(Problem(label, f"the column {name} is there twice.") for name in twice),
        *(Problem(label, f"a column cannot be called {name}.", f"{RESERVED[name]} by it; rename it.") for name in kept),
    ]


def _scan(file: Path, header: Beginning, cell_bytes: int, rejects: bool) -> str:
    columns = listed(f"{literal(name)}: 'VARCHAR'" for name in _in_engine(list(header.names)))
    more = ", store_rejects = true, rejects_limit = 0" if rejects else ""
    return (
        f"read_csv({literal(file)}, auto_detect = false, header = true, skip = {header.lines}, "
        f"delim = {literal(header.delimiter)}, quote = '\"', escape = '\"', hive_partitioning = false, "
        f"columns = {{{columns}}}, max_line_size = {cell_bytes}, buffer_size = {cell_bytes * 16}{more})"
    )


_KINDS = {
    "MISSING COLUMNS": "the row has fewer cells than the header",
    "TOO MANY COLUMNS": "the row has more cells than the header",
    "UNQUOTED VALUE": "a quote is opened and not closed as it should be",
    "LINE SIZE OVER MAXIMUM": "the row is too long",
}


def _explain(store: DuckStore, file: Path, header: Beginning, cell_bytes: int, error: Exception) -> list[Problem]:
    try:
        store.rows(f"SELECT count(*) FROM {_scan(file, header, cell_bytes, rejects=True)}")
        found = store.rows("SELECT DISTINCT line, CAST(error_type AS VARCHAR) FROM reject_errors ORDER BY 1, 2")
        store.execute("DROP TABLE reject_errors")
        store.execute("DROP TABLE reject_scans")
    except Exception:  # beyond what DuckDB can step over, such as a cell larger than its buffer
        found = []
    if not found:
        return [Problem(file.name, _first_sentence(str(error), cell_bytes))]
    problems = [
        Problem(f"{file.name} row {line}", _sentence(kind, len(header.names), cell_bytes))
        for line, kind in found[:SHOWN]
    ]
    if len(found) > SHOWN:
        problems.append(Problem(file.name, f"and {len(found) - SHOWN} more rows like these."))
    return problems


def _sentence(kind: str, columns: int, cell_bytes: int) -> str:
    text = _KINDS.get(kind, kind.lower())
    if kind.endswith("COLUMNS"):
        return f"{text} ({columns} columns)."
    if kind.startswith("LINE"):
        return f"{text}; at most {cell_bytes:,} bytes are read."
    return f"{text}."


def _first_sentence(text: str, cell_bytes: int) -> str:
    lowered = text.lower()
    if "line size" in lowered or "buffer" in lowered:
        return f"a row is longer than the {cell_bytes:,} bytes that are read."
    if "invalid state" in lowered:
        return f"the file cannot be read as CSV: a quote or the end of a line in it is not like the others. {_SAVE}"
    return f"the file cannot be read as CSV: {text.splitlines()[0]}"
