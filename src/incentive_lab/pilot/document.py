"""The pilot document: what is tried, on whom, how they are drawn, what is measured and how it is read."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from incentive_lab.pilot import numbers as n
from incentive_lab.scheme.base import Part
from incentive_lab.scheme.measures import Measure
from incentive_lab.scheme.rules import Identifier

Estimator = Literal[
    "auto", "difference", "ancova", "cuped", "lin", "log_ancova", "ppml", "ratio", "winsorised", "did", "staggered",
    "switchback", "matched",
]  # fmt: skip
Errors = Literal["auto", "classical", "hc0", "hc1", "hc2", "hc3", "cr0", "cr1", "cr2"]
Inference = Literal["auto", "analytic", "randomisation", "wild_bootstrap"]
Transform = Literal["none", "log", "log1p", "asinh", "sqrt", "rank"]
Mechanism = Literal[
    "simple", "complete", "stratified", "blocked", "matched_pairs", "rollout", "switchback", "observed"
]  # fmt: skip


class Unit(Part):
    """What is drawn: each partner, or a cluster of partners that share an arm.

    Attributes:
        cluster: A text attribute of partners (region, parent_id, ...) or `customers` (partners that share a customer);
            in a CSV file a column. Empty: each partner is drawn by itself.
    """

    cluster: str = ""

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        if isinstance(value, str):
            return {"cluster": "" if value == "partner" else value}
        return value


class Population(Part):
    """Who may be drawn; every given condition must hold.

    Attributes:
        where: Attribute (for a CSV file: column) -> the values that may be drawn, or are read.
        active_months: Partners with a primary outcome above zero in at least so many months before the pilot.
        joined_before: Only partners that joined before this day.
        partners: Only these ids.
        without: Not these ids.
    """

    where: dict[str, tuple[str, ...]] = Field(default_factory=dict)
    active_months: Annotated[int, Field(ge=0, le=120)] = 0
    joined_before: datetime.date | None = None
    partners: tuple[str, ...] = ()
    without: tuple[str, ...] = ()

    @field_validator("where", mode="before")
    @classmethod
    def _one_or_more(cls, value: object) -> object:
        if isinstance(value, Mapping):
            return {key: (one,) if isinstance(one, str) else one for key, one in value.items()}
        return value


class Arm(Part):
    """One way of treating partners; the first arm is the control.

    Attributes:
        scheme: Id of the scheme that pays this arm, found beside the pilot or in `data/schemes/`.
        share: Its part of the units.
        value: How a CSV file writes this arm; by default its name.
    """

    name: Identifier
    scheme: str = ""
    share: n.ArmShare | None = None
    value: str | Decimal | bool | None = None


class Rerandomise(Part):
    """Only well balanced draws are used; the analysis draws with the same criterion.

    Attributes:
        accept: The best balanced part of all draws.
        on: Attributes and measures that are balanced besides the primary outcome before the pilot.
    """

    accept: n.Accept = Decimal("0.1")
    on: tuple[str, ...] = ()


class Assignment(Part):
    """How the arms are drawn.

    Attributes:
        mechanism: simple (a coin for each unit), complete (fixed numbers), stratified (fixed numbers in each stratum),
            blocked (units of like size before the pilot), matched_pairs, rollout (waves that start one after the
            other), switchback (units change arms between periods) or observed (nobody was drawn).
        strata: Attributes (columns of a CSV file) whose combinations are strata.
        block_size: For blocked.
        rerandomise: Keep only balanced draws.
        waves: For rollout.
        period_months: Months of a wave, or of a switchback period.
        washout_months: First months of each switchback period that are left out.
        seed: Of the one draw that is used.
        file: Arms that were recorded, beside the pilot: partner_id, arm (and cluster, stratum, wave).
        accept_bias: Must be true with `observed`: the reader knows that partners chose, and may differ.
    """

    mechanism: Mechanism = "blocked"
    strata: tuple[str, ...] = ()
    block_size: n.BlockSize = Decimal(4)
    rerandomise: Rerandomise | None = None
    waves: n.Waves = Decimal(4)
    period_months: n.Months = Decimal(3)
    washout_months: Annotated[int, Field(ge=0, le=12)] = 0
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 1
    file: str = ""
    accept_bias: bool = False


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


class Metric(Part):
    """One outcome.

    Attributes:
        of: A measure of the history (per partner and month), or a column of the CSV file.
        over: Denominator of a ratio metric, a measure or a column.
        pre: Column of the CSV file with the same outcome before the pilot (for a panel it is worked out).
        role: primary (exactly one), secondary (several, with false discoveries controlled) or guardrail.
        better: Which direction is welcome.
        margin: For a guardrail: the worst acceptable change as a share of the control arm.
        margin_amount: The same in the metric's unit.
        estimator: Instead of the analysis' own.
        transform: For a CSV file, what is done to each value (and to the one before) first: log, log1p, asinh, sqrt or rank.
        lifts: For a CSV file, what a projection lifts by the effect: deals, or an activity that is counted.
    """

    name: Identifier
    of: str
    over: str = ""
    pre: str = ""
    over_pre: str = ""
    role: Literal["primary", "secondary", "guardrail"] = "secondary"
    better: Literal["higher", "lower"] = "higher"
    margin: n.Margin | None = None
    margin_amount: n.MarginAmount | None = None
    estimator: Estimator | None = None
    transform: Transform = "none"
    lifts: str = ""


class Analysis(Part):
    """How the outcomes are read; `auto` is the rule of docs/method.md, or what the audit locked.

    Attributes:
        estimator: How the effect is estimated.
        errors: How its standard error is; auto: CR2 by cluster, HC2 without clusters.
        inference: What the p-value and interval stand on; auto: randomisation up to 2,000 units.
        draws: Re-randomisations or bootstrap samples.
        seed: Of those draws.
        winsorise: Pooled quantile of the winsorised estimator.
        covariates: Columns, attributes or measures besides the outcome before the pilot.
        adjust: How a staggered start holds covariates fixed: doubly_robust or regression.
        without_pre: Leave the outcome before the pilot out of the model.
        segments: Attributes by which effects are shown, shrunk to the common effect; `size` is thirds by outcome before.
        aggregate: How group-time effects become one: simple (by partners and months), group (waves first), dynamic (months since
            the start first) or calendar (months first).
        controls: Who a wave is compared with: not_yet (also later waves before they start) or never.
        prior: Standard deviation of the sceptical prior on the relative effect.
        false_discovery: Rate at which discoveries among secondary metrics may be false.
    """

    estimator: Estimator = "auto"
    errors: Errors = "auto"
    inference: Inference = "auto"
    draws: n.Draws = Decimal(2000)
    seed: Annotated[int, Field(ge=0, le=2**63 - 1)] = 1
    winsorise: n.Winsorise = Decimal("0.99")
    covariates: tuple[str, ...] = ()
    without_pre: bool = False
    segments: tuple[str, ...] = ()
    aggregate: Literal["simple", "group", "dynamic", "calendar"] = "simple"
    controls: Literal["not_yet", "never"] = "not_yet"
    adjust: Literal["doubly_robust", "regression"] = "doubly_robust"
    prior: n.PriorSd = Decimal("0.25")
    false_discovery: n.Alpha = Decimal("0.1")


class Looks(Part):
    """When the result may be looked at before the end, so that looking does not lie.

    Attributes:
        count: Evenly spaced looks, the last one at the end.
        kind: none (one look, at the end), group_sequential (an O'Brien-Fleming type of spending) or always_valid.
    """

    count: n.Looks_ = Decimal(1)
    kind: Literal["none", "group_sequential", "always_valid"] = "none"


class Columns(Part):
    """Which columns of a CSV file mean what.

    Attributes:
        partner: Unit; without it every row is one.
        arm: Arm of the row's unit (may change over periods in a switchback).
        period: Month or other period; makes the file a panel.
        cluster: Unit of randomisation, where it is not the partner.
        stratum: Stratum or pair in which it was drawn.
        weight: How much each unit counts in the linear estimators.
        first_treated: First period under treatment; empty, 0 or inf: never.
        start: First period of the pilot, where it is one for all.
    """

    partner: str = ""
    arm: str = ""
    period: str = ""
    cluster: str = ""
    stratum: str = ""
    weight: str = ""
    first_treated: str = ""


class Data(Part):
    """Outcomes from a CSV file beside the pilot instead of a history.

    Attributes:
        file: The file, UTF-8 with a header.
        columns: What its columns mean.
        missing: Texts that stand for no value.
        start: First period of the pilot in a panel whose file has no `first_treated`.
        no_row: What a period without a row of a unit counts as in a panel: unknown, or zero where an export leaves out
            months in which nothing was sold.
    """

    file: str
    columns: Columns = Columns()
    missing: tuple[str, ...] = ("", "NA", "NaN", "nan", ".")
    start: str = ""
    no_row: Literal["unknown", "zero"] = "unknown"

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
