"""What a history shows about a scheme that its own pages of rules do not: who is paid, and for how much business.

Computes; draws nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from incentive_lab.format import compact, count, counted, month_name, percent
from incentive_lab.panel import Floats
from incentive_lab.ui.attention import Notice
from incentive_lab.ui.workspace import Comparison

YEAR = 12
FEWEST = 10
"""Partners from which on a tenth of them is worth a word."""


@dataclass(frozen=True)
class _Sold:
    """What partners sold, and the months that are looked at: up to the last with a won deal.

    Attributes:
        whole: float64 [partners, months], minor units, up to that month.
        ends: That month in words.
    """

    whole: Floats
    ends: str

    @property
    def months(self) -> int:
        """How many there are up to that month."""
        return int(self.whole.shape[1])

    @property
    def span(self) -> slice:
        """The last year of them."""
        return slice(max(0, self.months - YEAR), self.months)

    @property
    def now(self) -> Floats:
        """float64 [partners]: sold in that year."""
        return np.asarray(self.whole[:, self.span].sum(axis=1))

    @property
    def lately(self) -> str:
        """That year in words."""
        return f"{counted(min(YEAR, self.months), 'month')} to {self.ends}"


def insights(comparison: Comparison) -> list[Notice]:
    """Up to three things that payouts and revenue of the same partners show together; none where deals are not paid for.

    Args:
        comparison: The draft against its baseline.
    """
    panel = comparison.proposed.panel
    sold = panel.columns.get("revenue")
    months = np.flatnonzero((sold > 0).any(axis=0)) if sold is not None else np.array([])
    if sold is None or not months.size:
        return []
    end = int(months[-1]) + 1
    seen = _Sold(sold[:, :end], month_name(panel.labels()[end - 1]))
    found = (_top(comparison, seen), _shrinking(comparison, seen), _apart(comparison, seen))
    return [one for one in found if one is not None]


def _top(comparison: Comparison, sold: _Sold) -> Notice | None:
    """What the partners who sell most get, under both schemes."""
    revenue = np.maximum(sold.whole.sum(axis=1), 0)
    if len(revenue) < FEWEST:
        return None
    top = np.argsort(-revenue, kind="stable")[: max(1, round(len(revenue) / 10))]
    sells, gets = _share(revenue, top), _share(comparison.proposed.by_partner, top)
    before = _share(comparison.baseline.by_partner, top)
    if gets is None or sells is None:
        return None
    instead = "" if before is None else f"; the baseline gives them {percent(before, 0)}"
    return Notice("look", f"The largest tenth sells {percent(sells, 0)} and gets {percent(gets, 0)}",
                  f"{count(len(top))} of {counted(len(revenue), 'partner')} by what they sold over all months, and their part of "
                  f"what the draft pays{instead}.")  # fmt: skip


def _shrinking(comparison: Comparison, sold: _Sold) -> Notice | None:
    """What goes to partners who sold less in the last year than in the one before."""
    if sold.months < 2 * YEAR:
        return None
    before = sold.whole[:, -2 * YEAR : -YEAR].sum(axis=1)
    fell = np.flatnonzero(sold.now < before)
    gets = _share(comparison.proposed.total[sold.span].sum(axis=0), fell)
    if gets is None or not len(fell):
        return None
    was = _share(comparison.baseline.total[sold.span].sum(axis=0), fell)
    instead = "" if was is None else f" The baseline gives them {percent(was, 0)}."
    lost = float((before - sold.now)[fell].sum()) / comparison.proposed.minor
    return Notice("look", f"{percent(gets, 0)} of a year's payout goes to partners who sell less",
                  f"{counted(len(fell), 'partner')} sold {compact(lost)} less in the {sold.lately} than in the {YEAR} before; the "
                  f"share is that of what the draft pays in these months.{instead}")  # fmt: skip


def _apart(comparison: Comparison, sold: _Sold) -> Notice | None:
    """Partners who are paid without a deal, and those who sell without being paid, in the last year."""
    minor, now = comparison.proposed.minor, sold.now
    paid = comparison.proposed.total[sold.span].sum(axis=0)
    idle, unpaid = (now <= 0) & (paid > 0.5), (now > 0) & (paid <= 0.5)
    if not idle.any() and not unpaid.any():
        return None
    said = []
    if idle.any():
        said.append(f"{counted(int(idle.sum()), 'partner')} without a won deal {_is(idle)} paid "
                    f"{compact(float(paid[idle].sum()) / minor)} by the draft.")  # fmt: skip
    if unpaid.any():
        said.append(f"{counted(int(unpaid.sum()), 'partner')} who sold {compact(float(now[unpaid].sum()) / minor)} {_is(unpaid)} "
                    "paid nothing.")  # fmt: skip
    title = (f"{counted(int(idle.sum()), 'partner')} {_is(idle)} paid without a deal" if idle.any()
             else f"{counted(int(unpaid.sum()), 'partner sells and is', 'partners sell and are')} paid nothing")  # fmt: skip
    return Notice("look", title, f"In the {sold.lately}: {' '.join(said)}")


def _is(rows: NDArray[np.bool_]) -> str:
    return "is" if int(rows.sum()) == 1 else "are"


def _share(paid: Floats, rows: NDArray[np.integer]) -> float | None:
    """What some partners get of what is paid, 0 to 1; None where nothing is paid."""
    whole = float(np.maximum(paid, 0).sum())
    return float(np.maximum(paid[rows], 0).sum()) / whole if whole > 0 else None
