"""Deals in their order, and deals that come back (source: docs/payouts.md, steps 11 and 12)."""

from __future__ import annotations

import numpy as np

from incentive_lab.engine.numeric import MILLION, half_away, jit, round_money, times_over
from incentive_lab.engine.program import RETURN_SCHEDULE, RETURN_SHARE, RETURN_UNSERVED


@jit
def return_lanes(  # type: ignore[no-untyped-def]
    back,     m,     at,     post_at,     begin,     month_rates,     rates,     work,     first,     returned,
    values,     pool,     place,     slot,     method,     months,     lanes,
):  # fmt: skip
    """Take off `back` what returned deals take back from one rule in month m (step 12).

    `pool` at `place`: share, kept, unit, mode, whether per deal, grain, rule, steps of the schedule, then the steps.
    """
    share, keep, unit, mode = pool[place], pool[place + 1], pool[place + 2], int(pool[place + 3])
    per_deal, grain, rule, count = (
        pool[place + 4] == 1,
        int(pool[place + 5]),
        int(pool[place + 6]),
        int(pool[place + 7]),
    )
    for i in range(lanes):
        lane, came = i * (months + 1), begin
        for row in range(first[2, lane + begin], first[2, lane + m + 1]):
            while row >= first[2, lane + came + 1]:
                came += 1
            sold = returned[0, row]
            if sold < 0:
                continue
            post = at[sold, post_at]
            if not ((came == m and post <= m) or (came < m and post == m)):
                continue
            if per_deal:
                deal = returned[2 + grain, row]
                earned, base = (rates[2 * rule, deal], rates[2 * rule + 1, deal]) if deal >= 0 else (0.0, 0.0)
            else:
                at_month = month_rates + max(0, post)
                earned, base = (work[at_month, i], work[at_month + months, i]) if post >= 0 else (0.0, 0.0)
            amount = times_over(values[slot, row], earned, base) if base != 0 else 0.0
            since = came - sold
            if method == RETURN_SHARE:
                amount = half_away(amount * share / MILLION)
            elif method == RETURN_UNSERVED:
                term = returned[1, row]
                if term > 0:
                    amount = half_away(amount * max(0, term - since) / term)
            elif method == RETURN_SCHEDULE:
                part = 0.0
                for step in range(count):
                    if since <= pool[place + 8 + 2 * step]:
                        part = pool[place + 9 + 2 * step]
                        break
                amount = half_away(amount * part / MILLION)
            cents = round_money(amount, unit, mode) / MILLION
            back[i] -= max(0.0, cents - keep) if cents > 0 else cents


@jit
def sums_before(keys, amount, key, total, before, lanes):  # type: ignore[no-untyped-def]
    """What the lanes before each, as far back as keys are the same, add up to; `key` and `total` are of those before the first.

    Four stretches are added up side by side, since an addition waits for the one before it; what goes on from one stretch to
    the next is added afterwards. Amounts are whole numbers, so their sums are the same in any order.

    Returns:
        The sum after the last lane.
    """
    part = lanes // 4
    one, two, three, four = total if keys[0] == key else 0.0, 0.0, 0.0, 0.0
    for i in range(part):
        j, k, n = i + part, i + 2 * part, i + 3 * part
        one = one if i == 0 or keys[i] == keys[i - 1] else 0.0
        two = two if keys[j] == keys[j - 1] else 0.0
        three = three if keys[k] == keys[k - 1] else 0.0
        four = four if keys[n] == keys[n - 1] else 0.0
        before[i], before[j], before[k], before[n] = one, two, three, four
        one, two, three, four = one + amount[i], two + amount[j], three + amount[k], four + amount[n]
    last = 4 * part
    for stretch in range(1, 4):
        i, end = stretch * part, (stretch + 1) * part
        while 0 < i < end and keys[i] == keys[stretch * part - 1]:
            before[i] += one
            i += 1
        one = (two if stretch == 1 else three if stretch == 2 else four) + (one if i == end else 0.0)
    for i in range(last, lanes):
        one = one if i == 0 or keys[i] == keys[i - 1] else 0.0
        before[i] = one
        one += amount[i]
    return one


@jit
def deal_cut(out, live, epoch, most, memory, place, whole, so_far, lanes):  # type: ignore[no-untyped-def]
    """Pass deals through a limit of one number that loses what exceeds it; what is used starts anew with each epoch.

    Where nothing is taken back, what is used is what was claimed (kept in `so_far`), cut once: one addition after the
    other instead of three steps; `whole` says that claims are whole numbers, and zero where a deal is not `live`.
    """
    before, used = memory[place], memory[place + 1]
    back = np.int64((most < 0.0) | (used > most))
    for i in range(lanes):
        back |= (live[i] == 1.0) & (out[i] < 0.0)
    if back:
        for i in range(lanes):
            used = used if epoch[i] == before else 0.0
            before = epoch[i]
            claim = out[i] if live[i] == 1.0 else 0.0
            after = min(used + claim, max(most, used))
            out[i] = after - used if live[i] == 1.0 else out[i]
            used = after
    else:
        if whole:
            used = sums_before(epoch, out, before, used, so_far, lanes)
            before = epoch[lanes - 1]
        else:
            for i in range(lanes):
                used = used if epoch[i] == before else 0.0
                before = epoch[i]
                so_far[i] = used
                used += out[i] if live[i] == 1.0 else 0.0
        for i in range(lanes):
            cut = min(so_far[i] + out[i], most) - min(so_far[i], most)
            out[i] = cut if live[i] == 1.0 else out[i]
        used = min(used, most)
    memory[place], memory[place + 1] = before, used


@jit
def deal_limit(  # type: ignore[no-untyped-def]
    out,     live,     most,     new,     cells,     memory,     place,     at,     used_at,     carry_at,
    by_deal,     keep,     by_row,     monthly,     number,     work,     spill,     carried_row,     lanes,
):  # fmt: skip
    """Pass deals through a limit in their order; `memory` from `place` on keeps lane, used, carried and two epochs.

    What is allowed is a monthly number, or with `by_row` in `most`.
    """
    at_lane, used, carried = int(memory[place]), memory[place + 1], memory[place + 2]
    used_epoch, carry_epoch, at_cell, month = memory[place + 3], memory[place + 4], -1, 0
    allowed = 0.0
    for i in range(lanes):
        cell = cells[i]
        if cell != at_cell:
            month = cell // work.shape[1]
            lane = cell - month * work.shape[1]
            if lane != at_lane:
                used, carried = 0.0, 0.0
            else:
                used = used if used_epoch == at[month, used_at] else 0.0
                carried = carried if carry_epoch == at[month, carry_at] else 0.0
            used_epoch, carry_epoch = at[month, used_at], at[month, carry_at]
            at_lane, at_cell = lane, cell
            allowed = monthly[month, number]
        if by_deal and new[i] == 1.0:
            used = 0.0
        if live[i] != 1.0:
            continue
        if by_row:
            allowed = most[i]
        claim = out[i] + carried
        paid = min(claim, max(0.0, allowed - used))
        used += paid
        out[i] = paid
        if keep:
            carried = claim - paid
        elif spill >= 0:
            work[spill + month, at_lane] += claim - paid
        if carried_row >= 0:
            work[carried_row + month, at_lane] = carried
    memory[place], memory[place + 1], memory[place + 2] = at_lane, used, carried
    memory[place + 3], memory[place + 4] = used_epoch, carry_epoch
