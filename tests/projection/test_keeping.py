"""Draws that are kept change no result, stay within their memory, and are of one world only."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from incentive_lab.projection.assumptions import BASE, presets
from incentive_lab.projection.keeping import Draws, packed
from incentive_lab.projection.model import Model
from incentive_lab.projection.plan import ONE
from incentive_lab.projection.running import Projection, project
from incentive_lab.projection.world import World
from incentive_lab.scheme.document import Scheme
from tests.projection.conftest import FLAT, GROUPED, TIERED

OUTCOME = ("monthly", "by_rule", "by_tier", "by_segment", "demand", "higher", "partners")


def same(one: Projection, other: Projection) -> bool:
    outcomes = zip(one.outcomes, other.outcomes, strict=True)
    return all(np.array_equal(getattr(a, name), getattr(b, name)) for a, b in outcomes for name in OUTCOME) and all(
        np.array_equal(one.factors[name], other.factors[name]) for name in one.factors
    )


@pytest.mark.parametrize("scheme", [TIERED, GROUPED], ids=lambda one: one.id)
def test_another_scheme_in_a_kept_world_is_paid_the_same(
    model: Model, scheme: Scheme, monkeypatch: pytest.MonkeyPatch
) -> None:
    draws = Draws()
    project(model, FLAT, floor=FLAT, scenarios=20, threads=1, draws=draws)
    if scheme is TIERED:  # what is read of single deals may differ, and then the world is another
        monkeypatch.setattr(World, "draw", None)
    kept = project(model, scheme, floor=FLAT, scenarios=20, threads=1, draws=draws)
    monkeypatch.undo()
    fresh = project(model, scheme, floor=FLAT, scenarios=20, threads=2)
    assert same(kept, fresh)
    assert np.array_equal(kept.revenue, fresh.revenue)
    assert np.array_equal(kept.staying, fresh.staying)


def test_other_seeds_assumptions_and_horizons_are_other_worlds(model: Model) -> None:
    draws = Draws()
    project(model, TIERED, floor=FLAT, scenarios=8, threads=1, draws=draws)
    recession = presets()["recession"]
    for asked in ({"seed": 8}, {"assumptions": recession}, {"horizon": 6}):
        kept = project(model, TIERED, floor=FLAT, scenarios=8, threads=1, draws=draws, **asked)  # type: ignore[arg-type]
        assert same(kept, project(model, TIERED, floor=FLAT, scenarios=8, threads=1, **asked)), asked  # type: ignore[arg-type]
    assert len(draws.shelves) == 4


def test_memory_is_bounded_and_the_oldest_world_goes_first(model: Model) -> None:
    draws = Draws()
    project(model, TIERED, floor=FLAT, scenarios=8, threads=1, draws=draws)
    one = draws.bytes
    assert one > 0
    draws = Draws(int(1.6 * one))
    for seed in (1, 2, 3):
        project(model, TIERED, floor=FLAT, scenarios=8, seed=seed, threads=1, draws=draws)
        assert draws.bytes <= draws.most
    assert [key[3] for key in draws.shelves] == [3]  # type: ignore[index]
    tiny = Draws(1000)
    assert same(
        project(model, TIERED, floor=FLAT, scenarios=8, draws=tiny), project(model, TIERED, floor=FLAT, scenarios=8)
    )
    assert not tiny.shelves


def test_amounts_beyond_32_bits_are_kept_whole(model: Model) -> None:
    world = World(model, BASE, 6, 7)
    drawn = world.draw(world.chunk(0, 3), 0, 2)
    assert packed(drawn).values.dtype == np.int32
    large = replace(drawn, values=drawn.values + 2.0**33)
    for one in (drawn, large, replace(drawn, values=drawn.values + 0.5)):
        for leaf in range(len(model.leaves)):
            assert np.array_equal(packed(one).leaf(leaf), one.values[leaf])
    assert packed(large).values.dtype == np.float64
    assert packed(replace(drawn, values=drawn.values + 0.5)).values.dtype == np.float64


def test_counts_are_kept_in_8_bits_and_scores_in_32_where_that_loses_nothing(model: Model) -> None:
    world = World(model, BASE, 6, 7)
    drawn = world.draw(world.chunk(0, 3), 0, 2)
    one = drawn.values.copy()
    one[0] = ONE * np.arange(one[0].size).reshape(one[0].shape)
    assert packed(replace(drawn, values=one)).where[0] == -1
    one[0, 0, 0] = 256 * ONE
    assert packed(replace(drawn, values=one)).where[0] >= 0
    for score, kept in ((3.08, np.int32), (1 / 3, np.float64), (np.nan, np.float64), (1e9, np.float64)):
        again = packed(replace(drawn, levels=np.full((1, 6, 6), score)))
        assert again.levels.dtype == kept
        assert np.array_equal(again.level(0), np.full((6, 6), score), equal_nan=True)
