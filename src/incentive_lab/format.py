"""The one formatter: money, shares, counts and months, for pages, charts, messages and statements."""

from __future__ import annotations

from incentive_lab.money import decimals


def money(amount: float, currency: str) -> str:
    """An amount in full, with its currency.

    Example:
        >>> money(1234.5, "USD"), money(-0.001, "USD")
        ('1,234.50 USD', '0.00 USD')
    """
    places = decimals(currency)
    rounded = round(amount, places) or 0.0
    return f"{rounded:,.{places}f} {currency}"


def percent(share: float, places: int = 2) -> str:
    """A share as per cent, without trailing zeros.

    Example:
        >>> percent(0.035), percent(1.0), percent(0.12345)
        ('3.5 %', '100 %', '12.35 %')
    """
    text = f"{share * 100:,.{places}f}".rstrip("0").rstrip(".")
    return f"{'0' if text in ('-0', '') else text} %"


def count(number: float) -> str:
    """A count with grouped thousands; decimals only where there are any.

    Example:
        >>> count(1500), count(2.5)
        ('1,500', '2.5')
    """
    return f"{number:,.6f}".rstrip("0").rstrip(".") if number % 1 else f"{number:,.0f}"
