"""Pilots on a generated history: drawn, registered, read, watched, valued; and the commands that do it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

from incentive_lab.cli import app
from incentive_lab.engine.replay import replay
from incentive_lab.errors import InputError
from incentive_lab.history import History, open_history
from incentive_lab.pilot.assigning import Between
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.fromhistory import plan_draw, prepare
from incentive_lab.pilot.locking import audited
from incentive_lab.pilot.paying import Costs, Payer, fingerprints, floors_for, schemes_for
from incentive_lab.pilot.power_answers import power_told
from incentive_lab.pilot.reading import loads
from incentive_lab.pilot.running import design, read_pilot
from tests.pilot.conftest import PLAN, ROOT


@pytest.fixture(scope="module")
def history(demo: Path) -> Iterator[History]:
    with open_history(str(demo)).closing() as held:
        yield held


@pytest.fixture
def plan() -> Pilot:
    return loads(PLAN)


def ask(*words: object) -> tuple[int, dict]:  # type: ignore[type-arg]
    result = CliRunner().invoke(app, [*(str(word) for word in words), "--json"])
    assert "Traceback" not in result.output
    return result.exit_code, json.loads(result.stdout)


@pytest.fixture
def place(tmp_path: Path) -> Path:
    (tmp_path / "pilot.yaml").write_text(PLAN)
    return tmp_path


def test_the_same_plan_draws_the_same_arms(history: History, plan: Pilot) -> None:
    again = plan.model_copy(update={"assignment": plan.assignment.model_copy(update={"seed": 6})})
    one, other, third = (plan_draw(each, history)[1].arm for each in (plan, plan, again))
    assert (one == other).all()
    assert (one != third).any()


def test_an_estimator_that_the_months_before_refuse_is_warned_of_where_the_pilot_is_planned(history: History) -> None:
    text = PLAN.replace("months: 6", "months: 1").replace("active_months: 3", "active_months: 0")
    said = "The plan's estimator could not be used on revenue in the 1 month before the start"
    refused = loads(text.replace("{draws: 400,", "{draws: 400, estimator: log_ancova,"))
    (warned,) = [one for one in design(refused, history, None).warnings if one.startswith(said)]
    assert "log_ancova needs outcomes above zero" in warned
    assert warned in power_told(refused, history, None, draws=50)["notes"]
    for fits in (text, text.replace("{draws: 400,", "{draws: 400, estimator: ancova,")):
        assert not [one for one in design(loads(fits), history, None).warnings if "could not be used" in one]


def test_a_planted_lift_moves_the_treated_by_just_that_much(history: History, plan: Pilot) -> None:
    with_lift = prepare(plan, history)
    without = prepare(plan.model_copy(update={"planted": None}), history)
    treated = with_lift.trial.arm == 1
    one, other = (each.trial.outcomes["revenue"].post for each in (with_lift, without))
    assert one[treated] == pytest.approx(1.6 * other[treated], abs=0.01)
    assert (one[~treated] == other[~treated]).all()
    pre = [each.trial.outcomes["revenue"].pre for each in (with_lift, without)]
    assert (pre[0] == pre[1]).all()


def test_a_reading_has_all_its_parts(history: History, plan: Pilot) -> None:
    read, _ = read_pilot(plan, history, None)
    assert read.label == ("exploratory", "rehearsal")
    assert [one.metric.role for one in read.answers] == ["primary", "secondary", "guardrail"]
    assert read.value is not None
    assert read.value.interval.low < read.value.point < read.value.interval.high
    assert 0 <= read.value.chance <= 1
    assert read.value.information >= 0
    assert [worth for _, worth in read.value.longer] == sorted(worth for _, worth in read.value.longer)
    assert read.value.longer[-1][1] <= read.value.information + 1e-6
    assert set(read.segments) == {"type", "size"}
    assert read.whales["growth"].tops[0][0] == 1


def test_payouts_of_the_value_are_the_kernels(history: History, plan: Pilot) -> None:
    """With one scheme in both arms and no effect, scaling costs nothing."""
    same = loads(PLAN.replace("growth-80-20", "current-flat").replace("planted: {lift: 60%}", ""))
    prepared = prepare(same, history)
    payer = Payer.of(schemes_for(same, None), {}, history)
    costs = Costs(payer, "growth", "flat", prepared, np.zeros(prepared.trial.size))
    assert costs.incremental(0.0) == pytest.approx(0.0, abs=1e-9)
    # The flat commission is 3 % of revenue, so a quarter more costs 3 % of a quarter of what all would have sold.
    revenue, arm = prepared.trial.outcomes["revenue"].post, prepared.trial.arm
    without = np.where(arm == 1, revenue / 1.25, revenue).mean()
    assert costs.incremental(0.25) == pytest.approx(0.03 * 0.25 * without, rel=1e-3)


def test_a_guarantee_compares_with_the_baseline_its_scheme_names(history: History, tmp_path: Path) -> None:
    """Not with what the control is paid by; else the pilot would pay what nobody would be paid after it."""
    shipped = ROOT / "data" / "schemes"
    (tmp_path / "half.yaml").write_text(
        (shipped / "current-flat.yaml")
        .read_text()
        .replace("scheme: current-flat", "scheme: half")
        .replace("3%", "1.5%")
    )
    text = PLAN.replace("scheme: current-flat", "scheme: half")
    schemes = schemes_for(loads(text), tmp_path)
    floors = floors_for(schemes, "flat", tmp_path)
    assert {arm: floor.id for arm, floor in floors.items()} == {"growth": "current-flat"}
    paid = Payer.of(schemes, floors, history)
    direct = replay(schemes["growth"], paid.panel, baseline=floors["growth"], detail=False).total.T / 100
    assert paid.paid("growth") == pytest.approx(direct)
    assert paid.paid("growth").sum() > Payer.of(schemes, {"growth": schemes["flat"]}, history).paid("growth").sum()
    assert set(fingerprints(schemes, floors)) == {"flat", "growth", "growth's guarantee"}
    # A baseline that is nowhere: the control stands for it, but nothing for the control's own.
    lost = {"flat": schemes["growth"].model_copy(update={"baseline": "nowhere"}), "growth": schemes["growth"]}
    with pytest.raises(InputError, match="no scheme 'nowhere'"):
        floors_for(lost, "flat", tmp_path)
    assert floors_for(lost, "growth", tmp_path)["flat"] is lost["growth"]


def test_a_roll_out_and_a_switchback_are_drawn_and_read(history: History) -> None:
    for mechanism, more in (("rollout", "waves: 3, period_months: 2"), ("switchback", "period_months: 1")):
        text = PLAN.replace(
            "{mechanism: blocked, block_size: 4, seed: 5}", f"{{mechanism: {mechanism}, {more}, seed: 5}}"
        )
        read, _ = read_pilot(loads(text.replace("draws: 400", "draws: 99")), history, None, worth=False)
        found = read.primary.found
        assert found is not None
        assert found.inference == "randomisation"
        assert found.estimator == {"rollout": "staggered"}.get(mechanism, mechanism)


def test_clusters_by_region_and_by_parent_are_drawn_whole(history: History) -> None:
    text = (
        PLAN.replace("pilot: trial", "pilot: trial\nunit: {cluster: parent_id}")
        .replace("blocked, block_size: 4", "complete")
        .replace(", scheme: current-flat", "")
        .replace(", scheme: growth-80-20", "")
    )  # costs are worked out in other tests
    made = design(loads(text), history, None)
    assert made.assigned.clusters is not None
    for unit in np.unique(made.assigned.clusters):
        assert len(set(made.assigned.arm[made.assigned.clusters == unit])) == 1
    few = design(loads(text.replace("parent_id", "region")), history, None)
    assert any("no verdict is possible" in one for one in few.warnings) == (few.smallest_p > 0.05)


def test_a_pilot_to_come_can_be_designed_but_not_read(demo: Path, place: Path) -> None:
    (place / "pilot.yaml").write_text(PLAN.replace("2024-01-01", "2024-09-01"))
    code, told = ask("pilot", "assign", place, "--history", demo)
    assert code == 0
    assert told["arms"]["growth"]["partners"] > 5
    code, told = ask("pilot", "analyse", place, "--history", demo)
    assert code == 1
    assert "nothing to read yet" in told["problems"][0]["message"]


def test_registered_once_and_then_frozen(demo: Path, place: Path) -> None:
    plan = PLAN.replace("value: {margin: margin}\n", "")  # payouts are worked out in other tests
    (place / "pilot.yaml").write_text(plan)
    code, told = ask("pilot", "assign", place, "--history", demo, "--register")
    assert code == 0
    assert set(told) >= {"arms", "balance", "spillover", "fingerprint"}
    code, told = ask("pilot", "assign", place, "--history", demo, "--register")
    assert code == 1
    assert "registered already" in told["problems"][0]["message"]
    code, told = ask("pilot", "analyse", place, "--history", demo)
    assert code == 0
    assert "confirmatory" in told["label"]
    (place / "pilot.yaml").write_text(plan.replace("draws: 400", "draws: 500"))
    code, told = ask("pilot", "analyse", place, "--history", demo)
    assert told["label"][0] == "exploratory"
    assert "analysis.draws" in told["why"][0]


def test_the_command_prints_what_scripts_rely_on(demo: Path, place: Path) -> None:
    code, told = ask("pilot", "analyse", place, "--history", demo)
    assert code == 0
    for metric in told["metrics"]:
        assert set(metric) >= {"name", "role", "effect", "relative", "interval", "p_value", "method", "n"}
    assert set(told) >= {"metrics", "checks", "decision"}
    code, told = ask("pilot", "monitor", place, "--history", demo)
    assert code == 0
    assert set(told) >= {"looks", "flags"}
    assert told["looks_reason"]


def test_power_rises_with_partners_and_with_the_lift(demo: Path, place: Path) -> None:
    code, told = ask("pilot", "power", place, "--history", demo, "--draws", 200)
    assert code == 0
    rows = told["mde"]
    curve = rows[-1]["power"]["ancova"]
    assert curve[0] < 0.12
    assert curve[-1] > 0.8 > curve[1]
    found = [row["by_estimator"]["ancova"] for row in rows if row["by_estimator"]["ancova"] is not None]
    assert found[-1] < found[0] or len(found) == 1


def test_the_readout_stands_alone(history: History, plan: Pilot, place: Path) -> None:
    from incentive_lab.pilot.handing import handed_over
    from incentive_lab.pilot.told import analysis_told
    from incentive_lab.pilot_readout import write_readout
    from incentive_lab.projection import assumptions
    from incentive_lab.scheme.yaml_text import yaml_text

    read, _ = read_pilot(plan, history, None)
    write_readout(read, place / "out" / "readout.html")
    page = (place / "out" / "readout.html").read_text()
    assert "rehearsal" in page
    assert "http" not in page
    assert "<svg" in page
    write_readout(read, place / "out" / "readout.pdf")
    assert (place / "out" / "readout.pdf").read_bytes().startswith(b"%PDF")
    response = analysis_told(read)["response"]
    assert response is not None
    assert response["log_error"] > 0
    handed = assumptions.loads(yaml_text(handed_over(read)))
    assert handed.lifts[0].of == "deals"
    assert float(handed.lifts[0].change) == pytest.approx(np.expm1(response["log_effect"]), abs=1e-6)
    assert float(handed.lifts[0].error) == pytest.approx(
        (1 + float(handed.lifts[0].change)) * response["log_error"], abs=1e-5
    )
    assert "rehearsal" in handed.lifts[0].because


def test_a_wrong_scheme_and_a_missing_plan_are_told(demo: Path, place: Path) -> None:
    (place / "pilot.yaml").write_text(PLAN.replace("growth-80-20", "growth-80-30"))
    code, told = ask("pilot", "analyse", place, "--history", demo)
    assert code == 1
    assert "Did you mean growth-80-20?" in told["problems"][0]["fix"]
    code, told = ask("pilot", "analyse", place / "absent.yaml", "--history", demo)
    assert code == 1


def test_late_joiners_are_in_no_arm_and_dropouts_stay(history: History, plan: Pilot, place: Path) -> None:
    from incentive_lab.pilot.attrition import dropouts, late_joiners

    prepared = prepare(plan, history)
    panel, trial, here = prepared.world.panel, prepared.trial, prepared.world
    assert trial.keys is not None
    assert (panel.joined[trial.keys] < here.start).all()
    joined = panel.joined.copy()
    joined[np.setdiff1d(np.arange(panel.partners), trial.keys)[:3]] = here.start + 1
    later = replace(panel, joined=joined)
    count = int(((joined >= here.start) & (joined < here.stop)).sum())
    told = late_joiners(later, trial.keys, here.start, here.stop).words
    assert f"{count} partners joined during the pilot and are in no arm" in told
    joined[trial.keys[0]] = here.start + 1
    assert late_joiners(replace(panel, joined=joined), trial.keys, here.start, here.stop).state == "stop"
    monthly = trial.outcomes["revenue"].monthly
    assert monthly is not None
    monthly = monthly.copy()
    gone = np.flatnonzero(trial.arm == 1)
    monthly[gone, -3:] = 0
    seen = dropouts(monthly, trial)
    assert seen.state == "look"
    assert "stay in their arm" in seen.words
    # Silence in the pilot changes nobody's arm or weight: the sample still holds every drawn partner.
    assert trial.sample(trial.outcomes["revenue"], 1)[0].size == trial.size


def test_before_the_end_there_is_no_verdict_without_a_look_that_allows_it(history: History) -> None:
    text = PLAN.replace("months: 6, pre", "months: 18, pre")
    read, _ = read_pilot(loads(text), history, None)
    assert read.primary.found is not None
    assert read.primary.verdict == "cannot tell"
    assert "not over" in read.primary.words
    assert read.advice == ""
    read, _ = read_pilot(loads(text + "looks: {count: 6, kind: group_sequential}"), history, None)
    assert read.looks
    allowed = any(one.crossed for one in read.looks)
    assert (read.primary.verdict in ("better", "worse")) is allowed
    assert "boundary" in read.primary.words


def test_several_arms_are_advised_on_together(history: History) -> None:
    text = PLAN.replace(
        "{name: growth, scheme: growth-80-20}]",
        "{name: same, scheme: current-flat}, {name: growth, scheme: growth-80-20}]",
    )
    read, _ = read_pilot(loads(text.replace("lift: 60%", "lift: 300%")), history, None)
    assert [one.arm for one in read.by_arm] == ["same", "growth"]
    assert all(one.value is not None for one in read.by_arm)
    order = ("scale", "amend", "extend", "", "stop")
    assert order.index(read.advice) == min(order.index(one.advice) for one in read.by_arm)
    assert read.primary.arm == read.lead
    assert "arms" in read.reasons[0]
    assert f"{({'same', 'growth'} - {read.lead}).pop()}: " in read.reasons[1]
    assert read.value is next(one.value for one in read.by_arm if one.arm == read.lead)


def test_several_arms_are_audited_as_they_are_read(history: History) -> None:
    text = PLAN.replace("growth-80-20}]", "growth-80-20}, {name: more, scheme: growth-80-20}]")
    here, assigned = plan_draw(loads(text), history)
    found = audited(here, assigned, loads(text), draws=600, stretches=1)
    own = next(one for one in found.methods if (one.estimator, one.inference) == ("difference", "randomisation"))
    assert (own.arms, own.alpha, own.partners) == (2, 0.05, len(assigned.rows))
    assert 0.02 < own.false_positives[0] < 0.08, "the sum over arms, each at half of alpha"
    assert found.locked is not None
    assert "about any of 2 arms at most" in found.locked["words"]
    # Each arm is tested against the control as `with_draws` does it: the third arm stays where it is.
    pair = Between(assigned.drawing, assigned.arm, 2)
    drawn = pair.draw(np.random.default_rng(1), 50)
    assert drawn.shape == (50, (assigned.arm != 1).sum())
    assert (drawn.sum(axis=1) == (assigned.arm == 2).sum()).all()
    waves = loads(PLAN.replace("{mechanism: blocked, block_size: 4, seed: 5}", "{mechanism: rollout, waves: 2}"))
    told = audited(*plan_draw(waves, history), waves)
    assert not told.methods
    assert "one estimator" in told.reason


def test_an_effect_that_is_read_before_the_end_is_said_to_be_too_large(history: History) -> None:
    """With four looks and a power of 80 % it is so by 39 %, with a power of 50 % by 85 %."""
    text = PLAN.replace("lift: 60%", "lift: 800%").replace("{draws: 400,", "{draws: 2000, estimator: winsorised,")
    text += "looks: {count: 6, kind: group_sequential}"
    early, whole = (
        read_pilot(loads(text.replace("months: 6", f"months: {months}")), history, None, worth=False)[0].primary
        for months in (12, 6)
    )
    assert early.verdict == whole.verdict == "better"
    said = "an effect that is read where it first crosses is too large on average, by a third or more"
    assert said in early.words
    assert "The interval that allows for looking is +" in early.words
    assert said not in whole.words
