"""A part of the package imports only itself and lower floors (docs/architecture.md)."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.house.floors import (
    ALLOWED,
    CLOCKS_AND_CHANCE,
    FLOORS,
    LATE,
    PACKAGE,
    ROOT,
    WITHOUT_SIDE_EFFECTS,
    imports,
    part_of,
    sources,
)


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


def where(path: Path, line: int) -> str:
    return f"{path.relative_to(ROOT)}:{line}"


def climbs(part: str, target: str) -> bool:
    """Whether `part` may not import `target`, a part of the package."""
    if part == target:
        return False
    if part in ("app", "pages"):
        return False
    above, here = FLOORS[target], FLOORS[part]
    return above > here or (above == here and here not in (1, 7, 8))


def faults(path: Path, tree: ast.Module) -> list[str]:
    """What this file imports and may not, as sentences."""
    part, found = part_of(path), []
    for name, line in imports(tree):
        root, _, rest = name.partition(".")
        if not root:
            found.append(f"{where(path, line)}: write the import of {name} from the package's root")
        elif root == "incentive_lab" and rest:
            target = rest.split(".")[0]
            if target in FLOORS and climbs(part, target):
                found.append(
                    f"{where(path, line)}: {part} (floor {FLOORS[part]}) imports {name} (floor {FLOORS[target]})"
                )
        elif root in ALLOWED and part not in ALLOWED[root]:
            found.append(f"{where(path, line)}: {root} belongs to {', '.join(sorted(ALLOWED[root]))}, not to {part}")
        elif part in WITHOUT_SIDE_EFFECTS and root in CLOCKS_AND_CHANCE:
            found.append(f"{where(path, line)}: {part} depends on its arguments alone, so no {root}")
    return found


def test_every_part_of_the_package_has_a_floor() -> None:
    parts = {part_of(path) for path in PACKAGE.rglob("*.py")} - {"__init__"}
    assert parts <= set(FLOORS), (
        f"give these a floor in docs/architecture.md and tests/house/floors.py: {parts - set(FLOORS)}"
    )


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_nothing_is_imported_from_a_floor_above(path: Path) -> None:
    assert not faults(path, parsed(path))


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("scheme/planted.py", "from incentive_lab.engine.replay import replay"),
        ("engine/planted.py", "import incentive_lab.history"),
        ("engine/planted.py", "def late():\n    from incentive_lab.ui import blocks"),
        ("pilot/planted.py", "from incentive_lab.projection import draws"),
        ("history/planted.py", "import streamlit as st"),
        ("engine/planted.py", "import plotly.graph_objects as go"),
        ("engine/planted.py", "import duckdb"),
        ("ui/planted.py", "from duckdb import sql"),
        ("engine/planted.py", "import random"),
        ("engine/planted.py", "from .numeric import jit"),
        ("engine/planted.py", "from incentive_lab import history"),
    ],
)
def test_a_planted_fault_is_seen(file: str, line: str) -> None:
    assert len(faults(PACKAGE / file, ast.parse(line))) == 1


FIRST_PAGE = [
    "incentive_lab.cli",
    "incentive_lab.engine.replay",
    "incentive_lab.history",
    "incentive_lab.scheme.document",
]


@pytest.mark.parametrize("module", FIRST_PAGE)
def test_what_is_slow_to_import_waits_until_it_is_needed(module: str) -> None:
    code = f"import sys, {module}; print(*sorted(set(sys.modules) & set(sys.argv[1:])))"
    done = subprocess.run(
        [sys.executable, "-c", code, *LATE], capture_output=True, text=True, check=True, cwd=ROOT,
        env={**os.environ, "PYTHONPATH": str(ROOT / "src")},
    )  # fmt: skip
    assert done.stdout.split() == []
