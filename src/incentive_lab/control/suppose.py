"""What the scheme would have paid with one rule read otherwise: the readings that explain a payment to the cent."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from functools import partial
from typing import Any

from incentive_lab.engine.explain import LAST_YEAR, step_words
from incentive_lab.scheme.base import Part
from incentive_lab.scheme.check import check
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.rates import Driver, Rate, Table
from incentive_lab.scheme.reference import Reference
from incentive_lab.scheme.rules import ReturnPolicy, Rule, Test

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
    yield from _compared(scheme)
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


def _compared(scheme: Scheme) -> Iterator[Reading]:
    """Earlier periods mistaken for one another."""
    last_year, last_period = {"last_year": True}, {"last_period": True}
    nothing: dict[str, object] = {"last_year": False, "last_period": False, "average_of_last": None}
    mistaken: tuple[tuple[str, Callable[[Reference], bool], dict[str, object]], ...] = (
        ("with last year instead of the periods before", lambda one: one.sequential, {**nothing, **last_year}),
        ("with the period before instead of last year", lambda one: one.last_year, {**nothing, **last_period}),
        ("with the period before alone instead of an average", lambda one: one.average_of_last is not None,
         {**nothing, **last_period}),
    )  # fmt: skip
    for words, meant, update in mistaken:
        changed = _referring(scheme, partial(_mistaken, meant, update))
        if changed is not scheme and check(changed).ok:
            yield Reading("reference", f"it was compared {words}", changed)


def _mistaken(meant: Callable[[Reference], bool], update: dict[str, object], one: Reference) -> Reference:
    """A reference with an update, if it is meant."""
    return one.model_copy(update=update) if meant(one) else one


def _referring(value: Any, change: Callable[[Reference], Reference]) -> Any:
    """A part, or what holds parts, with its references changed; itself where none is."""
    if isinstance(value, Reference):
        return change(value)
    if isinstance(value, (tuple, list)):
        made = [_referring(one, change) for one in value]
        return tuple(made) if any(new is not old for new, old in zip(made, value, strict=True)) else value
    if isinstance(value, Mapping):
        known = {key: _referring(one, change) for key, one in value.items()}
        return known if any(known[key] is not one for key, one in value.items()) else value
    if not isinstance(value, Part):
        return value
    held = {name: getattr(value, name) for name in type(value).model_fields}
    grows = (isinstance(value, Driver) and value.growth_of) or (isinstance(value, Test) and value.kind == "growth")
    if grows and held["against"] is None:
        held["against"] = LAST_YEAR
    update = {name: new for name, one in held.items() if (new := _referring(one, change)) is not one}
    return value.model_copy(update=update) if update else value


def _steps(scheme: Scheme, rule: Rule, table: Table) -> Iterator[Reading]:
    for step in table.steps[:MOST_STEPS]:
        if step.rate is not None and not step.lump:
            yield _with(scheme, rule, Rate(plain=Decimal(step.rate)), "rate",
                        f"it was paid at the rate of {step_words(step.name)}")  # fmt: skip


def _with(scheme: Scheme, rule: Rule, rate: Rate, reason: str, words: str) -> Reading:
    changed = tuple(one.model_copy(update={"rate": rate}) if one.id == rule.id else one for one in scheme.rules)
    return Reading(reason, words, scheme.model_copy(update={"rules": changed}))
