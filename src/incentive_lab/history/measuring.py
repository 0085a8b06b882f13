"""Leaf measures as partner x month arrays: the store filters and sums, one scan per table, date and way of crediting."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pandas as pd

from incentive_lab.errors import InputError, Problem
from incentive_lab.history.arithmetic import row_value
from incentive_lab.history.conditions import row_test
from incentive_lab.history.credit import Credits
from incentive_lab.history.quantities import MILLION, Quantities
from incentive_lab.history.reading import LARGEST
from incentive_lab.history.store import Store
from incentive_lab.history.timing import Calendar, month_of
from incentive_lab.panel import Floats
from incentive_lab.scheme.measures import Measure


@dataclass(frozen=True)
class Grid:
    """The rows and columns of a panel: partners in ascending order, months from `first_month`."""

    partner_ids: tuple[str, ...]
    first_month: int
    months: int

    def zeros(self) -> Floats:
        """An array of the panel's shape."""
        return np.zeros((len(self.partner_ids), self.months))

    def place(self, partner: Any, month: Any) -> tuple[Any, Any, Any]:
        """Row and column of each (partner id, running month), and which of them lie in the panel."""
        row = pd.Index(self.partner_ids).get_indexer(pd.Index(partner))
        column = np.asarray(month, dtype=np.int64) - self.first_month
        inside = (row >= 0) & (column >= 0) & (column < self.months)
        return row[inside], column[inside], inside


@dataclass(frozen=True)
class Workings:
    """What measuring needs to know about a history.

    Attributes:
        store: Holds the canonical tables.
        quantities: Per table, what its columns are.
        filled: Per table, the columns with at least one value.
        one_line: Whether every deal is a single row.
        calendar: When a row counts.
        credits: Who is credited.
        grid: Shape of the panel.
    """

    store: Store
    quantities: Mapping[str, Quantities]
    filled: Mapping[str, frozenset[str]]
    one_line: bool
    calendar: Calendar
    credits: Credits
    grid: Grid

    def rows(self, table: str, date: str) -> Any:
        """The dated rows of a table with `_on` and `_month`."""
        recorded = table == "deals" and "recorded_on" in self.filled["deals"]
        return self.calendar.dated(self.store.table(table), date, recorded)

    def test(self, rows: Any, measure: Measure, table: str) -> Any:
        """The measure's filter on rows, true where it has none."""
        import ibis

        test = row_test(rows, measure.where, self.quantities[table])
        return ibis.literal(True) if test is None else test.fill_null(False)


def measure_columns(workings: Workings, leaves: Mapping[str, Measure]) -> dict[str, Floats]:
    """One array [partners, months] per leaf, in the units of `incentive_lab.panel`.

    Raises:
        InputError: A measure names a column that is not there.
    """
    columns: dict[str, Floats] = {}
    groups: dict[tuple[object, ...], dict[str, Measure]] = {}
    for name, measure in leaves.items():
        if not measure.leaf:
            raise InputError([Problem(f"measures.{name}", "this measure is derived from others; ask for its leaves.")])
        if measure.event:
            columns[name] = _event(workings, measure)
        elif measure.level:
            columns[name] = _level(workings, name, measure)
        else:
            groups.setdefault(_group(workings, measure), {})[name] = measure
    for group, members in groups.items():
        columns.update(_carry_out(workings, str(group[0]), members))
    for name, values in columns.items():
        if np.nanmax(np.abs(values), initial=0.0) > LARGEST:
            raise InputError([Problem(f"measures.{name}", "a month's sum is too large to be held exactly.")])
    return {name: columns[name] for name in leaves}


def _group(workings: Workings, measure: Measure) -> tuple[object, ...]:
    if measure.spread:
        kind = "spread"
    elif measure.distinct:
        kind = "distinct"
    elif measure.count == "deals" and not workings.one_line:
        kind = "deal_count"
    else:
        kind = "sum"
    credited = (measure.credit, measure.roles) if measure.table == "deals" and workings.credits.split else ("full", ())
    return kind, measure.table, date_of(measure), credited


def date_of(measure: Measure) -> str:
    """The date column of a leaf."""
    date = measure.date or ("joined_on" if measure.table == "partners" else None)
    if date is None:
        raise InputError([Problem("measures", f"say at which date the rows of {measure.table} count (at).")])
    return date


def _carry_out(workings: Workings, kind: str, members: Mapping[str, Measure]) -> dict[str, Floats]:
    run = {"sum": _sums, "distinct": _distinct, "deal_count": _deal_counts, "spread": _spread}[kind]
    return run(workings, members)


def _first(members: Mapping[str, Measure]) -> tuple[Measure, str, str]:
    measure = next(iter(members.values()))
    return measure, str(measure.table), date_of(measure)


