"""A pilot's data from a CSV file whose columns the pilot document names."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from incentive_lab.errors import InputError, Problem
from incentive_lab.format import counted
from incentive_lab.panel import Floats
from incentive_lab.pilot.csvfile import Table, Text, covariates, distinct, read_table
from incentive_lab.pilot.csvperiods import periods_of, who_when
from incentive_lab.pilot.csvrows import arms_of, changing, chosen_rows, require_ids, some, transformed
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.drawing import Codes, Drawing, codes_of
from incentive_lab.pilot.outcomes import Data, Metric
from incentive_lab.pilot.trial import Outcome, Trial


@dataclass(frozen=True, eq=False)
class When:
    """When units of a panel were treated, see `Trial` for each; and covariates that change, float64 [n, periods] each."""

    starts: Codes | None = None
    in_arm: Floats | None = None
    periods: tuple[str, ...] = ()
    first_post: int = 0
    changing: Mapping[str, Floats] = field(default_factory=dict)

    @property
    def before(self) -> dict[str, Floats]:
        """Means before the start (of the first period, where nothing is before) of covariates that change, float64 [n] each."""
        return {name: _mean(values[:, : max(1, self.first_post)]) for name, values in self.changing.items()}


_CROSS = When()


def trial_from_csv(pilot: Pilot, folder: Path) -> Trial:
    """A pilot's data from the CSV file it names.

    Args:
        pilot: A checked plan with `data`.
        folder: Where the plan lies.

    Raises:
        InputError: The file cannot be used; with every reason found.
    """
    assert pilot.data is not None
    table = chosen_rows(pilot, read_table(folder / pilot.data.file, pilot.data.missing))
    return _panel(pilot, pilot.data, table) if pilot.data.columns.period else _cross_section(pilot, pilot.data, table)


def _unit(metric: Metric) -> str:
    return "number" if metric.transform == "none" else metric.transform


def _require_arms(pilot: Pilot, arm: Codes) -> None:
    empty = [one.name for place, one in enumerate(pilot.arms) if not (arm == place).any()]
    if empty:
        raise InputError([Problem("arms", f"the arm {' and '.join(empty)} is empty: nobody in the file is in it.",
                                  "Check the arm's `value`, or the file.")])  # fmt: skip


def _cross_section(pilot: Pilot, data: Data, table: Table) -> Trial:
    columns = data.columns
    rows = len(next(iter(table.columns.values())))
    ids = table.text(columns.partner, "data.columns.partner") if columns.partner else np.array(
        [str(row + 1) for row in range(rows)], dtype=object)  # fmt: skip
    arm = arms_of(pilot, table.text(columns.arm, "data.columns.arm"), table, f"{table.name}, column {columns.arm}")
    _refuse_twice(ids, arm, pilot, table)
    kept = np.flatnonzero(arm >= 0)
    notes = [] if len(kept) == rows else [f"{counted(rows - len(kept), 'row')} without an arm left out."]
    _require_arms(pilot, arm)
    outcomes = {}
    for metric in pilot.metrics:
        outcomes[metric.name] = Outcome(
            metric, _unit(metric),
            transformed(table.numbers(metric.of, f"metrics.{metric.name}.of")[kept], metric, f"metrics.{metric.name}.of"),
            _before(table, metric, kept),
            _optional(table, metric.over, f"metrics.{metric.name}.over", kept),
            _optional(table, metric.over_pre, f"metrics.{metric.name}.over_pre", kept),
        )  # fmt: skip
    return _trial(pilot, data, table, kept, tuple(str(one) for one in ids[kept]), arm[kept], outcomes, notes)


def _before(table: Table, metric: Metric, kept: Codes) -> Floats | None:
    values, where = _optional(table, metric.pre, f"metrics.{metric.name}.pre", kept), f"metrics.{metric.name}.pre"
    return None if values is None else transformed(values, metric, where)


def _optional(table: Table, column: str, where: str, kept: Codes) -> Floats | None:
    return table.numbers(column, where)[kept] if column else None


def _refuse_twice(ids: Text, arm: Codes, pilot: Pilot, table: Table) -> None:
    require_ids(*distinct(ids), table)
    seen: dict[str, set[int]] = {}
    for name, code in zip(ids, arm, strict=True):
        seen.setdefault(str(name), set()).add(int(code))
    both = sorted(name for name, codes in seen.items() if len(codes) > 1)
    if both:
        raise InputError([Problem(f"{table.name}", f"{both[0]} is in two arms" + (f", and {len(both) - 1} other partners"
                                  if len(both) > 1 else "") + "; arms must not overlap.",
                                  "Each partner has one arm.")])  # fmt: skip
    if len(seen) < len(ids):
        twice = next(name for name in seen if (ids == name).sum() > 1)
        raise InputError([Problem(table.name, f"{twice} has {(ids == twice).sum()} rows, and no column says when.",
                                  "Name the column of the period, or add the rows up first.")])  # fmt: skip


def _trial(
    pilot: Pilot, data: Data, table: Table, kept: Codes, ids: tuple[str, ...], arm: Codes,
    outcomes: dict[str, Outcome], notes: list[str], when: When = _CROSS,
) -> Trial:  # fmt: skip
    columns, plan = data.columns, pilot.assignment
    named, where = (
        (columns.cluster, "data.columns.cluster") if columns.cluster else (pilot.unit.cluster, "unit.cluster")
    )
    cluster = table.text(named, where)[kept] if named else None
    weights = None
    if columns.weight:
        weights = table.numbers(columns.weight, "data.columns.weight")[kept]
        if not (weights > 0).all():
            raise InputError([Problem("data.columns.weight", "a weight is missing, zero or negative.",
                                      "Each unit counts by a number above zero; leave the others out.")])  # fmt: skip
    labels = [table.text(name, "assignment.strata")[kept] for name in plan.strata]
    if columns.stratum:
        labels.append(table.text(columns.stratum, "data.columns.stratum")[kept])
    strata = codes_of(*labels) if labels else None
    others, names = covariates(table, pilot.analysis.covariates, kept, when.before)
    changing = np.stack(list(when.changing.values())) if when.changing else None
    segments = {name: table.text(name, "analysis.segments")[kept] for name in pilot.analysis.segments if name != "size"}
    clusters = codes_of(cluster) if cluster is not None else None
    drawing, wave_starts = None, None
    if plan.mechanism == "rollout" and when.starts is not None:
        wave_starts, wave = np.unique(when.starts, return_inverse=True)
        if len(wave_starts) > 1:
            drawing = drawing_as_recorded(len(wave_starts), wave, strata, clusters)
            notes.append("The file does not say how many were to start when; re-randomisation keeps the size of each wave"
                         + (" in each stratum." if strata is not None else "."))  # fmt: skip
    elif plan.mechanism != "observed":
        drawing = drawing_as_recorded(len(pilot.arms), arm, strata, clusters)
        notes.append("The file does not say how the numbers by arm came about; re-randomisation keeps them"
                     + (" in each stratum." if strata is not None else "."))  # fmt: skip
    return Trial(
        partners=ids, arms=tuple(one.name for one in pilot.arms), arm=arm, drawing=drawing, strata=strata,
        clusters=clusters,
        cluster_names=() if cluster is None else tuple(sorted({str(one) for one in cluster})), others=others,
        other_names=names, outcomes=outcomes, segments=segments, notes=tuple(notes), source=table.name,
        starts=when.starts, in_arm=when.in_arm, periods=when.periods, first_post=when.first_post, weights=weights,
        varying=changing, wave_starts=wave_starts,
        fixed=np.array([name.removesuffix(" missing") not in when.changing for name in names], dtype=bool),
    )  # fmt: skip


def drawing_as_recorded(arms: int, arm: Codes, strata: Codes | None, clusters: Codes | None) -> Drawing:
    """The drawing with the numbers by stratum and arm (or wave) that were recorded.

    Args:
        arms: How many arms, or waves, there are.
        arm: Of each unit, int64 [n].
        strata: int64 [n], or None.
        clusters: int64 [n], or None.

    Raises:
        InputError: A cluster is in two arms or two strata.
    """
    units = np.arange(len(arm)) if clusters is None else clusters
    count = int(units.max()) + 1
    unit_arm, unit_stratum = np.full(count, -1, dtype=np.int64), np.zeros(count, dtype=np.int64)
    unit_arm[units] = arm
    if (unit_arm[units] != arm).any():
        raise InputError([Problem("unit.cluster", "a cluster is in two arms, so it was not drawn as one.",
                                  "Analyse as drawn: leave the cluster out, or correct the arms.")])  # fmt: skip
    if strata is not None:
        unit_stratum[units] = strata
        if (unit_stratum[units] != strata).any():
            raise InputError([Problem("assignment.strata", "a cluster lies in two strata, so it was not drawn within one.",
                                      "Stratify by attributes of whole clusters.")])  # fmt: skip
    shares = tuple(float((unit_arm == place).mean()) for place in range(arms))
    return Drawing(unit_stratum, shares, units).as_recorded(unit_arm.astype(np.int8))


def _panel(pilot: Pilot, data: Data, table: Table) -> Trial:
    columns = data.columns
    unit = table.text(columns.partner, "data.columns.partner")
    period = table.text(columns.period, "data.columns.period")
    seen, places = distinct(unit)
    require_ids(seen, places, table)
    names, order = np.unique(np.array(seen), return_inverse=True)
    unit_codes = order[places]
    labels, period_codes = periods_of(period, f"{table.name}, column {columns.period}")
    cells = unit_codes * len(labels) + period_codes
    seen_cells = np.bincount(cells)
    if seen_cells.max() > 1:
        twice = int(np.flatnonzero(seen_cells > 1)[0])
        raise InputError([Problem(table.name, f"{names[twice // len(labels)]} has two rows for "
                                  f"{labels[twice % len(labels)]}.", "One row for each unit and period.")])  # fmt: skip
    shape = (len(names), len(labels))
    first = np.zeros(len(names), dtype=np.int64)
    first[unit_codes[::-1]] = np.arange(len(unit))[::-1]

    def known(values: Floats, empty: float = np.nan) -> Floats:
        out = np.full(shape, empty)
        out[unit_codes, period_codes] = values
        return out

    def cube(values: Floats) -> Floats:
        return known(values, 0.0 if data.no_row == "zero" else np.nan)

    starts, arm, in_arm, start = who_when(pilot, data, table, labels, unit_codes, period_codes, shape, first, names)
    kept = np.flatnonzero(arm >= 0)
    if in_arm is None and not data.columns.first_treated:
        _require_arms(pilot, arm)
    outcomes = {metric.name: _averages(metric, table, cube, start, kept) for metric in pilot.metrics}
    notes = [] if len(kept) == len(names) else [
        f"{counted(len(names) - len(kept), 'unit')} without an arm left out: {some(names[arm < 0])}."
    ]  # fmt: skip
    if not start and in_arm is None and not data.columns.first_treated:
        notes.append(f"No period lies before the start ({labels[0]}), so nothing before it is held fixed.")
    notes += _changing(pilot, data, table, names, unit_codes, first)
    there = np.zeros(shape, dtype=bool)
    there[unit_codes, period_codes] = True
    notes += _without_row(pilot, data, there[kept], arm[kept], start)
    if columns.first_treated and (starts[kept] == 0).any():
        notes.append(f"{int((starts[kept] == 0).sum())} units were treated from the first period on, so nothing is known of them "
                     "without treatment; staggered leaves them out.")  # fmt: skip
    made = _trial(
        pilot, data, table, first[kept], tuple(str(one) for one in names[kept]), arm[kept], outcomes, notes,
        When(starts[kept], None if in_arm is None else in_arm[kept], tuple(labels), start,
             changing(pilot, table, known, first, unit_codes, kept)),
    )  # fmt: skip
    return made if data.no_row == "zero" else replace(made, absent=(~there[kept][:, start:]).mean(axis=1))


def _without_row(pilot: Pilot, data: Data, there: NDArray[np.bool_], arm: Codes, start: int) -> list[str]:
    """What is said of periods in which a unit has no row: how many, in which arm, and what they count as."""
    gone = ~there
    if not gone.any():
        return []
    late = gone[:, start:]
    by_arm = ", ".join(f"{one.name} {late[arm == place].sum():,}" for place, one in enumerate(pilot.arms))
    said = f"Not in the file: {counted(int(gone.sum()), 'row')} of {gone.size:,}; {late.sum():,} from the start on ({by_arm}); "
    if data.no_row == "zero":
        return [said + "each counts as 0."]
    return [said + "averages are of the periods that are there. Where no row means that nothing was sold, write "
            "no_row: zero under data."]  # fmt: skip


def _changing(
    pilot: Pilot, data: Data, table: Table, names: NDArray[np.str_], unit: Codes, first: Codes
) -> list[str]:  # fmt: skip
    """What is said of units whose cluster, stratum or segment is not the same in all rows."""
    columns, said = data.columns, []
    named = [columns.cluster or pilot.unit.cluster, columns.stratum, *pilot.assignment.strata, *pilot.analysis.segments]
    for column in dict.fromkeys(one for one in named if one in table.columns):
        text = table.columns[column]
        moved = np.unique(unit[text != text[first][unit]])
        if len(moved):
            said.append(f"{counted(len(moved), 'unit')} with more than one {column}: {some(names[moved])}. "
                        "That of the first row is taken.")  # fmt: skip
    return said


def _averages(metric: Metric, table: Table, cube: Callable[[Floats], Floats], start: int, kept: Codes) -> Outcome:
    """A metric of a panel as averages before and in the pilot."""
    whole = cube(table.numbers(metric.of, f"metrics.{metric.name}.of"))[kept]
    whole = transformed(whole, metric, f"metrics.{metric.name}.of")
    over = cube(table.numbers(metric.over, f"metrics.{metric.name}.over"))[kept] if metric.over else None
    return Outcome(
        metric, _unit(metric), _mean(whole[:, start:]), _mean(whole[:, :start]) if start else None,
        None if over is None else _mean(over[:, start:]), None if over is None or not start else _mean(over[:, :start]),
        whole,
    )  # fmt: skip


def _mean(values: Floats) -> Floats:
    """Means of the periods that are known, float64 [n]."""
    known = np.isfinite(values)
    sums = np.where(known, values, 0.0).sum(axis=1)
    return np.asarray(np.divide(sums, known.sum(axis=1), out=np.full(len(values), np.nan), where=known.any(axis=1)))
