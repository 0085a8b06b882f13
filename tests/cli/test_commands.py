"""The command line as scripts use it (the contract of docs/architecture.md)."""

from __future__ import annotations

import csv
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from incentive_lab.cli import app
from tests.cli.conftest import FLAT, Command


def test_a_flat_commission_is_replayed_to_the_cent(place: Path, ask: Command) -> None:
    code, answer = ask("replay", place / "flat.yaml", "--history", place / "history")
    assert code == 0
    # A: 6 x 1,000.00 x 3 % = 180.00; B: 500.50 x 3 % = 15.015, half-up 15.02
    assert answer["by_partner"] == {"A": 180.0, "B": 15.02}
    assert answer["total"] == 195.02
    assert answer["by_rule"] == {"commission": 195.02}
    assert answer["by_month"]["2024-03"] == 45.02
    assert answer["months"] == 6
    assert answer["partners"] == 2
    assert answer["mix"]["planned"] is None
    assert answer["mix"]["planned_reason"]


def test_a_replay_against_its_baseline_counts_winners_and_losers(place: Path, ask: Command) -> None:
    code, answer = ask(
        "replay", place / "grown.yaml", "--history", place / "history", "--baseline", place / "flat.yaml"
    )
    assert code == 0
    # A: 2 certifications x 250 = 500; rebate 4,000 x 1 % + 2,000 x 5 % = 140; B: 5.01 (5.005 half-up), floor 50 % of
    # 15.02 = 7.51, so the guarantee adds 2.50
    assert answer["by_partner"] == {"A": 640.0, "B": 7.51}
    assert answer["by_rule"] == {"certification": 500.0, "rebate": 145.01, "guarantee": 2.5}
    assert answer["change"] == {"total": pytest.approx(452.49), "winners": 1, "losers": 1, "unchanged": 0,
                                "by_partner": {"A": 460.0, "B": pytest.approx(-7.51)}}  # fmt: skip
    assert answer["mix"]["planned"] == 0.8
    assert answer["mix"]["paid"] == pytest.approx(500 / 645.01)


def test_the_parts_add_up_to_the_total(place: Path, ask: Command) -> None:
    _, answer = ask("replay", place / "grown.yaml", "--history", place / "history", "--baseline", place / "flat.yaml")
    for part in ("by_month", "by_rule", "by_tier", "by_partner"):
        assert sum(answer[part].values()) == pytest.approx(answer["total"], abs=1e-9), part


def test_the_baseline_is_found_beside_the_scheme(place: Path, ask: Command) -> None:
    _, named = ask("replay", place / "grown.yaml", "--history", place / "history")
    _, given = ask("replay", place / "grown.yaml", "--history", place / "history", "--baseline", place / "flat.yaml")
    assert named == given


def test_check_and_replay_name_what_the_history_has_nothing_of(place: Path, ask: Command) -> None:
    table = place / "history" / "activities.csv"
    table.write_text(table.read_text().replace(",certification,", ",Certification Earned,"))
    said = "his history has no activities of kind 'certification': gold cannot be reached; the rule certification pays nothing."
    _, checked = ask("check", place / "grown.yaml", "--history", place / "history")
    assert [one for one in checked["warnings"] if said in one["message"]]
    _, answer = ask("replay", place / "grown.yaml", "--history", place / "history")
    assert [one for one in answer["warnings"] if said in one and "Did you mean Certification Earned?" in one]


def test_a_missing_baseline_that_a_guarantee_needs_is_said(place: Path, ask: Command) -> None:
    (place / "flat.yaml").rename(place / "other.yaml")
    code, answer = ask("replay", place / "grown.yaml", "--history", place / "history")
    assert code == 1
    assert answer["ok"] is False
    assert "flat" in answer["problems"][0]["message"]


def test_payouts_are_written_where_asked(place: Path, ask: Command) -> None:
    code, answer = ask("replay", place / "flat.yaml", "--history", place / "history", "--out", place / "out")
    assert code == 0
    rows = list(csv.DictReader((place / "out" / "payouts.csv").open()))
    assert sum(float(row["amount"]) for row in rows) == pytest.approx(answer["total"])
    assert {row["fingerprint"] for row in rows} == {answer["fingerprint"]}


