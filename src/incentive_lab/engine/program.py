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
F64 = NDArray[np.float64]
U8 = NDArray[np.uint8]

# windows: 1, 3, 6, 12 = to date in a month, quarter, half-year, year; 0 = life; -n = n trailing months
LIFE = 0
PREVIOUS_YEAR = 100

# operand kinds
SUM, RATIO, LEVEL, ATTAINMENT, GROWTH, EXCESS, POINTS = range(7)
# columns of operands
O_KIND, O_SLOT, O_SLOT2, O_WINDOW, O_REF = range(5)
# reference kinds and columns
REF_AMOUNT, REF_TARGET, REF_LAST_YEAR = range(3)
Q_KIND, Q_SLOT, Q_PACE, Q_NEW, Q_WHOLE = range(5)
QF_AMOUNT, QF_TIMES = range(2)
NEW_SKIP, NEW_ZERO, NEW_PRORATE = range(3)

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
    R_REPAY, R_REPAYS, R_REPAY_MONTHS, R_NET, R_KEEP_POSTED, R_ACCUMULATES, R_QUANTITY, R_TIER_LIMITED, R_GRAIN,
    R_FORMS, R_DEAL_DRIVER, R_RUN_SLOT, R_COLUMNS,
) = range(46)  # fmt: skip
# columns of the rules' numbers
RF_MULTIPLE, RF_PROVISION, RF_RETURN_SHARE, RF_RETURN_KEEP, RF_REPAY_SHARE, RF_COLUMNS = range(6)
# choices
CHOICE_NONE, CHOICE_TIER, CHOICE_STATIC = -1, 0, 1
# provisions
PROVISION_NONE, PROVISION_RATE, PROVISION_EXPECTED = range(3)
# returns
(RETURN_IGNORE, RETURN_ORIGINAL, RETURN_SHARE, RETURN_UNSERVED, RETURN_SCHEDULE) = range(5)
# limits
LIMIT_QUANTITY, LIMIT_AMOUNT, LIMIT_SHARE = range(3)
L_KIND, L_WINDOW, L_CARRY, L_FUND, L_SLOT, L_PRORATE, L_DEAL, L_OVER_YEAR = range(8)
# multipliers
M_KIND, M_OPERAND, M_FORM = range(3)
MF_LEAST, MF_MOST = range(2)
# grids: columns
G_ROW_OPERAND, G_COLUMN_OPERAND, G_ROW_FORM, G_COLUMN_FORM, G_FIRST, G_WIDTH = range(6)
# gates
T_FIRST, T_COUNT, T_ANY, T_ACTS_MISSING = range(4)
# funds: columns
U_KIND, U_SLOT, U_PER, U_EXPIRES, U_CHOICE, U_FORM = range(6)
# guarantees and draws
A_BASELINE, A_PER, A_MONTHS, A_CARRY, A_PRORATE = range(5)
D_PER, D_MONTHS, D_FROM, D_FORGIVE = range(4)
DF_AMOUNT, DF_MOST, DF_SHARE, DF_BALANCE = range(4)
# rounding modes
HALF_UP, HALF_EVEN, UP, DOWN = range(4)
# settings
(
    Z_MONTHS, Z_SHIFT, Z_SETTLE, Z_MODE, Z_AT_LINE, Z_MINIMUM, Z_RATE_MODE, Z_TIERS, Z_REVIEW, Z_SAME_PERIOD, Z_GRACE,
    Z_ONE_LEVEL, Z_LOOK, Z_ABOVE, Z_COLUMNS,
) = range(15)  # fmt: skip
ZF_UNIT, ZF_MINIMUM, ZF_RATE_TO = range(3)
# special lines after the rules
SPECIAL_LINES = (
    "clawback", "cap", "guarantee", "draw", "carried_balance", "minimum_payout", "rounding", "pool", "budget",
)  # fmt: skip
CLAWBACK, CAP, GUARANTEE, DRAW, CARRIED, MINIMUM, ROUNDING, POOL, BUDGET = range(9)


class Program(NamedTuple):
    """The arrays of one compiled scheme (one variant)."""

    settings: I64  # [Z_COLUMNS]
    settings_f: F64  # [3] rounding unit in millionths of a cent, minimum payout, rate rounding in millionths
    rules: I64  # [rules, R_COLUMNS]
    rules_f: F64  # [rules, RF_COLUMNS]
    choice: I64  # [rules, tiers]: form by tier, -1 none
    forms: I64  # [forms, 10]
    forms_f: F64  # [forms] end of the last step
    steps: F64  # [steps, 8]
    operands: I64  # [operands, 5]
    references: I64  # [references, 5]
    references_f: F64  # [references, 2]
    tests: I64  # [tests] operand
    tests_f: F64  # [tests, 4] below, above, at least, at most
    gates: I64  # [gates, 4]
    gates_f: F64  # [gates] factor in millionths
    gate_rule: U8  # [gates, rules]
    limits: I64  # [limits, 8]
    limits_f: F64  # [limits]
    caps: I64  # [caps, 8]
    caps_f: F64  # [caps]
    cap_rule: U8  # [caps, rules]
    earlier: U8  # [rules, rules, 2]: net_of, payout_of
    multipliers: I64  # [multipliers, 3]
    multipliers_f: F64  # [multipliers, 2]
    grids: I64  # [grids, 6]
    grid_rates: F64  # [cells]
    funds: I64  # [funds, 6]
    fund_choice: I64  # [funds, tiers]
    guarantees: I64  # [guarantees, 5]
    guarantees_f: F64  # [guarantees] share in millionths, or amount
    draws: I64  # [draws, 4]
    draws_f: F64  # [draws, 4]
    schedules: F64  # [schedule steps, 2] months, share in millionths
    repays: I64  # [milestones] slot
    repays_f: F64  # [milestones]
    tier_tests: I64  # [levels, 3] first test, count, alternatives
    tier_alternatives: I64  # [alternatives, 2] first test, count
    tier_alternative_first: I64  # [levels]
    tier_rule: U8  # [rules, tiers] whether the rule runs in the tier
    points: I64  # [points] slot
    points_f: F64  # [points, 2] weight in millionths, units of the measure in one
    return_slot: I64  # [rules] column of the returns table, -1 none
