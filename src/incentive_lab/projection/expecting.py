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
        mean: [segments, horizon] revenue of partners of history for each unit of level.
        single: [segments, horizon] its variance for each unit of level: that of counts and of what items hold.
        pairs: [segments, horizon, horizon] its variance for each product of the levels of two months: rates, uneven months,
            leaving, and items of one resampled pool, which months and partners share.
        newcomers: What the first 0, 1, 2, ... newcomers add to these.
    """

    place: int
    mean: Floats
    single: Floats
    pairs: Floats
    newcomers: Newcomers


@dataclass(frozen=True, eq=False)
class Newcomers:
    """Moments of revenue of the first n newcomers of a segment, who join in any month alike.

    Attributes:
        there: [horizon] probability that one who joins is there in a month; both: [horizon, horizon] in two of them.
        mean, single: [segments, n] as in `Revenue`, where there.
        apart: [segments, n] variance of rates and sizes, and the square of the mean; uneven: [segments, n] of uneven months.
        square: [segments, n] sum of squares of the means.
        common, own: [segments, n] what is drawn from the segment's pool, and the sum of its squares.
        shared: [segments] covariance of two items of that pool.
        known: [segments, horizon] what partners of history draw from it.
    """

    there: Floats
    both: Floats
    mean: Floats
    single: Floats
    apart: Floats
    uneven: Floats
    square: Floats
    common: Floats
    own: Floats
    shared: Floats
    known: Floats

    def moments(self, level: Floats, joiners: Any) -> tuple[Floats, Floats]:
        """Mean and variance of revenue of so many newcomers [count] at the levels [segments, horizon, count]."""
        here = np.einsum("m,gms->gs", self.there, level)
        mean, common = self.mean[:, joiners], self.common[:, joiners]
        paired = np.einsum("mk,gks->gms", self.both, level, optimize=True)
        variance = self.single[:, joiners] * here + self.apart[:, joiners] * np.einsum("gms,gms->gs", paired, level)
        variance += self.uneven[:, joiners] * np.einsum("m,gms->gs", self.there, level**2)
        variance -= self.square[:, joiners] * here**2
        pooled = 2 * common * here * np.einsum("gm,gms->gs", self.known, level)
        variance += self.shared[:, None] * (pooled + (common**2 - self.own[:, joiners]) * here**2)
        return np.asarray((mean * here).sum(axis=0)), np.asarray(variance.sum(axis=0))


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
        more, around = revenue.newcomers.moments(level, one.joiners)
        expected[some] = np.einsum("gm,gms->s", revenue.mean, level) + more
        paired = np.einsum("gmk,gks->gms", revenue.pairs, level) + revenue.single[:, :, None]
        variance[some] = np.einsum("gms,gms->s", paired, level) + around
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
    months, groups = np.arange(world.horizon), len(model.segments)
    stays = (1 - world.churn) ** (months + 1.0)
    there = plan.alive[: model.known, None] * stays[None, :]
    later = np.maximum.outer(months, months)
    mean, single, pooled = (np.zeros((groups, world.horizon)) for _ in range(3))
    pairs, shared = np.zeros((groups, world.horizon, world.horizon)), np.zeros(groups)
    for at in range(groups):
        rows = np.flatnonzero(group[: model.known] == at)
        here, apart = there[rows], (rate_squared * two)[rows]
        expected, common = (rate * each)[rows, None] * here, (rate * (1 - own))[rows, None] * here
        mean[at], single[at] = expected.sum(axis=0), (rate * squared)[rows] @ here
        both = np.einsum("p,pmk->mk", apart, here[:, later])
        uneven = apart @ here / stream.dispersion if stream.dispersion > 0 else np.zeros(world.horizon)
        pooled[at] = common.sum(axis=0)
        shared[at] = float(their_again[group == at].max(initial=0.0))
        pairs[at] = both + np.diag(uneven) - expected.T @ expected
        pairs[at] += shared[at] * (np.outer(pooled[at], pooled[at]) - common.T @ common)
    fresh = {"mean": rate * each, "single": rate * squared, "apart": rate_squared * two, "square": (rate * each) ** 2,
             "common": rate * (1 - own), "own": (rate * (1 - own)) ** 2}  # fmt: skip
    uneven = fresh["apart"] / stream.dispersion if stream.dispersion > 0 else np.zeros(len(rate))
    sums = {name: _first_ones(one, group, model.known, groups) for name, one in {**fresh, "uneven": uneven}.items()}
    # Who joins in month a is there in month m, if it is not before, with the chance to have stayed m - a + 1 months.
    begun = np.tril(np.ones((world.horizon, world.horizon))) / world.horizon
    since = np.where(begun > 0, stays[np.maximum(np.subtract.outer(months, months), 0)], 0.0) * begun
    upto = np.cumsum(since, axis=1)
    both = upto[later, np.minimum.outer(months, months)]
    newcomers = Newcomers(since.sum(axis=1), both, shared=shared, known=pooled, **sums)
    return Revenue(place, mean, single, pairs, newcomers)


def _first_ones(values: Floats, group: Any, known: int, groups: int) -> Floats:
    """[segments, newcomers + 1] sums over the first 0, 1, 2, ... newcomers that are of each segment."""
    mine = group[None, known:] == np.arange(groups)[:, None]
    return np.hstack([np.zeros((groups, 1)), np.cumsum(values[known:] * mine, axis=1)])


def _moments(values: Floats, first: Any, many: Any) -> tuple[Floats, Floats, Floats]:
    """Mean and mean square of the items of each pool, and the covariance of two items of it once it is resampled."""
    sums, squares = np.r_[0.0, np.cumsum(values)], np.r_[0.0, np.cumsum(values**2)]
    size = np.maximum(many, 1)
    mean, square = (sums[first + many] - sums[first]) / size, (squares[first + many] - squares[first]) / size
    return mean, square, np.maximum(square - mean**2, 0.0) / size
