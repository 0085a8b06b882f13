"""Measures: what is counted or summed per partner and month, and the catalogue every scheme can use.

A leaf measure (sum, count, distinct, level, event) becomes one column of a panel. A derived measure (ratio,
plus/minus) is worked out from leaves. The same model describes the built-in catalogue and a scheme's own.
"""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import BeforeValidator, Field, model_validator

from incentive_lab.scheme.base import Part
from incentive_lab.scheme.numbers import exact, month_count
from incentive_lab.scheme.row_columns import COLUMNS as COLUMNS
from incentive_lab.scheme.row_columns import DATES as DATES
from incentive_lab.scheme.row_columns import DEFAULT_DATE as DEFAULT_DATE
from incentive_lab.scheme.terms import TermMonths

Table = Literal["deals", "activities", "scores", "partners"]


def _share(value: object) -> object:
    """A percentage written as text as its exact share; anything else as it is."""
    return exact(value) if isinstance(value, float) or (isinstance(value, str) and value.endswith("%")) else value


Bound = Annotated[Decimal | datetime.date, BeforeValidator(_share)]


class Condition(Part):
    """A test on one column of a row. In YAML a plain value means `is`, a list means `in`."""

    is_: str | bool | Decimal | datetime.date | None = Field(None, alias="is")
    in_: tuple[str | Decimal, ...] | None = Field(None, alias="in")
    not_: tuple[str | Decimal, ...] | None = Field(None, alias="not")
    min: Bound | None = None
    max: Bound | None = None
    above: Bound | None = None
    below: Bound | None = None
    known: bool | None = None  # the column has a value

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        if isinstance(value, Mapping):
            data = dict(value)
            if data.get("not") is not None and not isinstance(data["not"], (list, tuple)):
                data["not"] = (data["not"],)
            return data
        if isinstance(value, (list, tuple)):
            return {"in": tuple(value)}
        return value if isinstance(value, Condition) else {"is": value}


class Expression(Part):
    """Row arithmetic as data: a column, a number, or one operation on expressions.

    Example:
        >>> Expression.model_validate({"difference": ["deals.amount", "deals.cost"]}).columns()
        ('deals.amount', 'deals.cost')
    """

    column: str | None = None
    number: Decimal | None = None
    sum: tuple[Expression, ...] | None = None
    difference: tuple[Expression, Expression] | None = None
    product: tuple[Expression, ...] | None = None
    largest: tuple[Expression, ...] | None = None
    smallest: tuple[Expression, ...] | None = None

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        if isinstance(value, str):
            try:
                return {"number": exact(value)}
            except ValueError:
                return {"column": value}
        if isinstance(value, (int, float, Decimal)) and not isinstance(value, bool):
            return {"number": exact(value)}
        return value

    @model_validator(mode="after")
    def _one(self) -> Expression:
        said = (self.column, self.number, self.sum, self.difference, self.product, self.largest, self.smallest)
        if sum(form is not None for form in said) != 1:
            raise ValueError("an expression is one of: column, number, sum, difference, product, largest, smallest")
        if self.column is None and self.number is None and not self.parts():
            raise ValueError("an operation needs columns or numbers to work on")
        return self

    def parts(self) -> tuple[Expression, ...]:
        """The expressions this operation works on."""
        return self.sum or self.difference or self.product or self.largest or self.smallest or ()

    def columns(self) -> tuple[str, ...]:
        """Every `table.column` it reads, in order."""
        if self.column is not None:
            return (self.column,)
        return tuple(name for part in self.parts() for name in part.columns())


