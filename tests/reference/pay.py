"""The whole: months from first to last, rules in document order, then each partner, then the programme."""

from __future__ import annotations

from dataclasses import dataclass, field
from decimal import Decimal
from fractions import Fraction

from incentive_lab.panel import Panel
from incentive_lab.scheme.document import Scheme
from tests.reference.alternatives import compare
from tests.reference.deals import run_deal_rule
from tests.reference.limits import accrue, expire
from tests.reference.partner import Balances, run_partner_month
from tests.reference.programme import SPECIAL_LINES, paid, run_award, run_budget, run_pools
from tests.reference.rules import Place, run_month_rule
from tests.reference.state import Book
from tests.reference.tiers import set_tiers
from tests.reference.world import World, payees


@dataclass(frozen=True)
class ReferenceResult:
    """What a scheme pays.

    Attributes:
        line_ids: Rules in document order, then the special lines.
        amounts: (month, partner id, line id) -> whole currency units; absent means nothing.
        tiers: (month, partner id) -> place of the level in force, 0 without tiers.
        totals: (month, partner id) -> what is paid; rules that are not money are left out.
    """

    line_ids: tuple[str, ...]
    amounts: dict[tuple[int, str, str], Decimal] = field(default_factory=dict)
    tiers: dict[tuple[int, str], int] = field(default_factory=dict)
    totals: dict[tuple[int, str], Decimal] = field(default_factory=dict)

    def amount(self, month: int, partner: str, line: str) -> Decimal:
        """One line of one partner in one month."""
        return self.amounts.get((month, partner, line), Decimal(0))


def pay(scheme: Scheme, panel: Panel, baseline: Scheme | None = None) -> ReferenceResult:
    """Everything that `scheme` pays on `panel`; `baseline` is what a guarantee may compare with."""
    world, book = run(scheme, panel, baseline)
    ids = [paid_as(world, row) for row in world.rows]
    return ReferenceResult(
        line_ids=(*(rule.id for rule in scheme.rules), *SPECIAL_LINES),
        amounts={(month, ids[row], line): decimal(value) for (month, row, line), value in book.lines.items() if value},
        tiers={
            (month, ids[row]): world.tier_indices[row][month] for row in world.rows for month in range(panel.months)
        },
        totals={
            (month, ids[row]): decimal(paid(book, row, month, month))
            for row in world.rows
            for month in range(panel.months)
        },
    )


def paid_as(world: World, row: int) -> str:
    """Whose name a row's payments bear: the partner's, or the group's where its payee is paid for all of it."""
    group = world.scheme.group
    is_for_all = group is not None and group.pays == "parent" and world.is_paid(row)
    return payees(world.panel, group.by)[row] if group and is_for_all else world.panel.partner_ids[row]


def decimal(value: Fraction) -> Decimal:
    """A fraction whose denominator is a power of ten, exactly."""
    return Decimal(value.numerator) / Decimal(value.denominator)


def run(scheme: Scheme, panel: Panel, baseline: Scheme | None) -> tuple[World, Book]:
    """Every month in order."""
    world = World(scheme, panel)
    set_tiers(world)
    book = Book(world)
    floor = baseline_totals(baseline, panel) if baseline is not None and has_baseline_floor(scheme) else None
    balances = {row: Balances() for row in world.rows}
    for month in range(panel.months):
        for index in range(len(scheme.rules)):
            run_rule(book, index, month)
            compare(book, index, month)
        for row in world.rows:
            run_partner_month(book, balances[row], row, month, floor)
        run_pools(book, month)
        run_budget(book, month)
        expire_funds(book, month)
    return world, book


def run_rule(book: Book, index: int, month: int) -> None:
    """One rule in one month, for every partner."""
    world = book.world
    places = [
        Place(book, world.schemes[row], world.schemes[row].rules[index], book.rules[index, row], row, month)
        for row in world.rows
    ]
    active = [place for place in places if world.is_active(place.rule, place.row, month)]
    for place in active:
        if place.rule.fund is not None:
            accrue(place)
        if place.rule.award is not None:
            continue
        if place.rule.per in ("deal", "line"):
            run_deal_rule(place)
        else:
            run_month_rule(place)
    rule = world.scheme.rules[index]
    if rule.award is not None:
        run_award(book, rule, active, month)


def expire_funds(book: Book, month: int) -> None:
    """Empty the funds that end with the programme year."""
    for (index, row), state in book.rules.items():
        rule = book.world.schemes[row].rules[index]
        if rule.fund is not None:
            expire(Place(book, book.world.schemes[row], rule, state, row, month))


def has_baseline_floor(scheme: Scheme) -> bool:
    """Whether any guarantee looks at the baseline."""
    return any(item.against == "baseline" for item in scheme.guarantees)


def baseline_totals(baseline: Scheme, panel: Panel) -> dict[tuple[int, int], Fraction]:
    """(month, row) -> what the baseline pays without its own guarantees and budget."""
    bare = baseline.model_copy(update={"guarantees": (), "budget": None})
    world, book = run(bare, panel, None)
    return {(month, row): paid(book, row, month, month) for month in range(panel.months) for row in world.rows}
