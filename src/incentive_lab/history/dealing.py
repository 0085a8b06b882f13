"""Single deals and returns, credited as the panel's columns are, for rules that look at each deal."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import pandas as pd

from incentive_lab.fiscal import months_in
from incentive_lab.history.measuring import group_of, named, per_deal, valued
from incentive_lab.history.quantities import MILLION
from incentive_lab.history.workings import Grid, Workings, date_of
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
    frames = [_credited(workings, grain, group) for group in _by_date(workings, members)]
    keys = ["partner_id", "_on", "deal_id", "line"]
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*keys, *members])
    frame = frame.groupby(keys, sort=False, as_index=False)[list(members)].sum()
    days = pd.to_datetime(frame["_on"]).to_numpy(dtype="datetime64[D]")
    frame["_day"] = days.astype(np.int64)
    frame["_month"] = months_in(workings.calendar.months, days)
    frame, row, column = _sorted(workings.grid, frame, ["_row", "_day", "deal_id", "line"])
    return DealTable(
        partner=row,
        month=column,
        day=frame["_day"].to_numpy(dtype=np.int32),
        deal_id=frame["deal_id"].to_numpy(dtype=object),
        line=frame["line"].to_numpy(dtype=object),
        values={name: frame[name].to_numpy(dtype=np.float64) for name in members},
    )


def _sorted(grid: Grid, frame: pd.DataFrame, order: list[str]) -> tuple[pd.DataFrame, Any, Any]:
    row, column, inside = grid.place(frame["partner_id"], frame["_month"])
    frame = frame[inside].assign(_row=row, _column=column)
    frame = frame.sort_values(order, kind="stable", ignore_index=True)
    return frame, frame["_row"].to_numpy(dtype=np.int32), frame["_column"].to_numpy(dtype=np.int32)


def _by_date(workings: Workings, members: Mapping[str, Measure]) -> list[dict[str, Measure]]:
    """Members that share a date and a way of crediting, since these decide which rows there are."""
    groups: dict[tuple[object, ...], dict[str, Measure]] = {}
    for name, measure in members.items():
        key = (date_of(measure), measure.credit, measure.roles, group_of(measure))
        groups.setdefault(key, {})[name] = measure
    return list(groups.values())


def _credited(workings: Workings, grain: str, members: Mapping[str, Measure]) -> pd.DataFrame:
    """Rows of one date and way of crediting: partner_id, _on, deal_id, line and a column per member."""
    frame = workings.frame(f"each {grain}", members, lambda: _credited_rows(workings, grain, members))
    frame = frame.rename(columns={column: name for name, column in named(members).items()})
    return frame.fillna(dict.fromkeys(members, 0)).astype(dict.fromkeys(members, "float64"))


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
        return table.mutate(line=ibis.literal(""))
    return rows.group_by(["partner_id", "deal_id", "line", "_on"]).aggregate(**totals)


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
    frames = [_returned(workings, group) for group in _by_date(workings, members)]
    keys = ["partner_id", "_back", "_month", "_term", "deal_id", "line"]
    frame = pd.concat(frames, ignore_index=True) if frames else pd.DataFrame(columns=[*keys, *members])
    frame = frame.groupby(keys, sort=False, as_index=False)[list(members)].sum()
    sold_month = frame["_month"].to_numpy(dtype=np.int64) - workings.grid.first_month
    frame = frame.assign(_sold=sold_month, _month=frame["_back"])
    frame, row, column = _sorted(workings.grid, frame, ["_row", "_month", "deal_id", "line"])
    return Returns(
        partner=row,
        month=column,
        sold_month=frame["_sold"].to_numpy(dtype=np.int32),
        deal_id=frame["deal_id"].to_numpy(dtype=object),
        line=frame["line"].to_numpy(dtype=object),
        term_months=frame["_term"].to_numpy(dtype=np.int32),
        values={name: frame[name].to_numpy(dtype=np.float64) for name in members},
    )


def _returned(workings: Workings, members: Mapping[str, Measure]) -> pd.DataFrame:
    names = named(members)
    frame = workings.frame("returned", members, lambda: _returned_rows(workings, members))
    for name, column in names.items():
        frame[name] = _part_returned(frame[column], frame["returned_amount"], frame["amount"])
    return frame.drop(columns=[*names.values(), "returned_amount", "amount"])


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
    for value, back, amount in zip(values, returned, amounts, strict=True):
        if pd.isna(value):
            parts.append(0.0)
        elif pd.isna(back):
            parts.append(float(value))
        elif not amount:
            parts.append(0.0)
        else:
            top, bottom = int(value) * int(back), int(amount)
            size = (2 * abs(top) + abs(bottom)) // (2 * abs(bottom))
            parts.append(float(size if (top < 0) == (bottom < 0) else -size))
    return parts
