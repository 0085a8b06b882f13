"""The payout kernel: walks a block of partners through the months of a scheme. The only place that says what it pays.

Source: docs/payouts.md. Everything is a function of arrays: no clock, no files, no randomness.
"""

from __future__ import annotations

import numpy as np

from incentive_lab.engine.deal_month import deal_month
from incentive_lab.engine.limits import accrue_fund, ceiling_lanes, expire_funds, restart, take
from incentive_lab.engine.numeric import (
    MILLION,
    cell,
    entry,
    half_away,
    jit,
    number,
    period_start,
    round_money,
    rows,
    year_month,
)
from incentive_lab.engine.program import (
    A_BASELINE,
    A_CARRY,
    A_MONTHS,
    A_PER,
    A_PRORATE,
    CAP,
    CAP_RULE,
    CAPS,
    CAPS_F,
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
    DRAWS,
    DRAWS_F,
    GUARANTEE,
    GUARANTEES,
    GUARANTEES_F,
    H_DRAWS,
    H_ELIGIBLE,
    H_GUARANTEES,
    H_JOINED,
    L_CARRY,
    L_FUND,
    LIMITS,
    MINIMUM,
    R_ACCUMULATES,
    R_FUND,
    R_GRAIN,
    R_NON_CASH,
    R_PER,
    R_REPAY,
    R_REPAY_MONTHS,
    R_REPAYS,
    R_RETURNS,
    R_SCHEDULE,
    R_SCHEDULES,
    R_SLOT,
    R_TIER_LIMITED,
    R_TRUE_UP,
    REPAYS,
    REPAYS_F,
    RETURN_SCHEDULE,
    RETURN_SHARE,
    RETURN_SLOTS,
    RETURN_UNSERVED,
    RF_RATE_PARTS,
    RF_REPAY_SHARE,
    RF_RETURN_KEEP,
    RF_RETURN_SHARE,
    ROUNDING,
    RULES,
    RULES_F,
    S_CAP_CARRY,
    S_CAP_USED,
    S_DRAW,
    S_DUE,
    S_EARNED,
    S_EFFECTIVE,
    S_ENTITLED,
    S_FUND,
    S_LIMIT_CARRY,
    S_LIMIT_USED,
    S_POSTED,
    S_ROWS,
    S_SETTLEMENT,
    S_TOP_UP,
    S_WINDOW,
    SCHEDULES,
    TIER_RULE,
    Z_AT_LINE,
    Z_KEEP_POSTED,
    Z_KEEP_RATES,
    Z_MINIMUM,
    Z_MODE,
    Z_MONTHS,
    Z_SETTLE,
    Z_SHIFT,
    Z_TIERS,
    ZF_MINIMUM,
    ZF_UNIT,
    State,
)
from incentive_lab.engine.rule_month import BASE, PAID, SCRATCH, rule_month, span
from incentive_lab.engine.tier_path import tier_path

SPECIALS = 9
"""Lines after the rules' own; the kernel fills those up to rounding, the programme step pool and budget."""


@jit
def remember_rate(P, H, S, r, m, ok, posted, lanes):  # type: ignore[no-untyped-def]
    """Keep what this posting period paid for each unit of its measure, for returns at the original rate."""
    true_up = cell(P, RULES, r, R_ACCUMULATES) == 1 and cell(P, RULES, r, R_TRUE_UP) == 1
    _, _, first, _ = span(P, r, m)
    slot, parts = cell(P, RULES, r, R_SLOT), number(P, RULES_F, r, RF_RATE_PARTS)
    start = max(0, int(S.lanes[P.ints[S_WINDOW] + r, 0])) if true_up else first
    line = P.ints[S_POSTED] + r * (P.ints[Z_MONTHS] + 1)
    for lane in range(lanes):
        rate = 0.0
        sold = H.sums[m + 1, slot, lane] - H.sums[start, slot, lane]
        if sold != 0 and ok[lane] == 1:
            if true_up:
                rate = half_away(S.lanes[P.ints[S_ENTITLED] + r, lane] * parts / sold) / parts
            else:
                so_far = S.lanes[line + m, lane] - S.lanes[line + first, lane] if P.ints[Z_KEEP_POSTED] == 1 else 0.0
                rate = half_away((so_far + posted[lane]) * MILLION * parts / sold) / parts
        S.lanes[P.ints[S_EFFECTIVE] + r * P.ints[Z_MONTHS] + m, lane] = rate


