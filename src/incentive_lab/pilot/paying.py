"""What the arms cost: the kernel pays each arm's scheme on the pilot's months, with and without the effect."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from incentive_lab.engine.needs import needs
from incentive_lab.engine.replay import replay
from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.history import History
from incentive_lab.history.for_schemes import panel_for
from incentive_lab.money import decimals
from incentive_lab.panel import Floats, Panel
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.drawing import Codes
from incentive_lab.pilot.fromhistory import Prepared
from incentive_lab.pilot.world import planted
from incentive_lab.scheme.baseline import beside, guarantee_floor
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.fingerprint import fingerprint
from incentive_lab.scheme.measures import Measure

SHIPPED = Path(__file__).resolve().parents[3] / "data" / "schemes"


def schemes_for(pilot: Pilot, folder: Path | None) -> dict[str, Scheme]:
    """The scheme of each arm that names one, found beside the plan or among the shipped ones.

    Raises:
        InputError: A scheme is not there, or is not sound.
    """
    found, problems, find = {}, [], beside((folder or SHIPPED) / "pilot.yaml")
    for arm in pilot.arms:
        if not arm.scheme:
            continue
        scheme = find(arm.scheme)
        if scheme is None:
            known = [one.stem for place in {folder or SHIPPED, SHIPPED} for one in place.glob("*.yaml")]
            problems.append(Problem(f"arms.{arm.name}.scheme", f"there is no scheme '{arm.scheme}'.",
                                    did_you_mean(arm.scheme, known)))  # fmt: skip
            continue
        found[arm.name] = scheme
    if problems:
        raise InputError(problems)
    return found


def floors_for(schemes: Mapping[str, Scheme], control: str, folder: Path | None) -> dict[str, Scheme]:
    """Arm -> what the guarantees of its scheme compare with: the baseline it names, else the control's scheme.

    Nothing where no guarantee compares with a baseline, or the control has no scheme.

    Raises:
        InputError: The baseline of the control's scheme is not found.
    """
    find = beside((folder or SHIPPED) / "pilot.yaml")
    found = {}
    for arm, scheme in schemes.items() if control in schemes else ():
        floor = guarantee_floor(scheme, schemes[control] if arm != control else None, find)
        if floor is not None:
            found[arm] = floor
    return found


def fingerprints(schemes: Mapping[str, Scheme], floors: Mapping[str, Scheme]) -> dict[str, str]:
    """Arm -> fingerprint of its scheme; `ARM's guarantee` -> that of a further scheme its guarantees compare with."""
    others = {f"{arm}'s guarantee": floor for arm, floor in floors.items() if floor not in schemes.values()}
    return {name: fingerprint(scheme) for name, scheme in {**schemes, **others}.items()}


@dataclass(frozen=True, eq=False)
class Payer:
    """Pays schemes on a pilot's history.

    Attributes:
        schemes: Arm -> scheme; the control's first.
        panel: The history with every column the schemes read.
        leaves: Leaf name -> measure of that panel.
        floors: Arm -> what the guarantees of its scheme compare with; see `floors_for`.
    """

    schemes: Mapping[str, Scheme]
    panel: Panel
    leaves: Mapping[str, Measure]
    floors: Mapping[str, Scheme]

    @classmethod
    def of(cls, schemes: Mapping[str, Scheme], floors: Mapping[str, Scheme], history: History) -> Payer:
        """A payer; the history is asked once."""
        documents = tuple({id(one): one for one in (*schemes.values(), *floors.values())}.values())
        return cls(schemes, panel_for(history, *documents), needs(*documents).leaves, floors)

    def paid(self, arm: str, panel: Panel | None = None) -> Floats:
        """Payouts of everybody under an arm's scheme, float64 [partners, months] in currency units."""
        scheme = self.schemes[arm]
        result = replay(scheme, panel or self.panel, baseline=self.floors.get(arm), detail=False)
        if result.panel.partner_ids != self.panel.partner_ids:
            raise InputError([Problem(f"arms.{arm}.scheme", "it pays parents for their members, so a member's cost is unknown.",
                                      "Draw whole groups, and use a scheme that pays members.")])  # fmt: skip
        return np.asarray(result.total.T / 10 ** decimals(self.panel.currency))

    def at_level(self, level: Floats) -> Panel:
        """The history with deals at other levels, which are changes of what is recorded, float64 [partners, months]."""
        return planted(self.panel, self.leaves, level, 1.0)


