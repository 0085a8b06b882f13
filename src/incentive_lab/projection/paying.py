"""Drawn scenarios paid by the one kernel: blocks whose lanes are (scenario, partner), after the months that happened."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from incentive_lab.engine.periods import PERIOD_MONTHS, year_shift
from incentive_lab.engine.program import BUDGET, SPECIAL_LINES
from incentive_lab.engine.programme import posting_months
from incentive_lab.engine.replay import compiled_parts, replay
from incentive_lab.errors import InputError, Problem
from incentive_lab.money import decimals
from incentive_lab.panel import Floats
from incentive_lab.projection.futures import scenario_panel, stretched
from incentive_lab.projection.laying import Laid, coupled
from incentive_lab.projection.model import Model
from incentive_lab.projection.world import Drawn
from incentive_lab.scheme.document import Scheme

LOOK_BACK = 24
"""Months of history before the horizon that the kernel walks: windows, tiers and last year look back at them."""


@dataclass(frozen=True, eq=False)
class Paid:
    """What a scheme pays in drawn scenarios; minor units.

    Attributes:
        monthly: [scenarios, horizon].
        by_rule: [scenarios, lines].
        by_tier: [scenarios, levels].
        by_segment: [scenarios, segments].
        by_partner: [scenarios, rows].
        demand: [scenarios, years] before the budget cut, by programme year that the horizon touches.
        higher: [scenarios] share of partners that end in a higher tier than they begin in.
    """

    monthly: Floats
    by_rule: Floats
    by_tier: Floats
    by_segment: Floats
    by_partner: Floats
    demand: Floats
    higher: Floats


class Payer:
    """Pays scenarios under one scheme; a scheme that couples partners is replayed scenario by scenario."""

    def __init__(self, scheme: Scheme, model: Model, horizon: int, *, baseline: Scheme | None = None,
                 past: int | None = None) -> None:  # fmt: skip
        """Lay out what does not depend on the scenario.

        Args:
            scheme: What pays.
            model: The fitted programme.
            horizon: Months to pay.
            baseline: What a guarantee compares with.
            past: Months of history walked before; by default at most `LOOK_BACK`.
        """
        if scheme.group is not None and scheme.group.pays == "parent":
            raise InputError([Problem("group.pays", "a scheme that pays parents cannot be projected yet",
                                      "Use `pays: member`.")])  # fmt: skip
        self.scheme, self.model, self.horizon = scheme, model, horizon
        self.past = min(model.panel.months, LOOK_BACK) if past is None else past
        self.months = self.past + horizon
        self.panel = stretched(model.panel, self.past, horizon)
        self.shift = year_shift(scheme, self.panel.first_month)
        self.floor = baseline if any(item.against == "baseline" for item in scheme.guarantees) else None
        plain = scheme if scheme.budget is None or scheme.budget.when_exceeded == "first_come" else scheme.model_copy(
            update={"budget": None})  # fmt: skip
        self.parts = compiled_parts(plain, self.panel)
        self.coupled = coupled(plain, self.parts)
        self.beneath: Payer | None = None
        if self.floor is not None and not self.coupled:
            bare = self.floor.model_copy(update={"guarantees": (), "budget": None})
            self.beneath = Payer(bare, model, horizon, past=self.past)
            self.coupled = self.beneath.coupled
        self.line_ids = (*(rule.id for rule in scheme.rules), *SPECIAL_LINES)
        self.tier_names = tuple(level.name for level in scheme.tiers.levels) if scheme.tiers else ("all",)
        self.years = self._years()
        # past rows of every leaf, as the kernel's lanes want them
        self.history = np.ascontiguousarray(
            np.stack([self.panel.columns[leaf][:, : self.past].T for leaf in model.leaves])
        )
        self.laid = [] if self.coupled else [Laid(self, compiled, part) for compiled, part in self.parts]

    @property
    def items(self) -> frozenset[str]:
        """Streams whose single deals this scheme needs."""
        deals = any(compiled.columns.deals for compiled, _ in self.parts)
        returns = any(compiled.columns.returns for compiled, _ in self.parts)
        names = frozenset(self.model.comebacks) if returns else frozenset()
        if deals or (self.scheme.budget and self.scheme.budget.when_exceeded == "first_come"):
            names |= {
                name for name, stream in self.model.streams.items() if len(stream.pool) and name.endswith("deals")
            }
        return names | (self.beneath.items if self.beneath else frozenset())

    def pay(self, drawn: Drawn) -> Paid:
        """Pay these scenarios."""
        if self.coupled:
            return self._one_by_one(drawn)
        detail, total, tiers = self.lanes(drawn)
        rows, count = self.panel.partners, drawn.count
        by_month = total.reshape(self.months, count, rows)
        lines = detail[:, self.past :].sum(axis=1).reshape(-1, count, rows).sum(axis=2)
        return self._summed(by_month, lines.T, tiers.reshape(self.months, count, rows), True)

    def lanes(self, drawn: Drawn) -> tuple[Floats, Floats, Any]:
        """Detail [lines, months, lanes], total and tiers [months, lanes] of scenarios whose lanes do not touch."""
        lanes = drawn.values.shape[2]
        floor = None if self.beneath is None else self.beneath.lanes(drawn)[1]
        detail = np.zeros((len(self.line_ids), self.months, lanes))
        total, tiers = np.zeros((self.months, lanes)), np.zeros((self.months, lanes), dtype=np.uint8)
        for laid in self.laid:
            which, result = laid.run(drawn, floor)
            tiers[:, which], total[:, which], detail[:, :, which] = result[0], result[1], result[4]
        return detail, total, tiers

    def _one_by_one(self, drawn: Drawn) -> Paid:
        rows = self.panel.partners
        total = np.zeros((self.months, drawn.count, rows))
        tiers = np.empty((self.months, drawn.count, rows), dtype=np.uint8)
        lines = np.empty((drawn.count, len(self.line_ids)))
        plain = self.parts_scheme
        for s in range(drawn.count):
            done = replay(plain, scenario_panel(self, drawn, s), baseline=self.floor, threads=False)
            total[:, s], tiers[:, s] = done.total, done.tiers
            lines[s] = done.detail[:, self.past :].sum(axis=(1, 2))
        return self._summed(total, lines, tiers, plain.budget is None)

    @property
    def parts_scheme(self) -> Scheme:
        """The scheme as the kernel is asked: without a budget that is cut afterwards."""
        budget = self.scheme.budget
        return self.scheme if budget is None or budget.when_exceeded == "first_come" else self.scheme.model_copy(
            update={"budget": None})  # fmt: skip

    def _years(self) -> list[tuple[int, int]]:
        """Months of each programme year that the horizon touches."""
        starts = [m for m in range(self.months) if m == 0 or (m + self.shift) % 12 == 0]
        ends = [*starts[1:], self.months]
        return [(a, b) for a, b in zip(starts, ends, strict=True) if b > self.past]

    def _summed(self, total: Floats, lines: Floats, tiers: Any, cut_here: bool) -> Paid:
        """Sums by month, tier, segment and partner; the programme budget is cut here unless the replay did it."""
        demand = np.stack([total[a:b].sum(axis=(0, 2)) for a, b in self.years], axis=1)
        if not cut_here:
            demand = demand - lines[:, [len(self.scheme.rules) + BUDGET]]
        cut = self._budget(total) if cut_here else None
        ahead, held = total[self.past :], tiers[self.past :]
        if cut is not None:
            before = ahead.sum(axis=2)
            after = before + cut[self.past :]
            lines = lines.copy()
            lines[:, len(self.scheme.rules) + BUDGET] = cut[self.past :].sum(axis=0)
            whole = np.maximum(before.sum(axis=0), 1.0)
            ahead = ahead * (after.sum(axis=0) / whole)[None, :, None]
            monthly = after.T
        else:
            monthly = ahead.sum(axis=2).T
        by_partner = ahead.sum(axis=0)
        by_tier = np.stack(
            [np.where(held == place, ahead, 0.0).sum(axis=(0, 2)) for place in range(len(self.tier_names))], 1
        )
        segments = np.stack([by_partner[:, self.model.segment == place].sum(axis=1)
                             for place in range(len(self.model.segments))], 1)  # fmt: skip
        start = tiers[self.past - 1] if self.past else tiers[0]
        known = slice(0, self.model.known)
        higher = (held[-1][:, known] > start[:, known]).mean(axis=1)
        return Paid(monthly, lines, by_tier, segments, by_partner, demand, higher)

    def _budget(self, total: Floats) -> Floats | None:
        """What the budget takes off the programme, [months, scenarios]; None without one that cuts."""
        budget = self.scheme.budget
        if budget is None or budget.when_exceeded != "prorate":
            return None
        amount = float(budget.amount * 10 ** decimals(self.scheme.currency))
        cut = np.zeros(total.shape[:2])
        left = np.full(total.shape[1], amount)
        for first, last in posting_months(PERIOD_MONTHS[self.scheme.settle], self.shift, self.months):
            if (first + self.shift) % 12 == 0:
                left[:] = amount
            due = np.maximum(total[first : last + 1].sum(axis=0), 0.0).sum(axis=1)
            kept = np.where(due > left, np.floor(np.minimum(due, left) + 1e-9), due)
            cut[last] = kept - due
            left -= kept
        return cut
