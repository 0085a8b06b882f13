"""The pilot document: what is tried, on whom (`arms`), what is measured and how it is read (`outcomes`), and its worth."""

from __future__ import annotations

import datetime
from decimal import Decimal
from typing import Annotated

from pydantic import Field, field_validator

from incentive_lab.pilot import numbers as n
from incentive_lab.pilot.arms import Arm, Assignment, Population, Unit
from incentive_lab.pilot.outcomes import Analysis, Data, Looks, Metric
from incentive_lab.scheme.base import Part
from incentive_lab.scheme.measures import Measure
from incentive_lab.scheme.rules import Identifier


class Dates(Part):
    """When.

    Attributes:
        start: First day of the first month in which the arms differ.
        months: Length of the pilot.
        pre_months: Months before it that the analysis may use.
        assigned: Day of the draw.
    """

    start: str = Field(pattern=r"^\d{4}-\d{2}-01$")
    months: n.Months = Decimal(6)
    pre_months: n.Months = Decimal(12)
    assigned: datetime.date | None = None

    @field_validator("start", mode="before")
    @classmethod
    def _text(cls, value: object) -> object:
        return str(value)


class Value(Part):
    """What turns outcomes into money.

    Attributes:
        margin: Measure of margin; or
        revenue: measure of revenue, times
        margin_share: this share.
        partners: Partners that the programme would reach when scaled; by default all of the population.
        months: Months over which it would then be counted.
    """

    margin: str = "margin"
    revenue: str = ""
    margin_share: n.MarginShare | None = None
    partners: Annotated[int, Field(ge=1)] | None = None
    months: n.Months = Decimal(12)


class Protect(Part):
    """Nobody loses by being in a pilot: every partner keeps at least this part of what the control arm pays."""

    keep: n.Keep


class Planted(Part):
    """A rehearsal: this lift is added to the deals of the treated in the pilot's months, and said on every page."""

    lift: n.Lift


class Pilot(Part):
    """An experiment on partners. See docs/pilots.md for every key.

    Attributes:
        expected: The hypothesis as a number: the relative change of the primary metric that is hoped for. Power is compared
            with it, and the Bayesian reading gives its chance.

    Example:
        >>> from incentive_lab.pilot.reading import loads
        >>> loads("{pilot: a, arms: [{name: off}, {name: on}], metrics: [{name: y, of: y, role: primary}], "
        ...       "data: {file: a.csv, columns: {arm: t}}}").id
        'a'
    """

    id: Identifier = Field(alias="pilot")
    title: str = ""
    author: str = ""
    hypothesis: str = ""
    expected: n.Lift | None = None
    unit: Unit = Unit()
    population: Population = Population()
    arms: tuple[Arm, ...] = Field(min_length=2)
    assignment: Assignment = Assignment()
    dates: Dates | None = None
    data: Data | None = None
    measures: dict[str, Measure] = Field(default_factory=dict)
    metrics: tuple[Metric, ...] = Field(min_length=1)
    analysis: Analysis = Analysis()
    alpha: n.Alpha = Decimal("0.05")
    power: n.PowerShare = Decimal("0.8")
    looks: Looks = Looks()
    value: Value | None = None
    protect: Protect | None = None
    cost_ceiling: n.Ceiling | None = None
    planted: Planted | None = None

    @property
    def primary(self) -> Metric:
        """The metric that decides."""
        return next((one for one in self.metrics if one.role == "primary"), self.metrics[0])

    def shares(self) -> tuple[float, ...]:
        """The part of the units that each arm gets; arms without a share divide what is left evenly.

        Example:
            >>> from incentive_lab.pilot.reading import loads
            >>> loads("{pilot: a, arms: [{name: off}, {name: on, share: 40%}], metrics: [{name: y, of: y}]}").shares()
            (0.6, 0.4)
        """
        given = sum((arm.share for arm in self.arms if arm.share is not None), Decimal(0))
        open_arms = sum(arm.share is None for arm in self.arms)
        rest = (Decimal(1) - given) / open_arms if open_arms else Decimal(0)
        return tuple(float(arm.share if arm.share is not None else rest) for arm in self.arms)
