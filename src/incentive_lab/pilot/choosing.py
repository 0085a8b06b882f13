"""Which estimator and inference a metric gets when the plan says auto."""

from __future__ import annotations

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.trial import Outcome, Trial

RANDOMISE_UP_TO = 2_000
"""Partners up to which p-values come from re-randomisation; above it, CR2 and HC2 errors agree with it."""
_SKEWED = 1.0


def chosen_estimator(pilot: Pilot, trial: Trial, outcome: Outcome) -> str:
    """The estimator of a metric: its own, else the analysis', else by the rule of docs/method.md.

    The rule: what the mechanism demands (roll-out, switchback, observed); a ratio for a ratio; logarithms where all
    outcomes are above zero and vary by more than their mean before the pilot; else ANCOVA.
    """
    metric = outcome.metric
    named = metric.estimator or pilot.analysis.estimator
    if named != "auto":
        return "ratio" if outcome.over is not None and metric.estimator is None else named
    if pilot.assignment.mechanism == "rollout" or (trial.starts is not None and _staggered(trial)):
        return "staggered"
    if pilot.assignment.mechanism == "switchback":
        return "switchback"
    if outcome.over is not None:
        return "ratio"
    if pilot.assignment.mechanism == "observed" and outcome.monthly is not None:
        return "did"
    known = np.isfinite(outcome.post)
    guide = outcome.pre if outcome.pre is not None else outcome.post
    return by_rule(outcome.post[known], guide[known & np.isfinite(guide)], outcome.unit)


def by_rule(post: Floats, guide: Floats, unit: str) -> str:
    """Logarithms where all outcomes are above zero and vary by more than their mean before the pilot; else ANCOVA.

    Args:
        post: Outcomes in the pilot, float64 [n].
        guide: Those before it, float64 [m].
        unit: money, count, share or number.

    Example:
        >>> by_rule(np.array([1.0, 9.0, 99.0]), np.array([1.0, 9.0, 99.0]), "money"), by_rule(np.zeros(3), np.ones(3), "money")
        ('log_ancova', 'ancova')
    """
    positive = bool((post > 0).all()) and len(guide) > 0 and bool((guide >= 0).all())
    if positive and unit in ("money", "number", "count") and guide.std() > _SKEWED * abs(guide.mean()):
        return "log_ancova"
    return "ancova"


def _staggered(trial: Trial) -> bool:
    assert trial.starts is not None
    return len(np.unique(trial.starts[trial.starts >= 0])) > 1


def chosen_inference(pilot: Pilot, trial: Trial, estimator: str) -> str:
    """randomisation up to 2,000 partners where the arms were drawn and the estimator allows it, else analytic."""
    named = pilot.analysis.inference
    if trial.drawing is None or estimator in ("ppml", "lin", "did", "matched"):
        return (
            "wild_bootstrap"
            if named == "wild_bootstrap" and estimator not in ("ppml", "did", "matched")
            else "analytic"
        )
    if named != "auto":
        return named
    return "randomisation" if trial.size <= RANDOMISE_UP_TO else "analytic"
