"""A history in a database is the one its files would give: mapped, with rows left out, with rates; and as strict."""

from __future__ import annotations

import csv
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from incentive_lab.errors import InputError
from incentive_lab.history import History, open_history, quality
from incentive_lab.history.outcomes import undone_activities
from incentive_lab.scheme.checks.context import Undone
from incentive_lab.scheme.measures import CATALOGUE
from tests.history import folders
from tests.history.test_formats import LEAVES, SPLITS, WANTED, Plain, assert_same
from tests.history.test_mapping import MAPPING, history_folder, mapped


@pytest.fixture
def database(server: str) -> str:
    """An empty database: nothing in the schema public, and no other schema."""
    import psycopg

    with psycopg.connect(server, autocommit=True) as connection:
        for schema in ("public", "events"):
            connection.execute(f"DROP SCHEMA IF EXISTS {schema} CASCADE")
        connection.execute("CREATE SCHEMA public")
    return server


def load(url: str, folder: Path, schema: str = "public", types: Mapping[str, str] | None = None) -> str:
    """The CSV files of a folder as tables; columns are text unless `types` says otherwise."""
    import psycopg

    with psycopg.connect(url, autocommit=True) as connection:
        connection.execute(f"CREATE SCHEMA IF NOT EXISTS {schema}".encode())
        for file in folder.glob("*.csv"):
            with file.open(encoding="utf-8", newline="") as stream:
                header = next(csv.reader(stream))
            columns = ", ".join(f'"{name}" {(types or {}).get(name, "text")}' for name in header)
            connection.execute(f"CREATE TABLE {schema}.{file.stem} ({columns})".encode())
            with connection.cursor().copy(f"COPY {schema}.{file.stem} FROM STDIN WITH (FORMAT csv, HEADER)") as copy:
                copy.write(file.read_text(encoding="utf-8"))
    return url


def refused(source: str | Path, **options: Any) -> str:
    with pytest.raises(InputError) as error:
        open_history(source, **options)
    return str(error.value)


def findings(history: History) -> dict[str, tuple[int, object, str]]:
    return {found.kind: (found.rows, found.amount, found.severity) for found in quality(history)}


def test_text_columns_are_read_as_strictly_as_a_file(database: str, tmp_path: Path) -> None:
    folder = folders.write(tmp_path / "csv", deal_partners=SPLITS)
    load(database, folder)
    with open_history(folder).closing() as files, open_history(database).closing() as remote:
        assert_same(Plain(files, files.panel(LEAVES, **WANTED)), remote)
        assert findings(files) == findings(remote)


@pytest.mark.parametrize(
    ("column", "value", "said"),
    [
        ("amount", "1,000", "allowed: a number"), ("amount", "NaN", "allowed: a number"),
        ("amount", "1e308", "allowed: a number"), ("amount", "", "every row needs a number"),
        ("closed_on", "2013-02-30", "allowed: a date"), ("closed_on", "2101-01-01", "allowed: a date"),
        ("created_on", "01/02/2013", "allowed: a date"), ("quantity", "-1", "it cannot be below zero"),
        ("status", "wonn", "allowed: open, won, lost"), ("partner_id", "P9", "partners has no such partner_id"),
        ("partner_id", "P1\t", "an id holds no control characters"),
    ],
)  # fmt: skip
def test_a_wrong_value_is_refused_with_its_column(
    database: str, tmp_path: Path, column: str, value: str, said: str
) -> None:
    import psycopg

    load(database, folders.write(tmp_path / "csv"))
    with psycopg.connect(database, autocommit=True) as connection:
        connection.execute(f"UPDATE deals SET {column} = %s WHERE deal_id = 'D1'".encode(), [value])
    told = refused(database)
    assert said in told
    assert column in told


def test_a_number_that_is_not_finite_is_refused(database: str, tmp_path: Path) -> None:
    import psycopg

    load(database, folders.write(tmp_path / "csv"), types={"amount": "double precision"})
    for value in ("NaN", "Infinity", "1e300"):
        with psycopg.connect(database, autocommit=True) as connection:
            connection.execute("UPDATE deals SET amount = %s WHERE deal_id = 'D1'", [value])
        assert "allowed: a number" in refused(database)


