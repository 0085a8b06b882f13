"""docs/scheme.md is executed: every example pays what it says, and nothing of the grammar is left out."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Literal, get_args, get_origin

import pytest

from incentive_lab.engine.statement import Line, statement
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.measures import CATALOGUE
from tests.docs.examples import Example, amounts, anchor, checked, expected, paid, read, rows, whole
from tests.docs.numbers import inside, models

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "scheme.md"
DOCUMENT = read(PAGE)
DIMENSIONS = (
    "tier mode", "word trap", "border", "threshold variable vs reward base", "accumulation", "accelerator",
    "caps and floors", "accrual and true-up", "growth", "splits", "rounding", "clawback", "stacking", "gates",
    "units of calculation", "targets", "rate forms", "computed bases", "provisions", "what a line shows", "non-cash",
)  # fmt: skip
"""Everything on which vendors disagree; each has a heading of its own under Conventions."""
ONLY_WORDS = {"word trap"}


def named(examples: tuple[Example, ...]) -> list[object]:
    return [pytest.param(one, id=one.scheme.split("\n", 1)[0].removeprefix("scheme: ")) for one in examples]


def words() -> set[str]:
    """Every key of the grammar and every word that a key may hold."""
    found = set()
    for model in models(Scheme):
        for name, info in model.model_fields.items():
            found.add(info.alias or name)
            for part in inside(info.annotation):
                if get_origin(part) is Literal:
                    found |= {str(value) for value in get_args(part)}
    return found


@pytest.mark.parametrize("example", named(DOCUMENT.examples))
def test_an_example_pays_what_it_says(example: Example, tmp_path: Path) -> None:
    assert amounts(paid(example, tmp_path / "history")) == expected(example)


@pytest.mark.parametrize("part", DOCUMENT.parts, ids=lambda part: anchor(part.heading))
def test_a_part_of_a_scheme_has_no_problems(part: Example) -> None:
    checked(whole(part.scheme))


@pytest.mark.parametrize("example", named(tuple(one for one in DOCUMENT.examples if one.statement)))
def test_a_statement_shows_what_the_page_says(example: Example, tmp_path: Path) -> None:
    lines = statement(paid(example, tmp_path / "history"), "P1").lines
    for row in rows(example.statement):
        line = next(one for one in lines if (one.period, one.rule) == (row["month"], row["line"]))
        assert shown(line) == (float(row["base"]), float(row["rate"]), float(row["amount"]))
        assert row["why"] in line.why


def shown(line: Line) -> tuple[float | None, float | None, float]:
    return line.base, line.rate, line.amount


def test_examples_have_names_of_their_own() -> None:
    names = [checked(one.scheme).id for one in DOCUMENT.examples if not one.baseline]
    assert sorted(names) == sorted(set(names))


def test_every_convention_has_a_heading() -> None:
    after = DOCUMENT.headings[DOCUMENT.headings.index("Conventions") + 1 :]
    assert after == DIMENSIONS


@pytest.mark.parametrize("dimension", [name for name in DIMENSIONS if name not in ONLY_WORDS])
def test_every_convention_is_computed(dimension: str) -> None:
    assert [one for one in DOCUMENT.examples if one.heading == dimension and one.result]


def test_every_declaration_points_to_a_heading() -> None:
    anchors = {anchor(heading) for heading in DOCUMENT.headings}
    sources = {
        match[1]
        for path in (ROOT / "src").rglob("*.py")
        for match in re.finditer(r"scheme\.md#([\w-]+)", path.read_text())
    }
    assert sources
    assert sources <= anchors


def test_links_inside_the_page_lead_somewhere() -> None:
    anchors = [anchor(heading) for heading in DOCUMENT.headings]
    assert len(set(anchors)) == len(anchors)
    links = set(re.findall(r"\]\(#([^)]+)\)", PAGE.read_text(encoding="utf-8")))
    assert links
    assert links <= set(anchors)


def test_every_key_and_word_of_the_grammar_is_on_the_page() -> None:
    said = set(re.findall(r"[\w-]+", " ".join(re.findall(r"`[^`\n]+`", text := PAGE.read_text(encoding="utf-8")))))
    for one in (*DOCUMENT.examples, *DOCUMENT.parts):
        said |= set(re.findall(r"[\w-]+", one.scheme))
    assert text
    assert sorted(words() - said) == []


def test_every_measure_of_the_catalogue_is_on_the_page() -> None:
    said = set(re.findall(r"`(\w+)`", PAGE.read_text(encoding="utf-8")))
    assert sorted(set(CATALOGUE) - said) == []
