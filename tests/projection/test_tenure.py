"""What a partner's months in the programme decide, in futures: newcomers have their joining month."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from incentive_lab.engine.replay import replay
from incentive_lab.projection.assumptions import BASE
from incentive_lab.projection.futures import scenario_panel
from incentive_lab.projection.model import Model, fit
from incentive_lab.projection.past import Past, until
from incentive_lab.projection.paying import Payer
from incentive_lab.projection.plan import E_COLUMNS
from incentive_lab.projection.space import Space
from incentive_lab.projection.world import Drawn, World
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import loads
from incentive_lab.scheme.measures import CATALOGUE
from tests.projection.conftest import HEAD, made_past

KINDS = {
    "who": "rules: [{id: new, on: revenue, rate: 2%, who: {months_since_joining: {below: 4}}}]",
    "requires": "rules: [{id: new, on: lead, rate: 40, per: quarter, requires: {months_since_joining: {below: 6}}}]",
    "table": """rules: [{id: new, on: revenue, rate: {table: {by: months_since_joining, applies: whole,
        steps: [{from: 0, rate: 3%}, {from: 3, rate: 1%}]}}}]""",
    "tiers": """tiers: {review: month, looks_at: period, takes_effect: same_period,
        levels: [{name: low}, {name: high, any_of: [{revenue: 9_000}, {months_since_joining: 3}]}]}
rules: [{id: new, on: revenue, rate: {by_tier: {low: 1%, high: 2%}}}]""",
    "guarantee": """rules: [{id: r, on: revenue, rate: 1%}]
guarantees: [{amount: 120, for_months: 5, since: joined}, {id: q, amount: 200, per: quarter, for_months: 7, since: joined}]""",
    "carried guarantee": """rules: [{id: r, on: revenue, rate: 1%}]
guarantees: [{amount: 120, for_months: 8, since: joined, carry: true}]""",
    "guarantee of a year": """rules: [{id: r, on: revenue, rate: 1%}]
guarantees: [{amount: 300, per: quarter}]""",
    "draw": """rules: [{id: r, on: revenue, rate: 1%}]
draws: [{amount: 90, for_months: 3, recover_from: 4, since: joined, recover_share: 50%}]""",
    "draw of newcomers": """rules: [{id: r, on: revenue, rate: 1%}]
draws: [{amount: 90, for_months: 3, recover_from: 4, since: joined, recover_out_of: all_earnings, forgive_after: 9}]""",
    "draw of a year": """rules: [{id: r, on: revenue, rate: 1%}]
draws: [{amount: 290, per: quarter, for_months: 3, recover_out_of: all_earnings, recover_share: 30%, forgive_after: 11}]""",
    "floor kept whole": """rules: [{id: r, on: revenue, rate: 1%}]
guarantees: [{amount: 90, prorate: false}, {id: q, amount: 300, per: quarter, prorate: false, carry: true}]""",
    "plain draw": """rules: [{id: r, on: revenue, rate: 1%}]
draws: [{amount: 90}]""",
    "fund that lapses": """rules:
  - {id: f, on: lead, rate: 12, fund: {accrues_on: revenue, rate: 0.1%, per: month, expires: {after: 3, per: quarter}}}
  - {id: r, on: revenue, rate: 1%, limit: {amount: 60, per: month, excess: spilled, to: f}}""",
    "needs over windows": """tiers: {review: month, looks_at: period, takes_effect: same_period,
        windows: {lead: {months: 20}, revenue: quarter_to_date},
        levels: [{name: low}, {name: high, needs: {lead: 9, revenue: 9_000}}]}
rules: [{id: new, on: revenue, rate: {by_tier: {low: 1%, high: 2%}}}]""",
    "target": """targets: [{measure: revenue, amount: 60_000, per: year, ramp: [25%, 50%, 75%]}]
rules:
  - {id: excess, on: {excess_of: revenue, above: target}, rate: 10%}
  - {id: reached, on: revenue, per: year, rate: {table: {by: {attainment_of: revenue}, steps: [{from: 80%, lump: 900}]}}}""",
    "held back": """rules:
  - {id: r, on: revenue, rate: 2%}
  - {id: held, on: {payout_of: [r], months_ago: 4}, rate: 25%, requires: {revenue: {at_least: 1, over: {trailing: 4}}}}""",
    "alternatives": """rules:
  - {id: a, on: revenue, rate: 2%}
  - {id: b, on: lead, rate: 40, per: quarter, who: {months_since_joining: {below: 6}}}
  - {id: more, on: {payout_of: [a, b], months_ago: 2}, rate: 10%}
alternatives: [{id: one, rules: [a, b], per: year}]
caps: [{per: month, amount: 300, excess: carried, rules: [a]}]""",
    "the lesser": """rules:
  - {id: a, on: revenue, rate: 2%}
  - {id: b, on: lead, rate: 40}
