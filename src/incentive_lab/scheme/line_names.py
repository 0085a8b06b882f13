"""What people call the lines of a payout."""

from __future__ import annotations

from collections.abc import Mapping

from incentive_lab.scheme.document import Scheme


class _Names(dict[str, str]):
    """Names by line; a line that is no rule, such as the guarantee, is told by its own words."""

    def __missing__(self, line: str) -> str:
        return line.replace("_", " ").capitalize()


def line_names(*schemes: Scheme) -> Mapping[str, str]:
    """Name by line id: a rule's label, else its id; where schemes share an id, the last one names it.

    Args:
        schemes: Whose rules are named.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> flat = loads('''
        ... scheme: flat
        ... currency: USD
        ... effective: {from: 2026-01-01}
        ... rules: [{id: commission, label: Commission on won deals, on: revenue, rate: 3%}]
        ... ''')
        >>> names = line_names(flat)
        >>> names["commission"], names["excess_carried"]
        ('Commission on won deals', 'Excess carried')
    """
    return _Names({rule.id: rule.label or rule.id for scheme in schemes for rule in scheme.rules})


def marked_names(scheme: Scheme) -> Mapping[str, str]:
    """`line_names`, with a mark on rules that are not paid in money: their amounts are no part of a total.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> seats = loads('''
        ... scheme: seats
        ... currency: USD
        ... effective: {from: 2026-01-01}
        ... rules: [{id: seats, on: lead, rate: 50, non_cash: true}]
        ... ''')
        >>> marked_names(seats)["seats"]
        'seats (not in money)'
    """
    names = line_names(scheme)
    return _Names({rule.id: names[rule.id] + " (not in money)" * rule.non_cash for rule in scheme.rules})


def in_money(scheme: Scheme | None, by_line: Mapping[str, float]) -> dict[str, float]:
    """What each line pays, without those that are not paid in money.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: a, currency: USD, effective: {from: 2026-01-01}, rules: [{id: seats, on: units, non_cash: true}]}"
        >>> in_money(loads(text), {"seats": 40, "rebate": 20})
        {'rebate': 20.0}
    """
    unpaid = {rule.id for rule in scheme.rules if rule.non_cash} if scheme is not None else set()
    return {line: float(amount) for line, amount in by_line.items() if line not in unpaid}
