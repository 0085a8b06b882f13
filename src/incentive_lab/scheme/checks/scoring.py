"""Scorecards: names that lead somewhere, weights that make a whole, and periods to look at."""

from __future__ import annotations

from incentive_lab.errors import did_you_mean
from incentive_lab.scheme.checks.context import Context, Findings, wrong
from incentive_lab.scheme.compared import scored
from incentive_lab.scheme.rates import Table
from incentive_lab.scheme.words import written


def scorecards(context: Context) -> Findings:
    """Every scorecard, and every place that looks at one."""
    known = context.scheme.scorecards
    for name, card in known.items():
        total = sum(part.weight for part in card.parts.values())
        if total != 1:
            message = f"The weights of '{name}' add up to {written(total, 'share')}."
            yield wrong(("scorecards", name, "parts"), message, "Together they make 100%.")
        for measure, part in card.parts.items():
            if part.at_least > part.at_most:
                message = f"It counts as no less than {written(part.at_least, 'share')} and no more than "
                here = ("scorecards", name, "parts", measure)
                yield wrong(here, f"{message}{written(part.at_most, 'share')}.", "Lower at_least, or raise at_most.")
    for one in scored(context.scheme):
        if one.name not in known:
            fix = did_you_mean(one.name, known) if known else "Add it under scorecards."
            yield wrong(one.node.segments, f"There is no scorecard named '{one.name}'.", fix)
        elif one.over == "period" and any(rule.per in ("deal", "line") for rule in one.rules):
            message = (
                f"A scorecard looks at a period, and a deal by itself is none: '{one.name}' has nothing to look at."
            )
            yield wrong(one.node.segments, message, "Write over: month, or a longer window.")
    for node in context.nodes:
        table = node.part
        if isinstance(table, Table) and table.of_target and table.by is not None and table.by.scorecard is not None:
            message = "A score is a share already, so its steps cannot be shares of a target."
            yield wrong((*node.segments, "of_target"), message, "Leave it out, and write the steps as 80%, 100%.")
