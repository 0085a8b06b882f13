"""A generated partner history with known truth, for a first look, for tests and for measuring speed."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pyarrow as pa

from incentive_lab.errors import InputError, Problem
from incentive_lab.history.demo import activities as acts
from incentive_lab.history.demo import bunching, quarters, quirks, splits
from incentive_lab.history.demo import deals as dealing
from incentive_lab.history.demo import partners as base
from incentive_lab.history.demo.calibration import setting
from incentive_lab.history.demo.deal_table import deal_table
from incentive_lab.history.demo.makeup import KINDS
from incentive_lab.history.demo.plan import BLOCK, Ints, Plan
from incentive_lab.history.demo.truth import Truth
from incentive_lab.history.demo.writing import Format, TableFiles

TABLES = ("partners", "deals", "deal_partners", "activities", "scores", "targets", "actual_payouts")
MOST_PARTNERS = 999_999
MOST_MONTHS = 600
MOST_DEALS_PER_PARTNER = 6_000  # a block of partners is held in memory
_APPROVED = 0.85


@dataclass(frozen=True)
class DemoSummary:
    """What was written.

    Attributes:
        directory: Where.
        partners: Number of partners.
        months: Number of months.
        rows: Rows per table.
        revenue: Amount of all won deals, in currency units.
        files: The files, tables first.
    """

    directory: Path
    partners: int
    months: int
    rows: Mapping[str, int]
    revenue: float
    files: tuple[Path, ...]


def generate_demo(
    directory: Path,
    *,
    partners: int = 1000,
    months: int = 36,
    seed: int = 7,
    first_month: str = "2023-01",
    deals_per_partner_month: float | None = None,
    format: Format = "parquet",
    progress: Callable[[int, int], None] | None = None,
) -> DemoSummary:
    """Writes a synthetic history of a software vendor's channel and the truth behind it.

    The same arguments give the same bytes. Memory holds one block of partners and one row group per table.

    Args:
        directory: Folder to write to; an earlier demo there is replaced, anything else is refused.
        partners: Number of partners.
        months: Number of months.
        seed: Seed of every random draw.
        first_month: First month, as `2023-01`.
        deals_per_partner_month: Created deals per partner and month, on average; None for the default.
        format: Parquet, or CSV with dates as ISO 8601 and amounts with two decimals.
        progress: Called with the partners done and their total after each block.

    Raises:
        InputError: When an argument cannot be used or the folder holds another history.
    """
    plan = _plan(partners, months, seed, first_month, deals_per_partner_month, format)
    truth = Truth(plan)
    with TableFiles(directory, TABLES, format) as written:
        for block in range(plan.blocks):
            for name, table in _block(plan, block, truth).items():
                written.files[name].add(table)
            if progress is not None:
                progress(min((block + 1) * BLOCK, partners), partners)
    path = truth.write(directory)
    rows = {name: file.rows for name, file in written.files.items()}
    files = (*(file.path for file in written.files.values()), path)
    return DemoSummary(directory, partners, months, rows, truth.revenue_cents / 100, files)


def _plan(
    partners: int, months: int, seed: int, first_month: str, deals_per_partner_month: float | None, form: str
) -> Plan:
    """The plan behind the arguments.

    Raises:
        InputError: Naming every argument that cannot be used.
    """
    rate = setting("deals_per_partner_month") if deals_per_partner_month is None else deals_per_partner_month
    most_deals = MOST_DEALS_PER_PARTNER / max(months, 1)
    checks = (
        ("partners", partners, 1 <= partners <= MOST_PARTNERS, f"between 1 and {MOST_PARTNERS}"),
        ("months", months, 1 <= months <= MOST_MONTHS, f"between 1 and {MOST_MONTHS}"),
        ("seed", seed, seed >= 0, "0 or more"),
        ("deals_per_partner_month", rate, 0 < rate <= most_deals, f"above 0 and at most {most_deals:g}"),
        ("format", form, form in ("parquet", "csv"), "parquet or csv"),
        ("first_month", first_month, re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", first_month), "a month such as 2023-01"),
    )
    problems = [
        Problem(name, f"found {found!r}; allowed is {allowed}.") for name, found, fine, allowed in checks if not fine
    ]
    if problems:
        raise InputError(problems)
    first = int(np.datetime64(first_month, "M").astype(np.int64))
    return Plan(partners, months, seed, first, float(rate))


def _block(plan: Plan, block: int, truth: Truth) -> dict[str, pa.Table]:
    """Every table's rows for one block of partners."""
    traits = base.draw(plan, block)
    activities = acts.draw(plan, block, traits)
    targets = quarters.targets(plan, block, traits)
    deals, shared = _deals(plan, block, truth, traits, activities, targets)
    registrations = _registrations(plan, block, deals)
    payouts = quarters.payouts(plan, block, splits.credited(plan, deals, shared)[: plan.kept(block)])
    truth.partners(block, traits, activities)
    truth.payouts(block, payouts)
    return {
        "partners": base.table(plan, block, traits),
        "deals": deal_table(block, deals),
        "deal_partners": splits.table(plan, block, deals, shared),
        "activities": acts.table(plan, block, acts.together([activities, registrations])),
        "scores": quarters.score_table(plan, block, traits),
        "targets": quarters.target_table(plan, block, targets),
        "actual_payouts": quarters.payout_table(plan, block, payouts),
    }


def _deals(
    plan: Plan, block: int, truth: Truth, traits: base.Traits, activities: acts.Activities, targets: Ints
) -> tuple[dealing.Deals, splits.Splits]:
    """The deals of the partners that exist, after bunching and flaws, with their splits."""
    deals = dealing.draw(plan, block, traits, acts.lift(plan, activities))
    deals = quirks.silent_after_rename(plan, traits, deals)
    moved = bunching.pull_forward(plan, traits, deals, targets)
    flaws = quirks.flaw(plan, block, deals)
    shared = splits.draw(plan, block, traits, deals)
    keep = deals.owner < plan.kept(block)
    deals, shared = deals.kept(keep), shared.of_first(int(keep.sum()))
    truth.deals(block, deals, moved, flaws)
    return deals, shared


def _registrations(plan: Plan, block: int, deals: dealing.Deals) -> acts.Activities:
    """One activity per registered deal; quality 1 where the registration was approved, as it was for every won deal."""
    rng = plan.rng("activities", block, len(KINDS) + 2)
    approved = (rng.random(len(deals.owner)) < _APPROVED) | (deals.status == dealing.WON)
    rows = deals.registered >= plan.first_day
    quality = approved[rows].astype(np.float64)
    return acts.rows(deals.owner[rows], deals.registered[rows], "deal_registration", quality, deals.place[rows])
