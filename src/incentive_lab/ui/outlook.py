"""What a partner may still earn: the programme year so far, the rest of it, and the room under caps. Draws nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from incentive_lab.engine.replay import Replay
from incentive_lab.format import compact, month_name
from incentive_lab.panel import month_label

QUARTERS = 8
"""Quarters that the outlook looks back on."""
_LENGTH = {"month": 1, "quarter": 3, "half_year": 6, "year": 12}


@dataclass(frozen=True)
class Outlook:
    """A programme year that is under way, in whole currency units.

    Attributes:
        year: Its name.
        paid: Paid so far.
        left: Months left.
        expected: Paid so far and, for the months left, the mean of the finished quarters looked at.
        low: The same with the lowest of these quarters.
        high: The same with the highest.
        seen: Quarters looked at.
    """

    year: str
    paid: float
    left: int
    expected: float
    low: float
    high: float
    seen: int


@dataclass(frozen=True)
class CapRoom:
    """A cap in the period that is under way, in whole currency units.

    Attributes:
        label: What it is called.
        paid: What rules paid under it.
        most: Its amount.
        guaranteed: Whether a guarantee may pay on top of it.
    """

    label: str
    paid: float
    most: float
    guaranteed: bool = False

    @property
    def words(self) -> str:
        """How much of it is used, and whether it bounds all that is paid.

        Example:
            >>> CapRoom("Cap a quarter", 2_285, 5_000, guaranteed=True).words
            'Cap a quarter: 2,285 of 5,000, 2,715 left (a guarantee may top up above it)'
        """
        left = compact(max(0.0, self.most - self.paid))
        above = " (a guarantee may top up above it)" if self.guaranteed else ""
        return f"{self.label}: {compact(self.paid)} of {compact(self.most)}, {left} left{above}"

    @property
    def used(self) -> float:
        """Share of the cap that is used, 0 to 1."""
        return max(0.0, min(1.0, self.paid / self.most)) if self.most > 0 else 1.0


def outlook(result: Replay, row: int) -> Outlook | None:
    """The programme year of the last month; None without months."""
    panel = result.panel
    if panel.months == 0:
        return None
    last = panel.first_month + panel.months - 1
    begun = (last - (result.scheme.year_starts - 1)) % 12 + 1
    monthly = result.total[:, row] / result.minor
    paid = float(monthly[-min(begun, panel.months) :].sum())
    end = panel.months - begun % 3  # a quarter that is under way says nothing yet
    whole = max(0, end - end % 3)
    quarters = (
        monthly[end - whole : end].reshape(-1, 3).sum(axis=1)[-QUARTERS:] if whole else np.array([monthly.mean() * 3])
    )
    left = 12 - begun
    share = left / 3
    return Outlook(
        f"from {month_name(month_label(last - begun + 1))}", paid, left, paid + share * float(quarters.mean()),
        paid + share * float(quarters.min()), paid + share * float(quarters.max()), len(quarters),
    )  # fmt: skip


def cap_room(result: Replay, row: int) -> tuple[CapRoom, ...]:
    """Partner caps on an amount over all rules: what the period of the last month has paid of each."""
    panel = result.panel
    if panel.months == 0:
        return ()
    rules = len(result.scheme.rules)
    earned = result.detail[:rules, :, row].sum(axis=0) + result.detail[rules + 1, :, row]
    last, found = panel.first_month + panel.months - 1, []
    for cap in result.scheme.caps:
        if cap.amount is None or cap.rules or cap.groups or cap.per == "life":
            continue
        length = _LENGTH[cap.per]
        begun = (last - (result.scheme.year_starts - 1)) % length + 1
        paid = float(earned[-min(begun, panel.months) :].sum()) / result.minor
        label = f"Cap a {cap.per.replace('_', ' ')}"
        found.append(CapRoom(label, paid, float(cap.amount), bool(result.scheme.guarantees)))
    return tuple(found)
