"""The figures that docs/usability.md tells of the demo are those that the engine gives."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest

from incentive_lab.engine.impact import Impact, impact
from incentive_lab.engine.replay import Replay, replay
from incentive_lab.engine.statement import statement
from incentive_lab.history import open_history
from incentive_lab.history.demo import generate_demo
from incentive_lab.history.for_schemes import panel_for
from incentive_lab.panel import Panel
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import load
from incentive_lab.scheme.paths import apply
from incentive_lab.ui.preparing import DEMO_MONTHS, DEMO_PARTNERS
from tests.house.floors import ROOT

TEXT = " ".join((ROOT / "docs" / "usability.md").read_text(encoding="utf-8").split())
GROWTH, FLAT = (load(ROOT / "data" / "schemes" / f"{name}.yaml") for name in ("growth-80-20", "current-flat"))


@pytest.fixture(scope="module")
def panel(tmp_path_factory: pytest.TempPathFactory) -> Panel:
    folder = tmp_path_factory.mktemp("usability") / "demo"
    generate_demo(folder, partners=DEMO_PARTNERS, months=DEMO_MONTHS)
    with (history := open_history(folder)).closing():
        return panel_for(history, GROWTH, FLAT)


def told(pattern: str) -> list[float]:
    """The numbers of a sentence of the page; a sentence that is no longer there fails."""
    found = re.search(pattern, TEXT)
    assert found, f"docs/usability.md no longer says: {pattern}"
    return [float(number.replace(",", "")) for number in found.groups()]


def against(scheme: Scheme, other: Scheme, panel: Panel) -> tuple[Replay, Replay, Impact]:
    after, before = (replay(one, panel, baseline=FLAT, detail=False) for one in (scheme, other))
    return after, before, impact(after, before)


def test_the_first_task_costs_a_tenth_less_and_nobody_loses_more_than_five_per_cent(panel: Panel) -> None:
    kept, pipeline, registered = told(r"share kept\* to ([\d.]+):.*rate\* to ([\d.]+), \*Approved.*?rate\* to (\d+)\.")
    rates = {"rules.qualified-pipeline.rate": str(pipeline / 100), "rules.deal-registration.rate": str(registered)}
    now = replay(GROWTH, panel, baseline=FLAT, detail=False).cost / 100
    found: dict[float, tuple[Replay, np.ndarray, Impact]] = {}
    for keep in (kept, 95.0):
        after, before, change = against(
            apply(GROWTH, {"guarantees.transition.keep": str(keep / 100), **rates}), FLAT, panel
        )
        lost = np.divide(change.change, before.by_partner, out=np.zeros(panel.partners), where=before.by_partner > 0)
        found[keep] = after, lost, change
    after, lost, change = found[kept]
    was, cost, by = told(r"Cost goes from ([\d.]+) m to ([\d.]+) m \(-([\d.]+) %\)")
    assert (now / 1e6, after.cost / 1e8) == pytest.approx((was, cost), abs=0.005)
    assert (1 - after.cost / 100 / now) * 100 == pytest.approx(by, abs=0.05)
    losers, hardest = told(r"(\d+) partners are worse off, the hardest hit by ([\d.]+) %")
    assert change.total.losers == losers
    assert -lost.min() * 100 == pytest.approx(hardest, abs=0.05)
    below, hair = told(r"95 leaves (\d+) partners a hair \(([\d.]+) %\) below")
    assert (found[95.0][1] < -0.05).sum() == below
    assert (-found[95.0][1].min() - 0.05) * 100 == pytest.approx(hair, abs=0.0005)


def test_the_second_task_touches_whom_the_page_says(panel: Panel) -> None:
    (gold,) = told(r"type (\d+)\. One partner gains")
    moved = apply(GROWTH, {"tiers.levels.gold.needs.protected_revenue": str(gold)})
    after, before, change = against(moved, GROWTH, panel)
    losers, same, less = told(r"One partner gains, (\d+) lose, (\d+) are paid the same, and it costs ([\d.]+) k less")
    assert (change.total.winners, change.total.losers, change.total.unchanged) == (1, losers, same)
    assert (before.cost - after.cost) / 1e5 == pytest.approx(less, abs=0.05)
    better, worse = told(r"\((\d+) better, (\d+) worse, as before\)")
    for one in (GROWTH, moved):
        total = against(one, FLAT, panel)[2].total
        assert (total.winners, total.losers) == (better, worse)


def test_the_fifth_tasks_statement_adds_up_to_what_the_page_says(panel: Panel) -> None:
    (amount,) = told(r"\(P000170: ([\d,.]+) USD\)")
    found = statement(replay(GROWTH, panel, baseline=FLAT), "P000170", "2025-Q2", FLAT)
    assert found.total == pytest.approx(amount)
    assert sum(line.amount for line in found.lines) == pytest.approx(amount)


def test_the_demo_is_the_one_it_speaks_of(tmp_path: Path) -> None:
    assert told(r"demo history \(([\d,]+) partners, (\d+) months\)") == [DEMO_PARTNERS, DEMO_MONTHS]
