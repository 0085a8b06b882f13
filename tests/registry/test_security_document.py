"""docs/security.md names a test for each row, and each of them exists."""

from __future__ import annotations

import ast
import re
from collections import defaultdict

from tests.house.floors import ROOT

NAMED = re.compile(r"`(?:[\w/]*/)?(test_\w+\.py)(?:::(test_\w+))?`")


def test_every_test_that_the_security_page_names_exists() -> None:
    known: dict[str, set[str]] = defaultdict(set)
    for path in (ROOT / "tests").rglob("test_*.py"):
        known[path.name] |= {
            one.name for one in ast.walk(ast.parse(path.read_text())) if isinstance(one, ast.FunctionDef)
        }
    rows = [line for line in (ROOT / "docs" / "security.md").read_text().splitlines() if re.match(r"\| \d", line)]
    assert len(rows) > 20
    for row in rows:
        named = NAMED.findall(row)
        assert named, row
        for file, test in named:
            assert file in known, file
            assert not test or test in known[file], test
