"""What differs between a scheme and its baseline, in the words that a board reads."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import partial
from typing import Any

from incentive_lab.format import money, percent, quantity, small
from incentive_lab.report.bound_words import alternatives_words, cap_words, draw_words, gate_words, guarantee_words
from incentive_lab.report.rule_words import measure_label, rate_table, rule_sentences
from incentive_lab.scheme.diff import Change, diff
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.lookup import unit_of
from incentive_lab.scheme.naming import split
from incentive_lab.scheme.rules import Rule

SAYS_ONLY = frozenset({"scheme", "title", "author", "reason", "baseline"})
"""Keys of a scheme that change no payout."""


ORDER = {"rules": 0, "tiers": 1, "measures": 4, "effective": 3}
"""What is told first of the differences: what pays, then what it depends on; the rest stands between."""
BOUNDS: Mapping[str, Callable[[Scheme, Any], str]] = {
    "gates": gate_words, "caps": cap_words, "draws": draw_words, "alternatives": alternatives_words,
}  # fmt: skip
WHEN_EXCEEDED = {
    "prorate": "each settlement is scaled to what remains",
    "first_come": "deals are paid in the order they closed until nothing remains",
    "report": "everything is paid all the same",
}
"""What happens when the budget is exceeded, in words."""


def changes_between(baseline: Scheme, scheme: Scheme) -> tuple[str, ...]:
    """The differences that decide what is paid, what pays before what it depends on."""
    found = [one for one in diff(baseline, scheme) if one.path not in SAYS_ONLY]
    found.sort(key=lambda one: ORDER.get(one.path.partition(".")[0], 2))
    said: dict[str, None] = {}
    for one in found:
        for sentence in _rewritten(baseline, scheme, found, one) or [
            in_words(baseline, scheme, one.path, one.sentence)
        ]:
            said[sentence] = None
    return tuple(said)


def _rewritten(baseline: Scheme, scheme: Scheme, found: Sequence[Change], one: Change) -> list[str]:
    """What a rule says now and said before, where more than numbers of it changed; nothing for any other change."""
    kind, *rest = split(one.path)
    rules = [next((rule for rule in whole.rules if kind == "rules" and rest[:1] == [rule.id]), None)
             for whole in (baseline, scheme)]  # fmt: skip
    if rules[0] is None or rules[1] is None or rest[1:] == ["label"]:
        return []
    own = [
        other
        for other in found
        if split(other.path)[:2] == ("rules", rules[1].id) and not other.path.endswith(".label")
    ]
    if all(isinstance(value, Decimal) for other in own for value in (other.before, other.after)):
        return []
    before, now = _sentences(baseline, rules[0]), _sentences(scheme, rules[1])
    told = " ".join(said for said in now if said not in before)
    gone = " ".join(said for said in before if said not in now)
    if not told and not gone:
        return []
    name = rules[1].label or rules[1].id
    if not told:
        return [f"{name}, no longer: {gone}"]
    return [f"{name}: {told} Before: {gone}" if gone else f"{name}: {told}"]


def without_payouts(scheme: Scheme) -> Scheme:
    """A scheme without anything that decides what is paid: what another is told against that has no baseline.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> scheme = loads("{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}]}")
        >>> without_payouts(scheme).rules, without_payouts(scheme).currency
        ((), 'USD')
    """
    names = ("tiers", "measures", "gates", "caps", "guarantees", "draws", "pools", "alternatives", "minimum_payout",
             "budget", "mix", "variants")  # fmt: skip
    empty = {name: Scheme.model_fields[name].get_default(call_default_factory=True) for name in names}
    return scheme.model_copy(update={"rules": (), **empty})


def solved_words(scheme: Scheme) -> str:
    """By what a solved mix multiplies the rates as they are written; empty without one.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = '''{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}],
        ...     mix: {behavioural: 0.8, factors: {behavioural: 1.25, transactional: 0.5}}}'''
        >>> solved_words(loads(text))
        '; for this every rate is as written times 1.250 for behaviour and 0.500 for volume, and told here as it is paid'
    """
    factors = scheme.mix.factors if scheme.mix is not None else None
    if factors is None:
        return ""
    return (f"; for this every rate is as written times {factors.behavioural:.3f} for behaviour and "
            f"{factors.transactional:.3f} for volume, and told here as it is paid")  # fmt: skip


def new_rule(scheme: Scheme, rule: Rule) -> str:
    """What a rule pays that was not there before, with its rates."""
    return f"New: {rule.label or rule.id}. {' '.join(_sentences(scheme, rule))}"


def _sentences(scheme: Scheme, rule: Rule) -> list[str]:
    """What a rule pays, its rates in brackets where they would be a table."""
    table, step = rate_table(scheme, rule), "from " if rule.rate.table is not None else ""
    rows = table.rows if table is not None else ()
    rates = "; ".join(f"{step}{row[0]}: {' and '.join(one for one in row[1:] if one != '-')}" for row in rows)
    return [said.replace("(see the table)", f"({rates})") for said in rule_sentences(scheme, rule)]


def in_words(baseline: Scheme, scheme: Scheme, path: str, sentence: str) -> str:
    """A difference as a board reads it: what is new as a whole is told in sentences, not key by key."""
    kind, _, name = path.partition(".")
    if kind == "rules" and name not in {rule.id for rule in baseline.rules}:
        rule = next((one for one in scheme.rules if one.id == name), None)
        if rule is not None:
            return new_rule(scheme, rule)
    gone = next((rule for rule in baseline.rules if kind == "rules" and rule.id == name), None)
    if gone is not None and name not in {rule.id for rule in scheme.rules}:
        return f"Gone: {gone.label or gone.id}. {' '.join(_sentences(baseline, gone))}"
    if path == "budget" and scheme.budget is not None and baseline.budget is None:
        amount = money(float(scheme.budget.amount), scheme.currency)
        return f"New: a budget of {amount} a programme year; beyond it, {WHEN_EXCEEDED[scheme.budget.when_exceeded]}."
    if path == "mix" and scheme.mix is not None and baseline.mix is None:
        return (f"New: {percent(float(scheme.mix.behavioural))} of what is paid is planned for behaviour, the rest for volume"
                f"{solved_words(scheme)}.")  # fmt: skip
    if kind == "measures" and name in scheme.measures and name not in baseline.measures:
        return f"New measure: {scheme.measures[name].label or name.replace('_', ' ')}."
    compared = baseline if baseline.id == scheme.baseline else None
    sayings: Mapping[str, Callable[[Scheme, Any], str]] = {
        **BOUNDS,
        "guarantees": partial(guarantee_words, baseline=compared),
    }
    for begins, says, whole in (("New ", "New", scheme), ("The ", "Gone", baseline)):
        whose = [getattr(one, kind, ()) if kind in sayings else () for one in (scheme, baseline)]
        if len({name in [one.id for one in items] for items in whose}) == 2 and sentence.startswith(begins):
            one = next(one for items in whose for one in items if one.id == name)
            bound = sayings[kind](whole, one)
            return f"{says}: {bound[0].lower()}{bound[1:]}"
    if path == "tiers" and (baseline.tiers is None or scheme.tiers is None):
        return _tiers_words("New", scheme) if scheme.tiers is not None else _tiers_words("Gone", baseline)
    return sentence.replace("_", " ")


def _tiers_words(says: str, scheme: Scheme) -> str:
    """All tiers with what they need, of a scheme that has some."""
    assert scheme.tiers is not None
    levels = []
    for level in scheme.tiers.levels:
        units = {key: str(unit_of(key, scheme.measures)).replace("money", "currency") for key in level.needs}
        needs = [f"{small(measure_label(scheme, key))} {quantity(value, units[key], scheme.currency)}"
                 for key, value in level.needs.items()]  # fmt: skip
        levels.append(f"{level.name} ({', '.join(needs)})" if needs else level.name)
    return f"{says}: tiers {', '.join(levels)}; reviewed every {scheme.tiers.review.replace('_', ' ')}."
