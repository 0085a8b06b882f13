"""Which requirement of a rule was not met: the kernel is asked once more, by rules that only look at what is required."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

import numpy as np

from incentive_lab.engine.borders import held_between, looked_at
from incentive_lab.engine.compile import Compiled, compile_scheme
from incentive_lab.engine.contests import award_amounts
from incentive_lab.engine.explain import driver_name, driver_words, in_units, kernel_units
from incentive_lab.engine.program import R_REQUIRE, RULES, TESTS_F, X_AGAINST, X_DRIVER
from incentive_lab.engine.replay import run
from incentive_lab.money import decimals
from incentive_lab.panel import Floats, Panel
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.measures import TENURE
from incentive_lab.scheme.rates import Rate, Step, Table
from incentive_lab.scheme.rules import Base, Rule, Test

_PLACES, _MOST_PLACES = 2, 12
"""Decimals of a per cent that are shown, and the most where fewer hide a difference."""


@dataclass(frozen=True, eq=False)
class Requirements:
    """What the rules of a scheme require, as rules whose table looks at nothing else.

    Attributes:
        compiled: The scheme.
        looking: It with those rules alone.
        places: (rule, measure or scorecard) -> row of the rule that looks at it.
    """

    compiled: Compiled
    looking: Compiled
    places: Mapping[tuple[str, str], int]

    @classmethod
    def of(cls, compiled: Compiled, panel: Panel) -> Requirements | None:
        """Of a scheme; None where no rule that pays by period requires anything."""
        scheme = compiled.scheme
        rules: dict[tuple[str, str], Rule] = {}
        for rule in scheme.rules:
            for name, test in rule.requires.items():
                if rule.per not in ("deal", "line") and not _told_elsewhere(scheme, name, test):
                    rules[rule.id, name] = _looking(scheme, rule, name, test, f"look-{len(rules) + 1}")
        if not rules:
            return None
        alone = {
            "gates": (),
            "caps": (),
            "guarantees": (),
            "draws": (),
            "pools": (),
            "alternatives": (),
            "budget": None,
            "mix": None,
        }
        bare = scheme.model_copy(update={**alone, "variants": {}, "rules": tuple(rules.values())})
        looking = compile_scheme(bare, panel.first_month, panel.months)
        return cls(compiled, looking, {key: place for place, key in enumerate(rules)})

    def seen(self, panel: Panel, row: int) -> Floats:
        """What a partner had of each, float64 [months, rules, fields]."""
        awards = award_amounts(self.looking.scheme, panel)
        ((_, outcome),) = run(self.looking, panel, np.array([row]), awards, None, False, False, True)
        return outcome[5][:, :, :, 0]

    def missed(self, seen: Floats, rule: Rule, month: int) -> str:
        """Why a rule earned nothing in a month; empty where all that it requires was met.

        Args:
            seen: What `seen` gives.
            rule: One of the scheme's.
            month: Column of the month.
        """
        tables, scheme = self.compiled.tables, self.compiled.scheme
        first = int(tables[RULES][scheme.rules.index(rule), R_REQUIRE])
        told = []
        for number, (name, test) in enumerate(rule.requires.items()):
            place = self.places.get((rule.id, name))
            if place is None:
                continue
            low, high = held_between(*map(float, tables[TESTS_F][first + number]))
            here = seen[month, place]
            if not low <= here[X_DRIVER] <= high:
                told.append(_missed(scheme, self.looking.scheme.rules[place], name, test, here))
        return f"Nothing is earned: {' and '.join(told)}." if told else ""


def _told_elsewhere(scheme: Scheme, name: str, test: Test) -> bool:
    """Whether `not_open` says it: the first months since joining, or those from one on."""
    return name == TENURE and TENURE not in scheme.measures and test.at_most is test.above is None


def _looking(scheme: Scheme, rule: Rule, name: str, test: Test, known_as: str) -> Rule:
    """The rule with a table by what it requires, and nothing else."""
    driver = looked_at(name, test)
    step = Step.model_validate({"name": "any", "from": 0, "rate": 0})
    restated = rule.returns if rule.returns is not None and rule.returns.method == "recalculate" else None
    return Rule(
        id=known_as, on=Base(measure=_measured(scheme, rule)), per=rule.per, during=rule.during, returns=restated,
        rate=Rate(table=Table(by=driver, over=test.over, applies="whole", steps=(step,))),
    )  # fmt: skip


def _measured(scheme: Scheme, rule: Rule) -> str:
    """The measure that a rule pays on, be it through other rules."""
    if rule.on.payout_of:
        return _measured(scheme, next(one for one in scheme.rules if one.id == rule.on.payout_of[0]))
    return rule.on.measure or rule.on.excess_of or ""


def _missed(scheme: Scheme, looking: Rule, name: str, test: Test, seen: Floats) -> str:
    """What was reached and what was needed."""
    bounds = (
        ("at least", test.at_least),
        ("more than", test.above),
        ("at most", test.at_most),
        ("less than", test.below),
    )
    needed = " and ".join(f"{words} {_bound(scheme, name, test, one)}" for words, one in bounds if one is not None)
    value, table = float(seen[X_DRIVER]), looking.rate.table
    assert table is not None
    assert table.by is not None
    reached = (
        f"{driver_name(table.by)} cannot be told"
        if math.isnan(value)
        else driver_words(
            scheme, looking, table.by, table.over, value, float(seen[X_AGAINST]), _telling(scheme, name, test, value)
        )
    )
    return f"{reached}, {needed} is required"


def _telling(scheme: Scheme, name: str, test: Test, value: float) -> int:
    """Decimals of a per cent with which a value does not read as a bound that it missed."""
    bounds = [float(one) for one in (test.at_least, test.above, test.at_most, test.below) if one is not None]
    for places in range(_PLACES, _MOST_PLACES):
        told = in_units(scheme, name, value, test.kind, places)
        if all(told != in_units(scheme, name, one, test.kind, places) or value == one for one in bounds):
            return places
    return _MOST_PLACES


def _bound(scheme: Scheme, name: str, test: Test, bound: Decimal) -> str:
    if test.kind != "value":
        return in_units(scheme, name, float(bound), test.kind)
    return in_units(scheme, name, float(bound) * kernel_units(scheme, name, 10 ** decimals(scheme.currency)))
