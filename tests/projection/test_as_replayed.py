"""Every convention in lanes: what a future pays is what a replay of that future pays, to the cent."""

from __future__ import annotations

import gc
import re
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import NamedTuple
from weakref import ref

import numpy as np
import pytest

from incentive_lab.engine.replay import replay
from incentive_lab.errors import InputError
from incentive_lab.history import History
from incentive_lab.projection.assumptions import BASE
from incentive_lab.projection.breakdown import partner_bands
from incentive_lab.projection.futures import scenario_panel
from incentive_lab.projection.model import fit
from incentive_lab.projection.past import past_of
from incentive_lab.projection.paying import Payer
from incentive_lab.projection.running import project
from incentive_lab.projection.space import Space
from incentive_lab.projection.spans import Paid
from incentive_lab.projection.world import Drawn, World
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import loads
from tests.docs.examples import read
from tests.engine.golden_cases import golden_cases
from tests.house.floors import ROOT
from tests.projection.conftest import HEAD, shipped

FUTURES = 2
PARTS_OF_A_CENT = 1e-4
"""Where a scheme pays parts of a cent, sums of them depend on their order in the last place."""


class Case(NamedTuple):
    """A scheme, what it is compared with, and where it comes from."""

    name: str
    scheme: Scheme
    baseline: Scheme | None


def documented() -> Iterator[Case]:
    """The schemes of the documentation and of the golden cases, as if they began with the demo's history."""
    for case in golden_cases():
        yield Case(case.name, _moved(case.scheme), case.baseline and _moved(case.baseline))
    for name in ("scheme", "published", "payouts"):
        for example in read(ROOT / "docs" / f"{name}.md").examples:
            floor = loads(_begun(example.baseline)) if example.baseline else None
            yield Case(f"{name}.md, line {example.line}", loads(_begun(example.scheme)), floor)


def _begun(text: str) -> str:
    text = re.sub(r"(effective: *\{from: *)\d{4}-(\d\d)-\d\d[^}]*\}", r"\g<1>2024-\2-01}", text)
    return re.sub(r"currency: *[A-Z]{3}", "currency: USD", text)


def _moved(scheme: Scheme) -> Scheme:
    effective = scheme.effective.model_copy(update={"from_": "2024-01-01"})
    return scheme.model_copy(update={"effective": effective, "currency": "USD"})


def drawn_for(payer: Payer, seed: int = 7, price: str = "0") -> Drawn:
    """All partners in a few futures."""
    supposed = BASE.model_copy(update={"price": Decimal(price)})
    world = World(payer.model, supposed, payer.horizon, seed, payer.items)
    return world.draw(world.chunk(0, FUTURES), 0, payer.panel.partners)


def apart(payer: Payer, drawn: Drawn) -> list[str]:
    """Sums that lanes and replays of the same futures pay differently."""
    lanes, replayed = payer.begun(FUTURES, FUTURES), payer.begun(FUTURES, FUTURES)
    replayed.monthly[:] = 0.0
    replayed.due[:] = 0.0
    payer.add(drawn, lanes, Space())
    payer.pay_together(drawn, replayed)
    ahead = {"monthly": payer.past}
    return [
        name for name in Paid._fields if name != "due"
        and not np.allclose(getattr(lanes, name)[ahead.get(name, 0) :], getattr(replayed, name)[ahead.get(name, 0) :],
                            rtol=0, atol=PARTS_OF_A_CENT)
    ]  # fmt: skip


def test_what_the_documentation_shows_is_paid_in_lanes_as_by_a_replay(history: History) -> None:
    counted, found = dict.fromkeys(("deals", "together", "alone", "replayed", "refused"), 0), []
    for case in documented():
        try:
            past = past_of(history, *(one for one in (case.scheme, case.baseline) if one is not None))
            payer = Payer(case.scheme, fit(past), 12, baseline=case.baseline)
        except InputError:
            counted["refused"] += 1
            continue
        deals = any(compiled.columns.deals for compiled, _ in payer.parts)
        kind = "replayed" if payer.replayed else "deals" if deals else "together" if payer.together else "alone"
        counted[kind] += 1
        if not payer.replayed and (names := apart(payer, drawn_for(payer))):
            found.append((case.name, names))
    assert found == []
    assert counted["deals"] > 30
    assert counted["together"] > 8
    assert counted["alone"] > 200
    assert counted["replayed"] < 40 > counted["refused"], counted


@pytest.mark.parametrize("name", ["growth-rebate", "msp-recurring", "spif-campaign"])
@pytest.mark.parametrize("horizon", [12, 7])
def test_shipped_schemes_that_look_at_deals_or_at_all_partners(history: History, name: str, horizon: int) -> None:
    scheme = shipped(name)
    payer = Payer(scheme, fit(past_of(history, scheme), horizon=horizon), horizon, in_force=True)
    assert not payer.replayed
    drawn = drawn_for(payer)
    assert apart(payer, drawn) == []
    into = payer.begun(FUTURES, 1)
    payer.add(drawn, into, Space())
    assert into.monthly[payer.past :].sum() > 0


def scheme_of(text: str) -> Scheme:
    return loads(f"scheme: tried\n{HEAD}settle: quarter\n{text}")


