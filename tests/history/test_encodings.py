"""CSV files in other encodings than UTF-8: refused with how they would read, read once a mapping says what they are."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import Result
from typer.testing import CliRunner

from incentive_lab.cli import app
from incentive_lab.errors import InputError
from incentive_lab.history import History, open_history
from incentive_lab.history.encodings import as_utf8, readings
from incentive_lab.history.mapping_document import read_mapping
from incentive_lab.history.mapping_writing import with_encodings
from incentive_lab.history.previewing import previews

PARTNERS = "partner_id,name,type\nP1,Müller & Söhne,reseller\nP2,Two,msp\n"
DEALS = "deal_id,partner_id,status,created_on,amount\nD1,P1,open,2024-01-03,5\n"


def folder(tmp_path: Path, codec: str = "cp1252", partners: str = PARTNERS) -> Path:
    place = tmp_path / "export"
    place.mkdir()
    (place / "partners.csv").write_bytes(partners.encode(codec))
    (place / "deals.csv").write_bytes(DEALS.encode())
    return place


def opened(place: Path, mapping: str | None) -> History:
    if mapping is None:
        return open_history(place)
    (place.parent / "mapping.yaml").write_text(mapping, encoding="utf-8")
    return open_history(place, mapping=place.parent / "mapping.yaml")


def run(*words: str) -> Result:
    return CliRunner().invoke(app, list(words))


def name_of(history: History) -> str:
    with history.closing():
        return str(history.partners["name"][0])


def refusal(place: Path, mapping: str | None = None) -> str:
    with pytest.raises(InputError) as error:
        opened(place, mapping)
    return str(error.value)


def test_a_file_that_is_not_utf8_is_refused_with_how_it_would_read_and_how_to_say_so(tmp_path: Path) -> None:
    said = refusal(folder(tmp_path))
    assert said.startswith("partners.csv: the file is not UTF-8. Row 2 reads 'Müller, Söhne' as windows-1252, ")
    assert "'Mьller, Sцhne' as windows-1251" in said
    assert "encoding: windows-1252 in the mapping (one line is enough), or Encoding on Data." in said


@pytest.mark.parametrize(
    ("codec", "encoding"),
    [
        ("cp1252", "windows-1252"), ("cp1250", "windows-1250"), ("latin-1", "latin-1"), ("mac-roman", "mac-roman"),
        ("utf-16-le", "utf-16"), ("utf-16-be", "utf-16"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("written", ["encoding: {0}", "encoding: {{partners: {0}}}"])
def test_what_is_said_is_believed(tmp_path: Path, codec: str, encoding: str, written: str) -> None:
    assert name_of(opened(folder(tmp_path, codec), written.format(encoding))) == "Müller & Söhne"


def test_cyrillic_windows_and_a_mapping_with_tables_of_other_names(tmp_path: Path) -> None:
    place = folder(tmp_path, "cp1251", PARTNERS.replace("Müller", "Партнёр").replace("ö", "e"))
    (place / "partners.csv").rename(place / "shops.csv")
    mapping = """encoding: {shops: windows-1251}
tables:
  partners: {from: shops, columns: {partner_id: partner_id, name: name, type: type}}
  deals: {from: deals, columns: {deal_id: deal_id, partner_id: partner_id, status: status, created_on: created_on,
    amount: amount}}
