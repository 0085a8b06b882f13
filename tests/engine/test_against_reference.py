"""The engine pays what the slow reference pays, for every line of every partner in every month, to the last digit.

Each focus leans on one part of docs/payouts.md. Together they try at least 2,000 random schemes on random histories
(the number and its profiles are in conftest.py).
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import assume, given, reject
from hypothesis import strategies as st

from incentive_lab.panel import month_index
from incentive_lab.scheme.check import check
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import loads
from tests.engine.adapter import differences, engine_lines, reference_lines
from tests.engine.panels import History
from tests.engine.strategies import programmes
from tests.engine.strategies import rules as random
from tests.engine.strategies.histories import histories
from tests.reference import Undefined

ALL_MEASURES = ("revenue", "margin", "units", "certification", "csat", "campaign_spend", "returns")


def dealing(grain: str, **settings: Any) -> st.SearchStrategy[History]:
    """Histories with deals and returns."""
    measures = ("certification", "csat", "campaign_spend", "returns")
    return histories(
        measures, months=(1, 2, 3, 5, 13), partners=(1, 2), with_deals=(grain,), with_returns=True, **settings
    )


Case = tuple[st.SearchStrategy[Scheme], st.SearchStrategy[History], st.SearchStrategy[Scheme | None]]
FOCUS: dict[str, Case] = {
    "tables": (random.table_schemes(), histories(ALL_MEASURES, with_joiners=True), st.none()),
    "accumulations": (random.accumulation_schemes(), histories(ALL_MEASURES, with_joiners=True), st.none()),
    "tiers": (random.tier_schemes(), histories(("revenue", "margin", "units", "csat"), with_joiners=True), st.none()),
    "limits": (random.limit_schemes(), histories(ALL_MEASURES, with_joiners=True), st.none()),
    "deals": (programmes.deal_schemes(), dealing("deal", with_joiners=True), st.none()),
    "lines": (programmes.deal_schemes(programmes.line_rules), dealing("line", with_joiners=True), st.none()),
    "balances": (programmes.balance_schemes(), histories(ALL_MEASURES, with_joiners=True), programmes.baselines()),
    "alternatives": (programmes.alternative_schemes(), histories(ALL_MEASURES, with_joiners=True), st.none()),
    "programme": (
        programmes.programme_schemes(),
        histories(("revenue", "margin", "units"), partners=(1, 3, 6), with_joiners=True),
        st.none(),
    ),
    "groups": (programmes.grouped_schemes(), histories(("revenue", "margin", "units"), partners=(2, 3, 4)), st.none()),
    "everything": (programmes.everything_schemes(), dealing("deal", with_joiners=True), programmes.baselines()),
}
"""Which schemes meet which histories, and with which baseline."""


def assert_same(scheme: Scheme, history: History, baseline: Scheme | None = None) -> None:
    """Both pay the same lines and see the same tiers."""
    assume(check(scheme).ok and (baseline is None or check(baseline).ok))
    panel = history.panel()
    try:
        expected, tiers = reference_lines(scheme, panel, baseline)
    except Undefined:
        reject()
    paid, engine_tiers = engine_lines(scheme, panel, baseline)
    if scheme.tiers is not None:
        assert engine_tiers == {key: tiers[key] for key in engine_tiers}
    assert differences(paid, expected) == []


@pytest.mark.parametrize("focus", FOCUS)
def test_engine_pays_what_the_reference_pays(focus: str) -> None:
    @given(*FOCUS[focus])
    def holds(scheme: Scheme, history: History, baseline: Scheme | None) -> None:
        assert_same(scheme, history, baseline)

    holds()


def test_what_fits_beside_cut_guarantees_is_paid_in_full() -> None:
    """Found by random search: a guarantee is cut to nothing; less than a unit is left of the budget, and more than the rest."""
    scheme = loads("""
scheme: budget
currency: USD
effective: {from: 2014-01-01}
settle: month
rounding: {at: total}
budget: {amount: 1, when_exceeded: prorate}
pools: [{id: pool, share: 3.33%, of: revenue, per: month, rules: [r]}]
rules: [{id: r, group: behavioural, on: units, rate: 0.005}]
mix: {behavioural: 80%, hold: cost, factors: {behavioural: 1.25, transactional: 0.5}}
guarantees: [{amount: 1, per: month}, {amount: 1, per: quarter}]
""")
    one = {"revenue": [[0, 0]], "margin": [[0, 0]], "units": [[1_000_000, 1_000_000]]}
    assert_same(scheme, History(month_index(2014, 1), 2, ("p0",), one))
