"""The scheme document: everything that decides what partners are paid, as one frozen model."""

from __future__ import annotations

import re
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal

from pydantic import Field, ValidationInfo, field_validator

from incentive_lab.money import smallest_amount
from incentive_lab.scheme.base import Part, Tunable
from incentive_lab.scheme.declared import (
    BehaviouralFactor,
    DrawAmount,
    DrawBalanceAtMost,
    GuaranteedAmount,
    KeptOfTheBaseline,
    MinimumAmount,
    PoolAmount,
    RecoveredAtMost,
    RecoveredShare,
    ShareOfARole,
    SharesOfADealAtMost,
    TargetAmount,
    TargetInARamp,
    TargetIndex,
    TransactionalFactor,
)
from incentive_lab.scheme.measures import Measure
from incentive_lab.scheme.numbers import Exact, month_count, number
from incentive_lab.scheme.rules import (
    CapPeriod,
    Gate,
    Identifier,
    LimitAmount,
    ReturnPolicy,
    Rule,
    ShareNumber,
    Who,
)
from incentive_lab.scheme.scorecards import Scorecard
from incentive_lab.scheme.tiers import Tiers

Budget_ = Annotated[
    Decimal,
    number(
        Tunable("Programme budget a year", "currency", (0, 1e13), (0, 10_000_000), 10_000,
                "What the programme may pay in one programme year.", "docs/scheme.md#budget")
    ),
    "budget",
]  # fmt: skip
MixShare = Annotated[
    Decimal,
    number(
        Tunable("Behavioural share", "share", (0, 1), (0, 1), 0.05,
                "The share of payout that behaviour should earn.", "docs/scheme.md#mix")
    ),
    "mix",
]  # fmt: skip


Since = Literal["year", "joined"]
"""Where months of a floor or draw are counted from: every programme year, or the partner's joining month."""


class Effective(Part):
    """When it runs: from the first day of a month, for so many months."""

    from_: str = Field(alias="from", pattern=r"^\d{4}-\d{2}-01$")
    months: Annotated[
        int,
        month_count("Months in effect", 120, (3, 24), "How long the scheme is in effect.", "docs/scheme.md#the-head"),
    ] = 12

    @field_validator("from_", mode="before")
    @classmethod
    def _text(cls, value: object) -> object:
        return str(value)


class Rounding(Part):
    """How amounts become money.

    Attributes:
        to: The smallest amount that is paid; None for the smallest that the currency has.
        mode: half_up (ties away from zero), half_even, up (away from zero) or down (towards zero).
        at: line rounds each rule's amount of each period; total only what a settlement pays.
        rate_to: Round an effective rate to this first (for example 0.0001), the amount last; by default the rate is
            not rounded.
    """

    to: Annotated[Exact, Field(gt=0)] | None = None
    mode: Literal["half_up", "half_even", "up", "down"] = "half_up"
    at: Literal["line", "total"] = "line"
    rate_to: Annotated[Exact, Field(gt=0)] | None = None


class Budget(Part):
    """What the programme may pay in a programme year, and what happens when it would pay more.

    Attributes:
        amount: The year's budget.
        when_exceeded: prorate (each settlement is scaled to what remains), first_come (by closing date, then deal
            id) or report (only said).
    """

    amount: Budget_
    when_exceeded: Literal["prorate", "first_come", "report"] = "report"


class Pool(Part):
    """An amount shared out each period in proportion to what the named rules would pay (a plan pool).

    Attributes:
        amount: The pool for each period, or
        share: a share of the measure `of`, added up over all partners of the history in the period.
        per: The period.
        rules: The rules that share it.
        pays: up_to (claims that exceed it are scaled down alike) or whole (claims are scaled up to it, too).
        within: Each type, segment, region or group has such a pool of its own; by default everybody one together.
        divides: by_claim (in proportion) or equally among all who claim anything; the latter pays the whole pool.
    """

    id: Identifier
    amount: PoolAmount | None = None
    share: ShareNumber | None = None
    of: str | None = None
    per: CapPeriod = "quarter"
    rules: tuple[str, ...] = Field(min_length=1)
    pays: Literal["up_to", "whole"] = "up_to"
    within: Literal["all", "type", "segment", "region", "group"] = "all"
    divides: Literal["by_claim", "equally"] = "by_claim"


class Alternatives(Part):
    """Rules of which a partner receives one: that which earns the most, or the least, in a period.

    Attributes:
        id: Its name.
        rules: The rules that are compared; of equal ones the first of the document is paid.
        pays: greater (in each month in which one of them posts, what leads since the period began less what they were
            paid since) or lesser (when the period ends).
        per: The period; by default the longest of its rules.
    """

    id: Identifier
    rules: tuple[str, ...] = Field(min_length=2)
    pays: Literal["greater", "lesser"] = "greater"
    per: Literal["month", "quarter", "half_year", "year"] | None = None


class MixFactors(Part):
    """The two factors that the mix dial solved, once, on a named history."""

    behavioural: BehaviouralFactor = Decimal(1)
    transactional: TransactionalFactor = Decimal(1)
    solved_on: str = ""


