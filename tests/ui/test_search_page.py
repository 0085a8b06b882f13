"""The page Search: a question, what was found, and the way into the draft."""

from __future__ import annotations

import time
from decimal import Decimal

from streamlit.testing.v1 import AppTest

from incentive_lab.charts.search import frontier_chart
from incentive_lab.charts.search_ahead import exceeded_chart
from incentive_lab.optimise.ahead import Ahead, Futures
from incentive_lab.optimise.question import question
from incentive_lab.optimise.search import search
from incentive_lab.panel import Panel
from incentive_lab.projection.model import fit
from incentive_lab.scheme.baseline import Pair
from incentive_lab.scheme.document import Scheme
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.jobs import Job
from incentive_lab.ui.workspace import DRAFT, shipped
from tests.projection.conftest import FLAT, TIERED, made_past
from tests.ui.test_pages import shown
from tests.ui.test_projection_page import told


def searched(app: AppTest) -> AppTest:
    app.switch_page("pages/search.py").run(timeout=180)
    assert "Nothing is searched yet" in shown(app)
    app.selectbox(key="search-effort").select("Quick: 200 schemes").run(timeout=180)
    app.button(key="search-begin").click().run(timeout=180)
    told(app, "What follows")
    return app


def test_what_is_found_is_taken_into_the_draft_in_one_step(app: AppTest) -> None:
    searched(app)
    said = shown(app)
    assert "Partner quarter\\: amount" in said
    assert "project it before it is proposed" in said
    before = app.session_state[DRAFT]
    app.button(key="search-take").click().run(timeout=180)
    after = app.session_state[DRAFT]
    assert after.scheme != before.scheme
    assert after.undone().scheme == before.scheme
    assert "They are in the draft" in shown(app)
    assert "The question has changed" not in shown(app)
    app.selectbox(key="search-figure").select("Partners paid anything").run(timeout=180)
    assert "The question has changed since this search" in shown(app)


def test_what_breaks_a_limit_is_taken_with_words_that_go_with_the_draft(app: AppTest) -> None:
    app.switch_page("pages/search.py").run(timeout=180)
    app.number_input(key="search-limit-cost").set_value(1_000.0).run(timeout=180)
    app.selectbox(key="search-effort").select("Quick: 200 schemes").run(timeout=180)
    app.button(key="search-begin").click().run(timeout=180)
    told(app, "What follows")
    assert "No scheme that was tried meets" in app.warning[0].value
    taking = app.button(key="search-take")
    assert taking.label == "Take these into the draft all the same"
    assert "Although cost of all months is" in shown(app)
    taking.click().run(timeout=180)
    assert "They are in the draft, although cost of all months is" in shown(app)
    reason = app.session_state[DRAFT].reason
    assert reason.startswith("Taken from a search although cost of all months is")
    assert ", above 1,000" in reason
    app.switch_page("pages/tune.py").run(timeout=180)
    assert reason.split(" is ")[0] in " ".join(one.value for one in app.warning)
    app.switch_page("pages/review.py").run(timeout=180)
    assert app.text_area(key="propose-reason").value == reason


def test_another_question_is_told_from_the_one_that_was_answered(app: AppTest) -> None:
    searched(app)
    assert "The question has changed" not in shown(app)
    app.selectbox(key="search-figure").select("Partners paid anything").run(timeout=180)
    assert "The question has changed since this search" in shown(app)


def test_what_cannot_be_asked_is_told_and_cannot_be_begun(app: AppTest) -> None:
    app.switch_page("pages/search.py").run(timeout=180)
    name = "search-to-growth-80-20-caps.partner-quarter.amount"
    app.number_input(key=name).set_value(-5.0).run(timeout=180)
    assert "the lower end first" in shown(app)
    assert app.button(key="search-begin").disabled
    app.multiselect(key="search-numbers").set_value([]).run(timeout=180)
    assert "Choose at least one number" in shown(app)
    assert not app.exception


def test_another_scheme_has_ranges_of_its_own(app: AppTest) -> None:
    """Two schemes cap a quarter under one path; what was typed for one is not the range of the other."""
    app.switch_page("pages/search.py").run(timeout=180)
    app.number_input(key="search-to-growth-80-20-caps.partner-quarter.amount").set_value(11_000.0).run(timeout=180)
    known = shipped()
    app.session_state[DRAFT] = Draft.of(known["marginal-accelerator"], known["current-flat"])
    app.run(timeout=180)
    app.multiselect(key="search-numbers").set_value(["Partner quarter: amount"]).run(timeout=180)
    assert app.number_input(key="search-to-marginal-accelerator-caps.partner-quarter.amount").value == 48_000
    assert not app.exception


def test_a_number_outside_its_range_is_told(app: AppTest) -> None:
    app.switch_page("pages/search.py").run(timeout=180)
    app.number_input(key="search-to-growth-80-20-caps.partner-quarter.amount").set_value(9_000.0).run(timeout=180)
    assert "What it is now lies outside" in shown(app)


def test_another_history_asks_nothing_by_itself(app: AppTest) -> None:
    searched(app)
    question, of, _ = app.session_state["search asked"]
    app.session_state["search asked"] = (question, of, "of another history")
    app.run(timeout=180)
    assert "The history has changed since this search" in shown(app)
    assert "What follows" not in shown(app)


