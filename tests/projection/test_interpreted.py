"""The compiled functions of the projection do what their Python says, to the last bit."""

from __future__ import annotations

import json
import os
import subprocess
import sys

from tests.house.floors import ROOT
from tests.projection.interpreted import figures


def test_a_projection_without_its_compiler_is_the_same() -> None:
    done = subprocess.run([sys.executable, "-m", "tests.projection.interpreted"], cwd=ROOT, capture_output=True, text=True,
                          env={**os.environ, "NUMBA_DISABLE_JIT": "1", "PYTHONPATH": "src"}, check=False)  # fmt: skip
    assert done.returncode == 0, done.stderr
    plain, compiled = json.loads(done.stdout), figures()
    assert plain == compiled
    assert all(len(set(found[0])) > 1 for found in compiled.values()), "futures differ"
