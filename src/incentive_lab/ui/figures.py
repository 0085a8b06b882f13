"""The four key figures of a comparison, each with its change against the baseline and one more fact."""

from __future__ import annotations

import streamlit as st

from incentive_lab.engine.impact import HEAVY_LOSS, programme_years
from incentive_lab.format import compact, count, counted, percent, points, signed
from incentive_lab.ui.attention import HIT_HARD, hardest_hit, heavy_losers
from incentive_lab.ui.cards import Figure, figure_card
from incentive_lab.ui.workspace import Comparison

ITSELF = (
    "The draft is compared with itself, so nobody gains and nobody loses. Move a dial on the page Tune, or choose another "
    "scheme under *Compared with* on the page Overview."
)


def with_itself(comparison: Comparison) -> bool:
    """Whether the draft is compared with itself, so that nobody can gain or lose."""
    return comparison.proposed.fingerprint == comparison.baseline.fingerprint


def tell_itself(comparison: Comparison) -> None:
    """Say so where the draft is compared with itself."""
    if with_itself(comparison):
        st.info(ITSELF, icon=":material/compare_arrows:")


def key_figures(comparison: Comparison) -> None:
    """The key figures as cards."""
    for column, one in zip(st.columns(4, gap="small"), figures_of(comparison), strict=True):
        with column:
            figure_card(
                one.key, one.label, one.value, one.delta, one.against, good=one.good, line=one.line, help=one.help
            )


def figures_of(comparison: Comparison) -> list[Figure]:
    """Cost, cost over revenue, better off, worse off."""
    result, total = comparison.proposed, comparison.impact.total
    minor, currency = result.minor, result.panel.currency
    hit, lost = heavy_losers(comparison)
    return [
        Figure("cost", f"Cost of {counted(result.panel.months, 'month')}, {currency}", compact(result.cost / minor),
               signed(compact((result.cost - comparison.baseline.cost) / minor)), "vs baseline", "down",
               _budget_line(comparison), "Everything paid to all partners over the history's months.", "All"),
        _revenue(comparison),
        Figure("better", "Better off", count(total.winners), percent(total.winners / max(1, total.partners), 1),
               f"of {count(total.partners)}", "neither", _gain_line(comparison),
               "Partners that are paid more than under the baseline, over all months.", "Better off"),
        Figure("worse", "Worse off", count(total.losers), percent(total.losers / max(1, total.partners), 1),
               f"of {count(total.partners)}", "neither", _loss_line(comparison, hit, lost),
               "Partners that are paid less than under the baseline, over all months.", HIT_HARD if hit else "Worse off"),
    ]  # fmt: skip


def _gain_line(comparison: Comparison) -> str:
    if with_itself(comparison):
        return "Compared with itself"
    change = comparison.impact.change
    gained = float(change[change > 0].sum()) / comparison.proposed.minor
    return f"{compact(gained)} more together" if gained >= 0.005 else "Nobody gains"


def _loss_line(comparison: Comparison, hit: int, lost: float) -> str:
    """What those who lose lose together, and how much of it falls on those hit hard."""
    change, losers = comparison.impact.change, comparison.impact.total.losers
    if not losers:
        return "Compared with itself" if with_itself(comparison) else "Nobody loses"
    minor = comparison.proposed.minor
    all_of_it = f"{counted(losers, 'loses', 'lose')} {compact(-float(change[change < 0].sum()) / minor)}"
    if hit:
        return f"{all_of_it}; {count(hit)} of them more than {percent(HEAVY_LOSS)}, {compact(lost / minor)}"
    worst = hardest_hit(comparison)
    return f"{all_of_it}; the hardest hit {percent(worst, 1)}"


def _budget_line(comparison: Comparison) -> str:
    """The dearest programme year against the budget."""
    result = comparison.proposed
    if result.scheme.budget is None:
        return "No budget is set"
    limit = float(result.scheme.budget.amount)
    dearest = max(programme_years(result), key=lambda year: year.cost)
    used = percent(dearest.cost / result.minor / limit, 1) if limit else "all"
    return f"{used} of the {compact(limit)} budget in {dearest.label}"


def _revenue(comparison: Comparison) -> Figure:
    label, help = "Cost over revenue", "Cost divided by the amount of won deals in the same months."
    if comparison.revenue is None:
        return Figure("share", label, "-", "", "", "neither", "The history has no won deals", help)
    revenue = float(comparison.revenue.sum())
    after, before = comparison.proposed.cost / revenue, comparison.baseline.cost / revenue
    line = f"Revenue {compact(revenue / comparison.proposed.minor)} {comparison.proposed.panel.currency}"
    return Figure("share", label, percent(after), points(after - before), "vs baseline", "down", line, help)