@jit
def posting_month(P, r, m):  # type: ignore[no-untyped-def]
    """The month in which rule r posts what falls in month m; -1 if it is not active then."""
    active, _, _, last = span(P, r, m)
    return last if active else -1


@jit
def taken_back(P, H, S, r, row, m, lane):  # type: ignore[no-untyped-def]
    """Cents that one returned deal takes back from rule r (source: docs/payouts.md, step 12)."""
    slot = cell(P, RETURN_SLOTS, r, 0)
    sold = H.returned[0, row]
    if sold < 0:
        return 0.0
    if cell(P, RULES, r, R_PER) == 0:
        deal = H.returned[2 + cell(P, RULES, r, R_GRAIN), row]
        rate = S.deals[0, r, deal] if deal >= 0 else 0.0
    else:
        post = posting_month(P, r, sold)
        rate = S.lanes[P.ints[S_EFFECTIVE] + r * P.ints[Z_MONTHS] + post, lane] if post >= 0 else 0.0
    amount = half_away(H.return_values[slot, row] * rate)
    method = cell(P, RULES, r, R_RETURNS)
    since = m - sold
    if method == RETURN_SHARE:
        amount = half_away(amount * number(P, RULES_F, r, RF_RETURN_SHARE) / MILLION)
    elif method == RETURN_UNSERVED:
        term = H.returned[1, row]
        if term > 0:
            amount = half_away(amount * max(0, term - since) / term)
    elif method == RETURN_SCHEDULE:
        share = 0.0
        first = cell(P, RULES, r, R_SCHEDULE)
        for step in range(first, first + cell(P, RULES, r, R_SCHEDULES)):
            if since <= number(P, SCHEDULES, step, 0):
                share = number(P, SCHEDULES, step, 1)
                break
        amount = half_away(amount * share / MILLION)
    cents = round_money(amount, P.floats[ZF_UNIT], P.ints[Z_MODE]) / MILLION
    return max(0.0, cents - number(P, RULES_F, r, RF_RETURN_KEEP)) if cents > 0 else cents


@jit
def clawback(P, H, S, m, back, lanes):  # type: ignore[no-untyped-def]
    """Fill `back` with what returns and missed milestones take back in month m (negative cents)."""
    months = P.ints[Z_MONTHS]
    for lane in range(lanes):
        back[lane] = 0.0
    for r in range(rows(P, RULES)):
        if cell(P, RULES, r, R_NON_CASH) == 1:
            continue
        if cell(P, RULES, r, R_RETURNS) > 0 and cell(P, RETURN_SLOTS, r, 0) >= 0:
            per_deal = cell(P, RULES, r, R_PER) == 0
            _, _, first, last = span(P, r, m)
            settles = not per_deal and m == last
            for lane in range(lanes):
                begin = first if settles else m
                at = lane * (months + 1)
                for row in range(H.first[2, at + begin], H.first[2, at + m + 1]):
                    sold = H.returned[0, row]
                    if sold < 0:
                        continue
                    post = sold if per_deal else posting_month(P, r, sold)
                    here = row >= H.first[2, at + m]
                    if (here and post <= m) or (not here and post == m):
                        back[lane] -= taken_back(P, H, S, r, row, m, lane)
        if cell(P, RULES, r, R_REPAY_MONTHS) > 0:
            paid = m - cell(P, RULES, r, R_REPAY_MONTHS)
            if paid < 0:
                continue
            for lane in range(lanes):
                bonus = (
                    S.lanes[P.ints[S_POSTED] + r * (P.ints[Z_MONTHS] + 1) + paid + 1, lane]
                    - S.lanes[P.ints[S_POSTED] + r * (P.ints[Z_MONTHS] + 1) + paid, lane]
                )
                if bonus <= 0:
                    continue
                met = True
                for k in range(cell(P, RULES, r, R_REPAY), cell(P, RULES, r, R_REPAY) + cell(P, RULES, r, R_REPAYS)):
                    slot = cell(P, REPAYS, k, 0)
                    if H.sums[m, slot, lane] - H.sums[paid, slot, lane] < number(P, REPAYS_F, k, 0):
                        met = False
                if not met:
                    share = bonus * number(P, RULES_F, r, RF_REPAY_SHARE)
                    back[lane] -= round_money(half_away(share), P.floats[ZF_UNIT], P.ints[Z_MODE]) / MILLION


