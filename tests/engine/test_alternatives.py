"""Of rules that are compared only one is paid: what a statement says of it, and who else has to know."""

from __future__ import annotations

from pathlib import Path

import pytest

from incentive_lab.control.suppose import readings
from incentive_lab.engine.curve import payout_curve
from incentive_lab.engine.replay import replay
from incentive_lab.engine.statement import Statement, conventions, statement
from incentive_lab.panel import month_index
from incentive_lab.report.change_words import changes_between
from incentive_lab.report.guide import guide
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import loads
from tests.engine.panels import History

HEAD = "scheme: one-of-two\ncurrency: USD\neffective: {from: 2014-01-01}\nsettle: month\n"
RULES = """rules:
  - {id: a, label: Share of revenue, on: revenue, rate: 10%}
  - {id: b, label: Units, on: units, rate: 1, limit: {amount: 15, per: month}}
"""
PANEL = History(
    month_index(2014, 1), 4, ("p1",),
    {"revenue": [[10_000, 0, 10_000, 5_000]], "units": [[0, 20_000_000, 4_000_000, 0]]},
).panel()  # fmt: skip


def scheme(pays: str = "greater") -> Scheme:
    return loads(f"{HEAD}{RULES}alternatives: [{{id: one, rules: [a, b], pays: {pays}, per: quarter}}]")


def told(pays: str) -> Statement:
    return statement(replay(scheme(pays), PANEL), "p1")


def test_a_statement_says_which_is_paid_and_what_each_earned_to_date() -> None:
    said = told("greater")
    assert round(sum(line.amount for line in said.lines), 2) == said.total == 25.0
    why = {(line.period, line.rule): line.why for line in said.lines}
    assert "Units 0.00 USD is paid: Share of revenue." in why["2014-01", "a"]
    # Units earn 20, of which the limit of the month leaves 15: 10 and 15 to date.
    assert why["2014-02", "b"].endswith(
        "limits hold back 5.00 USD. The greater since Jan 2014 of Share of revenue 10.00 USD and Units 15.00 USD "
        "is paid: Units, less 10.00 USD paid before."
    )
    assert "limits" not in why["2014-03", "b"], "it was not held back, it is not the greater"
    assert why["2014-03", "b"].endswith("is paid: Share of revenue, less 15.00 USD paid before.")


def test_the_lesser_waits_for_the_end_of_its_period() -> None:
    why = {(line.period, line.rule): (line.amount, line.why) for line in told("lesser").lines}
    assert why["2014-01", "a"][0] == 0
    assert why["2014-01", "a"][1].endswith("The lesser of Share of revenue and Units is paid when the quarter ends.")
    assert why["2014-03", "b"][0] == 19
    assert "The lesser since Jan 2014 of Share of revenue 20.00 USD" in why["2014-03", "b"][1]


def test_what_is_paid_in_a_month_without_a_posting_of_its_own_has_a_reason() -> None:
    document = loads(
        f"{HEAD}rules: [{{id: a, on: margin, rate: 10%}}, {{id: b, on: units, per: quarter, rate: 1}}]\n"
        "alternatives: [{id: one, rules: [a, b], per: year}]"
    )
    panel = History(
        month_index(2014, 1), 4, ("p1",), {"margin": [[0, 0, 12_000, -9_000]], "units": [[0, 0, 10_000_000, 0]]}
    ).panel()
    said = statement(replay(document, panel), "p1")
    # 12 against 10 in March; in April 3 against 10, of which 12 were paid before.
    assert [(line.period, line.rule, line.amount) for line in said.lines if line.amount] == [
        ("2014-03", "a", 12.0), ("2014-04", "b", -2.0), ("2014-04", "carried_balance", 2.0)
    ]  # fmt: skip
    assert "is paid: b, less 12.00 USD paid before" in said.lines[-2].why


@pytest.mark.parametrize("pays", ["greater", "lesser"])
def test_guide_differences_and_audit_know_it(pays: str, tmp_path: Path) -> None:
    whole, bare = scheme(pays), loads(HEAD + RULES)
    sentence = f"A partner receives the {pays} of Share of revenue, Units in each quarter."
    assert sentence in str(guide(whole))
    assert changes_between(bare, whole) == (f"New: a{sentence[1:]}",)
    assert "limits, the greater or lesser of rules, taken back" in str(conventions(whole))
    assert "the greater or lesser" not in str(conventions(bare))
    assert {one.reason for one in readings(whole, None)} - {one.reason for one in readings(bare, None)} == {
        "alternatives"
    }


def test_a_curve_without_one_of_the_rules_pays_the_others() -> None:
    document = loads(
        HEAD
        + RULES
        + "  - {id: deal, on: revenue, per: deal, rate: 1%}\n  - {id: c, on: {payout_of: [deal]}, rate: 10%}\n"
        "alternatives: [{id: one, rules: [a, c]}]"
    )
    assert payout_curve(document, PANEL, "revenue", row=0).payout[-1] > 0