"""
    assert name_of(opened(place, mapping)) == "Партнёр & Sehne"


@pytest.mark.parametrize("mapping", [None, "encoding: latin-1", "encoding: utf-16"])
@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16"])
def test_a_file_that_is_utf8_or_marked_is_read_as_that_whatever_is_said(
    tmp_path: Path, codec: str, mapping: str | None
) -> None:
    assert name_of(opened(folder(tmp_path, codec), mapping)) == "Müller & Söhne"


def test_the_same_rows_are_the_same_history_in_every_encoding(tmp_path: Path) -> None:
    (tmp_path / "plain").mkdir()
    plain, wide = open_history(folder(tmp_path / "plain", "utf-8")), opened(folder(tmp_path, "utf-16"), None)
    with plain.closing(), wide.closing():
        assert plain.history_id == wide.history_id


def test_what_is_said_wrongly_is_refused(tmp_path: Path) -> None:
    place = folder(tmp_path, partners=PARTNERS.replace("Two", "M\u00fcller"))
    raw = (place / "partners.csv").read_bytes().replace(b"msp", b"m\x81sp")  # windows-1252 has no 0x81
    (place / "partners.csv").write_bytes(raw)
    said = refusal(place, "encoding: windows-1252")
    assert "partners.csv row 3: a character is there that windows-1252 has not" in said
    assert "(windows-1250, windows-1251, latin-1, mac-roman, utf-16)" in said
    assert "Did you mean windows-1252?" in refusal(place, "encoding: windows-1253")
    assert "encoding.partner: Line 1: no table is read from partner. Did you mean partners?" in refusal(
        place, "encoding: {partner: windows-1252}"
    )
    assert "needs tables" in refusal(place, "title: nothing else")


def test_a_file_that_says_utf8_and_is_not_offers_no_other_encoding(tmp_path: Path) -> None:
    place = folder(tmp_path)
    (place / "partners.csv").write_bytes(b"\xef\xbb\xbf" + (place / "partners.csv").read_bytes())
    for mapping in (None, "encoding: windows-1252"):
        assert "partners.csv row 2: the file is not UTF-8 throughout" in refusal(place, mapping)


def test_words_far_down_and_words_that_are_utf8_are_told_apart(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    file.write_bytes("name\nKöln\n".encode() + b"x\n" * 3_000_000 + "Straße – 5 €\n".encode("cp1252"))
    found = readings(file)
    assert found is not None
    assert found.row == 3_000_003
    assert found.words["windows-1252"] == "Straße, –"


def test_a_character_across_two_chunks_is_read(tmp_path: Path) -> None:
    file = tmp_path / "a.csv"
    text = "a" * ((1 << 22) - 1) + "ü\n"
    file.write_bytes(text.encode())
    assert readings(file) is None
    file.write_bytes(text.encode("utf-16"))
    with as_utf8(file, None) as plain:
        assert plain.read_bytes() == text.encode()
    assert not plain.exists()


def test_suggest_says_the_encoding_that_is_given(tmp_path: Path) -> None:
    place = folder(tmp_path)
    refused = run("history", "suggest", str(place))
    assert refused.exit_code == 1
    assert "Row 2 reads 'Müller, Söhne' as windows-1252" in refused.stderr
    wrong = run("history", "suggest", str(place), "--encoding", "cp1252")
    assert wrong.exit_code == 1
    assert "Allowed: windows-1252, " in wrong.stderr
    out = tmp_path / "mapping.yaml"
    assert run("history", "suggest", str(place), "--encoding", "windows-1252", "--out", str(out)).exit_code == 0
    assert read_mapping(out).document.encoding == "windows-1252"
    told = json.loads(run("history", "suggest", str(place), "--encoding", "windows-1252", "--json").stdout)
    assert told["mapping"]["encoding"] == "windows-1252"
    assert name_of(open_history(place, mapping=out)) == "Müller & Söhne"


def test_first_rows_are_shown_in_the_encoding_that_is_said(tmp_path: Path) -> None:
    place = folder(tmp_path)
    found, problems = previews(place)
    assert [one.label for one in found] == ["deals.csv"]
    assert "Encoding on Data" in str(problems[0])
    found, problems = previews(place, said={"partners": "windows-1252"})
    assert not problems
    assert found[1].rows[0][1] == "Müller & Söhne"


def test_a_mapping_keeps_its_comments_when_an_encoding_is_added(tmp_path: Path) -> None:
    text = "# ours\nencoding: latin-1\ntables:\n  partners: {from: shops, columns: {partner_id: no}}  # theirs\n"
    (tmp_path / "m.yaml").write_text(text)
    made = with_encodings(text, read_mapping(tmp_path / "m.yaml").document, {"orders": "mac-roman"})
    assert made.startswith("# ours\nencoding:\n  shops: latin-1\n  orders: mac-roman\n")
    assert "# theirs" in made


def test_what_excel_saves_as_unicode_text_is_read_as_it_is(tmp_path: Path) -> None:
    place = folder(tmp_path, "utf-8")
    (place / "partners.csv").rename(place / "partners.txt")
    (place / "partners.txt").write_bytes(PARTNERS.replace(",", "\t").encode("utf-16"))
    (place / "deals.csv").rename(place / "deals.tsv")
    (place / "deals.tsv").write_text(DEALS.replace(",", "\t"), encoding="utf-8")
    (place / "readme.txt").write_text("What these tables are\nand who made them\n", encoding="utf-8")
    assert name_of(opened(place, None)) == "Müller & Söhne"
    tables, problems = previews(place)
    assert ([table.table for table in tables], problems) == (["deals", "partners"], [])
