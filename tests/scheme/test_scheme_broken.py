"""One broken file for each mistake; its first line says what the reader is told."""

from pathlib import Path

import pytest

from incentive_lab.errors import InputError, Problem
from incentive_lab.scheme.check import check
from incentive_lab.scheme.load import load, load_with_lines

BROKEN = sorted((Path(__file__).parents[1] / "broken" / "scheme").glob("*.yaml"))
JARGON = ("Input should", "pydantic", "validation", "literal_error", "decimal_parsing", "Traceback", "NoneType")


def said_about(path: Path) -> list[Problem]:
    try:
        result = check(load(path))
    except InputError as error:
        return list(error.problems)
    return [*result.problems, *result.warnings]


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_each_mistake_is_told_in_a_sentence(path):
    expected = path.read_bytes().split(b"\n", 1)[0].decode().removeprefix("# expect: ")
    said = said_about(path)
    assert any(expected in str(problem) for problem in said), "\n".join(map(str, said))


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_no_message_speaks_of_the_code(path):
    for problem in said_about(path):
        assert problem.path
        assert not any(word in str(problem) for word in JARGON), problem
        assert problem.message[0].isupper() or problem.message[0] in "'`0123456789", problem
        assert problem.message.endswith("."), problem
        assert not problem.fix or problem.fix.endswith((".", "?")), problem


@pytest.mark.parametrize("path", BROKEN, ids=lambda path: path.stem)
def test_every_problem_of_a_place_says_its_line(path):
    try:
        scheme, lines = load_with_lines(path)
    except InputError:
        return  # what reading says has its line already
    result = check(scheme).told_on(lines)
    for problem in (*result.problems, *result.warnings):
        assert problem.message.startswith("Line "), problem


def test_a_line_is_that_of_the_place_in_json_too(tmp_path):
    text = """{
  "scheme": "broken", "currency": "USD", "effective": {"from": "2014-01-01"},
  "rules": [
    {"id": "rebate",
     "limit": {"amount": 10, "per": "month", "excess": "spilled",
               "to": "mdf"},
     "on": "revenu",
     "rate": {"by_type": {"msp": {"table": {"steps": [{"from": 50, "rate": "1%"},
                                                      {"from": 10, "rate": "2%"}]}},
                          "reseller": "1%"}}}],
  "variants": {"msp": {"who": {"types": ["msp"]}, "change": {
      "settle": "month",
      "rules.rebate.rate.by_type.reseller": "lots"}}}
}"""
    (tmp_path / "a.json").write_text(text)
    scheme, lines = load_with_lines(tmp_path / "a.json")
    said = [problem.message.split(":")[0] for problem in check(scheme).told_on(lines).problems]
    paths = [problem.path for problem in check(scheme).problems]
    assert dict(zip(paths, said, strict=True)) == {
        "rules.rebate.limit.to": "Line 6",
        "rules.rebate.on": "Line 7",
        "rules.rebate.rate.by_type.msp.table.steps.step_2": "Line 9",
        "variants.msp.change.rules.rebate.rate.by_type.reseller": "Line 13",
    }


def test_there_is_a_file_for_every_kind_of_mistake():
    assert len(BROKEN) > 100
