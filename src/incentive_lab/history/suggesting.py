"""A first mapping of other people's tables, with what their words mean and how they write dates and numbers."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal

from incentive_lab.format import counted
from incentive_lab.history.beside import currencies_among
from incentive_lab.history.known_names import CANCELLED
from incentive_lab.history.meanings import UNKNOWN, WORDED
from incentive_lab.history.outcomes import outcome_columns
from incentive_lab.history.previewing import Preview
from incentive_lab.history.recognising import begins, normal, suggested_columns, suggested_table, sure_columns
from incentive_lab.history.tables import TABLES, holds_money
from incentive_lab.history.written import Dates, Numbers, dates_in, misfits, mostly, numbers_in

_NAMED = 3
LEAST_POINTED = 3
"""Amounts with three digits behind the point, and none with others, from which on it parts thousands."""
SHORTEST_ID = 4
"""Numbers of fewer digits occur by chance where ids do."""


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
        filled: Their columns that must hold something; other rows are left out, such as a total at the end.
        keep: Their further columns that are taken as they are.
        numbered: Our columns that are a running number, for rows without an id.
        sure: Our columns that nobody need look at: theirs has a name that systems use, and its values fit.
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
    filled: tuple[str, ...] = ()
    keep: tuple[str, ...] = ()
    sure: frozenset[str] = frozenset()
    numbered: tuple[str, ...] = ()


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
        if _thousands(one, choice.table, choice.columns):
            told.append(
                f"{one.label}: all its amounts with a point have three digits behind it, so 1.234 is read as 1234."
            )
        told += _slips(one, choice).values()
        if choice.table == "deals" and choice.constants.get("status") == "won":
            told.append(f"{one.label}: no column says what became of a deal, so every row is taken as won.")
        told += _cancelled(one, choice)
        said = (one for one in choices if one is choice or one.table == "partners")
        if any("currency" in {*one.columns, *one.constants} for one in said):
            continue
        for theirs in (theirs for ours, theirs in choice.columns.items() if holds_money(choice.table, ours)):
            codes = currencies_among([*one.values(theirs), *one.shown.get(theirs, ())])
            if len(codes) > 1:
                column = f"{one.label}: column {theirs} is in {' and '.join(codes)}"
                told.append(f"{column}, which cannot be added without a column that says each row's currency.")
    return told


def _cancelled(preview: Preview, choice: Choice) -> list[str]:
    """Columns of deals that are not used and by their name mark what was taken back."""
    if choice.table != "deals":
        return []
    marks = [name for name in unused(preview, choice)
             if begins(CANCELLED, normal(name)) and any(value.strip() for value in preview.values(name))]  # fmt: skip
    return [
        f"{preview.label}: column {name} is not used, so rows that it marks as cancelled count like all others; take it as status "
        "and say which of its values are lost, or take those rows out of the file."
        for name in marks
    ]


def _slips(preview: Preview, choice: Choice) -> dict[str, str]:
    """Our column -> how many values of a date's or a number's column are none, where a few are not."""
    told = {}
    for column in TABLES[choice.table].columns:
        theirs = choice.columns.get(column.name)
        if theirs is None:
            continue
        values = preview.values(theirs)
        wrong = misfits(values, column.kind, choice.dates, choice.numbers)
        if wrong and mostly(len(values) - len(wrong), len(values)):
            what = "date" if column.kind == "date" else "number"
            noun = f"is no {what}" if len(wrong) == 1 else f"are no {what}s"
            several = f"{len(wrong)} of its {counted(len(values), 'different value')} in the first rows {noun}"
            said = f"{preview.label}: column {theirs} is taken as {column.name}, but {several}"
            told[column.name] = f"{said}: {', '.join(map(repr, wrong[:_NAMED]))}."
    return told


def suggested(preview: Preview) -> Choice | None:
    """A whole first choice for a table; None where it is none of ours."""
    table = suggested_table(preview.table, preview.columns, preview.values)
    return None if table is None else suggested_as(preview, table)


def suggested_as(preview: Preview, table: str) -> Choice:
    """A whole first choice for a table that is known to be one of ours."""
    columns = suggested_columns(table, preview.columns, preview.values)
    words = {
        column: {one: words.meant(one) for one in preview.values(columns[column])}
        for (of, column), words in WORDED.items()
        if of == table and column in columns
    }
    dates, numbers = written_in(preview, table, columns)
    booked = table == "deals" and "closed_on" in columns and "status" not in columns  # such as invoices
    made = Choice(
        preview.table, table, columns, {"status": "won"} if booked else {}, words=words, dates=next(iter(dates), None),
        numbers=next(iter(numbers), None), keep=worth_keeping(preview, table, columns),
    )  # fmt: skip
    return replace(made, sure=sure_columns(table, preview.columns, preview.values) - _slips(preview, made).keys())


def worth_keeping(preview: Preview, table: str, columns: Mapping[str, str]) -> tuple[str, ...]:
    """Further columns of a table without which something would go unseen: whether an activity came to nothing.

    Args:
        preview: Their table.
        table: Ours.
        columns: Our column -> theirs.
    """
    free = [name for name in preview.columns if name not in columns.values()]
    return outcome_columns(free, preview.values) if table == "activities" else ()


def suggested_all(found: Sequence[Preview]) -> list[Choice]:
    """First choices for the tables of an export; those that are none of ours are left out.

    Where no value of the column chosen for a table's partner_id is one of the partners' own ids, it is the free column
    most of whose values are.
    """
    choices = [(one, choice) for one in found if (choice := suggested(one)) is not None]
    ids = {
        value
        for one, choice in choices
        if choice.table == "partners" and "partner_id" in choice.columns
        for value in one.values(choice.columns["partner_id"])
    }
    return [choice if choice.table == "partners" else _by_ids(one, choice, ids) for one, choice in choices]


def _by_ids(preview: Preview, choice: Choice, ids: set[str]) -> Choice:
    if TABLES[choice.table].column("partner_id") is None:
        return choice
    chosen = choice.columns.get("partner_id")
    if chosen is not None and ids & set(preview.values(chosen)):
        return choice
    free = [name for name in preview.columns if name not in choice.columns.values()]
    shares = {name: _share(preview.values(name), ids) for name in free}
    best = max(shares, key=shares.__getitem__, default=None)
    guessed = choice.sure - {"partner_id"}
    if best is None or not shares[best]:
        return replace(choice, sure=guessed) if ids else choice
    sure = guessed | {"partner_id"} if shares[best] == 1.0 else guessed
    return replace(choice, columns={**choice.columns, "partner_id": best}, sure=sure)


def _share(values: Sequence[str], ids: set[str]) -> float:
    """How many values of a column are among some ids, as a share; small numbers tell nothing."""
    telling = [value for value in values if len(value) >= SHORTEST_ID or not value.isdigit()]
    return sum(value in ids for value in telling) / len(telling) if telling else 0.0


def unused(preview: Preview, choice: Choice) -> list[str]:
    """The columns of a table that a choice leaves out.

    Example:
        >>> orders = Preview("orders", "orders.csv", ("no", "remark"), ())
        >>> unused(orders, Choice("orders", "deals", {"deal_id": "no"}))
        ['remark']
    """
    return [name for name in preview.columns if name not in {*choice.columns.values(), *choice.keep}]


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
    return dates_in(found[True]), numbers_in(found[False]) or _thousands(preview, table, columns)


def _thousands(preview: Preview, table: str, columns: Mapping[str, str]) -> tuple[Numbers, ...]:
    """The marks of amounts such as 1.234, all of which have three digits behind the point: that parts thousands, no cents."""
    money = [columns[one.name] for one in TABLES[table].columns if one.kind == "money" and one.name in columns]
    values = [value.strip() for theirs in money for value in preview.values(theirs)]
    pointed = [value for value in values if "." in value]
    grouped = all(re.fullmatch(r"-?[1-9]\d{0,2}\.\d{3}", value) for value in pointed)
    short = all(re.fullmatch(r"-?\d{1,3}", value) for value in values if value not in pointed)
    return ("1.234,56",) if len(pointed) >= LEAST_POINTED and grouped and short else ()


def unknown_words(choices: Sequence[Choice]) -> list[tuple[str, str]]:
    """Our columns, as `table.column`, with a word of theirs of which nobody has said what it means."""
    return [
        (f"{one.table}.{column}", theirs)
        for one in choices
        for column, words in one.words.items()
        for theirs, ours in words.items()
        if ours == UNKNOWN and column not in one.otherwise
    ]


def missing(choices: Sequence[Choice]) -> list[str]:
    """What is still needed: `deals` where nothing is that or activities, required columns that no choice fills, as
    `table.column`, and what words of theirs mean that say nothing to us."""
    lacking = [] if any(one.table in ("deals", "activities") for one in choices) else ["deals"]
    for one in choices:
        given = {*one.columns, *one.constants, *one.numbered}
        lacking += [f"{one.table}.{column.name}" for column in TABLES[one.table].columns
                    if column.required and column.name not in given]  # fmt: skip
    return lacking + [f"what {word!r} means ({column})" for column, word in unknown_words(choices)]
