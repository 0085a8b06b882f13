"""Numbers that are written finer than they are kept: they pay what they are kept as."""

from __future__ import annotations

from decimal import ROUND_HALF_UP, Decimal

from incentive_lab.money import decimals
from incentive_lab.scheme.checks.context import Context, Findings, doubtful
from incentive_lab.scheme.naming import split
from incentive_lab.scheme.paths import tunables
from incentive_lab.scheme.tree import decimal_text

FINEST = 6
"""Decimals of rates, factors, shares and counts; amounts of money have those of the currency."""


def numbers(context: Context) -> Findings:
    """Rates finer than a millionth and amounts finer than the smallest coin."""
    coin = decimals(context.scheme.currency)
    for one in tunables(context.scheme.model_copy(update={"variants": {}})):
        money = one.declaration.unit == "currency" and one.declaration.label != "Rate"
        places = coin if money else FINEST
        kept = one.value.quantize(Decimal(1).scaleb(-places), rounding=ROUND_HALF_UP)
        if kept == one.value:
            continue
        what = f"amounts in {context.scheme.currency}" if money else "rates, factors, shares and counts"
        message = f"It is counted as {decimal_text(kept)}: {what} have at most {places} decimals."
        yield doubtful(split(one.path), message, f"Found {decimal_text(one.value)}.")
