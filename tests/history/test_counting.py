"""Different customers over a quarter, a year, ever, or so many months: against a count by hand, deal by deal."""

from __future__ import annotations

import datetime
import random
from pathlib import Path

import numpy as np
import pytest

from incentive_lab.engine.replay import replay
from incentive_lab.errors import InputError
from incentive_lab.history import History, open_history
from incentive_lab.history.for_schemes import panel_for
from incentive_lab.panel import Floats, month_label
from incentive_lab.projection.past import past_of
from incentive_lab.scheme.check import check
from incentive_lab.scheme.document import Group, Scheme
from incentive_lab.scheme.load import loads
from incentive_lab.scheme.measures import CATALOGUE, Measure
from tests.history import folders
from tests.history.test_remote import database, load

__all__ = ["database"]
LENGTHS = {"quarter": 3, "half_year": 6, "year": 12}
Rows = list[tuple[str, str, datetime.date, str]]
"""(partner, customer, day, status) of each deal."""


def sold(chance: random.Random, deals: int = 500) -> Rows:
    return [
        (f"P{chance.randrange(1, 3)}", f"C{chance.randrange(12)}" if chance.random() < 0.95 else "",
         datetime.date(2013, 1, 1) + datetime.timedelta(days=chance.randrange(1_100)), chance.choice(["won", "won", "lost"]))
        for _ in range(deals)
    ]  # fmt: skip


def written(folder: Path, rows: Rows, **more: str) -> Path:
    lines = [
        f"D{n},{who},{status},2013-01-01,{day},1.00,{customer}" for n, (who, customer, day, status) in enumerate(rows)
    ]
    header = "deal_id,partner_id,status,created_on,closed_on,amount,customer_id"
    return folders.write(folder, deals="\n".join([header, *lines]) + "\n", **more)


def measure(**more: object) -> Measure:
    return Measure.model_validate(
        {"distinct": "deals.customer_id", "where": {"status": "won"}, "unit": "count", **more}
    )


def column(history: History, one: Measure, year_starts: int = 1) -> tuple[Floats, int]:
    panel = history.panel({"different": one}, year_starts=year_starts)
    return panel.columns["different"], panel.first_month


def by_hand(rows: Rows, who: str, first: int, last: int) -> int:
    """Different customers of a partner that bought in the months (running numbers, inclusive)."""
    return len({
        customer for partner, customer, day, status in rows
        if partner == who and customer and status == "won" and first <= day.year * 12 + day.month - 1 <= last
    })  # fmt: skip


@pytest.mark.parametrize("year_starts", [1, 2, 8])
@pytest.mark.parametrize("once_in", ["quarter", "half_year", "year"])
def test_the_months_of_a_period_add_up_to_its_customers(tmp_path: Path, once_in: str, year_starts: int) -> None:
    rows = sold(random.Random(3))
    with open_history(written(tmp_path / "h", rows)).closing() as history:
        counted, begin = column(history, measure(once_in=once_in), year_starts)
        for row, who in enumerate(("P1", "P2")):
            for month in range(begin, begin + counted.shape[1]):
                first = month - (month - (year_starts - 1)) % LENGTHS[once_in]
                so_far = counted[row, max(0, first - begin) : month - begin + 1].sum() / 1e6
                assert so_far == by_hand(rows, who, first, month), (who, month_label(month))


def test_a_new_customer_counts_once_ever(tmp_path: Path) -> None:
    rows = sold(random.Random(4))
    with open_history(written(tmp_path / "h", rows)).closing() as history:
        counted, begin = column(history, CATALOGUE["new_customers"])
        for row, who in enumerate(("P1", "P2")):
            for month in range(begin, begin + counted.shape[1]):
                assert counted[row, : month - begin + 1].sum() / 1e6 == by_hand(rows, who, begin, month)


@pytest.mark.parametrize("months", [3, 7, 12])
def test_a_rolling_window_has_its_customers_at_every_month(tmp_path: Path, months: int) -> None:
    rows = sold(random.Random(5), 120)
    with open_history(written(tmp_path / "h", rows)).closing() as history:
        level, begin = column(history, measure(rolling_months=months))
        for row, who in enumerate(("P1", "P2")):
            for month in range(begin, begin + level.shape[1]):
                assert level[row, month - begin] == by_hand(rows, who, month - months + 1, month)


