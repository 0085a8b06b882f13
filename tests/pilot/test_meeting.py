"""Arms that meet: deals that partners share, pilots beside each other, and data of one arm that come later."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from incentive_lab.cli import app
from incentive_lab.history import open_history
from incentive_lab.history.sharing import customers_of, deals_together
from incentive_lab.pilot.attrition import last_month
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.fromhistory import prepare
from incentive_lab.pilot.reading import loads
from incentive_lab.pilot.running import design, read_pilot

PLAN = """
pilot: trial
hypothesis: More is sold.
arms: [{name: flat}, {name: growth}]
assignment: {mechanism: complete, seed: 5}
dates: {start: 2024-07-01, months: 6, pre_months: 6}
metrics: [{name: revenue, of: revenue, role: primary}]
analysis: {draws: 199}
"""
PARTNERS = 24


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two dozen partners over a year; each two in a row (P01 and P02, ...) share a deal in June and one in September."""
    folder, rng = tmp_path_factory.mktemp("shared"), np.random.default_rng(4)
    names = [f"P{row + 1:02}" for row in range(PARTNERS)]
    (folder / "partners.csv").write_text(
        "partner_id,type,joined_on\n" + "".join(f"{one},msp,2020-01-01\n" for one in names)
    )
    deals, together = [], []
    for row, one in enumerate(names):
        for month in range(1, 13):
            day = f"2024-{month:02}-10"
            deals.append(f"{one}-{month},{one},won,{day},{day},{rng.lognormal(7, 1):.2f},C{one}")
        if row % 2:
            for month in (6, 9):
                # The deal's own partner has none of it: its rows say whose it is.
                deals.append(f"S{row}-{month},P01,won,2024-{month:02}-12,2024-{month:02}-12,1000.00,CS{row}")
                together += [f"S{row}-{month},{names[row - 1]},0.5", f"S{row}-{month},{one},0.5"]
    (folder / "deals.csv").write_text(
        "deal_id,partner_id,status,created_on,closed_on,amount,customer_id\n" + "\n".join(deals) + "\n"
    )
    (folder / "deal_partners.csv").write_text("deal_id,partner_id,share\n" + "\n".join(together) + "\n")
    return folder


def test_customers_of_shared_deals_are_those_of_the_partners_that_share_them(shared: Path) -> None:
    with open_history(str(shared)).closing() as history:
        assert [who for customer, who in customers_of(history) if customer == "CS23"] == ["P23", "P24"]
        assert len(deals_together(history)) == 2 * PARTNERS


@pytest.mark.parametrize("cluster", ["deals", "customers"])
def test_partners_that_share_deals_are_drawn_together(shared: Path, cluster: str) -> None:
    with open_history(str(shared)).closing() as history:
        alone = design(loads(PLAN), history, None)
        assert any("deals connect partners of different arms" in one for one in alone.warnings)
        made = design(loads(PLAN + f"unit: {{cluster: {cluster}}}\n"), history, None)
        assert (made.assigned.arm[::2] == made.assigned.arm[1::2]).all()
        assert not any("connect partners" in one for one in made.warnings)


@pytest.mark.parametrize("more", ["", "unit: {cluster: deals}\n", "rollout", "switchback"])
def test_a_reading_says_where_arms_shared_deals(shared: Path, more: str) -> None:
    text = (
        PLAN + more if "unit" in more else PLAN.replace("complete", f"{more or 'complete'}, waves: 3, period_months: 2")
    )
    with open_history(str(shared)).closing() as history:
        read, _ = read_pilot(loads(text), history, None)
        (told,) = (one for one in read.checks if one.name == "Shared deals")
        if "unit" in more:
            assert told.state == "fine"
            return
        groups = read.trial.ways
        across = int((groups[::2] != groups[1::2]).sum())
        assert across
        assert told.state == "look"
        assert told.words.startswith(f"{across} deals of the pilot's months are shared")  # Those of June are not.


