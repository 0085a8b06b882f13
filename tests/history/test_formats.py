"""The same content is the same history, however it is stored, ordered or named."""

from __future__ import annotations

import csv
import random
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from incentive_lab.errors import InputError
from incentive_lab.history import History, open_history, write_csv_folder
from incentive_lab.panel import Panel
from incentive_lab.scheme.measures import CATALOGUE, Measure
from incentive_lab.scheme.terms import TermMonths
from tests.history import folders, postgres

NAMES = (
    "revenue", "margin", "won_deals", "created_deals", "pipeline", "customers", "cycle_days_total", "returns", "lead",
    "campaign_spend", "csat", "brand_adherence", "joined", "first_deal", "recurring_revenue",
)  # fmt: skip
LEAVES = {name: CATALOGUE[name] for name in NAMES}
LEAVES["protected"] = Measure.model_validate(
    {"of": "deals.amount", "where": {"status": "won", "margin_share": {"min": "0.15"}}}
)
LEAVES["seats"] = Measure.model_validate({"of": "deals.seats"})
LEAVES["kept"] = Measure.model_validate({"of": "deals.amount", "where": {"status": "won"}, "less_returns": True})
LEAVES["later_fees"] = CATALOGUE["recurring_revenue"].model_copy(
    update={"months_of_term": TermMonths.model_validate({"from": 2, "to": 4})}
)
DEALS = (
    "deal_id,partner_id,status,created_on,closed_on,recorded_on,amount,cost,list_amount,quantity,customer_id,seats,"
    "term_months,recurring_amount,returned_on,returned_amount\n"
    "D1,P1,won,2013-01-05,2013-02-01,,100.00,85.00,200.00,2,C1,10,12,8.33,2013-04-20,33.33\n"
    "D2,P1,won,2013-01-20,2013-02-11,,100.00,85.01,100.00,1,C1,20,3,33.34,2013-03-01,\n"
    "D3,P2,won,2013-02-01,2013-05-15,2013-07-02,0.10,,,,C2,,6,0.02,,\n"
    "D4,P2,lost,2013-03-05,2013-04-01,,50.00,10.00,60.00,1,,5,,,,\n"
    "D5,P2,open,2013-05-05,,,70.00,,,,,,,,,\n"
)
SPLITS = "deal_id,partner_id,share,role\nD1,P1,0.6,\nD1,P2,0.4,sourced\n"


WANTED: dict[str, Any] = {"deal_leaves": {"deal": ["revenue"], "line": ["won_deals"]}, "want_returns": True}


@dataclass(frozen=True)
class Plain:
    """The history of a CSV folder and its panel, which every other form is held against."""

    history: History
    panel: Panel


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Plain:
    history = open_history(folders.write(tmp_path_factory.mktemp("plain") / "csv", deal_partners=SPLITS, deals=DEALS))
    return Plain(history, history.panel(LEAVES, **WANTED))


def assert_same(first: Plain, second: History) -> None:
    one, other = first.panel, second.panel(LEAVES, **WANTED)
    assert one.partner_ids == other.partner_ids
    assert one.labels() == other.labels()
    for name, column in one.columns.items():
        np.testing.assert_array_equal(column, other.columns[name], err_msg=name)
    for grain, table in one.deals.items():
        assert list(table.deal_id) == list(other.deals[grain].deal_id)
        for name, values in table.values.items():
            np.testing.assert_array_equal(values, other.deals[grain].values[name])
    assert first.history.history_id == second.history_id


@pytest.fixture
def csv_folder(tmp_path: Path) -> Path:
    return folders.write(tmp_path / "csv", deal_partners=SPLITS, deals=DEALS)


def frames(folder: Path) -> dict[str, Any]:
    import pandas as pd

    return {file.stem: pd.read_csv(file) for file in sorted(folder.glob("*.csv"))}


def test_parquet_gives_the_same_history_as_csv(plain: Plain, csv_folder: Path, tmp_path: Path) -> None:
    (tmp_path / "parquet").mkdir()
    for name, frame in frames(csv_folder).items():
        for column in frame.columns:
            if column.endswith("_on"):
                frame[column] = frame[column].astype("datetime64[us]")
        frame.to_parquet(tmp_path / "parquet" / f"{name}.parquet")
    assert_same(plain, open_history(tmp_path / "parquet"))


def test_a_workbook_gives_the_same_history_as_csv(plain: Plain, csv_folder: Path, tmp_path: Path) -> None:
    import pandas as pd

    with pd.ExcelWriter(tmp_path / "book.xlsx", engine="openpyxl") as book:
        for name, frame in frames(csv_folder).items():
            frame.to_excel(book, sheet_name=name, index=False)
    assert_same(plain, open_history(tmp_path / "book.xlsx"))


def test_a_duckdb_file_gives_the_same_history_as_csv_also_by_url(
    plain: Plain, csv_folder: Path, tmp_path: Path
) -> None:
    import duckdb

    file = tmp_path / "lab.duckdb"
    with duckdb.connect(str(file)) as connection:
        for csv_file in csv_folder.glob("*.csv"):
            connection.execute(f"CREATE TABLE {csv_file.stem} AS SELECT * FROM read_csv('{csv_file}')")
    assert_same(plain, open_history(file))
    assert_same(plain, open_history(f"duckdb://{file}"))


COLUMNS = {
    "partners": "partner_id text, name text, type text, region text, joined_on timestamp, colour text",
    "deals": "deal_id text, partner_id text, status text, created_on date, closed_on date, recorded_on date, "
    "amount numeric(12,2), cost numeric(12,2), list_amount numeric, quantity int, customer_id text, seats int, "
    "term_months int, recurring_amount numeric(12,2), returned_on date, returned_amount numeric(12,2)",
    "activities": "activity_id text, partner_id text, occurred_on date, kind text, quantity int, "
    "spend double precision",
    "scores": "partner_id text, scored_on date, measure text, value double precision",
    "deal_partners": "deal_id text, partner_id text, share double precision, role text",
}


