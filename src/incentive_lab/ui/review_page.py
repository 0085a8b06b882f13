"""The page Review: one revision with its evidence on one screen, and the decision on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from incentive_lab.errors import InputError
from incentive_lab.registry.service import Registry
from incentive_lab.report.case import Case
from incentive_lab.ui.cards import plain, tell_problems
from incentive_lab.ui.review_after import after_approval
from incentive_lab.ui.review_case import (
    case_figures,
    case_head,
    open_warnings,
    what_changes,
    what_is_forecast,
    what_the_pilot_says,
    who_gains,
)
from incentive_lab.ui.review_deciding import DONE, deciding
from incentive_lab.ui.review_office import OFFICE, office
from incentive_lab.ui.review_proposing import ASKED, OPEN, PROPOSED, REVISION, may_propose, proposing
from incentive_lab.ui.signing_in import may_be

CASE = "The case"
ORDER = ("submitted", "active", "approved", "draft", "rejected", "retired")


def review_page() -> None:
    """The choice of a revision, its case, and what can be decided about it."""
    try:
        registry = Registry()
    except InputError as error:
        tell_problems(error.problems, "The registry cannot be opened")
        return
    try:
        _reviewed(registry)
    except InputError as error:
        tell_problems(error.problems, "This revision cannot be shown")
    finally:
        registry.store.close()


def _reviewed(registry: Registry) -> None:
    known = {row["id"]: row for row in sorted(registry.revisions(), key=_order)}
    proposed = st.session_state.pop(PROPOSED, None)
    if proposed in known:
        st.session_state[REVISION] = proposed
        st.session_state[DONE] = f"{proposed} is proposed; somebody else decides on it."
    if OFFICE in st.session_state:
        office(registry)
        return
    if not known or OPEN in st.session_state:
        with st.container(horizontal=True, vertical_alignment="center"):
            with st.container(width="stretch"):
                st.title("Review", anchor=False)
            _office_button(registry)
        if not known and ASKED not in st.session_state:
            st.markdown("Nothing is proposed yet. Propose the draft that you tuned: others then see what changes, what it "
                        "costs and on what evidence, and sign, reject or ask for a change.")  # fmt: skip
        proposing(registry)
        return
    if REVISION in st.session_state:
        # Set anew on each run: the browser would go on showing the state that the revision had when it was chosen.
        st.session_state[REVISION] = st.session_state[REVISION]
    with st.container(horizontal=True, vertical_alignment="center", key="review-top"):
        title = st.container(width="stretch")
        name = st.selectbox("Revision", list(known), key=REVISION, label_visibility="collapsed", width=300,
                            format_func=lambda one: f"{one} ({known[one]['state']})")  # fmt: skip
        view = st.container(width="content")
        if may_propose(registry):
            st.button("Propose", key="review-open", icon=":material/send:", on_click=_open,
                      help="Propose the draft that you tuned.")  # fmt: skip
        _office_button(registry)
    row, documents, _ = registry.whole(name)
    case = Case.of(row, documents)
    with title:
        st.title(plain(case.title), anchor=False)
    after = after_approval(registry, case, documents)
    if after is not None:
        label, draw = after
        with view:
            chosen = st.segmented_control("Show", (CASE, label), default=CASE, key=f"review-view {label}",
                                          label_visibility="collapsed", required=True)  # fmt: skip
        if chosen == label:
            case_head(case)
            draw()
            return
    _case(case, registry, row)


def _case(case: Case, registry: Registry, row: dict[str, Any]) -> None:
    """The case and the decision beside each other."""
    case_head(case)
    with st.container(key="review-screen"):
        case_figures(case)
        left, middle, right = st.columns([5, 4, 4], gap="small")
    with left:
        what_changes(case)
        who_gains(case)
    with middle:
        what_is_forecast(case)
        what_the_pilot_says(case)
        open_warnings(case)
    with right:
        deciding(registry, row)


def _order(row: Mapping[str, Any]) -> int:
    return ORDER.index(row["state"]) if row["state"] in ORDER else len(ORDER)


def _office_button(registry: Registry) -> None:
    if may_be(registry, "admin"):
        st.button("People", key="review-office", icon=":material/manage_accounts:", on_click=_to_office,
                  help="People and settings of the registry.")  # fmt: skip


def _to_office() -> None:
    st.session_state[OFFICE] = True


def _open() -> None:
    st.session_state[OPEN] = True
