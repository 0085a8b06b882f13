"""A history as a panel: which months it spans, who the partners are, and every column a scheme asks for."""

from __future__ import annotations

import datetime
from collections.abc import Collection, Mapping

import numpy as np

from incentive_lab.errors import InputError, Problem
from incentive_lab.fiscal import FiscalMonths, calendar_month, month_in
from incentive_lab.history.arithmetic import unit_of
from incentive_lab.history.arrays import Columns
from incentive_lab.history.calendar_checks import COUNTED
from incentive_lab.history.measuring import measure_columns
from incentive_lab.history.quantities import Quantities
from incentive_lab.history.store import Store, listed, quoted
from incentive_lab.history.workings import Grid, Workings
from incentive_lab.money import MILLION, decimals, quotient
from incentive_lab.panel import UNKNOWN_JOINED, Panel, TargetRow, month_index
from incentive_lab.scheme.measures import CATALOGUE, DATES, Measure

_FINISHED = (
    ("deals", "closed_on"),
    ("deals", "returned_on"),
    ("deals", "recorded_on"),
    ("activities", "occurred_on"),
    ("scores", "scored_on"),
)


def span(store: Store, filled: Mapping[str, frozenset[str]], calendar: FiscalMonths | None = None) -> tuple[int, int]:
    """First month and number of months with a closed, returned or late recorded deal, an activity or a score.

    Dates of work in progress (created, qualified, registered) do not lengthen it: an extract reaches back to the day
    its oldest open deal was created, and months in which nothing could be paid would be empty. Without any closed
    deal, activity or score they count. The date on which an open deal is expected to close never does; the date on
    which a closed deal was recorded does, for that is where late data is trued up.
    """
    dates = [(table, date) for table, date in _FINISHED if date in filled[table]]
    if not dates or dates == [("deals", "recorded_on")]:
        dates = [("deals", date) for date in DATES["deals"] if date in filled["deals"]]
    elif ("deals", "closed_on") not in dates:
        dates = [one for one in dates if one != ("deals", "recorded_on")]
    parts = []
    for table, date in dates:
        test = " WHERE status <> 'open'" if date in ("closed_on", "recorded_on") else ""
        first = "min(closed_on)" if date == "recorded_on" else f"min({date})"
        parts.append(f"SELECT {first} AS a, max({date}) AS b FROM {{{table}}} t{test}")
    if not parts:
        raise InputError([Problem("history", "no deal, activity or score has a date, so there are no months.")])
    inner = " UNION ALL ".join(parts)
    first, last = store.rows(f"SELECT min(a), max(b) FROM ({inner}) s")[0]
    if first is None:
        raise InputError([Problem("history", "no deal, activity or score has a date, so there are no months.")])
    start = month_in(calendar, first)
    return start, month_in(calendar, last) + 1 - start


def reach(store: Store, filled: Mapping[str, frozenset[str]]) -> tuple[int, int]:
    """First and last calendar month in which any date of a table lies whose rows count, as running numbers."""
    parts = [
        f"SELECT min({date}) AS a, max({date}) AS b FROM {{{table}}} t"
        for table, dates in COUNTED.items() for date in dates if date in filled[table]
    ]  # fmt: skip
    first, last = store.rows(f"SELECT min(a), max(b) FROM ({' UNION ALL '.join(parts)}) s")[0]
    return calendar_month(first), calendar_month(last)


def build_panel(
    workings: Workings,
    leaves: Mapping[str, Measure],
    partners: Columns,
    *,
    history_id: str,
    currency: str,
    deal_leaves: Mapping[str, Collection[str]],
    want_returns: bool,
    targets: tuple[TargetRow, ...],
    warnings: tuple[str, ...],
) -> Panel:
    """Every leaf, table of deals and table of returns asked for, over one grid."""
    from incentive_lab.history.dealing import deal_table, returns_table

    grid = workings.grid
    wanted = {grain: {name: leaves[name] for name in names} for grain, names in deal_leaves.items() if names}
    sold = {name: measure for name, measure in leaves.items() if measure.follows_returns}
    return Panel(
        history_id=history_id,
        currency=currency,
        partner_ids=grid.partner_ids,
        first_month=grid.first_month,
        months=grid.months,
        joined=_joined(partners, grid, workings.calendar.months),
        attributes=_attributes(partners),
        columns=measure_columns(workings, leaves),
        deals={grain: deal_table(workings, grain, members) for grain, members in wanted.items()},
        returns=returns_table(workings, sold) if want_returns else None,
        targets=targets,
        warnings=warnings,
        calendar=workings.calendar.months,
    )


