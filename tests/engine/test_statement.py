"""A statement's parts: bands and deals add up to the lines, and thresholds are told in the measure's own words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from incentive_lab.engine.explain import floor_words
from incentive_lab.engine.program import X_EARNED, X_HERE
from incentive_lab.engine.replay import replay
from incentive_lab.engine.statement import Statement, _Ways, statement
from incentive_lab.panel import month_index
from incentive_lab.scheme.baseline import compares
from incentive_lab.scheme.check import check
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import loads
from incentive_lab.scheme.measures import TENURE
from tests.docs.examples import Example, paid
from tests.engine.panels import History
from tests.engine.test_against_reference import FOCUS

DEALS = """deal_id,line,partner_id,status,created_on,closed_on,amount,quantity
A1,1,P1,won,2026-01-02,2026-01-10,1000.10,5
A1,2,P1,won,2026-01-02,2026-01-10,333.33,1
B1,1,P1,won,2026-01-02,2026-01-20,1000.00,3
C1,1,P1,won,2026-02-02,2026-02-20,1200.00,3
D1,1,P1,won,2026-03-02,2026-03-20,120.00,3
E1,1,P2,won,2026-03-02,2026-03-20,120.00,3
"""
SCORES = "partner_id,scored_on,measure,value\nP1,2026-01-01,csat,4.2\n"
SCHEME = """scheme: parts
currency: USD
effective: {from: 2026-01-01}
rules:
  - id: bands
    on: revenue
    rate:
      table:
        steps: [{name: a, from: 0, rate: 1%}, {name: b, from: 1_000, rate: 2%, lump: 5}, {name: c, from: 20_000, rate: 3%}]
  - {id: to-date, on: revenue, rate: {table: {over: year_to_date, steps: [{from: 0, rate: 1%}, {from: 1_000, rate: 2%}]}}}
  - {id: units, on: units, rate: {table: {steps: [{from: 0, rate: 3.333}, {from: 4, rate: 2}]}}}
  - {id: each-in-full, on: revenue, rate: {table: {applies: each_in_full, steps: [{from: 0, rate: 1%}, {from: 1_000, rate: 2%}]}}}
  - {id: from-the-first, on: revenue, rate: {table: {steps: [{from: 0, rate: 1%}, {from: 1_000, rate: 2%, retroactive: true}]}}}
  - id: deals
    on: revenue
    per: deal
    rate: {table: {over: year_to_date, applies: whole, steps: [{from: 0, rate: 1%}, {from: 1_500, rate: 10%}]}}
    limit: {amount: 100, per: month, excess: carried}
  - {id: lines, on: units, per: line, rate: 2.5}
  - {id: service, on: revenue, rate: {table: {by: csat, applies: whole, steps: [{from: 3, rate: 1%}, {from: 4.5, rate: 10%}]}}}
  - id: growing
    on: revenue
    rate: {table: {by: {growth_of: revenue, against: 1_000}, applies: whole, steps: [{from: 20%, rate: 1%}]}}
  - id: on-account
    on: revenue
    per: quarter
    rate: {table: {applies: whole, steps: [{from: 0, rate: 1%}, {name: top, from: 2_000, rate: 2%}]}}
    provision: {rate: 1.5%}
  - id: ended
    on: revenue
    rate: {table: {applies: whole, beyond: nothing, steps: [{from: 0, rate: 1%}, {name: top, from: 1_500, to: 2_500, rate: 2%}]}}
