"""A rule in plain sentences and a table of its rates, read from its declared parts."""

from __future__ import annotations

from decimal import Decimal

from incentive_lab.engine.tenure import tenure_words
from incentive_lab.format import count, counted, each, money, percent, quantity, small
from incentive_lab.report.blocks import Table
from incentive_lab.report.part_words import measure_label as measure_label
from incentive_lab.report.part_words import part_sentences
from incentive_lab.scheme.compared import reference_words
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.lookup import unit_of
from incentive_lab.scheme.mixed import as_paid
from incentive_lab.scheme.rates import Driver, Over, Rate
from incentive_lab.scheme.rates import Table as RateTable
from incentive_lab.scheme.reference import Reference
from incentive_lab.scheme.rules import Limit, Rule, Test, Who
from incentive_lab.scheme.tree import tree, written_fields
from incentive_lab.scheme.words import written

_TOLD = frozenset({"id", "label", "group", "on", "per", "rate", "requires", "limit", "net_of", "multiples", "who",
                   "during", "returns", "award", "non_cash", "fund", "repay", "provision", "instalments"})  # fmt: skip
_APPLIES = {
    "marginal": "each part of the amount is paid at the rate of its own step",
    "whole": "the whole amount is paid at the rate of the step reached",
    "interpolated": "the rate rises evenly from step to step",
}
_RETURNS = {
    "original_rate": "What was paid for a deal that comes back is taken back at the rate it was paid at.",
    "recalculate": "A deal that comes back is taken out of the period it was sold in.",
    "unserved_time": "For a contract that ends early, the part not served is taken back.",
}


def who_words(who: Who) -> str:
    """Whom a part concerns.

    Example:
        >>> who_words(Who(types=("reseller", "msp"))), who_words(Who())
        ('partners of type reseller or msp', 'all partners')
    """
    parts = []
    for name, values in (("type", who.types), ("region", who.regions), ("segment", who.segments), ("tier", who.tiers)):
        if values != "all":
            parts.append(f"of {name} {_either(values)}")
    if who.partners != "all":
        parts.append(f"named {_either(who.partners)}")
    if who.except_partners:
        parts.append(f"except {_either(who.except_partners)}")
    for name, value in who.where.items():
        parts.append(f"with {name.replace('_', ' ')} {value if isinstance(value, str) else _either(value)}")
    if who.joined_before:
        parts.append(f"that joined before {who.joined_before}")
    if who.joined_from:
        parts.append(f"that joined from {who.joined_from} on")
    if who.months_since_joining:
        parts.append(tenure_words(who.months_since_joining))
    return "partners " + ", ".join(parts) if parts else "all partners"


def _either(names: tuple[str, ...] | str) -> str:
    values = [names] if isinstance(names, str) else [name.replace("_", " ") for name in names]
    return values[0] if len(values) == 1 else f"{', '.join(values[:-1])} or {values[-1]}"


def rule_sentences(scheme: Scheme, rule: Rule) -> list[str]:
    """What the rule pays, when, for whom, and up to how much; parts without words of their own are named as written.

    Rates are those that are paid: times the factor of a solved mix.
    """
    rule = as_paid(scheme, rule)
    said = [_pays(scheme, rule)]
    if rule.award is not None:
        prizes = ", ".join(money(float(prize), scheme.currency) for prize in rule.award.prizes)
        said.append(f"The best partners win, first place first: {prizes}. Ties share the prizes they span.")
    for name, test in rule.requires.items():
        said.append(f"It is paid only while {test_words(scheme, name, test, rule.per)}.")
    said += [_limit(scheme, limit) for limit in rule.limit]
    if rule.net_of:
        said.append(f"What {', '.join(rule.net_of)} paid in the same period is taken off the amount first.")
    if rule.multiples is not None:
        what = "Only whole" if rule.multiples.counts == "complete" else "Started"
        said.append(f"{what} packages of {count(float(rule.multiples.of))} count.")
    if rule.during is not None:
        said.append(f"It runs from {rule.during.from_} to {rule.during.to}.")
    if rule.returns is not None and rule.returns.method in _RETURNS:
        said.append(_RETURNS[rule.returns.method])
    if rule.non_cash:
        said.append("It is not paid in money.")
    said += part_sentences(scheme, rule)
    said += [f"{key.replace('_', ' ').capitalize()}: {_as_written(value)}."
             for key, _, value in written_fields(rule) if key not in _TOLD]  # fmt: skip
    return said


