"""A projection: scenarios drawn in chunks, paid by the kernel under one or two schemes, added up."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, fields, replace

import numpy as np

from incentive_lab.engine.periods import PERIOD_MONTHS
from incentive_lab.errors import InputError, Problem
from incentive_lab.money import decimals
from incentive_lab.panel import Floats
from incentive_lab.projection.assumptions import BASE, Assumptions
from incentive_lab.projection.lanes import add_leaf, add_staying
from incentive_lab.projection.laying import Space
from incentive_lab.projection.model import Model
from incentive_lab.projection.paying import Cost, Payer
from incentive_lab.projection.world import Room, World
from incentive_lab.scheme.document import Scheme

LANES = 1024
"""Lanes of a block, partners times scenarios: its rows stay in cache."""
CHUNK = 256
"""Scenarios of a chunk at most: memory stays flat however many there are."""
MOST_SCENARIOS, MOST_MONTHS = 1_000_000, 60
BANDS = 500
"""Scenarios of which each partner's amount is kept, for bands by partner."""


class Cancelled(Exception):
    """The run was cancelled; nothing was kept of it."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """What a scheme costs in every scenario; minor units.

    Attributes:
        scheme: What paid.
        line_ids, tier_names: Names of lines and levels.
        monthly: [scenarios, horizon].
        by_rule, by_tier, by_segment: [scenarios, lines or levels or segments].
        demand: [scenarios, programme years] before the budget is cut.
        higher: [scenarios] share of partners that end in a higher tier than they begin in.
        owed: [scenarios, horizon] before the budget is cut.
        capped: [scenarios] what partner caps took off over the horizon.
        partners: [at most BANDS scenarios, partners] of those known.
    """

    scheme: Scheme
    line_ids: tuple[str, ...]
    tier_names: tuple[str, ...]
    monthly: Floats
    by_rule: Floats
    by_tier: Floats
    by_segment: Floats
    demand: Floats
    higher: Floats
    owed: Floats
    capped: Floats
    partners: Floats

    @property
    def total(self) -> Floats:
        """[scenarios] cost over the horizon."""
        return np.asarray(self.monthly.sum(axis=1))

    @property
    def asked(self) -> Floats:
        """[scenarios] owed over the horizon."""
        return np.asarray(self.owed.sum(axis=1))

    @property
    def cut(self) -> Floats:
        """[scenarios] what the budget takes off over the horizon; 0 where it takes less than a unit."""
        return np.where((off := self.asked - self.total) > 0.5, off, 0.0)


@dataclass(frozen=True, eq=False)
class Projection:
    """The scenarios of one world and what schemes cost in them.

    Attributes:
        model: The fitted programme.
        assumptions: What was supposed.
        horizon: Months; `first_month` is the running number of the first.
        seed, scenarios: Of the draws.
        outcomes: By scheme, the one asked about first.
        no_response: The first scheme's outcome where nobody reacts; itself where nothing was supposed.
        revenue, margin: [scenarios, horizon] of the programme, minor units; margin is None where costs are unknown.
        factors: Stream -> [scenarios] its mean level over the horizon.
        staying: [scenarios] partners known at the start that are there at the end.
        seconds: Wall time.
    """

    model: Model
    assumptions: Assumptions
    horizon: int
    seed: int
    scenarios: int
    outcomes: tuple[Outcome, ...]
    no_response: Outcome
    revenue: Floats
    margin: Floats | None
    factors: Mapping[str, Floats]
    staying: Floats
    seconds: float
    notes: tuple[str, ...] = field(default=())

    @property
    def outcome(self) -> Outcome:
        """Of the scheme asked about."""
        return self.outcomes[0]

    @property
    def first_month(self) -> int:
        """Running number of the first month projected."""
        return self.model.panel.first_month + self.model.panel.months

    @property
    def minor(self) -> int:
        """Minor units in one unit of currency."""
        return int(10 ** decimals(self.model.panel.currency))


Progress = Callable[[int, int], None]


def project(
    model: Model, scheme: Scheme, *, against: Scheme | None = None, floor: Scheme | None = None,
    assumptions: Assumptions = BASE, horizon: int = 12, scenarios: int = 1000, seed: int = 7, threads: int = 0,
    progress: Progress | None = None, cancel: threading.Event | None = None, past: int | None = None,
    in_force: bool | None = None,
) -> Projection:  # fmt: skip
    """Project what a scheme costs.

    Args:
        model: See `fit`.
        scheme: What is asked about.
        against: A second scheme in the same scenarios, and the one that rewards are compared with.
        floor: What a guarantee compares with.
        assumptions: What is supposed beyond history.
        horizon: Months.
        scenarios: How many; a result does not depend on threads, and a longer run begins with the same scenarios.
        seed: Of every draw.
        threads: 0 for one a processor.
        progress: Called with scenarios done and wanted.
        cancel: Set it to stop.
        past: Months of history walked before the horizon; see `Payer`.
        in_force: Whether the schemes were in force before the horizon; see `Payer`.

    Raises:
        InputError: A number of scenarios or months out of range, or an assumption about what no scheme looks at.
        Cancelled: `cancel` was set.
    """
    _checked(scenarios, horizon)
    began = time.monotonic()
    schemes = [scheme] if against is None else [scheme, against]
    payers: list[Payer] = []
    for one in schemes:
        panel = payers[0].panel if payers else None
        payers.append(Payer(one, model, horizon, baseline=floor or against, past=past, in_force=in_force, panel=panel))
    keep: dict[str, int] = {}
    for payer in payers:
        keep |= {name: max(which, keep.get(name, 0)) for name, which in payer.items.items()}
    shift = (payers[0].shift + payers[0].past) % 12
    plain = World(model, assumptions.without_response, horizon, seed, keep, (PERIOD_MONTHS[scheme.settle], shift))
    responding = assumptions.responds
    runs = _Runs(payers, scenarios, threads, cancel)
    if not responding:
        told = runs.run(plain, progress)
        outcomes, no_response = told.outcomes, told.outcomes[0]
    else:
        quiet = runs.run(plain, None if progress is None else lambda done, of: progress(done // 2, of))
        rewards = _rewards(model, payers, quiet.outcomes) if against is not None else {}
        loud = replace(plain, assumptions=assumptions, rewards=rewards)
        told = runs.run(loud, None if progress is None else lambda done, of: progress(of // 2 + done // 2, of))
        outcomes, no_response = told.outcomes, quiet.outcomes[0]
        if against is not None:
            # Partners react to the new scheme; under the other one the world is as it would have been.
            outcomes = (outcomes[0], quiet.outcomes[1])
    return Projection(model, assumptions, horizon, seed, scenarios, outcomes, no_response, told.revenue, told.margin,
                      told.factors, told.staying, time.monotonic() - began, model.notes)  # fmt: skip


def _checked(scenarios: int, horizon: int) -> None:
    problems = []
    if not 1 <= scenarios <= MOST_SCENARIOS:
        problems.append(Problem("--scenarios", f"found {scenarios}, allowed are 1 to {MOST_SCENARIOS:,}.",
                                "10,000 give the mean to about 1 %."))  # fmt: skip
    if not 1 <= horizon <= MOST_MONTHS:
        problems.append(Problem("--months", f"found {horizon}, allowed are 1 to {MOST_MONTHS}."))
    if problems:
        raise InputError(problems)


@dataclass(frozen=True, eq=False)
class _Told:
    outcomes: tuple[Outcome, ...]
    revenue: Floats
    margin: Floats | None
    factors: Mapping[str, Floats]
    staying: Floats


class _Runs:
    """The chunks of a run, spread over threads and written to their own places."""

    def __init__(self, payers: list[Payer], scenarios: int, threads: int, cancel: threading.Event | None) -> None:
        self.payers, self.scenarios, self.cancel = payers, scenarios, cancel
        self.threads = threads or max(1, os.cpu_count() or 1)
        self.size = max(1, min(CHUNK, -(-scenarios // self.threads)))
        self.rows = payers[0].panel.partners
        # Schemes that pay partners together get all of them in one block, and few scenarios at a time.
        self.together = any(payer.coupled for payer in payers)
        if self.together:
            self.size = max(1, min(self.size, 4 * LANES // self.rows))
        self.partners = self.rows if self.together else max(1, LANES // self.size)

    def run(self, world: World, progress: Progress | None) -> _Told:
        model, n = world.model, self.scenarios
        kept: list[dict[str, Floats]] = [{} for _ in self.payers]
        revenue, margin = np.zeros((n, world.horizon)), np.zeros((n, world.horizon))
        factors: dict[str, Floats] = {name: np.zeros(n) for name, one in model.streams.items() if one.count}
        staying = np.zeros(n)
        done, lock, mine = 0.0, threading.Lock(), threading.local()

        def one(first: int) -> None:
            nonlocal done
            count = min(self.size, n - first)
            if not hasattr(mine, "room"):
                mine.room, mine.space = Room(model, world.horizon, self.partners * self.size), Space()
            chunk = world.chunk(first, count)
            few = max(0, min(count, BANDS - first))
            paid = [payer.begun(count, few) for payer in self.payers]
            sums = {"revenue": np.zeros((world.horizon, count)), "margin": np.zeros((world.horizon, count))}
            stay = np.zeros(count)
            for low in range(0, self.rows, self.partners):
                if self.cancel is not None and self.cancel.is_set():
                    return
                drawn = world.draw(chunk, low, min(self.rows, low + self.partners), mine.room)
                for leaf, total in sums.items():
                    if leaf in model.leaves:
                        add_leaf(drawn.values[model.leaves.index(leaf)], count, total)
                add_staying(drawn.end, low, model.known, count, world.horizon, stay)
                for payer, into in zip(self.payers, paid, strict=True):
                    if payer.coupled:
                        payer.pay_together(drawn, into)
                    else:
                        payer.add(drawn, into, mine.space)
                with lock:
                    before, done = int(done), done + count * (drawn.high - low) / self.rows
                    if progress is not None and int(done) > before:
                        progress(min(n, int(done)), n)
            where = slice(first, first + count)
            revenue[where], margin[where], staying[where] = sums["revenue"].T, sums["margin"].T, stay
            for name, values in chunk.factors.items():
                factors[name][where] = values
            with lock:
                for place, payer in enumerate(self.payers):
                    _put(kept[place], payer.cost(paid[place]), where, n)

        with ThreadPoolExecutor(self.threads, "projection") as pool:
            for _ in pool.map(one, range(0, n, self.size)):
                pass
        if self.cancel is not None and self.cancel.is_set():
            raise Cancelled()
        if progress is not None:
            progress(n, n)
        outcomes = tuple(
            Outcome(payer.scheme, payer.line_ids, payer.tier_names, kept[place]["monthly"], kept[place]["by_rule"],
                    kept[place]["by_tier"], kept[place]["by_segment"], kept[place]["demand"], kept[place]["higher"],
                    kept[place]["owed"], kept[place]["capped"], kept[place]["by_partner"])
            for place, payer in enumerate(self.payers)
        )  # fmt: skip
        return _Told(outcomes, revenue, margin if model.past.margin else None, factors, staying)


def _put(kept: dict[str, Floats], cost: Cost, where: slice, scenarios: int) -> None:
    for one in fields(cost):
        values = getattr(cost, one.name)
        many = min(BANDS, scenarios) if one.name == "by_partner" else scenarios
        kept.setdefault(one.name, np.zeros((many, *values.shape[1:])))
        kept[one.name][where.start : where.start + len(values)] = values


def _rewards(model: Model, payers: list[Payer], outcomes: tuple[Outcome, ...]) -> dict[str, float]:
    """Stream -> what the first scheme pays for it against the second, in the world where nobody reacts."""
    paid = [dict.fromkeys(model.streams, 0.0) for _ in payers]
    for place, (payer, outcome) in enumerate(zip(payers, outcomes, strict=True)):
        for row, rule in enumerate(payer.scheme.rules):
            stream = model.stream_of.get(rule.on.measure or rule.on.excess_of or "")
            if stream is not None and not rule.non_cash:
                paid[place][stream] += float(outcome.by_rule[:, row].mean())
    return {name: paid[0][name] / paid[1][name] for name in model.streams if paid[0][name] > 0 and paid[1][name] > 0}
