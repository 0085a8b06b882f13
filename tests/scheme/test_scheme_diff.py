"""Differences and fingerprints: what changed, by name; what does not pay does not count."""

from pathlib import Path

import pytest

from incentive_lab.scheme.diff import diff
from incentive_lab.scheme.fingerprint import fingerprint
from incentive_lab.scheme.load import load, loads
from incentive_lab.scheme.paths import apply

TEXT = Path(__file__).with_name("example.yaml").read_text()
SCHEME = load(Path(__file__).with_name("example.yaml"))


def told(changes):
    return [change.sentence for change in diff(SCHEME, apply(SCHEME, changes))]


@pytest.mark.parametrize(
    ("path", "value", "sentence"),
    [
        ("tiers.levels.gold.needs.protected_revenue", 180_000, "Gold from 200,000 to 180,000 of protected_revenue"),
        ("tiers.levels.gold.needs.csat", None, "Gold no longer needs csat"),
        ("tiers.levels.silver.needs.csat", "3.5", "Silver now needs 3.5 of csat"),
        ("rules.volume-rebate.rate.table.steps.plus.rate", "2.5%", "volume-rebate: plus rate from 2% to 2.5%"),
        ("rules.qualified-lead.limit.quantity", 30, "qualified-lead: quantity from 25 to 30"),
        ("settle", "month", "Settle from quarter to month"),
        ("budget.amount", 2_000_000, "Programme budget a year from 1,500,000 to 2,000,000"),
        ("rules.quarter-accelerator", None, None),
    ],
)
def test_a_change_is_told_in_words(path, value, sentence):
    sentences = told({path: value})
    assert len(sentences) == 1
    assert sentence is None or sentences == [sentence]


def test_a_new_tier_changes_no_other_line():
    levels = TEXT.replace("    - {name: gold", "    - {name: platinum, needs: {revenue: 1}}\n    - {name: gold")
    assert [change.path for change in diff(SCHEME, loads(levels))] == ["tiers.levels.platinum"]


def test_another_order_of_rules_is_one_change():
    swapped = SCHEME.model_copy(update={"rules": (*SCHEME.rules[2:], *SCHEME.rules[:2])})
    assert [change.path for change in diff(SCHEME, swapped)] == ["rules.order"]
    assert fingerprint(swapped) != fingerprint(SCHEME)


def test_another_order_of_names_in_a_set_is_no_change():
    other = loads(TEXT.replace("[reseller, msp]", "[msp, reseller]"))
    assert diff(SCHEME, other) == []
    assert fingerprint(other) == fingerprint(SCHEME)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1.0%", "0.01"),
        ("2.0%", "0.0200"),
        ("50_000", "50000.00"),
        ("title: Partner growth programme", "title: Anything else"),
        ("author: channel-ops", ""),
        ("scheme: partner-growth-2014", "scheme: renamed"),
        ("grace: 1", "grace: 1   # a comment"),
        (", at: line", ""),
        ("settle: quarter", ""),
        ("regions: all, ", ""),
        (", at: closed_on", ""),
        ("at: closed_on", "at: closed_on, help: What is protected, label: Protected"),
    ],
)
def test_what_pays_the_same_has_the_same_fingerprint(old, new):
    assert old in TEXT
    assert fingerprint(loads(TEXT.replace(old, new))) == fingerprint(SCHEME)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("1.0%", "1.1%"),
        ("grace: 1", "grace: 2"),
        ("baseline: current-2013", "baseline: another"),
        ("border: at_or_above", "border: above"),
        ("{name: silver, ", "{name: second, "),
        ("rules: [volume-rebate, quarter-accelerator]", "rules: [volume-rebate]"),
    ],
)
def test_what_pays_otherwise_has_another_fingerprint(old, new):
    assert old in TEXT
    assert fingerprint(loads(TEXT.replace(old, new))) != fingerprint(SCHEME)


def test_a_baseline_counts_only_where_a_guarantee_is_measured_against_it():
    without = apply(SCHEME, {"guarantees.guarantee-1": None})
    assert fingerprint(without) == fingerprint(apply(without, {"baseline": "another"}))


def test_a_fingerprint_is_an_s_and_hexadecimal_digits():
    assert fingerprint(SCHEME)[0] == "s"
    assert len(fingerprint(SCHEME)) == 21
    int(fingerprint(SCHEME)[1:], 16)