def test_statement_lines_add_up_and_say_why(place: Path, ask: Command) -> None:
    code, answer = ask("statement", place / "grown.yaml", "--history", place / "history", "--partner", "A")
    assert code == 0
    assert sum(line["amount"] for line in answer["lines"]) == pytest.approx(answer["total"])
    assert answer["total"] == 640.0
    assert all(line["why"] for line in answer["lines"])
    top = [line for line in answer["lines"] if line["rule"] == "rebate"][-1]
    assert "step top reached" in top["why"]


def test_statement_of_a_quarter_holds_only_its_months(place: Path, ask: Command) -> None:
    _, answer = ask("statement", place / "flat.yaml", "--history", place / "history", "--partner", "B",
                    "--period", "2024-Q1")  # fmt: skip
    assert [line["period"] for line in answer["lines"]] == ["2024-03"]
    assert answer["total"] == 15.02


def test_statement_says_what_is_missing_to_the_next_tier(place: Path, ask: Command) -> None:
    _, answer = ask("statement", place / "grown.yaml", "--history", place / "history", "--partner", "B")
    # In the last month B's last three months hold nothing: 5,000.00 of revenue and a certification are missing.
    assert answer["next_tier"]["name"] == "gold"
    assert answer["next_tier"]["missing"] == {"revenue": 5000.0, "certification": 1.0}


def test_an_unknown_partner_is_answered_with_the_nearest(place: Path, ask: Command) -> None:
    code, answer = ask("statement", place / "flat.yaml", "--history", place / "history", "--partner", "Z")
    assert code == 1
    assert "Known: A, B" in answer["problems"][0]["fix"]


@pytest.mark.parametrize("period", ["2024-Q5", "May", "2031", "2024-13"])
def test_a_period_that_cannot_be_is_refused(place: Path, ask: Command, period: str) -> None:
    code, answer = ask("statement", place / "flat.yaml", "--history", place / "history", "--partner", "A",
                       "--period", period)  # fmt: skip
    assert code == 1
    assert answer["problems"][0]["path"] == "period"


def test_check_says_everything_at_once(place: Path, ask: Command) -> None:
    bad = place / "bad.yaml"
    bad.write_text(
        "scheme: bad\ncurrency: USD\neffective: {from: 2024-01-01}\n"
        "rules:\n  - {id: a, on: revenu, rate: 3%}\n  - {id: b, on: revenue, rate: 1%, net_of: [zz]}\n"
    )
    code, answer = ask("check", bad)
    assert code == 1
    assert answer["ok"] is False
    assert {problem["path"] for problem in answer["problems"]} >= {"rules.a.on"}
    assert len(answer["problems"]) >= 2


def test_check_against_a_history_knows_its_names(place: Path, ask: Command) -> None:
    code, answer = ask("check", place / "grown.yaml", "--history", place / "history")
    assert code == 0
    assert answer["ok"] is True


def test_a_missing_file_is_exit_1_with_a_sentence(place: Path, ask: Command) -> None:
    code, answer = ask("replay", place / "nowhere.yaml", "--history", place / "history")
    assert code == 1
    assert answer["ok"] is False
    code, answer = ask("replay", place / "flat.yaml", "--history", place / "nowhere")
    assert code == 1
    assert "nowhere" in json.dumps(answer["problems"])


def test_wrong_usage_is_exit_2(place: Path) -> None:
    assert CliRunner().invoke(app, ["replay", str(place / "flat.yaml")]).exit_code == 2


def test_schema_is_a_json_schema() -> None:
    answer = json.loads(CliRunner().invoke(app, ["schema"]).stdout)
    assert answer["properties"]["scheme"]
    assert answer["properties"]["rules"]


def test_history_check_reports_findings_and_identity(place: Path, ask: Command) -> None:
    code, answer = ask("history", "check", place / "history")
    assert code == 0
    assert answer["history_id"]
    assert answer["rows"]["deals"] == 7
    assert isinstance(answer["findings"], list)


