"""What each deal of a partner was paid by the rules that pay deal by deal."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from incentive_lab.engine.blocks import blocks
from incentive_lab.engine.compile import Compiled
from incentive_lab.engine.program import R_DEAL, RULES
from incentive_lab.engine.replay import run_one
from incentive_lab.panel import Floats, Panel


@dataclass(frozen=True)
class DealLine:
    """One deal or line of a deal under one rule, in the month in which it was paid.

    Attributes:
        deal: Deal id.
        line: Line of the deal, '' where the rule pays whole deals.
        base: What it was paid on, in the kernel's units.
        cents: Minor units posted.
    """

    deal: str
    line: str
    base: float
    cents: float


def deal_lines(compiled: Compiled, panel: Panel, row: int, awards: Floats) -> dict[tuple[int, int], list[DealLine]]:
    """(rule, month) -> the deals of a partner that the rule paid in that month, in order.

    Args:
        compiled: The scheme.
        panel: The history.
        row: Row of the partner.
        awards: As for `blocks`.
    """
    found: dict[tuple[int, int], list[DealLine]] = {}
    rules = compiled.scheme.rules
    (block,) = blocks(compiled, panel, np.array([row]), awards, None)
    paid = run_one(compiled, block, panel.months, False, False, by_deal=True)[7]
    for place, rule in enumerate(rules):
        if rule.per not in ("deal", "line"):
            continue
        table = panel.deals[rule.per]
        rows = np.flatnonzero(table.partner == row)
        months = block.cell_of_deal if rule.per == "deal" else block.cell_of_line  # one lane: a cell is its month
        slot = int(compiled.tables[RULES][place, R_DEAL])
        for at in np.flatnonzero(paid[place, : len(rows)]):
            line = str(table.line[rows[at]]) if rule.per == "line" else ""
            found.setdefault((place, int(months[at])), []).append(
                DealLine(str(table.deal_id[rows[at]]), line, float(block.deal_values[slot, at]), float(paid[place, at]))
            )
    return found
