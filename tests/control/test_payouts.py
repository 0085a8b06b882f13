"""Each way a payment goes wrong is planted, and found under its own reason."""

from __future__ import annotations

import io
import json
import os
from collections import Counter
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from incentive_lab.control.payouts import Audit, audit_payouts
from incentive_lab.engine.replay import replay
from incentive_lab.errors import InputError
from incentive_lab.history import History, open_history
from incentive_lab.history.export import write_csv_folder
from incentive_lab.history.for_schemes import panel_for
from incentive_lab.results import payout_lines
from incentive_lab.scheme.baseline import Pair
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import load, loads
from incentive_lab.scheme.rates import Driver, Rate
from incentive_lab.scheme.reference import Reference
from incentive_lab.scheme.rules import Base
from tests.control.conftest import SHIPPED, tables, written

FLAT = load(SHIPPED / "current-flat.yaml")
PLANTED = {"goodwill": "by_hand", "digits_swapped": "digits", "paid_twice": "twice", "withheld": "withheld"}

RICH = loads("""
scheme: rich
currency: USD
effective: {from: 2026-01-01}
settle: quarter
tiers: {looks_at: {months: 12}, levels: [{name: base}, {name: gold, needs: {revenue: 40_000}}]}
rules:
  - {id: rebate, on: revenue, per: quarter, rate: {by_tier: {base: 1%, gold: 4%}}, returns: original_rate}
  - {id: lead, group: behavioural, on: qualified_lead, per: quarter, rate: 100, limit: {quantity: 2, per: quarter}}
caps: [{for: partner, per: quarter, amount: 3_000}]
""")


def test_the_exceptions_of_the_demo_are_found_and_nothing_else(opened: History, demo: Path) -> None:
    truth = json.loads((demo / "truth.json").read_text())["payouts"]["exceptions"]
    wanted = {(one["partner_id"], one["period"]): one for one in truth}
    found = audit_payouts(opened, Pair(FLAT))
    assert {(one.partner, one.period) for one in found.differences} == set(wanted)
    assert len(wanted) >= 3
    for one in found.differences:
        planted = wanted[one.partner, one.period]
        assert (one.due, one.paid) == (round(planted["due"] * 100), round(planted["paid"] * 100))
        last = planted["reason"] == "withheld" and one.period == "2025-Q4"
        assert ("later" if last else PLANTED[planted["reason"]]) in {found.reason for found in one.reasons}
    assert found.paid - found.due == sum(one.difference for one in found.differences)


def by_quarter(lines: str) -> pd.DataFrame:
    """Payout lines as rows of `actual_payouts`."""
    frame = pd.read_csv(io.StringIO(lines), dtype={"partner_id": str})
    frame["period"] = frame["month"].map(lambda month: f"{month[:4]}-Q{(int(month[5:]) + 2) // 3}")
    summed = frame.groupby(["partner_id", "period", "line"], as_index=False)["amount"].sum().round(2)
    return summed[summed["amount"] != 0].rename(columns={"line": "rule"}).reset_index(drop=True)


@pytest.fixture
def paid_right(demo: Path, opened: History) -> pd.DataFrame:
    """Payments by quarter and line as the rules of RICH say, to the cent."""
    return by_quarter(payout_lines(replay(RICH, panel_for(opened, RICH))))


@pytest.fixture
def audit(demo: Path, tmp_path: Path) -> Callable[[pd.DataFrame], Audit]:
    def run(payments: pd.DataFrame) -> Audit:
        kept = tables(demo, "partners", "deals", "deal_partners", "activities", "scores")
        folder = written(tmp_path / "history", {**kept, "actual_payouts": payments})
        with open_history(str(folder), currency="USD").closing() as held:
            return audit_payouts(held, Pair(RICH, FLAT))

    return run


def only(found: Audit) -> tuple[str, ...]:
    assert found.differences
    return tuple(one.reasons[0].reason for one in found.differences)


