"""Scenarios of the future, before anybody is paid: what each partner does in each month of the horizon."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import gammaincinv, ndtr, ndtri

from incentive_lab.panel import Floats
from incentive_lab.projection import factors as shared
from incentive_lab.projection.assumptions import Assumptions
from incentive_lab.projection.draws import chi_squares, common_normals, draw_block
from incentive_lab.projection.level import error_of
from incentive_lab.projection.model import DAYS, Model
from incentive_lab.projection.plan import E_COLUMNS, ONE, Plan
from incentive_lab.projection.planning import number_of, planned
from incentive_lab.projection.responses import response_of
from incentive_lab.projection.segments import apart_of
from incentive_lab.projection.streams import Rows, Stream

NEWCOMERS = "newcomers"
"""Name of the factor that says how many join."""
_NO_COUNTS = np.zeros((0, 0, 0), dtype=np.uint8)


@dataclass(frozen=True, eq=False)
class Drawn:
    """Some scenarios of partners `low` up to `high`; lanes are (partner, scenario), scenarios fastest.

    Attributes:
        first, count: Scenarios `first` to `first + count`.
        low, high: Rows of partners.
        values: [rows, horizon, lanes] of additive leaves; whole numbers, in 32 bits where they were kept so.
        levels: [scores, horizon, lanes], times `part`.
        begin, end: [lanes] months of the horizon in which the partner is active.
        items: [n, E_COLUMNS] single items that were asked for: lane, month, item of its stream, stream.
        price: Change of the amounts of deals that is supposed.
        few: [rows, horizon, lanes] leaves that were kept as small counts, in units of ONE.
        places: [leaves] each leaf's row of `values`, or -1 less its row of `few`; by default all are in `values`.
        part: What scores are kept in parts of: 1, or 10,000 where they were kept as whole numbers.
    """

    first: int
    count: int
    low: int
    high: int
    values: Any
    levels: Any
    begin: Rows
    end: Rows
    items: Rows
    price: float = 0.0
    few: Any = field(default_factory=lambda: _NO_COUNTS)
    places: Rows | None = None
    part: float = 1.0

    @property
    def where(self) -> Rows:
        """See `places`."""
        return np.arange(len(self.values)) if self.places is None else self.places

    def leaf(self, place: int) -> Floats:
        """[horizon, lanes] of a leaf."""
        row = int(self.where[place])
        return np.asarray(self.values[row] if row >= 0 else self.few[-1 - row] * ONE, dtype=np.float64)

    def level(self, place: int) -> Floats:
        """[horizon, lanes] of a score."""
        return np.asarray(self.levels[place] / self.part)


@dataclass(frozen=True, eq=False)
class Chunk:
    """What all partners of some scenarios share.

    Attributes:
        first, count: Scenarios `first` to `first + count`.
        scale: [streams, segments, horizon, count] float32, expected counts over partners' rates.
        factors: Stream, or stream of a segment -> [count] its mean level over the horizon; and one more than how many join.
        joiners: [count] how many partners join.
    """

    first: int
    count: int
    scale: NDArray[np.float32]
    factors: Mapping[str, Floats]
    joiners: Rows


class Room:
    """Arrays that blocks are drawn into, one set for each thread."""

    def __init__(self, model: Model, horizon: int, lanes: int) -> None:
        """Make room for so many lanes."""
        self.values = np.zeros(len(model.leaves) * horizon * lanes)
        self.levels = np.zeros(len(model.levels) * horizon * lanes)
        self.begin, self.end = np.zeros(lanes, dtype=np.int64), np.zeros(lanes, dtype=np.int64)
        self.items = np.zeros((256, E_COLUMNS), dtype=np.int64)
        self.emitted = np.zeros(1, dtype=np.int64)


@dataclass(frozen=True, eq=False)
class World:
    """How scenarios are drawn.

    Attributes:
        model: The fitted programme.
        assumptions: What is supposed.
        horizon: Months.
        seed: Of every draw.
        keep: Stream -> which of its single items are needed: EMIT_RETURNED or EMIT_ALL.
        settle: Months of a settlement period, and the shift that makes month 0 of the horizon a place in it.
        rewards: Stream -> what the scheme pays for it against the baseline (1: the same).
    """

    model: Model
    assumptions: Assumptions
    horizon: int
    seed: int
    keep: Mapping[str, int] = field(default_factory=dict)
    settle: tuple[int, int] = (3, 0)
    rewards: Mapping[str, float] = field(default_factory=dict)

    @cached_property
    def plan(self) -> Plan:
        """The model and what is supposed of it, as arrays."""
        return planned(self)

    @property
    def churn(self) -> float:
        """Probability of leaving in a month."""
        return min(0.9, self.model.churn * float(self.assumptions.churn))

    def chunk(self, first: int, count: int) -> Chunk:
        """What all partners share in scenarios from `first` on; the same whatever else is drawn."""
        model = self.model
        scale = np.empty((len(model.streams), len(model.segments), self.horizon, count), dtype=np.float32)
        factors: dict[str, Floats] = {}
        points = shared.quasi(self.seed, first, count)
        market: Floats | None = None
        for place, (name, stream) in enumerate(model.streams.items()):
            normals = self._normals(stream, points, first)
            market = normals[:, :-1] if market is None else market
            level = self._scale(stream, normals, market, points, first)
            scale[place] = level.T[None]
            if stream.count:
                factors[name] = level.mean(axis=1)
            if stream.apart.sigma.any():
                apart = apart_of(stream.apart, self._apart(stream, points, first))
                scale[place] *= apart.transpose(1, 0, 2)
                factors |= {f"{name} of {model.segments[group]}": apart[:, group].mean(axis=0)
                            for group in np.flatnonzero(stream.apart.sigma)}  # fmt: skip
        joiners = self._joiners(points, first)
        if model.panel.partners > model.known:
            factors[NEWCOMERS] = (joiners + 1).astype(np.float64)
        return Chunk(first, count, scale, factors, joiners)

    def draw(self, chunk: Chunk, low: int, high: int, room: Room | None = None) -> Drawn:
        """Partners `low` up to `high` of a chunk; what comes back lies in `room` and lives until it is used again."""
        model, lanes = self.model, (high - low) * chunk.count
        room = room or Room(model, self.horizon, lanes)
        leaves, scores = len(model.leaves), len(model.levels)
        values = room.values[: leaves * self.horizon * lanes].reshape(leaves, self.horizon, lanes)
        levels = room.levels[: scores * self.horizon * lanes].reshape(scores, self.horizon, lanes)
        begin, end = room.begin[:lanes], room.end[:lanes]
        while True:
            draw_block(self.seed, chunk.first, chunk.count, low, high, self.plan, chunk.scale, chunk.joiners, self.churn, values,
                       levels, begin, end, room.items, room.emitted)  # fmt: skip
            if room.emitted[0] <= len(room.items):
                break
            room.items = np.zeros((2 * int(room.emitted[0]), E_COLUMNS), dtype=np.int64)
        return Drawn(chunk.first, chunk.count, low, high, values, levels, begin, end, room.items[: room.emitted[0]],
                     float(self.assumptions.price))  # fmt: skip

    @cached_property
    def columns(self) -> Mapping[Hashable, int]:
        """Coordinates of Sobol points, what moves the cost most first: the market, responses, then each other stream."""
        names = list(self.model.streams)
        wanted: list[Hashable] = [(name, kind) for name in names[:1] for kind in (0, "width", 1, 2)]
        # Room for responses is kept where there are none, so that the world is the same with and without them.
        wanted += [(kind, place) for place in range(4) for kind in ("lift", "response")]
        wanted += [(name, 0) for name in names[1:]]
        wanted += [(name, "segment", group) for name, one in self.model.streams.items()
                   for group in np.flatnonzero(one.apart.sigma).tolist()]  # fmt: skip
        wanted += [(name, 1) for name in names[1:]]
        wanted += [(NEWCOMERS, 0)]
        return shared.columns_of(wanted)

    @cached_property
    def axes(self) -> Mapping[str, Floats]:
        """Stream -> axes of the normals behind its level, see `axes_of`."""
        found = {}
        for place, (name, one) in enumerate(self.model.streams.items()):
            # Later streams share their innovations with the first one as far as they are correlated.
            alone = one.level.sigma if place == 0 else one.level.sigma * np.sqrt(max(0.0, 1 - one.rho**2))
            path = shared.path_of(one.level.phi, alone, self._unsure(one))
            found[name] = shared.axes_of(path, self._season(one), 3 if place == 0 else 2)
        return found

    def _season(self, stream: Stream) -> Floats:
        start = self.model.panel.first_month + self.model.panel.months
        return stream.season[(start + np.arange(self.horizon)) % 12]

    def _unsure(self, stream: Stream) -> Floats:
        """[horizon] standard error of the line and of where the level stands."""
        return error_of(stream.level.error, stream.level.phi, self.horizon)

    def _normals(self, stream: Stream, points: Floats, first: int) -> Floats:
        """[count, horizon + 1] standard normals of a stream: innovations by month, then the error of its trend."""
        along = np.empty((len(points), self.horizon + 1))
        common_normals(self.seed, first, len(points), number_of(stream.name), self.horizon + 1, along)
        for kind in range(min(3, self.horizon + 1)):
            column = self.columns.get((stream.name, kind))
            if column is not None:
                along[:, kind] = ndtri(points[:, column])
        return shared.turned(along, self.axes[stream.name])

    def _apart(self, stream: Stream, points: Floats, first: int) -> Floats:
        """[segments, count, horizon] standard normals behind what moves segments apart."""
        out = np.zeros((len(self.model.segments), len(points), self.horizon))
        for group in np.flatnonzero(stream.apart.sigma).tolist():
            number = number_of(f"{stream.name} of {self.model.segments[group]}")
            common_normals(self.seed, first, len(points), number, self.horizon, out[group])
            column = self.columns.get((stream.name, "segment", group))
            if column is not None:
                out[group, :, 0] = ndtri(points[:, column])
            path = shared.path_of(stream.apart.phi[group], stream.apart.sigma[group], np.zeros(self.horizon))[:, :-1]
            out[group] = shared.turned(out[group], shared.axes_of(path, self._season(stream), 1))
        return out

    def _width(self, stream: Stream, points: Floats, first: int) -> Floats:
        """[count] innovations' standard deviation, which is itself uncertain."""
        column = self.columns.get((stream.name, "width"))
        if column is not None:
            chi = gammaincinv(0.5 * stream.level.freedom, points[:, column]) * 2 / stream.level.freedom
        else:
            chi = np.empty(len(points))
            chi_squares(self.seed, first, len(points), number_of(stream.name), stream.level.freedom, chi)
        return np.asarray(stream.level.sigma / np.sqrt(chi))

    def _joiners(self, points: Floats, first: int) -> Rows:
        """[count] how many partners join."""
        column = self.columns.get((NEWCOMERS, 0))
        if column is not None:
            along = points[:, column]
        else:
            normal = np.empty((len(points), 1))
            common_normals(self.seed, first, len(points), 800, 1, normal)
            along = ndtr(normal[:, 0])
        counts = self.model.joining.counts(along, self.horizon, float(self.assumptions.joining))
        return np.minimum(counts, self.model.panel.partners - self.model.known)

    def _scale(self, stream: Stream, own: Floats, market: Floats, points: Floats, first: int) -> Floats:
        """[count, horizon] expected counts over partners' rates, from normals of its own and the market's."""
        said, months, count, one = self.assumptions, self.horizon, len(points), stream.level
        wide, rho = self._width(stream, points, first), stream.rho
        level, state = np.empty((count, months)), np.full(count, one.state)
        for m in range(months):
            state = one.phi * state + wide * (rho * market[:, m] + np.sqrt(max(0.0, 1 - rho * rho)) * own[:, m])
            level[:, m] = state
        ahead = np.arange(1, months + 1)
        level += one.now + one.growth * float(said.trend) * ahead + own[:, months:] * self._unsure(stream)
        level += np.log1p(float(said.growth)) * ahead / 12
        scale = np.exp(np.clip(level, -20, 10)) * self._season(stream)
        deals = stream.name in DAYS.values()
        if deals:
            scale *= 1 + float(said.market)
        scale *= response_of(self.model, said, self.rewards, stream.name, months, count,
                             lambda kind, place: self._assumed(kind, place, points, first))  # fmt: skip
        if deals and said.pull_forward:
            self._pulled(scale)
        return np.asarray(scale)

    def _pulled(self, scale: Floats) -> None:
        share, (period, shift) = float(self.assumptions.pull_forward), self.settle
        for m in range(self.horizon - 1):
            if (m + shift) % period == period - 1:
                moved = share * scale[:, m + 1]
                scale[:, m] += moved
                scale[:, m + 1] -= moved

    def _assumed(self, kind: str, place: int, points: Floats, first: int) -> Floats:
        """[count, 1] standard normals of how sure an assumption is."""
        column = self.columns.get((kind, place))
        if column is not None:
            return np.asarray(ndtri(points[:, column : column + 1]))
        normal = np.empty((len(points), 1))
        common_normals(self.seed, first, len(points), (600 if kind == "lift" else 700) + place, 1, normal)
        return normal