class Mix(Part):
    """The 80/20 dial.

    Attributes:
        behavioural: The planned share of payout that behaviour earns.
        hold: cost keeps the total on the reference history; nothing lets it move.
        factors: What the dial solved; multiplies the rates of the two groups (quantised to a millionth).
    """

    behavioural: MixShare
    hold: Literal["cost", "nothing"] = "cost"
    factors: MixFactors | None = None


class Cap(Part):
    """The most a partner is paid for each period over all its rules (or the named ones).

    Attributes:
        id: Its name.
        amount: The cap, or
        share: a share of the measure `of` in the same period.
        per: The period.
        rules: Only these rules; empty means all.
        groups: Only rules of these groups.
        excess: lost, carried (paid first in the next period, within its cap; lapses with the programme year unless
            `carry_over_year`), trued_up (paid at the end of the programme year as far as later caps allow) or spilled
            into the fund of rule `to`.
        prorate: In an unfinished period the cap shrinks with the months that exist.
        since: year, or joined: as for a limit of a rule.
    """

    id: Identifier = "cap"
    for_: Literal["partner"] = Field("partner", alias="for")
    amount: LimitAmount | None = None
    share: ShareNumber | None = None
    of: str | None = None
    per: CapPeriod = "quarter"
    rules: tuple[str, ...] = ()
    groups: tuple[Literal["behavioural", "transactional"], ...] = ()
    excess: Literal["lost", "carried", "trued_up", "spilled"] = "lost"
    to: str | None = None
    carry_over_year: bool = False
    prorate: bool = False
    since: Literal["year", "joined"] = "year"


class Guarantee(Part):
    """A floor under what a partner is paid.

    Attributes:
        id: Its name.
        against: baseline (with `keep`) or None for an amount.
        keep: The share of the baseline's payout, cumulated over the programme year, that is kept.
        amount: An absolute amount for each period.
        per: The period of an absolute amount.
        for_months: How many months it holds, from the first that `since` names.
        since: year: for_months counts from the first month of every programme year; joined: from the partner's joining
            month, once. A partner without a joining date has none.
        carry: later earnings above the floor pay earlier top-ups back (cumulative); without it each period stands
            alone for an amount, and top-ups are kept.
        prorate: Joiners get their months' part (the joining month whole).
    """

    id: Identifier = "guarantee"
    against: Literal["baseline"] | None = None
    keep: KeptOfTheBaseline = Decimal(1)
    amount: GuaranteedAmount | None = None
    per: Literal["month", "quarter", "half_year", "year"] = "month"
    for_months: Annotated[
        int,
        month_count("Guaranteed for months", 120, (1, 12),
               "Months in which the floor holds: of every programme year, or since joining.", "docs/scheme.md#tenure"),
    ] = 12  # fmt: skip
    since: Since = "year"
    carry: bool = False
    prorate: bool = True
    who: Who = Who()


class Draw(Part):
    """An advance that brings a period's pay up to an amount; recovered from later earnings above it.

    Attributes:
        amount: What each period pays at least, as an advance.
        per: The period.
        for_months: Months in which advances are given, from the first that `since` names.
        since: year: months of every programme year; joined: months since the partner joined, the joining month being the
            first. A partner without a joining date has none.
        recover_from: The month (1 = first) from which the balance is recovered, counted likewise.
        recover_out_of: above_the_draw: what is earned above its amount, also once no advances are given any more;
            all_earnings: from then on everything that is earned.
        recover_at_most: The most that is recovered in a period; or
        recover_share: the largest share of these earnings that goes to recovery.
        balance_at_most: Advances stop when the balance would exceed this.
        forgive: The balance lapses at the end of the programme year.
        forgive_after: The balance lapses at the end of this month, counted like for_months.
    """

    id: Identifier = "draw"
    amount: DrawAmount
    per: Literal["month", "quarter"] = "month"
    for_months: Annotated[
        int,
        month_count("Draw for months", 120, (1, 12),
               "Months in which advances are given: of every programme year, or since joining.", "docs/scheme.md#tenure"),
    ] = 12  # fmt: skip
    since: Since = "year"
    recover_from: Annotated[
        int,
        month_count("Recovered from month", 120, (1, 12),
               "Month from which a draw is recovered: of the programme year, or since joining.", "docs/scheme.md#tenure"),
    ] = 1  # fmt: skip
    recover_out_of: Literal["above_the_draw", "all_earnings"] = "above_the_draw"
    recover_at_most: RecoveredAtMost | None = None
    recover_share: RecoveredShare = Decimal(1)
    balance_at_most: DrawBalanceAtMost | None = None
    forgive: bool = False
    forgive_after: Annotated[
        int,
        month_count("Forgiven after month", 120, (3, 24),
               "Month after which what is left of a draw is forgiven: of the programme year, or since joining.",
               "docs/scheme.md#caps-and-floors"),
    ] | None = None  # fmt: skip
    who: Who = Who()


