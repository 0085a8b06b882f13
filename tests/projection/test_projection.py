from __future__ import annotations

import shutil
import threading
from dataclasses import replace
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from incentive_lab.engine import ops as o
from incentive_lab.engine.compile import compile_scheme
from incentive_lab.engine.replay import replay
from incentive_lab.errors import InputError
from incentive_lab.history import open_history
from incentive_lab.panel import Floats
from incentive_lab.projection import chunks
from incentive_lab.projection.answers import (
    below_margin,
    crps,
    difference,
    distribution,
    first_order,
    margin_share,
    one_budget,
    over_budget,
    part_years,
)
from incentive_lab.projection.assumptions import BASE, Assumptions, diff, json_schema, loads, presets
from incentive_lab.projection.backtest import backtest
from incentive_lab.projection.chunks import Cancelled
from incentive_lab.projection.model import Model, fit
from incentive_lab.projection.past import Past, past_of, until
from incentive_lab.projection.paying import Payer
from incentive_lab.projection.plan import E_COLUMNS
from incentive_lab.projection.reading import state_of
from incentive_lab.projection.running import Projection, project
from incentive_lab.projection.smoothing import told_quantile
from incentive_lab.projection.space import Space
from incentive_lab.projection.standard_errors import quantile
from incentive_lab.projection.world import Drawn, World
from incentive_lab.projection_words import project_result, say_project
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import load
from tests.projection.conftest import FLAT, GROUPED, SCORED, SEQUENTIAL, SPARE, TIERED, made_past, shipped


@pytest.mark.parametrize("scheme", [FLAT, TIERED, GROUPED], ids=lambda one: one.id)
def test_no_change_is_no_difference_in_every_scenario(model: Model, scheme: Scheme) -> None:
    told = project(model, scheme, against=scheme, floor=FLAT, scenarios=12)
    assert (told.outcomes[0].total > 0).all()
    assert (told.outcomes[0].monthly == told.outcomes[1].monthly).all()
    assert difference(told)["mean"] == 0.0  # type: ignore[index]


