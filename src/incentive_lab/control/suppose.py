"""What the scheme would have paid with one rule read otherwise: the readings that explain a payment to the cent."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.rates import Rate, Table
from incentive_lab.scheme.rules import ReturnPolicy, Rule

MOST_STEPS = 12
"""Steps and levels tried; a table with more is read by its first ones."""


@dataclass(frozen=True)
class Reading:
    """One way to misread a scheme.

    Attributes:
        reason: Key of the reason.
        words: What was done, as a sentence.
        scheme: What was paid instead.
    """

    reason: str
    words: str
    scheme: Scheme


def readings(scheme: Scheme, earlier: Scheme | None) -> Iterator[Reading]:
    """Every misreading that changes something.

    Args:
        scheme: What was approved.
        earlier: What was in effect before, if it is known.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}],"
        >>> [one.reason for one in readings(loads(text + " caps: [{for: partner, per: quarter, amount: 9}]}"), None)]
        ['cap', 'period']
    """
    if scheme.caps:
        yield Reading("cap", "the cap was not applied", scheme.model_copy(update={"caps": ()}))
    if any(rule.limit for rule in scheme.rules):
        yield Reading("cap", "the limit of the rule was not applied", _each(scheme, {"limit": ()}))
    if scheme.budget is not None and scheme.budget.when_exceeded != "report":
        yield Reading("cap", "the budget was not cut", scheme.model_copy(update={"budget": None}))
    if scheme.alternatives:
        yield Reading("alternatives", "rules of which one is paid were all paid",
                      scheme.model_copy(update={"alternatives": ()}))  # fmt: skip
    ignored = ReturnPolicy(method="ignore")
    if scheme.returns.method != "ignore" or any(
        rule.returns and rule.returns.method != "ignore" for rule in scheme.rules
    ):
        bare = _each(scheme, {"returns": None}).model_copy(update={"returns": ignored})
        yield Reading("return", "what returned deals take back was not taken back", bare)
    if scheme.gates:
        yield Reading("gate", "a gate was not applied", scheme.model_copy(update={"gates": ()}))
    if scheme.guarantees:
        yield Reading("guarantee", "the guarantee was left out", scheme.model_copy(update={"guarantees": ()}))
    if scheme.minimum_payout is not None:
        yield Reading("minimum", "the minimum payout was not kept", scheme.model_copy(update={"minimum_payout": None}))
    if scheme.late_data != "recalculate":
        yield Reading("period", "deals recorded late were paid by their closing date",
                      scheme.model_copy(update={"late_data": "recalculate"}))  # fmt: skip
    yield from _rates(scheme)
    if earlier is not None:
        yield Reading("rate", f"it was paid under {earlier.id}, which it replaces", earlier)


def _each(scheme: Scheme, update: dict[str, object]) -> Scheme:
    return scheme.model_copy(update={"rules": tuple(rule.model_copy(update=update) for rule in scheme.rules)})


def _rates(scheme: Scheme) -> Iterator[Reading]:
    """The rate of another level, of another step, and a table applied the other way."""
    for rule in scheme.rules:
        choice = rule.rate.choice()
        if choice is not None:
            attribute, rates = choice
            for name, rate in list(rates.items())[:MOST_STEPS]:
                reason = "tier" if attribute == "tier" else "rate"
                yield _with(scheme, rule, rate, reason, f"it was paid at the rate of {name.replace('_', ' ')}")
        table = rule.rate.table
        if table is None:
            continue
        other = {"marginal": "whole", "whole": "marginal"}.get(table.applies)
        if other is not None:
            said = "on the whole amount" if other == "whole" else "on each slice alone"
            yield _with(scheme, rule, Rate(table=table.model_copy(update={"applies": other})), "rate",
                        f"the rate reached was paid {said}")  # fmt: skip
        yield from _steps(scheme, rule, table)


def _steps(scheme: Scheme, rule: Rule, table: Table) -> Iterator[Reading]:
    for step in table.steps[:MOST_STEPS]:
        if step.rate is not None and not step.lump:
            yield _with(scheme, rule, Rate(plain=Decimal(step.rate)), "rate",
                        f"it was paid at the rate of step {step.name}")  # fmt: skip


def _with(scheme: Scheme, rule: Rule, rate: Rate, reason: str, words: str) -> Reading:
    changed = tuple(one.model_copy(update={"rate": rate}) if one.id == rule.id else one for one in scheme.rules)
    return Reading(reason, words, scheme.model_copy(update={"rules": changed}))
