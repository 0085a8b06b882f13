"""Rules of which one is paid: each in one comparison, over a period that holds theirs, and nothing decided before it."""

from __future__ import annotations

from collections import Counter

from incentive_lab.scheme.alternatives import compared_per, compared_rules
from incentive_lab.scheme.checks.context import PERIOD_MONTHS, Context, Findings, doubtful, wrong
from incentive_lab.scheme.document import Alternatives
from incentive_lab.scheme.rules import Rule


def alternatives(context: Context) -> Findings:
    """What is compared can be, and is compared once."""
    times = Counter(name for one in context.scheme.alternatives for name in one.rules)
    for one in context.scheme.alternatives:
        here = ("alternatives", one.id)
        for name in dict.fromkeys(one.rules):
            if times[name] > 1:
                message = f"'{name}' is named {times[name]} times: a rule is compared once."
                yield wrong((*here, "rules"), message, "Name it in one of them, once.")
        rules = compared_rules(context.scheme, one)
        for rule in rules:
            yield from _comparable(context, one, rule)
        yield from _read_before(context, one)
        if one.pays == "lesser" and any((rule.who, rule.during) != (rules[0].who, rules[0].during) for rule in rules):
            message = "A rule that is not for a partner earns nothing, and then the lesser is nothing."
            yield doubtful(here, message, "Give all of its rules the same who and during.")


def _comparable(context: Context, one: Alternatives, rule: Rule) -> Findings:
    """Whether what a rule earns in a period is known when it is compared, and is money that can be left out."""
    here, per = ("alternatives", one.id), compared_per(context.scheme, one)
    if rule.per in ("deal", "line"):
        message = f"'{rule.id}' pays each {rule.per.replace('line', 'line of a deal')} by itself; periods are compared."
        yield wrong((*here, "rules"), message, f"Write per: month in '{rule.id}'.")
    elif PERIOD_MONTHS[rule.per] > PERIOD_MONTHS[per]:
        message = f"'{rule.id}' is worked out per {rule.per.replace('_', ' ')}, longer than per: {per}."
        yield wrong((*here, "per"), message, f"Write per: {rule.per}, or leave it out.")
    if any(limit.excess == "spilled" for limit in rule.limit):
        message = f"'{rule.id}' cannot be compared: what its limit takes off goes into a fund, paid or not."
        yield wrong((*here, "rules"), message, "Write excess: lost, carried or trued_up.")
    policy = rule.returns or context.scheme.returns
    for key, said, fix in (
        ("fund", "its claims use up a fund, paid or not", ""),
        ("award", "a contest is decided between partners", ""),
        ("repay", "it is taken back by itself later", ""),
        ("provision", "it is paid on account before the comparison", ""),
        ("non_cash", "it is not paid in money", ""),
    ):
        if getattr(rule, key):
            yield wrong((*here, "rules"), f"'{rule.id}' cannot be compared: {said}.", fix or f"Leave out {key}.")
    if policy.method not in ("ignore", "recalculate"):
        message = f"'{rule.id}' cannot be compared: its returned deals take back what may not have been paid."
        yield wrong((*here, "rules"), message, "Write returns: ignore there and pay on net_revenue, or recalculate.")


def _read_before(context: Context, one: Alternatives) -> Findings:
    """No rule looks at what one of them paid before the last of them is worked out."""
    order = list(context.rules)
    known = [order.index(name) for name in one.rules if name in context.rules]
    for rule in context.scheme.rules[: max(known, default=-1) + 1]:
        for name in (*rule.net_of, *rule.on.payout_of):
            if name in one.rules and order.index(name) < order.index(rule.id):
                message = f"It looks at what '{name}' paid, which '{one.id}' decides only after '{order[max(known)]}'."
                yield wrong(("rules", rule.id), message, "Move it below all of these rules.")
