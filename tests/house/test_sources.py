"""What holds for every source file: examples that run, modules of one idea, no trace of one machine."""

from __future__ import annotations

import doctest
import importlib
import pkgutil
import re
import subprocess
from pathlib import Path

import pytest

import incentive_lab
from tests.house.floors import PACKAGE, ROOT

LONGEST = 300
"""Lines of a module, past which a second idea has usually moved in."""

LONGER: dict[str, str] = {
    "engine/lower_deals.py": "everything that differs where a rule looks at one deal at a time",
    "engine/rows.py": "one builder: the rows of a compiled scheme in the units of the kernel",
    "engine/compile.py": "one table from the document's keys to the program's columns",
    "scheme/document.py": "the document's own keys, mostly help texts",
    "scheme/rules.py": "the keys of a rule, mostly help texts",
}
"""Module -> why it is longer."""

MODULES = sorted(
    name for _, name, _ in pkgutil.walk_packages([str(PACKAGE)], "incentive_lab.") if "__main__" not in name
)


def tracked() -> list[Path]:
    """The files under version control; without git, whatever is not hidden and not made by a tool."""
    done = subprocess.run(["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode == 0 and done.stdout:
        return [path for name in done.stdout.splitlines() if (path := ROOT / name).is_file()]
    tops = ("src", "tests", "docs", "pages", "data", "experiments", ".streamlit", ".ci")
    return [*ROOT.glob("*.*"), *(path for top in tops for path in (ROOT / top).rglob("*") if path.is_file())]


def text_of(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8")
    except UnicodeDecodeError:
        return ""


@pytest.mark.parametrize("name", MODULES)
def test_the_examples_of_a_module_run(name: str) -> None:
    module = importlib.import_module(name)
    finder, runner = doctest.DocTestFinder(exclude_empty=True), doctest.DocTestRunner(optionflags=doctest.ELLIPSIS)
    said: list[str] = []
    for found in finder.find(module, name):
        runner.run(found, out=said.append)
    assert runner.summarize(verbose=False).failed == 0, "".join(said)


def test_examples_are_found_at_all() -> None:
    finder = doctest.DocTestFinder(exclude_empty=True)
    count = sum(len(found.examples) for name in MODULES for found in finder.find(importlib.import_module(name), name))
    assert count > 50


def test_a_module_holds_one_idea_or_says_why_it_is_longer() -> None:
    lengths = {
        str(path.relative_to(PACKAGE)): len(path.read_text(encoding="utf-8").splitlines())
        for path in PACKAGE.rglob("*.py")
    }
    long = {name: count for name, count in lengths.items() if count > LONGEST and name not in LONGER}
    assert not long, "split these, or give the reason in tests/house/test_sources.py"
    assert not {name for name in LONGER if lengths.get(name, 0) <= LONGEST}, (
        "these are short again: take them off the list"
    )


HOSTS = re.compile(
    r"https?://[^\s)\"']*(" + "|".join(["py" + "pi", "python" + "hosted", "npm" + "js", "anaconda"]) + ")", re.I
)
MACHINE = re.compile(
    r"(?<![\w.])/(" + "|".join(["wo" + "rk", "fa" + "rm", "ho" + "me", "Us" + "ers", "op" + "t"]) + r")/[a-z]"
)


@pytest.mark.parametrize(("pattern", "what"), [(HOSTS, "a package host"), (MACHINE, "a path of one machine")])
def test_no_tracked_file_names(pattern: re.Pattern[str], what: str) -> None:
    found = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:100]}"
        for path in tracked()
        for number, line in enumerate(text_of(path).splitlines(), 1)
        if pattern.search(line)
    ]
    assert not found, f"{what} is named"


def test_the_patterns_see_what_they_are_for() -> None:
    assert HOSTS.search("--index-url https://" + "pypi.org/simple")
    assert MACHINE.search("open('/ho" + "me/ann/history.csv')")


def test_the_changelog_speaks_of_this_version() -> None:
    assert f"## [{incentive_lab.__version__}]" in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")
