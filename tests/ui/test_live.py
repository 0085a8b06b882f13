"""What the board is told while a dial moves is what the page shows once Streamlit has heard of it."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import httpx
import pytest
from starlette.applications import Starlette
from streamlit.testing.v1 import AppTest

from incentive_lab.ui import live, workspace
from incentive_lab.ui.consequences import board_of
from incentive_lab.ui.further import prepared
from incentive_lab.ui.preparing import working_on
from tests.ui.conftest import ROOT, settled
from tests.ui.test_pages import opened

SILVER = "tiers.levels.silver.needs.training"


@pytest.fixture
def asked(tune: AppTest) -> live.Ticket:
    return live._TICKETS[tune.session_state["live token"]]


def sent(method: str, body: bytes) -> httpx.Response:
    """What the server answers."""

    async def asking() -> httpx.Response:
        transport = httpx.ASGITransport(Starlette(routes=live.ROUTES))
        async with httpx.AsyncClient(transport=transport, base_url="http://here") as client:
            return await client.request(method, live.PATH, content=body)

    return asyncio.run(asking())


def board(token: str, dial: str, shown: object) -> httpx.Response:
    return sent("POST", json.dumps({"token": token, "dial": dial, "shown": shown}).encode())


def board_of_draft(tune: AppTest) -> dict[str, Any]:
    """What the page shows."""
    with working_on(prepared(tune.session_state[workspace.SOURCE])):
        return board_of(tune.session_state["draft"])


def test_the_answer_is_what_the_page_shows_after_the_move(tune: AppTest) -> None:
    before, painted = tune.session_state["draft"], board_of_draft(tune)
    answer = board(tune.session_state["live token"], live.browser_name(SILVER), 6.0)
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert tune.session_state["draft"] is before, "asking changes nothing"
    assert answer.json()["of"] != painted["of"]
    tune.slider(key=SILVER).set_value(6.0).run()
    assert answer.json() == json.loads(json.dumps(board_of_draft(tune)))


def test_the_mix_dial_is_foreseen_with_its_rates_solved(tune: AppTest) -> None:
    opened(tune, "Mix")
    answer = board(tune.session_state["live token"], "mix-behavioural", 70.0)
    tune.slider(key="mix.behavioural").set_value(70.0).run()
    assert answer.json()["of"] == board_of_draft(tune)["of"]


def test_a_value_that_is_not_allowed_or_a_dial_that_is_not_there_paints_nothing(tune: AppTest) -> None:
    token = tune.session_state["live token"]
    assert board(token, "mix-behavioural", 170.0).status_code == 204
    assert board(token, "nothing", 1.0).status_code == 204


@pytest.mark.parametrize(
    "body",
    [b"", b"{", b"[]", b'{"token": 1}', b'{"token": "x", "dial": "a", "shown": "many"}',
     b'{"token": "x", "dial": "a", "shown": NaN}', b'{"token": "x", "dial": "a", "shown": 1e999}', b"[" * 4000],
)  # fmt: skip
def test_what_is_no_question_is_refused(body: bytes) -> None:
    assert sent("POST", body).status_code == 400


def test_strangers_long_questions_and_other_methods_are_refused() -> None:
    assert board("guessed", "mix-behavioural", 70.0).status_code == 403
    assert sent("POST", b" " * 5000).status_code == 413
    assert sent("GET", b"").status_code == 405


def test_a_token_ends(tune: AppTest, asked: live.Ticket, monkeypatch: pytest.MonkeyPatch) -> None:
    token = tune.session_state["live token"]
    monkeypatch.setattr(live, "time", Later)
    assert live.held(token) is None
    assert board(token, "mix-behavioural", 70.0).status_code == 403


def test_signing_out_ends_a_token(tune: AppTest) -> None:
    def leaving() -> None:
        from incentive_lab.ui import live

        live.withdraw()

    token = tune.session_state["live token"]
    out = AppTest.from_function(leaving)
    out.session_state["live token"] = token
    out.run()
    assert not out.exception
    assert board(token, "mix-behavioural", 70.0).status_code == 403


class Later:
    """A clock two hours on."""

    @staticmethod
    def monotonic() -> float:
        import time

        return time.monotonic() + 2 * 3600


def test_another_session_has_another_token(tune: AppTest) -> None:
    other = settled(AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)).switch_page("pages/tune.py").run()
    assert other.session_state["live token"] != tune.session_state["live token"]
