"""Where the choices of a mapping stand on the page: open where they ask for a decision, else folded behind one line."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from incentive_lab.errors import Problem
from incentive_lab.format import counted
from incentive_lab.history.previewing import Preview
from incentive_lab.history.suggesting import Choice
from incentive_lab.history.tables import TABLES

ONLY_ROWS = "Only rows with"


@dataclass(frozen=True, eq=False)
class Place:
    """A part of the form.

    Attributes:
        box: Where it stands.
        names: Our columns that are chosen there.
    """

    box: Any
    names: tuple[str, ...]


@dataclass(frozen=True)
class Places:
    """The three parts of the form of one table.

    Attributes:
        asked: What asks for a decision; open.
        known: What is recognised for sure; folded.
        further: What a history may have and this table has not, and what is rarely said; folded.
        rows_known: Where the first rows stand if nothing asks for a decision.
    """

    asked: Place
    known: Place
    further: Place
    rows_known: Any


def places_of(preview: Preview, table: str, guess: Choice, problems: Sequence[Problem]) -> Places:
    """The parts of the form of a table, drawn one below the other.

    Args:
        preview: Their table.
        table: Ours.
        guess: What is suggested for it.
        problems: Why the last try was refused; a column that one speaks of asks for a decision.
    """
    here = [one for one in problems if one.path.startswith(preview.label)]
    hurt = {column.name for column in TABLES[table].columns for one in here if f"({table}.{column.name})" in one.path}
    columns = [column for column in TABLES[table].columns if column.name not in hurt]
    known = tuple(column.name for column in columns if column.name in guess.sure)
    further = tuple(column.name for column in columns if column.name not in guess.columns and not column.required)
    asked = tuple(column.name for column in TABLES[table].columns if column.name not in {*known, *further})
    open_box = st.container()
    known_box: Any = open_box
    if known:
        known_box = st.expander(
            f"{counted(len(known), 'column')} recognised: show", key=f"known {preview.table} {table}"
        )
    rows_known = known_box.container()
    more = [f"{counted(len(further), 'column')} not there"] if further else []
    more += ["amounts in thousands"] if any(column.kind == "money" for column in TABLES[table].columns) else []
    further_box = st.expander(
        f"{', '.join([*more, 'rows to leave out'])}: show".capitalize(),
        expanded=any(ONLY_ROWS in one.fix for one in here),
        key=f"further {preview.table} {table}",
    )
    return Places(Place(open_box, asked), Place(known_box, known), Place(further_box, further), rows_known)
