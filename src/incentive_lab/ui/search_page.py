"""The page Search: a goal, limits, the numbers that may move; what was found, and the way into the draft."""

from __future__ import annotations

import math
from collections.abc import Callable

import streamlit as st

from incentive_lab.charts.search import frontier_chart
from incentive_lab.charts.style import nice_step
from incentive_lab.engine.replay import Replay
from incentive_lab.errors import InputError, Problem
from incentive_lab.format import compact, points, quantity, signed
from incentive_lab.optimise.dials import Dial, dial
from incentive_lab.optimise.figures import FIGURES, Figure, figures_of
from incentive_lab.optimise.paying import Trial
from incentive_lab.optimise.question import MOST, Goal, Limit, Question, Sense
from incentive_lab.optimise.search import Found, search
from incentive_lab.optimise.words import notes, verdict
from incentive_lab.scheme.naming import split
from incentive_lab.scheme.paths import Address, apply
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import card, draw, label, plain, tell_problems
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.jobs import Step, watched
from incentive_lab.ui.scales import from_screen, group_of, on_screen, words_of
from incentive_lab.ui.tables import table
from incentive_lab.ui.workspace import Comparison

SENSES: dict[str, Sense] = {"The most of": "most", "The least of": "least", "Reach a value of": "reach"}
SIDES = {"at most": "<=", "at least": ">="}
EFFORTS = {"Quick: 200 schemes": 200, "400 schemes": 400, "1,000 schemes": 1_000, "Thorough: 3,000 schemes": 3_000}
_ASKED, _TAKEN = "search asked", "search taken"
FIRST = 3
"""Numbers that are offered to move before anybody has chosen."""


def search_page() -> None:
    """The whole page."""
    st.title("Search", anchor=False)
    draft = workspace.draft()
    try:
        now = workspace.compare(draft.scheme, draft.baseline)
    except InputError as error:
        tell_problems(error.problems, "The draft cannot be paid on this history")
        return
    left, right = st.columns([5, 7], gap="medium")
    with left:
        asked = _form(draft, now)
    with right:
        _outcome(draft, asked)


def _form(draft: Draft, comparison: Comparison) -> Question | None:
    """What is asked as the form stands; None while it cannot be."""
    currency, now = draft.scheme.currency, figures_of(comparison.proposed, comparison.baseline)
    with card(
        "search-goal",
        "What is wanted",
        "Every figure is that of the draft against its baseline, over all months of the history.",
    ):
        goal = _goal(now, currency)
        limits = _limits(draft, now)
    with card("search-dials", "What may move", f"Up to {MOST} numbers of the draft."):
        dials = _dials(draft, comparison.proposed)
    effort = st.selectbox("How long to look", list(EFFORTS), index=1, key="search-effort", persist_state="session",
                          help="A scheme takes a few hundredths of a second for a thousand partners.")  # fmt: skip
    question = Question(goal, tuple(limits), tuple(dials), EFFORTS[effort or "400 schemes"]) if dials else None
    st.button("Search", type="primary", key="search-begin", width="stretch", disabled=question is None, icon=":material/search:",
              on_click=lambda: st.session_state.update({_ASKED: (question, draft), _TAKEN: ""}))  # fmt: skip
    return question


def _goal(now: dict[str, float | None], currency: str) -> Goal:
    one, other = st.columns([2, 3])
    sense = SENSES[one.selectbox("Goal", list(SENSES), key="search-sense", persist_state="session") or "The most of"]
    figure = _figure_choice(other, "Figure", "search-figure", "middle")
    if sense != "reach":
        return Goal(figure, sense)
    return Goal(figure, sense, _number(figure, "Value", f"search-value-{figure.name}", now[figure.name], currency))


def _figure_choice(where: object, name: str, key: str, first: str) -> Figure:
    names = [one.label for one in FIGURES.values()]
    chosen = where.selectbox(  # type: ignore[attr-defined]
        name, names, index=names.index(FIGURES[first].label), key=key, persist_state="session"
    )
    return next(one for one in FIGURES.values() if one.label == chosen)


