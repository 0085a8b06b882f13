"""The way to the next tier: what is missing to it at the last month."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from incentive_lab.engine.blocks import month_column
from incentive_lab.engine.columns import Column
from incentive_lab.engine.explain import in_units, kernel_units
from incentive_lab.engine.periods import PERIOD_MONTHS, year_shift
from incentive_lab.engine.replay import Replay
from incentive_lab.scheme.lookup import measure_named, unit_of
from incentive_lab.scheme.tiers import window_words


@dataclass(frozen=True)
class NextTier:
    """What is missing to the next tier at the last month.

    Attributes:
        name: The tier above.
        missing: Measure -> what is still missing, in whole units; empty when only the review is outstanding.
        words: One sentence.
    """

    name: str
    missing: Mapping[str, float]
    words: str


def next_tier(result: Replay, row: int, month: int) -> NextTier | None:
    """What is missing to the tier above the one in force at `month`; None at the top or without tiers."""
    tiers = result.scheme.tiers
    if tiers is None:
        return None
    place = int(result.tiers[month, row]) + 1
    if place >= len(tiers.levels):
        return None
    level = tiers.levels[place]
    missing: dict[str, float] = {}
    for name, needed in level.needs.items():
        value = look(result, name, row, month)
        short = float(needed) - (0.0 if value is None else value)
        if short > 0:
            missing[name] = round(short, 6)
    minor = result.minor
    said = [f"{in_units(result.scheme, name, short * kernel_units(result.scheme, name, minor))} more {name.replace('_', ' ')}"
            + (f" (counted over {window_words(tiers.windows[name], tiers.review)})" if name in tiers.windows else "")
            for name, short in missing.items()]  # fmt: skip
    words = (
        f"To {level.name.replace('_', ' ')} it takes {' and '.join(said)}."
        if said
        else f"Meets {level.name} at the next review."
    )
    return NextTier(level.name, missing, words)


def look(result: Replay, name: str, row: int, month: int) -> float | None:
    """A measure over its window of a review at a month, in whole units; None where it is undefined."""
    scheme, panel, tiers = result.scheme, result.panel, result.scheme.tiers
    assert tiers is not None
    measure = measure_named(name, scheme.measures)
    if measure.is_level:
        value = float(panel.columns[name][row, month])
        return None if np.isnan(value) else value
    shift = year_shift(scheme, panel.first_month)
    own = tiers.window_of(name)
    first = review_start(own.months, own.window, PERIOD_MONTHS[tiers.review], month, shift)
    if measure.ratio is not None:
        top, bottom = (_window(result, part, row, first, month) for part in measure.ratio)
        return top / bottom if bottom else None
    return _window(result, name, row, first, month)


def review_start(trailing: int | None, window: str | None, per: int, month: int, shift: int) -> int:
    """First month of the review's window at a month, cut at 0."""
    if trailing:
        return max(0, month - trailing + 1)
    length = {"period": per, "quarter_to_date": 3, "half_year_to_date": 6, "year_to_date": 12, "previous_year": 12}.get(
        window or "", 0
    )
    return max(0, month - (month + shift) % length) if length else 0


def _window(result: Replay, name: str, row: int, first: int, month: int) -> float:
    full = result.scheme.splits.tiering == "after"
    member = result.scheme.group is not None and result.scheme.group.pays == "member"
    column = Column(name, "full" if full else "share", "group" if member else "",
                    result.scheme.returns.method == "recalculate")  # fmt: skip
    values = month_column(result.panel, column, result.scheme)[row, first : month + 1]
    unit = unit_of(name, result.scheme.measures)
    return float(values.sum()) / (result.minor if unit == "money" else 1_000_000)
