"""The same scheme in another currency, or with programme years that start in another month; its numbers stay as they are."""

from __future__ import annotations

from typing import Any

from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.paths import apply


def restated(scheme: Scheme, currency: str, year_starts: int) -> Scheme:
    """The scheme in a currency, with programme years that start in a month; itself where it is so already.

    Args:
        scheme: The scheme.
        currency: ISO 4217 code; no amount is converted: 50,000 USD becomes 50,000 EUR.
        year_starts: 1 to 12.

    Raises:
        InputError: It cannot be so, as where it pays fractions of a unit that the currency does not have.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> scheme = loads("{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue}]}")
        >>> euros = restated(scheme, "EUR", 2)
        >>> euros.currency, euros.year_starts, restated(euros, "EUR", 2) is euros
        ('EUR', 2, True)
    """
    changes: dict[str, Any] = {}
    if scheme.currency != currency:
        changes["currency"] = currency
    if scheme.year_starts != year_starts:
        changes["calendar.year_starts"] = year_starts
    return apply(scheme, changes) if changes else scheme


def alike(found: Scheme, scheme: Scheme, kept: Scheme | None) -> Scheme:
    """A scheme that another one names, restated as that one was.

    Args:
        found: What is named, as it is kept.
        scheme: What names it.
        kept: The scheme of the same id as it is kept; None for none.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: NAME, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue}]}"
        >>> one, other = (loads(text.replace("NAME", name)) for name in ("one", "other"))
        >>> alike(other, restated(one, "EUR", 1), one).currency, alike(other, restated(one, "EUR", 1), None).currency
        ('EUR', 'USD')
    """
    if kept is None:
        return found
    currency = scheme.currency if found.currency == kept.currency else found.currency
    moved = kept.year_starts != scheme.year_starts and (found.year_starts - kept.year_starts) % 3 == 0
    return restated(found, currency, scheme.year_starts if moved else found.year_starts)
