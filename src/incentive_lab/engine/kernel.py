"""The payout kernel: walks a block of partners through the months of a scheme. The only place that says what it pays.

Source: docs/payouts.md. Everything is a function of arrays: no clock, no files, no randomness.
"""

from __future__ import annotations

import numpy as np

from incentive_lab.engine.deal_month import deal_month
from incentive_lab.engine.limits import accrue_funds, ceiling_lanes, expire_funds, restart, take
from incentive_lab.engine.numeric import MILLION, half_away, jit, period_start, round_money, year_month
from incentive_lab.engine.program import (
    A_BASELINE,
    A_CARRY,
    A_MONTHS,
    A_PER,
    A_PRORATE,
    CAP,
    CARRIED,
    CLAWBACK,
    D_FORGIVE,
    D_FROM,
    D_MONTHS,
    D_PER,
    DF_AMOUNT,
    DF_BALANCE,
    DF_MOST,
    DF_SHARE,
    DRAW,
    GUARANTEE,
    L_CARRY,
    L_FUND,
    MINIMUM,
    R_ACCUMULATES,
    R_GRAIN,
    R_NON_CASH,
    R_PER,
    R_REPAY,
    R_REPAY_MONTHS,
    R_REPAYS,
    R_RETURNS,
    R_SCHEDULE,
    R_SCHEDULES,
    R_TRUE_UP,
    RETURN_SCHEDULE,
    RETURN_SHARE,
    RETURN_UNSERVED,
    RF_REPAY_SHARE,
    RF_RETURN_KEEP,
    RF_RETURN_SHARE,
    ROUNDING,
    Z_AT_LINE,
    Z_MINIMUM,
    Z_MODE,
    Z_MONTHS,
    Z_SETTLE,
    Z_SHIFT,
    Z_TIERS,
    ZF_MINIMUM,
    ZF_UNIT,
)
from incentive_lab.engine.rule_month import BASE, PAID, SCRATCH, rule_month, span
from incentive_lab.engine.state import new_state
from incentive_lab.engine.tier_path import tier_path

SPECIALS = 9
"""Lines after the rules' own; the kernel fills those up to rounding, the programme step pool and budget."""


@jit
def remember_rate(P, S, r, m, W, posted, lanes):  # type: ignore[no-untyped-def]
    """Keep the effective rate of this posting period, for returns and repayments at the original rate."""
    true_up = P.rules[r, R_ACCUMULATES] == 1 and P.rules[r, R_TRUE_UP] == 1
    _, _, first, _ = span(P, r, m)
    for lane in range(lanes):
        base = W[BASE, lane]
        rate = 0.0
        if base == base and base != 0:
            if true_up:
                rate = half_away(S.entitled[r, lane] / base)
            else:
                before = S.posted[r, first, lane] if S.posted.shape[0] > 0 else 0.0
                so_far = S.posted[r, m, lane] - before if S.posted.shape[0] > 0 else 0.0
                rate = half_away((so_far + posted[lane]) * MILLION / base)
        S.effective[r, m, lane] = rate


@jit
def posting_month(P, r, m):  # type: ignore[no-untyped-def]
    """The month in which rule r posts what falls in month m; -1 if it is not active then."""
    active, _, _, last = span(P, r, m)
    return last if active else -1


@jit
def taken_back(P, H, S, r, row, m, lane):  # type: ignore[no-untyped-def]
    """Cents that one returned deal takes back from rule r (source: docs/payouts.md, step 12)."""
    slot = P.return_slot[r]
    sold = H.return_sold[row]
    if sold < 0:
        return 0.0
    if P.rules[r, R_PER] == 0:
        deal = H.return_deal[P.rules[r, R_GRAIN], row]
        rate = S.deal_effective[r, deal] if deal >= 0 else 0.0
    else:
        post = posting_month(P, r, sold)
        rate = S.effective[r, post, lane] if post >= 0 else 0.0
    amount = half_away(H.return_values[slot, row] * rate)
    method = P.rules[r, R_RETURNS]
    since = m - sold
    if method == RETURN_SHARE:
        amount = half_away(amount * P.rules_f[r, RF_RETURN_SHARE] / MILLION)
    elif method == RETURN_UNSERVED:
        term = H.return_term[row]
        if term > 0:
            amount = half_away(amount * max(0, term - since) / term)
    elif method == RETURN_SCHEDULE:
        share = 0.0
        first = P.rules[r, R_SCHEDULE]
        for step in range(first, first + P.rules[r, R_SCHEDULES]):
            if since <= P.schedules[step, 0]:
                share = P.schedules[step, 1]
                break
        amount = half_away(amount * share / MILLION)
    cents = round_money(amount, P.settings_f[ZF_UNIT], P.settings[Z_MODE]) / MILLION
    return max(0.0, cents - P.rules_f[r, RF_RETURN_KEEP]) if cents > 0 else cents


