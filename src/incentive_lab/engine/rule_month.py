"""One rule in one month, for a block of lanes (source: docs/payouts.md, steps 1 to 11)."""

from __future__ import annotations

import math

import numpy as np

from incentive_lab.engine.limits import limit_lanes, most_counted
from incentive_lab.engine.numeric import (
    MILLION,
    cell,
    half_away,
    jit,
    money_lanes,
    number,
    period_start,
    round_money,
    rows,
    window,
    year_month,
)
from incentive_lab.engine.operands import gate_factors, operand, reference_lanes, unmet
from incentive_lab.engine.program import (
    ATTAINMENT,
    BASE_AWARD,
    BASE_EXCESS,
    BASE_MEASURE,
    CHOICE,
    CHOICE_NONE,
    CHOICE_TIER,
    E_PARTS,
    EXCESS,
    F_FIRST,
    F_MODE,
    F_TARGET,
    FORM_ENDS,
    FORMS,
    G_COLUMN_FORM,
    G_COLUMN_OPERAND,
    G_FIRST,
    G_ROW_FORM,
    G_ROW_OPERAND,
    G_WIDTH,
    GATE_RULE,
    GRID_RATES,
    GRIDS,
    GROWTH,
    H_FORMS,
    INTERPOLATED_RATE,
    L_CARRY,
    L_KIND,
    LIMIT_QUANTITY,
    LIMITS,
    M_FORM,
    M_OPERAND,
    MF_LEAST,
    MF_MOST,
    MULTIPLIERS,
    MULTIPLIERS_F,
    NET_OF,
    O_KIND,
    O_WINDOW,
    OPERANDS,
    PLAIN,
    PROVISION_EXPECTED,
    PROVISION_NONE,
    R_ACCUMULATES,
    R_AWARD,
    R_BASE,
    R_CATCH_UP,
    R_CHOICE,
    R_DRIVER,
    R_FORM,
    R_FORMS,
    R_FROM,
    R_FUND,
    R_GRID,
    R_INSTALMENTS,
    R_LIMIT,
    R_LIMITS,
    R_MULT,
    R_MULTS,
    R_NET,
    R_PER,
    R_PROVISION,
    R_PROVISION_FORM,
    R_PROVISION_REF,
    R_QUANTITY,
    R_REF,
    R_REQUIRE,
    R_REQUIRES,
    R_SAME,
    R_SIMPLE,
    R_SLOT,
    R_STARTED,
    R_TO,
    R_TRUE_UP,
    R_WINDOW,
    RF_MULTIPLE,
    RF_RATE_PARTS,
    RULES,
    RULES_F,
    S_ACCOUNT,
    S_ENTITLED,
    S_FUND,
    S_LIMIT_CARRY,
    S_LIMIT_USED,
    S_POSTED,
    S_RATE,
    S_WINDOW,
    STEPS,
    SUM,
    WHOLE,
    X_BASE,
    X_CARRIED,
    X_DRIVER,
    X_EARNED,
    X_FORM,
    X_GATE,
    X_HERE,
    X_PAID,
    X_PROVISIONAL,
    X_RATE,
    X_START,
    X_STEP,
    X_TO_DATE,
    Z_AT_LINE,
    Z_MODE,
    Z_MONTHS,
    Z_RATE_MODE,
    Z_SHIFT,
    Z_TIERS,
    ZF_RATE_TO,
    ZF_UNIT,
)
from incentive_lab.engine.tables import curve, factor_at, line_value, pay_lanes, step_reached

BASE, DRIVER, BEFORE, PAID, LUMPS, TARGET, VALUE, FACTOR, PART, OTHER, SPARE = range(11)
"""Rows of the scratch lanes."""
SCRATCH = SPARE + 4


