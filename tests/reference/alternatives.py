"""Step 11, its end: of rules that are compared only one is paid."""

from __future__ import annotations

from fractions import Fraction

from incentive_lab.scheme.document import Alternatives
from tests.reference.calendar import LENGTH
from tests.reference.numbers import ZERO
from tests.reference.state import Book


def compare(book: Book, index: int, month: int) -> None:
    """Once the last of some compared rules has run: what each posted becomes a claim, and one of them is paid."""
    scheme = book.world.scheme
    for one in scheme.alternatives:
        in_order = [rule.id for rule in scheme.rules if rule.id in one.rules]
        if scheme.rules[index].id == in_order[-1]:
            for row in book.world.rows:
                pay_one(book, one, in_order, row, month)


def pay_one(book: Book, one: Alternatives, in_order: list[str], row: int, month: int) -> None:
    """The greater to date less what all of them were paid in the period; the lesser only when it ends."""
    for name in in_order:
        book.claims[month, row, name] = book.lines.pop((month, row, name), ZERO)
    longest = max((rule.per for rule in book.world.scheme.rules if rule.id in one.rules), key=lambda per: LENGTH[per])
    calendar, per = book.world.calendar, one.per or longest
    months = range(max(calendar.first(month, per), 0), month + 1)
    if one.pays == "lesser" and month != calendar.posting(month, per):
        return
    to_date: list[Fraction] = [sum((book.claims[at, row, name] for at in months), ZERO) for name in in_order]
    paid = book.posted(tuple(in_order), row, months[0], month)
    best = max(to_date) if one.pays == "greater" else min(to_date)
    book.post(month, row, in_order[to_date.index(best)], best - paid)
