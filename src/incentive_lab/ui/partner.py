"""One partner's lines, period by period, under the draft."""

from __future__ import annotations

import numpy as np
import pandas as pd
import streamlit as st

from incentive_lab.charts.cost import by_label
from incentive_lab.engine.replay import Replay
from incentive_lab.format import compact, money, quarter_name, signed
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import card
from incentive_lab.ui.drafts import Draft

PICKED = "partner picked"


def partner_lines(draft: Draft) -> None:
    """A picker, and what the picked partner is paid by line and quarter."""
    result = workspace.replayed(draft.scheme, draft.baseline, detail=True)
    before = workspace.compare(draft.scheme, draft.baseline).baseline
    names = dict(zip(result.panel.partner_ids, result.panel.attributes["name"], strict=True))
    if PICKED not in st.session_state or st.session_state[PICKED] not in names:
        st.session_state[PICKED] = result.panel.partner_ids[int(np.argmax(result.by_partner))]
    picked = st.selectbox(
        "Partner", list(names), key=PICKED, format_func=lambda one: f"{one}  {names[one]}", filter_mode="contains"
    )
    row = result.panel.partner_ids.index(picked)
    frame = lines_frame(result, row)
    after, old = float(result.by_partner[row]) / result.minor, float(before.by_partner[row]) / result.minor
    currency = result.panel.currency
    title = f"{picked} is paid {money(after, currency)}, {signed(compact(after - old))} against the baseline"
    tier = result.tier_names[int(result.tiers[-1, row])]
    note = f"{names[picked]}. By calendar quarter in {currency}" + (
        f"; tier {tier} at the end." if len(result.tier_names) > 1 else "."
    )
    with card("partner", title, note):
        st.dataframe(
            frame,
            hide_index=True,
            alt=f"Lines of {picked} by quarter",
            key="table-partner",
            column_config={name: st.column_config.NumberColumn(format="%,.2f") for name in list(frame)[1:]},
        )


def lines_frame(result: Replay, row: int) -> pd.DataFrame:
    """One partner's amounts by line (rows that hold any) and calendar quarter, with totals; whole currency units."""
    labels = [quarter_name(month) for month in result.panel.labels()]
    rules = {rule.id: rule.label or rule.id for rule in result.scheme.rules}
    rows = []
    for place, name in enumerate(result.line_ids):
        quarters, amounts = by_label(labels, result.detail[place, :, row] / result.minor)
        if np.any(np.abs(amounts) >= 0.005):
            words = rules.get(name) or name.replace("_", " ").capitalize()
            rows.append([words, *np.round(amounts, 2), round(float(amounts.sum()), 2)])
    quarters, amounts = by_label(labels, result.total[:, row] / result.minor)
    rows.append(["Paid", *np.round(amounts, 2), round(float(amounts.sum()), 2)])
    return pd.DataFrame(rows, columns=["Line", *quarters, "All"])
