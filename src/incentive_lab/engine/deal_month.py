"""A rule per deal or deal line in one month: deals in order of date, deal id, line (source: docs/payouts.md)."""

from __future__ import annotations

import math

import numpy as np

from incentive_lab.engine.limits import ceiling_lanes, most_counted, take
from incentive_lab.engine.numeric import MILLION, cell, half_away, jit, number, round_money, rows, to_cents, window
from incentive_lab.engine.operands import gate_factors, operand, reference_lanes, unmet
from incentive_lab.engine.program import (
    CHOICE,
    CHOICE_NONE,
    CHOICE_TIER,
    F_GRAIN,
    F_MODE,
    F_TARGET,
    FORMS,
    GATE_RULE,
    H_FORMS,
    L_CARRY,
    L_DEAL,
    L_FUND,
    L_KIND,
    LIMIT_QUANTITY,
    LIMITS,
    LIMITS_F,
    M_OPERAND,
    MARGINAL,
    MULTIPLIERS,
    NET_OF,
    R_BEFORE,
    R_CHOICE,
    R_DEAL,
    R_DEAL_DRIVER,
    R_DRIVER,
    R_FORM,
    R_GRAIN,
    R_LIMIT,
    R_LIMITS,
    R_MULT,
    R_MULTS,
    R_NET,
    R_REQUIRE,
    R_REQUIRES,
    R_RETURNS,
    R_RUN_SLOT,
    R_SAME,
    R_STARTED,
    R_WINDOW,
    RF_MULTIPLE,
    RULES,
    RULES_F,
    S_FUND,
    S_LIMIT_CARRY,
    S_LIMIT_USED,
    TO_END,
    Z_AT_LINE,
    Z_MODE,
    Z_RATE_MODE,
    Z_SHIFT,
    ZF_RATE_TO,
    ZF_UNIT,
)
from incentive_lab.engine.rule_month import DRIVER, FACTOR, OTHER, TARGET, VALUE, multiplier_factors, span
from incentive_lab.engine.tables import pay_one


@jit
def deal_limits(P, S, r, lane, amount, ceilings):  # type: ignore[no-untyped-def]
    """Pass one deal's amount (cents) through the rule's limits on amount."""
    first = cell(P, RULES, r, R_LIMIT)
    for row in range(first, first + cell(P, RULES, r, R_LIMITS)):
        if cell(P, LIMITS, row, L_KIND) == LIMIT_QUANTITY:
            continue
        fund = cell(P, LIMITS, row, L_FUND)
        if cell(P, LIMITS, row, L_DEAL) == 1:
            amount, _, cut = take(amount, 0.0, 0.0, number(P, LIMITS_F, row, 0), False)
        else:
            most = ceilings[row - first, lane]
            keep = cell(P, LIMITS, row, L_CARRY) == 1
            amount, carried, cut = take(
                amount,
                S.lanes[P.ints[S_LIMIT_CARRY] + row, lane],
                S.lanes[P.ints[S_LIMIT_USED] + row, lane],
                most,
                keep,
            )
            S.lanes[P.ints[S_LIMIT_CARRY] + row, lane] = carried
            S.lanes[P.ints[S_LIMIT_USED] + row, lane] += amount
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
        if cell(P, LIMITS, row, L_DEAL) == 1:
            base = min(base, number(P, LIMITS_F, row, 0))
            continue
        claim = base + S.lanes[P.ints[S_LIMIT_CARRY] + row, lane]
        base = min(claim, max(0.0, most_counted(P, row, m) - S.lanes[P.ints[S_LIMIT_USED] + row, lane]))
        S.lanes[P.ints[S_LIMIT_CARRY] + row, lane] = claim - base if cell(P, LIMITS, row, L_CARRY) == 1 else 0.0
        S.lanes[P.ints[S_LIMIT_USED] + row, lane] += base
    return base


@jit
def month_factors(P, H, r, m, clip, W, lanes):  # type: ignore[no-untyped-def]
    """Fill PART with the product of multipliers and OTHER with requirements (1 or 0), FACTOR with gates."""
    for lane in range(lanes):
        W[OTHER, lane] = 1.0
        W[FACTOR, lane] = MILLION
    if cell(P, RULES, r, R_REQUIRES) > 0:
        unmet(P, H, cell(P, RULES, r, R_REQUIRE), cell(P, RULES, r, R_REQUIRES), m, clip, W[VALUE], W[OTHER], lanes)
    for g in range(rows(P, GATE_RULE)):
        if cell(P, GATE_RULE, g, r) == 1:
            gate_factors(P, H, g, m, W[VALUE], W[FACTOR], lanes)


