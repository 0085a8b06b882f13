"""A failed exam is no certification: where activities say how they came out, report and check say what counts all the same."""

from __future__ import annotations

import json
from pathlib import Path

import pyarrow
import pyarrow.parquet
import pytest

from incentive_lab.history import Finding, History, open_history, quality
from incentive_lab.history.mapping_writing import mapping_of
from incentive_lab.history.names import known_names
from incentive_lab.history.outcomes import undone_activities
from incentive_lab.history.previewing import Preview, previews
from incentive_lab.history.suggesting import suggested, suggested_all, unused
from incentive_lab.scheme.check import check
from incentive_lab.scheme.load import loads
from tests.cli.conftest import Command, ask  # noqa: F401
from tests.history import folders

HEAD = "activity_id,partner_id,occurred_on,kind,Exam Result,city\n"
ACTIVITIES = HEAD + (
    "A1,P1,2013-01-01,certification,Passed,failed\nA2,P1,2013-01-02,certification,FAILED,x\n"
    "A3,P1,2013-01-03,certification,No-Show,x\nA4,P1,2013-01-04,certification,No-Show,x\n"
    "A5,P2,2013-01-05,training,cancelled,x\nA6,P2,2013-01-06,training,,x\nA7,P2,2013-01-07,campaign,done,x\n"
)
SCHEME = """scheme: exams
currency: USD
effective: {from: 2013-01-01}
rules: [{id: exams, on: certification, rate: 100}, {id: revenue, on: revenue, rate: 1%}]
"""


def opened(tmp_path: Path, activities: str = ACTIVITIES) -> History:
    return open_history(folders.write(tmp_path, activities=activities))


def noted(history: History, text: str = SCHEME) -> list[str]:
    """What a check says of activities that came to nothing."""
    found = check(loads(text), names=known_names(history))
    assert not found.problems
    return [str(one) for one in found.warnings if "came to nothing" in str(one) or "all the same" in str(one)]


def findings(history: History) -> list[Finding]:
    return [one for one in quality(history) if one.kind == "undone_activities"]


def test_report_and_check_say_how_many_count_and_the_filter_holds(tmp_path: Path) -> None:
    with opened(tmp_path).closing() as history:
        (found,) = findings(history)
        assert (found.rows, found.amount, found.severity) == (4, None, "flagged")
        assert found.message == (
            "4 activities say FAILED, No-Show or cancelled in Exam Result and count all the same (certification 3, training 1) "
            "unless a measure's where says Exam Result: {not: [FAILED, No-Show, cancelled]}."
        )
        (said,) = noted(history)
        assert said.startswith(
            "rules.exams.on: 3 activities say FAILED or No-Show in Exam Result and count as certification all the same."
        )
        filtered = said.partition("To leave them out, write ")[2].removesuffix(".")
        text = SCHEME + filtered + "\n"  # the filter as it is told
        assert noted(history, text) == []
        leaves = {"certification": loads(text).measures["certification"]}
        assert history.panel(leaves).columns["certification"].sum() == 1_000_000  # in millionths: only A1


def test_a_measure_of_its_own_is_told_where_it_stands(tmp_path: Path) -> None:
    own = SCHEME.replace("on: certification", "on: exams") + (
        "measures: {exams: {of: activities.quantity, unit: count, where: {kind: [certification, training], quantity: {min: 1}}}}\n"
    )
    with opened(tmp_path).closing() as history:
        (said,) = noted(history, own)
    assert said == (
        "measures.exams: Up to 4 activities say FAILED, No-Show or cancelled in Exam Result and count as exams all the same. "
        "To leave them out, write under its where: Exam Result: {not: [FAILED, No-Show, cancelled]}."
    )


@pytest.mark.parametrize("activities", [
    HEAD + "A1,P1,2013-01-01,certification,Passed,failed\n",  # another column says failed
    HEAD + "A1,P1,2013-01-01,training,Failed,x\n",  # of a kind that is not paid
    ACTIVITIES.replace("Exam Result", "Remark"),
])  # fmt: skip
def test_nothing_is_said_where_nothing_counts_that_came_to_nothing(tmp_path: Path, activities: str) -> None:
    with opened(tmp_path, activities).closing() as history:
        assert noted(history) == []
        assert len(findings(history)) == (1 if "training,Failed" in activities else 0)


@pytest.mark.parametrize(("values", "word"), [(["yes", "no"], '"no"'), ([1, 0], "0"), ([True, False], '"false"')])
def test_a_plain_no_is_one_where_the_column_asks(tmp_path: Path, values: list[object], word: str) -> None:
    (folders.write(tmp_path) / "activities.csv").unlink()
    rows = {"activity_id": ["A1", "A2"], "partner_id": ["P1"] * 2, "occurred_on": ["2013-01-01"] * 2,
            "kind": ["certification"] * 2, "Passed": values, "Status code": values}  # fmt: skip
    pyarrow.parquet.write_table(pyarrow.table(rows), tmp_path / "activities.parquet")
    with open_history(tmp_path).closing() as history:
        (one,) = undone_activities(history)
        assert (one.column, one.rows) == ("Passed", 1)
        (said,) = noted(history)
        filtered = said.partition("To leave them out, write ")[2].removesuffix(".")
        assert f"Passed: {{not: [{word}]}}" in filtered
        own = loads(SCHEME + filtered + "\n").measures["certification"]
        assert history.panel({"certification": own}).columns["certification"].sum() == 1_000_000


def test_the_command_says_it(tmp_path: Path, ask: Command) -> None:  # noqa: F811
    folders.write(tmp_path, activities=ACTIVITIES)
    (tmp_path / "scheme.yaml").write_text(SCHEME)
    code, said = ask("check", tmp_path / "scheme.yaml", "--history", tmp_path)
    assert code == 0
    assert any("3 activities say FAILED or No-Show" in one["message"] for one in said["warnings"])


def test_a_suggested_mapping_keeps_the_column_that_says_it(tmp_path: Path) -> None:
    (tmp_path / "Accounts.csv").write_text("Account Number,Account Name,Partner Type\nP1,Ann,Reseller\n")
    (tmp_path / "Activities.csv").write_text(
        "Activity ID,Account Number,Activity Date,Activity Type,Exam Status,Mood\n"
        "1,P1,2024-01-02,certification,failed,good\n2,P1,2024-01-03,certification,passed,bad\n"
    )
    found, _ = previews(tmp_path)
    choices = suggested_all(found)
    (activities,) = [one for one in choices if one.table == "activities"]
    assert activities.keep == ("Exam Status",)
    assert unused(found[1], activities) == ["Mood"]
    (tmp_path / "mapping.yaml").write_text(json.dumps(mapping_of(choices)))
    with open_history(tmp_path, mapping=tmp_path / "mapping.yaml").closing() as history:
        assert [(one.column, one.value, one.rows) for one in undone_activities(history)] == [
            ("Exam Status", "failed", 1)
        ]
    fine = Preview(
        "Activities", "Activities", found[1].columns, tuple((*row[:4], "passed", row[5]) for row in found[1].rows)
    )
    choice = suggested(fine)
    assert choice is not None
    assert choice.keep == ()
