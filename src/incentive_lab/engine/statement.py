"""A partner's statement: every line, the rule behind it, and what is left to the next tier."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from incentive_lab.engine.alternative_words import alternatives_told
from incentive_lab.engine.blocks import month_column
from incentive_lab.engine.columns import Column
from incentive_lab.engine.compile import Compiled
from incentive_lab.engine.deal_lines import DealLine, deal_lines
from incentive_lab.engine.explain import (
    SPECIAL_WORDS,
    base_words,
    capped,
    driver_words,
    floor_words,
    in_units,
    is_plain,
    is_trued_up,
    step_of,
    table_of,
)
from incentive_lab.engine.owed import Balance, balances_at
from incentive_lab.engine.periods import PERIOD_MONTHS, year_shift
from incentive_lab.engine.program import (
    CAP,
    DRAW,
    GUARANTEE,
    SPECIAL_LINES,
    X_AGAINST,
    X_BASE,
    X_CARRIED,
    X_CLAIMED,
    X_DRIVER,
    X_EARNED,
    X_FORM,
    X_GATE,
    X_HERE,
    X_PAID,
    X_PROVISIONAL,
    X_RATE,
    X_START,
    X_STEP,
)
from incentive_lab.engine.programme import award_amounts
from incentive_lab.engine.replay import Replay, _baseline_total, compiled_parts, run
from incentive_lab.engine.score_words import scores_told
from incentive_lab.engine.slices import Slice, slices, threshold_words
from incentive_lab.engine.tenure import advanced, guaranteed, not_open
from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.format import each, money, month_name, percent
from incentive_lab.panel import Floats, month_label
from incentive_lab.scheme.alternatives import alternatives_of
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.lookup import measure_named, unit_of
from incentive_lab.scheme.rules import Rule
from incentive_lab.scheme.tiers import window_words

Deals = Mapping[tuple[int, int], list[DealLine]]
"""(rule, month) -> deals paid."""


@dataclass(frozen=True)
class Line:
    """One line of a statement.

    Attributes:
        period: ISO month (`2013-05`) in which it posted.
        rule: Rule id, or the name of a special line (cap, guarantee ...).
        label: The rule's label, or its id in words.
        base: What was paid on, in whole units of its measure; None for a special line.
        rate: Effective rate (a share, or an amount a unit); None where there is none.
        amount: Whole currency units, as posted.
        why: The rule in plain words, with the numbers that decided.
        provisional: The period is not finished.
        slices: The bands of a table that pays band by band, which add up to what the table earned.
        deal: Deal id, in a rule that pays deal by deal; with the line of the deal where it pays line by line.
    """

    period: str
    rule: str
    label: str
    base: float | None
    rate: float | None
    amount: float
    why: str
    provisional: bool = False
    slices: tuple[Slice, ...] = ()
    deal: str = ""


@dataclass(frozen=True)
class NextTier:
    """What is missing to the next tier at the last month.

    Attributes:
        name: The tier above.
        missing: Measure -> what is still missing, in whole units; empty when only the review is outstanding.
        words: One sentence.
    """

    name: str
    missing: Mapping[str, float]
    words: str


@dataclass(frozen=True)
class Statement:
    """A partner's statement; `total` is the sum of the lines, `balances` what is open at the end of the last month."""

    partner: str
    scheme: str
    fingerprint: str
    history_id: str
    currency: str
    conventions: tuple[str, ...]
    lines: tuple[Line, ...]
    total: float
    tier: str
    next_tier: NextTier | None
    balances: tuple[Balance, ...] = ()


def months_of(period: str | None, first_month: int, months: int, year_starts: int = 1) -> range:
    """Month columns of a period named `2013`, `2013-Q2`, `2013-H1` or `2013-05` (calendar), all without one.

    Raises:
        InputError: The period cannot be read, or lies outside the history.

    Example:
        >>> list(months_of("2013-Q2", 2013 * 12, 12))
        [3, 4, 5]
    """
    if period is None:
        return range(months)
    match = re.fullmatch(r"(\d{4})(?:-(?:Q([1-4])|H([12])|(0[1-9]|1[0-2])))?", period)
    if not match:
        raise InputError([Problem("period", f"found '{period}', expected a period such as 2013, 2013-Q2 or 2013-05.")])
    year, quarter, half, month = match.groups()
    begin, length = int(year) * 12, 12
    if quarter:
        begin, length = begin + 3 * (int(quarter) - 1), 3
    elif half:
        begin, length = begin + 6 * (int(half) - 1), 6
    elif month:
        begin, length = begin + int(month) - 1, 1
    first, last = max(0, begin - first_month), min(months, begin + length - first_month)
    if first >= last:
        raise InputError([Problem("period", f"{period} lies outside the history, which runs from "
                                  f"{month_label(first_month)} to {month_label(first_month + months - 1)}.")])  # fmt: skip
    return range(first, last)