def test_threads_chunks_and_more_scenarios_change_nothing(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    one = project(model, TIERED, floor=FLAT, scenarios=30, threads=1)
    monkeypatch.setattr(chunks, "LANES", 64)
    monkeypatch.setattr(chunks, "CHUNK", 7)
    many = project(model, TIERED, floor=FLAT, scenarios=45, threads=3)
    for name in ("monthly", "by_rule", "by_tier", "demand", "partners"):
        assert (getattr(one.outcome, name) == getattr(many.outcome, name)[:30]).all(), name
    other = project(model, TIERED, floor=FLAT, scenarios=30, seed=8)
    assert (one.outcome.total != other.outcome.total).any()


@pytest.mark.parametrize("scheme", [FLAT, TIERED, GROUPED, SEQUENTIAL, SCORED], ids=lambda one: one.id)
def test_history_as_the_only_scenario_pays_what_replay_pays(past: Past, scheme: Scheme) -> None:
    assert_history_is_paid(past, scheme, past.panel.months - 12)


def test_as_much_history_is_walked_as_the_average_of_many_periods_looks_at() -> None:
    assert_history_is_paid(made_past(months=60), SEQUENTIAL, None)


def assert_history_is_paid(past: Past, scheme: Scheme, walked: int | None) -> None:
    """What came, as the only scenario after the months that are walked, costs what a replay pays."""
    horizon = 12
    before = past.panel.months - horizon
    fitted = fit(until(past, before), horizon=horizon)
    payer = Payer(scheme, fitted, horizon, baseline=FLAT, past=walked, in_force=True)
    rows = fitted.panel.partners
    values = np.zeros((len(fitted.leaves), horizon, rows))
    for slot, leaf in enumerate(fitted.leaves):
        values[slot, :, : past.panel.partners] = past.panel.columns[leaf][:, before:].T
    nobody = np.zeros(rows, dtype=np.int64)
    items = np.zeros((0, E_COLUMNS), dtype=np.int64)
    drawn = Drawn(0, 1, 0, rows, values, np.zeros((0, horizon, rows)), nobody, nobody + horizon, items)
    into = payer.begun(1, 1)
    assert not payer.replayed
    payer.add(drawn, into, Space())
    paid = payer.cost(into)
    real = replay(scheme, past.panel, baseline=FLAT)
    assert paid.monthly[0].tolist() == real.total[before:].sum(axis=1).tolist()
    assert paid.by_rule[0].sum() == real.total[before:].sum()


def test_what_returns_look_back_at_is_laid_out() -> None:
    scheme = load(Path(__file__).parents[2] / "data" / "schemes" / "marginal-accelerator.yaml")
    program = compile_scheme(scheme, 2023 * 12, 36).program
    remembered = program.code[program.code[:, o.C_OP] == o.REMEMBER_RATE]
    written = {int(row + at) for row, column in remembered[:, [o.C_OUT, o.C_OUT_AT]] for at in program.at[:, column]}
    assert written
    state = set(state_of(program, 24, 36))
    assert written <= state, "what each posting paid"
    assert {row + 36 for row in written} <= state, "and on what"


@pytest.mark.parametrize("name", ["growth-80-20", "marginal-accelerator", "enablement-mdf", "whole-volume-rebate"])
@pytest.mark.parametrize("horizon", [12, 7])
def test_shipped_schemes_pay_history_from_the_horizon_on_as_replay_does(
    tiny_past: Past, name: str, horizon: int
) -> None:
    """Months of history are paid once and lanes go on from that state: nothing may be lost on the way."""
    scheme = shipped(name)
    past, before = tiny_past, tiny_past.panel.months - horizon
    fitted = fit(until(past, before), horizon=horizon)
    payer = Payer(scheme, fitted, horizon, baseline=shipped("current-flat"), past=before, in_force=True)
    rows, known, count = fitted.panel.partners, past.panel.partners, 3
    values = np.zeros((len(fitted.leaves), horizon, rows * count))
    for slot, leaf in enumerate(fitted.leaves):
        values[slot, :, : known * count] = np.repeat(past.panel.columns[leaf][:, before:].T, count, axis=1)
    levels = np.full((len(fitted.levels), horizon, rows * count), np.nan)
    for slot, name in enumerate(fitted.levels):
        levels[slot, :, : known * count] = np.repeat(past.panel.columns[name][:, before:].T, count, axis=1)
    begin, end = np.zeros(rows * count, dtype=np.int64), np.full(rows * count, horizon)
    into, space = payer.begun(count, 1), Space()
    for low in range(0, rows, 7):
        high = min(rows, low + 7)
        mine = slice(low * count, high * count)
        items = np.zeros((0, E_COLUMNS), dtype=np.int64)
        drawn = Drawn(0, count, low, high, np.ascontiguousarray(values[:, :, mine]),
                      np.ascontiguousarray(levels[:, :, mine]), begin[mine], end[mine], items)  # fmt: skip
        payer.add(drawn, into, space)
    paid, real = payer.cost(into), replay(payer.plain, past.panel, baseline=shipped("current-flat"))
    for s in range(count):
        assert into.monthly[before:, s].tolist() == real.total[before:].sum(axis=1).tolist()
    assert into.lines[:, 1].tolist() == real.detail[:, before:].sum(axis=(1, 2)).tolist()
    assert into.partners[:, 0].tolist() == real.total[before:, :known].sum(axis=0).tolist()
    assert (paid.owed == real.total[before:].sum(axis=1)).all()


def test_a_transition_floor_begins_with_the_horizon(model: Model) -> None:
    """A scheme that starts later than history ends owes its floor from its first month, not from the year's."""
    floored = SPARE.model_validate({**SPARE.model_dump(by_alias=True, exclude_unset=True), "effective": {"from": "2030-01-01"},
                                    "guarantees": [{"against": "baseline", "keep": 1, "for_months": 3}]})  # fmt: skip
    months = model.panel.months
    shorter = fit(until(model.past, months - 5)) if months > 30 else model
    told = project(shorter, floored, floor=FLAT, scenarios=8, horizon=12)
    row = told.outcome.line_ids.index("guarantee")
    flat = project(shorter, FLAT, scenarios=8, horizon=12).outcome.monthly
    assert told.outcome.by_rule[:, row] == pytest.approx(flat[:, :3].sum(axis=1), rel=1e-6)
    assert told.outcome.monthly[:, 3:].sum() == 0.0
    running_on = project(shorter, floored, floor=FLAT, scenarios=8, horizon=12, in_force=True).outcome.monthly
    assert running_on[:, :3].sum() != told.outcome.monthly[:, :3].sum()


def test_a_flat_rate_has_the_mean_and_variance_of_its_compound_law(model: Model) -> None:
    """Cost of a flat rate is rate x sum of N amounts: mean = rate E[N] E[A], given the fitted laws of both."""
    still = {name: replace(one, level=replace(one.level, sigma=0.0, error=np.zeros((3, 3))))
             for name, one in model.streams.items()}  # fmt: skip
    model = replace(model, streams=still)
    deals = model.streams["closed deals"]
    told = project(model, FLAT, scenarios=3000, horizon=6)
    alive, months = model.alive[: model.known], np.arange(6)
    stays = (1 - model.churn) ** (months + 1)
    rates = (deals.shape / deals.rate)[: model.known] * alive
    season = deals.season[(model.panel.first_month + model.panel.months + months) % 12]
    level = deals.level
    growth = np.exp(level.now + level.growth * (months + 1) + level.phi ** (months + 1) * level.state)
    own = np.array([deals.pool[a : a + n, list(deals.slots).index(model.leaves.index("revenue"))].mean()
                    for a, n in zip(deals.own_first, deals.own_count, strict=True)])[: model.known]  # fmt: skip
    whole = deals.pool[:, list(deals.slots).index(model.leaves.index("revenue"))].mean()
    amount = deals.own_weight[: model.known] * own + (1 - deals.own_weight[: model.known]) * whole
    expected = 0.03 * (rates * amount).sum() * (season * growth * stays).sum()
    total = told.outcome.total
    assert abs(total.mean() - expected) < 4 * total.std() / np.sqrt(len(total)) + 0.002 * expected
    chance_alone = 0.03**2 * (rates.sum() * 6) * (deals.pool[:, 0] ** 2).mean()
    assert total.var() > 0.9 * chance_alone, "the spread is at least that of a compound Poisson law"


def test_two_schemes_meet_the_same_world(model: Model) -> None:
    told = project(model, TIERED, against=FLAT, floor=FLAT, scenarios=200)
    gap = difference(told)
    assert gap is not None
    alone = project(model, FLAT, scenarios=200)
    assert (alone.outcome.total == told.outcomes[1].total).all()
    assert gap["variance_saved"] > 1.5


def test_a_budget_is_never_overspent_and_its_breaking_is_told(model: Model) -> None:
    told = project(model, TIERED, floor=FLAT, scenarios=60)
    found = over_budget(told.outcome, told.minor)
    assert found is not None
    assert found.value > 0
    assert told.outcome.monthly.sum(axis=1).max() <= 9_000_000
    assert told.outcome.by_rule.sum(axis=1) == pytest.approx(told.outcome.total, abs=1), "lines add up"
    assert told.outcome.by_tier.sum(axis=1) == pytest.approx(told.outcome.total, rel=1e-9)


def test_what_a_budget_cuts_is_told_as_owed_and_by_how_much(model: Model, capsys: pytest.CaptureFixture[str]) -> None:
    tight = TIERED.model_validate({**TIERED.model_dump(by_alias=True, exclude_unset=True),
                                   "budget": {"amount": 9_000, "when_exceeded": "prorate"}})  # fmt: skip
    told = project(model, tight, floor=FLAT, scenarios=60)
    assert (told.outcome.owed.sum(axis=1) == told.outcome.total + told.outcome.cut).all()
    result = project_result(told)
    assert result["p_cut"] == 1.0
    assert result["drivers"][0]["high"] > 9_000, "what moves is drawn on what is owed before the cut"
    say_project(result)
    said = capsys.readouterr().out
    assert "the budget of 9,000.00 USD cuts them in all of 60 futures (± " in said
    assert "The budget breaks in all of 60 futures (± " in said
    assert "Owed before the cut\n" in said
    assert "What moves the amount owed" in said
    plenty = project(model, TIERED.model_copy(update={"budget": tight.budget.model_copy(update={"amount": 10**9})}),  # type: ignore[union-attr]
                     floor=FLAT, scenarios=60)  # fmt: skip
    assert (plenty.outcome.owed == plenty.outcome.monthly).all()
    say_project(project_result(plenty))
    said = capsys.readouterr().out
    assert "The budget breaks in none of 60 futures (± " in said
    assert "owed" not in said
    assert f"Expect {np.quantile(plenty.outcome.total, 0.5) / 100:,.2f} USD ± " in said


def test_parts_of_programme_years_are_told_beside_the_chance_of_breaking_a_years_budget() -> None:
    model = fit(made_past(months=30))  # it ends in June 2024
    later = TIERED.model_validate(
        {**TIERED.model_dump(by_alias=True, exclude_unset=True), "effective": {"from": "2025-01-01"}}
    )
    told = project(model, later, floor=FLAT, scenarios=4)
    assert told.outcome.years == ((-6, 6), (6, 6))
    said = part_years(told)
    assert said == (
        "These 12 months hold no whole programme year but 6 months of that from Jan 2024 and 6 months of that from Jan 2025, "
        "each held against the budget of a whole year. Project 18 months to hold one whole."
    )
    assert project_result(told)["p_over_budget_note"] == said
    assert one_budget(told.outcome) is None, "no line of one year's budget is drawn over parts of two"
    assert part_years(project(model, later, floor=FLAT, scenarios=4, horizon=18)) is None
    within = project(model, later, floor=FLAT, scenarios=4, horizon=3)
    assert part_years(within) == (
        "These 3 months hold no whole programme year but 3 months of that from Jan 2024, held against the budget of a whole "
        "year. Project 18 months to hold one whole."
    )
    assert one_budget(within.outcome) == 90_000
    running = project(model, TIERED, floor=FLAT, scenarios=4)
    assert running.outcome.years == ((-6, 12), (6, 6)), "what was paid since January counts"
    assert part_years(running) is None
    assert one_budget(project(model, TIERED, floor=FLAT, scenarios=4, horizon=6).outcome) is None


def test_a_budget_cut_within_the_replay_is_told_by_month(model: Model) -> None:
    first = GROUPED.model_validate({**GROUPED.model_dump(by_alias=True, exclude_unset=True),
                                    "budget": {"amount": 9_000, "when_exceeded": "first_come"}})  # fmt: skip
    paid, free = (project(model, one, scenarios=3, horizon=6).outcome for one in (first, GROUPED))
    assert (paid.cut > 0).all()
    assert paid.owed == pytest.approx(free.monthly, abs=1)


def test_unknown_costs_are_not_taken_for_no_margin(
    tiny: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = shutil.copytree(tiny, tmp_path / "history")
    deals = next(folder.glob("deals.*"))
    pd.read_parquet(deals).drop(columns="cost").to_parquet(deals)
    with open_history(str(folder)).closing() as held:
        told = project(fit(past_of(held, FLAT)), FLAT, scenarios=5)
    assert told.margin is None
    result = project_result(told)
    assert result["npv"] is None
    say_project(result)
    assert "margin less incentives, mean: not known: this history has no cost" in capsys.readouterr().out


def test_assumptions_move_the_world_as_they_say(model: Model) -> None:
    base = project(model, FLAT, scenarios=300).outcome.total.mean()

    def cost(text: str) -> float:
        return float(project(model, FLAT, scenarios=300, assumptions=loads(text)).outcome.total.mean())

    assert cost("{assumptions: a, market: -20%}") == pytest.approx(0.8 * base, rel=0.03)
    assert cost("{assumptions: a, price: 10%}") == pytest.approx(1.1 * base, rel=0.001)
    assert cost("{assumptions: a, lifts: [{of: deals, change: 30%}]}") == pytest.approx(1.3 * base, rel=0.03)
    assert cost("{assumptions: a, lose_largest: 1}") < 0.98 * base


def test_a_response_is_shown_beside_the_line_without_one(model: Model) -> None:
    dearer = FLAT.model_validate({**FLAT.model_dump(by_alias=True, exclude_unset=True), "scheme": "dear", "rules": [
        {"id": "commission", "on": "revenue", "rate": "6%"}]})  # fmt: skip
    said = loads("{assumptions: a, response: [{of: deals, per_cent: 0.5}]}")
    told = project(model, dearer, against=FLAT, assumptions=said, scenarios=200)
    assert told.no_response.total.mean() == pytest.approx(2 * told.outcomes[1].total.mean(), rel=1e-6)
    assert told.outcome.total.mean() == pytest.approx(2**0.5 * told.no_response.total.mean(), rel=0.03)
    quiet = project(model, dearer, scenarios=20)
    assert quiet.no_response is quiet.outcome


@pytest.mark.parametrize(
    "text", ["{assumptions: a, response: [{of: deals, per_cent: 99}]}", "{assumptions: a, churn: -1}"]
)
def test_impossible_assumptions_are_refused(text: str) -> None:
    with pytest.raises(InputError):
        loads(text)


def test_activities_that_follow_activities_do_not_go_round_in_circles(model: Model) -> None:
    said = loads(
        "{assumptions: a, response: [{of: activities, to: activities, per_cent: 1}], lifts: [{of: lead, change: 10%}]}"
    )
    assert np.isfinite(project(model, TIERED, floor=FLAT, assumptions=said, scenarios=3).outcome.total).all()


@pytest.mark.parametrize("scenarios", [1, 2])
def test_one_partner_one_month_and_one_future_give_an_answer(scenarios: int) -> None:
    told = project(fit(made_past(1, 12, seed=2), horizon=1), FLAT, horizon=1, scenarios=scenarios)
    assert told.outcome.monthly.shape == (scenarios, 1)
    assert np.isfinite(distribution(told.outcome.total)["mean"])  # type: ignore[arg-type]


def test_nothing_of_a_cancelled_run_is_kept_and_the_next_one_is_whole(model: Model) -> None:
    for at in (1, 40):
        stop = threading.Event()

        def step(done: int, of: int, at: int = at, stop: threading.Event = stop) -> None:
            if done >= at:
                stop.set()

        with pytest.raises(Cancelled):
            project(model, TIERED, floor=FLAT, scenarios=20_000, cancel=stop, progress=step)
    once = project(model, TIERED, floor=FLAT, scenarios=5).outcome.monthly
    assert (once == project(model, TIERED, floor=FLAT, scenarios=5).outcome.monthly).all()


def test_an_assumption_about_nothing_is_refused(model: Model) -> None:
    with pytest.raises(InputError, match=r"do not look at 'laed'\. Did you mean lead"):
        project(model, FLAT, assumptions=loads("{assumptions: a, lifts: [{of: laed, change: 1%}]}"), scenarios=2)


def test_presets_say_what_they_change() -> None:
    assert next(iter(presets())) == "base"
    for name, preset in presets().items():
        assert preset.assumptions == name
        assert bool(diff(BASE, preset)) == (name != "base")
    assert "x-tunable" in str(json_schema())
    assert Assumptions(assumptions="x").responds is False


@pytest.mark.parametrize(("scenarios", "horizon"), [(0, 12), (10**9, 12), (10, 0), (10, 1000)])
def test_numbers_out_of_range_are_refused(model: Model, scenarios: int, horizon: int) -> None:
    with pytest.raises(InputError, match="allowed are"):
        project(model, FLAT, scenarios=scenarios, horizon=horizon)


def test_a_run_stops_when_the_error_that_is_told_is_small_whatever_the_threads(model: Model) -> None:
    """At the first look at which it is; the order statistic would need more futures."""

    def far(told: Projection) -> tuple[float, float]:
        total = told.outcome.asked
        return tuple(
            (one.error or 0.0) / one.value for one in (told_quantile(told, total, 0.95), quantile(total, 0.95))
        )

    runs = [project(model, TIERED, floor=FLAT, scenarios=6000, sure=0.002, threads=threads) for threads in (1, 3)]
    assert runs[0].scenarios == runs[1].scenarios
    assert runs[0].scenarios in (1024, 2048, 4096)
    assert (runs[0].outcome.monthly == runs[1].outcome.monthly).all()
    assert runs[0].outcome.cut.any(), "what is owed is told, before the budget is cut"
    told, plain = far(runs[0])
    assert told <= 0.002 < plain
    half = project(model, TIERED, floor=FLAT, scenarios=runs[0].scenarios // 2)
    assert (half.outcome.monthly == runs[0].outcome.monthly[: half.scenarios]).all()
    assert far(half)[0] > 0.002
    with pytest.raises(InputError, match="--sure"):
        project(model, FLAT, scenarios=10, sure=2.0)


def test_the_chance_of_falling_below_a_margin_counts_the_futures_that_do(model: Model) -> None:
    told = project(model, TIERED, floor=FLAT, scenarios=200)
    shares = margin_share(told)
    assert shares is not None
    at = float(np.quantile(shares, 0.25))
    low = below_margin(told, at)
    assert low is not None
    assert low.value == pytest.approx(0.25, abs=0.01)
    one = (told.margin[7].sum() - told.outcome.total[7]) / told.revenue[7].sum()  # type: ignore[index]
    assert shares[7] == pytest.approx(one)
    assert below_margin(told, -9.0).value == 0  # type: ignore[union-attr]


def test_a_run_can_be_cancelled(model: Model) -> None:
    stop = threading.Event()
    with pytest.raises(Cancelled):
        project(model, FLAT, scenarios=100_000, cancel=stop, progress=lambda done, of: stop.set())


def test_one_deal_of_nearly_all_revenue_is_told_and_breaks_nothing() -> None:
    past = made_past(12, 24, seed=6)
    assert not any("One deal" in note for note in fit(past).notes)
    table = past.items["closed_on"]
    table.values["revenue"][0] = 9 * table.values["revenue"].sum()
    past.panel.columns["revenue"][0, table.month[0]] += table.values["revenue"][0]
    told = project(fit(past), FLAT, scenarios=100)
    shown = distribution(told.outcome.total)
    assert all(np.isfinite(shown[name]) for name in ("mean", "p05", "p95", "cvar95"))
    (note,) = (note for note in project_result(told)["notes"] if "One deal" in note)
    assert note.startswith("One deal (d000000 of p000) is 90 % of the revenue of all deals: ")


@pytest.mark.parametrize("at", [0, 1, 200, 299])
def test_a_run_can_be_cancelled_at_any_moment(model: Model, at: int) -> None:
    stop = threading.Event()
    if at == 0:
        stop.set()
    with pytest.raises(Cancelled):
        project(model, FLAT, scenarios=300, cancel=stop, progress=lambda done, of: stop.set() if done >= at else None)


def test_errors_are_those_of_many_runs() -> None:
    random = np.random.default_rng(8)
    found = [quantile(random.normal(size=400), 0.9) for _ in range(300)]
    assert np.mean([one.error for one in found]) == pytest.approx(np.std([one.value for one in found]), rel=0.25)


def test_scores_and_shares_have_their_known_values() -> None:
    normal = np.random.default_rng(1).normal(size=20_000)
    assert crps(normal, 0.0) == pytest.approx((np.sqrt(2) - 1) / np.sqrt(np.pi), rel=0.03)
    noise = np.random.default_rng(2).normal(size=20_000)
    assert first_order(normal, normal + noise) == pytest.approx(0.5, abs=0.03)
    assert first_order(noise, normal) < 0.01


def test_on_data_from_the_model_the_band_holds() -> None:
    """The band of four in five over programmes drawn from a known law: binomial limits around 80 %."""
    held = 0
    for seed in range(40):
        past = made_past(20, 30, seed=100 + seed)
        tested = backtest(past, FLAT, horizon=6, scenarios=150, cuts=1, seed=seed)
        held += tested.cuts[0].inside(80)
    assert 25 <= held <= 39


def test_a_real_history_is_fitted_and_projected(history: object) -> None:
    past = past_of(history, TIERED, FLAT)  # type: ignore[arg-type]
    told = project(fit(past), TIERED, floor=FLAT, scenarios=20)
    assert told.margin is not None
    world = World(told.model, BASE, 12, 7)
    drawn: Floats = world.draw(world.chunk(0, 2), 0, told.model.panel.partners).values
    assert np.isfinite(drawn).all()
    assert (drawn[told.model.leaves.index("revenue")] >= 0).all()
    assert drawn[told.model.leaves.index("lead")].any()
