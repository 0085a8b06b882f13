"""Deals that come back, laid out for the lanes of a block."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from incentive_lab.engine.compile import Compiled
from incentive_lab.panel import Floats
from incentive_lab.projection.lane_deals import lay_returns
from incentive_lab.projection.planning import at_price
from incentive_lab.projection.streams import Rows
from incentive_lab.scheme.lookup import unit_of

if TYPE_CHECKING:
    from incentive_lab.projection.dealing import Deals
    from incentive_lab.projection.paying import Payer
    from incentive_lab.projection.space import Space

NO_DEALS = np.zeros((0, 0), dtype=np.int64)


class Returned:
    """What `lay_returns` writes for some lanes."""

    def __init__(self, lanes: int, months: int, names: int) -> None:
        """Make room, for a return a lane at first."""
        self.first, self.filled = np.zeros(lanes * (months + 1), dtype=np.int64), np.zeros(1, dtype=np.int64)
        self.names = names
        self.hold(lanes)

    def hold(self, many: int) -> None:
        """Make room for so many returns."""
        self.keys, self.entry = np.zeros(many, dtype=np.int64), np.zeros(many, dtype=np.int64)
        self.rows, self.values = np.zeros((4, many), dtype=np.int64), np.zeros((self.names, many))


class Back:
    """Deals that come back: those of history, and when and how much of each item that may be drawn."""

    def __init__(self, payer: Payer, compiled: Compiled, partners: Rows, deals: Deals | None) -> None:
        """Gather them; `deals` are those that rules pay one by one."""
        model, names = payer.model, compiled.columns.returns
        self.past, self.horizon = payer.past, payer.horizon
        items = [len(one.pool) for one in model.streams.values()]
        self.item_first = np.cumsum([0, *items])[:-1].astype(np.int64)
        self.lag, self.term = np.full(sum(items), -1, dtype=np.int64), np.zeros(sum(items), dtype=np.int64)
        self.values = np.zeros((len(names), sum(items)))
        self.money = np.array([unit_of(name, model.past.leaves) == "money" for name in names], dtype=np.bool_)
        for first, (name, many) in zip(self.item_first, zip(model.streams, items, strict=True), strict=True):
            back = model.comebacks.get(name)
            if back is not None:
                mine = slice(first, first + many)
                self.lag[mine], self.term[mine] = back.lag, back.term
                self.values[:, mine] = np.array([back.values[one] for one in names]).reshape(len(names), many)
        self.priced: tuple[float, Floats] | None = None
        table = payer.panel.returns
        assert table is not None
        # A return waits at most a year for the posting month of its rule.
        earliest = min(payer.begin, self.past - 12)
        keep = np.flatnonzero(np.isin(table.partner, partners) & (table.month >= earliest) & (table.month < self.past))
        keep = keep[np.lexsort((table.sold_month[keep], table.month[keep], table.partner[keep]))]
        place = np.searchsorted(partners, table.partner[keep])
        self.old_first = np.searchsorted(place, np.arange(len(partners) + 1)).astype(np.int64)
        self.old = np.stack([table.month[keep], table.sold_month[keep], table.term_months[keep]]).astype(np.int64)
        self.old_values = np.array([table.values[one][keep] for one in names]).reshape(len(names), len(keep))
        self.old_deals = NO_DEALS
        if deals is not None:
            self.old_deals = np.array([
                [deals.place_of(grain, int(who), int(sold), table.deal_id[row], table.line[row])
                 for who, sold, row in zip(place, self.old[1], keep, strict=True)] for grain in range(2)
            ], dtype=np.int64).reshape(2, len(keep))  # fmt: skip

    def _at(self, price: float) -> Floats:
        """What items give back at the prices supposed: what was sold dearer comes back dearer."""
        if self.priced is None or self.priced[0] != price:
            self.priced = price, np.where(self.money[:, None], at_price(self.values, price), self.values)
        return self.priced[1]

    def lay(self, items: Rows, price: float, low: int, mine: Rows, rows: Rows, count: int, room: Space, begun: Rows = NO_DEALS,
            placed: Rows = NO_DEALS) -> tuple[Rows, Rows, Floats]:  # fmt: skip
        """`first` of every lane and month, `returned` and `return_values` of some partners; see `Deals.lay` for what is given."""
        space = room.returned(self, len(mine) * count)
        while True:
            lay_returns(
                mine, rows, low, count, self.past, self.horizon, items, self.item_first, self.lag, self.term, self._at(price),
                self.money, self.old_first, self.old, self.old_values, space.keys, space.rows, space.values, space.entry,
                space.first, space.filled, begun, placed, self.old_deals,
            )  # fmt: skip
            if space.filled[0] <= len(space.keys):
                return space.first, space.rows, space.values
            space.hold(2 * int(space.filled[0]))
