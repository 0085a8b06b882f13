"""One table that somebody brings: its first rows, which of ours it is, and what its columns and words mean."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any

import pandas as pd
import streamlit as st

from incentive_lab.errors import Problem
from incentive_lab.format import counted
from incentive_lab.history.meanings import UNKNOWN, WORDED
from incentive_lab.history.previewing import SAMPLE, Preview
from incentive_lab.history.suggesting import Choice, suggested_as, unused, worth_keeping, written_in
from incentive_lab.history.tables import TABLES
from incentive_lab.history.written import Dates, Numbers
from incentive_lab.scheme.measures import ACTIVITY_KINDS
from incentive_lab.ui.cards import plain
from incentive_lab.ui.mapping_places import ONLY_ROWS, Place, Places, places_of

NOT_USED, NOWHERE, NUMBERED = "not used", "not there", "numbered row by row"
_FIXED = {
    "status": ("won", "open", "lost"),
    "type": ("reseller", "msp", "system_integrator", "distributor", "technology"),
    "kind": ACTIVITY_KINDS,
}
_SHOWN_WORDS = 12
_CHOSEN = "choices of a mapping"
_DATES = {
    "day-month-year": "31.03.2026, the day first", "month-day-year": "03/31/2026, the month first",
    "year-month-day": "2026/03/31, the year first",
}  # fmt: skip
_AS_IT_IS, _ASK = "stays as it is", "say what it means"


def table_choice(preview: Preview, first: Choice | None, problems: Sequence[Problem] = ()) -> Choice | None:
    """One of their tables: its first rows, what it is, and its columns, with `first` offered.

    What is recognised for sure is folded away behind one line, as is what a history may have and this table has not; open
    is what asks for a decision, and what a problem speaks of.

    Args:
        preview: Their table.
        first: What is suggested for it.
        problems: Why the last try was refused.
    """
    st.markdown(f"**{plain(preview.label)}** :gray[{counted(len(preview.columns), 'column')}]")
    rows_open = st.container()
    guessed = first.table if first else NOT_USED
    table = _picked(f"{plain(preview.table)} is", [NOT_USED, *TABLES], guessed, f"map {preview.table}", width=260)
    if table == NOT_USED:
        with rows_open:
            _first_rows(preview)
        return None
    guess = first if first is not None and first.table == table else suggested_as(preview, table)
    places = places_of(preview, table, guess, problems)
    picked = {place: _columns(preview, table, place, guess) for place in (places.asked, places.known, places.further)}
    found = {ours: value for part in picked.values() for ours, value in part.items()}
    inner = {one.name: found[one.name] for one in TABLES[table].columns if one.name in found}
    columns = {ours: value for ours, (value, fixed) in inner.items() if not fixed}
    constants = {ours: value for ours, (value, fixed) in inner.items() if fixed and value != NUMBERED}
    numbered = tuple(ours for ours, (value, fixed) in inner.items() if fixed and value == NUMBERED)
    words, otherwise, word_open = _meanings(preview, table, columns, places)
    written, way_open = _written(preview, table, columns, places)
    with places.further.box:
        times = _times(preview.table, table, columns)
        kept, key = _kept(), f"filled {preview.table}"
        filled = kept[key] = st.multiselect(
            ONLY_ROWS, preview.columns, key=key,
            default=[one for one in kept.get(key, ()) if one in preview.columns],
            help="Rows in which one of these is empty are left out, such as a total at the end.",
        )  # fmt: skip
    with rows_open if places.asked.names or word_open or way_open or not places.known.names else places.rows_known:
        _first_rows(preview)
    keep = worth_keeping(preview, table, columns)
    made = Choice(preview.table, table, columns, constants, words, otherwise, times, *written, tuple(filled), keep,
                  numbered=numbered)  # fmt: skip
    if keep:
        it = "it says" if len(keep) == 1 else "they say"
        st.markdown(
            f":small[:gray[Kept, since {it} of some activities that they came to nothing: {plain(', '.join(keep))}.]]"
        )
    if left := unused(preview, made):
        st.markdown(f":small[:gray[Not used: {plain(', '.join(left))}.]]")
    return made


def _first_rows(preview: Preview) -> None:
    frame = pd.DataFrame([list(row) for row in preview.rows[:5]], columns=_unique(preview.columns))
    st.dataframe(
        frame, hide_index=True, height=214, key=f"preview {preview.table}", alt=f"First rows of {preview.label}"
    )


def _columns(preview: Preview, table: str, place: Place, guess: Choice) -> dict[str, tuple[str, bool]]:
    """Our column -> theirs, or a value for every row, and whether it is that; those that are not there are left out."""
    found: dict[str, tuple[str, bool]] = {}
    with place.box:
        grid = st.columns(4, gap="small") if place.names else ()
    for number, name in enumerate(place.names):
        column = TABLES[table].column(name)
        fixed = [f"always {value}" for value in _FIXED.get(name, ())] + [NUMBERED] * (name == "activity_id")
        offered = [NOWHERE, *preview.columns, *fixed]
        always = f"always {guess.constants.get(name)}"
        first = always if always in fixed else guess.columns.get(name, NOWHERE)
        with grid[number % 4]:
            label = f"{name}{' *' if column is not None and column.required else ''}"
            picked = _picked(label, offered, first, f"map {preview.table} {table} {name}",
                             help=column.help if column is not None else None)  # fmt: skip
        if picked != NOWHERE:
            found[name] = picked.removeprefix("always ") if picked in fixed else picked, picked in fixed
    return found


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


def _written(
    preview: Preview, table: str, columns: dict[str, str], places: Places
) -> tuple[tuple[Dates | None, Numbers | None], bool]:
    """How the table's dates and numbers are written, asked where its first rows fit several ways; and whether it is asked."""
    dates, numbers = written_in(preview, table, columns)
    if not dates and not numbers:
        return (None, None), False
    several = len(dates) > 1 or len(numbers) > 1
    first: Dates | None = None
    second: Numbers | None = None
    with (places.asked if several else places.known).box:
        st.markdown(":small[:gray[How they write, as their first rows show]]")
        left, right, *_ = st.columns(4, gap="small")
        if dates:
            unsure = "The first rows fit both orders: choose the one that is meant." if len(dates) > 1 else None
            key = f"dates {preview.table} {table} {dates}"
            first = left.selectbox("Dates", dates, key=key, format_func=_DATES.__getitem__, help=unsure)
        if numbers:
            second = right.selectbox("Numbers", numbers, key=f"numbers {preview.table} {table} {numbers}")
    return (first, second), several


