"""Drawn blocks laid out for the kernel, and what it paid added up by scenario."""

from __future__ import annotations

import numpy as np

from incentive_lab.projection.plan import ONE
from incentive_lab.projection.variates import bare


@bare
def lay_sums(  # type: ignore[no-untyped-def]
    mine, rows, count, past, drawn, common, ground, slots, running, sums
):
    """Running totals of the months before, for the slots and months that a program reads.

    Args:
        mine: [n] places in the block of the partners to lay out; rows: [n] their columns of the ground.
        count: Scenarios.
        past: Months of history.
        drawn: DrawnRows.
        common: Common, the totals of the slots that stand for whole groups.
        ground: Ground. Of it `leaf_first`, `leaves` and `times` are the leaves of each slot, and how often each is added; `wanted`
            [horizon + 1, slots] whether a program reads the total before that month of the horizon.
        slots: Slots of a month.
        running: Scratch [lanes].
        sums: Output [(months + 1) x slots, lanes].
    """
    spread(rows, count, ground.sum_rows, ground.sums, sums)
    amounts, wholes, few, where = drawn.amounts, drawn.wholes, drawn.few, drawn.where
    leaf_first, leaves, times, wanted = ground.leaf_first, ground.leaves, ground.times, ground.wanted
    halved = wholes.shape[0] > 0
    q = 0
    while q < len(mine):
        # Partners that lie side by side in the block are one stretch of lanes.
        end = q + 1
        while end < len(mine) and mine[end] == mine[end - 1] + 1:
            end += 1
        base, source, many = q * count, mine[q] * count, (end - q) * count
        # Rows are cut to the stretch: the compiler works out many lanes at a time only where places begin at nothing.
        for slot in range(slots):
            now, shared = sums[past * slots + slot][base : base + many], ground.shared[slot]
            for m in range(len(wanted) - 1):
                out = sums[(past + m + 1) * slots + slot][base : base + many] if wanted[m + 1, slot] else running[:many]
                if shared >= 0:
                    for p in range(end - q):
                        source_at = common.group[shared, mine[q + p]] * count
                        row, to = common.totals[shared, m][source_at : source_at + count], p * count
                        for s in range(count):
                            out[to + s] = now[to + s] + row[s]
                    now = out
                    continue
                for place in range(leaf_first[slot], leaf_first[slot + 1]):
                    at, factor = where[leaves[place]], times[place]
                    if at >= 0 and halved:
                        whole = wholes[at, m][source : source + many]
                        for i in range(many):
                            out[i] = now[i] + factor * whole[i]
                    elif at >= 0:
                        row = amounts[at, m][source : source + many]
                        for i in range(many):
                            out[i] = now[i] + factor * row[i]
                    else:
                        factor *= ONE
                        counts = few[-1 - at, m][source : source + many]
                        for i in range(many):
                            out[i] = now[i] + factor * counts[i]
                    now = out
                if leaf_first[slot] == leaf_first[slot + 1]:
                    for i in range(many):
                        out[i] = now[i]
                    now = out
        q = end


@bare
def add_groups(slot, shared, partners, count, drawn, ground, common):  # type: ignore[no-untyped-def]
    """Add up a slot that stands for whole groups: `common.totals[shared]` from all `partners` of a block."""
    amounts, wholes, few, out = drawn.amounts, drawn.wholes, drawn.few, common.totals[shared]
    out[:] = 0.0
    for place in range(ground.leaf_first[slot], ground.leaf_first[slot + 1]):
        at, factor = drawn.where[ground.leaves[place]], ground.times[place]
        for m in range(len(out)):
            for q in range(partners):
                to, source = common.group[shared, q] * count, q * count
                into = out[m][to : to + count]
                if at >= 0 and wholes.shape[0] > 0:
                    whole = wholes[at, m][source : source + count]
                    for s in range(count):
                        into[s] += factor * whole[s]
                elif at >= 0:
                    row = amounts[at, m][source : source + count]
                    for s in range(count):
                        into[s] += factor * row[s]
                else:
                    counts = few[-1 - at, m][source : source + count]
                    for s in range(count):
                        into[s] += factor * ONE * counts[s]


@bare
def lay_prizes(mine, count, rows, prizes, fixed):  # type: ignore[no-untyped-def]
    """Prizes of the horizon: `prizes` [rows, lanes of the block] into rows of what is known of partners."""
    for r in range(len(rows)):
        for q in range(len(mine)):
            source, out = mine[q] * count, fixed[rows[r]][q * count : (q + 1) * count]
            won = prizes[r][source : source + count]
            for s in range(count):
                out[s] = won[s]


@bare
def spread(rows, count, places, known, out):  # type: ignore[no-untyped-def]
    """Rows of what is known of each partner, repeated for its scenarios: out[places[r]] from known[r]."""
    for r in range(len(places)):
        row = out[places[r]]
        for q in range(len(rows)):
            number, mine = known[r, rows[q]], row[q * count : (q + 1) * count]
            for s in range(count):
                mine[s] = number


