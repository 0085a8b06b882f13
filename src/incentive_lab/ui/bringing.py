"""Bringing a history in: files or a place, their first rows, the mapping, the verdict, and only then its use."""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from pathlib import Path

import streamlit as st

from incentive_lab.errors import InputError, Problem
from incentive_lab.format import counted
from incentive_lab.history.mapping_writing import mapping_text
from incentive_lab.history.previewing import previews
from incentive_lab.history.suggesting import Choice, missing, suggested_all, unsure
from incentive_lab.history.tables import TABLES
from incentive_lab.ui import histories, workspace
from incentive_lab.ui.calendar_choice import ask_calendar, forget_calendar, in_months, months_table, with_months
from incentive_lab.ui.cards import card, plain, tell_problems
from incentive_lab.ui.encoding_choice import ask_encodings, encodings_said, forget_encodings, names_are_ours, saying
from incentive_lab.ui.histories import Tried
from incentive_lab.ui.mapping_table import forget_choices, table_choice
from incentive_lab.ui.preparing import Source
from incentive_lab.ui.summary import facts_of, findings_table

STAGED, TRIED, _REFUSED, _TAKEN = "staged history", "tried history", "refused files", "history taken"
_GIVEN = "mapping was given"
AS_NAMED = "None: names are as the product's"


@st.fragment(key="bringing")
def bringing() -> None:
    """Everything from the files to the button that uses them; the history in use stays until then."""
    note = (
        "CSV, Parquet or one Excel workbook: deals or activities, and best of all partners; a mapping in YAML if you have one. "
        "Nothing leaves this machine."
    )
    if st.session_state.pop(_TAKEN, False):  # not in the callback: that would undo a click on another page meanwhile
        st.rerun()
    with card("bring", "Bring a history", note):
        left, right = st.columns([3, 2], gap="medium")
        with left:
            st.file_uploader(
                "Files", type=list(histories.SUFFIXES), accept_multiple_files=True, key="history-files",
                on_change=_files_came, help="Drag several files at once. Names of tables and columns may differ.",
            )  # fmt: skip
        with right:
            st.text_input(
                "Or a folder, file or database URL that this machine reaches", key="history-place",
                placeholder="postgres://user@host/database", on_change=_place_came,
            )  # fmt: skip
            st.selectbox(
                "By this mapping", [AS_NAMED, *histories.shipped_mappings()], key="history-mapping",
                accept_new_options=True, on_change=_place_came, format_func=lambda one: one.rsplit("/", 1)[-1],
                help="A YAML file that says which table and column of theirs is what. Type its path, or choose one.",
            )  # fmt: skip
        if problems := st.session_state.get(_REFUSED):
            tell_problems(problems, "These files were not taken; the history in use is untouched")
    path = st.session_state.get(STAGED)
    beyond = _mapping(Path(path)) if path is not None else ()
    one: Tried | None = st.session_state.get(TRIED)
    if one is not None:
        _verdict(one, beyond)


def _files_came() -> None:
    given = st.session_state["history-files"]
    _forget()
    forget_calendar()
    if not given:
        return
    try:
        path = histories.staged([(one.name, one.getvalue()) for one in given])
    except InputError as error:
        st.session_state[_REFUSED] = error.problems
        return
    st.session_state[STAGED] = str(path)
    st.session_state[TRIED] = _first_try(path, histories.given_mapping(path))


def _tried(source: Source, *, uploaded: bool = False) -> Tried:
    """Open a history in the months that were chosen for it."""
    return histories.tried(in_months(source), uploaded=uploaded)


def _first_try(path: Path, given: Path | None) -> Tried:
    """By the mapping that came with the files; else as they are, else by the suggested mapping if that is complete."""
    said = encodings_said(path)
    st.session_state[_GIVEN] = given is not None
    if given is not None:
        source = Source(str(path), str(given), False)
        return _tried(saying(source, said) if said else source, uploaded=True)
    mapping = str(histories.write_mapping(path, (), said)) if said.keys() & TABLES.keys() else None
    one = _tried(Source(str(path), mapping, False), uploaded=True)
    if one.good:
        return one
    choices = suggested_all(previews(path, histories.UPLOADED, said)[0])
    if not choices or missing(choices):
        return one
    file = histories.write_mapping(path, choices, said)
    return _tried(Source(str(path), str(file), False), uploaded=True)


