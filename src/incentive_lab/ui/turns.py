"""The figures of a dial that moves go first.

A dial asks twice: the board asks for its figures (`live`), Streamlit for a run of the page. Both want the same
processor, and the first word of a run makes the browser look at every widget of the page before it paints anything
else. So a run that is asked for while an answer is under way waits until that is out and painted. Messages of a session
keep their order, and none waits longer than `LONGEST`. A dial that moves on and on, as under a key that is held down,
is not made to wait: each run tells the browser where its dials stand, and a late one would take them back.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

from streamlit.runtime.app_session import AppSession

from incentive_lab.ui.steady import wrap_once

LONGEST, PAINTED = 0.25, 0.05
"""Seconds that a run waits at most, and that the browser is given to paint an answer."""
ON_AND_ON, SESSIONS = 0.5, 512
"""Seconds within which runs that follow each other come from one move, and sessions of which the last run is known."""


class Turn:
    """The questions of one session that are being answered, and what waits for them; lives on one event loop."""

    def __init__(self) -> None:
        """Nothing is asked, nothing waits."""
        self.questions = 0
        self.waiting: deque[Callable[[], None]] = deque()
        self.until = 0.0
        self.alarm: asyncio.TimerHandle | None = None

    def wait(self, session: str, message: Callable[[], None]) -> None:
        """Keep a message until the answer is out, or for as long as any may wait."""
        if not self.waiting:
            self.until = asyncio.get_running_loop().time() + LONGEST
            self.ring(session, LONGEST if self.questions else PAINTED)
        self.waiting.append(message)

    def ring(self, session: str, seconds: float) -> None:
        """Let go what waits in so many seconds, or when it may wait no longer; an earlier alarm is replaced."""
        loop = asyncio.get_running_loop()
        at = loop.time() + seconds
        if self.alarm is not None:
            self.alarm.cancel()
        self.alarm = loop.call_at(min(at, self.until) if self.waiting else at, self.go, session)

    def go(self, session: str) -> None:
        """Let go what waits, in its order."""
        self.alarm = None
        if not self.questions and _TURNS.get(session) is self:
            del _TURNS[session]
        try:
            while self.waiting:
                self.waiting.popleft()()
        finally:
            if self.waiting:  # one that fails does not take the others with it
                self.go(session)


_TURNS: dict[str, Turn] = {}
_LAST: OrderedDict[str, float] = OrderedDict()
"""When each session last asked for a run, by the event loop's clock."""


def _moves_on(session: str) -> bool:
    """Whether this request for a run follows another so closely that they are one move."""
    now = asyncio.get_running_loop().time()
    before = _LAST.pop(session, -1e9)
    _LAST[session] = now
    while len(_LAST) > SESSIONS:
        _LAST.popitem(last=False)
    return 0 <= now - before < ON_AND_ON


@contextmanager
def first(session: str) -> Iterator[None]:
    """Around the answering of a question of this session; to be used on the server's event loop."""
    turn = _TURNS.setdefault(session, Turn())
    turn.questions += 1
    try:
        yield
    finally:
        turn.questions -= 1
        if not turn.questions:
            turn.ring(session, PAINTED)


def let_answers_go_first() -> None:
    """From now on a run of the page waits for the figures that its own dial has asked for.

    Streamlit has no setting for it, so the one method that takes the browser's messages is wrapped; calling this twice
    wraps it once.

    Example:
        >>> let_answers_go_first()
        >>> wrapped = AppSession.handle_backmsg
        >>> let_answers_go_first()
        >>> AppSession.handle_backmsg is wrapped
        True
    """

    def in_turn(original: Callable[..., None], self: AppSession, msg: Any) -> None:
        turn, run = _TURNS.get(self.id), msg.WhichOneof("type") == "rerun_script"
        on = run and _moves_on(self.id)
        if turn is None or not (turn.waiting or (run and not on)):
            original(self, msg)
            return
        turn.wait(self.id, lambda: original(self, msg))
        if on:
            turn.go(self.id)

    wrap_once(AppSession, "handle_backmsg", in_turn)
