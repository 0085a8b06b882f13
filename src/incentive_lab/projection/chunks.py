"""Scenarios in chunks, spread over threads and written to their own places, until there are enough of them."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, fields

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.projection.lanes import add_leaf, add_staying
from incentive_lab.projection.laying import Space
from incentive_lab.projection.paying import Cost, Payer
from incentive_lab.projection.world import Room, World

LANES = 512
"""Lanes of a block, partners times scenarios: its rows stay in cache."""
CHUNK = 256
"""Scenarios of a chunk at most: memory stays flat however many there are."""
BANDS = 500
"""Scenarios of which each partner's amount is kept, for bands by partner."""
FIRST_LOOK = 512
"""Scenarios after which a stop rule first looks; it looks again at each doubling."""
Progress = Callable[[int, int], None]
Enough = Callable[[Floats], bool]


class Cancelled(Exception):
    """The run was cancelled; nothing was kept of it."""


def looks(scenarios: int, enough: Enough | None) -> Iterator[int]:
    """Numbers of scenarios after which a run may end: these alone decide, so that threads do not.

    Example:
        >>> list(looks(3000, lambda total: False)), list(looks(3000, None))
        ([512, 1024, 2048, 3000], [3000])
    """
    look = FIRST_LOOK
    while enough is not None and look < scenarios:
        yield look
        look *= 2
    yield scenarios


@dataclass(frozen=True, eq=False)
class Drawn:
    """What came out of the scenarios of a world.

    Attributes:
        scenarios: How many were drawn.
        kept: For each payer, the fields of its `Cost` by name, scenarios first.
        revenue, margin: [scenarios, horizon]; margin is None where costs are unknown.
        factors: Stream -> [scenarios] its mean level.
        staying: [scenarios] partners that are there at the end.
    """

    scenarios: int
    kept: tuple[Mapping[str, Floats], ...]
    revenue: Floats
    margin: Floats | None
    factors: Mapping[str, Floats]
    staying: Floats


class Chunks:
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

    def run(self, world: World, progress: Progress | None, enough: Enough | None = None) -> Drawn:
        """Draw and pay all scenarios, or as many as are enough.

        Args:
            world: What is drawn.
            progress: Called with scenarios done and wanted.
            enough: Given the first payer's total by scenario so far, whether that tells enough.

        Raises:
            Cancelled: The run was cancelled.
        """
        model, n = world.model, self.scenarios
        kept: list[dict[str, Floats]] = [{} for _ in self.payers]
        revenue, margin = np.zeros((n, world.horizon)), np.zeros((n, world.horizon))
        factors: dict[str, Floats] = {}
        staying = np.zeros(n)
        done, lock, mine = 0.0, threading.Lock(), threading.local()

        def one(first: int, end: int) -> None:
            nonlocal done
            count = min(self.size, end - first)
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
            with lock:
                for name, values in chunk.factors.items():
                    factors.setdefault(name, np.zeros(n))[where] = values
                for place, payer in enumerate(self.payers):
                    _put(kept[place], payer.cost(paid[place]), where, n)

        begin = 0
        with ThreadPoolExecutor(self.threads, "projection") as pool:
            for end in looks(n, enough):
                for _ in pool.map(lambda first, end=end: one(first, end), range(begin, end, self.size)):
                    pass
                if self.cancel is not None and self.cancel.is_set():
                    raise Cancelled()
                begin = end
                if enough is not None and enough(kept[0]["monthly"][:end].sum(axis=1)):
                    break
        if progress is not None:
            progress(begin, begin)
        short = [{name: values[:begin] for name, values in one.items()} for one in kept]
        return Drawn(begin, tuple(short), revenue[:begin], margin[:begin] if model.past.margin else None,
                     {name: values[:begin] for name, values in factors.items()}, staying[:begin])  # fmt: skip


def _put(kept: dict[str, Floats], cost: Cost, where: slice, scenarios: int) -> None:
    for one in fields(cost):
        values = getattr(cost, one.name)
        many = min(BANDS, scenarios) if one.name == "by_partner" else scenarios
        kept.setdefault(one.name, np.zeros((many, *values.shape[1:])))
        kept[one.name][where.start : where.start + len(values)] = values
