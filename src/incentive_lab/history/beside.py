"""Currencies that stand beside numbers: which one amounts are in by them, and where they contradict what is said of a row."""

from __future__ import annotations

import itertools
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from incentive_lab.errors import Problem
from incentive_lab.format import counted
from incentive_lab.history.columns import SHOWN
from incentive_lab.history.origins import STRIDE
from incentive_lab.history.store import BESIDE, DuckStore, Raw, literal, quoted
from incentive_lab.history.tables import TABLES, holds_money
from incentive_lab.money import CODES

_DOLLARS = "USD CAD AUD NZD SGD HKD TWD MXN ARS CLP COP UYU BBD BMD BND BSD BZD FJD GYD JMD KYD LRD NAD SBD SRD TTD XCD"
SYMBOLS: Mapping[str, tuple[str, ...]] = {
    "€": ("EUR",),
    "$": tuple(_DOLLARS.split()),
    "£": ("GBP", "EGP", "FKP", "GIP", "LBP", "SDG", "SHP", "SSP", "SYP"),
    "¥": ("JPY", "CNY"),
}
"""Symbol -> the currencies it is written for, the one it means by itself first."""
_CODE, _MARK = re.compile("[A-Z]{3}"), re.compile("[A-Z]{3}|[$€£¥]")
_ALLOWED = "Allowed beside a number: €, $, £, ¥ or an ISO 4217 code such as EUR."
_NAMED = 6
_END, _PART, _CALCULATED = "\x1e", "\x1f", "+"


@dataclass(frozen=True)
class Alike:
    """Rows of a table that are alike in what stands beside their numbers and in what is said of their currency.

    Attributes:
        marks: Our column -> what stands beside its numbers.
        own: The currency that the row says, None where it says none.
        partner: The currency that its partner says.
        rows: How many.
        first: The first of them, counted with `origins.STRIDE`.
        example: The id of one, where rows have no number.
    """

    marks: Mapping[str, tuple[str, ...]]
    own: str | None
    partner: str | None
    rows: int
    first: int
    example: str

    @property
    def said(self) -> str | None:
        """The currency that is said of these rows."""
        return self.own or self.partner

    def currencies(self, column: str, otherwise: str) -> dict[str, str]:
        """What stands beside the numbers of a column -> the currency it means; in a row that says none as if it said this."""
        return {mark: meant(mark, self.said or otherwise) for mark in self.marks[column]}

    def shown(self) -> str:
        """One of them, as people find it."""
        if self.first % STRIDE:
            return f"row {self.first % STRIDE}"
        return repr(self.example) if self.example else "one without an id"


def meant(mark: str, code: str) -> str:
    """The currency that a symbol or code means in a row that is in `code`.

    Example:
        >>> meant("$", "CAD"), meant("$", "EUR"), meant("USD", "CAD")
        ('CAD', 'USD', 'USD')
    """
    known = SYMBOLS.get(mark, (mark,))
    return code if code in known else known[0]


def currencies_among(values: Sequence[str]) -> list[str]:
    """The different currencies that stand beside some numbers.

    Example:
        >>> currencies_among(["12,60 EUR", "$1.000", "€ 7", "3 PCS", "7"])
        ['EUR', 'USD']
    """
    marks = (mark for value in values for mark in _MARK.findall(value) if _known(mark))
    return list(dict.fromkeys(meant(mark, "") for mark in marks))


def keeper(column: str) -> str:
    """The name of the column that keeps which currency the cells of a column are shown in; no sheet can have it."""
    return f"{_PART}{column}"


def keep_beside(store: DuckStore, raw: Raw) -> None:
    """Keep which currencies the amounts of a sheet that needs no mapping are shown in."""
    shown = {
        name: [f"coalesce({quoted(one)}, '')"] for name, one in raw.shown_in.items() if holds_money(raw.table, name)
    }
    if shown:
        store.execute(f"ALTER TABLE {raw.relation} ADD COLUMN {quoted(BESIDE)} VARCHAR")
        store.execute(f"UPDATE {raw.relation} SET {quoted(BESIDE)} = {packed(shown, ())}")
        raw.beside = True


def packed(beside: Mapping[str, Sequence[str]], calculated: Collection[str]) -> str:
    """SQL for the column `BESIDE` of a mapped table.

    Args:
        beside: Our column -> SQL for the currencies beside each number it is made of.
        calculated: Columns whose numbers a mapping calculates.
    """
    columns = []
    for name, numbers in beside.items():
        begins = literal(f"{name}{_PART}{_CALCULATED if name in calculated else ''} ")
        columns.append(" || ".join([begins, *(f"{sql} || ' '" for sql in numbers), literal(_END)]))
    return " || ".join(columns)


def alike_rows(
    ask: Callable[[str], list[tuple[Any, ...]]], raw: Raw, own: str, partner: str, currencies: str
) -> list[Alike]:
    """The rows of a mapped table by the currencies beside their numbers; none where that is not kept.

    Args:
        ask: Carries out a query in the words of the engine that holds the table.
        raw: The table.
        own: SQL for the currency that a row says.
        partner: SQL for the partner's id.
        currencies: What can stand after FROM with `_id` and `_currency` of each partner.
    """
    if not raw.beside:
        return []
    key = next((name for name in (*TABLES[raw.table].key, "partner_id") if name in raw.columns), None)
    example = f"CAST({quoted(key)} AS VARCHAR)" if key else "CAST(NULL AS VARCHAR)"
    items = f"{BESIDE} AS beside, {own} AS own, {partner} AS who, {raw.row} AS place, {example} AS example"
    found = ask(
        f"SELECT beside, own, _currency, count(*), min(place), min(example) FROM (SELECT {items} FROM {raw.relation}) d "
        f"LEFT JOIN {currencies} ON _id = who WHERE beside IS NOT NULL "
        f"GROUP BY 1, 2, 3, place - place % {STRIDE} ORDER BY 5, 1, 2, 3"
    )
    return [_alike(raw.table, *row) for row in found if all(code is None or _CODE.fullmatch(code) for code in row[1:3])]


