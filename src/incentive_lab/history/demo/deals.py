"""Deals: how many, when they are created and closed, and how each ends."""

from __future__ import annotations

import math
from dataclasses import dataclass, fields, replace

import numpy as np

from incentive_lab.history.demo.calibration import effect, setting
from incentive_lab.history.demo.columns import places_within
from incentive_lab.history.demo.makeup import CYCLE_QUANTILES, PRODUCTS, SEASON, STATUS_WON, TYPES
from incentive_lab.history.demo.partners import Traits
from incentive_lab.history.demo.plan import BLOCK, RUN_IN, Bools, Floats, Ints, Plan, quarter_of, quarter_start

NONE = -1
OPEN, WON, LOST = 0, STATUS_WON, 2
STATUS = ("open", "won", "lost")
_RAMP_MONTHS = 4
_PULLED_DAYS = 45
_CLOSING_DAYS = 12
_ENTRY_DAYS = 60
_TERMS = (12, 24, 36)
_SPLIT_OF_ENGAGEMENT = 0.8


@dataclass
class Deals:
    """Deals of one block, sorted by partner and creation; every array has one entry per deal.

    Days are counted from 1970-01-01 and money is cents; NONE where there is no value. The dataclass is not frozen:
    the planted quirks and the pulling forward of deals rewrite a few entries in place.
    """

    owner: Ints
    place: Ints
    status: Ints
    created: Ints
    qualified: Ints
    closed: Ints
    recorded: Ints
    registered: Ints
    product: Ints
    quantity: Ints
    list_amount: Ints
    amount: Ints
    cost: Ints
    term: Ints
    recurring: Ints
    co_sold: Bools
    co_delivered: Bools
    returned: Ints
    returned_amount: Ints
    customer: Ints

    def kept(self, rows: Bools) -> Deals:
        """The deals where `rows` is true."""
        return Deals(*(getattr(self, field.name)[rows] for field in fields(self)))

    def renumbered(self) -> Deals:
        """The same deals with their places within each partner counted anew."""
        return replace(self, place=places_within(self.owner))


def draw(plan: Plan, block: int, traits: Traits, lift: Floats) -> Deals:
    """The deals of one block, before splits, pulled closings and quirks."""
    rng = plan.rng("deals", block)
    owner, created, closed = _timing(plan, rng, traits, lift)
    n = len(owner)
    amount, list_amount, cost, discretion, product, registered = _prices(rng, traits, owner)
    status = np.where(_wins(rng, traits, owner, registered, discretion), WON, LOST)
    status[closed > plan.last_day] = OPEN
    closed = np.where(status == OPEN, NONE, closed)
    end = np.where(status == OPEN, plan.last_day, closed)
    qualified = np.minimum(created + rng.integers(0, 21, n), end)
    qualifies = (status == WON) | registered | (rng.random(n) < 0.6)
    registered_on = np.minimum(created + rng.integers(0, 15, n), end)
    unit_price = np.array([p.unit_price for p in PRODUCTS])[product] * 100
    term, recurring = _contracts(rng, traits, owner, amount)
    delivers = np.array([t.delivers for t in TYPES])[traits.type[owner]]
    returned, returned_amount = _returns(plan, rng, status, closed, amount)
    return Deals(
        owner=owner,
        place=places_within(owner),
        status=status,
        created=created,
        qualified=np.where(qualifies, qualified, NONE),
        closed=closed,
        recorded=_recorded(plan, rng, np.where(status == OPEN, created, closed)),
        registered=np.where(registered, registered_on, NONE),
        product=product,
        quantity=np.maximum(1, np.round(list_amount / unit_price)).astype(np.int64),
        list_amount=list_amount,
        amount=amount,
        cost=cost,
        term=term,
        recurring=recurring,
        co_sold=rng.random(n) < np.clip(0.06 + 0.09 * np.log10(np.maximum(amount, 1) / 200_000), 0.02, 0.5),
        co_delivered=rng.random(n) < delivers,
        returned=returned,
        returned_amount=returned_amount,
        customer=_customers(rng, owner),
    )


def _timing(plan: Plan, rng: np.random.Generator, traits: Traits, lift: Floats) -> tuple[Ints, Ints, Ints]:
    """Owner, day of creation and day of closing of every deal that closes in the window or is open at its end."""
    months = np.arange(-RUN_IN, plan.months)
    since = months[None, :] - traits.joined[:, None]
    ramp = np.where(traits.renamed[:, None] >= 0, 1, np.clip(since / _RAMP_MONTHS, 0, 1)) * traits.alive(months)
    season = np.array(SEASON)[(plan.first + months) % 12] * (1 + setting("growth_per_year")) ** (months / 12)
    shape = setting("month_dispersion")
    swings = rng.gamma(shape, 1 / shape, ramp.shape)
    lifted = np.concatenate([np.ones((BLOCK, RUN_IN)), lift], axis=1)
    counts = rng.poisson(traits.rate[:, None] * ramp * season * swings * lifted)
    owner, month = np.divmod(np.repeat(np.arange(counts.size), counts.ravel()), len(months))
    n = len(owner)
    created = plan.starts[month] + np.floor(rng.random(n) * np.diff(plan.starts)[month]).astype(np.int64)
    cycle = np.round(np.interp(rng.random(n), *CYCLE_QUANTILES)).astype(np.int64)
    closed = _pull_to_quarter_end(rng, created, created + cycle)
    keep = closed >= plan.first_day
    owner, created, closed = owner[keep], _entered(plan, rng, created[keep], closed[keep]), closed[keep]
    order = np.lexsort((created, owner))
    return owner[order], created[order], closed[order]


