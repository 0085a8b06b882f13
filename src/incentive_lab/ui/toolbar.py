"""Above the figures: what the draft is, the way back, load and download, and what has been changed."""

from __future__ import annotations

import streamlit as st

from incentive_lab.errors import InputError
from incentive_lab.format import counted
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.dump import dumps
from incentive_lab.scheme.load import loads
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import plain, tell_problems
from incentive_lab.ui.dials import set_draft
from incentive_lab.ui.drafts import Draft

BADGES = 8
"""Changes that are shown as badges before the rest is counted."""
LOAD_PROBLEMS = "load problems"


def toolbar(draft: Draft, title: str) -> None:
    """The page's title, the draft's name and the buttons that concern all of it."""
    left, right = st.columns([2, 3], vertical_alignment="center", gap="small")
    with left:
        st.title(title, anchor=False)
    with right, st.container(horizontal=True, horizontal_alignment="right", gap="xsmall"):
        st.button(
            "Undo",
            icon=":material/undo:",
            key="undo",
            disabled=not (draft.past or draft.refused),
            on_click=lambda: set_draft(workspace.draft().undone()),
            help="One step back",
        )
        st.button(
            "Reset all",
            icon=":material/restart_alt:",
            key="reset-all",
            disabled=not (draft.changes or draft.refused),
            on_click=lambda: set_draft(workspace.draft().reset()),
            help="Every number as the draft began",
        )
        with st.popover("Load", icon=":material/folder_open:"):
            _load()
        st.download_button(
            "Download",
            lambda: dumps(draft.scheme),
            f"{draft.scheme.id}.yaml",
            "application/yaml",
            on_click="ignore",
            icon=":material/download:",
            key="download",
            help="The draft as YAML",
        )
    st.markdown(
        f"**{plain(draft.scheme.title or draft.scheme.id)}** :gray[{workspace.fingerprint(draft.scheme)[:11]}, compared with] "
        f"**{plain(draft.baseline.title or draft.baseline.id)}** :gray[{workspace.fingerprint(draft.baseline)[:11]}]"
    )


def badges(draft: Draft) -> None:
    """What differs from the document the draft began with, as sentences."""
    changes = draft.changes
    if not changes:
        st.markdown(f":gray[Nothing is changed since {plain(draft.start.id)}. Move a dial on the left.]")
        return
    shown = " ".join(f":blue-badge[{plain(change.sentence)}]" for change in changes[:BADGES])
    more = f" :gray-badge[and {counted(len(changes) - BADGES, 'more change')}]" if len(changes) > BADGES else ""
    st.markdown(f"Changed since {plain(draft.start.id)}: {shown}{more}")


def _load() -> None:
    """Begin with a shipped scheme or with a file of your own; undo brings the old draft back."""
    known = workspace.shipped()
    st.selectbox(
        "Begin with a shipped scheme",
        list(known),
        index=None,
        key="load-shipped",
        placeholder="Choose a scheme",
        format_func=lambda name: known[name].title or name,
        on_change=_load_shipped,
    )
    st.file_uploader(
        "Or with a file of your own",
        type=["yaml", "yml", "json"],
        key="load-file",
        on_change=_load_file,
        help="A scheme as YAML or JSON",
    )
    if problems := st.session_state.get(LOAD_PROBLEMS):
        tell_problems(problems, "The file was not loaded")
    st.markdown(":gray[The draft is replaced; Undo brings it back.]")


def _load_shipped() -> None:
    name = st.session_state["load-shipped"]
    if name is not None:
        begin_with(workspace.shipped()[name])


def _load_file() -> None:
    given = st.session_state["load-file"]
    if given is None:
        st.session_state[LOAD_PROBLEMS] = ()
        return
    try:
        scheme = loads(given.getvalue(), name=given.name)
    except InputError as error:
        st.session_state[LOAD_PROBLEMS] = error.problems
        return
    begin_with(scheme)


def begin_with(scheme: Scheme, baseline: Scheme | None = None) -> None:
    """Replace the draft by one that begins with this scheme; what is wrong with it is kept to be told."""
    try:
        anew = workspace.draft().begun_anew(scheme, baseline or workspace.baseline_of(scheme))
    except InputError as error:
        st.session_state[LOAD_PROBLEMS] = error.problems
        return
    st.session_state[LOAD_PROBLEMS] = ()
    set_draft(anew)
