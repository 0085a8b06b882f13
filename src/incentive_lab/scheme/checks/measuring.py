"""Measures: names that lead somewhere, columns that exist, no circles, and sums where sums are needed."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Mapping
from itertools import islice

from incentive_lab.errors import did_you_mean, nearest
from incentive_lab.scheme.base import one_of
from incentive_lab.scheme.checks.context import Context, Findings, doubtful, wrong
from incentive_lab.scheme.document import Cap, Pool, Target
from incentive_lab.scheme.measures import CATALOGUE, COLUMNS, DATES, Condition, Measure
from incentive_lab.scheme.rates import Driver, Multiplier
from incentive_lab.scheme.rules import Base, Fund, Gate, Limit, Repay, Rule
from incentive_lab.scheme.scorecards import Scorecard
from incentive_lab.scheme.tiers import Level, Tiers
from incentive_lab.scheme.walk import Node, Segments

_TEXT: Mapping[str, tuple[str, ...]] = {
    "deals": (
        "deal_id", "line", "order_id", "partner_id", "status", "product", "currency", "co_sold", "co_delivered",
        "customer_id", "region", "segment", "type",
    ),
    "activities": ("activity_id", "partner_id", "kind", "deal_id", "product"),
    "scores": ("partner_id", "measure"),
    "partners": ("partner_id", "name", "type", "region", "segment", "tier", "parent_id", "currency"),
}  # fmt: skip
_OF_COST = ("cost", "margin", "margin_share")
_STATUSES = ("open", "won", "lost")
MOST_PARTS = 200
"""Measures that one may unfold into: what pays follows each of them."""
ENOUGH = 10 * MOST_PARTS
NAMED = 20
"""Measures that are told by name."""
_SUM = "a sum over months"


def used(context: Context) -> Iterator[tuple[Segments, str, str]]:
    """Every place that names a measure: (address, name, why only a sum will do there, else '')."""
    for node in context.nodes:
        part = node.part
        if isinstance(part, Measure):
            for key, names in (("ratio", part.ratio or ()), ("plus", part.plus), ("minus", part.minus)):
                yield from ((node.place(key), name, f"{key} needs sums") for name in names)
        elif isinstance(part, (Base, Driver, Multiplier)):
            yield from _pointed(node)
        elif isinstance(part, (Limit, Cap)) and part.of is not None:
            yield node.place("of"), part.of, f"a share of purchases is a share of {_SUM}"
        elif isinstance(part, Pool) and part.of is not None:
            yield node.place("of"), part.of, f"a pool is a share of {_SUM}"
        elif isinstance(part, Fund) and part.accrues_on is not None:
            yield node.place("accrues_on"), part.accrues_on, f"a fund accrues on {_SUM}"
        elif isinstance(part, Target):
            yield node.place("measure"), part.measure, f"a target is for {_SUM}"
        else:
            yield from _keyed(node)


def _pointed(node: Node) -> Iterator[tuple[Segments, str, str]]:
    part = node.part
    award = isinstance(part, Base) and (rule := node.nearest(Rule)) is not None and rule.award is not None
    for key in ("measure", "excess_of", "attainment_of", "growth_of"):
        name = getattr(part, key, None)
        if name is not None:
            needs_sum = (key != "measure" or isinstance(part, Base)) and not award
            why = "a rule pays on what adds up" if isinstance(part, Base) else f"{key} compares {_SUM}"
            yield node.place(key), name, why if needs_sum else ""


def _keyed(node: Node) -> Iterator[tuple[Segments, str, str]]:
    part = node.part
    if isinstance(part, Gate):
        tests = [(("when", name), name, test.kind) for name, test in part.when.items() if test.kind != "scorecard"]
    elif isinstance(part, Rule):
        tests = [
            (("requires", name), name, test.kind) for name, test in part.requires.items() if test.kind != "scorecard"
        ]
    else:
        tests = []
    for place, name, kind in tests:
        yield (*node.segments, *place), name, "" if kind == "value" else f"{kind} compares {_SUM}"
    if isinstance(part, Level):
        for name in part.needs:
            yield (*node.segments, "needs", name), name, ""
        for number, needs in enumerate(part.any_of, 1):
            yield from (((*node.segments, "any_of", str(number), name), name, "") for name in needs)
    elif isinstance(part, Tiers):
        yield from (((*node.segments, "points", name), name, f"points count {_SUM}") for name in part.points)
        yield from (((*node.segments, "windows", name), name, "") for name in part.windows)
    elif isinstance(part, Scorecard):
        yield from (((*node.segments, "parts", name), name, f"attainment compares {_SUM}") for name in part.parts)
    elif isinstance(part, Repay):
        yield from (((*node.segments, "unless", name), name, f"a milestone is {_SUM}") for name in part.unless)


def measure_names(context: Context) -> Findings:
    """Every measure that is named exists, and adds up where it must."""
    for segments, name, why_sum in used(context):
        if name not in context.measures:
            yield wrong(segments, f"There is no measure named '{name}'.", context.unknown_measure(name))
        elif name in CATALOGUE and name not in context.scheme.measures:
            measure = context.measures[name]
            for column in measure.of.columns() if measure.of else ():
                yield from _cost(context, segments, *column.split(".", 1))
        if name in context.measures and why_sum and not context.adds_up(name):
            held = context.measures[name]
            kind = "a level that holds" if held.is_level else "a ratio"
            fix = "Use it in a table, a gate or `requires` instead."
            if held.level is not None or held.rolling_months:
                fix = f"{fix[:-1]}; to pay on a balance, give the measure each_month: whole or twelfth."
            yield wrong(segments, f"'{name}' is {kind}; {why_sum}.", fix)


def endless(context: Context) -> Findings:
    """What a measure is worked out from comes to an end, and soon: the other checks follow it step by step."""
    own, sizes = context.scheme.measures, _sizes(context)
    circular = ((name, way) for name in own if name not in sizes and (way := _circle(context, name)))
    for name, way in islice(circular, NAMED):
        yield wrong(("measures", name), f"'{name}' is worked out from itself: {' -> '.join(way)}.")
    long = [name for name in own if sizes.get(name, 0) > MOST_PARTS]
    for name in long[:NAMED]:
        message = f"'{name}' is worked out from more than {MOST_PARTS} measures, each counted as often as it is used."
        yield wrong(("measures", name), message, "Add up columns of one table instead, or leave some out.")


def _parts(context: Context, name: str) -> tuple[str, ...]:
    """What a measure is worked out from, one step down."""
    measure = context.measures.get(name)
    return () if measure is None else (*(measure.ratio or ()), *measure.plus, *measure.minus)


def _sizes(context: Context) -> dict[str, int]:
    """How many measures each unfolds into, itself included; without those in a circle, or made of one that is."""
    sizes: dict[str, int] = {}
    opened: set[str] = set()
    for name in context.scheme.measures:
        left = [name] if name not in opened else []
        while left:
            one = left[-1]
            unknown = [part for part in _parts(context, one) if part not in sizes and part not in opened]
            if one not in sizes and one not in opened and unknown:
                opened.add(one)
                left += unknown
                continue
            left.pop()
            parts = [sizes.get(part) for part in _parts(context, one)]
            if None not in parts:
                sizes[one] = min(ENOUGH, 1 + sum(part or 0 for part in parts))
    return sizes


def _circle(context: Context, name: str) -> tuple[str, ...]:
    """The shortest way from a measure to itself; empty where there is none."""
    before: dict[str, str] = {}
    left = deque([name])
    while left:
        one = left.popleft()
        for part in _parts(context, one):
            if part == name:
                way = [name, one]
                while way[-1] != name:
                    way.append(before[way[-1]])
                return tuple(reversed(way))
            if part not in before:
                before[part] = one
                left.append(part)
    return ()


def definitions(context: Context) -> Findings:
    """The columns, dates and conditions of the scheme's own measures exist."""
    for name, measure in context.scheme.measures.items():
        here = ("measures", name)
        yield from _columns(context, here, measure)
        table = measure.table or ""
        if table in DATES and measure.at is not None and measure.at not in DATES[table]:
            message = f"'{measure.at}' is not a date of {table}; it has {one_of(DATES[table])}."
            near = nearest(measure.at, DATES[table])
            other = "Another date, such as a payment's, is a row of activities of a kind of its own."
            yield wrong((*here, "at"), message, f"Did you mean {near}? {other}" if near else other)
        if measure.spread is not None and table != "deals":
            yield wrong((*here, "spread"), "Only amounts of deals can be spread over a contract's term.")
        if measure.months_of_term is not None and measure.spread is None:
            message = "Only a contract that is spread has months of its term."
            yield wrong((*here, "months_of_term"), message, "Add `spread: term`.")
        if measure.less_returns and table != "deals":
            yield wrong((*here, "less_returns"), "Only deals come back.", "Leave it out.")
        if name in CATALOGUE:
            yield doubtful(here, f"'{name}' replaces the built-in measure of that name.")


