"""Scenarios as lanes of kernel blocks: one compiled scheme or variant, laid out once and filled for each chunk."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from incentive_lab.engine.blocks import blocks
from incentive_lab.engine.columns import ColumnBook, leaf_name, once_in
from incentive_lab.engine.compile import Compiled
from incentive_lab.engine.program import Block
from incentive_lab.engine.replay import run_one
from incentive_lab.engine.variants import Part
from incentive_lab.panel import Floats
from incentive_lab.projection.draws import running_sums
from incentive_lab.projection.model import Model
from incentive_lab.projection.world import Drawn
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.lookup import measure_named

if TYPE_CHECKING:
    from incentive_lab.projection.paying import Payer


class Laid:
    """One compiled scheme or variant, laid out for lanes of scenarios."""

    def __init__(self, payer: Payer, compiled: Compiled, part: Part) -> None:
        """Lay out what does not depend on the scenario."""
        self.payer, self.compiled, self.partners = payer, compiled, part.partners
        panel, columns = payer.panel, compiled.columns
        guarded = any(item.against == "baseline" for item in compiled.scheme.guarantees)
        floor = np.zeros((payer.months, panel.partners)) if guarded else None
        made = blocks(compiled, panel, part.partners, np.zeros((0, payer.months, panel.partners)), floor)
        self.fixed = np.concatenate([block.fixed for block in made], axis=1)
        self.guarded = guarded
        self.coefficients = np.array(
            [_leaves(columns, column.measure, column.credit, column.restated, payer.model) for column in columns.months]
        ).reshape(len(columns.months), len(payer.model.leaves))

    def run(self, drawn: Drawn, floor: Floats | None) -> tuple[Any, Any]:
        """Pay these scenarios: which lanes, and what `replay.run_one` gives."""
        payer, count = self.payer, drawn.count
        rows, past, months = payer.panel.partners, payer.past, payer.months
        whole = len(self.partners) == rows
        which = (np.arange(count)[:, None] * rows + self.partners[None, :]).reshape(-1)
        lanes = len(which)
        values = drawn.values if whole else np.ascontiguousarray(drawn.values[:, :, which])
        history = payer.history if whole else np.ascontiguousarray(payer.history[:, :, self.partners])
        slots = len(self.coefficients)
        sums = np.empty(((months + 1) * slots, lanes))
        running_sums(history, values, self.coefficients, sums)
        fixed = np.tile(self.fixed, (1, count))
        new = np.tile(self.partners >= payer.model.known, count)
        fixed[0, new] = past + drawn.begin[which][new]
        if self.guarded and floor is not None:
            fixed[-months:] = np.cumsum(floor[:, which], axis=0)
            fixed[-months - 1] = 0.0
        first, returned, return_values = self._returns(drawn, which, lanes)
        block = Block(
            sums=sums, levels=self._levels(drawn, which, fixed[0]), fixed=np.ascontiguousarray(fixed), first=first,
            returned=returned, deal_values=np.zeros((len(self.compiled.columns.deals) + 1, 0)),
            return_values=return_values, cell_of_deal=_NO_CELLS, cell_of_line=_NO_CELLS,
        )  # fmt: skip
        return which, run_one(self.compiled, block, months, True, False)

    def _levels(self, drawn: Drawn, which: Any, joined: Floats) -> Floats:
        payer, names = self.payer, self.compiled.columns.levels
        out = np.empty((payer.months, len(names), len(which)))
        for slot, name in enumerate(names):
            known = payer.panel.columns[name][self.partners, : payer.past].T
            out[: payer.past, slot] = np.tile(known, (1, drawn.count))
            if name in drawn.levels:
                out[payer.past :, slot] = drawn.levels[name][:, which]
            else:
                ahead = np.arange(payer.past, payer.months)[:, None] - joined[None, :]
                out[payer.past :, slot] = np.where((joined > -1000) & (ahead >= 0), ahead, np.nan)
        return out.reshape(-1, len(which))

    def _returns(self, drawn: Drawn, which: Any, lanes: int) -> tuple[Any, Any, Floats]:
        """Returned deals by lane and month: those of history, then those of drawn deals."""
        payer, names = self.payer, self.compiled.columns.returns
        starts = np.zeros((3, lanes * (payer.months + 1)), dtype=np.int64)
        if not names:
            return starts, np.zeros((4, 0), dtype=np.int64), np.zeros((0, 0))
        lane, month, sold, term, values = self._returned_rows(drawn, which, names)
        order = np.lexsort((sold, month, lane))
        key = (lane * (payer.months + 1) + month)[order]
        wanted = np.arange(lanes)[:, None] * (payer.months + 1) + np.arange(payer.months + 1)[None, :]
        starts[2] = np.searchsorted(key, wanted.reshape(-1))
        none = np.full(len(order), -1, dtype=np.int64)
        returned = np.stack([sold[order], term[order], none, none]).astype(np.int64)
        return starts, np.ascontiguousarray(returned), np.ascontiguousarray(values[:, order])

    def _returned_rows(self, drawn: Drawn, which: Any, names: list[str]) -> tuple[Any, ...]:
        payer = self.payer
        place = np.full(drawn.count * payer.panel.partners, -1, dtype=np.int64)
        place[which] = np.arange(len(which))
        table = payer.panel.returns
        assert table is not None
        n, rows = len(table.partner), payer.panel.partners
        lane = (np.arange(drawn.count)[:, None] * rows + table.partner[None, :]).reshape(-1)
        parts: list[tuple[Any, ...]] = [(lane, np.tile(table.month, drawn.count), np.tile(table.sold_month, drawn.count),
                  np.tile(table.term_months, drawn.count),
                  np.tile(np.array([table.values[name] for name in names]).reshape(len(names), n), (1, drawn.count)))]  # fmt: skip
        for stream, items in drawn.items.items():
            back = payer.model.comebacks.get(stream)
            if back is None:
                continue
            item = items[:, 2]
            month = items[:, 1] + back.lag[item]
            keep = (back.lag[item] >= 0) & (month < payer.horizon)
            item = item[keep]
            parts.append((items[keep, 0], payer.past + month[keep], payer.past + items[keep, 1], back.term[item],
                          np.array([back.values[name][item] for name in names]).reshape(len(names), len(item))))  # fmt: skip
        lane, month, sold, term = (np.concatenate([part[at] for part in parts]).astype(np.int64) for at in range(4))
        values = np.concatenate([part[4] for part in parts], axis=1)
        lane = place[lane]
        mine = lane >= 0
        return lane[mine], month[mine], sold[mine], term[mine], values[:, mine]


_NO_CELLS = np.zeros(0, dtype=np.int32)
_EMPTY = np.zeros(0, dtype=np.int64)


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
