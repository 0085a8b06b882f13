"""The dashboard in a real Chromium: keys move dials, a history is brought in and followed to a statement, axe finds nothing."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest
from experiments.benchmarks.serving import served

from tests.ui.browsing import PATIENCE, settled
from tests.ui.conftest import ROOT, SECONDS
from tests.ui.test_data import DEALS, PARTNERS

pytestmark = pytest.mark.browser


@pytest.fixture(scope="module")
def address(tiny_history: Path, home: Path) -> Iterator[str]:
    with served(ROOT / "app.py", {"INCENTIVE_LAB_HISTORY": str(tiny_history), "INCENTIVE_LAB_HOME": str(home)}) as at:
        yield at


def opened(page: Any, address: str) -> None:
    page.goto(address)
    page.wait_for_selector("h1", timeout=PATIENCE)
    page.wait_for_function("() => !document.body.innerText.includes('Preparing the payout')", timeout=SECONDS * 1000)


def test_a_key_press_on_a_dial_changes_the_figures(address: str, page: Any) -> None:
    from playwright.sync_api import expect

    opened(page, f"{address}/tune")
    page.wait_for_selector(".board[data-of]", timeout=PATIENCE)
    page.get_by_text("Rates", exact=True).click()
    slider = page.locator("input[type=range][aria-label$=': rate']").first
    slider.focus()
    for _ in range(2):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(500)
    expect(page.get_by_text("Changed since growth-80-20")).to_be_visible(timeout=PATIENCE)
    assert slider.evaluate("node => node === document.activeElement"), "the dial keeps the keyboard focus"
    settled(page)
    cost = page.locator("[data-part=cost] .value").inner_text()
    page.reload()
    expect(page.get_by_text("Changed since growth-80-20")).to_be_visible(timeout=PATIENCE)
    expect(page.locator("[data-part=cost] .value")).to_have_text(cost, timeout=PATIENCE)


def test_undo_takes_the_dials_back_too(address: str, page: Any) -> None:
    from playwright.sync_api import expect

    opened(page, f"{address}/tune")
    page.wait_for_selector(".board[data-of]", timeout=PATIENCE)
    settled(page)
    name = "tiers-levels-silver-needs-training"
    slider, typed = page.locator(f".st-key-{name} input[type=range]"), page.locator(f".st-key-typed-{name} input")
    before = slider.input_value()
    typed.fill("5")
    typed.press("Enter")
    expect(slider).to_have_value("5", timeout=PATIENCE)
    settled(page)
    page.get_by_role("button", name="Undo").click()
    expect(slider).to_have_value(before, timeout=PATIENCE)
    expect(typed).to_have_value(before, timeout=PATIENCE)
    settled(page)
    slider.press("ArrowRight")
    expect(typed).to_have_value(str(int(before) + 1), timeout=PATIENCE)
    expect(page.get_by_text(f"Silver: training from {before} to {int(before) + 1}")).to_be_visible(timeout=PATIENCE)


def test_the_figures_do_not_wait_for_streamlit(address: str, page: Any) -> None:
    """A dial is followed while nothing reaches Streamlit, and without the live address as well."""
    page.add_init_script(
        "const send = WebSocket.prototype.send; window.dropped = 0;"
        "WebSocket.prototype.send = function (...all) { window.holding ? window.dropped++ : send.apply(this, all) }"
    )
    opened(page, f"{address}/tune")
    page.wait_for_selector(".board[data-of]", timeout=PATIENCE)
    page.get_by_text("Rates", exact=True).click()
    slider = page.locator("input[type=range][aria-label$=': rate']").first
    slider.focus()
    settled(page)
    first = page.locator(".board").get_attribute("data-of")
    page.evaluate("window.holding = true")
    slider.press("ArrowRight")
    page.wait_for_function("of => document.querySelector('.board').dataset.of !== of", arg=first, timeout=PATIENCE)
    live = page.locator(".board").get_attribute("data-of")
    page.wait_for_function("() => window.dropped > 0", timeout=PATIENCE)
    page.evaluate("window.holding = false")
    page.route("**/live/board", lambda route: route.abort())
    slider.press("ArrowRight")
    page.wait_for_function("of => document.querySelector('.board').dataset.of !== of", arg=live, timeout=PATIENCE)


def test_a_click_on_the_board_leads_to_the_partners_behind_it(address: str, page: Any) -> None:
    from playwright.sync_api import expect

    opened(page, f"{address}/tune")
    page.wait_for_selector(".board[data-of]", timeout=PATIENCE)
    page.locator("[data-part=cost-time] [data-view='1']").click()
    expect(page.locator("[data-part=cost-time] rect.hit")).to_have_count(18)
    page.locator("[data-part=worse] .line").click()
    expect(page.get_by_role("radio", name="Partners")).to_be_checked(timeout=PATIENCE)
    expect(page.get_by_role("heading", name="together against the baseline")).to_be_visible(timeout=PATIENCE)
    page.locator("[data-part=better] .label").click()
    expect(page.get_by_role("radio", name="Better off")).to_be_checked(timeout=PATIENCE)
    page.get_by_role("button", name="Cost of 18 months").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("radio", name="All", exact=True)).to_be_checked(timeout=PATIENCE)
    bar = page.locator("[data-part=deciles] rect[role=button]").nth(2)
    bar.focus()
    page.keyboard.press("Enter")
    expect(page.get_by_role("combobox", name="Only one")).to_have_value("Tenth", timeout=PATIENCE)


@pytest.mark.parametrize("name", ["overview", "data", "tune", "compare", "search", "partner", "guide"])
def test_nothing_runs_out_of_a_narrow_screen(address: str, page: Any, name: str) -> None:
    """A page of a phone's width scrolls downwards only, and no table is wider than its card."""
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, f"{address}/{name}")
    settled(page)
    page.wait_for_timeout(1500)  # charts take the width of their cards
    wide = page.evaluate(
        "() => { const main = document.querySelector('[data-testid=stMain]');"
        " return [main.scrollWidth - main.clientWidth, ...[...document.querySelectorAll('table')].map("
        " one => one.getBoundingClientRect().right - one.parentNode.getBoundingClientRect().right)] }"
    )
    assert max(wide) <= 1, wide


