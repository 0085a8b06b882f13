"""Whether the dates of a history fit the months it declares: none outside them, and days rather than months."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from itertools import pairwise

from incentive_lab.errors import Problem
from incentive_lab.fiscal import FiscalMonths, calendar_month
from incentive_lab.format import counted
from incentive_lab.history.columns import SHOWN
from incentive_lab.history.store import Raw, Store
from incentive_lab.history.tables import TABLES

COUNTED = {
    table: tuple(column.name for column in TABLES[table].columns if column.kind == "date")
    for table in ("deals", "activities", "scores")
}
"""Table -> the dates whose month decides where a row counts; partners may have joined before the first month."""
ALIKE = 6
"""In so many months a column of dates has nothing but first or last days before it is taken for months."""


def dates_in_calendar(
    store: Store, raws: Mapping[str, Raw], calendar: FiscalMonths | None, problems: list[Problem]
) -> None:
    """Note dates that lie in none of the declared months, and columns whose dates are months already.

    The day on which an open deal is expected to close is not looked at: it decides nothing yet.
    """
    if calendar is None:
        return
    for table, columns in COUNTED.items():
        for column in columns:
            if table in raws and column in raws[table].columns:
                _outside(store, raws[table], column, calendar, problems)
                _months_already(store, raws[table], column, problems)


def _dated(raw: Raw, column: str) -> str:
    still_open = " AND status <> 'open'" if column == "closed_on" and "status" in raw.columns else ""
    return f"FROM {{{raw.table}}} t WHERE {column} IS NOT NULL{still_open}"


def _outside(store: Store, raw: Raw, column: str, calendar: FiscalMonths, problems: list[Problem]) -> None:
    first, after = calendar.starts[0], calendar.starts[-1]
    found = store.rows(
        f"SELECT {column}, _row, count(*) OVER () {_dated(raw, column)} "
        f"AND ({column} < DATE '{first}' OR {column} >= DATE '{after}') ORDER BY _row, {column} LIMIT {SHOWN}"
    )
    if not found:
        return
    day, row, count = found[0]
    message = f"{counted(int(count), 'date lies', 'dates lie')} in none of the months that the calendar declares, which run from "
    last = after - datetime.timedelta(days=1)
    problems.append(Problem(raw.place(row, column), f"{message}{first} to {last}; found {day}.", calendar.beyond))


def _months_already(store: Store, raw: Raw, column: str, problems: list[Problem]) -> None:
    days = sorted(row[0] for row in store.rows(f"SELECT DISTINCT {column} {_dated(raw, column)}"))
    if len(days) < ALIKE:
        return
    following = [day + datetime.timedelta(days=1) for day in days]
    for which, all_alike in (("first", days), ("last", following)):
        apart = all(calendar_month(one) != calendar_month(other) for one, other in pairwise(days))
        if apart and all(day.day == 1 for day in all_alike):
            message = f"every date is the {which} day of a calendar month, so these are months already."
            fix = "A calendar needs days: leave calendar out of the mapping, or export the days."
            problems.append(Problem(raw.place(None, column), message, fix))
