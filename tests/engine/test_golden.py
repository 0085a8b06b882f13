"""The golden cases of the field's conventions, each paid by the engine and by the reference."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from incentive_lab.scheme.check import check
from tests.engine.adapter import differences, engine_lines, reference_lines
from tests.engine.golden_cases import Golden, golden_cases
from tests.house.floors import ROOT

CASES = golden_cases()
by_name = pytest.mark.parametrize("case", CASES, ids=[case.name for case in CASES])


@by_name
def test_a_golden_scheme_is_one_that_may_be_computed(case: Golden) -> None:
    assert check(case.scheme).problems == ()


@by_name
def test_the_reference_pays_the_golden_amounts(case: Golden) -> None:
    paid, _ = reference_lines(case.scheme, case.panel, case.baseline)
    assert differences(paid, case.pays) == []


@by_name
def test_the_engine_pays_the_golden_amounts(case: Golden) -> None:
    paid, _ = engine_lines(case.scheme, case.panel, case.baseline)
    assert differences(paid, case.pays) == []


def test_golden_cases_have_names_of_their_own() -> None:
    names = [case.name for case in CASES]
    assert len(set(names)) == len(names)


def test_the_kernel_pays_the_golden_amounts_without_its_compiler() -> None:
    done = subprocess.run([sys.executable, "-m", "tests.engine.interpreted"], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": "src"}, check=False)  # fmt: skip
    assert (done.stdout.strip(), done.returncode) == ("", 0), done.stdout + done.stderr
