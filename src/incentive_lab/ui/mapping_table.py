"""One table that somebody brings: its first rows, which of ours it is, and what its columns and words mean."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st

from incentive_lab.format import counted
from incentive_lab.history.previewing import SAMPLE, Preview
from incentive_lab.history.recognising import suggested_columns
from incentive_lab.history.suggesting import WORDED, Choice, unused, worth_keeping, written_in
from incentive_lab.history.tables import PARTNER_TYPES, TABLES
from incentive_lab.history.written import Dates, Numbers
from incentive_lab.ui.cards import plain

NOT_USED, NOWHERE = "not used", "not there"
_FIXED = {
    "status": ("won", "open", "lost"),
    "type": ("reseller", "msp", "system_integrator", "distributor", "technology"),
}
_SHOWN_WORDS = 12
_CHOSEN = "choices of a mapping"
_DATES = {
    "day-month-year": "31.03.2026, the day first", "month-day-year": "03/31/2026, the month first",
    "year-month-day": "2026/03/31, the year first",
}  # fmt: skip
_AS_IT_IS = "stays as it is"


def table_choice(preview: Preview, first: Choice | None) -> Choice | None:
    """One of their tables: its first rows, what it is, and its columns, with `first` offered."""
    st.markdown(f"**{plain(preview.label)}** :gray[{counted(len(preview.columns), 'column')}]")
    frame = pd.DataFrame([list(row) for row in preview.rows[:5]], columns=_unique(preview.columns))
    st.dataframe(
        frame, hide_index=True, height=214, key=f"preview {preview.table}", alt=f"First rows of {preview.label}"
    )
    options = [NOT_USED, *TABLES]
    guessed = first.table if first else NOT_USED
    table = _picked(f"{plain(preview.table)} is", options, guessed, f"map {preview.table}", width=260)
    if table == NOT_USED:
        return None
    if first is not None and first.table == table:
        guess = first.columns
    else:
        guess = suggested_columns(table, preview.columns, preview.values)
    columns: dict[str, str] = {}
    constants: dict[str, str] = {}
    grid = st.columns(4, gap="small")
    for place, ours in enumerate(TABLES[table].columns):
        fixed = [f"always {value}" for value in _FIXED.get(ours.name, ())]
        offered = [NOWHERE, *preview.columns, *fixed]
        with grid[place % 4]:
            label, key = f"{ours.name}{' *' if ours.required else ''}", f"map {preview.table} {table} {ours.name}"
            picked = _picked(label, offered, guess.get(ours.name, NOWHERE), key, help=ours.help)
        if picked in fixed:
            constants[ours.name] = picked.removeprefix("always ")
        elif picked != NOWHERE:
            columns[ours.name] = picked
    words, otherwise = _meanings(preview, table, columns)
    times = _times(preview.table, table, columns)
    written = _written(preview, table, columns)
    kept, key = _kept(), f"filled {preview.table}"
    filled = kept[key] = st.multiselect(
        "Only rows with", preview.columns, key=key, default=[one for one in kept.get(key, ()) if one in preview.columns],
        help="Rows in which one of these is empty are left out, such as a total at the end.",
    )  # fmt: skip
    keep = worth_keeping(preview, table, columns)
    made = Choice(preview.table, table, columns, constants, words, otherwise, times, *written, tuple(filled), keep)
    if keep:
        it = "it says" if len(keep) == 1 else "they say"
        st.markdown(
            f":small[:gray[Kept, since {it} of some activities that they came to nothing: {plain(', '.join(keep))}.]]"
        )
    if left := unused(preview, made):
        st.markdown(f":small[:gray[Not used: {plain(', '.join(left))}.]]")
    return made


def forget_choices() -> None:
    """Begin the next history without what was chosen for the last one."""
    st.session_state.pop(_CHOSEN, None)


def _kept() -> dict[str, Any]:
    """What was chosen, by the key of its widget; files that are dropped again find it, though their widgets were gone."""
    kept: dict[str, Any] = st.session_state.setdefault(_CHOSEN, {})
    return kept


def _picked(label: str, offered: Sequence[str], guess: str, key: str, **more: Any) -> str:
    """A choice, which begins with what was chosen before where that is still offered, else with the guess."""
    kept = _kept()
    first = kept.get(key) if kept.get(key) in offered else guess
    picked: str = st.selectbox(label, offered, index=offered.index(first), key=key, **more)
    if picked != guess:
        kept[key] = picked
    else:
        kept.pop(key, None)
    return picked


def _written(preview: Preview, table: str, columns: dict[str, str]) -> tuple[Dates | None, Numbers | None]:
    """How the table's dates and numbers are written, asked where its first rows are not written our way."""
    dates, numbers = written_in(preview, table, columns)
    if not dates and not numbers:
        return None, None
    st.markdown(":small[:gray[How they write, as their first rows show]]")
    left, right, *_ = st.columns(4, gap="small")
    first: Dates | None = None
    second: Numbers | None = None
    if dates:
        unsure = "The first rows fit both orders: choose the one that is meant." if len(dates) > 1 else None
        with left:
            first = st.selectbox(
                "Dates",
                dates,
                key=f"dates {preview.table} {table} {dates}",
                format_func=_DATES.__getitem__,
                help=unsure,
            )
    if numbers:
        with right:
            second = st.selectbox("Numbers", numbers, key=f"numbers {preview.table} {table} {numbers}")
    return first, second


