"""The drawing does what the plan says, and drawing anew is the same mechanism."""

from __future__ import annotations

import numpy as np
import pytest

from incentive_lab.errors import InputError
from incentive_lab.pilot.assigning import joined_by, redraw, sequences
from incentive_lab.pilot.drawing import Drawing, blocks_of, codes_of


def plain(units: int, shares: tuple[float, ...] = (0.5, 0.5), strata: list[int] | None = None) -> Drawing:
    return Drawing(np.array(strata or [0] * units), shares, np.arange(units))


def test_fixed_numbers_are_fixed_and_everybody_has_the_same_chance(rng: np.random.Generator) -> None:
    drawn = plain(11, (0.6, 0.4)).draw(rng, 4000)
    assert set(drawn.sum(axis=1)) == {4}  # 4.4 of 11
    assert np.abs(drawn.mean(axis=0) - 4 / 11).max() < 0.035


def test_strata_are_balanced_each(rng: np.random.Generator) -> None:
    strata = [0] * 8 + [1] * 4 + [2] * 6
    drawn = plain(18, strata=strata).draw(rng, 200)
    for stratum in range(3):
        rows = np.array(strata) == stratum
        assert set(drawn[:, rows].sum(axis=1)) == {rows.sum() // 2}


def test_three_arms_share_by_their_shares(rng: np.random.Generator) -> None:
    drawn = plain(20, (0.5, 0.25, 0.25)).draw(rng, 50)
    for row in drawn:
        assert np.bincount(row).tolist() == [10, 5, 5]


def test_coins_leave_no_arm_empty(rng: np.random.Generator) -> None:
    drawing = Drawing(np.zeros(3, dtype=np.int64), (0.5, 0.5), np.arange(3), independent=True)
    drawn = drawing.draw(rng, 500)
    assert set(drawn.sum(axis=1)) == {1, 2}


def test_one_unit_cannot_fill_two_arms(rng: np.random.Generator) -> None:
    with pytest.raises(InputError, match="1 units cannot fill 2 arms"):
        plain(1).draw(rng, 1)


def test_partners_of_a_cluster_share_their_arm(rng: np.random.Generator) -> None:
    clusters = np.array([0, 0, 1, 1, 2, 2, 3, 3])
    drawn = Drawing(np.zeros(4, dtype=np.int64), (0.5, 0.5), clusters).draw(rng, 30)
    assert (drawn[:, ::2] == drawn[:, 1::2]).all()


def test_re_randomisation_keeps_the_best_balanced_draws(rng: np.random.Generator) -> None:
    size = np.exp(rng.normal(0, 1.5, 40))[:, None]
    free = plain(40)
    held = Drawing(free.strata, (0.5, 0.5), np.arange(40), balance=size, accept=0.05)
    gaps = [np.abs((drawn * size.T).sum(1) / 20 - ((1 - drawn) * size.T).sum(1) / 20).mean()
            for drawn in (free.draw(rng, 300).astype(float), held.draw(rng, 300).astype(float))]  # fmt: skip
    assert gaps[1] < 0.2 * gaps[0]
    assert (held.distance(held.draw_units(rng, 100)) <= held.threshold).all()


def test_every_assignment_of_few_units(rng: np.random.Generator) -> None:
    every = plain(6).enumerated()
    assert every is not None
    assert len({tuple(row) for row in every}) == 20
    assert plain(6).assignments == 20
    assert plain(40).enumerated() is None
    counted = plain(10).as_recorded(np.array([1, 1, 0, 0, 0, 0, 0, 0, 0, 0], dtype=np.int8))
    assert counted.assignments == 45


def test_redraws_with_three_arms_leave_the_third_alone(rng: np.random.Generator) -> None:
    drawing = plain(12, (1 / 3, 1 / 3, 1 / 3))
    arm = drawing.draw(rng, 1)[0].astype(np.int64)
    drawn, _ = redraw(drawing, arm, 1, rng, 100)
    assert (drawn[:, arm == 2] == 2).all()
    assert ((drawn == 1).sum(axis=1) == 4).all()


def test_redraws_run_the_whole_mechanism_again(rng: np.random.Generator) -> None:
    drawing = plain(16, strata=[0] * 8 + [1] * 8)
    arm = drawing.draw(rng, 1)[0].astype(np.int64)
    drawn, every = redraw(drawing, arm, 1, rng, 300)
    assert every
    assert len(drawn) == 70 * 70
    assert (drawn[:, :8].sum(axis=1) == 4).all()


def test_a_switchback_holds_both_arms_in_each_two_periods(rng: np.random.Generator) -> None:
    drawn = sequences(plain(10), rng, 20, 6)
    assert (drawn[:, :, ::2] + drawn[:, :, 1::2] == 1).all()


def test_blocks_hold_partners_of_like_size() -> None:
    size = np.array([9.0, 1, 8, 2, 7, 3, 6, 4])
    codes = blocks_of(size, np.zeros(8, dtype=np.int64), 4)
    assert sorted(size[codes == 0]) == [1, 2, 3, 4]


def test_partners_that_share_customers_are_one_unit() -> None:
    groups = joined_by({"a", "b", "c", "d"}, [("x", "b"), ("x", "d"), ("y", "d"), ("y", "c"), ("y", "gone")])
    assert groups["b"] == groups["c"] == groups["d"] != groups["a"]
    assert codes_of(np.array([groups[one] for one in "abcd"], dtype=object)).tolist() == [0, 1, 1, 1]
