"""Golden numbers: what a small history gives, each derived in a comment."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from incentive_lab.errors import InputError
from incentive_lab.history import open_history
from incentive_lab.scheme.measures import CATALOGUE, Measure
from tests.history import folders


def measure(**keys: Any) -> Measure:
    return Measure.model_validate(keys)


def cells(folder: Path, leaf: Measure, **options: Any) -> dict[tuple[str, str], float]:
    """The cells of a measure that are neither nothing nor unknown, as (partner, month) -> value."""
    with open_history(folder).closing() as history:
        panel = history.panel({"leaf": leaf}, **options)
    column = panel.columns["leaf"]
    return {
        (panel.partner_ids[row], panel.labels()[month]): float(column[row, month])
        for row, month in np.argwhere(np.nan_to_num(column) != 0)
    }


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return folders.write(tmp_path)


def test_months_run_from_the_first_to_the_last_date_and_partners_ascend(folder: Path) -> None:
    panel = open_history(folder).panel({})
    # First date: D1 created 2013-01-05. Last: D3 recorded 2013-07-02.
    assert panel.labels() == [f"2013-0{month}" for month in range(1, 8)]
    assert panel.partner_ids == ("P1", "P2")
    assert list(panel.joined) == [-11, 2]  # 2012-02 and 2013-03, counted from 2013-01
    assert list(panel.attributes["colour"]) == ["red", "blue"]


def test_money_is_in_cents_and_counts_are_in_millionths(folder: Path) -> None:
    # D1 + D2 closed in February: 200.00. D3 closed 2013-05-15, recorded 2013-07-02: after its quarter, so in July.
    assert cells(folder, CATALOGUE["revenue"]) == {("P1", "2013-02"): 20_000, ("P2", "2013-07"): 10}
    assert cells(folder, CATALOGUE["won_deals"]) == {("P1", "2013-02"): 2_000_000, ("P2", "2013-07"): 1_000_000}
    assert cells(folder, CATALOGUE["lead"]) == {("P1", "2013-02"): 3_000_000}
    assert cells(folder, CATALOGUE["certification"]) == {("P1", "2013-02"): 1_000_000}  # an empty quantity is 1
    assert cells(folder, CATALOGUE["campaign_spend"]) == {("P2", "2013-04"): 1_235}  # 12.345 half-up
    assert cells(folder, CATALOGUE["customers"]) == {("P1", "2013-02"): 1_000_000, ("P2", "2013-07"): 1_000_000}


@pytest.mark.parametrize(
    ("late_data", "settle", "month"),
    [
        ("true_up", "quarter", "2013-07"),
        ("recalculate", "quarter", "2013-05"),
        ("freeze", "quarter", None),
        ("true_up", "year", "2013-05"),  # recorded before the year ended: not late
        ("true_up", "month", "2013-07"),
    ],
)
def test_a_deal_recorded_after_its_period_follows_the_declared_rule(
    folder: Path, late_data: str, settle: str, month: str | None
) -> None:
    found = cells(folder, CATALOGUE["revenue"], late_data=late_data, settle=settle)
    assert found.get(("P2", month or "")) == (10 if month else None)
    assert len(found) == (2 if month else 1)


@pytest.mark.parametrize(
    ("bound", "expected"),
    [
        ({"min": "0.15"}, 10_000),  # D1: (100.00 - 85.00) / 100.00 is exactly 0.15; D2 is 0.1499
        ({"above": "0.15"}, None),
        ({"max": "0.15"}, 20_000),
        ({"below": "0.15"}, 10_000),
        ({"is": "0.15"}, 10_000),
        ({"not": "0.15"}, 10_000),
    ],
)
def test_a_margin_share_meets_its_border_exactly(folder: Path, bound: dict[str, str], expected: float | None) -> None:
    leaf = measure(of="deals.amount", where={"status": "won", "margin_share": bound})
    assert cells(folder, leaf).get(("P1", "2013-02")) == expected


def test_a_row_without_a_value_fails_every_condition_but_not_and_known_false(folder: Path) -> None:
    def of_p2(**condition: Any) -> float | None:
        leaf = measure(of="deals.amount", where={"status": "won", "cost": condition})
        return cells(folder, leaf).get(("P2", "2013-07"))

    assert of_p2(max=10**6) is None  # D3 has no cost
    assert of_p2(known=True) is None
    assert of_p2(known=False) == 10
    assert of_p2(**{"not": [5]}) == 10


def test_further_columns_are_measures_and_filters_too(folder: Path) -> None:
    assert cells(folder, measure(of="deals.seats")) == {("P1", "2013-02"): 30_000_000, ("P2", "2013-04"): 5_000_000}
    few = measure(of="deals.amount", where={"seats": {"below": 20}, "status": "won"})
    assert cells(folder, few) == {("P1", "2013-02"): 10_000}


@pytest.mark.parametrize("words", [("yes", "no"), ("TRUE", "False"), ("1", "0"), ("Y", "")])
def test_a_further_column_says_true_and_false_in_any_usual_way(tmp_path: Path, words: tuple[str, str]) -> None:
    deals = (
        "deal_id,partner_id,status,created_on,closed_on,amount,new_logo\n"
        f"D1,P1,won,2013-01-01,2013-01-10,1,{words[0]}\nD2,P1,won,2013-01-01,2013-02-10,2,{words[1]}\n"
    )
    folder = folders.write(tmp_path, deals=deals)
    assert cells(folder, measure(of="deals.amount", where={"new_logo": True})) == {("P1", "2013-01"): 100}
    left = {("P1", "2013-02"): 200} if words[1] else {}
    assert cells(folder, measure(of="deals.amount", where={"new_logo": False})) == left


def test_row_arithmetic_rounds_half_up_once_a_row(folder: Path) -> None:
    # 100.00 x 0.00005 = 0.005 is a cent for each of D1 and D2; 0.10 x 0.00005 is nothing.
    leaf = measure(of={"product": ["deals.amount", "0.00005"]}, where={"status": "won"})
    assert cells(folder, leaf) == {("P1", "2013-02"): 2}
    # Any number of factors: 100.00 x 0.5 x 0.25 x 0.001 = 0.0125 is a cent for each of D1 and D2.
    leaf = measure(of={"product": ["deals.amount", "0.5", "0.25", "0.001"]}, where={"status": "won"})
    assert cells(folder, leaf) == {("P1", "2013-02"): 2}
    # The larger of margin and 15.00: D1 15.00, D2 14.99 -> 15.00; D3 has no cost and counts nothing.
    leaf = measure(of={"largest": ["deals.margin", 15]}, where={"status": "won"})
    assert cells(folder, leaf) == {("P1", "2013-02"): 3_000}


def test_a_score_holds_until_the_next_one_or_its_time_is_up(folder: Path) -> None:
    found = cells(folder, measure(level="scores.csat", hold_months=3))
    # 4.2 from January, 3.1 from March for three months; then unknown.
    assert found == {
        ("P1", "2013-01"): 4.2, ("P1", "2013-02"): 4.2,
        ("P1", "2013-03"): 3.1, ("P1", "2013-04"): 3.1, ("P1", "2013-05"): 3.1,
    }  # fmt: skip


def test_a_balance_adds_up_month_by_month_whole_or_by_twelfths(folder: Path) -> None:
    """4.20 holds in January and February, 3.10 from March to May; a twelfth is 0.35, and 0.2583 brought to the cent."""
    whole = cells(folder, measure(level="scores.csat", hold_months=3, each_month="whole"))
    assert whole == dict.fromkeys([("P1", "2013-01"), ("P1", "2013-02")], 4_200_000) | dict.fromkeys(
        [("P1", "2013-03"), ("P1", "2013-04"), ("P1", "2013-05")], 3_100_000
    )
    money = cells(folder, measure(level="scores.csat", hold_months=3, each_month="twelfth", unit="money"))
    assert [money[key] for key in sorted(money)] == [35, 35, 26, 26, 26]
    never = measure(level="scores.aum", each_month="whole")
    assert cells(folder, never) == {}
    assert not never.is_level


def test_rolling_customers_are_paid_each_month(tmp_path: Path) -> None:
    """C1 buys in January and February, C2 in February: 1, 2, 2, 2 of the last three months; then 0."""
    deals = (
        "deal_id,partner_id,status,created_on,closed_on,amount,customer_id\n"
        "D1,P1,won,2013-01-01,2013-01-10,10,C1\nD2,P1,won,2013-01-01,2013-02-10,10,C1\n"
        "D3,P1,won,2013-01-01,2013-02-11,10,C2\nD4,P2,won,2013-01-01,2013-06-10,10,C3\n"
    )
    rolling = measure(
        distinct="deals.customer_id", rolling_months=3, where={"status": "won"}, unit="count", each_month="whole"
    )
    found = cells(folders.write(tmp_path, deals=deals), rolling)
    mine = [found.get(("P1", f"2013-{month:02}"), 0) for month in range(1, 7)]
    assert mine == [1_000_000, 2_000_000, 2_000_000, 2_000_000, 0, 0]


def test_events_fall_in_their_months(folder: Path) -> None:
    assert cells(folder, CATALOGUE["joined"]) == {("P2", "2013-03"): 1_000_000}
    assert cells(folder, CATALOGUE["anniversary"]) == {("P1", "2013-02"): 1_000_000}
    assert cells(folder, CATALOGUE["first_deal"]) == {("P1", "2013-02"): 1_000_000, ("P2", "2013-07"): 1_000_000}
    assert cells(folder, CATALOGUE["months_since_joining"])[("P2", "2013-07")] == 4


def test_shares_split_a_deal_and_the_odd_cent_goes_to_the_largest_then_the_lowest_id(tmp_path: Path) -> None:
    splits = "deal_id,partner_id,share,role\nD3,P1,0.5,sourced\nD3,P2,0.5,delivered\nD1,P1,0.333,\nD1,P2,0.667,\n"
    folder = folders.write(
        tmp_path, deal_partners=splits, deals=folders.DEALS.replace("0.10", "0.11").replace("100.00,85.00", "0.10,0.08")
    )
    # D3 0.11: floor 5 + 5, the odd cent to P1 (lowest id). D1 0.10: floor 3 + 6, the odd cent to P2 (largest).
    assert cells(folder, CATALOGUE["revenue"]) == {
        ("P1", "2013-02"): 10_003, ("P2", "2013-02"): 7, ("P1", "2013-07"): 6, ("P2", "2013-07"): 5,
    }  # fmt: skip
    full = measure(of="deals.amount", where={"status": "won"}, credit="full")
    assert cells(folder, full)[("P2", "2013-02")] == 10
    sourced = measure(of="deals.amount", where={"status": "won"}, roles=["sourced"])
    assert cells(folder, sourced) == {("P1", "2013-07"): 6}
    # Each partner counts its share of the deal: D2 whole and 0.333 of D1.
    assert cells(folder, CATALOGUE["won_deals"])[("P1", "2013-02")] == 1_333_000


def test_a_role_without_a_share_takes_the_share_of_its_role(tmp_path: Path) -> None:
    splits = "deal_id,partner_id,share,role\nD1,P1,,sourced\nD1,P2,,delivered\n"
    folder = folders.write(tmp_path, deal_partners=splits)
    with pytest.raises(InputError, match="no share for the role delivered, sourced"):
        cells(folder, CATALOGUE["revenue"])
    shares = {"sourced": Decimal("0.25"), "delivered": Decimal("0.75")}
    assert cells(folder, CATALOGUE["revenue"], role_shares=shares)[("P2", "2013-02")] == 7_500


def test_days_that_a_deal_was_kept_decide_what_is_taken_back(tmp_path: Path) -> None:
    """From 1 January 2012 to 15 February are 45 days; D2 is kept, D3 comes back after 91 and D4 on the day itself."""
    deals = (
        "deal_id,partner_id,status,created_on,closed_on,amount,returned_on\n"
        "D1,P1,won,2012-01-01,2012-01-01,300,2012-02-15\nD2,P1,won,2012-01-01,2012-01-01,300,\n"
        "D3,P1,won,2012-01-01,2012-01-01,300,2012-04-01\nD4,P2,won,2012-01-01,2012-03-01,10,2012-03-01\n"
    )
    folder = folders.write(tmp_path, deals=deals)
    soon = measure(of="deals.returned", where={"status": "won", "days_kept": {"max": 90}}, at="returned_on")
    assert cells(folder, soon) == {("P1", "2012-02"): 30_000, ("P2", "2012-03"): 1_000}
    unused = {"product": ["deals.returned", {"difference": [91, "deals.days_kept"]}, "0.010989010989"]}
    found = cells(folder, measure(of=unused, where={"days_kept": {"max": 91}}, at="returned_on", unit="money"))
    assert found == {("P1", "2012-02"): 15_165, ("P2", "2012-03"): 1_000}


def test_lines_of_one_deal_count_once_in_the_month_of_the_last(tmp_path: Path) -> None:
    deals = (
        "deal_id,line,partner_id,status,created_on,closed_on,amount\n"
        "D1,1,P1,won,2013-01-01,2013-01-31,10\nD1,2,P1,won,2013-01-01,2013-02-10,20\n"
    )
    folder = folders.write(tmp_path, deals=deals)
    assert cells(folder, CATALOGUE["won_deals"]) == {("P1", "2013-02"): 1_000_000}
    assert cells(folder, CATALOGUE["revenue"]) == {("P1", "2013-01"): 1_000, ("P1", "2013-02"): 2_000}
    assert cells(folder, CATALOGUE["cycle_days_total"]) == {("P1", "2013-02"): 40_000_000}  # 40 days, once
    wanted = {"deal": ["revenue"], "line": ["revenue", "won_deals"]}
    leaves = {name: CATALOGUE[name] for name in ("revenue", "won_deals")}
    panel = open_history(folder).panel(leaves, deal_leaves=wanted)
    assert panel.deals["deal"].values["revenue"].tolist() == [3_000]
    assert panel.deals["deal"].month.tolist() == [1]
    assert panel.deals["line"].values["revenue"].tolist() == [1_000, 2_000]
    assert panel.deals["line"].values["won_deals"].tolist() == [0, 1_000_000]
    assert panel.deals["line"].line.tolist() == ["1", "2"]


def test_a_contract_counts_in_each_month_of_its_term(tmp_path: Path) -> None:
    deals = (
        "deal_id,partner_id,status,created_on,closed_on,amount,term_months,recurring_amount\n"
        "D1,P1,won,2013-01-01,2013-02-10,30,3,10\nD2,P1,won,2013-01-01,2013-06-10,30,24,5\n"
    )
    found = cells(folders.write(tmp_path, deals=deals), CATALOGUE["recurring_revenue"])
    assert found == {
        ("P1", "2013-02"): 1_000, ("P1", "2013-03"): 1_000, ("P1", "2013-04"): 1_000, ("P1", "2013-06"): 500,
    }  # fmt: skip


def test_a_contract_that_is_cancelled_or_reduced_counts_as_served_until_then(tmp_path: Path) -> None:
    deals = (
        "deal_id,partner_id,status,created_on,closed_on,amount,term_months,recurring_amount,returned_on,returned_amount\n"
        "D1,P1,won,2013-01-01,2013-01-10,60,6,10,2013-03-20,\n"
        "D2,P2,won,2013-01-01,2013-01-10,60,6,10,2013-03-20,15\n"
        "D3,P3,won,2013-01-01,2013-01-10,60,6,10,2013-01-30,\n"
        "D4,P4,won,2013-01-01,2013-04-10,60,1,10,2013-09-30,\n"
    )
    partners = "partner_id,type\nP1,msp\nP2,msp\nP3,msp\nP4,msp\n"
    folder = folders.write(tmp_path, deals=deals, partners=partners)
    assert cells(folder, CATALOGUE["recurring_revenue"]) == {
        ("P1", "2013-01"): 1_000, ("P1", "2013-02"): 1_000,
        ("P2", "2013-01"): 1_000, ("P2", "2013-02"): 1_000, ("P2", "2013-03"): 750, ("P2", "2013-04"): 750,
        ("P2", "2013-05"): 750, ("P2", "2013-06"): 750,
        ("P4", "2013-04"): 1_000,
    }  # fmt: skip
    as_signed = measure(of="deals.recurring_amount", spread="term", months_of_term={"from": 2, "to": 3})
    assert cells(folder, as_signed) == {
        (partner, month): 1_000 for partner in ("P1", "P2", "P3") for month in ("2013-02", "2013-03")
    }


def test_a_return_carries_the_part_of_each_measure_that_came_back(tmp_path: Path) -> None:
    deals = (
        "deal_id,partner_id,status,created_on,closed_on,amount,cost,returned_on,returned_amount,term_months\n"
        "D1,P1,won,2013-01-01,2013-02-10,30.00,20.01,2013-04-01,10.00,12\n"
        "D2,P1,won,2013-01-01,2013-03-10,5.00,,2013-04-02,,\n"
    )
    leaves = {name: CATALOGUE[name] for name in ("revenue", "margin")}
    returns = open_history(folders.write(tmp_path, deals=deals)).panel(leaves, want_returns=True).returns
    assert returns is not None
    assert returns.values["revenue"].tolist() == [1_000, 500]  # a third, and all where nothing is said
    assert returns.values["margin"].tolist() == [333, 0]  # a third of 9.99
    assert returns.month.tolist() == [3, 3]
    assert returns.sold_month.tolist() == [1, 2]
    assert returns.term_months.tolist() == [12, 0]


def test_targets_come_in_the_units_of_their_measures(tmp_path: Path) -> None:
    targets = "partner_id,type,measure,period,amount\nP1,,revenue,2013-Q2,1200.50\n,msp,lead,2013,7\n"
    folder = folders.write(tmp_path, targets=targets)
    found = {(row.by, row.who): row for row in open_history(folder).panel({}).targets}
    first, second = found["partner", "P1"], found["type", "msp"]
    assert (first.first_month, first.months, first.amount) == (3, 3, 120_050)
    assert (second.first_month, second.months, second.amount) == (0, 12, 7_000_000)


def test_amounts_convert_at_the_rate_of_their_closing_month(tmp_path: Path) -> None:
    deals = (
        "deal_id,partner_id,status,created_on,closed_on,amount,currency\n"
        "D1,P1,won,2013-01-01,2013-02-10,10.01,EUR\nD2,P1,won,2013-01-01,2013-02-10,1,USD\n"
    )
    folder = folders.write(tmp_path / "history", deals=deals)
    rates = tmp_path / "rates.csv"
    rates.write_text("currency,month,rate\nEUR,2013-02,1.25\n")
    panel = open_history(folder, rates=rates, currency="USD").panel({"revenue": CATALOGUE["revenue"]})
    # 10.01 x 1.25 = 12.5125 -> 12.51, and 1.00.
    assert panel.columns["revenue"].sum() == 1_351
    rates.write_text("currency,month,rate\nEUR,2013-03,1.25\n")
    with pytest.raises(InputError, match="no rate for EUR in 2013-02"):
        open_history(folder, rates=rates, currency="USD")


def test_a_currency_without_cents_has_whole_units(tmp_path: Path) -> None:
    deals = "deal_id,partner_id,status,created_on,closed_on,amount,currency\nD1,P1,won,2013-01-01,2013-02-10,10.5,JPY\n"
    assert cells(folders.write(tmp_path, deals=deals), CATALOGUE["revenue"]) == {("P1", "2013-02"): 11}


@pytest.mark.parametrize(
    ("leaf", "said"),
    [
        (measure(of="deals.amuont"), "there is no column amuont in deals. Did you mean amount?"),
        (measure(of="deals.amount", where={"regoin": "x"}), "regoin is not a column of deals."),
        (measure(of="deals.product"), "this column holds text, not numbers."),
        (measure(of="deals.amount", at="closedon"), "closedon is not a date of deals. Did you mean closed_on?"),
        (measure(of="deals.amount", where={"amount": {"min": "2013-01-01"}}), "allowed: a number"),
    ],
)
def test_a_measure_that_asks_for_what_is_not_there_is_refused(folder: Path, leaf: Measure, said: str) -> None:
    with pytest.raises(InputError) as refusal:
        cells(folder, leaf)
    assert said in str(refusal.value)
