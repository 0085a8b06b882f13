"""Where the machine's pieces meet: deals past one chunk, blocks without partners, partners past one block."""

from __future__ import annotations

import shutil
from pathlib import Path

import numba
import numpy as np
import pytest
from experiments.benchmarks.world import month_panel
from numba import types
from numba.core.errors import TypingError

from incentive_lab import engine, projection
from incentive_lab.engine import compiled_sources, lane_deals
from incentive_lab.engine.blocks import LANES
from incentive_lab.engine.calling import by_address
from incentive_lab.engine.kernel import AT_SELDOM, CHUNK, addresses
from incentive_lab.engine.replay import compiled_parts, replay, run
from incentive_lab.projection.draws import draw_block
from incentive_lab.projection.lanes import add_up
from incentive_lab.projection.spans import pay_span
from incentive_lab.scheme.load import loads
from tests.engine.panels import DealRow, History

HEAD = "scheme: machine\ncurrency: USD\neffective: {from: 2024-01-01}\n"
BY_DEAL = HEAD + (
    "rules: [{id: r, on: revenue, per: deal, limit: {amount: 40, per: quarter, excess: carried}, "
    "rate: {table: {over: year_to_date, steps: [{from: 0, rate: 1%}, {from: 5_000, rate: 2%}]}}}]"
)
BY_LINE = HEAD + "rules: [{id: r, on: revenue, per: line, rate: 10%, limit: {amount: 3, per: deal}}]"


def deals(count: int, lines: int = 1) -> list[DealRow]:
    """Deals of two partners over 2024, of 10.00 to 16.00 each, in their order; each of so many lines."""
    rows = []
    for partner in (0, 1):
        for number in range(count):
            month, cents = 1 + number * 12 // count, 1000 + 100 * ((number * 5 + partner) % 7)
            day = (np.datetime64(f"2024-{month:02d}-01") - np.datetime64("1970-01-01")).astype(int)
            rows += [
                DealRow(partner, int(day), f"d{number:05d}", {"revenue": cents}, f"{line}") for line in range(lines)
            ]
    return rows


def history(grain: str, rows: list[DealRow]) -> History:
    """A history of 2024 made of these deals."""
    revenue = np.zeros((2, 12))
    for row in rows:
        month = (np.datetime64("1970-01-01") + row.day).astype("datetime64[M]").astype(int) % 12
        revenue[row.partner, month] += row.values["revenue"]
    return History(2024 * 12, 12, ("p0", "p1"), {"revenue": revenue.tolist()}, deals={grain: rows},
                   deal_measures=("revenue",))  # fmt: skip


