"""Guarantees and draws as instructions (source: docs/payouts.md, step 14)."""

from __future__ import annotations

import math
from collections.abc import Sequence

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
        if not (joined or baseline):  # a floor of nothing, too, would be above what a partner owes before it joins
            _only_joined(v, o.OK, months, 0, math.inf)
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
    per, within, recovers, forgive, joined, everything, lapses = v.draws[d]
    code, months = v.code, range(v.months)
    since = [_since(v, m, starts) for m in months]
    posts = [_posts(v, m, per, starts) for m in months]
    with code.when(posts):
        open_in_month(v, len(v.rules) + len(v.guarantees) + d, (o.FIXED, v.settings[p.H_DRAWS] + d, 0))
        if not joined:
            _only_joined(v, o.OK, months, 0, math.inf)
        if not everything:
            _draw_back(v, d, since)
        elif not joined:
            with code.when([posts[m] and since[m] < within for m in months]):
                _draw_back(v, d, since)
            with code.when([posts[m] and since[m] >= max(within, recovers - 1) for m in months]):
                _recover(v, d)
        else:
            begin = [v.start(m, per) for m in months]
            code.emit(o.COPY, o.PART, o.OK)
            _only_joined(v, o.OK, begin, -math.inf, within - 1)
            _draw_back(v, d, since)
            code.emit(o.COPY, o.OK, o.PART)
            _only_joined(v, o.OK, begin, within, math.inf)
            _only_joined(v, o.OK, months, recovers - 1, math.inf)
            _recover(v, d)
    if lapses and joined:
        _only_joined(v, v.draw + d, months, -math.inf, lapses - 2)
    elif lapses:
        with code.when([since[m] >= lapses - 1 for m in months]):
            v.fill(v.draw + d, 0.0)
    if forgive:
        with code.when([v.place(m) == 11 for m in months]):
            v.fill(v.draw + d, 0.0)


def _draw_back(v: Values, d: int, since: list[int]) -> None:
    """Advance up to the amount of draw d, or recover out of what is earned above it."""
    _, within, recovers, _, joined, _, _ = v.draws[d]
    amount, most, share, balance = v.table(p.DRAWS_F)[d]
    advances = [int(months < within) for months in since]
    back = [int(months + 1 >= recovers) for months in since]
    _emit(v, d, advances, back, (amount, most, share, balance), (float(within if joined else 0), float(recovers)))


def _recover(v: Values, d: int) -> None:
    """Recover draw d out of everything that is earned."""
    _, most, share, balance = v.table(p.DRAWS_F)[d]
    _emit(v, d, [0] * v.months, [1] * v.months, (0.0, most, share, balance), (0.0, 0.0))


def _emit(
    v: Values, d: int, advances: list[int], back: list[int], numbers: tuple[float, ...], joined: tuple[float, ...]
) -> None:  # fmt: skip
    code, months, per = v.code, range(v.months), v.draws[d][p.D_PER]
    code.emit(
        o.DRAW_BACK, o.ADVANCE, o.OK, (o.WORK, v.earned, code.at([m + 1 for m in months])),
        (o.WORK, v.earned, code.at([max(0, v.start(m, per)) for m in months])), v.draw + d,
        ints=(code.at(advances), code.at(back), v.mode, code.at([v.start(m, per) for m in months])),
        f=code.numbers(*numbers, v.unit, *joined),
    )  # fmt: skip


def _only_joined(v: Values, out: int, counted: Sequence[int], least: float, most: float) -> None:
    """Set `out` to 0 unless so many months lie between the joining month and the one that is counted."""
    v.code.emit(o.FILL_MONTH, o.OTHER, n=v.code.number([float(month) for month in counted]))
    v.code.emit(o.DIFFERENCE, o.OTHER, o.OTHER, (o.FIXED, p.H_JOINED, 0))
    v.fill(o.ACTS, 1.0)
    v.code.emit(o.TEST, o.ACTS, o.OTHER, f=v.code.numbers(least, most))
    v.code.emit(o.MULTIPLY, out, o.ACTS)


def _posts(v: Values, m: int, per: int, starts: int | None) -> bool:
    """Whether a floor of `per` months is worked out in month m."""
    return m >= (starts or 0) and (v.place(m) % per == per - 1 or m == v.months - 1)
