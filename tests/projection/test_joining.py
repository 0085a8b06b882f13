"""Newcomers: as many as history says, as unsure as it leaves the rate, however many that are."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from incentive_lab.projection import assumptions
from incentive_lab.projection.assumptions import BASE
from incentive_lab.projection.joining import Joining
from incentive_lab.projection.model import Model, fit, roomy
from incentive_lab.projection.past import Past
from incentive_lab.projection.running import project
from incentive_lab.projection.standard_errors import mean
from incentive_lab.projection.world import NEWCOMERS, World
from tests.projection.conftest import FLAT, made_past

JOINED = 240
"""More than a fixed room of 200 held."""


@pytest.fixture(scope="module")
def growing() -> Past:
    """600 partners, 240 of whom joined in the last twelve months, evenly."""
    past = made_past(600, 24, rate=0.4)
    joined = np.full(600, -100_000)
    joined[-JOINED:] = 12 + np.arange(JOINED) % 12
    there = np.arange(24)[None, :] >= joined[:, None]
    items = past.items["closed_on"]
    kept = there[items.partner, items.month]
    deals = replace(
        items, partner=items.partner[kept], month=items.month[kept], day=items.day[kept], deal_id=items.deal_id[kept],
        line=items.line[kept], values={name: values[kept] for name, values in items.values.items()},
    )  # fmt: skip
    columns = {name: values * there for name, values in past.panel.columns.items()}
    return replace(
        past, panel=replace(past.panel, joined=joined.astype(np.int32), columns=columns), items={"closed_on": deals}
    )


@pytest.fixture(scope="module")
def fitted(growing: Past) -> Model:
    return fit(growing)


def test_the_count_has_the_law_that_is_said() -> None:
    law = Joining(20, 12)
    middle = (np.arange(100_000) + 0.5) / 100_000
    counts = law.counts(middle, 12, 1.5)
    assert counts.mean() == pytest.approx(30.0, abs=0.01)
    assert law.mean(12, 1.5) == 30.0
    assert counts.var() == pytest.approx(30.0 + 30.0**2 / 20, rel=0.005), "a Poisson's, and that of its unsure rate"
    beyond = law.beyond(np.array([20, 30, 60]), 12, 1.5)
    assert beyond == pytest.approx([(counts > n).mean() for n in (20, 30, 60)], abs=1e-4)
    assert Joining(0, 12).room(12, 20.0) == 0


@pytest.mark.parametrize("factor", [1.0, 3.0])
def test_as_many_join_as_history_says_however_many(fitted: Model, factor: float) -> None:
    supposed = assumptions.loads(f"{{assumptions: a, joining: {factor:g}}}")
    model = roomy(fitted, 12, factor)
    world = World(model, supposed, 12, 3)
    chunk = world.chunk(0, 256)
    drawn = world.draw(chunk, model.known, model.panel.partners)
    begin = drawn.begin.reshape(-1, 256)
    came = (begin < 12).sum(axis=0)
    assert np.array_equal(came, chunk.joiners)
    assert np.array_equal(chunk.factors[NEWCOMERS], came + 1.0)
    expected = factor * JOINED
    deviation = np.sqrt(expected + expected**2 / JOINED)
    assert abs(came.mean() - expected) < 4 * deviation / 16
    assert came.std() == pytest.approx(deviation, rel=0.2)
    by_month = np.bincount(begin[begin < 12], minlength=12) / came.sum()
    assert by_month == pytest.approx(1 / 12, rel=0.1), "any month alike"


def test_the_cost_grows_with_the_newcomers_that_are_supposed(fitted: Model) -> None:
    """The same deals a partner, so newcomers of a year add what half as many partners of history do."""
    costs = []
    for factor in (0, 1, 3):
        supposed = assumptions.loads(f"{{assumptions: a, joining: {factor}}}")
        told = project(fitted, FLAT, assumptions=supposed, scenarios=256)
        gap = mean(told.revenue.sum(axis=1) - told.expected)
        assert gap.error is not None
        assert abs(gap.value) < 4 * gap.error
        share = mean((told.revenue.sum(axis=1) - told.expected) ** 2 / told.shared.variance[:256])
        assert share.error is not None
        assert abs(share.value - 1) < 4 * share.error
        costs.append(told.outcome.total.mean())
    # Of twelve months a newcomer sees 6.5, who joins in any of them alike.
    once = (costs[1] - costs[0]) / costs[0]
    assert once == pytest.approx(JOINED / 600 * 6.5 / 12, rel=0.12)
    assert (costs[2] - costs[0]) / (costs[1] - costs[0]) == pytest.approx(3.0, rel=0.1)


def test_a_world_asks_for_a_model_with_room_enough(fitted: Model) -> None:
    supposed = BASE.model_copy(update={"joining": 3})
    with pytest.raises(ValueError, match="has room for"):
        _ = World(fitted, supposed, 12, 3).plan
    assert roomy(fitted, 12, 3.0) is roomy(fitted, 12, 3.0)
    assert roomy(fitted, 12, 1.0) is fitted


def test_room_that_nobody_takes_changes_nothing(growing: Past, fitted: Model) -> None:
    """Rows are room: with more of them the same futures are drawn and paid."""
    few = project(fitted, FLAT, scenarios=64)
    wide = project(fit(growing, joining=2.0), FLAT, scenarios=64)
    assert np.array_equal(few.outcome.total, wide.outcome.total)
