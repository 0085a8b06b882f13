"""Drawn scenarios paid by the one kernel: history once, then lanes of (partner, scenario) from the horizon on."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from incentive_lab.engine.periods import PERIOD_MONTHS, year_shift
from incentive_lab.engine.program import BUDGET, CAP, SPECIAL_LINES
from incentive_lab.engine.programme import posting_months
from incentive_lab.engine.replay import compiled_parts, replay
from incentive_lab.engine.rollup import payees, rolled_up
from incentive_lab.money import decimals
from incentive_lab.panel import Floats, Panel, month_index
from incentive_lab.projection.futures import scenario_panel, stretched
from incentive_lab.projection.laying import Laid, replayed, together
from incentive_lab.projection.model import Model
from incentive_lab.projection.plan import EMIT_ALL, EMIT_RETURNED
from incentive_lab.projection.reading import first_open
from incentive_lab.projection.sharing import Contests
from incentive_lab.projection.space import Space
from incentive_lab.projection.spans import Paid
from incentive_lab.projection.streams import Rows
from incentive_lab.projection.world import Drawn
from incentive_lab.scheme.compared import look_back
from incentive_lab.scheme.document import Scheme

LOOK_BACK = 24
"""Months of history before the horizon that the kernel walks: windows, tiers and last year look back at them.

