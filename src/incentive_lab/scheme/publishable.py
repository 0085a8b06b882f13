"""Rates that a programme would publish: those of a solved mix, rounded, so that a person may choose them."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.mixed import mix_factor, paid_millionths
from incentive_lab.scheme.naming import split
from incentive_lab.scheme.numbers import shortest
from incentive_lab.scheme.paths import Address, apply, tunables

SCALED = ("Rate", "Lump sum")
"""What the factors of a mix multiply, by its declaration."""


@dataclass(frozen=True)
class Publishable:
    """A rate as a solved mix pays it, and as it would be published.

    Attributes:
        address: The number in the document.
        exact: What is paid: the number times its group's factor.
        rounded: The same, rounded (`published`).
    """

    address: Address
    exact: Decimal
    rounded: Decimal


def published(value: Decimal, step: float) -> Decimal:
    """A rate rounded to the step of its dial or to two significant digits, whichever is finer.

    Args:
        value: The rate; shares as fractions.
        step: Of its declaration (docs/numbers.md).

    Example:
        >>> [str(published(Decimal(rate), 10)) for rate in ("384.0879", "48.82", "1234.56", "-23.5", "0")]
        ['380', '49', '1230', '-24', '0']
        >>> str(published(Decimal("0.003201"), 0.005))
        '0.0032'
    """
    if not value:
        return Decimal(0)
    grid = min(Decimal(1).scaleb(value.adjusted() - 1), Decimal(str(step)))
    rounded = (value / grid).to_integral_value(ROUND_HALF_UP) * grid
    return shortest(rounded)


def publishable(scheme: Scheme) -> tuple[Publishable, ...]:
    """Every rate and lump sum that a solved mix scales, in document order; none where the mix is not solved.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = '''{scheme: a, currency: USD, effective: {from: 2024-01-01},
        ...     mix: {behavioural: 0.8, factors: {behavioural: 1.0974, transactional: 1}},
        ...     rules: [{id: leads, group: behavioural, on: qualified_lead, rate: 350}, {id: c, on: revenue, rate: 3%}]}'''
        >>> [(one.address.path, str(one.exact), str(one.rounded)) for one in publishable(loads(text))]
        [('rules.leads.rate', '384.09', '380')]
    """
    factors = {rule.id: mix_factor(scheme, rule) for rule in scheme.rules}
    found = []
    for address in tunables(scheme):
        parts = split(address.path)
        inner = split(parts[3]) if parts[0] == "variants" and len(parts) == 4 else parts
        if len(inner) < 3 or (inner[0], inner[2]) != ("rules", "rate") or address.declaration.label not in SCALED:
            continue
        factor = factors.get(inner[1], Decimal(1))
        if factor != 1:
            lump = address.declaration.label == "Lump sum"
            exact = address.value * factor if lump else paid_millionths(address.value, factor).scaleb(-6)
            exact = shortest(exact)
            found.append(Publishable(address, exact, published(exact, address.declaration.step)))
    return tuple(found)


def with_published_rates(scheme: Scheme) -> Scheme:
    """The scheme with rates that can be published in place of its factors; what it then pays is another amount.

    Raises:
        InputError: A rounded rate is not allowed where it stands.

    Example:
        >>> from incentive_lab.scheme.load import loads
        >>> text = '''{scheme: a, currency: USD, effective: {from: 2024-01-01},
        ...     mix: {behavioural: 0.8, factors: {behavioural: 1.0974, transactional: 1}},
        ...     rules: [{id: leads, group: behavioural, on: qualified_lead, rate: 350}]}'''
        >>> rounded = with_published_rates(loads(text))
        >>> rounded.rules[0].rate.plain, rounded.mix.factors
        (Decimal('380'), None)
    """
    if scheme.mix is None or scheme.mix.factors is None:
        return scheme
    return apply(scheme, {**{one.address.path: one.rounded for one in publishable(scheme)}, "mix.factors": None})
