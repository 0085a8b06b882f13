"""What partners do besides selling: leads, training, campaigns and the rest, driven by their hidden engagement."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from incentive_lab.history.demo import columns
from incentive_lab.history.demo.calibration import CALIBRATION, effect, setting
from incentive_lab.history.demo.makeup import DERIVED_KINDS, KINDS, TYPES, Kind
from incentive_lab.history.demo.partners import Traits, expected_revenue
from incentive_lab.history.demo.plan import BLOCK, Bools, Floats, Ints, Plan

NAMES = tuple(kind.name for kind in KINDS) + DERIVED_KINDS
NONE = -1
_TRAININGS_PER_EXAM = 3
_ONBOARDING_STEPS = 5
_DELAY_MONTHS = 1  # an effect starts in the month after its cause
_CAMPAIGN_MONTHS = 2


@dataclass(frozen=True)
class Activities:
    """Rows of activities of one block.

    Attributes:
        owner: Place of the partner in the block.
        day: Days since 1970-01-01.
        kind: Position in NAMES.
        quantity: How many.
        quality: 0 to 1, NaN where none is recorded.
        spend: Cents, NONE where nothing was spent.
        deal: Place of the deal within the partner's deals, NONE without one.
    """

    owner: Ints
    day: Ints
    kind: Ints
    quantity: Ints
    quality: Floats
    spend: Ints
    deal: Ints


def rows(owner: Ints, day: Ints, kind: str, quality: Floats | None = None, deal: Ints | None = None) -> Activities:
    """Activities of one kind, quantity 1 and without spend."""
    n = len(owner)
    return Activities(
        owner,
        day,
        np.full(n, NAMES.index(kind)),
        np.ones(n, np.int64),
        np.full(n, np.nan) if quality is None else quality,
        np.full(n, NONE),
        np.full(n, NONE) if deal is None else deal,
    )


def draw(plan: Plan, block: int, traits: Traits) -> Activities:
    """Every activity that does not follow from a deal."""
    alive = traits.alive(np.arange(plan.months))
    parts = []
    for part, kind in enumerate(KINDS):
        drawn = _draw_kind(plan, plan.rng("activities", block, part), kind, traits, alive)
        parts.append(drawn)
        if kind.name == "training":
            parts.append(_certifications(plan, plan.rng("activities", block, len(KINDS)), drawn))
    parts.append(_onboarding(plan, plan.rng("activities", block, len(KINDS) + 1), traits))
    return together(parts)


def _draw_kind(plan: Plan, rng: np.random.Generator, kind: Kind, traits: Traits, alive: Bools) -> Activities:
    rate = _rate(kind, traits)
    counts = rng.poisson(rate[:, None] * alive)
    cell = np.repeat(np.arange(counts.size), counts.ravel())
    owner, month = np.divmod(cell, plan.months)
    n = len(owner)
    opening = plan.starts[-plan.months - 1 :]
    day = opening[month] + np.floor(rng.random(n) * np.diff(opening)[month]).astype(np.int64)
    quality = np.full(n, np.nan)
    if kind.quality is not None:
        seen = rng.normal(kind.quality, 0.15, n) + 0.04 * traits.engagement[owner]
        quality = np.round(np.clip(seen, 0.05, 1), 2)
    drawn = rows(owner, day, kind.name, quality)
    spend = _spend(rng, traits, rate)[owner] if kind.name == "campaign" else drawn.spend
    quantity = rng.integers(1, kind.quantity + 1, n)
    return Activities(owner, day, drawn.kind, quantity, quality, spend, drawn.deal)


def _rate(kind: Kind, traits: Traits) -> Floats:
    """Mean rows per month: the engaged do more, and only partners of a fitting type do it at all."""
    slope = kind.selection
    fits = np.array([not kind.types or t.name in kind.types for t in TYPES])
    share = sum(t.share for t, fit in zip(TYPES, fits, strict=True) if fit)
    return kind.per_month / share * fits[traits.type] * np.exp(slope * traits.engagement - slope**2 / 2)


def _spend(rng: np.random.Generator, traits: Traits, rate: Floats) -> Ints:
    """Spend of one campaign per partner: a fifth use all of their marketing funds, the rest a third (B7)."""
    used, full = CALIBRATION["mdf_utilisation"].value, setting("mdf_full_users")
    rest = (used - full) / (1 - full)
    share = np.where(rng.random(BLOCK) < full, 1.0, rng.beta(2.0, 2.0 / rest - 2.0, BLOCK))
    funds = setting("mdf_accrual") * setting("mdf_plan") * expected_revenue(traits) * share
    return np.maximum(np.round(funds / np.maximum(rate, 1e-9) / 1_000) * 1_000, 10_000).astype(np.int64)


def _certifications(plan: Plan, rng: np.random.Generator, trainings: Activities) -> Activities:
    """Every third training leads to an exam, which most pass (rows come sorted by partner, then month)."""
    order = np.lexsort((trainings.day, trainings.owner))
    owner, day = trainings.owner[order], trainings.day[order]
    exam = columns.places_within(owner) % _TRAININGS_PER_EXAM == _TRAININGS_PER_EXAM - 1
    passed = exam & (rng.random(len(owner)) < setting("certification_pass"))
    when = np.minimum(day[passed] + rng.integers(7, 35, int(passed.sum())), plan.last_day)
    return rows(owner[passed], when, "certification", np.round(rng.uniform(0.7, 1.0, len(when)), 2))


def _onboarding(plan: Plan, rng: np.random.Generator, traits: Traits) -> Activities:
    """Up to five steps in the first ninety days of a partner that joins in the window."""
    chance = 0.55 + 0.35 * math.e**traits.engagement / (1 + math.e**traits.engagement)
    done = rng.random((BLOCK, _ONBOARDING_STEPS)) < (chance * (traits.active & (traits.joined >= 0)))[:, None]
    delay = np.sort(rng.integers(1, 90, (BLOCK, _ONBOARDING_STEPS)), axis=1)
    owner, step = np.nonzero(done)
    day = traits.joined_on[owner] + delay[owner, step]
    inside = day <= plan.last_day
    return rows(owner[inside], day[inside], "onboarding_step")


def together(parts: list[Activities]) -> Activities:
    """Several sets of rows as one, sorted by partner, day and kind."""
    fields = [
        np.concatenate([getattr(part, name) for part in parts])
        for name in ("owner", "day", "kind", "quantity", "quality", "spend", "deal")
    ]
    order = np.lexsort((fields[2], fields[1], fields[0]))
    return Activities(*(field[order] for field in fields))


def certified_from(plan: Plan, activities: Activities) -> Ints:
    """First month (counted from the first) in which a partner's certification shows; plan.months if never."""
    rows_ = activities.kind == NAMES.index("certification")
    first = np.full(BLOCK, plan.months)
    month = np.searchsorted(plan.starts, activities.day[rows_], side="right") - 1 - (len(plan.starts) - 1 - plan.months)
    np.minimum.at(first, activities.owner[rows_], month + _DELAY_MONTHS)
    return first


