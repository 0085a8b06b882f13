"""What README and docs say is so: commands print what is shown, targets, settings, files and pictures exist."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from incentive_lab.scheme.check import check
from incentive_lab.scheme.load import loads
from tests.house.floors import FLOORS, PACKAGE, ROOT
from tests.house.readme import README, blocks, commands, run

TEXT = README.read_text(encoding="utf-8")
DOCS = [README, ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").rglob("*.md"))]


def test_every_command_prints_what_is_shown(tmp_path: Path) -> None:
    shown = [one for block in blocks() for one in commands(block)]
    assert len(shown) >= 5
    printed = [run(one.text, tmp_path) for one in shown]
    assert printed == [one.output for one in shown], "write it anew with: python -m tests.house.readme"


def test_every_target_they_name_can_be_made() -> None:
    text = "".join(path.read_text(encoding="utf-8") for path in DOCS)
    named = set(re.findall(r"`make ([a-z]+)|^    make ([a-z]+)", text, re.M))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert {one or other for one, other in named} <= targets


YOURS = {".streamlit/secrets.toml"}
"""Files that whoever sets up a server writes."""


@pytest.mark.parametrize("path", DOCS, ids=lambda path: str(path.relative_to(ROOT)))
def test_every_file_and_picture_it_names_exists(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    named = set(re.findall(r"`((?:docs|data|tests|experiments|src|\.ci|\.streamlit)/[\w./-]*\w)`", text))
    assert not [name for name in named - YOURS if not (ROOT / name).exists()]
    assert not [name for name in re.findall(r"!\[[^]]+\]\(([^)]+)\)", text) if not (path.parent / name).is_file()]


def test_every_variable_of_the_environment_is_in_the_table() -> None:
    used = {
        name
        for folder in ("src", "tests", "pages", "experiments", ".ci")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix in ("", ".py")
        for name in re.findall(r"\bINCENTIVE_LAB_[A-Z_]+\b", path.read_text(encoding="utf-8", errors="ignore"))
    }
    assert used == set(re.findall(r"\| `(INCENTIVE_LAB_[A-Z_]+)`", TEXT))


def test_every_variable_that_the_product_reads_is_in_the_table() -> None:
    read = {
        name
        for path in (ROOT / "src").rglob("*.py")
        for pair in re.findall(r'environ(?:\.get\(|\[)"(\w+)"|"(\w+)" (?:not )?in os\.environ', path.read_text("utf-8"))
        for name in pair
        if name
    }
    assert "INCENTIVE_LAB_HOME" in read
    assert not {name for name in read if f"`{name}`" not in TEXT}


def test_every_part_of_the_package_is_in_its_table_of_floors() -> None:
    parts = {path.stem if path.is_file() else path.name for path in PACKAGE.iterdir()} & set(FLOORS) - {"__main__"}
    (rows,) = re.findall(r"\| floor \|.*?\n\n", TEXT, re.S)
    assert not {part for part in parts if f"`{part}`" not in rows}


def test_its_scheme_is_sound() -> None:
    (document,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.S)
    assert check(loads(document)).ok
