from decimal import Decimal

import pytest

from incentive_lab.format import compact, count, counted, money, percent, points, quantity, signed


@pytest.mark.parametrize(
    ("amount", "text"),
    [
        (0, "0"), (0.004, "0"), (-0.004, "0"), (0.25, "0.25"), (9.999, "10"), (99.94, "99.9"), (99.95, "100"),
        (999.4, "999"), (9_999.4, "9,999"), (9_999.5, "10.0 k"), (59_040, "59.0 k"), (999_499, "999 k"),
        (999_500, "1.00 m"), (2_354_999, "2.35 m"), (123_456_789, "123 m"), (999_500_000, "1.00 bn"),
        (-2_350_000, "-2.35 m"), (4.2e12, "4,200 bn"),
    ],
)  # fmt: skip
def test_compact_amounts_keep_three_digits(amount: float, text: str) -> None:
    assert compact(amount) == text


@pytest.mark.parametrize(
    ("text", "change"),
    [("0", "0"), ("0 %", "0"), ("0.00 USD", "0"), ("59.0 k", "+59.0 k"), ("-59.0 k", "-59.0 k"), ("1,250", "+1,250")],
)
def test_no_change_is_a_plain_0(text: str, change: str) -> None:
    assert signed(text) == change


@pytest.mark.parametrize(
    ("change", "text"), [(0, "0"), (-1e-9, "0"), (0.0022, "+0.22 points"), (-0.1, "-10 points"), (1, "+100 points")]
)
def test_changes_of_shares_are_points(change: float, text: str) -> None:
    assert points(change) == text


def test_each_unit_has_its_form() -> None:
    assert quantity(Decimal("0.0025"), "share") == "0.25 %"
    assert quantity(Decimal(10_000), "currency", "EUR") == "10,000 EUR"
    assert quantity(Decimal("3.5"), "number") == "3.5"
    assert (percent(-0.0), money(0.005, "JPY"), count(1e6)) == ("0 %", "0 JPY", "1,000,000")
    assert (counted(1, "deal"), counted(0, "deal")) == ("1 deal", "0 deals")
