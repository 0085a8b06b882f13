"""What is commonly done with two arms, for comparison with what the audit chooses from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri, stdtrit

from incentive_lab.panel import Floats
from incentive_lab.pilot.drawing import Codes, Redrawn
from incentive_lab.pilot.linear import basis, of_basis

FINDS = (0.15, 0.25, 0.5)
COVERED = 0.25
Row = tuple[float, float, dict[float, float], float]
Test = Callable[[Floats, Floats], tuple[float, float]]


@dataclass(frozen=True, eq=False)
class Stretch:
    """One stretch of history without a pilot.

    Attributes:
        post: float64 [n].
        pre: float64 [n], or None.
        drawing: As the pilot draws control and arm.
        strata: Held fixed in the analysis, int64 [n], or None.
        clusters: int64 [n], or None.
    """

    post: Floats
    pre: Floats | None
    drawing: Redrawn
    strata: Codes | None
    clusters: Codes | None


def rivals_of(stretch: Stretch, tested: Floats, alpha: float) -> dict[tuple[str, str], Row]:
    """What is commonly done, on the same draws: (false positives, coverage, finds, nan) by estimator and name."""
    found: dict[tuple[str, str], Row] = {}
    critical = float(ndtri(1 - alpha / 2))
    found["difference", "rival: Welch's t test, as if partners were drawn simply"] = _by(
        stretch, tested, lambda y, z: _welch(y, z, alpha), True)  # fmt: skip
    if (stretch.post > 0).any() and stretch.post.min() >= 0:
        found["difference", "rival: relative lift by the delta method"] = _by(
            stretch, tested, lambda y, z: _delta(y, z, critical), False)  # fmt: skip
    if stretch.clusters is not None:
        columns = basis(np.zeros((len(stretch.post), 0)))

        def usual(y: Floats, z: Floats) -> tuple[float, float]:
            one = of_basis(y, z, columns, clusters=stretch.clusters, errors="cr1")
            return one.effect, critical * one.error

        found["difference", "rival: statsmodels' cluster errors (normal critical values)"] = _by(
            stretch, tested, usual, True
        )
    return found


def _by(stretch: Stretch, tested: Floats, test: Test, amounts: bool) -> Row:
    wolf, held = 0, 0
    hits = dict.fromkeys(FINDS, 0)
    for treated in tested:
        effect, reach = test(stretch.post, treated)
        wolf += abs(effect) > reach
        for lift in FINDS:
            effect, reach = test(stretch.post * (1 + lift * treated), treated)
            hits[lift] += abs(effect) > reach
            if lift == COVERED:
                held += abs(effect - (lift * stretch.post.mean() if amounts else lift)) <= reach
    count = len(tested)
    return wolf / count, held / count, {lift: own / count for lift, own in hits.items()}, float("nan")


def _welch(y: Floats, z: Floats, alpha: float) -> tuple[float, float]:
    one, other = y[z == 1], y[z == 0]
    parts = one.var(ddof=1) / len(one), other.var(ddof=1) / len(other)
    df = sum(parts) ** 2 / (parts[0] ** 2 / (len(one) - 1) + parts[1] ** 2 / (len(other) - 1))
    return float(one.mean() - other.mean()), float(stdtrit(df, 1 - alpha / 2) * np.sqrt(sum(parts)))


def _delta(y: Floats, z: Floats, critical: float) -> tuple[float, float]:
    one, other = y[z == 1], y[z == 0]
    if other.mean() <= 0:
        return 0.0, float("inf")
    ratio = one.mean() / other.mean()
    variance = (
        one.var(ddof=1) / len(one) / other.mean() ** 2 + ratio**2 * other.var(ddof=1) / len(other) / other.mean() ** 2
    )
    return float(ratio - 1), float(critical * np.sqrt(variance))
