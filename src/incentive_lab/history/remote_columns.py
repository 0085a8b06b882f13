"""How a database's columns are read: the query for a canonical table, in PostgreSQL's words."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from incentive_lab.history.columns import ENGINE_TYPES
from incentive_lab.history.reading import LARGEST, SHARE_PLACES
from incentive_lab.history.store import listed, literal, quoted
from incentive_lab.history.tables import ALLOWED, UNSEEN, Column, Kind, Table

_PERIOD = r"^\d{4}(-(0[1-9]|1[0-2])|-?[Qq][1-4])?$"
_NUMBER = r"^[+-]?(\d{1,30}(\.\d{0,30})?|\.\d{1,30})([eE][+-]?\d{1,2})?$"
_DAY = r"^(19\d\d|20\d\d|2100)-(0[1-9]|1[0-2])-(0[1-9]|[12]\d|3[01])"
_CLOCK = r"[T ]([01]\d|2[0-3]):[0-5]\d(:[0-5]\d(\.\d+)?)?"
_ZONE = r" ?(Z|[+-](0\d|1[0-5])(:?[0-5]\d)?)$"
_YES, _NO = "('true', 'yes', 'y', 't', '1', '1.0')", "('false', 'no', 'n', 'f', '0', '0.0')"


@dataclass
class RemoteReading:
    """How one table is read.

    Attributes:
        values: Column -> SQL of its canonical value over the table; declared columns first.
        relation: What the table is read from.
        extras: Further column -> 'text' or 'number'.
        wrong: (column, message) of columns whose type does not fit.
        checks: (column, test, message): rows for which the test is true are wrong.
        rounded: Money column -> (test, change): rows that lose decimals, and what each one gains by it.
        row: SQL for where a row came from; a database's own rows have no number.
    """

    relation: str
    values: dict[str, str] = field(default_factory=dict)
    extras: dict[str, Kind] = field(default_factory=dict)
    wrong: list[tuple[str, str]] = field(default_factory=list)
    checks: list[tuple[str, str, str]] = field(default_factory=list)
    rounded: dict[str, tuple[str, str]] = field(default_factory=dict)
    row: str = "NULL"

    def select(self, values: Mapping[str, str] | None = None, relation: str | None = None) -> str:
        """The query for the canonical rows."""
        items = (f"{sql} AS {quoted(name)}" for name, sql in (values or self.values).items())
        return f"SELECT {listed([f'CAST({self.row} AS BIGINT) AS _row', *items])} FROM {relation or self.relation}"


def empty_table(table: Table) -> str:
    """A canonical table without rows."""
    nothing = (f"CAST(NULL AS {ENGINE_TYPES[column.kind]}) AS {quoted(column.name)}" for column in table.columns)
    return f"SELECT {listed(['CAST(NULL AS BIGINT) AS _row', *nothing])} WHERE FALSE"


def read_remote(
    table: Table, relation: str, schema: Mapping[str, Any], places: int, time_zone: str, numeric: frozenset[str]
) -> RemoteReading:
    """How to read a table of a database.

    Args:
        table: Its declaration.
        relation: What can stand after FROM, with an alias.
        schema: Column -> Ibis data type.
        places: Decimals of the currency.
        time_zone: Where the day of a timestamp is read.
        numeric: Further columns of text in which every value is a number.
    """
    reading = RemoteReading(relation)
    for column in table.columns:
        if column.name not in schema:
            reading.values[column.name] = _absent(table, column)
            continue
        value = value_of(quoted(column.name), schema[column.name], column.kind, places, time_zone)
        if value is None:
            reading.wrong.append((column.name, f"its type is {schema[column.name]}; allowed: {ALLOWED[column.kind]}."))
            continue
        if column.values:
            value = f"lower({value})"
        elif column.name == "currency":
            value = f"upper({value})"
        reading.checks += _checks(column, schema[column.name], value)
        if column.kind == "money":
            exact = exact_number(quoted(column.name), schema[column.name])
            change = f"{value} / CAST({10**places} AS NUMERIC) - {exact}"
            reading.rounded[column.name] = (f"{value} / CAST({10**places} AS NUMERIC) <> {exact}", change)
        if column.name == "quantity" and table.name == "activities":
            value = f"coalesce({value}, 1000000)"
        reading.values[column.name] = value
    for name in schema if table.extras else ():
        if name not in table.names and name != "_row":
            number = table.name != "partners" and (schema[name].is_numeric() or name in numeric)
            kind: Kind = "number" if number else "text"
            reading.extras[name] = kind
            reading.values[name] = value_of(quoted(name), schema[name], kind, places, time_zone) or "NULL"
    return reading


def number_test(name: str) -> str:
    """SQL that is true where every value of a column of text is a number and none is a code such as 007."""
    text = f"NULLIF(TRIM({quoted(name)}), '')"
    fits = f"{text} ~ {literal(_NUMBER)} AND NOT {text} ~ '^[+-]?0[0-9]'"
    return f"coalesce(bool_and(CASE WHEN {text} IS NOT NULL THEN {fits} END), FALSE)"


def _absent(table: Table, column: Column) -> str:
    if table.name == "activities" and column.name == "quantity":
        return "CAST(1000000 AS BIGINT)"
    return f"CAST(NULL AS {ENGINE_TYPES[column.kind]})"


def value_of(name: str, data_type: Any, kind: Kind, places: int, time_zone: str) -> str | None:
    """SQL for the canonical value of a column: NULL where it is empty or unreadable; None if its type cannot fit."""
    text = text_of(name, data_type)
    if kind == "text":
        return text
    if kind == "period":
        plain = f"upper(replace({text}, '-', ''))"
        whole = (
            f"CASE WHEN length({plain}) = 4 THEN {plain} ELSE substr({plain}, 1, 4) || '-' || substr({plain}, 5) END"
        )
        return f"CASE WHEN {text} ~ {literal(_PERIOD)} THEN {whole} END"
    if kind == "date":
        return _day(name, text, data_type, time_zone)
    if kind == "boolean":
        if data_type.is_boolean():
            return name
        return f"CASE WHEN lower({text}) IN {_YES} THEN TRUE WHEN lower({text}) IN {_NO} THEN FALSE END"
    exact = exact_number(name, data_type)
    if exact is None:
        return None
    scale = {"money": places, "share": SHARE_PLACES}.get(kind, 6)
    top = 2**63 - 1 if kind == "share" else LARGEST
    scaled = f"ROUND({exact} * {10**scale})"
    return f"CASE WHEN abs({scaled}) <= {top} THEN CAST({scaled} AS BIGINT) END"


def text_of(name: str, data_type: Any) -> str:
    """SQL for a value as canonical text: 7000.0 is '7000', midnight timestamps are dates."""
    return f"NULLIF(TRIM(regexp_replace(CAST({name} AS TEXT), '{_tail(data_type)}', '')), '')"


def exact_number(name: str, data_type: Any) -> str | None:
    """SQL for a finite number as it is written; None if the column's type holds none."""
    if data_type.is_string():
        text = f"TRIM({name})"
        return f"CASE WHEN {text} ~ {literal(_NUMBER)} THEN CAST({text} AS NUMERIC) END"
    if data_type.is_integer():
        return f"CAST({name} AS NUMERIC)"
    if data_type.is_floating() or data_type.is_decimal():
        finite = f"CAST({name} AS TEXT) NOT IN ('NaN', 'Infinity', '-Infinity')"
        return f"CASE WHEN {finite} THEN CAST({name} AS NUMERIC) END"
    return None


