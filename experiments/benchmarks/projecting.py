"""A projection against the same model in NumPy: the same laws drawn by NumPy, then its own paying of month_rules.yaml.

Paying is held against NumPy on the same draws to the cent; with draws of its own, NumPy's mean cost has to agree within what
chance explains. Times are of one thread's processor for each partner and month of a scenario.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Callable
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import numpy as np
from experiments.benchmarks import futures_rival
from experiments.benchmarks.alone import alone_of, items_drawn
from experiments.benchmarks.measuring import Row, Times, alone, rivalry, side_by_side
from experiments.benchmarks.together import together
from experiments.benchmarks.world import scheme

from incentive_lab.history import open_history
from incentive_lab.history.demo import generate_demo
from incentive_lab.panel import Floats
from incentive_lab.projection.assumptions import BASE
from incentive_lab.projection.chunks import CHUNK, LANES, Chunks, Threads
from incentive_lab.projection.keeping import Draws
from incentive_lab.projection.model import Model, fit
from incentive_lab.projection.past import past_of
from incentive_lab.projection.paying import Payer
from incentive_lab.projection.space import Space
from incentive_lab.projection.world import World

HERE = Path(__file__).resolve().parent
HORIZON, SEED = 12, 7
MEMORY = 400
"""Megabytes that a process may take at most."""
FEW, MANY = 256, 4096
"""Futures of the two runs whose memory is compared."""
LIVE = 256
"""Futures that are paid again while a dial moves."""
BARS = {0.5: 20.0, 2.0: 25.0}
"""Deals a month -> nanoseconds that a partner-month may take, where the processor has AVX-512."""
SIZES = (2, 8, 32)
"""Scenarios of a chunk that NumPy is tried with; the fastest counts."""


def projecting(repeats: int, partners: int = 1_000, scenarios: int = 512) -> list[Row]:
    """Rows for ten month rules over the demo history, 12 months ahead."""
    document = scheme("month_rules")
    with tempfile.TemporaryDirectory() as folder:
        generate_demo(Path(folder) / "h", partners=partners, months=36, seed=1)
        rows = memory(Path(folder) / "h", FEW, MANY if scenarios > LIVE else FEW)
        rows += asked(Path(folder) / "h", repeats, partners, scenarios)
        rows += together(Path(folder) / "h", repeats, partners)
        with open_history(str(Path(folder) / "h")).closing() as history:
            model = fit(past_of(history, document), horizon=HORIZON)
    payer, world = Payer(document, model, HORIZON), World(model, BASE, HORIZON, SEED)
    start = futures_rival.begun(payer.panel, payer.past)
    few = min(8, scenarios)
    _agree(payer, world, start, few)

    def ours(threads: int) -> Callable[[], Floats]:
        return lambda: Chunks([payer], scenarios, Threads(threads), None).run(world, None).kept[0]["monthly"]

    draws = Draws(1 << 30)

    def again(scenarios: int, threads: int) -> Callable[[], object]:
        return lambda: Chunks([payer], scenarios, Threads(threads, draws), None).run(world, None)

    def theirs(size: int) -> Callable[[], Floats]:
        return lambda: _numpy(world, start, size, seed=size)

    times = side_by_side(
        {
            "one": ours(1),
            "alone": alone_of(world, scenarios, CHUNK),
            "two": ours(2),
            "kept": again(scenarios, 1),
            "live": again(LIVE, 2),
            **{f"chunks of {size}": theirs(size) for size in SIZES},
        },
        max(3, repeats // 3),
    )
    _alike(ours(1)().sum(axis=1), _numpy(world, start, 32, seed=1).sum(axis=0))
    drawn = dict.fromkeys(("one", "alone", "two", "kept"), scenarios) | {"live": LIVE}
    each = {name: _each(one, model.known * HORIZON * (drawn[name] if name in drawn else int(name.split()[-1])))
            for name, one in times.items()}  # fmt: skip
    best = min((f"chunks of {size}" for size in SIZES), key=lambda name: each[name].of_processor.median)
    what = f"projection, {partners:,} partners x {HORIZON} months x {len(document.rules)} rules, a partner-month"
    one, rival = each["one"].of_processor, each[best].of_processor
    rows += [_in_ns(rivalry(f"{what}, one thread", one, rival, f"NumPy, the same model, {best} scenarios", 12))]
    rows.append(_beside(what, one, each["alone"].of_processor))
    rows += _paying(payer, world, start, what, repeats)
    rows.append(_in_ns(rivalry(f"{what}, draws kept", each["kept"].of_processor, one, "all drawn", 1.8)))
    rows.append(alone(f"projection, {LIVE} futures x {partners:,} partners x {HORIZON} months, draws kept, two threads",
                      times["live"]))  # fmt: skip
    wall = each["one"].median / each["two"].median
    rows.append(Row(f"{what}, two threads by the clock", round(1e3 * each["two"].median, 1), "ns",
                    f"one thread: {1e3 * each['one'].median:.4g} ns", round(wall, 3), 1.7, wall >= 1.7,
                    round(each["two"].spread, 3)))  # fmt: skip
    return rows


def asked(history: Path, repeats: int, partners: int, scenarios: int) -> list[Row]:
    """The setting that the bars in nanoseconds are about: three counts of activities, deals resampled whole, ten mixed rules.

    The demo's deals are made as many a month as asked by what is supposed of the market.
    """
    document = scheme("asked_rules")
    with open_history(str(history)).closing() as held:
        model = fit(past_of(held, document), horizon=HORIZON)
    payer, rows = Payer(document, model, HORIZON), []
    usual = items_drawn(World(model, BASE, HORIZON, SEED), CHUNK)[0].sum() / (CHUNK * model.known * HORIZON)
    for wanted, bar in BARS.items():
        supposed = BASE.model_copy(update={"market": Decimal(f"{wanted / usual - 1:.3f}")})
        world = World(model, supposed, HORIZON, SEED)

        def run(world: World = world) -> object:
            return Chunks([payer], scenarios, Threads(1), None).run(world, None)

        times = side_by_side({"ours": run, "alone": alone_of(world, scenarios, CHUNK)}, max(3, repeats // 3))
        one, alone = (_each(times[name], model.known * HORIZON * scenarios).of_processor for name in ("ours", "alone"))
        what = f"projection, {partners:,} partners x {HORIZON} months, three counts and {wanted:g} deals a month, a partner-month"
        value = round(1e3 * one.median, 1)
        rows += [
            Row(what, value, "ns", bar=bar, holds=value <= bar, spread=round(one.spread, 3)),
            _beside(what, one, alone),
        ]
    return rows


def _beside(what: str, ours: Times, alone: Times) -> Row:
    """How many times what the random numbers of the model cost by themselves."""
    return _in_ns(rivalry(what, ours, alone, "its random numbers and exponentials alone", 8, at_most=True))


COMMAND = """
import pathlib, sys
from incentive_lab.cli import app
app(sys.argv[1:], standalone_mode=False)
told = pathlib.Path("/proc/self/status").read_text()  # getrusage would tell the peak of the process that began this one
print(int(told.split("VmHWM:")[1].split()[0]) * 1024 / 1e6, file=sys.stderr)
"""


def memory(history: Path, few: int, many: int) -> list[Row]:
    """Most memory that `incentive-lab project` takes in a process of its own, in millions of bytes, libraries included.

    It runs once before, so that compiled code and the SQL of measures are there as after a first use.
    """

    def peak(scenarios: int) -> float:
        command = ["project", str(HERE / "month_rules.yaml"), "--history", str(history), "--scenarios", str(scenarios)]
        done = subprocess.run(
            [sys.executable, "-c", COMMAND, *command, "--json"], capture_output=True, text=True, check=True
        )
        return float(done.stderr.split()[-1])

    peak(few)
    taken = {scenarios: peak(scenarios) for scenarios in (few, many)}
    what = "projection, the command project, peak memory,"
    return [
        Row(f"{what} {few} futures", round(taken[few]), "MB", bar=MEMORY, holds=taken[few] <= MEMORY),
        Row(f"{what} {many} futures", round(taken[many]), "MB", f"{few} futures: {taken[few]:.0f} MB",
            round(taken[many] / taken[few], 3), 1.1, taken[many] <= 1.1 * taken[few]),
    ]  # fmt: skip


def _paying(payer: Payer, world: World, start: futures_rival.Begun, what: str, repeats: int) -> list[Row]:
    """Both pay draws that are ready."""
    count, many = CHUNK, LANES // CHUNK
    chunk, space = world.chunk(0, count), Space()
    whole = range(0, world.model.panel.partners - many + 1, many)
    blocks = [world.draw(chunk, low, low + many) for low in whole[:16]]
    small = world.chunk(0, 8)
    drawn = world.draw(small, 0, world.model.panel.partners)
    ahead = {name: drawn.values[slot] for slot, name in enumerate(world.model.leaves)}
    csat = drawn.levels[list(world.model.levels).index("csat")]

    def kernel() -> None:
        paid = payer.begun(count, 0)
        for block in blocks:
            payer.add(block, paid, space)

    times = side_by_side({
        "ours": kernel, "theirs": lambda: futures_rival.paid(start, ahead, csat, drawn.begin, world.model.known, 8),
    }, repeats)  # fmt: skip
    ours = _each(times["ours"], len(blocks) * many * count * HORIZON).of_processor
    theirs = _each(times["theirs"], world.model.panel.partners * 8 * HORIZON).of_processor
    return [_in_ns(rivalry(f"{what}, paying ready draws", ours, theirs, "NumPy, the same draws", 8))]


def _numpy(world: World, start: futures_rival.Begun, count: int, seed: int) -> Floats:
    """Cents by month and scenario."""
    ahead, csat, begin = futures_rival.drawn(world, world.chunk(0, count), np.random.default_rng(seed))
    return futures_rival.paid(start, ahead, csat, begin, world.model.known, count)


def _agree(payer: Payer, world: World, start: futures_rival.Begun, count: int) -> None:
    """Stop unless both pay the same draws the same cents."""
    model: Model = world.model
    drawn = world.draw(world.chunk(0, count), 0, model.panel.partners)
    ours = payer.begun(count, 0)
    payer.add(drawn, ours, Space())
    ahead = {name: drawn.values[slot] for slot, name in enumerate(model.leaves)}
    csat = drawn.levels[list(model.levels).index("csat")]
    theirs = futures_rival.paid(start, ahead, csat, drawn.begin, model.known, count)
    wrong = np.argwhere(ours.monthly[payer.past :] != theirs)
    if len(wrong):
        month, scenario = wrong[0]
        raise AssertionError(
            f"NumPy pays the same draws differently in {len(wrong)} places, first month {month}, scenario {scenario}: "
            f"kernel {ours.monthly[payer.past + month, scenario]}, NumPy {theirs[month, scenario]}"
        )


def _alike(ours: Floats, theirs: Floats) -> None:
    """Stop if the mean costs of both differ by more than chance explains."""
    error = float(np.sqrt(ours.var() / len(ours) + theirs.var() / len(theirs)))
    gap = abs(float(ours.mean() - theirs.mean()))
    if gap > 5 * error:
        raise AssertionError(
            f"mean cost {ours.mean():.6g}, NumPy {theirs.mean():.6g}: {gap / error:.1f} standard errors"
        )


def _each(times: Times, many: int) -> Times:
    """What is done so many times in a repeat, in millions of seconds, so that milliseconds of it are nanoseconds of each."""
    return Times(tuple(1e6 * one / many for one in times.seconds), tuple(1e6 * one / many for one in times.cpu))


def _in_ns(row: Row) -> Row:
    """A row of `_each` with its unit."""
    return replace(row, value=round(row.value, 1), unit="ns", against=(row.against or "").replace(" ms", " ns"))