SPLITS = "deal_id,partner_id,share,role\nD0,P1,0.5,a\nD0,P2,0.5,b\nD3,P2,1,a\n"


def test_a_database_counts_the_same(database: str, tmp_path: Path) -> None:
    rows = sold(random.Random(6), 200)
    folder = written(tmp_path / "csv", rows, deal_partners=SPLITS)
    load(database, folder)
    wanted = {
        "quarter": measure(once_in="quarter"), "year": measure(once_in="year", credit="full"),
        "ever": measure(once_in="life"), "rolling": measure(rolling_months=6), "month": measure(),
        "products": measure(distinct="deals.deal_id", once_in="year"), "same": measure(once_in="quarter"),
    }  # fmt: skip
    with open_history(folder).closing() as files, open_history(database).closing() as remote:
        one, other = (history.panel(wanted, year_starts=2) for history in (files, remote))
        for name in wanted:
            assert (one.columns[name] == other.columns[name]).all(), name
        assert (one.columns["quarter"] == one.columns["same"]).all()
        assert one.columns["rolling"].any()


def test_a_customer_of_several_partners_is_one_of_each(tmp_path: Path) -> None:
    rows: Rows = [("P1", "C1", datetime.date(2013, 2, 3), "won"), ("P1", "C1", datetime.date(2013, 3, 3), "won")]
    splits = "deal_id,partner_id,share\nD0,P1,0.5\nD0,P2,0.5\n"
    with open_history(written(tmp_path / "h", rows, deal_partners=splits)).closing() as history:
        counted, _ = column(history, measure(once_in="quarter"))
        assert (counted.sum(axis=1) / 1e6).tolist() == [1, 1]


def test_a_deal_that_came_back_has_no_customer(tmp_path: Path) -> None:
    deals = (
        "deal_id,partner_id,status,created_on,closed_on,amount,customer_id,returned_on\n"
        "D1,P1,won,2013-01-01,2013-02-01,1,C1,2013-05-01\nD2,P1,won,2013-01-01,2013-03-01,1,C1,\n"
    )
    with open_history(folders.write(tmp_path / "h", deals=deals)).closing() as history:
        counted, begin = column(history, measure(once_in="year", less_returns=True))
        assert {month_label(begin + place) for place in np.flatnonzero(counted[0])} == {"2013-03"}


SCHEME = """
scheme: breadth
currency: USD
effective: {{from: 2013-01-01, months: 36}}
calendar: {{year_starts: {starts}}}
measures: {{buyers: {{distinct: deals.customer_id, once_in: half_year, where: {{status: won}}}},
           active: {{distinct: deals.customer_id, rolling_months: 6, where: {{status: won}}}}}}
rules: [{{id: breadth, on: {on}, per: {per}, rate: 10{more}}}]
"""


def scheme(on: str, per: str, more: str = "", starts: int = 1) -> Scheme:
    return loads(SCHEME.format(on=on, per=per, more=more, starts=starts))


@pytest.mark.parametrize(("on", "per", "months"), [("customers_in_quarter", "quarter", 3), ("customers_in_year", "year", 12),
                                                   ("buyers", "half_year", 6)])  # fmt: skip
@pytest.mark.parametrize("starts", [1, 2])
def test_a_rule_pays_each_customer_of_its_period_once(
    tmp_path: Path, on: str, per: str, months: int, starts: int
) -> None:
    rows = sold(random.Random(8))
    plan = scheme(on, per, starts=starts)
    assert not check(plan).problems + check(plan).warnings
    with open_history(written(tmp_path / "h", rows)).closing() as history:
        result = replay(plan, panel_for(history, plan), baseline=plan)
        begin, end = result.panel.first_month, result.panel.first_month + result.panel.months
        for row, who in enumerate(("P1", "P2")):
            due = sum(
                by_hand(rows, who, first, first + months - 1)
                for first in range(begin - (begin - (starts - 1)) % months, end, months)
            )
            assert result.by_partner[row] / 100 == 10 * due


