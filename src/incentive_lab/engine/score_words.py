"""How a score came about, in words: read from the kernel's own trace."""

from __future__ import annotations

import math

from incentive_lab.engine.compile import Compiled
from incentive_lab.engine.program import (
    M_OPERAND,
    MULTIPLIERS,
    O_SLOT,
    OPERANDS,
    R_DRIVER,
    R_MULT,
    RULES,
    SCORE_PARTS,
    TRACE_FIELDS,
)
from incentive_lab.format import percent
from incentive_lab.panel import Floats
from incentive_lab.scheme.rates import Table
from incentive_lab.scheme.rules import Rule
from incentive_lab.scheme.scorecards import ScorecardPart


def scores_told(compiled: Compiled, place: int, rule: Rule, table: Table | None, seen: Floats) -> list[str]:
    """The scores behind a line: that of its table with its parts, then those that multiply it.

    Args:
        compiled: The scheme.
        place: Row of the rule.
        rule: It.
        table: The table that it used.
        seen: The kernel's trace of the line.
    """
    tables, told = compiled.tables, []
    if table is not None and table.by is not None and table.by.scorecard is not None:
        told.append(f"of {_parts(compiled, table.by.scorecard, int(tables[RULES][place, R_DRIVER]), seen)}")
    for number, multiplier in enumerate(rule.multiply, int(tables[RULES][place, R_MULT])):
        by = multiplier.table.by if multiplier.table is not None else None
        name = multiplier.scorecard or (by.scorecard if by is not None else None)
        if name is not None:
            operand = int(tables[MULTIPLIERS][number, M_OPERAND])
            value = float(seen[len(TRACE_FIELDS) + len(tables[SCORE_PARTS]) + operand])
            score = "without a value" if math.isnan(value) else percent(value)
            told.append(f"times scorecard {name.replace('_', ' ')} {score}, of {_parts(compiled, name, operand, seen)}")
    return told


def _parts(compiled: Compiled, name: str, operand: int, seen: Floats) -> str:
    """The attainment of each part of a scorecard, how it counts, and its weight."""
    first = len(TRACE_FIELDS) + int(compiled.tables[OPERANDS][operand, O_SLOT])
    parts = compiled.scheme.scorecards[name].parts.items()
    return " + ".join(_part(measure, part, float(seen[first + at])) for at, (measure, part) in enumerate(parts))


def _part(measure: str, part: ScorecardPart, share: float) -> str:
    name, weight = measure.replace("_", " "), percent(float(part.weight))
    if math.isnan(share):
        return f"{name} without a value x {weight}"
    counted = min(max(share, float(part.at_least)), float(part.at_most)) if share >= float(part.counts_from) else 0.0
    said = f" (counts {percent(counted)})" if counted != share else ""
    return f"{name} {percent(share)}{said} x {weight}"
