"""Quarters of a scheme are quarters of the history, where the history counts in weeks."""

from __future__ import annotations

from incentive_lab.scheme.checks.context import Context, Findings, wrong
from incentive_lab.scheme.document import Scheme


def quarters(context: Context) -> Findings:
    """The programme year begins with a quarter of the history's calendar."""
    apart = quarters_apart(context.scheme, context.names.year_starts or 0)
    if apart:
        yield wrong(("calendar", "year_starts"), *apart)


def quarters_apart(scheme: Scheme, year_starts: int) -> tuple[str, str] | None:
    """What is wrong with a programme year that begins within a quarter of weeks, and what to write; None where it fits.

    Args:
        scheme: The scheme.
        year_starts: The month (1 to 12) in which the history's years of weeks begin, 0 for none.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> scheme = loads("{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue}]}")
        >>> quarters_apart(scheme, 10), quarters_apart(scheme, 2)[1]
        (None, "Write calendar: {year_starts: 2} into it, the month with which the history's year begins.")
    """
    if not year_starts or (scheme.year_starts - year_starts) % 3 == 0:
        return None
    begins = sorted((year_starts - 1 + 3 * quarter) % 12 + 1 for quarter in range(4))
    named = f"{', '.join(map(str, begins[:3]))} and {begins[3]}"
    message = f"The programme year starts in month {scheme.year_starts}, and the history's quarters of 13 weeks in months {named}."
    return (
        message,
        f"Write calendar: {{year_starts: {year_starts}}} into it, the month with which the history's year begins.",
    )
