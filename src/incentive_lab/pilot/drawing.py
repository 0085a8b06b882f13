"""How units are drawn into arms: one description that assigns, re-assigns and enumerates."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cached_property
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from incentive_lab.errors import InputError, Problem
from incentive_lab.panel import Floats

Arms = NDArray[np.int8]
Codes = NDArray[np.int64]

ENUMERATE_UP_TO = 40_000
"""Mechanisms with at most so many assignments are enumerated instead of sampled."""
_CALIBRATION_DRAWS = 2_000
_TRIES = 400


class Redrawn(Protocol):
    """Arms that can be drawn anew."""

    def draw(self, rng: np.random.Generator, count: int) -> Arms:
        """Arms of partners, int8 [count, partners]."""

    def enumerated(self) -> Arms | None:
        """Every assignment of partners, int8 [assignments, partners], where they are few; else None."""


@dataclass(frozen=True, eq=False)
class Drawing:
    """A random assignment of units to arms.

    Attributes:
        strata: Stratum of each drawing unit, int64 [units]; numbers within a stratum are fixed.
        shares: Part of the units for each arm, the control first.
        clusters: Drawing unit of each partner, int64 [partners]; partners of one drawing unit share an arm.
        independent: Each unit by a coin of its own rather than fixed numbers.
        counts: Fixed numbers by stratum and arm, int64 [strata, arms]; None lets `shares` decide.
        balance: Standardised covariates of the drawing units that are to be balanced, float64 [units, k], or None.
        accept: The best balanced part of draws that may be used; 1 takes every draw.
    """

    strata: Codes
    shares: tuple[float, ...]
    clusters: Codes
    independent: bool = False
    counts: NDArray[np.int64] | None = None
    balance: Floats | None = field(default=None)
    accept: float = 1.0

    @property
    def units(self) -> int:
        """Number of units that are drawn."""
        return len(self.strata)

    @property
    def partners(self) -> int:
        """Number of partners."""
        return len(self.clusters)

    def draw(self, rng: np.random.Generator, count: int) -> Arms:
        """Arms of partners, int8 [count, partners].

        Example:
            >>> plain = Drawing(np.zeros(6, dtype=np.int64), (0.5, 0.5), np.arange(6))
            >>> plain.draw(np.random.default_rng(1), 2).sum(axis=1).tolist()
            [3, 3]
        """
        return np.asarray(self.draw_units(rng, count)[:, self.clusters])

    def draw_units(self, rng: np.random.Generator, count: int) -> Arms:
        """Arms of drawing units, int8 [count, units]; only draws that meet the balance criterion."""
        if self.accept >= 1 or self.balance is None:
            return self._usable(rng, count)
        kept: list[Arms] = []
        have = 0
        for _ in range(_TRIES):
            batch = self._usable(rng, max(64, min(4096, int((count - have) / self.accept * 1.2) + 8)))
            good = batch[self.distance(batch) <= self.threshold]
            kept.append(good[: count - have])
            have += len(kept[-1])
            if have == count:
                return np.concatenate(kept)
        raise InputError([Problem("assignment.rerandomise.accept", "no draw is balanced enough.",
                                  "Accept a larger share, or balance on fewer attributes.")])  # fmt: skip

    def _usable(self, rng: np.random.Generator, count: int) -> Arms:
        """Draws in which no arm is empty."""
        arms = self._raw(rng, count)
        for _ in range(_TRIES):
            bad = np.flatnonzero(~np.all([(arms == arm).any(axis=1) for arm in range(len(self.shares))], axis=0))
            if not len(bad):
                return arms
            arms[bad] = self._raw(rng, len(bad))
        raise InputError([Problem("assignment", f"{self.units} units cannot fill {len(self.shares)} arms.",
                                  "Draw more units, or fewer arms.")])  # fmt: skip

    def _raw(self, rng: np.random.Generator, count: int) -> Arms:
        if self.independent:
            edges = np.cumsum(self.shares)[:-1]
            return np.searchsorted(edges, rng.random((count, self.units)), side="right").astype(np.int8)
        order = np.argsort(rng.random((count, self.units)), axis=1, kind="stable")
        order = np.take_along_axis(order, np.argsort(self.strata[order], axis=1, kind="stable"), axis=1)
        arms = np.empty((count, self.units), dtype=np.int8)
        np.put_along_axis(arms, order, self._labels(rng, count), axis=1)
        return arms

    def _labels(self, rng: np.random.Generator, count: int) -> Arms:
        """Arms in the order of strata, int8 [count, units]."""
        if self.counts is not None:
            arms = range(self.counts.shape[1])
            row = np.concatenate([np.repeat(arms, numbers) for numbers in self.counts]).astype(np.int8)
            return np.asarray(np.broadcast_to(row, (count, self.units)))
        pattern = spread(self.shares, self.units)
        start = rng.integers(0, self.units, count)
        return np.asarray(pattern[(start[:, None] + np.arange(self.units)[None, :]) % self.units])

    @cached_property
    def threshold(self) -> float:
        """Largest distance between arms that is accepted."""
        rng = np.random.default_rng(20_240_229)  # the criterion belongs to the plan, not to one draw
        return float(np.quantile(self.distance(self._usable(rng, _CALIBRATION_DRAWS)), self.accept))

    def distance(self, arms: Arms) -> Floats:
        """Mahalanobis distance between the covariate means of arms and control, the largest over arms, [draws].

        Source: Morgan and Rubin, Rerandomization to improve covariate balance, Annals of Statistics 40 (2012).
        """
        assert self.balance is not None
        inverse = np.linalg.pinv(np.atleast_2d(np.cov(self.balance, rowvar=False)))
        first = _means(arms == 0, self.balance)
        sizes = (arms == 0).sum(axis=1)
        worst = np.zeros(len(arms))
        for arm in range(1, len(self.shares)):
            here = arms == arm
            gap = _means(here, self.balance) - first
            scale = 1 / (1 / np.maximum(sizes, 1) + 1 / np.maximum(here.sum(axis=1), 1))
            worst = np.maximum(worst, scale * np.einsum("bi,ij,bj->b", gap, inverse, gap))
        return worst

    @property
    def assignments(self) -> float:
        """How many different assignments fixed numbers allow (without the balance criterion); inf when unbounded."""
        if self.independent:
            return float(len(self.shares)) ** self.units
        if self.counts is None:
            return self._pattern_count()
        return math.prod(_multinomial(numbers) for numbers in self.counts.tolist())

    def _pattern_count(self) -> float:
        if len(np.unique(self.strata)) > 1:
            sizes = np.bincount(self.strata)
            logs = sum(
                math.lgamma(size + 1) - sum(math.lgamma(size * one + 1) for one in self.shares) for size in sizes
            )
            return math.exp(min(700.0, logs))
        return _multinomial(np.bincount(spread(self.shares, self.units), minlength=len(self.shares)).tolist())

    def enumerated(self) -> Arms | None:
        """Every assignment of partners, int8 [assignments, partners], where they are few; else None."""
        fixed = self.counts if self.counts is not None else self._fixed_counts()
        if self.independent or fixed is None or math.prod(map(_multinomial, fixed.tolist())) > ENUMERATE_UP_TO:
            return None
        every = np.array(list(_arrangements(self.strata, fixed)), dtype=np.int8)
        if self.accept < 1 and self.balance is not None:
            every = every[self.distance(every) <= self.threshold]
        return every[:, self.clusters]

    def _fixed_counts(self) -> NDArray[np.int64] | None:
        """Numbers by stratum and arm when the shares leave no choice; None when they do."""
        sizes = np.bincount(self.strata)
        exact = sizes[:, None] * np.array(self.shares)[None, :]
        whole = np.rint(exact)
        return whole.astype(np.int64) if np.abs(exact - whole).max() < 1e-9 else None

    def as_recorded(self, arms: Arms) -> Drawing:
        """The same drawing with the numbers by stratum and arm that an assignment of units has."""
        counts = np.zeros((int(self.strata.max()) + 1, len(self.shares)), dtype=np.int64)
        np.add.at(counts, (self.strata, arms), 1)
        return Drawing(self.strata, self.shares, self.clusters, False, counts, self.balance, self.accept)


def spread(shares: tuple[float, ...], units: int) -> Arms:
    """Arms in an order in which every stretch has about the right shares, int8 [units].

    Example:
        >>> spread((0.5, 0.5), 6).tolist(), spread((0.75, 0.25), 8).tolist()
        ([0, 1, 0, 1, 0, 1], [0, 0, 1, 0, 0, 0, 1, 0])
    """
    wanted = np.array(shares)
    given = np.zeros(len(shares))
    order = np.empty(units, dtype=np.int8)
    for place in range(units):
        arm = int(np.argmax(wanted * (place + 1) - given))
        order[place] = arm
        given[arm] += 1
    return order


def _means(here: NDArray[np.bool_], values: Floats) -> Floats:
    return np.asarray((here.astype(np.float64) @ values) / np.maximum(here.sum(axis=1), 1)[:, None])


def _multinomial(numbers: list[int]) -> float:
    logs = math.lgamma(sum(numbers) + 1) - sum(math.lgamma(one + 1) for one in numbers)
    return float(round(math.exp(logs))) if logs < 30 else math.exp(min(700.0, logs))


def _arrangements(strata: Codes, counts: NDArray[np.int64]) -> Iterator[list[int]]:
    """Every way to give each stratum its numbers of arms."""
    left = counts.copy()
    arms = [0] * len(strata)

    def place(unit: int) -> Iterator[list[int]]:
        if unit == len(strata):
            yield list(arms)
            return
        for arm in range(counts.shape[1]):
            if left[strata[unit], arm] > 0:
                left[strata[unit], arm] -= 1
                arms[unit] = arm
                yield from place(unit + 1)
                left[strata[unit], arm] += 1

    yield from place(0)


def codes_of(*labels: NDArray[np.object_]) -> Codes:
    """Combinations of labels as numbers from 0, int64 [n].

    Example:
        >>> codes_of(np.array(["a", "b", "a"], dtype=object), np.array(["x", "x", "y"], dtype=object)).tolist()
        [0, 2, 1]
    """
    keys = [tuple(str(label[row]) for label in labels) for row in range(len(labels[0]))]
    order = {key: code for code, key in enumerate(sorted(set(keys)))}
    return np.array([order[key] for key in keys], dtype=np.int64)


def blocks_of(size: Floats, strata: Codes, block: int) -> Codes:
    """Blocks of units of like size within strata, int64 [units]; a remainder joins the last block of its stratum.

    Example:
        >>> blocks_of(np.array([5.0, 1.0, 4.0, 2.0, 3.0]), np.zeros(5, dtype=np.int64), 2).tolist()
        [1, 0, 1, 0, 1]
    """
    codes = np.empty(len(size), dtype=np.int64)
    begin = 0
    for stratum in np.unique(strata):
        rows = np.flatnonzero(strata == stratum)
        rows = rows[np.argsort(size[rows], kind="stable")]
        blocks = max(1, len(rows) // block)
        codes[rows] = begin + np.minimum(np.arange(len(rows)) // block, blocks - 1)
        begin += blocks
    return codes
