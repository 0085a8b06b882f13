"""What follows from a draft, beside its dials: key figures first, then the charts, then what is looked at closer."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from incentive_lab.charts import (
    concentration_chart,
    cost_chart,
    curve_chart,
    decile_chart,
    mix_chart,
    movers_chart,
    rules_chart,
    tier_chart,
)
from incentive_lab.engine.curve import Curve, payout_curve, typical_partner
from incentive_lab.errors import InputError
from incentive_lab.format import compact, count, counted, percent, points, signed
from incentive_lab.panel import Panel
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.lookup import unit_of
from incentive_lab.ui import workspace
from incentive_lab.ui.attention import heavy_losers, programme_years
from incentive_lab.ui.cards import draw, figure_card, plain, tell_problems
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.partner import partner_lines
from incentive_lab.ui.tiers_table import tiers_table
from incentive_lab.ui.toolbar import badges, toolbar
from incentive_lab.ui.workspace import Comparison

VIEWS = ("Winners and losers", "Rules and tiers", "Mix and concentration", "One partner")


@st.fragment(key="consequences")
def consequences() -> None:
    """Everything that a dial moves, in the order in which it is wanted."""
    draft = workspace.draft()
    toolbar(draft)
    badges(draft)
    if not draft.valid:
        named = ", ".join(plain(path) for path in draft.refused)
        st.warning(
            f"The figures below are those of the last draft that can be paid. Not allowed: {named}.",
            title="Not the figures of what you asked for",
            icon=":material/history:",
        )
    try:
        comparison = workspace.compare(draft.scheme, draft.baseline)
    except InputError as error:
        tell_problems(error.problems, "This draft cannot be paid on this history")
        tiers_table()
        return
    _dead_move(draft, comparison)
    tiers_table()
    key_figures(comparison)
    _charts(draft, comparison)
    _closer(draft, comparison)


def _dead_move(draft: Draft, comparison: Comparison) -> None:
    """Say so when the last move changed no payout."""
    if not draft.past or draft.past[-1][0] is not draft.start or draft.past[-1][2] is not draft.baseline:
        return
    before = workspace.compare(draft.past[-1][1], draft.baseline).proposed
    if np.array_equal(before.total, comparison.proposed.total):
        st.info(
            "The last change moves no payout on this history: a cap, a gate or a guarantee binds first, or no partner "
            "is there.",
            icon=":material/do_not_disturb_on:",
        )


def key_figures(comparison: Comparison) -> None:
    """Four cards: cost, cost over revenue, better off, worse off."""
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


def _charts(draft: Draft, comparison: Comparison) -> None:
    per = st.session_state.get("cost-per") or "quarter"
    draw(
        cost_chart(comparison.proposed, comparison.baseline, per=per),
        "cost-time",
        height="content",
        control=lambda: st.segmented_control(
            "Cost by",
            ("quarter", "month"),
            default="quarter",
            key="cost-per",
            required=True,
            label_visibility="collapsed",
        ),
    )
    left, right = st.columns(2, gap="small")
    with left:
        draw(decile_chart(comparison.impact, comparison.proposed.minor, comparison.proposed.panel.currency), "deciles")
    with right:
        _curve(draft, comparison)


def _curve(draft: Draft, comparison: Comparison) -> None:
    measure = curve_measure(draft.scheme, set(comparison.proposed.panel.columns))
    if measure is None:
        st.info("No rule pays on an amount or a count, so there is no payout curve.")
        return
    key = workspace.panel_key(draft.scheme, draft.baseline)
    panel = workspace.panel(draft.scheme, draft.baseline)
    after = _curve_of(key, workspace.fingerprint(draft.scheme), measure, draft.scheme, panel)
    before = _curve_of(key, workspace.fingerprint(draft.baseline), measure, draft.baseline, panel)
    named = draft.scheme.measures[measure].label if measure in draft.scheme.measures else ""
    draw(
        curve_chart(
            after,
            before,
            minor=comparison.proposed.minor,
            currency=comparison.proposed.panel.currency,
            measure=named or measure.replace("_", " ").capitalize(),
            money=unit_of(measure, draft.scheme.measures) == "money",
        ),
        "curve",
    )


def curve_measure(scheme: Scheme, columns: set[str]) -> str | None:
    """The measure on the curve's axis: revenue where the panel has it, else the first that a volume rule pays on."""
    if "revenue" in columns and "revenue" not in scheme.measures:
        return "revenue"
    paid_on = [
        rule.on.measure or rule.on.excess_of for rule in sorted(scheme.rules, key=lambda rule: rule.group, reverse=True)
    ]
    return next((name for name in paid_on if name in columns), None)


@st.cache_resource(show_spinner=False, max_entries=32)
def _curve_of(key: str, one: str, measure: str, _scheme: Scheme, _panel: Panel) -> Curve:
    return payout_curve(_scheme, _panel, measure, row=typical_partner(_panel, measure))


def _closer(draft: Draft, comparison: Comparison) -> None:
    """One of the closer looks; only the one that is chosen is worked out."""
    view = st.segmented_control("Look closer", VIEWS, default=VIEWS[0], key="closer", required=True)
    shown: dict[str, Callable[[], None]] = {
        VIEWS[0]: lambda: _pair(
            lambda: draw(movers_chart(comparison.impact, comparison.proposed), "movers"),
            lambda: _groups(comparison),
        ),
        VIEWS[1]: lambda: _pair(
            lambda: draw(rules_chart(comparison.proposed), "rules"),
            lambda: draw(tier_chart(comparison.proposed, comparison.baseline), "tiers"),
        ),
        VIEWS[2]: lambda: _pair(
            lambda: draw(mix_chart(comparison.mix), "mix"),
            lambda: draw(concentration_chart(comparison.impact.before, comparison.impact.after), "concentration"),
        ),
        VIEWS[3]: lambda: partner_lines(draft),
    }
    shown[view or VIEWS[0]]()


def _pair(first: Callable[[], None], second: Callable[[], None]) -> None:
    left, right = st.columns(2, gap="small")
    with left:
        first()
    with right:
        second()


def _groups(comparison: Comparison) -> None:
    from incentive_lab.ui.tables import group_table

    group_table(comparison.impact.by_type, comparison.proposed, "types", "type")
    group_table(comparison.impact.by_region, comparison.proposed, "regions", "region")