@pytest.mark.parametrize("types", [{}, {"gross": "numeric", "discount": "double precision", "shipped": "date"}])
def test_a_mapping_is_carried_out_by_the_database(database: str, tmp_path: Path, types: dict[str, str]) -> None:
    folder = history_folder(tmp_path)
    load(database, folder, types=types)
    load(database, tmp_path / "events", "events", types={"opened": "timestamp", "value": "int"} if types else None)
    local = open_history(folder, mapping=mapped(tmp_path))
    other = tmp_path / "database.yaml"
    other.write_text(MAPPING.replace("../events", "events"))
    leaves = {name: LEAVES[name] for name in ("revenue", "margin", "won_deals", "created_deals", "pipeline")}
    with local.closing(), open_history(database, mapping=other).closing() as remote:
        assert local.history_id == remote.history_id
        one, two = local.panel(leaves), remote.panel(leaves)
        assert {name: column.tolist() for name, column in one.columns.items()} == {
            name: column.tolist() for name, column in two.columns.items()
        }
        assert list(remote.partners["city"]) == ["Bonn", "Bern"]


def test_dates_and_numbers_written_another_way_are_read_by_the_database_too(database: str, tmp_path: Path) -> None:
    import psycopg

    folder = folders.write(tmp_path / "csv", deals=(
        "deal_id,partner_id,status,created_on,closed_on,amount,cost\n"
        'D1,P1,won,05.01.2013,1.2.2013,"1.234,56\u00a0EUR","(1,5)"\nD2,P2,lost,2013-01-20,11/02/13,-100,\n'
        "D3,P2,lost,07-JÄN-13,5. März 2013 10:22,1,\nD4,P2,lost,1 Mar 13,12. Okt. 2013,1,\n"
    ))  # fmt: skip
    load(database, folder)
    with psycopg.connect(database, autocommit=True) as connection:
        for column in ("created_on", "closed_on", "amount", "cost"):
            connection.execute(f"ALTER TABLE deals ALTER COLUMN {column} TYPE text".encode())
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        "tables:\n  partners: {from: partners, columns: {partner_id: partner_id, type: type}}\n"
        '  deals: {from: deals, dates: day-month-year, numbers: "1.234,56", columns: {deal_id: deal_id, status: status, '
        "partner_id: partner_id, created_on: created_on, closed_on: closed_on, amount: amount, cost: cost}}\n"
    )
    with (
        open_history(folder, mapping=mapping).closing() as local,
        open_history(database, mapping=mapping).closing() as remote,
    ):
        assert local.history_id == remote.history_id
        assert remote.panel({"margin": CATALOGUE["margin"]}).columns["margin"].sum() == 123_456 + 150


def test_running_numbers_and_the_first_of_several_do_not_depend_on_the_language(database: str, tmp_path: Path) -> None:
    folder = history_folder(tmp_path)
    events = (
        "id,shop,order_no,opened,value\nb,1,O1,2013-02-03,9\nB,1,O1,2013-02-01,100\n"
        "a,2,,2013-02-10,40\nA,2,,2013-02-11,4\n"
    )
    (tmp_path / "events" / "opportunities.csv").write_text(events)
    load(database, folder)
    load(database, tmp_path / "events", "events")
    text = MAPPING.replace("on: {order: order_no}", "on: {order: order_no}, take_first: opened")
    text = text.replace('deal_id: {text: "lost-{id}"}', "deal_id: {numbered: lost-}, name: id")
    other = tmp_path / "database.yaml"
    other.write_text(text.replace("../events", "events"))
    local, remote = open_history(folder, mapping=mapped(tmp_path, text)), open_history(database, mapping=other)
    with local.closing(), remote.closing():
        assert local.history_id == remote.history_id


@pytest.mark.parametrize(
    ("before", "after", "said"),
    [
        ("from: shops", "from: shop", "there is no table shop in the schema public. Did you mean shops?"),
        ("name: shop_name", "name: shopname", "table shops has no column shopname. Did you mean shop_name?"),
        ("with: events/", "with: evnts/", "there is no root called evnts. Did you mean events?"),
        ("roots: {events: events}", "roots: {events: event}", "there is no schema event in the database."),
        (
            "difference: [gross, discount]",
            "difference: [gross, state]",
            "table orders, column state (deals.amount): found 'shipped', and the mapping calculates with it",
        ),
        (
            "created_on: opened",
            "created_on: shop",
            "table opportunities, column shop (deals.created_on): 1 row: allowed: a date",
        ),
        ("closed_on: shipped", "closed_on: gross", "table orders, column gross (deals.closed_on)"),
        ("on: {order: order_no}", "on: {shop: shop}", "several rows of events/opportunities have shop"),
    ],
)
def test_a_slip_in_a_mapping_is_refused(database: str, tmp_path: Path, before: str, after: str, said: str) -> None:
    folder = history_folder(tmp_path)
    (tmp_path / "events" / "opportunities.csv").write_text(
        "id,shop,order_no,opened,value\nE1,1,O1,2013-02-01,100\nE2,1,,2013-02-10,40\n"
    )
    load(database, folder)
    load(database, tmp_path / "events", "events")
    text = MAPPING.replace("../events", "events")
    assert before in text
    assert said in refused(database, mapping=mapped(tmp_path, text.replace(before, after)))


