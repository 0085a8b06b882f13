"""Small statistics by a second way: sums written out, integrals, simulations and published tables."""

from __future__ import annotations

import numpy as np
import pytest
from scipy import integrate, stats

from incentive_lab.charts.pilot import segments_chart
from incentive_lab.errors import InputError
from incentive_lab.pilot.estimate import Estimate, Interval, Sample
from incentive_lab.pilot.linear import basis, coefficient, mean_of, of_basis, satterthwaite
from incentive_lab.pilot.multiple import (
    belief,
    chance_above,
    false_discovery,
    family_wise,
    non_inferiority,
    paule_mandel,
    shrink,
)
from incentive_lab.pilot.ratios import linearised, ratio_difference
from incentive_lab.pilot.sequential import always_valid_half_width, boundaries, drawn_boundaries, spent


def ratios(rng: np.random.Generator, n: int = 13) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    bottom = rng.integers(1, 30, n).astype(float)
    return rng.binomial(bottom.astype(int), 0.3).astype(float), bottom, np.array([0.0, 1.0] * n)[:n]


def test_a_ratio_tells_both_arms_and_welchs_degrees_of_freedom(rng: np.random.Generator) -> None:
    top, bottom, arm = ratios(rng)
    found = ratio_difference(Sample(top, arm, over=bottom))
    plain = [top[arm == side].sum() / bottom[arm == side].sum() for side in (0, 1)]
    assert (found.control, found.treated, found.effect) == (*plain, plain[1] - plain[0])
    parts = [(top[arm == side] - plain[side] * bottom[arm == side]) / bottom[arm == side].mean() for side in (0, 1)]
    welch = stats.ttest_ind(parts[1], parts[0], equal_var=False)
    assert found.df == pytest.approx(welch.df)
    assert found.error == pytest.approx(np.sqrt(sum(one.var(ddof=1) / len(one) for one in parts)))
    assert found.groups == 13


def test_partners_of_a_cluster_count_as_one_in_a_ratio(rng: np.random.Generator) -> None:
    top, bottom, arm = ratios(rng, 12)
    groups = np.array([9, 4, 9, 4, 9, 4, 1, 2, 1, 2, 5, 6])
    summed = [[values[groups == one].sum() for one in sorted(set(groups))] for values in (top, bottom)]
    arms = np.array([arm[groups == one][0] for one in sorted(set(groups))])
    together = ratio_difference(Sample(top, arm, over=bottom, clusters=groups))
    assert together == ratio_difference(Sample(np.array(summed[0]), arms, over=np.array(summed[1])))
    assert together.groups == 6


def test_a_ratio_over_nothing_is_refused_and_one_without_spread_keeps_its_degrees_of_freedom() -> None:
    arm = np.array([0.0, 0.0, 1.0, 1.0])
    with pytest.raises(InputError, match="denominator of this ratio is zero"):
        ratio_difference(Sample(np.ones(4), arm, over=np.array([1.0, 1.0, 0.0, 0.0])))
    same = ratio_difference(Sample(np.array([1.0, 2.0, 2.0, 4.0]), arm, over=np.array([2.0, 4.0, 2.0, 4.0])))
    assert (same.effect, same.error, same.df) == (0.5, 0.0, 2.0)


def test_each_partners_part_in_a_ratio(rng: np.random.Generator) -> None:
    top, bottom, arm = ratios(rng)
    before, over = ratios(rng)[:2]
    part, covariate = linearised(Sample(top, arm, pre=before, over=bottom, over_pre=over))
    pooled, earlier = sum(top) / sum(bottom), sum(before) / sum(over)
    assert part == pytest.approx([(a - pooled * b) / (sum(bottom) / 13) for a, b in zip(top, bottom, strict=True)])
    assert covariate[:, 0] == pytest.approx(
        [(a - earlier * b) / (sum(over) / 13) for a, b in zip(before, over, strict=True)]
    )
    for pre, over_pre in ((None, over), (before, None), (before, np.zeros(13))):
        assert linearised(Sample(top, arm, pre=pre, over=bottom, over_pre=over_pre))[1].shape == (13, 0)


