"""What must hold for any scheme on any history, whatever it pays."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from incentive_lab.engine.replay import Replay, replay
from incentive_lab.scheme.check import check
from incentive_lab.scheme.document import Scheme
from tests.engine.adapter import differences, engine_lines
from tests.engine.panels import DealRow, History, ReturnRow
from tests.engine.strategies import programmes
from tests.engine.strategies import rules as random
from tests.engine.strategies.histories import histories

HALF_A_GRAIN = 5e-7
"""Cents: sums of floats may differ by less than half of the finest amount that is kept."""
MONTHS = histories(("revenue", "margin", "units", "csat", "campaign_spend"), with_joiners=True)
DEALS = histories(
    ("csat", "campaign_spend"), months=(1, 2, 13), partners=(1, 2), with_deals=("deal",), with_returns=True
)


def few(share: int = 1) -> settings:
    """Fewer examples than against the reference: the schemes are the same."""
    return settings(max_examples=max(settings().max_examples // (4 * share), 10))


def by_themselves() -> st.SearchStrategy[Scheme]:
    """Schemes in which no partner's pay depends on another's."""
    alone = st.one_of(random.limit_schemes(), random.tier_schemes(), programmes.balance_schemes())
    return alone.filter(lambda scheme: "pace_of" not in scheme.model_dump_json(exclude_defaults=True))


def paid(scheme: Scheme, history: History) -> Replay:
    """What a scheme pays, its guarantees measured against itself."""
    assume(check(scheme).ok)
    return replay(scheme, history.panel(), baseline=scheme)


@few()
@given(st.one_of(random.table_schemes(), random.limit_schemes(), programmes.programme_schemes()), MONTHS)
def test_a_scheme_against_itself_changes_nothing(scheme: Scheme, history: History) -> None:
    first, second = paid(scheme, history), paid(scheme, history)
    assert not (first.total - second.total).any()
    assert not (first.detail - second.detail).any()


@few()
@given(st.one_of(programmes.balance_schemes(), programmes.programme_schemes()), MONTHS)
def test_lines_add_up_to_what_is_paid_in_every_view(scheme: Scheme, history: History) -> None:
    result = paid(scheme, history)
    cash = np.array([not rule.non_cash for rule in scheme.rules] + [True] * (len(result.line_ids) - len(scheme.rules)))
    np.testing.assert_allclose(result.detail[cash].sum(axis=0), result.total, atol=HALF_A_GRAIN, rtol=0)
    np.testing.assert_allclose(result.detail.sum(axis=1), result.by_rule, atol=HALF_A_GRAIN, rtol=0)
    np.testing.assert_allclose(result.detail.sum(axis=2), result.by_month, atol=HALF_A_GRAIN, rtol=0)


@few()
@given(programmes.balance_schemes(), MONTHS)
def test_what_is_paid_is_whole_cents(scheme: Scheme, history: History) -> None:
    settled = paid(scheme, history).total.sum(axis=0)
    assert np.abs(settled - np.round(settled)).max() < HALF_A_GRAIN


@few()
@given(by_themselves(), MONTHS, st.randoms(use_true_random=False))
def test_the_order_of_partners_does_not_matter(scheme: Scheme, history: History, shuffle: object) -> None:
    assume(all(rule.who.partners == "all" and not rule.who.except_partners for rule in scheme.rules))
    assume("partners" not in scheme.model_dump_json(exclude_defaults=True))
    order = list(range(len(history.partner_ids)))
    shuffle.shuffle(order)  # type: ignore[attr-defined]
    lines, _ = engine_lines(scheme, history.panel(), scheme)
    moved, _ = engine_lines(scheme, reordered(history, order).panel(), scheme)
    ids = history.partner_ids
    back = {(month, ids[order[ids.index(partner)]], line): amount for (month, partner, line), amount in moved.items()}
    assert differences(back, lines) == []


@few(4)
@given(by_themselves(), MONTHS)
def test_blocks_of_partners_do_not_matter(scheme: Scheme, history: History) -> None:
    copies = 1300 // len(history.partner_ids)
    assume("partners" not in scheme.model_dump_json(exclude_defaults=True))
    one, many = paid(scheme, history), paid(scheme, copied(history, copies))
    np.testing.assert_array_equal(many.detail, np.tile(one.detail, (1, 1, copies)))
    np.testing.assert_array_equal(many.tiers, np.tile(one.tiers, (1, copies)))


@few(4)
@given(programmes.deal_schemes(), DEALS)
def test_blocks_of_partners_do_not_matter_for_deals(scheme: Scheme, history: History) -> None:
    copies = 1300 // len(history.partner_ids)
    text = scheme.model_dump_json(exclude_defaults=True)
    assume("partners" not in text and "pace_of" not in text)
    one, many = paid(scheme, history), paid(scheme, copied(history, copies))
    np.testing.assert_array_equal(many.detail, np.tile(one.detail, (1, 1, copies)))


def reordered(history: History, order: list[int]) -> History:
    """The partner of row order[n] in row n, under the id of row n."""
    return replace(
        history,
        columns={name: [rows[row] for row in order] for name, rows in history.columns.items()},
        joined=[history.joined[row] for row in order] if history.joined else [],
        attributes={name: [values[row] for row in order] for name, values in history.attributes.items()},
    )


def copied(history: History, copies: int) -> History:
    """All partners so many times over, each copy under ids of its own."""
    count = len(history.partner_ids)

    def moved(row: DealRow | ReturnRow, copy: int) -> DealRow | ReturnRow:
        return replace(row, partner=row.partner + copy * count)

    return replace(
        history,
        partner_ids=tuple(f"{copy:05d}-{partner}" for copy in range(copies) for partner in history.partner_ids),
        columns={name: [*rows] * copies for name, rows in history.columns.items()},
        joined=[*history.joined] * copies,
        attributes={
            name: [""] * count * copies if name == "parent_id" else [*values] * copies
            for name, values in history.attributes.items()
        },
        deals={
            grain: [moved(row, copy) for copy in range(copies) for row in rows] for grain, rows in history.deals.items()
        },
        returns=None
        if history.returns is None
        else [moved(row, copy) for copy in range(copies) for row in history.returns],
    )
