"""Partners that come after the draw, and partners that go: the rule is applied, and what it met is counted."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from incentive_lab.format import count, counted, percent
from incentive_lab.panel import Floats, Panel
from incentive_lab.pilot.drawing import Codes
from incentive_lab.pilot.timing import fisher
from incentive_lab.pilot.trial import Trial
from incentive_lab.pilot.watching import Check, compared

LATE = 0.01
"""Level at which one arm lacks more of the last month: it is looked at in every reading."""
SILENT = 3
"""Months without an outcome, at the end of what is known, after which a partner counts as dropped out."""


def late_joiners(panel: Panel, members: Codes, start: int, stop: int, *, drawn: bool = True) -> Check:
    """How many partners joined after the draw; they are in no arm, so that nobody can choose one by coming late.

    Args:
        panel: The history.
        members: Rows of the partners in arms, int64 [n].
        start: First month of the pilot.
        stop: Month after its last.
        drawn: Whether arms were drawn; where partners chose, one that came late is only looked at.
    """
    late = (panel.joined >= start) & (panel.joined < stop)
    inside = int(late[members].sum())
    if inside and not drawn:
        return Check(
            "Late joiners", "look", f"{counted(inside, 'partner')} joined after the start and have no months before it."
        )
    if inside:
        return Check("Late joiners", "stop", f"{counted(inside, 'partner')} of the recorded arms joined after the start, so they "
                     "were not drawn with the others. Take them out of the arms before anything is read.")  # fmt: skip
    if not late.any():
        return Check("Late joiners", "fine", "Nobody joined during the pilot.")
    many = counted(
        int(late.sum()), "partner joined during the pilot and is", "partners joined during the pilot and are"
    )
    return Check("Late joiners", "fine", f"{many} in no arm; who comes after the draw is left out.")


def dropouts(monthly: Floats, trial: Trial) -> Check:
    """Whether more partners of one arm stopped; they stay in it with what they sold, nothing included.

    Args:
        monthly: Primary outcome of the drawn partners by month, float64 [n, months]; the pilot starts at `trial.first_post`.
        trial: The pilot.
    """
    inside = monthly.shape[1] - trial.first_post
    if inside <= SILENT or not trial.first_post:
        return Check("Drop-outs", "fine", f"Partners count as dropped out after {SILENT} months without an outcome; the pilot has "
                     f"{counted(inside, 'month')} yet.")  # fmt: skip
    sold = np.nan_to_num(monthly) != 0
    before = np.asarray(sold[:, max(0, trial.first_post - 6) : trial.first_post].any(axis=1))
    gone = np.asarray(before & ~sold[:, -SILENT:].any(axis=1))
    told, p_value = [], 1.0
    for arm, name in enumerate(trial.arms):
        here = (trial.arm == arm) & before
        if here.any():
            told.append(f"{name} {count(int(gone[here].sum()))} ({percent(float(gone[here].mean()), 0)})")
        if arm and here.any() and ((trial.arm == 0) & before).any():
            control = (trial.arm == 0) & before
            p_value = min(p_value, (len(trial.arms) - 1) * _apart(gone, control, here, trial.clusters))
    if not gone.any():
        return Check("Drop-outs", "fine", "Everybody who sold before still does.")
    state = "look" if p_value < 0.05 else "fine"
    return Check("Drop-outs", state, f"Without an outcome in the last {SILENT} months, after selling before: {', '.join(told)} "
                 f"(p {p_value:.2g}). They stay in their arm with what they sold.", p_value)  # fmt: skip


def last_month(monthly: Floats, trial: Trial) -> Check:
    """Whether one arm lacks more of the last month, as where its data come later.

    Args:
        monthly: Primary outcome of the drawn partners by month, float64 [n, months]; the pilot starts at `trial.first_post`.
        trial: The pilot.
    """
    sold = np.nan_to_num(monthly) != 0
    steady = np.asarray(sold[:, -1 - SILENT : -1].all(axis=1)) & (monthly.shape[1] > SILENT)
    month = trial.periods[-1] if trial.periods else "the last month"
    gone, told, p_value, groups = ~sold[:, -1], [], 1.0, trial.ways
    kinds = np.unique(groups[steady])
    for kind in kinds:
        here, others = steady & (groups == kind), steady & (groups != kind)
        named = (
            trial.arms[kind]
            if groups is trial.arm
            else f"{'sequence' if trial.in_arm is not None else 'wave'} {kind + 1}"
        )
        told.append(f"{named} {count(int(gone[here].sum()))} of {count(int(here.sum()))}")
        if others.any():
            p_value = min(p_value, max(1, len(kinds) - 1) * _apart(gone, others, here, trial.clusters))
    if not (gone & steady).any():
        return Check(
            "Last month", "fine", f"Everybody who sold in each of the {SILENT} months before {month} sold in it too."
        )
    words = f"Without an outcome in {month}, after selling in each of the {SILENT} months before: {', '.join(told)} "
    words += f"(p {p_value:.2g})."
    if p_value < LATE:
        words += " Where the data of one arm come later, wait for them: what is not there counts as nothing sold."
    return Check("Last month", "look" if p_value < LATE else "fine", words, min(1.0, p_value))


def _apart(
    gone: NDArray[np.bool_], control: NDArray[np.bool_], here: NDArray[np.bool_], clusters: Codes | None
) -> float:
    """p-value of no difference: Fisher's test, or CR2 where groups of partners were drawn together."""
    if clusters is None:
        return fisher(np.array([[gone[one].sum(), (~gone[one]).sum()] for one in (control, here)]))
    rows = control | here
    return compared(gone[rows].astype(np.float64), here[rows].astype(np.float64), clusters=clusters[rows])[1]
