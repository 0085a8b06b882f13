"""In which month a row counts: months as running numbers, settlement periods, and rows recorded late."""

from __future__ import annotations

import datetime
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any, Literal

from incentive_lab.fiscal import FIRST_YEAR, FiscalMonths, first_day

Settle = Literal["month", "quarter", "year"]
LateData = Literal["true_up", "freeze", "recalculate"]
PERIOD_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Calendar:
    """When periods end and what happens to rows recorded after the end.

    Attributes:
        settle: Length of a settlement period.
        year_starts: Month in which the programme year starts, 1 to 12.
        late_data: true_up counts a late row in the month it was recorded, freeze never, recalculate at its own date.
        months: The history's own months; None for calendar months.
        dialect: The SQL that months are worked out in, `duckdb` or `postgres`.
        reach: First and last calendar month that dates lie in; only asked of a history with months of its own.
    """

    settle: Settle = "quarter"
    year_starts: int = 1
    late_data: LateData = "true_up"
    months: FiscalMonths | None = None
    dialect: str = "duckdb"
    reach: tuple[int, int] = (0, 0)

    @property
    def shape(self) -> tuple[object, ...]:
        """All that decides how its part of a query is written."""
        own = None if self.months is None else (self.months.key, self.dialect, self.reach)
        return self.settle, self.year_starts, self.late_data, own

    def month_of(self, date: Any) -> Any:
        """A date expression as a running month, year * 12 + month - 1 of the calendar month or the one it is named after."""
        if self.months is None:
            return (date.year() * 12 + date.month() - 1).cast("int32")
        first, last = self.reach
        starts = self.months.all_starts[first - FIRST_YEAR * 12 : last + 2 - FIRST_YEAR * 12]
        return (_looked_up if self.dialect == "duckdb" else _counted)(starts, first, date).cast("int32")

    def dated(self, rows: Any, date: str, has_recorded: bool) -> Any:
        """Rows that have the date, with `_on`, the date at which each counts, and `_month`, its running month.

        Args:
            rows: Ibis table.
            date: Its date column.
            has_recorded: Whether the table's `recorded_on` is ever filled.
        """
        rows = rows.filter(rows[date].notnull())
        if not has_recorded or date == "recorded_on" or self.late_data == "recalculate":
            return rows.mutate(_on=rows[date]).mutate(_month=lambda t: self.month_of(t["_on"]))
        import ibis

        known = rows.recorded_on.coalesce(rows[date])
        rows = rows.mutate(_own=self.month_of(rows[date]), _known=self.month_of(known))
        late = self.period(rows["_known"]) > self.period(rows["_own"])
        if self.late_data == "freeze":
            return rows.filter(~late).mutate(_on=rows[date], _month=rows["_own"]).drop("_own", "_known")
        on, month = ibis.ifelse(late, known, rows[date]), ibis.ifelse(late, rows["_known"], rows["_own"])
        return rows.mutate(_on=on, _month=month).drop("_own", "_known")

    def period(self, month: Any) -> Any:
        """Running number of the settlement period a month lies in."""
        return (month - (self.year_starts - 1)) // PERIOD_MONTHS[self.settle]


@cache
def _builtin(name: str, argument: str, other: str) -> Any:
    """A function of the engine that takes two arguments and gives a whole number."""
    import ibis

    def function(one: Any, two: Any) -> int: ...  # type: ignore[empty-body]

    function.__name__ = name
    return ibis.udf.scalar.builtin(function, name=name, signature=((argument, other), "int32"))


def _looked_up(starts: Sequence[datetime.date], first: int, date: Any) -> Any:
    """The calendar month, or one of its neighbours: a list says for each on which days the next two months begin.

    DuckDB copies the list for every two thousand rows, so that a short one costs nothing and a long one as much as the rest.
    """
    import ibis

    calendar = date.year() * 12 + date.month() - 1
    borders = ibis.literal(f"[{','.join(map(str, _borders(starts, first)))}]").cast("array<int16>")
    found = _builtin("list_extract", "array<int16>", "int64")(borders, calendar - (first - 1))
    passed = [(date.day() >= border).cast("int32") for border in (found >> BITS, found & (2**BITS - 1))]
    return calendar - 1 + passed[0] + passed[1]


def _counted(starts: Sequence[datetime.date], first: int, date: Any) -> Any:
    """The number of months that have begun, which PostgreSQL finds by halving an array."""
    import ibis

    begun = ibis.literal("{" + ",".join(map(str, starts)) + "}").cast("array<date>")
    return _builtin("width_bucket", "date", "array<date>")(date, begun) + (first - 1)


BITS = 6
"""Bits that hold a day of a month."""


def _borders(starts: Sequence[datetime.date], first: int) -> list[int]:
    """For each calendar month the days of it (1 to 32) from which on it is its own and the next one's, as one number."""
    found = []
    for place, (own, following) in enumerate(itertools.pairwise(starts)):
        begin = first_day(first + place)
        days = [min(max((day - begin).days + 1, 1), 32) for day in (own, following)]
        found.append((days[0] << BITS) + days[1])
    return found
