"""A rule pays: rate of (driver) on (base) per (period), if (gates), up to (limits)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from incentive_lab.scheme.base import Part, Tunable
from incentive_lab.scheme.declared import GateFactor, KeptForEachReturn, PackageSize, ShareRepaid, ShareTakenBack
from incentive_lab.scheme.numbers import Whole, month_count, number
from incentive_lab.scheme.rates import Border, Lump, Multiplier, Over, Rate, RateNumber
from incentive_lab.scheme.reference import Reference

Identifier = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9_-]{0,63}$")]
Period = Literal["line", "deal", "month", "quarter", "half_year", "year"]
CapPeriod = Literal["month", "quarter", "half_year", "year", "life"]
LimitAmount = Annotated[
    Decimal,
    number(
        Tunable("Limit", "currency", (0, 1e12), (0, 100_000), 500,
                "The most that is paid for each period; above it the excess is lost, carried or spilled.",
                "docs/scheme.md#caps-and-floors")
    ),
    "limit",
]  # fmt: skip
LimitQuantity = Annotated[
    Decimal,
    number(
        Tunable("Limit in units", "count", (0, 1e12), (0, 100), 1, "How many units are counted for each period.",
                "docs/scheme.md#caps-and-floors")
    ),
    "quantity",
]  # fmt: skip
ShareNumber = Annotated[
    Decimal,
    number(
        Tunable("Share", "share", (0, 10), (0, 1), 0.05, "A share, 0.05 = 5 %.", "docs/scheme.md#caps-and-floors")
    ),
    "share",
]  # fmt: skip


class Tenure(Part):
    """Whole months in the programme, the joining month being 0: a partner that joined in March has 2 in May.

    Attributes:
        at_least: From this many on.
        below: As long as it has fewer.
    """

    at_least: Annotated[
        int,
        Whole(Tunable("Months since joining, at least", "months", (0, 1200), (0, 36), 1,
                      "From this many months after the joining month on.", "docs/scheme.md#tenure")),
    ] | None = None  # fmt: skip
    below: Annotated[
        int,
        Whole(Tunable("Months since joining, below", "months", (1, 1200), (1, 36), 1,
                      "In so many first months, the joining month being the first.", "docs/scheme.md#tenure")),
    ] | None = None  # fmt: skip

    @model_validator(mode="after")
    def _some(self) -> Tenure:
        if self.at_least is None and self.below is None:
            raise ValueError("months_since_joining needs at least one of: at_least, below")
        return self


class Who(Part):
    """Which partners: empty means all. `where` tests extra attributes of the partners table.

    `tiers` and `months_since_joining` are asked month by month; nobody without a joining date has months since joining.
    """

    types: tuple[str, ...] | Literal["all"] = "all"
    regions: tuple[str, ...] | Literal["all"] = "all"
    segments: tuple[str, ...] | Literal["all"] = "all"
    tiers: tuple[str, ...] | Literal["all"] = "all"
    partners: tuple[str, ...] | Literal["all"] = "all"
    except_partners: tuple[str, ...] = ()
    where: dict[str, str | tuple[str, ...]] = Field(default_factory=dict)
    joined_before: str | None = None
    joined_from: str | None = None
    months_since_joining: Tenure | None = None

    @property
    def by_month(self) -> bool:
        """Whether whom it names may change from month to month."""
        return self.tiers != "all" or self.months_since_joining is not None

    @field_validator("joined_before", "joined_from", mode="before")
    @classmethod
    def _date(cls, value: object) -> object:
        text = str(value) if value is not None else None
        if text is not None and not re.fullmatch(r"\d{4}-\d{2}-\d{2}", text):
            raise ValueError(f"found '{text}', expected a date such as 2013-10-01")
        return text


class Base(Part):
    """What a rule pays on: exactly one of `measure`, `excess_of`, `payout_of`.

    Attributes:
        measure: A measure, summed over the rule's period.
        excess_of: A measure less its reference `above`, never below zero (accelerators, growth on the increment).
        payout_of: What the named earlier rules paid in the same period (a multiplier on the whole payout).
        months_ago: With `payout_of`: what they paid in the same months so many months before (a part held back).
    """

    measure: str | None = None
    excess_of: str | None = None
    above: Reference | None = None
    payout_of: tuple[str, ...] = ()
    months_ago: Annotated[
        int,
        Whole(Tunable("Months since the payment", "months", (0, 24), (0, 12), 1,
                      "Pays on what the named rules paid so many months before.", "docs/scheme.md#rules")),
    ] = 0  # fmt: skip

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        return {"measure": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one(self) -> Base:
        if (self.measure is not None) + (self.excess_of is not None) + bool(self.payout_of) != 1:
            raise ValueError("`on` is exactly one of: a measure, excess_of, payout_of")
        if (self.excess_of is None) != (self.above is None):
            raise ValueError("excess_of goes with above")
        if self.months_ago and not self.payout_of:
            raise ValueError("months_ago goes with payout_of")
        return self


class Test(Part):
    """A comparison of a measure with a number: below, above, at_least, at_most (all given ones must hold).

    Attributes:
        over: The window it looks at.
        kind: The measure itself, its attainment of a reference, or its growth over one; with scorecard the name that is
            tested is that of a scorecard, and its score is looked at.
        against: What attainment and growth compare with (default target, last_year).
    """

    below: Border | None = None
    above: Border | None = None
    at_least: Border | None = None
    at_most: Border | None = None
    over: Over = "period"
    kind: Literal["value", "attainment", "growth", "scorecard"] = "value"
    against: Reference | None = None

    @model_validator(mode="after")
    def _some(self) -> Test:
        if self.against is not None and self.kind not in ("attainment", "growth"):
            raise ValueError("against goes with kind: attainment or growth")
        if all(bound is None for bound in (self.below, self.above, self.at_least, self.at_most)):
            raise ValueError("a test needs at least one of: below, above, at_least, at_most")
        return self


class Gate(Part):
    """Changes what rules pay when its tests hold.

    Attributes:
        id: Its name.
        when: Measure -> test. `match` says whether all or any must hold.
        multiply: The factor on the payout while it holds; 0 pays nothing.
        rules: The rules it applies to; empty means all.
        missing: With no value (no score yet) the gate passes (default, with a warning) or fails (acts).
    """

    id: Identifier = "gate"
    when: dict[str, Test] = Field(min_length=1)
    match: Literal["all", "any"] = "all"
    multiply: GateFactor = Decimal(0)
    rules: tuple[str, ...] = ()
    missing: Literal["passes", "fails"] = "passes"

    @model_validator(mode="before")
    @classmethod
    def _effect(cls, value: object) -> object:
        if isinstance(value, Mapping) and isinstance(value.get("effect"), Mapping):
            rest = {key: item for key, item in value.items() if key != "effect"}
            return {**rest, **value["effect"]}
        return value


class Limit(Part):
    """How much of a rule is paid for each period: exactly one of `quantity`, `amount`, `share`.

    Attributes:
        quantity: Units of the base that are counted.
        amount: The most it pays.
        share: The most it pays as a share of the measure `of` in the same period (a share-of-purchases cap).
        per: The period; deal for rules per deal or line.
        excess: lost, carried (paid first in a later period, within its limit), trued_up (paid at the end of the
            programme year as far as later limits allow) or spilled into the fund of `to`.
        to: The rule whose fund receives a spilled excess.
        prorate: In an unfinished period the limit shrinks with the months that exist.
        since: year: its periods are those of the programme year; joined: they are counted from the partner's joining month
            (what exceeds them is lost; without a joining date those of the programme year).
    """

    quantity: LimitQuantity | None = None
    amount: LimitAmount | None = None
    share: ShareNumber | None = None
    of: str | None = None
    per: Literal["deal", "month", "quarter", "half_year", "year", "life"] = "month"
    excess: Literal["lost", "carried", "trued_up", "spilled"] = "lost"
    to: str | None = None
    prorate: bool = False
    since: Literal["year", "joined"] = "year"

    @model_validator(mode="after")
    def _one(self) -> Limit:
        if sum(item is not None for item in (self.quantity, self.amount, self.share)) != 1:
            raise ValueError("a limit is exactly one of: quantity, amount, share")
        if (self.share is None) != (self.of is None):
            raise ValueError("share goes with of (the measure it is a share of)")
        if (self.excess == "spilled") != (self.to is not None):
            raise ValueError("excess: spilled goes with to (the rule whose fund receives it)")
        if self.quantity is not None and self.excess == "spilled":
            raise ValueError("a limit on quantity cannot spill: units are not money")
        if self.quantity is not None and self.excess == "trued_up":
            raise ValueError("a limit on quantity cannot be trued up: write it as an amount")
        return self


class Multiples(Part):
    """Only complete packages of `of` units count (complete), or a started one counts whole (started)."""

    of: PackageSize
    counts: Literal["complete", "started"] = "complete"


class ReturnStep(Part):
    """Within so many months of the sale, this share of what was paid is taken back."""

    within_months: Annotated[
        int,
        month_count("Within months", 1200, (1, 24), "Months since the sale up to which a share is taken back.",
               "docs/scheme.md#clawback"),
    ]  # fmt: skip
    share: ShareTakenBack


class ReturnPolicy(Part):
    """What happens to a payout when the deal comes back.

    Attributes:
        method: original_rate (returned amount at the deal's original effective rate), share_of_paid (a declared share
            of that), unserved_time (pro rata to the contract months not served), schedule (a share by months since
            the sale), recalculate (the old period is restated as if the deal had been smaller; tiers follow), ignore.
        share: For share_of_paid.
        schedule: For schedule; after its last step nothing is taken back.
        keep: An amount for each returned deal that is never taken back (a minimum that the partner keeps).
    """

    method: Literal["original_rate", "share_of_paid", "unserved_time", "schedule", "recalculate", "ignore"] = "ignore"
    share: ShareTakenBack = Decimal(1)
    schedule: tuple[ReturnStep, ...] = ()
    keep: KeptForEachReturn = Decimal(0)

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        return {"method": value} if isinstance(value, str) else value


class Repay(Part):
    """A sign-on or advance bonus is taken back when a milestone is missed `months` after it was paid.

    Attributes:
        unless: Measure -> amount that must be reached, summed from the paying month on.
        months: After how many months it is judged.
        share: How much of it is taken back.
    """

    unless: dict[str, Border] = Field(min_length=1)
    months: Annotated[
        int,
        month_count("Months to the milestone", 1200, (1, 24), "When a bonus is taken back unless its milestone is reached.",
               "docs/scheme.md#rules"),
    ]  # fmt: skip
    share: ShareRepaid = Decimal(1)


class Expiry(Part):
    """What comes into a fund during a period lapses at the end of the `after`-th of them, its own being the first.

    Claims use the oldest first. `{after: 2, per: half_year}`: usable in its half-year and in the next one.
    """

    after: Annotated[
        int,
        Whole(Tunable("Periods in which a fund can be used", "count", (1, 24), (1, 4), 1,
                      "What came in during a period lapses after so many of them, its own being the first.",
                      "docs/scheme.md#rules")),
    ]  # fmt: skip
    per: Literal["month", "quarter", "half_year", "year"] = "half_year"


class Fund(Part):
    """A balance that accrues and pays claims up to what it holds (MDF).

    Attributes:
        accrues_on: The measure it accrues on.
        rate: How much accrues (a share of the measure; plain or by tier and type).
        every: An amount that accrues each period instead, by tier if wanted.
        per: When it accrues.
        expires: At the end of the programme year, never, or each period's own after so many periods.
    """

    accrues_on: str | None = None
    rate: Rate | None = None
    every: Rate | None = None
    per: Literal["month", "quarter", "half_year", "year"] = "quarter"
    expires: Literal["year_end", "never"] | Expiry = "year_end"

    @model_validator(mode="after")
    def _one(self) -> Fund:
        if (self.rate is None) == (self.every is None):
            raise ValueError("a fund has exactly one of: rate (with accrues_on), every")
        if (self.rate is None) != (self.accrues_on is None):
            raise ValueError("rate goes with accrues_on")
        return self


class Award(Part):
    """The best `top` partners by a measure within a category receive the prizes; ties share the prizes they span.

    Attributes:
        prizes: Amounts, first place first.
        within: Category: each type, segment, region or tier ranks by itself; by default everybody together.
        at_least: The measure must reach this to rank at all.
    """

    prizes: tuple[Lump, ...] = Field(min_length=1)
    within: Literal["all", "type", "segment", "region"] = "all"
    at_least: Border = Decimal(0)


class Provision(Part):
    """What is paid on account each month until the period settles; the settlement pays the difference.

    Attributes:
        rate: A flat share of (or amount per unit of) the month's base.
        step: The rate of this named step.
        expected: The rate of the step that this expected driver for the whole period reaches: an amount, last_year,
            last_period or average_of_last. When the step changes, the month catches up for the months before.
        run_rate: The same with what the months so far would come to over the whole period at their pace.
    """

    rate: RateNumber | None = None
    step: str | None = None
    expected: Reference | None = None
    run_rate: bool = False

    @model_validator(mode="after")
    def _one(self) -> Provision:
        if sum(item is not None for item in (self.rate, self.step, self.expected, self.run_rate or None)) != 1:
            raise ValueError("a provision is exactly one of: rate, step, expected, run_rate")
        return self


class Instalments(Part):
    """A yearly lump is paid in `count` equal parts, each when the target to date is met; a later one catches up."""

    count: Annotated[
        int,
        Whole(Tunable("Instalments", "count", (2, 12), (2, 12), 1, "Even parts in which a year's amount is paid.",
                      "docs/scheme.md#accrual-and-true-up")),
    ]  # fmt: skip
    catch_up: bool = True


class During(Part):
    """Whole months of the scheme's year in which the rule runs (a SPIF window); both ends count."""

    from_: str = Field(alias="from", pattern=r"^\d{4}-\d{2}$")
    to: str = Field(pattern=r"^\d{4}-\d{2}$")


