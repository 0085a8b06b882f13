from __future__ import annotations

import re
import time
from decimal import Decimal

import pytest
from streamlit.testing.v1 import AppTest

from incentive_lab.projection.world import World
from tests.ui.test_pages import shown


def told(app: AppTest, words: str) -> str:
    """What the page says once its work in the background has come to these words."""
    for _ in range(900):
        assert not app.exception
        if words in shown(app):
            break
        time.sleep(0.2)
        app.run(timeout=180)
    said = shown(app)
    assert words in said
    return said


def test_the_projection_says_what_it_will_cost_and_how_sure_that_is(app: AppTest) -> None:
    app.switch_page("pages/projection.py").run(timeout=180)
    said = told(app, "from 128 futures")
    assert "What it will cost" in said
    assert (
        "The forecast is for Jul 2024 to Jun 2025, as if the scheme began right after the history; it would be in force from"
        in said
    )
    assert not re.search(r"\d (%|[kmb]\b)", said), "no line ends between a number and its unit"
    app.selectbox(key="projection-scheme").select("Flat commission").run(timeout=180)
    flat = told(app, "from 128 futures")
    app.selectbox(key="projection-assumptions").select("Recession").run(timeout=180)
    assert told(app, "from 128 futures") != flat
    app.toggle(key="projection-backtest").set_value(True).run(timeout=180)
    told(app, "On your own past")


def test_the_projection_is_broken_down_and_the_fit_can_be_read(app: AppTest) -> None:
    app.switch_page("pages/projection.py").run(timeout=180)
    said = told(app, "from 128 futures")
    # One deal below cost is most of this history's revenue.
    assert "On average it costs more than the margin of what is sold: no rise in revenue pays for it." in said
    assert "It earns nothing once" not in said
    heads = {"Rule": "| Rule |", "Partner": "| Partner |", "To accrue": "| To date |"}
    for part, head in heads.items():
        app.segmented_control(key="projection-parts-by").set_value(part).run(timeout=180)
        assert head in told(app, head)
        assert ("| **In all** |" in shown(app)) == (part == "Rule"), "what the parts come to"
        if part == "Partner":
            assert re.search(r"\| \w[^|]+ \\\(P\d+\\\) \|", shown(app)), "by name and id"
    app.toggle(key="projection-fit").set_value(True).run(timeout=180)
    assert "closed deals" in told(app, "What the model learned from your history")
    app.selectbox(key="projection-against").select("Flat commission").run(timeout=180)
    assert "Standard error" in told(app, "In the same futures")


def test_the_next_year_follows_a_dial_without_drawing_it_anew(app: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    app.switch_page("pages/tune.py").run()
    app.segmented_control(key="closer 0").set_value("Next 12 months").run(timeout=180)
    before = told(app, "from 128 futures")
    assert "Against Flat commission" in before
    monkeypatch.setattr(World, "draw", None)
    app.session_state["draft"] = app.session_state["draft"].moved("rules.deal-registration.rate", Decimal(500))
    app.run(timeout=180)
    assert not app.exception
    assert told(app, "from 128 futures") != before
