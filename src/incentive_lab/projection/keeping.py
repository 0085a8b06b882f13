"""Draws kept for the next scheme: what partners do does not depend on what they are paid, unless a response is supposed.

Amounts are whole numbers, so most blocks fit into 32 bits and lose nothing; another scheme in the same world is then paid
without drawing it anew, and gets the same to the cent.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field, replace
from typing import NamedTuple

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.projection.plan import ONE
from incentive_lab.projection.streams import Rows
from incentive_lab.projection.variates import jit
from incentive_lab.projection.world import Chunk, Drawn, Room, World

MEGABYTE = 1 << 20
MOST = 2.0**31
"""Whole numbers below it fit into 32 bits."""


MOST_COUNTED = 255
"""Counts up to it fit into 8 bits."""
PARTS = 10_000.0
"""Scores have few decimals: times this most are whole numbers."""


@jit
def kinds_of(values, kinds):  # type: ignore[no-untyped-def]
    """What each leaf of [leaves, numbers] fits into: 8 bits as a count (0), 32 bits (1) or neither (2)."""
    for leaf in range(len(values)):
        row, counts, whole = values[leaf], True, True
        for i in range(len(row)):
            whole &= (abs(row[i]) < MOST) & (np.floor(row[i]) == row[i])
        for i in range(len(row)):
            count = row[i] / ONE
            counts &= (count >= 0) & (count <= MOST_COUNTED) & (np.floor(count) == count)
        kinds[leaf] = 0 if counts else (1 if whole else 2)


@jit
def narrowed(values, factor, out):  # type: ignore[no-untyped-def]
    """Copy numbers times a factor into whole ones; whether they come back from them, over that factor, as they were."""
    same = True
    for i in range(len(values)):
        whole = np.floor(values[i] * factor + 0.5)
        fits = abs(whole) < MOST
        out[i] = whole if fits else 0.0
        same &= fits & (whole / factor == values[i])
    return same


def packed(drawn: Drawn) -> Drawn:
    """A copy of a block as it is kept: counts in 8 bits, other whole numbers in 32 where that loses nothing."""
    leaves, shape = len(drawn.values), drawn.values.shape[1:]
    flat, kinds = drawn.values.reshape(leaves, -1), np.empty(leaves, dtype=np.int64)
    kinds_of(flat, kinds)
    small, large = np.flatnonzero(kinds == 0), np.flatnonzero(kinds > 0)
    few = np.empty((len(small), *shape), dtype=np.uint8)
    values = np.empty((len(large), *shape), dtype=np.int32 if (kinds < 2).all() else np.float64)
    for row, leaf in enumerate(small):
        narrowed(flat[leaf], 1 / ONE, few[row].reshape(-1))
    for row, leaf in enumerate(large):
        values[row] = drawn.values[leaf]
    places = np.empty(leaves, dtype=np.int64)
    places[small], places[large] = -1 - np.arange(len(small)), np.arange(len(large))
    levels = np.empty(drawn.levels.shape, dtype=np.int32)
    exact = narrowed(drawn.levels.reshape(-1), PARTS, levels.reshape(-1))
    return replace(
        drawn, values=values, few=few, places=places, levels=levels if exact else drawn.levels.copy(),
        part=PARTS if exact else 1.0, begin=drawn.begin.copy(), end=drawn.end.copy(), items=drawn.items.copy(),
    )  # fmt: skip


def bytes_of(drawn: Drawn) -> int:
    """Memory that a block takes."""
    parts = drawn.values, drawn.few, drawn.levels, drawn.begin, drawn.end, drawn.items
    return int(sum(part.nbytes for part in parts))


class Shared(NamedTuple):
    """What a chunk tells whoever is paid: the factors of its world, how many join, and sums over all partners."""

    factors: Mapping[str, Floats]
    joiners: Rows
    sums: Mapping[str, Floats]


@dataclass(eq=False)
class Shelf:
    """What is kept of one world; it holds the model, so that its identity stays its own."""

    model: object
    bytes: int = 0
    blocks: dict[tuple[int, int, int, int], Drawn] = field(default_factory=dict)
    shared: dict[tuple[int, int, int], Shared] = field(default_factory=dict)


class Draws:
    """Drawn worlds, up to so much memory; the one that was asked for longest ago goes first.

    Args:
        most: Bytes. A world that would take more by itself is not kept.
    """

    def __init__(self, most: int = 256 * MEGABYTE) -> None:
        """Nothing is kept yet."""
        self.most, self.lock = most, threading.Lock()
        self.shelves: OrderedDict[Hashable, Shelf] = OrderedDict()

    @property
    def bytes(self) -> int:
        """Memory that is taken."""
        with self.lock:
            return sum(one.bytes for one in self.shelves.values())

    def shelf(self, world: World, scenarios: int) -> Shelf | None:
        """Where blocks of a world are kept; None where so many scenarios of it would not fit."""
        model = world.model
        counts = sum(
            1 for name in model.leaves if name in model.stream_of and model.streams[model.stream_of[name]].unit
        )
        each = 4 * (len(model.leaves) - counts + len(model.levels)) + counts
        if scenarios * model.panel.partners * (each * world.horizon + 16) > self.most:
            return None
        key = (
            id(model), world.assumptions.model_dump_json(), world.horizon, world.seed, world.settle,
            tuple(sorted(world.keep.items())), tuple(sorted(world.rewards.items())),
        )  # fmt: skip
        with self.lock:
            found = self.shelves.setdefault(key, Shelf(model))
            self.shelves.move_to_end(key)
            return found

    def put(self, shelf: Shelf, drawn: Drawn) -> bool:
        """Keep a block, and let go what was asked for longest ago until it fits; False where its world is too large."""
        copy, place = packed(drawn), (drawn.first, drawn.count, drawn.low, drawn.high)
        size = bytes_of(copy)
        with self.lock:
            if place in shelf.blocks:  # another run of the same world was there first
                return True
            if shelf.bytes + size > self.most:
                return False
            shelf.blocks[place] = copy
            shelf.bytes += size
            while sum(one.bytes for one in self.shelves.values()) > self.most and len(self.shelves) > 1:
                self.shelves.popitem(last=False)
            return True


class Source:
    """Where a run gets its blocks from: what is kept, else drawn and kept."""

    def __init__(self, world: World, scenarios: int, partners: int, draws: Draws | None) -> None:
        """A run of so many scenarios of a world in blocks of so many partners; without `draws` nothing is kept."""
        self.world, self.partners, self.draws = world, partners, draws
        self.held = None if draws is None else draws.shelf(world, scenarios)

    def chunk(self, first: int, count: int) -> Chunk:
        """What all partners share; of a chunk that is kept only its factors and joiners, since its blocks are there."""
        shared = None if self.held is None else self.held.shared.get((first, count, self.partners))
        if shared is not None:
            return Chunk(first, count, np.zeros((0, 0, 0, 0), dtype=np.float32), shared.factors, shared.joiners)
        return self.world.chunk(first, count)

    def told(self, chunk: Chunk) -> Mapping[str, Floats] | None:
        """The sums of a chunk that is kept."""
        shared = None if self.held is None else self.held.shared.get((chunk.first, chunk.count, self.partners))
        return None if shared is None else shared.sums

    def draw(self, chunk: Chunk, low: int, high: int, room: Room) -> Drawn:
        """See `World.draw`."""
        held, place = self.held, (chunk.first, chunk.count, low, high)
        if held is not None and (kept := held.blocks.get(place)) is not None:
            return kept
        drawn = self.world.draw(chunk, low, high, room)
        if held is not None and self.draws is not None and not self.draws.put(held, drawn):
            self.held = None
        return drawn

    def whole(self, chunk: Chunk, sums: Mapping[str, Floats]) -> None:
        """All blocks of a chunk were asked for: the next run needs nothing else of it."""
        if self.held is not None:
            self.held.shared[chunk.first, chunk.count, self.partners] = Shared(chunk.factors, chunk.joiners, sums)
