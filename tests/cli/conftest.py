"""A small history and two schemes on disk, and a way to run the command as its user would."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from incentive_lab.cli import app

FLAT = """\
scheme: flat
currency: USD
effective: {from: 2024-01-01}
rules:
  - {id: commission, on: revenue, rate: 3%}
"""
GROWN = """\
scheme: grown
baseline: flat
currency: USD
effective: {from: 2024-01-01}
settle: quarter
tiers:
  looks_at: {months: 3}
  levels:
    - {name: registered}
    - {name: gold, needs: {revenue: 5_000, certification: 1}}
rules:
  - {id: certification, group: behavioural, on: certification, rate: 250}
  - id: rebate
    on: revenue
    rate: {table: {over: year_to_date, steps: [{name: base, from: 0, rate: 1%}, {name: top, from: 4_000, rate: 5%}]}}
mix: {behavioural: 0.8}
guarantees: [{against: baseline, keep: 0.5}]
"""
PARTNERS = "partner_id,type,region,joined_on\nA,reseller,EU,2023-01-01\nB,msp,US,2023-01-01\n"
# A sells 1,000.00 a month, B 500.50 in March only; A certifies twice.
DEALS = (
    "deal_id,partner_id,status,created_on,closed_on,amount,cost,currency\n"
    + "".join(f"D{m},A,won,2024-{m:02d}-01,2024-{m:02d}-10,1000.00,700.00,USD\n" for m in range(1, 7))
    + "E1,B,won,2024-03-01,2024-03-31,500.50,400.00,USD\n"
)
ACTIVITIES = "activity_id,partner_id,occurred_on,kind,quantity\nX1,A,2024-02-05,certification,1\nX2,A,2024-05-05,certification,1\n"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with `history/`, `flat.yaml` and `grown.yaml`."""
    history = tmp_path / "history"
    history.mkdir()
    (history / "partners.csv").write_text(PARTNERS)
    (history / "deals.csv").write_text(DEALS)
    (history / "activities.csv").write_text(ACTIVITIES)
    (tmp_path / "flat.yaml").write_text(FLAT)
    (tmp_path / "grown.yaml").write_text(GROWN)
    return tmp_path


Command = Callable[..., tuple[int, dict[str, Any]]]


@pytest.fixture
def ask() -> Command:
    """Run a command with --json and give its exit code and what it printed."""

    def run(*words: object) -> tuple[int, dict[str, Any]]:
        result = CliRunner().invoke(app, [*(str(word) for word in words), "--json"])
        assert "Traceback" not in result.output
        return result.exit_code, json.loads(result.stdout)

    return run
