"""Where the cost goes and when it is owed: by line, segment, tier and partner, and what to accrue month by month."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.projection.running import Projection
from incentive_lab.projection.standard_errors import Figure, mean, quantile, spread_of_mean

PARTNERS = 50
"""Partners that are told one by one, those that are paid most first."""


@dataclass(frozen=True)
class Band:
    """One part of the cost: its mean and the tenths at either end, minor units."""

    name: str
    mean: Figure
    p10: Figure
    p50: Figure
    p90: Figure


def bands(names: Sequence[str], values: Floats) -> list[Band]:
    """The band of each part that costs anything in any future.

    Args:
        names: Of the parts.
        values: [scenarios, parts].

    Example:
        >>> [(one.name, one.mean.value) for one in bands(["a", "b"], np.array([[1.0, 0.0], [3.0, 0.0]]))]
        [('a', 2.0)]
    """
    return [
        Band(name, mean(column), *(quantile(column, at) for at in (0.1, 0.5, 0.9)))
        for name, column in zip(names, values.T, strict=True) if column.any()
    ]  # fmt: skip


def partner_bands(told: Projection) -> list[Band]:
    """The bands of the partners that are paid most, from the first futures, of which each partner's amount is kept."""
    paid = told.outcome.partners
    chosen = np.argsort(-paid.mean(axis=0), kind="stable")[:PARTNERS]
    return bands([told.model.panel.partner_ids[row] for row in chosen], paid[:, chosen])


@dataclass(frozen=True)
class Accrual:
    """What stands in the books after a month, in minor units.

    Attributes:
        settled: What statements have told by then, at the tiers reached.
        p10, p90: Its band.
        expected: Earned to date at what the whole horizon is expected to cost a unit of revenue: what to accrue.
        catch_up: What periods not settled yet and tiers still expected add: expected less settled.
    """

    settled: Figure
    p10: Figure
    p90: Figure
    expected: Figure
    catch_up: Figure


def accrual(told: Projection) -> list[Accrual]:
    """Cost to date by month as statements tell it at the tiers reached, and at the tiers expected at the end.

    Expected is the mean cost of the horizon times the share of its mean revenue that has come by then; without revenue it
    grows evenly. The error of that product is of first order.
    """
    cost, revenue = np.cumsum(told.outcome.monthly, axis=1), np.cumsum(told.revenue, axis=1)
    whole, sold = cost[:, -1], float(revenue[:, -1].mean())
    found = []
    for month in range(told.horizon):
        share = float(revenue[:, month].mean()) / sold if sold > 0 else (month + 1) / told.horizon
        moved = whole * share
        if sold > 0:
            moved = moved + whole.mean() * (revenue[:, month] - share * revenue[:, -1]) / sold
        expected = Figure(float(whole.mean()) * share, spread_of_mean(moved))
        settled = mean(cost[:, month])
        found.append(Accrual(
            settled, quantile(cost[:, month], 0.1), quantile(cost[:, month], 0.9), expected,
            Figure(expected.value - settled.value, spread_of_mean(moved - cost[:, month])),
        ))  # fmt: skip
    return found
