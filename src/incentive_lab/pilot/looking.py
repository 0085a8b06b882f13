"""Looks at a running pilot: the primary effect up to each planned month, under a rule that allows looking."""

from __future__ import annotations

import numpy as np
from scipy.special import ndtr, stdtrit

from incentive_lab.errors import InputError
from incentive_lab.panel import Floats
from incentive_lab.pilot.assigning import redraw
from incentive_lab.pilot.choosing import RANDOMISE_UP_TO, chosen_estimator
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.drawing import Codes
from incentive_lab.pilot.estimate import Sample
from incentive_lab.pilot.estimators import check
from incentive_lab.pilot.linear import basis, of_basis
from incentive_lab.pilot.randomisation import pieces, scarce
from incentive_lab.pilot.scales import prepared
from incentive_lab.pilot.sequential import Look, always_valid_half_width, boundaries, drawn_boundaries, spent
from incentive_lab.pilot.trial import Outcome, Trial

SCALES = ("difference", "ancova", "cuped", "log_ancova", "winsorised")


def looks(pilot: Pilot, trial: Trial, arm: int = 1) -> tuple[list[Look], str]:
    """Every planned look at one arm that the data reaches, and why there are none where there are none.

    Each look uses the months up to it. Without redraws the boundaries are those of independent increments; with them
    they are those of this very panel. With several arms each has its part of alpha.
    """
    outcome = trial.outcomes[pilot.primary.name]
    if outcome.monthly is None or trial.starts is None:
        return [], "looks need outcomes by month."
    if pilot.assignment.mechanism in ("rollout", "switchback", "observed"):
        return [], f"looks are not defined for the mechanism {pilot.assignment.mechanism}; read it once, at its end."
    months = outcome.monthly.shape[1] - trial.first_post if pilot.dates is None else int(pilot.dates.months)
    planned = [round(months * (place + 1) / int(pilot.looks.count)) for place in range(int(pilot.looks.count))]
    planned = sorted({max(1, one) for one in planned})
    reached = [one for one in planned if trial.first_post + one <= outcome.monthly.shape[1]]
    if not reached:
        return [], f"the first look is after {planned[0]} months."
    estimator = chosen_estimator(pilot, trial, outcome)
    estimator = estimator if estimator in SCALES else "ancova"
    return _looked(pilot, trial, outcome, arm, estimator, planned, len(reached))


def _looked(
    pilot: Pilot, trial: Trial, outcome: Outcome, arm: int, estimator: str, planned: list[int], reached: int
) -> tuple[list[Look], str]:
    assert outcome.monthly is not None
    alpha = float(pilot.alpha) / (len(trial.arms) - 1)  # any arm may be looked at, so each has its part of alpha
    sample, rows = trial.sample(outcome, arm, use_pre=not pilot.analysis.without_pre)
    upto = [outcome.monthly[rows, trial.first_post : trial.first_post + one].mean(axis=1) for one in planned[:reached]]
    if estimator == "log_ancova" and any((one <= 0).any() for one in upto):
        estimator = "ancova"
    fractions = np.array(planned) / planned[-1]
    drawn = _draws(pilot, trial, rows, arm)
    pooled = drawn is not None and scarce(drawn, sample.clusters)
    effects, errors, observed, reference, free = [], [], [], [], []
    for post in upto:
        own = Sample(
            post,
            sample.treated,
            sample.pre,
            others=sample.others,
            strata=sample.strata,
            clusters=sample.clusters,
            weights=sample.weights,
        )
        try:
            check(own, estimator)
        except InputError as error:
            return [], str(error.problems[0].message)
        values, others = prepared(own, estimator, float(pilot.analysis.winsorise))
        columns, values, arm_of = basis(others, own.strata, own.root), values * own.root, own.treated * own.root
        found = of_basis(values, arm_of, columns, clusters=own.clusters,
                         errors="cr2" if own.clusters is not None else "hc2")  # fmt: skip
        effects.append(found.effect)
        free.append(found.df)
        real = pieces(arm_of[None, :], values, arm_of, columns, own.clusters, pooled)
        observed.append(float(real.at(0.0)[0]))
        # An interval that matches its statistic: it leaves zero out just where the statistic is beyond the boundary.
        errors.append(found.error if drawn is None else float(np.sqrt(max(real.constant[0], 0.0))))
        if drawn is not None:
            reference.append(pieces(drawn * own.root, values, arm_of, columns, own.clusters, pooled).at(0.0))
    edges = _edges(pilot, fractions, np.column_stack(reference) if reference else None, errors, alpha)
    if pilot.looks.kind == "always_valid" or drawn is None:
        observed = [effect / error for effect, error in zip(effects, errors, strict=True)]
        # Errors of few units are uncertain themselves: Student's law has its own values of the same chance.
        edges = [float(-stdtrit(df, ndtr(-edge))) for df, edge in zip(free, edges, strict=True)]
    return [
        _look(trial.arms[arm], planned[k], fractions[k], observed[k], edges[k], effects[k], errors[k], estimator == "log_ancova",
              float(spent(fractions[: k + 1], alpha)[-1]) if pilot.looks.kind != "always_valid" else alpha)
        for k in range(reached)
    ], ""  # fmt: skip


def _draws(pilot: Pilot, trial: Trial, rows: Codes, arm: int) -> Floats | None:
    if trial.drawing is None or trial.size > RANDOMISE_UP_TO or pilot.looks.kind == "always_valid":
        return None
    drawn, _ = redraw(
        trial.drawing, trial.arm, arm, np.random.default_rng(pilot.analysis.seed), int(pilot.analysis.draws)
    )
    return np.asarray((drawn[:, rows] == arm).astype(np.float64))


def _edges(pilot: Pilot, fractions: Floats, reference: Floats | None, errors: list[float], alpha: float) -> list[float]:
    """Critical value of each reached look."""
    if pilot.looks.kind == "always_valid":
        information = [1 / error**2 for error in errors]
        tuned = information[-1] / fractions[len(errors) - 1]
        return [
            always_valid_half_width(error, own, tuned, alpha) / error
            for error, own in zip(errors, information, strict=True)
        ]
    if reference is not None:
        return [float(one) for one in drawn_boundaries(reference, fractions[: reference.shape[1]], alpha)]
    return [float(one) for one in boundaries(fractions, alpha)[: len(errors)]]


def _look(
    arm: str,
    months: int,
    fraction: float,
    statistic: float,
    edge: float,
    effect: float,
    error: float,
    logs: bool,
    used: float,
) -> Look:
    reach = edge * error
    ends = (effect - reach, effect + reach)
    if logs:
        effect, ends = float(np.expm1(effect)), (float(np.expm1(ends[0])), float(np.expm1(min(ends[1], 700.0))))
    crossed = bool(abs(statistic) > edge)
    return Look(months, float(fraction), statistic, edge, crossed, effect, ends[0], ends[1], used, arm, logs)
