"""The commands on a real replay: propose, sign, verify, export, reproduce."""

from __future__ import annotations

import csv
import io
import json
import zipfile
from pathlib import Path

import openpyxl
import pytest

from incentive_lab.errors import InputError
from incentive_lab.registry.evidence import left_out_of
from incentive_lab.registry.people import MAY, ROLES
from incentive_lab.registry.policy import Policy
from incentive_lab.registry.service import Registry
from incentive_lab.registry_cli import _say_people
from incentive_lab.report.blocks import Points
from incentive_lab.report.case import Case
from incentive_lab.report.memo import memo
from incentive_lab.report.pack import opened_pack, zipped
from tests.cli.conftest import Command, ask, place  # noqa: F401

KEPT: list[bytes] = []
"""The registry after the proposal, which is the same for every test."""


@pytest.fixture
def proposed(place: Path, ask: Command, monkeypatch: pytest.MonkeyPatch, quick: Path) -> Path:  # noqa: F811
    file = quick / "registry.sqlite"
    monkeypatch.setenv("INCENTIVE_LAB_DATABASE_URL", f"sqlite:///{file}")
    if KEPT:
        file.write_bytes(KEPT[0])
        return place
    code, said = ask("registry", "submit", place / "grown.yaml", "--history", place / "history", "--as", "=ann",
                     "--reason", '=HYPERLINK("http://evil","<b>x</b>")')  # fmt: skip
    assert code == 0, said
    assert (said["id"], said["state"], said["needs"]) == ("grown-1", "submitted", ["finance", "approver"])
    KEPT.append(file.read_bytes())
    return place


def signed(ask: Command, revision: str = "grown-1") -> None:  # noqa: F811
    for name in ("ben", "cat"):
        code, said = ask("registry", "approve", revision, "--as", name, "--reason", "agreed")
        assert code == 0, said
    assert said["state"] == "approved"


def test_the_commands_move_a_revision(proposed: Path, ask: Command) -> None:  # noqa: F811
    code, said = ask("registry", "approve", "grown-1", "--as", "=ann", "--reason", "mine")
    assert (code, said["ok"]) == (1, False)
    signed(ask)
    assert ask("registry", "activate", "grown-1", "--as", "ben", "--reason", "now")[1]["state"] == "active"
    code, said = ask("registry", "list")
    assert [row["state"] for row in said["revisions"]] == ["active"]
    assert ask("registry", "show", "grown-1")[1]["signatures"][0]["authenticated"] is False
    code, said = ask("registry", "verify")
    assert (code, said["ok"], said["first_bad"]) == (0, True, None)
    assert ask("registry", "verify", "--head", "99:" + "0" * 64)[1]["first_bad"]["seq"] == 99
    assert ask("registry", "retire", "grown-1", "--as", "ben", "--reason", "over")[1]["state"] == "retired"


def test_settings_are_changed_inside_their_bounds(proposed: Path, ask: Command) -> None:  # noqa: F811
    code, said = ask("registry", "policy", "--both-above", "60%", "--as", "root", "--reason", "a small programme")
    assert (code, said["both_above"], said["review_every"]) == (0, 0.6, 3)
    code, said = ask("registry", "policy", "--review-every", "0", "--as", "root", "--reason", "never")
    assert (code, said["problems"][0]["path"]) == (1, "--review-every")
    strict = ("registry", "policy", "--no-typed-names", "--as", "root", "--reason", "all sign in")
    assert "somebody who signs in must be admin" in ask(*strict)[1]["problems"][0]["message"]
    ask("registry", "people", "root", "admin", "--as", "root")
    ask(
        "registry",
        "people",
        "Ann Lee",
        "admin",
        "--issuer",
        "https://login.example",
        "--subject",
        "a-1",
        "--as",
        "root",
    )
    assert ask(*strict)[0] == 0
    told = ask("registry", "people")[1]
    assert [(one["name"], one["roles"], one["subject"]) for one in told["people"]] == [
        ("Ann Lee", "admin", "a-1"), ("root", "admin", None),
    ]  # fmt: skip
    assert told["policy"]["typed_names"] is False
    code, said = ask("registry", "approve", "grown-1", "--as", "ben", "--reason", "agreed")
    assert "takes no typed names" in said["problems"][0]["message"]