@jit
def span(P, r, m):  # type: ignore[no-untyped-def]
    """(active, clip, first month, posting month) of rule r's period at month m."""
    shift, months = P.ints[Z_SHIFT], P.ints[Z_MONTHS]
    per = max(1, cell(P, RULES, r, R_PER))
    start = period_start(m, per, shift)
    last = start + per - 1
    clip = 0
    if cell(P, RULES, r, R_FROM) >= 0:
        since = (year_month(m, shift) - cell(P, RULES, r, R_FROM)) % 12
        runs = cell(P, RULES, r, R_TO)
        if since > runs:
            return False, 0, 0, 0
        clip = max(0, m - since)
        start = max(start, clip)
        last = min(last, m - since + runs)
    return True, clip, max(0, start), min(last, months - 1)


@jit
def earlier_lanes(P, S, r, kind, start, end, out, lanes):  # type: ignore[no-untyped-def]
    """Fill `out` with what the rules that r is net of (kind 0) or pays on (kind 1) posted in [start, end)."""
    for lane in range(lanes):
        out[lane] = 0.0
    for other in range(r):
        if cell(P, NET_OF + kind, r, other) == 1:
            upto, since = (
                S.lanes[P.ints[S_POSTED] + other * (P.ints[Z_MONTHS] + 1) + end],
                S.lanes[P.ints[S_POSTED] + other * (P.ints[Z_MONTHS] + 1) + start],
            )
            for lane in range(lanes):
                out[lane] += upto[lane] - since[lane]


@jit
def base_lanes(P, H, S, r, m, start, code, out, lanes):  # type: ignore[no-untyped-def]
    """Fill `out` with the base over [start, m]; NaN where it cannot be assessed."""
    kind, slot = cell(P, RULES, r, R_BASE), cell(P, RULES, r, R_SLOT)
    end = m + 1
    if kind == BASE_MEASURE:
        upto, since = H.sums[end, slot], H.sums[start, slot]
        for lane in range(lanes):
            out[lane] = upto[lane] - since[lane]
    elif kind == BASE_EXCESS:
        reference_lanes(P, H, cell(P, RULES, r, R_REF), m, start, end, code, slot, out, lanes)
        upto, since = H.sums[end, slot], H.sums[start, slot]
        for lane in range(lanes):
            against = out[lane]
            out[lane] = max(0.0, upto[lane] - since[lane] - against) if against == against else math.nan
    elif kind == BASE_AWARD:
        prizes = H.given[1 + cell(P, RULES, r, R_AWARD), m]
        for lane in range(lanes):
            out[lane] = prizes[lane]
    else:
        earlier_lanes(P, S, r, 1, start, end, out, lanes)


@jit
def count_base(P, S, r, start, m, base, ok, part, lanes):  # type: ignore[no-untyped-def]
    """Packages, limits on quantity and earlier payouts, applied to the base in place."""
    of = number(P, RULES_F, r, RF_MULTIPLE)
    if of > 0:
        started = cell(P, RULES, r, R_STARTED) == 1
        for lane in range(lanes):
            whole = base[lane] / of
            base[lane] = (np.ceil(whole) if started else np.floor(whole)) * of
    if cell(P, RULES, r, R_QUANTITY) == 1:
        first = cell(P, RULES, r, R_LIMIT)
        for row in range(first, first + cell(P, RULES, r, R_LIMITS)):
            if cell(P, LIMITS, row, L_KIND) != LIMIT_QUANTITY:
                continue
            most = most_counted(P, row, m)
            for lane in range(lanes):
                if ok[lane] == 0 or base[lane] != base[lane]:
                    continue
                claim = base[lane] + S.lanes[P.ints[S_LIMIT_CARRY] + row, lane]
                counted = min(claim, max(0.0, most - S.lanes[P.ints[S_LIMIT_USED] + row, lane]))
                S.lanes[P.ints[S_LIMIT_CARRY] + row, lane] = (
                    claim - counted if cell(P, LIMITS, row, L_CARRY) == 1 else 0.0
                )
                S.lanes[P.ints[S_LIMIT_USED] + row, lane] += counted
                base[lane] = counted
    if cell(P, RULES, r, R_NET) == 1:
        earlier_lanes(P, S, r, 0, start, m + 1, part, lanes)
        for lane in range(lanes):
            if base[lane] > 0:
                base[lane] = max(0.0, base[lane] - part[lane])


