"""What was really paid and what the rules say, cell by cell: one partner, one line, one period."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from incentive_lab.engine.replay import Replay
from incentive_lab.errors import InputError, Problem
from incentive_lab.history.history import History
from incentive_lab.history.paneling import period_months
from incentive_lab.panel import Floats, month_label

ALL = ""
"""The line of a partner whose payments do not say what they are for: all lines together."""


@dataclass(frozen=True)
class Cell:
    """One partner, one line, one period.

    Attributes:
        partner: Id.
        rule: Line of the scheme, or as it was paid; ALL where the payment does not say.
        first: First month, counted from the panel's first.
        months: Length of the period.
    """

    partner: str
    rule: str
    first: int
    months: int


@dataclass(frozen=True)
class Payment:
    """What was paid for one cell; minor units, one entry for each row of the table."""

    rows: tuple[int, ...]

    @property
    def amount(self) -> int:
        """All rows together."""
        return sum(self.rows)


def period_label(first_month: int, months: int) -> str:
    """A period's name as it is written in `actual_payouts`.

    Example:
        >>> period_label(2024 * 12 + 3, 3), period_label(2024 * 12, 12), period_label(2024 * 12, 1)
        ('2024-Q2', '2024', '2024-01')
    """
    label = month_label(first_month)
    return {3: f"{label[:4]}-Q{first_month % 12 // 3 + 1}", 12: label[:4]}.get(months, label)


@dataclass(frozen=True)
class Paid:
    """Everything that was paid, by cell.

    Attributes:
        cells: Cell -> payment.
        kind: Months of the period most rows are of.
        by_total: Partners whose payments are compared in total, because one of them does not name a rule.
        outside: Rows and minor units of periods that the history does not cover whole or in part.
    """

    cells: Mapping[Cell, Payment]
    kind: int
    by_total: frozenset[str]
    outside: tuple[int, int]


def paid_of(history: History, first_month: int, months: int) -> Paid:
    """The payments of a history, on the coarsest period that each partner's line was paid for.

    Args:
        history: Its `actual_payouts`.
        first_month: Running number of the panel's first month.
        months: Of the panel.

    Raises:
        InputError: The history has no payments.
    """
    if not history.rows.get("actual_payouts"):
        raise InputError([Problem("actual_payouts", "the history does not say what was paid.",
                                  "Add the table actual_payouts: partner_id, period, rule, amount.")])  # fmt: skip
    frame = history.actual_payouts
    rows, out_rows, out_amount = [], 0, 0
    for partner, period, rule, amount in zip(*(frame[name] for name in ("partner_id", "period", "rule", "amount")),
                                             strict=True):  # fmt: skip
        begin, length = period_months(str(period))
        if begin + length <= first_month or begin >= first_month + months:
            out_rows, out_amount = out_rows + 1, out_amount + int(amount)
            continue
        rows.append(
            (str(partner), str(rule) if isinstance(rule, str) else ALL, begin - first_month, length, int(amount))
        )
    by_total = frozenset(partner for partner, rule, *_ in rows if rule == ALL)
    coarsest: dict[tuple[str, str], int] = defaultdict(int)
    for partner, rule, _, length, _ in rows:
        key = (partner, ALL if partner in by_total else rule)
        coarsest[key] = max(coarsest[key], length)
    cells: dict[Cell, list[int]] = defaultdict(list)
    for partner, rule, begin, _, amount in rows:
        name = ALL if partner in by_total else rule
        length = coarsest[partner, name]
        cells[Cell(partner, name, _start(begin, length, first_month), length)].append(amount)
    kind = Counter(length for *_, length, _ in rows).most_common(1)[0][0] if rows else 3
    return Paid({cell: Payment(tuple(found)) for cell, found in cells.items()}, kind, by_total, (out_rows, out_amount))


def _start(begin: int, length: int, first_month: int) -> int:
    """First month of the calendar period of this length that holds a month."""
    return (begin + first_month) // length * length - first_month


class Due:
    """What a replay says for any cell, in minor units.

    Args:
        result: A replay with detail.
    """

    def __init__(self, result: Replay) -> None:
        self.ids = result.panel.partner_ids
        self.rows = {partner: row for row, partner in enumerate(self.ids)}
        cash = {rule.id for rule in result.scheme.rules if not rule.non_cash}
        known = {rule.id for rule in result.scheme.rules}
        self.lines = {name: line for line, name in enumerate(result.line_ids) if name in cash or name not in known}
        self.months = result.panel.months
        shape = (len(result.line_ids), self.months + 1, len(self.rows))
        self._sums: Floats = np.zeros(shape)
        np.cumsum(result.detail, axis=1, out=self._sums[:, 1:])

    def of(self, cell: Cell) -> int:
        """The amount of a cell; 0 for partners and lines that the scheme does not know."""
        row = self.rows.get(cell.partner)
        if row is None:
            return 0
        first, last = max(0, cell.first), min(self.months, cell.first + cell.months)
        spans = self._sums[:, last, row] - self._sums[:, first, row]
        if cell.rule == ALL:
            return round(float(sum(spans[line] for line in self.lines.values())))
        line = self.lines.get(cell.rule)
        return 0 if line is None else round(float(spans[line]))

    def cells(self, paid: Paid, first_month: int) -> set[Cell]:
        """The cells that something is due for, on the periods that were paid."""
        lengths: dict[tuple[str, str], int] = {(one.partner, one.rule): one.months for one in paid.cells}
        found: set[Cell] = set()
        steps = np.diff(self._sums, axis=1)
        for name, line in self.lines.items():
            for month, row in zip(*np.nonzero(steps[line]), strict=True):
                partner = self.ids[int(row)]
                rule = ALL if partner in paid.by_total else name
                length = lengths.get((partner, rule), paid.kind)
                found.add(Cell(partner, rule, _start(int(month), length, first_month), length))
        return found
