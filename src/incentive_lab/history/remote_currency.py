"""One currency for a history in a database: which one, and the conversion as part of its queries."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

from incentive_lab.errors import Problem
from incentive_lab.history.beside import alike_rows
from incentive_lab.history.currency import DATES, Rates, kept_in, mixed, read_rates
from incentive_lab.history.remote_columns import RemoteReading, exact_number, text_of
from incentive_lab.history.remote_store import RemoteStore
from incentive_lab.history.store import Raw, listed, literal, quoted
from incentive_lab.history.tables import TABLES
from incentive_lab.money import decimals

Found = Mapping[str, tuple[str, Mapping[str, Any]]]
"""Table -> (what it is read from, column -> Ibis type)."""
_MONEY = (("deals", "amount"), ("activities", "spend"))


def settle_remote(
    store: RemoteStore,
    found: Found,
    raws: Sequence[Raw],
    currency: str | None,
    rates: Any,
    problems: list[Problem],
) -> tuple[Rates, str]:
    """The one currency of a history, and SQL for the rows of the rate table ('' without one).

    Args:
        store: The database.
        found: What each table is read from.
        raws: How messages name each.
        currency: The currency that was asked for.
        rates: Frame or file of rates.
        problems: Receives what is wrong.
    """
    if currency is not None and not re.fullmatch("[A-Z]{3}", currency):
        problems.append(Problem("currency", f"found {currency!r}; allowed: an ISO 4217 code such as USD."))
        currency = None
    given = read_rates(rates, problems) if rates is not None else None
    used = _used(store, found)
    alike = [(raw, alike_rows(store.native, raw, *_said(raw.table, found), f"{_partners(found)} p")) for raw in raws]
    target, assumed = kept_in(currency, used, alike, problems)
    mixed(used, target, currency, rates is not None, problems)
    rows = listed(f"({literal(code)}, {literal(month)}, {rate})" for code, month, rate in given or ())
    table = f"(VALUES {rows}) AS x (_foreign, _month, _rate)" if rows else ""
    return Rates(target, tuple(used), assumed, given is not None), table


def _code(column: str, schema: Mapping[str, Any]) -> str:
    return f"upper({text_of(quoted(column), schema[column])})" if column in schema else "CAST(NULL AS TEXT)"


def _said(name: str, found: Found) -> tuple[str, str]:
    """SQL for the currency that a row says, and for the partner whose currency it else has."""
    schema = found[name][1]
    nothing = "CAST(NULL AS TEXT)"
    own = _code("currency", schema) if TABLES[name].column("currency") else nothing
    known = name in DATES and "partner_id" in schema
    return own, text_of('"partner_id"', schema["partner_id"]) if known else nothing


def _partners(found: Found) -> str:
    """SQL for the currency of each partner, as (_id, _currency)."""
    relation, schema = found["partners"]
    if not {"partner_id", "currency"} <= set(schema):
        return "(SELECT CAST(NULL AS TEXT) AS _id, CAST(NULL AS TEXT) AS _currency WHERE FALSE)"
    who = text_of('"partner_id"', schema["partner_id"])
    return f"(SELECT {who} AS _id, max({_code('currency', schema)}) AS _currency FROM {relation} GROUP BY 1)"


def _used(store: RemoteStore, found: Found) -> list[str]:
    used: set[str] = set()
    for name, money in _MONEY:
        if name not in found or "partners" not in found or not {"partner_id", money} <= set(found[name][1]):
            continue
        relation = found[name][0]
        own, who = _said(name, found)
        inner = f"SELECT DISTINCT {own} AS own, {who} AS who FROM {relation} WHERE {quoted(money)} IS NOT NULL"
        sql = f"SELECT DISTINCT coalesce(own, _currency) FROM ({inner}) d LEFT JOIN {_partners(found)} p ON _id = who"
        used |= {row[0] for row in store.native(sql) if row[0] and re.fullmatch("[A-Z]{3}", row[0])}
    return sorted(used)


def converted(name: str, reading: RemoteReading, found: Found, money: Rates, rates: str) -> str:
    """The query for a canonical table with its money in the history's currency."""
    if not money.converts or name not in DATES:
        return reading.select()
    places, schema, values = decimals(money.currency), found[name][1], dict(reading.values)
    for column in TABLES[name].columns:
        if column.kind == "money" and column.name in schema:
            exact = exact_number(quoted(column.name), schema[column.name])
            foreign = f"CAST(ROUND(ROUND({exact}, 6) * _rate, {places}) * {10**places} AS BIGINT)"
            own = values[column.name]
            values[column.name] = f"CASE WHEN _code = {literal(money.currency)} THEN {own} ELSE {foreign} END"
    if "currency" in values:
        values["currency"] = literal(money.currency)
    return reading.select(values, _joined(name, reading, found, money, rates))


def _joined(name: str, reading: RemoteReading, found: Found, money: Rates, rates: str) -> str:
    code = reading.values.get("currency", "CAST(NULL AS TEXT)")
    month = f"to_char(coalesce({listed(reading.values[date] for date in DATES[name])}), 'YYYY-MM')"
    added = f"{code} AS _own, {month} AS _period, {reading.values['partner_id']} AS _who"
    source = f"(SELECT *, {added} FROM {reading.relation}) r"
    coded = f"coalesce(_own, _currency, {literal(money.currency)})"
    source = f"(SELECT r.*, {coded} AS _code FROM {source} LEFT JOIN {_partners(found)} p ON _id = _who) r"
    empty = "(SELECT CAST(NULL AS TEXT) AS _foreign, CAST(NULL AS TEXT) AS _month, 1.0 AS _rate WHERE FALSE) x"
    return f"{source} LEFT JOIN {rates or empty} ON _foreign = _code AND _month = _period"


def unrated(
    store: RemoteStore, name: str, reading: RemoteReading, found: Found, money: Rates, rates: str
) -> list[tuple[str, str]]:
    """(currency, month) of amounts for which the rate table has no rate."""
    if not money.converts or name not in DATES:
        return []
    source = _joined(name, reading, found, money, rates)
    test = f"_rate IS NULL AND _code <> {literal(money.currency)}"
    return [(row[0], row[1]) for row in store.native(f"SELECT DISTINCT _code, _period FROM {source} WHERE {test}")]
