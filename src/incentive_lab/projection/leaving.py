"""What happened to each partner in each month, and from that who has left already and how many leave."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from incentive_lab.history.missing import Gap, gaps
from incentive_lab.panel import Floats
from incentive_lab.projection.past import Past
from incentive_lab.projection.streams import Rows

DAYS: Mapping[str, str] = {
    "closed_on": "closed deals", "created_on": "created deals", "qualified_on": "qualified deals",
    "registered_on": "registered deals", "returned_on": "returned deals", "recorded_on": "recorded deals",
}  # fmt: skip


def counts_of(past: Past) -> dict[str, Floats]:
    """Stream of deals or activities -> [partners, months] how many of them happened (of activities, whether any)."""
    panel, found = past.panel, {}
    for date, table in past.items.items():
        found[DAYS.get(date, date)] = np.zeros((panel.partners, panel.months))
        np.add.at(found[DAYS.get(date, date)], (table.partner, table.month), 1.0)
    for name, measure in past.leaves.items():
        if measure.table == "activities":
            found[name] = (panel.columns[name] > 0).astype(np.float64)
    return found


def gaps_of(past: Past, counts: Mapping[str, Floats]) -> dict[str, tuple[Gap, ...]]:
    """Stream -> months whose rows are missing; an activity that nobody had for half a year at the end is no more.

    Args:
        past: See `past_of`.
        counts: See `counts_of`.
    """
    named = past.panel.attributes
    return {name: gaps(had, named, may_end=name not in DAYS.values()) for name, had in counts.items()}


def leaving(happened: Floats, begun: Rows, last: Rows, missing: NDArray[np.bool_]) -> tuple[float, Floats]:
    """Probability of leaving in a month, and of each partner that it is still there given its silence.

    Among partners to whom something happens at least every other month, half a year of silence counts as having left. Months
    whose rows are missing are no silence.

    Args:
        happened: [partners, months].
        begun, last: [partners] first month that counts, and the last in which anything happened (-1: none).
        missing: [partners, months].

    Example:
        >>> had = np.r_[np.ones((3, 24)), np.eye(1, 24)]
        >>> churn, alive = leaving(had, np.zeros(4, dtype=int), np.array([23, 23, 23, 0]), np.zeros((4, 24), dtype=bool))
        >>> bool(churn < 0.01), alive.round(1).tolist()
        (True, [1.0, 1.0, 1.0, 0.0])
    """
    months = happened.shape[1]
    # How many months were seen before each one, so that spans leave out those that are missing.
    seen = np.concatenate([np.zeros((len(happened), 1)), np.cumsum(~missing, axis=1)], axis=1)
    rows = np.arange(len(happened))
    span = np.maximum(1, seen[rows, np.maximum(last + 1, 0)] - seen[rows, np.clip(begun, 0, months)])
    had = np.where(missing, 0.0, happened).sum(axis=1)
    silent = seen[:, -1] - np.where(last >= 0, seen[rows, last + 1], seen[rows, np.clip(begun, 0, months)])
    rate = had / span
    frequent = (rate >= 0.5) & (last >= 0) & (span >= 3)
    left = frequent & (silent >= 6)
    exposed = float(np.minimum(span, months)[frequent].sum())
    churn = (float(left.sum()) + 0.5) / (exposed + 100.0)
    # How often something happens to a partner, drawn towards the middle where it has hardly been seen.
    pace = (had + 0.5) / (span + 2.0)
    gone = churn / (churn + pace) * np.expm1(np.minimum((churn + pace) * silent, 50.0))
    return float(min(churn, 0.2)), np.asarray(1.0 / (1.0 + gone))
