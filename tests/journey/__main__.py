"""`python -m tests.journey`: from an empty home to a decision that reproduces, as a new user would go."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
import time
from pathlib import Path

from experiments.benchmarks.serving import ROOT, served

from tests.journey.steps import demo, own_data
from tests.journey.walking import Walk, browser, table_of

SHOTS = ROOT / "docs" / "screenshots" / "journey"


def main() -> None:
    """Walk, print the times, and say what was left out."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--pictures", action="store_true", help="write docs/screenshots/journey/ anew")
    parser.add_argument("--cold", action="store_true", help="compile the payout engine as on a new machine")
    parser.add_argument("--keep", type=Path, help="a folder to use as the home and to leave behind")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="journey-") as made:
        home = asked.keep or Path(made)
        home.mkdir(parents=True, exist_ok=True)
        if not asked.cold and not (home / "kernel-cache").exists():
            cache = ROOT / ".incentive-lab" / "kernel-cache"
            cache.mkdir(parents=True, exist_ok=True)
            (home / "kernel-cache").symlink_to(cache)
        _named_shortly(home)
        if asked.pictures:
            SHOTS.mkdir(parents=True, exist_ok=True)
        _walked(home, SHOTS if asked.pictures else None)


def _named_shortly(home: Path) -> None:
    """Let the sample data be seen beside the home, so that no picture names a path of this machine."""
    samples = os.environ.get("INCENTIVE_LAB_SAMPLES", "")
    if samples and Path(samples).is_dir():
        link = home / "samples"
        if not link.exists():
            link.symlink_to(Path(samples).resolve())
        os.environ["INCENTIVE_LAB_SAMPLES"] = str(link)


def _walked(home: Path, pictures: Path | None) -> None:
    os.environ["INCENTIVE_LAB_HOME"] = str(home)
    begun = time.monotonic()
    server = {"INCENTIVE_LAB_HISTORY": None, "INCENTIVE_LAB_MAPPING": None, "INCENTIVE_LAB_HOME": str(home),
              "INCENTIVE_LAB_DATABASE_URL": None}  # fmt: skip
    os.environ.pop("INCENTIVE_LAB_DATABASE_URL", None)
    with served(ROOT / "app.py", server) as address, browser() as page:
        print(f"The server answers after {time.monotonic() - begun:.1f} s", flush=True)
        walk = Walk(page, address, pictures)
        failed = True
        try:
            demo(walk)
            left_out = own_data(walk, home)
            failed = False
        finally:
            if failed:
                page.screenshot(path=home.parent / "journey-stopped-here.png")
                print(f"It stopped; the page as it was: {home.parent / 'journey-stopped-here.png'}", file=sys.stderr)
            if walk.took:
                print("\n" + table_of(walk.took))
    if left_out:
        print(f"Left out: {left_out}")


if __name__ == "__main__":
    main()
