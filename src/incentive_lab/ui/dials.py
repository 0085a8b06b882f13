"""The dials: every declared number of the draft as a slider with a typed entry beside it."""

from __future__ import annotations

from collections import Counter
from contextlib import suppress

import streamlit as st
from streamlit.errors import StreamlitAPIException

from incentive_lab.errors import InputError
from incentive_lab.format import quantity
from incentive_lab.report.measure_words import measure_sentence
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.measures import CATALOGUE
from incentive_lab.scheme.paths import Address
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import label, plain
from incentive_lab.ui.drafts import Draft, started
from incentive_lab.ui.live import browser_name
from incentive_lab.ui.mixing import PATH as MIX
from incentive_lab.ui.mixing import mix_block, solved_as_moved
from incentive_lab.ui.overrides import GROUP as OVERRIDES
from incentive_lab.ui.overrides import overrides
from incentive_lab.ui.scales import GROUPS, Scale, from_screen, group_of, on_screen, scale_of, words_of

TYPED_WIDTH = 96
"""Pixels of a typed entry beside its slider."""
_TYPED, _MOVE, _STALE = "typed ", "last move", "stale dials"
_OPEN = "Tiers"
TITLES = {OVERRIDES: "For some partners"}


def redraw(*dials: str) -> None:
    """Redraw figures and dials, then what surrounds the figures; only to be called at the end of a callback.

    A dial that was drawn after the page's last full run cannot be redrawn by itself; then all dials are.

    Args:
        dials: Fragments of the dials that changed; without, all.
    """
    for each in (dials, ("dials",)) if dials else (("dials",),):
        # Without any of them, as on another page, the default rerun shows everything.
        with suppress(StreamlitAPIException):
            st.rerun(["figures", *each, "above", "below"])


def moved(path: str, unit: str, key: str) -> None:
    """A dial was moved: the draft follows, or keeps the value aside with the reason why not."""
    before = workspace.draft()
    shown = st.session_state[key]
    draft = solved_as_moved(before.moved(path, from_screen(shown, unit)), path)
    workspace.keep(draft)
    st.session_state[_MOVE] = (draft, (browser_name(path), float(shown)))
    for other in {path, _TYPED + path} - {key}:
        st.session_state[other] = shown
    alone = draft.refused.keys() == before.refused.keys() - {path} or draft.refused.keys() == before.refused.keys() | {
        path
    }
    redraw(*([f"dial {path}"] if alone and path != MIX else []))


def last_move() -> tuple[str, float] | None:
    """The dial that led to the draft as it is, as the browser knows it, and where it stands; None after anything else."""
    led_to, move = st.session_state.get(_MOVE, (None, None))
    return move if led_to is workspace.draft() else None


def reset_one(path: str) -> None:
    """The value a dial began with."""
    set_draft(workspace.draft().reset(path))


def set_draft(draft: Draft) -> None:
    """Another draft from a button: every dial on the page shows it, then the page is redrawn."""
    workspace.keep(draft)
    st.session_state.pop("tiers problems", None)
    for address in draft.numbers:
        seed(draft, address.path)
    st.session_state[_STALE] = {address.path for address in draft.numbers}
    redraw()


def seed(draft: Draft, path: str) -> None:
    """Make the two widgets of a dial show what the draft has there."""
    address = next((one for one in draft.numbers if one.path == path), None)
    if address is None:
        return
    shown = on_screen(draft.value(path), address.declaration.unit)
    st.session_state[path] = st.session_state[_TYPED + path] = shown


@st.fragment(key="dials")
def dials() -> None:
    """All dials of the draft by group; only what is open is drawn."""
    draft = workspace.draft()
    numbers = draft.numbers
    shorts = Counter(words_of(draft.scheme, one).short for one in numbers)
    shared = frozenset(short for short, times in shorts.items() if times > 1)
    for group in GROUPS:
        members = [one for one in numbers if group_of(one.path) == group]
        if not members and group != OVERRIDES:
            continue
        # The label never changes: another label is another expander to Streamlit, which would be closed.
        box = st.expander(
            f"**{TITLES.get(group, group)}**", key=f"group {group}", on_change="rerun", expanded=group == _OPEN
        )
        if box.open:
            with box:
                _group(draft, members, shared)
                if group == "Mix":
                    mix_block(draft, set_draft)
                if group == OVERRIDES:
                    overrides(draft, set_draft)
                if group == "Tiers":
                    st.markdown(
                        ":small[:gray[Add, remove, rename and reorder them in *Tiers as a table*, on the right.]]"
                    )