@jit
def clawback(P, H, S, m, back, lanes):  # type: ignore[no-untyped-def]
    """Fill `back` with what returns and missed milestones take back in month m (negative cents)."""
    months = P.settings[Z_MONTHS]
    for lane in range(lanes):
        back[lane] = 0.0
    for r in range(P.rules.shape[0]):
        if P.rules[r, R_NON_CASH] == 1:
            continue
        if P.rules[r, R_RETURNS] > 0 and P.return_slot[r] >= 0:
            per_deal = P.rules[r, R_PER] == 0
            _, _, first, last = span(P, r, m)
            settles = not per_deal and m == last
            for lane in range(lanes):
                begin = first if settles else m
                at = lane * (months + 1)
                for row in range(H.return_first[at + begin], H.return_first[at + m + 1]):
                    sold = H.return_sold[row]
                    if sold < 0:
                        continue
                    post = sold if per_deal else posting_month(P, r, sold)
                    here = row >= H.return_first[at + m]
                    if (here and post <= m) or (not here and post == m):
                        back[lane] -= taken_back(P, H, S, r, row, m, lane)
        if P.rules[r, R_REPAY_MONTHS] > 0:
            paid = m - P.rules[r, R_REPAY_MONTHS]
            if paid < 0:
                continue
            for lane in range(lanes):
                bonus = S.posted[r, paid + 1, lane] - S.posted[r, paid, lane]
                if bonus <= 0:
                    continue
                met = True
                for k in range(P.rules[r, R_REPAY], P.rules[r, R_REPAY] + P.rules[r, R_REPAYS]):
                    slot = P.repays[k]
                    if H.sums[m, slot, lane] - H.sums[paid, slot, lane] < P.repays_f[k]:
                        met = False
                if not met:
                    share = bonus * P.rules_f[r, RF_REPAY_SHARE]
                    back[lane] -= round_money(half_away(share), P.settings_f[ZF_UNIT], P.settings[Z_MODE]) / MILLION


@jit
def cap_month(P, H, S, m, month_posted, cut, most, amount, lanes):  # type: ignore[no-untyped-def]
    """Fill `cut` with what partner caps take off (or pay later) in month m."""
    for lane in range(lanes):
        cut[lane] = 0.0
    for c in range(P.caps.shape[0]):
        keep, fund = P.caps[c, L_CARRY] == 1, P.caps[c, L_FUND]
        # what an earlier cap cut counts here only if this cap covers every rule
        whole = covers_all(P, c)
        for lane in range(lanes):
            amount[lane] = cut[lane] if whole else 0.0
        for r in range(P.rules.shape[0]):
            if P.cap_rule[c, r] == 1:
                posted = month_posted[r]
                for lane in range(lanes):
                    amount[lane] += posted[lane]
        ceiling_lanes(P, H, P.caps, P.caps_f, c, m, most, lanes)
        carry, used = S.cap_carry[c], S.cap_used[c]
        for lane in range(lanes):
            paid, carried, away = take(amount[lane], carry[lane], used[lane], most[lane], keep)
            carry[lane] = carried
            used[lane] += paid
            cut[lane] += paid - amount[lane]
            if fund >= 0:
                S.fund[fund, lane] += away


@jit
def covers_all(P, c):  # type: ignore[no-untyped-def]
    """Whether cap c covers every cash rule."""
    for r in range(P.rules.shape[0]):
        if P.cap_rule[c, r] == 0 and P.rules[r, R_NON_CASH] == 0:
            return False
    return True


@jit
def joiner_share(H, m, per, shift, prorate, lane):  # type: ignore[no-untyped-def]
    """The part of m's period since the partner joined, the joining month whole."""
    start = period_start(m, per, shift)
    joined = H.joined[lane]
    if not prorate or joined <= start:
        return 1.0
    return max(0.0, (start + per - joined) / per)


