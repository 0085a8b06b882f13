"""The workbook as other programs see it: sound XML, charts of its own, sums that come out, texts that stay texts."""

from __future__ import annotations

import csv
import io
import json
import posixpath
import shutil
import subprocess
import zipfile
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest

from incentive_lab.registry.evidence import pair_of
from incentive_lab.report.case import Case
from incentive_lab.report.workbook import workbook_bytes
from tests.registry.made import submission

FORMULA = '=HYPERLINK("http://evil","x")'
TYPES = "{http://schemas.openxmlformats.org/package/2006/content-types}"


@pytest.fixture(scope="module")
def case() -> Case:
    documents = submission().documents
    replay: dict[str, Any] = json.loads(documents["replay.json"])
    replay |= {"by_partner": {"A": 60.25, FORMULA: 41.75}, "by_rule": {"commission": 102.0}, "warnings": [],
               "by_month": {f"2025-{month:02d}": 8.5 for month in range(1, 13)},
               "change": {"total": 2.0, "winners": 1, "losers": 1, "unchanged": 0}}  # fmt: skip
    replay["baseline"] |= {"by_partner": {"A": 50.0, FORMULA: 50.0}, "by_month": {"2025-01": 100.0}, "by_rule": {}}
    span = {"p05": 1.0, "p50": 2.0, "p95": 3.0, "mean": 2.0, "p10": 1.0, "p90": 3.0}
    months = {f"2026-{month:02d}": span for month in range(1, 13)}
    forecast = {
        "total": span,
        "by_month": months,
        "accrual": months,
        "p_over_budget": None,
        "months": 12,
        "scenarios": 9,
    }
    revision: Mapping[str, Any] = {
        "id": "grown-1", "state": "submitted", "population": "all partners", "starts": "2026-01-01", "ends": "2027-01-01",
        "author": FORMULA, "authenticated": False, "reason": FORMULA + " why" * 300, "fingerprint": "s1",
        "history_id": "h" * 32, "code_version": "0", "signatures": [], "round": 1, "missing_signatures": ["approver"],
        "remarks": [],
    }  # fmt: skip
    return Case(revision, pair_of(documents), replay, forecast, None)


def test_every_part_is_sound_and_is_what_the_others_say_it_is(case: Case) -> None:
    with zipfile.ZipFile(io.BytesIO(workbook_bytes(case))) as book:
        parts = {name: ElementTree.fromstring(book.read(name)) for name in book.namelist()}
    types = parts["[Content_Types].xml"]
    known = {one.get("PartName", "")[1:] for one in types.iter(f"{TYPES}Override")}
    endings = {one.get("Extension") for one in types.iter(f"{TYPES}Default")}
    assert known <= parts.keys()
    assert all(name in known or name.rsplit(".", 1)[1] in endings for name in parts)
    charts = [name for name in parts if name.startswith("xl/charts/")]
    assert len(charts) == 3
    for name, part in parts.items():
        if not name.endswith(".rels"):
            continue
        folder = posixpath.dirname(posixpath.dirname(name))
        for one in part:
            assert one.get("TargetMode") != "External", "nothing leads out of the workbook"
            target = str(one.get("Target"))
            assert posixpath.normpath(posixpath.join(folder, target)).lstrip("/") in parts, target
    formulas = {
        one.text
        for name, part in parts.items()
        if "worksheets/sheet" in name
        for one in part.iter()
        if one.tag.endswith("}f")
    }
    assert formulas
    assert all(str(one).startswith(("SUM(", "C")) and "HYPERLINK" not in str(one) for one in formulas)


def test_partners_are_called_by_their_names_where_the_replay_knows_them(case: Case) -> None:
    named = replace(case, replay={**case.replay, "names": {"A": "Ann"}})
    assert [named.called(one) for one, _, _ in named.partners] == ["Ann (A)", FORMULA]
    with zipfile.ZipFile(io.BytesIO(workbook_bytes(named))) as book:
        assert b"Ann (A)" in book.read("xl/sharedStrings.xml")
    odd = replace(case, replay={**case.replay, "names": ["A"]})
    assert odd.called("A") == "A"


def test_a_second_program_opens_it_works_it_out_and_draws_it(case: Case, tmp_path: Path) -> None:
    program = shutil.which("soffice")
    if program is None:
        pytest.skip("no LibreOffice on this machine (Debian: apt-get install libreoffice-calc-nogui)")
    (tmp_path / "book.xlsx").write_bytes(workbook_bytes(case))
    every_sheet = "csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,-1"
    for kind in (every_sheet, "html"):
        subprocess.run(
            [program, "--headless", "--norestore", f"-env:UserInstallation=file://{tmp_path / 'profile'}", "--convert-to",
             kind, str(tmp_path / "book.xlsx"), "--outdir", str(tmp_path)],
            check=True, capture_output=True, timeout=300,
        )  # fmt: skip
    sheets = {
        path.stem.removeprefix("book-"): list(csv.reader(path.open(encoding="utf-8")))
        for path in tmp_path.glob("*.csv")
    }
    assert set(sheets) == {"Decision", "Months", "Rules", "Partners", "Forecast"}
    assert sheets["Partners"][-1] == ["Total", "100", "102", "2"]
    assert [row[0] for row in sheets["Partners"]][1:-1] == ["A", FORMULA]
    assert FORMULA in sheets["Decision"][5][1]
    assert len(sheets["Months"]) == 14
    # Each chart becomes a picture of the page.
    assert len([one for one in tmp_path.iterdir() if one.suffix in (".png", ".gif", ".jpg")]) == 3