def test_what_is_paid_as_it_is_due_has_no_difference(
    audit: Callable[[pd.DataFrame], Audit], paid_right: pd.DataFrame
) -> None:
    found = audit(paid_right)
    assert (found.differences, found.paid) == ((), found.due)
    by_partner = paid_right.groupby(["partner_id", "period"], as_index=False)["amount"].sum().assign(rule=None)
    assert audit(by_partner).differences == ()


def test_a_payment_of_another_period_or_partner_is_named(
    audit: Callable[[pd.DataFrame], Audit], paid_right: pd.DataFrame, demo: Path
) -> None:
    rebates = paid_right[(paid_right["rule"] == "rebate") & (paid_right["amount"] > 50)]
    two = rebates[rebates["partner_id"] == rebates["partner_id"].value_counts().index[0]].index[:2]
    moved = paid_right.copy()
    moved.loc[two[1], "amount"] += moved.loc[two[0], "amount"]
    moved = moved.drop(two[0])
    assert only(audit(moved)) == ("period", "period")
    missing = rebates["partner_id"].iloc[0]
    assert set(only(audit(paid_right[paid_right["partner_id"] != missing]))) == {"missing"}
    nobody = sorted(set(tables(demo, "partners")["partners"]["partner_id"]) - set(paid_right["partner_id"]))[0]
    extra = pd.DataFrame([{"partner_id": nobody, "period": "2024-Q1", "rule": "rebate", "amount": 70.0}])
    assert only(audit(pd.concat([paid_right, extra]))) == ("partner",)
    later = audit(paid_right[paid_right["period"] != "2025-Q4"])
    assert {one.period for one in later.differences} == {"2025-Q4"}
    assert Counter(only(later)).most_common(1)[0][0] == "later"


def test_rounding_and_twice_are_named(audit: Callable[[pd.DataFrame], Audit], paid_right: pd.DataFrame) -> None:
    place = paid_right[(paid_right["rule"] == "rebate") & (paid_right["amount"] > 50)].index[0]
    off = paid_right.copy()
    off.loc[place, "amount"] += 0.01
    assert only(audit(off)) == ("rounding",)
    assert only(audit(pd.concat([paid_right, paid_right.loc[[place]]]))) == ("twice",)


@pytest.mark.parametrize(("reading", "reason"), [
    ({"caps": ()}, "cap"), ({"returns": "none"}, "return"), ({"limit": "none"}, "cap"), ({"tier": "gold"}, "tier"),
])  # fmt: skip
def test_rules_that_were_read_otherwise_are_named(
    audit: Callable[[pd.DataFrame], Audit], opened: History, paid_right: pd.DataFrame, reading: dict[str, object], reason: str
) -> None:  # fmt: skip
    rules = {rule.id: rule for rule in RICH.rules}
    if "returns" in reading:
        rules["rebate"] = rules["rebate"].model_copy(update={"returns": None})
    if "limit" in reading:
        rules["lead"] = rules["lead"].model_copy(update={"limit": ()})
    if "tier" in reading:
        gold = (rules["rebate"].rate.by_tier or {})["gold"]
        rules["rebate"] = rules["rebate"].model_copy(update={"rate": gold})
    wrong = RICH.model_copy(update={"rules": tuple(rules.values()), **({"caps": ()} if "caps" in reading else {})})
    found = audit(by_quarter(payout_lines(replay(wrong, panel_for(opened, wrong)))))
    assert found.differences
    assert all(reason in {each.reason for each in one.reasons} for one in found.differences)
    assert Counter(only(found)).most_common(1)[0][0] in (reason, "split")


GROWING = loads("""
scheme: growing
currency: USD
effective: {from: 2026-01-01}
settle: quarter
rules:
  - {id: everybody, on: revenue, rate: 1%}
  - {id: above, on: {excess_of: revenue, above: last_period}, per: quarter, rate: 5%}
  - id: growth
    on: revenue
    per: quarter
    rate: {table: {by: {growth_of: revenue, against: last_period}, applies: whole, steps: [{from: 5%, rate: 1%}]}}
""")


