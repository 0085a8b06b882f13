"""Files built to overwhelm are refused before they are read."""

from __future__ import annotations

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from incentive_lab.errors import InputError
from incentive_lab.history import open_history
from incentive_lab.history.sources import Limits
from incentive_lab.scheme.measures import CATALOGUE
from tests.history import folders


def refusal(folder: Path, limits: Limits | None = None) -> str:
    with pytest.raises(InputError) as refused:
        open_history(folder, limits=limits)
    return str(refused.value)


def test_a_cell_of_twenty_megabytes_is_refused(tmp_path: Path) -> None:
    folder = folders.write(tmp_path, partners="partner_id,name,type\nP1," + "x" * 20_000_000 + ",msp\n")
    assert "partners.csv" in refusal(folder)


def test_a_parquet_file_with_too_many_rows_is_refused_by_its_own_count(tmp_path: Path) -> None:
    import duckdb

    folders.write(tmp_path)
    (tmp_path / "deals.csv").unlink()
    duckdb.sql("SELECT 'D' AS deal_id FROM range(200000)").write_parquet(str(tmp_path / "deals.parquet"))
    said = refusal(tmp_path, Limits(rows=100_000))
    assert "deals.parquet: it has 200,000 rows; at most 100,000 are read." in said


def test_a_csv_file_with_too_many_rows_is_refused(tmp_path: Path) -> None:
    folders.write(tmp_path, scores="partner_id,scored_on,measure,value\n" + "P1,2013-01-01,csat,4\n" * 50)
    assert "scores.csv: it has more than 49 rows." in refusal(tmp_path, Limits(rows=49))


def test_a_workbook_that_unpacks_to_too_much_is_refused_unread(tmp_path: Path) -> None:
    bomb = tmp_path / "bomb.xlsx"
    with zipfile.ZipFile(bomb, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"0" * 30_000_000)
    assert bomb.stat().st_size < 100_000
    assert "bomb.xlsx: it unpacks to 30,000,000 bytes" in refusal(bomb, Limits(unpacked_bytes=10_000_000))


def test_text_that_looks_like_a_formula_stays_text(tmp_path: Path) -> None:
    folder = folders.write(tmp_path, partners="partner_id,name,type\nP1,=1+1,msp\nP2,@SUM(A1),msp\n")
    assert list(open_history(folder).partners["name"]) == ["=1+1", "@SUM(A1)"]


def test_a_letter_that_is_not_utf8_far_into_a_file_is_found(tmp_path: Path) -> None:
    rows = "".join(f"P{number},Partner {number},msp\n" for number in range(3, 120_000))
    folders.write(tmp_path)
    text = (folders.PARTNERS.splitlines()[0].split(",region")[0] + "\nP1,One,msp\nP2,Two,msp\n" + rows).encode()
    (tmp_path / "partners.csv").write_bytes(text + "P0,Müller,msp\n".encode("latin-1"))
    assert "Row 120,001 reads 'Müller' as windows-1252" in refusal(tmp_path)


def test_problems_of_every_file_are_reported_at_once_and_each_kind_is_cut_at_twenty(tmp_path: Path) -> None:
    deals = "deal_id,partner_id,status,created_on,amount\n" + "".join(f"D{n},P9,won,x,1\n" for n in range(332))
    said = refusal(
        folders.write(tmp_path, deals=deals, scores="partner_id,scored_on,measure,value\nP1,2013-01-01,csat,\n")
    )
    assert said.count("found 'x'") == 20
    assert "deals.csv, column created_on: and 312 more rows with this problem." in said
    assert "scores.csv row 2, column value: this cell is empty" in said
    assert "found 'P9' (332 rows); partners has no such partner_id." in said


def test_splits_may_add_up_to_more_than_one_when_that_is_said(tmp_path: Path) -> None:
    folder = folders.write(tmp_path, deal_partners="deal_id,partner_id,share\nD1,P1,1\nD1,P2,0.5\n")
    assert "add up to 1.5; allowed: 1." in refusal(folder)
    panel = open_history(folder, splits_at_most=1.5).panel({"revenue": CATALOGUE["revenue"]})
    assert panel.columns["revenue"].sum() == 20_010 + 5_000  # D1's 100.00 once more by half


def workbook(file: Path, **sheets: str) -> Path:
    """A workbook of sheets whose rows are given as XML."""
    import openpyxl

    book = openpyxl.Workbook()
    book.remove(book.active)  # type: ignore[arg-type]
    for name in sheets:
        book.create_sheet(name)
    book.save(file)
    with zipfile.ZipFile(file) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    start = '<worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
    for number, body in enumerate(sheets.values(), 1):
        parts[f"xl/worksheets/sheet{number}.xml"] = f"{start}{body}</worksheet>".encode()
    with zipfile.ZipFile(file, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)
    return file


