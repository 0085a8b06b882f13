"""A drawn block is paid a few partners at a time, so that what the kernel reads and writes stays in the processor's cache."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from incentive_lab.engine.kernel import AT_WALK, walk_at
from incentive_lab.engine.program import Block
from incentive_lab.panel import Floats
from incentive_lab.projection.lanes import (
    add_up,
    lay_floor,
    lay_joining,
    lay_levels,
    lay_prizes,
    lay_sums,
    lay_targets,
    spread,
)
from incentive_lab.projection.streams import Rows
from incentive_lab.projection.variates import bare

AT_ONCE = 256
"""Lanes that are paid at a time, unless one partner has more scenarios."""
# whole numbers of a ground
(G_BEGIN, G_PAST, G_SLOTS, G_LEVEL_SLOTS, G_KNOWN, G_FLOOR, G_NEWCOMERS, G_COLUMNS) = range(8)


class Ground(NamedTuple):
    """What of a compiled scheme no scenario changes; n partners are paid by it.

    Attributes:
        numbers: [G_COLUMNS] first month that is paid, and first of the horizon; slots of a month and of its scores; partners
            of history; row of what the baseline paid to date; place of the first newcomer among the n.
        sum_rows, fixed_rows, state_rows, level_rows: Rows that history fills; sums, fixed, state, levels: [rows, n] what with.
        wanted, leaf_first, leaves, times: As in `lay_sums`; names: as in `lay_levels`.
        target_rows, targets: As in `lay_targets`.
        earlier, start_tier, segment, settlements: As in `add_up`.
        shared: [slots] which total of `Common` a slot takes, -1 its own; prize_rows: [prizes] their rows of `fixed`.
    """

    numbers: Rows
    sum_rows: Rows
    sums: Floats
    fixed_rows: Rows
    fixed: Floats
    state_rows: Rows
    state: Floats
    level_rows: Rows
    levels: Floats
    wanted: NDArray[np.bool_]
    leaf_first: Rows
    leaves: Rows
    times: Floats
    names: Rows
    target_rows: Rows
    targets: Floats
    earlier: Floats
    start_tier: Rows
    segment: Rows
    settlements: Rows
    shared: Rows
    prize_rows: Rows


class Common(NamedTuple):
    """What all partners of a scenario decide together; empty for a scheme under which every partner stands alone.

    Attributes:
        totals: [totals, horizon, groups x scenarios] what whole groups add up to.
        group: [totals, partners] the group of each.
        prizes: [prizes, lanes of the block] cents.
    """

    totals: Floats
    group: Rows
    prizes: Floats


class Lanes(NamedTuple):
    """What the kernel reads and writes for some lanes. Rows that no program reads stay undefined (NaN).

    Attributes:
        sums, levels, fixed, first: As in `Block`.
        work, tiers, total, by_rule, by_month, detail, trace, balances, paid: As in `run_block`.
        rates, registers, memory, spaces, widths: As in `execute`.
        running: [lanes] scratch.
        deal_values, cells, line_cells: As `deal_values`, `cell_of_deal` and `cell_of_line` in `Block`.
    """

    sums: Floats
    levels: Floats
    fixed: Floats
    first: Rows
    work: Floats
    tiers: NDArray[np.uint8]
    total: Floats
    by_rule: Floats
    by_month: Floats
    detail: Floats
    trace: Floats
    balances: Floats
    paid: Floats
    rates: Floats
    registers: Floats
    memory: Floats
    spaces: Rows
    widths: Rows
    running: Floats
    deal_values: Floats
    cells: NDArray[np.int32]
    line_cells: NDArray[np.int32]


class DrawnRows(NamedTuple):
    """A drawn block as compiled code reads it: amounts and scores are in one of two arrays, the other of which is empty.

    Attributes:
        amounts or wholes, few, where: `values`, `few` and `where` of `Drawn`; scores or parts, part: `levels` and `part`.
        begin: As in `Drawn`.
    """

    amounts: Floats
    wholes: NDArray[np.int32]
    few: NDArray[np.uint8]
    where: Rows
    scores: Floats
    parts: NDArray[np.int32]
    part: float
    begin: Rows


class Paid(NamedTuple):
    """What a scheme pays in some scenarios; minor units. It begins with zeros, to which blocks of partners are added.

    Attributes:
        monthly: [months of history and horizon, scenarios].
        lines, by_tier, by_segment: [lines or levels or segments, scenarios] over the horizon.
        higher: [scenarios] partners that end in a higher tier than they begin in.
        due: [settlements, scenarios] what the budget is asked for; empty without one that cuts.
        taken: [horizon, scenarios] what a budget took off within the replay, as negative amounts.
        partners: [partners of history, scenarios kept] over the horizon.
    """

    monthly: Floats
    lines: Floats
    by_tier: Floats
    by_segment: Floats
    higher: Floats
    due: Floats
    taken: Floats
    partners: Floats


@bare
def pay_span(  # type: ignore[no-untyped-def]
    calls, program, ground, lanes, drawn, common, mine, rows, partners, count, base, floor, first, returned, return_values,
    paid, out,
):  # fmt: skip
    """Pay the partners of a drawn block in its scenarios, as many at a time as there are lanes for.

    Args:
        calls: `kernel.addresses` of the program.
        program: Program.
        ground: Ground.
        lanes: Lanes.
        drawn: DrawnRows; common: Common.
        mine: [n] places in the block; rows: [n] columns of the ground; partners: [n] rows of the panel. n is a multiple of the
            partners that there are lanes for.
        count: Scenarios.
        base: Where the lanes of these partners begin in the next arrays.
        floor: [months, lanes] what the baseline pays; empty without one.
        first: [lanes x (months + 1)] first row of each lane and month among `returned` [4, returns] and `return_values`; empty
            without any.
        paid: Paid, to which is added unless `out` is asked for.
        out: Output [months, lanes] cents; empty if nobody asks.
    """
    begin, past, slots = ground.numbers[G_BEGIN], ground.numbers[G_PAST], ground.numbers[G_SLOTS]
    months, many = lanes.total.shape
    step = many // count
    keys, by_rule, detail = many * (months + 1), lanes.by_rule, lanes.detail
    for at in range(0, len(mine), step):
        lane = base + at * count
        some, columns, who = mine[at : at + step], rows[at : at + step], partners[at : at + step]
        lay_sums(some, columns, count, past, drawn, common, ground, slots, lanes.running, lanes.sums)
        spread(columns, count, ground.fixed_rows, ground.fixed, lanes.fixed)
        spread(columns, count, ground.state_rows, ground.state, lanes.work)
        joined = lanes.fixed[0]
        lay_joining(some, who, count, past, ground.numbers[G_KNOWN], drawn.begin, joined)
        lay_targets(some, columns, ground.numbers[G_NEWCOMERS], count, drawn.begin, ground.target_rows, ground.targets,
                    lanes.fixed)  # fmt: skip
        if ground.numbers[G_LEVEL_SLOTS] > 0:
            spread(columns, count, ground.level_rows, ground.levels, lanes.levels)
            lay_levels(some, count, past, months - past, ground.names, ground.numbers[G_LEVEL_SLOTS], drawn, joined,
                       lanes.levels)  # fmt: skip
        lay_prizes(some, count, ground.prize_rows, common.prizes, lanes.fixed)
        if floor.shape[0] > 0:
            lay_floor(begin, months, floor, lane, ground.numbers[G_FLOOR], lanes.fixed)
        for key in range(keys if len(first) > 0 else 0):
            lanes.first[2, key] = first[lane * (months + 1) + key]
        for line in range(len(by_rule)):
            for i in range(many):
                by_rule[line, i] = 0.0
        for line in range(len(detail)):
            for m in range(past, months):
                for i in range(many):
                    detail[line, m, i] = 0.0
        block = Block(lanes.sums, lanes.levels, lanes.fixed, lanes.first, returned, lanes.deal_values, return_values,
                      lanes.cells, lanes.line_cells)  # fmt: skip
        walk_at(calls[AT_WALK], calls, program, block, lanes.tiers, lanes.total, lanes.by_rule, lanes.by_month, lanes.detail,
                lanes.trace, lanes.balances, lanes.paid, lanes.work, begin, months, lanes.rates, lanes.registers,
                lanes.memory, lanes.spaces, lanes.widths)  # fmt: skip
        # Where months of history are paid again, rules are told of the horizon alone.
        for line in range(len(detail)):
            for i in range(many):
                by_rule[line, i] = 0.0
            for m in range(past, months):
                for i in range(many):
                    by_rule[line, i] += detail[line, m, i]
        if out.shape[0] > 0:
            for m in range(begin, months):
                for i in range(many):
                    out[m, lane + i] = lanes.total[m, i]
            continue
        add_up(who, count, begin, past, lanes.total, lanes.tiers, lanes.by_rule, ground.earlier, ground.start_tier,
               ground.numbers[G_KNOWN], ground.segment, ground.settlements, lanes.running, paid.monthly, paid.due, paid.lines,
               paid.by_tier, paid.by_segment, paid.higher, paid.partners)  # fmt: skip
