"""A panel of sixty unequal partners over a year, and a scheme with a rate, a marginal table, two tiers and a cap."""

from __future__ import annotations

import numpy as np
import pytest

from incentive_lab.panel import Panel
from incentive_lab.scheme.baseline import Pair
from incentive_lab.scheme.load import loads
from tests.engine.panels import History

FLAT = "{scheme: flat, currency: USD, effective: {from: 2024-01-01}, rules: [{id: commission, on: revenue, rate: 3%}]}"
TIERED = """
scheme: tiered
currency: USD
effective: {from: 2024-01-01}
tiers:
  looks_at: {months: 3}
  levels:
    - {name: registered}
    - {name: silver, needs: {revenue: 20_000}}
    - {name: gold, needs: {revenue: 60_000}}
rules:
  - {id: leads, group: behavioural, on: qualified_lead, rate: {by_tier: {registered: 100, silver: 150, gold: 200}}}
  - {id: volume, on: revenue, rate: {table: {steps: [{name: base, from: 0, rate: 1%}, {name: top, from: 10_000, rate: 3%}]}}}
caps: [{for: partner, per: quarter, amount: 2_500}]
mix: {behavioural: 0.5}
"""


@pytest.fixture(scope="package")
def panel() -> Panel:
    rng = np.random.default_rng(5)
    partners, months = 60, 12
    size = np.exp(rng.normal(8.6, 1.1, partners))[:, None]
    revenue = np.floor(100 * size * np.exp(rng.normal(0, 0.4, (partners, months))))
    leads = rng.poisson(1.5, (partners, months)) * 1_000_000.0
    return History(
        24_288, months, tuple(f"P{number:02d}" for number in range(partners)),
        {"revenue": revenue.tolist(), "qualified_lead": leads.tolist()},
    ).panel()  # fmt: skip


@pytest.fixture(scope="package")
def pair() -> Pair:
    return Pair(loads(TIERED), loads(FLAT))
