"""What is wrong with a pilot is told in a sentence, or the result is labelled; never a number that looks fine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from incentive_lab.errors import InputError
from incentive_lab.pilot.checking import check
from incentive_lab.pilot.reading import load, loads
from incentive_lab.pilot.running import read_pilot

BASE = "pilot: t\nmetrics: [{name: y, of: revenue, role: primary}]\n"


def told(text: str) -> str:
    return "\n".join(str(one) for one in check(loads(text)).problems)


@pytest.mark.parametrize(
    ("text", "said"),
    [
        (BASE + "arms: [{name: a}, {name: a}]\ndates: {start: 2024-01-01}", "the arm 'a' is there 2 times; arms must not overlap"),
        (BASE + "arms: [{name: a, share: 80%}, {name: b, share: 40%}]\ndates: {start: 2024-01-01}", "add up to 120 %"),
        (BASE + "arms: [{name: a, share: 100%}, {name: b}]\ndates: {start: 2024-01-01}", "this arm would be empty"),
        (BASE + "arms: [{name: a}, {name: b}]", "a pilot on a history needs its dates"),
        (BASE + "arms: [{name: a}, {name: b}]\ndates: {start: 2024-01-01, assigned: 2024-02-01}", "before they were drawn"),
        (BASE + "arms: [{name: a}, {name: b}]\nassignment: {mechanism: observed, file: a.csv}\ndates: {start: 2024-01-01}",
         "partners that differ from the start are compared"),
        (BASE + "arms: [{name: a}, {name: b}]\nassignment: {mechanism: stratified}\ndates: {start: 2024-01-01}", "needs strata"),
        (BASE + "arms: [{name: a}, {name: b}, {name: c}]\nassignment: {mechanism: matched_pairs}\ndates: {start: 2024-01-01}",
         "matched_pairs is for two arms"),
        (BASE + "arms: [{name: a}, {name: b}]\nassignment: {mechanism: rollout, waves: 4, period_months: 3}\n"
         "dates: {start: 2024-01-01, months: 6}", "do not fit into 6 months"),
        (BASE + "arms: [{name: a}, {name: b}]\ndates: {start: 2024-01-01}\nlooks: {count: 12}", "looking will lie"),
        (BASE.replace("primary", "secondary") + "arms: [{name: a}, {name: b}]\ndates: {start: 2024-01-01}", "found none"),
        ("pilot: t\nmetrics: [{name: y, of: y, role: primary}, {name: g, of: g, role: guardrail}]\narms: [{name: a}, {name: b}]\n"
         "dates: {start: 2024-01-01}", "worst change that is still acceptable"),
    ],
)  # fmt: skip
def test_a_plan_that_cannot_work_is_told(text: str, said: str) -> None:
    assert said in told(text)


def test_every_problem_of_a_document_comes_at_once() -> None:
    with pytest.raises(InputError) as caught:
        loads(
            BASE.replace("revenue", "revenue, margn: 2%")
            + "arms: [{name: a}, {name: b}]\nalpha: 70%\nlooks: {kind: often}"
        )
    said = str(caught.value)
    assert "Did you mean margin?" in said
    assert "0.001 to 0.5" in said
    assert "none, group_sequential or always_valid" in said


GOOD = "id,z,y\n" + "".join(f"{i},{i % 2},{10 + i % 7 + 3 * (i % 2)}\n" for i in range(24))


def problem(pilot, folder: Path) -> str:  # type: ignore[no-untyped-def]
    with pytest.raises(InputError) as caught:
        read_pilot(pilot, None, folder)
    return str(caught.value)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        (GOOD + "3,0,12\n", "3 is in two arms; arms must not overlap"),
        (GOOD + "2,0,12\n", "2 has 2 rows"),
        ("id,z,y\n" + "".join(f"{i},0,{i}\n" for i in range(9)), "the arm on is empty"),
        ("id,z,y\n" + "".join(f"{i},{i % 2},{'' if i % 2 else i}\n" for i in range(20)), "no partner of the arm 'on'"),
        ("id,z,y\n" + "".join(f"{i},{i % 2},7\n" for i in range(20)), "the same for everybody (7)"),
        ("id,z,y\n" + "".join(f"{i},{i % 2},0\n" for i in range(20)), "zero for everybody"),
        ("id,z,y\n" + "".join(f"{i},{i % 2},{5 + i % 2}\n" for i in range(20)), "does not vary within the arms"),
        (GOOD.replace("5,1,", "5,maybe,"), "found the arm 'maybe'; the plan knows 0, 1"),
        (GOOD.replace("5,1,18", "5,1,many"), "found 'many' in line 7; allowed are numbers"),
        (GOOD.replace("id,z,y", "id,z,sales"), "has no column 'y'"),
        (GOOD.replace("5,1,18", "5,1"), "found 2 values, the header has 3"),
        ("id,z,y\n", "At least one row is needed"),
    ],
)  # fmt: skip
def test_a_file_that_cannot_be_read_is_told(csv_pilot, rows: str, said: str) -> None:  # type: ignore[no-untyped-def]
    assert said in problem(*csv_pilot(rows))


@pytest.mark.parametrize(
    ("rows", "more", "said"),
    [
        (GOOD.replace("5,1,18", "5,1,inf"), "", "found 'inf' in line 7"),
        (GOOD.replace("5,1,18", "5,1,1e200"), "", "found '1e200' in line 7"),
        ("id,z,y,x\n" + "".join(f"{i},{i % 2},{i + 3 * (i % 2)},{i}\n" for i in range(24)),
         "metrics: [{name: y, of: y, pre: x, role: primary}]", "the model leaves nothing of it"),
        ("id,z,y,x\n" + "".join(f"{i},{i % 2},{i},{i - 9}\n" for i in range(24)),
         "metrics: [{name: y, of: y, over: x, role: primary}]", "a denominator is negative"),
        (GOOD, "population: {where: {z: '7'}}", "no row has the z '7'"),
    ],
)  # fmt: skip
def test_values_that_only_look_like_a_result_are_refused(csv_pilot, rows: str, more: str, said: str) -> None:  # type: ignore[no-untyped-def]
    metrics = more.removeprefix("metrics: ") if more.startswith("metrics") else "[{name: y, of: y, role: primary}]"
    pilot, folder = csv_pilot(rows, "" if more.startswith("metrics") else more, metrics=metrics)
    assert said in problem(pilot, folder)


def test_a_t_test_gives_no_verdict_that_the_drawing_cannot(csv_pilot) -> None:  # type: ignore[no-untyped-def]
    rows = "id,z,c,y\n" + "".join(f"{i},{int(i % 6 < 3)},{i % 6},{100 * (i % 6 < 3) + i}\n" for i in range(36))
    pilot, folder = csv_pilot(rows, "analysis: {inference: analytic}", columns="partner: id, arm: z, cluster: c")
    told = read_pilot(pilot, None, folder)[0].primary
    assert told.found is not None
    assert told.found.p_value < 0.05
    assert told.verdict == "cannot tell"


def test_a_missing_file_is_told(csv_pilot) -> None:  # type: ignore[no-untyped-def]
    pilot, folder = csv_pilot(GOOD)
    (folder / "data.csv").unlink()
    assert "There is no such file" in problem(pilot, folder)


def test_a_large_file_is_read_and_refused_like_a_small_one(csv_pilot, monkeypatch: pytest.MonkeyPatch) -> None:  # type: ignore[no-untyped-def]
    pilot, folder = csv_pilot(GOOD.replace("5,1,18", " 5 ,1, 1_8 "))
    slow = read_pilot(pilot, None, folder)[0].primary.found
    monkeypatch.setattr("incentive_lab.pilot.csvfile.FAST", 0)
    fast = read_pilot(pilot, None, folder)[0].primary.found
    assert slow is not None
    assert fast is not None
    assert (fast.effect, fast.error, fast.p_value, fast.units) == (slow.effect, slow.error, slow.p_value, 24)
    assert "found 'many' in line 7" in problem(*csv_pilot(GOOD.replace("5,1,18", "5,1,many")))
    assert "found 2 values, the header has 3" in problem(*csv_pilot(GOOD.replace("5,1,18", "5,1")))
    assert "3 is in two arms" in problem(*csv_pilot(GOOD + "3,0,12\n"))


def test_logarithms_of_zero_are_refused_rather_than_shifted(csv_pilot) -> None:  # type: ignore[no-untyped-def]
    pilot, folder = csv_pilot(GOOD.replace("5,1,18", "5,1,0"), "analysis: {estimator: log_ancova}")
    assert "1 of 24 are not" in problem(pilot, folder)


def test_an_outcome_that_fails_leaves_the_others(csv_pilot) -> None:  # type: ignore[no-untyped-def]
    rows = "id,z,y,w\n" + "".join(f"{i},{i % 2},{10 + i % 7 + i % 2},0\n" for i in range(24))
    pilot, folder = csv_pilot(rows, metrics="[{name: y, of: y, role: primary}, {name: w, of: w}]")
    read, _ = read_pilot(pilot, None, folder)
    assert read.answers[0].found is not None
    assert read.answers[1].found is None
    assert "zero for everybody" in read.answers[1].reason


def test_three_of_six_clusters_get_no_verdict(csv_pilot) -> None:  # type: ignore[no-untyped-def]
    rows = "id,z,c,y\n" + "".join(f"{i},{int(i % 6 < 3)},{i % 6},{100 * (i % 6 < 3) + i}\n" for i in range(36))
    pilot, folder = csv_pilot(rows, columns="partner: id, arm: z, cluster: c")
    read, _ = read_pilot(pilot, None, folder)
    assert read.primary.found is not None
    assert read.primary.found.smallest_p == pytest.approx(0.1)
    assert read.primary.verdict == "cannot tell"
    assert "no verdict is possible" in read.primary.words
    assert read.advice == ""


def test_a_cluster_in_two_arms_was_not_drawn_as_one(csv_pilot) -> None:  # type: ignore[no-untyped-def]
    rows = "id,z,c,y\n" + "".join(f"{i},{i % 2},{i % 3},{i}\n" for i in range(18))
    assert "a cluster is in two arms" in problem(*csv_pilot(rows, columns="partner: id, arm: z, cluster: c"))


def test_a_plan_changed_after_its_registration_is_exploratory(csv_pilot) -> None:  # type: ignore[no-untyped-def]
    from incentive_lab.pilot.reading import canonical, fingerprint

    pilot, folder = csv_pilot(GOOD)
    (folder / "arms.csv").write_text("partner_id,arm\n")
    import hashlib

    own = {"fingerprint": fingerprint(pilot), "plan": json.loads(canonical(pilot)), "schemes": {},
           "arms": hashlib.sha256((folder / "arms.csv").read_bytes()).hexdigest()}  # fmt: skip
    (folder / "registered.json").write_text(json.dumps(own))
    read, _ = read_pilot(pilot, None, folder)
    assert read.label == ("confirmatory",)
    changed = pilot.model_copy(update={"alpha": pilot.alpha * 2})
    read, _ = read_pilot(changed, None, folder)
    assert read.label == ("exploratory",)
    assert "changed after its registration: alpha" in read.why[0]
    (folder / "arms.csv").write_text("partner_id,arm\n1,on\n")
    read, _ = read_pilot(pilot, None, folder)
    assert read.label == ("exploratory",)


def test_sample_ratio_mismatch_stops_the_reading(demo: Path, tmp_path: Path) -> None:
    from incentive_lab.history import open_history
    from tests.pilot.conftest import PLAN

    (tmp_path / "pilot.yaml").write_text(PLAN)
    pilot = load(tmp_path)
    with open_history(str(demo)).closing() as history:
        from incentive_lab.pilot.running import design

        made = design(pilot, history, tmp_path)
        lines = made.arms_text.splitlines()
        kept = [lines[0], *(line for i, line in enumerate(lines[1:]) if ",growth," not in line or i % 4 == 0)]
        (tmp_path / "arms.csv").write_text("\n".join(kept) + "\n")
        (tmp_path / "registered.json").write_text(json.dumps(made.registration))
        read, _ = read_pilot(pilot, history, tmp_path)
    mismatch = next(one for one in read.checks if one.name == "Sample ratio")
    assert mismatch.state == "stop"
    assert read.advice == ""
    assert "exploratory" in read.label