def _place_came() -> None:
    place = st.session_state["history-place"].strip()
    _forget()
    forget_calendar()
    forget_encodings()
    chosen = st.session_state["history-mapping"]
    if place:
        st.session_state[TRIED] = _tried(Source(place, None if chosen == AS_NAMED else chosen, False))


def _forget() -> None:
    for key in (STAGED, TRIED, _REFUSED):
        st.session_state.pop(key, None)


def _forget_all() -> None:
    _forget()
    forget_calendar()
    forget_choices()
    forget_encodings()


def _mapping(path: Path) -> tuple[Problem, ...]:
    """What the files hold, and which of it is what; what the verdict does not say of why some cannot be read."""
    one: Tried | None = st.session_state.get(TRIED)
    if st.session_state.get(_GIVEN):
        if one is not None and one.source.mapping is not None:
            with st.expander("**The mapping that came with the files**", icon=":material/account_tree:"):
                st.code(Path(one.source.mapping).read_text(encoding="utf-8"), language="yaml")
        return ()
    said = encodings_said(path)
    found, problems = previews(path, histories.UPLOADED, said)
    told = one.problems if one is not None else ()
    if beyond := tuple(problem for problem in problems if problem not in told):
        tell_problems(beyond, "Some files cannot be read")
        ask_encodings(path, beyond, _encoded)
    if not found:
        return beyond
    fits = one is not None and one.good and names_are_ours(one.source)
    box = st.expander(
        "**Which table and column is what**", expanded=not fits, icon=":material/account_tree:", key="mapping box"
    )
    with box:
        st.markdown(
            ":small[:gray[Their names fit as they are; change this only if a column is not what it says.]]"
            if fits
            else ":small[:gray[Suggested from the names and the first rows; a star marks what is needed. Then try it.]]"
        )
        first = {choice.source: choice for choice in suggested_all(found)}
        asked = (table_choice(preview, first.get(preview.table), told) for preview in found)
        choices = [choice for choice in asked if choice is not None]
        lacking = missing(choices)
        for sentence in unsure(found, choices):
            st.warning(plain(sentence), icon=":material/help:")
        if lacking:
            st.warning(f"Still needed: {', '.join(lacking)}.", icon=":material/rule:")
        if one is not None and not _months_below(one):
            ask_calendar(one.source, lambda: None)
        with st.container(horizontal=True):
            st.button("Try this mapping", key="mapping-try", type="primary", disabled=bool(lacking),
                      on_click=_try_mapping, args=(str(path), choices), icon=":material/play_arrow:")  # fmt: skip
            st.download_button(
                "Mapping so far", with_months(mapping_text(choices, said)), "mapping.yaml", "application/yaml",
                key="mapping-so-far", on_click="ignore", icon=":material/download:", disabled=not choices,
                help="Keep what you chose, change it by hand, and drop it along with the files.",
            )  # fmt: skip
    return beyond


def _try_mapping(path: str, choices: Sequence[Choice]) -> None:
    file = histories.write_mapping(Path(path), choices, encodings_said(Path(path)))
    before: Tried | None = st.session_state.get(TRIED)
    exclude = before.source.exclude if before is not None else ()
    st.session_state[TRIED] = _tried(Source(path, str(file), False, exclude), uploaded=True)


def _months_below(one: Tried) -> bool:
    """Whether the months are chosen below the mapping, where each choice opens the history anew; else while it is mapped."""
    return one.good or any("calendar" in problem.path + problem.message for problem in one.problems)


