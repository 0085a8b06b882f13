"""One amount everywhere: replay, statements, exported files, workbook and page, in currencies with 0, 2 and 3 decimals."""

from __future__ import annotations

import csv
import io
import json
import random
from collections.abc import Iterator
from decimal import Decimal
from functools import cache
from pathlib import Path

import numpy as np
import openpyxl
import pytest

from incentive_lab.engine.replay import Replay, replay
from incentive_lab.engine.statement import statement, statements
from incentive_lab.history import open_history
from incentive_lab.history.for_schemes import panel_for
from incentive_lab.history.history import History
from incentive_lab.money import decimals, in_units, smallest_amount
from incentive_lab.report.case import Case
from incentive_lab.report.evidence import replay_document
from incentive_lab.report.statement_sheet import statement_document
from incentive_lab.report.workbook import workbook_bytes
from incentive_lab.results import payout_lines, replay_result, say_replay, statement_lines
from incentive_lab.scheme.baseline import Pair
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.dump import dumps
from incentive_lab.scheme.fingerprint import fingerprint
from incentive_lab.scheme.load import loads

CURRENCIES = ("USD", "JPY", "KWD")
FLAT = "scheme: flat\ncurrency: {}\neffective: {{from: 2024-01-01}}\nrules: [{{id: c, on: revenue, rate: 3.0001%}}]"
TEXTS = {
    "line": "returns: original_rate\nrules: [{id: a, on: revenue, per: quarter, rate: 3.337%}, {id: b, on: units, rate: 0.3337}]",
    "total": "rounding: {at: total}\nreturns: original_rate\nrules: [{id: a, on: revenue, per: month, rate: 3.337%}]",
    "prorated": "rounding: {at: total}\nbudget: {amount: 900, when_exceeded: prorate}\nrules: [{id: a, on: revenue, rate: 3.337%}]",
    "first-come": "rounding: {at: total}\nbudget: {amount: 900, when_exceeded: first_come}\n"
    "rules: [{id: a, on: revenue, per: deal, rate: 3.337%}]",
    "capped": "rules: [{id: a, on: revenue, per: month, rate: 5.5551%}]\ncaps: [{for: partner, per: quarter, amount: 100}]",
    "carried": "rounding: {at: total}\nreturns: original_rate\nminimum_payout: {amount: 40, below: carry}\n"
    "rules: [{id: a, on: revenue, per: month, rate: 3.337%}]",
    "kept": "rounding: {at: total}\nbaseline: flat\nrules: [{id: a, on: revenue, per: quarter, rate: 2.337%}]\n"
    "guarantees: [{against: baseline, keep: 97.7%}]",
    "pooled": "rules: [{id: a, on: revenue, rate: 3.337%}]\npools: [{id: p, rules: [a], share: 1%, of: revenue, per: quarter}]",
    "seats": "rules: [{id: a, on: revenue, rate: 3.337%}, {id: seats, on: units, rate: 7, non_cash: true}]",
}


@cache
def tables(currency: str) -> dict[str, str]:
    """Deals with returns, splits among three, joiners in mid-month and partners without deals."""
    chance, fine = random.Random(7), smallest_amount(currency)
    partners = "partner_id,name,type,joined_on\n" + "".join(
        f"P{number},=Name {number},{'msp' if number % 2 else 'reseller'},{f'2024-0{number}-15' if number > 5 else ''}\n"
        for number in range(1, 10)
    )
    deals, splits = "deal_id,partner_id,status,created_on,closed_on,amount,quantity,returned_on,returned_amount\n", ""
    for number in range(160):
        month, partner = chance.randint(0, 13), chance.randint(1, 7)
        amount = chance.randint(10_000, 900_000) * Decimal("0.001") // fine * fine
        back = chance.random() < 0.2
        day = f"{2024 + month // 12}-{month % 12 + 1:02d}"
        returned = f"{day}-27,{amount / 3 // fine * fine}" if back else ","
        deals += f"D{number},P{partner},won,{day}-01,{day}-11,{amount},{chance.randint(1, 5)},{returned}\n"
        if not back and chance.random() < 0.3:
            shares = zip(chance.sample(range(1, 8), 3), ("0.3333", "0.3333", "0.3334"), strict=True)
            splits += "".join(f"D{number},P{one},{share}\n" for one, share in shares)
    return {"partners": partners, "deals": deals, "deal_partners": "deal_id,partner_id,share\n" + splits}


