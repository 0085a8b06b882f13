"""Drawn blocks laid out for the kernel, and what it paid added up by scenario."""

from __future__ import annotations

import numpy as np

from incentive_lab.projection.plan import ONE, SIZE
from incentive_lab.projection.variates import bare, jit


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


@jit
def sorted_deals(  # type: ignore[no-untyped-def]
    mine, rows, low, count, past, months, drawn, items, old, slots, last, keys, entry, values, cells, begun, placed, grain, filled,
):  # fmt: skip
    """Deals of one grain by lane and month, those of history in their order, drawn ones by a day that each item has.

    Args:
        mine, rows, low, count, drawn: As in `Deals.lay`.
        past, months: Months of history, and of history and horizon.
        items: Items; old: Old.
        slots: [columns of this grain] their rows of `values`; `last` is the row that tells deals of lines apart.
        keys, entry: Scratch as long as the rows of `values`, which are an output with `cells`.
        begun: Output [lanes]; placed: output [drawn].
        filled: Output [2], of which this writes `grain`; more than there is room for means that nothing was written.
    """
    lanes, n, most = len(mine) * count, 0, len(keys)
    place = np.full(mine[-1] - low + 1 if len(mine) > 0 else 0, -1, dtype=np.int64)
    for q in range(len(mine)):
        place[mine[q] - low] = q
    first = np.zeros(lanes * months + 1, dtype=np.int64)
    for q in range(len(mine) if len(slots) > 0 else 0):
        for s in range(count):
            lane = q * count + s
            for r in range(old.first[rows[q]], old.first[rows[q] + 1]):
                if n < most:
                    keys[n], entry[n] = lane * months + old.month[r], -r - 1
                n += 1
    for r in range(len(drawn)):
        placed[r] = -1
        at = drawn[r, 0] // count - low
        if len(slots) == 0 or not items.used[drawn[r, 3]] or at >= len(place) or place[at] < 0:
            continue
        if n < most:
            lane = place[at] * count + drawn[r, 0] % count
            keys[n], entry[n] = lane * months + past + drawn[r, 1], r
        n += 1
    filled[grain] = n
    if n > most:
        return
    for e in range(n):
        first[keys[e] + 1] += 1
    for k in range(1, len(first)):
        first[k] += first[k - 1]
    for lane in range(lanes):
        begun[lane] = first[lane * months]
    order = np.empty(n, dtype=np.int64)
    held = np.zeros(lanes * months, dtype=np.int64)
    for e in range(n):
        k = keys[e]
        at = first[k] + held[k]
        if entry[e] >= 0:
            day = day_of(drawn[entry[e], 2])
            while at > first[k] and entry[order[at - 1]] >= 0 and day_of(drawn[entry[order[at - 1]], 2]) > day:
                order[at] = order[at - 1]
                at -= 1
        order[at] = e
        held[k] += 1
    for at in range(n):
        e = order[at]
        lane, month = keys[e] // months, keys[e] % months
        cells[at] = month * lanes + lane
        if entry[e] < 0:
            r = -entry[e] - 1
            for slot in range(len(slots)):
                values[slots[slot], at] = old.values[slot, r]
            if grain == 1:
                values[last, at] = old.number[r]
            continue
        r = entry[e]
        placed[r] = at
        item, size = items.first[drawn[r, 3]] + drawn[r, 2], drawn[r, 4] / SIZE
        for slot in range(len(slots)):
            total = 0.0
            for term in range(items.term_first[slot], items.term_first[slot + 1]):
                value = items.terms[term, item]
                total += items.sign[term] * (np.floor(value * size + 0.5) if items.money[term] else value)
            values[slots[slot], at] = total
        if grain == 1:
            values[last, at] = at


@bare
def day_of(item):  # type: ignore[no-untyped-def]
    """The day of its month on which an item that is drawn closes: always the same one, and any of 28 for many items."""
    return (item * 11) % 28


@jit
def lay_returns(  # type: ignore[no-untyped-def]
    mine, rows, low, count, past, horizon, items, item_first, lag, term, back, money, old_first, old, old_values, keys, rows_out,
    values_out, entry, first, filled, begun, placed, old_deals,
):  # fmt: skip
    """Returned deals by lane and month: those of history, then those of drawn deals.

    Args:
        mine, rows: As in `lay_sums`; low: place in the block of the first partner that `items` may tell of.
        items: [n, E_COLUMNS] drawn items; item_first: [streams] their places in `lag`.
        lag, term, back: [items] and [names, items] when and how much of an item comes back; money: [names] in money.
        old_first: [partners + 1]; old: [3, n] month, month sold, term; old_values: [names, n].
        keys, entry: Scratch as long as the outputs.
        rows_out: Output [4, n]; values_out: output [names, n]; first: output [lanes x (months + 1)].
        filled: [1] how many; more than the outputs hold means that nothing was written.
        begun, placed: [2, lanes] and [2, items] as in `Deals.lay`; old_deals: [2, n] which deal of the partner's history came
            back, -1 unknown; all empty where no rule pays deal by deal.
    """
    months = past + horizon
    place = np.full(mine[-1] - low + 1 if len(mine) > 0 else 0, -1, dtype=np.int64)
    for q in range(len(mine)):
        place[mine[q] - low] = q
    n, most = 0, len(keys)
    for q in range(len(mine)):
        for r in range(old_first[rows[q]], old_first[rows[q] + 1]):
            for s in range(count):
                if n < most:
                    keys[n], entry[n] = (q * count + s) * (months + 1) + old[0, r], -r - 1
                n += 1
    for r in range(len(items)):
        q = items[r, 0] // count - low
        q = place[q] if q < len(place) else -1
        at = item_first[items[r, 3]] + items[r, 2]
        month = items[r, 1] + lag[at]
        if q < 0 or lag[at] < 0 or month >= horizon:
            continue
        if n < most:
            keys[n], entry[n] = (q * count + items[r, 0] % count) * (months + 1) + past + month, r
        n += 1
    filled[0] = n
    if n > most:
        return
    for k in range(len(first)):
        first[k] = 0
    for e in range(n):
        first[keys[e] + 1] += 1
    for k in range(1, len(first)):
        first[k] += first[k - 1]
    # What is placed moves the beginnings on by one key; they are moved back after.
    for e in range(n):
        at = first[keys[e]]
        first[keys[e]] += 1
        if entry[e] < 0:
            r = -entry[e] - 1
            rows_out[0, at], rows_out[1, at] = old[1, r], old[2, r]
            for name in range(len(values_out)):
                values_out[name, at] = old_values[name, r]
        else:
            item = item_first[items[entry[e], 3]] + items[entry[e], 2]
            rows_out[0, at], rows_out[1, at] = past + items[entry[e], 1], term[item]
            for name in range(len(values_out)):
                size = items[entry[e], 4] / SIZE if money[name] else 1.0
                values_out[name, at] = np.floor(back[name, item] * size + 0.5)
        for grain in range(2):
            deal = -1
            if begun.shape[0] > 0 and entry[e] >= 0:
                deal = placed[grain, entry[e]]
            elif begun.shape[0] > 0 and old_deals[grain, -entry[e] - 1] >= 0:
                deal = begun[grain, keys[e] // (months + 1)] + old_deals[grain, -entry[e] - 1]
            rows_out[2 + grain, at] = deal
    for k in range(len(first) - 1, 0, -1):
        first[k] = first[k - 1]
    first[0] = 0


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
