from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import kstest, nbinom
from scipy.stats import poisson as poisson_law

from incentive_lab.errors import InputError
from incentive_lab.history import History
from incentive_lab.projection.answers import own_inputs
from incentive_lab.projection.assumptions import BASE
from incentive_lab.projection.counts import MOST_BY_STEPS, SCENARIO, WIDE, candidates, first_step, next_step
from incentive_lab.projection.diagnostics import diagnostics
from incentive_lab.projection.estimates import dispersion_of, season_of
from incentive_lab.projection.laws import gamma_rows
from incentive_lab.projection.model import Model, fit
from incentive_lab.projection.past import Past, past_of, until
from incentive_lab.projection.running import project
from incentive_lab.projection.segments import Segments, none_apart, segments_of
from incentive_lab.projection.variates import (
    exp32,
    gamma,
    log32,
    normal32,
    poisson,
    uniform_rows,
    uniforms,
)  # fmt: skip
from incentive_lab.projection.world import World
from incentive_lab.scheme.load import loads
from tests.projection.conftest import FLAT, made_past


def test_philox_gives_the_published_numbers() -> None:
    # Known answer of Random123 for a counter and key of zeros: 6627e8d5 e169c58d bc57ac4c 9b00dbd8.
    one = ((0x6627E8D5 >> 5) * 67108864.0 + (0xE169C58D >> 6) + 0.5) / 9007199254740992.0
    two = ((0xBC57AC4C >> 5) * 67108864.0 + (0x9B00DBD8 >> 6) + 0.5) / 9007199254740992.0
    assert uniforms(0, 0, 0, 0, 0) == (one, two)
    assert uniforms(1, 0, 0, 0, 0) != (one, two)


@pytest.mark.parametrize("mean", [0.3, 4.0, 60.0, 900.0])
def test_counts_have_the_mean_and_variance_of_poisson(mean: float) -> None:
    drawn = np.array([poisson(mean, uniforms(5, s, 0, 0, 0)[0], 5, s, 0, 0, 1) for s in range(20_000)])
    error = np.sqrt(mean / len(drawn))
    assert abs(drawn.mean() - mean) < 4 * error
    assert abs(drawn.var() / mean - 1) < 4 * np.sqrt((2 + 1 / mean) / len(drawn))


@pytest.mark.parametrize("shape", [0.2, 1.0, 7.5])
def test_gamma_numbers_have_their_mean_and_variance(shape: float) -> None:
    drawn = np.array([gamma(shape, 9, s, 1, 2, 0) for s in range(20_000)])
    assert abs(drawn.mean() - shape) < 4 * np.sqrt(shape / len(drawn))
    assert abs(drawn.var() / shape - 1) < 4 * np.sqrt((2 + 6 / shape) / len(drawn))


def test_polynomials_are_the_functions_they_stand_for() -> None:
    at = np.random.default_rng(3).uniform(0.001, 0.999, 4000)
    single = at.astype(np.float32)
    assert np.array([exp32(np.float32(10 * x - 8)) for x in single]) == pytest.approx(
        np.exp(10 * single.astype(float) - 8), rel=1e-6
    )
    assert np.array([log32(x) for x in single]) == pytest.approx(np.log(single.astype(float)), rel=1e-5, abs=1e-7)
    assert np.array([normal32(x) for x in single]) == pytest.approx(ndtri(single.astype(float)), rel=1e-5, abs=1e-6)


@pytest.mark.parametrize("shape", [0.2, 1.0, 7.5])
def test_rows_of_gamma_numbers_have_their_law(shape: float) -> None:
    out, scratch = np.empty(20_000, dtype=np.float32), np.empty((4, 20_000), dtype=np.float32)
    gamma_rows(shape, 9, 0, 1, 2, 0, out, scratch)
    assert kstest(out.astype(float), "gamma", args=(shape,)).pvalue > 0.001
    part, few = np.empty(100, dtype=np.float32), np.empty((4, 100), dtype=np.float32)
    gamma_rows(shape, 9, 5000, 1, 2, 0, part, few)
    assert (part == out[5000:5100]).all(), "a row does not depend on which others are drawn with it"


