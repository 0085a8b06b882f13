from __future__ import annotations

import json
import time
from typing import Any

import pytest
import streamlit as st
from streamlit.testing.v1 import AppTest

from incentive_lab.format import unbroken
from incentive_lab.ui import preparing, workspace
from tests.ui.conftest import ROOT

CAP = "caps.partner-quarter.amount"


def shown(app: AppTest) -> str:
    """Everything that is written on the page."""
    parts = [*app.title, *app.header, *app.markdown, *app.info, *app.warning, *app.error]
    return "\n".join(str(part.value) for part in parts)


def opened(app: AppTest, group: str) -> AppTest:
    app.session_state[f"group {group}"] = True
    return app.run()


def opened_box(app: AppTest, key: str) -> AppTest:
    app.session_state[key] = True
    return app.run()


def board(app: AppTest) -> dict[str, Any]:
    """What the board of the page Tune was given to show."""
    (found,) = app.get("bidi_component")
    data = json.loads(found.proto.json)
    assert isinstance(data, dict)
    return data


def metrics(tune: AppTest) -> list[str]:
    return [one["value"] for one in board(tune)["figures"]]


def test_the_overview_says_what_is_in_use_and_where_the_draft_stands(app: AppTest) -> None:
    assert not app.exception
    assert app.title[0].value == "Overview"
    assert [metric.label for metric in app.metric][1:] == ["Cost over revenue", "Better off", "Worse off"]
    text = shown(app)
    assert "What needs attention" in text
    assert "Draft and baseline" in text
    assert app.selectbox(key="pick-draft").value == "growth-80-20"