@jit
def guarantee_month(P, H, S, g, m, top, lanes):  # type: ignore[no-untyped-def]
    """Add guarantee g's top-up of month m to `top`."""
    shift, months = P.settings[Z_SHIFT], P.settings[Z_MONTHS]
    baseline = P.guarantees[g, A_BASELINE] == 1
    per = P.settings[Z_SETTLE] if baseline else P.guarantees[g, A_PER]
    place = year_month(m, shift)
    if place == 0:
        S.top_up[g, :lanes] = 0.0
    if place >= P.guarantees[g, A_MONTHS] or not (place % per == per - 1 or m == months - 1):
        return
    year = max(0, m - place)
    start = max(0, period_start(m, per, shift))
    unit, mode = P.settings_f[ZF_UNIT], P.settings[Z_MODE]
    carry = P.guarantees[g, A_CARRY] == 1
    for lane in range(lanes):
        if H.guarantee_who[g, lane] == 0:
            continue
        if baseline:
            floor = 0.0
            for month in range(year, m + 1):
                floor += H.baseline[month, lane]
            floor = round_money(half_away(floor * P.guarantees_f[g]), unit, mode) / MILLION
            short = floor - (S.earned[m + 1, lane] - S.earned[year, lane]) - S.top_up[g, lane]
        elif carry:
            floor = 0.0
            for month in range(year, m + 1):
                if year_month(month, shift) % per == per - 1 or month == m:
                    share = joiner_share(H, month, per, shift, P.guarantees[g, A_PRORATE] == 1, lane)
                    floor += round_money(half_away(P.guarantees_f[g] * share * MILLION), unit, mode) / MILLION
            short = floor - (S.earned[m + 1, lane] - S.earned[year, lane]) - S.top_up[g, lane]
        else:
            share = joiner_share(H, m, per, shift, P.guarantees[g, A_PRORATE] == 1, lane)
            floor = round_money(half_away(P.guarantees_f[g] * share * MILLION), unit, mode) / MILLION
            short = floor - (S.earned[m + 1, lane] - S.earned[start, lane])
        least = -S.top_up[g, lane] if carry else 0.0
        line = max(least, short)
        S.top_up[g, lane] += line
        top[lane] += line


@jit
def draw_month(P, H, S, d, m, advance, lanes):  # type: ignore[no-untyped-def]
    """Add draw d's advance or recovery of month m to `advance`."""
    shift, months = P.settings[Z_SHIFT], P.settings[Z_MONTHS]
    per = P.draws[d, D_PER]
    place = year_month(m, shift)
    if place % per == per - 1 or m == months - 1:
        start = max(0, period_start(m, per, shift))
        amount = P.draws_f[d, DF_AMOUNT]
        for lane in range(lanes):
            if H.draw_who[d, lane] == 0:
                continue
            earned = S.earned[m + 1, lane] - S.earned[start, lane]
            if earned < amount:
                if place < P.draws[d, D_MONTHS]:
                    room = max(0.0, P.draws_f[d, DF_BALANCE] - S.draw[d, lane])
                    paid = min(amount - max(earned, 0.0), room)
                    S.draw[d, lane] += paid
                    advance[lane] += paid
            elif place + 1 >= P.draws[d, D_FROM]:
                above = round_money(
                    half_away((earned - amount) * P.draws_f[d, DF_SHARE]), P.settings_f[ZF_UNIT], P.settings[Z_MODE]
                )
                back = min(S.draw[d, lane], min(above / MILLION, P.draws_f[d, DF_MOST]))
                S.draw[d, lane] -= back
                advance[lane] -= back
    if place == 11 and P.draws[d, D_FORGIVE] == 1:
        S.draw[d, :lanes] = 0.0


@jit
def settle(P, S, m, carried, minimum, rounding, lanes):  # type: ignore[no-untyped-def]
    """At a settlement: negative balances, minimum payout and rounding of the total (steps 15 to 17)."""
    for lane in range(lanes):
        carried[lane], minimum[lane], rounding[lane] = 0.0, 0.0, 0.0
    per, shift = P.settings[Z_SETTLE], P.settings[Z_SHIFT]
    if year_month(m, shift) % per != per - 1 and m != P.settings[Z_MONTHS] - 1:
        return
    at_total = P.settings[Z_AT_LINE] == 0
    kind, least = P.settings[Z_MINIMUM], P.settings_f[ZF_MINIMUM]
    for lane in range(lanes):
        lines = S.settlement[lane]
        due = S.due[lane] + lines
        carried[lane] = S.due[lane]
        S.due[lane] = 0.0
        S.settlement[lane] = 0.0
        if due < 0:
            S.due[lane] = due
            carried[lane] -= due
            due = 0.0
        elif kind > 0 and due > 0 and due < least:
            minimum[lane] = -due
            if kind == 2:
                S.due[lane] = due
            due = 0.0
        if at_total and due != 0:
            exact = half_away(due * MILLION)
            money = round_money(exact, P.settings_f[ZF_UNIT], P.settings[Z_MODE]) / MILLION
            rounding[lane] = money - due