@pytest.mark.parametrize("name", ["tune", "pilot_design"])
def test_every_page_is_in_sight_beside_a_side_bar(address: str, page: Any, name: str) -> None:
    page.set_viewport_size({"width": 1280, "height": 800})
    opened(page, f"{address}/{name}")
    settled(page)
    page.wait_for_timeout(1500)  # the links are measured before some are put away
    assert page.get_by_role("link", name="Review", exact=True).first.is_visible()
    assert not page.locator("header").get_by_text(re.compile(r"^\d+ more$")).count()


def test_labels_of_a_calendar_do_not_touch_on_a_narrow_screen(address: str, page: Any) -> None:
    page.set_viewport_size({"width": 390, "height": 844})
    opened(page, f"{address}/compare")
    settled(page)
    page.wait_for_selector(".xtick text", timeout=PATIENCE)
    page.wait_for_timeout(1500)
    boxes = page.evaluate(
        "() => [...document.querySelectorAll('.xtick text')].map(one => one.getBoundingClientRect())"
        ".map(one => [one.left, one.right])"
    )
    assert len(boxes) > 3
    assert all(left >= right - 0.5 for (_, right), (left, _) in pairwise(boxes)), boxes


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", ["overview", "data", "tune", "compare", "search", "partner", "guide"])
def test_axe_finds_nothing(address: str, page: Any, name: str, scheme: Any) -> None:
    from axe_playwright_python.sync_playwright import Axe

    page.emulate_media(color_scheme=scheme)
    opened(page, f"{address}/{name}")
    settled(page)
    rules = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
    found = Axe().run(page, options={"runOnly": rules}).response["violations"]
    assert not [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found]


