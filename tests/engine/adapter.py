"""The one place that knows how the engine is called."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import ROUND_HALF_EVEN, Decimal

import numpy as np

from incentive_lab.engine.replay import replay
from incentive_lab.money import decimals
from incentive_lab.panel import Panel
from incentive_lab.scheme.document import Scheme
from tests.reference import pay

Lines = dict[tuple[str, str, str], Decimal]
"""(month or month label, partner id, line id) -> amount, without zeros."""

GRAIN = 6
"""Amounts inside rules go down to a millionth of a minor unit; the engine's floats are read back to that grid."""


Tiers = dict[tuple[int, str], int]
"""(month, partner id) -> place of the level in force."""


def engine_lines(scheme: Scheme, panel: Panel, baseline: Scheme | None = None) -> tuple[Lines, Tiers]:
    """What the engine pays, with totals that agree, and the tiers it sees; with `group: parent` its partners are the groups."""
    result = replay(scheme, panel, baseline=baseline)
    ids = result.panel.partner_ids
    amounts = np.asarray(result.amounts(), dtype=np.float64)
    np.testing.assert_allclose(result.by_rule, result.detail.sum(axis=1), rtol=1e-12, atol=1e-6)
    np.testing.assert_allclose(result.by_month, result.detail.sum(axis=2), rtol=1e-12, atol=1e-6)
    lines: Lines = {}
    quantum = Decimal(1).scaleb(-GRAIN - decimals(panel.currency))
    for line, month, row in zip(*np.nonzero(amounts), strict=True):
        amount = Decimal(repr(float(amounts[line, month, row]))).quantize(quantum, ROUND_HALF_EVEN)
        if amount:
            lines[int(month), ids[row], result.line_ids[line]] = amount  # type: ignore[index]
    tiers = np.asarray(result.tiers)
    return lines, {
        (month, partner): int(tiers[month, row]) for month in range(panel.months) for row, partner in enumerate(ids)
    }


def reference_lines(scheme: Scheme, panel: Panel, baseline: Scheme | None = None) -> tuple[Lines, Tiers]:
    """What the reference pays, in the same form."""
    result = pay(scheme, panel, baseline)
    return dict(result.amounts), result.tiers  # type: ignore[arg-type]


def differences(engine: Mapping[object, Decimal], reference: Mapping[object, Decimal]) -> list[str]:
    """Every line on which the two disagree (`reference` may be golden amounts), first month first."""
    keys = sorted({*engine, *reference}, key=str)
    zero = Decimal(0)
    return [
        f"{key}: engine {engine.get(key, zero):f}, reference {reference.get(key, zero):f}"
        for key in keys
        if engine.get(key, zero) != reference.get(key, zero)
    ]
