"""Needs of tiers with windows of their own: what is missing, and what they are called wherever they are told."""

from __future__ import annotations

from incentive_lab.engine.replay import replay
from incentive_lab.engine.statement import next_tier
from incentive_lab.panel import month_index
from incentive_lab.report.guide import guide
from incentive_lab.scheme.diff import diff
from incentive_lab.scheme.dump import dumps
from incentive_lab.scheme.fingerprint import fingerprint
from incentive_lab.scheme.load import loads
from incentive_lab.scheme.paths import tunables
from incentive_lab.ui.scales import words_of
from tests.engine.panels import History

TEXT = """
scheme: apart
currency: USD
effective: {from: 2014-01-01}
tiers:
  review: month
  looks_at: {months: 2}
  windows: {certification: {months: 6}, won_deals: quarter_to_date, units: life}
  levels: [{name: base}, {name: gold, needs: {revenue: 100, certification: 3, won_deals: 2, units: 8}}]
rules:
  - {id: r, on: revenue, rate: 1%}
"""
PANEL = History(
    month_index(2014, 1), 5, ("p1",),
    {
        "revenue": [[5_000, 5_000, 5_000, 2_000, 3_000]], "certification": [[1_000_000, 0, 1_000_000, 0, 0]],
        "won_deals": [[3_000_000, 3_000_000, 3_000_000, 1_000_000, 0]], "units": [[7_000_000, 0, 0, 0, 0]],
    },
).panel()  # fmt: skip


def test_what_is_missing_is_counted_over_the_window_of_each_need() -> None:
    missing = next_tier(replay(loads(TEXT), PANEL), 0, 4)
    assert missing is not None
    assert dict(missing.missing) == {"revenue": 50.0, "certification": 1.0, "won_deals": 1.0, "units": 1.0}
    assert missing.words == (
        "To gold it takes 50.00 USD more revenue and 1 more certification (counted over the last 6 months) and 1 more won deals "
        "(counted over the quarter so far) and 1 more units (counted over all months)."
    )


def test_windows_are_told_in_the_guide_in_differences_and_on_dials() -> None:
    scheme = loads(TEXT)
    said = str(guide(scheme))
    assert "Won deals counts over the quarter so far." in said
    assert [one.sentence for one in diff(scheme, loads(TEXT.replace("months: 6", "months: 9")))] == [
        "windows: certification months from 6 to 9"
    ]
    dials = {words_of(scheme, one).full for one in tunables(scheme)}
    assert (
        "Certifications passed: counted over, in months" in dials or "Certification: counted over, in months" in dials
    )
    assert loads(dumps(scheme)) == scheme
    assert "windows: {certification: {months: 6}, won_deals: quarter_to_date, units: life}" in dumps(scheme)
    assert fingerprint(scheme) != fingerprint(loads(TEXT.replace("quarter_to_date", "life")))