@jit
def cap_month(P, H, S, m, month_posted, cut, cuts, most, amount, lanes):  # type: ignore[no-untyped-def]
    """Fill `cut` with what partner caps take off (or pay later) in month m; `cuts` keeps what each of them did."""
    for lane in range(lanes):
        cut[lane] = 0.0
    for c in range(rows(P, CAPS)):
        keep, fund = cell(P, CAPS, c, L_CARRY) == 1, cell(P, CAPS, c, L_FUND)
        for lane in range(lanes):
            amount[lane] = 0.0
        for earlier in range(c):
            if covers(P, c, earlier):
                for lane in range(lanes):
                    amount[lane] += cuts[earlier, lane]
        for r in range(rows(P, RULES)):
            if cell(P, CAP_RULE, c, r) == 1:
                posted = month_posted[r]
                for lane in range(lanes):
                    amount[lane] += posted[lane]
        ceiling_lanes(P, H, CAPS, CAPS_F, c, m, most, lanes)
        carry, used = S.lanes[P.ints[S_CAP_CARRY] + c], S.lanes[P.ints[S_CAP_USED] + c]
        for lane in range(lanes):
            paid, carried, away = take(amount[lane], carry[lane], used[lane], most[lane], keep)
            carry[lane] = carried
            used[lane] += paid
            cuts[c, lane] = paid - amount[lane]
            cut[lane] += cuts[c, lane]
            if fund >= 0:
                S.lanes[P.ints[S_FUND] + fund, lane] += away


@jit
def covers(P, c, other):  # type: ignore[no-untyped-def]
    """Whether cap c looks at every rule of another cap, so that it sees what that one left."""
    for r in range(rows(P, RULES)):
        if cell(P, CAP_RULE, c, r) == 0 and cell(P, CAP_RULE, other, r) == 1:
            return False
    return True


@jit
def joiner_share(H, m, per, shift, prorate, lane):  # type: ignore[no-untyped-def]
    """The part of m's period since the partner joined, the joining month whole."""
    start = period_start(m, per, shift)
    joined = H.whole[H_JOINED, lane]
    if not prorate or joined <= start:
        return 1.0
    return max(0.0, (start + per - joined) / per)


@jit
def guarantee_month(P, H, S, g, m, tiers, top, lanes):  # type: ignore[no-untyped-def]
    """Add guarantee g's top-up of month m to `top`."""
    shift, months = P.ints[Z_SHIFT], P.ints[Z_MONTHS]
    baseline = cell(P, GUARANTEES, g, A_BASELINE) == 1
    per = P.ints[Z_SETTLE] if baseline else cell(P, GUARANTEES, g, A_PER)
    place = year_month(m, shift)
    if place == 0:
        S.lanes[P.ints[S_TOP_UP] + g, :lanes] = 0.0
    if place >= cell(P, GUARANTEES, g, A_MONTHS) or not (place % per == per - 1 or m == months - 1):
        return
    year = max(0, m - place)
    start = max(0, period_start(m, per, shift))
    unit, mode = P.floats[ZF_UNIT], P.ints[Z_MODE]
    carry = cell(P, GUARANTEES, g, A_CARRY) == 1
    for lane in range(lanes):
        named = cell(P, TIER_RULE, rows(P, RULES) + g, tiers[m, lane])
        if H.whole[P.ints[H_GUARANTEES] + g, lane] == 0 or named == 0:
            continue
        if baseline:
            floor = 0.0
            for month in range(year, m + 1):
                floor += H.given[0, month, lane]
            floor = round_money(half_away(floor * number(P, GUARANTEES_F, g, 0)), unit, mode) / MILLION
            short = (
                floor
                - (S.lanes[P.ints[S_EARNED] + m + 1, lane] - S.lanes[P.ints[S_EARNED] + year, lane])
                - S.lanes[P.ints[S_TOP_UP] + g, lane]
            )
        elif carry:
            floor = 0.0
            for month in range(year, m + 1):
                if year_month(month, shift) % per == per - 1 or month == m:
                    share = joiner_share(H, month, per, shift, cell(P, GUARANTEES, g, A_PRORATE) == 1, lane)
                    floor += (
                        round_money(half_away(number(P, GUARANTEES_F, g, 0) * share * MILLION), unit, mode) / MILLION
                    )
            short = (
                floor
                - (S.lanes[P.ints[S_EARNED] + m + 1, lane] - S.lanes[P.ints[S_EARNED] + year, lane])
                - S.lanes[P.ints[S_TOP_UP] + g, lane]
            )
        else:
            share = joiner_share(H, m, per, shift, cell(P, GUARANTEES, g, A_PRORATE) == 1, lane)
            floor = round_money(half_away(number(P, GUARANTEES_F, g, 0) * share * MILLION), unit, mode) / MILLION
            short = floor - (S.lanes[P.ints[S_EARNED] + m + 1, lane] - S.lanes[P.ints[S_EARNED] + start, lane])
        least = -S.lanes[P.ints[S_TOP_UP] + g, lane] if carry else 0.0
        line = max(least, short)
        S.lanes[P.ints[S_TOP_UP] + g, lane] += line
        top[lane] += line


