"""Limits on what a rule pays: quantities, amounts, shares, funds (source: docs/payouts.md, steps 1 and 11)."""

from __future__ import annotations

import numpy as np

from incentive_lab.engine.numeric import (
    MILLION,
    cell,
    half_away,
    jit,
    number,
    period_start,
    round_money,
    rows,
    window,
    year_month,
)
from incentive_lab.engine.program import (
    CHOICE_STATIC,
    CHOICE_TIER,
    F_FIRST,
    FORMS,
    FUND_CHOICE,
    FUNDS,
    H_FUND_FORMS,
    L_CARRY,
    L_FUND,
    L_KIND,
    L_OVER_YEAR,
    L_PRORATE,
    L_SLOT,
    L_WINDOW,
    LIFE,
    LIMIT_AMOUNT,
    LIMITS,
    LIMITS_F,
    S_FUND,
    S_LIMIT_CARRY,
    S_LIMIT_USED,
    S_RATE,
    STEPS,
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
)


@jit
def unfinished_share(code, m, shift, months):  # type: ignore[no-untyped-def]
    """The part of m's period that the history has, 1 unless it ends inside."""
    if code <= 0:
        return 1.0
    last = period_start(m, code, shift) + code - 1
    return 1.0 if last <= months - 1 else 1.0 - (last - months + 1) / code


@jit
def most_counted(P, row, m):  # type: ignore[no-untyped-def]
    """How many units a limit on quantity counts in its period at month m, to a millionth."""
    most = number(P, LIMITS_F, row, 0)
    if cell(P, LIMITS, row, L_PRORATE) == 1:
        share = unfinished_share(cell(P, LIMITS, row, L_WINDOW), m, P.ints[Z_SHIFT], P.ints[Z_MONTHS])
        most = np.floor(most * share + 1e-9) if share < 1.0 else most
    return most


@jit
def ceiling_lanes(P, H, table, numbers, row, m, out, lanes):  # type: ignore[no-untyped-def]
    """Fill `out` with the cents that a limit or cap allows in its period at month m."""
    code = cell(P, table, row, L_WINDOW)
    share = 1.0
    if cell(P, table, row, L_PRORATE) == 1:
        share = unfinished_share(code, m, P.ints[Z_SHIFT], P.ints[Z_MONTHS])
    most_number = number(P, numbers, row, 0)
    if cell(P, table, row, L_KIND) == LIMIT_AMOUNT:
        most = most_number if share == 1.0 else np.floor(most_number * share + 1e-9)
        for lane in range(lanes):
            out[lane] = most
        return
    start, end = window(code, m, P.ints[Z_SHIFT])
    slot, unit = cell(P, table, row, L_SLOT), P.floats[ZF_UNIT]
    upto, since = H.sums[end, slot], H.sums[start, slot]
    for lane in range(lanes):
        most = np.floor((upto[lane] - since[lane]) * most_number / unit) * (unit / MILLION)
        out[lane] = most if share == 1.0 else np.floor(most * share + 1e-9)


@jit
def restart(P, S, table, used, carry, m, shift, lanes):  # type: ignore[no-untyped-def]
    """At the start of a limit's period nothing is used; carried excess lapses with the programme year."""
    for row in range(rows(P, table)):
        code = cell(P, table, row, L_WINDOW)
        if code > 0 and year_month(m, shift) % code == 0:
            S.lanes[used + row, :lanes] = 0.0
        if code != LIFE and year_month(m, shift) == 0 and cell(P, table, row, L_OVER_YEAR) == 0:
            S.lanes[carry + row, :lanes] = 0.0


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
    keep = cell(P, LIMITS, row, L_CARRY) == 1
    fund = cell(P, LIMITS, row, L_FUND)
    ceiling_lanes(P, H, LIMITS, LIMITS_F, row, m, most, lanes)
    carry, used = S.lanes[P.ints[S_LIMIT_CARRY] + row], S.lanes[P.ints[S_LIMIT_USED] + row]
    for lane in range(lanes):
        if ok[lane] == 1:
            paid, carried, cut = take(amount[lane], carry[lane], used[lane], most[lane], keep)
            carry[lane] = carried
            used[lane] += paid
            amount[lane] = paid
            if fund >= 0:
                S.lanes[P.ints[S_FUND] + fund, lane] += cut


@jit
def accrue_fund(P, H, S, m, tiers, ok, u, lanes):  # type: ignore[no-untyped-def]
    """What fund u gains in month m, before its claims, in the lanes that its rule is open to."""
    per = cell(P, FUNDS, u, U_PER)
    start = period_start(m, per, P.ints[Z_SHIFT])
    by_measure = cell(P, FUNDS, u, U_KIND) == 0
    if not (m == start + per - 1 if by_measure else m == max(0, start)):
        return
    slot = cell(P, FUNDS, u, U_SLOT)
    for lane in range(lanes):
        form = cell(P, FUNDS, u, U_FORM)
        if cell(P, FUNDS, u, U_CHOICE) == CHOICE_TIER:
            form = cell(P, FUND_CHOICE, u, tiers[m, lane])
        elif cell(P, FUNDS, u, U_CHOICE) == CHOICE_STATIC:
            form = H.whole[P.ints[H_FUND_FORMS] + u, lane]
        if form < 0 or ok[lane] == 0:
            continue
        rate = number(P, STEPS, cell(P, FORMS, form, F_FIRST), S_RATE)
        if by_measure:
            base = H.sums[m + 1, slot, lane] - H.sums[max(0, start), slot, lane]
            gained = round_money(half_away(base * rate), P.floats[ZF_UNIT], P.ints[Z_MODE]) / MILLION
        else:
            gained = round_money(half_away(rate * MILLION), P.floats[ZF_UNIT], P.ints[Z_MODE]) / MILLION
        S.lanes[P.ints[S_FUND] + u, lane] += gained


@jit
def expire_funds(P, S, m, lanes):  # type: ignore[no-untyped-def]
    """Empty the funds that lapse with the programme year."""
    if year_month(m, P.ints[Z_SHIFT]) == 11:
        for u in range(rows(P, FUNDS)):
            if cell(P, FUNDS, u, U_EXPIRES) == 1:
                S.lanes[P.ints[S_FUND] + u, :lanes] = 0.0
