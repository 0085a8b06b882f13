"""A fund that lapses is what purses would hold that are filled one after the other and emptied oldest first."""

from __future__ import annotations

import random

import pytest

from incentive_lab.engine.replay import replay
from incentive_lab.panel import month_index
from incentive_lab.report.rule_words import rule_sentences
from incentive_lab.scheme.load import loads
from tests.engine.panels import History

LENGTH = {"month": 1, "quarter": 3, "half_year": 6}
TEXT = """scheme: purses
currency: USD
effective: {{from: 2014-01-01}}
settle: month
rules:
  - id: f
    on: campaign_spend
    rate: 100%
    fund: {{accrues_on: revenue, rate: 100%, per: month, expires: {{after: {after}, per: {per}}}}}
"""


def claimed(revenue: list[int], spent: list[int], after: int, length: int) -> list[int]:
    """What is paid out of purses, each for the months of one period and thrown away with what is left in it."""
    purses: dict[int, int] = {}
    paid = []
    for month, (gained, wanted) in enumerate(zip(revenue, spent, strict=True)):
        purses[month // length] = purses.get(month // length, 0) + gained
        paid.append(0)
        for lot in sorted(purses):
            part = min(wanted - paid[-1], purses[lot])
            purses[lot] -= part
            paid[-1] += part
        if month % length == length - 1:
            purses.pop(month // length - after + 1, None)
    return paid


@pytest.mark.parametrize("per", LENGTH)
@pytest.mark.parametrize("after", [1, 2, 3, 5])
def test_the_oldest_purse_is_emptied_first_and_thrown_away_first(per: str, after: int) -> None:
    drawn, months, partners = random.Random(f"{per} {after}"), 40, 25
    revenue = [[drawn.choice([0, 0, 100, 250, 700]) for _ in range(months)] for _ in range(partners)]
    spent = [[drawn.choice([0, 0, 0, 150, 400, 1_500]) for _ in range(months)] for _ in range(partners)]
    ids = tuple(f"p{row:02d}" for row in range(partners))
    panel = History(month_index(2014, 1), months, ids, {"revenue": revenue, "campaign_spend": spent}).panel()
    paid = replay(loads(TEXT.format(after=after, per=per)), panel).detail[0]
    expected = [claimed(gained, wanted, after, LENGTH[per]) for gained, wanted in zip(revenue, spent, strict=True)]
    assert paid.T.tolist() == expected
    if after * LENGTH[per] < 24:
        assert expected != [claimed(a, b, 99, LENGTH[per]) for a, b in zip(revenue, spent, strict=True)]


def test_the_guide_says_when_it_lapses() -> None:
    scheme = loads(TEXT.format(after=2, per="half_year"))
    assert "what came in can be used for 2 half years" in " ".join(rule_sentences(scheme, scheme.rules[0]))
