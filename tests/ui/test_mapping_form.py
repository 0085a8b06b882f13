"""The form of a mapping: open is what asks for a decision, what is recognised for sure is one line, for keys and ears too."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from experiments.benchmarks.serving import served
from streamlit.testing.v1 import AppTest

from tests.ui.browsing import PATIENCE, settled
from tests.ui.conftest import ROOT
from tests.ui.test_data import data, place  # noqa: F401

COLUMNS = (
    "Opportunity ID,Opportunity Name,Partner Account Number,Partner Account,Stage,Amount (USD),List Amount (USD),Cost (USD),"
    "Discount %,Created Date,Opp. Close Date,Deal Reg. Approved,Opportunity Currency,Account Region,Product,Quantity,"
    "Term Months,Owner,Lead Source,Probability,Next Step,Customer ID,Contact Email,Campaign,Remarks"
)
ROW = "O{0},Deal {0},PA-001,Ann,{1},1000,1200,600,5,{2},{2},{2},USD,EMEA,Suite,1,12,Ann,Web,50,call,C1,c@x.com,Spring,-"
ACCOUNTS = b"Account Number,Account Name,Partner Type\nPA-001,Ann,VAR\n"


def wide(*more: str) -> bytes:
    """An export of opportunities with 25 columns, in American dates."""
    assert COLUMNS.count(",") == 24
    rows = [ROW.format(n, "Closed Won" if n % 2 else "Closed Lost", f"3/{13 + n}/2024") for n in range(12)]
    return "\n".join([COLUMNS, *rows, *more, ""]).encode()


def keys(widgets: Any) -> set[str]:
    return {str(one.key).rsplit(" ", 1)[-1] for one in widgets if str(one.key).startswith("map Opportunities deals")}


def brought(data: AppTest, deals: bytes) -> dict[str, set[str]]:  # noqa: F811
    """Label of each fold of the opportunities -> our columns in it; those that are open under ''."""
    data.file_uploader(key="history-files").upload("Accounts.csv", ACCOUNTS)
    data.file_uploader(key="history-files").upload("Opportunities.csv", deals).run()
    assert not data.exception
    return folds(data)


def folds(data: AppTest) -> dict[str, set[str]]:  # noqa: F811
    found = {one.label: keys(one.selectbox) for one in data.expander if "which table" not in one.label.lower()}
    return {
        "": keys(data.selectbox) - set().union(*found.values()),
        **{name: one for name, one in found.items() if one},
    }


def test_what_is_recognised_is_folded_and_nothing_is_left_open(data: AppTest) -> None:  # noqa: F811
    found = brought(data, wide())
    known = next(one for name, one in found.items() if "recognised: show" in name)
    assert found[""] == set()
    assert set(found) == {
        "",
        "14 columns recognised: show",
        "9 columns not there, amounts in thousands, rows to leave out: show",
    }
    assert {"deal_id", "partner_id", "status", "amount", "closed_on", "registered_on", "currency"} <= known
    data.selectbox(key="map Opportunities deals closed_on").select("not there").run()
    assert folds(data) == found  # a choice stays where it was made


def test_what_is_doubtful_is_open(data: AppTest) -> None:  # noqa: F811
    slip = ROW.format(99, "Talks", "3/13/2024").replace(
        "3/13/2024", "2/30/2024", 1
    )  # no such day, as the day of creation
    deals = (
        wide(slip).replace(b"Opp. Close Date", b"Day closd").replace(b"Amount (USD),List", b"Total deal amount,List")
    )
    found = brought(data, deals)
    assert "created_on" in found[""]
    assert "amount" in found[""]
    assert not {"deal_id", "status"} & found[""]
    folded = [one for fold in data.expander for one in fold.selectbox if "which table" not in fold.label.lower()]
    assert "word Opportunities status Talks" not in {one.key for one in folded}
    assert "word Opportunities status Closed Won" in {one.key for one in folded}


def test_a_word_that_says_nothing_is_asked_for_before_the_mapping_can_be_tried(data: AppTest) -> None:  # noqa: F811
    brought(data, wide(ROW.format(99, "Phase Z", "3/13/2024")))
    assert "tried history" not in data.session_state or not data.session_state["tried history"].good
    word = data.selectbox(key="word Opportunities status Phase Z")
    assert word.value == "say what it means"
    assert data.button(key="mapping-try").disabled
    assert any("what 'Phase Z' means" in one.value.replace("\\", "") for one in data.warning)
    word.select("lost").run()
    assert not data.button(key="mapping-try").disabled
    data.button(key="mapping-try").click().run()
    assert data.session_state["tried history"].good


def test_a_column_of_which_a_problem_speaks_is_open(data: AppTest) -> None:  # noqa: F811
    unknown = ROW.format(99, "Closed Won", "3/13/2024").replace("PA-001", "PA-999")
    found = brought(data, wide(unknown, "Total,,,,,12000" + 19 * ","))
    assert not data.session_state["tried history"].good
    (rows,) = [one for one in data.expander if "rows to leave out" in one.label and keys(one.selectbox)]
    assert rows.proto.expanded
    assert found[""] == {"partner_id", "status", "created_on"}  # all of which the row of totals lacks
    assert "11 columns recognised: show" in found


@pytest.fixture(scope="module")
def address(tiny_history: Path, home: Path) -> Iterator[str]:
    with served(ROOT / "app.py", {"INCENTIVE_LAB_HISTORY": str(tiny_history), "INCENTIVE_LAB_HOME": str(home)}) as at:
        yield at


@pytest.mark.browser
def test_a_fold_opens_by_key_and_is_told_to_a_screen_reader(address: str, page: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe
    from playwright.sync_api import expect

    page.goto(f"{address}/data")
    page.wait_for_selector("h1", timeout=PATIENCE)
    settled(page)
    page.locator("input[type=file]").first.set_input_files(
        [{"name": "Accounts.csv", "mimeType": "text/csv", "buffer": ACCOUNTS},
         {"name": "Opportunities.csv", "mimeType": "text/csv", "buffer": wide()}]
    )  # fmt: skip
    expect(page.get_by_text("It can be used")).to_be_visible(timeout=PATIENCE)
    settled(page)
    fold = page.locator("summary", has_text="14 columns recognised: show")
    chosen = page.get_by_role("combobox", name="deal_id")
    expect(chosen).to_be_hidden()
    closed = page.locator("[class*='st-key-mapping-box']").bounding_box()["height"]
    assert closed < 800, "with the rows and every column open it took more than two screens"
    fold.focus()
    page.keyboard.press("Enter")
    expect(chosen).to_be_visible(timeout=PATIENCE)
    page.keyboard.press("Tab")
    assert page.evaluate("() => !!document.activeElement.closest('details[open]')"), "the next stop is inside the fold"
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = Axe().run(page, options={"runOnly": rules}).response["violations"]
    assert not [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found]
    chosen.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.type("Remarks")
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="deal_id")).to_have_value("Remarks", timeout=PATIENCE)
    settled(page)
    expect(page.get_by_role("combobox", name="deal_id")).to_be_visible()


def test_months_are_chosen_while_it_is_mapped(data: AppTest) -> None:  # noqa: F811
    brought(data, wide(ROW.format(99, "Phase Z", "3/13/2024")))
    assert not data.session_state["tried history"].good
    data.selectbox(key="calendar-kind").select("Another day of the month").run()
    data.number_input(key="calendar-begins").set_value(26).run()
    assert not data.exception
    assert data.button(key="mapping-try").disabled, "the word is still to be said"
    data.selectbox(key="word Opportunities status Phase Z").select("lost").run()
    data.button(key="mapping-try").click().run()
    assert not data.exception
    tried = data.session_state["tried history"]
    assert tried.good
    assert "26" in tried.told["calendar"]["words"]
    assert len([one for one in data.selectbox if one.key == "calendar-kind"]) == 1
    assert data.selectbox(key="calendar-kind").value == "Another day of the month"
