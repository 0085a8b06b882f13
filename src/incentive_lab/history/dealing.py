"""Single deals and returns, credited as the panel's columns are, for rules that look at each deal."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import Any

import numpy as np

from incentive_lab.fiscal import months_in
from incentive_lab.history.arrays import Columns, cut, days, numbers, ordered, stacked, summed, there
from incentive_lab.history.measuring import group_of, named, per_deal, valued
from incentive_lab.history.quantities import MILLION
from incentive_lab.history.workings import Grid, Workings, date_of
from incentive_lab.money import quotient
from incentive_lab.panel import DealTable, Returns
from incentive_lab.scheme.measures import Measure


def deal_table(workings: Workings, grain: str, members: Mapping[str, Measure]) -> DealTable:
    """One row per deal or line and credited partner, with each member's credited value.

    A filter looks at the rows of deals, so a deal of several lines has the value of the lines that pass; at the grain
    of deals its date is that of its last such line. Rows that pass no member's filter are left out.

    Args:
        workings: What is known of the history.
        grain: deal or line.
        members: Leaves over deals.
    """
    parts = [_credited(workings, grain, group) for group in _by_date(workings, members)]
    rows = stacked(parts, ["partner_id", "_on", "deal_id", "line"], members)
    on = days(rows["_on"])
    rows |= {"_day": on.astype(np.int64), "_month": months_in(workings.calendar.months, on)}
    rows = _in_order(workings.grid, rows, ["_row", "_day"], members)
    return DealTable(
        partner=rows["_row"].astype(np.int32),
        month=rows["_column"].astype(np.int32),
        day=rows["_day"].astype(np.int32),
        deal_id=rows["deal_id"],
        line=rows["line"],
        values={name: rows[name] for name in members},
    )


def _in_order(grid: Grid, rows: Columns, by: list[str], members: Collection[str]) -> Columns:
    """The rows inside the panel, by partner, day and deal, a deal's line once."""
    row, column, inside = grid.place(rows["partner_id"], rows["_month"])
    rows = cut(rows, inside) | {"_row": row, "_column": column}
    return summed(cut(rows, ordered(rows, by, ["deal_id", "line"])), [*by, "deal_id", "line"], members)


def _by_date(workings: Workings, members: Mapping[str, Measure]) -> list[dict[str, Measure]]:
    """Members that share a date and a way of crediting, since these decide which rows there are."""
    groups: dict[tuple[object, ...], dict[str, Measure]] = {}
    for name, measure in members.items():
        key = (date_of(measure), measure.credit, measure.roles, group_of(measure))
        groups.setdefault(key, {})[name] = measure
    return list(groups.values())


def _credited(workings: Workings, grain: str, members: Mapping[str, Measure]) -> Columns:
    """Rows of one date and way of crediting: partner_id, _on, deal_id, line and a column per member."""
    rows = workings.columns(f"each {grain}", members, lambda: _credited_rows(workings, grain, members))
    return _named(rows, named(members))


def _named(rows: Columns, names: Mapping[str, str]) -> Columns:
    """Members under their own names, as numbers."""
    others = {name: values for name, values in rows.items() if name not in names.values()}
    return others | {name: numbers(rows[column]) for name, column in names.items()}


def _credited_rows(workings: Workings, grain: str, members: Mapping[str, Measure]) -> Any:
    import ibis

    measure = next(iter(members.values()))
    rows, names = valued(workings, workings.rows("deals", date_of(measure)), members)
    rows = _counted_once(workings, rows, members, names)
    rows = rows.filter(ibis.or_(*(rows[column].notnull() for column in names.values())))
    rows = rows.mutate(line=rows.line.fill_null(""))
    columns = list(names.values())
    rows = rows.select("deal_id", "line", "partner_id", "_on", *columns)
    full = measure.credit == "full"
    rows = workings.credits.spread(
        rows, columns, key=("deal_id", "line"), full=full, roles=measure.roles, group=group_of(measure)
    )
    totals = {column: rows[column].sum().cast("int64") for column in columns}
    if grain == "deal":
        table = rows.group_by(["partner_id", "deal_id"]).aggregate(_on=rows["_on"].max(), **totals)
        return table.mutate(line=ibis.literal("")).order_by("deal_id")
    return rows.group_by(["partner_id", "deal_id", "line", "_on"]).aggregate(**totals).order_by("deal_id", "line")


