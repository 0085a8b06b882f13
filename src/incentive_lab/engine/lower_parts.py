"""Pieces of rules that rules by period and rules per deal share, as instructions (source: docs/payouts.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from incentive_lab.engine import ops as o
from incentive_lab.engine import program as p
from incentive_lab.engine.assembler import Months, Row
from incentive_lab.engine.lower_limits import pass_limit, year_ends
from incentive_lab.engine.lower_values import Span, Values
from incentive_lab.engine.scores import score

BASE: Row = (o.WORK, o.BASE, 0)
"""What a rule pays on, unless it is said otherwise."""


def open_to(v: Values, r: int) -> Row:
    """The row that is 1 where rule r is open to the partner in this month."""
    if not v.rules[r][p.R_LIMITED]:
        return v.eligible(r)
    open_in_month(v, r, v.eligible(r))
    return o.WORK, o.OK, 0


def open_in_month(v: Values, item: int, known: Row) -> None:
    """Fill OK: whom an item is for by what is known of the partner, the tier in force and the months since joining.

    Items are the rules, then the guarantees, then the draws.
    """
    named = v.table(p.TIER_RULE)[item]
    if all(named):
        v.code.emit(o.COPY, o.OK, known)
    else:
        v.look_up(o.OK, v.tier_at(range(v.months)), [0, *named])
        v.code.emit(o.MULTIPLY, o.OK, known)
    first, count = v.table(p.TENURES)[item]
    for test in range(first, first + count):
        v.test(test, v.operand(v.table(p.TESTS)[test], [0] * v.months, o.VALUE), o.OK, False, False)


def chosen_form(v: Values, r: int, choices: Sequence[int], static: int, out: int) -> Row:
    """The row of each partner's form: by the tier in force, or what the partner is."""
    if v.rules[r][p.R_CHOICE] == p.CHOICE_TIER:
        v.look_up(out, v.tier_at(range(v.months)), [-1, *choices])
        return o.WORK, out, 0
    return o.FIXED, static + r, 0


def attained(v: Values, number: int, clip: Months, against: int) -> tuple[Row, Row]:
    """The two running totals that an attainment's measure lies between; its reference in the row `against`.

    Of a scorecard: what was got, nothing, and what could be got.
    """
    kind, slot, _, code, ref, _, _ = v.table(p.OPERANDS)[number]
    if kind == p.SCORE:
        got, nothing, could = score(v, number, clip)
        v.code.emit(o.COPY, against, could)
        return got, nothing
    start, end = v.window(code, clip)
    start = [min(begin, end[m]) for m, begin in enumerate(start)]
    v.reference(ref, start, end, code, slot, against)
    return v.sums(slot, end), v.sums(slot, start)


def rate_of(v: Values, form: int) -> float:
    """The coefficient of a plain form."""
    return float(v.steps[v.form[form][p.F_FIRST], p.S_RATE])


def is_plain(v: Values, form: int) -> bool:
    """Whether a form is one rate."""
    return bool(v.form[form][p.F_MODE] == p.PLAIN)


def plain_rate(v: Values, r: int, form: int, out: int) -> None:
    """Write what one rate pays on BASE into `out`.

    A base of whole cents times millionths is exact. Under rounding at the total, payouts have parts of a cent: they are
    counted in millionths of one first, so that a tie is decided on the decimal value.
    """
    code, rate = v.code, rate_of(v, form)
    parts = not v.at_line and (v.rules[r][p.R_BASE] == p.BASE_PAYOUT or v.rules[r][p.R_NET] == 1)
    code.emit(o.PLAIN_RATE, out, o.BASE, f=code.numbers(1e6 if parts else rate))
    if parts:
        v.fill(o.OTHER, 1.0)
        code.emit(o.ATTAINED, out, o.OTHER, o.OTHER, o.OTHER, f=code.numbers(rate, rate))


def has_lumps(v: Values, forms: Sequence[int]) -> bool:
    """Whether any of these forms pays lumps."""
    return any(v.form[form][p.F_LUMPS] or v.form[form][p.F_MODE] == p.INTERPOLATED_AMOUNT for form in forms)


