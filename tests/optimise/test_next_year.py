"""Figures of the next 12 months: the same futures for every scheme, fresh ones for what is found."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import numpy as np
import pytest

from incentive_lab.errors import InputError
from incentive_lab.optimise.ahead import Ahead, Futures
from incentive_lab.optimise.figures import NEXT_YEAR_FIGURES, NextYear, readings_of
from incentive_lab.optimise.found import Found
from incentive_lab.optimise.paying import Payments
from incentive_lab.optimise.question import futures_asked, question
from incentive_lab.optimise.search import search
from incentive_lab.optimise.trading import price_of
from incentive_lab.optimise.words import as_json, notes, verdict
from incentive_lab.optimise.words_ahead import readings_told
from incentive_lab.projection.answers import distribution, over_budget
from incentive_lab.projection.assumptions import load
from incentive_lab.projection.assumptions import loads as assume
from incentive_lab.projection.keeping import Draws
from incentive_lab.projection.model import Model, fit
from incentive_lab.projection.past import Past
from incentive_lab.projection.running import project
from incentive_lab.projection.standard_errors import Figure as Reading
from incentive_lab.scheme.baseline import Pair
from incentive_lab.scheme.document import Budget
from incentive_lab.scheme.paths import apply
from tests.projection.conftest import FLAT, GROUPED, TIERED, made_past

BASE = "rules.volume.rate.table.steps.a.rate"
CAP = "caps.top.amount"
TOP = "rules.volume.rate.table.steps.b.rate"
LEADS = "rules.leads.rate.by_tier.high"
PAIR = Pair(TIERED, FLAT, FLAT)
FEW = Futures(searched=64, fresh=512)


@pytest.fixture(scope="module")
def past() -> Past:
    return made_past()


@pytest.fixture(scope="module")
def model(past: Past) -> Model:
    return fit(past, horizon=12)


@pytest.fixture(scope="module")
def ahead(model: Model) -> Ahead:
    return Ahead(model, PAIR, FEW)


def asked(ahead: Ahead, goal: str, vary: list[str], limits: list[str], evaluations: int = 80) -> Found:
    one = question(ahead.pair.scheme, goal, vary, limits, evaluations, ahead.seed, ahead.futures)
    return search(one, ahead.pair, ahead.model.past.panel, ahead=ahead)


class Hopeful(Ahead):
    """Whose searched futures cost a tenth less than futures do."""

    def read(self, scheme):  # type: ignore[no-untyped-def]
        told = super().read(scheme)
        return {name: one and Reading(0.9 * one.value, one.error) for name, one in told.items()}


def test_candidates_meet_the_same_futures(ahead: Ahead) -> None:
    there = apply(TIERED, {BASE: "0.02"})
    back = apply(there, {BASE: "0.01"})
    assert ahead.read(back) == ahead.read(TIERED)
    assert ahead.read(there) != ahead.read(TIERED)
    one, two = (ahead._paid(each, 64, 7, draws).outcome for each, draws in ((back, ahead.draws), (TIERED, None)))
    assert np.array_equal(one.monthly, two.monthly)
    # What does not move is paid the same in every future, so that only what is moved makes a difference.
    moved = ahead._paid(there, 64, 7, ahead.draws).outcome
    leads = one.line_ids.index("leads")
    assert np.array_equal(moved.by_rule[:, leads], one.by_rule[:, leads])
    assert not np.array_equal(moved.by_rule[:, leads + 1], one.by_rule[:, leads + 1])


def test_futures_are_drawn_once(ahead: Ahead) -> None:
    mine = Ahead(ahead.model, PAIR, FEW, draws=Draws())
    mine.read(TIERED)
    held = mine.draws.bytes
    assert held > 0
    mine.read(apply(TIERED, {BASE: "0.02"}))
    assert mine.draws.bytes == held


def test_figures_are_those_of_a_projection(ahead: Ahead) -> None:
    alone = project(ahead.model, TIERED, floor=FLAT, scenarios=64, seed=7)
    told, shown = ahead.read(TIERED), distribution(alone.outcome.asked / 100)
    names = {"next_year": "mean", "p50_next_year": "p50", "p90_next_year": "p90", "p95_next_year": "p95",
             "cvar95_next_year": "cvar95"}  # fmt: skip
    for name, theirs in names.items():
        found = told[name]
        assert found is not None
        assert found.value == pytest.approx(shown[theirs])
    over, theirs_over = told["over_budget"], over_budget(alone.outcome, 100)
    assert over == theirs_over
    assert told.keys() == NEXT_YEAR_FIGURES.keys()


def test_fresh_futures_are_others_and_what_project_tells_of_them(ahead: Ahead) -> None:
    best = apply(TIERED, {BASE: "0.02"})
    fresh = ahead.afresh(best, 0)
    assert (fresh.seed, fresh.scenarios) == (8, 512)
    assert fresh.best["p95_next_year"] != ahead.read(best)["p95_next_year"]
    for scheme, readings, costs in ((TIERED, fresh.now, fresh.now_cost), (best, fresh.best, fresh.best_cost)):
        alone = project(ahead.model, scheme, floor=FLAT, scenarios=512, seed=8)
        shown = distribution(alone.outcome.asked / 100, alone)
        reading = readings["p95_next_year"]
        assert reading is not None
        assert (reading.value, reading.error) == pytest.approx((shown["p95"], shown["errors"]["p95"]))  # type: ignore[index]
        assert np.array_equal(costs, alone.outcome.asked / 100)
    assert ahead.afresh(best, 1).best != fresh.best


def test_a_limit_on_the_next_year_is_kept_and_both_readings_are_told(ahead: Ahead) -> None:
    now = ahead.read(TIERED)["p95_next_year"]
    assert now is not None
    found = asked(ahead, "most:middle", [f"{BASE}=0.2%:4%", CAP], [f"p95_next_year<={0.9 * now.value:.0f}"])
    assert found.limits_met
    assert found.afresh is not None
    reading = found.afresh.best["p95_next_year"]
    assert reading is not None
    assert reading.value <= 0.9 * now.value
    assert found.figures(found.best)["p95_next_year"] == reading.value
    (line,) = readings_told(found)
    assert "in the 64 futures searched" in line
    assert "in 512 fresh ones: the limit of at most" in line
    assert "holds" in line
    assert "±" in line
    told = as_json(found)
    assert told["next_year"]["fresh"]["best"]["p95_next_year"] == {"value": reading.value, "se": reading.error}
    assert told["next_year"]["searched"]["seed"] == 7
    assert told["next_year"]["told"] == [line]


def test_a_limit_that_breaks_in_fresh_futures_is_tightened_and_the_search_goes_on(model: Model) -> None:
    hopeful = Hopeful(model, PAIR, FEW)
    fresh = hopeful.afresh(TIERED, 0).now["p95_next_year"]
    assert fresh is not None
    limit = 0.92 * fresh.value
    found = asked(hopeful, "most:p50_next_year", [f"{TOP}=0.5%:6%"], [f"p95_next_year<={limit:.0f}"], 100)
    assert found.afresh is not None
    assert found.afresh.checks > 1
    assert found.limits_met
    reading = found.afresh.best["p95_next_year"]
    assert reading is not None
    assert reading.value <= limit
    assert any("it was searched again" in one for one in notes(found))
    assert found.question.limits[0].value == pytest.approx(limit, abs=1)


def test_a_limit_that_nothing_keeps_in_fresh_futures_is_told_and_not_met(model: Model) -> None:
    """In the futures searched the lowest rate of the range keeps it; in fresh ones no rate does."""
    hopeful = Hopeful(model, PAIR, FEW)
    lowest = hopeful.afresh(apply(TIERED, {BASE: "0.008"}), 0).best["p95_next_year"]
    assert lowest is not None
    found = asked(hopeful, "most:p50_next_year", [f"{BASE}=0.8%:1.2%"], [f"p95_next_year<={0.97 * lowest.value:.0f}"])
    assert not found.limits_met
    assert not found.best.figures["p95_next_year"] > 0.97 * lowest.value  # type: ignore[operator]
    assert "in fresh futures" in verdict(found)
    assert "It does not meet the limit" in verdict(found)
    assert "does not hold there" in readings_told(found)[1]
    assert as_json(found)["limits_met"] is False


def test_a_value_of_the_next_year_is_reached_in_fresh_futures(model: Model) -> None:
    hopeful = Hopeful(model, PAIR, FEW)
    fresh = hopeful.afresh(TIERED, 0).now["next_year"]
    assert fresh is not None
    found = asked(hopeful, f"next_year={0.95 * fresh.value:.0f}", [f"{BASE}=0.1%:3%:0.1%"], [], 100)
    assert found.goal_met
    assert found.afresh is not None
    assert found.afresh.best["next_year"].value == pytest.approx(0.95 * fresh.value, rel=0.005)  # type: ignore[union-attr]


def test_a_limit_that_barely_holds_is_told_as_such(ahead: Ahead) -> None:
    found = asked(ahead, "most:middle", [f"{BASE}=0.2%:4%"], ["p95_next_year<=1_000_000"])
    assert found.afresh is not None
    reading = found.afresh.best["p95_next_year"]
    assert reading is not None
    limit = replace(found.question.limits[0], value=reading.value + 0.5 * (reading.error or 0))
    near = replace(found, question=replace(found.question, limits=(limit,)))
    assert readings_told(near)[0].endswith("holds, by less than two standard errors.")


def test_what_is_no_better_in_fresh_futures_is_told_as_such(ahead: Ahead) -> None:
    found = asked(ahead, "least:p95_next_year", [f"{BASE}=0.2%:4%:0.2%"], [])
    assert found.gains
    assert "by 1 changed number" in verdict(found)
    assert found.afresh is not None
    worse = replace(found, afresh=replace(found.afresh, best=found.afresh.now, now=found.afresh.best))
    assert not worse.gains
    assert "is no better in fresh ones than the scheme as it is" in verdict(worse)


def test_another_budget_and_a_budget_that_moves(ahead: Ahead, model: Model) -> None:
    own = ahead.read(TIERED)["over_budget"]
    none = Ahead(model, PAIR, replace(FEW, budget=10_000_000.0)).read(TIERED)["over_budget"]
    all_ = Ahead(model, PAIR, replace(FEW, budget=1_000.0)).read(TIERED)["over_budget"]
    assert own is not None
    assert none is not None
    assert all_ is not None
    assert (none.value, all_.value) == (0.0, 1.0)
    found = asked(ahead, "least:over_budget", ["budget.amount=50_000:400_000:50_000"], [])
    assert found.figures(found.best)["over_budget"] <= own.value  # type: ignore[operator]
    assert found.best.values["budget.amount"] > 90_000


def test_assumptions_count(model: Model) -> None:
    usual, worse = (Ahead(model, PAIR, replace(FEW, assumptions=load(name))).read(TIERED)["next_year"]
                    for name in ("base", "recession"))  # fmt: skip
    assert usual is not None
    assert worse is not None
    assert worse.value < usual.value


def test_partners_react_to_each_candidate_against_the_baseline(model: Model) -> None:
    supposed = assume("{assumptions: keen, response: [{of: lead, to: reward, per_cent: 0.5}]}")
    alone = Pair(TIERED, None, FLAT)
    keen = Ahead(model, alone, replace(FEW, assumptions=supposed))
    plain = Ahead(model, alone, FEW)
    # Against itself nothing is paid more, so nobody reacts; a higher rate brings leads and costs more than the rate alone.
    assert keen.read(TIERED)["next_year"].value == pytest.approx(plain.read(TIERED)["next_year"].value)  # type: ignore[union-attr]
    more = apply(TIERED, {LEADS: 300})
    assert keen.read(more)["next_year"].value > plain.read(more)["next_year"].value * 1.001  # type: ignore[union-attr]
    fresh = keen.afresh(more, 0)
    assert fresh.best["next_year"].value > fresh.now["next_year"].value  # type: ignore[union-attr]


def test_a_scheme_that_shares_what_is_left_is_replayed_future_by_future(model: Model) -> None:
    assert not Ahead(model, Pair(GROUPED), FEW).replayed
    shared = GROUPED.model_copy(update={"budget": Budget(amount=Decimal(1_000_000), when_exceeded="first_come")})
    together = Ahead(model, Pair(shared), replace(FEW, fresh=None))
    assert together.replayed
    assert together.fresh_scenarios == 1_024
    assert not Ahead(model, PAIR, FEW).replayed
    quick = Ahead(model, Pair(shared), Futures(searched=64, fresh=64))
    assert quick.seconds(400) > 0
    found = asked(quick, "next_year=60_000", ["rules.volume.rate=1%:3%:1%"], [], 40)
    assert found.afresh is not None
    assert found.afresh.scenarios == 64


def test_questions_that_cannot_be_asked() -> None:
    def refused(goal: str, limits: list[str], futures: Futures | None = None) -> str:
        with pytest.raises(InputError) as told:
            question(FLAT, goal, ["rules.commission.rate"], limits, futures=futures)
        return str(told.value)

    assert "Did you mean p95_next_year?" in refused("least:p95_nextyear", [])
    assert "Did you mean over_budget?" in refused("least:cost", ["over_budgt<=10%"])
    none = refused("least:cost", ["over_budget<=10%"])
    assert none.startswith("limit: over_budget asks for a budget, and the scheme names none. Give one with --budget")
    assert question(FLAT, "least:over_budget", ["rules.commission.rate"], futures=Futures(budget=1e6)).looks_ahead
    assert "found 10, allowed are 64 to 10,000" in refused("least:p95_next_year", [], Futures(searched=10))
    assert "--fresh: found 100, allowed are 256" in refused("least:p95_next_year", [], Futures(fresh=100))
    assert "above zero" in refused("least:over_budget", [], Futures(budget=0.0))
    assert "neither goal nor limit asks for one" in refused("least:cost", [], Futures(searched=512))


def test_futures_as_they_are_typed() -> None:
    given = futures_asked(512, None, "2_000_000", "recession")
    assert given is not None
    assert (given.searched, given.budget, given.assumptions.assumptions) == (512, 2e6, "recession")
    assert futures_asked(None, None, None, "base") is None
    with pytest.raises(InputError) as told:
        futures_asked(None, None, "much", "recesion")
    assert {one.path for one in told.value.problems} == {"--budget", "recesion"}


def test_a_history_too_short_to_fit_is_refused_in_a_sentence() -> None:
    with pytest.raises(InputError, match="a projection is fitted to at least one partner and"):
        fit(made_past(months=2), horizon=12)


def test_halves_say_nothing_of_futures(past: Past, ahead: Ahead) -> None:
    many = made_past(partners=50)
    mine = Ahead(fit(many, horizon=12), PAIR, FEW)
    found = asked(mine, "least:p50_next_year", [f"{BASE}=0.2%:4%:0.2%"], [])
    assert found.better
    assert found.kept is None
    now = mine.read(TIERED)["p95_next_year"]
    assert now is not None
    limited = asked(mine, "most:middle", [f"{BASE}=0.2%:4%:0.2%"], [f"p95_next_year<={now.value * 1.05:.0f}"])
    assert limited.kept is not None or not limited.better


def test_the_price_of_a_goal_is_the_next_year_where_a_limit_asks_for_it() -> None:
    def price(goal: str, *limits: str) -> str:
        found = price_of(question(TIERED, goal, [BASE], limits))
        assert found is not None
        return found.name

    assert price("most:middle", "p95_next_year<=90_000") == "p95_next_year"
    assert price("least:p95_next_year") == "losers"
    assert price("most:middle", "losers<=5%") == "cost"


def test_what_nobody_asks_for_is_not_paid(past: Past) -> None:
    one = question(TIERED, "least:losers", [BASE])
    paid = Payments(one, PAIR, past.panel, None)
    assert paid.now.ahead == {}
    assert not set(paid.now.figures) & set(NEXT_YEAR_FIGURES)
    with pytest.raises(AssertionError, match="needs futures"):
        search(question(TIERED, "least:p95_next_year", [BASE]), PAIR, past.panel)


def test_a_scheme_without_a_budget_has_no_chance_of_breaking_one(model: Model) -> None:
    told = project(model, FLAT, scenarios=64)
    assert readings_of(NextYear(told.outcome, told.minor))["over_budget"] is None


def test_progress_grows_over_schemes_and_fresh_futures(ahead: Ahead) -> None:
    seen: list[tuple[int, int]] = []
    one = question(TIERED, "least:next_year", [f"{BASE}=0.8%:1.2%"], (), 60, 7, FEW)
    search(one, PAIR, ahead.model.past.panel, lambda done, total: seen.append((done, total)), ahead)
    assert [done for done, _ in seen] == sorted(done for done, _ in seen)
    shares = [done / total for done, total in seen]
    assert shares == sorted(shares)
    assert shares[-1] > 0.9
    assert max(total for _, total in seen) < 60 + 2 * 512 // 64, "one number has fewer values than may be paid"