TOGETHER = {
    "contest of newcomers": "rules: [{id: best, on: revenue, per: quarter, who: {months_since_joining: {below: 18}}, "
    "award: {prizes: [900, 400], within: type, at_least: 100}}]",
    "contest of a season": "rules: [{id: best, on: revenue, per: quarter, during: {from: 2024-11, to: 2024-12}, "
    "award: {prizes: [900, 400, 10]}}]",
    "pace": "rules: [{id: pace, on: {excess_of: revenue, above: {last_year: true, pace_of: region, new_partner: prorate}}, "
    "per: quarter, rate: 2%}]",
    "group and deals": "group: {by: parent_id, pays: member}\ntiers: {levels: [{name: low}, {name: high, needs: "
    "{revenue: 50_000}}]}\nrules: [{id: each, on: revenue, per: deal, rate: {by_tier: {low: 1%, high: 2%}}, "
    "limit: {amount: 2_000, per: quarter}}]",
    "deals and returns": "rules: [{id: each, on: revenue, per: deal, returns: original_rate, "
    "rate: {table: {applies: whole, steps: [{from: 0, rate: 1%}, {from: 9_000, rate: 3%}]}}}]",
    "deals in order": "rules: [{id: each, on: revenue, per: deal, rate: {table: {over: year_to_date, steps: [{from: 0, rate: 1%}, "
    "{from: 90_000, rate: 3%}]}}, limit: {quantity: 2, per: month}}]",
}


@pytest.mark.parametrize("kind", TOGETHER)
def test_futures_are_paid_as_their_replays(history: History, kind: str) -> None:
    scheme = scheme_of(TOGETHER[kind])
    payer = Payer(scheme, fit(past_of(history, scheme)), 12, baseline=None)
    assert not payer.replayed
    assert payer.together is (kind not in ("deals and returns", "deals in order"))
    assert apart(payer, drawn_for(payer)) == []


@pytest.mark.parametrize("per", ["deal", "month"])
def test_what_was_sold_dearer_comes_back_dearer(history: History, per: str) -> None:
    scheme = scheme_of(f"rules: [{{id: each, on: revenue, per: {per}, returns: original_rate, rate: 10%}}]")
    payer = Payer(scheme, fit(past_of(history, scheme)), 12)
    taken = []
    for price in ("0", "1"):
        drawn = drawn_for(payer, price=price)
        assert apart(payer, drawn) == []
        paid = payer.begun(FUTURES, 0)
        payer.add(drawn, paid, Space())
        taken.append(paid.lines[payer.line_ids.index("clawback")].sum())
    assert taken[0] < 0
    assert taken[1] < 1.5 * taken[0]


def test_a_guarantee_of_what_a_baseline_pays_deal_by_deal(history: History) -> None:
    scheme = scheme_of("rules: [{id: flat, on: revenue, rate: 1%}]\nguarantees: [{against: baseline, keep: 90%}]")
    floor = scheme_of(TOGETHER["deals in order"])
    payer = Payer(scheme, fit(past_of(history, scheme, floor)), 12, baseline=floor, in_force=True)
    assert payer.begin == 0
    assert apart(payer, drawn_for(payer)) == []


def test_blocks_and_threads_do_not_change_what_is_paid_together(history: History) -> None:
    scheme = shipped("spif-campaign")
    model = fit(past_of(history, scheme))
    one, many = (project(model, scheme, scenarios=40, threads=threads).outcome for threads in (1, 3))
    assert (one.monthly == many.monthly).all()
    assert (project(model, scheme, scenarios=9).outcome.monthly == one.monthly[:9]).all()


@pytest.mark.parametrize("name", ["spif-campaign", "msp-recurring", "growth-rebate"])
def test_a_payer_that_nobody_asks_for_is_let_go_at_once(history: History, name: str) -> None:
    """Accruals pay every month to date with payers of their own: what holds on to itself waits for the collector."""
    scheme = shipped(name)
    payer = Payer(scheme, fit(past_of(history, scheme)), 12)
    payer.add(drawn_for(payer), payer.begun(FUTURES, 0), Space())
    known = ref(payer)
    gc.disable()
    try:
        del payer
        assert known() is None
    finally:
        gc.enable()


def test_parents_are_paid_for_their_members(history: History) -> None:
    scheme = scheme_of(
        "group: {by: parent_id, pays: parent}\nrules: [{id: volume, on: revenue, per: quarter, rate: {table: {applies: whole, "
        "steps: [{from: 0, rate: 1%}, {from: 90_000, rate: 3%}]}}}]"
    )
    model = fit(past_of(history, scheme))
    payer = Payer(scheme, model, 12)
    assert payer.parents is not None
    assert payer.payees < model.known
    drawn = drawn_for(payer)
    paid = payer.begun(FUTURES, FUTURES)
    payer.pay_together(drawn, paid)
    for s in range(FUTURES):
        real = replay(scheme, scenario_panel(payer, drawn, s))
        assert paid.monthly[payer.past :, s].tolist() == real.total[payer.past :].sum(axis=1).tolist()
        by_name = dict(zip(real.panel.partner_ids, real.total[payer.past :].sum(axis=0), strict=True))
        held = dict(zip(model.panel.partner_ids, paid.partners[:, s], strict=False))
        assert {name: amount for name, amount in held.items() if amount} == {
            name: amount for name, amount in by_name.items() if amount and name in held
        }
    assert paid.by_segment.sum() == pytest.approx(paid.monthly[payer.past :].sum())
    told = project(model, scheme, scenarios=20)
    members = {
        one for one, parent in zip(model.panel.partner_ids, model.panel.attributes["parent_id"], strict=True) if parent
    }
    assert not members & {one.name for one in partner_bands(told)}
    assert 0 <= told.outcome.higher.max() <= 1


def test_a_group_by_what_the_history_does_not_tell(history: History, tmp_path: Path) -> None:
    scheme = scheme_of("group: {by: co_operative, pays: member}\nrules: [{id: flat, on: revenue, rate: 1%}]")
    with pytest.raises(InputError, match="there is no column co_operative in partners"):
        past_of(history, scheme)
