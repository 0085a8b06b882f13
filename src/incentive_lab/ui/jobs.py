"""Long work of a page in a thread: its progress can be watched, and it can be cancelled."""

from __future__ import annotations

import logging
import threading
import time
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import streamlit as st

from incentive_lab.errors import InputError, Problem
from incentive_lab.format import counted
from incentive_lab.ui.preparing import give_back

LOG = logging.getLogger(__name__)
Step = Callable[[int, int], None]
PACE, SEEN = 10.0, 0.02
"""Seconds and share of the work after which its pace says how long the rest takes."""


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

    def cancel(self) -> None:
        """Ask it to stop at its next step."""
        self._stop.set()

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
        except Exception:
            reference = uuid.uuid4().hex[:8]
            LOG.exception("work failed, reference %s", reference)
            self.problems = (Problem("work", "something unexpected went wrong.", f"The log has it under {reference}."),)
        finally:
            self.done = True
            give_back()


@st.cache_resource(show_spinner=False, max_entries=32)
def job(key: str, _work: Callable[[Step], Any]) -> Job:
    """The work with this key, begun by whoever asks first."""
    return Job(_work).begin()


def forget(key: str, work: Callable[[Step], Any]) -> None:
    """Forget a piece of work, so that it can begin anew."""
    job.clear(key, work)


def watched(key: str, work: Callable[[Step], Any], label: str) -> Any:
    """The result of the work, or None while it goes on; until then its progress and a way to cancel are drawn."""
    own = job(key, work)
    if not own.done:
        _wait(key, label)
        return None
    if own.cancelled:
        st.info("Cancelled.", icon=":material/cancel:")
        st.button("Begin again", key=f"again {key}", on_click=lambda: forget(key, work), icon=":material/refresh:")
        return None
    if own.problems:
        from incentive_lab.ui.cards import tell_problems

        tell_problems(own.problems, "It could not be worked out")
        return None
    return own.result


@st.fragment(run_every=0.6)
def _wait(key: str, label: str) -> None:
    own = job(key, lambda step: None)
    if own.done:
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(own.share, text=f"{label}, {own.share:.0%}{own.left}")
        st.button("Cancel", key=f"cancel {key}", on_click=own.cancel, icon=":material/close:")
