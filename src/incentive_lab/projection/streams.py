"""What is fitted to one kind of happening: how often each partner has it, in which season, and how that moves."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incentive_lab.panel import Floats

Rows = NDArray[np.int64]
MEMORY = 24.0
"""Months after which what happened counts half as much for a partner's rate."""
OWN_ITEMS = 10.0
"""Items of a partner's own at which half of its draws come from its own pool and half from its segment's."""
GROWTH_PRIOR = 0.01
"""How far, in logs a month, a trend is thought to lie from none before history is looked at (one standard deviation)."""


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
        drift: Log standard deviation of a partner's rate from one half of history to the other, beyond chance.
        dispersion: Shape of the month's gamma factor, 0 where counts are as even as Poisson ones.
        season: [12] factors by calendar month, mean 1.
        phi, sigma: Monthly persistence and innovation of the common level, in logs.
        state: The common level in the last month, in logs.
        freedom: Degrees of freedom behind sigma.
        rho: Correlation of its innovations with those of the market.
        growth, growth_error: Trend in logs a month, shrunk, with its standard error.
        had: [partners] whether the partner ever had an item.
        first_slot: Leaf that is 1 in the month of a partner's first item, -1 without one.
        months: Months of history behind it.
        count: Items in history.
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
    phi: float
    sigma: float
    state: float
    freedom: float
    rho: float
    growth: float
    growth_error: float
    had: NDArray[np.bool_]
    first_slot: int
    months: int
    count: float
    innovations: Floats


def grouped(keys: Rows, groups: int) -> tuple[Rows, Rows]:
    """Where each group begins, and the rows in the order of their groups.

    Example:
        >>> first, rows = grouped(np.array([1, 0, 1]), 2)
        >>> first.tolist(), rows.tolist()
        ([0, 1, 3], [1, 0, 2])
    """
    order = np.argsort(keys, kind="stable")
    return np.searchsorted(keys[order], np.arange(groups + 1)).astype(np.int64), order.astype(np.int64)


def items_in_order(partner: Rows, segment: Rows) -> Rows:
    """Rows of items by segment and partner, so that each pool lies in one piece.

    Example:
        >>> items_in_order(np.array([2, 0, 1, 2]), np.array([1, 1, 0])).tolist()
        [0, 3, 1, 2]
    """
    return np.asarray(np.lexsort((partner, segment[partner])))


def _runs(keys: Rows, groups: int) -> tuple[Rows, Rows]:
    """Where the run of each key begins, and how long it is; equal keys lie side by side."""
    count = np.bincount(keys, minlength=groups).astype(np.int64)
    first = np.zeros(groups, dtype=np.int64)
    seen, places = np.unique(keys, return_index=True)
    first[seen] = places
    return first, count


def season_of(totals: Floats, first_month: int) -> Floats:
    """Factors by calendar month, mean 1, shrunk to 1 by how far they repeat from year to year.

    Each month is set against the mean of the twelve around it; without two years there is no season to be seen.

    Example:
        >>> season_of(np.array([10.0] * 36), 0).tolist() == [1.0] * 12
        True
    """
    months = len(totals)
    if months < 24 or totals.sum() <= 0:
        return np.ones(12)
    kernel = np.r_[0.5, np.ones(11), 0.5] / 12
    padded = np.r_[np.full(6, totals[:12].mean()), totals, np.full(6, totals[-12:].mean())]
    around = np.convolve(padded, kernel, "valid")
    ratio = np.divide(totals, around, out=np.ones(months), where=around > 0)
    place = (first_month + np.arange(months)) % 12
    means = np.array([ratio[place == each].mean() for each in range(12)])
    counts = np.array([(place == each).sum() for each in range(12)])
    within = float(((ratio - means[place]) ** 2).sum() / max(1, months - 12))
    between = max(0.0, float(means.var(ddof=1)) - within / float(counts.mean()))
    kept = between / (between + within / counts) if between > 0 else np.zeros(12)
    factors = 1 + kept * (means - 1)
    return np.asarray(factors / factors.mean())


def trend_and_market(
    totals: Floats, season: Floats, first_month: int
) -> tuple[float, float, float, float, float, Floats]:
    """Growth with its error, then phi, sigma, the state at the end and the innovations of the common level.

    The log of the deseasonalised totals is a line plus an AR(1); the slope is shrunk to none by its prior, its error
    widened for the persistence; chance in the counts is taken off the innovations.
    """
    months = len(totals)
    factors = season[(first_month + np.arange(months)) % 12]
    level = np.log((totals + 0.5) / factors)
    time = np.arange(months) - (months - 1)
    if months < 6 or totals.sum() < 10:
        return 0.0, GROWTH_PRIOR, 0.5, 0.15, 0.0, np.zeros(months)
    centred = time - time.mean()
    slope = float((centred * level).sum() / (centred**2).sum())
    rest = level - level.mean() - slope * centred
    noise = float(np.mean(1.0 / (totals + 0.5)))
    variance = float((rest**2).sum() / (months - 2))
    signal = max(0.0, variance - noise)
    raw = float((rest[1:] * rest[:-1]).sum() / max(1e-12, (rest[:-1] ** 2).sum()))
    raw = raw * variance / signal if signal > 0.1 * variance else 0.5
    phi = float(np.clip((months * raw + 12 * 0.5) / (months + 12), 0.0, 0.95))
    error = np.sqrt((variance * (1 + phi) / (1 - phi) + 1e-12) / (centred**2).sum())
    kept = GROWTH_PRIOR**2 / (GROWTH_PRIOR**2 + error**2)
    sigma = float(np.sqrt(signal * (1 - phi**2)))
    share = signal / max(variance, 1e-12)
    rest = level - (level[-12:].mean() if months >= 12 else level.mean())
    rest = rest - kept * slope * (time - time[-12:].mean())
    state = float(share * rest[-3:].mean())
    return kept * slope, float(np.sqrt(kept) * error), phi, sigma, state, rest[1:] - phi * rest[:-1]


