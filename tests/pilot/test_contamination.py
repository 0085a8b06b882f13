"""What partners were really paid by, against the arm they were in in that month."""

from __future__ import annotations

from pathlib import Path

import pytest

from incentive_lab.history import History, open_history
from incentive_lab.pilot.fromhistory import prepare
from incentive_lab.pilot.reading import loads
from incentive_lab.pilot.running import read_pilot

PLAN = """
pilot: trial
hypothesis: More is sold.
arms: [{{name: flat, scheme: old}}, {{name: growth, scheme: new}}]
assignment: {{mechanism: {mechanism}, seed: 5}}
dates: {{start: 2024-07-01, months: 6, pre_months: 6}}
metrics: [{{name: revenue, of: revenue, role: primary}}]
analysis: {{draws: 99}}
"""
MECHANISMS = {
    "rollout": "rollout, waves: 3, period_months: 2", "switchback": "switchback, period_months: 2, washout_months: 1",
    "complete": "complete",
}  # fmt: skip
PARTNERS = [f"P{row:02}" for row in range(12)]


def written(folder: Path, payouts: list[str]) -> Path:
    """A year of a dozen partners that sell each month, with what they were paid."""
    rows = [f"{one}-{month},{one},won,2024-{month:02}-05,2024-{month:02}-05,{100 * (row + 1) + (7 * row * month) % 50}"
            for row, one in enumerate(PARTNERS) for month in range(1, 13)]  # fmt: skip
    for name, head, body in (
        ("partners", "partner_id,type,joined_on", [f"{one},msp,2020-01-01" for one in PARTNERS]),
        ("deals", "deal_id,partner_id,status,created_on,closed_on,amount", rows),
        ("actual_payouts", "partner_id,period,rule,amount", payouts or ["P00,2024-01,base,1"]),
    ):
        (folder / f"{name}.csv").write_text("\n".join([head, *body]) + "\n")
    return folder


@pytest.fixture
def plans(tmp_path: Path) -> Path:
    """A folder with the schemes of both arms, each with a rule of its own."""
    folder = tmp_path / "plans"
    folder.mkdir()
    for name, rule in (("old", "base"), ("new", "more")):
        (folder / f"{name}.yaml").write_text(
            f"scheme: {name}\ncurrency: USD\neffective: {{from: 2024-01-01, months: 12}}\n"
            f"rules: [{{id: {rule}, on: revenue, rate: 2%}}]\n"
        )
    return folder


def state(mechanism: str, history: History, plans: Path) -> tuple[str, str]:
    read, _ = read_pilot(loads(PLAN.format(mechanism=MECHANISMS[mechanism])), history, plans, worth=False)
    (found,) = (one for one in read.checks if one.name == "Contamination")
    return found.state, found.words


@pytest.mark.parametrize("mechanism", MECHANISMS)
@pytest.mark.parametrize("grain", ["month", "quarter"])
def test_who_is_paid_as_drawn_in_each_month_is_not_contaminated(
    mechanism: str, grain: str, tmp_path: Path, plans: Path
) -> None:
    with open_history(str(written(tmp_path, []))).closing() as history:
        prepared = prepare(loads(PLAN.format(mechanism=MECHANISMS[mechanism])), history)
    inside, trial = prepared.in_arm, prepared.trial
    assert trial.keys is not None
    right, swapped = [], []
    for key, one in zip(trial.keys, trial.partners, strict=True):
        for month in range(7, 13):
            period = f"2024-{month:02}" if grain == "month" else f"2024-Q{(month + 2) // 3}"
            own = bool(inside[key, month - 1])
            right.append(f"{one},{period},{'more' if own else 'base'},1.00")
            swapped.append(f"{one},{period},{'base' if own else 'more'},1.00")
    for name, rows, wanted in (("right", right, "fine"), ("swapped", swapped, "stop")):
        (tmp_path / name).mkdir()
        with open_history(str(written(tmp_path / name, sorted(set(rows))))).closing() as history:
            found, words = state(mechanism, history, plans)
        if wanted == "stop" and grain == "quarter" and mechanism != "complete":
            continue  # A quarter that spans a start may be of either.
        assert found == wanted, words
