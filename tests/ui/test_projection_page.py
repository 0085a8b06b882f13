from __future__ import annotations

from streamlit.testing.v1 import AppTest

from tests.ui.test_pages import shown


def test_the_projection_says_what_it_will_cost_and_how_sure_that_is(app: AppTest) -> None:
    app.switch_page("pages/projection.py").run(timeout=180)
    assert not app.exception
    said = shown(app)
    assert "What it will cost" in said
    assert "of 128 futures" in said
    app.selectbox(key="projection-scheme").select("Flat commission").run(timeout=180)
    flat = shown(app)
    app.selectbox(key="projection-assumptions").select("Recession").run(timeout=180)
    assert not app.exception
    assert shown(app) != flat
    app.toggle(key="projection-backtest").set_value(True).run(timeout=180)
    assert not app.exception
    assert "On your own past" in shown(app)