def gamma_prior(counts: Floats, exposure: Floats, floor: float) -> tuple[float, float]:
    """Shape and rate of the gamma law of partners' rates, by moments; counts given exposure are Poisson.

    Example:
        >>> shape, rate = gamma_prior(np.array([0.0, 10.0, 20.0]), np.full(3, 10.0), 1.0)
        >>> round(shape / rate, 3)
        1.0
    """
    whole = float(exposure.sum())
    if whole <= 0 or counts.sum() <= 0:
        return 0.3, 0.3 / max(floor, 1e-6)
    mean = float(counts.sum()) / whole
    used = exposure > 0
    if used.sum() < 3:
        return 1.0, 1.0 / mean
    seen = counts[used] / exposure[used]
    weight = exposure[used] / exposure[used].sum()
    variance = float((weight * (seen - mean) ** 2).sum()) - mean / float(exposure[used].mean())
    shape = mean**2 / max(variance, mean**2 / 50.0)
    shape = float(np.clip(shape, 0.05, 50.0))
    return shape, shape / mean


def dispersion_of(counts: Floats, expected: Floats) -> float:
    """Shape of a gamma factor that explains how far monthly counts exceed Poisson ones; 0 for none."""
    excess = float(((counts - expected) ** 2 - expected).sum())
    square = float((expected**2).sum())
    if square <= 0 or excess <= 0.02 * square:
        return 0.0
    return float(np.clip(square / excess, 0.2, 50.0))


def drift_of(counts: Floats, exposure: Floats, dispersion: float) -> float:
    """Log standard deviation of partners' rates around their mean, from how much the halves of history differ."""
    months = counts.shape[1]
    if months < 12:
        return 0.3
    half = months // 2
    one, two = counts[:, :half].sum(1), counts[:, half:].sum(1)
    e1, e2 = exposure[:, :half].sum(1), exposure[:, half:].sum(1)
    whole = e1 + e2
    use = (e1 > 3) & (e2 > 3) & (one + two >= 4)
    if use.sum() < 5:
        return 0.2
    one, two, e1, e2, whole = one[use], two[use], e1[use], e2[use], whole[use]
    rate = (one + two) / whole
    more = 1.0 / dispersion if dispersion > 0 else 0.0
    chance = rate * e1 * e2 / whole + more * rate**2 * (e1 * e2 / whole) ** 2 * (1 / half + 1 / (months - half))
    found = (one - rate * e1) ** 2
    weight = 1.0 / np.maximum(rate * whole, 1.0)
    square = rate**2 * (e1 * e2 / whole) ** 2 * 2
    value = float((weight * (found - chance)).sum() / (weight * square).sum())
    return float(np.sqrt(np.clip(value, 0.0, 1.0)))


def fit_stream(
    name: str, slots: Rows, counts: Floats, pool: Floats, unit: float, item_partner: Rows, segment: Rows, groups: int,
    joined: Rows, until: Rows, first_month: int, market: Floats | None, first_slot: int = -1,
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
    """
    partners, months = counts.shape
    time = np.arange(months)
    active = (time[None, :] >= np.maximum(joined, 0)[:, None]) & (time[None, :] <= until[:, None])
    totals = counts.sum(axis=0)
    present = np.maximum(active.sum(axis=0), 1)
    per_head = totals / present * present[-1]
    season = season_of(per_head, first_month)
    growth, growth_error, phi, sigma, state, innovations = trend_and_market(per_head, season, first_month)
    # Expected counts relative to today's level: season times trend; the common level is measured against it.
    shape_of_time = season[(first_month + time) % 12] * np.exp(growth * (time - (months - 1)))
    exposure = active * shape_of_time[None, :]
    fading = 0.5 ** ((months - 1 - time) / MEMORY)
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
    own_first, own_count = _runs(item_partner, partners)
    segment_first, segment_count = _runs(segment[item_partner], groups)
    empty = segment_count == 0
    segment_first[empty], segment_count[empty] = 0, len(item_partner)
    own = own_count.astype(np.float64)
    rho = 1.0
    if market is not None:
        both = (market.std() > 0) and (innovations.std() > 0) and len(market) == len(innovations)
        raw_rho = float(np.corrcoef(market, innovations)[0, 1]) if both and months >= 12 else 0.0
        rho = raw_rho * months / (months + 12)
    return Stream(
        name=name, slots=slots.astype(np.int64), pool=np.ascontiguousarray(pool, dtype=np.float64), unit=unit,
        own_first=own_first, own_count=own_count, segment_first=segment_first, segment_count=segment_count,
        own_weight=own / (own + OWN_ITEMS), shape=shape, rate=np.maximum(rate, 1e-9), drift=drift,
        dispersion=dispersion, season=season, phi=phi, sigma=sigma, state=state, freedom=float(max(4, months - 3)),
        rho=rho, growth=growth, growth_error=growth_error, had=counts.sum(axis=1) > 0, first_slot=first_slot,
        months=months, count=float(totals.sum()), innovations=innovations,
    )  # fmt: skip
