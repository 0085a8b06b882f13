"""Months whose rows are missing are told from months in which nothing happened."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from incentive_lab.history import open_history
from incentive_lab.history.missing import gaps, left_out_words, missing
from incentive_lab.history.quality import quality
from incentive_lab.panel import Floats

RNG = np.random.default_rng


def made(seed: int = 1, partners: int = 40, months: int = 24, rate: float = 1.1) -> Floats:
    """Poisson counts, [partners, months]."""
    return RNG(seed).poisson(rate, (partners, months)).astype(float)


@pytest.mark.parametrize("lost", [[9, 15], [0, 1, 2], [23], [20, 21, 22, 23], [5, 6, 7, 8], [3, 12, 20]])
def test_months_without_a_row_of_anybody_are_missing(lost: list[int]) -> None:
    counts = made()
    counts[:, lost] = 0
    (gap,) = gaps(counts, {})
    assert list(gap.months) == lost
    assert gap.usual == pytest.approx(44, abs=3)
    assert missing((gap,), {}, counts.shape)[:, lost].all()


def test_the_rows_of_one_region_may_be_missing() -> None:
    counts, region = made(), np.array(["north"] * 20 + ["south"] * 20, dtype=object)
    counts[:20, 7:9] = 0
    (gap,) = gaps(counts, {"region": region, "type": np.full(40, "reseller", dtype=object)})
    assert (gap.attribute, gap.value, gap.months) == ("region", "north", (7, 8))
    flags = missing((gap,), {"region": region}, counts.shape)
    assert flags[:20, 7:9].all()
    assert flags.sum() == 40
    told = left_out_words([gap.told(24_000, "closed deals")])
    assert "closed deals of region north in 2000-08 and 2000-09" in told


def test_a_season_that_is_empty_every_year_is_a_season() -> None:
    counts = made(months=36)
    counts[:, [7, 19, 31]] = 0
    assert gaps(counts, {}) == ()
    counts[:, 6] = 0
    (gap,) = gaps(counts, {})
    assert gap.months == (6,), "the month before it is missing all the same"
    ski = made(months=24) * (np.arange(24) % 12 < 6)
    assert gaps(ski, {}) == ()


@pytest.mark.parametrize("months", [13, 18, 24])
def test_a_business_of_quarters_ends_is_no_gap(months: int) -> None:
    counts = 3 * made(months=months) * (np.arange(months) % 3 == 2)
    assert gaps(counts, {}) == ()


def test_few_rows_say_nothing() -> None:
    counts = made(rate=0.1)
    counts[:, 9] = 0
    assert gaps(counts, {}) == ()
    assert sum(len(gaps(made(seed, rate=0.06), {})) for seed in range(100)) == 0


def test_a_programme_that_grew_from_nothing_or_fades_misses_nothing() -> None:
    growing = RNG(2).poisson(0.002 * 1.5 ** np.arange(24), (40, 24)).astype(float)
    assert gaps(growing, {}) == ()
    assert gaps(growing[:, ::-1], {}) == ()


def test_a_large_partner_that_leaves_misses_nothing() -> None:
    """Its region has nothing without it; what the others have must make the silence impossible."""
    counts = made(rate=0.02)
    counts[0] = 30
    counts[:, 18:21] = 0
    counts[20:, 18:21] = made(rate=1.0)[20:, 18:21]
    region = np.array(["north"] * 20 + ["south"] * 20, dtype=object)
    assert gaps(counts, {"region": region}) == ()


def test_part_of_the_partners_silent_for_half_a_year_have_left() -> None:
    counts, region = made(), np.array(["north"] * 20 + ["south"] * 20, dtype=object)
    counts[:20, 21:] = 0
    assert gaps(counts, {"region": region})[0].months == (21, 22, 23)
    counts[:20, 18:] = 0
    assert gaps(counts, {"region": region}) == ()
    counts[:, 18:] = 0
    assert gaps(counts, {"region": region})[0].months == (18, 19, 20, 21, 22, 23)
    assert gaps(counts, {"region": region}, may_end=True) == ()


def test_the_report_tells_rows_that_are_missing(tmp_path: Path) -> None:
    counts, deals = made(rate=1.5), []
    for row, month in np.argwhere(counts > 0):
        if row < 20 and month in (7, 8):
            continue
        day = f"{2022 + month // 12}-{month % 12 + 1:02d}-10"
        deals.append((f"D{len(deals)}", f"P{row:03d}", "won", day, day, 100 + row))
    with (tmp_path / "partners.csv").open("w", newline="") as file:
        rows = [(f"P{row:03d}", "reseller", "north" if row < 20 else "south") for row in range(40)]
        csv.writer(file).writerows([("partner_id", "type", "region"), *rows])
    with (tmp_path / "deals.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("deal_id", "partner_id", "status", "created_on", "closed_on", "amount"), *deals])
    with open_history(str(tmp_path), currency="USD").closing() as history:
        (found,) = [one for one in quality(history) if one.kind == "missing_rows"]
    assert found.examples == ("2022-08", "2022-09")
    assert "won deals of region north in 2022-08 and 2022-09" in found.message


def test_part_of_the_partners_that_begin_later_had_not_begun() -> None:
    """As in AdventureWorks, whose partners in France first order after a year."""
    counts = np.full((16, 36), 4.0)
    counts[8:, :12] = 0.0
    region = np.repeat(np.array(["north", "south"], dtype=object), 8)
    assert gaps(counts, {"region": region}) == ()
    counts[8:, 20] = 0.0
    assert [(gap.value, gap.months) for gap in gaps(counts, {"region": region})] == [("south", (20,))]
