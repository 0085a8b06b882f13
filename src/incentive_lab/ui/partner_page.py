"""The page Partner: one partner's statement, the way to the next tier, what is left to earn, and what-if."""

from __future__ import annotations

import numpy as np
import streamlit as st

from incentive_lab.engine.next_tier import look
from incentive_lab.engine.replay import Replay
from incentive_lab.engine.statement import Statement
from incentive_lab.errors import InputError
from incentive_lab.format import compact, counted, month_name, quantity, signed
from incentive_lab.report.html import html_page
from incentive_lab.report.pdf import pdf_bytes
from incentive_lab.report.rule_words import measure_label
from incentive_lab.report.statement_sheet import statement_document
from incentive_lab.scheme.lookup import unit_of
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import card, figure_card, plain, tell_problems
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.fitting import fits_history
from incentive_lab.ui.outlook import CapRoom, Outlook, cap_room, outlook
from incentive_lab.ui.sheet import PICKED, last_paid, quarters_of, statement_card
from incentive_lab.ui.sheet import told as told_of
from incentive_lab.ui.what_if import what_if

ALL = "All months"


def partner_page() -> None:
    """The whole page."""
    draft = workspace.draft()
    if not fits_history(draft, lambda: st.title("Partner", anchor=False)):
        return
    try:
        after = workspace.replayed(draft.scheme, draft.baseline)
        before = workspace.replayed_baseline(draft.scheme, draft.baseline)
    except InputError as error:
        st.title("Partner", anchor=False)
        tell_problems(error.problems, "The draft cannot be paid on this history")
        return
    ids = list(after.panel.partner_ids)
    names = dict(zip(ids, after.panel.attributes["name"].astype(str), strict=True))
    if st.session_state.get(PICKED) not in names:
        st.session_state[PICKED] = ids[int(np.argmax(after.by_partner))]
    partner = st.session_state[PICKED]
    st.title(plain(names[partner] or partner), anchor=False)
    with st.container(horizontal=True, vertical_alignment="bottom", key="no-print-choice"):
        st.selectbox("Partner", ids, key=PICKED, format_func=lambda one: f"{one}  {names[one]}", width=420)
        quarters = quarters_of(after)
        periods = [*reversed(quarters), ALL]
        if st.session_state.get("statement-period") not in periods:
            st.session_state["statement-period"] = last_paid(after, ids.index(partner))
        st.selectbox("Statement of", periods, key="statement-period", width=200)
    row = ids.index(partner)
    period = st.session_state["statement-period"]
    said = told_of(after, partner, quarters.get(period), workspace.pair(draft.scheme, draft.baseline).floor)
    _last_year(after, before, row, draft)
    left, right = st.columns([3, 2], gap="small")
    with left:
        statement_card("own", "Paid under the draft" + ("" if period == ALL else f", {period}"), said)
        _take_away(said, names[partner], period, draft)
    with right:
        _next_tier(after, said, row, period)
        _outlook(outlook(after, row), cap_room(after, row), after)
        _conventions(said)
    what_if(draft, partner)


def _last_year(after: Replay, before: Replay, row: int, draft: Draft) -> None:
    """The last twelve months under the draft, beside the baseline."""
    months = min(12, after.panel.months)
    new = float(after.total[-months:, row].sum()) / after.minor
    old = float(before.total[-months:, row].sum()) / before.minor
    labels = after.panel.labels()[-months:]
    span = f"{month_name(labels[0])} to {month_name(labels[-1])}"
    currency = after.panel.currency
    tier = after.tier_names[int(after.tiers[-1, row])] if len(after.tier_names) > 1 else "no tiers"
    cards = st.columns(3, gap="small")
    with cards[0]:
        figure_card("last-year", f"Last {counted(months, 'month')} under the draft, {currency}", compact(new),
                    signed(compact(new - old)), "vs baseline", good="up", line=span,
                    help="What the draft would have paid for what this partner really did.")  # fmt: skip
    with cards[1]:
        figure_card("last-year-before", f"Under {draft.baseline.title or draft.baseline.id}", compact(old), "", "",
                    good="neither", line=span, help="What the baseline pays for the same months.")  # fmt: skip
    with cards[2]:
        attributes = after.panel.attributes
        given = (str(attributes[name][row]).replace("_", " ") for name in ("type", "region", "segment"))
        line = ", ".join(value for value in given if value)
        figure_card("tier-now", "Tier at the end", tier, "", "", good="neither", line=line or "-",
                    help="In the last month of the history, under the draft.")  # fmt: skip


