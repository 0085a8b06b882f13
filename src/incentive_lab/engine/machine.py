"""The payout machine: runs instructions over lanes. With `tables` the only place that says what a scheme pays.

Source: docs/payouts.md. Everything is a function of numbers: no clock, no files, no randomness. Loops over lanes are
short and touch few rows, so that the compiler vectorises them; what is rare is written lane by lane.
"""

from __future__ import annotations

from numba import types

from incentive_lab.engine import ops as o
from incentive_lab.engine.calling import by_address
from incentive_lab.engine.lane_balances import guarantee_lanes, settle_lanes
from incentive_lab.engine.lane_deals import return_lanes
from incentive_lab.engine.lane_rates import (
    earn_lanes,
    level_lanes,
    money_lanes,
    rate_money_lanes,
    table_lanes,
    test_lanes,
)
from incentive_lab.engine.numeric import (
    MILLION,
    half_away,
    jit,
    lane_sum,
    lanes_at,
    operand,
)

_WHOLE, _REAL = types.int64, types.float64
SELDOM = (
    _WHOLE[:, ::1], _WHOLE, _WHOLE, _WHOLE, types.uint8[:, ::1], _WHOLE[:, ::1], _REAL[:, ::1], _REAL[::1], _WHOLE[:, ::1],
    _REAL[:, ::1], _REAL[:, ::1], _WHOLE[::1], _WHOLE[::1], _WHOLE, _WHOLE, _REAL[:, ::1], _REAL[:, ::1], _REAL[:, ::1],
    types.int32[::1], _REAL[::1], _WHOLE[:, ::1], _WHOLE[:, ::1], _REAL[:, ::1], _REAL[:, ::1], _REAL[:, ::1],
    _REAL[:, :, ::1], _REAL[:, :, :, ::1], _REAL[:, :, ::1],
)  # fmt: skip
"""The types of what `machine_seldom.execute_seldom` is called with."""
EXECUTE = (*SELDOM, _WHOLE)
"""The types of what `execute` is called with."""
execute_at, _seldom_at = by_address(EXECUTE), by_address(SELDOM)
"""`execute` by its address."""


