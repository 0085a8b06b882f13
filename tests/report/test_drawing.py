"""Charts of a document: well formed, the same each time, to scale, and text in them is text."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from incentive_lab.report.blocks import Document, Figures, Picture
from incentive_lab.report.drawing import AFTER, BEFORE, LOSS, changes, fan, level_bars, paired_bars
from incentive_lab.report.html import html_page
from incentive_lab.report.pdf import pdf_bytes

EVIL = '"/><script>alert(1)</script>'
NAMES = ("Today", "Proposed")
DRAWN = {
    "paired": lambda: paired_bars([(EVIL, 100.0, 50.0), ("b", 0.0, -25.0)], NAMES, EVIL),
    "level": lambda: level_bars([(EVIL, 100.0, 50.0), ("b", 0.0, -25.0)], NAMES, EVIL),
    "fan": lambda: fan([EVIL, "b", "c"], [0.0, 1.0, 2.0], [0.0, 2.0, 4.0], [0.0, 3.0, 6.0], 5.0, EVIL),
    "changes": lambda: changes([5.0, -3.0, 0.0], EVIL),
    "nothing": lambda: paired_bars([], NAMES, "") + changes([], "")[:0],
}


def bars(svg: str, colour: str) -> list[dict[str, str]]:
    found = [one.attrib for one in ElementTree.fromstring(svg).iter("{http://www.w3.org/2000/svg}rect")]
    return [one for one in found if one["fill"] == colour][1:]  # The first is the legend's.


@pytest.mark.parametrize("name", DRAWN)
def test_a_chart_is_well_formed_and_the_same_each_time(name: str) -> None:
    svg = DRAWN[name]()
    assert svg == DRAWN[name]()
    assert not [one for one in ElementTree.fromstring(svg).iter() if one.tag.endswith("script")]


def test_bars_are_to_scale() -> None:
    svg = DRAWN["paired"]()
    before, after = bars(svg, BEFORE), bars(svg, AFTER)
    assert float(before[0]["height"]) == pytest.approx(2 * float(after[0]["height"]), abs=0.2)
    assert float(after[1]["height"]) == pytest.approx(float(after[0]["height"]) / 2, abs=0.2)
    # Below nothing hangs down from where the others stand.
    ground = float(before[0]["y"]) + float(before[0]["height"])
    assert float(after[1]["y"]) == pytest.approx(ground, abs=0.2)


def test_gains_stand_before_losses() -> None:
    svg = DRAWN["changes"]()
    (gain,), (loss,) = bars(svg, AFTER), bars(svg, LOSS)
    assert float(gain["x"]) < float(loss["x"])
    assert float(gain["height"]) / float(loss["height"]) == pytest.approx(5 / 3, rel=0.02)


def test_a_document_with_charts_becomes_a_page_and_a_pdf() -> None:
    made = Document("A", "B", (Figures((("Cost", "1 m", EVIL),)), Picture(DRAWN["fan"](), EVIL, EVIL)))
    assert "<script" not in html_page(made)
    assert pdf_bytes(made) == pdf_bytes(made)
    assert pdf_bytes(made).startswith(b"%PDF-")