def test_a_mapping_is_suggested_for_an_export_and_opens_it(tmp_path: Path, ask: Command) -> None:
    export, out = tmp_path / "export", tmp_path / "mapping.yaml"
    export.mkdir()
    (export / "Partner.csv").write_text(
        "Partner-Nr.;Firmenname;Partnertyp\nP1;Müller GmbH;Reseller\n", encoding="utf-8"
    )
    (export / "Aufträge.csv").write_text(
        "Auftragsnummer;Partner-Nr.;Status;Angelegt am;Abgeschlossen am;Betrag\nA1;P1;gewonnen;02.01.2025;05.02.2025;1.234,50\n",
        encoding="utf-8",
    )
    (export / "Wetter.csv").write_text("Tag;Regen\n02.01.2025;3\n", encoding="utf-8")
    code, answer = ask("history", "suggest", export, "--out", out)
    assert (code, answer["missing"], answer["left_out"]) == (0, [], ["Wetter.csv"])
    assert answer["unsure"] == [
        "Aufträge.csv: its dates fit day-month-year and month-day-year; day-month-year is supposed."
    ]
    assert answer["mapping"]["tables"]["deals"]["numbers"] == "1.234,56"
    assert answer["unused"] == {"Aufträge": [], "Partner": []}
    written = out.read_text(encoding="utf-8")
    out.write_text(f"# edited by hand\n{written}", encoding="utf-8")
    code, again = ask("history", "suggest", export, "--out", out)
    assert (code, again["problems"][0]["fix"]) == (1, "Name another file, or remove this one first.")
    assert out.read_text(encoding="utf-8") == f"# edited by hand\n{written}"
    out.write_text(written, encoding="utf-8")
    printed = CliRunner().invoke(app, ["history", "suggest", str(export)])
    assert printed.stdout == out.read_text(encoding="utf-8")
    code, answer = ask("history", "check", export, "--mapping", out)
    assert (code, answer["rows"]["deals"]) == (0, 1)
    (export / "Partner.csv").write_text("Partner-Nr.,Partnertyp,Laune\nP1,Reseller,gut\n", encoding="utf-8")
    assert "Not used: Laune." in CliRunner().invoke(app, ["history", "suggest", str(export)]).stderr
    (export / "Partner.csv").write_text("Kürzel,Laune\nP1,gut\n", encoding="utf-8")
    (export / "Vertriebspartner.csv").write_text("Kürzel,Laune\nP1,gut\n", encoding="utf-8")
    assert "Partner is partners; none of its columns is recognised." in CliRunner().invoke(
        app, ["history", "suggest", str(export)]
    ).stderr  # fmt: skip
    for place in (tmp_path / "nowhere", export / "Wetter.csv"):
        code, answer = ask("history", "suggest", place)
        assert code == 1
        assert answer["problems"]


def test_a_demo_history_is_generated_and_replays(tmp_path: Path, place: Path, ask: Command) -> None:
    code, answer = ask("history", "demo", tmp_path / "demo", "--partners", 30, "--months", 6, "--seed", 3)
    assert code == 0
    assert answer["partners"] == 30
    code, answer = ask("replay", place / "flat.yaml", "--history", tmp_path / "demo")
    assert code == 0
    assert answer["partners"] == 30


def test_words_are_printed_without_json(place: Path) -> None:
    result = CliRunner().invoke(app, ["replay", str(place / "flat.yaml"), "--history", str(place / "history")])
    assert result.exit_code == 0
    assert "Total 195.02 USD" in result.stdout


def test_a_total_of_nothing_says_why(place: Path, ask: Command) -> None:
    deals = place / "history" / "deals.csv"
    written = deals.read_text(encoding="utf-8")
    asked = ["replay", str(place / "flat.yaml"), "--history", str(place / "history")]
    assert "why_nothing" not in ask(*asked)[1]
    deals.write_text(re.sub(r"(won,[\d-]+),[\d-]+", r"\1,", written), encoding="utf-8")
    lines = CliRunner().invoke(app, asked).stdout.splitlines()
    total = lines.index("Total 0.00 USD")
    assert lines[total + 1] == "- note: 7 won deals have no closing date, so no measure of won deals counts them."
    deals.write_text(re.sub(r"(won,[\d-]+),[\d-]+", r"\1,", written, count=1), encoding="utf-8")
    (place / "flat.yaml").write_text(FLAT.replace("revenue", "training"), encoding="utf-8")
    few, others = ask(*asked)[1]["why_nothing"]
    assert few.startswith("1 won deal has no closing date")
    assert others == "6 won deals can be counted, and no rule of the scheme pays for what they hold."
    (place / "flat.yaml").write_text(FLAT, encoding="utf-8")
    deals.write_text(re.sub(r"[\d.]+,[\d.]+,USD", "0,0,USD", written), encoding="utf-8")
    assert ask(*asked)[1]["why_nothing"] == ["7 won deals have an amount of zero."]


