"""What a measure is compared with: a target, an amount, or earlier windows of itself."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal
from typing import Literal

from pydantic import model_validator

from incentive_lab.scheme.base import Part
from incentive_lab.scheme.declared import FixedReference, PeriodsAveraged, TimesTheReference


class Reference(Part):
    """What a measure is compared with: exactly one of `target`, `amount` and earlier windows, then `times`.

    Attributes:
        target: The partner's target for the same measure (from the history or the scheme).
        amount: A fixed amount for each of the rule's periods.
        last_year: The same window one year earlier.
        last_period: The same window moved back by its own length: a quarter against the quarter before.
        average_of_last: The average of so many such windows, each moved back one further.
        pace_of: With an earlier window: its value moved at the pace at which the partner's whole type, segment or
            region moved (its total now over its total then).
        times: Multiplies the reference: 1.05 asks for growth of 5 %, a price index likewise.
        new_partner: What holds unless every earlier window is complete: skip (pays nothing, listed as not assessable),
            zero (the reference is zero), prorate (what exists, scaled to one window by months).
        whole: For a target: the whole period's target (default), or only the months to date.
    """

    target: bool = False
    amount: FixedReference | None = None
    last_year: bool = False
    last_period: bool = False
    average_of_last: PeriodsAveraged | None = None
    pace_of: Literal["type", "segment", "region"] | None = None
    times: TimesTheReference = Decimal(1)
    new_partner: Literal["skip", "zero", "prorate"] = "skip"
    whole: bool = True

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        if value in ("target", "last_year", "last_period"):
            return {value: True}
        if isinstance(value, (Mapping, Reference)):
            return value
        return {"amount": value}

    @model_validator(mode="after")
    def _one(self) -> Reference:
        earlier = self.last_year + self.last_period + (self.average_of_last is not None)
        if (self.amount is not None) + self.target + earlier != 1:
            raise ValueError("a reference is exactly one of: target, last_year, last_period, average_of_last, amount")
        if self.pace_of and not earlier:
            raise ValueError("pace_of goes with last_year, last_period or average_of_last")
        return self

    @property
    def windows(self) -> int:
        """How many earlier windows it looks at; 0 for a target or an amount.

        Example:
            >>> [Reference.model_validate(one).windows for one in ("target", "last_period", {"average_of_last": 4})]
            [0, 1, 4]
        """
        return self.average_of_last or int(self.last_year or self.last_period)

    @property
    def sequential(self) -> bool:
        """Whether its windows are the ones just before, moved back by their own length."""
        return self.last_period or self.average_of_last is not None
