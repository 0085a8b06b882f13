"""What several members of a group hold together is counted once for the group."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.examples import Example, amounts, paid

TABLES = {
    "partners": "partner_id,type,parent_id\nP1,reseller,\nP2,reseller,P1\nP3,reseller,\n",
    "deals": "deal_id,partner_id,status,created_on,closed_on,amount,customer_id\n"
    "D1,P1,won,2026-01-02,2026-01-10,10000,C1\n"
    "D2,P2,won,2026-01-02,2026-01-20,1000,C1\n"
    "D3,P3,won,2026-01-02,2026-01-20,500,C1\n",
    "deal_partners": "deal_id,partner_id,share,role\nD1,P1,0.7,sourced\nD1,P2,0.3,delivered\n",
}
SCHEME = """scheme: groups
currency: USD
effective: {{from: 2026-01-01}}
settle: month
group: {{by: parent_id, pays: parent}}
{more}
measures:
  whole: {{of: deals.amount, where: {{status: won}}, credit: full}}
  delivered: {{of: deals.amount, where: {{status: won}}, credit: full, roles: [delivered]}}
rules:
  - {{id: whole, on: whole, per: {per}, rate: 10%}}
  - {{id: delivered, on: delivered, per: {per}, rate: 1%}}
  - {{id: customers, on: customers, rate: 10}}
"""


@pytest.mark.parametrize("per", ["month", "deal"])
def test_a_parent_is_paid_once_for_what_its_members_share(per: str, tmp_path: Path) -> None:
    found = amounts(paid(Example("", 0, SCHEME.format(per=per, more=""), tables=TABLES), tmp_path / "history"))
    assert found == {
        ("P1", "2026-01", "whole"): 1100,  # (10,000 once + 1,000) x 10 %
        ("P1", "2026-01", "delivered"): 100,  # 10,000 x 1 %
        ("P1", "2026-01", "customers"): 10,  # C1 is one customer of the group
        ("P1", "2026-01", "total"): 1210,
        ("P3", "2026-01", "whole"): 50,
        ("P3", "2026-01", "customers"): 10,
        ("P3", "2026-01", "total"): 60,
    }


def test_a_first_come_budget_dates_a_parents_claims_by_its_deals(tmp_path: Path) -> None:
    more = "budget: {amount: 1_000, when_exceeded: first_come}"
    found = amounts(paid(Example("", 0, SCHEME.format(per="month", more=more), tables=TABLES), tmp_path / "history"))
    # The deal of the 10th claims 1,000 + 100 first and meets the end; what closed on the 20th is paid nothing.
    assert found["P1", "2026-01", "total"] == 1000
    assert found["P3", "2026-01", "budget"] == -60
