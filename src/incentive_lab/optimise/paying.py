"""Schemes that a search pays, each once, and which of two is better."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from incentive_lab.engine.impact import side_by_side
from incentive_lab.engine.replay import replay
from incentive_lab.errors import InputError
from incentive_lab.optimise.ahead import Ahead
from incentive_lab.optimise.figures import Figure, HistoryFigure, figures_of
from incentive_lab.optimise.halves import halves_of, part_of
from incentive_lab.optimise.question import Goal, Limit, Question, Values
from incentive_lab.panel import Floats, Panel
from incentive_lab.projection.standard_errors import Figure as Reading
from incentive_lab.scheme.baseline import Pair
from incentive_lab.scheme.check import check
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.paths import apply

STAYS = 1e-4
"""What moving every number from one end to the other counts against a scheme, as a share of the goal: of equals, the one
that changes less is better."""
Places = tuple[int, ...]
Progress = Callable[[int, int], None]


@dataclass(frozen=True)
class Trial:
    """One scheme that was paid.

    Attributes:
        values: Path -> value of each number that may move.
        figures: By name; empty where the scheme is not allowed.
        places: Where its values lie on their grids; empty for the scheme as it is.
        halves: The goal's figure and those of limits, of each half of the partners; empty where there are too few.
        ahead: Figures of the next 12 months in the futures that are searched; empty where nobody asked for one.
    """

    values: Mapping[str, Decimal]
    figures: Values
    places: Places = ()
    halves: tuple[Values, ...] = ()
    ahead: Mapping[str, Reading | None] = field(default_factory=dict)

    @property
    def allowed(self) -> bool:
        """Whether the scheme can be paid."""
        return bool(self.figures)


class Spent(Exception):
    """No further scheme may be paid."""


@dataclass
class Payments:
    """Schemes that were paid, each once."""

    question: Question
    pair: Pair
    panel: Panel
    progress: Progress | None
    ahead: Ahead | None = None
    most: int = 0
    paid: int = 0
    known: dict[Places, Trial] = field(default_factory=dict)

    def __post_init__(self) -> None:
        start, other = self.pair.scheme, self.pair.baseline or self.pair.scheme
        self.doubted = {one.path for one in check(start).warnings}
        self.before = replay(other, self.panel, baseline=self.pair.baseline_floor, detail=False)
        self.halves = halves_of(self.before.by_partner, self.question.seed)
        self.befores = tuple(part_of(self.before, rows) for rows in self.halves)
        self.now = self._trial({one.address.path: one.address.value for one in self.question.dials}, start, ())
        self.home = np.array([one.nearest(one.address.value) / (one.places - 1) for one in self.question.dials])

    def _trial(self, values: Mapping[str, Decimal], scheme: Scheme, places: Places) -> Trial:
        after = replay(scheme, self.panel, baseline=self.pair.floor, detail=False)
        side_by_side(after, self.before)
        ahead = {} if self.ahead is None else self.ahead.read(scheme)
        read = {name: None if one is None else one.value for name, one in ahead.items()}
        wanted = [one for one in self.question.wanted if isinstance(one, HistoryFigure)]
        # Futures are not halved: what a limit asks of them holds for all partners.
        halves = tuple(
            {**read, **{one.name: one.of(part_of(after, rows), before) for one in wanted}}
            for rows, before in zip(self.halves, self.befores, strict=True)
        )
        return Trial(values, {**figures_of(after, self.before), **read}, places, halves, ahead)

    def scheme_of(self, values: Mapping[str, Decimal]) -> Scheme:
        """The scheme with these values.

        Raises:
            InputError: It is not allowed, or `check` doubts something that it did not doubt before, as where silver asks for
                more than gold.
        """
        made = apply(self.pair.scheme, values)
        found = check(made)
        found.require()
        if doubts := [one for one in found.warnings if one.path not in self.doubted]:
            raise InputError(doubts)
        return made

    def at(self, places: Places) -> Trial:
        """The scheme with its numbers at these places of their grids."""
        if places not in self.known:
            if self.paid >= self.most:
                raise Spent
            self.paid += 1
            values = {one.address.path: one.at(place) for one, place in zip(self.question.dials, places, strict=True)}
            try:
                self.known[places] = self._trial(values, self.scheme_of(values), places)
            except InputError:
                self.known[places] = Trial(values, {}, places)
            if self.progress is not None:
                likely = self.question.likely
                self.progress(
                    self.paid, min(self.question.evaluations, max(likely, self.paid + math.ceil(likely / 10)))
                )
        return self.known[places]

    def places_of(self, point: Iterable[float]) -> Places:
        """The places nearest a point of the unit cube."""
        return tuple(
            round(min(1.0, max(0.0, float(share))) * (one.places - 1))
            for share, one in zip(point, self.question.dials, strict=True)
        )

    def point_of(self, trial: Trial) -> Floats:
        """Where a trial lies in the unit cube."""
        if not trial.places:
            return self.home
        return np.array(
            [place / (one.places - 1) for place, one in zip(trial.places, self.question.dials, strict=True)]
        )


@dataclass
class Rank:
    """Which of two trials is better, under a goal and limits."""

    payments: Payments
    goal: Goal
    limits: tuple[Limit, ...]

    def __post_init__(self) -> None:
        now = self.payments.now.figures
        self.size = size_of(self.goal.figure, now.get(self.goal.figure.name), self.goal.value)
        self.sizes = [size_of(one.figure, now.get(one.figure.name), one.value) for one in self.limits]

    def missed(self, trial: Trial) -> list[float]:
        """How far beyond each limit, as a share of the figure's size."""
        return [one.missed(trial.figures) / size for one, size in zip(self.limits, self.sizes, strict=True)]

    def score(self, trial: Trial) -> float:
        """How far from the goal, as a share of the figure's size, and a little for what is moved."""
        away = np.abs(self.payments.point_of(trial) - self.payments.home) if trial.places else np.zeros(1)
        return self.goal.away(trial.figures) / self.size + STAYS * float(away.mean())

    def key(self, trial: Trial) -> tuple[float, float]:
        """Smaller is better: first within the limits, then near the goal."""
        if not trial.allowed:
            return math.inf, math.inf
        return round(sum(self.missed(trial)), 9), round(self.score(trial), 9)

    def best(self, trials: Sequence[Trial]) -> Trial:
        """The best of some."""
        return min(trials, key=self.key)


def size_of(figure: Figure, now: float | None, value: float) -> float:
    """What a change of a figure is measured against."""
    floor = 1.0 if figure.kind == "money" else 0.01
    return max(floor, abs(now or 0.0), abs(value) if value == value else 0.0)
