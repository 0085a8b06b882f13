"""The next 12 months on the page Search: which futures are asked of, and what was found in kept and in fresh ones."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import streamlit as st

from incentive_lab.charts.search_ahead import exceeded_chart
from incentive_lab.engine.replay import Replay
from incentive_lab.format import counted
from incentive_lab.optimise.ahead import FRESH, FRESH_REPLAYED, MONTHS, SEARCHED, Ahead, Futures
from incentive_lab.optimise.figures import NEXT_YEAR_FIGURES, Figure, NextYearFigure
from incentive_lab.optimise.found import Found
from incentive_lab.optimise.paying import Trial
from incentive_lab.optimise.question import OVER_BUDGET, Question
from incentive_lab.optimise.words_ahead import readings_told
from incentive_lab.projection.assumptions import BASE, presets
from incentive_lab.scheme.document import Scheme
from incentive_lab.ui import workspace
from incentive_lab.ui.cards import card, draw, plain
from incentive_lab.ui.drafts import Draft
from incentive_lab.ui.projecting import DRAWS, Asked
from incentive_lab.ui.tables import table

LIKELY = 0.1
"""The chance of breaking the budget that is offered as a limit."""
COSTS = ("next_year", "p50_next_year", "p90_next_year", "p95_next_year", "cvar95_next_year")


def starting(result: Replay) -> dict[str, float]:
    """Where values of the next 12 months begin before anything is drawn: what the last 12 months cost, and one year in ten."""
    last = float(result.total[-MONTHS:].sum()) / result.minor
    return {**dict.fromkeys(COSTS, last), OVER_BUDGET.name: LIKELY}


def futures(scheme: Scheme, wanted: Sequence[Figure], result: Replay) -> Futures:
    """Which futures are asked of; the controls are there only where a figure of theirs is wanted.

    Args:
        scheme: Whose budget counts unless another is typed.
        wanted: Figures of goal and limits.
        result: What the scheme pays on the history.
    """
    if not any(isinstance(one, NextYearFigure) for one in wanted):
        return Futures()
    known = {one.title: one for one in presets().values()}
    chosen = st.selectbox(
        "Assumptions of the next 12 months", list(known), key="search-assumptions", persist_state="session"
    )
    budget = None
    if OVER_BUDGET in wanted:
        own = None if scheme.budget is None else float(scheme.budget.amount)
        begin = own if own is not None else max(1.0, round(starting(result)["next_year"], -3))
        typed = st.number_input(f"Budget, {scheme.currency}", min_value=1.0, value=begin, step=10_000.0, format="%.0f",
                                key=f"search-budget-{scheme.id}", persist_state="session")  # fmt: skip
        budget = None if typed == own else float(typed)
    told = (
        f"Every scheme is paid in the same {SEARCHED} futures, about a fifth of a second for a thousand partners; where what "
        f"it pays depends on what others are paid, two to five seconds. What is found is read again in {FRESH:,} fresh ones "
        f"({FRESH_REPLAYED:,} there)."
    )
    st.markdown(f":small[:gray[{plain(told)}]]")
    return Futures(budget=budget, assumptions=known.get(chosen or "", BASE))


def ahead_of(question: Question, draft: Draft) -> Callable[[], Ahead] | None:
    """A way to get at what pays schemes in futures, from a thread; None where nobody asks for them."""
    if not question.looks_ahead:
        return None
    pair = workspace.pair(draft.scheme, draft.baseline)
    model = Asked(pair, MONTHS).model()
    return lambda: Ahead(model(), pair, question.futures, question.seed, DRAWS)


def tell_ahead(found: Found, chosen: Trial, currency: str) -> None:
    """The next 12 months of what is looked at: in fresh futures what was found, in those searched another point."""
    if found.afresh is None:
        return
    fresh, best = found.afresh, chosen is found.best
    now, then = (fresh.now, fresh.best) if best else (found.now.ahead, chosen.ahead)
    rows = [
        (one.label, one.sure(now[name]), one.sure(then[name]))
        for name, one in NEXT_YEAR_FIGURES.items() if now[name] is not None
    ]  # fmt: skip
    searched = counted(found.question.futures.searched, "future")
    note = (
        f"In {fresh.scenarios:,} fresh futures, which chose nothing; ±: standard error of drawing so many."
        if best
        else f"In the {searched} searched: only what was found is read in fresh ones. Whether limits hold there is not known."
    )
    with card("search-ahead", "The next 12 months", note):
        if best:
            for line in readings_told(found):
                st.markdown(plain(line))
        table(("", "As it is", "Then"), rows)
    if best:
        draw(exceeded_chart(found, fresh, currency), "exceeded", height="content")
