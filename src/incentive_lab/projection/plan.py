"""A fitted programme as the arrays that compiled code draws from, and what stands in their columns."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

# whole numbers of a stream
NUMBER, POOL, COLUMNS, ITEMS, FIRST_SLOT, EMITS, STREAM_INTS = range(7)
# numbers of a stream
UNIT, DISPERSION, DRIFT, BLUR, STREAM_NUMBERS = range(5)
# whole numbers of a score
L_NUMBER, L_OWN, L_SEGMENT, LEVEL_INTS = range(4)
# emitted items: lane, month, item of the stream, stream, and its size against the pool's in parts of SIZE
E_LANE, E_MONTH, E_ITEM, E_STREAM, E_SIZE, E_COLUMNS = range(6)
SIZE = 2.0**30
ONE = 1e6
"""What one of anything counted is in arrays of measures."""
EMIT_NOTHING, EMIT_RETURNED, EMIT_ALL = range(3)


class Plan(NamedTuple):
    """A fitted programme as arrays; J streams, P partners, G segments, L scores.

    Attributes:
        segment: [P].
        alive: [P] probability of being there when the horizon begins, or of joining in it.
        stream: [J, STREAM_INTS]; `numbers` [J, STREAM_NUMBERS].
        shape, rate, own_weight: [J, P] float64.
        had: [J, P] whether the partner ever had an item.
        slots: [J, most columns] leaves that an item adds to; money: [J, most columns] whether in money.
        own_first, own_count: [J, P] items of each partner; segment_first, segment_count: [J, G] those of each segment.
        pool: What whole items add, then months after which an item comes back (-1 never); all streams' behind each other.
        carried: [n] leaves that go on; `carried_level` [n, P].
        events: [n, 2] leaf, and 0 for joining or 1 for anniversaries; `age` [P] months since joining at the horizon's
            start, -1 unknown.
        level: [L, LEVEL_INTS]; `last` [L, P], `change` [L], `level_own_first` [L, P + 1], `level_segment_first`
            [L, G + 1], `level_values` all scores' own values, then those by segment, behind each other.
        known: [1] partners of history; the rest are room for newcomers.
    """

    segment: NDArray[np.int64]
    alive: NDArray[np.float64]
    stream: NDArray[np.int64]
    numbers: NDArray[np.float64]
    shape: NDArray[np.float64]
    rate: NDArray[np.float64]
    own_weight: NDArray[np.float64]
    had: NDArray[np.bool_]
    slots: NDArray[np.int64]
    money: NDArray[np.bool_]
    own_first: NDArray[np.int64]
    own_count: NDArray[np.int64]
    segment_first: NDArray[np.int64]
    segment_count: NDArray[np.int64]
    pool: NDArray[np.float64]
    carried: NDArray[np.int64]
    carried_level: NDArray[np.float64]
    events: NDArray[np.int64]
    age: NDArray[np.int64]
    level: NDArray[np.int64]
    last: NDArray[np.float64]
    change: NDArray[np.float64]
    level_own_first: NDArray[np.int64]
    level_segment_first: NDArray[np.int64]
    level_values: NDArray[np.float64]
    known: NDArray[np.int64]
