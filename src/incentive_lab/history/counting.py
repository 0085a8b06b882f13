"""Different customers or products over windows: once in each quarter or year, or over so many months up to each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from incentive_lab.history.arrays import Columns, numbers
from incentive_lab.history.workings import Grid, Workings
from incentive_lab.panel import Floats
from incentive_lab.scheme.measures import Measure

MONTHS = {"quarter": 3, "half_year": 6, "year": 12}


def firsts(workings: Workings, rows: Any, names: list[str], measure: Measure) -> Any:
    """How many values come first in each month of a partner's period: the months of a period add up to its different values.

    Args:
        workings: What is known of the history.
        rows: Credited rows with partner_id, _month and the value of each member, the same in all.
        names: The members' columns.
        measure: What is counted.
    """
    import ibis

    length = MONTHS.get(measure.once_in or "")
    since = rows["_month"] - (workings.calendar.year_starts - 1)
    period = since // length if length else ibis.literal(0, type="int64")
    value = names[0]
    known = rows.filter(rows[value].notnull()).mutate(_period=period)
    first = known.group_by(["partner_id", "_period", value]).aggregate(_first=known["_month"].min())
    counted = first.group_by(["partner_id", "_first"]).aggregate(**{name: first.count() for name in names})
    return counted.rename(_month="_first")


def stretches(rows: Any, names: list[str], measure: Measure) -> Any:
    """How many values are seen from each month of a partner on until another, where they would be counted twice or no more."""
    import ibis

    value = names[0]
    known = rows.filter(rows[value].notnull())
    each = known.group_by(["partner_id", value, "_month"]).aggregate(_rows=known.count())
    again = each["_month"].lead().over(ibis.window(group_by=["partner_id", value], order_by="_month"))
    each = each.mutate(_again=again)
    over = each["_month"] + measure.rolling_months
    each = each.mutate(_until=ibis.ifelse(each["_again"].isnull() | (each["_again"] > over), over, each["_again"]))
    return each.group_by(["partner_id", "_month", "_until"]).aggregate(**{name: each.count() for name in names})


def held(grid: Grid, rows: Columns, names: Mapping[str, str]) -> dict[str, Floats]:
    """Stretches as levels: the number of values seen in the months up to each, 0 where there is none.

    Args:
        grid: Shape of the panel.
        rows: What `stretches` gives.
        names: Member -> its column.
    """
    row_of = {partner: row for row, partner in enumerate(grid.partner_ids)}
    row = np.array([row_of.get(partner, -1) for partner in rows["partner_id"]], dtype=np.int64)
    known = row >= 0
    begin, end = (
        np.clip(numbers(rows[name]).astype(np.int64) - grid.first_month, 0, grid.months)
        for name in ("_month", "_until")
    )
    columns = {}
    for name, column in names.items():
        steps = np.zeros((len(grid.partner_ids), grid.months + 1))
        counts = numbers(rows[column])
        np.add.at(steps, (row[known], begin[known]), counts[known])
        np.add.at(steps, (row[known], end[known]), -counts[known])
        columns[name] = np.cumsum(steps, axis=1)[:, : grid.months]
    return columns
