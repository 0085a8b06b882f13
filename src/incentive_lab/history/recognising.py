"""Names that other systems give to what is ours: which table is which, and which of their columns are ours."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache

from incentive_lab.history.known_names import COLUMNS, OWN_WORDS, TABLES_BY_WORD, UNITS
from incentive_lab.history.tables import TABLES
from incentive_lab.history.written import dates_in, is_day, is_number, mostly, numbers_in

CLOSE = 0.8
"""Names at least this alike (difflib's ratio) are suggested."""
_LOOKED_AT = 50
_COMMON = frozenset(
    "id date type name number no key total value count price state since code partner reseller channel deal order month".split()
)
"""Words that tell nothing by themselves."""
Values = Callable[[str], Sequence[str]]


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
    known = {normal(column): column for column in columns if column}
    found: dict[str, tuple[str, bool]] = {}
    bare = _bare(table)
    for alike in (_named, bare, _close, _holding):
        for ours in TABLES[table].columns:
            if ours.name in found or (alike is _holding and not ours.required):
                continue
            taken = {theirs for theirs, _ in found.values()} if ours.kind != "date" else set()
            free = {text: one for text, one in known.items() if one not in taken and _can_be(ours.kind, values(one))}
            match = alike([normal(ours.name), *COLUMNS.get(ours.name, ())], free)
            if match is not None:
                found[ours.name] = free[match], alike in (_named, bare)
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


def _can_be(kind: str, values: Sequence[str]) -> bool:
    """Whether a column of these values can be of a kind; unknown where there are none."""
    some = tuple(values[:_LOOKED_AT])
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
