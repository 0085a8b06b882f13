"""Random histories: few partners, few months, amounts at borders and at half cents."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from incentive_lab.panel import month_index
from tests.engine.panels import LONG_AGO, DealRow, History, ReturnRow, day_of
from tests.engine.strategies.choosing import one_from

MILLION = 1_000_000
MONEY_BORDERS = (0, 100, 1_000, 10_000, 10_001, 25_000, 100_000)
"""Borders in cents that schemes use as well."""
NEAR = tuple(border + step for border in MONEY_BORDERS for step in (-1, 0, 1))
MONEY = st.one_of(
    one_from((0, *NEAR, 50, 150, 250, 1_250, -5_000, -100)),
    st.integers(-20_000, 200_000),
)
COUNT = st.one_of(
    one_from([0, 1, 2, 3, 5, 9, 10, 11, 20, 21]).map(lambda units: units * MILLION),
    one_from([500_000, 333_333, -MILLION]),
)
SCORE = one_from([float("nan"), 1.0, 3.49, 3.5, 4.0, 4.2, 5.0])
UNITS = {
    "revenue": MONEY, "margin": MONEY, "returns": one_from([0, 0, 0, 100, 5_000]), "campaign_spend": MONEY,
    "units": COUNT, "certification": COUNT, "csat": SCORE,
}  # fmt: skip
TYPES = ("reseller", "msp")
REGIONS = ("north", "south")
SEGMENTS = ("small", "large")
LEVELS = ("bronze", "silver", "gold")


@st.composite
def columns(draw: st.DrawFn, measure: str, partners: int, months: int) -> list[list[float]]:
    """A measure month by month: a short drawn list that repeats, so that it shrinks to little."""
    rows = []
    for _ in range(partners):
        pattern = draw(st.lists(UNITS[measure], min_size=1, max_size=min(months, 8)))
        rows.append([pattern[month % len(pattern)] for month in range(months)])
    return rows


@st.composite
def histories(
    draw: st.DrawFn,
    measures: Sequence[str] = ("revenue", "margin", "units"),
    months: Sequence[int] = (1, 2, 3, 4, 6, 7, 12, 14, 18, 25),
    partners: Sequence[int] = (1, 2, 3),
    currencies: Sequence[str] = ("USD",),
    with_deals: Sequence[str] = (),
    with_returns: bool = False,
    with_joiners: bool = False,
) -> History:
    """A history with the measures that a scheme may ask for."""
    length = draw(one_from(months))
    count = draw(one_from(partners))
    first = month_index(2014, 1) + draw(one_from([0, 0, 1, 5, 11]))
    joined: list[int] = []
    if with_joiners:
        joined = draw(st.lists(one_from([LONG_AGO, -3, 0, 1, 5, 13]), min_size=count, max_size=count))
    deals = {grain: draw(deal_rows(first, length, count, grain)) for grain in with_deals}
    return History(
        first_month=first,
        months=length,
        partner_ids=tuple(f"p{number}" for number in range(count)),
        columns={name: draw(columns(name, count, length)) for name in measures},
        joined=joined,
        attributes={
            "type": [draw(one_from(TYPES)) for _ in range(count)],
            "region": [draw(one_from(REGIONS)) for _ in range(count)],
            "segment": [draw(one_from(SEGMENTS)) for _ in range(count)],
            "tier": [draw(one_from([*LEVELS, ""])) for _ in range(count)],
            "parent_id": [draw(one_from(["", "p0", "p1"][:count])) for _ in range(count)],
        },
        deals=deals,
        returns=draw(return_rows(deals, first, length)) if with_returns else None,
        currency=draw(one_from(currencies)),
    )


@st.composite
def deal_rows(draw: st.DrawFn, first: int, months: int, partners: int, grain: str) -> list[DealRow]:
    """Some deals; several on one day, so that the order of ids decides."""
    rows = []
    for number in range(draw(st.integers(0, 12))):
        values = {
            "revenue": draw(MONEY), "margin": draw(MONEY), "units": draw(COUNT),
        }  # fmt: skip
        day = day_of(first, draw(st.integers(0, months - 1)), draw(one_from([1, 1, 2, 15])))
        lines = ("a", "b")[: draw(st.integers(1, 2))] if grain == "line" else ("",)
        partner = draw(st.integers(0, partners - 1))
        rows += [DealRow(partner, day, f"d{number:02d}", values, line) for line in lines]
    return rows


@st.composite
def return_rows(draw: st.DrawFn, deals: dict[str, list[DealRow]], first: int, months: int) -> list[ReturnRow]:
    """Some of the deals come back later, in part or whole."""
    from tests.engine.panels import month_of

    rows = []
    for row in next(iter(deals.values()), []):
        if not draw(st.booleans()):
            continue
        sold = month_of(row.day) - first
        part = draw(one_from([1, 1, 2, 3]))
        rows.append(
            ReturnRow(
                partner=row.partner,
                month=draw(st.integers(sold, months - 1)),
                sold_month=draw(one_from([sold, sold, sold, -2])),
                deal_id=row.deal_id,
                line=row.line,
                values={name: value // part for name, value in row.values.items()},
                term_months=draw(one_from([0, 1, 6, 12, 36])),
            )
        )
    return rows
