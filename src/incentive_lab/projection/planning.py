"""A fitted programme and what is supposed of it, laid out as the arrays that a block is drawn from."""

from __future__ import annotations

import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from incentive_lab.panel import Floats
from incentive_lab.projection.model import DAYS, Model
from incentive_lab.projection.plan import LEVEL_INTS, STREAM_INTS, STREAM_NUMBERS, Plan
from incentive_lab.projection.streams import Stream
from incentive_lab.scheme.lookup import unit_of

if TYPE_CHECKING:
    from incentive_lab.projection.world import World


def planned(world: World) -> Plan:
    """The arrays of a world."""
    model, said = world.model, world.assumptions
    alive = _there(model, said.lose_largest, world.horizon, float(said.joining))
    streams = list(model.streams.values())
    rows, parts = model.panel.partners, len(model.segments)
    ints, numbers = np.zeros((len(streams), STREAM_INTS), dtype=np.int64), np.zeros((len(streams), STREAM_NUMBERS))
    slots = np.zeros((len(streams), max([len(one.slots) for one in streams], default=1)), dtype=np.int64)
    money = np.zeros(slots.shape, dtype=np.bool_)
    pools: list[Floats] = []
    at = 0
    for j, one in enumerate(streams):
        pool = priced(model, one, float(said.price))
        back = model.comebacks.get(one.name)
        lag = back.lag if back is not None else np.full(len(pool), -1, dtype=np.int64)
        ints[j] = (number_of(one.name), at, len(one.slots), len(pool), one.first_slot, world.keep.get(one.name, 0))
        numbers[j] = (one.unit, one.dispersion, one.drift, one.blur)
        slots[j, : len(one.slots)] = one.slots
        money[j, : len(one.slots)] = [unit_of(model.leaves[slot], model.past.leaves) == "money" for slot in one.slots]
        # Beside what an item adds stands when it comes back.
        pools.append(np.hstack([pool, lag[:, None]]).reshape(-1) if len(pool) else np.zeros(0))
        at += len(pools[-1])
    levels = _scores(model)
    joined = model.panel.joined.astype(np.int64)
    events = [(slot, int(model.past.leaves[leaf].event == "anniversary")) for slot, leaf in enumerate(model.leaves)
              if model.past.leaves[leaf].event in ("joined", "anniversary")]  # fmt: skip
    last = min(3, model.panel.months)
    return Plan(
        segment=model.segment.astype(np.int64), alive=alive, stream=ints, numbers=numbers,
        shape=_table([one.shape for one in streams], rows), rate=_table([one.rate for one in streams], rows),
        own_weight=_table([one.own_weight for one in streams], rows),
        had=_table([one.had for one in streams], rows).astype(np.bool_), slots=slots, money=money,
        own_first=_table([one.own_first for one in streams], rows, np.int64),
        own_count=_table([one.own_count for one in streams], rows, np.int64),
        segment_first=_table([one.segment_first for one in streams], parts, np.int64),
        segment_count=_table([one.segment_count for one in streams], parts, np.int64), pool=_chain(pools, np.float64),
        carried=np.array([model.leaves.index(leaf) for leaf in model.carried], dtype=np.int64),
        carried_level=_table([model.panel.columns[leaf][:, -last:].mean(axis=1) for leaf in model.carried], rows),
        events=np.array(events, dtype=np.int64).reshape(len(events), 2),
        age=np.where(joined > -1000, model.panel.months - joined, -1), known=np.array([model.known], dtype=np.int64),
        **levels,
    )  # fmt: skip


def priced(model: Model, stream: Stream, price: float) -> Floats:
    """[items, leaves] what whole items add at the prices supposed."""
    if not price or not stream.pool.size or stream.name not in DAYS.values():
        return stream.pool
    pool = stream.pool.copy()
    for column, slot in enumerate(stream.slots):
        if unit_of(model.leaves[slot], model.past.leaves) == "money":
            pool[:, column] = at_price(pool[:, column], price)
    return pool


def at_price(values: Floats, price: float) -> Floats:
    """Amounts at the prices supposed, in whole minor units.

    Example:
        >>> at_price(np.array([100.0, 33.0]), 0.05).tolist()
        [105.0, 35.0]
    """
    return np.asarray(np.round(values * (1 + price)) if price else values)


def number_of(name: str) -> int:
    """The counter of a stream: by its name, so that other streams beside it change nothing.

    Example:
        >>> number_of("closed deals") == number_of("closed deals") != number_of("training")
        True
    """
    return zlib.crc32(name.encode()) % 400_000 + 1_000


def _there(model: Model, lost: int, horizon: int, joining: float) -> Floats:
    """[rows] probability that a partner is there at the start, or joins.

    Raises:
        ValueError: The model has no room for so many newcomers; `roomy` makes it.
    """
    known, room = model.known, model.panel.partners - model.known
    if model.joining.room(horizon, joining) > room:
        raise ValueError(
            f"The model has room for {room} newcomers, which {joining:g} times the joins of history exceed"
        )
    alive = model.alive.copy()
    if lost:
        alive[np.argsort(-_size(model)[:known], kind="stable")[:lost]] = 0.0
    # Newcomers take their rows in order: one is taken in the futures in which more join than there are rows before it.
    alive[known:] = model.joining.beyond(np.arange(room), horizon, joining)
    return alive


def _scores(model: Model) -> dict[str, Any]:
    levels, rows, parts = list(model.levels.values()), model.panel.partners, len(model.segments)
    ints = np.zeros((len(levels), LEVEL_INTS), dtype=np.int64)
    values: list[Floats] = []
    at = 0
    for j, one in enumerate(levels):
        ints[j] = (number_of(one.name), at, at + len(one.own_values))
        values += [one.own_values, one.segment_values]
        at += len(one.own_values) + len(one.segment_values)
    return {
        "level": ints, "last": _table([one.last for one in levels], rows),
        "change": np.array([one.change for one in levels], dtype=np.float64),
        "level_own_first": _table([one.own_first for one in levels], rows + 1, np.int64),
        "level_segment_first": _table([one.segment_first for one in levels], parts + 1, np.int64),
        "level_values": _chain(values, np.float64),
    }  # fmt: skip


def _table(rows: Sequence[Any], width: int, kind: Any = np.float64) -> Any:
    return np.array(rows, dtype=kind).reshape(len(rows), width)


def _chain(parts: Sequence[Any], kind: Any) -> Any:
    return np.concatenate([np.zeros(0, dtype=kind), *parts]).astype(kind)


def _size(model: Model) -> Floats:
    """How large each partner is: revenue of the last twelve months, else how much it did."""
    columns = model.panel.columns
    if "revenue" in columns:
        return np.asarray(columns["revenue"][:, -12:].sum(axis=1))
    return np.asarray(sum((values.sum(axis=1) for values in columns.values()), np.zeros(model.panel.partners)))
