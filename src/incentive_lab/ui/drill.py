"""From a figure to its partners: who is meant, their table, and the way to one partner."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import numpy as np
import pandas as pd
import streamlit as st
from numpy.typing import NDArray
from streamlit.errors import StreamlitAPIException

from incentive_lab.charts.parts import tiers_before
from incentive_lab.engine.impact import HALF_A_CENT, hit_hard, settlements
from incentive_lab.engine.replay import Replay
from incentive_lab.format import compact, counted, month_name, signed
from incentive_lab.money import decimals
from incentive_lab.panel import Floats
from incentive_lab.scheme.line_names import line_names
from incentive_lab.ui import further, workspace
from incentive_lab.ui.attention import HIT_HARD
from incentive_lab.ui.cards import card
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.sheet import PICKED, partner_sheet
from incentive_lab.ui.tables import amount_column
from incentive_lab.ui.workspace import Comparison

VIEW = "Partners"
WHO, BY, VALUE = "drill who", "drill by", "drill value"
LOOK, TURNED = "closer", "closer turned"
EVERYBODY = "All"


@dataclass(frozen=True)
class Amounts:
    """What each partner is paid, minor units, float64 [partners].

    Attributes:
        before: Under the baseline.
        after: Under the draft.
        settled: Months in which either pays.
    """

    before: Floats
    after: Floats
    settled: Floats

    @property
    def change(self) -> Floats:
        """Paid more or less than before."""
        return self.after - self.before


CHOICES: Mapping[str, Callable[[Amounts], NDArray[np.bool_]]] = {
    EVERYBODY: lambda one: np.ones(len(one.after), dtype=np.bool_),
    "Better off": lambda one: one.change >= HALF_A_CENT,
    "Worse off": lambda one: one.change <= -HALF_A_CENT,
    HIT_HARD: lambda one: hit_hard(one.before, one.after, one.settled),
    "Paid nothing": lambda one: one.after < HALF_A_CENT,
}
"""What is asked for -> whom it means."""
GROUPINGS = ("Type", "Region", "Segment", "Tier", "Tenth")
"""What every partner has one of, for tables by group."""
FURTHER = ("Tier move", "Payout size", "Way up")
"""What every partner has one of, too, and some charts show."""
BORDER = "Near a border"
"""Which borders a partner came near to in the history: it may be several."""
SLICES = ("Quarter", "Month", "Rule")
"""Parts of what is paid: only these amounts are compared."""


def show_partners(who: str = EVERYBODY, by: str | None = None, value: str | None = None) -> None:
    """Turn the closer look to these partners; to be called at the end of a callback."""
    st.session_state[WHO] = who
    st.session_state[BY] = by
    st.session_state[VALUE] = value
    st.session_state[LOOK] = VIEW
    st.session_state[TURNED] = st.session_state.get(TURNED, 0) + 1
    with suppress(StreamlitAPIException):  # on a page without the closer look the default rerun shows everything
        st.rerun(["below"])


def show_behind(asked: Sequence[str]) -> None:
    """The partners behind what was clicked on a board: [who], or [by, value]; whatever else a browser sends is nothing."""
    if len(asked) == 1 and asked[0] in CHOICES:
        show_partners(asked[0])
    elif len(asked) == 2 and asked[0] in (*GROUPINGS, *FURTHER, BORDER, *SLICES):
        show_partners(by=asked[0], value=asked[1])


def show_partner(partner: str) -> None:
    """Turn the closer look to one partner; to be called at the end of a callback."""
    st.session_state[PICKED] = partner
    show_partners()


def labels_of(comparison: Comparison, by: str) -> NDArray[np.object_]:
    """Each partner's group, as text [partners]."""
    result, baseline = comparison.proposed, comparison.baseline
    if by == "Tier":
        return _last_tiers(result)
    if by == "Tier move":
        names, places, _ = tiers_before(result, baseline)
        before = np.array(names, dtype=object)[places]
        return np.asarray(before + " to " + _last_tiers(result))
    if by == "Way up":
        ways = np.full(result.panel.partners, "nothing above it", dtype=object)
        for one in further.reached(comparison):
            ways[list(one.rows_below)], ways[list(one.rows_within)] = far(one.tier), near(one.tier)
        return ways
    if by in ("Tenth", "Payout size"):
        paid = (baseline if by == "Tenth" else result).by_partner
        order = np.argsort(paid, kind="stable")
        found = np.empty(len(order), dtype=object)
        if by == "Tenth":
            for number, rows in enumerate(np.array_split(order, 10), 1):
                found[rows] = str(number)
        else:
            found[:] = "the rest"
            found[order[int(np.floor(len(order) * 0.2)) : int(np.ceil(len(order) * 0.8))]] = "middle 60 %"
            found[order[len(order) - max(1, round(len(order) / 10)) :]] = "top 10 %"
        return found
    values = result.panel.attributes[by.lower()].astype(str).astype(object)
    values[values == ""] = "unknown"
    return np.asarray(values)