@jit
def execute(  # type: ignore[no-untyped-def]
    code,     first,     last,     m,     act,     at,     monthly,     pool,     forms,     steps,     ends,
    spaces,     widths,     lanes,     begin,     work,     rates,     paid,     cells,     memory,
    first_rows,     returned,     return_values,     by_rule,     by_month,     detail,     trace,     balances,     seldom,
):  # fmt: skip
    """Run instructions `first` to `last` for month m over lanes.

    Args:
        code: [instructions, C_WIDTH]; `act` [months, columns], `at` [months, columns] and `monthly` are its tables by
            month, `pool` its numbers.
        forms, steps, ends: The tables of rates.
        spaces, widths: Address of each space's first row, and the bytes from one of its rows to the next.
        lanes: How many; `begin` is the first deal where lanes are deals.
        work: The block's rows of work [rows, partners], also where lanes are deals.
        rates: [2 x rules, deals] what each deal earned, in millionths of a cent, and on what; `paid` [rules, deals] in cents.
        cells: [lanes] where each deal's month and partner are in rows of work; `memory` is what deals leave for the next.
        first_rows, returned, return_values: As in `Block`.
        by_rule, by_month, detail, trace, balances: Outputs of `run_block`.
        seldom: Address of `machine_seldom.execute_seldom`, for programs that need it.
    """
    ground, ground_width = spaces[o.WORK], widths[o.WORK]
    k = first - 1
    while k + 1 < last:
        k += 1
        op = code[k, o.C_OP]
        i0 = code[k, o.C_I]
        if act[m, code[k, o.C_ACT]] == 0:
            if op == o.GROUP:
                k += i0
            continue
        if op == o.GROUP:
            continue
        if op >= o.SELDOM:
            _seldom_at(
                seldom, code, k, k + 1, m, act, at, monthly, pool, forms, steps, ends, spaces, widths, lanes, begin, work,
                rates, paid, cells, memory, first_rows, returned, return_values, by_rule, by_month, detail, trace, balances,
            )  # fmt: skip
            continue
        out = lanes_at(ground + ground_width * (code[k, o.C_OUT] + at[m, code[k, o.C_OUT_AT]]), lanes)
        a = lanes_at(operand(code, k, o.C_A, at, m, spaces, widths), lanes)
        b = lanes_at(operand(code, k, o.C_B, at, m, spaces, widths), lanes)
        c = lanes_at(operand(code, k, o.C_C, at, m, spaces, widths), lanes)
        d = lanes_at(operand(code, k, o.C_D, at, m, spaces, widths), lanes)
        i1, i2, i3, i4 = code[k, o.C_I + 1], code[k, o.C_I + 2], code[k, o.C_I + 3], code[k, o.C_I + 4]
        i5, f = code[k, o.C_I + 5], code[k, o.C_F]
        f0 = pool[f]
        spare = lanes_at(ground + ground_width * o.SPARE, lanes)
        if op == o.DIFFERENCE:
            for i in range(lanes):
                out[i] = a[i] - b[i]
        elif op == o.PLAIN_RATE:
            for i in range(lanes):
                out[i] = half_away(a[i] * f0)
        elif op == o.MONEY:
            money_lanes(out, a, f0, i0, i1 == 1, lanes)
        elif op == o.LINE:
            if i1 == 1:
                money_lanes(out, a, f0, i0, True, lanes)
                for i in range(lanes):
                    out[i] *= MILLION
        elif op == o.EARN:
            most = monthly[m, code[k, o.C_N]]
            total = lanes_at(ground + ground_width * o.TOTAL, lanes)
            by_month[i0, m] = earn_lanes(
                out, a, b, c, d, by_rule[i0], total, most, f0, pool[f + 1], i1, i2 == 1 or detail.shape[0] > 0, lanes
            )
            if detail.shape[0] > 0:
                kept = detail[i0, m]
                for i in range(lanes):
                    kept[i] = out[i]
        elif op == o.POST:
            mine = by_rule[i0]
            if i1 == 1:
                for i in range(lanes):
                    mine[i] += a[i]
                    out[i] += a[i]
            else:
                for i in range(lanes):
                    mine[i] += a[i]
            by_month[i0, m] = lane_sum(a, lanes)
            if detail.shape[0] > 0:
                kept = detail[i0, m]
                for i in range(lanes):
                    kept[i] = a[i]
        elif op == o.RATE_MONEY:
            rate_money_lanes(out, a, f0, b, pool[f + 1], lanes)
        elif op == o.CUT_AT:
            most = monthly[m, code[k, o.C_N]] if i0 == 0 else f0
            for i in range(lanes):
                out[i] = min(out[i], most)
        elif op == o.CUT_USED:
            most = monthly[m, code[k, o.C_N]]
            for i in range(lanes):
                taken = min(out[i], max(0.0, most - c[i]))
                taken = taken if a[i] == 1.0 else 0.0
                c[i] += taken
                out[i] = taken
        elif op == o.ADD:
            for i in range(lanes):
                out[i] += a[i]
        elif op == o.FILL:
            for i in range(lanes):
                out[i] = f0
        elif op == o.FILL_MONTH:
            value = monthly[m, code[k, o.C_N]]
            for i in range(lanes):
                out[i] = value
        elif op == o.COPY:
            for i in range(lanes):
                out[i] = a[i]
        elif op == o.TEST:
            test_lanes(out, a, f0, pool[f + 1], i0 == 1, i1 == 1, lanes)
        elif op == o.GATE:
            for i in range(lanes):
                out[i] = half_away(out[i] * f0 / MILLION) if a[i] == 1.0 else out[i]
        elif op == o.SCALE:
            for i in range(lanes):
                out[i] = half_away(out[i] * a[i] / MILLION)
        elif op == o.LOOK_UP:
            for i in range(lanes):
                out[i] = pool[f + 1 + int(a[i])]
        elif op == o.RATE_BY_LANE:
            for i in range(lanes):
                out[i] = half_away(a[i] * b[i])
        elif op == o.TABLE:
            lumps = lanes_at(ground + ground_width * i3, lanes)
            table_lanes(forms, steps, ends, i0, i1 == 1, i2 == 1, a, b, c, d, out, lumps, i4 == 1, spare, lanes)
        elif op == o.TRUE_UP:
            for i in range(lanes):
                spare[i] = out[i] - b[i]
            for i in range(lanes):
                b[i] = out[i] if a[i] == 1.0 else b[i]
            for i in range(lanes):
                out[i] = spare[i]
        elif op == o.ADD_DIFFERENCE:
            for i in range(lanes):
                out[i] += a[i] - b[i]
        elif op == o.SKIP:
            used = False
            for i in range(lanes):
                if a[i] == f0:
                    used = True
                    break
            if not used:
                k += i0
        elif op == o.ZERO_UNLESS:
            for i in range(lanes):
                out[i] = out[i] if a[i] == 1.0 else 0.0
        elif op == o.EXTRA_LINE:
            mine = by_rule[i0]
            for i in range(lanes):
                mine[i] += a[i]
                out[i] += a[i]
            by_month[i0, m] = lane_sum(a, lanes)
            if detail.shape[0] > 0:
                kept = detail[i0, m]
                for i in range(lanes):
                    kept[i] = a[i]
        elif op == o.CAP_TAKE:
            if i2 == 1:
                most = monthly[m, code[k, o.C_N]]
                for i in range(lanes):
                    taken = min(a[i], max(0.0, most - c[i]))
                    c[i] += taken
                    out[i] = taken - a[i]
                continue
            for i in range(lanes):
                claim, room = a[i] + d[i], max(0.0, b[i] - c[i])
                taken = min(claim, room)
                away = claim - taken
                d[i] = away if i0 == 1 else 0.0
                c[i] += taken
                out[i] = taken - a[i]
                if i1 >= 0 and i0 == 0:
                    work[i1, i] += away
        elif op == o.GUARANTEE_TOP:
            guarantee_lanes(
                out, a, b, c, d, lanes_at(spaces[o.FIXED], lanes), m, i0, i1, i2 == 1, i3, at[m, i4], int(pool[f + 2]),
                f0, pool[f + 1], i5, int(pool[f + 3]), work, int(pool[f + 4]), lanes_at(ground + ground_width * o.OTHER, lanes),
                lanes,
            )  # fmt: skip
        elif op == o.SETTLE:
            brought, least_line = (
                lanes_at(ground + ground_width * o.BROUGHT, lanes),
                lanes_at(ground + ground_width * o.LEAST, lanes),
            )
            rounded = lanes_at(ground + ground_width * o.ROUNDED, lanes)
            if not settle_lanes(a, b, brought, least_line, rounded, i0, f0, i1 == 1, pool[f + 1], i2, lanes):
                k += i3
        elif op == o.HIGHEST:
            for i in range(lanes):
                out[i] = f0 if a[i] == 1.0 else out[i]
        elif op == o.LEVEL:
            level_lanes(out, a, b, c, d, f0, pool, f + 1, lanes)
        elif op == o.REVIEW:
            for i in range(lanes):
                if a[i] >= b[i]:
                    b[i] = a[i]
                    c[i] = 0.0
                else:
                    c[i] += 1.0
                    if c[i] > i0:
                        b[i] = b[i] - 1.0 if i1 == 1 else a[i]
                        c[i] = 0.0
        elif op == o.REMEMBER_RATE:
            base = lanes_at(
                ground + ground_width * (code[k, o.C_OUT] + by_month.shape[1] + at[m, code[k, o.C_OUT_AT]]), lanes
            )
            for i in range(lanes):
                out[i] = c[i] if i0 == 1 else c[i] * MILLION
                base[i] = a[i] - b[i] if d[i] == 1.0 else 0.0
        elif op == o.RETURNS:
            return_lanes(
                out, m, at, i3, at[m, i4], i2, rates, work, first_rows, returned, return_values, pool, f, i0, i1,
                by_month.shape[1], lanes,
            )  # fmt: skip
