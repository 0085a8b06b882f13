"""The common level by a second way: planted lines and swings are found, and what is open is as wide as it should be."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from incentive_lab.panel import Floats
from incentive_lab.projection import level as levels
from incentive_lab.projection.level import Level, error_of, level_of


def fitted(totals: Floats, season: Floats | None = None, seen: Floats | None = None) -> Level:
    """With every month of the same weight."""
    months = len(totals)
    return level_of(totals, np.ones(months) if season is None else season, np.ones(months),
                    np.full(months, True) if seen is None else seen)  # fmt: skip


def wandering(rng: np.random.Generator, months: int, phi: float, sigma: float) -> Floats:
    """An AR(1) from its long-run law, logs."""
    path = np.zeros(months)
    path[0] = rng.normal(0, sigma / np.sqrt(1 - phi**2))
    for m in range(1, months):
        path[m] = phi * path[m - 1] + rng.normal(0, sigma)
    return path


def test_a_flat_market_has_no_trend_and_hardly_swings() -> None:
    found = fitted(np.full(36, 1e6))
    assert found.growth == pytest.approx(0.0, abs=1e-6)
    assert found.now + found.state == pytest.approx(0.0, abs=1e-4)
    assert found.sigma < 0.06
    assert len(found.innovations) == 35


def test_a_steady_growth_is_found_whatever_the_season() -> None:
    season = np.tile([0.5, 1.5], 18)
    found = fitted(1e8 * np.exp(0.01 * np.arange(36)) * season, season)
    assert found.growth == pytest.approx(0.01, abs=1e-3)
    assert found.now == pytest.approx(0.0, abs=0.01), "rates are measured over season and trend"


def test_with_known_constants_the_line_is_that_of_generalised_least_squares(monkeypatch: pytest.MonkeyPatch) -> None:
    phi, sigma, months = 0.6, 0.1, 30
    monkeypatch.setattr(levels, "PHIS", np.array([phi]))
    monkeypatch.setattr(levels, "SIGMAS", np.array([sigma]))
    monkeypatch.setattr(levels, "ANY_LEVEL", 1e4)
    monkeypatch.setattr(levels, "_drawn_in", lambda y, time, noise: y)
    rng = np.random.default_rng(3)
    logs = 12 + 0.01 * np.arange(months) + wandering(rng, months, phi, sigma)
    found = fitted(np.exp(logs))
    y = np.log(np.exp(logs) + 0.5)
    gap = np.abs(np.subtract.outer(np.arange(months), np.arange(months)))
    weight = np.linalg.inv(sigma**2 / (1 - phi**2) * phi**gap)
    line = np.column_stack([np.ones(months), np.arange(months) - (months - 1.0)])
    precision = line.T @ weight @ line + np.diag([0.0, levels.GROWTH_PRIOR**-2])
    level, growth = np.linalg.solve(precision, line.T @ weight @ y)
    error = np.linalg.inv(precision)
    assert (found.growth, found.growth_error) == pytest.approx((growth, error[1, 1] ** 0.5), rel=1e-3)
    assert found.error[:2, :2] == pytest.approx(error, rel=5e-3)
    assert found.state == pytest.approx(y[-1] - level, abs=1e-3), "without chance in the counts, the last month says it"
    assert found.sigma == pytest.approx(sigma, rel=0.01)


def test_a_level_that_wanders_gives_its_persistence_and_its_swing() -> None:
    rng = np.random.default_rng(8)
    found = [fitted(1e7 * np.exp(wandering(rng, 120, 0.7, 0.1))) for _ in range(30)]
    assert np.mean([one.phi for one in found]) == pytest.approx(0.7, abs=0.06)
    assert np.mean([one.sigma for one in found]) == pytest.approx(0.1, abs=0.012)


@pytest.mark.parametrize(
    ("phi", "sigma", "growth", "least"), [(0.7, 0.1, 0.0, 0.76), (0.3, 0.05, 0.01, 0.76), (0.9, 0.08, -0.01, 0.66)]
)
def test_a_year_ahead_lies_in_its_band_as_often_as_it_should(
    phi: float, sigma: float, growth: float, least: float
) -> None:
    """Two years of 45 a month: with persistence taken as known, the 80 % band held 60 to 75 % of years.

    Where the level is calmer than is thought likely it holds more: that two years were calm does not say that the third is. Swings
    that last for most of two years are seen in them in part only.
    """
    rng, held, months = np.random.default_rng(5), [], np.arange(36)
    for _ in range(150):
        logs = np.log(45) + growth * months + wandering(rng, 36, phi, sigma)
        found = fitted(rng.poisson(np.exp(logs[:24])).astype(float))
        ahead, n = np.arange(1, 13), 300
        path, paths = np.full(n, found.state), np.zeros((n, 12))
        wide = found.sigma * np.sqrt(found.freedom / rng.chisquare(found.freedom, n))
        for m in range(12):
            path = found.phi * path + wide * rng.normal(size=n)
            paths[:, m] = path
        paths += found.now + found.growth * ahead + rng.normal(size=(n, 1)) * error_of(found.error, found.phi, 12)
        usual = np.log(np.exp(logs[:24]).sum() / np.exp(found.growth * (months[:24] - 23.0)).sum())
        low, high = np.quantile(np.exp(paths).mean(axis=1), [0.1, 0.9])
        held.append(low <= np.exp(logs[24:] - usual).mean() <= high)
    assert np.mean(held) >= least


def test_months_of_few_things_do_not_lift_the_level() -> None:
    """Logs weighed by the count of each month lay 5 % high where ten a month are usual."""
    rng = np.random.default_rng(1)
    found = [fitted(rng.poisson(10.0, 24).astype(float)) for _ in range(150)]
    assert np.mean([one.now + one.state for one in found]) == pytest.approx(0.0, abs=0.025)


def test_months_that_are_not_seen_are_no_zeros() -> None:
    rng = np.random.default_rng(2)
    totals, seen = rng.poisson(44, 24).astype(float), np.full(24, True)
    seen[[9, 22, 23]] = False
    hidden = np.where(seen, totals, 0.0)
    found = fitted(hidden, seen=seen)
    assert found.sigma == pytest.approx(fitted(totals).sigma, rel=0.2)
    assert found.now + found.state == pytest.approx(0.0, abs=0.08)
    assert np.isnan(found.innovations[[8, 9, 21, 22]]).all()
    assert np.isfinite(np.delete(found.innovations, [8, 9, 21, 22])).all()


def test_a_month_without_anything_is_a_number_too() -> None:
    found = fitted(np.r_[np.full(11, 5.0), 0.0])
    assert np.isfinite([found.growth, found.growth_error, *found.innovations]).all()


def test_one_freak_month_does_not_set_the_swing() -> None:
    rng = np.random.default_rng(4)
    totals = 1e6 * np.exp(rng.normal(0, 0.05, 36))
    freak = totals.copy()
    freak[20] *= 50
    assert fitted(freak).sigma == pytest.approx(fitted(totals).sigma, abs=0.03)


@pytest.mark.parametrize("totals", [np.full(5, 100.0), np.r_[np.zeros(11), 9.0]])
def test_too_little_to_see_a_trend_gives_what_is_thought_likely(totals: Floats) -> None:
    found = fitted(totals)
    assert (found.now, found.growth, found.growth_error, found.phi, found.sigma, found.state) == (
        0.0, 0.0, levels.GROWTH_PRIOR, 0.5, 0.15, 0.0)  # fmt: skip
    assert found.innovations.tolist() == [0.0] * (len(totals) - 1)
    assert fitted(np.full(6, 10 / 6)).growth_error != levels.GROWTH_PRIOR


def test_the_error_of_the_mean_of_all_months_is_exact() -> None:
    root = np.random.default_rng(7).normal(size=(3, 3)) * [[0.1], [0.01], [0.1]]
    found = replace(fitted(np.full(24, 50.0)), error=root @ root.T, phi=0.6)
    basis = np.stack([np.ones(9), np.arange(1, 10), 0.6 ** np.arange(1, 10)]).mean(axis=1)
    assert error_of(found.error, found.phi, 9).mean() == pytest.approx((basis @ found.error @ basis) ** 0.5)
