"""A pilot's data from a history: who was drawn, what was paid, what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from incentive_lab.errors import InputError, Problem
from incentive_lab.history import History
from incentive_lab.history.sharing import customers_of, deals_together
from incentive_lab.panel import Floats
from incentive_lab.pilot.assigning import MEETINGS, Assigned, assign, attribute, drawing_for, eligible
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.drawing import Codes, Drawing, codes_of
from incentive_lab.pilot.recorded import ARMS, PLAN, Recorded, read_arms
from incentive_lab.pilot.trial import Outcome, Trial
from incentive_lab.pilot.world import World, planted, rows_of, world


@dataclass(frozen=True, eq=False)
class Prepared:
    """A pilot on a history, ready to be analysed.

    Attributes:
        trial: Its data.
        world: Its measures and months; with the planted lift, if it is a rehearsal.
        in_arm: 1 in the months in which a partner was treated, float64 [partners of the history, months].
    """

    trial: Trial
    world: World
    in_arm: Floats


def plan_draw(pilot: Pilot, history: History) -> tuple[World, Assigned]:
    """The draw of a pilot that has not begun, from what was known before its start.

    Raises:
        InputError: The plan does not fit the history.
    """
    here = world(pilot, history, design=True)
    return here, draw_arms(here, history)


def draw_arms(here: World, history: History) -> Assigned:
    """The draw that a plan gives on a history."""
    pilot = here.pilot
    size = here.values(here.parts(pilot.primary.of, pilot.primary.over)[0])
    rows, notes = eligible(pilot, here.panel, size, here.before)
    before = np.nan_to_num(here.mean(here.parts(pilot.primary.of, "")[0], here.before))[rows]
    drawing, names = drawing_for(pilot, here.panel, rows, before, balance_columns(here, rows, before),
                                 meetings(pilot, history))  # fmt: skip
    return assign(pilot, drawing, rows, names, notes)


def meetings(pilot: Pilot, history: History) -> list[tuple[str, str]]:
    """What joins partners into the clusters of a plan, as (what they share, partner); empty where an attribute does."""
    shared = deals_together(history) if pilot.unit.cluster in MEETINGS else []
    return [*customers_of(history), *shared] if pilot.unit.cluster == "customers" else shared


def drawing_at(here: World, assigned: Assigned, pre: Floats) -> Drawing:
    """The plan's drawing as it would have been at another time, when `pre` was what was known of each drawn partner.

    Blocks and balance from the months that stand for the pilot would know its outcome beforehand.

    Args:
        here: The history and the plan.
        assigned: The draw.
        pre: Primary outcome before that time, float64 [n].
    """
    if here.pilot.unit.cluster in MEETINGS:
        return assigned.drawing
    return drawing_for(here.pilot, here.panel, assigned.rows, pre, balance_columns(here, assigned.rows, pre))[0]


def balance_columns(here: World, rows: Codes, before: Floats) -> Floats:
    """What re-randomisation balances: the outcome before (its logarithm and itself), and what the plan names."""
    again = here.pilot.assignment.rerandomise
    positive = np.where(before > 0, before, np.nan)
    smallest = np.nanmin(positive) if np.isfinite(positive).any() else 1.0
    columns = [before, np.log(np.maximum(before, smallest / 2))]
    for name in again.on if again else ():
        if name in here.panel.attributes and name not in here.panel.columns:
            labels = attribute(here.panel, name, "assignment.rerandomise.on")[rows]
            columns += [(labels == value).astype(np.float64) for value in sorted(set(labels))[1:]]
        else:
            columns.append(np.nan_to_num(here.mean(name, here.before)[rows]))
    return np.column_stack(columns)


def prepare(pilot: Pilot, history: History, folder: Path | None = None) -> Prepared:
    """A pilot's data from a history, its arms as recorded beside the plan or else as the seed draws them.

    Args:
        pilot: A checked plan with dates.
        history: An open history.
        folder: Where the plan lies.

    Raises:
        InputError: The plan, its arms and the history do not fit together.
    """
    here = world(pilot, history)
    file = None if folder is None else folder / (pilot.assignment.file or ARMS)
    if pilot.assignment.file and (file is None or not file.is_file()):
        raise InputError([Problem("assignment.file", f"there is no file '{pilot.assignment.file}' beside the plan.",
                                  "Write it with `pilot assign`, or correct the name.")])  # fmt: skip
    flags: list[str] = []
    if file is not None and file.is_file():
        own = (file.parent / PLAN).is_file()
        assigned, flags = _as_recorded(here, history, read_arms(pilot, file), own)
    else:
        assigned = draw_arms(here, history)
        flags.append("No arms were recorded; they are drawn anew by the plan's seed.")
    if not here.complete:
        flags.append(f"The history holds {here.months} of {pilot.dates.months if pilot.dates else 0} months of the pilot: "
                     "this is a look before the end.")  # fmt: skip
    starts, inside = _when(here, assigned)
    if pilot.planted is not None:
        lifted = planted(here.panel, here.leaves, np.nan_to_num(inside), float(pilot.planted.lift))
        here = replace(here, panel=lifted)
    return Prepared(_trial(here, assigned, starts, inside, flags), here, np.nan_to_num(inside))


def _as_recorded(here: World, history: History, told: Recorded, own: bool) -> tuple[Assigned, list[str]]:
    """Recorded arms on the partners that the history knows."""
    pilot = here.pilot
    rows = rows_of(here.panel, told.partners)
    known = np.flatnonzero(rows >= 0)
    flags = []
    if len(known) < len(rows):
        flags.append(f"{len(rows) - len(known)} of {len(rows)} recorded partners are not in this history.")
    if not len(known):
        raise InputError([Problem("assignment.file", "none of the recorded partners is in this history.",
                                  "Load the history of these partners.")])  # fmt: skip
    order = known[np.argsort(rows[known], kind="stable")]
    arm, rows = told.arm[order], rows[order]
    if pilot.assignment.mechanism not in ("rollout", "switchback"):
        empty = [one.name for place, one in enumerate(pilot.arms) if not (arm == place).any()]
        if empty:
            raise InputError([Problem("arms", f"nobody of the arm {' and '.join(empty)} is in this history; it is empty.",
                                      "Load the history of these partners.")])  # fmt: skip
    names: tuple[str, ...] = ()
    clusters = None
    if told.clusters is not None:
        labels = told.clusters[order]
        clusters, names = codes_of(labels), tuple(sorted({str(one) for one in labels}))
    strata = None if told.strata is None else np.unique(told.strata[order], return_inverse=True)[1]
    units = np.arange(len(rows)) if clusters is None else clusters
    unit_strata = np.zeros(int(units.max()) + 1, dtype=np.int64)
    if strata is not None:
        unit_strata[units] = strata
    if own:
        size = np.nan_to_num(here.mean(here.parts(pilot.primary.of, "")[0], here.before))[rows]
        planned, _ = drawing_for(
            pilot, here.panel, rows, size, balance_columns(here, rows, size), meetings(pilot, history)
        )
        fits = planned.units == len(unit_strata)
        drawing = Drawing(unit_strata, planned.shares, units, planned.independent, None,
                          planned.balance if fits else None, planned.accept if fits else 1.0)  # fmt: skip
    else:
        unit_arm = np.zeros(len(unit_strata), dtype=np.int8)
        unit_arm[units] = arm
        count = int(pilot.assignment.waves) if pilot.assignment.mechanism == "rollout" else len(pilot.arms)
        shares = tuple(float((unit_arm == place).mean()) for place in range(count))
        drawing = Drawing(unit_strata, shares, units).as_recorded(unit_arm)
        flags.append("The arms were recorded elsewhere; re-randomisation keeps their numbers in each stratum.")
    sequence = None
    if told.sequences is not None:
        sequence = np.array([[int(one) for one in told.sequences[row]] for row in order], dtype=np.int64)
    return Assigned(rows, arm, drawing, strata, clusters, names, sequence), flags


def _when(here: World, assigned: Assigned) -> tuple[Codes, Floats]:
    """First treated month of each drawn partner, and months under treatment of all, [n] and [partners, months]."""
    pilot, panel = here.pilot, here.panel
    inside = np.zeros((panel.partners, panel.months))
    months = np.arange(panel.months)
    length = int(pilot.assignment.period_months)
    if pilot.assignment.mechanism == "rollout":
        starts = here.start + assigned.arm * length
        starts = np.where(starts < here.stop, starts, -1)
    elif pilot.assignment.mechanism == "switchback" and assigned.sequence is not None:
        starts = np.full(len(assigned.rows), here.start, dtype=np.int64)
        period = np.clip((months - here.start) // length, 0, assigned.sequence.shape[1] - 1)
        during = (months >= here.start) & (months < here.stop)
        own = assigned.sequence[:, period] * during[None, :]
        washed = during & ((months - here.start) % length < pilot.assignment.washout_months)
        inside[assigned.rows] = np.where(washed[None, :], np.nan, own)
        return starts, inside
    else:
        starts = np.where(assigned.arm > 0, here.start, -1)
    treated = (starts[:, None] >= 0) & (months[None, :] >= starts[:, None]) & (months[None, :] < here.stop)
    inside[assigned.rows] = treated
    return starts, inside


def _trial(here: World, assigned: Assigned, starts: Codes, inside: Floats, flags: list[str]) -> Trial:
    pilot, panel, rows = here.pilot, here.panel, assigned.rows
    window = slice(here.before.start, here.stop)
    outcomes = {}
    for metric in pilot.metrics:
        top, bottom = here.parts(metric.of, metric.over)
        outcomes[metric.name] = Outcome(
            metric, here.unit(metric.of),
            here.mean(top, slice(here.start, here.stop))[rows], here.mean(top, here.before)[rows],
            here.mean(bottom, slice(here.start, here.stop))[rows] if bottom else None,
            here.mean(bottom, here.before)[rows] if bottom else None,
            None if bottom else here.values(top)[rows, window],
        )  # fmt: skip
    others, names = _covariates(here, rows)
    offset = here.before.start
    observed = pilot.assignment.mechanism == "observed"
    rolls = pilot.assignment.mechanism == "rollout"
    switch = pilot.assignment.mechanism == "switchback"
    begins = here.start + np.arange(int(pilot.assignment.waves)) * int(pilot.assignment.period_months)
    segments = {
        name: attribute(panel, name, "analysis.segments")[rows] for name in pilot.analysis.segments if name != "size"
    }
    return Trial(
        partners=tuple(panel.partner_ids[int(row)] for row in rows), arms=tuple(arm.name for arm in pilot.arms),
        arm=np.where(starts >= 0, 1, 0) if rolls else assigned.arm, drawing=None if observed else assigned.drawing,
        strata=assigned.strata, clusters=assigned.clusters, cluster_names=assigned.cluster_names, others=others,
        other_names=names, outcomes=outcomes, segments=segments,
        starts=np.where(starts >= 0, starts - offset, -1), in_arm=inside[rows, window] if switch else None,
        periods=tuple(panel.labels()[window]), first_post=here.start - offset, notes=assigned.notes, flags=tuple(flags),
        source=panel.history_id, currency=panel.currency, keys=rows,
        wave_starts=np.where(begins < here.stop, begins - offset, -1) if rolls else None,
    )  # fmt: skip


def _covariates(here: World, rows: Codes) -> tuple[Floats, tuple[str, ...]]:
    columns: list[Floats] = []
    names: list[str] = []
    for name in here.pilot.analysis.covariates:
        if name in here.panel.columns:
            values = here.mean(name, here.before)[rows]
            none = ~np.isfinite(values)
            columns.append(np.where(none, values[~none].mean() if (~none).any() else 0.0, values))
            names.append(name)
        else:
            labels = attribute(here.panel, name, "analysis.covariates")[rows]
            for value in sorted(set(labels))[1:]:
                columns.append((labels == value).astype(np.float64))
                names.append(f"{name} {value}")
    return (np.column_stack(columns) if columns else np.zeros((len(rows), 0))), tuple(names)


def schemes_of(arms: Mapping[str, str]) -> Mapping[str, str]:
    """Arm -> scheme fingerprint for arms that name one."""
    return {name: own for name, own in arms.items() if own}
