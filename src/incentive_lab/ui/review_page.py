"""The page Review: one revision with its evidence on one screen, and the decision on it."""

from __future__ import annotations

from typing import Any

import streamlit as st

from incentive_lab.errors import InputError
from incentive_lab.format import compact, count, counted, money, percent, signed
from incentive_lab.registry.service import Registry
from incentive_lab.report.case import Case, unvouched
from incentive_lab.ui.cards import card, plain, tell_problems
from incentive_lab.ui.review_after import after_approval
from incentive_lab.ui.review_deciding import deciding
from incentive_lab.ui.tables import table

SHOWN = 6
"""Partners at each end, and changes, shown before the rest is folded away."""
ORDER = ("submitted", "active", "approved", "draft", "rejected", "retired")


def review_page() -> None:
    """The choice of a revision, its case, and what can be decided about it."""
    try:
        registry = Registry()
    except InputError as error:
        tell_problems(error.problems, "The registry cannot be opened")
        return
    try:
        _reviewed(registry)
    except InputError as error:
        tell_problems(error.problems, "This revision cannot be shown")
    finally:
        registry.store.close()


def _reviewed(registry: Registry) -> None:
    known = {row["id"]: row for row in sorted(registry.revisions(), key=lambda row: ORDER.index(row["state"]))}
    if not known:
        st.title("Review", anchor=False)
        with card("review-none", "Nothing is proposed yet"):
            st.markdown(
                "`incentive-lab registry submit SCHEME --history HISTORY --as NAME --reason WHY` proposes a scheme."
            )
        return
    name = st.selectbox("Revision", list(known), key="review-revision", width=460,
                        format_func=lambda one: f"{one} ({known[one]['state']})")  # fmt: skip
    row = registry.show(name)
    documents = registry.documents(name)
    case = Case.of(row, documents)
    _head(case)
    _figures(case)
    left, right = st.columns([3, 2], gap="small")
    with left:
        _changes(case)
        _partners(case)
        _evidence(case)
    with right:
        deciding(registry, row)
        _said(row)
    after_approval(registry, case, documents)


def _head(case: Case) -> None:
    row = case.revision
    st.title(plain(case.title), anchor=False)
    st.markdown(
        f":gray[{plain(row['population'])}, {row['starts']} to {row['ends']}. Proposed by "
        f"{plain(row['author'] + unvouched(row))}: {plain(row['reason'])}]"
    )
    for one in row["due"]:
        st.warning(f"Its {one} is due.")


def _figures(case: Case) -> None:
    change = None if case.before is None else case.after - case.before
    share = signed(percent(change / case.before, 1)) if change is not None and case.before else None
    told = case.replay.get("change") or {}
    projected = (case.projection or {}).get("total")
    over = (case.projection or {}).get("p_over_budget")
    figures = (
        ("Cost on the history", f"{compact(case.after)} {case.currency}", share),
        ("Gain and lose", f"{count(told['winners'])} / {count(told['losers'])}" if told else "No baseline", None),
        ("Forecast, 90 %", f"{compact(projected['p05'])} to {compact(projected['p95'])}" if projected else "None submitted", None),
        ("Chance over budget", percent(over, 1) if over is not None else "Not known", None),
    )  # fmt: skip
    for column, (label, value, delta) in zip(st.columns(len(figures), gap="small"), figures, strict=True):
        column.metric(label, value, delta, delta_color="inverse", border=True, height="stretch")


def _changes(case: Case) -> None:
    with card("review-changes", "What changes", case.cost_words()):
        sentences = case.changes or ("There is no baseline to compare it with.",)
        st.markdown("\n".join(f"- {plain(one)}" for one in sentences[:SHOWN]))
        if len(sentences) > SHOWN:
            with st.expander(f"{len(sentences) - SHOWN} more"):
                st.markdown("\n".join(f"- {plain(one)}" for one in sentences[SHOWN:]))


def _partners(case: Case) -> None:
    if case.before is None:
        return
    with card("review-partners", "Who gains and who loses", case.people_words()):
        ends = (*case.partners[: SHOWN // 2], *case.partners[-SHOWN // 2 :])
        shown = case.partners if len(case.partners) <= SHOWN else ends
        rows = [(plain(name), money(was, case.currency), money(now, case.currency), signed(money(now - was, case.currency)))
                for name, was, now in shown]  # fmt: skip
        table(("Partner", "Today", "Proposed", "Change"), rows, words=(0,))


def _evidence(case: Case) -> None:
    with card("review-evidence", "Evidence"):
        found = (case.forecast_words(), *case.pilot_words())
        st.markdown("\n".join(f"- {plain(one)}" for one in found))
        open_ = case.warnings()
        if open_:
            st.markdown(f"**{counted(len(open_), 'open warning')}**")
            st.markdown("\n".join(f"- {plain(one)}" for one in open_))
        row = case.revision
        st.markdown(
            f":small[:gray[{row['fingerprint']}, history {row['history_id'][:12]}, version {row['code_version']}]]"
        )


def _said(row: dict[str, Any]) -> None:
    if not row["comments"]:
        return
    with card("review-comments", "Comments"):
        for one in row["comments"]:
            st.markdown(f"**{plain(one['who'])}**{unvouched(one)}, {one['at'][:10]}: {plain(one['text'])}")