@jit
def draw_month(P, H, S, d, m, tiers, advance, lanes):  # type: ignore[no-untyped-def]
    """Add draw d's advance or recovery of month m to `advance`."""
    shift, months = P.ints[Z_SHIFT], P.ints[Z_MONTHS]
    per = cell(P, DRAWS, d, D_PER)
    place = year_month(m, shift)
    if place % per == per - 1 or m == months - 1:
        start = max(0, period_start(m, per, shift))
        amount = number(P, DRAWS_F, d, DF_AMOUNT)
        for lane in range(lanes):
            named = cell(P, TIER_RULE, rows(P, RULES) + rows(P, GUARANTEES) + d, tiers[m, lane])
            if H.whole[P.ints[H_DRAWS] + d, lane] == 0 or named == 0:
                continue
            earned = S.lanes[P.ints[S_EARNED] + m + 1, lane] - S.lanes[P.ints[S_EARNED] + start, lane]
            if earned < amount:
                if place < cell(P, DRAWS, d, D_MONTHS):
                    room = max(0.0, number(P, DRAWS_F, d, DF_BALANCE) - S.lanes[P.ints[S_DRAW] + d, lane])
                    paid = min(amount - max(earned, 0.0), room)
                    S.lanes[P.ints[S_DRAW] + d, lane] += paid
                    advance[lane] += paid
            elif place + 1 >= cell(P, DRAWS, d, D_FROM):
                above = round_money(
                    half_away((earned - amount) * number(P, DRAWS_F, d, DF_SHARE)), P.floats[ZF_UNIT], P.ints[Z_MODE]
                )
                back = min(S.lanes[P.ints[S_DRAW] + d, lane], min(above / MILLION, number(P, DRAWS_F, d, DF_MOST)))
                S.lanes[P.ints[S_DRAW] + d, lane] -= back
                advance[lane] -= back
    if place == 11 and cell(P, DRAWS, d, D_FORGIVE) == 1:
        S.lanes[P.ints[S_DRAW] + d, :lanes] = 0.0


@jit
def settle(P, S, m, carried, minimum, rounding, lanes):  # type: ignore[no-untyped-def]
    """At a settlement: negative balances, minimum payout and rounding of the total (steps 15 to 17).

    Returns:
        Whether any of the three lines is not zero.
    """
    per, shift = P.ints[Z_SETTLE], P.ints[Z_SHIFT]
    if year_month(m, shift) % per != per - 1 and m != P.ints[Z_MONTHS] - 1:
        return False
    at_total = P.ints[Z_AT_LINE] == 0
    kind, least = P.ints[Z_MINIMUM], P.floats[ZF_MINIMUM]
    forward, lines = S.lanes[P.ints[S_DUE]], S.lanes[P.ints[S_SETTLEMENT]]
    if kind == 0 and not at_total:
        lowest = 0.0
        for lane in range(lanes):
            lowest = min(lowest, min(forward[lane], forward[lane] + lines[lane]))
        if lowest == 0.0:
            for lane in range(lanes):
                lines[lane] = 0.0
            return False
    for lane in range(lanes):
        due = forward[lane] + lines[lane]
        carried[lane], minimum[lane], rounding[lane] = forward[lane], 0.0, 0.0
        forward[lane] = 0.0
        lines[lane] = 0.0
        if due < 0:
            forward[lane] = due
            carried[lane] -= due
            due = 0.0
        elif kind > 0 and due > 0 and due < least:
            minimum[lane] = -due
            if kind == 2:
                forward[lane] = due
            due = 0.0
        if at_total and due != 0:
            exact = half_away(due * MILLION)
            rounding[lane] = round_money(exact, P.floats[ZF_UNIT], P.ints[Z_MODE]) / MILLION - due
    return True


