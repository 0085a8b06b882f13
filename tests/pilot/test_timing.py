"""Effects that are only timing: told where they are, and not made of nothing."""

from __future__ import annotations

import numpy as np

from incentive_lab.charts.pilot_plan import mde_chart, power_chart
from incentive_lab.pilot.powering import LIFTS, Power
from incentive_lab.pilot.running import quarterly
from incentive_lab.pilot.timing import at_period_ends

MONTHS, START = 18, 12


def sales() -> tuple[np.ndarray, np.ndarray]:
    """40 partners over 18 months from a January, the second half of them treated."""
    random = np.random.default_rng(5)
    return random.lognormal(8.0, 0.4, (40, MONTHS)), np.repeat([0.0, 1.0], 20)


def test_sales_that_moved_to_the_end_of_quarters_are_seen() -> None:
    monthly, treated = sales()
    moved = monthly.copy()
    for last in range(START + 2, MONTHS, 3):
        moved[treated == 1, last] += 0.5 * moved[treated == 1, last - 1]
        moved[treated == 1, last - 1] *= 0.5
    found = at_period_ends(moved, treated, START, 0)
    assert found.state == "look"
    assert "differs by +" in found.words
    assert found.words.endswith("(p below 0.01).")


def test_totals_near_thresholds_are_those_of_programme_quarters() -> None:
    values = np.arange(1.0, 7.0)[None, :]
    assert quarterly(values, 2024 * 12, 1).tolist() == [[6.0, 15.0]]
    assert quarterly(values, 2024 * 12, 2).tolist() == [[1.0, 9.0, 11.0]]


def test_partners_whose_quarters_keep_one_shape_do_not_differ_at_their_ends() -> None:
    """A lift that multiplies every month leaves shares as they are, but for what rounding to cents adds."""
    size, treated = np.random.default_rng(6).lognormal(8.0, 1.0, 40), np.repeat([0.0, 1.0], 20)
    monthly = np.round(np.tile([1.0, 2.0, 3.0], 6)[None, :] * size[:, None], 2)
    monthly[treated == 1, START:] = np.round(monthly[treated == 1, START:] * 1.5, 2)
    found = at_period_ends(monthly, treated, START, 0)
    said = "The share of the last months of quarters moved less than 0.005 points apart in the arms."
    assert (found.state, found.words) == ("fine", said)


def test_the_power_that_is_told_is_that_of_the_lift_the_plan_expects() -> None:
    curve = tuple(np.clip(LIFTS * 2, 0.05, 1.0).tolist())
    one = Power(units=40, unit="partner", partners=40, curves={"ancova": curve}, mde={"ancova": 0.4},
                within={"ancova": (0.35, 0.45)}, closed=0.4, resampled=False)  # fmt: skip
    assert power_chart(one, 0.8, 0.25).title == "The expected lift of +25 % would be found 50 % of the time"
    assert power_chart(one, 0.8).title == "A lift of +15 % would be found 30 % of the time"


def test_titles_speak_of_the_estimator_of_the_plan() -> None:
    steep, slow = (tuple(np.clip(LIFTS * times, 0.05, 1.0).tolist()) for times in (3, 1))
    one = Power(units=40, unit="partner", partners=40, curves={"ancova": steep, "difference": slow},
                mde={"ancova": 0.3, "difference": 0.8}, within={"ancova": (0.2, 0.4), "difference": (0.7, float("nan"))},
                closed=0.4, resampled=False)  # fmt: skip
    assert (
        mde_chart([one], 0.8, "difference").title == "With 40 partners the plan's estimator finds lifts from +80 % on"
    )
    assert mde_chart([one], 0.8, "auto").title == "With 40 partners the best estimator finds lifts from +30 % on"
    assert power_chart(one, 0.8, 0.25, "difference").title.endswith("would be found 25 % of the time")
    assert power_chart(one, 0.8, 0.25).title.endswith("would be found 75 % of the time")
