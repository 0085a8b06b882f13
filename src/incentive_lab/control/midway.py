"""The cost of changing a scheme in the middle of a programme year: who has already earned what."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from incentive_lab.engine.periods import PERIOD_MONTHS
from incentive_lab.engine.replay import replay
from incentive_lab.errors import InputError, Problem
from incentive_lab.history.for_schemes import panel_for
from incentive_lab.history.history import History
from incentive_lab.panel import Floats, Panel, month_label
from incentive_lab.projection.past import Past, until
from incentive_lab.scheme.baseline import Pair
from incentive_lab.scheme.document import Scheme

HALF_A_CENT = 0.5


@dataclass(frozen=True)
class Earned:
    """One partner in the programme year before the change; minor units.

    Attributes:
        partner: Id.
        settled: Paid or due under the present rules for periods that are over.
        open: Earned for the period that is not over.
        under_new: What the new rules would give for the same months.
    """

    partner: str
    settled: float
    open: float
    under_new: float

    @property
    def earned(self) -> float:
        """Settled and open."""
        return self.settled + self.open

    @property
    def difference(self) -> float:
        """The new rules less what is earned already: below zero, the partner holds more than they give."""
        return self.under_new - self.earned


@dataclass(frozen=True)
class Midway:
    """A change in the middle of a programme year. Minor units.

    Attributes:
        currency: Of all amounts.
        history_id: The history.
        year_from, changes: First month of the programme year, first month under the new rules; ISO.
        partners: Those who earned something under either, who loses most first.
        rest_months: Months left in the year that the history (or the same months a year before) covers.
        rest_from: Where they are taken from, ISO; the month of the change itself, or the one a year before.
        rest_present: What the present rules pay for them.
        rest_new: What the new rules pay for them, with what was counted before the change.
        rest_fresh: The same, where the new rules start to count anew at the change.
    """

    currency: str
    history_id: str
    year_from: str
    changes: str
    partners: tuple[Earned, ...]
    rest_months: int
    rest_from: str
    rest_present: float
    rest_new: float
    rest_fresh: float

    @property
    def settled(self) -> float:
        """Settled by the present rules."""
        return sum(one.settled for one in self.partners)

    @property
    def open(self) -> float:
        """Earned and not settled."""
        return sum(one.open for one in self.partners)

    @property
    def honoured(self) -> float:
        """What more than the new rules give it takes to leave everybody what they earned before the change."""
        return -sum(one.difference for one in self.partners if one.difference < -HALF_A_CENT)

    @property
    def topped_up(self) -> float:
        """What it takes to give everybody what the new rules would have given before the change."""
        return sum(one.difference for one in self.partners if one.difference > HALF_A_CENT)

    @property
    def holders(self) -> int:
        """Partners who hold more than the new rules give."""
        return sum(one.difference < -HALF_A_CENT for one in self.partners)


def change_midway(history: History, pair: Pair, month: int) -> Midway:
    """What a change from one scheme to another costs, if it starts in a month.

    Args:
        history: With the months before the change.
        pair: The scheme that follows, beside the one that is in effect, its baseline.
        month: Running number of the first month under the new rules.

    Raises:
        InputError: The history has no month of the programme year before the change.
    """
    new, present, panel = pair.scheme, pair.baseline, panel_for(history, *pair.schemes)
    if present is None:
        raise ValueError("a change needs what is in effect before it")
    at = month - panel.first_month
    start = at - (month - (present.year_starts - 1)) % 12
    if at <= max(0, start) or at > panel.months:
        end = month_label(panel.first_month + panel.months)
        raise InputError([Problem("month", f"{month_label(month)} has no month of its programme year before it in the "
                                  f"history, or lies after {end}.",
                                  "Name a month inside a year, not its first.")])  # fmt: skip
    begin = max(0, start)
    before = _cut(panel, at)
    was = replay(present, before, baseline=pair.baseline_floor, detail=False)
    would = replay(new, before, baseline=pair.floor, detail=False)
    done = at - (month - (present.year_starts - 1)) % PERIOD_MONTHS[present.settle]
    settled = was.total[begin : max(begin, done)].sum(axis=0)
    opened = was.total[max(begin, done) : at].sum(axis=0)
    other = would.total[begin:at].sum(axis=0)
    rows = [Earned(partner, float(settled[row]), float(opened[row]), float(other[row]))
            for row, partner in enumerate(was.panel.partner_ids) if settled[row] or opened[row] or other[row]]  # fmt: skip
    rows.sort(key=lambda one: (one.difference, one.partner))
    first, last = _rest(at, start, panel.months)
    rest_present = _paid(present, panel, pair.baseline_floor, first, last)
    rest_new = _paid(new, panel, pair.floor, first, last)
    fresh = replay(new, _from(panel, first), baseline=pair.floor, detail=False).total[: last - first].sum()
    return Midway(
        present.currency, history.history_id, month_label(panel.first_month + begin), month_label(month), tuple(rows),
        last - first, month_label(panel.first_month + first), rest_present, rest_new, float(fresh),
    )  # fmt: skip


def _rest(at: int, start: int, months: int) -> tuple[int, int]:
    """Months from the change to the year's end; those a year before where the history ends too early."""
    first, last = at, start + 12
    if last > months and at >= 12:
        first, last = first - 12, last - 12
    return first, max(first, min(last, months))


def _paid(scheme: Scheme, panel: Panel, floor: Scheme | None, first: int, last: int) -> float:
    """Minor units that a scheme pays for these months of the whole history up to their end."""
    if last == first:
        return 0.0
    total: Floats = replay(scheme, _cut(panel, last), baseline=floor, detail=False).total
    return float(total[first:last].sum())


def _cut(panel: Panel, months: int) -> Panel:
    """The panel as it was known after so many months."""
    return until(Past(panel, {}, {}, False), months).panel


def _from(panel: Panel, first: int) -> Panel:
    """The panel without what happened before a month: its calendar stays, its counts begin at nothing."""
    columns = {name: values[:, first:] for name, values in panel.columns.items()}
    deals = {
        grain: replace(table, partner=table.partner[keep], month=table.month[keep] - np.int32(first), day=table.day[keep],
                       deal_id=table.deal_id[keep], line=table.line[keep],
                       values={name: values[keep] for name, values in table.values.items()})
        for grain, table in panel.deals.items() for keep in [table.month >= first]
    }  # fmt: skip
    returns = panel.returns
    if returns is not None:
        keep = returns.month >= first
        returns = replace(returns, partner=returns.partner[keep], month=returns.month[keep] - np.int32(first),
                          sold_month=returns.sold_month[keep] - np.int32(first), deal_id=returns.deal_id[keep],
                          line=returns.line[keep], term_months=returns.term_months[keep],
                          values={name: values[keep] for name, values in returns.values.items()})  # fmt: skip
    return replace(panel, first_month=panel.first_month + first, months=panel.months - first, columns=columns,
                   deals=deals, returns=returns, joined=panel.joined - np.int32(first),
                   targets=tuple(replace(one, first_month=one.first_month - first) for one in panel.targets))  # fmt: skip
