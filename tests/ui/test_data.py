"""Bringing a history in: whatever is uploaded, the one in use stays until a better one is chosen."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from datetime import date
from pathlib import Path

import pandas as pd
import pytest
from streamlit.testing.v1 import AppTest

from incentive_lab.errors import InputError
from incentive_lab.history.mapping_writing import mapping_of
from incentive_lab.history.previewing import previews
from incentive_lab.history.suggesting import Choice, missing, suggested
from incentive_lab.ui import histories
from incentive_lab.ui.preparing import Source
from tests.ui.conftest import settled
from tests.ui.test_pages import shown

PARTNERS = b"ResellerKey,ResellerName,BusinessType\nA,<b>Ann & Co</b>,reseller\nB,=1+1,msp\n"
DEALS = (
    b"OpportunityID,ResellerKey,Stage,CreateDate,CloseDate,SalesAmount\n"
    b"1,A,Closed Won,2024-01-05,2024-01-20,1000.50\n2,A,Closed Lost,2024-02-05,2024-03-20,500\n"
    b"3,B,Closed Won,2024-02-07,2024-05-20,250\n4,B,Negotiation,2024-05-07,,99\n"
)
PARTNERS_AS_THEY_ARE = b"partner_id,name,type\np1,Ann,reseller\n"
DEALS_HEADER = b"deal_id,partner_id,status,created_on,closed_on,amount\n"
MANY_DEALS = DEALS_HEADER + b"".join(b"d%d,p1,won,2024-01-05,2024-02-05,100.50\n" % number for number in range(20_000))
GOOD = [("resellers.csv", PARTNERS), ("opportunities.csv", DEALS)]


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("INCENTIVE_LAB_HOME", str(tmp_path))
    monkeypatch.delenv("INCENTIVE_LAB_HISTORY", raising=False)
    return tmp_path


@pytest.fixture
def data(app: AppTest, place: Path) -> AppTest:
    return app.switch_page("pages/data.py").run()


def test_other_names_are_mapped_by_suggestion(place: Path) -> None:
    path = histories.staged(GOOD)
    found, problems = previews(path)
    assert not problems
    choices = [choice for one in found if (choice := suggested(one))]
    assert {one.table for one in choices} == {"partners", "deals"}
    assert not missing(choices)
    mapping = histories.write_mapping(path, choices)
    one = histories.tried(Source(str(path), str(mapping), False), uploaded=True)
    assert one.good, one.problems
    assert one.told is not None
    assert one.told["partners"] == 2
    kept = histories.keep(one, "Resellers")
    assert histories.chosen() == kept
    assert Path(kept.path).parent == histories.kept_folder()
    assert any(name.startswith("Resellers") for name in histories.known())


def test_a_history_that_nobody_named_is_called_after_its_files_and_the_day(place: Path) -> None:
    path = histories.staged(GOOD)
    choices = [choice for one in previews(path)[0] if (choice := suggested(one))]
    one = histories.tried(Source(str(path), str(histories.write_mapping(path, choices)), False), uploaded=True)
    kept = histories.keep(one, "")
    first = min(name for name, _ in GOOD)
    assert histories.title_of(kept) == f"{first} and 1 more file, {date.today().isoformat()}"
    assert str(place) not in histories.place_of(kept)
    assert histories.place_of(Source("postgres://ann:secret@host/db", None, False)) == "postgres://ann@host/db"


def test_a_history_that_stays_where_it_is_is_remembered_by_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("INCENTIVE_LAB_HOME", str(tmp_path / "home"))
    folder = tmp_path / "export"
    folder.mkdir()
    (folder / "partners.csv").write_text("partner_id,type\nP1,reseller\n")
    (folder / "deals.csv").write_text("deal_id,partner_id,status,created_on,amount\nD1,P1,open,2024-01-03,5\n")
    one = histories.tried(Source(str(folder), None, False))
    kept = histories.keep(one, "Spring export")
    assert kept == one.source
    assert histories.title_of(kept) == "Spring export"
    name = next(name for name, known in histories.known().items() if known == kept)
    assert name.startswith("Spring export (")
    assert (next(histories.kept_folder().glob("*/about.json")).stat().st_mode & 0o077) == 0
    (folder / "partners.csv").unlink()
    (folder / "deals.csv").unlink()
    folder.rmdir()
    assert name not in histories.known()


def test_what_is_still_needed_is_named() -> None:
    assert missing([Choice("a", "deals", {"deal_id": "x"}, {"status": "won"})]) == [
        "deals.partner_id", "deals.created_on", "deals.amount",
    ]  # fmt: skip
    union = mapping_of([Choice("a", "deals", {"deal_id": "x"}), Choice("b", "deals", {"deal_id": "y"})])
    assert [part["from"] for part in union["tables"]["deals"]["union"]] == ["a", "b"]


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("deals.csv", "caf\xe9,1".encode("latin-1")),
        ("deals.parquet", b"PK not parquet"),
        ("book.xlsx", b"not a zip"),
        ("deals.csv", b""),
    ],
)
def test_a_file_that_is_not_what_its_name_says_is_a_problem(place: Path, name: str, content: bytes) -> None:
    path = histories.staged([(name, content)])
    found, problems = previews(path, histories.UPLOADED)
    assert not found
    assert problems or not content
    assert histories.tried(Source(str(path), None, False), uploaded=True).problems


def test_a_workbook_that_unpacks_to_too_much_is_not_read(place: Path) -> None:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w", zipfile.ZIP_DEFLATED) as bomb:
        bomb.writestr("xl/worksheets/sheet1.xml", b"0" * (histories.UPLOADED.unpacked_bytes + 1))
    path = histories.staged([("book.xlsx", held.getvalue())])
    assert previews(path, histories.UPLOADED)[1]
    assert histories.tried(Source(str(path), None, False), uploaded=True).problems


def test_a_parquet_file_with_too_many_rows_is_not_read(place: Path) -> None:
    held = io.BytesIO()
    pd.DataFrame({"deal_id": ["x"]}).iloc[[0] * (histories.UPLOADED.rows + 1)].to_parquet(held)
    path = histories.staged([("deals.parquet", held.getvalue())])
    _, problems = previews(path, histories.UPLOADED)
    assert "at most" in problems[0].message


@pytest.mark.parametrize("name", ["../../evil.csv", "deals.exe", "", "a\x00b.csv"])
def test_names_that_could_lead_elsewhere_stay_in_their_folder(place: Path, name: str) -> None:
    try:
        path = histories.staged([(name, b"a\n")])
    except (InputError, ValueError):
        return
    assert all(file.parent == path for file in path.iterdir())
    assert not (place / "evil.csv").exists()


def test_a_choice_is_forgotten_when_it_is_gone_or_the_environment_names_another(
    place: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (place / "mine").mkdir()
    histories.choose(Source(str(place / "mine"), None, False))
    assert histories.chosen() is not None
    monkeypatch.setenv("INCENTIVE_LAB_HISTORY", "elsewhere")
    assert histories.chosen() is None
    monkeypatch.delenv("INCENTIVE_LAB_HISTORY")
    (place / "mine").rmdir()
    assert histories.chosen() is None
    (place / "history.json").write_text("{", encoding="utf-8")
    assert histories.chosen() is None


def test_the_page_takes_files_tells_what_they_hold_and_uses_them(data: AppTest) -> None:
    data.file_uploader(key="history-files").upload("resellers.csv", PARTNERS)
    data.file_uploader(key="history-files").upload("opportunities.csv", DEALS).run()
    assert not data.exception
    text = shown(data)
    assert "It can be used" in text
    assert data.selectbox(key="map opportunities deals amount").value == "SalesAmount"
    before = data.session_state["history source"]
    data.button(key="history-use").click().run()
    assert data.session_state["history source"] != before
    settled(data)
    assert "Partners] &nbsp; **2**" in shown(data)
    about = next(histories.kept_folder().glob("*/about.json"))
    assert json.loads(about.read_text(encoding="utf-8"))["mapping"]


def test_a_bad_history_changes_nothing(data: AppTest) -> None:
    before = data.session_state["history source"]
    data.file_uploader(key="history-files").upload("deals.csv", b"a,b\n1,2\n").run()
    assert not data.exception
    assert any("untouched" in str(error.proto) for error in data.error)
    assert "history-use" not in [button.key for button in data.button]
    assert data.session_state["history source"] == before
    data.text_input(key="history-place").set_value("postgres://ann:secret@127.0.0.1:1/none").run()
    assert not data.exception
    assert data.error
    assert not any("secret" in str(error.proto) for error in data.error)


def test_a_mapping_is_changed_and_tried(data: AppTest) -> None:
    data.file_uploader(key="history-files").upload("resellers.csv", PARTNERS)
    data.file_uploader(key="history-files").upload("opportunities.csv", DEALS).run()
    data.selectbox(key="map opportunities deals status").select("always won").run()
    assert "Not used: Stage." in shown(data)
    data.button(key="mapping-try").click().run()
    assert not data.exception
    assert data.session_state["tried history"].source.mapping
    data.selectbox(key="map opportunities deals amount").select("not there").run()
    assert any("deals.amount" in warning.value for warning in data.warning)


def test_choices_outlive_the_files_they_were_made_for(data: AppTest) -> None:
    broken = DEALS.replace(b"4,B,", b"4,Q,").replace(b"CloseDate", b"Day,Remark").replace(b"01-20,", b"01-20,,")
    uploader = data.file_uploader(key="history-files")
    for name, content in (("resellers.csv", PARTNERS), ("opportunities.csv", broken)):
        uploader.upload(name, content)
    data.run()
    chosen = {"deals status": "always won", "deals product": "Remark", "deals closed_on": "Day"}
    for key, value in chosen.items():
        data.selectbox(key=f"map opportunities {key}").select(value)
    data.number_input(key="times opportunities deals amount").set_value(1000.0)
    data.multiselect(key="filled opportunities").set_value(["Stage"]).run()
    assert any(one.label == "Mapping so far" and not one.proto.disabled for one in data.get("download_button"))
    data.button(key="mapping-try").click().run()
    assert not data.session_state["tried history"].good
    data.file_uploader(key="history-files").set_value([]).run()
    assert not [one for one in data.selectbox if one.key and one.key.startswith("map ")]
    repaired = DEALS.replace(b"CloseDate", b"Day")
    data.file_uploader(key="history-files").upload("resellers.csv", PARTNERS)
    data.file_uploader(key="history-files").upload("opportunities.csv", repaired).run()
    assert not data.exception
    found = {key: data.selectbox(key=f"map opportunities {key}").value for key in chosen}
    assert found == {**chosen, "deals product": "not there"}
    assert data.number_input(key="times opportunities deals amount").value == 1000.0
    assert data.multiselect(key="filled opportunities").value == ["Stage"]
    data.button(key="mapping-try").click().run()
    data.button(key="history-use").click().run()
    data.file_uploader(key="history-files").set_value([]).run()
    data.file_uploader(key="history-files").upload("resellers.csv", PARTNERS)
    data.file_uploader(key="history-files").upload("opportunities.csv", repaired).run()
    assert data.selectbox(key="map opportunities deals status").value == "Stage"


def test_rows_that_refuse_a_history_are_left_out_on_the_page(data: AppTest) -> None:
    deals = DEALS + b"1,A,Closed Won,2024-01-05,2024-01-20,1000.50\n9,Z,Negotiation,2024-05-07,,9\nTotal,,,,,1849.50\n"
    data.file_uploader(key="history-files").upload("resellers.csv", PARTNERS)
    data.file_uploader(key="history-files").upload("opportunities.csv", deals).run()
    assert any("under Only rows with" in str(one.value) for one in data.error)
    data.multiselect(key="filled opportunities").set_value(["ResellerKey"]).run()
    data.button(key="mapping-try").click().run()
    data.multiselect(key="history-exclude").set_value(["duplicates", "orphans"]).run()
    assert not data.exception
    one = data.session_state["tried history"]
    assert one.good, one.problems
    assert one.told["rows"]["deals"] == 4
    data.button(key="mapping-try").click().run()
    assert data.session_state["tried history"].source.exclude == ("duplicates", "orphans")


def test_a_file_that_changes_while_it_is_read_is_a_history_or_a_problem(place: Path) -> None:
    path = histories.staged([("partners.csv", PARTNERS_AS_THEY_ARE), ("deals.csv", MANY_DEALS)])
    file, over = path / "deals.csv", threading.Event()

    def changing() -> None:
        while not over.is_set():
            for content in (MANY_DEALS[: len(MANY_DEALS) // 2 - 7], b"\xff\xfe\x00", b"", MANY_DEALS):
                file.write_bytes(content)

    writer = threading.Thread(target=changing)
    writer.start()
    try:
        for _ in range(5):
            found = histories.tried(Source(str(path), None, False), uploaded=True)
            assert found.good or all(one.message for one in found.problems)
    finally:
        over.set()
        writer.join()
    file.write_bytes(MANY_DEALS)
    assert histories.tried(Source(str(path), None, False), uploaded=True).good


@pytest.mark.parametrize(
    ("name", "content"),
    [
        ("deals.csv", b"deal_id,partner_id,status,created_on,amount\nd1,p1,won,2024-01-05,=1+1\n"),
        ("deals.csv", "deal_id,partner_id,status,created_on,amount\ncaf\xe9,p1,won,2024-01-05,1\n".encode("latin-1")),
        ("deals.parquet", b"PAR1 and then nothing"),
    ],
)
def test_what_cannot_be_used_leaves_the_page_and_the_history_as_they_were(
    data: AppTest, name: str, content: bytes
) -> None:
    before = data.session_state["history source"]
    data.file_uploader(key="history-files").upload("partners.csv", PARTNERS_AS_THEY_ARE)
    data.file_uploader(key="history-files").upload(name, content).run()
    assert not data.exception
    assert any("untouched" in str(error.proto) for error in data.error)
    assert "history-use" not in [button.key for button in data.button]
    assert data.session_state["history source"] == before


MAPPED = b"""tables:
  partners: {from: resellers, columns: {partner_id: ResellerKey, name: ResellerName,
    type: {column: BusinessType, values: {msp: distributor}}}}
  deals: {from: opportunities, columns: {deal_id: OpportunityID, partner_id: ResellerKey, created_on: CreateDate,
    closed_on: CloseDate, amount: {column: SalesAmount, times: 1000},
    status: {column: Stage, values: {Closed Won: won, Closed Lost: lost}, otherwise: open}}}