@jit
def run_block(P, H, keep_posted, keep_rates, tiers, total, by_rule, by_month, detail, trace, balances):  # type: ignore[no-untyped-def]
    """Pay one block of partners.

    Args:
        P: Program.
        H: Block.
        keep_posted: Whether any rule looks back at postings.
        keep_rates: Whether returns are taken back.
        tiers: Output [months, lanes] tier in force.
        total: Output [months, lanes] cents paid.
        by_rule: Output [rules + SPECIALS, lanes] cents over all months.
        by_month: Output [rules + SPECIALS, months] cents over the block.
        detail: Output [rules + SPECIALS, months, lanes] cents, or empty.
        trace: Output [months, rules, fields, lanes], or empty.
        balances: Output [4, months, lanes] (fund, draw owed, brought forward, cap carried), or empty.
    """
    months, rules, lanes = P.settings[Z_MONTHS], P.rules.shape[0], H.joined.shape[0]
    shift = P.settings[Z_SHIFT]
    S = new_state(
        rules, P.limits.shape[0], P.caps.shape[0], P.funds.shape[0], P.draws.shape[0], P.guarantees.shape[0], months,
        lanes, keep_posted, keep_rates, H.deal_values.shape[1],
    )  # fmt: skip
    W = np.empty((SCRATCH, lanes))
    line = np.zeros((SPECIALS, lanes))
    month_posted = np.zeros((rules, lanes))
    ok = np.ones(lanes, dtype=np.uint8)
    by_rule[:] = 0.0
    by_month[:] = 0.0
    if P.settings[Z_TIERS] > 0:
        tier_path(P, H, tiers, W[PAID], lanes)
    else:
        tiers[:] = 0
    keeps_detail = detail.shape[0] > 0
    for m in range(months):
        restart(P.limits, S.limit_used, S.limit_carry, m, shift, lanes)
        restart(P.caps, S.cap_used, S.cap_carry, m, shift, lanes)
        accrue_funds(P, H, S, m, tiers, lanes)
        for lane in range(lanes):
            total[m, lane] = 0.0
        for r in range(rules):
            posted = month_posted[r]
            for lane in range(lanes):
                ok[lane] = H.eligible[r, lane] & P.tier_rule[r, tiers[m, lane]]
            if P.rules[r, R_PER] == 0:
                posts = deal_month(P, H, S, r, m, tiers, ok, W, posted, lanes, months)
            else:
                posts = rule_month(P, H, S, r, m, tiers, ok, W, posted, lanes, trace)
                if posts and keep_rates and P.rules[r, R_RETURNS] > 0:
                    remember_rate(P, S, r, m, W, posted, lanes)
            if not posts:
                for lane in range(lanes):
                    posted[lane] = 0.0
            if keep_posted:
                for lane in range(lanes):
                    S.posted[r, m + 1, lane] = S.posted[r, m, lane] + posted[lane]
            if posts:
                cash = P.rules[r, R_NON_CASH] == 0
                sum_month = 0.0
                for lane in range(lanes):
                    by_rule[r, lane] += posted[lane]
                    sum_month += posted[lane]
                    if cash:
                        total[m, lane] += posted[lane]
                by_month[r, m] = sum_month
                if keeps_detail:
                    for lane in range(lanes):
                        detail[r, m, lane] = posted[lane]
        clawback(P, H, S, m, line[CLAWBACK], lanes)
        cap_month(P, H, S, m, month_posted, line[CAP], W[BASE], W[PAID], lanes)
        for lane in range(lanes):
            S.earned[m + 1, lane] = S.earned[m, lane] + total[m, lane] + line[CLAWBACK, lane] + line[CAP, lane]
            line[GUARANTEE, lane] = 0.0
            line[DRAW, lane] = 0.0
        for g in range(P.guarantees.shape[0]):
            guarantee_month(P, H, S, g, m, line[GUARANTEE], lanes)
        for d in range(P.draws.shape[0]):
            draw_month(P, H, S, d, m, line[DRAW], lanes)
        for lane in range(lanes):
            S.settlement[lane] += total[m, lane] + line[CLAWBACK, lane] + line[CAP, lane]
            S.settlement[lane] += line[GUARANTEE, lane] + line[DRAW, lane]
        settle(P, S, m, line[CARRIED], line[MINIMUM], line[ROUNDING], lanes)
        for kind in range(CLAWBACK, ROUNDING + 1):
            sum_month = 0.0
            for lane in range(lanes):
                amount = line[kind, lane]
                by_rule[rules + kind, lane] += amount
                total[m, lane] += amount
                sum_month += amount
            by_month[rules + kind, m] = sum_month
            if keeps_detail:
                for lane in range(lanes):
                    detail[rules + kind, m, lane] = line[kind, lane]
        if balances.shape[0] > 0:
            for lane in range(lanes):
                balances[0, m, lane] = S.fund[:, lane].sum()
                balances[1, m, lane] = S.draw[:, lane].sum()
                balances[2, m, lane] = S.due[lane]
                balances[3, m, lane] = S.cap_carry[:, lane].sum() + S.limit_carry[:, lane].sum()
        expire_funds(P, S, m, lanes)
