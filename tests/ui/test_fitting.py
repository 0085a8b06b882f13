"""A history in another currency, or in other quarters than the schemes that are shipped: one sentence, and a way on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from incentive_lab.ui import workspace
from tests.history import folders
from tests.ui.conftest import ROOT, settled
from tests.ui.test_pages import shown

PAGES = ("overview", "tune", "compare", "search", "projection", "partner", "review")
PILOTS = ("pilot_design", "pilot_results")
PARTNERS = "partner_id,name,type,region,joined_on,currency\nP2,Two,msp,South,2013-03-31,EUR\nP1,One,reseller,North,2012-02-10,EUR\n"
WEEKS = "calendar: {weeks: 4-4-5, year_starts: 2012-02-05}\n"


@pytest.fixture
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[pytest.MonkeyPatch]:
    monkeypatch.setenv("INCENTIVE_LAB_HOME", str(tmp_path / "home"))
    monkeypatch.setenv("INCENTIVE_LAB_DATABASE_URL", f"sqlite:///{tmp_path / 'registry.sqlite'}")
    return monkeypatch


def opened(patch: pytest.MonkeyPatch, folder: Path, mapping: str = "", **tables: str) -> AppTest:
    patch.setenv("INCENTIVE_LAB_HISTORY", str(folders.write(folder / "history", **tables)))
    if mapping:
        (folder / "mapping.yaml").write_text(mapping, encoding="utf-8")
        patch.setenv("INCENTIVE_LAB_MAPPING", str(folder / "mapping.yaml"))
    return settled(AppTest.from_file(str(ROOT / "app.py"), default_timeout=60))


@pytest.mark.parametrize(
    ("mapping", "tables", "sentence", "button"),
    [
        ("", {"partners": PARTNERS}, "The draft and the baseline pay in USD, and this history is in EUR.",
         "Pay the same numbers in EUR"),
        (WEEKS, {}, "The programme year of the draft and the baseline starts in January, within a quarter of this history",
         "Start the year in February"),
        (WEEKS, {"partners": PARTNERS}, "whose years of weeks start in February.",
         "Pay in EUR, years from February"),
    ],
)  # fmt: skip
def test_every_page_says_once_what_is_wrong_and_one_click_mends_it(
    elsewhere: pytest.MonkeyPatch, tmp_path: Path, mapping: str, tables: dict[str, str], sentence: str, button: str
) -> None:
    app = opened(elsewhere, tmp_path, mapping, **tables)
    for name in PAGES:
        app.switch_page(f"pages/{name}.py").run()
        assert not app.exception, name
        assert not app.error, (name, [one.value for one in app.error])
        assert [sentence in one.value.replace("\\", "") for one in app.warning] == [True], name
        assert app.button(key="fitting-fit").label == button
    app.button(key="fitting-fit").click().run()
    for name in PAGES:
        app.switch_page(f"pages/{name}.py").run()
        assert not app.exception, name
        assert not app.error, (name, [one.value for one in app.error])
        assert "fitting-fit" not in [one.key for one in app.button], name
    draft = app.session_state[workspace.DRAFT]
    shipped = workspace.shipped()[draft.start.id]
    assert draft.scheme.currency == draft.baseline.currency == ("EUR" if tables else "USD")
    assert draft.scheme.year_starts == draft.baseline.year_starts == (2 if mapping else 1)
    assert draft.scheme.rules == shipped.rules
    app.switch_page("pages/compare.py").run()
    names = app.multiselect(key="compare-schemes").options
    app.multiselect(key="compare-schemes").set_value(names[:4]).run()
    assert not app.error, [one.value for one in app.error]
    app.switch_page("pages/overview.py").run()
    app.selectbox(key="pick-draft").select("growth-rebate").run()
    assert not app.error
    assert not app.warning
    app.switch_page("pages/tune.py").run()
    app.button(key="undo").click().run()
    app.button(key="undo").click().run()
    assert sentence in app.warning[0].value.replace("\\", ""), "undo leads back to the draft as it is kept"


def test_a_scheme_that_fits_can_be_chosen_instead(elsewhere: pytest.MonkeyPatch, tmp_path: Path) -> None:
    folder = tmp_path / "schemes"
    folder.mkdir()
    text = "{scheme: NAME, currency: CODE, effective: {from: 2013-01-01}, rules: [{id: c, on: revenue, rate: 3%}]}"
    for name, code in (("a-dollars", "USD"), ("b-euros", "EUR")):
        (folder / f"{name}.yaml").write_text(text.replace("NAME", name).replace("CODE", code), encoding="utf-8")
    elsewhere.setenv("INCENTIVE_LAB_SCHEMES", str(folder))
    app = opened(elsewhere, tmp_path, partners=PARTNERS)
    app.switch_page("pages/partner.py").run()
    assert app.selectbox(key="fitting-pick").options == ["b-euros"]
    app.selectbox(key="fitting-pick").select("b-euros").run()
    assert not app.error
    assert not app.warning
    assert "One" in shown(app) or "Two" in shown(app)


def test_a_pilot_says_it_like_a_draft_and_the_same_click_mends_it(
    elsewhere: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    app = opened(elsewhere, tmp_path, partners=PARTNERS)
    for name in PILOTS:
        app.switch_page(f"pages/{name}.py").run()
        assert not app.exception, name
        assert not app.error, (name, [one.value for one in app.error])
        assert ["and this history is in EUR." in one.value for one in app.warning] == [True], name
    app.button(key="fitting-fit").click().run()
    assert not app.exception
    assert not [one.value for one in app.error if "currency" in one.value]
    for name in (*PAGES, *PILOTS):
        app.switch_page(f"pages/{name}.py").run()
        assert "fitting-fit" not in [one.key for one in app.button], name
    assert {one.stem for one in (tmp_path / "home" / "pilots").glob("*/*.yaml")} == {
        "pilot",
        "current-flat",
        "growth-80-20",
    }


def test_a_rehearsed_pilot_ends_with_the_last_won_deal(elsewhere: pytest.MonkeyPatch, tmp_path: Path) -> None:
    later = folders.ACTIVITIES + "A4,P1,2014-02-05,lead,1,\n"
    app = opened(elsewhere, tmp_path, deals=folders.DEALS.replace("2013-05-15", "2013-11-15"), activities=later)
    app.switch_page("pages/pilot_design.py").run()
    assert not app.exception
    assert (
        "the last 3 months of this history" in shown(app)
        or "the last 3 months" in app.selectbox(key="pilot-pick").options[0]
    )
