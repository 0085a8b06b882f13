"""The command around the draws: arguments, progress, files."""

from __future__ import annotations

from pathlib import Path

import pyarrow.csv as pcsv
import pyarrow.parquet as pq
import pytest

from incentive_lab.errors import InputError
from incentive_lab.history.demo import generate, generate_demo
from incentive_lab.history.demo.generate import TABLES
from incentive_lab.history.demo.names import FIRST, SECOND, partner_name

TINY = {"partners": 20, "months": 13}


def test_every_wrong_argument_is_named_at_once(tmp_path: Path) -> None:
    wrong = {"partners": 0, "months": 0, "seed": -1, "first_month": "2023-13", "deals_per_partner_month": 0}
    with pytest.raises(InputError) as caught:
        generate_demo(tmp_path / "x", format="xls", **wrong)
    assert {problem.path for problem in caught.value.problems} == {*wrong, "format"}
    assert not (tmp_path / "x").exists()


def test_the_summary_counts_what_is_in_the_files(tmp_path: Path) -> None:
    summary = generate_demo(tmp_path, **TINY)
    assert {path.name for path in summary.files} == {path.name for path in tmp_path.iterdir()}
    for table in TABLES:
        assert pq.read_metadata(tmp_path / f"{table}.parquet").num_rows == summary.rows[table]
    deals = pq.read_table(tmp_path / "deals.parquet").to_pandas()
    assert summary.revenue == pytest.approx(deals.amount[deals.status == "won"].sum(), abs=0.005)


def test_csv_holds_the_same_rows_with_two_decimals(tmp_path: Path) -> None:
    generate_demo(tmp_path / "p", **TINY)
    generate_demo(tmp_path / "c", format="csv", **TINY)
    parquet = pq.read_table(tmp_path / "p/deals.parquet")
    text = pcsv.read_csv(tmp_path / "c/deals.csv", convert_options=pcsv.ConvertOptions(column_types=parquet.schema))
    for name in ("deal_id", "closed_on", "amount", "co_sold"):
        assert text[name].to_pylist() == parquet[name].to_pylist()
    lines = (tmp_path / "c/actual_payouts.csv").read_text().splitlines()[1:]
    assert all(len(line.rsplit(".", 1)[1]) == 2 for line in lines)


def test_progress_counts_partners_up_to_their_total(tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    generate_demo(tmp_path, partners=600, months=2, progress=lambda done, total: seen.append((done, total)))
    assert seen == [(250, 600), (500, 600), (600, 600)]


def test_a_folder_with_another_history_is_refused_and_left_alone(tmp_path: Path) -> None:
    (tmp_path / "deals.csv").write_text("deal_id\nmine\n")
    with pytest.raises(InputError, match="not a demo"):
        generate_demo(tmp_path, **TINY)
    assert [path.name for path in tmp_path.iterdir()] == ["deals.csv"]


def test_a_new_demo_replaces_an_old_one_in_the_other_format(tmp_path: Path) -> None:
    generate_demo(tmp_path, format="csv", **TINY)
    generate_demo(tmp_path, **TINY)
    assert {path.suffix for path in tmp_path.iterdir()} == {".parquet", ".json"}


def test_a_run_that_breaks_leaves_no_half_written_table(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(*_: object) -> None:
        raise RuntimeError("stop")

    with pytest.raises(RuntimeError, match="stop"):
        generate_demo(tmp_path, partners=600, months=2, progress=broken)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("partners", "months"), [(1, 1), (3, 2), (18, 40)])
def test_small_sizes_work_and_keep_every_table(tmp_path: Path, partners: int, months: int) -> None:
    summary = generate_demo(tmp_path, partners=partners, months=months, first_month="2024-11")
    assert summary.rows["partners"] == partners
    assert all((tmp_path / f"{table}.parquet").exists() for table in TABLES)


def test_names_are_unique_and_depend_on_the_number_alone() -> None:
    several = 3 * len(FIRST) * len(SECOND)
    assert len({partner_name(number, "msp", 7) for number in range(several)}) == several
    pairs = {partner_name(number, "msp", 7).split(" Managed")[0] for number in range(5_000)}
    assert len(pairs) > 1_000


def test_the_limit_on_deals_follows_the_months(tmp_path: Path) -> None:
    rate = generate.MOST_DEALS_PER_PARTNER / 36 * 1.01
    with pytest.raises(InputError, match="deals_per_partner_month"):
        generate_demo(tmp_path, partners=1, months=36, deals_per_partner_month=rate)
