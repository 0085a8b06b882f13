"""Months that are not calendar months: weeks in a 4-4-5, 4-5-4 or 5-4-4 calendar, or months begun on another day."""

from __future__ import annotations

import datetime
import hashlib
from bisect import bisect_right
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from incentive_lab.format import month_name

FIRST_YEAR, LAST_YEAR = 1900, 2100
"""The years in which a history's dates may lie."""
_MONTHS = 12 * (LAST_YEAR - FIRST_YEAR + 1)


def calendar_month(day: datetime.date) -> int:
    """The calendar month of a day as a running number.

    Example:
        >>> calendar_month(datetime.date(2014, 2, 28))
        24169
    """
    return day.year * 12 + day.month - 1


def first_day(month: int) -> datetime.date:
    """The first day of a calendar month.

    Example:
        >>> first_day(24169)
        datetime.date(2014, 2, 1)
    """
    return datetime.date(month // 12, month % 12 + 1, 1)


def named_after(day: datetime.date) -> int:
    """The calendar month that a month is named after which begins on a day: its own until the 15th, else the next.

    Example:
        >>> named_after(datetime.date(2014, 2, 2)), named_after(datetime.date(2014, 1, 26))
        (24169, 24169)
    """
    return calendar_month(day) + (day.day > 15)


@dataclass(frozen=True)
class FiscalMonths:
    """The months of a history that says itself when they begin; each is named after a calendar month.

    Before its first month and after its last, months are calendar months (partners may have joined long before).

    Attributes:
        first: Running number of the first month, `incentive_lab.panel.month_index` of the calendar month it is named after.
        starts: First day of each month, ascending, and last the first day after the last month.
        words: What it is, in words.
        year_starts: The month (1 to 12) in which its years of weeks begin; 0 where only months are known.
        declared: What a mapping says under `calendar`, as plain data.
        beyond: What to do about a date that is in none of its months, as a sentence.

    Example:
        >>> days = tuple(datetime.date(2014, 2, 2) + datetime.timedelta(weeks=n) for n in (0, 4, 9))
        >>> months = FiscalMonths(named_after(days[0]), days, "weeks")
        >>> months.month_of(datetime.date(2014, 3, 1)), months.month_of(datetime.date(2014, 3, 2)), months.days(24169)
        (24169, 24170, 28)
    """

    first: int
    starts: tuple[datetime.date, ...]
    words: str
    year_starts: int = 0
    declared: Mapping[str, Any] = field(default_factory=dict, compare=False)
    beyond: str = field(default="", compare=False)

    @property
    def end(self) -> int:
        """Running number of the month after the last."""
        return self.first + len(self.starts) - 1

    @cached_property
    def key(self) -> str:
        """Names the months: the same ones have the same, however they were said."""
        said = " ".join([str(self.first), *(day.isoformat() for day in self.starts)])
        return hashlib.sha256(said.encode()).hexdigest()[:32]

    @cached_property
    def all_starts(self) -> tuple[datetime.date, ...]:
        """First day of each of the months from January 1900 to January 2101, calendar months where none are declared."""
        begin = FIRST_YEAR * 12
        low, high = self.starts[0], self.starts[-1]
        before = (min(first_day(month), low) for month in range(begin, self.first))
        after = (max(first_day(month), high) for month in range(self.end + 1, begin + _MONTHS + 1))
        return (*before, *self.starts, *after)

    def month_of(self, day: datetime.date) -> int:
        """Running number of the month that a day lies in."""
        return FIRST_YEAR * 12 + bisect_right(self.all_starts, day) - 1

    def bounds(self, month: int) -> tuple[datetime.date, datetime.date]:
        """First and last day of a month."""
        place = month - FIRST_YEAR * 12
        return self.all_starts[place], self.all_starts[place + 1] - datetime.timedelta(days=1)

    def days(self, month: int) -> int:
        """Number of days of a month."""
        begin, last = self.bounds(month)
        return (last - begin).days + 1

    def described(self, first: int, months: int) -> dict[str, Any]:
        """Its words, and each of some months with its first and last day, for JSON and pages."""
        each = [
            {"month": f"{month // 12:04d}-{month % 12 + 1:02d}", "first_day": str(begin), "last_day": str(last),
             "days": (last - begin).days + 1}
            for month in range(first, first + months) for begin, last in [self.bounds(month)]
        ]  # fmt: skip
        return {"words": self.words, "year_starts": self.year_starts or None, "months": each}

    def told(self, month: int) -> str:
        """A month's days, as pages say them: '2014-02-02 to 2014-03-01'."""
        begin, last = self.bounds(month)
        return f"{begin} to {last}"

    def sentence(self, month: int) -> str:
        """What they are, with one of them as an example."""
        name = month_name(f"{month // 12:04d}-{month % 12 + 1:02d}")
        return f"Months are the history's own: {self.words} {name} is {self.told(month)}."


def month_in(calendar: FiscalMonths | None, day: datetime.date) -> int:
    """Running number of the month that a day lies in: of the declared months, else of calendar months.

    Example:
        >>> month_in(None, datetime.date(2014, 1, 31))
        24168
    """
    return calendar_month(day) if calendar is None else calendar.month_of(day)


def months_in(calendar: FiscalMonths | None, days: NDArray[np.datetime64]) -> NDArray[np.int64]:
    """Running numbers of the months that days (datetime64[D], [n]) lie in, int64 [n].

    Example:
        >>> months_in(None, np.array(["2014-01-31", "2014-02-01"], dtype="datetime64[D]")).tolist()
        [24168, 24169]
    """
    if calendar is None:
        return 1970 * 12 + days.astype("datetime64[M]").astype(np.int64)
    starts = np.array(calendar.all_starts, dtype="datetime64[D]")
    return FIRST_YEAR * 12 - 1 + np.searchsorted(starts, days, side="right").astype(np.int64)


def days_in(calendar: FiscalMonths | None, first: int, last: int) -> tuple[datetime.date, datetime.date]:
    """First day of a month and last day of another, both running numbers, cut at the years a history may have.

    Example:
        >>> days_in(None, 24168, 24169)
        (datetime.date(2014, 1, 1), datetime.date(2014, 2, 28))
    """
    low, high = FIRST_YEAR * 12, FIRST_YEAR * 12 + _MONTHS - 1
    first, last = (min(max(month, low), high) for month in (first, last))
    if calendar is not None:
        return calendar.bounds(first)[0], calendar.bounds(last)[1]
    return first_day(first), first_day(last + 1) - datetime.timedelta(days=1)
