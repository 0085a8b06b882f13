"""Where partners meet: customers they share, deals they work together, the partner above them."""

from __future__ import annotations

from incentive_lab.history.history import History


def customers_of(history: History) -> list[tuple[str, str]]:
    """Every (customer, partner) of the deals, sorted; empty where deals name no customers."""
    if "customer_id" not in history.filled["deals"]:
        return []
    rows = history.store.rows(
        "SELECT DISTINCT customer_id, partner_id FROM {deals} d WHERE customer_id IS NOT NULL ORDER BY 1, 2"
    )
    return [(str(customer), str(partner)) for customer, partner in rows]


def deals_together(history: History) -> list[tuple[str, str]]:
    """Every (deal, partner) of the deals that several partners share, sorted."""
    if not history.rows["deal_partners"]:
        return []
    rows = history.store.rows("SELECT DISTINCT deal_id, partner_id FROM {deal_partners} s ORDER BY 1, 2")
    return [(str(deal), str(partner)) for deal, partner in rows]
