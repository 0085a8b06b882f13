"""Run the benchmarks: `make bench`. Prints a table and writes latest.json beside this file."""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable
from pathlib import Path

from experiments.benchmarks.browser import browser
from experiments.benchmarks.deal_rules import deal_rules
from experiments.benchmarks.measures import large, measures
from experiments.benchmarks.measuring import Row, table
from experiments.benchmarks.month_rules import month_rules
from experiments.benchmarks.pilots import pilots
from experiments.benchmarks.projecting import projecting
from experiments.benchmarks.slider import slider
from experiments.benchmarks.startup import startup

LATEST = Path(__file__).resolve().parent / "latest.json"


def main() -> int:
    """Run what is asked for; 0 whatever the bars say, unless --strict."""
    parser = argparse.ArgumentParser(prog="make bench BENCH=...", description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes: whether it runs and agrees, not how fast")
    parser.add_argument("--large", action="store_true", help="also 50 million deals (several minutes, 4 GB of disk)")
    parser.add_argument(
        "--only", nargs="*", default=[], help="month deals measures pilots projection slider browser start"
    )
    parser.add_argument("--repeats", type=int, default=15, help="repeats of the shortest runs")
    parser.add_argument("--out", type=Path, default=None, help="where to write the rows (default latest.json)")
    parser.add_argument("--strict", action="store_true", help="exit 1 if a bar does not hold")
    asked = parser.parse_args()
    quick, repeats = asked.quick, 3 if asked.quick else asked.repeats
    cases: dict[str, Callable[[], list[Row]]] = {
        "month": lambda: month_rules(repeats, 2_000 if quick else 10_000),
        "deals": lambda: deal_rules(repeats, 50_000 if quick else 2_000_000, 1_000 if quick else 10_000),
        "measures": lambda: measures(repeats, 50_000 if quick else 2_000_000, 500 if quick else 10_000),
        "pilots": lambda: pilots(2_000 if quick else 100_000, 100 if quick else 500),
        "projection": lambda: projecting(repeats, *((60, 16) if quick else (1_000, 512))),
        "slider": lambda: slider(repeats),
        **({} if quick else {"browser": lambda: browser(40), "start": lambda: startup(repeats)}),
        **({"large": large} if asked.large else {}),
    }
    rows: list[Row] = []
    for name, run in cases.items():
        if not asked.only or name in asked.only:
            print(f"{name} ...", file=sys.stderr, flush=True)
            rows += run()
    print(f"Python {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores, "
          f"load {os.getloadavg()[0]:.1f}; medians, noise is the range of the middle half\n")  # fmt: skip
    print(table(rows))
    out = asked.out or (None if quick or asked.only else LATEST)
    if out is not None:
        out.write_text(json.dumps([row.as_json() for row in rows], indent=1) + "\n", encoding="utf-8")
    return 1 if asked.strict and any(row.holds is False for row in rows) else 0


sys.exit(main())
