"""Dates and numbers as other programs write them: SQL that makes them ours, and which way a column's values are written."""

from __future__ import annotations

import datetime
import re
from collections.abc import Mapping, Sequence
from typing import Literal, TypeVar, get_args

from incentive_lab.history.reading import NUMBER
from incentive_lab.history.tables import Kind

Dates = Literal["day-month-year", "month-day-year", "year-month-day"]
"""In which order a date is written, with points, slashes, hyphens or spaces between; a clock after it is left out.

A month may be named in English or German; of a year with two digits the century is the 21st."""
Numbers = Literal["1,234.56", "1.234,56", "1 234,56", "1'234.56"]
"""Which marks stand in a number; a currency may stand beside it (`beside_sql`), and in brackets it is below zero."""

MOSTLY = 0.8
"""The share of a column's different values that makes it a column of dates (or numbers), in an order (or with marks).

What is something else, such as a name or an id, has hardly any date among its values, and of dates the wrong order fits two in
five, those before the 13th: four in five is far from both, and lets one slip pass among five values."""

_ISO = re.compile(r"\d{4}-\d{2}-\d{2}([T ].*)?")
_MARKS = {
    "1,234.56": (",", r"\."),
    "1.234,56": (r"\.", ","),
    "1 234,56": ("[ \u00a0\u202f]", ","),
    "1'234.56": ("['\u2019]", r"\."),
}
_MONTHS = (
    "jan january januar jän jänner", "feb february februar", "mar march mär märz maerz mrz", "apr april", "may mai",
    "jun june juni", "jul july juli", "aug august", "sep sept september", "oct october okt oktober", "nov november",
    "dec december dez dezember",
)  # fmt: skip
_CURRENCY = "(?:[$€£¥]|[A-Z]{3})?"
_GAP = "[ \u00a0\u202f]?"
Way = TypeVar("Way", Dates, Numbers)


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
        >>> cells = "(VALUES ('3/5/2024 10:22 AM'), ('März 5, 24'), ('soon')) v(x)"
        >>> duckdb.sql(f"SELECT {day_sql('x', 'month-day-year')} FROM {cells}").fetchall()
        [('2024-03-05',), ('2024-03-05',), ('soon',)]
    """
    lowered = f"replace(lower({text}), 'Ä', 'ä')"  # a database may know no capitals but those of English
    numbered, named = _day_patterns(order)
    return (
        f"CASE WHEN {text} ~ '{numbered}' THEN {_day_made(text, numbered, order, named=False)} "
        f"WHEN {lowered} ~ '{named}' THEN {_day_made(lowered, named, order, named=True)} ELSE {text} END"
    )


def _day_made(text: str, pattern: str, order: Dates, *, named: bool) -> str:
    part = {name: f"regexp_replace({text}, '{pattern}', '\\{place}')" for place, name in enumerate(order.split("-"), 1)}
    year = f"CASE WHEN length({part['year']}) = 2 THEN '20' ELSE '' END || {part['year']}"
    month = f"lpad({part['month']}, 2, '0')"
    if named:
        known = " ".join(f"WHEN '{begin}' THEN '{number:02d}'" for begin, number in _month_begins().items())
        month = f"CASE substr({part['month']}, 1, 3) {known} END"
    return f"{year} || '-' || {month} || '-' || lpad({part['day']}, 2, '0')"


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


def beside_sql(text: str, written: Numbers) -> str:
    """SQL for the currencies that stand beside a number with these marks, with blanks between; blank where there is none.

    Example:
        >>> import duckdb
        >>> cells = "(VALUES ('12,60 EUR'), ('$1.000 USD'), ('7'), ('about 7 EUR')) v(x)"
        >>> [one[0].split() for one in duckdb.sql(f"SELECT {beside_sql('x', '1.234,56')} FROM {cells}").fetchall()]
        [['EUR'], ['$', 'USD'], [], []]
    """
    trimmed = f"trim(coalesce({text}, ''))"
    beside = f"regexp_replace({trimmed}, '[^A-Z$€£¥]+', ' ', 'g')"
    return f"CASE WHEN {trimmed} ~ '{_quoted(_number_pattern(written))}' THEN {beside} ELSE '' END"


def is_day(value: str) -> bool:
    """Whether this is a date that is written our way."""
    if not _ISO.fullmatch(value.strip()):
        return False
    try:
        datetime.date.fromisoformat(value.strip()[:10])
    except ValueError:
        return False
    return True


def is_number(value: str) -> bool:
    """Whether this is a number that is written our way."""
    return re.fullmatch(NUMBER, value.strip()) is not None


def dates_in(values: Sequence[str]) -> tuple[Dates, ...]:
    """Orders in which `MOSTLY` all of these are dates, the likelier first; none where they are written our way or are no dates.

    Example:
        >>> dates_in(["15.02.2025", "1. Juni 2025"]), dates_in(["3/5/2024"]), dates_in(["2024-03-05"])
        (('day-month-year',), ('month-day-year', 'day-month-year'), ())
        >>> dates_in(["28.02.2025", "29.03.2025", "30.04.2025", "31.05.2025", "31.06.2025"])
        ('day-month-year',)
    """
    found = [value.strip() for value in values if value.strip() and not is_day(value)]
    fits = {order: sum(_is_day(value, order) for value in found) for order in get_args(Dates)}
    best = _best(fits, len([value for value in values if value.strip()]), len(found))
    return tuple(sorted(best, key=lambda order: order != "month-day-year" or "/" not in found[0]))


def numbers_in(values: Sequence[str]) -> tuple[Numbers, ...]:
    """Marks with which `MOSTLY` all of these are numbers, the likelier first; none where they are plain or are no numbers.

    Example:
        >>> numbers_in(["12.345,60", "500,00"]), numbers_in(["$1,000"])[0], numbers_in(["1000.50"])
        (('1.234,56',), '1,234.56', ())
    """
    found = [value.strip() for value in values if value.strip()]
    fits = {one: sum(bool(re.match(_number_pattern(one), value)) for value in found) for one in get_args(Numbers)}
    plain = sum(map(is_number, found))
    return _best({one: count - plain for one, count in fits.items()}, len(found), len(found) - plain)


def misfits(values: Sequence[str], kind: Kind, dates: Dates | None, numbers: Numbers | None) -> list[str]:
    """Those of some values that are no dates (no numbers) as they are said to be written; none of a kind that is neither.

    Example:
        >>> misfits(["28.02.2025", "31.06.2025", "2025-07-01", ""], "date", "day-month-year", None)
        ['31.06.2025']
        >>> misfits(["1.000,50", "n/a"], "money", None, "1.234,56")
        ['n/a']
    """
    held = [value for value in values if value.strip()]
    if kind == "date":
        return [one for one in held if not is_day(one) and (dates is None or not _is_day(one.strip(), dates))]
    if kind in ("money", "number", "share"):
        return [
            one
            for one in held
            if not (is_number(one) if numbers is None else re.match(_number_pattern(numbers), one.strip()))
        ]
    return []


def mostly(fits: int, values: int) -> bool:
    """Whether so many of some values fit that the others are slips.

    Example:
        >>> mostly(4, 5), mostly(2, 5)
        (True, False)
    """
    return fits >= MOSTLY * values


def _best(fits: Mapping[Way, int], values: int, left: int) -> tuple[Way, ...]:
    """The ways that most of what is left to be understood fits, if with it `MOSTLY` all values are understood.

    Args:
        fits: Way -> how many of those that are left it fits.
        values: How many there are.
        left: How many of them are not written our way.
    """
    most = max(fits.values())
    if most <= 0 or not mostly(values - left + most, values):
        return ()
    return tuple(way for way, count in fits.items() if count == most)


def _day_patterns(order: Dates) -> tuple[str, str]:
    """Patterns of a date whose month is a number, and of one in small letters whose month is a name."""
    names = sorted((name for month in _MONTHS for name in month.split()), key=len, reverse=True)
    numbered = {"day": r"(\d{1,2})", "month": r"(\d{1,2})", "year": r"(\d{4}|\d{2})"}
    named = {**numbered, "month": rf"({'|'.join(names)})\.?"}
    if order == "year-month-day":
        named["year"] = r"(\d{4})"  # 05-mar-24 begins with its day
    parts = order.split("-")
    return (
        "^ *" + "[-./ ]".join(numbered[part] for part in parts) + r"(?:[T ,].*)?$",
        "^ *" + "[-./, ]{1,3}".join(named[part] for part in parts) + r"(?:[t ,].*)?$",
    )


def _month_begins() -> dict[str, int]:
    """First three letters of a month's names -> its number."""
    return {name[:3]: number for number, month in enumerate(_MONTHS, 1) for name in month.split()}


def _number_pattern(written: Numbers) -> str:
    thousands, decimal = _MARKS[written]
    digits = rf"(?:\d{{1,3}}(?:{thousands}\d{{3}})+|\d+)(?:{decimal}\d*)?"
    number = f"[-+]?{_GAP}{_CURRENCY}{_GAP}[-+]?{digits}{_GAP}{_CURRENCY}-?"
    return rf"^(?:{number}|\({number}\))$"


def _is_day(value: str, order: Dates) -> bool:
    numbered, named = _day_patterns(order)
    match = re.match(numbered, value) or re.match(named, value.lower())
    if match is None:
        return False
    part = dict(zip(order.split("-"), match.groups(), strict=True))
    month = _month_begins().get(part["month"][:3]) or int(part["month"])
    try:
        datetime.date(int(part["year"]) + (2000 if len(part["year"]) == 2 else 0), month, int(part["day"]))
    except ValueError:
        return False
    return True


def _quoted(text: str) -> str:
    return text.replace("'", "''")
