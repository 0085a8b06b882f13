"""A worked example of a rule: a made-up partner, paid by the kernel that pays everybody."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from incentive_lab.engine.needs import needs
from incentive_lab.engine.replay import replay
from incentive_lab.engine.statement import Line, statement
from incentive_lab.errors import InputError
from incentive_lab.format import count, money, small
from incentive_lab.money import decimals
from incentive_lab.panel import DealTable, Floats, Panel, TargetRow, month_index
from incentive_lab.report.rule_words import measure_label
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.lookup import leaves_of, measure_named, unit_of
from incentive_lab.scheme.measures import TENURE
from incentive_lab.scheme.rates import Rate, Table
from incentive_lab.scheme.rules import Rule, Test

PAID = 14
"""The month in which the base is there whole."""
MONTHS = 24
"""The example's second programme year is shown; the first holds half as much, for rules that look back."""


@dataclass(frozen=True)
class Worked:
    """An example that the kernel computed.

    Attributes:
        given: What the made-up partner did, in words.
        lines: The rule's own lines in that year.
        total: Their sum in whole currency units.
    """

    given: str
    lines: tuple[Line, ...]
    total: float

    @property
    def words(self) -> str:
        """The example as sentences."""
        return f"{self.given} {' '.join(line.why for line in self.lines[-1:])}".strip()


def worked_example(scheme: Scheme, rule: Rule, currency: str) -> Worked | None:
    """What a made-up partner earns by one rule; None where no simple partner earns anything by it.

    Args:
        scheme: The scheme.
        rule: One of its rules.
        currency: ISO 4217 code.
    """
    name = rule.on.measure or rule.on.excess_of
    if name is None or rule.award is not None or rule.fund is not None:
        return None
    alone = scheme.model_copy(update={
        "guarantees": (), "budget": None, "pools": (), "draws": (), "minimum_payout": None, "variants": {},
        "group": None, "eligible": scheme.eligible.model_copy(update={"joined_before": None, "joined_from": None}),
    })  # fmt: skip
    unit = unit_of(name, scheme.measures)
    if unit not in ("money", "count"):
        return None
    amount = typical_base(scheme, rule, unit)
    panel = _panel(alone, rule, name, amount, currency)
    try:
        result = replay(alone, panel)
        year = panel.first_month // 12 + 1 if panel.first_month % 12 == 0 else None
        said = statement(result, "example", str(year) if year else None)
    except (InputError, ValueError):
        return None
    lines = tuple(line for line in said.lines if line.rule == rule.id and line.amount)
    if not lines:
        return None
    whole = money(amount, currency) if unit == "money" else count(amount)
    paid_in = panel.labels().index(lines[-1].period[:7])
    tier = result.tier_names[int(result.tiers[paid_in, 0])] if scheme.tiers is not None else ""
    label = small(measure_label(scheme, name))
    what = f"{whole} of {label} in one month" if unit == "money" else f"{whole} in one month ({label})"
    given = f"A {tier + ' ' if tier else ''}partner has {what}"
    total = round(sum(line.amount for line in lines), 6)
    return Worked(f"{given} and is paid {money(total, currency)} by this reward.", lines, total)


