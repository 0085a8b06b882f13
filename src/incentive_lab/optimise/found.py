"""What a search found, and whether it holds."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from incentive_lab.optimise.ahead import Afresh
from incentive_lab.optimise.figures import Figure
from incentive_lab.optimise.halves import Kept
from incentive_lab.optimise.paying import Trial
from incentive_lab.optimise.question import Goal, Limit, Question, Values
from incentive_lab.scheme.document import Scheme

REACHED = 0.005
"""A value is reached when it is this close, as a share of it: publishable steps seldom hit it exactly."""
OF_LOSERS = {"losers", "heavy_losers", "lost"}
"""Figures that are nothing where nobody loses."""


def nobody_loses(goal: Goal, figures: Values, limits: Sequence[Limit] = ()) -> bool:
    """Whether the fewest losers are wanted of a scheme under which nobody loses, as where it is compared with itself.

    Args:
        goal: What is wanted.
        figures: Of the scheme as it is.
        limits: One that it breaks is reason enough to search.

    Example:
        >>> from incentive_lab.optimise.figures import FIGURES
        >>> nobody_loses(Goal(FIGURES["losers"], "least"), {"losers": 0.0})
        True
    """
    lose = goal.figure.name in OF_LOSERS and goal.sense == "least"
    return lose and figures.get(goal.figure.name) == 0 and not any(one.missed(figures) for one in limits)


def reached(goal: Goal, value: float | None) -> bool:
    """Whether a value is reached; where the least or the most is wanted, whether there is a value at all."""
    if goal.sense != "reach":
        return value is not None
    return value is not None and abs(value - goal.value) <= REACHED * max(abs(goal.value), 1e-9)


@dataclass(frozen=True)
class Found:
    """What a search found.

    Attributes:
        question: What was asked.
        now: The scheme as it is.
        best: The best that was found; `now` where nothing is better.
        scheme: That scheme.
        limits_met: Whether every limit holds.
        goal_met: Whether the value is reached; where the least or the most was wanted, whether there is a value at all.
        passed: Whether a value that is not reached lies between two that are: steps pass over it.
        converged: Whether no neighbour of it is better; False when the evaluations ran out first.
        evaluations: Schemes that were paid.
        price: The other axis of the frontier; None where there is none, as for a value to be reached.
        frontier: What nothing that was paid beats on both axes, cheapest first; the limits but for that on the price hold.
        idle: Paths of numbers that change no figure from one end of their range to the other, the others being as found.
        kept: Of what is gained on half of the partners, the share that the other half gains, too; None where that cannot
            be told (`halves.kept`).
        afresh: The scheme as it is and what was found in futures that chose nothing, by which limits on the next 12 months and
            a value of theirs that is to be reached are judged; None where nobody asked for such a figure.
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
    kept: Kept | None = None
    passed: bool = False
    afresh: Afresh | None = None

    @property
    def better(self) -> bool:
        """Whether anything better than the scheme as it is was found."""
        return self.best is not self.now

    @property
    def gains(self) -> bool:
        """Whether it is still better in fresh futures: the scheme as it is breaks a limit there, or is further from the goal."""
        goal, now, best = self.question.goal, self.figures(self.now), self.figures(self.best)
        broken = any(one.missed(now) for one in self.question.limits)
        return self.better and (self.afresh is None or broken or goal.away(best) < goal.away(now))

    @property
    def moved(self) -> Mapping[str, tuple[Decimal, Decimal]]:
        """Path -> what it is and what was found, of those that differ."""
        return {path: (self.now.values[path], value) for path, value in self.best.values.items()
                if value != self.now.values[path]}  # fmt: skip

    def figures(self, trial: Trial) -> Values:
        """Figures of the scheme as it is or of the best, those of the next 12 months in fresh futures where these were drawn."""
        if self.afresh is None or trial not in (self.now, self.best):
            return trial.figures
        fresh = self.afresh.best if trial is self.best else self.afresh.now
        return {**trial.figures, **{name: None if one is None else one.value for name, one in fresh.items()}}
