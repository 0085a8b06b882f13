"""Scenarios of the future, before anybody is paid: what each partner does in each month of the horizon."""

from __future__ import annotations

import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.panel import Floats
from incentive_lab.projection.assumptions import Assumptions
from incentive_lab.projection.draws import common_factors, common_normal, draw_levels, draw_stream, lifetimes
from incentive_lab.projection.model import DAYS, Model
from incentive_lab.projection.streams import Rows, Stream
from incentive_lab.scheme.lookup import unit_of

_NONE = np.zeros((0, 3), dtype=np.int64)


@dataclass(frozen=True, eq=False)
class Drawn:
    """Scenarios `first` to `first + count`; lanes are scenario x partner, partners fastest.

    Attributes:
        values: [leaves, horizon, lanes] of additive leaves.
        levels: Score -> [horizon, lanes].
        begin, end: [lanes] months of the horizon in which the partner is active.
        items: Stream -> [n, 3] lane, month and item of each deal drawn, where it was asked for.
        pools: Stream -> [items, leaves] what whole items add at the prices supposed.
        factors: Stream -> [count] its mean level over the horizon, against the partners' own rates.
    """

    first: int
    count: int
    values: Floats
    levels: Mapping[str, Floats]
    begin: Rows
    end: Rows
    items: Mapping[str, Rows]
    pools: Mapping[str, Floats]
    factors: Mapping[str, Floats]


