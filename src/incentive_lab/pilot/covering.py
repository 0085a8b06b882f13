"""How often the interval by randomisation holds what was planted: each is worked out by inverting the drawing itself."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.pilot.batched import Reference
from incentive_lab.pilot.drawing import Codes, Redrawn
from incentive_lab.pilot.linear import basis
from incentive_lab.pilot.randomisation import Inversion, Pieces, scarce, smallest_p
from incentive_lab.pilot.scales import scaled

_TOGETHER, _AMOUNTS = 100, 400


@dataclass(frozen=True)
class Covered:
    """What the intervals of one method did over many draws.

    Attributes:
        share: Part of the intervals of the relative effect that hold it.
        amount: Part of the intervals in amounts (of the first draws) that hold the average effect over all partners; nan on
            logarithms, whose amounts are the percentage applied to the treated.
        without: Part of the draws in which there is no interval.
    """

    share: float
    amount: float
    without: float


def covered(
    name: str, post: Floats, pre: Floats | None, drawing: Redrawn, strata: Codes | None, clusters: Codes | None, *,
    lift: float, alpha: float, draws: int, behind: int, seed: int, winsorise: float = 0.99,
) -> Covered:  # fmt: skip
    """Coverage of a planted relative effect by intervals that invert the drawing, as a reading works them out.

    Each hundred draws have redraws of their own, as different pilots would.

    Args:
        name: difference, ancova, winsorised or log_ancova.
        post: Outcome of months without a pilot, float64 [n].
        pre: Outcome before, float64 [n], or None.
        drawing: How arms are drawn.
        strata: Held fixed, int64 [n], or None.
        clusters: Drawn groups, int64 [n], or None.
        lift: Planted on the treated, a share.
        alpha: One less the confidence.
        draws: Pilots.
        behind: Redraws behind each interval.
        seed: Of both.
        winsorise: Pooled quantile of `winsorised`.
    """
    rng = np.random.default_rng(seed)
    every = drawing.enumerated()
    tested = every if every is not None else drawing.draw(rng, draws)
    if len(tested) > draws:
        tested = tested[rng.choice(len(tested), draws, replace=False)]
    mean, logs = float(lift * post.mean()), name == "log_ancova"
    share, amounts, looked, without = 0, 0, 0, 0
    reference: Reference | None = None
    for begin in range(0, len(tested), _TOGETHER):
        arms = tested[begin : begin + _TOGETHER].astype(np.float64)
        outcome, before = scaled(name, post[None, :] * (1 + lift * arms), pre, winsorise)
        columns = basis(before, strata)
        if reference is None or every is None:
            drawn = every if every is not None else drawing.draw(rng, behind)
            pooled = scarce(drawn, clusters)
            reference = Reference.of(drawn.astype(np.float64), columns, clusters, pooled)
        own = Reference.of(arms, columns, clusters, reference.pooled)
        truth = np.log1p(lift) if logs else lift / (1 + lift)
        direction = arms if logs else arms * outcome
        held = [_holds(one, truth, alpha) for one in _inversions(reference, own, outcome, direction, every is not None)]
        without += sum(one is None for one in held)
        share += sum(bool(one) for one in held)
        if not logs and looked < _AMOUNTS:
            looked += len(arms)
            amounts += sum(
                bool(_holds(one, mean, alpha)) for one in _inversions(reference, own, outcome, arms, every is not None)
            )
    count = max(len(tested) - without, 1)
    return Covered(share / count, amounts / looked if looked else float("nan"), without / len(tested))


def _inversions(
    reference: Reference, own: Reference, outcome: Floats, direction: Floats, exact: bool
) -> list[Inversion]:
    """The inversion of draw r on outcome r."""
    wide, real = reference.pieces(outcome, direction), own.pieces(outcome, direction)
    return [
        Inversion(_at(real, place, place), _at(wide, slice(None), place), exact) for place in range(len(outcome))
    ]  # fmt: skip


def _holds(one: Inversion, truth: float, alpha: float) -> bool | None:
    """Whether the interval holds the truth; None without an interval. The end is worked out as far as the answer needs it."""
    if not one.possible or smallest_p(one.reference.at(0.0), one.exact) > alpha:
        return None
    away = abs(truth - one.point)
    return abs(one.end(1.0 if truth >= one.point else -1.0, alpha, away) - one.point) >= away


def _at(many: Pieces, draw: int | slice, outcome: int) -> Pieces:
    return Pieces(
        *(np.ascontiguousarray(np.atleast_1d(getattr(many, name)[draw, outcome])) for name in Pieces.__annotations__)
    )
