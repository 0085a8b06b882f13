"""Leaf measures as partner x month arrays: the store sums, in one scan per table, date and way of crediting."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from incentive_lab.errors import InputError, Problem
from incentive_lab.history.arithmetic import less_part, row_value
from incentive_lab.history.arrays import Columns, cut, numbers, there
from incentive_lab.history.counting import firsts, held, stretches
from incentive_lab.history.quantities import MILLION, returned
from incentive_lab.history.reading import LARGEST
from incentive_lab.history.standing import each_month, event_column, level_columns
from incentive_lab.history.workings import Grid, Workings, date_of
from incentive_lab.panel import Floats
from incentive_lab.scheme.measures import Measure, OnceInAGroup

Query = Callable[[Workings, Mapping[str, Measure]], Any]
Placing = Callable[[Grid, Columns, Mapping[str, Measure]], dict[str, Floats]]


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
            columns[name] = event_column(workings, measure)
        elif date_of(measure) not in workings.filled[str(measure.table)]:
            columns[name] = np.full_like(workings.grid.zeros(), np.nan if measure.is_level else 0.0)
        else:
            groups.setdefault(_group(workings, measure), {})[name] = measure
    for group, members in groups.items():
        columns.update(_carry_out(workings, str(group[0]), members))
    for name, measure in leaves.items():
        if measure.each_month:
            columns[name] = each_month(columns[name], measure, workings.quantities[str(measure.table)].places)
    for name, values in columns.items():
        if np.nanmax(np.abs(values), initial=0.0) > LARGEST:
            raise InputError([Problem(f"measures.{name}", "a month's sum is too large to be held exactly.")])
    return {name: columns[name] for name in leaves}


def _group(workings: Workings, measure: Measure) -> tuple[object, ...]:
    if measure.level:
        return "level", "scores", date_of(measure), repr(measure.where)
    if measure.spread:
        ends = measure.less_returns, measure.months_of_term
        return "spread", measure.table, date_of(measure), _credited(workings, measure), group_of(measure), ends
    if measure.distinct:
        kind = "rolling" if measure.rolling_months else "once" if measure.once_in else "distinct"
        if kind != "distinct":  # one at a time: rows are brought together by the value that is counted
            same = measure.model_dump_json()
            return kind, measure.table, date_of(measure), _credited(workings, measure), group_of(measure), same
    elif per_deal(measure) and not workings.one_line:
        kind = "per_deal"
    else:
        kind = "sum"
    return kind, measure.table, date_of(measure), _credited(workings, measure), group_of(measure)


def _credited(workings: Workings, measure: Measure) -> tuple[str, tuple[str, ...]]:
    return (measure.credit, measure.roles) if measure.table == "deals" and workings.credits.split else ("full", ())


def group_of(measure: Measure) -> str:
    """The attribute of partners that count a leaf once together, '' where each stands alone."""
    return measure.group if isinstance(measure, OnceInAGroup) else ""


def per_deal(measure: Measure) -> bool:
    """Whether a measure counts something once per deal, however many lines the deal has."""
    columns = measure.of.columns() if measure.of is not None else ()
    return measure.count == "deals" or columns in (("deals.cycle_days",), ("deals.days_kept",), ("deals.term_months",))


def _carry_out(workings: Workings, kind: str, members: Mapping[str, Measure]) -> dict[str, Floats]:
    if kind == "level":
        return level_columns(workings, members)
    query, place = _WAYS[kind]
    rows = workings.columns(kind, members, lambda: query(workings, members))
    return place(workings.grid, rows, members)


def named(members: Mapping[str, Measure]) -> dict[str, str]:
    """Member -> its column in a query."""
    return {name: f"v{position}" for position, name in enumerate(members)}


def _first(members: Mapping[str, Measure]) -> tuple[Measure, str, str]:
    measure = next(iter(members.values()))
    return measure, str(measure.table), date_of(measure)


def valued(workings: Workings, rows: Any, members: Mapping[str, Measure]) -> tuple[Any, dict[str, str]]:
    """Rows with one whole-number column per member, NULL where its filter excludes the row."""
    import ibis

    _, table, _ = _first(members)
    names = named(members)
    values = {}
    for name, measure in members.items():
        if measure.of is None:
            value = ibis.literal(MILLION, type="int64")
        else:
            value = row_value(rows, measure, workings.quantities[table])
        test = workings.test(rows, measure, table)
        if measure.less_returns and not measure.spread:
            test = test & ~_all_back(rows)
            value = value if per_deal(measure) else less_part(value, returned(rows), rows.amount)
        values[names[name]] = ibis.ifelse(test, value, ibis.null("int64"))
    return rows.mutate(**values), names


def _all_back(rows: Any) -> Any:
    """Whether a row of deals came back entirely."""
    back = rows.returned_amount.isnull() | (rows.returned_amount.abs() >= rows.amount.abs())
    return rows.returned_on.notnull() & back.fill_null(False)


def _sums(workings: Workings, members: Mapping[str, Measure]) -> Any:
    measure, table, date = _first(members)
    rows, names = valued(workings, workings.rows(table, date), members)
    if table == "deals":
        keep = ["deal_id", "line", "partner_id", "_month", *names.values()]
        if workings.credits.split or measure.roles:
            full = measure.credit == "full"
            rows = workings.credits.spread(
                rows.select(*keep),
                list(names.values()),
                key=("deal_id", "line"),
                full=full,
                roles=measure.roles,
                group=group_of(measure),
            )
    totals = {column: rows[column].sum() for column in names.values()}
    return rows.group_by(["partner_id", "_month"]).aggregate(**totals)


def _by_month(grid: Grid, rows: Columns, members: Mapping[str, Measure]) -> dict[str, Floats]:
    place = grid.place(rows["partner_id"], rows["_month"])
    return {name: _scatter(grid, place, rows[column]) for name, column in named(members).items()}


def _scatter(grid: Grid, place: tuple[Any, Any, Any], values: Any) -> Floats:
    array = grid.zeros()
    row, column, inside = place
    np.add.at(array, (row, column), numbers(values)[inside])
    return array


def different(workings: Workings, members: Mapping[str, Measure]) -> tuple[Any, list[str]]:
    """Credited rows with one column per member, the value that is counted once, NULL where its filter excludes the row."""
    measure, table, date = _first(members)
    rows = workings.rows(table, date)
    names = named(members)
    values = {}
    for name, member in members.items():
        column = str(member.distinct).split(".", 1)[1]
        quantities = workings.quantities[table]
        if quantities.kind(column) is None:
            quantities.places_of(column)
        import ibis

        test = workings.test(rows, member, table)
        test = test & ~_all_back(rows) if member.less_returns else test
        values[names[name]] = ibis.ifelse(test, quantities.value(rows, column).cast("string"), ibis.null("string"))
    rows = rows.mutate(**values)
    if table == "deals" and (workings.credits.split or measure.roles):
        keep = rows.select("deal_id", "partner_id", "_month", *names.values())
        rows = workings.credits.spread(keep, [], key=("deal_id",), full=True, roles=measure.roles)
    if group_of(measure):
        rows = workings.credits.first_of_group(rows.select("partner_id", "_month", *names.values()), group_of(measure))
    return rows, list(names.values())


def _distinct(workings: Workings, members: Mapping[str, Measure]) -> Any:
    rows, names = different(workings, members)
    counts = {column: rows[column].nunique() for column in names}
    return rows.group_by(["partner_id", "_month"]).aggregate(**counts)


def _once(workings: Workings, members: Mapping[str, Measure]) -> Any:
    return firsts(workings, *different(workings, members), _first(members)[0])


def _rolling(workings: Workings, members: Mapping[str, Measure]) -> Any:
    return stretches(*different(workings, members), _first(members)[0])


def _held(grid: Grid, rows: Columns, members: Mapping[str, Measure]) -> dict[str, Floats]:
    return held(grid, rows, named(members))


def _counted(grid: Grid, rows: Columns, members: Mapping[str, Measure]) -> dict[str, Floats]:
    return {name: values * MILLION for name, values in _by_month(grid, rows, members).items()}


def _per_deal(workings: Workings, members: Mapping[str, Measure]) -> Any:
    """What counts once per deal: in the month of the last line that passes the filter."""
    measure, table, date = _first(members)
    rows, names = valued(workings, workings.rows(table, date), members)
    month_of = workings.calendar.month_of
    last = {f"m{column}": month_of(rows["_on"].max(where=rows[column].notnull())) for column in names.values()}
    values = {column: rows[column].max() for column in names.values()}
    deals = rows.group_by(["deal_id", "partner_id"]).aggregate(**last, **values)
    if workings.credits.split or measure.roles:
        full = measure.credit == "full"
        deals = workings.credits.spread(
            deals, list(values), key=("deal_id", "partner_id"), full=full, roles=measure.roles, group=group_of(measure)
        )
    totals = {column: deals[column].sum() for column in names.values()}
    return deals.group_by(["partner_id", *last]).aggregate(**totals)


def _by_last_month(grid: Grid, rows: Columns, members: Mapping[str, Measure]) -> dict[str, Floats]:
    columns = {}
    for name, column in named(members).items():
        known = cut(rows, there(rows[f"m{column}"]))
        columns[name] = _scatter(grid, grid.place(known["partner_id"], known[f"m{column}"]), known[column])
    return columns


def _spread(workings: Workings, members: Mapping[str, Measure]) -> Any:
    """Each month of a contract counts, from its date for term_months months; `_ended` says after how many it came back."""
    import ibis

    measure, table, date = _first(members)
    rows, names = valued(workings, workings.rows(table, date), members)
    rows = rows.mutate(_term=(rows.term_months / MILLION).floor().cast("int32"))
    rows = rows.filter(rows["_term"] > 0)
    back = workings.calendar.month_of(rows.returned_on)
    ended = ibis.ifelse(rows.returned_on.notnull(), back - rows["_month"], rows["_term"])
    rows = rows.mutate(_ended=ended.clip(0, rows["_term"]).cast("int32") if measure.less_returns else rows["_term"])
    back = {f"b{name}": _came_back(rows, rows[name]) for name in names.values()} if measure.less_returns else {}
    values = [*names.values(), *back]
    rows = rows.mutate(**back).select("deal_id", "line", "partner_id", "_month", "_term", "_ended", *values)
    if workings.credits.split or measure.roles:
        full = measure.credit == "full"
        rows = workings.credits.spread(
            rows, values, key=("deal_id", "line"), full=full, roles=measure.roles, group=group_of(measure)
        )
    totals = {column: rows[column].sum() for column in values}
    return rows.group_by(["partner_id", "_month", "_term", "_ended"]).aggregate(**totals)


def _came_back(rows: Any, value: Any) -> Any:
    """The part of a value that came back."""
    import ibis

    part = value - less_part(value, returned(rows), rows.amount).coalesce(value)
    return ibis.ifelse(_all_back(rows), value, part)


def _over_terms(grid: Grid, rows: Columns, members: Mapping[str, Measure]) -> dict[str, Floats]:
    measure = next(iter(members.values()))
    row, start, inside = grid.place(rows["partner_id"], rows["_month"])
    term = rows["_term"][inside]
    first, last = 0, term
    if measure.months_of_term is not None:
        first = measure.months_of_term.before
        last = np.minimum(term, measure.months_of_term.to or term)
    begin = np.minimum(start + np.minimum(first, last), grid.months)
    end = np.minimum(start + last, grid.months)
    ended = np.clip(start + rows["_ended"][inside], begin, end)
    columns = {}
    for name, column in named(members).items():
        steps = np.zeros((len(grid.partner_ids), grid.months + 1))
        for values, since in ((column, begin), (f"b{column}", ended)):
            if values in rows:
                amounts = numbers(rows[values])[inside]
                amounts = amounts if values == column else -amounts
                np.add.at(steps, (row, since), amounts)
                np.add.at(steps, (row, end), -amounts)
        columns[name] = np.cumsum(steps, axis=1)[:, : grid.months]
    return columns


_WAYS: Mapping[str, tuple[Query, Placing]] = {
    "sum": (_sums, _by_month),
    "distinct": (_distinct, _counted),
    "once": (_once, _counted),
    "rolling": (_rolling, _held),
    "per_deal": (_per_deal, _by_last_month),
    "spread": (_spread, _over_terms),
}
"""Kind of sum -> the query that the store carries out, and where its rows go."""
