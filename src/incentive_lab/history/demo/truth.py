"""The known truth behind a generated history, which its tables do not show."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np

from incentive_lab.history.demo import quarters
from incentive_lab.history.demo.activities import Activities, certified_from
from incentive_lab.history.demo.calibration import EFFECTS, SETTINGS, setting
from incentive_lab.history.demo.deals import Deals
from incentive_lab.history.demo.partners import NEVER, Traits
from incentive_lab.history.demo.plan import BLOCK, Ints, Plan
from incentive_lab.history.demo.writing import TRUTH

_FORMAT = 1
_DEALS_NAMED = 1_000  # pulled deals named one by one; beyond that they are only counted


class Truth:
    """Collects the truth block by block."""

    def __init__(self, plan: Plan) -> None:
        self.plan = plan
        self.revenue_cents = 0
        self.engagement: dict[str, float] = {}
        self.certified: dict[str, str] = {}
        self.fell_silent: dict[str, str] = {}
        self.inactive: list[str] = []
        self.renamed: list[dict[str, object]] = []
        self.flaws: dict[str, list[dict[str, object]]] = {"spikes": [], "below_cost": []}
        self.bunching_partners: list[str] = []
        self.pulled: list[str] = []
        self.pulled_count = 0
        self.exceptions: list[dict[str, object]] = []

    def partners(self, block: int, traits: Traits, activities: Activities) -> None:
        """Notes what is hidden about the partners of a block."""
        certified = certified_from(self.plan, activities)
        for place in range(self.plan.kept(block)):
            name = _partner(block, place)
            self.engagement[name] = round(float(traits.engagement[place]), 4)
            if not traits.active[place]:
                self.inactive.append(name)
            if certified[place] < self.plan.months:
                self.certified[name] = self._month(int(certified[place]))
            if traits.left[place] != NEVER and traits.left[place] < self.plan.months:
                self.fell_silent[name] = self._month(int(traits.left[place]))
            if traits.bunches[place] and traits.active[place]:
                self.bunching_partners.append(name)
            if traits.renamed[place] >= 0:
                old = _partner(block, int(traits.renamed[place]))
                since = self._month(int(traits.left[traits.renamed[place]]))
                self.renamed.append({"from": old, "to": name, "since": since})

    def deals(self, block: int, deals: Deals, moved: Ints, flaws: dict[str, list[dict[str, object]]]) -> None:
        """Notes revenue, planted flaws and the deals that were pulled forward."""
        self.revenue_cents += int(deals.amount[deals.status == 1].sum())
        for kind, found in flaws.items():
            self.flaws[kind] += found
        moved = moved[moved < len(deals.owner)]
        self.pulled_count += len(moved)
        room = max(0, _DEALS_NAMED - len(self.pulled))
        self.pulled += [
            f"{_partner(block, int(deals.owner[row])).replace('P', 'D')}-{int(deals.place[row]) + 1:04d}"
            for row in moved[:room]
        ]

    def payouts(self, block: int, payouts: quarters.Payouts) -> None:
        """Notes the payouts that differ from the commission."""
        for row in np.flatnonzero(payouts.reason >= 0):
            self.exceptions.append(
                {
                    "partner_id": _partner(block, int(payouts.partner[row])),
                    "period": self.plan.quarter_label(int(payouts.quarter[row])),
                    "due": int(payouts.due[row]) / 100,
                    "paid": int(payouts.paid[row]) / 100,
                    "reason": quarters.EXCEPTIONS[payouts.reason[row]],
                }
            )

    def _month(self, month: int) -> str:
        return str(np.datetime64("1970-01", "M") + self.plan.first + month)

    def document(self) -> dict[str, object]:
        """The truth as plain data."""
        plan = self.plan
        return {
            "format": _FORMAT,
            "generated": {
                "partners": plan.partners,
                "months": plan.months,
                "seed": plan.seed,
                "first_month": self._month(0),
                "deals_per_partner_month": plan.deals_per_partner_month,
            },
            "effects": {name: {"value": known.value, "source": known.source} for name, known in EFFECTS.items()},
            "effect_timing": {
                "certification": "from the month after the first certification, for good",
                "campaign": "in the two months after the month of the campaign",
            },
            "selection": {name: SETTINGS[name].value for name in ("engagement_size_correlation", "rate_by_engagement")},
            "engagement": self.engagement,
            "certification_shows_from": self.certified,
            "inactive": self.inactive,
            "fell_silent": self.fell_silent,
            "renamed": self.renamed,
            **self.flaws,
            "bunching": {"partners": self.bunching_partners, "deals": self.pulled_count, "deal_ids": self.pulled},
            "payouts": {
                "rule": quarters.RULE,
                "rate": setting("commission"),
                "on": "credited won revenue by the quarter in which it was recorded",
                "exceptions": self.exceptions,
            },
        }

    def write(self, directory: Path) -> Path:
        """Writes `truth.json`; returns its path."""
        path = directory / TRUTH
        path.write_text(json.dumps(self.document(), indent=1) + "\n", encoding="utf-8")
        return path


def _partner(block: int, place: int) -> str:
    return f"P{block * BLOCK + place + 1:06d}"
