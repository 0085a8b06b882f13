"""What every check knows and how it says what it found."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property

from incentive_lab.errors import Problem, did_you_mean
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.lookup import leaves_of
from incentive_lab.scheme.measures import CATALOGUE, Measure
from incentive_lab.scheme.naming import join
from incentive_lab.scheme.rates import Rate, Table
from incentive_lab.scheme.rules import Rule
from incentive_lab.scheme.walk import Node, nodes

PERIOD_MONTHS: Mapping[str, int] = {"line": 0, "deal": 0, "month": 1, "quarter": 3, "half_year": 6, "year": 12}
WINDOW_MONTHS: Mapping[str, int] = {"month": 1, "quarter_to_date": 3, "half_year_to_date": 6, "year_to_date": 12}


@dataclass(frozen=True)
class Undone:
    """Activities of one kind that came to nothing, such as exams that were failed.

    Attributes:
        column: Of the activities, that says so.
        kind: Of activity.
        value: What it says, such as 'no-show'.
        rows: How many activities.
    """

    column: str
    kind: str
    value: str
    rows: int


@dataclass(frozen=True)
class Known:
    """Names that a history knows; None where it was not asked. Anything with these attributes will do.

    Attributes:
        kinds: Kinds of activities.
        scores: Measures in the scores table.
        types: Partner types.
        regions: Partner regions.
        segments: Partner segments.
        targets: Measures that have targets.
        columns: Table -> its columns.
        filled: Table -> columns that hold at least one value.
        undone: Activities that came to nothing by a column of their own.
        year_starts: The month (1 to 12) in which years of weeks begin; 0 where months are no such weeks.
    """

    kinds: Collection[str] | None = None
    scores: Collection[str] | None = None
    types: Collection[str] | None = None
    regions: Collection[str] | None = None
    segments: Collection[str] | None = None
    targets: Collection[str] | None = None
    columns: Mapping[str, Collection[str]] | None = None
    filled: Mapping[str, Collection[str]] | None = None
    undone: Collection[Undone] | None = None
    year_starts: int | None = None


@dataclass(frozen=True)
class Finding:
    """A problem, or a warning."""

    problem: Problem
    warning: bool = False


Findings = Iterator[Finding]


def wrong(segments: Iterable[str], message: str, fix: str = "") -> Finding:
    """What must be put right."""
    return Finding(Problem(join(tuple(segments)), message, fix))


def doubtful(segments: Iterable[str], message: str, fix: str = "") -> Finding:
    """What is allowed but probably not meant."""
    return Finding(Problem(join(tuple(segments)), message, fix), warning=True)


@dataclass(frozen=True)
class Context:
    """A scheme with what checks ask about it again and again."""

    scheme: Scheme
    names: Known = field(default_factory=Known)

    @cached_property
    def nodes(self) -> tuple[Node, ...]:
        """Every part with its address."""
        return tuple(nodes(self.scheme))

    @cached_property
    def rules(self) -> Mapping[str, Rule]:
        """The rules by id, in document order."""
        return {rule.id: rule for rule in self.scheme.rules}

    @cached_property
    def levels(self) -> tuple[str, ...]:
        """The names of the tiers, lowest first."""
        return tuple(level.name for level in self.scheme.tiers.levels) if self.scheme.tiers else ()

    @cached_property
    def measures(self) -> Mapping[str, Measure]:
        """Every measure that can be named."""
        return {**CATALOGUE, **self.scheme.measures}

    @property
    def undated(self) -> bool:
        """Whether the history is known and tells of nobody when it joined."""
        has = (self.names.filled or {}).get("partners")
        return has is not None and "joined_on" not in has

    def unknown_measure(self, name: str) -> str:
        """The sentence that offers the nearest measure."""
        return did_you_mean(name, self.measures)

    def leaves(self, name: str) -> tuple[Measure, ...]:
        """The leaf measures of a measure; none where it leads nowhere or in a circle."""
        try:
            return tuple(self.measures[leaf] for leaf in leaves_of(name, self.scheme.measures))
        except (KeyError, RecursionError):
            return ()

    def adds_up(self, name: str) -> bool:
        """Whether a measure is a sum over months, and not a ratio or a level; an unknown one is not judged."""
        measure = self.measures.get(name)
        return measure is None or not (measure.is_level or measure.ratio is not None)


def forms(rate: Rate) -> Iterator[tuple[tuple[str, ...], Rate]]:
    """The single rates of a rate, with their address inside it."""
    choice = rate.choice()
    if choice is None:
        yield (), rate
        return
    attribute, mapping = choice
    for name, leaf in mapping.items():
        yield (f"by_{attribute}", name), leaf
    if rate.otherwise is not None:
        yield ("otherwise",), rate.otherwise


def tables_of(rule: Rule) -> tuple[Table, ...]:
    """The tables of a rule's rate."""
    return tuple(leaf.table for _, leaf in forms(rule.rate) if leaf.table is not None)


def accumulated(table: Table, rule: Rule) -> bool:
    """Whether a table looks at more than the rule's own period."""
    if table.over == "period":
        return False
    return not isinstance(table.over, str) or WINDOW_MONTHS.get(table.over, 999) != PERIOD_MONTHS[rule.per]
