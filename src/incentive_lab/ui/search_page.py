"""The page Search: a goal, limits, the numbers that may move; what was found, and the way into the draft."""

from __future__ import annotations

import math
from collections.abc import Callable
from decimal import Decimal

import streamlit as st

from incentive_lab.charts.style import nice_step
from incentive_lab.engine.replay import Replay
from incentive_lab.errors import InputError, Problem
from incentive_lab.format import quantity
from incentive_lab.optimise.dials import Dial, dial
from incentive_lab.optimise.figures import FIGURES, Figure, figures_of
from incentive_lab.optimise.found import Found, nobody_loses
from incentive_lab.optimise.question import MOST, Goal, Limit, Question, Sense
from incentive_lab.optimise.search import search
from incentive_lab.scheme.naming import split
from incentive_lab.scheme.paths import Address
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import card, label, plain, tell_problems
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.figures import with_itself
from incentive_lab.ui.fitting import fits_history
from incentive_lab.ui.jobs import Step, watched
from incentive_lab.ui.scales import from_screen, group_of, on_screen, words_of
from incentive_lab.ui.search_ahead import ahead_of, futures, starting
from incentive_lab.ui.search_found import FOUND, POINT, TAKEN, tell_found
from incentive_lab.ui.workspace import Comparison

SENSES: dict[str, Sense] = {"The most of": "most", "The least of": "least", "Reach a value of": "reach"}
SIDES = {"at most": "<=", "at least": ">="}
EFFORTS = {"Quick: 200 schemes": 200, "400 schemes": 400, "1,000 schemes": 1_000, "Thorough: 3,000 schemes": 3_000}
_ASKED = "search asked"
FIRST = 3
"""Numbers that are offered to move before anybody has chosen."""


def search_page() -> None:
    """The whole page."""
    st.title("Search", anchor=False)
    draft = workspace.draft()
    if not fits_history(draft):
        return
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
    currency = draft.scheme.currency
    now = {**figures_of(comparison.proposed, comparison.baseline), **starting(comparison.proposed)}
    with card(
        "search-goal",
        "What is wanted",
        "Figures are those of the draft against its baseline over all months of the history, or of drawn futures.",
    ):
        goal = _goal(now, currency)
        limits = _limits(draft, now)
        drawn = futures(draft.scheme, [goal.figure, *(one.figure for one in limits)], comparison.proposed)
    with card("search-dials", "What may move", f"Up to {MOST} numbers of the draft."):
        dials = _dials(draft, comparison.proposed)
    effort = st.selectbox("How long to look", list(EFFORTS), index=1, key="search-effort", persist_state="session",
                          help="A scheme takes a few hundredths of a second for a thousand partners.")  # fmt: skip
    many = EFFORTS[effort or "400 schemes"]
    question = Question(goal, tuple(limits), tuple(dials), many, futures=drawn) if dials else None
    asked = (question, draft, workspace.history().history_id)
    if with_itself(comparison) and nobody_loses(goal, now, limits):
        st.warning(f"{goal.figure.label}: the draft is compared with itself, so nobody loses, and nothing can be better. Choose "
                   "what it replaces under *Compared with* on the page Overview, or ask for another figure.",
                   icon=":material/compare_arrows:")  # fmt: skip
        question = None
    st.button("Search", type="primary", key="search-begin", width="stretch", disabled=question is None, icon=":material/search:",
              on_click=lambda: st.session_state.update({_ASKED: asked, TAKEN: None, POINT: FOUND}))  # fmt: skip
    return question


