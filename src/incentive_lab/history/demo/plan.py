"""What is to be generated: its size, its calendar and its random streams."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

Ints = NDArray[np.int64]
Floats = NDArray[np.float64]
Bools = NDArray[np.bool_]

BLOCK = 250
"""Partners drawn together: the unit of randomness, and of what is held in memory."""
RUN_IN = 8
"""Months before the first one in which deals are created that may close in the window."""
STREAMS = ("partners", "activities", "deals", "deal_partners", "scores", "targets", "actual_payouts")
"""One independent stream per table, in this order for ever: a new table goes to the end."""


@dataclass(frozen=True)
class Plan:
    """The arguments of a generated history, with the calendar that follows from them.

    Attributes:
        partners: Number of partners.
        months: Number of months.
        seed: Seed of every stream.
        first: First month, counted in months since 1970-01.
        deals_per_partner_month: Created deals, on average over all partners and months.
    """

    partners: int
    months: int
    seed: int
    first: int
    deals_per_partner_month: float

    def rng(self, table: str, block: int, part: int = 0) -> np.random.Generator:
        """The stream of one table for one block of partners (and one part of the table)."""
        key = (STREAMS.index(table), block, part)
        return np.random.default_rng(np.random.SeedSequence(self.seed, spawn_key=key))

    @cached_property
    def starts(self) -> Ints:
        """First day of each month from the run-in to one past the end, in days since 1970-01-01."""
        return month_start(np.arange(self.first - RUN_IN, self.first + self.months + 1))

    @property
    def first_day(self) -> int:
        """First day of the first month."""
        return int(self.starts[RUN_IN])

    @property
    def last_day(self) -> int:
        """Last day of the last month."""
        return int(self.starts[-1]) - 1

    @property
    def first_quarter(self) -> int:
        """Quarter of the first month, counted in quarters since 1970."""
        return self.first // 3

    @property
    def quarters(self) -> int:
        """Number of calendar quarters that the months touch."""
        return (self.first + self.months - 1) // 3 - self.first_quarter + 1

    def quarter_label(self, quarter: int) -> str:
        """The name of a quarter counted from the first, as `2023-Q1`."""
        year, part = divmod(self.first_quarter + quarter, 4)
        return f"{1970 + year}-Q{part + 1}"

    @property
    def blocks(self) -> int:
        """Number of blocks of partners."""
        return -(-self.partners // BLOCK)

    def kept(self, block: int) -> int:
        """How many partners of a block exist: all, except perhaps in the last block."""
        return min(BLOCK, self.partners - block * BLOCK)


def quarter_of(days: Ints) -> Ints:
    """Calendar quarter of each day, counted in quarters since 1970."""
    return days.astype("datetime64[D]").astype("datetime64[M]").astype(np.int64) // 3


def quarter_start(quarters: Ints) -> Ints:
    """First day of each quarter that is counted in quarters since 1970."""
    return month_start(quarters * 3)


def month_start(months: Ints) -> Ints:
    """First day of each month that is counted in months since 1970-01."""
    return months.astype("datetime64[M]").astype("datetime64[D]").astype(np.int64)
