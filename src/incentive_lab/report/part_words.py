"""Parts of a rule in plain sentences that reach beyond the period it pays for: its fund, what is taken back, what is paid
on account, instalments."""

from __future__ import annotations

from decimal import Decimal

from incentive_lab.format import counted, each, in_words, money, percent, quantity, small
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.lookup import measure_named, unit_of
from incentive_lab.scheme.rates import Rate
from incentive_lab.scheme.rules import Expiry, Fund, Rule


def measure_label(scheme: Scheme, name: str) -> str:
    """What people call a measure."""
    try:
        label = measure_named(name, scheme.measures).label
    except KeyError:
        label = ""
    return label or in_words(name)


def part_sentences(scheme: Scheme, rule: Rule) -> list[str]:
    """A sentence for each of these parts that a rule has.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = '''{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: mdf, on: campaign_spend, rate: 50%,
        ...     fund: {accrues_on: revenue, rate: 1%, per: month}, repay: {unless: {revenue: 900}, months: 6}}]}'''
        >>> scheme = loads(text)
        >>> fund, back = part_sentences(scheme, scheme.rules[0])
        >>> fund.split(": ")[1]
        '1 % of revenue goes into it every month; what is left at the end of the programme year lapses.'
        >>> back
        'It is taken back in full unless revenue reaches 900 USD within 6 months of being paid.'
    """
    said = []
    if rule.fund is not None:
        said.append(f"Claims are paid from the partner's fund: {_comes_in(scheme, rule.fund)}; {_lapses(rule.fund)}.")
    if rule.repay is not None:
        share = "in full" if rule.repay.share == 1 else f"by {percent(float(rule.repay.share))}"
        needed = " and ".join(f"{small(measure_label(scheme, name))} reaches {_amount(scheme, name, border)}"
                              for name, border in rule.repay.unless.items())  # fmt: skip
        said.append(
            f"It is taken back {share} unless {needed} within {counted(rule.repay.months, 'month')} of being paid."
        )
    if rule.provision is not None:
        said.append(f"Each month pays on account {_on_account(scheme, rule)}; the settlement pays the difference.")
    if rule.instalments is not None:
        late = "a later one catches up" if rule.instalments.catch_up else "one that is missed is lost"
        said.append(f"It is paid in {rule.instalments.count} equal parts, each when the target to date is met; {late}.")
    return said


def _comes_in(scheme: Scheme, fund: Fund) -> str:
    often = f"every {fund.per.replace('_', ' ')}"
    if fund.rate is None:
        return f"{_each(scheme, fund.every or Rate(plain=Decimal(0)), None)} goes into it {often}"
    name = fund.accrues_on or ""
    return f"{_each(scheme, fund.rate, name)} of {small(measure_label(scheme, name))} goes into it {often}"


def _each(scheme: Scheme, rate: Rate, on: str | None) -> str:
    """A rate, plain or by attribute; an amount where it is on nothing."""
    choice = rate.choice()
    if choice is None:
        value = float(rate.plain or 0)
        if on is None:
            return money(value, scheme.currency)
        return percent(value, 4) if unit_of(on, scheme.measures) == "money" else each(value, scheme.currency)
    named = [f"{name.replace('_', ' ')} {_each(scheme, one, on)}" for name, one in choice[1].items()]
    if rate.otherwise is not None:
        named.append(f"all others {_each(scheme, rate.otherwise, on)}")
    return f"a {'share' if on is not None else 'sum'} by {choice[0]} ({', '.join(named)})"


def _lapses(fund: Fund) -> str:
    if isinstance(fund.expires, Expiry):
        span = counted(fund.expires.after, fund.expires.per.replace("_", " "))
        return f"what came in can be used for {span}, the one it came in counted"
    if fund.expires == "never":
        return "what is left stays"
    return "what is left at the end of the programme year lapses"


def _amount(scheme: Scheme, name: str, border: Decimal) -> str:
    unit = unit_of(name, scheme.measures)
    return quantity(border, {"money": "currency"}.get(unit, unit), scheme.currency)


def _on_account(scheme: Scheme, rule: Rule) -> str:
    given = rule.provision
    assert given is not None
    if given.rate is not None:
        name = rule.on.measure or rule.on.excess_of or ""
        share = unit_of(name, scheme.measures) == "money"
        base = small(measure_label(scheme, name))
        return (
            f"{percent(float(given.rate), 4)} of {base}"
            if share
            else f"{each(float(given.rate), scheme.currency)} each"
        )
    if given.step is not None:
        return f"the rate of step {given.step}"
    return (
        "the rate of the step that its pace so far would reach" if given.run_rate else "the rate of the step expected"
    )
