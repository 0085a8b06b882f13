"""What was found in the futures that were searched, read in fresh ones; where it does not hold there, the search goes on.

The best of many schemes is best partly by chance of the futures it was chosen in. A limit that it breaks in fresh ones is
tightened by as much as those that were searched said too little, and by a standard error; each check has fresh futures of its
own, and a scheme that failed one is not tried again in others.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from incentive_lab.optimise.ahead import Afresh, Ahead
from incentive_lab.optimise.figures import NextYearFigure
from incentive_lab.optimise.found import Found, reached
from incentive_lab.optimise.paying import Progress
from incentive_lab.optimise.question import Goal, Limit, Question

CHECKS = 3
"""Answers that are read in fresh futures at most."""
Find = Callable[[Question, bool], Found]
"""The best for a question; True goes on from what was paid."""


@dataclass(eq=False)
class Steps:
    """Progress of paying schemes, and of a check counted as so many of them as it has futures."""

    progress: Progress | None
    total: int
    ahead: Ahead
    most: int = 0
    before: int = 0

    @property
    def check(self) -> int:
        """Schemes that a check counts as: two are paid in its futures."""
        return max(1, 2 * self.ahead.fresh_scenarios // self.ahead.futures.searched)

    def paid(self, done: int, total: int) -> None:
        """So many schemes are paid."""
        self.before, self.total = done, max(self.total, total)
        self._tell(done)

    def checked(self, done: int, total: int) -> None:
        """So many futures of a check are."""
        self._tell(self.before + self.check * done // max(1, total))

    def _tell(self, done: int) -> None:
        self.most = max(self.most, done)
        if self.progress is not None:
            self.progress(self.most, self.total + self.check)


def confirmed(question: Question, ahead: Ahead, find: Find, steps: Steps) -> Found:
    """The best that holds in fresh futures; what was found last where none does.

    Args:
        question: What is wanted.
        ahead: Pays schemes in fresh futures.
        find: Searches in kept ones.
        steps: Told of every future.
    """
    asked, told = question, None
    for check in range(CHECKS):
        found = find(asked, told is not None)
        if told is not None and not (found.limits_met and found.goal_met):
            return replace(told, evaluations=found.evaluations)  # nothing keeps what was tightened
        fresh = ahead.afresh(found.scheme, check, steps.checked)
        told = _judged(question, found, fresh)
        if (told.limits_met and told.goal_met) or not (found.limits_met and found.goal_met):
            return told
        asked = _tightened(question, told)
    assert told is not None
    return told


def _judged(question: Question, found: Found, fresh: Afresh) -> Found:
    """Whether goal and limits are met, figures of the next 12 months being those of fresh futures."""
    told = replace(found, question=question, afresh=fresh)
    figures = told.figures(told.best)
    met = not any(one.missed(figures) for one in question.limits)
    return replace(told, limits_met=met, goal_met=reached(question.goal, figures.get(question.goal.figure.name)))


def _tightened(question: Question, told: Found) -> Question:
    """The question with limits that broke, and a value that was not reached, moved by what the futures searched were off."""
    assert told.afresh is not None
    fresh, figures = told.afresh, told.figures(told.best)

    def off(name: str) -> tuple[float, float]:
        reading, searched = fresh.best[name], told.best.figures[name]
        return (0.0, 0.0) if reading is None or searched is None else (reading.value - searched, reading.error or 0.0)

    def limit(one: Limit) -> Limit:
        if not isinstance(one.figure, NextYearFigure) or not one.missed(figures):
            return one
        by, error = off(one.figure.name)
        return replace(one, value=one.value - by - error if one.side == "<=" else one.value - by + error)

    goal: Goal = question.goal
    if goal.sense == "reach" and isinstance(goal.figure, NextYearFigure) and not told.goal_met:
        goal = replace(goal, value=goal.value - off(goal.figure.name)[0])
    return replace(question, goal=goal, limits=tuple(limit(one) for one in question.limits))
