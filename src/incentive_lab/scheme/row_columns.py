"""Columns and dates of a history's rows that a measure may name."""

from __future__ import annotations

from collections.abc import Mapping

# Columns that a measure may name, per table, with their unit; other columns of the table may be named too
# (they are numbers of unit 'number' unless the measure says otherwise).
COLUMNS: Mapping[str, Mapping[str, str]] = {
    "deals": {
        "amount": "money",
        "list_amount": "money",
        "cost": "money",
        "recurring_amount": "money",
        "returned_amount": "money",
        "returned": "money",  # what came back: 0 without returned_on, else returned_amount, else amount
        "quantity": "count",
        "term_months": "number",
        "margin": "money",  # amount - cost
        "discount": "money",  # list_amount - amount
        "cycle_days": "number",  # closed_on - created_on
        "days_kept": "number",  # returned_on - closed_on; none without returned_on
        "margin_share": "share",  # margin / amount
        "discount_share": "share",  # 1 - amount / list_amount
        "mark_up": "share",  # margin / cost
        "unit_price": "money",  # amount / quantity
    },
    "activities": {"quantity": "count", "quality": "number", "spend": "money"},
    "scores": {"value": "number"},
    "partners": {},
}
DATES: Mapping[str, tuple[str, ...]] = {
    "deals": ("created_on", "qualified_on", "closed_on", "registered_on", "returned_on", "recorded_on"),
    "activities": ("occurred_on",),
    "scores": ("scored_on",),
    "partners": ("joined_on",),
}
DEFAULT_DATE: Mapping[str, str] = {"deals": "closed_on", "activities": "occurred_on", "scores": "scored_on"}
