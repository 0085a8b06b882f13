"""How many partners join in a future: a Poisson count whose rate is known as well as the joins of a year tell it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

import numpy as np
from scipy.special import betainc

from incentive_lab.format import count, counted
from incentive_lab.panel import Floats, Panel, month_label
from incentive_lab.projection.streams import Rows
from incentive_lab.scheme.measures import Measure

BEYOND = 1e-7
"""Chance of a future with more newcomers than there is room for."""


@dataclass(frozen=True)
class Joining:
    """What history says of joining.

    The rate has the gamma law of what was seen, so the count is negative binomial: with as many joins in the months ahead
    as were seen in as many months before, its variance is twice its mean.

    Attributes:
        arrivals: Partners that joined in so many `months` at the end of history.

    Example:
        >>> Joining(10, 12).mean(6), Joining(0, 12).room(12, 1.0)
        (5.0, 0)
    """

    arrivals: int
    months: int

    @property
    def told(self) -> str:
        """What was seen, and what is drawn from it, as a sentence.

        Example:
            >>> Joining(0, 12).told
            'Nobody joined in the last 12 months, so nobody does.'
            >>> Joining(94, 12).told
            '94 partners joined in the last 12 months; 77 to 112 join in a year, in 8 futures of 10.'
        """
        seen = f"joined in the last {counted(self.months, 'month')}"
        if self.arrivals == 0:
            return f"Nobody {seen}, so nobody does."
        low, high = self.counts(np.array([0.1, 0.9]), 12, 1.0)
        return f"{counted(self.arrivals, 'partner')} {seen}; {count(low)} to {count(high)} join in a year, in 8 futures of 10."

    def mean(self, horizon: int, factor: float = 1.0) -> float:
        """Partners that are expected to join, at `factor` times the rate of history."""
        return self.arrivals / self.months * horizon * factor

    def counts(self, uniform: Floats, horizon: int, factor: float) -> Rows:
        """How many join over the horizon where numbers between 0 and 1 say how far up the law a future lies; their shape."""
        return np.searchsorted(-self._beyond(horizon, factor), np.asarray(uniform) - 1.0).astype(np.int64)

    def beyond(self, counts: Rows, horizon: int, factor: float) -> Floats:
        """Probability that more than each of these counts join."""
        told = self._beyond(horizon, factor)
        return np.asarray(np.where(counts < len(told), told[np.minimum(counts, len(told) - 1)], 0.0))

    def room(self, horizon: int, factor: float) -> int:
        """Rows that hold the newcomers of all but a share `BEYOND` of the futures."""
        return int(self.counts(np.array([1 - BEYOND]), horizon, factor)[0])

    def _beyond(self, horizon: int, factor: float) -> Floats:
        """Probability that more than 0, 1, 2, ... join, until it is next to nothing."""
        return _tail(self.arrivals, self.months, horizon, factor)


@lru_cache(maxsize=16)
def _tail(arrivals: int, months: int, horizon: int, factor: float) -> Floats:
    mean = arrivals / months * horizon * factor
    if mean <= 0:
        return np.zeros(1)
    deviation = np.sqrt(mean + mean**2 / arrivals)
    counts = np.arange(int(mean + 12 * deviation + 40 * (1 + mean / arrivals)))
    told = betainc(counts + 1.0, arrivals, factor * horizon / (months + factor * horizon))
    return np.asarray(told[: 1 + int(np.argmax(told < BEYOND**2)) if told[-1] < BEYOND**2 else len(told)])


def with_room(panel: Panel, leaves: Mapping[str, Measure], segment: Rows, room: int) -> tuple[Panel, Rows]:
    """The panel with rows for newcomers, each with the attributes of a partner that joined last."""
    if room == 0:
        return panel, segment
    donors = np.argsort(-panel.joined.astype(np.int64), kind="stable")[: max(1, min(panel.partners, room))]
    rows = np.r_[np.arange(panel.partners), donors[np.arange(room) % len(donors)]]
    ids = (*panel.partner_ids, *(f"~new-{place + 1}" for place in range(room)))
    joined = panel.joined[rows].copy()
    joined[panel.partners :] = panel.months
    attributes = {name: values[rows] for name, values in panel.attributes.items()}
    for name in ("name", "tier", "parent_id"):
        if name in attributes:
            attributes[name][panel.partners :] = ""
    if "joined_on" in attributes:
        attributes["joined_on"][panel.partners :] = f"{month_label(panel.first_month + panel.months)}-01"
    columns = {}
    for name, values in panel.columns.items():
        columns[name] = values[rows].copy()
        columns[name][panel.partners :] = np.nan if name in leaves and leaves[name].is_level else 0.0
    return replace(panel, partner_ids=ids, joined=joined, attributes=attributes, columns=columns), segment[rows]
