"""The search itself: schemes are paid on the history, and the best that was found is one that could be published.

COBYQA (Ragonneau and Zhang 2024, in scipy) looks from the scheme as it is and from the best of a scattered sample; a pattern
search (Hooke and Jeeves 1961) then settles on the grid of publishable values, where it ends only when no single step of a
number and no step of two together is better. With one number every value is paid, so nothing can be missed, unless it has
more values than may be paid. Where steps pass over a value that is to be reached, a tenth of a step is tried around it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace

import numpy as np
from scipy.optimize import Bounds, NonlinearConstraint, minimize
from scipy.stats import qmc

from incentive_lab.optimise.ahead import Ahead
from incentive_lab.optimise.confirming import Steps, confirmed
from incentive_lab.optimise.dials import finer
from incentive_lab.optimise.found import Found, reached
from incentive_lab.optimise.halves import Kept, kept
from incentive_lab.optimise.paying import Payments, Places, Progress, Rank, Spent, Trial
from incentive_lab.optimise.question import LEAST, Question
from incentive_lab.optimise.settling import polished
from incentive_lab.optimise.trading import frontier, price_of, search_along
from incentive_lab.panel import Panel
from incentive_lab.scheme.baseline import Pair

SHARE = 0.65
"""Of the schemes that may be paid, the share for the goal; the rest is for the frontier."""
SCATTERED = 8
"""Schemes of the scattered sample for each number that may move."""
FURTHER, AGAIN = 4, 0.06
"""Where an answer does not hold in fresh futures, the part of schemes that may be paid for another on top, and the stride with
which it is searched for, as a share of each range."""


def search(
    question: Question, pair: Pair, panel: Panel, progress: Progress | None = None, ahead: Ahead | None = None
) -> Found:
    """Search for the scheme that meets the goal best within the limits.

    Args:
        question: What is wanted, and what may move.
        pair: The scheme as it is, what it is compared with, and what guarantees compare with.
        panel: The history; it serves every scheme of the pair.
        progress: Told how many schemes were paid and how many may be; what it raises ends the search.
        ahead: Pays schemes in futures, where the question looks ahead.
    """
    if not question.looks_ahead or ahead is None:
        assert not question.looks_ahead, "a question that looks ahead needs futures"
        payments = Payments(question, pair, panel, progress)
        return _to_the_step(payments, question, question.evaluations)
    steps = Steps(progress, question.likely, ahead)
    payments = Payments(question, pair, panel, steps.paid, ahead)

    def find(asked: Question, further: bool) -> Found:
        most = payments.paid + question.evaluations // FURTHER if further else question.evaluations
        return _to_the_step(payments, asked, most, further)

    return confirmed(question, ahead, find, steps)


def _to_the_step(payments: Payments, question: Question, most: int, further: bool = False) -> Found:
    """The best on the grids; where a value to be reached lies between two of their steps, on finer ones around it."""
    found = _searched(payments, question, most, further)
    near, left = finer(question.dials, found.best.values), most - payments.paid
    if found.goal_met or not found.passed or not near or left < LEAST:
        return found
    before, progress = payments.paid, payments.progress

    def on(done: int, total: int) -> None:
        if progress is not None:
            progress(before + done, before + total)

    closer = replace(question, dials=near)
    around = Payments(closer, payments.pair, payments.panel, on, payments.ahead)
    again = _searched(around, closer, left)
    payments.paid += around.paid
    if not again.limits_met or question.goal.away(again.best.figures) >= question.goal.away(found.best.figures):
        return replace(found, evaluations=payments.paid)
    return replace(again, question=question, evaluations=payments.paid, idle=found.idle, passed=True)


def _searched(payments: Payments, question: Question, most: int, further: bool = False) -> Found:
    """The best on the grids; `further` goes on from what was paid for another question about the same figures."""
    price = price_of(question)
    room = max(payments.paid, most - _spare(question))
    alone = len(question.dials) == 1
    payments.most = room if price is None or (alone and question.dials[0].places <= room) else int(SHARE * room)
    rank = Rank(payments, question.goal, question.limits)
    with suppress(Spent):
        if further:
            payments.most = room
            polished(payments, rank, rank.best(list(payments.known.values())), AGAIN)
        elif alone:
            _every_value(payments, rank)
        else:
            _settled(payments, rank)
    payments.most = room
    with suppress(Spent):
        if price is not None and not further:
            search_along(payments, question, price)
    converged = False
    with suppress(Spent):
        converged = polished(payments, rank, rank.best(list(payments.known.values())), 0.0)
    best = rank.best([payments.now, *payments.known.values()])
    if rank.key(best)[0] == rank.key(payments.now)[0] and rank.score(best) >= rank.score(payments.now):
        best = payments.now
    value = best.figures.get(question.goal.figure.name)
    better = best is not payments.now
    return Found(
        question, payments.now, best, payments.scheme_of(best.values) if better else payments.pair.scheme,
        limits_met=not any(rank.missed(best)), goal_met=reached(question.goal, value), converged=converged,
        passed=_passed(payments, rank),
        frontier=frontier(payments, question, price) if price is not None else (), price=price,
        idle=_idle(payments, best), kept=_kept(payments, question) if better else None, evaluations=payments.paid,
    )  # fmt: skip


def _passed(payments: Payments, rank: Rank) -> bool:
    """Whether schemes within the limits lie on both sides of the value that is to be reached."""
    goal = rank.goal
    inside = [one for one in (payments.now, *payments.known.values()) if one.allowed and not any(rank.missed(one))]
    values = [value for one in inside if (value := one.figures[goal.figure.name]) is not None]
    return goal.sense == "reach" and bool(values) and min(values) < goal.value < max(values)


def _every_value(payments: Payments, rank: Rank) -> None:
    """Pay every value of one number; where it has more than may be paid, some that are spread evenly, and settle."""
    (dial,) = payments.question.dials
    stride = 1 if dial.places <= payments.most else math.ceil(dial.places / max(1, payments.most // 2))
    for place in range(0, dial.places, stride):
        payments.at((place,))
    polished(payments, rank, rank.best(list(payments.known.values())), stride / dial.places)


def _settled(payments: Payments, rank: Rank) -> None:
    """Scatter, descend, settle."""
    many = len(payments.question.dials)
    payments.at(payments.places_of(payments.home))
    scattered = qmc.Sobol(many, seed=payments.question.seed).random(2 ** math.ceil(math.log2(SCATTERED * many)))
    for point in scattered[: max(4, payments.most // 4)]:
        payments.at(payments.places_of(point))
    home = payments.at(payments.places_of(payments.home))
    starts = [home, rank.best(list(payments.known.values()))]
    for start in {one.places: one for one in starts}.values():
        _descend(payments, rank, start)
    polished(payments, rank, rank.best(list(payments.known.values())), 0.125)


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


def _kept(payments: Payments, question: Question) -> Kept | None:
    if not payments.halves:
        return None
    trials = [one.halves for one in payments.known.values() if one.allowed]
    return kept(question, payments.now.figures, payments.now.halves, trials)


def _spare(question: Question) -> int:
    """Schemes that are left for telling which numbers move nothing."""
    return 2 * len(question.dials) + 1


def _idle(payments: Payments, best: Trial) -> tuple[str, ...]:
    """Numbers that can be moved to either end of their range and change no figure, nor did in between."""
    dials = payments.question.dials
    payments.most = payments.paid + _spare(payments.question)
    centre = best.places or payments.places_of(payments.home)
    here, found = payments.at(centre), []
    for number, dial in enumerate(dials):
        ends = {0, dial.places - 1} - {centre[number]}
        trials = [payments.at((*centre[:number], place, *centre[number + 1 :])) for place in ends]
        trials += [
            one for one in payments.known.values() if one.allowed and _but(number, one.places) == _but(number, centre)
        ]
        if all(one.allowed and one.figures == here.figures for one in trials):
            found.append(dial.address.path)
    return tuple(found)


def _but(number: int, places: Places) -> Places:
    """All places but that of one number."""
    return (*places[:number], *places[number + 1 :])