def test_a_pack_on_an_unreadable_history_asks_for_its_mapping(proposed: Path, ask: Command) -> None:  # noqa: F811
    assert ask("registry", "export", "grown-1", "--as", "cat", "--out", proposed / "asked.zip")[0] == 0
    (proposed / "unmapped").mkdir()
    (proposed / "unmapped" / "accounts.csv").write_text("AccountId\nA1\n")
    code, said = ask("registry", "reproduce", proposed / "asked.zip", "--history", proposed / "unmapped")
    assert (code, said["problems"][0]["path"]) == (1, "--mapping")
    assert "does not hold the mapping" in said["problems"][0]["message"]
    assert len(said["problems"]) > 1


def test_a_pack_holds_the_mapping_of_its_history(proposed: Path, ask: Command) -> None:  # noqa: F811
    own, file = proposed / "own", proposed / "own.yaml"
    own.mkdir()
    tables = []
    for path in sorted((proposed / "history").glob("*.csv")):
        header, *rest = path.read_text().splitlines()
        (own / f"our-{path.name}").write_text("\n".join([",".join(f"our {name}" for name in header.split(",")), *rest]))
        columns = "".join(f"      {name}: our {name}\n" for name in header.split(","))
        tables.append(f"  {path.stem}:\n    from: our-{path.stem}\n    columns:\n{columns}")
    file.write_text("tables:\n" + "".join(tables))
    code, said = ask("registry", "submit", proposed / "grown.yaml", "--history", own, "--mapping", file, "--as", "dan",
                     "--reason", "on our own export", "--population", "ours")  # fmt: skip
    assert code == 0, said
    assert ask("registry", "export", said["id"], "--as", "cat", "--out", proposed / "own.zip")[0] == 0
    file.unlink()
    code, said = ask("registry", "reproduce", proposed / "own.zip")
    assert (code, said.get("matches")) == (0, True), said


def test_a_pack_tells_which_rows_were_left_out_and_leaves_them_out_again(proposed: Path, ask: Command) -> None:  # noqa: F811
    deals, activities = proposed / "history" / "deals.csv", proposed / "history" / "activities.csv"
    before = deals.read_text()
    cheap = "Y1,B,won,2024-04-01,2024-04-30,70000.00,80000.00,USD\n"
    deals.write_text(before + cheap + before.splitlines()[-1] + "\n")
    activities.write_text(activities.read_text() + "X9,Z,2024-05-05,certification,1\n")
    kinds = ("negative_margins", "duplicates", "orphans")
    exclude = [word for kind in kinds for word in ("--exclude", kind)]
    code, said = ask("registry", "submit", proposed / "grown.yaml", "--history", proposed / "history", *exclude, "--as", "dan",
                     "--reason", "below cost is a test account", "--population", "odd")  # fmt: skip
    assert code == 0, said
    pack = proposed / "odd.zip"
    assert ask("registry", "export", said["id"], "--as", "cat", "--out", pack)[0] == 0
    held = opened_pack(pack.read_bytes())
    assert held.left_out is not None
    found = {one["kind"]: (one["rows"], one["amount"]) for one in held.left_out["findings"]}
    assert found == {"duplicates": (1, 500.5), "orphans": (1, 0.0), "negative_margins": (1, 70_000.0)}
    below = "Left out of the history: 1 won deal was sold below cost (70,000.00 USD; Y1; --exclude negative_margins)."
    case = Case.of(json.loads(held.files["decision.json"]), held.files)
    assert below in case.left_out
    assert below in [one for block in memo(case).blocks if isinstance(block, Points) for one in block.items]
    cells = openpyxl.load_workbook(io.BytesIO(held.files["workbook.xlsx"]))["Decision"].iter_rows(values_only=True)
    assert ("Left out", below) in list(cells)
    code, said = ask("registry", "reproduce", pack)  # leaves out what the pack says
    assert (code, said.get("matches")) == (0, True), said
    assert said["compared"]["left-out.json"] > 5
    assert below in said["notes"]
    code, said = ask("registry", "verify", "--pack", pack)
    assert f"{held.manifest['id']}: {below}" in said["notes"]
    code, said = ask("registry", "reproduce", pack, "--exclude", "duplicates", "--exclude", "orphans")
    assert code == 1
    assert any(one["path"].startswith("left-out.json: findings") for one in said["differences"])
    # The rows that were left out may be gone by now: then it is the same history, of which nothing is left out.
    deals.write_text(before)
    activities.write_text("".join(activities.read_text().splitlines(keepends=True)[:-1]))
    code, said = ask("registry", "reproduce", pack)
    assert (code, said["matches"]) == (0, True)
    assert said["notes"][-1] == "Here nothing was left out."


