"""Months of the past that look like the pilot's: so many before, so many after, for each drawn partner."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from incentive_lab.errors import InputError, Problem
from incentive_lab.panel import Floats
from incentive_lab.pilot.assigning import Assigned
from incentive_lab.pilot.drawing import Codes
from incentive_lab.pilot.outcomes import Metric
from incentive_lab.pilot.world import World


@dataclass(frozen=True, eq=False)
class Windowed:
    """The primary outcome of drawn partners in months before the pilot that stand for it.

    Attributes:
        post: In the months that stand for the pilot, per month, float64 [n].
        pre: Before those, float64 [n].
        strata: As drawn, int64 [n].
        months: Months that stand for the pilot.
        pre_months: Months before them.
        ends: Column after the last month.
        short: What had to be shortened, as a sentence; empty when nothing was.
    """

    post: Floats
    pre: Floats
    strata: Codes
    months: int
    pre_months: int
    ends: int
    short: str


def windowed(
    here: World, assigned: Assigned, back: int = 0, *, metric: Metric | None = None, months: int | None = None
) -> Windowed:
    """The latest months before the pilot (or `back` months earlier) as if the pilot had been there.

    Args:
        here: The history and the plan.
        assigned: The drawn partners.
        back: Months by which the stretch ends before the start.
        metric: Instead of the primary one.
        months: Instead of the plan's length.

    Raises:
        InputError: There are fewer than two months.
    """
    pilot = here.pilot
    assert pilot.dates is not None
    metric = metric or pilot.primary
    ends = here.start - back
    if ends < 2:
        raise InputError([Problem("dates.start", f"only {max(ends, 0)} months lie before the start; power needs at least two.",
                                  "Give a later start, or more history.")])  # fmt: skip
    wanted, before = months or int(pilot.dates.months), int(pilot.dates.pre_months)
    months = min(wanted, max(1, ends // 2))
    pre = min(before, ends - months)
    top, bottom = here.parts(metric.of, metric.over)
    rows = assigned.rows

    def mean(name: str, first: int, stop: int) -> Floats:
        values = here.mean(name, slice(first, stop))[rows]
        known = np.isfinite(values)  # a score that a partner does not have is not zero
        return np.where(known, values, values[known].mean() if known.any() else 0.0)

    post, earlier = mean(top, ends - months, ends), mean(top, ends - months - pre, ends - months)
    if bottom:
        over, over_before = mean(bottom, ends - months, ends), mean(bottom, ends - months - pre, ends - months)
        total, total_before = over.sum(), over_before.sum()
        if total == 0 or total_before == 0:
            raise InputError(
                [Problem(f"metrics.{metric.name}.over", "the denominator is zero in the months before.", "")]
            )
        post = post.sum() / total + (post - post.sum() / total * over) / over.mean()
        earlier = (
            earlier.sum() / total_before + (earlier - earlier.sum() / total_before * over_before) / over_before.mean()
        )
    short = ""
    if months < wanted or pre < before:
        short = f"The history before the start is short: {months} months stand for {wanted} of the pilot, with {pre} before them."
    strata = assigned.drawing.strata[assigned.drawing.clusters]
    return Windowed(post, earlier, strata, months, pre, ends, short)


def by_month(here: World, assigned: Assigned) -> tuple[Floats, int]:
    """The primary outcome by month in the stretch that stands for the pilot, and the month before it: float64 [n, months + 1].

    Returns:
        The values, and how many months the history was short of the plan.

    Raises:
        InputError: The metric is a ratio, or there are too few months.
    """
    pilot = here.pilot
    assert pilot.dates is not None
    top, bottom = here.parts(pilot.primary.of, pilot.primary.over)
    if bottom:
        raise InputError([Problem(f"metrics.{pilot.primary.name}", "a ratio has no value by month, so this design's power cannot "
                                  "be simulated on it.", "Choose a primary metric that adds up.")])  # fmt: skip
    wanted = int(pilot.dates.months)
    months = min(wanted, here.start - 1)
    if months < 2:
        raise InputError([Problem("dates.start", f"only {here.start} months lie before the start; power needs at least three.",
                                  "Give a later start, or more history.")])  # fmt: skip
    values = here.values(top)[assigned.rows, here.start - months - 1 : here.start]
    return np.nan_to_num(values), wanted - months
