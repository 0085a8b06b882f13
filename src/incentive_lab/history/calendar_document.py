"""What a mapping says of the months of a history under `calendar`, and the months that it makes.

```yaml
calendar: {weeks: 4-5-4, year_ends: saturday nearest january 31}          # retail (NRF)
calendar: {weeks: 4-4-5, year_ends: last saturday of july}                # the last Saturday of a month
calendar: {weeks: 4-5-4, year_starts: 2013-02-03, long_years: [2017]}     # years of 53 weeks by name
calendar: {month_starts_on: 26}                                           # 26 January to 25 February is February
calendar: {month_starts: [2013-01-28, 2013-02-25, 2013-04-01]}            # anything else; the last begins no month
```
"""

from __future__ import annotations

import datetime
import itertools
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Annotated

from pydantic import Field, field_validator

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.fiscal import FIRST_YEAR, LAST_YEAR, FiscalMonths, calendar_month, first_day, named_after
from incentive_lab.scheme.base import Part

WEEKDAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
MONTHS = ("january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
          "december")  # fmt: skip
RULES = {"last": "last {day} of {month}", "nearest": "{day} nearest the end of {month}"}
"""How a rule for the end of a year is written; the second is the one of retailers (NRF)."""
_LAST = re.compile(r"(?:the )?(?P<kind>last) (?P<day>[a-z]+) (?:of|in) (?P<month>[a-z]+)")
_NEAREST = re.compile(
    r"(?:the )?(?P<day>[a-z]+) (?P<kind>nearest) (?:to )?(?:the end of )?(?P<month>[a-z]+)(?: (?P<date>\d{1,2}))?"
)
WEEK = datetime.timedelta(weeks=1)
DRIFT = 6
"""So many days apart may years of whole weeks begin, counted from the same day of the calendar: more, and a week is missing."""
FAR = 25
"""So many days from the first of the calendar month that it is named after may a month begin."""


class DeclaredCalendar(Part):
    """When months begin that are not calendar months, and years of 52 or 53 weeks."""

    weeks: str | None = Field(
        None,
        description="Weeks in the three months of a quarter: 4-4-5, 4-5-4 or 5-4-4. With `year_ends` or `year_starts`.",
    )
    year_ends: str | None = Field(
        None,
        description="The day on which each year of weeks ends: `last saturday of january`, or `saturday nearest january 31` "
        "as retailers have it (NRF); any weekday, any month. Years then have 52 or 53 weeks by themselves.",
    )
    year_starts: datetime.date | None = Field(
        None, description="The first day of the first year of weeks, if no rule says it; later years follow."
    )
    long_years: tuple[Annotated[int, Field(ge=FIRST_YEAR, le=LAST_YEAR)], ...] = Field(
        (), description="With `year_starts`: the years that have 53 weeks, by the year of the month they begin with."
    )
    long_month: Annotated[int, Field(ge=1, le=12)] = Field(
        12, description="Which month of a year of 53 weeks is a week longer, counted from the year's first (1)."
    )
    month_starts_on: Annotated[int, Field(ge=2, le=28)] | None = Field(
        None, description="The day on which every month begins: 26 for months from the 26th to the 25th."
    )
    month_starts: tuple[datetime.date, ...] = Field(
        (), description="The first day of every month, ascending, and last the first day after the last month."
    )

    @field_validator("weeks", "year_ends", mode="before")
    @classmethod
    def _tidy(cls, value: object) -> object:
        return " ".join(value.lower().split()) if isinstance(value, str) else value

    @field_validator("year_starts", "month_starts", mode="before")
    @classmethod
    def _days(cls, value: object) -> object:
        return [_day(one) for one in value] if isinstance(value, (list, tuple)) else _day(value)

    @field_validator("long_years", "long_month", "month_starts_on", mode="before")
    @classmethod
    def _whole(cls, value: object) -> object:
        whole = [int(one) if isinstance(one, Decimal) and one == int(one) else one for one in _list(value)]
        return whole if isinstance(value, (list, tuple)) else whole[0]


def _list(value: object) -> list[object]:
    return list(value) if isinstance(value, (list, tuple)) else [value]


def _day(value: object) -> object:
    """Only whole dates are days: pydantic would read a number as seconds since 1970."""
    return value if value is None or isinstance(value, (str, datetime.date)) else str(value)


