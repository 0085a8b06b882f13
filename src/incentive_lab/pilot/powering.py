"""Power by simulation on the partners' own history, with the closed form beside it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from scipy.special import stdtrit
from statsmodels.stats.proportion import proportion_confint

from incentive_lab.panel import Floats
from incentive_lab.pilot.batched import Design
from incentive_lab.pilot.closed_forms import closed_form
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.drawing import Codes, spread
from incentive_lab.pilot.scales import log_before
from incentive_lab.pilot.windows import Windowed

LIFTS = np.array([0.0, 0.05, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.65, 0.8, 1.0, 1.5, 2.0, 3.0])
ESTIMATORS = ("difference", "ancova", "winsorised", "log_ancova")
_CELLS = 1_000_000
REDRAWS, TOGETHER = 399, 50
"""Behind each p-value by randomisation, and how many simulated pilots share them."""
Step = Callable[[int, int], None]
"""Told how much of how much is done; it may raise to cancel."""


@dataclass(frozen=True)
class Power:
    """Power at one size.

    Attributes:
        partners: Partners in both arms together (for clusters as many as so many of them hold on average).
        units: What is drawn, so many: partners, or clusters.
        unit: partner or cluster.
        curves: Estimator -> share of simulated pilots that find each lift of `LIFTS`.
        mde: Estimator -> smallest lift found with the wanted power; nan when none of `LIFTS` is.
        within: Estimator -> 95 % interval of `mde` for having simulated so few pilots, see `smallest_within`.
        closed: The same by the textbook formula for the best scale; nan where it has none.
        resampled: Whether partners had to be drawn with replacement because there are fewer.
    """

    partners: int
    units: int
    unit: str
    curves: dict[str, tuple[float, ...]]
    mde: dict[str, float]
    within: dict[str, tuple[float, float]]
    closed: float
    resampled: bool


def sizes_for(partners: int, count: int = 10) -> list[int]:
    """Sizes from twenty to all partners, even numbers.

    Example:
        >>> sizes_for(100, 4), sizes_for(12)
        ([20, 34, 58, 100], [12])
    """
    if partners <= 20:
        return [partners - partners % 2]
    found = np.geomspace(20, partners, count)
    return sorted({int(2 * round(one / 2)) if one < partners else partners for one in found})


def simulate(
    here: Windowed, pilot: Pilot, sizes: list[int], *, draws: int = 500, seed: int = 1, progress: Step | None = None,
) -> list[Power]:  # fmt: skip
    """Power of each estimator at each size.

    Each simulated pilot takes partners by chance, draws arms as the plan does (blocks of like size, strata, or fixed
    numbers), adds the lift to the treated's months and tests with HC2 errors and Satterthwaite's degrees of freedom,
    which follow randomisation inference closely.

    Args:
        here: Outcomes of the partners in months like those of the pilot.
        pilot: The plan.
        sizes: Partners in both arms together.
        draws: Simulated pilots for each size.
        seed: Of the simulation.
        progress: Called with the sizes done; may raise to cancel.
    """
    found = []
    for place, size in enumerate(sizes):
        if progress is not None:
            progress(place, len(sizes))
        found.append(_at_size(here, pilot, size, draws, np.random.default_rng([seed, size])))
    if progress is not None:
        progress(len(sizes), len(sizes))
    return found


def _at_size(here: Windowed, pilot: Pilot, size: int, draws: int, rng: np.random.Generator) -> Power:
    again = size > len(here.post)
    names = [name for name in ESTIMATORS if name != "log_ancova" or (here.post > 0).all()]
    hits = {name: np.zeros(len(LIFTS)) for name in names}
    step = max(1, _CELLS // size)
    for begin in range(0, draws, step):
        count = min(step, draws - begin)
        rows = _samples(len(here.post), size, count, again, rng)
        post, before = here.post[rows], here.pre[rows]
        strata, treated = _arms(pilot, before, here.strata[rows], rng)
        for name in names:
            hits[name] += _found(name, pilot, post, before, treated, strata)
    curves = {name: tuple((own / draws).tolist()) for name, own in hits.items()}
    return Power(size, size, "partner", curves, *reached(curves, float(pilot.power), draws),
                 closed_form(here, pilot, size), again)  # fmt: skip


def reached(
    curves: Mapping[str, Sequence[float]], wanted: float, draws: int
) -> tuple[dict[str, float], dict[str, tuple[float, float]]]:
    """The smallest lift of each estimator, and its interval, from how often each of `LIFTS` was found in so many pilots."""
    shares = {name: np.array(own) for name, own in curves.items()}
    return (
        {name: smallest(own, wanted) for name, own in shares.items()},
        {name: smallest_within(own, wanted, draws) for name, own in shares.items()},
    )


def alpha_of(pilot: Pilot) -> float:
    """The level at which one arm is tested: with several, that of Holm's first step.

    Example:
        >>> from incentive_lab.pilot.reading import loads
        >>> alpha_of(loads("{pilot: a, arms: [{name: a}, {name: b}, {name: c}], metrics: [{name: y, of: y}]}"))
        0.025
    """
    return float(pilot.alpha) / (len(pilot.arms) - 1)


def _samples(partners: int, size: int, count: int, again: bool, rng: np.random.Generator) -> Codes:
    if again:
        return np.asarray(rng.integers(0, partners, (count, size)))
    return np.argsort(rng.random((count, partners)), axis=1)[:, :size]


def _arms(pilot: Pilot, before: Floats, strata: Codes, rng: np.random.Generator) -> tuple[Codes, Floats]:
    """Strata and arms as the plan draws them: int64 and float64 [draws, n]."""
    draws, size = before.shape
    share = pilot.shares()[1] / (pilot.shares()[0] + pilot.shares()[1])
    pattern = spread((1 - share, share), size).astype(np.float64)
    if pilot.assignment.mechanism in ("blocked", "matched_pairs"):
        block = 2 if pilot.assignment.mechanism == "matched_pairs" else int(pilot.assignment.block_size)
        blocks = max(1, size // block)
        own = np.minimum(np.arange(size) // block, blocks - 1)
        order = np.argsort(before, axis=1, kind="stable")
        codes = np.empty((draws, size), dtype=np.int64)
        np.put_along_axis(codes, order, np.broadcast_to(own, (draws, size)), axis=1)
    elif pilot.assignment.mechanism == "stratified":
        codes = strata
    else:
        codes = np.zeros((draws, size), dtype=np.int64)
    keys = codes + rng.random((draws, size))
    treated = np.empty((draws, size))
    starts = rng.integers(0, size, draws)
    labels = pattern[(np.asarray(starts)[:, None] + np.arange(size)[None, :]) % size]
    np.put_along_axis(treated, np.argsort(keys, axis=1), labels, axis=1)
    return codes, treated


def _found(name: str, pilot: Pilot, post: Floats, before: Floats, treated: Floats, strata: Codes) -> Floats:
    """How many of these simulated pilots find each lift."""
    level = 1 - alpha_of(pilot) / 2
    use = None if pilot.analysis.without_pre or name == "difference" else before
    if name == "winsorised":
        share = float(pilot.analysis.winsorise)
        own = Design(treated, None if use is None else _cut(use, share), strata)
        critical = stdtrit(own.df, level)
        return np.array([
            (np.abs(own.statistics(_cut(post * (1 + lift * treated), share))) > critical).sum() for lift in LIFTS
        ], dtype=np.float64)  # fmt: skip
    if name == "log_ancova":
        logs = log_before(before.ravel())[:, 0].reshape(before.shape) if use is not None else None
        one = Design(treated, logs, strata).fit(np.log(post), treated)
        places = np.log1p(LIFTS)
    else:
        one = Design(treated, use, strata).fit(post, post * treated)
        places = LIFTS
    critical = stdtrit(one.df, level)
    return np.array([(np.abs(one.at(float(place))) > critical).sum() for place in places], dtype=np.float64)


def _cut(values: Floats, share: float) -> Floats:
    """Values up to the quantile of each draw (numpy's linear one), by a partial sort."""
    place = share * (values.shape[1] - 1)
    low = int(np.floor(place))
    high = min(low + 1, values.shape[1] - 1)
    ordered = np.partition(values, (low, high), axis=1)
    edge = ordered[:, low] + (place - low) * (ordered[:, high] - ordered[:, low])
    return np.asarray(np.minimum(values, edge[:, None]))


def smallest(curve: Floats, wanted: float) -> float:
    """The lift at which a power curve reaches what is wanted, between the points of `LIFTS`; nan if it does not.

    Example:
        >>> round(smallest(np.linspace(0, 1, 15), 0.8), 3)
        1.1
    """
    if not (curve >= wanted).any():
        return float("nan")
    place = next(place for place, share in enumerate(curve.tolist()) if share >= wanted)
    if place == 0:
        return float(LIFTS[0])
    part = (wanted - curve[place - 1]) / (curve[place] - curve[place - 1])
    return float(LIFTS[place - 1] + part * (LIFTS[place] - LIFTS[place - 1]))


def smallest_within(curve: Floats, wanted: float, draws: int) -> tuple[float, float]:
    """Where the 95 % Wilson bounds of a power curve from so many simulated pilots reach what is wanted; nan if one does not.

    Source: Wilson (1927), JASA 22, 209 to 212, by statsmodels.

    Example:
        >>> low, high = smallest_within(np.linspace(0, 1, 15), 0.8, 500)
        >>> round(low, 2), round(high, 2)
        (0.94, 1.34)
    """
    low, high = proportion_confint(np.round(curve * draws), draws, method="wilson")
    return smallest(np.asarray(high), wanted), smallest(np.asarray(low), wanted)