def _limits(draft: Draft, now: dict[str, float | None]) -> list[Limit]:
    labels = {one.label: one for one in FIGURES.values()}
    usual = ["cost", "losers", *(["behavioural"] if draft.scheme.mix is not None else [])]
    chosen = st.multiselect("Within limits on", list(labels), default=[FIGURES[one].label for one in usual],
                            key="search-limits", persist_state="session", placeholder="No limits")  # fmt: skip
    found = []
    for name in chosen:
        figure = labels[name]
        one, other = st.columns([2, 3], vertical_alignment="bottom")
        start = "at least" if figure.name in ("middle", "paid", "behavioural") else "at most"
        side = one.selectbox(name, list(SIDES), index=list(SIDES).index(start), key=f"search-side-{figure.name}",
                             persist_state="session")  # fmt: skip
        first = now[figure.name]
        if figure.name == "behavioural" and draft.scheme.mix is not None:
            first = min(float(draft.scheme.mix.behavioural), first if first is not None else 1.0)
        with other:
            value = _number(
                figure, "Value", f"search-limit-{figure.name}", first, draft.scheme.currency, start == "at most"
            )
        found.append(Limit(figure, "<=" if SIDES[side or start] == "<=" else ">=", value))
    return found


def _number(figure: Figure, name: str, key: str, now: float | None, currency: str, up: bool = True) -> float:
    """A value of a figure, typed as people write it: shares in per cent. It begins at what the figure is now.

    Args:
        figure: Which.
        name: Of the control.
        key: Of the control.
        now: Where it begins, rounded up or else down.
        currency: ISO 4217 code.
        up: Which way.
    """
    shares, money = figure.kind == "share", figure.kind == "money"
    shown = (now or 0.0) * (100 if shares else 1)
    places = 0 if money else 1 if shares else 3
    grain = 10.0**places
    begin = (math.ceil(shown * grain - 1e-6) if up else math.floor(shown * grain + 1e-6)) / grain
    step = 1.0 if shares else nice_step(max(shown, 1_000.0) / 100) if money else 0.01
    unit = currency if money else "%" if shares else ""
    typed = st.number_input(f"{name}, {unit}" if unit else name, value=begin, min_value=0.0, key=key, step=step,
                            format=f"%.{places}f", persist_state="session")  # fmt: skip
    return float(typed) / (100 if shares else 1)


def _dials(draft: Draft, result: Replay) -> list[Dial]:
    """The numbers that may move, with their ranges."""
    numbers = {
        words_of(draft.scheme, one).full: one
        for one in draft.numbers
        if group_of(one.path) not in ("Budget", "Mix", "Variants")
    }
    chosen = st.multiselect("Numbers that may move", list(numbers), default=_first(numbers, result), key="search-numbers",
                            max_selections=MOST, persist_state="session", placeholder="Choose numbers of the draft")  # fmt: skip
    found: list[Dial] = []
    problems: list[Problem] = []
    with st.expander("Ranges", key="search-ranges"):
        for name in chosen:
            address = numbers[name]
            try:
                found.append(_range(draft, name, address))
            except InputError as error:
                problems += error.problems
    if problems:
        tell_problems(tuple(problems), "This range cannot be searched")
        return []
    if not chosen:
        st.info("Choose at least one number.", icon=":material/tune:")
    return found


def _first(numbers: dict[str, Address], result: Replay) -> list[str]:
    """What is offered before anybody has chosen: what a cap allows, then a rate of each of the dearest rules."""
    caps = [
        name for name, one in numbers.items() if one.path.startswith("caps.") and one.declaration.unit == "currency"
    ]
    cost = dict(zip(result.line_ids, result.by_rule.sum(axis=1), strict=True))
    rates: dict[str, str] = {}
    for name, one in numbers.items():
        rule = split(one.path)[1]
        if group_of(one.path) == "Rates" and one.value and cost.get(rule, 0) > 0 and not one.path.endswith(".from"):
            rates.setdefault(rule, name)
    dearest = sorted(rates, key=lambda rule: -cost[rule])
    return [*caps[:1], *(rates[rule] for rule in dearest)][:FIRST]


def _range(draft: Draft, name: str, address: Address) -> Dial:
    unit, currency = address.declaration.unit, draft.scheme.currency
    usual = dial(address)
    st.markdown(f":small[{plain(name)}, now {plain(quantity(address.value, unit, currency))}]")
    ends = []
    for column, word, end in zip(st.columns(2), ("from", "to"), (usual.low, usual.high), strict=True):
        said = f"{label(name)} {word}" + (", %" if unit == "share" else "")
        typed = column.number_input(said, value=on_screen(end, unit), key=f"search-{word}-{address.path}", format="%.6g",
                                    label_visibility="collapsed", persist_state="session")  # fmt: skip
        ends.append(from_screen(float(typed), unit))
    return dial(address, ends[0], ends[1])


