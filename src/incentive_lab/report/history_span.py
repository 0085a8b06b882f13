"""What the months of a history mean for a decision: a budget is for a year, a history seldom is; and it ends some time.
A forecast covers the months after it, a scheme is proposed for others."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from incentive_lab.format import counted, money, month_name, programme_year_name
from incentive_lab.panel import month_index, month_label

FRESH = 12
"""Months after the end of a history in which it still tells of the present."""


def dearest_year(paid: Mapping[str, float], starts: int) -> tuple[float, str]:
    """Cost and name of the dearest programme year; twelve average months and no name where there is no whole one.

    Args:
        paid: Month (ISO) -> amount in whole currency units.
        starts: The month in which a programme year starts, 1 to 12.

    Example:
        >>> dearest_year({f"2024-{month:02d}": 10.0 for month in range(1, 13)}, 1), dearest_year({"2024-01": 10.0}, 1)
        ((120.0, '2024'), (120.0, ''))
    """
    years: dict[int, list[float]] = {}
    for month, amount in paid.items():
        years.setdefault(int(month[:4]) - (int(month[5:7]) < starts), []).append(amount)
    if not any(len(amounts) == 12 for amounts in years.values()):
        return 12 * sum(paid.values()) / max(1, len(paid)), ""
    dearest = max(years, key=lambda year: sum(years[year]))
    return sum(years[dearest]), programme_year_name(dearest, starts)


def year_words(cost: float, name: str, currency: str) -> str:
    """The same in a sentence.

    Example:
        >>> year_words(120.0, "2024", "USD"), year_words(120.0, "", "USD")
        ('The dearest programme year, 2024, costs 120.00 USD.', 'Twelve average months cost 120.00 USD.')
    """
    amount = money(cost, currency)
    return f"The dearest programme year, {name}, costs {amount}." if name else f"Twelve average months cost {amount}."


def long_ago(months: Collection[str], starts: str) -> tuple[str, ...]:
    """A warning where a history ended long before what rests on it is in effect; nothing otherwise.

    Args:
        months: Of the history (ISO).
        starts: ISO day.

    Example:
        >>> long_ago(["2023-12", "2024-01"], "2026-01-01")
        ('It is in effect from 2026-01-01; the history its figures rest on ended with 2024-01, 23 months before.',)
        >>> long_ago(["2025-01"], "2026-01-01"), long_ago([], "2026-01-01")
        ((), ())
    """
    last = max(months, default=starts)
    gap = 12 * (int(starts[:4]) - int(last[:4])) + int(starts[5:7]) - int(last[5:7]) - 1
    if gap <= FRESH:
        return ()
    return (
        f"It is in effect from {starts}; the history its figures rest on ended with {last}, {counted(gap, 'month')} before.",
    )


def forecast_months(first: str, months: int, starts: str, in_force: int) -> str:
    """Which months a forecast is for, beside those in which the scheme would be in force where they differ.

    Args:
        first: The first month forecast (ISO), the one after the history.
        months: How many are forecast.
        starts: The first day on which the scheme would be in force (ISO).
        in_force: For how many months.

    Example:
        >>> forecast_months("2026-01", 12, "2026-01-01", 12)
        'The forecast is for Jan 2026 to Dec 2026, when the scheme would be in force.'
        >>> forecast_months("2014-06", 12, "2026-01-01", 12)[40:]
        ', as if the scheme began right after the history; it would be in force from Jan 2026 to Dec 2026.'
    """
    band, force = _span(first, months), _span(starts[:7], in_force)
    said = f"The forecast is for {band[0]} to {band[1]}"
    if band == force:
        return f"{said}, when the scheme would be in force."
    when = f"would be in force from {force[0]} to {force[1]}."
    if starts[:7] > first:
        return f"{said}, as if the scheme began right after the history; it {when}"
    return f"{said}, the {counted(months, 'month')} after the history; the scheme {when}"


def _span(first: str, months: int) -> tuple[str, str]:
    """The first and the last of so many months, in words."""
    last = month_index(int(first[:4]), int(first[5:7])) + months - 1
    return month_name(first), month_name(month_label(last))