def lift(plan: Plan, activities: Activities) -> Floats:
    """The planted factor on each partner's deals per month of the window: float [BLOCK, months]."""
    months = np.arange(plan.months)
    certified = months[None, :] >= certified_from(plan, activities)[:, None]
    rows_ = activities.kind == NAMES.index("campaign")
    cell = np.searchsorted(plan.starts, activities.day[rows_], side="right") - 1 - (len(plan.starts) - 1 - plan.months)
    campaigns = np.zeros((BLOCK, plan.months + _CAMPAIGN_MONTHS + _DELAY_MONTHS))
    for delay in range(_DELAY_MONTHS, _DELAY_MONTHS + _CAMPAIGN_MONTHS):
        np.add.at(campaigns, (activities.owner[rows_], cell + delay), 1.0)
    on_campaign = (1 + effect("campaign_on_deal_rate")) ** campaigns[:, : plan.months]
    return np.where(certified, 1 + effect("certification_on_deal_rate"), 1.0) * on_campaign


def table(plan: Plan, block: int, activities: Activities) -> pa.Table:
    """The rows of `activities` for one block."""
    keep = activities.owner < plan.kept(block)
    owner = activities.owner[keep]
    number = block * BLOCK + owner
    deal, quality, spend = activities.deal[keep], activities.quality[keep], activities.spend[keep]
    return pa.table(
        {
            "activity_id": columns.numbered_within("A", number, columns.places_within(owner)),
            "partner_id": columns.numbered("P", number),
            "occurred_on": columns.dates(activities.day[keep]),
            "kind": columns.pick(NAMES, activities.kind[keep]),
            "quantity": columns.numbers(activities.quantity[keep]),
            "quality": columns.numbers(quality, np.isnan(quality)),
            "spend": columns.money(spend, spend == NONE),
            "deal_id": columns.numbered_within("D", number, deal, missing=deal == NONE),
        }
    )
