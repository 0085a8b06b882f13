"""The tables of a history, declared once: loading, checks, identity, export and docs read this."""

from __future__ import annotations

import difflib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Literal

Kind = Literal["text", "date", "money", "number", "share", "boolean", "period"]

ALLOWED: Mapping[Kind, str] = {
    "text": "text",
    "date": "a date such as 2013-05-31, from 1900 to 2100",
    "money": "a number with a point and no grouping, such as 1234.50",
    "number": "a number with a point and no grouping, such as 3 or 2.5",
    "share": "a fraction such as 0.25",
    "boolean": "true or false",
    "period": "a month, quarter or year such as 2013-05, 2013-Q2 or 2013",
}

UNSEEN = "an id holds no control characters, such as tabs and line ends"


@dataclass(frozen=True)
class Column:
    """One column of a table.

    Attributes:
        name: As written in the header.
        kind: What its values are.
        required: Whether every row must have a value.
        help: One sentence for the person who fills it.
        negative: Whether a value below zero makes sense.
        values: The only values allowed; empty means any.
    """

    name: str
    kind: Kind
    required: bool = False
    help: str = ""
    negative: bool = True
    values: tuple[str, ...] = ()

    @property
    def is_id(self) -> bool:
        """Whether it names something: such text is matched letter by letter, so what cannot be seen is refused."""
        return self.kind == "text" and self.name.endswith("_id")


@dataclass(frozen=True)
class Table:
    """One table of a history.

    Attributes:
        name: Also the file stem, sheet name or table name it is read from.
        columns: Declared columns in their written order.
        key: Columns that together name a row once; empty when rows may repeat.
        date: The date that places a row in time, None when it has none.
        extras: Whether further columns are kept as attributes.
        one_of: Columns of which at least one must be filled in each row.
    """

    name: str
    columns: tuple[Column, ...]
    key: tuple[str, ...] = ()
    date: str | None = None
    extras: bool = False
    one_of: tuple[str, ...] = ()

    def column(self, name: str) -> Column | None:
        """The declared column called `name`, if there is one."""
        return next((column for column in self.columns if column.name == name), None)

    @property
    def names(self) -> tuple[str, ...]:
        """Declared column names, in order."""
        return tuple(column.name for column in self.columns)


PARTNER_TYPES = (
    "reseller", "msp", "system_integrator", "technology", "distributor", "dealer", "agency", "consultancy", "oem",
    "referral", "marketplace", "isv", "alliance",
)  # fmt: skip
"""Types the product knows by name; another type only warns."""

_PARTNER = Column("partner_id", "text", required=True, help="Whose row it is; an id from partners.")

