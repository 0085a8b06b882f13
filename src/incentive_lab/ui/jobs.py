"""Long work of a page in a thread: its progress can be watched, and it can be cancelled."""

from __future__ import annotations

import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from incentive_lab.errors import InputError, Problem, unexpected
from incentive_lab.format import counted
from incentive_lab.ui.preparing import give_back

Step = Callable[[int, int], None]
PACE, SEEN = 10.0, 0.02
"""Seconds and share of the work after which its pace says how long the rest takes."""
STILL = 10.0
"""Seconds for which whoever watched a piece of work counts as watching it still."""
_LEFT, _WATCHER = "work left", "work watcher"


class _Cancelled(Exception):
    """The reader does not want it any more."""


@dataclass
class Job:
    """One piece of work.

    Attributes:
        work: What is done; it is given a function to call with progress.
        share: How much is done.
        result: What came out, once it is there.
        problems: Why it failed.
        cancelled: Whether it was cancelled.
        done: Whether it is over.
        began: Seconds of the monotonic clock.
    """

    work: Callable[[Step], Any]
    share: float = 0.0
    result: Any = None
    problems: tuple[Problem, ...] = ()
    cancelled: bool = False
    done: bool = False
    began: float = field(default_factory=time.monotonic)
    _stop: threading.Event = field(default_factory=threading.Event)
    _seen: dict[str, float] = field(default_factory=dict)

    def begin(self) -> Job:
        """Start the thread."""
        threading.Thread(target=self._run, name="work", daemon=True).start()
        return self

    @property
    def left(self) -> str:
        """About how long it still takes at the pace so far, once that can be told.

        Example:
            >>> Job(lambda step: None, share=0.25, began=time.monotonic() - 60).left
            ', about 3 minutes left'
        """
        spent = time.monotonic() - self.began
        if spent < PACE or self.share < SEEN:
            return ""
        seconds = spent * (1 - self.share) / self.share
        whole = counted(round(seconds / 60), "minute") if seconds >= 90 else counted(max(1, round(seconds)), "second")
        return f", about {whole} left"

    def see(self, watcher: str) -> None:
        """Note that a session watches it now."""
        self._seen[watcher] = time.monotonic()

    def leave(self, watcher: str) -> None:
        """A session does not want it any more: it stops at its next step unless another one watches it still."""
        self._seen.pop(watcher, None)
        if not any(time.monotonic() - since < STILL for since in tuple(self._seen.values())):
            self._stop.set()

    @property
    def goes_on(self) -> bool:
        """Whether nobody has stopped it."""
        return not self.done and not self._stop.is_set()

    def _step(self, done: int, total: int) -> None:
        if self._stop.is_set():
            raise _Cancelled
        self.share = min(1.0, done / max(total, 1))

    def _run(self) -> None:
        try:
            self.result = self.work(self._step)
        except _Cancelled:
            self.cancelled = True
        except InputError as error:
            self.problems = error.problems
        except Exception as error:
            self.problems = (unexpected(error, "work"),)
        finally:
            self.done = True
            give_back()


@st.cache_resource(show_spinner=False, max_entries=32)
def job(key: str, _work: Callable[[Step], Any]) -> Job:
    """The work with this key, begun by whoever asks first."""
    return Job(_work).begin()


def forget(key: str, work: Callable[[Step], Any]) -> None:
    """Forget a piece of work that is over, so that it can begin anew; one that goes on for others is joined again."""
    _left().discard(key)
    if not job(key, work).goes_on:
        job.clear(key, work)


def over(key: str, work: Callable[[Step], Any]) -> bool:
    """Whether there is nothing to wait for: the work is done, or this session has left it to others."""
    return job(key, work).done or key in _left()


def watched(key: str, work: Callable[[Step], Any], label: str) -> Any:
    """The result of the work, or None while it goes on; until then its progress and a way to cancel are drawn.

    Sessions that ask the same share the work: whoever cancels only leaves it while another one watches.
    """
    own = job(key, work)
    if own.cancelled or (key in _left() and not own.done):
        told = (
            "Cancelled." if not own.goes_on else "Cancelled here; somebody else who asked the same still waits for it."
        )
        st.info(told, icon=":material/cancel:")
        st.button("Wait for it, too" if own.goes_on else "Begin again", key=f"again {key}", on_click=forget, args=(key, work),
                  icon=":material/refresh:")  # fmt: skip
        return None
    if not own.done:
        _wait(own, key, label)
        return None
    if own.problems:
        from incentive_lab.ui.cards import tell_problems

        tell_problems(own.problems, "It could not be worked out")
        return None
    return own.result


@st.fragment(run_every=0.6)
def _wait(own: Job, key: str, label: str) -> None:
    own.see(_session())
    if own.done or key in _left():
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(own.share, text=f"{label}, {own.share:.0%}{own.left}")
        st.button("Cancel", key=f"cancel {key}", on_click=_cancel, args=(own, key), icon=":material/close:")


def _cancel(own: Job, key: str) -> None:
    own.leave(_session())
    _left().add(key)


def _left() -> set[str]:
    """Keys of the work that this session has left."""
    left: set[str] = st.session_state.setdefault(_LEFT, set())
    return left


def _session() -> str:
    """What tells one session from another."""
    known: str = st.session_state.setdefault(_WATCHER, uuid.uuid4().hex)
    return known
