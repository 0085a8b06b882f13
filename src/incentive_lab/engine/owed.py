"""What stands between a partner and the programme at the end of a month: funds, draws, amounts set off or carried."""

from __future__ import annotations

from dataclasses import dataclass

from incentive_lab.engine.periods import active_months
from incentive_lab.format import money
from incentive_lab.panel import Floats
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.rules import Rule

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


def balances_at(kept: Floats, minor: int, currency: str, month: str, then: str = "") -> tuple[Balance, ...]:
    """The balances that are not zero.

    Args:
        kept: [kinds] minor units at the end of the month, in the kernel's order.
        minor: Minor units in one unit of currency.
        currency: Its code.
        month: The month as text.
        then: What becomes of the excess of limits and caps, see `kept_words`.

    Example:
        >>> import numpy as np
        >>> balances_at(np.array([0.0, 40_000.0, 0.0, 0.0, 0.0]), 100, "USD", "2024-06")[0].words
        '400.00 USD of the draw is still to be recovered after 2024-06.'
    """
    fund, drawn, forward, excess, lapses = (float(kept[kind]) / minor for kind in KINDS)
    ended = f", of which {money(lapses, currency)} lapses then" if lapses > 0 else ""
    found = (
        ("fund", fund, f"is left in the fund at the end of {{}}{ended}."),
        ("draw_owed", drawn, "of the draw is still to be recovered after {}."),
        ("set_off", -forward, "is owed back and set off against what is earned after {}."),
        ("carried", forward, "is carried to the settlement after {}: it is below the minimum payout."),
        ("excess", excess, f"that limits and caps cut {then}."),
    )
    return tuple(
        Balance(name, round(amount, 6), f"{money(amount, currency)} {words.format(month)}")
        for name, amount, words in found
        if amount > 0
    )


def ends_year(scheme: Scheme, month: str) -> bool:
    """Whether a month is the last of a programme year.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> scheme = loads("{scheme: a, currency: USD, effective: {from: 2024-04-01}, rules: [{id: c, on: revenue, rate: 3%}]}")
        >>> ends_year(scheme, "2025-03"), ends_year(scheme, "2025-12")
        (True, False)
    """
    return int(month[5:7]) % 12 + 1 == scheme.year_starts


def ends_rule(scheme: Scheme, rule: Rule, month: str) -> bool:
    """Whether a rule runs in no later month of the programme year.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = '''{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%,
        ...     during: {from: 2024-03, to: 2024-06}}, {id: d, on: revenue, rate: 1%}]}'''
        >>> scheme = loads(text)
        >>> [(ends_rule(scheme, rule, "2024-06"), ends_rule(scheme, rule, "2024-12")) for rule in scheme.rules]
        [(True, False), (False, True)]
    """
    begins, runs = active_months(scheme, rule.during) if rule.during else (0, 11)
    last = max(place for place in range(12) if (place - begins) % 12 <= runs)
    return (int(month[5:7]) - scheme.year_starts) % 12 == last


def lapsed(amount: float, currency: str) -> str:
    """What is said of an excess that waited for the end of the year in a rule that is closed by then.

    Example:
        >>> lapsed(300.0, "USD")
        '300.00 USD that waited lapses: the rule is closed when the programme year ends'
    """
    return f"{money(amount, currency)} that waited lapses: the rule is closed when the programme year ends"


def kept_words(scheme: Scheme, month: str) -> str:
    """What becomes of the excess that limits and caps keep at the end of a month; `{}` stands for the month.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = '''{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}],
        ...     caps: [{per: month, amount: 6_000, excess: carried}]}'''
        >>> kept_words(loads(text), "2024-11"), kept_words(loads(text), "2024-12")
        ('is carried past {}, to be paid as they leave room', 'lapses: the programme year ends with {}')
    """
    limits = [(limit.excess, limit.per == "life") for rule in scheme.rules for limit in rule.limit]
    kept = {*limits, *((cap.excess, cap.per == "life" or cap.carry_over_year) for cap in scheme.caps)}
    if ends_year(scheme, month) and ("carried", True) not in kept:
        return "lapses: the programme year ends with {}"
    kinds = {excess for excess, _ in kept}
    ways = [words for kind, words in (("carried", "as they leave room"), ("trued_up", "at the end of the programme year"))
            if kind in kinds]  # fmt: skip
    return f"is carried past {{}}, to be paid {' or '.join(ways)}"
