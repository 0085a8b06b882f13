"""Addresses: every movable number has one, with its unit where it stands; a change goes through them."""

from decimal import Decimal
from pathlib import Path

import pytest

from incentive_lab.errors import InputError
from incentive_lab.scheme import document, rates, rules, tiers
from incentive_lab.scheme.base import Part, Tunable
from incentive_lab.scheme.load import load, loads
from incentive_lab.scheme.naming import join, split
from incentive_lab.scheme.paths import apply, get, tunables
from incentive_lab.scheme.shapes import declarations

SCHEME = load(Path(__file__).with_name("example.yaml"))
PARTS = [
    part
    for module in (document, rates, rules, tiers)
    for part in vars(module).values()
    if isinstance(part, type) and issubclass(part, Part) and part is not Part
]
DECLARED = {(part.__name__, key): one for part in PARTS for key, one in declarations(part).items()}


@pytest.mark.parametrize("place", DECLARED, ids=".".join)
def test_every_movable_number_is_declared_completely(place):
    one: Tunable = DECLARED[place]
    assert one.label
    assert one.help.endswith(".")
    assert one.source.startswith("docs/")
    assert one.step > 0
    assert one.bounds[0] <= one.typical[0] < one.typical[1] <= one.bounds[1]
    assert one.unit in ("currency", "share", "count", "months", "number", "factor")


def test_the_units_follow_from_what_a_number_is_compared_with_or_multiplied_by():
    units = {one.path: one.declaration.unit for one in tunables(SCHEME)}
    assert units["tiers.levels.silver.needs.protected_revenue"] == "currency"
    assert units["tiers.levels.silver.needs.certification"] == "count"
    assert units["tiers.levels.gold.needs.csat"] == "number"
    assert units["rules.qualified-lead.rate"] == "currency"
    assert units["rules.volume-rebate.rate.table.steps.plus.rate"] == "share"
    assert units["rules.volume-rebate.rate.table.steps.plus.from"] == "currency"
    assert units["gates.gate-1.multiply"] == "factor"


def test_a_number_is_labelled_in_words():
    labels = {one.path: one.label for one in tunables(SCHEME)}
    assert labels["tiers.levels.silver.needs.protected_revenue"] == "Silver needs protected_revenue"
    assert labels["rules.volume-rebate.rate.table.steps.plus.from"] == "volume-rebate: plus starts at"
    assert labels["rules.certification.rate.by_tier.gold"] == "certification: rate for gold"
    assert labels["budget.amount"] == "Programme budget a year"


def test_a_variant_s_numbers_can_be_moved_too():
    changed = apply(SCHEME, {"variants.msp": {"who": {"types": ["msp"]}, "change": {"rules.qualified-lead.rate": 150}}})
    moved = [one for one in tunables(changed) if one.path.startswith("variants")]
    assert [(one.path, one.value) for one in moved] == [
        ('variants.msp.change."rules.qualified-lead.rate"', Decimal(150))
    ]
    again = apply(changed, {moved[0].path: 160})
    assert get(again, moved[0].path) == 160


@pytest.mark.parametrize("segments", [("a", "b.c", "d"), ("a", 'say "x"', "\\"), ("a.b",), ("with space", "x")])
def test_keys_with_dots_and_quotes_come_back_from_a_path(segments):
    assert split(join(segments)) == segments


def test_a_key_with_a_dot_is_addressed_in_quotes():
    text = "{scheme: a, currency: USD, effective: {from: 2024-01-01}, rules: [{id: r, on: revenue, rate: RATE}]}"
    scheme = loads(text.replace("RATE", '{by_type: {"v2.0": 1%}}'))
    assert [one.path for one in tunables(scheme)] == ['rules.r.rate.by_type."v2.0"']
    assert get(apply(scheme, {'rules.r.rate.by_type."v2.0"': "2%"}), 'rules.r.rate.by_type."v2.0"') == Decimal("0.02")


def test_changes_replace_add_and_remove():
    changed = apply(
        SCHEME,
        {
            "budget.amount": 2_000_000,
            "rules.certification.limit.quantity": 5,
            "rules.qualified-lead.rate": {"by_tier": {"registered": 100, "silver": 110, "gold": 120}},
            "tiers.levels.platinum": {"needs": {"revenue": 1_000_000}},
            "caps.cap-1": None,
            "minimum_payout.amount": "50",
        },
    )
    assert changed.budget.amount == 2_000_000
    assert changed.rules[1].limit[0].quantity == 5
    assert changed.rules[0].rate.by_tier["gold"].plain == 120
    assert [level.name for level in changed.tiers.levels] == ["registered", "silver", "gold", "platinum"]
    assert changed.caps == ()
    assert changed.minimum_payout.amount == 50
    assert SCHEME.budget.amount == 1_500_000


def test_paths_that_lead_nowhere_are_told_together_with_the_nearest_name():
    with pytest.raises(InputError) as caught:
        apply(SCHEME, {"rules.volume-rebat.rate": 1, "tiers.levels.sliver.needs.revenue": 3, "caps.cap-2": 5})
    assert [str(problem) for problem in caught.value.problems] == [
        "rules.volume-rebat.rate: There is nothing named 'volume-rebat' here. Did you mean volume-rebate?",
        "tiers.levels.sliver.needs.revenue: There is nothing named 'sliver' here. Did you mean silver?",
        "caps.cap-2: There is nothing named 'cap-2' here. Did you mean cap-1?",
    ]


def test_an_unknown_key_and_a_value_out_of_bounds_are_refused():
    with pytest.raises(InputError, match=r"Unknown key 'amont'\. Did you mean amount"):
        apply(SCHEME, {"caps.cap-1.amont": 5})
    with pytest.raises(InputError, match="allowed is 0 to 1"):
        apply(SCHEME, {"mix.behavioural": 2})
    with pytest.raises(InputError, match="Did you mean budget"):
        get(SCHEME, "budgt.amount")


def test_reading_a_path_gives_defaults_and_whole_parts():
    assert get(SCHEME, "settle") == "quarter"
    assert get(SCHEME, "rules.certification.on") == "certification"
    assert get(SCHEME, "rounding.mode") == "half_up"
    assert get(SCHEME, "rounding.to") is None  # the smallest amount of its currency, though it is written out
