"""`python -m tests.journey.soak`: several people work for a while; does the server's memory stay flat?"""

from __future__ import annotations

import argparse
import itertools
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from experiments.benchmarks.serving import ROOT, served

from tests.journey.walking import WIDTH, browser

PAGES = ("tune", "overview", "tune", "compare", "tune", "partner", "tune", "projection", "tune", "guide", "data")
OUT = ROOT / "experiments" / "validation" / "soak.json"
FLAT = 0.05
"""Memory is flat when the last third of the minutes lies at most this share above the middle third."""
WAIT = 20_000
"""Milliseconds that a visitor waits for a page before doing something else."""


def main() -> None:
    """Let them work, print the memory every minute, and judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=int, default=30)
    parser.add_argument("--browsers", type=int, default=5)
    asked = parser.parse_args()
    if asked.minutes < 3:
        parser.error("at least 3 minutes: a warm-up, a middle and an end")
    with tempfile.TemporaryDirectory(prefix="soak-") as made:
        home = Path(made)
        cache = ROOT / ".incentive-lab" / "kernel-cache"
        cache.mkdir(parents=True, exist_ok=True)
        (home / "kernel-cache").symlink_to(cache)
        own = {"INCENTIVE_LAB_HISTORY": None, "INCENTIVE_LAB_HOME": str(home), "INCENTIVE_LAB_DATABASE_URL": None}
        with served(ROOT / "app.py", own) as address, browser() as page:
            page.goto(f"{address}/overview")
            page.get_by_role("heading", name="What needs attention").wait_for()
            seen = [*_worked(page.context.browser, address, asked.minutes, asked.browsers)]
    flat, said = verdict(seen)
    print(said)
    OUT.write_text(json.dumps({
        "command": f"python -m tests.journey.soak --minutes {asked.minutes} --browsers {asked.browsers}",
        "at": datetime.now(UTC).isoformat(timespec="seconds"), "python": platform.python_version(),
        "machine": f"{platform.system()} {platform.machine()}, {os.cpu_count()} processors",
        "megabytes_at_the_end_of_each_minute": [round(one) for one in seen], "flat": flat, "verdict": said,
    }, indent=1) + "\n", encoding="utf-8")  # fmt: skip
    print(f"written: {OUT.relative_to(ROOT)}")
    sys.exit(0 if flat else 1)


def _worked(chrome: Any, address: str, minutes: int, browsers: int) -> Iterator[float]:
    """Megabytes of the server at the end of each minute."""
    visitors = [_visit(chrome, address, number) for number in range(browsers)]
    print("minute  server, MB  things done", flush=True)
    done, begun = 0, time.monotonic()
    for minute in range(1, minutes + 1):
        while time.monotonic() < begun + 60 * minute:
            for visitor in visitors:
                next(visitor)
                done += 1
        now = memory()
        print(f"{minute:>6}  {now:>10.0f}  {done:>11}", flush=True)
        yield now


def _visit(chrome: Any, address: str, number: int) -> Iterator[None]:
    """One person, for ever: pages one after the other, dials moved on Tune, a new browser after each round."""
    for turn in itertools.count(number):
        context = chrome.new_context(viewport={"width": WIDTH, "height": 900})
        page = context.new_page()
        page.set_default_timeout(WAIT)
        for step, name in enumerate(PAGES):
            with suppress(Exception):  # a page that is not there in time is left, as a person would leave it
                page.goto(f"{address}/{name}?{page.url.partition('?')[2]}")
            yield
            with suppress(Exception):
                page.wait_for_selector("h1")
                if name == "tune":
                    page.wait_for_selector(".board[data-of]")
                    dial = page.locator("[data-testid=stSidebar] input[type=range]").nth((turn + step) % 8)
                    for _ in range(1 + (turn + step) % 4):
                        dial.press("ArrowRight" if (turn + step) % 3 else "ArrowLeft")
            yield
        context.close()


def memory() -> float:
    """Resident megabytes of the server that this process started."""
    listed = subprocess.run(["ps", "-A", "-o", "ppid=,rss=,args="], capture_output=True, text=True, check=True).stdout
    for line in listed.splitlines():
        parent, rss, command = line.split(None, 2)
        if int(parent) == os.getpid() and "streamlit" in command:
            return int(rss) / 1024
    raise RuntimeError("the server is gone")


def verdict(seen: list[float]) -> tuple[bool, str]:
    """Whether memory stays flat after a warm-up of a third of the minutes, and a sentence that says so.

    Args:
        seen: Megabytes at the end of each minute, at least three.
    """
    third = len(seen) // 3
    middle, last = statistics.median(seen[third : 2 * third]), statistics.median(seen[2 * third :])
    grown = last / middle - 1
    flat = grown <= FLAT
    return flat, (
        f"Memory {'stays flat' if flat else 'GROWS'}: {middle:.0f} MB in the middle third of {len(seen)} minutes, {last:.0f} MB "
        f"in the last ({grown:+.1%}; flat is at most {FLAT:+.0%})."
    )


if __name__ == "__main__":
    main()
