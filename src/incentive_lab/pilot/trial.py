"""A pilot's data: who was in which arm, how they were drawn, and what came out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from incentive_lab.errors import InputError, Problem
from incentive_lab.panel import Floats
from incentive_lab.pilot.drawing import Codes, Drawing
from incentive_lab.pilot.estimate import Sample
from incentive_lab.pilot.outcomes import Metric
from incentive_lab.pilot.panels import Monthly


@dataclass(frozen=True, eq=False)
class Outcome:
    """One metric of every partner.

    Attributes:
        metric: As planned.
        unit: money, count, share or number.
        post: In the pilot's months, per month, float64 [n]; nan where missing.
        pre: Before it, per month, or None.
        over: Denominator in the pilot's months, or None.
        over_pre: Denominator before it, or None.
        monthly: By month, float64 [n, months], or None.
    """

    metric: Metric
    unit: str
    post: Floats
    pre: Floats | None = None
    over: Floats | None = None
    over_pre: Floats | None = None
    monthly: Floats | None = None


@dataclass(frozen=True, eq=False)
class Trial:
    """A pilot with its data; row i of every array is partner i.

    Attributes:
        partners: Ids.
        arms: Names, the control first.
        arm: Arm of each partner, int64 [n].
        drawing: How it was drawn; None when nobody was.
        strata: Stratum of each partner as drawn, or None.
        clusters: Drawing unit of each partner, or None when each was drawn by itself.
        cluster_names: Name of each drawing unit; empty without clusters.
        others: Covariates, float64 [n, k].
        other_names: Their names.
        varying: Covariates that change over months, by month, float64 [j, n, months], or None; their means are in `others`.
        fixed: Columns of `others` that do not change over months, bool [k], or None for all.
        outcomes: Metric name -> outcome.
        segments: Attribute -> label of each partner, object [n].
        starts: First treated month of each partner (-1 never), or None without months.
        wave_starts: For a roll-out the first treated month of each wave of `drawing` (-1 never), int64 [waves]; else None.
        in_arm: For a switchback, 1 in the months under treatment and nan in washout, float64 [n, months].
        periods: Names of the months; empty without months.
        first_post: Column in which the pilot starts.
        notes: What was assumed or left out, as sentences.
        flags: What the reader must know before trusting any figure.
        source: History id, or the file's name.
        currency: Of money, '' where unknown.
        keys: Row of each partner in the history, or None.
        weights: How much each partner counts, float64 [n], or None.
        absent: Share of the pilot's periods for which a file has no row of the partner, float64 [n]; None without a panel,
            and where no row counts as 0.
        year_starts: Month (1 to 12) in which the programme years of its schemes start; January where it has none.
    """

    partners: tuple[str, ...]
    arms: tuple[str, ...]
    arm: Codes
    drawing: Drawing | None
    strata: Codes | None
    clusters: Codes | None
    cluster_names: tuple[str, ...]
    others: Floats
    other_names: tuple[str, ...]
    outcomes: Mapping[str, Outcome]
    segments: Mapping[str, NDArray[np.object_]]
    starts: Codes | None
    in_arm: Floats | None
    periods: tuple[str, ...]
    first_post: int
    notes: tuple[str, ...] = ()
    flags: tuple[str, ...] = ()
    source: str = ""
    currency: str = ""
    keys: Codes | None = field(default=None)
    weights: Floats | None = field(default=None)
    absent: Floats | None = None
    year_starts: int = 1
    varying: Floats | None = field(default=None)
    fixed: NDArray[np.bool_] | None = field(default=None)
    wave_starts: Codes | None = field(default=None)

    @property
    def size(self) -> int:
        """Number of partners."""
        return len(self.partners)

    @property
    def ways(self) -> Codes:
        """Partners that are treated alike have the same number, int64 [n]: their arm, wave, or sequence of arms."""
        if self.in_arm is not None:
            return np.unique(np.nan_to_num(self.in_arm, nan=-1.0), axis=0, return_inverse=True)[1].reshape(-1)
        if self.wave_starts is not None and self.starts is not None:
            return np.unique(self.starts, return_inverse=True)[1].reshape(-1)
        return self.arm

    @property
    def each(self) -> str:
        """What an amount is counted by."""
        if self.keys is not None:
            return "per partner and month"
        return "per unit and period" if self.periods else "per unit"

    def sizes(self) -> dict[str, int]:
        """Partners by arm."""
        return {name: int((self.arm == place).sum()) for place, name in enumerate(self.arms)}

    def rows(self, outcome: Outcome, arm: int) -> NDArray[np.int64]:
        """Rows of the control and one arm whose outcome is known.

        Raises:
            InputError: The outcome is missing for all of an arm.
        """
        known = np.isfinite(outcome.post)
        if outcome.over is not None:
            known &= np.isfinite(outcome.over)
        for place in (0, arm):
            if not (known & (self.arm == place)).any():
                raise InputError([Problem(f"metrics.{outcome.metric.name}",
                                          f"no partner of the arm '{self.arms[place]}' has this outcome.",
                                          "Without it the arms cannot be compared; check the export.")])  # fmt: skip
        return np.flatnonzero(known & ((self.arm == 0) | (self.arm == arm)))

    def sample(
        self, outcome: Outcome, arm: int, *, use_pre: bool = True, whole: bool = False
    ) -> tuple[Sample, NDArray[np.int64]]:
        """The control and one arm as a sample (without draws), with the rows it is made of.

        Args:
            outcome: The metric.
            arm: Compared with the control.
            use_pre: With the outcome before; where it is missing its mean stands for it.
            whole: Leave out partners without the outcome before instead.
        """
        rows = self.rows(outcome, arm)
        pre = outcome.pre if use_pre else None
        if whole and pre is not None:
            rows = rows[np.isfinite(pre[rows])]
        if pre is not None and not np.isfinite(pre[rows]).all():
            known = np.isfinite(pre[rows])
            pre = np.where(np.isfinite(pre), pre, pre[rows][known].mean() if known.any() else 0.0)

        def cut(values: Floats | None) -> Floats | None:
            return None if values is None else values[rows]

        return Sample(
            post=outcome.post[rows], treated=(self.arm[rows] == arm).astype(np.float64), pre=cut(pre),
            over=cut(outcome.over), over_pre=cut(outcome.over_pre), others=self.others[rows],
            strata=None if self.strata is None else self.strata[rows],
            clusters=None if self.clusters is None else self.clusters[rows],
            drawing=self.drawing, weights=cut(self.weights),
        ), rows  # fmt: skip

    def monthly(self, outcome: Outcome, rows: NDArray[np.int64], *, by_month: bool = False) -> Monthly:
        """The outcome by month of some rows; with `by_month` covariates that change over months as they are, not their means.

        Raises:
            InputError: There are no months.
        """
        if outcome.monthly is None or self.starts is None:
            raise InputError([Problem("analysis.estimator", "this estimator needs outcomes by month.",
                                      "Use a history, or name the column of the period.")])  # fmt: skip
        varies = by_month and self.varying is not None
        others = self.others if self.fixed is None or not varies else self.others[:, self.fixed]
        return Monthly(outcome.monthly[rows], self.starts[rows],
                       None if self.clusters is None else self.clusters[rows],
                       None if self.strata is None else self.strata[rows],
                       None if self.weights is None else self.weights[rows], others[rows],
                       self.varying[:, rows] if varies and self.varying is not None else None)  # fmt: skip