def _meanings(
    preview: Preview, table: str, columns: dict[str, str]
) -> tuple[dict[str, dict[str, str]], dict[str, str]]:
    """What their words for a deal's status and a partner's type mean, by our column, and what any other word means."""
    meanings: dict[str, dict[str, str]] = {}
    otherwise: dict[str, str] = {}
    for (of, column), guess in WORDED.items():
        if of != table or column not in columns:
            continue
        values = preview.values(columns[column])
        declared = TABLES[table].column(column)
        strict = declared.values if declared else ()
        if set(values) <= set(strict or PARTNER_TYPES) and len(preview.rows) < SAMPLE:
            continue
        st.markdown(f":small[:gray[What their words for *{column}* mean]]")
        grid, key = st.columns(4, gap="small"), f"{preview.table} {column}"
        meanings[column] = {value: guess(value) for value in values}
        for place, value in enumerate(values[:_SHOWN_WORDS]):
            options = list(strict) or list(dict.fromkeys([value, guess(value), *PARTNER_TYPES]))
            with grid[place % 4]:
                meanings[column][value] = _picked(plain(value), options, guess(value), f"word {key} {value}")
        with grid[min(len(values), _SHOWN_WORDS) % 4]:
            told = f"Words beyond the first {SAMPLE} rows."
            rest = _picked(
                "any other word", [_AS_IT_IS, *(strict or PARTNER_TYPES)], _AS_IT_IS, f"other {key}", help=told
            )
        if rest != _AS_IT_IS:
            otherwise[column] = rest
    return meanings, otherwise


def _times(source: str, table: str, columns: dict[str, str]) -> dict[str, Decimal]:
    """What their amounts are multiplied by, for those in thousands or at a share of what is meant."""
    amounts = [one.name for one in TABLES[table].columns if one.kind == "money" and one.name in columns]
    if not amounts:
        return {}
    st.markdown(":small[:gray[What their amounts are multiplied by: 1000 for thousands, 0.72 for cost at that share]]")
    grid, found = st.columns(4, gap="small"), {}
    for place, name in enumerate(amounts):
        with grid[place % 4]:
            key = f"times {source} {table} {name}"
            asked = _kept()[key] = st.number_input(f"{name} times", value=_kept().get(key, 1.0), min_value=1e-6,
                                                   max_value=1e9, format="%g", key=key)  # fmt: skip
        found[name] = Decimal(repr(asked)).normalize()
    return found


def _unique(columns: Sequence[str]) -> list[str]:
    """Column names that differ, as a table on screen needs them."""
    seen: dict[str, int] = {}
    names = []
    for column in columns:
        seen[column] = seen.get(column, 0) + 1
        names.append(column if seen[column] == 1 else f"{column} ({seen[column]})")
    return names
