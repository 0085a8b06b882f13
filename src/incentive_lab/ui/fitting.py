"""Where draft or baseline are in another currency than the history, or in other quarters: said once, with what can be done."""

from __future__ import annotations

import calendar
from collections.abc import Callable

import streamlit as st

from incentive_lab.history.for_schemes import fits, misfits
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import plain, tell_problems
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.filing import LOAD_PROBLEMS, telling
from incentive_lab.ui.toolbar import begin_with

_PICK = "fitting-pick"


def fits_history(draft: Draft, above: Callable[[], object] | None = None) -> bool:
    """Whether draft and baseline are in the currency and the quarters of the history in use; if not, the way out is drawn.

    Args:
        draft: The draft.
        above: Draws what stands above the way out, where a page has nothing there by itself.
    """
    held = workspace.history()
    found = {"draft": misfits(held, draft.scheme), "baseline": misfits(held, draft.baseline)}
    if found["draft"] == found["baseline"] == (False, 0):
        return True
    if above is not None:
        above()
    foreign = [name for name, (apart, _) in found.items() if apart]
    shifted = [name for name, (_, starts) in found.items() if starts]
    starts = max(start for _, start in found.values())
    said, month = [], calendar.month_name[starts]
    if foreign:
        codes = {"draft": draft.scheme.currency, "baseline": draft.baseline.currency}
        their = " and ".join(dict.fromkeys(codes[name] for name in foreign))
        said.append(f"The {_and(foreign)} {_pays(foreign)} in {their}, and this history is in {held.currency}.")
    if shifted:
        one = draft.scheme if "draft" in shifted else draft.baseline
        said.append(f"The programme year of the {_and(shifted)} starts in {calendar.month_name[one.year_starts]}, within a "
                    f"quarter of this history, whose years of weeks start in {month}.")  # fmt: skip
    st.warning(plain(" ".join(said)), title="Draft and history do not go together yet", icon=":material/link_off:")
    others = {name: one for name, one in workspace.known_schemes().items() if fits(held, one)}
    with st.container(horizontal=True, vertical_alignment="bottom" if others else "center", key="fitting"):
        way = f"Pay in {held.currency}, years from {month}" if foreign else f"Start the year in {month}"
        way = way if shifted else f"Pay the same numbers in {held.currency}"
        st.button(way, key="fitting-fit", type="primary", icon=":material/sync_alt:", on_click=_fit)
        if others:
            st.selectbox("Or begin with a scheme that fits", list(others), key=_PICK, index=None, on_change=_picked, width=320,
                         format_func=lambda name: others[name].title or name, placeholder="Choose a scheme")  # fmt: skip
        st.page_link("pages/data.py", label="Another history", icon=":material/database:")
    told = (
        [f"No amount is converted: 50,000 {draft.scheme.currency} becomes 50,000 {held.currency}."] if foreign else []
    )
    told.append("The files of the schemes stay as they are; Undo on Tune brings the draft back.")
    st.markdown(f":small[:gray[{plain(' '.join(told))}]]")
    if problems := st.session_state.get(LOAD_PROBLEMS):
        tell_problems(problems, "That is not possible")
    return False


def _and(names: list[str]) -> str:
    return " and the ".join(names)


def _pays(names: list[str]) -> str:
    return "pay" if len(names) > 1 else "pays"


def _fit() -> None:
    draft = workspace.draft()
    with telling():
        begin_with(workspace.fitted(draft.scheme), workspace.fitted(draft.baseline))


def _picked() -> None:
    name = st.session_state[_PICK]
    if name is None:
        return
    with telling():
        scheme = workspace.known_scheme(name)
        baseline = workspace.baseline_of(scheme)
        begin_with(scheme, baseline if fits(workspace.history(), baseline) else scheme)
