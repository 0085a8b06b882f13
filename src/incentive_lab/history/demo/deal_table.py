"""The rows of `deals`."""

from __future__ import annotations

import numpy as np
import pyarrow as pa

from incentive_lab.history.demo import columns
from incentive_lab.history.demo.deals import NONE, STATUS, WON, Deals
from incentive_lab.history.demo.makeup import PRODUCTS
from incentive_lab.history.demo.plan import BLOCK


def deal_table(block: int, deals: Deals) -> pa.Table:
    """The deals of one block as they are written."""
    number = block * BLOCK + deals.owner
    return pa.table(
        {
            "deal_id": columns.numbered_within("D", number, deals.place),
            "order_id": columns.numbered_within("S", number, deals.place, missing=deals.status != WON),
            "partner_id": columns.numbered("P", number),
            "status": columns.pick(STATUS, deals.status),
            "created_on": columns.dates(deals.created),
            "qualified_on": _day(deals.qualified),
            "closed_on": _day(deals.closed),
            "recorded_on": columns.dates(deals.recorded),
            "product": columns.pick([product.name for product in PRODUCTS], deals.product),
            "quantity": columns.numbers(deals.quantity),
            "list_amount": columns.money(deals.list_amount),
            "amount": columns.money(deals.amount),
            "cost": columns.money(deals.cost),
            "currency": columns.pick(("USD",), np.zeros(len(number), np.int64)),
            "term_months": columns.numbers(deals.term, deals.term == NONE),
            "recurring_amount": columns.money(deals.recurring, deals.recurring == NONE),
            "registered_on": _day(deals.registered),
            "co_sold": pa.array(deals.co_sold),
            "co_delivered": pa.array(deals.co_delivered),
            "returned_on": _day(deals.returned),
            "returned_amount": columns.money(deals.returned_amount, deals.returned_amount == NONE),
            "customer_id": columns.numbered_within("C", number, deals.customer),
        }
    )


def _day(days: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> pa.Array:
    return columns.dates(days, days == NONE)
