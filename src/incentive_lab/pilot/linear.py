"""One coefficient of a linear model with its standard error: classical, HC0 to HC3, CR0 to CR2 with Satterthwaite."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incentive_lab.errors import InputError, Problem
from incentive_lab.panel import Floats
from incentive_lab.pilot.drawing import Codes

_MANY = 600
"""Columns past which the degrees of freedom of HC2 are counted rather than worked out."""


@dataclass(frozen=True)
class Coefficient:
    """An estimated effect.

    Attributes:
        effect: In the outcome's unit.
        error: Its standard error.
        df: Degrees of freedom of its t distribution.
        units: Rows used.
        clusters: Independent groups used (rows, without clusters).
        columns: Columns of the model, the treatment's included.
    """

    effect: float
    error: float
    df: float
    units: int
    clusters: int
    columns: int

    @property
    def statistic(self) -> float:
        """Effect over standard error."""
        return self.effect / self.error


def basis(others: Floats, strata: Codes | None = None, root: Floats | None = None) -> Floats:
    """An orthonormal basis of the intercept (or strata) with further columns, float64 [n, p].

    Args:
        others: Covariates, float64 [n, k].
        strata: A mean of its own for each stratum.
        root: Square roots of weights; the columns are then multiplied by it.

    Example:
        >>> basis(np.array([[1.0], [2.0], [4.0], [4.0]])).shape
        (4, 2)
    """
    n = len(others)
    codes = np.zeros(n, dtype=np.int64) if strata is None else np.unique(strata, return_inverse=True)[1]
    if root is None:
        root = np.ones(n)
    sizes = np.bincount(codes, root**2)
    dummies = np.zeros((n, len(sizes)))
    dummies[np.arange(n), codes] = root / np.sqrt(sizes[codes])
    others = others * root[:, None]
    if others.shape[1] == 0:
        return dummies
    rest = others - dummies @ (dummies.T @ others)
    spread = np.sqrt((rest**2).sum(axis=0))
    kept = spread > 1e-10 * np.maximum(np.sqrt((others**2).sum(axis=0)), 1e-300)
    if not kept.any():
        return dummies
    left, size, _ = np.linalg.svd(rest[:, kept] / spread[kept], full_matrices=False)
    return np.hstack([dummies, left[:, size > 1e-9]])


def coefficient(
    outcome: Floats, treated: Floats, others: Floats, *, strata: Codes | None = None, clusters: Codes | None = None,
    errors: str = "hc2",
) -> Coefficient:  # fmt: skip
    """The coefficient of `treated` in a least-squares model.

    Args:
        outcome: float64 [n].
        treated: float64 [n].
        others: Covariates without an intercept, float64 [n, k].
        strata: A mean of its own for each stratum; else one intercept.
        clusters: Independent groups of rows, for cr0 to cr2.
        errors: classical, hc0, hc1, hc2, hc3, cr0, cr1 (with statsmodels' small-sample factor) or cr2.

    Raises:
        InputError: The treatment does not vary within strata and covariates.

    Source: MacKinnon and White (1985) for HC; Bell and McCaffrey (2002) and Pustejovsky and Tipton (2018) for CR2 and
        its degrees of freedom, under working independence.

    Example:
        >>> y, z = np.array([1.0, 2.0, 4.0, 6.0]), np.array([0.0, 0.0, 1.0, 1.0])
        >>> round(coefficient(y, z, np.zeros((4, 0))).effect, 6)
        3.5
    """
    return of_basis(outcome, treated, basis(others, strata), clusters=clusters, errors=errors)


def of_basis(
    outcome: Floats, treated: Floats, columns: Floats, *, clusters: Codes | None = None, errors: str = "hc2"
) -> Coefficient:
    """`coefficient` for an orthonormal basis of all columns but the treatment."""
    n = len(outcome)
    rest = treated - columns @ (columns.T @ treated)
    size = float(rest @ rest)
    if size <= 1e-12 * max(1.0, float(treated @ treated)):
        raise InputError([Problem("analysis", "the arm does not vary once strata and covariates are held fixed.",
                                  "Leave out the covariate that tells the arms apart.")])  # fmt: skip
    full = np.hstack([columns, (rest / np.sqrt(size))[:, None]])
    p = full.shape[1]
    weights = rest / size
    effect = float(weights @ outcome)
    residual = outcome - full @ (full.T @ outcome)
    if n <= p:
        raise InputError([Problem("analysis", f"{n} units cannot carry a model of {p} columns.",
                                  "Use fewer strata or covariates.")])  # fmt: skip
    if errors in ("cr0", "cr1", "cr2") and clusters is not None:
        variance, df, groups = _clustered(weights, residual, full, clusters, errors)
    else:
        variance, df = _plain(weights, residual, full, size, errors.replace("cr", "hc"))
        groups = n
    return Coefficient(effect, float(np.sqrt(max(variance, 0.0))), df, n, groups, p)


def _plain(weights: Floats, residual: Floats, full: Floats, size: float, errors: str) -> tuple[float, float]:
    n, p = full.shape
    if errors == "classical":
        return float(residual @ residual) / (n - p) / size, float(n - p)
    scores = (weights * residual) ** 2
    if errors in ("hc0", "hc1"):
        return float(scores.sum()) * (n / (n - p) if errors == "hc1" else 1.0), float(n - p)
    free = np.clip(1 - (full**2).sum(axis=1), 1e-12, None)
    used = free > 1e-9
    power = 1 if errors == "hc2" else 2
    variance = float((scores[used] / free[used] ** power).sum())
    if p > _MANY:
        return variance, float(n - p)
    loads = np.where(used, weights / np.sqrt(free) ** power, 0.0)
    return variance, satterthwaite(loads**2, full * loads[:, None])


def _clustered(
    weights: Floats, residual: Floats, full: Floats, clusters: Codes, errors: str
) -> tuple[float, float, int]:
    codes = np.unique(clusters, return_inverse=True)[1]
    groups = int(codes.max()) + 1
    n, p = full.shape
    if groups < 2:
        raise InputError([Problem("unit.cluster", "there is only one cluster.", "Two or more are needed.")])
    if errors != "cr2":
        variance = float((np.bincount(codes, weights * residual) ** 2).sum())
        factor = groups / (groups - 1) * (n - 1) / (n - p) if errors == "cr1" else 1.0
        return variance * factor, float(groups - 1), groups
    loads = _adjusted(weights, full, codes, groups)
    variance = float((np.bincount(codes, loads * residual, groups) ** 2).sum())
    own = np.asarray(np.bincount(codes, loads**2, groups), dtype=np.float64)
    return variance, satterthwaite(own, summed(full * loads[:, None], codes, groups)), groups


def summed(values: Floats, codes: Codes, groups: int) -> Floats:
    """Sums of rows by group, float64 [groups, k]."""
    return np.column_stack([np.bincount(codes, column, groups) for column in values.T])


def _adjusted(weights: Floats, full: Floats, codes: Codes, groups: int) -> Floats:
    """(I - H_gg)^(-1/2) times the weights of each cluster, worked out in the space of the model's columns."""
    p = full.shape[1]
    order = np.argsort(codes, kind="stable")
    starts = np.searchsorted(codes[order], np.arange(groups))
    products = (full[:, :, None] * full[:, None, :])[order] if len(full) * p * p <= 50_000_000 else None
    inner = np.empty((groups, p, p))
    if products is not None:
        inner = np.add.reduceat(products, starts, axis=0)
    else:
        for group, rows in enumerate(np.split(order, starts[1:])):
            inner[group] = full[rows].T @ full[rows]
    values, vectors = np.linalg.eigh(inner)
    values = np.clip(values, 0.0, 1.0)
    left = 1 - values
    scale = np.where(left > 1e-9, 1 / np.sqrt(np.clip(left, 1e-12, None)), 0.0) - 1
    scale = np.divide(scale, values, out=np.zeros_like(scale), where=values > 1e-12)
    sums = summed(full * weights[:, None], codes, groups)
    turned = np.einsum("gij,gj,gkj,gk->gi", vectors, scale, vectors, sums)
    return np.asarray(weights + np.einsum("ij,ij->i", full, turned[codes]))


def satterthwaite(own: Floats, cross: Floats) -> float:
    """Degrees of freedom of a quadratic form with matrix diag(own) - cross cross'.

    Args:
        own: float64 [groups].
        cross: float64 [groups, p].
    """
    diagonal = own - (cross**2).sum(axis=1)
    trace = float(diagonal.sum())
    squares = float((own**2).sum() - 2 * (own * (cross**2).sum(axis=1)).sum() + ((cross.T @ cross) ** 2).sum())
    return trace**2 / squares if squares > 0 else 1.0


def mean_of(rows: NDArray[np.bool_], values: Floats) -> float:
    """Mean over the chosen rows; nan when there are none."""
    return float(values[rows].mean()) if rows.any() else float("nan")
