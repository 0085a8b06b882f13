"""The effect on one group in one month where only partners of like covariates would have changed alike."""

from __future__ import annotations

import numpy as np

from incentive_lab.errors import InputError, Problem
from incentive_lab.panel import Floats

_STEPS = 50
_EDGE = 0.995


def adjusted_change(change: Floats, group: Floats, others: Floats, weights: Floats, how: str) -> tuple[float, Floats]:
    """How much more the group changed than comparable others, with each partner's influence.

    Args:
        change: Of the outcome, float64 [m], of the group and of those it is compared with.
        group: 1 for the group, float64 [m].
        others: Covariates without an intercept, float64 [m, k].
        weights: float64 [m].
        how: regression (the others' change is predicted by least squares) or doubly_robust (and the others are weighted by
            their odds of being in the group, by a logit; right if either model is).

    Returns:
        The effect, and the influence, float64 [m], whose mean square over m is the effect's variance.

    Raises:
        InputError: The covariates tell the group from the others, or there are too few others for them.

    Source: Sant'Anna and Zhao, Doubly robust difference-in-differences estimators, Journal of Econometrics 219 (2020).

    Example:
        >>> z = np.array([0.0, 0, 0, 1, 1]); x = np.array([1.0, 2, 3, 2, 3])
        >>> round(adjusted_change(2 * x + 5 * z, z, x[:, None], np.ones(5), "regression")[0], 6)
        5.0
    """
    scale = np.where(others.std(axis=0) > 0, others.std(axis=0), 1.0)
    design = np.column_stack([np.ones(len(change)), (others - others.mean(axis=0)) / scale])
    # Columns that the others do not tell apart (a segment that none of them is in) cannot be held fixed.
    free = weights * (1 - group)
    if np.linalg.matrix_rank(design[group == 0]) < design.shape[1] or (group == 0).sum() <= design.shape[1]:
        raise InputError([Problem("analysis.covariates", "there are too few partners to compare with, or they are too alike, to "
                                  "hold the covariates fixed.", "Use fewer covariates, or controls: not_yet.")])  # fmt: skip
    n = len(change)
    bread = np.linalg.inv((free[:, None] * design).T @ design / n)
    slope = bread @ ((free * change) @ design) / n
    gap = change - design @ slope
    of_slope = (free * gap)[:, None] * design @ bread
    own = weights * group
    if how == "regression":
        effect = float((own * gap).sum() / own.sum())
        return effect, np.asarray((own * (gap - effect) - of_slope @ (own @ design) / n) / own.mean())
    chance, of_chance = _chances(design, group, weights)
    odds = free * np.where(chance < _EDGE, chance / (1 - chance), 0.0)
    ours, theirs = float((own * gap).sum() / own.sum()), float((odds * gap).sum() / odds.sum())
    first = (own * (gap - ours) - of_slope @ (own @ design) / n) / own.mean()
    turned = of_chance @ ((odds * (gap - theirs)) @ design) / n
    second = (odds * (gap - theirs) + turned - of_slope @ (odds @ design) / n) / odds.mean()
    return ours - theirs, np.asarray(first - second)


def _chances(design: Floats, group: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Chances of being in the group by a logit, float64 [m], and the influence on its coefficients, float64 [m, p]."""
    beta = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        chance = 1 / (1 + np.exp(-np.clip(design @ beta, -500, 500)))
        slope = np.maximum(weights * chance * (1 - chance), 1e-300)
        bread = np.linalg.pinv((slope[:, None] * design).T @ design)
        step = bread @ ((weights * (group - chance)) @ design)
        beta = beta + step
        if np.abs(step).max() < 1e-12 * max(1.0, float(np.abs(beta).max())):
            break
        if np.abs(design @ beta).max() > 30:
            raise InputError([Problem("analysis.covariates", "the covariates tell a group from those it is compared with, so "
                                      "nobody comparable is left.", "Use fewer covariates, or adjust: regression.")])  # fmt: skip
    chance = 1 / (1 + np.exp(-np.clip(design @ beta, -500, 500)))
    return chance, (weights * (group - chance))[:, None] * design @ bread * len(design)