def valued(workings: Workings, rows: Any, members: Mapping[str, Measure]) -> tuple[Any, dict[str, str]]:
    """Rows with one whole-number column per member, NULL where its filter excludes the row."""
    import ibis

    _, table, _ = _first(members)
    names = {name: f"v{position}" for position, name in enumerate(members)}
    values = {}
    for name, measure in members.items():
        if measure.of is None:
            value = ibis.literal(MILLION, type="int64")
        else:
            value = row_value(rows, measure, workings.quantities[table])
        test = workings.test(rows, measure, table)
        values[names[name]] = ibis.ifelse(test, value, ibis.null("int64"))
    return rows.mutate(**values), names


def _sums(workings: Workings, members: Mapping[str, Measure]) -> dict[str, Floats]:
    measure, table, date = _first(members)
    rows, names = valued(workings, workings.rows(table, date), members)
    if table == "deals":
        keep = ["deal_id", "line", "partner_id", "_month", *names.values()]
        if workings.credits.split or measure.roles:
            full = measure.credit == "full"
            rows = workings.credits.spread(
                rows.select(*keep), list(names.values()), key=("deal_id", "line"), full=full, roles=measure.roles
            )
    totals = {column: rows[column].sum() for column in names.values()}
    frame = workings.store.frame(rows.group_by(["partner_id", "_month"]).aggregate(**totals))
    return {name: _scatter(workings.grid, frame, frame[column]) for name, column in names.items()}


def _scatter(grid: Grid, frame: pd.DataFrame, values: Any) -> Floats:
    array = grid.zeros()
    row, column, inside = grid.place(frame["partner_id"], frame["_month"])
    numbers = pd.to_numeric(values).fillna(0).to_numpy(dtype=np.float64)
    np.add.at(array, (row, column), numbers[inside])
    return array


def _distinct(workings: Workings, members: Mapping[str, Measure]) -> dict[str, Floats]:
    measure, table, date = _first(members)
    rows = workings.rows(table, date)
    names = {name: f"v{position}" for position, name in enumerate(members)}
    values = {}
    for name, member in members.items():
        column = str(member.distinct).split(".", 1)[1]
        quantities = workings.quantities[table]
        if quantities.kind(column) is None:
            quantities.places_of(column)
        import ibis

        test = workings.test(rows, member, table)
        values[names[name]] = ibis.ifelse(test, quantities.value(rows, column).cast("string"), ibis.null("string"))
    rows = rows.mutate(**values)
    if table == "deals" and (workings.credits.split or measure.roles):
        keep = rows.select("deal_id", "partner_id", "_month", *names.values())
        rows = workings.credits.spread(keep, [], key=("deal_id",), full=True, roles=measure.roles)
    counts = {column: rows[column].nunique() for column in names.values()}
    frame = workings.store.frame(rows.group_by(["partner_id", "_month"]).aggregate(**counts))
    return {name: _scatter(workings.grid, frame, frame[column]) * MILLION for name, column in names.items()}


def last_dates(workings: Workings, members: Mapping[str, Measure]) -> tuple[Any, dict[str, str]]:
    """One row per (deal, partner) with, per member, the last date of the lines that pass its filter."""
    _, table, date = _first(members)
    rows = workings.rows(table, date)
    names = {name: f"v{position}" for position, name in enumerate(members)}
    last = {names[name]: rows["_on"].max(where=workings.test(rows, member, table)) for name, member in members.items()}
    return rows.group_by(["deal_id", "partner_id"]).aggregate(**last), names


def _deal_counts(workings: Workings, members: Mapping[str, Measure]) -> dict[str, Floats]:
    measure, _, _ = _first(members)
    deals, names = last_dates(workings, members)
    months = {column: month_of(deals[column]) for column in names.values()}
    deals = deals.select("deal_id", "partner_id", **months)
    if workings.credits.split or measure.roles:
        import ibis

        deals = deals.mutate(_n=ibis.literal(MILLION, type="int64"))
        full = measure.credit == "full"
        deals = workings.credits.spread(deals, ["_n"], key=("deal_id", "partner_id"), full=full, roles=measure.roles)
        number = deals["_n"].sum()
    else:
        number = deals.count() * MILLION
    frame = workings.store.frame(deals.group_by(["partner_id", *names.values()]).aggregate(_n=number))
    columns = {}
    for name, column in names.items():
        known = frame[frame[column].notna()]
        columns[name] = _scatter(workings.grid, known.rename(columns={column: "_month"}), known["_n"])
    return columns


