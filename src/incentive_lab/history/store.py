"""Where a history's tables live: one connection, asked through SQL for checks and through Ibis for measures."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Callable, Hashable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from incentive_lab.history.arrays import Columns, plain
from incentive_lab.history.origins import STRIDE, Origin
from incentive_lab.history.queries import kept_sql

if TYPE_CHECKING:
    import pandas as pd

BESIDE = "_beside"
"""The column of a mapped table that keeps which currencies stand beside the numbers of a row."""


def quoted(name: str) -> str:
    """A name as an SQL identifier.

    Example:
        >>> quoted('a"b')
        '"a""b"'
    """
    return '"' + name.replace('"', '""') + '"'


def literal(text: object) -> str:
    """A value as an SQL text literal.

    Example:
        >>> literal("O'Neil")
        "'O''Neil'"
    """
    return "'" + str(text).replace("'", "''") + "'"


@dataclass
class Raw:
    """A table as it was found, before its values are read.

    Attributes:
        table: Name of the table it is read as.
        label: What a person calls it, such as `deals.csv`.
        relation: SQL that can stand after FROM.
        columns: Header name -> type in the engine's words.
        row: SQL for the row number people see, None where rows have no number.
        rows: Number of rows, once known.
        on_disk: Whether it stays where it is instead of being read into memory.
        tidy: Text columns in which no value is empty or has blanks around it.
        origins: The sources of a mapped table in their order; its row numbers count with `origins.STRIDE`.
        header: Where its columns are named, if not in itself: the address in a mapping.
        beside: Whether its relation has the column `BESIDE`, which is none of its columns.
        shown_in: Column -> the further one of its relation that keeps the currency each cell is shown in.
        notes: What of its file was passed over, as sentences.
    """

    table: str
    label: str
    relation: str
    columns: dict[str, str]
    row: str | None = None
    rows: int = 0
    on_disk: bool = False
    tidy: frozenset[str] = frozenset()
    origins: tuple[Origin, ...] = ()
    header: str = ""
    beside: bool = False
    shown_in: Mapping[str, str] = field(default_factory=dict)
    notes: tuple[str, ...] = ()

    def place(self, row: int | None, column: str | None = None) -> str:
        """Where something was found, as people say it: `deals.csv row 12, column amount`."""
        if self.origins:
            source, number = divmod(row, STRIDE) if row is not None else (None, 0)
            sources = self.origins if source is None else (self.origins[source],)
            return "; ".join(origin.place(number, self.table, column) for origin in sources)
        where = self.label if row is None else f"{self.label} row {row}"
        return f"{where}, column {column}" if column else where

    def other_row(self, row: int) -> str:
        """A row beside one whose file was said."""
        return self.place(row) if self.origins else f"row {row}"


class Store(Protocol):
    """What measures, checks and identity ask of the engine that holds the tables."""

    dialect: str
    binary: str
    """What makes text order by its code points."""

    def table(self, name: str) -> Any:
        """The canonical table as an Ibis expression."""

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query in DuckDB's SQL in which `{deals}` stands for the canonical table deals."""

    def hash_sum(self, text: str) -> str:
        """SQL for the sum of the first 60 bits of the MD5 of a text."""

    def columns(self, key: Hashable, expression: Callable[[], Any]) -> Columns:
        """The rows of an Ibis expression; that of a key is made and compiled once."""

    def sql_frame(self, sql: str) -> pd.DataFrame:
        """Like `rows`, as a frame."""

    def repeated_numbers(self, sql: str, rows: int) -> list[int]:
        """Up to a thousand whole numbers that a one-column query gives more than once."""

    def names(self, table: str) -> list[str]:
        """Columns of a canonical table in order, `_row` first."""

    def keep_rows(self, table: str, select: str) -> None:
        """Make a canonical table what a query over it gives; the source itself is never changed."""

    def close(self) -> None:
        """Give the connection back."""