def months_declared(said: DeclaredCalendar) -> FiscalMonths:
    """The months of a declared calendar.

    Raises:
        InputError: It says two things, or nothing, or months that overlap.

    Example:
        >>> months = months_declared(DeclaredCalendar(weeks="4-5-4", year_ends="saturday nearest january 31"))
        >>> months.told(2014 * 12 + 1), months.told(2018 * 12)
        ('2014-02-02 to 2014-03-01', '2017-12-31 to 2018-02-03')
    """
    ways = {"weeks": said.weeks, "month_starts_on": said.month_starts_on, "month_starts": said.month_starts}
    given = [name for name, value in ways.items() if value]
    if len(given) != 1:
        found = f"found {' and '.join(given)}." if given else "it says nothing of when months begin."
        raise InputError([Problem("calendar", found, "Say exactly one of weeks, month_starts_on and month_starts.")])
    if not said.weeks:
        strange = [name for name in ("year_ends", "year_starts", "long_years", "long_month") if getattr(said, name)
                   and name in said.model_fields_set]  # fmt: skip
        if strange:
            raise InputError([Problem(f"calendar.{strange[0]}", f"this is said of years of weeks, not of {given[0]}.",
                                      "Add weeks, or leave it out.")])  # fmt: skip
    if said.weeks:
        return _by_weeks(said, said.weeks)
    declared = said.model_dump(mode="json", exclude_defaults=True)
    if said.month_starts_on:
        return _by_day(said.month_starts_on, declared)
    return _by_table(said.month_starts, declared)


def _by_day(day: int, declared: dict[str, object]) -> FiscalMonths:
    begin, end = FIRST_YEAR * 12, (LAST_YEAR + 1) * 12
    starts = [first_day(month).replace(day=day) for month in range(begin, end)]
    later = 1 if day > 15 else 0
    words = f"Months begin on day {day} and are named after the month in which they {'end' if later else 'begin'}."
    return FiscalMonths(begin + later, tuple(starts), words, declared=declared)


def _by_table(days: tuple[datetime.date, ...], declared: dict[str, object]) -> FiscalMonths:
    where = "calendar.month_starts"
    if len(days) < 2:
        fix = "List the first day of every month, and last the first day after the last month."
        raise InputError([Problem(where, f"found {len(days)} day.", fix)])
    for earlier, later in itertools.pairwise(days):
        if later <= earlier:
            message = f"months overlap: {later} stands behind {earlier}."
            raise InputError([Problem(where, message, "List the days in ascending order, each once.")])
        if (later - earlier).days > 42:
            message = f"the month from {earlier} to {later} would have {(later - earlier).days} days."
            raise InputError([Problem(where, message, "Months have at most six weeks; add the ones between.")])
    _in_range(where, days[0], days[-1])
    first = _named(where, days)
    beyond = "Add the months' first days to month_starts."
    words = f"{len(days) - 1} declared months from {days[0]} to {days[-1] - datetime.timedelta(days=1)}."
    return FiscalMonths(first, days, words, declared=declared, beyond=beyond)


def _named(where: str, starts: tuple[datetime.date, ...]) -> int:
    """The month that the first one is named after, if all others stay near those that follow it."""
    first = named_after(starts[0])
    for place, day in enumerate(starts[:-1]):
        named = first_day(first + place)
        if abs((day - named).days) > FAR:
            message = f"month {place + 1} begins on {day}, {abs((day - named).days)} days from the first of the month that it "
            fix = "A year has twelve months that begin near the first of one; 13 periods of a year cannot be declared."
            raise InputError([Problem(where, f"{message}is named after, {named:%Y-%m}.", fix)])
    return first


def _in_range(where: str, first: datetime.date, last: datetime.date) -> None:
    if first.year < FIRST_YEAR or last.year > LAST_YEAR:
        message = f"found {first if first.year < FIRST_YEAR else last}."
        raise InputError([Problem(where, message, f"Allowed: dates from {FIRST_YEAR} to {LAST_YEAR}.")])


def _by_weeks(said: DeclaredCalendar, weeks: str) -> FiscalMonths:
    match = re.fullmatch(r"([1-9])-([1-9])-([1-9])", weeks)
    pattern = [int(one) for one in match.groups()] if match else []
    if sum(pattern) != 13:
        total = f"{'+'.join(map(str, pattern))} is {sum(pattern)} weeks, a quarter has 13." if pattern else (
            f"found '{weeks}'.")  # fmt: skip
        raise InputError([Problem("calendar.weeks", total, "Allowed: 4-4-5, 4-5-4 or 5-4-4.")])
    if (said.year_ends is None) == (said.year_starts is None):
        found = "found both year_ends and year_starts." if said.year_ends else "when years of weeks begin is missing."
        fix = "Add year_ends, such as last saturday of january, or year_starts, such as 2013-02-03."
        raise InputError([Problem("calendar", found, fix)])
    if said.year_ends is not None and said.long_years:
        message = "the rule of year_ends says itself which years have 53 weeks."
        raise InputError([Problem("calendar.long_years", message, "Leave it out.")])
    declared = said.model_dump(mode="json", exclude_defaults=True)
    if said.year_ends is not None:
        years, rule = _ruled(said.year_ends)
        words, beyond = f"Weeks {weeks}; a year ends on the {rule}.", ""
    else:
        assert said.year_starts is not None
        years = _anchored(said.year_starts, frozenset(said.long_years))
        words = f"Weeks {weeks}; years begin with that of {said.year_starts}."
        beyond = f"The calendar holds from {years[0]} to {years[-1] - datetime.timedelta(days=1)}: begin earlier, or add a year " \
                 "of 53 weeks to long_years."  # fmt: skip
    starts = tuple(_month_starts(years, pattern * 4, said.long_month))
    first = _named("calendar.weeks", starts)
    return FiscalMonths(first, starts, words, first % 12 + 1, declared, beyond)


