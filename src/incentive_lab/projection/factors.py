"""What all partners share, drawn evenly: scrambled Sobol points in the order of how much of the cost each moves.

Scenario i belongs to replicate i mod REPLICATES and is that replicate's point i div REPLICATES. Each replicate is scrambled by
itself, so the replicates are independent of each other: how far their answers lie apart is the Monte Carlo error, which
the formula for independent draws overstates. A scenario's numbers depend on the seed and the scenario alone, so a longer run
begins with the same scenarios.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterable, Mapping
from functools import lru_cache

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.projection.sobol import Scrambled

REPLICATES = 16
"""Independently scrambled sets of points; 15 degrees of freedom make a standard error known to about a fifth of itself."""
POINTS = 64
"""Points of a replicate that are made at once, a power of two."""
DIMENSIONS = 32
"""Coordinates of a point; what finds no coordinate left is drawn by counter."""


def quasi(seed: int, first: int, count: int) -> Floats:
    """[count, DIMENSIONS] coordinates inside (0, 1) of scenarios from `first` on.

    Example:
        >>> bool((quasi(7, 1000, 50) == quasi(7, 0, 1050)[1000:]).all())
        True
    """
    span = REPLICATES * POINTS
    low, high = first // span, -(-(first + count) // span)
    rows = np.concatenate([_block(seed, number) for number in range(low, high)])
    return np.asarray(rows[first - low * span :][:count])


@lru_cache(maxsize=4)
def _replicates(seed: int) -> tuple[Scrambled, ...]:
    key = seed % 2**64
    return tuple(Scrambled(DIMENSIONS, np.random.default_rng([key, one]).spawn(1)[0]) for one in range(REPLICATES))


@lru_cache(maxsize=16)
def _block(seed: int, number: int) -> Floats:
    """The points of POINTS x REPLICATES scenarios."""
    made = np.stack([one.points(number * POINTS, POINTS) for one in _replicates(seed)], axis=1)
    # Coordinates are multiples of 2^-30, 0 among them: each is moved to the middle of its interval.
    return np.asarray(made.reshape(-1, DIMENSIONS) + 2.0**-31)


def columns_of(wanted: Iterable[Hashable]) -> Mapping[Hashable, int]:
    """The coordinate of each thing that is drawn, in order; the last ones go without.

    Example:
        >>> columns_of(["a", "b"])
        {'a': 0, 'b': 1}
    """
    return {key: place for place, key in zip(range(DIMENSIONS), wanted, strict=False)}


def path_of(phi: float, sigma: float, trend: Floats) -> Floats:
    """[months, months + 1] what each independent normal adds to a path: its innovations, then the error of its trend.

    Example:
        >>> path_of(0.5, 1.0, np.zeros(2)).tolist()
        [[1.0, 0.0, 0.0], [0.5, 1.0, 0.0]]
    """
    behind = np.subtract.outer(np.arange(len(trend)), np.arange(len(trend)))
    walk = np.where(behind >= 0, sigma * phi ** np.maximum(behind, 0), 0.0)
    return np.asarray(np.column_stack([walk, trend]))


def axes_of(path: Floats, weight: Floats, many: int) -> Floats:
    """Orthonormal axes of the normals behind a path: along the first it moves as a whole, then tilts, then bends.

    Args:
        path: [months, n] see `path_of`.
        weight: [months] how much each month counts.
        many: Axes that are wanted in this order; the others complete them.

    Example:
        >>> axes = axes_of(path_of(0.8, 0.1, np.full(12, 0.02)), np.ones(12), 2)
        >>> whole = path_of(0.8, 0.1, np.full(12, 0.02)).sum(axis=0)
        >>> bool(np.isclose(abs(whole @ axes[:, 0]), np.linalg.norm(whole)))
        True
    """
    time = np.linspace(-1.0, 1.0, len(weight))
    wanted = [path.T @ (weight * time**power) for power in range(min(many, path.shape[1]))]
    return np.asarray(np.linalg.qr(np.column_stack(wanted), mode="complete")[0])


def turned(normals: Floats, axes: Floats) -> Floats:
    """[count, n] numbers along axes as numbers of the months; added in one order, so that rows do not depend on others."""
    out = np.zeros_like(normals)
    for place in range(normals.shape[1]):
        out += normals[:, place : place + 1] * axes[None, :, place]
    return out
