"""Levels, months since joining among them, where partners are rolled up or copied: they hold, and do not add up."""

from __future__ import annotations

import numpy as np
import pytest

from incentive_lab.engine.curve import payout_curve, scaled_copies
from incentive_lab.engine.replay import replay
from incentive_lab.panel import Panel, month_index
from incentive_lab.scheme.load import loads
from tests.engine.panels import LONG_AGO, History

HEAD = "scheme: tenure\ncurrency: USD\neffective: {from: 2014-01-01}\nsettle: month\n"


def family(joined: tuple[int, int, int], csat: float = 4.0) -> Panel:
    """A parent with one child, and a partner by itself; each sells 100.00 a month."""
    return History(
        month_index(2014, 1), 3, ("child", "other", "parent"),
        {"revenue": [[10_000] * 3] * 3, "csat": [[csat] * 3] * 3}, joined=joined,
        attributes={"parent_id": ["parent", "", ""]},
    ).panel()  # fmt: skip


def test_a_group_paid_as_one_joined_with_its_first_member_and_its_levels_are_no_sums() -> None:
    scheme = loads(f"""{HEAD}group: {{by: parent_id, pays: parent}}
rules:
  - {{id: new, on: revenue, rate: 1%, who: {{months_since_joining: {{below: 2}}}}}}
  - {{id: good, on: revenue, rate: 1%, requires: {{csat: {{at_most: 5}}}}}}
""")
    result = replay(scheme, family((0, 1, -1)))
    assert result.panel.partner_ids == ("other", "parent")
    months = result.panel.columns["months_since_joining"]
    np.testing.assert_array_equal(months, [[np.nan, 0, 1], [1, 2, 3]])
    assert result.detail[0].T.tolist() == [[0, 100, 100], [200, 0, 0]]
    assert result.panel.columns["csat"].tolist() == [[4.0] * 3] * 2, "a score everybody has is a mean, not a sum"
    assert result.detail[1].T.tolist() == [[100] * 3, [200] * 3]


def test_copies_of_a_partner_keep_its_months_in_the_programme() -> None:
    panel = family((-20, -20, -20))
    copies = scaled_copies(panel, "revenue", row=0)
    assert set(copies.panel.columns["months_since_joining"].reshape(-1).tolist()) == {20.0, 21.0, 22.0}
    scheme = loads(
        f"{HEAD}rules: [{{id: old, on: revenue, rate: 1%, who: {{months_since_joining: {{at_least: 20}}}}}}]"
    )
    curve = payout_curve(scheme, panel, "revenue", row=0)
    np.testing.assert_allclose(curve.payout, curve.volume * 0.01, atol=3 * 0.5, err_msg="each month to the cent")


def test_nobody_without_a_joining_date_has_months_in_the_programme() -> None:
    panel = family((LONG_AGO, -1_000, 5))
    months = panel.months_since_joining()
    assert np.isnan(months[0]).all(), "nobody knows when"
    assert months[1].tolist() == [1000.0, 1001.0, 1002.0], "long before the history"
    assert np.isnan(months[2]).all(), "after the history ends"
    np.testing.assert_array_equal([[panel.tenure(row, month) for month in range(3)] for row in range(3)], months)


@pytest.mark.parametrize("more", ["", ", carry: true", ", prorate: false"])
def test_nobody_is_guaranteed_anything_before_joining_where_the_history_ends_inside_a_quarter(more: str) -> None:
    """The history ends in May; of three partners one joined in May, one joins in June, one in July."""
    scheme = loads(f"{HEAD}calendar: {{year_starts: 1}}\nrules: [{{id: r, on: revenue, rate: 1%}}]\n"
                   f"guarantees: [{{id: g, amount: 300, per: quarter{more}}}]")  # fmt: skip
    panel = History(
        month_index(2014, 1), 5, ("may", "june", "july"), {"revenue": [[0] * 5] * 3}, joined=(4, 5, 6)
    ).panel()
    result = replay(scheme, panel)
    paid = dict(zip(result.panel.partner_ids, result.by_partner.tolist(), strict=True))
    assert paid == {"may": 30_000 if "prorate" in more else 20_000, "june": 0, "july": 0}
