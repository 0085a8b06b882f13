"""What a history shows about a scheme that its own pages of rules do not: who is paid, and for how much business.

Computes; draws nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from incentive_lab.format import compact, counted, percent
from incentive_lab.panel import Floats
from incentive_lab.ui.attention import Notice
from incentive_lab.ui.workspace import Comparison

YEAR = 12
FEWEST = 10
"""Partners from which on a tenth of them is worth a word."""


def insights(comparison: Comparison) -> list[Notice]:
    """Up to three things that payouts and revenue of the same partners show together; none where deals are not paid for.

    Args:
        comparison: The draft against its baseline.
    """
    sold = comparison.proposed.panel.columns.get("revenue")
    if sold is None or not sold.size or sold.sum() <= 0:
        return []
    found = (_top(comparison, sold), _shrinking(comparison, sold), _apart(comparison, sold))
    return [one for one in found if one is not None]


def _top(comparison: Comparison, sold: Floats) -> Notice | None:
    """What the partners who sell most get, under both schemes."""
    revenue = sold.sum(axis=1)
    if len(revenue) < FEWEST:
        return None
    top = np.argsort(-revenue, kind="stable")[: max(1, round(len(revenue) / 10))]
    sells = float(revenue[top].sum() / revenue.sum())
    gets = _share(comparison.proposed.by_partner, top)
    before = _share(comparison.baseline.by_partner, top)
    if gets is None:
        return None
    instead = "" if before is None else f"; the baseline gives them {percent(before, 0)}"
    return Notice("look", f"The largest tenth sells {percent(sells, 0)} and gets {percent(gets, 0)}",
                  f"{counted(len(top), 'partner')} of {counted(len(revenue), 'partner')} by what they sold over all months, "
                  f"and their part of what the draft pays{instead}.")  # fmt: skip


def _shrinking(comparison: Comparison, sold: Floats) -> Notice | None:
    """What goes to partners who sold less in the last 12 months than in the 12 before."""
    if sold.shape[1] < 2 * YEAR:
        return None
    now, before = sold[:, -YEAR:].sum(axis=1), sold[:, -2 * YEAR : -YEAR].sum(axis=1)
    fell = np.flatnonzero(now < before)
    gets = _share(comparison.proposed.total[-YEAR:].sum(axis=0), fell)
    if gets is None or not len(fell):
        return None
    was = _share(comparison.baseline.total[-YEAR:].sum(axis=0), fell)
    instead = "" if was is None else f", {percent(was, 0)} by the baseline"
    lost = float((before - now)[fell].sum()) / comparison.proposed.minor
    return Notice("look", f"{percent(gets, 0)} of the last year's payout goes to partners who sell less",
                  f"{counted(len(fell), 'partner')} sold {compact(lost)} less in the last 12 months than in the 12 before: they "
                  f"get {percent(gets, 0)} of what the draft pays in these months{instead}.")  # fmt: skip


def _apart(comparison: Comparison, sold: Floats) -> Notice | None:
    """Partners who are paid without a deal, and those who sell without being paid, in the last 12 months."""
    minor = comparison.proposed.minor
    now, paid = sold[:, -YEAR:].sum(axis=1), comparison.proposed.total[-YEAR:].sum(axis=0)
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
    return Notice("look", title, f"In the last {counted(min(YEAR, sold.shape[1]), 'month')}: {' '.join(said)}")


def _is(rows: NDArray[np.bool_]) -> str:
    return "is" if int(rows.sum()) == 1 else "are"


def _share(paid: Floats, rows: NDArray[np.integer]) -> float | None:
    """What some partners get of what is paid, 0 to 1; None where nothing is paid."""
    whole = float(np.maximum(paid, 0).sum())
    return float(np.maximum(paid[rows], 0).sum()) / whole if whole > 0 else None
