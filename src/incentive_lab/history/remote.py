"""Histories that stay in a database: PostgreSQL and whatever Ibis reaches that speaks its SQL.

Nothing is copied and nothing is written: each table is read through a query that gives the canonical columns, checks
are counted by the server, and measures are summed there.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Any

from incentive_lab.errors import InputError, Problem, nearest, without_password
from incentive_lab.fiscal import FiscalMonths
from incentive_lab.format import counted
from incentive_lab.history.calendar_checks import dates_in_calendar
from incentive_lab.history.checks import cross_checks
from incentive_lab.history.columns import SHOWN, misspelt, without_columns
from incentive_lab.history.currency import unrated_problem
from incentive_lab.history.history import History
from incentive_lab.history.quality_rules import check_exclude, leave_out_broken, leave_out_odd
from incentive_lab.history.remote_columns import RemoteReading, empty_table, number_test, read_remote
from incentive_lab.history.remote_currency import Found, converted, settle_remote, unrated
from incentive_lab.history.remote_mapping import PUBLIC, RemoteTable, mapped_remote, only_calendar
from incentive_lab.history.remote_store import RemoteStore
from incentive_lab.history.sources import Limits
from incentive_lab.history.store import Raw, listed, quoted
from incentive_lab.history.tables import TABLES, Table
from incentive_lab.money import decimals


def open_url(
    url: str,
    mapping: Path | str | None,
    exclude: Collection[str],
    currency: str | None,
    time_zone: str,
    rates: object,
    splits_at_most: float,
    limits: Limits,
    calendar: FiscalMonths | None = None,
) -> History:
    """A history from a database URL; see `incentive_lab.history.open_history`."""
    shown = without_password(url)
    if url.startswith("duckdb://"):
        from incentive_lab.history.loading import open_history

        return open_history(
            Path(url.removeprefix("duckdb://")), mapping=mapping, exclude=exclude, currency=currency,
            time_zone=time_zone, rates=rates, splits_at_most=splits_at_most, limits=limits, calendar=calendar,
        )  # type: ignore[call-overload, no-any-return, unused-ignore]  # fmt: skip
    store = RemoteStore(_connect(url, shown))
    try:
        problems: list[Problem] = []
        found = _tables(store, shown, mapping, problems)
        return _assemble(store, shown, found, exclude, currency, time_zone, rates, splits_at_most, limits, calendar)
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
    except ValueError:  # which names what it could not read, and that may be a part of the password
        fix = "Write marks such as @ : / # [ in a name or password as %40 %3A %2F %23 %5B."
        raise InputError([Problem(shown, "this cannot be read as the address of a database.", fix)]) from None
    except Exception as error:  # whatever the driver says; the password is never part of it
        raise InputError([Problem(shown, f"the database does not answer: {str(error).splitlines()[0]}")]) from None


def _tables(
    store: RemoteStore, shown: str, mapping: Path | str | None, problems: list[Problem]
) -> dict[str, RemoteTable]:
    """What stands for each table of a history."""
    if mapping is not None and not only_calendar(Path(mapping)):
        found = mapped_remote(store, Path(mapping), problems)
    else:
        present = {name.lower(): name for name in store.backend.list_tables(database=PUBLIC)}
        real = {name: present[name] for name in TABLES if name in present}
        found = {name: _own_table(store, name, stem) for name, stem in real.items()}
    if "partners" not in found or not {"deals", "activities"} & set(found):
        message = "the database needs the table partners, and deals or activities."
        names = list(store.backend.list_tables(database=PUBLIC))
        close = next((name for name in names if nearest(name.lower(), ["partners", "deals"])), None)
        fix = f"Is it {close}?" if close else f"Found: {', '.join(sorted(names)[:12]) or 'no tables'}."
        raise InputError([Problem(shown, message, fix)])
    return found


def _own_table(store: RemoteStore, name: str, stem: str) -> RemoteTable:
    relation = f"{quoted(PUBLIC)}.{quoted(stem)}"
    schema = store.describe(relation)
    return RemoteTable(
        schema, Raw(name, f"table {stem}", relation, {column: str(kind) for column, kind in schema.items()})
    )


def _assemble(
    store: RemoteStore,
    shown: str,
    tables: dict[str, RemoteTable],
    exclude: Collection[str],
    currency: str | None,
    time_zone: str,
    rates: object,
    at_most: float,
    limits: Limits,
    calendar: FiscalMonths | None,
) -> History:
    problems: list[Problem] = []
    check_exclude(exclude, problems)
    found: Found = {name: (table.raw.relation, table.schema) for name, table in tables.items()}
    for name, table in tables.items():
        _check_header(TABLES[name], table.raw, problems)
    named = [table.raw for table in tables.values()]
    money, rate_rows = settle_remote(store, found, named, currency, rates, problems)
    raws: dict[str, Raw] = {}
    readings: dict[str, RemoteReading] = {}
    store.extras = {name: {} for name in TABLES}
    store.relations = {name: empty_table(table) for name, table in TABLES.items()}
    for name, (relation, schema) in found.items():
        numeric = _numeric(store, TABLES[name], relation, schema)
        reading = read_remote(TABLES[name], relation, schema, decimals(money.currency), time_zone, numeric)
        raw = tables[name].raw
        reading.row = raw.row or "NULL"
        problems += [Problem(raw.place(None, column), message) for column, message in reading.wrong]
        if reading.wrong:
            continue
        raw.rows = _check_values(store, TABLES[name], raw, reading.checks, limits, problems)
        raws[name], readings[name] = raw, reading
        store.extras[name] = reading.extras
        if {"partner_id", *(c.name for c in TABLES[name].columns if c.required)} <= set(schema):
            for code, month in unrated(store, name, reading, found, money, rate_rows)[:SHOWN]:
                problems.append(unrated_problem(code, month, raw.label, money.currency))
        store.relations[name] = converted(name, reading, found, money, rate_rows)
    if problems:
        raise InputError(problems)
    excluded = leave_out_broken(store, exclude, money.currency)
    cross_checks(store, raws, at_most, problems)
    dates_in_calendar(store, raws, calendar, problems)
    if problems:
        raise InputError(problems)
    excluded += leave_out_odd(store, exclude, money.currency)
    rounded = _rounded(store, readings)
    history = History.over(store, money.currency, money.assumed, shown, store.extras)
    return replace(history, rounded=rounded, excluded=tuple(excluded), calendar=calendar)


def _check_header(table: Table, raw: Raw, problems: list[Problem]) -> None:
    absent = [name for name in table.names if name not in raw.columns]
    for name in raw.columns:
        close = misspelt(name, absent) if name not in table.names else None
        if close:
            problems.append(Problem(raw.place(None, name), "this column is not known.", f"Did you mean {close}?"))
    missing = [column.name for column in table.columns if column.required and column.name not in raw.columns]
    if missing:
        problems.append(without_columns(raw.header or raw.label, missing, raw.columns))


def _numeric(store: RemoteStore, table: Table, relation: str, schema: Any) -> frozenset[str]:
    """Further columns of text in which every value is a number."""
    further = table.extras and table.name != "partners"
    texts = [name for name in schema if further and name not in table.names and schema[name].is_string()]
    if not texts:
        return frozenset()
    answers = store.native(f"SELECT {listed(map(number_test, texts))} FROM {relation}")[0]
    return frozenset(name for name, answer in zip(texts, answers, strict=True) if answer)


def _check_values(
    store: RemoteStore,
    table: Table,
    raw: Raw,
    checks: list[tuple[str, str, str]],
    limits: Limits,
    problems: list[Problem],
) -> int:
    items = listed(["count(*)", *(f"count(*) FILTER (WHERE {test})" for _, test, _ in checks)])
    rows, *counts = store.native(f"SELECT {items} FROM {raw.relation}")[0]
    if rows > limits.rows:
        problems.append(Problem(raw.label, f"it has {rows:,} rows; at most {limits.rows:,} are read."))
    for (column, test, message), count in zip(checks, counts, strict=True):
        if count:
            key = quoted(next((name for name in table.key if name in raw.columns), column))
            named = store.native(
                f"SELECT CAST({key} AS TEXT), CAST({quoted(column)} AS TEXT), {raw.row or 'NULL'} FROM {raw.relation} "
                f"WHERE {test} ORDER BY 3, 1 LIMIT {SHOWN}"
            )
            examples = ", ".join(f"{value!r} at {identity}" for identity, value, _ in named[:3])
            message = f"{counted(count, 'row', 'rows')}: {message} (found {examples})"
            problems.append(Problem(raw.place(named[0][2] if named else None, column), message))
    return int(rows)


def _rounded(store: RemoteStore, readings: dict[str, RemoteReading]) -> dict[tuple[str, str], tuple[int, Decimal]]:
    """(table, column) -> rows that lost decimals and what rounding added to them in all."""
    changed = {}
    for name, reading in readings.items():
        if not reading.rounded:
            continue
        items = listed(
            f"count(*) FILTER (WHERE {test}), coalesce(sum({change}) FILTER (WHERE {test}), 0)"
            for test, change in reading.rounded.values()
        )
        row = store.native(f"SELECT {items} FROM {reading.relation}")[0]
        for place, column in enumerate(reading.rounded):
            if row[2 * place]:
                changed[name, column] = (int(row[2 * place]), Decimal(row[2 * place + 1]))
    return changed