_TABLES = (
    Table(
        "partners",
        (
            Column("partner_id", "text", required=True, help="Names the partner once."),
            Column("name", "text", help="What people call the partner."),
            Column("type", "text", required=True, help="reseller, msp, system_integrator, technology, ..."),
            Column("region", "text", help="Where it sells."),
            Column("segment", "text", help="How the programme groups it."),
            Column("tier", "text", help="The tier on record when the history starts."),
            Column("joined_on", "date", help="When it joined the programme."),
            Column("parent_id", "text", help="The partner it belongs to."),
            Column("currency", "text", help="ISO 4217 code of its amounts, where a deal says none."),
        ),
        key=("partner_id",),
        date="joined_on",
        extras=True,
    ),
    Table(
        "deals",
        (
            Column("deal_id", "text", required=True, help="Names the deal; its lines share it."),
            Column("line", "text", help="Names the line within the deal."),
            Column("order_id", "text", help="The order it became."),
            _PARTNER,
            Column("status", "text", required=True, help="Where it stands.", values=("open", "won", "lost")),
            Column("created_on", "date", required=True, help="When it entered the pipeline."),
            Column("qualified_on", "date", help="When it was qualified."),
            Column("closed_on", "date", help="When it was won or lost."),
            Column("recorded_on", "date", help="When the programme learnt of it."),
            Column("product", "text", help="What was sold."),
            Column("quantity", "number", help="How many units.", negative=False),
            Column("list_amount", "money", help="What it would cost at list price."),
            Column("amount", "money", required=True, help="What the customer pays."),
            Column("cost", "money", help="What it costs the vendor."),
            Column("currency", "text", help="ISO 4217 code of the row's amounts."),
            Column("term_months", "number", help="Length of the contract.", negative=False),
            Column("recurring_amount", "money", help="Amount per month of the contract."),
            Column("registered_on", "date", help="When the deal was registered."),
            Column("co_sold", "boolean", help="Whether vendor and partner sold it together."),
            Column("co_delivered", "boolean", help="Whether they delivered it together."),
            Column("returned_on", "date", help="When it was returned."),
            Column(
                "returned_amount", "money", help="How much of the amount was returned; empty means all.", negative=False
            ),
            Column("customer_id", "text", help="Who bought."),
        ),
        key=("deal_id", "line"),
        date="closed_on",
        extras=True,
    ),
    Table(
        "targets",
        (
            Column("partner_id", "text", help="Whose target it is."),
            Column("type", "text", help="Or every partner of this type."),
            Column("segment", "text", help="Or every partner of this segment."),
            Column("measure", "text", required=True, help="The measure it is set on."),
            Column("period", "period", required=True, help="The month, quarter or year."),
            Column("amount", "number", required=True, help="The target, in the measure's own unit."),
        ),
        key=("partner_id", "type", "segment", "measure", "period"),
        one_of=("partner_id", "type", "segment"),
    ),
    Table(
        "deal_partners",
        (
            Column("deal_id", "text", required=True, help="A deal worked by several partners."),
            _PARTNER,
            Column(
                "share",
                "share",
                help="The partner's part of it; may be empty where the role has a share.",
                negative=False,
            ),
            Column("role", "text", help="sourced, influenced or delivered."),
        ),
        key=("deal_id", "partner_id", "role"),
        one_of=("share", "role"),
    ),
    Table(
        "activities",
        (
            Column("activity_id", "text", required=True, help="Names the activity once."),
            _PARTNER,
            Column("occurred_on", "date", required=True, help="When it happened."),
            Column("kind", "text", required=True, help="lead, training, certification, campaign, ..."),
            Column("quantity", "number", help="How many; empty means 1.", negative=False),
            Column("quality", "number", help="How good, on the programme's own scale."),
            Column("spend", "money", help="What it cost the partner."),
            Column("deal_id", "text", help="The deal it belongs to."),
            Column("product", "text", help="What it was about."),
        ),
        key=("activity_id",),
        date="occurred_on",
        extras=True,
    ),
    Table(
        "scores",
        (
            _PARTNER,
            Column("scored_on", "date", required=True, help="When it was measured."),
            Column("measure", "text", required=True, help="csat, brand_adherence, ..."),
            Column("value", "number", required=True, help="The score."),
        ),
        date="scored_on",
        extras=True,
    ),
    Table(
        "actual_payouts",
        (
            _PARTNER,
            Column("period", "period", required=True, help="The month, quarter or year paid for."),
            Column("rule", "text", help="What it was paid for."),
            Column("amount", "money", required=True, help="What was really paid."),
        ),
    ),
)

TABLES: Mapping[str, Table] = {table.name: table for table in _TABLES}

OTHER_NAMES = (
    "Other names are read through a mapping (--mapping, or By this mapping on Data), or by dropping the files there."
)
"""What to do with files whose tables or columns are called otherwise."""


def holds_money(table: str, column: str) -> bool:
    """Whether the numbers of a column may be amounts: money, a target, or a further column of one's own.

    Example:
        >>> holds_money("deals", "cost"), holds_money("deals", "quantity"), holds_money("deals", "funding")
        (True, False, True)
    """
    declared = TABLES[table].column(column)
    if declared is None:
        return bool(column) and table != "partners"
    return declared.kind == "money" or (table, column) == ("targets", "amount")


def not_a_table(name: str) -> str:
    """What to do about a table whose name is near to that of a table of a history.

    Example:
        >>> not_a_table("deal"), not_a_table("orders").split(",")[0]
        ('Did you mean deals?', 'Tables: partners')
    """
    close = difflib.get_close_matches(name, TABLES, n=1, cutoff=0.75) or [one for one in TABLES if name in one]
    return f"Did you mean {close[0]}?" if close else f"Tables: {', '.join(TABLES)}. {OTHER_NAMES}"
