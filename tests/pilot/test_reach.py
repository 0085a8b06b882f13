"""What a published experiment may need is reached from the plan alone: rows, weights, transforms, aggregations, clusters."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import diff_diff
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from incentive_lab.errors import InputError
from incentive_lab.pilot.checking import check
from incentive_lab.pilot.running import read_pilot

# Crampton (1947), length of odontoblasts of guinea pigs by supplement and dose: R's ToothGrowth.
TEETH = {
    ("VC", 0.5): (4.2, 11.5, 7.3, 5.8, 6.4, 10, 11.2, 11.2, 5.2, 7),
    ("VC", 1.0): (16.5, 16.5, 15.2, 17.3, 22.5, 17.3, 13.6, 14.5, 18.8, 15.5),
    ("VC", 2.0): (23.6, 18.5, 33.9, 25.5, 26.4, 32.5, 26.7, 21.5, 23.3, 29.5),
    ("OJ", 0.5): (15.2, 21.5, 17.6, 9.7, 14.5, 10, 8.2, 9.4, 16.5, 9.7),
    ("OJ", 1.0): (19.7, 23.3, 23.6, 26.4, 20, 25.2, 25.8, 21.2, 14.5, 27.3),
    ("OJ", 2.0): (25.5, 26.4, 22.4, 24.5, 24.8, 30.9, 26.4, 27.3, 29.4, 23),
}
# Dobson (1983), weights of plants under a control and two treatments: R's PlantGrowth.
PLANTS = {
    "ctrl": (4.17, 5.58, 5.18, 6.11, 4.50, 4.61, 5.17, 4.53, 5.33, 5.14),
    "trt1": (4.81, 4.17, 4.41, 3.59, 5.87, 3.83, 6.03, 4.89, 4.32, 4.69),
    "trt2": (6.31, 5.12, 5.54, 5.50, 5.37, 5.29, 4.92, 6.15, 5.80, 5.26),
}
# Beall (1942), insects left after sprays C and F: part of R's InsectSprays.
SPRAYS = {"C": (0, 1, 7, 2, 3, 1, 2, 1, 3, 0, 1, 4), "F": (11, 9, 15, 22, 15, 16, 13, 10, 26, 26, 24, 13)}


@pytest.fixture
def read(csv_pilot: Callable[..., Any]) -> Callable[..., Any]:
    def run(frame: pd.DataFrame, more: str = "", **named: str) -> Any:
        pilot, folder = csv_pilot(frame.to_csv(index=False), more, **named)
        assert check(pilot).problems == ()
        return read_pilot(pilot, None, folder)[0]

    return run


def analysis(words: str) -> str:
    return f"analysis: {{inference: analytic, {words}}}"


def teeth() -> pd.DataFrame:
    return pd.DataFrame([(supp, dose, value) for (supp, dose), values in TEETH.items() for value in values],
                        columns=["supp", "dose", "y"])  # fmt: skip


ARMS = "[{name: vitamin, value: VC}, {name: juice, value: OJ}]"


def test_guinea_pigs_by_supplement_are_the_published_t_test(read) -> None:  # type: ignore[no-untyped-def]
    found = read(teeth(), analysis("estimator: difference"), columns="arm: supp", arms=ARMS).primary.found
    assert found.effect / found.error == pytest.approx(1.9153, abs=5e-5)
    assert found.df == pytest.approx(55.309, abs=5e-4)
    assert found.p_value == pytest.approx(0.06063, abs=5e-6)
    assert (found.interval.low, found.interval.high) == pytest.approx((-0.1710156, 7.5710156), abs=5e-7)


def test_guinea_pigs_within_doses_are_the_published_two_way_table(read) -> None:  # type: ignore[no-untyped-def]
    more = analysis("estimator: difference, errors: classical")
    found = read(teeth(), more, columns="arm: supp, stratum: dose", arms=ARMS).primary.found
    assert found.effect == pytest.approx(3.70, abs=1e-9)
    # Analysis of variance: 205.35 for the supplement on one, 820.43 left on 56 degrees of freedom, F 14.02.
    assert (found.effect / found.error) ** 2 == pytest.approx(14.017, abs=5e-4)
    drawn = read(
        teeth(), "analysis: {estimator: difference}", columns="arm: supp, stratum: dose", arms=ARMS
    ).primary.found
    assert drawn.inference == "randomisation"
    assert drawn.p_value < 0.005


def test_rows_of_one_dose_are_chosen_by_the_population(read) -> None:  # type: ignore[no-untyped-def]
    more = analysis("estimator: difference") + "\npopulation: {where: {dose: '0.5'}}"
    found = read(teeth(), more, columns="arm: supp", arms=ARMS).primary.found
    assert found.units == 20
    assert found.effect / found.error == pytest.approx(3.1697, abs=5e-5)
    assert found.p_value == pytest.approx(0.006359, abs=5e-7)


def test_plants_under_three_arms_are_the_published_tests_with_holm(read) -> None:  # type: ignore[no-untyped-def]
    frame = pd.DataFrame([(arm, value) for arm, values in PLANTS.items() for value in values], columns=["g", "y"])
    arms = "[{name: control, value: ctrl}, {name: first, value: trt1}, {name: second, value: trt2}]"
    told = read(frame, analysis("estimator: difference"), columns="arm: g", arms=arms)
    one, other = (answer.found for answer in told.answers)
    assert (one.effect, one.p_value) == pytest.approx((-0.371, 0.2504), abs=5e-5)
    assert (other.effect, other.p_value) == pytest.approx((0.494, 0.0479), abs=5e-5)
    assert told.answers[1].q_value == pytest.approx(2 * other.p_value)
    assert told.lead == "second"
    assert {answer.verdict for answer in told.answers} == {"no clear effect"}
    assert "cannot be told apart" in told.reasons[1] or "does better" in told.reasons[1]


def test_counts_with_zeros_are_the_published_poisson_rate(read) -> None:  # type: ignore[no-untyped-def]
    frame = pd.DataFrame([(arm, value) for arm, values in SPRAYS.items() for value in values], columns=["g", "y"])
    arms = "[{name: f, value: F}, {name: c, value: C}]"
    found = read(frame, analysis("estimator: ppml"), columns="arm: g", arms=arms).primary.found
    # glm(count ~ spray, poisson): C against A -1.9402, F against A 0.1393.
    assert np.log1p(found.relative) == pytest.approx(-1.9402 - 0.1393, abs=1e-4)


def mixed(rng: np.random.Generator, n: int = 48) -> pd.DataFrame:
    frame = pd.DataFrame({"z": np.tile([0, 1], n // 2), "town": np.repeat(np.arange(n // 4), 4), "w": rng.uniform(1, 5, n),
                          "x": rng.gamma(2, 10, n)})  # fmt: skip
    frame["y"] = 5 + 2 * frame.z + frame.x + rng.gamma(2, 3, n)
    return frame.round(6)


@pytest.mark.parametrize("errors", ["classical", "hc1", "hc3"])
def test_weights_are_weighted_least_squares(read, rng, errors: str) -> None:  # type: ignore[no-untyped-def]
    frame = mixed(rng)
    found = read(frame, analysis(f"estimator: ancova, errors: {errors}"), columns="arm: z, weight: w",
                 metrics="[{name: y, of: y, pre: x, role: primary}]").primary.found  # fmt: skip
    design = sm.add_constant(frame[["z", "x"]].astype(float))
    own = sm.WLS(frame.y, design, weights=frame.w).fit(cov_type={"classical": "nonrobust"}.get(errors, errors.upper()))
    assert (found.effect, found.error) == pytest.approx((own.params["z"], own.bse["z"]), rel=1e-9)
    assert found.control == pytest.approx(np.average(frame.y[frame.z == 0], weights=frame.w[frame.z == 0]), rel=1e-12)


def test_weights_with_clusters_and_strata(read, rng) -> None:  # type: ignore[no-untyped-def]
    frame = mixed(rng)
    frame["half"] = frame.town % 2
    frame["z"] = frame.town // 2 % 2
    found = read(frame, analysis("estimator: difference, errors: cr1"), columns="arm: z, weight: w, cluster: town, stratum: half"
                 ).primary.found  # fmt: skip
    design = np.column_stack([frame.z, frame.half == 0, frame.half == 1]).astype(float)
    own = sm.WLS(frame.y, design, weights=frame.w).fit(cov_type="cluster", cov_kwds={"groups": frame.town})
    assert (found.effect, found.error) == pytest.approx((own.params.iloc[0], own.bse.iloc[0]), rel=1e-9)


def test_randomisation_with_weights_is_one_weighted_regression_for_each_draw(read, rng) -> None:  # type: ignore[no-untyped-def]
    frame = mixed(rng, 8)
    told = read(frame, "analysis: {estimator: difference}", columns="arm: z, weight: w")
    every = told.trial.drawing.enumerated()

    def t_of(z: np.ndarray) -> float:
        return float(
            sm.WLS(frame.y, sm.add_constant(z.astype(float)), weights=frame.w).fit(cov_type="HC2").tvalues.iloc[1]
        )

    reference = np.abs([t_of(z) for z in every])
    expected = (reference >= abs(t_of(frame.z.to_numpy())) * (1 - 1e-9)).mean()
    assert told.primary.found.p_value == pytest.approx(expected)


@pytest.mark.parametrize(
    ("kind", "function"), [("log", np.log), ("log1p", np.log1p), ("asinh", np.arcsinh), ("sqrt", np.sqrt)]
)
def test_transforms_are_those_of_numpy(read, rng, kind: str, function) -> None:  # type: ignore[no-untyped-def]
    frame = mixed(rng)
    found = read(frame, analysis("estimator: ancova, errors: hc2"), columns="arm: z",
                 metrics=f"[{{name: y, of: y, pre: x, transform: {kind}, role: primary}}]").primary.found  # fmt: skip
    design = np.column_stack([np.ones(len(frame)), frame.z, function(frame.x)])
    own = sm.OLS(function(frame.y), design).fit(cov_type="HC2")
    assert (found.effect, found.error) == pytest.approx((own.params.iloc[1], own.bse.iloc[1]), rel=1e-9)
    expected = np.expm1(own.params.iloc[1]) if kind == "log" else np.nan
    assert found.relative == pytest.approx(expected, nan_ok=True)


def test_the_cluster_of_the_unit_is_a_column(read, rng) -> None:  # type: ignore[no-untyped-def]
    frame = mixed(rng)
    frame["z"] = frame.town % 2
    one = read(frame, analysis("estimator: difference"), columns="arm: z, cluster: town").primary.found
    other = read(frame, analysis("estimator: difference") + "\nunit: {cluster: town}", columns="arm: z").primary.found
    assert one.groups == other.groups == 12
    assert one.error == other.error


def test_a_change_between_two_columns_is_difference_in_differences_of_complete_rows(read, rng) -> None:  # type: ignore[no-untyped-def]
    frame = mixed(rng)
    frame.loc[[3, 10, 21], "x"] = np.nan
    found = read(frame, analysis("estimator: did, errors: hc1"), columns="arm: z",
                 metrics="[{name: y, of: y, pre: x, role: primary}]").primary.found  # fmt: skip
    whole = frame.dropna()
    own = sm.OLS(whole.y - whole.x, sm.add_constant(whole.z.astype(float))).fit(cov_type="HC1")
    assert found.units == 45
    assert (found.effect, found.error) == pytest.approx((own.params["z"], own.bse["z"]), rel=1e-9)


@pytest.mark.parametrize("aggregate", ["simple", "group", "dynamic", "calendar"])
def test_a_staggered_start_is_aggregated_each_way(read, rng, aggregate: str) -> None:  # type: ignore[no-untyped-def]
    starts = np.array([2004] * 12 + [2006] * 10 + [2007] * 6 + [0] * 12)
    frame = pd.DataFrame([(i, 2003 + t, start, 0.3 * max(0, 2004 + t - start) * (start > 0) + rng.normal()) for i, start in
                          enumerate(starts.tolist()) for t in range(5)], columns=["unit", "time", "first", "y"])  # fmt: skip
    found = read(
        frame, analysis(f"estimator: staggered, controls: never, aggregate: {aggregate}"),
        columns="partner: unit, period: time, first_treated: first",
    ).primary.found  # fmt: skip
    referee = diff_diff.CallawaySantAnna(control_group="never_treated", n_bootstrap=0).fit(
        frame, outcome="y", unit="unit", time="time", first_treat="first")  # fmt: skip
    cells = referee.group_time_effects
    treated = {key: cell["effect"] for key, cell in cells.items() if key[1] >= key[0]}
    sizes = {2004: 12, 2006: 10, 2007: 6}
    if aggregate == "simple":
        assert (found.effect, found.error) == pytest.approx((referee.overall_att, referee.overall_se), rel=1e-6)
        return
    key = {"group": lambda one: one[0], "dynamic": lambda one: one[1] - one[0], "calendar": lambda one: one[1]}[
        aggregate
    ]
    parts = {}
    for name in {key(one) for one in treated}:
        own = [one for one in treated if key(one) == name]
        weight = np.array([sizes[one[0]] for one in own])
        parts[name] = float(weight @ np.array([treated[one] for one in own]) / weight.sum())
    weights = np.array([sizes.get(name, 1) if aggregate == "group" else 1 for name in parts])
    assert found.effect == pytest.approx(float(weights @ np.array(list(parts.values())) / weights.sum()), rel=1e-6)
    study = {gap: effect for gap, effect, _ in found.by_distance}
    if aggregate == "dynamic":
        assert {gap: study[gap] for gap in parts} == pytest.approx(parts, rel=1e-6)


def test_pairs_without_their_column_are_refused(csv_pilot) -> None:  # type: ignore[no-untyped-def]
    pilot, folder = csv_pilot("z,y\n0,1\n1,2\n", "assignment: {mechanism: matched_pairs}", columns="arm: z")
    with pytest.raises(InputError, match="no column says which rows belong together"):
        read_pilot(pilot, None, folder)


def test_a_logarithm_of_zero_is_refused(csv_pilot) -> None:  # type: ignore[no-untyped-def]
    rows = "z,y\n" + "".join(f"{i % 2},{i}\n" for i in range(12))
    pilot, folder = csv_pilot(rows, columns="arm: z", metrics="[{name: y, of: y, transform: log, role: primary}]")
    with pytest.raises(InputError, match="log needs values above 0; the least is 0"):
        read_pilot(pilot, None, folder)
