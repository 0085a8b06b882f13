"""Other numbers for some partners: making and taking away the variants of a draft, such as a rate for MSPs alone."""

from __future__ import annotations

import re
from collections.abc import Callable

import streamlit as st

from incentive_lab.errors import InputError, Problem
from incentive_lab.scheme.document import Scheme, Variant
from incentive_lab.scheme.paths import Address
from incentive_lab.scheme.rules import Who
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import plain, tell_problems
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.scales import words_of

GROUP = "Variants"
BY = {"types": "type", "regions": "region", "segments": "segment"}
_PROBLEMS, _BY, _WHOM, _WHAT = "override problems", "override-by", "override-whom", "override-what"


def overrides(draft: Draft, then: Callable[[Draft], None]) -> None:
    """What makes a number differ for some partners, and what ends that; the new number is a dial like the others.

    Args:
        draft: The draft.
        then: What makes another draft the session's.
    """
    for name, variant in draft.scheme.variants.items():
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.markdown(f":small[**{plain(name)}**: {plain(_whom(variant.who))}]")
            st.button("Remove", key=f"override-remove {name}", type="tertiary", icon=":material/close:",
                      on_click=lambda name=name: then(removed(workspace.draft(), name)))  # fmt: skip
    numbers = {one.path: one for one in draft.numbers if not one.path.startswith("variants.")}
    partners = workspace.history().partners
    st.segmented_control("Partners by", list(BY), default="types", key=_BY, format_func=lambda one: BY[one].capitalize(),
                         required=True)  # fmt: skip
    column = BY[st.session_state.get(_BY) or "types"]
    values = sorted({str(value) for value in partners[column] if value is not None})
    st.multiselect("Whom", values, key=_WHOM, format_func=lambda one: one.replace("_", " "))
    st.multiselect(
        "Which numbers differ for them", list(numbers), key=_WHAT,
        format_func=lambda path: words_of(draft.scheme, numbers[path]).full,
    )  # fmt: skip
    st.button("Give them numbers of their own", key="override-add", icon=":material/call_split:", width="stretch",
              on_click=_add, args=(numbers, then))  # fmt: skip
    if problems := st.session_state.get(_PROBLEMS):
        tell_problems(problems, "This cannot be made")


def _whom(who: Who) -> str:
    """Whom a variant concerns, as short as it can be said."""
    said = [", ".join(values) for values in (who.types, who.regions, who.segments) if values != "all"]
    return "; ".join(part.replace("_", " ") for part in said) or "some partners"


def _add(numbers: dict[str, Address], then: Callable[[Draft], None]) -> None:
    by, whom, what = (st.session_state.get(key) for key in (_BY, _WHOM, _WHAT))
    st.session_state[_PROBLEMS] = ()
    if not whom or not what:
        lacking = "whom it concerns" if not whom else "which numbers differ"
        st.session_state[_PROBLEMS] = (
            Problem("Numbers of their own", f"say {lacking}.", "Choose at least one above."),
        )
        return
    try:
        anew = added(workspace.draft(), by or "types", tuple(whom), [numbers[path] for path in what if path in numbers])
    except InputError as error:
        st.session_state[_PROBLEMS] = error.problems
        return
    st.session_state[_WHOM], st.session_state[_WHAT] = [], []
    then(anew)


def added(draft: Draft, by: str, whom: tuple[str, ...], numbers: list[Address]) -> Draft:
    """The draft with a variant that gives these partners the same numbers as dials of their own.

    Partners that have numbers of their own already get these besides.

    Raises:
        InputError: A number cannot differ between partners.
    """
    scheme, who = draft.scheme, Who.model_validate({by: whom})
    same = next((name for name, one in scheme.variants.items() if one.who == who), None)
    name = same or _free_name(scheme, whom)
    had = scheme.variants[same].change if same else {}
    change = {**{one.path: one.value for one in numbers}, **had}
    return _with(draft, {**scheme.variants, name: Variant(who=who, change=change)})


def removed(draft: Draft, name: str) -> Draft:
    """The draft without one of its variants."""
    return _with(draft, {key: one for key, one in draft.scheme.variants.items() if key != name})


def _with(draft: Draft, variants: dict[str, Variant]) -> Draft:
    return draft.rewritten(draft.scheme.model_copy(update={"variants": variants}))


def _free_name(scheme: Scheme, whom: tuple[str, ...]) -> str:
    """A name for the variant that no other has.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> scheme = loads("{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}]}")
        >>> _free_name(scheme, ("msp", "reseller"))
        'msp-reseller'
    """
    said = re.sub(r"[^a-z0-9]+", "-", "-".join(whom).lower()).strip("-")[:40] or "some"
    said = said if said[0].isalpha() else f"for-{said}"
    taken = scheme.variants
    return said if said not in taken else next(f"{said}-{n}" for n in range(2, 99) if f"{said}-{n}" not in taken)
