"""The pilot pages: a plan is drawn, moved, refused in words, audited; a result is read in all its parts."""

from __future__ import annotations

import time
from typing import Any

import pytest
from streamlit.testing.v1 import AppTest

from incentive_lab.panel import month_index
from incentive_lab.pilot.reading import loads
from incentive_lab.ui import pilot_plans
from tests.ui.conftest import SECONDS

PLAN = """
pilot: mine
hypothesis: More is sold.
population: {active_months: 2}
arms: [{name: flat, scheme: current-flat}, {name: growth, scheme: growth-80-20}]
assignment: {mechanism: blocked, seed: 5}
dates: {start: 2024-01-01, months: 6, pre_months: 12}
metrics:
  - {name: revenue, of: revenue, role: primary}
  - {name: csat, of: csat, role: guardrail, margin_amount: 0.3}
analysis: {draws: 200, segments: [size]}
looks: {count: 2, kind: group_sequential}
value: {margin: margin}
planted: {lift: 60%}
"""


def shown(app: AppTest) -> str:
    parts = [*app.title, *app.header, *app.markdown, *app.info, *app.warning, *app.error]
    return "\n".join(str(part.value) for part in parts)


@pytest.fixture
def design(app: AppTest) -> AppTest:
    app.session_state["pilot plan"] = loads(PLAN)
    return finished(app.switch_page("pages/pilot_design.py").run())


@pytest.fixture
def results(app: AppTest) -> AppTest:
    app.session_state["pilot plan"] = loads(PLAN)
    return app.switch_page("pages/pilot_results.py").run()


def finished(app: AppTest) -> AppTest:
    """Run until the work in the background is over."""
    end = time.monotonic() + SECONDS
    while any(str(button.label) == "Cancel" for button in app.button):
        assert time.monotonic() < end, "the simulation takes too long"
        time.sleep(0.3)
        app.run()
    return app


def test_a_plan_shows_its_draw_its_power_and_its_cost(design: AppTest) -> None:
    assert not design.exception
    assert design.title[0].value == "Pilot design"
    labels = [metric.label for metric in design.metric]
    assert labels == ["Partners drawn", "Smallest effect found", "Added cost, USD", "Smallest p-value possible"]
    assert len(design.get("plotly_chart")) == 3
    assert "rehearsal" in shown(design)


def test_a_dial_changes_the_plan_and_the_draw(design: AppTest) -> None:
    before = design.metric[0].value
    design.number_input(key="pilot-population.active_months").set_value(6).run()
    finished(design)
    assert not design.exception
    assert design.session_state["pilot plan"].population.active_months == 6
    assert int(design.metric[0].value) < int(before)


