"""Months, periods and windows, counted from the first month of the history."""

from __future__ import annotations

from dataclasses import dataclass

from incentive_lab.panel import month_index
from incentive_lab.scheme.rates import Over
from incentive_lab.scheme.rules import During

LENGTH = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}
OWN_WINDOW = {
    "month": "month",
    "quarter": "quarter_to_date",
    "half_year": "half_year_to_date",
    "year": "year_to_date",
}
TO_DATE = {"quarter_to_date": "quarter", "half_year_to_date": "half_year", "year_to_date": "year"}


@dataclass(frozen=True)
class Window:
    """Months first..last that are summed, and the months of the whole period they belong to (for targets)."""

    first: int
    last: int
    whole_first: int
    whole_last: int
    is_deal: bool = False  # a deal or line by itself, in a rule per deal
    back: int = 0  # months by which it moves to the window just before it; 0 where there is none

    @property
    def months(self) -> int:
        """How many months it has."""
        return self.last - self.first + 1


@dataclass(frozen=True)
class Calendar:
    """The programme calendar over a history of `months` months whose first is the running month `origin`."""

    origin: int
    months: int
    year_starts: int

    def first(self, month: int, period: str) -> int:
        """First month of the period that `month` is in; may lie before the history."""
        if period == "life":
            return 0
        return month - (self.origin + month - (self.year_starts - 1)) % LENGTH[period]

    def last(self, month: int, period: str) -> int:
        """Last month of the period that `month` is in; may lie after the history."""
        if period == "life":
            return self.months - 1
        return self.first(month, period) + LENGTH[period] - 1

    def posting(self, month: int, period: str) -> int:
        """Month in which the period posts: its last, or the history's last if that comes first."""
        return min(self.last(month, period), self.months - 1)

    def place_in_year(self, month: int) -> int:
        """1 for the first month of the programme year."""
        return month - self.first(month, "year") + 1

    def during(self, during: During | None, month: int) -> tuple[int, int] | None:
        """First and last month of the run of `during` that `month` is in, None outside; it repeats every year."""
        if during is None:
            return (-(10**9), 10**9)
        begins, ends = (month_index(*map(int, text.split("-"))) for text in (during.from_, during.to))
        length = min(ends - begins + 1, 12)
        since = (self.origin + month - begins) % 12
        return (month - since, month - since + length - 1) if since < length else None

    def period(self, month: int, period: str, during: During | None) -> tuple[int, int]:
        """First and last month of a rule's period, cut at the ends of `during`; may lie outside the history."""
        run = self.during(during, month)
        assert run is not None
        per = "month" if period in ("deal", "line") else period
        return max(self.first(month, per), run[0]), min(self.last(month, per), run[1])

    def window(self, over: Over, month: int, period: str, during: During | None = None) -> Window:
        """The window of a rule whose period is `period`, at `month`."""
        run = self.during(during, month)
        assert run is not None
        if over == "period":
            whole_first, whole_last = self.period(month, period, during)
            back = LENGTH.get(period, 0)
        elif isinstance(over, str) and over in TO_DATE:
            whole_first, whole_last = self.first(month, TO_DATE[over]), self.last(month, TO_DATE[over])
            back = LENGTH[TO_DATE[over]]
        else:
            begins = {"month": month, "life": 0}[over] if isinstance(over, str) else month - over.trailing + 1
            first = max(begins, run[0], 0)
            back = {"month": 1, "life": 0}[over] if isinstance(over, str) else over.trailing
            return Window(first, month, first, month, back=back)
        is_deal = over == "period" and period in ("deal", "line")
        return Window(max(whole_first, run[0], 0), month, whole_first, whole_last, is_deal, back)


def is_accumulated(over: Over, period: str) -> bool:
    """Whether a table's window is another one than the rule's own period."""
    return over != "period" and over != OWN_WINDOW.get(period)