def _meanings(
    preview: Preview, table: str, columns: dict[str, str], places: Places
) -> tuple[dict[str, dict[str, str]], dict[str, str], bool]:
    """What their words for a deal's status and a partner's type mean, by our column, what any other word means, and whether
    a word asks for a decision."""
    meanings: dict[str, dict[str, str]] = {}
    otherwise: dict[str, str] = {}
    asked = False
    for (of, column), words in WORDED.items():
        if of != table or column not in columns:
            continue
        values = preview.values(columns[column])
        guess, strict = words.meant, words.values if words.only else ()
        if set(values) <= set(words.values) and (len(preview.rows) < SAMPLE or column in ("currency", "kind")):
            continue
        key, meanings[column] = f"{preview.table} {column}", {value: guess(value) for value in values}
        unsure = [value for value in values if not words.sure(value)]
        shown = [*unsure, *(value for value in values if value not in unsure)][: max(len(unsure), _SHOWN_WORDS)]
        asked = asked or bool(unsure)
        for place, some in ((places.asked, unsure), (places.known, [value for value in shown if value not in unsure])):
            last = place is places.known
            if not some and not last:
                continue
            with place.box:
                st.markdown(f":small[:gray[What their words for *{column}* mean]]")
                grid = st.columns(4, gap="small")
            for number, value in enumerate(some):
                options = list(strict) or list(dict.fromkeys([value, guess(value), *words.values]))
                with grid[number % 4]:
                    first = guess(value) or _ASK
                    told = _picked(
                        plain(value), [_ASK, *options] if first == _ASK else options, first, f"word {key} {value}"
                    )
                    meanings[column][value] = UNKNOWN if told == _ASK else told
            if last:
                with grid[len(some) % 4]:
                    beyond = f"Words beyond the first {SAMPLE} rows."
                    offered = [_AS_IT_IS, *words.values]
                    rest = _picked("any other word", offered, _AS_IT_IS, f"other {key}", help=beyond)
                if rest != _AS_IT_IS:
                    otherwise[column] = rest
    return meanings, otherwise, asked


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
