"""A partner's statement: every line, the rule behind it, and what is left to the next tier."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace

import numpy as np

from incentive_lab.engine.alternative_words import alternatives_told
from incentive_lab.engine.compile import Compiled
from incentive_lab.engine.contests import award_amounts
from incentive_lab.engine.deal_lines import DealLine, deal_lines
from incentive_lab.engine.explain import base_words, table_of
from incentive_lab.engine.line_words import conventions, not_in_money, rule_words, special_words
from incentive_lab.engine.next_tier import NextTier, next_tier
from incentive_lab.engine.owed import Balance, balances_at, ends_rule, kept_words, lapsed
from incentive_lab.engine.periods import PERIOD_MONTHS, months_of
from incentive_lab.engine.program import (
    SPECIAL_LINES,
    X_BASE,
    X_EARNED,
    X_HERE,
    X_PROVISIONAL,
    X_RATE,
    X_WAITING,
)
from incentive_lab.engine.replay import Replay, _baseline_total, compiled_parts, run
from incentive_lab.engine.required import Requirements
from incentive_lab.engine.slices import Slice, slices
from incentive_lab.engine.tenure import not_open
from incentive_lab.errors import InputError, Problem, did_you_mean
from incentive_lab.format import each, money, percent
from incentive_lab.money import in_units
from incentive_lab.panel import Floats, month_label
from incentive_lab.scheme.alternatives import alternatives_of
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.lookup import unit_of
from incentive_lab.scheme.rules import Rule

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
        in_money: Whether it is paid in money, and so part of the total.
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
    in_money: bool = True


@dataclass(frozen=True)
class Statement:
    """A partner's statement; `total` is the sum of the lines in money, `balances` what is open at the end of the last month."""

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
    path = ways.path(result, row)
    lines: list[Line] = []
    for place in months:
        lines += _month_lines(result, path, place, row, ways.floor)
    unpaid = {rule.id for rule in scheme.rules if rule.non_cash}
    lines = [replace(line, in_money=False) if line.rule in unpaid else line for line in lines]
    cents = sum(round(float(result.total[place, row]), 6) for place in months)
    tier = result.tier_names[int(result.tiers[months[-1], row])]
    own = () if panel.calendar is None else (panel.calendar.sentence(panel.first_month + months[-1]),)
    month = month_label(panel.first_month + months[-1])
    owed = balances_at(path.balances[:, months[-1]], result.minor, panel.currency, month, kept_words(scheme, month))
    return Statement(
        partner=partner, scheme=scheme.id, fingerprint=result.fingerprint, history_id=panel.history_id,
        currency=panel.currency, conventions=(*conventions(scheme), *own), lines=tuple(lines),
        total=in_units(cents, panel.currency), tier=tier, next_tier=next_tier(result, row, months[-1]),
        balances=owed,
    )  # fmt: skip


@dataclass(frozen=True, eq=False)
class _Path:
    """One partner's own path through the kernel once more.

    Attributes:
        compiled: The part of the scheme that pays it.
        trace: float64 [months, rules, fields].
        deals: The deals that were paid.
        balances: float64 [kinds, months], what was open.
        required: What rules require, None where nothing is.
        had: What the partner had of it.
    """

    compiled: Compiled
    trace: Floats
    deals: Deals
    balances: Floats
    required: Requirements | None
    had: Floats | None

    def missed(self, rule: Rule, month: int, seen: Floats) -> str:
        """Which requirement left a rule with nothing, '' if none did."""
        if self.required is None or self.had is None or seen[X_HERE] != 1 or seen[X_EARNED] != 0:
            return ""
        return self.required.missed(self.had, rule, month)


