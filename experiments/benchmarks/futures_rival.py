"""The projection's model once more in NumPy: whole arrays of partners and scenarios, month by month, with its own draws.

It draws the same laws for the streams, scores and items of one fitted model and knows nothing else: no newcomer's joining
date but what month_rules.yaml looks at, no single deals. What all partners share (market, season, trend) it is given.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from experiments.benchmarks import numpy_rival
from experiments.benchmarks.numpy_rival import MEASURES, Monthly, State
from numpy.typing import NDArray

from incentive_lab.panel import Floats, Panel
from incentive_lab.projection.plan import (
    BLUR,
    COLUMNS,
    DISPERSION,
    DRIFT,
    ITEMS,
    L_OWN,
    L_SEGMENT,
    POOL,
    UNIT,
)
from incentive_lab.projection.world import Chunk, World

BACK = 12
"""Months of history before the horizon that month_rules.yaml looks back at."""
Wholes = NDArray[np.int64]


@dataclass(frozen=True, eq=False)
class Begun:
    """Where scenarios go on from: the last `BACK` months and the state after them.

    Attributes:
        values: Measure -> [BACK, partners]; joined: [partners] counted from the first of those months.
        state: After the last of them.
    """

    values: dict[str, Floats]
    csat: Floats
    joined: Wholes
    state: State


def begun(panel: Panel, past: int) -> Begun:
    """Pay the `past` months of history of a panel."""
    values = {name: np.ascontiguousarray(panel.columns[name][:, :past].T) for name in MEASURES}
    csat = np.ascontiguousarray(panel.columns["csat"][:, :past].T)
    state = State.begun(panel.partners)
    joined = panel.joined.astype(np.int64)
    numpy_rival.pay(Monthly(values, csat, joined), 0, state)
    first = past - BACK
    return Begun({name: each[first:] for name, each in values.items()}, csat[first:], joined - first, state)


def paid(start: Begun, ahead: dict[str, Floats], csat: Floats, begin: Wholes, known: int, count: int) -> Floats:
    """Cents by month of the horizon and scenario, of drawn months [horizon, partners x scenarios], scenarios fastest."""
    lanes = csat.shape[1]
    partners = lanes // count

    def joined_up(before: Floats, after: Floats) -> Floats:
        both = np.empty((BACK + len(after), lanes))
        both[:BACK] = np.repeat(before[:, :partners], count, axis=1)
        both[BACK:] = after
        return both

    values = {name: joined_up(start.values[name], ahead[name]) for name in MEASURES}
    joined = np.repeat(start.joined[:partners], count)
    joined[known * count :] = BACK + begin[known * count :]
    total = numpy_rival.pay(
        Monthly(values, joined_up(start.csat, csat), joined), BACK, start.state.repeated(partners, count)
    )
    return np.asarray(total[BACK:].reshape(len(csat), -1, count).sum(axis=1))


def drawn(world: World, chunk: Chunk, rng: np.random.Generator) -> tuple[dict[str, Floats], Floats, Wholes]:
    """Measures and satisfaction of the horizon [horizon, partners x scenarios] and months of joining, of a model.

    Args:
        world: Its plan holds the model.
        chunk: What partners share; rows that no newcomer takes in it are left out.
        rng: Of the draws.
    """
    plan, model, horizon, scale = world.plan, world.model, world.horizon, chunk.scale
    partners, count = model.known + int(chunk.joiners.max()), chunk.count
    shape = partners, count
    place = np.arange(partners)[:, None] - model.known
    there = np.where(place < 0, rng.random(shape) < plan.alive[:partners, None], place < chunk.joiners)
    starts = np.where(place < 0, 0, rng.integers(0, horizon, shape))
    stays = starts + rng.geometric(world.churn, shape) - 1 if world.churn > 0 else np.full(shape, horizon)
    begin, end = np.where(there | (place < 0), starts, horizon), np.where(there, stays, 0)
    segment = plan.segment[:partners]
    active = [(begin <= m) & (m < end) for m in range(horizon)]
    values = {name: np.zeros((horizon, partners * count)) for name in model.leaves}
    leaves = list(values.values())
    for j in range(len(plan.stream)):
        drift, dispersion, unit = (float(plan.numbers[j, each]) for each in (DRIFT, DISPERSION, UNIT))
        rate = (
            rng.standard_gamma(np.broadcast_to(plan.shape[j][:partners, None], shape)) / plan.rate[j][:partners, None]
        )
        rate *= np.exp(drift * rng.standard_normal(shape) - 0.5 * drift * drift)
        for m in range(horizon):
            mean = rate * scale[j, segment, m] * active[m]
            many = (
                rng.negative_binomial(dispersion, dispersion / (dispersion + mean)) if dispersion else rng.poisson(mean)
            )
            if unit:
                leaves[plan.slots[j, 0]][m] += unit * many.ravel()
            else:
                _items(world, j, many.ravel(), count, rng, [each[m] for each in leaves])
    for row, slot in enumerate(plan.carried):
        for m in range(horizon):
            moved = np.floor(plan.carried_level[row][:partners, None] * scale[0, segment, m] + 0.5)
            leaves[slot][m] = (moved * active[m]).ravel()
    csat = _scores(world, list(model.levels).index("csat"), begin, rng)
    return values, csat, begin.ravel()


def _items(world: World, j: int, many: Wholes, count: int, rng: np.random.Generator, out: list[Floats]) -> None:
    """Add what whole items hold: of the partner's own pool or its segment's, resampled in each scenario, at a size."""
    plan = world.plan
    lanes = np.repeat(np.arange(len(many)), many)
    partner, scenario = lanes // count, lanes % count
    group = plan.segment[partner]
    own = (rng.random(len(lanes)) < plan.own_weight[j, partner]) & (plan.own_count[j, partner] > 0)
    size = np.where(own, plan.own_count[j, partner], plan.segment_count[j, group])
    first = np.where(own, plan.own_first[j, partner], plan.segment_first[j, group])
    place = (rng.random(len(lanes)) * size).astype(np.int64)
    word = (scenario * 0x9E3779B1 + (np.where(own, partner, -1 - group) * 0x85EBCA77 ^ place * 0xC2B2AE3D)).astype(
        np.uint64
    )
    word = (word ^ (word >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    word = (word ^ (word >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    chosen = first + (((word >> np.uint64(32)) * size.astype(np.uint64)) >> np.uint64(32)).astype(np.int64)
    blur = float(plan.numbers[j, BLUR])
    times = np.exp(blur * rng.standard_normal(len(lanes)) - 0.5 * blur * blur)
    columns, items, at = (int(plan.stream[j, each]) for each in (COLUMNS, ITEMS, POOL))
    pool = plan.pool[at : at + items * (columns + 1)].reshape(items, columns + 1)
    for column in range(columns):
        held = pool[chosen, column]
        held = np.floor(held * times + 0.5) if plan.money[j, column] else held
        out[plan.slots[j, column]] += np.bincount(lanes, held, len(many))


def _scores(world: World, j: int, begin: Wholes, rng: np.random.Generator) -> Floats:
    """A score that holds until it changes to a past value of the partner's own, else of its segment."""
    plan, shape = world.plan, begin.shape
    segment = plan.segment[: len(begin)]
    own = np.diff(plan.level_own_first[j])[: len(begin)]
    of_segment = np.diff(plan.level_segment_first[j])[segment]
    size = np.where(own > 0, own, of_segment)[:, None]
    at = np.where(own > 0, plan.level[j, L_OWN] + plan.level_own_first[j, : len(begin)],
                  plan.level[j, L_SEGMENT] + plan.level_segment_first[j, segment])[:, None]  # fmt: skip
    out = np.empty((world.horizon, begin.size))
    held = np.broadcast_to(plan.last[j][: len(begin), None], shape)
    for m in range(world.horizon):
        changes = (rng.random(shape) < plan.change[j]) & (begin <= m) & (size > 0)
        new = plan.level_values[
            np.minimum(at + (rng.random(shape) * size).astype(np.int64), len(plan.level_values) - 1)
        ]
        held = np.where(changes, new, held)
        out[m] = held.ravel()
    return out