"""


def stated(folder: Path) -> Statement:
    return statement(paid(Example("", 0, SCHEME, tables={"deals": DEALS, "scores": SCORES}), folder / "history"), "P1")


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Statement:
    return stated(tmp_path_factory.mktemp("statement"))


def lines(told: Statement, rule: str, period: str = "2026-01") -> list[tuple[str, float | None, float | None, float]]:
    return [
        (one.deal, one.base, one.rate, one.amount) for one in told.lines if (one.rule, one.period) == (rule, period)
    ]


def test_lines_are_the_total(told: Statement) -> None:
    assert round(sum(one.amount for one in told.lines), 6) == told.total


@pytest.mark.parametrize("rule", ["bands", "units", "each-in-full", "from-the-first"])
def test_bands_add_up_to_their_line(told: Statement, rule: str) -> None:
    mine = [one for one in told.lines if one.rule == rule]
    assert all(one.slices for one in mine)
    assert [round(sum(part.amount for part in one.slices), 2) for one in mine] == [one.amount for one in mine]


def test_a_band_says_how_much_lay_in_it(told: Statement) -> None:
    first = next(one for one in told.lines if one.rule == "bands")
    # 2,333.43 are 1,000.00 x 1 % = 10.00 and 1,333.43 x 2 % + 5.00 = 31.6686.
    assert [
        (part.step, part.start, part.end, part.base, part.rate, part.lump, part.amount) for part in first.slices
    ] == [
        ("a", 0.0, 1000.0, 1000.0, 0.01, 0.0, 10.0),
        ("b", 1000.0, 20000.0, 1333.43, 0.02, 5.0, 31.6686),
    ]
    assert "from 1,000.00 USD on; next is step c from 20,000.00 USD, 17,666.57 USD more" in first.why


def test_bands_of_an_entitlement_add_up_to_what_is_entitled_to_date(told: Statement) -> None:
    second = next(one for one in told.lines if (one.rule, one.period) == ("to-date", "2026-02"))
    assert round(sum(part.amount for part in second.slices), 2) == 60.67  # 1,000 x 1 % + 2,533.43 x 2 %


def test_every_deal_has_a_line_of_its_own(told: Statement) -> None:
    # The year's first deal is below 1,500: 1,333.43 x 1 %. The second brings it above: 10 %, of which the month's limit
    # leaves 86.67; what it holds back is paid in February, where the limit then leaves nothing for C1.
    assert lines(told, "deals") == [("A1", 1333.43, 0.00999678, 13.33), ("B1", 1000.0, 0.08667, 86.67)]
    february = lines(told, "deals", "2026-02")
    assert round(sum(amount for *_, amount in february), 2) == 100
    assert lines(told, "lines") == [
        ("A1, line 1", 5.0, 2.5, 12.5), ("A1, line 2", 1.0, 2.5, 2.5), ("B1, line 1", 3.0, 2.5, 7.5)
    ]  # fmt: skip


def test_thresholds_are_told_as_the_measure_is_written(told: Statement) -> None:
    why = {one.rule: one.why for one in told.lines if one.period == "2026-01"}
    assert "csat 4.2 (this month)" in why["service"]
    assert "next is step 2 from 4.5, 0.3 more" in why["service"]
    assert "from 20 % on" in why["growing"]


def test_a_table_that_ends_in_nothing_says_which_step_was_reached_before_its_end(told: Statement) -> None:
    why = {one.period: one.why for one in told.lines if one.rule == "ended"}
    assert "from 1,500.00 USD on" in why["2026-01"]
    assert "next is step top from 1,500.00 USD, 300.00 USD more" in why["2026-02"]


def test_a_settlement_says_what_was_paid_on_account(told: Statement) -> None:
    last = next(one for one in told.lines if (one.rule, one.period) == ("on-account", "2026-03"))
    # 2,333.43 x 1.5 % = 35.00 and 3,533.43 x 1.5 % - 35.00 = 18.00 before; 3,653.43 x 2 % - 53.00 = 20.07 now.
    assert last.amount == 20.07
    assert "53.00 USD was paid on account before" in last.why


@pytest.mark.parametrize(("paid_before", "said"), [
    (355.22, "Brought up to 90 % of what the baseline pays since Jan 2024: of 857.67 USD that is 771.90 USD, and 355.22 USD was "
             "paid."),
    (300.00, "Brought up to the guaranteed floor of 90 % of what flat pays in the programme year."),
])  # fmt: skip
def test_a_floor_is_told_with_the_numbers_that_reproduce_it_and_no_others(paid_before: float, said: str) -> None:
    guarded = loads("""
scheme: guarded
baseline: flat
currency: USD
effective: {from: 2026-01-01}
rules: [{id: rebate, on: revenue, rate: 1%}]
guarantees: [{against: baseline, keep: 90%}]
""")
    assert floor_words(guarded, np.array([122.36, 735.31]), paid_before, 416.68, "Jan 2024", "USD") == said


def test_a_statement_tells_the_floor_of_its_own_numbers(tmp_path: Path) -> None:
    flat = "scheme: flat\ncurrency: USD\neffective: {from: 2026-01-01}\nrules: [{id: rebate, on: revenue, rate: 3%}]\n"
    own = (
        flat.replace("flat", "own").replace("3%", "1%")
        + "baseline: flat\nguarantees: [{against: baseline, keep: 90%}]\n"
    )
    result = paid(Example("", 0, own, flat, tables={"deals": DEALS}), tmp_path / "history")
    told = [line.why for line in statement(result, "P1", baseline=loads(flat)).lines if line.rule == "guarantee"]
    assert told == [
        "Brought up to 90 % of what the baseline pays since Jan 2026: of 109.60 USD that is 98.64 USD, and 36.53 USD was paid."
    ]


def test_a_cap_and_an_amount_that_is_guaranteed_are_told_with_their_numbers(tmp_path: Path) -> None:
    own = """scheme: own