def typical_base(scheme: Scheme, rule: Rule, unit: str) -> float:
    """A round base that shows the rule at work: inside its middle step, else within its limit."""
    table = _first_table(rule.rate)
    if table is not None and len(table.steps) > 1 and (table.by is None or table.by.measure == rule.on.measure):
        borders = [float(step.from_) for step in table.steps if step.from_ is not None and not table.of_target]
        if len(borders) > 1:
            middle = borders[len(borders) // 2]
            return _round(middle * 1.2) if middle > 0 else _round(borders[-1] * 1.2)
    if unit == "money":
        return 10_000.0
    most = [float(one.quantity) for one in rule.limit if one.quantity is not None]
    return max(1.0, min([5.0, *most]))


def _round(value: float) -> float:
    return float(f"{value:.2g}")


def _first_table(rate: Rate) -> Table | None:
    choice = rate.choice()
    if choice is not None:
        return next((one.table for one in choice[1].values() if one.table is not None), None)
    return rate.table


def _tier(scheme: Scheme) -> str:
    """The tier the made-up partner is in: the second lowest."""
    if scheme.tiers is None or scheme.tiers.start != "recorded":
        return ""
    levels = scheme.tiers.levels
    return levels[min(1, len(levels) - 1)].name


def _panel(scheme: Scheme, rule: Rule, name: str, amount: float, currency: str) -> Panel:
    """Two years of one partner: the base in the third month of each year, half as much in the first."""
    wanted = needs(scheme)
    minor = 10 ** decimals(currency)
    columns: dict[str, Floats] = {}
    for leaf, measure in wanted.leaves.items():
        columns[leaf] = np.full((1, MONTHS), np.nan if measure.is_level else 0.0)
    scale = minor if unit_of(name, scheme.measures) == "money" else 1_000_000
    first = leaves_of(name, scheme.measures)[0]
    _put(columns, first, amount * scale)
    for other, test in rule.requires.items():
        _satisfy(scheme, columns, other, test, minor)
    deals = {grain: _deal(names, columns, amount * scale) for grain, names in wanted.deal_leaves.items()}
    who = rule.who
    attributes = {
        "name": "Example", "type": _one(who.types) or _one(scheme.eligible.types) or "reseller",
        "region": _one(who.regions) or _one(scheme.eligible.regions) or "Example",
        "segment": _one(who.segments) or _one(scheme.eligible.segments) or "",
        "tier": _one(who.tiers) or _tier(scheme), "parent_id": "",
        **{key: _text(value) for key, value in {**scheme.eligible.where, **who.where}.items()},
    }  # fmt: skip
    targets = tuple(TargetRow("partner", "example", leaf, 12, 12, int(amount * scale / 2)) for leaf in (name,))
    panel = Panel(
        history_id="example", currency=currency, partner_ids=("example",), first_month=month_index(2024, 1),
        months=MONTHS, joined=np.array([_joined(scheme, rule)], dtype=np.int32),
        attributes={key: np.array([value], dtype=object) for key, value in attributes.items()},
        columns=columns, deals=deals, targets=targets,
    )  # fmt: skip
    if TENURE in columns:
        columns[TENURE] = panel.months_since_joining()
    return panel


def _joined(scheme: Scheme, rule: Rule) -> int:
    """The joining month: the first, or as late as what is asked of months since joining wants it in the month that is paid."""
    asked = [who.months_since_joining.at_least or 0 for who in (scheme.eligible, rule.who) if who.months_since_joining]
    test = rule.requires.get(TENURE)
    if test is not None:
        least = math.ceil(test.at_least) if test.at_least is not None else 0
        asked.append(max(least, 0 if test.above is None else math.floor(test.above) + 1))
    return PAID - max(asked) if asked else 0


def _one(names: tuple[str, ...] | str) -> str:
    return names[0] if isinstance(names, tuple) and names else ""


def _text(value: str | tuple[str, ...]) -> str:
    return value if isinstance(value, str) else value[0] if value else ""


def _put(columns: dict[str, Floats], leaf: str, value: float) -> None:
    if leaf in columns:
        columns[leaf][0, 2], columns[leaf][0, PAID] = round(value / 2), value


def _satisfy(scheme: Scheme, columns: dict[str, Floats], name: str, test: Test, minor: int) -> None:
    """Give the partner what a rule requires besides its base."""
    wanted = test.at_least if test.at_least is not None else test.above
    if wanted is None or test.kind == "scorecard":
        return
    unit = unit_of(name, scheme.measures)
    for leaf in leaves_of(name, scheme.measures):
        if leaf in columns and measure_named(leaf, scheme.measures).is_level:
            columns[leaf][:] = float(wanted) + 0.5
        elif leaf in columns and not columns[leaf].any():
            _put(columns, leaf, float(wanted) * 2 * (minor if unit == "money" else 1_000_000))


def _deal(names: tuple[str, ...], columns: dict[str, Floats], amount: float) -> DealTable:
    """One deal in the third month of the second year that brings the whole base."""
    one = np.array([0], dtype=np.int32)
    return DealTable(
        partner=one, month=one + PAID, day=one + 20_000, deal_id=np.array(["example"], dtype=object),
        line=np.array([""], dtype=object), values={name: np.array([amount if columns[name].any() else 0.0]) for name in names},
    )  # fmt: skip
