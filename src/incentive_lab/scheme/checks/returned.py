"""Returned deals: schedules that rise, measures whose deals can be followed, and nothing taken back twice."""

from __future__ import annotations

from incentive_lab.scheme.checks.context import Context, Findings, doubtful, wrong
from incentive_lab.scheme.rules import ReturnPolicy, Rule


def schedules(context: Context) -> Findings:
    """A schedule of returns is there when it is asked for, in rising order."""
    for node in context.nodes:
        part = node.part
        if not isinstance(part, ReturnPolicy):
            continue
        months = [step.within_months for step in part.schedule]
        if part.method == "schedule" and not months:
            fix = "Add schedule: [{within_months: 3, share: 100%}]."
            yield wrong((*node.segments, "schedule"), "`method: schedule` needs a schedule.", fix)
        if months != sorted(set(months)):
            yield wrong((*node.segments, "schedule"), "The months of a schedule must rise from step to step.")
        if months and part.method != "schedule":
            yield doubtful((*node.segments, "schedule"), f"`method: {part.method}` does not use a schedule.")


def returns(context: Context) -> Findings:
    """What a rule pays on can be followed to the deal that came back, and comes off once."""
    for rule in context.scheme.rules:
        policy = rule.returns or context.scheme.returns
        name = rule.on.measure or rule.on.excess_of or ""
        if policy.method == "ignore" or name not in context.measures:
            continue
        if policy.method == "recalculate":
            yield from _restated(context, rule, name)
        else:
            yield from _followed(context, rule, name, policy.method)


def _restated(context: Context, rule: Rule, name: str) -> Findings:
    if context.measures[name].minus and any(leaf.date == "returned_on" for leaf in context.leaves(name)):
        message = (
            f"'{name}' takes returns off in the month of the return, and `recalculate` takes them off the sale too."
        )
        yield wrong(("rules", rule.id, "on"), message, "Pay on the measure before returns, such as revenue.")


def _followed(context: Context, rule: Rule, name: str, method: str) -> Findings:
    measure = context.measures[name]
    if measure.less_returns and measure.spread:
        if rule.returns:
            message = f"'{name}' ends with the contract's return, so `{method}` has nothing to take back."
            yield wrong(("rules", rule.id, "returns"), message, "Leave out the rule's `returns`.")
    elif measure.less_returns:
        message = f"'{name}' counts deals less their returns, and `{method}` takes them back once more."
        yield wrong(("rules", rule.id, "on"), message, "Leave out less_returns, or write returns: ignore.")
    elif not measure.follows_returns and any(leaf.table == "deals" for leaf in context.leaves(name)):
        message = f"A returned deal takes nothing back here: '{name}' cannot be told deal by deal."
        fix = "Pay on a sum of a column of deals, such as revenue, or write returns: recalculate."
        if any(leaf.date == "returned_on" for leaf in context.leaves(name)):
            return
        yield (
            wrong(("rules", rule.id, "returns"), message, fix)
            if rule.returns
            else doubtful(("rules", rule.id, "on"), message, fix)
        )