currency: USD
effective: {from: 2026-01-01}
rules: [{id: rebate, label: Rebate, on: revenue, rate: 3%}]
caps: [{for: partner, per: month, amount: 40}, {id: yearly, for: partner, per: year, amount: 5_000, rules: [rebate]}]
guarantees: [{amount: 10, per: month}]
"""
    result = paid(Example("", 0, own, "", tables={"deals": DEALS}), tmp_path / "history")
    told = {(line.period, line.rule): (line.amount, line.why) for line in statement(result, "P1").lines}
    # 2,333.43 x 3 % = 70.00, of which 40.00 may be paid; 120.00 x 3 % = 3.60, and 10.00 are guaranteed.
    assert told["2026-01", "cap"] == (
        -30.0, "Takes off what is above the caps of 40.00 USD a month and of 5,000.00 USD a year for Rebate.")  # fmt: skip
    assert told["2026-03", "guarantee"] == (6.4, "Brought up to the guaranteed floor of 10.00 USD a month.")


def test_a_statement_tells_what_months_in_the_programme_decided() -> None:
    scheme = loads("""
scheme: tenure
currency: USD
effective: {from: 2014-01-01}
settle: month
rules:
  - {id: new, on: revenue, rate: 1%, who: {months_since_joining: {below: 2}}}
  - {id: required, on: revenue, rate: 1%, requires: {months_since_joining: {at_least: 2}}}
guarantees: [{amount: 100, for_months: 2, since: joined, carry: true}]
draws: [{amount: 120, for_months: 1, since: joined, recover_from: 2}]
""")
    revenue = [[100_000] * 2 + [10_000_000]]
    panel = History(month_index(2014, 1), 3, ("p0",), {"revenue": revenue}, joined=(0,)).panel()
    told = {(line.period, line.rule): line.why for line in statement(replay(scheme, panel), "p0").lines}
    assert told["2014-01", "required"].endswith("It is paid from 2 months since joining on; this is its month 1.")
    assert told["2014-03", "new"].endswith("It is paid in the first 2 months since joining; this is its month 3.")
    assert "It is paid" not in told["2014-01", "new"] + told["2014-03", "required"]
    assert told["2014-02", "guarantee"] == (
        "Brought up to the guaranteed floor of 100.00 USD a month in the first 2 months since joining; this is its month 2."
    )
    assert told["2014-01", "draw"] == (
        "An advance against later earnings in the first month since joining; this is its month 1."
    )
    assert told["2014-03", "draw"] == "Recovered from earnings for an earlier advance; this is its month 3."


REQUIRING = """scheme: requiring
currency: USD
effective: {from: 2026-01-01}
targets: [{measure: revenue, amount: 4_000, per: quarter}]
rules:
  - {id: steady, label: Steady rebate, on: revenue, rate: 1%, requires: {revenue: {at_least: 2_000, over: year_to_date}}}
  - id: several
    on: revenue
    per: quarter
    rate: 1%
    requires: {revenue: {kind: attainment, at_least: 100%}, csat: {above: 4.2}, units: {below: 100}}
  - {id: growing, on: revenue, rate: 1%, requires: {revenue: {kind: growth, against: last_period, at_least: 10%}}}
  - {id: again, on: {payout_of: [steady]}, rate: 10%, requires: {units: {at_least: 8}}}
  - id: to-date
    on: revenue
    rate: {table: {over: year_to_date, applies: whole, steps: [{from: 0, rate: 1%}]}}
    requires: {units: {at_least: 9}}
