"""One partner under both schemes: amounts by quarter, the lines of a period side by side, the deals behind them."""

from __future__ import annotations

import datetime

import numpy as np
import pandas as pd
import streamlit as st

from incentive_lab.charts.cost import by_label
from incentive_lab.engine.periods import months_of
from incentive_lab.engine.replay import Replay
from incentive_lab.engine.statement import Statement, statement
from incentive_lab.format import called, compact, counted, money, month_name, signed
from incentive_lab.money import decimals
from incentive_lab.panel import month_label
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.line_names import marked_names
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import card, plain
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.tables import amount_column

PICKED, PERIOD = "partner picked", "sheet period"
ALL = "All"
"""The column with what all quarters come to."""


def partner_sheet(draft: Draft, partner: str) -> None:
    """The partner's amounts, then one period's lines under both schemes, then its deals."""
    after = workspace.replayed(draft.scheme, draft.baseline)
    before = workspace.replayed_baseline(draft.scheme, draft.baseline)
    row = after.panel.partner_ids.index(partner)
    _amounts(after, before, partner, row)
    periods = quarters_of(after)
    if st.session_state.get(PERIOD) not in periods:
        st.session_state[PERIOD] = last_paid(after, row)
    st.selectbox("Quarter", list(periods), key=PERIOD, width=200)
    period = periods[st.session_state[PERIOD]]
    left, right = st.columns(2, gap="small")
    pair = workspace.pair(draft.scheme, draft.baseline)
    with left:
        statement_card("draft", "Draft", told(after, partner, period, pair.floor))
    with right:
        statement_card("baseline", "Baseline", told(before, partner, period, pair.baseline_floor))
    deals_card(partner, period, after)


def told(result: Replay, partner: str, period: str | None, floor: Scheme | None) -> Statement:
    """The statement of a partner for a period; the floor is what guarantees compare with."""
    return statement(result, partner, period, floor)


def quarters_of(result: Replay) -> dict[str, str]:
    """Programme quarters of the history, oldest first: name -> the period that a statement is asked for."""
    spans: dict[str, list[str]] = {}
    for name, month in zip(result.quarters(), result.panel.labels(), strict=True):
        spans.setdefault(name, []).append(month)
    return {name: f"{months[0]}..{months[-1]}" for name, months in spans.items()}


def last_paid(result: Replay, row: int) -> str:
    """Name of the latest quarter in which a partner is paid anything; of the latest of all where it never is."""
    paid = np.flatnonzero(result.total[:, row])
    return result.quarters()[int(paid[-1]) if len(paid) else -1]


def _amounts(after: Replay, before: Replay, partner: str, row: int) -> None:
    currency, minor = after.panel.currency, after.minor
    paid, old = float(after.by_partner[row]) / minor, float(before.by_partner[row]) / minor
    name = str(after.panel.attributes["name"][row])
    tier = after.tier_names[int(after.tiers[-1, row])] if len(after.tier_names) > 1 else ""
    title = (
        f"{called(name, partner)} is paid {money(paid, currency)}, {signed(compact(paid - old))} against the baseline"
    )
    note = f"By quarter in {currency}" + (f"; tier {tier} at the end." if tier else ".")
    with card("partner", title, note):
        paid_before = total_frame("Baseline pays", before, row, after.quarters())
        frame = pd.concat([lines_frame(after, row), paid_before], ignore_index=True)
        frame.insert(1, ALL, frame.pop(ALL))  # beside its line: the last quarters may be out of sight
        st.dataframe(
            frame, hide_index=True, alt=f"Lines of {partner} by quarter", key="table-partner",
            column_config={
                "Line": st.column_config.TextColumn(pinned=True),
                **{name: amount_column(currency) for name in list(frame)[1:]},
            },
        )  # fmt: skip


