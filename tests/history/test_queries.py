"""SQL kept on disk: written once, found by another process without Ibis, never by another version, never needed."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from incentive_lab.history import open_history, queries
from incentive_lab.history.demo import generate_demo
from incentive_lab.home import home
from incentive_lab.scheme.measures import CATALOGUE

NAMES = ("revenue", "won_deals", "training", "csat")
ELSEWHERE = """
import sys
from incentive_lab.history import open_history
from incentive_lab.scheme.measures import CATALOGUE
panel = open_history(sys.argv[1]).panel({name: CATALOGUE[name] for name in sys.argv[2:]})
print(*(panel.columns[name][panel.columns[name] == panel.columns[name]].sum() for name in sys.argv[2:]), "ibis" in sys.modules)
"""


@pytest.fixture(autouse=True)
def empty(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("INCENTIVE_LAB_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(queries, "home", home)
    monkeypatch.setattr(queries, "_WRITTEN", {})


def test_another_process_finds_what_was_written_and_imports_no_ibis(tmp_path: Path) -> None:
    generate_demo(tmp_path / "h", partners=20, months=12, seed=2)
    columns = open_history(tmp_path / "h").panel({name: CATALOGUE[name] for name in NAMES}).columns
    environment = {**os.environ, "PYTHONHASHSEED": "77", "PYTHONPATH": str(Path(queries.__file__).parents[2])}
    done = subprocess.run([sys.executable, "-c", ELSEWHERE, str(tmp_path / "h"), *NAMES], capture_output=True, text=True,
                          check=True, env=environment)  # fmt: skip
    assert done.stdout.split() == [*(str(np.nansum(columns[name])) for name in NAMES), "False"]


def test_what_is_kept_is_found_by_its_key_and_version_only(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[str] = []

    def ask(key: str) -> str:
        queries._WRITTEN.clear()
        return queries.kept_sql(key, lambda: asked.append(key) or f"SELECT '{key}', {len(asked)}")

    assert [ask("a"), ask("b"), ask("a")] == ["SELECT 'a', 1", "SELECT 'b', 2", "SELECT 'a', 1"]
    assert asked == ["a", "b"]
    monkeypatch.setattr(queries, "code_id", lambda: "cother")
    assert ask("a") == "SELECT 'a', 3"
    for file in (tmp_path / "home").rglob("*.sql"):
        file.write_bytes(b"\xff" if file.parent.name.startswith("cother") else b"")
    assert ask("a") == "SELECT 'a', 4", "what cannot be read is written again"
    assert ask("a") == "SELECT 'a', 4"


def test_a_folder_that_cannot_be_written_to_costs_no_more_than_time(tmp_path: Path) -> None:
    (tmp_path / "home").write_text("a file where the folder should be")
    assert queries.kept_sql("a", lambda: "SELECT 1") == "SELECT 1"
