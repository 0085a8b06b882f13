"""What Overview says of payouts and revenue of the same partners."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from incentive_lab.engine.impact import impact, mix
from incentive_lab.engine.replay import replay
from incentive_lab.panel import Panel
from incentive_lab.scheme.document import Scheme
from incentive_lab.ui.insights import insights
from incentive_lab.ui.workspace import Comparison


def two_years(panel: Panel, sold: list[list[float]]) -> Panel:
    """Partners who sell so much in each month of two years, in whole units, and bring no lead."""
    revenue = np.repeat(np.array(sold) * 100, 12, axis=1)
    names = tuple(f"p{row}" for row in range(len(sold)))
    blank = np.array([""] * len(sold), dtype=object)
    leads = np.zeros_like(revenue)
    leads[0] = 1_000_000.0
    return replace(
        panel, partner_ids=names, months=24, joined=np.full(len(sold), -100_000, dtype=np.int32),
        attributes=dict.fromkeys(panel.attributes, blank), columns={"revenue": revenue, "qualified_lead": leads},
    )  # fmt: skip


def compared(panel: Panel, scheme: Scheme, flat: Scheme) -> Comparison:
    after, before = replay(scheme, panel, baseline=flat), replay(flat, panel)
    return Comparison(after, before, impact(after, before), mix(after), None)


def test_who_sells_most_who_sells_less_and_who_is_paid_without_a_deal(
    panel: Panel, flat: Scheme, tiered: Scheme
) -> None:
    many = two_years(panel, [[100.0, 0.0], [6_000.0, 3_000.0], *[[300.0, 400.0]] * 18])
    top, less, idle = insights(compared(many, tiered, flat))
    sells = (9_000 + 700) / (100 + 9_000 + 18 * 700)
    assert top.title.startswith(f"The largest tenth sells {sells:.0%}".replace("%", " %"))
    assert "2 of 20 partners" in top.text
    assert less.text.startswith("2 partners sold 37.2 k less in the 12 months to Dec 2025 than in the 12 before")
    assert "baseline gives them 29 %" in less.text, "3,000 of 10,200 sold a month"
    assert idle.title == "1 partner is paid without a deal"
    assert "is paid nothing" not in idle.text


def test_months_after_the_last_deal_are_no_fall(panel: Panel, flat: Scheme, tiered: Scheme) -> None:
    made = two_years(panel, [[300.0, 300.0]] * 20)
    revenue = made.columns["revenue"].copy()
    revenue[:, -3:] = 0
    columns = {**made.columns, "revenue": revenue}
    found = insights(compared(replace(made, columns=columns), tiered, flat))
    assert not any("sell less" in one.title for one in found)


def test_a_short_history_of_few_partners_without_revenue_shows_nothing(
    panel: Panel, flat: Scheme, tiered: Scheme
) -> None:
    assert insights(compared(panel, tiered, flat)) == []
    columns = {**panel.columns, "revenue": np.zeros_like(panel.columns["revenue"])}
    assert insights(compared(replace(panel, columns=columns), tiered, flat)) == []
