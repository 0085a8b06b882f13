"""Measures that are no sums of rows: levels that hold until the next value, and events in a partner's life."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from incentive_lab.errors import InputError, Problem
from incentive_lab.fiscal import month_in
from incentive_lab.history.arrays import cut, days, numbers
from incentive_lab.history.quantities import MILLION
from incentive_lab.history.workings import Workings, date_of
from incentive_lab.panel import Floats
from incentive_lab.scheme.measures import Measure


def level_columns(workings: Workings, members: Mapping[str, Measure]) -> dict[str, Floats]:
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

    def by_day() -> Any:
        rows = workings.rows("scores", date_of(measure))
        rows = rows.filter(rows.measure.isin(sorted({score for _, score in named.values()})))
        rows = rows.filter(workings.test(rows, measure, "scores"))
        means = {"_sum": rows.value.sum(), "_n": rows.count()}
        return rows.group_by(["measure", "partner_id", "_month", "_on"]).aggregate(**means)

    rows = workings.columns("level", members, by_day)
    rows = cut(rows, np.argsort(days(rows["_on"]), kind="stable"))
    columns = {}
    for name, (_, score) in named.items():
        part = cut(rows, rows["measure"] == score)
        row, column, inside = workings.grid.place(part["partner_id"], part["_month"])
        value = numbers(part["_sum"]) / numbers(part["_n"]) / MILLION
        array = np.full_like(workings.grid.zeros(), np.nan)
        array[row, column] = value[inside]  # of the days of a month the last one is written last, and stays
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


def each_month(level: Floats, measure: Measure, places: int) -> Floats:
    """What of a level adds up month by month: all of it, or a twelfth; nothing where there is no value.

    Args:
        level: float64 [partners, months] as it stands in each month, NaN where there is none.
        measure: Says how much, and in which unit.
        places: Decimals of the currency.

    Returns:
        Whole minor units of money, or whole millionths of anything else, half-way cases away from zero.

    Example:
        >>> aum = Measure(level="scores.aum", each_month="twelfth", unit="money")
        >>> each_month(np.array([[1_200_000.0, np.nan, 100.0]]), aum, 2)
        array([[1.00e+07, 0.00e+00, 8.33e+02]])
    """
    unit = 10**places if measure.unit == "money" else MILLION
    part = np.nan_to_num(level) * unit / (12 if measure.each_month == "twelfth" else 1)
    return np.copysign(np.floor(np.abs(part) + 0.5 + 1e-9), part)


def event_column(workings: Workings, measure: Measure) -> Floats:
    """1 (a million millionths) in the months where an event happens; months since joining as a level."""
    grid = workings.grid
    if measure.event == "first_deal":
        return _first_deal(workings, measure)
    sql = "SELECT partner_id, joined_on FROM {partners} p WHERE joined_on IS NOT NULL"
    joined = np.full(len(grid.partner_ids), np.nan)
    row_of = {partner: row for row, partner in enumerate(grid.partner_ids)}
    for partner, day in workings.store.rows(sql):
        joined[row_of[partner]] = month_in(workings.calendar.months, day)
    since = np.arange(grid.first_month, grid.first_month + grid.months)[None, :] - joined[:, None]
    if measure.event == "months_since_joining":
        return np.where(since >= 0, since, np.nan)
    happens = since == 0 if measure.event == "joined" else (since > 0) & (since % 12 == 0)
    return np.where(happens, float(MILLION), 0.0)


def _first_deal(workings: Workings, measure: Measure) -> Floats:
    if "closed_on" not in workings.filled["deals"]:
        return workings.grid.zeros()

    def first_months() -> Any:
        rows = workings.rows("deals", "closed_on")
        rows = rows.filter((rows.status == "won") & workings.test(rows, measure, "deals"))
        rows = rows.select("deal_id", "partner_id", "_month")
        if workings.credits.split or measure.roles:
            rows = workings.credits.spread(rows, [], key=("deal_id",), full=True, roles=measure.roles)
        return rows.group_by("partner_id").aggregate(_month=rows["_month"].min())

    rows = workings.columns("first deal", {"first": measure}, first_months)
    array = workings.grid.zeros()
    row, column, _ = workings.grid.place(rows["partner_id"], rows["_month"])
    array[row, column] = MILLION
    return array
