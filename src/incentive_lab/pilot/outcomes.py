"""What a pilot measures, where that is read from, how it is analysed, and when it may be looked at."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, field_validator

from incentive_lab.pilot import numbers as n
from incentive_lab.scheme.base import Part
from incentive_lab.scheme.rules import Identifier

Estimator = Literal[
    "auto", "difference", "ancova", "cuped", "lin", "log_ancova", "ppml", "ratio", "winsorised", "did", "staggered",
    "switchback", "matched",
]  # fmt: skip
Errors = Literal["auto", "classical", "hc0", "hc1", "hc2", "hc3", "cr0", "cr1", "cr2"]
Inference = Literal["auto", "analytic", "randomisation", "wild_bootstrap"]
Transform = Literal["none", "log", "log1p", "asinh", "sqrt", "rank"]


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