def test_adjusted_p_values_leave_out_what_is_not_known() -> None:
    found = false_discovery(np.array([0.02, np.nan, 0.9, 0.01, 0.8]))
    assert found[[0, 2, 3, 4]] == pytest.approx(stats.false_discovery_control([0.02, 0.9, 0.01, 0.8]))
    assert np.isnan(found[1])
    assert false_discovery(np.array([0.9, 1.0])).tolist() == [1.0, 1.0]


def test_holm_is_that_of_statsmodels(rng: np.random.Generator) -> None:
    from statsmodels.stats.multitest import multipletests

    p_values = rng.random(9) ** 3
    assert family_wise(p_values) == pytest.approx(multipletests(p_values, method="holm")[1])
    assert family_wise(np.array([0.7, 0.8])).tolist() == [1.0, 1.0]


def told(low: float, high: float) -> Estimate:
    return Estimate("difference", "analytic", 0, Interval(low, high), 0, Interval(0, 0), 1, 9, 0.3, 50, 49, 20, 20)


@pytest.mark.parametrize(
    ("low", "high", "better", "verdict", "worst"),
    [
        (-1.0, 4.0, "higher", "held", -1.0),
        (-2.0, 4.0, "higher", "open", -2.0),
        (-9.0, -2.0, "higher", "open", -9.0),
        (-9.0, -2.5, "higher", "broken", -9.0),
        (-4.0, 1.0, "lower", "held", -1.0),
        (2.5, 9.0, "lower", "broken", -9.0),
        (-np.inf, 9.0, "higher", "open", -np.inf),
    ],
)
def test_a_guardrail_holds_or_breaks_only_beyond_doubt(
    low: float, high: float, better: str, verdict: str, worst: float
) -> None:
    found = non_inferiority(told(low, high), 2.0, better)
    assert (found.verdict, found.worst, found.margin) == (verdict, worst, 2.0)


def test_segments_are_drawn_to_the_common_effect_by_how_little_they_know() -> None:
    effects, errors = np.array([0.0, 2.0, 7.0]), np.array([1.0, 1.0, 2.0])
    found = shrink(["a", "b", "c"], [4, 5, 6], effects, errors, 0.05)
    between = paule_mandel(effects, errors)
    weights = [1 / (error**2 + between) for error in errors]
    common = sum(w * e for w, e in zip(weights, effects, strict=True)) / sum(weights)
    assert between > 1
    assert (found.common, found.between) == pytest.approx((common, between**0.5))
    reach = stats.t(2).ppf(0.975)
    assert reach > 4
    for one, effect, error in zip(found.segments, effects, errors, strict=True):
        keep = between / (between + error**2)
        spread = (keep * error**2 + (1 - keep) ** 2 / sum(weights)) ** 0.5
        assert one.shrunk == pytest.approx(keep * effect + (1 - keep) * common)
        assert (one.interval.low, one.interval.high) == pytest.approx(
            (one.shrunk - 4 * spread, one.shrunk + 4 * spread)
        )
        assert (one.effect, one.error) == (effect, error)
    assert [(one.name, one.units) for one in found.segments] == [("a", 4), ("b", 5), ("c", 6)]
    plain = np.array([1.0, 1.0, 0.25])
    centre = (plain * effects).sum() / plain.sum()
    assert found.p_value == pytest.approx(stats.chi2(2).sf((plain * (effects - centre) ** 2).sum()))
    assert found.verdict == "differs"


def test_segments_that_differ_by_less_than_one_keep_a_part_of_their_own_too() -> None:
    effects, errors = np.array([0.0, 0.4, 1.0]), np.array([0.1, 0.2, 0.1])
    found = shrink(["a", "b", "c"], [4, 5, 6], effects, errors, 0.1)
    assert 0 < found.between < 1
    for one, effect, error in zip(found.segments, effects, errors, strict=True):
        keep = found.between**2 / (found.between**2 + error**2)
        assert one.shrunk == pytest.approx(keep * effect + (1 - keep) * found.common)


def test_two_segments_reach_no_further_than_four_errors() -> None:
    found = shrink(["a", "b"], [9, 9], np.ones(2), np.full(2, 0.5), 0.1)
    assert found.segments[0].interval.high == pytest.approx(1 + 4 * 0.5 / 2**0.5)