A scheme that compares with the average of many periods walks as many more.
"""


@dataclass(frozen=True, eq=False)
class Cost:
    """What a scheme costs in some scenarios once the budget is cut; minor units, scenarios first.

    Attributes:
        monthly: [scenarios, horizon].
        by_rule, by_tier, by_segment: [scenarios, lines or levels or segments].
        by_partner: [scenarios kept, partners of history].
        demand: [scenarios, years] before the budget cut, by programme year that the horizon touches.
        higher: [scenarios] share of partners that end in a higher tier than they begin in.
        owed: [scenarios, horizon] before the budget cut.
        capped: [scenarios] what partner caps took off over the horizon.
    """

    monthly: Floats
    by_rule: Floats
    by_tier: Floats
    by_segment: Floats
    by_partner: Floats
    demand: Floats
    higher: Floats
    owed: Floats
    capped: Floats


def looked_at(*schemes: Scheme | None) -> int:
    """Months of history before the horizon that these schemes look at.

    Example:
        >>> looked_at(None) == LOOK_BACK
        True
    """
    return max(LOOK_BACK, *(look_back(scheme) + 12 for scheme in schemes if scheme is not None), 0)


class Payer:
    """Pays scenarios under one scheme.

    Attributes:
        together: Whether a block must hold all partners.
        replayed: Whether scenarios are replayed one by one, which takes longest.
    """

    def __init__(self, scheme: Scheme, model: Model, horizon: int, *, baseline: Scheme | None = None,
                 past: int | None = None, in_force: bool | None = None, begin: int | None = None,
                 panel: Panel | None = None) -> None:  # fmt: skip
        """Pay history, and lay out what does not depend on the scenario.

        Args:
            scheme: What pays.
            model: The fitted programme.
            horizon: Months to pay.
            baseline: What a guarantee compares with.
            past: Months of history walked before; by default at most `LOOK_BACK`, or as many as the scheme looks at.
            in_force: Whether guarantees and draws count by programme year, as in replay; otherwise they begin with the
                first month projected. By default whether the scheme is effective before that month.
            begin: Pay scenarios from this month on at the latest.
            panel: History with room for the horizon, if it is there already.
        """
        self.scheme, self.model, self.horizon = scheme, model, horizon
        self.past = min(model.panel.months, looked_at(scheme, baseline)) if past is None else past
        self.months = self.past + horizon
        self.panel = stretched(model.panel, self.past, horizon) if panel is None else panel
        self.parents = payees(scheme, self.panel)
        if self.parents is not None:
            rolled_up(scheme, self.panel)  # says what it cannot do before anything is drawn
        self.shift = year_shift(scheme, self.panel.first_month)
        if in_force is None:
            effective = month_index(int(scheme.effective.from_[:4]), int(scheme.effective.from_[5:7]))
            in_force = effective < self.panel.first_month + self.past
        self.starts = None if in_force else self.past
        self.floor = baseline if any(item.against == "baseline" for item in scheme.guarantees) else None
        self.plain = scheme if scheme.budget is None or scheme.budget.when_exceeded == "first_come" else scheme.model_copy(
            update={"budget": None})  # fmt: skip
        self.parts = compiled_parts(self.plain, self.panel, self.starts)
        self.replayed, self.together = replayed(self.plain), together(self.parts, self.plain)
        # Months of history that no scenario changes are paid once, before `opens`; where rules pay deal by deal, all of history
        # is paid again, since a deal's limits and returns look back at deals.
        self.opens = min(self.past if begin is None else begin, first_open(scheme, self.past, self.shift))
        self.begin = 0 if any(compiled.columns.deals for compiled, _ in self.parts) else self.opens
        self.beneath: Payer | None = None
        if self.floor is not None and not self.replayed:
            bare = self.floor.model_copy(update={"guarantees": (), "budget": None})
            self.opens = min(self.opens, first_open(bare, self.past, year_shift(bare, self.panel.first_month)))
            self.beneath = Payer(bare, model, horizon, past=self.past, in_force=True, begin=min(self.begin, self.opens),
                                 panel=self.panel)  # fmt: skip
            self.begin = self.beneath.begin
            self.replayed, self.together = self.beneath.replayed, self.together or self.beneath.together
        self.together = self.together or self.replayed
        self.line_ids = (*(rule.id for rule in scheme.rules), *SPECIAL_LINES)
        self.tier_names = tuple(level.name for level in scheme.tiers.levels) if scheme.tiers else ("all",)
        self.years = self._years()
        self.settlements = np.array(posting_months(PERIOD_MONTHS[scheme.settle], self.shift, self.months)
                                    if self._cuts else [], dtype=np.int64).reshape(-1, 2)  # fmt: skip
        self.earlier = np.zeros((self.past, self.panel.partners))
        self.start_tier = np.zeros(self.panel.partners, dtype=np.int64)
        self.contests = Contests(self)
        self.laid: list[Laid] = [] if self.replayed else self._laid()

    def _laid(self) -> list[Laid]:
        """The scheme and its variants, each paid up to the horizon."""
        floor = None
        if self.beneath is not None:
            floor = np.vstack([self.beneath.earlier, np.zeros((self.horizon, self.panel.partners))])
        made = [Laid(self, compiled, part, floor) for compiled, part in self.parts]
        for laid in made:
            self.earlier[:, laid.partners] = laid.total
            self.start_tier[laid.partners] = laid.start_tier
        return made

    @property
    def _cuts(self) -> bool:
        budget = self.scheme.budget
        return budget is not None and budget.when_exceeded == "prorate"

    @property
    def items(self) -> dict[str, int]:
        """Streams whose single deals this scheme needs, and which of them."""
        needed: dict[str, int] = {}
        if any(compiled.columns.returns for compiled, _ in self.parts):
            needed = dict.fromkeys(self.model.comebacks, EMIT_RETURNED)
        deals = any(compiled.columns.deals for compiled, _ in self.parts)
        if deals or (self.scheme.budget and self.scheme.budget.when_exceeded == "first_come"):
            needed |= {
                name: EMIT_ALL
                for name, stream in self.model.streams.items()
                if len(stream.pool) and name.endswith("deals")
            }
        for name, which in (self.beneath.items if self.beneath else {}).items():
            needed[name] = max(which, needed.get(name, 0))
        return needed

    @property
    def payees(self) -> int:
        """How many of history are paid: its partners, or the parents of their groups."""
        return self.model.known if self.parents is None else int((self.parents.head < self.model.known).sum())

    def begun(self, count: int, kept: int) -> Paid:
        """Sums of `count` scenarios before anybody is paid; amounts by partner are kept for the first `kept`."""
        lines, levels = len(self.line_ids), len(self.tier_names)
        paid = Paid(
            np.zeros((self.months, count)), np.zeros((lines, count)), np.zeros((levels, count)),
            np.zeros((len(self.model.segments), count)), np.zeros(count), np.zeros((len(self.settlements), count)),
            np.zeros((self.horizon, count)), np.zeros((self.model.known, kept)),
        )  # fmt: skip
        if not self.replayed:
            paid.monthly[: self.begin] = self.earlier[: self.begin].sum(axis=1)[:, None]
            for place, (first, last) in enumerate(self.settlements):
                if last < self.begin:
                    paid.due[place] = np.maximum(self.earlier[first : last + 1].sum(axis=0), 0.0).sum()
        return paid

    def add(self, drawn: Drawn, paid: Paid, room: Space) -> None:
        """Pay a block of partners, all of them if they are paid `together`, in its scenarios and add it up."""
        prizes = self.contests.prizes(drawn)
        floor = None if self.beneath is None else self.beneath._totals(drawn, room)
        for laid in self.laid:
            mine = laid.places(drawn)[1]
            beneath = floor
            if floor is not None and len(mine) < drawn.high - drawn.low:
                beneath = np.ascontiguousarray(floor[:, _lanes(mine, drawn.count)])
            laid.pay(drawn, beneath, prizes, room, paid, None)

    def _totals(self, drawn: Drawn, room: Space) -> Floats:
        """[months, lanes of the block] cents, from `begin` on."""
        total, prizes = np.zeros((self.months, len(drawn.begin))), self.contests.prizes(drawn)
        nothing = self.begun(drawn.count, 0)
        for laid in self.laid:
            mine = laid.places(drawn)[1]
            whole = len(mine) == drawn.high - drawn.low
            out = total if whole else np.zeros((self.months, len(mine) * drawn.count))
            laid.pay(drawn, None, prizes, room, nothing, out)
            if not whole:
                total[:, _lanes(mine, drawn.count)] = out
        return total

    def pay_together(self, drawn: Drawn, paid: Paid) -> None:
        """Pay all partners of each scenario by a replay of what was drawn."""
        known, count = self.model.known, drawn.count
        # What a parent is paid stands in its own row, or in that of its first member.
        rows = np.arange(self.panel.partners) if self.parents is None else self.parents.head
        old = rows < known
        # All futures have the same partners in the same groups, so the scheme is compiled once for them.
        paid_panel = self.panel if self.parents is None else rolled_up(self.plain, self.panel)
        compiled = self.parts if self.parents is None else compiled_parts(self.plain, paid_panel, self.starts)
        for s in range(count):
            done = replay(
                self.plain,
                scenario_panel(self, drawn, s),
                baseline=self.floor,
                threads=False,
                starts=self.starts,
                compiled=compiled,
            )
            ahead, held = done.total[self.past :], done.tiers[self.past :]
            by_partner = ahead.sum(axis=0)
            paid.monthly[:, s] = done.total.sum(axis=1)
            paid.lines[:, s] = done.detail[:, self.past :].sum(axis=(1, 2))
            paid.taken[:, s] = done.detail[len(self.scheme.rules) + BUDGET, self.past :].sum(axis=1)
            paid.by_tier[:, s] = [np.where(held == place, ahead, 0.0).sum() for place in range(len(self.tier_names))]
            paid.by_segment[:, s] = np.bincount(self.model.segment[rows], by_partner, len(self.model.segments))
            start = done.tiers[self.past - 1] if self.past else done.tiers[0]
            paid.higher[s] = (held[-1][old] > start[old]).sum()
            for place, (first, last) in enumerate(self.settlements):
                paid.due[place, s] = np.maximum(done.total[first : last + 1].sum(axis=0), 0.0).sum()
            if s < paid.partners.shape[1]:
                paid.partners[rows[old], s] = by_partner[old]

    def _years(self) -> list[tuple[int, int]]:
        """Months of each programme year that the horizon touches."""
        starts = [m for m in range(self.months) if m == 0 or (m + self.shift) % 12 == 0]
        ends = [*starts[1:], self.months]
        return [(a, b) for a, b in zip(starts, ends, strict=True) if b > self.past]

    @property
    def counted(self) -> tuple[tuple[int, int], ...]:
        """Each programme year's first month, from the horizon's on, and how many of its months are held against the budget."""
        first = 0 if self.starts is None else self.past
        return tuple((a - (a + self.shift) % 12 - self.past, b - max(a, first)) for a, b in self.years)

    def cost(self, paid: Paid) -> Cost:
        """What was paid, after the programme budget is cut as far as the replay has not done that."""
        budget_row = len(self.scheme.rules) + BUDGET
        demand = np.stack([paid.monthly[a:b].sum(axis=0) for a, b in self.years], axis=1)
        ahead, lines = paid.monthly[self.past :], paid.lines
        owed, share = ahead - paid.taken, np.ones(paid.monthly.shape[1])
        if not self._cuts:
            demand = demand - lines[budget_row][:, None]
        else:
            cut = self._budget(paid.due)[self.past :]
            lines = lines.copy()
            lines[budget_row] = cut.sum(axis=0)
            after = ahead + cut
            # The cut is spread over whoever is paid in the horizon, in proportion.
            share = after.sum(axis=0) / np.maximum(ahead.sum(axis=0), 1.0)
            ahead = after
        capped = -lines[len(self.scheme.rules) + CAP]
        kept = paid.partners.shape[1]
        return Cost(
            ahead.T, lines.T, (paid.by_tier * share).T, (paid.by_segment * share).T, (paid.partners * share[:kept]).T, demand,
            paid.higher / max(1, self.payees), owed.T, capped,
        )  # fmt: skip

    def _budget(self, due: Floats) -> Floats:
        """What the budget takes off the programme, [months, scenarios]."""
        assert self.scheme.budget is not None
        amount = float(self.scheme.budget.amount * 10 ** decimals(self.scheme.currency))
        cut, left = np.zeros((self.months, due.shape[1])), np.full(due.shape[1], amount)
        for place, (first, last) in enumerate(self.settlements):
            if (first + self.shift) % 12 == 0:
                left[:] = amount
            kept = np.where(due[place] > left, np.floor(np.minimum(due[place], left) + 1e-9), due[place])
            cut[last] = kept - due[place]
            left -= kept
        return cut


def _lanes(places: Rows, count: int) -> Rows:
    """Lanes of partners at these places of a block."""
    return (places[:, None] * count + np.arange(count)[None, :]).reshape(-1)
