"""Who may be drawn, in which strata and clusters, and the one draw that the seed gives."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.fiscal import month_in
from incentive_lab.format import counted
from incentive_lab.panel import Floats, Panel
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.drawing import Arms, Codes, Drawing, blocks_of, codes_of

Labels = NDArray[np.object_]
MEETINGS = ("customers", "deals")
"""Clusters of partners that meet in something, rather than have an attribute in common."""


@dataclass(frozen=True, eq=False)
class Assigned:
    """Arms as drawn.

    Attributes:
        rows: Rows of the panel that were drawn, int64 [n].
        arm: Arm (for a roll-out: wave; for a switchback: arm of the first month) of each, int64 [n].
        drawing: How they were drawn.
        strata: Stratum of each, int64 [n], or None when there is one only.
        clusters: Drawing unit of each, or None when each partner is one.
        cluster_names: Name of each drawing unit; empty without clusters.
        sequence: For a switchback the arm of each period, int64 [n, periods]; else None.
        notes: What was left out and why.
    """

    rows: Codes
    arm: Codes
    drawing: Drawing
    strata: Codes | None
    clusters: Codes | None
    cluster_names: tuple[str, ...]
    sequence: Codes | None = None
    notes: tuple[str, ...] = ()


def eligible(pilot: Pilot, panel: Panel, size: Floats, before: slice) -> tuple[Codes, list[str]]:
    """Rows of the panel that may be drawn, and what was left out in words.

    Args:
        pilot: The plan.
        panel: The history; only attributes and joining months are read.
        size: Primary outcome by partner and month, float64 [partners, months].
        before: Months before the pilot.

    Raises:
        InputError: A condition names something unknown, or nobody is left.
    """
    who, kept, notes = pilot.population, np.ones(panel.partners, dtype=bool), []

    def leave(out: NDArray[np.bool_], why: str) -> None:
        lost = int((kept & out).sum())
        if lost:
            notes.append(f"{counted(lost, 'partner')} left out: {why}.")
        kept[out] = False

    for name, values in who.where.items():
        labels = attribute(panel, name, f"population.where.{name}")
        strange = [value for value in values if not (labels == value).any()]
        if strange:
            raise InputError([Problem(f"population.where.{name}", f"no partner has the {name} '{strange[0]}'.",
                                      did_you_mean(strange[0], {str(one) for one in labels if one}))])  # fmt: skip
        leave(~np.isin(labels, list(values)), f"their {name} is not in the plan")
    ids = np.array(panel.partner_ids, dtype=object)
    if who.partners:
        leave(~np.isin(ids, list(who.partners)), "the plan does not name them")
    if who.without:
        leave(np.isin(ids, list(who.without)), "the plan leaves them out")
    if who.joined_before is not None:
        limit = month_in(panel.calendar, who.joined_before) - panel.first_month
        leave(panel.joined >= limit, f"they joined from {who.joined_before} on")
    leave(panel.joined >= before.stop, "they joined after the draw")
    if who.active_months:
        active = (np.nan_to_num(size[:, before]) > 0).sum(axis=1)
        leave(active < who.active_months, f"fewer than {who.active_months} active months before the pilot")
    if not kept.any():
        raise InputError(
            [Problem("population", f"no partner is left to draw. {' '.join(notes)}", "Widen the population.")]
        )
    return np.flatnonzero(kept), notes


def attribute(panel: Panel, name: str, where: str) -> Labels:
    """A text attribute of partners.

    Raises:
        InputError: Partners have no such attribute.
    """
    if name not in panel.attributes:
        raise InputError(
            [Problem(where, f"partners have no attribute '{name}'.", did_you_mean(name, panel.attributes))]
        )
    return panel.attributes[name]


def drawing_for(
    pilot: Pilot, panel: Panel, rows: Codes, size: Floats, balance: Floats, shared: Iterable[tuple[str, str]] = ()
) -> tuple[Drawing, tuple[str, ...]]:
    """The drawing that a plan describes, and the names of its clusters (empty when each partner is a unit).

    Args:
        pilot: The plan.
        panel: The history.
        rows: Partners to draw.
        size: Primary outcome before the pilot of each drawn partner, float64 [n].
        balance: Covariates for re-randomisation, float64 [n, k].
        shared: (customer or deal, partner) pairs, for clusters of partners that meet in them.

    Raises:
        InputError: Strata or clusters do not fit.
    """
    plan = pilot.assignment
    units = np.arange(len(rows))
    names: tuple[str, ...] = ()
    if pilot.unit.cluster:
        labels = cluster_labels(pilot.unit.cluster, panel, rows, shared)
        units = codes_of(labels)
        names = tuple(sorted({str(one) for one in labels}))
    count = int(units.max()) + 1
    first = np.zeros(count, dtype=np.int64)
    first[units[::-1]] = np.arange(len(rows))[::-1]
    strata = np.zeros(count, dtype=np.int64)
    if plan.strata:
        labels_of = [attribute(panel, name, "assignment.strata")[rows] for name in plan.strata]
        by_partner = codes_of(*labels_of)
        strata = by_partner[first]
        if (strata[units] != by_partner).any():
            raise InputError([Problem("assignment.strata", f"partners of one {pilot.unit.cluster} are in several strata.",
                                      "Stratify by attributes that whole clusters share.")])  # fmt: skip
        strata = np.unique(strata, return_inverse=True)[1]
    if plan.mechanism in ("blocked", "matched_pairs"):
        totals = np.asarray(np.bincount(units, size), dtype=np.float64)
        block = 2 if plan.mechanism == "matched_pairs" else int(plan.block_size)
        strata = blocks_of(totals, strata, max(block, len(pilot.arms)))
    shares = pilot.shares()
    if plan.mechanism == "rollout":
        shares = tuple([1 / int(plan.waves)] * int(plan.waves))
    if plan.mechanism == "switchback":
        shares = (0.5, 0.5)
    if count < len(shares):
        what = f"clusters ({pilot.unit.cluster})" if names else "partners"
        raise InputError([Problem("population", f"{count} {what} cannot fill {len(shares)} arms; one would be empty.",
                                  "Draw more units, or fewer arms.")])  # fmt: skip
    again = plan.rerandomise
    means = np.column_stack([np.bincount(units, column) for column in balance.T]) if again else None
    return Drawing(strata, shares, units, independent=plan.mechanism == "simple",
                   balance=None if means is None else _standard(means / np.bincount(units)[:, None]),
                   accept=float(again.accept) if again else 1.0), names  # fmt: skip


def cluster_labels(name: str, panel: Panel, rows: Codes, shared: Iterable[tuple[str, str]]) -> Labels:
    """The cluster of each drawn partner; a partner without one is its own.

    Raises:
        InputError: Partners have no such attribute, or none of them meet.
    """
    ids = np.array(panel.partner_ids, dtype=object)[rows]
    if name not in MEETINGS:
        labels = attribute(panel, name, "unit.cluster")[rows].copy()
        if name == "parent_id":
            labels = np.array([label or own for label, own in zip(labels, ids, strict=True)], dtype=object)
        return np.array([label or f"({own})" for label, own in zip(labels, ids, strict=True)], dtype=object)
    found = joined_by({str(one) for one in ids}, shared)
    if len(set(found.values())) == len(found):
        column = "deals.customer_id" if name == "customers" else "deal_partners"
        raise InputError([Problem("unit.cluster", f"no two of these partners share a {name.removesuffix('s')}.",
                                  f"Draw partners by themselves, or check {column}.")])  # fmt: skip
    return np.array([found[str(one)] for one in ids], dtype=object)


def joined_by(partners: set[str], pairs: Iterable[tuple[str, str]]) -> Mapping[str, str]:
    """Partners that meet in a customer (directly or through others), each with the first id of its group.

    Example:
        >>> joined_by({"a", "b", "c", "d"}, [("x", "a"), ("x", "b"), ("y", "b"), ("y", "c")])["c"]
        'a'
    """
    above = {one: one for one in sorted(partners)}

    def root(one: str) -> str:
        while above[one] != one:
            above[one] = above[above[one]]
            one = above[one]
        return one

    last: dict[str, str] = {}
    for customer, partner in pairs:
        if partner not in above:
            continue
        if customer in last:
            low, high = sorted((root(last[customer]), root(partner)))
            above[high] = low
        last[customer] = partner
    return {one: root(one) for one in above}


def _standard(values: Floats) -> Floats:
    spread = values.std(axis=0)
    return np.asarray((values - values.mean(axis=0)) / np.where(spread > 0, spread, 1.0))


def assign(pilot: Pilot, drawing: Drawing, rows: Codes, names: tuple[str, ...], notes: Iterable[str] = ()) -> Assigned:
    """The one draw that the plan's seed gives."""
    rng = np.random.default_rng(pilot.assignment.seed)
    sequence = None
    if pilot.assignment.mechanism == "switchback":
        assert pilot.dates is not None
        periods = -(-int(pilot.dates.months) // int(pilot.assignment.period_months))
        sequence = sequences(drawing, rng, 1, periods)[0].astype(np.int64)
        arm = sequence[:, 0]
    else:
        arm = drawing.draw(rng, 1)[0].astype(np.int64)
    several = len(np.unique(drawing.strata)) > 1
    return Assigned(rows, arm, drawing, drawing.strata[drawing.clusters] if several else None,
                    drawing.clusters if names else None, names, sequence, tuple(notes))  # fmt: skip


def sequences(drawing: Drawing, rng: np.random.Generator, count: int, periods: int) -> Arms:
    """Arms by period: each two periods in a row hold both arms in a drawn order, int8 [count, partners, periods]."""
    out = np.empty((count, drawing.partners, periods), dtype=np.int8)
    for period in range(0, periods, 2):
        first = drawing.draw(rng, count)
        out[:, :, period] = first
        if period + 1 < periods:
            out[:, :, period + 1] = 1 - first
    return out


@dataclass(frozen=True, eq=False)
class Between:
    """The control and one of several arms, the other arms staying where one draw put them.

    Attributes:
        drawing: Of all arms.
        arm: Of each partner in that draw, int64 [n].
        against: The arm.
    """

    drawing: Drawing
    arm: Codes
    against: int

    @property
    def rows(self) -> Codes:
        """Partners of the control and the arm, int64 [m]."""
        return np.flatnonzero((self.arm == 0) | (self.arm == self.against))

    def draw(self, rng: np.random.Generator, count: int) -> Arms:
        """1 for the arm, int8 [count, m]; with a balance criterion about as many."""
        return self._of(redraw(self.drawing, self.arm, self.against, rng, count)[0])

    def enumerated(self) -> Arms | None:
        """Every one, int8 [assignments, m], where they are few."""
        every, exact = redraw(self.drawing, self.arm, self.against, np.random.default_rng(0), 1)
        return self._of(every) if exact else None

    def _of(self, arms: Arms) -> Arms:
        return np.asarray(arms[:, self.rows] == self.against, dtype=np.int8)


def redraw(drawing: Drawing, arm: Codes, against: int, rng: np.random.Generator, count: int) -> tuple[Arms, bool]:
    """Arms drawn anew by the mechanism that was used, int8 [count, partners], and whether they are all there are.

    With two arms the whole mechanism runs again. With more, units of other arms stay, and the numbers of control and
    arm in each stratum are kept.
    """
    if len(drawing.shares) == 2:
        every = drawing.enumerated()
        return (every, True) if every is not None else (drawing.draw(rng, count), False)
    units = np.zeros(drawing.units, dtype=np.int8)
    units[drawing.clusters] = arm
    free = np.flatnonzero((units == 0) | (units == against))
    strata = np.unique(drawing.strata[free], return_inverse=True)[1]
    part = Drawing(strata, (0.5, 0.5), np.arange(len(free)))
    part = part.as_recorded((units[free] == against).astype(np.int8))
    every = part.enumerated() if drawing.accept >= 1 else None
    wanted = count if drawing.accept >= 1 else int(count / drawing.accept) + 1
    drawn = every if every is not None else part.draw(rng, wanted)
    whole = np.broadcast_to(units, (len(drawn), drawing.units)).copy()
    whole[:, free] = np.where(drawn == 1, against, 0)
    if drawing.accept < 1:
        whole = whole[drawing.distance(whole) <= drawing.threshold]
    return whole[:, drawing.clusters], every is not None
