"""One broken file for each mistake; its first line says what the reader is told."""

from pathlib import Path

import pytest

from incentive_lab.errors import InputError, Problem
from incentive_lab.scheme.check import check
from incentive_lab.scheme.load import load

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


def test_there_is_a_file_for_every_kind_of_mistake():
    assert len(BROKEN) > 100
