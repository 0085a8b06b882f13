"""Different customers count once in the window that they are looked at over."""

from __future__ import annotations

from collections.abc import Iterator

from incentive_lab.scheme.checks.context import Context, Findings, doubtful, wrong
from incentive_lab.scheme.compared import scored, window_name, window_of
from incentive_lab.scheme.document import Cap, Pool, Target
from incentive_lab.scheme.lookup import leaves_of
from incentive_lab.scheme.rates import Driver, Multiplier, Over, Trailing
from incentive_lab.scheme.rules import Base, Gate, Limit, Rule, Test
from incentive_lab.scheme.tiers import Level, Look, Tiers
from incentive_lab.scheme.walk import Node, Segments

_REVIEWED = {
    "quarter_to_date": "quarter",
    "half_year_to_date": "half_year",
    "year_to_date": "year",
    "previous_year": "year",
    "life": "life",
}


def distinct_windows(context: Context) -> Findings:
    """What is counted once in a quarter is looked at by the quarter, and so on."""
    seen = set()
    for segments, name, window in _looks(context):
        if name not in context.measures or _endless(context, name):
            continue
        for leaf in leaves_of(name, context.scheme.measures):
            measure = context.measures[leaf]
            own = measure.once_in or "month"
            if (
                measure.distinct is None
                or measure.rolling_months
                or own in ("life", window)
                or window in ("deal", "line")
            ):
                continue
            if (segments, leaf) in seen:
                continue
            seen.add((segments, leaf))
            whole = window.replace("_", " ")
            if measure.once_in:
                message = (
                    f"'{leaf}' counts once in each {own.replace('_', ' ')}, and is looked at here over {_a(whole)}."
                )
                yield wrong(segments, message, _instead(leaf, window))
            else:
                message = f"'{leaf}' counts in each month anew, so over {_a(whole)} what comes in three months counts three times."
                yield doubtful(segments, message, _instead(leaf, window))
    if context.scheme.group is not None:
        for name, measure in context.scheme.measures.items():
            if measure.rolling_months:
                yield wrong(("measures", name), "A group cannot add up rolling counts: its members may share a customer.",
                            "Use once_in, which counts for the group.")  # fmt: skip


def _a(window: str) -> str:
    return window if window[:1].isdigit() or window == "life" else f"a {window}"


def _endless(context: Context, name: str) -> bool:
    """Whether a measure is made of one that is not there, or of itself, which is told elsewhere."""
    way, left = set(), [name]
    while left:
        one = left.pop()
        if one not in context.measures or one in way:
            return one not in context.measures
        way.add(one)
        measure = context.measures[one]
        parts = (*(measure.ratio or ()), *measure.plus, *measure.minus)
        if name in parts:
            return True
        left += [part for part in parts if part not in way]
    return False


def _instead(leaf: str, window: str) -> str:
    if window in ("quarter", "year") and leaf in ("customers", "customers_in_quarter", "customers_in_year"):
        return f"Use customers_in_{window}."
    if window in ("quarter", "half_year", "year", "life"):
        return f"Declare a measure with once_in: {window}."
    if window.endswith(" months"):
        return f"Declare a measure with rolling_months: {window.split()[0]}."
    return "Declare a measure of `distinct` without once_in, which counts each month by itself."


def _looks(context: Context) -> Iterator[tuple[Segments, str, str]]:
    """(address, measure, window) of every place that adds a measure up over a window."""
    for node in context.nodes:
        part = node.part
        if isinstance(part, (Base, Driver, Multiplier)):
            for key in ("measure", "excess_of", "attainment_of", "growth_of"):
                if name := getattr(part, key, None):
                    yield from _over(context, node, node.place(key), name, window_of(node, part))
        elif isinstance(part, Test) and part.kind != "scorecard":
            yield from _over(context, node, node.segments, node.key, part.over)
        elif isinstance(part, (Limit, Cap, Pool, Target)):
            name = part.measure if isinstance(part, Target) else part.of
            rule = node.nearest(Rule)
            per = getattr(part, "per", None) or (rule.per if rule is not None else None)
            if name and per:
                yield node.segments, name, per
        elif isinstance(part, Level):
            for needs in (part.needs, *part.any_of):
                yield from ((node.segments, name, _needed(context.scheme.tiers, name)) for name in needs)
        elif isinstance(part, Tiers):
            yield from (
                ((*node.segments, "points", name), name, _reviewed(part, part.looks_at)) for name in part.points
            )
    for one in scored(context.scheme):
        card = context.scheme.scorecards.get(one.name)
        for name in card.parts if card is not None else ():
            for rule in one.rules:
                yield one.node.segments, name, _named(one.over, rule.per)


def _over(
    context: Context, node: Node, segments: Segments, name: str, over: Over
) -> Iterator[tuple[Segments, str, str]]:
    rule, gate = node.nearest(Rule), node.nearest(Gate)
    named = gate.rules if gate is not None else ()
    for one in (rule,) if rule is not None else context.scheme.rules:
        if rule is not None or one.id in named or not named:
            yield segments, name, _named(over, one.per)


def _named(over: Over, per: str) -> str:
    if isinstance(over, Trailing):
        return f"{over.trailing} months"
    return window_name(over, per) or "life"


def _needed(tiers: Tiers | None, name: str) -> str:
    return "month" if tiers is None else _reviewed(tiers, tiers.window_of(name))


def _reviewed(tiers: Tiers, look: Look) -> str:
    if look.months is not None:
        return f"{look.months} months" if look.months > 1 else "month"
    return _REVIEWED.get(look.window or "", tiers.review)
