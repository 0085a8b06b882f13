"""Rates as they are paid: as written, times the factor that the mix dial solved for the rule's group."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.rates import Grid, Rate, Step, Table
from incentive_lab.scheme.rules import Rule


def mix_factor(scheme: Scheme, rule: Rule) -> Decimal:
    """What every rate of the rule is multiplied by; 1 without a solved mix.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = '''{scheme: a, currency: USD, effective: {from: 2024-01-01},
        ...     mix: {behavioural: 0.8, factors: {behavioural: 1.25, transactional: 0.5}},
        ...     rules: [{id: leads, group: behavioural, on: qualified_lead, rate: 40}]}'''
        >>> scheme = loads(text)
        >>> mix_factor(scheme, scheme.rules[0])
        Decimal('1.25')
    """
    if scheme.mix is None or scheme.mix.factors is None:
        return Decimal(1)
    factors = scheme.mix.factors
    return factors.behavioural if rule.group == "behavioural" else factors.transactional


def paid_millionths(rate: Decimal, factor: Decimal) -> Decimal:
    """A rate times the factor of its group as whole millionths, which is what is paid.

    Example:
        >>> paid_millionths(Decimal(350), Decimal("1.280293")), paid_millionths(Decimal("0.0025"), Decimal("1.2803"))
        (Decimal('448102550'), Decimal('3201'))
    """
    return _whole(_whole(rate * 1_000_000) * factor)


def _whole(value: Decimal) -> Decimal:
    return value.quantize(Decimal(1), rounding=ROUND_HALF_UP)


def as_paid(scheme: Scheme, rule: Rule) -> Rule:
    """The rule with its rates as they are paid, to the millionth, and its lump sums; its borders, limits and prizes stay."""
    factor = mix_factor(scheme, rule)
    return rule if factor == 1 else rule.model_copy(update={"rate": _times(rule.rate, factor)})


def _times(rate: Rate, factor: Decimal) -> Rate:
    changed: dict[str, object] = {}
    if rate.plain is not None:
        changed["plain"] = _rate_times(rate.plain, factor)
    if rate.table is not None:
        changed["table"] = _table_times(rate.table, factor)
    if rate.grid is not None:
        changed["grid"] = _grid_times(rate.grid, factor)
    choice = rate.choice()
    if choice is not None:
        changed[f"by_{choice[0]}"] = {value: _times(one, factor) for value, one in choice[1].items()}
    if rate.otherwise is not None:
        changed["otherwise"] = _times(rate.otherwise, factor)
    return rate.model_copy(update=changed)


def _rate_times(rate: Decimal, factor: Decimal) -> Decimal:
    return paid_millionths(rate, factor).scaleb(-6).normalize()


def _table_times(table: Table, factor: Decimal) -> Table:
    return table.model_copy(update={"steps": tuple(_step_times(step, factor) for step in table.steps)})


def _step_times(step: Step, factor: Decimal) -> Step:
    rates = {
        name: None if value is None else _rate_times(value, factor)
        for name, value in (("rate", step.rate), ("rate_to", step.rate_to))
    }
    return step.model_copy(update={**rates, "lump": None if step.lump is None else step.lump * factor})


def _grid_times(grid: Grid, factor: Decimal) -> Grid:
    rates = {
        row: {column: _rate_times(rate, factor) for column, rate in rates.items()} for row, rates in grid.rates.items()
    }
    return grid.model_copy(update={"rates": rates})
