"""The instructions that few schemes run: the other half of `machine`, compiled when a scheme first needs one of them."""

from __future__ import annotations

import math

import numpy as np

from incentive_lab.engine import ops as o
from incentive_lab.engine.lane_balances import draw_lanes, limit_lanes
from incentive_lab.engine.lane_deals import deal_cut, deal_limit, sums_before
from incentive_lab.engine.lane_rates import attained_lanes, earlier_lanes
from incentive_lab.engine.numeric import (
    MILLION,
    compared,
    half_away,
    jit,
    lanes_at,
    operand,
    round_money,
    rounded_rate,
    times_over,
    to_line,
)
from incentive_lab.engine.program import F_MODE, INTERPOLATED_RATE, MARGINAL, PLAIN, S_RATE, TO_END, WHOLE
from incentive_lab.engine.tables import curve, factor_at, is_beyond, line_value, step_reached


@jit
def execute_seldom(  # type: ignore[no-untyped-def]
    code,     first,     last,     m,     act,     at,     monthly,     pool,     forms,     steps,     ends,
    spaces,     widths,     lanes,     begin,     work,     rates,     paid,     cells,     memory,
    first_rows,     returned,     return_values,     by_rule,     by_month,     detail,     trace,     balances,
):  # fmt: skip
    """Run instruction `first` for month m over lanes: see `machine.execute`."""
    ground, ground_width, k = spaces[o.WORK], widths[o.WORK], first
    op, i0 = code[k, o.C_OP], code[k, o.C_I]
    out = lanes_at(ground + ground_width * (code[k, o.C_OUT] + at[m, code[k, o.C_OUT_AT]]), lanes)
    a = lanes_at(operand(code, k, o.C_A, at, m, spaces, widths), lanes)
    b = lanes_at(operand(code, k, o.C_B, at, m, spaces, widths), lanes)
    c = lanes_at(operand(code, k, o.C_C, at, m, spaces, widths), lanes)
    d = lanes_at(operand(code, k, o.C_D, at, m, spaces, widths), lanes)
    i1, i2, i3, i4 = code[k, o.C_I + 1], code[k, o.C_I + 2], code[k, o.C_I + 3], code[k, o.C_I + 4]
    i5, f = code[k, o.C_I + 5], code[k, o.C_F]
    f0 = pool[f]
    spare = lanes_at(ground + ground_width * o.SPARE, lanes)
    if op == o.LIMIT:
        cut = lanes_at(ground + ground_width * o.SPARE1, lanes)
        limit_lanes(out, a, b, c, d, i0 == 1, spare, cut, lanes)
        if i1 >= 0:
            fund = lanes_at(ground + ground_width * i1, lanes)
            for i in range(lanes):
                fund[i] += cut[i]
    elif op == o.NET:
        for i in range(lanes):
            out[i] = max(0.0, out[i] - a[i]) if out[i] > 0 else out[i]
    elif op == o.MULTIPLY:
        for i in range(lanes):
            out[i] *= a[i]
    elif op == o.RATIO_OF:
        for i in range(lanes):
            whole = c[i] - d[i]
            out[i] = (a[i] - b[i]) / whole if whole != 0 else math.nan
    elif op == o.ADD_POINTS:
        for i in range(lanes):
            out[i] += half_away((a[i] - b[i]) * f0 / pool[f + 1])
    elif op == o.TARGET_OF:
        for i in range(lanes):
            total = a[i] - b[i]
            out[i] = half_away(total * f0 / MILLION) if total > 0 else math.nan
    elif op == o.EARLIER:
        earlier_lanes(
            out, a, spaces[o.SUMS], widths[o.SUMS], int(pool[f + 1]), int(pool[f + 2]), i0, i1, i2, at[m, i3],
            at[m, i4], int(pool[f + 3]), int(pool[f + 4]), f0, lanes,
        )  # fmt: skip
    elif op == o.COMPARE:
        for i in range(lanes):
            out[i] = compared(i0, a[i] - b[i], out[i], i1 == 1)
    elif op == o.EXCESS_OF:
        for i in range(lanes):
            out[i] = max(0.0, a[i] - b[i] - out[i]) if out[i] == out[i] else math.nan
    elif op == o.PACKAGES:
        for i in range(lanes):
            whole = out[i] / f0
            out[i] = (np.ceil(whole) if i0 == 1 else np.floor(whole)) * f0
    elif op == o.LIVE_ROW:
        for i in range(lanes):
            out[i] = 1.0 if (a[i] != 0.0) & (a[i] == a[i]) & (b[i] == 1.0) else 0.0
    elif op == o.DEFINED:
        for i in range(lanes):
            out[i] = a[i] if b[i] == b[i] else 0.0
    elif op == o.CHOOSE:
        for i in range(lanes):
            out[i] = b[i] if a[i] == f0 else out[i]
    elif op == o.GRID:
        for i in range(lanes):
            row, column = step_reached(forms, steps, ends, i0, a[i]), step_reached(forms, steps, ends, i1, b[i])
            out[i] = half_away(c[i] * pool[f + row * i2 + column]) if row >= 0 and column >= 0 else 0.0
    elif op == o.ROUND_RATE:
        for i in range(lanes):
            if a[i] != 0 and a[i] == a[i]:
                out[i] = half_away(rounded_rate(out[i], a[i], pool[f + 1], f0, i0) * a[i])
    elif op == o.JOIN_LUMPS:
        for i in range(lanes):
            out[i] = out[i] + b[i] if a[i] == a[i] else 0.0
    elif op == o.ZERO_UNDEFINED:
        for i in range(lanes):
            out[i] = out[i] if a[i] == a[i] else 0.0
    elif op == o.MULTIPLIER:
        for i in range(lanes):
            factor, of = factor_at(forms, steps, ends, i0, a[i], b[i]) if a[i] == a[i] else (0.0, 1.0)
            out[i] = times_over(out[i], factor, of * MILLION)
    elif op == o.ATTAINED:
        attained_lanes(out, a, b, c, f0, pool[f + 1], lanes)
    elif op == o.INSTALMENT:
        part = at[m, i0]
        for i in range(lanes):
            if a[i] == 1.0:
                if i1 == 1:
                    amount = max(0.0, to_line(half_away(out[i] * part / i2), f0, i3, i4 == 1) - b[i])
                else:
                    amount = half_away(out[i] / i2)
                b[i] += amount
                out[i] = amount
    elif op == o.RUN_RATE:
        elapsed = monthly[m, code[k, o.C_N]]
        for i in range(lanes):
            out[i] = times_over(a[i] - b[i], f0, elapsed)
    elif op == o.SIX_PLACES:
        for i in range(lanes):
            out[i] = half_away(out[i] * MILLION) / MILLION
    elif op == o.EXPECTED_RATE:
        mode = forms[i0, F_MODE]
        share, whole_of = lanes_at(ground + ground_width * i1, lanes), lanes_at(ground + ground_width * i2, lanes)
        for i in range(lanes):
            rate, of = math.nan, 1.0
            if out[i] == out[i]:
                if mode in (PLAIN, INTERPOLATED_RATE):
                    rate, of = factor_at(forms, steps, ends, i0, out[i], math.nan)
                else:
                    amount, rate, _ = curve(forms, steps, ends, i0, out[i], math.nan)
                    if mode != WHOLE:
                        rate, of = (amount, out[i]) if out[i] > 0 else (0.0, 1.0)
            share[i], whole_of[i], out[i] = rate, of, rate / of
    elif op == o.ON_ACCOUNT:
        share, whole_of = lanes_at(ground + ground_width * i2, lanes), lanes_at(ground + ground_width * i3, lanes)
        for i in range(lanes):
            out[i] = 0.0
            if a[i] == 1.0 and b[i] == b[i] and c[i] == c[i]:
                earned = half_away(c[i] * b[i]) if i2 < 0 else times_over(c[i], share[i], whole_of[i])
                to_date = to_line(earned, f0, i0, i1 == 1)
                out[i] = to_date - d[i]
                d[i] = to_date
    elif op == o.OFF_ACCOUNT:
        for i in range(lanes):
            if a[i] == 1.0:
                out[i] = to_line(out[i], f0, i0, i1 == 1) - d[i]
                d[i] = 0.0
    elif op == o.SHARE_CEILING:
        unit, part = pool[f + 1], monthly[m, code[k, o.C_N]]
        for i in range(lanes):
            most = np.floor((a[i] - b[i]) * f0 / unit) * (unit / MILLION)
            out[i] = most if part == 1.0 else np.floor(most * part + 1e-9)
    elif op == o.CLAIM:
        for i in range(lanes):
            claim = min(out[i], max(0.0, c[i]))
            c[i] -= claim
            out[i] = claim
    elif op == o.ACCRUE:
        for i in range(lanes):
            if a[i] == 1.0:
                gained = half_away((b[i] - c[i]) * d[i]) if i1 == 1 else half_away(d[i] * MILLION)
                out[i] += round_money(gained, f0, i0) / MILLION
    elif op == o.DRAW_BACK:
        draw_lanes(
            out, a, b, c, d, lanes_at(spaces[o.FIXED], lanes), m, at[m, i0] == 1, at[m, i1] == 1, at[m, i3], f0,
            pool[f + 1], pool[f + 2], pool[f + 3], pool[f + 4], int(pool[f + 5]), int(pool[f + 6]), i2, lanes,
        )  # fmt: skip
    elif op == o.BALANCE:
        kept = balances[i0, m]
        for i in range(lanes):
            kept[i] += a[i]
    elif op == o.REPAY:
        for i in range(lanes):
            bonus = a[i] - b[i]
            if bonus > 0 and c[i] != 1.0:
                out[i] -= round_money(half_away(bonus * f0), pool[f + 1], i0) / MILLION
    elif op == o.TRACE:
        for i in range(lanes):
            trace[m, i0, i1, i] = a[i]
    elif op == o.TRACE_STEP:
        for i in range(lanes):
            form = int(b[i]) if i2 < 0 else i2
            if form >= 0:
                trace[m, i0, i1, i] = step_reached(forms, steps, ends, form, a[i])
    elif op == o.GATHER:
        by_cell = lanes_at(work.ctypes.data + 8 * work.shape[1] * i0, work.size)
        for i in range(lanes):
            out[i] = by_cell[np.uint32(cells[i])]
    elif op == o.RUNNING:
        so_far = sums_before(cells, a, memory[i0], memory[i0 + 1], c, lanes)
        memory[i0], memory[i0 + 1] = cells[lanes - 1], so_far
        for i in range(lanes):
            c[i] += b[i]
            out[i] = c[i] + a[i]
    elif op == o.NEW_DEAL:
        for i in range(lanes):
            key = cells[i]
            out[i] = 1.0 if memory[i0] != key or memory[i0 + 1] != a[i] else 0.0
            memory[i0], memory[i0 + 1] = key, a[i]
    elif op == o.EPOCH:
        value = monthly[m, code[k, o.C_N]]
        for i in range(lanes):
            out[i] = value + i * 65536.0
    elif op == o.DEAL_CUT:
        deal_cut(out, a, b, f0, memory, i0, i1 == 1, spare, lanes)
    elif op == o.DEAL_LIMIT:
        deal_limit(
            out, a, b, c, cells, memory, i0, at, i1, i2, i3 & 1 == 1, i3 & 2 == 2, i3 & 4 == 4,
            monthly,
            code[k, o.C_N], work, i4, i5, lanes,
        )  # fmt: skip
    elif op == o.HOLD:
        for i in range(lanes):
            out[i] = out[i] if out[i] == out[i] else a[i]
    elif op == o.ONE_RATE:
        mode = forms[i0, F_MODE]
        if mode != MARGINAL and mode != TO_END and mode != PLAIN:
            for i in range(lanes):
                if b[i] == b[i] and not is_beyond(forms, ends, i0, b[i], d[i]):
                    if mode == INTERPOLATED_RATE:
                        rate, of = line_value(forms, steps, ends, i0, c[i], S_RATE, d[i])
                    else:
                        rate, of = curve(forms, steps, ends, i0, c[i], d[i])[1], 1.0
                    out[i] = 0.0 if is_beyond(forms, ends, i0, c[i], d[i]) else times_over(a[i], rate, of)
    elif op == o.POST_DEALS:
        by_cell = lanes_at(work.ctypes.data + 8 * work.shape[1] * i1, work.size)
        for i in range(lanes):
            if a[i] == 1.0:
                by_cell[np.uint32(cells[i])] += b[i]
        if i0 < paid.shape[0]:
            for i in range(lanes):
                if a[i] == 1.0:
                    paid[i0, begin + i] = b[i]
        if i2 == 1:
            for i in range(lanes):
                if a[i] == 1.0:
                    rates[2 * i0, begin + i], rates[2 * i0 + 1, begin + i] = b[i] * MILLION, c[i]
