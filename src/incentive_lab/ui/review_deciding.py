"""Signing, rejecting, asking for a change, and remarks; each recorded with who did it and why."""

from __future__ import annotations

import shutil
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from textwrap import shorten
from typing import Any

import streamlit as st

from incentive_lab.errors import InputError, Problem
from incentive_lab.registry.people import Actor
from incentive_lab.registry.service import Registry
from incentive_lab.report.case import unvouched
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import plain, tell_problems
from incentive_lab.ui.review_case import more
from incentive_lab.ui.signing_in import somebody_may_act, who_acts

DONE, PACK = "review done", "review pack"
LAST, REMARK = 2, 70
"""Signatures and remarks that are shown, and characters of each, before the rest is a click away."""
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
    said = _said(row)
    shown = said[-LAST:]
    rest = f"All {len(said)}" if len(said) > LAST or any(len(one.text) > REMARK for one in said) else ""
    with more("review-deciding", "Decision", rest, lambda: _all(said)):
        for one in shown:
            st.markdown(one.line(REMARK))
        if row["missing_signatures"]:
            st.markdown(f"Still to sign: **{' and '.join(row['missing_signatures'])}**")
        if st.session_state.get(DONE):
            st.success(plain(st.session_state.pop(DONE)))
            st.session_state["review-reason"] = ""
        if not somebody_may_act(registry, "Decide on the command line, or on a server that answers to 127.0.0.1 only."):
            return
        with st.form(f"review-form-{row['id']}-{row['case']}", border=False):
            left, right = st.columns(2, gap="small") if row["missing_signatures"] else (st.container(), None)
            with left:
                actor = who_acts("review-name")
            role = None
            if right is not None:
                role = right.segmented_control("Sign as", row["missing_signatures"], key="review-role")  # fmt: skip
            reason = st.text_area("Reason or remark", key="review-reason", max_chars=2000, height=68)
            with st.container(horizontal=True):
                pressed = {action: st.form_submit_button(label, type="primary" if action == "approve" else "secondary")
                           for action, label in _offered(row["state"]).items()}  # fmt: skip
        chosen = next((action for action, was in pressed.items() if was), None)
        if chosen is not None:
            _decide(registry, row, chosen, actor, reason, role)
        name, body, what = st.session_state.get(PACK, ("", b"", ""))
        if name == row["id"]:
            st.download_button(f"Download the {what}", body, f"{name} {what}.zip".replace(" ", "-"),
                               "application/zip", key="review-pack",
                               on_click="ignore", icon=":material/download:", type="primary")  # fmt: skip


@dataclass(frozen=True)
class Said:
    """A signature, another decision or a remark: when, what, who, and what they wrote."""

    at: str
    what: str
    who: str
    text: str

    def line(self, most: int = 0) -> str:
        """As Markdown, cut to so many characters of what they wrote."""
        text = plain(shorten(self.text, most) if most else self.text)
        return f"{self.what} **{plain(self.who)}**, {self.at[:10]}: {text}"


def _all(said: list[Said]) -> None:
    st.markdown("\n".join(f"- {one.line()}" for one in said))


def _said(row: Mapping[str, Any]) -> list[Said]:
    """Everything that was decided and said about a revision, in order."""
    found = [
        Said(one["at"], f":material/check: Signed as {one['role']}"
             + ("" if one["round"] == row["round"] else ", in an earlier round,") + " by",
             one["who"] + unvouched(one), one["reason"])
        for one in row["signatures"]
    ]  # fmt: skip
    found += [Said(one["at"], f"{MOVED[one['action']]} by", one["who"] + unvouched(one), one["reason"])
              for one in row["log"] if one["action"] in MOVED]  # fmt: skip
    found += [Said(one["at"], ":material/chat:", one["who"] + unvouched(one), one["text"]) for one in row["comments"]]
    return sorted(found, key=lambda one: one.at)


def _offered(state: str) -> dict[str, str]:
    """Actions that this state has, with their buttons."""
    offered = {
        "submitted": {"approve": "Approve", "return": "Ask for change", "reject": "Reject"},
        "approved": {"activate": "Activate", "retire": "Retire"},
        "active": {"review": "Record a review", "retire": "Retire"},
    }
    systems = {"systems": "Files for systems"} if state in ("approved", "active", "retired") else {}
    return {**offered.get(state, {}), "comment": "Comment", "pack": "Make the decision pack", **systems}


def _packed(registry: Registry, actor: Actor, revision: str) -> dict[str, Any]:
    """Make the pack and keep it for the download; its sha256 and who asked for it are in the log."""
    from incentive_lab.report.exporting import export_pack

    with st.spinner("Writing the memo, the workbook and the rest"), tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / f"{revision}.zip"
        done = export_pack(registry, actor, revision, out)
        st.session_state[PACK] = (revision, out.read_bytes(), "decision pack")
    return done


def _for_systems(registry: Registry, actor: Actor, revision: str) -> dict[str, Any]:
    """Make the files for other systems on the history in use, as one zip, and keep them for the download."""
    from incentive_lab.report.exporting import export_for_systems

    with st.spinner("Writing payouts and statements"), tempfile.TemporaryDirectory() as folder:
        done = export_for_systems(registry, actor, revision, Path(folder) / "files", workspace.history(),
                                  alone=workspace.preparation().lock)  # fmt: skip
        packed = shutil.make_archive(str(Path(folder) / "files"), "zip", Path(folder) / "files")
        st.session_state[PACK] = (revision, Path(packed).read_bytes(), "files for systems")
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
        "retire": lambda: registry.retire(actor, revision, reason, seen=seen),
        "comment": lambda: registry.comment(actor, revision, reason),
        "pack": lambda: _packed(registry, actor, revision),
        "systems": lambda: _for_systems(registry, actor, revision),
    }
    try:
        if not actor.name:
            raise InputError([Problem("Your name", "is needed: the log says who decided.")])
        done = actions[action]()
    except InputError as error:
        tell_problems(error.problems, "Nothing was decided")
        return
    except OSError as error:
        tell_problems((Problem("disk", f"{error.strerror or 'it failed'}; nothing was written.",
                               "Free some space and try again."),), "Nothing was decided")  # fmt: skip
        return
    vouched = "" if actor.authenticated else " (typed name)"
    if action in ("pack", "systems"):
        st.session_state[DONE] = f"It is ready below and in the log. Keep the log's head: {done['head']}"
    else:
        st.session_state.pop(PACK, None)  # it tells of the state before
        st.session_state[DONE] = f"Recorded: {action} by {actor.name}{vouched}; it is {done['state']}."
    st.rerun()
