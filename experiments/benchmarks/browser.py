"""What a designer waits for: from a key press on a dial to key figures and three charts redrawn, in a real browser."""

from __future__ import annotations

import os
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from experiments.benchmarks.measuring import Row

ROOT = Path(__file__).resolve().parents[2]
EMPTY = Path(__file__).with_name("empty_page.py")
CHARTS = ("cost-time", "deciles", "curve")
DIAL = ".st-key-rules-deal-registration-rate input[type=range]"
FLOOR_DIAL = ".st-key-dial-0 input[type=range]"
OVER_MEDIAN, OVER_P95 = 120.0, 250.0
"""Milliseconds over the floor that the median and the 95th percentile may take."""
THINK = 2.0
"""Seconds between two key presses of each of five people."""

_WATCH = """(charts) => {
  const w = window.__watch = {pressed: 0, figure: 0, charts: {}};
  document.addEventListener('keydown', () => { w.pressed = performance.now(); w.figure = 0; w.charts = {}; }, true);
  const value = () => (document.querySelector('.st-key-card-cost') || {}).textContent;
  w.value = value(); w.before = w.value;
  new MutationObserver(() => { const now = value(); if (now !== undefined && now !== w.before && !w.figure) {
    w.figure = performance.now(); w.before = now; } })
    .observe(document.body, {subtree: true, childList: true, characterData: true});
  new MutationObserver(records => { if (!w.pressed) return;
    for (const record of records) { const at = record.target.closest && record.target.closest('[class*=st-key-chart-]');
      const name = at && charts.find(one => at.classList.contains('st-key-chart-' + one));
      if (name) w.charts[name] = performance.now(); } })
    .observe(document.body, {subtree: true, childList: true, attributes: true, attributeFilter: ['d', 'transform', 'x', 'y']});
}"""
_DONE = """(charts) => { const w = window.__watch;
  return w.figure && charts.every(name => w.charts[name])
    && performance.now() - Math.max(w.figure, ...Object.values(w.charts)) > 150 }"""
_TIMES = """() => { const w = window.__watch;
  return [w.figure - w.pressed, Math.max(w.figure, ...Object.values(w.charts)) - w.pressed] }"""


def browser(presses: int = 40) -> list[Row]:
    """Rows for one person and for five at once; empty without Chromium."""
    chromium = shutil.which("chromium") or shutil.which("chromium-browser")
    if chromium is None:
        print("no chromium here, so nothing was measured in a browser", file=sys.stderr)
        return []
    from playwright.sync_api import sync_playwright

    with ExitStack() as stack:
        empty, app = stack.enter_context(server(EMPTY)), stack.enter_context(server(ROOT / "app.py"))
        playwright = stack.enter_context(sync_playwright())
        chrome = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        floor_page = _opened(chrome, empty, FLOOR_DIAL, ())
        page = _opened(chrome, f"{app}/tune", DIAL, CHARTS)
        floors, figures, wholes = [], [], []
        for _ in range(presses):  # in turn, so that a noisy moment meets both
            floors.append(_press(floor_page, FLOOR_DIAL, ())[1])
            figure, whole = _press(page, DIAL, CHARTS)
            figures.append(figure)
            wholes.append(whole)
            time.sleep(0.3)
        rows = _rows("one person", floors, figures, wholes)
        rows += _five(chrome, empty, app, max(4, presses // 5))
        chrome.close()
    return rows


def _five(chrome: Any, empty: str, app: str, rounds: int) -> list[Row]:
    """Five people who each press a key every two seconds, first on the empty page, then on Tune."""
    floors = _crowd([_opened(chrome, empty, FLOOR_DIAL, ()) for _ in range(5)], FLOOR_DIAL, (), rounds)
    times = _crowd([_opened(chrome, f"{app}/tune", DIAL, CHARTS) for _ in range(5)], DIAL, CHARTS, rounds)
    return _rows("five people", [one[1] for one in floors], [one[0] for one in times], [one[1] for one in times])


def _crowd(pages: list[Any], dial: str, charts: tuple[str, ...], rounds: int) -> list[tuple[float, float]]:
    """Each round every page gets its press without waiting for the others, spread over the thinking time."""
    found = []
    for _ in range(rounds):
        for page in pages:
            page.locator(dial).first.press("ArrowRight")
            time.sleep(THINK / len(pages) / 4)
        for page in pages:
            page.wait_for_function(_DONE, arg=list(charts), timeout=60_000)
            found.append(tuple(page.evaluate(_TIMES)))
        time.sleep(THINK / 2)
    for page in pages:
        page.context.close()
    return found


def _rows(who: str, floors: list[float], figures: list[float], wholes: list[float]) -> list[Row]:
    floor = statistics.median(floors)
    middle, tail = statistics.median(wholes), statistics.quantiles(wholes, n=20)[-1]
    against = f"Streamlit's floor: {floor:.0f} ms"

    def spread(values: list[float]) -> float:
        low, _, high = statistics.quantiles(values, n=4)
        return round((high - low) / statistics.median(values), 3)

    def over(name: str, value: float, most: float | None) -> Row:
        holds = None if most is None else value - floor <= most
        return Row(f"browser, {who}, {name}", round(value - floor, 1), "ms over", against, round(value / floor, 2),
                   most, holds, spread(wholes))  # fmt: skip

    alone = who == "one person"
    return [
        Row(f"browser, {who}, floor", round(floor, 1), "ms", spread=spread(floors)),
        Row(f"browser, {who}, key figures, median", round(statistics.median(figures), 1), "ms", spread=spread(figures)),
        over("three charts, median", middle, OVER_MEDIAN if alone else None),
        over("three charts, p95", tail, OVER_P95 if alone else None),
    ]


def _opened(chrome: Any, address: str, dial: str, charts: tuple[str, ...]) -> Any:
    """A page of its own session with its dial in view and the stop-watch in it."""
    page = chrome.new_context(viewport={"width": 1280, "height": 1100}).new_page()
    page.goto(address)
    page.wait_for_selector(".st-key-card-cost", timeout=600_000)
    if charts:
        page.get_by_text("Rates", exact=True).first.click()
    page.wait_for_selector(dial)
    for name in charts:
        page.wait_for_selector(f".st-key-chart-{name} .js-plotly-plot", timeout=60_000)
    time.sleep(2)
    page.evaluate(_WATCH, list(charts))
    page.locator(dial).first.focus()
    for _ in range(3):  # the first moves load what later ones have
        _press(page, dial, charts)
    return page


def _press(page: Any, dial: str, charts: tuple[str, ...]) -> tuple[float, float]:
    """Milliseconds from a key press until the first key figure, and until that and every chart."""
    page.locator(dial).first.press("ArrowRight")
    page.wait_for_function(_DONE, arg=list(charts), timeout=60_000)
    figure, whole = page.evaluate(_TIMES)
    return figure, whole


@contextmanager
def server(script: Path) -> Iterator[str]:
    """Streamlit with a script on a free port, until the block ends."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    running = subprocess.Popen(
        [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)], cwd=ROOT,
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        env={key: value for key, value in os.environ.items() if key != "INCENTIVE_LAB_HISTORY"},
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
        running.terminate()
        running.wait(20)
