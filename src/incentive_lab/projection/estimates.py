"""Single estimates behind a stream: season, trend, how the common level swings, how partners differ and change, sizes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from incentive_lab.panel import Floats

Rows = NDArray[np.int64]

DRIFT_PRIOR, DRIFT_PARTNERS = 0.015, 30.0
"""How much a half of history is thought to lie around a partner's mean (squared, in logs) before it is looked at, and how
many partners that weighs as much as."""
WALK = 3.0
"""Variance of a rate's next stretch around the two before over that of one of them around its mean: the mean of a Brownian
path over (2, 3) less that over (0, 2) has variance 1, that over (1, 2) less that over (0, 1) has two thirds, and halves
that are independent around a mean would differ by twice their variance."""
BLUR = 1.06
"""Bandwidth of the smoothed pool over spread x items^-1/5: Silverman's for a normal law."""
ODD, ODD_ITEMS = 4.0, 3
"""Robust deviations from which on a partner's items are of another size than its segment's, and how many it must have."""
FILLING_TURNS = 4
"""Turns in which months that were not seen and the season are fitted to each other."""
HEAD_TURNS = 20
"""Turns in which rates and levels are fitted to each other; they settle within a few."""


def season_of(totals: Floats, first_month: int, seen: NDArray[np.bool_] | None = None) -> Floats:
    """Factors by calendar month, mean 1, shrunk to 1 by how far they repeat from year to year.

    Each month is set against the mean of the twelve around it; without two years there is no season to be seen.

    Args:
        totals: [months].
        first_month: Running number of the first.
        seen: [months] which of them history tells of; all by default.

    Example:
        >>> season_of(np.array([10.0] * 36), 0).tolist() == [1.0] * 12
        True
    """
    months = len(totals)
    seen = np.ones(months, dtype=np.bool_) if seen is None else seen
    if months < 24 or totals[seen].sum() <= 0:
        return np.ones(12)
    kernel = np.r_[0.5, np.ones(11), 0.5] / 12
    place = (first_month + np.arange(months)) % 12
    counts, ratio, filled = np.bincount(place[seen], minlength=12), np.ones(months), totals.astype(np.float64)
    filled[~seen] = totals[seen].mean()
    for _ in range(
        1 if seen.all() else FILLING_TURNS
    ):  # a month that is not seen stands as its season and neighbours have it
        padded = np.r_[np.full(6, filled[:12].mean()), filled, np.full(6, filled[-12:].mean())]
        around = np.convolve(padded, kernel, "valid")
        ratio = np.divide(filled, around, out=np.ones(months), where=around > 0)
        sums = np.bincount(place[seen], ratio[seen], 12)
        means = np.divide(sums, counts, out=np.ones(12), where=counts > 0)
        filled[~seen] = (around * means[place])[~seen]
    within = float(((ratio - means[place])[seen] ** 2).sum() / max(1, seen.sum() - 12))
    between = max(0.0, float(means.var(ddof=1)) - within / float(counts.mean()))
    kept = between / (between + within / np.maximum(counts, 1e-9)) if between > 0 else np.zeros(12)
    factors = 1 + kept * (means - 1)
    return np.asarray(factors / factors.mean())


def heads_of(counts: Floats, active: NDArray[np.bool_]) -> Floats:
    """How many things partners like those that are active in each month would have in a month of the usual level, [months].

    Who is known by its first deal is seen the earlier the more often it has one: the heads of the early months are those
    that buy most, and counts a head would fall over any history. So each head is weighed by its own rate. Rates and levels
    are fitted in turn to the months in which partners are active (a Poisson law with an effect of each partner and month).

    Args:
        counts: [partners, months].
        active: [partners, months] which of them are looked at.

    Example:
        >>> heads_of(np.array([[4.0, 4.0], [0.0, 1.0]]), np.array([[True, True], [False, True]])).round(6).tolist()
        [4.0, 5.0]
    """
    counts, there = np.where(active, counts, 0.0), active.astype(np.float64)
    level = np.ones(counts.shape[1])
    heads = there.sum(axis=0)
    for _ in range(HEAD_TURNS):
        weight = there @ level
        rates = np.divide(counts.sum(axis=1), weight, out=np.zeros(len(counts)), where=weight > 0)
        heads = rates @ there
        level = np.divide(counts.sum(axis=0), heads, out=np.ones_like(heads), where=heads > 0)
        level = np.where(level > 0, level, 0.5 / np.maximum(heads, 0.5))
        level /= level.mean()
    return np.asarray(heads)


def of_another_size(size: Floats, partner: Rows, segment: Rows) -> NDArray[np.bool_]:
    """Which partners' items are of another size than those of their segment, so that neither says anything of the other.

    The means of partners' logs are set against the segment's median one, in robust deviations of such means (with the chance
    in each); a partner is told apart from `ODD` on, if it has `ODD_ITEMS` items and its segment five such partners.

    Args:
        size: [items] above zero; others are left out.
        partner: [items] of whom.
        segment: [partners].

    Example:
        >>> size = np.r_[np.repeat([9.0, 10.0, 11.0, 10.0, 12.0], 3), 900.0, 950.0, 1000.0]
        >>> of_another_size(size, np.repeat(np.arange(6), 3), np.zeros(6, dtype=np.int64)).tolist()
        [False, False, False, False, False, True]
    """
    found = np.zeros(len(segment), dtype=bool)
    logs, partner = np.log(size[size > 0]), partner[size > 0]
    count = np.bincount(partner, minlength=len(segment))
    means = np.bincount(partner, logs, len(segment)) / np.maximum(count, 1)
    within = float(((logs - means[partner]) ** 2).sum()) / max(1, int(np.maximum(count - 1, 0).sum()))
    for group in np.unique(segment):
        here = (segment == group) & (count >= ODD_ITEMS)
        if here.sum() < 5:
            continue
        gap = np.abs(means[here] - np.median(means[here]))
        found[here] = gap > ODD * np.sqrt((1.4826 * np.median(gap)) ** 2 + within / count[here])
    return found


def blur_of(pool: Floats) -> float:
    """How far drawn sizes spread around those of the pool: a bandwidth on the logs of each item's largest value.

    A pool of few items holds none of the largest that may come; resampled as they are, they make sums too even.

    Example:
        >>> round(blur_of(np.full((50, 1), 7.0)), 6)
        0.0
    """
    if len(pool) < 2 or not pool.size:
        return 0.0
    size = np.abs(pool).max(axis=1)
    logs = np.log(size[size > 0])
    if len(logs) < 2:
        return 0.0
    return float(min(0.9, BLUR * logs.std() * len(logs) ** -0.2))


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
    """Log standard deviation of partners' future rates around their past mean, from how the halves of history differ.

    How far a half lies around a partner's mean is found first. A stretch as long as a half that is still to come lies around
    the mean of both by three times that variance where rates walk at random (exact for equal weights), by one and a half
    times where stretches are independent of each other. Partners are taken to walk: the wider of the two.
    """
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
    seen = float(use.sum())
    value = (seen * value + DRIFT_PARTNERS * DRIFT_PRIOR) / (seen + DRIFT_PARTNERS)
    return float(np.sqrt(np.clip(WALK * value, 0.0, 1.0)))
