"""The frontier: what more of the goal costs in another figure."""

from __future__ import annotations

import numpy as np

from incentive_lab.optimise.figures import FIGURES, Figure, NextYearFigure
from incentive_lab.optimise.paying import Payments, Rank, Trial
from incentive_lab.optimise.question import Limit, Question
from incentive_lab.optimise.settling import polished

LEVELS = 6
"""Levels of the price that are searched for by themselves."""
FRONTIER = 12
"""Points of a frontier at most."""


def price_of(question: Question) -> Figure | None:
    """What a frontier sets beside the goal: the cost, or the next year's where a limit asks for it; for these who loses."""
    goal = question.goal.figure
    if question.goal.sense == "reach":
        return None
    if goal.name in ("cost", "dearest_year") or isinstance(goal, NextYearFigure):
        return FIGURES["losers"]
    return next((one.figure for one in question.limits if isinstance(one.figure, NextYearFigure)), FIGURES["cost"])


def search_along(payments: Payments, question: Question, price: Figure) -> None:
    """Search again at levels of the price, so that the frontier has points between what was met on the way."""
    front = frontier(payments, question, price)
    if len(front) < 2:
        return
    low, high = (float(front[end].figures[price.name] or 0.0) for end in (0, -1))
    others = _others(question, price)
    for level in np.linspace(low, high, LEVELS + 2)[1:-1]:
        rank = Rank(payments, question.goal, (*others, Limit(price, "<=", float(level))))
        begin = rank.best(list(payments.known.values()))
        if begin.allowed:
            polished(payments, rank, begin, 0.06)


def _others(question: Question, price: Figure) -> tuple[Limit, ...]:
    """The limits but for those on the price, which the frontier varies."""
    return tuple(one for one in question.limits if one.figure is not price)


def frontier(payments: Payments, question: Question, price: Figure) -> tuple[Trial, ...]:
    """What nothing that was paid beats on both axes, cheapest first, thinned to `FRONTIER` points."""
    others, goal = _others(question, price), question.goal
    inside = [
        one for one in (payments.now, *payments.known.values())
        if one.allowed and one.figures[price.name] is not None and one.figures[goal.figure.name] is not None
        and not any(limit.missed(one.figures) for limit in others)
    ]  # fmt: skip

    def place(one: Trial) -> tuple[float, float]:
        return float(one.figures[price.name] or 0.0), goal.away(one.figures)

    kept: list[Trial] = []
    for one in sorted(inside, key=place):
        if not kept or place(one)[1] < place(kept[-1])[1] - 1e-12:
            kept.append(one)
    if len(kept) <= FRONTIER:
        return tuple(kept)
    chosen = sorted({round(each) for each in np.linspace(0, len(kept) - 1, FRONTIER)})
    return tuple(kept[each] for each in chosen)
