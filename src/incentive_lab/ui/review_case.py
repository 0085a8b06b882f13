"""The case of a revision on one screen: what leadership must see in short, each card with all of it a click away."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from math import ceil
from textwrap import shorten

import streamlit as st

from incentive_lab.format import compact, count, counted, percent, signed, unbroken
from incentive_lab.report.case import Case, unvouched
from incentive_lab.ui.cards import card, plain
from incentive_lab.ui.tables import table

SHOWN = 6
"""Partners shown before the rest is a click away."""
IN_TABLE = 28
"""Characters of a partner's name in the table on the screen; its id is a click away."""
WIDE, NARROW = 62, 48
"""Characters on a line of the wide column and of a narrow one, on a screen of 1,280 pixels."""
STATES = {"submitted": "orange", "approved": "green", "active": "green", "rejected": "red"}
REASON = 130
"""Characters of a reason that stand on one line."""
HISTORY_HELP = (
    "What the rules pay for the months of the history that the proposal was replayed on; below it the dearest programme "
    "year, or twelve average months where the history holds no whole one. A budget is for one programme year."
)


def case_head(case: Case) -> None:
    """What it is, where it stands, who proposes it and why."""
    row = case.revision
    state = row["state"]
    st.markdown(
        f":{STATES.get(state, 'gray')}-badge[{state}] :small[:gray[{plain(row['population'])}, {row['starts']} to "
        f"{row['ends']}. Proposed by {plain(row['author'] + unvouched(row))}: {plain(shorten(row['reason'], REASON))}]]",
        help=plain(row["reason"]) if len(row["reason"]) > REASON else None,
    )
    for one in row["due"]:
        st.warning(f"Its {one} is due.")


def case_figures(case: Case) -> None:
    """Cost, people, forecast, chance and signatures as figures."""
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
    columns = st.columns(len(figures), gap="small")
    said = {0: HISTORY_HELP, 3: case.budget_words()}
    for place, (label, value, delta) in enumerate(figures):
        with columns[place], card(f"review-figure-{place}", height="stretch"):
            st.metric(label, unbroken(value), delta, delta_color="inverse", help=said.get(place))
            if place == 0:
                cost, name = case.dearest_year
                st.markdown(unbroken(f":small[:gray[A year: {compact(cost)} ({name or 'average'})]]"))


def what_changes(case: Case) -> None:
    """The changes in words, as many as fit, after what they cost."""
    sentences = case.changes or ("Nothing that decides what is paid.",)
    shown = fitting(sentences, 9, WIDE)
    if len(shown) < len(sentences):
        shown = fitting(sentences, 8, WIDE)  # a line tells how many more there are
    rest = f"All {len(sentences)}" if len(shown) < len(sentences) else ""
    with more("review-changes", "What changes", rest, lambda: _points(sentences)):
        st.markdown(plain(case.cost_words()))
        _points(shown)
        if rest:
            left = len(sentences) - len(shown)
            st.markdown(f":gray[and {counted(left, 'more change')}: *{rest}*, above.]")


def who_gains(case: Case) -> None:
    """Winners and losers, the ends of the list as a table."""
    if case.before is None:
        return
    ends = (*case.partners[: SHOWN // 2], *case.partners[-SHOWN // 2 :])
    many = len(case.partners) > SHOWN
    rest = "By line, and more" if many else "By line"
    with more("review-partners", "Who gains and who loses", rest, lambda: _further(case)):
        st.markdown(plain(case.people_words()))
        _amounts(case, f"Partner, {case.currency}", _named(case, ends if many else case.partners, IN_TABLE))


def _further(case: Case) -> None:
    """What each line pays, and the partners at both ends."""
    _amounts(case, f"Line, {case.currency}", [one for one in case.rules if one[1] or one[2]])
    ends = (*case.partners[:20], *case.partners[-20:]) if len(case.partners) > 40 else case.partners
    _amounts(case, f"Partner, {case.currency}", _named(case, ends))


def _named(case: Case, rows: Sequence[tuple[str, float, float]], longest: int = 0) -> list[tuple[str, float, float]]:
    """Rows of partners by what these are called."""
    return [(case.called(name, longest), was, now) for name, was, now in rows]


def _amounts(case: Case, head: str, rows: Sequence[tuple[str, float, float]]) -> None:
    known = case.before is not None
    table((head, "Today", "Proposed", "Change"), [
        (plain(name), compact(was) if known else "-", compact(now), signed(compact(now - was)) if known else "-")
        for name, was, now in rows
    ])  # fmt: skip


def what_is_forecast(case: Case) -> None:
    """The cost to come with its band and the chance of breaking the budget."""
    said = case.forecast_said
    lead = 1 + bool((case.projection or {}).get("first_month"))  # its months, then its cost
    told = said if case.projection is None else (*said[:lead], case.budget_words())
    rest = "All of it" if len(said) > len(told) else ""
    with more("review-forecast", "Cost to come", rest, lambda: _points(said)):
        _points(told)


def what_the_pilot_says(case: Case) -> None:
    """What an experiment shows, the decision and the primary metric first."""
    said = case.pilot_words()
    shown = fitting(said, 7, NARROW)
    row = case.revision
    bound = f"{row['fingerprint']}, history {row['history_id']}, version {row['code_version']}"
    rest = "All of it" if case.pilot is not None else ""
    title = "Pilot, a rehearsal" if case.rehearsed else "Pilot"
    with more("review-pilot", title, rest, lambda: _points((*said, f"Bound: {bound}."))):
        _points(shown)


def open_warnings(case: Case) -> None:
    """What is known to be open when it is decided."""
    found = (*case.left_out, *case.warnings())
    shown = fitting(found, 4, NARROW)
    rest = f"All {len(found)}" if len(shown) < len(found) else ""
    title = counted(len(found), "open warning") if found else "No open warning"
    with more("review-warnings", title, rest, lambda: _points(found)):
        if found:
            _points(shown)


def fitting(sentences: Sequence[str], lines: int, width: int) -> tuple[str, ...]:
    """The first sentences that fit into so many lines of a list; always the first.

    Example:
        >>> fitting(("one two", "three", "four"), 2, 10)
        ('one two', 'three')
    """
    left, shown = lines, 0
    for one in sentences:
        left -= ceil(len(one) / width)
        if left < 0 and shown:
            break
        shown += 1
    return tuple(sentences[:shown])


@contextmanager
def more(key: str, title: str, rest: str, draw: Callable[[], None]) -> Iterator[None]:
    """A card whose heading has a button beside it that shows all there is; no button where there is nothing more."""
    with card(key):
        with st.container(horizontal=True, vertical_alignment="center", horizontal_alignment="distribute"):
            st.header(plain(title), anchor=False)
            if rest:
                with st.popover(rest, type="tertiary", key=f"{key}-more", width="content"):
                    draw()
        yield


def _points(sentences: Sequence[str]) -> None:
    st.markdown("\n".join(f"- {plain(one)}" for one in sentences))
