"""The steps of the journey, in order; each is what a person does and what they then read."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

from experiments.benchmarks.serving import ROOT

from tests.journey.walking import Walk

MAPPING = ROOT / "data" / "mappings" / "adventureworks.yaml"
PILOT = Path(__file__).resolve().parents[2] / "data" / "pilots" / "pipeline-resellers.yaml"


def demo(walk: Walk) -> None:
    """What `make run` shows when there is no history yet."""
    page = walk.page
    with walk.step("First page, demo history", "overview"):
        walk.open("overview")
        page.get_by_role("heading", name="What needs attention").wait_for()
        walk.says(walk.text(".st-key-card-history").replace("\n", " "))
    with walk.step("Move a rate of the demo", "demo-tune"):
        walk.go("Tune")
        page.wait_for_selector(".board[data-of]")
        _open_group(walk, "Rates")
        before = _board(walk)
        dial = page.locator("input[type=range][aria-label$=': rate']").first
        dial.focus()
        dial.press("ArrowRight")
        _redrawn(walk, before)
        page.get_by_text("Changed since growth-80-20").wait_for()
        walk.says("cost " + walk.text("[data-part=cost] .value"))


def own_data(walk: Walk, home: Path) -> str:
    """The rest on AdventureWorks; what was left out and why, empty when nothing was."""
    samples = os.environ.get("INCENTIVE_LAB_SAMPLES", "")
    folder = Path(samples) / "adventureworks_resellers"
    if not samples or not folder.is_dir():
        return "everything on AdventureWorks: INCENTIVE_LAB_SAMPLES names no folder that has adventureworks_resellers"
    bring(walk, folder)
    tune(walk)
    search(walk)
    project(walk)
    pilot(walk)
    decide(walk, home, folder)
    return ""


def bring(walk: Walk, folder: Path) -> None:
    """Import with a mapping, the quality report, the baseline."""
    page = walk.page
    with walk.step("Open Data", "data"):
        walk.go("Data")
        page.get_by_role("heading", name="Bring a history").wait_for()
    with walk.step("Import by a mapping", "import", of=".st-key-card-bring"):
        page.get_by_role("combobox", name="By this mapping").click()
        page.get_by_role("option", name=MAPPING.name).click()
        walk.settled()
        place = page.get_by_role("textbox", name="Or a folder, file or database URL that this machine reaches")
        place.fill(str(folder))
        place.press("Enter")
        page.get_by_role("heading", name="It can be used").wait_for()
        walk.says(walk.text(".st-key-card-tried"))
    with walk.step("Quality report"):
        walk.says(walk.text(".st-key-card-tried-quality"))
    with walk.step("Use this history"):
        page.get_by_role("button", name="Use this history").click()
        page.get_by_role("heading", name=folder.name).first.wait_for()
    with walk.step("Baseline and draft", "baseline"):
        walk.go("Overview")
        page.get_by_role("heading", name="What needs attention").wait_for()
        page.get_by_text("Compared with").first.wait_for()
        walk.says(walk.text(".st-key-card-schemes"))


def tune(walk: Walk) -> None:
    """Tiers, mix, cap; then who gains and who loses."""
    page = walk.page
    with walk.step("Open Tune"):
        walk.go("Tune")
        page.wait_for_selector(".board[data-of]")
    with walk.step("Tier: what Gold needs", "tiers"):
        _typed(walk, "Tiers", r"^Gold: revenue", "80000")
        walk.says("cost " + walk.text("[data-part=cost] .value"))
    with walk.step("Mix: 80/20, rates solved", "mix"):
        _open_group(walk, "Mix")
        page.get_by_role("button", name="Solve the rates for 80 %").click()
        walk.says(walk.text("[data-testid=stSidebar] [data-testid=stAlert]"))
    with walk.step("Cap: a partner in a quarter"):
        _typed(walk, "Caps", r"^Partner quarter: amount", "6000")
        walk.says("cost " + walk.text("[data-part=cost] .value"))
    with walk.step("Winners and losers", "losers", of=".st-key-closer-box"):
        page.get_by_role("button", name="Worse off: ").click()
        page.get_by_role("heading", name="together against the baseline").wait_for()
        walk.says(page.get_by_role("heading", name="together against the baseline").inner_text())


def search(walk: Walk) -> None:
    """Values that give the middle more for the same cost; they are looked at, not taken."""
    page = walk.page
    with walk.step("Open Search"):
        walk.go("Search")
        page.get_by_role("heading", name="What may move").wait_for()
    with walk.step("Let behaviour earn less"):
        page.get_by_role("combobox", name="Within limits on").press("Backspace")
    with walk.step("Search, first word"):
        page.locator(".st-key-search-begin button").click()
        page.get_by_text(re.compile("Paying up to|What follows")).first.wait_for()
    with walk.step("Search, 400 schemes", "search"):
        page.get_by_role("heading", name="What follows").wait_for()
        walk.says(page.locator("[data-testid=stAlert]").first.inner_text())


def project(walk: Walk) -> None:
    """The band and the chance of breaking the budget."""
    page = walk.page
    with walk.step("Projection with budget risk", "projection"):
        walk.go("Projection")
        page.get_by_text("Drawn from").wait_for()
        walk.settled()
        limit = page.get_by_role("spinbutton", name="Costs more than")
        limit.fill("1500000")
        limit.press("Enter")
        page.get_by_text("It costs more than 1.5").wait_for()
        walk.says(page.get_by_text("It costs more than 1.5").inner_text().partition("today. ")[2])


def pilot(walk: Walk) -> None:
    """A plan of one's own, what it can find, and a rehearsed reading."""
    page = walk.page
    with walk.step("Pilot design", "pilot-design"):
        walk.go("Pilot design")
        page.get_by_role("button", name="Load").click()
        page.locator("input[type=file]").set_input_files(PILOT)
        page.get_by_text("Pay resellers for qualified pipeline").first.wait_for()
        page.keyboard.press("Escape")
        page.get_by_text("Simulating pilots on your history").wait_for(state="detached")
        page.locator(".st-key-chart-pilot-power").wait_for()
        walk.says(walk.text(".st-key-card-pilot-mde-figure"))
    with walk.step("Pilot read-out", "pilot-results"):
        walk.go("Pilot results")
        page.get_by_text("What it means").wait_for()
        walk.says(walk.text(".st-key-card-pilot-advice"))


