"""docs/published.md is replayed: the plans of others pay what their makers say they pay."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.examples import Example, amounts, expected, paid, read

EXAMPLES = read(Path(__file__).resolve().parents[2] / "docs" / "published.md").examples


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda example: example.heading)
def test_a_published_plan_pays_what_is_published(example: Example, tmp_path: Path) -> None:
    assert amounts(paid(example, tmp_path / "history")) == expected(example)


def test_there_are_enough_to_learn_from() -> None:
    assert len(EXAMPLES) >= 80