def test_the_reach_of_segments_is_students_and_past_thirty_the_normal_laws() -> None:
    for k, reach in ((9, stats.t(8).ppf(0.95)), (29, stats.t(28).ppf(0.95)), (30, 1.96)):
        found = shrink(["s"] * k, [9] * k, np.ones(k), np.full(k, 0.5), 0.1)
        assert found.segments[0].interval.high == pytest.approx(1 + reach * 0.5 / k**0.5)


@pytest.mark.parametrize(
    ("effects", "errors", "verdict"),
    [
        ([1.0], [0.1], "cannot tell"),
        ([1.0, 1.0], [9.0, 9.0], "cannot tell"),
        ([1.0, 1.1], [0.5, 0.5], "cannot tell"),
        ([1.0, 1.1], [0.9, 0.9], "cannot tell"),
        ([0.0, 0.1], [0.5, 0.5], "cannot tell"),
        ([0.0, 9.0], [0.5, 0.5], "differs"),
    ],
)
def test_segments_differ_or_it_cannot_be_told_and_are_never_called_the_same(
    effects: list[float], errors: list[float], verdict: str
) -> None:
    k = len(effects)
    found = shrink(["s"] * k, [9] * k, np.array(effects), np.array(errors), 0.05)
    assert found.verdict == verdict
    assert np.isnan(found.p_value) == (k == 1)
    shown = "The effect differs by size" if verdict == "differs" else "No difference of the effect can be shown by size"
    assert segments_chart("size", found, False).title == shown


def test_the_spread_between_segments_solves_its_equation() -> None:
    effects, errors = np.array([0.0, 1.0, 50.0]), np.array([0.1, 0.2, 0.3])
    found = paule_mandel(effects, errors)
    weights = 1 / (errors**2 + found)
    centre = (weights * effects).sum() / weights.sum()
    assert (weights * (effects - centre) ** 2).sum() == pytest.approx(2.0, rel=1e-9)
    assert paule_mandel(np.array([5.0]), np.array([1.0])) == 0.0
    assert paule_mandel(np.array([5.0, 5.1]), np.array([1.0, 1.0])) == 0.0
    assert paule_mandel(np.array([0.0, 2.0]), np.array([1.0, 1.0])) == pytest.approx(1.0)


def test_a_belief_is_prior_times_likelihood() -> None:
    found = belief(0.3, 0.1, 7.0, 0.2, 0.1, worth=0.15)
    wide = 0.1 * stats.t(7).ppf(0.975) / stats.norm.ppf(0.975)

    def density(x: float) -> float:
        return float(stats.norm.pdf(x, 0, 0.2) * stats.norm.pdf(0.3, x, wide))

    whole = integrate.quad(density, -2, 2, points=[0.2])[0]
    assert found.mean == pytest.approx(
        integrate.quad(lambda x: x * density(x), -2, 2, points=[0.2])[0] / whole, rel=1e-6
    )
    assert found.chance_positive == pytest.approx(integrate.quad(density, 0, 2, points=[0.2])[0] / whole, rel=1e-6)
    assert found.chance_worth == pytest.approx(integrate.quad(density, 0.15, 2, points=[0.2])[0] / whole, rel=1e-6)
    for end, below in ((found.interval.low, 0.05), (found.interval.high, 0.95)):
        assert integrate.quad(density, -2, end, points=[0.1])[0] / whole == pytest.approx(below, rel=1e-6)
    assert found.prior == 0.2
    assert np.isnan(belief(0.3, 0.1, 7.0, 0.2, 0.1).chance_worth)
    assert belief(0.3, 0.1, 0.5, 0.2, 0.1).mean == belief(0.3, 0.1, 1.0, 0.2, 0.1).mean, "fewer than one tell no less"


def test_the_chance_of_more_than_a_value_is_students() -> None:
    assert chance_above(1.0, 0.5, 6.0, 0.4) == pytest.approx(stats.t(6).cdf(1.2))
    assert (chance_above(1.0, 0.0, 6.0, 0.4), chance_above(0.4, 0.0, 6.0, 0.4)) == (1.0, 0.0)


