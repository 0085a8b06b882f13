"""What of a scheme is around its rules, as rows of numbers: gates, caps, alternatives, floors, draws, tiers, and whom it is for."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import numpy as np
from numpy.typing import NDArray

from incentive_lab.engine import program as p
from incentive_lab.engine.borders import whole, window_code_of_look
from incentive_lab.engine.periods import PERIOD_MONTHS
from incentive_lab.engine.rows import Builder
from incentive_lab.scheme.alternatives import compared_per
from incentive_lab.scheme.document import Cap, Scheme
from incentive_lab.scheme.rules import Rule, Who

ROUNDING = {"half_up": p.HALF_UP, "half_even": p.HALF_EVEN, "up": p.UP, "down": p.DOWN}
"""Modes of rounding as the kernel knows them."""


@dataclass(frozen=True)
class Around:
    """What is around the rules.

    Attributes:
        scheme: The document.
        rows: Where tests, limits and needs are written.
        rules: The table of its rules.
        tiers: Names of the levels.
    """

    scheme: Scheme
    rows: Builder
    rules: p.I64
    tiers: Sequence[str]

    def tables(self) -> Mapping[int, NDArray[Any]]:
        """Its tables, by their place in a program."""
        gates, gates_f, gate_rule = self._gates()
        caps, caps_f, cap_rule = self._caps()
        tier_tests, alternatives, alternative_first = self._tiers()
        return {
            p.GATES: gates, p.GATES_F: gates_f, p.GATE_RULE: gate_rule, p.CAPS: caps, p.CAPS_F: caps_f, p.CAP_RULE: cap_rule,
            p.TIER_TESTS: tier_tests, p.TIER_ALTERNATIVES: alternatives, p.TIER_FIRST: alternative_first,
            p.TENURES: self._tenures(), p.TIER_RULE: self._tier_rule(), p.GUARANTEES: self._guarantees(),
            p.GUARANTEES_F: self._guarantee_numbers(), p.DRAWS: self._draws(), p.DRAWS_F: self._draw_numbers(),
            p.ALTERNATIVES: self._alternatives(), p.ALTERNATIVE_RULE: self._alternative_rule(),
        }  # fmt: skip

    def _gates(self) -> tuple[p.I64, p.F64, p.I64]:
        """Gates, one row for each period of the rules they act on; in rules per deal also for each measure paid on."""
        rows: list[tuple[int, int, int, int]] = []
        factors: list[float] = []
        acts: list[list[int]] = []
        for gate in self.scheme.gates:
            mine = [self._places[name] for name in gate.rules] or list(self._places.values())
            kinds = {row: (int(self.rules[row, p.R_PER]), *grain_of(self.scheme.rules[row])) for row in mine}
            for kind in sorted(set(kinds.values())):
                first, count = self.rows.test_range(gate.when, *kind)
                rows.append((first, count, int(gate.match == "any"), int(gate.missing == "fails")))
                factors.append(whole(gate.multiply * 1_000_000))
                acts.append([int(kinds.get(row) == kind) for row in range(len(self.scheme.rules))])
        table = np.array(acts, dtype=np.int64).reshape(len(rows), len(self.scheme.rules))
        return ints(rows, 4), np.array(factors), table

    def _caps(self) -> tuple[p.I64, p.F64, p.I64]:
        caps: Sequence[Cap] = self.scheme.caps
        covers = [
            [
                int(not rule.non_cash and (not cap.rules or rule.id in cap.rules)
                    and (not cap.groups or rule.group in cap.groups))
                for rule in self.scheme.rules
            ]
            for cap in caps
        ]  # fmt: skip
        return (
            ints([self.rows.limit(cap, 1) for cap in caps], p.L_COLUMNS),
            np.array([self.rows.limit_number(cap, 1) for cap in caps], dtype=np.float64),
            np.array(covers, dtype=np.int64).reshape(len(caps), len(self.scheme.rules)),
        )

    def _alternatives(self) -> p.I64:
        return ints([(PERIOD_MONTHS[compared_per(self.scheme, one)], int(one.pays == "lesser"))
                      for one in self.scheme.alternatives], 2)  # fmt: skip

    def _alternative_rule(self) -> p.I64:
        rows = [[int(name in one.rules) for name in self._places] for one in self.scheme.alternatives]
        return ints(rows, len(self.scheme.rules))

    def _guarantees(self) -> p.I64:
        return ints([
            (int(g.against == "baseline"), PERIOD_MONTHS[g.per], g.for_months, int(g.carry), int(g.prorate),
             int(g.since == "joined"))
            for g in self.scheme.guarantees
        ], 6)  # fmt: skip

    def _guarantee_numbers(self) -> p.F64:
        return np.array([
            whole(g.keep * 1_000_000) if g.against else self.rows.cents(g.amount or Decimal(0))
            for g in self.scheme.guarantees
        ], dtype=np.float64)  # fmt: skip

    def _draws(self) -> p.I64:
        return ints([
            (PERIOD_MONTHS[d.per], d.for_months, d.recover_from, int(d.forgive), int(d.since == "joined"),
             int(d.recover_out_of == "all_earnings"), d.forgive_after or 0)
            for d in self.scheme.draws
        ], 7)  # fmt: skip

    def _draw_numbers(self) -> p.F64:
        return floats([
            (
                self.rows.cents(d.amount),
                math.inf if d.recover_at_most is None else self.rows.cents(d.recover_at_most),
                whole(d.recover_share * 1_000_000),
                math.inf if d.balance_at_most is None else self.rows.cents(d.balance_at_most),
            )
            for d in self.scheme.draws
        ], 4)  # fmt: skip

    def _tiers(self) -> tuple[p.I64, p.I64, p.I64]:
        levels: list[tuple[int, int, int]] = []
        alternatives: list[tuple[int, int]] = []
        firsts: list[int] = []
        if self.scheme.tiers:
            per = PERIOD_MONTHS[self.scheme.tiers.review]
            for level in self.scheme.tiers.levels:
                first, count = self.rows.needs(level.needs, level.points, per)
                firsts.append(len(alternatives))
                alternatives += [self.rows.needs(needs, None, per) for needs in level.any_of]
                levels.append((first, count, len(level.any_of)))
        return ints(levels, 3), ints(alternatives, 2), np.array(firsts, dtype=np.int64)

    def _tier_rule(self) -> p.I64:
        """Whether each tier is named: by rules, then guarantees, then draws; each only where it is eligible."""
        everyone = self.scheme.eligible
        rows = [
            [int(all(who.tiers == "all" or tier in who.tiers for who in (everyone, mine))) for tier in self.tiers]
            for mine in self._whos()
        ]
        return np.array(rows, dtype=np.int64)

    def _tenures(self) -> p.I64:
        """First test of months since joining and how many there are: of rules, then guarantees, then draws."""
        rows = []
        for mine in self._whos():
            first = len(self.rows.tests)
            for who in (self.scheme.eligible, mine):
                self.rows.tenure(who)
            rows.append((first, len(self.rows.tests) - first))
        return ints(rows, 2)

    def _whos(self) -> list[Who]:
        """Whom rules, then guarantees, then draws are for."""
        scheme = self.scheme
        whos = [rule.who for rule in scheme.rules] + [item.who for item in scheme.guarantees]
        return whos + [item.who for item in scheme.draws]

    @property
    def _places(self) -> Mapping[str, int]:
        return {rule.id: row for row, rule in enumerate(self.scheme.rules)}


def settings_of(scheme: Scheme, months: int, shift: int, funds: int, keep_posted: bool, keep_rates: bool) -> p.I64:
    """Whole numbers of a scheme.

    Args:
        scheme: The document.
        months: Of the history; `shift` makes month 0 a place in the programme year.
        funds: How many there are.
        keep_posted, keep_rates: Whether later months read what rules posted, and at which rates deals were paid.
    """
    settings = np.zeros(p.SETTINGS, dtype=np.int64)
    _rows_of_partners(scheme, funds, settings)
    settings[p.Z_KEEP_POSTED], settings[p.Z_KEEP_RATES] = int(keep_posted), int(keep_rates)
    settings[p.Z_MONTHS] = months
    settings[p.Z_SHIFT] = shift
    settings[p.Z_SETTLE] = PERIOD_MONTHS[scheme.settle]
    settings[p.Z_MODE] = settings[p.Z_RATE_MODE] = ROUNDING[scheme.rounding.mode]
    settings[p.Z_AT_LINE] = int(scheme.rounding.at == "line")
    if scheme.minimum_payout:
        settings[p.Z_MINIMUM] = 2 if scheme.minimum_payout.below == "carry" else 1
    tiers = scheme.tiers
    if tiers:
        per = PERIOD_MONTHS[tiers.review]
        look = tiers.looks_at
        settings[p.Z_TIERS] = len(tiers.levels)
        settings[p.Z_REVIEW] = per
        settings[p.Z_SAME_PERIOD] = int(tiers.takes_effect == "same_period")
        settings[p.Z_GRACE] = tiers.grace
        settings[p.Z_ONE_LEVEL] = int(tiers.falls == "one_level")
        settings[p.Z_LOOK] = -look.months if look.months else window_code_of_look(look.window or "period", per)
    return settings


def _rows_of_partners(scheme: Scheme, funds: int, settings: p.I64) -> None:
    """Where what is known of partners begins."""
    rules, draws, guarantees = len(scheme.rules), len(scheme.draws), len(scheme.guarantees)
    at = 2
    for setting, size in ((p.H_ELIGIBLE, rules), (p.H_FORMS, rules), (p.H_FUND_FORMS, funds),
                          (p.H_GUARANTEES, guarantees), (p.H_DRAWS, draws), (p.H_ROWS, 0)):  # fmt: skip
        settings[setting] = at
        at += size


def numbers_of(scheme: Scheme, rows: Builder) -> p.F64:
    """Other numbers of a scheme: to what money is rounded, the least that is paid, to what rates are rounded."""
    rounding, minimum = scheme.rounding, scheme.minimum_payout
    return np.array([
        float(scheme.smallest * rows.minor * 1_000_000),
        rows.cents(minimum.amount) if minimum else 0.0,
        whole(rounding.rate_to * 1_000_000) if rounding.rate_to else 0.0,
    ])  # fmt: skip


def grain_of(rule: Rule) -> tuple[str, str]:
    """The grain of a rule per deal or line and the measure that it pays on; nothing for other rules."""
    return (rule.per, rule.on.measure or rule.on.excess_of or "") if rule.per in ("deal", "line") else ("", "")


def ints(rows: Sequence[Sequence[int]], width: int) -> p.I64:
    """Rows of so many whole numbers, also where there are none."""
    return np.array(rows, dtype=np.int64).reshape(len(rows), width)


def numbers(rows: Sequence[float]) -> p.F64:
    """Numbers, also where there are none."""
    return np.array(rows, dtype=np.float64)


def floats(rows: Sequence[Sequence[float]], width: int) -> p.F64:
    """Rows of so many numbers, also where there are none."""
    return np.array(rows, dtype=np.float64).reshape(len(rows), width)
