"""What a pilot is worth in money where the truth is known: one partner of nine tenths, and sales at smaller margins."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
import pytest

from incentive_lab.history import open_history
from incentive_lab.panel import Floats
from incentive_lab.pilot.document import Pilot
from incentive_lab.pilot.fromhistory import plan_draw
from incentive_lab.pilot.reading import loads
from incentive_lab.pilot.running import read_pilot

PARTNERS, MONTHS, START = 24, 18, 12
PLAN = """
pilot: worth
hypothesis: More is sold.
arms: [{name: old, scheme: current-flat}, {name: new, scheme: current-flat}]
assignment: {mechanism: blocked, block_size: 4, seed: SEED}
dates: {start: 2024-01-01, months: 6, pre_months: 12}
metrics: [{name: revenue, of: revenue, role: primary}]
analysis: {draws: 400}
value: {margin: margin, months: 12}
"""


def plan(seed: int, more: str = "") -> Pilot:
    return loads(PLAN.replace("SEED", str(seed)) + more)


def monthly(whale: bool) -> Floats:
    """Amounts of one deal a month, [partners, months]; the first partner has nine tenths or as much as any."""
    rng = np.random.default_rng(8)
    amounts = 1_000 * np.exp(rng.normal(0.0, 0.4, (PARTNERS, 1)) + rng.normal(0.0, 0.1, (PARTNERS, MONTHS)))
    if whale:
        amounts[0] *= 9 * amounts[1:].mean(axis=0).sum() * (PARTNERS - 1) / amounts[0].sum() * MONTHS / PARTNERS
    return np.asarray(amounts)


def written(folder: Path, amounts: Floats, costs: Floats) -> Path:
    folder.mkdir(exist_ok=True)
    with (folder / "partners.csv").open("w", newline="") as file:
        csv.writer(file).writerows(
            [
                ["partner_id", "type", "joined_on"],
                *[[f"P{row:03d}", "reseller", "2020-01-01"] for row in range(PARTNERS)],
            ]
        )
    head = ["deal_id", "partner_id", "status", "created_on", "closed_on", "amount", "cost"]
    rows = []
    for (row, month), amount in np.ndenumerate(amounts):
        day = f"{2023 + month // 12}-{month % 12 + 1:02d}-15"
        if amount > 0:
            rows.append(
                [f"D{row}-{month}", f"P{row:03d}", "won", day, day, round(amount, 2), round(costs[row, month], 2)]
            )
    with (folder / "deals.csv").open("w", newline="") as file:
        csv.writer(file).writerows([head, *rows])
    return folder


@pytest.mark.parametrize("seed", [1, 2, 3, 4])
def test_what_scaling_brings_does_not_hang_on_the_arm_of_the_largest_partner(tmp_path: Path, seed: int) -> None:
    """A quarter more of the margin of all partners; scaled from the arm's own it was a fifth of that, or twice as much."""
    amounts = monthly(whale=True)
    with open_history(str(written(tmp_path / "h", amounts, 0.7 * amounts)), currency="USD").closing() as history:
        read, _ = read_pilot(plan(seed, "planted: {lift: 25%}\n"), history, None)
    found = read.primary.found
    assert found is not None
    assert read.value is not None
    truth = 0.3 * amounts[:, START:].sum() * 12 / (MONTHS - START)
    assert read.value.margin / found.relative == pytest.approx(truth, rel=0.1)
    # The commission that both arms pay is a share of revenue, so cost follows the same partners.
    assert read.value.cost / read.value.margin == pytest.approx(0.03 / 0.3, rel=0.05)


def test_sales_at_no_margin_are_worth_nothing_though_one_partner_sold_nothing(tmp_path: Path) -> None:
    """Half as much again is sold and nothing more earned; the effect on revenue must not stand for that on margin."""
    amounts = monthly(whale=False)
    amounts[5, START:] = 0.0
    costs = 0.7 * amounts
    with open_history(str(written(tmp_path / "before", amounts, costs)), currency="USD").closing() as history:
        treated = plan_draw(plan(1), history)[1].arm == 1
    lifted = amounts.copy()
    lifted[treated, START:] *= 1.5
    kept = lifted - (amounts - costs)  # the margin of every deal is what it was
    with open_history(str(written(tmp_path / "after", lifted, kept)), currency="USD").closing() as history:
        read, _ = read_pilot(plan(1), history, None)
    assert read.primary.found is not None
    assert read.primary.found.relative == pytest.approx(0.5, abs=0.15)
    assert read.value is not None
    assert abs(read.value.margin) < 0.1 * 0.3 * amounts[:, START:].sum() * 2
    assert read.value.chance < 0.9
    assert not any("taken to change as" in one for one in read.reasons)


def test_where_margin_has_no_share_the_reading_says_what_stands_for_it(tmp_path: Path) -> None:
    amounts = monthly(whale=False)
    costs = 0.7 * amounts
    costs[3] = 1.2 * amounts[3]  # one partner sells below cost
    with open_history(str(written(tmp_path / "h", amounts, costs)), currency="USD").closing() as history:
        read, _ = read_pilot(plan(1, "planted: {lift: 25%}\n"), history, None)
    assert read.value is not None
    assert any("it is taken to change as revenue does" in one for one in read.reasons)
