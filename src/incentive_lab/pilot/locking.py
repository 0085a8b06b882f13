"""Before launch: which method is honest on the partners' own months, and finds most; that one is locked into the plan."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from incentive_lab.errors import InputError
from incentive_lab.format import percent, signed
from incentive_lab.pilot.assigning import Assigned, Between
from incentive_lab.pilot.auditing import SEED, Audit, audit
from incentive_lab.pilot.covering import covered
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.drawing import Codes
from incentive_lab.pilot.fromhistory import drawing_at
from incentive_lab.pilot.rivals import COVERED, Stretch
from incentive_lab.pilot.told import number
from incentive_lab.pilot.windows import Windowed, windowed
from incentive_lab.pilot.world import World


@dataclass(frozen=True)
class Audited:
    """What an audit found.

    Attributes:
        methods: Every candidate and what is commonly done.
        locked: The honest method that finds most, its estimator, inference and words; None if none is honest or the drawing
            cannot reach its level.
        reason: Why nothing was audited; empty when something was.
    """

    methods: tuple[Audit, ...]
    locked: dict[str, Any] | None
    reason: str = ""


def audited(here: World, assigned: Assigned, pilot: Pilot, *, draws: int = 1000, stretches: int = 3) -> Audited:
    """Every candidate on the latest stretches before the pilot, and the one to lock.

    Each of several arms is compared with the control as the reading does it, at its part of alpha.
    """
    assert pilot.dates is not None
    if pilot.assignment.mechanism in ("rollout", "switchback"):
        name = {"rollout": "roll-out", "switchback": "switchback"}[pilot.assignment.mechanism]
        return Audited((), None, f"a {name} has one estimator, so there is nothing to choose from, and its p-value comes from "
                       "drawing anew as was drawn; what it finds is in the power above.")  # fmt: skip
    found: list[Stretch] = []
    arms = len(assigned.drawing.shares) - 1
    for place in range(stretches):
        try:
            one = windowed(here, assigned, back=place * max(3, int(pilot.dates.months)))
        except InputError as error:
            if not found:
                return Audited((), None, str(error.problems[0].message))
            break
        if place and one.short:
            break
        found += _stretches(here, assigned, pilot, one, place)
    alpha = float(pilot.alpha) / arms
    methods = [
        replace(one, partners=len(assigned.rows))
        for one in audit(found, alpha, draws, float(pilot.analysis.winsorise), arms=arms)
    ]
    chosen = locked(methods)
    if chosen is not None and chosen["inference"] == "randomisation":
        methods = [
            _covered(one, found[:arms], pilot) if one.inference == "randomisation" and one.estimator == chosen["estimator"] else one
            for one in methods
        ]  # fmt: skip
        chosen = locked(methods)
    return Audited(tuple(methods), chosen)


def _stretches(here: World, assigned: Assigned, pilot: Pilot, one: Windowed, place: int) -> list[Stretch]:
    """One stretch of months for each arm that is compared with the control."""
    drawing = drawing_at(here, assigned, one.pre)
    strata = drawing.strata[drawing.clusters] if len(np.unique(drawing.strata)) > 1 else None
    pre = None if pilot.analysis.without_pre else one.pre
    if len(drawing.shares) == 2:
        return [Stretch(one.post, pre, drawing, strata, assigned.clusters)]
    arm = drawing.draw(np.random.default_rng([SEED, place]), 1)[0].astype(np.int64)
    found = []
    for against in range(1, len(drawing.shares)):
        pair = Between(drawing, arm, against)

        def cut(values: Any, rows: Codes = pair.rows) -> Any:
            return None if values is None else values[rows]

        found.append(Stretch(one.post[pair.rows], cut(pre), pair, cut(strata), cut(assigned.clusters)))
    return found


def _covered(one: Audit, stretches: list[Stretch], pilot: Pilot) -> Audit:
    """The method with the measured coverage of its intervals on one stretch, over all arms."""
    shares = [
        covered(one.estimator, stretch.post, stretch.pre, stretch.drawing, stretch.strata, stretch.clusters,
                lift=COVERED, alpha=float(pilot.alpha), draws=200, behind=1000, seed=SEED,
                winsorise=float(pilot.analysis.winsorise)).share
        for stretch in stretches
    ]  # fmt: skip
    return replace(one, coverage=(float(np.mean(shares)),))


def locked(methods: list[Audit]) -> dict[str, Any] | None:
    """The honest method that finds a planted +25 % most often, in words; None if there is none."""
    fit = [one for one in methods if one.honest and not one.rival and max(one.false_positives) > 0]
    if not fit:
        return None
    best = max(fit, key=lambda one: one.finds[COVERED])
    return {"estimator": best.estimator, "inference": best.inference, "words": words(best)}


def words(one: Audit, method: str = "") -> str:
    """What an audit says of a method, for a designer; the method as the plan's keys name it, unless told otherwise."""
    method = method or f"{one.estimator} by {one.inference}"
    wolf = percent(float(np.mean(one.false_positives)), 1)
    finds = ", ".join(f"{signed(percent(lift, 0))} with {percent(share, 0)}" for lift, share in one.finds.items())
    many = (
        f" (at worst {percent(max(one.false_positives), 1)} on one stretch of history)"
        if len(one.false_positives) > 1
        else ""
    )
    held = ""
    if one.coverage and np.isfinite(one.coverage).all():
        held = f" Its intervals hold a planted {signed(percent(COVERED, 0))} in {percent(float(np.mean(one.coverage)), 1)}."
    family = f" about any of {one.arms} arms at most" if one.arms > 1 else ""
    each = f" in an arm, tested at {percent(one.alpha / one.arms, 2)}" if one.arms > 1 else ""
    return (f"On your {one.partners} partners {method} cries wolf{family} {wolf}{many} and finds "
            f"{finds}{each}.{held}")  # fmt: skip


def audit_told(one: Audit) -> dict[str, Any]:
    """One method as JSON."""
    why = None if np.isfinite(one.coverage).all() else "only that of the locked method is measured; it takes long"
    return {
        "estimator": one.estimator, "inference": one.inference, "rival": one.rival, "honest": one.honest,
        "false_positives": list(one.false_positives), "coverage": [number(own) for own in one.coverage],
        **({} if why is None else {"coverage_reason": why}),
        "finds": {f"{lift:.2f}": share for lift, share in one.finds.items()}, "variance_gained": number(one.gained),
        "partners": one.partners, "arms": one.arms, "words": words(one),
    }  # fmt: skip
