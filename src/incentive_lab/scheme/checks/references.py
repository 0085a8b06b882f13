"""Names inside a scheme: ids that are unique, rules and tiers that exist."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

from incentive_lab.errors import did_you_mean
from incentive_lab.scheme.checks.context import Context, Finding, Findings, doubtful, wrong
from incentive_lab.scheme.document import Alternatives, Cap, Pool
from incentive_lab.scheme.rates import GridAxis, Rate, Table
from incentive_lab.scheme.rules import Gate, Limit, Who
from incentive_lab.scheme.walk import Node, Segments
from incentive_lab.scheme.words import written

# Ids of the lines on a statement that are not rules.
_LINES = ("clawback", "cap", "guarantee", "draw", "carried_balance", "minimum_payout", "rounding", "pool", "budget")


def unique(context: Context) -> Findings:
    """No two rules, gates, caps, levels or steps share a name."""
    scheme = context.scheme
    for key in ("rules", "gates", "caps", "guarantees", "draws", "pools", "alternatives"):
        yield from _twice((key,), (item.id for item in getattr(scheme, key)))
    if scheme.tiers is not None:
        yield from _twice(("tiers", "levels"), context.levels)
    for node in context.nodes:
        if isinstance(node.part, (Table, GridAxis)):
            yield from _twice((*node.segments, "steps"), (step.name for step in node.part.steps))
    for name in context.rules.keys() & set(_LINES):
        yield wrong(("rules", name), f"'{name}' is the name of another line on a statement.", "Choose another id.")


def _twice(here: Segments, names: Iterable[str]) -> Findings:
    for name, times in Counter(names).items():
        if times > 1:
            yield wrong((*here, name), f"The name '{name}' is used {times} times.", "Give each its own.")


def rule_names(context: Context) -> Findings:
    """Rules that are named exist, and stand earlier where that matters."""
    order = list(context.rules)
    for rule in context.scheme.rules:
        before = order[: order.index(rule.id)]
        for key, names in (("net_of", rule.net_of), ("on", rule.on.payout_of)):
            for name in names:
                yield from _earlier(context, ("rules", rule.id, key), name, before)
        if rule.per in ("deal", "line"):
            for name in rule.net_of:
                if name in before and context.rules[name].per != rule.per:
                    message = f"'{name}' is not worked out per {rule.per}, so there is nothing to take off a deal."
                    yield wrong(("rules", rule.id, "net_of"), message)
    for node in context.nodes:
        part = node.part
        if isinstance(part, (Gate, Cap, Pool, Alternatives)):
            for name in part.rules:
                yield from _exists((*node.segments, "rules"), name, order)
        if isinstance(part, (Limit, Cap)) and part.to is not None:
            yield from _fund(context, node, part.to)


def _exists(segments: Segments, name: str, known: Iterable[str]) -> Findings:
    if name not in known:
        yield wrong(segments, f"There is no rule named '{name}'.", did_you_mean(name, known))


def _earlier(context: Context, segments: Segments, name: str, before: list[str]) -> Findings:
    if name in context.rules and name not in before:
        message = f"'{name}' does not stand before this rule, and rules run in document order."
        yield wrong(segments, message, "Move it up.")
    else:
        yield from _exists(segments, name, before)


def _fund(context: Context, node: Node, name: str) -> Findings:
    funds = [rule.id for rule in context.scheme.rules if rule.fund is not None]
    if name not in context.rules:
        yield from _exists((*node.segments, "to"), name, funds)
    elif name not in funds:
        message = f"The excess spills into the fund of '{name}', which has none."
        yield wrong(
            (*node.segments, "to"), message, f"Rules with a fund: {written(funds)}." if funds else "Give it a fund."
        )


def tier_names(context: Context) -> Findings:
    """Tiers that are named exist, and a choice by tier covers every tier."""
    for node in context.nodes:
        part = node.part
        if isinstance(part, Rate) and part.by_tier is not None:
            place = (*node.segments, "by_tier")
            yield from (found for name in part.by_tier for found in _tier(context, (*place, name), name))
            missing = [level for level in context.levels if level not in part.by_tier]
            if missing and part.otherwise is None:
                fix = "Give each tier a rate (0 pays nothing), or add otherwise."
                yield wrong(place, f"There is no rate for {written(missing)}.", fix)
        if isinstance(part, Who) and part.tiers != "all":
            yield from (found for name in part.tiers for found in _tier(context, (*node.segments, "tiers"), name))


def _tier(context: Context, segments: Segments, name: str) -> Findings:
    if not context.levels:
        yield wrong(segments, f"The scheme has no tiers, and '{name}' is one.", "Add tiers with their levels.")
    elif name not in context.levels:
        yield wrong(segments, f"There is no tier named '{name}'.", did_you_mean(name, context.levels))


def attributes(context: Context) -> Findings:
    """Partner types, regions and segments that the history does not have."""
    for node in context.nodes:
        part = node.part
        for attribute in ("type", "region", "segment"):
            known = getattr(context.names, f"{attribute}s")
            if known is None:
                continue
            if isinstance(part, Who) and getattr(part, f"{attribute}s") != "all":
                for name in getattr(part, f"{attribute}s"):
                    yield from _partner(known, (*node.segments, f"{attribute}s"), attribute, name)
            choice = part.choice() if isinstance(part, Rate) else None
            if choice and choice[0] == attribute:
                yield from _covered(node, known, attribute)


def _partner(known: Iterable[str], segments: Segments, attribute: str, name: str) -> Findings:
    if name not in known:
        yield doubtful(segments, f"The history has no partners of {attribute} '{name}'.", did_you_mean(name, known))


def _covered(node: Node, known: Iterable[str], attribute: str) -> Iterable[Finding]:
    part = node.part
    choice = part.choice() if isinstance(part, Rate) else None
    if choice is None or not isinstance(part, Rate):
        return
    place = (*node.segments, f"by_{attribute}")
    for name in choice[1]:
        yield from _partner(known, (*place, name), attribute, name)
    missing = sorted(set(known) - set(choice[1]))
    if missing and part.otherwise is None:
        yield doubtful(place, f"Partners of {attribute} {written(missing)} are paid nothing.", "Add otherwise.")
