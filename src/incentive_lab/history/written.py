"""Dates and numbers as other programs write them: SQL that makes them ours, and which way a column's values are written."""

from __future__ import annotations

import datetime
import re
from collections.abc import Sequence
from typing import Literal, get_args

from incentive_lab.history.reading import NUMBER
from incentive_lab.history.tables import Kind

Dates = Literal["day-month-year", "month-day-year", "year-month-day"]
"""In which order a date is written, with points, slashes, hyphens or spaces between; a clock after it is left out."""
Numbers = Literal["1,234.56", "1.234,56", "1 234,56", "1'234.56"]
"""Which marks stand in a number; a currency beside it is left out, and in brackets it is below zero."""

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
_MARKS = {
    "1,234.56": (",", r"\."),
    "1.234,56": (r"\.", ","),
    "1 234,56": ("[ \u00a0\u202f]", ","),
    "1'234.56": ("['\u2019]", r"\."),
}
_CURRENCY = "(?:[$€£¥]|[A-Z]{3})?"


def our_way(text: str, kind: Kind, dates: Dates | None, numbers: Numbers | None) -> str:
    """SQL for a text of some kind as it is written here; as it is where nothing is said of its kind."""
    if kind == "date" and dates is not None:
        return day_sql(text, dates)
    if kind in ("money", "number", "share") and numbers is not None:
        return number_sql(text, numbers)
    return text


def day_sql(text: str, order: Dates) -> str:
    """SQL for a text that holds a date in this order as year-month-day; other text stays as it is.

    Example:
        >>> import duckdb
        >>> duckdb.sql(f"SELECT {day_sql('x', 'month-day-year')} FROM (VALUES ('3/5/2024 10:22 AM'), ('soon')) v(x)").fetchall()
        [('2024-03-05',), ('soon',)]
    """
    pattern = _day_pattern(order)
    part = {name: f"regexp_replace({text}, '{pattern}', '\\{place}')" for place, name in enumerate(order.split("-"), 1)}
    year = f"CASE WHEN length({part['year']}) = 2 THEN '20' ELSE '' END || {part['year']}"
    made = f"{year} || '-' || lpad({part['month']}, 2, '0') || '-' || lpad({part['day']}, 2, '0')"
    return f"CASE WHEN {text} ~ '{pattern}' THEN {made} ELSE {text} END"


def number_sql(text: str, written: Numbers) -> str:
    """SQL for a text that holds a number with these marks as a plain one; other text says so, and is then refused.

    Example:
        >>> import duckdb
        >>> cells = "(VALUES ('12.345,60 EUR'), ('(1.000)'), ('12.5')) v(x)"
        >>> duckdb.sql(f"SELECT {number_sql('x', '1.234,56')} FROM {cells}").fetchall()
        [('12345.60',), ('-1000',), ('12.5, not written as 1.234,56',)]
    """
    trimmed = f"trim({text})"
    decimal = written[-3]
    below = f"CASE WHEN {trimmed} ~ '^(?:.*-.*|\\(.*\\))$' THEN '-' ELSE '' END"
    digits = f"replace(regexp_replace({trimmed}, '[^0-9{decimal}]', '', 'g'), '{decimal}', '.')"
    refused = f"{text} || ', not written as {_quoted(written)}'"
    return (
        f"CASE WHEN coalesce({trimmed}, '') = '' THEN NULL "
        f"WHEN {trimmed} ~ '{_quoted(_number_pattern(written))}' THEN {below} || {digits} ELSE {refused} END"
    )


def is_day(values: Sequence[str]) -> bool:
    """Whether every one of these is a date that is written our way."""
    return all(_ISO.fullmatch(value.strip()) for value in values)


def is_number(values: Sequence[str]) -> bool:
    """Whether every one of these is a number that is written our way."""
    return all(re.fullmatch(NUMBER, value.strip()) for value in values)


def dates_in(values: Sequence[str]) -> tuple[Dates, ...]:
    """Orders in which every one of these is a date, the likelier first; none where they are written our way or are no dates.

    Example:
        >>> dates_in(["15.02.2025", "01.06.2025"]), dates_in(["3/5/2024"]), dates_in(["2024-03-05"])
        (('day-month-year',), ('month-day-year', 'day-month-year'), ())
    """
    found = [value.strip() for value in values if value.strip()]
    if is_day(found):
        return ()
    fits = [order for order in get_args(Dates) if all(_is_day(value, order) for value in found)]
    return tuple(sorted(fits, key=lambda order: order != "month-day-year" or "/" not in found[0]))


def numbers_in(values: Sequence[str]) -> tuple[Numbers, ...]:
    """Marks with which every one of these is a number, the likelier first; none where they are plain or are no numbers.

    Example:
        >>> numbers_in(["12.345,60", "500,00"]), numbers_in(["$1,000"])[0], numbers_in(["1000.50"])
        (('1.234,56',), '1,234.56', ())
    """
    found = [value.strip() for value in values if value.strip()]
    if is_number(found):
        return ()
    return tuple(one for one in get_args(Numbers) if all(re.match(_number_pattern(one), value) for value in found))


def _day_pattern(order: Dates) -> str:
    forms = {"day": r"(\d{1,2})", "month": r"(\d{1,2})", "year": r"(\d{4}|\d{2})"}
    return "^ *" + "[-./ ]".join(forms[part] for part in order.split("-")) + r"(?:[T ,].*)?$"


def _number_pattern(written: Numbers) -> str:
    thousands, decimal = _MARKS[written]
    digits = rf"(?:\d{{1,3}}(?:{thousands}\d{{3}})+|\d+)(?:{decimal}\d*)?"
    number = rf"[-+]? ?{_CURRENCY} ?[-+]?{digits} ?{_CURRENCY}-?"
    return rf"^(?:{number}|\({number}\))$"


def _is_day(value: str, order: Dates) -> bool:
    match = re.match(_day_pattern(order), value)
    if match is None:
        return False
    part = dict(zip(order.split("-"), map(int, match.groups()), strict=True))
    try:
        datetime.date(part["year"] + (2000 if part["year"] < 100 else 0), part["month"], part["day"])
    except ValueError:
        return False
    return True


def _quoted(text: str) -> str:
    return text.replace("'", "''")