@dataclass(frozen=True, eq=False)
class World:
    """How scenarios are drawn.

    Attributes:
        model: The fitted programme.
        assumptions: What is supposed.
        horizon: Months.
        seed: Of every draw.
        keep: Streams whose single deals are needed.
        settle: Months of a settlement period, and the shift that makes month 0 of the horizon a place in it.
        rewards: Stream -> what the scheme pays for it against the baseline (1: the same).
    """

    model: Model
    assumptions: Assumptions
    horizon: int
    seed: int
    keep: frozenset[str] = frozenset()
    settle: tuple[int, int] = (3, 0)
    rewards: Mapping[str, float] = field(default_factory=dict)

    def draw(self, first: int, count: int) -> Drawn:
        """Scenarios from `first` on; the same ones whatever else is drawn."""
        model, rows = self.model, self.model.panel.partners
        lanes = count * rows
        begin, end = self._lifetimes(first, count)
        values = np.zeros((len(model.leaves), self.horizon, lanes))
        items: dict[str, Rows] = {}
        pools: dict[str, Floats] = {}
        factors: dict[str, Floats] = {}
        market: Floats | None = None
        for name, stream in model.streams.items():
            scale = self._scale(stream, first, count)
            if market is None:
                market = scale
            if stream.count == 0:
                continue
            factors[name] = scale.mean(axis=(1, 2))
            drift = np.full(rows, stream.drift)
            priced = pools[name] = self._pool(stream)
            room = int(2 * (stream.shape / stream.rate).sum() * scale.mean() * self.horizon * count) + 1000
            while True:
                emit = np.empty((room, 3), dtype=np.int64) if name in self.keep else _NONE
                emitted = np.zeros(1, dtype=np.int64)
                mine = np.zeros_like(values) if name in self.keep else values
                draw_stream(
                    self.seed, first, count, self.horizon, number_of(name), stream.shape, stream.rate, drift,
                    stream.dispersion, scale, begin, end, model.segment, stream.own_first, stream.own_items,
                    stream.segment_first, stream.segment_items, stream.own_weight, priced, stream.unit, stream.slots,
                    mine, stream.had, stream.first_slot, emit, emitted,
                )  # fmt: skip
                if emitted[0] <= len(emit) or name not in self.keep:
                    break
                room = int(emitted[0])
            if name in self.keep:
                values += mine
                items[name] = emit[: emitted[0]]
        self._carry(values, begin, end, market, count)
        self._events(values, begin, end, count)
        levels = {name: self._level(name, first, count, begin) for name in model.levels}
        return Drawn(first, count, values, levels, begin, end, items, pools, factors)

    def _lifetimes(self, first: int, count: int) -> tuple[Rows, Rows]:
        model, said = self.model, self.assumptions
        rows, known = model.panel.partners, model.known
        alive = model.alive.copy()
        if said.lose_largest:
            weight = _size(model)
            alive[np.argsort(-weight[:known], kind="stable")[: said.lose_largest]] = 0.0
        starts = np.zeros(rows, dtype=np.int64)
        room = rows - known
        joins = model.joins * float(said.joining)
        if room:
            # Newcomers take their rows in order, evenly over the horizon; a thinned row is one that did not come.
            expected = joins * self.horizon
            starts[known:] = np.minimum(self.horizon - 1, np.arange(room) * self.horizon // room)
            alive[known:] = min(1.0, expected / room)
        begin, end = np.empty(count * rows, dtype=np.int64), np.empty(count * rows, dtype=np.int64)
        churn = min(0.9, model.churn * float(said.churn))
        lifetimes(self.seed, first, count, alive, churn, starts, self.horizon, begin, end)
        return begin, end

    def _scale(self, stream: Stream, first: int, count: int) -> Floats:
        """[count, segments, horizon] expected counts over partners' rates."""
        said, index, months = self.assumptions, number_of(stream.name), self.horizon
        level, z = np.empty((count, months)), np.empty(count)
        common_factors(self.seed, first, count, months, stream.phi, stream.sigma, stream.freedom, stream.rho, stream.state,
                       index, level)  # fmt: skip
        common_normal(self.seed, first, count, index, z)
        ahead = np.arange(1, months + 1)
        spread = stream.sigma**2 * (1 - stream.phi ** (2 * ahead)) / (1 - stream.phi**2)
        growth = stream.growth * float(said.trend) + stream.growth_error * z
        level += growth[:, None] * ahead - 0.5 * spread - 0.5 * (stream.growth_error * ahead) ** 2
        level += np.log1p(float(said.growth)) * ahead / 12
        start = self.model.panel.first_month + self.model.panel.months
        scale = np.exp(np.clip(level, -20, 10)) * stream.season[(start + np.arange(months)) % 12]
        deals = stream.name in DAYS.values()
        if deals:
            scale *= 1 + float(said.market)
        scale *= self._response(stream, first, count)
        if deals and said.pull_forward:
            self._pulled(scale)
        return np.ascontiguousarray(np.broadcast_to(scale[:, None, :], (count, len(self.model.segments), months)))

    def _pulled(self, scale: Floats) -> None:
        share, (period, shift) = float(self.assumptions.pull_forward), self.settle
        for m in range(self.horizon - 1):
            if (m + shift) % period == period - 1:
                moved = share * scale[:, m + 1]
                scale[:, m] += moved
                scale[:, m + 1] -= moved

    def _response(self, stream: Stream, first: int, count: int) -> Floats:
        """[count, horizon] factor of what partners do about the scheme, or are supposed to do."""
        factor = np.ones((count, self.horizon))
        for place, lift in enumerate(self.assumptions.lifts):
            if stream.name in streams_named(self.model, lift.of, f"lifts.{place}"):
                factor *= 1 + self._drawn(float(lift.change), float(lift.error), lift.lag, 600 + place, first, count)
        rose = np.ones((count, self.horizon))
        for place, one in enumerate(self.assumptions.response):
            if stream.name not in streams_named(self.model, one.of, f"response.{place}"):
                continue
            said = self._drawn(float(one.per_cent), float(one.error), one.lag, 700 + place, first, count)
            if one.to == "reward":
                rose *= np.clip(self.rewards.get(stream.name, 1.0), 0.05, 20.0) ** said
            else:
                mean = np.ones((count, self.horizon))
                kinds = [name for name in self.model.streams if name not in DAYS.values()]
                for kind in kinds:
                    mean += (self._response(self.model.streams[kind], first, count) - 1) / max(1, len(kinds))
                rose *= np.clip(mean, 0.05, 20.0) ** said
        return np.clip(factor * rose, 0.0, 20.0)

    def _drawn(self, mean: float, error: float, lag: int, place: int, first: int, count: int) -> Floats:
        z = np.empty(count)
        common_normal(self.seed, first, count, place, z)
        reached = np.minimum(1.0, np.arange(1, self.horizon + 1) / max(1, lag + 1))
        return np.asarray((mean + error * z)[:, None] * reached)

    def _pool(self, stream: Stream) -> Floats:
        price = float(self.assumptions.price)
        if not price or not stream.pool.size or stream.name not in DAYS.values():
            return stream.pool
        pool = stream.pool.copy()
        for column, slot in enumerate(stream.slots):
            leaf = self.model.leaves[slot]
            if unit_of(leaf, self.model.past.leaves) == "money":
                pool[:, column] = np.round(pool[:, column] * (1 + price))
        return pool

    def _carry(self, values: Floats, begin: Rows, end: Rows, market: Floats | None, count: int) -> None:
        model = self.model
        months = np.arange(self.horizon)[:, None]
        inside = (months >= begin[None, :]) & (months < end[None, :])
        for leaf in model.carried:
            last = model.panel.columns[leaf][:, -min(3, model.panel.months) :].mean(axis=1)
            level = np.tile(last, count)[None, :]
            if market is not None:
                level = level * np.repeat(market[:, 0, :].T, model.panel.partners, axis=1)
            values[model.leaves.index(leaf)] = np.round(level * inside)

    def _events(self, values: Floats, begin: Rows, end: Rows, count: int) -> None:
        model, past = self.model, self.model.panel.months
        for slot, leaf in enumerate(model.leaves):
            event = model.past.leaves[leaf].event
            if event not in ("joined", "anniversary"):
                continue
            joined = np.tile(model.panel.joined.astype(np.int64), count)
            new = np.tile(np.arange(model.panel.partners) >= model.known, count)
            for m in range(self.horizon):
                since = np.where(new, m - begin, past + m - joined)
                known = new | (joined > -1000)
                here = known & (m < end) & (m >= begin)
                hit = since == 0 if event == "joined" else (since > 0) & (since % 12 == 0)
                values[slot, m] = 1e6 * (here & hit)

    def _level(self, name: str, first: int, count: int, begin: Rows) -> Floats:
        level = self.model.levels[name]
        out = np.empty((self.horizon, len(begin)))
        draw_levels(self.seed, first, count, self.horizon, number_of(name), level.last, level.change, level.own_first,
                    level.own_values, self.model.segment, level.segment_first, level.segment_values, begin, out)  # fmt: skip
        return out


def number_of(name: str) -> int:
    """The counter of a stream: by its name, so that other streams beside it change nothing.

    Example:
        >>> number_of("closed deals") == number_of("closed deals") != number_of("training")
        True
    """
    return zlib.crc32(name.encode()) % 400_000 + 1_000


def streams_named(model: Model, name: str, path: str) -> tuple[str, ...]:
    """The streams that a measure of an assumption means.

    Raises:
        InputError: Nothing of that name is fitted.
    """
    deals = tuple(one for one in model.streams if one in DAYS.values())
    if name == "deals":
        return deals
    if name == "activities":
        return tuple(one for one in model.streams if one not in deals)
    if name in model.streams:
        return (name,)
    if name in model.stream_of:
        return (model.stream_of[name],)
    known = ["deals", "activities", *model.stream_of]
    raise InputError([Problem(path, f"the schemes do not look at '{name}'. {did_you_mean(name, known)}",
                              "Name a measure that a rule, tier or gate of the schemes uses.")])  # fmt: skip


def _size(model: Model) -> Floats:
    """How large each partner is: revenue of the last twelve months, else how much it did."""
    columns = model.panel.columns
    if "revenue" in columns:
        return np.asarray(columns["revenue"][:, -12:].sum(axis=1))
    return np.asarray(sum((values.sum(axis=1) for values in columns.values()), np.zeros(model.panel.partners)))
