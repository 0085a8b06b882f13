"""A scheme against its baseline on the same history: who wins, who loses, how the money is spread."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incentive_lab.engine.replay import Replay
from incentive_lab.errors import InputError, Problem
from incentive_lab.format import programme_year_name
from incentive_lab.panel import Floats

HALF_A_CENT = 0.5
"""Changes smaller than this many minor units count as unchanged."""
HEAVY_LOSS = 0.10
"""A partner that loses more than this share of its baseline payout is counted as hit hard."""


@dataclass(frozen=True)
class GroupImpact:
    """What a change does to a group of partners. Amounts are minor units.

    Attributes:
        name: The group.
        partners: How many.
        winners: Partners that gain at least half a cent.
        losers: Partners that lose at least half a cent.
        unchanged: The rest.
        before: Paid under the baseline.
        after: Paid under the scheme.
    """

    name: str
    partners: int
    winners: int
    losers: int
    unchanged: int
    before: float
    after: float

    @property
    def change(self) -> float:
        """Paid more (or less) than before."""
        return self.after - self.before


@dataclass(frozen=True)
class Concentration:
    """How unequally payouts are spread over the partners that are paid; None where nobody is paid.

    Attributes:
        top_tenth: Share of all payouts that goes to the tenth of partners paid most.
        middle: Share that goes to the middle 60 % of partners by payout.
        gini: 0 when all get the same, near 1 when one gets all.
        paid: Partners that are paid anything.
    """

    top_tenth: float | None
    middle: float | None
    gini: float | None
    paid: int


def concentration(amounts: Floats) -> Concentration:
    """How payouts are spread over all partners (a partner without payout counts as 0).

    Example:
        >>> concentration(np.array([100.0] * 10)).gini
        0.0
    """
    values = np.sort(np.maximum(amounts, 0.0))
    total, count = float(values.sum()), len(values)
    paid = int((values > 0).sum())
    if total <= 0 or count == 0:
        return Concentration(None, None, None, paid)
    top = max(1, round(count / 10))
    low, high = int(round(count * 0.2)), int(round(count * 0.8))
    ranks = np.arange(1, count + 1)
    gini = float((2 * (ranks * values).sum()) / (count * total) - (count + 1) / count)
    return Concentration(
        float(values[-top:].sum() / total), float(values[low:high].sum() / total), max(0.0, gini), paid
    )


@dataclass(frozen=True)
class Impact:
    """The comparison. Amounts are minor units; partner order is the panel's.

    Attributes:
        change: float64 [partners].
        total: One group of everybody.
        by_decile: Tenths of partners by what the BASELINE paid them, smallest first.
        by_type: By partner type.
        by_region: By region.
        by_tier: By tier in the last month under the scheme.
        before: Concentration under the baseline.
        after: Concentration under the scheme.
    """

    change: Floats
    total: GroupImpact
    by_decile: tuple[GroupImpact, ...]
    by_type: tuple[GroupImpact, ...]
    by_region: tuple[GroupImpact, ...]
    by_tier: tuple[GroupImpact, ...]
    before: Concentration
    after: Concentration


def impact(proposed: Replay, baseline: Replay) -> Impact:
    """Compare two replays of the same partners.

    Raises:
        InputError: One scheme pays parents and the other one members.
        ValueError: The replays are of different partners.
    """
    side_by_side(proposed, baseline)
    before, after = baseline.by_partner, proposed.by_partner
    attributes = proposed.panel.attributes
    names = np.array(proposed.tier_names, dtype=object)
    last = proposed.tiers[-1] if len(proposed.tiers) else np.zeros(len(after), dtype=np.int64)
    return Impact(
        change=after - before,
        total=group_impact("all partners", before, after),
        by_decile=by_decile(before, after),
        by_type=by_attribute(attributes["type"], before, after),
        by_region=by_attribute(attributes["region"], before, after),
        by_tier=by_attribute(names[last], before, after, order=proposed.tier_names),
        before=concentration(before),
        after=concentration(after),
    )


def side_by_side(proposed: Replay, baseline: Replay) -> None:
    """Make sure that two replays pay the same partners.

    Raises:
        InputError: One scheme pays parents and the other one members.
        ValueError: The replays are of different partners.
    """
    if proposed.panel.partner_ids == baseline.panel.partner_ids:
        return
    if proposed.scheme.group == baseline.scheme.group:
        raise ValueError("the two replays are of different partners")
    one, other = proposed.scheme.id, baseline.scheme.id
    message = f"'{one}' and '{other}' do not pay the same: one pays parents for their members, the other one does not."
    raise InputError([Problem("group.pays", message, "Compare schemes that group partners alike.")])


def group_impact(name: str, before: Floats, after: Floats) -> GroupImpact:
    """One group's impact."""
    change = after - before
    winners, losers = int((change >= HALF_A_CENT).sum()), int((change <= -HALF_A_CENT).sum())
    return GroupImpact(
        name, len(change), winners, losers, len(change) - winners - losers, float(before.sum()), float(after.sum())
    )


