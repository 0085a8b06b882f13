"""Scenarios in chunks, spread over threads or a cluster and written to their own places, until there are enough of them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields
from typing import Any, Protocol

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.projection import drawing_once
from incentive_lab.projection.keeping import Draws, Source
from incentive_lab.projection.lanes import add_leaf, add_staying
from incentive_lab.projection.paying import Cost, Payer
from incentive_lab.projection.space import Space
from incentive_lab.projection.world import Room, World

LANES = 2048
"""Lanes of a block, partners times scenarios: few enough for its rows to stay in cache, enough that calls cost little."""
TOGETHER = 32_768
"""Lanes of a block that must hold all partners: about 30 scenarios of 1,000 partners, each drawn for all of them at a time."""
CHUNK = 256
"""Scenarios of a chunk at most: memory stays flat however many there are."""
BANDS = 500
"""Scenarios of which each partner's amount is kept, for bands by partner."""
FIRST_LOOK = 512
"""Scenarios after which a stop rule first looks; it looks again at each doubling."""
Progress = Callable[[int, int], None]
Span = tuple[int, int]
"""The first scenario of a chunk, and how many."""


class Cancelled(Exception):
    """The run was cancelled; nothing was kept of it."""


def looks(scenarios: int, enough: Enough | None) -> Iterator[int]:
    """Numbers of scenarios after which a run may end: these alone decide, so that threads do not.

    Example:
        >>> list(looks(3000, lambda drawn: False)), list(looks(3000, None))
        ([512, 1024, 2048, 3000], [3000])
    """
    look = FIRST_LOOK
    while enough is not None and look < scenarios:
        yield look
        look *= 2
    yield scenarios


@dataclass(frozen=True, eq=False)
class Drawn:
    """What came of a run, by scenario.

    Attributes:
        scenarios: How many there are.
        kept: By payer the arrays of `Cost`.
        revenue, margin: [scenarios, horizon]; margin is None where costs are unknown.
        factors: Stream -> [scenarios] mean level over the horizon.
        staying: [scenarios] partners known at the start that are there at the end.
    """

    scenarios: int
    kept: tuple[Mapping[str, Floats], ...]
    revenue: Floats
    margin: Floats | None
    factors: Mapping[str, Floats]
    staying: Floats


Enough = Callable[[Drawn], bool]
"""Whether what came of a run so far tells enough."""


@dataclass(frozen=True, eq=False)
class Piece:
    """What came of a chunk.

    Attributes:
        first: Its first scenario.
        costs: By payer.
        values: Name -> [scenarios, ...]: revenue, margin, staying, and the factors by their own names.
        factors: Names of the factors.
    """

    first: int
    costs: tuple[Cost, ...]
    values: Mapping[str, Floats]
    factors: tuple[str, ...]


class Desk:
    """The arrays that a thread draws and pays in."""

    def __init__(self, job: Job, draws: Draws | None = None) -> None:
        """Make room for the blocks of a job; those that `draws` keeps are not drawn anew."""
        self.room, self.space = Room(job.world.model, job.world.horizon, job.partners * job.size), Space()
        self.source = Source(job.world, job.scenarios, job.partners, draws)


@dataclass(frozen=True, eq=False)
class Job:
    """All that a chunk is worked out from, wherever that is.

    Attributes:
        payers: Who pays.
        world: What is drawn.
        scenarios: Of the whole run.
        size: Scenarios of a chunk.
        partners: Partners of a block.
    """

    payers: tuple[Payer, ...]
    world: World
    scenarios: int
    size: int
    partners: int

    def __reduce__(self) -> tuple[Any, ...]:
        """Elsewhere history is paid again: what payers laid out stays where it is."""
        one = self.payers[0]
        asked = tuple((payer.scheme, payer.floor, payer.starts is None) for payer in self.payers)
        return _again, (self.world, one.past, asked, self.scenarios, self.size, self.partners)

    @drawing_once()
    def piece(self, span: Span, desk: Desk, step: Callable[[float], None] | None = None,
              stopped: Callable[[], bool] | None = None) -> Piece | None:  # fmt: skip
        """Draw and pay one chunk.

        Args:
            span: Which scenarios.
            desk: See `Desk`; one for each thread.
            step: Told how many more scenarios are done, in parts.
            stopped: Whether to stop; then nothing comes back.
        """
        first, count = span
        world, model = self.world, self.world.model
        chunk, rows = desk.source.chunk(first, count), self.payers[0].panel.partners
        few = max(0, min(count, BANDS - first))
        paid = [payer.begun(count, few) for payer in self.payers]
        known = desk.source.told(chunk)
        sums = {"revenue": np.zeros((world.horizon, count)), "margin": np.zeros((world.horizon, count))}
        stay = np.zeros(count)
        if not any(payer.replayed for payer in self.payers):
            rows = min(rows, model.known + int(chunk.joiners.max()))  # behind them nobody joins in these scenarios
        for low in range(0, rows, self.partners):
            if stopped is not None and stopped():
                return None
            drawn = desk.source.draw(chunk, low, min(rows, low + self.partners), desk.room)
            if known is None:
                for leaf, total in sums.items():
                    if leaf in model.leaves:
                        add_leaf(drawn.leaf(model.leaves.index(leaf)), count, total)
                add_staying(drawn.end, low, model.known, count, world.horizon, stay)
            for payer, into in zip(self.payers, paid, strict=True):
                if payer.replayed:
                    payer.pay_together(drawn, into)
                else:
                    payer.add(drawn, into, desk.space)
            if step is not None:
                step(count * (drawn.high - low) / rows)
        costs = tuple(payer.cost(into) for payer, into in zip(self.payers, paid, strict=True))
        if known is None:
            known = {"revenue": sums["revenue"].T, "margin": sums["margin"].T, "staying": stay}
            desk.source.whole(chunk, known)
        return Piece(first, costs, {**chunk.factors, **known}, tuple(chunk.factors))


