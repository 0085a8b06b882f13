"""Answers from scenarios: distributions, chances, drivers and differences, each with its Monte Carlo standard error."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from incentive_lab.format import capital, counted, month_name
from incentive_lab.panel import Floats, month_label
from incentive_lab.projection.factors import REPLICATES
from incentive_lab.projection.running import Outcome, Projection
from incentive_lab.projection.smoothing import smooth
from incentive_lab.projection.standard_errors import Figure, chance, mean, quantile, tail_mean

QUANTILES = (0.05, 0.10, 0.50, 0.90, 0.95)


def distribution(values: Floats, told: Projection | None = None) -> dict[str, float | None]:
    """Mean, spread, quantiles and tail of amounts, with the standard errors of each under `errors`.

    Args:
        values: [scenarios].
        told: The projection whose first scheme they are a total of: what each partner does is averaged out where it can be.
    """
    even = None if told is None else smooth(told, values)
    found = {f"p{round(100 * at):02d}": quantile(values, at) if even is None else even.quantile(at) for at in QUANTILES}
    tail, middle = tail_mean(values) if even is None else even.tail_mean(), mean(values)
    shown: dict[str, Any] = {
        "mean": middle.value, "sd": float(values.std(ddof=1)) if len(values) > 1 else None, "se": middle.error,
        **{name: one.value for name, one in found.items()}, "cvar95": tail.value,
    }  # fmt: skip
    shown["errors"] = {**{name: one.error for name, one in found.items()}, "cvar95": tail.error}
    return shown


def over_budget(outcome: Outcome, minor: int, amount: float | None = None) -> Figure | None:
    """The chance that some programme year asks for more than its budget; None without a budget.

    Args:
        outcome: What a scheme costs in every scenario.
        minor: Minor units in one unit of currency.
        amount: A budget in whole units that takes the place of the scheme's own.
    """
    amount = _budget(outcome, amount)
    return None if amount is None else chance((outcome.demand > amount * minor).any(axis=1))


def _budget(outcome: Outcome, amount: float | None) -> float | None:
    own = outcome.scheme.budget
    return amount if amount is not None or own is None else float(own.amount)


def part_years(told: Projection, amount: float | None = None) -> str | None:
    """What the chance of breaking the budget is of where the horizon holds no whole programme year; None where it does.

    Args:
        told: A projection.
        amount: See `over_budget`.
    """
    years = told.outcome.years
    if _budget(told.outcome, amount) is None or any(months >= 12 for _, months in years):
        return None
    parts = " and ".join(
        f"{counted(months, 'month')} of that from {month_name(month_label(told.first_month + first))}"
        for first, months in years
    )
    # A year can become whole only if its months count from its first on, not from where the scheme comes into force.
    begun = (first + 12 for first, months in years if months == min(first + 12, told.horizon) - first)
    whole = next(begun, years[-1][0] + 24)
    return (f"These {counted(told.horizon, 'month')} hold no whole programme year but {parts}, {'each ' * (len(years) > 1)}held "
            f"against the budget of a whole year. Project {whole} months to hold one whole.")  # fmt: skip


def one_budget(outcome: Outcome) -> float | None:
    """The budget, whole units, where cost to date over the horizon is held against it: it lies in one programme year."""
    budget, years = outcome.scheme.budget, outcome.years
    inside = len(years) == 1 and years[0][1] <= outcome.monthly.shape[1]
    return float(budget.amount) if budget is not None and inside else None


def over(outcome: Outcome, amount: float) -> Figure:
    """The chance that the horizon costs more than an amount in minor units."""
    return chance(outcome.total > amount)


def margin_share(told: Projection) -> Floats | None:
    """[scenarios] margin less incentives as a share of revenue, over the horizon; None where costs are unknown."""
    if told.margin is None:
        return None
    revenue = told.revenue.sum(axis=1)
    left = told.margin.sum(axis=1) - told.outcome.total
    return np.asarray(np.divide(left, revenue, out=np.zeros_like(left), where=revenue > 0))


def below_margin(told: Projection, floor: float) -> Figure | None:
    """The chance that margin less incentives falls below a share of revenue; None where costs are unknown."""
    shares = margin_share(told)
    return None if shares is None else chance(shares < floor)


def discounted(values: Floats, rate: float) -> Floats:
    """[scenarios] present value of monthly amounts, discounted to the start at a yearly rate."""
    factors = (1 + rate) ** (-np.arange(1, values.shape[1] + 1) / 12)
    return np.asarray(values @ factors)


def present_value(told: Projection) -> Figure | None:
    """Net present value of margin less incentives; None where costs of sales are unknown."""
    if told.margin is None:
        return None
    return mean(discounted(told.margin - told.outcome.monthly, float(told.assumptions.discount)))


def break_even_lift(told: Projection) -> Figure | None:
    """The rise in revenue that pays for the scheme (beside the one compared with, if there is one).

    Extra margin a unit of revenue is taken to be the mean one, less what the scheme pays on it. None without margin.
    """
    if told.margin is None or told.revenue.sum() <= 0:
        return None
    cost = told.outcome.total - (told.outcomes[1].total if len(told.outcomes) > 1 else 0.0)
    return _over(cost, told.margin.sum(axis=1) - told.outcome.total)


def anyway_share(told: Projection) -> Figure | None:
    """The share of revenue that may come anyway before the scheme earns nothing: beyond it, the return is below zero."""
    if told.margin is None:
        return None
    margin = told.margin.sum(axis=1)
    return _over(margin - told.outcome.total, margin)


def _over(part: Floats, whole: Floats) -> Figure | None:
    """The mean of one amount over that of another, which futures with next to none of it do not rule; None where it is none."""
    over = float(whole.mean())
    if over <= 0:
        return None
    ratio = float(part.mean()) / over
    error = mean(part - ratio * whole).error
    return Figure(ratio, None if error is None else error / over)


def difference(told: Projection) -> dict[str, Any] | None:
    """The band of the difference of two schemes in the same scenarios; None with one scheme."""
    if len(told.outcomes) < 2:
        return None
    gap = told.outcomes[0].total - told.outcomes[1].total
    shown = distribution(gap)
    apart = float(told.outcomes[0].total.var() + told.outcomes[1].total.var())
    variance, dearer = float(gap.var()), chance(gap > 0)
    return {**shown, "p_dearer": dearer.value, "p_dearer_se": dearer.error,
            "variance_saved": apart / variance if variance > 0 else None}  # fmt: skip


@dataclass(frozen=True)
class Driver:
    """How far cost moves with something: its mean in the scenarios where that is low and where it is high.

    Attributes:
        name: What moves.
        low, high: Mean cost in the lowest and the highest fifth of scenarios by it.
        share: Share of the variance of cost that it explains alone (first-order index).
        error: Standard error of the share, by the jack-knife over replicates.
        low_error, high_error: Standard errors of the means.
    """

    name: str
    low: float
    high: float
    share: float
    error: float
    low_error: float | None = None
    high_error: float | None = None

    @property
    def words(self) -> str:
        """Its name as people read it.

        Example:
            >>> Driver("qualified_lead: how many", 1.0, 2.0, 0.4, 0.1).words
            'Qualified lead (how many)'
        """
        return capital(self.name.replace("_", " ").replace(": how many", " (how many)"))


def drivers(told: Projection, inputs: Sequence[tuple[str, Floats]], cost: Floats | None = None) -> list[Driver]:
    """What moves the cost most, first; or another amount by scenario."""
    cost = told.outcome.total if cost is None else cost
    found, replicate = [], np.arange(len(cost)) % REPLICATES
    for name, values in inputs:
        if len(values) < 50 or values.std() <= 0 or cost.std() <= 0:
            continue
        low, high = np.quantile(values, [0.2, 0.8])
        parts = np.array([first_order(values[replicate != one], cost[replicate != one]) for one in range(REPLICATES)])
        error = float(np.sqrt((REPLICATES - 1) / REPLICATES * ((parts - parts.mean()) ** 2).sum()))
        least, most = mean(cost, values <= low), mean(cost, values >= high)
        found.append(Driver(name, least.value, most.value, first_order(values, cost), error, least.error, most.error))
    return sorted(found, key=lambda one: -abs(one.high - one.low))


def first_order(values: Floats, cost: Floats) -> float:
    """Share of the variance of cost between equal groups of scenarios ordered by an input, less what chance gives.

    Example:
        >>> x = np.arange(1000.0)
        >>> round(first_order(x, x), 1)
        1.0
    """
    groups = max(2, min(20, len(cost) // 25))
    parts = np.array_split(cost[np.argsort(values, kind="stable")], groups)
    between = sum(len(part) * (part.mean() - cost.mean()) ** 2 for part in parts)
    within = sum(((part - part.mean()) ** 2).sum() for part in parts)
    noise = within / max(1, len(cost) - groups) * (groups - 1)
    whole = between + within
    return float(np.clip((between - noise) / whole, 0.0, 1.0)) if whole > 0 else 0.0


def own_inputs(told: Projection) -> list[tuple[str, Floats]]:
    """What differs between scenarios: the level of each stream, revenue, who stays, who rises."""
    return [(f"{name}: how many", values) for name, values in told.factors.items()] + [
        ("Revenue", told.revenue.sum(axis=1)), ("Partners that stay", told.staying),
        ("Partners that rise a tier", told.outcome.higher),
    ]  # fmt: skip


def crps(scenarios: Floats, actual: float) -> float:
    """Continuous ranked probability score of scenarios against what came: lower is better, 0 is perfect.

    Example:
        >>> crps(np.array([5.0, 5.0]), 5.0)
        0.0
    """
    ordered = np.sort(scenarios)
    n = len(ordered)
    spread = float(((2 * np.arange(1, n + 1) - n - 1) * ordered).sum()) / n**2
    return float(np.abs(ordered - actual).mean()) - spread
