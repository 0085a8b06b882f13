"""Guarantees and draws as instructions (source: docs/payouts.md, step 14)."""

from __future__ import annotations

from incentive_lab.engine import ops as o
from incentive_lab.engine import program as p
from incentive_lab.engine.lower_parts import open_in_month
from incentive_lab.engine.lower_values import Values


def _since(v: Values, m: int, starts: int | None) -> int:
    """Months of the year in which a floor holds that came before month m: of the programme year, or since the start."""
    return v.place(m) if starts is None else (m - starts) % 12


def guarantee(v: Values, g: int, starts: int | None) -> None:
    """Write what guarantee g tops up; see `lower` for `starts`."""
    baseline, per, within, carry, prorate, joined = v.guarantees[g]
    code, months = v.code, range(v.months)
    per = v.settings[p.Z_SETTLE] if baseline else per
    top = v.top_up + g
    since = [_since(v, m, starts) for m in months]
    year = [max(0, m - since[m]) for m in months]
    if joined:
        year = [starts or 0] * v.months
    else:
        with code.when([since[m] == 0 for m in months]):
            v.fill(top, 0.0)
    with code.when([_posts(v, m, per, starts) and (joined or since[m] < within) for m in months]):
        open_in_month(v, len(v.rules) + g, (o.FIXED, v.settings[p.H_GUARANTEES] + g, 0))
        begin = year if baseline or carry else [max(0, v.start(m, per)) for m in months]
        if baseline:
            row = v.baseline_row
            code.emit(
                o.DIFFERENCE, o.OTHER, (o.FIXED, row, code.at([m + 1 for m in months])), (o.FIXED, row, code.at(year))
            )
        code.emit(
            o.GUARANTEE_TOP, o.TOP, o.OK, (o.WORK, v.earned, code.at([m + 1 for m in months])),
            (o.WORK, v.earned, code.at(begin)), top,
            ints=(0 if baseline else 1 if carry else 2, per, prorate, carry, code.at(year), v.mode),
            f=code.numbers(v.table(p.GUARANTEES_F)[g], v.unit, float(v.settings[p.Z_SHIFT]), float(within if joined else 0),
                           float(v.earned)),
        )  # fmt: skip


def draw(v: Values, d: int, starts: int | None) -> None:
    """Write what draw d advances and takes back; see `lower` for `starts`."""
    per, within, recovers, forgive, joined = v.draws[d]
    code, months = v.code, range(v.months)
    since = [_since(v, m, starts) for m in months]
    with code.when([_posts(v, m, per, starts) for m in months]):
        open_in_month(v, len(v.rules) + len(v.guarantees) + d, (o.FIXED, v.settings[p.H_DRAWS] + d, 0))
        amount, most, share, balance = v.table(p.DRAWS_F)[d]
        code.emit(
            o.DRAW_BACK, o.ADVANCE, o.OK, (o.WORK, v.earned, code.at([m + 1 for m in months])),
            (o.WORK, v.earned, code.at([max(0, v.start(m, per)) for m in months])), v.draw + d,
            ints=(code.at([int(since[m] < within) for m in months]),
                  code.at([int(since[m] + 1 >= recovers) for m in months]), v.mode,
                  code.at([v.start(m, per) for m in months])),
            f=code.numbers(amount, most, share, balance, v.unit, float(within if joined else 0), float(recovers)),
        )  # fmt: skip
    if forgive:
        with code.when([v.place(m) == 11 for m in months]):
            v.fill(v.draw + d, 0.0)


def _posts(v: Values, m: int, per: int, starts: int | None) -> bool:
    """Whether a floor of `per` months is worked out in month m."""
    return m >= (starts or 0) and (v.place(m) % per == per - 1 or m == v.months - 1)