@pytest.mark.parametrize("alpha", [0.05, 0.1])
def test_alpha_is_spent_slowly_and_never_more_than_there_is(alpha: float) -> None:
    fractions = np.array([0.1, 0.3, 0.6, 1.0])
    expected = [4 * (1 - stats.norm.cdf(stats.norm.ppf(1 - alpha / 4) / t**0.5)) for t in fractions]
    assert spent(fractions, alpha) == pytest.approx(expected)
    assert spent(np.array([1.0, 1.5]), alpha) == pytest.approx([alpha, alpha])


def test_looking_often_crosses_as_often_as_alpha_says(rng: np.random.Generator) -> None:
    fractions = np.array([0.2, 0.5, 0.7, 1.0])
    bounds = boundaries(fractions, 0.1)
    steps = rng.standard_normal((100_000, 4)) * np.sqrt(np.diff(np.r_[0.0, fractions]))
    walk = np.abs(steps.cumsum(axis=1) / np.sqrt(fractions))
    for look in range(4):
        crossed = (walk[:, : look + 1] > bounds[: look + 1]).any(axis=1).mean()
        assert crossed == pytest.approx(spent(fractions[look : look + 1], 0.1)[0], abs=0.003)


def test_a_single_look_has_the_normal_laws_boundary_and_a_later_one_needs_its_own() -> None:
    assert boundaries(np.array([1.0]), 0.05) == pytest.approx([1.959964], abs=1e-6)
    first = boundaries(np.array([0.5]), 0.05)[0]
    assert first == pytest.approx(stats.norm.isf(spent(np.array([0.5]), 0.05)[0] / 2), abs=1e-6)


def test_what_crosses_at_the_second_look_first_is_what_was_left_to_spend() -> None:
    fractions = np.array([0.4, 1.0])
    first, second = boundaries(fractions, 0.05)
    root, step = 0.4**0.5, 0.6**0.5

    def crossing(x: float) -> float:
        return float(
            stats.norm.pdf(x)
            * (stats.norm.sf((second - x * root) / step) + stats.norm.cdf((-second - x * root) / step))
        )

    beyond = integrate.quad(crossing, -first, first, epsabs=1e-12)[0]
    early, whole = spent(fractions, 0.05)
    assert beyond == pytest.approx(whole - early, abs=1e-9)


def test_boundaries_from_draws_let_no_more_cross_than_may(rng: np.random.Generator) -> None:
    fractions, draws = np.array([0.1, 0.5, 1.0]), 399
    walk = rng.standard_normal((draws, 3)).cumsum(axis=1)
    found = drawn_boundaries(walk, fractions, 0.1)
    may = np.floor(spent(fractions, 0.1) * (draws + 1)).astype(int)
    alive, crossed = np.ones(draws, dtype=bool), 0
    for look in range(3):
        here = sorted(np.abs(walk[alive, look]), reverse=True)
        room = may[look] - crossed - 1
        assert found[look] == (here[room] if room >= 0 else np.inf)
        out = alive & (np.abs(walk[:, look]) > found[look])
        crossed += out.sum()
        alive &= ~out
    assert np.isinf(found[0])
    assert crossed + 1 == may[2] == 40
    assert drawn_boundaries(np.array([[1.0], [3.0], [2.0]]), np.array([1.0]), 1.0).tolist() == [1.0]


def test_a_confidence_sequence_holds_at_all_times_at_once(rng: np.random.Generator) -> None:
    times = np.arange(1, 201)
    walk = rng.standard_normal((4_000, 200)).cumsum(axis=1)
    widths = np.array([always_valid_half_width(1 / t**0.5, t, 50.0, 0.1) for t in times])
    missed = (np.abs(walk / times) > widths).any(axis=1).mean()
    assert 0.03 < missed < 0.1
    at = [always_valid_half_width(0.1, 100.0, 100.0, 0.05), always_valid_half_width(0.1, 100.0, 900.0, 0.05)]
    assert at[0] < at[1]
    # Howard et al. (2021), equation 14, with rho for t = 100 by their equation 10.
    width = -2 * np.log(0.05)
    rho = 100 / (width + np.log(width) + 1)
    assert at[0] == pytest.approx(np.sqrt((100 + rho) * np.log((100 + rho) / (rho * 0.05**2))) / 100)


