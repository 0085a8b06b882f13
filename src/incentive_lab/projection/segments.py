"""Segments that move apart from the rest of the programme: fitted where the data can tell, else none."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incentive_lab.panel import Floats

Rows = NDArray[np.int64]
LEAST_A_MONTH = 4.0
"""Expected items of a segment in a month, below which chance hides whatever its factor does."""
LEAST_MONTHS = 12


@dataclass(frozen=True, eq=False)
class Segments:
    """How segments move against the whole of a stream, by segment; a sigma of 0 is no factor.

    Attributes:
        share: [segments] of the expected items.
        phi, sigma: [segments] monthly persistence and innovation of the factor's log.
        state: [segments] its log in the last month.
    """

    share: Floats
    phi: Floats
    sigma: Floats
    state: Floats

    @property
    def swing(self) -> Floats:
        """[segments] standard deviation of the factor's log in the long run."""
        return np.asarray(self.sigma / np.sqrt(1 - self.phi**2))


def none_apart(groups: int) -> Segments:
    """Segments that all move alike.

    Example:
        >>> none_apart(2).sigma.tolist()
        [0.0, 0.0]
    """
    return Segments(np.full(groups, 1 / groups), np.full(groups, 0.5), np.zeros(groups), np.zeros(groups))


def segments_of(
    counts: Floats, expected: Floats, segment: Rows, groups: int, dispersion: float, drift: float, fading: Floats
) -> Segments:
    """Fit a factor for each segment to what it had over its part of what all had in each month.

    What chance, uneven months and partners' own changes explain is taken off; what is left counts as far as it exceeds
    twice its standard error (positive-part shrinkage). A segment's part of the variance of the deviations is divided by one
    less its share, since a segment that moves alone moves the whole with it.

    Args:
        counts, expected: [partners, months] what partners had, and what their own rates, season and trend lead to expect.
        segment: [partners] segment of each; `groups` of them.
        dispersion, drift: See `Stream`.
        fading: [months] how much each month counts for partners' rates.

    Example:
        >>> same, where = np.full((4, 24), 5.0), np.array([0, 0, 1, 1])
        >>> none = segments_of(same, same, where, 2, 0.0, 0.1, np.ones(24))
        >>> none.sigma.tolist(), none.share.tolist()
        ([0.0, 0.0], [0.5, 0.5])
    """
    had = np.stack([counts[segment == group].sum(axis=0) for group in range(groups)])
    due = np.stack([expected[segment == group].sum(axis=0) for group in range(groups)])
    square = np.stack([(expected[segment == group] ** 2).sum(axis=0) for group in range(groups)])
    share = due.sum(axis=1) / max(due.sum(), 1e-12)
    none = none_apart(groups)
    phi, sigma, state = none.phi, none.sigma, none.state
    level = had.sum(axis=0) / np.maximum(due.sum(axis=0), 1e-12)
    for group in range(groups):
        told = due[group] > 0  # where rows are missing in history, nothing is expected
        mean, months = (due[group] * level)[told], int(told.sum())
        if months < LEAST_MONTHS or mean.mean() < LEAST_A_MONTH or mean.min() <= 0 or share[group] > 0.98:
            continue
        apart = had[group][told] / mean - 1
        apart -= apart.mean()
        uneven = (1 / dispersion if dispersion > 0 else 0.0) + drift**2 / 3
        noise = float(((1 - share[group]) * (1 / mean + uneven * square[group][told] / due[group][told] ** 2)).mean())
        variance = float((apart**2).sum() / (months - 1))
        signal = max(0.0, variance - noise)
        unsure = 2 * noise * np.sqrt(2 / months)
        if signal <= unsure:
            continue
        signal *= 1 - (unsure / signal) ** 2
        raw = float((apart[1:] * apart[:-1]).sum() / (apart[:-1] ** 2).sum()) * variance / max(signal, 0.1 * variance)
        phi[group] = np.clip((months * min(raw, 1.0) + 12 * 0.5) / (months + 12), 0.0, 0.95)
        sigma[group] = np.sqrt(signal / (1 - share[group]) * (1 - phi[group] ** 2))
        # Rates hold what history had on average: the state is measured against that, drawn in by how far it is chance.
        usual = float((fading[told] * apart).sum() / fading[told].sum())
        state[group] = signal / variance * (apart[-3:].mean() - usual) / (1 - share[group])
    return Segments(share, phi, sigma, state)


def apart_of(fitted: Segments, innovations: Floats) -> Floats:
    """[months, segments, count] factors on the expected counts of each segment; those of all together stay as they are.

    Args:
        fitted: See `segments_of`.
        innovations: [segments, count, months] standard normals.

    Example:
        >>> one = Segments(np.array([0.5, 0.5]), np.array([0.5, 0.5]), np.array([0.1, 0.0]), np.zeros(2))
        >>> found = apart_of(one, np.ones((2, 3, 6)))
        >>> bool(np.allclose(found.mean(axis=1), 1.0)), bool((found[:, 0] > 1).all())
        (True, True)
    """
    groups, count, months = innovations.shape
    out, state = np.empty((months, groups, count)), np.tile(fitted.state[:, None], (1, count))
    for m in range(months):
        state = fitted.phi[:, None] * state + fitted.sigma[:, None] * innovations[:, :, m]
        moved = np.exp(state)
        whole = np.zeros(count)
        for group in range(groups):
            whole += fitted.share[group] * moved[group]
        out[m] = moved / whole
    return out
