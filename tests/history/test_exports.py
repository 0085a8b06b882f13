"""Exports as tools write them: other languages, titles above and totals below, statuses beside stages, grouped thousands."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from incentive_lab.errors import InputError
from incentive_lab.history import History, open_history
from incentive_lab.history.mapping_writing import mapping_of
from incentive_lab.history.previewing import previews
from incentive_lab.history.suggesting import Choice, missing, suggested_all, unsure

LANGUAGES = {
    "German": ("Händler;Händler-Nr.;Firma;Kategorie;Land", "Fachhändler",
               "Aufträge;Auftrags-Nr.;Händler-Nr.;Status;Auftragsdatum;Abschlussdatum;Betrag netto", "Gewonnen", "Storniert"),
    "French": ("Partenaires;Code partenaire;Raison sociale;Type de partenaire;Pays", "Revendeur",
               "Affaires;N° affaire;Code partenaire;Étape;Date de création;Date de clôture;Montant HT", "Gagnée", "Perdue"),
    "Spanish": ("Socios;Código de socio;Nombre;Tipo de socio;País", "Revendedor",
                "Oportunidades;Nº oportunidad;Código de socio;Etapa;Fecha de creación;Fecha de cierre;Importe", "Ganada",
                "Perdida"),
    "Dutch": ("Wederverkopers;Partnernummer;Naam;Soort partner;Regio", "Wederverkoper",
              "Verkoopkansen;Ordernummer;Partnernummer;Status;Aangemaakt op;Gesloten op;Bedrag excl. btw", "Gewonnen", "Verloren"),
    "Italian": ("Rivenditori;Codice partner;Ragione sociale;Tipo partner;Paese", "Rivenditore",
                "Ordini;Numero ordine;Codice partner;Stato;Data creazione;Data chiusura;Importo netto", "Chiusa vinta",
                "Chiusa persa"),
    "Portuguese": ("Parceiros;Código do parceiro;Nome;Tipo de parceiro;País", "Revendedor",
                   "Oportunidades;Número da oportunidade;Código do parceiro;Estágio;Data de criação;Data de fechamento;Valor",
                   "Ganho", "Perdido"),
}  # fmt: skip


def brought(folder: Path, files: dict[str, str]) -> tuple[list[Choice], list[str]]:
    for name, text in files.items():
        (folder / f"{name}.csv").write_text(text, encoding="utf-8")
    found, problems = previews(folder)
    assert not problems
    choices = suggested_all(found)
    return choices, unsure(found, choices)


def opened(folder: Path, choices: list[Choice]) -> History:
    assert missing(choices) == []
    (folder / "mapping.yaml").write_text(json.dumps(mapping_of(choices)), encoding="utf-8")
    return open_history(folder, mapping=folder / "mapping.yaml")


def won(history: History) -> list[tuple[str, int]]:
    sql = "SELECT strftime(closed_on, '%Y-%m'), CAST(sum(amount) AS BIGINT) FROM {deals} t WHERE status = 'won' GROUP BY 1"
    return [(row[0], row[1]) for row in history.store.rows(sql)]


@pytest.mark.parametrize("language", LANGUAGES)
def test_an_export_in_another_language_opens_as_it_is_suggested(language: str, tmp_path: Path) -> None:
    partners, kind, deals, yes, no = LANGUAGES[language]
    (first, *names), (second, *columns) = partners.split(";"), deals.split(";")
    choices, _ = brought(tmp_path, {
        first: f"{';'.join(names)}\nP1;Ann;{kind};DE\n",
        second: f"{';'.join(columns)}\nA1;P1;{yes};15.01.2024;31.03.2024;1.234,50\nA2;P1;{no};15.01.2024;31.03.2024;9,00\n",
    })  # fmt: skip
    with opened(tmp_path, choices).closing() as history:
        assert won(history) == [("2024-03", 123_450)]
        assert list(history.partners["type"]) == ["reseller"]


PARTNERS = "Partner ID,Partner Name,Partner Type\nP1,Ann,Reseller\n"
DEALS = "Deal ID,Partner ID,Stage,Amount,Created Date,Close Date"
ROWS = "\nD1,P1,Closed Won,10.50,2024-01-05,2024-03-01\nD2,P1,Closed Won,20,2024-01-05,2024-03-09\n"


@pytest.mark.parametrize(("above", "below", "notes"), [
    ("", '"Grand Totals (2 records)"\n\n"Copyright (c) 2000-2025 salesforce.com, inc."\n', ["2 lines at its end"]),
    ("Deals of 2024\nMade by,Ann\n\n", "", ["its header was found below 2 lines: 'Deals of 2024', 'Made by'"]),
    ("Deals of 2024\n\n", ",,,$30.50,,\n,,,,,\n", ["below 1 line", "1 line at its end with one cell is no row"]),
    ("", ",,,,,\n,,,,,\n", []),
])  # fmt: skip
def test_titles_and_totals_of_a_report_are_no_rows_and_told(
    above: str, below: str, notes: list[str], tmp_path: Path
) -> None:
    choices, _ = brought(tmp_path, {"partners": PARTNERS, "deals": above + DEALS + ROWS + below})
    with opened(tmp_path, choices).closing() as history:
        assert won(history) == [("2024-03", 3_050)]
        told = [one for one in history.warnings if one.startswith("deals.csv")]
    assert len(told) == len(notes)
    assert all(note in one for note, one in zip(notes, told, strict=True))


@pytest.mark.parametrize("below", ["D3", "D3,,,,,\n", "D3,P1\n"])
def test_a_row_that_was_cut_off_is_refused_and_not_taken_for_a_footer(below: str, tmp_path: Path) -> None:
    choices, _ = brought(tmp_path, {"partners": PARTNERS, "deals": DEALS + ROWS + below})
    with pytest.raises(InputError, match="row 4"):
        opened(tmp_path, choices)


def test_a_problem_below_a_title_names_the_row_of_the_file(tmp_path: Path) -> None:
    wrong = ROWS.replace("D2,P1", "D2,P9")
    choices, _ = brought(tmp_path, {"partners": PARTNERS, "deals": "Deals\n\n" + DEALS + wrong})
    with pytest.raises(InputError, match=r"deals\.csv row 5, column Partner ID"):
        opened(tmp_path, choices)


def test_where_a_deal_stands_is_the_column_that_says_won(tmp_path: Path) -> None:
    """Taken from the stage, every deal would be open, and nothing would be paid."""
    deals = (
        "Deal - ID,Deal - Value,Deal - Currency of Value,Deal - Stage,Deal - Status,Deal - Deal created,Deal - Won time,"
        "Deal - Reselling partner\n"
        "1,10.50,Euro,Proposal Made,Won,2024-01-05 08:00:00,2024-03-01 10:00:00,P1\n"
        "2,20,Euro,Proposal Made,Lost,2024-01-05 08:00:00,,P1\n"
    )
    choices, _ = brought(tmp_path, {"partners": PARTNERS, "deals": deals})
    with opened(tmp_path, choices).closing() as history:
        assert history.currency == "EUR"
        assert won(history) == [("2024-03", 1_050)]


def test_a_point_with_three_digits_behind_it_parts_thousands(tmp_path: Path) -> None:
    """Taken for cents, all amounts would be a thousandth."""
    rows = "".join(f"D{n},P1,Closed Won,{n}.500,2024-01-05,2024-03-0{n}\n" for n in range(1, 5))
    choices, told = brought(tmp_path, {"partners": PARTNERS, "deals": f"{DEALS}\n{rows}"})
    assert told == ["deals.csv: all its amounts with a point have three digits behind it, so 1.234 is read as 1234."]
    with opened(tmp_path, choices).closing() as history:
        assert won(history) == [("2024-03", 1_200_000)]


def test_rows_far_below_decide_the_order_of_dates(tmp_path: Path) -> None:
    day = [f"D{n},P1,Open,10,0{1 + n % 9}/02/2024," for n in range(300)] + ["D300,P1,Open,10,25/02/2024,"]
    choices, told = brought(tmp_path, {"partners": PARTNERS, "deals": "\n".join([DEALS, *day, ""])})
    assert told == []
    assert choices[0].dates == "day-month-year"


def test_a_column_that_marks_cancelled_rows_and_is_not_used_is_told(tmp_path: Path) -> None:
    partners = "Partner ID;Partner Name;Partner Type\nP1;One;Reseller\n"
    (tmp_path / "partners.csv").write_text(partners, encoding="utf-8")
    head = "Deal ID;Partner ID;Status;Created Date;Close Date;Amount;CurrencyIsoCode;Storno\n"
    rows = "D1;P1;Won;2024-01-05;2024-01-09;100.00;EUR;\nD2;P1;Won;2024-01-06;2024-01-19;70.00;USD;{mark}\n"
    for mark, known in (("X", True), ("", False)):
        (tmp_path / "deals.csv").write_text(head + rows.format(mark=mark), encoding="utf-8")
        found, _ = previews(tmp_path)
        choices = suggested_all(found)
        deals = next(one for one in choices if one.table == "deals")
        assert deals.columns["currency"] == "CurrencyIsoCode"
        assert any("column Storno is not used" in one for one in unsure(found, choices)) is known
