"""What one more deal or certification would pay a partner, by supposing it and replaying."""

from __future__ import annotations

from decimal import Decimal

import streamlit as st

from incentive_lab.engine.next_tier import next_tier
from incentive_lab.engine.replay import Replay, replay
from incentive_lab.errors import InputError
from incentive_lab.fiscal import days_in
from incentive_lab.format import money, month_name, percent, unbroken
from incentive_lab.history.supposing import Supposed, suppose
from incentive_lab.scheme.line_names import marked_names
from incentive_lab.scheme.measures import ACTIVITY_KINDS
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import card, plain, tell_problems
from incentive_lab.ui.drafts import Draft


@st.fragment(key="what-if")
def what_if(draft: Draft, partner: str) -> None:
    """The questions as a form, and the answer below."""
    panel = workspace.panel(draft.scheme, draft.baseline)
    last = panel.first_month + panel.months - 1
    asked_of = (
        panel.history_id, workspace.fingerprint(draft.scheme), workspace.fingerprint(draft.baseline), partner,
    )  # fmt: skip
    with card(
        "what-if",
        "What if",
        f"Supposed in the last month of the history, {month_name(panel.labels()[-1])}, under the draft; what is not "
        "asked here, such as the product, is as in its last won deal.",
    ):
        with st.form("what-if-form", border=False):
            columns = st.columns(4, gap="small")
            with columns[0]:
                amount = st.number_input(
                    f"One more deal, {panel.currency}", 0.0, 1e9, 25_000.0, 1_000.0, key="if-amount"
                )
            with columns[1]:
                margin = st.number_input("Its margin, %", -100.0, 100.0, 20.0, 1.0, key="if-margin")
            with columns[2]:
                kind = st.selectbox("More of", ACTIVITY_KINDS, index=ACTIVITY_KINDS.index("certification"), key="if-kind",
                                    format_func=lambda one: one.replace("_", " "))  # fmt: skip
            with columns[3]:
                quantity = st.number_input("How many", 0, 1000, 1, 1, key="if-quantity")
            asked = st.form_submit_button("Work it out", icon=":material/calculate:", key="if-go")
        if asked:
            what = Supposed(
                days_in(panel.calendar, last, last)[1],
                Decimal(str(amount)) if amount > 0 else None, Decimal(str(margin)) / 100, activities={kind: int(quantity)},
            )  # fmt: skip
            st.session_state["if-answer"] = (*asked_of, _answer(draft, partner, what))
        held = st.session_state.get("if-answer")
        if held and held[:-1] == asked_of:
            _told(held[-1])


def _answer(draft: Draft, partner: str, what: Supposed) -> str | InputError:
    """One sentence with the difference, its parts, and the tier."""
    pair = workspace.pair(draft.scheme, draft.baseline)
    state = workspace.preparation()
    before = workspace.compare(draft.scheme, draft.baseline).proposed
    try:
        with state.lock:
            panel = suppose(workspace.history(), before.panel, partner, what, *pair.schemes)
        after = replay(draft.scheme, panel, baseline=pair.floor, detail=False)
    except InputError as error:
        return error
    return difference(before, after, partner, what)


def difference(before: Replay, after: Replay, partner: str, what: Supposed) -> str:
    """What the supposed rows change for the partner, in words."""
    row = before.panel.partner_ids.index(partner)
    currency, minor = before.panel.currency, before.minor
    change = float(after.by_partner[row] - before.by_partner[row]) / minor
    names = marked_names(before.scheme)
    parts = [
        f"{names[name]} {money(float(delta) / minor, currency)}"
        for name, delta in zip(before.line_ids, after.by_rule[:, row] - before.by_rule[:, row], strict=True)
        if abs(delta) >= 0.5
    ]
    said = f"**{plain(money(change, currency))}** {'more' if change >= 0 else 'less'} is paid"
    if what.amount:
        said += f", {percent(change / float(what.amount))} of the deal" if not any(what.activities.values()) else ""
    said += f": {plain('; '.join(parts))}." if parts else ". Nothing that the draft pays on changes, or a cap binds."
    step = next_tier(after, row, after.panel.months - 1)
    return said + (f" Then: {plain(step.words)}" if step is not None else "")


def _told(answer: str | InputError) -> None:
    if isinstance(answer, InputError):
        tell_problems(answer.problems, "This cannot be worked out")
    else:
        st.success(unbroken(answer), icon=":material/functions:")
