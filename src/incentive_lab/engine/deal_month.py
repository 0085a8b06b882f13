"""A rule per deal or deal line in one month: deals in order of date, deal id, line (source: docs/payouts.md)."""

from __future__ import annotations

import math

import numpy as np

from incentive_lab.engine.limits import ceiling_lanes, take
from incentive_lab.engine.numeric import MILLION, half_away, jit, round_money, to_cents, window
from incentive_lab.engine.operands import gate_factors, operand, reference_lanes, unmet
from incentive_lab.engine.program import (
    CHOICE_NONE,
    CHOICE_TIER,
    F_MODE,
    F_TARGET,
    L_CARRY,
    L_DEAL,
    L_FUND,
    L_KIND,
    LIMIT_QUANTITY,
    MARGINAL,
    M_OPERAND,
    R_BEFORE,
    R_CHOICE,
    R_DRIVER,
    R_FORM,
    R_GRAIN,
    R_LIMIT,
    R_LIMITS,
    R_MULT,
    R_MULTS,
    R_DEAL,
    R_DEAL_DRIVER,
    R_NET,
    R_REQUIRE,
    R_REQUIRES,
    R_RETURNS,
    R_RUN_SLOT,
    R_SAME,
    R_STARTED,
    R_WINDOW,
    RF_MULTIPLE,
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
    first = P.rules[r, R_LIMIT]
    for row in range(first, first + P.rules[r, R_LIMITS]):
        if P.limits[row, L_KIND] == LIMIT_QUANTITY:
            continue
        fund = P.limits[row, L_FUND]
        if P.limits[row, L_DEAL] == 1:
            amount, _, cut = take(amount, 0.0, 0.0, P.limits_f[row], False)
        else:
            most = ceilings[row - first, lane]
            keep = P.limits[row, L_CARRY] == 1
            amount, carried, cut = take(amount, S.limit_carry[row, lane], S.limit_used[row, lane], most, keep)
            S.limit_carry[row, lane] = carried
            S.limit_used[row, lane] += amount
        if fund >= 0:
            S.fund[fund, lane] += cut
    return amount


@jit
def deal_quantity(P, S, r, lane, base):  # type: ignore[no-untyped-def]
    """Packages and limits on quantity for one deal's base."""
    of = P.rules_f[r, RF_MULTIPLE]
    if of > 0:
        whole = base / of
        base = (math.ceil(whole) if P.rules[r, R_STARTED] == 1 else math.floor(whole)) * of
    first = P.rules[r, R_LIMIT]
    for row in range(first, first + P.rules[r, R_LIMITS]):
        if P.limits[row, L_KIND] != LIMIT_QUANTITY:
            continue
        if P.limits[row, L_DEAL] == 1:
            base = min(base, P.limits_f[row])
            continue
        claim = base + S.limit_carry[row, lane]
        base = min(claim, max(0.0, P.limits_f[row] - S.limit_used[row, lane]))
        S.limit_carry[row, lane] = claim - base if P.limits[row, L_CARRY] == 1 else 0.0
        S.limit_used[row, lane] += base
    return base


@jit
def month_factors(P, H, r, m, clip, W, lanes):  # type: ignore[no-untyped-def]
    """Fill PART with the product of multipliers and OTHER with requirements (1 or 0), FACTOR with gates."""
    for lane in range(lanes):
        W[OTHER, lane] = 1.0
        W[FACTOR, lane] = MILLION
    if P.rules[r, R_REQUIRES] > 0:
        unmet(P, H, P.rules[r, R_REQUIRE], P.rules[r, R_REQUIRES], m, clip, W[VALUE], W[OTHER], lanes)
    for g in range(P.gate_rule.shape[0]):
        if P.gate_rule[g, r] == 1:
            gate_factors(P, H, g, m, W[VALUE], W[FACTOR], lanes)


@jit
def multiplier_lanes(P, H, r, m, clip, W, lanes):  # type: ignore[no-untyped-def]
    """The rule's multipliers at month m, millionths [multipliers, lanes]."""
    first, count = P.rules[r, R_MULT], P.rules[r, R_MULTS]
    factors = np.empty((count, lanes))
    for number in range(count):
        row = first + number
        operand(P, H, P.multipliers[row, M_OPERAND], m, clip, W[VALUE], lanes)
        multiplier_factors(P, row, W[VALUE], W[TARGET], factors[number], lanes)
    return factors


@jit
def deal_month(P, H, S, r, m, tiers, ok, W, posted, lanes, months):  # type: ignore[no-untyped-def]
    """Fill `posted` (cents) with what rule r pays on the deals of month m; returns whether it is active."""
    active, clip, _, _ = span(P, r, m)
    if not active:
        return False
    unit, mode, at_line = P.settings_f[ZF_UNIT], P.settings[Z_MODE], P.settings[Z_AT_LINE] == 1
    grain, slot, o = P.rules[r, R_GRAIN], P.rules[r, R_DEAL], P.rules[r, R_DRIVER]
    same = P.rules[r, R_SAME] == 1
    before_counts = P.rules[r, R_BEFORE] == 1
    month_factors(P, H, r, m, clip, W, lanes)
    driver_slot, run_slot = P.rules[r, R_DEAL_DRIVER], P.rules[r, R_RUN_SLOT]
    month_level, running = o >= 0, run_slot >= 0
    if month_level:
        operand(P, H, o, m, clip, W[DRIVER], lanes)
    code = P.rules[r, R_WINDOW]
    start = max(clip, window(code, m, P.settings[Z_SHIFT])[0]) if running else m
    ceilings = np.empty((P.rules[r, R_LIMITS], lanes))
    for number in range(P.rules[r, R_LIMITS]):
        row = P.rules[r, R_LIMIT] + number
        if P.limits[row, L_KIND] != LIMIT_QUANTITY:
            ceiling_lanes(P, H, P.limits, P.limits_f, row, m, ceilings[number], lanes)
    factors = multiplier_lanes(P, H, r, m, clip, W, lanes)
    forms, forms_f, steps = P.forms, P.forms_f, P.steps
    for lane in range(lanes):
        posted[lane] = 0.0
        at = lane * (months + 1) + m
        first, end = H.deal_first[grain, at], H.deal_first[grain, at + 1]
        if ok[lane] == 0 or first == end:
            continue
        form = P.rules[r, R_FORM]
        if P.rules[r, R_CHOICE] == CHOICE_TIER:
            form = P.choice[r, tiers[m, lane]]
        elif P.rules[r, R_CHOICE] != CHOICE_NONE:
            form = H.forms[r, lane]
        total = 0.0
        seen = H.sums[m, run_slot, lane] - H.sums[start, run_slot, lane] if running else 0.0
        target = math.nan
        if form >= 0 and forms[form, F_TARGET] >= 0:
            reference_lanes(P, H, forms[form, F_TARGET], m, m, m + 1, code, 0, W[TARGET], lanes)
            target = W[TARGET, lane]
        for deal in range(first, end):
            raw = H.deal_values[slot, deal]
            step = H.deal_values[driver_slot, deal] if driver_slot >= 0 else 0.0
            before = seen
            seen += step
            if raw == 0.0:
                continue
            base = deal_quantity(P, S, r, lane, raw)
            if P.rules[r, R_NET] == 1:
                for other in range(r):
                    if P.earlier[r, other, 0] == 1:
                        base = max(0.0, base - S.deal_paid[other, deal])
            x = base
            if month_level:
                x = W[DRIVER, lane]
            elif running:
                x = seen
            elif driver_slot >= 0:
                x = step
            paid, lumps = 0.0, 0.0
            if form >= 0:
                paid, lumps = pay_one(forms, forms_f, steps, form, base, x, before, running, same, target)
                if running and before_counts and forms[form, F_MODE] not in (MARGINAL, TO_END):
                    paid, _ = pay_one(forms, forms_f, steps, form, base, before, 0.0, False, False, target)
            if P.settings_f[ZF_RATE_TO] > 0 and base != 0:
                paid = half_away(base * round_money(paid / base, P.settings_f[ZF_RATE_TO], P.settings[Z_RATE_MODE]))
            amount = paid + lumps
            for number in range(factors.shape[0]):
                amount = half_away(amount * factors[number, lane] / MILLION)
            amount = half_away(amount * W[FACTOR, lane] / MILLION) * W[OTHER, lane]
            cents = deal_limits(P, S, r, lane, to_cents(amount, unit, mode, at_line), ceilings)
            S.deal_paid[r, deal] = cents
            if P.rules[r, R_RETURNS] > 0:
                S.deal_effective[r, deal] = half_away(cents * MILLION / raw)
            total += cents
        posted[lane] = total
    return True

