"""Where draft or baseline are in another currency than the history, or in other quarters: said once, with what can be done."""

from __future__ import annotations

import calendar
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import streamlit as st

from incentive_lab.history.for_schemes import fits, misfits
from incentive_lab.pilot.document import Pilot
from incentive_lab.scheme.document import Scheme
from incentive_lab.ui import pilot_plans, workspace
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
    schemes = {"draft": draft.scheme, "baseline": draft.baseline}
    said, way = _told({name: schemes[name] for name, apart in found.items() if apart != (False, 0)})
    st.warning(plain(said), title="Draft and history do not go together yet", icon=":material/link_off:")
    others = {name: one for name, one in workspace.known_schemes().items() if fits(held, one)}
    with st.container(horizontal=True, vertical_alignment="bottom" if others else "center", key="fitting"):
        st.button(way, key="fitting-fit", type="primary", icon=":material/sync_alt:", on_click=_fit)
        if others:
            st.selectbox("Or begin with a scheme that fits", list(others), key=_PICK, index=None, on_change=_picked, width=320,
                         format_func=lambda name: others[name].title or name, placeholder="Choose a scheme")  # fmt: skip
        st.page_link("pages/data.py", label="Another history", icon=":material/database:")
    _as_it_is(schemes.values(), "Undo on Tune brings the draft back.")
    if problems := st.session_state.get(LOAD_PROBLEMS):
        tell_problems(problems, "That is not possible")
    return False


def plan_fits(pilot: Pilot) -> bool:
    """Whether the schemes of a pilot are in the currency and the quarters of the history in use; if not, the way out is drawn.

    Raises:
        InputError: A scheme of the pilot cannot be found.
    """
    apart = () if st.session_state.get(pilot_plans.FITTED) else pilot_plans.misfit_schemes(pilot, _lies(pilot))
    if not apart:
        return True
    said, way = _told({f"scheme {one.title or one.id}": one for one in apart})
    st.warning(plain(said), title="Pilot and history do not go together yet", icon=":material/link_off:")
    with st.container(horizontal=True, vertical_alignment="center", key="fitting"):
        st.button(way, key="fitting-fit", type="primary", icon=":material/sync_alt:", on_click=_fit)
        st.page_link("pages/data.py", label="Another history", icon=":material/database:")
    _as_it_is(apart, "so does the plan, whose ceiling and costs are the same numbers.")
    return False


def _lies(pilot: Pilot) -> Path | None:
    held = pilot_plans.offered().get(pilot.id)
    return None if held is None else held[1]


def _told(apart: Mapping[str, Scheme]) -> tuple[str, str]:
    """What is wrong with schemes, by what they are called, and the words of the button that mends it."""
    held = workspace.history()
    found = {name: misfits(held, one) for name, one in apart.items()}
    foreign = [name for name, (code, _) in found.items() if code]
    shifted = [name for name, (_, starts) in found.items() if starts]
    said, month = [], calendar.month_name[max(starts for _, starts in found.values())]
    if foreign:
        their = " and ".join(dict.fromkeys(apart[name].currency for name in foreign))
        pays = "pay" if len(foreign) > 1 else "pays"
        said.append(f"The {_and(foreign)} {pays} in {their}, and this history is in {held.currency}.")
    if shifted:
        one = apart[shifted[0]]
        said.append(f"The programme year of the {_and(shifted)} starts in {calendar.month_name[one.year_starts]}, within a "
                    f"quarter of this history, whose years of weeks start in {month}.")  # fmt: skip
    way = f"Pay in {held.currency}, years from {month}" if foreign else f"Start the year in {month}"
    return " ".join(said), way if shifted else f"Pay the same numbers in {held.currency}"


def _as_it_is(schemes: Iterable[Scheme], rest: str) -> None:
    """What the button leaves as it is."""
    code = workspace.history().currency
    theirs = next((one.currency for one in schemes if one.currency != code), None)
    told = f"No amount is converted: 50,000 {theirs} becomes 50,000 {code}. " if theirs else ""
    st.markdown(f":small[:gray[{plain(f'{told}The files of the schemes stay as they are; {rest}')}]]")


def _and(names: list[str]) -> str:
    return " and the ".join(names)


def _fit() -> None:
    st.session_state[pilot_plans.FITTED] = True
    draft, held = workspace.draft(), workspace.history()
    if fits(held, draft.scheme) and fits(held, draft.baseline):
        return
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
