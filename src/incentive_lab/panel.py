"""The partners' history as arrays: partner x month for each measure, and deals where a rule needs each one.

Units inside every array: money is whole minor units (cents); counts and other additive numbers are whole
millionths (3 leads = 3_000_000); levels (a CSAT of 4.2) are the plain value, NaN where there is none.
Additive columns are therefore integers held in float64, so any sum over a window is exact.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from incentive_lab.fiscal import FiscalMonths

Floats = NDArray[np.float64]
Integers = NDArray[np.int32]


UNKNOWN_JOINED = -100_000
"""The joining month of a partner whose joining date is unknown."""


def month_index(year: int, month: int) -> int:
    """A calendar month as a running number: year * 12 + month - 1.

    Example:
        >>> month_index(2014, 1)
        24168
    """
    return year * 12 + month - 1


def month_label(index: int) -> str:
    """The ISO name of a running month number.

    Example:
        >>> month_label(24168)
        '2014-01'
    """
    return f"{index // 12:04d}-{index % 12 + 1:02d}"


@dataclass(frozen=True)
class DealTable:
    """One row per (deal or deal line, credited partner), sorted by partner, month, day, deal id, line.

    Attributes:
        partner: Row of the partner in the panel, int32 [n].
        month: Month of the measure's date, counted from the panel's first month, int32 [n].
        day: The measure's date as days since 1970-01-01, int32 [n].
        deal_id: Ids as text, object [n].
        line: Line ids as text ('' at deal grain), object [n].
        values: Per leaf measure the credited value, float64 [n]; 0 where the measure's filter excludes the row.
    """

    partner: Integers
    month: Integers
    day: Integers
    deal_id: NDArray[np.object_]
    line: NDArray[np.object_]
    values: Mapping[str, Floats]


@dataclass(frozen=True)
class Returns:
    """Returned deals, one row per (deal, credited partner), sorted by partner, month, deal id.

    Attributes:
        partner: int32 [n], row of the partner in the panel.
        month: int32 [n], month of the return, counted from the panel's first month.
        sold_month: int32 [n], month in which the deal closed, same origin (negative: before the panel).
        deal_id: object [n].
        line: object [n].
        term_months: int32 [n], contract term of the deal, 0 when it has none.
        values: Per leaf measure, how much of the deal's credited value was returned, float64 [n].
    """

    partner: Integers
    month: Integers
    sold_month: Integers
    deal_id: NDArray[np.object_]
    line: NDArray[np.object_]
    term_months: Integers
    values: Mapping[str, Floats]


@dataclass(frozen=True)
class TargetRow:
    """One target of the history.

    Attributes:
        by: partner, type or segment: what `who` names.
        who: A partner id, type or segment.
        measure: What is to be reached.
        first_month: First month of its period, counted from the panel's first month (may lie outside).
        months: Length of its period.
        amount: Minor units for money, else millionths.
    """

    by: str
    who: str
    measure: str
    first_month: int
    months: int
    amount: int


@dataclass(frozen=True, eq=False)
class Panel:
    """Everything a scheme needs to know about the past.

    Attributes:
        history_id: Content id of the history it came from.
        currency: ISO 4217 code of every money column.
        partner_ids: Ascending; the row order of every array.
        first_month: Running number of column 0 (`month_index`, of the calendar month it is named after).
        months: Number of month columns.
        joined: Month of joining counted from `first_month` (may be negative), int32 [partners];
            a partner whose joining date is unknown has -100_000.
        attributes: Text attributes of partners (name, type, region, segment, tier, parent_id, joined_on in ISO 8601 and
            extras), object [partners] each, '' where unknown.
        columns: Leaf measure name -> float64 [partners, months].
        deals: Grain ('deal' or 'line') -> table, present only if asked for.
        returns: Present only if asked for.
        targets: The history's own targets; a partner's own row goes before one for its type or segment.
        warnings: Sentences about what was assumed when it was built.
        calendar: The history's own months, each named after a calendar month; None where months are calendar months.
    """

    history_id: str
    currency: str
    partner_ids: tuple[str, ...]
    first_month: int
    months: int
    joined: Integers
    attributes: Mapping[str, NDArray[np.object_]]
    columns: Mapping[str, Floats]
    deals: Mapping[str, DealTable] = field(default_factory=dict)
    returns: Returns | None = None
    targets: tuple[TargetRow, ...] = ()
    warnings: tuple[str, ...] = ()
    calendar: FiscalMonths | None = None

    @property
    def partners(self) -> int:
        """Number of partners."""
        return len(self.partner_ids)

    def months_since_joining(self) -> Floats:
        """Whole months since the joining month, 0 in it, float64 [partners, months]; NaN before it and without a date."""
        joined = np.asarray(self.joined, dtype=np.float64)[:, None]
        since = np.arange(self.months)[None, :] - joined
        return np.where((since >= 0) & (joined > UNKNOWN_JOINED), since, np.nan)

    def tenure(self, row: int, month: int) -> float:
        """Months since joining of one partner in one month, as in `months_since_joining`."""
        joined = int(self.joined[row])
        return float(month - joined) if UNKNOWN_JOINED < joined <= month else float("nan")

    def labels(self) -> list[str]:
        """ISO month names of the columns."""
        return [month_label(self.first_month + column) for column in range(self.months)]
