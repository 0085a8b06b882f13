"""The search itself: schemes are paid on the history, and the best that was found is one that could be published.

COBYQA (Ragonneau and Zhang 2024, in scipy) looks from the scheme as it is and from the best of a scattered sample; a pattern
search (Hooke and Jeeves 1961) then settles on the grid of publishable values, where it ends only when no single step of a
number and no step of two together is better. With one number every value is paid, so nothing can be missed.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from decimal import Decimal

import numpy as np
from scipy.optimize import Bounds, NonlinearConstraint, minimize
from scipy.stats import qmc

from incentive_lab.optimise.figures import Figure
from incentive_lab.optimise.halves import kept
from incentive_lab.optimise.paying import Payments, Progress, Rank, Spent, Trial
from incentive_lab.optimise.question import Goal, Question
from incentive_lab.optimise.settling import polished
from incentive_lab.optimise.trading import frontier, price_of, search_along
from incentive_lab.panel import Panel
from incentive_lab.scheme.baseline import Pair
from incentive_lab.scheme.document import Scheme

REACHED = 0.005
"""A value is reached when it is this close, as a share of it: publishable steps seldom hit it exactly."""
SHARE = 0.65
"""Of the schemes that may be paid, the share for the goal; the rest is for the frontier."""
SCATTERED = 8
"""Schemes of the scattered sample for each number that may move."""


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes:
        question: What was asked.
        now: The scheme as it is.
        best: The best that was found; `now` where nothing is better.
        scheme: That scheme.
        limits_met: Whether every limit holds.
        goal_met: Whether the value is reached; True where the least or the most was wanted.
        converged: Whether no neighbour of it is better; False when the evaluations ran out first.
        evaluations: Schemes that were paid.
        price: The other axis of the frontier; None where there is none, as for a value to be reached.
        frontier: What nothing that was paid beats on both axes, cheapest first; the limits but for that on the price hold.
        idle: Paths of numbers that change no figure where the search ended: something else binds.
        kept: Of what is gained on half of the partners, the share that the other half gains, too (`halves.kept`).
    """

    question: Question
    now: Trial
    best: Trial
    scheme: Scheme
    limits_met: bool
    goal_met: bool
    converged: bool
    evaluations: int
    price: Figure | None = None
    frontier: tuple[Trial, ...] = ()
    idle: tuple[str, ...] = ()
    kept: float | None = None

    @property
    def better(self) -> bool:
        """Whether anything better than the scheme as it is was found."""
        return self.best is not self.now

    @property
    def moved(self) -> Mapping[str, tuple[Decimal, Decimal]]:
        """Path -> what it is and what was found, of those that differ."""
        return {path: (self.now.values[path], value) for path, value in self.best.values.items()
                if value != self.now.values[path]}  # fmt: skip


def search(question: Question, pair: Pair, panel: Panel, progress: Progress | None = None) -> Found:
    """Search for the scheme that meets the goal best within the limits.

    Args:
        question: What is wanted, and what may move.
        pair: The scheme as it is, what it is compared with, and what guarantees compare with.
        panel: The history; it serves every scheme of the pair.
        progress: Told how many schemes were paid and how many may be; what it raises ends the search.
    """
    payments = Payments(question, pair, panel, progress)
    price = price_of(question)
    room = question.evaluations - _spare(question)
    payments.most = room if price is None else int(SHARE * room)
    rank = Rank(payments, question.goal, question.limits)
    converged = False
    with suppress(Spent):
        converged = _every_value(payments) if len(question.dials) == 1 else _settled(payments, rank)
    payments.most = room
    with suppress(Spent):
        if price is not None:
            search_along(payments, question, price)
    best = rank.best([payments.now, *payments.known.values()])
    if rank.key(best)[0] == rank.key(payments.now)[0] and rank.score(best) >= rank.score(payments.now):
        best = payments.now
    value = best.figures.get(question.goal.figure.name)
    better = best is not payments.now
    return Found(
        question, payments.now, best, payments.scheme_of(best.values) if better else pair.scheme,
        limits_met=not any(rank.missed(best)), goal_met=_met(question.goal, value), converged=converged,
        frontier=frontier(payments, question, price) if price is not None else (), price=price,
        idle=_idle(payments, best), kept=_kept(payments) if better else None, evaluations=payments.paid,
    )  # fmt: skip


