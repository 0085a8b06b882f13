"""Scorecards: their rows in a compiled scheme, and how their scores are worked out (source: docs/payouts.md, step 4)."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from incentive_lab.engine import ops as o
from incentive_lab.engine import program as p
from incentive_lab.engine.assembler import Months, Row
from incentive_lab.engine.borders import fine, whole
from incentive_lab.scheme.reference import Reference

if TYPE_CHECKING:
    from incentive_lab.engine.lower_values import Values
    from incentive_lab.engine.rows import Builder

PARTS_OF_A_WEIGHT = 1e12
"""A part of a score is held in whole parts of this: what comes out is decided on whole numbers."""
_MISSING = {"fails": p.MISSING_FAILS, "zero": p.MISSING_ZERO, "left_out": p.MISSING_LEFT_OUT}
SCORE_ROWS = 6
"""Rows of work in which a score is worked out."""
Tell = Callable[[int, Row], None]
"""Told the number of a part and the row of its attainment."""


def score_operand(rows: Builder, name: str, code: int) -> tuple[int, ...]:
    """The operand of a scorecard over a window; its parts are appended."""
    card, first = rows.scheme.scorecards[name], len(rows.score_parts)
    for measure, part in card.parts.items():
        reference = rows.reference(measure, part.against or Reference(target=True), True)
        rows.score_parts.append((rows.columns.month(rows.driver_column(measure)), reference, _MISSING[card.missing]))
        weight, least, most = (whole(one * 1_000_000) for one in (part.weight, part.at_least, part.at_most))
        rows.score_parts_f.append((weight, least, most, float(fine(part.counts_from))))
    return p.SCORE, first, len(card.parts), code, -1, -1, -1


def score(v: Values, number: int, clip: Months, tell: Tell | None = None) -> tuple[Row, Row, Row]:
    """Write the score of an operand: the rows of what was got, of nothing, and of what could be got.

    What could be got is 0 where the score has no value.
    """
    _, first, count, code, *_ = v.table(p.OPERANDS)[number]
    got, nothing, could, part, against, mark = range(v.score_row, v.score_row + SCORE_ROWS)
    start, end = v.window(code, clip)
    emit, missing = v.code.emit, v.table(p.SCORE_PARTS)[first][2]
    v.fill(got, 0.0)
    v.fill(nothing, 0.0)
    v.fill(could, 0.0 if missing == p.MISSING_LEFT_OUT else PARTS_OF_A_WEIGHT)
    for place in range(first, first + count):
        slot, reference, _ = v.table(p.SCORE_PARTS)[place]
        weight, least, most, begins = v.table(p.SCORE_PARTS_F)[place]
        v.reference(reference, start, end, code, slot, against)
        upto, since = v.sums(slot, end), v.sums(slot, start)
        v.fill(part, weight * (PARTS_OF_A_WEIGHT / 1e6))
        emit(o.ATTAINED, part, upto, since, against, f=v.code.numbers(least, most))
        emit(o.COMPARE, against, upto, since)
        if tell is not None:
            tell(place, (o.WORK, against, 0))
        if begins > 0:
            v.fill(mark, 1.0)
            emit(o.TEST, mark, against, f=v.code.numbers(begins, float("inf")))
            emit(o.ZERO_UNLESS, part, mark)
        if missing == p.MISSING_FAILS:
            emit(o.DEFINED, could, could, against)
        elif missing == p.MISSING_LEFT_OUT:
            v.fill(mark, weight * (PARTS_OF_A_WEIGHT / 1e6))
            emit(o.DEFINED, mark, mark, against)
            emit(o.ADD, could, mark)
        emit(o.ADD, got, part)
    return (o.WORK, got, 0), (o.WORK, nothing, 0), (o.WORK, could, 0)


def score_value(v: Values, number: int, clip: Months, out: int, tell: Tell | None = None) -> None:
    """Fill `out` with a score, 1 for everything met; undefined where it has no value."""
    got, nothing, could = score(v, number, clip, tell)
    v.code.emit(o.RATIO_OF, out, got, nothing, could, nothing)
