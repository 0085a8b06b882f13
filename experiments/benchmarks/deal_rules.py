"""A rate looked up deal by deal under a running total, against pandas, equal to the cent."""

from __future__ import annotations

import numpy as np
import pandas as pd
from experiments.benchmarks.measuring import Row, alone, rivalry, side_by_side
from experiments.benchmarks.month_rules import kernel
from experiments.benchmarks.numpy_rival import CENTS, VOLUME
from experiments.benchmarks.pandas_rival import rounded
from experiments.benchmarks.world import deal_panel, scheme

from incentive_lab.engine.replay import compiled_parts, replay
from incentive_lab.panel import Panel


def frame(panel: Panel) -> pd.DataFrame:
    """The deals in the order in which they closed."""
    deals = panel.deals["deal"]
    month = deals.month.astype(np.int64)
    return pd.DataFrame({
        "partner": deals.partner, "amount": deals.values["revenue"], "quarter": month // 3, "year": month // 12,
    })  # fmt: skip


def table(driver: pd.Series) -> pd.Series:
    """The marginal table of deal_rules.yaml, millionths of a cent."""
    total = driver * VOLUME[0][1]
    for start, rise in VOLUME[1:]:
        total += (driver - start * CENTS).clip(lower=0) * rise
    return total


def pay(deals: pd.DataFrame) -> pd.Series:
    """Cents paid to each partner."""
    after = deals.groupby(["partner", "year"])["amount"].cumsum()
    line = rounded(table(after) - table(after - deals["amount"])).clip(upper=300 * CENTS)
    used = line.groupby([deals["partner"], deals["quarter"]]).cumsum()
    paid = used.clip(upper=2_000 * CENTS) - (used - line).clip(upper=2_000 * CENTS)
    return paid.groupby(deals["partner"]).sum()


def deal_rules(repeats: int, deals: int = 2_000_000, partners: int = 10_000, months: int = 36) -> list[Row]:
    """Rows for one per-deal table rule."""
    document, panel = scheme("deal_rules"), deal_panel(partners, months, deals)
    ((compiled, _),) = compiled_parts(document, panel)
    rows = frame(panel)
    ours = replay(document, panel, detail=False).by_partner
    theirs = pay(rows).reindex(range(partners), fill_value=0.0).to_numpy()
    if (ours != theirs).any():
        raise AssertionError(f"pandas pays {theirs.sum() / 100:.2f}, the kernel {ours.sum() / 100:.2f}")
    times = side_by_side({
        "one": kernel(panel, compiled, False), "two": kernel(panel, compiled, True), "pandas": lambda: pay(rows),
    }, max(3, repeats // 3))  # fmt: skip
    one = times["one"].of_processor
    what = f"deal rules, {deals:,} deals"
    return [
        rivalry(f"{what}, one thread", one, times["pandas"].of_processor, "pandas, one thread", 10),
        alone(f"{what}, all threads", times["two"]),
        Row("deal rules, a deal", round(one.median / deals * 1e9, 2), "ns",
            spread=round(one.spread, 3)),
    ]  # fmt: skip