class Rule(Part):
    """One rule. Rules run in document order.

    Attributes:
        id: Unique within the scheme; addresses it in diffs, statements and `net_of`.
        label: What people call it.
        group: behavioural or transactional: the two sides of the mix dial.
        on: What it pays on.
        per: How often it is worked out; it posts in the period's last month (an unfinished period pays to date and is
            marked provisional).
        rate: How much.
        multiply: Factors on the payout, in order.
        requires: Measure -> test; unless all hold, it pays nothing.
        limit: Limits in order.
        net_of: The base is reduced by what these earlier rules paid in the same period.
        multiples: Counts the base in whole packages.
        who: Only these partners.
        during: Only in these months.
        returns: What returned deals do to it.
        repay: A bonus that is taken back when a milestone is missed.
        fund: The rule reimburses claims up to a fund's balance.
        award: The rule is a contest; `on` is the measure that ranks and `rate` is not used.
        provision: On-account payments before a period settles.
        instalments: For a lump over year_to_date.
        non_cash: Earned and stated, with a value or none, never in money totals.
    """

    id: Identifier
    label: str = ""
    group: Literal["behavioural", "transactional"] = "transactional"
    on: Base
    per: Period = "month"
    rate: Rate = Rate(plain=Decimal(0))
    multiply: tuple[Multiplier, ...] = ()
    requires: dict[str, Test] = Field(default_factory=dict)
    limit: tuple[Limit, ...] = ()
    net_of: tuple[str, ...] = ()
    multiples: Multiples | None = None
    who: Who = Who()
    during: During | None = None
    returns: ReturnPolicy | None = None
    repay: Repay | None = None
    fund: Fund | None = None
    award: Award | None = None
    provision: Provision | None = None
    instalments: Instalments | None = None
    non_cash: bool = False

    @field_validator("limit", "multiply", mode="before")
    @classmethod
    def _one_or_many(cls, value: object) -> object:
        return (value,) if isinstance(value, (Mapping, Part)) else value
