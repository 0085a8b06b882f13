"""Deals laid out for lanes, for rules that pay deal by deal."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

import numpy as np
from numpy.typing import NDArray

from incentive_lab.engine.blocks import deal_values_of
from incentive_lab.engine.columns import DealColumn, leaf_name, once_in
from incentive_lab.engine.compile import Compiled
from incentive_lab.panel import Floats
from incentive_lab.projection.lane_deals import sorted_deals
from incentive_lab.projection.planning import priced
from incentive_lab.projection.streams import Rows
from incentive_lab.scheme.lookup import measure_named, unit_of

if TYPE_CHECKING:
    from incentive_lab.projection.model import Model
    from incentive_lab.projection.paying import Payer

GRAINS = ("deal", "line")
Cells = NDArray[np.int32]


class Items(NamedTuple):
    """What whole items of the pools add to the deal columns of one grain.

    Attributes:
        used: [streams] whether the stream's items are deals of this grain.
        first: [streams] place of each stream's first item.
        term_first: [columns + 1] the first of the terms of each column.
        terms: [terms, items] leaves that are added; sign, money: [terms] how often, and whether in money.
    """

    used: NDArray[np.bool_]
    first: Rows
    term_first: Rows
    terms: Floats
    sign: Floats
    money: NDArray[np.bool_]


class Old(NamedTuple):
    """Deals of history of one grain by partner, in order; n partners.

    Attributes:
        first: [n + 1] the first deal of each partner.
        month: [deals].
        values: [columns, deals].
        number: [deals] tells apart the deals that lines belong to.
    """

    first: Rows
    month: Rows
    values: Floats
    number: Floats


class DealRows:
    """What `sorted_deals` writes for some lanes, kept between blocks."""

    def __init__(self, columns: int, rates: int, paid: int) -> None:
        """Make room for so many columns of deals, and rows of what each earns and is paid."""
        self.columns, self.rate_rows, self.paid_rows = columns, rates, paid
        self.filled = np.zeros(2, dtype=np.int64)
        self.hold(1024)

    def hold(self, many: int) -> None:
        """Make room for so many deals."""
        self.values = np.zeros((self.columns + 1, many))
        self.cells = np.zeros((2, many), dtype=np.int32)
        self.keys, self.entry = np.zeros(many, dtype=np.int64), np.zeros(many, dtype=np.int64)
        self.rates, self.paid = np.zeros((self.rate_rows, many)), np.zeros((self.paid_rows, many))

    def clear(self) -> None:
        """Nothing is earned yet."""
        many = int(self.filled.max())
        self.rates[:, :many] = 0.0
        self.paid[:, :many] = 0.0

    def of(self, grain: int) -> Cells:
        """Where the deals of a grain are, month x lanes + lane."""
        return self.cells[grain, : self.filled[grain]]


class Deals:
    """Deals of history, and what each item that may be drawn adds to the deal columns of a compiled scheme."""

    def __init__(self, payer: Payer, compiled: Compiled, partners: Rows) -> None:
        """Gather those of history.

        Args:
            payer: Whose panel and model it is.
            compiled: The scheme or variant.
            partners: Rows of the panel that it pays, ascending.
        """
        self.past, self.columns, self.model = payer.past, tuple(compiled.columns.deals), payer.model
        self.own, self.once = compiled.scheme.measures, once_in(compiled.columns.group, "")
        self.slots = [np.array([slot for slot, one in enumerate(self.columns) if one.grain == grain], dtype=np.int64)
                      for grain in GRAINS]  # fmt: skip
        self.priced: tuple[float, list[Items]] | None = None
        self.old: list[Old] = []
        self.ids: list[dict[tuple[int, int, object, object], int]] = []
        for grain, slots in zip(GRAINS, self.slots, strict=True):
            table = payer.panel.deals.get(grain)
            if table is None or not len(slots):
                self.old.append(Old(np.zeros(len(partners) + 1, dtype=np.int64), np.zeros(0, dtype=np.int64),
                                    np.zeros((len(slots), 0)), np.zeros(0)))  # fmt: skip
                self.ids.append({})
                continue
            keep = np.flatnonzero(np.isin(table.partner, partners) & (table.month < self.past))
            place = np.searchsorted(partners, table.partner[keep])
            first = np.searchsorted(place, np.arange(len(partners) + 1)).astype(np.int64)
            values = np.stack([deal_values_of(table, self.columns[slot], self.own, self.once)[keep] for slot in slots])
            ids = table.deal_id[keep]
            apart = np.cumsum(np.r_[True, ids[1:] != ids[:-1]]) if len(keep) else np.zeros(0)
            # Numbers of drawn deals go up from 0, these go down.
            self.old.append(Old(first, table.month[keep].astype(np.int64), values, -apart.astype(np.float64)))
            lines = table.line[keep] if grain == "line" else np.full(len(keep), None, dtype=object)
            known: dict[tuple[int, int, object, object], int] = {}
            for row, key in enumerate(zip(place.tolist(), table.month[keep].tolist(), ids, lines, strict=True)):
                known.setdefault(key, row - int(first[key[0]]))
            self.ids.append(known)

    def place_of(self, grain: int, partner: int, sold: int, deal: object, line: object) -> int:
        """Which deal of a partner's history this is, -1 if it is not there."""
        return self.ids[grain].get((partner, sold, deal, line if grain else None), -1)

    def items(self, price: float) -> list[Items]:
        """What items add at the prices supposed, by grain."""
        if self.priced is None or self.priced[0] != price:
            self.priced = price, [_items(self.model, [self.columns[slot] for slot in slots], self, price)
                                  for slots in self.slots]  # fmt: skip
        return self.priced[1]

    def lay(self, drawn: Rows, price: float, mine: Rows, rows: Rows, low: int, count: int, months: int, room: DealRows,
            begun: Rows, placed: Rows) -> None:  # fmt: skip
        """Lay out the deals of some partners.

        Args:
            drawn: [n, E_COLUMNS] items of these partners.
            price: Change of the amounts of deals that is supposed.
            mine: [n] places in the block; rows: [n] columns of the ground.
            low: Place in the block of the first partner that `drawn` may tell of.
            count: Scenarios.
            months: Of history and horizon.
            room: What is written.
            begun: Output [2, lanes] first deal of each lane; placed: output [2, drawn items] the deal that each became, or -1.
        """
        items, grain = self.items(price), 0
        while grain < len(GRAINS):
            sorted_deals(
                mine, rows, low, count, self.past, months, drawn, items[grain], self.old[grain], self.slots[grain],
                len(room.values) - 1, room.keys, room.entry, room.values, room.cells[grain], begun[grain], placed[grain],
                grain, room.filled,
            )  # fmt: skip
            if room.filled[grain] > len(room.keys):
                room.hold(2 * int(room.filled[grain]))
                grain = 0
                continue
            grain += 1
        room.clear()


