"""The decision in money: what scaling would bring, how sure that is, and what knowing more would be worth."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtr, ndtri

from incentive_lab.panel import Floats
from incentive_lab.pilot.estimate import Estimate, Interval

_GRID = 401


@dataclass(frozen=True)
class NetValue:
    """Net value of a relative effect, at its point and its ends.

    Attributes:
        point: Money at the estimated effect, scaled to the programme.
        interval: At the ends of the effect's interval.
        margin: Incremental margin at the point.
        cost: Incremental incentive cost at the point.
        chance: That the net value is above zero, by the data alone.
        chance_sceptical: The same under the sceptical prior.
        expected_sceptical: Mean net value under the sceptical prior.
        break_even: Relative effect at which the programme just pays; nan where none in reach does.
        information: What perfect knowledge of the effect would be worth before deciding.
        longer: (factor, worth): what a pilot with so many times the data would be worth, before its cost.
        partners: Partners that it is scaled to.
        months: Months that it is scaled to.
    """

    point: float
    interval: Interval
    margin: float
    cost: float
    chance: float
    chance_sceptical: float
    expected_sceptical: float
    break_even: float
    information: float
    longer: tuple[tuple[float, float], ...]
    partners: int
    months: int


def net_value(
    found: Estimate, margin: Callable[[float], float], cost: Callable[[float], float], *, alpha: float, prior: float,
    partners: int, months: int,
) -> NetValue | None:  # fmt: skip
    """What an effect is worth, or None where it has no relative size with an interval.

    The effect is read on the logarithm of one plus the relative change, as normal with the interval's width.

    Args:
        found: The effect on what earns the margin.
        margin: Relative effect -> incremental margin per partner and month.
        cost: Relative effect -> incremental incentive cost per partner and month.
        alpha: One less the interval's confidence.
        prior: Standard deviation of the sceptical prior.
        partners: To scale to.
        months: To scale to.

    Source: Raiffa and Schlaifer, Applied Statistical Decision Theory (1961), for the value of information.
    """
    ends = found.relative_interval
    if not (np.isfinite([found.relative, ends.low, ends.high]).all() and ends.low > -1 and found.relative > -1):
        return None
    scale = partners * months
    point = float(np.log1p(found.relative))
    spread = float((np.log1p(ends.high) - np.log1p(ends.low)) / (2 * ndtri(1 - alpha / 2)))
    places = np.linspace(min(point - 6 * spread, -6 * prior), max(point + 6 * spread, 6 * prior), _GRID)
    at = np.array([margin(float(np.expm1(one))) - cost(float(np.expm1(one))) for one in _few(places)])
    worth = np.interp(places, _few(places), at) * scale
    weight = 1 / (1 / spread**2 + 1 / prior**2)
    mean, doubt = weight * point / spread**2, float(np.sqrt(weight))
    by_data, by_both = _mass(places, point, spread), _mass(places, mean, doubt)
    longer = tuple((factor, _worth_of_data(places, worth, mean, doubt, spread, factor)) for factor in (1.5, 2.0, 3.0))
    return NetValue(
        point=(margin(found.relative) - cost(found.relative)) * scale,
        interval=Interval(*sorted((margin(end) - cost(end)) * scale for end in (ends.low, ends.high))),
        margin=margin(found.relative) * scale, cost=cost(found.relative) * scale,
        chance=float(by_data @ (worth > 0)), chance_sceptical=float(by_both @ (worth > 0)),
        expected_sceptical=float(by_both @ worth), break_even=_break_even(places, worth),
        information=float(by_both @ np.maximum(worth, 0) - max(0.0, float(by_both @ worth))), longer=longer,
        partners=partners, months=months,
    )  # fmt: skip


def _few(places: Floats) -> Floats:
    return places[:: (_GRID - 1) // 10]


def _mass(places: Floats, mean: float, spread: float) -> Floats:
    edges = np.concatenate([[-np.inf], (places[1:] + places[:-1]) / 2, [np.inf]])
    return np.diff(ndtr((edges - mean) / spread))


def _worth_of_data(places: Floats, worth: Floats, mean: float, doubt: float, spread: float, factor: float) -> float:
    """Expected gain from deciding after `factor` times the data instead of now."""
    later = (1 / doubt**2 + (factor - 1) / spread**2) ** -0.5
    moves = float(np.sqrt(max(doubt**2 - later**2, 0.0)))
    total = 0.0
    for share in (np.arange(41) + 0.5) / 41:
        total += max(0.0, float(_mass(places, mean + moves * float(ndtri(share)), later) @ worth)) / 41
    return max(0.0, total - max(0.0, float(_mass(places, mean, doubt) @ worth)))


def _break_even(places: Floats, worth: Floats) -> float:
    turns = np.flatnonzero((worth[:-1] <= 0) & (worth[1:] > 0))
    if not len(turns):
        return float("nan")
    left = int(turns[0])
    part = -worth[left] / (worth[left + 1] - worth[left])
    return float(np.expm1(places[left] + part * (places[left + 1] - places[left])))
