"""How much of what a search gains is more than luck: the best for one half of the partners, read on the other half.

The best of many schemes on one history looks better there than it is. Partners are halved at random within pairs of about
equal payout; of the schemes that were paid, the best for each half is read on the other (two-fold cross-validation, Stone
1974, Journal of the Royal Statistical Society B 36).
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from incentive_lab.engine.replay import Replay
from incentive_lab.optimise.figures import NextYearFigure
from incentive_lab.optimise.question import Limit, Question, Values
from incentive_lab.panel import Floats

FEWEST = 40
"""Partners below which halves say too little."""
TIMES = 4
"""Ways to halve them that are averaged."""
Rows = NDArray[np.int64]


@dataclass(frozen=True)
class Kept:
    """Of what is gained on the half that a scheme is best for, the share that is gained on the other half, too.

    Attributes:
        share: Over all ways to halve the partners.
        low: The least of one way; the spread says how well the share is known, and is no confidence interval.
        high: The most of one way.
    """

    share: float
    low: float
    high: float


def halves_of(paid: Floats, seed: int) -> tuple[Rows, ...]:
    """Rows of two halves of the partners, then of two others, `TIMES` over; empty where there are too few.

    Args:
        paid: What each partner is paid under the baseline, float64 [partners].
        seed: Of which of a pair goes where.

    Example:
        >>> one, other, *more = halves_of(np.arange(40.0), 1)
        >>> len(one), len(other), len(more), abs(float(one.mean() - other.mean())) <= 1
        (20, 20, 6, True)
    """
    if len(paid) < FEWEST:
        return ()
    order, rng = np.argsort(-paid, kind="stable"), np.random.default_rng(seed)
    found: list[Rows] = []
    for _ in range(TIMES):
        first = rng.random(-(-len(order) // 2)) < 0.5
        mine = np.empty(len(order), dtype=bool)
        mine[0::2] = first
        mine[1::2] = ~first[: len(order) // 2]
        found += [np.sort(order[mine]), np.sort(order[~mine])]
    return tuple(found)


def part_of(result: Replay, rows: Rows) -> Replay:
    """A replay as if only these partners were there, for figures of what they are paid."""
    panel = result.panel
    few = replace(
        panel, partner_ids=tuple(panel.partner_ids[row] for row in rows), joined=panel.joined[rows],
        attributes={name: values[rows] for name, values in panel.attributes.items()}, columns={}, deals={}, returns=None,
    )  # fmt: skip
    return replace(
        result, panel=few, total=result.total[:, rows], by_rule=result.by_rule[:, rows], tiers=result.tiers[:, rows]
    )


def kept(
    question: Question, now: Values, now_halves: Sequence[Values], trials: Sequence[Sequence[Values]]
) -> Kept | None:
    """What the best schemes for halves gain on the other halves. Limits are held on the half that a scheme is best for.

    Args:
        question: What was asked; a value to be reached has no gain, and futures are not drawn for halves.
        now: Figures of the scheme as it is, of all partners.
        now_halves: The same of each half.
        trials: Figures of each half under every scheme that was paid.

    Returns:
        None where nothing is gained on any half, or where the scheme as it is breaks a limit: then what is found mends that,
        and need gain nothing.
    """
    ahead = isinstance(question.goal.figure, NextYearFigure)
    if ahead or question.goal.sense == "reach" or any(one.missed(now) for one in question.limits):
        return None
    gained, lasting = np.zeros(len(now_halves)), np.zeros(len(now_halves))
    for mine in range(len(now_halves)):
        other = mine ^ 1
        limits = [_moved(one, now, now_halves[mine]) for one in question.limits]

        def key(one: Sequence[Values], mine: int = mine, limits: list[Limit] = limits) -> tuple[float, float]:
            missed = [each.missed(one[mine]) / max(abs(each.value), 0.01) for each in limits]
            return round(sum(missed), 9), question.goal.away(one[mine])

        best = min([now_halves, *trials], key=key)  # the scheme as it is keeps its limits, so that nothing is lost here
        gained[mine] = _gain(question, now_halves[mine], best[mine])
        lasting[mine] = _gain(question, now_halves[other], best[other])
    ways = [(gained[way : way + 2].sum(), lasting[way : way + 2].sum()) for way in range(0, len(gained), 2)]
    shares = [float(later / first) for first, later in ways if first > 1e-12]
    if not shares or not np.isfinite([*gained, *lasting]).all():
        return None
    return Kept(float(lasting.sum() / gained.sum()), min(shares), max(shares))


def _gain(question: Question, before: Values, after: Values) -> float:
    one, other = question.goal.away(before), question.goal.away(after)
    return one - other if math.isfinite(one) and math.isfinite(other) else math.nan


def _moved(limit: Limit, everybody: Values, half: Values) -> Limit:
    """A limit on all partners as it is for a half: as far from where the half is now."""
    whole, part = everybody.get(limit.figure.name), half.get(limit.figure.name)
    if whole is None or part is None:
        return limit
    if limit.figure.kind == "money":
        return replace(limit, value=limit.value * part / whole) if whole else limit
    return replace(limit, value=limit.value + part - whole)