@jit
def driver_lanes(P, H, r, m, clip, start, base, x, before, lanes):  # type: ignore[no-untyped-def]
    """Fill the driver and what it was before this period; returns whether there is such a `before`."""
    o = cell(P, RULES, r, R_DRIVER)
    running = cell(P, RULES, r, R_ACCUMULATES) == 1 and cell(P, RULES, r, R_TRUE_UP) == 0
    if o < 0:
        for lane in range(lanes):
            x[lane] = base[lane]
        return False
    operand(P, H, o, m, clip, x, lanes, -1)
    kind = cell(P, OPERANDS, o, O_KIND)
    if running and cell(P, OPERANDS, o, O_WINDOW) >= 0 and kind in (SUM, ATTAINMENT, GROWTH, EXCESS):
        operand(P, H, o, m, clip, before, lanes, start)
        for lane in range(lanes):
            before[lane] = 0.0 if math.isnan(before[lane]) else before[lane]
        return True
    return False


@jit
def targets_of(P, H, form, m, start, code, out, lanes):  # type: ignore[no-untyped-def]
    """Fill the targets that a form's borders are shares of."""
    ref = cell(P, FORMS, form, F_TARGET)
    if ref >= 0:
        reference_lanes(P, H, ref, m, start, m + 1, code, 0, out, lanes)


@jit
def pay_forms(P, H, r, m, start, code, tiers, W, has_before, lanes):  # type: ignore[no-untyped-def]
    """Fill PAID and LUMPS with what the rule's rate pays, whichever form each lane has."""
    choice = cell(P, RULES, r, R_CHOICE)
    same = cell(P, RULES, r, R_SAME) == 1
    if choice == CHOICE_NONE:
        form = cell(P, RULES, r, R_FORM)
        targets_of(P, H, form, m, start, code, W[TARGET], lanes)
        pay_lanes(
            P, form, W[BASE], W[DRIVER], W[BEFORE], has_before, same, W[TARGET], W[PAID],
            W[LUMPS], W[SPARE:], lanes,
        )  # fmt: skip
        return
    first = cell(P, RULES, r, R_FORM)
    end = first + cell(P, RULES, r, R_FORMS)
    plain = True
    rates = np.zeros(end - first + 1)
    for form in range(first, end):
        if cell(P, FORMS, form, F_MODE) == PLAIN:
            rates[1 + form - first] = number(P, STEPS, cell(P, FORMS, form, F_FIRST), S_RATE)
        else:
            plain = False
    mine = np.empty(lanes, dtype=np.int64)
    if choice == CHOICE_TIER:
        by_tier = np.empty(max(1, P.ints[Z_TIERS]), dtype=np.int64)
        for tier in range(by_tier.shape[0]):
            by_tier[tier] = cell(P, CHOICE, r, tier)
        held = tiers[m]
        for lane in range(lanes):
            mine[lane] = by_tier[held[lane]]
    else:
        chosen = H.whole[P.ints[H_FORMS] + r]
        for lane in range(lanes):
            mine[lane] = chosen[lane]
    if plain:
        paid, lumps, base = W[PAID], W[LUMPS], W[BASE]
        for lane in range(lanes):
            paid[lane] = half_away(base[lane] * rates[max(0, 1 + mine[lane] - first)])
            lumps[lane] = 0.0
        return
    for lane in range(lanes):
        W[PAID, lane] = 0.0
        W[LUMPS, lane] = 0.0
    for form in range(first, end):
        used = False
        for lane in range(lanes):
            if mine[lane] == form:
                used = True
                break
        if not used:
            continue
        targets_of(P, H, form, m, start, code, W[TARGET], lanes)
        pay_lanes(
            P, form, W[BASE], W[DRIVER], W[BEFORE], has_before, same, W[TARGET], W[PART],
            W[VALUE], W[SPARE:], lanes,
        )  # fmt: skip
        for lane in range(lanes):
            if mine[lane] == form:
                W[PAID, lane] = W[PART, lane]
                W[LUMPS, lane] = W[VALUE, lane]


