"""When months begin that are no calendar months: weeks of a 4-4-5 calendar, or another day of the month."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import streamlit as st

from incentive_lab.errors import InputError
from incentive_lab.format import month_name
from incentive_lab.history.calendar_document import MONTHS, RULES, WEEKDAYS, DeclaredCalendar, year_rule
from incentive_lab.ui import histories
from incentive_lab.ui.cards import card
from incentive_lab.ui.preparing import Source
from incentive_lab.ui.tables import table

_CHOSEN = "calendar of a history"
CALENDAR, WEEKS, DAY, SAID = "Calendar months", "Weeks of a quarter", "Another day of the month", "As the mapping says"
PATTERNS = ("4-4-5", "4-5-4", "5-4-4")
_ENDS = {"last": "last ... of", "nearest": "... nearest the end of"}


def forget_calendar() -> None:
    """Begin the next history without what was chosen for the last one."""
    for key in [_CHOSEN, *(key for key in st.session_state if str(key).startswith("calendar-"))]:
        st.session_state.pop(key, None)


def in_months(source: Source) -> Source:
    """A history by a mapping that also says the months that were chosen; as it is where nothing was chosen."""
    chosen: Mapping[str, Any] | None = st.session_state.get(_CHOSEN)
    if chosen is None or chosen == _said(source):
        return source
    text = with_months(Path(source.mapping).read_text(encoding="utf-8") if source.mapping else "")
    return histories.mapped_by(source, text) if text else replace(source, mapping=None)


def with_months(text: str) -> str:
    """The text of a mapping that also says the months that were chosen; as it is where nothing was chosen."""
    from incentive_lab.history.mapping_writing import with_calendar

    chosen: Mapping[str, Any] | None = st.session_state.get(_CHOSEN)
    return text if chosen is None else with_calendar(text, chosen)


def _said(source: Source) -> dict[str, Any]:
    """What a history's mapping says of its months, as plain data; empty where it cannot be read."""
    from incentive_lab.history.mapping_document import read_mapping

    if source.mapping is None:
        return {}
    try:
        said = read_mapping(Path(source.mapping)).document.calendar
    except InputError:
        return {}
    return {} if said is None else said.model_dump(mode="json", exclude_defaults=True)


def ask_calendar(source: Source, chosen: Callable[[], None]) -> None:
    """The controls that say when months begin.

    Args:
        source: The history that is being brought in.
        chosen: Called when a choice was made.
    """
    said = _said(source)
    own = DeclaredCalendar.model_validate(said) if said else DeclaredCalendar()
    rule = year_rule(own.year_ends) if own.year_ends and own.weeks in PATTERNS and not said.get("long_month") else None
    now = WEEKS if rule else DAY if own.month_starts_on else SAID if said else CALENDAR
    kinds = [CALENDAR, WEEKS, DAY, *([SAID] if now == SAID else [])]

    def keep() -> None:
        st.session_state[_CHOSEN] = _chosen(said)
        chosen()

    def choice(label: str, key: str, options: list[str], first: str, **more: Any) -> None:
        st.selectbox(label, options, index=options.index(first), key=f"calendar-{key}", on_change=keep, **more)

    kind, day, month = rule or ("last", "saturday", "january")
    with card("months"), st.container(horizontal=True, vertical_alignment="bottom"):
        choice("Months are", "kind", kinds, now, width=240,
               help="A vendor's own fiscal months. A table of first days, or years of 53 weeks by name, goes into the "
                    "mapping: calendar: {month_starts: [...]}.")  # fmt: skip
        wanted = st.session_state["calendar-kind"]
        if wanted == WEEKS:
            choice("Weeks", "weeks", list(PATTERNS), own.weeks if own.weeks in PATTERNS else "4-4-5", width=110)
            choice("A year ends on the", "ends", list(_ENDS), kind, format_func=_ENDS.__getitem__, width=220)
            choice("Day", "day", list(WEEKDAYS), day, format_func=str.capitalize, width=150)
            choice("Month", "month", list(MONTHS), month, format_func=str.capitalize, width=150)
        if wanted == DAY:
            st.number_input("They begin on day", 2, 28, own.month_starts_on or 26, key="calendar-begins", on_change=keep,
                            width=180)  # fmt: skip


def _chosen(said: Mapping[str, Any]) -> Mapping[str, Any]:
    """What the controls say, as a mapping writes it."""
    state = st.session_state
    kind = state["calendar-kind"]
    if kind == WEEKS:
        rule = RULES[state.get("calendar-ends", "last")]
        ends = rule.format(day=state.get("calendar-day", "saturday"), month=state.get("calendar-month", "january"))
        return {"weeks": state.get("calendar-weeks", "4-4-5"), "year_ends": ends}
    if kind == DAY:
        return {"month_starts_on": int(state.get("calendar-begins", 26))}
    return said if kind == SAID else {}


def months_table(calendar: Mapping[str, Any]) -> None:
    """Each month with its first and last day, folded.

    Args:
        calendar: From a history's description.
    """
    with st.expander("Its months", icon=":material/calendar_month:"):
        st.markdown(":small[:gray[Each is named after the calendar month whose first day is nearest to its own.]]")
        rows = [
            (month_name(one["month"]), one["first_day"], one["last_day"], str(one["days"]))
            for one in calendar["months"]
        ]
        table(("Month", "First day", "Last day", "Days"), rows)
