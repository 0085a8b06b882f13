"""What a line is made of: the bands of a table that its base fell into, and the step that comes next."""

from __future__ import annotations

import math
from dataclasses import dataclass

from incentive_lab.engine.borders import border_kind
from incentive_lab.engine.compile import Compiled
from incentive_lab.engine.explain import cell_of, in_units, step_words
from incentive_lab.engine.program import (
    E_END,
    F_ABOVE,
    F_COUNT,
    F_EACH_LUMP,
    F_FIRST,
    F_MODE,
    F_NOTHING,
    F_TARGET,
    FORM_ENDS,
    FORMS,
    IN_FULL,
    MARGINAL,
    R_SAME,
    RULES,
    S_FROM,
    S_LOWER,
    S_LUMP,
    S_RATE,
    S_RETRO,
    S_UPPER,
    STEPS,
    TO_END,
    X_BASE,
    X_DRIVER,
    X_EARNED,
    X_FORM,
    X_STEP,
    X_TARGET,
)
from incentive_lab.format import percent
from incentive_lab.panel import Floats
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.rates import Driver, Table
from incentive_lab.scheme.rules import Rule

MILLION = 1_000_000


@dataclass(frozen=True)
class Slice:
    """A band of a table and what it earned.

    Attributes:
        step: Name of the step.
        start: Where the band begins, in whole units of the measure.
        end: Where it ends, None for the last one.
        base: How much fell into it, in whole units.
        rate: A share, or an amount a unit.
        lump: Whole currency units added on reaching it.
        amount: Whole currency units; the slices of a line add up to what its table earned.
    """

    step: str
    start: float
    end: float | None
    base: float
    rate: float
    lump: float
    amount: float


def slices(compiled: Compiled, place: int, table: Table, seen: Floats, scale: int, minor: int) -> tuple[Slice, ...]:
    """The bands of a line whose table pays band by band on its own driver; none for any other line.

    Args:
        compiled: The scheme.
        place: Row of the rule.
        table: The table that it used.
        seen: The kernel's trace of the line.
        scale: Kernel units of the base in a whole unit.
        minor: Minor units in a whole currency unit.
    """
    form, reached, base = int(seen[X_FORM]), step_reached(compiled, seen), float(seen[X_BASE])
    if not _by_band(compiled, place, form) or reached < 0:
        return ()
    mode, first = int(cell_of(compiled, FORMS, form, F_MODE)), int(cell_of(compiled, FORMS, form, F_FIRST))
    each = int(cell_of(compiled, FORMS, form, F_EACH_LUMP)) == 1
    rate_scale = MILLION if scale == minor else minor
    lowest = _retroactive(compiled, first, reached) if mode == MARGINAL else 0
    made, total = [], 0.0
    for step in range(reached + 1):
        lower, upper, rate, lump = (
            cell_of(compiled, STEPS, first + step, column) for column in (S_LOWER, S_UPPER, S_RATE, S_LUMP)
        )
        lower, upper = (_placed(compiled, form, border, seen) for border in (lower, upper))
        lower = 0.0 if step == lowest and lowest > 0 else lower
        inside = base if mode == IN_FULL else min(base, upper) if mode == TO_END else max(0.0, min(base, upper) - lower)
        inside = 0.0 if step < lowest else inside
        lump = lump if each or step == reached else 0.0
        earned = inside * rate + lump * MILLION
        total += earned
        end = None if math.isinf(upper) else round(upper / scale, 6)
        start = 0.0 if mode != MARGINAL else round(lower / scale, 6)
        made.append(Slice(table.steps[step].name, start, end, round(inside / scale, 6), round(rate / rate_scale, 8),
                          round(lump / minor, 6), round(earned / MILLION / minor, 8)))  # fmt: skip
    # Factors, instalments and rates that are rounded first lie between the bands and what was earned.
    return tuple(made) if abs(total - float(seen[X_EARNED])) <= len(made) else ()


def step_reached(compiled: Compiled, seen: Floats) -> int:
    """Place (0-based) of the highest step that the driver of a line reached, -1 for none."""
    form, value = int(seen[X_FORM]), float(seen[X_DRIVER])
    if form < 0 or not _of_target(compiled, form):
        return int(seen[X_STEP])
    first, count, above, nothing = (
        int(cell_of(compiled, FORMS, form, column)) for column in (F_FIRST, F_COUNT, F_ABOVE, F_NOTHING)
    )
    if not seen[X_TARGET] > 0:
        return -1
    if nothing == 1 and value > _placed(compiled, form, cell_of(compiled, FORM_ENDS, form, E_END), seen):
        return -1
    starts = [_placed(compiled, form, cell_of(compiled, STEPS, first + step, S_FROM), seen) for step in range(count)]
    return sum(value > start if above else value >= start for start in starts) - 1


def _of_target(compiled: Compiled, form: int) -> bool:
    return cell_of(compiled, FORMS, form, F_TARGET) >= 0


def _placed(compiled: Compiled, form: int, border: float, seen: Floats) -> float:
    """A border in the kernel's units of the driver, also where it is a share of a target."""
    if math.isinf(border) or not _of_target(compiled, form):
        return border
    return math.floor(border * float(seen[X_TARGET]) / MILLION + 0.5)


def _by_band(compiled: Compiled, place: int, form: int) -> bool:
    if form < 0 or cell_of(compiled, RULES, place, R_SAME) != 1:
        return False
    return int(cell_of(compiled, FORMS, form, F_MODE)) in (MARGINAL, TO_END, IN_FULL)


def _retroactive(compiled: Compiled, first: int, reached: int) -> int:
    """The highest step reached that pays from the first unit on."""
    flagged = [step for step in range(reached + 1) if cell_of(compiled, STEPS, first + step, S_RETRO) == 1]
    return max(flagged, default=0)


def threshold_words(compiled: Compiled, scheme: Scheme, rule: Rule, table: Table, seen: Floats) -> list[str]:
    """The threshold in force and the next one, in words."""
    form, reached, value = int(seen[X_FORM]), step_reached(compiled, seen), float(seen[X_DRIVER])
    if form < 0 or math.isnan(value):
        return []
    first, count = (int(cell_of(compiled, FORMS, form, column)) for column in (F_FIRST, F_COUNT))
    driver = table.by or Driver(measure=rule.on.measure or rule.on.excess_of or "revenue")
    if table.of_target and not seen[X_TARGET] > 0:
        return [f"no target of {driver.name.replace('_', ' ')} is in force"]
    _, kind = border_kind(driver)

    def placed(step: int) -> float:
        return _placed(compiled, form, cell_of(compiled, STEPS, first + step, S_FROM), seen)

    def border(step: int) -> str:
        told = in_units(scheme, driver.name, placed(step), kind)
        return f"{told} ({percent(float(table.steps[step].from_))} of the target)" if table.of_target else told

    said = [f"from {border(reached)} on"] if reached >= 0 else []
    if reached + 1 < count:
        short = placed(reached + 1) - value
        text = f"next is {step_words(table.steps[reached + 1].name)} from {border(reached + 1)}"
        if short > 0 and math.isfinite(short):
            text += f", {in_units(scheme, driver.name, short, kind)} more"
        said.append(text)
    return said