def _spread(workings: Workings, members: Mapping[str, Measure]) -> dict[str, Floats]:
    """Each month of a contract counts, from its date for term_months months."""
    measure, table, date = _first(members)
    rows, names = valued(workings, workings.rows(table, date), members)
    rows = rows.mutate(_term=(rows.term_months / MILLION).floor().cast("int32"))
    rows = rows.filter(rows["_term"] > 0).select("deal_id", "line", "partner_id", "_month", "_term", *names.values())
    if workings.credits.split or measure.roles:
        full = measure.credit == "full"
        rows = workings.credits.spread(rows, list(names.values()), key=("deal_id", "line"), full=full, roles=measure.roles)
    totals = {column: rows[column].sum() for column in names.values()}
    frame = workings.store.frame(rows.group_by(["partner_id", "_month", "_term"]).aggregate(**totals))
    grid = workings.grid
    row, start, inside = grid.place(frame["partner_id"], frame["_month"])
    end = np.minimum(start + frame["_term"].to_numpy()[inside], grid.months)
    columns = {}
    for name, column in names.items():
        amounts = pd.to_numeric(frame[column]).fillna(0).to_numpy(dtype=np.float64)[inside]
        steps = np.zeros((len(grid.partner_ids), grid.months + 1))
        np.add.at(steps, (row, start), amounts)
        np.add.at(steps, (row, end), -amounts)
        columns[name] = np.cumsum(steps, axis=1)[:, : grid.months]
    return columns


def _level(workings: Workings, name: str, measure: Measure) -> Floats:
    """The last value of each month, held for `hold_months` months; several on the last day give their mean."""
    table, score = str(measure.level).split(".", 1)
    if table != "scores":
        raise InputError([Problem(f"measures.{name}", "a level comes from scores, written scores.csat.")])
    rows = workings.rows("scores", date_of(measure))
    rows = rows.filter((rows.measure == score) & workings.test(rows, measure, "scores"))
    means = {"_sum": rows.value.sum(), "_n": rows.count()}
    frame = workings.store.frame(rows.group_by(["partner_id", "_month", "_on"]).aggregate(**means))
    frame = frame.sort_values("_on", kind="stable").drop_duplicates(["partner_id", "_month"], keep="last")
    grid = workings.grid
    row, column, inside = grid.place(frame["partner_id"], frame["_month"])
    value = frame["_sum"].to_numpy(dtype=np.float64) / frame["_n"].to_numpy(dtype=np.float64) / MILLION
    array = np.full((len(grid.partner_ids), grid.months), np.nan)
    array[row, column] = value[inside]
    return hold(array, measure.hold_months)


def hold(array: Floats, months: int) -> Floats:
    """Each value carried forward until the next one, for at most `months` months including its own.

    Example:
        >>> hold(np.array([[4.0, np.nan, np.nan]]), 2)
        array([[ 4.,  4., nan]])
    """
    position = np.broadcast_to(np.arange(array.shape[1]), array.shape)
    last = np.maximum.accumulate(np.where(np.isnan(array), -1, position), axis=1)
    held = np.take_along_axis(array, np.maximum(last, 0), axis=1)
    return np.where((last >= 0) & (position - last < months), held, np.nan)


def _event(workings: Workings, measure: Measure) -> Floats:
    grid = workings.grid
    if measure.event == "first_deal":
        return _first_deal(workings, measure)
    partners = workings.store.table("partners")
    known = partners.filter(partners.joined_on.notnull())
    frame = workings.store.frame(known.select("partner_id", _month=month_of(known.joined_on)))
    joined = np.full(len(grid.partner_ids), np.nan)
    joined[pd.Index(grid.partner_ids).get_indexer(frame["partner_id"])] = frame["_month"].to_numpy(dtype=np.float64)
    since = np.arange(grid.first_month, grid.first_month + grid.months)[None, :] - joined[:, None]
    if measure.event == "months_since_joining":
        return np.where(since >= 0, since, np.nan)
    happens = since == 0 if measure.event == "joined" else (since > 0) & (since % 12 == 0)
    return np.where(happens, float(MILLION), 0.0)


def _first_deal(workings: Workings, measure: Measure) -> Floats:
    rows = workings.rows("deals", "closed_on")
    rows = rows.filter((rows.status == "won") & workings.test(rows, measure, "deals"))
    rows = rows.select("deal_id", "partner_id", "_month")
    if workings.credits.split or measure.roles:
        rows = workings.credits.spread(rows, [], key=("deal_id",), full=True, roles=measure.roles)
    frame = workings.store.frame(rows.group_by("partner_id").aggregate(_month=rows["_month"].min()))
    array = workings.grid.zeros()
    row, column, _ = workings.grid.place(frame["partner_id"], frame["_month"])
    array[row, column] = MILLION
    return array
