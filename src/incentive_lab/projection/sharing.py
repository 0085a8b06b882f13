"""What a scheme looks at of all partners of a scenario at once: totals of groups, and contests."""

from __future__ import annotations

from typing import TYPE_CHECKING
from weakref import proxy

import numpy as np

from incentive_lab.engine.blocks import group_keys, month_column
from incentive_lab.engine.columns import ColumnBook, leaf_name, once_in
from incentive_lab.engine.contests import Contest, contest_of, prizes_won
from incentive_lab.panel import Floats
from incentive_lab.projection.lanes import add_groups
from incentive_lab.projection.spans import Common, DrawnRows, Ground
from incentive_lab.projection.streams import Rows
from incentive_lab.projection.world import Drawn
from incentive_lab.scheme.lookup import measure_named
from incentive_lab.scheme.rules import Who

if TYPE_CHECKING:
    from incentive_lab.projection.model import Model
    from incentive_lab.projection.paying import Payer
    from incentive_lab.projection.space import Space

NOBODY = Common(np.zeros((0, 0, 0)), np.zeros((0, 0), dtype=np.int64), np.zeros((0, 0)))
"""Of a scheme under which every partner stands alone."""


class Groups:
    """The columns of a compiled scheme that stand for whole groups.

    Attributes:
        shared: [slots] which of the totals a slot of a month takes, -1 none.
    """

    def __init__(self, payer: Payer, columns: ColumnBook) -> None:
        """Find them, and who belongs to which group."""
        self.shared = np.full(len(columns.months), -1, dtype=np.int64)
        members: list[Rows] = []
        for slot, column in enumerate(columns.months):
            if column.total_of:
                self.shared[slot] = len(members)
                keys = group_keys(payer.panel, payer.scheme, column.total_of).astype(str)
                members.append(np.unique(keys, return_inverse=True)[1].astype(np.int64))
        self.group = np.array(members, dtype=np.int64).reshape(len(members), payer.panel.partners)
        self.most = int(self.group.max(initial=-1)) + 1

    def totals(self, drawn: Drawn, rows: DrawnRows, ground: Ground, room: Space) -> Floats:
        """[totals, horizon, groups x scenarios] of a block that holds all partners."""
        if not len(self.group):
            return NOBODY.totals
        out = room.totals_of(self, (len(self.group), drawn.values.shape[1], self.most * drawn.count))
        for slot in np.flatnonzero(self.shared >= 0).tolist():
            common = Common(out, self.group, NOBODY.prizes)
            add_groups(slot, self.shared[slot], drawn.high, drawn.count, rows, ground, common)
        return out


class Contests:
    """The award rules of a scheme: prizes of history, and those of a block that holds all partners.

    Attributes:
        before: [awards, months, partners] cents of periods that end in history.
        rows: [prizes] award x months + posting month of those that end in the horizon.
    """

    def __init__(self, payer: Payer) -> None:
        """Rank the partners of history."""
        scheme, panel = payer.scheme, payer.panel
        self.payer, self.past = proxy(payer), payer.past  # a payer is let go once nobody asks for it
        self.rules = [rule for rule in scheme.rules if rule.award]
        self.asked = [contest_of(scheme, rule, panel) for rule in self.rules]
        self.values = [month_column(panel, one.column, scheme) for one in self.asked]
        self.before = np.zeros((len(self.rules), payer.months, panel.partners))
        rows: list[int] = []
        for place, (contest, values) in enumerate(zip(self.asked, self.values, strict=True)):
            for first, last in contest.periods:
                if last >= self.past:
                    rows.append(place * payer.months + last)
                    continue
                able = self._able(place, contest, last, panel.joined[:, None].astype(np.int64))[:, 0]
                for partner, cents in prizes_won(contest, values[:, first : last + 1].sum(axis=1), able).items():
                    self.before[place, last, partner] += cents
        self.rows = np.array(rows, dtype=np.int64)
        self.leaves = [_leaves_of(payer, one) for one in self.asked]

    def _able(
        self, place: int, contest: Contest, month: int, joined: Rows
    ) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
        """[partners, scenarios] who may win; `joined` [partners, scenarios] or [partners, 1]."""
        able = np.repeat(contest.who[: len(joined), None], joined.shape[1], axis=1)
        for who in (self.payer.scheme.eligible, self.rules[place].who):
            able &= _long_enough(who, month, joined)
        return able

    def prizes(self, drawn: Drawn) -> Floats:
        """[prizes, lanes] cents of a block that holds all partners; no rows without a contest."""
        if not self.rules:
            return NOBODY.prizes
        payer, count, rows = self.payer, drawn.count, drawn.high
        out = np.zeros((len(self.rows), len(drawn.begin)))
        joined, known = np.repeat(payer.panel.joined[:rows, None].astype(np.int64), count, axis=1), payer.model.known
        joined[known:] = self.past + drawn.begin.reshape(rows, count)[known:]
        at = 0
        for place, (contest, values) in enumerate(zip(self.asked, self.values, strict=True)):
            ahead = sum(times * drawn.leaf(leaf) for leaf, times in self.leaves[place])
            for first, last in contest.periods:
                if last < self.past:
                    continue
                reached = np.repeat(values[:rows, first : self.past].sum(axis=1)[:, None], count, axis=1)
                reached += (
                    np.asarray(ahead)[max(0, first - self.past) : last + 1 - self.past].sum(axis=0).reshape(rows, count)
                )
                able = self._able(place, contest, last, joined)
                into = out[at].reshape(rows, count)
                for s in range(count):
                    for partner, cents in prizes_won(contest, np.ascontiguousarray(reached[:, s]), able[:, s]).items():
                        into[partner, s] += cents
                at += 1
        return out


def _long_enough(who: Who, month: int, joined: Rows) -> np.ndarray[tuple[int, int], np.dtype[np.bool_]]:
    """As `tenure_mask`, where partners join in another month of each scenario."""
    asked = who.months_since_joining
    if asked is None:
        return np.ones(joined.shape, dtype=np.bool_)
    since = month - joined
    inside = (joined > -1000) & (since >= max(0, asked.at_least or 0))
    return np.asarray(inside if asked.below is None else inside & (since < asked.below))


def _leaves_of(payer: Payer, contest: Contest) -> list[tuple[int, float]]:
    column, scheme = contest.column, payer.scheme
    book = ColumnBook(scheme.measures, group=scheme.group)
    found = leaves_added(book, column.measure, column.credit, column.restated, payer.model, column.total_of)
    return [(int(leaf), float(found[leaf])) for leaf in np.flatnonzero(found)]


def leaves_added(columns: ColumnBook, name: str, credit: str, restated: bool, model: Model, total_of: str) -> Floats:
    """[leaves of the model] how often each is added for a measure in one of its forms."""
    measure = measure_named(name, columns.own)
    out = np.zeros(len(model.leaves))
    if measure.leaf:
        leaf = leaf_name(name, measure, credit, restated, once_in(columns.group, total_of))
        out[model.leaves.index(leaf)] = 1.0
        return out
    for sign, names in ((1.0, measure.plus), (-1.0, measure.minus)):
        for part in names:
            out += sign * leaves_added(columns, part, credit, restated, model, total_of)
    return out
