"""One compiled scheme or variant: its months of history paid once, then blocks of scenarios from there on."""

from __future__ import annotations

from contextlib import nullcontext
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import proxy

import numpy as np

from incentive_lab.engine import compiling_once
from incentive_lab.engine import ops as o
from incentive_lab.engine.blocks import aligned, blocks
from incentive_lab.engine.columns import ColumnBook, leaf_name, once_in
from incentive_lab.engine.compile import Compiled
from incentive_lab.engine.kernel import run_block
from incentive_lab.engine.program import SPECIAL_LINES, Block
from incentive_lab.engine.variants import Part
from incentive_lab.panel import Floats
from incentive_lab.projection.lanes import lay_floor, lay_joining, lay_levels, lay_returns, lay_sums, spread
from incentive_lab.projection.model import Model
from incentive_lab.projection.newcomers import Targets
from incentive_lab.projection.reading import reads_of, state_of
from incentive_lab.projection.streams import Rows
from incentive_lab.projection.world import Drawn
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.lookup import measure_named, unit_of

if TYPE_CHECKING:
    from incentive_lab.projection.paying import Payer

_NO_DEALS = np.zeros(0, dtype=np.int32)
_NOTHING, _NO_TRACE = np.zeros((0, 0, 0)), np.zeros((0, 0, 0, 0))


