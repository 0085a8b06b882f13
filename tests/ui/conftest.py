"""A tiny generated history, an app that is past its preparation, and a panel small enough to add up by hand."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

import incentive_lab.engine  # noqa: F401  # the kernel cache is found before INCENTIVE_LAB_HOME points elsewhere
from incentive_lab.engine.replay import Replay, replay
from incentive_lab.history.demo import generate_demo
from incentive_lab.panel import Panel, month_index
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import loads
from tests.ui.browsing import CHROMIUM

ROOT = Path(__file__).resolve().parents[2]
SECONDS = 600.0
"""A first compile of the engine may take minutes on a busy machine."""


@pytest.fixture(scope="session")
def tiny_history(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("ui") / "history"
    generate_demo(folder, partners=40, months=18)
    return folder


@pytest.fixture(scope="session")
def _environment(tiny_history: Path) -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("INCENTIVE_LAB_HISTORY", str(tiny_history))
        patch.setenv("INCENTIVE_LAB_HOME", str(tiny_history.parent / "home"))
        yield


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A home of a module's own for a server that a browser visits, with the code and queries that others have compiled."""
    if CHROMIUM is None:
        pytest.skip("no chromium on this machine (Debian: apt-get install chromium)")
    folder = tmp_path_factory.mktemp("home")
    for name in ("kernel-cache", "query-cache"):
        cache = ROOT / ".incentive-lab" / name
        cache.mkdir(parents=True, exist_ok=True)
        (folder / name).symlink_to(cache)
    return folder


@pytest.fixture(scope="module")
def browser(home: Path) -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield opened
        opened.close()


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    context = browser.new_context(viewport={"width": 1280, "height": 900})
    yield context.new_page()
    context.close()


def settled(app: AppTest) -> AppTest:
    """Run until the preparation is over."""
    from incentive_lab.ui.further import prepared
    from incentive_lab.ui.workspace import SOURCE

    app.run()
    end = time.monotonic() + SECONDS
    state = prepared(app.session_state[SOURCE])
    while not (state.ready or state.problems):
        assert time.monotonic() < end, "the preparation takes too long"
        time.sleep(0.1)
    return app.run()


@pytest.fixture
def app(_environment: None) -> AppTest:
    return settled(AppTest.from_file(str(ROOT / "app.py"), default_timeout=60))


@pytest.fixture
def tune(app: AppTest) -> AppTest:
    return app.switch_page("pages/tune.py").run()


FLAT = "{scheme: flat, currency: USD, effective: {from: 2024-01-01}, rules: [{id: commission, on: revenue, rate: 3%}]}"
TIERED = """
scheme: tiered
currency: USD
effective: {from: 2024-01-01}
baseline: flat
mix: {behavioural: 50%}
budget: {amount: 1000}
tiers: {looks_at: {months: 3}, levels: [{name: low}, {name: high, needs: {revenue: 5_000}}]}
rules:
  - {id: leads, label: Leads, group: behavioural, on: qualified_lead, rate: 100, limit: {quantity: 9, per: month}}
  - {id: volume, group: transactional, on: revenue, rate: 2%}
caps:
  - {id: top, per: month, amount: 900}
"""


@pytest.fixture(scope="session")
def panel() -> Panel:
    """Two partners over six months: a sells 10,000 USD a month and brings no lead, b 1,000 USD and one lead."""
    names = ("name", "type", "region", "segment", "tier", "parent_id")
    attributes = {name: np.array(["", ""], dtype=object) for name in names}
    attributes |= {"name": np.array(["Ann", "Bob"], dtype=object), "type": np.array(["reseller", "msp"], dtype=object)}
    revenue = np.array([[1_000_000.0] * 6, [100_000.0] * 6])
    leads = np.array([[0.0] * 6, [1_000_000.0] * 6])
    return Panel(
        history_id="tiny", currency="USD", partner_ids=("a", "b"), first_month=month_index(2024, 1), months=6,
        joined=np.full(2, -100_000, dtype=np.int32), attributes=attributes,
        columns={"revenue": revenue, "qualified_lead": leads},
    )  # fmt: skip


@pytest.fixture(scope="session")
def flat() -> Scheme:
    return loads(FLAT)


@pytest.fixture(scope="session")
def tiered() -> Scheme:
    return loads(TIERED)


@pytest.fixture(scope="session")
def before(panel: Panel, flat: Scheme) -> Replay:
    return replay(flat, panel)


@pytest.fixture(scope="session")
def after(panel: Panel, tiered: Scheme, flat: Scheme) -> Replay:
    return replay(tiered, panel, baseline=flat)