@pytest.fixture(scope="module", params=CURRENCIES)
def history(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[History]:
    folder = tmp_path_factory.mktemp(request.param)
    for name, text in tables(request.param).items():
        (folder / f"{name}.csv").write_text(text)
    opened = open_history(folder, currency=request.param)
    with opened.closing():
        yield opened


def scheme(name: str, currency: str) -> Scheme:
    return loads(f"scheme: {name}\ncurrency: {currency}\neffective: {{from: 2024-01-01}}\n{TEXTS[name]}")


def paid(history: History, name: str) -> tuple[Pair, Replay, Replay]:
    """A scheme beside a flat commission, and what both pay."""
    flat = loads(FLAT.format(history.currency))
    pair = Pair.of(scheme(name, history.currency), flat, {"flat": flat}.get)
    panel = panel_for(history, *pair.schemes)
    assert pair.baseline is not None
    return pair, replay(pair.scheme, panel, baseline=pair.floor), replay(pair.baseline, panel)


def exact(amount: float) -> Decimal:
    return Decimal(repr(float(amount)))


def whole(result: Replay, minor: float) -> Decimal:
    """Minor units in whole ones, without the last digits of float64."""
    return exact(in_units(minor, result.panel.currency))


def case_of(pair: Pair, after: Replay, before: Replay) -> Case:
    """The case that a submission of these replays makes."""
    assert pair.baseline is not None
    documents = {"scheme.yaml": dumps(pair.scheme), "baseline.yaml": dumps(pair.baseline),
                 "replay.json": json.dumps(replay_document(pair, after, before))}  # fmt: skip
    row = {"id": "a-1", "state": "submitted", "population": "all", "starts": "2026-01-01", "ends": "2027-01-01", "author": "ann",
               "authenticated": False, "reason": "why", "fingerprint": after.fingerprint, "history_id": after.panel.history_id,
               "code_version": "1", "signatures": [], "round": 1, "missing_signatures": [], "remarks": []}  # fmt: skip
    return Case.of(row, {name: text.encode() for name, text in documents.items()})


@pytest.mark.parametrize("name", TEXTS)
def test_replay_statements_files_and_workbook_say_one_amount(history: History, name: str) -> None:
    pair, after, before = paid(history, name)
    total = whole(after, after.cost)
    assert total > 100
    assert np.abs(after.by_partner - np.round(after.by_partner)).max() < 1e-6  # nobody is paid parts of a cent
    told = replay_result(after, before)
    money = {name for name in told["by_rule"] if name not in told.get("not_in_money", ())}
    for part in ("by_month", "by_tier", "by_partner", "by_rule"):
        assert sum(exact(one) for key, one in told[part].items() if part != "by_rule" or key in money) == total, part
    assert sum(map(exact, told["change"]["by_partner"].values())) == total - whole(before, before.cost)
    rows = list(csv.DictReader(io.StringIO(payout_lines(after))))
    assert sum(Decimal(row["amount"]) for row in rows) == total
    assert {row["line"] for row in rows} <= money
    lines = list(csv.DictReader(io.StringIO(statement_lines(after, pair.floor))))
    assert sum(Decimal(row["amount"]) for row in lines if row["in_money"] == "yes") == total
    for place, one in enumerate(statements(after, pair.floor)):
        own = whole(after, after.by_partner[place])
        assert exact(one.total) == sum((exact(line.amount) for line in one.lines if line.in_money), Decimal(0)) == own
        mine = sum((Decimal(row["amount"]) for row in rows if row["partner_id"] == one.partner), Decimal(0))
        assert mine == own == exact(told["by_partner"][one.partner])
    case = case_of(pair, after, before)
    book = openpyxl.load_workbook(io.BytesIO(workbook_bytes(case)), data_only=True)
    for sheet in ("Months", "Rules", "Partners"):
        cells = list(book[sheet].iter_rows(min_row=2, max_col=3, values_only=True))
        *parts, last = cells[: [str(row[0]) for row in cells].index("Total") + 1]
        assert sum(exact(row[2]) for row in parts) == total, sheet
        assert round(exact(last[2]), 6) == total, sheet
    lost = -sum(exact(one) for one in told["change"]["by_partner"].values() if one < 0)
    assert f"lose together {lost:,.{decimals(after.panel.currency)}f} " in case.people_words()


@pytest.mark.parametrize("name", ["line", "total", "seats"])
def test_a_page_shows_as_many_decimals_as_the_currency_has(history: History, name: str) -> None:
    from incentive_lab.ui.sheet import ALL, lines_frame

    _, after, _ = paid(history, name)
    for row in range(after.panel.partners):
        frame = lines_frame(after, row)
        assert exact(frame[ALL].iloc[-1]) == whole(after, after.by_partner[row])
        shown = [line for line in frame["Line"] if "seats" in line]
        assert shown in ([], ["seats (not in money)"])


def test_what_is_not_paid_in_money_is_said_to_be_no_part_of_the_total(
    history: History, capsys: pytest.CaptureFixture[str]
) -> None:
    from incentive_lab.charts.parts import rules_chart

    _, after, before = paid(history, "seats")
    say_replay(replay_result(after, before))
    assert "not in money, no part of the total" in capsys.readouterr().out
    assert [name for trace in rules_chart(after).figure.data for name in (trace.customdata or ())] == ["a"]
    told = statement_document(statement(after, "P1"), "One", "all", "Seats").plain()["blocks"][1]["rows"]
    assert {row[1] for row in told} == {"a", "seats (not in money)", "Total in money"}


@pytest.mark.parametrize(("currency", "amount"), [("USD", 3.34), ("JPY", 3.0), ("KWD", 3.337)])
def test_without_a_word_amounts_are_rounded_to_the_smallest_of_the_currency(
    tmp_path: Path, currency: str, amount: float
) -> None:
    (tmp_path / "partners.csv").write_text("partner_id,type\nP1,msp\n")
    deal = "D1,P1,won,2024-01-02,2024-01-03,100\n"
    (tmp_path / "deals.csv").write_text("deal_id,partner_id,status,created_on,closed_on,amount\n" + deal)
    text = f"{{scheme: a, currency: {currency}, effective: {{from: 2024-01-01}}, rules: [{{id: a, on: revenue, rate: 3.337%}}]}}"
    bare, said = loads(text), loads(text[:-1] + f", rounding: {{to: {smallest_amount(currency)}}}}}")
    with open_history(tmp_path, currency=currency).closing() as opened:
        result = replay(bare, panel_for(opened, bare))
    assert result.cost / result.minor == amount
    assert fingerprint(bare) == fingerprint(said)
    assert loads(dumps(said)).smallest == bare.smallest == smallest_amount(currency)
    coarse = loads(text[:-1] + ", rounding: {to: 5}}")
    assert loads(dumps(coarse)).smallest == 5
    assert fingerprint(coarse) != fingerprint(bare)
