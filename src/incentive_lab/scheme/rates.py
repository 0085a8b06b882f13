"""How much a rule pays for what it counts: plain rates, tables, grids and rates that differ by tier or type."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, model_validator

from incentive_lab.scheme.base import Part, Tunable
from incentive_lab.scheme.declared import AttainmentAtLeast, AttainmentAtMost
from incentive_lab.scheme.numbers import month_count, number
from incentive_lab.scheme.reference import Reference

Border = Annotated[
    Decimal,
    number(
        Tunable("Starts at", "number", (-1e12, 1e12), (0, 500_000), 5_000,
                "Where a step begins, in the units of the table's driver (money in whole currency units, shares as "
                "fractions).", "docs/scheme.md#tables")
    ),
    "border",
]  # fmt: skip
RateNumber = Annotated[
    Decimal,
    number(
        Tunable("Rate", "factor", (-1e9, 1e9), (0, 0.2), 0.005,
                "A share of the base when the base is money, an amount for each unit when the base is a count.",
                "docs/scheme.md#rates")
    ),
    "rate",
]  # fmt: skip
Lump = Annotated[
    Decimal,
    number(
        Tunable("Lump sum", "currency", (-1e9, 1e9), (0, 20_000), 250,
                "A fixed amount for reaching a step.", "docs/scheme.md#tables")
    ),
    "lump",
]  # fmt: skip

ToDate = Literal["period", "month", "quarter_to_date", "half_year_to_date", "year_to_date", "life"]


class Trailing(Part):
    """The last so many months, this one included; an incomplete window sums what exists."""

    trailing: Annotated[
        int,
        month_count("Trailing months", 1200, (1, 24), "How far a window looks back.", "docs/scheme.md#accumulation"),
    ]


Over = ToDate | Trailing


class Driver(Part):
    """The number a table or gate looks at: a measure, its attainment of a target, its growth or its excess.

    Attributes:
        measure: The measure.
        attainment_of: The measure divided by its target (1 = target met).
        growth_of: The measure divided by its reference, minus one.
        excess_of: The measure less its reference, never below zero.
        scorecard: The score of a scorecard (1 = everything met).
        against: What attainment, growth and excess compare with (default target, last_year, target).
    """

    measure: str | None = None
    attainment_of: str | None = None
    growth_of: str | None = None
    excess_of: str | None = None
    scorecard: str | None = None
    against: Reference | None = None

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        return {"measure": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one(self) -> Driver:
        named = [self.measure, self.attainment_of, self.growth_of, self.excess_of, self.scorecard]
        if sum(name is not None for name in named) != 1:
            raise ValueError("a driver is exactly one of: measure, attainment_of, growth_of, excess_of, scorecard")
        if self.scorecard is not None and self.against is not None:
            raise ValueError("each part of a scorecard says itself what it is held against")
        return self

    @property
    def name(self) -> str:
        """The measure it reads, or the scorecard."""
        return self.measure or self.attainment_of or self.growth_of or self.excess_of or self.scorecard or ""


class Step(Part):
    """One step of a table. `name` addresses it in a diff.

    Attributes:
        name: Unique within the table.
        from_: Where it begins.
        to: Where it ends; by default where the next one begins.
        rate: Its rate.
        rate_to: For interpolated_rate within a band: the rate at its upper end.
        lump: A fixed amount for reaching it.
        retroactive: When reached, its rate also pays everything below it (a whole-volume step in a marginal table).
    """

    name: str = ""
    from_: Border = Field(Decimal(0), alias="from")
    to: Border | None = None
    rate: RateNumber | None = None
    rate_to: RateNumber | None = None
    lump: Lump | None = None
    retroactive: bool = False


class Table(Part):
    """A rate that depends on how much there is.

    Attributes:
        by: The driver; by default what the rule pays on.
        over: The window the driver accumulates over; `period` is the rule's own period (each deal by itself in a
            rule per deal).
        applies: marginal (each slice at its own rate), whole (everything at the rate reached), each_to_its_end (every
            reached step pays on the amount up to its own upper end, counted from zero), each_in_full (every reached
            step pays on the full amount), interpolated_rate, interpolated_amount (a line between the steps' lumps).
        border: at_or_above or above: whether a value exactly at `from` has reached the step.
        slices: from_start measures a slice from the step's own `from`; from_previous_end from the end of the step
            before (bands written 1-10, 11-20 or x.99 / next .00).
        beyond: Above the last step's `to`: continues at the last rate, capped (no more is counted), nothing (no step
            matches, nothing is paid).
        lumps: highest pays the lump of the highest step reached, each the lumps of all steps reached.
        pays: true_up pays entitlement to date less what was paid to date; period_only pays this period at the rate
            reached.
        extrapolate: Interpolation goes on beyond the first and last step.
        counts: In a rule per deal with an accumulated driver: the deal's own amount is counted after (default: the
            rate is looked up with it) or before (without it).
        of_target: Steps are shares of the partner's target for the driver's measure.
    """

    by: Driver | None = None
    over: Over = "period"
    applies: Literal[
        "marginal", "whole", "each_to_its_end", "each_in_full", "interpolated_rate", "interpolated_amount"
    ] = "marginal"
    border: Literal["at_or_above", "above"] = "at_or_above"
    slices: Literal["from_start", "from_previous_end"] = "from_start"
    beyond: Literal["continues", "capped", "nothing"] = "continues"
    lumps: Literal["highest", "each"] = "highest"
    pays: Literal["true_up", "period_only"] = "true_up"
    extrapolate: bool = False
    counts: Literal["after", "before"] = "after"
    of_target: bool = False
    steps: tuple[Step, ...] = Field(min_length=1)

    @model_validator(mode="before")
    @classmethod
    def _names(cls, value: object) -> object:
        if isinstance(value, Mapping) and isinstance(value.get("steps"), (list, tuple)):
            steps = [
                {**step, "name": step.get("name") or f"step_{place}"} if isinstance(step, Mapping) else step
                for place, step in enumerate(value["steps"], 1)
            ]
            return {**value, "steps": steps}
        return value


class GridAxis(Part):
    """One side of a grid: a driver and the named steps it falls into."""

    by: Driver
    over: Over = "period"
    border: Literal["at_or_above", "above"] = "at_or_above"
    steps: tuple[Step, ...] = Field(min_length=1)


class Grid(Part):
    """A rate chosen by two drivers; `rates` maps row name -> column name -> rate. No step reached pays nothing."""

    rows: GridAxis
    columns: GridAxis
    rates: dict[str, dict[str, RateNumber]]


class Rate(Part):
    """Exactly one of: a plain number, a table, a grid, or a choice by tier, type, region or segment."""

    plain: RateNumber | None = None
    table: Table | None = None
    grid: Grid | None = None
    by_tier: dict[str, Rate] | None = None
    by_type: dict[str, Rate] | None = None
    by_region: dict[str, Rate] | None = None
    by_segment: dict[str, Rate] | None = None
    otherwise: Rate | None = None

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        return value if isinstance(value, (Mapping, Rate)) else {"plain": value}

    @model_validator(mode="after")
    def _one(self) -> Rate:
        forms = [self.plain, self.table, self.grid, self.by_tier, self.by_type, self.by_region, self.by_segment]
        if sum(form is not None for form in forms) != 1:
            raise ValueError("a rate is exactly one of: a number, table, grid, by_tier, by_type, by_region, by_segment")
        if self.otherwise is not None and self.choice() is None:
            raise ValueError("otherwise goes with by_tier, by_type, by_region or by_segment")
        for leaf in [*(self.choice() or ("", {}))[1].values(), *([self.otherwise] if self.otherwise else [])]:
            if leaf.choice() is not None or leaf.grid is not None:
                raise ValueError("a choice by tier or type holds numbers or tables, not another choice or a grid")
        return self

    def choice(self) -> tuple[str, dict[str, Rate]] | None:
        """The attribute that chooses and the rates by its value, or None for a single rate."""
        for attribute in ("tier", "type", "region", "segment"):
            mapping: dict[str, Rate] | None = getattr(self, f"by_{attribute}")
            if mapping is not None:
                return attribute, mapping
        return None


class Multiplier(Part):
    """Multiplies a rule's payout: by attainment or a score (between at_least and at_most), or by a table of factors."""

    attainment_of: str | None = None
    scorecard: str | None = None
    against: Reference | None = None
    over: Over = "period"
    at_least: AttainmentAtLeast = Decimal(0)
    at_most: AttainmentAtMost = Decimal(100)
    table: Table | None = None

    @model_validator(mode="after")
    def _one(self) -> Multiplier:
        if sum(one is not None for one in (self.attainment_of, self.scorecard, self.table)) != 1:
            raise ValueError("a multiplier is exactly one of: attainment_of, scorecard, table")
        if self.against is not None and self.scorecard is not None:
            raise ValueError("each part of a scorecard says itself what it is held against")
        return self
