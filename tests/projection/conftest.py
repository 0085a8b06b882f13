"""A small programme made from known laws, and schemes for it; a tiny generated history for what needs one."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

import incentive_lab.engine  # noqa: F401  # the kernel cache is found before INCENTIVE_LAB_HOME points elsewhere
from incentive_lab.history import History, open_history
from incentive_lab.history.demo import generate_demo
from incentive_lab.panel import DealTable, Floats, Panel, month_index
from incentive_lab.projection.model import Model, fit
from incentive_lab.projection.past import Past, past_of
from incentive_lab.scheme.document import Scheme
from incentive_lab.scheme.load import load, loads
from incentive_lab.scheme.measures import CATALOGUE

HEAD = "currency: USD\neffective: {from: 2024-01-01}\n"
FLAT = loads(f"scheme: flat\n{HEAD}rules: [{{id: commission, on: revenue, rate: 3%}}]")
TIERED = loads(f"""
scheme: tiered
baseline: flat
{HEAD}
settle: quarter
budget: {{amount: 90_000, when_exceeded: prorate}}
tiers: {{looks_at: {{months: 12}}, grace: 1, levels: [{{name: low}}, {{name: high, needs: {{revenue: 60_000, lead: 4}}}}]}}
rules:
  - {{id: leads, group: behavioural, on: lead, rate: {{by_tier: {{low: 100, high: 150}}}}, limit: {{quantity: 9, per: quarter}}}}
  - id: volume
    on: revenue
    rate: {{table: {{over: year_to_date, steps: [{{name: a, from: 0, rate: 1%}}, {{name: b, from: 30_000, rate: 4%}}]}}}}
caps: [{{id: top, per: quarter, amount: 3_000}}]
guarantees: [{{against: baseline, keep: 50%}}]
""")
GROUPED = loads(f"""
scheme: grouped
{HEAD}
rules:
  - {{id: best, on: revenue, per: quarter, award: {{prizes: [900, 400]}}}}
  - {{id: volume, on: revenue, rate: 2%}}
""")
SEQUENTIAL = loads(f"""
scheme: sequential
{HEAD}
rules:
  - {{id: increment, on: {{excess_of: revenue, above: {{last_period: true, new_partner: prorate}}}}, per: quarter, rate: 5%}}
  - id: trend
    on: revenue
    per: quarter
    rate: 1%
    requires: {{revenue: {{kind: growth, against: {{average_of_last: 10}}, at_least: 0}}}}
""")
"""Growth over the quarter before, and over the average of ten."""
SCORED = loads(f"""
scheme: scored
{HEAD}
targets: [{{measure: revenue, amount: 12_000, per: quarter}}]
scorecards:
  balanced:
    missing: left_out
    parts: {{revenue: {{weight: 60%, at_most: 150%}}, lead: {{weight: 40%, against: last_period, counts_from: 50%}}}}
rules:
  - id: bonus
    on: revenue
    per: quarter
    rate: {{table: {{applies: whole, steps: [{{from: 0, lump: 500}}]}}}}
    multiply: {{scorecard: balanced, at_most: 200%}}
  - id: volume
    on: revenue
    per: quarter
    rate: {{table: {{by: {{scorecard: balanced}}, applies: whole, steps: [{{from: 1, rate: 1%}}]}}}}
""")
"""A score of two measures, one of them against the quarter before."""

SPARE = loads(
    f"scheme: spare\n{HEAD}baseline: flat\nsettle: month\n"
    "rules: [{id: never, on: revenue, rate: 1%, limit: {amount: 0, per: year}}]"
)


def shipped(name: str) -> Scheme:
    """A scheme of data/schemes; what deals take back is left out, because no drawn deal stands behind a real return."""
    scheme = load(Path(__file__).parents[2] / "data" / "schemes" / f"{name}.yaml")
    document = scheme.model_dump(by_alias=True, exclude_unset=True)
    for rule in document["rules"]:
        rule.pop("returns", None)
    return Scheme.model_validate({**document, "returns": {"method": "ignore"}})


def made_past(
    partners: int = 30, months: int = 36, seed: int = 3, rate: float | Floats = 1.5, leads: float = 0.8
) -> Past:
    """Poisson deals with lognormal amounts at one rate (or one a row), Poisson leads; nobody joins late or leaves."""
    random = np.random.default_rng(seed)
    counts = random.poisson(rate, (partners, months))
    where = np.argwhere(counts > 0)
    rows = np.repeat(where, counts[where[:, 0], where[:, 1]], axis=0)
    amounts = np.round(np.exp(random.normal(8.0, 0.8, len(rows))) * 100)
    number = np.arange(len(rows))
    deals = DealTable(
        rows[:, 0].astype(np.int32), rows[:, 1].astype(np.int32), number.astype(np.int32),
        np.array([f"d{n:06d}" for n in number], dtype=object), np.full(len(rows), "", dtype=object),
        {"revenue": amounts, "margin": np.round(amounts * 0.3)},
    )  # fmt: skip
    columns = {}
    for name, values in deals.values.items():
        columns[name] = np.zeros((partners, months))
        np.add.at(columns[name], (rows[:, 0], rows[:, 1]), values)
    columns["lead"] = random.poisson(leads, (partners, months)) * 1e6
    text = {name: np.full(partners, "", dtype=object) for name in ("name", "region", "segment", "tier", "parent_id")}
    panel = Panel(
        history_id="made", currency="USD", partner_ids=tuple(f"p{n:03d}" for n in range(partners)),
        first_month=month_index(2022, 1), months=months, joined=np.full(partners, -100_000, dtype=np.int32),
        attributes={**text, "type": np.full(partners, "reseller", dtype=object)}, columns=columns,
    )  # fmt: skip
    leaves = {name: CATALOGUE[name] for name in columns}
    return Past(panel, leaves, {"closed_on": deals}, True)


@pytest.fixture(scope="session")
def past() -> Past:
    return made_past()


@pytest.fixture(scope="session")
def model(past: Past) -> Model:
    return fit(past)


@pytest.fixture(scope="session")
def flat() -> Scheme:
    return FLAT


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("projection") / "history"
    generate_demo(folder, partners=40, months=24)
    return folder


@pytest.fixture(scope="session")
def history(tiny: Path) -> Iterator[History]:
    with open_history(str(tiny)).closing() as held:
        yield held


@pytest.fixture(scope="session")
def tiny_past(history: History) -> Past:
    names = ("growth-80-20", "marginal-accelerator", "enablement-mdf", "whole-volume-rebate", "current-flat")
    return past_of(history, *(shipped(name) for name in names))