@jit
def keep_balances(P, S, m, balances, lanes):  # type: ignore[no-untyped-def]
    """Write funds, draws owed, amounts brought forward and carried excess of month m."""
    state = S.lanes
    for lane in range(lanes):
        balances[0, m, lane] = state[P.ints[S_FUND] : P.ints[S_DRAW], lane].sum()
        balances[1, m, lane] = state[P.ints[S_DRAW] : P.ints[S_TOP_UP], lane].sum()
        balances[2, m, lane] = state[P.ints[S_DUE], lane]
        carried = state[P.ints[S_CAP_CARRY] : P.ints[S_FUND], lane].sum()
        balances[3, m, lane] = carried + state[P.ints[S_LIMIT_CARRY] : P.ints[S_CAP_USED], lane].sum()


@jit
def lane_sum(x, lanes):  # type: ignore[no-untyped-def]
    """The sum of lanes in four parts, which do not wait for each other; whole cents add up alike in any order."""
    a, b, c, d = 0.0, 0.0, 0.0, 0.0
    end = lanes - lanes % 4
    for lane in range(0, end, 4):
        a += x[lane]
        b += x[lane + 1]
        c += x[lane + 2]
        d += x[lane + 3]
    for lane in range(end, lanes):
        a += x[lane]
    return a + b + c + d


