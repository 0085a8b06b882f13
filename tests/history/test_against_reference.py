"""The store's sums against plain loops over the same rows, on random histories with splits, lines and late rows."""

from __future__ import annotations

import csv
import datetime
import random
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from incentive_lab.history import open_history
from incentive_lab.panel import Panel
from incentive_lab.scheme.measures import Measure

WON = {"status": "won"}
MEASURES = {
    name: Measure.model_validate(keys)
    for name, keys in {
        "revenue": {"of": "deals.amount", "where": WON},
        "protected": {"of": "deals.amount", "where": {**WON, "margin_share": {"min": "0.15"}}},
        "listed": {"of": "deals.amount", "where": {**WON, "discount_share": {"max": "0.333"}}},
        "full": {"of": "deals.amount", "where": WON, "credit": "full"},
        "sourced": {"of": "deals.amount", "where": WON, "roles": ["sourced"]},
        "deals": {"count": "deals", "where": WON},
        "customers": {"distinct": "deals.customer_id", "where": WON},
        "third": {"of": {"product": ["deals.amount", "0.333"]}, "where": WON},
        "pipeline": {"of": "deals.amount", "at": "created_on"},
        "kept": {"of": "deals.list_amount", "where": WON, "less_returns": True},
        "kept_deals": {"count": "deals", "where": WON, "less_returns": True},
        "fees": {"of": "deals.recurring_amount", "where": WON, "spread": "term"},
        "fees_kept": {"of": "deals.recurring_amount", "where": WON, "spread": "term", "less_returns": True},
        "fees_second": {
            "of": "deals.recurring_amount",
            "where": WON,
            "spread": "term",
            "less_returns": True,
            "months_of_term": {"from": 2, "to": 3},
        },
        "fees_later": {
            "of": "deals.recurring_amount",
            "where": WON,
            "spread": "term",
            "credit": "full",
            "months_of_term": {"from": 3},
        },
    }.items()
}
SHARES = {
    2: (["0.5", "0.5"], ["0.7", "0.3"]),
    3: (["0.333333333", "0.333333333", "0.333333334"], ["0.1", "0.45", "0.45"]),
}


def month(day: datetime.date) -> int:
    return day.year * 12 + day.month - 1


def half_up(value: Fraction) -> int:
    size = (2 * abs(value) + 1) // 2
    return int(size) if value >= 0 else -int(size)


