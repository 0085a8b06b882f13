"""One raw table read into its canonical form: which columns it has, which cells cannot be read, and the SQL for it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from incentive_lab.errors import Problem, nearest
from incentive_lab.history.empties import empty_cells
from incentive_lab.history.reading import Reader, as_text, family_in, family_of, inexact
from incentive_lab.history.store import DuckStore, Raw, listed, quoted
from incentive_lab.history.tables import ALLOWED, OTHER_NAMES, UNSEEN, Column, Kind, Table
from incentive_lab.history.written import dates_in, numbers_in

SHOWN = 20
"""Rows of one kind of problem that are named one by one."""

ENGINE_TYPES: dict[Kind, str] = {
    "text": "VARCHAR", "date": "DATE", "money": "BIGINT", "number": "BIGINT", "share": "BIGINT",
    "boolean": "BOOLEAN", "period": "VARCHAR",
}  # fmt: skip


@dataclass
class Canonical:
    """A table as it will be read.

    Attributes:
        table: Its declaration.
        raw: Where it is read from.
        values: Column -> SQL of its canonical value over the raw table; declared columns first.
        extras: Column -> kind of each further column kept.
        rounded: Money column -> (rows, sum of what rounding added in whole currency units).
    """

    table: Table
    raw: Raw
    values: dict[str, str]
    extras: dict[str, Kind] = field(default_factory=dict)
    rounded: dict[str, tuple[int, Decimal]] = field(default_factory=dict)

    def select(self) -> str:
        """SQL of the canonical table, with the row number people see as `_row`."""
        row = self.raw.row or "NULL"
        items = [f"CAST({row} AS BIGINT) AS _row", *(f"{sql} AS {quoted(name)}" for name, sql in self.values.items())]
        return f"SELECT {listed(items)} FROM {self.raw.relation}"


def read_columns(store: DuckStore, table: Table, raw: Raw, reader: Reader, problems: list[Problem]) -> Canonical:
    """How to read one raw table; every unreadable cell becomes a problem.

    Args:
        store: Holds the raw table.
        table: What it should be.
        raw: What was found.
        reader: How values are read.
        problems: Receives what is wrong.
    """
    _check_header(table, raw, problems)
    raw.tidy = _tidy(store, raw)
    values = {column.name: _value(column, raw, reader) for column in table.columns}
    canonical = Canonical(table, raw, values)
    if not raw.rows:
        return canonical
    _profile(store, canonical, reader, problems)
    if table.extras:
        _read_extras(store, canonical, reader)
    return canonical


def _tidy(store: DuckStore, raw: Raw) -> frozenset[str]:
    """Text columns that need no trimming, so that large tables are read without a copy of every value."""
    texts = [name for name in raw.columns if family_of(raw.columns[name]) == "text"]
    if not texts or not raw.rows:
        return frozenset()
    untidy = listed(
        f"coalesce(bool_or({quoted(name)} <> trim({quoted(name)}) OR {quoted(name)} = ''), FALSE)" for name in texts
    )
    answers = store.rows(f"SELECT {untidy} FROM {raw.relation}")[0]
    return frozenset(name for name, answer in zip(texts, answers, strict=True) if not answer)


def _value(column: Column, raw: Raw, reader: Reader) -> str:
    if column.name not in raw.columns:
        empty = f"CAST(NULL AS {ENGINE_TYPES[column.kind]})"
    else:
        empty = reader.value(column.name, family_in(raw, column.name), column.kind)
        if column.values:
            empty = f"lower({empty})"
        elif column.name == "currency":
            empty = f"upper({empty})"
    if raw.table == "activities" and column.name == "quantity":
        return f"coalesce({empty}, 1000000)"
    return empty


def _check_header(table: Table, raw: Raw, problems: list[Problem]) -> None:
    missing = [column.name for column in table.columns if column.required and column.name not in raw.columns]
    absent = [name for name in table.names if name not in raw.columns]
    slips = {}
    for name in raw.columns:
        close = misspelt(name, absent) if name not in table.names else None
        if close:
            slips[close] = name
            problems.append(Problem(raw.place(None, name), "this column is not known.", f"Did you mean {close}?"))
        elif name not in table.names and not table.extras:
            known = f"Known: {', '.join(table.names)}."
            problems.append(Problem(raw.place(None, name), "this column is not known.", known))
    unlike = []
    for name in missing:
        near = nearest(name, [other for other in raw.columns if other not in table.names])
        if raw.header and name not in slips:
            fix = f"Say under columns where it comes from, such as {name}: and the name of a column."
            problems.append(Problem(raw.header, f"the column {name} is missing.", fix))
        elif near and name not in slips:
            fix = f"Rename the column {near}, if that is it."
            problems.append(Problem(raw.label, f"the column {name} is missing.", fix))
        elif name not in slips:
            unlike.append(name)
    if unlike:
        problems.append(without_columns(raw.label, unlike, raw.columns, OTHER_NAMES))
    if table.one_of and not any(name in raw.columns for name in table.one_of):
        message = f"one of the columns {', '.join(table.one_of)} must be there."
        problems.append(Problem(raw.header or raw.label, message))


def without_columns(label: str, missing: list[str], found: Iterable[str], advice: str = "") -> Problem:
    """The one problem of a table that lacks columns: which, what it has instead and what to do.

    Example:
        >>> print(without_columns("deals.csv", ["deal_id", "status"], ["id", "state"]))
        deals.csv: the columns deal_id, status are missing. Found: id, state.
    """
    said = f"the column {missing[0]} is" if len(missing) == 1 else f"the columns {', '.join(missing)} are"
    return Problem(label, f"{said} missing.", f"Found: {', '.join(found)}. {advice}".strip())


def misspelt(name: str, absent: list[str]) -> str | None:
    """The absent known column that `name` is almost certainly meant to be.

    Example:
        >>> misspelt("Amout", ["amount", "cost"]), misspelt("colour", ["amount", "cost"])
        ('amount', None)
    """
    plain = name.strip().lower().replace(" ", "_").replace("-", "_")
    matches = difflib.get_close_matches(plain, absent, n=1, cutoff=0.84)
    return matches[0] if matches else None


def _profile(store: DuckStore, canonical: Canonical, reader: Reader, problems: list[Problem]) -> None:
    raw, table = canonical.raw, canonical.table
    checks: list[tuple[Column, str, str]] = []
    for column in table.columns:
        if column.name not in raw.columns:
            continue
        checks.extend((column, kind, sql) for kind, sql in _column_checks(column, canonical, reader))
    if table.one_of:
        given = [name for name in table.one_of if name in raw.columns]
        empty = " AND ".join(f"NOT ({reader.present(name, family_in(raw, name))})" for name in given) or "TRUE"
        checks.append((table.columns[0], "none", empty))
    if not checks:
        return
    counted = listed(f"count(*) FILTER (WHERE {sql})" for _, _, sql in checks)
    counts = store.rows(f"SELECT {counted} FROM {raw.relation}")[0]
    for (column, kind, sql), count in zip(checks, counts, strict=True):
        if count and kind == "rounded":
            canonical.rounded[column.name] = (count, _added(store, canonical, column, sql, reader))
        elif count and kind == "missing" and raw.origins:
            problems.extend(empty_cells(store, raw, column, sql))
        elif count:
            problems.extend(_cell_problems(store, canonical, column, kind, sql, count))


def _column_checks(column: Column, canonical: Canonical, reader: Reader) -> list[tuple[str, str]]:
    family = family_in(canonical.raw, column.name)
    present, value = reader.present(column.name, family), canonical.values[column.name]
    checks = []
    if column.kind != "text":
        read = reader.value(column.name, family, column.kind)
        checks.append(("unreadable", f"{present} AND {read} IS NULL"))
    if column.required:
        checks.append(("missing", f"NOT ({present})"))
    if not column.negative:
        checks.append(("negative", f"{value} < 0"))
    if column.values:
        allowed = listed(f"'{name}'" for name in column.values)
        checks.append(("value", f"{present} AND {value} NOT IN ({allowed})"))
    if column.is_id and family in ("text", "tidy"):
        checks.append(("unseen", f"regexp_matches({value}, '\\p{{Cc}}')"))
    if column.name == "currency":
        checks.append(("currency", f"{present} AND NOT regexp_full_match({value}, '[A-Z]{{3}}')"))
    changed = inexact(quoted(column.name), family, reader.places) if column.kind == "money" else None
    if changed:
        checks.append(("rounded", f"{present} AND {value} IS NOT NULL AND {changed}"))
    return checks


def _added(store: DuckStore, canonical: Canonical, column: Column, changed: str, reader: Reader) -> Decimal:
    exact = f"TRY_CAST(CAST({quoted(column.name)} AS VARCHAR) AS DECIMAL(38,12))"
    value = canonical.values[column.name]
    read = f"CAST({value} AS DECIMAL(38,12)) / CAST({10**reader.places} AS DECIMAL(38,0))"
    sql = f"SELECT sum(CAST({read} AS DECIMAL(38,12)) - {exact}) FROM {canonical.raw.relation} WHERE {changed}"
    return Decimal(str(store.rows(sql)[0][0] or 0))


def _cell_problems(
    store: DuckStore, canonical: Canonical, column: Column, kind: str, sql: str, count: int
) -> list[Problem]:
    raw = canonical.raw
    row = raw.row or "NULL"
    found = f"left(CAST({quoted(column.name)} AS VARCHAR), 60)" if column.name in raw.columns else "NULL"
    order = "" if raw.on_disk or not raw.row else " ORDER BY 1"
    rows = store.rows(f"SELECT {row}, {found} FROM {raw.relation} WHERE {sql}{order} LIMIT {SHOWN}")
    problems = [
        Problem(
            raw.place(number, None if kind == "none" else column.name),
            _cell_message(column, kind, text, canonical.table),
        )
        for number, text in rows
    ]
    if count > len(rows):
        more = f"and {count - len(rows):,} more rows with this problem."
        problems.append(Problem(raw.place(None, column.name), more))
    return problems


def _cell_message(column: Column, kind: str, found: str | None, table: Table) -> str:
    if kind == "missing":
        return f"this cell is empty; every row needs {ALLOWED[column.kind]}. Fill it, or delete the row."
    if kind == "none":
        return f"one of {', '.join(table.one_of)} must be filled."
    if kind == "negative":
        return f"found {found!r}; it cannot be below zero."
    if kind == "value":
        close = nearest((found or "").lower(), column.values)
        hint = f" Did you mean {close}?" if close else ""
        return f"found {found!r}; allowed: {', '.join(column.values)}.{hint}"
    if kind == "unseen":
        return f"found {found!r}; {UNSEEN}."
    if kind == "currency":
        return f"found {found!r}; allowed: an ISO 4217 code such as USD."
    return f"found {found!r}; allowed: {ALLOWED[column.kind]}.{_written_so(column.kind, found or '')}"


def _written_so(kind: str, found: str) -> str:
    """What a mapping has to say for a value that is only written another way."""
    keys = {"date": ("dates", dates_in), "money": ("numbers", numbers_in), "number": ("numbers", numbers_in)}
    key, ways_in = keys.get(kind, ("", dates_in))
    ways = ways_in([found]) if key else ()
    return f" A mapping reads it by {' or '.join(f'{key}: {way}' for way in ways)}." if ways else ""


def _read_extras(store: DuckStore, canonical: Canonical, reader: Reader) -> None:
    raw, table = canonical.raw, canonical.table
    extras = [name for name in raw.columns if name not in table.names and name != "_row"]
    if not extras:
        return
    numeric = {name: _numeric_test(name, raw, reader) for name in extras} if table.name != "partners" else {}
    plain = [name for name in extras if name not in numeric]
    tests = listed(f"coalesce(bool_and({test}), FALSE)" for test in numeric.values())
    answers = store.rows(f"SELECT {tests} FROM {raw.relation}")[0] if numeric else ()
    kinds: dict[str, Kind] = dict.fromkeys(plain, "text")
    kinds.update({name: "number" if yes else "text" for name, yes in zip(numeric, answers, strict=True)})
    for name in extras:
        canonical.extras[name] = kinds[name]
        canonical.values[name] = reader.value(name, family_in(raw, name), kinds[name])


def _numeric_test(name: str, raw: Raw, reader: Reader) -> str:
    family = family_in(raw, name)
    number, text = reader.value(name, family, "number"), as_text(quoted(name), family)
    coded = f"regexp_matches({text}, '^ *[+-]?0[0-9]')"
    return f"CASE WHEN {reader.present(name, family)} THEN {number} IS NOT NULL AND NOT {coded} END"
