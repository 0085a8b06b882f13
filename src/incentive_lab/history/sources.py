"""Where a history may come from, and the raw tables found there, before any value is read."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from incentive_lab.errors import InputError, Problem, nearest
from incentive_lab.history.csvfiles import DELIMITED, header_problems, read_csv
from incentive_lab.history.encodings import Encoding, Said, encoding_of
from incentive_lab.history.store import DuckStore, Raw, listed, literal, quoted
from incentive_lab.history.tables import OTHER_NAMES, TABLES, not_a_table

FILES = (*DELIMITED, ".parquet")
"""How files end that hold one table each."""
IN_MEMORY_ROWS = 5_000_000
"""Parquet files and DuckDB tables with more rows stay on disk."""


@dataclass(frozen=True)
class Limits:
    """How much a source may hold before it is refused unread.

    Attributes:
        rows: Rows of one table.
        unpacked_bytes: Bytes of a workbook once unpacked, and of the texts of a Parquet file that is read into memory.
        cell_bytes: Bytes of one line of a CSV file.
    """

    rows: int = 500_000_000
    unpacked_bytes: int = 2_000_000_000
    cell_bytes: int = 2_000_000


def is_url(source: str | Path) -> bool:
    """Whether a source is a database URL rather than a path."""
    return "://" in str(source)


def find_raw(
    store: DuckStore, path: Path, limits: Limits, problems: list[Problem], said: Said = None
) -> dict[str, Raw]:
    """The raw tables of a folder, workbook or DuckDB file, registered in the store's schema `raw`.

    Args:
        store: Receives the tables.
        path: Where they are.
        limits: How much is read.
        problems: Receives what is wrong.
        said: The encoding of CSV files that are not UTF-8.
    """
    if not path.exists():
        raise InputError([Problem(str(path), "there is no such file or folder.", _choices())])
    if path.is_dir():
        return _folder(store, path, limits, problems, said)
    if path.suffix.lower() == ".xlsx":
        return _workbook(store, path, limits, problems)
    if path.suffix.lower() in (".duckdb", ".db"):
        return _duckdb(store, path, limits, problems)
    raise InputError([Problem(path.name, "this is not a history.", _choices())])


def _choices() -> str:
    return "A history is a folder of CSV or Parquet files, an .xlsx workbook, a .duckdb file or a database URL."


def _folder(store: DuckStore, folder: Path, limits: Limits, problems: list[Problem], said: Said) -> dict[str, Raw]:
    files = sorted(file for file in folder.iterdir() if file.suffix.lower() in FILES and file.is_file())
    found: dict[str, Path] = {}
    for file in files:
        name = file.stem.lower()
        if name not in TABLES:
            if file.suffix.lower() != ".txt":  # which may be anything, such as a note
                _name_slip(name, file.name, problems)
        elif name in found:
            problems.append(Problem(file.name, f"the table {name} is there twice, also as {found[name].name}."))
        else:
            found[name] = file
    if not found and not problems:
        raise InputError(
            [Problem(folder.name or str(folder), "no table of a history was found in this folder.", _wanted())]
        )
    raws = {}
    for name, file in found.items():
        raw = read_file(store, name, file, limits, problems, encoding_of(said, file.stem))
        if raw is not None:
            raws[name] = raw
    return raws


def _wanted() -> str:
    return f"It needs deals.csv (or .parquet) or activities, and best of all partners; tables: {', '.join(TABLES)}. {OTHER_NAMES}"


def _name_slip(name: str, label: str, problems: list[Problem]) -> None:
    if nearest(name, TABLES):
        problems.append(Problem(label, f"there is no table called {name}.", not_a_table(name)))


def find_any(
    store: DuckStore, file: Path, table: str, name: str, limits: Limits, problems: list[Problem], where: str
) -> Raw | None:
    """A table of any name in a DuckDB file or workbook, read as `name`; None with the problem noted."""
    if file.suffix.lower() == ".xlsx":
        from incentive_lab.history.workbook import read_sheet

        return read_sheet(store, file, table, name, limits, problems, where)
    alias = quoted(f"source {file.stem}")
    try:
        store.execute(f"ATTACH IF NOT EXISTS {literal(file)} AS {alias} (READ_ONLY)")
        own = f"database_name = {literal('source ' + file.stem)} AND NOT internal"
        is_view = f"{own} AND lower(view_name) = lower({literal(table)})"  # as the engine finds it
        if store.rows(f"SELECT 1 FROM duckdb_views() WHERE {is_view}"):
            return _view(store, file, table, name, limits, problems)
        return attached(store, name, f"{file.name} table {table}", f"{alias}.main.{quoted(table)}", limits, problems)
    except Exception as error:  # DuckDB has one exception type per stage
        if "lock" in str(error).lower():
            problems.append(unreadable(file, error))
            return None
        problems.append(Problem(where, f"{file.name} has no readable table {table}: {str(error).splitlines()[0]}"))
        return None


def _view(store: DuckStore, file: Path, table: str, name: str, limits: Limits, problems: list[Problem]) -> Raw:
    """A view carried out where no other file can be read, since a mapping may still have files to read here."""
    alone = DuckStore.new()
    try:
        alone.execute(f"ATTACH {literal(file)} AS source (READ_ONLY)")
        alone.forbid_other_files()
        relation = f"source.main.{quoted(table)}"
        raw = attached(alone, "view", f"{file.name} table {table}", relation, limits, problems)
        store.connection.register("incoming", alone.connection.sql(f"SELECT * FROM {raw.relation}").to_arrow_reader())
        store.execute(f"CREATE TABLE raw.{quoted(name)} AS SELECT * FROM incoming")
        store.connection.unregister("incoming")
    finally:
        alone.close()
    return Raw(name, raw.label, f"raw.{quoted(name)}", raw.columns, "rowid + 1", raw.rows)


def read_file(
    store: DuckStore, name: str, file: Path, limits: Limits, problems: list[Problem], said: Encoding | None = None
) -> Raw | None:
    """One CSV or Parquet file as a raw table, or None with the problem noted; `said` is the encoding if it is not UTF-8."""
    if file.suffix.lower() in DELIMITED:
        return read_csv(store, name, file, limits.cell_bytes, limits.rows, problems, said)
    return _parquet(store, name, file, limits, problems)


def _parquet(store: DuckStore, name: str, file: Path, limits: Limits, problems: list[Problem]) -> Raw | None:
    try:
        rows = int(store.rows(f"SELECT num_rows FROM parquet_file_metadata({literal(file)})")[0][0])
        names = _top(store.rows(f"SELECT name, num_children FROM parquet_schema({literal(file)})"))
    except Exception:  # DuckDB has one exception type per stage
        problems.append(Problem(file.name, "this is not a readable Parquet file."))
        return None
    if rows > limits.rows:
        problems.append(too_many(file.name, rows, limits))
        return None
    unusable = header_problems(file.name, names)
    if unusable:
        problems.extend(unusable)
        return None
    relation = f"raw.{quoted(name)}"
    scan = f"SELECT * FROM read_parquet({literal(file)}, file_row_number = true, hive_partitioning = false)"
    on_disk = rows > IN_MEMORY_ROWS
    try:
        unpacked = 0 if on_disk else _text_in(store, scan)
        if unpacked > limits.unpacked_bytes:
            problems.append(too_long(file.name, unpacked, limits))
            return None
        store.execute(f"CREATE {'VIEW' if on_disk else 'TABLE'} {relation} AS {scan}")
        columns = store.describe(relation)
    except Exception as error:  # DuckDB has one exception type per stage
        problems.append(Problem(file.name, f"this Parquet file is damaged: {str(error).splitlines()[0]}"))
        return None
    columns.pop("file_row_number")
    return Raw(name, file.name, relation, columns, "file_row_number + 1", rows, on_disk)


def _text_in(store: DuckStore, scan: str) -> int:
    """Bytes of the texts that a scan gives: a text that a Parquet file holds once may stand in every row."""
    texts = [name for name, kind in store.describe(f"({scan})").items() if kind == "VARCHAR"]
    sums = listed(f"coalesce(sum(strlen({quoted(name)})), 0)" for name in texts)
    return sum(map(int, store.rows(f"SELECT {sums} FROM ({scan})")[0])) if texts else 0


def _top(schema: Sequence[tuple[str, int | None]]) -> list[str]:
    """The columns of a Parquet file; its schema lists what is inside of each right after it.

    Example:
        >>> _top([("root", 2), ("a", 1), ("inside", None), ("b", None)])
        ['a', 'b']
    """
    names, inside = [], 0
    for name, children in schema[1:]:
        if inside:
            inside -= 1
        else:
            names.append(name)
        inside += children or 0
    return names


def too_many(label: str, rows: int, limits: Limits) -> Problem:
    """The problem of a table with more rows than the limit."""
    return Problem(
        label, f"it has {rows:,} rows; at most {limits.rows:,} are read.", "Raise the limit if this is right."
    )


def too_long(label: str, size: int, limits: Limits) -> Problem:
    """The problem of a file that unpacks to more than the limit."""
    message = f"it unpacks to {size:,} bytes; at most {limits.unpacked_bytes:,} are read."
    return Problem(label, message, "Raise the limit if this is right.")


def _workbook(store: DuckStore, file: Path, limits: Limits, problems: list[Problem]) -> dict[str, Raw]:
    from incentive_lab.history.workbook import read_sheets

    return read_sheets(store, file, limits, problems)


def _duckdb(store: DuckStore, file: Path, limits: Limits, problems: list[Problem]) -> dict[str, Raw]:
    try:
        store.execute(f"ATTACH {literal(file)} AS source (READ_ONLY)")
        store.forbid_other_files()
    except Exception as error:
        raise InputError([unreadable(file, error)]) from None
    listed = store.rows(
        "SELECT schema_name, table_name FROM duckdb_tables() WHERE database_name = 'source' "
        "UNION ALL SELECT schema_name, view_name FROM duckdb_views() WHERE database_name = 'source' AND NOT internal"
    )
    raws = {}
    for schema, table in sorted(listed, key=lambda row: (row[0] != "main", row)):
        name = table.lower()
        if name not in TABLES:
            _name_slip(name, f"{file.name} table {table}", problems)
        elif name not in raws:
            relation = f"source.{quoted(schema)}.{quoted(table)}"
            raws[name] = attached(store, name, f"{file.name} table {table}", relation, limits, problems)
    if not raws:
        raise InputError([Problem(file.name, "no table of a history was found in this file.", _wanted())])
    return raws


def unreadable(file: Path, error: Exception) -> Problem:
    """The problem of a DuckDB file that does not open."""
    reason = str(error).splitlines()[0]
    if "lock" in reason.lower():
        who = re.search(r"PID \d+", reason)
        holder = f"another program ({who[0]})" if who else "another program"
        return Problem(file.name, f"{holder} has this file open for writing.", "Close it there, or give a copy.")
    return Problem(file.name, f"this is not a DuckDB file that can be read: {reason}")


def attached(store: DuckStore, name: str, label: str, relation: str, limits: Limits, problems: list[Problem]) -> Raw:
    """A table of an attached database as a raw table; small ones are read into memory."""
    try:
        rows = int(store.rows(f"SELECT count(*) FROM {relation}")[0][0])
    except Exception as error:  # a damaged file, or a view that cannot be carried out or must not
        raise InputError([Problem(label, f"it cannot be read: {str(error).splitlines()[0]}")]) from None
    if rows > limits.rows:
        problems.append(too_many(label, rows, limits))
    if rows > IN_MEMORY_ROWS:
        return Raw(name, label, relation, store.describe(relation), None, rows, on_disk=True)
    unusable = header_problems(label, store.describe(relation))
    if unusable:
        raise InputError(unusable)
    target = f"raw.{quoted(name)}"
    store.execute(f"CREATE TABLE {target} AS SELECT * FROM {relation}")
    return Raw(name, label, target, store.describe(target), "rowid + 1", rows)


def text_table(
    store: DuckStore, name: str, label: str, header: list[str], cells: Mapping[str, list[str | None]]
) -> Raw:
    """Cells already held as text, as a raw table; row 1 is the header."""
    import pyarrow

    arrow = pyarrow.table({column: pyarrow.array(cells[column], pyarrow.string()) for column in header})
    relation = f"raw.{quoted(name)}"
    store.connection.register("incoming", arrow)
    store.execute(f"CREATE TABLE {relation} AS SELECT * FROM incoming")
    store.connection.unregister("incoming")
    return Raw(name, label, relation, dict.fromkeys(header, "VARCHAR"), "rowid + 2", arrow.num_rows)
