"""What tables must agree on together: keys that name one row, ids that exist, shares that add up."""

from __future__ import annotations

from collections.abc import Collection
from decimal import Decimal

from incentive_lab.errors import Problem, nearest
from incentive_lab.history.columns import SHOWN, Canonical, place
from incentive_lab.history.credit import TOLERANCE, WHOLE
from incentive_lab.history.store import Raw, Store, listed, quoted
from incentive_lab.history.tables import TABLES

PASS_ROWS = 8_000_000
"""Keys are looked at in passes of about so many rows, so that memory stays bounded."""

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


def cross_checks(
    store: Store,
    raws: dict[str, Raw],
    given: dict[str, Canonical] | Collection[str],
    splits_at_most: float,
    problems: list[Problem],
) -> None:
    """Note every duplicate key, unknown id and set of shares that does not add up."""
    for name in given:
        _duplicate_keys(store, raws[name], problems)
    for table, column, parent, key in _REFERENCES:
        if table in given and column in raws[table].columns:
            _unknown_ids(store, raws[table], column, parent, key, problems)
    if "deal_partners" in given:
        _shares(store, raws["deal_partners"], splits_at_most, problems)


def _more(problems: list[Problem], label: str, total: int, shown: int, what: str) -> None:
    if total > shown:
        problems.append(Problem(label, f"and {total - shown:,} more {what}."))


def _duplicate_keys(store: Store, raw: Raw, problems: list[Problem]) -> None:
    key = TABLES[raw.table].key
    if not key or not raw.rows:
        return
    items = listed(f"coalesce(CAST({quoted(name)} AS VARCHAR), '')" for name in key if name in raw.columns)
    passes = 1 + raw.rows // PASS_ROWS
    total, shown = 0, 0
    for turn in range(passes):
        part = f"WHERE hash({items}) % {passes} = {turn}" if passes > 1 else ""
        grouped = f"SELECT {items}, count(*) AS n, min(_row) AS a, max(_row) AS b FROM {{{raw.table}}} t {part} GROUP BY ALL HAVING count(*) > 1"
        if passes > 1 and not store.rows(
            f"SELECT 1 FROM (SELECT hash({items}) AS h FROM {{{raw.table}}} t {part}) s GROUP BY h HAVING count(*) > 1 LIMIT 1"
        ):
            continue
        found = store.rows(f"SELECT *, count(*) OVER () FROM ({grouped}) s ORDER BY a LIMIT {SHOWN}")
        total += int(found[0][-1]) if found else 0
        for *values, count, first, last, _ in found[: SHOWN - shown]:
            names = ", ".join(f"{name} {value!r}" for name, value in zip([k for k in key if k in raw.columns], values, strict=True) if value)
            message = f"{names} is there {count} times" + (f", first in row {first}." if first is not None else ".")
            fix = " Give each line of a deal its own `line`." if raw.table == "deals" and "line" not in raw.columns else ""
            problems.append(Problem(place(raw, last), message, f"{', '.join(key)} must name one row.{fix}"))
            shown += 1
    _more(problems, raw.label, total, shown, "keys that are there more than once")


def _unknown_ids(
    store: Store, raw: Raw, column: str, parent: str, key: str, problems: list[Problem]
) -> None:
    anti = (
        f"SELECT t.{column} AS id, min(t._row) AS a, count(*) AS n FROM {{{raw.table}}} t "
        f"WHERE t.{column} IS NOT NULL AND t.{column} NOT IN (SELECT {key} FROM {{{parent}}} p WHERE {key} IS NOT NULL) GROUP BY 1"
    )
    found = store.rows(f"SELECT id, a, n, count(*) OVER (), sum(n) OVER () FROM ({anti}) s ORDER BY a, id LIMIT {SHOWN}")
    if not found:
        return
    known = [row[0] for row in store.rows(f"SELECT {key} FROM {{{parent}}} p WHERE {key} IS NOT NULL ORDER BY 1 LIMIT 5000")]
    for identity, row, count, _, _ in found:
        close = nearest(identity, known)
        fix = f"Did you mean {close}?" if close else f"Add it to {parent} or leave the rows out."
        times = f" ({count:,} rows)" if count > 1 else ""
        message = f"found {identity!r}{times}; {parent} has no such {key}."
        problems.append(Problem(place(raw, row, column), message, fix))
    _more(problems, f"{raw.label}, column {column}", int(found[0][3]), len(found), f"ids that {parent} does not have")


def _shares(store: Store, raw: Raw, at_most: float, problems: list[Problem]) -> None:
    empty = store.rows(f"SELECT _row, deal_id FROM {{{raw.table}}} t WHERE share IS NULL AND role IS NULL ORDER BY 1 LIMIT {SHOWN}")
    for row, deal in empty:
        problems.append(Problem(place(raw, row, "share"), f"deal {deal} has neither a share nor a role here.", "Allowed: a fraction such as 0.25."))
    top = int(Decimal(str(at_most)) * WHOLE) + TOLERANCE
    low = f"sum(share) < {WHOLE - TOLERANCE} OR " if at_most <= 1 else ""
    wrong = (
        f"SELECT deal_id, sum(share) AS total, min(_row) AS a FROM {{{raw.table}}} t GROUP BY deal_id "
        f"HAVING count(share) = count(*) AND ({low}sum(share) > {top})"
    )
    found = store.rows(f"SELECT deal_id, total, a, count(*) OVER () FROM ({wrong}) s ORDER BY a, deal_id LIMIT {SHOWN}")
    for deal, total, row, _ in found:
        exact = (Decimal(int(total)) / WHOLE).normalize()
        message = f"the shares of deal {deal} add up to {exact:f}; allowed: 1" + (f" to {at_most:g}." if at_most > 1 else ".")
        problems.append(Problem(place(raw, row, "share"), message))
    if found:
        _more(problems, raw.label, int(found[0][3]), len(found), "deals whose shares do not add up")
