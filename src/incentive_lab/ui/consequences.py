"""What follows from a draft, beside its dials: key figures first, then the charts, then what is looked at closer."""

from __future__ import annotations

import numpy as np
import streamlit as st

from incentive_lab.charts import cost_chart, curve_chart, decile_chart
from incentive_lab.engine.curve import Curve, payout_curve, typical_partner
from incentive_lab.errors import InputError
from incentive_lab.panel import Panel
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.lookup import unit_of
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import draw, plain, tell_problems
from incentive_lab.ui.closer import closer
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.drill import show_partners
from incentive_lab.ui.figures import key_figures
from incentive_lab.ui.tiers_table import tiers_table
from incentive_lab.ui.toolbar import badges, toolbar
from incentive_lab.ui.workspace import Comparison


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
    key_figures(comparison, show_partners)
    _charts(draft, comparison)
    closer(draft, comparison)


def _dead_move(draft: Draft, comparison: Comparison) -> None:
    """Say so when the last move changed no payout."""
    if not draft.past or draft.past[-1][0] != draft.start or draft.past[-1][2] != draft.baseline:
        return
    before = workspace.compare(draft.past[-1][1], draft.baseline).proposed
    if np.array_equal(before.total, comparison.proposed.total):
        st.info(
            "The last change moves no payout on this history: a cap, a gate or a guarantee binds first, or no partner "
            "is there.",
            icon=":material/do_not_disturb_on:",
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
        chart = decile_chart(comparison.impact, comparison.proposed.minor, comparison.proposed.panel.currency)
        draw(chart, "deciles", on_select=_tenth_picked)
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


def _tenth_picked() -> None:
    points = st.session_state["chart-deciles"]["selection"]["points"]
    if points:
        show_partners(by="Tenth", value=str(points[0]["x"]))