@jit
def multiplier_lanes(P, H, r, m, clip, W, lanes):  # type: ignore[no-untyped-def]
    """The rule's multipliers at month m, millionths [multipliers, lanes]."""
    first, count = cell(P, RULES, r, R_MULT), cell(P, RULES, r, R_MULTS)
    factors = np.empty((count, lanes))
    for place in range(count):
        row = first + place
        operand(P, H, cell(P, MULTIPLIERS, row, M_OPERAND), m, clip, W[VALUE], lanes, -1)
        multiplier_factors(P, row, W[VALUE], W[TARGET], factors[place], lanes)
    return factors


@jit
def deal_month(P, H, S, r, m, tiers, ok, W, posted, lanes, months):  # type: ignore[no-untyped-def]
    """Fill `posted` (cents) with what rule r pays on the deals of month m; returns whether it is active."""
    active, clip, _, _ = span(P, r, m)
    if not active:
        return False
    unit, mode, at_line = P.floats[ZF_UNIT], P.ints[Z_MODE], P.ints[Z_AT_LINE] == 1
    grain, slot, o = cell(P, RULES, r, R_GRAIN), cell(P, RULES, r, R_DEAL), cell(P, RULES, r, R_DRIVER)
    same = cell(P, RULES, r, R_SAME) == 1
    before_counts = cell(P, RULES, r, R_BEFORE) == 1
    month_factors(P, H, r, m, clip, W, lanes)
    driver_slot, run_slot = cell(P, RULES, r, R_DEAL_DRIVER), cell(P, RULES, r, R_RUN_SLOT)
    month_level, running = o >= 0, run_slot >= 0
    if month_level:
        operand(P, H, o, m, clip, W[DRIVER], lanes, -1)
    code = cell(P, RULES, r, R_WINDOW)
    start = max(clip, window(code, m, P.ints[Z_SHIFT])[0]) if running else m
    ceilings = np.empty((cell(P, RULES, r, R_LIMITS), lanes))
    for place in range(cell(P, RULES, r, R_LIMITS)):
        row = cell(P, RULES, r, R_LIMIT) + place
        if cell(P, LIMITS, row, L_KIND) != LIMIT_QUANTITY:
            ceiling_lanes(P, H, LIMITS, LIMITS_F, row, m, ceilings[place], lanes)
    factors = multiplier_lanes(P, H, r, m, clip, W, lanes)

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
        seen = H.sums[m, run_slot, lane] - H.sums[start, run_slot, lane] if running else 0.0
        target = math.nan
        if form >= 0 and cell(P, FORMS, form, F_TARGET) >= 0:
            reference_lanes(P, H, cell(P, FORMS, form, F_TARGET), m, m, m + 1, code, 0, W[TARGET], lanes)
            target = W[TARGET, lane]
        for deal in range(first, end):
            raw = H.deal_values[slot, deal]
            step = H.deal_values[driver_slot, deal] if driver_slot >= 0 else 0.0
            before = seen
            seen += step
            if raw == 0.0:
                continue
            base = deal_quantity(P, S, r, m, lane, raw)
            if cell(P, RULES, r, R_NET) == 1:
                for other in range(r):
                    if cell(P, NET_OF, r, other) == 1:
                        base = max(0.0, base - S.deals[1, other, deal])
            x = base
            if month_level:
                x = W[DRIVER, lane]
            elif running:
                x = seen
            elif driver_slot >= 0:
                x = step
            paid, lumps = 0.0, 0.0
            if form >= 0:
                paid, lumps = pay_one(P, form, base, x, before, running, same, target)
                if running and before_counts and cell(P, FORMS, form, F_MODE) not in (MARGINAL, TO_END):
                    paid, _ = pay_one(P, form, base, before, 0.0, False, False, target)
            if P.floats[ZF_RATE_TO] > 0 and base != 0:
                grain = cell(P, FORMS, cell(P, RULES, r, R_FORM), F_GRAIN)
                rate = round_money(half_away(paid / base * grain), P.floats[ZF_RATE_TO], P.ints[Z_RATE_MODE]) / grain
                paid = half_away(base * rate)
            amount = paid + lumps
            for place in range(factors.shape[0]):
                amount = half_away(amount * factors[place, lane] / MILLION)
            amount = half_away(amount * W[FACTOR, lane] / MILLION) * W[OTHER, lane]
            cents = deal_limits(P, S, r, lane, to_cents(amount, unit, mode, at_line), ceilings)
            S.deals[1, r, deal] = cents
            if cell(P, RULES, r, R_RETURNS) > 0:
                S.deals[0, r, deal] = half_away(cents * MILLION / raw)
            total += cents
        posted[lane] = total
    return True
