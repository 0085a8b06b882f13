"""Where a draft comes from and goes to: shipped schemes, presets, files, links."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager

import streamlit as st

from incentive_lab.errors import InputError
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.dump import dumps
from incentive_lab.scheme.load import loads
from incentive_lab.ui import shelf, workspace
from incentive_lab.ui.cards import plain, tell_problems
from incentive_lab.ui.drafts import Draft

LOAD_PROBLEMS, _PRESET_PROBLEMS, _LINK = "load problems", "preset problems", "link made"
Begin = Callable[[Scheme], None]


@contextmanager
def telling() -> Iterator[None]:
    """What is wrong with a scheme that is to be loaded is kept, to be told where it was asked for."""
    try:
        yield
    except InputError as error:
        st.session_state[LOAD_PROBLEMS] = error.problems


def filing(draft: Draft, begin: Begin) -> None:
    """Three buttons: load, save, share.

    Args:
        draft: The draft that is saved.
        begin: Begins a draft with a scheme.
    """
    box = st.popover("Load", icon=":material/folder_open:", on_change="rerun", key="load box")
    if box.open:
        with box:
            _load(begin)
    box = st.popover("Save", icon=":material/save:", on_change="rerun", key="save box")
    if box.open:
        with box:
            _save(draft)
    box = st.popover("Share", icon=":material/link:", on_change="rerun", key="share box")
    if box.open:
        with box:
            _share(draft)


def _load(begin: Begin) -> None:
    """Begin with a shipped scheme, a preset or a file of your own; undo brings the old draft back."""
    known, own = workspace.known_schemes(), workspace.presets()
    st.selectbox(
        "Begin with a shipped scheme or a preset", list(known), index=None, key="load-known",
        placeholder="Choose a scheme", on_change=_load_known, args=(begin,),
        format_func=lambda name: (known[name].title or name) + (" (preset)" if name in own else ""),
    )  # fmt: skip
    st.file_uploader(
        "Or with a file of your own", type=["yaml", "yml", "json"], key="load-file", on_change=_load_file,
        args=(begin,), help="A scheme as YAML or JSON", max_upload_size=1,
    )  # fmt: skip
    if problems := st.session_state.get(LOAD_PROBLEMS):
        tell_problems(problems, "The scheme was not loaded")
    st.markdown(":small[:gray[The draft is replaced; Undo brings it back.]]")


def _load_known(begin: Begin) -> None:
    name = st.session_state["load-known"]
    if name is None:
        return
    st.session_state["load-known"] = None
    with telling():
        begin(workspace.known_scheme(name))


def _load_file(begin: Begin) -> None:
    given = st.session_state["load-file"]
    if given is None:
        st.session_state[LOAD_PROBLEMS] = ()
        return
    with telling():
        begin(loads(given.getvalue(), name=given.name))


def _save(draft: Draft) -> None:
    """As a file, or as a preset on this machine."""
    st.download_button(
        "Download as YAML", lambda: dumps(draft.scheme), f"{draft.scheme.id}.yaml", "application/yaml",
        on_click="ignore", icon=":material/download:", key="download", width="stretch",
    )  # fmt: skip
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.text_input("Keep as a preset", key="preset-name", placeholder="Such as: cheaper gold", max_chars=80)
        st.button("Keep", key="preset-keep", icon=":material/bookmark_add:", on_click=_keep)
    if problems := st.session_state.get(_PRESET_PROBLEMS):
        tell_problems(problems, "The preset was not kept")
    for name, preset in workspace.presets().items():
        with st.container(horizontal=True, vertical_alignment="center"):
            st.markdown(f":material/bookmark: {plain(preset.title or name)}", width="stretch")
            st.button("Forget", key=f"forget {name}", type="tertiary", on_click=shelf.remove_preset, args=(name,))


def _keep() -> None:
    try:
        shelf.save_preset(st.session_state["preset-name"], workspace.draft().scheme, workspace.shipped())
    except InputError as error:
        st.session_state[_PRESET_PROBLEMS] = error.problems
        return
    st.session_state[_PRESET_PROBLEMS] = ()
    st.session_state["preset-name"] = ""


def _share(draft: Draft) -> None:
    """A link that opens exactly this draft, whatever happens to it later."""
    st.button("Make a link", key="share-make", icon=":material/add_link:", on_click=_make_link)
    made = st.session_state.get(_LINK)
    if made is None:
        st.markdown(":small[:gray[The link opens this draft as it is now, for everybody who reaches this dashboard.]]")
        return
    st.code(f"{_address()}/tune?{workspace.LINK}={made[1]}", language=None, wrap_lines=True)
    if made[0] != workspace.fingerprint(draft.scheme):
        st.markdown(":small[:gray[The draft has moved on; the link still opens the one it was made for.]]")


def _make_link() -> None:
    draft = workspace.draft()
    st.session_state[_LINK] = (workspace.fingerprint(draft.scheme), shelf.share(draft))


def _address() -> str:
    """The dashboard's own address, without page and query."""
    url = st.context.url or ""
    return "/".join(url.split("?")[0].split("/")[:3])