@jit
def pay_grid(P, H, r, m, clip, W, lanes):  # type: ignore[no-untyped-def]
    """Fill PAID with the rate of the cell that two drivers choose, times the base."""
    grid = cell(P, RULES, r, R_GRID)
    operand(P, H, cell(P, GRIDS, grid, G_ROW_OPERAND), m, clip, W[VALUE], lanes, -1)
    operand(P, H, cell(P, GRIDS, grid, G_COLUMN_OPERAND), m, clip, W[PART], lanes, -1)
    for lane in range(lanes):
        row = step_reached(P, cell(P, GRIDS, grid, G_ROW_FORM), W[VALUE, lane])
        column = step_reached(P, cell(P, GRIDS, grid, G_COLUMN_FORM), W[PART, lane])
        rate = 0.0
        if row >= 0 and column >= 0:
            rate = number(
                P, GRID_RATES, cell(P, GRIDS, grid, G_FIRST) + row * cell(P, GRIDS, grid, G_WIDTH) + column, 0
            )
        W[PAID, lane] = half_away(W[BASE, lane] * rate)
        W[LUMPS, lane] = 0.0


@jit
def rounded_rate(amount, base, parts, unit, mode):  # type: ignore[no-untyped-def]
    """amount / base to a multiple of `unit` millionths; what the grid of amounts took from a rate decides no tie."""
    millionths = amount / base * parts
    tie = half_away(2 * millionths / unit) * unit / 2
    near = abs(tie / parts * base - amount) <= 0.5
    return round_money(tie if near else millionths, unit, mode) / parts


@jit
def round_rates(P, r, W, lanes):  # type: ignore[no-untyped-def]
    """Round the effective rate first where the scheme says so."""
    unit, parts = P.floats[ZF_RATE_TO], number(P, RULES_F, r, RF_RATE_PARTS)
    if unit > 0:
        for lane in range(lanes):
            base = W[BASE, lane]
            if base != 0 and base == base:
                rate = rounded_rate(W[PAID, lane], base, parts, unit, P.ints[Z_RATE_MODE])
                W[PAID, lane] = half_away(rate * base)


@jit
def multiply_lanes(P, H, r, m, clip, start, code, W, lanes):  # type: ignore[no-untyped-def]
    """Multiply PAID by the rule's multipliers."""
    first = cell(P, RULES, r, R_MULT)
    for row in range(first, first + cell(P, RULES, r, R_MULTS)):
        o = cell(P, MULTIPLIERS, row, M_OPERAND)
        operand(P, H, o, m, clip, W[VALUE], lanes, -1)
        form = cell(P, MULTIPLIERS, row, M_FORM)
        if form >= 0:
            targets_of(P, H, form, m, start, cell(P, OPERANDS, o, O_WINDOW), W[TARGET], lanes)
        multiplier_factors(P, row, W[VALUE], W[TARGET], W[PART], lanes)
        for lane in range(lanes):
            W[PAID, lane] = half_away(W[PAID, lane] * W[PART, lane] / MILLION)


@jit
def multiplier_factor(P, row, x, target):  # type: ignore[no-untyped-def]
    """Multiplier `row` at its driver x, in millionths; 0 where that is undefined."""
    form = cell(P, MULTIPLIERS, row, M_FORM)
    if x != x:
        return 0.0
    if form < 0:
        share = half_away(min(x * MILLION, 1e15))
        return min(max(share, number(P, MULTIPLIERS_F, row, MF_LEAST)), number(P, MULTIPLIERS_F, row, MF_MOST))
    return factor_at(P, form, x, target)


@jit
def multiplier_factors(P, row, value, target, out, lanes):  # type: ignore[no-untyped-def]
    """Fill `out` with multiplier `row` in millionths."""
    for lane in range(lanes):
        out[lane] = multiplier_factor(P, row, value[lane], target[lane])


@jit
def to_line(P, x):  # type: ignore[no-untyped-def]
    """Millionths of a cent brought to the rounding unit if rounding is at line."""
    if P.ints[Z_AT_LINE] == 1:
        return round_money(x, P.floats[ZF_UNIT], P.ints[Z_MODE])
    return x


