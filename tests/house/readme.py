"""The commands of README.md, tutorial.md and search.md, and what they print; `python -m tests.house.readme` writes it anew."""

from __future__ import annotations

import re
import shlex
import tempfile
from contextlib import chdir
from dataclasses import dataclass
from pathlib import Path

from typer.testing import CliRunner

from incentive_lab.cli import app
from tests.house.floors import ROOT

README = ROOT / "README.md"
DOCUMENTS = (README, ROOT / "docs" / "tutorial.md", ROOT / "docs" / "search.md")
"""Run in this order, in one folder with one registry."""
SIZE = re.compile(r" *[\d,]+ bytes")
HEAD = re.compile(r"\b\d+:[0-9a-f]{64}\b")
BLOCK = re.compile(r"(?<=^```console\n).*?(?=^```$)", re.M | re.S)


@dataclass(frozen=True)
class Command:
    """A command and the lines printed under it."""

    text: str
    output: str


def commands(block: str) -> list[Command]:
    """The commands of one console block, in order."""
    parts = re.split(r"^\$ ", block, flags=re.M)[1:]
    return [Command(*part.split("\n", 1)) for part in parts]


def run(command: str, folder: Path) -> str:
    """What a command prints, in a folder that has the project's `data`; a failure is shown with its messages.

    It runs in this process: tests/cli starts the command as its user does, and each start takes seconds.
    """
    words = shlex.split(command)
    if words[0] != "incentive-lab":
        raise ValueError(f"only incentive-lab is run from the README, not {words[0]}")
    if not (folder / "data").exists():
        (folder / "data").symlink_to(ROOT / "data")
    env = {"COLUMNS": "120", "INCENTIVE_LAB_DATABASE_URL": f"sqlite:///{folder / 'registry.sqlite'}"}
    with chdir(folder):
        done = CliRunner().invoke(app, words[1:], env=env, prog_name=words[0])
    # The head of a log covers the time of each entry, and a memo has its date: neither is ever the same.
    said = SIZE.sub(" as many bytes", HEAD.sub("NUMBER:SHA256", done.stdout))
    return said if done.exit_code == 0 else f"{said}{done.stderr}(exit {done.exit_code})\n"


def blocks() -> list[str]:
    """Every console block of the documents, in order."""
    return [block for path in DOCUMENTS for block in BLOCK.findall(path.read_text(encoding="utf-8"))]


def main() -> None:
    """Run every command in order and put its output under it."""
    with tempfile.TemporaryDirectory() as folder:
        for path in DOCUMENTS:
            text = BLOCK.sub(
                lambda found: "".join(f"$ {one.text}\n{run(one.text, Path(folder))}" for one in commands(found[0])),
                path.read_text(encoding="utf-8"),
            )
            path.write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
