"""Partners under one parent, rolled up and paid to the parent."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from incentive_lab.engine.blocks import group_keys
from incentive_lab.errors import InputError, Problem
from incentive_lab.panel import DealTable, Panel
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.measures import CATALOGUE, TENURE


@dataclass(frozen=True)
class Payees:
    """Who is paid where a scheme pays parents for their members.

    Attributes:
        names: The groups, sorted.
        place: [partners] which group each belongs to.
        head: [groups] the row of the parent; of its first member where the parent is not itself a partner of the history.
    """

    names: tuple[str, ...]
    place: NDArray[np.int64]
    head: NDArray[np.int64]


def payees(scheme: Scheme, panel: Panel) -> Payees | None:
    """Who is paid, if the scheme pays parents; else every partner is, and nothing comes back."""
    if scheme.group is None or scheme.group.pays != "parent":
        return None
    names, first, place = np.unique(
        group_keys(panel, scheme, "group").astype(str), return_index=True, return_inverse=True
    )
    position = {partner: row for row, partner in enumerate(panel.partner_ids)}
    head = [position.get(name, int(row)) for name, row in zip(names.tolist(), first, strict=True)]
    return Payees(tuple(names.tolist()), place.astype(np.int64), np.array(head, dtype=np.int64))


def rolled_up(scheme: Scheme, panel: Panel) -> Panel:
    """The panel with members added into their group, if the scheme pays the parent; else the panel itself.

    Levels (scores) are the parent's own, or the mean of those its members have; a group has joined when the first of its
    members did. A group whose parent is not itself a partner of the history takes the attributes of its first member.

    Raises:
        InputError: Deals are paid one by one; a deal of several members cannot be put in one order yet.
    """
    paid = payees(scheme, panel)
    if paid is None:
        return panel
    names, place, head = paid.names, paid.place, paid.head
    joined = np.full(len(names), np.iinfo(np.int32).max, dtype=np.int32)
    np.minimum.at(joined, place, panel.joined)
    columns = {}
    for name, values in panel.columns.items():
        measure = scheme.measures.get(name) or CATALOGUE.get(name)
        if measure is not None and measure.event == TENURE:
            columns[name] = replace(panel, joined=joined, partner_ids=names).months_since_joining()
        elif (measure is not None and measure.is_level) or np.isnan(values).any():
            own = values[head]
            with np.errstate(invalid="ignore"):
                counts = np.zeros((len(names), panel.months))
                sums = np.zeros((len(names), panel.months))
                np.add.at(counts, place, ~np.isnan(values))
                np.add.at(sums, place, np.nan_to_num(values))
                columns[name] = np.where(np.isnan(own), sums / counts, own)
        else:
            total = np.zeros((len(names), panel.months))
            np.add.at(total, place, values)
            columns[name] = total
    deals = {grain: _merged(table, place) for grain, table in panel.deals.items()}
    if panel.returns is not None and len(panel.returns.partner):
        raise InputError([Problem("group.pays", "returns cannot be taken back from a parent",
                                  "Use `returns: recalculate` or `returns: ignore`, or pay members.")])  # fmt: skip
    attributes = {name: values[head] for name, values in panel.attributes.items()}
    if "joined_on" in attributes:
        dates = panel.attributes["joined_on"]
        order = np.lexsort((dates.astype(str), place))
        attributes["joined_on"] = dates[order][np.searchsorted(place[order], np.arange(len(names)))]
    return replace(
        panel, partner_ids=names, joined=joined, attributes=attributes, columns=columns, deals=deals,
        returns=None,
    )  # fmt: skip


def _merged(table: DealTable, place: np.ndarray) -> DealTable:
    """Deals credited to the parent; the parts of one deal that several members hold become one."""
    partner = place[table.partner]
    order = np.lexsort((table.line, table.deal_id, table.day, table.month, partner))
    same = np.zeros(len(order), dtype=bool)
    if len(order) > 1:
        a, b = order[1:], order[:-1]
        same[1:] = (
            (partner[a] == partner[b]) & (table.deal_id[a] == table.deal_id[b]) & (table.line[a] == table.line[b])
        )
    group = np.cumsum(~same) - 1
    heads = order[~same]
    values = {}
    for name, column in table.values.items():
        total = np.zeros(len(heads))
        np.add.at(total, group, column[order])
        values[name] = total
    return DealTable(partner[heads].astype(np.int32), table.month[heads], table.day[heads], table.deal_id[heads],
                     table.line[heads], values)  # fmt: skip
