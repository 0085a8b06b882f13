"""Deals that two or three partners share, and what each partner is credited with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from incentive_lab.history.demo import columns
from incentive_lab.history.demo.calibration import setting
from incentive_lab.history.demo.deals import WON, Deals
from incentive_lab.history.demo.partners import NEVER, Traits
from incentive_lab.history.demo.plan import BLOCK, Ints, Plan, quarter_of

ROLES = ("sourced", "influenced", "delivered")
# Shares of the deal's own partner, its helper and a second helper, in hundredths; each row sums to 100.
_SHARES = np.array([(60, 40, 0), (70, 30, 0), (75, 25, 0), (80, 20, 0), (50, 30, 20)])
_CHANCES = (0.25, 0.25, 0.15, 0.20, 0.15)


@dataclass(frozen=True)
class Splits:
    """One entry per (shared deal, partner), sorted by deal; the deal's own partner comes first.

    Attributes:
        deal: Row of the deal in the block.
        partner: Place of the partner in the block.
        share: Hundredths of the deal; those of one deal sum to 100.
        role: Position in ROLES.
    """

    deal: Ints
    partner: Ints
    share: Ints
    role: Ints

    def of_first(self, deals: int) -> Splits:
        """The splits of the first deals only."""
        keep = self.deal < deals
        return Splits(self.deal[keep], self.partner[keep], self.share[keep], self.role[keep])


def draw(plan: Plan, block: int, traits: Traits, deals: Deals) -> Splits:
    """Who shares which deal: a helper is a founder earlier in the block that never falls silent."""
    rng = plan.rng("deal_partners", block)
    helpers = np.flatnonzero(traits.active & (traits.joined < 0) & (traits.left == NEVER))
    earlier = np.searchsorted(helpers, deals.owner)
    shared = np.flatnonzero((rng.random(len(deals.owner)) < setting("multi_partner_draw")) & (earlier >= 2))
    n = len(shared)
    pool = earlier[shared]
    first = np.floor(rng.random(n) * pool).astype(np.int64)
    second = (first + 1 + np.floor(rng.random(n) * (pool - 1)).astype(np.int64)) % pool
    share = _SHARES[rng.choice(len(_SHARES), n, p=_CHANCES)]
    who = np.stack([deals.owner[shared], helpers[first], helpers[second]], axis=1)
    delivered = rng.random(n) < 0.55
    role = np.stack([np.zeros(n, np.int64), np.where(delivered, 2, 1), np.where(delivered, 1, 2)], axis=1)
    there = (share > 0).ravel()
    deal = np.repeat(shared, 3)[there]
    return Splits(deal, who.ravel()[there], share.ravel()[there], role.ravel()[there])


def credited(plan: Plan, deals: Deals, splits: Splits) -> Ints:
    """Won revenue in cents credited to each partner in each quarter of the window: [BLOCK, quarters].

    A deal counts in the quarter in which it was recorded: what came in late was paid when it was known.
    Shares are rounded down to the cent; what is left goes to the largest share, which is the deal's own partner.
    """
    amount = deals.amount[splits.deal] * splits.share // 100
    own = deals.owner[splits.deal] == splits.partner
    given = np.bincount(splits.deal[~own], amount[~own], minlength=len(deals.owner)).astype(np.int64)
    quarter = quarter_of(deals.recorded) - plan.first_quarter
    total = np.zeros((BLOCK, plan.quarters), np.int64)
    won = deals.status == WON
    np.add.at(total, (deals.owner[won], quarter[won]), (deals.amount - given)[won])
    helped = ~own & won[splits.deal]
    np.add.at(total, (splits.partner[helped], quarter[splits.deal[helped]]), amount[helped])
    return total


def table(plan: Plan, block: int, deals: Deals, splits: Splits) -> pa.Table:
    """The rows of `deal_partners` for one block."""
    number = block * BLOCK + deals.owner[splits.deal]
    return pa.table(
        {
            "deal_id": columns.numbered_within("D", number, deals.place[splits.deal]),
            "partner_id": columns.numbered("P", block * BLOCK + splits.partner),
            "share": columns.numbers(splits.share / 100.0),
            "role": columns.pick(ROLES, splits.role),
        }
    )
