"""Rules of which one is paid: over which period they are compared, and with which others a rule is."""

from __future__ import annotations

from typing import Literal

from incentive_lab.scheme.document import Alternatives, Scheme
from incentive_lab.scheme.rules import Rule

ComparedPer = Literal["month", "quarter", "half_year", "year"]
_RISING: tuple[ComparedPer, ...] = ("month", "quarter", "half_year", "year")


def compared_per(scheme: Scheme, one: Alternatives) -> ComparedPer:
    """The period over which rules are compared: the declared one, else the longest of theirs.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = '''{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%},
        ...     {id: d, on: units, rate: 1, per: quarter}], alternatives: [{id: better, rules: [c, d]}]}'''
        >>> compared_per(loads(text), loads(text).alternatives[0])
        'quarter'
    """
    if one.per is not None:
        return one.per
    pers = {rule.per for rule in scheme.rules if rule.id in one.rules}
    return next((per for per in reversed(_RISING) if per in pers), "month")


def alternatives_of(scheme: Scheme, rule: str) -> Alternatives | None:
    """The alternatives that a rule is one of, None where it is paid whatever others earn."""
    return next((one for one in scheme.alternatives if rule in one.rules), None)


def compared_rules(scheme: Scheme, one: Alternatives) -> tuple[Rule, ...]:
    """The rules that are compared, in the order of the document, which decides between equal ones."""
    return tuple(rule for rule in scheme.rules if rule.id in one.rules)
