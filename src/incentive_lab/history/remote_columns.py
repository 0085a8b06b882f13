"""How a database's typed columns are read: the query for a canonical table, in PostgreSQL's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from incentive_lab.history.columns import ENGINE_TYPES
from incentive_lab.history.reading import LARGEST, SHARE_PLACES
from incentive_lab.history.store import listed, literal, quoted
from incentive_lab.history.tables import ALLOWED, Column, Kind, Table

_PERIOD = r"^\d{4}(-(0[1-9]|1[0-2])|-?[Qq][1-4])?$"


@dataclass
class RemoteReading:
    """How one table is read.

    Attributes:
        select: Query for its canonical rows.
        extras: Further column -> 'text' or 'number'.
        wrong: (column, message) of columns whose type does not fit.
        checks: (column, test, message): rows for which the test is true are wrong.
    """

    select: str
    extras: dict[str, Kind] = field(default_factory=dict)
    wrong: list[tuple[str, str]] = field(default_factory=list)
    checks: list[tuple[str, str, str]] = field(default_factory=list)


def empty_table(table: Table) -> str:
    """A canonical table without rows."""
    nothing = (f"CAST(NULL AS {ENGINE_TYPES[column.kind]}) AS {quoted(column.name)}" for column in table.columns)
    return f"SELECT {listed(['CAST(NULL AS BIGINT) AS _row', *nothing])} WHERE FALSE"


def read_remote(table: Table, real: str, schema: Mapping[str, Any], places: int, time_zone: str) -> RemoteReading:
    """How to read a table of a database.

    Args:
        table: Its declaration.
        real: Its name in the database.
        schema: Column -> Ibis data type.
        places: Decimals of the currency.
        time_zone: Where the day of a timestamp is read.
    """
    reading = RemoteReading("")
    items = ["CAST(NULL AS BIGINT) AS _row"]
    for column in table.columns:
        if column.name not in schema:
            items.append(f"{_absent(table, column)} AS {quoted(column.name)}")
            continue
        value = _value(quoted(column.name), schema[column.name], column.kind, places, time_zone)
        if value is None:
            reading.wrong.append((column.name, f"its type is {schema[column.name]}; allowed: {ALLOWED[column.kind]}."))
            continue
        if column.values:
            value = f"lower({value})"
        if column.name == "quantity" and table.name == "activities":
            value = f"coalesce({value}, 1000000)"
        items.append(f"{value} AS {quoted(column.name)}")
        reading.checks += _checks(column, schema[column.name])
    for name in schema if table.extras else ():
        if name not in table.names:
            kind: Kind = "number" if schema[name].is_numeric() and table.name != "partners" else "text"
            reading.extras[name] = kind
            items.append(f"{_value(quoted(name), schema[name], kind, places, time_zone)} AS {quoted(name)}")
    reading.select = f"SELECT {listed(items)} FROM {quoted('public')}.{quoted(real)}"
    return reading


def _absent(table: Table, column: Column) -> str:
    if table.name == "activities" and column.name == "quantity":
        return "CAST(1000000 AS BIGINT)"
    return f"CAST(NULL AS {ENGINE_TYPES[column.kind]})"


def _value(name: str, data_type: Any, kind: Kind, places: int, time_zone: str) -> str | None:
    text = f"NULLIF(TRIM(regexp_replace(CAST({name} AS TEXT), '{_tail(data_type)}', '')), '')"
    if kind == "text":
        return text
    if kind == "period":
        plain = f"upper(replace({text}, '-', ''))"
        return f"CASE WHEN length({plain}) = 4 THEN {plain} ELSE substr({plain}, 1, 4) || '-' || substr({plain}, 5) END"
    if kind == "date":
        if data_type.is_timestamp() and data_type.timezone:
            return f"CAST({name} AT TIME ZONE {literal(time_zone)} AS DATE)"
        return f"CAST({name} AS DATE)" if data_type.is_date() or data_type.is_timestamp() else None
    if kind == "boolean":
        return name if data_type.is_boolean() else None
    if not data_type.is_numeric():
        return None
    scale = {"money": places, "share": SHARE_PLACES}.get(kind, 6)
    return f"CAST(ROUND(CAST({name} AS NUMERIC) * {10**scale}) AS BIGINT)"


def _tail(data_type: Any) -> str:
    if data_type.is_decimal() or data_type.is_floating():
        return r"\.0+$"
    return r" 00:00:00(\+00)?$" if data_type.is_timestamp() else "^$"


def _checks(column: Column, data_type: Any) -> list[tuple[str, str, str]]:
    name = quoted(column.name)
    checks = []
    if column.required:
        empty = f"{name} IS NULL" + (f" OR TRIM({name}) = ''" if data_type.is_string() else "")
        checks.append((column.name, empty, f"empty; every row needs {ALLOWED[column.kind]}"))
    if column.kind in ("money", "number", "share"):
        top = LARGEST // 1_000_000
        wrong = f"CAST({name} AS TEXT) IN ('NaN', 'Infinity', '-Infinity') OR abs({name}) > {top}"
        checks.append((column.name, wrong, f"allowed: {ALLOWED[column.kind]}, below {top:,}"))
        if not column.negative:
            checks.append((column.name, f"{name} < 0", "it cannot be below zero"))
    if column.kind == "date":
        outside = f"NOT ({name} BETWEEN DATE '1900-01-01' AND DATE '2100-12-31')"
        checks.append((column.name, outside, f"allowed: {ALLOWED['date']}"))
    if column.kind == "period":
        checks.append((column.name, f"NOT (CAST({name} AS TEXT) ~ '{_PERIOD}')", f"allowed: {ALLOWED['period']}"))
    if column.values:
        allowed = listed(literal(value) for value in column.values)
        checks.append((column.name, f"lower(TRIM({name})) NOT IN ({allowed})", f"allowed: {', '.join(column.values)}"))
    return checks