def _alike(
    table: str, beside: str, own: str | None, partner: str | None, rows: int, first: int, example: str | None
) -> Alike:
    marks = {}
    for part in beside.split(_END)[:-1]:
        name, _, written = part.partition(_PART)
        column = TABLES[table].column(name)
        plain = column is not None and column.kind == "money" and not written.startswith(_CALCULATED)
        found = dict.fromkeys(written.removeprefix(_CALCULATED).split())
        marks[name] = tuple(mark for mark in found if plain or _known(mark))
    return Alike(marks, own, partner, int(rows), int(first), example or "")


def currency_by(found: Iterable[Alike]) -> tuple[str, bool] | None:
    """What most numbers are in whose row and partner say no currency, and whether that is sure; None where none has one.

    It is sure where a code says it, or a symbol that stands for no other currency.

    Example:
        >>> currency_by([Alike({"amount": ("$",)}, None, None, 2, 2, ""), Alike({"amount": ("EUR",)}, None, None, 1, 4, "")])
        ('USD', False)
    """
    rows: Counter[str] = Counter()
    sure = set()
    for one in found:
        for mark in {mark for marks in one.marks.values() for mark in marks if _known(mark) and one.said is None}:
            rows[meant(mark, "")] += one.rows
            sure |= {mark} if len(SYMBOLS.get(mark, (mark,))) == 1 else set()
    if not rows:
        return None
    code = min(rows, key=lambda code: (-rows[code], code))
    return code, code in {meant(mark, "") for mark in sure}


def tell_beside(raw: Raw, found: Sequence[Alike], target: str, said: bool, problems: list[Problem]) -> None:
    """Note every column whose numbers carry several currencies, or another than their rows are in.

    Args:
        raw: The table.
        found: Its rows.
        target: What rows are in that say no currency.
        said: Whether a table or a setting says so; else other numbers do, and a symbol means its first currency.
        problems: Receives what is wrong.
    """
    for source in sorted({one.first // STRIDE for one in found}):
        here = [one for one in found if one.first // STRIDE == source]
        for column in dict.fromkeys(name for one in here for name in one.marks):
            rows = [(one, one.currencies(column, target if said else "")) for one in here if one.marks.get(column)]
            each: dict[str, list[Alike]] = {}
            for one, currencies in rows:
                codes = currencies.values() if one.said is None else ()
                for code in dict.fromkeys(code for code in codes if code in CODES):
                    each.setdefault(code, []).append(one)
            if len(each) > 1:
                problems.append(_several(raw, column, source, each))
                rows = [(one, currencies) for one, currencies in rows if one.said is not None]
            why = f"but {'the history is' if said else 'other numbers are'} in {target}"
            problems.extend(_contradictions(raw, column, rows, target, why))


def _several(raw: Raw, column: str, source: int, each: Mapping[str, list[Alike]]) -> Problem:
    said = [f"{code} in {counted(sum(one.rows for one in rows), 'row', 'rows')} (such as {rows[0].shown()})"
            for code, rows in each.items()]  # fmt: skip
    if len(said) > _NAMED:
        said = [*said[:_NAMED], f"{len(said) - _NAMED} more"]
    message = f"its numbers are in several currencies, which cannot be added: {', '.join(said[:-1])} and {said[-1]}."
    place = raw.place(source * STRIDE if raw.origins else None, column)
    return Problem(place, message, _fix(raw, next(iter(each)), several=True))


def _contradictions(
    raw: Raw, column: str, rows: Iterable[tuple[Alike, Mapping[str, str]]], target: str, why: str
) -> Iterable[Problem]:
    alike: dict[tuple[str, str], list[Alike]] = {}
    for one, currencies in rows:
        marks = [mark for mark, means in currencies.items() if means != (one.said or target)]
        if not marks:
            continue
        fix = _fix(raw, currencies[marks[0]], several=False)
        reason = why
        if not any(map(_known, marks)):
            reason, fix = "which is no currency that is known", _ALLOWED
        elif one.said is not None:
            reason, fix = f"but {'the row' if one.own else 'its partner'} says {one.said}", "Correct one of the two."
        verb = "stands" if len(marks) == 1 else "stand"
        alike.setdefault((f"{' and '.join(marks)} {verb} beside the number, {reason}", fix), []).append(one)
    for (message, fix), same in itertools.islice(alike.items(), SHOWN):
        first, count = same[0], sum(one.rows for one in same)
        numbered = first.first % STRIDE
        more = "" if count == 1 and numbered else f" ({counted(count, 'row', 'rows')}, such as {first.shown()})"
        yield Problem(raw.place(first.first, column), f"{message}{more}.", fix)


def _fix(raw: Raw, code: str, *, several: bool) -> str:
    table = raw.table
    if table == "activities":
        return "Say the currency of each partner in partners.currency, or bring the amounts in one currency."
    if TABLES[table].column("currency") is None:
        return "Bring the amounts in the currency of the history."
    if not raw.origins:
        return f"Say the currency of each row in {table}.currency{', or bring a file for each' if several else ''}."
    one = f"currency: {{constant: {code}}}"
    other = f"bring a file for each with {one}" if several else f"by {one} where a whole file is in it"
    return f"Map {table}.currency from a column that says it for each row, or {other}."


def _known(mark: str) -> bool:
    return mark in SYMBOLS or mark in CODES