class Laid:
    """One compiled scheme or variant, paid up to the horizon.

    Attributes:
        partners: Panel rows it pays, ascending.
        total: [past, partners] what was paid before `begin`, cents; zeros from there on.
        start_tier: [partners] level in the last month before the horizon, as far as history decides it.
    """

    def __init__(self, payer: Payer, compiled: Compiled, part: Part, floor: Floats | None) -> None:
        """Pay the months of history.

        Args:
            payer: What it is part of.
            compiled: The scheme or variant.
            part: Whom it pays.
            floor: [months, partners of the panel] cents that the baseline pays in history.
        """
        self.payer, self.compiled, self.partners, self.begin = proxy(payer), compiled, part.partners, payer.begin
        self.guarded = floor is not None
        self.slots, self.level_slots = len(compiled.columns.months), len(compiled.columns.levels)
        past, months, program = payer.past, payer.months, compiled.program
        made = blocks(compiled, payer.panel, part.partners, np.zeros((0, months, payer.panel.partners)), floor)
        reads = reads_of(program, self.begin, months)
        self.total, self.start_tier = np.zeros((past, len(part.partners))), np.zeros(len(part.partners), dtype=np.int64)
        self.lines = len(compiled.rule_ids) + len(SPECIAL_LINES)
        # Totals that history decides: all that are read of it, and where scenarios go on from.
        self.sum_rows = np.array(sorted({row for row in reads.sums if row < past * self.slots}
                                        | {past * self.slots + slot for slot in range(self.slots)}), dtype=np.int64)  # fmt: skip
        self.wanted = np.zeros((payer.horizon + 1, max(1, self.slots)), dtype=np.bool_)
        for row in reads.sums:
            if row >= past * self.slots:
                self.wanted[row // self.slots - past, row % self.slots] = True
        self.level_rows = np.array([row for row in reads.levels if row < past * self.level_slots], dtype=np.int64)
        self.floor_row = made[0].fixed.shape[0] - months - 1
        before = range(self.floor_row, self.floor_row + self.begin + 1 if self.guarded else self.floor_row)
        self.fixed_rows = np.array(sorted({row for row in reads.fixed if not self.guarded or row <= self.floor_row + self.begin}
                                          | set(before)), dtype=np.int64)  # fmt: skip
        self.state_rows = np.array([o.CURRENT, o.MISSED, *range(o.FIXED_ROWS, program.setup[o.Y_ROWS])], dtype=np.int64)
        self.known = {
            "sums": np.hstack([block.sums[self.sum_rows] for block in made]),
            "levels": np.hstack([block.levels[self.level_rows] for block in made]),
            "fixed": np.hstack([block.fixed[self.fixed_rows] for block in made]),
            "state": np.hstack(self._walked(program, made)),
        }
        # Most rows hold the same for everybody (who is eligible): they are laid out once.
        self.targets = Targets(payer, compiled, self.partners, self.fixed_rows)
        same = (self.known["fixed"] == self.known["fixed"][:, :1]).all(axis=1) & (self.fixed_rows > 0)
        same &= ~np.isin(self.fixed_rows, self.targets.rows)
        if self.guarded:
            same &= self.fixed_rows < self.floor_row
        self.everybody = self.fixed_rows[same], np.ascontiguousarray(self.known["fixed"][same])
        self.fixed_rows, self.known["fixed"] = self.fixed_rows[~same], np.ascontiguousarray(self.known["fixed"][~same])
        self.checked, self.lock = False, Lock()
        self.rows_of = {"fixed": made[0].fixed.shape[0], "work": int(program.setup[o.Y_ROWS])}
        leaves = [_leaves(compiled.columns, one.measure, one.credit, one.restated, payer.model)
                  for one in compiled.columns.months]  # fmt: skip
        chosen = [np.flatnonzero(row) for row in leaves]
        self.leaf_first = np.cumsum([0, *(len(one) for one in chosen)]).astype(np.int64)
        self.leaves = np.concatenate([np.zeros(0, dtype=np.int64), *chosen]).astype(np.int64)
        self.times = np.concatenate([np.zeros(0), *(row[one] for row, one in zip(leaves, chosen, strict=True))])
        names = list(payer.model.levels)
        self.names = np.array([names.index(name) if name in names else -1 for name in compiled.columns.levels],
                              dtype=np.int64)  # fmt: skip
        self.back = Back(payer, compiled, self.partners) if compiled.columns.returns else None

    def _walked(self, program: Any, made: list[Block]) -> list[Floats]:
        """The state of each block of partners after the months before `begin`."""
        months, at, states = self.payer.months, 0, []
        for block in made:
            lanes = block.fixed.shape[1]
            work, paid = aligned(int(program.setup[o.Y_ROWS]), lanes), np.zeros((program.setup[o.Y_PAID], 0))
            tiers, total = np.zeros((months, lanes), dtype=np.uint8), np.zeros((months, lanes))
            work[:] = 0.0
            with compiling_once():
                run_block(program, block, tiers, total, np.zeros((self.lines, lanes)), np.zeros((self.lines, months)),
                          _NOTHING, _NO_TRACE, _NOTHING, paid, work, 0, self.begin)  # fmt: skip
            self.total[:, at : at + lanes] = total[: self.payer.past]
            if self.begin:
                self.start_tier[at : at + lanes] = tiers[self.begin - 1]
            states.append(work[self.state_rows])
            at += lanes
        return states

    def run(self, drawn: Drawn, floor: Floats | None, room: Space) -> tuple[Rows, int]:
        """Pay the partners of a block in its scenarios; their rows in the panel, and from where they lie in `room`."""
        count = drawn.count
        low, high = np.searchsorted(self.partners, [drawn.low, drawn.high])
        rows, mine = np.arange(low, high), self.partners[low:high] - drawn.low
        lanes = len(rows) * count
        with self.lock if not self.checked else nullcontext():
            return self._block(drawn, floor, room.of(self, lanes), rows, mine)

    def _block(self, drawn: Drawn, floor: Floats | None, space: Lanes, rows: Rows, mine: Rows) -> tuple[Rows, int]:
        payer, count, past, low, high = self.payer, drawn.count, self.payer.past, rows[0], rows[-1] + 1
        lanes, joined = len(rows) * count, space.fixed[0]
        lay_sums(mine, rows, count, past, drawn.values, drawn.few, drawn.where, self.leaf_first, self.leaves, self.times,
                 self.sum_rows, self.known["sums"], self.wanted, self.slots, space.running, space.sums)  # fmt: skip
        spread(rows, count, self.fixed_rows, self.known["fixed"], space.fixed)
        spread(rows, count, self.state_rows, self.known["state"], space.work)
        lay_joining(mine, self.partners[low:high], count, past, payer.model.known, drawn.begin, joined)
        self.targets.lay(drawn, mine, rows, space.fixed)
        if self.level_slots:
            spread(rows, count, self.level_rows, self.known["levels"], space.levels)
            lay_levels(mine, count, past, self.names, self.level_slots, drawn.levels, drawn.part, joined, space.levels)
        if self.guarded and floor is not None:
            lay_floor(self.begin, payer.months, floor, self.floor_row, space.fixed)
        first, returned, values = space.first, space.none_returned, space.none_values
        if self.back is not None:
            first, returned, values = self.back.lay(drawn, mine, rows, space)
        block = Block(
            sums=space.sums, levels=space.levels, fixed=space.fixed, first=first, returned=returned,
            deal_values=space.no_deals, return_values=values, cell_of_deal=_NO_DEALS, cell_of_line=_NO_DEALS,
        )  # fmt: skip
        self._pay(block, space, lanes)
        if not self.checked:
            self._check(block, space, rows, count)
        return rows, lanes

    def _pay(self, block: Block, space: Lanes, lanes: int) -> None:
        past, months = self.payer.past, self.payer.months
        space.by_rule[:] = 0.0
        detail = _NOTHING if self.begin == past else np.zeros((self.lines, months, lanes))
        run_block(self.compiled.program, block, space.tiers, space.total, space.by_rule, space.by_month, detail, _NO_TRACE,
                  _NOTHING, space.paid, space.work, self.begin, months)  # fmt: skip
        if self.begin != past:
            space.by_rule[:] = detail[:, past:].sum(axis=1)

    def _check(self, block: Block, space: Lanes, rows: Rows, count: int) -> None:
        """On the first block: rows of state that are not laid out must not be read; else all of them are from now on."""
        before = [values.copy() for values in (space.total[self.begin :], space.tiers[self.begin :], space.by_rule)]
        whole = self.state_rows
        self.state_rows = np.array(state_of(self.compiled.program, self.begin, self.payer.months), dtype=np.int64)
        kept, everything = np.searchsorted(whole, self.state_rows), self.known["state"]
        self.known["state"] = np.ascontiguousarray(everything[kept])
        space.work[:] = np.nan
        spread(rows, count, self.state_rows, self.known["state"], space.work)
        self._pay(block, space, space.total.shape[1])
        after: list[Any] = [space.total[self.begin :], space.tiers[self.begin :], space.by_rule]
        if not all(np.array_equal(one, two) for one, two in zip(before, after, strict=True)):
            self.state_rows, self.known["state"] = whole, everything
            spread(rows, count, whole, everything, space.work)
            self._pay(block, space, space.total.shape[1])
        self.checked = True


class Lanes:
    """What the kernel reads and writes for some lanes. Rows that no program reads stay undefined (NaN)."""

    def __init__(self, laid: Laid, lanes: int) -> None:
        """Make room."""
        months = laid.payer.months
        self.sums = undefined((months + 1) * laid.slots, lanes)
        self.levels = undefined(months * laid.level_slots, lanes)
        self.fixed = undefined(laid.rows_of["fixed"], lanes)
        self.work = undefined(laid.rows_of["work"], lanes)
        self.fixed[laid.everybody[0]] = laid.everybody[1][:, :1]
        self.running = np.zeros(lanes)
        self.tiers, self.total = np.zeros((months, lanes), dtype=np.uint8), np.zeros((months, lanes))
        self.by_rule, self.by_month = np.zeros((laid.lines, lanes)), np.zeros((laid.lines, months))
        self.first = np.zeros((3, lanes * (months + 1)), dtype=np.int64)
        names = len(laid.compiled.columns.returns)
        self.none_returned, self.none_values = np.zeros((4, 0), dtype=np.int64), np.zeros((names, 0))
        self.returned, self.values = np.zeros((4, lanes), dtype=np.int64), np.zeros((names, lanes))
        self.keys, self.entry, self.filled = (np.zeros(size, dtype=np.int64) for size in (lanes, lanes, 1))
        self.paid = np.zeros((int(laid.compiled.program.setup[o.Y_PAID]), 0))
        self.no_deals = np.zeros((len(laid.compiled.columns.deals) + 1, 0))


def undefined(rows: int, lanes: int) -> Floats:
    """Rows that hold no value yet, on cache lines."""
    made = aligned(rows, lanes)
    made[:] = np.nan
    return made


class Space:
    """The arrays of one thread, kept between blocks."""

    def __init__(self) -> None:
        """Nothing yet."""
        self.kept: dict[tuple[int, int], Lanes] = {}

    def of(self, laid: Laid, lanes: int) -> Lanes:
        """Arrays for so many lanes of one compiled scheme."""
        key = id(laid), lanes
        if key not in self.kept:
            self.kept[key] = Lanes(laid, lanes)
        return self.kept[key]


class Back:
    """Deals that come back: those of history, and when and how much of each item that may be drawn."""

    def __init__(self, payer: Payer, compiled: Compiled, partners: Rows) -> None:
        """Gather them."""
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
        table = payer.panel.returns
        assert table is not None
        # A return waits at most a year for the posting month of its rule.
        keep = np.flatnonzero(
            np.isin(table.partner, partners) & (table.month >= self.past - 12) & (table.month < self.past)
        )
        keep = keep[np.lexsort((table.sold_month[keep], table.month[keep], table.partner[keep]))]
        place = np.searchsorted(partners, table.partner[keep])
        self.old_first = np.searchsorted(place, np.arange(len(partners) + 1)).astype(np.int64)
        self.old = np.stack([table.month[keep], table.sold_month[keep], table.term_months[keep]]).astype(np.int64)
        self.old_values = np.array([table.values[one][keep] for one in names]).reshape(len(names), len(keep))

    def lay(self, drawn: Drawn, mine: Rows, rows: Rows, space: Lanes) -> tuple[Any, Any, Floats]:
        """`first`, `returned` and `return_values` of a block."""
        while True:
            lay_returns(
                mine, rows, drawn.high - drawn.low, drawn.count, self.past, self.horizon, drawn.items, self.item_first,
                self.lag, self.term, self.values, self.money, self.old_first, self.old, self.old_values, space.keys, space.returned,
                space.values, space.entry, space.first[2], space.filled,
            )  # fmt: skip
            if space.filled[0] <= len(space.keys):
                return space.first, space.returned, space.values
            more = 2 * int(space.filled[0])
            space.keys, space.entry = np.zeros(more, dtype=np.int64), np.zeros(more, dtype=np.int64)
            space.returned, space.values = np.zeros((4, more), dtype=np.int64), np.zeros((len(self.values), more))


def _leaves(columns: ColumnBook, name: str, credit: str, restated: bool, model: Model) -> Floats:
    """How often each leaf of the model is added for a measure."""
    measure = measure_named(name, columns.own)
    out = np.zeros(len(model.leaves))
    if measure.leaf:
        out[model.leaves.index(leaf_name(name, measure, credit, restated, once_in(columns.group, "")))] = 1.0
        return out
    for sign, names in ((1.0, measure.plus), (-1.0, measure.minus)):
        for part in names:
            out += sign * _leaves(columns, part, credit, restated, model)
    return out


def coupled(scheme: Scheme, parts: list[tuple[Compiled, Part]]) -> bool:
    """Whether partners of one scenario must be paid together, or deal by deal, so that lanes cannot stand alone."""
    first_come = scheme.budget is not None and scheme.budget.when_exceeded == "first_come"
    together = bool(scheme.pools) or scheme.group is not None or any(rule.award for rule in scheme.rules)
    columns = [compiled.columns for compiled, _ in parts]
    return first_come or together or any(
        book.deals or any(column.total_of for column in book.months) for book in columns
    )  # fmt: skip
