"""What is fitted to one kind of happening: how often each partner has it, in which season, and how that moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incentive_lab.panel import Floats
from incentive_lab.projection.estimates import (
    blur_of,
    dispersion_of,
    drift_of,
    gamma_prior,
    heads_of,
    season_of,
)
from incentive_lab.projection.level import Level, level_of
from incentive_lab.projection.segments import Segments, segments_of

Rows = NDArray[np.int64]
MEMORY = 24.0
"""Months after which what happened counts half as much for a partner's rate."""
OWN_ITEMS = 10.0
"""Items of a partner's own at which half of its draws come from its own pool and half from its segment's."""


@dataclass(frozen=True, eq=False)
class Stream:
    """One fitted kind of happening.

    Attributes:
        name: What it is, for people.
        slots: Leaves of the model that an item adds to.
        pool: [items, slots] what whole items add, by segment and partner; empty where every count adds `unit`.
        unit: What one count adds.
        own_first, own_count: [partners] where the items of each partner begin, and how many they are.
        segment_first, segment_count: The same by segment; a segment without items has everybody's.
        own_weight: [partners] share of a partner's draws that come from its own pool.
        shape, rate: [partners] of the gamma posterior of its monthly rate at today's level.
        drift: Log standard deviation of a partner's future rate around its past one, beyond chance.
        dispersion: Shape of the month's gamma factor, 0 where counts are as even as Poisson ones.
        season: [12] factors by calendar month, mean 1.
        level: What the months of all partners have in common, see `Level`; its innovations are NaN beside months not seen.
        rho: Correlation of its innovations with those of the market.
        had: [partners] whether the partner ever had an item.
        first_slot: Leaf that is 1 in the month of a partner's first item, -1 without one.
        months: Months of history behind it.
        count: Items in history.
        blur: Log standard deviation by which the size of a drawn item differs from the one in the pool.
        apart: How segments move against the whole.
    """

    name: str
    slots: Rows
    pool: Floats
    unit: float
    own_first: Rows
    own_count: Rows
    segment_first: Rows
    segment_count: Rows
    own_weight: Floats
    shape: Floats
    rate: Floats
    drift: float
    dispersion: float
    season: Floats
    level: Level
    rho: float
    had: NDArray[np.bool_]
    first_slot: int
    months: int
    count: float
    blur: float
    apart: Segments


def grouped(keys: Rows, groups: int) -> tuple[Rows, Rows]:
    """Where each group begins, and the rows in the order of their groups.

    Example:
        >>> first, rows = grouped(np.array([1, 0, 1]), 2)
        >>> first.tolist(), rows.tolist()
        ([0, 1, 3], [1, 0, 2])
    """
    order = np.argsort(keys, kind="stable")
    return np.searchsorted(keys[order], np.arange(groups + 1)).astype(np.int64), order.astype(np.int64)


def items_in_order(partner: Rows, segment: Rows, odd: NDArray[np.bool_] | None = None) -> Rows:
    """Rows of items by segment and partner, those of partners that are `odd` last, so that each pool lies in one piece.

    Example:
        >>> items_in_order(np.array([2, 0, 1, 2]), np.array([1, 1, 0])).tolist()
        [0, 3, 1, 2]
    """
    last = np.zeros(len(partner), dtype=bool) if odd is None else odd[partner]
    return np.asarray(np.lexsort((partner, last, segment[partner])))


def _runs(keys: Rows, groups: int) -> tuple[Rows, Rows]:
    """Where the run of each key begins, and how long it is; equal keys lie side by side."""
    count = np.bincount(keys, minlength=groups).astype(np.int64)
    first = np.zeros(groups, dtype=np.int64)
    seen, places = np.unique(keys, return_index=True)
    first[seen] = places
    return first, count


def _per_head(counts: Floats, active: NDArray[np.bool_], by_rate: bool) -> Floats:
    """Totals by month as they would be with the heads of the last one, float64 [months]."""
    there = active.any(axis=0)
    last = int(np.flatnonzero(there)[-1]) if there.any() else -1
    if not by_rate:
        present = np.maximum(active.sum(axis=0), 1)
        return np.asarray(counts.sum(axis=0) / present * present[last])
    heads, totals = heads_of(counts, active), np.where(active, counts, 0.0).sum(axis=0)
    usual = float(totals.sum() / max(heads.sum(), 1e-9))
    return np.asarray(np.divide(totals, heads, out=np.full_like(heads, usual), where=heads > 0) * heads[last])


