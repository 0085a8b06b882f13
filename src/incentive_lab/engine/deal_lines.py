"""What each deal of a partner was paid by the rules that pay deal by deal, told by the kernel itself.

The partner stands in the block once for each deal: first without any, then with the first, then with the first two. Deals
are paid in their order, so what a rule pays more with one deal more is what it paid for that deal, limits and all, and
the deals of a month add up to the rule's line.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from incentive_lab.engine.blocks import blocks
from incentive_lab.engine.compile import Compiled
from incentive_lab.engine.explain import cell_of
from incentive_lab.engine.program import R_DEAL, RULES, Block
from incentive_lab.engine.replay import run_one
from incentive_lab.panel import Floats, Panel

AT_MOST = 1_000
"""Deals of one partner that are told apart; beyond that the deals of a month stay one line."""


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
    for place, grain in enumerate(("deal", "line")):
        mine = [number for number, rule in enumerate(rules) if rule.per == grain]
        table = panel.deals.get(grain)
        if not mine or table is None:
            continue
        (block,) = blocks(compiled, panel, np.array([row]), awards, None)
        rows = np.flatnonzero(table.partner == row)
        if not 0 < len(rows) <= AT_MOST:
            continue
        detail = run_one(compiled, _prefixes(block, place, len(rows)), panel.months, True, False)[4]
        for number in mine:
            slot = int(cell_of(compiled, RULES, number, R_DEAL))
            more = np.diff(detail[number], axis=1)
            for month, at in np.argwhere(np.abs(more) > 1e-9):
                line = str(table.line[rows[at]]) if grain == "line" else ""
                found.setdefault((number, int(month)), []).append(
                    DealLine(str(table.deal_id[rows[at]]), line, float(block.deal_values[slot, at]), more[month, at])
                )
    return found


def _prefixes(block: Block, place: int, deals: int) -> Block:
    """The one partner of a block in a lane for each number of its deals, from none to all; returns are left out."""
    lanes = deals + 1
    upto = np.arange(lanes)[:, None]
    first = np.repeat(block.first[:, None, :], lanes, axis=1)
    first[place] = np.minimum(first[place], upto)
    first[2] = 0
    return block._replace(
        sums=np.repeat(block.sums, lanes, axis=2), levels=np.repeat(block.levels, lanes, axis=2),
        targets=np.repeat(block.targets, lanes, axis=2), whole=np.repeat(block.whole, lanes, axis=1),
        given=np.repeat(block.given, lanes, axis=2), first=np.ascontiguousarray(first.reshape(3, -1)),
    )  # fmt: skip
