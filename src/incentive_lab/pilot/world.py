"""A pilot on a history: its months, its measures, and what was planted for a rehearsal."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.history import History
from incentive_lab.money import decimals
from incentive_lab.panel import Floats, Panel, month_index, month_label
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.drawing import Codes
from incentive_lab.scheme.lookup import leaves_of, measure_named, unit_of
from incentive_lab.scheme.measures import CATALOGUE, Measure


@dataclass(frozen=True, eq=False)
class World:
    """What a pilot needs of a history.

    Attributes:
        pilot: The plan.
        panel: Leaf measures by partner and month.
        leaves: Leaf name -> measure.
        start: Column of the panel at which the pilot starts (may be its end, for a pilot to come).
        stop: Column after its last month that the history has.
        before: Columns before it that the analysis uses.
        complete: Whether the history reaches the pilot's end.
    """

    pilot: Pilot
    panel: Panel
    leaves: Mapping[str, Measure]
    start: int
    stop: int
    before: slice
    complete: bool

    @property
    def months(self) -> int:
        """Months of the pilot that the history has."""
        return self.stop - self.start

    def unit(self, name: str) -> str:
        """Unit of a measure."""
        return unit_of(name, self.pilot.measures)

    def values(self, name: str) -> Floats:
        """A measure by partner and month in whole units (money in currency units), float64 [partners, months].

        For a measure that is made of others the parts are added; a ratio has no monthly value here.
        """
        measure = measure_named(name, self.pilot.measures)
        if measure.plus:
            total = sum(
                (self.values(part) for part in measure.plus), np.zeros((self.panel.partners, self.panel.months))
            )
            return np.asarray(total - sum((self.values(part) for part in measure.minus), np.zeros_like(total)))
        column = self.panel.columns[name]
        if measure.is_level:
            return column
        return np.asarray(column / (10 ** decimals(self.panel.currency) if self.unit(name) == "money" else 1_000_000))

    def is_level(self, name: str) -> bool:
        """Whether a measure is a value that holds rather than something that adds up."""
        return measure_named(name, self.pilot.measures).is_level

    def parts(self, name: str, over: str) -> tuple[str, str]:
        """Numerator and denominator of a metric; no denominator for one that is not a ratio."""
        measure = measure_named(name, self.pilot.measures)
        return measure.ratio if measure.ratio is not None else (name, over)

    def mean(self, name: str, months: slice) -> Floats:
        """Average per month, float64 [partners]; for a level the mean of the months that have one, nan without."""
        values = self.values(name)[:, months]
        if not self.is_level(name):
            return np.asarray(values.mean(axis=1))
        known = np.isfinite(values)
        sums = np.where(known, values, 0.0).sum(axis=1)
        return np.asarray(np.divide(sums, known.sum(axis=1), out=np.full(len(values), np.nan), where=known.any(axis=1)))


def world(pilot: Pilot, history: History, *, design: bool = False) -> World:
    """The measures and months that a plan asks of a history.

    Args:
        pilot: A checked plan with dates.
        history: An open history.
        design: The pilot may lie ahead: months before it are enough.

    Raises:
        InputError: A metric is unknown, or the history does not reach the pilot.
    """
    assert pilot.dates is not None
    names = measures_of(pilot)
    known = {*CATALOGUE, *pilot.measures}
    problems = [
        Problem(where, f"there is no measure '{name}'.", did_you_mean(name, known))
        for where, name in names.items() if name not in known
    ]  # fmt: skip
    if problems:
        raise InputError(problems)
    leaves = {
        leaf: measure_named(leaf, pilot.measures) for name in names.values() for leaf in leaves_of(name, pilot.measures)
    }
    panel = history.panel(leaves)
    year, month = (int(part) for part in pilot.dates.start.split("-")[:2])
    start = month_index(year, month) - panel.first_month
    stop = min(start + int(pilot.dates.months), panel.months)
    first, last = panel.labels()[0], panel.labels()[-1]
    if start < 1:
        raise InputError([Problem("dates.start", f"the pilot starts in {month_label(panel.first_month + start)}, the history "
                                  f"begins in {first}; at least one month before the start is needed.",
                                  "Give a later start, or more history.")])  # fmt: skip
    if start >= panel.months:
        if not design:
            raise InputError([Problem("dates.start", f"the pilot starts in {month_label(panel.first_month + start)}, the "
                                      f"history ends in {last}; there is nothing to read yet.",
                                      "Load a history that reaches into the pilot.")])  # fmt: skip
        start = stop = panel.months
    before = slice(max(0, start - int(pilot.dates.pre_months)), start)
    return World(pilot, panel, leaves, start, stop, before, start + int(pilot.dates.months) <= panel.months)


def measures_of(pilot: Pilot) -> dict[str, str]:
    """Where a plan names measures of the history, and which."""
    named = {}
    for metric in pilot.metrics:
        named[f"metrics.{metric.name}.of"] = metric.of
        if metric.over:
            named[f"metrics.{metric.name}.over"] = metric.over
    for place, name in enumerate(pilot.analysis.covariates):
        if name in CATALOGUE or name in pilot.measures:
            named[f"analysis.covariates.{place}"] = name
    again = pilot.assignment.rerandomise
    for place, name in enumerate(again.on if again else ()):
        if name in CATALOGUE or name in pilot.measures:
            named[f"assignment.rerandomise.on.{place}"] = name
    if pilot.value is not None:
        named["value"] = pilot.value.revenue or pilot.value.margin
    return named


def planted(panel: Panel, leaves: Mapping[str, Measure], in_arm: Floats, lift: float) -> Panel:
    """The panel with a lift on the money of the treated's deals, in whole minor units; for rehearsals.

    Args:
        panel: A history.
        leaves: Leaf name -> measure; money of deals is lifted.
        in_arm: 1 where the lift holds, float64 [partners, months].
        lift: Relative change.
    """
    lifted = {
        name for name, measure in leaves.items()
        if name in panel.columns and measure.table == "deals" and unit_of(name, leaves) == "money"
    }  # fmt: skip
    factor = 1 + lift * in_arm
    columns = {name: np.rint(values * factor) if name in lifted else values for name, values in panel.columns.items()}
    deals = {}
    for grain, table in panel.deals.items():
        inside = (table.month >= 0) & (table.month < panel.months)
        own = np.where(inside, factor[table.partner, np.clip(table.month, 0, panel.months - 1)], 1.0)
        values = {name: np.rint(one * own) if name in lifted else one for name, one in table.values.items()}
        deals[grain] = replace(table, values=values)
    return replace(panel, columns=columns, deals=deals)


def rows_of(panel: Panel, ids: Iterable[str]) -> Codes:
    """Rows of partners by id, -1 for those that are not there, int64 [n]."""
    place = {one: row for row, one in enumerate(panel.partner_ids)}
    return np.array([place.get(one, -1) for one in ids], dtype=np.int64)