@bare
def lay_levels(mine, count, past, horizon, names, slots, drawn, joined, out):  # type: ignore[no-untyped-def]
    """Scores of the horizon: those drawn (DrawnRows), or (name -1) the months since joining."""
    scores, parts, part = drawn.scores, drawn.parts, drawn.part
    for slot in range(slots):
        for m in range(horizon):
            row = out[(past + m) * slots + slot]
            for q in range(len(mine)):
                base, source = q * count, mine[q] * count
                out_of, began = row[base : base + count], joined[base : base + count]
                if names[slot] >= 0 and parts.shape[0] > 0:
                    whole = parts[names[slot], m, source : source + count]
                    for s in range(count):
                        out_of[s] = whole[s] / part
                    continue
                if names[slot] >= 0:
                    score = scores[names[slot], m, source : source + count]
                    for s in range(count):
                        out_of[s] = score[s]
                    continue
                for s in range(count):
                    since = past + m - began[s]
                    out_of[s] = since if (began[s] > -1000) & (since >= 0) else np.nan


@bare
def lay_joining(mine, rows, count, past, known, begin, joined):  # type: ignore[no-untyped-def]
    """The month in which newcomers join, which differs between scenarios."""
    for q in range(len(mine)):
        if rows[q] >= known:
            for s in range(count):
                joined[q * count + s] = past + begin[mine[q] * count + s]


@bare
def lay_targets(mine, columns, first, count, begin, rows, table, fixed):  # type: ignore[no-untyped-def]
    """Running totals of newcomers' targets by the month in which each joins; the column of the first of them is `first`."""
    last = table.shape[0] - 1
    for q in range(len(mine) if len(rows) > 0 else 0):
        if columns[q] >= first:
            for r in range(len(rows)):
                row = fixed[rows[r]]
                for s in range(count):
                    row[q * count + s] = table[min(begin[mine[q] * count + s], last), r, columns[q] - first]


@bare
def lay_floor(begin, months, total, base, row, fixed):  # type: ignore[no-untyped-def]
    """What the baseline pays, to date before each month, from `begin` on; `total` is read from lane `base` on."""
    for m in range(begin, months):
        before, after, paid = fixed[row + m], fixed[row + m + 1], total[m]
        for i in range(len(before)):
            after[i] = before[i] + paid[base + i]


@bare
def add_up(  # type: ignore[no-untyped-def]
    rows, count, begin, past, total, tiers, by_rule, earlier, start_tier, known, segment, periods, acc, monthly, due, lines,
    by_tier, by_segment, higher, partners,
):  # fmt: skip
    """Add what a block was paid to the sums by scenario.

    Args:
        rows: [n] partners; lanes are (partner, scenario).
        begin: First month that was paid by lane; `past` the first of the horizon.
        total, tiers: [months, lanes]; by_rule: [lines, lanes].
        earlier: [past, partners] what was paid in months of history.
        start_tier: [partners] level in the last month of history; known: partners of history.
        segment: [partners].
        periods: [n, 2] first and last month of the settlements that a budget is cut at; empty without one.
        acc: Scratch [count].
        monthly: [months, count]; due: [periods, count]; lines, by_tier, by_segment: [each, count]; higher: [count].
        partners: [partners known, scenarios kept] over the horizon.
    """
    months, last = total.shape[0], total.shape[0] - 1
    for q in range(len(rows)):
        base, partner = q * count, rows[q]
        for m in range(begin, months):
            row, into = total[m, base : base + count], monthly[m]
            for s in range(count):
                into[s] += row[s]
        mine = by_segment[segment[partner]]
        for s in range(count):
            acc[s] = 0.0
        for m in range(past, months):
            row, held = total[m, base : base + count], tiers[m, base : base + count]
            for s in range(count):
                acc[s] += row[s]
            for level in range(len(by_tier)):
                into = by_tier[level]
                for s in range(count):
                    into[s] += row[s] if held[s] == level else 0.0
        for s in range(count):
            mine[s] += acc[s]
        if partner < known:
            for s in range(partners.shape[1]):
                partners[partner, s] = acc[s]
            held = tiers[last, base : base + count]
            for s in range(count):
                higher[s] += 1.0 if held[s] > start_tier[partner] else 0.0
        for k in range(len(periods)):
            first, final = periods[k, 0], periods[k, 1]
            if final < begin:
                continue
            for s in range(count):
                acc[s] = 0.0
            for m in range(first, final + 1):
                for s in range(count):
                    acc[s] += earlier[m, partner] if m < begin else total[m, base + s]
            for s in range(count):
                due[k, s] += max(acc[s], 0.0)
    for line in range(len(lines)):
        into = lines[line]
        for q in range(len(rows)):
            row = by_rule[line, q * count : (q + 1) * count]
            for s in range(count):
                into[s] += row[s]


@bare
def add_leaf(values, count, out):  # type: ignore[no-untyped-def]
    """Add a leaf [horizon, lanes] to out [horizon, count]."""
    for m in range(values.shape[0]):
        into = out[m]
        for base in range(0, values.shape[1], count):
            row = values[m, base : base + count]
            for s in range(count):
                into[s] += row[s]


@bare
def add_staying(end, low, known, count, horizon, out):  # type: ignore[no-untyped-def]
    """Count the partners of history that are there at the end."""
    for q in range(max(0, min(len(end) // count, known - low))):
        mine = end[q * count : (q + 1) * count]
        for s in range(count):
            out[s] += 1.0 if mine[s] >= horizon else 0.0
