"""Where partners of different arms meet while the pilot runs: deals they share, and pilots that run beside it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from incentive_lab.errors import InputError
from incentive_lab.fiscal import month_in
from incentive_lab.format import counted, percent
from incentive_lab.history import History
from incentive_lab.history.sharing import days_together
from incentive_lab.panel import month_index, month_label
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.reading import loads
from incentive_lab.pilot.recorded import ARMS, PLAN, read_arms
from incentive_lab.pilot.trial import Trial
from incentive_lab.pilot.watching import Check, spillovers
from incentive_lab.pilot.world import World
from incentive_lab.scheme.document import Scheme


def shared_deals(history: History, here: World, trial: Trial) -> Check | None:
    """Whether deals of the pilot's months are shared by partners of different arms; None where no deals are shared.

    What such a deal brings is counted for both, so whatever the arm does to it moves the control too.
    """
    together = days_together(history)
    if not together:
        return None
    month = {
        day: month_in(here.panel.calendar, day) - here.panel.first_month for day in {when for *_, when in together}
    }
    within = [(deal, partner) for deal, partner, day in together if here.start <= month[day] < here.stop]
    found = spillovers(trial.partners, trial.ways, [], within, [""] * trial.size)[1]
    if not found.shared:
        return Check("Shared deals", "fine", "No deal of the pilot's months is shared by partners of different arms.")
    many = counted(found.shared, "deal of the pilot's months is", "deals of the pilot's months are")
    who = f"{counted(found.partners, 'partner')}, {percent(found.partners / trial.size)} of those drawn"
    return Check("Shared deals", "look", f"{many} shared by partners of different arms ({who}): what the arm does to them counts "
                 "in both, which draws the effect towards none.")  # fmt: skip


@dataclass(frozen=True)
class Beside:
    """Another registered pilot that holds some of the same partners in some of the same months.

    Attributes:
        pilot: Its id.
        partners: How many partners are in both.
        first: First month that both have, such as 2025-01.
        last: Last month that both have.
    """

    pilot: str
    partners: int
    first: str
    last: str

    @property
    def words(self) -> str:
        """As a sentence."""
        many = counted(self.partners, "partner is", "partners are")
        return (
            f"{many} in the pilot {self.pilot} too, in the months {self.first} to {self.last}: what either pays shows in both. "
            "Draw partners that are in no other pilot, or let one end first."
        )


def beside(pilot: Pilot, folder: Path | None, partners: tuple[str, ...]) -> tuple[Beside, ...]:
    """Pilots that are registered in folders beside this one's, with partners and months in common.

    A rehearsal pays nobody, so it is beside no other and no other is beside it.

    Args:
        pilot: The plan.
        folder: Where it lies; nothing is beside a plan without a folder.
        partners: Ids of its drawn partners.
    """
    if folder is None or pilot.dates is None or pilot.planted is not None:
        return ()
    own, found = set(partners), []
    start, stop = _months(pilot)
    for other, members in _registered(folder):
        begins, ends = _months(other)
        both, first, last = own & members, max(start, begins), min(stop, ends) - 1
        if both and first <= last and other.planted is None:
            found.append(Beside(other.id, len(both), month_label(first), month_label(last)))
    return tuple(found)


def _months(pilot: Pilot) -> tuple[int, int]:
    assert pilot.dates is not None
    year, month = (int(part) for part in pilot.dates.start.split("-")[:2])
    first = month_index(year, month)
    return first, first + int(pilot.dates.months)


def _registered(folder: Path) -> Iterator[tuple[Pilot, set[str]]]:
    """The registered pilots in the folders beside one, each with its partners; what cannot be read is none."""
    for path in sorted(folder.resolve().parent.glob(f"*/{PLAN}")):
        if path.parent == folder.resolve():
            continue
        try:
            other = loads(json.dumps(json.loads(path.read_text(encoding="utf-8"))["plan"]))
            if other.dates is not None:
                yield other, set(read_arms(other, path.with_name(other.assignment.file or ARMS)).partners)
        except (OSError, ValueError, KeyError, TypeError, InputError):
            continue


def out_of_effect(pilot: Pilot, schemes: dict[str, Scheme]) -> Iterator[str]:
    """Arms whose scheme is not in effect in all of the pilot's months, as sentences; a rehearsal pays nobody."""
    if pilot.dates is None or pilot.planted is not None:
        return
    start, stop = _months(pilot)
    control = schemes.get(pilot.arms[0].name)
    for arm in pilot.arms[1:]:
        scheme = schemes.get(arm.name)
        if scheme is None or (control is not None and scheme.id == control.id):
            continue
        year, month = (int(part) for part in scheme.effective.from_.split("-")[:2])
        first = month_index(year, month)
        last = first + int(scheme.effective.months)
        if start < first or stop > last:
            own, ours = (f"{month_label(one)} to {month_label(end - 1)}" for one, end in ((first, last), (start, stop)))
            yield (
                f"The scheme of {arm.name} ({scheme.id}) is in effect from {own}, the pilot runs from {ours}: in the months that "
                "are not in both nobody is paid by it. Correct one of the dates."
            )
