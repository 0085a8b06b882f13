"""Whether the estimators that a plan names could be used on the months before it, before anybody relies on them."""

from __future__ import annotations

import numpy as np

from incentive_lab.errors import InputError
from incentive_lab.format import counted
from incentive_lab.pilot.assigning import Assigned
from incentive_lab.pilot.estimate import Sample
from incentive_lab.pilot.estimators import check
from incentive_lab.pilot.windows import windowed
from incentive_lab.pilot.world import World


def unusable(here: World, assigned: Assigned) -> tuple[str, ...]:
    """A warning for each metric whose named estimator would have been refused in months like those of the pilot.

    What is refused there will most likely be refused when the pilot is read, and power is simulated without it.

    Args:
        here: The history and the plan.
        assigned: The drawn partners.
    """
    pilot, told = here.pilot, []
    for metric in pilot.metrics:
        named = metric.estimator or pilot.analysis.estimator
        _, denominator = here.parts(metric.of, metric.over)
        if named == "auto" or metric.transform != "none" or (denominator and metric.estimator is None):
            continue
        try:
            window = windowed(here, assigned, metric=metric)
        except InputError:
            continue  # too little history: power says so itself
        try:
            check(Sample(window.post, (assigned.arm > 0).astype(np.float64)), named)
        except InputError as error:
            told += [
                f"The plan's estimator could not be used on {metric.name} in the {counted(window.months, 'month')} before the "
                f"start, so the results would most likely be refused: {one.message} {one.fix}".rstrip()
                for one in error.problems if one.path == "analysis.estimator"
            ]  # fmt: skip
    return tuple(told)