def test_postgresql_gives_the_same_history_as_csv(plain: Plain, csv_folder: Path) -> None:
    import psycopg

    try:
        with postgres.server() as url:
            with psycopg.connect(url, autocommit=True) as connection:
                for name, columns in COLUMNS.items():
                    connection.execute(f"CREATE TABLE {name} ({columns})")
                    with connection.cursor().copy(f"COPY {name} FROM STDIN WITH (FORMAT csv, HEADER)") as copy:
                        copy.write((csv_folder / f"{name}.csv").read_text(encoding="utf-8"))
            with open_history(url).closing() as remote:
                assert_same(plain, remote)
                assert len(remote.deals_of("P2", 0, 99_999)) == 4  # D1 by its share, D3, D4, D5
            with psycopg.connect(url, autocommit=True) as connection:
                connection.execute("UPDATE deals SET status = 'wonn', partner_id = 'P9' WHERE deal_id = 'D2'")
            with pytest.raises(InputError, match="allowed: open, won, lost"):
                open_history(url)
    except postgres.NoServer as reason:
        pytest.skip(str(reason))


def test_the_order_of_rows_and_columns_does_not_matter(plain: Plain, csv_folder: Path, tmp_path: Path) -> None:
    shuffled = tmp_path / "shuffled"
    shuffled.mkdir()
    chance = random.Random(5)
    for file in csv_folder.glob("*.csv"):
        with file.open(newline="") as stream:
            rows = list(csv.DictReader(stream))
        names = list(rows[0])
        chance.shuffle(rows)
        chance.shuffle(names)
        with (shuffled / file.name).open("w", newline="") as stream:
            writer = csv.DictWriter(stream, names)
            writer.writeheader()
            writer.writerows(rows)
    assert_same(plain, open_history(shuffled))


def test_a_byte_order_mark_windows_line_ends_and_semicolons_are_read(
    plain: Plain, csv_folder: Path, tmp_path: Path
) -> None:
    other = tmp_path / "windows"
    other.mkdir()
    for file in csv_folder.glob("*.csv"):
        text = file.read_text(encoding="utf-8").replace(",", ";").replace("\n", "\r\n")
        (other / file.name).write_bytes(b"\xef\xbb\xbf" + text.encode())
    assert_same(plain, open_history(other))


def test_lines_that_end_in_several_ways_are_read(plain: Plain, csv_folder: Path, tmp_path: Path) -> None:
    mixed = tmp_path / "mixed"
    mixed.mkdir()
    for file in csv_folder.glob("*.csv"):
        lines = file.read_bytes().splitlines()
        ends = [b"\r\n", b"\n", b"\r"] * len(lines)
        (mixed / file.name).write_bytes(b"".join(line + end for line, end in zip(lines, ends, strict=False)))
    assert_same(plain, open_history(mixed))
    with (mixed / "deals.csv").open("ab") as stream:
        stream.write(b"D9,P1\r\n")
    with pytest.raises(InputError, match="row 7: the row has fewer cells than the header"):
        open_history(mixed)


def test_columns_with_neither_a_name_nor_a_value_are_passed_over(
    plain: Plain, csv_folder: Path, tmp_path: Path
) -> None:
    import pandas as pd

    trailing = tmp_path / "trailing"
    trailing.mkdir()
    for file in csv_folder.glob("*.csv"):
        lines = [
            f"{first},, ,{rest}," for first, rest in (line.split(",", 1) for line in file.read_text().splitlines())
        ]
        (trailing / file.name).write_text("\n".join(lines) + "\n", encoding="utf-8")
    assert_same(plain, open_history(trailing))
    with pd.ExcelWriter(tmp_path / "book.xlsx", engine="openpyxl") as book:
        for name, frame in frames(csv_folder).items():
            frame.insert(1, "", None)
            frame.to_excel(book, sheet_name=name, index=False)
    assert_same(plain, open_history(tmp_path / "book.xlsx"))


def test_a_column_of_a_workbook_with_values_and_no_name_is_refused(csv_folder: Path, tmp_path: Path) -> None:
    import pandas as pd

    with pd.ExcelWriter(tmp_path / "book.xlsx", engine="openpyxl") as book:
        for name, frame in frames(csv_folder).items():
            frame.insert(1, "", ["", "kept"] + [None] * (len(frame) - 2))
            frame.to_excel(book, sheet_name=name, index=False)
    with pytest.raises(InputError, match="column 2 has no name, and row 3 holds 'kept' there"):
        open_history(tmp_path / "book.xlsx")


def test_written_out_and_opened_again_it_is_the_same_history(plain: Plain, tmp_path: Path) -> None:
    write_csv_folder(plain.history, tmp_path / "again")
    assert_same(plain, open_history(tmp_path / "again"))


def test_one_changed_cent_changes_the_id(csv_folder: Path, tmp_path: Path) -> None:
    changed = folders.write(
        tmp_path / "changed", deal_partners=SPLITS, deals=DEALS.replace("50.00,10.00", "50.01,10.00")
    )
    assert open_history(csv_folder).history_id != open_history(changed).history_id


def test_the_id_does_not_depend_on_threads(csv_folder: Path) -> None:
    ids = set()
    for threads in (1, 2, 4):
        history = open_history(csv_folder)
        history.store.execute(f"SET threads = {threads}")  # type: ignore[attr-defined]
        ids.add(history.history_id)
    assert len(ids) == 1
