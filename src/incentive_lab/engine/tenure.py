"""What a partner's months in the programme decided, in words."""

from __future__ import annotations

import math

from incentive_lab.format import counted, money, percent
from incentive_lab.scheme.document import Draw, Guarantee, Scheme
from incentive_lab.scheme.measures import TENURE
from incentive_lab.scheme.rules import Rule, Tenure


def tenure_words(asked: Tenure) -> str:
    """What is asked of months since joining.

    Example:
        >>> tenure_words(Tenure(below=12)), tenure_words(Tenure(at_least=36)), tenure_words(Tenure(at_least=3, below=6))
        ('in the first 12 months since joining', 'from 36 months since joining on', 'from 3 to 5 months since joining')
    """
    if asked.below is None:
        return f"from {counted(asked.at_least or 0, 'month')} since joining on"
    if asked.at_least:
        return f"from {asked.at_least} to {asked.below - 1} months since joining"
    return f"in the first {counted(asked.below, 'month')} since joining".replace("first 1 month", "first month")


def so_far(since: float) -> str:
    """How long a partner has been in the programme, the joining month being the first.

    Example:
        >>> so_far(0.0), so_far(13.0), so_far(float("nan"))
        ('this is its month 1', 'this is its month 14', 'it has not joined, or nobody knows when')
    """
    return "it has not joined, or nobody knows when" if math.isnan(since) else f"this is its month {int(since) + 1}"


def not_open(scheme: Scheme, rule: Rule, since: float) -> str:
    """Why months since joining keep a partner from a rule; empty where they do not.

    Args:
        scheme: The scheme.
        rule: One of its rules.
        since: The partner's months since joining, NaN without any.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = '''{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%,
        ...     who: {months_since_joining: {below: 12}}}]}'''
        >>> scheme = loads(text)
        >>> not_open(scheme, scheme.rules[0], 12.0)
        'It is paid in the first 12 months since joining; this is its month 13.'
        >>> not_open(scheme, scheme.rules[0], 11.0)
        ''
    """
    asked = [who.months_since_joining for who in (scheme.eligible, rule.who) if who.months_since_joining is not None]
    test = rule.requires.get(TENURE)
    if test is not None and TENURE not in scheme.measures and test.at_most is test.above is None:
        least, below = (None if bound is None else math.ceil(bound) for bound in (test.at_least, test.below))
        asked.append(Tenure.model_construct(at_least=least, below=below))
    told = [tenure_words(one) for one in asked if not holds(one, since)]
    return f"It is paid {' and '.join(told)}; {so_far(since)}." if told else ""


def holds(asked: Tenure, since: float) -> bool:
    """Whether months since joining are those asked for; no months never are."""
    return (asked.at_least or 0) <= since and (asked.below is None or since < asked.below)


def guaranteed(scheme: Scheme, amount: float = 1.0, since: float = math.nan) -> str:
    """What a line of guarantees brings up to, with every guarantee of the scheme.

    Args:
        scheme: The scheme.
        amount: The line; below 0 it pays back.
        since: The partner's months since joining, NaN without any.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = '''{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}],
        ...     guarantees: [{amount: 500, per: quarter, for_months: 6, since: joined}]}'''
        >>> guaranteed(loads(text), 80.0, 2.0)
        'Brought up to the guaranteed floor of 500.00 USD a quarter in the first 6 months since joining; this is its month 3.'
    """
    told = [f"{percent(float(one.keep))} of what {scheme.baseline or 'the baseline'} pays in the programme year"
            if one.against == "baseline" else
            f"{money(float(one.amount or 0), scheme.currency)} a {one.per.replace('_', ' ')}{_first_months(one)}"
            for one in scheme.guarantees]  # fmt: skip
    did = "Brought up to" if amount > 0 else "Pays back from what lies above"
    joined = f"; {so_far(since)}" if any(one.since == "joined" for one in scheme.guarantees) else ""
    return f"{did} the guaranteed floor of {' or '.join(told)}{joined}."


def advanced(scheme: Scheme, amount: float, since: float) -> str:
    """What a line of draws is: an advance, or the recovery of one, and which month that is where draws count from joining."""
    joined = [one for one in scheme.draws if one.since == "joined"]
    told = "An advance against later earnings" if amount > 0 else "Recovered from earnings for an earlier advance"
    if amount < 0 and any(one.recover_out_of == "all_earnings" for one in scheme.draws):
        told += ", out of all that is earned once the months of the draw are over"
    lapses = [one.forgive_after for one in scheme.draws if one.forgive_after is not None]
    if lapses:
        told += f"; what is not recovered by month {min(lapses)} is forgiven"
    return f"{told}{''.join(map(_first_months, joined)) if amount > 0 else ''}{'; ' + so_far(since) if joined else ''}."


def _first_months(one: Guarantee | Draw) -> str:
    return "" if one.since == "year" else f" {tenure_words(Tenure(below=one.for_months))}"