def test_the_smallest_p_value_is_never_told_as_zero(design: AppTest, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("incentive_lab.pilot.running.smallest_p_of", lambda _: 0.0002)
    design.number_input(key="pilot-assignment.seed").set_value(77).run()
    finished(design)
    assert design.metric[3].label == "Smallest p-value possible"
    assert design.metric[3].value == "below 0.001"


def test_a_plan_that_is_not_possible_is_told_and_the_one_before_stays(design: AppTest) -> None:
    design.selectbox(key="pilot-mechanism").select("stratified").run()
    assert not design.exception
    assert any("needs strata" in error.value for error in design.error)
    assert design.session_state["pilot plan"].assignment.mechanism == "blocked"


def test_the_audit_names_an_honest_method(design: AppTest) -> None:
    design.button(key="run-audit").click().run()
    finished(design)
    assert not design.exception
    text = shown(design)
    assert "Cries wolf" in text
    assert "cries wolf" in text or "No method keeps its level" in text


def test_a_result_is_told_with_its_label_decision_and_charts(results: AppTest) -> None:
    assert not results.exception
    assert [metric.label for metric in results.metric][:2] == ["Advice", "Effect on revenue"]
    text = shown(results)
    assert "rehearsal" in text
    assert "exploratory" in text
    assert "What it means" in text
    assert results.get("plotly_chart")


@pytest.mark.parametrize("view", ["Months and looks", "Whales", "Segments", "Checks"])
def test_each_closer_look_at_a_result_is_drawn(results: AppTest, view: str) -> None:
    results.session_state["pilot-closer"] = view
    results.run()
    assert not results.exception
    if view == "Checks":
        assert "Sample ratio" in shown(results)


def test_a_pilot_outside_the_history_is_told(app: AppTest) -> None:
    app.session_state["pilot plan"] = loads(PLAN.replace("2024-01-01", "2031-01-01"))
    app.switch_page("pages/pilot_results.py").run()
    assert not app.exception
    assert any("nothing to read yet" in error.value for error in app.error)


@pytest.mark.parametrize(("plan", "said"), [
    (PLAN.replace("scheme: current-flat", "scheme: ../../../secret"), "does not lie beside the plan"),
    (PLAN.replace("seed: 5", "seed: 5, file: /etc/passwd"), "does not lie beside the plan"),
    ("{pilot: csv, arms: [{name: off}, {name: on}], metrics: [{name: y, of: y, role: primary}], assignment: {seed: 1},"
     " data: {file: /etc/passwd, columns: {arm: t}}}", "does not lie beside the plan"),
    ("{pilot: csv, arms: [{name: off}, {name: on}], metrics: [{name: y, of: y, role: primary}], assignment: {seed: 1},"
     " data: {file: README.md, columns: {arm: t}}}", "Drop both on Pilot results"),
])  # fmt: skip
def test_a_plan_that_is_brought_reads_no_file_of_the_server(design: AppTest, plan: str, said: str) -> None:
    design.file_uploader(key="pilot-file").upload("plan.yaml", plan.encode()).run()
    assert not design.exception
    assert said in shown(design)
    assert design.session_state["pilot plan"].id == "mine"


def outcomes() -> bytes:
    rows = ["Reseller,Group,Month,Sales EUR"]
    for i in range(40):
        for month in range(1, 7):
            sold = 100 * (1 + i % 9) + (i * 7 + month * 13) % 40 + 90 * (i % 2) * (month > 3)
            rows.append(f"RS-{i},{'Bonus' if i % 2 else 'Control'},2024-{month:02d},{sold}")
    return ("\n".join(rows) + "\n").encode()


@pytest.fixture
def file_box(results: AppTest) -> AppTest:
    results.session_state["pilot-file-box"] = True
    return results.run()


def test_a_file_of_outcomes_is_read_by_the_columns_that_are_chosen(file_box: AppTest) -> None:
    file_box.file_uploader(key="pilot-outcomes").set_value([("results.csv", outcomes(), "text/csv")]).run()
    assert not file_box.exception
    names = ("arm", "control", "partner", "outcome", "period")
    guessed = [file_box.selectbox(key=f"pilot-column-{name}").value for name in names]
    assert guessed == ["Group", "Control", "Reseller", "Sales EUR", "Month"]
    file_box.checkbox(key="pilot-column-sales").check().run()
    file_box.button(key="pilot-file-read").click().run()
    assert not file_box.exception
    assert file_box.metric[1].label == "Effect on sales eur"
    assert "exploratory" in shown(file_box)
    assert file_box.session_state["pilot file read"].pilot.data.start == "2024-04"
    file_box.selectbox(key="pilot-result-pick").select("mine").run()
    assert file_box.metric[1].label == "Effect on revenue"


@pytest.mark.parametrize(("rows", "said"), [
    (outcomes().replace(b"2024-0", b"1/"), "their order in time cannot be told"),
    (outcomes().replace(b",", b";"), "separated by semicolons"),
    (b"\xff\xfe" + outcomes(), "is not UTF-8"),
])  # fmt: skip
def test_a_file_that_cannot_be_read_is_told_and_what_is_shown_stays(file_box: AppTest, rows: bytes, said: str) -> None:
    file_box.file_uploader(key="pilot-outcomes").set_value([("results.csv", rows, "text/csv")]).run()
    assert not file_box.exception
    assert said in shown(file_box)
    assert file_box.metric[1].label == "Effect on revenue"


def test_a_plan_with_its_file_is_read_at_once_and_no_other_file_of_the_server(file_box: AppTest) -> None:
    plan = ("{pilot: ours, arms: [{name: off, value: Control}, {name: on, value: Bonus}],"
            " metrics: [{name: y, of: Sales EUR, role: primary}],"
            " data: {file: FILE, start: 2024-04, columns: {partner: Reseller, arm: Group, period: Month}}}")  # fmt: skip
    given: list[Any] = [("results.csv", outcomes(), "text/csv")]
    given.append(("plan.yaml", plan.replace("FILE", "/etc/passwd").encode(), "application/yaml"))
    file_box.file_uploader(key="pilot-outcomes").set_value(given).run()
    assert "does not lie beside the plan" in shown(file_box)
    given[1] = ("plan.yaml", plan.replace("FILE", "results.csv").encode(), "application/yaml")
    file_box.file_uploader(key="pilot-outcomes").set_value(given).run()
    assert not file_box.exception
    assert file_box.metric[1].label == "Effect on y"


def test_the_first_plan_stands_in_months_that_the_history_has(app: AppTest) -> None:
    known = {plan.id: plan for plan, _ in pilot_plans.offered().values()}["qualified-pipeline"]
    here = pilot_plans.in_months(known, month_index(2010, 12), month_index(2014, 2))
    assert (here.id, here.dates and here.dates.start) == ("qualified-pipeline-here", "2013-09-01")
    assert pilot_plans.in_months(known, month_index(2023, 1), month_index(2025, 12)) is known
    app.switch_page("pages/pilot_results.py").run()
    assert not app.exception
    assert not app.error
    assert "the last" in shown(app)


def test_partners_that_share_deals_can_be_drawn_together(design: AppTest) -> None:
    unit = next(one for one in design.selectbox if one.label == "What is drawn")
    assert "partners that share deals" in unit.options
    finished(unit.set_value("deals").run())
    assert not design.exception
    assert design.session_state["pilot plan"].unit.cluster == "deals"
    assert "deals connect partners of different arms" not in shown(design)
