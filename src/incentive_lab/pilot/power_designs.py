"""Power of designs whose units are not partners drawn once: clusters, waves, switchbacks, balanced re-draws.

Their tests are not followed by a t distribution when units are few, so each simulated pilot is read as the real one will be:
against arms drawn anew by its own mechanism. Simulated pilots of one size come in groups that share their partners and
their redraws, so a group costs a few matrix products.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.pilot.assigning import Assigned, sequences
from incentive_lab.pilot.batched import Reference
from incentive_lab.pilot.closed_forms import closed_form, clustered_form, switched_form
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.drawing import Codes, Drawing, blocks_of
from incentive_lab.pilot.fromhistory import drawing_at
from incentive_lab.pilot.linear import basis
from incentive_lab.pilot.panels import within
from incentive_lab.pilot.power_waves import Waves
from incentive_lab.pilot.powering import (
    ESTIMATORS,
    LIFTS,
    REDRAWS,
    TOGETHER,
    Power,
    Step,
    alpha_of,
    reached,
    sizes_for,
)
from incentive_lab.pilot.randomisation import Pieces, scarce
from incentive_lab.pilot.scales import scaled
from incentive_lab.pilot.windows import Windowed, by_month, windowed
from incentive_lab.pilot.world import World


def simulate_designed(
    here: World, assigned: Assigned, *, draws: int = 500, seed: int = 1, progress: Step | None = None
) -> list[Power]:
    """Power at sizes up to what the history has, for clusters, roll-outs, switchbacks and re-randomised draws.

    Args:
        here: The history and the plan.
        assigned: The draw; its units are those that are taken by chance.
        draws: Simulated pilots for each size.
        seed: Of the simulation.
        progress: Told the groups of pilots that are done; may raise to cancel.

    Raises:
        InputError: The history before the start is too short, or the metric has no months.
    """
    mechanism = here.pilot.assignment.mechanism
    kinds: dict[str, type[_Drawn] | type[_Switched] | type[Waves]] = {"rollout": Waves, "switchback": _Switched}
    made = kinds.get(mechanism, _Drawn)(here, assigned)
    sizes = made.sizes()
    groups = max(1, draws // TOGETHER)
    found = []
    for place, size in enumerate(sizes):
        rng = np.random.default_rng([seed, size])
        hits: dict[str, Floats] = {}
        for group in range(groups):
            if progress is not None:
                progress(place * groups + group, len(sizes) * groups)
            for name, own in made.group(size, rng).items():
                hits[name] = hits.get(name, np.zeros(len(LIFTS))) + own
        curves = {name: tuple((own / groups / TOGETHER).tolist()) for name, own in hits.items()}
        told = reached(curves, float(here.pilot.power), groups * TOGETHER)
        found.append(Power(made.partners(size), size, made.unit, curves, *told, made.closed(size), False))
    if progress is not None:
        progress(len(sizes) * groups, len(sizes) * groups)
    return found


def found_share(reference: Pieces, own: Pieces, sizes: Floats, alpha: float) -> Floats:
    """How many of the pilots find each size, float64 [sizes]; pieces are of the outcome and of what one unit adds.

    Args:
        reference: Of redraws, float64 [redraws, pilots] each.
        own: Of the pilots' own arms, float64 [pilots] each.
        sizes: Planted, in units of the direction.
        alpha: Level.
    """
    hits = np.empty(len(sizes))
    for place, size in enumerate(sizes.tolist()):
        seen = np.abs(own.at(-size)) * (1 - 1e-9)
        hits[place] = (
            ((np.abs(reference.at(-size)) >= seen[None, :]).sum(axis=0) + 1) / (len(reference.outcome) + 1) <= alpha
        ).sum()
    return hits


def _diagonal(many: Pieces) -> Pieces:
    return Pieces(*(np.diagonal(getattr(many, name)) for name in Pieces.__annotations__))


@dataclass(frozen=True, eq=False)
class _Drawn:
    """Clusters, or partners that are re-randomised until they balance."""

    here: World
    assigned: Assigned

    @property
    def pilot(self) -> Pilot:
        return self.here.pilot

    @property
    def unit(self) -> str:
        return "partner" if self.assigned.clusters is None else "cluster"

    @cached_property
    def months(self) -> Windowed:
        return windowed(self.here, self.assigned)

    @cached_property
    def full(self) -> Drawing:
        """The drawing as it would have been before the months that stand for the pilot."""
        return drawing_at(self.here, self.assigned, self.months.pre)

    def sizes(self) -> list[int]:
        units = self.assigned.drawing.units
        if self.assigned.clusters is None:
            return sizes_for(units, 6)
        found = np.geomspace(min(4, units), units, 8)
        return sorted({int(round(one)) for one in found})

    def partners(self, size: int) -> int:
        return round(size * self.assigned.drawing.partners / self.assigned.drawing.units)

    def closed(self, size: int) -> float:
        if self.assigned.clusters is None:
            return closed_form(self.months, self.pilot, size)
        return clustered_form(self.months, self.pilot, self.assigned.clusters, size)

    def group(self, size: int, rng: np.random.Generator) -> dict[str, Floats]:
        """How many of a group of pilots find each lift, by estimator."""
        pilot, months = self.pilot, self.months
        rows, drawing, clusters = self._part(size, rng)
        post, pre = months.post[rows], None if pilot.analysis.without_pre else months.pre[rows]
        several = len(np.unique(drawing.strata)) > 1
        strata = drawing.strata[drawing.clusters] if several else None
        arms = drawing.draw(rng, TOGETHER).astype(np.float64)
        every = drawing.enumerated()
        redraws = (every if every is not None and len(every) <= 5 * REDRAWS else drawing.draw(rng, REDRAWS)).astype(
            np.float64
        )
        hits = {}
        share = float(pilot.analysis.winsorise)
        for name in ESTIMATORS:
            if name == "log_ancova" and not (post > 0).all():
                continue
            outcome, before = scaled(name, post[None, :], pre, share)
            columns = basis(before, strata)
            wide, own = (Reference.of(one, columns, clusters, scarce(redraws, clusters)) for one in (redraws, arms))
            alpha = alpha_of(pilot)
            if name == "winsorised":
                places = [*range(0, len(LIFTS), 2)]
                found = [self._cut(wide, own, post, arms, float(LIFTS[place]), share) for place in places]
                hits[name] = np.interp(LIFTS, LIFTS[places], found)
                continue
            direction = arms if name == "log_ancova" else arms * post
            level = np.broadcast_to(outcome, arms.shape)
            sizes = np.log1p(LIFTS) if name == "log_ancova" else LIFTS
            hits[name] = found_share(
                wide.pieces(level, direction), _diagonal(own.pieces(level, direction)), sizes, alpha
            )
        return hits

    def _cut(self, wide: Reference, own: Reference, post: Floats, arms: Floats, lift: float, share: float) -> float:
        outcome, _ = scaled("winsorised", post * (1 + lift * arms), None, share)
        seen = np.abs(own.own(outcome)) * (1 - 1e-9)
        reference = np.abs(wide.statistics(outcome))
        p_values = ((reference >= seen[None, :]).sum(axis=0) + 1) / (len(reference) + 1)
        return float((p_values <= alpha_of(self.pilot)).sum())

    def _part(self, size: int, rng: np.random.Generator) -> tuple[Codes, Drawing, Codes | None]:
        """Some units by chance: their rows, how they are drawn, and their clusters."""
        full, pilot = self.full, self.pilot
        chosen = np.sort(rng.permutation(full.units)[:size])
        place = np.full(full.units, -1, dtype=np.int64)
        place[chosen] = np.arange(size)
        rows = np.flatnonzero(place[full.clusters] >= 0)
        units = place[full.clusters[rows]]
        strata = np.unique(full.strata[chosen], return_inverse=True)[1]
        if pilot.assignment.mechanism in ("blocked", "matched_pairs"):
            totals = np.asarray(np.bincount(units, self.months.pre[rows]), dtype=np.float64)
            block = 2 if pilot.assignment.mechanism == "matched_pairs" else int(pilot.assignment.block_size)
            strata = blocks_of(totals, np.zeros(size, dtype=np.int64), block)
        first, second = pilot.shares()[:2]
        balance = None if full.balance is None else full.balance[chosen]
        drawing = Drawing(strata, (first / (first + second), second / (first + second)), units, full.independent,
                          balance=balance, accept=full.accept)  # fmt: skip
        return rows, drawing, None if self.assigned.clusters is None else units


@dataclass(frozen=True, eq=False)
class _Switched:
    """Each partner is in both arms, in a drawn order."""

    here: World
    assigned: Assigned
    unit: str = "partner"

    @cached_property
    def values(self) -> Floats:
        """The outcome in months that stand for the pilot, washout left out, float64 [n, months]."""
        plan = self.here.pilot.assignment
        monthly = by_month(self.here, self.assigned)[0][:, 1:]
        kept = np.arange(monthly.shape[1]) % int(plan.period_months) >= plan.washout_months
        return np.asarray(monthly[:, kept])

    @cached_property
    def length(self) -> int:
        """Months that stand for the pilot."""
        return int(by_month(self.here, self.assigned)[0].shape[1]) - 1

    def sizes(self) -> list[int]:
        return sizes_for(self.assigned.drawing.units, 6)

    def partners(self, size: int) -> int:
        return round(size * self.assigned.drawing.partners / self.assigned.drawing.units)

    def closed(self, size: int) -> float:
        return switched_form(self.values, self.here.pilot, self.partners(size))

    def group(self, size: int, rng: np.random.Generator) -> dict[str, Floats]:
        plan, full = self.here.pilot.assignment, self.assigned.drawing
        length, months = int(plan.period_months), self.length
        kept = np.flatnonzero(np.arange(months) % length >= plan.washout_months)
        chosen = np.sort(rng.permutation(full.units)[:size])
        rows = np.flatnonzero(np.isin(full.clusters, chosen))
        units = np.searchsorted(chosen, full.clusters[rows])
        drawing = Drawing(np.zeros(size, dtype=np.int64), (0.5, 0.5), units)
        values = self.values[rows]
        known = np.ones(values.shape, dtype=bool)
        inside = sequences(drawing, rng, TOGETHER + REDRAWS, -(-months // length))[:, :, kept // length].astype(
            np.float64
        )

        def flat(many: Floats) -> Floats:
            return many.reshape(len(many), -1)

        def centred(many: Floats) -> Floats:
            return np.asarray(many - many.mean(axis=2, keepdims=True) - many.mean(axis=1, keepdims=True)
                              + many.mean(axis=(1, 2), keepdims=True))  # fmt: skip

        groups = np.repeat(units, values.shape[1])
        none = np.zeros((values.size, 0))
        wide, own = (Reference.of(flat(centred(one)), none, groups) for one in (inside[TOGETHER:], inside[:TOGETHER]))
        level = np.broadcast_to(within(values, known).ravel(), (TOGETHER, values.size))
        direction = flat(centred(inside[:TOGETHER] * values[None]))
        own_pieces = _diagonal(own.pieces(level, direction))
        return {
            "switchback": found_share(wide.pieces(level, direction), own_pieces, LIFTS, float(self.here.pilot.alpha))
        }
