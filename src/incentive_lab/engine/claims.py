"""Dated claims for a first-come budget: each posting is dated by the deals behind it."""

from __future__ import annotations

import math

import numpy as np

from incentive_lab.engine.columns import paid_on
from incentive_lab.engine.programme import Claim
from incentive_lab.panel import Floats, Panel
from incentive_lab.scheme.document import Scheme

LAST_DAY = 10**6


def dated_claims(scheme: Scheme, panel: Panel, detail: Floats, first: int, last: int) -> list[Claim]:
    """Every cash posting of some months as claims in order of closing date, then deal id; those without deals come last in
    their month.

    A posting on a deals measure is shared over the month's deals of that measure in proportion to their value; cents
    left over go to the last one.
    """
    claims: list[Claim] = []
    table = panel.deals.get("deal")
    keys = None if table is None else table.partner.astype(np.int64) * panel.months + table.month
    for row, rule in enumerate(scheme.rules):
        if rule.non_cash:
            continue
        months, partners = np.nonzero(detail[row, first : last + 1] > 0)
        months = months + first
        amounts = detail[row, months, partners]
        dated_by = paid_on(scheme, rule)
        values = table.values.get(dated_by[0]) if table is not None and dated_by is not None else None
        if table is None or keys is None or values is None:
            claims += [(month, LAST_DAY, "", partner, cents) for month, partner, cents in
                       zip(months.tolist(), partners.tolist(), amounts.tolist(), strict=True)]  # fmt: skip
            continue
        wanted = partners * panel.months + months
        begins, ends = np.searchsorted(keys, wanted).tolist(), np.searchsorted(keys, wanted + 1).tolist()
        for month, partner, cents, begin, end in zip(
            months.tolist(), partners.tolist(), amounts.tolist(), begins, ends, strict=True
        ):
            mine = slice(begin, end)
            rows = zip(table.day[mine].tolist(), table.deal_id[mine], values[mine].tolist(), strict=True)
            dated = [(day, str(deal), value) for day, deal, value in rows if value > 0]
            if not dated:
                claims.append((month, LAST_DAY, "", partner, cents))
                continue
            whole, left = sum(value for _, _, value in dated), cents
            for day, deal, value in dated[:-1]:
                part = float(math.floor(cents * value / whole))
                left -= part
                claims.append((month, day, deal, partner, part))
            claims.append((month, dated[-1][0], dated[-1][1], partner, left))
    return sorted(claims)
