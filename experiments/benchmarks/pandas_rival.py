"""month_rules.yaml as an analyst would write it in pandas: one row a partner and month, groups and running sums."""

from __future__ import annotations

import numpy as np
import pandas as pd
from experiments.benchmarks.numpy_rival import CENTS, CERTIFICATION, LEVELS, MARGIN, MEASURES, MILLION, SERVICE, VOLUME

from incentive_lab.panel import Panel


def frame(panel: Panel) -> pd.DataFrame:
    """The panel as a long table, partners then months."""
    rows = pd.DataFrame({
        "partner": np.repeat(np.arange(panel.partners), panel.months),
        "month": np.tile(np.arange(panel.months), panel.partners),
        "joined": np.repeat(panel.joined.astype(np.int64), panel.months),
        **{name: panel.columns[name].ravel() for name in (*MEASURES, "csat")},
    })  # fmt: skip
    return rows.assign(quarter=rows["month"] // 3, year=rows["month"] // 12)


def rounded(amount: pd.Series) -> pd.Series:
    """Millionths of a cent to cents, halves up."""
    return np.floor((amount + 5e5) / MILLION)


def within(rows: pd.DataFrame, line: pd.Series, period: str, most: float) -> pd.Series:
    """A line kept within a limit for each partner and period; nothing here is negative."""
    so_far = line.groupby([rows["partner"], rows[period]]).cumsum()
    return so_far.clip(upper=most) - (so_far - line).clip(upper=most)


def tiers(rows: pd.DataFrame) -> pd.Series:
    """The tier in force in each month."""
    year = rows.groupby("partner")[["revenue", "training"]].rolling(12).sum().reset_index(level=0, drop=True)
    best = pd.Series(0, index=rows.index)
    for place, (revenue, training, csat) in enumerate(LEVELS, 1):
        met = (year["revenue"] >= revenue * CENTS) & (year["training"] >= training * MILLION) & (rows["csat"] >= csat)
        best[met] = place
    reviews = best.where(rows["month"] % 3 == 2).to_frame("best").assign(partner=rows["partner"], month=rows["month"])
    wide = reviews.pivot(index="partner", columns="month", values="best")
    tier, misses = pd.Series(0, index=wide.index), pd.Series(0, index=wide.index)
    in_force = {}
    for month in wide.columns:
        in_force[month] = tier
        if month % 3 == 2 and month >= 11:
            kept = wide[month] >= tier
            misses = misses.add(1).where(~kept, 0)
            tier = tier.where(~(kept | (misses > 1)), wide[month]).astype(int)
            misses = misses.where(misses <= 1, 0)
    return pd.DataFrame(in_force).stack().reset_index(drop=True)


def pay(rows: pd.DataFrame) -> pd.Series:
    """Cents paid, in the order of the rows."""
    tier = tiers(rows)
    leads = within(rows, rows["qualified_lead"], "quarter", 5 * MILLION)
    registrations = within(rows, rows["deal_registration"], "quarter", 4 * MILLION)
    pipeline = within(rows, rounded(rows["qualified_pipeline"] * 2_500), "quarter", 400 * CENTS)
    paid = rounded(leads * 120 * CENTS) + rounded(registrations * 60 * CENTS) + pipeline

    sums = rows.groupby(["partner", "quarter"], as_index=False)[
        ["revenue", "margin", "recurring_revenue", "training", "certification", "campaign"]
    ].sum()  # fmt: skip
    last = rows["month"] % 3 == 2
    ends = rows.loc[last, ["csat", "joined", "year", "month"]].reset_index(drop=True)
    quarters = pd.concat([sums, ends, tier[last].reset_index(drop=True).rename("tier")], axis=1)
    factor = pd.Series(1.0, index=quarters.index).where(~(quarters["csat"] < 3.5), 0.5)

    certified = within(quarters, quarters["certification"], "year", 3 * MILLION)
    line = rounded(certified * CERTIFICATION[quarters["tier"]])
    line += rounded(quarters["training"].clip(upper=5 * MILLION) * 40 * CENTS)
    line += rounded(quarters["campaign"] * 250 * CENTS).clip(upper=500 * CENTS)
    service = rounded(quarters["recurring_revenue"] * SERVICE[quarters["tier"]])
    line += within(quarters, service, "year", 1_500 * CENTS)

    to_date = quarters.groupby(["partner", "year"])["revenue"].cumsum()
    entitled = rounded(sum((to_date - start * CENTS).clip(lower=0) * rise for start, rise in VOLUME))
    before = entitled.groupby([quarters["partner"], quarters["year"]]).shift(fill_value=0)
    line += rounded((entitled - before) * MILLION * factor)
    rate = pd.Series(0, index=quarters.index)
    for least, each in MARGIN:
        rate[quarters["margin"] >= least * CENTS] = each
    line += rounded(quarters["margin"] * rate)
    last_year = quarters.groupby("partner")["revenue"].shift(4)
    reference = np.floor((last_year * 1_050_000 + 5e5) / MILLION)
    assessable = last_year.notna() & (quarters["joined"] <= quarters["month"] - 14)
    excess = (quarters["revenue"] - reference).clip(lower=0).where(assessable, 0)
    line += rounded(excess * 20_000 * factor).clip(upper=1_000 * CENTS)

    paid = paid.add(pd.Series(line.to_numpy(), index=rows.index[last]), fill_value=0)
    return within(rows, paid, "quarter", 6_000 * CENTS)
