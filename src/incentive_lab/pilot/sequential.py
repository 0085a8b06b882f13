"""Looking before the end without lying: spending of alpha over looks, and always-valid p-values."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from incentive_lab.panel import Floats

_NODES = 801
_REACH = 9.0


def spent(fractions: Floats, alpha: float) -> Floats:
    """Two-sided alpha that may be spent up to each fraction of the pilot, in the manner of O'Brien and Fleming.

    Source: Lan and DeMets, Discrete sequential boundaries for clinical trials, Biometrika 70 (1983).

    Example:
        >>> spent(np.array([0.5, 1.0]), 0.05).round(4).tolist()
        [0.0031, 0.05]
    """
    return np.asarray(np.minimum(alpha, 4 * (1 - ndtr(ndtri(1 - alpha / 4) / np.sqrt(fractions)))))


def boundaries(fractions: Floats, alpha: float) -> Floats:
    """Two-sided critical values of z at each look, for statistics with independent increments.

    Source: Armitage, McPherson and Rowe (1969), by numerical integration.

    Example:
        >>> boundaries(np.array([0.25, 0.5, 0.75, 1.0]), 0.05).round(2).tolist()
        [4.33, 2.96, 2.36, 2.01]
    """
    total = spent(fractions, alpha)
    found = np.empty(len(fractions))
    grid, mass = np.zeros(1), np.ones(1)
    before, used = 0.0, 0.0
    for look, fraction in enumerate(fractions):
        step = float(np.sqrt(fraction - before))
        root = float(np.sqrt(fraction))
        allowed = float(total[look] - used)
        low, high = 0.0, 12.0
        for _ in range(80):
            middle = (low + high) / 2
            edge = middle * root
            crossing = mass @ (1 - ndtr((edge - grid) / step) + ndtr((-edge - grid) / step))
            low, high = (middle, high) if crossing > allowed else (low, middle)
        found[look] = (low + high) / 2
        edge = min(found[look], _REACH) * root
        next_grid = np.linspace(-edge, edge, _NODES)
        density = np.exp(-(((next_grid[:, None] - grid[None, :]) / step) ** 2) / 2) / (step * np.sqrt(2 * np.pi))
        width = next_grid[1] - next_grid[0]
        weights = np.full(_NODES, width)
        weights[1::2], weights[2:-1:2] = 4 * width / 3, 2 * width / 3
        weights[0] = weights[-1] = width / 3
        mass, grid = (density @ mass) * weights, next_grid
        before, used = float(fraction), float(total[look])
    return found


def drawn_boundaries(reference: Floats, fractions: Floats, alpha: float) -> Floats:
    """Critical values of |statistic| at each look from re-drawn arms, so that the spending holds for this very panel.

    Args:
        reference: Statistics of each draw at each look, float64 [draws, looks].
        fractions: Part of the pilot that has passed at each look.
        alpha: Two-sided, over all looks.

    Returns:
        float64 [looks]; infinite where the spending allows no draw to cross. The observed statistic crosses when it is
        strictly above.

    Source: the spending function of Lan and DeMets on the randomisation distribution (Rosenberger and Lachin,
        Randomization in Clinical Trials, 2016, chapter 6).

    Example:
        >>> rng = np.random.default_rng(1)
        >>> walk = rng.standard_normal((40_000, 4)).cumsum(axis=1) / np.sqrt(np.arange(1, 5))
        >>> [float(round(abs(one - two), 1)) for one, two in zip(drawn_boundaries(walk, np.arange(1, 5) / 4, 0.05)[1:],
        ...     [2.96, 2.36, 2.01])]
        [0.0, 0.0, 0.0]
    """
    size = np.abs(reference)
    draws = len(size)
    allowed = np.floor(spent(fractions, alpha) * (draws + 1)).astype(int)
    alive = np.ones(draws, dtype=bool)
    found = np.full(len(fractions), np.inf)
    crossed = 0
    for look in range(len(fractions)):
        # The observed draw counts as one of the crossing ones, so that the level holds exactly.
        room = int(allowed[look]) - crossed - 1
        here = np.sort(size[alive, look])[::-1]
        if room < 0 or not len(here):
            continue
        room = min(room, len(here) - 1)
        found[look] = here[room]
        over = alive & (size[:, look] > found[look])
        crossed += int(over.sum())
        alive &= ~over
    return found


@dataclass(frozen=True)
class Look:
    """One look at the result.

    Attributes:
        months: Months of the pilot that had passed.
        fraction: Of the whole.
        statistic: Studentised effect; nan if it could not be worked out.
        boundary: It must be above this, in absolute value.
        crossed: Whether it is.
        effect: Estimated relative or absolute effect at the look.
        low: Lower end of the interval that may be looked at this often.
        high: Upper end.
        spent: Alpha spent so far.
        arm: Compared with the control.
        relative: Whether the effect and its interval are shares.
    """

    months: int
    fraction: float
    statistic: float
    boundary: float
    crossed: bool
    effect: float
    low: float
    high: float
    spent: float
    arm: str = ""
    relative: bool = False


def always_valid_half_width(error: float, information: float, tuned: float, alpha: float) -> float:
    """Half width of a confidence sequence for a normal estimate: valid at every time at once, wide at each.

    Args:
        error: Standard error now.
        information: 1 / error squared.
        tuned: Information at which it is narrowest (that of the planned end).
        alpha: Two-sided, over all times.

    Source: Robbins' normal mixture; Howard, Ramdas, McAuliffe and Sekhon, Time-uniform confidence sequences, Annals of
        Statistics 49 (2021), equation 14.

    Example:
        >>> round(always_valid_half_width(1.0, 1.0, 1.0, 0.05), 3)
        3.035
    """
    # The mixture variance that is nearly optimal at `tuned` solves rho = tuned / (-log alpha^2 + log(-log alpha^2) + 1).
    width = -2 * np.log(alpha)
    rho = tuned / (width + np.log(width) + 1)
    return float(error * np.sqrt((information + rho) / information * np.log((information + rho) / (rho * alpha**2))))
