"""Gates, caps and guarantees in sentences."""

from __future__ import annotations

from incentive_lab.engine.tenure import tenure_words
from incentive_lab.format import counted, money, percent, small
from incentive_lab.report.rule_words import measure_label, test_words, who_words
from incentive_lab.scheme.alternatives import compared_per
from incentive_lab.scheme.document import Alternatives, Cap, Draw, Guarantee, Pool, Scheme
from incentive_lab.scheme.line_names import line_names
from incentive_lab.scheme.rules import Gate, Tenure

ABOVE_CAPS = (
    "A guarantee is worked out after the cap: it can bring what is paid above it, and pay back what the cap took."
)
"""What is said of a cap where the scheme has a guarantee."""


def gate_words(scheme: Scheme, gate: Gate) -> str:
    """When a gate is shut, and what that does to which rewards."""
    tests = f" {'and' if gate.match == 'all' else 'or'} ".join(
        test_words(scheme, name, test, "") for name, test in gate.when.items()
    )
    whom = _named(scheme, gate.rules) if gate.rules else "every reward"
    factor = float(gate.multiply)
    return f"While {tests}, {whom} {'pays nothing' if factor == 0 else f'is multiplied by {gate.multiply}'}."


def cap_words(scheme: Scheme, cap: Cap) -> str:
    """The most that a partner is paid, in which period, for what; a guarantee comes after it and is not under it.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = '''{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}],
        ...     caps: [{for: partner, per: quarter, amount: 900}], guarantees: [{amount: 50}]}'''
        >>> scheme = loads(text)
        >>> cap_words(scheme, scheme.caps[0]).partition("lost. ")[2]
        'A guarantee is worked out after the cap: it can bring what is paid above it, and pay back what the cap took.'
    """
    what = _named(scheme, cap.rules) if cap.rules else "all rewards together"
    most = money(float(cap.amount), scheme.currency) if cap.amount is not None else (
        f"{percent(float(cap.share or 0))} of {measure_label(scheme, cap.of or '')}")  # fmt: skip
    then = (
        "paid at the end of the programme year, as far as other caps allow" if cap.excess == "trued_up" else cap.excess
    )
    per = cap.per.replace("_", " ") + (", counted from joining," if cap.since == "joined" else "")
    bound = f"A partner is paid at most {most} a {per} for {what}; what is above is {then}."
    return f"{bound} {ABOVE_CAPS}" if scheme.guarantees else bound


def guarantee_words(scheme: Scheme, one: Guarantee, baseline: Scheme | None = None) -> str:
    """The least that partners are paid, and in which months of each programme year.

    Args:
        scheme: The scheme.
        one: One of its guarantees.
        baseline: What the guarantee compares with, when at hand: it is called by its title.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = '''{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}],
        ...     guarantees: [{amount: 50, for_months: 6}]}'''
        >>> guarantee_words(loads(text), loads(text).guarantees[0])
        'In the first 6 months of every programme year, all partners are paid at least 50.00 USD a month.'
        >>> joined = loads(text.replace("for_months: 6", "for_months: 6, since: joined"))
        >>> guarantee_words(joined, joined.guarantees[0])
        'In the first 6 months since joining, all partners are paid at least 50.00 USD a month.'
    """
    named = (baseline.title or baseline.id) if baseline is not None else scheme.baseline or "the baseline"
    floor = (f"{percent(float(one.keep))} of what {named} would have paid since the year began"
             if one.against else money(float(one.amount or 0), scheme.currency) + f" a {one.per.replace('_', ' ')}")  # fmt: skip
    if one.since == "joined":
        when = tenure_words(Tenure(below=one.for_months)).capitalize()
        return f"{when}, {who_words(one.who)} are paid at least {floor}."
    first = "" if one.for_months == 12 else f"the first {counted(one.for_months, 'month')} of "
    first = first.replace("first 1 month", "first month")
    return f"In {first}every programme year, {who_words(one.who)} are paid at least {floor}."


def draw_words(scheme: Scheme, one: Draw) -> str:
    """What a draw advances, and in which months where it counts from joining.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = '''{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}],
        ...     draws: [{amount: 50, for_months: 6, since: joined, recover_from: 7}]}'''
        >>> draw_words(loads(text), loads(text).draws[0])
        'Each month in the first 6 months since joining pays at least 50.00 USD as an advance, recovered from month 7 on.'
        >>> wide = loads(text.replace("recover_from: 7", "recover_out_of: all_earnings, forgive_after: 18"))
        >>> draw_words(wide, wide.draws[0]).partition("advance, ")[2]
        'recovered from month 1 on, once it has ended out of all earnings; what is left after month 18 is forgiven.'
    """
    amount = money(float(one.amount), scheme.currency)
    out = ", once it has ended out of all earnings" if one.recover_out_of == "all_earnings" else ""
    ends = "" if one.forgive_after is None else f"; what is left after month {one.forgive_after} is forgiven"
    if one.since == "year":
        return f"Each {one.per} pays at least {amount} as an advance, recovered later{out}{ends}."
    when, later = tenure_words(Tenure(below=one.for_months)), one.recover_from
    return f"Each {one.per} {when} pays at least {amount} as an advance, recovered from month {later} on{out}{ends}."


def _named(scheme: Scheme, rules: tuple[str, ...]) -> str:
    names = line_names(scheme)
    return ", ".join(names[one] for one in rules)


def pool_words(scheme: Scheme, pool: Pool) -> str:
    """What a pool holds, who shares it, and what becomes of claims that it does not fit.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = '''{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}],
        ...     pools: [{id: p, share: 1%, of: revenue, per: year, rules: [c], pays: whole}]}'''
        >>> pool_words(loads(text), loads(text).pools[0])
        "c share 1 % of all partners' revenue a year; all of it, in proportion to their claims."
        >>> pool_words(loads(text), loads(text).pools[0].model_copy(update={"within": "region"}))
        'Partners of each region by themselves: c share 1 % of their revenue a year; all of it, in proportion to their claims.'
    """
    if pool.of is not None:
        whose = "all partners'" if pool.within == "all" else "their"
        holds = f"{percent(float(pool.share or 0))} of {whose} {small(measure_label(scheme, pool.of))}"
    else:
        holds = money(float(pool.amount or 0), scheme.currency)
    then = "all of it, in proportion to their claims" if pool.pays == "whole" else "larger claims are scaled down alike"
    if pool.divides == "equally":
        then = "all of it, in equal parts among those who claim anything"
    each = "over the life of the scheme" if pool.per == "life" else f"a {pool.per.replace('_', ' ')}"
    who = "" if pool.within == "all" else f"Partners of each {pool.within} by themselves: "
    return f"{who}{_named(scheme, pool.rules)} share {holds} {each}; {then}."


def alternatives_words(scheme: Scheme, one: Alternatives) -> str:
    """Which of several rewards a partner receives, and over which period they are compared.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = '''{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%},
        ...     {id: d, on: units, rate: 1}], alternatives: [{id: better, rules: [c, d], per: quarter}]}'''
        >>> alternatives_words(loads(text), loads(text).alternatives[0])
        'A partner receives the greater of c, d in each quarter.'
    """
    per = compared_per(scheme, one).replace("_", " ")
    return f"A partner receives the {one.pays} of {_named(scheme, one.rules)} in each {per}."
