"""Whether partners were really paid as their arm says, month by month where arms begin or change while the pilot runs."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from incentive_lab.format import counted
from incentive_lab.history import History
from incentive_lab.panel import month_index
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.fromhistory import Prepared
from incentive_lab.pilot.watching import Check
from incentive_lab.pilot.world import World
from incentive_lab.scheme.document import Scheme


def contamination(prepared: Prepared, history: History, own: tuple[frozenset[str], ...]) -> Check:
    """Whether partners were really paid by a rule that only another arm's scheme has.

    In a roll-out partners are the control's until their wave starts, in a switchback in every other period; a payout of
    several months, or of a month of washout, may be of any arm they were in.

    Args:
        prepared: The pilot.
        history: With what was paid.
        own: For each arm the rules that no other arm has.
    """
    trial = prepared.trial
    assert trial.keys is not None
    row = {name: (int(key), int(arm)) for name, key, arm in zip(trial.partners, trial.keys, trial.arm, strict=True)}
    changes = trial.wave_starts is not None or trial.in_arm is not None
    wrong: set[str] = set()
    seen = 0
    for partner, rule, months in _paid(prepared.world, history):
        if partner not in row or not rule:
            continue
        seen += 1
        key, arm = row[partner]
        arms = {int(one) for one in np.unique(prepared.in_arm[key, months])} if changes else {arm}
        if trial.in_arm is not None and _washed(prepared, partner, months):
            arms = set(range(len(own)))
        if any(rule in rules for place, rules in enumerate(own) if place not in arms):
            wrong.add(partner)
    if not seen:
        return Check("Contamination", "look", "The history says nothing of payouts by rule in these months, so contamination "
                     "cannot be seen.")  # fmt: skip
    if wrong:
        return Check("Contamination", "stop" if len(wrong) > 0.1 * trial.size else "look",
                     f"{counted(len(wrong), 'partner was', 'partners were')} paid by a rule of another arm; effects shrink "
                     "towards none.")  # fmt: skip
    return Check("Contamination", "fine", f"None of {counted(seen, 'payout')} came from another arm's rule.")


def _washed(prepared: Prepared, partner: str, months: slice) -> bool:
    """Whether some of these months of the history are of washout."""
    trial, offset = prepared.trial, prepared.world.before.start
    assert trial.in_arm is not None
    own = trial.in_arm[trial.partners.index(partner), max(0, months.start - offset) : months.stop - offset]
    return bool(np.isnan(own).any())


def _paid(here: World, history: History) -> list[tuple[str, str, slice]]:
    """(partner, rule, months as columns of the history) of what was really paid for periods that begin in the pilot."""
    if not history.rows.get("actual_payouts"):
        return []
    frame = history.actual_payouts
    found = []
    for partner, period, rule in zip(frame["partner_id"], frame["period"], frame["rule"], strict=True):
        text = str(period)
        begin, length = (3 * int(text[6]) - 2, 3) if "Q" in text else (int(text[5:7]), 1) if len(text) > 4 else (1, 12)
        first = month_index(int(text[:4]), begin) - here.panel.first_month
        if here.start <= first < here.stop:
            found.append((str(partner), str(rule or ""), slice(first, min(first + length, here.stop))))
    return found


def own_rules(pilot: Pilot, schemes: Mapping[str, Scheme]) -> tuple[frozenset[str], ...]:
    """For each arm the rules that only its scheme has."""
    ids = [
        frozenset(rule.id for rule in schemes[arm.name].rules) if arm.name in schemes else frozenset[str]()
        for arm in pilot.arms
    ]
    return tuple(
        one - frozenset[str]().union(*(other for place, other in enumerate(ids) if place != own))
        for own, one in enumerate(ids)
    )
