"""What a search found, on the page Search: the frontier, the numbers, what follows, and the way into the draft."""

from __future__ import annotations

import streamlit as st

from incentive_lab.charts.search import frontier_chart
from incentive_lab.errors import InputError
from incentive_lab.format import capital, compact, points, quantity, signed
from incentive_lab.optimise.figures import HISTORY_FIGURES, Figure
from incentive_lab.optimise.found import Found
from incentive_lab.optimise.paying import Trial
from incentive_lab.optimise.words import although, notes, verdict
from incentive_lab.scheme.paths import apply
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import card, draw, plain
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.scales import words_of
from incentive_lab.ui.search_ahead import tell_ahead
from incentive_lab.ui.tables import table

FOUND = "What was found"
POINT, TAKEN = "search-point", "search taken"
"""Keys of the session: which point is looked at; the fingerprint of the draft that took a scheme, and what is said of it."""


def tell_found(draft: Draft, found: Found) -> None:
    """What was found, in words, as a chart and as tables."""
    names = {one.path: words_of(draft.scheme, one).full for one in draft.numbers}
    good = found.limits_met and found.goal_met
    (st.success if good and found.gains else st.info if good else st.warning)(plain(verdict(found)))
    chosen = found.best
    if found.price is not None and len(found.frontier) > 1:
        offered = _offered(found)
        chosen = offered.get(str(st.session_state.get(POINT)), found.best)
        draw(frontier_chart(found, chosen, draft.scheme.currency), "frontier", height="content")
        st.selectbox("Look at another point of this line", [FOUND, *offered], key=POINT)
    tell_ahead(found, chosen, draft.scheme.currency)
    _values(draft, found, chosen, names)
    _figures(found, chosen)
    for one in notes(found, names):
        st.markdown(f":small[:gray[{plain(one)}]]")


def _offered(found: Found) -> dict[str, Trial]:
    """Each point of the frontier by its name; those that read the same are numbered."""
    offered: dict[str, Trial] = {}
    for place, one in enumerate(found.frontier, 1):
        name = _named(one, found)
        offered[f"{name} ({place})" if name in offered else name] = one
    return offered


def _named(one: Trial, found: Found) -> str:
    assert found.price is not None
    axes = (found.price, found.question.goal.figure)
    return ", ".join(f"{axis.label} {axis.said(one.figures[axis.name])}" for axis in axes)


def _values(draft: Draft, found: Found, chosen: Trial, names: dict[str, str]) -> None:
    """Each number as it is and as it would be, and the way into the draft."""
    currency = draft.scheme.currency
    units = {one.address.path: one.address.declaration.unit for one in found.question.dials}
    rows = [
        (plain(names.get(path, path)), plain(quantity(found.now.values[path], units[path], currency)),
         plain(quantity(value, units[path], currency)) if value != found.now.values[path] else "stays")
        for path, value in chosen.values.items()
    ]  # fmt: skip
    moved = any(value != found.now.values[path] for path, value in chosen.values.items())
    with card("search-values", "The numbers"):
        table(("Number", "Now", "Found"), rows)
        but = although(found, chosen) if moved else ""
        if but:
            st.markdown(f":orange-badge[:material/warning: {plain(capital(but))}]")
        st.button("Take these into the draft all the same" if but else "Take these into the draft", key="search-take",
                  type="secondary" if but else "primary", disabled=not moved, icon=":material/input:",
                  on_click=lambda: _take(chosen, but))  # fmt: skip
        if taken := st.session_state.get(TAKEN):
            st.markdown(plain(taken[1]))
            st.page_link("pages/tune.py", label="See it on the page Tune", icon=":material/tune:")


def _take(chosen: Trial, but: str) -> None:
    """The draft with the values of a trial, as one step that can be taken back; what speaks against it goes with it."""
    draft = workspace.draft()
    try:
        changed = draft.rewritten(
            apply(draft.scheme, dict(chosen.values)), f"Taken from a search {but}." if but else ""
        )
        workspace.keep(changed)
        said = f"They are in the draft{', ' + but if but else ''}; Undo on the page Tune takes them back."
        st.session_state[TAKEN] = (workspace.fingerprint(changed.scheme), said)
    except InputError as error:
        st.session_state[TAKEN] = ("", f"The draft has changed and cannot take them: {error.problems[0]}")


def _figures(found: Found, chosen: Trial) -> None:
    rows = []
    for one in HISTORY_FIGURES.values():
        was, now = found.now.figures[one.name], chosen.figures[one.name]
        change = None if was is None or now is None else now - was
        rows.append((one.label, *one.apart(was, now), _change(one, change)))
    with card("search-figures", "What follows", "On this history, against the baseline."):
        table(("", "As it is", "Then", "Change"), rows)


def _change(one: Figure, change: float | None) -> str:
    if change is None:
        return "-"
    if one.kind == "money":
        return signed(compact(change))
    return points(change) if one.kind == "share" else signed(f"{change:.3f}")