@dataclass(frozen=True, eq=False)
class _Ways:
    """What every partner's path begins with: the parts of the scheme, what they require, its awards and its floor."""

    parts: tuple[tuple[Compiled, Requirements | None, frozenset[int]], ...]
    awards: Floats
    floor: Floats | None

    @classmethod
    def of(cls, result: Replay, baseline: Scheme | None) -> _Ways:
        """Of a replay."""
        scheme, panel = result.scheme, result.panel
        parts = tuple(
            (compiled, Requirements.of(compiled, panel), frozenset(map(int, part.partners)))
            for compiled, part in compiled_parts(scheme, panel)
        )
        return cls(parts, award_amounts(scheme, panel), _baseline_total(scheme, baseline, panel))

    def path(self, result: Replay, row: int) -> _Path:
        """The path of the partner in one row."""
        panel = result.panel
        for compiled, required, partners in self.parts:
            if row in partners:
                ((_, outcome),) = run(compiled, panel, np.array([row]), self.awards, self.floor, False, False, True)
                deals = deal_lines(compiled, panel, row, self.awards)
                had = None if required is None else required.seen(panel, row)
                return _Path(compiled, outcome[5][:, :, :, 0], deals, outcome[6][:, :, 0], required, had)
        raise AssertionError("every partner belongs to one part")


def _month_lines(result: Replay, path: _Path, month: int, row: int, floor: Floats | None) -> list[Line]:
    """What posted in one month."""
    scheme, period = path.compiled.scheme, month_label(result.panel.first_month + month)
    kept = {name: str(values[row]) for name, values in result.panel.attributes.items()}
    tier = result.tier_names[int(result.tiers[month, row])]
    since = result.panel.tenure(row, month)
    lines = []
    for place, rule in enumerate(scheme.rules):
        amount = float(result.detail[place, month, row])
        seen = path.trace[month, place]
        earned = seen[X_HERE] == 1 and (seen[X_BASE] != 0 or seen[X_EARNED] != 0)
        if amount == 0 and not (earned and not np.isnan(seen[X_BASE])):
            if seen[X_WAITING] > 0 and ends_rule(scheme, rule, period):
                why = f"{lapsed(float(seen[X_WAITING]) / result.minor, result.panel.currency)}. {not_open(scheme, rule, since)}"
                lines.append(Line(period, rule.id, rule.label or rule.id, None, None, 0.0, why.rstrip()))
            continue
        told = path.deals.get((place, month), [])
        if told and round(sum(one.cents for one in told) - amount, 4) == 0:
            lines += [_deal_line(result, rule, one, period) for one in told]
            continue
        line = _rule_line(result, path.compiled, rule, seen, period, amount, tier, kept)
        account = _on_account(result, path.trace, place, month, row)
        reasons = [
            line.why, path.missed(rule, month, seen), alternatives_told(result, rule, path.trace[month], month, row),
            not_open(scheme, rule, since) if amount == 0 else "",
        ]  # fmt: skip
        if account:
            reasons.append(f"{money(account / result.minor, result.panel.currency)} was paid on account before.")
        lines.append(replace(line, why=" ".join(filter(None, reasons))))
    for place, name in enumerate(SPECIAL_LINES):
        amount = float(result.detail[len(scheme.rules) + place, month, row])
        if amount != 0:
            why = special_words(result, place, month, row, floor)
            lines.append(Line(period, name, name.replace("_", " ").capitalize(), None, None,
                              in_units(amount, result.panel.currency), why))  # fmt: skip
    return lines


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
        about = "" if round(round(rate, 6) * base * minor) == round(one.cents) else "about "
        said.append(f"at {about}{percent(rate, 4)}" if money_base else f"at {about}{each(rate, currency)} each")
    return Line(period, rule.id, rule.label or rule.id, base, rate, in_units(one.cents, currency),
                "; ".join(said) + "." + not_in_money(rule), deal=name)  # fmt: skip


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
        return Line(period, rule.id, rule.label or rule.id, None, None, in_units(amount, result.panel.currency),
                    f"Paid {words}." + not_in_money(rule))  # fmt: skip
    base = float(seen[X_BASE]) / scale
    earned = float(seen[X_RATE]) * float(seen[X_BASE]) if here == 2 else float(seen[X_EARNED])
    rate = earned / float(seen[X_BASE]) / (1e6 if money_base else minor) if seen[X_BASE] else None
    why = rule_words(result, compiled, rule, seen, amount, tier, kept, period)
    provisional = bool(seen[X_PROVISIONAL])
    table = table_of(rule, tier, kept) if here == 1 else None
    bands = slices(compiled, scheme.rules.index(rule), table, seen, scale, minor) if table is not None else ()
    return Line(period, rule.id, rule.label or rule.id, base, None if rate is None else round(rate, 8),
                in_units(amount, result.panel.currency), why, provisional, bands)  # fmt: skip
