"""One currency per history: which one, and how amounts in others convert at the rate of their closing month."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation
from pathlib import Path
from typing import Any

from incentive_lab.errors import Problem
from incentive_lab.history.beside import Alike, alike_rows, currency_by, tell_beside
from incentive_lab.history.columns import Canonical
from incentive_lab.history.reading import as_text, family_of
from incentive_lab.history.store import DuckStore, Raw, listed, literal, quoted
from incentive_lab.history.tables import TABLES

DEFAULT = "USD"
RATE_PLACES = 9
"""Decimals that are kept of a rate."""
DATES = {"deals": ("closed_on", "created_on"), "activities": ("occurred_on",)}
"""Table -> the dates whose month decides the rate, the first that is known."""


@dataclass(frozen=True)
class Rates:
    """The currency amounts are kept in, and whether some convert.

    Attributes:
        currency: ISO 4217 code.
        used: Currencies the deals and activities are in.
        assumed: Whether nothing says which currency it is.
        table: Whether a rate table was supplied (the store's `raw.rates`).
    """

    currency: str
    used: tuple[str, ...] = ()
    assumed: bool = False
    table: bool = False

    @property
    def converts(self) -> bool:
        """Whether any amount is in another currency."""
        return self.table and any(code != self.currency for code in self.used)

    def converted(self, read: Canonical) -> str:
        """SQL of a canonical table with its money in the history's currency."""
        if not self.converts or read.table.name not in DATES:
            return read.select()
        from incentive_lab.money import decimals

        places = decimals(self.currency)
        values = dict(read.values)
        for column in read.table.columns:
            if column.kind == "money" and column.name in read.raw.columns:
                exact = f"TRY_CAST(CAST({quoted(column.name)} AS VARCHAR) AS DECIMAL(38,6))"
                foreign = f"CAST(CAST({exact} * _rate AS DECIMAL(38,{places})) * {10**places} AS BIGINT)"
                own = values[column.name]
                values[column.name] = f"CASE WHEN _code = {literal(self.currency)} THEN {own} ELSE {foreign} END"
        if "currency" in values:
            values["currency"] = literal(self.currency)
        items = listed(["CAST(_n AS BIGINT) AS _row", *(f"{sql} AS {quoted(name)}" for name, sql in values.items())])
        return f"SELECT {items} FROM {self._joined(read)}"

    def _joined(self, read: Canonical) -> str:
        row, table = read.raw.row or "NULL", read.table.name
        code = read.values.get("currency", "NULL")
        month = f"strftime(coalesce({listed(read.values[date] for date in DATES[table])}), '%Y-%m')"
        who = read.values["partner_id"]
        added = f"{row} AS _n, {code} AS _own, {month} AS _period, {who} AS _who"
        coded = f"SELECT *, {added} FROM {read.raw.relation}"
        source = f"(SELECT r.*, coalesce(r._own, p._currency, {literal(self.currency)}) AS _code FROM ({coded}) r "
        source += "LEFT JOIN raw.partner_currency p ON p._id = r._who) r "
        return source + "LEFT JOIN raw.rates x ON x._foreign = r._code AND x._month = r._period"

    def missing(self, store: DuckStore, read: Canonical, problems: list[Problem]) -> None:
        """Note every currency and month that amounts need and the rate table does not have."""
        if not self.converts or read.table.name not in DATES:
            return
        unrated = f"_rate IS NULL AND _code <> {literal(self.currency)}"
        sql = f"SELECT DISTINCT _code, _period FROM {self._joined(read)} WHERE {unrated} ORDER BY 1, 2"
        for code, month in store.rows(sql)[:20]:
            problems.append(unrated_problem(code, month, read.raw.label, self.currency))


def settle_currency(
    store: DuckStore, raws: dict[str, Raw], currency: str | None, rates: Any, problems: list[Problem]
) -> Rates:
    """The one currency of a history, with the supplied rates loaded; mixed currencies without rates are a problem."""
    if currency is not None and not re.fullmatch("[A-Z]{3}", currency):
        problems.append(Problem("currency", f"found {currency!r}; allowed: an ISO 4217 code such as USD."))
        currency = None
    _partner_currencies(store, raws.get("partners"))
    used = _used(store, raws)
    given = read_rates(rates, problems) if rates is not None else None
    if given is not None:
        _keep_rates(store, given)
    found = [(raw, alike_rows(store.rows, raw, *_said(raw), "raw.partner_currency")) for raw in raws.values()]
    target, assumed = kept_in(currency, used, found, problems)
    mixed(used, target, currency, rates is not None, problems)
    return Rates(target, tuple(used), assumed, given is not None)


def kept_in(
    currency: str | None, used: list[str], found: Sequence[tuple[Raw, Sequence[Alike]]], problems: list[Problem]
) -> tuple[str, bool]:
    """The currency of a history, and whether it is only assumed; numbers beside which another stands are a problem.

    Args:
        currency: The one that was asked for.
        used: Currencies that tables say their amounts are in.
        found: Mapped tables, each with its rows by what stands beside their numbers.
        problems: Receives what is wrong.
    """
    said = currency or next(iter(used), None)
    by_numbers = currency_by(one for _, rows in found for one in rows)
    target, sure = (said, True) if said else by_numbers or (DEFAULT, False)
    for raw, rows in found:
        tell_beside(raw, rows, target, said is not None, problems)
    return target, not sure


def mixed(used: list[str], target: str, currency: str | None, rated: bool, problems: list[Problem]) -> None:
    """Note currencies that cannot be added.

    Args:
        used: Currencies that amounts are in.
        target: The one they are to be kept in.
        currency: The one that was asked for.
        rated: Whether a rate table was supplied.
        problems: Receives what is wrong.
    """
    if all(code == target for code in used):
        return
    named = " and ".join([", ".join(used[:-1]), used[-1]] if len(used) > 1 else used)
    if not rated:
        wanted = f"not in {target}" if currency and len(used) == 1 else "which cannot be added"
        fix = "Supply a rate table (currency, month, rate) and the currency to keep."
        problems.append(Problem("currency", f"amounts are in {named}, {wanted}; without rates they are refused.", fix))
    elif currency is None:
        problems.append(Problem("currency", f"amounts are in {named}.", "Say which currency to convert them to."))


def unrated_problem(code: str, month: str, label: str, currency: str) -> Problem:
    """The problem of amounts without a rate."""
    message = f"there is no rate for {code} in {month}, but {label} has amounts in it."
    return Problem("rates", message, f"Add currency {code}, month {month} and how many {currency} one {code} is.")


def _code(raw: Raw, column: str = "currency") -> str:
    family = family_of(raw.columns[column])
    text = as_text(quoted(column), family)
    return f"nullif(upper(trim({text})), '')" if column == "currency" else f"nullif(trim({text}), '')"


def _said(raw: Raw) -> tuple[str, str]:
    """SQL for the currency that a row says, and for the partner whose currency it else has."""
    own = _code(raw) if "currency" in raw.columns and TABLES[raw.table].column("currency") else "CAST(NULL AS VARCHAR)"
    who = _code(raw, "partner_id") if "partner_id" in raw.columns and raw.table in DATES else "CAST(NULL AS VARCHAR)"
    return own, who


def _partner_currencies(store: DuckStore, partners: Raw | None) -> None:
    store.execute("CREATE OR REPLACE TABLE raw.partner_currency (_id VARCHAR, _currency VARCHAR)")
    if partners is None or not {"partner_id", "currency"} <= set(partners.columns):
        return
    store.execute(
        f"INSERT INTO raw.partner_currency SELECT {_code(partners, 'partner_id')}, max({_code(partners)}) "
        f"FROM {partners.relation} GROUP BY 1"
    )


def _used(store: DuckStore, raws: dict[str, Raw]) -> list[str]:
    used: set[str] = set()
    for name, money in (("deals", "amount"), ("activities", "spend")):
        raw = raws.get(name)
        if raw is None or not {"partner_id", money} <= set(raw.columns):
            continue
        own, who = _said(raw)
        inner = f"SELECT DISTINCT {own} AS own, {who} AS who FROM {raw.relation} WHERE {quoted(money)} IS NOT NULL"
        sql = f"SELECT DISTINCT coalesce(own, _currency) FROM ({inner}) d LEFT JOIN raw.partner_currency ON _id = who"
        used |= {row[0] for row in store.rows(sql) if row[0] and re.fullmatch("[A-Z]{3}", row[0])}
    return sorted(used)


def read_rates(rates: Any, problems: list[Problem]) -> list[tuple[str, str, Decimal]] | None:
    """A rate table as (currency, month, units of the kept currency for one); None with the problem noted.

    Args:
        rates: Frame, or path of a CSV or Parquet file, with currency, month and rate.
        problems: Receives what is wrong.
    """
    import pandas as pd

    label = "rates"
    if isinstance(rates, (str, Path)):
        path = Path(rates)
        label = path.name
        if not path.is_file():
            problems.append(Problem(str(path), "there is no such file.", "It gives currency, month and rate."))
            return None
        try:
            rates = pd.read_parquet(path) if path.suffix == ".parquet" else pd.read_csv(path, dtype=str)
        except Exception as error:  # pandas and pyarrow raise a kind for each way in which a file is no table
            reason = str(error).splitlines()[0] if str(error) else type(error).__name__
            problems.append(Problem(label, f"this is not a readable rate table: {reason}"))
            return None
    frame = pd.DataFrame(rates)
    lacking = [name for name in ("currency", "month", "rate") if name not in frame.columns]
    if lacking:
        problems.append(Problem(label, f"the column {lacking[0]} is missing.", "Allowed: currency, month, rate."))
        return None
    rows = []
    for number, (code, month, rate) in enumerate(zip(frame["currency"], frame["month"], frame["rate"], strict=True), 2):
        exact, when = _positive(rate), str(month)[:7]
        if exact is None or not re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", when) or not re.fullmatch("[A-Z]{3}", str(code)):
            found = f"found {code}, {month}, {rate}."
            allowed = "Allowed: an ISO code, a month such as 2013-05, a rate above zero."
            problems.append(Problem(f"{label} row {number}", found, allowed))
        else:
            rows.append((str(code), when, round(exact, RATE_PLACES)))
    if len({row[:2] for row in rows}) < len(rows):
        problems.append(Problem(label, "a currency and month are there twice."))
    return rows


def _keep_rates(store: DuckStore, rows: list[tuple[str, str, Decimal]]) -> None:
    store.execute(
        f"CREATE OR REPLACE TABLE raw.rates (_foreign VARCHAR, _month VARCHAR, _rate DECIMAL(18,{RATE_PLACES}))"
    )
    if rows:
        store.connection.executemany("INSERT INTO raw.rates VALUES (?, ?, ?)", rows)


def _positive(value: object) -> Decimal | None:
    try:
        number = Decimal(str(value))
    except InvalidOperation:
        return None
    return number if number.is_finite() and 0 < number < 10**9 else None
