"""Whom a pilot is tried on, what its arms are, and how they are drawn."""

from __future__ import annotations

import datetime
from collections.abc import Mapping
from decimal import Decimal
from typing import Annotated, Literal

from pydantic import Field, field_validator, model_validator

from incentive_lab.pilot import numbers as n
from incentive_lab.scheme.base import Part
from incentive_lab.scheme.rules import Identifier

Mechanism = Literal[
    "simple", "complete", "stratified", "blocked", "matched_pairs", "rollout", "switchback", "observed"
]  # fmt: skip


class Unit(Part):
    """What is drawn: each partner, or a cluster of partners that share an arm.

    Attributes:
        cluster: A text attribute of partners (region, parent_id, ...) `customers` (partners that share a customer or a deal) or
            `deals` (a deal); in a CSV file a column. Empty: each partner is drawn by itself.
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
