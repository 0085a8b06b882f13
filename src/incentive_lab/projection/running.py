"""A projection: scenarios drawn in chunks, paid by the kernel under one or two schemes, added up."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property

import numpy as np

from incentive_lab.engine.periods import PERIOD_MONTHS
from incentive_lab.errors import InputError, Problem
from incentive_lab.money import decimals
from incentive_lab.panel import Floats
from incentive_lab.projection.assumptions import BASE, Assumptions
from incentive_lab.projection.chunks import Chunks, Drawn, Progress, Threads, Workers
from incentive_lab.projection.expecting import Shared, shared_part
from incentive_lab.projection.keeping import Draws
from incentive_lab.projection.model import Model, roomy
from incentive_lab.projection.paying import Payer, looked_at
from incentive_lab.projection.smoothing import told_quantile
from incentive_lab.projection.world import World
from incentive_lab.scheme.document import Scheme

MOST_SCENARIOS, MOST_MONTHS = 1_000_000, 60


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
        years: First month, from the horizon's on, of each programme year, and how many of its months `demand` holds.
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
    years: tuple[tuple[int, int], ...]

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
        notes: What was assumed, as sentences.
        world: What the scheme asked about was paid in.
        payer: Pays that scheme over another number of months.
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
    notes: tuple[str, ...]
    world: World
    payer: Callable[[int], Payer]

    @property
    def outcome(self) -> Outcome:
        """Of the scheme asked about."""
        return self.outcomes[0]

    @property
    def first_month(self) -> int:
        """Running number of the first month projected."""
        return self.model.panel.first_month + self.model.panel.months

    @cached_property
    def shared(self) -> Shared:
        """What all partners share in these scenarios and in many after them."""
        return shared_part(self.world, self.scenarios)

    @property
    def expected(self) -> Floats:
        """[scenarios] revenue that is expected given what all partners share, minor units."""
        return self.shared.expected[: self.scenarios]

    @property
    def minor(self) -> int:
        """Minor units in one unit of currency."""
        return int(10 ** decimals(self.model.panel.currency))


def project(
    model: Model, scheme: Scheme, *, against: Scheme | None = None, floor: Scheme | None = None,
    against_floor: Scheme | None = None, assumptions: Assumptions = BASE, horizon: int = 12, scenarios: int = 1000,
    seed: int = 7, threads: int = 0, progress: Progress | None = None, cancel: threading.Event | None = None,
    past: int | None = None, in_force: bool | None = None, sure: float | None = None, workers: Workers | None = None,
    draws: Draws | None = None,
) -> Projection:  # fmt: skip
    """Project what a scheme costs.

    Args:
        model: See `fit`.
        scheme: What is asked about.
        against: A second scheme in the same scenarios, and the one that rewards are compared with.
        floor, against_floor: What guarantees of the scheme compare with, and those of the second one (by default the same).
        assumptions: What is supposed beyond history.
        horizon: Months.
        scenarios: How many; a result does not depend on threads, and a longer run begins with the same scenarios.
        seed: Of every draw.
        threads: 0 for one a processor.
        progress: Called with scenarios done and wanted.
        cancel: Set it to stop.
        past: Months of history walked before the horizon; see `Payer`.
        in_force: Whether the schemes were in force before the horizon; see `Payer`.
        sure: Stop once the Monte Carlo standard error of the 95th percentile of what is owed is at most this share of it, as it
            is told of the world where nobody reacts; looked at after 512 scenarios and at each doubling, so that the same seed
            stops at the same number.
        workers: Who draws and pays chunks, such as a `Cluster`; threads of this machine without it. Changes no result.
        draws: Where drawn worlds are kept for the next scheme, on this machine's threads. Changes no result.

    Raises:
        InputError: A number of scenarios or months out of range, or an assumption about what no scheme looks at.
        Cancelled: `cancel` was set.
    """
    checked(scenarios, horizon, sure)
    began, model = time.monotonic(), roomy(model, horizon, float(assumptions.joining))
    schemes = [scheme] if against is None else [scheme, against]
    if past is None:
        past = min(model.panel.months, looked_at(*schemes, floor, against_floor))
    payers: list[Payer] = []
    for one in schemes:
        panel = payers[0].panel if payers else None
        beneath = against_floor if one is against and against_floor is not None else floor or against
        payers.append(Payer(one, model, horizon, baseline=beneath, past=past, in_force=in_force, panel=panel))
    keep: dict[str, int] = {}
    for payer in payers:
        keep |= {name: max(which, keep.get(name, 0)) for name, which in payer.items.items()}
    shift = (payers[0].shift + payers[0].past) % 12
    plain = World(model, assumptions.without_response, horizon, seed, keep, (PERIOD_MONTHS[scheme.settle], shift))
    responding = assumptions.responds
    workers = workers or Threads(threads, draws)
    runs = Chunks(payers, scenarios, workers, cancel)

    def again(months: int) -> Payer:
        return Payer(
            scheme, model, months, baseline=floor or against, past=payers[0].past, in_force=payers[0].starts is None
        )

    def made(told: Drawn, world: World, outcomes: tuple[Outcome, ...], still: Outcome) -> Projection:
        return Projection(model, assumptions, horizon, seed, told.scenarios, outcomes, still, told.revenue, told.margin,
                          told.factors, told.staying, time.monotonic() - began, model.notes, world, again)  # fmt: skip

    def enough(told: Drawn) -> bool:
        outcomes = _outcomes(payers, told)
        return sure is None or _sure(made(told, plain, outcomes, outcomes[0]), sure)

    looked = None if sure is None else enough
    if not responding:
        told = runs.run(plain, progress, looked)
        outcomes = _outcomes(payers, told)
        return made(told, plain, outcomes, outcomes[0])
    quiet = runs.run(plain, None if progress is None else lambda done, of: progress(done // 2, of), looked)
    still = _outcomes(payers, quiet)
    rewards = _rewards(model, payers, still) if against is not None else {}
    loud = replace(plain, assumptions=assumptions, rewards=rewards)
    louder = Chunks(payers, quiet.scenarios, workers, cancel)
    told = louder.run(loud, None if progress is None else lambda done, of: progress(of // 2 + done // 2, of))
    outcomes = _outcomes(payers, told)
    if against is not None:
        # Partners react to the new scheme; under the other one the world is as it would have been.
        outcomes = (outcomes[0], still[1])
    return made(told, loud, outcomes, still[0])


def _sure(told: Projection, share: float) -> bool:
    """Whether the 95th percentile of what is owed has a standard error of at most this share of it."""
    tail = told_quantile(told, told.outcome.asked if told.outcome.cut.any() else told.outcome.total, 0.95)
    return tail.error is not None and tail.error <= share * tail.value


def _outcomes(payers: list[Payer], told: Drawn) -> tuple[Outcome, ...]:
    return tuple(
        Outcome(payer.scheme, payer.line_ids, payer.tier_names, kept["monthly"], kept["by_rule"], kept["by_tier"],
                kept["by_segment"], kept["demand"], kept["higher"], kept["owed"], kept["capped"], kept["by_partner"],
                payer.counted)
        for payer, kept in zip(payers, told.kept, strict=True)
    )  # fmt: skip


def checked(scenarios: int, horizon: int, sure: float | None = None) -> None:
    """Whether numbers of a run are in range.

    Raises:
        InputError: With each that is not.
    """
    problems = []
    if sure is not None and not 0.0001 <= sure <= 0.5:
        problems.append(Problem("--sure", f"found {sure:g}, allowed are 0.0001 to 0.5.", "0.01 is one percent."))
    if not 1 <= scenarios <= MOST_SCENARIOS:
        problems.append(Problem("--scenarios", f"found {scenarios}, allowed are 1 to {MOST_SCENARIOS:,}.",
                                "10,000 give the mean to about 1 %."))  # fmt: skip
    if not 1 <= horizon <= MOST_MONTHS:
        problems.append(Problem("--months", f"found {horizon}, allowed are 1 to {MOST_MONTHS}."))
    if problems:
        raise InputError(problems)


def _rewards(model: Model, payers: list[Payer], outcomes: tuple[Outcome, ...]) -> dict[str, float]:
    """Stream -> what the first scheme pays for it against the second, in the world where nobody reacts."""
    paid = [dict.fromkeys(model.streams, 0.0) for _ in payers]
    for place, (payer, outcome) in enumerate(zip(payers, outcomes, strict=True)):
        for row, rule in enumerate(payer.scheme.rules):
            stream = model.stream_of.get(rule.on.measure or rule.on.excess_of or "")
            if stream is not None and not rule.non_cash:
                paid[place][stream] += float(outcome.by_rule[:, row].mean())
    return {name: paid[0][name] / paid[1][name] for name in model.streams if paid[0][name] > 0 and paid[1][name] > 0}
