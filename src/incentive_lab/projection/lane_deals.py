"""Deals, and those that come back, sorted into lanes and months."""

from __future__ import annotations

import numpy as np

from incentive_lab.projection.plan import SIZE
from incentive_lab.projection.variates import bare, jit


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