def lines_frame(result: Replay, row: int) -> pd.DataFrame:
    """One partner's amounts by line (rows that hold any) and quarter, with totals; whole currency units."""
    labels = result.quarters()
    names = marked_names(result.scheme)
    places, rows = decimals(result.panel.currency), []
    quarters = list(dict.fromkeys(labels))
    for place, name in enumerate(result.line_ids):
        _, amounts = by_label(labels, result.detail[place, :, row] / result.minor)
        if np.any(np.abs(amounts) >= 0.5 / result.minor):
            rows.append([names[name], *np.round(amounts, places), round(float(amounts.sum()), places)])
    frame = pd.DataFrame(rows, columns=["Line", *quarters, ALL])
    total = total_frame("Paid", result, row, labels)
    return pd.concat([frame, total], ignore_index=True) if rows else total


def total_frame(label: str, result: Replay, row: int, labels: list[str]) -> pd.DataFrame:
    """One row: what a partner is paid by quarter, the name of which each month has, and in all."""
    quarters, amounts = by_label(labels, result.total[:, row] / result.minor)
    places = decimals(result.panel.currency)
    return pd.DataFrame(
        [[label, *np.round(amounts, places), round(float(amounts.sum()), places)]], columns=["Line", *quarters, "All"]
    )


def statement_card(key: str, heading: str, said: Statement) -> None:
    """The lines of a statement, each with its amount and its reason."""
    title = f"{heading}: {money(said.total, said.currency)}"
    with card(f"statement-{key}", title, f"{said.scheme}, {said.fingerprint[:11]}", height="stretch"):
        if not said.lines:
            st.markdown("Nothing is paid in this period.")
        for line in said.lines:
            st.markdown(
                f"**{plain(line.label)}** &nbsp; {plain(money(line.amount, said.currency))}  \n"
                f":small[:gray[{month_name(line.period)}. {plain(line.why)}]]"
            )
        for one in said.balances:
            st.markdown(f":small[{plain(one.words)}]")


def deals_card(partner: str, period: str, result: Replay) -> None:
    """The rows of deals that closed or were created in the period."""
    panel = result.panel
    months = months_of(period, panel.first_month, panel.months)
    first, last = panel.first_month + months[0], panel.first_month + months[-1]
    frame = deals_frame(partner, first, last, result.minor)
    names = [month_name(month_label(month)) for month in (first, last)]
    span = names[0] if first == last else " to ".join(names)
    won = float(frame.loc[frame["Status"] == "won", "Amount"].sum()) if len(frame) else 0.0
    with card("deals", f"{counted(len(frame), 'deal')} in {span}, {compact(won)} {panel.currency} won",
              "Every deal that the partner is credited with and that was created or closed then."):  # fmt: skip
        if len(frame):
            amount = amount_column(panel.currency)
            st.dataframe(frame, hide_index=True, alt=f"Deals of {partner} in {span}", key="table-deals",
                         height=min(320, 36 * len(frame) + 40), column_config={"Amount": amount, "Cost": amount})  # fmt: skip


def deals_frame(partner: str, first: int, last: int, minor: int) -> pd.DataFrame:
    """A partner's deals of some months, amounts in whole currency units."""
    state = workspace.preparation()
    with state.lock:
        rows = workspace.history().deals_of(partner, first, last)
    wanted = {
        "deal_id": "Deal", "product": "Product", "status": "Status", "created_on": "Created", "closed_on": "Closed",
        "amount": "Amount", "cost": "Cost", "registered_on": "Registered", "customer_id": "Customer",
    }  # fmt: skip
    frame = rows[[name for name in wanted if name in rows and (rows[name].notna().any() or name == "amount")]].rename(
        columns=wanted
    )
    for name in ("Amount", "Cost"):
        if name in frame:
            frame[name] = frame[name].astype(float) / minor
    if "Status" not in frame:
        frame["Status"] = ""
    for name in ("Created", "Closed", "Registered"):
        if name in frame:
            frame[name] = [
                str(day)[:10] if isinstance(day, datetime.date) and not pd.isna(day) else "" for day in frame[name]
            ]
    return frame
