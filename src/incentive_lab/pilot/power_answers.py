"""Power as an answer: by number of units, by months and by metric, with the audit; what the command and the page show."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from incentive_lab.errors import InputError, Problem
from incentive_lab.format import count, counted, percent
from incentive_lab.history import History
from incentive_lab.pilot.assigning import Assigned
from incentive_lab.pilot.checking import check, require_history
from incentive_lab.pilot.choosing import by_rule
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.fromhistory import plan_draw
from incentive_lab.pilot.locking import Audited, audit_told, audited
from incentive_lab.pilot.power_designs import simulate_designed
from incentive_lab.pilot.powering import LIFTS, Power, Step, simulate, sizes_for
from incentive_lab.pilot.reading import fingerprint
from incentive_lab.pilot.running import smallest_p_of
from incentive_lab.pilot.told import number
from incentive_lab.pilot.usable import unusable
from incentive_lab.pilot.windows import windowed
from incentive_lab.pilot.words import change
from incentive_lab.pilot.world import World

_SECOND = 300


@dataclass(frozen=True)
class Found:
    """What a plan can find.

    Attributes:
        by_size: Power at sizes up to all that the history has; the last is the plan as it is.
        by_months: (months, power) of the plan with other lengths; empty where months are part of the design.
        by_metric: (name, power or why there is none) of each metric that is not the primary one.
        notes: What had to be left out or shortened, as sentences.
        reads: The estimator that the plan would be read with; the rule's where it says auto, '' where that is not known.
    """

    by_size: tuple[Power, ...]
    by_months: tuple[tuple[int, Power], ...]
    by_metric: tuple[tuple[str, Power | str], ...]
    notes: tuple[str, ...]
    reads: str = ""


def plain_draw(pilot: Pilot, assigned: Assigned) -> bool:
    """Whether partners are drawn one by one, once and at once: power is then simulated with a t test."""
    return (assigned.clusters is None and pilot.assignment.mechanism not in ("rollout", "switchback")
            and pilot.assignment.rerandomise is None)  # fmt: skip


def powered(here: World, assigned: Assigned, *, draws: int = 500, seed: int = 1, progress: Step | None = None) -> Found:
    """Power of a plan by number of units, by months and by metric.

    Raises:
        InputError: The history before the start is too short.
    """
    pilot = here.pilot
    assert pilot.dates is not None
    notes: list[str] = []
    if not plain_draw(pilot, assigned):
        rows = simulate_designed(here, assigned, draws=draws, seed=seed, progress=progress)
        return Found(tuple(rows), (), (), tuple(notes), _reads(here, assigned))
    both = round(len(assigned.rows) * (pilot.shares()[0] + pilot.shares()[1]))
    window = windowed(here, assigned)
    if window.short:
        notes.append(window.short)
    rows = simulate(window, pilot, sizes_for(both), draws=draws, seed=seed, progress=progress)
    few = min(draws, _SECOND)
    lengths, wanted = [], int(pilot.dates.months)
    for months in sorted({max(1, wanted // 2), wanted, 2 * wanted, 3 * wanted}):
        other = windowed(here, assigned, months=months)
        if other.months == months:
            lengths.append((months, simulate(other, pilot, [both], draws=few, seed=seed)[0]))
    metrics: list[tuple[str, Power | str]] = []
    for metric in pilot.metrics:
        if metric.name == pilot.primary.name:
            continue
        try:
            other = windowed(here, assigned, metric=metric)
            usable = np.ptp(other.post) > 0 and other.post.mean() > 0
            metrics.append((metric.name, simulate(other, pilot, [both], draws=few, seed=seed)[0] if usable else
                            "it does not vary above zero in these months"))  # fmt: skip
        except InputError as error:
            metrics.append((metric.name, str(error.problems[0].message)))
    return Found(tuple(rows), tuple(lengths), tuple(metrics), tuple(notes), _reads(here, assigned))


def _reads(here: World, assigned: Assigned) -> str:
    """The estimator that the plan names, else that of the rule on the months that stand for the pilot."""
    pilot = here.pilot
    named = pilot.primary.estimator or pilot.analysis.estimator
    if named != "auto":
        return named
    if pilot.primary.over or pilot.assignment.mechanism in ("rollout", "switchback"):
        return ""
    try:
        window = windowed(here, assigned)
    except InputError:
        return ""
    return by_rule(window.post, window.pre, here.unit(here.parts(pilot.primary.of, "")[0]))


def estimator_of(found: Found) -> str:
    """The estimator that the plan would be read with, as far as its power was simulated, else the one that finds most."""
    one = found.by_size[-1]
    if found.reads in one.mde:
        return found.reads
    known = {name: value for name, value in one.mde.items() if np.isfinite(value)}
    return min(known, key=lambda name: known[name], default="")


def best_of(found: Found) -> float:
    """The smallest effect that the plan finds with the estimator it is read with; nan when none in reach is."""
    return found.by_size[-1].mde.get(estimator_of(found), float("nan")) if found.by_size else float("nan")


def best_within(found: Found) -> tuple[float, float]:
    """The 95 % interval of `best_of` for having simulated so few pilots."""
    nothing = float("nan"), float("nan")
    return found.by_size[-1].within.get(estimator_of(found), nothing) if found.by_size else nothing


def too_small(pilot: Pilot, found: Found) -> str:
    """A warning when the plan expects less than it can find; empty otherwise.

    Its chance of finding what is expected, and how many partners it would take by the closed form's square-root law.
    """
    if not pilot.expected or not found.by_size:
        return ""
    hoped, last, best = abs(float(pilot.expected)), found.by_size[-1], best_of(found)
    if np.isfinite(best) and best <= hoped:
        return ""
    own = estimator_of(found)
    curves = [last.curves[own]] if own in last.curves else [*last.curves.values()]
    chance = max(float(np.interp(hoped, LIFTS, curve)) for curve in curves)
    found_as = f"{change(best)} or more" if np.isfinite(best) else "not even +300 %"
    ends = "so most likely it ends" if chance < 0.5 else f"and end {percent(1 - chance, 0)} of the time"
    told = (f"The plan expects {change(hoped)} and finds {found_as} {percent(float(pilot.power), 0)} of the time. It would see "
            f"what it hopes for {percent(chance, 0)} of the time, {ends} without an answer.")  # fmt: skip
    if np.isfinite(best) and hoped > 0:
        low, needed, high = (
            _needed(last.units, one, hoped) for one in (best_within(found)[0], best, best_within(found)[1])
        )
        span = f" ({count(low)} to {count(high)})" if low and high and low < high else ""
        told += f" About {counted(needed, last.unit)}{span} like these would be needed."
    return told


def _needed(units: int, smallest: float, hoped: float) -> int:
    """Units at which `hoped` is found if so many find `smallest`, by the square-root law; 0 where that is not known."""
    return int(np.ceil(units * (np.log1p(smallest) / np.log1p(hoped)) ** 2)) if np.isfinite(smallest) else 0


def power_row(one: Power) -> dict[str, Any]:
    """Power at one size as JSON."""
    return {
        "partners": one.partners, "units": one.units, "unit": one.unit,
        "by_estimator": {name: number(own) for name, own in one.mde.items()},
        "within": {name: [number(low), number(high)] for name, (low, high) in one.within.items()},
        "closed_form": number(one.closed),
        "power": {name: list(own) for name, own in one.curves.items()}, "resampled": one.resampled,
    }  # fmt: skip


def power_told(
    pilot: Pilot, history: History, folder: Path | None, *, draws: int = 500, audit: bool = False,
    progress: Step | None = None,
) -> dict[str, Any]:  # fmt: skip
    """What `pilot power --json` prints.

    Raises:
        InputError: The plan or the history cannot be used.
    """
    check(pilot).require()
    require_history(pilot)
    if pilot.assignment.mechanism == "observed":
        raise InputError([Problem("assignment.mechanism", "nobody is drawn, so there is no drawing whose power could be simulated.",
                                  "Choose a mechanism that draws.")])  # fmt: skip
    world, assigned = plan_draw(pilot, history)
    found = powered(world, assigned, draws=draws, progress=progress)
    notes = [*unusable(world, assigned), *assigned.notes, *found.notes]
    checked = audited(world, assigned, pilot) if audit else Audited((), None)
    least = smallest_p_of(assigned)
    if least > float(pilot.alpha):
        notes.insert(0, f"This drawing can never give a p-value below {least:.3g}; no verdict is possible.")
    warning = too_small(pilot, found)
    best = best_of(found)
    told: dict[str, Any] = {
        "ok": True, "pilot": pilot.id, "fingerprint": fingerprint(pilot), "history_id": world.panel.history_id,
        "draws": draws, "alpha": float(pilot.alpha), "power": float(pilot.power), "partners": len(assigned.rows),
        "lifts": LIFTS.tolist(), "expected": None if pilot.expected is None else float(pilot.expected),
        "estimator": (estimator_of(found) or None) if found.by_size else None, "smallest_effect": number(best),
        "smallest_effect_within": [number(one) for one in best_within(found)],
        "warning": warning or None, "mde": [power_row(one) for one in found.by_size],
        "by_months": [{"months": months, **power_row(one)} for months, one in found.by_months],
        "by_metric": [{"metric": name, "reason": one} if isinstance(one, str) else {"metric": name, **power_row(one)}
                      for name, one in found.by_metric],
        "audit": [audit_told(one) for one in checked.methods], "locked": checked.locked,
        "smallest_p": number(least), "notes": notes,
    }  # fmt: skip
    if checked.reason:
        told["audit_reason"] = checked.reason
    if told["smallest_effect"] is None:
        told["smallest_effect_reason"] = "no effect up to +300 % is found often enough"
    if not found.by_size:
        told["mde_reason"] = "no partner can be drawn"
    return told
