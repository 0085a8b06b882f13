"""Which columns of history a compiled scheme reads, and in which slot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from incentive_lab.scheme.lookup import leaves_of, measure_named
from incentive_lab.scheme.measures import Measure

T = TypeVar("T")


@dataclass(frozen=True)
class Column:
    """A measure by month, in one of the forms the kernel may need.

    Attributes:
        measure: Name of an additive measure.
        credit: share: the partner's own share of multi-partner deals; full: whole deals.
        total_of: '' for the partner's own; group, type, segment or region: the total over all of it.
        restated: Deals less what was returned of them, at their closing date.
    """

    measure: str
    credit: str = "share"
    total_of: str = ""
    restated: bool = False


@dataclass(frozen=True)
class DealColumn:
    """A leaf measure, or a sum of them, deal by deal."""

    measure: str
    credit: str
    grain: str
    restated: bool = False


@dataclass
class ColumnBook:
    """Slots handed out while a scheme is compiled."""

    own: Mapping[str, Measure]
    restate: bool = False
    months: list[Column] = field(default_factory=list)
    levels: list[str] = field(default_factory=list)
    targets: list[str] = field(default_factory=list)
    deals: list[DealColumn] = field(default_factory=list)
    returns: list[str] = field(default_factory=list)

    def month(self, column: Column) -> int:
        """Slot of a month column."""
        if self.restate:
            column = Column(column.measure, column.credit, column.total_of, True)
        return _slot(self.months, column)

    def level(self, name: str) -> int:
        """Slot of a level."""
        return _slot(self.levels, name)

    def target(self, name: str) -> int:
        """Slot of a measure's target."""
        return _slot(self.targets, name)

    def deal(self, column: DealColumn) -> int:
        """Slot of a deal column."""
        if self.restate:
            column = DealColumn(column.measure, column.credit, column.grain, True)
        return _slot(self.deals, column)

    def returned(self, name: str) -> int:
        """Column of the returns table for a leaf measure."""
        return _slot(self.returns, name)

    def leaves(self) -> dict[str, Measure]:
        """Every leaf measure to ask the history for, by the name it gets in the panel."""
        wanted: dict[str, Measure] = {}
        for column in self.months:
            for leaf in leaves_of(column.measure, self.own):
                wanted[leaf_name(leaf, column.credit, column.restated)] = variant(
                    measure_named(leaf, self.own), column.credit, column.restated
                )
        for name in self.levels:
            wanted[name] = measure_named(name, self.own)
        for deal in self.deals:
            for leaf in leaves_of(deal.measure, self.own):
                wanted[leaf_name(leaf, deal.credit, deal.restated)] = variant(
                    measure_named(leaf, self.own), deal.credit, deal.restated
                )
        for name in self.returns:
            wanted[name] = measure_named(name, self.own)
        return wanted


def leaf_name(name: str, credit: str, restated: bool) -> str:
    """The panel's name of a leaf in one of its forms."""
    return name + ("@full" if credit == "full" else "") + ("@restated" if restated else "")


def variant(measure: Measure, credit: str, restated: bool) -> Measure:
    """A leaf measure credited in full or restated for returns, where that makes a difference."""
    changes: dict[str, object] = {}
    if credit == "full" and measure.table == "deals":
        changes["credit"] = "full"
    if restated and measure.table == "deals" and measure.date == "closed_on":
        changes["less_returns"] = True
    return measure.model_copy(update=changes) if changes else measure


def _slot(items: list[T], item: T) -> int:
    if item not in items:
        items.append(item)
    return items.index(item)