def counted(mean: float, dispersion: float, u: Any, end: int = 1) -> Any:
    """Counts of scenarios that have these uniform numbers in month 0."""
    n, wide = len(u), (len(u) + WIDE - 1) // WIDE * WIDE
    numbers = np.full(wide, 0.5, np.float32)
    numbers[:n] = u
    held, factor, out = np.full(wide, mean, np.float32), np.ones(n, np.float32), np.zeros(n, np.int64)
    begin, until = np.zeros(n, np.int32), np.full(n, end, np.int32)
    waiting, codes = np.empty((3, wide + WIDE), np.float32), np.empty(wide + WIDE, np.int32)
    hopes, room = np.empty(wide, np.float32), np.empty(wide, np.float32)
    left, large = candidates(held, factor, begin, until, 0, numbers, 0, waiting, codes, hopes, room)
    assert large == (mean > MOST_BY_STEPS)
    r, turn = np.float32(dispersion), 0
    left = first_step(r, left, waiting, codes)
    while left:
        out[codes[:left] & SCENARIO] += 1
        turn += 1
        left = next_step(r, turn, left, waiting, codes)
    return out


@pytest.mark.parametrize(("mean", "dispersion"), [(0.05, 0.0), (1.3, 0.0), (20.0, 0.0), (0.4, 0.3), (6.0, 2.0)])
def test_rows_of_counts_have_their_law(mean: float, dispersion: float) -> None:
    n = 40_000
    words = np.empty((4, n), dtype=np.float32)
    uniform_rows(5, 0, 2, 3, 4, words)
    counts = counted(mean, dispersion, words[0])
    law = poisson_law(mean) if dispersion == 0 else nbinom(dispersion, dispersion / (dispersion + mean))
    seen = np.bincount(counts, minlength=200) / n
    assert np.abs(seen - law.pmf(np.arange(len(seen)))).max() < 4.5 / np.sqrt(4 * n)
    for place in (0, 77, 5011):
        assert counted(mean, dispersion, words[0, place : place + 1])[0] == counts[place]
        # By inversion: the count is the law's quantile, but for what single precision cannot tell apart.
        near = law.ppf(np.clip(float(words[0, place]) + np.array([-1e-5, 1e-5]), 0, 1))
        assert near[0] <= counts[place] <= near[1]
    assert not counted(mean, dispersion, words[0], end=0).any(), "a partner that is not there has nothing"


def test_nothing_is_seen_from_the_mean_alone_only_where_there_is_nothing() -> None:
    u = (1 - np.geomspace(1e-5, 0.99, 5_000)).astype(np.float32)
    for mean in (1e-4, 0.03, 0.5):
        for dispersion in (0.0, 0.2, 3.0):
            none = np.exp(-mean) if dispersion == 0 else (1 + mean / dispersion) ** -dispersion
            sure = np.abs(u.astype(float) - none) > 1e-6
            assert ((counted(mean, dispersion, u) > 0) == (u > none))[sure].all()


def test_large_means_are_left_to_be_drawn_one_by_one() -> None:
    assert not counted(31.0, 0.0, np.full(40, 0.9, np.float32)).any()


def test_a_season_is_found_where_there_is_one_and_only_there() -> None:
    random = np.random.default_rng(1)
    true = 1 + 0.4 * np.sin(2 * np.pi * np.arange(12) / 12)
    seen = random.poisson(400 * np.tile(true, 4))
    assert np.abs(season_of(seen.astype(float), 0) - true).max() < 0.12
    assert np.abs(season_of(random.poisson(400, 48).astype(float), 0) - 1).max() < 0.08


def test_dispersion_is_that_of_the_gamma_factor() -> None:
    random = np.random.default_rng(4)
    expected = np.full(40_000, 3.0)
    uneven = random.poisson(expected * random.gamma(2.0, 0.5, len(expected)))
    assert dispersion_of(uneven.astype(float), expected) == pytest.approx(2.0, rel=0.15)
    assert dispersion_of(random.poisson(expected).astype(float), expected) == 0.0


def test_rates_are_those_of_the_partners(model: Model) -> None:
    deals = model.streams["closed deals"]
    rates = deals.shape / deals.rate
    assert rates[: model.known].mean() == pytest.approx(1.5, rel=0.15)
    assert rates[: model.known].std() < 0.25, "partners with one true rate are shrunk towards it"
    assert {row["stream"] for row in diagnostics(model)} == {"closed deals", "lead"}


def test_who_fell_silent_is_thought_to_have_left(past: Past) -> None:
    silent = made_past(seed=11)
    for values in silent.panel.columns.values():
        values[0, 24:] = 0.0
    table = silent.items["closed_on"]
    keep = ~((table.partner == 0) & (table.month >= 24))
    cut = type(table)(table.partner[keep], table.month[keep], table.day[keep], table.deal_id[keep], table.line[keep],
                      {name: values[keep] for name, values in table.values.items()})  # fmt: skip
    alive = fit(Past(silent.panel, silent.leaves, {"closed_on": cut}, True)).alive
    assert alive[0] < 0.1
    assert alive[1:30].min() > 0.9


