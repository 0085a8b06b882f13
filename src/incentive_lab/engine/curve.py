"""The payout curve: what a typical partner earns in a year as its volume grows, with the cliffs on the way."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from incentive_lab.engine.replay import replay
from incentive_lab.panel import Floats, Panel
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.measures import LEVELS

POINTS = 181
"""Points of a curve: with the usual reach of 3 the partner's own volume is one of them."""


@dataclass(frozen=True)
class Curve:
    """Yearly volume against yearly payout of one partner whose every number is scaled alike. Minor units.

    Attributes:
        volume: float64 [points], the measure on the horizontal axis in a year.
        payout: float64 [points].
        jumps: Points (index, cents) where one more step of volume pays at least 20 times the usual step.
        typical: Volume of the partner the curve was made from.
    """

    volume: Floats
    payout: Floats
    jumps: tuple[tuple[int, float], ...]
    typical: float


def typical_partner(panel: Panel, measure: str) -> int:
    """Row of the partner whose volume is the median of those that have any."""
    total = panel.columns[measure].sum(axis=1)
    active = np.flatnonzero(total > 0)
    if not len(active):
        return 0
    return int(active[np.argsort(total[active], kind="stable")[len(active) // 2]])


@dataclass(frozen=True, eq=False)
class ScaledCopies:
    """One partner's last twelve months, twice over so that windows are full, at factors from nothing on.

    Attributes:
        panel: A partner for each factor, 2 x months; levels stay as they are.
        volume: float64 [factors], the measure in the last year.
        typical: The partner's own.
    """

    panel: Panel
    volume: Floats
    typical: float


def scaled_copies(panel: Panel, measure: str, *, row: int, reach: float = 3.0) -> ScaledCopies:
    """What a curve is made from; of a partner it serves every scheme that asks for the panel's columns.

    Args:
        panel: The history.
        measure: The measure on the horizontal axis.
        row: The partner.
        reach: How far the axis goes, in multiples of the partner's own volume.
    """
    factors = np.linspace(0.0, reach, POINTS)
    months = min(12, panel.months)
    columns = {}
    for name, values in panel.columns.items():
        year = values[row, -months:]
        level = name in LEVELS or bool(np.isnan(values).any())
        scaled = np.tile(year, (len(factors), 1)) if level else np.round(factors[:, None] * year[None, :])
        columns[name] = np.tile(scaled, (1, 2))
    ids = tuple(f"{number:06d}" for number in range(len(factors)))
    attributes = {name: np.repeat(values[row : row + 1], len(factors)) for name, values in panel.attributes.items()}
    copies = replace(
        panel, partner_ids=ids, months=2 * months, columns=columns, attributes=attributes, deals={}, returns=None,
        first_month=panel.first_month + panel.months - 2 * months,
        joined=np.full(len(factors), -100_000, dtype=np.int32), targets=(),
    )  # fmt: skip
    return ScaledCopies(
        copies, columns[measure][:, months:].sum(axis=1), float(panel.columns[measure][row, -months:].sum())
    )


def payout_curve(scheme: Scheme, panel: Panel, measure: str, *, row: int | None = None, reach: float = 3.0) -> Curve:
    """What one partner would earn in a year at 0 to `reach` times its volume, other things in proportion.

    Rules per deal are left out: a curve has no single deals. Guarantees against a baseline and the budget are too.

    Args:
        scheme: A checked scheme.
        panel: The history.
        measure: The measure on the horizontal axis.
        row: The partner; by default the median one.
        reach: How far the axis goes, in multiples of the partner's own volume.
    """
    row = typical_partner(panel, measure) if row is None else row
    return curve_of_copies(scheme, scaled_copies(panel, measure, row=row, reach=reach))


def curve_of_copies(scheme: Scheme, copies: ScaledCopies) -> Curve:
    """The curve of a scheme over copies of a partner."""
    rules = tuple(rule for rule in scheme.rules if rule.per not in ("deal", "line") and not rule.award)
    kept = {rule.id for rule in rules}
    rules = tuple(
        rule.model_copy(update={
            "net_of": tuple(name for name in rule.net_of if name in kept),
            "returns": None,
        })
        for rule in rules
        if not rule.on.payout_of or all(name in kept for name in rule.on.payout_of)
    )  # fmt: skip
    if not rules:
        return Curve(copies.volume, np.zeros(POINTS), (), copies.typical)
    paid = {rule.id for rule in rules}
    alone = scheme.model_copy(update={
        "alternatives": tuple(one for one in scheme.alternatives if paid.issuperset(one.rules)),
        "rules": rules, "budget": None, "pools": (), "guarantees": (), "variants": {}, "group": None,
        "gates": tuple(_kept_gate(gate, kept) for gate in scheme.gates if not gate.rules or kept & set(gate.rules)),
        "caps": tuple(
            cap.model_copy(update={"rules": tuple(name for name in cap.rules if name in kept)})
            for cap in scheme.caps if not cap.rules or kept & set(cap.rules)
        ),
    })  # fmt: skip
    half = copies.panel.months // 2
    payout = replay(alone, copies.panel, detail=False, threads=False).total[half:].sum(axis=0)
    steps = np.diff(payout)
    usual = float(np.median(np.abs(steps))) or 1.0
    jumps = tuple((int(at) + 1, float(steps[at])) for at in np.flatnonzero(steps > 20 * usual + 100))
    return Curve(copies.volume, payout, jumps, copies.typical)


def _kept_gate(gate: object, kept: set[str]) -> object:
    """A gate without the rules that were left out."""
    names = tuple(name for name in gate.rules if name in kept)  # type: ignore[attr-defined]
    return gate.model_copy(update={"rules": names})  # type: ignore[attr-defined]
