"""How long the first replay of a process takes: compiling, from numba's cache, and when all is warm."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from experiments.benchmarks.measuring import Row, Times, alone

FIRST = """
import time
begin = time.perf_counter()
import incentive_lab.engine.replay
imported = time.perf_counter() - begin
from experiments.benchmarks.world import month_panel, scheme
document, panel = scheme("month_rules"), month_panel(1_000, 36)
begin = time.perf_counter()
incentive_lab.engine.replay.replay(document, panel, detail=False)
print(imported, time.perf_counter() - begin)
"""


def startup(repeats: int) -> list[Row]:
    """Rows for a process that has never compiled, and for those after it."""
    with tempfile.TemporaryDirectory(prefix="incentive-lab-bench-") as cache:
        _, cold = _first(cache)
        later = [_first(cache) for _ in range(max(2, repeats // 3))]
        size = sum(path.stat().st_size for path in Path(cache).rglob("*") if path.is_file())
    return [
        Row("start, first replay compiles the kernel", round(cold, 2), "s"),
        alone("start, first replay from the kernel cache", Times(tuple(first for _, first in later)), "s"),
        alone("start, importing the engine", Times(tuple(imported for imported, _ in later)), "s"),
        Row("start, kernel cache on disk", round(size / 1e6, 1), "MB"),
    ]


def _first(cache: str) -> tuple[float, float]:
    done = subprocess.run(
        [sys.executable, "-c", FIRST], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[2],
        env={**os.environ, "NUMBA_CACHE_DIR": cache, "PYTHONPATH": os.pathsep.join(["src", "."])},
    )  # fmt: skip
    imported, first = map(float, done.stdout.split())
    return imported, first
