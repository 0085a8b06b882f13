"""The overview's blocks: what is in use, where the draft stands, and what needs attention."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import streamlit as st

from incentive_lab.charts import cost_chart, mix_chart
from incentive_lab.errors import InputError
from incentive_lab.format import compact, count, counted, month_name
from incentive_lab.scheme.document import Scheme
from incentive_lab.ui import workspace
from incentive_lab.ui.attention import Notice, never_binding, notices
from incentive_lab.ui.cards import Height, card, draw, plain, tell_problems
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.figures import key_figures, tell_itself
from incentive_lab.ui.filing import telling
from incentive_lab.ui.fitting import fits_history
from incentive_lab.ui.histories import place_of, title_of
from incentive_lab.ui.insights import insights
from incentive_lab.ui.knowing import names_in_use
from incentive_lab.ui.naming import identity
from incentive_lab.ui.preparing import Preparation
from incentive_lab.ui.tables import table
from incentive_lab.ui.toolbar import begin_with, namesake, tell_lost
from incentive_lab.ui.waiting import meanwhile
from incentive_lab.ui.workspace import Comparison

if TYPE_CHECKING:
    from incentive_lab.history import Finding

_FINDINGS = {
    "negative_margins": "Won deals below cost",
    "one_off_spikes": "One-off spikes",
    "renamed_ids": "Partners under a new id",
    "inactive_partners": "Partners that never act",
    "undone_activities": "Activities that came to nothing",
    "rounded_amounts": "Amounts rounded to cents",
    "deals_of_several_partners": "Deals of several partners",
    "empty_months": "Months without a won deal",
    "missing_rows": "Months whose rows seem to be missing",
    "dates_apart": "Dates far from all others",
}
FINDINGS, COLUMNS = 6, 3
"""Findings that are listed without their sentences; columns of what needs attention."""
_ICONS = {"act": ":material/error:", "look": ":material/visibility:", "fine": ":material/check_circle:"}


def in_use() -> None:
    """The schemes, the history and its quality, side by side."""
    state = workspace.preparation()
    columns = st.columns(3, gap="small")
    with columns[0]:
        schemes_card()
    with columns[1]:
        history_card(state)
    with columns[2]:
        quality_card(state)


def history_card(state: Preparation, *, link: bool = True) -> None:
    """The history in use, or that it is being read; with the link to the page where another is chosen."""
    with card("history", height="stretch"):
        if state.history is None:
            st.header("The partner history is being read", anchor=False)
            st.skeleton(height=150)
            return
        with state.lock:
            told = state.history.describe()
        title = "Demo history, generated" if state.source.demo else title_of(state.source) or "Partner history"
        st.header(plain(title), anchor=False)
        st.markdown(
            "Made up for a first look; no real partner is in it."
            if state.source.demo
            else f":small[{plain(place_of(state.source))}]"
        )
        facts_of(told)
        if link:
            own = "Bring your own history" if state.source.demo else "Another history"
            st.page_link("pages/data.py", label=own, icon=":material/database:")


def facts_of(told: Mapping[str, Any]) -> None:
    """What a history holds, from its description."""
    rows = told["rows"]
    months = f"{month_name(told['first_month'])} to {month_name(told['last_month'])}"
    facts(
        ("Partners", count(told["partners"])),
        ("Months", f"{count(told['months'])}, {months}"),
        *([("Its own months", plain(told["calendar"]["words"]))] if told["calendar"] is not None else []),
        ("Deals", count(rows.get("deals", 0))),
        ("Activities", count(rows.get("activities", 0))),
        ("Currency", told["currency"]),
        ("Content id", f"`{told['history_id'][:12]}`"),
    )


def facts(*pairs: tuple[str, str]) -> None:
    """Names and values, one under the other."""
    st.markdown(
        "  \n".join(
            f":gray[{name}] &nbsp; **{value}**" if "`" not in value else f":gray[{name}] &nbsp; {value}"
            for name, value in pairs
        )
    )


def quality_card(state: Preparation) -> None:
    """What is odd in the history and the money in it."""
    with card("quality", height="stretch"):
        if state.findings is None:
            st.header("Its quality is being checked", anchor=False)
            st.skeleton(height=150)
            return
        currency = state.history.currency if state.history else ""
        found = state.findings
        st.header(f"{counted(len(found), 'finding')} in the data" if found else "Nothing odd in the data", anchor=False)
        findings_table(found, currency)


def findings_table(found: Sequence[Finding], currency: str, *, full: bool = False) -> None:
    """What is odd, with its rows and the money in it; in full also each finding's sentence.

    Args:
        found: The findings.
        currency: ISO 4217 code of their amounts.
        full: All of them with their sentences, rather than the first six.
    """
    lines = []
    listed = list(found) if full else _together(found)
    for one in listed if full else listed[:FINDINGS]:
        amount = f"{compact(float(one.amount))} {currency}" if one.amount is not None else "-"
        name = plain(_FINDINGS.get(one.kind, one.kind.replace("_", " ").capitalize()))
        state = (
            ("left\N{NO-BREAK SPACE}out" if one.severity == "excluded" else "still\N{NO-BREAK SPACE}in",)
            if full
            else ()
        )
        lines.append(
            (f"**{name}** &nbsp; :small[{plain(one.message)}]" if full else name, count(one.rows), amount, *state)
        )
    if lines:
        table(("Finding", "Rows", "In money", *(("State",) if full else ())), lines, words={3} if full else ())
    if len(listed) > FINDINGS and not full:
        st.markdown(f":gray[and {count(len(listed) - FINDINGS)} more]")
    if found and not full:
        left_out = sum(one.severity == "excluded" for one in found)
        st.markdown(f":gray[{counted(left_out, 'kind')} left out.]" if left_out else ":gray[Flagged, not left out.]")


def _together(found: Sequence[Finding]) -> list[Finding]:
    """Findings of one kind as one, with all their rows and money: without their sentences they would read the same."""
    kinds: dict[tuple[str, str], Finding] = {}
    for one in found:
        before = kinds.get((one.kind, one.severity))
        amounts = [each.amount for each in (before, one) if each is not None and each.amount is not None]
        rows, amount = one.rows + (before.rows if before else 0), sum(amounts, Decimal(0)) if amounts else None
        kinds[one.kind, one.severity] = replace(one, rows=rows, amount=amount)
    return list(kinds.values())


def schemes_card() -> None:
    """The draft and the baseline, and the choice of other ones."""
    draft = workspace.draft()
    known = workspace.known_schemes()
    with card("schemes", height="stretch"):
        st.header("Draft and baseline", anchor=False)
        tell_lost()
        changed = f", {counted(len(draft.changes), 'change')} since" if draft.changes else ""
        _pick("Draft begins as", "pick-draft", known, draft.start, _pick_draft)
        st.markdown(f":gray[Fingerprint] `{workspace.fingerprint(draft.scheme)[:13]}`:gray[{changed}]")
        _pick("Compared with", "pick-baseline", known, draft.baseline, _pick_baseline)
        st.markdown(f":gray[Fingerprint] `{workspace.fingerprint(draft.baseline)[:13]}`")
        st.page_link("pages/tune.py", label="Tune the draft", icon=":material/tune:")
        if problems := st.session_state.get("load problems"):
            tell_problems(problems, "That choice is not possible")


def _pick(label: str, key: str, known: Mapping[str, Scheme], now: Scheme, then: Callable[[], None]) -> None:
    """A choice among the shipped schemes and the one in use, which shows the one in use."""
    own = now.id if now.id not in known else f"{now.id} as it was loaded" if namesake(now) else ""
    named = {**known, **({own: now} if own else {})}
    st.session_state[key] = own or now.id
    st.selectbox(label, list(named), key=key, on_change=then, format_func=lambda name: (
        (named[name].title or name) + (" (as it was loaded)" if name == own != now.id else "")))  # fmt: skip


def _pick_draft() -> None:
    name = st.session_state["pick-draft"]
    with telling():
        begin_with(workspace.known_scheme(name))


def _pick_baseline() -> None:
    name = st.session_state["pick-baseline"]
    with telling():
        begin_with(workspace.draft().scheme, workspace.known_scheme(name))


def standing() -> None:
    """Key figures, cost over time and the mix of the draft against its baseline."""
    draft = workspace.draft()
    if not fits_history(draft):
        return
    try:
        with meanwhile("Draft and baseline are being paid on the history.", 420, of=_of(draft), key="standing of"):
            comparison = workspace.compare(draft.scheme, draft.baseline)
    except InputError as error:
        tell_problems(error.problems, "The draft cannot be paid on this history")
        return
    tell_itself(comparison)
    key_figures(comparison)
    shows(comparison)
    left, right = st.columns([3, 2], gap="small")
    with left:
        draw(cost_chart(comparison.proposed, comparison.baseline), "overview-cost")
    with right:
        draw(mix_chart(comparison.mix), "overview-mix")
    attention(comparison)


def _of(draft: Draft) -> str:
    """What the figures of a draft are worked out of."""
    return workspace.history().history_id + identity(draft.scheme) + identity(draft.baseline)


def shows(comparison: Comparison) -> None:
    """What the history shows about who is paid; nothing where deals are not paid for."""
    found = insights(comparison)
    if not found:
        return
    st.header("What this history shows", anchor=False)
    for place, (column, notice) in enumerate(zip(st.columns(COLUMNS, gap="small"), found, strict=False)):
        with column:
            _notice(notice, place, shows="shows-", icon="insights")


def attention(comparison: Comparison) -> None:
    """What needs attention, with the way to the dials."""
    draft = workspace.draft()
    st.header("What needs attention", anchor=False)
    key = workspace.panel_key(draft.scheme, draft.baseline)
    with meanwhile(
        "Rules that never bind and partners hit hard are being looked for.", 180, of=_of(draft), key="attention of"
    ):
        found = notices(
            comparison,
            _never(key, comparison.proposed.fingerprint, workspace.fingerprint(draft.baseline), comparison),
            names_in_use(),
        )
    # Column by column: where columns stand one below the other, what should be acted on still comes first.
    long = max(1, -(-len(found) // COLUMNS))
    for column, first in zip(st.columns(COLUMNS, gap="small"), range(0, len(found), long), strict=False):
        with column:
            for place, notice in enumerate(found[first : first + long], first):
                _notice(notice, place)
    st.page_link("pages/tune.py", label="Change it on the page Tune", icon=":material/tune:")


@st.cache_resource(show_spinner=False, max_entries=32)
def _never(key: str, one: str, other: str, _comparison: Comparison) -> tuple:  # type: ignore[type-arg]
    proposed, baseline = _comparison.proposed, _comparison.baseline.scheme
    return never_binding(proposed.scheme, workspace.pair(proposed.scheme, baseline).floor, proposed)


def _notice(notice: Notice, place: int, *, shows: str = "", icon: str = "") -> None:
    height: Height = "stretch" if shows else "content"
    with st.container(border=True, key=f"notice-{notice.weight}-{shows}{place}", gap="xsmall", height=height):
        st.markdown(f"{f':material/{icon}:' if icon else _ICONS[notice.weight]} **{plain(notice.title)}**")
        lines = notice.text.split("\n")
        st.markdown(plain(notice.text) if len(lines) == 1 else "\n".join(f"- {plain(line)}" for line in lines))