class MinimumPayout(Part):
    """A settlement below `amount` is not paid: forfeited, or carried to the next settlement."""

    amount: MinimumAmount
    below: Literal["forfeit", "carry"] = "forfeit"


class Splits(Part):
    """How multi-partner deals are shared.

    Attributes:
        tiering: before: tables and tiers look at the partner's own share; after: they look at the whole deal, the
            share is applied to what is paid on.
        at_most: What the shares of a deal may add up to (1 = 100 %).
        role_shares: Share by role where the history gives a role but no share.
    """

    tiering: Literal["before", "after"] = "before"
    at_most: SharesOfADealAtMost = Decimal(1)
    role_shares: dict[str, ShareOfARole] = Field(default_factory=dict)


class Group(Part):
    """Partners under one parent, treated together.

    Attributes:
        by: The attribute that joins them (parent_id: a partner without a parent is its own group).
        pays: member: each is paid on its own base while tables, tiers and gates look at the group's total; parent:
            everything is rolled up and paid to the parent (a deal of several members counts once).
    """

    by: str = "parent_id"
    pays: Literal["member", "parent"] = "member"


class Target(Part):
    """A target for a measure, for each partner it names.

    Attributes:
        measure: What is to be reached.
        who: For whom.
        amount: For each `per`.
        per: The period the amount is for.
        spread: even over its months, or by `weights` (one for each month of the period).
        index: Multiplies the amount (a price index).
        prorate: Joiners owe only the months since joining, the joining month whole.
        ramp: What a newcomer owes of a month's part in its first months, one share for each, the joining month first;
            afterwards all of it.
    """

    measure: str
    who: Who = Who()
    amount: TargetAmount
    per: Literal["month", "quarter", "half_year", "year"] = "quarter"
    weights: tuple[Annotated[Exact, Field(ge=0)], ...] = ()
    index: TargetIndex = Decimal(1)
    prorate: bool = True
    ramp: tuple[TargetInARamp, ...] = Field((), max_length=60)


class Variant(Part):
    """The same scheme with other numbers for some partners (a per-type scheme in one frame)."""

    who: Who
    change: dict[str, Any] = Field(min_length=1)


class Calendar(Part):
    """Declares a fiscal calendar: the month in which the programme year starts (1 to 12)."""

    year_starts: Annotated[int, Field(ge=1, le=12)]


class Scheme(Part):
    """A partner incentive programme. See docs/scheme.md for every key with an example.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> loads("{scheme: flat, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue}]}").id
        'flat'
    """

    id: Identifier = Field(alias="scheme")
    title: str = ""
    author: str = ""
    reason: str = ""
    baseline: str | None = None
    currency: Annotated[str, Field(pattern=r"^[A-Z]{3}$")]
    effective: Effective
    calendar: Calendar | None = None
    time_zone: str = "UTC"
    settle: Literal["month", "quarter", "year"] = "quarter"
    rounding: Rounding = Rounding()
    budget: Budget | None = None
    pools: tuple[Pool, ...] = ()
    alternatives: tuple[Alternatives, ...] = ()
    mix: Mix | None = None
    eligible: Who = Who()
    group: Group | None = None
    splits: Splits = Splits()
    late_data: Literal["true_up", "freeze", "recalculate"] = "true_up"
    returns: ReturnPolicy = ReturnPolicy()
    measures: dict[str, Measure] = Field(default_factory=dict)
    targets: tuple[Target, ...] = ()
    scorecards: dict[str, Scorecard] = Field(default_factory=dict)
    tiers: Tiers | None = None
    rules: tuple[Rule, ...] = Field(min_length=1)
    gates: tuple[Gate, ...] = ()
    caps: tuple[Cap, ...] = ()
    guarantees: tuple[Guarantee, ...] = ()
    draws: tuple[Draw, ...] = ()
    minimum_payout: MinimumPayout | None = None
    variants: dict[str, Variant] = Field(default_factory=dict)

    @field_validator("rounding")
    @classmethod
    def _of_the_currency(cls, value: Rounding, info: ValidationInfo) -> Rounding:
        """The smallest amount of the currency, written out, is what is meant without it."""
        own = value.to == smallest_amount(info.data.get("currency", ""))
        return value.model_copy(update={"to": None}) if own else value

    @field_validator("gates", "caps", "guarantees", "draws", mode="before")
    @classmethod
    def _number_the_unnamed(cls, value: object, info: ValidationInfo) -> object:
        """Give items without an id one from their place, so that each has its own address."""
        if not isinstance(value, (list, tuple)):
            return value
        kind = (info.field_name or "item").removesuffix("s")
        return tuple(
            {"id": f"{kind}-{place}", **item} if isinstance(item, Mapping) and "id" not in item else item
            for place, item in enumerate(value, 1)
        )

    @property
    def smallest(self) -> Decimal:
        """The smallest amount that is paid, in whole currency units."""
        return smallest_amount(self.currency) if self.rounding.to is None else self.rounding.to

    @property
    def year_starts(self) -> int:
        """The month (1 to 12) in which the programme year starts."""
        return self.calendar.year_starts if self.calendar else int(re.split("-", self.effective.from_)[1])
