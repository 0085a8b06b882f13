"""Months whose rows are missing, rather than months in which nothing happened: an export often lacks some."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from incentive_lab.format import compact
from incentive_lab.panel import Floats, month_label

Flags = NDArray[np.bool_]
CHANCE = 0.001
"""Chance, over all months and groups together, of taking a month for missing that was only empty."""
LEAST_PARTNERS, LEAST_ROWS = 5, 20
"""Partners that must have had something in the months beside, and rows of a group, below which nothing can be told."""
BESIDE = 3
"""Months before and after empty ones that say what is usual around them."""
SILENT = 6
"""Months at the end of history after which part of the partners counts as having left, not as missing."""
GROUPED_BY = ("type", "region", "segment")
YEAR = 12


@dataclass(frozen=True)
class Gap:
    """Months of which a history holds no row of a group of partners, though it should.

    Attributes:
        attribute, value: Which partners, such as region and north; both empty for all of them.
        months: Which, from 0 on.
        usual: Rows of the group in a month that has any.
    """

    attribute: str
    value: str
    months: tuple[int, ...]
    usual: float

    def told(self, first_month: int, what: str) -> str:
        """What is missing, as a part of a sentence.

        Example:
            >>> Gap("region", "north", (3, 4), 20.4).told(24_000, "closed deals")
            'closed deals of region north in 2000-04 and 2000-05 (about 20 a month are usual)'
        """
        names = [month_label(first_month + month) for month in self.months]
        when = " and ".join([*([", ".join(names[:-1])] if names[1:] else []), names[-1]])
        if len(names) > 2 and self.months[-1] - self.months[0] == len(names) - 1:
            when = f"{names[0]} to {names[-1]}"
        whose = f" of {self.attribute} {self.value}" if self.attribute else ""
        return f"{what}{whose} in {when} (about {compact(round(self.usual))} a month are usual)"


def gaps(counts: Floats, attributes: Mapping[str, Any], may_end: bool = False) -> tuple[Gap, ...]:
    """Months whose rows are missing: of all partners, or of those of one type, region or segment.

    A run of empty months is missing where the law of the other months (a gamma law of levels around what is usual beside the
    run, less the largest partner, and no higher than the same months of other years) makes it next to impossible. So a season
    that is empty every year is a season, few rows are few, and a programme that fades has faded. Part of the partners that
    are silent for half a year at the end have left, and part of them without a row from the beginning had not begun.

    Args:
        counts: [partners, months] how many rows.
        attributes: Name -> [partners], such as region.
        may_end: Whether half a year of silence of all partners at the end says that there is no more of it.

    Example:
        >>> counts = np.full((8, 24), 3.0)
        >>> counts[:, 9] = 0
        >>> [gap.months for gap in gaps(counts, {})]
        [(9,)]
    """
    months = counts.shape[1]
    groups = [("", "", np.ones(len(counts), dtype=np.bool_))]
    for name in GROUPED_BY:
        values = np.asarray(attributes.get(name, np.full(len(counts), ""))).astype(str)
        kinds = sorted(set(values.tolist()) - {""})
        groups += [(name, kind, values == kind) for kind in kinds if (values == kind).sum() < len(counts)]
    border, found = np.log(CHANCE / (months * len(groups))), []
    left = np.zeros(counts.shape, dtype=np.bool_)
    for attribute, value, mine in groups:
        told = np.zeros(months, dtype=np.bool_)
        not_begun = np.cumsum(counts[mine].sum(axis=0)) == 0
        for run in _empty_runs(counts[mine], np.asarray(left[mine].all(axis=0))):
            if (attribute or may_end) and run[-1] == months - 1 and len(run) >= SILENT:
                continue
            if attribute and not_begun[run[0]]:
                continue
            chance, like = _chance(counts[mine], run, np.asarray(left[mine].any(axis=0)) | not_begun)
            if chance < border:
                told[run[like > 0]] = True
        if told.any():
            left |= mine[:, None] & told[None, :]
            others = counts[mine][:, ~told & ~left[mine].all(axis=0)].sum(axis=0)
            found.append(Gap(attribute, value, tuple(np.flatnonzero(told).tolist()), float(others[others > 0].mean())))
    return tuple(found)


def missing(found: tuple[Gap, ...], attributes: Mapping[str, Any], shape: tuple[int, int]) -> Flags:
    """[partners, months] which months of which partners are missing."""
    flags = np.zeros(shape, dtype=np.bool_)
    for gap in found:
        mine = (
            np.asarray(attributes[gap.attribute]).astype(str) == gap.value
            if gap.attribute
            else np.ones(shape[0], dtype=np.bool_)
        )
        flags[np.ix_(np.flatnonzero(mine), np.array(gap.months))] = True
    return flags


def left_out_words(told: list[str]) -> str:
    """What was done about rows that are missing, and what to do, for a person.

    Example:
        >>> left_out_words(["closed deals in 2024-03 (about 40 a month are usual)"])[:61]
        'Rows seem to be missing: closed deals in 2024-03 (about 40 a '
    """
    return (f"Rows seem to be missing: {'; '.join(told)}. These months are left out of what rates, season and trend are fitted "
            "to; replay and what looks back take them as they are. Bring the rows; if truly nothing happened then, "
            "what is projected is too high by as much.")  # fmt: skip


def _empty_runs(counts: Floats, known: Flags) -> Iterator[NDArray[np.int64]]:
    """Runs of months without a row that are not known to be missing, of a group that has rows enough."""
    totals = counts.sum(axis=0)
    if totals.sum() < LEAST_ROWS:
        return
    empty = np.flatnonzero((totals == 0) & ~known)
    for run in np.split(empty, np.flatnonzero(np.diff(empty) > 1) + 1):
        if len(run):
            yield run


def _chance(counts: Floats, run: NDArray[np.int64], known: Flags) -> tuple[float, Floats]:
    """Log of the chance that a run is empty, and how much is usual in each of its months (0: nothing, in its season)."""
    months = counts.shape[1]
    none = np.zeros(len(run))
    rest = ~known
    rest[run] = False
    before = [month for month in range(run[0] - 1, -1, -1) if rest[month]][:BESIDE]
    after = [month for month in range(run[-1] + 1, months) if rest[month]][:BESIDE]
    beside = np.array(before + after, dtype=np.int64)
    if len(beside) == 0 or (counts[:, beside].sum(axis=1) > 0).sum() < LEAST_PARTNERS:
        return 0.0, none
    totals = np.delete(counts, int(counts.sum(axis=1).argmax()), axis=0).sum(axis=0)
    near = min(float(totals[side].mean()) for side in (before, after) if side)
    whole = float(totals[rest].mean())
    place = np.arange(months) % YEAR
    like = none.copy()
    for at, month in enumerate(run):
        same = rest & (place == month % YEAR)
        like[at] = min(near, whole, float(totals[same].mean()) if same.any() else np.inf)
    like[like < 0.25 * min(near, whole)] = 0.0
    spread = max(float(totals[rest].var()) - whole, 1e-9 + 0.01 * whole**2)
    shape = whole**2 / spread
    return float(-shape * np.log1p(like.sum() / shape)), like