"""


def test_a_mapping_that_comes_with_the_files_is_used(data: AppTest) -> None:
    uploader = data.file_uploader(key="history-files")
    for name, content in [*GOOD, ("ours.yaml", MAPPED)]:
        uploader.upload(name, content)
    data.run()
    assert not data.exception
    assert "It can be used" in shown(data)
    tried = data.session_state["tried history"]
    assert tried.told["partners"] == 2
    assert not [one for one in data.selectbox if one.key and one.key.startswith("map ")]
    data.button(key="history-use").click().run()
    kept = histories.chosen()
    assert kept is not None
    assert kept.mapping is not None
    assert Path(kept.mapping).read_bytes() == MAPPED


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ([("a.yaml", MAPPED)], "a mapping alone is no history"),
        ([*GOOD, ("a.yaml", MAPPED), ("b.yml", MAPPED)], "two mappings"),
        ([*GOOD, ("a.yaml", b"roots: {all: /}\n" + MAPPED)], "cannot name folders"),
        ([*GOOD, ("a.yaml", b"tables: [")], "a.yaml"),
    ],
)
def test_a_mapping_that_is_none_or_reaches_elsewhere_is_refused(
    place: Path, files: list[tuple[str, bytes]], said: str
) -> None:
    with pytest.raises(InputError) as error:
        histories.staged(files)
    assert said in str(error.value)


def test_types_statuses_and_thousands_are_translated_on_the_page(data: AppTest) -> None:
    partners = b"ResellerKey,ResellerName,BusinessType\nA,Ann,Value Added Reseller\nB,Bob,Warehouse\nC,Cy,Boutique\n"
    data.file_uploader(key="history-files").upload("resellers.csv", partners)
    data.file_uploader(key="history-files").upload("opportunities.csv", DEALS).run()
    assert data.selectbox(key="word resellers type Warehouse").value == "distributor"
    assert data.selectbox(key="word resellers type Boutique").value == "Boutique"
    data.selectbox(key="word resellers type Boutique").set_value("agency")
    data.selectbox(key="other opportunities status").set_value("open")
    data.number_input(key="times opportunities deals amount").set_value(1000.0).run()
    data.button(key="mapping-try").click().run()
    assert not data.exception
    one = data.session_state["tried history"]
    assert one.good, one.problems
    mapping = Path(one.source.mapping).read_text(encoding="utf-8")
    assert "otherwise: open" in mapping
    from incentive_lab.history import open_history

    with open_history(one.source.path, mapping=one.source.mapping).closing() as history:
        assert list(history.partners["type"]) == ["reseller", "distributor", "agency"]
        assert float(history.deals_of("A", 0, 99_999)["amount"].sum()) == 1_500_500_00


def test_a_list_of_certifications_without_ids_and_kinds_is_mapped_on_the_page(data: AppTest) -> None:
    exams = b"ResellerKey,Day\nA,2024-01-05\nA,2024-02-05\nB,2024-02-05\n"
    for name, rows in (("resellers.csv", PARTNERS), ("opportunities.csv", DEALS), ("paperwork.csv", exams)):
        data.file_uploader(key="history-files").upload(name, rows)
    data.run()
    data.selectbox(key="map paperwork").set_value("activities").run()
    for ours, theirs in (("partner_id", "ResellerKey"), ("occurred_on", "Day"), ("kind", "always certification"),
                         ("activity_id", "numbered row by row")):  # fmt: skip
        data.selectbox(key=f"map paperwork activities {ours}").set_value(theirs)
    data.run()
    data.button(key="mapping-try").click().run()
    assert not data.exception
    one = data.session_state["tried history"]
    assert one.good, one.problems
    from incentive_lab.history import open_history

    with open_history(one.source.path, mapping=one.source.mapping).closing() as history:
        assert history.describe()["rows"]["activities"] == 3
    assert "numbered: paperwork-" in Path(one.source.mapping).read_text(encoding="utf-8")


def test_files_of_other_names_are_asked_about_and_are_no_mistake(data: AppTest) -> None:
    data.file_uploader(key="history-files").upload("Haendler.csv", b"Nr,Firma\nA,Ann\n")
    data.file_uploader(key="history-files").upload("Belege.csv", b"Beleg,Nr\n1,A\n").run()
    assert not data.exception
    assert not data.error, "nothing was done wrong yet, and no folder of ours is named"
    assert any("Say above what each file and column is" in one.value for one in data.info)


def test_files_of_other_names_and_another_encoding_are_asked_about_and_are_no_mistake(data: AppTest) -> None:
    data.file_uploader(key="history-files").upload("Aktivitäten.csv", b"ID,Nr,Art\n1,A,Lead\n")
    data.file_uploader(key="history-files").upload("Händler.csv", "Nr,Firma\nA,Müller\n".encode("cp1252")).run()
    assert [one.proto.title for one in data.error] == ["Some files cannot be read"], (
        "and what the form asks is no mistake"
    )
    data.selectbox(key="encoding Händler").select("windows-1252").run()
    assert not data.error
    assert any("Say above what each file and column is" in one.value for one in data.info)


def test_a_file_that_is_not_utf8_is_read_as_it_is_said_to_be_where_it_is_refused(data: AppTest) -> None:
    partners = PARTNERS_AS_THEY_ARE.decode().replace("Ann", "Müller").encode("cp1252")
    data.file_uploader(key="history-files").upload("partners.csv", partners)
    data.file_uploader(key="history-files").upload("deals.csv", MANY_DEALS).run()
    assert not data.exception
    refused = [str(one.proto) for one in data.error]
    assert len(refused) == 1
    assert "encoding: windows" in refused[0].replace("\\\\", "")
    choice = data.selectbox(key="encoding partners")
    assert (choice.label, choice.value) == ("Encoding of partners.csv", None)
    assert "Müller (windows-1252)" in choice.options
    choice.select("windows-1252").run()
    assert "It can be used" in shown(data)
    data.selectbox(key="encoding partners").select("windows-1251").run()  # it can be changed while it is not used
    assert data.session_state["tried history"].good
    data.selectbox(key="encoding partners").select("windows-1252").run()
    data.button(key="history-use").click().run()
    kept = histories.chosen()
    assert kept is not None
    assert kept.mapping is not None
    assert Path(kept.mapping).read_text(encoding="utf-8") == "encoding:\n  partners: windows-1252\n"
    from incentive_lab.history import open_history

    with open_history(kept.path, mapping=kept.mapping).closing() as history:
        assert list(history.partners["name"]) == ["Müller"]


def test_other_names_and_another_encoding_are_suggested_together(data: AppTest) -> None:
    data.file_uploader(key="history-files").upload("resellers.csv", PARTNERS.replace(b"<b>Ann", b"M\xfcller"))
    data.file_uploader(key="history-files").upload("opportunities.csv", DEALS).run()
    assert "map resellers" not in [one.key for one in data.selectbox]
    data.selectbox(key="encoding resellers").select("windows-1252").run()
    assert not data.exception
    assert "It can be used" in shown(data)
    assert data.selectbox(key="map resellers").value == "partners"
    data.selectbox(key="map opportunities deals status").select("always won").run()
    data.button(key="mapping-try").click().run()
    tried = data.session_state["tried history"]
    assert tried.good
    assert "encoding:\n  resellers: windows-1252\n" in Path(tried.source.mapping).read_text(encoding="utf-8")


@pytest.mark.parametrize("given", [False, True])
def test_an_encoding_is_said_of_a_mapping_that_came_along_and_of_a_folder(
    data: AppTest, place: Path, given: bool
) -> None:
    partners, stem = PARTNERS.replace(b"<b>Ann", b"M\xfcller"), "resellers" if given else "partners"
    if given:
        for name, content in (("resellers.csv", partners), ("opportunities.csv", DEALS), ("ours.yaml", MAPPED)):
            data.file_uploader(key="history-files").upload(name, content)
        data.run()
    else:
        export = place / "export"
        export.mkdir()
        named = "partner_id,name,type\nA,Müller,reseller\n"
        (export / "partners.csv").write_bytes(named.encode("cp1252"))
        (export / "deals.csv").write_bytes(MANY_DEALS.replace(b"p1", b"A"))
        data.text_input(key="history-place").set_value(str(export)).run()
    data.selectbox(key=f"encoding {stem}").select("windows-1252").run()
    assert not data.exception
    assert data.session_state["tried history"].good
    data.button(key="history-use").click().run()
    kept = histories.chosen()
    assert kept is not None
    assert kept.mapping is not None
    assert histories.kept_folder() in Path(kept.mapping).parents
    assert f"{stem}: windows-1252" in Path(kept.mapping).read_text(encoding="utf-8")


def test_months_of_weeks_are_said_with_controls_and_kept_with_the_history(data: AppTest, place: Path) -> None:
    rows = b"d1,p1,won,2024-01-05,2024-02-03,100.50\nd2,p1,won,2024-01-05,2024-02-04,100.50\n"
    files = [
        ("partners.csv", PARTNERS_AS_THEY_ARE, "text/csv"),
        ("deals.csv", MANY_DEALS.split(b"\n")[0] + b"\n" + rows, "text/csv"),
    ]
    data.file_uploader(key="history-files").set_value(files).run()
    data.selectbox(key="calendar-kind").set_value("Weeks of a quarter").run()
    data.selectbox(key="calendar-weeks").set_value("4-5-4").run()
    data.selectbox(key="calendar-ends").set_value("nearest").run()
    assert "Weeks 4-5-4; a year ends on the Saturday nearest the end of January." in shown(data)
    assert "Jan 2024 to Feb 2024" in shown(data)
    data.button(key="history-use").click().run()
    kept = json.loads((place / "history.json").read_text())
    assert (
        Path(kept["mapping"]).read_text()
        == "calendar:\n  weeks: 4-5-4\n  year_ends: saturday nearest the end of january\n"
    )
    assert "2024-02-04" in shown(settled(data))


def test_months_that_begin_on_another_day_can_be_taken_back(data: AppTest, place: Path) -> None:
    rows = b"d1,p1,won,2024-01-05,2024-01-25,100.50\nd2,p1,won,2024-01-05,2024-01-26,100.50\n"
    files = [
        ("partners.csv", PARTNERS_AS_THEY_ARE, "text/csv"),
        ("deals.csv", MANY_DEALS.split(b"\n")[0] + b"\n" + rows, "text/csv"),
    ]
    data.file_uploader(key="history-files").set_value(files).run()
    before = shown(data)
    data.selectbox(key="calendar-kind").set_value("Another day of the month").run()
    assert "Jan 2024 to Feb 2024" in shown(data)
    data.selectbox(key="calendar-kind").set_value("Calendar months").run()
    assert shown(data) == before


def test_what_is_supposed_of_invoices_is_chosen_in_the_form() -> None:
    """What the history was opened with and what the form shows are one: nothing is still needed."""

    def form() -> None:
        import streamlit as st

        from incentive_lab.history.previewing import Preview
        from incentive_lab.history.suggesting import missing, suggested
        from incentive_lab.ui.mapping_table import table_choice

        names = ("Invoice No", "Reseller ID", "Invoice Date", "Net Amount")
        preview = Preview("invoices", "invoices.csv", names, (("7", "R1", "2024-01-31", "120.00"),))
        choice = table_choice(preview, suggested(preview))
        st.text([] if choice is None else [dict(choice.constants), missing([choice])])

    page = AppTest.from_function(form).run()
    assert not page.exception
    assert page.text[0].value == "[{'status': 'won'}, []]"
    assert next(one.value for one in page.selectbox if one.label == "status *") == "always won"
