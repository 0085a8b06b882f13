"""Reach and cliffs: who can get to the next tier, and what one more unit earns at each border."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incentive_lab.engine.blocks import month_column
from incentive_lab.engine.columns import Column
from incentive_lab.engine.next_tier import look
from incentive_lab.engine.periods import PERIOD_MONTHS, window_code, year_shift
from incentive_lab.engine.replay import Replay
from incentive_lab.panel import Floats
from incentive_lab.scheme.lookup import measure_named, unit_of
from incentive_lab.scheme.rates import Table

WITHIN = 0.75
"""A partner has a realistic way to a tier if it has at least this share of every number the tier needs."""
BAND = 0.05
"""Width of the bands compared on both sides of a border, as a share of the border."""


@dataclass(frozen=True)
class TierReach:
    """How partners stand to the tier above theirs, in the last month.

    Attributes:
        tier: The tier above.
        rows_below: Panel rows of the partners one tier below it.
        rows_within: Those that have at least `WITHIN` of every number it needs.
        middle: How many of them are in the middle 60 % of partners by what they are paid.
        blocker: The need that most of the others miss most, '' when none.
    """

    tier: str
    rows_below: tuple[int, ...]
    rows_within: tuple[int, ...]
    middle: int
    blocker: str

    @property
    def below(self) -> int:
        """Partners one tier below."""
        return len(self.rows_below)

    @property
    def within(self) -> int:
        """Those with a realistic way up."""
        return len(self.rows_within)


def reach(result: Replay) -> tuple[TierReach, ...]:
    """Which partners have a realistic way to the next tier; empty without tiers."""
    tiers = result.scheme.tiers
    if tiers is None or result.panel.months == 0:
        return ()
    last = result.panel.months - 1
    ranks = np.argsort(np.argsort(result.by_partner, kind="stable"), kind="stable") / max(1, result.panel.partners)
    found = []
    for place, level in enumerate(tiers.levels[1:], 1):
        below = np.flatnonzero(result.tiers[last] == place - 1)
        within: list[int] = []
        middle = 0
        missed: dict[str, int] = {}
        for row in below:
            shares = {
                name: _share(look(result, name, int(row), last), float(need)) for name, need in level.needs.items()
            }
            if all(share >= WITHIN for share in shares.values()):
                within.append(int(row))
                middle += int(0.2 <= ranks[row] < 0.8)
            else:
                worst = min(shares, key=lambda name: shares[name])
                missed[worst] = missed.get(worst, 0) + 1
        blocker = max(missed, key=lambda name: missed[name]) if missed else ""
        found.append(TierReach(level.name, tuple(below.tolist()), tuple(within), middle, blocker))
    return tuple(found)


def _share(value: float | None, need: float) -> float:
    if need <= 0:
        return 1.0
    return 0.0 if value is None else value / need


@dataclass(frozen=True)
class Cliff:
    """One border of a table and what happens at it.

    Attributes:
        rule: Rule id.
        step: Name of the step that begins there.
        border: In whole units of the driver's measure.
        jump: What crossing it pays at once, in whole currency units, for a partner exactly at the border whose base is
            its driver; None where base and driver differ.
        below: Partner-periods within `BAND` below the border in the history.
        above: Partner-periods within `BAND` above it.
        excess: (above - below) over its standard error, to which each partner adds the square of its own difference (the
            periods of a steady partner look alike and are no independent ones): above about 2 is more than chance would
            explain; None with fewer than ten partners in the two bands.
        rows_below, rows_above: Panel rows of the partners behind `below` and `above`, each once.
    """

    rule: str
    step: str
    border: float
    jump: float | None
    below: int
    above: int
    excess: float | None
    rows_below: tuple[int, ...]
    rows_above: tuple[int, ...]


def cliffs(result: Replay) -> tuple[Cliff, ...]:
    """Borders of every rule's own table over periods of the history, with the bunching just above them."""
    scheme, found = result.scheme, []
    for rule in scheme.rules:
        table = rule.rate.table
        name = (table.by.measure if table and table.by else rule.on.measure) if table else None
        if table is None or name is None or rule.per in ("deal", "line") or table.of_target:
            continue
        measure = measure_named(name, scheme.measures)
        if measure.is_level or measure.ratio is not None:
            continue
        values = _period_values(result, name, window_code(table.over, PERIOD_MONTHS[rule.per]))
        own = table.by is None or table.by.measure == rule.on.measure
        scale = result.minor if unit_of(name, scheme.measures) == "money" else 1
        for place, step in enumerate(table.steps):
            border = float(step.from_)
            if border <= 0:
                continue
            near_below = (values < border) & (values >= border * (1 - BAND))
            near_above = (values >= border) & (values < border * (1 + BAND))
            below, above = int(near_below.sum()), int(near_above.sum())
            excess = _excess(near_below, near_above)
            jump = _jump(table, place, scale) if own else None
            found.append(
                Cliff(rule.id, step.name, border, jump, below, above, excess, _rows(near_below), _rows(near_above))
            )  # fmt: skip
    return tuple(found)


def _excess(below: NDArray[np.bool_], above: NDArray[np.bool_]) -> float | None:
    """How far more partner-periods lie above than below, in standard errors over partners, from [partners, periods]."""
    if (below | above).any(axis=1).sum() < 10:
        return None
    own = above.sum(axis=1) - below.sum(axis=1)
    return float(own.sum() / np.sqrt(max(1, int((own**2).sum()))))


def _rows(near: NDArray[np.bool_]) -> tuple[int, ...]:
    """Partners that are near a border in any period, [partners, periods]."""
    return tuple(np.flatnonzero(near.any(axis=1)).tolist())


def _jump(table: Table, place: int, scale: int) -> float:
    """What a partner exactly at a border gains by crossing it."""
    step, border = table.steps[place], float(table.steps[place].from_)
    before = table.steps[place - 1] if place else None
    rate, rate_before = float(step.rate or 0), float(before.rate or 0) if before else 0.0
    lump = float(step.lump or 0)
    lump_before = float(before.lump or 0) if before and table.lumps == "highest" else 0.0
    lifts = table.applies == "whole" or (table.applies == "marginal" and step.retroactive)
    if table.applies in ("each_in_full", "each_to_its_end"):
        return rate * border + lump - lump_before
    return (rate - rate_before) * border * (1 if lifts else 0) + lump - lump_before if scale else 0.0


def _period_values(result: Replay, name: str, length: int) -> Floats:
    """The driver at the end of each whole window of so many months of the programme year, in whole units, [partners, periods].

    Without periods where the history holds no whole one, and for windows that never begin anew (trailing months, a life).
    """
    if not 1 <= length <= 12:
        return np.zeros((result.panel.partners, 0))
    column = month_column(result.panel, Column(name), result.scheme)
    first = -year_shift(result.scheme, result.panel.first_month) % length
    months = max(0, column.shape[1] - first) // length * length
    sums = column[:, first : first + months].reshape(column.shape[0], -1, length).sum(axis=2)
    scale = result.minor if unit_of(name, result.scheme.measures) == "money" else 1_000_000
    return np.asarray(sums / scale)