def sheet_row(number: int, *cells: str) -> str:
    texts = "".join(f't="inlineStr"><is><t>{cell}</t></is></c><c ' for cell in cells)
    return f'<row r="{number}"><c {texts.removesuffix("<c ")}</row>'


def test_rows_far_apart_do_not_fill_the_memory(tmp_path: Path) -> None:
    head = sheet_row(1, "partner_id", "type", *(f"c{place}" for place in range(98)))
    bomb = workbook(tmp_path / "h.xlsx", partners=f"<sheetData>{head}{sheet_row(1_000_000, 'P1', 'msp')}</sheetData>")
    assert bomb.stat().st_size < 20_000
    said = refusal(bomb, Limits(unpacked_bytes=8_000_000))
    assert "sheet partners: it has more than 10,000 rows of 100 columns." in said


def test_a_sheet_is_read_as_far_as_it_goes_whatever_it_says(tmp_path: Path) -> None:
    rows = sheet_row(1, "partner_id", "type") + "".join(sheet_row(n, f"P{n}", "msp") for n in (2, 3, 4))
    deals = sheet_row(1, *("deal_id", "partner_id", "status", "created_on", "amount"))
    deals += sheet_row(2, "D1", "P4", "open", "2024-01-05", "1")
    said = '<dimension ref="A1:A2"/>'
    book = workbook(tmp_path / "h.xlsx", partners=f"{said}<sheetData>{rows}</sheetData>",
                    deals=f"{said}<sheetData>{deals}</sheetData>")  # fmt: skip
    assert list(open_history(book).partners["partner_id"]) == ["P2", "P3", "P4"]


def test_a_file_with_too_many_columns_is_refused_by_its_header(tmp_path: Path) -> None:
    names, cells = ",".join(f"c{place}" for place in range(2_000)), "," * 1_999
    folder = folders.write(tmp_path, partners=f"partner_id,type,{names}\nP1,msp,{cells}\nP2,msp,{cells}\n")
    assert "partners.csv row 1: it has 2,002 columns; at most 2,000 are read." in refusal(folder)


def test_a_parquet_file_that_unpacks_to_too_much_is_refused_unread(tmp_path: Path) -> None:
    folder = parquet_deals(tmp_path, f"SELECT {DEAL.replace(chr(39) + 'D1' + chr(39), 'range::TEXT')}, repeat('x', 1000000) "
                           "AS product FROM range(300)")  # fmt: skip
    assert (folder / "deals.parquet").stat().st_size < 2_000_000
    assert "deals.parquet: it unpacks to 300,0" in refusal(folder, Limits(unpacked_bytes=200_000_000))


@pytest.mark.parametrize("ends", [".csv", ".parquet"])
def test_names_of_folders_are_no_columns(tmp_path: Path, ends: str) -> None:
    import duckdb

    plain, named = folders.write(tmp_path / "plain"), folders.write(tmp_path / "year=2024" / "region=EMEA")
    if ends == ".parquet":
        for file in sorted(named.iterdir()):
            duckdb.read_csv(str(file), all_varchar=True, hive_partitioning=False).write_parquet(
                str(file.with_suffix(ends))
            )
            file.unlink()
    assert open_history(named).history_id == open_history(plain).history_id


def test_names_with_braces_are_names(tmp_path: Path) -> None:
    """What stands in braces is a place for a table, except in a name or a text of somebody's data."""
    partners = folders.PARTNERS.replace("colour", "{deals}").replace("blue", "{deals}")
    folder = folders.write(tmp_path, partners=partners, deals=folders.DEALS.replace("seats", "a{x}b{ }"))
    history = open_history(folder)
    assert list(history.partners["{deals}"]) == ["red", "{deals}"]
    assert history.extras["deals"] == {"a{x}b{ }": "number"}


@pytest.mark.parametrize("address", [
    "postgresql://user:secret@127.0.0.1:1/nothing", "postgresql://user:sec@ret@127.0.0.1:1/nothing",
    "postgresql://user:sec/ret@127.0.0.1:1/nothing", "postgresql://user:sec#ret@127.0.0.1:1/nothing",
    "postgresql://127.0.0.1:1/nothing?user=user&password=secret", "mysql://user:sec@ret@127.0.0.1/nothing",
])  # fmt: skip
def test_a_database_that_does_not_answer_is_a_problem_without_the_password(address: str) -> None:
    with pytest.raises(InputError) as refused:
        open_history(address)
    told = ("the database does not answer", "cannot be read as the address", "this kind of database is not known")
    assert any(one in str(refused.value) for one in told)
    assert "sec" not in str(refused.value)
    assert "ret" not in str(refused.value).replace("retry", "")