@jit
def settle_entitlement(P, S, r, m, start, W, ok, lanes):  # type: ignore[no-untyped-def]
    """Turn an entitlement in PAID into this posting's amount: instalments, or to date less posted before."""
    count = cell(P, RULES, r, R_INSTALMENTS)
    shift = P.ints[Z_SHIFT]
    first = start
    if count > 0:
        first = m - year_month(m, shift)
    if S.lanes[P.ints[S_WINDOW] + r, 0] != first:
        S.lanes[P.ints[S_WINDOW] + r, 0] = first
        for lane in range(lanes):
            S.lanes[P.ints[S_ENTITLED] + r, lane] = 0.0
    if count > 0:
        number = year_month(m, shift) // (12 // count) + 1
        for lane in range(lanes):
            if ok[lane] == 0:
                continue
            if cell(P, RULES, r, R_CATCH_UP) == 1:
                amount = max(
                    0.0, to_line(P, half_away(W[PAID, lane] * number / count)) - S.lanes[P.ints[S_ENTITLED] + r, lane]
                )
            else:
                amount = half_away(W[PAID, lane] / count)
            S.lanes[P.ints[S_ENTITLED] + r, lane] += amount
            W[PAID, lane] = amount
        return
    paid, entitled = W[PAID], S.lanes[P.ints[S_ENTITLED] + r]
    lines_round(P, paid, ok, lanes)
    for lane in range(lanes):
        entitlement = paid[lane]
        before = entitled[lane]
        paid[lane] = entitlement - before
        entitled[lane] = entitlement if ok[lane] == 1 else before


@jit
def lines_round(P, x, ok, lanes):  # type: ignore[no-untyped-def]
    """Bring `x` (millionths of a cent) to the rounding unit in place if rounding is at line."""
    if P.ints[Z_AT_LINE] == 1:
        money_lanes(x, ok, P.floats[ZF_UNIT], P.ints[Z_MODE], True, lanes)
        for lane in range(lanes):
            x[lane] *= MILLION


@jit
def provision_rates(P, H, r, m, start, out, lanes):  # type: ignore[no-untyped-def]
    """Fill `out` with the rate (millionths) at which a month pays on account; NaN where it cannot be told."""
    form = cell(P, RULES, r, R_PROVISION_FORM)
    if cell(P, RULES, r, R_PROVISION) != PROVISION_EXPECTED:
        for lane in range(lanes):
            out[lane] = number(P, STEPS, form, S_RATE)
        return
    per = cell(P, RULES, r, R_PER)
    end = period_start(m, per, P.ints[Z_SHIFT]) + per
    reference_lanes(P, H, cell(P, RULES, r, R_PROVISION_REF), m, start, end, per, cell(P, RULES, r, R_SLOT), out, lanes)

    mode = cell(P, FORMS, form, F_MODE)
    for lane in range(lanes):
        expected = out[lane]
        if expected != expected:
            continue
        if mode == PLAIN:
            out[lane] = number(P, STEPS, cell(P, FORMS, form, F_FIRST), S_RATE)
        elif mode == INTERPOLATED_RATE:
            out[lane] = line_value(P, form, expected, S_RATE, math.nan, number(P, FORM_ENDS, form, E_PARTS))
            out[lane] /= number(P, FORM_ENDS, form, E_PARTS)
        else:
            amount, rate, _ = curve(P, form, expected, math.nan)
            if mode != WHOLE:
                parts = number(P, FORM_ENDS, form, E_PARTS)
                rate = half_away(amount / expected * parts) / parts if expected > 0 else 0.0
            out[lane] = rate


