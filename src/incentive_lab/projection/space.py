"""The arrays of one thread, in which blocks of scenarios are paid."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from incentive_lab.engine import ops as o
from incentive_lab.engine.blocks import aligned
from incentive_lab.engine.kernel import CHUNK
from incentive_lab.panel import Floats
from incentive_lab.projection.dealing import DealRows
from incentive_lab.projection.returning import Back, Returned
from incentive_lab.projection.sharing import Groups
from incentive_lab.projection.spans import Lanes

if TYPE_CHECKING:
    from incentive_lab.projection.laying import Laid

_NO_DEALS = np.zeros(0, dtype=np.int32)
_NOTHING, _NO_TRACE = np.zeros((0, 0, 0)), np.zeros((0, 0, 0, 0))


def lanes_for(laid: Laid, lanes: int) -> Lanes:
    """Room for so many lanes of one compiled scheme."""
    months, setup = laid.payer.months, laid.compiled.program.setup
    fixed = undefined(laid.rows_of["fixed"], lanes)
    fixed[laid.everybody[0]] = laid.everybody[1][:, :1]
    total = np.zeros((months, lanes))
    return Lanes(
        sums=undefined((months + 1) * laid.slots, lanes), levels=undefined(months * laid.level_slots, lanes), fixed=fixed,
        first=np.zeros((3, lanes * (months + 1)), dtype=np.int64), work=undefined(laid.rows_of["work"], lanes),
        tiers=np.zeros((months, lanes), dtype=np.uint8), total=total, by_rule=np.zeros((laid.lines, lanes)),
        by_month=np.zeros((laid.lines, months)),
        detail=_NOTHING if laid.begin == laid.payer.past else np.zeros((laid.lines, *total.shape)), trace=_NO_TRACE,
        balances=_NOTHING, paid=np.zeros((int(setup[o.Y_PAID]), 0)), rates=np.zeros((int(setup[o.Y_RATES]), 0)),
        registers=np.zeros((int(setup[o.Y_COLUMNS]), 0)), memory=np.zeros(int(setup[o.Y_MEMORY])),
        spaces=np.zeros(o.SPACES, dtype=np.int64), widths=np.zeros(o.SPACES, dtype=np.int64), running=np.zeros(lanes),
        deal_values=np.zeros((len(laid.compiled.columns.deals) + 1, 0)), cells=_NO_DEALS, line_cells=_NO_DEALS,
    )  # fmt: skip


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
        self.returns: dict[tuple[int, int], Returned] = {}
        self.dealt: dict[int, tuple[DealRows, Floats]] = {}
        self.totals: dict[tuple[int, tuple[int, ...]], Floats] = {}

    def of(self, laid: Laid, lanes: int) -> Lanes:
        """Arrays for so many lanes of one compiled scheme."""
        key = id(laid), lanes
        if key not in self.kept:
            self.kept[key] = lanes_for(laid, lanes)
        return self.kept[key]

    def deals(self, laid: Laid) -> DealRows:
        """Arrays for the deals of a compiled scheme."""
        return self._dealt(laid)[0]

    def registers(self, laid: Laid) -> Floats:
        """Rows that deals are worked out in."""
        return self._dealt(laid)[1]

    def _dealt(self, laid: Laid) -> tuple[DealRows, Floats]:
        if id(laid) not in self.dealt:
            setup = laid.compiled.program.setup
            rows = DealRows(len(laid.compiled.columns.deals), int(setup[o.Y_RATES]), int(setup[o.Y_PAID]))
            self.dealt[id(laid)] = rows, np.zeros((int(setup[o.Y_COLUMNS]), CHUNK))
        return self.dealt[id(laid)]

    def totals_of(self, groups: Groups, shape: tuple[int, ...]) -> Floats:
        """An array for the totals of groups."""
        key = id(groups), shape
        if key not in self.totals:
            self.totals[key] = np.zeros(shape)
        return self.totals[key]

    def returned(self, back: Back, lanes: int) -> Returned:
        """Arrays for the returns of so many lanes of one compiled scheme."""
        key = id(back), lanes
        if key not in self.returns:
            self.returns[key] = Returned(lanes, back.past + back.horizon, len(back.values))
        return self.returns[key]
