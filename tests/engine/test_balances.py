"""What a statement says is open between the partner and the programme at the end of its period."""

from __future__ import annotations

from pathlib import Path

import pytest

from incentive_lab.engine.statement import statement
from tests.docs.examples import Example, paid

HEAD = "scheme: open\ncurrency: USD\neffective: {from: 2026-01-01}\nsettle: month\n"
RULES = "rules: [{id: rebate, on: revenue, rate: 2%}]\n"
DRAW = (
    RULES + "draws: [{id: draw, amount: 100, per: month, recover_from: 3, recover_at_most: 50, balance_at_most: 500}]"
)
LEAST = RULES + "minimum_payout: {amount: 100, below: carry}"
EXCESS = "rules: [{id: rebate, on: revenue, rate: 2%, limit: {amount: 300, per: month, excess: carried}}]"
CAPPED = RULES + "caps: [{id: top, for: partner, per: month, amount: 300, excess: carried}]"
BY_DEAL = "rules: [{id: each, on: revenue, per: deal, rate: 2%, limit: {amount: 300, per: month, excess: carried}}]"
BY_QUANTITY = "rules: [{id: lead, on: lead, rate: 10, limit: {quantity: 1, per: month, excess: carried}}]"
DEALS = """deal_id,line,partner_id,status,created_on,closed_on,amount,quantity
A,1,P1,won,2026-01-02,2026-01-10,20000,1
B,1,P1,won,2026-02-02,2026-02-10,17000,1
C,1,P1,won,2026-03-02,2026-03-10,100,1
"""
FUND = """rules:
  - {id: rebate, on: revenue, rate: 2%, limit: {amount: 300, per: month, excess: spilled, to: marketing}}
  - id: marketing
    on: campaign_spend
    rate: 50%
    fund: {every: 100, per: month, expires: never}
    requires: {lead: {at_least: 1}}
"""
GROWING = "number,2026-01,2026-02,2026-03,2026-04\nrevenue,2000,10000,20000,20000\n"
SPENT = "number,2026-01,2026-02,2026-03\nrevenue,25000,0,0\ncampaign_spend,,400,1000\nlead,,,2\n"
BACK = "number,2026-01,2026-02,2026-03\nrevenue,2000,-5000,1000\n"


@pytest.mark.parametrize(
    ("rules", "months", "open_at"),
    [
        (DRAW, GROWING, {"2026-01": ("draw_owed", 60), "2026-02": ("draw_owed", 60), "2026-03": ("draw_owed", 10)}),
        (EXCESS, GROWING, {"2026-03": ("excess", 100), "2026-04": ("excess", 200)}),
        (CAPPED, GROWING, {"2026-03": ("excess", 100), "2026-04": ("excess", 200)}),
        (CAPPED.replace("carried", "trued_up"), GROWING, {"2026-03": ("excess", 100), "2026-04": ("excess", 200)}),
        (EXCESS.replace("carried", "trued_up"), GROWING, {"2026-03": ("excess", 100), "2026-04": ("excess", 200)}),
        (BY_DEAL, DEALS, {"2026-01": ("excess", 100), "2026-02": ("excess", 140)}),
        (BY_QUANTITY, SPENT, {}),
        (LEAST, GROWING, {"2026-01": ("carried", 40)}),
        (FUND, SPENT, {"2026-01": ("fund", 300), "2026-02": ("fund", 400)}),
        (RULES, BACK, {"2026-02": ("set_off", 100), "2026-03": ("set_off", 80)}),
    ],
)
def test_what_is_open_at_the_end_of_each_month(
    tmp_path: Path, rules: str, months: str, open_at: dict[str, tuple[str, int]]
) -> None:
    table = "deals" if months is DEALS else "months"
    result = paid(Example("", 0, HEAD + rules, tables={table: months}), tmp_path / "history")
    for month in result.panel.labels():
        told = statement(result, "P1", month).balances
        assert [(one.name, one.amount) for one in told] == ([open_at[month]] if month in open_at else [])
        assert all(one.words.startswith(f"{one.amount:.2f} USD ") and month in one.words for one in told)


