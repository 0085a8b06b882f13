"""Names that other systems give to what is ours: which table is which, and which of their columns are ours."""

from __future__ import annotations

import difflib
import re
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import lru_cache

from incentive_lab.history.foreign_names import elsewhere
from incentive_lab.history.known_names import (
    COLUMNS,
    CUSTOMERS,
    LAST_RESORT,
    NOT_THE_AMOUNT,
    OWN_WORDS,
    STATUS_WORDS,
    TABLES_BY_WORD,
    UNITS,
    WITHOUT,
)
from incentive_lab.history.tables import TABLES, Column
from incentive_lab.history.written import dates_in, is_day, is_number, mostly, numbers_in

CLOSE = 0.8
"""Names at least this alike (difflib's ratio) are suggested."""
REPEATED = 2
"""Where another column holds more than so many times as many different values, a column names no row."""
_LOOKED_AT = 50
_COMMON = frozenset(
    "id date type name number no key total value count price state since code partner reseller channel deal order month".split()
)
"""Words that tell nothing by themselves."""
Values = Callable[[str], Sequence[str]]


def normal(name: str) -> str:
    """A name reduced to its words, without accents; the ending of a column that people added in Salesforce is none.

    Example:
        >>> normal("SalesOrderID"), normal("partner-no."), normal("Partner_Tier__c"), normal("Nº de Straße")
        ('sales order id', 'partner no', 'partner tier', 'no de strasse')
    """
    return _normal(name)


@lru_cache(maxsize=4096)  # the same columns and words are asked about many times
def _normal(name: str) -> str:
    plain = "".join(one for one in unicodedata.normalize("NFKD", name) if not unicodedata.combining(one))
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", plain.replace("ß", "ss"))
    return re.sub(" c$", "", " ".join(re.findall(r"[^\W_]+", parted.lower())))


def begins(words: Iterable[str], text: str) -> bool:
    """Whether one of some words begins a word of a text in its normal form.

    Example:
        >>> begins(["bezahlt"], "voll bezahlt"), begins(["bezahlt"], "unbezahlt")
        (True, False)
    """
    return any(f" {word}" in f" {text}" for word in words)


def foreign(name: str) -> tuple[str, ...]:
    """What one of our names is called in other languages, in its normal form."""
    return tuple(map(normal, elsewhere(name)))


def wanted_names(table: str, column: str) -> tuple[str, ...]:
    """What a column is called, in normal forms: as ours, then in other languages, then in English."""
    return (normal(column), *foreign(column), *COLUMNS.get(column, ()))


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
    words = reversed(list(TABLES_BY_WORD.items()))
    named = next(
        (table for table, of in words if any(word in said for word in of) or begins(foreign(table), said)), None
    )
    if named == "partners" and _repeats_partners(columns, values):
        named = None
    if named is not None or not columns:
        return named
    filled = {table: suggested_columns(table, columns, values) for table in TABLES}
    whole = [table for table, found in filled.items()
             if all(column.name in found for column in TABLES[table].columns if column.required)]  # fmt: skip
    if not whole and {"partner_id", "amount", "closed_on"} <= filled["deals"].keys():
        return "deals"  # invoices, of which none says that it is won
    if not whole and (begins(CUSTOMERS, said) or "type" in filled["partners"]) and "partner_id" in filled["partners"]:
        return "partners"
    return max(whole, key=lambda table: len(filled[table]), default=None)


def _repeats_partners(columns: Sequence[str], values: Values) -> bool:
    """Whether a table called after partners has several rows for each, such as a list of what each was paid."""
    theirs = suggested_columns("partners", columns, values).get("partner_id")
    different = {name: len(values(name)) for name in columns}
    return theirs is not None and max(different.values(), default=0) > REPEATED * different[theirs] > 0


def suggested_columns(table: str, columns: Sequence[str], values: Values = lambda column: ()) -> dict[str, str]:
    """Our column -> the one of theirs that most likely is the same; each of theirs once, save for dates.

    The same name comes first, then one of the names that systems use, then such a name with a unit behind it or one of
    the table's own words before it, then one alike; for a column that must be there, also one that holds all words of
    such a name. A column is ruled out where ours is a date or
    a number and fewer of its values are than `written.MOSTLY`.

    Args:
        table: Ours.
        columns: Theirs.
        values: Values of one of theirs, where they are known.

    Example:
        >>> suggested_columns("partners", ["ResellerKey", "ResellerName", "BusinessType", "Phone"])
        {'partner_id': 'ResellerKey', 'name': 'ResellerName', 'type': 'BusinessType'}
        >>> suggested_columns("deals", ["Opportunity ID", "Amount (converted)", "Amount (converted) Currency"])
        {'deal_id': 'Opportunity ID', 'amount': 'Amount (converted)', 'currency': 'Amount (converted) Currency'}
        >>> suggested_columns("deals", ["Opp. Close Date", "Cost (USD)", "Account Owner"])
        {'closed_on': 'Opp. Close Date', 'cost': 'Cost (USD)'}
    """
    return {name: theirs for name, (theirs, _) in _matched(table, columns, values).items()}


