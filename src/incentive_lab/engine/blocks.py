"""A panel laid out for the kernel: blocks of partners, running totals by month, deals by lane."""

from __future__ import annotations

import math
import weakref
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from incentive_lab.engine.columns import Column, ColumnBook, DealColumn, leaf_name, once_in
from incentive_lab.engine.compile import Compiled
from incentive_lab.engine.periods import year_shift
from incentive_lab.engine.program import Block
from incentive_lab.engine.targets import target_sums
from incentive_lab.engine.who import start_tiers, who_mask
from incentive_lab.panel import DealTable, Floats, Integers, Panel
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.lookup import measure_named
from incentive_lab.scheme.measures import Measure

LANES = 1032
"""Partners of a block: contiguous lanes that stay in cache. A row is an odd number of lines of the cache, or many rows
would share the few places that the cache has for one address."""

Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Layout:
    """What of a block depends on the history and the columns only, and is kept between runs."""

    partners: Rows
    sums: Floats
    levels: Floats
    first: Rows
    returned: Rows
    deal_values: Floats
    return_values: Floats
    cells: tuple[Integers, Integers]


_LAYOUTS: weakref.WeakKeyDictionary[Panel, dict[object, list[Layout]]] = weakref.WeakKeyDictionary()
_KEPT = 8


def layouts(panel: Panel, scheme: Scheme, columns: ColumnBook, partners: Rows) -> list[Layout]:
    """The blocks of these partners for these columns; kept with the panel, so a dial pays for them once."""
    own = tuple(sorted((name, measure.model_dump_json()) for name, measure in scheme.measures.items()))
    group = scheme.group
    key = (
        tuple(columns.months), tuple(columns.levels), tuple(columns.deals), tuple(columns.returns), own, group,
        partners.tobytes(),
    )  # fmt: skip
    kept = _LAYOUTS.setdefault(panel, {})
    if key not in kept:
        while len(kept) >= _KEPT:
            kept.pop(next(iter(kept)))
        kept[key] = _build(panel, scheme, columns, partners)
    return kept[key]


