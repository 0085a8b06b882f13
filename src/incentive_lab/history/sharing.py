"""Where partners meet: customers they share, deals they work together, the partner above them."""

from __future__ import annotations

import datetime

from incentive_lab.history.history import History


def customers_of(history: History) -> list[tuple[str, str]]:
    """Every (customer, partner) of the deals, sorted; empty where deals name no customers.

    The partners of a deal that several share are all of its customer.
    """
    if "customer_id" not in history.filled["deals"]:
        return []
    who, more = "d.partner_id", ""
    if history.rows["deal_partners"]:
        who, more = "coalesce(s.partner_id, d.partner_id)", " LEFT JOIN {deal_partners} s ON s.deal_id = d.deal_id"
    rows = history.store.rows(
        f"SELECT DISTINCT d.customer_id, {who} FROM {{deals}} d{more} WHERE d.customer_id IS NOT NULL ORDER BY 1, 2"
    )
    return [(str(customer), str(partner)) for customer, partner in rows]


def deals_together(history: History) -> list[tuple[str, str]]:
    """Every (deal, partner) of the deals that several partners share, sorted."""
    return sorted({(deal, partner) for deal, partner, _ in days_together(history)})


def days_together(history: History) -> list[tuple[str, str, datetime.date]]:
    """Every (deal, partner, day it was closed or else created) of the deals that several partners share, sorted."""
    if not history.rows["deal_partners"]:
        return []
    day = "coalesce(d.closed_on, d.created_on)" if "closed_on" in history.filled["deals"] else "d.created_on"
    rows = history.store.rows(
        f"SELECT DISTINCT s.deal_id, s.partner_id, {day} FROM {{deal_partners}} s JOIN {{deals}} d "
        "ON d.deal_id = s.deal_id ORDER BY 1, 2, 3"
    )
    return [(str(deal), str(partner), day) for deal, partner, day in rows]
