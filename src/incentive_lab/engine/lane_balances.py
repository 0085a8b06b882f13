"""Limits, floors, draws and settlements over lanes (source: docs/payouts.md, steps 11 to 17)."""

from __future__ import annotations

from incentive_lab.engine.numeric import MILLION, half_away, jit, round_money


@jit
def limit_lanes(out, ok, most, used, carry, keep, claim, cut, lanes):  # type: ignore[no-untyped-def]
    """Pass `out` through a limit in place (step 11); what it cuts away for good is left in `cut`."""
    for i in range(lanes):
        claim[i] = out[i] + carry[i]
    for i in range(lanes):
        cut[i] = min(claim[i], max(0.0, most[i] - used[i]))
    for i in range(lanes):
        out[i] = cut[i] if ok[i] == 1.0 else out[i]
    for i in range(lanes):
        used[i] += cut[i] if ok[i] == 1.0 else 0.0
    for i in range(lanes):
        cut[i] = claim[i] - cut[i] if ok[i] == 1.0 else 0.0
    if keep:
        for i in range(lanes):
            carry[i] = cut[i] if ok[i] == 1.0 else carry[i]
            cut[i] = 0.0
    else:
        for i in range(lanes):
            carry[i] = 0.0 if ok[i] == 1.0 else carry[i]


@jit
def guarantee_lanes(  # type: ignore[no-untyped-def]
    out, ok, upto, since, given, joined, m, kind, per, prorate, start, year, shift, number, unit, mode, within, work,
    earned, floors, lanes,
):  # fmt: skip
    """Add a guarantee's top-up of month m to `out` (step 14); `given` is what it has topped up so far.

    Kinds: 0 against a baseline (`floors` is its total to date), 1 with carry, 2 each period by itself. Where `within` is
    not 0 it holds in so many months since joining, and counts from then on: earnings to date are rows of `work`.
    """
    for i in range(lanes):
        if ok[i] != 1.0:
            continue
        first, before, ends = year, since[i], m + 2 * per
        if within > 0:
            ends = int(joined[i]) + within
            if joined[i] > m or ends <= m - (m + shift) % per:
                continue
            first = max(year, int(joined[i]))
            if kind == 1:
                before = work[earned + first, i]
        if kind == 0:
            floor = round_money(half_away(floors[i] * number), unit, mode) / MILLION
        else:
            floor = 0.0
            for month in range(first if kind == 1 else m, m + 1):
                if month == m or (month + shift) % per == per - 1:
                    begin = month - (month + shift) % per
                    share = 1.0
                    if prorate and (joined[i] > begin or ends < begin + per):
                        share = max(0.0, (min(begin + per, ends) - max(begin, int(joined[i]))) / per)
                    floor += round_money(half_away(number * share * MILLION), unit, mode) / MILLION
        if kind == 2:
            line = max(0.0, floor - (upto[i] - before))
        else:
            line = floor - (upto[i] - before) - given[i]
            line = max(-given[i] if start == 1 else 0.0, line)
        given[i] += line
        out[i] += line


@jit
def draw_lanes(  # type: ignore[no-untyped-def]
    out, ok, upto, since, owed, joined, m, advances, recovers, begin, amount, most, share, balance, unit, within, later,
    mode, lanes,
):  # fmt: skip
    """Add a draw's advance or recovery to `out` (step 14).

    Where `within` is not 0 advances are given in so many months since joining, and recovered from month `later` on.
    """
    for i in range(lanes):
        if ok[i] != 1.0:
            continue
        if within > 0:
            if joined[i] > m:
                continue
            advances, recovers = begin < joined[i] + within, m - joined[i] + 1 >= later
        earned = upto[i] - since[i]
        if earned < amount:
            if advances:
                paid = min(amount - max(earned, 0.0), max(0.0, balance - owed[i]))
                owed[i] += paid
                out[i] += paid
        elif recovers:
            above = round_money(half_away((earned - amount) * share), unit, mode)
            back = min(owed[i], min(above / MILLION, most))
            owed[i] -= back
            out[i] -= back


@jit
def settle_lanes(forward, lines, brought, least_line, rounded, kind, least, at_total, unit, mode, lanes):  # type: ignore[no-untyped-def]
    """Negative balances, minimum payout and rounding of the total (steps 15 to 17); whether any line is not zero."""
    if kind == 0 and not at_total:
        owing = 0
        for i in range(lanes):
            owing |= (forward[i] < 0) | (forward[i] + lines[i] < 0)
        if owing == 0:
            for i in range(lanes):
                lines[i] = 0.0
            return False
    for i in range(lanes):
        due = forward[i] + lines[i]
        if at_total:  # parts of a cent add up to a decimal value, which the minimum is held against
            due = half_away(due * MILLION) / MILLION
        brought[i], least_line[i], rounded[i] = forward[i], 0.0, 0.0
        forward[i] = 0.0
        lines[i] = 0.0
        if due < 0:
            forward[i] = due
            brought[i] -= due
            due = 0.0
        elif kind > 0 and due > 0 and due < least:
            least_line[i] = -due
            if kind == 2:
                forward[i] = due
            due = 0.0
        if at_total and due != 0:
            rounded[i] = round_money(half_away(due * MILLION), unit, mode) / MILLION - due
    return True