def test_data_of_one_arm_that_come_later_are_seen(shared: Path) -> None:
    plan = loads(PLAN)
    with open_history(str(shared)).closing() as history:
        trial = prepare(plan, history).trial
    monthly = trial.outcomes["revenue"].monthly
    assert monthly is not None
    assert last_month(monthly, trial).state == "fine"
    late = monthly.copy()
    late[trial.arm == 1, -1] = 0
    told = last_month(late, trial)
    assert told.state == "look"
    assert "growth 12 of 12" in told.words
    late[:, -1] = 0  # Of both arms: nothing to tell them apart.
    assert last_month(late, trial).state == "fine"
    early = late[:, : trial.first_post + 1]
    assert last_month(early, replace(trial, periods=trial.periods[: trial.first_post + 1])).state == "fine"


def told(*words: object) -> dict:  # type: ignore[type-arg]
    result = CliRunner().invoke(app, [*(str(word) for word in words), "--json"])
    assert "Traceback" not in result.output
    return dict(json.loads(result.stdout))


def test_a_partner_in_two_pilots_at_once_is_told(shared: Path, tmp_path: Path) -> None:
    for name, text in {
        "one": PLAN, "two": PLAN.replace("trial", "second").replace("2024-07-01, months: 6", "2024-10-01, months: 3"),
        "three": PLAN.replace("trial", "third").replace("2024-07-01, months: 6", "2024-04-01, months: 3"),
        "rehearsed": PLAN.replace("trial", "fourth") + "planted: {lift: 10%}\n",
    }.items():  # fmt: skip
        (tmp_path / name).mkdir()
        (tmp_path / name / "pilot.yaml").write_text(text)
        told("pilot", "assign", tmp_path / name, "--history", shared, "--register")
    warned = told("pilot", "assign", tmp_path / "two", "--history", shared)["warnings"]
    assert any("24 partners are in the pilot trial too, in the months 2024-10 to 2024-12" in one for one in warned)
    assert not any("third" in one or "fourth" in one for one in warned)
    read = told("pilot", "analyse", tmp_path / "one", "--history", shared)
    (found,) = (one for one in read["checks"] if one["name"] == "Other pilots")
    assert found["state"] == "look"
    assert "in the pilot second too" in found["words"]
    for name in ("three", "rehearsed"):
        read = told("pilot", "analyse", tmp_path / name, "--history", shared)
        assert not [one for one in read["checks"] if one["name"] == "Other pilots"]
    (tmp_path / "two" / "registered.json").write_text("{")  # Of no pilot that can be read.
    read = told("pilot", "analyse", tmp_path / "one", "--history", shared)
    assert not [one for one in read["checks"] if one["name"] == "Other pilots"]


@pytest.mark.parametrize(("starts", "months", "warned"), [
    ("2024-07-01", 6, False), ("2024-08-01", 12, True), ("2024-01-01", 9, True), ("2024-01-01", 12, False),
])  # fmt: skip
def test_a_scheme_that_is_not_in_effect_in_the_pilots_months_is_told(
    shared: Path, tmp_path: Path, starts: str, months: int, warned: bool
) -> None:
    for name in ("old", "new"):
        (tmp_path / f"{name}.yaml").write_text(
            f"scheme: {name}\ncurrency: USD\neffective: {{from: {starts}, months: {months}}}\n"
            "rules: [{id: commission, on: revenue, rate: 2%}]\n"
        )
    text = PLAN.replace("{name: flat}", "{name: flat, scheme: old}").replace(
        "{name: growth}", "{name: growth, scheme: new}"
    )
    plan: Pilot = loads(text)
    with open_history(str(shared)).closing() as history:
        found = design(plan, history, tmp_path).warnings
        assert any("nobody is paid by it" in one for one in found) is warned
        rehearsed = loads(text + "planted: {lift: 10%}\n")
        assert not any("nobody is paid by it" in one for one in design(rehearsed, history, tmp_path).warnings)
