"""Windows at least as long as the rule's period, and tests that can hold."""

from __future__ import annotations

from incentive_lab.scheme.checks.context import PERIOD_MONTHS, WINDOW_MONTHS, Context, Findings, wrong
from incentive_lab.scheme.rates import GridAxis, Multiplier, Over, Table
from incentive_lab.scheme.rules import Rule, Test
from incentive_lab.scheme.words import written


def _shorter(over: Over, per: str) -> bool:
    months = WINDOW_MONTHS.get(over, 999) if isinstance(over, str) else over.trailing
    return months < PERIOD_MONTHS[per]


def windows(context: Context) -> Findings:
    """No window is shorter than the period of its rule."""
    for node in context.nodes:
        rule, part = node.nearest(Rule), node.part
        if (
            rule is None
            or not isinstance(part, (Table, GridAxis, Multiplier, Test))
            or not _shorter(part.over, rule.per)
        ):
            continue
        over = part.over if isinstance(part.over, str) else f"trailing {part.over.trailing} months"
        message = f"The window '{over}' is shorter than the rule's own period, a {rule.per.replace('_', ' ')}."
        yield wrong((*node.segments, "over"), message, "Use over: period, or a longer window.")


def tests(context: Context) -> Findings:
    """No test contradicts itself."""
    for node in context.nodes:
        if isinstance(node.part, Test):
            test = node.part
            lows = [bound for bound in (test.above, test.at_least) if bound is not None]
            highs = [bound for bound in (test.below, test.at_most) if bound is not None]
            touching = test.above is not None or test.below is not None
            if lows and highs and (max(lows) > min(highs) or (touching and max(lows) == min(highs))):
                message = f"Nothing is both above {written(max(lows))} and below {written(min(highs))}."
                yield wrong(node.segments, message)