def _group(draft: Draft, members: list[Address], shared: frozenset[str]) -> None:
    """The dials of one group under the headings they belong to; one whose short name is shared says its heading, too."""
    heading = ""
    with st.container(gap="xsmall"):
        for address in members:
            words = words_of(draft.scheme, address)
            if words.heading != heading:
                heading = words.heading
                st.markdown(f"**{plain(heading)}**")
            # A tier's threshold says its tier: its heading may be out of sight, and a screen reader hears only the label.
            whole = words.short in shared or group_of(address.path) == _OPEN
            st.fragment(_dial, key=f"dial {address.path}")(address.path, whole)


def _dial(path: str, whole: bool) -> None:
    """A slider over the typical range, a typed entry for everything that is allowed, the reason when it is not."""
    draft = workspace.draft()
    address = next((one for one in draft.numbers if one.path == path), None)
    if address is None:
        return
    told, words = address.declaration, words_of(draft.scheme, address)
    # The browser takes a value only from the run that draws the dial; what a callback has set it leaves as it was.
    stale: set[str] = st.session_state.get(_STALE, set())
    if path in stale or path not in st.session_state or _TYPED + path not in st.session_state:
        seed(draft, path)
        stale.discard(path)
    start = started(draft, path)
    value = draft.value(path) if path in draft.refused else address.value
    scale = scale_of(address, start, value)
    currency = draft.scheme.currency
    allowed = f"Allowed: {quantity(told.bounds[0], told.unit)} to {quantity(told.bounds[1], told.unit, currency)}."
    hint = f"{told.help} {plain(_need(draft.scheme, path))}{allowed} {plain(path)}"
    with st.container(gap=None, key=f"dial {path}"):
        # Not columns: every block of the page is looked at again whenever anything on it changes.
        with st.container(horizontal=True, vertical_alignment="bottom", gap="small"):
            st.slider(
                label(words.full if whole else words.short),
                scale.low,
                scale.high,
                step=scale.step,
                format=_format(scale, currency if told.unit == "currency" else ""),
                key=path,
                help=hint,
                on_change=moved,
                args=(path, told.unit, path),
            )
            st.number_input(
                f"{label(words.full)}, typed",
                step=scale.step,
                format=f"%.{scale.places}f",
                key=_TYPED + path,
                label_visibility="collapsed",
                on_change=moved,
                args=(path, told.unit, _TYPED + path),
                width=TYPED_WIDTH,
            )
        if path in draft.refused:
            _refusal(draft, path)
        elif start is not None and start != address.value:
            st.button(
                f"Back to {quantity(start, told.unit)}",
                key=f"reset {path}",
                type="tertiary",
                icon=":material/undo:",
                on_click=reset_one,
                args=(path,),
                help=f"{plain(words.full)} as it began",
            )


def _need(scheme: Scheme, path: str) -> str:
    """How the measure behind a tier's threshold is worked out; nothing for other numbers."""
    *before, name = path.split(".")
    named = before[-1:] == ["needs"] and (name in scheme.measures or name in CATALOGUE)
    return f"{measure_sentence(scheme, name)} " if named else ""


def _format(scale: Scale, currency: str) -> str:
    """How a slider writes its value: with its unit."""
    return f"%,.{scale.places}f" + (" %%" if scale.suffix else f" {currency}" if currency else "")


def _refusal(draft: Draft, path: str) -> None:
    reasons = draft.refused[path].problems
    st.error(" ".join(f"{plain(one.message)} {plain(one.fix)}".strip() for one in reasons[:3]), title="Not allowed")
    st.button(
        "Take it back", key=f"reset {path}", icon=":material/undo:", on_click=_forget, args=(path,), type="tertiary"
    )


def _forget(path: str) -> None:
    draft = workspace.draft()
    try:
        value = next(one.value for one in draft.numbers if one.path == path)
        set_draft(draft.moved(path, value))
    except (InputError, StopIteration):
        set_draft(draft.undone())
