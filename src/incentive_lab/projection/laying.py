"""One compiled scheme or variant: its months of history paid once, then blocks of scenarios from there on."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import cached_property
from threading import Lock
from typing import TYPE_CHECKING, Any
from weakref import proxy

import numpy as np

from incentive_lab.engine import compiling_once
from incentive_lab.engine import ops as o
from incentive_lab.engine.blocks import aligned, blocks
from incentive_lab.engine.compile import Compiled
from incentive_lab.engine.contests import ranks_by_tier
from incentive_lab.engine.kernel import addresses, run_block
from incentive_lab.engine.program import SPECIAL_LINES, Block
from incentive_lab.engine.variants import Part
from incentive_lab.panel import Floats
from incentive_lab.projection.dealing import Deals
from incentive_lab.projection.newcomers import Targets
from incentive_lab.projection.plan import E_LANE
from incentive_lab.projection.reading import Reads, reads_of, state_of
from incentive_lab.projection.returning import Back
from incentive_lab.projection.sharing import Groups, leaves_added
from incentive_lab.projection.space import Space
from incentive_lab.projection.spans import AT_ONCE, Common, DrawnRows, Ground, Lanes, Paid, pay_span
from incentive_lab.projection.streams import Rows
from incentive_lab.projection.world import Drawn
from incentive_lab.scheme.document import Scheme

if TYPE_CHECKING:
    from incentive_lab.projection.paying import Payer

_NOTHING, _NO_TRACE = np.zeros((0, 0, 0)), np.zeros((0, 0, 0, 0))
_NO_FLOOR, _NO_WHOLES = np.zeros((0, 0)), np.zeros((0, 0, 0), dtype=np.int32)
_NO_FIRST, _NO_RETURNED = np.zeros(0, dtype=np.int64), np.zeros((4, 0), dtype=np.int64)


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
        made = blocks(compiled, payer.panel, part.partners, payer.contests.before, floor)
        deals = bool(compiled.columns.deals)
        # Deals look wherever their months do: nothing is left out where rules pay deal by deal.
        reads = everything(self, made[0], past) if deals else reads_of(program, self.begin, months)
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
        prizes = made[0].fixed.shape[0] - (months + 1 if self.guarded else 0) - len(payer.contests.rules) * months
        self.prize_rows = prizes + payer.contests.rows
        self.fixed_rows = np.array(sorted(({row for row in reads.fixed if not self.guarded or row <= self.floor_row + self.begin}
                                          | set(before)) - set(self.prize_rows.tolist())), dtype=np.int64)  # fmt: skip
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
        self.checked, self.lock, self.kept = deals, Lock(), dict[tuple[int, int], tuple[Rows, Rows, Rows]]()
        self.rows_of = {"fixed": made[0].fixed.shape[0], "work": int(program.setup[o.Y_ROWS])}
        leaves = [leaves_added(compiled.columns, one.measure, one.credit, one.restated, payer.model, one.total_of)
                  for one in compiled.columns.months]  # fmt: skip
        chosen = [np.flatnonzero(row) for row in leaves]
        self.leaf_first = np.cumsum([0, *(len(one) for one in chosen)]).astype(np.int64)
        self.leaves = np.concatenate([np.zeros(0, dtype=np.int64), *chosen]).astype(np.int64)
        self.times = np.concatenate([np.zeros(0), *(row[one] for row, one in zip(leaves, chosen, strict=True))])
        names = list(payer.model.levels)
        self.names = np.array([names.index(name) if name in names else -1 for name in compiled.columns.levels],
                              dtype=np.int64)  # fmt: skip
        self.groups = Groups(payer, compiled.columns)
        self.deals = Deals(payer, compiled, self.partners) if deals else None
        self.back = Back(payer, compiled, self.partners, self.deals) if compiled.columns.returns else None

    def _walked(self, program: Any, made: list[Block]) -> list[Floats]:
        """The state of each block of partners after the months before `begin`; nothing yet where all of history is paid again."""
        months, at, states = self.payer.months, 0, []
        for block in made:
            lanes = block.fixed.shape[1]
            work = aligned(int(program.setup[o.Y_ROWS]), lanes)
            paid = np.zeros((program.setup[o.Y_PAID], block.deal_values.shape[1]))
            tiers, total = np.zeros((months, lanes), dtype=np.uint8), np.zeros((months, lanes))
            work[:] = 0.0
            with compiling_once():
                run_block(addresses(program), program, block, tiers, total, np.zeros((self.lines, lanes)),
                          np.zeros((self.lines, months)), _NOTHING, _NO_TRACE, _NOTHING, paid, work, 0,
                          self.payer.opens)  # fmt: skip
            if self.payer.opens:
                self.start_tier[at : at + lanes] = tiers[self.payer.opens - 1]
            if self.begin < self.payer.opens:
                work[:] = 0.0
            else:
                self.total[:, at : at + lanes] = total[: self.payer.past]
            states.append(work[self.state_rows])
            at += lanes
        return states

    @cached_property
    def ground(self) -> Ground:
        """What the kernel is given of history."""
        payer, known = self.payer, self.known
        numbers = np.array([self.begin, payer.past, self.slots, self.level_slots, payer.model.known, self.floor_row,
                            self.targets.first])  # fmt: skip
        return Ground(
            numbers, self.sum_rows, known["sums"], self.fixed_rows, known["fixed"], self.state_rows, known["state"],
            self.level_rows, known["levels"], self.wanted, self.leaf_first, self.leaves, self.times, self.names,
            self.targets.rows, self.targets.table, payer.earlier, payer.start_tier, payer.model.segment, payer.settlements,
            self.groups.shared, self.prize_rows,
        )  # fmt: skip

    def places(self, drawn: Drawn) -> tuple[Rows, Rows, Rows]:
        """Whom of a block this pays: columns of the ground, places in the block, rows of the panel."""
        key = drawn.low, drawn.high
        if key not in self.kept:
            low, high = np.searchsorted(self.partners, key)
            rows = np.ascontiguousarray(self.partners[low:high])
            self.kept[key] = np.arange(low, high), rows - drawn.low, rows
        return self.kept[key]

    def pay(
        self, drawn: Drawn, floor: Floats | None, prizes: Floats, room: Space, paid: Paid, out: Floats | None
    ) -> None:
        """Pay the partners of a block in its scenarios.

        Args:
            drawn: The block.
            floor: [months, lanes] what the baseline pays those partners.
            prizes: [prizes, lanes of the block] as `Contests.prizes` tells.
            room: Arrays of this thread.
            paid: What it is added to, unless `out` [months, lanes] is to be filled.
        """
        columns, mine, rows = self.places(drawn)
        if not len(mine):
            return
        step = max(1, min(len(mine), AT_ONCE // drawn.count))
        block, floor = rows_of(drawn), _NO_FLOOR if floor is None else floor
        common = Common(self.groups.totals(drawn, block, self.ground, room), self.groups.group, prizes)
        if self.deals is not None:
            for at in range(0, len(mine), step):
                some = slice(at, min(at + step, len(mine)))
                self._pay_deals(drawn, block, common, mine[some], columns[some], rows[some], at, floor, room, paid, out)
            return
        first, returned, values = _NO_FIRST, _NO_RETURNED, np.zeros((len(self.compiled.columns.returns), 0))
        if self.back is not None:
            first, returned, values = self.back.lay(drawn.items, drawn.price, 0, mine, columns, drawn.count, room)

        calls = addresses(self.compiled.program)

        def go(some: slice, many: int, out: Floats) -> Lanes:
            space = room.of(self, many * drawn.count)
            pay_span(
                calls, self.compiled.program, self.ground, space, block, common, mine[some], columns[some], rows[some],
                drawn.count, some.start * drawn.count, floor, first, returned, values, paid, out,
            )  # fmt: skip
            return space

        whole = len(mine) - len(mine) % step
        with self.lock if not self.checked else nullcontext():
            if not self.checked:
                self._check(lambda: go(slice(0, step), step, np.zeros((self.payer.months, step * drawn.count))))
            go(slice(0, whole), step, _NO_FLOOR if out is None else out)
            if whole < len(mine):
                go(slice(whole, len(mine)), len(mine) - whole, _NO_FLOOR if out is None else out)

    def _pay_deals(self, drawn: Drawn, block: DrawnRows, common: Common, mine: Rows, columns: Rows, rows: Rows, at: int,
                   floor: Floats, room: Space, paid: Paid, out: Floats | None) -> None:  # fmt: skip
        """Pay a few partners deal by deal: places in the block, columns of the ground, rows of the panel; `at` before them."""
        assert self.deals is not None
        count, lanes, months = drawn.count, len(mine) * drawn.count, self.payer.months
        items = between(drawn, int(mine[0]), int(mine[-1]) + 1)
        begun, placed = np.zeros((2, lanes), dtype=np.int64), np.zeros((2, len(items)), dtype=np.int64)
        held = room.deals(self)
        self.deals.lay(items, drawn.price, mine, columns, int(mine[0]), count, months, held, begun, placed)
        first, returned, values = _NO_FIRST, _NO_RETURNED, np.zeros((len(self.compiled.columns.returns), 0))
        if self.back is not None:
            first, returned, values = self.back.lay(
                items, drawn.price, int(mine[0]), mine, columns, count, room, begun, placed
            )
        mine_of = slice(at * count, at * count + lanes)
        space = room.of(self, lanes)._replace(
            deal_values=held.values, cells=held.of(0), line_cells=held.of(1), rates=held.rates, paid=held.paid,
            registers=room.registers(self),
        )  # fmt: skip
        mine_floor = np.ascontiguousarray(floor[:, mine_of]) if len(floor) else floor
        mine_out = _NO_FLOOR if out is None else np.zeros((months, lanes))
        pay_span(
            addresses(self.compiled.program), self.compiled.program, self.ground, space, block, common, mine, columns, rows,
            count, 0, mine_floor, first, returned, values, paid, mine_out,
        )  # fmt: skip
        if out is not None:
            out[:, mine_of] = mine_out

    def _check(self, go: Callable[[], Lanes]) -> None:
        """Before the first block: rows of state that are not laid out must not be read; else all of them are from now on."""
        space = go()
        results: list[Any] = [space.total[self.begin :], space.tiers[self.begin :], space.by_rule]
        before = [values.copy() for values in results]
        whole, everything = self.state_rows, self.known["state"]
        self.state_rows = np.array(state_of(self.compiled.program, self.begin, self.payer.months), dtype=np.int64)
        self.known["state"] = np.ascontiguousarray(everything[np.searchsorted(whole, self.state_rows)])
        del self.ground
        space.work[:] = np.nan
        go()
        if not all(np.array_equal(one, two) for one, two in zip(before, results, strict=True)):
            self.state_rows, self.known["state"] = whole, everything
            del self.ground
        self.checked = True


def rows_of(drawn: Drawn) -> DrawnRows:
    """A drawn block as compiled code reads it."""
    values, levels = drawn.values, drawn.levels
    amounts, wholes = (values, _NO_WHOLES) if values.dtype == np.float64 else (_NOTHING, values)
    scores, parts = (levels, _NO_WHOLES) if levels.dtype == np.float64 else (_NOTHING, levels)
    return DrawnRows(amounts, wholes, drawn.few, drawn.where, scores, parts, drawn.part, drawn.begin)


def everything(laid: Laid, block: Block, past: int) -> Reads:
    """All rows of a block."""
    return Reads(
        tuple(range(len(block.sums))), tuple(range(past * laid.level_slots)), tuple(range(len(block.fixed)))
    )  # fmt: skip


def between(drawn: Drawn, low: int, high: int) -> Rows:
    """The items of partners at these places of a block; they come partner by partner."""
    first, last = np.searchsorted(drawn.items[:, E_LANE], (low * drawn.count, high * drawn.count))
    return drawn.items[first:last]


def together(parts: list[tuple[Compiled, Part]], scheme: Scheme) -> bool:
    """Whether what a partner is paid depends on other partners in the same scenario, so that a block must hold all of them."""
    contests = any(rule.award for rule in scheme.rules)
    return contests or any(column.total_of for compiled, _ in parts for column in compiled.columns.months)


def replayed(scheme: Scheme) -> bool:
    """Whether scenarios must be replayed one by one: what is paid depends on what others are paid, or on their tiers."""
    first_come = scheme.budget is not None and scheme.budget.when_exceeded == "first_come"
    parents = scheme.group is not None and scheme.group.pays == "parent"
    return first_come or parents or bool(scheme.pools) or ranks_by_tier(scheme)