def _build(panel: Panel, scheme: Scheme, columns: ColumnBook, partners: Rows) -> list[Layout]:
    month_values = [month_column(panel, column, scheme) for column in columns.months]
    levels = [panel.columns[name] for name in columns.levels]
    size = min(LANES, max(72, -(-len(partners) // 128) * 64 + 8))
    return [
        _layout(panel, columns, partners[first : first + size], month_values, levels, scheme.measures)
        for first in range(0, max(1, len(partners)), size)
    ]


def month_column(panel: Panel, column: Column, scheme: Scheme) -> Floats:
    """One additive measure by partner and month, in the form that the column asks for."""
    values = _own_column(panel, column.measure, column, scheme.measures, once_in(scheme.group, column.total_of))
    if not column.total_of:
        return values
    groups = group_keys(panel, scheme, column.total_of)
    _, place = np.unique(groups.astype(str), return_inverse=True)
    totals = np.zeros((place.max() + 1, panel.months))
    np.add.at(totals, place, values)
    return totals[place]


def group_keys(panel: Panel, scheme: Scheme, total_of: str) -> NDArray[np.object_]:
    """The group of each partner: its type, segment or region, or the scheme's own grouping."""
    if total_of != "group":
        return panel.attributes[total_of]
    by = scheme.group.by if scheme.group else "parent_id"
    keys = panel.attributes[by].copy()
    alone = keys.astype(str) == ""
    keys[alone] = np.array(panel.partner_ids, dtype=object)[alone]
    return keys


def _own_column(panel: Panel, name: str, column: Column, own: Mapping[str, Measure], once: str) -> Floats:
    measure = measure_named(name, own)
    if measure.leaf:
        return panel.columns[leaf_name(name, measure, column.credit, column.restated, once)]
    total = np.zeros((panel.partners, panel.months))
    for part in measure.plus:
        total = total + _own_column(panel, part, column, own, once)
    for part in measure.minus:
        total = total - _own_column(panel, part, column, own, once)
    return total


def _layout(
    panel: Panel,
    columns: ColumnBook,
    lanes: Rows,
    month: Sequence[Floats],
    levels: Sequence[Floats],
    own: Mapping[str, Measure],
) -> Layout:
    sums = aligned(panel.months + 1, len(month), len(lanes))
    sums[0] = 0
    for slot, values in enumerate(month):
        np.cumsum(values[lanes].T, axis=0, out=sums[1:, slot, :])
    level = aligned(panel.months, len(levels), len(lanes))
    for slot, values in enumerate(levels):
        level[:, slot, :] = values[lanes].T
    first, deal_values, rows = _deals(panel, columns, lanes, own)
    return_first, returned, return_values = _returns(panel, columns, lanes, first, rows)
    cells = _cells(first[0], len(lanes), panel.months), _cells(first[1], len(lanes), panel.months)
    return Layout(
        lanes, _rows_of(sums), _rows_of(level), np.vstack([first, return_first[None]]),
        returned, deal_values, return_values, cells,
    )  # fmt: skip


def aligned(*shape: int) -> Floats:
    """Numbers without values yet that begin where a line of the cache does, as the kernel's rows of work do."""
    count = math.prod(shape)
    room = np.empty(count + 8)
    first = -room.ctypes.data % 64 // 8
    return room[first : first + count].reshape(shape)


def _rows_of(values: Floats) -> Floats:
    """[months, slots, lanes] as rows of lanes, whether or not there are any."""
    return values.reshape(values.shape[0] * values.shape[1], values.shape[2])


def _cells(first: Rows, lanes: int, months: int) -> Integers:
    """Month times lanes plus lane of each deal: where it is in rows of lanes by month."""
    counts = np.diff(first.reshape(lanes, months + 1), axis=1)
    cells = np.arange(months, dtype=np.int32)[None, :] * np.int32(lanes) + np.arange(lanes, dtype=np.int32)[:, None]
    return np.repeat(cells.reshape(-1), counts.reshape(-1))


def _lane_rows(table_partner: Integers, table_month: Integers, lanes: Rows, months: int) -> tuple[Rows, Rows]:
    """Rows of a partner-sorted table that belong to the lanes, and where each (lane, month) begins among them."""
    key = table_partner.astype(np.int64) * months + table_month
    wanted = lanes[:, None] * months + np.arange(months + 1)[None, :]
    begins = np.searchsorted(key, wanted)
    counts = begins[:, -1] - begins[:, 0]
    offsets = np.concatenate(([0], np.cumsum(counts)[:-1]))
    first = (begins - begins[:, :1] + offsets[:, None]).astype(np.int64)
    if len(lanes) and int(begins[-1, -1] - begins[0, 0]) == int(counts.sum()):
        return np.arange(begins[0, 0], begins[-1, -1], dtype=np.int64), first.reshape(-1)
    rows = [np.arange(begin, end, dtype=np.int64) for begin, end in zip(begins[:, 0], begins[:, -1], strict=True)]
    return np.concatenate(rows) if rows else np.zeros(0, np.int64), first.reshape(-1)


def _deals(
    panel: Panel, columns: ColumnBook, lanes: Rows, own: Mapping[str, Measure]
) -> tuple[Rows, Floats, tuple[Rows, ...]]:
    """Deals of the lanes, per grain; slots of one grain leave the other grain's rows unused.

    The last slot numbers the deals that lines belong to, in order.
    """
    wanted = columns.deals
    first = np.zeros((2, len(lanes) * (panel.months + 1)), dtype=np.int64)
    rows: list[Rows] = [np.zeros(0, np.int64), np.zeros(0, np.int64)]
    for place, grain in enumerate(("deal", "line")):
        table = panel.deals.get(grain)
        if table is not None and any(column.grain == grain for column in wanted):
            rows[place], first[place] = _lane_rows(table.partner, table.month, lanes, panel.months)
    values = np.zeros((len(wanted) + 1, max(len(rows[0]), len(rows[1]))))
    if len(rows[1]):
        ids = panel.deals["line"].deal_id[rows[1]]
        values[-1, 1 : len(ids)] = np.cumsum(ids[1:] != ids[:-1])
    for slot, column in enumerate(wanted):
        mine = rows[("deal", "line").index(column.grain)]
        values[slot, : len(mine)] = deal_values_of(panel.deals[column.grain], column, own, once_in(columns.group, ""))[
            mine
        ]
    return first, values, tuple(rows)


def deal_values_of(table: DealTable, column: DealColumn, own: Mapping[str, Measure], once: str) -> Floats:
    """A measure of every row of a table: a leaf, or leaves added and taken off."""
    measure = measure_named(column.measure, own)
    if measure.leaf:
        return table.values[leaf_name(column.measure, measure, column.credit, column.restated, once)]
    total = np.zeros(len(table.partner))
    for sign, parts in ((1, measure.plus), (-1, measure.minus)):
        for part in parts:
            total = total + sign * deal_values_of(table, replace(column, measure=part), own, once)
    return total


def _returns(
    panel: Panel, columns: ColumnBook, lanes: Rows, deal_first: Rows, deal_rows: tuple[Rows, ...]
) -> tuple[Rows, Rows, Floats]:
    table = panel.returns
    if table is None or not columns.returns:
        first = np.zeros(len(lanes) * (panel.months + 1), dtype=np.int64)
        return first, np.zeros((4, 0), np.int64), np.zeros((len(columns.returns), 0))
    rows, first = _lane_rows(table.partner, table.month, lanes, panel.months)
    sold = table.sold_month[rows].astype(np.int64)
    lane_of = {int(partner): lane for lane, partner in enumerate(lanes)}
    deal = np.full((2, len(rows)), -1, dtype=np.int64)
    for place, grain in enumerate(("deal", "line")):
        deals = panel.deals.get(grain)
        if deals is None or not len(deal_rows[place]):
            continue
        for number, row in enumerate(rows):
            if 0 <= sold[number] < panel.months:
                at = lane_of[int(table.partner[row])] * (panel.months + 1) + int(sold[number])
                deal[place, number] = _find(deals, deal_rows[place], deal_first[place], at, table.deal_id[row],
                                            table.line[row] if grain == "line" else None)  # fmt: skip
    values = np.array([table.values[name][rows] for name in columns.returns]).reshape(len(columns.returns), len(rows))
    return first, np.vstack([sold[None], table.term_months[rows].astype(np.int64)[None], deal]), values


def _find(deals: DealTable, rows: Rows, first: Rows, at: int, deal_id: object, line: object) -> int:
    """The local row of a deal among those of one lane and month, -1 if it is not there."""
    for local in range(first[at], first[at + 1]):
        row = rows[local]
        if deals.deal_id[row] == deal_id and (line is None or deals.line[row] == line):
            return int(local)
    return -1


def blocks(compiled: Compiled, panel: Panel, partners: Rows, awards: Floats, baseline: Floats | None) -> list[Block]:
    """Blocks for one run: kept layouts plus what the scheme decides for each partner.

    Args:
        compiled: The scheme or variant.
        panel: The history.
        partners: Rows of the panel to pay.
        awards: float64 [awards, months, partners of the panel], cents.
        baseline: float64 [months, partners of the panel] cents of the baseline, if a guarantee needs it.
    """
    scheme, rules = compiled.scheme, compiled.scheme.rules
    everyone = who_mask(scheme.eligible, panel)
    eligible = np.array([everyone & who_mask(rule.who, panel) for rule in rules], dtype=np.float64)
    forms = _static(compiled.static_forms, len(rules), panel)
    fund_forms = _static(compiled.fund_forms, compiled.funds, panel)
    targets = target_sums(scheme, panel, compiled.columns.targets, year_shift(scheme, panel.first_month))
    guarantees = _masks([item.who for item in scheme.guarantees], panel) & everyone
    draws = _masks([item.who for item in scheme.draws], panel) & everyone
    paid_before = np.zeros((0, panel.partners))
    if baseline is not None:
        paid_before = np.vstack([np.zeros((1, panel.partners)), np.cumsum(baseline, axis=0)])
    fixed = np.vstack([
        panel.joined[None], start_tiers(scheme, panel)[None], eligible, forms, fund_forms, guarantees, draws,
        _rows_of(targets), _rows_of(awards), paid_before,
    ])  # fmt: skip
    result = []
    for kept in layouts(panel, scheme, compiled.columns, partners):
        known = aligned(len(fixed), len(kept.partners))
        np.take(fixed, kept.partners, axis=1, out=known)
        result.append(Block(
            sums=kept.sums, levels=kept.levels, fixed=known,
            first=kept.first, returned=kept.returned, deal_values=kept.deal_values, return_values=kept.return_values,
            cell_of_deal=kept.cells[0], cell_of_line=kept.cells[1],
        ))  # fmt: skip
    return result


def _masks(whos: Sequence[object], panel: Panel) -> NDArray[np.bool_]:
    rows = [who_mask(who, panel) for who in whos]  # type: ignore[arg-type]
    return np.array(rows, dtype=bool).reshape(len(rows), panel.partners)


def _static(chosen: Mapping[int, tuple[str, Mapping[str, int], int]], rows: int, panel: Panel) -> Rows:
    """The form of each partner for the rules that choose by type, region or segment."""
    forms = np.full((rows, panel.partners), -1, dtype=np.int64)
    for row, (attribute, values, otherwise) in chosen.items():
        forms[row] = [values.get(str(value), otherwise) for value in panel.attributes[attribute]]
    return forms
