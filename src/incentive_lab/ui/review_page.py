"""The page Review: one revision with its evidence on one screen, and the decision on it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import streamlit as st

from incentive_lab.errors import InputError
from incentive_lab.format import compact, count, counted, percent, signed
from incentive_lab.registry.service import Registry
from incentive_lab.report.case import Case, unvouched
from incentive_lab.ui.cards import card, plain, tell_problems
from incentive_lab.ui.review_after import after_approval
from incentive_lab.ui.review_deciding import DONE, deciding
from incentive_lab.ui.review_proposing import ASKED, OPEN, PROPOSED, REVISION, may_propose, proposing
from incentive_lab.ui.tables import table

SHOWN, CHANGES = 6, 4
"""Partners and warnings, and changes, shown before the rest is folded away."""
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
    known = {row["id"]: row for row in sorted(registry.revisions(), key=_order)}
    proposed = st.session_state.pop(PROPOSED, None)
    if proposed in known:
        st.session_state[REVISION] = proposed
        st.session_state[DONE] = f"{proposed} is proposed; somebody else decides on it."
    if not known or OPEN in st.session_state:
        st.title("Review", anchor=False)
        if not known and ASKED not in st.session_state:
            st.markdown("Nothing is proposed yet. Propose the draft that you tuned: others then see what changes, what it "
                        "costs and on what evidence, and sign, reject or ask for a change.")  # fmt: skip
        proposing(registry)
        return
    left, right = st.columns([3, 1], vertical_alignment="bottom")
    name = left.selectbox("Revision", list(known), key=REVISION, width=460,
                          format_func=lambda one: f"{one} ({known[one]['state']})")  # fmt: skip
    if may_propose(registry):
        with right.container(horizontal=True, horizontal_alignment="right"):
            st.button("Propose the draft", key="review-open", icon=":material/send:", on_click=_open)
    row, documents, _ = registry.whole(name)
    case = Case.of(row, documents)
    _head(case)
    _figures(case)
    left, middle, right = st.columns([5, 4, 4], gap="small")
    with left:
        _changes(case)
        _partners(case)
    with middle:
        _evidence(case)
        _open_warnings(case)
    with right:
        deciding(registry, row)
        _said(row)
    after_approval(registry, case, documents)


def _order(row: Mapping[str, Any]) -> int:
    return ORDER.index(row["state"]) if row["state"] in ORDER else len(ORDER)


def _open() -> None:
    st.session_state[OPEN] = True


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
    told, likely, over = case.replay.get("change") or {}, case.likely, case.over_budget
    band = f"{compact(likely['p05'])} to {compact(likely['p95'])}" if likely else "No forecast"
    signed_by = [one for one in case.revision["signatures"] if one["round"] == case.revision["round"]]
    figures = (
        ("Cost on the history", f"{compact(case.after)} {case.currency}", f"{share} against today" if share else None),
        ("Gain / lose", f"{count(told['winners'])} / {count(told['losers'])}" if told else "No baseline", None),
        (f"{case.what_spreads}, 90 %", band, None),
        ("Chance over budget", percent(over, 1) if over is not None else "Not known", None),
        ("Signed", f"{len(signed_by)} of {len(case.revision['needs'])}", None),
    )  # fmt: skip
    for column, (label, value, delta) in zip(st.columns(len(figures), gap="small"), figures, strict=True):
        column.metric(label, value, delta, delta_color="inverse", border=True, height="stretch")


def _changes(case: Case) -> None:
    with card("review-changes", "What changes", case.cost_words()):
        sentences = case.changes or ("Nothing that decides what is paid.",)
        st.markdown("\n".join(f"- {plain(one)}" for one in sentences[:CHANGES]))
        if len(sentences) > CHANGES:
            with st.expander(f"{len(sentences) - CHANGES} more"):
                st.markdown("\n".join(f"- {plain(one)}" for one in sentences[CHANGES:]))


def _partners(case: Case) -> None:
    if case.before is None:
        return
    with card("review-partners", "Who gains and who loses", case.people_words()):
        ends = (*case.partners[: SHOWN // 2], *case.partners[-SHOWN // 2 :])
        shown = case.partners if len(case.partners) <= SHOWN else ends
        rows = [(plain(name), compact(was), compact(now), signed(compact(now - was))) for name, was, now in shown]
        table((f"Partner, {case.currency}", "Today", "Proposed", "Change"), rows)


def _evidence(case: Case) -> None:
    row = case.revision
    with card("review-evidence", "Evidence", f"Replayed on {count(case.replay['months'])} months of history"):
        st.markdown("\n".join(f"- {plain(one)}" for one in (*case.forecast_said, *case.pilot_words())))
        st.markdown(
            f":small[:gray[{row['fingerprint']}, history {row['history_id'][:12]}, version {row['code_version']}]]"
        )


def _open_warnings(case: Case) -> None:
    found = case.warnings()
    if not found:
        return
    with card("review-warnings", counted(len(found), "open warning"), "Known when it is decided"):
        st.markdown("\n".join(f"- {plain(one)}" for one in found[:SHOWN]))
        if len(found) > SHOWN:
            with st.expander(f"{len(found) - SHOWN} more"):
                st.markdown("\n".join(f"- {plain(one)}" for one in found[SHOWN:]))


def _said(row: dict[str, Any]) -> None:
    if not row["comments"]:
        return
    with card("review-comments", "Comments", "The newest last"):
        for one in row["comments"]:
            st.markdown(f"**{plain(one['who'])}**{unvouched(one)}, {one['at'][:10]}: {plain(one['text'])}")
