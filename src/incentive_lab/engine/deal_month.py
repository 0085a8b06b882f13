"""A rule per deal or deal line in one month: deals in order of date, deal id, line (source: docs/payouts.md)."""

from __future__ import annotations

import math

import numpy as np

from incentive_lab.engine.deal_factors import deal_factors, look, operands_of, seen_by
from incentive_lab.engine.limits import ceiling_lanes, most_counted, take
from incentive_lab.engine.numeric import MILLION, cell, half_away, jit, number, to_cents, window
from incentive_lab.engine.operands import compared, reference_lanes
from incentive_lab.engine.program import (
    BASE_EXCESS,
    CHOICE,
    CHOICE_NONE,
    CHOICE_TIER,
    E_PARTS,
    F_MODE,
    F_NOTHING,
    F_TARGET,
    FORM_ENDS,
    FORMS,
    G_COLUMN_FORM,
    G_COLUMN_OPERAND,
    G_FIRST,
    G_ROW_FORM,
    G_ROW_OPERAND,
    G_WIDTH,
    GRID_RATES,
    GRIDS,
    H_FORMS,
    INTERPOLATED_RATE,
    L_CARRY,
    L_DEAL,
    L_FUND,
    L_KIND,
    LIMIT_QUANTITY,
    LIMITS,
    LIMITS_F,
    MARGINAL,
    NET_OF,
    NEW_ZERO,
    O_KIND,
    O_REF,
    O_SLOT,
    OPERANDS,
    PLAIN,
    Q_NEW,
    R_BASE,
    R_BEFORE,
    R_CHOICE,
    R_DEAL,
    R_DEAL_DRIVER,
    R_DRIVER,
    R_FORM,
    R_GRAIN,
    R_GRID,
    R_LIMIT,
    R_LIMITS,
    R_NET,
    R_REF,
    R_RETURNS,
    R_RUN_SLOT,
    R_SAME,
    R_SLOT,
    R_STARTED,
    R_WINDOW,
    REFERENCES,
    RF_MULTIPLE,
    RF_RATE_PARTS,
    RULES,
    RULES_F,
    S_FUND,
    S_LIMIT_CARRY,
    S_LIMIT_USED,
    S_RATE,
    SUM,
    TO_END,
    Z_AT_LINE,
    Z_MODE,
    Z_RATE_MODE,
    Z_SHIFT,
    ZF_RATE_TO,
    ZF_UNIT,
)
from incentive_lab.engine.rule_month import SPARE, TARGET, rounded_rate, span
from incentive_lab.engine.tables import curve, is_beyond, line_value, pay_one, step_reached


@jit
def deal_limits(P, S, r, lane, amount, ceilings):  # type: ignore[no-untyped-def]
    """Pass one deal's amount (cents) through the rule's limits on amount: those per deal first."""
    first, count = cell(P, RULES, r, R_LIMIT), cell(P, RULES, r, R_LIMITS)
    for longer in range(2):
        for row in range(first, first + count):
            if cell(P, LIMITS, row, L_KIND) == LIMIT_QUANTITY or cell(P, LIMITS, row, L_DEAL) == longer:
                continue
            used, carry = P.ints[S_LIMIT_USED] + row, P.ints[S_LIMIT_CARRY] + row
            keep, fund = cell(P, LIMITS, row, L_CARRY) == 1, cell(P, LIMITS, row, L_FUND)
            most = ceilings[row - first, lane]
            amount, carried, cut = take(amount, S.lanes[carry, lane], S.lanes[used, lane], most, keep)
            S.lanes[carry, lane] = carried
            S.lanes[used, lane] += amount
            if fund >= 0:
                S.lanes[P.ints[S_FUND] + fund, lane] += cut
    return amount


@jit
def deal_quantity(P, S, r, m, lane, base):  # type: ignore[no-untyped-def]
    """Packages and limits on quantity for one deal's base."""
    of = number(P, RULES_F, r, RF_MULTIPLE)
    if of > 0:
        whole = base / of
        base = (np.ceil(whole) if cell(P, RULES, r, R_STARTED) == 1 else np.floor(whole)) * of
    first = cell(P, RULES, r, R_LIMIT)
    for row in range(first, first + cell(P, RULES, r, R_LIMITS)):
        if cell(P, LIMITS, row, L_KIND) != LIMIT_QUANTITY:
            continue
        used, carry = P.ints[S_LIMIT_USED] + row, P.ints[S_LIMIT_CARRY] + row
        claim = base + S.lanes[carry, lane]
        base = min(claim, max(0.0, most_counted(P, row, m) - S.lanes[used, lane]))
        S.lanes[carry, lane] = claim - base if cell(P, LIMITS, row, L_CARRY) == 1 else 0.0
        S.lanes[used, lane] += base
    return base


