"""Long work that several sessions watch: one of them leaves it, the last one stops it, and what nobody foresaw is told."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator

import pytest
from streamlit.testing.v1 import AppTest

from incentive_lab.ui import jobs
from incentive_lab.ui.jobs import Job
from incentive_lab.ui.preparing import Preparation, Source

ENOUGH = threading.Event()
PATIENCE = 20.0


def work(step: Callable[[int, int], None]) -> str:
    """Goes on until there is enough of it."""
    while not ENOUGH.is_set():
        step(1, 4)
        time.sleep(0.01)
    return "worked out"


def page() -> None:
    import streamlit as st

    from incentive_lab.ui.jobs import watched
    from tests.ui.test_jobs import work

    found = watched("shared", work, "Working")
    if found is not None:
        st.markdown(found)


@pytest.fixture
def sessions() -> Iterator[tuple[AppTest, AppTest]]:
    ENOUGH.clear()
    jobs.job.clear()
    yield AppTest.from_function(page).run(), AppTest.from_function(page).run()
    ENOUGH.set()


def pressed(app: AppTest, name: str) -> AppTest:
    next(one for one in app.button if one.label == name).click().run()
    return app


def over(one: Job) -> None:
    end = time.monotonic() + PATIENCE
    while not one.done and time.monotonic() < end:
        time.sleep(0.01)
    assert one.done


def test_whoever_cancels_leaves_the_work_to_those_who_still_watch_it(sessions: tuple[AppTest, AppTest]) -> None:
    mine, theirs = sessions
    pressed(mine, "Cancel")
    shared = jobs.job("shared", work)
    assert shared.goes_on
    assert "somebody else who asked the same still waits" in mine.run().info[0].value
    assert [one.label for one in theirs.run().button] == ["Cancel"]
    pressed(mine, "Wait for it, too")
    ENOUGH.set()
    over(shared)
    assert [app.run().markdown[0].value for app in sessions] == ["worked out"] * 2


def test_the_last_one_who_cancels_stops_it_and_can_begin_again(sessions: tuple[AppTest, AppTest]) -> None:
    shared = jobs.job("shared", work)
    for app in sessions:
        pressed(app, "Cancel")
    over(shared)
    assert shared.cancelled
    assert sessions[0].run().info[0].value == "Cancelled."
    pressed(sessions[0], "Begin again")
    assert jobs.job("shared", work) is not shared
    assert jobs.job("shared", work).goes_on


def test_one_who_was_not_seen_for_a_while_does_not_hold_it(monkeypatch: pytest.MonkeyPatch) -> None:
    one = Job(work)
    one.see("gone")
    monkeypatch.setattr(jobs, "STILL", 0.0)
    one.see("mine")
    one.leave("mine")
    assert not one.goes_on


def test_what_nobody_foresaw_is_told_alike_with_a_reference_that_the_log_has(
    caplog: pytest.LogCaptureFixture, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr(Preparation, "_read", broken)
    failed, prepared = Job(broken), Preparation(Source("nowhere", None, False))
    with caplog.at_level(logging.ERROR):
        failed._run()
        prepared._run()
    told = [*failed.problems, *prepared.problems]
    assert [one.message.split(", reference ")[0] for one in told] == [
        "something unexpected went wrong (RuntimeError)"
    ] * 2
    assert all(one.message.removesuffix(".")[-8:] in caplog.text for one in told)
    assert "secret" not in "".join(map(str, told))
