"""The fitted model of a programme: its streams of deals and activities, its scores, who leaves and who joins."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any
from weakref import WeakKeyDictionary

import numpy as np
from numpy.typing import NDArray

from incentive_lab.errors import InputError, Problem
from incentive_lab.format import count, counted, percent
from incentive_lab.history.missing import Gap, left_out_words, missing
from incentive_lab.panel import Floats, Panel
from incentive_lab.projection.estimates import of_another_size
from incentive_lab.projection.joining import Joining, with_room
from incentive_lab.projection.leaving import DAYS, counts_of, gaps_of, leaving
from incentive_lab.projection.past import Past, in_order, is_item, outsized, told_apart
from incentive_lab.projection.plan import ONE
from incentive_lab.projection.streams import Rows, Stream, fit_stream, grouped, items_in_order

LEAST_MONTHS = 3
__all__ = ["DAYS", "Model", "fit", "roomy"]


@dataclass(frozen=True, eq=False)
class Level:
    """A score: its last value, how often it changes, and the values it changes to."""

    name: str
    last: Floats
    change: float
    own_first: Rows
    own_values: Floats
    segment_first: Rows
    segment_values: Floats


@dataclass(frozen=True, eq=False)
class Comeback:
    """What of each item of a stream comes back: months later (-1: never) and how much, by returned leaf."""

    lag: Rows
    term: Rows
    values: Mapping[str, Floats]


@dataclass(frozen=True, eq=False)
class Model:
    """A programme as fitted.

    Attributes:
        past: What it was fitted to, newcomers' rows added to its panel; `seen` is without them.
        known: Partners of history; the rest of the rows are room for newcomers.
        leaves: Names of the additive leaves, in slot order.
        streams: By name.
        stream_of: Leaf -> name of its stream; leaves without one are carried or events.
        carried: Leaves that go on at their last level (contracts in force).
        levels: Scores by name.
        segment: [rows] segment of each partner; `segments` names them.
        alive: [rows] probability that the partner is still active.
        churn: Probability of leaving in a month.
        joining: How many join.
        comebacks: Stream -> what comes back of its items.
        notes: What was assumed, as sentences.
        gaps: Stream -> months whose rows are missing in history; they are left out of the fit.
    """

    past: Past
    seen: Past
    known: int
    leaves: tuple[str, ...]
    streams: Mapping[str, Stream]
    stream_of: Mapping[str, str]
    carried: tuple[str, ...]
    levels: Mapping[str, Level]
    segment: Rows
    segments: tuple[str, ...]
    alive: Floats
    churn: float
    joining: Joining
    comebacks: Mapping[str, Comeback]
    notes: tuple[str, ...]
    gaps: Mapping[str, tuple[Gap, ...]] = field(default_factory=dict)

    @property
    def panel(self) -> Panel:
        """The panel with room for newcomers."""
        return self.past.panel


def fit(past: Past, *, horizon: int = 12, joining: float = 1.0) -> Model:
    """Fit the model.

    Args:
        past: See `past_of`.
        horizon: Months that will be projected.
        joining: How many times the rate of history newcomers get room for; `project` makes more where more are supposed.

    Raises:
        InputError: There is too little to fit anything to.
    """
    panel = past.panel
    if panel.partners == 0 or panel.months < LEAST_MONTHS:
        raise InputError([Problem("history", f"it has {panel.partners} partners over {panel.months} months; a "
                                  f"projection is fitted to at least one partner and {LEAST_MONTHS} months.",
                                  "Bring a longer history.")])  # fmt: skip
    joined = panel.joined.astype(np.int64)
    counts = counts_of(past)
    happened = np.sum([*counts.values(), np.zeros((panel.partners, panel.months))], axis=0)
    if happened.sum() == 0:
        raise InputError([Problem("history", "nothing that these schemes look at ever happened in it.",
                                  "Check the measures of the scheme, or bring another history.")])  # fmt: skip
    months = panel.months
    seen = happened > 0
    last = np.where(seen.any(axis=1), months - 1 - np.argmax(seen[:, ::-1], axis=1), -1)
    begun = np.where(joined > -1000, joined, np.where(seen.any(axis=1), np.argmax(seen, axis=1), 0))
    begun = np.minimum(np.clip(begun, 0, None), np.where(last >= 0, np.argmax(seen, axis=1), months - 1))
    # A partner whose joining nobody noted is known by its first deal, which therefore says nothing of how often it has one.
    first = np.argmax(seen, axis=1)
    unnoted = (joined <= -1000) & (first > 0) & (last > first)
    begun = np.where(unnoted, first + 1, begun)
    found = gaps_of(past, counts)
    lacking = {
        name: missing(some, panel.attributes, had.shape)
        for (name, some), had in zip(found.items(), counts.values(), strict=True)
    }
    churn, alive = leaving(happened, begun, last, np.any([*lacking.values(), happened < 0], axis=0))
    arrivals = int(((joined > months - 13) & (joined >= 0) & (joined < months)).sum())
    joins = Joining(arrivals, min(12, months))
    there = joined < months
    alive = np.where(there, alive, 0.0)
    segment, segments = _segments(panel, seen)
    # Who was silent at the end is counted to its last sign of life and half of the silence, by how likely it is there.
    stop = np.where(alive > 0.5, months - 1, last)
    known, room = panel.partners, joins.room(horizon, joining)
    panel, segment = with_room(panel, past.leaves, segment, room)
    roomy_past = replace(past, panel=panel)
    begun, stop = np.r_[begun, np.full(room, months)], np.r_[stop, np.full(room, months - 1)]
    alive = np.r_[alive, np.ones(room)]
    later = np.zeros((room, months), dtype=np.bool_)
    lacking = {name: np.concatenate([one, later]) for name, one in lacking.items() if one.any()}
    made = _assembled(
        roomy_past, past, known, segment, segments, alive, churn, joins, begun, stop, bool(unnoted.any()), lacking
    )
    told = [gap.told(panel.first_month, name.replace("_", " ")) for name, some in found.items() for gap in some]
    return replace(made, gaps=found, notes=(*([left_out_words(told)] if told else []), *made.notes))


_ROOMIER: WeakKeyDictionary[Model, dict[tuple[int, float], Model]] = WeakKeyDictionary()


def roomy(model: Model, horizon: int, joining: float) -> Model:
    """The model with room for the newcomers of so many months, at so many times the joins of history; itself if it has it."""
    if model.joining.room(horizon, joining) <= model.panel.partners - model.known:
        return model
    made, asked = _ROOMIER.setdefault(model, {}), (horizon, joining)
    if asked not in made:
        made[asked] = fit(model.seen, horizon=horizon, joining=max(1.0, joining))
    return made[asked]


def _assembled(
    past: Past, seen: Past, known: int, segment: Rows, segments: tuple[str, ...], alive: Floats, churn: float, joins: Joining,
    begun: Rows, stop: Rows, by_rate: bool, lacking: Mapping[str, NDArray[np.bool_]],
) -> Model:  # fmt: skip
    panel = past.panel
    leaves = tuple(name for name, measure in past.leaves.items() if not measure.is_level)
    slot = {name: place for place, name in enumerate(leaves)}
    first_slot = next((slot[name] for name in leaves if past.leaves[name].event == "first_deal"), -1)
    common: dict[str, Any] = {"segment": segment, "groups": len(segments), "joined": begun, "until": stop,
                              "first_month": panel.first_month, "by_rate": by_rate}  # fmt: skip
    streams: dict[str, Stream] = {}
    stream_of: dict[str, str] = {}
    comebacks: dict[str, Comeback] = {}
    market: Floats | None = None
    notes = [
        f"{count(round(float(alive[:known].sum())))} of {counted(known, 'partner')} are taken to be there still; "
        f"{percent(churn)} of them leave in a month. {joins.told}"
    ]
    for date in sorted(past.items, key=lambda name: name != "closed_on"):
        name, raw = DAYS.get(date, date), past.items[date]
        mine = [leaf for leaf in leaves if is_item(past.leaves[leaf]) and str(past.leaves[leaf].date) == date]
        sizes = np.abs([raw.values[leaf] for leaf in mine]).max(axis=0)
        odd = of_another_size(sizes, raw.partner.astype(np.int64), segment)
        table = in_order(raw, segment, odd)
        counts = np.zeros((panel.partners, panel.months))
        np.add.at(counts, (table.partner, table.month), 1.0)
        pool = np.array([table.values[leaf] for leaf in mine]).T.reshape(len(table.partner), len(mine))
        streams[name] = fit_stream(
            name, np.array([slot[leaf] for leaf in mine]), counts, pool, 0.0, table.partner.astype(np.int64),
            market=market, first_slot=first_slot if date == "closed_on" else -1, odd=odd, missing=lacking.get(name), **common,
        )  # fmt: skip
        stream_of |= dict.fromkeys(mine, name)
        if date == "closed_on":
            notes += told_apart(panel, odd)
            market = streams[name].level.innovations
            if panel.returns is not None:
                comebacks[name] = _comeback(panel, table)
    carried: list[str] = []
    for leaf in leaves:
        measure = past.leaves[leaf]
        if leaf in stream_of or measure.event is not None:
            continue
        values = panel.columns[leaf]
        if measure.spread or measure.each_month:
            carried.append(leaf)
            continue
        units = np.array_equal(values, np.round(values / ONE) * ONE)
        where = np.argwhere(values > 0)
        where = where[items_in_order(where[:, 0], segment)]
        pool = np.zeros((0, 1)) if units else values[where[:, 0], where[:, 1]][:, None]
        counts = values / ONE if units else (values > 0).astype(np.float64)
        owner = np.zeros(0, dtype=np.int64) if units else where[:, 0]
        streams[leaf] = fit_stream(leaf, np.array([slot[leaf]]), np.maximum(counts, 0.0), pool, ONE if units else 0.0,
                                   owner, market=market, missing=lacking.get(leaf), **common)  # fmt: skip
        stream_of[leaf] = leaf
    if carried:
        notes.append(
            "Contracts in force, and balances that are paid on, go on at the level of their last three months."
        )
    if panel.months < 24:
        notes.append("With less than two years of history no season can be seen; every month counts alike.")
    notes += outsized(past)
    levels = {name: _level(name, panel.columns[name], segment, len(segments))
              for name, measure in past.leaves.items() if measure.is_level and measure.level is not None}  # fmt: skip
    return Model(past, seen, known, leaves, streams, stream_of, tuple(carried), levels, segment, segments, alive, churn, joins,
                 comebacks, tuple(notes))  # fmt: skip


def _segments(panel: Panel, seen: NDArray[np.bool_]) -> tuple[Rows, tuple[str, ...]]:
    """Segments are partner types with at least five partners to whom anything happened; the rest are one."""
    types = panel.attributes["type"].astype(str)
    counts = {name: int((seen.any(axis=1) & (types == name)).sum()) for name in sorted(set(types.tolist()))}
    names = [name for name, number in counts.items() if number >= 5]
    if len(names) < len(counts):
        names.append("others" if names else "all")
    place = {name: row for row, name in enumerate(names)}
    return np.array([place.get(name, len(names) - 1) for name in types], dtype=np.int64), tuple(names)


def _level(name: str, values: Floats, segment: Rows, groups: int) -> Level:
    """A score as fitted: values at which it stood after each change."""
    known = ~np.isnan(values)
    both = known[:, 1:] & known[:, :-1]
    changed = both & (values[:, 1:] != values[:, :-1])
    rate = float((changed.sum() + 0.5) / (both.sum() + 5.0))
    fresh = np.zeros_like(known)
    fresh[:, 0] = known[:, 0]
    fresh[:, 1:] = known[:, 1:] & (changed | ~known[:, :-1])
    where = np.argwhere(fresh)
    held = values[where[:, 0], where[:, 1]]
    own_first, own = grouped(where[:, 0], len(values))
    segment_first, mine = grouped(segment[where[:, 0]], groups)
    return Level(name, values[:, -1].copy(), rate, own_first, held[own], segment_first, held[mine])


def _comeback(panel: Panel, table: Any) -> Comeback:
    """Which items of a table came back, when and how much of them."""
    returns = panel.returns
    assert returns is not None
    place = {(int(partner), str(deal)): row
             for row, (partner, deal) in enumerate(zip(table.partner, table.deal_id, strict=True))}  # fmt: skip
    lag, term = np.full(len(table.partner), -1, dtype=np.int64), np.zeros(len(table.partner), dtype=np.int64)
    values = {name: np.zeros(len(table.partner)) for name in returns.values}
    for row in range(len(returns.partner)):
        item = place.get((int(returns.partner[row]), str(returns.deal_id[row])), -1)
        if item >= 0 and returns.month[row] >= returns.sold_month[row]:
            lag[item] = returns.month[row] - returns.sold_month[row]
            term[item] = returns.term_months[row]
            for name, column in returns.values.items():
                values[name][item] += column[row]
    return Comeback(lag, term, values)
