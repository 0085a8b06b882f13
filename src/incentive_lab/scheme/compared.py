"""What a measure is compared with, in words; and over which windows the periods before are looked at."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace

from incentive_lab.scheme.base import Part
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.rates import Driver, GridAxis, Multiplier, Over, Table, Trailing
from incentive_lab.scheme.reference import Reference
from incentive_lab.scheme.rules import Base, Gate, Rule, Test
from incentive_lab.scheme.scorecards import ScorecardPart
from incentive_lab.scheme.walk import Node, nodes

MONTHS = {"line": 0, "deal": 0, "month": 1, "quarter": 3, "half_year": 6, "year": 12}
_TO_DATE = {"month": "month", "quarter_to_date": "quarter", "half_year_to_date": "half_year", "year_to_date": "year"}


@dataclass(frozen=True)
class Looked:
    """A place that looks at a scorecard, or at the periods before one.

    Attributes:
        node: The place.
        over: The window it looks at.
        rules: The rules that it acts on.
        name: The scorecard, '' for none.
        reference: What it compares with, if that is what it is.
    """

    node: Node
    over: Over
    rules: tuple[Rule, ...]
    name: str = ""
    reference: Reference | None = None

    @property
    def word(self) -> str:
        """The key of its reference."""
        return "last_period" if self.reference is not None and self.reference.last_period else "average_of_last"


def compared(scheme: Scheme) -> Iterator[Looked]:
    """Every place that compares with the periods before, with the window that is moved back.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, rate: 3%, ON}]}"
        >>> [(one.node.path, one.over) for one in compared(loads(text.replace("ON",
        ...     "on: {excess_of: revenue, above: last_period}, per: quarter")))]
        [('rules.c.on.above', 'period')]
    """
    for node in nodes(scheme):
        part = node.part
        if isinstance(part, Reference) and part.sequential and not isinstance(node.parents[-1], ScorecardPart):
            over = window_of(node, node.parents[-1])
            yield Looked(node, over, _acts_on(scheme, node), reference=part)
    for one in scored(scheme):
        card = scheme.scorecards.get(one.name)
        for mine in card.parts.values() if card is not None else ():
            if mine.against is not None and mine.against.sequential:
                yield replace(one, reference=mine.against)


def scored(scheme: Scheme) -> Iterator[Looked]:
    """Every place that looks at a scorecard.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = '''{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%,
        ...     per: quarter, multiply: {scorecard: balanced}}]}'''
        >>> [(one.node.path, one.name, one.over) for one in scored(loads(text))]
        [('rules.c.multiply', 'balanced', 'period')]
    """
    for node in nodes(scheme):
        part = node.part
        name = part.scorecard if isinstance(part, (Driver, Multiplier)) else None
        if isinstance(part, Test) and part.kind == "scorecard":
            name = node.key
        if name is not None:
            yield Looked(node, window_of(node, part), _acts_on(scheme, node), name)


def _acts_on(scheme: Scheme, node: Node) -> tuple[Rule, ...]:
    """The rules that a place is for."""
    rule, gate = node.nearest(Rule), node.nearest(Gate)
    named = gate.rules if gate is not None else ()
    return (rule,) if rule is not None else tuple(one for one in scheme.rules if one.id in named or not named)


def window_of(node: Node, owner: Part) -> Over:
    """The window of what is looked at or compared."""
    rule = node.nearest(Rule)
    if isinstance(owner, (Multiplier, Test)):
        return owner.over
    if isinstance(owner, Driver):
        axis, table = node.nearest(GridAxis), node.nearest(Table)
        return axis.over if axis is not None else table.over if table is not None else "period"
    if isinstance(owner, Base) and rule is not None:
        leaves = [rule.rate, *(rule.rate.choice() or ("", {}))[1].values()]
        tables = [leaf.table for leaf in leaves if leaf.table is not None and leaf.table.pays == "true_up"]
        return tables[0].over if tables else "period"
    return "period"


def window_name(over: Over, per: str) -> str:
    """What a window is the running part of: month, quarter, half_year, year or deal; '' for another one.

    Example:
        >>> window_name("period", "quarter"), window_name("year_to_date", "month"), window_name("life", "month")
        ('quarter', 'year', '')
    """
    return "" if isinstance(over, Trailing) else per if over == "period" else _TO_DATE.get(over, "")


def look_back(scheme: Scheme) -> int:
    """Months before a month at which the periods begin that something of it is compared with; 0 without any.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = '''{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, per: quarter, rate: 3%,
        ...     on: {excess_of: revenue, above: {average_of_last: 8}}}]}'''
        >>> look_back(loads(text))
        27
    """
    found = [0]
    for one in compared(scheme):
        for rule in one.rules:
            length = (
                one.over.trailing
                if isinstance(one.over, Trailing)
                else MONTHS[window_name(one.over, rule.per) or "year"]
            )
            found.append(length * ((one.reference.windows if one.reference else 0) + 1))
    return max(found)


def reference_words(reference: Reference, over: Over, per: str, amount: str) -> str:
    """What a measure is compared with, as the object of a sentence.

    Args:
        reference: It.
        over: The window of the measure.
        per: The period of the rule.
        amount: Its amount in words, where it is one.

    Example:
        >>> told = [reference_words(Reference.model_validate(one), "period", "quarter", "11,000.00 USD")
        ...     for one in ("target", 11_000, "last_period", {"average_of_last": 4, "times": "1.05"}, {"last_year": True})]
        >>> for one in told: print(one)
        its target
        11,000.00 USD
        the quarter before
        1.05 times the average of the 4 quarters before
        last year
    """
    name = window_name(over, per).replace("half_year", "half-year").replace("deal", "month").replace("line", "month")
    if isinstance(over, Trailing):
        name = f"{over.trailing} months"
    many = f"{name or 'period'}s" if not isinstance(over, Trailing) else f"times {name}"
    said = "its target" if reference.target else amount
    if reference.last_year:
        said = "last year"
    elif reference.last_period:
        said = f"the {name or 'period'} before"
    elif reference.average_of_last is not None:
        said = f"the average of the {reference.average_of_last} {many} before"
    pace = f" at the pace of its {reference.pace_of}" if reference.pace_of else ""
    return f"{reference.times.normalize():f} times {said}{pace}" if reference.times != 1 else said + pace
