"""From a figure to its partners, to one partner's lines under both schemes, to the deals."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from incentive_lab.engine.impact import impact, mix
from incentive_lab.engine.reach import cliffs
from incentive_lab.engine.replay import Replay
from incentive_lab.engine.statement import statement
from incentive_lab.scheme.paths import apply
from incentive_lab.ui.drill import (
    CHOICES,
    amounts_of,
    borders_of,
    labels_of,
    partner_frame,
    rows_of,
    values_of,
)
from incentive_lab.ui.sheet import last_paid, lines_frame, quarters_of
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


def test_quarters_are_those_of_the_programme_year(comparison: Comparison) -> None:
    after, before = comparison.proposed, comparison.baseline
    assert quarters_of(after) == {"Q1 2024": "2024-01..2024-03", "Q2 2024": "2024-04..2024-06"}
    moved = replace(after, scheme=apply(after.scheme, {"effective.from": "2024-02-01"}))
    assert quarters_of(moved)["Feb–Apr 2024"] == "2024-02..2024-04"
    assert list(lines_frame(moved, 0))[1:-1] == ["Nov 2023–Jan 2024", "Feb–Apr 2024", "May–Jul 2024"]
    assert last_paid(moved, 0) == "May–Jul 2024"
    assert statement(moved, "a", quarters_of(moved)["Feb–Apr 2024"]).total == 600
    later = replace(comparison, proposed=moved)
    assert list(values_of(later, "Quarter")) == list(quarters_of(moved))
    part = amounts_of(later, "Quarter", "Feb–Apr 2024")
    assert part.after.sum() == after.total[1:4].sum()
    assert part.before.sum() == before.total[1:4].sum()


def test_a_key_figure_leads_to_its_partners_their_lines_and_deals(tune: AppTest) -> None:
    losers = metrics(tune)[3]
    asked(tune, ["Worse off"])
    assert not tune.exception
    assert tune.segmented_control(key="drill who").value == "Worse off"
    text = shown(tune)
    assert f"{losers} partner" in text
    assert "Draft\\: " in text
    assert "Baseline\\: " in text
    tune.selectbox(key="drill by").select("Type").run()
    assert not tune.exception
    tune.selectbox(key="sheet period").select_index(0).run()
    assert not tune.exception
    assert "deals in" in shown(tune)


def test_the_partner_below_a_list_is_one_of_the_list(tune: AppTest) -> None:
    asked(tune, ["Better off"])
    better = tune.dataframe[0].value["Partner"].tolist()
    assert f"({better[0]}) is paid" in shown(tune).replace("\\", "")
    tune.segmented_control(key="drill who").set_value("Worse off").run()
    worse = tune.dataframe[0].value["Partner"].tolist()
    assert not set(better) & set(worse)
    assert f"({better[0]}) is paid" not in shown(tune).replace("\\", "")
    assert f"({worse[0]}) is paid" in shown(tune).replace("\\", "")


def asked(tune: AppTest, what: list[str]) -> AppTest:
    """A click on the board, which AppTest cannot make: its callback fills the session before the run."""
    script = AppTest.from_function(_click, default_timeout=60)
    script.session_state["clicked"] = what
    script.run()
    script.button(key="go").click().run()
    assert not script.exception
    for key in ("drill who", "drill by", "drill value", "closer", "closer turned"):
        if key in script.session_state:
            tune.session_state[key] = script.session_state[key]
    return tune.run()


def _click() -> None:
    import streamlit as st

    from incentive_lab.ui.drill import show_behind

    st.button("go", key="go", on_click=lambda: show_behind(st.session_state["clicked"]))


@pytest.mark.parametrize("what", [["Quarter", "Q1 2024"], ["Month", "Jan 2024"], ["Tenth", "3"], ["All"]])
def test_a_click_on_the_board_leads_to_its_partners(tune: AppTest, what: list[str]) -> None:
    asked(tune, what)
    assert not tune.exception
    assert tune.segmented_control(key="closer 1").value == "Partners"
    if len(what) == 2:
        assert [tune.selectbox(key="drill by").value, tune.selectbox(key="drill value").value] == what


@pytest.mark.parametrize("what", [[], ["Everyone"], ["Name", "x"], ["Tenth", "3", "4"]])
def test_whatever_else_a_browser_sends_is_nothing(tune: AppTest, what: list[str]) -> None:
    asked(tune, what)
    assert tune.segmented_control(key="closer 0").value == "Winners and losers"


def test_the_parts_of_what_is_paid_add_up(comparison: Comparison) -> None:
    whole = amounts_of(comparison)
    for by in ("Quarter", "Month"):
        parts = [amounts_of(comparison, by, name) for name in values_of(comparison, by)]
        assert np.allclose(sum(part.after for part in parts), whole.after)
        assert np.allclose(sum(part.before for part in parts), whole.before)


def test_every_cell_of_the_tier_flow_is_its_partners(comparison: Comparison) -> None:
    moves = labels_of(comparison, "Tier move")
    assert sorted(moves.tolist()) == ["no tier to high", "no tier to low"]
    assert rows_of(comparison, "All", "Tier move", "no tier to high").tolist() == [0]


def test_a_group_opens_its_partners(tune: AppTest) -> None:
    tune.segmented_control(key="groups-by").set_value("Region").run()
    tune.selectbox(key="open Region").select_index(0).run()
    region = tune.selectbox(key="open Region").value
    tune.button(key="open-group Region").click().run()
    assert not tune.exception
    assert set(tune.dataframe[0].value["Region"]) == {region}


def test_reach_and_borders_open_their_partners(tune: AppTest) -> None:
    tune.segmented_control(key="closer 0").set_value("Tiers and reach").run()
    ways = tune.selectbox(key="open Way up")
    assert [one.split()[0] for one in ways.options[:2]] == ["near", "far"]
    ways.select_index(1).run()
    far = tune.selectbox(key="open Way up").value
    tune.button(key="open-group Way up").click().run()
    assert not tune.exception
    assert [tune.selectbox(key="drill by").value, tune.selectbox(key="drill value").value] == ["Way up", far]
    tiers = set(tune.dataframe[0].value["Tier"])
    assert len(tiers) == 1, "all that are far from a tier are in the one below it"
    tune.selectbox(key="drill by").set_value("Near a border").run()
    assert not tune.exception
    assert tune.selectbox(key="drill value").value.endswith(("just below", "just above"))


def test_the_partners_at_a_border_are_those_that_were_counted(comparison: Comparison) -> None:
    for one in cliffs(comparison.proposed):
        assert len(one.rows_below) <= one.below
        assert len(one.rows_above) <= one.above
    for name, rows in borders_of(comparison).items():
        assert sorted(rows_of(comparison, "All", "Near a border", name).tolist()) == sorted(rows)
