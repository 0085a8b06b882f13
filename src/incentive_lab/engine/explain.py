"""Why a line is what it is, in words: read from the kernel's own trace."""

from __future__ import annotations

import math
from collections.abc import Mapping

from incentive_lab.engine.borders import border_kind
from incentive_lab.engine.compile import Compiled
from incentive_lab.engine.program import (
    F_COUNT,
    F_FIRST,
    F_MODE,
    FORMS,
    PLAIN,
    S_FROM,
    S_LUMP,
    S_RATE,
    STEPS,
)
from incentive_lab.engine.tenure import guaranteed
from incentive_lab.format import count, counted, money, percent
from incentive_lab.money import decimals
from incentive_lab.panel import Floats
from incentive_lab.scheme.compared import reference_words
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.line_names import line_names
from incentive_lab.scheme.lookup import measure_named, unit_of
from incentive_lab.scheme.rates import Driver, Over, Table
from incentive_lab.scheme.reference import Reference
from incentive_lab.scheme.rules import Rule

TARGET, LAST_YEAR = Reference(target=True), Reference(last_year=True)
SPECIAL_WORDS: Mapping[str, str] = {
    "clawback": "Taken back for returned deals or a missed milestone.",
    "carried_balance": "Brought forward from, or carried to, another settlement: it was below zero, or below the minimum payout.",
    "minimum_payout": "Below the minimum payout: forfeited, or carried to the next settlement.",
    "rounding": "The settlement rounded to money.",
    "pool": "Claims scaled to what their pool holds.",
    "budget": "Scaled so that the programme's budget is not exceeded.",
}


def floor_words(scheme: Scheme, baseline: Floats, before: float, topped: float, since: str, currency: str) -> str:
    """How a top-up to a share of the baseline comes about, where these numbers reproduce it; else only what it is.

    Args:
        scheme: The scheme, with its guarantees.
        baseline: What the baseline paid in each month of the programme year so far, in whole units of currency.
        before: What was paid over the same months before this top-up, in whole units.
        topped: The top-up.
        since: The first of these months, in words.
        currency: Its code.
    """
    if len(scheme.guarantees) == 1 and scheme.guarantees[0].against == "baseline":
        keep, whole = float(scheme.guarantees[0].keep), float(baseline.sum())
        if abs(before + topped - keep * whole) < 0.011:
            return (f"Brought up to {percent(keep)} of what the baseline pays since {since}: of {money(whole, currency)} "
                    f"that is {money(keep * whole, currency)}, and {money(before, currency)} was paid.")  # fmt: skip
    return guaranteed(scheme)


_CUT = {
    "lost": "lost",
    "carried": "carried",
    "trued_up": "paid at the end of the programme year as far as other caps allow",
    "spilled": "put into a fund",
}


def capped(scheme: Scheme, amount: float) -> str:
    """What a line of caps took off, or paid later, with every cap that a partner has.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = '''{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}],
        ...     caps: [{for: partner, per: quarter, amount: 6_000}]}'''
        >>> capped(loads(text), -25.0)
        'Takes off what is above the cap of 6,000.00 USD a quarter.'
    """
    told, mixed = [], len({cap.excess for cap in scheme.caps}) > 1
    for cap in scheme.caps:
        most = (money(float(cap.amount), scheme.currency) if cap.amount is not None
                else f"{percent(float(cap.share or 0))} of {(cap.of or '').replace('_', ' ')}")  # fmt: skip
        whose = [*(rule.label or rule.id for rule in scheme.rules if rule.id in cap.rules), *cap.groups]
        then = f" ({_CUT[cap.excess]})" if mixed else ""
        per = cap.per.replace("_", " ") + (" since joining" if cap.since == "joined" else "")
        told.append(f"{most} a {per}{' for ' + ', '.join(whose) if whose else ''}{then}")
    caps = f"the cap{'s' if len(told) > 1 else ''} of {' and of '.join(told)}"
    trued = not mixed and scheme.caps[0].excess == "trued_up"
    waits = f", to be {_CUT['trued_up']}"
    if amount < 0:
        return f"Takes off what is above {caps}{waits if trued else ''}."
    return (
        f"Pays what waited above {caps} for the year to end."
        if trued
        else f"Pays what an earlier period carried above {caps}."
    )


def table_of(rule: Rule, tier: str, kept: Mapping[str, str]) -> Table | None:
    """The table that a rule used for a partner in this tier, with these attributes."""
    rate = rule.rate
    choice = rate.choice()
    if choice is not None:
        attribute, values = choice
        value = tier if attribute == "tier" else kept.get(attribute, "")
        chosen = values.get(value, rate.otherwise)
        return chosen.table if chosen else None
    return rate.table


def in_units(scheme: Scheme, name: str, value: float, kind: str = "value", places: int = 2) -> str:
    """A kernel number of a measure as text: money, a count, or a share with so many decimals of a per cent."""
    if math.isnan(value):
        return "nothing to compare"
    if math.isinf(value):
        return "more than anything"
    if kind in ("attainment", "growth", "scorecard"):
        return percent(value, places)
    if measure_named(name, scheme.measures).is_level:
        return count(round(value, 6))
    unit = unit_of(name, scheme.measures)
    if unit == "money":
        return money(value / 10 ** decimals(scheme.currency), scheme.currency)
    if unit == "share":
        return percent(value, places)
    return count(value / 1_000_000)


