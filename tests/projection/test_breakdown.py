"""Where the cost goes: parts that add up, what to accrue, and that each figure comes with its error on every way out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from incentive_lab.projection.breakdown import accrual, bands, partner_bands
from incentive_lab.projection.model import Model
from incentive_lab.projection.running import Projection, project
from incentive_lab.projection_words import project_result, say_project
from incentive_lab.scheme.load import loads
from tests.projection.conftest import FLAT, HEAD, TIERED


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


def test_the_error_of_what_is_accrued_is_that_of_many_runs(model: Model) -> None:
    runs = [accrual(project(model, FLAT, scenarios=128, horizon=6, seed=seed))[2] for seed in range(40)]
    for name in ("expected", "catch_up", "settled"):
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
    say_project(result)
    said = capsys.readouterr().out
    for words in ("By rule: mean", "By tier: mean", "To date: settled", "It pays for itself if", "It earns nothing once",
                  "Partner caps bind"):  # fmt: skip
        assert words in said
    alone = project_result(project(told.model, FLAT, scenarios=1))
    assert alone["total"]["se"] is None
