"""Periods and windows of the grammar as the kernel's codes."""

from __future__ import annotations

import re

from incentive_lab.engine.program import LIFE, PREVIOUS_YEAR
from incentive_lab.errors import InputError, Problem
from incentive_lab.panel import month_index, month_label
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.rates import Over, Trailing
from incentive_lab.scheme.rules import During

PERIOD_MONTHS = {"line": 0, "deal": 0, "month": 1, "quarter": 3, "half_year": 6, "year": 12}
_MONTH = r"\d{4}-(?:0[1-9]|1[0-2])"
_WINDOWS = {"month": 1, "quarter_to_date": 3, "half_year_to_date": 6, "year_to_date": 12, "life": LIFE}


def window_code(over: Over, per: int) -> int:
    """The code of a window for a rule worked out every `per` months (0: per deal, which reads by month).

    Example:
        >>> window_code("year_to_date", 3), window_code("period", 3), window_code(Trailing(trailing=6), 1)
        (12, 3, -6)
    """
    if isinstance(over, Trailing):
        return -over.trailing
    return max(1, per) if over == "period" else _WINDOWS[over]


def active_months(scheme: Scheme, during: During) -> tuple[int, int]:
    """First month (0 to 11) of the programme year in which a rule runs, and how many months follow in the same run.

    Example:
        >>> # a scheme from 2014-01 with a SPIF from 2014-03 to 2014-04 gives (2, 1)
    """
    begin = _index(scheme.effective.from_[:7])
    shift = (begin % 12 - (scheme.year_starts - 1)) % 12
    first, last = (_index(text) - begin + shift for text in (during.from_, during.to))
    return first % 12, min(last - first, 11)


def _index(text: str) -> int:
    return month_index(int(text[:4]), int(text[5:7]))


def year_shift(scheme: Scheme, first_month: int) -> int:
    """What is added to a month's place to get its place in the programme year, modulo 12.

    Example:
        >>> # a programme year that starts in January and a history from March: 2
    """
    return (first_month - (scheme.year_starts - 1)) % 12


def year_month(m: int, shift: int) -> int:
    """Month m's place (0 to 11) in the programme year."""
    return (m + shift) % 12


def period_start(m: int, per: int, shift: int) -> int:
    """First month of m's period of `per` months; may be negative.

    Example:
        >>> period_start(4, 3, 0), period_start(0, 3, 1)
        (3, -1)
    """
    return m - year_month(m, shift) % per


def window(code: int, m: int, shift: int) -> tuple[int, int]:
    """First month and end (exclusive) of a window at month m, cut at month 0.

    Example:
        >>> window(3, 4, 0), window(-6, 4, 0), window(PREVIOUS_YEAR, 13, 0)
        ((3, 5), (0, 5), (0, 12))
    """
    if code == PREVIOUS_YEAR:
        start = period_start(m, 12, shift)
        return max(0, start - 12), max(0, start)
    if code > 0:
        return max(0, period_start(m, code, shift)), m + 1
    if code == LIFE:
        return 0, m + 1
    return max(0, m + code + 1), m + 1


def months_of(period: str | None, first_month: int, months: int) -> range:
    """Month columns of a period, all without one: `2013`, `2013-Q2`, `2013-H1`, `2013-05` by the calendar, or from one
    month to another, such as the quarter `2013-02..2013-04` of a programme year that starts in February.

    Raises:
        InputError: The period cannot be read, or lies outside the history.

    Example:
        >>> list(months_of("2013-Q2", 2013 * 12, 12))
        [3, 4, 5]
        >>> list(months_of("2013-02..2013-04", 2013 * 12, 12))
        [1, 2, 3]
    """
    if period is None:
        return range(months)
    if run := re.fullmatch(rf"({_MONTH})\.\.({_MONTH})", period):
        return _inside(period, _index(run[1]), _index(run[2]) + 1, first_month, months)
    match = re.fullmatch(r"(\d{4})(?:-(?:Q([1-4])|H([12])|(0[1-9]|1[0-2])))?", period)
    if not match:
        raise InputError([Problem("period", f"found '{period}', expected a period such as 2013, 2013-Q2, 2013-05 "
                                  "or 2013-02..2013-04.")])  # fmt: skip
    year, quarter, half, month = match.groups()
    begin, length = int(year) * 12, 12
    if quarter:
        begin, length = begin + 3 * (int(quarter) - 1), 3
    elif half:
        begin, length = begin + 6 * (int(half) - 1), 6
    elif month:
        begin, length = begin + int(month) - 1, 1
    return _inside(period, begin, begin + length, first_month, months)


def _inside(period: str, begin: int, end: int, first_month: int, months: int) -> range:
    """Month columns from one running month up to another, cut at the ends of the history."""
    first, last = max(0, begin - first_month), min(months, end - first_month)
    if first >= last:
        raise InputError([Problem("period", f"{period} lies outside the history, which runs from "
                                  f"{month_label(first_month)} to {month_label(first_month + months - 1)}.")])  # fmt: skip
    return range(first, last)
