"""Exports as people have them: names, dates and numbers are understood, and nothing is taken for what it is not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from incentive_lab.errors import InputError
from incentive_lab.history import open_history
from incentive_lab.history.mapping_writing import mapping_of
from incentive_lab.history.meanings import WORDED, suggested_status
from incentive_lab.history.previewing import Preview, previews
from incentive_lab.history.recognising import suggested_columns
from incentive_lab.history.suggesting import (
    missing,
    suggested,
    suggested_all,
    unsure,
    unused,
)
from incentive_lab.history.written import dates_in
from incentive_lab.scheme.measures import CATALOGUE

EXPORTS = {
    "Salesforce": {
        "report1698": (
            "Account ID,Account Name,Partner Type,Billing Country,Partner_Tier__c,Agreement Start Date",
            "001A,Ann & Co,Value Added Reseller,US,Gold,3/15/2021", "001B,Bob Inc,Managed Services Provider,US,Silver,11/2/2022",
        ),
        "report1699": (
            "Opportunity ID,Opportunity Name,Partner Account ID,Account Name,Stage,Amount (converted),"
            "Amount (converted) Currency,Close Date,Created Date",
            '006A,Big one,001A,Customer 1,Closed Won,"12,345.60",USD,3/31/2024,1/15/2024',
            '006B,Small,001B,Customer 2,Closed Lost,$800,USD,4/2/2024,2/1/2024',
            '006C,Next,001A,Customer 3,Negotiation,"1,000.00",USD,,5/20/2024',
        ),
    },
    "HubSpot": {
        "companies": ("Record ID,Company name,Partner type,Country/Region", "77,Ann & Co,Reseller,US", "78,Bob Inc,Agency,US"),
        "hubspot-deals": (
            "Record ID,Deal Name,Deal Stage,Amount,Close Date,Create Date,Associated Company ID",
            "1,Big one,Closed Won,12345.60,2024-03-31 10:22,2024-01-15 08:00,77",
            "2,Small,Closed Lost,800,2024-04-02 11:00,2024-02-01 09:30,78",
        ),
    },
    "a German ERP": {
        "Partner": ("Partner-Nr.;Firmenname;Partnertyp;Land;Partner seit", "P1;Ann GmbH;Reseller;DE;15.03.2021",
                    "P2;Bob AG;Reseller;AT;01.10.2022"),
        "Aufträge": (
            "Auftragsnummer;Partner-Nr.;Status;Angelegt am;Abgeschlossen am;Betrag;Kosten",
            "A1;P1;gewonnen;15.01.2024;31.03.2024;12.345,60;9.000,00 EUR", "A2;P2;verloren;01.02.2024;02.04.2024;800,00;",
            "A3;P1;offen;20.05.2024;;1.000,00;",
        ),
    },
    "an ERP that names months": {
        "customers": ("Account ID,Account Name,Partner Type,Joined On",
                      "77,Ann & Co,Reseller,2021-03-15", "78,Bob Inc,Agency,2022-10-01"),
        "orders": (
            "Order ID,Account ID,Status,Net Amount,Created Date,Close Date", "1,77,Closed Won,12345.60,2024-01-15,31-Mar-24",
            "2,78,Closed Lost,800,2024-02-01,02-Apr-24",
        ),
    },
    "NetSuite": {
        "Partners": ("Internal ID,Name,Category,Country", "9,Ann & Co,Reseller,US", "10,Bob Inc,Distributor,US"),
        "Transactions": (
            "Document Number,Date Created,Date Closed,Partner,Status,Amount (Net),Est. Gross Profit",
            'SO1,15-01-2024,31-03-2024,9,Billed,"12,345.60",1', 'SO2,01-02-2024,02-04-2024,10,Cancelled,"(1,200.00)",1',
        ),
    },
}  # fmt: skip


def brought(folder: Path, tables: dict[str, tuple[str, ...]]) -> list[Preview]:
    for name, lines in tables.items():
        (folder / f"{name}.csv").write_text("\n".join(lines) + "\n", encoding="utf-8")
    found, problems = previews(folder)
    assert not problems
    return found


@pytest.mark.parametrize("system", EXPORTS)
def test_an_export_opens_as_it_is_suggested(system: str, tmp_path: Path) -> None:
    choices = suggested_all(brought(tmp_path, EXPORTS[system]))
    assert {choice.table for choice in choices} == {"partners", "deals"}
    assert missing(choices) == []
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(json.dumps(mapping_of(choices)), encoding="utf-8")  # JSON is YAML
    with open_history(tmp_path, mapping=mapping).closing() as history:
        panel = history.panel({"revenue": CATALOGUE["revenue"]})
    assert panel.columns["revenue"].sum() == 1_234_560
    assert [panel.labels()[place] for place in panel.columns["revenue"].sum(axis=0).nonzero()[0]] == ["2024-03"]


def test_what_holds_no_dates_or_numbers_is_not_taken_for_one() -> None:
    one = Preview("orders", "orders", ("id", "partner", "stage", "amount", "date", "total"),
                  (("1", "A", "won", "about ten", "spring", "10"),))  # fmt: skip
    choice = suggested(one)
    assert choice is not None
    assert choice.columns["amount"] == "total"
    assert "created_on" not in choice.columns


SLIPS = ("28.02.2025", "29.03.2025", "30.04.2025", "31.05.2025")


@pytest.mark.parametrize(("days", "amounts", "said"), [
    ((*SLIPS, "31.06.2025"), ("1.000,50", "2", "3", "4", "5"), ["column End is taken as closed_on, but 1 of its 5 different values "
                                                               "in the first rows is no date: '31.06.2025'."]),
    (("2025-01-01", "2025-01-02", "2025-01-03", "2025-01-04", "2025-02-31"), ("1", "2", "3", "4", "5"),
     ["is no date: '2025-02-31'."]),
    (SLIPS, ("1.000,50", "2.000,00", "n/a", "4,5", "5"), ["column Amount is taken as amount, but 1 of its 5 different "
                                                       "values in the first rows is no number: 'n/a'."]),
    (SLIPS, ("$1,000.50", "$2", "$3", "??", "5 apples", "4", "6", "7", "8", "9"), ["are no numbers: '??', '5 apples'."]),
    (SLIPS, ("1.000,50", "2.000,00"), []),
])  # fmt: skip
def test_a_slip_does_not_hide_a_column_and_is_told(
    tmp_path: Path, days: tuple[str, ...], amounts: tuple[str, ...], said: list[str]
) -> None:
    rows = [f"{n};P1;gewonnen;15.01.2025;{days[n % len(days)]};{amounts[n % len(amounts)]}" for n in range(20)]
    found = brought(tmp_path, {"Aufträge": ("Auftrag;Partner;Status;Angelegt am;End;Amount", *rows)})
    choice = suggested(found[0])
    assert choice is not None
    assert choice.columns["amount"] == "Amount"
    choice = replace(choice, columns={**choice.columns, "closed_on": "End"})
    told = unsure(found, [choice])
    assert len(told) == len(said)
    assert all(sentence in one for sentence, one in zip(said, told, strict=True))


def test_columns_of_dates_with_a_slip_are_suggested_and_the_row_is_refused(tmp_path: Path) -> None:
    lines = ("Auftragsnummer;Partner-Nr.;Status;Angelegt am;Abgeschlossen am;Betrag",
             *(f"A{day};P1;gewonnen;{day}.01.2025;{day + 3}.02.2025;1.234,50" for day in range(14, 29)))  # fmt: skip
    found = brought(tmp_path, {"Partner": EXPORTS["a German ERP"]["Partner"], "Aufträge": lines})
    choices = suggested_all(found)
    assert missing(choices) == []
    assert (choices[0].dates, choices[0].columns["closed_on"]) == ("day-month-year", "Abgeschlossen am")
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(json.dumps(mapping_of(choices)), encoding="utf-8")
    with pytest.raises(InputError) as refused:
        open_history(tmp_path, mapping=mapping)
    assert [one.path for one in refused.value.problems] == [
        f"Aufträge.csv row {row}, column Abgeschlossen am (deals.closed_on)" for row in (14, 15, 16)
    ]
    assert (
        sum("3 of its 15 different values in the first rows are no dates" in one for one in unsure(found, choices)) == 1
    )


def test_most_values_decide_the_order_of_dates_and_too_few_make_none() -> None:
    early = [f"{day}/{month}/2025" for day in range(1, 13) for month in range(1, 8)]
    assert dates_in([*early, "25/12/2024", "12/25/2024"]) == ("month-day-year", "day-month-year")  # one slip in each
    assert dates_in([*early, "25/12/2024", "26/12/2024", "2/30/2025"]) == ("day-month-year",)
    assert dates_in(["25.12.2024", "26.12.2024", "soon", "later"]) == ()
    assert dates_in(["2025-01-01", "2025-01-02", "2025-01-03", "2025-01-04", "soon"]) == ()


def test_invoices_alone_are_a_history(tmp_path: Path) -> None:
    """No column says what became of an invoice and no table lists the partners: both are supposed, and told."""
    lines = ("Invoice No,Reseller ID,Invoice Date,Net Amount", "7,R1,2024-01-31,120.00", "8,R2,2024-02-29,80.00")
    found = brought(tmp_path, {"invoices": lines})
    choices = suggested_all(found)
    assert missing(choices) == []
    assert "invoices.csv: no column says what became of a deal, so every row is taken as won." in unsure(found, choices)
    mapping = tmp_path / "mapping.yaml"
    mapping.write_text(json.dumps(mapping_of(choices)), encoding="utf-8")
    with open_history(tmp_path, mapping=mapping).closing() as history:
        assert history.panel({"revenue": CATALOGUE["revenue"]}).columns["revenue"].sum() == 20_000


def test_a_table_of_an_unknown_name_is_known_by_what_it_must_have() -> None:
    deals = Preview("report2", "report2", ("Opportunity ID", "Partner", "Stage", "Amount", "Created Date"),
                    (("1", "A", "Won", "1", "1/2/2024"),))  # fmt: skip
    weather = Preview("report3", "report3", ("Day", "Rain"), (("1/2/2024", "3"),))
    assert suggested(weather) is None
    choice = suggested(deals)
    assert choice is not None
    assert (choice.table, choice.dates, choice.numbers) == ("deals", "month-day-year", None)


CRM_DEALS = (
    "Opportunity ID", "Opportunity Name", "Partner Account Number", "Partner Account", "Stage", "Amount (USD)",
    "List Amount (USD)", "Cost (USD)", "Discount %", "Created Date", "Opp. Close Date", "Deal Reg. Approved",
    "Opportunity Currency", "Account Region", "Deal Date", "Cost (USD thousands)",
)  # fmt: skip


def test_names_with_units_and_words_of_their_table_are_known_and_others_are_not() -> None:
    deals = suggested_columns("deals", CRM_DEALS)
    assert {ours: deals[ours] for ours in ("partner_id", "amount", "cost", "closed_on", "registered_on", "currency")} == {
        "partner_id": "Partner Account Number", "amount": "Amount (USD)", "cost": "Cost (USD)",
        "closed_on": "Opp. Close Date", "registered_on": "Deal Reg. Approved", "currency": "Opportunity Currency",
    }  # fmt: skip
    assert {"Account Region", "Deal Date", "Cost (USD thousands)"}.isdisjoint(deals.values())
    partners = suggested_columns(
        "partners", ["Account Number", "Account Name", "Partner Type", "Billing Region", "Deal Region"]
    )
    assert (partners["partner_id"], partners["region"]) == ("Account Number", "Billing Region")
    activities = ("Activity ID", "Partner", "Activity Type", "Activity Date", "MDF Spend (USD)", "Deal Spend")
    assert suggested_columns("activities", activities)["spend"] == "MDF Spend (USD)"
    assert "cost" not in suggested_columns("deals", ["Cost (USD thousands)"])


IDS = Preview("Accounts", "Accounts.csv", ("Account Number", "Account Name", "Partner Type"),
              (("PA-1", "Ann", "VAR"), ("PA-2", "Bob", "MSP")))  # fmt: skip


def test_the_partner_of_a_deal_is_the_column_that_holds_the_ids_of_partners() -> None:
    names = ("Opportunity ID", "Partner", "Their No.", "Stage", "Amount", "Created Date", "Step")
    rows = (("O1", "Ann", "PA-1", "Won", "5", "1/15/2024", "1"), ("O2", "Cid", "PA-9", "Won", "5", "1/16/2024", "1"))
    deals = Preview("Deals", "Deals.csv", names, rows)
    by_name, chosen = suggested(deals), suggested_all([IDS, deals])[1]
    assert by_name is not None
    assert by_name.columns["partner_id"] == "Partner"
    assert chosen.columns == {**by_name.columns, "partner_id": "Their No."}
    assert unused(deals, chosen) == ["Partner", "Step"]
    small = replace(IDS, rows=(("1", "Ann", "VAR"), ("2", "Bob", "MSP")))
    other = replace(deals, rows=tuple((*row[:2], "1", *row[3:]) for row in rows))
    assert suggested_all([small, other])[1].columns["partner_id"] == "Partner"


CELLS = {
    ("month-day-year", None): [("3/5/2024 10:22 AM", "2024-03-05"), ("12/31/24", "2024-12-31"), ("2024-03-05", "2024-03-05")],
    ("day-month-year", None): [("5.3.2024", "2024-03-05"), ("31-12-2024", "2024-12-31")],
    ("year-month-day", None): [("2024/3/5", "2024-03-05")],
    ("day-month-year", "named"): [
        ("5 Mar 2024", "2024-03-05"), ("05-Mar-24", "2024-03-05"), ("5 March 2024 10:22", "2024-03-05"),
        ("5. März 2024", "2024-03-05"), ("12. Okt. 2024", "2024-10-12"), ("31 Dez 24", "2024-12-31"), ("1. Mai 2024", "2024-05-01"),
        ("05-MÄR-24", "2024-03-05"), ("5.Maerz.2024", "2024-03-05"), ("5 mrz 2024, 10:22", "2024-03-05"),
        ("7 Jän 2024", "2024-01-07"),
        ("30/Sept/2024", "2024-09-30"),
    ],
    ("month-day-year", "named"): [
        ("March 5, 2024", "2024-03-05"), ("Mar 05 2024 12:00AM", "2024-03-05"), ("Jun  5 2024", "2024-06-05"),
        ("Aug. 31, 24", "2024-08-31"),
    ],
    ("year-month-day", "named"): [("2024-Dec-05", "2024-12-05")],
}  # fmt: skip


@pytest.mark.parametrize(("written", "cell", "day"), [(way, *one) for way, cells in CELLS.items() for one in cells])
def test_a_date_is_read_in_its_order(written: tuple[str, str | None], cell: str, day: str, tmp_path: Path) -> None:
    assert opened(tmp_path, f"dates: {written[0]}", day=cell) == (day, 1_000)
    if written[1]:  # a name can be nothing but the month
        assert dates_in([cell, "2024-01-31"]) == (written[0],)


@pytest.mark.parametrize(("written", "cell", "cents"), [
    ("1,234.56", "$1,234.56", 123_456), ("1,234.56", "(1,234.5)", -123_450), ("1,234.56", "1234.56", 123_456),
    ("1.234,56", "1.234.567,8 EUR", 123_456_780), ("1.234,56", "-12,30 €", -1_230), ("1 234,56", "1 234,56", 123_456),
    ("1.234,56", "1.234,50\u00a0€", 123_450), ("1 234,56", "1\u202f234,56\u00a0EUR", 123_456),
    ("1'234.56", "CHF\u00a01'234.56", 123_456),
    ("1'234.56", "CHF 1'234.56", 123_456), ("1.234,56", "100-", -10_000), ("1,234.56", "", 0),
])  # fmt: skip
def test_a_number_is_read_with_its_marks(written: str, cell: str, cents: int, tmp_path: Path) -> None:
    more = 1 if not cell else 0
    assert opened(tmp_path, f'numbers: "{written}"', cost=cell)[1] == 1_000 - cents or more


@pytest.mark.parametrize(("written", "columns", "said"), [
    ("dates: day-month-year", {"day": "31.02.2024"}, "2024-02-31"),
    ("dates: day-month-year", {"day": "3/31/2024"}, "2024-31-03"),
    ('numbers: "1.234,56"', {"amount": "12.5"}, "12.5, not written as 1.234,56"),
    ("dates: day-month-year", {"day": "31 Feb 2024"}, "deals.csv row 2, column Day (deals.created_on): found '2024-02-31'"),
    ("dates: day-month-year", {"day": "5 Mars 2024"}, "found '5 Mars 2024'; allowed: a date"),
    ("dates: day-month-year", {"day": "March 5, 2024"}, "found 'March 5, 2024'; allowed: a date such as 2013-05-31, "
     "from 1900 to 2100. A mapping reads it by dates: month-day-year."),
    ("dates: year-month-day", {"day": "24-Mar-05"}, "A mapping reads it by dates: day-month-year."),
    ('numbers: "1,234.56"', {"amount": "12,5"}, "12,5, not written as 1,234.56"),
    ('numbers: "1,234.56"', {"amount": "1,234.56.7"}, "not written as"),
    ('numbers: "1,234.56"', {"amount": "(12"}, "not written as"),
    ("numbers: 1234", {}, "numbers"), ("dates: month-year", {}, "dates"),
])  # fmt: skip
def test_what_is_written_otherwise_is_refused_with_its_row(
    written: str, columns: dict[str, str], said: str, tmp_path: Path
) -> None:
    with pytest.raises(InputError) as refused:
        opened(tmp_path, written, **columns)
    assert said in str(refused.value)


COLUMNS = "deal_id: No., partner_id: Who, status: Now, created_on: Day, closed_on: End, amount: Sum, cost: Cost"


def opened(
    folder: Path, written: str, *, day: str = "2024-03-05", amount: str = "10", cost: str = "", columns: str = COLUMNS
) -> tuple[str, int]:
    """The day of the only deal, and its margin in cents."""
    (folder / "partners.csv").write_text("partner_id,type\nA,reseller\n", encoding="utf-8")
    cells = ("1", "A", "won", day, day, f'"{amount}"', f'"{cost}"')
    (folder / "deals.csv").write_text("No.;Who;Now;Day;End;Sum;Cost\n" + ";".join(cells) + "\n", encoding="utf-8")
    mapping = folder / "mapping.yaml"
    mapping.write_text(
        "tables:\n  partners: {from: partners, columns: {partner_id: partner_id, type: type}}\n  deals:\n    from: deals\n"
        f"    {written}\n    columns: {{{columns}}}\n",
        encoding="utf-8",
    )
    with open_history(folder, mapping=mapping).closing() as history:
        rows = history.store.rows("SELECT CAST(closed_on AS VARCHAR), amount - coalesce(cost, 0) FROM {deals}")
    return str(rows[0][0]), int(rows[0][1])


def test_a_column_that_is_not_there_is_told_once(tmp_path: Path) -> None:
    columns = COLUMNS.replace("status: Now", "status: {column: Know, values: {won: won}}").replace("Sum", "Summ")
    with pytest.raises(InputError) as refused:
        opened(tmp_path, "dates: day-month-year", columns=columns)
    said = [problem.message.split(" has ")[1] for problem in refused.value.problems]
    assert said == ["no column Know.", "no column Summ."]


@pytest.mark.parametrize("word", ["Fakturiert", "bezahlt", "Geliefert", "abgeschlossen", "facturado", "Fulfilled"])
def test_words_of_invoices_say_that_a_deal_is_won(word: str) -> None:
    """Taken for open, all sales of such an export would drop out."""
    assert WORDED["deals", "status"].sure(word)
    assert suggested_status(word) == "won"


@pytest.mark.parametrize(
    "word", ["Phase Z", "Übergeben", "Not shipped", "Incomplete", "Unpaid", "Renewed", "9", "Partially delivered"]
)
def test_a_word_that_says_nothing_is_asked_and_not_guessed(word: str, tmp_path: Path) -> None:
    """Taken for open its deals would drop out of revenue; taken for won they would be paid."""
    assert not WORDED["deals", "status"].sure(word)
    partners, deals = "partner_id,name,type\nP1,Ann,reseller", "deal_id,partner_id,status,created_on,closed_on,amount"
    choices = suggested_all(brought(tmp_path, {"partners": (partners,), "deals": (
        deals, "D1,P1,won,2024-01-02,2024-02-01,10.00", f"D2,P1,{word},2024-01-02,2024-02-01,20.00")}))  # fmt: skip
    assert missing(choices) == [f"what {word!r} means (deals.status)"]
    said = mapping_of(choices)["tables"]["deals"]["columns"]["status"]
    assert word not in json.dumps(said)
    (tmp_path / "mapping.yaml").write_text(json.dumps(mapping_of(choices)), encoding="utf-8")
    with pytest.raises(InputError, match="status"):
        open_history(tmp_path, mapping=tmp_path / "mapping.yaml")


@pytest.mark.parametrize("word", [
    "Negotiation/Review", "Id. Decision Makers", "Qualification", "In Progress", "appointmentscheduled", "decisionmakerboughtin",
    "qualifiedtobuy", "Angebot", "Awaiting payment", "Proposal/Price Quote",
])  # fmt: skip
def test_stages_that_systems_know_are_open(word: str) -> None:
    assert suggested_status(word) == "open"


def test_a_quote_that_was_lost_is_lost() -> None:
    assert [suggested_status(one) for one in ("Quote lost", "Pending cancellation", "closedlost")] == [
        "lost",
        "",
        "lost",
    ]