def kernel_units(scheme: Scheme, name: str, minor: int) -> float:
    """Kernel units in a whole unit of a measure: minor units of money, millionths of what is added up, else one.

    Args:
        scheme: Whose measures they are.
        name: Of the measure.
        minor: Minor units in a whole currency unit.
    """
    unit = unit_of(name, scheme.measures)
    plain = unit == "share" or measure_named(name, scheme.measures).is_level
    return minor if unit == "money" else 1.0 if plain else 1_000_000


def driver_name(driver: Driver) -> str:
    """What a driver is called in a sentence.

    Example:
        >>> driver_name(Driver(measure="won_deals")), driver_name(Driver(growth_of="revenue"))
        ('won deals', 'growth of revenue')
    """
    _, kind = border_kind(driver)
    of = {"attainment": "attainment of ", "growth": "growth of ", "scorecard": "scorecard "}.get(kind, "")
    return (of + driver.name).replace("_", " ")


def driver_words(
    scheme: Scheme, rule: Rule, by: Driver | None, over: Over, value: float, against: float, places: int = 2
) -> str:
    """A driver over its window and where it stands, in words, with what it is compared with.

    Args:
        scheme: The scheme.
        rule: The rule that looks at it.
        by: The driver; None for what the rule pays on.
        over: Its window.
        value: Where it stands, in the kernel's units.
        against: What it is compared with; NaN where that was not told.
        places: Decimals of a per cent.
    """
    said = over if isinstance(over, str) else f"the last {over.trailing} months"
    window = {"period": "this " + rule.per, "life": "all months so far"}.get(said, said.replace("_", " "))
    if by is None and rule.on.payout_of:
        return f"payouts {money(value / 10 ** decimals(scheme.currency), scheme.currency)} ({window})"
    driver = by or Driver(measure=rule.on.measure or rule.on.excess_of or "revenue")
    _, kind = border_kind(driver)
    told = f"{driver_name(driver)} {in_units(scheme, driver.name, value, kind, places)}"
    if driver.measure is None and driver.scorecard is None:
        asked = driver.against or (LAST_YEAR if driver.growth_of else TARGET)
        told += f" against {_reference(scheme, asked, over, rule, driver.name, against)}"
    return f"{told} ({window})"


def _reference(scheme: Scheme, asked: Reference, over: Over, rule: Rule, name: str, value: float) -> str:
    """What a measure is compared with and how much that is, where there is anything."""
    if asked.amount is not None and math.isnan(value):
        value = float(asked.amount * asked.times) * kernel_units(scheme, name, 10 ** decimals(scheme.currency))
    amount = in_units(scheme, name, value)
    words = reference_words(asked, over, rule.per, amount)
    return words if asked.amount is not None or math.isnan(value) else f"{words}, {amount}"


def base_words(scheme: Scheme, rule: Rule, base: float, when: str = "", against: float = math.nan) -> str:
    """What was paid on and `when`, in words, with the reference that it lies above."""
    if rule.on.payout_of:
        amount = money(base / 10 ** decimals(scheme.currency), scheme.currency)
        before = f" {counted(rule.on.months_ago, 'month')} before," if rule.on.months_ago else ""
        names = line_names(scheme)
        return f"payouts of {', '.join(names[one] for one in rule.on.payout_of)}{before} {amount}{when}"
    name = rule.on.measure or rule.on.excess_of or ""
    text = f"{name.replace('_', ' ')} {in_units(scheme, name, base)}{when}"
    if rule.on.above is None:
        return text
    if math.isnan(against):
        return text + " above its reference"
    table = rule.rate.table
    over = table.over if table is not None and table.pays == "true_up" else "period"
    return f"{text} above {_reference(scheme, rule.on.above, over, rule, name, against)}"


def step_words(name: str) -> str:
    """A step of a table as a sentence speaks of it.

    Example:
        >>> step_words("plus"), step_words("step_2"), step_words("top-seller")
        ('step plus', 'step 2', 'step top seller')
    """
    words = name.replace("_", " ").replace("-", " ")
    return words if words.startswith("step ") else f"step {words}"


def cell_of(compiled: Compiled, table: int, row: int, column: int) -> float:
    """One cell of a scheme's tables."""
    return float(compiled.tables[table][row, column])


def step_of(compiled: Compiled, form: int, step: int) -> tuple[float, float, float]:
    """(border, rate, lump) of a step in the kernel's units."""
    row = compiled.tables[FORMS][form]
    place = int(row[F_FIRST]) + max(0, min(step, int(row[F_COUNT]) - 1))
    start, rate, lump = compiled.tables[STEPS][place, [S_FROM, S_RATE, S_LUMP]].tolist()
    return start, rate, lump


def is_plain(compiled: Compiled, form: int) -> bool:
    """Whether a form is one plain rate."""
    return form >= 0 and int(compiled.tables[FORMS][form, F_MODE]) == PLAIN
