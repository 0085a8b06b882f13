"""The default demo opens without a problem, and the panel built from it agrees with what was paid."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from incentive_lab.history.loading import open_history
from incentive_lab.history.quality import quality
from incentive_lab.panel import month_index
from incentive_lab.scheme.measures import CATALOGUE


def test_it_opens_without_a_warning_and_spans_its_months(demo: Path) -> None:
    with open_history(demo).closing() as history:
        assert history.warnings == ()
        assert history.span == (month_index(2023, 1), 36)
        assert history.rows["partners"] == 1000


def test_three_per_cent_of_the_panels_revenue_was_paid_save_for_the_exceptions(demo: Path, truth: dict) -> None:
    with open_history(demo).closing() as history:
        panel = history.panel({"revenue": CATALOGUE["revenue"]})
        paid = {(row.partner_id, str(row.period)): int(row.amount) for row in history.actual_payouts.itertuples()}
    ids = panel.partner_ids
    revenue = panel.columns["revenue"].reshape(len(ids), 12, 3).sum(axis=2)
    due = np.floor(revenue * 3 / 100 + 0.5).astype(int)  # whole cents, half up
    labels = [f"{2023 + quarter // 4}-Q{quarter % 4 + 1}" for quarter in range(12)]
    expected = {(ids[i], labels[q]): int(due[i, q]) for i, q in zip(*np.nonzero(revenue), strict=True)}
    exceptions = {(row["partner_id"], row["period"]) for row in truth["payouts"]["exceptions"]}
    assert paid.keys() == expected.keys()
    assert {key for key in paid if paid[key] != expected[key]} == exceptions


def test_the_quality_report_finds_the_planted_flaws(demo: Path, truth: dict) -> None:
    with open_history(demo).closing() as history:
        found = {finding.kind: finding for finding in quality(history)}
    assert {"negative_margins", "one_off_spikes", "renamed_ids"} <= found.keys()
    (pair,) = truth["renamed"]
    assert found["renamed_ids"].examples == (f"{pair['from']} -> {pair['to']}",)
    assert {spike["deal_id"] for spike in truth["spikes"]} & set(found["one_off_spikes"].examples)
    assert found["negative_margins"].rows > sum(cluster["deals"] for cluster in truth["below_cost"])
