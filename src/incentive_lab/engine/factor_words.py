"""Which row and column of a grid a line used, and what multiplied it, in words: read from the kernel's own trace."""

from __future__ import annotations

import math

from incentive_lab.engine.compile import Compiled
from incentive_lab.engine.explain import cell_of, driver_words, step_words
from incentive_lab.engine.program import (
    F_ABOVE,
    F_COUNT,
    F_EXTRAPOLATE,
    F_FIRST,
    F_MODE,
    F_TARGET,
    FORMS,
    G_COLUMN_FORM,
    G_COLUMN_OPERAND,
    G_ROW_FORM,
    G_ROW_OPERAND,
    GRIDS,
    INTERPOLATED_RATE,
    M_FORM,
    M_OPERAND,
    MULTIPLIERS,
    R_GRID,
    R_MULT,
    RULES,
    S_END,
    S_FROM,
    S_RATE,
    S_RATE_TO,
    SCORE_PARTS,
    STEPS,
    TRACE_FIELDS,
)
from incentive_lab.format import count, each, percent
from incentive_lab.panel import Floats
from incentive_lab.scheme.lookup import unit_of
from incentive_lab.scheme.rates import Driver, Multiplier
from incentive_lab.scheme.rules import Rule


def cell_told(compiled: Compiled, rule: Rule, seen: Floats, minor: int) -> list[str]:
    """The row and the column of a grid that a line reached, and the rate where they meet.

    Args:
        compiled: The scheme.
        rule: The rule, with a grid.
        seen: The kernel's trace of the line.
        minor: Minor units in a whole currency unit.
    """
    grid = rule.rate.grid
    if grid is None:
        return []
    place = int(cell_of(compiled, RULES, compiled.scheme.rules.index(rule), R_GRID))
    told, names = [], []
    for what, axis, operand, form in (
        ("row", grid.rows, G_ROW_OPERAND, G_ROW_FORM), ("column", grid.columns, G_COLUMN_OPERAND, G_COLUMN_FORM),
    ):  # fmt: skip
        value = _looked(compiled, seen, int(cell_of(compiled, GRIDS, place, operand)))
        reached = _reached(compiled, int(cell_of(compiled, GRIDS, place, form)), value)
        name = axis.steps[reached].name if reached >= 0 else ""
        names.append(name)
        driver = driver_words(compiled.scheme, rule, axis.by, axis.over, value, math.nan)
        told.append(
            f"{driver}: {what} {step_words(name).removeprefix('step ')}" if name else f"{driver}: no {what} reached"
        )
    if all(names):
        rate = float(grid.rates[names[0]][names[1]])
        of = rule.on.measure or rule.on.excess_of or ""
        by_share = bool(rule.on.payout_of) or unit_of(of, compiled.scheme.measures) == "money"
        told.append(f"at {percent(rate, 4)}" if by_share else f"at {each(rate, compiled.scheme.currency)} each")
    return told


def factors_told(compiled: Compiled, rule: Rule, seen: Floats) -> list[str]:
    """What a line was multiplied by, other than a score, in order.

    Args:
        compiled: The scheme.
        rule: The rule.
        seen: The kernel's trace of the line.
    """
    first = int(cell_of(compiled, RULES, compiled.scheme.rules.index(rule), R_MULT))
    told = []
    for number, multiplier in enumerate(rule.multiply, first):
        by = multiplier.table.by if multiplier.table is not None else None
        if multiplier.scorecard or (by is not None and by.scorecard):
            continue
        value = _looked(compiled, seen, int(cell_of(compiled, MULTIPLIERS, number, M_OPERAND)))
        if multiplier.table is None:
            told.append(_attained(compiled, rule, multiplier, value))
            continue
        factor = _factor(compiled, int(cell_of(compiled, MULTIPLIERS, number, M_FORM)), value)
        times = "multiplied" if factor is None else f"times {count(round(factor, 6))}"
        told.append(f"{times} for {driver_words(compiled.scheme, rule, by, multiplier.table.over, value, math.nan)}")
    return told


def _looked(compiled: Compiled, seen: Floats, operand: int) -> float:
    return float(seen[len(TRACE_FIELDS) + len(compiled.tables[SCORE_PARTS]) + operand])


def _attained(compiled: Compiled, rule: Rule, multiplier: Multiplier, value: float) -> str:
    driver = Driver(attainment_of=multiplier.attainment_of, against=multiplier.against)
    said = f"times {driver_words(compiled.scheme, rule, driver, multiplier.over, value, math.nan)}"
    if math.isnan(value):
        return said
    counted = min(max(value, float(multiplier.at_least)), float(multiplier.at_most))
    return said if counted == value else f"{said}, counted as {percent(counted)}"


def _reached(compiled: Compiled, form: int, value: float) -> int:
    """Place of the highest step that a value reaches, -1 for none."""
    first, steps, above = (int(cell_of(compiled, FORMS, form, column)) for column in (F_FIRST, F_COUNT, F_ABOVE))
    starts = [cell_of(compiled, STEPS, first + step, S_FROM) for step in range(steps)]
    return sum(value > start if above else value >= start for start in starts) - 1


def _factor(compiled: Compiled, form: int, value: float) -> float | None:
    """What a table of factors gives at a value; None where it is not told in a word, of a target or beyond its ends."""
    mode, target, further = (int(cell_of(compiled, FORMS, form, one)) for one in (F_MODE, F_TARGET, F_EXTRAPOLATE))
    if math.isnan(value) or target >= 0 or further:
        return None
    first, steps = (int(cell_of(compiled, FORMS, form, column)) for column in (F_FIRST, F_COUNT))
    reached = _reached(compiled, form, value)
    if reached < 0:
        return 0.0
    start, rate, rate_to, end = (
        cell_of(compiled, STEPS, first + reached, column) for column in (S_FROM, S_RATE, S_RATE_TO, S_END)
    )
    if mode == INTERPOLATED_RATE and math.isnan(rate_to) and reached + 1 < steps:
        end, rate_to = (cell_of(compiled, STEPS, first + reached + 1, column) for column in (S_FROM, S_RATE))
    if mode == INTERPOLATED_RATE and not math.isnan(rate_to) and math.isfinite(end):
        rate += (rate_to - rate) * min(1.0, (value - start) / (end - start))
    return rate / 1_000_000
