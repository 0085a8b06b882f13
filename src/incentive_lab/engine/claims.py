"""Dated claims for a first-come budget: each posting is dated by the deals behind it."""

from __future__ import annotations

import numpy as np

from incentive_lab.engine.columns import paid_on
from incentive_lab.engine.programme import Claim
from incentive_lab.panel import Floats, Panel
from incentive_lab.scheme.document import Scheme

LAST_DAY = 10**6


def dated_claims(scheme: Scheme, panel: Panel, detail: Floats) -> list[Claim]:
    """Every cash posting as claims in order of closing date, then deal id; those without deals come last in their month.

    A posting on a deals measure is shared over the month's deals of that measure in proportion to their value; cents
    left over go to the last one.
    """
    claims: list[Claim] = []
    table = panel.deals.get("deal")
    for row, rule in enumerate(scheme.rules):
        if rule.non_cash:
            continue
        dated_by = paid_on(scheme, rule)
        values = table.values.get(dated_by[0]) if table is not None and dated_by is not None else None
        for month, partner in np.argwhere(detail[row] > 0):
            cents = float(detail[row, month, partner])
            dated = _deals_of(panel, values, int(month), int(partner))
            if not dated:
                claims.append((int(month), LAST_DAY, "", int(partner), cents))
                continue
            whole, left = sum(value for _, _, value in dated), cents
            for day, deal, value in dated[:-1]:
                part = float(np.floor(cents * value / whole))
                left -= part
                claims.append((int(month), day, deal, int(partner), part))
            claims.append((int(month), dated[-1][0], dated[-1][1], int(partner), left))
    return sorted(claims)


def _deals_of(panel: Panel, values: Floats | None, month: int, partner: int) -> list[tuple[int, str, float]]:
    """(day, deal id, value) of a partner's deals in a month, in order."""
    table = panel.deals.get("deal")
    if table is None or values is None:
        return []
    key = table.partner.astype(np.int64) * panel.months + table.month
    first, end = np.searchsorted(key, [partner * panel.months + month, partner * panel.months + month + 1])
    return [
        (int(table.day[row]), str(table.deal_id[row]), float(values[row]))
        for row in range(first, end)
        if values[row] > 0
    ]