@dataclass
class DuckStore:
    """Canonical tables as tables or views of one DuckDB connection held in memory."""

    connection: Any
    dialect: str = "duckdb"
    binary: str = ""
    _backend: Any = field(default=None, repr=False)
    _tables: dict[str, Any] = field(default_factory=dict, repr=False)

    @classmethod
    def new(cls) -> DuckStore:
        """An empty store; spills to the system's temporary folder, never beside the program."""
        import duckdb

        settings = {
            "temp_directory": str(Path(tempfile.gettempdir()) / "incentive-lab-spill"),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "enable_external_file_cache": "false",
        }
        connection = duckdb.connect(":memory:", config=settings)
        connection.execute("SET TimeZone = 'UTC'")
        connection.execute("CREATE SCHEMA raw")
        return cls(connection)

    @property
    def backend(self) -> Any:
        """The Ibis backend, imported on first use."""
        if self._backend is None:
            import ibis

            self._backend = ibis.duckdb.from_connection(self.connection)
        return self._backend

    def execute(self, sql: str) -> None:
        """Run a statement for its effect."""
        self.connection.execute(sql)
        self._tables.clear()  # it may have made or changed one

    def forbid_other_files(self) -> None:
        """No query may open a file or an address from here on: a view in somebody's database cannot reach further."""
        self.execute("SET enable_external_access = false")

    def bound_memory(self) -> None:
        """Keep to little more memory than is in use; what does not fit spills to the temporary folder."""
        used = self.rows("SELECT sum(memory_usage_bytes) FROM duckdb_memory()")[0][0] or 0
        self.execute(f"SET memory_limit = '{int(used) // 1_000_000 + 600}MB'")
        self.execute("SET preserve_insertion_order = false")

    def describe(self, relation: str) -> dict[str, str]:
        """Column name -> DuckDB type of anything that can stand after FROM."""
        return {row[0]: str(row[1]) for row in self.connection.execute(f"DESCRIBE SELECT * FROM {relation}").fetchall()}

    def table(self, name: str) -> Any:
        """The canonical table as an Ibis expression."""
        if name not in self._tables:
            self._tables[name] = self.backend.table(name)
        return self._tables[name]

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query in which `{deals}` stands for the canonical table deals."""
        rows: list[tuple[Any, ...]] = self.connection.execute(fill(sql, {})).fetchall()
        return rows

    def hash_sum(self, text: str) -> str:
        """SQL for the sum of the first 60 bits of the MD5 of a text."""
        return f"sum(CAST('0x' || substr(md5({text}), 1, 15) AS UBIGINT))"

    def columns(self, key: Hashable, expression: Callable[[], Any]) -> Columns:
        """The rows of an Ibis expression; the SQL of a key is kept, see `kept_sql`."""
        sql = kept_sql(key, lambda: self._compiled(expression()))
        return plain(self.connection.execute(sql).fetchnumpy())

    def _compiled(self, expression: Any) -> str:
        """What `ibis.to_sql` gives in half of its time: tables are named as they are, and DuckDB merges nested queries itself."""
        import ibis
        from ibis.backends.sql.compilers import duckdb

        ibis.options.sql.fuse_selects = False
        return str(duckdb.compiler.to_sqlglot(expression).sql(dialect=duckdb.compiler.dialect))

    def sql_frame(self, sql: str) -> pd.DataFrame:
        """Like `rows`, as a frame."""
        result: pd.DataFrame = self.connection.execute(fill(sql, {})).df()
        return result

    def repeated_numbers(self, sql: str, rows: int) -> list[int]:
        """Up to a thousand whole numbers that a one-column query gives more than once."""
        # Sorting bare numbers takes a fifth of the memory of a GROUP BY over as many keys.
        numbers = np.empty(rows, dtype=np.uint64)
        filled = 0
        for batch in self.connection.sql(fill(sql, {})).to_arrow_reader(1_000_000):
            chunk = batch.column(0).to_numpy(zero_copy_only=False)
            numbers[filled : filled + len(chunk)] = chunk
            filled += len(chunk)
        numbers = numbers[:filled]
        numbers.sort()
        places = np.flatnonzero(numbers[1:] == numbers[:-1])[:1000]
        return sorted({int(number) for number in numbers[places]})

    def names(self, table: str) -> list[str]:
        """Columns of a canonical table in order, `_row` first."""
        return list(self.describe(quoted(table)))

    def keep_rows(self, table: str, select: str) -> None:
        """Make a canonical table what a query over it gives; a view becomes a view of the query."""
        views = [row[0] for row in self.rows("SELECT view_name FROM duckdb_views() WHERE NOT internal")]
        if table in views:
            before = f"{table} before {len(views)}"
            self.execute(f"ALTER VIEW {quoted(table)} RENAME TO {quoted(before)}")
            self.execute(f"CREATE VIEW {quoted(table)} AS {fill(select, {table: quoted(before)})}")
            return
        self.execute(f"CREATE TABLE kept AS {fill(select, {})}")
        self.execute(f"DROP TABLE {quoted(table)}")
        self.execute(f"ALTER TABLE kept RENAME TO {quoted(table)}")

    def close(self) -> None:
        """Close the connection; files read in place are let go."""
        self.connection.close()


_PLACES = re.compile(r"""'(?:[^']|'')*'|"(?:[^"]|"")*"|\{([a-z_]+)\}""")
"""A text or a name of somebody's data, which is left as it is, or a place for a table."""


def fill(sql: str, relations: Mapping[str, str]) -> str:
    """SQL with each `{table}` outside of quotes replaced by its relation (by default the table's own name).

    Example:
        >>> print(fill("SELECT count(*) FROM {deals} WHERE name = '{deals}'", {}))
        SELECT count(*) FROM "deals" WHERE name = '{deals}'
    """
    return _PLACES.sub(lambda match: relations.get(match[1], quoted(match[1])) if match[1] else match[0], sql)


def named(sql: str) -> list[str]:
    """The canonical tables that stand in SQL as `{table}`, in order.

    Example:
        >>> named('SELECT "{odd}" FROM {deals} JOIN {partners} USING (partner_id)')
        ['deals', 'partners']
    """
    return sorted({match[1] for match in _PLACES.finditer(sql) if match[1]})


def listed(items: Iterable[str]) -> str:
    """SQL items, comma separated."""
    return ", ".join(items)
