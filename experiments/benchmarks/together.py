"""Futures of schemes that look at all partners, or pay deal by deal: in lanes, against replays of the same draws."""

from __future__ import annotations

from pathlib import Path

from experiments.benchmarks.measuring import Row, Times, rivalry, side_by_side

from incentive_lab.history import open_history
from incentive_lab.projection.assumptions import BASE
from incentive_lab.projection.model import fit
from incentive_lab.projection.past import past_of
from incentive_lab.projection.paying import Payer
from incentive_lab.projection.space import Space
from incentive_lab.projection.world import World
from incentive_lab.scheme.load import load

SCHEMES = Path(__file__).resolve().parents[2] / "data" / "schemes"
SHIPPED = {
    "growth-rebate": "group totals",
    "spif-campaign": "a contest and deals",
    "msp-recurring": "deals and returns",
}
HORIZON, SEED = 12, 7
FUTURES, FEW = 16, 2
"""Futures that are paid in lanes in one go, and those that are replayed."""


def together(history: Path, repeats: int, partners: int) -> list[Row]:
    """Paying ready draws, milliseconds of one thread's processor a future; both pay the same cents."""
    rows = []
    for name, what in SHIPPED.items():
        ours, theirs = _raced(name, history, max(3, repeats // 3))
        told = f"projection, {name} ({what}), {partners:,} partners x {HORIZON} months, paying a future"
        rows.append(rivalry(told, ours, theirs, "a replay of the same future", None))
    return rows


def _raced(name: str, history: Path, repeats: int) -> tuple[Times, Times]:
    """Processor time a future in lanes, and replayed."""
    scheme = load(SCHEMES / f"{name}.yaml")
    with open_history(str(history)).closing() as held:
        model = fit(past_of(held, scheme), horizon=HORIZON)
    payer = Payer(scheme, model, HORIZON)
    world, space = World(model, BASE, HORIZON, SEED, payer.items), Space()
    few = world.draw(world.chunk(0, FEW), 0, model.panel.partners)
    many = world.draw(world.chunk(0, FUTURES), 0, model.panel.partners)
    lanes, replayed = payer.begun(FEW, 0), payer.begun(FEW, 0)
    payer.add(few, lanes, Space())
    payer.pay_together(few, replayed)
    if not (lanes.monthly[payer.past :] == replayed.monthly[payer.past :]).all():
        raise AssertionError(f"{name}: lanes and replays pay the same draws differently")
    paid, rival = payer.begun(FUTURES, 0), payer.begun(FEW, 0)
    times = side_by_side(
        {"lanes": lambda: payer.add(many, paid, space), "replays": lambda: payer.pay_together(few, rival)}, repeats
    )
    ours, theirs = (Times(tuple(one / count for one in times[kind].cpu))
                    for kind, count in (("lanes", FUTURES), ("replays", FEW)))  # fmt: skip
    return ours, theirs