def test_an_unexpected_error_has_a_reference_and_no_traceback(place: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object, **__: object) -> None:
        raise RuntimeError("secret")

    monkeypatch.setattr("incentive_lab.engine.replay.replay", broken)
    result = CliRunner().invoke(
        app, ["replay", str(place / "flat.yaml"), "--history", str(place / "history"), "--json"]
    )
    assert result.exit_code == 1
    answer = json.loads(result.stdout)
    assert "reference" in answer["problems"][0]["message"]
    assert "secret" not in result.stdout


def test_amounts_in_two_currencies_are_paid_with_a_rate_table(place: Path, ask: Command, tmp_path: Path) -> None:
    for name, text in {
        "partners": "partner_id,type\nA,reseller\n",
        "deals": "deal_id,partner_id,status,created_on,closed_on,amount,currency\n"
        "D1,A,won,2024-01-01,2024-01-10,100,EUR\nD2,A,won,2024-01-01,2024-01-10,100,USD\n",
    }.items():
        (tmp_path / f"{name}.csv").write_text(text)
    code, answer = ask("replay", place / "flat.yaml", "--history", tmp_path)
    assert code == 1
    assert "without rates they are refused" in answer["problems"][0]["message"]
    (tmp_path / "rates.txt").write_text("currency,month,rate\nEUR,2024-01,1.10\n")
    code, answer = ask("replay", place / "flat.yaml", "--history", tmp_path, "--rates", tmp_path / "rates.txt")
    assert (code, answer["total"]) == (0, 6.3)  # (100 x 1.10 + 100) x 3 %
    code, answer = ask("history", "check", tmp_path, "--rates", tmp_path / "rates.txt", "--currency", "USD")
    assert code == 0


def test_what_no_longer_fits_a_whole_number_of_cents_is_refused(place: Path, ask: Command, tmp_path: Path) -> None:
    (tmp_path / "partners.csv").write_text("partner_id,type\nA,reseller\n")
    head = "deal_id,partner_id,status,created_on,closed_on,amount\n"
    (tmp_path / "deals.csv").write_text(head + "D1,A,won,2024-01-01,2024-01-10,90000000000000\n")
    scheme = tmp_path / "vast.yaml"
    scheme.write_text(
        "scheme: vast\ncurrency: USD\neffective: {from: 2024-01-01}\nrules:\n"
        "  - {id: commission, on: revenue, rate: 100_000}\n"
    )
    code, answer = ask("replay", scheme, "--history", tmp_path)
    assert code == 1
    assert answer["problems"][0]["path"] == "rules.commission"
    assert "too large to be held to the cent" in answer["problems"][0]["message"]