def _month_starts(years: list[datetime.date], pattern: list[int], long_month: int) -> Iterator[datetime.date]:
    for begin, following in itertools.pairwise(years):
        long = (following - begin).days > 52 * 7
        day = begin
        for place, weeks in enumerate(pattern, 1):
            yield day
            day += WEEK * (weeks + (long and place == long_month))
    yield years[-1]


def year_rule(rule: str) -> tuple[str, str, str] | None:
    """Which end of a year a rule says: last or nearest, the weekday and the month; None where it is no such rule.

    Example:
        >>> year_rule("saturday nearest january 31"), year_rule("some day")
        (('nearest', 'saturday', 'january'), None)
    """
    match = _LAST.fullmatch(rule) or _NEAREST.fullmatch(rule)
    return (match["kind"], match["day"], match["month"]) if match else None


def _ruled(rule: str) -> tuple[list[datetime.date], str]:
    """First days of the years that a rule makes, from 1900 to 2100, and the rule in words."""
    import pandas as pd

    match = _LAST.fullmatch(rule) or _NEAREST.fullmatch(rule)
    if not match:
        message = f"found '{rule}'."
        raise InputError([Problem("calendar.year_ends", message, "Write last saturday of january, or saturday nearest "
                                  "january 31; another first day of each month goes under month_starts.")])  # fmt: skip
    found = match.groupdict()
    for name, known in (("day", WEEKDAYS), ("month", MONTHS)):
        if found[name] not in known:
            raise InputError([Problem("calendar.year_ends", f"found '{found[name]}' in '{rule}'.",
                                      did_you_mean(found[name], known))])  # fmt: skip
    month = MONTHS.index(found["month"]) + 1
    if found.get("date") and not _ends(month, int(found["date"])):
        message = f"{found['month'].capitalize()} {found['date']} is not the end of a month."
        raise InputError([Problem("calendar.year_ends", message, "Years of weeks end near the end of a month; others go "
                                  "under year_starts or month_starts.")])  # fmt: skip
    offset = pd.offsets.FY5253(weekday=WEEKDAYS.index(found["day"]), startingMonth=month, variation=found["kind"])
    ends = pd.date_range(f"{FIRST_YEAR}-01-01", f"{LAST_YEAR}-12-31", freq=offset)
    said = RULES[found["kind"]].format(day=found["day"].capitalize(), month=found["month"].capitalize())
    return [end.date() + datetime.timedelta(days=1) for end in ends], said


def _ends(month: int, day: int) -> bool:
    """Whether a day of a month is its last one, in some year."""
    last = (first_day(12 * 2001 + month) - datetime.timedelta(days=1)).day
    return day == last or (month == 2 and day == 29)


def _anchored(begin: datetime.date, long: frozenset[int]) -> list[datetime.date]:
    """First days of years from one on, as long as they stay near the same day of the calendar."""
    _in_range("calendar.year_starts", begin, begin)
    years, unused = [begin], set(long)
    nominal = named_after(begin)
    low = high = (begin - first_day(nominal)).days
    while True:
        name = (nominal + 12 * (len(years) - 1)) // 12
        unused.discard(name)
        following = years[-1] + WEEK * (53 if name in long else 52)
        shift = (following - first_day(nominal + 12 * len(years))).days
        low, high = min(low, shift), max(high, shift)
        if high - low > DRIFT or following.year > LAST_YEAR or calendar_month(following) >= LAST_YEAR * 12:
            break
        years.append(following)
    if len(years) < 2 or unused:
        late = f"the years drift by more than {DRIFT} days before {min(unused)}." if unused else "no year fits."
        fix = f"Years run from {begin} to {years[-1]} as they are said; name every year of 53 weeks, by the year of its " \
              "first month."  # fmt: skip
        raise InputError([Problem("calendar.long_years", late, fix)])
    return years
