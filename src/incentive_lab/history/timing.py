"""In which month a row counts: calendar months as running numbers, settlement periods, and rows recorded late."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal

Settle = Literal["month", "quarter", "year"]
LateData = Literal["true_up", "freeze", "recalculate"]
PERIOD_MONTHS = {"month": 1, "quarter": 3, "year": 12}


@dataclass(frozen=True)
class Calendar:
    """When periods end and what happens to rows recorded after the end.

    Attributes:
        settle: Length of a settlement period.
        year_starts: Calendar month in which the programme year starts, 1 to 12.
        late_data: true_up counts a late row in the month it was recorded, freeze never, recalculate at its own date.
    """

    settle: Settle = "quarter"
    year_starts: int = 1
    late_data: LateData = "true_up"

    def dated(self, rows: Any, date: str, has_recorded: bool) -> Any:
        """Rows that have the date, with `_on`, the date at which each counts, and `_month`, its running month.

        Args:
            rows: Ibis table.
            date: Its date column.
            has_recorded: Whether the table's `recorded_on` is ever filled.
        """
        rows = rows.filter(rows[date].notnull())
        if not has_recorded or date == "recorded_on" or self.late_data == "recalculate":
            return rows.mutate(_on=rows[date]).mutate(_month=lambda t: month_of(t["_on"]))
        import ibis

        known = rows.recorded_on.coalesce(rows[date])
        late = self.period(month_of(known)) > self.period(month_of(rows[date]))
        if self.late_data == "freeze":
            rows = rows.filter(~late)
            return rows.mutate(_on=rows[date]).mutate(_month=lambda t: month_of(t["_on"]))
        return rows.mutate(_on=ibis.ifelse(late, known, rows[date])).mutate(_month=lambda t: month_of(t["_on"]))

    def period(self, month: Any) -> Any:
        """Running number of the settlement period a month lies in."""
        return (month - (self.year_starts - 1)) // PERIOD_MONTHS[self.settle]


def month_of(date: Any) -> Any:
    """A date expression as a running month, year * 12 + month - 1."""
    return (date.year() * 12 + date.month() - 1).cast("int32")