def _met(goal: Goal, value: float | None) -> bool:
    if goal.sense != "reach":
        return value is not None
    return value is not None and abs(value - goal.value) <= REACHED * max(abs(goal.value), 1e-9)


def _every_value(payments: Payments) -> bool:
    """Pay every value of one number, or as many as may be, spread evenly; whether it was all of them."""
    (dial,) = payments.question.dials
    stride = max(1, math.ceil(dial.places / max(1, payments.most // 2)))
    for place in range(0, dial.places, stride):
        payments.at((place,))
    if stride == 1:
        return True
    rank = Rank(payments, payments.question.goal, payments.question.limits)
    return polished(payments, rank, rank.best(list(payments.known.values())), stride / dial.places)


def _settled(payments: Payments, rank: Rank) -> bool:
    """Scatter, descend, settle; whether it settled."""
    many = len(payments.question.dials)
    payments.at(payments.places_of(payments.home))
    scattered = qmc.Sobol(many, seed=payments.question.seed).random(2 ** math.ceil(math.log2(SCATTERED * many)))
    for point in scattered[: max(4, payments.most // 4)]:
        payments.at(payments.places_of(point))
    home = payments.at(payments.places_of(payments.home))
    starts = [home, rank.best(list(payments.known.values()))]
    for start in {one.places: one for one in starts}.values():
        _descend(payments, rank, start)
    return polished(payments, rank, rank.best(list(payments.known.values())), 0.125)


def _descend(payments: Payments, rank: Rank, start: Trial) -> None:
    """COBYQA over the unit cube; every point is paid at the nearest publishable values."""
    many = len(payments.question.dials)

    def aim(point: Sequence[float]) -> float:
        trial = payments.at(payments.places_of(point))
        return rank.score(trial) if trial.allowed and math.isfinite(rank.score(trial)) else 1e3

    def beyond(point: Sequence[float]) -> list[float]:
        trial = payments.at(payments.places_of(point))
        return [min(one, 1e3) for one in rank.missed(trial)] if trial.allowed else [1e3] * len(rank.limits)

    limits = [NonlinearConstraint(beyond, -np.inf, 0.0)] if rank.limits else []
    room = max(2 * many + 3, payments.most // 4)
    minimize(aim, payments.point_of(start), method="COBYQA", bounds=Bounds(np.zeros(many), np.ones(many)), constraints=limits,
             options={"maxfev": room, "initial_tr_radius": 0.25, "final_tr_radius": 0.01})  # fmt: skip


def _kept(payments: Payments) -> float | None:
    if not payments.halves:
        return None
    trials = [one.halves for one in payments.known.values() if one.allowed]
    return kept(payments.question, payments.now.figures, payments.now.halves, trials)


def _spare(question: Question) -> int:
    """Schemes that are left for telling which numbers move nothing."""
    return 2 * len(question.dials) + 1


def _idle(payments: Payments, best: Trial) -> tuple[str, ...]:
    """Numbers that can be moved by an eighth of their range either way and change no figure."""
    dials = payments.question.dials
    payments.most = payments.paid + _spare(payments.question)
    centre = best.places or payments.places_of(payments.home)
    here, found = payments.at(centre), []
    for number, dial in enumerate(dials):
        stride = max(1, dial.places // 8)
        around = {max(0, centre[number] - stride), min(dial.places - 1, centre[number] + stride)} - {centre[number]}
        trials = [payments.at((*centre[:number], place, *centre[number + 1 :])) for place in around]
        if all(one.allowed and one.figures == here.figures for one in trials):
            found.append(dial.address.path)
    return tuple(found)
