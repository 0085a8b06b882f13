"""From a figure to its partners, to one partner's lines under both schemes, to the deals."""

from __future__ import annotations

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from incentive_lab.engine.impact import impact, mix
from incentive_lab.engine.replay import Replay
from incentive_lab.ui.drill import CHOICES, labels_of, partner_frame, rows_of
from incentive_lab.ui.sheet import lines_frame, quarters_of
from incentive_lab.ui.workspace import Comparison
from tests.ui.test_pages import metrics, shown


@pytest.fixture
def comparison(after: Replay, before: Replay) -> Comparison:
    return Comparison(after, before, impact(after, before), mix(after), None)


def test_who_is_meant_adds_up(comparison: Comparison) -> None:
    everybody = rows_of(comparison, "All", None, None)
    assert sorted(everybody.tolist()) == [0, 1]
    better, worse = (rows_of(comparison, who, None, None) for who in ("Better off", "Worse off"))
    assert len(better) == comparison.impact.total.winners
    assert len(worse) == comparison.impact.total.losers
    types = set(labels_of(comparison, "Type").tolist())
    assert sum(len(rows_of(comparison, "All", "Type", one)) for one in types) == 2
    assert {labels_of(comparison, "Tenth")[row] for row in (0, 1)} == {"1", "2"}
    assert set(CHOICES) >= {"All", "Better off", "Worse off"}


def test_the_table_of_partners_holds_both_amounts(comparison: Comparison) -> None:
    frame = partner_frame(comparison, rows_of(comparison, "All", None, None))
    assert (frame["Draft"] - frame["Baseline"]).tolist() == pytest.approx(frame["Change"].tolist())
    assert frame["Draft"].sum() == pytest.approx(comparison.proposed.cost / 100)
    assert frame["Change"].is_monotonic_increasing


def test_a_partners_lines_add_up_to_what_is_paid(after: Replay) -> None:
    frame = lines_frame(after, 0)
    numbers = frame.drop(columns="Line").to_numpy(dtype=float)
    assert np.allclose(numbers[:-1].sum(axis=0), numbers[-1])
    assert quarters_of(after) == ["2024-Q1", "2024-Q2"]


def test_a_key_figure_leads_to_its_partners_their_lines_and_deals(tune: AppTest) -> None:
    assert metrics(tune)
    tune.button(key="open-worse").click().run()
    assert not tune.exception
    assert tune.segmented_control(key="drill who").value == "Worse off"
    text = shown(tune)
    assert f"{tune.metric[3].value} partner" in text
    assert "Draft\\: " in text
    assert "Baseline\\: " in text
    tune.selectbox(key="drill by").select("Type").run()
    assert not tune.exception
    tune.selectbox(key="sheet period").select_index(0).run()
    assert not tune.exception
    assert "deals in" in shown(tune)


def test_a_group_opens_its_partners(tune: AppTest) -> None:
    tune.segmented_control(key="groups-by").set_value("Region").run()
    tune.selectbox(key="open Region").select_index(0).run()
    region = tune.selectbox(key="open Region").value
    tune.button(key="open-group").click().run()
    assert not tune.exception
    assert set(tune.dataframe[0].value["Region"]) == {region}