class Case:
    """A random history, and what it gives by plain loops."""

    def __init__(self, seed: int, folder: Path) -> None:
        self.chance = random.Random(seed)
        self.late = self.chance.choice(["true_up", "freeze", "recalculate"])
        self.settle = self.chance.choice(["month", "quarter", "year"])
        self.year_starts = self.chance.choice([1, 4])
        self.rows: list[dict[str, Any]] = []
        self.splits: list[tuple[str, str, str, str]] = []
        for number in range(60):
            self._add_deal(f"D{number}")
        self._write(folder)
        self.panel: Panel = open_history(folder).panel(
            MEASURES,
            late_data=self.late,
            settle=self.settle,
            year_starts=self.year_starts,
            deal_leaves={"deal": ["revenue", "deals", "full"], "line": ["revenue", "deals", "pipeline", "kept"]},
            want_returns=True,
        )

    def _add_deal(self, deal: str) -> None:
        pick, owner = self.chance, self.chance.choice("ABCDE")
        for line in range(pick.choice([1, 1, 2, 3])):
            created = datetime.date(2013, 1, 1) + datetime.timedelta(pick.randrange(300))
            closed = created + datetime.timedelta(pick.randrange(60)) if pick.random() < 0.9 else None
            cents = pick.choice([0, -500, pick.randrange(-2000, 20_000), pick.randrange(1, 10**7)])
            cost = pick.choice([None, cents * 85 // 100, cents * 17 // 20, pick.randrange(20_000)])
            back = closed + datetime.timedelta(pick.randrange(90)) if closed and pick.random() < 0.2 else None
            late = closed + datetime.timedelta(pick.randrange(120)) if closed and pick.random() < 0.3 else None
            self.rows.append({
                "deal_id": deal, "line": str(line + 1), "partner_id": owner,
                "status": pick.choice(["won", "won", "lost"]) if closed else "open",
                "created_on": created, "closed_on": closed, "recorded_on": late, "amount": cents, "cost": cost,
                "list_amount": abs(cents) * pick.randrange(100, 200) // 100, "returned_on": back,
                "returned_amount": pick.choice([None, pick.randrange(abs(cents) + 1)]) if back else None,
                "customer_id": pick.choice(["C1", "C2", "C3"]),
                "recurring_amount": pick.choice([None, pick.randrange(1, 10_000)]),
                "term_months": pick.choice([None, 0, 1, 2, 3, 6, 36]),
            })  # fmt: skip
        if pick.random() < 0.4:
            partners = pick.sample("ABCDE", pick.choice([2, 3]))
            for partner, share in zip(partners, pick.choice(SHARES[len(partners)]), strict=True):
                self.splits.append((deal, partner, share, pick.choice(["sourced", "delivered"])))

    def _write(self, folder: Path) -> None:
        (folder / "partners.csv").write_text("partner_id,type\n" + "".join(f"{p},reseller\n" for p in "CAEDB"))
        (folder / "deal_partners.csv").write_text(
            "deal_id,partner_id,share,role\n" + "".join(",".join(row) + "\n" for row in self.splits)
        )
        money = ("amount", "cost", "list_amount", "returned_amount", "recurring_amount")
        shuffled = self.chance.sample(self.rows, len(self.rows))
        with (folder / "deals.csv").open("w", newline="") as stream:
            writer = csv.DictWriter(stream, list(self.rows[0]))
            writer.writeheader()
            for row in shuffled:
                writer.writerow({k: Decimal(v) / 100 if k in money and v is not None else v for k, v in row.items()})

    def counts_on(self, row: dict[str, Any], date: str) -> datetime.date | None:
        day, recorded = row[date], row["recorded_on"]
        length = {"month": 1, "quarter": 3, "year": 12}[self.settle]

        def period(when: datetime.date) -> int:
            return (month(when) - (self.year_starts - 1)) // length

        if day is None or recorded is None or period(recorded) <= period(day) or self.late == "recalculate":
            return day
        return recorded if self.late == "true_up" else None

    def parts(self, cents: int, row: dict[str, Any], *, full: bool = False, role: str = "") -> dict[str, int]:
        credits = [split for split in self.splits if split[0] == row["deal_id"]]
        if not credits:
            return {} if role else {row["partner_id"]: cents}
        if full:
            return {partner: cents for _, partner, _, _ in credits}
        sign = -1 if cents < 0 else 1
        given = {partner: sign * int(abs(cents) * Fraction(share)) for _, partner, share, _ in credits}
        first = min(credits, key=lambda split: (-Fraction(split[2]), split[1]))[1]
        given[first] += cents - sum(given.values())
        return {partner: given[partner] for _, partner, _, its in credits if not role or its == role}

    def grid(self) -> np.ndarray[Any, Any]:
        return np.zeros((5, self.panel.months))

    def add(self, grid: np.ndarray[Any, Any], parts: dict[str, int], day: datetime.date) -> None:
        if not 0 <= month(day) - self.panel.first_month < self.panel.months:
            return  # pipeline from before the first closed deal lies outside the panel
        for partner, value in parts.items():
            grid["ABCDE".index(partner), month(day) - self.panel.first_month] += value


def came_back(row: dict[str, Any]) -> Fraction:
    """The part of a row's amount that was returned."""
    if row["returned_on"] is None:
        return Fraction(0)
    if row["returned_amount"] is None or row["returned_amount"] >= abs(row["amount"]):
        return Fraction(1)
    return Fraction(row["returned_amount"], row["amount"])


def contract(case: Case, name: str, row: dict[str, Any], day: datetime.date) -> list[tuple[int, dict[str, int]]]:
    """(month of the contract from 0, what each partner's part adds) of one row; from its return on less what came back."""
    fee, back, full = row["recurring_amount"] or 0, 0, name == "fees_later"
    served = row["term_months"] or 0
    if name in ("fees_kept", "fees_second") and row["returned_on"] is not None:
        back, served = half_up(fee * came_back(row)), max(0, month(row["returned_on"]) - month(day))
    counted = {"fees_second": range(1, 3), "fees_later": range(2, 99)}.get(name, range(99))
    found = []
    for since in range(row["term_months"] or 0):
        if since in counted:
            found.append((since, case.parts(fee, row, full=full)))
            if since >= served:
                found.append((since, {who: -part for who, part in case.parts(back, row, full=full).items()}))
    return found


def passes(name: str, row: dict[str, Any]) -> bool:
    amount, cost, list_amount = row["amount"], row["cost"], row["list_amount"]
    if name == "pipeline":
        return True
    if name.startswith("kept") and came_back(row) == 1:
        return False
    if name == "protected" and (cost is None or amount == 0 or Fraction(amount - cost, amount) < Fraction("0.15")):
        return False
    if name == "listed" and (list_amount == 0 or 1 - Fraction(amount, list_amount) > Fraction("0.333")):
        return False
    return bool(row["status"] == "won")


def expected(case: Case, name: str) -> np.ndarray[Any, Any]:
    grid, last, seen = case.grid(), {}, set()
    for row in case.rows:
        day = case.counts_on(row, "created_on" if name == "pipeline" else "closed_on")
        if day is None or not passes(name, row):
            continue
        if name.startswith("fees"):
            for since, parts in contract(case, name, row, day):
                year, place = divmod(month(day) + since, 12)
                case.add(grid, parts, datetime.date(year, place + 1, 1))
        elif name in ("deals", "kept_deals"):
            last[row["deal_id"]] = max(last.get(row["deal_id"], (day, row)), (day, row), key=lambda found: found[0])
        elif name == "customers":
            seen |= {(partner, month(day), row["customer_id"]) for partner in case.parts(1, row, full=True)}
        else:
            cents = half_up(row["amount"] * Fraction("0.333")) if name == "third" else row["amount"]
            if name == "kept":
                cents = row["list_amount"] - half_up(row["list_amount"] * came_back(row))
            role = "sourced" if name == "sourced" else ""
            case.add(grid, case.parts(cents, row, full=name == "full", role=role), day)
    for day, row in last.values():
        case.add(grid, case.parts(1_000_000, row), day)
    for partner, when, _ in seen:
        grid["ABCDE".index(partner), when - case.panel.first_month] += 1_000_000
    return grid


@pytest.mark.parametrize("seed", range(4))
def test_every_column_equals_plain_loops(seed: int, tmp_path: Path) -> None:
    case = Case(seed, tmp_path)
    for name in MEASURES:
        np.testing.assert_array_equal(case.panel.columns[name], expected(case, name), err_msg=name)
    for grain, table in case.panel.deals.items():
        order = list(zip(table.partner, table.month, table.day, table.deal_id, table.line, strict=True))
        assert order == sorted(order)
        for name, values in table.values.items():
            summed = case.grid()
            np.add.at(summed, (table.partner, table.month), values)
            if grain == "line" or name == "deals":
                np.testing.assert_array_equal(summed, expected(case, name), err_msg=f"{grain} {name}")
            # Deals of several lines lie in the month of the last one, so only their sum must agree.
            assert summed.sum() == expected(case, name).sum()


@pytest.mark.parametrize("seed", range(6, 8))
def test_returns_equal_plain_loops(seed: int, tmp_path: Path) -> None:
    case = Case(seed, tmp_path)
    returns, first = case.panel.returns, case.panel.first_month
    assert returns is not None
    wanted = {}
    for row in case.rows:
        day = case.counts_on(row, "closed_on")
        if day is None or row["returned_on"] is None or row["status"] != "won":
            continue
        for partner, cents in case.parts(row["amount"], row).items():
            part = Fraction(row["returned_amount"], row["amount"]) if row["returned_amount"] and row["amount"] else 0
            value = cents if row["returned_amount"] is None else half_up(cents * Fraction(part))
            key = (partner, month(row["returned_on"]) - first, month(day) - first, row["deal_id"], row["line"])
            wanted[key] = value
    keys = zip(returns.partner, returns.month, returns.sold_month, returns.deal_id, returns.line, strict=True)
    found = {("ABCDE"[key[0]], *key[1:]): value for key, value in zip(keys, returns.values["revenue"], strict=True)}
    assert {key: value for key, value in found.items() if value} == {k: v for k, v in wanted.items() if v}
