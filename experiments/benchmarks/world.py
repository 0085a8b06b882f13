"""Random histories of a given size, straight as panels: what is timed is the paying, not the reading."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from incentive_lab.panel import DealTable, Floats, Panel, month_index
from incentive_lab.scheme.check import check
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import load

HERE = Path(__file__).resolve().parent
FIRST_MONTH = month_index(2023, 1)
LONG_AGO = -100_000
MILLION = 1_000_000


def scheme(name: str) -> Scheme:
    """A scheme that lies beside this file, checked."""
    document = load(HERE / f"{name}.yaml")
    check(document).require()
    return document


def month_panel(partners: int, months: int, seed: int = 1) -> Panel:
    """Partners of unequal size with a season, scores that come and go, and a fifth who join on the way."""
    rng = np.random.default_rng(seed)
    size = np.exp(rng.normal(9.0, 1.4, partners))[:, None]
    season = 1 + 0.3 * np.sin(np.arange(months) / 12 * 2 * np.pi)[None, :]
    joined = np.where(rng.random(partners) < 0.2, rng.integers(1, max(2, months), partners), LONG_AGO)
    here = np.arange(months)[None, :] >= joined[:, None]

    def money(share: float, spread: float) -> Floats:
        cents = np.floor(100 * share * size * season * np.exp(rng.normal(0, spread, (partners, months))))
        return np.asarray(cents * here)

    def count(mean: float) -> Floats:
        return np.asarray(rng.poisson(mean, (partners, months)) * here * float(MILLION))

    revenue = money(1.0, 0.6)
    csat = np.round(np.clip(rng.normal(4.0, 0.5, (partners, months)), 1, 5), 1)
    csat[rng.random((partners, months)) < 0.05] = np.nan
    columns = {
        "revenue": revenue, "margin": np.floor(revenue * rng.uniform(0.1, 0.5, (partners, months))),
        "qualified_pipeline": money(3.0, 0.8), "recurring_revenue": money(0.4, 0.1), "qualified_lead": count(1.6),
        "deal_registration": count(1.0), "training": count(1.2), "certification": count(0.2), "campaign": count(0.3),
        "csat": csat,
    }  # fmt: skip
    return panel(partners, months, columns, joined)


def panel(
    partners: int, months: int, columns: Mapping[str, Floats], joined: NDArray[np.int64] | None = None,
    deals: Mapping[str, DealTable] | None = None,
) -> Panel:  # fmt: skip
    """A panel around columns."""
    blank = np.full(partners, "", dtype=object)
    first_joined = np.full(partners, LONG_AGO) if joined is None else joined
    return Panel(
        history_id="benchmark", currency="USD", partner_ids=tuple(f"P{row:06d}" for row in range(partners)),
        first_month=FIRST_MONTH, months=months, joined=first_joined.astype(np.int32),
        attributes=dict.fromkeys(("name", "type", "region", "segment", "tier", "parent_id"), blank),
        columns=dict(columns), deals=dict(deals or {}),
    )  # fmt: skip


def deal_panel(partners: int, months: int, rows: int, seed: int = 2) -> Panel:
    """Won deals of partners of unequal size, in the order in which they closed."""
    rng = np.random.default_rng(seed)
    weight = np.exp(rng.normal(0, 1.0, partners))
    partner = np.sort(rng.choice(partners, rows, p=weight / weight.sum())).astype(np.int32)
    month = rng.integers(0, months, rows).astype(np.int32)
    order = np.lexsort((month, partner))
    partner, month = partner[order], month[order]
    cents = np.floor(100 * np.exp(rng.normal(8.0, 1.0, rows)))
    totals = np.zeros((partners, months))
    np.add.at(totals, (partner, month), cents)
    table = DealTable(
        partner=partner, month=month, day=(month * 30).astype(np.int32),
        deal_id=np.arange(rows).astype(object), line=np.full(rows, "", dtype=object), values={"revenue": cents},
    )  # fmt: skip
    return panel(partners, months, {"revenue": totals}, deals={"deal": table})
