"""What a designer waits for: from a key press on a dial to key figures and three charts redrawn, in a real browser."""

from __future__ import annotations

import shutil
import statistics
import sys
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from experiments.benchmarks.measuring import Row
from experiments.benchmarks.serving import ROOT, served

EMPTY = Path(__file__).with_name("empty_page.py")
CHARTS = ("cost-time", "deciles", "curve")
DIAL = ".st-key-rules-deal-registration-rate input[type=range]"
FLOOR_DIAL = ".st-key-dial-0 input[type=range]"
OVER_MEDIAN, OVER_P95 = 120.0, 250.0
"""Milliseconds over the floor that the median and the 95th percentile may take."""
THINK = 2.0
"""Seconds between two key presses of each of five people."""

FIGURE = ".board[data-of], .st-key-card-cost [data-testid=stMetricValue]"
"""The board of the page Tune, which says whose figures it shows once all are painted; the first figure of the empty page."""

_WATCH = """([figure, charts]) => {
  const w = window.__watch = {pressed: 0, figure: 0, charts: {}};
  const value = () => { const at = document.querySelector(figure); return at && (at.dataset.of || at.textContent); };
  document.addEventListener('keydown', () => {
    w.pressed = performance.now(); w.before = value(); w.figure = 0; w.charts = {};
  }, true);
  new MutationObserver(records => {
    if (!w.pressed) return;
    const at = performance.now(), now = value();
    if (!w.figure && now !== undefined && now !== w.before) w.figure = at;
    for (const record of records) {
      const chart = record.target.closest && record.target.closest('[data-part]');
      if (chart && charts.includes(chart.dataset.part)) w.charts[chart.dataset.part] = at;
    }
  }).observe(document.body, {subtree: true, childList: true, characterData: true,
    attributes: true, attributeFilter: ['data-of']});
}"""
_STILL = """() =>
  document.querySelector('[data-testid=stApp]').getAttribute('data-test-script-state') !== 'running'"""
_DONE = """() => { const w = window.__watch;
  return w.figure && performance.now() - Math.max(w.figure, ...Object.values(w.charts)) > 150 }"""
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
        own = {"INCENTIVE_LAB_HISTORY": None}
        empty, app = stack.enter_context(served(EMPTY)), stack.enter_context(served(ROOT / "app.py", own))
        playwright = stack.enter_context(sync_playwright())
        chrome = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        floor_page = _opened(chrome, empty, FLOOR_DIAL, ())
        page = _opened(chrome, f"{app}/tune", DIAL, CHARTS)
        floors, figures, wholes = [], [], []
        for _ in range(presses):  # in turn, so that a noisy moment meets both
            floors.append(_press(floor_page, FLOOR_DIAL, ())[1])
            _rested(floor_page)
            figure, whole = _press(page, DIAL, CHARTS)
            figures.append(figure)
            wholes.append(whole)
            _rested(page)
        rows = _rows("one person", floors, figures, wholes)
        rows += _five(chrome, empty, app, max(4, presses // 5))
        chrome.close()
    return rows


def _rested(page: Any) -> None:
    """Until all that a press set going is over, so that neither page is timed while the other works."""
    time.sleep(0.3)  # Streamlit hears of a press a fifth of a second after it
    page.wait_for_function(_STILL, timeout=60_000)
    time.sleep(0.3)


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
            page.wait_for_function(_DONE, timeout=60_000)
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
    page.wait_for_selector(FIGURE, timeout=600_000)
    if charts:
        page.get_by_text("Rates", exact=True).first.click()
    page.wait_for_selector(dial)
    for name in charts:
        page.wait_for_selector(f"[data-part={name}] svg", timeout=60_000)
    time.sleep(1)
    page.wait_for_function(_STILL, timeout=60_000)  # a press while the page is still being drawn would be lost
    time.sleep(1)
    page.evaluate(_WATCH, [FIGURE, list(charts)])
    page.locator(dial).first.focus()
    for _ in range(3):  # the first moves load what later ones have
        _press(page, dial, charts)
    return page


def _press(page: Any, dial: str, charts: tuple[str, ...]) -> tuple[float, float]:
    """Milliseconds from a key press until the first key figure, and until that and every chart."""
    page.locator(dial).first.press("ArrowRight")
    page.wait_for_function(_DONE, timeout=60_000)
    figure, whole = page.evaluate(_TIMES)
    return figure, whole
