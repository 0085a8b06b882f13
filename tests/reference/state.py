"""What is remembered from month to month: one state for each rule and partner, one for each cap, draw and floor."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from tests.reference.numbers import ZERO
from tests.reference.world import World


@dataclass
class LimitState:
    """What a limit or cap has let through in its period, and what waits."""

    period: object = None
    paid: Fraction = ZERO
    carried: Fraction = ZERO
    year: int | None = None

    def enter(self, period: object, year: int, lapses: bool) -> None:
        """Start a new period, and let what waits lapse with the programme year."""
        if period != self.period:
            self.period, self.paid = period, ZERO
        if lapses and year != self.year:
            self.carried = ZERO
        self.year = year


@dataclass
class RuleState:
    """One rule and one partner."""

    limits: list[LimitState]
    entitled: tuple[int, Fraction] | None = None  # window's first month, entitlement at the last posting
    instalments: tuple[int, Fraction] | None = None  # year's first month, paid so far
    on_account: tuple[int, Fraction] | None = None  # period's first month, posted so far
    fund: Fraction = ZERO
    came_in: dict[int, Fraction] = field(default_factory=dict)  # first month of a lot -> what joined the fund
    effective: dict[int, tuple[Fraction, Fraction]] = field(default_factory=dict)  # posting month -> amount, base
    deals: dict[tuple[str, str], tuple[Fraction, Fraction]] = field(default_factory=dict)  # deal, line -> amount, base
    dated: list[tuple[int, str, Fraction]] = field(default_factory=list)  # day, deal, amount: for first come


class Book:
    """Every line posted so far, and the states."""

    def __init__(self, world: World) -> None:
        self.world = world
        self.lines: dict[tuple[int, int, str], Fraction] = defaultdict(lambda: ZERO)
        self.claims: dict[tuple[int, int, str], Fraction] = defaultdict(lambda: ZERO)  # of compared rules, before that
        self.rules = {
            (index, row): RuleState([LimitState() for _ in rule.limit])
            for row in world.rows
            for index, rule in enumerate(world.schemes[row].rules)
        }
        self.caps: dict[tuple[int, int], LimitState] = defaultdict(LimitState)

    def post(self, month: int, row: int, line: str, amount: Fraction) -> None:
        """Add to a line."""
        self.lines[month, row, line] += amount

    def posted(self, lines: tuple[str, ...], row: int, first: int, last: int) -> Fraction:
        """What some lines posted in months first..last."""
        months = range(max(first, 0), last + 1)
        return sum((self.lines[month, row, line] for line in lines for month in months), ZERO)

    def place(self, rule_id: str) -> int:
        """Place of a rule in the document."""
        return [rule.id for rule in self.world.scheme.rules].index(rule_id)
