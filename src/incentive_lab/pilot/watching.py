"""What can go wrong while a pilot runs: arms out of proportion, contamination, missing data, neglected partners."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.special import chdtrc

from incentive_lab.format import count, counted, percent
from incentive_lab.panel import Floats
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.drawing import Codes
from incentive_lab.pilot.estimate import t_p_value
from incentive_lab.pilot.linear import coefficient
from incentive_lab.pilot.trial import Trial

MISMATCH = 0.001
"""Level of the test of proportions: a mismatch stops the reading, so it must not be raised by chance."""


@dataclass(frozen=True)
class Check:
    """One thing that was looked at.

    Attributes:
        name: Short.
        state: fine, look or stop.
        words: What was found, as a sentence.
        p_value: Where it is a test; nan otherwise.
    """

    name: str
    state: str
    words: str
    p_value: float = float("nan")


def proportions(trial: Trial, shares: tuple[float, ...]) -> Check:
    """Whether as many units are in each arm as the plan's shares say (sample-ratio mismatch)."""
    units = trial.arm if trial.clusters is None else _by_cluster(trial.arm, trial.clusters)
    found = np.bincount(units, minlength=len(shares))
    if trial.drawing is not None and trial.drawing.counts is not None:
        return Check("Sample ratio", "fine", "The file does not say which shares were planned; found "
                     + ", ".join(f"{name} {count(int(size))}" for name, size in zip(trial.arms, found, strict=False))
                     + ".")  # fmt: skip
    expected = np.array(shares) * found.sum()
    if (expected <= 0).any() or len(found) != len(shares):
        return Check("Sample ratio", "look", "The plan's shares cannot be compared with what was found.")
    value = float(((found - expected) ** 2 / expected).sum())
    p_value = float(chdtrc(len(shares) - 1, value))
    said = ", ".join(f"{name} {count(int(size))} of {expected[place]:,.1f} expected"
                     for place, (name, size) in enumerate(zip(trial.arms, found, strict=True)))  # fmt: skip
    if p_value < MISMATCH:
        return Check("Sample ratio", "stop", f"The arms are out of proportion: {said}. Find out who is missing before "
                     "anything is read.", p_value)  # fmt: skip
    return Check("Sample ratio", "fine", f"{said}.", p_value)


def _by_cluster(arm: Codes, clusters: Codes) -> Codes:
    out = np.zeros(int(clusters.max()) + 1, dtype=np.int64)
    out[clusters] = arm
    return out


def compared(
    values: Floats, treated: Floats, others: Floats | None = None, clusters: Codes | None = None
) -> tuple[float, float]:
    """The difference of an arm and its p-value: HC2, or CR2 where groups of partners were drawn together.

    Args:
        values: float64 [n].
        treated: float64 [n].
        others: What is held fixed, float64 [n, k].
        clusters: int64 [n].

    Example:
        >>> compared(np.array([1.0, 2, 3, 4]), np.array([0.0, 0, 1, 1]))[0]
        2.0
    """
    if np.ptp(values) == 0:
        return 0.0, 1.0
    if clusters is not None and min(len(np.unique(clusters[treated == arm])) for arm in (0, 1)) < 2:
        return float(values[treated == 1].mean() - values[treated == 0].mean()), 1.0  # one cluster tells no error
    held = np.zeros((len(values), 0)) if others is None else others
    one = coefficient(values, treated, held, clusters=clusters, errors="hc2" if clusters is None else "cr2")
    return one.effect, t_p_value(one.effect, one.error, one.df)


@dataclass(frozen=True)
class Balance:
    """One covariate in two arms before the pilot.

    Attributes:
        name: Of the covariate.
        arm: Compared with the control.
        control: Its mean there.
        treated: Its mean in the arm.
        difference: In standard deviations of both arms together.
        p_value: Of no difference.
    """

    name: str
    arm: str
    control: float
    treated: float
    difference: float
    p_value: float


def balance(trial: Trial) -> list[Balance]:
    """How alike the arms were before the pilot: each metric, covariate and segment."""
    columns: list[tuple[str, Floats]] = []
    for name, outcome in trial.outcomes.items():
        if outcome.pre is not None:
            pre = outcome.pre
            if outcome.over_pre is not None:
                pre = np.divide(pre, outcome.over_pre, out=np.full(len(pre), np.nan), where=outcome.over_pre > 0)
            columns.append((f"{name} before", pre))
            if name == next(iter(trial.outcomes)) and np.nanmin(pre, initial=1.0) > 0:
                columns.append((f"log of {name} before", np.log(pre)))
    columns += [(name, trial.others[:, place]) for place, name in enumerate(trial.other_names)]
    for name, labels in trial.segments.items():
        columns += [(f"{name} {value}", (labels == value).astype(np.float64)) for value in sorted(set(labels))[:12]]
    found = []
    for arm in range(1, len(trial.arms)):
        for name, values in columns:
            rows = np.isfinite(values) & ((trial.arm == 0) | (trial.arm == arm))
            treated = (trial.arm[rows] == arm).astype(np.float64)
            if treated.sum() in (0, len(treated)) or len(treated) < 4:
                continue
            own = values[rows]
            spread = float(np.sqrt((own[treated == 0].var() + own[treated == 1].var()) / 2))
            means = float(own[treated == 0].mean()), float(own[treated == 1].mean())
            p_value = compared(own, treated, clusters=_of(trial, rows))[1]
            found.append(
                Balance(name, trial.arms[arm], *means, (means[1] - means[0]) / spread if spread else 0.0, p_value)
            )
    return found


