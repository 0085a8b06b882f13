"""Builds panels straight from lists: no history, no files."""

from __future__ import annotations

import datetime
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

import numpy as np

from incentive_lab.money import to_millionths, to_minor
from incentive_lab.panel import DealTable, Panel, Returns, month_index
from incentive_lab.scheme.measures import CATALOGUE, Measure
from tests.reference.world import unit_of

EPOCH = datetime.date(1970, 1, 1)
LONG_AGO = -100_000


@dataclass(frozen=True)
class DealRow:
    """One deal or line: where it belongs and its values in the panel's whole units."""

    partner: int
    day: int
    deal_id: str
    values: Mapping[str, int]
    line: str = ""


@dataclass(frozen=True)
class ReturnRow:
    """A returned deal, its values in the panel's whole units."""

    partner: int
    month: int
    sold_month: int
    deal_id: str
    values: Mapping[str, int]
    line: str = ""
    term_months: int = 0


@dataclass(frozen=True)
class History:
    """A small history in the panel's whole units; `panel` makes the arrays."""

    first_month: int
    months: int
    partner_ids: tuple[str, ...]
    columns: Mapping[str, Sequence[Sequence[float]]]
    joined: Sequence[int] = ()
    attributes: Mapping[str, Sequence[str]] = field(default_factory=dict)
    deals: Mapping[str, Sequence[DealRow]] = field(default_factory=dict)
    returns: Sequence[ReturnRow] | None = None
    currency: str = "USD"
    deal_measures: Sequence[str] = ("revenue", "margin", "units")

    def panel(self) -> Panel:
        """The history as a panel; columns of measures that deals carry are the sums of the deals."""
        count = len(self.partner_ids)
        columns = {name: np.array(rows, dtype=np.float64) for name, rows in self.columns.items()}
        for rows in self.deals.values():
            for name in self.deal_measures:
                summed = np.zeros((count, self.months))
                for row in rows:
                    summed[row.partner, month_of(row.day) - self.first_month] += row.values.get(name, 0)
                columns[name] = summed
        joined = np.array(self.joined or [LONG_AGO] * count, dtype=np.int32)
        since = np.arange(self.months)[None, :] - joined[:, None]
        columns["months_since_joining"] = np.where((since >= 0) & (joined[:, None] > LONG_AGO), since, np.nan)
        return Panel(
            history_id="0" * 64,
            currency=self.currency,
            partner_ids=self.partner_ids,
            first_month=self.first_month,
            months=self.months,
            joined=joined,
            attributes={
                name: np.array(self.attributes.get(name, [""] * count), dtype=object)
                for name in {"name", "type", "region", "segment", "tier", "parent_id", *self.attributes}
            },
            columns=columns,
            deals={grain: deal_table(rows, self.first_month, self.deal_measures) for grain, rows in self.deals.items()},
            returns=None if self.returns is None else returns_table(self.returns, self.deal_measures),
        )


def month_of(day: int) -> int:
    """Running month of a day since 1970."""
    date = EPOCH + datetime.timedelta(days=day)
    return month_index(date.year, date.month)


def day_of(first_month: int, month: int, day: int) -> int:
    """Days since 1970 of a day in a month that is counted from the first."""
    year, at = divmod(first_month + month, 12)
    return (datetime.date(year, at + 1, day) - EPOCH).days


def deal_table(rows: Sequence[DealRow], first_month: int, measures: Sequence[str]) -> DealTable:
    """Deals as the panel carries them."""
    rows = sorted(rows, key=lambda row: (row.partner, row.day, row.deal_id, row.line))
    return DealTable(
        partner=np.array([row.partner for row in rows], dtype=np.int32),
        month=np.array([month_of(row.day) - first_month for row in rows], dtype=np.int32),
        day=np.array([row.day for row in rows], dtype=np.int32),
        deal_id=np.array([row.deal_id for row in rows], dtype=object),
        line=np.array([row.line for row in rows], dtype=object),
        values=leaf_arrays(rows, measures),
    )


def returns_table(rows: Sequence[ReturnRow], measures: Sequence[str]) -> Returns:
    """Returned deals as the panel carries them."""
    rows = sorted(rows, key=lambda row: (row.partner, row.month, row.deal_id, row.line))
    return Returns(
        partner=np.array([row.partner for row in rows], dtype=np.int32),
        month=np.array([row.month for row in rows], dtype=np.int32),
        sold_month=np.array([row.sold_month for row in rows], dtype=np.int32),
        deal_id=np.array([row.deal_id for row in rows], dtype=object),
        line=np.array([row.line for row in rows], dtype=object),
        term_months=np.array([row.term_months for row in rows], dtype=np.int32),
        values=leaf_arrays(rows, measures),
    )


def leaf_arrays(rows: Sequence[DealRow] | Sequence[ReturnRow], measures: Sequence[str]) -> dict[str, np.ndarray]:
    """The measures of deals, 0 where a row does not carry one."""
    return {name: np.array([float(row.values.get(name, 0)) for row in rows]) for name in measures}


def in_whole_units(name: str, value: object, currency: str = "USD", own: Mapping[str, Measure] | None = None) -> float:
    """A value of a golden case (12.50, 3 leads, a score of 4.2) as the panel carries it."""
    measure = (own or {}).get(name) or CATALOGUE[name]
    if measure.is_level:
        return float("nan") if value is None else float(str(value))
    unit = measure.unit or ("count" if measure.count or measure.distinct else unit_of(measure.of) if measure.of else "")
    number = Decimal(str(value or 0))
    return float(to_minor(number, currency) if unit == "money" else to_millionths(number))