"""


def test_a_line_of_nothing_says_which_requirement_was_missed(tmp_path: Path) -> None:
    result = paid(Example("", 0, REQUIRING, tables={"deals": DEALS, "scores": SCORES}), tmp_path / "history")
    first = {(line.period, line.rule): line for line in statement(result, "P1").lines}
    assert all("Nothing is earned" not in line.why for line in first.values() if line.amount > 0)
    assert first["2026-01", "steady"].amount == 23.33
    assert first["2026-03", "several"].why.endswith(
        "Nothing is earned: attainment of revenue 91.34 % against its target, 4,000.00 USD (this quarter), at least 100 % is "
        "required and csat 4.2 (this quarter), more than 4.2 is required."
    )
    assert first["2026-02", "growing"].why.endswith(
        "Nothing is earned: growth of revenue -48.57 % against the month before, 2,333.43 USD (this month), "
        "at least 10 % is required."
    )
    assert first["2026-01", "growing"].why.endswith(
        "Nothing is earned: growth of revenue cannot be told, at least 10 % is required."
    )
    assert "payouts of Steady rebate" in first["2026-02", "again"].why
    assert first["2026-02", "again"].why.endswith("Nothing is earned: units 3 (this month), at least 8 is required.")
    taken_back = first["2026-02", "to-date"]
    assert (taken_back.amount, first["2026-01", "to-date"].amount) == (-23.33, 23.33)
    assert taken_back.why.endswith("Nothing is earned: units 3 (this month), at least 9 is required.")
    second = next(line for line in statement(result, "P2").lines if line.rule == "steady")
    assert second.why == (
        "On revenue 120.00 USD in Mar 2026; at 1 %. "
        "Nothing is earned: revenue 120.00 USD (year to date), at least 2,000.00 USD is required."
    )


def test_a_reason_speaks_of_steps_and_rules_by_their_names(told: Statement) -> None:
    assert not [line.why for line in told.lines if "step_" in line.why]
    first = next(line for line in told.lines if (line.rule, line.period) == ("to-date", "2026-01"))
    assert "step 2 reached" in first.why
    assert "next is step 2 from 4.5, 0.3 more" in next(line.why for line in told.lines if line.rule == "service")


OF_TARGET = """scheme: of-target
currency: USD
effective: {from: 2026-01-01}
targets:
  - {measure: revenue, amount: 2_333.43, per: month}
  - {measure: units, amount: 4, per: month, who: {partners: [P2]}}
rules:
  - id: reached
    on: revenue
    rate: {table: {of_target: true, steps: [{from: 50%, rate: 1%}, {from: 100%, rate: 2%, lump: 3}, {from: 120%, rate: 3%}]}}
  - id: not-above
    on: revenue
    rate: {table: {of_target: true, border: above, steps: [{from: 50%, rate: 1%}, {from: 100%, rate: 2%}]}}
  - {id: beyond, on: revenue, rate: {table: {of_target: true, beyond: nothing, steps: [{from: 0, to: 90%, rate: 1%}]}}}
  - {id: untargeted, on: units, rate: {table: {of_target: true, steps: [{from: 0, rate: 1}, {from: 100%, rate: 2}]}}}
"""


def test_steps_that_are_shares_of_a_target_are_told_in_its_amounts_and_in_bands(tmp_path: Path) -> None:
    result = paid(Example("", 0, OF_TARGET, tables={"deals": DEALS}), tmp_path / "history")
    mine = {line.rule: line for line in statement(result, "P1", period="2026-01").lines}
    # Half of the target is 1,166.72 (1,166.715 half up): 1,166.71 x 1 %, and a lump for reaching exactly all of it.
    assert (
        "step 2 reached, paid marginal; from 2,333.43 USD (100 % of the target) on; next is step 3 from 2,800.12 USD "
        "(120 % of the target), 466.69 USD more" in mine["reached"].why
    )
    assert [(part.step, part.start, part.end, part.base, part.amount) for part in mine["reached"].slices] == [
        ("step_1", 1166.72, 2333.43, 1166.71, 11.6671), ("step_2", 2333.43, 2800.12, 0.0, 3.0)
    ]  # fmt: skip
    assert mine["reached"].amount == 14.67
    assert "step 1 reached" in mine["not-above"].why
    assert "no step reached" in mine["beyond"].why
    assert "no step reached; no target of units is in force" in mine["untargeted"].why


LOOKED_AT = """scheme: looked-at
currency: USD
effective: {from: 2026-01-01}
targets: [{measure: revenue, amount: 2_000, per: month}]
rules:
  - {id: attained, on: revenue, rate: 1%, multiply: {attainment_of: revenue, at_most: 110%}}
  - id: stepped
    on: revenue
    rate: 1%
    multiply: {table: {by: csat, applies: whole, steps: [{from: 0, rate: 0.5}, {from: 4.0, rate: 1.2}]}}
  - id: on-a-line
    on: revenue
    rate: 1%
    multiply: {table: {by: csat, applies: interpolated_rate, steps: [{from: 4, rate: 1}, {from: 5, rate: 2}]}}
  - id: grid
    on: units
    rate:
      grid:
        rows: {by: csat, border: above, steps: [{name: low, from: 0}, {name: good, from: 4.2}]}
        columns: {by: {growth_of: revenue, against: 1_000}, over: quarter_to_date, steps: [{name: much, from: 100%}]}
        rates: {low: {much: 2}, good: {much: 3}}
  - {id: paid-again, on: {payout_of: [attained]}, rate: {table: {over: year_to_date, steps: [{from: 0, rate: 10%}]}}}