alternatives: [{id: one, rules: [a, b], pays: lesser, per: half_year}]""",
    "trued up": """rules:
  - {id: a, on: revenue, rate: 2%, limit: [{amount: 150, per: month, excess: trued_up}, {amount: 1_500, per: year}]}
  - {id: b, on: lead, rate: 40}
caps: [{per: quarter, amount: 500, excess: trued_up}]""",
    "limit since joining": """rules:
  - {id: a, on: revenue, rate: 2%, limit: {amount: 300, per: half_year, since: joined}}
  - {id: b, on: lead, rate: 40, limit: {quantity: 20, per: year, since: joined}}
caps: [{per: quarter, amount: 250, since: joined}]""",
    "target of the history": """rules: [{id: excess, on: {excess_of: revenue, above: target}, per: quarter, rate: 10%}]""",
}  # fmt: skip


def scheme_of(kind: str) -> Scheme:
    return loads(f"scheme: tenure\n{HEAD}settle: month\n{KINDS[kind]}")


@pytest.fixture(scope="module")
def joining() -> Past:
    """Half of the partners join in the last year of the history, one every two weeks, one has no date."""
    made = made_past(partners=24, months=30)
    joined = np.array([-60, -2, -1, 0, 12, *range(12, 30), -100_000], dtype=np.int32)
    there = np.arange(30)[None, :] >= joined[:, None]
    columns = {name: np.where(there, values, 0.0) for name, values in made.panel.columns.items()}
    panel = replace(made.panel, joined=joined, columns=columns)
    panel = replace(panel, columns={**columns, "months_since_joining": panel.months_since_joining()},
                    targets=targets(panel.first_month))  # fmt: skip
    leaves = {**made.leaves, "months_since_joining": CATALOGUE["months_since_joining"]}
    table = made.items["closed_on"]
    keep = there[table.partner, table.month]
    items = replace(table, partner=table.partner[keep], month=table.month[keep], day=table.day[keep],
                    deal_id=table.deal_id[keep], line=table.line[keep],
                    values={name: values[keep] for name, values in table.values.items()})  # fmt: skip
    return Past(panel, leaves, {"closed_on": items}, True)


def targets(first_month: int) -> tuple:
    from incentive_lab.panel import TargetRow

    return tuple(TargetRow("type", "reseller", "revenue", 12 * year, 12, 6_000_000) for year in range(3))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("horizon", [12, 7])
def test_history_as_the_only_scenario_pays_what_replay_pays(joining: Past, kind: str, horizon: int) -> None:
    scheme, before = scheme_of(kind), joining.panel.months - horizon
    fitted = fit(until(joining, before), horizon=horizon)
    payer = Payer(scheme, fitted, horizon, past=before, in_force=True)
    rows, known = fitted.panel.partners, joining.panel.partners
    values = np.zeros((len(fitted.leaves), horizon, rows))
    for slot, leaf in enumerate(fitted.leaves):
        values[slot, :, :known] = joining.panel.columns[leaf][:, before:].T
    begin = np.where(np.arange(rows) < known, 0, horizon)
    items = np.zeros((0, E_COLUMNS), dtype=np.int64)
    drawn = Drawn(0, 1, 0, rows, values, np.zeros((0, horizon, rows)), begin, begin + horizon, items)
    into = payer.begun(1, 1)
    payer.add(drawn, into, Space())
    real = replay(scheme, joining.panel)
    assert payer.cost(into).monthly[0].tolist() == real.total[before:].sum(axis=1).tolist()
    assert into.lines[:, 0].tolist() == real.detail[:, before:].sum(axis=(1, 2)).tolist()
    assert real.total[before:].sum() > 0


@pytest.mark.parametrize("kind", KINDS)
def test_lanes_of_drawn_newcomers_are_paid_as_a_replay_of_their_future(joining: Past, kind: str) -> None:
    scheme, horizon, count = scheme_of(kind), 14, 5
    fitted: Model = fit(joining, horizon=horizon)
    assert fitted.panel.partners > fitted.known + 10
    world = World(fitted, BASE, horizon, 11)
    drawn = world.draw(world.chunk(0, count), 0, fitted.panel.partners)
    payer = Payer(scheme, fitted, horizon, in_force=True)
    assert not payer.replayed
    into = payer.begun(count, 1)
    payer.add(drawn, into, Space())
    new = np.arange(fitted.panel.partners) >= fitted.known
    for s in range(count):
        panel = scenario_panel(payer, drawn, s)
        come = drawn.begin[s::count] < horizon
        assert (panel.joined[new & come] < panel.months).all()
        assert (panel.joined[new & ~come] >= panel.months).all(), "who does not come never joins"
        real = replay(scheme, panel)
        assert into.lines[:, s].tolist() == real.detail[:, payer.past :].sum(axis=(1, 2)).tolist()
        assert payer.cost(into).monthly[s].tolist() == real.total[payer.past :].sum(axis=1).tolist()
        assert not real.total[:, new & ~come].any()
