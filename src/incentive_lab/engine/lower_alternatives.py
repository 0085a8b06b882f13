"""Rules of which one is paid, as instructions (source: docs/payouts.md, step 11)."""

from __future__ import annotations

import math

from incentive_lab.engine import ops as o
from incentive_lab.engine import program as p
from incentive_lab.engine.lower_values import Values


def compared_with(v: Values, r: int) -> int:
    """The alternatives that rule r is one of, -1 where it is paid whatever others earn."""
    return next((a for a, (_, _, compared) in enumerate(v.alternatives) if r in compared), -1)


def settle(v: Values, a: int) -> None:
    """Leave of what compared rules earned in a month what the greatest (or least) to date adds to what they were paid.

    Rows of work: what each has earned since the period began, then what they were paid together.
    """
    per, lesser, compared = v.alternatives[a]
    code, months = v.code, range(v.months)
    first, paid = v.claimed[a], v.claimed[a] + len(compared)
    with code.when([v.place(m) % per == 0 for m in months]):
        for row in range(first, paid + 1):
            v.fill(row, 0.0)
    settles = v.posts[compared[0]]
    for k, r in enumerate(compared):
        with code.when(v.earns[r]):
            code.emit(o.ADD, first + k, v.now + r)
            _decimal(v, first + k)
            if v.trace:
                code.emit(o.TRACE, 0, v.now + r, ints=(r, p.X_CLAIMED))
    with code.when(settles):
        if v.trace:
            for k, r in enumerate(compared):
                code.emit(o.TRACE, 0, first + k, ints=(r, p.X_CLAIMED_TO_DATE))
        best, leads, more = o.MOST, o.MINE, o.VALUE
        code.emit(o.COPY, best, first)
        v.fill(leads, 0.0)
        for k in range(1, len(compared)):
            mine, other = (best, first + k) if lesser else (first + k, best)
            v.fill(more, 0.0)
            code.emit(o.EXCESS_OF, more, mine, other)
            v.fill(o.ACTS, 1.0)
            code.emit(o.TEST, o.ACTS, more, f=code.numbers(math.nextafter(0.0, 1.0), math.inf))
            code.emit(o.HIGHEST, leads, o.ACTS, f=code.numbers(float(k)))
            code.emit(o.CHOOSE, best, leads, first + k, f=code.numbers(float(k)))
        code.emit(o.DIFFERENCE, o.PART, best, paid)
        _decimal(v, o.PART)
        code.emit(o.COPY, paid, best)
        for k, r in enumerate(compared):
            v.fill(v.now + r, 0.0)
            code.emit(o.CHOOSE, v.now + r, leads, o.PART, f=code.numbers(float(k)))


def _decimal(v: Values, row: int) -> None:
    """Under rounding at the total, parts of a cent are brought back to their decimal value."""
    if not v.at_line:
        v.code.emit(o.SIX_PLACES, row)