def post_limits(v: Values, r: int, amount: int, ok: Row) -> None:
    """Pass an amount through the rule's limits on amount and share, and through its fund."""
    rule, code = v.rules[r], v.code
    for row in range(rule[p.R_LIMIT], rule[p.R_LIMIT] + rule[p.R_LIMITS]):
        limit = v.limits[row]
        if limit[p.L_KIND] == p.LIMIT_QUANTITY:
            continue
        pass_limit(v, r, row, amount, ok, v.fund + limit[p.L_FUND] if limit[p.L_FUND] >= 0 else -1)
    if v.trace:
        _trace_kept(v, r, p.CARRIED_ON, p.X_CARRIED)
        waiting = _trace_kept(v, r, p.TRUED_UP, p.X_WAITING)
        if waiting:
            with code.when(year_ends(v, r)):
                for row in waiting:
                    v.fill(v.limit_carry + row, 0.0)
    if rule[p.R_FUND] >= 0:
        code.emit(o.CLAIM, amount, c=v.fund + rule[p.R_FUND])


def _trace_kept(v: Values, r: int, kept: int, field: int) -> list[int]:
    """Tell what all limits on amount of a rule that keep alike have kept; which limits these are."""
    first = v.rules[r][p.R_LIMIT]
    rows = range(first, first + v.rules[r][p.R_LIMITS])
    rows_kept = [
        row for row in rows if v.limits[row][p.L_CARRY] == kept and v.limits[row][p.L_KIND] != p.LIMIT_QUANTITY
    ]
    if rows_kept:
        v.fill(o.OTHER, 0.0)
        for row in rows_kept:
            v.code.emit(o.ADD, o.OTHER, v.limit_carry + row)
        v.code.emit(o.TRACE, 0, o.OTHER, ints=(r, field))
    return rows_kept


def finish(v: Values, r: int, amount: int, ok: Row) -> None:
    """Gates, rounding, limits and the fund: millionths of a cent become posted cents."""
    code = v.code
    gated = bool(v.gates(r))
    if gated:
        code.emit(o.SCALE, amount, v.gate_row(r))
    last = code.code[-1]
    if last[o.C_OP] == o.PLAIN_RATE and last[o.C_OUT] == amount and v.at_line and v.mode == p.HALF_UP:
        last[o.C_OP], last[o.C_B : o.C_B + 3] = o.RATE_MONEY, ok
        last[o.C_F] = code.numbers(code.pool[last[o.C_F]], v.unit)
    else:
        code.emit(o.MONEY, amount, ok, ints=(v.mode, int(v.at_line)), f=code.numbers(v.unit))
    if v.trace:
        if gated:
            code.emit(o.TRACE, 0, v.gate_row(r), ints=(r, p.X_GATE))
        else:
            trace_value(v, r, p.X_GATE, 1e6)
        code.emit(o.TRACE, 0, amount, ints=(r, p.X_PAID))
    post_limits(v, r, amount, ok)


def trace_value(v: Values, r: int, field: int, value: float) -> None:
    """Tell one number of a rule in every lane."""
    v.fill(o.OTHER, value)
    v.code.emit(o.TRACE, 0, o.OTHER, ints=(r, field))


def trace_months(v: Values, r: int, field: int, values: Sequence[float]) -> None:
    """Tell one number of a rule that differs from month to month."""
    v.code.emit(o.FILL_MONTH, o.OTHER, n=v.code.number([float(value) for value in values]))
    v.code.emit(o.TRACE, 0, o.OTHER, ints=(r, field))


def earlier_payouts(v: Values, r: int, table: int, start: Months, out: int) -> None:
    """Fill `out` with what the rules that r is net of, or pays on, posted since `start`; or so many months before."""
    ago = v.rules[r][p.R_MONTHS_AGO] if table == p.PAYOUT_OF else 0
    upto, since = ([max(0, m - ago) for m in months] for months in (range(1, v.months + 1), start))
    v.fill(out, 0.0)
    for other, counts in enumerate(v.table(table)[r]):
        if counts and other < r:
            v.code.emit(o.ADD_DIFFERENCE, out, v.posted(other, upto), v.posted(other, since))
    if not v.at_line:  # parts of a cent add up to a decimal value, on which packages and borders are decided
        v.code.emit(o.SIX_PLACES, out)


