"""What stands between a partner and the programme at the end of a month: funds, draws, amounts set off or carried."""

from __future__ import annotations

from dataclasses import dataclass

from incentive_lab.format import money
from incentive_lab.panel import Floats

KINDS = FUND, DRAWN, FORWARD, EXCESS, LAPSES = range(5)
"""Rows of the kernel's balances."""


@dataclass(frozen=True)
class Balance:
    """One balance at the end of a month.

    Attributes:
        name: `fund`, `draw_owed`, `set_off`, `carried` or `excess`.
        amount: Whole currency units, never negative.
        words: One sentence.
    """

    name: str
    amount: float
    words: str


def balances_at(kept: Floats, minor: int, currency: str, month: str, at_year_end: bool = False) -> tuple[Balance, ...]:
    """The balances that are not zero.

    Args:
        kept: [kinds] minor units at the end of the month, in the kernel's order.
        minor: Minor units in one unit of currency.
        currency: Its code.
        month: The month as text.
        at_year_end: Whether the excess of limits and caps is paid at the end of the programme year.

    Example:
        >>> import numpy as np
        >>> balances_at(np.array([0.0, 40_000.0, 0.0, 0.0, 0.0]), 100, "USD", "2024-06")[0].words
        '400.00 USD of the draw is still to be recovered after 2024-06.'
    """
    fund, drawn, forward, excess, lapses = (float(kept[kind]) / minor for kind in KINDS)
    ended = f", of which {money(lapses, currency)} lapses then" if lapses > 0 else ""
    paid = "at the end of the programme year" if at_year_end else "as they leave room"
    found = (
        ("fund", fund, f"is left in the fund at the end of {{}}{ended}."),
        ("draw_owed", drawn, "of the draw is still to be recovered after {}."),
        ("set_off", -forward, "is owed back and set off against what is earned after {}."),
        ("carried", forward, "is carried to the settlement after {}: it is below the minimum payout."),
        ("excess", excess, f"that limits and caps cut is carried past {{}}, to be paid {paid}."),
    )
    return tuple(
        Balance(name, round(amount, 6), f"{money(amount, currency)} {words.format(month)}")
        for name, amount, words in found
        if amount > 0
    )