def _again(world: World, past: int, asked: Any, scenarios: int, size: int, partners: int) -> Job:
    payers: list[Payer] = []
    for scheme, floor, in_force in asked:
        panel = payers[0].panel if payers else None
        payers.append(
            Payer(scheme, world.model, world.horizon, baseline=floor, past=past, in_force=in_force, panel=panel)
        )
    return Job(tuple(payers), world, scenarios, size, partners)


class Threads:
    """The threads of this machine."""

    def __init__(self, number: int = 0, draws: Draws | None = None) -> None:
        """Use so many, 0 for one a processor, and the draws that are kept."""
        self.number, self.draws = number or max(1, os.cpu_count() or 1), draws

    def pieces(
        self, job: Job, spans: Iterable[Span], step: Callable[[float], None], cancel: threading.Event | None
    ) -> Iterator[Piece | None]:
        """What comes of chunks; after a cancellation what is left is None.

        Args:
            job: What they are worked out from.
            spans: Which chunks.
            step: Told how many more scenarios are done.
            cancel: Set to stop.
        """
        mine, stopped = threading.local(), None if cancel is None else cancel.is_set

        def one(span: Span) -> Piece | None:
            if not hasattr(mine, "desk"):
                mine.desk = Desk(job, self.draws)
            return job.piece(span, mine.desk, step, stopped)

        with ThreadPoolExecutor(self.number, "projection") as pool:
            yield from pool.map(one, spans)


class Workers(Protocol):
    """Who works chunks out: `Threads`, or a `Cluster`.

    Attributes:
        number: How many chunks they work on at a time.
    """

    number: int

    def pieces(
        self, job: Job, spans: Iterable[Span], step: Callable[[float], None], cancel: threading.Event | None
    ) -> Iterator[Piece | None]:
        """See `Threads.pieces`; in any order."""


class Chunks:
    """The chunks of a run, worked out by threads or a cluster and written to their own places."""

    def __init__(self, payers: list[Payer], scenarios: int, workers: Workers, cancel: threading.Event | None) -> None:
        self.payers, self.scenarios, self.workers, self.cancel = tuple(payers), scenarios, workers, cancel
        self.size = max(1, min(CHUNK, -(-scenarios // workers.number)))
        rows = payers[0].panel.partners
        # Schemes that pay partners together get all of them in one block, and few scenarios at a time.
        self.together = any(payer.together for payer in payers)
        if self.together:
            self.size = max(1, min(self.size, TOGETHER // rows))
        self.partners = rows if self.together else max(1, LANES // self.size)

    def run(self, world: World, progress: Progress | None, enough: Enough | None = None) -> Drawn:
        """Draw and pay all scenarios, or as many as are enough.

        Args:
            world: What is drawn.
            progress: Called with scenarios done and wanted.
            enough: Given what came of the scenarios so far, whether that tells enough.

        Raises:
            Cancelled: The run was cancelled.
            InputError: A cluster could not be reached, or is of no use.
        """
        n, done, lock = self.scenarios, 0.0, threading.Lock()
        job = Job(self.payers, world, n, self.size, self.partners)
        kept: list[dict[str, Floats]] = [{} for _ in self.payers]
        values: dict[str, Floats] = {}
        factors: tuple[str, ...] = ()

        def step(more: float) -> None:
            nonlocal done
            with lock:
                before, done = int(done + 1e-6), done + more
                if progress is not None and int(done + 1e-6) > before:
                    progress(min(n, int(done + 1e-6)), n)

        begin = 0
        for end in looks(n, enough):
            spans = [(first, min(self.size, end - first)) for first in range(begin, end, self.size)]
            for piece in self.workers.pieces(job, spans, step, self.cancel):
                if piece is None:
                    raise Cancelled()
                factors = piece.factors
                for name, found in piece.values.items():
                    _put(values, name, found, piece.first, n)
                for place, cost in enumerate(piece.costs):
                    for one in fields(cost):
                        many = min(BANDS, n) if one.name == "by_partner" else n
                        _put(kept[place], one.name, getattr(cost, one.name), piece.first, many)
            if self.cancel is not None and self.cancel.is_set():
                raise Cancelled()
            begin = end
            whole = {name: found[:begin] for name, found in values.items()}
            drawn = Drawn(
                begin, tuple({name: found[:begin] for name, found in one.items()} for one in kept), whole["revenue"],
                whole["margin"] if world.model.past.margin else None, {name: whole[name] for name in factors},
                whole["staying"],
            )  # fmt: skip
            if enough is not None and end < n and enough(drawn):
                break
        if progress is not None:
            progress(begin, begin)
        return drawn


def _put(kept: dict[str, Floats], name: str, values: Floats, first: int, scenarios: int) -> None:
    """Write what came of a chunk to its own place."""
    kept.setdefault(name, np.zeros((scenarios, *values.shape[1:])))
    kept[name][first : first + len(values)] = values