def _day(name: str, text: str, data_type: Any, time_zone: str) -> str | None:
    if data_type.is_string():
        month = f"make_date(CAST(substr({text}, 1, 4) AS INT), CAST(substr({text}, 6, 2) AS INT), 1)"
        last = f"extract(day FROM {month} + interval '1 month' - interval '1 day')"
        real = f"CASE WHEN {text} ~ {literal(_DAY)} THEN CAST(substr({text}, 9, 2) AS INT) <= {last} ELSE FALSE END"
        plain, clock = literal(f"{_DAY}({_CLOCK})?$"), literal(f"{_DAY}{_CLOCK}{_ZONE}")
        zoned = f"CAST(CAST({text} AS TIMESTAMPTZ) AT TIME ZONE {literal(time_zone)} AS DATE)"
        return (
            f"CASE WHEN NOT ({real}) THEN NULL WHEN {text} ~ {plain} THEN CAST(substr({text}, 1, 10) AS DATE) "
            f"WHEN {text} ~ {clock} THEN {zoned} END"
        )
    if data_type.is_timestamp() and data_type.timezone:
        day = f"CAST({name} AT TIME ZONE {literal(time_zone)} AS DATE)"
    elif data_type.is_date() or data_type.is_timestamp():
        day = f"CAST({name} AS DATE)"
    else:
        return None
    return f"CASE WHEN {day} BETWEEN DATE '1900-01-01' AND DATE '2100-12-31' THEN {day} END"


def _tail(data_type: Any) -> str:
    if data_type.is_decimal() or data_type.is_floating():
        return r"\.0+$"
    return r" 00:00:00(\+00)?$" if data_type.is_timestamp() else "^$"


def _checks(column: Column, data_type: Any, value: str) -> list[tuple[str, str, str]]:
    present = f"{text_of(quoted(column.name), data_type)} IS NOT NULL"
    checks = []
    if column.required:
        checks.append((column.name, f"NOT ({present})", f"empty; every row needs {ALLOWED[column.kind]}"))
    if column.kind != "text":
        checks.append((column.name, f"{present} AND {value} IS NULL", f"allowed: {ALLOWED[column.kind]}"))
    if not column.negative:
        checks.append((column.name, f"{value} < 0", "it cannot be below zero"))
    if column.values:
        allowed = listed(literal(name) for name in column.values)
        wrong = f"{present} AND {value} NOT IN ({allowed})"
        checks.append((column.name, wrong, f"allowed: {', '.join(column.values)}"))
    if column.is_id:
        checks.append((column.name, f"{present} AND {value} ~ '[[:cntrl:]]'", UNSEEN))
    if column.name == "currency":
        checks.append((column.name, f"{present} AND NOT {value} ~ '^[A-Z]{{3}}$'", "allowed: a code such as USD"))
    return checks
