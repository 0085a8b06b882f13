"""A projection from a history that lacks months is that of the whole one, and says so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from incentive_lab.engine.replay import replay
from incentive_lab.errors import InputError
from incentive_lab.panel import Floats
from incentive_lab.projection.backtest import backtest
from incentive_lab.projection.diagnostics import diagnostics
from incentive_lab.projection.leaving import leaving
from incentive_lab.projection.model import Model, fit
from incentive_lab.projection.past import Past
from incentive_lab.projection.running import project
from tests.projection.conftest import FLAT, made_past


def without(past: Past, lost: Floats) -> Past:
    """The same without the rows of deals of [partners, months]."""
    deals = past.items["closed_on"]
    keep = ~lost[deals.partner, deals.month]
    table = replace(
        deals, partner=deals.partner[keep], month=deals.month[keep], day=deals.day[keep], deal_id=deals.deal_id[keep],
        line=deals.line[keep], values={name: values[keep] for name, values in deals.values.items()},
    )  # fmt: skip
    columns = {name: np.where(lost, 0.0, values) if name in deals.values else values
               for name, values in past.panel.columns.items()}  # fmt: skip
    return replace(past, panel=replace(past.panel, columns=columns), items={"closed_on": table})


def lost_months(past: Past, months: list[int], partners: slice = slice(None)) -> Floats:
    lost = np.zeros((past.panel.partners, past.panel.months), dtype=np.bool_)
    for month in months:
        lost[partners, month] = True
    return lost


def revenue(model: Model) -> float:
    return float(project(model, FLAT, scenarios=256, horizon=12).revenue.sum(axis=1).mean())


@pytest.fixture(scope="module")
def whole() -> Past:
    """40 partners, two regions; nobody has anything but deals."""
    past = made_past(40, 36, 11, leads=0.0)
    region = np.array(["north"] * 20 + ["south"] * 20, dtype=object)
    return replace(past, panel=replace(past.panel, attributes={**past.panel.attributes, "region": region}))


@pytest.mark.parametrize("months", [[9, 15], [0, 1, 2], [33, 34, 35], [20, 21, 22, 23]])
def test_months_that_are_missing_move_a_projection_by_little(whole: Past, months: list[int]) -> None:
    lacking = fit(without(whole, lost_months(whole, months)))
    assert lacking.gaps["closed deals"][0].months == tuple(months)
    assert revenue(lacking) == pytest.approx(revenue(fit(whole)), rel=0.06)
    level, usual = (one.streams["closed deals"].level for one in (lacking, fit(whole)))
    assert level.sigma == pytest.approx(usual.sigma, rel=0.25)
    assert lacking.alive[: lacking.known].mean() > 0.98, "nobody has left because rows are missing"
    assert diagnostics(lacking)[0]["left_out"]
    assert lacking.notes[0].startswith("Rows seem to be missing: closed deals in ")
    assert diagnostics(fit(whole))[0]["left_out"] == []


def test_the_rows_of_one_region_that_are_missing_move_it_by_little(whole: Past) -> None:
    lacking = fit(without(whole, lost_months(whole, [28, 29, 30], slice(20))))
    assert revenue(lacking) == pytest.approx(revenue(fit(whole)), rel=0.06)
    assert "closed deals of region north in 2024-05 to 2024-07" in lacking.notes[0]


def test_a_business_that_is_closed_each_august_stays_closed_in_august(whole: Past) -> None:
    closed = fit(without(whole, lost_months(whole, [7, 19, 31])))
    assert closed.gaps["closed deals"] == ()
    by_month = project(closed, FLAT, scenarios=256, horizon=12).revenue.mean(axis=0)
    assert by_month[7] < 0.15 * by_month.mean()
    others = np.delete(by_month, 7).sum()
    assert others == pytest.approx(revenue(fit(whole)) * 11 / 12, rel=0.08)


def test_replay_takes_missing_months_as_they_are(whole: Past) -> None:
    lost = lost_months(whole, [9])
    paid = replay(FLAT, without(whole, lost).panel, detail=False).total
    before = replay(FLAT, whole.panel, detail=False).total
    assert paid.sum(axis=1)[9] == 0
    assert np.delete(paid, 9, axis=0) == pytest.approx(np.delete(before, 9, axis=0))


def test_a_backtest_does_not_judge_months_that_are_missing(whole: Past) -> None:
    tested = backtest(without(whole, lost_months(whole, [31, 35])), FLAT, scenarios=32, cuts=4)
    assert [cut.month for cut in tested.cuts] == ["2023-07", "2023-10", "2024-01", "2024-04"]
    assert tested.left_out == ("2024-07", "2024-10")
    assert "the 3 months from 2024-07" in (tested.left_out_words or "")
    assert backtest(whole, FLAT, scenarios=32, cuts=4).left_out_words is None
    with pytest.raises(InputError, match="rows seem to be missing"):
        backtest(without(whole, lost_months(whole, [20])), FLAT, scenarios=16, horizon=20)


def test_silence_in_missing_months_is_no_silence() -> None:
    had = np.ones((6, 24))
    had[:, 16:] = 0
    begun, last = np.zeros(6, dtype=np.int64), np.full(6, 15)
    gone, there = np.zeros((6, 24), dtype=bool), np.zeros((6, 24), dtype=bool)
    there[:, 16:] = True
    assert leaving(had, begun, last, gone)[1].max() < 0.2
    assert leaving(had, begun, last, there)[1].min() == 1.0
