"""Figures from scenarios, each with its Monte Carlo standard error.

Scenarios are not independent of each other: number i belongs to replicate i mod REPLICATES (see `factors`), and replicates
are. A figure's error is how far the replicates lie apart; below LEAST scenarios it is the formula for independent draws,
which is too large for these and never too small.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.projection.factors import REPLICATES

LEAST = 4 * REPLICATES
"""Scenarios from which on replicates tell the error."""


@dataclass(frozen=True)
class Figure:
    """A number and its Monte Carlo standard error, None where a single scenario tells nothing of it."""

    value: float
    error: float | None


def spread_of_mean(values: Floats, used: Any = None) -> float | None:
    """Standard error of the mean of values in the order of their scenarios, between replicates; None for a single one.

    Args:
        values: [scenarios].
        used: [scenarios] which of them count; all without it.

    Example:
        >>> bool(np.isclose(spread_of_mean(np.tile(np.arange(16.0), 4)), np.arange(16.0).std(ddof=1) / 4))
        True
    """
    kept = np.ones(len(values)) if used is None else np.asarray(used, dtype=np.float64)
    whole = float(kept.sum())
    if whole < 2:
        return None
    if len(values) < LEAST:
        return float(values[kept > 0].std(ddof=1) / np.sqrt(whole))
    replicate = np.arange(len(values)) % REPLICATES
    apart = kept * (values - float((kept * values).sum()) / whole)
    sums = np.bincount(replicate, weights=apart, minlength=REPLICATES)
    return float(np.sqrt(REPLICATES / (REPLICATES - 1) * (sums**2).sum()) / whole)


def mean(values: Floats, used: Any = None) -> Figure:
    """The mean over scenarios, or over those that are `used`.

    Example:
        >>> mean(np.array([1.0, 3.0])).value
        2.0
    """
    kept = values if used is None else values[used]
    return Figure(float(kept.mean()), spread_of_mean(values, used))


def chance(happens: Any) -> Figure:
    """The share of scenarios in which something happens.

    What happens in nearly no scenario, or in nearly all, is as unsure as one more that might have (Agresti).

    Example:
        >>> chance(np.array([True, False, False, False])).value
        0.25
    """
    n = len(happens)
    share = float(np.mean(happens))
    near = (share * n + 2) / (n + 4)
    plain = float(np.sqrt(near * (1 - near) / (n + 4)))
    few = min(share, 1 - share) * n < REPLICATES
    seen = spread_of_mean(np.asarray(happens, dtype=np.float64))
    return Figure(share, plain if few or seen is None or n < LEAST else seen)


def quantile(values: Floats, at: float) -> Figure:
    """A quantile; its error is that of the share of scenarios below it over the density there.

    The density is read off the order statistics one such error to either side.

    Example:
        >>> quantile(np.arange(101.0), 0.5).value
        50.0
    """
    n = len(values)
    found = float(np.quantile(values, at))
    if n * min(at, 1 - at) < 2:  # too few scenarios lie beyond it to say how sure it is
        return Figure(found, None)
    ordered = np.sort(values)
    plain = float(np.sqrt(n * at * (1 - at)))
    low, high = max(0, int(np.floor(n * at - plain))), min(n - 1, int(np.ceil(n * at + plain)))
    density = max(1, high - low) / n / max(float(ordered[high] - ordered[low]), 1e-300)
    seen = spread_of_mean((values <= found).astype(np.float64)) if n >= LEAST else plain / n
    return Figure(found, float(seen or 0.0) / density)


def tail_mean(values: Floats, at: float = 0.95) -> Figure:
    """The mean of what lies at or beyond a quantile (CVaR), with the error of Rockafellar and Uryasev's form."""
    border = float(np.quantile(values, at))
    beyond = border + np.maximum(values - border, 0.0) / (1 - at)
    return mean(beyond)