@jit
def finish(P, H, S, r, m, clip, amount, ok, W, lanes, trace):  # type: ignore[no-untyped-def]
    """Gates, rounding, limits and the fund: millionths of a cent in `amount` become posted cents."""
    unit, mode, at_line = P.floats[ZF_UNIT], P.ints[Z_MODE], P.ints[Z_AT_LINE] == 1
    gated = False
    for g in range(rows(P, GATE_RULE)):
        if cell(P, GATE_RULE, g, r) == 1:
            if not gated:
                gated = True
                for lane in range(lanes):
                    W[FACTOR, lane] = MILLION
            gate_factors(P, H, g, m, clip, W[VALUE], W[FACTOR], lanes)
    if gated:
        factor = W[FACTOR]
        for lane in range(lanes):
            amount[lane] = half_away(amount[lane] * factor[lane] / MILLION)
    money_lanes(amount, ok, unit, mode, at_line, lanes)
    if trace.shape[0] > 0:
        for lane in range(lanes):
            trace[m, r, X_GATE, lane] = W[FACTOR, lane] if gated else MILLION
            trace[m, r, X_PAID, lane] = amount[lane]
    first = cell(P, RULES, r, R_LIMIT)
    for row in range(first, first + cell(P, RULES, r, R_LIMITS)):
        if cell(P, LIMITS, row, L_KIND) != LIMIT_QUANTITY:
            limit_lanes(P, H, S, row, m, amount, ok, W[VALUE], lanes)
            if trace.shape[0] > 0:
                for lane in range(lanes):
                    trace[m, r, X_CARRIED, lane] = S.lanes[P.ints[S_LIMIT_CARRY] + row, lane]
    fund = cell(P, RULES, r, R_FUND)
    if fund >= 0:
        for lane in range(lanes):
            claim = min(amount[lane], max(0.0, S.lanes[P.ints[S_FUND] + fund, lane]))
            S.lanes[P.ints[S_FUND] + fund, lane] -= claim
            amount[lane] = claim


@jit
def plain_lanes(P, H, r, start, end, base, paid, lanes):  # type: ignore[no-untyped-def]
    """Base and pay of a plain rate in one pass."""
    rate = number(P, STEPS, cell(P, FORMS, cell(P, RULES, r, R_FORM), F_FIRST), S_RATE)
    slot = cell(P, RULES, r, R_SLOT)
    upto, since = H.sums[end, slot], H.sums[start, slot]
    for lane in range(lanes):
        amount = upto[lane] - since[lane]
        base[lane] = amount
        paid[lane] = half_away(amount * rate)


