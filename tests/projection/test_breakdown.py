"""Where the cost goes: parts that add up, what to accrue, and that each figure comes with its error on every way out."""

from __future__ import annotations

from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
import pytest

from incentive_lab.projection import futures
from incentive_lab.projection.accruing import FEW, accrual, under_way
from incentive_lab.projection.answers import Driver
from incentive_lab.projection.breakdown import bands, partner_bands
from incentive_lab.projection.futures import stretched
from incentive_lab.projection.model import Model, fit
from incentive_lab.projection.running import Projection, project
from incentive_lab.projection_words import project_result, say_project
from incentive_lab.scheme.load import loads
from tests.projection.conftest import FLAT, GROUPED, HEAD, TIERED, made_past


@pytest.fixture(scope="module")
def told(model: Model) -> Projection:
    return project(model, TIERED, against=FLAT, floor=FLAT, scenarios=128)


def test_parts_add_up_to_the_whole(told: Projection) -> None:
    outcome = told.outcome
    for names, values in ((outcome.line_ids, outcome.by_rule), (outcome.tier_names, outcome.by_tier),
                          (told.model.segments, outcome.by_segment)):  # fmt: skip
        assert sum(one.mean.value for one in bands(names, values)) == pytest.approx(outcome.total.mean())
    people = partner_bands(told)
    assert sum(one.mean.value for one in people) == pytest.approx(outcome.total.mean(), rel=1e-6)
    means = [one.mean.value for one in people]
    assert means == sorted(means, reverse=True)
    assert all(one.p10.value <= one.p50.value <= one.p90.value for one in people)


def test_a_rule_that_is_not_paid_in_money_is_marked_beside_amounts(
    model: Model, capsys: pytest.CaptureFixture[str]
) -> None:
    seats = "{id: seats, on: lead, rate: 50, non_cash: true}"
    scheme = loads(f"scheme: s\n{HEAD}rules: [{{id: paid, on: revenue, rate: 1%}}, {seats}]")
    told = project(model, scheme, scenarios=64)
    rules = bands(told.outcome.line_ids, told.outcome.by_rule)
    assert rules[1].mean.value > 0, "it has an amount"
    assert sum(one.mean.value for one in rules if one.name != "seats") == pytest.approx(told.outcome.total.mean())
    say_project(project_result(told))
    assert "seats (not in money)" in capsys.readouterr().out


def test_what_is_accrued_ends_with_what_is_paid(model: Model, told: Projection) -> None:
    books = accrual(told)
    assert books[-1].expected.value == pytest.approx(told.outcome.total.mean())
    assert books[-1].catch_up.value == pytest.approx(0.0, abs=1.0)
    assert books[-1].catch_up.error == pytest.approx(0.0, abs=1.0)
    flat = accrual(project(model, FLAT, scenarios=256))
    for one in flat:
        assert one.catch_up.error is not None
        assert abs(one.catch_up.value) < 4 * one.catch_up.error + 1e-3 * one.expected.value, (
            "a flat rate has no tier to come"
        )
    rising = loads(f"""
scheme: rising
{HEAD}
settle: year
rules:
  - {{id: v, on: revenue, per: year,
      rate: {{table: {{over: year_to_date, steps: [{{from: 0, rate: 1%}}, {{from: 60_000, rate: 6%}}]}}}}}}
""")
    books = accrual(project(model, rising, scenarios=256))
    assert books[4].catch_up.value > 5 * (books[4].catch_up.error or 0), "tiers still to be reached are accrued before"


QUARTERLY = f"""
scheme: quarters
{HEAD}
settle: quarter
rules:
  - id: v
    on: revenue
    per: quarter
    rate: {{table: {{applies: whole, steps: [{{from: 0, rate: 1%}}, {{from: 15_000, rate: 3%}}]}}}}
"""
QUARTERS = loads(QUARTERLY)


def test_an_open_quarter_is_accrued_as_by_hand() -> None:
    """One partner: 1 % of a quarter's revenue, 3 % of all of it from 15,000 on, worked out from the revenue of each future."""
    told = project(fit(made_past(partners=1, rate=3.0)), QUARTERS, scenarios=64, horizon=8)
    revenue = told.revenue
    owed = np.zeros_like(revenue)
    for month in range(8):
        for first in range(0, month + 1, 3):
            quarter = revenue[:, first : min(first + 3, month + 1)].sum(axis=1)
            owed[:, month] += np.floor(quarter * np.where(quarter >= 1_500_000, 0.03, 0.01) + 0.5)
    settled = owed.copy()
    for month in range(8):
        settled[:, month] = owed[:, month - month % 3 - 1] if month % 3 != 2 and month >= 3 else owed[:, month]
        settled[:, month] = 0.0 if month < 2 else settled[:, month]
    settled[:, 7] = owed[:, 7]  # history ends here: the quarter is told to date
    assert np.abs(np.cumsum(told.outcome.monthly, axis=1) - settled).max() <= 1
    assert np.abs(under_way(told) - (owed - settled)).max() <= 1
    books = accrual(told)
    cost, come = owed[:, 7].mean(), np.cumsum(revenue, axis=1).mean(axis=0)
    for month, one in enumerate(books):
        assert one.settled.value == pytest.approx(settled[:, month].mean(), abs=1)
        assert one.reached.value == pytest.approx(owed[:, month].mean(), abs=1)
        assert one.expected.value == pytest.approx(cost * come[month] / come[7], abs=1), "all in one programme year"
        assert one.catch_up.value == pytest.approx(one.expected.value - one.reached.value)
    assert books[0].catch_up.value > 0, "a month alone seldom reaches what a quarter does"