def _counted_once(workings: Workings, rows: Any, members: Mapping[str, Measure], names: Mapping[str, str]) -> Any:
    """What counts once per deal stands on the deal's last passing line, and nothing on its others."""
    import ibis

    counts = [names[name] for name, measure in members.items() if per_deal(measure)]
    counts = [] if workings.one_line else counts
    last = {}
    for column in counts:
        order = [ibis.desc(rows[column].notnull()), ibis.desc("_on"), "line"]
        place = ibis.row_number().over(ibis.window(group_by=["deal_id", "partner_id"], order_by=order))
        last[column] = ibis.ifelse(place == 0, rows[column], ibis.null("int64"))
    return rows.mutate(**last) if last else rows


def returns_table(workings: Workings, members: Mapping[str, Measure]) -> Returns:
    """Returned deals by line and credited partner, with how much of each member's credited value came back.

    Value returned = credited value x returned amount / amount, half-up; without a returned amount all of it.
    """
    parts = [_returned(workings, group) for group in _by_date(workings, members)]
    rows = stacked(parts, ["partner_id", "_back", "_month", "_term", "deal_id", "line"], members)
    rows |= {"_sold": rows["_month"].astype(np.int64) - workings.grid.first_month, "_month": rows["_back"]}
    rows = _in_order(workings.grid, rows, ["_row", "_month", "_sold", "_term"], members)
    rows = cut(rows, ordered(rows, ["_row", "_month"], ["deal_id", "line"]))
    return Returns(
        partner=rows["_row"].astype(np.int32),
        month=rows["_column"].astype(np.int32),
        sold_month=rows["_sold"].astype(np.int32),
        deal_id=rows["deal_id"],
        line=rows["line"],
        term_months=rows["_term"].astype(np.int32),
        values={name: rows[name] for name in members},
    )


def _returned(workings: Workings, members: Mapping[str, Measure]) -> Columns:
    rows = workings.columns("returned", members, lambda: _returned_rows(workings, members))
    back, amount = rows.pop("returned_amount"), rows.pop("amount")
    names = named(members)
    parts = {column: np.array(_part_returned(rows[column], back, amount)) for column in names.values()}
    return _named(rows | parts, names)


def _returned_rows(workings: Workings, members: Mapping[str, Measure]) -> Any:
    measure = next(iter(members.values()))
    rows, names = valued(workings, workings.rows("deals", date_of(measure)), members)
    rows = _counted_once(workings, rows, members, names)
    rows = rows.filter(rows.returned_on.notnull() & rows.closed_on.notnull())
    columns = list(names.values())
    month_of = workings.calendar.month_of
    rows = rows.mutate(
        line=rows.line.fill_null(""),
        _back=month_of(rows.returned_on),
        _month=month_of(rows.closed_on) if date_of(measure) != "closed_on" else rows["_month"],
        _term=(rows.term_months / MILLION).floor().fill_null(0).cast("int32"),
    )
    rows = rows.select(
        "deal_id", "line", "partner_id", "_back", "_month", "_term", "returned_amount", "amount", *columns
    )
    full = measure.credit == "full"
    return workings.credits.spread(
        rows, columns, key=("deal_id", "line"), full=full, roles=measure.roles, group=group_of(measure)
    )


def _part_returned(values: Any, returned: Any, amounts: Any) -> list[float]:
    parts = []
    rows = zip(
        values.tolist(),
        there(values).tolist(),
        returned.tolist(),
        there(returned).tolist(),
        amounts.tolist(),
        strict=True,
    )
    for value, known, back, told, amount in rows:
        if not known:
            parts.append(0.0)
        elif not told:
            parts.append(float(value))
        elif not amount:
            parts.append(0.0)
        else:
            parts.append(float(quotient(int(value) * int(back), int(amount))))
    return parts
