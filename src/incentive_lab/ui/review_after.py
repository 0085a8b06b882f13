"""After approval, on the page Review: payments against the rules, cost against the forecast, a change in mid-year."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from incentive_lab.control.following import Followed
from incentive_lab.control.midway import Midway
from incentive_lab.control.payouts import Audit, line_name
from incentive_lab.control.reasons import REASONS
from incentive_lab.control_words import broken_words, gauge_words, midway_words, verdict
from incentive_lab.errors import InputError
from incentive_lab.format import count, counted, money, percent, signed
from incentive_lab.money import from_minor
from incentive_lab.panel import month_index, month_label
from incentive_lab.registry.service import Registry
from incentive_lab.report.case import Case
from incentive_lab.report.following import followed
from incentive_lab.scheme.baseline import Pair
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import card, plain, tell_problems
from incentive_lab.ui.tables import table

SHOWN = 8
"""Rows of a card before the rest is left to the command line."""
KEPT = "review after approval"


def after_approval(
    registry: Registry, case: Case, documents: Mapping[str, bytes]
) -> tuple[str, Callable[[], None]] | None:
    """What happened since, for what is or was in effect, or a change of what is: its name, and what draws it."""
    row = case.revision
    parent = row["parent_id"]
    if row["state"] in ("approved", "active", "retired"):
        return "Since approval", lambda: _since(case, documents)
    if parent and registry.show(parent)["state"] in ("approved", "active"):
        return "In mid-year", lambda: _midway(registry, case, str(parent))
    return None


def _since(case: Case, documents: Mapping[str, bytes]) -> None:
    left, right = st.columns(2, gap="small")
    with left:
        _paid(case)
    with right:
        _followed(case, documents)


def _asked(key: str, label: str, work: Callable[[], Any]) -> Any:
    """A result that is worked out when it is asked for, and kept while history and revision stay the same."""
    kept: dict[str, Any] = st.session_state.setdefault(KEPT, {})
    name = f"{key} {workspace.history().history_id}"
    if name not in kept and st.button(label, key=f"review-{key}", icon=":material/play_arrow:"):
        try:
            with st.spinner("Working it out on the history in use"):
                kept[name] = work()
        except InputError as error:
            tell_problems(error.problems, "This cannot be compared")
            return None
        st.rerun()
    return kept.get(name)


def _paid(case: Case) -> None:
    from incentive_lab.control.payouts import audit_payouts

    row = case.revision
    with card(
        "review-paid",
        "Paid against these rules",
        "What the history in use says was paid, each difference with its reason",
    ):
        starts, ends = (month_index(int(row[name][:4]), int(row[name][5:7])) for name in ("starts", "ends"))
        begin, months = workspace.history().span
        ahead = starts >= begin + months
        if ahead:
            known = month_label(begin + months - 1)
            st.markdown(f"These rules start in {row['starts'][:7]}; the history in use ends with {known}, so nothing was paid "
                        "under them yet. Compared as if they had been in effect all along:")  # fmt: skip
        first, last = (None, None) if ahead else (max(starts, begin), ends - 1)
        found: Audit | None = _asked(
            f"paid {row['id']} {row['fingerprint']}", "Compare payments",
            lambda: audit_payouts(workspace.history(), case.pair, first=first, last=last),
        )  # fmt: skip
        if found is None:
            return

        def said(minor: float) -> str:
            return money(from_minor(minor, case.currency), case.currency)

        st.markdown(
            f"**{counted(len(found.differences), 'difference')}** in {counted(found.compared, 'amount')} from {found.periods[0]} "
            f"to {found.periods[1]}: due {said(found.due)}, paid {said(found.paid)}, {signed(said(found.paid - found.due))}."
        )
        sums = found.sums(lambda one: one.reasons[0].reason)
        table(("Likely reason", "Amounts", "Too much", "Too little"),
              [(REASONS[name], count(n), said(more), said(less)) for name, (n, more, less) in sums.items()])  # fmt: skip
        table(("Partner", "Period", "Line", "Due", "Paid", "Because"),
              [(plain(one.partner), one.period, plain(line_name(one.rule)), said(one.due), said(one.paid),
                plain(one.reasons[0].words)) for one in found.differences[:SHOWN]], words=(0, 1, 2, 5))  # fmt: skip
        if len(found.differences) > SHOWN:
            st.markdown(
                f":small[:gray[The largest {SHOWN}; `incentive-lab registry payouts {row['id']} --json` has all.]]"
            )
        for note in found.notes:
            st.markdown(f":small[:gray[{plain(note)}]]")


def _followed(case: Case, documents: Mapping[str, bytes]) -> None:
    row = case.revision
    with card(
        "review-followed", "Actual against the frozen forecast", "Cost of the months that came, and what was assumed"
    ):
        if case.projection is None:
            st.markdown("No forecast was frozen with this approval, so there is nothing to hold it against.")
            return
        found: Followed | None = _asked(
            f"followed {row['id']} {row['fingerprint']}", "Compare with the forecast",
            lambda: followed(case, documents, workspace.history()),
        )  # fmt: skip
        if found is None:
            return
        (st.success if found.inside else st.warning)(plain(verdict(found)))
        st.markdown(plain(broken_words(found)))
        table(("Assumption", "Came", "Nine of ten futures", "Moved cost by"),
              [(plain(one.name) + (" (broke)" if one.broke else ""), gauge_words(one, one.actual, found.currency),
                f"{gauge_words(one, one.low, found.currency)} to {gauge_words(one, one.high, found.currency)}",
                signed(money(one.moved, found.currency))) for one in found.checked[:SHOWN]])  # fmt: skip
        st.markdown(
            f":small[:gray[Together they explain {percent(found.explained, 0)} of how cost differs between futures.]]"
        )
        for note in found.notes:
            st.markdown(f":small[:gray[{plain(note)}]]")


def _midway(registry: Registry, case: Case, parent: str) -> None:
    from incentive_lab.control.midway import change_midway

    row = case.revision
    with card("review-midway", "If it starts in the middle of a year", f"Who has already earned what under {parent}"):
        month = st.text_input(
            "First month under the new rules", str(row["starts"])[:7], key="review-midway-month", width=240
        )
        if not (
            len(month) == 7 and month[4] == "-" and month.replace("-", "").isdecimal() and 1 <= int(month[5:]) <= 12
        ):
            st.markdown("Write a month such as 2026-07.")
            return
        present = Case.of(registry.show(parent), registry.documents(parent))
        found: Midway | None = _asked(
            f"midway {parent} {row['id']} {row['fingerprint']} {month}", "Work out the cost of the change",
            lambda: change_midway(workspace.history(), Pair(case.scheme, present.scheme, case.pair.floor, present.pair.floor),
                                  month_index(int(month[:4]), int(month[5:]))),
        )  # fmt: skip
        if found is None:
            return
        st.markdown("\n".join(f"- {plain(one)}" for one in midway_words(found)))

        def said(minor: float) -> str:
            return money(from_minor(minor, case.currency), case.currency)

        rows = [(plain(case.called(one.partner)), said(one.earned), said(one.under_new), signed(said(one.difference)))
                for one in found.partners[:SHOWN] if one.difference < 0]  # fmt: skip
        if rows:
            table(("Holds more than the new rules give", "Earned", "New rules", "Difference"), rows)
