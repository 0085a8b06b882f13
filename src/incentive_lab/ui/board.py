"""The board of the page Tune: key figures and charts as one element that the browser repaints in place.

Streamlit takes a Plotly chart down and builds it anew whenever it changes, and every element of a page costs a message,
a rendering and a layout. One element that paints itself does not, so that a dial's consequence is there at once.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import streamlit as st

from incentive_lab.charts.style import Chart
from incentive_lab.format import unbroken
from incentive_lab.ui.cards import Figure

KEY = "board"
_HERE = Path(__file__)
_BOARD = st.components.v2.component(
    "board",
    html="<div class='board'></div>",
    css=_HERE.with_suffix(".css").read_text(encoding="utf-8"),
    js=_HERE.with_suffix(".js").read_text(encoding="utf-8"),
    isolate_styles=False,
)


@dataclass(frozen=True)
class Place:
    """A chart on the board.

    Attributes:
        key: Its name on the board.
        views: What it can show, by name; the reader chooses without asking the server.
        wide: Whether it takes the whole width.
        opens: What a click on one of its categories names ('Tenth'), by view; empty where nothing opens.
    """

    key: str
    views: dict[str, Chart]
    wide: bool = False
    opens: tuple[str, ...] = ()


def board(
    data: Mapping[str, Any],
    *,
    live: str,
    move: tuple[str, float] | None,
    opened: Callable[[list[str]], None],
) -> None:
    """Draw the board.

    Args:
        data: Its parts (`board_data`) and, as `of`, whose figures they are; the element says so once all is painted.
        live: The token with which it may ask for figures of a dial that is still moving (`live`).
        move: The dial that was moved last, as the browser knows it, and where it stands; None after anything else.
            While a later move is on the board, the figures of an earlier one are not shown again.
        opened: Called with what was clicked: [who] of a figure, [by, value] of a chart.
    """

    def told() -> None:
        asked = st.session_state[KEY]["opened"]
        if asked:
            opened([str(part) for part in asked])

    _BOARD(data={**data, "live": live, "move": move}, key=KEY, on_opened_change=told)


def board_data(figures: Sequence[Figure], places: Sequence[Place]) -> dict[str, Any]:
    """What the browser gets: text and plain numbers."""
    return {
        "figures": [
            {**asdict(one), "value": unbroken(one.value), "line": unbroken(one.line), "tone": one.tone} for one in figures
        ],
        "charts": [
            {
                "key": place.key,
                "wide": place.wide,
                "views": [
                    {"name": name, "title": unbroken(chart.title), "note": unbroken(chart.note), "alt": chart.alt, **chart.spec,
                     "opens": place.opens[at] if place.opens else ""}
                    for at, (name, chart) in enumerate(place.views.items())
                ],
            }
            for place in places
        ],
    }  # fmt: skip
