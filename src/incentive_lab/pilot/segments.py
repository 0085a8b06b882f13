"""Where the effect is larger: by segment, each drawn towards the common effect as far as its evidence is weak."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.linear import basis, of_basis
from incentive_lab.pilot.multiple import Heterogeneity, differing, family_wise, shrink
from incentive_lab.pilot.scales import prepared
from incentive_lab.pilot.trial import Trial

SIZE = ("smallest 20 %", "middle 60 %", "largest 20 %")
_LEAST = 3


def size_labels(pre: NDArray[np.float64]) -> NDArray[np.object_]:
    """Each partner among the smallest fifth, the middle three fifths or the largest fifth by outcome before the pilot.

    Example:
        >>> size_labels(np.arange(10.0)).tolist()[1:3]
        ['smallest 20 %', 'middle 60 %']
    """
    ranks = np.argsort(np.argsort(np.nan_to_num(pre), kind="stable"), kind="stable") / max(1, len(pre))
    return np.array([SIZE[int(rank >= 0.2) + int(rank >= 0.8)] for rank in ranks], dtype=object)


def by_segment(pilot: Pilot, trial: Trial, estimator: str, arm: int = 1) -> dict[str, Heterogeneity]:
    """Effects of an arm on the primary metric by each attribute that the plan names.

    Effects are relative for logarithms and ppml, else in the metric's unit. A segment needs three partners of each arm.
    """
    outcome = trial.outcomes[pilot.primary.name]
    if trial.weights is not None or outcome.over is not None or estimator in ("staggered", "switchback", "matched"):
        return {}
    sample, rows = trial.sample(outcome, arm, use_pre=not pilot.analysis.without_pre)
    labels = {name: own[rows] for name, own in trial.segments.items()}
    if "size" in pilot.analysis.segments and sample.pre is not None:
        labels["size"] = size_labels(sample.pre)
    name = estimator if estimator in ("difference", "log_ancova", "winsorised") else "ancova"
    if estimator == "ppml" and (sample.post > 0).all():
        name = "log_ancova"
    values, others = prepared(sample, name, float(pilot.analysis.winsorise))
    found = {}
    for attribute, own in labels.items():
        names, units, effects, errors, freedom = [], [], [], [], []
        for value in sorted(set(own)):
            here = own == value
            treated = sample.treated[here]
            if min(treated.sum(), (1 - treated).sum()) < _LEAST or np.ptp(values[here]) == 0:
                continue
            kept = others[here][:, np.ptp(others[here], axis=0) > 0]
            if here.sum() < kept.shape[1] + 4:
                continue
            clusters = None if sample.clusters is None else sample.clusters[here]
            if clusters is not None and len(np.unique(clusters)) < 4:
                continue
            one = of_basis(
                values[here], treated, basis(kept), clusters=clusters, errors="cr2" if clusters is not None else "hc2"
            )
            names.append(str(value) or "(none)")
            units.append(int(here.sum()))
            effects.append(one.effect)
            errors.append(max(one.error, 1e-12))
            freedom.append(max(one.df, 1.0))
        if len(names) >= 2:
            found[attribute] = shrink(
                names, units, np.array(effects), np.array(errors), float(pilot.alpha), np.array(freedom)
            )
    return together(found, float(pilot.alpha))


def together(found: dict[str, Heterogeneity], alpha: float) -> dict[str, Heterogeneity]:
    """Verdicts on several attributes, each of which might differ by chance: their p-values adjusted by Holm."""
    adjusted = family_wise(np.array([one.p_value for one in found.values()]))
    return {
        name: replace(one, p_value=float(p_value), verdict=differing(float(p_value), alpha))
        for (name, one), p_value in zip(found.items(), adjusted, strict=True)
    }