def near(tier: str) -> str:
    """What partners with a realistic way to a tier are called."""
    return f"near {tier}"


def far(tier: str) -> str:
    """What partners without a realistic way to the tier above theirs are called."""
    return f"far from {tier}"


def borders_of(comparison: Comparison) -> dict[str, tuple[int, ...]]:
    """Each side of each border of the scheme's tables -> rows of the partners that were within 5 % of it in some period."""
    rules = line_names(comparison.proposed.scheme)
    found = {}
    for one in further.cliffs_of(comparison):
        found[f"{rules[one.rule]}, {one.step}: just below"] = one.rows_below
        found[f"{rules[one.rule]}, {one.step}: just above"] = one.rows_above
    return found


def _last_tiers(result: Replay) -> NDArray[np.object_]:
    last = result.tiers[-1] if len(result.tiers) else np.zeros(result.panel.partners, dtype=np.int64)
    return np.asarray(np.array(result.tier_names, dtype=object)[last])


def values_of(comparison: Comparison, by: str) -> dict[str, str]:
    """What a grouping or a slice can be, with its name on the screen, in the order in which it is offered."""
    if by in ("Quarter", "Month"):
        return {name: name for name in _month_labels(comparison.proposed, by)}
    if by == "Rule":
        names = line_names(comparison.baseline.scheme, comparison.proposed.scheme)
        lines = dict.fromkeys((*comparison.proposed.line_ids, *comparison.baseline.line_ids))
        return {line: names[line] for line in lines}
    if by == BORDER:
        return {name: name for name in borders_of(comparison)}
    found = set(labels_of(comparison, by).tolist())
    order = sorted(found, key=lambda one: (len(one), one) if by == "Tenth" else (0, one))
    return {name: name.replace("_", " ") for name in order}


def _month_labels(result: Replay, by: str) -> list[str]:
    return result.quarters() if by == "Quarter" else [month_name(month) for month in result.panel.labels()]


def amounts_of(comparison: Comparison, by: str | None = None, value: str | None = None) -> Amounts:
    """What each partner is paid: everything, or the part that a slice means."""
    after, before = comparison.proposed, comparison.baseline
    if value and by in ("Quarter", "Month"):
        months = np.array([label == value for label in _month_labels(after, by)])
        return _summed(before.total[months], after.total[months])
    if value and by == "Rule":
        schemes = after.scheme, before.scheme
        both = workspace.replayed_baseline(*schemes), workspace.replayed(*schemes)
        return _summed(*(_of_line(result, value) for result in both))
    return Amounts(before.by_partner, after.by_partner, settlements(before.total, after.total))


def _summed(before: Floats, after: Floats) -> Amounts:
    return Amounts(before.sum(axis=0), after.sum(axis=0), settlements(before, after))


def _of_line(result: Replay, line: str) -> Floats:
    """What one line of a scheme pays [months, partners]; nothing where the scheme has no such line."""
    if line not in result.line_ids:
        return np.zeros((result.panel.months, result.panel.partners))
    return np.asarray(result.detail[result.line_ids.index(line)])


def rows_of(
    comparison: Comparison, who: str, by: str | None, value: str | None, amounts: Amounts | None = None
) -> NDArray[np.int64]:
    """Panel rows of the partners that are meant, those that lose most first."""
    amounts = amounts or amounts_of(comparison, by, value)
    mask = CHOICES[who](amounts).copy()
    if value and by in SLICES:
        mask &= (np.abs(amounts.before) >= HALF_A_CENT) | (np.abs(amounts.after) >= HALF_A_CENT)
    elif by == BORDER and value:
        mask &= np.isin(np.arange(len(mask)), borders_of(comparison).get(value, ()))
    elif by and value:
        mask &= labels_of(comparison, by) == value
    rows = np.flatnonzero(mask)
    return np.asarray(rows[np.argsort(amounts.change[rows], kind="stable")])