def test_the_overview_says_what_it_works_on_before_it_does(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    written: list[str] = []
    write, compare, then = st.markdown, workspace.compare, []
    monkeypatch.setattr(st, "markdown", lambda text, *more, **by: (written.append(text), write(text, *more, **by))[1])
    monkeypatch.setattr(workspace, "compare", lambda *both: (then.append([*written]), compare(*both))[1])
    for key in ("standing of", "attention of"):
        del app.session_state[key]
    app.run()
    assert any("are being paid on the history" in text for text in then[0])
    written.clear()
    then.clear()
    app.run()
    assert not any("are being paid" in text for text in then[0]), "what is there at once needs no words"
    assert "are being paid" not in shown(app)


def test_the_overview_begins_with_another_scheme(app: AppTest) -> None:
    app.selectbox(key="pick-draft").select("whole-volume-rebate").run()
    assert not app.exception
    assert app.session_state["draft"].start.id == "whole-volume-rebate"
    app.selectbox(key="pick-draft").select("current-flat").run()
    assert app.metric[0].delta == "0"


def test_tune_shows_dials_and_consequences(tune: AppTest) -> None:
    assert not tune.exception
    assert tune.title[0].value == unbroken("Partner growth programme, 80 % behaviour and 20 % volume")
    assert tune.slider(key="tiers.levels.silver.needs.protected_revenue").value == 20_000
    assert len(board(tune)["figures"]) == 4
    assert [chart["key"] for chart in board(tune)["charts"]] == ["cost-time", "deciles", "curve"]
    assert tune.get("plotly_chart")


@pytest.mark.parametrize(
    ("group", "path", "value"),
    [
        ("Tiers", "tiers.levels.silver.needs.training", 5.0),
        ("Rates", "rules.volume-rebate.rate.table.steps.top.rate", 2.0),
        ("Rates", "rules.deal-registration.rate", 200.0),
        ("Mix", "mix.behavioural", 70.0),
        ("Caps and limits", CAP, 500.0),
        ("Gates and guarantees", "guarantees.transition.keep", 50.0),
        ("Gates and guarantees", "gates.customer-satisfaction.when.csat.below", 4.0),
        ("Budget", "budget.amount", 2_000_000.0),
    ],
)
def test_every_kind_of_dial_moves_the_draft_and_its_typed_entry(
    tune: AppTest, group: str, path: str, value: float
) -> None:
    opened(tune, group)
    tune.slider(key=path).set_value(value).run()
    assert not tune.exception
    draft = tune.session_state["draft"]
    assert [change.path for change in draft.changes if change.path != "mix.factors"] == [path]
    assert tune.number_input(key=f"typed {path}").value == value
    assert "Changed since growth-80-20" in shown(tune)


def test_a_lower_cap_costs_less_and_undo_brings_it_back(tune: AppTest) -> None:
    opened(tune, "Caps and limits")
    first = metrics(tune)
    tune.number_input(key=f"typed {CAP}").set_value(100.0).run()
    assert tune.slider(key=CAP).value == 100
    assert metrics(tune) != first
    tune.button(key="undo").click().run()
    assert tune.slider(key=CAP).value == 10_000
    assert metrics(tune) == first


def test_moving_on_and_on_keeps_every_move(tune: AppTest) -> None:
    opened(tune, "Caps and limits")
    for value in (9_500.0, 9_000.0, 8_500.0, 8_000.0):
        tune.slider(key=CAP).set_value(value).run()
        assert tune.slider(key=CAP).value == value
        assert tune.session_state["draft"].value(CAP) == value


def test_a_value_out_of_bounds_is_told_beside_the_dial_and_the_figures_stay(tune: AppTest) -> None:
    opened(tune, "Caps and limits")
    first = metrics(tune)
    tune.number_input(key=f"typed {CAP}").set_value(-5.0).run()
    assert not tune.exception
    assert any("allowed is 0 to" in error.value for error in tune.error)
    assert "last draft that can be paid" in shown(tune)
    assert metrics(tune) == first
    tune.button(key=f"reset {CAP}").click().run()
    assert not tune.error
    assert tune.number_input(key=f"typed {CAP}").value == 10_000


@pytest.mark.parametrize("typed", [1e30, -1e30, 1e300])
def test_a_number_of_any_size_is_typed_and_refused_in_words(tune: AppTest, typed: float) -> None:
    opened(tune, "Caps and limits")
    before = metrics(tune)
    tune.number_input(key="typed " + CAP).set_value(typed).run()
    assert not tune.exception
    assert tune.error
    assert metrics(tune) == before
    assert tune.number_input(key="typed " + CAP).value == typed


def test_one_dial_and_all_dials_go_back(tune: AppTest) -> None:
    opened(tune, "Caps and limits")
    tune.slider(key=CAP).set_value(5_000.0).run()
    tune.run()  # AppTest keeps only what the last run drew, here one dial and the consequences.
    tune.slider(key="tiers.levels.silver.needs.training").set_value(5.0).run()
    tune.run()
    tune.button(key=f"reset {CAP}").click().run()
    assert [change.path for change in tune.session_state["draft"].changes] == ["tiers.levels.silver.needs.training"]
    tune.button(key="reset-all").click().run()
    assert tune.session_state["draft"].changes == []
    assert tune.slider(key="tiers.levels.silver.needs.training").value == 3


def test_the_draft_survives_a_visit_to_another_page(tune: AppTest) -> None:
    tune.slider(key="tiers.levels.silver.needs.training").set_value(5.0).run()
    tune.switch_page("pages/overview.py").run()
    assert "1 change since" in shown(tune)
    tune.switch_page("pages/tune.py").run()
    assert tune.slider(key="tiers.levels.silver.needs.training").value == 5


def test_a_change_that_moves_no_payout_says_so(tune: AppTest) -> None:
    opened(tune, "Caps and limits")
    tune.number_input(key=f"typed {CAP}").set_value(900_000.0).run()
    tune.number_input(key=f"typed {CAP}").set_value(950_000.0).run()
    assert any("moves no payout" in info.value for info in tune.info)


def test_a_file_is_loaded_or_refused_in_words(tune: AppTest) -> None:
    opened_box(tune, "load box")
    tune.file_uploader(key="load-file").upload("mine.yaml", b"scheme: mine\ncurrency: USD\nrules: []\n").run()
    assert not tune.exception
    assert any("effective" in error.value for error in tune.error)
    text = (ROOT / "data/schemes/marginal-accelerator.yaml").read_bytes()
    tune.file_uploader(key="load-file").clear().run()
    tune.file_uploader(key="load-file").upload("marginal.yaml", text).run()
    assert tune.session_state["draft"].scheme.id == "marginal-accelerator"
    tune.button(key="undo").click().run()
    assert tune.session_state["draft"].scheme.id == "growth-80-20"


@pytest.mark.parametrize(
    "view",
    ["Winners and losers", "Rules and months", "Tiers and reach", "Mix and concentration", "Margin and cliffs",
     "Partners", "Differences"],
)  # fmt: skip
def test_each_closer_look_is_drawn(tune: AppTest, view: str) -> None:
    tune.segmented_control(key="closer 0").set_value(view).run()
    assert not tune.exception
    assert not tune.error
    assert tune.header
    traces = [json.loads(chart.proto.spec)["data"] for chart in tune.get("plotly_chart")]
    assert "skip" not in [trace.get("hoverinfo") for each in traces for trace in each], "Plotly gives these no click"


def test_the_mix_is_solved_on_request(tune: AppTest) -> None:
    opened(tune, "Mix")
    tune.toggle(key="mix follows").set_value(False).run()
    tune.button(key="solve-mix").click().run()
    assert not tune.exception
    assert tune.session_state["draft"].scheme.mix.factors is not None
    assert tune.success or tune.warning


def test_the_first_page_shows_at_once_and_waits_by_itself(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting = preparing.Preparation(preparing.source())
    monkeypatch.setattr(workspace, "_prepared", lambda wanted: waiting)
    begun = time.monotonic()
    app.run()
    assert time.monotonic() - begun < 5
    assert not app.exception
    assert "Preparing the payout engine" in shown(app)


def test_a_history_that_cannot_be_read_is_told_in_words(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    broken = preparing.Preparation(preparing.Source("/nowhere", None, False))
    broken._run()
    monkeypatch.setattr(workspace, "_prepared", lambda wanted: broken)
    app.run()
    assert not app.exception
    assert "The partner history cannot be used" in str(app.error[0].proto)


@pytest.mark.usefixtures("_environment")
def test_a_page_opened_by_itself_is_drawn_in_the_frame() -> None:
    alone = AppTest.from_file(str(ROOT / "pages/tune.py"), default_timeout=60)
    alone.run()
    assert "framed" in alone.session_state
