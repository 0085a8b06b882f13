"""The next 12 months of every scheme that a search pays, in the same futures; and of what it found, in fresh ones.

The model is fitted once and the futures are drawn once, so candidates differ by what they pay and by nothing else (common
random numbers). The best of many is best in those futures partly by chance, so it is read again in futures that chose nothing.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property

from incentive_lab.errors import Problem
from incentive_lab.optimise.figures import NextYear, readings_of
from incentive_lab.panel import Floats
from incentive_lab.projection.answers import part_years
from incentive_lab.projection.assumptions import BASE, Assumptions
from incentive_lab.projection.chunks import Progress
from incentive_lab.projection.keeping import MEGABYTE, Draws
from incentive_lab.projection.model import Model
from incentive_lab.projection.paying import Payer
from incentive_lab.projection.running import Outcome, Projection, project
from incentive_lab.projection.standard_errors import Figure as Reading
from incentive_lab.projection.standard_errors import chance
from incentive_lab.scheme.baseline import Pair
from incentive_lab.scheme.document import Scheme

MONTHS = 12
SEARCHED, FRESH = 256, 10_000
"""Futures that a search pays every scheme in, and those that what it found is read in again."""
FRESH_REPLAYED = 1_024
"""The same where what a scheme pays depends on what others are paid: each future is then replayed by itself."""
FRESH_COSTS = 2.5
"""How long a fresh future takes, against one that is kept: it is drawn, and two schemes are paid."""
LEAST, MOST, MOST_FRESH = 64, 10_000, 200_000
KEPT = 400 * MEGABYTE
"""Memory for futures that are kept; those that do not fit are drawn anew for every scheme, which is the same and slower."""
Readings = Mapping[str, Reading | None]


@dataclass(frozen=True)
class Futures:
    """Which futures a question asks of.

    Attributes:
        searched: Futures that every scheme is paid in.
        fresh: Futures that the scheme as it is and what was found are read in again; None for `FRESH` or `FRESH_REPLAYED`.
        budget: Takes the place of the scheme's own in the chance of breaking it; whole currency units.
        assumptions: What is supposed beyond history.
    """

    searched: int = SEARCHED
    fresh: int | None = None
    budget: float | None = None
    assumptions: Assumptions = BASE

    @property
    def problems(self) -> list[Problem]:
        """What is wrong with them.

        Example:
            >>> [str(one) for one in Futures(searched=10).problems]
            ['--futures: found 10, allowed are 64 to 10,000.']
        """
        found = []
        if not LEAST <= self.searched <= MOST:
            found.append(Problem("--futures", f"found {self.searched:,}, allowed are {LEAST} to {MOST:,}."))
        elif self.fresh is not None and not self.searched <= self.fresh <= MOST_FRESH:
            found.append(Problem("--fresh", f"found {self.fresh:,}, allowed are {self.searched:,}, as many as are searched, "
                                 f"to {MOST_FRESH:,}."))  # fmt: skip
        if self.budget is not None and not self.budget > 0:
            found.append(Problem("--budget", f"found {self.budget:g}.", "It is an amount above zero."))
        return found


@dataclass(frozen=True, eq=False)
class Afresh:
    """The scheme as it is and what was found, in futures by which nothing was chosen.

    Attributes:
        scenarios, seed: Of these futures.
        now, best: Figures of the next 12 months by name.
        now_cost, best_cost: [scenarios] what partners are owed, whole currency units.
        cut: The share of these futures in which the budget of what was found cuts.
        note: What part of a programme year is held against the budget, where none is whole.
        checks: How many were found one after the other until one held.
    """

    scenarios: int
    seed: int
    now: Readings
    best: Readings
    now_cost: Floats
    best_cost: Floats
    cut: Reading
    note: str | None
    checks: int = 1


@dataclass(eq=False)
class Ahead:
    """Pays schemes in kept futures of a fitted programme.

    Attributes:
        model: The programme, fitted for `MONTHS` months.
        pair: The scheme as it is, what rewards are compared with, and what guarantees compare with.
        futures: Which.
        seed: Of the futures that are searched; fresh ones take those after it.
        draws: Where they are kept.
    """

    model: Model
    pair: Pair
    futures: Futures
    seed: int = 7
    draws: Draws = field(default_factory=lambda: Draws(KEPT))

    @cached_property
    def replayed(self) -> bool:
        """Whether the scheme pays partners for what others are paid, so that every future is replayed by itself."""
        return Payer(self.pair.scheme, self.model, MONTHS, baseline=self.pair.floor).replayed

    @property
    def fresh_scenarios(self) -> int:
        """Futures of a fresh reading."""
        usual = max(self.futures.searched, FRESH_REPLAYED if self.replayed else FRESH)
        return usual if self.futures.fresh is None else self.futures.fresh

    def read(self, scheme: Scheme) -> dict[str, Reading | None]:
        """Figures of a scheme in the futures that are searched; quantiles are order statistics."""
        told = self._paid(scheme, self.futures.searched, self.seed, self.draws)
        return readings_of(NextYear(told.outcome, told.minor, self.futures.budget))

    def afresh(self, best: Scheme, check: int, progress: Progress | None = None) -> Afresh:
        """The scheme as it is and another in futures that were not looked at before, as `project` tells them.

        Args:
            best: The other.
            check: 0 for the first such reading, then 1: each has a seed of its own.
            progress: Called with futures done and wanted.
        """
        many, seed, start = self.fresh_scenarios, self.seed + 1 + check, self.pair.scheme
        if best is start:
            told = self._paid(best, many, seed, None, progress)
            first = other = told, told.outcome
        elif self.futures.assumptions.responds:  # partners react to each scheme, so each has a world of its own
            one = self._paid(best, many, seed, None, _half(progress, 0))
            two = self._paid(start, many, seed, None, _half(progress, 1))
            first, other = (one, one.outcome), (two, two.outcome)
        else:
            both = project(self.model, best, against=start, floor=self.pair.floor, against_floor=self.pair.floor, horizon=MONTHS,
                           assumptions=self.futures.assumptions, scenarios=many, seed=seed, progress=progress)  # fmt: skip
            first, other = (both, both.outcome), (both, both.outcomes[1])
        outcome = first[1]
        return Afresh(
            many, seed, self._readings(*other), self._readings(*first), other[1].asked / first[0].minor,
            outcome.asked / first[0].minor, chance(outcome.cut > 0), part_years(first[0], self.futures.budget), check + 1,
        )  # fmt: skip

    def seconds(self, evaluations: int) -> float:
        """About how long so many schemes and one fresh reading take on this machine, by paying the scheme as it is."""
        few = 8 if self.replayed else self.futures.searched
        draws = Draws() if self.replayed else self.draws
        for _ in range(2):  # the first time draws, too
            began = time.perf_counter()
            self._paid(self.pair.scheme, few, self.seed, draws)
        each = (time.perf_counter() - began) / few
        return each * (self.futures.searched * evaluations + FRESH_COSTS * self.fresh_scenarios)

    def _paid(
        self, scheme: Scheme, scenarios: int, seed: int, draws: Draws | None, progress: Progress | None = None
    ) -> Projection:
        supposed, against, beneath = self.futures.assumptions, None, None
        if supposed.responds:
            against = self.pair.baseline or self.pair.scheme
            beneath = self.pair.baseline_floor if self.pair.baseline is not None else self.pair.floor
        return project(self.model, scheme, against=against, floor=self.pair.floor, against_floor=beneath, assumptions=supposed,
                       horizon=MONTHS, scenarios=scenarios, seed=seed, draws=draws, progress=progress)  # fmt: skip

    def _readings(self, told: Projection, outcome: Outcome) -> Readings:
        return readings_of(NextYear(outcome, told.minor, self.futures.budget, told))


def _half(progress: Progress | None, part: int) -> Progress | None:
    """Progress of one of two runs."""
    return None if progress is None else lambda done, of: progress(done // 2 + part * of // 2, of)
