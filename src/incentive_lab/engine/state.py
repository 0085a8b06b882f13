"""What a partner carries from month to month, and the scratch lanes of a block."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from incentive_lab.engine.numeric import jit
from incentive_lab.engine.program import F64, I64

TRACE_FIELDS = (
    "posted_here", "base", "driver", "rate", "earned", "gate", "paid", "form", "to_date", "window_start", "carried",
    "provisional", "step",
)  # fmt: skip
(
    X_HERE, X_BASE, X_DRIVER, X_RATE, X_EARNED, X_GATE, X_PAID, X_FORM, X_TO_DATE, X_START, X_CARRIED, X_PROVISIONAL,
    X_STEP,
) = range(13)  # fmt: skip


class State(NamedTuple):
    """Balances, all in cents unless said otherwise; the last axis is the lane."""

    entitled: F64  # [rules, lanes] entitlement posted in the running window, millionths of a cent
    entitled_start: I64  # [rules] first month of that window
    account: F64  # [rules, lanes] posted on account in the running period, millionths of a cent
    limit_used: F64  # [limits, lanes] cents, or units for a limit on quantity
    limit_carry: F64  # [limits, lanes]
    cap_used: F64  # [caps, lanes]
    cap_carry: F64  # [caps, lanes]
    fund: F64  # [funds, lanes]
    draw: F64  # [draws, lanes] balance owed
    top_up: F64  # [guarantees, lanes] top-ups this programme year
    due: F64  # [lanes] brought forward
    settlement: F64  # [lanes] lines since the last settlement
    earned: F64  # [months + 1, lanes] cumulated lines of steps 1 to 13
    posted: F64  # [rules or 0, months + 1, lanes] cumulated postings of each rule
    effective: F64  # [rules or 0, months, lanes] effective rate in millionths, by posting month
    deal_effective: F64  # [rules or 0, deals]
    deal_paid: F64  # [rules or 0, deals]


@jit
def new_state(rules, limits, caps, funds, draws, guarantees, months, lanes, keep_posted, keep_rates, deals):  # type: ignore[no-untyped-def]
    """A block's state before its first month."""
    return State(
        np.zeros((rules, lanes)),
        np.full(rules, -1),
        np.zeros((rules, lanes)),
        np.zeros((limits, lanes)),
        np.zeros((limits, lanes)),
        np.zeros((caps, lanes)),
        np.zeros((caps, lanes)),
        np.zeros((funds, lanes)),
        np.zeros((draws, lanes)),
        np.zeros((guarantees, lanes)),
        np.zeros(lanes),
        np.zeros(lanes),
        np.zeros((months + 1, lanes)),
        np.zeros((rules if keep_posted else 0, months + 1, lanes)),
        np.zeros((rules if keep_rates else 0, months, lanes)),
        np.zeros((rules if keep_rates else 0, deals)),
        np.zeros((rules if deals > 0 else 0, deals)),
    )
