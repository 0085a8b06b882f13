"""A pack of one checkout comes out on another: another folder, time zone, language, hash seed and number of threads."""

from __future__ import annotations

import hashlib
import io
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numba
import openpyxl
import pytest
from numba.core.caching import _CacheLocator

from incentive_lab.errors import InputError
from incentive_lab.report.pack import MANIFEST, opened_pack, zipped
from tests.cli.conftest import Command, ask  # noqa: F401
from tests.house.floors import PACKAGE, ROOT

PLAN = """\
pilot: rehearsal
hypothesis: Paying for leads sells more.
dates: {start: 2025-01-01, months: 6}
arms: [{name: today, scheme: current-flat}, {name: rebate, scheme: growth-rebate}]
metrics: [{name: revenue, of: revenue, role: primary}]
assignment: {seed: 5}
planted: {lift: 10%}
"""


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    from incentive_lab.history.demo import generate_demo

    folder = tmp_path_factory.mktemp("demo")
    generate_demo(folder, partners=60, months=36, seed=3)
    (folder / "truth.json").unlink()
    return folder


KEPT: list[bytes] = []
"""The pack, which is the same for every test."""


@pytest.fixture
def pack(demo: Path, quick: Path, tmp_path: Path, ask: Command, monkeypatch: pytest.MonkeyPatch) -> Path:  # noqa: F811
    if KEPT:
        (tmp_path / "pack.zip").write_bytes(KEPT[0])
        return tmp_path / "pack.zip"
    monkeypatch.setenv("INCENTIVE_LAB_DATABASE_URL", f"sqlite:///{quick / 'registry.sqlite'}")
    (tmp_path / "pilot").mkdir()
    (tmp_path / "pilot" / "pilot.yaml").write_text(PLAN)
    code, said = ask("registry", "submit", ROOT / "data" / "schemes" / "growth-rebate.yaml", "--history", demo, "--as",
                     "ann", "--reason", "worth it", "--forecast", 60, "--months", 6, "--assumptions", "recession",
                     "--pilot", tmp_path / "pilot")  # fmt: skip
    assert code == 0, said
    code, said = ask("registry", "export", said["id"], "--as", "ann", "--out", tmp_path / "pack.zip")
    assert code == 0, said
    KEPT.append((tmp_path / "pack.zip").read_bytes())
    return tmp_path / "pack.zip"


def second_checkout(folder: Path) -> Path:
    """The sources in another folder, with the compiled kernel moved over as if it had been compiled there."""
    for part in ("src", "data"):
        shutil.copytree(ROOT / part, folder / part, ignore=shutil.ignore_patterns("__pycache__", "*.egg-info"))
    (folder / "app.py").write_bytes((ROOT / "app.py").read_bytes())
    moved = {}
    for path in PACKAGE.rglob("*.py"):
        there = folder / path.relative_to(ROOT)
        moved[_CacheLocator.get_suitable_cache_subpath(str(path))] = _CacheLocator.get_suitable_cache_subpath(
            str(there)
        )
    for one in Path(str(numba.config.CACHE_DIR)).parent.glob("*/*"):
        if one.name in moved:
            shutil.copytree(one, folder / ".incentive-lab" / "kernel-cache" / one.parent.name / moved[one.name])
    return folder


def elsewhere(folder: Path, pack: Path, history: Path) -> tuple[int, dict[str, Any]]:
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith(("INCENTIVE_LAB", "PYTHON", "LC_"))
    }
    done = subprocess.run(
        [sys.executable, "-m", "incentive_lab", "registry", "reproduce", str(pack), "--history", str(history), "--json"],
        cwd=folder, capture_output=True, text=True, timeout=600, check=False,
        env={**kept, "PYTHONPATH": str(folder / "src"), "TZ": "Pacific/Auckland", "LC_ALL": "C", "LANG": "tr_TR.UTF-8",
             "PYTHONHASHSEED": "4321", "OMP_NUM_THREADS": "1", "HOME": str(folder)},
    )  # fmt: skip
    assert "Traceback" not in done.stderr, done.stderr
    return done.returncode, json.loads(done.stdout)


def test_a_pack_comes_out_on_another_checkout(pack: Path, demo: Path, tmp_path: Path) -> None:
    folder = second_checkout(tmp_path / "other place")
    code, said = elsewhere(folder, pack, demo)
    assert (code, said["differences"], said["not_run"]) == (0, [], [])
    wanted = {"replay.json", "payouts.csv", "projection.json", "pilot.json", "guide.html", "memo.pdf", "workbook.xlsx"}
    assert wanted <= said["compared"].keys()
    assert all(said["compared"][name] > 20 for name in wanted)
    book = openpyxl.load_workbook(io.BytesIO(opened_pack(pack.read_bytes()).files["workbook.xlsx"]))
    assert (book["Forecast"].max_row, len(book["Forecast"]._charts)) == (7, 1)


def test_another_figure_in_any_member_is_refused_by_name_or_found(pack: Path, demo: Path, ask: Command) -> None:  # noqa: F811
    body = pack.read_bytes()
    whole = opened_pack(body)
    for name, kept in whole.files.items():
        place = body.index(name.encode() + kept) + len(name) + len(kept) // 2
        changed = body[:place] + bytes([body[place] ^ 1]) + body[place + 1 :]
        with pytest.raises(InputError, match=name.replace(".", r"\.")):
            opened_pack(changed)
    # Somebody who writes manifest and decision anew as well is found by working it out again.
    forged = json.loads(whole.files["projection.json"])
    forged["total"]["p95"] *= 0.9
    pilot = json.loads(whole.files["pilot.json"])
    pilot["metrics"][0]["p_value"] = 0.01
    files = {**whole.files, "projection.json": json.dumps(forged).encode(), "pilot.json": json.dumps(pilot).encode()}
    decision = json.loads(files["decision.json"])
    decision["evidence"] |= {
        name: hashlib.sha256(files[name]).hexdigest() for name in ("projection.json", "pilot.json")
    }
    files["decision.json"] = json.dumps(decision).encode()
    manifest = {**whole.manifest, "files": {name: hashlib.sha256(one).hexdigest() for name, one in files.items()}}
    pack.write_bytes(zipped({**files, MANIFEST: json.dumps(manifest).encode()}))
    code, said = ask("registry", "reproduce", pack, "--history", demo)
    assert (code, said["matches"]) == (1, False)
    assert {"projection.json: total.p95", "pilot.json: metrics.0.p_value"} <= {
        one["path"] for one in said["differences"]
    }
