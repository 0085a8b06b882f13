"""month_rules.yaml once more, as somebody fluent in NumPy would write it: whole arrays of partners, month by month.

It knows this one scheme and nothing else, and works only on what posts in a month. Amounts are cents, rates millionths,
products millionths of a cent, so that it can be held against the kernel to the cent. There are two of it: one adds up
the months of each window, as an analyst would; the other starts where the kernel starts, from running totals.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields
from typing import Self

import numpy as np
from numpy.typing import NDArray

from incentive_lab.panel import Floats, Panel

MILLION = 1e6
CENTS = 100.0
MEASURES = (
    "revenue", "margin", "qualified_pipeline", "recurring_revenue", "qualified_lead", "deal_registration", "training",
    "certification", "campaign",
)  # fmt: skip
LEVELS = ((60_000, 6, 3.4), (200_000, 12, 3.7), (600_000, 18, 4.0))
CERTIFICATION = np.array([300, 400, 500, 600]) * CENTS
SERVICE = np.array([5_000, 8_000, 11_000, 15_000], dtype=np.float64)
VOLUME = ((0, 10_000), (100_000, 10_000), (250_000, 15_000))
"""From, and by how much the rate rises there: a marginal table is the sum of its rises over what lies above them."""
MARGIN = ((5_000, 5_000), (20_000, 10_000), (60_000, 15_000))


@dataclass(frozen=True)
class Monthly:
    """Measures and scores [months, partners], month of joining [partners]."""

    values: Mapping[str, Floats]
    csat: Floats
    joined: NDArray[np.int64]

    def window(self, name: str, start: int, end: int) -> Floats:
        """A measure over the months from `start` to before `end`."""
        return np.asarray(self.values[name][start:end].sum(axis=0))

    def chunk(self, rows: slice) -> Self:
        """Some of the partners, contiguous."""
        values = {name: np.ascontiguousarray(each[:, rows]) for name, each in self.values.items()}
        return type(self)(values, np.ascontiguousarray(self.csat[:, rows]), self.joined[rows])


class Prepared(Monthly):
    """The same with running totals [months + 1, partners] of each measure."""

    def window(self, name: str, start: int, end: int) -> Floats:
        """A measure over the months from `start` to before `end`."""
        return np.asarray(self.values[name][end] - self.values[name][start])


def monthly(panel: Panel) -> Monthly:
    """Lay a panel out months first."""
    values = {name: np.ascontiguousarray(panel.columns[name].T) for name in MEASURES}
    return Monthly(values, np.ascontiguousarray(panel.columns["csat"].T), panel.joined.astype(np.int64))


def prepare(panel: Panel) -> Prepared:
    """Lay running totals out months first."""
    sums = {}
    for name in MEASURES:
        sums[name] = np.zeros((panel.months + 1, panel.partners))
        np.cumsum(panel.columns[name].T, axis=0, out=sums[name][1:])
    return Prepared(sums, np.ascontiguousarray(panel.columns["csat"].T), panel.joined.astype(np.int64))


def chunks(given: Monthly, size: int) -> list[Monthly]:
    """The same, cut into pieces that fit into a processor's cache."""
    return [given.chunk(slice(first, first + size)) for first in range(0, len(given.joined), size)]


def rounded(amount: Floats) -> Floats:
    """Millionths of a cent to cents, halves up; nothing here is negative."""
    return np.asarray(np.floor((amount + 5e5) / MILLION))


def entitlement(revenue: Floats) -> Floats:
    """What the marginal table gives on the year's revenue to date."""
    exact = revenue * VOLUME[0][1]
    for start, rise in VOLUME[1:]:
        exact += np.maximum(revenue - start * CENTS, 0) * rise
    return rounded(exact)


@dataclass
class State:
    """What one month leaves for the next, [partners]: tiers, reviews missed, and what was counted towards limits."""

    tier: NDArray[np.int64]
    misses: NDArray[np.int64]
    certified: Floats
    served: Floats
    entitled: Floats
    capped: Floats
    piped: Floats

    @classmethod
    def begun(cls, partners: int) -> Self:
        """Before the first month."""
        none = [np.zeros(partners) for _ in range(5)]
        return cls(np.zeros(partners, dtype=np.int64), np.zeros(partners, dtype=np.int64), *none)

    def repeated(self, partners: int, times: int) -> Self:
        """The same for so many copies of each of the first partners, side by side."""
        return type(self)(*(np.repeat(getattr(self, each.name)[:partners], times) for each in fields(self)))