def _of(trial: Trial, rows: NDArray[np.bool_]) -> Codes | None:
    return None if trial.clusters is None else trial.clusters[rows]


def absent_rows(trial: Trial) -> Check | None:
    """Whether a file lacks rows of the pilot's periods, and more of them in one arm; None where no file could."""
    if trial.absent is None:
        return None
    gone, rates = trial.absent, []
    if not gone.any():
        return Check("Missing rows", "fine", "Every partner has a row for each period of the pilot.")
    p_value, tested = 1.0, len(trial.arms) - 1
    for arm, name in enumerate(trial.arms):
        rows = (trial.arm == 0) | (trial.arm == arm)
        treated = (trial.arm[rows] == arm).astype(np.float64)
        if (trial.arm == arm).any():
            rates.append(f"{name} {percent(float(gone[trial.arm == arm].mean()), 1)}")
        if arm and 0 < treated.sum() < len(treated) and np.ptp(gone[rows]) > 0:
            p_value = min(p_value, tested * compared(gone[rows], treated, clusters=_of(trial, rows))[1])
    differs = p_value < 0.05
    words = f"Of the rows that the pilot's periods would have, these are not in the file: {', '.join(rates)} (p {p_value:.2g})."
    if differs:
        words += " The arms lack different shares, so their averages are of other periods: find out why first."
    return Check("Missing rows", "look" if differs or gone.mean() > 0.1 else "fine", words, p_value)


def missing(trial: Trial) -> Check:
    """Whether outcomes are missing, or partners fell silent, in one arm more than in the other."""
    primary = next(iter(trial.outcomes.values()))
    for outcome in trial.outcomes.values():
        if outcome.metric.role == "primary":
            primary = outcome
    gone = ~np.isfinite(primary.post)
    silent = np.zeros(trial.size, dtype=bool)
    if primary.pre is not None and primary.over is None and trial.periods:
        silent = (np.nan_to_num(primary.post) == 0) & (np.nan_to_num(primary.pre) > 0)
    lost = gone | silent
    rates = [float(lost[trial.arm == arm].mean()) for arm in range(len(trial.arms)) if (trial.arm == arm).any()]
    said = ", ".join(f"{name} {percent(rate, 1)}" for name, rate in zip(trial.arms, rates, strict=False))
    kind = "silent or missing" if silent.any() else "missing"
    if not lost.any():
        return Check("Missing data", "fine", "Every partner has the primary outcome.")
    p_value = 1.0
    if len(rates) > 1:
        for arm in range(1, len(trial.arms)):
            rows = (trial.arm == 0) | (trial.arm == arm)
            treated = (trial.arm[rows] == arm).astype(np.float64)
            own = lost[rows].astype(np.float64)
            if 0 < treated.sum() < len(treated):
                p_value = min(p_value, (len(trial.arms) - 1) * compared(own, treated, clusters=_of(trial, rows))[1])
    state = "look" if p_value < 0.05 or gone.mean() > 0.1 else "fine"
    words = f"{counted(int(lost.sum()), 'partner is', 'partners are')} {kind}: {said}."
    if gone.any():
        left = counted(int(gone.sum()), "partner", "partners")
        words += f" {left} without a value left out; drop-outs with one stay in their arm."
    else:
        words += " They stay in their arm (intention to treat)."
    return Check("Missing data", state, words, p_value)


@dataclass(frozen=True)
class Spillover:
    """Where arms meet.

    Attributes:
        what: customers, deals or parents.
        shared: How many are shared by partners of different arms.
        partners: How many drawn partners they touch.
    """

    what: str
    shared: int
    partners: int


def spillovers(
    partners: Iterable[str], arm: Codes, customers: Iterable[tuple[str, str]], deals: Iterable[tuple[str, str]],
    parents: Iterable[str],
) -> list[Spillover]:  # fmt: skip
    """How many customers, deals and parents (distributors above) connect partners of different arms.

    Args:
        partners: Drawn ids.
        arm: Of each, int64 [n].
        customers: (customer, partner) pairs.
        deals: (deal, partner) pairs of deals that several partners share.
        parents: Parent of each drawn partner, '' for none.

    Example:
        >>> spillovers(["a", "b"], np.array([0, 1]), [("x", "a"), ("x", "b"), ("y", "a")], [], ["", ""])[0]
        Spillover(what='customers', shared=1, partners=2)
    """
    arm_of = {name: int(code) for name, code in zip(partners, arm, strict=True)}
    above = [(parent, name) for parent, name in zip(parents, arm_of, strict=True) if parent]
    above += [(parent, parent) for parent in {parent for parent, _ in above} if parent in arm_of]
    found = []
    for what, pairs in (("customers", customers), ("deals", deals), ("parents", above)):
        groups: dict[str, set[str]] = {}
        for key, name in pairs:
            if name in arm_of:
                groups.setdefault(key, set()).add(name)
        across = [names for names in groups.values() if len({arm_of[name] for name in names}) > 1]
        found.append(Spillover(what, len(across), len(set().union(*across)) if across else 0))
    return found


def shares_of(pilot: Pilot) -> tuple[float, ...]:
    """Planned shares by arm; for a roll-out those of the waves."""
    if pilot.assignment.mechanism == "rollout":
        return tuple([1 / int(pilot.assignment.waves)] * int(pilot.assignment.waves))
    return pilot.shares()