def statement(result: Replay, partner: str, period: str | None = None, baseline: Scheme | None = None) -> Statement:
    """The statement of one partner under a replay.

    Args:
        result: A replay with its detail.
        partner: Partner id.
        period: A year, quarter, half-year or month; by default all months.
        baseline: The scheme that a guarantee compares with.

    Raises:
        InputError: The partner or period is not in the history.
    """
    panel = result.panel
    if partner not in panel.partner_ids:
        raise InputError([Problem("partner", f"there is no partner '{partner}' in this history.",
                                  did_you_mean(partner, panel.partner_ids))])  # fmt: skip
    return _stated(result, panel.partner_ids.index(partner), months_of(period, panel.first_month, panel.months),
                   _Ways.of(result, baseline))  # fmt: skip


def statements(result: Replay, baseline: Scheme | None = None) -> Iterator[Statement]:
    """The statements of all partners, over all months, one after the other; see `statement`."""
    ways = _Ways.of(result, baseline)
    for row in range(result.panel.partners):
        yield _stated(result, row, range(result.panel.months), ways)


def _stated(result: Replay, row: int, months: range, ways: _Ways) -> Statement:
    """The statement of the partner in one row, over these months."""
    panel, scheme, partner = result.panel, result.scheme, result.panel.partner_ids[row]
    compiled, trace, deals, open_ = _traced(result, row, ways)
    lines: list[Line] = []
    for month in months:
        lines += _month_lines(result, compiled, trace, deals, month, row, ways.floor)
    cents = sum(round(float(result.total[month, row]), 6) for month in months)
    tier = result.tier_names[int(result.tiers[months[-1], row])]
    own = () if panel.calendar is None else (panel.calendar.sentence(panel.first_month + months[-1]),)
    owed = balances_at(open_[:, months[-1]], result.minor, panel.currency, month_label(panel.first_month + months[-1]),
                       is_trued_up(scheme))  # fmt: skip
    return Statement(
        partner=partner, scheme=scheme.id, fingerprint=result.fingerprint, history_id=panel.history_id,
        currency=panel.currency, conventions=(*conventions(scheme), *own), lines=tuple(lines),
        total=round(cents / result.minor, 6), tier=tier, next_tier=next_tier(result, row, months[-1]),
        balances=owed,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Ways:
    """What every partner's way through the kernel begins with: the parts of the scheme, its awards and its floor."""

    parts: tuple[tuple[Compiled, frozenset[int]], ...]
    awards: Floats
    floor: Floats | None

    @classmethod
    def of(cls, result: Replay, baseline: Scheme | None) -> _Ways:
        """Of a replay."""
        scheme, panel = result.scheme, result.panel
        parts = tuple(
            (compiled, frozenset(map(int, part.partners))) for compiled, part in compiled_parts(scheme, panel)
        )
        return cls(parts, award_amounts(scheme, panel), _baseline_total(scheme, baseline, panel))


def _traced(result: Replay, row: int, ways: _Ways) -> tuple[Compiled, Floats, Deals, Floats]:
    """The partner's own path through the kernel once more: its trace [months, rules, fields], deals, and balances."""
    for compiled, partners in ways.parts:
        if row in partners:
            ((_, outcome),) = run(compiled, result.panel, np.array([row]), ways.awards, ways.floor, False, False, True)
            deals = deal_lines(compiled, result.panel, row, ways.awards)
            return compiled, outcome[5][:, :, :, 0], deals, outcome[6][:, :, 0]
    raise AssertionError("every partner belongs to one part")


def _month_lines(
    result: Replay, compiled: Compiled, trace: Floats, deals: Deals, month: int, row: int, floor: Floats | None
) -> list[Line]:  # fmt: skip
    """What posted in one month."""
    scheme, period = compiled.scheme, month_label(result.panel.first_month + month)
    kept = {name: str(values[row]) for name, values in result.panel.attributes.items()}
    tier = result.tier_names[int(result.tiers[month, row])]
    since = result.panel.tenure(row, month)
    lines = []
    for place, rule in enumerate(scheme.rules):
        amount = float(result.detail[place, month, row])
        seen = trace[month, place]
        earned = seen[X_HERE] == 1 and (seen[X_BASE] != 0 or seen[X_EARNED] != 0)
        if amount == 0 and not (earned and not np.isnan(seen[X_BASE])):
            continue
        told = deals.get((place, month), [])
        if told and round(sum(one.cents for one in told) - amount, 4) == 0:
            lines += [_deal_line(result, rule, one, period) for one in told]
            continue
        line = _rule_line(result, compiled, rule, seen, period, amount, tier, kept)
        account = _on_account(result, trace, place, month, row)
        if account:
            why = f"{line.why} {money(account / result.minor, result.panel.currency)} was paid on account before."
            line = replace(line, why=why)
        shut = not_open(scheme, rule, since) if amount == 0 else ""
        more = [one for one in (alternatives_told(result, rule, trace[month], month, row), shut) if one]
        lines.append(replace(line, why=" ".join([line.why, *more])) if more else line)
    for place, name in enumerate(SPECIAL_LINES):
        amount = float(result.detail[len(scheme.rules) + place, month, row])
        if amount != 0:
            why = SPECIAL_WORDS.get(name, "")
            if place == GUARANTEE:
                why = (
                    _floor_told(result, floor, month, row)
                    if amount > 0 and floor is not None
                    else guaranteed(scheme, amount, since)
                )
            elif place == DRAW:
                why = advanced(scheme, amount, since)
            elif place == CAP:
                why = capped(scheme, amount)
            lines.append(Line(period, name, name.replace("_", " ").capitalize(), None, None,
                              round(amount / result.minor, 6), why))  # fmt: skip
    return lines


def _floor_told(result: Replay, floor: Floats, month: int, row: int) -> str:
    """Why a guarantee topped up in this month, from what both schemes paid in the programme year so far."""
    shift = year_shift(result.scheme, result.panel.first_month)
    begin = max(0, month - (month + shift) % 12)
    place, year = len(result.scheme.rules) + GUARANTEE, slice(begin, month + 1)
    topped = float(result.detail[place, month, row])
    paid = float(result.detail[: place + 1, year, row].sum()) - topped
    since = month_name(month_label(result.panel.first_month + begin))
    return floor_words(result.scheme, floor[year, row] / result.minor, paid / result.minor, topped / result.minor, since,
                       result.panel.currency)  # fmt: skip


def _on_account(result: Replay, trace: Floats, place: int, month: int, row: int) -> float:
    """Cents posted on account since the period of a settlement began; 0 for any other line."""
    seen = trace[month, place]
    if result.scheme.rules[place].provision is None or seen[X_HERE] != 1:
        return 0.0
    length = max(1, PERIOD_MONTHS[result.scheme.rules[place].per])
    before = [at for at in range(max(0, month - length + 1), month) if trace[at, place, X_HERE] == 2]
    return float(sum(result.detail[place, at, row] for at in before))


def _deal_line(result: Replay, rule: Rule, one: DealLine, period: str) -> Line:
    """One deal's own line."""
    scheme, minor, currency = result.scheme, result.minor, result.panel.currency
    money_base = unit_of(rule.on.measure or rule.on.excess_of or "", scheme.measures) == "money"
    base = one.base / (minor if money_base else 1_000_000)
    rate = round(one.cents / minor / base, 8) if base else None
    name = f"{one.deal}, line {one.line}" if one.line else one.deal
    said = [f"Deal {name}: on {base_words(scheme, rule, one.base)}"]
    if rate is not None:
        said.append(f"at {percent(rate, 4)}" if money_base else f"at {money(rate, currency)} each")
    return Line(period, rule.id, rule.label or rule.id, base, rate, round(one.cents / minor, 6),
                "; ".join(said) + "." + _cash(rule), deal=name)  # fmt: skip


def _rule_line(
    result: Replay, compiled: Compiled, rule: Rule, seen: Floats, period: str, amount: float, tier: str,
    kept: Mapping[str, str],
) -> Line:  # fmt: skip
    scheme, minor = compiled.scheme, result.minor
    here = int(seen[X_HERE])
    name = rule.on.measure or rule.on.excess_of or ""
    money_base = bool(rule.on.payout_of) or unit_of(name, scheme.measures) == "money"
    scale = minor if money_base else 1_000_000
    if here == 0:
        apart = alternatives_of(scheme, rule.id) is not None
        words = "each deal by itself" if rule.per in ("deal", "line") else "carried from an earlier period"
        words = "for what it earned in earlier months" if apart else words
        return Line(period, rule.id, rule.label or rule.id, None, None, round(amount / minor, 6),
                    f"Paid {words}." + _cash(rule))  # fmt: skip
    base = float(seen[X_BASE]) / scale
    earned = float(seen[X_RATE]) * float(seen[X_BASE]) if here == 2 else float(seen[X_EARNED])
    rate = earned / float(seen[X_BASE]) / (1e6 if money_base else minor) if seen[X_BASE] else None
    why = _why(result, compiled, rule, seen, amount, tier, kept, period)
    provisional = bool(seen[X_PROVISIONAL])
    table = table_of(rule, tier, kept) if here == 1 else None
    bands = slices(compiled, scheme.rules.index(rule), table, seen, scale, minor) if table is not None else ()
    return Line(period, rule.id, rule.label or rule.id, base, None if rate is None else round(rate, 8),
                round(amount / minor, 6), why, provisional, bands)  # fmt: skip


def _cash(rule: Rule) -> str:
    return " Not paid in money." if rule.non_cash else ""


def _why(
    result: Replay, compiled: Compiled, rule: Rule, seen: Floats, amount: float, tier: str, kept: Mapping[str, str],
    period: str,
) -> str:  # fmt: skip
    """The sentence behind a line."""
    scheme, minor, currency = compiled.scheme, result.minor, result.panel.currency
    start = month_label(result.panel.first_month + int(seen[X_START]))
    when = f" {'in' if start == period else 'since'} {month_name(start)}"
    above, against = _references(rule, seen)
    parts = [f"On {base_words(scheme, rule, float(seen[X_BASE]), when, above)}"]
    if seen[X_HERE] == 2:
        parts.append("paid on account until the period settles")
    table = table_of(rule, tier, kept)
    form = int(seen[X_FORM])
    choice = rule.rate.choice()
    if choice is not None:
        value = tier if choice[0] == "tier" else kept.get(choice[0], "")
        parts.append(f"rate for {choice[0]} {value}")
    if rule.award:
        parts.append("prize by rank")
    elif table is not None and not is_plain(compiled, form) and form >= 0:
        parts.append(driver_words(scheme, rule, table, float(seen[X_DRIVER]), against))
        step = int(seen[X_STEP])
        if step < 0:
            parts.append("; ".join(["no step reached", *threshold_words(compiled, scheme, rule, table, seen)]))
        else:
            reached = table.steps[step]
            parts.append(f"step {reached.name} reached, paid {table.applies.replace('_', ' ')}")
            parts += threshold_words(compiled, scheme, rule, table, seen)
            if table.over != "period" and table.pays == "true_up":
                parts.append(
                    f"entitled to date {money(float(seen[X_EARNED]) / 1e6 / minor, currency)}, less paid before"
                )
    elif form >= 0 and rule.rate.grid is None:
        _, plain, _ = step_of(compiled, form, 0)
        by_share = (
            bool(rule.on.payout_of) or unit_of(rule.on.measure or rule.on.excess_of or "", scheme.measures) == "money"
        )
        parts.append(f"at {percent(plain / 1e6, 4)}" if by_share else f"at {each(plain / minor, currency)} each")
    if seen[X_HERE] == 1:
        parts += scores_told(compiled, scheme.rules.index(rule), rule, table, seen)
    if seen[X_GATE] != 1_000_000:
        parts.append(f"gates leave {percent(float(seen[X_GATE]) / 1e6)}")
    left = amount if alternatives_of(scheme, rule.id) is None else float(seen[X_CLAIMED])
    if round(float(seen[X_PAID]) - left, 6) > 0:
        parts.append(f"limits hold back {money((float(seen[X_PAID]) - left) / minor, currency)}")
    trued = any(limit.excess == "trued_up" for limit in rule.limit)
    if seen[X_CARRIED] > 0:
        then = "waits for the end of the programme year" if trued else "is carried"
        parts.append(f"{money(float(seen[X_CARRIED]) / minor, currency)} {then}")
    if trued and round(left - float(seen[X_PAID]), 6) > 0:
        more = money((left - float(seen[X_PAID])) / minor, currency)
        parts.append(f"{more} that limits held back is paid at the end of the programme year")
    return "; ".join(parts) + "." + (" Provisional." if seen[X_PROVISIONAL] else "") + _cash(rule)


def _references(rule: Rule, seen: Floats) -> tuple[float, float]:
    """What the base and what the driver was compared with, in kernel units; NaN where that was not told."""
    told = float(seen[X_AGAINST]) if seen[X_HERE] == 1 else math.nan
    return (told, math.nan) if rule.on.above is not None else (math.nan, told)


def conventions(scheme: Scheme) -> tuple[str, ...]:
    """The settings that decide amounts, in words, as a statement prints them."""
    rounding = scheme.rounding
    at = "each line" if rounding.at == "line" else "each settlement's total"
    one_of = "the greater or lesser of rules, " if scheme.alternatives else ""
    words = [
        f"Settled by {scheme.settle}; the programme year starts in month {scheme.year_starts}.",
        f"Rounded to {rounding.to} {scheme.currency}, {rounding.mode.replace('_', ' ')}, at {at}.",
        f"Order: eligibility, splits, base, net of, rate, gates, limits, {one_of}taken back, partner caps, guarantee or draw, "
        "carried balance, minimum payout, pools and budget.",
    ]
    for rule in scheme.rules:
        table = rule.rate.table
        if table is not None:
            over = table.over if isinstance(table.over, str) else f"trailing {table.over.trailing} months"
            words.append(
                f"{rule.id}: {table.applies.replace('_', ' ')}, a step begins {table.border.replace('_', ' ')} its "
                f"border, over {over.replace('_', ' ')}."
            )
    return tuple(words)


def next_tier(result: Replay, row: int, month: int) -> NextTier | None:
    """What is missing to the tier above the one in force at `month`; None at the top or without tiers."""
    tiers = result.scheme.tiers
    if tiers is None:
        return None
    place = int(result.tiers[month, row]) + 1
    if place >= len(tiers.levels):
        return None
    level = tiers.levels[place]
    missing: dict[str, float] = {}
    for name, needed in level.needs.items():
        value = look(result, name, row, month)
        short = float(needed) - (0.0 if value is None else value)
        if short > 0:
            missing[name] = round(short, 6)
    minor = result.minor
    said = [f"{in_units(result.scheme, name, short * _scale(result.scheme, name, minor))} of {name.replace('_', ' ')}"
            + (f" (counted over {window_words(tiers.windows[name], tiers.review)})" if name in tiers.windows else "")
            for name, short in missing.items()]  # fmt: skip
    words = f"{', '.join(said)} short of {level.name}." if said else f"Meets {level.name} at the next review."
    return NextTier(level.name, missing, words)


def _scale(scheme: Scheme, name: str, minor: int) -> float:
    unit = unit_of(name, scheme.measures)
    plain = unit == "share" or measure_named(name, scheme.measures).is_level
    return minor if unit == "money" else 1.0 if plain else 1_000_000


def look(result: Replay, name: str, row: int, month: int) -> float | None:
    """A measure over its window of a review at a month, in whole units; None where it is undefined."""
    scheme, panel, tiers = result.scheme, result.panel, result.scheme.tiers
    assert tiers is not None
    measure = measure_named(name, scheme.measures)
    if measure.is_level:
        value = float(panel.columns[name][row, month])
        return None if np.isnan(value) else value
    shift = year_shift(scheme, panel.first_month)
    own = tiers.window_of(name)
    first = review_start(own.months, own.window, PERIOD_MONTHS[tiers.review], month, shift)
    if measure.ratio is not None:
        top, bottom = (_window(result, part, row, first, month) for part in measure.ratio)
        return top / bottom if bottom else None
    return _window(result, name, row, first, month)


def review_start(trailing: int | None, window: str | None, per: int, month: int, shift: int) -> int:
    """First month of the review's window at a month, cut at 0."""
    if trailing:
        return max(0, month - trailing + 1)
    length = {"period": per, "quarter_to_date": 3, "half_year_to_date": 6, "year_to_date": 12, "previous_year": 12}.get(
        window or "", 0
    )
    return max(0, month - (month + shift) % length) if length else 0


def _window(result: Replay, name: str, row: int, first: int, month: int) -> float:
    full = result.scheme.splits.tiering == "after"
    member = result.scheme.group is not None and result.scheme.group.pays == "member"
    column = Column(name, "full" if full else "share", "group" if member else "",
                    result.scheme.returns.method == "recalculate")  # fmt: skip
    values = month_column(result.panel, column, result.scheme)[row, first : month + 1]
    unit = unit_of(name, result.scheme.measures)
    return float(values.sum()) / (result.minor if unit == "money" else 1_000_000)
