"""A pattern search on grids (Hooke and Jeeves 1961, Journal of the ACM 8): from long strides down to single steps."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

from incentive_lab.optimise.paying import Payments, Places, Rank, Trial


def polished(payments: Payments, rank: Rank, begin: Trial, share: float) -> bool:
    """Pattern search on the grids from a stride of a share of each range down to single steps, then steps of two together."""
    best, places = begin, [one.places for one in payments.question.dials]
    while True:
        strides = [max(1, round(share * many)) for many in places]
        moves: Iterator[Places] = _alone(strides)
        if max(strides) == 1:
            moves = itertools.chain(moves, _together(len(places)))
        better = _first_better(payments, rank, best, moves)
        if better is not None:
            best = better
        elif max(strides) == 1:
            return True
        else:
            share /= 2


def _first_better(payments: Payments, rank: Rank, best: Trial, moves: Iterator[Places]) -> Trial | None:
    for move in moves:
        moved = tuple(
            min(one.places - 1, max(0, place + by))
            for place, by, one in zip(best.places, move, payments.question.dials, strict=True)
        )
        trial = payments.at(moved)
        if rank.key(trial) < rank.key(best):
            return trial
    return None


def _alone(strides: Sequence[int]) -> Iterator[Places]:
    for place, stride in enumerate(strides):
        for by in (stride, -stride):
            yield tuple(by if one == place else 0 for one in range(len(strides)))


def _together(many: int) -> Iterator[Places]:
    for first, second in itertools.combinations(range(many), 2):
        for by, other in itertools.product((1, -1), repeat=2):
            yield tuple(by if one == first else other if one == second else 0 for one in range(many))