def by_decile(before: Floats, after: Floats) -> tuple[GroupImpact, ...]:
    """Tenths of partners by what the baseline paid; ties keep the order of ids, so tenths are equal in size."""
    order = np.argsort(before, kind="stable")
    return tuple(
        group_impact(str(number), before[rows], after[rows])
        for number, rows in enumerate(np.array_split(order, 10), 1)
        if len(rows)
    )


def by_attribute(
    values: NDArray[np.object_], before: Floats, after: Floats, order: Sequence[str] = ()
) -> tuple[GroupImpact, ...]:
    """One group for each value of an attribute; '' is shown as 'unknown'."""
    text = values.astype(str)
    present = [name for name in order if (text == name).any()] or sorted(set(text.tolist()))
    return tuple(group_impact(name or "unknown", before[text == name], after[text == name]) for name in present)


@dataclass(frozen=True)
class Mix:
    """Planned and paid shares of the behavioural group.

    Attributes:
        planned: What the scheme's dial says, None without one.
        paid: Behavioural share of what rules paid (after partner caps in proportion), None when nothing was paid.
        by_segment: Paid share by partner type.
    """

    planned: float | None
    paid: float | None
    by_segment: Mapping[str, float | None]


def group_amounts(result: Replay) -> dict[str, Floats]:
    """Cents by partner that each group's rules paid, partner caps taken off in proportion; float64 [partners]."""
    rules = result.scheme.rules
    groups = {name: np.zeros(result.panel.partners) for name in ("behavioural", "transactional")}
    for row, rule in enumerate(rules):
        if not rule.non_cash:
            groups[rule.group] += result.by_rule[row]
    cut = result.by_rule[len(rules) + 1]
    whole = groups["behavioural"] + groups["transactional"]
    kept = np.divide(whole + cut, whole, out=np.ones_like(whole), where=whole > 0)
    return {name: amounts * kept for name, amounts in groups.items()}


def mix(result: Replay) -> Mix:
    """The behavioural share, planned and paid."""
    groups = group_amounts(result)
    behavioural, everything = groups["behavioural"], groups["behavioural"] + groups["transactional"]
    types = result.panel.attributes["type"].astype(str)
    return Mix(
        planned=float(result.scheme.mix.behavioural) if result.scheme.mix else None,
        paid=_share(behavioural, everything),
        by_segment={
            name: _share(behavioural[types == name], everything[types == name]) for name in sorted(set(types.tolist()))
        },
    )


def _share(part: Floats, whole: Floats) -> float | None:
    total = float(whole.sum())
    return float(part.sum()) / total if total > 0 else None


def cost_by_tier(result: Replay) -> dict[str, float]:
    """Cents paid by the tier in force in the month."""
    sums = np.bincount(result.tiers.ravel(), weights=result.total.ravel(), minlength=len(result.tier_names))
    return {name: float(sums[place]) for place, name in enumerate(result.tier_names)}


def tier_flow(before: Replay, after: Replay) -> NDArray[np.int64]:
    """Partners by (tier in the last month under `before`, under `after`)."""
    flow = np.zeros((len(before.tier_names), len(after.tier_names)), dtype=np.int64)
    np.add.at(flow, (before.tiers[-1], after.tiers[-1]), 1)
    return flow


def settlements(before: Floats, after: Floats) -> Floats:
    """Months in which either scheme pays a partner, float64 [partners], from amounts [months, partners]."""
    return np.asarray(((before != 0) | (after != 0)).sum(axis=0), dtype=np.float64)


def hit_hard(before: Floats, after: Floats, settled: Floats) -> NDArray[np.bool_]:
    """Whether a partner loses more than `HEAVY_LOSS`, beyond what rounding to cents can take from it.

    Args:
        before: Paid under the baseline, minor units [partners].
        after: Paid under the scheme, minor units [partners].
        settled: Payments of each partner (`settlements`); each may be off by one minor unit.

    Example:
        >>> hit_hard(np.array([1000.0, 1000.0]), np.array([899.0, 897.0]), np.array([2.0, 2.0])).tolist()
        [False, True]
    """
    return np.asarray((after - before < -HEAVY_LOSS * before - settled) & (before > 0.5))


@dataclass(frozen=True)
class YearCost:
    """What a programme year pays against its budget, in minor units."""

    label: str
    cost: float
    cut: float
    months: int


def programme_years(result: Replay) -> tuple[YearCost, ...]:
    """Cost and what the budget cut, by programme year of the history."""
    panel, starts = result.panel, result.scheme.year_starts
    months = panel.first_month + np.arange(panel.months)
    years = (months - (starts - 1)) // 12
    cuts = result.by_month[result.line_ids.index("budget")]
    paid = result.total.sum(axis=1)
    return tuple(
        YearCost(
            programme_year_name(year, starts),
            float(paid[years == year].sum()),
            float(cuts[years == year].sum()),
            int((years == year).sum()),
        )
        for year in dict.fromkeys(years.tolist())
    )
