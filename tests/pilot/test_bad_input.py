"""What is wrong with a pilot is told in a sentence, or the result is labelled; never a number that looks fine."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from incentive_lab.errors import InputError
from incentive_lab.pilot.checking import check
from incentive_lab.pilot.reading import load, loads
from incentive_lab.pilot.running import read_pilot
from incentive_lab.pilot_cli import pilot_app

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


@pytest.mark.parametrize("command", ["power", "assign"])
def test_a_plan_on_a_file_is_not_sent_for_a_history(command: str, tmp_path: Path) -> None:
    plan = tmp_path / "pilot.yaml"
    plan.write_text("{pilot: t, arms: [{name: a, value: 0}, {name: b, value: 1}], metrics: [{name: y, of: y, role: primary}], "
                    "data: {file: rows.csv, columns: {arm: z}}}", encoding="utf-8")  # fmt: skip
    ran = CliRunner().invoke(pilot_app, [command, str(plan)])
    said = " ".join(ran.output.split())
    assert ran.exit_code == 1
    assert "this plan reads rows.csv" in said
    assert "leave `data` out, write dates and name the history with --history" in said
    assert "this needs the partners' history" not in said


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


PANEL = "data: {{file: data.csv, start: {start}, {more}columns: {{partner: id, arm: z, period: when}}}}"


def panel_rows(months: list[str], *, without: tuple[int, str] = (-1, "")) -> str:
    rows = [f"{i},{i % 2},{when},{10 + i % 7 + (i * 5 + place * 3) % 11 + 4 * (i % 2) * (place >= len(months) // 2)}"
            for i in range(24) for place, when in enumerate(months) if (i, when) != without]  # fmt: skip
    return "id,z,when,y\n" + "\n".join(rows) + "\n"


@pytest.mark.parametrize(
    ("months", "start"),
    [
        ([f"1/{month}/24" for month in range(1, 13)], "1/7/24"),
        (["Jan 2024", "Feb 2024", "Mar 2024", "Apr 2024"], "Mar 2024"),
        (["before", "after"], "after"),
        (["2024-01", "2024-02", "03/2024"], "2024-02"),
    ],
)
def test_periods_whose_order_cannot_be_told_are_refused(csv_pilot, months: list[str], start: str) -> None:  # type: ignore[no-untyped-def]
    pilot, folder = csv_pilot(panel_rows(months), PANEL.format(start=start, more=""))
    with pytest.raises(InputError, match=r"column when: found .* order in time cannot be told\. Write the year first"):
        read_pilot(pilot, None, folder)


def test_periods_are_in_order_of_time_however_they_are_written(csv_pilot) -> None:  # type: ignore[no-untyped-def]
    effects = []
    for form in ("2024-{:02d}", "2024/{}/1", "m{}", "{}"):
        months = [form.format(month) for month in range(1, 13)]
        pilot, folder = csv_pilot(panel_rows(months), PANEL.format(start=form.format(7), more=""))
        effects.append(read_pilot(pilot, None, folder)[0].primary.found.effect)
    assert effects == [effects[0]] * 4


@pytest.mark.parametrize(("written", "said"), [("", "line 3 has no period"), ("2024-1", "are the same period")])
def test_a_row_without_a_period_of_its_own_is_refused(csv_pilot, written: str, said: str) -> None:  # type: ignore[no-untyped-def]
    rows = panel_rows([f"2024-{month:02d}" for month in range(1, 5)]).replace("0,0,2024-02", f"0,0,{written}", 1)
    pilot, folder = csv_pilot(rows, PANEL.format(start="2024-03", more=""))
    with pytest.raises(InputError, match=said):
        read_pilot(pilot, None, folder)


def test_rows_that_are_not_there_are_told_and_count_as_the_plan_says(csv_pilot) -> None:  # type: ignore[no-untyped-def]
    rows = panel_rows([f"2024-{month:02d}" for month in range(1, 5)], without=(3, "2024-04"))
    told, effects = [], []
    for more in ("", "no_row: zero, "):
        pilot, folder = csv_pilot(rows, PANEL.format(start="2024-03", more=more))
        read = read_pilot(pilot, None, folder)[0]
        told.append(" ".join(read.trial.notes))
        effects.append(read.primary.found.effect)
    assert "Not in the file: 1 row of 96; 1 from the start on (off 0, on 1)" in told[0]
    assert "averages are of the periods that are there" in told[0]
    assert "each counts as 0" in told[1]
    assert effects[1] < effects[0]


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda rows: rows.replace(",10\n", ',"€ 1,010.00"\n'), "Numbers have a point and neither grouping, currency"),
        (lambda rows: rows.replace(",", ";"), "its columns are separated by semicolons"),
        (lambda rows: rows.replace("3,1,", "3,onn,").replace("4,0,", "4,offf,"), "the arms 'offf', 'onn'"),
    ],
)
def test_what_people_export_is_told_with_what_to_do(csv_pilot, change, said: str) -> None:  # type: ignore[no-untyped-def]
    pilot, folder = csv_pilot(change(GOOD))
    with pytest.raises(InputError, match=said):
        read_pilot(pilot, None, folder)


def test_a_workbook_in_place_of_a_csv_file_is_called_so(csv_pilot) -> None:  # type: ignore[no-untyped-def]
    pilot, folder = csv_pilot(GOOD)
    (folder / "data.csv").write_bytes(b"PK\x03\x04\xff\xfe")
    with pytest.raises(InputError, match="this is a workbook, not a CSV file"):
        read_pilot(pilot, None, folder)


def of_months(treated: Callable[[int], int], months: int = 6) -> str:
    """Twenty partners by month; `treated` says which arm every other one has in a month."""
    rows = [(f"p{one:02}", month, treated(month) if one % 2 else 0, 50 + one * month % 7 + one)
            for one in range(20) for month in range(1, months + 1)]  # fmt: skip
    return "id,t,z,y\n" + "\n".join(",".join(map(str, row)) for row in rows) + "\n"


@pytest.mark.parametrize(
    ("treated", "start", "said"),
    [
        (lambda month: 1, "9", "the file ends at 6"),
        (lambda month: int(month >= 2), "4", "is in its arm in 2, before the start at 4"),
        (lambda month: int(month < 5), "4", "two arms after the start"),
    ],
)
def test_arms_that_contradict_the_start_are_refused(csv_pilot, treated, start: str, said: str) -> None:  # type: ignore[no-untyped-def]
    more = "data: {file: data.csv, start: START, columns: {partner: id, period: t, arm: z}}"
    pilot, folder = csv_pilot(of_months(treated), more.replace("START", start))
    with pytest.raises(InputError, match=said):
        read_pilot(pilot, None, folder)
    pilot, folder = csv_pilot(of_months(lambda month: int(month >= 4)), more.replace("START", "4"))
    assert read_pilot(pilot, None, folder)[0].primary.found is not None


def test_what_a_file_leaves_open_or_contradicts_is_told(csv_pilot) -> None:  # type: ignore[no-untyped-def]
    columns = "data: {file: data.csv, columns: {partner: id, period: t, arm: z, first_treated: f}}"
    head, *rows = of_months(lambda month: 1).splitlines()
    text = "\n".join([f"{head},f", *(f"{row},{4 if row.startswith(('p01', 'p02')) else 0}" for row in rows)]) + "\n"
    pilot, folder = csv_pilot(text, columns)
    with pytest.raises(InputError, match="p02 is in the control and has a first treated period"):
        read_pilot(pilot, None, folder)
    pilot, folder = csv_pilot("id,z,y\na,0,1\n,0,2\nb,1,3\n,1,4\n")
    with pytest.raises(InputError, match="line 3, 5: found no id"):
        read_pilot(pilot, None, folder)
    more = "data: {file: data.csv, start: 1, columns: {partner: id, period: t, arm: z}}"
    pilot, folder = csv_pilot(of_months(lambda month: 1), more)
    assert any("No period lies before the start" in note for note in read_pilot(pilot, None, folder)[0].trial.notes)