def _next_tier(result: Replay, said: Statement, row: int, period: str) -> None:
    """Each threshold of the next tier as a bar, at the end of the statement's period."""
    scheme, step, quarters = result.scheme, said.next_tier, result.quarters()
    last = max((place for place, one in enumerate(quarters) if one == period), default=len(quarters) - 1)
    if scheme.tiers is None:
        return
    if step is None:
        with card("next-tier", f"The highest tier, {said.tier}"):
            st.markdown("There is no tier above.")
        return
    level = next(one for one in scheme.tiers.levels if one.name == step.name)
    with card("next-tier", f"To {step.name}: " + ("everything is met" if not step.missing else
              counted(len(step.missing), "threshold is", "thresholds are") + " missing"), step.words):  # fmt: skip
        for name, needed in level.needs.items():
            have = look(result, name, row, last)
            unit = {"money": "currency"}.get(unit_of(name, scheme.measures), unit_of(name, scheme.measures))
            share = 0.0 if have is None or needed <= 0 else max(0.0, min(1.0, have / float(needed)))
            reached = quantity(round(have, 2), unit, scheme.currency) if have is not None else "nothing yet"
            st.progress(share if needed > 0 else 1.0, text=f"{plain(measure_label(scheme, name))}: {reached} of "
                        f"{quantity(needed, unit, scheme.currency)}")  # fmt: skip


def _outlook(ahead: Outlook | None, rooms: tuple[CapRoom, ...], result: Replay) -> None:
    """What the programme year has paid, what it is likely to pay, and what caps still allow."""
    if ahead is None:
        return
    currency = result.panel.currency
    title = (f"{compact(ahead.paid)} so far, about {compact(ahead.expected)} by the end of the year" if ahead.left
             else f"The programme year is complete: {compact(ahead.paid)}")  # fmt: skip
    at = month_name(result.panel.labels()[-1])
    with card("outlook", title, f"Programme year {ahead.year}, in {currency}, at the end of the history ({at})."):
        if ahead.left:
            st.markdown(
                f"{counted(ahead.left, 'month')} left. If they pay what quarters have paid lately, "
                f"between {plain(compact(ahead.low))} and {plain(compact(ahead.high))} in all: the lowest and the highest of "
                f"the last {counted(ahead.seen, 'quarter')}, spread over the months left."
            )
        for room in rooms:
            st.progress(room.used, text=plain(room.words))


def _conventions(said: Statement) -> None:
    with st.expander("How amounts are worked out", key="conventions"):
        st.markdown("\n".join(f"- {plain(one)}" for one in said.conventions))


def _take_away(said: Statement, name: str, period: str, draft: Draft) -> None:
    """The statement as a file."""
    words = "all months" if period == ALL else period
    made = statement_document(said, name or said.partner, words, draft.scheme.title or draft.scheme.id)
    file = f"statement-{said.partner}-{period.replace(' ', '-').lower()}"
    with st.container(horizontal=True, key="no-print-files"):
        st.download_button("Statement as PDF", lambda: pdf_bytes(made), f"{file}.pdf", "application/pdf",
                           on_click="ignore", icon=":material/picture_as_pdf:", key="statement-pdf")  # fmt: skip
        st.download_button("As a web page", lambda: html_page(made), f"{file}.html", "text/html",
                           on_click="ignore", icon=":material/html:", key="statement-html")  # fmt: skip
