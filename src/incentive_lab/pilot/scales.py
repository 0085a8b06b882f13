"""Outcomes on the scale of an estimator: winsorised, as logarithms, less what the time before predicts."""

from __future__ import annotations

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.pilot.estimate import Sample


def prepared(sample: Sample, estimator: str, winsorise: float) -> tuple[Floats, Floats]:
    """Outcome and covariates on the estimator's scale: float64 [n] and [n, k]."""
    others = sample.others if sample.others is not None else np.zeros((sample.size, 0))
    post, pre = sample.post, sample.pre
    if estimator == "winsorised":
        post = np.minimum(post, np.quantile(post, winsorise))
        pre = None if pre is None else np.minimum(pre, np.quantile(pre, winsorise))
    if estimator == "log_ancova":
        post = np.log(post)
        return post, others if pre is None else np.hstack([log_before(pre), others])
    if pre is None or estimator == "difference":
        return post, others
    return post, np.hstack([pre[:, None], others])


def scaled(name: str, post: Floats, pre: Floats | None, winsorise: float) -> tuple[Floats, Floats]:
    """Outcomes and covariate on an estimator's scale: outcomes float64 [m, n], covariates [n, k]."""
    none = np.zeros((post.shape[-1], 0))
    if name == "log_ancova":
        return np.log(post), none if pre is None else log_before(pre)
    if name == "winsorised":
        post = np.minimum(post, np.quantile(post, winsorise, axis=-1, keepdims=True))
        pre = None if pre is None else np.minimum(pre, np.quantile(pre, winsorise))
    return post, none if pre is None or name == "difference" else pre[:, None]


def log_before(pre: Floats) -> Floats:
    """Logarithm of the outcome before the pilot and, if some had none, a mark for those: float64 [n, 1 or 2]."""
    none = pre <= 0
    logs = np.log(np.where(none, 1.0, pre))
    if not none.any():
        return logs[:, None]
    typical = logs[~none].mean() if (~none).any() else 0.0
    return np.column_stack([np.where(none, typical, logs), none.astype(np.float64)])


def cuped(post: Floats, pre: Floats, weights: Floats | None = None) -> Floats:
    """The outcome less what the outcome before predicts of it (with weights by weighted least squares).

    Source: Deng, Xu, Kohavi and Walker, Improving the sensitivity of online controlled experiments (2013).
    """
    centred = pre - np.average(pre, weights=weights)
    loads = centred if weights is None else centred * weights
    size = float(loads @ centred)
    return np.asarray(post - (float(loads @ post) / size if size > 0 else 0.0) * centred)


def welch_df(outcome: Floats, treated: Floats) -> float:
    """Welch's degrees of freedom.

    Example:
        >>> round(welch_df(np.array([1.0, 2, 3, 4, 6, 9]), np.array([0.0, 0, 0, 1, 1, 1])), 3)
        2.616
    """
    parts = [outcome[treated == arm] for arm in (0, 1)]
    spread = [part.var(ddof=1) / len(part) for part in parts]
    bottom = sum(one**2 / (len(part) - 1) for one, part in zip(spread, parts, strict=True))
    return float(sum(spread) ** 2 / bottom) if bottom > 0 else float(len(outcome) - 2)
