"""Single estimates by a second way: sums written out, laws whose numbers are known, and what is planted is found."""

from __future__ import annotations

import numpy as np
import pytest

from incentive_lab.projection import estimates
from incentive_lab.projection.estimates import (
    blur_of,
    dispersion_of,
    drift_of,
    gamma_prior,
    season_of,
)
from incentive_lab.projection.factors import REPLICATES
from incentive_lab.projection.standard_errors import LEAST, chance, mean, quantile, tail_mean


def test_a_mean_has_the_standard_error_of_textbooks() -> None:
    values = np.array([1.0, 4.0, 7.0, 0.0])
    assert mean(values).value == 3.0
    assert mean(values).error == pytest.approx((((4 + 1 + 16 + 9) / 3) / 4) ** 0.5)
    assert mean(values[:1]).error is None
    assert mean(values[:2]).error == pytest.approx(1.5)


def test_only_what_is_used_counts_however_few_scenarios_there_are() -> None:
    found = mean(np.array([1.0, 3.0, 100.0]), np.array([True, True, False]))
    assert (found.value, found.error) == pytest.approx((2.0, 1.0))


def test_what_happens_in_nearly_all_is_as_unsure_as_what_happens_in_nearly_none() -> None:
    rare = np.arange(LEAST) < 3
    assert chance(~rare).error == pytest.approx(chance(rare).error)


def test_a_share_counts_two_more_that_did_and_two_that_did_not() -> None:
    found = chance(np.array([True] * 3 + [False] * 5))
    assert found.value == 3 / 8
    assert found.error == pytest.approx(((5 / 12) * (7 / 12) / 12) ** 0.5)
    assert chance(np.zeros(8, dtype=bool)).error == pytest.approx(((2 / 12) * (10 / 12) / 12) ** 0.5)


def test_a_quantile_has_the_span_of_its_neighbours() -> None:
    values = np.arange(60.0)[::-1] ** 2
    found = quantile(values, 0.25)
    wide = (60 * 0.25 * 0.75) ** 0.5
    low, high = int(np.floor(15 - wide)), int(np.ceil(15 + wide))
    assert found.value == pytest.approx(np.quantile(values, 0.25))
    assert found.error == pytest.approx((high**2 - low**2) / (high - low) * wide)
    assert quantile(np.zeros(9), 0.5).error == pytest.approx(0.0)


