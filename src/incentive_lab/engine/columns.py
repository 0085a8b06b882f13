"""Which columns of history a compiled scheme reads, and in which slot."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from incentive_lab.scheme.document import Group, Scheme
from incentive_lab.scheme.lookup import leaves_of, measure_named
from incentive_lab.scheme.measures import Measure, OnceInAGroup
from incentive_lab.scheme.rules import Rule

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
    group: Group | None = None
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
            once = once_in(self.group, column.total_of)
            for leaf in leaves_of(column.measure, self.own):
                measure = measure_named(leaf, self.own)
                panel_name = leaf_name(leaf, measure, column.credit, column.restated, once)
                wanted[panel_name] = variant(measure, column.credit, column.restated, once)
        for name in self.levels:
            wanted[name] = measure_named(name, self.own)
        for deal in self.deals:
            wanted.update(self.deal_leaves(deal))
        for name in self.returns:
            wanted[name] = measure_named(name, self.own)
        return wanted

    def deal_leaves(self, deal: DealColumn) -> dict[str, Measure]:
        """The leaves of a deal column, by the name each gets in the panel."""
        once = once_in(self.group, "")
        measures = {leaf: measure_named(leaf, self.own) for leaf in leaves_of(deal.measure, self.own)}
        return {
            leaf_name(leaf, measure, deal.credit, deal.restated, once): variant(
                measure, deal.credit, deal.restated, once
            )
            for leaf, measure in measures.items()
        }


def once_in(group: Group | None, total_of: str) -> str:
    """The attribute of the group over which a column is added up, '' where partners stand alone."""
    added = group is not None and (group.pays == "parent" or total_of == "group")
    return group.by if group is not None and added else ""


def leaf_name(name: str, measure: Measure, credit: str, restated: bool, once: str = "") -> str:
    """The panel's name of a leaf in one of its forms.

    Args:
        name: The leaf.
        measure: What it is.
        credit: share or full.
        restated: Less returns.
        once: The attribute of a group whose members share what they all hold; '' where each partner stands alone.
    """
    full = "@full" if credit == "full" else ""
    return name + full + ("@restated" if restated else "") + (f"@{once}" if _shared(measure, credit, once) else "")


def paid_on(scheme: Scheme, rule: Rule) -> tuple[str, Measure] | None:
    """The leaf of deals that a rule pays on, by its name in the panel; None where it pays on something else."""
    name = rule.on.measure or rule.on.excess_of or ""
    measure = measure_named(name, scheme.measures) if name else None
    if measure is None or measure.table != "deals":
        return None
    restated = restates(scheme, rule)
    once = once_in(scheme.group, "")
    return leaf_name(name, measure, "share", restated, once), variant(measure, "share", restated, once)


def restates(scheme: Scheme, rule: Rule | None = None) -> bool:
    """Whether what a rule, or the whole scheme, reads is restated for what came back."""
    own = rule.returns.method if rule is not None and rule.returns else ""
    return "recalculate" in (scheme.returns.method, own)


def variant(measure: Measure, credit: str, restated: bool, once: str = "") -> Measure:
    """A leaf measure credited in full, restated for returns or once in a group, where that makes a difference."""
    changes: dict[str, object] = {}
    if credit == "full" and measure.table == "deals":
        changes["credit"] = "full"
    if restated and measure.table == "deals" and measure.date == "closed_on":
        changes["less_returns"] = True
    if _shared(measure, credit, once):
        return OnceInAGroup.model_construct(**{**dict(measure), **changes}, group=once)
    return measure.model_copy(update=changes) if changes else measure


def _shared(measure: Measure, credit: str, once: str) -> bool:
    """Whether several members of a group may hold the same: whole deals, or the same customer."""
    whole = measure.table == "deals" and "full" in (credit, measure.credit)
    return bool(once) and (whole or measure.distinct is not None)


def _slot(items: list[T], item: T) -> int:
    if item not in items:
        items.append(item)
    return items.index(item)
