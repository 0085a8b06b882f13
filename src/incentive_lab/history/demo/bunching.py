"""A few partners pull deals forward over a quarter's border when that lifts them to their target."""

from __future__ import annotations

import numpy as np

from incentive_lab.history.demo.deals import Deals
from incentive_lab.history.demo.makeup import STATUS_WON
from incentive_lab.history.demo.partners import Traits
from incentive_lab.history.demo.plan import Ints, Plan, quarter_of, quarter_start

_REACH_DAYS = 45  # how far into the next quarter a deal may lie
_LAST_DAYS = 5


def pull_forward(plan: Plan, traits: Traits, deals: Deals, targets: Ints) -> Ints:
    """Moves closing days in place; returns the rows of the moved deals, in order."""
    moved: list[int] = []
    won = np.flatnonzero(deals.status == STATUS_WON)
    bounds = np.searchsorted(deals.owner[won], np.arange(len(traits.number) + 1))
    for owner in np.flatnonzero(traits.bunches & traits.active):
        rows = won[bounds[owner] : bounds[owner + 1]]
        for quarter in range(plan.quarters - 1):
            moved += _reach(plan, deals, rows, quarter, int(targets[owner, quarter]))
    _settle(deals, np.array(moved, np.int64))
    return np.array(sorted(moved), np.int64)


def _reach(plan: Plan, deals: Deals, rows: Ints, quarter: int, target: int) -> list[int]:
    """Rows pulled into one quarter: the fewest, earliest first, that reach its target; none if they cannot."""
    closed = deals.closed[rows]
    when = quarter_of(closed) - plan.first_quarter
    revenue = int(deals.amount[rows[when == quarter]].sum())
    border = int(quarter_start(np.array([plan.first_quarter + quarter + 1]))[0])
    near = (when == quarter + 1) & (closed < border + _REACH_DAYS) & (deals.created[rows] < border - _LAST_DAYS)
    order = rows[near][np.argsort(closed[near], kind="stable")]
    if not 0 < revenue < target or not len(order):
        return []
    reached = np.flatnonzero(revenue + np.cumsum(deals.amount[order]) >= target)
    if not len(reached):
        return []
    pulled = order[: reached[0] + 1]
    deals.closed[pulled] = border - 1 - pulled % _LAST_DAYS
    return [int(row) for row in pulled]


def _settle(deals: Deals, rows: Ints) -> None:
    """Brings the other days of moved deals in line with their new closing day."""
    closed = deals.closed[rows]
    deals.recorded[rows] = closed
    for days in (deals.qualified, deals.registered):
        days[rows] = np.where(days[rows] < 0, days[rows], np.minimum(days[rows], closed))
