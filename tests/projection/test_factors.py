"""What all partners share: even, of the right law, the same whatever is asked for beside it, and with an honest error."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from scipy.stats import kstest, qmc

from incentive_lab.panel import Floats
from incentive_lab.projection import factors
from incentive_lab.projection.assumptions import BASE, loads
from incentive_lab.projection.factors import DIMENSIONS, REPLICATES, axes_of, path_of, quasi, turned
from incentive_lab.projection.model import Model
from incentive_lab.projection.sobol import Scrambled
from incentive_lab.projection.standard_errors import Figure, chance, mean, quantile
from incentive_lab.projection.world import World

SCENARIOS = 512


def levels(model: Model, seed: int, scenarios: int = SCENARIOS) -> Floats:
    """The market's mean level over a year."""
    return World(model, BASE, 12, seed).chunk(0, scenarios).factors["closed deals"]


def independent(seed: int, first: int, count: int) -> Floats:
    """Coordinates of independent scenarios."""
    return np.random.default_rng([seed, first]).random((count, DIMENSIONS))


def test_each_replicate_is_even_and_scrambled_by_itself() -> None:
    points = quasi(11, 0, 64 * REPLICATES)
    assert ((points > 0) & (points < 1)).all()
    for one in range(REPLICATES):
        mine = points[one::REPLICATES]
        assert (np.sort(np.floor(mine * 64), axis=0) == np.arange(64)[:, None]).all(), "one point in each of 64 strata"
    between = np.corrcoef(points[:, 0].reshape(64, REPLICATES).T)
    assert abs(between[np.triu_indices(REPLICATES, 1)].mean()) < 0.1
    assert (quasi(12, 0, 64) != points[:64]).all()


@pytest.mark.parametrize(("first", "count"), [(0, 64), (7, 90), (2**20 + 3, 40)])
def test_points_are_those_of_scipy(first: int, count: int) -> None:
    theirs = qmc.Sobol(DIMENSIONS, rng=np.random.default_rng(5))
    if first:
        theirs.fast_forward(first)
    expected = theirs.random(count)
    ours = Scrambled(DIMENSIONS, np.random.default_rng(5).spawn(1)[0]).points(first, count)
    assert (ours == expected).all()


def test_a_longer_run_and_other_chunks_meet_the_same_scenarios(model: Model) -> None:
    world = World(model, BASE, 12, 7)
    whole = world.chunk(0, 2100).scale
    for first, count in ((0, 1), (3, 40), (1000, 60), (2047, 53)):
        assert (world.chunk(first, count).scale == whole[..., first : first + count]).all()
    supposed = loads("{assumptions: a, lifts: [{of: lead, change: 10%, error: 5%}]}")
    moved = replace(world, assumptions=supposed).chunk(0, 50).scale
    assert (moved[0] == whole[0, ..., :50]).all(), "what is supposed of activities leaves the market as it was"
    assert (moved[1] != whole[1, ..., :50]).any()


def test_turned_normals_are_normals_and_the_first_moves_the_whole_path() -> None:
    path, weight = path_of(0.7, 0.1, 0.01 * np.arange(1, 13)), np.ones(12)
    axes = axes_of(path, weight, 3)
    assert np.allclose(axes.T @ axes, np.eye(13))
    assert np.allclose(weight @ path @ axes[:, 1:], 0.0), "only the first axis moves the sum"
    drawn = np.random.default_rng(1).normal(size=(20_000, 13))
    assert np.abs(np.cov(turned(drawn, axes).T) - np.eye(13)).max() < 0.05


def test_evenly_drawn_markets_have_the_law_of_independent_ones(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    even = World(model, BASE, 12, 7).chunk(0, 4096)
    monkeypatch.setattr(factors, "quasi", independent)
    free = World(model, BASE, 12, 8).chunk(0, 4096)
    for place in range(len(model.streams)):
        for month in (0, 11):
            assert kstest(even.scale[place, 0, month], free.scale[place, 0, month]).pvalue > 0.001


def test_errors_are_honest_and_far_below_those_of_independent_draws(
    model: Model, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The figures of many seeds: how far they lie apart is what is printed, and a fraction of what plain draws give."""
    usual = float(np.quantile(levels(model, 999), 0.8))
    figures = {"mean": mean, "P95": lambda x: quantile(x, 0.95), "chance": lambda x: chance(x > usual)}

    def found_in(runs: list[Floats]) -> dict[str, list[Figure]]:
        return {name: [one(run) for run in runs] for name, one in figures.items()}

    even = found_in([levels(model, seed) for seed in range(80)])
    monkeypatch.setattr(factors, "quasi", independent)
    free = found_in([levels(model, seed) for seed in range(80)])
    for name in figures:
        apart, plain = (np.std([one.value for one in found[name]]) for found in (even, free))
        for found, true in ((even, apart), (free, plain)):
            printed = np.sqrt(np.mean([one.error**2 for one in found[name]]))
            assert 0.7 < printed / true < 1.5, name
        assert (plain / apart) ** 2 > (15 if name == "mean" else 4), name


def test_what_never_happens_still_has_an_error() -> None:
    assert chance(np.zeros(1000, dtype=bool)).error == pytest.approx(np.sqrt(2) / 1004, rel=0.01)
