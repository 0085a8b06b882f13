"""An audit of payments: what was paid against what approved rules say, each difference with its likely reason."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from incentive_lab.control.paid import ALL, Cell, Due, paid_of, period_label
from incentive_lab.control.reasons import Found, Gap, Reasons
from incentive_lab.control.suppose import readings
from incentive_lab.engine.replay import replay
from incentive_lab.errors import InputError, Problem
from incentive_lab.history.for_schemes import panel_for
from incentive_lab.history.history import History
from incentive_lab.panel import Panel, month_label
from incentive_lab.scheme.baseline import Pair
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.fingerprint import fingerprint


@dataclass(frozen=True)
class Difference:
    """A payment that is not what is due; minor units.

    Attributes:
        partner: Id.
        rule: Line; empty where payments of this partner do not say what they are for.
        period: As in `actual_payouts`.
        due: What the rules say.
        paid: What was paid.
        reasons: Every reason that gives the payment, the likeliest first.
    """

    partner: str
    rule: str
    period: str
    due: int
    paid: int
    reasons: tuple[Found, ...]

    @property
    def difference(self) -> int:
        """Paid less due."""
        return self.paid - self.due


@dataclass(frozen=True)
class Audit:
    """What was paid against what is due; minor units.

    Attributes:
        scheme: The rules.
        history_id: The history.
        periods: First and last month compared, ISO.
        compared: Cells (partner, line, period) that were compared.
        due: What the rules say for them.
        paid: What was paid.
        differences: Those that differ, the largest first.
        notes: What could not be compared, as sentences.
    """

    scheme: Scheme
    history_id: str
    periods: tuple[str, str]
    compared: int
    due: int
    paid: int
    differences: tuple[Difference, ...]
    notes: tuple[str, ...]

    @property
    def fingerprint(self) -> str:
        """Of the rules."""
        return fingerprint(self.scheme)

    def sums(self, key: Callable[[Difference], str]) -> dict[str, tuple[int, int, int]]:
        """Group -> differences, paid too much, paid too little (as a negative number); the largest group first."""
        found: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0])
        for one in self.differences:
            row = found[key(one)]
            row[0] += 1
            row[1 if one.difference > 0 else 2] += one.difference
        ordered = sorted(found.items(), key=lambda item: (item[1][2] - item[1][1], item[0]))
        return {name: (row[0], row[1], row[2]) for name, row in ordered}


def audit_payouts(
    history: History, pair: Pair, *, first: int | None = None, last: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Audit:  # fmt: skip
    """Compare what was paid with what the scheme of a pair says.

    Args:
        history: With `actual_payouts`.
        pair: What was approved, beside the scheme that may have been paid by mistake.
        first: Running number of the first month compared; by default the first that was paid for.
        last: Of the last month; by default the history's.
        progress: Called with readings tried and to try.

    Raises:
        InputError: The history has no payments, or none in these months.
    """
    scheme, panel = pair.scheme, panel_for(history, *pair.schemes)
    result = replay(scheme, panel, baseline=pair.floor)
    begin, months = result.panel.first_month, result.panel.months
    paid, due = paid_of(history, begin, months), Due(result)
    if not paid.cells:
        raise InputError([Problem("actual_payouts", "nothing was paid for a month that the history has deals of.")])
    low = min(cell.first for cell in paid.cells) if first is None else first - begin
    ends = max(cell.first + cell.months for cell in paid.cells)
    high = max(months + 11, ends) if last is None else last + 1 - begin
    owed = due.cells(paid, begin)
    inside = [cell for cell in paid.cells.keys() | owed if low <= cell.first and cell.first + cell.months <= high]
    if not inside:
        raise InputError([Problem("period", "nothing was paid or due in these months.", "Name other months.")])
    rows = {cell: paid.cells[cell].rows if cell in paid.cells else () for cell in inside}
    gaps = [Gap(cell, due.of(cell), sum(rows[cell]), rows[cell]) for cell in inside]
    differing = [one for one in gaps if one.difference]
    other = _Otherwise(history, panel, pair, [one.cell for one in differing], progress)
    partners = {cell.partner: True for cell in owed}
    why = Reasons(scheme, paid, differing, partners, begin, months, other.of)
    told = [Difference(one.cell.partner, one.cell.rule, period_label(begin + one.cell.first, one.cell.months), one.due,
                       one.paid, why.of(one)) for one in differing]  # fmt: skip
    told.sort(key=lambda one: (-abs(one.difference), one.partner, one.period, one.rule))
    return Audit(
        scheme, history.history_id, (month_label(begin + max(0, low)), month_label(begin + min(months, high) - 1)),
        len(inside), sum(one.due for one in gaps), sum(one.paid for one in gaps), tuple(told),
        tuple(_notes(paid.outside, paid.by_total, inside, months)),
    )  # fmt: skip


def _notes(outside: tuple[int, int], by_total: frozenset[str], inside: list[Cell], months: int) -> Iterator[str]:
    if outside[0]:
        yield f"{outside[0]} payments are for months that the history does not cover; they are not compared."
    if by_total:
        yield f"Payments to {len(by_total)} partners do not always name a rule; they are compared in total."
    unfinished = sum(cell.first + cell.months > months or cell.first < 0 for cell in inside)
    if unfinished:
        yield f"{unfinished} amounts are of a period of which the history has only a part."


class _Otherwise:
    """What the other readings of a scheme give for the cells that differ."""

    def __init__(
        self, history: History, panel: Panel, pair: Pair, cells: list[Cell],
        progress: Callable[[int, int], None] | None,
    ) -> None:  # fmt: skip
        self.found: dict[Cell, list[tuple[Found, int]]] = {cell: [] for cell in cells}
        scheme = pair.scheme
        tried = list(readings(scheme, pair.baseline)) if cells else []
        for number, one in enumerate(tried):
            floor = pair.baseline_floor if one.scheme is pair.baseline else pair.floor
            asked = Pair(one.scheme, floor=floor).schemes
            try:
                known = panel if one.scheme.late_data == scheme.late_data else panel_for(history, *asked)
                due = Due(replay(one.scheme, known, baseline=floor))
            except InputError:
                continue  # A reading that cannot be paid explains nothing.
            for cell in cells:
                self.found[cell].append((Found(one.reason, one.words), due.of(cell)))
            if progress is not None:
                progress(number + 1, len(tried))

    def of(self, cell: Cell) -> Iterator[tuple[Found, int]]:
        """Reason and amount of each reading."""
        yield from self.found[cell]


def line_name(rule: str) -> str:
    """A line as it is shown.

    Example:
        >>> line_name(""), line_name("rebate")
        ('all lines', 'rebate')
    """
    return "all lines" if rule == ALL else rule