def _goal(now: dict[str, float | None], currency: str) -> Goal:
    one, other = st.columns([2, 3])
    sense = SENSES[one.selectbox("Goal", list(SENSES), key="search-sense", persist_state="session") or "The most of"]
    figure = _figure_choice(other, "Figure", "search-figure", "middle")
    if sense != "reach":
        return Goal(figure, sense)
    return Goal(
        figure, sense, _number(figure, "Value to reach", f"search-value-{figure.name}", now[figure.name], currency)
    )


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
        # Named by what it bounds for whoever hears the page; whoever sees it reads that beside it.
        side = one.selectbox(f"{name}: at most or at least", list(SIDES), index=list(SIDES).index(start),
                             key=f"search-side-{figure.name}", persist_state="session", label_visibility="collapsed")  # fmt: skip
        first = now[figure.name]
        if figure.name == "behavioural" and draft.scheme.mix is not None:
            first = min(float(draft.scheme.mix.behavioural), first if first is not None else 1.0)
        with other:
            value = _number(
                figure, name, f"search-limit-{figure.name}", first, draft.scheme.currency, start == "at most"
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
    typed = st.number_input(f"{name}, {unit}" if unit else name, value=begin, min_value=min(0.0, begin), key=key, step=step,
                            format=f"%.{places}f", persist_state="session")  # fmt: skip
    return float(typed) / (100 if shares else 1)


def _dials(draft: Draft, result: Replay) -> list[Dial]:
    """The numbers that may move, with their ranges."""
    numbers: dict[str, Address] = {}
    for one in draft.numbers:
        if group_of(one.path) not in ("Budget", "Mix", "Variants"):
            name = words_of(draft.scheme, one).full
            numbers[f"{name} ({one.path})" if name in numbers else name] = one
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
    told = f"{name}, now {quantity(address.value, unit, currency)}" + ("; from and to in %" if unit == "share" else "")
    st.markdown(f":small[{plain(told)}]")
    ends: list[Decimal] = []
    shown = [Decimal(repr(on_screen(one, unit))).normalize() for one in (usual.low, usual.high, usual.step)]
    places = max(0, *(-int(one.as_tuple().exponent) for one in shown))
    for column, word, end in zip(st.columns(2), ("from", "to"), (usual.low, usual.high), strict=True):
        said = f"{label(name)} {word}" + (", %" if unit == "share" else "")
        typed = column.number_input(said, value=on_screen(end, unit), step=on_screen(usual.step, unit),
                                    key=f"search-{word}-{draft.scheme.id}-{address.path}", format=f"%.{places}f",
                                    label_visibility="collapsed", persist_state="session")  # fmt: skip
        ends.append(from_screen(float(typed), unit))
    found = dial(address, ends[0], ends[1])
    if not found.low <= address.value <= found.high:
        st.markdown(":small[:gray[What it is now lies outside: every scheme that is tried moves it.]]")
    return found


def _outcome(draft: Draft, asked: Question | None) -> None:
    """What the last search found, or how to begin."""
    question, of, history = st.session_state.get(_ASKED, (None, None, ""))
    if question is None:
        with card("search-none", "Nothing is searched yet"):
            st.markdown(
                "A search pays hundreds of schemes on this history and keeps the best: the fewest partners worse off for the "
                "same cost, say, or the thresholds that bring the cost to a budget. Choose what is wanted and what may move, "
                "then press *Search*."
            )
        return
    if history != workspace.history().history_id:
        st.info(
            "The history has changed since this search. Press *Search* to ask on this one.", icon=":material/update:"
        )
        return
    if asked is not None and _changed(asked, draft, question, of):
        st.info("The question has changed since this search. Press *Search* to ask it.", icon=":material/update:")
    key = f"search {workspace.panel_key(of.scheme, of.baseline)} {_key(question, of)}"
    found = watched(key, _work(question, of), f"Paying up to {question.evaluations:,} schemes")
    if found is not None:
        tell_found(draft, found)


def _changed(asked: Question, draft: Draft, question: Question, of: Draft) -> bool:
    """Whether the form asks something else than was asked; that the draft took what was found is no other question."""
    taken = st.session_state.get(TAKEN)
    if taken and taken[0] == workspace.fingerprint(draft.scheme):
        return _wanted(asked) != _wanted(question)
    return _key(asked, draft) != _key(question, of)


def _wanted(question: Question) -> str:
    limits = [(one.figure.name, one.side, one.value) for one in question.limits]
    goal, paths = question.goal, [one.address.path for one in question.dials]
    ahead = f"{question.futures}" if question.looks_ahead else ""
    return f"{goal.figure.name} {goal.sense} {goal.value} {limits} {paths} {question.evaluations} {ahead}"


def _key(question: Question, draft: Draft) -> str:
    """What tells one question from another."""
    dials = [(one.address.path, one.low, one.high, one.step) for one in question.dials]
    prints = workspace.fingerprint(draft.scheme), workspace.fingerprint(draft.baseline)
    return f"{prints} {_wanted(question)} {dials}"


def _work(question: Question, draft: Draft) -> Callable[[Step], Found]:
    pair, panel = workspace.pair(draft.scheme, draft.baseline), workspace.panel(draft.scheme, draft.baseline)
    ahead = ahead_of(question, draft)
    return lambda step: search(question, pair, panel, step, None if ahead is None else ahead())
