"""The colours of charts in both themes: each has its partner, and all can be told from what they lie on."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from incentive_lab.charts import style
from incentive_lab.charts.dark import DARK, ON_DARK, ON_LIGHT, exchange
from incentive_lab.ui import board
from tests.ui.conftest import ROOT

PICTURE = {"#f4f6fa", "#dfe8f9"}
"""Of the heat map's cells, which stay light."""
WRITTEN, DRAWN = (style.INK, style.MUTED), (*style.CATEGORIES, style.OTHER)


def light(colour: str) -> float:
    parts = (int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((light(one), light(other)))
    return (high + 0.05) / (low + 0.05)


def test_every_colour_of_a_chart_has_a_dark_one() -> None:
    sources = [*(ROOT / "src/incentive_lab/charts").glob("*.py"), Path(board.__file__).with_suffix(".js")]
    used = {one.lower() for path in sources if path.name != "dark.py" for one in
            re.findall(r"#[0-9a-fA-F]{6}", path.read_text(encoding="utf-8"))}  # fmt: skip
    assert used - PICTURE <= DARK.keys()
    assert all(f"fill: light-dark({one}, {DARK[one]})" in exchange() for one in used - PICTURE)


@pytest.mark.parametrize("dark", [False, True])
def test_what_is_written_and_drawn_stands_out(dark: bool) -> None:
    def shown(colour: str) -> str:
        return DARK[colour] if dark else colour

    paper = shown(style.PAPER)
    assert [one for one in WRITTEN if contrast(shown(one), paper) < 4.5] == []
    assert [one for one in DRAWN if contrast(shown(one), paper) < (3 if one != style.OTHER else 2.9)] == []
    assert contrast(paper, shown(style.BEHAVIOUR)) >= 4.5, "shares are written into the bars in the colour of the paper"


def test_what_is_written_on_the_heat_map_stays_as_its_cells_do() -> None:
    assert not {ON_LIGHT, ON_DARK} & DARK.keys()
    assert contrast(ON_LIGHT, "#dfe8f9") >= 4.5
    assert contrast(ON_DARK, style.DRAFT) >= 4.5
