"""Tables: steps in order, each with what its mode needs and nothing that its mode ignores."""

from __future__ import annotations

from itertools import pairwise

from incentive_lab.errors import did_you_mean
from incentive_lab.scheme.checks.context import Context, Findings, doubtful, wrong
from incentive_lab.scheme.rates import Grid, GridAxis, Multiplier, Step, Table
from incentive_lab.scheme.sentences import shown
from incentive_lab.scheme.walk import Node, Segments
from incentive_lab.scheme.words import written


def tables(context: Context) -> Findings:
    """Every table and grid of the scheme."""
    for node in context.nodes:
        part = node.part
        if isinstance(part, (Table, GridAxis)):
            yield from _order(node.segments, part.steps)
        if isinstance(part, Table):
            yield from _ends(node.segments, part)
            yield from _amounts(node.segments, part)
            yield from _settings(node.segments, part)
        elif isinstance(part, GridAxis):
            yield from _axis(node.segments, part)
        elif isinstance(part, Grid):
            yield from _grid(node.segments, part)
        elif isinstance(part, Multiplier) and part.table is not None:
            yield from _factors(node, part.table)


def _order(here: Segments, steps: tuple[Step, ...]) -> Findings:
    for before, after in pairwise(steps):
        place = (*here, "steps", after.name)
        start = written(after.from_)
        if after.from_ == before.from_:
            yield wrong(place, f"It starts at {start}, where '{before.name}' starts too.", "Give each its own start.")
        elif after.from_ < before.from_:
            message = f"It starts at {start}, below '{before.name}' which starts at {written(before.from_)}."
            yield wrong(place, message, "Put the steps in order, lowest first.")
    for step in steps:
        if step.to is not None and step.to <= step.from_:
            message = f"It ends at {written(step.to)}, not above its start {written(step.from_)}."
            yield wrong((*here, "steps", step.name), message)


def _ends(here: Segments, table: Table) -> Findings:
    for before, after in pairwise(table.steps):
        if before.to is None or after.from_ <= before.from_ or before.to <= before.from_:
            continue
        place = (*here, "steps", before.name)
        if before.to > after.from_:
            message = f"It ends at {written(before.to)}, above the start of '{after.name}' at {written(after.from_)}."
            yield wrong(place, message, "Steps must not overlap.")
        elif before.to < after.from_ and table.slices == "from_start":
            message = f"Nothing is paid between its end {written(before.to)} and the next start {written(after.from_)}."
            yield doubtful(place, message, "For bands such as 1-10, 11-20 write slices: from_previous_end.")
    if table.beyond != "continues" and table.steps[-1].to is None:
        message = f"`beyond: {table.beyond}` needs the end of the last step."
        yield wrong((*here, "beyond"), message, f"Give '{table.steps[-1].name}' a `to`.")
    if table.slices == "from_previous_end" and any(step.to is None for step in table.steps[:-1]):
        message = "`slices: from_previous_end` needs the end of every step but the last."
        yield wrong((*here, "slices"), message, "Give each step a `to`.")


def _amounts(here: Segments, table: Table) -> Findings:
    line = table.applies.startswith("interpolated")
    for step in table.steps:
        place = (*here, "steps", step.name)
        if table.applies == "interpolated_amount" and step.lump is None:
            yield wrong(place, "`interpolated_amount` draws a line between lumps, and this step has none.", "Add lump.")
        elif table.applies == "interpolated_rate" and step.rate is None:
            yield wrong(place, "`interpolated_rate` draws a line between rates, and this step has none.", "Add rate.")
        elif step.rate is None and step.lump is None:
            yield wrong(place, "It has neither a rate nor a lump.", "Write rate: 0 if it should pay nothing more.")
        if table.applies == "interpolated_amount" and step.rate is not None:
            yield wrong((*place, "rate"), "`interpolated_amount` pays between lumps and does not use a rate.")
        if step.rate_to is not None and table.applies != "interpolated_rate":
            yield wrong((*place, "rate_to"), "`rate_to` is used only by applies: interpolated_rate.")
        if step.retroactive and table.applies != "marginal":
            yield wrong((*place, "retroactive"), "A retroactive step belongs in a table with applies: marginal.")
    last = table.steps[-1]
    if last.rate_to is not None and last.to is None:
        yield wrong((*here, "steps", last.name, "rate_to"), "The last step needs a `to` at which rate_to is reached.")
    if line and len(table.steps) == 1 and last.rate_to is None:
        yield wrong((*here, "steps"), "A line needs two points.", "Add a second step.")


def _settings(here: Segments, table: Table) -> Findings:
    if table.extrapolate and not table.applies.startswith("interpolated"):
        message = f"`extrapolate` continues a line, and applies: {table.applies} has none."
        yield wrong((*here, "extrapolate"), message, "Use it with interpolated_rate or interpolated_amount.")
    grows = table.by is not None and table.by.growth_of is not None
    lumps = any(step.lump is not None for step in table.steps)
    to_date = isinstance(table.over, str) and table.over not in ("period", "month")
    if grows and lumps and to_date and table.pays == "period_only":
        message = "What a growth was before its window began is no number, so nobody can say which lumps were reached by then."
        yield wrong((*here, "pays"), message, "Write pays: true_up.")
    if not isinstance(table.over, str):
        if table.pays == "true_up":
            message = "A trailing window moves on, so what it was paid for cannot be trued up."
            yield wrong((*here, "pays"), message, "Write pays: period_only.")
        if lumps:
            yield wrong((*here, "steps"), "A trailing window has no beginning from which a lump could be reached.")


def _axis(here: Segments, axis: GridAxis) -> Findings:
    for step in axis.steps:
        if step.rate is not None or step.lump is not None or step.rate_to is not None or step.retroactive:
            yield wrong((*here, "steps", step.name), "A grid's steps only have a start; the rates stand in `rates`.")
        if step.to is not None:
            yield wrong((*here, "steps", step.name, "to"), "A grid's step ends where the next one begins.")


def _grid(here: Segments, grid: Grid) -> Findings:
    rows = [step.name for step in grid.rows.steps]
    columns = [step.name for step in grid.columns.steps]
    for row in grid.rates.keys() - set(rows):
        yield wrong((*here, "rates", row), f"There is no row named '{row}'.", did_you_mean(row, rows))
    for row in rows:
        if row not in grid.rates:
            yield wrong((*here, "rates"), f"The row '{row}' has no rates.", "Give it one for each column.")
            continue
        given = grid.rates[row]
        for column in given.keys() - set(columns):
            message = f"There is no column named '{column}'."
            yield wrong((*here, "rates", row, column), message, did_you_mean(column, columns))
        missing = [column for column in columns if column not in given]
        if missing:
            yield wrong((*here, "rates", row), f"There is no rate for {written(missing)}.", "Write 0 to pay nothing.")


def _factors(node: Node, table: Table) -> Findings:
    here = (*node.segments, "table")
    if table.by is None:
        yield wrong((*here, "by"), "A multiplier's table does not say what it looks at.", "Add by, such as by: csat.")
    if table.applies not in ("whole", "interpolated_rate"):
        message = f"A multiplier is one factor, and applies is {shown(table.applies)}."
        yield wrong((*here, "applies"), message, "Write applies: whole or interpolated_rate.")
    if any(step.lump is not None for step in table.steps):
        yield wrong((*here, "steps"), "A multiplier multiplies; it has no lumps.", "Write the factors as rate.")
