from decimal import Decimal
from pathlib import Path

import pytest

from incentive_lab.scheme.load import load, loads
from incentive_lab.scheme.paths import tunables
from incentive_lab.ui.scales import GROUPS, from_screen, group_of, on_screen, scale_of, words_of

SCHEMES = sorted((Path(__file__).resolve().parents[2] / "data" / "schemes").glob("*.yaml"))


@pytest.mark.parametrize("path", SCHEMES, ids=lambda path: path.stem)
def test_every_number_of_every_shipped_scheme_has_a_dial_that_can_show_it(path: Path) -> None:
    scheme = load(path)
    for address in tunables(scheme):
        scale = scale_of(address, address.value, address.value)
        shown = on_screen(address.value, address.declaration.unit)
        assert scale.low <= shown <= scale.high
        assert scale.low < scale.high
        assert 0 < scale.step <= scale.high - scale.low
        assert float(f"{shown:.{scale.places}f}") == shown
        assert group_of(address.path) in GROUPS
        assert words_of(scheme, address).full


def test_numbers_of_months_and_reviews_say_so_on_their_dials() -> None:
    scheme = load(next(path for path in SCHEMES if path.stem == "growth-80-20"))
    said = {one.path: words_of(scheme, one).full for one in tunables(scheme)}
    assert said["tiers.grace"] == "Grace, in reviews"
    months = [said[one.path] for one in tunables(scheme) if one.declaration.unit == "months"]
    assert "Review window, in months" in months
    assert all(text.lower().count("month") == 1 for text in months), months


def test_numbers_of_earlier_periods_and_of_tenure_are_called_by_what_they_are() -> None:
    scheme = loads("""
scheme: a
currency: USD
effective: {from: 2026-01-01}
rules:
  - {id: trend, on: {excess_of: revenue, above: {average_of_last: 3}}, per: quarter, rate: 1%}
  - {id: new, on: revenue, rate: 1%, who: {months_since_joining: {below: 12}}}
  - {id: held, on: {payout_of: [new], months_ago: 6}, rate: 20%}
""")
    said = {words_of(scheme, one).full for one in tunables(scheme)}
    assert {"Trend: periods averaged", "New: months since joining below", "Held: months since the payment"} <= said
    assert not [one for one in said if "average of last" in one or "Who" in one or "ago" in one]


def test_targets_prizes_and_windows_are_called_as_other_dials_are() -> None:
    scheme = loads("""
scheme: a
currency: USD
effective: {from: 2026-01-01}
targets:
  - {measure: revenue, amount: 100, ramp: [50%, 80%], index: 1.05}
  - {measure: revenue, amount: 10, who: {types: [msp]}}
rules:
  - {id: best, on: revenue, per: year, award: {prizes: [500, 200]}}
  - {id: held, on: revenue, rate: 1%, requires: {revenue: {at_least: 100, over: {trailing: 6}}}}
""")
    numbers = [one for one in tunables(scheme) if "held.rate" not in one.path]
    said = {words_of(scheme, one).full for one in numbers}
    assert {"Revenue target: share owed in month 1", "Revenue target: index", "Revenue target 2: amount", "Best: prize 2",
            "Held: months that revenue is added up over"} <= said  # fmt: skip
    assert {group_of(one.path) for one in numbers if one.path.startswith("targets")} == {"Targets"}
    assert all(one[:1].isupper() for one in said)


def test_ends_of_funds_and_draws_are_called_by_what_they_are() -> None:
    scheme = loads("""
scheme: a
currency: USD
effective: {from: 2026-01-01}
rules:
  - {id: mdf, on: campaign_spend, rate: 50%, fund: {every: 50, expires: {after: 2}}}
draws:
  - {id: start, amount: 100, for_months: 3, since: joined, forgive_after: 12}
""")
    said = {words_of(scheme, one).full for one in tunables(scheme)}
    assert {"MDF: periods in which a fund can be used", "Start: forgive after, in months"} <= said


@pytest.mark.parametrize("text", ["0.0025", "0.005", "0.8", "1", "25000", "3.8", "0"])
@pytest.mark.parametrize("unit", ["share", "currency"])
def test_the_screen_and_the_document_say_the_same(text: str, unit: str) -> None:
    assert from_screen(on_screen(Decimal(text), unit), unit) == Decimal(text)


def test_what_binary_arithmetic_adds_is_taken_off() -> None:
    assert from_screen(0.1 + 0.2, "share") == Decimal("0.003")


def test_a_slider_does_not_move_under_the_hand_and_makes_room_for_a_typed_value() -> None:
    address = next(one for one in tunables(load(SCHEMES[2])) if one.declaration.unit == "currency")
    usual = scale_of(address, address.value, address.value)
    assert scale_of(address, address.value, address.value / 2).high == usual.high
    far = Decimal(repr(usual.high)) * 3
    assert scale_of(address, address.value, far).high == float(far)
