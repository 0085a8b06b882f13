"""The page while the history is read and the engine is prepared: it says what is going on and looks after itself."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import streamlit as st

from incentive_lab.format import count
from incentive_lab.ui.cards import card, tell_problems
from incentive_lab.ui.preparing import STEPS, Preparation
from incentive_lab.ui.workspace import preparation, prepare_again

_QUICK = 12.0
"""Seconds after which the wait is a first compile rather than a warm start."""


def engine_ready(title: str) -> bool:
    """Whether results can be asked for; until then this draws the page's title and the wait, which ends by itself."""
    state = preparation()
    if not state.ready:
        st.title(title, anchor=False)
    if state.problems:
        tell_problems(state.problems, "The partner history cannot be used")
        st.button("Try again", on_click=prepare_again, icon=":material/refresh:", key="prepare-again")
        return False
    if state.ready:
        return True
    _wait()
    return False


@st.fragment(run_every=1.0)
def _wait() -> None:
    state = preparation()
    if state.ready or state.problems:
        st.rerun()
    with card("preparing"):
        st.header("Preparing the payout engine", anchor=False)
        st.markdown(_words(state))
        st.progress((state.step + 0.5) / len(STEPS), text=f"{STEPS[state.step]}, {count(int(state.seconds))} s")
    with st.container(horizontal=True):
        for _ in range(4):
            st.skeleton(height=128)
    st.skeleton(height=300)


@contextmanager
def meanwhile(said: str, height: int, *, of: str, key: str) -> Iterator[None]:
    """What is being worked out, and the room that it will take, while the block runs.

    Streamlit's own waits show nothing for a while, and nothing at all while modules are read for the first time.

    Args:
        said: What is being worked out, as a sentence.
        height: Pixels that are kept free.
        of: What it is worked out of; asked for again in the same session, it is there at once and nothing is said.
        key: Where the session remembers that.
    """
    place = st.empty()
    if st.session_state.get(key) != of:
        with place.container():
            st.markdown(f":gray[:material/hourglass_top: {said}]")
            st.skeleton(height=height)
    try:
        yield
    finally:
        place.empty()
    st.session_state[key] = of


def _words(state: Preparation) -> str:
    if state.step == len(STEPS) - 1 and state.seconds > _QUICK:
        return "The first time takes about a minute, up to three on a busy machine. After that it is instant."
    return "About a minute the first time; the page goes on by itself."
