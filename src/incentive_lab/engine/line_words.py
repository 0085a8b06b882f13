"""The sentence behind a line of a rule, and the settings that decide amounts, as a statement prints them."""

from __future__ import annotations

import math
from collections.abc import Mapping

from incentive_lab.engine.compile import Compiled
from incentive_lab.engine.explain import (
    SPECIAL_WORDS,
    base_words,
    capped,
    driver_words,
    floor_words,
    is_plain,
    step_of,
    step_words,
    table_of,
)
from incentive_lab.engine.factor_words import cell_told, factors_told
from incentive_lab.engine.owed import ends_rule, ends_year, lapsed
from incentive_lab.engine.periods import year_shift
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
    X_START,
    X_WAITING,
)
from incentive_lab.engine.replay import Replay
from incentive_lab.engine.score_words import scores_told
from incentive_lab.engine.slices import step_reached, threshold_words
from incentive_lab.engine.tenure import advanced, guaranteed
from incentive_lab.format import each, money, month_name, percent
from incentive_lab.panel import Floats, month_label
from incentive_lab.scheme.alternatives import alternatives_of
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.line_names import line_names
from incentive_lab.scheme.lookup import unit_of
from incentive_lab.scheme.rules import Rule


def rule_words(
    result: Replay, compiled: Compiled, rule: Rule, seen: Floats, amount: float, tier: str, kept: Mapping[str, str],
    period: str,
) -> str:  # fmt: skip
    """The sentence behind a line of a rule, read from the kernel's trace of it."""
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
        parts.append(f"rate for {choice[0]} {value.replace('_', ' ')}")
    if rule.award:
        parts.append("prize by rank")
    elif table is not None and not is_plain(compiled, form) and form >= 0:
        parts.append(driver_words(scheme, rule, table.by, table.over, float(seen[X_DRIVER]), against))
        step = step_reached(compiled, seen)
        if step < 0:
            parts.append("; ".join(["no step reached", *threshold_words(compiled, scheme, rule, table, seen)]))
        else:
            reached = table.steps[step]
            parts.append(f"{step_words(reached.name)} reached, paid {table.applies.replace('_', ' ')}")
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
        parts += cell_told(compiled, rule, seen, minor) + factors_told(compiled, rule, seen)
        parts += scores_told(compiled, scheme.rules.index(rule), rule, table, seen)
    if seen[X_GATE] != 1_000_000:
        parts.append(f"gates leave {percent(float(seen[X_GATE]) / 1e6)}")
    left = amount if alternatives_of(scheme, rule.id) is None else float(seen[X_CLAIMED])
    if round(float(seen[X_PAID]) - left, 6) > 0:
        parts.append(f"limits hold back {money((float(seen[X_PAID]) - left) / minor, currency)}")
    trued = any(limit.excess == "trued_up" for limit in rule.limit)
    lapses = ends_year(scheme, period) and all(limit.per != "life" for limit in rule.limit)
    carried = "lapses with the programme year" if lapses else "is carried"
    for field, then in ((X_CARRIED, carried), (X_WAITING, "waits for the end of the programme year")):
        if field == X_WAITING and seen[field] > 0 and ends_rule(scheme, rule, period):
            parts.append(lapsed(float(seen[field]) / minor, currency))
        elif seen[field] > 0:
            parts.append(f"{money(float(seen[field]) / minor, currency)} {then}")
    if trued and round(left - float(seen[X_PAID]), 6) > 0:
        more = money((left - float(seen[X_PAID])) / minor, currency)
        parts.append(f"{more} that limits held back is paid at the end of the programme year")
    return "; ".join(parts) + "." + (" Provisional." if seen[X_PROVISIONAL] else "") + not_in_money(rule)


def _references(rule: Rule, seen: Floats) -> tuple[float, float]:
    """What the base and what the driver was compared with, in kernel units; NaN where that was not told."""
    told = float(seen[X_AGAINST]) if seen[X_HERE] == 1 else math.nan
    return (told, math.nan) if rule.on.above is not None else (math.nan, told)


def not_in_money(rule: Rule) -> str:
    """What is added to the reason of a line that is no money."""
    return " Not paid in money." if rule.non_cash else ""


def conventions(scheme: Scheme) -> tuple[str, ...]:
    """The settings that decide amounts, in words, as a statement prints them."""
    rounding = scheme.rounding
    at = "each line" if rounding.at == "line" else "each settlement's total"
    one_of = "the greater or lesser of rules, " if scheme.alternatives else ""
    words = [
        f"Settled by {scheme.settle}; the programme year starts in month {scheme.year_starts}.",
        f"Rounded to {scheme.smallest} {scheme.currency}, {rounding.mode.replace('_', ' ')}, at {at}.",
        f"Order: eligibility, splits, base, net of, rate, gates, limits, {one_of}taken back, partner caps, guarantee or draw, "
        "carried balance, minimum payout, pools and budget.",
    ]
    names = line_names(scheme)
    for rule in scheme.rules:
        table = rule.rate.table
        if table is not None:
            over = table.over if isinstance(table.over, str) else f"trailing {table.over.trailing} months"
            words.append(
                f"{names[rule.id]}: {table.applies.replace('_', ' ')}, a step begins {table.border.replace('_', ' ')} its "
                f"border, over {over.replace('_', ' ')}."
            )
    return tuple(words)


def special_words(result: Replay, place: int, month: int, row: int, floor: Floats | None) -> str:
    """The sentence behind a line that is no rule's: a cap, a guarantee, a draw and so on.

    Args:
        result: A replay with its detail.
        place: Of the line among `SPECIAL_LINES`.
        month: Column of the month.
        row: Row of the partner.
        floor: What a guarantee compares with, float64 [partners, months]; None without any.
    """
    scheme, since = result.scheme, result.panel.tenure(row, month)
    amount = float(result.detail[len(scheme.rules) + place, month, row])
    if place == GUARANTEE and amount > 0 and floor is not None:
        return _floor_told(result, floor, month, row)
    if place == GUARANTEE:
        return guaranteed(scheme, amount, since)
    if place == DRAW:
        return advanced(scheme, amount, since)
    return capped(scheme, amount) if place == CAP else SPECIAL_WORDS.get(SPECIAL_LINES[place], "")


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