def test_a_figure_below_nothing_can_be_typed() -> None:
    """Clawbacks alone make a cost negative: the control begins there and does not fail."""

    def control() -> None:
        from incentive_lab.optimise.figures import FIGURES
        from incentive_lab.ui.search_page import _number

        _number(FIGURES["cost"], "Value", "value", -1_234.5, "USD")

    alone = AppTest.from_function(control).run(timeout=60)
    assert not alone.exception
    assert alone.number_input[0].value == -1_234


def test_a_value_is_searched_for_in_per_cent(app: AppTest) -> None:
    app.switch_page("pages/search.py").run(timeout=180)
    app.selectbox(key="search-sense").select("Reach a value of").run(timeout=180)
    app.selectbox(key="search-figure").select("Share that behaviour earns").run(timeout=180)
    app.number_input(key="search-value-behavioural").set_value(70.0).run(timeout=180)
    app.multiselect(key="search-limits").set_value([]).run(timeout=180)
    app.selectbox(key="search-effort").select("Quick: 200 schemes").run(timeout=180)
    app.button(key="search-begin").click().run(timeout=180)
    said = told(app, "What follows")
    assert "Share that behaviour earns" in said
    assert any("70" in str(one.value) for one in [*app.success, *app.warning])


def test_the_frontier_says_what_is_traded(tiered: Scheme, flat: Scheme, panel: Panel) -> None:
    one = question(tiered, "least:losers", ["rules.volume.rate=0.5%:6%", "rules.leads.rate=20:400"], evaluations=200)
    found = search(one, Pair(tiered, flat), panel)
    assert len(found.frontier) > 1
    chart = frontier_chart(found, found.best, "USD")
    first, last = (point.figures["losers"] for point in (found.frontier[0], found.frontier[-1]))
    assert first is not None
    assert last is not None
    assert chart.title.startswith("From ")
    assert f"{Decimal(str(round(100 * first, 2))).normalize():f} %" in chart.title
    line = chart.figure.data[0]
    assert list(line.x) == sorted(line.x)
    assert len(chart.figure.data) == 3


def test_the_next_year_is_asked_for_and_told_in_fresh_futures(app: AppTest) -> None:
    app.switch_page("pages/search.py").run(timeout=180)
    assert "search-assumptions" not in [one.key for one in app.selectbox]
    app.multiselect(key="search-limits").set_value(
        ["P95 of the cost of the next 12 months", "Chance of breaking the budget"]
    ).run(timeout=180)
    assert "search-assumptions" in [one.key for one in app.selectbox]
    assert "10,000 fresh ones" in shown(app)
    assert app.number_input(key="search-limit-over_budget").value == 10.0
    assert app.number_input(key="search-budget-growth-80-20").value == 3_600_000
    app.number_input(key="search-limit-p95_next_year").set_value(10_000_000.0).run(timeout=180)
    app.selectbox(key="search-effort").select("Quick: 200 schemes").run(timeout=180)
    app.button(key="search-begin").click().run(timeout=180)
    said = told(app, "What follows")
    assert "The next 12 months" in said
    assert "futures searched" in said
    assert "the limit of at most 10.0\N{NO-BREAK SPACE}m holds" in said
    assert "One future in twenty costs more than" in said
    points = app.selectbox(key="search-point")
    if len(points.options) > 1:
        points.select_index(1).run(timeout=180)
        assert "Whether limits hold there is not known" in shown(app)
    app.number_input(key="search-budget-growth-80-20").set_value(1_000_000.0).run(timeout=180)
    assert "The question has changed since this search" in shown(app)
    assert not app.exception


def test_the_chart_of_the_next_year_marks_the_limit() -> None:
    model = fit(made_past(), horizon=12)
    pair = Pair(TIERED, FLAT, FLAT)
    ahead = Ahead(model, pair, Futures(searched=64, fresh=256))
    one = question(TIERED, "most:middle", ["rules.volume.rate.table.steps.a.rate=0.2%:4%:0.2%"],
                   ["p95_next_year<=200_000"], 60, futures=ahead.futures)  # fmt: skip
    found = search(one, pair, model.past.panel, ahead=ahead)
    assert found.afresh is not None
    chart = exceeded_chart(found, found.afresh, "USD")
    assert chart.title.startswith("One future in twenty costs more than")
    assert "256 fresh futures" in chart.note
    limit = chart.figure.data[-1]
    assert list(limit.x)[1:] == [200_000, 200_000]
    assert list(limit.y) == [0.05, 0.05, 0]
    line = chart.figure.data[-2]
    assert list(line.y) == sorted(line.y, reverse=True)
    kept = frontier_chart(found, found.best, "USD")
    assert "64 futures searched" in kept.note


def test_work_says_how_long_it_still_takes() -> None:
    half = Job(lambda step: None, share=0.5, began=time.monotonic() - 100)
    assert half.left == ", about 2 minutes left"
    assert Job(lambda step: None, share=0.5).left == ""
    assert Job(lambda step: None, share=0.0, began=time.monotonic() - 100).left == ""


def test_the_fewest_losers_of_a_draft_beside_itself_are_not_searched_for(app: AppTest) -> None:
    app.selectbox(key="pick-baseline").select("growth-80-20").run()
    app.switch_page("pages/search.py").run(timeout=180)
    assert not app.button(key="search-begin").disabled
    app.selectbox(key="search-sense").select("The least of").run(timeout=180)
    app.selectbox(key="search-figure").select("Partners worse off").run(timeout=180)
    assert app.button(key="search-begin").disabled
    (said,) = [one.value for one in app.warning if "compared with itself" in one.value]
    assert "Choose what it replaces under *Compared with*" in said
