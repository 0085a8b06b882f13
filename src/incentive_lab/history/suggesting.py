"""A first mapping of other people's tables: which table is which, and which of their columns are ours."""

from __future__ import annotations

import difflib
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from incentive_lab.history.previewing import Preview
from incentive_lab.history.tables import PARTNER_TYPES, TABLES

CLOSE = 0.8
"""Names at least this alike (difflib's ratio) are suggested."""
_ALSO: Mapping[str, Sequence[str]] = {
    "partner_id": ("reseller id", "reseller key", "dealer id", "account id", "partner", "partner key", "partner no",
                   "channel partner", "vendor id", "reseller no", "partner number", "reseller"),
    "name": ("partner name", "reseller name", "company", "account name", "company name", "dealer name",
             "legal name", "partner account name"),
    "type": ("partner type", "business type", "channel", "category"),
    "region": ("territory", "country", "area", "geo", "sales region"),
    "segment": ("size", "partner segment"),
    "tier": ("level", "partner level", "status level"),
    "joined_on": ("joined", "contract date", "partner since", "contract start", "enrolled on", "join date", "start date",
                  "since", "onboarded", "first order date"),
    "parent_id": ("parent", "parent account"),
    "deal_id": ("opportunity id", "order id", "order number", "sales order", "deal", "id", "opportunity", "order no",
                "sales order number"),
    "line": ("line number", "order line", "line no", "sales order line number"),
    "status": ("stage", "state", "deal status", "outcome", "stage name"),
    "created_on": ("created", "opened on", "created date", "create date", "order date", "open date",
                   "date"),
    "closed_on": ("closed", "actual close date", "invoice date", "booking date", "shipped on", "close date",
                  "closed date", "ship date", "won date", "order date"),
    "amount": ("sales amount", "value", "booking amount", "bookings", "arr", "acv", "tcv", "line total", "extended price",
               "order amount", "invoice amount", "amount usd", "amount eur",
               "revenue", "net amount", "total", "price", "deal value", "net sales"),
    "cost": ("cost amount", "total cost", "standard cost", "unit cost total", "product cost", "total product cost",
             "cogs", "cost of sales"),
    "list_amount": ("list price total", "list price", "catalogue amount", "msrp", "gross amount", "list value",
                    "extended amount"),
    "quantity": ("order quantity", "qty", "units", "count"),
    "product": ("product id", "product key", "sku", "item", "product name"),
    "customer_id": ("customer", "end customer", "customer key"),
    "occurred_on": ("date", "activity date", "event date", "completed on", "completed"),
    "activity_id": ("id", "event id", "activity"),
    "kind": ("activity type", "event type", "type", "activity kind"),
    "scored_on": ("date", "score date", "survey date"),
    "value": ("score", "rating", "result"),
    "measure": ("metric", "kpi"),
    "period": ("quarter", "month", "year"),
    "currency": ("currency code", "iso currency"),
}  # fmt: skip
_WORDS: Mapping[str, Sequence[str]] = {
    "partners": ("partner", "reseller", "dealer", "account", "company"),
    "deals": ("deal", "opportunit", "order", "sale", "invoice"),
    "targets": ("target", "quota", "goal"),
    "activities": ("activit", "event", "training", "campaign", "lead"),
    "scores": ("score", "survey", "csat", "nps"),
    "actual_payouts": ("payout", "payment", "commission", "rebate paid"),
    "deal_partners": ("split", "credit", "deal partner"),
}
TYPE_WORDS: Mapping[str, Sequence[str]] = {
    "msp": ("msp", "managed service"),
    "system_integrator": ("integrator", "gsi", "si"),
    "distributor": ("distributor", "distribution", "wholesaler", "wholesale", "warehouse"),
    "dealer": ("dealer", "shop", "store", "retailer"),
    "agency": ("agency", "agent"),
    "consultancy": ("consultancy", "consultant", "advisor", "advisory"),
    "isv": ("isv", "software vendor"),
    "oem": ("oem", "manufacturer"),
    "referral": ("referral", "affiliate"),
    "marketplace": ("marketplace",),
    "alliance": ("alliance", "strategic"),
    "technology": ("technology", "tech"),
    "reseller": ("reseller", "var", "resellers", "partner"),
}
STATUS_WORDS: Mapping[str, Sequence[str]] = {
    "won": ("won", "ship", "bill", "paid", "complete", "closed", "invoiced", "delivered"),
    "lost": ("lost", "cancel", "reject", "dead", "returned"),
}


@dataclass(frozen=True)
class Choice:
    """How one table of theirs becomes one of ours.

    Attributes:
        source: Their table.
        table: Ours.
        columns: Our column -> theirs.
        constants: Our column -> one value for every row.
        words: Our column -> their word -> ours, such as what their statuses mean; only what differs is written.
        otherwise: Our column -> what any further word means; a column that is not there keeps further words as they are.
        times: Our column -> what its numbers are multiplied by, such as 1000 for amounts in thousands.
    """

    source: str
    table: str
    columns: Mapping[str, str]
    constants: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    otherwise: Mapping[str, str] = field(default_factory=dict)
    times: Mapping[str, Decimal] = field(default_factory=dict)


def normal(name: str) -> str:
    """A name reduced to its words.

    Example:
        >>> normal("SalesOrderID"), normal("partner-no.")
        ('sales order id', 'partner no')
    """
    parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", " ", name)
    return " ".join(re.findall(r"[a-z0-9]+", parted.lower()))


