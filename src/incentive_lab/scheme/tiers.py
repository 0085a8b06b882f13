"""Tiers: named levels, what each needs, and when a partner moves."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Literal

from pydantic import Field, model_validator

from incentive_lab.scheme.base import Part, Tunable
from incentive_lab.scheme.declared import Points, PointsAUnit
from incentive_lab.scheme.numbers import Whole, month_count
from incentive_lab.scheme.rates import Border
from incentive_lab.scheme.rules import Identifier


class Look(Part):
    """The window a review sums over: exactly one of so many trailing months, or a named window.

    Attributes:
        months: Trailing months, the review's month included.
        window: period (since the last review), quarter_to_date, half_year_to_date, year_to_date, previous_year or life.
    """

    months: (
        Annotated[
            int,
            month_count(
                "Review window", 1200, (1, 24), "How many months a tier review looks at.", "docs/scheme.md#tiers"
            ),
        ]
        | None
    ) = None
    window: (
        Literal["period", "quarter_to_date", "half_year_to_date", "year_to_date", "previous_year", "life"] | None
    ) = None

    @model_validator(mode="before")
    @classmethod
    def _shorthand(cls, value: object) -> object:
        return {"window": value} if isinstance(value, str) else value

    @model_validator(mode="after")
    def _one(self) -> Look:
        if (self.months is None) == (self.window is None):
            raise ValueError("looks_at is exactly one of: months, window")
        return self


class Level(Part):
    """A tier. A partner reaches it with ALL of `needs`; `any_of` adds alternatives, `points` a points total.

    Attributes:
        name: Its name; addresses it in diffs.
        needs: Measure -> what it must reach over the review's window (all of them: breadth).
        any_of: Alternatives; at least one must hold as well, when given.
        points: Points to reach, counted with the weights of `tiers.points`.
    """

    name: Identifier
    needs: dict[str, Border] = Field(default_factory=dict)
    any_of: tuple[dict[str, Border], ...] = ()
    points: Points | None = None


class Tiers(Part):
    """Levels, lowest first.

    Attributes:
        review: How often a tier is set.
        looks_at: The window of the review.
        windows: Measure -> the window that needs of it are counted over instead; where it began before the history, what
            there is. Points are counted over `looks_at`.
        takes_effect: next_period (from the month after the review) or same_period (for the whole reviewed period).
        grace: Reviews for which a partner keeps a tier it no longer meets.
        falls: to_earned (drops to what it meets) or one_level a review.
        border: at_or_above or above, for every need.
        start: recorded (the partners table's tier holds until the first full window) or lowest.
        points: Measure -> points for each unit, for levels that ask for points.
        levels: Lowest first.
    """

    review: Literal["month", "quarter", "half_year", "year"] = "quarter"
    looks_at: Look = Look(months=12)
    windows: dict[str, Look] = Field(default_factory=dict)
    takes_effect: Literal["next_period", "same_period"] = "next_period"
    grace: Annotated[
        int,
        Whole(Tunable("Grace, in reviews", "count", (0, 120), (0, 4), 1, "Reviews for which a tier is kept that is no longer met.",
                      "docs/scheme.md#tiers")),
    ] = 0  # fmt: skip
    falls: Literal["to_earned", "one_level"] = "to_earned"
    border: Literal["at_or_above", "above"] = "at_or_above"
    start: Literal["recorded", "lowest"] = "recorded"
    points: dict[str, PointsAUnit] = Field(default_factory=dict)
    levels: tuple[Level, ...] = Field(min_length=1)

    def window_of(self, measure: str) -> Look:
        """The window over which needs of a measure are counted."""
        return self.windows.get(measure, self.looks_at)

    @model_validator(mode="before")
    @classmethod
    def _named_levels(cls, value: object) -> object:
        if isinstance(value, Mapping) and isinstance(value.get("levels"), Mapping):
            levels = [
                {"name": name, **(level or {})} if isinstance(level, Mapping | None) else level
                for name, level in value["levels"].items()
            ]
            return {**value, "levels": levels}
        return value


_SAID = {"quarter_to_date": "the quarter so far", "half_year_to_date": "the half-year so far",
         "year_to_date": "the year so far", "previous_year": "the year before", "life": "all months"}  # fmt: skip


def window_words(look: Look, review: str) -> str:
    """A window of tiers that are reviewed each `review`, in words.

    Example:
        >>> window_words(Look(months=12), "quarter"), window_words(Look(window="period"), "half_year")
        ('the last 12 months', 'the half-year')
    """
    if look.months is not None:
        return f"the last {look.months} months".replace("last 1 months", "last month")
    return _SAID.get(look.window or "", f"the {review.replace('_', '-')}")
