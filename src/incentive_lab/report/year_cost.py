"""What a programme year costs, from the months of a history: a budget is for a year, a history seldom is."""

from __future__ import annotations

from collections.abc import Mapping

from incentive_lab.format import money, programme_year_name


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