@jit
def rule_month(P, H, S, r, m, tiers, ok, W, posted, lanes, trace):  # type: ignore[no-untyped-def]
    """Fill `posted` (cents) with what rule r posts in month m; returns whether it posts at all.

    Args:
        P: Program.
        H: Block of history.
        S: Balances.
        r: Rule.
        m: Month.
        tiers: [months, lanes].
        ok: [lanes] 1 where the rule is open to the partner in this month.
        W: Scratch [SCRATCH, lanes].
        posted: [lanes] output.
        lanes: Number of lanes.
        trace: [months, rules, fields, lanes], or empty.
    """
    active, clip, first, last = span(P, r, m)
    if not active or (m != last and cell(P, RULES, r, R_PROVISION) == PROVISION_NONE):
        return False
    per = cell(P, RULES, r, R_PER)
    if m != last:
        base_lanes(P, H, S, r, m, first, per, W[BASE], lanes)
        provision_rates(P, H, r, m, first, W[VALUE], lanes)
        for lane in range(lanes):
            rate = W[VALUE, lane]
            base = W[BASE, lane]
            posted[lane] = 0.0
            if ok[lane] == 1 and rate == rate and base == base:
                to_date = to_line(P, half_away(base * rate))
                posted[lane] = to_date - S.lanes[P.ints[S_ACCOUNT] + r, lane]
                S.lanes[P.ints[S_ACCOUNT] + r, lane] = to_date
            if trace.shape[0] > 0:
                trace[m, r, X_HERE, lane] = 2.0
                trace[m, r, X_BASE, lane] = base
                trace[m, r, X_RATE, lane] = rate
                trace[m, r, X_START, lane] = first
                trace[m, r, X_FORM, lane] = -1
        finish(P, H, S, r, m, clip, posted, ok, W, lanes, trace)
        return True
    if cell(P, RULES, r, R_SIMPLE) == 1 and trace.shape[0] == 0:
        plain_lanes(P, H, r, first, m + 1, W[BASE], posted, lanes)
        finish(P, H, S, r, m, clip, posted, ok, W, lanes, trace)
        return True
    code, start = per, first
    accumulates = cell(P, RULES, r, R_ACCUMULATES) == 1
    if accumulates:
        code = cell(P, RULES, r, R_WINDOW)
    if accumulates and cell(P, RULES, r, R_TRUE_UP) == 1:
        start = max(clip, window(code, m, P.ints[Z_SHIFT])[0])
    true_up = accumulates and cell(P, RULES, r, R_TRUE_UP) == 1
    base_lanes(P, H, S, r, m, start, code if true_up else per, W[BASE], lanes)
    count_base(P, S, r, start, m, W[BASE], ok, W[PART], lanes)
    if cell(P, RULES, r, R_BASE) == BASE_AWARD:
        for lane in range(lanes):
            W[PAID, lane] = W[BASE, lane] * MILLION
            W[LUMPS, lane] = 0.0
    elif cell(P, RULES, r, R_GRID) >= 0:
        pay_grid(P, H, r, m, clip, W, lanes)
    else:
        has_before = driver_lanes(P, H, r, m, clip, first, W[BASE], W[DRIVER], W[BEFORE], lanes)
        window_first = max(clip, window(code, m, P.ints[Z_SHIFT])[0])
        pay_forms(P, H, r, m, window_first, code, tiers, W, has_before, lanes)
    round_rates(P, r, W, lanes)
    paid, lumps, base = W[PAID], W[LUMPS], W[BASE]
    for lane in range(lanes):
        paid[lane] = paid[lane] + lumps[lane] if base[lane] == base[lane] else 0.0
    multiply_lanes(P, H, r, m, clip, start, code, W, lanes)
    if cell(P, RULES, r, R_REQUIRES) > 0:
        unmet(P, H, cell(P, RULES, r, R_REQUIRE), cell(P, RULES, r, R_REQUIRES), m, clip, W[VALUE], W[PAID], lanes)
    if trace.shape[0] > 0:
        for lane in range(lanes):
            form = cell(P, RULES, r, R_FORM)
            if cell(P, RULES, r, R_CHOICE) == CHOICE_TIER:
                form = cell(P, CHOICE, r, tiers[m, lane])
            elif cell(P, RULES, r, R_CHOICE) != CHOICE_NONE:
                form = H.whole[P.ints[H_FORMS] + r, lane]
            trace[m, r, X_HERE, lane] = 1.0
            trace[m, r, X_BASE, lane] = W[BASE, lane]
            trace[m, r, X_DRIVER, lane] = W[DRIVER, lane] if cell(P, RULES, r, R_GRID) < 0 else math.nan
            trace[m, r, X_EARNED, lane] = W[PAID, lane]
            trace[m, r, X_FORM, lane] = form
            trace[m, r, X_START, lane] = start
            if form >= 0 and cell(P, RULES, r, R_GRID) < 0:
                trace[m, r, X_STEP, lane] = step_reached(P, form, W[DRIVER, lane])
            trace[m, r, X_PROVISIONAL, lane] = 1.0 if last == P.ints[Z_MONTHS] - 1 and unfinished(P, r, m) else 0.0
    if true_up or cell(P, RULES, r, R_INSTALMENTS) > 0:
        settle_entitlement(P, S, r, m, start, W, ok, lanes)
    for lane in range(lanes):
        posted[lane] = paid[lane]
    if cell(P, RULES, r, R_PROVISION) != PROVISION_NONE:
        for lane in range(lanes):
            if ok[lane] == 1:
                posted[lane] = to_line(P, posted[lane]) - S.lanes[P.ints[S_ACCOUNT] + r, lane]
                S.lanes[P.ints[S_ACCOUNT] + r, lane] = 0.0
    if trace.shape[0] > 0:
        for lane in range(lanes):
            trace[m, r, X_TO_DATE, lane] = S.lanes[P.ints[S_ENTITLED] + r, lane]
    finish(P, H, S, r, m, clip, posted, ok, W, lanes, trace)
    return True


@jit
def unfinished(P, r, m):  # type: ignore[no-untyped-def]
    """Whether the rule's period (or its accumulation year) goes on after the history ends."""
    per = max(1, cell(P, RULES, r, R_PER))
    return period_start(m, per, P.ints[Z_SHIFT]) + per - 1 > m