def suggested_table(name: str) -> str | None:
    """Which of our tables another table most likely is.

    Example:
        >>> suggested_table("Resellers"), suggested_table("FactSalesOrders"), suggested_table("weather")
        ('partners', 'deals', None)
    """
    said = normal(name)
    if said.replace(" ", "_") in TABLES:
        return said.replace(" ", "_")
    return next((table for table, words in reversed(list(_WORDS.items())) if any(word in said for word in words)), None)


def suggested_columns(table: str, columns: Sequence[str]) -> dict[str, str]:
    """Our column -> the one of theirs that most likely is the same; each of theirs once, save for dates.

    Example:
        >>> suggested_columns("partners", ["ResellerKey", "ResellerName", "BusinessType", "Phone"])
        {'partner_id': 'ResellerKey', 'name': 'ResellerName', 'type': 'BusinessType'}
    """
    known = {normal(column): column for column in columns if column}
    found: dict[str, str] = {}
    for strict in (True, False):
        for ours in TABLES[table].columns:
            if ours.name in found:
                continue
            taken = set(found.values()) if ours.kind != "date" else set()
            free = {text: column for text, column in known.items() if column not in taken}
            wanted = [normal(ours.name), *_ALSO.get(ours.name, ())]
            match = next((free[text] for text in wanted if text in free), None)
            if match is None and not strict:
                close = difflib.get_close_matches(normal(ours.name), free, n=1, cutoff=CLOSE)
                match = free[close[0]] if close else None
            if match is not None:
                found[ours.name] = match
    return {column.name: found[column.name] for column in TABLES[table].columns if column.name in found}


def suggested_status(value: str) -> str:
    """Where a deal stands, from another system's word for it.

    Example:
        >>> suggested_status("Closed Won"), suggested_status("Cancelled"), suggested_status("Negotiation")
        ('won', 'lost', 'open')
    """
    said = normal(value)
    for status in ("lost", "won"):
        if any(word in said for word in STATUS_WORDS[status]):
            return status
    return "open"


def suggested_type(value: str) -> str:
    """A partner type that the product knows, from another system's word; the word itself where none is meant.

    Example:
        >>> suggested_type("Value Added Reseller"), suggested_type("Warehouse"), suggested_type("Franchise")
        ('reseller', 'distributor', 'Franchise')
    """
    said = normal(value)
    if said.replace(" ", "_") in PARTNER_TYPES:
        return said.replace(" ", "_")
    return next((name for name, words in TYPE_WORDS.items() if any(word in said.split() or (" " in word and word in said)
                                                                   for word in words)), value)  # fmt: skip


WORDED: Mapping[tuple[str, str], Callable[[str], str]] = {
    ("deals", "status"): suggested_status,
    ("partners", "type"): suggested_type,
}
"""Columns whose words are translated, and how a first translation is found."""


def suggested(preview: Preview) -> Choice | None:
    """A whole first choice for a table; None where it is none of ours."""
    table = suggested_table(preview.table)
    if table is None:
        return None
    columns = suggested_columns(table, preview.columns)
    words = {
        column: {one: meant(one) for one in preview.values(columns[column])}
        for (of, column), meant in WORDED.items()
        if of == table and column in columns
    }
    return Choice(preview.table, table, columns, words=words)


def mapping_of(choices: Sequence[Choice]) -> dict[str, Any]:
    """The mapping document of these choices; several sources of one table stand one below the other.

    Example:
        >>> mapping_of([Choice("orders", "deals", {"deal_id": "no"}, {"status": "won"})])["tables"]["deals"]["from"]
        'orders'
    """
    tables: dict[str, Any] = {}
    for one in choices:
        columns: dict[str, Any] = {name: _rule(one, name) for name in one.columns}
        columns |= {name: {"constant": value} for name, value in one.constants.items()}
        source = {"from": one.source, "columns": columns}
        tables.setdefault(one.table, []).append(source)
    return {"tables": {name: found[0] if len(found) == 1 else {"union": found} for name, found in tables.items()}}


def _rule(choice: Choice, name: str) -> str | dict[str, Any]:
    """Where a column comes from: its name alone, or with what its words mean and what its numbers are multiplied by."""
    words = choice.words.get(name, {})
    changed = {theirs: ours for theirs, ours in words.items() if theirs != ours}
    rule: dict[str, Any] = {"column": choice.columns[name]}
    if name in choice.otherwise:
        rule |= {"values": dict(words), "otherwise": choice.otherwise[name]}
    elif changed:
        rule["values"] = changed
    if choice.times.get(name, Decimal(1)) != 1:
        rule["times"] = float(choice.times[name])
    return choice.columns[name] if len(rule) == 1 else rule


def missing(choices: Sequence[Choice]) -> list[str]:
    """Required columns that no choice fills, as `table.column`, and `partners` or `deals` where nothing is one."""
    lacking = [table for table in ("partners",) if not any(one.table == table for one in choices)]
    if not any(one.table in ("deals", "activities") for one in choices):
        lacking.append("deals")
    for one in choices:
        given = {*one.columns, *one.constants}
        lacking += [f"{one.table}.{column.name}" for column in TABLES[one.table].columns
                    if column.required and column.name not in given]  # fmt: skip
    return lacking
