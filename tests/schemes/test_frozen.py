"""The shipped schemes check, pay what they paid when they were frozen, and every rule of theirs pays somebody."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from incentive_lab.engine.replay import Replay
from incentive_lab.history import History
from incentive_lab.scheme.check import check
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import load
from tests.schemes.freeze import FOLDER, frozen, paid, shipped, small_history, table, written_table

COST_SHARE = (0.02, 0.08)
"""What a programme costs of the revenue it pays on: 2 to 8 % (published programmes lie between 3 and 8 %)."""
ALL = [pytest.param(path, id=path.stem) for path in shipped()]


@pytest.fixture(scope="module")
def history() -> Iterator[History]:
    with small_history() as opened:
        yield opened


@pytest.fixture(scope="module")
def results(history: History) -> dict[str, tuple[Scheme, Replay]]:
    return {path.stem: paid(path, history) for path in shipped()}


def test_there_are_eight_schemes_or_more() -> None:
    assert len(shipped()) >= 8


@pytest.mark.parametrize("path", ALL)
def test_a_shipped_scheme_has_no_problems(path: Path) -> None:
    scheme = load(path)
    baseline = load(FOLDER / f"{scheme.baseline}.yaml") if scheme.baseline else None
    assert check(scheme, baseline=baseline).problems == ()


@pytest.mark.parametrize("path", ALL)
def test_a_shipped_scheme_says_what_it_is(path: Path) -> None:
    scheme = load(path)
    assert scheme.id == path.stem
    assert scheme.title
    assert scheme.author
    assert scheme.reason
    assert all(rule.label for rule in scheme.rules)
    assert scheme.effective.from_ == "2026-01-01"


def test_the_generated_history_is_the_one_that_was_frozen(
    history: History, results: dict[str, tuple[Scheme, Replay]]
) -> None:
    readme = (FOLDER / "README.md").read_text(encoding="utf-8")
    assert table(history, list(results.values())) == written_table(readme)


@pytest.mark.parametrize("path", ALL)
def test_a_shipped_scheme_pays_what_it_paid(path: Path, results: dict[str, tuple[Scheme, Replay]]) -> None:
    assert frozen(results[path.stem][1]) == path.with_suffix(".payouts.csv").read_text(encoding="utf-8")


@pytest.mark.parametrize("path", ALL)
def test_every_rule_pays_somebody(path: Path, results: dict[str, tuple[Scheme, Replay]]) -> None:
    scheme, result = results[path.stem]
    idle = [rule.id for rule, paid in zip(scheme.rules, result.by_rule, strict=False) if not (paid > 0).any()]
    assert idle == []


@pytest.mark.parametrize("path", ALL)
def test_a_shipped_scheme_costs_what_a_programme_costs(path: Path, results: dict[str, tuple[Scheme, Replay]]) -> None:
    result = results[path.stem][1]
    share = result.cost / float(result.panel.columns["revenue"].sum())
    assert COST_SHARE[0] <= share <= COST_SHARE[1]
