"""Partners: what the history shows of them and what it hides."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from incentive_lab.history.demo import quirks
from incentive_lab.history.demo.calibration import CALIBRATION, setting
from incentive_lab.history.demo.columns import dates, labels, numbered, pick
from incentive_lab.history.demo.makeup import REGION_SHARES, REGIONS, SEGMENT_AMOUNT, SEGMENTS, TIERS, TYPES
from incentive_lab.history.demo.names import partner_name
from incentive_lab.history.demo.plan import BLOCK, RUN_IN, Bools, Floats, Ints, Plan, month_start

NEVER = 10**6
_LAST_ROUND_DAY = 28
_TYPICAL_WIN_RATE = 0.31


@dataclass(frozen=True)
class Traits:
    """One block of partners; every array has one entry per partner of the full block.

    Attributes:
        number: Running number over all blocks, from 0.
        type: Position in TYPES.
        region: Position in REGIONS.
        segment: Position in SEGMENTS.
        tier: Position in TIERS.
        joined_on: Days since 1970-01-01.
        joined: Month of joining, counted from the first month; negative for founders.
        left: First silent month, counted from the first; NEVER for most.
        active: Whether the partner ever does anything.
        engagement: Hidden: standard normal, drives both training and selling.
        rate: Deals created per month when fully under way.
        amount: Log shift of the partner's deal amounts.
        service: Hidden: shift of its satisfaction scores.
        parent: Place of the parent in the block, -1 for none.
        bunches: Hidden: whether it pulls deals forward to reach a target.
        renamed: Place of the partner whose business this one continues, -1 for none.
    """

    number: Ints
    type: Ints
    region: Ints
    segment: Ints
    tier: Ints
    joined_on: Ints
    joined: Ints
    left: Ints
    active: Bools
    engagement: Floats
    rate: Floats
    amount: Floats
    service: Floats
    parent: Ints
    bunches: Bools
    renamed: Ints

    def alive(self, months: Ints) -> Bools:
        """Whether each partner is under way in each month: bool [partners, months]."""
        since = months[None, :] - self.joined[:, None]
        return self.active[:, None] & (since > 0) & (months[None, :] < self.left[:, None])


def draw(plan: Plan, block: int) -> Traits:
    """The traits of one block of partners, always the full block."""
    rng = plan.rng("partners", block)
    kind = rng.choice(len(TYPES), BLOCK, p=[t.share for t in TYPES])
    region = rng.choice(len(REGIONS), BLOCK, p=REGION_SHARES)
    size, engagement = _hidden(rng)
    segment = np.digitize(0.5 * size + rng.standard_normal(BLOCK), (0.1, 1.1))
    tier = np.digitize(0.7 * size + 0.6 * engagement + 0.5 * rng.standard_normal(BLOCK), (0.75, 1.85))
    joined_on, joined = _joining(plan, rng)
    silent = rng.geometric(setting("dormancy_per_month"), BLOCK) + np.maximum(joined, 0)
    active = rng.random(BLOCK) >= setting("inactive")
    traits = Traits(
        number=block * BLOCK + np.arange(BLOCK),
        type=kind,
        region=region,
        segment=segment,
        tier=tier,
        joined_on=joined_on,
        joined=joined,
        left=np.where(silent < plan.months, silent, NEVER),
        active=active,
        engagement=engagement,
        rate=_rate(plan, kind, size, engagement),
        amount=_amount(kind, segment, size),
        service=rng.normal(0, CALIBRATION["csat_partner_sd"].value, BLOCK),
        parent=_parents(rng, joined, active),
        bunches=rng.random(BLOCK) < setting("bunching_partners"),
        renamed=np.full(BLOCK, -1),
    )
    return quirks.rename(plan, block, traits)


def _hidden(rng: np.random.Generator) -> tuple[Floats, Floats]:
    """Size and engagement, standard normal and correlated."""
    rho = setting("engagement_size_correlation")
    size = rng.standard_normal(BLOCK)
    most = setting("largest_size")
    size = np.clip(size, -most, most)
    return size, rho * size + math.sqrt(1 - rho**2) * rng.standard_normal(BLOCK)


def _joining(plan: Plan, rng: np.random.Generator) -> tuple[Ints, Ints]:
    """Day and month of joining: founders in the six years before, the others spread over the window."""
    founder = rng.random(BLOCK) < setting("founders")
    before = -1 - RUN_IN - rng.integers(0, 72, BLOCK)
    spread = rng.random(BLOCK) ** (1 / setting("joining_exponent"))
    joined = np.where(founder, before, np.floor((1 - spread) * plan.months).astype(np.int64))
    return month_start(joined + plan.first) + rng.integers(0, _LAST_ROUND_DAY, BLOCK), joined


def _rate(plan: Plan, kind: Ints, size: Floats, engagement: Floats) -> Floats:
    """Deals per month, scaled so that the whole history holds as many as asked for."""
    a, b, rho = setting("rate_by_size"), setting("rate_by_engagement"), setting("engagement_size_correlation")
    by_type = np.array([t.rate for t in TYPES])
    shares = np.array([t.share for t in TYPES])
    mean = math.exp((a * a + b * b + 2 * a * b * rho) / 2) * float(by_type @ shares) * _exposure(plan)
    typical = plan.deals_per_partner_month / mean / setting("deal_surplus")
    return np.asarray(typical * by_type[kind] * np.exp(a * size + b * engagement))


def _exposure(plan: Plan) -> float:
    """Mean share of the window in which a partner is under way (joined, active, not yet silent)."""
    months = np.arange(plan.months)
    staying = (1 - setting("dormancy_per_month")) ** months
    since = 1 - (1 - months / plan.months) ** setting("joining_exponent")
    joined = setting("founders") + (1 - setting("founders")) * since
    return float((1 - setting("inactive")) * (joined * staying).mean())


def _amount(kind: Ints, segment: Ints, size: Floats) -> Floats:
    by_type = np.array([t.amount for t in TYPES])[kind]
    by_segment = np.array(SEGMENT_AMOUNT)[segment]
    return np.asarray(by_type + by_segment + setting("amount_by_size") * size)


def expected_revenue(traits: Traits) -> Floats:
    """Revenue per month in cents that each partner would win on average when under way, without growth or effects."""
    log_amount = setting("amount_log_median") + traits.amount + setting("amount_sigma") ** 2 / 2
    return traits.rate * np.exp(log_amount) * _TYPICAL_WIN_RATE * 100


def _parents(rng: np.random.Generator, joined: Ints, active: Bools) -> Ints:
    """A parent for one partner in twelve: an active founder earlier in the block."""
    fits = np.flatnonzero(active & (joined < 0))
    earlier = np.searchsorted(fits, np.arange(BLOCK))
    chosen = np.floor(rng.random(BLOCK) * np.minimum(earlier, 12)).astype(np.int64)
    has = (rng.random(BLOCK) < 1 / 12) & (earlier > 0)
    return np.where(has, fits[chosen], -1)


def table(plan: Plan, block: int, traits: Traits) -> pa.Table:
    """The rows of `partners` for one block."""
    keep = slice(0, plan.kept(block))
    number = traits.number[keep]
    kinds = [TYPES[k].name for k in traits.type[keep]]
    names = [partner_name(int(n), k, plan.seed) for n, k in zip(number, kinds, strict=True)]
    parent = traits.parent[keep]
    return pa.table(
        {
            "partner_id": numbered("P", number),
            "name": labels(quirks.rename_names(traits, names)),
            "type": labels(kinds),
            "region": pick(REGIONS, traits.region[keep]),
            "segment": pick(SEGMENTS, traits.segment[keep]),
            "tier": pick(TIERS, traits.tier[keep]),
            "joined_on": dates(traits.joined_on[keep]),
            "parent_id": numbered("P", block * BLOCK + parent, missing=parent < 0),
            "currency": pick(("USD",), np.zeros(len(number), np.int64)),
        }
    )
