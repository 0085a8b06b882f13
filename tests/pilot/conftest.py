"""Small skewed panels, and a generated history with pilots on it."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import incentive_lab.engine  # noqa: F401  # the kernel cache is found before INCENTIVE_LAB_HOME points elsewhere
from incentive_lab.history.demo import generate_demo
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.reading import loads

ROOT = Path(__file__).resolve().parents[2]

PLAN = """
pilot: trial
hypothesis: More is sold.
population: {active_months: 3}
arms: [{name: flat, scheme: current-flat}, {name: growth, scheme: growth-80-20}]
assignment: {mechanism: blocked, block_size: 4, seed: 5}
dates: {start: 2024-01-01, months: 6, pre_months: 12}
metrics:
  - {name: revenue, of: revenue, role: primary}
  - {name: win-rate, of: win_rate}
  - {name: csat, of: csat, role: guardrail, margin_amount: 0.3}
analysis: {draws: 400, segments: [type, size]}
value: {margin: margin}
planted: {lift: 60%}
"""


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(20_251)


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("pilot") / "history"
    generate_demo(folder, partners=120, months=20, seed=3)
    return folder


@pytest.fixture
def csv_pilot(tmp_path: Path) -> Callable[..., tuple[Pilot, Path]]:
    """A pilot over a CSV file: rows as text, and further YAML."""

    def make(rows: str, more: str = "", metrics: str = "[{name: y, of: y, role: primary}]", columns: str = "partner: id, arm: z",
             arms: str = "[{name: off, value: 0}, {name: on, value: 1}]") -> tuple[Pilot, Path]:  # fmt: skip
        (tmp_path / "data.csv").write_text(rows)
        text = f"pilot: t\narms: {arms}\nmetrics: {metrics}\n{more}\n"
        if "data:" not in more:
            text += f"data: {{file: data.csv, columns: {{{columns}}}}}\n"
        return loads(text), tmp_path

    return make
