"""Scenarios as histories: what happened, then what was drawn, for schemes that pay partners together or deal by deal."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from incentive_lab.panel import DealTable, Floats, Panel, Returns, TargetRow
from incentive_lab.projection.plan import E_ITEM, E_LANE, E_SIZE, E_STREAM, SIZE
from incentive_lab.projection.planning import at_price, priced
from incentive_lab.projection.world import Drawn
from incentive_lab.scheme.lookup import unit_of
from incentive_lab.scheme.measures import Measure

if TYPE_CHECKING:
    from incentive_lab.projection.paying import Payer


_STRETCHED: WeakKeyDictionary[Panel, dict[tuple[int, int], Panel]] = WeakKeyDictionary()
_LOCK = threading.Lock()


def stretched(panel: Panel, past: int, horizon: int) -> Panel:
    """The last months of a panel with room for the horizon; targets of the last year are taken for the years after.

    It is kept as long as the panel: every scheme that is tried on it asks for the same. A shorter one is cut out of a longer
    one that is there and shares its memory; it is not kept.
    """
    with _LOCK:
        kept = _STRETCHED.setdefault(panel, {})
        if (past, horizon) in kept:
            return kept[past, horizon]
        longer = [months for begun, months in kept if begun == past and months > horizon]
        if longer:
            return _cut(kept[past, min(longer)], past + horizon)
        return kept.setdefault((past, horizon), _stretched(panel, past, horizon))


def _cut(panel: Panel, months: int) -> Panel:
    """The first months of a panel, as if it ended there; targets of the months after stay known."""
    return replace(panel, months=months, columns={name: values[:, :months] for name, values in panel.columns.items()})


def _stretched(panel: Panel, past: int, horizon: int) -> Panel:
    begin = panel.months - past
    columns = {
        name: np.concatenate([values[:, begin:], np.zeros((panel.partners, horizon))], axis=1)
        for name, values in panel.columns.items()
    }
    targets: list[TargetRow] = []
    known = {(row.by, row.who, row.measure, row.first_month) for row in panel.targets}
    for row in panel.targets:
        # Windows of last year begin at most a year before the first month that is walked.
        if row.first_month + row.months > begin - 12:
            targets.append(_moved(row, row.first_month - begin))
        for years in range(1, horizon // 12 + 2):
            month = row.first_month + 12 * years
            inside = panel.months - 11 <= month < panel.months + horizon and month + row.months > panel.months
            if inside and (row.by, row.who, row.measure, month) not in known:
                known.add((row.by, row.who, row.measure, month))
                targets.append(_moved(row, month - begin))
    deals = {grain: _window(table, begin) for grain, table in panel.deals.items()}
    returns = panel.returns
    if returns is not None:
        keep = returns.month >= begin
        returns = Returns(
            returns.partner[keep], returns.month[keep] - begin, returns.sold_month[keep] - begin, returns.deal_id[keep],
            returns.line[keep], returns.term_months[keep],
            {name: values[keep] for name, values in returns.values.items()},
        )  # fmt: skip
    joined = np.where(panel.joined > -1000, panel.joined - begin, panel.joined).astype(np.int32)
    return replace(panel, first_month=panel.first_month + begin, months=past + horizon, joined=joined, columns=columns,
                   targets=tuple(targets), deals=deals, returns=returns)  # fmt: skip


def _moved(row: TargetRow, first_month: int) -> TargetRow:
    """The same target for other months; there are tens of thousands, which `replace` is slow for."""
    fields = dict(row.__dict__)
    fields["first_month"] = first_month
    return TargetRow(**fields)


def _window(table: DealTable, begin: int) -> DealTable:
    keep = table.month >= begin
    return DealTable(table.partner[keep], table.month[keep] - begin, table.day[keep], table.deal_id[keep],
                     table.line[keep], {name: values[keep] for name, values in table.values.items()})  # fmt: skip


def scenario_panel(payer: Payer, drawn: Drawn, s: int) -> Panel:
    """One scenario as a history: what happened, then what was drawn."""
    panel, model, past = payer.panel, payer.model, payer.past
    mine = slice(s, None, drawn.count)
    columns = dict(panel.columns)
    for slot, leaf in enumerate(model.leaves):
        columns[leaf] = np.concatenate([panel.columns[leaf][:, :past], drawn.leaf(slot)[:, mine].T], axis=1)
    joined = panel.joined.copy()
    joined[model.known :] = past + drawn.begin[mine][model.known :]
    for name, measure in model.past.leaves.items():
        if measure.is_level:
            columns[name] = np.concatenate(
                [panel.columns[name][:, :past], _level(measure, name, drawn, mine, joined, past, payer)], axis=1
            )
    tables, returns = _deals_of(payer, drawn, s)
    return replace(panel, columns=columns, joined=joined, deals=tables, returns=returns)


def _level(measure: Measure, name: str, drawn: Drawn, mine: slice, joined: Any, past: int, payer: Payer) -> Floats:
    names = list(payer.model.levels)
    if name in names:
        return np.asarray(drawn.level(names.index(name))[:, mine].T)
    ahead = np.arange(past, payer.months)[None, :] - joined[:, None].astype(np.float64)
    return np.where((joined[:, None] > -1000) & (ahead >= 0), ahead, np.nan)


def _deals_of(payer: Payer, drawn: Drawn, s: int) -> tuple[Mapping[str, DealTable], Returns | None]:
    """The single deals and returns of a scenario, those of history first."""
    panel, model, past = payer.panel, payer.model, payer.past
    here = drawn.items[drawn.items[:, E_LANE] % drawn.count == s]
    turns = np.arange(len(here))
    chosen = [(name, here[mine], turns[mine]) for place, name in enumerate(model.streams)
              if (mine := here[:, E_STREAM] == place).any()]  # fmt: skip
    tables = {grain: _with_drawn(payer, table, chosen, drawn) for grain, table in panel.deals.items()}
    returns = panel.returns
    if returns is None:
        return tables, None
    for name, items, number in chosen:
        back = model.comebacks.get(name)
        if back is None:
            continue
        lag = back.lag[items[:, 2]]
        keep = (lag >= 0) & (items[:, 1] + lag < payer.horizon)
        items, lag = items[keep], lag[keep]
        ids = _ids(number[keep])
        columns = [
            np.r_[returns.partner, items[:, 0] // drawn.count], np.r_[returns.month, past + items[:, 1] + lag],
            np.r_[returns.sold_month, past + items[:, 1]], np.r_[returns.term_months, back.term[items[:, 2]]],
        ]  # fmt: skip
        values = {key: np.r_[column, _sized(payer, key, back.values[key][items[:, E_ITEM]], items, drawn.price)]
                  for key, column in returns.values.items()}  # fmt: skip
        deal_id = np.r_[returns.deal_id, ids]
        line = np.r_[returns.line, np.full(len(ids), "", dtype=object)]
        order = np.lexsort((deal_id.astype(str), columns[1], columns[0]))
        partner, month, sold, term = (column[order].astype(np.int32) for column in columns)
        returns = Returns(partner, month, sold, deal_id[order], line[order], term,
                          {key: column[order] for key, column in values.items()})  # fmt: skip
    return tables, returns


def _sized(payer: Payer, leaf: str, values: Floats, items: Any, price: float = 0.0) -> Floats:
    """Values of the pool at the size at which the items were drawn, and at another price."""
    money = unit_of(leaf, payer.model.past.leaves) == "money"
    return np.floor(at_price(values, price) * (items[:, E_SIZE] / SIZE) + 0.5) if money else values


def _ids(numbers: Any) -> NDArray[np.object_]:
    """Ids of drawn deals, in the order in which they were drawn and after those of history."""
    return np.array([f"~{number:09d}" for number in numbers.tolist()], dtype=np.object_)


def _with_drawn(payer: Payer, table: DealTable, chosen: list[tuple[str, Any, Any]], drawn: Drawn) -> DealTable:
    model, past = payer.model, payer.past
    partner, month, day = [table.partner], [table.month], [table.day]
    ids, lines = [table.deal_id], [table.line]
    values: dict[str, list[Floats]] = {name: [column] for name, column in table.values.items()}
    for name, items, number in chosen:
        stream = model.streams[name]
        mine = [leaf for leaf in table.values if model.stream_of.get(leaf) == name]
        if not mine:
            continue
        partner.append((items[:, 0] // drawn.count).astype(np.int32))
        month.append((past + items[:, 1]).astype(np.int32))
        day.append((10**5 + 31 * items[:, 1] + (11 * items[:, E_ITEM]) % 28).astype(np.int32))
        ids.append(_ids(number))
        lines.append(np.full(len(items), "", dtype=object))
        pool = priced(model, stream, drawn.price)
        where = {model.leaves[slot]: column for column, slot in enumerate(stream.slots)}
        for leaf, columns in values.items():
            columns.append(_sized(payer, leaf, pool[items[:, E_ITEM], where[leaf]], items) if leaf in mine else
                           np.zeros(len(items)))  # fmt: skip
    stacked: list[Any] = [np.concatenate(one) for one in (partner, month, day, ids, lines)]
    order = np.lexsort((stacked[4].astype(str), stacked[3].astype(str), stacked[2], stacked[1], stacked[0]))
    p, m, d, i, li = (one[order] for one in stacked)
    return DealTable(p, m, d, i, li, {leaf: np.concatenate(columns)[order] for leaf, columns in values.items()})
