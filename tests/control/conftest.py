"""A demo history of two and a half years, and what was known of it after two."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pytest

from incentive_lab.history import History, open_history
from incentive_lab.history.demo import generate_demo

SHIPPED = Path(__file__).resolve().parents[2] / "data" / "schemes"
THEN = pd.Timestamp("2025-07-01").date()


@pytest.fixture(scope="session")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Generated: 60 partners, 36 months to 2025-12, with payments and exceptions that truth.json names."""
    folder = tmp_path_factory.mktemp("demo")
    generate_demo(folder, partners=60, months=36, seed=3)
    return folder


@pytest.fixture(scope="session")
def opened(demo: Path) -> Iterator[History]:
    with open_history(str(demo), currency="USD").closing() as held:
        yield held


def written(folder: Path, tables: dict[str, pd.DataFrame]) -> Path:
    folder.mkdir(exist_ok=True)
    for name, frame in tables.items():
        frame.to_parquet(folder / f"{name}.parquet", index=False)
    return folder


def tables(folder: Path, *names: str) -> dict[str, pd.DataFrame]:
    return {name: pd.read_parquet(folder / f"{name}.parquet") for name in names}


@pytest.fixture(scope="session")
def then(demo: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """What was known of the demo at the end of June 2025."""
    found = tables(demo, "partners", "deals", "activities", "scores")
    partners, deals = found["partners"], found["deals"]
    partners = partners[~(partners["joined_on"] >= THEN)]
    deals = deals[(deals["created_on"] < THEN) & deals["partner_id"].isin(partners["partner_id"])].copy()
    known = deals["recorded_on"].where(deals["recorded_on"].notna(), deals["closed_on"])
    late = ~(known < THEN)
    deals.loc[late, "status"] = "open"
    for column in ("qualified_on", "closed_on", "recorded_on", "registered_on", "returned_on"):
        deals.loc[late if column in ("closed_on", "recorded_on") else deals[column] >= THEN, column] = None
    deals.loc[deals["returned_on"].isna(), "returned_amount"] = None
    kept = {"partners": partners, "deals": deals}
    for name, date in (("activities", "occurred_on"), ("scores", "scored_on")):
        frame = found[name]
        kept[name] = frame[(frame[date] < THEN) & frame["partner_id"].isin(partners["partner_id"])]
    return written(tmp_path_factory.mktemp("then"), kept)
