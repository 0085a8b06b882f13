"""A compiled scheme: flat arrays that the kernel reads, and the names of their columns.

Every tuple entry is an array, so that numba compiles the kernel once for all schemes. Integer tables hold kinds,
slots and offsets; float tables hold amounts in minor units, rates in millionths and borders in the units of their
measure. -1 stands for "none" in integer columns, NaN in float columns.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

I64 = NDArray[np.int64]
I32 = NDArray[np.int32]
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]

# windows: 1, 3, 6, 12 = to date in a month, quarter, half-year, year; 0 = life; -n = n trailing months
LIFE = 0
PREVIOUS_YEAR = 100

# operand kinds
SUM, RATIO, LEVEL, ATTAINMENT, GROWTH, EXCESS, POINTS, SCORE = range(8)
# columns of operands
O_KIND, O_SLOT, O_SLOT2, O_WINDOW, O_REF, O_DEAL, O_DEAL2 = range(7)
# reference kinds and columns
REF_AMOUNT, REF_TARGET, REF_EARLIER = range(3)
# windows that are looked at, each this many months before the next (0: as many as it has itself)
Q_KIND, Q_SLOT, Q_PACE, Q_NEW, Q_WHOLE, Q_WINDOWS, Q_APART = range(7)
QF_AMOUNT, QF_TIMES = range(2)
NEW_SKIP, NEW_ZERO, NEW_PRORATE = range(3)
# scores without a value for a part
MISSING_FAILS, MISSING_ZERO, MISSING_LEFT_OUT = range(3)

# table modes
PLAIN, MARGINAL, WHOLE, TO_END, IN_FULL, INTERPOLATED_RATE, INTERPOLATED_AMOUNT = range(7)
# columns of forms
F_MODE, F_ABOVE, F_FIRST, F_COUNT, F_NOTHING, F_CAPPED, F_EACH_LUMP, F_LUMPS, F_TARGET, F_EXTRAPOLATE = range(10)
# columns of steps
S_FROM, S_LOWER, S_UPPER, S_RATE, S_RATE_TO, S_END, S_LUMP, S_RETRO = range(8)

# base kinds
BASE_MEASURE, BASE_EXCESS, BASE_PAYOUT, BASE_AWARD = range(4)
# columns of rules
(
    R_BASE, R_SLOT, R_REF, R_PER, R_CHOICE, R_FORM, R_GRID, R_WINDOW, R_TRUE_UP, R_DRIVER, R_SAME, R_MULT, R_MULTS,
    R_REQUIRE, R_REQUIRES, R_LIMIT, R_LIMITS, R_FROM, R_TO, R_INSTALMENTS, R_CATCH_UP, R_PROVISION, R_PROVISION_FORM,
    R_PROVISION_REF, R_FUND, R_RETURNS, R_SCHEDULE, R_SCHEDULES, R_NON_CASH, R_AWARD, R_STARTED, R_BEFORE, R_DEAL,
    R_REPAY, R_REPAYS, R_REPAY_MONTHS, R_NET, R_ACCUMULATES, R_QUANTITY, R_LIMITED, R_GRAIN,
    R_FORMS, R_DEAL_DRIVER, R_RUN_SLOT, R_WHO, R_MONTHS_AGO, R_COLUMNS,
) = range(47)  # fmt: skip
# columns of the rules' numbers
RF_MULTIPLE, RF_RATE_PARTS, RF_RETURN_SHARE, RF_RETURN_KEEP, RF_REPAY_SHARE, RF_COLUMNS = range(6)
# column of the ends of forms: where the last step ends
E_END = 0

# choices
CHOICE_NONE, CHOICE_TIER, CHOICE_STATIC = -1, 0, 1
# provisions
PROVISION_NONE, PROVISION_RATE, PROVISION_EXPECTED = range(3)
# returns
(RETURN_IGNORE, RETURN_ORIGINAL, RETURN_SHARE, RETURN_UNSERVED, RETURN_SCHEDULE) = range(5)
# limits
LIMIT_QUANTITY, LIMIT_AMOUNT, LIMIT_SHARE = range(3)
L_KIND, L_WINDOW, L_CARRY, L_FUND, L_SLOT, L_PRORATE, L_DEAL, L_OVER_YEAR, L_SINCE, L_COLUMNS = range(10)
CARRIED_ON, TRUED_UP = 1, 2
# multipliers
M_KIND, M_OPERAND, M_FORM = range(3)
MF_LEAST, MF_MOST = range(2)
# grids: columns
G_ROW_OPERAND, G_COLUMN_OPERAND, G_ROW_FORM, G_COLUMN_FORM, G_FIRST, G_WIDTH = range(6)
# gates
T_FIRST, T_COUNT, T_ANY, T_ACTS_MISSING = range(4)
# funds: columns
U_KIND, U_SLOT, U_PER, U_EXPIRES, U_CHOICE, U_FORM, U_LOT, U_AFTER = range(8)
# guarantees and draws
A_BASELINE, A_PER, A_MONTHS, A_CARRY, A_PRORATE, A_JOINED = range(6)
D_PER, D_MONTHS, D_FROM, D_FORGIVE, D_JOINED, D_EVERYTHING, D_LAPSES = range(7)
# alternatives: columns
V_PER, V_LESSER = range(2)
DF_AMOUNT, DF_MOST, DF_SHARE, DF_BALANCE = range(4)
# rounding modes
HALF_UP, HALF_EVEN, UP, DOWN = range(4)
# integer tables, then tables of numbers
(
    RULES, CHOICE, FORMS, OPERANDS, REFERENCES, TESTS, GATES, GATE_RULE, LIMITS, CAPS, CAP_RULE, NET_OF, PAYOUT_OF,
    MULTIPLIERS, GRIDS, FUNDS, FUND_CHOICE, GUARANTEES, DRAWS, REPAYS, TIER_TESTS, TIER_ALTERNATIVES, TIER_FIRST,
    TIER_RULE, TENURES, POINT_SLOTS, RETURN_SLOTS, SCORE_PARTS, ALTERNATIVES, ALTERNATIVE_RULE, INTEGER_TABLES,
) = range(31)  # fmt: skip
(
    RULES_F, FORM_ENDS, STEPS, REFERENCES_F, TESTS_F, GATES_F, LIMITS_F, CAPS_F, MULTIPLIERS_F, GRID_RATES,
    GUARANTEES_F, DRAWS_F, SCHEDULES, REPAYS_F, POINTS_F, SCORE_PARTS_F, ALL_TABLES,
) = range(INTEGER_TABLES, INTEGER_TABLES + 17)  # fmt: skip
# settings; H_ rows of what is known of partners
(
    Z_MONTHS, Z_SHIFT, Z_SETTLE, Z_MODE, Z_AT_LINE, Z_MINIMUM, Z_RATE_MODE, Z_TIERS, Z_REVIEW, Z_SAME_PERIOD, Z_GRACE,
    Z_ONE_LEVEL, Z_LOOK, Z_KEEP_POSTED, Z_KEEP_RATES, H_ELIGIBLE, H_FORMS, H_FUND_FORMS, H_GUARANTEES, H_DRAWS, H_ROWS,
    SETTINGS,
) = range(22)  # fmt: skip
H_JOINED, H_START_TIER = range(2)
ZF_UNIT, ZF_MINIMUM, ZF_RATE_TO = range(3)
# special lines after the rules
SPECIAL_LINES = (
    "clawback", "cap", "guarantee", "draw", "carried_balance", "minimum_payout", "rounding", "pool", "budget",
)  # fmt: skip
CLAWBACK, CAP, GUARANTEE, DRAW, CARRIED, MINIMUM, ROUNDING, POOL, BUDGET = range(9)

# what a trace tells of one rule in one month; behind it the attainment of every part of a scorecard, then every operand
TRACE_FIELDS = (
    "posted_here", "base", "driver", "rate", "earned", "gate", "paid", "form", "to_date", "window_start", "carried",
    "provisional", "step", "against", "claimed", "claimed_to_date", "waiting", "target",
)  # fmt: skip
(
    X_HERE, X_BASE, X_DRIVER, X_RATE, X_EARNED, X_GATE, X_PAID, X_FORM, X_TO_DATE, X_START, X_CARRIED, X_PROVISIONAL,
    X_STEP, X_AGAINST, X_CLAIMED, X_CLAIMED_TO_DATE, X_WAITING, X_TARGET,
) = range(18)  # fmt: skip


class Program(NamedTuple):
    """A compiled scheme as the kernel runs it. Every entry is an array, so that one compiled kernel serves all schemes.

    Attributes:
        code: [instructions, C_WIDTH], see `ops`.
        parts: [parts, PART_COLUMNS] which instructions run month by month, and which over deals.
        act: [months, columns] whether an instruction runs in a month.
        at: [months, columns] what is added to the row of an operand in a month.
        monthly: [months, columns] numbers that differ from month to month.
        pool: All other numbers.
        forms, steps, ends: Rates and tables.
        setup: Sizes of what the kernel allocates.
    """

    code: I64
    parts: I64
    act: U8
    at: I64
    monthly: F64
    pool: F64
    forms: I64
    steps: F64
    ends: F64
    setup: I64


class Block(NamedTuple):
    """One block of partners (lanes): the history that the kernel walks.

    Attributes:
        sums: [(months + 1) x slots, lanes] totals of the months before.
        levels: [months x level slots, lanes].
        fixed: [rows, lanes] month of joining, start tier, then eligibility and forms by rule, forms by fund, who has which
            guarantee and draw; then (months + 25) x target slots totals of the targets before, from 12 months before the
            panel on; then cents of each award by month, and of the baseline before each month if it is needed.
        first: [3, lanes * (months + 1)] first row of (lane, month) among deals, lines and returns.
        returned: [4, returns] month sold, term in months, row of the deal, row of the line (-1 unknown).
        deal_values: [deal slots + 1, deals]; the last row numbers the deals that lines belong to.
        return_values: [return slots, returns].
        cell_of_deal, cell_of_line: [deals] and [lines] month x lanes + lane of each.
    """

    sums: F64
    levels: F64
    fixed: F64
    first: I64
    returned: I64
    deal_values: F64
    return_values: F64
    cell_of_deal: I32
    cell_of_line: I32