def _columns(context: Context, here: Segments, measure: Measure) -> Findings:
    named = [*(measure.of.columns() if measure.of else ()), *filter(None, (measure.distinct, measure.level))]
    for column in named:
        table, dot, short = column.partition(".")
        if table not in COLUMNS or not dot:
            fix = f"Write table.column; tables are {one_of(list(COLUMNS))}."
            yield wrong(here, f"'{column}' does not say its table.", fix)
        elif measure.level and table != "scores":
            yield wrong((*here, "level"), f"A level is read from scores, not from {table}.", "Write scores.name.")
        elif measure.level is None:
            yield from _column(context, here, table, short)
    for column, condition in measure.where.items():
        if measure.table in COLUMNS:
            yield from _column(context, (*here, "where", column), measure.table or "", column)
        yield from _condition((*here, "where", column), column, condition)


def _column(context: Context, segments: Segments, table: str, column: str) -> Findings:
    standard = {*COLUMNS[table], *DATES[table], *_TEXT[table]}
    known = (context.names.columns or {}).get(table)
    if column in standard or (known is not None and column in known):
        yield from _cost(context, segments, table, column)
        return
    if known is not None:
        yield wrong(segments, f"The table {table} has no column '{column}'.", did_you_mean(column, {*standard, *known}))
    else:
        message = f"'{column}' is not a standard column of {table}; the history must have it."
        yield doubtful(segments, message, did_you_mean(column, standard))


def _cost(context: Context, segments: Segments, table: str, column: str) -> Findings:
    """What is worked out from cost is nothing in a history that has none."""
    filled = (context.names.filled or {}).get(table)
    if table == "deals" and column in _OF_COST and filled is not None and "cost" not in filled:
        yield doubtful(
            segments, f"The deals of this history have no cost, so none has a {column}; this counts nothing.",
            "Give the deals a cost, or take this out.",
        )  # fmt: skip


def _condition(segments: Segments, column: str, condition: Condition) -> Findings:
    values = [condition.is_, *(condition.in_ or ()), *(condition.not_ or ())]
    words = [value for value in values if isinstance(value, str)]
    if column == "status":
        for word in set(words) - set(_STATUSES):
            yield wrong(segments, f"'{word}' is not a status of deals.", did_you_mean(word, _STATUSES))
