"""What to accrue month by month: statements to date, the tiers reached inside open periods, the tiers expected."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.projection.chunks import LANES, TOGETHER
from incentive_lab.projection.paying import Payer
from incentive_lab.projection.plan import E_MONTH
from incentive_lab.projection.running import Projection
from incentive_lab.projection.smoothing import smooth
from incentive_lab.projection.space import Space
from incentive_lab.projection.spans import Paid
from incentive_lab.projection.standard_errors import Figure, mean, quantile, spread_of_mean
from incentive_lab.projection.world import Drawn, Room

FEW = 128
"""Scenarios in which open periods are paid to date, once for each month."""
AT_ONCE, NARROW = 3, 1024
"""Months that are paid to date from the same draws, and lanes of a block of them: each month has arrays of its own."""


@dataclass(frozen=True)
class Accrual:
    """What stands in the books after a month, in minor units, to date from the first month projected.

    Attributes:
        settled: What statements have told by then.
        p10, p90: Its band.
        reached: What would be owed if history ended with the month: settled, and periods under way at the tiers reached.
        expected: Earned to date at what the programme year is expected to cost a unit of revenue: what to accrue.
        catch_up: What tiers still expected add: expected less reached.
    """

    settled: Figure
    p10: Figure
    p90: Figure
    reached: Figure
    expected: Figure
    catch_up: Figure


def accrual(told: Projection) -> list[Accrual]:
    """Cost to date by month as statements tell it, at the tiers reached, and at the tiers expected.

    Expected is worked out by programme year: what the year is expected to cost in the horizon, times the share of its
    expected revenue that has come by the month; without revenue it grows evenly. So nothing is left to catch up when a year
    ends. What periods under way add is paid in the first scenarios and added to the mean of all.
    """
    cost, open_ = np.cumsum(told.outcome.monthly, axis=1), under_way(told)
    found = []
    for month in range(told.horizon):
        settled = mean(cost[:, month])
        under = mean(open_[:, month])
        reached = Figure(settled.value + under.value, _both(settled, under))
        value, moved = _expected(told, cost, month)
        rest = spread_of_mean(moved - cost[:, month])
        catch_up = Figure(value - reached.value, _both(Figure(0.0, rest), under))
        # The last month ends the horizon: its band is that of the total.
        even = smooth(told, cost[:, month]) if month == told.horizon - 1 else None
        low, high = (quantile(cost[:, month], at) if even is None else even.quantile(at) for at in (0.1, 0.9))
        found.append(Accrual(
            settled, low, high, reached,
            Figure(value, spread_of_mean(moved)), catch_up,
        ))  # fmt: skip
    return found


def _expected(told: Projection, cost: Floats, month: int) -> tuple[float, Floats]:
    """What is earned by the end of a month, and [scenarios] amounts whose mean has the same error of first order."""
    first, last = _year(told, month)
    before = cost[:, first - 1] if first else np.zeros(len(cost))
    whole = cost[:, last] - before
    sold = told.revenue[:, first : last + 1].sum(axis=1)
    come = told.revenue[:, first : month + 1].sum(axis=1)
    all_sold = float(sold.mean())
    share = float(come.mean()) / all_sold if all_sold > 0 else (month - first + 1) / (last - first + 1)
    moved = before + whole * share
    if all_sold > 0:
        moved = moved + whole.mean() * (come - share * sold) / all_sold
    return float(before.mean() + whole.mean() * share), moved


def _year(told: Projection, month: int) -> tuple[int, int]:
    """First and last month of the horizon in the programme year of one of them."""
    starts = told.outcome.scheme.year_starts - 1
    place = (told.first_month + month - starts) % 12
    return max(0, month - place), min(told.horizon - 1, month - place + 11)


def under_way(told: Projection) -> Floats:
    """[scenarios kept, horizon] what periods under way at the end of each month would owe if history ended there."""
    rows, count = told.model.panel.partners, min(told.scenarios, FEW)
    payer = told.payer(told.horizon)
    if payer.replayed:  # which takes long
        count = min(count, max(1, LANES // rows))
    elif payer.together:
        count = min(count, max(1, TOGETHER // rows))
    size = rows if payer.together else max(1, NARROW // count)
    ends = range(1, told.horizon + 1)
    to_date = np.concatenate(
        [_to_date(told, ends[at : at + AT_ONCE], count, size) for at in range(0, len(ends), AT_ONCE)]
    )
    return np.asarray(to_date.T - np.cumsum(told.outcome.monthly[:count], axis=1))


def _to_date(told: Projection, ends: Sequence[int], count: int, size: int) -> Floats:
    """[ends, count] what is paid over the horizon if it has so many months; `size` partners of a block."""
    rows, payers = told.model.panel.partners, [told.payer(months) for months in ends]
    chunk, room, space = told.world.chunk(0, count), Room(told.model, told.horizon, size * count), Space()
    paid = [one.begun(count, 0) for one in payers]
    for low in range(0, rows, size):
        drawn = told.world.draw(chunk, low, min(rows, low + size), room)
        for payer, into in zip(payers, paid, strict=True):
            mine = _until(drawn, payer.horizon)
            if payer.replayed:
                payer.pay_together(mine, into)
            else:
                payer.add(mine, into, space)
    return np.stack([_cost(payer, into) for payer, into in zip(payers, paid, strict=True)])


def _cost(payer: Payer, paid: Paid) -> Floats:
    return np.asarray(payer.cost(paid).monthly.sum(axis=1))


def _until(drawn: Drawn, months: int) -> Drawn:
    """The first months of a drawn block."""
    return replace(
        drawn, values=np.ascontiguousarray(drawn.values[:, :months]), levels=np.ascontiguousarray(drawn.levels[:, :months]),
        items=drawn.items[drawn.items[:, E_MONTH] < months],
    )  # fmt: skip


def _both(one: Figure, other: Figure) -> float | None:
    """The error of a sum of two figures, as if they were independent."""
    return None if one.error is None or other.error is None else float(np.hypot(one.error, other.error))