def parquet_deals(folder: Path, sql: str) -> Path:
    import duckdb

    folders.write(folder)
    (folder / "deals.csv").unlink()
    duckdb.sql(sql).write_parquet(str(folder / "deals.parquet"))
    return folder


DEAL = "'D1' AS deal_id, 'P1' AS partner_id, 'won' AS status, DATE '2013-01-02' AS created_on, 7 AS amount"


def test_a_damaged_parquet_file_is_refused(tmp_path: Path) -> None:
    folder = parquet_deals(
        tmp_path, f"SELECT {DEAL.replace(chr(39) + 'D1' + chr(39), 'md5(range::TEXT)')} FROM range(99)"
    )
    content = bytearray((folder / "deals.parquet").read_bytes())
    content[4:400] = b"\xff" * 396
    (folder / "deals.parquet").write_bytes(content)
    assert "deals.parquet: this Parquet file is damaged" in refusal(folder)


def test_a_parquet_column_that_is_there_twice_is_refused_whatever_its_capitals(tmp_path: Path) -> None:
    import pyarrow
    import pyarrow.parquet as parquet

    folder = parquet_deals(tmp_path, f"SELECT {DEAL}")
    table = parquet.read_table(folder / "deals.parquet").append_column("Amount", pyarrow.array([8]))
    parquet.write_table(table, folder / "deals.parquet")
    assert "deals.parquet: the column amount is there twice." in refusal(folder)


def test_a_parquet_column_called_as_rows_are_numbered_is_refused(tmp_path: Path) -> None:
    said = refusal(parquet_deals(tmp_path, f"SELECT {DEAL}, 3 AS file_row_number"))
    assert "deals.parquet: a column cannot be called file_row_number." in said


@pytest.mark.parametrize("reaches", ["read_csv('{0}/partners.csv')", "glob('{0}/*')", "read_text('{0}/partners.csv')"])
def test_a_view_in_a_duckdb_file_reads_no_other_file(tmp_path: Path, reaches: str) -> None:
    import duckdb

    folders.write(tmp_path)
    file = tmp_path / "theirs.duckdb"
    with duckdb.connect(str(file)) as connection:
        connection.execute("CREATE TABLE partners AS SELECT 'P1' AS partner_id, 'msp' AS type")
        view = f"SELECT d.* FROM (SELECT {DEAL}) d, (SELECT count(*) FROM {reaches.format(tmp_path)}) n"
        connection.execute(f"CREATE VIEW deals AS {view}")
    said = refusal(file)
    assert "theirs.duckdb table deals: it cannot be read: Permission Error" in said
    assert "reseller" not in said
    mapping = tmp_path / "mapping.yaml"
    columns = ", ".join(f"{name}: {name}" for name in ("deal_id", "partner_id", "status", "created_on", "amount"))
    mapping.write_text(
        "tables: {partners: {from: partners, columns: {partner_id: partner_id, type: type}}, "
        f"deals: {{from: deals, columns: {{{columns}}}}}}}"
    )
    with pytest.raises(InputError, match="Permission Error"):
        open_history(file, mapping=mapping)
    with duckdb.connect(str(file)) as connection:
        connection.execute(f"CREATE OR REPLACE VIEW deals AS SELECT {DEAL}")
    with open_history(file, mapping=mapping).closing() as history:
        assert history.describe()["rows"]["deals"] == 1


def test_a_duckdb_file_that_another_program_writes_is_said_to_be_open(tmp_path: Path) -> None:
    import duckdb

    file = tmp_path / "busy.duckdb"
    duckdb.connect(str(file)).close()
    code = f"import duckdb; held = duckdb.connect({str(file)!r}); print('open', flush=True); input()"
    holder = subprocess.Popen([sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"open\n"
        assert f"busy.duckdb: another program (PID {holder.pid}) has this file open for writing." in refusal(file)
    finally:
        holder.communicate(b"\n")


@pytest.mark.parametrize("table", ["secret", "SECRET", "Secret"])
def test_a_view_that_a_mapping_names_reads_no_other_file_however_it_is_written(tmp_path: Path, table: str) -> None:
    import duckdb

    (tmp_path / "hidden.csv").write_text("k,v\nP1,hidden\n")
    with duckdb.connect(str(tmp_path / "h.duckdb")) as made:
        made.execute(f"CREATE VIEW secret AS SELECT * FROM read_csv('{tmp_path}/hidden.csv')")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(f"tables: {{partners: {{from: {table}, columns: {{partner_id: k, type: v}}}}}}")
    with pytest.raises(InputError, match="has no readable table"):
        open_history(tmp_path / "h.duckdb", mapping=mapping)
