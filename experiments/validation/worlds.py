"""Whether bands hold in programmes that are not the demo's: worlds with one trouble each, made here and known beforehand.

    PYTHONPATH=src python -m experiments.validation.worlds 120

A programme is 40 partners over 36 months with Poisson deals of lognormal amounts under a market that wanders; nobody noted who
joined when. The model is fitted to the first 24 months, and the cost of a rate with a quarterly threshold over the last 12 is
set against its band, and against budgets of 80 to 150 % of the year before. No constant of the model was set on them. What
came out is written to worlds.json beside this file.
"""

from __future__ import annotations

import csv
import json
import sys
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from incentive_lab.engine.replay import replay
from incentive_lab.history import open_history
from incentive_lab.panel import Floats
from incentive_lab.projection.backtest import BANDS, Cut, backtest
from incentive_lab.projection.past import Past, past_of
from incentive_lab.scheme.load import loads

PARTNERS, MONTHS, HORIZON, SCENARIOS = 40, 36, 12, 400
BUDGETS = (0.8, 1.0, 1.2, 1.5)
SCHEME = loads("""
scheme: threshold
currency: USD
effective: {from: 2020-01-01}
rules:
  - {id: flat, on: revenue, rate: 3%}
  - id: threshold
    on: revenue
    per: quarter
    rate: {table: {applies: whole, steps: [{from: 0, rate: 0%}, {from: 50_000, rate: 2%}]}}
""")


@dataclass
class Making:
    """A programme while it is made: rates and sizes of partners, how they move, and the law of amounts."""

    random: np.random.Generator
    rate: Floats
    size: Floats
    level: Floats
    moves: Floats
    counts: Callable[[Floats], Floats] = lambda counts: counts
    heavy: bool = False


def _market(times: Callable[[Floats], Floats]) -> Callable[[Making], None]:
    def change(made: Making) -> None:
        made.level *= times(np.arange(MONTHS, dtype=np.float64))

    return change


def _whale(rate: float) -> Callable[[Making], None]:
    def change(made: Making) -> None:
        made.rate[0] = rate
        made.size[0] = 9 * (made.rate[1:] * made.size[1:]).sum() / rate

    return change


def _rare(made: Making) -> None:
    made.rate *= 0.12


def _heavy(made: Making) -> None:
    made.heavy = True


def _leaving(made: Making) -> None:
    for row in range(PARTNERS):
        if made.random.random() < 0.5:
            made.moves[row, made.random.integers(6, MONTHS) :] = 0


def _drifting(made: Making) -> None:
    made.moves = np.exp(np.cumsum(made.random.normal(0, 0.15, (PARTNERS, MONTHS)), axis=1))


def _missing(made: Making) -> None:
    def lost(counts: Floats) -> Floats:
        counts[[9, 15]] = 0
        return counts

    made.counts = lost


WORLDS: Mapping[str, Callable[[Making], None]] = {
    "steady": lambda made: None,
    "one partner has nine tenths, six deals a month": _whale(6.0),
    "one partner has nine tenths, three deals a year": _whale(0.25),
    "season of 70 %": _market(lambda time: 1 + 0.7 * np.cos(2 * np.pi * (time - 11) / 12)),
    "grows by 35 % a year": _market(lambda time: 1.35 ** (time / 12)),
    "falls by 30 % a year": _market(lambda time: 0.7 ** (time / 12)),
    "half more from month 18 on": _market(lambda time: np.where(time >= 18, 1.5, 1.0)),
    "a deal a year for most": _rare,
    "amounts without a variance": _heavy,
    "half of the partners leave": _leaving,
    "rates drift, and rise by a seventh a year": _drifting,
    "two months are missing": _missing,
}