def partner_frame(comparison: Comparison, rows: NDArray[np.int64], amounts: Amounts | None = None) -> pd.DataFrame:
    """These partners with what they are paid before and after, whole currency units."""
    amounts = amounts or amounts_of(comparison)
    result = comparison.proposed
    panel, minor = result.panel, result.minor
    before, after = amounts.before[rows] / minor, amounts.after[rows] / minor
    with np.errstate(divide="ignore", invalid="ignore"):
        share = np.where(before > 0.5 / minor, (after - before) / before, np.nan)
    return pd.DataFrame({
        "Partner": [panel.partner_ids[row] for row in rows],
        "Name": panel.attributes["name"][rows].astype(str),
        "Type": [text.replace("_", " ") for text in labels_of(comparison, "Type")[rows]],
        "Region": labels_of(comparison, "Region")[rows],
        "Tier": labels_of(comparison, "Tier")[rows],
        **{name: np.round(amount, decimals(panel.currency))
           for name, amount in (("Baseline", before), ("Draft", after), ("Change", after - before))},
        "Change, %": np.round(share * 100, 1),
    })  # fmt: skip


@st.fragment(key="partners")
def partners_view() -> None:
    """Whom a figure means, as a table; a row leads to the partner's lines under both schemes."""
    draft = workspace.draft()
    comparison = workspace.compare(draft.scheme, draft.baseline)
    _filters(comparison)
    who, by, value = st.session_state[WHO], st.session_state[BY], st.session_state.get(VALUE)
    amounts = amounts_of(comparison, by, value)
    rows = rows_of(comparison, who, by, value, amounts)
    change = float(amounts.change[rows].sum()) / comparison.proposed.minor
    title = f"{counted(len(rows), 'partner')}, {signed(compact(change))} together against the baseline"
    part = f"Only {values_of(comparison, by)[value]}" if by in SLICES and value else "Over all months"
    with card("partners", title, f"{part}, in {comparison.proposed.panel.currency}. Tick a row to open it."):
        frame = partner_frame(comparison, rows, amounts)
        if not len(rows):
            st.markdown("Nobody is meant by this choice.")
        money = amount_column(comparison.proposed.panel.currency)
        st.dataframe(
            frame, hide_index=True, height=280, key="table-partners", on_select=lambda: _picked(frame),
            selection_mode="single-row", alt=title,
            column_config={
                "Name": st.column_config.TextColumn(width=160), "Type": st.column_config.TextColumn(width=105),
                "Baseline": money, "Draft": money, "Change": money,
                "Change, %": st.column_config.NumberColumn("In %", width=60, help="Change against the baseline."),
            },
        )  # fmt: skip
    _one(draft, comparison, rows)


def _filters(comparison: Comparison) -> None:
    if st.session_state.get(WHO) not in CHOICES:
        st.session_state[WHO] = EVERYBODY
    st.session_state.setdefault(BY, None)
    with st.container(horizontal=True, vertical_alignment="bottom"):
        st.segmented_control("Who", list(CHOICES), key=WHO, required=True)
        st.selectbox(
            "Only one",
            (*GROUPINGS, *FURTHER, BORDER, *SLICES),
            key=BY,
            placeholder="Type, tier, quarter ...",
            width=180,
        )
        if by := st.session_state[BY]:
            values = values_of(comparison, by)
            if st.session_state.get(VALUE) not in values:
                st.session_state[VALUE] = next(iter(values), None)
            st.selectbox("Which", list(values), key=VALUE, width=240, format_func=lambda one: values.get(one, one))


def _picked(frame: pd.DataFrame) -> None:
    rows = st.session_state["table-partners"]["selection"]["rows"]
    if rows and rows[0] < len(frame):
        st.session_state[PICKED] = str(frame["Partner"].iloc[rows[0]])


def _one(draft: Draft, comparison: Comparison, rows: NDArray[np.int64]) -> None:
    """The partner that was picked, if it is in the list, else the list's first, who loses most."""
    listed = [comparison.proposed.panel.partner_ids[row] for row in rows]
    if not listed:
        return
    if st.session_state.get(PICKED) not in listed:
        st.session_state[PICKED] = listed[0]
    partner_sheet(draft, st.session_state[PICKED])
