"""A first mapping of other people's tables: which table is which, and which of their columns are ours."""

from __future__ import annotations

import difflib
import io
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from incentive_lab.history.beside import currencies_among
from incentive_lab.history.known_names import COLUMNS, STATUS_WORDS, TABLES_BY_WORD, TYPE_WORDS
from incentive_lab.history.previewing import Preview
from incentive_lab.history.tables import PARTNER_TYPES, TABLES, holds_money
from incentive_lab.history.written import Dates, Numbers, dates_in, is_day, is_number, numbers_in

CLOSE = 0.8
"""Names at least this alike (difflib's ratio) are suggested."""
_LOOKED_AT = 50
_COMMON = frozenset(
    "id date type name number no key total value count price state since code partner reseller channel deal order month".split()
)
"""Words that tell nothing by themselves."""
Values = Callable[[str], Sequence[str]]


@dataclass(frozen=True)
class Choice:
    """How one table of theirs becomes one of ours.

    Attributes:
        source: Their table.
        table: Ours.
        columns: Our column -> theirs.
        constants: Our column -> one value for every row.
        words: Our column -> their word -> ours, such as what their statuses mean; only what differs is written.
        otherwise: Our column -> what any further word means; a column that is not there keeps further words as they are.
        times: Our column -> what its numbers are multiplied by, such as 1000 for amounts in thousands.
        dates: In which order dates are written; None where they are written our way.
        numbers: How numbers are written; None where they are written our way.
    """

    source: str
    table: str
    columns: Mapping[str, str]
    constants: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    otherwise: Mapping[str, str] = field(default_factory=dict)
    times: Mapping[str, Decimal] = field(default_factory=dict)
    dates: Dates | None = None
    numbers: Numbers | None = None


