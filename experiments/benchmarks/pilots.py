"""How fast pilots are: power by simulation on 1,000 partners, and the reading of 100,000 partners over 24 months."""

from __future__ import annotations

import tempfile
import time
from pathlib import Path

import numpy as np
from experiments.benchmarks.measuring import Row

from incentive_lab.pilot.powering import ESTIMATORS, simulate, sizes_for
from incentive_lab.pilot.reading import loads
from incentive_lab.pilot.running import read_pilot
from incentive_lab.pilot.windows import Windowed

PLAN = """
pilot: large
arms: [{name: off, value: 0}, {name: on, value: 1}]
metrics: [{name: y, of: y, role: primary}]
analysis: {segments: [region, size]}
data: {file: data.csv, start: 202507, columns: {partner: partner, arm: arm, period: month}}
"""
MONTHS, SECONDS = 24, 10.0


def pilots(partners: int, draws: int) -> list[Row]:
    """Rows for power (bar: seconds, not minutes) and for a reading from a CSV file, its loading included."""
    rng = np.random.default_rng(1)
    size = rng.normal(8, 1.2, 1000)
    pre, post = (np.exp(size + rng.normal(0, 0.5, 1000)) for _ in range(2))
    plan = loads("{pilot: a, arms: [{name: off}, {name: on}], metrics: [{name: y, of: revenue, role: primary}], "
                 "dates: {start: 2024-01-01, months: 6}}")  # fmt: skip
    window = Windowed(post, pre, np.zeros(1000, dtype=np.int64), 6, 12, 24, "")
    sizes = sizes_for(1000)
    begin = time.perf_counter()
    simulate(window, plan, sizes, draws=draws)
    power = time.perf_counter() - begin
    with tempfile.TemporaryDirectory() as folder:
        _written(Path(folder) / "data.csv", partners)
        begin = time.perf_counter()
        read_pilot(loads(PLAN), None, Path(folder))
        whole = time.perf_counter() - begin
    named = f"{draws} draws x {len(sizes)} sizes x {len(ESTIMATORS)} estimators, 1,000 partners"
    return [
        Row(f"pilot power, {named}", round(power, 2), "s", bar=SECONDS, holds=power <= SECONDS),
        Row(f"pilot reading from CSV, {partners:,} partners x {MONTHS} months", round(whole, 2), "s", bar=SECONDS,
            holds=whole <= SECONDS),
    ]  # fmt: skip


def _written(path: Path, partners: int) -> None:
    rng = np.random.default_rng(2)
    size, arm = rng.normal(8, 1, partners), rng.integers(0, 2, partners)
    values = np.exp(size[:, None] + rng.normal(0, 0.5, (partners, MONTHS)))
    values[:, 18:] *= 1 + 0.05 * arm[:, None]
    months = [2024 * 100 + month + 1 if month < 12 else 2025 * 100 + month - 11 for month in range(MONTHS)]
    with path.open("w", encoding="utf-8") as out:
        out.write("partner,month,arm,region,y\n")
        for place in range(partners):
            head = f"P{place}"
            out.writelines(f"{head},{month},{arm[place]},R{place % 50},{value:.2f}\n" for month, value in zip(
                months, values[place].tolist(), strict=True))  # fmt: skip