def test_a_pack_that_left_nothing_out_says_when_it_is_run_with_less(proposed: Path, ask: Command) -> None:  # noqa: F811
    deals = proposed / "history" / "deals.csv"
    deals.write_text(deals.read_text() + "Y1,B,won,2024-04-01,2024-04-30,1.00,2.00,USD\n")
    code, said = ask("registry", "submit", proposed / "grown.yaml", "--history", proposed / "history", "--as", "dan",
                     "--reason", "all of it", "--population", "whole")  # fmt: skip
    assert ask("registry", "export", said["id"], "--as", "cat", "--out", proposed / "whole.zip")[0] == 0
    assert opened_pack((proposed / "whole.zip").read_bytes()).left_out is None
    code, said = ask("registry", "reproduce", proposed / "whole.zip", "--exclude", "negative_margins")
    assert code == 1
    assert "The pack says of no rows that were left out; here some were:" in said["notes"]


@pytest.mark.parametrize("body", [b"[]", b"{", b'{"currency": "USD", "findings": [{"kind": 1}]}'])
def test_a_document_of_rows_left_out_that_says_nothing_is_refused(body: bytes) -> None:
    with pytest.raises(InputError) as error:
        left_out_of({"left-out.json": body})
    assert "does not say which rows were left out" in str(error.value)


def test_a_pack_reproduces_figure_by_figure(proposed: Path, ask: Command) -> None:  # noqa: F811
    signed(ask)
    code, said = ask("registry", "export", "grown-1", "--as", "cat", "--out", proposed / "pack.zip")
    assert code == 0, said
    code, said = ask("registry", "reproduce", proposed / "pack.zip", "--history", proposed / "history")
    assert (code, said["matches"], said["differences"], said["not_run"]) == (0, True, [], [])
    assert said["figures"] > 40
    assert {"replay.json", "payouts.csv", "guide.html", "memo.pdf", "workbook.xlsx", "rates.csv"} <= said[
        "compared"
    ].keys()
    # One more deal is another history, and other figures.
    deals = proposed / "history" / "deals.csv"
    deals.write_text(deals.read_text() + "Z1,B,won,2024-04-01,2024-04-30,9000.00,400.00,USD\n")
    code, said = ask("registry", "reproduce", proposed / "pack.zip", "--history", proposed / "history")
    assert (code, said["matches"]) == (1, False)
    assert {"replay.json: history_id", "replay.json: total"} <= {one["path"] for one in said["differences"]}
    assert "payouts.csv" in {one["path"].split(":")[0] for one in said["differences"]}


