"""Panels with weights and covariates, each against statsmodels, diff-diff or the stacked equations of its source."""

from __future__ import annotations

import diff_diff
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm

from incentive_lab.errors import InputError
from incentive_lab.pilot.adjusted import adjusted_change
from incentive_lab.pilot.estimate import Sample
from incentive_lab.pilot.estimators import estimate
from incentive_lab.pilot.panels import Monthly, did, staggered, two_way
from incentive_lab.pilot.running import read_pilot

EXACT = 1e-8


def panel(
    rng: np.random.Generator, n: int = 36, months: int = 7
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Values, weights, a covariate of partners and one that changes."""
    kind = rng.normal(size=n)
    moving = rng.normal(size=(n, months)).cumsum(axis=1)
    values = rng.normal(size=(n, months)).cumsum(axis=1) + kind[:, None] * np.arange(months) * 0.3 + 0.5 * moving
    return values, rng.uniform(0.5, 3, n), kind, moving


def two_way_referee(values: np.ndarray, regressors: list[np.ndarray], weights: np.ndarray) -> tuple[float, float]:
    rows, months = np.nonzero(np.isfinite(values))
    n, count = values.shape
    design = np.column_stack(
        [*(one[rows, months] for one in regressors), np.eye(n)[rows], np.eye(count)[months][:, 1:]]
    )
    fit = sm.WLS(values[rows, months], design, weights=weights[rows]).fit(
        cov_type="cluster", cov_kwds={"groups": rows, "use_correction": False})  # fmt: skip
    return float(fit.params[0]), float(fit.bse[0])


def test_did_takes_weights_and_covariates(rng: np.random.Generator) -> None:
    values, weights, kind, moving = panel(rng)
    one_start = np.where(np.arange(36) < 15, 4, -1)
    after = np.broadcast_to(np.arange(7) >= 4, values.shape).astype(float)
    monthly = Monthly(values, one_start, weights=weights, others=kind[:, None])
    found = did(monthly, "cr0")
    referee = two_way_referee(values, [monthly.treated, kind[:, None] * after], weights)
    assert (found.effect, found.error) == pytest.approx(referee, rel=EXACT)
    found = did(Monthly(values, one_start, weights=weights, others=kind[:, None], varying=moving[None]), "cr0")
    referee = two_way_referee(values, [monthly.treated, moving, kind[:, None] * after], weights)
    assert (found.effect, found.error) == pytest.approx(referee, rel=EXACT)
    values[rng.random(values.shape) < 0.1] = np.nan
    several = Monthly(values, np.repeat([2, 4, -1], 12), weights=weights, varying=moving[None])
    found = did(several, "cr0")
    referee = two_way_referee(values, [several.treated, moving], weights)
    assert (found.effect, found.error) == pytest.approx(referee, rel=1e-6)
    with pytest.raises(InputError, match="several starts"):
        did(Monthly(values, several.starts, others=kind[:, None]))
    small = two_way(values, several.treated, errors="cr1", varying=moving[None])
    assert small.columns == 36 + 6 + 2


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize(("theirs", "ours"), [("not_yet_treated", "not_yet"), ("never_treated", "never")])
def test_a_staggered_start_with_covariates_and_weights_is_that_of_diff_diff(
    rng: np.random.Generator, theirs: str, ours: str, weighted: bool
) -> None:
    values, weights, kind, _ = panel(rng, 60, 5)
    starts = np.repeat([2, 3, -1], 20)
    frame = pd.DataFrame([(i, t + 1, values[i, t], max(0, starts[i] + 1), kind[i], weights[i]) for i in range(60)
                          for t in range(5)], columns=["unit", "time", "y", "first", "x", "w"])  # fmt: skip
    design = {"survey_design": diff_diff.SurveyDesign(weights="w")} if weighted else {}
    counts = weights if weighted else None
    for covariates, others in ((None, None), (["x"], kind[:, None])):
        referee = diff_diff.CallawaySantAnna(control_group=theirs, estimation_method="reg").fit(
            frame, outcome="y", unit="unit", time="time", first_treat="first", covariates=covariates, **design)  # fmt: skip
        found = staggered(Monthly(values, starts, weights=counts, others=others), ours, adjust="regression")
        assert (found.effect, found.error) == pytest.approx((referee.overall_att, referee.overall_se), rel=EXACT)
        for start, month, effect, error, _ in found.cells:
            cell = referee.group_time_effects[(start + 1, month + 1)]
            assert (effect, error) == pytest.approx((cell["effect"], cell["se"]), rel=EXACT)


def test_doubly_robust_is_the_sandwich_of_its_stacked_equations(rng: np.random.Generator) -> None:
    n = 120
    x, weights = rng.normal(size=(n, 2)), rng.uniform(0.5, 3, n)
    group = (rng.random(n) < 1 / (1 + np.exp(-x[:, 0]))).astype(float)
    change = x @ [1.0, -0.5] + 2 * group + rng.normal(size=n)
    design = sm.add_constant(x)
    logit = sm.GLM(group, design, family=sm.families.Binomial(), freq_weights=weights).fit(tol=1e-14)
    line = sm.WLS(change[group == 0], design[group == 0], weights=weights[group == 0]).fit()

    def equations(theta: np.ndarray) -> np.ndarray:
        """Of each partner: logit, least squares, the group's mean gap and that of the others by their odds."""
        odds = np.exp(design @ theta[:3])
        gap = change - design @ theta[3:6]
        return np.column_stack([
            (weights * (group - odds / (1 + odds)))[:, None] * design, (weights * (1 - group) * gap)[:, None] * design,
            weights * group * (gap - theta[6]), weights * (1 - group) * odds * (gap - theta[7]),
        ])  # fmt: skip

    odds, gap = np.exp(design @ logit.params), change - design @ line.params
    ours = np.average(gap[group == 1], weights=weights[group == 1])
    theirs = np.average(gap[group == 0], weights=(weights * odds)[group == 0])
    theta = np.concatenate([logit.params, line.params, [ours, theirs]])
    slope = np.column_stack([
        (equations(theta + step) - equations(theta - step)).mean(axis=0) / 2e-6 for step in np.eye(8) * 1e-6
    ])  # fmt: skip
    bread = np.linalg.inv(slope)
    own = equations(theta)
    variance = bread @ (own.T @ own / n) @ bread.T / n
    load = np.array([0.0] * 6 + [1, -1])
    effect, influence = adjusted_change(change, group, x, weights, "doubly_robust")
    assert effect == pytest.approx(ours - theirs, rel=EXACT)
    assert np.sqrt((influence**2).sum()) / n == pytest.approx(np.sqrt(load @ variance @ load), rel=1e-6)


def test_covariates_that_tell_the_groups_apart_are_told(rng: np.random.Generator) -> None:
    group = np.repeat([0.0, 1.0], 10)
    for how, others, said in (("doubly_robust", group + np.arange(20) / 100, "nobody comparable"),
                              ("regression", group, "too alike")):  # fmt: skip
        with pytest.raises(InputError, match=said):
            adjusted_change(rng.normal(size=20), group, others[:, None], np.ones(20), how)


@pytest.mark.parametrize("errors", ["hc0", "hc1"])
def test_ppml_takes_weights(rng: np.random.Generator, errors: str) -> None:
    x, z, weights = rng.gamma(2, 10, 50), np.tile([0.0, 1], 25), rng.uniform(0.5, 3, 50)
    y = rng.poisson(x * (1 + 0.3 * z)).astype(float)
    found = estimate(Sample(y, z, pre=x, weights=weights), "ppml", errors=errors, inference="analytic")
    design = sm.add_constant(np.column_stack([z, np.log(x)]))
    referee = sm.GLM(y, design, family=sm.families.Poisson(), var_weights=weights).fit(
        cov_type=errors.upper(), tol=1e-13
    )
    factor = np.sqrt(50 / 47) if errors == "hc1" else 1.0  # statsmodels' GLM leaves the factor of HC1 out
    assert np.log1p(found.relative) == pytest.approx(referee.params[1], rel=EXACT)
    assert found.error == pytest.approx(referee.bse[1] * factor, rel=EXACT)


def test_cuped_and_ratios_take_weights(rng: np.random.Generator) -> None:
    x, z, weights = rng.gamma(2, 10, 40), np.tile([0.0, 1], 20), rng.uniform(0.5, 3, 40)
    y, over = x + z + rng.gamma(2, 3, 40), rng.gamma(5, 1, 40)
    theta = sm.WLS(y, sm.add_constant(x), weights=weights).fit().params[1]
    referee = sm.WLS(y - theta * x, sm.add_constant(z), weights=weights).fit(cov_type="HC2")
    found = estimate(Sample(y, z, pre=x, weights=weights), "cuped", inference="analytic")
    assert (found.effect, found.error) == pytest.approx((referee.params[1], referee.bse[1]), rel=EXACT)
    arms = [
        sm.WLS((y / over)[z == arm], np.ones(20), weights=(weights * over)[z == arm]).fit(cov_type="HC1")
        for arm in (0, 1)
    ]
    found = estimate(Sample(y, z, over=over, weights=weights), "ratio", inference="analytic")
    assert found.effect == pytest.approx(arms[1].params[0] - arms[0].params[0], rel=EXACT)
    assert found.error == pytest.approx(np.hypot(arms[0].bse[0], arms[1].bse[0]), rel=EXACT)


def test_panels_of_a_file_take_weights_and_covariates(csv_pilot, rng: np.random.Generator) -> None:  # type: ignore[no-untyped-def]
    values, weights, kind, moving = panel(rng, 30, 5)
    starts = np.repeat([2, 3, -1], 10)
    frame = pd.DataFrame([(f"u{i:02}", t, values[i, t], max(0, starts[i]), kind[i], moving[i, t], weights[i])
                          for i in range(30) for t in range(5)], columns=["unit", "time", "y", "first", "x", "m", "w"])  # fmt: skip
    frame["time"] += 1
    frame.loc[frame["first"] > 0, "first"] += 1
    columns = "partner: unit, period: time, first_treated: first, weight: w"

    def read(words: str, where: str = columns) -> tuple[float, float]:
        pilot, folder = csv_pilot(frame.to_csv(index=False), f"analysis: {{inference: analytic, {words}}}\n"
                                  "assignment: {mechanism: observed, accept_bias: true}", columns=where)  # fmt: skip
        found = read_pilot(pilot, None, folder)[0].primary.found
        return found.effect, found.error

    own = staggered(Monthly(values, starts, weights=weights, others=kind[:, None]))
    assert read("estimator: staggered, covariates: [x]") == pytest.approx((own.effect, own.error), rel=1e-9)
    own = staggered(Monthly(values, starts, weights=weights, others=kind[:, None]), adjust="regression")
    assert read("estimator: staggered, covariates: [x], adjust: regression") == pytest.approx(
        (own.effect, own.error), rel=1e-9
    )
    treated = Monthly(values, starts).treated
    assert read("estimator: did, covariates: [m], errors: cr0") == pytest.approx(
        two_way_referee(values, [treated, moving], weights), rel=1e-6)  # fmt: skip
    with pytest.raises(InputError, match="several starts"):
        read("estimator: did, covariates: [x]")
    with pytest.raises(InputError, match="'m' changes over the periods"):
        read("estimator: did", columns.replace("weight: w", "weight: m"))
