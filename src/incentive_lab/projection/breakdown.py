"""Where the cost goes: by line, segment, tier and partner."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from incentive_lab.engine.rollup import payees
from incentive_lab.panel import Floats
from incentive_lab.projection.running import Projection
from incentive_lab.projection.standard_errors import Figure, mean, quantile

PARTNERS = 50
"""Partners that are told one by one, those that are paid most first."""


@dataclass(frozen=True)
class Band:
    """One part of the cost: its mean and the tenths at either end, minor units."""

    name: str
    mean: Figure
    p10: Figure
    p50: Figure
    p90: Figure


def bands(names: Sequence[str], values: Floats) -> list[Band]:
    """The band of each part that costs anything in any future.

    Args:
        names: Of the parts.
        values: [scenarios, parts].

    Example:
        >>> [(one.name, one.mean.value) for one in bands(["a", "b"], np.array([[1.0, 0.0], [3.0, 0.0]]))]
        [('a', 2.0)]
    """
    return [
        Band(name, mean(column), *(quantile(column, at) for at in (0.1, 0.5, 0.9)))
        for name, column in zip(names, values.T, strict=True) if column.any()
    ]  # fmt: skip


def partner_bands(told: Projection) -> list[Band]:
    """The bands of the partners that are paid most, from the first futures, of which each partner's amount is kept.

    Where a scheme pays parents, these are told, by the name of their group.
    """
    paid, names = told.outcome.partners, list(told.model.panel.partner_ids)
    parents = payees(told.outcome.scheme, told.model.panel)
    if parents is not None:
        for row, name in zip(parents.head.tolist(), parents.names, strict=True):
            names[row] = name
    chosen = np.argsort(-paid.mean(axis=0), kind="stable")[:PARTNERS]
    return bands([names[row] for row in chosen], paid[:, chosen])
