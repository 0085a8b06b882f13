"""Programmes that are not the demo's: nobody noted who joined when, one partner sells nine tenths."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from incentive_lab.panel import Floats
from incentive_lab.projection.estimates import heads_of, of_another_size
from incentive_lab.projection.model import fit
from incentive_lab.projection.past import Past
from tests.projection.conftest import made_past


def uneven_rates(seed: int, partners: int = 40) -> Floats:
    """Deals a month that differ twentyfold between partners, [partners, 1]."""
    return np.exp(np.random.default_rng(seed).normal(np.log(0.5), 0.9, (partners, 1)))


def with_a_whale(past: Past, times: float) -> Past:
    """The same with all deals of the first partner so many times as large."""
    table = past.items["closed_on"]
    values = {name: np.where(table.partner == 0, one * times, one) for name, one in table.values.items()}
    columns = {name: one * np.where(np.arange(len(one)) == 0, times, 1.0)[:, None] if name in values else one
               for name, one in past.panel.columns.items()}  # fmt: skip
    return replace(past, panel=replace(past.panel, columns=columns), items={"closed_on": replace(table, values=values)})


def test_partners_that_are_known_by_their_first_deal_make_no_falling_trend() -> None:
    """Those that buy most are seen first: counted as heads, a programme that never moved would fall by 8 % a year."""
    found = [fit(made_past(40, 24, seed, uneven_rates(seed), leads=0.0)).streams["closed deals"].level.growth * 12
             for seed in range(40)]  # fmt: skip
    assert np.mean(found) == pytest.approx(0.0, abs=0.035)  # its standard error is 0.012


def test_a_head_counts_as_much_as_it_usually_has() -> None:
    random = np.random.default_rng(1)
    rates, level = np.exp(random.normal(4.0, 1.0, 30)), np.exp(random.normal(0.0, 0.3, 24))
    counts = random.poisson(rates[:, None] * level)
    active = np.arange(24)[None, :] >= np.argsort(-rates, kind="stable").argsort()[:, None] // 3
    found = np.where(active, counts, 0).sum(axis=0) / heads_of(counts, active)
    assert found / found.mean() == pytest.approx(level / level.mean(), rel=0.08)


def test_a_month_in_which_nobody_is_looked_at_has_no_heads() -> None:
    found = heads_of(np.array([[9.0, 2.0, 2.0]]), np.array([[False, True, True]]))
    assert found.tolist() == pytest.approx([0.0, 2.0, 2.0])


def test_a_partner_of_another_size_draws_its_own_deals_and_nobody_else_draws_them() -> None:
    past = with_a_whale(made_past(40, 24, 5, uneven_rates(5)), 2_000.0)
    model = fit(past)
    stream = model.streams["closed deals"]
    whole = past.items["closed_on"].values["revenue"]
    assert stream.own_weight[0] == 1.0
    assert (stream.own_weight[1:] < 1.0).all()
    assert stream.segment_count.sum() == (past.items["closed_on"].partner != 0).sum() < len(whole)
    first, count = stream.own_first[0], stream.own_count[0]
    assert np.sort(stream.pool[first : first + count, 0]) == pytest.approx(
        np.sort(whole[past.items["closed_on"].partner == 0])
    )
    assert any("The deals of p000 are of another size" in note for note in model.notes)


def test_sizes_differ_only_beyond_what_chance_and_the_others_explain() -> None:
    random = np.random.default_rng(2)
    raised = 0
    for _ in range(100):
        level, partner = random.normal(0.0, 0.7, 40), np.repeat(np.arange(40), random.integers(1, 30, 40))
        size = np.exp(level[partner] + random.normal(0.0, 1.0, len(partner)))
        raised += of_another_size(size, partner, np.zeros(40, dtype=np.int64)).any()
    assert raised <= 5
    few = of_another_size(np.r_[np.ones(12), 1e6, 1e6, 1e6], np.repeat(np.arange(5), 3), np.zeros(5, dtype=np.int64))
    assert few.tolist() == [False, False, False, False, True]
    assert not of_another_size(
        np.r_[np.ones(9), 1e6, 1e6, 1e6], np.repeat(np.arange(4), 3), np.zeros(4, dtype=np.int64)
    ).any()
