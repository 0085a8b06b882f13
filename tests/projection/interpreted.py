"""The projection as plain Python: `NUMBA_DISABLE_JIT=1 python -m tests.projection.interpreted` draws and pays a few futures.

What comes out must be what the compiled functions give. Coverage sees their lines only here.
"""

from __future__ import annotations

import ctypes
import json
import math
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba
import numpy as np


def without_compiler() -> None:
    """Put Python in the place of the instructions of the processor; the rest of the projection is loaded later.

    Raises:
        RuntimeError: The compiler is at work.
    """
    from tests.engine import interpreted

    interpreted.without_compiler()
    from incentive_lab.projection.counts import WIDE

    f32, bits = np.float32, np.uint32

    def bits_of(number: Any) -> int:
        return int(f32(number).view(bits))

    def at(address: int, kind: Any) -> Any:
        return np.ctypeslib.as_array((kind * WIDE).from_address(int(address)))

    def packed(numbers: Any, target: int, kept: int) -> None:
        chosen = [one for place, one in enumerate(numbers) if int(kept) >> place & 1]
        at(target, ctypes.c_uint32)[:] = chosen + [0] * (WIDE - len(chosen))

    instead: dict[str, Callable[..., Any]] = {
        "share_of": lambda word: bits((int(word) & 0xFFFFFFFF) >> 9 | 0x3F800000).view(f32) - f32(1.0 - 2.0**-24),
        "times_power": lambda number, power: f32(math.ldexp(float(number), int(power))),
        "mantissa_of": lambda number: bits(bits_of(number) & 0x7FFFFF | 0x3F800000).view(f32),
        "exponent_of": lambda number: f32((bits_of(number) >> 23) - 127),
        "fused": lambda a, b, c: f32(np.float64(a) * np.float64(b) + np.float64(c)),
        "pack_wide": lambda source, target, kept: packed(at(source, ctypes.c_uint32).tolist(), target, kept),
        "pack_counted": lambda first, target, kept: packed(range(int(first), int(first) + WIDE), target, kept),
        "above_of_wide": lambda numbers, least: sum(
            1 << i for i, one in enumerate(at(numbers, ctypes.c_float)) if one > least
        ),
        "bits_in": lambda bits: int(bits).bit_count(),
    }
    for module in [one for name, one in sys.modules.items() if name.startswith("incentive_lab.projection.")]:
        for name in instead.keys() & vars(module).keys():
            setattr(module, name, instead[name])


def figures() -> dict[str, list[Any]]:
    """A few futures of a small programme with tiers, a guarantee and a budget, and of a generated history with returns."""
    from incentive_lab.history import open_history
    from incentive_lab.history.demo import generate_demo
    from incentive_lab.projection.keeping import Draws
    from incentive_lab.projection.model import fit
    from incentive_lab.projection.past import past_of
    from incentive_lab.projection.running import project
    from incentive_lab.scheme.load import load
    from tests.house.floors import ROOT
    from tests.projection.conftest import FLAT, TIERED, made_past

    with tempfile.TemporaryDirectory() as folder:
        generate_demo(Path(folder) / "demo", partners=6, months=24)
        growth = load(ROOT / "data" / "schemes" / "growth-80-20.yaml")
        with open_history(str(Path(folder) / "demo")).closing() as history:
            demo = past_of(history, growth, FLAT)
    found = {}
    for past, schemes in ((made_past(3, 24), (TIERED, FLAT)), (demo, (growth, FLAT))):
        model, draws = fit(past), Draws()
        for scheme in schemes:
            outcome = project(
                model, scheme, against=FLAT, floor=FLAT, scenarios=4, horizon=3, threads=1, draws=draws
            ).outcome
            found[f"{past.panel.history_id} {scheme.id}"] = [outcome.total.tolist(), outcome.by_rule.tolist()]
    return found


if __name__ == "__main__":
    if not numba.config.DISABLE_JIT:
        raise SystemExit("set NUMBA_DISABLE_JIT=1")
    without_compiler()
    print(json.dumps(figures()))
