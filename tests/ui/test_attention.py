from dataclasses import replace
from decimal import Decimal

import numpy as np

from incentive_lab.engine.impact import impact, mix, programme_years
from incentive_lab.engine.replay import Replay
from incentive_lab.errors import Problem
from incentive_lab.history import Finding
from incentive_lab.panel import Panel
from incentive_lab.scheme.checks.context import Known
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import loads
from incentive_lab.ui.attention import (
    HIT_HARD,
    _missing,
    budget_notice,
    hardest_hit,
    heavy_losers,
    never_binding,
    notices,
)
from incentive_lab.ui.drill import rows_of
from incentive_lab.ui.figures import figures_of
from incentive_lab.ui.lacking import lacking
from incentive_lab.ui.summary import _together
from incentive_lab.ui.workspace import Comparison


def comparison(after: Replay, before: Replay) -> Comparison:
    return Comparison(after, before, impact(after, before), mix(after), np.full(6, 1_100_000.0))


def test_a_budget_that_is_exceeded_is_told_with_the_money(after: Replay) -> None:
    (year,) = programme_years(after)
    assert (year.label, year.cost, year.months) == ("2024", 192_000, 6)
    notice = budget_notice(after)
    assert notice is not None
    assert notice.text == "2024 costs 1,920, 920 above the 1,000 a year."


def test_no_budget_is_no_notice(before: Replay) -> None:
    assert budget_notice(before) is None


def test_partners_hit_hard_are_counted_with_what_they_lose(after: Replay, before: Replay) -> None:
    # a falls from 300 to 200 a month.
    assert heavy_losers(comparison(after, before)) == (1, 60_000)
    assert hardest_hit(comparison(after, before)) == (60_000 - 6) / 180_000
    assert hardest_hit(comparison(before, before)) == 0
    assert heavy_losers(comparison(before, before)) == (0, 0)


def test_a_loss_by_rounding_of_each_payment_is_not_a_hard_hit(after: Replay, before: Replay) -> None:
    # 90 % of a payment of 300.01 is 270.009; paid as 270.00, it is 0.9 cents short, six times over.
    paid, kept = before.total.copy(), before.total.copy()
    paid[:, 0], kept[:, 0] = 30_001, 27_000
    baseline = replace(before, total=paid)
    assert heavy_losers(comparison(replace(before, total=kept), baseline)) == (0, 0)
    kept[0, 0] -= 20  # more than what six roundings can take
    proposed = comparison(replace(before, total=kept), baseline)
    assert heavy_losers(proposed) == (1, 6 * 3_001 + 20)
    assert rows_of(proposed, HIT_HARD, None, None).tolist() == [0]
    worse = figures_of(proposed)[3]
    assert (worse.line, worse.open) == ("1 loses 180; 1 of them more than 10 %, 180", HIT_HARD)


def test_limits_that_bind_nowhere_are_found(after: Replay, tiered: Scheme, flat: Scheme, panel: Panel) -> None:
    never = never_binding(tiered, flat, after)
    assert {one.path for one in never} == {"rules.leads.limit.quantity", "caps.top.amount"}


def test_what_should_be_acted_on_comes_first(after: Replay, before: Replay) -> None:
    weights = [notice.weight for notice in notices(comparison(after, before))]
    assert weights == sorted(weights, key=["act", "look", "fine"].index)
    assert "act" in weights


def test_what_the_history_has_nothing_of_is_told_before_anything_that_is_fine(after: Replay, before: Replay) -> None:
    found = notices(comparison(after, before), names=Known(kinds=("Lead Submitted",)))
    told = [(one.weight, one.text) for one in found if one.title == "Not in this history"]
    assert told
    assert all(weight == "act" and "Lead Submitted" in text for weight, text in told)
    assert not [one for one in notices(comparison(after, before)) if one.title == "Not in this history"]


def test_what_the_history_has_nothing_of_is_one_notice_that_says_once_what_there_is() -> None:
    missing = [Problem(f"rules.{one}", f"There is no {one}.", "It has lead.") for one in ("training", "campaign")]
    assert [one.text for one in _missing(tuple(missing))] == [
        "There is no training.\nThere is no campaign.\nIt has lead."
    ]


def test_findings_of_one_kind_stand_together_where_their_sentences_are_left_out() -> None:
    cost, price = (
        Finding("rounded_amounts", rows, Decimal(amount), "") for rows, amount in ((3, "7.23"), (2, "-0.87"))
    )
    spikes = Finding("one_off_spikes", 1, None, "")
    told = [(one.kind, one.rows, one.amount) for one in _together([cost, spikes, price])]
    assert told == [("rounded_amounts", 5, Decimal("6.36")), ("one_off_spikes", 1, None)]


def test_what_the_history_has_nothing_of_is_told_without_ids_of_files() -> None:
    text = """{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [
      {id: deal-reg, label: Registered deals, on: deal_registration, rate: 10},
      {id: customer-success, on: customer_success_plan, rate: 10}, {id: pipe, on: qualified_pipeline, rate: 1%}]}"""
    said = " ".join(
        one.message for one in lacking(loads(text), Known(kinds=["qualified_lead"], filled={"deals": ["amount"]}))
    )
    for part in ("kind 'deal registration': the rule Registered deals pays", "the rule Customer success pays nothing",
                 "no deal with a date of qualification: the rule Pipe pays nothing"):  # fmt: skip
        assert part in said
    assert "_" not in said
