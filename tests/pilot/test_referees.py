"""Every estimator against something we did not write, on the same data and draws, to 6 digits or better."""

from __future__ import annotations

import diff_diff
import numpy as np
import pandas as pd
import pytest
import statsmodels.api as sm
from scipy import stats

from incentive_lab.pilot.batched import Reference
from incentive_lab.pilot.bootstrap import wild_bootstrap
from incentive_lab.pilot.drawing import Drawing
from incentive_lab.pilot.estimate import Sample
from incentive_lab.pilot.estimators import estimate
from incentive_lab.pilot.linear import basis, coefficient
from incentive_lab.pilot.multiple import false_discovery, paule_mandel
from incentive_lab.pilot.panels import Monthly, did, staggered, two_way
from incentive_lab.pilot.poisson import poisson
from incentive_lab.pilot.randomisation import pieces, randomisation
from incentive_lab.pilot.sequential import boundaries

DIGITS = 1e-9  # algebra, not iteration
ITERATED = 1e-6


def skewed(rng: np.random.Generator, n: int = 40) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    size = rng.normal(8, 1.5, n)
    x = np.exp(size + rng.normal(0, 0.5, n))
    y = np.exp(size + rng.normal(0, 0.5, n))
    z = np.zeros(n)
    z[rng.permutation(n)[: n // 2]] = 1
    return x, y, z


@pytest.mark.parametrize("errors", ["classical", "hc0", "hc1", "hc2", "hc3"])
def test_ancova_is_least_squares(rng: np.random.Generator, errors: str) -> None:
    x, y, z = skewed(rng)
    found = coefficient(y, z, x[:, None], errors=errors)
    referee = sm.OLS(y, np.column_stack([np.ones(40), z, x])).fit(
        cov_type={"classical": "nonrobust"}.get(errors, errors.upper())
    )
    assert found.effect == pytest.approx(referee.params[1], rel=DIGITS)
    assert found.error == pytest.approx(referee.bse[1], rel=DIGITS)


@pytest.mark.parametrize(("errors", "kwds"), [("cr0", {"use_correction": False}), ("cr1", {})])
def test_cluster_errors_are_those_of_statsmodels(rng: np.random.Generator, errors: str, kwds: dict[str, bool]) -> None:
    x, y, z = skewed(rng)
    groups = rng.integers(0, 9, 40)
    found = coefficient(y, z, x[:, None], clusters=groups, errors=errors)
    referee = sm.OLS(y, np.column_stack([np.ones(40), z, x])).fit(
        cov_type="cluster", cov_kwds={"groups": groups, **kwds}
    )
    assert found.error == pytest.approx(referee.bse[1], rel=DIGITS)


def test_cr2_and_its_degrees_of_freedom_are_those_of_the_textbook_matrices(rng: np.random.Generator) -> None:
    x, y, z = skewed(rng)
    groups = np.sort(rng.integers(0, 7, 40))
    z = (groups % 2).astype(float)
    design = np.column_stack([np.ones(40), z, np.log(x)])
    inverse = np.linalg.inv(design.T @ design)
    hat = design @ inverse @ design.T
    residual = y - hat @ y
    meat, loads = 0.0, []
    for group in np.unique(groups):
        rows = np.flatnonzero(groups == group)
        values, vectors = np.linalg.eigh(np.eye(len(rows)) - hat[np.ix_(rows, rows)])
        adjust = vectors @ np.diag([v**-0.5 if v > 1e-9 else 0.0 for v in values]) @ vectors.T
        load = adjust @ design[rows] @ inverse[1]
        meat += float(load @ residual[rows]) ** 2
        loads.append((np.eye(40) - hat)[:, rows] @ load)
    roots = np.linalg.eigvalsh(np.array(loads) @ np.array(loads).T)
    found = coefficient(y, z, np.log(x)[:, None], clusters=groups, errors="cr2")
    assert found.error == pytest.approx(np.sqrt(meat), rel=1e-8)
    assert found.df == pytest.approx(roots.sum() ** 2 / (roots**2).sum(), rel=1e-8)


def test_cr2_with_one_row_each_is_hc2(rng: np.random.Generator) -> None:
    x, y, z = skewed(rng)
    one = coefficient(y, z, x[:, None], errors="hc2")
    other = coefficient(y, z, x[:, None], errors="cr2", clusters=np.arange(40))
    assert (one.error, one.df) == pytest.approx((other.error, other.df), rel=1e-8)


def test_cr2_matches_diff_diff(rng: np.random.Generator) -> None:
    from diff_diff.linalg import compute_robust_vcov

    x, y, _ = skewed(rng)
    groups = np.repeat(np.arange(10), 4)
    z = (groups < 4).astype(float)
    design = np.column_stack([np.ones(40), z, np.log(x)])
    residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    referee, freedom = compute_robust_vcov(design, residual, cluster_ids=groups, vcov_type="hc2_bm", return_dof=True)
    found = coefficient(y, z, np.log(x)[:, None], clusters=groups, errors="cr2")
    assert found.error == pytest.approx(np.sqrt(referee[1, 1]), rel=ITERATED)
    assert found.df == pytest.approx(freedom[1], rel=ITERATED)


def test_the_difference_in_means_is_welchs(rng: np.random.Generator) -> None:
    _, y, z = skewed(rng)
    found = estimate(Sample(y, z), "difference", inference="analytic")
    referee = stats.ttest_ind(y[z == 1], y[z == 0], equal_var=False)
    assert found.p_value == pytest.approx(referee.pvalue, rel=DIGITS)
    interval = referee.confidence_interval()
    assert (found.interval.low, found.interval.high) == pytest.approx((interval.low, interval.high), rel=DIGITS)


def test_matched_pairs_are_the_paired_t_test(rng: np.random.Generator) -> None:
    _, y, _ = skewed(rng)
    found = estimate(
        Sample(y, np.tile([0.0, 1.0], 20), strata=np.repeat(np.arange(20), 2)), "difference", inference="analytic"
    )
    referee = stats.ttest_rel(y[1::2], y[::2])
    assert found.effect / found.error == pytest.approx(referee.statistic, rel=DIGITS)
    assert found.df == pytest.approx(19, rel=DIGITS)
    assert found.p_value == pytest.approx(referee.pvalue, rel=1e-8)


def test_cuped_is_welchs_test_of_what_the_time_before_does_not_predict(rng: np.random.Generator) -> None:
    x, y, z = skewed(rng)
    theta = np.cov(x, y, ddof=1)[0, 1] / x.var(ddof=1)
    referee = stats.ttest_ind(*((y - theta * (x - x.mean()))[z == arm] for arm in (1, 0)), equal_var=False)
    found = estimate(Sample(y, z, pre=x), "cuped", inference="analytic")
    assert found.p_value == pytest.approx(referee.pvalue, rel=1e-8)


def test_lins_model_has_a_slope_for_each_arm(rng: np.random.Generator) -> None:
    x, y, z = skewed(rng)
    centred = x - x.mean()
    referee = sm.OLS(y, np.column_stack([np.ones(40), z, centred, z * centred])).fit(cov_type="HC2")
    found = estimate(Sample(y, z, pre=x), "lin", inference="analytic")
    assert found.effect == pytest.approx(referee.params[1], rel=1e-8)
    assert found.error == pytest.approx(referee.bse[1], rel=1e-8)


def test_log_ancova_is_least_squares_of_logarithms(rng: np.random.Generator) -> None:
    x, y, z = skewed(rng)
    referee = sm.OLS(np.log(y), np.column_stack([np.ones(40), z, np.log(x)])).fit(cov_type="HC2")
    found = estimate(Sample(y, z, pre=x), "log_ancova", inference="analytic")
    assert found.relative == pytest.approx(np.expm1(referee.params[1]), rel=DIGITS)
    assert found.error == pytest.approx(referee.bse[1], rel=DIGITS)


def test_winsorised_uses_one_threshold_for_both_arms(rng: np.random.Generator) -> None:
    x, y, z = skewed(rng)
    cut = [np.minimum(one, np.quantile(one, 0.9)) for one in (y, x)]
    referee = sm.OLS(cut[0], np.column_stack([np.ones(40), z, cut[1]])).fit(cov_type="HC2")
    found = estimate(Sample(y, z, pre=x), "winsorised", inference="analytic", winsorise=0.9)
    assert (found.effect, found.error) == pytest.approx((referee.params[1], referee.bse[1]), rel=DIGITS)


@pytest.mark.parametrize("errors", ["hc0", "hc1", "hc3"])
def test_ppml_is_a_poisson_model_with_sandwich_errors(rng: np.random.Generator, errors: str) -> None:
    x, y, z = skewed(rng)
    y[:3] = 0
    design = np.column_stack([np.ones(40), z, np.log(x)])
    glm = sm.GLM(y, design, family=sm.families.Poisson()).fit(tol=1e-14, tol_criterion="params", maxiter=200)
    mean = glm.fittedvalues
    referee = sm.WLS(np.log(mean) + (y - mean) / mean, design, weights=mean).fit(cov_type=errors.upper())
    found = poisson(y, z, np.log(x)[:, None], None, None, errors)
    assert found.effect == pytest.approx(glm.params[1], rel=ITERATED)
    assert found.error == pytest.approx(referee.bse[1], rel=ITERATED)
    if errors == "hc0":
        assert found.error == pytest.approx(glm.get_robustcov_results("HC0").bse[1] if hasattr(
            glm, "get_robustcov_results") else sm.GLM(y, design, family=sm.families.Poisson()).fit(
                tol=1e-14, tol_criterion="params", maxiter=200, cov_type="HC0").bse[1], rel=ITERATED)  # fmt: skip


def test_a_ratio_has_the_delta_methods_error(rng: np.random.Generator) -> None:
    bottom = rng.integers(1, 30, 40).astype(float)
    top = rng.binomial(bottom.astype(int), 0.3).astype(float)
    z = np.tile([0.0, 1.0], 20)
    found = estimate(Sample(top, z, over=bottom), "ratio", inference="analytic")
    ratios, variances = [], []
    for arm in (0, 1):
        a, b = top[z == arm], bottom[z == arm]
        ratio, covariance = a.mean() / b.mean(), np.cov(a, b, ddof=1)
        ratios.append(ratio)
        variances.append(
            (covariance[0, 0] - 2 * ratio * covariance[0, 1] + ratio**2 * covariance[1, 1]) / b.mean() ** 2 / len(a)
        )
    assert found.effect == pytest.approx(ratios[1] - ratios[0], rel=DIGITS)
    assert found.error == pytest.approx(np.sqrt(sum(variances)), rel=1e-8)


def test_did_is_the_two_way_model(rng: np.random.Generator) -> None:
    values = rng.normal(size=(30, 10)).cumsum(axis=1)
    starts = np.where(np.arange(30) < 12, 6, -1)
    monthly = Monthly(values, starts)
    frame = pd.DataFrame(
        {
            "y": values.ravel(),
            "d": monthly.treated.ravel(),
            "i": np.repeat(np.arange(30), 10),
            "t": np.tile(np.arange(10), 30),
        }
    )
    dummies = pd.get_dummies(frame[["i", "t"]].astype(str), drop_first=True, dtype=float)
    referee = sm.OLS(frame.y, sm.add_constant(pd.concat([frame.d, dummies], axis=1))).fit(
        cov_type="cluster", cov_kwds={"groups": frame.i, "use_correction": False})  # fmt: skip
    found = did(monthly, "cr0")
    assert found.effect == pytest.approx(referee.params["d"], rel=1e-8)
    assert found.error == pytest.approx(referee.bse["d"], rel=1e-8)
    assert two_way(values, monthly.treated, errors="cr0").error == pytest.approx(referee.bse["d"], rel=1e-8)


def test_the_two_way_model_with_gaps_and_several_starts(rng: np.random.Generator) -> None:
    values = rng.normal(size=(25, 8)).cumsum(axis=1)
    treated = Monthly(values, np.array([3] * 8 + [5] * 8 + [-1] * 9)).treated
    values[rng.random((25, 8)) < 0.1] = np.nan
    rows, months = np.nonzero(np.isfinite(values))
    design = np.column_stack([treated[rows, months], np.eye(25)[rows], np.eye(8)[months][:, 1:]])
    referee = sm.OLS(values[rows, months], design).fit(
        cov_type="cluster", cov_kwds={"groups": rows, "use_correction": False}
    )
    found = two_way(values, treated, errors="cr0")
    assert (found.effect, found.error) == pytest.approx((referee.params[0], referee.bse[0]), rel=ITERATED)


@pytest.mark.parametrize(("theirs", "ours"), [("not_yet_treated", "not_yet"), ("never_treated", "never")])
def test_a_staggered_start_is_callaway_and_santanna(rng: np.random.Generator, theirs: str, ours: str) -> None:
    values = rng.normal(size=(40, 9)).cumsum(axis=1)
    starts = np.array([3] * 12 + [5] * 10 + [7] * 6 + [-1] * 12)
    frame = pd.DataFrame(
        [(i, t + 1, values[i, t], starts[i] + 1 if starts[i] >= 0 else 0) for i in range(40) for t in range(9)],
        columns=["unit", "time", "y", "first"])  # fmt: skip
    referee = diff_diff.CallawaySantAnna(control_group=theirs, n_bootstrap=0).fit(
        frame, outcome="y", unit="unit", time="time", first_treat="first")  # fmt: skip
    found = staggered(Monthly(values, starts), ours)
    assert (found.effect, found.error) == pytest.approx((referee.overall_att, referee.overall_se), rel=ITERATED)
    for start, month, effect, error, _ in found.cells:
        cell = referee.group_time_effects[(start + 1, month + 1)]
        assert (effect, error) == pytest.approx((cell["effect"], cell["se"]), rel=ITERATED)


def test_randomisation_inference_is_one_regression_for_each_draw(rng: np.random.Generator) -> None:
    x, y, z = skewed(rng, 20)
    draws = Drawing(np.zeros(20, dtype=np.int64), (0.5, 0.5), np.arange(20)).draw(rng, 60)
    for size, direction in ((0.0, z), (1500.0, z), (0.1, z * y)):
        outcome = y - size * direction

        def t_of(treated: np.ndarray, outcome: np.ndarray = outcome) -> float:
            return float(sm.OLS(outcome, np.column_stack([np.ones(20), treated, x])).fit(cov_type="HC2").tvalues[1])

        reference = np.array([t_of(one) for one in draws])
        referee = ((np.abs(reference) >= abs(t_of(z)) * (1 - 1e-9)).sum() + 1) / 61
        assert randomisation(z, draws, outcome, direction, basis(x[:, None])).p_value == pytest.approx(referee)


def test_the_interval_holds_exactly_the_sizes_that_are_not_rejected(rng: np.random.Generator) -> None:
    x, y, z = skewed(rng, 30)
    y = np.log(y)
    draws = Drawing(np.zeros(30, dtype=np.int64), (0.5, 0.5), np.arange(30)).draw(rng, 400)
    columns = basis(np.log(x)[:, None])
    found = randomisation(z, draws, y, z, columns)
    for size, inside in ((found.low, False), (found.high, False), (found.low + 1e-3, True), (found.high - 1e-3, True)):
        step = 0 if inside else np.sign(size - found.point) * 1e-3
        assert (randomisation(z, draws, y - (size + step) * z, z, columns).p_value > 0.05) is inside


def test_two_treated_clusters_are_ranked_by_the_t_of_least_squares_and_leave_no_gap(rng: np.random.Generator) -> None:
    codes = np.repeat(np.arange(9), rng.integers(1, 9, 9))
    x, y, _ = skewed(rng, len(codes))
    y = np.log(y) + rng.normal(0, 1, 9)[codes]
    every = Drawing(np.zeros(9, dtype=np.int64), (7 / 9, 2 / 9), codes).enumerated()
    assert every is not None
    z, columns = every[4].astype(float), basis(np.log(x)[:, None])
    sample = Sample(np.exp(y), z, pre=x, clusters=codes, draws=every.astype(float), exact=True)

    def referee(size: float) -> float:
        one = [float(sm.OLS(y - size * z, np.column_stack([np.ones(len(y)), arms, np.log(x)])).fit().tvalues[1])
               for arms in every]  # fmt: skip
        return float((np.abs(one) >= abs(one[4]) * (1 - 1e-9)).mean())

    found = estimate(sample, "log_ancova", inference="randomisation")
    assert found.p_value == pytest.approx(referee(0.0))
    assert "pooled" in found.sentence
    low, high = np.log1p(found.relative_interval.low), np.log1p(found.relative_interval.high)
    for size in (low - 0.5, low - 1e-3, low + 1e-3, low / 2 + high / 2, high - 1e-3, high + 1e-3, high + 0.5):
        assert (referee(size) > 0.05) is bool(low < size < high)
    wide = Reference.of(every.astype(float), columns, codes, pooled=True)
    several = wide.pieces(np.stack([y, 2 * y]), np.stack([z, z]))
    alone = pieces(every.astype(float), 2 * y, z, columns, codes, pooled=True)
    assert several.at(0.3)[:, 1] == pytest.approx(alone.at(0.3))
    assert wide.statistics(y[None, :])[:, 0] == pytest.approx(
        pieces(every.astype(float), y, z, columns, pooled=True).at(0.0)
    )
    assert wide.own(np.broadcast_to(y, every.shape)) == pytest.approx(wide.statistics(y[None, :])[:, 0])


def test_few_partners_are_permuted_as_scipy_permutes_means(rng: np.random.Generator) -> None:
    _, y, _ = skewed(rng, 11)
    z = np.array([1.0] * 4 + [0.0] * 7)
    every = Drawing(np.zeros(11, dtype=np.int64), (7 / 11, 4 / 11), np.arange(11)).enumerated()
    assert every is not None
    found = estimate(Sample(y, z, draws=every.astype(float), exact=True), "difference", inference="randomisation")
    squared = stats.permutation_test((y[z == 1], y[z == 0]), lambda one, other: (one.mean() - other.mean()) ** 2,
                                     vectorized=False, n_resamples=np.inf, alternative="greater")  # fmt: skip
    assert found.p_value == pytest.approx(squared.pvalue)


def test_fishers_tea_with_every_assignment() -> None:
    z = np.array([1.0, 1, 1, 1, 0, 0, 0, 0])
    drawing = Drawing(np.zeros(8, dtype=np.int64), (0.5, 0.5), np.arange(8))
    every = drawing.enumerated()
    assert every is not None
    assert len(every) == 70
    found = randomisation(z, every, z.copy() + np.arange(8) * 1e-6, z, basis(np.zeros((8, 0))), exact=True)
    assert found.p_value == pytest.approx(2 / 70)


def test_the_wild_bootstrap_is_one_regression_for_each_draw(rng: np.random.Generator) -> None:
    x, y, z = skewed(rng, 24)
    groups = np.repeat(np.arange(8), 3)
    z = (groups < 4).astype(float)
    weights = rng.choice([-1.0, 1.0], (50, 8))
    null = sm.OLS(y, np.column_stack([np.ones(24), x])).fit()
    design = np.column_stack([np.ones(24), z, x])

    def t_of(outcome: np.ndarray) -> float:
        return float(sm.OLS(outcome, design).fit(cov_type="cluster", cov_kwds={"groups": groups}).tvalues[1])

    reference = [abs(t_of(null.fittedvalues + one[groups] * null.resid)) for one in weights]
    referee = (np.sum(np.array(reference) >= abs(t_of(y))) + 1) / 51
    found = wild_bootstrap(y, z, basis(x[:, None]), groups, 50, 1, 0.05, weights=weights)
    assert found.p_value == pytest.approx(referee)


def test_adjusted_p_values_are_those_of_scipy(rng: np.random.Generator) -> None:
    p_values = rng.random(12) ** 3
    assert false_discovery(p_values) == pytest.approx(stats.false_discovery_control(p_values), rel=DIGITS)


def test_the_spread_between_segments_is_paule_and_mandels(rng: np.random.Generator) -> None:
    from statsmodels.stats.meta_analysis import combine_effects

    effects, errors = rng.normal(0, 2, 8), rng.uniform(0.5, 1, 8)
    referee = combine_effects(effects, errors**2, method_re="iterated", atol=1e-10, maxiter=500)
    assert paule_mandel(effects, errors) == pytest.approx(referee.tau2, rel=ITERATED)


@pytest.mark.parametrize(
    ("looks", "published"),
    [(4, [4.333, 2.963, 2.359, 2.014]), (5, [4.877, 3.357, 2.680, 2.290, 2.031]), (2, [2.963, 1.969])],
)
def test_boundaries_are_those_of_lan_and_demets(looks: int, published: list[float]) -> None:
    assert boundaries(np.arange(1, looks + 1) / looks, 0.05) == pytest.approx(published, abs=6e-4)
