"""Which of several rules was paid, in words, and what the others would have paid."""

from __future__ import annotations

from incentive_lab.engine.periods import PERIOD_MONTHS, year_shift
from incentive_lab.engine.program import X_CLAIMED_TO_DATE
from incentive_lab.engine.replay import Replay
from incentive_lab.format import money, month_name
from incentive_lab.panel import Floats, month_label
from incentive_lab.scheme.alternatives import alternatives_of, compared_per, compared_rules
from incentive_lab.scheme.rules import Rule


def alternatives_told(result: Replay, rule: Rule, trace: Floats, month: int, row: int) -> str:
    """The sentence behind a line that is one of several alternatives; empty for any other.

    Args:
        result: A replay with its detail.
        rule: The line's rule.
        trace: [rules, fields] what the kernel told of the partner in this month.
        month: Column of the month.
        row: Row of the partner.
    """
    scheme = result.scheme
    one = alternatives_of(scheme, rule.id)
    if one is None:
        return ""
    per = compared_per(scheme, one)
    months, shift = PERIOD_MONTHS[per], year_shift(scheme, result.panel.first_month)
    rules = compared_rules(scheme, one)
    names = [each.label or each.id for each in rules]
    begins = max(0, month - (month + shift) % months)
    ends = (month + shift) % months == months - 1 or month == result.panel.months - 1
    if one.pays == "lesser" and not ends:
        return f"The lesser of {' and '.join(names)} is paid when the {per.replace('_', ' ')} ends."
    places = [scheme.rules.index(each) for each in rules]
    earned = [round(float(trace[place, X_CLAIMED_TO_DATE]), 6) for place in places]
    best = max(earned) if one.pays == "greater" else min(earned)
    before = best - sum(float(result.detail[place, month, row]) for place in places)
    since = f" since {month_name(month_label(result.panel.first_month + begins))}" if begins < month else ""
    amounts = [
        f"{name} {money(cents / result.minor, result.panel.currency)}"
        for name, cents in zip(names, earned, strict=True)
    ]
    told = f"The {one.pays}{since} of {' and '.join(amounts)} is paid: {names[earned.index(best)]}"
    if round(before, 4):
        told += f", less {money(before / result.minor, result.panel.currency)} paid before"
    return told + "."
