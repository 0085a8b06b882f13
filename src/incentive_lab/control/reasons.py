"""Why a payment likely differs: each reason is tried, and named only where it gives the payment to the cent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from incentive_lab.control.paid import ALL, Cell, Paid, period_label
from incentive_lab.money import decimals
from incentive_lab.scheme.document import Scheme

REASONS: Mapping[str, str] = {
    "partner": "partner paid that these rules do not pay",
    "missing": "partner not paid at all",
    "split": "right in sum, split otherwise over lines",
    "twice": "paid twice",
    "period": "posted in another period",
    "later": "not posted yet",
    "rounding": "rounding",
    "cap": "cap or limit",
    "alternatives": "all of several alternatives",
    "return": "return not taken back",
    "gate": "gate",
    "guarantee": "guarantee",
    "minimum": "minimum payout",
    "tier": "rate of another tier",
    "reference": "compared with another period",
    "rate": "another rate",
    "line": "line that the scheme does not have",
    "withheld": "nothing paid, later periods were",
    "digits": "two digits exchanged",
    "by_hand": "a round amount more or less",
    "unknown": "cannot tell",
}
"""Reason -> what it means; the order is the one they are tried in."""

ROUND = 50
"""Whole currency units whose multiples look like an amount that somebody added by hand."""
RATE_STEP = Decimal("0.0025")
"""Rates are looked for on this grid, and only where a step of it moves the payment by at least TELLING."""
TELLING = 300


@dataclass(frozen=True)
class Found:
    """A reason that fits: its key and a sentence."""

    reason: str
    words: str


@dataclass(frozen=True)
class Gap:
    """A cell whose payment is not what is due; minor units."""

    cell: Cell
    due: int
    paid: int
    rows: tuple[int, ...]

    @property
    def difference(self) -> int:
        """Paid less due."""
        return self.paid - self.due


class Reasons:
    """The reasons for all gaps of one audit.

    Args:
        scheme: What was approved.
        paid: Everything that was paid.
        gaps: Every cell that differs.
        partners: Partner -> whether anything is due to it in any period.
        first_month: Running number of the panel's first month.
        months: Of the panel.
        otherwise: For a cell, the amounts that other readings of the scheme give, with their reason.
    """

    def __init__(
        self, scheme: Scheme, paid: Paid, gaps: Iterable[Gap], partners: Mapping[str, bool], first_month: int,
        months: int, otherwise: Callable[[Cell], Iterator[tuple[Found, int]]],
    ) -> None:  # fmt: skip
        self.scheme, self.paid, self.partners = scheme, paid, partners
        self.first_month, self.months, self.otherwise = first_month, months, otherwise
        self.unit = 10 ** decimals(scheme.currency)
        self.known = {rule.id for rule in scheme.rules}
        self.by_line: dict[tuple[str, str], dict[int, Gap]] = defaultdict(dict)
        self.by_period: dict[tuple[str, int, int], int] = defaultdict(int)
        for one in gaps:
            self.by_line[one.cell.partner, one.cell.rule][one.cell.first] = one
            self.by_period[one.cell.partner, one.cell.first, one.cell.months] += one.difference
        self.latest = max((cell.first for cell in paid.cells), default=-1)
        self.paid_partners = {cell.partner for cell, found in paid.cells.items() if found.amount}

    def of(self, gap: Gap) -> tuple[Found, ...]:
        """Every reason that gives the payment, the likeliest first; `unknown` alone where none does."""
        found: dict[str, Found] = {}
        for one in self._tried(gap):
            found.setdefault(one.reason, one)
        return tuple(sorted(found.values(), key=lambda one: list(REASONS).index(one.reason))) or (
            Found("unknown", "none of the usual reasons gives this amount"),
        )

    def _tried(self, gap: Gap) -> Iterator[Found]:
        cell, due, paid = gap.cell, gap.due, gap.paid
        if not self.partners.get(cell.partner, False):
            yield Found("partner", "these rules pay this partner nothing")
            return
        if paid == 0 and cell.partner not in self.paid_partners:
            yield Found("missing", "no payment to this partner is on record")
            return
        if self.by_period[cell.partner, cell.first, cell.months] == 0:
            yield Found("split", "the partner's sum of this period is right")
        if cell.rule != ALL and cell.rule not in self.known and due == 0:
            yield Found("line", f"the scheme has no line {cell.rule}")
        yield from self._twice(gap)
        yield from self._elsewhere(gap)
        if abs(gap.difference) <= max(1, len(gap.rows)) * max(1, round(float(self.scheme.smallest) * self.unit)):
            yield Found("rounding", "it differs by no more than rounding can")
        for found, amount in self.otherwise(cell):
            # Nothing is what any other rate of an unused line gives, so it says nothing of rates.
            if amount == paid and (paid or found.reason not in ("tier", "rate")):
                yield found
        if due > 0 and paid == 0 and cell.first < self.latest:
            yield Found("withheld", "nothing was paid for this period, later ones were paid")
        yield from self._slips(gap)

    def _twice(self, gap: Gap) -> Iterator[Found]:
        repeated = len(gap.rows) > 1 and len(set(gap.rows)) < len(gap.rows)
        if repeated and gap.paid - gap.due == gap.due * (len(gap.rows) - 1):
            yield Found("twice", f"the same amount is on record {len(gap.rows)} times")
        elif gap.due and gap.paid == 2 * gap.due:
            yield Found("twice", "twice the amount due was paid")

    def _elsewhere(self, gap: Gap) -> Iterator[Found]:
        others = self.by_line[gap.cell.partner, gap.cell.rule]
        for first, other in sorted(others.items(), key=lambda item: abs(item[0] - gap.cell.first)):
            if first != gap.cell.first and other.difference == -gap.difference:
                label = period_label(self.first_month + first, other.cell.months)
                yield Found("period", f"the same amount is {'over' if gap.difference < 0 else 'short'} in {label}")
                return
        if gap.due > 0 and gap.paid == 0 and gap.cell.first >= self.latest:
            yield Found("later", "no later period is paid yet")

    def _slips(self, gap: Gap) -> Iterator[Found]:
        due, paid, difference = gap.due, gap.paid, gap.difference
        if exchanged(due, paid):
            yield Found("digits", "two neighbouring digits are exchanged")
        plain = {rule.id: rule.rate.plain for rule in self.scheme.rules}.get(gap.cell.rule)
        rate = implied(due, paid, plain)
        if rate is not None:
            yield Found(
                "rate", f"it is what a rate of {float(rate) * 100:g} % gives, not {float(plain or 0) * 100:g} %"
            )
        if paid and difference % (ROUND * self.unit) == 0:
            yield Found("by_hand", "the difference is a round amount")


def exchanged(due: int, paid: int) -> bool:
    """Whether two neighbouring digits of one amount are exchanged in the other.

    Example:
        >>> exchanged(50584, 5584), exchanged(12, 21), exchanged(12, 31)
        (True, True, False)
    """
    if due <= 0 or paid <= 0 or due == paid:
        return False
    width = max(len(str(due)), len(str(paid)))
    one, other = str(due).zfill(width), str(paid).zfill(width)
    apart = [place for place in range(width) if one[place] != other[place]]
    return len(apart) == 2 and apart[1] == apart[0] + 1 and one[apart[0]] == other[apart[1]] and (
        one[apart[1]] == other[apart[0]])  # fmt: skip


def implied(due: int, paid: int, rate: Decimal | None) -> Decimal | None:
    """Another rate on the grid that gives the payment, where the grid is wide enough to tell.

    Example:
        >>> implied(30_000, 25_000, Decimal("0.03")), implied(30, 25, Decimal("0.03"))
        (Decimal('0.025'), None)
    """
    if rate is None or not 0 < rate < 1 or due <= 0 or paid <= 0:
        return None
    if due * RATE_STEP / rate < TELLING:
        return None
    other = ((rate * paid / due / RATE_STEP).to_integral_value() * RATE_STEP).normalize()
    if other == rate or other <= 0:
        return None
    return other if abs(due * other / rate - paid) <= 1 + other / rate else None