class Measure(Part):
    """How one measure is worked out. Exactly one of `of`, `count`, `distinct`, `level`, `event`, `ratio`, `plus`.

    Attributes:
        of: Sum of a column or of row arithmetic, e.g. `deals.amount`.
        count: Rows of a table; for deals, distinct deal ids (lines of one deal count once).
        distinct: Distinct values of a column within a month; a window adds its months. With
        once_in: a value counts once in each quarter, half-year or year of the programme, or once ever (life), in the month in
            which it comes first, so that the months of that window add up to its distinct values. Or with
        rolling_months: a level, the distinct values of so many months up to each.
        level: A value that holds until the next one: `scores.csat` (the score named csat).
        event: joined, anniversary or first_deal: 1 in the month where it happens; months_since_joining: a level.
        ratio: Two measures, numerator first; over a window the sums are divided.
        plus: Measures that are added; `minus` are taken off.
        where: Filters on the row.
        at: The date column that puts a row into a month (default: closed_on, occurred_on, scored_on).
        spread: 'term' spreads a contract's amount over its months: each month from `at` for term_months months.
        months_of_term: Only these months of a spread contract.
        credit: 'share' counts a partner's share of a multi-partner deal, 'full' the whole deal for each.
        roles: Only multi-partner credits with one of these roles; empty means all.
        less_returns: A deal counts less what was returned, whenever that was; a spread contract from the return on.
        unit: money, count, share or number; by default that of the column.
        hold_months: How long a level holds.
        each_month: What of a level adds up, so that a rule can pay on it: all of it in every month (whole, for a rate by the
            month), or a twelfth (for a rate by the year).
    """

    of: Expression | None = None
    count: Table | None = None
    distinct: str | None = None
    once_in: Literal["quarter", "half_year", "year", "life"] | None = None
    rolling_months: (
        Annotated[
            int,
            month_count(
                "Rolling window", 1200, (3, 24), "Months over which different values count.", "docs/scheme.md#measures"
            ),
        ]
        | None
    ) = None
    level: str | None = None
    event: Literal["joined", "anniversary", "first_deal", "months_since_joining"] | None = None
    ratio: tuple[str, str] | None = None
    plus: tuple[str, ...] = ()
    minus: tuple[str, ...] = ()
    where: dict[str, Condition] = Field(default_factory=dict)
    at: str | None = None
    spread: Literal["term"] | None = None
    months_of_term: TermMonths | None = None
    credit: Literal["share", "full"] = "share"
    roles: tuple[str, ...] = ()
    less_returns: bool = False
    unit: Literal["money", "count", "share", "number"] | None = None
    hold_months: Annotated[
        int,
        month_count("Score holds for", 1200, (1, 24), "Months for which a score counts.", "docs/scheme.md#measures"),
    ] = 12
    each_month: Literal["whole", "twelfth"] | None = None
    label: str = ""
    help: str = ""

    @model_validator(mode="after")
    def _one_kind(self) -> Measure:
        kinds = [self.of, self.count, self.distinct, self.level, self.event, self.ratio, self.plus or None]
        if sum(kind is not None for kind in kinds) != 1:
            raise ValueError("a measure has exactly one of: of, count, distinct, level, event, ratio, plus")
        if self.distinct is None and (self.once_in or self.rolling_months):
            raise ValueError("only `distinct` has once_in or rolling_months")
        if self.once_in and self.rolling_months:
            raise ValueError("a distinct measure has once_in or rolling_months, not both")
        if self.each_month and self.level is None and not self.rolling_months:
            raise ValueError(
                "only a level (`level`, or `distinct` with rolling_months) has each_month; anything else adds up"
            )
        if self.of is not None and len({name.split(".")[0] for name in self.of.columns()}) != 1:
            raise ValueError("the columns of `of` must come from one table, written table.column")
        return self

    @property
    def leaf(self) -> bool:
        """Whether the history works it out directly (else it is derived from other measures)."""
        return self.ratio is None and not self.plus

    @property
    def is_level(self) -> bool:
        """Whether it is a value that holds, rather than something that adds up."""
        holds = self.level is not None or self.rolling_months is not None
        return self.event == "months_since_joining" or (holds and self.each_month is None)

    @property
    def table(self) -> str | None:
        """The table its rows come from; None for derived measures and events."""
        if self.of is not None:
            return self.of.columns()[0].split(".")[0]
        if self.count is not None:
            return self.count
        named = self.distinct or self.level
        return named.split(".")[0] if named else None

    @property
    def follows_returns(self) -> bool:
        """Whether what a returned deal earned can be found again: a sum or count of deals as they closed."""
        return self.table == "deals" and not (self.spread or self.distinct or self.date == "returned_on")

    @property
    def date(self) -> str | None:
        """The date column that places a row in a month."""
        return self.at or DEFAULT_DATE.get(self.table or "")


class OnceInAGroup(Measure):
    """A leaf that partners of a group hold together, counted once: with the first of them by id.

    Attributes:
        group: The attribute of partners that joins them; without it a partner stands alone.
    """

    group: str


def _won(of: str, unit: str | None = None, help: str = "", at: str = "closed_on", **more: object) -> Measure:
    where = {"status": "won"}
    return Measure.model_validate({"of": of, "where": where, "at": at, "unit": unit, "help": help, **more})


def _activity(kind: str) -> Measure:
    return Measure.model_validate({"of": "activities.quantity", "where": {"kind": kind}, "unit": "count"})


