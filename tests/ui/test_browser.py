"""The dashboard in a real Chromium: it comes up, a key press on a dial moves the figures, nothing is inaccessible by name."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.ui.conftest import ROOT, SECONDS

pytestmark = pytest.mark.browser
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def address(tiny_history: Path) -> Iterator[str]:
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    # The same home as the other tests, so that the kernel is compiled once.
    env = {**os.environ, "INCENTIVE_LAB_HISTORY": str(tiny_history)}
    env.pop("INCENTIVE_LAB_HOME", None)
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", "app.py", "--server.port", str(port)], cwd=ROOT, env=env,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        for _ in range(240):
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{port}/_stcore/health", timeout=1)
                break
            except OSError:
                time.sleep(0.25)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(20)


def test_a_key_press_on_a_dial_changes_the_figures(address: str) -> None:
    from playwright.sync_api import expect, sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        page = browser.new_page(viewport={"width": 1280, "height": 900})
        page.goto(f"{address}/tune")
        expect(page.get_by_role("heading", name="Partner growth programme")).to_be_visible(timeout=60_000)
        page.wait_for_selector(".st-key-card-cost", timeout=SECONDS * 1000)
        page.get_by_text("Rates", exact=True).click()
        slider = page.locator("input[type=range][aria-label=Rate]").first
        slider.focus()
        for _ in range(4):
            page.keyboard.press("ArrowRight")
            page.wait_for_timeout(700)
        expect(page.get_by_text("Changed since growth-80-20")).to_be_visible(timeout=20_000)
        assert slider.evaluate("node => node === document.activeElement"), "the dial keeps the keyboard focus"
        page.get_by_role("link", name="Overview").first.click()
        expect(page.get_by_role("heading", name="What needs attention")).to_be_visible(timeout=30_000)
        browser.close()