def fit_stream(
    name: str, slots: Rows, counts: Floats, pool: Floats, unit: float, item_partner: Rows, segment: Rows, groups: int,
    joined: Rows, until: Rows, first_month: int, market: Floats | None, first_slot: int = -1, by_rate: bool = False,
    odd: NDArray[np.bool_] | None = None, missing: NDArray[np.bool_] | None = None,
) -> Stream:  # fmt: skip
    """Fit one stream to counts by partner and month.

    Args:
        name: What it is.
        slots: Leaves an item adds to.
        counts: [partners, months].
        pool: [items, slots] values of whole items.
        unit: What a count adds where there is no pool.
        item_partner: [items] partner of each item, in the order of `items_in_order`.
        segment: [partners] segment of each partner; `groups` of them.
        joined: [partners] first month of each partner.
        until: [partners] last month in which it was certainly a partner.
        first_month: Running number of the first month.
        market: Innovations that those of this stream are correlated with; None where it is the market itself.
        first_slot: Leaf that marks a partner's first item.
        by_rate: Whether a head of a month counts as much as it usually has, see `heads_of`: where some partners are known
            by their first deal only.
        odd: [partners] whose items are of another size than their segment's (`of_another_size`): they draw their own only,
            and nobody else draws theirs.
        missing: [partners, months] of which history holds no rows, which says nothing of how many there were.
    """
    partners, months = counts.shape
    had, time = counts.sum(axis=1) > 0, np.arange(months)
    active = (time[None, :] >= np.maximum(joined, 0)[:, None]) & (time[None, :] <= until[:, None])
    totals, seen_in = counts.sum(axis=0), np.full(months, True)
    if missing is not None and missing.any():
        active, seen_in, by_rate = active & ~missing, np.asarray(~missing.all(axis=0)), True
    per_head = _per_head(counts, active, by_rate)
    season = season_of(per_head, first_month, seen_in)
    fading = 0.5 ** ((months - 1 - time) / MEMORY)
    months_of_year = season[(first_month + time) % 12]
    level = level_of(per_head, months_of_year, fading, seen_in)
    # Expected counts relative to today's level: season times trend; the common level is measured against it.
    exposure = active * (months_of_year * np.exp(level.growth * (time - (months - 1))))[None, :]
    counts = np.where(active, counts, 0.0)
    seen, weight = (counts * fading).sum(axis=1), (exposure * fading).sum(axis=1)
    raw = counts.sum(axis=1), exposure.sum(axis=1)
    overall = float(raw[0].sum() / max(1e-9, raw[1].sum()))
    shape, rate = np.empty(partners), np.empty(partners)
    for group in range(groups):
        here = segment == group
        a, b = gamma_prior(raw[0][here], raw[1][here], overall) if here.sum() >= 5 else gamma_prior(*raw, overall)
        shape[here], rate[here] = a + seen[here], b + weight[here]
    if totals.sum() == 0:
        shape[:] = 0.0
    expected = (shape / np.maximum(rate, 1e-12))[:, None] * exposure
    dispersion = dispersion_of(counts[active], expected[active]) if active.any() else 0.0
    drift = drift_of(counts, exposure, dispersion)
    apart = segments_of(counts, expected, segment, groups, dispersion, drift, fading)
    own_first, own_count = _runs(item_partner, partners)
    odd = np.zeros(partners, dtype=bool) if odd is None else odd
    segment_first, _ = _runs(segment[item_partner], groups)
    segment_count = np.bincount(segment[item_partner[~odd[item_partner]]], minlength=groups).astype(np.int64)
    empty = segment_count == 0
    segment_first[empty], segment_count[empty] = 0, len(item_partner)
    own = own_count.astype(np.float64)
    rho = 1.0
    if market is not None:
        rho = _together(market, level.innovations, months)
    return Stream(
        name=name, slots=slots.astype(np.int64), pool=np.ascontiguousarray(pool, dtype=np.float64), unit=unit,
        own_first=own_first, own_count=own_count, segment_first=segment_first, segment_count=segment_count,
        own_weight=np.where(odd, 1.0, own / (own + OWN_ITEMS)), shape=shape, rate=np.maximum(rate, 1e-9), drift=drift,
        dispersion=dispersion, season=season, level=level, rho=rho, had=had, first_slot=first_slot,
        months=months, count=float(totals.sum()), blur=blur_of(pool), apart=apart,
    )  # fmt: skip


def _together(market: Floats, innovations: Floats, months: int) -> float:
    """How far innovations go with those of the market, drawn to none by how few months tell it."""
    both = (
        ~np.isnan(market) & ~np.isnan(innovations) if len(market) == len(innovations) else np.zeros(0, dtype=np.bool_)
    )
    if both.sum() < 11 or not (market[both].std() > 0 and innovations[both].std() > 0):
        return 0.0
    return float(np.corrcoef(market[both], innovations[both])[0, 1]) * months / (months + 12)
