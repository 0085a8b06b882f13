"""Targets by partner and month, from the scheme and the history."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import ROUND_HALF_UP, Decimal
from itertools import accumulate, pairwise

import numpy as np

from incentive_lab.engine.lower_values import TARGET_MARGIN
from incentive_lab.engine.periods import PERIOD_MONTHS
from incentive_lab.engine.who import chosen_mask
from incentive_lab.money import decimals
from incentive_lab.panel import Floats, Panel
from incentive_lab.scheme.document import Scheme, Target
from incentive_lab.scheme.lookup import unit_of


def spread(amount: int, weights: Sequence[Decimal]) -> list[int]:
    """Whole units shared out by weight so that every beginning adds up to its part of the whole, half-up.

    A quarter of an even year is then a quarter of its target to the cent, whichever months the odd cents fall in.

    Example:
        >>> parts = spread(10_000_000, [Decimal(1)] * 12)
        >>> parts[:3], sum(parts[:3])
        ([833333, 833334, 833333], 2500000)
    """
    total = sum(weights)
    if total == 0:
        return [0] * len(weights)
    so_far = [int((2 * amount * upto + total) // (2 * total)) for upto in accumulate(weights)]
    return [upto - before for before, upto in pairwise([0, *so_far])]


def ramped(part: int, share: Decimal) -> int:
    """A month's part of a target in a month of its ramp, to the whole unit.

    Example:
        >>> ramped(833_333, Decimal("0.25")), ramped(10, Decimal("0.25"))
        (208333, 3)
    """
    return int((part * share).quantize(Decimal(1), rounding=ROUND_HALF_UP))


def target_sums(scheme: Scheme, panel: Panel, names: Sequence[str], shift: int) -> Floats:
    """Running totals of monthly targets, `TARGET_MARGIN` months more at each end of the panel.

    Args:
        scheme: Whose targets are added to those of the history.
        panel: The history.
        names: Measures, in slot order.
        shift: `periods.year_shift`.

    Returns:
        float64 [months + 2 * TARGET_MARGIN + 1, targets, partners].
    """
    months = panel.months + 2 * TARGET_MARGIN
    monthly = np.zeros((months, len(names), panel.partners))
    for slot, name in enumerate(names):
        _history_targets(panel, name, monthly[:, slot, :])
        for target in scheme.targets:
            if target.measure == name:
                _scheme_target(scheme, target, panel, shift, monthly[:, slot, :])
    sums = np.zeros((months + 1, len(names), panel.partners))
    np.cumsum(monthly, axis=0, out=sums[1:])
    return sums


def _scheme_target(scheme: Scheme, target: Target, panel: Panel, shift: int, monthly: Floats) -> None:
    """Write one target of the scheme over its partners; a later one replaces an earlier."""
    per = PERIOD_MONTHS[target.per]
    money = unit_of(target.measure, scheme.measures) == "money"
    scale = 10 ** decimals(scheme.currency) if money else 1_000_000
    amount = int((target.amount * target.index * scale).quantize(Decimal(1), rounding=ROUND_HALF_UP))
    parts = spread(amount, target.weights or [Decimal(1)] * per)
    who = np.flatnonzero(chosen_mask(target.who, scheme, panel))
    for place in range(monthly.shape[0]):
        month = place - TARGET_MARGIN
        part = parts[(month + shift) % per]
        monthly[place, who] = part
        for since, share in enumerate(target.ramp):
            monthly[place, who[panel.joined[who] == month - since]] = ramped(part, share)
        if target.prorate:
            late = who[panel.joined[who] > month]
            monthly[place, late] = 0


def _history_targets(panel: Panel, name: str, monthly: Floats) -> None:
    """Write the history's targets: those for segments and types first, a partner's own over them."""
    rows = [row for row in panel.targets if row.measure == name]
    places = {partner: place for place, partner in enumerate(panel.partner_ids)}
    for kind in ("segment", "type", "partner"):
        for row in rows:
            if row.by != kind:
                continue
            if kind == "partner":
                who = np.array([places[row.who]] if row.who in places else [], dtype=np.int64)
            else:
                who = np.flatnonzero(panel.attributes[kind] == row.who)
            for step, part in enumerate(spread(row.amount, [Decimal(1)] * row.months)):
                place = row.first_month + step + TARGET_MARGIN
                if 0 <= place < monthly.shape[0]:
                    monthly[place, who] = part
                    late = who[panel.joined[who] > row.first_month + step]
                    monthly[place, late] = 0