def test_running_tables_and_limits_go_on_from_one_chunk_of_deals_to_the_next() -> None:
    rows = deals(3 * CHUNK // 2)
    paid = replay(loads(BY_DEAL), history("deal", rows).panel()).total
    expected = np.zeros((12, 2))
    for partner in (0, 1):
        so_far = used = carried = 0
        quarter = -1
        for row in (row for row in rows if row.partner == partner):
            month = int((np.datetime64("1970-01-01") + row.day).astype("datetime64[M]").astype(int) % 12)
            if month // 3 != quarter:
                quarter, used = month // 3, 0
            cents = row.values["revenue"]
            above = min(cents, max(0, so_far + cents - 500_000))
            so_far += cents
            claim = (cents + above + 50) // 100 + carried
            got = min(claim, 4_000 - used)
            used, carried = used + got, claim - got
            expected[month, partner] += got
    assert (paid == expected).all()
    assert expected.sum(axis=0).tolist() == [16_000, 16_000], "the limit binds in every quarter"


def test_what_a_lost_limit_used_starts_anew_with_each_quarter_and_each_partner() -> None:
    rows = deals(3 * CHUNK // 2)
    scheme = loads(BY_DEAL.replace("excess: carried", "excess: lost"))
    paid = replay(scheme, history("deal", rows).panel()).total
    by_quarter = paid.reshape(4, 3, 2).sum(axis=1)
    assert (by_quarter == 4_000).all(), "40.00 in each quarter, though chunks end and partners follow each other inside"


def test_a_limit_per_deal_holds_over_lines_that_fall_into_two_chunks() -> None:
    rows = deals(CHUNK // 2 + 100, lines=3)
    paid = replay(loads(BY_LINE), history("line", rows).panel()).total
    assert paid.sum() == 2 * (CHUNK // 2 + 100) * 300, "each deal of three lines of 1.00 and more is paid 3.00"


def test_the_kernel_cache_is_named_after_every_source_that_is_compiled_in() -> None:
    named = {path.stem for path in compiled_sources(Path(engine.__file__).parent)}
    assert {"kernel", "machine", "numeric", "tables", "lane_rates", "ops", "program"} <= named
    assert not named & {"compile", "replay", "lowering"}


def test_what_is_compiled_of_projections_is_cached_by_their_sources_and_the_kernels(tmp_path: Path) -> None:
    """Blocks of futures are paid with the kernel compiled in: code of another kernel must not be found."""
    package = Path(projection.__file__).parent
    assert {"draws", "lanes", "lasting", "spans"} <= {path.stem for path in compiled_sources(package)}
    for one in (draw_block, add_up, pay_span):
        assert Path(one._cache.cache_path).parent == projection._CACHE
    other = tmp_path / "engine"
    shutil.copytree(Path(engine.__file__).parent, other)
    same = engine._cache_folder(package, other)
    assert engine._cache_folder(package, Path(engine.__file__).parent) == same
    (other / "machine.py").write_text((other / "machine.py").read_text() + "# changed\n")
    assert engine._cache_folder(package, other) != same


def test_more_partners_than_a_block_holds_and_none_at_all() -> None:
    partners = 2 * LANES + 3
    scheme = loads(HEAD + "rules: [{id: r, on: revenue, rate: 1%}]")
    columns = {"revenue": [[100.0 * row, 0.0] for row in range(partners)]}
    panel = History(2024 * 12, 2, tuple(f"p{row:05d}" for row in range(partners)), columns).panel()
    assert replay(scheme, panel).total[0].tolist() == [float(row) for row in range(partners)]
    ((compiled, _),) = compiled_parts(scheme, panel)
    (nobody,) = run(compiled, panel, np.zeros(0, dtype=np.int64), np.zeros((0, 2, partners)), None, True)
    assert nobody[1][1].shape == (2, 0)


def test_lines_that_were_not_asked_for_are_not_kept_even_where_a_budget_needs_them() -> None:
    scheme = loads(HEAD + "rules: [{id: r, on: revenue, rate: 1%}]\nbudget: {amount: 10, when_exceeded: prorate}")
    panel = History(2024 * 12, 2, ("a",), {"revenue": [[400_000.0, 400_000.0]]}).panel()
    with_lines, without = replay(scheme, panel), replay(scheme, panel, detail=False)
    assert with_lines.detail.size
    assert without.detail.size == 0, "a cached result of a thousand partners would be ten times as large"
    assert without.total.tolist() == with_lines.total.tolist()
    assert without.cost == 1_000


@pytest.mark.parametrize("needs", range(6))
def test_a_level_asks_the_same_of_a_partner_in_one_instruction_or_in_many(needs: int) -> None:
    asked = "revenue: 60_000, training: 6, csat: 3.4, certification: 1, campaign: 1".split(", ")[:needs]
    head = HEAD.replace("}\n", ", months: 12}\n") + (
        "rules: [{id: r, on: revenue, per: month, rate: 1%}]\n"
        "tiers:\n  review: quarter\n  looks_at: {months: 12}\n  levels:\n    - {name: low}\n"
    )
    panel = month_panel(300, 24)
    one = replay(loads(head + f"    - {{name: high, needs: {{{', '.join(asked)}}}}}"), panel, detail=False)
    many = replay(loads(head + f"    - {{name: high, any_of: [{{{', '.join(asked)}}}]}}"), panel, detail=False)
    assert (one.tiers == many.tiers).all()
    assert len(np.unique(one.tiers[-1])) == (2 if needs else 1)


@pytest.mark.parametrize("back", [False, True], ids=["nothing comes back", "amounts are taken back"])
@pytest.mark.parametrize("most", [0.0, 250.0, -5.0])
@pytest.mark.parametrize("whole", [False, True], ids=["any amounts", "whole amounts"])
def test_deals_are_cut_alike_whichever_chunks_they_come_in(
    back: bool, most: float, whole: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(lane_deals, "sums_before", lane_deals.sums_before.py_func)
    random = np.random.default_rng(11)
    claims = random.integers(-60 if back else 0, 120, 400).astype(float)
    live, epoch = (random.random(400) < 0.8).astype(float), np.sort(random.integers(0, 9, 400)).astype(float)
    claims[live == 0.0] = 0.0 if whole else np.nan
    expected, used, before = claims.copy(), 0.0, -1.0
    for place in range(400):
        used, before = used if epoch[place] == before else 0.0, epoch[place]
        if live[place]:
            expected[place] = min(claims[place], max(0.0, most - used))
            used += expected[place]
    for chunk in (1, 7, 128, 400):
        cut, memory = claims.copy(), np.array([-1.0, 0.0])
        for first in range(0, 400, chunk):
            part = slice(first, min(400, first + chunk))
            size = part.stop - part.start
            lane_deals.deal_cut.py_func(
                cut[part], live[part], epoch[part], most, memory, 0, whole, np.empty(size), size
            )
        np.testing.assert_array_equal(cut, expected)


@pytest.mark.parametrize("lanes", [1, 2, 3, 4, 5, 8, 41, 400])
@pytest.mark.parametrize("apart", [1, 3, 60, 1_000], ids=lambda apart: f"keys of about {apart}")
def test_sums_side_by_side_are_those_one_after_the_other(lanes: int, apart: int) -> None:
    random = np.random.default_rng(lanes + apart)
    keys, amounts = np.cumsum(random.random(lanes) < 1 / apart), random.integers(-9, 99, lanes).astype(float)
    for key in (keys[0], -1):
        before, total, expected = np.empty(lanes), 7.0 if key == keys[0] else 0.0, []
        for place in range(lanes):
            total = 0.0 if place and keys[place] != keys[place - 1] else total
            expected.append(total)
            total += amounts[place]
        assert lane_deals.sums_before.py_func(keys, amounts, key, 7.0, before, lanes) == total
        np.testing.assert_array_equal(before, expected)


def test_what_few_schemes_run_is_compiled_for_those_alone() -> None:
    """A first replay waits for the compiler: a flat rate must not wait for the instructions of single deals."""
    rows = deals(4)
    panel = history("line", rows).panel()
    flat = loads(HEAD + "rules: [{id: r, on: revenue, rate: 1%}]")
    for scheme, needed in ((flat, False), (loads(BY_LINE), True)):
        ((compiled, _),) = compiled_parts(scheme, panel)
        assert bool(addresses(compiled.program)[AT_SELDOM]) == needed
        assert all(addresses(compiled.program)[:AT_SELDOM])


def test_a_call_by_address_with_other_types_than_declared_is_not_compiled() -> None:
    """An address has no types: what is there would read numbers as addresses."""
    call = by_address((types.int64[::1], types.float64))

    @numba.njit
    def caller(address, row, number):  # type: ignore[no-untyped-def]
        call(address, row, number)

    with pytest.raises(TypingError, match="first at argument 1"):
        caller.compile((types.int64, types.int64[::1], types.int64))
    with pytest.raises(TypingError, match="first at argument 0"):
        caller.compile((types.int64, types.int32[::1], types.float64))
