"""What revenue is expected to be in each scenario, given what all partners share and before anything of theirs is drawn."""

from __future__ import annotations

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.projection.world import World

AT_ONCE = 1024
"""Scenarios whose shared part is made at once."""


def expected_revenue(world: World, scenarios: int) -> Floats:
    """[scenarios] expected revenue over the horizon, minor units; zeros where no stream of items adds revenue.

    Counts, rates, the resampled pools and the smoothed sizes all have known means, and partners stay by known chances.
    """
    model, plan = world.model, world.plan
    name = model.stream_of.get("revenue")
    if name is None or not len(model.streams[name].pool):
        return np.zeros(scenarios)
    stream, place = model.streams[name], list(model.streams).index(name)
    values = stream.pool[:, list(stream.slots).index(model.leaves.index("revenue"))]
    values = values * (1 + float(world.assumptions.price)) if name.endswith("deals") else values
    sums = np.r_[0.0, np.cumsum(values)]

    def mean_of(first: Floats, many: Floats) -> Floats:
        return np.where(many > 0, (sums[first + many] - sums[first]) / np.maximum(many, 1), 0.0)

    own = np.where(stream.own_count > 0, stream.own_weight, 0.0)
    each = own * mean_of(stream.own_first, stream.own_count)  # type: ignore[arg-type]
    each = each + (1 - own) * mean_of(stream.segment_first, stream.segment_count)[plan.segment]  # type: ignore[arg-type]
    since = np.arange(world.horizon)[None, :] - plan.starts[:, None]
    there = np.where(since >= 0, plan.alive[:, None] * (1 - world.churn) ** (since + 1.0), 0.0)
    by_segment = np.zeros((len(model.segments), world.horizon))
    np.add.at(by_segment, plan.segment, (stream.shape / stream.rate * each)[:, None] * there)
    parts = []
    for first in range(0, scenarios, AT_ONCE):
        scale = world.chunk(first, min(AT_ONCE, scenarios - first)).scale[place]
        parts.append(np.einsum("gm,gms->s", by_segment, scale.astype(np.float64)))
    return np.concatenate(parts)