def test_a_shorter_horizon_is_cut_out_of_a_longer_one(model: Model, monkeypatch: pytest.MonkeyPatch) -> None:
    """Both panels pay the same; the cut one shares its memory."""
    scheme = loads(QUARTERLY)
    told = project(model, scheme, scenarios=20)
    cut, whole = told.payer(5), stretched(model.panel, told.payer(5).past, 12)
    assert np.shares_memory(cut.panel.columns["revenue"], whole.columns["revenue"])
    open_ = under_way(told)
    monkeypatch.setattr(futures, "_STRETCHED", WeakKeyDictionary())
    assert not np.shares_memory(told.payer(5).panel.columns["revenue"], whole.columns["revenue"])
    assert (under_way(told) == open_).all()


def test_nothing_is_left_to_catch_up_when_a_programme_year_ends(model: Model) -> None:
    told = project(model, loads(QUARTERLY + "calendar: {year_starts: 7}\n"), scenarios=FEW)
    books = accrual(told)
    for month in (5, 11):
        assert books[month].expected.value == pytest.approx(books[month].settled.value)
        assert books[month].catch_up.value == pytest.approx(0.0, abs=1.0)
    assert abs(books[4].catch_up.value) > 1.0


def test_schemes_that_pay_together_or_cut_are_accrued_too(model: Model) -> None:
    for scheme in (GROUPED, TIERED):
        told = project(model, scheme, floor=FLAT, scenarios=20, horizon=5)
        open_ = under_way(told)
        assert np.abs(open_[:, -1]).max() <= 1.0
        assert len(open_) == 20
        assert accrual(told)[1].reached.value >= accrual(told)[1].settled.value - 1.0


def test_the_error_of_what_is_accrued_is_that_of_many_runs(model: Model) -> None:
    runs = [accrual(project(model, FLAT, scenarios=128, horizon=6, seed=seed))[2] for seed in range(25)]
    for name in ("expected", "catch_up", "settled", "reached"):
        found = [getattr(one, name) for one in runs]
        true = np.std([one.value for one in found], ddof=1)
        assert np.sqrt(np.mean([one.error**2 for one in found])) == pytest.approx(true, rel=0.4), name


def errorless(result: Any, path: str = "") -> list[str]:
    """Keys of amounts that stand without an error beside them."""
    if not isinstance(result, dict):
        return []
    missing = [found for key, value in result.items() for found in errorless(value, f"{path}.{key}")
               if key != "errors"]  # fmt: skip
    for key in (
        "mean",
        "p10",
        "p90",
        "npv",
        "p_capped",
        "p_over_budget",
        "break_even_lift",
        "anyway_share",
        "p_dearer",
    ):
        beside = "se" if key == "mean" and "se" in result else f"{key}_se"
        if result.get(key) is not None and beside not in result and key not in result.get("errors", {}):
            missing.append(f"{path}.{key}")
    return missing


def test_every_figure_has_its_standard_error(told: Projection, capsys: pytest.CaptureFixture[str]) -> None:
    result = project_result(told, margin_floor=0.2)
    assert not errorless(result)
    known = Driver("qualified_lead: how many", 100.0, 200.0, 0.4, 0.1)
    result["drivers"] = [{"name": known.name, "words": known.words, "low": 1.0, "high": 2.0}]
    say_project(result)
    said = capsys.readouterr().out
    for words in ("By rule: mean", "By tier: mean", "To date. Settled: by statements.", "It pays for itself if",
                  "It earns nothing once", "Partner caps bind"):  # fmt: skip
        assert words in said
    head = next(line for line in said.splitlines() if line.split()[:1] == ["Month"])
    first = next(line for line in said.splitlines() if line.startswith(f"  {result['first_month']} "))
    ends = [head.index(name) + len(name) for name in ("Settled", "Reached", "To accrue", "Catch-up")]
    assert [first[end - 3 : end] for end in ends] == ["USD"] * 4, "each column stands under its name"
    assert all(result["rule_names"][line] in said for line in result["by_rule"])
    assert "Qualified lead (how many)" in said
    assert known.name not in said
    alone = project_result(project(told.model, FLAT, scenarios=1))
    assert alone["total"]["se"] is None
