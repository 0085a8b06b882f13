"""The page on a real revision: it shows the case, and decides nothing that the registry would not."""

from __future__ import annotations

import errno
import io
import json
import re
import zipfile
from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace

import pytest
from sqlalchemy import text
from streamlit.testing.v1 import AppTest

from incentive_lab.registry.people import Actor
from incentive_lab.registry.service import Registry
from incentive_lab.report.pack import opened_pack
from tests.registry.made import ANN, submission

PAGE = "from incentive_lab.ui.review_page import review_page\nreview_page()"
EVIL = "<script>alert(1)</script> [x](http://evil) www.evil.com $a$ &lt; - b"


@pytest.fixture
def registry(quick: Path, monkeypatch: pytest.MonkeyPatch) -> Registry:
    url = f"sqlite:///{quick / 'registry.sqlite'}"
    monkeypatch.setenv("INCENTIVE_LAB_DATABASE_URL", url)
    opened = Registry(url)
    given = submission()
    replay = json.loads(given.documents["replay.json"])
    replay |= {"months": 12, "partners": 2, "by_partner": {"A": 60.0, EVIL: 42.0}, "by_rule": {"commission": 102.0},
               "by_month": {"2025-01": 102.0}, "change": {"total": 2.0, "winners": 1, "losers": 1, "unchanged": 0}}  # fmt: skip
    replay |= {"names": {"A": "Ann and daughters, wholesale and repair", EVIL: EVIL}}
    replay["baseline"] |= {"by_partner": {"A": 50.0, EVIL: 50.0}}
    found = {"kind": "zero_amounts", "rows": 2, "amount": 0.0, "message": "2 won deals have an amount of zero; they were left out.",
             "examples": [EVIL]}  # fmt: skip
    left_out = {"history_id": replay["history_id"], "currency": "USD", "findings": [found]}
    documents = {
        **given.documents,
        "replay.json": json.dumps(replay).encode(),
        "left-out.json": json.dumps(left_out).encode(),
    }
    opened.submit(ANN, type(given)(documents, EVIL), EVIL)
    return opened


