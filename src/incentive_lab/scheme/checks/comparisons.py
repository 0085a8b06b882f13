"""Measures that are compared with their target have one."""

from __future__ import annotations

from incentive_lab.scheme.checks.context import Context, Findings, doubtful, wrong
from incentive_lab.scheme.rates import Driver, Multiplier, Table
from incentive_lab.scheme.rules import Rule, Test
from incentive_lab.scheme.scorecards import ScorecardPart
from incentive_lab.scheme.walk import Segments


def targets_needed(context: Context) -> Findings:
    """A measure that is compared with its target has one."""
    own = {target.measure for target in context.scheme.targets}
    known = context.names.targets
    seen: set[str] = set()
    for segments, name in _against_targets(context):
        if name in own or (known is not None and name in known) or name in seen or name not in context.measures:
            continue
        seen.add(name)
        fix = f"Add it under targets, such as targets: [{{measure: {name}, amount: 10_000, per: quarter}}]."
        if known is not None:
            yield wrong(segments, f"'{name}' has no target, in the scheme or in the history.", fix)
        else:
            yield doubtful(segments, f"The scheme has no target for '{name}'; the history must have it.", fix)


def _against_targets(context: Context) -> list[tuple[Segments, str]]:
    found: list[tuple[Segments, str]] = []
    for node in context.nodes:
        part = node.part
        if isinstance(part, Rule) and part.on.excess_of and part.on.above and part.on.above.target:
            found.append(((*node.segments, "on"), part.on.excess_of))
        if isinstance(part, (Driver, Multiplier)):
            name = part.attainment_of or getattr(part, "excess_of", None)
            grown = part.growth_of if isinstance(part, Driver) and part.against and part.against.target else None
            if grown or (name and (part.against is None or part.against.target)):
                found.append((node.segments, grown or name or ""))
        if isinstance(part, Test) and (part.against.target if part.against else part.kind == "attainment"):
            found.append((node.segments, node.key))
        if isinstance(part, ScorecardPart) and (part.against is None or part.against.target):
            found.append((node.segments, node.key))
        if isinstance(part, Table) and part.of_target:
            rule = node.nearest(Rule)
            on = (rule.on.measure or rule.on.excess_of) if rule else None
            name = part.by.name if part.by else on
            found += [(node.segments, name)] if name else []
    return found
