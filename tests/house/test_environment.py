"""The Makefile, the lock and pyproject.toml agree with each other and with what is imported."""

from __future__ import annotations

import ast
import os
import re
import subprocess
import sys
import tomllib
from collections.abc import Mapping
from functools import cache
from importlib.metadata import packages_distributions
from importlib.util import find_spec
from pathlib import Path

import incentive_lab
from tests.house.floors import ROOT, imports, sources

MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))

INDIRECT = {
    "ruff": "make lint", "mypy": "make lint", "pytest-xdist": "make test JOBS=", "pytest-cov": "make test COVERAGE=1",
    "setuptools": "installs the project itself", "playwright": "looks at pages by hand",
    "psycopg": "the PostgreSQL driver that Ibis loads by itself",
}  # fmt: skip
"""Required, though no file imports it -> what uses it."""


def plain(requirement: str) -> str:
    """The normalised name of a requirement: `ibis-framework` for `ibis-framework[duckdb]>=9`."""
    return re.split(r"[\[<>=!~; ]", requirement.strip(), maxsplit=1)[0].lower().replace("_", "-").replace(".", "-")


def required() -> set[str]:
    lines = (ROOT / "requirements.in").read_text(encoding="utf-8").splitlines()
    return {plain(line) for line in lines if line.strip() and not line.startswith("#")}


def imported(paths: list[Path]) -> set[str]:
    """Normalised distributions of everything these files import that is not Python's or ours."""
    names = {name.split(".")[0] for path in paths for name, _ in imports(ast.parse(path.read_text(encoding="utf-8")))}
    names -= {"", "incentive_lab", "tests", "pages", "experiments", "app", *sys.stdlib_module_names}
    owners = _owners()
    return {plain(owner) for name in names for owner in owners.get(name, [name])}


@cache
def _owners() -> Mapping[str, list[str]]:
    """Module -> the distributions that have it; reading this takes seconds."""
    return packages_distributions()


def test_every_target_of_the_makefile_has_help() -> None:
    (phony,) = re.findall(r"^\.PHONY: (.*)$", MAKEFILE, re.M)
    described = re.findall(r"^([a-z-]+):.*## \S", MAKEFILE, re.M)
    assert sorted(described) == sorted(phony.split())
    assert set(described) == set(re.findall(r"^([a-z-]+):", MAKEFILE, re.M))


def test_what_the_makefile_runs_of_ours_is_a_module_that_is_there() -> None:
    # Run by its path, a file does not find what lies beside its folder.
    assert not re.findall(r"bin/python \S+\.py|\$\(BIN\)/python \S+\.py", MAKEFILE)
    ours = re.findall(r"-m ((?:tests|experiments)[.\w]*)", MAKEFILE)
    assert len(ours) > 8
    assert [name for name in ours if find_spec(name) is None] == []


def test_make_alone_shows_the_help() -> None:
    done = subprocess.run(["make", "--no-print-directory"], cwd=ROOT, capture_output=True, text=True, check=True,
                          env={**os.environ, "MAKEFLAGS": ""})  # fmt: skip
    assert "make test" in done.stdout
    assert len(done.stdout.splitlines()) == len(re.findall(r"^[a-z-]+:.*## \S", MAKEFILE, re.M))


def test_the_lock_pins_everything_that_is_required() -> None:
    lock = (ROOT / "requirements.txt").read_text(encoding="utf-8").splitlines()
    assert all("==" in line for line in lock)
    assert required() <= {plain(line) for line in lock}


def test_the_product_declares_what_it_imports_and_imports_what_it_declares() -> None:
    declared = {plain(name) for name in PROJECT["project"]["dependencies"]}
    extras = {plain(name) for names in PROJECT["project"]["optional-dependencies"].values() for name in names}
    product = imported(sources())
    assert product <= declared | extras
    assert extras <= product & required(), "what is optional is used, and tested"
    assert declared - product <= set(INDIRECT) | WANTED


WANTED = {"scipy", "statsmodels"}
"""Part of the environment by decision: the statistics of pilots and projection stand on them."""


def test_nothing_is_required_that_nothing_uses() -> None:
    everything = [*sources(), *(ROOT / "tests").rglob("*.py"), *(ROOT / "experiments").rglob("*.py")]
    unused = required() - imported(everything) - set(INDIRECT) - WANTED
    assert not unused


def test_what_the_product_declares_is_required() -> None:
    assert {plain(name) for name in PROJECT["project"]["dependencies"]} <= required()


def test_one_version() -> None:
    assert PROJECT["project"]["version"] == incentive_lab.__version__