@pytest.fixture
def page(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> AppTest:
    monkeypatch.setattr("incentive_lab.ui.signing_in.typed_names_allowed", lambda: True)
    monkeypatch.setattr("incentive_lab.ui.review_page.after_approval", lambda *_: None)
    return AppTest.from_string(PAGE, default_timeout=60).run()


def press(page: AppTest, label: str, name: str, reason: str) -> AppTest:
    page.text_input(key="review-name").input(name)
    page.text_area(key="review-reason").input(reason)
    return next(one for one in page.button if one.label == label).click().run()


def test_the_case_is_shown_and_signed(page: AppTest, registry: Registry) -> None:
    assert not page.exception
    assert [one.value for one in page.metric][:2] == ["102\N{NO-BREAK SPACE}USD", "1 / 1"]
    said = [one.value for one in page.markdown]
    assert any("| Ann and daughters, wholesal… |" in one for one in said)
    assert any("| Ann and daughters, wholesale and repair " in one for one in said), "all of it is a click away"
    assert any(one.value.startswith(":small[:gray[A year: 1,224 (average)") for one in page.markdown)
    press(page, "Comment", "cat", "looks fine")
    press(page, "Approve", "ben", "agreed")
    assert not page.exception
    assert registry.show("grown-1")["state"] == "approved"
    assert registry.show("grown-1")["signatures"][0]["authenticated"] is False
    assert "approved" in page.success[0].value


def test_the_decision_pack_is_made_logged_and_offered_until_something_is_decided(
    page: AppTest, registry: Registry
) -> None:
    press(page, "Make the decision pack", "", "")
    assert not page.get("download_button")
    press(page, "Make the decision pack", "cat", "")
    assert not page.exception
    assert len(page.get("download_button")) == 1
    name, body, _ = page.session_state["review pack"]
    assert name == "grown-1"
    assert opened_pack(body).sha256 in str(registry.show("grown-1")["log"])
    press(page, "Comment", "cat", "seen")
    assert not page.get("download_button")


def test_a_full_disk_is_told_and_nothing_is_logged(
    page: AppTest, registry: Registry, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*_: object) -> bytes:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("incentive_lab.report.exporting.pack_bytes", full)
    entries = registry.verify().entries
    press(page, "Make the decision pack", "cat", "")
    assert not page.exception
    assert "No space left on device; nothing was written" in page.error[0].value
    assert registry.verify().entries == entries


def test_the_page_refuses_what_the_registry_refuses(page: AppTest, registry: Registry) -> None:
    for name, reason in (("ann", "my own"), ("", "nobody"), ("ben", "")):
        press(page, "Approve", name, reason)
        assert not page.exception
    assert registry.show("grown-1")["signatures"] == []


def test_what_changed_meanwhile_is_not_signed(page: AppTest, registry: Registry) -> None:
    registry.give_back(Actor("cat"), "grown-1", "lower it")
    registry.submit(ANN, submission(rate=2, population=EVIL), "lowered")
    press(page, "Approve", "ben", "agreed")
    assert not page.exception
    assert registry.show("grown-1")["signatures"] == []


def test_rows_that_were_left_out_are_told_among_the_warnings(page: AppTest) -> None:
    assert [one for one in page.markdown if "2 won deals have an amount of zero" in one.value]


def test_text_is_never_markup(page: AppTest) -> None:
    for one in (*page.markdown, *page.title):
        assert not re.search(r"(?<!\\)(<script|\[x|\$a|&lt)|https?://|www\.", one.value)


def test_what_begins_a_line_is_no_list_and_no_heading(page: AppTest) -> None:
    press(page, "Comment", "cat", "Signed by the board\n===\n- item\n1. one\n\n# more")
    said = [one.value for one in page.markdown if "Signed by the board" in one.value]
    assert said
    assert not any("\n" in one for one in said)


def test_typed_names_decide_nothing_on_a_server_for_many(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("streamlit.get_option", lambda name: "0.0.0.0" if name == "server.address" else None)
    page = AppTest.from_string(PAGE, default_timeout=60).run()
    assert not page.exception
    assert [one.label for one in page.button] == []
    assert "typed names decide nothing" in page.info[0].value


ROLE_MAY = {
    "viewer": (), "designer": ("Comment",), "finance": ("Comment", "Approve", "Reject", "Ask for change"),
    "approver": ("Comment", "Approve", "Reject", "Ask for change"), "admin": ("Comment",),
}  # fmt: skip


@pytest.mark.parametrize("role", ROLE_MAY)
def test_each_role_may_on_the_page_what_it_may_and_nothing_else(page: AppTest, registry: Registry, role: str) -> None:
    registry.give_roles(Actor("root"), "root", frozenset({"admin"}))
    registry.give_roles(Actor("root"), "someone", frozenset({role}))
    file = Path(str(registry.store.url.database))
    before, entries = file.read_bytes(), registry.verify().entries
    for button in ("Comment", "Approve", "Reject", "Ask for change"):
        press(page, button, "someone", "as my role lets me")
        assert not page.exception
        # This one needs the signature of an approver alone.
        done = button in ROLE_MAY[role] and (role, button) != ("finance", "Approve")
        assert registry.verify().entries == entries + done, button
        assert bool(page.error) is not done
        if done:  # The next button is for the revision as it was.
            file.write_bytes(before)
            page.run()


def test_a_form_of_another_screen_decides_nothing(page: AppTest, registry: Registry) -> None:
    """A form is named after revision and fingerprint, so one that is sent again later is of a screen that is gone."""
    press(page, "Approve", "ben", "agreed")
    entries = registry.verify().entries
    assert "Approve" not in [one.label for one in page.button]
    page.run()
    assert registry.verify().entries == entries


@pytest.mark.parametrize("button", ["Approve", "Reject", "Ask for change"])
def test_the_form_of_one_round_decides_nothing_on_the_next(page: AppTest, registry: Registry, button: str) -> None:
    """The same scheme on other evidence has the same fingerprint, and is another case."""
    registry.give_back(Actor("cat"), "grown-1", "run it again")
    registry.submit(ANN, submission(population=EVIL, total=103.0), "run again")
    press(page, button, "ben", "as I read it")
    assert not page.exception
    shown = registry.show("grown-1")
    assert (shown["round"], shown["state"], shown["signatures"]) == (2, "submitted", [])


def test_what_is_due_stands_on_the_page_and_a_review_is_recorded(page: AppTest, registry: Registry) -> None:
    registry.approve(Actor("ben"), "grown-1", "agreed")
    registry.activate(Actor("ben"), "grown-1", "now")
    with registry.store.engine.begin() as connection:  # As it is long after: the clock of the page is not ours to set.
        connection.execute(text("UPDATE revisions SET review_due = '2020-05-01', refresh_due = '2021-02-01'"))
    page.run()
    assert [one.value for one in page.warning] == ["Its review is due.", "Its refresh is due."]
    press(page, "Record a review", "ben", "cost is inside the band")
    assert [one.value for one in page.warning] == ["Its refresh is due."]


def test_what_came_after_is_compared_on_the_page(
    registry: Registry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from incentive_lab.history import open_history
    from tests.cli.conftest import DEALS, PARTNERS

    (tmp_path / "partners.csv").write_text(PARTNERS)
    (tmp_path / "deals.csv").write_text(DEALS)
    # 3 % of A's 3,000.00 in the first quarter, and twice what the second gives.
    (tmp_path / "actual_payouts.csv").write_text("partner_id,period,rule,amount\nA,2024-Q1,commission,90.00\n"
                                                 "A,2024-Q2,commission,180.00\nB,2024-Q1,commission,15.02\n")  # fmt: skip
    registry.approve(Actor("ben"), "grown-1", "agreed")
    with open_history(str(tmp_path), currency="USD").closing() as held:
        monkeypatch.setattr("incentive_lab.ui.workspace.history", lambda: held)
        monkeypatch.setattr("incentive_lab.ui.workspace.preparation", lambda: SimpleNamespace(lock=nullcontext()))
        monkeypatch.setattr("incentive_lab.ui.signing_in.typed_names_allowed", lambda: True)
        page = AppTest.from_string(PAGE, default_timeout=300).run()
        page.session_state["review-view Since approval"] = "Since approval"
        page.run()
        next(one for one in page.button if one.label == "Compare payments").click().run()
        assert not page.exception
        said = " ".join(one.value for one in page.markdown)
        page.session_state["review-view Since approval"] = "The case"
        page.run()
        press(page, "Files for systems", "cat", "")
        assert not page.exception
        name, body, what = page.session_state["review pack"]
    assert "paid twice" in said
    assert "1 difference" in said
    assert "nothing to hold it against" in said
    with zipfile.ZipFile(io.BytesIO(body)) as files:
        assert set(files.namelist()) >= {"payouts.csv", "rates.csv", "scheme.json", "statements.csv"}
    assert [one["action"] for one in registry.show(name)["log"]][-1] == "export"
    assert (what, len(page.get("download_button"))) == ("files for systems", 1)
