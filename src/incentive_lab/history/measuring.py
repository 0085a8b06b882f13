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
        elif date_of(measure) not in workings.filled[str(measure.table)]:
            columns[name] = np.full_like(workings.grid.zeros(), np.nan if measure.level else 0.0)
        else:
            groups.setdefault(_group(workings, measure), {})[name] = measure
    for group, members in groups.items():
        columns.update(_carry_out(workings, str(group[0]), members))
    for name, values in columns.items():
        if np.nanmax(np.abs(values), initial=0.0) > LARGEST:
            raise InputError([Problem(f"measures.{name}", "a month's sum is too large to be held exactly.")])
    return {name: columns[name] for name in leaves}


def _group(workings: Workings, measure: Measure) -> tuple[object, ...]:
    if measure.level:
        return "level", "scores", date_of(measure), repr(measure.where)
    if measure.spread:
        kind = "spread"
    elif measure.distinct:
        kind = "distinct"
    elif per_deal(measure) and not workings.one_line:
        kind = "per_deal"
    else:
        kind = "sum"
    credited = (measure.credit, measure.roles) if measure.table == "deals" and workings.credits.split else ("full", ())
    return kind, measure.table, date_of(measure), credited


def per_deal(measure: Measure) -> bool:
    """Whether a measure counts something once per deal, however many lines the deal has."""
    columns = measure.of.columns() if measure.of is not None else ()
    return measure.count == "deals" or columns in (("deals.cycle_days",), ("deals.term_months",))


def date_of(measure: Measure) -> str:
    """The date column of a leaf."""
    date = measure.date or ("joined_on" if measure.table == "partners" else None)
    if date is None:
        raise InputError([Problem("measures", f"say at which date the rows of {measure.table} count (at).")])
    return date


def _carry_out(workings: Workings, kind: str, members: Mapping[str, Measure]) -> dict[str, Floats]:
    run = {"sum": _sums, "distinct": _distinct, "per_deal": _per_deal, "spread": _spread, "level": _levels}[kind]
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


def _per_deal(workings: Workings, members: Mapping[str, Measure]) -> dict[str, Floats]:
    """What counts once per deal: in the month of the last line that passes the filter."""
    measure, table, date = _first(members)
    rows, names = valued(workings, workings.rows(table, date), members)
    last = {f"m{column}": month_of(rows["_on"].max(where=rows[column].notnull())) for column in names.values()}
    values = {column: rows[column].max() for column in names.values()}
    deals = rows.group_by(["deal_id", "partner_id"]).aggregate(**last, **values)
    if workings.credits.split or measure.roles:
        full = measure.credit == "full"
        deals = workings.credits.spread(
            deals, list(values), key=("deal_id", "partner_id"), full=full, roles=measure.roles
        )
    totals = {column: deals[column].sum() for column in names.values()}
    frame = workings.store.frame(deals.group_by(["partner_id", *last]).aggregate(**totals))
    columns = {}
    for name, column in names.items():
        known = frame[frame[f"m{column}"].notna()]
        columns[name] = _scatter(workings.grid, known.assign(_month=known[f"m{column}"]), known[column])
    return columns


def _spread(workings: Workings, members: Mapping[str, Measure]) -> dict[str, Floats]:
    """Each month of a contract counts, from its date for term_months months."""
    measure, table, date = _first(members)
    rows, names = valued(workings, workings.rows(table, date), members)
    rows = rows.mutate(_term=(rows.term_months / MILLION).floor().cast("int32"))
    rows = rows.filter(rows["_term"] > 0).select("deal_id", "line", "partner_id", "_month", "_term", *names.values())
    if workings.credits.split or measure.roles:
        full = measure.credit == "full"
        rows = workings.credits.spread(
            rows, list(names.values()), key=("deal_id", "line"), full=full, roles=measure.roles
        )
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


def _levels(workings: Workings, members: Mapping[str, Measure]) -> dict[str, Floats]:
    """The last value of each month, held for `hold_months` months; several on the last day give their mean."""
    measure = next(iter(members.values()))
    named = {name: str(member.level).split(".", 1) for name, member in members.items()}
    wrong = [
        Problem(f"measures.{name}", "a level is a score, as in scores.csat.")
        for name in named
        if named[name][0] != "scores"
    ]
    if wrong:
        raise InputError(wrong)
    rows = workings.rows("scores", date_of(measure))
    rows = rows.filter(rows.measure.isin(sorted({score for _, score in named.values()})))
    rows = rows.filter(workings.test(rows, measure, "scores"))
    means = {"_sum": rows.value.sum(), "_n": rows.count()}
    frame = workings.store.frame(rows.group_by(["measure", "partner_id", "_month", "_on"]).aggregate(**means))
    frame = frame.sort_values("_on", kind="stable").drop_duplicates(["measure", "partner_id", "_month"], keep="last")
    columns = {}
    for name, (_, score) in named.items():
        part = frame[frame["measure"] == score]
        row, column, inside = workings.grid.place(part["partner_id"], part["_month"])
        value = part["_sum"].to_numpy(dtype=np.float64) / part["_n"].to_numpy(dtype=np.float64) / MILLION
        array = np.full_like(workings.grid.zeros(), np.nan)
        array[row, column] = value[inside]
        columns[name] = hold(array, members[name].hold_months)
    return columns


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
    sql = "SELECT partner_id, joined_on FROM {partners} p WHERE joined_on IS NOT NULL"
    joined = np.full(len(grid.partner_ids), np.nan)
    row_of = {partner: row for row, partner in enumerate(grid.partner_ids)}
    for partner, day in workings.store.rows(sql):
        joined[row_of[partner]] = day.year * 12 + day.month - 1
    since = np.arange(grid.first_month, grid.first_month + grid.months)[None, :] - joined[:, None]
    if measure.event == "months_since_joining":
        return np.where(since >= 0, since, np.nan)
    happens = since == 0 if measure.event == "joined" else (since > 0) & (since % 12 == 0)
    return np.where(happens, float(MILLION), 0.0)


def _first_deal(workings: Workings, measure: Measure) -> Floats:
    if "closed_on" not in workings.filled["deals"]:
        return workings.grid.zeros()
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