def _items(model: Model, columns: list[DealColumn], deals: Deals, price: float) -> Items:
    sizes = [len(one.pool) for one in model.streams.values()]
    first = np.cumsum([0, *sizes])[:-1].astype(np.int64)
    terms: list[Floats] = []
    signs: list[float] = []
    money: list[bool] = []
    used = np.zeros(len(sizes), dtype=np.bool_)
    term_first = [0]
    for column in columns:
        for sign, leaf in _terms(column, column.measure, 1.0, deals):
            values = np.zeros(sum(sizes))
            for place, (name, stream) in enumerate(model.streams.items()):
                if model.stream_of.get(leaf) != name or not sizes[place]:
                    continue
                used[place] = True
                at = [model.leaves[slot] for slot in stream.slots].index(leaf)
                values[first[place] : first[place] + sizes[place]] = priced(model, stream, price)[:, at]
            terms.append(values)
            signs.append(sign)
            money.append(unit_of(leaf, model.past.leaves) == "money")
        term_first.append(len(terms))
    return Items(
        used, first, np.array(term_first, dtype=np.int64), np.array(terms).reshape(len(terms), sum(sizes)),
        np.array(signs, dtype=np.float64), np.array(money, dtype=np.bool_),
    )  # fmt: skip


def _terms(column: DealColumn, name: str, sign: float, deals: Deals) -> list[tuple[float, str]]:
    """The leaves of a deal column, and how often each is added."""
    measure = measure_named(name, deals.own)
    if measure.leaf:
        return [(sign, leaf_name(name, measure, column.credit, column.restated, deals.once))]
    added = [term for part in measure.plus for term in _terms(column, part, sign, deals)]
    return added + [term for part in measure.minus for term in _terms(column, part, -sign, deals)]
