"""One partner's page: statement, progress, outlook, what-if."""

from __future__ import annotations

import datetime
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from incentive_lab.engine.replay import Replay, replay
from incentive_lab.history import open_history
from incentive_lab.history.demo import generate_demo
from incentive_lab.history.for_schemes import panel_for
from incentive_lab.history.supposing import Supposed, suppose
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import loads
from incentive_lab.scheme.paths import apply
from incentive_lab.ui.outlook import cap_room, outlook
from incentive_lab.ui.preparing import Source
from incentive_lab.ui.sheet import last_paid
from incentive_lab.ui.workspace import SOURCE
from tests.history import folders
from tests.ui.conftest import settled
from tests.ui.test_pages import shown

DEALS = """
{scheme: d, currency: USD, effective: {from: 2024-01-01}, rules: [{id: each, on: margin, per: deal, rate: 10%},
 {id: cert, on: certification, rate: 100}]}
"""


@pytest.fixture
def partner(app: AppTest) -> AppTest:
    return app.switch_page("pages/partner.py").run()


def test_the_statement_adds_up_and_can_be_taken_away(partner: AppTest) -> None:
    assert not partner.exception
    text = shown(partner)
    assert "Paid under the draft" in text
    partner.selectbox(key="statement-period").select("All months").run()
    assert not partner.exception
    partner.selectbox(key="partner picked").select_index(3).run()
    assert not partner.exception
    assert len(partner.get("download_button")) == 2


def test_the_first_statement_is_of_a_quarter_that_paid_something(partner: AppTest) -> None:
    result = np.zeros((5, 2))
    result[1, 0] = 3.0
    told = SimpleNamespace(total=result, quarters=lambda: ["Q1 2024"] * 2 + ["Q2 2024"] * 3)
    assert [last_paid(told, row) for row in (0, 1)] == ["Q1 2024", "Q2 2024"]  # type: ignore[arg-type]
    assert "Nothing is paid in this period" not in shown(partner)


def test_what_if_says_what_more_would_pay(partner: AppTest) -> None:
    partner.number_input(key="if-amount").set_value(0.0)
    partner.selectbox(key="if-kind").select("certification")
    partner.number_input(key="if-quantity").set_value(1)
    next(button for button in partner.button if button.label == "Work it out").click().run()
    assert not partner.exception
    assert partner.success
    assert "is paid" in partner.success[0].value


def test_an_answer_is_not_shown_on_another_history(partner: AppTest, tmp_path: Path) -> None:
    next(button for button in partner.button if button.label == "Work it out").click().run()
    assert partner.success
    asked = partner.session_state["partner picked"]
    generate_demo(tmp_path / "other", partners=40, months=18, seed=5)
    partner.session_state[SOURCE] = Source(str(tmp_path / "other"), None, False)
    settled(partner)
    partner.selectbox(key="partner picked").select(asked).run()
    assert not partner.exception
    assert not partner.success


def test_a_supposed_deal_counts_as_a_real_one_would(tiny_history: object) -> None:
    scheme = loads(DEALS)
    with open_history(str(tiny_history)).closing() as history:
        panel = panel_for(history, scheme)
        last = panel.first_month + panel.months - 1
        on = datetime.date(last // 12, last % 12 + 1, 15)
        what = Supposed(on, Decimal(1000), Decimal("0.25"), activities={"certification": 2})
        who = panel.partner_ids[5]
        more = suppose(history, panel, who, what, scheme)
    change = replay(scheme, more, detail=False).by_rule - replay(scheme, panel, detail=False).by_rule
    assert change[:, 5][:2].tolist() == [2_500, 20_000]
    assert not np.delete(change, 5, axis=1).any()
    assert len(more.deals["deal"].partner) == len(panel.deals["deal"].partner) + 1


def test_a_supposed_deal_is_in_all_else_like_the_partners_last_won_one(tmp_path: Path) -> None:
    deals = (
        "deal_id,partner_id,status,created_on,closed_on,amount,line_kind,seats\n"
        "1,P1,won,2024-01-05,2024-02-05,100.50,focus,3\n2,P1,won,2024-01-05,2024-01-25,80,base,4\n"
        "3,P2,won,2024-01-05,2024-02-25,80,base,4\n4,P1,lost,2024-01-05,2024-02-27,80,base,4\n"
    )
    scheme = loads(
        "{scheme: own, currency: USD, effective: {from: 2024-01-01}, measures: {focus: {of: deals.amount, where: {status: won, "
        "line_kind: focus}}, seats: {of: deals.seats, where: {status: won}}}, "
        "rules: [{id: a, on: focus, rate: 10%}, {id: b, on: seats, rate: 1}]}"
    )
    partners = "partner_id,type,size\nP1,reseller,12\nP2,msp,3\n"
    with open_history(folders.write(tmp_path / "own", partners=partners, deals=deals)).closing() as history:
        panel = panel_for(history, scheme)
        for who, focus, seats in (("P1", 1_000_00.0, 3e6), ("P2", 0.0, 4e6)):
            more = suppose(history, panel, who, Supposed(datetime.date(2024, 2, 28), Decimal(1000)), scheme)
            row = panel.partner_ids.index(who)
            added = {name: (more.columns[name] - panel.columns[name])[row].sum() for name in ("focus", "seats")}
            assert added == {"focus": focus, "seats": seats}


def test_nothing_supposed_changes_nothing(tiny_history: object) -> None:
    scheme = loads(DEALS)
    with open_history(str(tiny_history)).closing() as history:
        panel = panel_for(history, scheme)
        assert suppose(history, panel, panel.partner_ids[0], Supposed(datetime.date(2024, 1, 1)), scheme) is panel


def test_the_outlook_holds_what_was_paid_and_a_range(after: Replay) -> None:
    ahead = outlook(after, 0)
    assert ahead is not None
    assert ahead.year == "from Jan 2024"
    assert ahead.left == 6
    assert ahead.paid == pytest.approx(float(after.by_partner[0]) / 100)
    assert ahead.low <= ahead.expected <= ahead.high
    assert ahead.expected == pytest.approx(2 * ahead.paid)


def test_the_outlook_looks_back_on_finished_quarters_of_the_programme(after: Replay) -> None:
    """January to June: of a programme year from February, the one finished quarter is February to April."""
    total = after.total.copy()
    total[1:4, 0] = 10_000.0
    moved = replace(after, scheme=apply(after.scheme, {"effective.from": "2024-02-01"}), total=total)
    ahead = outlook(moved, 0)
    assert ahead is not None
    assert (ahead.seen, ahead.left) == (1, 7)
    assert ahead.expected == ahead.paid + 7 / 3 * 300.0


def test_the_room_under_a_cap_is_what_is_left_of_it(after: Replay, tiered: Scheme) -> None:
    (room,) = cap_room(after, 0)
    assert room.most == float(tiered.caps[0].amount or 0)
    assert room.paid == pytest.approx(float(after.total[-1, 0]) / 100)
    assert 0 <= room.used <= 1


def test_the_room_under_a_cap_says_that_a_guarantee_is_not_under_it(after: Replay, tiered: Scheme) -> None:
    (room,) = cap_room(after, 0)
    assert "not under it" not in room.words
    floored = apply(tiered, {"guarantees": [{"amount": 50}]})
    (room,) = cap_room(replace(after, scheme=floored), 0)
    assert room.words.endswith("(a guarantee may top up above it)")
