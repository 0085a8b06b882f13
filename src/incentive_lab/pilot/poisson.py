"""Poisson pseudo-maximum likelihood: a percentage effect on the mean that allows zeros."""

from __future__ import annotations

import numpy as np

from incentive_lab.errors import InputError, Problem
from incentive_lab.panel import Floats
from incentive_lab.pilot.drawing import Codes
from incentive_lab.pilot.linear import Coefficient, basis, of_basis

_STEPS = 100


def poisson(
    outcome: Floats, treated: Floats, others: Floats, strata: Codes | None, clusters: Codes | None, errors: str = "hc3",
    weights: Floats | None = None,
) -> Coefficient:  # fmt: skip
    """The coefficient of `treated` in log E(outcome), with sandwich errors.

    At the maximum, the model is a weighted least-squares fit of the working response, so its sandwich errors (with
    leverages) are those of that fit.

    Args:
        outcome: Not negative, float64 [n].
        treated: float64 [n].
        others: Covariates without an intercept, float64 [n, k].
        strata: A mean of its own for each.
        clusters: For cr0 to cr2.
        errors: As for `linear.coefficient`.
        weights: How much each row counts in the likelihood, float64 [n].

    Raises:
        InputError: An arm has nothing but zeros, or the likelihood has no maximum.

    Source: Santos Silva and Tenreyro, The log of gravity (2006).
    """
    if not all(outcome[treated == arm].sum() > 0 for arm in (0, 1)):
        raise InputError([Problem("metrics", "an arm has nothing but zeros, so no percentage can be estimated.",
                                  "Choose another metric or more months.")])  # fmt: skip
    design = np.hstack([basis(others, strata) * np.sqrt(len(outcome)), treated[:, None]])
    counts = np.ones(len(outcome)) if weights is None else weights
    mean = (outcome + outcome.mean()) / 2
    linear = np.log(mean)
    beta = np.zeros(design.shape[1])
    for _ in range(_STEPS):
        work = linear + (outcome - mean) / mean
        root = np.sqrt(mean * counts)
        new = np.linalg.lstsq(design * root[:, None], work * root, rcond=None)[0]
        step = np.abs(design @ (new - beta)).max()
        beta = new
        linear = np.clip(design @ beta, -600, 600)
        mean = np.exp(linear)
        if step < 1e-11:
            break
    else:
        raise InputError([Problem("analysis.estimator", "the Poisson likelihood has no maximum here.",
                                  "Some stratum or covariate value has only zeros; use ancova.")])  # fmt: skip
    root = np.sqrt(mean * counts)
    columns = np.linalg.svd(design[:, :-1] * root[:, None], full_matrices=False)
    kept = columns[0][:, columns[1] > 1e-9 * columns[1].max()]
    work = (linear + (outcome - mean) / mean) * root
    return of_basis(work, treated * root, kept, clusters=clusters, errors=errors)
