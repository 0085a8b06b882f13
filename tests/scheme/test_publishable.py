"""Rates of a solved mix, rounded to what would be published."""

from __future__ import annotations

from decimal import Decimal

from incentive_lab.scheme.load import loads
from incentive_lab.scheme.mixed import as_paid
from incentive_lab.scheme.publishable import publishable, with_published_rates

TEXT = """
scheme: a
currency: USD
effective: {from: 2024-01-01}
mix: {behavioural: 0.8, factors: {behavioural: 1.234567, transactional: 0.581}}
rules:
  - {id: leads, group: behavioural, on: qualified_lead, rate: {by_tier: {bronze: 350, gold: 400}}}
  - id: rebate
    on: revenue
    rate: {table: {over: year_to_date, steps: [{from: 0, rate: 1%}, {name: up, from: 100_000, rate: 2%, lump: 333}]}}
tiers: {review: quarter, levels: [{name: bronze}, {name: gold, needs: {revenue: 10_000}}]}
variants: {msp: {who: {types: [msp]}, change: {"rules.leads.rate.by_tier.gold": 500}}}
"""


def test_every_scaled_rate_and_lump_is_rounded_and_borders_stay() -> None:
    scheme = loads(TEXT)
    found = {one.address.path: (one.exact, one.rounded) for one in publishable(scheme)}
    assert {path: str(rounded) for path, (_, rounded) in found.items()} == {
        "rules.leads.rate.by_tier.bronze": "430",
        "rules.leads.rate.by_tier.gold": "490",
        "rules.rebate.rate.table.steps.step_1.rate": "0.0058",
        "rules.rebate.rate.table.steps.up.rate": "0.012",
        "rules.rebate.rate.table.steps.up.lump": "190",
        'variants.msp.change."rules.leads.rate.by_tier.gold"': "620",
    }
    paid = [as_paid(scheme, rule).rate for rule in scheme.rules]
    assert found["rules.leads.rate.by_tier.gold"][0] == paid[0].choice()[1]["gold"].plain
    assert found["rules.rebate.rate.table.steps.up.lump"][0] == paid[1].table.steps[1].lump
    rounded = with_published_rates(scheme)
    assert rounded.mix.factors is None
    assert rounded.mix.behavioural == Decimal("0.8")
    assert [step.from_ for step in rounded.rules[1].rate.table.steps] == [0, 100_000]
    assert rounded.rules[1].rate.table.steps[1].lump == 190
    assert not publishable(rounded)
    assert with_published_rates(rounded) is rounded
