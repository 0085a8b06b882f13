"""Currencies that stand beside numbers are never added up unseen, wherever the table lies."""

from __future__ import annotations

import csv
import re
import zipfile
from pathlib import Path
from typing import Any

import pytest

from incentive_lab.errors import InputError
from incentive_lab.history import open_history
from incentive_lab.history.previewing import previews
from incentive_lab.history.suggesting import Choice, suggested_all, unsure
from tests.history.test_remote import load
from tests.history.test_suggesting import brought

MAPPING = """
tables:
  partners: {from: Partners, columns: {partner_id: No, type: Kind, currency: Money}}
  deals:
    from: Orders
    numbers: "1,234.56"
    columns: {deal_id: Id, partner_id: Who, status: {constant: won}, created_on: Day, closed_on: Day, %s}
"""
AMOUNT = "amount: Sum"
SEVERAL = (
    "its numbers are in several currencies, which cannot be added: EUR in 2 rows (such as row 2) and USD in 1 row (such as row 4). "
    "Map deals.currency from a column that says it for each row, "
    "or bring a file for each with currency: {constant: EUR}."
)


def export(
    folder: Path, sums: list[str], *, partner: str = "", code: list[str] | None = None, cost: list[str] | None = None
) -> Path:
    """An export with an order for each of these sums."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "Partners.csv").write_text(f"No,Kind,Money\nA,reseller,{partner}\n", encoding="utf-8")
    with (folder / "Orders.csv").open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(("Id", "Who", "Day", "Sum", "Code", "Cost"))
        for place, one in enumerate(sums):
            writer.writerow(
                (f"O{place}", "A", "2024-03-05", one, code[place] if code else "", cost[place] if cost else "")
            )
    return folder


def written(folder: Path, columns: str) -> Path:
    (folder / "mapping.yaml").write_text(MAPPING % columns, encoding="utf-8")
    return folder / "mapping.yaml"


def read(
    folder: Path, columns: str = AMOUNT, source: str | Path = "", **options: Any
) -> tuple[str, list[int], list[str]]:
    """Currency, amounts in its minor unit, and what is told beside them."""
    with open_history(source or folder, mapping=written(folder, columns), **options).closing() as history:
        rows = history.store.rows("SELECT amount FROM {deals} ORDER BY deal_id")
        return history.currency, [int(row[0]) for row in rows], list(history.describe()["warnings"])


def refused(folder: Path, columns: str = AMOUNT, source: str | Path = "", **options: Any) -> list[str]:
    with pytest.raises(InputError) as error:
        read(folder, columns, source, **options)
    return [str(one) for one in error.value.problems]


def test_a_column_in_several_currencies_is_refused_with_how_many_rows_each(tmp_path: Path) -> None:
    folder = export(tmp_path, ["12 EUR", "€3", "$10 USD", "7"])
    assert refused(folder) == [f"Orders.csv, column Sum (deals.amount): {SEVERAL}"]


def test_so_is_a_sheet_of_a_workbook(tmp_path: Path) -> None:
    import pandas as pd

    folder = export(tmp_path, ["12 EUR", "€3", "10 USD"])
    with pd.ExcelWriter(tmp_path / "book.xlsx", engine="openpyxl") as book:
        for name in ("Partners", "Orders"):
            pd.read_csv(folder / f"{name}.csv", dtype=str).to_excel(book, sheet_name=name, index=False)
    assert refused(folder, source=tmp_path / "book.xlsx") == [
        f"book.xlsx sheet Orders, column Sum (deals.amount): {SEVERAL}"
    ]


OURS = ("deal_id", "partner_id", "status", "created_on", "closed_on", "amount", "currency", "quantity")


def shown_in(file: Path, formats: list[str], codes: list[str] | None = None, names: tuple[str, ...] = OURS) -> Path:
    """A workbook with a deal of 12.5 for each of these formats of its amount; its quantity is shown in pieces."""
    import openpyxl

    book = openpyxl.Workbook()
    book.active.title = "partners"
    book.active.append(("partner_id", "type"))
    book.active.append(("A", "reseller"))
    deals = book.create_sheet("deals")
    deals.append(names)
    for row, written in enumerate(formats, 2):
        deals.append((f"D{row}", "A", "won", "2024-03-05", "2024-03-06", 12.5, codes[row - 2] if codes else None, 3))
        deals.cell(row, 6).number_format = written
        deals.cell(row, 8).number_format = '0 "PCS"'
    book.save(file)
    return file


def opened(file: Path, **options: Any) -> tuple[str, int]:
    with open_history(file, **options).closing() as history:
        return history.currency, int(history.store.rows("SELECT sum(amount) FROM {deals}")[0][0])


def test_cells_of_a_workbook_are_in_the_currency_that_their_format_shows(tmp_path: Path) -> None:
    euro, dollar = '#,##0.00\\ "€"', "[$USD] #,##0.00;[Red]-[$USD] #,##0.00"
    told = "several currencies, which cannot be added: EUR in 2 rows (such as row 2) and USD in 1 row (such as row 4). "
    several = shown_in(tmp_path / "several.xlsx", [euro, "[$€-407]0.00", dollar, "General"])
    with pytest.raises(InputError) as error:
        opened(several)
    assert [str(one) for one in error.value.problems] == [
        f"several.xlsx sheet deals, column amount: its numbers are in {told}"
        "Say the currency of each row in deals.currency, or bring a file for each."
    ]
    theirs = shown_in(tmp_path / "theirs.xlsx", [euro, euro, dollar], names=(*OURS[:5], "Sum", "Code", "Pieces"))
    mapping = tmp_path / "mapping.yaml"
    columns = "deal_id: deal_id, partner_id: partner_id, status: status, created_on: created_on, quantity: Pieces"
    for amount in ("Sum", "{column: Sum, times: 2}", "{sum: [Sum, Pieces]}"):
        mapping.write_text(
            "tables:\n  partners: {from: partners, columns: {partner_id: partner_id, type: type}}\n"
            f"  deals: {{from: deals, columns: {{{columns}, amount: {amount}}}}}\n",
            encoding="utf-8",
        )
        with pytest.raises(InputError) as error:
            opened(theirs, mapping=mapping)
        assert len(error.value.problems) == 1
        assert told in str(error.value)
    contradicting = shown_in(tmp_path / "c.xlsx", [euro, euro], ["EUR", "USD"])
    with pytest.raises(InputError) as error:
        opened(contradicting)
    assert "c.xlsx sheet deals row 3, column amount: € stands beside the number, but the row says USD." in str(
        error.value
    )
    assert opened(shown_in(tmp_path / "euro.xlsx", [euro, "General"])) == ("EUR", 2_500)
    (tmp_path / "rates.csv").write_text("currency,month,rate\nEUR,2024-03,2\n", encoding="utf-8")
    each = shown_in(tmp_path / "each.xlsx", [euro, dollar], ["EUR", "USD"])
    assert opened(each, rates=tmp_path / "rates.csv", currency="USD") == ("USD", 3_750)


def test_a_format_that_excel_has_built_in_shows_the_currency_of_the_reader_and_says_nothing(tmp_path: Path) -> None:
    from openpyxl.styles.numbers import BUILTIN_FORMATS

    assert opened(shown_in(tmp_path / "own.xlsx", [BUILTIN_FORMATS[44], BUILTIN_FORMATS[8]]), currency="EUR") == (
        "EUR",
        2_500,
    )


@pytest.mark.parametrize(("written", "code"), [
    ('"$"#,##0.00', "USD"), ("[$EUR] #,##0.00", "EUR"), ("_-[$£-809]* #,##0.00", "GBP"), ('_-* #,##0.00\\ "€"_-', "EUR"),
    ('_("$"* #,##0.00_);_("$"* \\(#,##0.00\\)', "USD"), ("[$$-409]#,##0.00", "USD"), ("[$$-1009]#,##0.00", "CAD"),
    ("[$$-en-AU]#,##0.00", "AUD"), ("#,##0.00 [$kr-41D]", "SEK"), ("[$¥-804]#,##0.00", "CNY"), ('#,##0.00\\ "zł"', "PLN"),
    ('"US$"#,##0.00', "USD"), ("[$CHF-807] #,##0.00", "CHF"), ("[$R$-416] #,##0.00", "BRL"), ("[$€-2] #,##0.00", "EUR"),
])  # fmt: skip
def test_each_way_to_write_a_currency_into_a_format_is_known(tmp_path: Path, written: str, code: str) -> None:
    assert opened(shown_in(tmp_path / "one.xlsx", [written, "General"])) == (code, 2_500)
    other = "EUR" if code != "EUR" else "USD"
    with pytest.raises(InputError) as error:
        opened(shown_in(tmp_path / "other.xlsx", ["General", written], [other, other]))
    assert f"stands beside the number, but the row says {other}." in str(error.value)


@pytest.mark.parametrize("written", [
    "General", "#,##0.00", r"_-* #,##0.00\ _€_-;\-* #,##0.00\ _€_-", "[$-409]0.00", '0.0 "PCS"', "0.00%", "[Red]0.00", '0 "kr"',
])  # fmt: skip
def test_a_format_without_a_currency_says_nothing(tmp_path: Path, written: str) -> None:
    assert opened(shown_in(tmp_path / "plain.xlsx", [written, written]), currency="GBP") == ("GBP", 2_500)


def test_a_format_of_excel_s_own_counts_where_the_workbook_says_how_it_writes_it(tmp_path: Path) -> None:
    from openpyxl.styles.numbers import BUILTIN_FORMATS

    file, mine = shown_in(tmp_path / "own.xlsx", [BUILTIN_FORMATS[7], "General"]), tmp_path / "mine.xlsx"
    code = BUILTIN_FORMATS[7].replace('"', "&quot;")
    with zipfile.ZipFile(file) as before, zipfile.ZipFile(mine, "w") as after:
        for name in before.namelist():
            body = before.read(name)
            if name == "xl/styles.xml":  # as Excel writes it
                told = re.sub(
                    r"<numFmts count=.1.>",
                    f'<numFmts count="2"><numFmt numFmtId="7" formatCode="{code}"/>',
                    body.decode(),
                )
                assert told != body.decode()
                body = told.encode()
            after.writestr(name, body)
    assert opened(file, currency="EUR") == ("EUR", 2_500)
    with pytest.raises(InputError) as error:
        opened(mine, currency="EUR")
    assert "sheet deals row 2, column amount: $ stands beside the number, but the history is in EUR." in str(
        error.value
    )


def test_a_first_look_at_a_workbook_tells_what_its_formats_show(tmp_path: Path) -> None:
    names = (*OURS[:5], "Sum", "Code", "Pieces")
    found, _ = previews(shown_in(tmp_path / "two.xlsx", ["[$EUR] 0.00", '"$"0.00', "General"], names=names))
    assert found[1].shown == {"Sum": ("EUR", "$")}
    choice = Choice("deals", "deals", {"deal_id": "deal_id", "amount": "Sum"})
    assert unsure(found, [choice]) == [
        "two.xlsx sheet deals: column Sum is in EUR and USD, which cannot be added without a column that says each row's currency."
    ]


def test_so_is_a_table_of_a_database(server: str, tmp_path: Path) -> None:
    import psycopg

    def anew(**columns: Any) -> Path:
        with psycopg.connect(server, autocommit=True) as connection:
            connection.execute('DROP TABLE IF EXISTS "Partners", "Orders", partners, orders')
        folder = export(tmp_path, **columns)
        load(server, folder)
        return folder

    columns = AMOUNT + ", currency: Code"
    mapping = MAPPING.replace("Partners", "partners").replace("Orders", "orders")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("tests.history.test_beside.MAPPING", mapping)
        told = SEVERAL.replace("row 2", "'O0'").replace("row 4", "'O2'")
        folder = anew(sums=["12 EUR", "€3", "10 USD"])
        assert refused(folder, source=server) == [f"table orders, column Sum (deals.amount): {told}"]
        folder = anew(sums=["12 EUR", "$3", "10"], partner="EUR")
        assert refused(folder, source=server)[0].startswith(
            "table orders, column Sum (deals.amount): $ stands beside the number, but its partner says EUR (1 row, such as 'O1')."
        )
        folder = anew(sums=["12 EUR", "€ 3"], code=["EUR", "usd"])
        assert any("€ stands beside the number, but the row says USD (1 row, such as 'O1')." in one
                   for one in refused(folder, columns, source=server))  # fmt: skip
        folder = anew(sums=["12 EUR", "(1,000.5)"])
        assert read(folder, source=server) == ("EUR", [1_200, -100_050], [])


def test_a_number_that_contradicts_what_is_said_of_its_row_is_refused_with_it(tmp_path: Path) -> None:
    rest = "Correct one of the two."
    by_code = export(tmp_path / "code", ["12 EUR", "10 USD", "$7"], code=["EUR", "EUR", "EUR"])
    assert refused(by_code, AMOUNT + ", currency: Code") == [
        f"Orders.csv row 3, column Sum (deals.amount): USD stands beside the number, but the row says EUR. {rest}",
        f"Orders.csv row 4, column Sum (deals.amount): $ stands beside the number, but the row says EUR. {rest}",
    ]
    by_partner = export(tmp_path / "partner", ["7", "$10", "$12"], partner="GBP")
    assert refused(by_partner) == [
        "Orders.csv row 3, column Sum (deals.amount): $ stands beside the number, "
        f"but its partner says GBP (2 rows, such as row 3). {rest}"
    ]
    by_setting = export(tmp_path / "setting", ["10 USD"])
    assert refused(by_setting, currency="EUR") == [
        "Orders.csv row 2, column Sum (deals.amount): USD stands beside the number, but the history is in EUR. "
        "Map deals.currency from a column that says it for each row, or by currency: {constant: USD} where a whole file is in it."
    ]
    two = export(tmp_path / "two", ["10 USD", "9 USD"], cost=["", "8 EUR"])
    assert refused(two, AMOUNT + ", cost: Cost") == [
        "Orders.csv row 3, column Cost (deals.cost): EUR stands beside the number, but other numbers are in USD. "
        "Map deals.currency from a column that says it for each row, or by currency: {constant: EUR} where a whole file is in it."
    ]


def test_a_symbol_fits_every_currency_it_is_written_for(tmp_path: Path) -> None:
    assert read(export(tmp_path / "a", ["$10", "10 CAD"]), currency="CAD")[:2] == ("CAD", [1_000, 1_000])
    assert read(export(tmp_path / "b", ["$10", "$5"], partner="AUD"))[0] == "AUD"
    assert "CAD in 1 row (such as row 3)" in refused(export(tmp_path / "c", ["$10", "10 CAD"]))[0]
    assert "¥ stands beside" in refused(export(tmp_path / "d", ["¥10"]), currency="CAD")[0]


def test_numbers_say_the_currency_where_nothing_else_does(tmp_path: Path) -> None:
    assert read(export(tmp_path / "a", ["10 EUR", "5"])) == ("EUR", [1_000, 500], [])
    assert read(export(tmp_path / "b", ["¥10", "5"])) == (
        "JPY", [10, 5], ["No table names a currency; amounts are taken as JPY."]
    )  # fmt: skip
    assert read(export(tmp_path / "c", ["10", "5"]))[0] == "USD"


def test_several_currencies_are_read_where_each_row_says_its_own(tmp_path: Path) -> None:
    folder = export(tmp_path, ["12 EUR", "$10", "1"], code=["EUR", "USD", "EUR"])
    (tmp_path / "rates.csv").write_text("currency,month,rate\nEUR,2024-03,1.5\n", encoding="utf-8")
    columns = AMOUNT + ", currency: Code"
    assert read(folder, columns, rates=tmp_path / "rates.csv", currency="USD")[:2] == ("USD", [1_800, 1_000, 150])


def test_what_a_mapping_calculates_from_two_currencies_is_refused(tmp_path: Path) -> None:
    folder = export(tmp_path, ["12 EUR", "11 EUR"], cost=["2 EUR", "1 USD"])
    told = "EUR in 2 rows (such as row 2) and USD in 1 row (such as row 3)"
    assert told in refused(folder, "amount: {difference: [Sum, Cost]}")[0]
    pieces = export(tmp_path, ["12 EUR", "11 EUR"], cost=["2 PCS", "1 PCS"])
    assert read(pieces, "amount: {product: [Sum, Cost]}")[:2] == ("EUR", [2_400, 1_100])
    further = refused(
        export(tmp_path, ["12 EUR", "11"], cost=["2 EUR", "1 USD"]), AMOUNT + ', "my; fund": {column: Cost, times: 2}'
    )
    assert "Orders.csv, column Cost (deals.my; fund): its numbers are in several currencies" in further[0]


def test_letters_that_are_no_currency_are_refused(tmp_path: Path) -> None:
    (told,) = refused(export(tmp_path, ["12 TSD", "11"]))
    assert told.startswith(
        "Orders.csv row 2, column Sum (deals.amount): TSD stands beside the number, which is no currency that is known. Allowed"
    )


def test_files_in_one_currency_each_stand_one_below_the_other(tmp_path: Path) -> None:
    folder = export(tmp_path, ["12 EUR"])
    (folder / "More.csv").write_text("Id,Who,Day,Sum\nM,A,2024-03-05,10 USD\n", encoding="utf-8")
    source = 'numbers: "1,234.56", columns: {deal_id: Id, partner_id: Who, status: {constant: won}, created_on: Day, amount: Sum'
    mapping = folder / "mapping.yaml"
    both = MAPPING[: MAPPING.index("  deals:")] + "  deals:\n    union:\n"
    for extra, said in (
        ("", "other numbers are in EUR"),
        (", currency: {constant: %s}", "which cannot be added; without rates"),
    ):
        items = "".join(f"      - {{from: {name}, {source}{extra % code if extra else extra}}}}}\n"
                        for name, code in (("Orders", "EUR"), ("More", "USD")))  # fmt: skip
        mapping.write_text(both + items, encoding="utf-8")
        with pytest.raises(InputError) as error:
            open_history(folder, mapping=mapping)
        assert len(error.value.problems) == 1
        assert said in str(error.value)


def test_payouts_are_in_the_currency_of_the_history_and_a_spend_in_its_partners(server: str, tmp_path: Path) -> None:
    import psycopg

    (tmp_path / "paid.csv").write_text("Who,Month,Sum\nA,2024-03,10 EUR\nA,2024-04,9 EUR\n", encoding="utf-8")
    (tmp_path / "spent.csv").write_text("Id,Who,Day,Sum\nS1,A,2024-03-05,$8\n", encoding="utf-8")
    folder = export(tmp_path, ["10"], partner="GBP")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(
        MAPPING.replace("Partners", "partners").replace("Orders", "orders") % AMOUNT
        + '  actual_payouts: {from: paid, numbers: "1,234.56", columns: {partner_id: Who, period: Month, amount: Sum}}\n'
        + '  activities: {from: spent, numbers: "1,234.56", columns: '
        + "{activity_id: Id, partner_id: Who, occurred_on: Day, kind: {constant: lead}, spend: Sum}}\n",
        encoding="utf-8",
    )
    for name in ("Partners", "Orders"):
        (folder / f"{name}.csv").rename(folder / f"{name.lower()}.csv")
    with psycopg.connect(server, autocommit=True) as connection:
        connection.execute('DROP TABLE IF EXISTS "Partners", "Orders", partners, orders')
    load(server, folder)
    for source, named in ((folder, "{}.csv row 2"), (server, "table {}")):
        with pytest.raises(InputError) as error:
            open_history(source, mapping=mapping)
        one, two = (str(problem) for problem in error.value.problems)
        assert one.startswith(f"{named.format('paid')}, column Sum (actual_payouts.amount): EUR stands beside the number, "
                              "but the history is in GBP (2 rows, such as ")  # fmt: skip
        assert one.endswith("Bring the amounts in the currency of the history.")
        assert two.startswith(f"{named.format('spent')}, column Sum (activities.spend): $ stands beside the number, "
                              "but its partner says GBP")  # fmt: skip


def test_the_column_that_keeps_them_cannot_be_in_a_file(tmp_path: Path) -> None:
    folder = export(tmp_path, ["10"])
    (folder / "Orders.csv").write_text("Id,_Beside\n1,2\n", encoding="utf-8")
    assert "a column cannot be called _beside. Currencies are kept by it; rename it." in refused(folder)[0]


def test_a_first_look_tells_it_too(tmp_path: Path) -> None:
    lines = ("Order ID,Partner,Status,Amount,Created Date", "1,A,Won,12 EUR,2024-03-05", "2,A,Won,$10,2024-03-06")
    found = brought(tmp_path, {"Orders": lines})
    choices = suggested_all(found)
    (told,) = unsure(found, choices)
    assert told.startswith("Orders.csv: column Amount is in EUR and USD, which cannot be added")
    one = choices[0]
    assert not unsure(found, [Choice(one.source, one.table, one.columns, {"currency": "EUR"})])
    assert not unsure(found, [one, Choice("Partners", "partners", {"partner_id": "No", "currency": "Money"})])