@jit
def start_deal(P, S, r, lane):  # type: ignore[no-untyped-def]
    """Nothing is used of the limits per deal when a deal begins."""
    first = cell(P, RULES, r, R_LIMIT)
    for row in range(first, first + cell(P, RULES, r, R_LIMITS)):
        if cell(P, LIMITS, row, L_DEAL) == 1:
            S.lanes[P.ints[S_LIMIT_USED] + row, lane] = 0.0


@jit
def one_rate(P, form, base, x, target):  # type: ignore[no-untyped-def]
    """What a form that pays one rate gives on the base at driver x."""
    if cell(P, FORMS, form, F_NOTHING) == 1 and is_beyond(P, form, x, target):
        return 0.0
    if cell(P, FORMS, form, F_MODE) == INTERPOLATED_RATE:
        parts = number(P, FORM_ENDS, form, E_PARTS)
        return half_away(base * line_value(P, form, x, S_RATE, target, parts) / parts)
    return half_away(base * curve(P, form, x, target)[1])


@jit
def deal_month(P, H, S, r, m, tiers, ok, W, posted, lanes, months):  # type: ignore[no-untyped-def]
    """Fill `posted` (cents) with what rule r pays on the deals of month m; returns whether it is active."""
    active, clip, _, _ = span(P, r, m)
    if not active:
        return False
    unit, mode, at_line = P.floats[ZF_UNIT], P.ints[Z_MODE], P.ints[Z_AT_LINE] == 1
    grain, slot, o = cell(P, RULES, r, R_GRAIN), cell(P, RULES, r, R_DEAL), cell(P, RULES, r, R_DRIVER)
    same, before_counts = cell(P, RULES, r, R_SAME) == 1, cell(P, RULES, r, R_BEFORE) == 1
    parts = number(P, RULES_F, r, RF_RATE_PARTS)
    rate_unit = P.floats[ZF_RATE_TO]
    driver_slot, run_slot = cell(P, RULES, r, R_DEAL_DRIVER), cell(P, RULES, r, R_RUN_SLOT)
    running = run_slot >= 0
    code = cell(P, RULES, r, R_WINDOW)
    start = max(clip, window(code, m, P.ints[Z_SHIFT])[0]) if running else m
    kind, endless = SUM, False
    driver = W[SPARE]
    if o >= 0 and running:
        kind, ref = cell(P, OPERANDS, o, O_KIND), cell(P, OPERANDS, o, O_REF)
        endless = cell(P, REFERENCES, ref, Q_NEW) == NEW_ZERO
        reference_lanes(P, H, ref, m, start, m + 1, code, cell(P, OPERANDS, o, O_SLOT), driver, lanes)
    elif o >= 0:
        look(P, H, o, m, clip, driver, lanes)
    excess, above = cell(P, RULES, r, R_BASE) == BASE_EXCESS, W[SPARE + 1]
    if excess:
        reference_lanes(P, H, cell(P, RULES, r, R_REF), m, m, m + 1, 1, cell(P, RULES, r, R_SLOT), above, lanes)
    grid = cell(P, RULES, r, R_GRID)
    if grid >= 0:
        look(P, H, cell(P, GRIDS, grid, G_ROW_OPERAND), m, clip, W[SPARE + 2], lanes)
        look(P, H, cell(P, GRIDS, grid, G_COLUMN_OPERAND), m, clip, W[SPARE + 3], lanes)
    asked = operands_of(P, r)
    looked = np.empty((len(asked), lanes))
    for place in range(len(asked)):
        look(P, H, asked[place], m, clip, looked[place], lanes)
    ceilings = np.empty((cell(P, RULES, r, R_LIMITS), lanes))
    for place in range(cell(P, RULES, r, R_LIMITS)):
        row = cell(P, RULES, r, R_LIMIT) + place
        if cell(P, LIMITS, row, L_KIND) != LIMIT_QUANTITY:
            ceiling_lanes(P, H, LIMITS, LIMITS_F, row, m, ceilings[place], lanes)
    aimed = -1
    for lane in range(lanes):
        posted[lane] = 0.0
        at = lane * (months + 1) + m
        first, end = H.first[grain, at], H.first[grain, at + 1]
        if ok[lane] == 0 or first == end:
            continue
        form = cell(P, RULES, r, R_FORM)
        if cell(P, RULES, r, R_CHOICE) == CHOICE_TIER:
            form = cell(P, CHOICE, r, tiers[m, lane])
        elif cell(P, RULES, r, R_CHOICE) != CHOICE_NONE:
            form = H.whole[P.ints[H_FORMS] + r, lane]
        total = 0.0
        count = H.sums[m, run_slot, lane] - H.sums[start, run_slot, lane] if running else 0.0
        target = math.nan
        if form >= 0 and cell(P, FORMS, form, F_TARGET) >= 0:
            if form != aimed:
                reference_lanes(P, H, cell(P, FORMS, form, F_TARGET), m, start, m + 1, code, 0, W[TARGET], lanes)
                aimed = form
            target = W[TARGET, lane]
        for deal in range(first, end):
            raw = H.deal_values[slot, deal]
            step = H.deal_values[driver_slot, deal] if driver_slot >= 0 else 0.0
            count_before = count
            count += step
            if raw == 0.0:
                continue
            if grain == 0 or deal == first or H.deal_values[-1, deal] != H.deal_values[-1, deal - 1]:
                start_deal(P, S, r, lane)
            base = max(0.0, raw - above[lane]) if excess else raw
            base = deal_quantity(P, S, r, m, lane, base)
            if cell(P, RULES, r, R_NET) == 1 and base > 0:
                for other in range(r):
                    if cell(P, NET_OF, r, other) == 1:
                        base -= S.deals[1, other, deal]
                base = max(0.0, base)
            x, before = base, 0.0
            if running:
                x, before = count, count_before
                if kind != SUM:
                    x = compared(kind, x, driver[lane], endless)
                    before = compared(kind, before, driver[lane], endless)
                    before = before if before == before else 0.0
            elif o >= 0:
                x = seen_by(P, H, o, deal, driver[lane])
            elif driver_slot >= 0:
                x = step
            paid, lumps = 0.0, 0.0
            if grid >= 0:
                row_value = seen_by(P, H, cell(P, GRIDS, grid, G_ROW_OPERAND), deal, W[SPARE + 2, lane])
                column_value = seen_by(P, H, cell(P, GRIDS, grid, G_COLUMN_OPERAND), deal, W[SPARE + 3, lane])
                row = step_reached(P, cell(P, GRIDS, grid, G_ROW_FORM), row_value)
                column = step_reached(P, cell(P, GRIDS, grid, G_COLUMN_FORM), column_value)
                if row >= 0 and column >= 0:
                    place = cell(P, GRIDS, grid, G_FIRST) + row * cell(P, GRIDS, grid, G_WIDTH) + column
                    paid = half_away(base * number(P, GRID_RATES, place, 0))
            elif form >= 0 and (x == x or cell(P, FORMS, form, F_MODE) == PLAIN):
                paid, lumps = pay_one(P, form, base, x, before, running, same, target)
                table = cell(P, FORMS, form, F_MODE)
                beyond = cell(P, FORMS, form, F_NOTHING) == 1 and is_beyond(P, form, x, target)
                if running and before_counts and table not in (MARGINAL, TO_END, PLAIN) and not beyond:
                    paid = one_rate(P, form, base, before, target)
            if rate_unit > 0 and base != 0:
                paid = half_away(base * rounded_rate(paid, base, parts, rate_unit, P.ints[Z_RATE_MODE]))
            amount = deal_factors(P, H, r, lane, deal, looked, paid + lumps)
            cents = deal_limits(P, S, r, lane, to_cents(amount, unit, mode, at_line), ceilings)
            S.deals[1, r, deal] = cents
            if cell(P, RULES, r, R_RETURNS) > 0:
                S.deals[0, r, deal] = half_away(cents * MILLION * parts / raw) / parts
            total += cents
        posted[lane] = total
    return True
