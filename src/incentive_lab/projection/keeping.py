"""Draws kept for the next scheme: what partners do does not depend on what they are paid, unless a response is supposed.

Amounts are whole numbers, so most blocks fit into 32 bits and lose nothing; another scheme in the same world is then paid
without drawing it anew, and gets the same to the cent.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.projection.streams import Rows
from incentive_lab.projection.variates import jit
from incentive_lab.projection.world import Chunk, Drawn, Room, World

MEGABYTE = 1 << 20
MOST = 2.0**31
"""Whole numbers below it fit into 32 bits."""


@jit
def narrow(values, out):  # type: ignore[no-untyped-def]
    """Copy whole numbers into 32 bits; whether all of them fit."""
    fits = True
    for i in range(len(values)):
        fits &= (abs(values[i]) < MOST) & (np.floor(values[i]) == values[i])
        out[i] = np.int32(values[i])
    return fits


@dataclass(frozen=True, eq=False)
class Packed:
    """A drawn block as it is kept: `values` in 32 bits where that loses nothing."""

    values: Any
    levels: Floats
    begin: Rows
    end: Rows
    items: Rows
    price: float

    @classmethod
    def of(cls, drawn: Drawn) -> Packed:
        """Copies of what lies in a thread's room."""
        flat = drawn.values.reshape(-1)
        small = np.empty(len(flat), dtype=np.int32)
        values: Any = small if narrow(flat, small) else flat.copy()
        return cls(values, drawn.levels.copy(), drawn.begin.copy(), drawn.end.copy(), drawn.items.copy(), drawn.price)

    @property
    def bytes(self) -> int:
        """Memory it takes."""
        return int(sum(one.nbytes for one in (self.values, self.levels, self.begin, self.end, self.items)))

    def laid_out(self, first: int, count: int, low: int, high: int, world: World) -> Drawn:
        """The block again, in the 32 bits it is kept in."""
        shape = len(world.model.leaves), world.horizon, (high - low) * count
        return Drawn(
            first,
            count,
            low,
            high,
            self.values.reshape(shape),
            self.levels,
            self.begin,
            self.end,
            self.items,
            self.price,
        )


class Shared(NamedTuple):
    """What a chunk tells whoever is paid: the factors of its world, and sums over all partners."""

    factors: Mapping[str, Floats]
    sums: Mapping[str, Floats]


@dataclass(eq=False)
class Shelf:
    """What is kept of one world; it holds the model, so that its identity stays its own."""

    model: object
    bytes: int = 0
    blocks: dict[tuple[int, int, int, int], Packed] = field(default_factory=dict)
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
        each = 4 * len(model.leaves) + 8 * len(model.levels)
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
        packed, place = Packed.of(drawn), (drawn.first, drawn.count, drawn.low, drawn.high)
        with self.lock:
            if place in shelf.blocks:  # another run of the same world was there first
                return True
            if shelf.bytes + packed.bytes > self.most:
                return False
            shelf.blocks[place] = packed
            shelf.bytes += packed.bytes
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
        """What all partners share; of a chunk that is kept only its factors, since its blocks are there."""
        shared = None if self.held is None else self.held.shared.get((first, count, self.partners))
        if shared is not None:
            return Chunk(first, count, np.zeros((0, 0, 0, 0), dtype=np.float32), shared.factors)
        return self.world.chunk(first, count)

    def told(self, chunk: Chunk) -> Mapping[str, Floats] | None:
        """The sums of a chunk that is kept."""
        shared = None if self.held is None else self.held.shared.get((chunk.first, chunk.count, self.partners))
        return None if shared is None else shared.sums

    def draw(self, chunk: Chunk, low: int, high: int, room: Room) -> Drawn:
        """See `World.draw`."""
        held, place = self.held, (chunk.first, chunk.count, low, high)
        if held is not None and (packed := held.blocks.get(place)) is not None:
            return packed.laid_out(*place, self.world)
        drawn = self.world.draw(chunk, low, high, room)
        if held is not None and self.draws is not None and not self.draws.put(held, drawn):
            self.held = None
        return drawn

    def whole(self, chunk: Chunk, sums: Mapping[str, Floats]) -> None:
        """All blocks of a chunk were asked for: the next run needs nothing else of it."""
        if self.held is not None:
            self.held.shared[chunk.first, chunk.count, self.partners] = Shared(chunk.factors, sums)