@entry
def run_block(P, H, tiers, total, by_rule, by_month, detail, trace, balances):  # type: ignore[no-untyped-def]
    """Pay one block of partners.

    Args:
        P: Program.
        H: Block.
        tiers: Output [months, lanes] tier in force.
        total: Output [months, lanes] cents paid.
        by_rule: Output [rules + SPECIALS, lanes] cents over all months.
        by_month: Output [rules + SPECIALS, months] cents over the block.
        detail: Output [rules + SPECIALS, months, lanes] cents, or empty.
        trace: Output [months, rules, fields, lanes], or empty.
        balances: Output [4, months, lanes] (fund, draw owed, brought forward, cap carried), or empty.
    """
    months, rule_count, lanes = P.ints[Z_MONTHS], rows(P, RULES), H.whole.shape[1]
    shift = P.ints[Z_SHIFT]
    keep_posted, keep_rates = P.ints[Z_KEEP_POSTED] == 1, P.ints[Z_KEEP_RATES] == 1
    deals = H.deal_values.shape[1]
    S = State(np.zeros((P.ints[S_ROWS], lanes)), np.zeros((2, rule_count if deals > 0 else 0, deals)))
    for r in range(rule_count):
        S.lanes[P.ints[S_WINDOW] + r, 0] = -1.0
    W = np.empty((SCRATCH, lanes))
    line = np.zeros((SPECIALS, lanes))
    month_posted = np.zeros((rule_count, lanes))
    tier_ok = np.ones(lanes, dtype=np.int64)
    cuts = np.zeros((rows(P, CAPS), lanes))
    by_rule[:] = 0.0
    by_month[:] = 0.0
    if P.ints[Z_TIERS] > 0:
        tier_path(P, H, tiers, W[PAID], lanes)
    else:
        tiers[:] = 0
    keeps_detail = detail.shape[0] > 0
    floors = rows(P, GUARANTEES) + rows(P, DRAWS) > 0
    takes_back = keep_posted
    for m in range(months):
        restart(P, S, LIMITS, P.ints[S_LIMIT_USED], P.ints[S_LIMIT_CARRY], m, shift, lanes)
        restart(P, S, CAPS, P.ints[S_CAP_USED], P.ints[S_CAP_CARRY], m, shift, lanes)
        for lane in range(lanes):
            total[m, lane] = 0.0
        for r in range(rule_count):
            posted = month_posted[r]
            ok = H.whole[P.ints[H_ELIGIBLE] + r]
            if cell(P, RULES, r, R_TIER_LIMITED) == 1:
                ok = tier_ok
                open_to, held = H.whole[P.ints[H_ELIGIBLE] + r], tiers[m]
                for lane in range(lanes):
                    ok[lane] = open_to[lane] & cell(P, TIER_RULE, r, held[lane])
            if cell(P, RULES, r, R_FUND) >= 0 and span(P, r, m)[0]:
                accrue_fund(P, H, S, m, tiers, ok, cell(P, RULES, r, R_FUND), lanes)
            if cell(P, RULES, r, R_PER) == 0:
                posts = deal_month(P, H, S, r, m, tiers, ok, W, posted, lanes, months)
            else:
                posts = rule_month(P, H, S, r, m, tiers, ok, W, posted, lanes, trace)
                if posts and keep_rates and cell(P, RULES, r, R_RETURNS) > 0:
                    remember_rate(P, H, S, r, m, ok, posted, lanes)
            if not posts:
                for lane in range(lanes):
                    posted[lane] = 0.0
            if keep_posted:
                for lane in range(lanes):
                    S.lanes[P.ints[S_POSTED] + r * (P.ints[Z_MONTHS] + 1) + m + 1, lane] = (
                        S.lanes[P.ints[S_POSTED] + r * (P.ints[Z_MONTHS] + 1) + m, lane] + posted[lane]
                    )
            if posts:
                cash = cell(P, RULES, r, R_NON_CASH) == 0
                mine, everything = by_rule[r], total[m]
                for lane in range(lanes):
                    mine[lane] += posted[lane]
                if cash:
                    for lane in range(lanes):
                        everything[lane] += posted[lane]
                by_month[r, m] = lane_sum(posted, lanes)
                if keeps_detail:
                    detail[r, m, :] = posted
        if takes_back:
            clawback(P, H, S, m, line[CLAWBACK], lanes)
        if rows(P, CAPS) > 0:
            cap_month(P, H, S, m, month_posted, line[CAP], cuts, W[BASE], W[PAID], lanes)
        paid, back, cut, top, advance = total[m], line[CLAWBACK], line[CAP], line[GUARANTEE], line[DRAW]
        if floors:
            before, after = S.lanes[P.ints[S_EARNED] + m], S.lanes[P.ints[S_EARNED] + m + 1]
            for lane in range(lanes):
                after[lane] = before[lane] + paid[lane] + back[lane] + cut[lane]
                top[lane] = 0.0
                advance[lane] = 0.0
            for g in range(rows(P, GUARANTEES)):
                guarantee_month(P, H, S, g, m, tiers, top, lanes)
            for d in range(rows(P, DRAWS)):
                draw_month(P, H, S, d, m, tiers, advance, lanes)
        settlement = S.lanes[P.ints[S_SETTLEMENT]]
        if takes_back or floors or rows(P, CAPS) > 0:
            for lane in range(lanes):
                settlement[lane] += paid[lane] + back[lane] + cut[lane] + top[lane] + advance[lane]
        else:
            for lane in range(lanes):
                settlement[lane] += paid[lane]
        settles = settle(P, S, m, line[CARRIED], line[MINIMUM], line[ROUNDING], lanes)
        for kind in range(CLAWBACK, ROUNDING + 1):
            if (kind == CLAWBACK and not takes_back) or (kind == CAP and rows(P, CAPS) == 0):
                continue
            if ((kind in (GUARANTEE, DRAW)) and not floors) or (kind >= CARRIED and not settles):
                continue
            extra, mine = line[kind], by_rule[rule_count + kind]
            for lane in range(lanes):
                mine[lane] += extra[lane]
                paid[lane] += extra[lane]
            by_month[rule_count + kind, m] = lane_sum(extra, lanes)
            if keeps_detail:
                detail[rule_count + kind, m, :] = extra
        if balances.shape[0] > 0:
            keep_balances(P, S, m, balances, lanes)
        expire_funds(P, S, m, lanes)