"""


def test_a_line_tells_what_multiplied_it_and_which_cell_of_a_grid_it_reached(tmp_path: Path) -> None:
    result = paid(Example("", 0, LOOKED_AT, tables={"deals": DEALS, "scores": SCORES}), tmp_path / "history")
    why = {line.rule: line.why for line in statement(result, "P1", period="2026-01").lines}
    # 2,333.43 of 2,000.00 is 116.67 %, of which 110 % count; csat 4.2 lies a fifth of the way from 1 to 2.
    assert "times attainment of revenue 116.67 % against its target (this month), counted as 110 %." in why["attained"]
    assert why["stepped"].endswith("at 1 %; times 1.2 for csat 4.2 (this month).")
    assert why["on-a-line"].endswith("at 1 %; times 1.2 for csat 4.2 (this month).")
    assert why["grid"].endswith(
        "csat 4.2 (this month): row low; growth of revenue 133.34 % against 1,000.00 USD (quarter to date): column much; "
        "at 2.00 USD each."
    )
    assert "payouts 25.67 USD (year to date); step 1 reached" in why["paid-again"]
    later = {line.rule: line.why for line in statement(result, "P1", period="2026-03").lines}
    assert "times attainment of revenue 6 % against its target (this month)." in later["attained"]


@settings(max_examples=25)
@given(FOCUS["everything"][0], FOCUS["everything"][1], st.integers(0, 1))
def test_a_requirement_is_told_as_missed_where_it_is_what_leaves_nothing(
    scheme: Scheme, history: History, row: int
) -> None:
    assume(check(scheme).ok and any(rule.requires for rule in scheme.rules) and not compares(scheme))
    free = tuple(rule.model_copy(update={"requires": {}}) for rule in scheme.rules)
    results = [replay(one, history.panel()) for one in (scheme, scheme.model_copy(update={"rules": free}))]
    path, other = (_Ways.of(one, None).path(one, row % one.panel.partners) for one in results)
    assume(path.required is not None and path.had is not None and not scheme.variants)
    for place, rule in enumerate(scheme.rules):
        by_itself = not rule.on.payout_of and not rule.net_of and TENURE not in rule.requires
        for month in np.flatnonzero(path.trace[:, place, X_HERE] == 1) if by_itself else ():
            earned = other.trace[month, place, X_EARNED]
            missed = path.required.missed(path.had, rule, month)
            assert path.trace[month, place, X_EARNED] == (0 if missed else earned)


def test_what_missed_a_requirement_by_little_does_not_read_as_if_it_had_met_it(tmp_path: Path) -> None:
    deals = """deal_id,partner_id,status,created_on,closed_on,amount
a,P1,won,2026-01-05,2026-01-05,1000.00
b,P1,won,2026-02-05,2026-02-05,1099.99
"""
    scheme = """
scheme: nearly
currency: USD
effective: {from: 2026-01-01, months: 2}
rules:
  - {id: growing, on: revenue, rate: 1%, requires: {revenue: {kind: growth, against: last_period, at_least: 10%}}}
"""
    lines = statement(paid(Example("", 0, scheme, tables={"deals": deals}), tmp_path / "history"), "P1").lines
    (february,) = [line for line in lines if line.period == "2026-02"]
    assert february.amount == 0
    assert "growth of revenue 9.999 % against" in february.why
    assert february.why.endswith("at least 10 % is required.")


def test_the_rate_of_a_deal_that_fixed_amounts_make_is_told_exactly_or_as_about(tmp_path: Path) -> None:
    deals = """deal_id,partner_id,status,created_on,closed_on,amount,quantity
a,P1,won,2026-01-05,2026-01-05,300000.00,3
"""
    scheme = """
scheme: fixed
currency: USD
effective: {from: 2026-01-01, months: 1}
rules:
  - {id: each, on: units, per: deal, rate: {table: {applies: whole, steps: [{from: 1, lump: 50}]}}}
  - {id: whole, on: revenue, per: deal, rate: {table: {applies: whole, steps: [{from: 1, lump: 22000}]}}}
"""
    lines = statement(paid(Example("", 0, scheme, tables={"deals": deals}), tmp_path / "history"), "P1").lines
    assert {line.rule: (line.amount, line.why.split("; ")[-1]) for line in lines} == {
        "each": (50.0, "at 16.666667 USD each."),
        "whole": (22000.0, "at about 7.3333 %."),
    }
