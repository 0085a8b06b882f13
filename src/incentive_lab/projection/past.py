"""What a projection is fitted to: the panel that schemes ask for, and the items behind every measure of deals."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from incentive_lab.engine.needs import needs
from incentive_lab.errors import InputError, Problem
from incentive_lab.format import percent
from incentive_lab.history.for_schemes import must_fit
from incentive_lab.panel import DealTable, Panel, Returns
from incentive_lab.projection.streams import Rows, items_in_order
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.measures import CATALOGUE, Measure

if TYPE_CHECKING:
    from incentive_lab.history.history import History

ANALYSED = ("revenue", "margin")
"""Measures that answers need beside those of the scheme."""
OUTSIZED = 0.25
"""Share of all revenue from which on a single deal is told of."""


@dataclass(frozen=True, eq=False)
class Past:
    """History as far as it is fitted.

    Attributes:
        panel: Every leaf that the schemes and the answers read.
        leaves: Name in the panel -> measure.
        items: Date column -> the single deals behind the leaves of that date.
        margin: Whether the history knows what deals cost.
    """

    panel: Panel
    leaves: Mapping[str, Measure]
    items: Mapping[str, DealTable]
    margin: bool


def past_of(history: History, *schemes: Scheme) -> Past:
    """Everything a projection of these schemes needs of a history.

    Raises:
        InputError: The schemes are in another currency, or ask for what the history does not have.
    """
    must_fit(history, *schemes)
    wanted = needs(*schemes)
    leaves = dict(wanted.leaves)
    again = [name for name, measure in leaves.items() if measure.once_in or measure.rolling_months]
    if again:
        raise InputError([
            Problem(f"measures.{name}", "it counts a customer once, however often it comes; deals to come are drawn without "
                    "customers, so it cannot be projected.", "Replay the scheme, or project it with the counts of each month.")
            for name in again
        ])  # fmt: skip
    for name in ANALYSED:
        if name not in leaves and not history.problems_of({name: CATALOGUE[name]}):
            leaves[name] = CATALOGUE[name]
    options = _options(schemes[0])
    panel = history.panel(leaves, deal_leaves=wanted.deal_leaves, want_returns=wanted.returns, **options)
    by_date: dict[str, dict[str, Measure]] = {}
    for name, measure in leaves.items():
        if is_item(measure):
            by_date.setdefault(str(measure.date), {})[name] = measure
    items = {
        date: history.panel(group, deal_leaves={"deal": tuple(group)}, **options).deals["deal"]
        for date, group in by_date.items()
    }
    # A column of costs without a single value says nothing: margin would be taken for 0.
    return Past(panel, leaves, items, "margin" in leaves and "cost" in history.filled["deals"])


def _options(scheme: Scheme) -> dict[str, Any]:
    return {"settle": scheme.settle, "year_starts": scheme.year_starts, "late_data": scheme.late_data,
            "role_shares": scheme.splits.role_shares}  # fmt: skip


def question(*schemes: Scheme) -> str:
    """What `past_of` asks of a history: schemes with one question share a past, whatever their rates are."""
    wanted = needs(*schemes)
    leaves = {name: measure.model_dump_json() for name, measure in sorted(wanted.leaves.items())}
    deals = {grain: sorted(names) for grain, names in sorted(wanted.deal_leaves.items())}
    return repr((leaves, deals, wanted.returns, _options(schemes[0]), {scheme.currency for scheme in schemes}))


def is_item(measure: Measure) -> bool:
    """Whether a leaf adds up whole deals, so that deals can be resampled for it."""
    return measure.table == "deals" and not (measure.spread or measure.distinct)


def until(past: Past, months: int) -> Past:
    """What was known after so many months: later rows and partners that joined later are left out of the fit.

    Args:
        past: The whole history.
        months: How many of its months to keep.
    """
    panel = past.panel
    cut = replace(
        panel,
        months=months,
        columns={name: values[:, :months] for name, values in panel.columns.items()},
        deals={grain: _first(table, months) for grain, table in panel.deals.items()},
        returns=None if panel.returns is None else _returned(panel.returns, months),
    )
    return replace(past, panel=cut, items={date: _first(table, months) for date, table in past.items.items()})


def _first(table: DealTable, months: int) -> DealTable:
    keep = table.month < months
    return DealTable(table.partner[keep], table.month[keep], table.day[keep], table.deal_id[keep], table.line[keep],
                     {name: values[keep] for name, values in table.values.items()})  # fmt: skip


def _returned(table: Returns, months: int) -> Returns:
    keep = table.month < months
    return Returns(table.partner[keep], table.month[keep], table.sold_month[keep], table.deal_id[keep], table.line[keep],
                   table.term_months[keep], {name: values[keep] for name, values in table.values.items()})  # fmt: skip


def in_order(table: DealTable, segment: Rows, odd: NDArray[np.bool_] | None = None) -> DealTable:
    """Items by segment and partner, those of partners that are `odd` last in their segment."""
    rows = items_in_order(table.partner.astype("int64"), segment, odd)
    return DealTable(table.partner[rows], table.month[rows], table.day[rows], table.deal_id[rows], table.line[rows],
                     {name: values[rows] for name, values in table.values.items()})  # fmt: skip


def outsized(past: Past) -> list[str]:
    """A note where a single deal is a large part of all revenue."""
    table = past.items.get("closed_on")
    if table is None or "revenue" not in table.values or not len(table.values["revenue"]):
        return []
    amounts = table.values["revenue"]
    row, whole = int(amounts.argmax()), float(amounts.sum())
    if whole <= 0 or amounts[row] < OUTSIZED * whole:
        return []
    return [f"One deal ({table.deal_id[row]} of {past.panel.partner_ids[table.partner[row]]}) is "
            f"{percent(float(amounts[row]) / whole, 1)} of the revenue of all deals: how often one like it is drawn decides the "
            "band. Leave it out of the history if it cannot come again."]  # fmt: skip


def told_apart(panel: Panel, odd: NDArray[np.bool_]) -> list[str]:
    """A note on partners whose deals are of another size than their type's."""
    who = [panel.partner_ids[row] for row in np.flatnonzero(odd)]
    if not who:
        return []
    named = ", ".join(who[:3]) + (f" and {len(who) - 3} more" if len(who) > 3 else "")
    return [f"The deals of {named} are of another size than those of the same type: only their own are drawn for them, and "
            "nobody else draws theirs."]  # fmt: skip