def normal(name: str) -> str:
    """A name reduced to its words; the ending of a column that people added in Salesforce is none.

    Example:
        >>> normal("SalesOrderID"), normal("partner-no."), normal("Partner_Tier__c")
        ('sales order id', 'partner no', 'partner tier')
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return re.sub(" c$", "", " ".join(re.findall(r"[^\W_]+", parted.lower())))


def suggested_table(name: str, columns: Sequence[str] = (), values: Values = lambda column: ()) -> str | None:
    """Which of our tables another table most likely is: by its name, else by having the columns that it must have.

    Example:
        >>> suggested_table("Resellers"), suggested_table("FactSalesOrders"), suggested_table("weather")
        ('partners', 'deals', None)
        >>> suggested_table("report1698", ["Opportunity ID", "Partner ID", "Stage", "Amount", "Created Date"])
        'deals'
    """
    said = normal(name)
    if said.replace(" ", "_") in TABLES:
        return said.replace(" ", "_")
    named = next(
        (table for table, words in reversed(list(TABLES_BY_WORD.items())) if any(word in said for word in words)), None
    )
    if named is not None or not columns:
        return named
    filled = {table: suggested_columns(table, columns, values) for table in TABLES}
    whole = [table for table, found in filled.items()
             if all(column.name in found for column in TABLES[table].columns if column.required)]  # fmt: skip
    return max(whole, key=lambda table: len(filled[table]), default=None)


def suggested_columns(table: str, columns: Sequence[str], values: Values = lambda column: ()) -> dict[str, str]:
    """Our column -> the one of theirs that most likely is the same; each of theirs once, save for dates.

    The same name comes first, then one of the names that systems use, then one alike; for a column that must be there, also one
    that holds all words of such a name. Values that are no dates or no numbers rule a column out where ours is one.

    Args:
        table: Ours.
        columns: Theirs.
        values: Values of one of theirs, where they are known.

    Example:
        >>> suggested_columns("partners", ["ResellerKey", "ResellerName", "BusinessType", "Phone"])
        {'partner_id': 'ResellerKey', 'name': 'ResellerName', 'type': 'BusinessType'}
        >>> suggested_columns("deals", ["Opportunity ID", "Amount (converted)", "Amount (converted) Currency"])
        {'deal_id': 'Opportunity ID', 'amount': 'Amount (converted)', 'currency': 'Amount (converted) Currency'}
    """
    known = {normal(column): column for column in columns if column}
    found: dict[str, str] = {}
    for alike in (_named, _close, _holding):
        for ours in TABLES[table].columns:
            if ours.name in found or (alike is _holding and not ours.required):
                continue
            taken = set(found.values()) if ours.kind != "date" else set()
            free = {text: one for text, one in known.items() if one not in taken and _can_be(ours.kind, values(one))}
            match = alike([normal(ours.name), *COLUMNS.get(ours.name, ())], free)
            if match is not None:
                found[ours.name] = free[match]
    return {column.name: found[column.name] for column in TABLES[table].columns if column.name in found}


def _named(wanted: Sequence[str], free: Mapping[str, str]) -> str | None:
    return next((text for text in wanted if text in free), None)


def _close(wanted: Sequence[str], free: Mapping[str, str]) -> str | None:
    return next(iter(difflib.get_close_matches(wanted[0], free, n=1, cutoff=CLOSE)), None)


def _holding(wanted: Sequence[str], free: Mapping[str, str]) -> str | None:
    """The shortest that holds all words of a name; words that say little, such as id, are not enough alone."""
    for name in wanted:
        words = set(name.split())
        held = [text for text in free if words <= set(text.split())] if words - _COMMON else []
        if held:
            return min(held, key=len)
    return None


def _can_be(kind: str, values: Sequence[str]) -> bool:
    """Whether a column of these values can be of a kind; unknown where there are none."""
    some = values[:_LOOKED_AT]
    if kind == "date":
        return not some or is_day(some) or bool(dates_in(some))
    if kind in ("money", "number", "share"):
        return not some or is_number(some) or bool(numbers_in(some))
    return True


def unsure(found: Sequence[Preview], choices: Sequence[Choice]) -> list[str]:
    """What the first rows of some tables leave open, as sentences."""
    chosen = {choice.source: choice for choice in choices}
    told = []
    for one in found:
        if (choice := chosen.get(one.table)) is None:
            continue
        dates = written_in(one, choice.table, choice.columns)[0]
        if len(dates) > 1:
            told.append(f"{one.label}: its dates fit {' and '.join(dates)}; {choice.dates} is supposed.")
        said = (one for one in choices if one is choice or one.table == "partners")
        if any("currency" in {*one.columns, *one.constants} for one in said):
            continue
        for theirs in (theirs for ours, theirs in choice.columns.items() if holds_money(choice.table, ours)):
            codes = currencies_among(one.values(theirs))
            if len(codes) > 1:
                column = f"{one.label}: column {theirs} is in {' and '.join(codes)}"
                told.append(f"{column}, which cannot be added without a column that says each row's currency.")
    return told


def suggested_status(value: str) -> str:
    """Where a deal stands, from another system's word for it.

    Example:
        >>> suggested_status("Closed Won"), suggested_status("Cancelled"), suggested_status("Negotiation")
        ('won', 'lost', 'open')
    """
    said = normal(value)
    for status in ("lost", "won"):
        if any(word in said for word in STATUS_WORDS[status]):
            return status
    return "open"


def suggested_type(value: str) -> str:
    """A partner type that the product knows, from another system's word; the word itself where none is meant.

    Example:
        >>> suggested_type("Value Added Reseller"), suggested_type("Warehouse"), suggested_type("Franchise")
        ('reseller', 'distributor', 'Franchise')
    """
    said = normal(value)
    if said.replace(" ", "_") in PARTNER_TYPES:
        return said.replace(" ", "_")
    return next((name for name, words in TYPE_WORDS.items() if any(word in said.split() or (" " in word and word in said)
                                                                   for word in words)), value)  # fmt: skip


WORDED: Mapping[tuple[str, str], Callable[[str], str]] = {
    ("deals", "status"): suggested_status,
    ("partners", "type"): suggested_type,
}
"""Columns whose words are translated, and how a first translation is found."""


def suggested(preview: Preview) -> Choice | None:
    """A whole first choice for a table; None where it is none of ours."""
    table = suggested_table(preview.table, preview.columns, preview.values)
    if table is None:
        return None
    columns = suggested_columns(table, preview.columns, preview.values)
    words = {
        column: {one: meant(one) for one in preview.values(columns[column])}
        for (of, column), meant in WORDED.items()
        if of == table and column in columns
    }
    dates, numbers = written_in(preview, table, columns)
    return Choice(
        preview.table, table, columns, words=words, dates=next(iter(dates), None), numbers=next(iter(numbers), None)
    )


def suggested_all(found: Sequence[Preview]) -> list[Choice]:
    """First choices for the tables of an export; those that are none of ours are left out."""
    return [choice for one in found if (choice := suggested(one)) is not None]


def written_in(
    preview: Preview, table: str, columns: Mapping[str, str]
) -> tuple[tuple[Dates, ...], tuple[Numbers, ...]]:
    """How the dates and the numbers of a table may be written, the likelier way first; nothing where it is our way.

    Args:
        preview: Their table.
        table: Ours.
        columns: Our column -> theirs.
    """
    found: dict[bool, list[str]] = {True: [], False: []}
    for ours in TABLES[table].columns:
        if ours.name in columns and ours.kind in ("date", "money", "number", "share"):
            found[ours.kind == "date"] += preview.values(columns[ours.name])
    return dates_in(found[True]), numbers_in(found[False])


def mapping_of(choices: Sequence[Choice]) -> dict[str, Any]:
    """The mapping document of these choices; several sources of one table stand one below the other.

    Example:
        >>> mapping_of([Choice("orders", "deals", {"deal_id": "no"}, {"status": "won"})])["tables"]["deals"]["from"]
        'orders'
    """
    tables: dict[str, Any] = {}
    for one in choices:
        columns: dict[str, Any] = {name: _rule(one, name) for name in one.columns}
        columns |= {name: {"constant": value} for name, value in one.constants.items()}
        written = {"dates": one.dates, "numbers": one.numbers}
        source = {"from": one.source, **{key: way for key, way in written.items() if way}, "columns": columns}
        tables.setdefault(one.table, []).append(source)
    return {"tables": {name: found[0] if len(found) == 1 else {"union": found} for name, found in tables.items()}}


def mapping_text(choices: Sequence[Choice]) -> str:
    """The mapping document of these choices, as it is written to a file."""
    from ruamel.yaml import YAML

    stream = io.StringIO()
    writer = YAML(typ="safe", pure=True)
    writer.default_flow_style = False
    writer.sort_base_mapping_type_on_output = False
    writer.allow_unicode = True
    writer.dump(mapping_of(choices), stream)
    return stream.getvalue()


def _rule(choice: Choice, name: str) -> str | dict[str, Any]:
    """Where a column comes from: its name alone, or with what its words mean and what its numbers are multiplied by."""
    words = choice.words.get(name, {})
    changed = {theirs: ours for theirs, ours in words.items() if theirs != ours}
    rule: dict[str, Any] = {"column": choice.columns[name]}
    if name in choice.otherwise:
        rule |= {"values": dict(words), "otherwise": choice.otherwise[name]}
    elif changed:
        rule["values"] = changed
    if choice.times.get(name, Decimal(1)) != 1:
        rule["times"] = float(choice.times[name])
    return choice.columns[name] if len(rule) == 1 else rule


def missing(choices: Sequence[Choice]) -> list[str]:
    """Required columns that no choice fills, as `table.column`, and `partners` or `deals` where nothing is one."""
    lacking = [table for table in ("partners",) if not any(one.table == table for one in choices)]
    if not any(one.table in ("deals", "activities") for one in choices):
        lacking.append("deals")
    for one in choices:
        given = {*one.columns, *one.constants}
        lacking += [f"{one.table}.{column.name}" for column in TABLES[one.table].columns
                    if column.required and column.name not in given]  # fmt: skip
    return lacking
