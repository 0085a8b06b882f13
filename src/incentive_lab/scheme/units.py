"""What a number of a scheme is measured in, read from the measure it is compared with or multiplied by."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from incentive_lab.scheme import lookup
from incentive_lab.scheme.base import Tunable
from incentive_lab.scheme.document import Scheme, Target
from incentive_lab.scheme.rates import Driver, GridAxis, Multiplier, Step, Table
from incentive_lab.scheme.reference import Reference
from incentive_lab.scheme.rules import Award, Base, Fund, Repay, Rule, Test
from incentive_lab.scheme.scorecards import ScorecardPart
from incentive_lab.scheme.tiers import Level
from incentive_lab.scheme.walk import Node

MeasureUnit = Literal["money", "count", "share", "number"]
Unit = Literal["currency", "share", "count", "months", "number", "factor"]

_AS_UNIT: Mapping[str, Unit] = {"money": "currency", "count": "count", "share": "share", "number": "number"}
# Where sliders look when the unit of a number follows from its measure: (typical, step).
_BORDERS: Mapping[Unit, tuple[tuple[float, float], float]] = {
    "currency": ((0, 500_000), 5_000),
    "count": ((0, 100), 1),
    "share": ((0, 2), 0.05),
    "number": ((0, 10), 0.1),
}
_RATES: Mapping[Unit, tuple[tuple[float, float], float]] = {
    "share": ((0, 0.2), 0.005),
    "currency": ((0, 1_000), 10),
    "factor": ((0, 2), 0.05),
}


def unit_of(scheme: Scheme, name: str) -> MeasureUnit:
    """The unit of a measure; 'number' where the measure is not known (a check says so elsewhere).

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> flat = loads("{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue}]}")
        >>> unit_of(flat, "revenue"), unit_of(flat, "qualified_lead"), unit_of(flat, "revenu")
        ('money', 'count', 'number')
    """
    try:
        return lookup.unit_of(name, scheme.measures)
    except (KeyError, IndexError, RecursionError):
        return "number"


def driver_unit(scheme: Scheme, driver: Driver | None, base: Base | None) -> Unit:
    """The unit of what a table looks at; without a driver, of what the rule pays on."""
    if driver is not None:
        relative = driver.attainment_of or driver.growth_of or driver.scorecard
        return "share" if relative else _AS_UNIT[unit_of(scheme, driver.name)]
    return base_unit(scheme, base)


def base_unit(scheme: Scheme, base: Base | None) -> Unit:
    """The unit of what a rule pays on."""
    if base is None or base.payout_of:
        return "currency"
    return _AS_UNIT[unit_of(scheme, base.measure or base.excess_of or "")]


def _border(scheme: Scheme, node: Node, key: str) -> Unit | None:
    """The unit of a threshold, cut-off or reference; None where it is fixed."""
    rule, part = node.nearest(Rule), node.part
    base = rule.on if rule else None
    if isinstance(part, Step):
        table, axis = node.nearest(Table), node.nearest(GridAxis)
        if table and table.of_target:
            return "share"
        inside = node.nearest(Multiplier) is None
        by = axis.by if axis else table.by if table else None
        return driver_unit(scheme, by, base if inside else None)
    if isinstance(part, Test):
        return _AS_UNIT[unit_of(scheme, node.key)] if part.kind == "value" else "share"
    if isinstance(part, (Level, Repay)) and key != "points":
        return _AS_UNIT[unit_of(scheme, key)]
    if isinstance(part, Award):
        return base_unit(scheme, base)
    if isinstance(part, Target):
        return _AS_UNIT[unit_of(scheme, part.measure)]
    if isinstance(part, Reference):
        return _reference(scheme, node)
    return None


def _reference(scheme: Scheme, node: Node) -> Unit:
    owner = node.parents[-1]
    if isinstance(owner, Driver):
        return _AS_UNIT[unit_of(scheme, owner.name)]
    if isinstance(owner, Multiplier) and owner.attainment_of:
        return _AS_UNIT[unit_of(scheme, owner.attainment_of)]
    if isinstance(owner, (Test, ScorecardPart)):
        return _AS_UNIT[unit_of(scheme, node.segments[-2])]
    rule = node.nearest(Rule)
    return base_unit(scheme, rule.on if rule else None)


def _rate(scheme: Scheme, node: Node) -> Unit:
    """The unit of a rate: a share of money, an amount for each unit of anything else, a factor in a multiplier."""
    if node.nearest(Multiplier) is not None:
        return "factor"
    fund, rule = node.nearest(Fund), node.nearest(Rule)
    if fund is not None:
        if fund.rate is None:
            return "currency"
        return "share" if unit_of(scheme, fund.accrues_on or "") == "money" else "currency"
    unit = base_unit(scheme, rule.on if rule else None)
    return "share" if unit == "currency" else "currency"


def resolved(scheme: Scheme, node: Node, key: str, declaration: Tunable) -> Tunable:
    """A declaration with the unit that the number has at this place, and where sliders look in that unit.

    Args:
        scheme: The scheme.
        node: The part that holds the number.
        key: Its field, or the measure's name in a mapping by measure.
        declaration: What the model declares for every such number.
    """
    if declaration.label == "Rate":
        unit: Unit | None = _rate(scheme, node)
        ranges = _RATES
    elif declaration.label == "Starts at" or (isinstance(node.part, (Target, Reference)) and key == "amount"):
        unit, ranges = _border(scheme, node, key), _BORDERS
    else:
        return declaration
    if unit is None:
        return declaration
    typical, step = ranges.get(unit, (declaration.typical, declaration.step))
    return replace(declaration, unit=unit, typical=typical, step=step)
