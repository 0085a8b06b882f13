"""A walk through the dashboard: each step is timed by what the browser shows, and may leave a picture."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

PATIENCE = int(os.environ.get("JOURNEY_PATIENCE", "300000"))
"""Milliseconds that a step may take on a busy machine."""
WIDTH, HEIGHT = 1280, 1000

_WATCH = """
window.walk = {from: 0, first: 0};
window.walkMark = () => { window.walk = {from: performance.now(), first: 0}; };
new MutationObserver(found => {
  const walk = window.walk;
  if (walk.first) return;
  const seen = found.some(one => one.type !== 'attributes' || one.target.dataset?.testid === 'stApp');
  if (seen) walk.first = performance.now();
}).observe(document, {subtree: true, childList: true, characterData: true, attributes: true,
                      attributeFilter: ['data-test-script-state']});
"""
"""Notes when the page first changes after a mark: a result, a progress bar, or the sign that a run is under way."""


@dataclass(frozen=True)
class Took:
    """How long one step took, in seconds.

    Attributes:
        name: What was done.
        first: Until the page showed anything of it; None where the step is not a page's.
        whole: Until its result stood.
        said: What the page or the command said, in a few words.
    """

    name: str
    first: float | None
    whole: float
    said: str = ""


@dataclass
class Walk:
    """One browser page and what was noted on the way.

    Attributes:
        page: Playwright's page.
        address: Of the dashboard.
        pictures: Folder for pictures, None for none.
        took: The steps so far.
    """

    page: Any
    address: str
    pictures: Path | None = None
    took: list[Took] = field(default_factory=list)
    _said: str = ""

    @contextmanager
    def step(self, name: str, picture: str = "", *, of: str = "") -> Iterator[None]:
        """Do something on the page, wait until its result stands, note the time, take a picture.

        Args:
            name: What is done.
            picture: File name of the picture without its ending; none when empty.
            of: CSS of what the picture begins with; the top of the page when empty.
        """
        self._said = ""
        self.page.evaluate("window.walkMark && window.walkMark()")
        begun = time.monotonic()
        yield
        self.settled()
        whole = time.monotonic() - begun
        first = self.page.evaluate(
            "window.walk && window.walk.first ? (window.walk.first - window.walk.from) / 1000 : null"
        )
        self.took.append(Took(name, first, whole, self._said))
        print(f"  {name}: {self._said or 'done'} ({whole:.1f} s)", flush=True)
        if self.pictures is not None and picture:
            self.picture(picture, of)

    @contextmanager
    def command(self, name: str) -> Iterator[None]:
        """Note the time of something that is done in a terminal."""
        self._said, begun = "", time.monotonic()
        yield
        self.took.append(Took(name, None, time.monotonic() - begun, self._said))
        print(f"  {name}: {self._said or 'done'} ({self.took[-1].whole:.1f} s)", flush=True)

    def says(self, text: str) -> str:
        """Note what was read off the page in this step."""
        self._said = " ".join(text.split())[:110]
        return text

    def settled(self) -> None:
        """Until no run is under way, no placeholder stands and no progress bar is to be seen."""
        self.page.wait_for_function(
            "() => { const app = document.querySelector('[data-testid=stApp]');"
            " return app && app.getAttribute('data-test-script-state') !== 'running'"
            " && !document.body.innerText.includes('Preparing the payout')"
            " && !document.querySelector('[data-testid=stSkeleton], [data-testid=stSpinner], [data-testid=stProgress]'); }",
            timeout=PATIENCE,
        )

    def open(self, page: str) -> None:
        """Open a page by its address, in this session's draft."""
        self.page.goto(f"{self.address}/{page}")
        self.page.wait_for_selector("h1", timeout=PATIENCE)

    def go(self, title: str) -> None:
        """Follow the link of the navigation to a page."""
        self.page.get_by_role("link", name=title, exact=True).first.click(timeout=PATIENCE)

    def text(self, css: str) -> str:
        """What an element says."""
        return str(self.page.locator(css).first.inner_text(timeout=PATIENCE))

    def picture(self, name: str, of: str = "") -> None:
        """A picture of what is in sight."""
        assert self.pictures is not None
        self.page.mouse.move(WIDTH - 4, HEIGHT - 4)  # no tooltip of whatever lies under the pointer
        self.page.wait_for_timeout(900)  # charts fade in
        if of:
            self.page.locator(of).first.evaluate(
                "node => { node.scrollIntoView({block: 'start'});"
                " document.querySelector('[data-testid=stMain]').scrollBy(0, -70); }"
            )
            self.page.wait_for_timeout(400)
        self.page.screenshot(path=self.pictures / f"{name}.png")
        if of:
            self.page.evaluate("document.querySelector('[data-testid=stMain]').scrollTo(0, 0)")


@contextmanager
def browser() -> Iterator[Any]:
    """A page of a Chromium of one's own.

    Raises:
        RuntimeError: There is no Chromium on this machine.
    """
    from playwright.sync_api import sync_playwright

    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if found is None:
        raise RuntimeError("no Chromium on this machine (Debian: apt-get install chromium)")
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=found, args=["--no-sandbox"])
        page = opened.new_page(viewport={"width": WIDTH, "height": HEIGHT}, accept_downloads=True)
        page.set_default_timeout(PATIENCE)
        page.add_init_script(_WATCH)
        yield page
        opened.close()


def table_of(took: list[Took]) -> str:
    """The steps as a table for a terminal."""
    width = max(len(one.name) for one in took)
    lines = [f"{'step':<{width}}  {'answers':>8}  {'stands':>8}  says"]
    for one in took:
        first = "" if one.first is None else f"{one.first:.2f} s"
        lines.append(f"{one.name:<{width}}  {first:>8}  {one.whole:6.1f} s  {one.said}")
    late = [one.name for one in took if one.first is not None and one.first > 1]
    lines.append(f"{sum(one.whole for one in took):.0f} s in all; "
                 + (f"first sign after more than a second: {', '.join(late)}" if late else
                    "every step answered or showed progress within a second"))  # fmt: skip
    return "\n".join(lines)
