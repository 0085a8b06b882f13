"""A measure's sentence names every condition that decides which rows count."""

from __future__ import annotations

import pytest

from incentive_lab.report.measure_words import measure_sentence
from incentive_lab.scheme.load import loads
from incentive_lab.scheme.measures import CATALOGUE

FRAME = "{{scheme: s, currency: USD, effective: {{from: 2024-01-01}}, measures: {{m: {0}}}, rules: [{{id: a, on: m, rate: 1}}]}}"


@pytest.mark.parametrize(
    ("measure", "said"),
    [
        (
            "{of: deals.amount, where: {status: [won, lost], region_code: {not: [EU, US]}, list_amount: {above: 1000, max: 2500}}}",
            "Amount of deals with status won or lost, region code other than EU or US and list amount of at most 2,500 USD and "
            "above 1,000 USD, in the month of the closing date.",
        ),
        (
            "{count: deals, at: registered_on, where: {registered_on: {known: true}, co_sold: true, cost: {known: false}}}",
            "Number of deals with a registration date, co sold yes and no cost, in the month of the registration date.",
        ),
        (
            "{of: {product: [deals.recurring_amount, 12]}, roles: [sourced, influenced], less_returns: true, credit: full}",
            "Recurring amount times 12 of deals with a share of the deal as sourced or influenced, in the month of the closing "
            "date; each partner of a deal counts the whole of it; less what was returned.",
        ),
        ("{level: scores.nps, hold_months: 1}", "The latest score for NPS, for up to 1 month."),
        (
            "{of: deals.recurring_amount, spread: term, less_returns: true, months_of_term: {from: 13, to: 36}}",
            "Recurring amount of deals, spread over months 13 to 36 of the contract from the closing date; until it is returned.",
        ),
        (
            "{of: deals.recurring_amount, spread: term, months_of_term: {from: 13}}",
            "Recurring amount of deals, spread over the contract's months after its first 12 from the closing date.",
        ),
        ("{ratio: [margin, revenue]}", "Margin divided by revenue."),
        ("{plus: [revenue, pipeline], minus: [returns]}", "Revenue and pipeline, less returns."),
        ("{event: first_deal}", "1 in the month of a partner's first won deal."),
    ],
)
def test_a_measure_in_words(measure: str, said: str) -> None:
    assert measure_sentence(loads(FRAME.format(measure)), "m") == said


@pytest.mark.parametrize("name", CATALOGUE)
def test_every_measure_of_the_catalogue_has_a_sentence(name: str) -> None:
    said = measure_sentence(loads(FRAME.format("{plus: [revenue]}")), name)
    assert said.endswith(".")
    assert "_" not in said
