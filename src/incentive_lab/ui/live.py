"""Figures for a dial that is still moving.

Streamlit hears of a dial a fifth of a second after its last move and then renders the page. The board asks here
meanwhile, at every move, for what it would show: the same draft, the same payouts, the same words. Nothing is kept;
what the session shows in the end comes from Streamlit's own run, and without this address it comes from there alone.
"""

from __future__ import annotations

import json
import math
import re
import secrets
import time
from collections import OrderedDict
from dataclasses import dataclass
from threading import Lock
from typing import TYPE_CHECKING, Any

import streamlit as st
from starlette.concurrency import run_in_threadpool
from starlette.responses import Response
from starlette.routing import Route
from streamlit.runtime.scriptrunner import get_script_run_ctx

from incentive_lab.errors import InputError
from incentive_lab.ui import workspace
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.preparing import Preparation, working_on
from incentive_lab.ui.scales import from_screen
from incentive_lab.ui.turns import first

if TYPE_CHECKING:
    from starlette.requests import Request

PATH = "/live/board"
_TOKEN = "live token"
_LONGEST = 4096
"""Bytes that a question may have."""
_KEPT, _HOURS = 512, 1.0
"""Sessions that can ask, and for how long after their last drawing."""


@dataclass(frozen=True)
class Ticket:
    """What a session's dials are moved on.

    Attributes:
        draft: The draft that the page shows.
        preparation: The history it is paid on.
        solves: Whether the rates follow the mix dial.
        session: Streamlit's name of the session.
        made: Seconds of the monotonic clock.
    """

    draft: Draft
    preparation: Preparation
    solves: bool
    session: str
    made: float


_TICKETS: OrderedDict[str, Ticket] = OrderedDict()
_LOCK = Lock()


def ticket(draft: Draft, *, solves: bool) -> str:
    """The session's token, with which its page may ask about moves of this draft."""
    token: str = st.session_state.setdefault(_TOKEN, secrets.token_urlsafe(24))
    context = get_script_run_ctx()
    session = context.session_id if context is not None else ""
    with _LOCK:
        _TICKETS[token] = Ticket(draft, workspace.preparation(), solves, session, time.monotonic())
        _TICKETS.move_to_end(token)
        while len(_TICKETS) > _KEPT:
            _TICKETS.popitem(last=False)
    return token


def withdraw() -> None:
    """The session may ask no more, as after signing out."""
    with _LOCK:
        _TICKETS.pop(st.session_state.pop(_TOKEN, ""), None)


def held(token: str) -> Ticket | None:
    """What a token stands for, if it is one and not too old."""
    with _LOCK:
        found = _TICKETS.get(token)
    return found if found is not None and time.monotonic() - found.made < _HOURS * 3600 else None


def moved_board(asked: Ticket, dial: str, shown: float) -> dict[str, Any] | None:
    """The board as it stands once a dial is at another value; None where it would not change.

    Args:
        asked: Whose dial it is.
        dial: The dial's path as the browser knows it, every sign but letters, digits, `-` and `_` replaced by `-`.
        shown: The value as the dial shows it.
    """
    from incentive_lab.ui.consequences import board_of
    from incentive_lab.ui.mixing import foreseen

    found = [one for one in asked.draft.numbers if browser_name(one.path) == dial]
    if len(found) != 1:
        return None
    path, unit = found[0].path, found[0].declaration.unit
    with working_on(asked.preparation):
        try:
            draft = asked.draft.moved(path, from_screen(shown, unit))
            draft = foreseen(draft, path) if asked.solves else draft
            return None if path in draft.refused else board_of(draft)
        except InputError:
            return None


def browser_name(key: str) -> str:
    """What Streamlit makes of a widget's key in the page's classes.

    Example:
        >>> browser_name("rules.deal_bonus.rate")
        'rules-deal_bonus-rate'
    """
    return re.sub(r"[^a-zA-Z0-9_-]", "-", key.strip())


async def _answered(request: Request) -> Response:
    body = b""
    async for part in request.stream():
        body += part
        if len(body) > _LONGEST:
            return Response(status_code=413)
    try:
        given = json.loads(body)
        token, dial, shown = str(given["token"]), str(given["dial"]), float(given["shown"])
    except (ValueError, KeyError, TypeError, RecursionError, OverflowError):
        return Response(status_code=400)
    if not math.isfinite(shown):
        return Response(status_code=400)
    asked = held(token)
    if asked is None:
        return Response(status_code=403)
    with first(asked.session):
        data = await run_in_threadpool(moved_board, asked, dial, shown)
    headers = {"cache-control": "no-store"}
    if data is None:
        return Response(status_code=204, headers=headers)
    return Response(json.dumps(data), media_type="application/json", headers=headers)


ROUTES = [Route(PATH, _answered, methods=["POST"])]