def _entered(plan: Plan, rng: np.random.Generator, created: Ints, closed: Ints) -> Ints:
    """Days of creation, where deals under way before the first day were entered in the weeks after it.

    So revenue starts at its full height and yet no date lies before the first month.
    """
    room = np.minimum(closed - plan.first_day, _ENTRY_DAYS)
    entered = plan.first_day + np.floor(rng.random(len(created)) * (room + 1)).astype(np.int64)
    return np.where(created < plan.first_day, entered, created)


def _pull_to_quarter_end(rng: np.random.Generator, created: Ints, closed: Ints) -> Ints:
    """Closing days after a share of the deals was hurried or held to the nearest quarter end."""
    quarter = quarter_of(closed)
    last_end, next_end = quarter_start(quarter) - 1, quarter_start(quarter + 1) - 1
    nearest = np.where(closed - last_end < next_end - closed, last_end, next_end)
    target = nearest - np.floor(rng.random(len(closed)) ** 1.5 * _CLOSING_DAYS).astype(np.int64)
    pulled = (rng.random(len(closed)) < setting("quarter_end_pull")) & (np.abs(nearest - closed) <= _PULLED_DAYS)
    return np.where(pulled & (target > created), target, closed)


def _prices(rng: np.random.Generator, traits: Traits, owner: Ints) -> tuple[Ints, Ints, Ints, Floats, Ints, Bools]:
    """Amount, list amount, cost, the discretionary part of the discount, product, and whether it is registered."""
    n = len(owner)
    product = rng.choice(len(PRODUCTS), n, p=[p.share for p in PRODUCTS])
    most = setting("largest_spread")
    spread = np.clip(rng.standard_normal(n), -most, most)
    log_amount = setting("amount_log_median") + traits.amount[owner] + setting("amount_sigma") * spread
    amount = np.maximum(np.round(np.exp(log_amount) * 100), 10_000).astype(np.int64)
    registered = _registers(rng, traits, owner) & (amount >= setting("qualifying_amount") * 100)
    discretion = np.clip(rng.normal(0, 0.05, n), -0.15, 0.15)
    programme = setting("discount_base") + np.array([t.discount for t in TYPES])[traits.type[owner]]
    discount = programme + 0.02 * traits.tier[owner] + setting("registration_discount") * registered
    discount = np.clip(discount + 0.015 * spread + discretion, 0, 0.6)
    list_amount = np.round(amount / (1 - discount)).astype(np.int64)
    of_list = setting("margin_cost_of_list") + np.array([p.cost for p in PRODUCTS])[product] + rng.normal(0, 0.072, n)
    list_less_programme = (1 - programme - 0.02 * traits.tier[owner]) / (1 - setting("discount_base"))
    cost = np.round(list_amount * of_list * np.sqrt(list_less_programme)).astype(np.int64)
    return amount, list_amount, cost, discretion, product, registered


def _registers(rng: np.random.Generator, traits: Traits, owner: Ints) -> Bools:
    """Who registers a deal: the engaged more often."""
    score = setting("registration_base") + _SPLIT_OF_ENGAGEMENT * traits.engagement[owner]
    return rng.standard_normal(len(owner)) < score


def _wins(rng: np.random.Generator, traits: Traits, owner: Ints, registered: Bools, discretion: Floats) -> Bools:
    """Whether each deal is won: engagement (hidden), registration and price have a hand in it."""
    price = (1 - discretion) ** effect("price_elasticity_of_winning")
    chance = setting("win_base") * np.exp(0.18 * np.clip(traits.engagement[owner], -2.5, 2.5)) * price
    return rng.random(len(owner)) < chance + effect("registration_on_win_probability") * registered


def _contracts(rng: np.random.Generator, traits: Traits, owner: Ints, amount: Ints) -> tuple[Ints, Ints]:
    """Term in months and monthly amount of deals under a contract; NONE for the others."""
    recurs = rng.random(len(owner)) < np.array([t.recurring for t in TYPES])[traits.type[owner]]
    term = np.array(_TERMS)[rng.choice(len(_TERMS), len(owner), p=(0.60, 0.15, 0.25))]
    return np.where(recurs, term, NONE), np.where(recurs, amount // term, NONE)


def _returns(plan: Plan, rng: np.random.Generator, status: Ints, closed: Ints, amount: Ints) -> tuple[Ints, Ints]:
    """Day and amount of returns: half of them whole deals, half a part."""
    n = len(status)
    day = closed + rng.integers(10, 90, n)
    comes_back = (status == WON) & (rng.random(n) < setting("returned_draw")) & (day <= plan.last_day)
    part = np.where(rng.random(n) < 0.5, 1.0, rng.uniform(0.2, 0.8, n))
    return np.where(comes_back, day, NONE), np.where(comes_back, np.round(amount * part), NONE).astype(np.int64)


def _recorded(plan: Plan, rng: np.random.Generator, day: Ints) -> Ints:
    """Day of entry: the same day, save for the few that come in weeks late."""
    late = rng.random(len(day)) < setting("late_records")
    return np.where(late, np.minimum(day + rng.integers(15, 75, len(day)), plan.last_day), day)


def _customers(rng: np.random.Generator, owner: Ints) -> Ints:
    """Place of the customer among the partner's: the n-th deal goes to one of about n ** 0.8 customers."""
    pool = np.maximum(1.0, (places_within(owner) + 1) ** 0.8)
    return np.asarray(np.floor(rng.random(len(owner)) * pool * math.sqrt(1.5)).astype(np.int64))