def test_a_pack_with_any_byte_changed_is_refused(proposed: Path, ask: Command) -> None:  # noqa: F811
    ask("registry", "export", "grown-1", "--as", "cat", "--out", proposed / "pack.zip")
    body = (proposed / "pack.zip").read_bytes()
    assert opened_pack(body).manifest["id"] == "grown-1"
    places = {*range(0, len(body), max(1, len(body) // 60)), *range(40), *range(len(body) - 90, len(body))}
    for place_ in places:
        changed = bytearray(body)
        changed[place_] ^= 1
        with pytest.raises(InputError, match="pack"):
            opened_pack(bytes(changed))
    with pytest.raises(InputError):
        opened_pack(body + b"\0")
    with zipfile.ZipFile(proposed / "pack.zip") as archive:
        files = {name: archive.read(name) for name in archive.namelist()}
    with pytest.raises(InputError, match=r"evil\.txt"):
        opened_pack(zipped({**files, "../evil.txt": b"x"}))


def test_text_in_a_pack_is_neither_formula_nor_markup(proposed: Path, ask: Command) -> None:  # noqa: F811
    ask("registry", "export", "grown-1", "--as", "cat", "--out", proposed / "pack.zip")
    pack = opened_pack((proposed / "pack.zip").read_bytes())
    (proposed / "book.xlsx").write_bytes(pack.files["workbook.xlsx"])
    book = openpyxl.load_workbook(proposed / "book.xlsx")
    formulas = [cell.value for sheet in book for row in sheet.iter_rows() for cell in row if cell.data_type == "f"]
    assert formulas
    assert all(one.startswith(("=SUM(", "=C")) for one in formulas)
    assert any(
        "HYPERLINK" in str(cell.value) and cell.data_type == "s" for row in book["Decision"].iter_rows() for cell in row
    )
    assert [len(book[name]._charts) for name in ("Months", "Rules")] == [1, 1]
    total = list(book["Partners"].iter_rows(values_only=True))[1:-1]
    replayed = json.loads(pack.files["replay.json"])
    assert sum(row[2] for row in total) == pytest.approx(replayed["total"])
    assert b"<b>x" not in pack.files["guide.html"]
    assert pack.files["memo.pdf"].startswith(b"%PDF-")
    assert b"revenue" in pack.files["rates.csv"] or pack.files["rates.csv"].count(b"\n") > 1


def test_an_export_never_leaves_half_a_file(proposed: Path, ask: Command) -> None:  # noqa: F811
    code, said = ask("registry", "export", "grown-1", "--as", "cat", "--out", proposed / "none" / "pack.zip")
    assert (code, said["ok"]) == (1, False)
    (proposed / "taken").mkdir()
    code, said = ask("registry", "export", "grown-1", "--as", "cat", "--out", proposed / "taken")
    assert "is a folder" in said["problems"][0]["message"]
    assert [one["action"] for one in ask("registry", "show", "grown-1")[1]["log"]] == ["submit"]
    code, said = ask("registry", "export", "nope-1", "--as", "cat", "--out", proposed / "pack.zip")
    assert "there is no" in said["problems"][0]["message"]
    assert not (proposed / "pack.zip").exists()


def test_systems_get_statements_rates_and_the_scheme(proposed: Path, ask: Command) -> None:  # noqa: F811
    code, said = ask("registry", "export", "grown-1", "--as", "cat", "--for-systems", "--history", proposed / "history",
                     "--out", proposed / "systems")  # fmt: skip
    assert "systems that pay get only what was approved" in said["problems"][0]["message"]
    assert not (proposed / "systems").exists()
    signed(ask)
    code, said = ask("registry", "export", "grown-1", "--as", "cat", "--for-systems", "--history", proposed / "history",
                     "--out", proposed / "systems")  # fmt: skip
    assert code == 0, said
    assert sorted(path.name for path in (proposed / "systems").iterdir()) == [
        "payouts.csv", "rates.csv", "scheme.json", "statements.csv",
    ]  # fmt: skip
    with (proposed / "systems" / "statements.csv").open(encoding="utf-8", newline="") as stream:
        told = list(csv.DictReader(stream))
    with (proposed / "systems" / "payouts.csv").open(encoding="utf-8", newline="") as stream:
        paid = list(csv.DictReader(stream))
    assert sum(float(one["amount"]) for one in told) == pytest.approx(sum(float(one["amount"]) for one in paid))
    kept = next(one for one in told if one["partner_id"] == "B" and one["line"] == "rebate")
    assert (kept["period"], kept["base"], kept["rate"], kept["amount"]) == ("2024-03", "500.5", "0.01", "5.01")
    assert "revenue" in kept["why"]
    assert json.loads((proposed / "systems" / "scheme.json").read_text())["scheme"] == "grown"


def test_months_that_came_and_a_change_in_mid_year_are_told(
    place: Path,  # noqa: F811
    ask: Command,  # noqa: F811
    monkeypatch: pytest.MonkeyPatch,
    quick: Path,
) -> None:
    monkeypatch.setenv("INCENTIVE_LAB_DATABASE_URL", f"sqlite:///{quick / 'registry.sqlite'}")
    code, said = ask("registry", "submit", place / "flat.yaml", "--history", place / "history", "--as", "ann", "--reason",
                     "as it is", "--forecast", 300, "--months", 3)  # fmt: skip
    assert code == 0, said
    code, said = ask("registry", "follow", "flat-1", "--history", place / "history")
    assert "Bring a history with later months" in said["problems"][0]["fix"]
    deals = place / "history" / "deals.csv"
    deals.write_text(deals.read_text() + "Z1,A,won,2024-07-01,2024-07-30,90000.00,400.00,USD\n")
    code, said = ask("registry", "follow", "flat-1", "--history", place / "history")
    assert (code, said["inside"], said["actual"]) == (0, False, 2700.0)
    assert any(one["broke"] and one["about"] == "size" for one in said["assumptions"])
    # From May on: A has earned 3 % of 4,000.00; the new rules give 1 %, and a certification that is paid 250.00.
    code, said = ask("registry", "change", "flat-1", "--to", place / "grown.yaml", "--from", "2024-05", "--history",
                     place / "history")  # fmt: skip
    assert code == 0, said
    a = next(one for one in said["partners"] if one["partner"] == "A")
    assert (a["settled"] + a["open"], a["under_new"]) == (120.0, 290.0)
    code, said = ask("registry", "change", "flat-1", "--to", place / "grown.yaml", "--from", "2024-13", "--history",
                     place / "history")  # fmt: skip
    assert said["problems"][0]["path"] == "--from"
    (place / "later.yaml").write_text((place / "flat.yaml").read_text().replace("2024-01-01", "2026-01-01"))
    ask(
        "registry",
        "submit",
        place / "later.yaml",
        "--history",
        place / "history",
        "--as",
        "ann",
        "--reason",
        "next year",
    )
    (place / "history" / "actual_payouts.csv").write_text("partner_id,period,rule,amount\nA,2024-Q1,commission,90.00\n")
    code, said = ask("registry", "payouts", "flat-2", "--history", place / "history")
    assert "is in effect from 2026-01; the history ends with 2024-07" in said["problems"][0]["message"]
    code, said = ask("registry", "payouts", "flat-2", "--history", place / "history", "--from", "2024-01")
    assert code == 0


@pytest.mark.parametrize("role", ROLES)
def test_each_role_may_on_the_command_line_what_it_may_and_nothing_else(
    proposed: Path,
    ask: Command,  # noqa: F811
    role: str,
) -> None:
    ask("registry", "people", "root", "admin", "--as", "root")
    ask("registry", "people", "someone", role, "--as", "root")
    why = ("--as", "someone", "--reason", "as my role lets me")
    commands = {
        "comment": ("comment", "grown-1", "--as", "someone", "--text", "noted"),
        "submit": ("submit", proposed / "flat.yaml", "--history", proposed / "history", *why),
        "approve": ("approve", "grown-1", *why), "return": ("return", "grown-1", *why),
        "reject": ("reject", "grown-1", *why), "activate": ("activate", "grown-1", *why),
        "review": ("review", "grown-1", *why), "retire": ("retire", "grown-1", *why),
        "export": ("export", "grown-1", "--as", "someone", "--out", proposed / "pack.zip"),
        "policy": ("policy", *why), "people": ("people", "friend", "viewer", "--as", "someone"),
    }  # fmt: skip
    assert set(commands) == set(MAY) - {"view"}
    registry = Registry()
    for action, words in commands.items():
        entries = registry.verify().entries
        code, said = ask("registry", *words)
        refused = code == 1 and "may not" in said["problems"][0]["message"]
        assert refused is (role not in MAY[action]), (action, said)
        assert not refused or registry.verify().entries == entries
    assert registry.verify().ok
    registry.store.close()


def test_the_settings_are_told_in_sentences(capsys: pytest.CaptureFixture[str]) -> None:
    _say_people({"people": [], "policy": Policy(typed_names=False).model_dump(mode="json")})
    said = capsys.readouterr().out
    assert "Finance signs too where the cost moves by more than 5 %." in said
    assert "A review every 3 months; a new proposal after 12 months." in said
    assert "signed in at most 15 minutes before; typed names are not taken." in said