def decide(walk: Walk, home: Path, folder: Path) -> None:
    """Propose as one, approve as others, take the pack along and work it out again."""
    page = walk.page
    with walk.step("Propose the draft as Ann", "proposed"):
        walk.go("Review")
        page.get_by_role("textbox", name="Your name").fill("Ann Li")
        page.get_by_role("textbox", name="Reason").fill("Pays for what grows a partner, inside the budget.")
        page.get_by_role("button", name="Propose the draft").click()
        page.get_by_text("is proposed; somebody else decides on it").wait_for()
        walk.says(page.get_by_text("is proposed; somebody else decides on it").inner_text())
    revision = re.sub(r" \(.*", "", str(page.get_by_role("combobox", name="Revision").input_value()))
    for name, role, picture in (("Ben Okri", "approver", ""), ("Cleo Marsh", "finance", "approved")):
        if not page.get_by_role("button", name="Approve").count():
            break
        with walk.step(f"Approve as {name}, {role}", picture):
            page.get_by_role("textbox", name="Your name").fill(name)
            page.get_by_role("radio", name=role).click()
            page.get_by_role("textbox", name="Reason or remark").fill(f"Looked at as {role}; agreed.")
            page.get_by_role("button", name="Approve").click()
            page.get_by_text(f"Recorded: approve by {name}").wait_for()
            walk.says(page.get_by_text(f"Recorded: approve by {name}").inner_text())
    pack = home / "pack.zip"
    with walk.step("Make the decision pack", "pack"):
        page.get_by_role("textbox", name="Your name").fill("Cleo Marsh")
        page.get_by_role("button", name="Make the decision pack").click()
        page.get_by_role("button", name="Download the decision pack").wait_for()
    with walk.step("Download it"):
        with page.expect_download() as coming:
            page.get_by_role("button", name="Download the decision pack").click()
        coming.value.save_as(pack)
        assert revision in coming.value.suggested_filename, coming.value.suggested_filename
        walk.says(f"{coming.value.suggested_filename}, {pack.stat().st_size:,} bytes")
    with walk.command("Reproduce the pack"):
        said = _lab("registry reproduce", str(pack), "--history", str(folder), "--mapping", str(MAPPING))
        walk.says(said.strip().splitlines()[-1])
        assert "Every figure is the same." in said, said


def _lab(words: str, *rest: str) -> str:
    """What a command prints.

    Raises:
        RuntimeError: It failed, with what it said.
    """
    done = subprocess.run([sys.executable, "-m", "incentive_lab", *words.split(), *rest], capture_output=True, text=True,
                          check=False, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT / "src")})  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"incentive-lab {words}: {done.stdout}{done.stderr}")
    return done.stdout


def _board(walk: Walk) -> str:
    return str(walk.page.locator(".board").first.get_attribute("data-of"))


def _redrawn(walk: Walk, before: str) -> None:
    """Until the figures are of another draft."""
    walk.page.wait_for_function("of => document.querySelector('.board')?.dataset.of !== of", arg=before)


def _open_group(walk: Walk, group: str) -> None:
    """Open a group of dials."""
    box = walk.page.locator(f"[class*='st-key-group-{group}'] details").first
    if box.get_attribute("open") is None:
        box.locator("summary").click()
        walk.settled()


def _typed(walk: Walk, group: str, label: str, value: str) -> None:
    """Type a number into the entry beside a dial."""
    before = _board(walk)
    _open_group(walk, group)
    box = walk.page.locator(f"[class*='st-key-group-{group}']").get_by_role("spinbutton", name=re.compile(label)).first
    box.fill(value)
    box.press("Enter")
    _redrawn(walk, before)