@dataclass(frozen=True, eq=False)
class Costs:
    """Incremental incentive cost of one arm, if all partners of the pilot were in it.

    All of them, whatever arm they were drawn into: where a few partners have most of what is sold, the arm's own have all
    of it or hardly any, by lot.

    Attributes:
        payer: Pays.
        arm: Name of the arm.
        control: Name of the control.
        prepared: The pilot.
        others: Relative effect that other arms had on their partners, float64 [partners of the pilot]; 0 for the rest.
        keep: Share of the control's payout that is kept for everybody; 0 without protection.
        planted: Lift that was planted, which the schemes must see; 0 without.
    """

    payer: Payer
    arm: str
    control: str
    prepared: Prepared
    others: Floats
    keep: float = 0.0
    planted: float = 0.0

    @property
    def _rows(self) -> Codes:
        assert self.prepared.trial.keys is not None
        return self.prepared.trial.keys

    @property
    def _months(self) -> slice:
        return slice(self.prepared.world.start, self.prepared.world.stop)

    def had(self, relative: float) -> Floats:
        """One plus the effect that each partner's own arm had, float64 [n, months of the pilot]."""
        trial = self.prepared.trial
        own = np.where(trial.arm == trial.arms.index(self.arm), relative, self.others)
        return np.asarray(1 + own[:, None] * self.prepared.in_arm[self._rows, self._months])

    def _paid(self, arm: str, factor: Floats) -> Floats:
        level = np.zeros((self.payer.panel.partners, self.payer.panel.months))
        rows, months = self._rows, self._months
        level[rows, months] = factor * (1 + self.planted * self.prepared.in_arm[rows, months]) - 1
        return self.payer.paid(arm, self.payer.at_level(level))[rows, months]

    def paid(self, relative: float) -> float:
        """What the arm's scheme pays if its effect on deals is `relative` and all have it; the floor included."""
        return float(self._own((1 + relative) / self.had(relative)).mean())

    def _own(self, factor: Floats) -> Floats:
        own = self._paid(self.arm, factor)
        if not self.keep:
            return own
        total = np.maximum(own.cumsum(axis=1), (self.keep * self._paid(self.control, factor)).cumsum(axis=1))
        return np.asarray(np.diff(total, axis=1, prepend=0.0))

    def without(self, relative: float) -> float:
        """What the control's scheme would have paid all without any effect, per partner and month."""
        return float(self._paid(self.control, 1 / self.had(relative)).mean())

    def incremental(self, relative: float) -> float:
        """Incentive cost of the arm, per partner and month, if its effect on deals is `relative`."""
        return self.paid(relative) - self.without(relative)


def ceiling(payer: Payer, pilot: Pilot, rows: Codes, arm: Codes, start: int) -> dict[str, float]:
    """What each arm would have paid above the control's scheme in the months before the pilot, for its own partners.

    Returns:
        Arm -> currency units for as many months as the pilot has (or as there are), without any effect.
    """
    assert pilot.dates is not None
    months = min(int(pilot.dates.months), start)
    window = slice(start - months, start)
    control = payer.paid(pilot.arms[0].name)[:, window]
    factor = int(pilot.dates.months) / months
    return {
        one.name: float((payer.paid(one.name)[:, window] - control)[rows[arm == place]].sum()) * factor
        for place, one in enumerate(pilot.arms) if place and one.name in payer.schemes
    }  # fmt: skip