def test_the_basis_is_orthonormal_and_leaves_out_what_it_has(rng: np.random.Generator) -> None:
    others = rng.normal(size=(12, 2))
    strata = np.repeat([3, 5, 9], 4)
    found = basis(np.column_stack([others, others[:, :1], np.zeros(12), strata]), strata)
    assert found.shape == (12, 5)
    assert found.T @ found == pytest.approx(np.eye(5), abs=1e-12)
    assert basis(np.zeros((12, 0)), strata).shape == (12, 3)
    assert basis(np.ones((12, 1))).shape == (12, 1)
    assert basis(1e-9 * others).shape == (12, 3), "how large a unit is does not matter"
    weights = rng.random(12) + 0.5
    scaled = basis(others, None, np.sqrt(weights))
    assert scaled.T @ scaled == pytest.approx(np.eye(3), abs=1e-12)
    column = np.sqrt(weights)
    assert scaled @ (scaled.T @ column) == pytest.approx(column)


def test_a_model_that_cannot_be_worked_out_says_why() -> None:
    z = np.array([0.0, 1.0, 0.0, 1.0])
    with pytest.raises(InputError, match="the arm does not vary"):
        coefficient(np.arange(4.0), z, z[:, None])
    with pytest.raises(InputError, match="2 units cannot carry a model of 2 columns"):
        coefficient(np.arange(2.0), z[:2], np.zeros((2, 0)))
    with pytest.raises(InputError, match="only one cluster"):
        coefficient(np.arange(4.0), z, np.zeros((4, 0)), clusters=np.ones(4, dtype=int), errors="cr1")


def test_degrees_of_freedom_by_kind_of_error(rng: np.random.Generator) -> None:
    y, z, x = rng.normal(size=10), np.array([0.0, 1.0] * 5), rng.normal(size=(10, 1))
    found = {kind: coefficient(y, z, x, errors=kind) for kind in ("classical", "hc0", "hc1", "hc2", "hc3")}
    assert [found[kind].df for kind in ("classical", "hc0", "hc1")] == [7.0] * 3
    assert found["hc1"].error == pytest.approx(found["hc0"].error * np.sqrt(10 / 7))
    assert all((one.units, one.clusters, one.columns) == (10, 10, 3) for one in found.values())
    assert found["hc2"].statistic == found["hc2"].effect / found["hc2"].error
    design = np.column_stack([np.ones(10), z, x])
    hat = design @ np.linalg.inv(design.T @ design) @ design.T
    weights = (np.linalg.inv(design.T @ design) @ design.T)[1]
    for kind, power in (("hc2", 1), ("hc3", 2)):
        load = weights**2 / (1 - np.diag(hat)) ** power
        middle = (np.eye(10) - hat) @ np.diag(load) @ (np.eye(10) - hat)
        assert found[kind].df == pytest.approx(np.trace(middle) ** 2 / np.trace(middle @ middle))
    groups = np.array([0, 0, 1, 1, 2, 2, 3, 3, 4, 4])
    clustered = coefficient(y, z, x, clusters=groups, errors="cr1")
    assert (clustered.df, clustered.clusters) == (4.0, 5)
    assert coefficient(y, z, x, errors="cr2") == found["hc2"], "without clusters every row is one"


def test_a_row_that_the_model_fits_by_itself_is_left_out_of_hc2(rng: np.random.Generator) -> None:
    y, z = rng.normal(size=9), np.array([0.0, 1.0] * 4 + [1.0])
    alone = np.zeros((9, 1))
    alone[8] = 1
    with_it, without = coefficient(y, z, alone), coefficient(y[:8], z[:8], np.zeros((8, 0)))
    assert (with_it.effect, with_it.error, with_it.df) == pytest.approx((without.effect, without.error, without.df))


