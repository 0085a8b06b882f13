"""The same arguments give the same bytes, however the work is cut up."""

from __future__ import annotations

from pathlib import Path

import pyarrow.parquet as pq
import pytest

from incentive_lab.history.demo import generate_demo, plan, writing
from incentive_lab.history.demo.generate import TABLES

SMALL = {"partners": 60, "months": 15}


def files(directory: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in sorted(directory.iterdir())}


@pytest.mark.parametrize("form", ["parquet", "csv"])
def test_two_runs_write_the_same_bytes(tmp_path: Path, form: str) -> None:
    for name in ("a", "b"):
        generate_demo(tmp_path / name, format=form, **SMALL)
    assert files(tmp_path / "a") == files(tmp_path / "b")
    assert len(files(tmp_path / "a")) == len(TABLES) + 1


def test_another_seed_changes_every_table(tmp_path: Path) -> None:
    for seed in (1, 2):
        generate_demo(tmp_path / str(seed), seed=seed, **SMALL)
    one, two = files(tmp_path / "1"), files(tmp_path / "2")
    assert all(one[name] != two[name] for name in one)


def test_fifty_thousand_deals_are_the_same_in_small_and_large_pieces(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    size = {"partners": 600, "months": 24, "deals_per_partner_month": 3.5}
    whole = generate_demo(tmp_path / "whole", **size)
    monkeypatch.setattr(writing, "GROUP_ROWS", 7_000)
    generate_demo(tmp_path / "pieces", **size)
    assert whole.rows["deals"] > 45_000
    assert pq.ParquetFile(tmp_path / "pieces/deals.parquet").num_row_groups > 2
    for table in TABLES:
        assert pq.read_table(tmp_path / f"whole/{table}.parquet").equals(
            pq.read_table(tmp_path / f"pieces/{table}.parquet")
        )


def test_more_partners_leave_the_first_ones_as_they_were(tmp_path: Path) -> None:
    """Only money that a later partner of the same block credits to a helper may differ, and none does here."""
    for n in (plan.BLOCK, plan.BLOCK + 40):
        generate_demo(tmp_path / str(n), partners=n, months=14)
    for table in TABLES:
        few = pq.read_table(tmp_path / f"{plan.BLOCK}/{table}.parquet")
        many = pq.read_table(tmp_path / f"{plan.BLOCK + 40}/{table}.parquet")
        assert few.num_rows > 0
        assert many.slice(0, few.num_rows).equals(few), table


def test_each_table_and_block_has_its_own_stream() -> None:
    chosen = plan.Plan(10, 12, 7, 636, 1.0)
    draws = {(t, b): chosen.rng(t, b).random() for t in plan.STREAMS for b in (0, 1)}
    assert len(set(draws.values())) == len(draws)


def test_streams_keep_their_order_so_that_a_new_table_moves_no_other() -> None:
    known = ("partners", "activities", "deals", "deal_partners", "scores", "targets", "actual_payouts")
    assert plan.STREAMS[: len(known)] == known