def test_charts_follow_the_theme_that_is_chosen_in_the_menu(address: str, page: Any) -> None:
    from playwright.sync_api import expect

    def colours() -> list[str]:
        found = page.evaluate(
            "() => ['.js-plotly-plot .bars path', '.js-plotly-plot .xtick text', '[class*=st-key-card-]']"
            ".map(one => getComputedStyle(document.querySelector(one))).map((one, at) => at < 2 ? one.fill : one.backgroundColor)"
        )
        return [str(one) for one in found]

    opened(page, f"{address}/overview")
    page.wait_for_selector(".js-plotly-plot .bars path", timeout=PATIENCE)
    assert colours() == ["rgb(21, 82, 196)", "rgb(70, 83, 107)", "rgb(255, 255, 255)"]
    page.get_by_test_id("stMainMenuButton").click()
    page.get_by_test_id("stMainMenuItem-theme-Dark").click()
    expect(page.locator(".stApp")).to_have_css("color-scheme", "dark")
    assert colours() == ["rgb(122, 165, 255)", "rgb(170, 182, 203)", "rgb(23, 30, 44)"]
    page.reload()
    page.wait_for_selector(".js-plotly-plot .bars path", timeout=PATIENCE)
    assert colours() == ["rgb(122, 165, 255)", "rgb(170, 182, 203)", "rgb(23, 30, 44)"], "the choice is kept"


@pytest.mark.parametrize("name", ["tune", "pilot_design"])
def test_no_figure_and_no_table_is_cut_beside_a_side_bar(address: str, page: Any, name: str) -> None:
    page.set_viewport_size({"width": 820, "height": 1000})
    opened(page, f"{address}/{name}")
    settled(page)
    page.wait_for_timeout(1500)
    cut = page.evaluate(
        "() => [...document.querySelectorAll('[data-testid=stMetricValue] *, [data-testid=stMainBlockContainer] table')]"
        ".filter(one => { const box = one.tagName === 'TABLE' ? one.parentNode : one;"
        " return one.getClientRects().length && box.scrollWidth > box.clientWidth + 1 }).map(one => one.innerText.slice(0, 40))"
    )
    assert not cut


def test_a_history_is_brought_in_mapped_tuned_compared_and_explained(address: str, page: Any) -> None:
    from playwright.sync_api import expect

    opened(page, f"{address}/data")
    settled(page)
    files = [
        {"name": "resellers.csv", "mimeType": "text/csv", "buffer": PARTNERS},
        {"name": "opportunities.csv", "mimeType": "text/csv", "buffer": DEALS},
    ]
    page.locator("input[type=file]").set_input_files(files)
    expect(page.get_by_role("heading", name="It can be used")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("button", name="Use this history").click()
    page.get_by_role("link", name="Overview").first.click()
    page.get_by_role("combobox", name="Draft begins as").click(timeout=PATIENCE)
    page.get_by_role("option", name="Flat commission").click()
    settled(page)
    page.get_by_role("link", name="Tune", exact=True).first.click()
    page.get_by_text("Rates", exact=True).first.click(timeout=PATIENCE)
    dial = page.locator("input[type=range][aria-label=Rate]").first
    dial.focus()
    dial.press("ArrowRight")
    expect(page.get_by_text("Changed since current-flat")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="Compare", exact=True).first.click()
    expect(page.get_by_role("heading", name="Key figures")).to_be_visible(timeout=PATIENCE)
    page.get_by_role("link", name="Partner", exact=True).first.click()
    expect(page.get_by_role("heading", name="<b>Ann & Co</b>", level=1)).to_be_visible(timeout=PATIENCE)
    expect(page.get_by_role("heading", name="Paid under the draft")).to_be_visible(timeout=PATIENCE)


def test_a_file_far_too_large_is_refused_and_the_app_lives(address: str, page: Any, tmp_path: Path) -> None:
    from playwright.sync_api import expect

    large = tmp_path / "deals.csv"
    with large.open("wb") as file:
        file.truncate(200_000_000)
    opened(page, f"{address}/data")
    settled(page)
    before = page.get_by_role("radio", checked=True).first.get_attribute("value")
    page.locator("input[type=file]").first.set_input_files(large)
    expect(page.get_by_text("File must be 25.0MB or smaller")).to_be_visible(timeout=PATIENCE)
    page.reload()
    settled(page)
    expect(page.get_by_role("heading", name="Data", level=1)).to_be_visible(timeout=PATIENCE)
    assert page.get_by_role("radio", checked=True).first.get_attribute("value") == before