def _outcome(draft: Draft, asked: Question | None) -> None:
    """What the last search found, or how to begin."""
    question, of = st.session_state.get(_ASKED, (None, None))
    if question is None:
        with card("search-none", "Nothing is searched yet"):
            st.markdown(
                "A search pays hundreds of schemes on this history and keeps the best: the fewest partners worse off for the "
                "same cost, say, or the thresholds that bring the cost to a budget. Choose what is wanted and what may move, "
                "then press *Search*."
            )
        return
    if asked is not None and not st.session_state.get(_TAKEN) and _key(asked, draft) != _key(question, of):
        st.info("The question has changed since this search. Press *Search* to ask it.", icon=":material/update:")
    key = f"search {workspace.panel_key(of.scheme, of.baseline)} {_key(question, of)}"
    found = watched(key, _work(question, of), f"Paying up to {question.evaluations:,} schemes")
    if found is not None:
        _shown(draft, found)


def _key(question: Question, draft: Draft) -> str:
    """What tells one question from another."""
    dials = [(one.address.path, one.low, one.high, one.step) for one in question.dials]
    prints = workspace.fingerprint(draft.scheme), workspace.fingerprint(draft.baseline)
    limits = [(one.figure.name, one.side, one.value) for one in question.limits]
    goal = question.goal
    return f"{prints} {goal.figure.name} {goal.sense} {goal.value} {limits} {dials} {question.evaluations}"


def _work(question: Question, draft: Draft) -> Callable[[Step], Found]:
    pair, panel = workspace.pair(draft.scheme, draft.baseline), workspace.panel(draft.scheme, draft.baseline)
    return lambda step: search(question, pair, panel, step)


def _shown(draft: Draft, found: Found) -> None:
    names = {one.path: words_of(draft.scheme, one).full for one in draft.numbers}
    good = found.limits_met and found.goal_met
    (st.success if good and found.better else st.info if good else st.warning)(plain(verdict(found)))
    chosen = found.best
    if found.price is not None and len(found.frontier) > 1:
        place = str(st.session_state.get("search-point"))
        points = {_named(one, found): one for one in found.frontier}
        chosen = points.get(place, found.best)
        draw(frontier_chart(found, chosen, draft.scheme.currency), "frontier", height="content")
        st.selectbox("Look at another point of this line", ["What was found", *points], key="search-point")
    _values(draft, found, chosen, names)
    _figures(found, chosen)
    for one in notes(found, names):
        st.markdown(f":small[:gray[{plain(one)}]]")


def _named(one: Trial, found: Found) -> str:
    assert found.price is not None
    axes = (found.price, found.question.goal.figure)
    return ", ".join(f"{axis.label} {axis.said(one.figures[axis.name])}" for axis in axes)


def _values(draft: Draft, found: Found, chosen: Trial, names: dict[str, str]) -> None:
    """Each number as it is and as it would be, and the way into the draft."""
    currency = draft.scheme.currency
    units = {one.address.path: one.address.declaration.unit for one in found.question.dials}
    rows = [
        (plain(names.get(path, path)), plain(quantity(found.now.values[path], units[path], currency)),
         plain(quantity(value, units[path], currency)) if value != found.now.values[path] else "stays")
        for path, value in chosen.values.items()
    ]  # fmt: skip
    moved = any(value != found.now.values[path] for path, value in chosen.values.items())
    with card("search-values", "The numbers"):
        table(("Number", "Now", "Found"), rows)
        st.button("Take these into the draft", key="search-take", type="primary", disabled=not moved, icon=":material/input:",
                  on_click=lambda: _take(chosen))  # fmt: skip
        if said := st.session_state.get(_TAKEN):
            st.markdown(plain(said))
            st.page_link("pages/tune.py", label="See it on the page Tune", icon=":material/tune:")


def _take(chosen: Trial) -> None:
    """The draft with the values of a trial, as one step that can be taken back."""
    draft = workspace.draft()
    try:
        workspace.keep(draft.rewritten(apply(draft.scheme, dict(chosen.values))))
        st.session_state[_TAKEN] = "They are in the draft; Undo on the page Tune takes them back."
    except InputError as error:
        st.session_state[_TAKEN] = f"The draft has changed and cannot take them: {error.problems[0]}"


def _figures(found: Found, chosen: Trial) -> None:
    rows = []
    for one in FIGURES.values():
        was, now = found.now.figures[one.name], chosen.figures[one.name]
        change = None if was is None or now is None else now - was
        rows.append((one.label, one.said(was), one.said(now), _change(one, change)))
    with card("search-figures", "What follows", "On this history, against the baseline."):
        table(("", "As it is", "Then", "Change"), rows)


def _change(one: Figure, change: float | None) -> str:
    if change is None:
        return "-"
    if one.kind == "money":
        return signed(compact(change))
    return points(change) if one.kind == "share" else signed(f"{change:.3f}")
