"""The four key figures of a comparison, each with its change against the baseline and one more fact."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from incentive_lab.format import compact, count, counted, percent, points, signed
from incentive_lab.ui.attention import heavy_losers, programme_years
from incentive_lab.ui.cards import figure_card
from incentive_lab.ui.workspace import Comparison


def key_figures(comparison: Comparison, open_partners: Callable[[str], None] | None = None) -> None:
    """Four cards: cost, cost over revenue, better off, worse off.

    Args:
        comparison: The scheme against its baseline.
        open_partners: What shows the partners of 'Better off' or 'Worse off', where the page can.
    """
    result, total = comparison.proposed, comparison.impact.total
    minor, currency = result.minor, result.panel.currency
    hit, lost = heavy_losers(comparison)
    cards = st.columns(4, gap="small")
    with cards[0]:
        figure_card(
            "cost",
            f"Cost of {counted(result.panel.months, 'month')}, {currency}",
            compact(result.cost / minor),
            signed(compact((result.cost - comparison.baseline.cost) / minor)),
            "vs baseline",
            good="down",
            line=_budget_line(comparison),
            help="Everything paid to all partners over the history's months.",
        )
    with cards[1]:
        _revenue_card(comparison)
    with cards[2]:
        figure_card(
            "better",
            "Better off",
            count(total.winners),
            percent(total.winners / max(1, total.partners), 1),
            f"of {count(total.partners)}",
            good="neither",
            line=_gain_line(comparison, 1),
            help="Partners that are paid more than under the baseline, over all months.",
            open=open_partners,
        )
    with cards[3]:
        figure_card(
            "worse",
            "Worse off",
            count(total.losers),
            percent(total.losers / max(1, total.partners), 1),
            f"of {count(total.partners)}",
            good="neither",
            line=f"{count(hit)} lose more than 10 %, {compact(lost / minor)} together"
            if total.losers
            else "Nobody loses",
            help="Partners that are paid less than under the baseline, over all months.",
            open=open_partners,
        )


def _gain_line(comparison: Comparison, sign: int) -> str:
    change = comparison.impact.change * sign
    gained = float(change[change > 0].sum()) / comparison.proposed.minor
    return f"{compact(gained)} more together" if gained >= 0.005 else "Nobody gains"


def _budget_line(comparison: Comparison) -> str:
    """The dearest programme year against the budget."""
    result = comparison.proposed
    if result.scheme.budget is None:
        return "No budget is set"
    limit = float(result.scheme.budget.amount)
    dearest = max(programme_years(result), key=lambda year: year.cost)
    used = percent(dearest.cost / result.minor / limit, 1) if limit else "all"
    return f"{used} of the {compact(limit)} budget in {dearest.label}"


def _revenue_card(comparison: Comparison) -> None:
    label, help = "Cost over revenue", "Cost divided by the amount of won deals in the same months."
    if comparison.revenue is None:
        figure_card("share", label, "-", "", "", good="neither", line="The history has no won deals", help=help)
        return
    revenue = float(comparison.revenue.sum())
    after, before = comparison.proposed.cost / revenue, comparison.baseline.cost / revenue
    figure_card(
        "share",
        label,
        percent(after),
        points(after - before),
        "vs baseline",
        good="down",
        line=f"Revenue {compact(revenue / comparison.proposed.minor)} {comparison.proposed.panel.currency}",
        help=help,
    )