def _customers(help: str, **more: object) -> Measure:
    where = {"status": "won"}
    said = {"distinct": "deals.customer_id", "where": where, "at": "closed_on", "unit": "count", "help": help}
    return Measure.model_validate({**said, **more})


ACTIVITY_KINDS = (
    "lead", "qualified_lead", "deal_registration", "training", "certification", "campaign", "event", "referral",
    "integration", "business_review", "onboarding_step", "customer_success_plan", "advocacy",
)  # fmt: skip
SCORES = ("csat", "brand_adherence", "nps", "pipeline_quality")

_CONTRACTS = "Monthly amount of contracts in force, each until its term ends or it is cancelled."
TENURE = "months_since_joining"
"""The measure of a partner's time in the programme."""
CATALOGUE: Mapping[str, Measure] = {
    "revenue": _won("deals.amount", help="Amount of won deals, by closing date."),
    "list_revenue": _won("deals.list_amount", help="List price of won deals."),
    "cost_of_sales": _won("deals.cost", help="Cost of won deals."),
    "margin": _won("deals.margin", help="Amount less cost of won deals."),
    "discount_given": _won("deals.discount", help="List price less amount of won deals."),
    "units": _won("deals.quantity", help="Quantity sold in won deals."),
    "won_deals": Measure.model_validate({"count": "deals", "where": {"status": "won"}, "at": "closed_on"}),
    "lost_deals": Measure.model_validate({"count": "deals", "where": {"status": "lost"}, "at": "closed_on"}),
    "closed_deals": Measure.model_validate({"count": "deals", "where": {"status": ["won", "lost"]}, "at": "closed_on"}),
    "created_deals": Measure.model_validate({"count": "deals", "at": "created_on"}),
    "pipeline": Measure.model_validate({"of": "deals.amount", "at": "created_on"}),
    "qualified_pipeline": Measure.model_validate({"of": "deals.amount", "at": "qualified_on"}),
    "qualified_opportunities": Measure.model_validate({"count": "deals", "at": "qualified_on"}),
    "registered_deals": Measure.model_validate({"count": "deals", "at": "registered_on"}),
    "registered_revenue": _won("deals.amount", help="Won deals that were registered.").model_copy(
        update={"where": {"status": Condition(is_="won"), "registered_on": Condition(known=True)}}
    ),
    "co_sold_revenue": _won("deals.amount").model_copy(
        update={"where": {"status": Condition(is_="won"), "co_sold": Condition(is_=True)}}
    ),
    "recurring_revenue": _won("deals.recurring_amount", spread="term", less_returns=True, help=_CONTRACTS),
    "customers": _customers("Different customers of each month; a longer window adds its months."),
    "customers_in_quarter": _customers("Different customers of each quarter.", once_in="quarter"),
    "customers_in_year": _customers("Different customers of each programme year.", once_in="year"),
    "new_customers": _customers("Customers in the month in which they first buy.", once_in="life"),
    "cycle_days_total": _won("deals.cycle_days", unit="number"),
    "returns": _won("deals.returned", at="returned_on", help="Amount returned, in the month of the return."),
    "net_revenue": Measure(plus=("revenue",), minus=("returns",), help="Revenue less the month's returns."),
    "win_rate": Measure(ratio=("won_deals", "closed_deals"), unit="share"),
    "margin_share": Measure(ratio=("margin", "revenue"), unit="share"),
    "mark_up": Measure(ratio=("margin", "cost_of_sales"), unit="share"),
    "discount_share": Measure(ratio=("discount_given", "list_revenue"), unit="share"),
    "average_deal": Measure(ratio=("revenue", "won_deals"), unit="money"),
    "cycle_days": Measure(ratio=("cycle_days_total", "won_deals"), unit="number"),
    "returned_share": Measure(ratio=("returns", "revenue"), unit="share"),
    "campaign_spend": Measure.model_validate({"of": "activities.spend", "where": {"kind": "campaign"}}),
    "joined": Measure(event="joined", unit="count", help="1 in the month of joining."),
    "anniversary": Measure(event="anniversary", unit="count", help="1 in every twelfth month after joining."),
    "first_deal": Measure(event="first_deal", unit="count", help="1 in the month of the first won deal."),
    TENURE: Measure(
        event="months_since_joining", unit="number", help="Whole months since the month of joining, 0 in it."
    ),
    **{kind: _activity(kind) for kind in ACTIVITY_KINDS},
    **{name: Measure(level=f"scores.{name}", unit="number") for name in SCORES},
}
LEVELS = frozenset(name for name, measure in CATALOGUE.items() if measure.is_level)
"""Measures of the catalogue that hold a value, and do not add up."""
