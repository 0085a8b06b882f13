"""What all partners share in each scenario, and the mean and variance of revenue then, before anything of theirs is drawn."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.projection.world import World

AT_ONCE = 1024
"""Scenarios whose shared part is made at once."""
BEYOND, MOST = 8, 32_768
"""How many times as many scenarios have their shared part made as are drawn, and up to how many."""


@dataclass(frozen=True, eq=False)
class Shared:
    """What all partners share in the scenarios that are drawn and in those after them.

    Attributes:
        expected: [scenarios] revenue that is expected over the horizon, minor units; zeros where nothing adds revenue.
        variance: [scenarios] of revenue around it.
        factors: Stream, or stream of a segment -> [scenarios] its mean level over the horizon.
    """

    expected: Floats
    variance: Floats
    factors: Mapping[str, Floats]


@dataclass(frozen=True, eq=False)
class Revenue:
    """Moments of revenue by the levels of its stream, which are [segments, horizon].

    Attributes:
        place: Of the stream that adds revenue.
        mean: [segments, horizon] revenue for each unit of level.
        single: [segments, horizon] its variance for each unit of level: that of counts and of what items hold.
        pairs: [segments, horizon, horizon] its variance for each product of the levels of two months: rates, uneven months,
            leaving, and items of one resampled pool, which months and partners share.
    """

    place: int
    mean: Floats
    single: Floats
    pairs: Floats


def shared_part(world: World, drawn: int) -> Shared:
    """What is shared in the scenarios that are drawn, and in as many after them as cost little: nobody is drawn in those."""
    scenarios, revenue = max(drawn, min(BEYOND * drawn, MOST)), revenue_of(world)
    factors: dict[str, list[Floats]] = {}
    expected, variance = np.zeros(scenarios), np.zeros(scenarios)
    for first in range(0, scenarios, AT_ONCE):
        some = slice(first, min(scenarios, first + AT_ONCE))
        one = world.chunk(first, some.stop - first)
        for name, level in one.factors.items():
            factors.setdefault(name, []).append(level)
        if revenue is None:
            continue
        level = one.scale[revenue.place].astype(np.float64)
        expected[some] = np.einsum("gm,gms->s", revenue.mean, level)
        paired = np.einsum("gmk,gks->gms", revenue.pairs, level) + revenue.single[:, :, None]
        variance[some] = np.einsum("gms,gms->s", paired, level)
    return Shared(expected, variance, {name: np.concatenate(levels) for name, levels in factors.items()})


def revenue_of(world: World) -> Revenue | None:
    """The moments of revenue given what is shared; None where no stream of items adds revenue.

    Counts, rates, the resampled pools and the smoothed sizes all have known means and variances, and partners stay by known
    chances.
    """
    model, plan = world.model, world.plan
    name = model.stream_of.get("revenue")
    if name is None or not len(model.streams[name].pool):
        return None
    stream, place = model.streams[name], list(model.streams).index(name)
    values = stream.pool[:, list(stream.slots).index(model.leaves.index("revenue"))]
    values = values * (1 + float(world.assumptions.price)) if name.endswith("deals") else values
    group = plan.segment
    own = np.where(stream.own_count > 0, stream.own_weight, 0.0)
    mine, square, again = _moments(values, stream.own_first, stream.own_count)
    theirs, their_square, their_again = (
        one[group] for one in _moments(values, stream.segment_first, stream.segment_count)
    )
    each = own * mine + (1 - own) * theirs
    squared = (own * square + (1 - own) * their_square) * np.exp(stream.blur**2)
    two = each**2 + own**2 * again + (1 - own) ** 2 * their_again
    rate = stream.shape / stream.rate
    rate_squared = rate**2 * (1 + 1 / np.maximum(stream.shape, 1e-9)) * np.exp(stream.drift**2)
    months = np.arange(world.horizon)
    since = months[None, :] - plan.starts[:, None]
    there = np.where(since >= 0, plan.alive[:, None] * (1 - world.churn) ** (since + 1.0), 0.0)
    later, begun = np.maximum.outer(months, months), since >= 0
    mean, single = np.zeros((len(model.segments), world.horizon)), np.zeros((len(model.segments), world.horizon))
    pairs = np.zeros((len(model.segments), world.horizon, world.horizon))
    for at in range(len(model.segments)):
        rows = np.flatnonzero(group == at)
        here, apart = there[rows], (rate_squared * two)[rows]
        expected, common = (rate * each)[rows, None] * here, (rate * (1 - own))[rows, None] * here
        mean[at], single[at] = expected.sum(axis=0), (rate * squared)[rows] @ here
        both = np.einsum("p,pmk,pm,pk->mk", apart, here[:, later], begun[rows].astype(float), begun[rows].astype(float))
        uneven = apart @ here / stream.dispersion if stream.dispersion > 0 else np.zeros(world.horizon)
        whole = common.sum(axis=0)
        same = float(their_again[rows[0]]) if len(rows) else 0.0
        pairs[at] = both + np.diag(uneven) - expected.T @ expected + same * (np.outer(whole, whole) - common.T @ common)
    return Revenue(place, mean, single, pairs)


def _moments(values: Floats, first: Any, many: Any) -> tuple[Floats, Floats, Floats]:
    """Mean and mean square of the items of each pool, and the covariance of two items of it once it is resampled."""
    sums, squares = np.r_[0.0, np.cumsum(values)], np.r_[0.0, np.cumsum(values**2)]
    size = np.maximum(many, 1)
    mean, square = (sums[first + many] - sums[first]) / size, (squares[first + many] - squares[first]) / size
    return mean, square, np.maximum(square - mean**2, 0.0) / size
