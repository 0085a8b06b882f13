"""The page Data: the history in use and its health, the others that can be chosen, and bringing one in."""

from __future__ import annotations

import streamlit as st

from incentive_lab.format import counted
from incentive_lab.ui import histories, workspace
from incentive_lab.ui.bringing import bringing
from incentive_lab.ui.calendar_choice import months_table
from incentive_lab.ui.cards import card, tell_problems
from incentive_lab.ui.summary import findings_table, history_card


def data_page() -> None:
    """The whole page; it stands even where the history in use cannot be read."""
    st.title("Data", anchor=False)
    state = workspace.preparation()
    if state.problems:
        tell_problems(state.problems, "The history in use cannot be read; choose or bring another")
    left, right = st.columns([2, 3], gap="small")
    with left:
        if not state.problems:
            history_card(state, link=False)
            if state.history is not None and state.history.calendar is not None:
                with state.lock:
                    told = state.history.describe()["calendar"]
                months_table(told)
        _others()
    with right, card("quality", _heading(), "Flagged rows are still in unless it says that they were left out.",
                     height="stretch"):  # fmt: skip
        if state.findings is None:
            st.skeleton(height=200)
        else:
            findings_table(state.findings, state.history.currency if state.history else "", full=True)
    bringing()
    if _waiting():
        _reading()


def _waiting() -> bool:
    """Whether the history in use is still being read or checked."""
    state = workspace.preparation()
    return state.findings is None and not state.problems


@st.fragment(run_every=1.0)
def _reading() -> None:
    """Draw the page again once a history that is being read is there."""
    if not _waiting():
        st.rerun()


def _heading() -> str:
    state = workspace.preparation()
    if state.findings is None:
        return "Its quality is being checked"
    return f"{counted(len(state.findings), 'finding')} in the data" if state.findings else "Nothing odd in the data"


def _others() -> None:
    """Which history this session works on."""
    known = histories.known()
    using = workspace.preparation().source
    names = list(known)
    now = next((name for name in names if known[name] == using), None)
    with card("histories", "Histories at hand"):
        st.session_state["history-known"] = now
        st.radio("Work on", names, key="history-known", on_change=_choose, help="Kept on this machine.")
        st.markdown(":small[:gray[Drafts stay as they are; every figure is worked out anew.]]")


def _choose() -> None:
    wanted = histories.known().get(st.session_state["history-known"])
    if wanted is not None:
        histories.choose(wanted)
        workspace.use(wanted)
