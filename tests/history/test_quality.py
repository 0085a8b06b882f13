"""What is odd is reported with the money in it; what is left out is left out of every number."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest

from incentive_lab.errors import InputError
from incentive_lab.history import Finding, open_history, quality
from incentive_lab.history.quality import jaro_winkler
from incentive_lab.scheme.measures import CATALOGUE
from tests.history import folders

HEAD = "deal_id,partner_id,status,created_on,closed_on,amount,cost\n"


def findings(folder: Path) -> dict[str, Finding]:
    return {finding.kind: finding for finding in quality(open_history(folder))}


def test_a_recurring_amount_without_a_term_is_said(tmp_path: Path) -> None:
    deals = (
        "deal_id,partner_id,status,created_on,closed_on,amount,recurring_amount,term_months\n"
        "D1,P1,won,2013-01-05,2013-02-01,100,8.50,12\nD2,P1,won,2013-01-05,2013-02-01,100,8.50,\n"
        "D3,P1,open,2013-01-05,,100,8.50,\nD4,P2,won,2013-01-05,2013-02-01,100,,\n"
    )
    found = findings(folders.write(tmp_path, deals=deals))["contracts_without_term"]
    assert (found.examples, found.amount) == (("D2",), Decimal("8.50"))
    assert found.message == "1 won deal has a recurring amount and no term, so nothing counts as in force."


def test_odd_rows_are_flagged_with_their_count_money_and_examples(tmp_path: Path) -> None:
    deals = HEAD + (
        "D1,P1,won,2013-03-05,2013-02-01,100.00,150.00\n"  # closed before created, below cost
        "D2,P1,won,2013-01-05,,30.00,\n"  # won without a date
        "D3,P1,won,2013-01-05,2013-02-01,-5.00,\n"  # below zero
        "D4,P1,won,2013-01-05,2013-05-01,0,\n"  # nothing; and no won deal in March and April
    )
    found = findings(
        folders.write(
            tmp_path,
            deals=deals,
            activities="activity_id,partner_id,occurred_on,kind,deal_id\nA1,P1,2013-01-01,lead,D9\n",
        )
    )
    assert found["closed_before_created"].amount == Decimal("100.00")
    assert found["closed_before_created"].examples == ("D1",)
    assert found["negative_margins"].rows == 1
    assert found["won_without_closed_on"].amount == Decimal("30.00")
    assert found["negative_amounts"].amount == Decimal("-5.00")
    assert found["zero_amounts"].rows == 1
    assert found["empty_months"].examples == ("2013-03", "2013-04")
    assert found["activities_of_unknown_deals"].examples == ("A1",)
    assert found["inactive_partners"].examples == ("P2",)
    assert all(finding.severity == "flagged" for finding in found.values())


def test_a_deal_that_was_qualified_after_it_closed_is_flagged(tmp_path: Path) -> None:
    head = "deal_id,partner_id,status,created_on,qualified_on,closed_on,amount\n"
    found = findings(folders.write(tmp_path, deals=head + "D1,P1,won,2013-01-05,2013-03-01,2013-02-01,100.00\n"))
    assert found["qualified_after_closed"].amount == Decimal("100.00")


def test_a_clean_history_has_no_findings(tmp_path: Path) -> None:
    deals = HEAD + "D1,P1,won,2013-01-05,2013-02-01,100.00,50\nD2,P2,won,2013-01-05,2013-03-31,100.00,50\n"
    assert (
        quality(
            open_history(folders.write(tmp_path, deals=deals, activities="activity_id,partner_id,occurred_on,kind\n"))
        )
        == []
    )


def test_rounding_to_cents_is_counted(tmp_path: Path) -> None:
    deals = HEAD + "D1,P1,won,2013-01-05,2013-02-01,1.005,\nD2,P2,won,2013-01-05,2013-02-01,1.25,\n"
    rounded = findings(folders.write(tmp_path, deals=deals))["rounded_amounts"]
    # 1.005 -> 1.01 adds half a cent; the campaign's spend 12.345 -> 12.35 is its own finding and adds another.
    assert rounded.rows == 1
    assert rounded.amount == Decimal("0.005")


def test_rows_of_a_kind_are_left_out_with_the_money_said(tmp_path: Path) -> None:
    deals = HEAD + "D1,P1,won,2013-03-05,2013-02-01,100.00,\nD2,P1,won,2013-01-05,2013-02-01,30.00,\n"
    folder = folders.write(tmp_path, deals=deals)
    history = open_history(folder, exclude=["closed_before_created"])
    assert history.panel({"revenue": CATALOGUE["revenue"]}).columns["revenue"].sum() == 3_000
    excluded = [finding for finding in quality(history) if finding.severity == "excluded"]
    assert [(finding.kind, finding.rows, finding.amount) for finding in excluded] == [
        ("closed_before_created", 1, Decimal("100.00"))
    ]
    assert history.history_id != open_history(folder).history_id


def test_orphans_and_copies_refuse_the_load_unless_they_are_left_out(tmp_path: Path) -> None:
    deals = (
        HEAD + "D1,P1,won,2013-01-05,2013-02-01,10,\nD1,P1,won,2013-01-05,2013-02-01,10,\n"
        "D2,P9,won,2013-01-05,2013-02-01,7,\n"
    )
    folder = folders.write(tmp_path, deals=deals)
    with pytest.raises(InputError, match="P9"):
        open_history(folder)
    history = open_history(folder, exclude=["orphans", "duplicates"])
    assert history.rows["deals"] == 1
    assert {(finding.kind, finding.amount) for finding in history.excluded} == {
        ("orphans", Decimal("7.00")),
        ("duplicates", Decimal("10.00")),
    }


def test_rows_that_share_a_key_but_differ_are_refused_all_the_same(tmp_path: Path) -> None:
    deals = HEAD + "D1,P1,won,2013-01-05,2013-02-01,10,\nD1,P1,won,2013-01-05,2013-02-01,11,\n"
    with pytest.raises(InputError, match="D1"):
        open_history(folders.write(tmp_path, deals=deals), exclude=["duplicates"])


def test_an_unknown_kind_to_leave_out_is_refused_with_the_nearest(tmp_path: Path) -> None:
    with pytest.raises(InputError, match="Did you mean negative_amounts"):
        open_history(folders.write(tmp_path), exclude=["negative_amount"])


def test_a_partner_that_goes_on_under_another_id_is_found(tmp_path: Path) -> None:
    partners = "partner_id,name,type\nP1,Northwind Traders Inc.,msp\nP2,Northwind Traders,msp\nP3,Contoso,msp\n"
    deals = (
        HEAD + "D1,P1,won,2013-01-05,2013-02-01,10,\nD2,P2,won,2013-01-05,2013-04-01,10,\n"
        "D3,P3,won,2013-01-05,2013-05-01,9,\n"
    )
    renamed = findings(folders.write(tmp_path, partners=partners, deals=deals))["renamed_ids"]
    assert renamed.examples == ("P1 -> P2",)


def test_one_deal_far_above_its_partners_usual_is_a_spike(tmp_path: Path) -> None:
    # Median 100; spread 0.5 (the floor), so the border is 100 x exp(4 x 0.5) = 738.9.
    sizes = [90, 95, 100, 100, 105, 110, 738]
    deals = HEAD + "".join(f"D{n},P1,won,2013-01-05,2013-02-0{n + 1},{size},\n" for n, size in enumerate(sizes))
    assert "one_off_spikes" not in findings(folders.write(tmp_path, deals=deals))
    spike = findings(folders.write(tmp_path, deals=deals.replace("738", "740")))["one_off_spikes"]
    assert (spike.rows, spike.amount, spike.examples) == (1, Decimal("740.00"), ("D6",))


def test_a_deal_of_a_partner_with_few_is_held_against_everybodys(tmp_path: Path) -> None:
    # 60 deals of 100 from partners that have one each: the border is 100 x exp(4 x 0.5) = 738.9.
    partners = "partner_id,name,type\n" + "".join(f"P{n},Partner {n} of {n * n},msp\n" for n in range(60))
    sizes = [738, *[100] * 59]
    deals = HEAD + "".join(f"D{n},P{n},won,2013-01-05,2013-02-01,{size},\n" for n, size in enumerate(sizes))
    assert "one_off_spikes" not in findings(folders.write(tmp_path / "a", partners=partners, deals=deals))
    dearer = deals.replace("738", "740")
    spike = findings(folders.write(tmp_path / "b", partners=partners, deals=dearer))["one_off_spikes"]
    assert (spike.rows, spike.examples) == (1, ("D0",))
    few = "\n".join(dearer.splitlines()[:40]) + "\n"
    assert "one_off_spikes" not in findings(folders.write(tmp_path / "c", partners=partners, deals=few)), (
        "too few to tell"
    )


def test_the_similarity_of_names_equals_published_values() -> None:
    # Winkler's own examples.
    assert round(jaro_winkler("dwayne", "duane"), 2) == 0.84
    assert round(jaro_winkler("dixon", "dicksonx"), 3) == 0.813


def test_targets_inside_others_and_parents_with_parents_are_flagged(tmp_path: Path) -> None:
    partners = "partner_id,type,parent_id\nP1,msp,P2\nP2,msp,P1\nP3,msp,P3\nP4,msp,P3\nP5,msp,P4\n"
    targets = (
        "partner_id,measure,period,amount\nP1,revenue,2013-04,1\nP1,revenue,2013-Q2,3\nP1,revenue,2013-Q3,3\n"
        "P1,lead,2013,12\nP1,lead,2013-12,1\nP2,revenue,2013-04,1\n"
    )
    found = findings(folders.write(tmp_path, partners=partners, targets=targets))
    inside, chained = found["targets_inside_others"], found["parents_with_parents"]
    assert (inside.rows, inside.examples) == (2, ("lead", "revenue"))
    assert (chained.rows, chained.examples) == (3, ("P1", "P2", "P5"))