@pytest.mark.parametrize("rules", [CAPPED, EXCESS])
def test_what_is_trued_up_is_told_to_wait_for_the_end_of_the_year(tmp_path: Path, rules: str) -> None:
    scheme = HEAD + rules.replace("carried", "trued_up")
    months = GROWING.replace("2026-04", "2026-12")
    result = paid(Example("", 0, scheme, tables={"months": months}), tmp_path / "history")
    (open_,) = statement(result, "P1", "2026-03").balances
    assert open_.words.endswith("is carried past 2026-03, to be paid at the end of the programme year.")
    held, last = ([line.why for line in statement(result, "P1", month).lines][-1] for month in ("2026-03", "2026-12"))
    if rules == CAPPED:
        assert held.endswith(
            "300.00 USD a month, to be paid at the end of the programme year as far as other caps allow."
        )
        assert last == "Pays what waited above the cap of 300.00 USD a month for the year to end."
    else:
        assert held.endswith("100.00 USD waits for the end of the programme year.")
        assert last.endswith("100.00 USD that limits held back is paid at the end of the programme year.")
    assert statement(result, "P1", "2026-12").balances == ()


def test_a_recovery_out_of_all_earnings_is_told_with_its_end(tmp_path: Path) -> None:
    draw = "draws: [{id: draw, amount: 100, for_months: 1, recover_out_of: all_earnings, recover_share: 10%, forgive_after: 3}]"
    result = paid(Example("", 0, HEAD + RULES + draw, tables={"months": GROWING}), tmp_path / "history")
    told = [line for line in statement(result, "P1").lines if line.rule == "draw"]
    assert [(line.period, line.amount) for line in told] == [("2026-01", 60.0), ("2026-02", -20.0), ("2026-03", -40.0)]
    assert told[1].why == (
        "Recovered from earnings for an earlier advance, out of all that is earned once the months of the draw are over; "
        "what is not recovered by month 3 is forgiven."
    )
    assert statement(result, "P1", "2026-02").balances[0].amount == 40


def test_what_of_a_fund_lapses_is_told_at_the_end_of_its_lot(tmp_path: Path) -> None:
    rules = "rules: [{id: f, on: campaign_spend, rate: 100%, fund: {every: 100, per: quarter, expires: {after: 2, per: quarter}}}]"
    months = "number,2026-01,2026-02,2026-07\ncampaign_spend,,30,10\n"
    result = paid(Example("", 0, HEAD + rules, tables={"months": months}), tmp_path / "history")
    told = {month: statement(result, "P1", month).balances[0] for month in ("2026-03", "2026-06", "2026-07")}
    assert {month: one.amount for month, one in told.items()} == {"2026-03": 70, "2026-06": 170, "2026-07": 190}
    assert told["2026-03"].words == "70.00 USD is left in the fund at the end of 2026-03."
    assert (
        told["2026-06"].words == "170.00 USD is left in the fund at the end of 2026-06, of which 70.00 USD lapses then."
    )


TWICE = """calendar: {year_starts: 1}
rules:
  - id: rebate
    on: revenue
    rate: 10%
    limit:
      - {amount: 200, per: month, excess: trued_up}
      - {amount: 500, per: month, excess: carried}
"""
LATE = "number,2026-02,2026-11,2026-12,2027-01\nrevenue,5000,3000,1000,2000\n"


def test_each_limit_of_a_rule_says_what_it_keeps_itself(tmp_path: Path) -> None:
    """300 and 100 wait; December's 100 and they are 500, all paid. With 6,000 in November 300 more are above 500."""
    more = LATE.replace("3000", "6000")
    for place, (months, words) in enumerate(((LATE, ""), (more, "300.00 USD lapses with the programme year; "))):
        result = paid(Example("", 0, HEAD + TWICE, tables={"months": months}), tmp_path / str(place))
        (first,) = statement(result, "P1", "2026-02").lines
        assert first.why.endswith("300.00 USD waits for the end of the programme year.")
        (last,) = statement(result, "P1", "2026-12").lines
        assert last.amount == 500
        paid_late = "400.00 USD that limits held back is paid at the end of the programme year."
        assert last.why.endswith(f"at 10 %; {words}{paid_late}")


