"""What tables must agree on together: keys that name one row, ids that exist, shares that add up."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

from incentive_lab.errors import Problem, nearest
from incentive_lab.history.columns import SHOWN
from incentive_lab.history.credit import TOLERANCE, WHOLE
from incentive_lab.history.quality_rules import how_left_out
from incentive_lab.history.store import Raw, Store, listed, quoted
from incentive_lab.history.tables import TABLES

PASS_ROWS = 60_000_000
"""So many hashes of keys are compared at once, which takes half a gigabyte."""

_REFERENCES = (
    ("deals", "partner_id", "partners", "partner_id"),
    ("targets", "partner_id", "partners", "partner_id"),
    ("deal_partners", "deal_id", "deals", "deal_id"),
    ("deal_partners", "partner_id", "partners", "partner_id"),
    ("activities", "partner_id", "partners", "partner_id"),
    ("scores", "partner_id", "partners", "partner_id"),
    ("actual_payouts", "partner_id", "partners", "partner_id"),
    ("partners", "parent_id", "partners", "partner_id"),
)


def cross_checks(store: Store, raws: dict[str, Raw], splits_at_most: float, problems: list[Problem]) -> None:
    """Note every duplicate key, unknown id and set of shares that does not add up.

    Tables and columns that are not there were noted before and are passed over; so are empty ids.
    """
    for raw in raws.values():
        _duplicate_keys(store, raw, problems)
    for table, column, parent, key in _REFERENCES:
        if table in raws and column in raws[table].columns and parent in raws and key in raws[parent].columns:
            _unknown_ids(store, raws[table], column, parent, key, problems)
    if "deal_partners" in raws and {"deal_id", "share"} <= set(raws["deal_partners"].columns):
        _shares(store, raws["deal_partners"], splits_at_most, problems)


def _more(problems: list[Problem], label: str, total: int, shown: int, what: str) -> None:
    if total > shown:
        problems.append(Problem(label, f"and {total - shown:,} more {what}."))


def _duplicate_keys(store: Store, raw: Raw, problems: list[Problem]) -> None:
    table = TABLES[raw.table]
    key = [name for name in table.key if name in raw.columns]
    if not key or not raw.rows or table.key[0] not in key:
        return
    items = listed(f"coalesce(CAST({quoted(name)} AS VARCHAR), '')" for name in key)
    named = f"{quoted(key[0])} IS NOT NULL" if len(table.key) <= 3 else "TRUE"
    found: list[tuple[Any, ...]] = []
    total = 0
    for part in _passes(store, raw, key):
        repeated = (
            f"SELECT {items}, count(*) AS n, min(_row) AS a, max(_row) AS b FROM {{{raw.table}}} t "
            f"WHERE {named}{part} GROUP BY {listed(str(place + 1) for place in range(len(key)))} HAVING count(*) > 1"
        )
        rows = store.rows(f"SELECT *, count(*) OVER () FROM ({repeated}) s ORDER BY a, 1 LIMIT {SHOWN}")
        total += int(rows[0][-1]) if rows else 0
        found += rows[: SHOWN - len(found)]
    problems.extend(_repeated(raw, key, row) for row in found)
    _more(problems, raw.label, total, len(found), "keys that are there more than once")


def _passes(store: Store, raw: Raw, key: list[str]) -> list[str]:
    """Filters that keep what may repeat: all of a small table, only keys whose hash is there twice of a large one."""
    if not raw.on_disk:
        return [""]
    hashed = f"hash({listed(map(quoted, key))})"
    passes = 1 + raw.rows // PASS_ROWS
    parts = []
    for turn in range(passes):
        kept = f" AND {hashed} % {passes} = {turn}" if passes > 1 else ""
        twice = store.repeated_numbers(f"SELECT {hashed} AS h FROM {{{raw.table}}} t WHERE TRUE{kept}", raw.rows)
        if twice:
            parts.append(f" AND {hashed} IN ({listed(map(str, twice))})")
    return parts


def _repeated(raw: Raw, key: list[str], row: tuple[Any, ...]) -> Problem:
    *values, count, first, last, _ = row
    names = ", ".join(f"{name} {value!r}" for name, value in zip(key, values, strict=True) if value)
    message = f"{names} is there {count} times" + (f", first in {raw.other_row(first)}." if first is not None else ".")
    kept = f"Of rows that are the same throughout, one is kept: {how_left_out('duplicates')}."
    fix = f"{', '.join(TABLES[raw.table].key)} must name one row. {kept}"
    if raw.table == "deals" and "line" not in raw.columns:
        fix = f"A deal_id names one row; where a deal has several lines, add a column line. {kept}"
    return Problem(raw.place(last), message, fix)


def _unknown_ids(store: Store, raw: Raw, column: str, parent: str, key: str, problems: list[Problem]) -> None:
    unknown = (
        f"SELECT t.{column} AS id, min(t._row) AS a, count(*) AS n FROM {{{raw.table}}} t WHERE t.{column} IS NOT NULL "
        f"AND NOT EXISTS (SELECT 1 FROM {{{parent}}} p WHERE p.{key} = t.{column}) GROUP BY 1"
    )
    found = store.rows(f"SELECT id, a, n, count(*) OVER () FROM ({unknown}) s ORDER BY a, id LIMIT {SHOWN}")
    if not found:
        return
    known = [
        row[0] for row in store.rows(f"SELECT {key} FROM {{{parent}}} p WHERE {key} IS NOT NULL ORDER BY 1 LIMIT 5000")
    ]
    for identity, row, count, _ in found:
        close = nearest(identity, known)
        left = f"dd it to {parent}, or leave its rows out: {how_left_out('orphans')}."
        fix = f"Did you mean {close}? Else a{left}" if close else f"A{left}"
        times = f" ({count:,} rows)" if count > 1 else ""
        message = f"found {identity!r}{times}; {parent} has no such {key}."
        problems.append(Problem(raw.place(row, column), message, fix))
    _more(problems, raw.place(None, column), int(found[0][3]), len(found), f"ids that {parent} does not have")


def _shares(store: Store, raw: Raw, at_most: float, problems: list[Problem]) -> None:
    top = int(Decimal(str(at_most)) * WHOLE) + TOLERANCE
    low = f"sum(share) < {WHOLE - TOLERANCE} OR " if at_most <= 1 else ""
    wrong = (
        f"SELECT deal_id, sum(share) AS total, min(_row) AS a FROM {{{raw.table}}} t GROUP BY deal_id "
        f"HAVING count(share) = count(*) AND ({low}sum(share) > {top})"
    )
    found = store.rows(f"SELECT deal_id, total, a, count(*) OVER () FROM ({wrong}) s ORDER BY a, deal_id LIMIT {SHOWN}")
    for deal, total, row, _ in found:
        exact = (Decimal(int(total)) / WHOLE).normalize()
        message = f"the shares of deal {deal} add up to {exact:f}; allowed: 1" + (
            f" to {at_most:g}." if at_most > 1 else "."
        )
        problems.append(Problem(raw.place(row, "share"), message))
    if found:
        _more(problems, raw.label, int(found[0][3]), len(found), "deals whose shares do not add up")