@pytest.mark.parametrize(
    ("on", "per", "more", "wrong", "words"),
    [
        ("customers", "quarter", "", False, "counts three times. Use customers_in_quarter."),
        ("customers", "year", "", False, "over a year what comes in three months counts three times. Use customers_in_year."),
        ("customers", "half_year", "", False, "Declare a measure with once_in: half_year."),
        ("customers", "month", "", False, ""),
        ("customers_in_quarter", "quarter", "", False, ""),
        ("customers_in_quarter", "year", "", True, "counts once in each quarter, and is looked at here over a year."),
        ("customers_in_year", "quarter", "", True, "counts once in each year, and is looked at here over a quarter."),
        ("customers_in_quarter", "month", "", True, "Declare a measure of `distinct` without once_in"),
        ("new_customers", "year", "", False, ""),
        ("revenue", "quarter", ", requires: {customers_in_quarter: {at_least: 3}}", False, ""),
        ("revenue", "quarter", ", requires: {customers_in_quarter: {at_least: 3, over: year_to_date}}", True, "over a year"),
        ("revenue", "quarter", ", requires: {customers_in_year: {at_least: 3, over: {trailing: 12}}}", True, "rolling_months: 12"),
        ("revenue", "quarter", ", requires: {active: {at_least: 3}}", False, ""),
    ],
)  # fmt: skip
def test_another_window_is_told_of(on: str, per: str, more: str, wrong: bool, words: str) -> None:
    found = check(scheme(on, per, more))
    told = " ".join(
        f"{one.message} {one.fix}" for one in (found.problems if wrong else found.warnings) if "counts" in one.message
    )
    assert words in told
    assert bool(words) == bool(told)
    assert wrong or not found.problems


@pytest.mark.parametrize(
    ("looks", "wrong"),
    [
        ("looks_at: half_year_to_date", False),
        ("looks_at: quarter_to_date", True),
        ("looks_at: {months: 12}, windows: {buyers: half_year_to_date}", False),
        ("looks_at: half_year_to_date, windows: {buyers: quarter_to_date}", True),
        ("looks_at: half_year_to_date, windows: {buyers: {months: 6}}", True),
    ],
)
@pytest.mark.parametrize("review", ["month", "quarter"])
def test_a_tier_counts_customers_over_the_window_of_that_need(review: str, looks: str, wrong: bool) -> None:
    """`buyers` counts once in each half year."""
    ladder = f"tiers: {{review: {review}, {looks}, levels: [{{name: a}}, {{name: b, needs: {{buyers: 3}}}}]}}"
    text = SCHEME.format(on="revenue", per="quarter", more="", starts=1)
    found = check(loads(f"{text}{ladder}\n"))
    assert any("'buyers' counts once in each half year" in one.message for one in found.problems) is wrong


def test_a_group_has_no_rolling_count() -> None:
    plain = scheme("revenue", "quarter")
    grouped = plain.model_copy(update={"group": Group.model_validate({"by": "parent_id"})})
    assert any("cannot add up rolling counts" in one.message for one in check(grouped).problems)


def test_a_gate_reads_a_rolling_count(tmp_path: Path) -> None:
    rows = sold(random.Random(9), 60)
    plan = scheme("won_deals", "month", ", requires: {active: {at_least: 6}}")
    with open_history(written(tmp_path / "h", rows)).closing() as history:
        result = replay(plan, panel_for(history, plan), baseline=plan)
        deals = result.panel.columns["won_deals"] / 1e6
        for row, who in enumerate(("P1", "P2")):
            for place, paid in enumerate(result.total[:, row]):
                month = result.panel.first_month + place
                assert paid / 100 == (10 * deals[row, place] if by_hand(rows, who, month - 5, month) >= 6 else 0)


def test_a_projection_says_that_it_cannot_count_customers_once(tmp_path: Path) -> None:
    with open_history(written(tmp_path / "h", sold(random.Random(8)))).closing() as history:
        for plan, name in ((scheme("customers_in_quarter", "quarter"), "customers_in_quarter"),
                           (scheme("revenue", "quarter", ", requires: {active: {at_least: 3}}"), "active")):  # fmt: skip
            with pytest.raises(InputError, match="deals to come are drawn without customers") as refused:
                past_of(history, plan)
            assert refused.value.problems[0].path == f"measures.{name}"
        past_of(history, scheme("customers", "quarter"))