def pay(given: Monthly, begin: int = 0, state: State | None = None) -> Floats:
    """Cents paid, [months, partners], from month `begin` on; `state` is what came before and is worked on."""
    months, partners = given.csat.shape
    total = np.zeros((months, partners))
    s = state or State.begun(partners)
    for month in range(begin, months):
        start = month - month % 3
        if month % 12 == 0:
            s.certified[:] = s.served[:] = s.entitled[:] = 0
        if month == start:
            s.capped[:] = s.piped[:] = 0
        earned = total[month]
        for name, most, rate in (("qualified_lead", 5, 120), ("deal_registration", 4, 60)):
            before = np.minimum(given.window(name, start, month), most * MILLION)
            now = np.minimum(given.window(name, start, month + 1), most * MILLION)
            earned += rounded((now - before) * (rate * CENTS))
        line = rounded(given.window("qualified_pipeline", month, month + 1) * 2_500)
        line = np.minimum(line, 400 * CENTS - s.piped)
        s.piped += line
        earned += line
        if month % 3 == 2:
            _quarter(given, month, s.tier, s.certified, s.served, s.entitled, earned)
        earned[:] = np.minimum(earned, 6_000 * CENTS - s.capped)
        s.capped += earned
        if month % 3 == 2 and month >= 11:
            s.tier, s.misses = _review(given, month, s.tier, s.misses)
    return total


def _quarter(
    given: Monthly, month: int, tier: NDArray[np.int64], certified: Floats, served: Floats, entitled: Floats,
    earned: Floats,
) -> None:  # fmt: skip
    """Add the quarter's rules to `earned`; the balances of the year change in place."""
    start, end = month - 2, month + 1
    counted = np.minimum(given.window("certification", start, end), 3 * MILLION - certified)
    certified += counted
    earned += rounded(counted * CERTIFICATION[tier])
    earned += rounded(np.minimum(given.window("training", start, end), 5 * MILLION) * (40 * CENTS))
    campaign = rounded((given.window("campaign", start, end)) * (250 * CENTS))
    earned += np.minimum(campaign, 500 * CENTS)
    service = rounded((given.window("recurring_revenue", start, end)) * SERVICE[tier])
    service = np.minimum(service, 1_500 * CENTS - served)
    served += service
    earned += service
    factor = np.where(given.csat[month] < 3.5, 0.5, 1.0)
    to_date = entitlement(given.window("revenue", month - month % 12, end))
    earned += rounded((to_date - entitled) * MILLION * factor)
    entitled[:] = to_date
    margin = given.window("margin", start, end)
    rate = np.zeros(len(margin))
    for least, each in MARGIN:
        rate[margin >= least * CENTS] = each
    earned += rounded(margin * rate)
    if start >= 12:
        last_year = given.window("revenue", start - 12, end - 12)
        reference = np.floor((last_year * 1_050_000 + 5e5) / MILLION)
        revenue = given.window("revenue", start, end)
        excess = np.where(given.joined <= start - 12, np.maximum(revenue - reference, 0), 0)
        earned += np.minimum(rounded(excess * 20_000 * factor), 1_000 * CENTS)


def _review(
    given: Monthly, month: int, tier: NDArray[np.int64], misses: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Tiers in force from the next month, and how often in a row each was not met."""
    revenue = given.window("revenue", month - 11, month + 1)
    training = given.window("training", month - 11, month + 1)
    best = np.zeros(len(tier), dtype=np.int64)
    for place, (amount, trained, score) in enumerate(LEVELS, 1):
        met = (revenue >= amount * CENTS) & (training >= trained * MILLION) & (given.csat[month] >= score)
        best[met] = place
    kept = best >= tier
    misses = np.where(kept, 0, misses + 1)
    falls = misses > 1
    tier = np.where(kept | falls, best, tier)
    return tier, np.where(falls, 0, misses)
