"""From a figure to its partners: who is meant, their table, and the way to one partner."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray

from incentive_lab.engine.impact import HALF_A_CENT
from incentive_lab.format import compact, counted, signed
from incentive_lab.ui import workspace
from incentive_lab.ui.attention import HEAVY_LOSS
from incentive_lab.ui.cards import card
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.sheet import PICKED, partner_sheet
from incentive_lab.ui.workspace import Comparison

VIEW = "Partners"
WHO, BY, VALUE = "drill who", "drill by", "drill value"
EVERYBODY = "All"
_FAR = f"Lose over {HEAVY_LOSS:.0%}"
CHOICES: Mapping[str, Callable[[Comparison], NDArray[np.bool_]]] = {
    EVERYBODY: lambda one: np.ones(len(one.impact.change), dtype=np.bool_),
    "Better off": lambda one: one.impact.change >= HALF_A_CENT,
    "Worse off": lambda one: one.impact.change <= -HALF_A_CENT,
    _FAR: lambda one: (one.impact.change < -HEAVY_LOSS * one.baseline.by_partner) & (one.baseline.by_partner > 0.5),
    "Paid nothing": lambda one: one.proposed.by_partner < HALF_A_CENT,
}
"""What is asked for -> whom it means."""
GROUPINGS = ("Type", "Region", "Segment", "Tier", "Tenth")


def show_partners(who: str = EVERYBODY, by: str | None = None, value: str | None = None) -> None:
    """Turn the closer look to these partners; to be called by a callback."""
    st.session_state[WHO] = who
    st.session_state[BY] = by
    st.session_state[VALUE] = value
    st.session_state["closer"] = VIEW


def show_partner(partner: str) -> None:
    """Turn the closer look to one partner; to be called by a callback."""
    show_partners()
    st.session_state[PICKED] = partner


def labels_of(comparison: Comparison, by: str) -> NDArray[np.object_]:
    """Each partner's group, as text [partners]."""
    result = comparison.proposed
    if by == "Tier":
        last = result.tiers[-1] if len(result.tiers) else np.zeros(result.panel.partners, dtype=np.int64)
        return np.asarray(np.array(result.tier_names, dtype=object)[last])
    if by == "Tenth":
        order = np.argsort(comparison.baseline.by_partner, kind="stable")
        found = np.empty(len(order), dtype=object)
        for number, rows in enumerate(np.array_split(order, 10), 1):
            found[rows] = str(number)
        return found
    values = result.panel.attributes[by.lower()].astype(str).astype(object)
    values[values == ""] = "unknown"
    return np.asarray(values)


def rows_of(comparison: Comparison, who: str, by: str | None, value: str | None) -> NDArray[np.int64]:
    """Panel rows of the partners that are meant, those that lose most first."""
    mask = CHOICES[who](comparison).copy()
    if by and value:
        mask &= labels_of(comparison, by) == value
    rows = np.flatnonzero(mask)
    return np.asarray(rows[np.argsort(comparison.impact.change[rows], kind="stable")])


def partner_frame(comparison: Comparison, rows: NDArray[np.int64]) -> pd.DataFrame:
    """These partners with what they are paid before and after, whole currency units."""
    result = comparison.proposed
    panel, minor = result.panel, result.minor
    before, after = comparison.baseline.by_partner[rows] / minor, result.by_partner[rows] / minor
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(before > 0.005, (after - before) / before, np.nan)
    return pd.DataFrame({
        "Partner": [panel.partner_ids[row] for row in rows],
        "Name": panel.attributes["name"][rows].astype(str),
        "Type": [text.replace("_", " ") for text in labels_of(comparison, "Type")[rows]],
        "Region": labels_of(comparison, "Region")[rows],
        "Tier": labels_of(comparison, "Tier")[rows],
        "Baseline": np.round(before, 2), "Draft": np.round(after, 2), "Change": np.round(after - before, 2),
        "Change, %": np.round(share * 100, 1),
    })  # fmt: skip


@st.fragment(key="partners")
def partners_view() -> None:
    """Whom a figure means, as a table; a row leads to the partner's lines under both schemes."""
    draft = workspace.draft()
    comparison = workspace.compare(draft.scheme, draft.baseline)
    _filters(comparison)
    who, by = st.session_state[WHO], st.session_state[BY]
    rows = rows_of(comparison, who, by, st.session_state.get(VALUE))
    change = float(comparison.impact.change[rows].sum()) / comparison.proposed.minor
    title = f"{counted(len(rows), 'partner')}, {signed(compact(change))} together against the baseline"
    with card("partners", title, f"Over all months in {comparison.proposed.panel.currency}. Tick a row to open it."):
        frame = partner_frame(comparison, rows)
        if not len(rows):
            st.markdown("Nobody is meant by this choice.")
        money = st.column_config.NumberColumn(format="%,.2f")
        st.dataframe(
            frame, hide_index=True, height=280, key="table-partners", on_select=lambda: _picked(frame),
            selection_mode="single-row", alt=title,
            column_config={"Baseline": money, "Draft": money, "Change": money},
        )  # fmt: skip
    _one(draft, comparison)


def _filters(comparison: Comparison) -> None:
    if st.session_state.get(WHO) not in CHOICES:
        st.session_state[WHO] = EVERYBODY
    st.session_state.setdefault(BY, None)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control("Who", list(CHOICES), key=WHO, required=True)
        st.selectbox("Only one", GROUPINGS, key=BY, placeholder="Type, region, tier ...", width=180)
        if by := st.session_state[BY]:
            values = sorted(
                set(labels_of(comparison, by).tolist()), key=lambda one: (len(one), one) if by == "Tenth" else (0, one)
            )
            if st.session_state.get(VALUE) not in values:
                st.session_state[VALUE] = values[0]
            st.selectbox("Which", values, key=VALUE, width=220, format_func=lambda one: one.replace("_", " "))


def _picked(frame: pd.DataFrame) -> None:
    rows = st.session_state["table-partners"]["selection"]["rows"]
    if rows and rows[0] < len(frame):
        st.session_state[PICKED] = str(frame["Partner"].iloc[rows[0]])


def _one(draft: Draft, comparison: Comparison) -> None:
    """The partner that was picked, else the one that loses most."""
    ids = comparison.proposed.panel.partner_ids
    if not ids:
        return
    if st.session_state.get(PICKED) not in ids:
        st.session_state[PICKED] = ids[int(np.argmin(comparison.impact.change))]
    partner_sheet(draft, st.session_state[PICKED])
