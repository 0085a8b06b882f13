"""All tiers of the draft as one table: thresholds typed, tiers added, removed, renamed and put in another order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from decimal import Decimal, InvalidOperation
from typing import Any

import pandas as pd
import streamlit as st

from incentive_lab.errors import InputError, Problem
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.lookup import unit_of
from incentive_lab.scheme.measures import CATALOGUE
from incentive_lab.scheme.retier import Tier, retiered
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import tell_problems
from incentive_lab.ui.dials import set_draft
from incentive_lab.ui.scales import from_screen, measure_words, on_screen

PLACE, NAME = "Place", "Tier"
_VERSION, _PROBLEMS, _ADDED = "tiers version", "tiers problems", "tiers added"


def tiers_table() -> None:
    """The table in a box that stays closed until it is wanted."""
    draft = workspace.draft()
    count = len(draft.scheme.tiers.levels) if draft.scheme.tiers else 0
    box = st.expander("**Tiers as a table**", key="tiers box", icon=":material/table_rows:", on_change="rerun")
    if not box.open:
        return
    with box:
        st.markdown(
            ":small[:gray[A partner needs every threshold of a tier; an empty cell is not needed. Type a number, a name or "
            "another place, add a row at the end, or tick rows and delete them.]]"
            if count
            else "The scheme has no tiers. Add the first row to begin."
        )
        _editor(draft.scheme)
        if problems := st.session_state.get(_PROBLEMS):
            tell_problems(problems, "These tiers are not in the draft; the figures are those of the last that are")
            st.button("Back to the draft's tiers", key="tiers-back", icon=":material/undo:", on_click=_anew)
        _add_condition(draft.scheme)


def measures_of(scheme: Scheme, added: Sequence[str] = ()) -> list[str]:
    """Measures that any tier needs, in their order, then those added."""
    levels = scheme.tiers.levels if scheme.tiers else ()
    return list(dict.fromkeys([*(name for level in levels for name in level.needs), *added]))


def frame_of(scheme: Scheme, measures: Sequence[str]) -> pd.DataFrame:
    """Tiers as rows, lowest first: place, name and what each needs, in screen units."""
    levels = scheme.tiers.levels if scheme.tiers else ()
    rows: list[dict[str, Any]] = [
        {PLACE: place, NAME: level.name}
        | {
            name: on_screen(level.needs[name], _unit(scheme, name)) if name in level.needs else None
            for name in measures
        }
        for place, level in enumerate(levels, 1)
    ]
    frame = pd.DataFrame(rows, columns=[PLACE, NAME, *measures])
    return frame.astype({PLACE: "Int64", NAME: "string", **dict.fromkeys(measures, "Float64")})


def edited(scheme: Scheme, measures: Sequence[str], changes: Mapping[str, Any]) -> Scheme:
    """The scheme after what was done to the table.

    Args:
        scheme: What the table showed.
        measures: Its columns.
        changes: What the editor says: edited_rows, added_rows, deleted_rows.

    Raises:
        InputError: The tiers cannot be.
    """
    levels = scheme.tiers.levels if scheme.tiers else ()
    gone = set(changes.get("deleted_rows", ()))
    rows: list[tuple[float, Tier]] = []
    for row, level in enumerate(levels):
        if row not in gone:
            cells = changes.get("edited_rows", {}).get(row, {})
            needs = _needs(scheme, measures, dict(level.needs), cells)
            rows.append((_sort_key(row + 1, cells), Tier(_name(cells.get(NAME, level.name)), level.name, needs)))
    for row, cells in enumerate(changes.get("added_rows", ()), len(levels)):
        rows.append(
            (_sort_key(row + 1, cells), Tier(_name(cells.get(NAME)), None, _needs(scheme, measures, {}, cells)))
        )
    return retiered(scheme, [tier for _, tier in sorted(rows, key=lambda row: row[0])])


def _sort_key(place: int, cells: Mapping[str, Any]) -> float:
    """A tier that is given a place stands before the one there, after it when it comes from below."""
    if cells.get(PLACE) is None:
        return float(place)
    asked = float(_number(cells[PLACE], "place", "number"))
    return asked if asked == place else asked + (0.5 if asked > place else -0.5)


def _name(text: object) -> str:
    return "-".join(str(text or "").lower().split())


def _needs(
    scheme: Scheme, measures: Sequence[str], needs: dict[str, Decimal], cells: Mapping[str, Any]
) -> dict[str, Decimal]:
    for name in measures:
        if name in cells:
            needs.pop(name, None)
            if cells[name] is not None:
                needs[name] = _number(cells[name], name, _unit(scheme, name))
    return {name: needs[name] for name in measures if name in needs}


def _number(cell: object, name: str, unit: str) -> Decimal:
    """A typed cell; whatever a browser sends."""
    try:
        return from_screen(float(str(cell)), unit)
    except (ValueError, InvalidOperation, OverflowError):
        raise InputError([Problem(f"tiers: {name}", f"found '{cell}', expected a number.")]) from None


def _unit(scheme: Scheme, name: str) -> str:
    return unit_of(name, scheme.measures)


def _editor(scheme: Scheme) -> None:
    measures = measures_of(scheme, st.session_state.get(_ADDED, ()))
    key = f"tiers table {st.session_state.get(_VERSION, 0)}"
    config: dict[str, Any] = {
        PLACE: st.column_config.NumberColumn(width="small", min_value=1, step=1, help="1 is the lowest tier."),
        NAME: st.column_config.TextColumn(
            required=True, validate=r"^[A-Za-z0-9][A-Za-z0-9 _-]{0,40}$", help="Letters and digits."
        ),
    }
    for name in measures:
        unit = _unit(scheme, name)
        tail = {"money": f", {scheme.currency}", "share": ", %"}.get(unit, "")
        config[name] = st.column_config.NumberColumn(
            f"{measure_words(scheme, name)}{tail}", format="localized", help=f"Needed of {name}."
        )
    st.data_editor(
        frame_of(scheme, measures), key=key, column_config=config, num_rows="dynamic", hide_index=True,
        on_change=_changed, args=(key, tuple(measures)), placeholder="-",
        alt="Tiers and what each needs",
    )  # fmt: skip


def _changed(key: str, measures: tuple[str, ...]) -> None:
    """The draft follows the table, or the table keeps what was typed with the reason why not."""
    apply_changes(st.session_state[key], measures)


def apply_changes(changes: Mapping[str, Any], measures: Sequence[str]) -> None:
    """Make the draft's tiers what the table says."""
    draft = workspace.draft()
    if any(not _name(row.get(NAME)) for row in changes.get("added_rows", ())):
        return  # a row that is still being filled in
    try:
        anew = draft.rewritten(edited(draft.scheme, measures, changes))
    except InputError as error:
        st.session_state[_PROBLEMS] = error.problems
        return
    _anew()
    set_draft(anew)


def _anew() -> None:
    """The table as the draft has it."""
    st.session_state[_PROBLEMS] = ()
    st.session_state[_VERSION] = st.session_state.get(_VERSION, 0) + 1


def _add_condition(scheme: Scheme) -> None:
    """One more column: another measure that tiers may need."""
    shown = set(measures_of(scheme, st.session_state.get(_ADDED, ())))
    others = [name for name in {**scheme.measures, **CATALOGUE} if name not in shown]
    st.selectbox(
        "Add a threshold on", others, index=None, key="tiers-measure", placeholder="Choose a measure",
        format_func=lambda name: measure_words(scheme, name), on_change=_added,
        help="A further column; tiers with an empty cell there do not need it.",
    )  # fmt: skip


def _added() -> None:
    name = st.session_state["tiers-measure"]
    if name is not None:
        st.session_state[_ADDED] = (*st.session_state.get(_ADDED, ()), name)
        st.session_state["tiers-measure"] = None
        _anew()