def _verdict(one: Tried, beyond: tuple[Problem, ...]) -> None:
    """What came of opening it: the problems, or what it holds, what is odd in it, and the button that uses it."""
    if _months_below(one):
        ask_calendar(one.source, _timed)
    if not one.good:
        _why_not(one, beyond)
        ask_encodings(Path(one.source.path), one.problems, _encoded, beyond)
        _exclude(one)
        return
    ask_encodings(Path(one.source.path), (), _encoded, beyond)
    assert one.told is not None
    left, right = st.columns(2, gap="small")
    with left, card("tried", "It can be used", height="stretch"):
        facts_of(one.told)
        if one.told["calendar"] is not None:
            months_table(one.told["calendar"])
        for warning in one.told["warnings"]:
            st.markdown(f":small[:gray[{plain(warning)}]]")
        st.text_input("Call it", key="history-title", placeholder="Such as: resellers, spring export", max_chars=80)
        with st.container(horizontal=True):
            st.button("Use this history", key="history-use", type="primary", icon=":material/check:", on_click=_use)
            st.button("Forget it", key="history-forget", on_click=_forget_all)
            if one.source.mapping is not None and Path(one.source.mapping).is_file():
                st.download_button(
                    "Mapping", Path(one.source.mapping).read_bytes(), "mapping.yaml", "application/yaml",
                    key="history-mapping-file", on_click="ignore", icon=":material/download:",
                    help="Bring it along with next month's files, or give it to the command line with --mapping.",
                )  # fmt: skip
    with right, card("tried-quality", counted(len(one.findings), "finding") if one.findings else "Nothing odd in it",
                     height="stretch"):  # fmt: skip
        findings_table(one.findings, one.told["currency"], full=True)
        _exclude(one)


def _why_not(one: Tried, beyond: tuple[Problem, ...]) -> None:
    """Why it is no history yet. Of files that came with names of their own that is what the form above asks, no mistake."""
    came = st.session_state.get(STAGED)
    told = (
        one.problems if came is None else tuple(why for why in one.problems if not _asked_above(why, one, Path(came)))
    )
    if told:
        tell_problems(told, "This is not a history yet; the one in use is untouched")
    elif not beyond:
        st.info(
            "This is not a history yet; the one in use is untouched. Say above what each file and column is, then "
            "*Try this mapping*.",
            icon=":material/info:",
        )


def _asked_above(why: Problem, one: Tried, folder: Path) -> bool:
    """Whether a problem is what the form asks: tables are missing, since files are called otherwise."""
    if why.path == folder.name:
        return True
    others = {file.name for file in folder.iterdir() if file.stem.lower() not in TABLES}
    called = others & {problem.path for problem in one.problems}
    return names_are_ours(one.source) and bool(called) and (why.path in called or why.path in TABLES)


def _exclude(one: Tried) -> None:
    """Rows with some findings can be left out before it is used; so can those that alone keep it from being used."""
    from incentive_lab.history.quality_rules import DUPLICATES, ORPHANS, excludable, how_left_out

    found = {finding.kind for finding in one.findings}
    refused = {kind for kind in (DUPLICATES, ORPHANS) if any(how_left_out(kind) in why.fix for why in one.problems)}
    kinds = [kind for kind in excludable() if kind in found | refused]
    if kinds or one.source.exclude:
        st.multiselect(
            "Leave out the rows of", sorted({*kinds, *one.source.exclude}), default=list(one.source.exclude),
            key="history-exclude", format_func=lambda kind: kind.replace("_", " "), on_change=_excluded,
        )  # fmt: skip


def _excluded() -> None:
    one: Tried = st.session_state[TRIED]
    wanted = dataclasses.replace(one.source, exclude=tuple(st.session_state["history-exclude"]))
    st.session_state[TRIED] = _tried(wanted, uploaded=STAGED in st.session_state)


def _encoded() -> None:
    """Files are read as it was said of them; what came as files begins anew, since their words are others now."""
    one: Tried = st.session_state[TRIED]
    path = Path(one.source.path)
    if STAGED in st.session_state:
        given = histories.given_mapping(path) if st.session_state[_GIVEN] else None
        st.session_state[TRIED] = _first_try(path, given)
    else:
        st.session_state[TRIED] = _tried(saying(one.source, encodings_said(path)))


def _timed() -> None:
    """Rows lie in other months now."""
    one: Tried = st.session_state[TRIED]
    st.session_state[TRIED] = _tried(one.source, uploaded=STAGED in st.session_state)


def _use() -> None:
    one: Tried = st.session_state[TRIED]
    try:
        workspace.use(histories.keep(one, st.session_state.get("history-title", "").strip()))
    except OSError as error:
        st.session_state[_REFUSED] = (
            Problem("history", f"it cannot be kept: {error.strerror}.", "Bring the files again."),
        )
    _forget_all()
    st.session_state[_TAKEN] = True
