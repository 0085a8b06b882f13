"""The names that the history in use knows: for notes on what a scheme asks for and the history does not have, and what
partners are called."""

from __future__ import annotations

import streamlit as st

from incentive_lab.history import History
from incentive_lab.history.names import known_names
from incentive_lab.scheme.checks.context import Known
from incentive_lab.ui import workspace


def names_in_use() -> Known:
    """Kinds of activities, scores, attributes and columns of the history in use."""
    held = workspace.history()
    return _names(held.history_id, held)


@st.cache_resource(show_spinner=False, max_entries=4)
def _names(history_id: str, _history: History) -> Known:
    with workspace.preparation().lock:
        return known_names(_history)


def partner_names() -> dict[str, str]:
    """What partners are called, by id; those that have a name."""
    with workspace.preparation().lock:
        rows = workspace.history().partners
    if "name" not in rows:
        return {}
    return {str(who): str(name) for who, name in zip(rows["partner_id"], rows["name"], strict=True) if name}
