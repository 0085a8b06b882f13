"""Power of a staged roll-out: simulated pilots against waves drawn anew, by the effect itself as in its reading."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property, lru_cache

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.pilot.assigning import Assigned
from incentive_lab.pilot.closed_forms import stepped_form
from incentive_lab.pilot.drawing import Codes, Drawing
from incentive_lab.pilot.powering import LIFTS, REDRAWS, TOGETHER, sizes_for
from incentive_lab.pilot.windows import by_month
from incentive_lab.pilot.world import World


@dataclass(frozen=True, eq=False)
class Waves:
    """A staged roll-out; the statistic is the effect itself, as in its reading."""

    here: World
    assigned: Assigned
    unit: str = "partner"

    @cached_property
    def values(self) -> Floats:
        """The month before the start and the pilot's months, float64 [n, months + 1]."""
        return by_month(self.here, self.assigned)[0]

    def sizes(self) -> list[int]:
        """Sizes that fill every wave."""
        return [
            one for one in sizes_for(self.assigned.drawing.units, 6) if one >= int(self.here.pilot.assignment.waves)
        ]

    def partners(self, size: int) -> int:
        """Partners of so many units."""
        return round(size * self.assigned.drawing.partners / self.assigned.drawing.units)

    def closed(self, size: int) -> float:
        """The smallest effect of a stepped wedge."""
        plan = self.here.pilot.assignment
        return stepped_form(self.values, self.here.pilot, self.partners(size), int(plan.waves), int(plan.period_months))

    def group(self, size: int, rng: np.random.Generator) -> dict[str, Floats]:
        """How many of a group of pilots find each lift."""
        plan, full = self.here.pilot.assignment, self.assigned.drawing
        waves, length = int(plan.waves), int(plan.period_months)
        chosen = np.sort(rng.permutation(full.units)[:size])
        rows = np.flatnonzero(np.isin(full.clusters, chosen))
        drawing = Drawing(np.unique(full.strata[chosen], return_inverse=True)[1], tuple([1 / waves] * waves),
                          np.searchsorted(chosen, full.clusters[rows]))  # fmt: skip
        values = self.values[rows]
        months = values.shape[1]
        arms = drawing.draw(rng, TOGETHER + REDRAWS)
        starts = np.where(1 + np.arange(waves) * length < months, 1 + np.arange(waves) * length, -1)
        weights = np.stack([wave_weights(one, starts, months, self.here.pilot.analysis.controls) for one in arms])
        own, wide = weights[:TOGETHER].reshape(TOGETHER, -1), weights[TOGETHER:].reshape(REDRAWS, -1)
        begun = starts[arms[:TOGETHER]][:, :, None]
        lifted = (values[None] * ((begun >= 0) & (np.arange(months)[None, None, :] >= begun))).reshape(TOGETHER, -1)
        of_values, of_lift = wide @ values.ravel(), wide @ lifted.T
        seen, more = own @ values.ravel(), np.einsum("bi,bi->b", own, lifted)
        hits = []
        for lift in LIFTS.tolist():
            extreme = np.abs(of_values[:, None] + lift * of_lift) >= np.abs(seen + lift * more)[None, :] * (1 - 1e-9)
            hits.append(((extreme.sum(axis=0) + 1) / (REDRAWS + 1) <= float(self.here.pilot.alpha)).sum())
        return {"staggered": np.array(hits, dtype=np.float64)}


def wave_weights(wave: Codes, starts: Codes, months: int, controls: str) -> Floats:
    """What each partner's month counts in the effect of a staggered start (`panels.staggered`), float64 [n, months].

    Args:
        wave: Of each partner, int [n].
        starts: First treated month of each wave, -1 for never.
        months: Number of months.
        controls: not_yet or never.
    """
    sizes = np.bincount(wave, minlength=len(starts))
    return _wave_table(tuple(sizes.tolist()), tuple(starts.tolist()), months, controls)[wave]


@lru_cache(maxsize=256)
def _wave_table(sizes: tuple[int, ...], starts: tuple[int, ...], months: int, controls: str) -> Floats:
    """The weights of one partner of each wave, float64 [waves, months]."""
    members, begin = np.array(sizes, dtype=np.float64), np.array(starts)
    table, total = np.zeros((len(starts), months)), 0.0
    for place, start in enumerate(starts):
        if start < 1 or not sizes[place]:
            continue
        for month in range(start, months):
            others = (begin < 0) | ((begin > month) if controls == "not_yet" else False)
            number = float(members[others].sum())
            if not number:
                continue
            total += sizes[place]
            for column, sign in ((month, 1.0), (start - 1, -1.0)):
                table[place, column] += sign * sizes[place]
                table[others, column] -= sign * sizes[place] * members[others] / number
    return np.asarray(table / max(total, 1.0) / np.maximum(members, 1)[:, None])
