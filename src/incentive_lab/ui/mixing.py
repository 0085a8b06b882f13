"""The mix dial's other half: what is paid beside what is planned, and the factors that hold the cost."""

from __future__ import annotations

import streamlit as st

from incentive_lab.charts.parts import mix_title
from incentive_lab.errors import InputError
from incentive_lab.format import percent
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import plain
from incentive_lab.ui.drafts import Draft

_SOLVED = "mix solved"


def mix_block(draft: Draft) -> None:
    """Planned and paid mix under the dial; with hold: cost, the button that solves the two factors."""
    if draft.scheme.mix is None:
        return
    try:
        paid = workspace.compare(draft.scheme, draft.baseline).mix
    except InputError:
        return
    st.markdown(f"**{plain(mix_title(paid))}**")
    solved = st.session_state.get(_SOLVED)
    if solved and solved[0] == workspace.fingerprint(draft.scheme):
        (st.success if solved[1] else st.warning)(plain(solved[2]))
        return
    planned = float(draft.scheme.mix.behavioural)
    held = "and keeps the cost" if draft.scheme.mix.hold == "cost" else "whatever it costs"
    st.markdown(f":gray[The dial is the plan. Solving scales the two groups' rates so that it is paid, {held}.]")
    if st.button(
        f"Solve the rates for {percent(planned)}", key="solve-mix", icon=":material/balance:", width="stretch"
    ):
        _solve(draft, planned)


def _solve(draft: Draft, planned: float) -> None:
    """Solve on the history in use, keep the factors in the draft, and say what came out."""
    from incentive_lab.engine.mix_dial import solve

    with st.spinner("Replaying the history until the mix is met", show_time=True):
        found = solve(draft.scheme, workspace.panel(draft.scheme, draft.baseline), planned)
    workspace.keep(draft.rewritten(found.scheme))
    st.session_state[_SOLVED] = (workspace.fingerprint(found.scheme), found.reached, found.message)
    st.rerun()
