"""Above the figures: what the draft is, the way back and forth, and what has been changed."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from incentive_lab.errors import InputError, Problem
from incentive_lab.format import counted, quantity
from incentive_lab.scheme.check import check
from incentive_lab.scheme.diff import Change, diff
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.paths import Address, tunables
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import plain
from incentive_lab.ui.dials import set_draft
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.filing import LOAD_PROBLEMS, filing
from incentive_lab.ui.knowing import names_in_use
from incentive_lab.ui.lacking import lacking
from incentive_lab.ui.scales import words_of

BADGES = 6
"""Changes that are shown as badges before the rest is counted."""
MISSING = 3
"""Measures of which the history has nothing that are told before the rest is counted."""
DOUBTS = 2
"""Doubts about the changes that are shown."""


def toolbar(draft: Draft) -> None:
    """The draft's name, what it is compared with, and the buttons that concern all of it."""
    st.title(plain(draft.scheme.title or draft.scheme.id), anchor=False)
    left, right = st.columns([2, 5], vertical_alignment="center", gap="small")
    with left:
        st.markdown(
            f":small[:gray[{workspace.fingerprint(draft.scheme)[:11]} against]] "
            f":small[**{plain(draft.baseline.title or draft.baseline.id)}**]"
        )
    with right, st.container(horizontal=True, horizontal_alignment="right", gap="xsmall", key="toolbar"):
        st.button(
            "Undo", icon=":material/undo:", key="undo", disabled=not (draft.past or draft.refused),
            on_click=lambda: set_draft(workspace.draft().undone()), help="One step back (Alt+Z)", shortcut="Alt+Z",
        )  # fmt: skip
        st.button(
            "Redo", icon=":material/redo:", key="redo", disabled=not draft.future,
            on_click=lambda: set_draft(workspace.draft().redone()), help="One step forth again (Alt+Y)", shortcut="Alt+Y",
        )  # fmt: skip
        st.button(
            "Reset all", icon=":material/restart_alt:", key="reset-all",
            disabled=not (draft.changes or draft.refused),
            on_click=lambda: set_draft(workspace.draft().reset()), help="Every number as the draft began",
        )  # fmt: skip
        filing(draft, begin_with)


def tell_lost() -> None:
    """Say so when the link or the address leads to no draft; otherwise what is shown would pass for what was sent."""
    named = st.query_params.get(workspace.DRAFT, "")
    if st.query_params.get(workspace.LINK) or (named and named != st.session_state.get(workspace.TOKEN)):
        st.warning(
            "No draft is kept here under this address: the link was altered, or the draft is older than those that are "
            "kept. What you see is the scheme that everybody begins with.",
            title="Not the draft of the link", icon=":material/link_off:",
        )  # fmt: skip


def badges(draft: Draft) -> None:
    """What differs from the document the draft began with, as sentences."""
    tell_lost()
    _missing(draft)
    changes, kept = _told(draft), namesake(draft.start)
    start = plain(draft.start.id)
    if kept is not None:
        start = f"{start} as it was loaded"
        told = [one.sentence for one in diff(kept, draft.start)]
        st.markdown(f"{plain(kept.id)} as it was loaded differs from the one that is kept here: {_badges(told)}")
    if not changes:
        st.markdown(
            f":gray[Nothing is changed since {start}. Move a dial on the left; where none is in sight, » opens them.]"
        )
        return
    st.markdown(f"Changed since {start}: {_badges(changes)}")
    if draft.reason:
        st.warning(plain(draft.reason), title="Against what was searched for", icon=":material/manage_search:")
    for doubt in doubts(draft)[:DOUBTS]:
        st.warning(
            f"{plain(doubt.message)} {plain(doubt.fix)}".strip(), title=plain(doubt.path), icon=":material/help:"
        )


def namesake(scheme: Scheme) -> Scheme | None:
    """The shipped scheme or preset that has the id of another document, as of a file that somebody changed."""
    known = workspace.known_schemes().get(scheme.id)
    return known if known is not None and known != scheme else None


def _badges(sentences: Sequence[str]) -> str:
    """The first differences, and how many more there are."""
    shown = " ".join(f":blue-badge[{plain(sentence)}]" for sentence in sentences[:BADGES])
    rest = len(sentences) - BADGES
    return f"{shown} :gray-badge[and {counted(rest, 'more change')}]" if rest > 0 else shown


def _missing(draft: Draft) -> None:
    """What the draft asks for and the history has nothing of; the rest is told on Overview."""
    missing = lacking(draft.scheme, names_in_use())
    if not missing:
        return
    more = len(missing) - MISSING
    said = [plain(one.message) for one in missing[:MISSING]]
    said.append(f"{counted(more, 'more measure')} and what" if more > 0 else "What")
    said[-1] += " the history has instead: see Overview."
    st.warning(" ".join(said), title="Not in this history", icon=":material/search_off:")


def doubts(draft: Draft) -> list[Problem]:
    """What is allowed but odd in the draft and was not when it began, as a Platinum that needs less than Gold."""
    before = set(_doubted(workspace.fingerprint(draft.start), draft.start))
    return [one for one in _doubted(workspace.fingerprint(draft.scheme), draft.scheme) if one not in before]


@st.cache_data(show_spinner=False, max_entries=32)
def _doubted(fingerprint: str, _scheme: Scheme) -> tuple[Problem, ...]:
    return check(_scheme).warnings


def _told(draft: Draft) -> list[str]:
    """Each change as a sentence; what the mix dial solved is one, without the history it was solved on."""
    said = [words for path, words in as_dialled(draft).items() if not path.startswith("mix.factors")]
    factors = draft.scheme.mix.factors if draft.scheme.mix else None
    if factors is not None and len(said) < len(draft.changes):
        said.append(f"Rates solved for the mix: behaviour times {factors.behavioural:.3f}, "
                    f"the rest times {factors.transactional:.3f}")  # fmt: skip
    return said or [change.sentence for change in draft.changes]


def as_dialled(draft: Draft) -> dict[str, str]:
    """Path -> the change there in words: of a number by the name that its dial has, of anything else in its own."""
    known = {one.path: one for one in tunables(draft.scheme, defaults=True)}
    return {change.path: _as_dialled(draft.scheme, change, known.get(change.path)) for change in draft.changes}


def _as_dialled(scheme: Scheme, change: Change, address: Address | None) -> str:
    if address is None or change.before is None or change.after is None:
        return change.sentence
    unit = address.declaration.unit
    after = quantity(change.after, unit, scheme.currency)
    return f"{words_of(scheme, address).full} from {quantity(change.before, unit)} to {after}"


def begin_with(scheme: Scheme, baseline: Scheme | None = None) -> None:
    """Replace the draft by one that begins with this scheme; what is wrong with it is kept to be told."""
    try:
        anew = workspace.draft().begun_anew(scheme, baseline or workspace.baseline_of(scheme))
    except InputError as error:
        st.session_state[LOAD_PROBLEMS] = error.problems
        return
    st.session_state[LOAD_PROBLEMS] = ()
    set_draft(anew)
