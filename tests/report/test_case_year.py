"""The cost on a history is told by the year too, beside a budget that is one for a year."""

from __future__ import annotations

from dataclasses import replace

import pytest

from incentive_lab.report.case import Case
from incentive_lab.report.history_span import year_words
from incentive_lab.scheme.baseline import Pair
from incentive_lab.scheme.load import loads

TEXT = "{scheme: a, currency: USD, effective: {from: 2024-STARTS-01}, rules: [{id: c, on: revenue, rate: 3%}]}"


def case(months: int, starts: int = 1) -> Case:
    """A scheme that paid 1,000 in the first month of 2023, and a thousand more in each that follows."""
    labels = [f"{2023 + month // 12}-{month % 12 + 1:02d}" for month in range(months)]
    paid = {label: 1_000.0 * (place + 1) for place, label in enumerate(labels)}
    replay = {"total": sum(paid.values()), "by_month": paid, "months": months}
    return Case({}, Pair(loads(TEXT.replace("STARTS", f"{starts:02d}")), None), replay, None, None)


@pytest.mark.parametrize(
    ("months", "starts", "said"),
    [
        (
            18,
            1,
            "The dearest programme year, 2024, costs 93,000.00 USD.",
        ),  # 13 to 18 thousand, in six months more than 2023 in twelve
        (
            24,
            7,
            "The dearest programme year, 2023/24, costs 150,000.00 USD.",
        ),  # 7 to 18 thousand; the year from July 2024 has six months of 129 k
        (6, 1, "Twelve average months cost 42,000.00 USD."),
        (18, 7, "The dearest programme year, 2023/24, costs 150,000.00 USD."),
    ],
)
def test_the_cost_of_a_year_is_that_of_the_dearest_programme_year_or_of_twelve_average_months(
    months: int, starts: int, said: str
) -> None:
    made = case(months, starts)
    assert year_words(*made.dearest_year, made.currency) == said


@pytest.mark.parametrize(
    ("first", "months", "said"),
    [
        ("2024-01", 12, "The forecast is for Jan 2024 to Dec 2024, when the scheme would be in force."),
        ("2024-01", 6, "The forecast is for Jan 2024 to Jun 2024, the 6 months after the history; the scheme would be in force "
                       "from Jan 2024 to Dec 2024."),
        ("2023-07", 12, "The forecast is for Jul 2023 to Jun 2024, as if the scheme began right after the history; it would be "
                        "in force from Jan 2024 to Dec 2024."),
    ],
)  # fmt: skip
def test_a_forecast_begins_with_its_months_beside_those_in_force(first: str, months: int, said: str) -> None:
    amounts = {"p05": 1.0, "p50": 2.0, "p95": 3.0}
    told = {"total": amounts, "months": months, "scenarios": 64, "first_month": first}
    made = replace(case(12), projection=told)
    assert made.forecast_said[0] == said


def test_without_a_baseline_everything_that_decides_what_is_paid_is_told() -> None:
    text = """
scheme: a
currency: EUR
effective: {from: 2024-01-01}
tiers: {levels: [{name: base}, {name: gold, needs: {revenue: 8_000}}]}
rules: [{id: share, on: revenue, rate: 3%}, {id: deals, on: won_deals, rate: 40}]
alternatives: [{id: better, rules: [share, deals]}]
caps: [{id: top, for: partner, per: year, amount: 9_000}]
"""
    told = " ".join(Case({}, Pair(loads(text), None), {"total": 0.0}, None, None).changes)
    for said in (
        "New: share.",
        "New: deals.",
        "the greater of share, deals",
        "at most 9,000.00 EUR a year",
        "tiers base, gold",
    ):
        assert said in told, said