def _as_written(value: object) -> str:
    return written(tree(value)).replace("_", " ")


def _pays(scheme: Scheme, rule: Rule) -> str:
    """The first sentence: how much, on what, how often."""
    often = {"deal": "for each deal", "line": "for each line of a deal"}.get(
        rule.per, f"every {rule.per.replace('_', ' ')}"
    )
    whom = "" if who_words(rule.who) == "all partners" else f" Only for {who_words(rule.who)}."
    if rule.on.payout_of:
        named = ", ".join(rule.on.payout_of)
        what = f"paid {counted(rule.on.months_ago, 'month')} before" if rule.on.months_ago else "pay"
        return f"Pays {_rate(scheme, rule.rate, True)} of what {named} {what}, {often}.{whom}"
    name = rule.on.measure or rule.on.excess_of or ""
    share = unit_of(name, scheme.measures) == "money"
    base = small(measure_label(scheme, name))
    if rule.on.excess_of:
        over = rule.rate.table.over if rule.rate.table is not None and rule.rate.table.pays == "true_up" else "period"
        base += f" above {_reference(scheme, rule.on.above, over, rule.per, name)}"
    if rule.award is not None:
        return f"A contest on {base}, {often}.{whom}"
    if share:
        return f"Pays {_rate(scheme, rule.rate, share)} of {base}, worked out {often}.{whom}"
    return f"Counts {base}: {_rate(scheme, rule.rate, share)} each, worked out {often}.{whom}"


def _rate(scheme: Scheme, rate: Rate, share: bool) -> str:
    choice = rate.choice()
    if choice is not None:
        return f"a rate by {choice[0]} (see the table)"
    if rate.table is not None or rate.grid is not None:
        return "a rate by step (see the table)"
    return _plain(rate.plain or Decimal(0), share, scheme.currency)


def _plain(value: Decimal, share: bool, currency: str) -> str:
    return percent(float(value), 4) if share else each(float(value), currency)


def _limit(scheme: Scheme, limit: Limit) -> str:
    per = limit.per.replace("_", " ") + (", counted from joining" if limit.since == "joined" else "")
    rest = {"lost": "", "carried": " What is above is carried to later periods.",
            "trued_up": " What is above is paid at the end of the programme year, as far as other limits allow.",
            "spilled": f" What is above goes to {limit.to}."}[limit.excess]  # fmt: skip
    if limit.quantity is not None:
        return f"At most {count(float(limit.quantity))} count in a {per}.{rest}"
    if limit.amount is not None:
        return f"It pays at most {money(float(limit.amount), scheme.currency)} a {per}.{rest}"
    return f"It pays at most {percent(float(limit.share or 0))} of {small(measure_label(scheme, limit.of or ''))} a {per}.{rest}"


def test_words(scheme: Scheme, name: str, test: Test, per: str) -> str:
    """A test as part of a sentence; `per` is the period of its rule, "" where it has several.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}]}"
        >>> test_words(loads(text), "csat", Test(below=Decimal("3.5")), "month")
        'CSAT is below 3.5'
    """
    unit = "share" if test.kind != "value" else str(unit_of(name, scheme.measures)).replace("money", "currency")
    parts = [
        f"{words} {quantity(bound, unit, scheme.currency)}"
        for words, bound in (("below", test.below), ("above", test.above), ("at least", test.at_least),
                             ("at most", test.at_most))
        if bound is not None
    ]  # fmt: skip
    kind = {"attainment": "the attainment of ", "growth": "the growth of "}.get(test.kind, "")
    against = f" against {_reference(scheme, test.against, test.over, per, name)}" if test.against is not None else ""
    label = scorecard_label(scheme, name) if test.kind == "scorecard" else measure_label(scheme, name)
    return f"{kind}{small(label)}{against} is {' and '.join(parts)}"


def _reference(scheme: Scheme, asked: Reference | None, over: Over, per: str, name: str) -> str:
    """What a measure is compared with."""
    unit = unit_of(name, scheme.measures)
    amount = (
        quantity(asked.amount, {"money": "currency"}.get(unit, unit), scheme.currency)
        if asked and asked.amount
        else "0"
    )
    return reference_words(asked, over, per, amount) if asked is not None else "its reference"


