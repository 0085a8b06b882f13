"""The textbook's smallest effects, to stand beside simulated ones."""

from __future__ import annotations

import numpy as np
from scipy.special import stdtrit

from incentive_lab.panel import Floats
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.drawing import Codes
from incentive_lab.pilot.scales import log_before
from incentive_lab.pilot.windows import Windowed


def closed_form(here: Windowed, pilot: Pilot, size: int) -> float:
    """(t of alpha + t of power) times the error, on logarithms where all are above zero; a relative effect.

    Source: Bloom, Minimum detectable effects, Evaluation Review 19 (1995).
    """
    residual, columns, mean = _residual(here, pilot)
    df = max(size - columns - 1, 1)
    spread = float(np.sqrt((residual**2).sum() / max(len(residual) - columns, 1)))
    return _effect(pilot, spread / np.sqrt(size * _split(pilot)), df, mean)


def clustered_form(here: Windowed, pilot: Pilot, clusters: Codes, groups: int) -> float:
    """The same for so many clusters of the sizes that the history has, its error widened by their likeness.

    The design effect is 1 + ((1 + cv^2) m - 1) rho, with mean size m, its coefficient of variation cv, and the intraclass
    correlation rho by analysis of variance of what the outcome before leaves.

    Source: Eldridge, Ashby and Kerry, Sample size for cluster randomized trials: effect of coefficient of variation of
        cluster size, International Journal of Epidemiology 35 (2006).
    """
    residual, columns, mean = _residual(here, pilot)
    sizes = np.bincount(clusters)
    average = float(sizes.mean())
    uneven = float(sizes.var() / average**2)
    variance = float((residual**2).sum() / max(len(residual) - columns, 1))
    likeness = intraclass(residual, clusters)
    widened = 1 + ((1 + uneven) * average - 1) * likeness
    error = np.sqrt(variance * widened / (groups * average * _split(pilot)))
    return _effect(pilot, float(error), max(groups - 2, 1), mean)


def intraclass(values: Floats, clusters: Codes) -> float:
    """Intraclass correlation by one-way analysis of variance, from 0 to 1.

    Example:
        >>> round(intraclass(np.array([1.0, 2.0, 5.0, 6.0]), np.array([0, 0, 1, 1])), 3)
        0.939
    """
    sizes = np.bincount(clusters)
    means = np.bincount(clusters, values) / sizes
    groups, n = len(sizes), len(values)
    if n <= groups or groups < 2:
        return 0.0
    between = float((sizes * (means - values.mean()) ** 2).sum()) / (groups - 1)
    inside = float(((values - means[clusters]) ** 2).sum()) / (n - groups)
    typical = (n - (sizes**2).sum() / n) / (groups - 1)
    total = between + (typical - 1) * inside
    return float(np.clip((between - inside) / total, 0.0, 1.0)) if total > 0 else 0.0


def switched_form(monthly: Floats, pilot: Pilot, partners: int) -> float:
    """For a switchback: months of one partner are compared with each other, so only what varies within partners counts.

    Args:
        monthly: float64 [n, months].
        pilot: The plan.
        partners: So many.
    """
    n, months = monthly.shape
    rest = monthly - monthly.mean(axis=1, keepdims=True) - monthly.mean(axis=0, keepdims=True) + monthly.mean()
    variance = float((rest**2).sum() / max((n - 1) * (months - 1), 1))
    error = np.sqrt(variance / (partners * months / 4))
    return _effect(pilot, float(error), max(partners - 1, 1), float(monthly.mean()))


def stepped_form(monthly: Floats, pilot: Pilot, partners: int, waves: int, length: int) -> float:
    """For a staged roll-out: the variance of a stepped wedge with a random effect of each partner.

    Args:
        monthly: The month before the start and the pilot's months, float64 [n, months].
        pilot: The plan.
        partners: So many.
        waves: That start one after the other, the first at once.
        length: Months between starts.

    Source: Hussey and Hughes, Design and analysis of stepped wedge cluster randomized trials, Contemporary Clinical
        Trials 28 (2007), equation 8.
    """
    n, months = monthly.shape
    rest = monthly - monthly.mean(axis=0, keepdims=True)
    own = rest.mean(axis=1)
    inside = float(((rest - own[:, None]) ** 2).sum() / max((n - 1) * (months - 1), 1))
    between = max(float(own.var(ddof=1)) - inside / months, 0.0)
    starts = 1 + np.arange(waves) * length
    treated = np.repeat((np.arange(months)[None, :] >= starts[:, None]).astype(float), -(-partners // waves), axis=0)[
        :partners
    ]
    count, total = len(treated), float(treated.sum())
    by_month, by_partner = float((treated.sum(axis=0) ** 2).sum()), float((treated.sum(axis=1) ** 2).sum())
    top = count * inside * (inside + months * between)
    under = (count * total - by_month) * inside + (
        total**2 + count * months * total - months * by_month - count * by_partner) * between  # fmt: skip
    error = float(np.sqrt(top / under)) if under > 0 else float("nan")
    return _effect(pilot, error, max(partners - 1, 1), float(monthly.mean()))


def _residual(here: Windowed, pilot: Pilot) -> tuple[Floats, int, float]:
    """What the outcome before leaves, columns used, and the mean (nan on logarithms)."""
    logs = bool((here.post > 0).all())
    y = np.log(here.post) if logs else here.post
    x = log_before(here.pre) if logs else here.pre[:, None]
    if pilot.analysis.without_pre:
        x = np.zeros((len(y), 0))
    design = np.column_stack([np.ones(len(y)), x])
    residual = y - design @ np.linalg.lstsq(design, y, rcond=None)[0]
    return residual, design.shape[1], float("nan") if logs else float(here.post.mean())


def _split(pilot: Pilot) -> float:
    """Product of the two arms' parts."""
    share = pilot.shares()[1] / (pilot.shares()[0] + pilot.shares()[1])
    return share * (1 - share)


def _effect(pilot: Pilot, error: float, df: float, mean: float) -> float:
    """The smallest effect at an error; relative to the mean, or from a logarithm where the mean is nan."""
    level = float(pilot.alpha) / (len(pilot.arms) - 1)
    reach = float(stdtrit(df, 1 - level / 2) + stdtrit(df, float(pilot.power))) * error
    if np.isnan(mean):
        return float(np.expm1(reach))
    return float(reach / mean) if mean > 0 else float("nan")