def test_what_lapses_with_the_year_is_not_promised_for_later(tmp_path: Path) -> None:
    months = GROWING.replace("2026-03,2026-04", "2026-11,2026-12")
    over = CAPPED.replace("excess: carried", "excess: carried, carry_over_year: true")
    for place, (rules, kept) in enumerate(((EXCESS, False), (CAPPED, False), (over, True))):
        scheme = HEAD + "calendar: {year_starts: 1}\n" + rules
        result = paid(Example("", 0, scheme, tables={"months": months}), tmp_path / str(place))
        (open_,) = statement(result, "P1", "2026-12").balances
        lapses = "200.00 USD that limits and caps cut lapses: the programme year ends with 2026-12."
        assert (open_.words == lapses) is not kept
        assert ("lapses with the programme year" in statement(result, "P1", "2026-12").lines[0].why) is (
            rules == EXCESS
        )


def test_a_cap_promises_only_what_it_pays_itself(tmp_path: Path) -> None:
    """A rule's limit is trued up; the cap around it is not, and what it cuts is lost."""
    scheme = HEAD + EXCESS.replace("carried", "trued_up") + "\ncaps: [{id: top, per: month, amount: 250, excess: lost}]"
    result = paid(Example("", 0, scheme, tables={"months": GROWING}), tmp_path / "lost")
    last = statement(result, "P1", "2026-03").lines[-1]
    assert (last.amount, last.why) == (-50, "Takes off what is above the cap of 250.00 USD a month.")
    two = "caps: [{id: top, per: month, amount: 250, excess: trued_up}, {id: year, per: year, amount: 600}]"
    result = paid(Example("", 0, HEAD + RULES + two, tables={"months": GROWING}), tmp_path / "two")
    assert statement(result, "P1", "2026-03").lines[-1].why == (
        "Takes off what is above the caps of 250.00 USD a month (paid at the end of the programme year as far as other "
        "caps allow) and of 600.00 USD a year (lost)."
    )


CLOSED = """
rules:
  - {id: start, on: revenue, rate: 10%, who: {months_since_joining: {below: 6}}, limit: {amount: 200, per: month, excess: trued_up}}
"""
JOINED = "partner_id,type,joined_on\nP1,reseller,2026-01-05\n"


def test_what_waits_in_a_rule_that_closes_lapses_aloud(tmp_path: Path) -> None:
    """500 are cut to 200; by December the rule is closed to the partner, whether or not it sells then."""
    scheme = HEAD + "calendar: {year_starts: 1}" + CLOSED
    closed = (
        "300.00 USD that waited lapses: the rule is closed when the programme year ends. "
        "It is paid in the first 6 months since joining; this is its month 12."
    )
    for place, (sold, begins) in enumerate((("", ""), ("1000", "On revenue 1,000.00 USD in Dec 2026; at 10 %; "))):
        months = f"number,2026-03,2026-12\nrevenue,5000,{sold}\n"
        result = paid(Example("", 0, scheme, tables={"months": months, "partners": JOINED}), tmp_path / str(place))
        assert statement(result, "P1", "2026-03").total == 200
        (last,) = statement(result, "P1", "2026-12").lines
        assert (last.amount, last.why) == (0.0, begins + closed)
        assert statement(result, "P1", "2026-12").balances == ()


def test_what_waits_is_paid_without_a_word_of_lapsing(tmp_path: Path) -> None:
    """The rule runs to June only, which is then its last month of the year; 300 and 100 of June's 300 are paid there."""
    rules = """
rules: [{id: c, on: revenue, rate: 10%, during: {from: 2026-03, to: 2026-06}, limit: {amount: 200, excess: trued_up}}]
"""
    months = "number,2026-03,2026-06,2026-12\nrevenue,5000,3000,1000\n"
    result = paid(Example("", 0, HEAD + "calendar: {year_starts: 1}" + rules, tables={"months": months}), tmp_path)
    (last,) = statement(result, "P1", "2026-06").lines
    assert last.amount == 600
    assert "lapses" not in last.why
    assert statement(result, "P1", "2026-12").lines == ()
