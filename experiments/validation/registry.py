"""Kill writers of the registry, ask it by fifty at once, fill its disk, and keep what came out beside the other results.

python -m experiments.validation.registry [--kills 200]
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
import xml.etree.ElementTree as ElementTree
from datetime import UTC, datetime
from pathlib import Path

from experiments.validation.machine import said

ROOT = Path(__file__).resolve().parents[2]
OUT = Path(__file__).with_name("registry.json")
TESTS = ("tests/registry/test_nothing_lost.py", "tests/registry/test_full_disk.py")


def main() -> int:
    """Run the tests with so many kills on each database; exit with what they exit with."""
    given = argparse.ArgumentParser(description=__doc__)
    given.add_argument("--kills", type=int, default=200)
    kills = given.parse_args().kills
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        done = subprocess.run(
            [sys.executable, "-m", "pytest", "-rs", "-n0", f"--junitxml={report}", *TESTS],
            cwd=ROOT, env={**os.environ, "INCENTIVE_LAB_KILLS": str(kills)}, check=False,
        )  # fmt: skip
        cases = list(ElementTree.parse(report).getroot().iter("testcase"))
    OUT.write_text(json.dumps({
        "command": f"python -m experiments.validation.registry --kills {kills}",
        "at": datetime.now(UTC).isoformat(timespec="seconds"), "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "commit": said("git", "rev-parse", "--short", "HEAD"), "postgresql": said("postgres", "--version"),
        "kills_on_each_database": kills, "approvals_at_once": 50,
        "results": [{"test": case.get("name"), "result": _result(case), "seconds": round(float(case.get("time") or 0), 1)}
                    for case in cases],
    }, indent=1) + "\n", encoding="utf-8")  # fmt: skip
    print(f"written: {OUT.relative_to(ROOT)}")
    return done.returncode


def _result(case: ElementTree.Element) -> str:
    for kind in ("failure", "error", "skipped"):
        found = case.find(kind)
        if found is not None:
            return f"{kind}: {(found.get('message') or '').splitlines()[0][:300]}"
    return "passed"


if __name__ == "__main__":
    sys.exit(main())