def fill_base(v: Values, r: int, start: Months, code: int) -> None:
    """Fill BASE with what the rule pays on since `start`; undefined where it cannot be assessed."""
    rule = v.rules[r]
    kind, slot, end = rule[p.R_BASE], rule[p.R_SLOT], [m + 1 for m in range(v.months)]
    if kind == p.BASE_MEASURE:
        v.code.emit(o.DIFFERENCE, o.BASE, v.sums(slot, end), v.sums(slot, start))
    elif kind == p.BASE_EXCESS:
        v.reference(rule[p.R_REF], start, end, code, slot, o.BASE)
        v.code.emit(o.EXCESS_OF, o.BASE, v.sums(slot, end), v.sums(slot, start))
    elif kind == p.BASE_AWARD:
        row = v.award_row + rule[p.R_AWARD] * v.months
        v.code.emit(o.COPY, o.BASE, (o.FIXED, row, v.code.at(list(range(v.months)))))
    else:
        earlier_payouts(v, r, p.PAYOUT_OF, start, o.BASE)


def remember(v: Values, r: int, start: Months, true_up: bool, ok: Row, first: Months) -> None:
    """Keep what this posting period paid for each unit of its measure, for returns at the original rate."""
    rule = v.rules[r]
    if v.effective < 0 or rule[p.R_RETURNS] <= 0:
        return
    months = range(v.months)
    paid = v.entitled + r
    if not true_up:
        paid = o.COUNTED
        v.code.emit(o.DIFFERENCE, paid, v.posted(r, months), v.posted(r, first))
        v.code.emit(o.ADD, paid, v.now + r)
    slot = rule[p.R_SLOT]
    v.code.emit(
        o.REMEMBER_RATE, (o.WORK, v.effective + 2 * r * v.months, v.code.at(list(months))),
        v.sums(slot, [m + 1 for m in months]), v.sums(slot, start), paid, ok, ints=(int(true_up),),
    )  # fmt: skip


@dataclass(frozen=True)
class Windows:
    """How a rule accumulates: the code of its window, where its base begins, where its entitlement starts anew."""

    code: int
    accumulates: bool
    true_up: bool
    start: list[int]
    begins: list[bool]
    so_far: list[int]


def windows_of(v: Values, r: int, span: Span) -> Windows:
    """How rule r accumulates, month by month."""
    rule = v.rules[r]
    accumulates = rule[p.R_ACCUMULATES] == 1
    code = rule[p.R_WINDOW] if accumulates else rule[p.R_PER]
    true_up = accumulates and rule[p.R_TRUE_UP] == 1
    start = v.window(code, span.clip)[0] if true_up else list(span.first)
    if not true_up and not rule[p.R_INSTALMENTS]:
        return Windows(code, accumulates, False, start, [], [])
    begins, so_far, before = [], [], -1
    for m in range(v.months):
        posts = span.active[m] and m == span.last[m]
        opens = m - v.place(m) if rule[p.R_INSTALMENTS] else start[m]
        begins.append(posts and opens != before)
        if posts and (true_up or rule[p.R_INSTALMENTS]):
            before = opens
        so_far.append(max(0, before))
    return Windows(code, accumulates, true_up, start, begins, so_far)


def grid_rates(v: Values, first: int, row_form: int, width: int) -> int:
    """Put the rates of a grid into the pool; the place of the first."""
    count = v.form[row_form][p.F_COUNT] * width
    return v.code.numbers(*v.table(p.GRID_RATES)[first : first + count])


def pay_form(
    v: Values, form: int, out: int, lumps: int, driver: Row, has_before: bool, same: int, lumpy: bool, base: Row = BASE,
) -> None:  # fmt: skip
    """Write what one form pays on a base into `out`, and its lumps."""
    if is_plain(v, form):
        v.code.emit(o.PLAIN_RATE, out, base, f=v.code.numbers(rate_of(v, form)))
        if lumpy:
            v.fill(lumps, 0.0)
        return
    v.code.emit(o.TABLE, out, base, driver, o.BEFORE, o.TARGET,
                ints=(form, int(has_before), same, lumps, int(lumpy)))  # fmt: skip
