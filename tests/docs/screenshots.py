"""Pictures of the pages on the demo history: `python -m tests.docs.screenshots` writes docs/screenshots/ anew."""

from __future__ import annotations

import argparse
import os
import shutil
from pathlib import Path
from typing import Any

from experiments.benchmarks.serving import ROOT, served

PAGES = ("overview", "data", "tune", "compare", "search", "partner", "guide", "pilot_design", "pilot_results")
PATIENCE = 600_000
"""Milliseconds that a first page may take: the kernel may have to be compiled."""


def settled(page: Any) -> None:
    """Until the preparation is over, no run is under way and no placeholder stands."""
    page.wait_for_selector("h1", timeout=PATIENCE)
    page.wait_for_function(
        "() => !document.body.innerText.includes('Preparing the payout')"
        " && document.querySelector('[data-testid=stApp]').getAttribute('data-test-script-state') !== 'running'"
        " && !document.body.innerText.includes('Simulating pilots')"
        " && !document.querySelector('[data-testid=stSkeleton]')",
        timeout=PATIENCE,
    )
    page.wait_for_timeout(2_500)


def main() -> None:
    """Write a picture of each page."""
    from playwright.sync_api import sync_playwright

    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=ROOT / "docs" / "screenshots")
    parser.add_argument("--width", type=int, default=1280)
    parser.add_argument("--pages", nargs="*", default=PAGES)
    asked = parser.parse_args()
    asked.out.mkdir(parents=True, exist_ok=True)
    own = {"INCENTIVE_LAB_HISTORY": None, "INCENTIVE_LAB_HOME": os.environ.get("INCENTIVE_LAB_HOME")}
    with served(ROOT / "app.py", own) as address, sync_playwright() as playwright:
        chrome = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        page = chrome.new_page(viewport={"width": asked.width, "height": 1100})
        for name in asked.pages:
            page.goto(f"{address}/{name}")
            settled(page)
            page.screenshot(path=asked.out / f"{name}.png")
        chrome.close()


if __name__ == "__main__":
    main()
