"""What is settled by the quarter: targets, satisfaction scores, and what was really paid."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from incentive_lab.history.demo import columns
from incentive_lab.history.demo.calibration import CALIBRATION, setting
from incentive_lab.history.demo.partners import Traits, expected_revenue
from incentive_lab.history.demo.plan import BLOCK, Bools, Floats, Ints, Plan, month_start, quarter_start

RULE = "commission"
EXCEPTIONS = ("goodwill", "withheld", "paid_twice", "digits_swapped")
_EXCEPTION_CHANCES = (0.45, 0.25, 0.15, 0.15)
_ROUND_TO = 10_000  # targets are set in whole hundreds
_SMALLEST_TARGET = 100_000
_SETTLING_DAYS = 30
_STRETCH = 0.85  # revenue is skewed, so the median partner still misses


def targets(plan: Plan, block: int, traits: Traits) -> Ints:
    """Revenue target in cents per partner and quarter: [BLOCK, quarters], 0 before the first whole quarter."""
    rng = plan.rng("targets", block)
    noise = np.exp(rng.normal(0, 0.18, (BLOCK, plan.quarters)))
    quarter = np.arange(plan.quarters)
    growth = (1 + setting("growth_per_year")) ** (quarter / 4)
    amount = 3 * _STRETCH * expected_revenue(traits)[:, None] * growth * noise
    rounded = np.maximum(np.round(amount / _ROUND_TO) * _ROUND_TO, _SMALLEST_TARGET).astype(np.int64)
    starts = quarter_start(plan.first_quarter + quarter)
    return np.where(traits.joined_on[:, None] < starts[None, :], rounded, 0)


def target_table(plan: Plan, block: int, amounts: Ints) -> pa.Table:
    """The rows of `targets` for one block."""
    partner, quarter = np.nonzero(amounts[: plan.kept(block)])
    n = len(partner)
    return pa.table(
        {
            "partner_id": columns.numbered("P", block * BLOCK + partner),
            "measure": columns.pick(("revenue",), np.zeros(n, np.int64)),
            "period": columns.pick(_labels(plan), quarter),
            "amount": columns.money(amounts[partner, quarter]),
        }
    )


def _labels(plan: Plan) -> list[str]:
    return [plan.quarter_label(quarter) for quarter in range(plan.quarters)]


def score_table(plan: Plan, block: int, traits: Traits) -> pa.Table:
    """The rows of `scores`: satisfaction in most quarters, brand adherence in every second."""
    rng = plan.rng("scores", block)
    shape = (BLOCK, plan.quarters)
    csat = CALIBRATION["csat_mean"].value + 0.03 + traits.service[:, None] + rng.normal(0, 0.30, shape)
    brand = 3.9 + 0.35 * traits.engagement[:, None] + rng.normal(0, 0.30, shape)
    answered, reviewed = rng.random(shape) < 0.6, rng.random(shape) < 0.9
    turn = (traits.number[:, None] + np.arange(plan.quarters)) % 2 == 0
    value: Floats = np.clip(np.round(np.stack([csat, brand], axis=2), 2), 1, 5)
    starts = quarter_start(plan.first_quarter + np.arange(plan.quarters))
    days = starts[None, :, None] + rng.integers(0, 90, value.shape)
    given = np.stack([answered, reviewed & turn], axis=2) & _under_way(plan, traits, days)
    partner, quarter, measure = np.nonzero(given[: plan.kept(block)])
    day, score = days[partner, quarter, measure], value[partner, quarter, measure]
    order = np.lexsort((measure, day, partner))
    return pa.table(
        {
            "partner_id": columns.numbered("P", block * BLOCK + partner[order]),
            "scored_on": columns.dates(day[order]),
            "measure": columns.pick(("csat", "brand_adherence"), measure[order]),
            "value": columns.numbers(score[order]),
        }
    )


def _under_way(plan: Plan, traits: Traits, day: Ints) -> Bools:
    last = month_start(np.minimum(traits.left, plan.months) + plan.first)
    inside = (day >= plan.first_day) & (day <= plan.last_day)
    since = traits.joined_on[:, None, None] + _SETTLING_DAYS
    return inside & traits.active[:, None, None] & (day > since) & (day < last[:, None, None])


@dataclass(frozen=True)
class Payouts:
    """One entry per partner and quarter with revenue.

    Attributes:
        partner: Place of the partner in the block.
        quarter: Counted from the first.
        due: What the commission says, in cents.
        paid: What was paid, in cents.
        reason: Position in EXCEPTIONS, -1 where `paid` is `due`.
    """

    partner: Ints
    quarter: Ints
    due: Ints
    paid: Ints
    reason: Ints


def payouts(plan: Plan, block: int, revenue: Ints) -> Payouts:
    """A flat commission on credited revenue, half a cent up, with a few manual exceptions."""
    rng = plan.rng("actual_payouts", block)
    off = rng.random(revenue.shape) < setting("payout_exception_draw")
    reasons = rng.choice(len(EXCEPTIONS), revenue.shape, p=_EXCEPTION_CHANCES)
    gift = rng.integers(5, 60, revenue.shape) * 5_000
    partner, quarter = np.nonzero(revenue > 0)
    rate = round(setting("commission") * 10_000)
    due = (revenue[partner, quarter] * rate + 5_000) // 10_000
    reason = np.where(off[partner, quarter], reasons[partner, quarter], -1)
    swapped = _swapped(due)
    paid = np.select([reason == k for k in range(4)], [due + gift[partner, quarter], 0 * due, 2 * due, swapped], due)
    return Payouts(partner, quarter, due, paid, np.where(paid == due, -1, reason))


def _swapped(cents: Ints) -> Ints:
    """The amount with its hundreds and tens of units exchanged, as a typing slip would."""
    tens, hundreds = cents // 1_000 % 10, cents // 10_000 % 10
    return cents + (tens - hundreds) * 9_000


def payout_table(plan: Plan, block: int, payout: Payouts) -> pa.Table:
    """The rows of `actual_payouts` for one block."""
    n = len(payout.partner)
    return pa.table(
        {
            "partner_id": columns.numbered("P", block * BLOCK + payout.partner),
            "period": columns.pick(_labels(plan), payout.quarter),
            "rule": columns.pick((RULE,), np.zeros(n, np.int64)),
            "amount": columns.money(payout.paid),
        }
    )


def attainment(revenue: Ints, amounts: Ints) -> Floats:
    """Revenue over target where there is one: one entry per partner and quarter."""
    has = amounts > 0
    return np.asarray(revenue[has] / amounts[has])
