"""Odd programmes, budgets and assumptions: an answer whose figures reconcile, or a sentence; never a traceback or NaN."""

from __future__ import annotations

import itertools
import json
from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from incentive_lab.errors import InputError
from incentive_lab.projection import assumptions
from incentive_lab.projection.backtest import backtest
from incentive_lab.projection.model import Model, fit
from incentive_lab.projection.past import Past
from incentive_lab.projection.running import Projection, project
from incentive_lab.projection_words import backtest_result, project_result, say_backtest, say_project
from incentive_lab.scheme.load import loads
from tests.projection.conftest import FLAT, GROUPED, HEAD, SPARE, TIERED, made_past

pytestmark = pytest.mark.filterwarnings("error::RuntimeWarning")
NOTHING = loads(f"scheme: nothing\n{HEAD}rules: [{{id: none, on: revenue, rate: 0%}}]")


def reconciled(told: Projection) -> dict[str, Any]:
    """The answer, once its parts add up, its quantiles are in order and all of it can be written and said."""
    for outcome in told.outcomes:
        for parts in (outcome.by_rule, outcome.by_segment, outcome.by_tier):
            assert np.abs(parts.sum(axis=1) - outcome.total).max() <= 1.0, "in every future"
        assert np.abs(outcome.asked - outcome.cut - outcome.total).max() <= 1.0
    result = project_result(told, margin_floor=0.1)
    json.dumps(result, allow_nan=False)
    say_project(result)
    total = result["total"]["mean"]
    near = pytest.approx(total, abs=0.02, rel=1e-9)
    for by in ("by_month", "by_rule", "by_segment", "by_tier"):
        assert sum(one["mean"] for one in result[by].values()) == near, by
    for one in (result["total"], result["owed"], *result["by_month"].values()):
        ordered = [one[name] for name in ("p05", "p10", "p50", "p90", "p95", "cvar95")]
        assert all(a <= b + 1e-6 for a, b in itertools.pairwise(ordered))
    last = list(result["accrual"].values())[-1]
    assert (last["mean"], last["expected"], last["reached"]) == (near, near, near)
    if "difference" in result:
        gap = told.outcomes[0].total - told.outcomes[1].total
        assert result["difference"]["mean"] == pytest.approx(gap.mean() / told.minor)
        assert result["difference"]["mean"] == pytest.approx(total - result["against"]["total"]["mean"], abs=0.02)
    return result


@pytest.mark.parametrize("amount", ["0", "1", "1_000_000_000_000"])
@pytest.mark.parametrize("exceeded", ["prorate", "first_come", "report"])
def test_any_budget(model: Model, amount: str, exceeded: str) -> None:
    scheme = loads(f"scheme: s\n{HEAD}budget: {{amount: {amount}, when_exceeded: {exceeded}}}\n"
                   "rules: [{id: c, on: revenue, rate: 3%}]")  # fmt: skip
    result = reconciled(project(model, scheme, scenarios=8, horizon=4))
    if exceeded != "report" and amount != "1_000_000_000_000":
        assert result["total"]["p95"] <= 2 * float(amount)
        assert result["p_over_budget"] == 1.0


@pytest.mark.parametrize(("partners", "months", "horizon", "scenarios"), [
    (1, 36, 12, 64), (30, 3, 12, 64), (30, 11, 5, 17), (4, 36, 60, 16), (30, 36, 1, 1),
])  # fmt: skip
def test_any_size(partners: int, months: int, horizon: int, scenarios: int) -> None:
    model = fit(made_past(partners, months), horizon=horizon)
    reconciled(project(model, TIERED, against=FLAT, floor=FLAT, scenarios=scenarios, horizon=horizon))


def test_a_whale_in_every_report() -> None:
    past = made_past(partners=6)
    table = past.items["closed_on"]
    more = 9 * table.values["revenue"].sum()
    table.values["revenue"][0] += more
    past.panel.columns["revenue"][table.partner[0], table.month[0]] += more
    reconciled(project(fit(past), TIERED, against=FLAT, floor=FLAT, scenarios=300))
    backtest(past, TIERED, floor=FLAT, scenarios=32, cuts=2)


@pytest.mark.parametrize("document", [
    "response: [{of: revenue, to: reward, per_cent: 5, error: 5}]", "response: [{of: deals, per_cent: -5}]",
    "response: [{of: lead, to: activities, per_cent: 3}]", "discount: 1, churn: 0",
    "market: -95%, growth: -95%, price: -90%, churn: 20, joining: 20, lose_largest: 100",
    "market: 500%, growth: 500%, price: 500%", "lifts: [{of: deals, change: 1000%, error: 500%}]",
    "lifts: [{of: deals, change: -99%, error: 500%, lag: 120}], pull_forward: 90%",
])  # fmt: skip
def test_impossible_assumptions_still_reconcile(model: Model, document: str) -> None:
    supposed = assumptions.loads(f"{{assumptions: odd, {document}}}")
    reconciled(project(model, TIERED, against=FLAT, floor=FLAT, assumptions=supposed, scenarios=32))