def test_a_full_disk_or_output_is_told_and_leaves_nothing(place: Path, tmp_path: Path) -> None:
    if not Path("/dev/full").exists():
        pytest.skip("no /dev/full on this machine")
    command = [sys.executable, "-m", "incentive_lab", "check", str(place / "flat.yaml"), "--json"]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2] / "src"), "INCENTIVE_LAB_LOG": "loud"}
    with open("/dev/full", "w") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, text=True, env=environment, check=False)
    assert done.returncode == 1
    assert "No space left on device" in done.stderr
    assert "INCENTIVE_LAB_LOG is loud; allowed" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_demo_that_cannot_be_finished_leaves_no_table(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    from incentive_lab.history.demo import writing

    finish = writing.TableFile.finish

    def full(file: writing.TableFile) -> None:
        if file.path.stem == "scores":
            raise OSError(28, "No space left on device")
        finish(file)

    monkeypatch.setattr(writing.TableFile, "finish", full)
    answer = CliRunner().invoke(app, ["history", "demo", str(tmp_path / "demo"), "--partners", "3", "--months", "2"])
    assert answer.exit_code == 1
    assert f"{tmp_path / 'demo'}: No space left on device." in answer.stderr
    assert list((tmp_path / "demo").iterdir()) == []


def test_a_scheme_with_a_guarantee_against_itself_changes_nothing(place: Path, ask: Command) -> None:
    scheme = place / "grown.yaml"
    code, answer = ask("replay", scheme, "--history", place / "history", "--baseline", scheme)
    assert code == 0
    assert answer["change"] == {"total": 0.0, "winners": 0, "losers": 0, "unchanged": 2,
                                "by_partner": {"A": 0.0, "B": 0.0}}  # fmt: skip
    # B keeps half of the 15.02 that the named baseline pays, on both sides.
    assert answer["by_rule"]["guarantee"] == 2.5


def test_a_file_where_a_folder_is_to_be_written_is_left_alone(place: Path, ask: Command) -> None:
    there = place / "out"
    there.write_text("kept")
    code, result = ask("replay", place / "flat.yaml", "--history", place / "history", "--out", there)
    assert (code, there.read_text()) == (1, "kept")
    assert result["problems"][0]["message"] == "this is a file."


def test_optimise_finds_values_within_a_limit_and_writes_the_scheme(place: Path, ask: Command, tmp_path: Path) -> None:
    out = tmp_path / "found" / "scheme.yaml"
    rate, top = (f"rules.rebate.rate.table.steps.{step}.rate" for step in ("base", "top"))
    code, answer = ask("optimise", place / "grown.yaml", "--history", place / "history", "--goal", "most:cost",
                       "--vary", rate, "--vary", f"{top}=1%:8%", "--limit", "cost<=1000", "--out", out)  # fmt: skip
    assert code == 0
    assert {"best", "frontier", "evaluations", "converged", "now", "verdict", "notes", "idle"} <= answer.keys()
    assert answer["limits_met"]
    assert answer["best"]["figures"]["cost"] <= 1000
    code, replayed = ask("replay", out, "--history", place / "history", "--baseline", place / "flat.yaml")
    assert code == 0
    assert replayed["total"] == answer["best"]["figures"]["cost"]
    assert replayed["fingerprint"] == answer["best"]["fingerprint"]
    assert answer["out"] == str(out)


def test_optimise_says_everything_that_is_wrong_at_once(place: Path, ask: Command, tmp_path: Path) -> None:
    out = tmp_path / "scheme.yaml"
    code, answer = ask("optimise", place / "grown.yaml", "--history", place / "history", "--goal", "least:loser",
                       "--vary", "rules.rebat.rate", "--limit", "cost", "--out", out)  # fmt: skip
    assert code == 1
    assert [one["path"] for one in answer["problems"]] == ["goal", "limit", "rules.rebat.rate"]
    assert not out.exists()


def test_optimise_searches_for_nothing_that_it_cannot_write(place: Path, ask: Command, tmp_path: Path) -> None:
    words = ["optimise", place / "grown.yaml", "--history", place / "history", "--goal", "most:cost",
             "--vary", "rules.rebate.rate.table.steps.top.rate", "--out"]  # fmt: skip
    for there, told in (
        (place / "grown.yaml", "it is there already, perhaps edited by hand, and was left as it is."),
        (place / "grown.yaml" / "deeper" / "found.yaml", "this is a file."),
        (tmp_path, "this is a folder."),
    ):
        before = (place / "grown.yaml").read_text()
        code, result = ask(*words, there)
        assert (code, result["problems"][0]["message"]) == (1, told)
        assert (place / "grown.yaml").read_text() == before


def test_optimise_looks_at_the_next_year(place: Path, ask: Command, tmp_path: Path) -> None:
    out = tmp_path / "found.yaml"
    rate = "rules.rebate.rate.table.steps.top.rate"
    words = ["optimise", place / "grown.yaml", "--history", place / "history", "--goal", "most:cost", "--vary", f"{rate}=1%:8%:1%",
             "--evaluations", 40]  # fmt: skip
    ahead = ["--limit", "p95_next_year<=1_000_000", "--futures", 64, "--fresh", 256, "--seed", 3]
    code, answer = ask(*words, *ahead, "--limit", "over_budget<=50%", "--budget", "1_000_000", "--out", out)
    assert code == 0, answer
    year = answer["next_year"]
    assert (year["searched"]["scenarios"], year["searched"]["seed"]) == (64, 3)
    assert (year["fresh"]["scenarios"], year["fresh"]["seed"]) == (256, 4)
    assert year["budget"] == 1_000_000
    assert len(year["told"]) == 2
    assert all("holds" in one for one in year["told"])
    code, told = ask("project", out, "--history", place / "history", "--scenarios", 256, "--seed", 4,
                     "--baseline", place / "flat.yaml")  # fmt: skip
    assert code == 0
    assert year["fresh"]["best"]["p95_next_year"]["value"] == pytest.approx(told["owed"]["p95"])
    done = CliRunner().invoke(app, [str(word) for word in (*words, *ahead)])
    assert done.exit_code == 0
    assert "In 256 fresh futures of the next 12 months" in done.output
    assert "in the 64 futures searched" in done.output


def test_optimise_refuses_futures_that_nobody_asks_for_and_budgets_that_are_not_there(
    place: Path, ask: Command
) -> None:
    words = [
        "optimise",
        place / "grown.yaml",
        "--history",
        place / "history",
        "--vary",
        "rules.rebate.rate.table.steps.top.rate",
    ]
    code, answer = ask(*words, "--goal", "most:cost", "--assumptions", "recession")
    assert (code, answer["problems"][0]["path"]) == (1, "--futures, --fresh, --budget and --assumptions")
    code, answer = ask(*words, "--goal", "most:cost", "--limit", "over_budget<=10%", "--futures", 3)
    assert code == 1
    assert [one["path"] for one in answer["problems"]] == ["--futures", "limit"]
    code, answer = ask(*words, "--goal", "least:p95_nextyear")
    assert (code, answer["problems"][0]["fix"]) == (1, "Did you mean p95_next_year?")


def test_a_long_search_says_so_beforehand(capsys: pytest.CaptureFixture[str]) -> None:
    from incentive_lab.optimise_cli import _warn

    _warn(30 * 60, 180, quiet=False)
    assert "about 180 schemes, which take about 30 minutes" in capsys.readouterr().err
    _warn(30 * 60, 180, quiet=True)
    _warn(20, 180, quiet=False)
    assert capsys.readouterr().err == ""


def test_optimise_speaks_in_words(place: Path) -> None:
    words = ["optimise", str(place / "grown.yaml"), "--history", str(place / "history"), "--goal", "cost=900",
             "--vary", "rules.rebate.rate.table.steps.top.rate"]  # fmt: skip
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0
    assert "Cost of all months" in done.output
    assert "schemes paid." in done.output


def test_optimise_says_why_nothing_can_be_better_and_writes_no_scheme_that_stays(
    place: Path, ask: Command, tmp_path: Path
) -> None:
    alone = tmp_path / "alone.yaml"
    alone.write_text(
        "{scheme: alone, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}]}"
    )
    words = ["optimise", alone, "--history", place / "history", "--vary", "rules.c.rate=1%:3%:1%"]
    code, answer = ask(*words, "--goal", "least:losers", "--out", tmp_path / "found.yaml")
    assert code == 1
    assert "compared with itself: nobody loses" in answer["problems"][0]["message"]
    assert "--baseline SCHEME" in answer["problems"][0]["fix"]
    code, answer = ask(*words, "--goal", "least:losers", "--limit", "cost>=0", "--out", tmp_path / "found.yaml")
    assert code == 0
    assert "nobody loses already, and nothing can be better" in answer["verdict"]
    code, answer = ask(*words, "--goal", "most:cost", "--out", tmp_path / "found.yaml")
    assert code == 0
    assert answer["out"] is None
    assert "nothing better was found" in answer["out_reason"]
    assert not (tmp_path / "found.yaml").exists()
    done = CliRunner().invoke(
        app, [str(word) for word in (*words, "--goal", "most:cost", "--out", tmp_path / "found.yaml")]
    )
    assert "No file was written: nothing better was found" in done.output
