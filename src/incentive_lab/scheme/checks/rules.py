"""Rules: parts that fit each other, and windows that fit the rule's period."""

from __future__ import annotations

from incentive_lab.scheme.checks.context import (
    PERIOD_MONTHS,
    Context,
    Findings,
    accumulated,
    doubtful,
    forms,
    tables_of,
    wrong,
)
from incentive_lab.scheme.document import Cap
from incentive_lab.scheme.rates import Rate, Step
from incentive_lab.scheme.rules import Limit, Rule
from incentive_lab.scheme.units import base_unit
from incentive_lab.scheme.walk import Segments
from incentive_lab.scheme.words import written


def rules(context: Context) -> Findings:
    """Every rule."""
    for rule in context.scheme.rules:
        here = ("rules", rule.id)
        yield from _each_deal(context, here, rule)
        yield from _special(context, here, rule)
        yield from _on_account(here, rule)
        yield from _limits(here, rule)
        yield from _reached_by_nothing(here, rule)
        yield from _generous(context, here, rule)
        yield from _no_reward(here, rule)


def _each_deal(context: Context, here: Segments, rule: Rule) -> Findings:
    if rule.per not in ("deal", "line"):
        return
    name = rule.on.measure or rule.on.excess_of
    if name is None:
        yield wrong((*here, "on"), f"A rule per {rule.per} pays on a measure of deals, not on a payout.")
        return
    leaf = context.measures.get(name)
    if leaf is None:
        return
    if not leaf.leaf or leaf.table != "deals" or leaf.spread is not None or leaf.distinct is not None:
        message = f"'{name}' cannot be told deal by deal."
        fix = "Use a sum of a column of deals, such as revenue, or a longer `per`."
        yield wrong((*here, "on"), message, fix)
        return
    for table in tables_of(rule):
        other = table.by.name if table.by else name
        for part in context.leaves(other):
            if part.table == "deals" and part.date != leaf.date:
                message = (
                    f"'{other}' goes by {part.date} and '{name}' by {leaf.date}; a deal has one place in the order."
                )
                yield wrong((*here, "rate"), message, "Use measures with the same date.")
    if rule.award is not None:
        yield wrong(
            (*here, "award"), f"A contest ranks a period, and this rule is per {rule.per}.", "Write per: quarter."
        )


def _special(context: Context, here: Segments, rule: Rule) -> Findings:
    if rule.award is not None:
        if rule.on.measure is None:
            yield wrong((*here, "on"), "A contest ranks by a measure.", "Write on: and the measure's name.")
        if rule.rate != Rate.model_validate(0):
            yield doubtful((*here, "rate"), "A contest pays its prizes; the rate is not used.", "Remove it.")
    if rule.fund is not None and base_unit(context.scheme, rule.on) != "currency":
        yield wrong(
            (*here, "on"), "A fund reimburses money, and this is not money.", "Use a measure such as campaign_spend."
        )
    if rule.instalments is not None:
        count = {"month": 12, "quarter": 4, "half_year": 2}.get(rule.per)
        lumps = [table for table in tables_of(rule) if any(step.lump is not None for step in table.steps)]
        if not lumps or any(table.over != "year_to_date" for table in lumps):
            message = "Instalments divide the lump of a table that looks at the year to date."
            yield wrong((*here, "instalments"), message, "Write over: year_to_date and give the steps a lump.")
        if count != rule.instalments.count:
            message = f"There are {rule.instalments.count} instalments, but a rule per {rule.per} is worked out "
            times = f"{count} times a year." if count else "another number of times."
            yield wrong((*here, "instalments", "count"), message + times)


def _on_account(here: Segments, rule: Rule) -> Findings:
    if rule.provision is None:
        return
    place = (*here, "provision")
    if PERIOD_MONTHS[rule.per] < 3:
        message = f"Payments on account come before a period settles, and this rule is per {rule.per}."
        yield wrong(place, message, "Write per: quarter, half_year or year.")
    if rule.provision.rate is None and not tables_of(rule):
        yield wrong(place, "A provision by step or expectation needs a table.", "Give a flat rate instead.")
    elif rule.provision.rate is None and not any(step.rate for table in tables_of(rule) for step in table.steps):
        message = (
            "A provision pays a rate on account, and this table has lumps alone, so nothing is paid before it settles."
        )
        yield doubtful(place, message, "Give a flat rate, or leave the provision out.")
    if rule.provision.run_rate and rule.during:
        yield wrong((*place, "run_rate"), "A run rate needs whole periods, and `during` cuts them.", "Give expected.")
    for _, leaf in forms(rule.rate) if rule.provision.step is not None else ():
        known = [step.name for step in leaf.table.steps] if leaf.table else []
        if leaf.table and rule.provision.step not in known:
            message = f"There is no step named '{rule.provision.step}'."
            yield wrong((*place, "step"), message, f"The table has {written(known)}.")


