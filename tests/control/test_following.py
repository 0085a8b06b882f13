"""Months that came against a frozen forecast: as forecast, and with one thing changed, which is the one that is named."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pandas as pd
import pytest

from incentive_lab.control.following import both_sides, follow
from incentive_lab.control_words import broken_words, follow_result, verdict
from incentive_lab.errors import InputError
from incentive_lab.history import open_history
from incentive_lab.projection.assumptions import BASE
from incentive_lab.report.evidence import Wanted, forecast_document
from incentive_lab.scheme.baseline import Pair
from incentive_lab.scheme.load import load
from tests.control.conftest import SHIPPED, THEN, tables, written

SCHEME = load(SHIPPED / "growth-rebate.yaml")
FLAT = load(SHIPPED / "current-flat.yaml")


@pytest.fixture(scope="module")
def frozen(then: Path) -> dict[str, Any]:
    with open_history(str(then), currency="USD").closing() as held:
        told = forecast_document(Pair(SCHEME, FLAT), held, Wanted(200, 12, 7, BASE))
    return dict(json.loads(json.dumps(told)))


def now(demo: Path, folder: Path, change: str) -> Path:
    """The demo to the end of 2025, with one thing changed after June."""
    kept = tables(demo, "partners", "deals", "deal_partners", "activities", "scores")
    deals = kept["deals"]
    late = (deals["closed_on"] >= THEN) & (deals["status"] == "won")
    if change == "volume":
        more = [deals[late].assign(deal_id=deals["deal_id"] + f"-{number}") for number in range(2)]
        kept["deals"] = pd.concat([deals, *more])
    if change == "size":
        for column in ("amount", "list_amount", "cost"):
            deals.loc[late, column] *= 3
    return written(folder, kept)


@pytest.mark.parametrize("change", ["nothing", "volume", "size"])
def test_what_changed_is_what_broke(demo: Path, frozen: dict[str, Any], tmp_path: Path, change: str) -> None:
    with open_history(str(now(demo, tmp_path / change, change)), currency="USD").closing() as held:
        found = follow(held, Pair(SCHEME, FLAT), frozen, assumptions=BASE)
    assert [one.month for one in found.months] == [f"2025-{month:02d}" for month in range(7, 13)]
    assert found.actual == pytest.approx(sum(one.actual for one in found.months))
    broke = {one.about for one in found.checked if one.broke}
    if change == "nothing":
        assert not broke & {"volume", "size"}
        assert "volume" not in broken_words(found)
        return
    assert not found.inside
    assert change in broke
    assert ({"volume", "size"} - {change}) & broke == set()
    assert "above" in verdict(found)
    named = {"volume": "deals won", "size": "amount of a deal"}[change]
    assert named in broken_words(found)
    json.dumps(follow_result(found), allow_nan=False)


def test_a_history_without_later_months_says_so(then: Path, frozen: dict[str, Any]) -> None:
    with open_history(str(then), currency="USD").closing() as held, pytest.raises(InputError, match="later months"):
        follow(held, Pair(SCHEME, FLAT), frozen, assumptions=BASE)


def test_a_forecast_that_is_none_is_refused(then: Path) -> None:
    with open_history(str(then), currency="USD").closing() as held, pytest.raises(InputError, match="project --json"):
        follow(held, Pair(SCHEME), {"seed": 1}, assumptions=BASE)


def test_chances_are_of_both_sides_and_never_nothing() -> None:
    futures = pd.Series(range(99)).to_numpy(dtype=float)
    assert both_sides(futures, 49.0) == 1.0
    assert both_sides(futures, -5.0) == both_sides(futures, 500.0) == 0.02