@pytest.mark.parametrize(("meant", "read", "said"), [
    ({"last_period": True}, {"last_year": True}, "with last year instead of the periods before"),
    ({"average_of_last": 4}, {"last_year": True}, "with last year instead of the periods before"),
    ({"average_of_last": 4}, {"last_period": True}, "with the period before alone instead of an average"),
    ({"last_year": True}, {"last_period": True}, "with the period before instead of last year"),
])  # fmt: skip
def test_an_earlier_period_that_was_mistaken_for_another_is_named(
    opened: History, tmp_path: Path, demo: Path, meant: dict[str, object], read: dict[str, object], said: str
) -> None:
    right, wrong = (_comparing(Reference.model_validate(one)) for one in (meant, read))
    payments = by_quarter(payout_lines(replay(wrong, panel_for(opened, wrong))))
    folder = written(
        tmp_path / "history", {**tables(demo, "partners", "deals", "deal_partners"), "actual_payouts": payments}
    )
    with open_history(str(folder), currency="USD").closing() as held:
        found = audit_payouts(held, Pair(right))
    assert len(found.differences) > 20
    words = [next(each.words for each in one.reasons if each.reason == "reference") for one in found.differences]
    assert Counter(words).most_common(1)[0][0] == f"it was compared {said}"  # others give some cells the same amount


def _comparing(reference: Reference) -> Scheme:
    everybody, above, growth = GROWING.rules
    table = growth.rate.table
    assert table is not None
    by = Driver(growth_of="revenue", against=None if reference.last_year else reference)
    rate = Rate(table=table.model_copy(update={"by": by}))
    rules = (
        everybody,
        above.model_copy(update={"on": Base(excess_of="revenue", above=reference)}),
        growth.model_copy(update={"rate": rate}),
    )
    return GROWING.model_copy(update={"rules": rules})


def test_a_history_without_payments_says_so(then: Path) -> None:
    with open_history(str(then), currency="USD").closing() as held, pytest.raises(InputError, match="what was paid"):
        audit_payouts(held, Pair(FLAT))


def test_payments_planted_in_the_sample_data_are_found(tmp_path: Path) -> None:
    samples = Path(os.environ.get("INCENTIVE_LAB_SAMPLES", "")) / "adventureworks_resellers"
    if not samples.is_dir():
        pytest.skip("no sample data: INCENTIVE_LAB_SAMPLES does not name it")
    mapping = SHIPPED.parent / "mappings" / "adventureworks.yaml"
    with open_history(str(samples), mapping=mapping, currency="USD").closing() as held:
        with pytest.raises(InputError, match="what was paid"):  # The sample itself has no payments.
            audit_payouts(held, Pair(FLAT))
        write_csv_folder(held, tmp_path / "history")
        payments = by_quarter(payout_lines(replay(FLAT, panel_for(held, FLAT))))
    twice, cut, gone = (payments.index[payments["amount"] > 100][place] for place in (11, 222, 333))
    payments.loc[twice, "amount"] *= 2
    payments.loc[cut, "amount"] = round(payments.loc[cut, "amount"] * 2 / 3, 2)
    named = {payments.loc[twice, "partner_id"]: "twice", payments.loc[cut, "partner_id"]: "rate"}
    payments = payments.drop(gone)
    payments.to_csv(tmp_path / "history" / "actual_payouts.csv", index=False)
    with open_history(str(tmp_path / "history"), currency="USD").closing() as held:
        found = audit_payouts(held, Pair(FLAT))
    assert len(found.differences) == 3
    assert found.compared == len(payments) + 1
    for one in found.differences:
        if one.partner in named:
            assert named[one.partner] in {each.reason for each in one.reasons}
