"""What one deal of a rule per deal sees: tests, multipliers and gates by its own numbers or the month's."""

from __future__ import annotations

import math

import numpy as np

from incentive_lab.engine.numeric import MILLION, cell, half_away, jit, number, rows
from incentive_lab.engine.operands import compared, holds, operand, reference_lanes
from incentive_lab.engine.program import (
    GATE_RULE,
    GATES,
    GATES_F,
    M_OPERAND,
    MULTIPLIERS,
    NEW_ZERO,
    O_DEAL,
    O_DEAL2,
    O_KIND,
    O_REF,
    O_SLOT,
    OPERANDS,
    Q_NEW,
    R_MULT,
    R_MULTS,
    R_REQUIRE,
    R_REQUIRES,
    RATIO,
    REFERENCES,
    RULES,
    SUM,
    T_ACTS_MISSING,
    T_ANY,
    T_COUNT,
    T_FIRST,
    TESTS,
    TESTS_F,
)
from incentive_lab.engine.rule_month import multiplier_factor


@jit
def look(P, H, o, m, clip, out, lanes):  # type: ignore[no-untyped-def]
    """Fill what `seen` needs of operand o at month m: its value, or what a deal's own value is compared with."""
    if cell(P, OPERANDS, o, O_DEAL) < 0:
        operand(P, H, o, m, clip, out, lanes, -1)
    elif cell(P, OPERANDS, o, O_REF) >= 0:
        reference_lanes(P, H, cell(P, OPERANDS, o, O_REF), m, m, m + 1, 1, cell(P, OPERANDS, o, O_SLOT), out, lanes)


@jit
def seen_by(P, H, o, deal, looked):  # type: ignore[no-untyped-def]
    """Operand o as one deal sees it: the deal's own number, or the month's."""
    slot = cell(P, OPERANDS, o, O_DEAL)
    if slot < 0:
        return looked
    kind, own = cell(P, OPERANDS, o, O_KIND), H.deal_values[slot, deal]
    if kind == SUM:
        return own
    if kind == RATIO:
        below = H.deal_values[cell(P, OPERANDS, o, O_DEAL2), deal]
        return own / below if below != 0 else math.nan
    return compared(kind, own, looked, cell(P, REFERENCES, cell(P, OPERANDS, o, O_REF), Q_NEW) == NEW_ZERO)


@jit
def test_hits(P, t, value, missing):  # type: ignore[no-untyped-def]
    """Whether test t holds; `missing` where there is no value."""
    if value != value:
        return missing
    below, above = number(P, TESTS_F, t, 0), number(P, TESTS_F, t, 1)
    return holds(below, above, number(P, TESTS_F, t, 2), number(P, TESTS_F, t, 3), value)


@jit
def operands_of(P, r):  # type: ignore[no-untyped-def]
    """Rows of the operands that rule r's requirements, multipliers and gates look at, in that order."""
    found = np.empty(rows(P, TESTS) + rows(P, MULTIPLIERS), dtype=np.int64)
    count = 0
    first = cell(P, RULES, r, R_REQUIRE)
    for t in range(first, first + cell(P, RULES, r, R_REQUIRES)):
        found[count] = cell(P, TESTS, t, 0)
        count += 1
    first = cell(P, RULES, r, R_MULT)
    for row in range(first, first + cell(P, RULES, r, R_MULTS)):
        found[count] = cell(P, MULTIPLIERS, row, M_OPERAND)
        count += 1
    for g in range(rows(P, GATE_RULE)):
        if cell(P, GATE_RULE, g, r) == 1:
            first = cell(P, GATES, g, T_FIRST)
            for t in range(first, first + cell(P, GATES, g, T_COUNT)):
                found[count] = cell(P, TESTS, t, 0)
                count += 1
    return found[:count]


@jit
def deal_factors(P, H, r, lane, deal, looked, amount):  # type: ignore[no-untyped-def]
    """One deal's amount after requirements, multipliers and gates; `looked` is in the order of `operands_of`."""
    at = 0
    open_ = True
    first = cell(P, RULES, r, R_REQUIRE)
    for t in range(first, first + cell(P, RULES, r, R_REQUIRES)):
        if not test_hits(P, t, seen_by(P, H, cell(P, TESTS, t, 0), deal, looked[at, lane]), False):
            open_ = False
        at += 1
    first = cell(P, RULES, r, R_MULT)
    for row in range(first, first + cell(P, RULES, r, R_MULTS)):
        value = seen_by(P, H, cell(P, MULTIPLIERS, row, M_OPERAND), deal, looked[at, lane])
        amount = half_away(amount * multiplier_factor(P, row, value, math.nan) / MILLION)
        at += 1
    factor = MILLION
    for g in range(rows(P, GATE_RULE)):
        if cell(P, GATE_RULE, g, r) == 1:
            any_of, missing = cell(P, GATES, g, T_ANY) == 1, cell(P, GATES, g, T_ACTS_MISSING) == 1
            acts = not any_of
            first = cell(P, GATES, g, T_FIRST)
            for t in range(first, first + cell(P, GATES, g, T_COUNT)):
                hit = test_hits(P, t, seen_by(P, H, cell(P, TESTS, t, 0), deal, looked[at, lane]), missing)
                acts = (acts or hit) if any_of else (acts and hit)
                at += 1
            if acts:
                factor = half_away(factor * number(P, GATES_F, g, 0) / MILLION)
    return half_away(amount * factor / MILLION) if open_ else 0.0