@pytest.mark.parametrize(("partners", "months", "rate"), [(1, 12, 2.0), (3, 3, 2.0), (30, 6, 0.05)])
def test_little_history_is_fitted_to_something_finite(partners: int, months: int, rate: float) -> None:
    model = fit(made_past(partners, months, seed=5, rate=rate))
    for stream in model.streams.values():
        assert np.isfinite(stream.shape).all()
        assert np.isfinite(stream.rate).all()
        assert (stream.rate > 0).all()


def test_too_little_history_is_said(past: Past) -> None:
    with pytest.raises(
        InputError, match="it has 30 partners over 2 months; a projection is fitted to at least one partner"
    ):
        fit(until(past, 2))
    with pytest.raises(InputError, match="it has 0 partners over 36 months"):
        fit(made_past(0, 36))
    with pytest.raises(InputError, match="nothing that these schemes look at ever happened in it"):
        fit(made_past(5, 12, rate=0.0, leads=0.0))


def _segmented(swing: float, seed: int) -> Segments:
    """A segment of half of 80 partners whose factor has a persistence of 0.7 and swings so far; the other does not."""
    random, months = np.random.default_rng(seed), 36
    segment = np.repeat([0, 1], 40)
    path, state = np.zeros(months), random.normal(0, swing)
    for month in range(months):
        state = 0.7 * state + np.sqrt(1 - 0.7**2) * swing * random.normal()
        path[month] = state
    expected = np.repeat(random.gamma(1.0, 3.0, 80)[:, None], months, axis=1)
    counts = random.poisson(expected * np.exp(np.where(segment[:, None] == 0, path, 0.0)))
    return segments_of(counts.astype(float), expected, segment, 2, 0.0, 0.0, np.ones(months))


def test_a_balance_that_is_paid_on_goes_on_and_is_no_score(history: History) -> None:
    text = """{scheme: trail, currency: USD, effective: {from: 2014-01-01},
        measures: {balance: {level: scores.csat, each_month: twelfth, unit: money}},
        rules: [{id: trail, on: balance, rate: 50%}, {id: gated, on: revenue, rate: 1%, requires: {csat: {at_least: 3}}}]}"""
    fitted = fit(past_of(history, loads(text)))
    assert fitted.carried == ("balance",)
    assert tuple(fitted.levels) == ("csat",)
    assert any("balances that are paid on" in note for note in fitted.notes)


def test_a_segment_that_moves_by_itself_is_found_and_others_are_not() -> None:
    moved, still = ([_segmented(swing, seed) for seed in range(60)] for swing in (0.3, 0.0))
    assert np.mean([one.sigma.any() for one in still]) < 0.15
    assert np.mean([one.sigma.all() for one in moved]) > 0.9
    # Of two halves each is seen to move against the other: the difference of their logs swings as the factor does.
    apart = np.sqrt(np.mean([(one.swing**2).sum() for one in moved]))
    assert apart == pytest.approx(0.3, rel=0.25)
    assert np.mean([one.phi[0] for one in moved]) == pytest.approx(0.7, abs=0.15)


def test_segments_are_drawn_apart_and_leave_the_whole_as_it_is(model: Model) -> None:
    deals = model.streams["closed deals"]
    apart = Segments(np.array([0.3, 0.7]), np.array([0.5, 0.5]), np.array([0.2, 0.0]), np.zeros(2))
    half = np.repeat([0, 1], [10, len(model.segment) - 10])
    two = np.zeros(2, dtype=np.int64)
    streams = {name: replace(one, segment_first=two, segment_count=two + len(one.pool), apart=none_apart(2))
               for name, one in model.streams.items()}  # fmt: skip
    streams["closed deals"] = replace(streams["closed deals"], apart=apart)
    split = replace(model, segment=half, segments=("a", "b"), streams=streams)
    drawn, before = (World(one, BASE, 12, 7).chunk(0, 2048) for one in (split, model))
    one, other = np.log(drawn.scale[0] / before.scale[0])
    assert (0.3 * np.exp(one) + 0.7 * np.exp(other)) == pytest.approx(1.0, rel=1e-5)
    assert (one[11] - other[11]).std() == pytest.approx(0.2 / np.sqrt(1 - 0.25), rel=0.1)
    assert (drawn.scale[1:, 0] == drawn.scale[1:, 1]).all(), "what has no factor moves alike"
    assert set(drawn.factors) == set(before.factors) | {"closed deals of a"}
    assert deals.apart.sigma.tolist() == [0.0], "one segment has nothing to move against"
    told = project(split, FLAT, scenarios=70)
    assert "closed deals of a: how many" in {name for name, _ in own_inputs(told)}
    assert diagnostics(split)[0]["segments_sd"] == {"a": pytest.approx(0.2 / np.sqrt(0.75))}