def test_from_enough_scenarios_on_replicates_tell_the_error() -> None:
    rng = np.random.default_rng(12)
    replicates = rng.normal(size=REPLICATES)
    values = np.tile(replicates, LEAST // REPLICATES)
    between = replicates.std(ddof=1) / REPLICATES**0.5
    assert mean(values).error == pytest.approx(between)
    assert mean(values[: LEAST - 1]).error == pytest.approx(values[:-1].std(ddof=1) / (LEAST - 1) ** 0.5)
    used = np.arange(LEAST) < LEAST // 2
    assert mean(values, used).value == pytest.approx(replicates.mean())
    assert mean(values, used).error == pytest.approx(between)
    happens = values > np.median(values)
    assert chance(happens).error == pytest.approx(
        np.tile(replicates > np.median(values), 1).std(ddof=1) / REPLICATES**0.5
    )
    rare = np.arange(LEAST) < REPLICATES - 1
    near = (REPLICATES - 1 + 2) / (LEAST + 4)
    assert chance(rare).error == pytest.approx((near * (1 - near) / (LEAST + 4)) ** 0.5)


@pytest.mark.parametrize(("n", "at", "known"), [(8, 0.75, True), (7, 0.75, False), (8, 0.25, True), (7, 0.25, False)])
def test_a_quantile_past_which_hardly_anything_lies_has_no_error(n: int, at: float, known: bool) -> None:
    found = quantile(np.arange(float(n)), at)
    assert (found.error is not None) == known
    assert found.value == pytest.approx(np.quantile(np.arange(n), at))


def test_the_error_of_a_quantile_covers_as_often_as_it_should() -> None:
    rng = np.random.default_rng(3)
    errors = [quantile(rng.standard_exponential(500), 0.9) for _ in range(400)]
    spread = np.std([one.value for one in errors])
    assert np.mean([one.error for one in errors if one.error is not None]) == pytest.approx(spread, rel=0.15)


def test_the_mean_of_the_tail_is_that_of_what_lies_beyond() -> None:
    values = np.arange(1.0, 51.0)
    assert tail_mean(values, 0.9).value == pytest.approx(np.mean(np.arange(46.0, 51.0)), abs=0.1)
    border = np.quantile(values, 0.8)
    beyond = border + np.maximum(values - border, 0) / 0.2
    assert tail_mean(values, 0.8).error == pytest.approx(beyond.std(ddof=1) / 50**0.5)
    assert tail_mean(values) == tail_mean(values, 0.95)


def test_a_season_is_shrunk_by_how_far_it_repeats() -> None:
    rng = np.random.default_rng(2)
    planted = 1 + 0.4 * np.sin(np.arange(12) / 12 * 2 * np.pi)
    totals = np.tile(planted, 4) * 1_000 * np.exp(rng.normal(0, 0.05, 48))
    found = season_of(totals, 3)
    assert found.mean() == pytest.approx(1.0)
    assert found[(3 + np.arange(12)) % 12] == pytest.approx(planted, abs=0.1)
    # By loops: each month against the centred twelve around it, years before and after as the nearest year.
    whole = [*[totals[:12].mean()] * 6, *totals, *[totals[-12:].mean()] * 6]
    ratio = [totals[m] / ((whole[m] + whole[m + 12]) / 24 + sum(whole[m + 1 : m + 12]) / 12) for m in range(48)]
    means = [np.mean([ratio[m] for m in range(48) if (3 + m) % 12 == each]) for each in range(12)]
    within = sum((ratio[m] - means[(3 + m) % 12]) ** 2 for m in range(48)) / 36
    between = np.var(means, ddof=1) - within / 4
    factors = np.array([1 + between / (between + within / 4) * (one - 1) for one in means])
    assert found == pytest.approx(factors / factors.mean())


@pytest.mark.parametrize("totals", [np.arange(23.0), np.zeros(36), np.tile([1.0, -1.0], 18)])
def test_there_is_no_season_without_two_years_or_without_anything(totals: np.ndarray) -> None:
    assert season_of(totals, 0).tolist() == [1.0] * 12


def test_two_years_are_enough_for_a_season_and_noise_is_none() -> None:
    assert season_of(np.tile(np.arange(1.0, 13.0), 2), 0).std() > 0.3
    rng = np.random.default_rng(5)
    assert season_of(rng.normal(100, 10, 36), 0).std() < 0.04


def test_months_of_unequal_number_are_shrunk_each_by_its_own() -> None:
    totals = np.tile(np.arange(1.0, 13.0), 3)[:30] + np.random.default_rng(1).normal(0, 0.5, 30)
    found = season_of(totals, 0)
    assert found.mean() == pytest.approx(1.0)
    assert found[9] > found[0]


def test_what_partners_have_in_common_is_found_by_moments() -> None:
    rng = np.random.default_rng(6)
    rates = rng.gamma(2.0, 0.5, 40_000)
    exposure = np.full(40_000, 12.0)
    shape, rate = gamma_prior(rng.poisson(rates * exposure).astype(float), exposure, 1.0)
    assert shape == pytest.approx(2.0, rel=0.05)
    assert shape / rate == pytest.approx(1.0, rel=0.03)


@pytest.mark.parametrize(
    ("counts", "exposure", "expected"),
    [
        ([0.0, 0.0, 0.0], [1.0, 1.0, 1.0], (0.3, 0.3 / 0.5)),
        ([1.0, 1.0, 1.0], [0.0, 0.0, 0.0], (0.3, 0.3 / 0.5)),
        ([4.0, 4.0, 0.0], [2.0, 2.0, 0.0], (1.0, 0.5)),
        ([4.0, 4.0, 4.0], [2.0, 2.0, 2.0], (50.0, 25.0)),
        ([3_000.0] + [0.0] * 999, [1.0] * 1000, (0.05, 0.05 / 3)),
    ],
)
def test_the_law_of_rates_stays_within_bounds(
    counts: list[float], exposure: list[float], expected: tuple[float, float]
) -> None:
    assert gamma_prior(np.array(counts), np.array(exposure), 0.5) == pytest.approx(expected)


def test_the_law_of_rates_weighs_partners_by_how_long_they_were_there() -> None:
    counts, exposure = np.array([40.0, 2.0, 3.0, 0.0]), np.array([10.0, 4.0, 1.0, 5.0])
    mu = 45 / 20
    seen = counts / exposure
    variance = sum(e / 20 * (s - mu) ** 2 for e, s in zip(exposure, seen, strict=True)) - mu / 5
    shape, rate = gamma_prior(counts, exposure, 1.0)
    assert shape == pytest.approx(mu**2 / variance)
    assert rate == pytest.approx(shape / mu)
    assert gamma_prior(np.zeros(2), np.zeros(2), 0.0) == (0.3, 0.3 / 1e-6)


def test_the_blur_is_a_bandwidth_on_logs_of_the_largest_value() -> None:
    pool = np.array([[1.0, -np.e], [np.e**2, 0.0], [0.0, 0.0], [1.0, np.e**3]])
    logs = np.array([1.0, 2.0, 3.0])
    assert blur_of(pool) == pytest.approx(min(0.9, estimates.BLUR * logs.std() * 3**-0.2))
    assert blur_of(np.exp([[1.0], [1.2], [1.4]])) == pytest.approx(estimates.BLUR * np.std([1.0, 1.2, 1.4]) * 3**-0.2)
    assert blur_of(np.array([[1.0], [1e9]])) == 0.9
    for few in (np.ones((1, 2)), np.zeros((4, 0)), np.array([[3.0], [0.0]])):
        assert blur_of(few) == 0.0
    assert blur_of(np.array([[1.0], [2.0]])) > 0


def test_counts_beyond_poisson_have_a_dispersion() -> None:
    counts, expected = np.array([9.0, 1.0, 2.0]), np.array([4.0, 4.0, 4.0])
    excess = (25 - 4) + (9 - 4) + (4 - 4)
    assert dispersion_of(counts, expected) == pytest.approx(48 / excess)
    assert dispersion_of(expected, expected) == 0.0
    assert dispersion_of(np.zeros(3), np.zeros(3)) == 0.0
    assert dispersion_of(np.array([100.0]), np.array([1.0])) == 0.2
    assert dispersion_of(np.array([10.0 + 11**0.5]), np.array([10.0])) == 0.0, "an excess of a hundredth is none"
    assert dispersion_of(np.array([10.0 + 13**0.5]), np.array([10.0])) == pytest.approx(100 / 3)


def halves(drift: float, dispersion: float = 0.0, partners: int = 4_000) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(9)
    rate = 6 * np.exp(rng.normal(0, drift, (partners, 2)))
    monthly = np.repeat(rate, 12, axis=1)
    if dispersion:
        monthly = monthly * rng.gamma(dispersion, 1 / dispersion, monthly.shape)
    return rng.poisson(monthly).astype(float), np.ones((partners, 24))


@pytest.mark.parametrize("dispersion", [0.0, 2.0])
def test_how_partners_drift_is_found_beside_chance(dispersion: float) -> None:
    none, some = (drift_of(*halves(drift, dispersion), dispersion) for drift in (0.0, 0.3))
    assert none < 0.08
    assert some == pytest.approx(0.3 * 3**0.5, rel=0.1), "three times the variance of the halves"


@pytest.mark.parametrize(("law", "times"), [("walk", 1.0), ("apart", 2.0)])
def test_the_drift_is_how_far_the_next_year_lies_around_the_last_two(law: str, times: float) -> None:
    """Exact where rates walk at random, twice the variance where each year is independent of the others."""
    rng = np.random.default_rng(4)
    steps = rng.normal(0, 0.05, (6_000, 36))
    logs = np.cumsum(steps, axis=1) if law == "walk" else np.repeat(4 * steps[:, :3], 12, axis=1)
    rates = 20 * np.exp(logs)
    found = drift_of(rng.poisson(rates[:, :24]).astype(float), np.ones((6_000, 24)), 0.0)
    apart = np.log(rates[:, 24:].mean(axis=1) / rates[:, :24].mean(axis=1))
    assert found**2 == pytest.approx(times * apart.var(), rel=0.1)


def test_the_drift_of_few_partners_is_mostly_what_was_thought() -> None:
    counts, exposure = halves(0.0, partners=4)
    assert drift_of(counts, exposure, 0.0) == 0.2
    assert drift_of(counts[:, :11], exposure[:, :11], 0.0) == 0.3
    five = drift_of(*halves(0.0, partners=5), 0.0)
    prior = estimates.DRIFT_PARTNERS * estimates.DRIFT_PRIOR / (5 + estimates.DRIFT_PARTNERS)
    assert five == pytest.approx((3 * prior) ** 0.5, rel=0.25)


def test_the_drift_leaves_out_who_was_hardly_there() -> None:
    counts, exposure = halves(0.3, partners=30)
    more = np.vstack([counts, np.full((40, 24), 9.0)])
    short = np.zeros((40, 24))
    short[:20, 9:12] = short[:20, 12:] = 1
    short[20:, :12] = short[20:, 12:15] = 1
    assert drift_of(more, np.vstack([exposure, short]), 0.0) == drift_of(counts, exposure, 0.0)
    silent = np.vstack([counts, np.tile(np.r_[1.0, np.zeros(10), 2.0, np.zeros(12)], (9, 1))])
    assert drift_of(silent, np.ones((39, 24)), 0.0) == drift_of(counts, exposure, 0.0)


def test_a_partner_weighs_in_the_drift_by_its_deals_not_by_their_square() -> None:
    counts = np.zeros((1_010, 24))
    counts[:10, [0, 12]] = 1_000, 600  # (1,000 - 800)^2 beyond the 400 of chance
    counts[10:, [0, 12]] = 10, 6  # (10 - 8)^2 = 4 is what chance gives
    # (10 x 39,600 / 1,600) / (10 x 320,000 / 1,600 + 1,000 x 32 / 16), then what is thought of 30 partners
    value = (1_010 * 247.5 / 4_000 + 30 * 0.015) / 1_040
    assert drift_of(counts, np.ones_like(counts), 0.0) == pytest.approx((3 * value) ** 0.5, rel=1e-9)
