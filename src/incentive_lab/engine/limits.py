"""Limits on what a rule pays: quantities, amounts, shares, funds (source: docs/payouts.md, steps 1 and 11)."""

from __future__ import annotations

import math

from incentive_lab.engine.numeric import MILLION, jit, period_start, round_money, window, year_month
from incentive_lab.engine.program import (
    CHOICE_STATIC,
    CHOICE_TIER,
    L_CARRY,
    L_FUND,
    L_KIND,
    L_OVER_YEAR,
    L_PRORATE,
    L_SLOT,
    L_WINDOW,
    LIFE,
    LIMIT_AMOUNT,
    S_RATE,
    U_CHOICE,
    U_EXPIRES,
    U_FORM,
    U_KIND,
    U_PER,
    U_SLOT,
    Z_MODE,
    Z_MONTHS,
    Z_SHIFT,
    ZF_UNIT,
    F_FIRST,
)


@jit
def unfinished_share(code, m, shift, months):  # type: ignore[no-untyped-def]
    """The part of m's period that the history has, 1 unless it ends inside."""
    if code <= 0:
        return 1.0
    last = period_start(m, code, shift) + code - 1
    return 1.0 if last <= months - 1 else 1.0 - (last - months + 1) / code


@jit
def ceiling_lanes(P, H, table, numbers, row, m, out, lanes):  # type: ignore[no-untyped-def]
    """Fill `out` with the cents that a limit or cap allows in its period at month m."""
    code = table[row, L_WINDOW]
    share = 1.0
    if table[row, L_PRORATE] == 1:
        share = unfinished_share(code, m, P.settings[Z_SHIFT], P.settings[Z_MONTHS])
    number = numbers[row]
    if table[row, L_KIND] == LIMIT_AMOUNT:
        most = number if share == 1.0 else math.floor(number * share + 1e-9)
        for lane in range(lanes):
            out[lane] = most
        return
    start, end = window(code, m, P.settings[Z_SHIFT])
    slot, unit = table[row, L_SLOT], P.settings_f[ZF_UNIT]
    upto, since = H.sums[end, slot], H.sums[start, slot]
    for lane in range(lanes):
        most = math.floor((upto[lane] - since[lane]) * number / unit) * (unit / MILLION)
        out[lane] = most if share == 1.0 else math.floor(most * share + 1e-9)


@jit
def restart(table, used, carry, m, shift, lanes):  # type: ignore[no-untyped-def]
    """At the start of a limit's period nothing is used; carried excess lapses with the programme year."""
    for row in range(table.shape[0]):
        code = table[row, L_WINDOW]
        if code > 0 and year_month(m, shift) % code == 0:
            used[row, :lanes] = 0.0
        if code != LIFE and year_month(m, shift) == 0 and table[row, L_OVER_YEAR] == 0:
            carry[row, :lanes] = 0.0


@jit
def take(amount, carry, used, most, keep):  # type: ignore[no-untyped-def]
    """One amount through one limit: (paid, carried on, cut away)."""
    claim = amount + carry
    room = max(0.0, most - used)
    if claim <= room:
        return claim, 0.0, 0.0
    if keep:
        return room, claim - room, 0.0
    return room, 0.0, claim - room


@jit
def limit_lanes(P, H, S, row, m, amount, ok, most, lanes):  # type: ignore[no-untyped-def]
    """Pass `amount` (cents) through limit `row`."""
    keep = P.limits[row, L_CARRY] == 1
    fund = P.limits[row, L_FUND]
    ceiling_lanes(P, H, P.limits, P.limits_f, row, m, most, lanes)
    carry, used = S.limit_carry[row], S.limit_used[row]
    for lane in range(lanes):
        if ok[lane] == 1:
            paid, carried, cut = take(amount[lane], carry[lane], used[lane], most[lane], keep)
            carry[lane] = carried
            used[lane] += paid
            amount[lane] = paid
            if fund >= 0:
                S.fund[fund, lane] += cut


@jit
def accrue_funds(P, H, S, m, tiers, lanes):  # type: ignore[no-untyped-def]
    """What funds gain in month m, before its claims."""
    shift = P.settings[Z_SHIFT]
    for u in range(P.funds.shape[0]):
        per = P.funds[u, U_PER]
        start = period_start(m, per, shift)
        by_measure = P.funds[u, U_KIND] == 0
        due = m == start + per - 1 if by_measure else (m == start or (m == 0))
        if not due:
            continue
        slot = P.funds[u, U_SLOT]
        for lane in range(lanes):
            form = P.funds[u, U_FORM]
            if P.funds[u, U_CHOICE] == CHOICE_TIER:
                form = P.fund_choice[u, tiers[m, lane]]
            elif P.funds[u, U_CHOICE] == CHOICE_STATIC:
                form = H.fund_forms[u, lane]
            if form < 0:
                continue
            rate = P.steps[P.forms[form, F_FIRST], S_RATE]
            if by_measure:
                base = H.sums[m + 1, slot, lane] - H.sums[max(0, start), slot, lane]
                S.fund[u, lane] += round_money(base * rate, P.settings_f[ZF_UNIT], P.settings[Z_MODE]) / MILLION
            else:
                S.fund[u, lane] += rate


@jit
def expire_funds(P, S, m, lanes):  # type: ignore[no-untyped-def]
    """Empty the funds that lapse with the programme year."""
    if year_month(m, P.settings[Z_SHIFT]) == 11:
        for u in range(P.funds.shape[0]):
            if P.funds[u, U_EXPIRES] == 1:
                S.fund[u, :lanes] = 0.0
