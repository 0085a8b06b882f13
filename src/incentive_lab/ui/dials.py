"""The dials: every declared number of the draft as a slider with a typed entry beside it."""

from __future__ import annotations

from collections import Counter

import streamlit as st

from incentive_lab.errors import InputError
from incentive_lab.format import quantity
from incentive_lab.scheme.paths import Address
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import plain
from incentive_lab.ui.drafts import Draft, started
from incentive_lab.ui.mixing import mix_block
from incentive_lab.ui.scales import GROUPS, Scale, from_screen, group_of, on_screen, scale_of, words_of

FRAGMENTS = ("dials", "consequences")
"""What a dial redraws: the dials themselves and what follows from them, not the whole page."""
_TYPED = "typed "
_OPEN = "Tiers"


def redraw() -> None:
    """Redraw the dials and the consequences; only to be called at the end of a callback."""
    from streamlit.errors import StreamlitAPIException

    try:
        st.rerun(list(FRAGMENTS))
    except StreamlitAPIException:
        return  # The page has been redrawn without them: the default rerun shows everything.


def moved(path: str, unit: str, key: str) -> None:
    """A dial was moved: the draft follows, or keeps the value aside with the reason why not."""
    draft = workspace.draft().moved(path, from_screen(st.session_state[key], unit))
    workspace.keep(draft)
    seed(draft, path)
    redraw()


def reset_one(path: str) -> None:
    """The value a dial began with."""
    set_draft(workspace.draft().reset(path))


def set_draft(draft: Draft) -> None:
    """Another draft from a button: every dial on the page shows it, then the page is redrawn."""
    workspace.keep(draft)
    for address in draft.numbers:
        seed(draft, address.path)
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
    changed = {change.path for change in draft.changes}
    changes = Counter(group_of(path) for path in changed)
    refused = Counter(group_of(path) for path in draft.refused)
    for group in GROUPS:
        members = [one for one in numbers if group_of(one.path) == group]
        if not members:
            continue
        box = st.expander(
            _label(group, changes[group], refused[group]),
            key=f"group {group}",
            on_change="rerun",
            expanded=group == _OPEN,
        )
        if box.open:
            with box:
                _group(draft, members, changed)
                if group == "Mix":
                    mix_block(draft)


def _label(group: str, changed: int, refused: int) -> str:
    said = f"**{group}**"
    said += f" :blue-badge[{changed} changed]" if changed else ""
    return said + (f" :red-badge[{refused} not allowed]" if refused else "")


def _group(draft: Draft, members: list[Address], changed: set[str]) -> None:
    """The dials of one group under the headings they belong to."""
    heading = ""
    for address in members:
        words = words_of(draft.scheme, address)
        if words.heading != heading:
            heading = words.heading
            st.markdown(f"**{plain(heading)}**")
        _dial(draft, address, words.short, words.full, address.path in changed)


def _dial(draft: Draft, address: Address, short: str, full: str, changed: bool) -> None:
    """A slider over the typical range, a typed entry for everything that is allowed, the reason when it is not."""
    path, told = address.path, address.declaration
    if path not in st.session_state or _TYPED + path not in st.session_state:
        seed(draft, path)
    start = started(draft, path)
    value = draft.value(path) if path in draft.refused else address.value
    scale = scale_of(address, start, value)
    currency = draft.scheme.currency
    hint = (
        f"{told.help} Allowed: {quantity(told.bounds[0], told.unit)} to {quantity(told.bounds[1], told.unit, currency)}."
        f" {plain(path)}"
    )
    with st.container(gap=None, key=f"dial {path}"):
        left, right = st.columns([5, 3], vertical_alignment="bottom", gap="small")
        with left:
            st.slider(
                plain(short),
                scale.low,
                scale.high,
                step=scale.step,
                format=_format(scale),
                key=path,
                help=hint,
                on_change=moved,
                args=(path, told.unit, path),
            )
        with right:
            st.number_input(
                f"{plain(full)}, typed",
                step=scale.step,
                format=f"%.{scale.places}f",
                key=_TYPED + path,
                label_visibility="collapsed",
                on_change=moved,
                args=(path, told.unit, _TYPED + path),
            )
        if path in draft.refused:
            _refusal(draft, path)
        elif changed and start is not None:
            st.button(
                f"Back to {quantity(start, told.unit)}",
                key=f"reset {path}",
                type="tertiary",
                icon=":material/undo:",
                on_click=reset_one,
                args=(path,),
                help=f"{plain(full)} as it began",
            )


def _format(scale: Scale) -> str:
    return f"%,.{scale.places}f" + (" %%" if scale.suffix else "")


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
