"""What the README says is so: its commands print what it shows, its targets, settings and files exist."""

from __future__ import annotations

import re
from pathlib import Path

from incentive_lab.scheme.check import check
from incentive_lab.scheme.load import loads
from tests.house.floors import FLOORS, PACKAGE, ROOT
from tests.house.readme import README, blocks, commands, run

TEXT = README.read_text(encoding="utf-8")


def test_every_command_prints_what_the_readme_shows(tmp_path: Path) -> None:
    shown = [one for block in blocks() for one in commands(block)]
    assert len(shown) >= 5
    printed = [run(one.text, tmp_path) for one in shown]
    assert printed == [one.output for one in shown], "write it anew with: python -m tests.house.readme"


def test_every_target_it_names_can_be_made() -> None:
    named = set(re.findall(r"`make ([a-z]+)|^    make ([a-z]+)", TEXT, re.M))
    targets = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(encoding="utf-8"), re.M))
    assert {one or other for one, other in named} <= targets


def test_every_file_it_names_exists() -> None:
    named = set(re.findall(r"`([\w./-]+/[\w./-]*\.(?:md|yaml|py|toml)|data/[a-z]+/|\.ci/run|[A-Z]+\.md)`", TEXT))
    assert len(named) > 5
    yours = {".streamlit/secrets.toml"}  # whoever sets up sign-in writes it
    assert not [name for name in named - yours if not (ROOT / name).exists()]


def test_every_variable_of_the_environment_is_in_the_table() -> None:
    used = {
        name
        for folder in ("src", "tests", "pages", "experiments", ".ci")
        for path in (ROOT / folder).rglob("*")
        if path.is_file() and path.suffix in ("", ".py")
        for name in re.findall(r"\bINCENTIVE_LAB_[A-Z_]+\b", path.read_text(encoding="utf-8", errors="ignore"))
    }
    assert used == set(re.findall(r"\| `(INCENTIVE_LAB_[A-Z_]+)`", TEXT))


def test_every_part_of_the_package_is_in_its_table_of_floors() -> None:
    parts = {path.stem if path.is_file() else path.name for path in PACKAGE.iterdir()} & set(FLOORS) - {"__main__"}
    (rows,) = re.findall(r"\| floor \|.*?\n\n", TEXT, re.S)
    assert not {part for part in parts if f"`{part}`" not in rows}


def test_its_scheme_is_sound() -> None:
    (document,) = re.findall(r"```yaml\n(.*?)```", TEXT, re.S)
    assert check(loads(document)).ok
