"""Signing, rejecting, asking for a change, and remarks; each recorded with who did it and why."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import streamlit as st

from incentive_lab.errors import InputError, Problem
from incentive_lab.registry.people import Actor
from incentive_lab.registry.service import Registry
from incentive_lab.report.case import unvouched
from incentive_lab.ui.cards import card, plain, tell_problems
from incentive_lab.ui.signing_in import signed_in, typed_names_allowed, who_is_here

DONE, PACK = "review done", "review pack"
MOVED = {
    "return": "Change asked for",
    "reject": "Rejected",
    "activate": "Activated",
    "review": "Reviewed",
    "retire": "Retired",
}
"""Decisions other than signatures, as they are shown with their reasons."""


def deciding(registry: Registry, row: Mapping[str, Any]) -> None:
    """The signatures there are, and the form for the next decision."""
    with card("review-deciding", "Decision", _standing(row)):
        for one in row["signatures"]:
            old = "" if one["round"] == row["round"] else ", in an earlier round"
            st.markdown(f":material/check: **{plain(one['who'])}** as {one['role']}{unvouched(one)}, "
                        f"{one['at'][:10]}{old}: {plain(one['reason'])}")  # fmt: skip
        for one in row["log"]:
            if one["action"] in MOVED:
                st.markdown(f"{MOVED[one['action']]} by **{plain(one['who'])}**{unvouched(one)}, {one['at'][:10]}: "
                            f"{plain(one['reason'])}")  # fmt: skip
        if row["missing_signatures"]:
            st.markdown(f"Still to sign: **{' and '.join(row['missing_signatures'])}**")
        if st.session_state.get(DONE):
            st.success(plain(st.session_state.pop(DONE)))
            st.session_state["review-reason"] = ""
        here = signed_in()
        if here is not None:
            who_is_here(here, registry.roles(here))
        elif not typed_names_allowed():
            st.info("This server can be reached from other machines, so typed names decide nothing here. Decide on the "
                    "command line, or on a server that answers to 127.0.0.1 only.")  # fmt: skip
            return
        with st.form(f"review-form-{row['id']}-{row['case']}", border=False):
            left, right = st.columns(2, gap="small") if row["missing_signatures"] else (st.container(), None)
            with left:
                actor = here or _typed()
            role = None
            if right is not None:
                role = right.segmented_control("Sign as", row["missing_signatures"], key="review-role")  # fmt: skip
            reason = st.text_area("Reason or remark", key="review-reason", max_chars=2000, height=80)
            with st.container(horizontal=True):
                pressed = {action: st.form_submit_button(label, type="primary" if action == "approve" else "secondary")
                           for action, label in _offered(row["state"]).items()}  # fmt: skip
        chosen = next((action for action, was in pressed.items() if was), None)
        if chosen is not None:
            _decide(registry, row, chosen, actor, reason, role)
        name, body = st.session_state.get(PACK, ("", b""))
        if name == row["id"]:
            st.download_button("Download the decision pack", body, f"{name}.zip", "application/zip", key="review-pack",
                               on_click="ignore", icon=":material/download:", type="primary")  # fmt: skip


def _standing(row: Mapping[str, Any]) -> str:
    """Where the revision stands."""
    return f"submitted; needs {' and '.join(row['needs'])}" if row["state"] == "submitted" else str(row["state"])


def _typed() -> Actor:
    """Somebody by the name they type."""
    name = st.text_input(
        "Your name", key="review-name", max_chars=100, help="Recorded as typed: nobody vouches for it."
    )
    return Actor(name.strip())


def _offered(state: str) -> dict[str, str]:
    """Actions that this state has, with their buttons."""
    offered = {
        "submitted": {"approve": "Approve", "return": "Ask for change", "reject": "Reject"},
        "approved": {"activate": "Activate"},
        "active": {"review": "Record a review"},
    }
    return {**offered.get(state, {}), "comment": "Comment", "pack": "Make the decision pack"}


def _packed(registry: Registry, actor: Actor, revision: str) -> dict[str, Any]:
    """Make the pack and keep it for the download; its sha256 and who asked for it are in the log."""
    from incentive_lab.report.exporting import export_pack

    with st.spinner("Writing the memo, the workbook and the rest"), tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / f"{revision}.zip"
        done = export_pack(registry, actor, revision, out)
        st.session_state[PACK] = (revision, out.read_bytes())
    return done


def _decide(
    registry: Registry, row: Mapping[str, Any], action: str, actor: Actor, reason: str, role: str | None
) -> None:
    """Do it, for the case that was on the screen, or say why not."""
    revision, seen = str(row["id"]), str(row["case"])
    actions: dict[str, Callable[[], dict[str, Any]]] = {
        "approve": lambda: registry.approve(actor, revision, reason, role=role, seen=seen),
        "return": lambda: registry.give_back(actor, revision, reason, seen=seen),
        "reject": lambda: registry.reject(actor, revision, reason, seen=seen),
        "activate": lambda: registry.activate(actor, revision, reason, seen=seen),
        "review": lambda: registry.review(actor, revision, reason),
        "comment": lambda: registry.comment(actor, revision, reason),
        "pack": lambda: _packed(registry, actor, revision),
    }
    try:
        if not actor.name:
            raise InputError([Problem("Your name", "is needed: the log says who decided.")])
        done = actions[action]()
    except InputError as error:
        tell_problems(error.problems, "Nothing was decided")
        return
    vouched = "" if actor.authenticated else " (typed name)"
    if action == "pack":
        st.session_state[DONE] = f"The pack is ready below and in the log. Keep the log's head: {done['head']}"
    else:
        st.session_state.pop(PACK, None)  # it tells of the state before
        st.session_state[DONE] = f"Recorded: {action} by {actor.name}{vouched}; it is {done['state']}."
    st.rerun()
