"""What somebody has asked for happens, however fast the next request comes."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from experiments.benchmarks.serving import served
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.runtime.forward_msg_queue import ForwardMsgQueue
from streamlit.runtime.scriptrunner import RerunException
from streamlit.runtime.scriptrunner_utils.script_requests import RerunData
from streamlit.runtime.state import SessionState
from streamlit.runtime.state.safe_session_state import SafeSessionState

from incentive_lab.ui.steady import let_nothing_be_lost
from tests.ui.browsing import PATIENCE
from tests.ui.conftest import ROOT


class OneCallback(SessionState):
    """A session whose run begins with one callback."""

    def __init__(self, callback: Callable[[], None]) -> None:
        super().__init__()
        self.callback = callback

    def on_script_will_rerun(self, *args: object, **kwargs: object) -> None:
        self.callback()


class Runner:
    """Has a newer request, and looks for it as Streamlit's runners do."""

    _execing = True

    def newer_request(self) -> None:
        if self._execing:
            raise RerunException(RerunData())


def test_a_callback_is_not_given_up_for_a_newer_request() -> None:
    let_nothing_be_lost()

    def used() -> None:
        safe["first"] = 1
        safe["second"] = safe["first"] + 1

    safe = SafeSessionState(OneCallback(used), Runner().newer_request)
    safe.on_script_will_rerun(None)
    assert safe.filtered_state == {"first": 1, "second": 2}
    with pytest.raises(RerunException):
        safe["third"] = 3


def test_a_callback_that_fails_leaves_the_next_request_its_turn() -> None:
    let_nothing_be_lost()

    def broken() -> None:
        raise ValueError("broken")

    safe = SafeSessionState(OneCallback(broken), Runner().newer_request)
    with pytest.raises(ValueError, match="broken"):
        safe.on_script_will_rerun(None)
    with pytest.raises(RerunException):
        safe["first"] = 1


def test_the_address_of_an_upload_survives_the_start_of_a_run() -> None:
    let_nothing_be_lost()
    address, drawn, told = ForwardMsg(), ForwardMsg(), ForwardMsg()
    address.file_urls_response.response_id = "one"
    drawn.delta.new_element.text.body = "old"
    told.session_status_changed.run_on_save = True
    queue = ForwardMsgQueue()
    for message in (told, drawn, address):
        queue.enqueue(message)
    queue.clear(retain_lifecycle_msgs=True)
    assert queue.flush() == [address, told]
    for message in (drawn, address):
        queue.enqueue(message)
    queue.clear(retain_lifecycle_msgs=True, fragment_ids_this_run=["a"])
    assert queue.flush() == [address, drawn]


HURRIED = """
import time
from pathlib import Path
import streamlit as st
from incentive_lab.ui.steady import let_nothing_be_lost

let_nothing_be_lost()

def note():
    Path("NOTED").write_text("used")

def name():
    st.query_params["at"] = str(time.monotonic())
    time.sleep(1)
    st.query_params["at"] = str(time.monotonic())
    note()

def draw():
    time.sleep(1)
    st.rerun(["choosing"])

@st.fragment(key="choosing")
def choosing():
    st.button("Use", on_click=note)
    st.button("Name", on_click=name)
    st.button("Draw", on_click=draw)
    if st.button("Look"):
        st.markdown("looking")
        time.sleep(2)

@st.fragment(run_every=0.2)
def following():
    st.markdown("following")

def first():
    choosing()
    following()
    if st.button("Work"):
        st.markdown("working")
        time.sleep(2)
    if st.button("Begin"):
        time.sleep(1)
        st.rerun()

def second():
    st.title("There")
    time.sleep(1)
    st.button("Stay")
    st.markdown("drawn")

pages = [st.Page(first, title="First", default=True), st.Page(second, title="Second")]
st.navigation(pages, position="top").run()
"""


@pytest.fixture(scope="module")
def noted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What the callbacks write."""
    return tmp_path_factory.mktemp("hurried") / "noted"


@pytest.fixture(scope="module")
def address(noted: Path) -> Iterator[str]:
    script = noted.with_name("hurried.py")
    script.write_text(HURRIED.replace("NOTED", str(noted)), encoding="utf-8")
    with served(script, {"PYTHONPATH": str(ROOT / "src")}) as at:
        yield at


@pytest.mark.browser
def test_a_link_pressed_while_a_callback_names_the_address_leads_on(address: str, noted: Path, page: Any) -> None:
    from playwright.sync_api import expect

    noted.unlink(missing_ok=True)
    page.goto(address)
    page.get_by_role("button", name="Name").click(timeout=PATIENCE)
    page.wait_for_timeout(300)
    page.get_by_role("link", name="Second").click()
    expect(page.get_by_role("heading", name="There")).to_be_visible(timeout=PATIENCE)
    assert noted.is_file()


@pytest.mark.browser
@pytest.mark.parametrize(("busy", "seen"), [("Look", "looking"), ("Work", "working")])
def test_neither_a_click_that_waits_nor_the_page_asked_for_next_is_lost(
    address: str, noted: Path, page: Any, busy: str, seen: str
) -> None:
    """While a fragment or the page is busy: a button, a link, and a fragment that runs again and again."""
    from playwright.sync_api import expect

    noted.unlink(missing_ok=True)
    page.goto(address)
    page.get_by_role("button", name=busy).click(timeout=PATIENCE)
    expect(page.get_by_text(seen)).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Use").click()
    page.get_by_role("link", name="Second").click()
    expect(page.get_by_role("heading", name="There")).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(1000)
    expect(page.get_by_role("heading", name="There")).to_be_visible()
    assert noted.is_file()


@pytest.mark.browser
@pytest.mark.parametrize("again", ["Draw", "Begin"])
def test_a_page_that_draws_itself_again_does_not_forget_the_page_asked_for(address: str, page: Any, again: str) -> None:
    from playwright.sync_api import expect

    page.goto(address)
    page.get_by_role("button", name=again).click(timeout=PATIENCE)
    page.wait_for_timeout(300)
    page.get_by_role("link", name="Second").click()
    expect(page.get_by_role("heading", name="There")).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(1500)
    expect(page.get_by_role("heading", name="There")).to_be_visible()


@pytest.mark.browser
@pytest.mark.parametrize("busy", [True, False], ids=["while it waits", "while it runs"])
def test_what_is_pressed_after_a_link_does_not_lead_back(address: str, page: Any, busy: bool) -> None:
    """The old page can be pressed until the server answers."""
    from playwright.sync_api import expect

    page.goto(address)
    expect(page.get_by_role("button", name="Use")).to_be_visible(timeout=PATIENCE)
    if busy:
        page.get_by_role("button", name="Work").click()
        expect(page.get_by_text("working")).to_be_visible(timeout=PATIENCE)
    page.evaluate("""() => {
        [...document.querySelectorAll("a")].find(link => link.innerText === "Second").click();
        [...document.querySelectorAll("button")].find(button => button.innerText === "Use").click();
    }""")
    expect(page.get_by_text("drawn")).to_be_visible(timeout=PATIENCE)
    page.wait_for_timeout(500)
    page.get_by_role("button", name="Stay").click()
    page.wait_for_timeout(1500)
    expect(page.get_by_role("heading", name="There")).to_be_visible()
    expect(page.get_by_text("drawn")).to_be_visible()