def target_rows(
    store: Store, leaves: Mapping[str, Measure], quantities: Mapping[str, Quantities], first_month: int, currency: str
) -> tuple[TargetRow, ...]:
    """Targets in the units of their measures; a measure that neither the scheme nor the catalogue knows is a count."""
    found = store.rows(
        "SELECT partner_id, type, segment, measure, period, amount FROM {targets} t "
        "ORDER BY partner_id, type, segment, measure, period"
    )
    periods = {period: period_months(period) for period in {row[4] for row in found}}
    money = {name: measure_unit(name, leaves, quantities) == "money" for name in {row[3] for row in found}}
    scale, rows = 10 ** decimals(currency), []
    for partner, kind, segment, measure, period, millionths in found:
        by, who = ("partner", partner) if partner else ("type", kind) if kind else ("segment", segment)
        start, months = periods[period]
        amount = quotient(int(millionths) * scale, MILLION) if money[measure] else int(millionths)
        rows.append(TargetRow(by, who, measure, start - first_month, months, amount))
    return tuple(rows)


def measure_unit(name: str, leaves: Mapping[str, Measure], quantities: Mapping[str, Quantities]) -> str:
    """The unit of a measure by name; for measures made of others, that of the first."""
    measure = leaves.get(name) or CATALOGUE.get(name)
    if measure is None:
        return "count"
    if measure.plus and not measure.unit:
        return measure_unit(measure.plus[0], leaves, quantities)
    return unit_of(measure, quantities[measure.table]) if measure.table else measure.unit or "number"


def period_months(period: str) -> tuple[int, int]:
    """First running month and number of months of a period.

    Example:
        >>> period_months("2014-Q2"), period_months("2014"), period_months("2014-05")
        ((24171, 3), (24168, 12), (24172, 1))
    """
    year = int(period[:4])
    if len(period) == 4:
        return month_index(year, 1), 12
    if period[5] == "Q":
        return month_index(year, 3 * int(period[6]) - 2), 3
    return month_index(year, int(period[5:])), 1


def _joined(
    partners: Columns, grid: Grid, calendar: FiscalMonths | None
) -> np.ndarray[tuple[int, ...], np.dtype[np.int32]]:
    months = [
        UNKNOWN_JOINED if day is None else month_in(calendar, day) - grid.first_month for day in partners["joined_on"]
    ]
    return np.asarray(months, dtype=np.int32)


def _attributes(partners: Columns) -> dict[str, np.ndarray[tuple[int, ...], np.dtype[np.object_]]]:
    names = [name for name in partners if name != "partner_id"]
    return {name: np.asarray([_text(value) for value in partners[name]], dtype=object) for name in names}


def _text(value: object) -> object:
    """An attribute as it is compared: a date in ISO 8601, nothing as ''."""
    return value.isoformat() if isinstance(value, datetime.date) else value or ""


def partner_rows(store: Store, extras: Collection[str], names: Collection[str]) -> Columns:
    """The partners, ascending by id, as plain Python values (None where unknown)."""
    columns = [*names, *extras]
    rows = store.rows(f"SELECT {listed(map(quoted, columns))} FROM {{partners}} p ORDER BY partner_id")
    rows.sort(key=lambda row: row[columns.index("partner_id")])
    found = {name: np.empty(len(rows), dtype=object) for name in columns}
    for name, values in zip(columns, zip(*rows, strict=True), strict=True) if rows else ():
        found[name][:] = values
    return found
