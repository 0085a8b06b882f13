"""Histories that stay in a database: PostgreSQL and whatever Ibis reaches that speaks its SQL.

Nothing is copied and nothing is written: each table is read through a query that gives the canonical columns, checks
are counted by the server, and measures are summed there.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Hashable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from incentive_lab.errors import InputError, Problem, nearest
from incentive_lab.history.checks import cross_checks
from incentive_lab.history.columns import SHOWN, misspelt
from incentive_lab.history.currency import DEFAULT
from incentive_lab.history.history import History
from incentive_lab.history.remote_columns import empty_table, read_remote
from incentive_lab.history.sources import Limits
from incentive_lab.history.store import KEPT, Raw, fill, quoted
from incentive_lab.history.tables import TABLES, Kind, Table
from incentive_lab.money import decimals

IBIS_TYPES: dict[Kind, str] = {
    "text": "string", "period": "string", "date": "date", "boolean": "boolean",
    "money": "int64", "number": "int64", "share": "int64",
}  # fmt: skip


@dataclass
class RemoteStore:
    """Canonical tables as queries over the tables of a database."""

    backend: Any
    relations: dict[str, str] = field(default_factory=dict)
    extras: dict[str, dict[str, Kind]] = field(default_factory=dict)
    dialect: str = "postgres"
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
        import sqlglot

        named = sorted(set(re.findall(r"\{([a-z_]+)\}", sql)))
        (written,) = sqlglot.transpile(fill(sql, {}), read="duckdb", write="postgres")
        written = re.sub(
            r"(?i)hash_sum_of\(([^()]*)\)",
            r"sum(CAST(CAST('x' || substr(md5(\1), 1, 15) AS bit(60)) AS bigint))",
            written,
        )
        queries = ", ".join(f"{quoted(name)} AS NOT MATERIALIZED ({self.relations[name]})" for name in named)
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

    def frame(self, expression: Any) -> pd.DataFrame:
        """An Ibis expression, carried out by the server."""
        result: pd.DataFrame = self.backend.to_pandas(expression)
        return result

    def kept_frame(self, key: Hashable, expression: Callable[[], Any]) -> pd.DataFrame:
        """Like `frame`; the expression of a key is made once."""
        if key not in self._kept:
            if len(self._kept) >= KEPT:
                self._kept.clear()
            self._kept[key] = expression()
        return self.frame(self._kept[key])

    def sql_frame(self, sql: str) -> pd.DataFrame:
        """Like `rows`, as a frame."""
        with self.backend.con.cursor() as cursor:
            cursor.execute(self._sql(sql).encode())
            names = [column.name for column in cursor.description]
            frame = pd.DataFrame(cursor.fetchall(), columns=names)
        self.backend.con.rollback()
        return frame

    def repeated_numbers(self, sql: str, rows: int) -> list[int]:
        """Not asked of a database: its own GROUP BY spills."""
        raise NotImplementedError

    def close(self) -> None:
        """Close the connection."""
        self.backend.disconnect()


def open_url(
    url: str,
    mapping: Path | str | None,
    exclude: Collection[str],
    currency: str | None,
    time_zone: str,
    rates: object,
    splits_at_most: float,
    limits: Limits,
) -> History:
    """A history from a database URL; see `incentive_lab.history.open_history`."""
    shown = re.sub(r"//[^@/]*@", "//", url)
    if url.startswith("duckdb://"):
        from incentive_lab.history.loading import open_history

        return open_history(
            Path(url.removeprefix("duckdb://")), mapping=mapping, exclude=exclude, currency=currency,
            time_zone=time_zone, rates=rates, splits_at_most=splits_at_most, limits=limits,
        )  # type: ignore[call-overload, no-any-return, unused-ignore]  # fmt: skip
    for given, word in ((mapping, "a mapping"), (exclude, "exclude"), (rates, "a rate table")):
        if given is not None and given != ():
            message = f"{word} works on files, not on a database."
            raise InputError([Problem(shown, message, "Make views in a schema of the database that give the tables.")])
    store = RemoteStore(_connect(url, shown))
    try:
        return _assemble(store, shown, currency, time_zone, splits_at_most, limits)
    except BaseException:
        store.close()
        raise


def _connect(url: str, shown: str) -> Any:
    import ibis

    if not url.startswith(("postgres://", "postgresql://")):
        known = "postgres://host/database, duckdb://file or a path"
        raise InputError([Problem(shown, "this kind of database is not known.", f"Allowed: {known}.")])
    try:
        return ibis.connect(url)
    except Exception as error:  # whatever the driver says; the password is never part of it
        raise InputError([Problem(shown, f"the database does not answer: {str(error).splitlines()[0]}")]) from None


def _assemble(
    store: RemoteStore, shown: str, currency: str | None, time_zone: str, at_most: float, limits: Limits
) -> History:
    problems: list[Problem] = []
    present = {name.lower(): name for name in store.backend.list_tables()}
    found = {name: present[name] for name in TABLES if name in present}
    if "partners" not in found or not {"deals", "activities"} & set(found):
        message = "the database needs the table partners, and deals or activities."
        close = next((name for name in present if nearest(name, ["partners", "deals"])), None)
        raise InputError(
            [
                Problem(
                    shown,
                    message,
                    f"Found: {', '.join(sorted(present)[:12]) or 'no tables'}." if not close else f"Is it {close}?",
                )
            ]
        )
    schemas = {name: dict(store.backend.table(real).schema().items()) for name, real in found.items()}
    code, assumed = _currency(store, found, schemas, currency, problems)
    raws: dict[str, Raw] = {}
    store.extras = {name: {} for name in TABLES}
    for name, table in TABLES.items():
        if name not in found:
            store.relations[name] = empty_table(table)
            continue
        _check_header(table, schemas[name], problems)
        raws[name] = Raw(
            name, f"table {found[name]}", quoted(found[name]), {c: str(t) for c, t in schemas[name].items()}
        )
        reading = read_remote(table, found[name], schemas[name], decimals(code), time_zone)
        store.relations[name], store.extras[name] = reading.select, reading.extras
        problems += [Problem(f"table {found[name]}, column {c}", message) for c, message in reading.wrong]
        if not reading.wrong:
            raws[name].rows = _check_values(store, table, raws[name], reading.checks, limits, problems)
    if not problems:
        cross_checks(store, raws, at_most, problems)
    if problems:
        raise InputError(problems)
    return History.over(store, code, assumed, shown, store.extras)


def _check_header(table: Table, schema: dict[str, Any], problems: list[Problem]) -> None:
    absent = [name for name in table.names if name not in schema]
    for name in schema:
        close = misspelt(name, absent) if name not in table.names else None
        if close:
            problems.append(
                Problem(f"table {table.name}, column {name}", "this column is not known.", f"Did you mean {close}?")
            )
    problems.extend(
        Problem(f"table {table.name}", f"the column {column.name} is missing.", f"Found: {', '.join(schema)}.")
        for column in table.columns
        if column.required and column.name not in schema
    )


def _check_values(
    store: RemoteStore,
    table: Table,
    raw: Raw,
    checks: list[tuple[str, str, str]],
    limits: Limits,
    problems: list[Problem],
) -> int:
    counted = ", ".join(["count(*)", *(f"count(*) FILTER (WHERE {test})" for _, test, _ in checks)])
    rows, *counts = store.native(f"SELECT {counted} FROM {raw.relation}")[0]
    if rows > limits.rows:
        problems.append(Problem(raw.label, f"it has {rows:,} rows; at most {limits.rows:,} are read."))
    for (column, test, message), count in zip(checks, counts, strict=True):
        if count:
            key = quoted(next((name for name in table.key if name in raw.columns), column))
            named = store.native(
                f"SELECT CAST({key} AS TEXT), CAST({quoted(column)} AS TEXT) FROM {raw.relation} "
                f"WHERE {test} LIMIT {SHOWN}"
            )
            examples = ", ".join(f"{value!r} at {identity}" for identity, value in named[:3])
            problems.append(Problem(f"{raw.label}, column {column}", f"{count:,} rows: {message} (found {examples})"))
    return int(rows)


def _currency(
    store: RemoteStore, found: dict[str, str], schemas: dict[str, Any], currency: str | None, problems: list[Problem]
) -> tuple[str, bool]:
    used: set[str] = set()
    for name in ("deals", "partners"):
        if "currency" in schemas.get(name, {}):
            sql = f"SELECT DISTINCT upper(trim(currency)) FROM {quoted(found[name])} WHERE trim(currency) <> ''"
            used |= {row[0] for row in store.native(sql)}
    if len(used) > 1 or (currency and used - {currency}):
        message = f"amounts are in {' and '.join(sorted(used))}, which cannot be added; without rates they are refused."
        problems.append(Problem("currency", message, "Convert them in a view."))
    return currency or (min(used) if used else DEFAULT), not used and currency is None
