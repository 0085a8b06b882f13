"""The draft is proposed from the page, from an empty registry, with evidence that reproduces, by whom the registry lets."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from incentive_lab.history import open_history
from incentive_lab.registry.people import Actor
from incentive_lab.registry.service import Registry
from incentive_lab.report.exporting import export_pack
from incentive_lab.report.pack import read_pack
from incentive_lab.report.reproducing import reproduce
from incentive_lab.ui import pilot_plans, workspace
from incentive_lab.ui.preparing import Source
from tests.cli.conftest import DEALS, PARTNERS
from tests.registry.test_reproduced_elsewhere import PLAN
from tests.registry.test_review_page import PAGE

SCHEME = "{scheme: %s, currency: USD, effective: {from: 2025-01-01}, rules: [{id: commission, on: revenue, rate: %s}]}"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "history").mkdir()
    (tmp_path / "history" / "partners.csv").write_text(PARTNERS)
    (tmp_path / "history" / "deals.csv").write_text(DEALS)
    (tmp_path / "schemes").mkdir()
    for name, rate in (("growth-80-20", "4%"), ("current-flat", "3%")):
        (tmp_path / "schemes" / f"{name}.yaml").write_text(SCHEME % (name, rate))
    return tmp_path


@pytest.fixture
def page(place: Path, quick: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AppTest]:
    monkeypatch.setenv("INCENTIVE_LAB_DATABASE_URL", f"sqlite:///{quick / 'registry.sqlite'}")
    monkeypatch.setenv("INCENTIVE_LAB_SCHEMES", str(place / "schemes"))
    monkeypatch.setattr("incentive_lab.ui.signing_in.typed_names_allowed", lambda: True)
    monkeypatch.setattr("incentive_lab.ui.review_proposing.FUTURES", (20,))
    with open_history(str(place / "history"), currency="USD").closing() as held:
        monkeypatch.setattr("incentive_lab.ui.workspace.history", lambda: held)
        started = AppTest.from_string(PAGE, default_timeout=300)
        started.session_state[workspace.SOURCE] = Source(str(place / "history"), None, False)
        yield started.run()


def propose(page: AppTest, name: str = "ann", reason: str = "worth it", starts: str = "2026-01-01") -> AppTest:
    page.text_input(key="propose-name").input(name)
    page.text_area(key="propose-reason").input(reason)
    page.text_input(key="propose-from").input(starts)
    return next(one for one in page.button if one.label == "Propose the draft").click().run()


def done(page: AppTest) -> AppTest:
    """Run until the work in the thread is over."""
    from incentive_lab.ui.review_proposing import ASKED

    for _ in range(2000):
        if ASKED not in page.session_state:
            return page
        page.run()
    raise AssertionError("the proposal takes too long")


def test_the_draft_is_proposed_from_an_empty_registry_and_reproduces(page: AppTest, place: Path) -> None:
    assert not page.exception
    page.selectbox(key="propose-assumptions").select("No forecast")
    page.text_input(key="propose-population").input("EMEA")
    page = done(propose(page, reason="=1+1 <b>worth it</b>"))
    assert not page.exception
    registry = Registry()
    row = registry.show("growth-80-20-1")
    assert (row["author"], row["authenticated"], row["starts"], row["population"]) == (
        "ann",
        False,
        "2026-01-01",
        "EMEA",
    )
    replayed = json.loads(registry.documents("growth-80-20-1")["replay.json"])
    assert replayed["total"] == pytest.approx(replayed["baseline"]["total"] * 4 / 3, abs=0.02)
    assert replayed["names"] == {}, "the history knows none"
    assert page.selectbox(key="review-revision").value == "growth-80-20-1"
    assert "somebody else decides" in page.success[0].value
    export_pack(registry, Actor("ann"), "growth-80-20-1", place / "pack.zip")
    registry.store.close()
    with open_history(str(place / "history"), currency="USD").closing() as held:
        assert reproduce(read_pack(place / "pack.zip"), held).differences == ()


def test_a_plan_of_ones_own_is_evidence_and_reproduces(
    page: AppTest, place: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from incentive_lab.history.demo import generate_demo
    from incentive_lab.pilot.reading import loads

    monkeypatch.setenv("INCENTIVE_LAB_HOME", str(tmp_path / "home"))
    generate_demo(tmp_path / "demo", partners=60, months=36, seed=3)
    page.session_state[pilot_plans.PLAN] = loads(PLAN)
    page.run()
    page.selectbox(key="propose-pilot").select("rehearsal, a rehearsal (the plan of Pilot design)")
    page.selectbox(key="propose-assumptions").select("No forecast")
    with open_history(str(tmp_path / "demo"), currency="USD").closing() as held:
        monkeypatch.setattr("incentive_lab.ui.workspace.history", lambda: held)
        page = done(propose(page))
        assert not page.exception
        registry = Registry()
        documents = registry.documents("growth-80-20-1")
        assert json.loads(documents["pilot.json"])["pilot"] == "rehearsal"
        assert loads(documents["pilot/pilot.yaml"]) == loads(PLAN)
        export_pack(registry, Actor("ann"), "growth-80-20-1", place / "pack.zip")
        registry.store.close()
        assert reproduce(read_pack(place / "pack.zip"), held).differences == ()


@pytest.mark.parametrize(("name", "reason", "starts", "said"), [
    ("", "worth it", "2026-01-01", "Your name"), ("ann", "", "2026-01-01", "a reason of 3"),
    ("ann", "worth it", "2026-02-30", "In effect from"), ("x\u202ey", "worth it", "2026-01-01", "printable"),
])  # fmt: skip
def test_what_cannot_be_proposed_is_told_before_anything_is_worked_out(
    page: AppTest, name: str, reason: str, starts: str, said: str
) -> None:
    propose(page, name, reason, starts)
    assert not page.exception
    assert said in page.error[0].value
    assert Registry().revisions() == []


def test_only_a_designer_proposes(page: AppTest) -> None:
    registry = Registry()
    registry.give_roles(Actor("root"), "root", frozenset({"admin"}))
    registry.give_roles(Actor("root"), "ben", frozenset({"approver", "finance"}))
    propose(page, "ben")
    assert "may not submit" in page.error[0].value
    assert registry.revisions() == []
    registry.store.close()