def made(folder: Path, name: str, seed: int) -> Past:
    """One programme of a world, written as a history and read again."""
    random = np.random.default_rng([seed, list(WORLDS).index(name)])
    rate, size = np.exp(random.normal(np.log(0.8), 0.8, PARTNERS)), np.exp(random.normal(np.log(8000), 0.7, PARTNERS))
    walk = np.zeros(MONTHS)
    for month in range(1, MONTHS):
        walk[month] = 0.7 * walk[month - 1] + random.normal(0, 0.1)
    world = Making(random, rate, size, np.exp(walk), np.ones((PARTNERS, MONTHS)))
    WORLDS[name](world)
    deals = []
    for row in range(PARTNERS):
        counts = world.counts(random.poisson(world.rate[row] * world.level * world.moves[row]).astype(np.float64))
        for month in np.repeat(np.arange(MONTHS), counts.astype(int)).tolist():
            law = 0.4 * (random.pareto(1.5) + 1) if world.heavy else np.exp(random.normal(-0.18, 0.6))
            amount = world.size[row] * law
            day = f"{2020 + month // 12}-{month % 12 + 1:02d}-{random.integers(1, 28):02d}"
            deals.append((f"D{len(deals)}", f"P{row:03d}", "won", day, day, round(amount, 2), round(amount * 0.7, 2)))
    last = f"{2020 + (MONTHS - 1) // 12}-12-20"  # so that the history reaches its last month
    deals.append((f"D{len(deals)}", "P001", "won", last, last, 1.0, 0.7))
    with (folder / "partners.csv").open("w", newline="") as file:
        csv.writer(file).writerows([("partner_id", "type"), *((f"P{row:03d}", "reseller") for row in range(PARTNERS))])
    with (folder / "deals.csv").open("w", newline="") as file:
        head = ("deal_id", "partner_id", "status", "created_on", "closed_on", "amount", "cost")
        csv.writer(file).writerows([head, *deals])
    with open_history(str(folder), currency="USD").closing() as history:
        return past_of(history, SCHEME)


def tried(name: str, programmes: int) -> dict[str, object]:
    """How often the bands held in a world, and how often budgets broke beside how often that was expected."""
    cuts: list[Cut] = []
    expected, broken = [], []
    for seed in range(programmes):
        with tempfile.TemporaryDirectory() as folder:
            past = made(Path(folder), name, seed)
        (cut,) = backtest(past, SCHEME, horizon=HORIZON, scenarios=SCENARIOS, seed=seed, cuts=1).cuts
        cuts.append(cut)
        paid = replay(SCHEME, past.panel, detail=False).total.sum(axis=1)
        for budget in BUDGETS:
            border = budget * paid[MONTHS - 2 * HORIZON : MONTHS - HORIZON].sum()
            expected.append(float((cut.scenarios > border).mean()))
            broken.append(float(cut.actual > border))
    said, seen = np.array(expected), np.array(broken)
    groups = [
        (said >= low) & (said < high) for low, high in ((0, 0.1), (0.1, 0.3), (0.3, 0.7), (0.7, 0.9), (0.9, 1.01))
    ]
    return {
        "held": {str(band): round(float(np.mean([cut.inside(band) for cut in cuts])), 3) for band in BANDS},
        "median_of_mean_over_truth_less_one": round(float(np.median([c.scenarios.mean() / c.actual - 1 for c in cuts])), 3),
        "chance_of_breaking_a_budget": [
            {"told": round(float(said[one].mean()), 2), "came": round(float(seen[one].mean()), 2), "times": int(one.sum())}
            for one in groups if one.any()
        ],
    }  # fmt: skip


def main(programmes: int) -> None:
    """Every world; prints and writes after each, so that a run that is stopped has said something."""
    told: dict[str, object] = {"programmes": programmes, "partners": PARTNERS, "months_fitted": MONTHS - HORIZON,
                               "months_projected": HORIZON, "futures": SCENARIOS, "worlds": {}}  # fmt: skip
    worlds: dict[str, object] = {}
    for name in WORLDS:
        worlds[name] = tried(name, programmes)
        print(name, json.dumps(worlds[name]), flush=True)
        Path(__file__).with_suffix(".json").write_text(json.dumps({**told, "worlds": worlds}, indent=2) + "\n")


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 120)
