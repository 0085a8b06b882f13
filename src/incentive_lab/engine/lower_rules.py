"""One rule in every month, as instructions: its fund, what it posts, what is remembered of it."""

from __future__ import annotations

from incentive_lab.engine import ops as o
from incentive_lab.engine import program as p
from incentive_lab.engine.assembler import Row
from incentive_lab.engine.fusing import fuse_rule
from incentive_lab.engine.lower_alternatives import compared_with, settle
from incentive_lab.engine.lower_parts import (
    fill_base,
    finish,
    is_plain,
    open_to,
    rate_of,
    remember,
    trace_months,
    trace_value,
    windows_of,
)
from incentive_lab.engine.lower_posting import Posting
from incentive_lab.engine.lower_values import Span, Values


def lower_rule(v: Values, r: int) -> None:
    """Write what rule r does in a month: its fund, what it posts, and what is remembered of it."""
    rule, code, months = v.rules[r], v.code, range(v.months)
    span, start = v.span(r), len(code.code)
    if rule[p.R_FUND] >= 0:
        _accrue(v, r, span)
    if rule[p.R_PER] == 0:
        now = (o.WORK, v.now + r, 0)
        with code.when(v.posts[r]):
            code.emit(o.COPY, now, deal_row(v, r))
            for fund, row in v.spills.get(r, ()):
                code.emit(o.ADD, v.fund + fund, (o.WORK, row, code.at(list(months))))
    else:
        account = [earns and m != span.last[m] for m, earns in enumerate(v.earns[r])]
        if any(account):
            with code.when(account):
                _on_account(v, r, span)
        with code.when([span.active[m] and m == span.last[m] for m in months]):
            Posting(v, r, span).write()
    alternatives = compared_with(v, r)
    if alternatives < 0:
        _post(v, r, start)
        return
    compared = v.alternatives[alternatives][2]
    if r == compared[-1]:
        settle(v, alternatives)
        for each in compared:
            _post(v, each, len(code.code))


def _post(v: Values, r: int, start: int) -> None:
    """Add what rule r pays to its line and to the total, and remember it; its instructions begin at `start`."""
    code, months = v.code, range(v.months)
    with code.when(v.posts[r]):
        code.emit(o.POST, o.TOTAL, v.now + r, ints=(r, int(not v.rules[r][p.R_NON_CASH])))
    fuse_rule(code, start)
    if v.keep_posted:
        after = v.posted(r, [m + 1 for m in months])
        code.emit(o.COPY, after, v.posted(r, months))
        with code.when(v.posts[r]):
            code.emit(o.ADD, after, v.now + r)


def deal_row(v: Values, r: int) -> Row:
    """What the deals of a rule paid in each month."""
    return o.WORK, v.deal_posts[r], v.code.at(list(range(v.months)))


def _accrue(v: Values, r: int, span: Span) -> None:
    """What the rule's fund gains, before its claims, where the rule is open to the partner."""
    u, months = v.rules[r][p.R_FUND], range(v.months)
    kind, slot, per, _, choice, form, _, _ = v.funds[u]
    start = [v.start(m, per) for m in months]
    by_measure = kind == 0
    with v.code.when([
        span.active[m] and (m == start[m] + per - 1 if by_measure else m == max(0, start[m])) for m in months
    ]):  # fmt: skip
        ok = open_to(v, r)
        forms = range(len(v.form))
        if choice == p.CHOICE_NONE:
            v.fill(o.PART, rate_of(v, form))
        elif choice == p.CHOICE_TIER:
            places = v.table(p.FUND_CHOICE)[u]
            v.look_up(o.PART, v.tier_at(months), [0, *(rate_of(v, place) if place >= 0 else 0 for place in places)])
        else:
            rates = [rate_of(v, place) if is_plain(v, place) else 0 for place in forms]
            v.look_up(o.PART, (o.FIXED, v.settings[p.H_FUND_FORMS] + u, 0), [0, *rates])
        upto, since = ((v.sums(slot, [m + 1 for m in months]), v.sums(slot, [max(0, m) for m in start]))
                       if by_measure else (0, 0))  # fmt: skip
        v.code.emit(o.ACCRUE, v.fund + u, ok, upto, since, o.PART, ints=(v.mode, int(by_measure)),
                    f=v.code.numbers(v.unit))  # fmt: skip


def _on_account(v: Values, r: int, span: Span) -> None:
    """In the months before the posting month: the rate to date less what was posted on account so far."""
    rule, code, months = v.rules[r], v.code, range(v.months)
    per, slot = rule[p.R_PER], rule[p.R_SLOT]
    fill_base(v, r, span.first, per)
    exact = (-1, -1)
    if rule[p.R_PROVISION] == p.PROVISION_EXPECTED:
        exact = (o.DRIVER, o.TARGET)
        if rule[p.R_PROVISION_REF] < 0:
            elapsed = code.number([float(m + 1 - first) for m, first in zip(months, span.first, strict=True)])
            upto, since = v.sums(slot, [m + 1 for m in months]), v.sums(slot, span.first)
            code.emit(o.RUN_RATE, o.VALUE, upto, since, f=code.numbers(float(per)), n=elapsed)
        else:
            end = [v.start(m, per) + per for m in months]
            v.reference(rule[p.R_PROVISION_REF], span.first, end, per, slot, o.VALUE)
        code.emit(o.EXPECTED_RATE, o.VALUE, ints=(rule[p.R_PROVISION_FORM], *exact))
    else:
        v.fill(o.VALUE, float(v.steps[rule[p.R_PROVISION_FORM], p.S_RATE]))
    ok = open_to(v, r)
    now = v.now + r
    code.emit(o.ON_ACCOUNT, now, ok, o.VALUE, o.BASE, v.account + r, ints=(v.mode, int(v.at_line), *exact),
              f=code.numbers(v.unit))  # fmt: skip
    if v.trace:
        trace_value(v, r, p.X_HERE, 2.0)
        code.emit(o.TRACE, 0, o.BASE, ints=(r, p.X_BASE))
        code.emit(o.TRACE, 0, o.VALUE, ints=(r, p.X_RATE))
        trace_months(v, r, p.X_START, span.first)
        trace_value(v, r, p.X_FORM, -1.0)
    finish(v, r, now, ok)
    windows = windows_of(v, r, span)
    remember(v, r, windows.so_far if windows.true_up else span.first, windows.true_up, ok, span.first)