def sure_columns(table: str, columns: Sequence[str], values: Values = lambda column: ()) -> frozenset[str]:
    """Our columns among `suggested_columns` whose name systems use so, rather than one that is only like it.

    Example:
        >>> sorted(sure_columns("deals", ["Opp. Close Date", "Cost (USD)", "Amountt"]))
        ['closed_on', 'cost']
    """
    return frozenset(name for name, (_, sure) in _matched(table, columns, values).items() if sure)


def _matched(table: str, columns: Sequence[str], values: Values) -> dict[str, tuple[str, bool]]:
    """Our column -> theirs, and whether it is known by its name rather than by one that is only like it."""
    known: dict[str, str] = {}
    for column in columns:
        known.setdefault(normal(column), column)
    known.pop("", None)
    found: dict[str, tuple[str, bool]] = {}
    bare = _bare(table)
    for alike, telling in ((_named, True), (bare, True), (_close, True), (_holding, True),
                           (_named, False), (bare, False), (_holding, False)):  # fmt: skip
        for ours in TABLES[table].columns:
            if ours.name in found or (alike is _holding and not ours.required):
                continue
            if not telling and ours.name != "status":
                continue
            taken = {theirs for theirs, _ in found.values()} if ours.kind != "date" else set()
            free = {text: one for text, one in known.items()
                    if one not in taken and _can_be(ours, values(one)) and (not telling or _tells(ours, values(one)))}  # fmt: skip
            if ours.name == "amount":
                free = {text: one for text, one in free.items() if _sold(set(text.split()))}
            match = alike(wanted_names(table, ours.name), free)
            if match is not None:
                found[ours.name] = free[match], alike in (_named, bare)
    for (of, name), names in LAST_RESORT.items():
        if of == table and name not in found:
            taken = {theirs for theirs, _ in found.values()}
            free = {text: one for text, one in known.items() if one not in taken}
            match = _named(names, free) or bare(names, free)
            if match is not None:
                found[name] = free[match], False
    if table == "partners" and "partner_id" not in found and "name" in found:
        found["partner_id"] = found["name"][0], False
    return {column.name: found[column.name] for column in TABLES[table].columns if column.name in found}


def _named(wanted: Sequence[str], free: Mapping[str, str]) -> str | None:
    return next((text for text in wanted if text in free), None)


def _bare(table: str) -> Callable[[Sequence[str], Mapping[str, str]], str | None]:
    """A name without the unit behind it, then also without the table's own words before it, if what is left tells something."""

    def alike(wanted: Sequence[str], free: Mapping[str, str]) -> str | None:
        plain: dict[str, str] = {}
        for text in free:
            words = text.split()
            while len(words) > 1 and words[-1] in UNITS:
                words.pop()
            plain.setdefault(" ".join(words), text)
            while len(words) > 1 and words[0] in OWN_WORDS.get(table, ()):
                words.pop(0)
            if set(words) - _COMMON:
                plain.setdefault(" ".join(words), text)
        match = _named(wanted, plain)
        return None if match is None else plain[match]

    return alike


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


def _sold(words: set[str]) -> bool:
    """Whether a column with these words in its name may be what was sold, rather than a tax or what is expected."""
    return not NOT_THE_AMOUNT & words or bool(WITHOUT & words)


def _tells(column: Column, values: Sequence[str]) -> bool:
    """Whether a column of these values can say where a deal stands: some word of it says that one is won or lost."""
    if column.name != "status" or not values:
        return True
    said = [normal(value) for value in values]
    ends = [*STATUS_WORDS["won"], *STATUS_WORDS["lost"]]
    abroad = (*foreign("won"), *foreign("lost"))
    return any(begins(abroad, one) or any(word in one for word in ends) for one in said)


def _can_be(column: Column, values: Sequence[str]) -> bool:
    """Whether a column of these values can be one of ours; unknown where there are none."""
    kind, some = column.kind, tuple(values[:_LOOKED_AT])
    if kind == "date":
        return not some or _holds_days(some)
    if kind in ("money", "number", "share"):
        return not some or _holds_numbers(some)
    return True


@lru_cache(maxsize=512)  # every column is asked about for every one of ours
def _holds_days(values: tuple[str, ...]) -> bool:
    return mostly(sum(map(is_day, values)), len(values)) or bool(dates_in(values))


@lru_cache(maxsize=512)
def _holds_numbers(values: tuple[str, ...]) -> bool:
    return mostly(sum(map(is_number, values)), len(values)) or bool(numbers_in(values))
