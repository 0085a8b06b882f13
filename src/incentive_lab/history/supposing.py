"""Rows that are only supposed: what one more deal or activity would add to each measure of a partner."""

from __future__ import annotations

import csv
import datetime
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from incentive_lab.engine.needs import needs
from incentive_lab.history.loading import open_history
from incentive_lab.history.tables import TABLES
from incentive_lab.panel import DealTable, Panel
from incentive_lab.scheme.document import Scheme

if TYPE_CHECKING:
    from incentive_lab.history.history import History


@dataclass(frozen=True)
class Supposed:
    """What a partner is supposed to do besides.

    Attributes:
        on: The day it happens.
        amount: A deal won that day, in whole currency units; None for no deal.
        margin: The deal's margin as a share of its amount.
        discount: Its discount as a share of its list price.
        registered: Whether it was registered.
        activities: Kind -> quantity.
    """

    on: datetime.date
    amount: Decimal | None = None
    margin: Decimal = Decimal("0.2")
    discount: Decimal = Decimal(0)
    registered: bool = True
    activities: Mapping[str, int] = field(default_factory=dict)


def suppose(history: History, panel: Panel, partner: str, what: Supposed, *schemes: Scheme) -> Panel:
    """The panel as if the partner had also done this.

    The supposed rows are read as a history of their own, so that each measure counts them as it counts real ones. What
    nobody was asked about, the product and the columns that only this history has, is as in the partner's last won deal.

    Args:
        history: Where the panel is from.
        panel: The panel of these schemes.
        partner: Partner id.
        what: The supposed rows.
        schemes: The schemes the panel serves.
    """
    wanted = needs(*schemes)
    row = panel.partner_ids.index(partner)
    rows = [one for one in _rows(what, partner, _last_won(history, partner)).items() if one[1]]
    if not rows:
        return panel
    with tempfile.TemporaryDirectory(prefix="incentive-lab-") as name:
        folder = Path(name)
        _write(folder / "partners.csv", [_partner(history, partner)])
        for table, found in rows:
            _write(folder / f"{table}.csv", found)
        with open_history(folder, currency=history.currency, calendar=history.calendar).closing() as small:
            leaves = {
                key: leaf for key, leaf in wanted.leaves.items()
                if leaf.table in ("deals", "activities") and not leaf.is_level and not small.problems_of({key: leaf})
            }  # fmt: skip
            grains = {
                grain: tuple(one for one in names if one in leaves) for grain, names in wanted.deal_leaves.items()
            }
            extra = small.panel(leaves, deal_leaves={grain: names for grain, names in grains.items() if names})
    return _together(panel, extra, row)


def _last_won(history: History, partner: str) -> dict[str, Any]:
    """Product and own columns of the partner's last won deal, as a file says them; empty without one."""
    ours = {column.name for column in TABLES["deals"].columns} - {"product"}
    names = [name for name in history.columns["deals"] if name not in ours]
    import pandas as pd

    deals = history.deals_of(partner, 0, 12 * 9999)
    won = deals[(deals["status"] == "won") & deals["closed_on"].notna()]
    if won.empty or not names:
        return {}
    numbers = set(won[names].select_dtypes("number").columns)  # kept as millionths
    last = won.iloc[-1]
    return {
        name: Decimal(int(last[name])).scaleb(-6) if name in numbers else str(last[name])
        for name in names
        if not pd.isna(last[name])
    }


def _rows(what: Supposed, partner: str, usual: Mapping[str, Any]) -> dict[str, list[dict[str, Any]]]:
    day = what.on.isoformat()
    deals = []
    if what.amount is not None and what.amount > 0:
        deals.append({
            "product": "supposed", **usual,
            "deal_id": "supposed", "partner_id": partner, "status": "won", "created_on": day, "qualified_on": day,
            "closed_on": day, "registered_on": day if what.registered else "", "quantity": 1,
            "amount": _cents(what.amount), "cost": _cents(what.amount * (1 - what.margin)),
            "list_amount": _cents(what.amount / (1 - what.discount)) if what.discount < 1 else _cents(what.amount),
            "customer_id": "supposed",
        })  # fmt: skip
    activities = [
        {"activity_id": f"supposed-{kind}", "partner_id": partner, "occurred_on": day, "kind": kind,
         "quantity": quantity, "quality": 1, "spend": 0}
        for kind, quantity in what.activities.items() if quantity > 0
    ]  # fmt: skip
    return {"deals": deals, "activities": activities}


def _cents(amount: Decimal) -> str:
    return f"{amount.quantize(Decimal('0.01'))}"


def _partner(history: History, partner: str) -> dict[str, Any]:
    place = history.partners["partner_id"].tolist().index(partner)
    known = {name: values[place] for name, values in history.partners.items() if values[place] is not None}
    return {"partner_id": partner, **{name: str(value) for name, value in known.items() if name != "parent_id"}}


def _write(file: Path, rows: Sequence[Mapping[str, Any]]) -> None:
    with file.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, list(rows[0]))
        writer.writeheader()
        writer.writerows(rows)


def _together(panel: Panel, extra: Panel, row: int) -> Panel:
    """The panel with what the supposed rows add to one partner; months outside it are left out."""
    columns = dict(panel.columns)
    for name, values in extra.columns.items():
        columns[name] = columns[name].copy()
        for month in range(extra.months):
            place = extra.first_month + month - panel.first_month
            if 0 <= place < panel.months:
                columns[name][row, place] += values[0, month]
    shift = extra.first_month - panel.first_month
    deals = {grain: _joined(table, extra.deals.get(grain), row, shift) for grain, table in panel.deals.items()}
    return replace(panel, columns=columns, deals=deals)


def _joined(table: DealTable, extra: DealTable | None, row: int, shift: int) -> DealTable:
    """Deals with the supposed ones among them, in their order."""
    if extra is None or not len(extra.partner):
        return table
    partner = np.concatenate([table.partner, np.full(len(extra.partner), row, dtype=np.int32)])
    month = np.concatenate([table.month, (extra.month + shift).astype(np.int32)])
    day = np.concatenate([table.day, extra.day])
    ids = np.concatenate([table.deal_id, extra.deal_id])
    line = np.concatenate([table.line, extra.line])
    order = np.lexsort((line.astype(str), ids.astype(str), day, month, partner))
    nothing = np.zeros(len(extra.partner))
    values = {name: np.concatenate([old, extra.values.get(name, nothing)])[order] for name, old in table.values.items()}
    return DealTable(partner[order], month[order], day[order], ids[order], line[order], values)
