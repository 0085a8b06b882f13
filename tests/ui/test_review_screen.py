"""The page Review in a real Chromium: what leadership must see stands on one screen, and says what state it is in."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from experiments.benchmarks.serving import served

from incentive_lab.history import open_history
from incentive_lab.projection.assumptions import BASE
from incentive_lab.registry.evidence import Submission
from incentive_lab.registry.people import Actor
from incentive_lab.registry.service import Registry
from incentive_lab.report.evidence import Wanted, evidence_of
from incentive_lab.scheme.baseline import pair_from
from tests.ui.browsing import PATIENCE, settled
from tests.ui.conftest import ROOT, SECONDS

pytestmark = pytest.mark.browser
SCREEN = {"width": 1280, "height": 800}
SHOWN = (
    "What changes",
    "Who gains and who loses",
    "Cost to come",
    "Pilot",
    "open warning",
    "Decision",
    "Chance over budget",
)
BUTTONS = ("Approve", "Ask for change", "Reject", "Comment")


@pytest.fixture(scope="module")
def registry(home: Path, tiny_history: Path) -> Iterator[Registry]:
    """The shipped programme against today's, with a forecast and a pilot that says much."""
    opened = Registry(f"sqlite:///{home / 'registry.sqlite'}")
    pair = pair_from(ROOT / "data" / "schemes" / "growth-80-20.yaml", None)
    with open_history(str(tiny_history), currency="USD").closing() as held:
        documents = evidence_of(pair, held, forecast=Wanted(40, 12, 7, BASE))
        documents["pilot.json"] = json.dumps({
            "history_id": held.history_id,
            "decision": {"advice": "extend", "reasons": ["An effect is neither shown nor excluded after 6 months."] * 3,
                         "net_value": {"expected": 154_736.74, "interval": [-2_571_736.33, 2_143_954.64], "months": 12}},
            "metrics": [{"name": f"metric-{place}", "effect": 366.0, "interval": [-5_247.0, 5_772.0], "p_value": 0.9,
                         "method": "Winsorised difference"} for place in range(6)],
        }).encode()  # fmt: skip
    opened.submit(Actor("ann"), Submission(documents), "Partners sold less of the premium line. " * 6)
    for text in ("read the pilot first", "the budget is what the board gave", "fine with me"):
        opened.comment(Actor("cat"), "growth-80-20-1", text * 3)
    yield opened
    opened.store.close()


@pytest.fixture(scope="module")
def address(registry: Registry, home: Path, tiny_history: Path) -> Iterator[str]:
    told = {
        "INCENTIVE_LAB_HISTORY": str(tiny_history),
        "INCENTIVE_LAB_HOME": str(home),
        "INCENTIVE_LAB_DATABASE_URL": None,
    }
    with served(ROOT / "app.py", told) as at:
        yield at


def higher_than_the_screen(page: Any) -> int:
    return int(
        page.evaluate("(one => one.scrollHeight - one.clientHeight)(document.querySelector('[data-testid=stMain]'))")
    )


def test_a_case_stands_on_one_screen_and_its_state_is_the_present_one(
    address: str, page: Any, registry: Registry
) -> None:
    page.set_viewport_size(SCREEN)
    page.goto(f"{address}/review")
    page.get_by_text("What changes").wait_for(timeout=SECONDS * 1000)
    settled(page)
    assert higher_than_the_screen(page) <= 0
    for what in (*(page.get_by_text(text).first for text in SHOWN),
                 *(page.get_by_role("button", name=name, exact=True) for name in BUTTONS)):  # fmt: skip
        box = what.bounding_box()
        assert box is not None
        assert 0 < box["y"] < SCREEN["height"] - box["height"], what
    # All of what is cut is a click away.
    page.get_by_role("button", name="All of it").last.click()
    page.get_by_text("metric 5").wait_for(timeout=PATIENCE)
    page.keyboard.press("Escape")
    for name, role in (("ben", "finance"), ("dan", "approver")):
        page.get_by_role("textbox", name="Your name").fill(name)
        page.get_by_role("radio", name=role).click()
        page.get_by_role("textbox", name="Reason or remark").fill("agreed")
        page.get_by_role("button", name="Approve", exact=True).click()
        page.get_by_text(f"Recorded: approve by {name}").wait_for(timeout=PATIENCE)
        settled(page)
    assert registry.show("growth-80-20-1")["state"] == "approved"
    assert page.get_by_role("combobox").first.input_value() == "growth-80-20-1 (approved)"
    page.get_by_role("radio", name="Since approval").click()
    page.get_by_role("button", name="Compare payments").wait_for(timeout=PATIENCE)
    assert page.get_by_role("button", name="Approve", exact=True).count() == 0
