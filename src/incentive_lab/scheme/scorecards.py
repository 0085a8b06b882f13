"""Scorecards: the attainment of several measures, weighted to one score."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal

from pydantic import Field

from incentive_lab.scheme.base import Part
from incentive_lab.scheme.declared import AttainmentAtLeast, AttainmentAtMost, CountsFrom, WeightOfAPart
from incentive_lab.scheme.reference import Reference


class ScorecardPart(Part):
    """One measure of a scorecard.

    Attributes:
        weight: The share of the score that it makes.
        against: What it is held against (default its target).
        counts_from: An attainment below it counts as nothing.
        at_least: Any other counts as no less.
        at_most: It counts as no more.
    """

    weight: WeightOfAPart
    against: Reference | None = None
    counts_from: CountsFrom = Decimal(0)
    at_least: AttainmentAtLeast = Decimal(0)
    at_most: AttainmentAtMost = Decimal(100)


class Scorecard(Part):
    """The weighted sum of attainments: 100 % where every measure meets what it is held against.

    Attributes:
        label: What people call it.
        parts: Measure -> its part.
        missing: Without a value for a part (no target, no period before): fails (the score has no value, which pays
            nothing), zero (the part counts as nothing), left_out (its weight goes to the others in proportion).

    Example:
        >>> card = Scorecard.model_validate({"parts": {"revenue": {"weight": "60%"}, "training": {"weight": "40%", "against": 4}}})
        >>> list(card.parts), card.missing
        (['revenue', 'training'], 'fails')
    """

    label: str = ""
    parts: dict[str, ScorecardPart] = Field(min_length=1)
    missing: Literal["fails", "zero", "left_out"] = "fails"
