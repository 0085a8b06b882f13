"""A run of the page waits for the figures of the dial that asked for it, in order and not for long."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace

import pytest
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.runtime.app_session import AppSession

from incentive_lab.ui import turns

Taken = list[tuple[str, str]]


@pytest.fixture
def taken(monkeypatch: pytest.MonkeyPatch) -> Taken:
    """What sessions have taken, in order: (session, page of a rerun or the other message)."""
    found: Taken = []

    def take(self: SimpleNamespace, msg: BackMsg) -> None:
        found.append((self.id, msg.rerun_script.page_name or str(msg.WhichOneof("type"))))

    monkeypatch.setattr(AppSession, "handle_backmsg", take)
    monkeypatch.setattr(turns, "PAINTED", 0.02)
    monkeypatch.setattr(turns, "ON_AND_ON", 0.0)
    turns._LAST.clear()
    turns._TURNS.clear()  # what tests of the address left on loops that are closed
    turns.let_answers_go_first()
    return found


def rerun(session: str, name: str) -> None:
    message = BackMsg()
    message.rerun_script.page_name = name
    AppSession.handle_backmsg(SimpleNamespace(id=session), message)  # type: ignore[arg-type]


def on_loop(steps: Callable[[], Awaitable[None]]) -> None:
    asyncio.run(steps())  # type: ignore[arg-type]
    assert not turns._TURNS, "nothing is left of a question that was answered"


def test_a_run_waits_until_the_answer_is_out_and_painted(taken: Taken) -> None:
    async def steps() -> None:
        rerun("mine", "before")
        with turns.first("mine"):
            rerun("mine", "first")
            rerun("other", "another session")
            await asyncio.sleep(0.03)
            rerun("mine", "second")
            assert taken == [("mine", "before"), ("other", "another session")]
        rerun("mine", "third")
        assert len(taken) == 2
        await asyncio.sleep(0.1)

    on_loop(steps)
    assert taken[2:] == [("mine", "first"), ("mine", "second"), ("mine", "third")]


def test_what_is_no_run_does_not_wait(taken: Taken) -> None:
    async def steps() -> None:
        with turns.first("mine"):
            AppSession.handle_backmsg(SimpleNamespace(id="mine"), BackMsg(stop_script=True))  # type: ignore[arg-type]
            assert taken == [("mine", "stop_script")]
        await asyncio.sleep(0.1)

    on_loop(steps)


def test_what_comes_after_a_run_that_waits_does_not_overtake_it(taken: Taken) -> None:
    async def steps() -> None:
        with turns.first("mine"):
            rerun("mine", "first")
            AppSession.handle_backmsg(SimpleNamespace(id="mine"), BackMsg(stop_script=True))  # type: ignore[arg-type]
        await asyncio.sleep(0.1)

    on_loop(steps)
    assert taken == [("mine", "first"), ("mine", "stop_script")]


def test_a_run_that_fails_does_not_take_the_next_with_it() -> None:
    done: list[str] = []

    def broken() -> None:
        raise ValueError("broken")

    async def steps() -> None:
        asyncio.get_running_loop().set_exception_handler(lambda loop, told: done.append(str(told["exception"])))
        turn = turns.Turn()
        turn.wait("mine", broken)
        turn.wait("mine", lambda: done.append("second"))
        await asyncio.sleep(turns.PAINTED + 0.1)

    on_loop(steps)
    assert done == ["second", "broken"]


def test_nobody_waits_longer_than_the_limit_however_many_questions_follow(
    taken: Taken, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(turns, "LONGEST", 0.05)
    monkeypatch.setattr(turns, "PAINTED", 0.04)

    async def steps() -> None:
        for _ in range(6):
            with turns.first("mine"):
                if not taken and not turns._TURNS["mine"].waiting:
                    rerun("mine", "first")
                await asyncio.sleep(0.03)
        assert taken == [("mine", "first")]
        await asyncio.sleep(0.1)

    on_loop(steps)


def test_a_question_that_fails_lets_the_run_go(taken: Taken) -> None:
    async def answering() -> None:
        with turns.first("mine"):
            rerun("mine", "first")
            raise ValueError("broken")

    async def steps() -> None:
        with pytest.raises(ValueError, match="broken"):
            await answering()
        await asyncio.sleep(0.1)

    on_loop(steps)
    assert taken == [("mine", "first")]


def test_a_dial_that_moves_on_and_on_is_not_made_to_wait(taken: Taken, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(turns, "ON_AND_ON", 0.5)

    async def steps() -> None:
        with turns.first("mine"):
            rerun("mine", "first")
            assert not taken
            rerun("mine", "second")
            assert taken == [("mine", "first"), ("mine", "second")]
            rerun("mine", "third")
            assert taken[2:] == [("mine", "third")]
        await asyncio.sleep(0.1)

    on_loop(steps)
