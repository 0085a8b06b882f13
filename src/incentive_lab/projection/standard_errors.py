"""Figures from scenarios, each with its Monte Carlo standard error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from incentive_lab.panel import Floats


@dataclass(frozen=True)
class Figure:
    """A number and its Monte Carlo standard error, None where a single scenario tells nothing of it."""

    value: float
    error: float | None


def mean(values: Floats) -> Figure:
    """The mean over scenarios.

    Example:
        >>> mean(np.array([1.0, 3.0])).value
        2.0
    """
    n = len(values)
    return Figure(float(values.mean()), float(values.std(ddof=1) / np.sqrt(n)) if n > 1 else None)


def chance(happens: Any) -> Figure:
    """The share of scenarios in which something happens; its error allows for the one more that might have (Agresti).

    Example:
        >>> chance(np.array([True, False, False, False])).value
        0.25
    """
    n = len(happens)
    share = float(np.mean(happens))
    near = (share * n + 2) / (n + 4)
    return Figure(share, float(np.sqrt(near * (1 - near) / (n + 4))))


def quantile(values: Floats, at: float) -> Figure:
    """A quantile; its error is half the span of the order statistics one standard deviation to either side.

    Example:
        >>> quantile(np.arange(101.0), 0.5).value
        50.0
    """
    n = len(values)
    if n * min(at, 1 - at) < 2:  # too few scenarios lie beyond it to say how sure it is
        return Figure(float(np.quantile(values, at)), None)
    ordered = np.sort(values)
    wide = np.sqrt(n * at * (1 - at))
    low, high = max(0, int(np.floor(n * at - wide))), min(n - 1, int(np.ceil(n * at + wide)))
    steps = max(1, high - low)
    error = float(ordered[high] - ordered[low]) / steps * float(wide)
    return Figure(float(np.quantile(values, at)), error)


def tail_mean(values: Floats, at: float = 0.95) -> Figure:
    """The mean of what lies at or beyond a quantile (CVaR), with the error of Rockafellar and Uryasev's form."""
    border = float(np.quantile(values, at))
    beyond = border + np.maximum(values - border, 0.0) / (1 - at)
    return mean(beyond)
