"""A change in the middle of a year, worked out by hand.

A sells 1,000.00 in each month of 2024, B 2,000.00 in May only. The change is in June: the first quarter is settled, April
and May are not.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from incentive_lab.control.midway import change_midway
from incentive_lab.control_words import midway_words
from incentive_lab.errors import InputError
from incentive_lab.history import History, open_history
from incentive_lab.panel import month_index
from incentive_lab.scheme.baseline import Pair
from incentive_lab.scheme.load import loads

HEAD = "currency: USD\neffective: {from: 2024-01-01}\nsettle: quarter\n"
PRESENT = loads(f"scheme: present\n{HEAD}rules: [{{id: c, on: revenue, rate: 3%}}]")
STEPS = "rate: {table: {over: year_to_date, steps: [{from: 0, rate: 1%}, {from: 4_000, rate: 5%}]}}"
NEW = loads(f"scheme: new\n{HEAD}rules: [{{id: c, on: revenue, {STEPS}}}]")


@pytest.fixture
def history(tmp_path: Path) -> Iterator[History]:
    (tmp_path / "partners.csv").write_text("partner_id,type,joined_on\nA,reseller,2023-01-01\nB,msp,2023-01-01\n")
    rows = [f"D{month},A,won,2024-{month:02d}-01,2024-{month:02d}-10,1000.00,USD" for month in range(1, 13)]
    rows.append("E,B,won,2024-05-01,2024-05-10,2000.00,USD")
    (tmp_path / "deals.csv").write_text(
        "deal_id,partner_id,status,created_on,closed_on,amount,currency\n" + "\n".join(rows) + "\n"
    )
    with open_history(str(tmp_path), currency="USD").closing() as held:
        yield held


def test_what_was_earned_is_split_into_settled_and_open(history: History) -> None:
    found = change_midway(history, Pair(NEW, PRESENT), month_index(2024, 6))
    a, b = sorted(found.partners, key=lambda one: one.partner)
    # A: 3 % of 3,000 settled, of 2,000 open; the new rules give 1 % of 4,000 and 5 % of 1,000.
    assert (a.settled, a.open, a.under_new) == (90_00, 60_00, 90_00)
    # B: 3 % of 2,000 open, 1 % under the new rules.
    assert (b.settled, b.open, b.under_new) == (0, 60_00, 20_00)
    assert (found.settled, found.open, found.honoured, found.topped_up, found.holders) == (90_00, 120_00, 100_00, 0, 2)


def test_the_rest_of_the_year_with_and_without_what_was_counted(history: History) -> None:
    found = change_midway(history, Pair(NEW, PRESENT), month_index(2024, 6))
    assert (found.rest_from, found.rest_months) == ("2024-06", 7)
    # Present 3 % of 7,000; new 5 % of 7,000 beyond the first 5,000; counting anew 1 % of 4,000 and 5 % of 3,000.
    assert (found.rest_present, found.rest_new, found.rest_fresh) == (210_00, 350_00, 190_00)
    assert "100.00 USD more than the new rules give" in midway_words(found)[1]


def test_the_first_month_of_a_year_is_no_change_midway(history: History) -> None:
    with pytest.raises(InputError, match="inside a year"):
        change_midway(history, Pair(NEW, PRESENT), month_index(2024, 1))


def test_a_change_to_the_same_rules_costs_nothing(history: History) -> None:
    found = change_midway(history, Pair(PRESENT, PRESENT), month_index(2024, 6))
    assert (found.honoured, found.topped_up, found.rest_new - found.rest_present) == (0, 0, 0)