def _driver(scheme: Scheme, driver: Driver | None, name: str, over: Over, per: str) -> str:
    """What a table looks at: the measure, or its attainment, growth or excess with what it is compared with."""
    label = measure_label(scheme, name)
    if driver is None or driver.measure is not None:
        return label
    if driver.scorecard is not None:
        return scorecard_label(scheme, name)
    kind = "Attainment of" if driver.attainment_of else "Growth of" if driver.growth_of else "Excess of"
    against = f" against {_reference(scheme, driver.against, over, per, name)}" if driver.against is not None else ""
    return f"{kind} {small(label)}{against}"


def scorecard_label(scheme: Scheme, name: str) -> str:
    """What people call a scorecard."""
    card = scheme.scorecards.get(name)
    return (card.label if card is not None else "") or f"Scorecard {name.replace('_', ' ')}"


def scorecard_sentence(scheme: Scheme, name: str) -> str:
    """How a score is worked out.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = '''{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: c, on: revenue, rate: 3%}], scorecards:
        ...     {mine: {parts: {revenue: {weight: 60%, against: last_year}, units: {weight: 40%, against: 9, at_most: 120%}}}}}'''
        >>> scorecard_sentence(loads(text), "mine")
        '60 % attainment of revenue against last year + 40 % attainment of units against 9 (at most 120 %).'
    """
    said = []
    for measure, part in scheme.scorecards[name].parts.items():
        against = _reference(scheme, part.against or Reference(target=True), "period", "", measure)
        bounds = [
            f"{words} {percent(float(bound))}"
            for words, bound, usual in (("counting from", part.counts_from, 0), ("at least", part.at_least, 0),
                                        ("at most", part.at_most, 100))
            if bound != usual
        ]  # fmt: skip
        label = small(measure_label(scheme, measure))
        told = f"{percent(float(part.weight))} attainment of {label} against {against}"
        said.append(told + (f" ({', '.join(bounds)})" if bounds else ""))
    without = {"fails": "", "zero": " What cannot be told counts as nothing.",
               "left_out": " What cannot be told is left out, and the rest weighs more."}  # fmt: skip
    return " + ".join(said) + "." + without[scheme.scorecards[name].missing]


def rate_table(scheme: Scheme, rule: Rule) -> Table | None:
    """The rates of a rule that has several, as they are paid: by attribute, or by step; None for one plain rate."""
    rule = as_paid(scheme, rule)
    share = bool(rule.on.payout_of) or unit_of(rule.on.measure or rule.on.excess_of or "", scheme.measures) == "money"
    choice = rule.rate.choice()
    if choice is not None:
        rows = []
        for value, one in choice[1].items():
            words = _steps_words(scheme, rule, one.table, share) if one.table else _rate(scheme, one, share)
            rows.append((value.replace("_", " "), words))
        if rule.rate.otherwise is not None:
            rows.append(("all others", _rate(scheme, rule.rate.otherwise, share)))
        return Table((choice[0].capitalize(), "Rate"), tuple(rows))
    table = rule.rate.table
    if table is None:
        return None
    driver = table.by.name if table.by is not None else rule.on.measure or rule.on.excess_of or ""
    over = table.over if isinstance(table.over, str) else f"the last {counted(table.over.trailing, 'month')}"
    applies = _APPLIES.get(table.applies, table.applies.replace("_", " "))
    lumps = any(step.lump for step in table.steps)
    heads = [
        f"{_driver(scheme, table.by, driver, table.over, rule.per)}, {over.replace('_', ' ')}, from ({applies})",
        "Rate",
    ]
    found = []
    for step in table.steps:
        border = _border(scheme, driver, table, float(step.from_))
        rate = _plain(step.rate or Decimal(0), share, scheme.currency)
        lump = money(float(step.lump), scheme.currency) if step.lump else "-"
        found.append((border, rate, lump) if lumps else (border, rate))
    return Table((*heads, *(("Lump sum",) if lumps else ())), tuple(found))


def _border(scheme: Scheme, driver: str, table: RateTable, border: float) -> str:
    by = table.by
    if table.of_target or (by is not None and (by.attainment_of or by.growth_of or by.scorecard)):
        return percent(border)
    unit = unit_of(driver, scheme.measures)
    return quantity(border, {"money": "currency"}.get(unit, unit), scheme.currency)


def _steps_words(scheme: Scheme, rule: Rule, table: RateTable, share: bool) -> str:
    driver = table.by.name if table.by is not None else rule.on.measure or rule.on.excess_of or ""
    return "; ".join(
        f"from {_border(scheme, driver, table, float(step.from_))}: {_plain(step.rate or Decimal(0), share, scheme.currency)}"
        for step in table.steps
    )