def test_rows_are_left_out_with_the_money_said_and_stay_in_the_database(database: str, tmp_path: Path) -> None:
    import psycopg

    deals = (
        "deal_id,partner_id,status,created_on,closed_on,amount,cost,seats\n"
        "D1,P1,won,2013-01-05,2013-02-01,10,,1\nD1,P1,won,2013-01-05,2013-02-01,10,,1\n"
        "D2,P9,won,2013-01-05,2013-02-01,7,,\nD3,P1,won,2013-03-05,2013-02-01,5,,\n"
        "D4,P2,won,2013-03-05,2013-04-01,5,6,\n"
    )
    partners = "partner_id,type,parent_id\nP1,msp,\nP2,msp,P8\n"
    folder = folders.write(tmp_path / "csv", deals=deals, partners=partners)
    load(database, folder)
    told = refused(database)
    assert "P9" in told
    assert "P8" in told
    assert "is there 2 times" in told
    kinds = ["orphans", "duplicates", "closed_before_created", "negative_margins"]
    with (
        open_history(folder, exclude=kinds).closing() as files,
        open_history(database, exclude=kinds).closing() as remote,
    ):
        assert_same(Plain(files, files.panel(LEAVES, **WANTED)), remote)
        assert findings(files) == findings(remote)
        assert sorted(found.kind for found in remote.excluded) == sorted(kinds)
        assert remote.rows["deals"] == 1
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT count(*) FROM deals").fetchone() == (5,)
    assert "Did you mean orphans?" in refused(database, exclude=["orphan"])


def test_amounts_convert_at_the_rate_of_their_closing_month(database: str, tmp_path: Path) -> None:
    deals = (
        "deal_id,partner_id,status,created_on,closed_on,amount,currency,seats\n"
        "D1,P1,won,2013-01-01,2013-02-10,10.01,EUR,1\nD2,P1,won,2013-01-01,2013-02-10,1,usd,2\n"
        "D3,P2,won,2013-01-01,2013-03-10,3.33,,3\n"
    )
    partners = "partner_id,type,currency\nP1,msp,\nP2,msp,GBP\n"
    folder = folders.write(tmp_path / "history", deals=deals, partners=partners)
    load(database, folder)
    rates = tmp_path / "rates.csv"
    rates.write_text("currency,month,rate\nEUR,2013-02,1.25\nGBP,2013-03,1.505\nGBP,2013-04,1.5\n")
    assert "EUR, GBP and USD, which cannot be added" in refused(database)
    with (
        open_history(folder, rates=rates, currency="USD").closing() as files,
        open_history(database, rates=rates, currency="USD").closing() as remote,
    ):
        assert_same(Plain(files, files.panel(LEAVES, **WANTED)), remote)
        # 10.01 x 1.25 = 12.5125 -> 12.51, and 1.00, and 3.33 x 1.505 = 5.01165 -> 5.01.
        assert remote.panel({"revenue": LEAVES["revenue"]}).columns["revenue"].sum() == 1_852
    rates.write_text("currency,month,rate\nEUR,2013-03,1.25\n")
    told = refused(database, rates=rates, currency="USD")
    assert "no rate for EUR in 2013-02" in told
    assert "no rate for GBP in 2013-03" in told
    assert "there is no such file" in refused(database, rates=tmp_path / "none.csv", currency="USD")


@pytest.mark.parametrize(("kind", "values"), [("text", ("no-show", "yes")), ("boolean", ("false", "true"))])
def test_activities_that_came_to_nothing_are_found(
    database: str, tmp_path: Path, kind: str, values: tuple[str, str]
) -> None:
    head = "activity_id,partner_id,occurred_on,kind,Passed"
    rows = "".join(f"A{place},P1,2013-01-01,training,{value}\n" for place, value in enumerate(values))
    folder = folders.write(tmp_path / "csv", activities=f"{head}\n{rows}")
    load(database, folder, types={"Passed": kind})
    with open_history(folder).closing() as files, open_history(database).closing() as remote:
        assert undone_activities(remote) == undone_activities(files) == (Undone("Passed", "training", values[0], 1),)
        assert findings(files) == findings(remote)


def test_a_mapping_that_only_says_an_encoding_is_none_of_a_database(database: str, tmp_path: Path) -> None:
    (tmp_path / "mapping.yaml").write_text("encoding: latin-1\n")
    assert "a mapping of a database needs tables: our name -> its own." in refused(
        database, mapping=tmp_path / "mapping.yaml"
    )
