"""A database asked through Ibis and its own SQL: canonical tables are queries, and nothing is ever written to it."""

from __future__ import annotations

import re
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from incentive_lab.history.arrays import Columns
from incentive_lab.history.queries import KEPT
from incentive_lab.history.store import fill, named, quoted
from incentive_lab.history.tables import TABLES, Kind

if TYPE_CHECKING:
    import pandas as pd

IBIS_TYPES: dict[Kind, str] = {
    "text": "string", "period": "string", "date": "date", "boolean": "boolean",
    "money": "int64", "number": "int64", "share": "int64",
}  # fmt: skip
_TYPE_OF = {
    16: "boolean", 20: "int64", 21: "int16", 23: "int32", 700: "float32", 701: "float64", 1700: "decimal",
    25: "string", 1042: "string", 1043: "string", 1082: "date", 1114: "timestamp", 1184: "timestamp('UTC')",
}  # fmt: skip
"""PostgreSQL's numbers of its types, which drivers report for the columns of any query."""


@dataclass
class RemoteStore:
    """Canonical tables as queries over the tables of a database."""

    backend: Any
    relations: dict[str, str] = field(default_factory=dict)
    extras: dict[str, dict[str, Kind]] = field(default_factory=dict)
    dialect: str = "postgres"
    binary: str = ' COLLATE "C"'
    _kept: dict[Hashable, Any] = field(default_factory=dict, repr=False)

    def table(self, name: str) -> Any:
        """The canonical table as an Ibis expression."""
        # backend.sql would create a view to learn the columns; they are known, and nothing is to be written.
        from ibis import schema
        from ibis.expr.operations import SQLQueryResult

        kinds = {column.name: column.kind for column in TABLES[name].columns}
        kinds.update(self.extras.get(name, {}))
        types = {"_row": "int64", **{column: IBIS_TYPES[kind] for column, kind in kinds.items()}}
        return SQLQueryResult(self.relations[name], schema(types), self.backend).to_expr()

    def _sql(self, sql: str) -> str:
        written = self.in_its_words(fill(sql, {}))
        written = re.sub(
            r"(?i)hash_sum_of\(([^()]*)\)",
            r"sum(CAST(CAST('x' || substr(md5(\1), 1, 15) AS bit(60)) AS bigint))",
            written,
        )
        queries = ", ".join(f"{quoted(name)} AS NOT MATERIALIZED ({self.relations[name]})" for name in named(sql))
        return f"WITH {queries} {written}" if queries else written

    def rows(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query in DuckDB's SQL in which `{deals}` stands for the canonical table deals."""
        return self.native(self._sql(sql))

    def native(self, sql: str) -> list[tuple[Any, ...]]:
        """Rows of a query in the database's own SQL."""
        with self.backend.con.cursor() as cursor:
            cursor.execute(sql.encode())
            rows: list[tuple[Any, ...]] = cursor.fetchall()
        self.backend.con.rollback()
        return rows

    def hash_sum(self, text: str) -> str:
        """SQL for the sum of the first 60 bits of the MD5 of a text."""
        return f"hash_sum_of({text})"

    def columns(self, key: Hashable, expression: Callable[[], Any]) -> Columns:
        """The rows of an Ibis expression, carried out by the server; that of a key is made once."""
        if key not in self._kept:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[key] = expression()
        frame = self.backend.to_pandas(self._kept[key])
        texts = frame.astype(object).where(frame.notna(), None)
        return {
            name: frame[name].to_numpy() if frame[name].dtype.kind in "iufM" else texts[name].to_numpy()
            for name in frame
        }

    def sql_frame(self, sql: str) -> pd.DataFrame:
        """Like `rows`, as a frame."""
        import pandas as pd

        with self.backend.con.cursor() as cursor:
            cursor.execute(self._sql(sql).encode())
            names = [column.name for column in cursor.description]
            frame = pd.DataFrame(cursor.fetchall(), columns=names)
        self.backend.con.rollback()
        return frame

    def repeated_numbers(self, sql: str, rows: int) -> list[int]:
        """Not asked of a database: its own GROUP BY spills."""
        raise NotImplementedError

    def names(self, table: str) -> list[str]:
        """Columns of a canonical table in order, `_row` first."""
        return ["_row", *TABLES[table].names, *self.extras.get(table, {})]

    def keep_rows(self, table: str, select: str) -> None:
        """Make a canonical table what a query over it gives; the database keeps its rows."""
        self.relations[table] = self._sql(select)

    def in_its_words(self, sql: str) -> str:
        """DuckDB's SQL as this database writes it."""
        import sqlglot

        (written,) = sqlglot.transpile(sql, read="duckdb", write="postgres")
        return str(written)

    def describe(self, relation: str) -> dict[str, Any]:
        """Column -> Ibis type of anything that can stand after FROM."""
        with self.backend.con.cursor() as cursor:
            cursor.execute(f"SELECT * FROM {relation} LIMIT 0".encode())
            found = {column.name: _TYPE_OF.get(column.type_code, "unknown") for column in cursor.description}
        self.backend.con.rollback()
        from ibis import dtype

        return {name: dtype(kind) for name, kind in found.items()}

    def close(self) -> None:
        """Close the connection."""
        self.backend.disconnect()