def trued_up(here: Segments, per: str) -> Findings:
    """A limit or cap that is trued up at the end of the programme year ends before."""
    if per in ("deal", "year", "life"):
        message = f"A limit per {per} does not end before the programme year, at whose end it is trued up."
        yield wrong(here, message, "Write per: month, quarter or half_year, and the year's own limit below it.")


def since_joining(here: Segments, limit: Limit | Cap) -> Findings:
    """A limit or cap that counts from joining has periods longer than a month and loses what exceeds its one number."""
    if limit.since == "year":
        return
    if limit.per not in ("quarter", "half_year", "year"):
        message = f"A limit per {limit.per} does not begin anew with an anniversary of joining."
        yield wrong((*here, "since"), message, "Write per: year, half_year or quarter, or leave since out.")
    if limit.excess != "lost":
        message = f"What exceeds a limit since joining is lost, and this excess is {limit.excess}."
        yield wrong((*here, "excess"), message, "Write excess: lost, or count by the programme year.")
    if limit.share is not None or limit.prorate:
        message = "A limit since joining is one number: no share of a measure, and not prorated."
        yield wrong((*here, "since"), message, "Write amount or quantity, or count by the programme year.")


def _limits(here: Segments, rule: Rule) -> Findings:
    for limit in rule.limit:
        place = (*here, "limit")
        yield from since_joining(place, limit)
        if limit.per == "deal" and rule.per not in ("deal", "line"):
            message = f"A limit per deal needs a rule per deal, and this rule is per {rule.per}."
            yield wrong(place, message, "Write per: deal in the rule, or a period in the limit.")
        elif limit.per in PERIOD_MONTHS and PERIOD_MONTHS[limit.per] < PERIOD_MONTHS[rule.per]:
            message = f"The limit is per {limit.per}, but the rule pays once a {rule.per}."
            yield doubtful(place, message, "The limit meets the whole amount in the month in which it is paid.")
        trued = [table for table in tables_of(rule) if accumulated(table, rule) and table.pays == "true_up"]
        if limit.excess == "trued_up":
            yield from trued_up(place, limit.per)
            if rule.per in ("deal", "line", "year"):
                message = f"What a month cuts is paid with the year's last one, and this rule is per {rule.per}."
                yield wrong(place, message, "Write per: month, quarter or half_year in the rule, or a cap.")
        if limit.quantity is not None and trued and rule.per not in ("deal", "line"):
            message = "A limit on quantity cannot be kept by a table that trues up what was paid before."
            yield wrong(place, message, "Limit the amount, or write pays: period_only.")


def _reached_by_nothing(here: Segments, rule: Rule) -> Findings:
    """A lump at 0 of a table that pays for movements: it is reached before the first one, so none of them earns it."""
    for way, leaf in forms(rule.rate):
        table = leaf.table
        if table is None or not accumulated(table, rule) or table.border == "above":
            continue
        if rule.per not in ("deal", "line") and table.pays != "period_only":
            continue
        for step in table.steps:
            if step.lump and step.from_ <= 0:
                place = (*here, "rate", *way, "table", "steps", step.name, "lump")
                message = "It is reached before anything is sold, so nothing that is sold later earns it."
                yield doubtful(place, message, "Write `border: above`, and whatever is sold first earns it.")


def _generous(context: Context, here: Segments, rule: Rule) -> Findings:
    """A rate of 1 or more on money, which is more often a slip than an offer."""
    if base_unit(context.scheme, rule.on) != "currency":
        return
    for way, leaf in forms(rule.rate):
        steps = leaf.table.steps if leaf.table else ()
        for step in (*steps, Step(rate=leaf.plain)):
            if step.rate is not None and step.rate >= 1 and rule.fund is None:
                meant = f"Write {written(step.rate)}% if that is meant."
                place = (*here, "rate", *way, *(("table", "steps", step.name, "rate") if step.name else ()))
                yield doubtful(place, f"It pays {written(step.rate, 'share')} of the money it is paid on.", meant)


def _no_reward(here: Segments, rule: Rule) -> Findings:
    """Rates that pay nothing or take: allowed, for a rule may be prepared or charge a fee, but seldom meant."""
    if rule.award is None and rule.rate.plain == 0:
        yield doubtful((*here, "rate"), "The rule has no rate, or a rate of 0, so it pays nothing.", "Give it a rate.")
    if any(leaf.plain is not None and leaf.plain < 0 for _, leaf in forms(rule.rate)):
        message = "A rate below zero takes money from partners."
        yield doubtful((*here, "rate"), message, "For what comes back, use `returns`; for a fee, leave it.")