def test_returns_larger_than_sales_leave_shares_of_means() -> None:
    """Where margin is near none in some futures, a mean of each future's share was -3 % with an error of 69 %."""
    past = made_past(30, 24, 5)
    table = past.items["closed_on"]
    back = np.random.default_rng(0).random(len(table.partner)) < 0.3
    for name, values in table.values.items():
        values[back] *= -1.5
        past.panel.columns[name][:] = 0
        np.add.at(past.panel.columns[name], (table.partner, table.month), values)
    told = project(fit(past), TIERED, against=FLAT, floor=FLAT, scenarios=400)
    result = reconciled(told)
    cost, margin, other = told.outcome.total, told.margin, told.outcomes[1].total
    assert margin is not None
    whole = margin.sum(axis=1)
    assert result["anyway_share"] == pytest.approx(1 - cost.sum() / whole.sum())
    assert result["break_even_lift"] == pytest.approx((cost - other).sum() / (whole - cost).sum())
    assert result["anyway_share_se"] < 0.05
    months = np.arange(1, 13) / 12
    npv = ((margin - told.outcome.monthly) / (1 + float(told.assumptions.discount)) ** months).sum(axis=1).mean()
    assert result["npv"] == pytest.approx(npv / told.minor)


@pytest.mark.parametrize("months", [6, 9, 13])
def test_short_histories_are_projected_with_a_wider_band(months: int) -> None:
    """A programme that never moved: the middle is near the truth, and less history makes a wider band."""
    found = [project(fit(made_past(20, months, seed)), FLAT, scenarios=128).revenue.sum(axis=1) for seed in range(6)]
    longer = [project(fit(made_past(20, 36, seed)), FLAT, scenarios=128).revenue.sum(axis=1) for seed in range(6)]
    true = 20 * 1.5 * 12 * np.exp(8 + 0.32) * 100
    assert np.mean([np.median(one) for one in found]) == pytest.approx(true, rel=0.12)
    wide, usual = (np.mean([np.log(one).std() for one in runs]) for runs in (found, longer))
    assert wide > 1.15 * usual


def test_schemes_that_pay_together_or_nothing(model: Model) -> None:
    reconciled(project(model, GROUPED, against=FLAT, scenarios=8, horizon=4))
    reconciled(project(model, SPARE, against=FLAT, floor=FLAT, scenarios=32))
    assert reconciled(project(model, NOTHING, against=FLAT, scenarios=32))["total"]["p95"] == 0.0


def test_activities_without_a_single_deal() -> None:
    past = made_past()
    deals = past.items["closed_on"]
    none = replace(
        deals, partner=deals.partner[:0], month=deals.month[:0], day=deals.day[:0], deal_id=deals.deal_id[:0],
        line=deals.line[:0], values={name: values[:0] for name, values in deals.values.items()},
    )  # fmt: skip
    columns = {name: values if name == "lead" else 0 * values for name, values in past.panel.columns.items()}
    bare = Past(replace(past.panel, columns=columns), past.leaves, {"closed_on": none}, True)
    reconciled(project(fit(bare), TIERED, against=FLAT, floor=FLAT, scenarios=32))
    columns = {name: 0 * values for name, values in columns.items()}
    with pytest.raises(InputError, match="nothing that these schemes look at ever happened"):
        fit(Past(replace(past.panel, columns=columns), past.leaves, {"closed_on": none}, True))


def test_a_backtest_of_nothing_has_no_bias_and_says_why(capsys: pytest.CaptureFixture[str]) -> None:
    past = made_past(partners=5)
    tested = backtest(past, NOTHING, scenarios=16, cuts=2)
    result = backtest_result(tested, NOTHING, past)
    json.dumps(result, allow_nan=False)
    assert (result["bias"], result["bias_reason"]) == (None, "nothing was paid in the months projected")
    say_backtest(result)
    assert "Nothing was paid in the months projected; error score" in capsys.readouterr().out


@pytest.mark.parametrize(("horizon", "scenarios", "said"), [
    (0, 16, "--months: found 0, allowed are 1 to 60"), (-3, 16, "--months: found -3"), (1000, 16, "--months: found 1000"),
    (3, 0, "--scenarios: found 0"), (3, 10**9, "--scenarios: found 1000000000"),
])  # fmt: skip
def test_a_backtest_out_of_range_is_refused(horizon: int, scenarios: int, said: str) -> None:
    with pytest.raises(InputError, match=said):
        backtest(made_past(partners=5), FLAT, horizon=horizon, scenarios=scenarios)


@pytest.mark.parametrize(("text", "said"), [
    ("", "Assumptions need at least a name"), ("[1, 2]", "Begin with a line such as assumptions: slump"),
    ("{assumptions: a, market: nan}", "market: Line 1: found 'nan'"), ("{assumptions: a", "is not closed"),
])  # fmt: skip
def test_a_broken_document_of_assumptions_is_told_as_one(text: str, said: str) -> None:
    with pytest.raises(InputError, match=said):
        assumptions.loads(text)


def test_what_nobody_looks_at_is_named_as_it_was_counted(model: Model) -> None:
    supposed = assumptions.loads("{assumptions: a, lifts: [{of: deals, change: 1%}, {of: leed, change: 1%}]}")
    with pytest.raises(InputError, match=r"lifts\.2: the schemes do not look at 'leed'. Did you mean lead"):
        project(model, TIERED, floor=FLAT, assumptions=supposed, scenarios=8)
