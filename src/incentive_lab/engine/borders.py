"""Numbers of a document on the kernel's grids, and what the borders of a table are measured in."""

from __future__ import annotations

import math
from decimal import ROUND_HALF_UP, Decimal

from incentive_lab.engine import program as p
from incentive_lab.scheme.rates import Driver
from incentive_lab.scheme.rules import Test


def whole(value: Decimal) -> float:
    """Half-up to a whole number, away from zero."""
    return float(value.quantize(Decimal(1), rounding=ROUND_HALF_UP))


def fine(value: Decimal) -> Decimal:
    """Half-up to a millionth."""
    return value.quantize(Decimal("0.000001"), rounding=ROUND_HALF_UP)


def window_code_of_look(window: str, per: int) -> int:
    """The window code of a tier review."""
    return {
        "period": per,
        "quarter_to_date": 3,
        "half_year_to_date": 6,
        "year_to_date": 12,
        "previous_year": p.PREVIOUS_YEAR,
        "life": p.LIFE,
    }[window]


def border_kind(driver: Driver) -> tuple[str, str]:
    """The measure and kind of the borders of a table by this driver."""
    if driver.attainment_of is not None:
        return driver.name, "attainment"
    if driver.growth_of is not None:
        return driver.name, "growth"
    if driver.scorecard is not None:
        return driver.name, "scorecard"
    return driver.name, "value"


def looked_at(name: str, test: Test) -> Driver:
    """What a test of the measure or scorecard of this name looks at.

    Example:
        >>> looked_at("revenue", Test(at_least=Decimal(1), kind="growth")).growth_of
        'revenue'
    """
    return {
        "value": Driver(measure=name),
        "attainment": Driver(attainment_of=name, against=test.against),
        "growth": Driver(growth_of=name, against=test.against),
        "scorecard": Driver(scorecard=name),
    }[test.kind]


def held_between(below: float, above: float, least: float, most: float) -> tuple[float, float]:
    """From where to where a test holds, both included; what it does not ask for is NaN."""
    low = max([math.nextafter(above, math.inf)] * (above == above) + [least] * (least == least), default=-math.inf)
    high = min([math.nextafter(below, -math.inf)] * (below == below) + [most] * (most == most), default=math.inf)
    return low, high