@pytest.mark.parametrize("treated", [[5], [1, 4]])
def test_clusters_are_adjusted_by_the_inverse_that_there_is(rng: np.random.Generator, treated: list[int]) -> None:
    """CR2 written out with matrices; where one cluster is the whole arm, what it fits by itself is left out."""
    groups, y = np.repeat(np.arange(6), 3), rng.normal(size=18)
    z, x = np.isin(groups, treated).astype(float), rng.normal(size=(18, 1))
    found = coefficient(y, z, x, clusters=groups, errors="cr2")
    design = np.column_stack([np.ones(18), z, x])
    inverse = np.linalg.inv(design.T @ design)
    rest = np.eye(18) - design @ inverse @ design.T
    weights, parts, variance = (design @ inverse)[:, 1], [], 0.0
    for group in range(6):
        rows = groups == group
        values, vectors = np.linalg.eigh(rest[np.ix_(rows, rows)])
        half = np.where(values > 1e-9, np.maximum(values, 1e-9) ** -0.5, 0.0)
        load = vectors @ (half * (vectors.T @ weights[rows]))
        parts.append(rest[:, rows] @ load)
        variance += float(load @ (rest @ y)[rows]) ** 2
    middle = np.array(parts) @ np.array(parts).T
    assert found.error == pytest.approx(variance**0.5)
    assert found.df == pytest.approx(np.trace(middle) ** 2 / np.trace(middle @ middle))


def test_past_many_columns_degrees_of_freedom_are_counted(
    rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("incentive_lab.pilot.linear._MANY", 3)
    y, z = rng.normal(size=10), np.array([0.0, 1.0] * 5)
    assert coefficient(y, z, rng.normal(size=(10, 2))).df == 6.0
    assert coefficient(y, z, rng.normal(size=(10, 1))).df != 7.0


def test_many_columns_by_cluster_come_out_as_few_do(rng: np.random.Generator, monkeypatch: pytest.MonkeyPatch) -> None:
    y, x = rng.normal(size=12), rng.normal(size=(12, 1))
    groups = np.array([2, 2, 0, 0, 1, 1, 3, 3, 4, 4, 5, 5])
    z = (groups % 2).astype(float)
    found = coefficient(y, z, x, clusters=groups, errors="cr2")

    class Long(np.ndarray):
        def __len__(self) -> int:
            return 10**9

    from incentive_lab.pilot import linear

    one_by_one = linear._adjusted
    columns = basis(x)
    rest = z - columns @ (columns.T @ z)
    full = np.hstack([columns, (rest / np.sqrt(rest @ rest))[:, None]])
    weights, codes = rest / (rest @ rest), np.unique(groups, return_inverse=True)[1]
    assert one_by_one(weights, full.view(Long), codes, 6) == pytest.approx(one_by_one(weights, full, codes, 6))
    assert found == of_basis(y, z, columns, clusters=groups, errors="cr2")


def test_satterthwaite_is_the_ratio_of_traces(rng: np.random.Generator) -> None:
    own, cross = rng.random(6) + 5, rng.random((6, 2))
    matrix = np.diag(own) - cross @ cross.T
    assert satterthwaite(own, cross) == pytest.approx(np.trace(matrix) ** 2 / np.trace(matrix @ matrix))
    assert satterthwaite(np.zeros(3), np.zeros((3, 1))) == 1.0


def test_a_mean_of_nobody_is_not_known() -> None:
    assert mean_of(np.array([True, False, True]), np.array([1.0, 9.0, 4.0])) == 2.5
    assert np.isnan(mean_of(np.zeros(2, dtype=bool), np.ones(2)))


@pytest.mark.parametrize(("looks", "drift", "least"), [(4, 2.8, 0.3), (12, 2.8, 0.25), (4, 1.96, 0.7)])
def test_an_effect_read_where_it_first_crosses_is_too_large(
    rng: np.random.Generator, looks: int, drift: float, least: float
) -> None:
    """What the readout says of an early stop, at a power of 80 % (2.8) and 50 % (1.96); the interval that is told holds it."""
    time = np.arange(1, looks + 1) / looks
    edges = boundaries(time, 0.05)
    walk = np.cumsum(rng.normal(0.0, looks**-0.5, (20_000, looks)), axis=1) + drift * time
    over = np.abs(walk / np.sqrt(time)) > edges
    first = over.argmax(axis=1)
    early = over.any(axis=1) & (first < looks - 1)
    found, error = (walk / time)[np.arange(len(walk)), first], 1 / np.sqrt(time[first])
    assert found[early].mean() / drift - 1 > least
    assert (np.abs(found - drift) < edges[first] * error)[early].mean() > 0.95
