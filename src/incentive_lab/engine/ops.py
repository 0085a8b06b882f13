"""The instructions of the kernel's machine: straight-line code over lanes, one row of numbers for each.

A lane is a partner of a block, or a deal. Every operand is a row of lanes in one of the spaces. What changes from month
to month (which rows a window ends at, whether an instruction runs at all, a prorated limit) stands in tables by month.
"""

from __future__ import annotations

# spaces of rows
WORK, SUMS, LEVELS, FIXED, DEALS, PAID_DEALS, SPACES = range(7)

# columns of an instruction: operation, column of the table of activity, row written, then (space, row, column of the
# table of rows) four times, six whole numbers, place in the pool of numbers, column of the table of monthly numbers
C_OP, C_ACT, C_OUT, C_OUT_AT, C_A, C_B, C_C, C_D, C_I, C_F, C_N, C_WIDTH = 0, 1, 2, 3, 4, 7, 10, 13, 16, 22, 23, 24

# rows of work that every block has, before its balances
(
    BASE, DRIVER, BEFORE, PAID, LUMPS, TARGET, VALUE, FACTOR, PART, ACTS, MINE, OK, MOST, SPARE, SPARE1,
    OTHER, TOTAL, BACK, CUT, TOP, ADVANCE, BROUGHT, LEAST, ROUNDED, BEST, LEVEL_OK, ANY_OK, ONE_OK, CURRENT, MISSED,
    LIVE, STEP, COUNTED, ROW_VALUE, COLUMN_VALUE, FIXED_ROWS,
) = range(36)  # fmt: skip

# instructions that most schemes run, in `machine`
(
    GROUP, SKIP, FILL, FILL_MONTH, COPY, DIFFERENCE, ADD, ADD_DIFFERENCE, PLAIN_RATE, RATE_BY_LANE, LOOK_UP, TABLE,
    SCALE, TEST, ZERO_UNLESS, GATE, MONEY, LINE, TRUE_UP, POST, EXTRA_LINE, CAP_TAKE, GUARANTEE_TOP, SETTLE, HIGHEST,
    REVIEW, REMEMBER_RATE, RETURNS, RATE_MONEY, CUT_AT, CUT_USED, EARN, LEVEL,
) = range(33)  # fmt: skip
# and those that few do, in `machine_seldom`: it is compiled when a scheme first needs one
SELDOM = 33
(
    NET, MULTIPLY, RATIO_OF, ADD_POINTS, TARGET_OF, EARLIER, COMPARE, EXCESS_OF, PACKAGES, LIVE_ROW, DEFINED, CHOOSE,
    GRID, ROUND_RATE, JOIN_LUMPS, ZERO_UNDEFINED, MULTIPLIER, INSTALMENT, EXPECTED_RATE, ON_ACCOUNT, OFF_ACCOUNT,
    SHARE_CEILING, LIMIT, CLAIM, ACCRUE, DRAW_BACK, BALANCE, REPAY, TRACE, TRACE_STEP, GATHER, RUNNING, NEW_DEAL,
    DEAL_LIMIT, ONE_RATE, POST_DEALS, HOLD, EPOCH, DEAL_CUT, ATTAINED, RUN_RATE, SIX_PLACES,
) = range(SELDOM, 75)  # fmt: skip

# columns of a part: instructions that run month by month, or over the deals of a grain
PART_FIRST, PART_LAST, PART_GRAIN, PART_COLUMNS = range(4)
# settings of a run
Y_ROWS, Y_TIERS, Y_MEMORY, Y_RATES, Y_PAID, Y_COLUMNS = range(6)
# what limits the instruction EARN: nothing, or a quantity or an amount, in one posting or in a period of several
FREE, QUANTITY_AT, QUANTITY_USED, AMOUNT_AT, AMOUNT_USED = range(5)
