"""Deals to monthly measures through a history, against a query written by hand for DuckDB, equal number by number."""

from __future__ import annotations

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
from experiments.benchmarks.measuring import Row, rivalry, side_by_side

from incentive_lab.history import History, open_history
from incentive_lab.history.demo import generate_demo
from incentive_lab.panel import Floats
from incentive_lab.scheme.measures import CATALOGUE

NAMES = ("revenue", "margin", "units", "won_deals", "pipeline", "qualified_pipeline")
KEPT = ("partners", "deals")
LATE = "CASE WHEN date_trunc('quarter', recorded_on) > date_trunc('quarter', {0}) THEN recorded_on ELSE {0} END"
QUERY = """
    SELECT p.place, 12 * year(d.on_) + month(d.on_) - 1 AS month, {sums}
    FROM (SELECT *, {on} AS on_ FROM deals WHERE {date} IS NOT NULL {only}) d
    JOIN (SELECT partner_id, row_number() OVER (ORDER BY partner_id) - 1 AS place FROM partners) p USING (partner_id)
    GROUP BY ALL
"""
WON = {
    "revenue": "sum(amount)",
    "margin": "sum(amount - cost)",
    "units": "sum(quantity)",
    "won_deals": "1e6 * count(*)",
}
"""Canonical amounts are cents and quantities millionths, in the history's tables as in the panel."""


@contextmanager
def demo(partners: int, months: int, deals: int) -> Iterator[Path]:
    """A generated history of about so many deals; its deals belong to one partner each."""
    with tempfile.TemporaryDirectory(prefix="incentive-lab-bench-") as folder:
        made = generate_demo(Path(folder) / "h", partners=partners, months=months, seed=1,
                             deals_per_partner_month=deals / partners / months)  # fmt: skip
        for path in made.files:
            if path.stem not in KEPT:
                path.unlink()
        yield made.directory


def by_hand(history: History) -> dict[str, Floats]:
    """The six measures by partner and month: one query for each date that counts."""
    connection: Any = history.store.connection  # type: ignore[attr-defined]
    first, months = history.span
    columns: dict[str, Floats] = {}
    for date, only, wanted in (
        ("closed_on", "AND status = 'won'", WON),
        ("created_on", "", {"pipeline": "sum(amount)"}),
        ("qualified_on", "", {"qualified_pipeline": "sum(amount)"}),
    ):
        sums = ", ".join(f"{text} AS {name}" for name, text in wanted.items())
        found = connection.execute(QUERY.format(sums=sums, on=LATE.format(date), date=date, only=only)).fetchnumpy()
        month = np.asarray(found["month"]) - first
        inside = (month >= 0) & (month < months)
        for name in wanted:
            columns[name] = np.zeros((history.rows["partners"], months))
            columns[name][np.asarray(found["place"])[inside], month[inside]] = np.asarray(found[name], float)[inside]
    return columns


def measures(repeats: int, deals: int = 2_000_000, partners: int = 10_000, months: int = 36) -> list[Row]:
    """Rows for six measures over a history of won, lost and open deals."""
    wanted = {name: CATALOGUE[name] for name in NAMES}
    with demo(partners, months, deals) as folder:
        begin = time.perf_counter()
        with open_history(folder).closing() as history:
            opened = time.perf_counter() - begin
            rows = history.rows["deals"]
            panel, hand = history.panel(wanted), by_hand(history)
            for name in NAMES:
                if not np.array_equal(panel.columns[name], hand[name]):
                    raise AssertionError(f"{name}: the panel and the query by hand differ")
            times = side_by_side(
                {"panel": lambda: history.panel(wanted), "hand": lambda: by_hand(history)}, max(3, repeats // 3)
            )
    return [
        rivalry(f"measures, {rows:,} deals to {len(NAMES)} measures", times["panel"], times["hand"],
                "DuckDB, queries by hand", 3, at_most=True),
        Row(f"measures, reading and checking {rows:,} deals", round(opened, 2), "s"),
    ]  # fmt: skip


LARGE = """
import resource, sys, time
from pathlib import Path
from incentive_lab.history import open_history
from incentive_lab.scheme.measures import CATALOGUE
begin = time.perf_counter()
with open_history(Path(sys.argv[1])).closing() as history:
    opened = time.perf_counter() - begin
    history.panel({name: CATALOGUE[name] for name in sys.argv[2:]})
    print(history.rows["deals"], opened, time.perf_counter() - begin - opened,
          resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def large(deals: int = 50_000_000, partners: int = 100_000, months: int = 36) -> list[Row]:
    """Memory and time of a history that does not fit, in a process of its own."""
    with demo(partners, months, deals) as folder:
        done = subprocess.run([sys.executable, "-c", LARGE, str(folder), *NAMES],
                              capture_output=True, text=True, check=True)  # fmt: skip
    rows, opened, panel, memory = map(float, done.stdout.split())
    what = f"measures, {int(rows):,} deals"
    return [
        Row(f"{what}, reading and checking", round(opened, 1), "s"),
        Row(f"{what}, panel of {len(NAMES)} measures", round(panel, 1), "s"),
        Row(f"{what}, peak memory", round(memory), "MB"),
    ]
